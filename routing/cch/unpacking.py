"""Kernels that replace the arcs of a path by the edges they stand for.

As in `queries`, the kernels work on ranks and do not check their input.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import inlined

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Returned by `unpack` instead of a length where `out` is too short.
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
    """Put an arc on the stack of arcs that remain to be unpacked.

    The arc's data are read when the arc is put there, not when the arc is taken off: then the
    memory reads for both halves of a shortcut overlap, and the processor waits once instead of
    twice.

    Parameters
    ----------
    origin, is_down
        `Metric.up_origin` and 0 where the arc is travelled up, else ``down_origin`` and 1.
    low, high
        The tail and the head of the arc.
    stack, place
        int64 [3 * height + 2, 4]: receives, at this place, the origin combined with the direction,
        the first arc of the middle rank, the tail and the head.
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
    """Replace the arcs of a way by the edges they stand for, in the order of travel.

    Parameters
    ----------
    stack, size
        The arcs as `lay` stores them, and their number; the first arc of the way is uppermost.
    written, out
        int32 [2, .]: receives, from index ``written`` on, the edges in the order of travel, and the
        rank that each leads to.

    Returns
    -------
    The number of edges in ``out``; `TOO_SHORT` where ``out`` has too little room.
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
        # A shortcut runs down from one end to its middle rank, then up to the other end. Both arcs
        # belong to the middle rank, whose heads ascend. It mostly has so few arcs that a linear
        # scan is quicker than bisection (paths of New York: 37 us instead of 60).
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
