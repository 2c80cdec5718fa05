"""Timeline of a finished route: the time at which a traveller reaches each of its positions."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.osm_tags.edge_flags import Mode
from routing.route.route import Route
from routing.travel.crossings import Crossing
from routing.travel.timetable import Stint, Walker, clock_of, under_way

type Floats = NDArray[np.float64]

#: A position on a route: metres from the start, and its rank (`BEFORE` to `BEHIND`) among stops at
#: the same metre.
type Place = tuple[float, int]

#: Ranks of stops at the same metre: a place to sleep before a crossing, the posts of the
#: crossing, a waypoint or bed after the crossing.
BEFORE, POST, BEHIND = 0, 1, 2

#: The start of a route, ranked before any stop at the start.
START: Place = (0.0, BEFORE - 1)

_NO_NIGHTS: Final[Mapping[Place, float]] = MappingProxyType({})


class Pacing:
    """Timetable of a route by the metre, with its nights, stops and waits.

    Parameters
    ----------
    route
        A route found by a search.
    departure
        Departure, timezone-aware.
    nights
        Places where a walker stays until a time of leaving, seconds since the midnight before the
        departure; `START` for a later start.
    """

    def __init__(
        self, route: Route, departure: datetime, nights: Mapping[Place, float] = _NO_NIGHTS
    ) -> None:
        self.route = route
        self.departure = departure
        self._ends_m = np.concatenate([[0.0], route.segments.to_m])
        self._time_s = np.concatenate([[0.0], np.cumsum(route.segments.duration_s)])
        stops: list[tuple[Place, Crossing | None]] = [
            ((passage.at_m, POST), passage.crossing) for passage in route.passages
        ]
        stops += [((waypoint.at_m, BEHIND), None) for waypoint in route.via]
        stops += [(place, None) for place in nights if place > START]
        # The sort is stable: posts of one place stay in the order in which they are passed.
        self._stops = sorted(stops, key=lambda stop: stop[0])
        self._nights = nights

    @property
    def end(self) -> Place:
        """The end of the route, ranked after any stop at the end."""
        return (self.route.distance_m, BEHIND)

    def walker(self, stint: Stint | None = None) -> Walker:
        """Return a walker at the start, on a fresh day or within a day of walking under way."""
        profile, own = self.route.profile, under_way(self.departure, stint)
        walker = Walker(clock_of(self.departure), profile.window, profile.day_max_m, own)
        walker.wait(self._nights.get(START, 0.0))
        return walker

    def moving_s(self, at_m: Floats) -> Floats:
        """Return the moving time from the start to positions of the route, seconds."""
        return np.asarray(np.interp(at_m, self._ends_m, self._time_s))

    def moment(self, walker: Walker) -> datetime:
        """Return the time on a walker's clock, timezone-aware."""
        return self.moment_of(walker.clock_s)

    def moment_of(self, clock_s: float) -> datetime:
        """Return the time some seconds after the midnight before the departure, timezone-aware."""
        return self.departure + timedelta(seconds=clock_s - clock_of(self.departure))

    def gone(
        self,
        walker: Walker,
        begin: Place,
        end: Place,
        reached: dict[tuple[float, str | None], datetime] | None = None,
    ) -> Walker:
        """Return a copy of a walker, moved from one place to another with all waits and nights.

        Parameters
        ----------
        walker
            The walker at ``begin``; not changed.
        begin, end
            The stretch to walk. The walker does not stop at ``begin``, but does stop at ``end``.
        reached
            Receives the arrival at each crossing and waypoint on the stretch, by metres and id.
        """
        twin, here_m = walker.copy(), begin[0]
        for place, crossing in self._stops:
            if not begin < place <= end:
                continue
            self._go(twin, here_m, place[0])
            here_m = place[0]
            if place in self._nights:
                twin.wait(self._nights[place])
                continue
            arrival = self.moment(twin)
            if reached is not None:
                key = (here_m, None if crossing is None else crossing.id)
                reached.setdefault(key, arrival)
            # A walker who is later than the route's own timetable may come to a crossing that is
            # not known to open again (None). The walker passes it without a wait: this timeline
            # tells times and not whether crossings are open.
            through = None if crossing is None else crossing.passable_from(arrival)
            if through is not None and through > arrival:
                twin.wait(twin.clock_s + (through - arrival).total_seconds())
        self._go(twin, here_m, end[0])
        return twin

    def at(self, place_m: float, *, leaves: bool = False) -> datetime:
        """Return the time at which a walker reaches a position of the route.

        Parameters
        ----------
        place_m
            Metres from the route's start.
        leaves
            Whether to return the time of leaving instead, after any rest or wait at the position.
        """
        places = [place for place, _ in self._stops]
        behind = max((p for p in places if p[0] < place_m), default=START)
        if leaves and any(place[0] == place_m for place in places):
            return self.moment(self.gone(self.walker(), START, (place_m, BEHIND)))
        # The last stretch before a stop is walked at any hour, so the position is timed as part of
        # the whole stretch to the next stop.
        ahead_m = min((p[0] for p in places if p[0] >= place_m), default=self.route.distance_m)
        walker = self.gone(self.walker(), START, behind)
        moved_m, moved_s = self._sums(behind[0], max(ahead_m, place_m))
        passed_s = float(np.interp(place_m, moved_m, moved_s))
        clock_s = walker.clock_after_s(moved_s, moved_m - moved_m[0], passed_s, rested=leaves)
        return self.moment_of(clock_s)

    def _go(self, walker: Walker, from_m: float, to_m: float) -> None:
        moved_m, moved_s = self._sums(from_m, to_m)
        walker.go(moved_s, moved_m - moved_m[0])

    def _sums(self, from_m: float, to_m: float) -> tuple[Floats, Floats]:
        """Return two positions with the ends of legs between them, and the moving seconds to each.

        Positions are metres along the route; seconds count from the first position.
        """
        between = (self._ends_m > from_m) & (self._ends_m < to_m)
        moved_m = np.concatenate([[from_m], self._ends_m[between], [to_m]])
        moved_s = self.moving_s(moved_m)
        return moved_m, moved_s - moved_s[0]


def days_between(
    route: Route, left: tuple[datetime, Stint | None], span_m: tuple[float, float]
) -> int:
    """Return the number of walking days of a part of a route; 1 by vehicle.

    Parameters
    ----------
    left
        Departure on the part, and the day of walking under way at that time, which is included in
        the number.
    span_m
        Begin and end of the part, metres along the route.
    """
    if route.mode is Mode.VEHICLE:
        return 1
    (departure, stint), (from_m, to_m) = left, span_m
    begin = START if from_m == 0 else (from_m, BEHIND)
    pacing = Pacing(route, departure)
    return max(1, pacing.gone(pacing.walker(stint), begin, (to_m, BEHIND)).days)
