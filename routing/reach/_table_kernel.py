"""Tables of least costs over a contraction hierarchy, with other sums along each cheapest path.

A metric has the cost of a shortcut, but not the time and the length of the roads it stands for.
These are summed on demand, once for each arc that a table's paths use, and kept for later tables.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.cch.climbing import climb_by, shared_levels
from routing.cch.closed_arcs import start_at
from routing.cch.customization import UNREACHABLE

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]
type Floats = NDArray[np.float64]
type UInt16 = NDArray[np.uint16]

_NONE: Final = np.int32(UNREACHABLE)


@inlined
def _climb(
    first: Int64,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    cost: Int32,
    source: int,
    reached: Int32,
    chain: Int32,
    arc: Int32,
) -> None:
    """Find the cost of the climb from a rank to each of its ancestors, and the last arc to it."""
    start_at(level, source, reached)
    arc[level[source]] = -1
    climb_by(first, parent, level, head_level, cost, source, reached, chain, arc, 1, 0)


@inlined
def _between(first: Int64, head: Int32, low: int, high: int) -> int:
    """Return the arc from a rank to a higher one; the arc must exist."""
    a = first[low]
    while head[a] != high:
        a += 1
    return int(a)


@inlined
def _sum_arc(
    first: Int64,
    head: Int32,
    tail: Int32,
    up_origin: Int32,
    down_origin: Int32,
    value: Floats,
    of_arc: Floats,
    stack: Int64,
    arc: int,
    is_down: int,
) -> None:
    """Sum the values of the edges that an arc stands for, unless its sums are stored already."""
    stack[0] = 2 * arc + is_down
    size = 1
    while size > 0:
        top = stack[size - 1]
        a = top >> 1
        down = top & 1
        if of_arc[a, down, 0] > 0.0:
            size -= 1
            continue
        origin = down_origin[a] if down else up_origin[a]
        if origin >= 0:
            of_arc[a, down, 1] = value[origin, 1]
            of_arc[a, down, 0] = value[origin, 0] + 1.0
            size -= 1
            continue
        # A shortcut runs down from one end to its middle rank, then up to the other end.
        middle = -2 - origin
        to_low = _between(first, head, middle, tail[a])
        to_high = _between(first, head, middle, head[a])
        if down:
            one = to_high
            two = to_low
        else:
            one = to_low
            two = to_high
        one_done = of_arc[one, 1, 0] > 0.0
        two_done = of_arc[two, 0, 0] > 0.0
        if one_done and two_done:
            of_arc[a, down, 1] = of_arc[one, 1, 1] + of_arc[two, 0, 1]
            of_arc[a, down, 0] = of_arc[one, 1, 0] + of_arc[two, 0, 0] - 1.0
            size -= 1
            continue
        if not one_done:
            stack[size] = 2 * one + 1
            size += 1
        if not two_done:
            stack[size] = 2 * two
            size += 1


@inlined
def _sum_climb(
    first: Int64,
    head: Int32,
    tail: Int32,
    up_origin: Int32,
    down_origin: Int32,
    level: UInt16,
    value: Floats,
    of_arc: Floats,
    stack: Int64,
    trail: Int32,
    arc: Int32,
    is_down: int,
    at: int,
    sums: Floats,
) -> None:
    """Store the value of the climb from the node of the search to its ancestor at level ``at``.

    ``sums`` holds, by level, the number of edges of a climb and the sum of their values; what is
    stored there already, which is not negative, is reused.
    """
    size = 0
    here = at
    while sums[here, 0] < 0.0 and arc[here] >= 0:
        trail[size] = here
        size += 1
        here = level[tail[arc[here]]]
    if sums[here, 0] < 0.0:
        sums[here, 0] = 0.0
        sums[here, 1] = 0.0
    while size > 0:
        size -= 1
        above = trail[size]
        a = arc[above]
        _sum_arc(first, head, tail, up_origin, down_origin, value, of_arc, stack, a, is_down)
        sums[above, 0] = sums[here, 0] + of_arc[a, is_down, 0] - 1.0
        sums[above, 1] = sums[here, 1] + of_arc[a, is_down, 1]
        here = above


@compiled
def table(
    first: Int64, head: Int32, tail: Int32, parent: Int32, level: UInt16, head_level: UInt16,
    up: Int32, down: Int32, up_origin: Int32, down_origin: Int32, height: int, value: Floats,
    of_arc: Floats, source: Int32, source_of: Int64, source_cost: Floats, source_value: Floats,
    target: Int32, target_of: Int64, target_cost: Floats, target_value: Floats, best: Floats,
    out: Floats,
) -> None:  # fmt: skip
    """Find the least cost between groups of ranks, and the values along the path of least cost.

    Parameters
    ----------
    value
        float64 [E, 2], what is summed along paths for each edge of the hierarchy, >= 0.
    of_arc
        float64 [M, 2, 2], by arc, direction (up, down) and value: sums kept between calls. The
        first value is stored plus 1, so that 0 means not known, and the memory of zeros never
        written is not taken up.
    source, source_of, source_cost, source_value
        int32 [s], int64 [s], float64 [s] and [s, 2]: ranks to start from, the row that each belongs
        to, and cost and values before it; infinite costs are left out.
    target, target_of, target_cost, target_value
        Likewise, by column; costs and values are those after the rank.
    best
        float64 [rows, columns], updated in place: the least costs, in units of the metric.
    out
        float64 [rows, columns, 2], updated in place: the values along the path of least cost.
    """
    columns = len(target)
    to_target = np.empty((columns, height), np.int32)
    target_chain = np.empty((columns, height), np.int32)
    target_arc = np.empty((columns, height), np.int32)
    target_sums = np.full((columns, height, 2), -1.0)
    for j in range(columns):
        _climb(
            first, parent, level, head_level, down, target[j], to_target[j], target_chain[j],
            target_arc[j],
        )  # fmt: skip
    from_source = np.empty(height, np.int32)
    chain = np.empty(height, np.int32)
    source_arc = np.empty(height, np.int32)
    sums = np.empty((height, 2))
    stack = np.empty(2 * height + 4, np.int64)
    trail = np.empty(height + 1, np.int32)
    for i in range(len(source)):
        if not np.isfinite(source_cost[i]):
            continue
        row = source_of[i]
        _climb(first, parent, level, head_level, up, source[i], from_source, chain, source_arc)
        sums[:] = -1.0
        for j in range(columns):
            column = target_of[j]
            shared = shared_levels(level, chain, source[i], target_chain[j], target[j])
            behind = to_target[j]
            least = _NONE
            at = -1
            for here in range(shared):
                through = np.int32(from_source[here] + behind[here])
                if through < least:
                    least = through
                    at = here
            total = source_cost[i] + least + target_cost[j]
            if at < 0 or total >= best[row, column]:
                continue
            best[row, column] = total
            _sum_climb(
                first, head, tail, up_origin, down_origin, level, value, of_arc, stack, trail,
                source_arc, 0, at, sums,
            )  # fmt: skip
            _sum_climb(
                first, head, tail, up_origin, down_origin, level, value, of_arc, stack, trail,
                target_arc[j], 1, at, target_sums[j],
            )  # fmt: skip
            for k in range(2):
                out[row, column, k] = (
                    source_value[i, k] + sums[at, k] + target_sums[j, at, k] + target_value[j, k]
                )
