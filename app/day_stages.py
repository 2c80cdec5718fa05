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
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from routing.access import Mode
from routing.arrival import Walker, clock_of
from routing.route import Route

if TYPE_CHECKING:
    from app.journeys import Stop

type Floats = NDArray[np.float64]


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
    laid = _Laid(route)
    nights: list[tuple[float, Stop | None]] = [
        (stop.at_m, stop) for stop in stops if stop.overnight
    ]
    ahead = [night for night in nights if night[0] < route.distance_m]
    ahead.append((route.distance_m, None))
    found: list[Stage] = []
    here_m, walker = 0.0, laid.walker()
    while here_m < route.distance_m:
        ahead = [night for night in ahead if night[0] > here_m]
        tried = [laid.gone(walker, here_m, to_m) for to_m, _ in laid.within_a_day(ahead, here_m)]
        days = [max(1, after.days - walker.days) for after in tried]
        # The furthest of one day, else the nearest of all.
        chosen = max((i for i, number in enumerate(days) if number == 1), default=0)
        to_m, stop = ahead[chosen]
        found.append(Stage(days[chosen], here_m, to_m, stop))
        here_m, walker = to_m, tried[chosen]
        walker.sleep()
    return tuple(found)


class _Laid:
    """A route as the clock takes it."""

    def __init__(self, route: Route) -> None:
        assert route.departure is not None  # noqa: S101 -- stages() has looked
        self._route = route
        self._departure = route.departure
        self._ends_m = np.concatenate([[0.0], route.segments.to_m])
        self._time_s = np.concatenate([[0.0], np.cumsum(route.segments.duration_s)])

    def walker(self) -> Walker:
        """Return who stands at the start."""
        profile = self._route.profile
        return Walker(clock_of(self._departure), profile.window, profile.day_max_m)

    def within_a_day(
        self, ahead: "Sequence[tuple[float, Stop | None]]", here_m: float
    ) -> "Sequence[tuple[float, Stop | None]]":
        """Return the first of the places ahead, and those that are no farther than a day."""
        longest_m = self._route.profile.day_max_m
        return [one for n, one in enumerate(ahead) if n == 0 or one[0] - here_m <= longest_m]

    def gone(self, walker: Walker, from_m: float, to_m: float) -> Walker:
        """Return who has gone on from a place to another, and waited at the crossings between."""
        twin, here_m = walker.copy(), from_m
        for passage in self._route.passages:
            if from_m < passage.at_m <= to_m:
                self._go(twin, here_m, passage.at_m)
                here_m = passage.at_m
                after_s = twin.clock_s - clock_of(self._departure)
                arrival = self._departure + timedelta(seconds=after_s)
                through = passage.crossing.passable_from(arrival)
                # Who comes later than the way's own arrival may find it closed for good: the
                # stages say how far it is, its crossings when they are passed.
                if through is not None and through > arrival:
                    twin.wait(twin.clock_s + (through - arrival).total_seconds())
        self._go(twin, here_m, to_m)
        return twin

    def _go(self, walker: Walker, from_m: float, to_m: float) -> None:
        between = (self._ends_m > from_m) & (self._ends_m < to_m)
        moved_m = np.concatenate([[from_m], self._ends_m[between], [to_m]])
        moved_s = np.interp(moved_m, self._ends_m, self._time_s)
        walker.go(moved_s - moved_s[0], moved_m - moved_m[0])
