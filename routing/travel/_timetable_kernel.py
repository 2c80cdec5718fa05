"""Compiled kernels of `routing.travel.timetable`: cut a walk into stretches between rests."""

import math

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

_DAY_S = 86_400.0

#: End and begin of the night, seconds after local midnight (design/definitions.md, "Time").
DAWN_S = 6 * 3_600.0
DUSK_S = 18 * 3_600.0

#: A remainder of less than a millisecond of walking, or a millimetre of road, is a rounding error:
#: no rest is taken before so short a remainder.
NOTHING = 1e-3

#: Value of ``state[4]`` in `march` while the walker is on the road.
UNDER_WAY = 2.0

#: Result of `march` if the output arrays have too little room for the stretches.
TOO_MANY = -1


@inlined
def _next(daily_s: float, clock_s: float) -> float:
    return daily_s + (math.floor((clock_s - daily_s) / _DAY_S) + 1.0) * _DAY_S


@inlined
def _at(moved_s: Floats, moved_m: Floats, done_s: float) -> float:
    """Return the distance covered after a moving time, metres."""
    row = int(np.searchsorted(moved_s, done_s, side="right")) - 1
    if row >= len(moved_s) - 1:
        return float(moved_m[-1])
    slope = (moved_m[row + 1] - moved_m[row]) / (moved_s[row + 1] - moved_s[row])
    return float(moved_m[row] + slope * (done_s - moved_s[row]))


@inlined
def _when(moved_s: Floats, moved_m: Floats, target_m: float) -> float:
    """Return the moving time at which a distance is reached; infinity beyond the end."""
    row = int(np.searchsorted(moved_m, target_m, side="left"))
    if row == len(moved_m):
        return np.inf
    if row == 0:
        return float(moved_s[0])
    share = (target_m - moved_m[row - 1]) / (moved_m[row] - moved_m[row - 1])
    return float(moved_s[row - 1] + share * (moved_s[row] - moved_s[row - 1]))


@inlined
def _snapped(stop_s: float, moved_s: Floats) -> float:
    """Return the moving time at which a stretch ends; a leg's boundary within `NOTHING` of it."""
    row = int(np.searchsorted(moved_s, stop_s - NOTHING, side="left"))
    if row == len(moved_s):
        row -= 1
    return float(moved_s[row]) if abs(moved_s[row] - stop_s) <= NOTHING else stop_s


@inlined
def _is_open(clock_s: float, opens_s: float, closes_s: float) -> bool:
    today_s = clock_s - math.floor(clock_s / _DAY_S) * _DAY_S
    return opens_s <= today_s < closes_s - NOTHING


@inlined
def _look_at_clock(state: Floats, opens_s: float, day_max_m: float) -> None:
    """Begin a new day in ``state`` if the hours of walking have begun since its last update."""
    if state[0] >= state[1] - NOTHING and state[1] < np.inf:
        state[0] = max(state[0], state[1])
        state[1] = _next(opens_s, state[0])
        state[2] = day_max_m
        # A walker on the road at the opening is in a tail (the last hour before a stop, which is
        # walked at any hour) and still in the day before.
        state[4] = 1.0 if state[4] == UNDER_WAY else 0.0


@inlined
def _goes_on(state: Floats, is_tail: bool, left_m: float, opens_s: float, closes_s: float) -> bool:
    """Return whether a walker with ``left_m`` metres to go walks now rather than rests."""
    is_tired = state[2] <= NOTHING and left_m > NOTHING
    return not is_tired and (is_tail or _is_open(state[0], opens_s, closes_s))


@inlined
def _stop_s(
    moved_s: Floats, tired_s: float, state: Floats, done_s: float, tail_from_s: float, dusk_s: float
) -> float:
    """Return the moving time at which a stretch ends.

    It ends when the next day begins (``state[1]``), when the day's metres are used (``tired_s``),
    at dusk (``dusk_s``) or with the section, whichever comes first.
    """
    stop_s = min(done_s + (state[1] - state[0]), tired_s, moved_s[-1])
    if tail_from_s - done_s > NOTHING:
        # A walker in the tail (the last ``tail_s`` of the section) at dusk walks on.
        dark_s = done_s + (dusk_s - state[0])
        stop_s = min(stop_s, tail_from_s if dark_s >= tail_from_s - NOTHING else dark_s)
    return _snapped(stop_s, moved_s)


