"""From the arcs of a way to the edges that they stand for.

Kernels over ranks that take everything on trust, as in `queries`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import inlined

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: What `unpack` returns in place of a length where `out` is too short.
TOO_SHORT: Final = -1


@inlined
def lay(
    first: Int64,
    origin: Int32,
    is_down: int,
    arc: int,
    low: int,
    high: int,
    stack: Int64,
    place: int,
) -> None:
    """Lay an arc on the stack.

    What is known of it is looked up here and not when its turn comes: so one wait for memory is
    that for both parts of an arc.

    Parameters
    ----------
    origin, is_down
        `Metric.up_origin` and 0 where it is travelled up, else ``down_origin`` and 1.
    low, high
        Its tail and its head.
    stack, place
        int64 [3 * height + 2, 4]: receives origin and direction, the first arc of the middle, tail
        and head.
    """
    via = int(origin[arc])
    stack[place, 0] = 2 * via + is_down
    stack[place, 1] = first[max(-2 - via, 0)]
    stack[place, 2] = low
    stack[place, 3] = high


@inlined
def unpack(
    first: Int64,
    head: Int32,
    up_origin: Int32,
    down_origin: Int32,
    stack: Int64,
    size: int,
    written: int,
    out: Int32,
) -> int:
    """Replace arcs by edges.

    Parameters
    ----------
    stack, size
        So many arcs as `lay` lays them, the first of the way uppermost.
    written, out
        int32 [2, .]: receives, from this place on, the edges in the order of travel, and the rank
        that each leads to.

    Returns
    -------
    How much of ``out`` is written; `TOO_SHORT` where it cannot take them.
    """
    while size > 0:
        size -= 1
        is_down = stack[size, 0] & 1
        origin = stack[size, 0] >> 1
        low = stack[size, 2]
        high = stack[size, 3]
        if origin >= 0:
            if written == out.shape[1]:
                return TOO_SHORT
            out[0, written] = origin
            out[1, written] = low if is_down else high
            written += 1
            continue
        # Down from the one end to the middle, up from there to the other. Both arcs are the
        # middle's own, whose heads ascend; mostly it has so few that to look at each is quicker
        # than to halve them (paths of New York: 37 us instead of 60).
        middle = -2 - origin
        to_low = stack[size, 1]
        while head[to_low] != low:
            to_low += 1
        to_high = to_low + 1
        while head[to_high] != high:
            to_high += 1
        if is_down:
            lay(first, up_origin, 0, to_low, middle, low, stack, size)
            lay(first, down_origin, 1, to_high, middle, high, stack, size + 1)
        else:
            lay(first, up_origin, 0, to_high, middle, high, stack, size)
            lay(first, down_origin, 1, to_low, middle, low, stack, size + 1)
        size += 2
    return written
