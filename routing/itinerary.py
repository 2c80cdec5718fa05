"""A plan on the clock: when each piece of a way is walked, and when each crossing is reached."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from routing.arrival import Stint, Timetable, timetable
from routing.cost import Travel
from routing.crossings import Crossing, passable_from
from routing.legs import Legs
from routing.lookup import Snap
from routing.portals import MAX_WAIT_S, Passed, Plan, Portal, Section

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Passage:
    """An official crossing on a route.

    Parameters
    ----------
    crossing
        The post.
    arrival
        When it is reached, aware.
    wait_s
        Seconds until it opens; 0 where it is open on arrival.
    """

    crossing: Crossing
    arrival: datetime
    wait_s: float


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A place that a route was asked to pass, between its ends.

    Parameters
    ----------
    snap
        Where it meets the network.
    at_m, after_s
        Metres and moving time from the start.
    arrival
        There, aware.
    stint
        Of walking, under way there.
    """

    snap: Snap
    at_m: float
    after_s: float
    arrival: datetime
    stint: Stint | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Clock:
    """Tells when places of a way are reached.

    Parameters
    ----------
    travels
        The costs of each region, of one profile.
    departure
        Aware; its offset is the local time of the whole way.
    stint
        Of walking, under way at departure.
    """

    travels: Sequence[Travel]
    departure: datetime
    stint: Stint | None = None

    def reached_s(self, sections: Sequence[Section], passed: Sequence[Passed]) -> float:
        """Give when the end of the last section is reached, seconds after departure."""
        end_s = self.timetable(sections, passed).end_s
        walked_s = float(end_s[-1]) if len(end_s) else 0.0
        # Behind a crossing at once: after the wait there.
        return max([walked_s, *(passage.reached_s + passage.wait_s for passage in passed[-1:])])

    def timetable(
        self,
        sections: Sequence[Section],
        passed: Sequence[Passed],
        measures: Sequence[tuple[Floats, Floats]] | None = None,
    ) -> Timetable:
        """Lay sections on the clock, with the border edges and the waits between them.

        Parameters
        ----------
        sections, passed
            As a plan has them.
        measures
            `measured` of all their legs in order, border edges among them, where it is known.
        """
        profile = self.travels[0].profile
        not_before_s: dict[int, float] = {}
        ways: list[Section] = []
        legs = 0
        for index, (region, section) in enumerate(sections):
            way = section
            if index:
                before = passed[index - 1]
                way = with_border(before.portal, section)
                if before.wait_s > 0:
                    not_before_s[legs] = before.reached_s + before.wait_s
            ways.append((region, way))
            legs += len(way)
        if measures is None:
            measures = [measured(self.travels[region], way) for region, way in ways]
        return timetable(
            self.departure,
            np.concatenate([np.zeros(0), *(time_s for time_s, _ in measures)]),
            profile.window,
            leg_m=np.concatenate([np.zeros(0), *(length_m for _, length_m in measures)]),
            day_max_m=profile.day_max_m,
            # A wait after which nothing is walked is before no leg.
            not_before_s={leg: s for leg, s in not_before_s.items() if leg < legs},
            stint=self.stint,
        )

    def wait_s(self, portal: Portal, reached_s: float) -> float | None:
        """Give the seconds until all posts of a portal let pass; None where that is too long.

        They are judged when they are reached, not where their edge begins.
        """
        if not portal.posts:
            return 0.0
        arrival = self.moment(reached_s + portal.post_s)
        through = passable_from(portal.posts, arrival)
        if through is None:
            return None
        wait_s = (through - arrival).total_seconds()
        return wait_s if wait_s <= MAX_WAIT_S else None

    def arrival(self, passed: Passed) -> datetime:
        """Give when the first post of a portal is reached."""
        return self.moment(passed.reached_s + passed.portal.post_s)

    def moment(self, after_s: float) -> datetime:
        """Give the moment some seconds after departure, with the departure's offset."""
        # A zone of its own would add up what its clocks show, an hour off where they change.
        offset = timezone(self.departure.utcoffset() or timedelta(0))
        return self.departure.astimezone(offset) + timedelta(seconds=after_s)

    def retimed(self, plan: Plan) -> Plan | None:
        """Judge the portals of a plan at the times of its own sections.

        Returns
        -------
        The plan with its own waits; None where a portal does not open in time.
        """
        passed: list[Passed] = []
        for index, before in enumerate(plan.passed):
            reached_s = self.reached_s(plan.sections[: index + 1], passed)
            wait_s = self.wait_s(before.portal, reached_s)
            if wait_s is None:
                return None
            passed.append(Passed(before.portal, reached_s, wait_s))
        return replace(plan, passed=tuple(passed))

    def passages(self, plan: Plan) -> tuple[Passage, ...]:
        """Give the official crossings of a plan, in order; one met twice in a row counts once."""
        found: list[Passage] = []
        for passed in plan.passed:
            arrival = self.arrival(passed)
            for post in passed.portal.posts:
                through = post.passable_from(arrival) or arrival
                if not found or found[-1].crossing.id != post.id:
                    wait_s = (through - arrival).total_seconds()
                    found.append(Passage(post, arrival, wait_s))
                arrival = through
        return tuple(found)


def measured(travel: Travel, legs: Legs) -> tuple[Floats, Floats]:
    """Give moving time and length of legs: float64 [k] each, seconds and metres."""
    return travel.time_s(legs.edge) * legs.share, travel.length_m(legs.edge) * legs.share


def opens_late(post: Crossing, arrival: datetime) -> bool:
    """Tell whether a post lets nobody pass who arrives then and waits as long as one may."""
    through = post.passable_from(arrival)
    return through is None or (through - arrival).total_seconds() > MAX_WAIT_S


def with_border(portal: Portal, legs: Legs) -> Legs:
    """Put a portal's border edge before what follows it."""
    return legs if portal.piece is None else Legs.joined([Legs.of([portal.piece]), legs])
