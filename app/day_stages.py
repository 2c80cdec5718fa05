"""A way on foot by days: from one place to sleep to the next.

Each day goes as far as who travels can walk and ends at a space for the night. Where none is that
near, the stage says how many days it takes to the next one: nobody is told to sleep on the road,
and nobody is told that there is a bed.

The days are those of the router's own clock (`routing.arrival`): the hour of the departure, the
hours of walking, the longest day and the waits at crossings count as they do for its arrivals. Who
sleeps in beds may need more days than who lies down where the day ends: the days of a journey are
these, on its card as in its stages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.access import Mode
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


def stages(route: Route, stops: "Sequence[Stop]") -> tuple[Stage, ...]:
    """Return the stages of a way of more than a day on foot; of another, none."""
    if route.mode is not Mode.FOOT or route.walking_days <= 1 or route.departure is None:
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
