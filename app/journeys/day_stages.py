"""A way on foot by days: from one place to sleep to the next.

Each day goes as far as who travels can walk and ends at a space for the night. Where none is that
near, the stage says how many days it takes to the next one: nobody is told to sleep on the road,
and nobody is told that there is a bed.

The days are those of the router's own clock (`routing.travel.timetable`): the hour of the
departure, the hours of walking, the longest day and the waits at crossings count as they do there.
Who sleeps in beds needs more days than who lies down where the day ends, as the search has it: the
days and the arrivals of a journey are those of the stages, on its card as in every format. But who
comes to a crossing so late that it is not known to open any more has no way from bed to bed: days
and arrival are the router's own then, and there are no stages.
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

#: Who waits so long at a crossing, and over an opening of the hours of walking, has spent the night
#: there: as long as is walked at whatever hour to lie down somewhere.
_NIGHT_S: Final = TAIL_S

type _Reached = Mapping[tuple[float, str | None], datetime]


@dataclass(frozen=True)
class RouteStop:
    """A space that supports a route, ``at_m`` metres after its start.

    It lies ``access_m`` metres off; on a sketch, where it counts at the node of its ``town``, that
    far from the node.
    """

    space: OpenSpace
    at_m: float
    overnight: bool
    access_m: float = 0.0
    town: str | None = None


@dataclass(frozen=True)
class DayStage:
    """A part of a way that ends at a place to sleep, or at the end of the way.

    Attributes
    ----------
    days
        Days on foot; more than one where no place to sleep is nearer.
    from_m, to_m
        Along the way, metres.
    stop
        Where it ends; None at the end of the way.
    """

    days: int
    from_m: float
    to_m: float
    stop: "RouteStop | None"


def bed_to_bed(route: Route, stops: "Sequence[RouteStop]") -> tuple[Route, tuple[DayStage, ...]]:
    """Lay a way of more than a day on foot from bed to bed; another one has no stages.

    Returns
    -------
    The route with the days, the arrivals, the waits and the price of who sleeps in its beds; and
    its stages.
    Without stages it is the route as it was, on the router's own clock.
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
    """Return where one sleeps between stages."""
    return tuple(_place(route, stage.stop) for stage in found if stage.stop is not None)


def _place(route: Route, stop: RouteStop) -> Place:
    """Return where a bed is; one at a crossing lies before its posts, or in the country behind."""
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
    """Return a crossing as it is passed by who comes there at another time; None where closed."""
    arrival = reached.get((passage.at_m, passage.crossing.id), passage.arrival)
    through = passage.crossing.passable_from(arrival)
    if through is None:
        return None
    return replace(passage, arrival=arrival, wait_s=(through - arrival).total_seconds())


def stages(route: Route, stops: "Sequence[RouteStop]") -> tuple[DayStage, ...]:
    """Return the stages of a way on foot from its start to its end."""
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
        # Of those that are farther than a day the first is enough.
        day_max_m = route.profile.day_max_m
        near = [one for one in ahead if one[0][0] - here[0] <= day_max_m] or ahead[:1]
        tried = [_tried(laid, walker, here, place) for place, _ in near]
        days = [max(1, after.days - walker.days) for after, _ in tried]
        # The furthest of one day, and none behind a night outside; else the nearest of all.
        of_a_day = [i for i, number in enumerate(days) if number == 1]
        indoors = [i for i in of_a_day if not tried[i][1]]
        chosen = max(indoors or of_a_day, default=0)
        place, stop = near[chosen]
        found.append(DayStage(days[chosen], here[0], place[0], stop))
        here, walker = place, tried[chosen][0]
        walker.sleep()
    return tuple(found)


def _tried(laid: Pacing, walker: Walker, here: Place, there: Place) -> tuple[Walker, bool]:
    """Go on to a place; tell whether a night is waited through at a crossing before it."""
    reached: dict[tuple[float, str | None], datetime] = {}
    after = laid.gone(walker, here, there, reached)
    fresh = laid.departure + timedelta(seconds=walker.fresh_s - laid.walker().clock_s)
    return after, any(
        moment < fresh < through and (through - moment).total_seconds() > _NIGHT_S
        for moment, through in laid.waits(reached)
    )
