"""One request under way: over one region, or over several that are joined at crossings."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from routing.cost import CostModel
from routing.errors import NoWay
from routing.graph import Snap
from routing.itinerary import Clock, measured, with_border
from routing.joining import joined
from routing.legs import Legs
from routing.network import Piece
from routing.others import other_ways
from routing.pace import FLAT_KMH
from routing.portals import Plan, Portal, Question, Section, solve
from routing.questions import RouteRequest
from routing.refusals import refusal
from routing.resident import Ground, Resident, Residents
from routing.route import Route, make_route
from routing.rules import Rules
from routing.situation import Situation

#: A route is dropped when more of it than this runs on a better one (goal A11).
MAX_OVERLAP: Final = 0.8

#: A piece is walked by night when all of it is but what rounding takes.
_NEARLY: Final = 1 - 1e-9

#: An alternative costs at most this much of the best route: the widest detour of goal A7.
MAX_STRETCH: Final = 1.5


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """One region as a request finds it.

    Parameters
    ----------
    ground
        Network and costs of the profile.
    residents
        The region's metrics at hand.
    situation
        What counts at the asked time.
    rules
        What may not be done.
    """

    ground: Ground
    residents: Residents
    situation: Situation
    rules: Rules

    def model(self, aversion: float) -> CostModel:
        """Give what things cost at an aversion."""
        situation = self.situation
        return CostModel(self.ground.travel, situation.contacts, aversion, situation.night)

    def snap(self, point: tuple[float, float], country: str | None, which: str) -> Snap:
        """Give where a point meets the roads that the profile may use.

        Raises
        ------
        OffNetwork
            Too far from all of them.
        """
        travel = self.ground.travel
        lon, lat = point
        return travel.graph.snap(lon, lat, travel.mode, country, which=which, usable=travel.usable)

    def portals(self, region: int) -> list[Portal]:
        """Give the border edges that have an official post, as portals of this region."""
        edges = np.array(sorted(self.rules.gates), dtype=np.int64)
        usable = self.ground.travel.usable(edges)
        turns = self.ground.network.turns
        return [
            Portal((region, node), (region, leave), gate.posts, (edge, 0.0, 1.0))
            for edge in edges[usable].tolist()
            if (gate := self.rules.gates[edge]).posts
            for node in turns.comes_from(edge)
            if (leave := turns.onward(node, edge)) is not None
        ]


type _Columns = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]

_NONE: Final = np.zeros(0)
_NOWHERE: Final[_Columns] = (_NONE, _NONE, _NONE, _NONE)


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """A plan with the aversion that found it, and its upper-bound cost at the ranking one."""

    plan: Plan
    aversion: float
    cost_s: float


def _always(_entered: Portal | None, _left: Portal) -> bool:
    return True


class Search:
    """One request under way.

    Parameters
    ----------
    sides
        The regions.
    joints
        Portals from one to another.
    ends
        (region, place) of the start and of the end.
    request
        What is asked.
    allows
        See `routing.portals.Question`.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        joints: Sequence[Portal],
        ends: tuple[tuple[int, Snap], tuple[int, Snap]],
        request: RouteRequest,
        *,
        allows: Callable[[Portal | None, Portal], bool] = _always,
    ) -> None:
        self.sides = sides
        self.allows = allows
        # Asked for at every weight, and the same at each.
        (first, start), (last, end) = ends
        network = sides[first].ground.network
        self._departures = network.departures(start)
        self._arrivals = sides[last].ground.network.arrivals(end)
        self._direct = network.direct(start, end) if first == last else ()
        # Some metric was another one than that of the situation: that was being made.
        self._was_hasty = False
        self.most = request.most
        self.ends = ends
        self.clock = Clock([side.ground.travel for side in sides], request.at)
        self.weights = sorted(set(request.aversions))
        self.portals = [p for row, side in enumerate(sides) for p in side.portals(row)]
        self.portals += joints
        self.ranked_by = [side.model(self.weights[len(self.weights) // 2]) for side in sides]

    def answer(self) -> tuple[Route, ...]:
        """Sweep the weights, add other ways, drop near-duplicates, rank.

        Raises
        ------
        NoRoute
            There is none, and why.
        """
        found = self._sweep(patient=False)
        if not found and self._was_hasty:
            found = self._sweep(patient=True)
        if not found:
            found = [self._ranked(refusal(self), 0.0)]
        routes = [(item, self._route(item)) for item in self._distinct(found)]
        routes.sort(key=lambda row: (row[0].cost_s, row[1].unknown_m))
        return tuple(route for _, route in routes)

    # --- finding --------------------------------------------------------------------------------

    def _sweep(self, *, patient: bool) -> list[Found]:
        """Find the best way at each weight, and others at the middle one.

        Parameters
        ----------
        patient
            Wait for a metric that is being made; else the one before it answers, and what breaks a
            ban that it does not know yet is left out.
        """
        found: list[Found] = []
        others: list[Found] = []
        for weight in self.weights:
            with self._held(weight, patient=patient) as residents:
                models = [side.model(weight) for side in self.sides]
                try:
                    best = solve(residents, self.question(models))
                except NoWay:
                    continue
                found.append(self._ranked(best, weight))
                if weight == self.ranked_by[0].aversion:
                    plans = other_ways(self, residents, models, best)
                    others = [self._ranked(plan, weight) for plan in plans]
        found = [item for item in found if not self._breaks_a_ban(item.plan)]
        least_s = min((item.cost_s for item in found), default=0.0)
        return found + [
            item
            for item in others
            if item.cost_s <= MAX_STRETCH * least_s and not self._breaks_a_ban(item.plan)
        ]

    @contextmanager
    def _held(self, aversion: float, *, patient: bool) -> Iterator[list[Resident]]:
        """Hold one metric a region, so that it stays as it is for the while."""
        with ExitStack() as stack:
            rows = []
            for side in self.sides:
                row = side.residents
                older = None if patient else row.while_made(side.ground, aversion, side.situation)
                self._was_hasty |= older is not None
                using = (
                    row.using(side.ground, aversion, side.situation)
                    if older is None
                    else row.as_it_is(older)
                )
                rows.append(stack.enter_context(using))
            yield rows

    def question(
        self,
        models: Sequence[CostModel],
        *,
        closed: frozenset[str] = frozenset(),
        closed_s: float = math.inf,
        banned_s: float = math.inf,
    ) -> Question:
        """Put what is asked as the search over portals takes it.

        Parameters
        ----------
        models
            What things cost, a region each.
        closed
            Ids of crossings that are not to be passed.
        closed_s
            Price of passing a crossing that does not open in time, seconds.
        banned_s
            Price of a piece that touches an exclusion, seconds.
        """
        first, last = self.ends[0][0], self.ends[1][0]
        departures, arrivals, direct = self._departures, self._arrivals, self._direct
        leaving = [piece for piece, _ in departures]
        arriving = [piece for piece, _ in arrivals]
        if first == last:
            # All at once: each call costs more than a piece.
            own_s = self._pieces_s(models, first, [*leaving, *direct, *arriving], banned_s)
        else:
            own_s = self._pieces_s(models, first, leaving, banned_s)
            own_s += self._pieces_s(models, last, arriving, banned_s)
        begin = len(leaving)
        after = begin + len(direct)
        leaving_s, direct_s, arriving_s = own_s[:begin], own_s[begin:after], own_s[after:]
        portals = [
            portal for portal in self.portals if not any(post.id in closed for post in portal.posts)
        ]

        return Question(
            first,
            last,
            [(piece, node, s) for (piece, node), s in zip(departures, leaving_s, strict=True)],
            [(piece, node, s) for (piece, node), s in zip(arrivals, arriving_s, strict=True)],
            list(zip(direct, direct_s, strict=True)),
            list(zip(portals, self._portals_s(models, portals, banned_s), strict=True)),
            self.clock.wait_s,
            self.clock.reached_s,
            self.allows,
            closed_s,
        )

    def _pieces_s(
        self,
        models: Sequence[CostModel],
        region: int,
        pieces: Sequence[Piece],
        banned_s: float = math.inf,
    ) -> list[float]:
        """Give what pieces of one region cost, seconds; more where they touch an exclusion."""
        if not pieces:
            return []
        legs = Legs.of(pieces)
        cost_s = models[region].legs_s(legs)
        cost_s[self.sides[region].rules.meets(legs)] += banned_s
        return [float(value) for value in cost_s]

    def _portals_s(
        self, models: Sequence[CostModel], portals: Sequence[Portal], banned_s: float = math.inf
    ) -> list[float]:
        """Give what passing each portal costs, seconds; waits are another matter."""
        cost_s = [portal.off_m * 3.6 / FLAT_KMH for portal in portals]
        for region in range(len(self.sides)):
            bordering = [
                (row, portal.piece)
                for row, portal in enumerate(portals)
                if portal.piece is not None and portal.arrive[0] == region
            ]
            own_s = self._pieces_s(models, region, [piece for _, piece in bordering], banned_s)
            for (row, _), piece_s in zip(bordering, own_s, strict=True):
                cost_s[row] += piece_s
        return cost_s

    def _ranked(self, plan: Plan, aversion: float) -> Found:
        """Price a plan by the bounds that all routes of an answer are ranked by."""
        cost_s = sum(passed.wait_s for passed in plan.passed)
        cost_s += sum(self._portals_s(self.ranked_by, [passed.portal for passed in plan.passed]))
        for region, legs in plan.sections:
            cost_s += float(self.ranked_by[region].legs_s(legs).sum())
        return Found(plan, aversion, cost_s)

    def _breaks_a_ban(self, plan: Plan) -> bool:
        return any(self.sides[region].rules.touched(legs) for region, legs in plan.sections)

    # --- choosing -------------------------------------------------------------------------------

    def _distinct(self, found: Sequence[Found]) -> list[Found]:
        """Drop each way that runs mostly on a better one."""
        kept: list[Found] = []
        for item in sorted(found, key=lambda item: item.cost_s):
            if all(self._overlap(item.plan, other.plan) <= MAX_OVERLAP for other in kept):
                kept.append(item)
        return kept[: self.most]

    def _overlap(self, plan: Plan, other: Plan) -> float:
        """Give the share of the shorter way's length that both have in common, 0 to 1."""
        mine, theirs = self._by_edge(plan), self._by_edge(other)
        shared_m = 0.0
        for region, (edge, start, end, length_m) in mine.items():
            their_edge, their_start, their_end, _ = theirs.get(region, _NOWHERE)
            _, one, two = np.intersect1d(edge, their_edge, return_indices=True)
            low = np.maximum(start[one], their_start[two])
            high = np.minimum(end[one], their_end[two])
            shared_m += float((np.maximum(0.0, high - low) * length_m[one]).sum())
        shorter_m = min(self._length_m(mine), self._length_m(theirs))
        return shared_m / shorter_m if shorter_m > 0 else 1.0

    def _by_edge(self, plan: Plan) -> dict[int, _Columns]:
        """Give edge, from, to and whole length of every piece, a region each."""
        columns = {}
        for region in dict.fromkeys(region for region, _ in plan.sections):
            legs = Legs.joined([part for row, part in plan.sections if row == region])
            length_m = self.sides[region].ground.travel.length_m(legs.edge)
            columns[region] = (legs.edge, legs.start, legs.end, length_m)
        return columns

    @staticmethod
    def _length_m(columns: dict[int, _Columns]) -> float:
        return float(sum(((end - start) * m).sum() for _, start, end, m in columns.values()))

    # --- telling --------------------------------------------------------------------------------

    def _route(self, found: Found) -> Route:
        """Add a way up, and check it again from the records."""
        plan = found.plan
        times = self.clock.timetable(plan.sections, plan.passed)
        again = self.clock.retimed(plan)
        opened = () if again is None else again.passed
        judged = {p.portal.piece[0] for p in opened if p.portal.piece is not None}
        snaps = (self.ends[0][1], self.ends[1][1])
        parts: list[Route] = []
        leg = 0
        for region, legs in runs(plan):
            side = self.sides[region]
            # Wholly by night: what the night makes less likely must not count for the day.
            night_s = times.night_s[leg : leg + len(legs)]
            leg += len(legs)
            night = night_s >= _NEARLY * measured(side.ground.travel, legs)[0]
            contacts = side.situation.contacts
            part = make_route(side.ground.travel, legs, contacts, night, snaps, times.arrival)
            side.rules.check(legs, part.coordinates, judged)
            parts.append(replace(part, region=region))
        return replace(
            joined(parts),
            passages=self.clock.passages(plan),
            aversion=found.aversion,
            cost_s=found.cost_s,
        )


def runs(plan: Plan) -> list[Section]:
    """Give a plan's legs by region, border edges among them, in order of travel."""
    found: list[Section] = []
    for index, (region, legs) in enumerate(plan.sections):
        own = with_border(plan.passed[index - 1].portal, legs) if index else legs
        if not len(own):  # a joint of two regions at the very end of the way
            continue
        if found and found[-1][0] == region:
            found[-1] = (region, Legs.joined([found[-1][1], own]))
        else:
            found.append((region, own))
    return found
