"""Flows of walkers over legs that can be walked in a day, and the sites that they need.

Whether a leg can be walked may depend on height, hours, beds or daylight, not only on its length. A
flow is covered if a sequence of walkable legs leads from its start to its end over open sites.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.planning.question import ItineraryQuestion
from routing.siting.cover_sets import checked_flow
from routing.siting.linking import ALWAYS, NEVER, Linking, Row
from routing.siting.path_flows import BareStretch
from routing.siting.sites import Sites
from routing.siting.solver import LinearRows

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class LegFlows:
    """Q flows from site to site over L legs.

    Parameters
    ----------
    flow
        float64 [Q], people in any unit of time, >= 0.
    start, end
        int64 [Q], rows of sites. A flow needs no space at its own start or end, but one at the
        start or end of another flow if it rests there.
    origin, destination
        int64 [L], rows of sites.
    length_m
        float64 [L], metres along the road; used only to report legs that cannot be walked.
    is_walked
        bool [L], whether a leg can be walked in one day: `DayReach.is_feasible` for one date, or
        `always_walked` for a whole journey.

    Raises
    ------
    InvalidRequest
        There is no flow, the arrays do not fit, a flow is negative or not finite, or starts where
        it ends, or a row is negative.
    """

    flow: Floats
    start: Ints
    end: Ints
    origin: Ints
    destination: Ints
    length_m: Floats
    is_walked: Bools

    def __post_init__(self) -> None:
        checked_flow(self.flow)
        for ends in (self.start, self.end):
            if len(ends) != len(self.flow):
                raise InvalidRequest(
                    "flows", "other_counts", first=len(ends), second=len(self.flow)
                )
        for values in (self.destination, self.length_m, self.is_walked):
            if len(values) != len(self.origin):
                raise InvalidRequest(
                    "legs", "other_counts", first=len(values), second=len(self.origin)
                )
        same = np.flatnonzero(self.start == self.end)
        if len(same):
            raise InvalidRequest("flows", "same_ends", flow=int(same[0]))
        for rows in (self.start, self.end, self.origin, self.destination):
            if rows.min(initial=0) < 0:
                raise InvalidRequest("flows", "no_site", site=int(rows.min()))

    @classmethod
    def of_question(cls, question: ItineraryQuestion, flow: float = 1.0) -> "LegFlows":
        """Return the flow of one party's journey (`ItineraryQuestion`), whose places are the sites.

        In the input, every candidate must be open, with beds on every night. See `always_walked`.
        """
        legs = question.legs
        return cls(
            np.array([flow]),
            np.array([question.start]),
            np.array([question.end]),
            legs.origin,
            legs.destination,
            legs.distance_m,
            always_walked(question),
        )

    def known_to(self, sites: int) -> None:
        """Check that all flows and legs begin and end at existing sites.

        Raises
        ------
        InvalidRequest
            A flow or leg refers to a site that does not exist.
        """
        for rows in (self.start, self.end, self.origin, self.destination):
            if rows.max(initial=0) >= sites:
                raise InvalidRequest("flows", "no_site", site=int(rows.max()))

    def covered(self, is_open: Bools) -> Bools:
        """Return which flows are covered by open sites (bool [N]), bool [Q]."""
        walked = np.flatnonzero(self.is_walked)
        forward = _neighbours(self.origin[walked], self.destination[walked], len(is_open))
        return np.array(
            [
                bool(_reached(forward, int(start), is_open)[int(end)])
                for start, end in zip(self.start, self.end, strict=True)
            ]
        )

    def bare_stretches(self, flow: int, is_open: Bools) -> Iterator[BareStretch]:
        """Yield the legs that a flow cannot walk, on the way over open sites that lacks least.

        This way has the least sum of the squared lengths of unwalkable legs: squares favour several
        short stretches over a long one that passes the sites between. If no legs lead to the end at
        all, a single stretch from start to end is yielded.

        Parameters
        ----------
        flow
            Row of the flow.
        is_open
            bool [N], the open sites.
        """
        start, end = int(self.start[flow]), int(self.end[flow])
        came = self._relaxed(start, end, is_open)
        if came is None:
            yield BareStretch(flow, start, end, None, None, None)
            return
        for leg in came:
            if not self.is_walked[leg]:
                ends = int(self.origin[leg]), int(self.destination[leg])
                yield BareStretch(flow, *ends, None, None, float(self.length_m[leg]))

    def _relaxed(self, start: int, end: int, is_open: Bools) -> list[int] | None:
        """Return the legs of the way that `bare_stretches` describes; None without such a way."""
        legs_of = _neighbours(self.origin, np.arange(len(self.origin)), len(is_open))
        # Each leg costs 1 more, so that ties go to the way of the fewest legs.
        lacks = np.where(self.is_walked, 0.0, np.maximum(self.length_m, 1.0) ** 2) + 1.0
        best, by = {start: 0.0}, dict[int, int]()
        waiting = [(0.0, start)]
        while waiting:
            cost, here = heapq.heappop(waiting)
            if here == end:
                break
            if cost > best[here] or (here != start and not is_open[here]):
                continue
            for leg in legs_of[here]:
                there, total = int(self.destination[leg]), cost + float(lacks[leg])
                if total < best.get(there, np.inf):
                    best[there], by[there] = total, leg
                    heapq.heappush(waiting, (total, there))
        if end not in by:
            return None
        way, here = list[int](), end
        while here != start:
            way.append(by[here])
            here = int(self.origin[by[here]])
        return way[::-1]


def always_walked(question: ItineraryQuestion) -> Bools:
    """Return which legs of an input can be walked on every day on which they may come, bool [L].

    `routing.planning.day_reach` judges them, as for itineraries: a leg from the start on the date
    of departure, a leg between places on every later day whose night is known, and a leg to the end
    on every later day. So any sequence of such legs within the nights is an itinerary. A leg that
    fails on some day is left out, although a journey might take it on another day: the spaces found
    suffice on any day, and may be more than a journey with lucky timing needs.
    """
    legs, fails = question.legs, question.fails == 0
    nights = question.nights
    later = fails[1:].all(axis=0)
    # The last day has to reach the end, so a leg between places is judged on the other days only.
    between = fails[1:nights].all(axis=0) if nights > 1 else np.zeros(len(legs), np.bool_)
    walked = np.where(legs.destination == question.end, later, between)
    return np.asarray(np.where(legs.origin == question.start, fails[0], walked))


def opened_in(question: ItineraryQuestion, is_open: Bools) -> ItineraryQuestion:
    """Return the input with only the places in ``is_open`` (bool [S]) taking people in.

    If the party sleeps at the end, the end has to be among them.
    """
    places = question.world.places
    admits = places.admits & is_open[:, None]
    return replace(question, world=replace(question.world, places=replace(places, admits=admits)))


def leg_linking(flows: LegFlows, sites: Sites) -> Linking:
    """Return the columns and rows of the program for flows over legs.

    One unit of each group (flows of the same start and end) flows over the legs, and enters a
    candidate only if that is open (the expanded network of MirHassani and Ebrazi 2013). Legs that
    are on no way from start to end are left out.
    """
    always, ever = flows.covered(sites.at_least), flows.covered(sites.at_most)
    keys = list(zip(flows.start.tolist(), flows.end.tolist(), strict=True))
    open_ends = [key for flow, key in enumerate(keys) if ever[flow] and not always[flow]]
    row_of = {key: row for row, key in enumerate(sorted(set(open_ends)))}
    group_of = np.array(
        [
            ALWAYS if always[flow] else row_of[key] if ever[flow] else NEVER
            for flow, key in enumerate(keys)
        ],
        dtype=np.int64,
    )
    used = [_useful_legs(flows, sites, *key) for key in row_of]
    passed = {int(site) for legs in used for site in flows.destination[legs].tolist()}
    is_candidate = sites.may_open & ~sites.is_required
    candidates = [site for site in sorted(passed) if is_candidate[site]]
    column_of = {site: column for column, site in enumerate(candidates)}
    group_column = len(candidates) + np.arange(len(row_of))
    pairs = list(zip(used, row_of, strict=True))
    rows, columns = list[Row](), len(candidates) + len(row_of)
    for (start, end), legs, group in zip(row_of, used, group_column.tolist(), strict=True):
        rows += _unit_flow(flows, legs, (start, end), columns, group, column_of)
        columns += len(legs)

    def values_of(is_open: Bools) -> Floats:
        return np.append(is_open[candidates], np.zeros(columns - len(candidates)))

    return Linking(
        group_of,
        np.bincount(group_of[group_of >= 0], flows.flow[group_of >= 0], len(row_of)),
        np.array(candidates, dtype=np.int64),
        np.array([_least(flows, *one, is_candidate.astype(float)) for one in pairs]),
        np.array([_least(flows, *one, sites.cost * is_candidate) for one in pairs]),
        group_column,
        columns,
        LinearRows.of(rows),
        values_of,
    )


def _least(flows: LegFlows, legs: Ints, ends: tuple[int, int], price: Floats) -> float:
    """Return the lowest sum of the prices of the sites on any way from start to end by ``legs``."""
    start, end = ends
    ahead: dict[int, list[int]] = {}
    for here, there in zip(
        flows.origin[legs].tolist(), flows.destination[legs].tolist(), strict=True
    ):
        ahead.setdefault(here, []).append(there)
    best, waiting = {start: 0.0}, [(0.0, start)]
    while waiting:
        cost, here = heapq.heappop(waiting)
        if here == end:
            return cost
        for there in ahead.get(here, ()) if cost <= best[here] else ():
            total = cost + (float(price[there]) if there != end else 0.0)
            if total < best.get(there, np.inf):
                best[there] = total
                heapq.heappush(waiting, (total, there))
    return np.inf


def _unit_flow(
    flows: LegFlows,
    legs: Ints,
    ends: tuple[int, int],
    first: int,
    group: int,
    column_of: dict[int, int],
) -> Iterator[Row]:
    """Yield the rows by which a group flows from start to end and enters only open sites.

    The columns from ``first`` on stand for the group's legs.
    """
    into: dict[int, list[int]] = {}
    out: dict[int, list[int]] = {}
    for column, leg in enumerate(legs.tolist(), start=first):
        out.setdefault(int(flows.origin[leg]), []).append(column)
        into.setdefault(int(flows.destination[leg]), []).append(column)
    start, end = ends
    yield {**dict.fromkeys(out[start], 1.0), group: -1.0}, 0.0, 0.0
    for site in sorted((into.keys() | out.keys()) - {start, end}):
        entering = dict.fromkeys(into.get(site, ()), 1.0)
        yield {**entering, **dict.fromkeys(out.get(site, ()), -1.0)}, 0.0, 0.0
        if site in column_of:
            yield {**entering, column_of[site]: -1.0}, -np.inf, 0.0


def _useful_legs(flows: LegFlows, sites: Sites, start: int, end: int) -> Ints:
    """Return the walkable legs that are on some way from start to end with all candidates open."""
    walked = np.flatnonzero(flows.is_walked & (flows.destination != start) & (flows.origin != end))
    origin, destination = flows.origin[walked], flows.destination[walked]
    count, at_most = len(sites), sites.at_most
    ahead = _reached(_neighbours(origin, destination, count), start, at_most)
    behind = _reached(_neighbours(destination, origin, count), end, at_most)
    is_passed = at_most.copy()
    is_passed[[start, end]] = True
    useful = ahead[origin] & behind[destination] & is_passed[origin] & is_passed[destination]
    return walked[useful]


def _neighbours(origin: Ints, destination: Ints, count: int) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(count)]
    for here, there in zip(origin.tolist(), destination.tolist(), strict=True):
        found[here].append(there)
    return found


def _reached(neighbours: list[list[int]], start: int, is_open: Bools) -> Bools:
    """Return which sites are reached from a start over open sites, bool [N].

    A reached site need not be open itself, but nothing is reached through it then.
    """
    reached = np.zeros(len(is_open), np.bool_)
    reached[start] = True
    waiting = [start]
    while waiting:
        for there in neighbours[waiting.pop()]:
            if not reached[there]:
                reached[there] = True
                if is_open[there]:
                    waiting.append(there)
    return reached
