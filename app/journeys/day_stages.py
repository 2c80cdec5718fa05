"""Day stages of a route on foot: from one space for the night to the next.

Each stage goes as far as the traveller can walk in a day and ends at a space for the night. If no
space is that near, the stage ends at the nearest one and states how many days it takes to get
there: no text tells people to sleep on the road, and no text promises a bed.

Days follow the router's clock (`routing.travel.timetable`): departure time, walking hours, longest
day and waits at crossings count as in the search. The search assumes that people sleep wherever the
day ends; sleeping at spaces takes more days. Pages and files show the days and arrivals of the
stages. If the stages reach a crossing so late that no further opening of the crossing is known, the
route has no stages, and its days and arrival are those of the router.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from geo.spaces.queries import OpenSpace
from routing.engine.itinerary import Passage
from routing.osm_tags.edge_flags import Mode
from routing.route.route import Route
from routing.route.timeline import BEFORE, BEHIND, START, Pacing, Place
from routing.travel.timetable import TAIL_S, Walker

#: Least wait at a crossing, seconds, that counts as a night spent there if the wait spans the start
#: of the walking hours. Equals the time for which people walk on after hours to reach a bed.
_NIGHT_S: Final = TAIL_S

type _Reached = Mapping[tuple[float, str | None], datetime]


@dataclass(frozen=True)
class RouteStop:
    """Space that supports a route, ``at_m`` metres after the route's start.

    The space lies ``access_m`` metres off the route. On a sketch network, where a space counts at
    the node of its ``town``, ``access_m`` is its distance from the node.
    """

    space: OpenSpace
    at_m: float
    overnight: bool
    access_m: float = 0.0
    town: str | None = None


@dataclass(frozen=True)
class DayStage:
    """Part of a route that ends at a space for the night, or at the end of the route.

    Attributes
    ----------
    days
        Days on foot; more than one if no space for the night can be reached within a day.
    from_m, to_m
        Distances along the route, metres.
    stop
        Space where the stage ends; None at the end of the route.
    """

    days: int
    from_m: float
    to_m: float
    stop: "RouteStop | None"


def bed_to_bed(route: Route, stops: "Sequence[RouteStop]") -> tuple[Route, tuple[DayStage, ...]]:
    """Split a walking route of more than one day into stages between spaces for the night.

    Returns
    -------
    The route with days, arrivals, waits and cost recomputed for nights at the spaces, and its
    stages. A shorter route or one not on foot is returned unchanged, without stages.
    """
    if route.mode is not Mode.FOOT or route.walking_days <= 1 or route.departure is None:
        return route, ()
    found = stages(route, stops)
    pacing = Pacing(route, route.departure, beds_of(route, found))
    reached: dict[tuple[float, str | None], datetime] = {}
    walker = pacing.gone(pacing.walker(), START, pacing.end, reached)
    passages = tuple(_passed_at(passage, reached) for passage in route.passages)
    if None in passages:
        return route, ()
    arrival = pacing.moment(walker)
    return replace(
        route,
        days=sum(stage.days for stage in found),
        arrival=arrival,
        cost_s=route.cost_s + (arrival - route.arrival).total_seconds(),
        passages=tuple(passage for passage in passages if passage is not None),
        via=tuple(
            replace(one, arrival=reached.get((one.at_m, None), one.arrival)) for one in route.via
        ),
    ), found


def beds_of(route: Route, found: Sequence[DayStage]) -> tuple[Place, ...]:
    """Return the places along a route where its stages end for the night."""
    return tuple(_place(route, stage.stop) for stage in found if stage.stop is not None)


def _place(route: Route, stop: RouteStop) -> Place:
    """Return the place of a stop along a route.

    A stop at a crossing lies before or behind the border posts, according to its country.
    """
    if all(passage.at_m != stop.at_m for passage in route.passages):
        return (stop.at_m, BEHIND)
    country = route.start_snap.country
    for passage in sorted(route.passages, key=lambda one: one.at_m):
        left = country
        if left in passage.crossing.countries:
            country = next((one for one in passage.crossing.countries if one != left), left)
        if passage.at_m == stop.at_m:
            is_behind = stop.space.country != left and stop.space.country == country
            return (stop.at_m, BEHIND if is_behind else BEFORE)
    return (stop.at_m, BEHIND)


def _passed_at(passage: Passage, reached: _Reached) -> Passage | None:
    """Return a passage of a crossing with the arrival time and the wait that the stages lead to.

    Return None if no time is known from which the crossing can be passed after that arrival.
    """
    arrival = reached.get((passage.at_m, passage.crossing.id), passage.arrival)
    through = passage.crossing.passable_from(arrival)
    if through is None:
        return None
    return replace(passage, arrival=arrival, wait_s=(through - arrival).total_seconds())


def stages(route: Route, stops: "Sequence[RouteStop]") -> tuple[DayStage, ...]:
    """Return the stages of a walking route from its start to its end."""
    if route.departure is None:
        return ()
    laid = Pacing(route, route.departure)
    nights: list[tuple[Place, RouteStop | None]] = [
        (_place(route, stop), stop)
        for stop in stops
        if stop.overnight and stop.at_m < route.distance_m
    ]
    ahead = [*sorted(nights, key=lambda night: night[0]), (laid.end, None)]
    found: list[DayStage] = []
    here, walker = START, laid.walker()
    while here[0] < route.distance_m:
        ahead = [night for night in ahead if night[0][0] > here[0]]
        # Try all stops within a day's distance or, if there are none, the nearest stop beyond.
        day_max_m = route.profile.day_max_m
        near = [one for one in ahead if one[0][0] - here[0] <= day_max_m] or ahead[:1]
        tried = [_tried(laid, walker, here, place) for place, _ in near]
        days = [max(1, after.days - walker.days) for after, _ in tried]
        # Prefer the furthest stop within one day without a night outdoors at a crossing, then any
        # furthest stop within one day, else the nearest stop.
        of_a_day = [i for i, number in enumerate(days) if number == 1]
        indoors = [i for i in of_a_day if not tried[i][1]]
        chosen = max(indoors or of_a_day, default=0)
        place, stop = near[chosen]
        found.append(DayStage(days[chosen], here[0], place[0], stop))
        here, walker = place, tried[chosen][0]
        walker.sleep()
    return tuple(found)


def _tried(laid: Pacing, walker: Walker, here: Place, there: Place) -> tuple[Walker, bool]:
    """Simulate the walk to a place from `here`, where the walker is.

    Return the walker at the place, and whether a night is spent waiting at a crossing on the way.
    """
    reached: dict[tuple[float, str | None], datetime] = {}
    after = laid.gone(walker, here, there, reached)
    fresh = laid.departure + timedelta(seconds=walker.fresh_s - laid.walker().clock_s)
    return after, any(
        moment < fresh < through and (through - moment).total_seconds() > _NIGHT_S
        for moment, through in laid.waits(reached)
    )
