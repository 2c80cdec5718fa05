"""When a walker is where: a route laid on the clock, with its nights, rests and waits.

**The rule.** Walking happens in stretches, with a rest between two of them.

* The first begins at the departure, whatever the hour: who leaves by night walks by night, as
  asked. It lasts as long as the walking window is, and no longer than until a window next closes.
  Who leaves at 04:00 with a window of 06:00-18:00 may walk until 16:00, who leaves at 10:00 until
  18:00, who leaves at 22:00 until 10:00 the next morning.
* Each later stretch is a whole window: the first that opens after the time of the stretch before
  has ended, so that a rest always lies between them.
* Who has walked the longest day on foot rests early, and no less long for it: the next stretch is
  the one that it would have been.
* Standing at a crossing until it opens uses up the stretch. A wait beyond its end is a rest: the
  walk goes on when a window has opened since and the wait is over, within a window.

Without a window (a vehicle) there are waits and no rests. Night is a matter of the clock and not
of the window. The departure's offset from UTC holds for the whole way.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.marching import DAWN_S, DUSK_S, TOO_MANY, clock, march

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

DAY_S: Final = 86_400.0

#: Seconds before a stop that are walked at whatever hour [A]: an hour after dusk to a roof, a post
#: or the place one is going to is better than a night beside the road.
TAIL_S: Final = 3_600.0

#: Stretches that there is room for at first: days of a walk of 2,500 km.
_FIRST_ROOM: Final = 128


def seconds_of(moment: time) -> float:
    """Give the seconds since midnight of a time of day."""
    return moment.hour * 3_600.0 + moment.minute * 60.0 + moment.second + moment.microsecond / 1e6


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of a day in which people walk.

    Parameters
    ----------
    start, end
        Local times of one day, start before end; the end is no longer part of it.

    Raises
    ------
    InvalidRequest
        The start is not before the end.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise InvalidRequest("window", f"{self.start} is not before {self.end}")

    @property
    def length_s(self) -> float:
        """Length, seconds."""
        return seconds_of(self.end) - seconds_of(self.start)

    def covers(self, clock_s: float) -> bool:
        """Tell whether a moment, in seconds since some midnight, lies in the window."""
        return seconds_of(self.start) <= clock_s % DAY_S < seconds_of(self.end)

    def opens_s(self, clock_s: float) -> float:
        """Give the first opening after a moment, both in seconds since one midnight."""
        return _next(seconds_of(self.start), clock_s)

    def closes_s(self, clock_s: float) -> float:
        """Give the first closing after a moment, both in seconds since one midnight."""
        return _next(seconds_of(self.end), clock_s)


def _next(daily_s: float, clock_s: float) -> float:
    return daily_s + (math.floor((clock_s - daily_s) / DAY_S) + 1) * DAY_S


def night_before_s(clock_s: Floats) -> Floats:
    """Give the seconds of night between a midnight and moments after it.

    Parameters
    ----------
    clock_s
        float64 [n], seconds since that midnight; negative before it.

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
    """A stretch of walking under way.

    Parameters
    ----------
    until
        When it ends at the latest, aware.
    left_m
        Metres left of the longest day.
    """

    until: datetime
    left_m: float


@dataclass(frozen=True, eq=False)
class Timetable:
    """When each leg of a route is walked; K legs.

    Parameters
    ----------
    departure
        Aware.
    start_s, end_s
        float64 [K], seconds after the departure at which a leg is begun and left behind. A leg
        may hold a rest; a rest or a wait before a leg lies before its start.
    night_s
        float64 [K], seconds of moving time by night.
    day
        int64 [K], stretch in which the leg is begun: 0 is the day of departure.
    days
        Stretches in all, at least 1.
    stint
        The stretch that the arrival falls into; None without hours of walking.
    """

    departure: datetime
    start_s: Floats
    end_s: Floats
    night_s: Floats
    day: Ints
    days: int
    stint: Stint | None = None

    @cached_property
    def by_night(self) -> NDArray[np.bool_]:
        """Legs of which some part is walked by night, bool [K]."""
        return np.asarray(self.night_s > 0)

    @property
    def arrival(self) -> datetime:
        """Moment of arrival, with the departure's offset."""
        return self.at(float(self.end_s[-1]) if len(self.end_s) else 0.0)

    def at(self, after_s: float) -> datetime:
        """Give the moment some seconds after the departure, with the departure's offset."""
        return _moment(self.departure, after_s)


def _moment(departure: datetime, after_s: float) -> datetime:
    offset = timezone(departure.utcoffset() or timedelta(0))
    return departure.astimezone(offset) + timedelta(seconds=after_s)


