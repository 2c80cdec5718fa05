"""A way on foot by days: from one place to sleep to the next.

Each day goes as far as who travels can walk and ends at a space for the night. Where none is that
near, the stage says how many days it takes to the next one: nobody is told to sleep on the road,
and nobody is told that there is a bed.
"""

from dataclasses import dataclass

import numpy as np

from app.journeys import Journey, Stop
from routing.access import Mode
from routing.profile import walking_days


@dataclass(frozen=True)
class Stage:
    """A part of a way that ends at a place to sleep, or at the end of the way.

    Attributes
    ----------
    days
        Fewest days on foot; more than one where no place to sleep is nearer.
    from_m, to_m
        Along the way, metres.
    stop
        Where it ends; None at the end of the way.
    """

    days: int
    from_m: float
    to_m: float
    stop: Stop | None


def stages(journey: Journey) -> tuple[Stage, ...]:
    """Return the stages of a way of more than a day on foot; of another, none."""
    route = journey.route
    if route.mode is not Mode.FOOT or route.walking_days <= 1:
        return ()
    nights: list[tuple[float, Stop | None]] = [
        (stop.at_m, stop) for stop in journey.stops if stop.overnight
    ]
    ahead = [night for night in nights if night[0] < route.distance_m]
    ahead.append((route.distance_m, None))
    found: list[Stage] = []
    here_m = 0.0
    while here_m < route.distance_m:
        ahead = [night for night in ahead if night[0] > here_m]
        days = [_days(journey, here_m, to_m) for to_m, _ in ahead]
        # The furthest of one day, else the nearest of all.
        chosen = max((i for i, number in enumerate(days) if number == 1), default=0)
        to_m, stop = ahead[chosen]
        found.append(Stage(days[chosen], here_m, to_m, stop))
        here_m = to_m
    return tuple(found)


def _days(journey: Journey, from_m: float, to_m: float) -> int:
    route = journey.route
    ends_m = np.concatenate([[0.0], route.segments.to_m])
    time_s = np.concatenate([[0.0], np.cumsum(route.segments.duration_s)])
    before_s, after_s = np.interp([from_m, to_m], ends_m, time_s)
    return walking_days(to_m - from_m, float(after_s - before_s), route.profile)
