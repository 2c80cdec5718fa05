"""Timetable of a walk: the clock time of each leg, with nights, rests and waits.

**The rule.** A *stop* is the end of the route, a waypoint, or an official crossing on the route; a
*section* is the part between two consecutive stops.

* Walking happens within the window (the hours of walking). A walker who is on the road when the
  window closes, or leaves while the window is closed, goes on when it next opens.
* As an exception, nobody rests within an hour of a stop: the last `TAIL_S` of a section, its
  *tail*, are walked at any hour. A section of 31 minutes begun at 17:30 ends at 18:01; a section
  of twelve hours with departure at 22:00 is begun at 06:00.
* Between two openings of the window nobody walks farther than the longest day on foot. A walker is
  fresh (has the whole longest day left) at the departure and at each opening, whatever was walked
  before.
* A crossing is passed when it is open, even by night, and the walker waits as long as necessary.
  Waiting uses up nothing of the longest day.

It follows that **a later departure never arrives earlier** on the same route: a walker who is ahead
at one opening stays ahead until the next, delays depend on the place and the clock alone, and all
walkers are fresh at the same moment.

Without a window (a vehicle) there are waits and no rests. Night is defined by the clock and not by
the window. The departure's offset from UTC holds for the whole route.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.travel._timetable_kernel import DAWN_S, DUSK_S, TOO_MANY, UNDER_WAY, clock, march

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

DAY_S: Final = 86_400.0

#: Moving time before a stop that is walked at any hour, seconds [A]: an hour after dusk to a
#: shelter, a border post or the destination is better than a night beside the road.
TAIL_S: Final = 3_600.0

#: Number of stretches that the result arrays have room for at first: enough for 2,500 km on foot.
_FIRST_ROOM: Final = 128


def seconds_of(moment: time) -> float:
    """Return the seconds since midnight of a time of day."""
    return moment.hour * 3_600.0 + moment.minute * 60.0 + moment.second + moment.microsecond / 1e6


@dataclass(frozen=True, slots=True)
class WalkingWindow:
    """The hours of a day in which people walk.

    Parameters
    ----------
    start, end
        Local times of one day, start before end; the end itself is not part of the window.

    Raises
    ------
    InvalidRequest
        The start is not before the end.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise InvalidRequest("window", "empty_window", start=str(self.start), end=str(self.end))

    @property
    def length_s(self) -> float:
        """Length of the window, seconds."""
        return seconds_of(self.end) - seconds_of(self.start)

    def covers(self, clock_s: float) -> bool:
        """Return whether a moment, in seconds since any midnight, lies in the window."""
        return seconds_of(self.start) <= clock_s % DAY_S < seconds_of(self.end)

    def opens_s(self, clock_s: float) -> float:
        """Return when the window next opens after a moment, in seconds since the same midnight."""
        return _next(seconds_of(self.start), clock_s)

    def closes_s(self, clock_s: float) -> float:
        """Return when the window next closes after a moment, in seconds since the same midnight."""
        return _next(seconds_of(self.end), clock_s)


def _next(daily_s: float, clock_s: float) -> float:
    return daily_s + (math.floor((clock_s - daily_s) / DAY_S) + 1) * DAY_S


def night_before_s(clock_s: Floats) -> Floats:
    """Return the seconds of night between a midnight and later moments.

    Parameters
    ----------
    clock_s
        float64 [n], moments in seconds since the midnight; negative before midnight.

    Returns
    -------
    float64 [n]
    """
    days = np.floor(clock_s / DAY_S)
    today = clock_s - days * DAY_S
    tonight = np.minimum(today, DAWN_S) + np.maximum(0.0, today - DUSK_S)
    return np.asarray(days * (DAY_S - DUSK_S + DAWN_S) + tonight)


@dataclass(frozen=True, slots=True)
class Stint:
    """The day of walking under way, carried over from an earlier part of the journey.

    Parameters
    ----------
    fresh
        Next opening of the window, timezone-aware; from then on the walker may walk the whole
        longest day.
    left_m
        Metres left of the longest day until the opening.
    is_begun
        Whether any part of the day was walked.
    """

    fresh: datetime
    left_m: float
    is_begun: bool = False


