"""Label setting over places and nights, for journeys with places that limit the length of stay.

A label is a way from the start to a place at the end of a day: its exposure, its hardest day, its
nights at the places that are counted, and the label that it continues. A label is dropped if
another one at the same place and night is at least as good in all of these. Each day extends every
label by every leg that can be walked on that date, and by a rest.

Without nights to count `routing.planning._sweep_kernel` finds the same and is quicker.
"""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.planning._sweep_kernel import REST

type Bools = NDArray[np.bool_]
type Bytes = NDArray[np.uint8]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Factor on a lower bound of the exposure ahead: the bound is summed in another order than a
#: label's exposure, so rounding may make it slightly too high.
_BELIEVED = 1.0 - 1e-9

#: Initial size of the label arrays, which are doubled whenever they are full.
_FIRST_ROOM = 4_096


@compiled
def front_counted(
    first_leg: Ints,
    head: Ints,
    exposure: Floats,
    duration_s: Floats,
    may_walk: Bools,
    may_stay: Bools,
    ends: tuple[int, int],
    left: tuple[Floats, Floats],
    counted: Ints,
    most: Bytes,
    label_limit: int,
) -> tuple[int, Ints, Ints, Ints]:
    """Return the Pareto-optimal ways that do not overstay at any counted place.

    Parameters
    ----------
    first_leg, head, exposure, duration_s, may_walk, may_stay
        As for `routing.planning._sweep_kernel.ahead`.
    ends
        Start and end.
    left
        From `routing.planning._sweep_kernel.ahead`.
    counted
        int64 [S], a column for each place whose nights are counted, else -1.
    most
        uint8 [columns], most nights at each place that is counted.
    label_limit
        Most labels.

    Returns
    -------
    (settled, previous, leg, last)
        ``settled`` is the count of labels, -1 where the limit was reached. ``previous`` int64
        [settled] is the label that each label continues, and ``leg`` int64 [settled] the leg that
        was added, `REST` for a rest. ``last`` are the labels at the journey's end.
    """
    start, end = ends
    least, hardest_ahead = left
    columns, room = len(most), min(_FIRST_ROOM, label_limit)
    place, previous, by_leg = np.empty(room, np.int64), np.empty(room, np.int64), _none(room)
    summed, hardest, following = np.empty(room), np.empty(room), np.empty(room, np.int64)
    slept, now = np.zeros((room, columns), np.uint8), np.zeros(columns, np.uint8)
    place[0], previous[0], summed[0], hardest[0] = start, -1, 0.0, 0.0
    settled, tonight = 1, np.zeros(1, np.int64)
    last, last_night = np.empty(0, np.int64), np.empty(0, np.int64)
    for day in range(len(may_stay)):
        held = _none(may_stay.shape[1])
        for label in tonight:
            here = place[label]
            for row in range(first_leg[here] - 1, first_leg[here + 1]):
                # The row before the first leg stands for a rest.
                is_rest = row < first_leg[here]
                if not (may_stay[day, here] if is_rest else may_walk[day, row]):
                    continue
                leg = REST if is_rest else row
                there = here if is_rest else head[leg]
                if least[day + 1, there] == np.inf:
                    continue
                total, longest = summed[label], hardest[label]
                if not is_rest:
                    total, longest = total + exposure[leg], max(longest, duration_s[leg])
                # Drop a label that cannot become better than a way already at the end, which has no
                # more nights than any later one.
                bound = total + least[day + 1, there] * _BELIEVED
                bound_s = max(longest, hardest_ahead[day + 1, there])
                if _is_beaten(last, summed, hardest, bound, bound_s):
                    continue
                if settled == room:
                    if room >= label_limit:
                        return -1, previous, by_leg, last
                    room = min(2 * room, label_limit)
                    place, previous = _grown(place, room), _grown(previous, room)
                    by_leg, following = _grown(by_leg, room), _grown(following, room)
                    summed, hardest = _grown(summed, room), _grown(hardest, room)
                    slept = _grown(slept, room)
                if there == end:
                    kept = (last_night < day) | (summed[last] < total) | (hardest[last] < longest)
                    last = np.append(last[kept], settled)
                    last_night = np.append(last_night[kept], day)
                else:
                    for column in range(len(now)):
                        now[column] = slept[label, column]
                    column = counted[there]
                    if column >= 0:
                        if now[column] >= most[column]:
                            continue
                        now[column] += 1
                    held[there], is_kept = _kept(
                        held[there], following, summed, hardest, slept, total, longest, now
                    )
                    if not is_kept:
                        continue
                    following[settled], held[there], slept[settled] = held[there], settled, now
                place[settled], previous[settled], by_leg[settled] = there, label, leg
                summed[settled], hardest[settled] = total, longest
                settled += 1
        tonight = _chained(held, following)
    return settled, previous[:settled], by_leg[:settled], last


@inlined
def _none(count: int) -> Ints:
    return np.full(count, -1, np.int64)


@inlined
def _is_beaten(labels: Ints, summed: Floats, hardest: Floats, total: float, longest: float) -> bool:
    """Return whether one of ``labels`` is at least as good in exposure and in hardest day."""
    for label in labels:  # noqa: SIM110 -- numba compiles no generators
        if summed[label] <= total and hardest[label] <= longest:
            return True
    return False


@compiled
def _grown[T: np.generic](values: NDArray[T], room: int) -> NDArray[T]:
    """Return a copy of an array with ``room`` rows; the new rows are 0."""
    more = np.zeros((room, *values.shape[1:]), values.dtype)
    for at in range(values.size):
        more.flat[at] = values.flat[at]
    return more


@compiled
def _kept(
    newest: int,
    following: Ints,
    summed: Floats,
    hardest: Floats,
    slept: Bytes,
    total: float,
    longest: float,
    now: Bytes,
) -> tuple[int, bool]:
    """Unlink the labels of a place that a new label dominates, if none dominates the new label.

    Returns
    -------
    The newest of the labels that stay (-1 for none), and whether to keep the new label.
    """
    label, before = newest, -1
    while label >= 0:
        after = following[label]
        if summed[label] <= total and hardest[label] <= longest and (slept[label] <= now).all():
            return newest, False
        if summed[label] >= total and hardest[label] >= longest and (slept[label] >= now).all():
            if before < 0:
                newest = after
            else:
                following[before] = after
        else:
            before = label
        label = after
    return newest, True


@compiled
def _chained(held: Ints, following: Ints) -> Ints:
    """Return all linked labels as an array, place by place, the newest of each place first."""
    count = 0
    for newest in held:
        label = newest
        while label >= 0:
            count += 1
            label = following[label]
    found = np.empty(count, np.int64)
    count = 0
    for newest in held:
        label = newest
        while label >= 0:
            found[count] = label
            count += 1
            label = following[label]
    return found


def warm() -> None:
    """Compile the kernels, or load them from the cache on disk."""
    rows, figures = np.zeros(1, np.int64), np.ones(1)
    front_counted(
        np.array([0, 1, 1]),
        rows + 1,
        figures,
        figures,
        np.ones((1, 1), np.bool_),
        np.ones((1, 2), np.bool_),
        (0, 1),
        (np.zeros((2, 2)), np.zeros((2, 2))),
        np.full(2, -1),
        np.zeros(0, np.uint8),
        2,
    )
