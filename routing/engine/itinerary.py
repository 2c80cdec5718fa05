"""Timing of a plan: when each leg of a route is travelled, and when each crossing is reached."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.engine.portal_plan import PassedPortal, Plan, Portal, Section
from routing.graph.snapping import Snap
from routing.travel.cost_model import Travel
from routing.travel.crossings import Crossing, passable_from
from routing.travel.legs import Legs
from routing.travel.timetable import (
    Stint,
    Timetable,
    Walker,
    clock_of,
    summed,
    timetable,
    under_way,
)

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Passage:
    """Passage of an official crossing on a route.

    Parameters
    ----------
    crossing
        The official crossing.
    arrival
        Time of arrival there, timezone-aware.
    wait_s
        Seconds until the crossing opens; 0 if it is open on arrival.
    at_m
        Position on the route, metres from its start.
    """

    crossing: Crossing
    arrival: datetime
    wait_s: float
    at_m: float = 0.0

    @property
    def through(self) -> datetime:
        """Time at which the crossing is passed, timezone-aware."""
        return self.arrival + timedelta(seconds=self.wait_s)


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Place that a route was asked to pass, between its ends.

    Parameters
    ----------
    snap
        Where the place is snapped to the network.
    at_m, after_s
        Metres and moving time from the start.
    arrival
        Time of arrival there, timezone-aware.
    stint
        The day of walking that is under way at this place; None without hours of walking.
    """

    snap: Snap
    at_m: float
    after_s: float
    arrival: datetime
    stint: Stint | None = None


@dataclass(frozen=True, eq=False, slots=True)
class ItineraryClock:
    """Computation of the times at which a route reaches its places.

    Parameters
    ----------
    travels
        The travel costs of each region, all for one profile.
    departure
        Timezone-aware; its offset is the local time of the whole route.
    stint
        The day of walking that is under way at departure; a fresh day where None.
    """

    travels: Sequence[Travel]
    departure: datetime
    stint: Stint | None = None

    def walker(self) -> Walker:
        """Return a walker at the start of the route, at the time of departure."""
        profile = self.travels[0].profile
        stint = under_way(self.departure, self.stint)
        return Walker(clock_of(self.departure), profile.window, profile.day_max_m, stint)

    def measured(self, region: int, legs: Legs) -> tuple[Floats, Floats]:
        """Return moving time and length of a region's legs, float64 [k] each, in s and m."""
        return measured(self.travels[region], legs)

    def timetable(
        self,
        sections: Sequence[Section],
        passed: Sequence[PassedPortal],
        measures: Sequence[tuple[Floats, Floats]] | None = None,
    ) -> Timetable:
        """Compute the timetable of sections, with the border edges and waits between them.

        Parameters
        ----------
        sections, passed
            As in a `Plan`.
        measures
            The result of `measured` for each section's legs, preceded by the border edge, where
            already known.

        Returns
        -------
        The timetable of all legs in order, including border edges.
        """
        profile = self.travels[0].profile
        ways = [
            (region, with_border(passed[index - 1].portal, legs) if index else legs)
            for index, (region, legs) in enumerate(sections)
        ]
        if measures is None:
            measures = [measured(self.travels[region], way) for region, way in ways]
        time_s, length_m = (
            np.concatenate([np.zeros(0), *rows]) for rows in zip(*measures, strict=True)
        )
        if not passed:
            return timetable(
                self.departure,
                time_s,
                profile.window,
                leg_m=length_m,
                day_max_m=profile.day_max_m,
                stint=self.stint,
            )
        cut = _Cut.of([len(way) for _, way in ways], [one.portal for one in passed])
        table = timetable(
            self.departure,
            cut.spread(time_s, [(p.portal.before[0], p.portal.after[0]) for p in passed]),
            profile.window,
            leg_m=cut.spread(length_m, [(p.portal.before[1], p.portal.after[1]) for p in passed]),
            day_max_m=profile.day_max_m,
            not_before_s={
                row: one.through_s
                for row, one in zip(cut.stops, passed, strict=True)
                if one.wait_s > 0
            },
            stops=cut.stops,
            stint=self.stint,
        )
        return cut.gathered(table, len(time_s))

    def through_s(self, portal: Portal, reached_s: float) -> float | None:
        """Return when all posts of a portal are passed, given when the first post is reached.

        Both times are seconds after departure. None where no opening of the portal is known,
        however long the wait.
        """
        if not portal.posts:
            return reached_s
        arrival = self.moment(reached_s)
        through = passable_from(portal.posts, arrival)
        if through is None:
            return None
        if through <= arrival:
            return reached_s
        # Count from the opening time itself, so that all routes that wait for the same opening get
        # exactly the same time.
        return max(reached_s, (through - self.departure).total_seconds())

    def arrival(self, passed: PassedPortal) -> datetime:
        """Return the time at which the first post of a portal is reached."""
        return self.moment(passed.reached_s)

    def moment(self, after_s: float) -> datetime:
        """Return the time some seconds after departure, with the departure's offset."""
        # A fixed offset, because Python adds to a datetime with a zone in local time: the sum would
        # be an hour wrong where clocks change in between.
        offset = timezone(self.departure.utcoffset() or timedelta(0))
        return self.departure.astimezone(offset) + timedelta(seconds=after_s)

    def retimed(self, plan: Plan) -> Plan | None:
        """Recompute the times at which a plan reaches and passes its portals, from its sections.

        Returns
        -------
        The plan with new arrival times and waits; None if a portal stays closed after the arrival.
        """
        walker = self.walker()
        begun_s = walker.clock_s
        passed: list[PassedPortal] = []
        since = (0.0, 0.0)
        for (region, legs), before in zip(plan.sections, plan.passed, strict=False):
            portal = before.portal
            self._go(walker, region, legs, since, portal.before)
            reached_s = walker.clock_s - begun_s
            through_s = self.through_s(portal, reached_s)
            if through_s is None:
                return None
            walker.wait(begun_s + through_s)
            passed.append(PassedPortal(portal, reached_s, through_s))
            since = portal.after
        return replace(plan, passed=tuple(passed))

    def today(self) -> tuple[float, float]:
        """Return seconds and metres left to walk before a rest; infinite without walking hours."""
        walker = self.walker()
        if not walker.has_hours:
            return np.inf, np.inf
        return walker.dusk_s - walker.clock_s, walker.left_m

    def rests_s(self, plan: Plan) -> float:
        """Return the seconds that a plan spends on nights of rest, without waits at portals."""
        if self.travels[0].profile.window is None:
            return 0.0
        table = self.timetable(plan.sections, plan.passed)
        waits_s = sum(passed.wait_s for passed in plan.passed)
        return max(0.0, table.arrival_s - self.moving_s(plan) - waits_s)

    def moving_s(self, plan: Plan) -> float:
        """Return the moving time of a plan, seconds."""
        sections = sum(
            float(self.measured(region, legs)[0].sum()) for region, legs in plan.sections
        )
        portals = [passed.portal for passed in plan.passed]
        return sections + sum(portal.before[0] + portal.after[0] for portal in portals)

    def _go(
        self,
        walker: Walker,
        region: int,
        legs: Legs,
        since: tuple[float, float],
        then: tuple[float, float],
    ) -> None:
        """Move the walker along a section, from the post before it to the post after it.

        ``since`` and ``then``: moving seconds and metres between the section and these posts.
        """
        time_s, length_m = self.measured(region, legs)
        walker.go(
            summed(np.concatenate([[since[0]], time_s, [then[0]]])),
            summed(np.concatenate([[since[1]], length_m, [then[1]]])),
        )

    def passages(self, plan: Plan) -> tuple[Passage, ...]:
        """Return the official crossings of a plan, in order."""
        found: list[Passage] = []
        at_m = 0.0
        for (region, legs), passed in zip(plan.sections, plan.passed, strict=False):
            # A portal without a border edge lies on no road: its metres are not part of the route's
            # length.
            (_, before_m), (_, after_m) = passed.portal.before, passed.portal.after
            is_road = passed.portal.piece is not None
            at_m += float(self.measured(region, legs)[1].sum()) + (before_m if is_road else 0.0)
            arrival = self.arrival(passed)
            for post in passed.portal.posts:
                through = post.passable_from(arrival) or arrival
                wait_s = (through - arrival).total_seconds()
                found.append(Passage(post, arrival, wait_s, at_m))
                arrival = through
            at_m += after_m if is_road else 0.0
        return tuple(found)