@compiled
def march(
    moved_s: Floats,
    moved_m: Floats,
    state: Floats,
    opens_s: float,
    closes_s: float,
    day_max_m: float,
    tail_s: float,
    from_s: Floats,
    clock_s: Floats,
    day: Floats,
) -> int:
    """Walk a section by the rule at the head of `routing.travel.timetable`.

    Parameters
    ----------
    moved_s, moved_m
        float64 [K + 1], moving time and metres before each leg and after the last.
    state
        float64 [5], updated in place: clock; time at which the walker is fresh again (infinite
        without hours of walking); metres left of the day; number of the day (-1 before the first);
        whether any of the day was walked (0 or 1, `UNDER_WAY` while walking). Times are seconds
        since a midnight.
    opens_s, closes_s
        Hours of walking, seconds of the day.
    tail_s
        Moving time at the end of the section that is walked at any hour, seconds.
    from_s, clock_s, day
        float64 [room], outputs: moving time, clock and day at the begin of each stretch.

    Returns
    -------
    Count of stretches, at least 1, or `TOO_MANY`.
    """
    total_s, done_s, count = moved_s[-1], 0.0, 0
    tail_from_s = max(0.0, total_s - tail_s)
    has_hours = state[1] < np.inf
    while True:
        _look_at_clock(state, opens_s, day_max_m)
        done_m = _at(moved_s, moved_m, done_s)
        is_there = total_s - done_s <= NOTHING
        if has_hours and not is_there:
            is_tail = tail_from_s - done_s <= NOTHING
            if not _goes_on(state, is_tail, moved_m[-1] - done_m, opens_s, closes_s):
                state[0], state[4] = state[1], min(state[4], 1.0)
                continue
        if count == len(from_s):
            return TOO_MANY
        if not is_there and state[4] == 0.0:
            state[3] += 1.0
            state[4] = 1.0
        from_s[count], clock_s[count], day[count] = done_s, state[0], max(state[3], 0.0)
        count += 1
        stop_s = total_s
        if has_hours and not is_there:
            tired_s = _when(moved_s, moved_m, done_m + state[2])
            dusk_s = _next(closes_s, state[0])
            stop_s = _stop_s(moved_s, tired_s, state, done_s, tail_from_s, dusk_s)
            if stop_s <= done_s:  # less is left of the day than a rounding error
                state[0], state[4] = state[1], 1.0
                continue
        state[0] += stop_s - done_s
        state[2] -= _at(moved_s, moved_m, stop_s) - done_m
        state[4] = UNDER_WAY if stop_s > done_s else state[4]
        done_s = stop_s
        if total_s - done_s <= NOTHING:
            return count


@inlined
def night_before_s(clock_s: float) -> float:
    """Return the seconds of night between a midnight and a later moment."""
    days = math.floor(clock_s / _DAY_S)
    today_s = clock_s - days * _DAY_S
    tonight_s = min(today_s, DAWN_S) + max(0.0, today_s - DUSK_S)
    return days * (_DAY_S - DUSK_S + DAWN_S) + tonight_s


@compiled
def clock(
    moved_s: Floats, from_s: Floats, clock_s: Floats, day: Floats
) -> tuple[Floats, Floats, Floats, Ints]:
    """Return the times at which each leg is walked.

    Parameters
    ----------
    moved_s
        float64 [K + 1], as for `march`.
    from_s, clock_s, day
        float64 [stretches], the outputs of `march`.

    Returns
    -------
    (start_s, end_s, night_s float64 [K], day int64 [K])
        As in `routing.travel.timetable.Timetable`, but start and end are seconds since the midnight
        that the clock counts from.
    """
    legs, last = len(moved_s) - 1, len(from_s) - 1
    start_s, end_s, night_s = np.empty(legs), np.empty(legs), np.empty(legs)
    begun_day = np.empty(legs, np.int64)
    # Seconds walked by night before each boundary between legs; nights of rest are not included.
    before_s, dark_s, night_then_s = 0.0, 0.0, night_before_s(clock_s[0])
    begun = left = 0
    for row in range(legs + 1):
        at_s = moved_s[row]
        # If a rest falls on a boundary between legs, the leg after it begins after the rest, and
        # the leg before it ends before the rest.
        while begun < last and from_s[begun + 1] <= at_s:
            begun += 1
        while left < last and from_s[left + 1] < at_s:
            full_s = from_s[left + 1] - from_s[left]
            dark_s += night_before_s(clock_s[left] + full_s) - night_then_s
            left += 1
            night_then_s = night_before_s(clock_s[left])
        until_s = clock_s[left] + (at_s - from_s[left])
        so_far_s = night_before_s(until_s) - night_then_s + dark_s
        if row > 0:
            # A leg without length ends where it begins.
            end_s[row - 1] = max(until_s, start_s[row - 1])
            # The difference of two large sums may be negative by rounding.
            night_s[row - 1] = max(so_far_s - before_s, 0.0)
        if row < legs:
            start_s[row] = clock_s[begun] + (at_s - from_s[begun])
            begun_day[row] = int(day[begun])
        before_s = so_far_s
    return start_s, end_s, night_s, begun_day


def warm() -> None:
    """Compile the kernels, or load them from the cache on disk."""
    row = np.zeros(2)
    march(row, row, np.zeros(5), 0.0, 1.0, 1.0, 0.0, row.copy(), row.copy(), row.copy())
    clock(row, row, row, row)
