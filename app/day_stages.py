"""A way on foot by days: from one place to sleep to the next.

Each day goes as far as who travels can walk and ends at a space for the night. Where none is that
near, the stage says how many days it takes to the next one: nobody is told to sleep on the road,
and nobody is told that there is a bed.

The days are those of the router's own clock (`routing.arrival`): the hour of the departure, the
hours of walking, the longest day and the waits at crossings count as they do there. Who sleeps in
beds needs more days than who lies down where the day ends, as the search has it: the days and the
arrivals of a journey are those of the stages, on its card as in every format.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from routing.access import Mode
from routing.itinerary import Passage
from routing.pacing import Pacing
from routing.route import Route

if TYPE_CHECKING:
    from app.journeys import Stop


@dataclass(frozen=True)
class Stage:
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
    stop: "Stop | None"


def bed_to_bed(route: Route, stops: "Sequence[Stop]") -> tuple[Route, tuple[Stage, ...]]:
    """Lay a way of more than a day on foot from bed to bed; another one has no stages.

    Returns
    -------
    The route with the days, the arrivals and the waits of who sleeps in its beds; and its stages.
    """
    if route.mode is not Mode.FOOT or route.walking_days <= 1 or route.departure is None:
        return route, ()
    found = stages(route, stops)
    pacing = Pacing(route, route.departure)
    reached: dict[float, datetime] = {}
    walker = pacing.walker()
    for stage in found:
        walker = pacing.gone(walker, stage.from_m, stage.to_m, reached)
        if stage.stop is not None:
            walker.sleep()
    days = sum(stage.days for stage in found)
    passages = tuple(_passed_at(passage, reached) for passage in route.passages)
    if None in passages:  # so late it is not known to open: on the route's own clock it is
        return replace(route, days=days), found
    return replace(
        route,
        days=days,
        arrival=pacing.moment(walker),
        passages=tuple(passage for passage in passages if passage is not None),
        via=tuple(replace(one, arrival=reached.get(one.at_m, one.arrival)) for one in route.via),
    ), found


def _passed_at(passage: Passage, reached: Mapping[float, datetime]) -> Passage | None:
    """Return a crossing as it is passed by who comes there at another time; None where closed."""
    arrival = reached.get(passage.at_m, passage.arrival)
    through = passage.crossing.passable_from(arrival)
    if through is None:
        return None
    return replace(passage, arrival=arrival, wait_s=(through - arrival).total_seconds())


def stages(route: Route, stops: "Sequence[Stop]") -> tuple[Stage, ...]:
    """Return the stages of a way on foot from its start to its end."""
    if route.departure is None:
        return ()
    laid = Pacing(route, route.departure)
    nights: list[tuple[float, Stop | None]] = [
        (stop.at_m, stop) for stop in stops if stop.overnight
    ]
    ahead = [night for night in nights if night[0] < route.distance_m]
    ahead.append((route.distance_m, None))
    found: list[Stage] = []
    here_m, walker = 0.0, laid.walker()
    while here_m < route.distance_m:
        ahead = [night for night in ahead if night[0] > here_m]
        # Of those that are farther than a day the first is enough.
        near = [one for one in ahead if one[0] - here_m <= route.profile.day_max_m] or ahead[:1]
        tried = [laid.gone(walker, here_m, to_m) for to_m, _ in near]
        days = [max(1, after.days - walker.days) for after in tried]
        # The furthest of one day, else the nearest of all.
        chosen = max((i for i, number in enumerate(days) if number == 1), default=0)
        to_m, stop = ahead[chosen]
        found.append(Stage(days[chosen], here_m, to_m, stop))
        here_m, walker = to_m, tried[chosen]
        walker.sleep()
    return tuple(found)