def measured(travel: Travel, legs: Legs) -> tuple[Floats, Floats]:
    """Return moving time and length of legs: float64 [k] each, seconds and metres."""
    return travel.time_s(legs.edge) * legs.share, travel.length_m(legs.edge) * legs.share


@dataclass(frozen=True, eq=False, slots=True)
class _Cut:
    """Rows of a timetable: one for each leg, and two for each portal, which a wait parts.

    The wait at a portal takes place at its first post: one row ends there, the other begins there.

    Parameters
    ----------
    leg
        int64 [rows], the leg that each row belongs to; -1 for a row on no road.
    stops
        The rows that begin at a post.
    """

    leg: Ints
    stops: tuple[int, ...]

    @classmethod
    def of(cls, lengths: Sequence[int], portals: Sequence[Portal]) -> Self:
        """Make the rows; ``lengths`` are the numbers of legs of the sections with border edges."""
        rows: list[Ints] = []
        stops: list[int] = []
        done, legs = 0, 0
        for index, length in enumerate(lengths):
            own = np.arange(legs, legs + length)
            if index:
                border = legs if portals[index - 1].piece is not None else -1
                stops.append(done + 1)
                rows.append(np.array([border, border]))
                own = own[1:] if border >= 0 else own
                done += 2
            rows.append(own)
            done += len(own)
            legs += length
        return cls(np.concatenate([np.zeros(0, dtype=np.int64), *rows]), tuple(stops))

    def spread(self, values: Floats, halves: Sequence[tuple[float, float]]) -> Floats:
        """Return one value per row, float64 [rows].

        ``values`` are those of the legs, ``halves`` those of each portal before and after its first
        post.
        """
        found = np.append(values, 0.0)[self.leg]
        for stop, (before, after) in zip(self.stops, halves, strict=True):
            found[stop - 1], found[stop] = before, after
        return np.asarray(found)

    def gathered(self, table: Timetable, legs: int) -> Timetable:
        """Merge a timetable of rows to one entry per leg."""
        if not self.stops:
            return table
        rows = np.flatnonzero(self.leg >= 0)
        first, last = (
            np.searchsorted(self.leg[rows], np.arange(legs), side) for side in ("left", "right")
        )
        first, last = rows[first], rows[last - 1]
        night_s = np.bincount(self.leg[rows], table.night_s[rows], minlength=legs)
        return replace(
            table,
            start_s=table.start_s[first],
            end_s=table.end_s[last],
            night_s=night_s,
            day=table.day[first],
        )


def with_border(portal: Portal, legs: Legs) -> Legs:
    """Return the legs that follow a portal, preceded by its border edge if it has one."""
    return legs if portal.piece is None else Legs.joined([Legs.of([portal.piece]), legs])
