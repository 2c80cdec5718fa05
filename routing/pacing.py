"""A finished route on the clock: when somebody is at each place of it."""

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from routing.arrival import Walker, clock_of
from routing.crossings import Crossing
from routing.route import Route

type Floats = NDArray[np.float64]


class Pacing:
    """Lays a route on the clock by the metre, with its nights, stops and waits.

    Parameters
    ----------
    route
        Of a search: it says when it is left.
    departure
        Aware.
    """

    def __init__(self, route: Route, departure: datetime) -> None:
        self._route = route
        self._departure = departure
        self._ends_m = np.concatenate([[0.0], route.segments.to_m])
        self._time_s = np.concatenate([[0.0], np.cumsum(route.segments.duration_s)])

    def walker(self) -> Walker:
        """Give who stands at the start."""
        profile = self._route.profile
        return Walker(clock_of(self._departure), profile.window, profile.day_max_m)

    def moment(self, walker: Walker) -> datetime:
        """Give what somebody's clock says, aware."""
        return self._departure + timedelta(seconds=walker.clock_s - clock_of(self._departure))

    def gone(
        self,
        walker: Walker,
        from_m: float,
        to_m: float,
        reached: dict[float, datetime] | None = None,
    ) -> Walker:
        """Give who has gone on from a place to another, and waited at the crossings between.

        Parameters
        ----------
        walker
            Who stands at ``from_m``, and stays there.
        from_m, to_m
            Metres from the start of the route.
        reached
            Receives when each crossing and waypoint between is reached, by its metres.
        """
        twin, here_m = walker.copy(), from_m
        stops: list[tuple[float, Crossing | None]] = [
            (passage.at_m, passage.crossing) for passage in self._route.passages
        ]
        stops += [(waypoint.at_m, None) for waypoint in self._route.via]
        for at_m, crossing in sorted(stops, key=lambda stop: stop[0]):
            if from_m < at_m <= to_m:
                self._go(twin, here_m, at_m)
                here_m = at_m
                arrival = self.moment(twin)
                if reached is not None:
                    reached.setdefault(at_m, arrival)
                # Who comes later than the route's own clock may find it closed for good: what is
                # known of crossings is told when they are passed.
                through = None if crossing is None else crossing.passable_from(arrival)
                if through is not None and through > arrival:
                    twin.wait(twin.clock_s + (through - arrival).total_seconds())
        self._go(twin, here_m, to_m)
        return twin

    def at(self, place_m: float, *, leaves: bool = False) -> datetime:
        """Give when somebody comes to a place of the route.

        Parameters
        ----------
        place_m
            Metres from its start.
        leaves
            When they go on from there, where they rest just there.
        """
        stops = [passage.at_m for passage in self._route.passages]
        stops += [waypoint.at_m for waypoint in self._route.via]
        behind_m = max((at_m for at_m in stops if at_m < place_m), default=0.0)
        # The hour before a stop is walked at whatever hour: a place is on the way to the next.
        ahead_m = min((at_m for at_m in stops if at_m >= place_m), default=self._route.distance_m)
        walker = self.gone(self.walker(), 0.0, behind_m)
        moved_m, moved_s = self._sums(behind_m, max(ahead_m, place_m))
        passed_s = float(np.interp(place_m, moved_m, moved_s))
        clock_s = walker.clock_after_s(moved_s, moved_m - moved_m[0], passed_s, rested=leaves)
        return self._departure + timedelta(seconds=clock_s - clock_of(self._departure))

    def _go(self, walker: Walker, from_m: float, to_m: float) -> None:
        moved_m, moved_s = self._sums(from_m, to_m)
        walker.go(moved_s, moved_m - moved_m[0])

    def _sums(self, from_m: float, to_m: float) -> tuple[Floats, Floats]:
        """Give places between two, and the moving seconds from the first to each."""
        between = (self._ends_m > from_m) & (self._ends_m < to_m)
        moved_m = np.concatenate([[from_m], self._ends_m[between], [to_m]])
        moved_s = np.interp(moved_m, self._ends_m, self._time_s)
        return moved_m, moved_s - moved_s[0]