@dataclass(frozen=True, eq=False)
class Timetable:
    """Times at which each of the K legs of a route is walked.

    Parameters
    ----------
    departure
        Departure, timezone-aware.
    start_s, end_s
        float64 [K], seconds after the departure at which a leg is begun and finished. A leg may
        contain a rest; a rest or a wait before a leg lies before the leg's start.
    night_s
        float64 [K], moving time by night, seconds.
    day
        int64 [K], day of walking in which the leg is begun; 0 is the first. A day lasts from one
        opening of the window to the next, and up to an hour longer for a walker on the road at that
        time. Days without walking are not counted.
    days
        Days with some walking, at least 1.
    arrival_s
        Seconds after the departure at which the last leg is finished.
    stint
        The day of walking under way at the arrival; None without hours of walking.
    """

    departure: datetime
    start_s: Floats
    end_s: Floats
    night_s: Floats
    day: Ints
    days: int
    arrival_s: float = 0.0
    stint: Stint | None = None

    @cached_property
    def by_night(self) -> NDArray[np.bool_]:
        """Legs that are walked at least partly by night, bool [K]."""
        return np.asarray(self.night_s > 0)

    @property
    def arrival(self) -> datetime:
        """Time of arrival, with the departure's UTC offset."""
        return self.at(self.arrival_s)

    def at(self, after_s: float) -> datetime:
        """Return the time some seconds after the departure, with the departure's UTC offset."""
        return _moment(self.departure, after_s)


def _moment(departure: datetime, after_s: float) -> datetime:
    offset = timezone(departure.utcoffset() or timedelta(0))
    return departure.astimezone(offset) + timedelta(seconds=after_s)