def timetable(
    departure: datetime,
    leg_s: Floats,
    window: Window | None,
    *,
    leg_m: Floats | None = None,
    day_max_m: float = math.inf,
    not_before_s: Mapping[int, float] | None = None,
    stint: Stint | None = None,
) -> Timetable:
    """Lay a route on the clock, by the rule at the head of this module.

    Parameters
    ----------
    departure
        Aware; its own offset is taken as the local time of the whole way.
    leg_s
        float64 [K], moving time of each leg, seconds.
    window
        Hours of walking; None moves round the clock.
    leg_m, day_max_m
        float64 [K], length of each leg, and the longest day, metres. Without lengths only the
        window ends a day, as it does without a window.
    not_before_s
        Leg -> seconds after the departure before which it may not be begun (a crossing opens).
    stint
        Under way at departure, of a way that this one goes on; a new one where None.

    Raises
    ------
    InvalidRequest
        A departure without offset, a time or length that is negative or no number, a longest day
        of less than a metre, a wait at a leg that is none.
    """
    leg_s = np.asarray(leg_s, dtype=np.float64)
    no_lengths = leg_m is None or window is None
    leg_m = np.zeros(len(leg_s)) if no_lengths else np.asarray(leg_m, dtype=np.float64)
    waits = dict(not_before_s or {})
    _check(departure, leg_s, leg_m, day_max_m, waits)
    offset = _clock_s(departure)
    walker = _Walker(offset, window, day_max_m)
    if stint is not None:
        walker.go_on(offset + (stint.until - departure).total_seconds(), stint.left_m)
    columns = []
    cuts = sorted({0, *waits, len(leg_s)})
    for first, after in pairwise(cuts):
        if first in waits:
            walker.wait(offset + waits[first])
        columns.append(walker.walk(leg_s[first:after], leg_m[first:after]))
    empty = (np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    start, end, night, day = (np.concatenate(c) for c in zip(empty, *columns, strict=True))
    until_s, left_m = walker.left
    last = None if math.isinf(until_s) else Stint(_moment(departure, until_s - offset), left_m)
    return Timetable(departure, start - offset, end - offset, night, day, walker.day + 1, last)


def _clock_s(departure: datetime) -> float:
    """Give the seconds from local midnight to the departure."""
    return seconds_of(departure.time())


def _check(
    departure: datetime, leg_s: Floats, leg_m: Floats, day_max_m: float, waits: Mapping[int, float]
) -> None:
    if departure.utcoffset() is None:
        raise InvalidRequest("at", f"{departure} does not say its offset from UTC")
    if len(leg_s) != len(leg_m):
        raise InvalidRequest("legs", f"{len(leg_s)} times and {len(leg_m)} lengths")
    for values in (leg_s, leg_m):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise InvalidRequest("legs", "a leg has a time or length that is none")
    if not day_max_m >= 1:
        raise InvalidRequest("day_max_m", f"a day of {day_max_m} m leads nowhere")
    for leg, moment_s in waits.items():
        if not 0 <= leg < len(leg_s) or not math.isfinite(moment_s):
            raise InvalidRequest("not_before_s", f"leg {leg} cannot wait until {moment_s}")


class _Walker:
    """Where the clock stands while a route is walked; seconds since the midnight of departure.

    Parameters
    ----------
    clock_s
        The departure.
    window, day_max_m
        As `timetable` takes them.
    """

    def __init__(self, clock_s: float, window: Window | None, day_max_m: float) -> None:
        self.day = 0
        self._clock_s = clock_s
        self._window = window
        self._day_max_m = day_max_m
        self._left_m = day_max_m
        self._until_s = math.inf
        if window is not None:
            self._until_s = min(clock_s + window.length_s, window.closes_s(clock_s))

    def go_on(self, until_s: float, left_m: float) -> None:
        """Take up a stretch that is under way; one that is over is a rest before the first leg."""
        self._until_s, self._left_m = min(self._until_s, until_s), left_m

    @property
    def left(self) -> tuple[float, float]:
        """When the present stretch ends, and the metres left of its day."""
        return self._until_s, self._left_m

    def wait(self, until_s: float) -> None:
        """Stand until a moment; beyond the end of the stretch it is a rest."""
        if until_s > self._clock_s:
            self._clock_s = until_s
            if until_s >= self._until_s:
                self._rest()

    def _rest(self) -> None:
        """Begin the next stretch, not before the clock."""
        window = self._window
        if window is None:
            return
        self._clock_s = max(self._clock_s, window.opens_s(self._until_s))
        if not window.covers(self._clock_s):
            self._clock_s = window.opens_s(self._clock_s)
        self._until_s = window.closes_s(self._clock_s)
        self._left_m = self._day_max_m
        self.day += 1

    def walk(self, leg_s: Floats, leg_m: Floats) -> tuple[Floats, Floats, Floats, Ints]:
        """Walk legs without a wait between them.

        Returns
        -------
        (start_s, end_s, night_s float64 [k], day int64 [k])
            As `Timetable` has them, but since midnight.
        """
        moved_s = np.concatenate([[0.0], np.cumsum(leg_s)])
        moved_m = np.concatenate([[0.0], np.cumsum(leg_m)])
        return clock(moved_s, *self._stretches(moved_s, moved_m))

    def _stretches(self, moved_s: Floats, moved_m: Floats) -> tuple[Floats, Floats, Floats]:
        """Cut moving time into stretches: (moving time, clock, day) at which each begins."""
        hours = (0.0, DAY_S)
        if self._window is not None:
            hours = (seconds_of(self._window.start), seconds_of(self._window.end))
        room = _FIRST_ROOM
        while True:
            state = np.array([self._clock_s, self._until_s, self._left_m, float(self.day)])
            from_s, clock_s, day = np.empty((3, room))
            count = march(moved_s, moved_m, state, *hours, self._day_max_m, from_s, clock_s, day)
            if count != TOO_MANY:
                break
            room *= 4
        self._clock_s, self._left_m = float(state[0]), float(state[2])
        self._until_s, self.day = float(state[1]), int(state[3])
        return from_s[:count], clock_s[:count], day[:count]