def timetable(
    departure: datetime,
    leg_s: Floats,
    window: WalkingWindow | None,
    *,
    leg_m: Floats | None = None,
    day_max_m: float = math.inf,
    not_before_s: Mapping[int, float] | None = None,
    stops: Collection[int] = (),
    stint: Stint | None = None,
) -> Timetable:
    """Return the timetable of a route, by the rule at the head of this module.

    Parameters
    ----------
    departure
        Departure, timezone-aware; its own offset is taken as local time of the whole route.
    leg_s
        float64 [K], moving time of each leg, seconds.
    window
        Hours of walking; None for travel round the clock.
    leg_m, day_max_m
        float64 [K], length of each leg, and the longest day, metres. Without lengths only the
        window ends a day; without a window lengths are ignored.
    not_before_s
        Earliest begin of some legs (where a crossing opens): leg -> seconds after the departure.
    stops
        Legs before which a stop lies; legs in ``not_before_s`` always have a stop before them.
    stint
        The day of walking under way at departure, where this route continues another; a fresh day
        where None.

    Raises
    ------
    InvalidRequest
        The departure has no UTC offset, a time or length is negative or not finite, the longest day
        is less than a metre, or a wait is given for a leg that does not exist.
    """
    leg_s = np.asarray(leg_s, dtype=np.float64)
    no_lengths = leg_m is None or window is None
    leg_m = np.zeros(len(leg_s)) if no_lengths else np.asarray(leg_m, dtype=np.float64)
    waits = dict(not_before_s or {})
    _check(departure, leg_s, leg_m, day_max_m, waits)
    offset = clock_of(departure)
    walker = Walker(offset, window, day_max_m, under_way(departure, stint))
    columns = []
    cuts = sorted({0, *waits, *(leg for leg in stops if leg < len(leg_s)), len(leg_s)})
    for first, after in pairwise(cuts):
        if first in waits:
            walker.wait(offset + waits[first])
        columns.append(walker.walk(leg_s[first:after], leg_m[first:after]))
    empty = (np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    start, end, night, day = (np.concatenate(c) for c in zip(empty, *columns, strict=True))
    return Timetable(
        departure,
        start - offset,
        end - offset,
        night,
        day,
        max(1, walker.days),
        walker.clock_s - offset,
        walker.stint(departure),
    )


def under_way(departure: datetime, stint: Stint | None) -> Stint | None:
    """Return the day of walking under way at departure; None if a fresh day begins."""
    return None if stint is None or departure >= stint.fresh else stint


def clock_of(departure: datetime) -> float:
    """Return the seconds from local midnight to the departure."""
    return seconds_of(departure.time())


def _check(
    departure: datetime, leg_s: Floats, leg_m: Floats, day_max_m: float, waits: Mapping[int, float]
) -> None:
    if departure.utcoffset() is None:
        raise InvalidRequest("at", "no_offset")
    if len(leg_s) != len(leg_m):
        raise InvalidRequest("legs", "other_counts", first=len(leg_s), second=len(leg_m))
    for values in (leg_s, leg_m):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise InvalidRequest("legs", "not_legs")
    if not day_max_m >= 1:
        raise InvalidRequest("day_max_m", "empty_day", day_max_m=day_max_m)
    for leg, moment_s in waits.items():
        if not 0 <= leg < len(leg_s) or not math.isfinite(moment_s):
            raise InvalidRequest("not_before_s", "not_waiting", leg=leg, moment_s=moment_s)


class Walker:
    """State of a walker on a route; times in seconds since the midnight before the departure.

    Parameters
    ----------
    clock_s
        Time of the departure.
    window, day_max_m
        As for `timetable`.
    stint
        The day of walking under way; a fresh day where None.
    """

    def __init__(
        self,
        clock_s: float,
        window: WalkingWindow | None,
        day_max_m: float,
        stint: Stint | None = None,
    ) -> None:
        self.has_hours = window is not None
        self.day_max_m = day_max_m
        self._window = window
        self._hours = (0.0, DAY_S)
        fresh_s = math.inf
        if window is not None:
            self._hours = (seconds_of(window.start), seconds_of(window.end))
            fresh_s = window.opens_s(clock_s)
        # The layout is that of ``state`` in `routing.travel._timetable_kernel.march`.
        self._state = np.array([clock_s, fresh_s, day_max_m, -1.0, 0.0])
        if stint is not None:
            self._state[2] = min(stint.left_m, day_max_m)
            self._state[3:] = (0.0, UNDER_WAY) if stint.is_begun else (-1.0, 0.0)

    @property
    def clock_s(self) -> float:
        """Current time of the walker, seconds."""
        return float(self._state[0])

    @property
    def days(self) -> int:
        """Days with some walking, including the day under way at the start."""
        return int(self._state[3]) + 1

    @property
    def left_m(self) -> float:
        """Metres left of the longest day."""
        return self.day_max_m if self.clock_s >= self._state[1] else float(self._state[2])

    @property
    def fresh_s(self) -> float:
        """Time at which the window next opens; infinite without a window."""
        return math.inf if self._window is None else self._window.opens_s(self.clock_s)

    @property
    def dusk_s(self) -> float:
        """Time at which today's hours of walking end, seconds; outside them, the current time."""
        if self._window is None:
            return math.inf
        is_open = self._window.covers(self.clock_s)
        return self._window.closes_s(self.clock_s) if is_open else self.clock_s

    def stint(self, departure: datetime) -> Stint | None:
        """Return the day of walking under way; None without hours of walking.

        Parameters
        ----------
        departure
            Departure of the walker, timezone-aware.
        """
        if self._window is None:
            return None
        is_fresh = self.clock_s >= self._state[1]
        is_begun = bool(self._state[4] == UNDER_WAY if is_fresh else self._state[4])
        fresh = _moment(departure, self.fresh_s - clock_of(departure))
        return Stint(fresh, self.left_m, is_begun)

    def wait(self, until_s: float) -> None:
        """Wait until a time; do nothing if that time has passed."""
        if until_s > self._state[0]:
            self._state[0] = until_s
            self._state[4] = min(self._state[4], 1.0)

    def copy(self) -> "Walker":
        """Return an independent walker in the same state."""
        twin = Walker(self.clock_s, self._window, self.day_max_m)
        twin.take_place_of(self)
        return twin

    def take_place_of(self, other: "Walker") -> None:
        """Set this walker to the state of another one."""
        self._state = other._state.copy()  # noqa: SLF001 -- same class

    def go(self, moved_s: Floats, moved_m: Floats) -> None:
        """Walk a section, given its cumulative moving time and metres, float64 [k + 1] each."""
        self._stretches(moved_s, moved_m)

    def clock_after_s(
        self, moved_s: Floats, moved_m: Floats, passed_s: float, *, rested: bool
    ) -> float:
        """Return the time at a point within a section, without moving the walker.

        Parameters
        ----------
        moved_s, moved_m
            The section, as for `go`.
        passed_s
            Moving seconds from the start of the section to the point.
        rested
            Whether to return the time after a rest that lies exactly at the point.
        """
        from_s, clock_s, _ = self.copy()._stretches(moved_s, moved_m)  # noqa: SLF001 -- same class
        after = int(np.searchsorted(from_s, passed_s, side="right" if rested else "left"))
        row = max(0, after - 1)
        return float(clock_s[row] + (passed_s - from_s[row]))

    def walk(self, leg_s: Floats, leg_m: Floats) -> tuple[Floats, Floats, Floats, Ints]:
        """Walk a section, and return the times of its legs.

        Parameters
        ----------
        leg_s, leg_m
            float64 [k], moving time and metres of the section's legs.

        Returns
        -------
        (start_s, end_s, night_s float64 [k], day int64 [k])
            As in `Timetable`, but start and end are seconds since midnight.
        """
        moved_s, moved_m = summed(leg_s), summed(leg_m)
        return clock(moved_s, *self._stretches(moved_s, moved_m))

    def _stretches(self, moved_s: Floats, moved_m: Floats) -> tuple[Floats, Floats, Floats]:
        """Walk a section; return (moving time, clock, day) at the begin of each stretch.

        A stretch is walked without a rest.
        """
        room = _FIRST_ROOM
        while True:
            state = self._state.copy()
            from_s, clock_s, day = np.empty((3, room))
            count = march(
                moved_s, moved_m, state, *self._hours, self.day_max_m, TAIL_S, from_s, clock_s, day
            )
            if count != TOO_MANY:
                break
            room *= 4
        self._state = state
        return from_s[:count], clock_s[:count], day[:count]


def summed(values: Floats) -> Floats:
    """Return the sums of the values before each value and of all values, float64 [k + 1]."""
    return np.concatenate([[0.0], np.cumsum(values)])
