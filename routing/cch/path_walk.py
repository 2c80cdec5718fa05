"""Kernels that walk the way from source to target over one via node, arc by arc.

A *step* is twice an arc, plus 1 where the arc is travelled down, as in `via_nodes`.
"""

import numpy as np
from numpy.typing import NDArray

from routing._numba import inlined
from routing.cch.via_nodes import level_of

type Bool = NDArray[np.bool_]
type UInt16 = NDArray[np.uint16]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]


@inlined
def steps_to_end(
    head: Int32,
    tail: Int32,
    level: UInt16,
    row: int,
    here: int,
    from_source: Int32,
    to_target: Int32,
    end_step: Int64,
    end: int,
    tried: Bool,
    stack: Int64,
) -> int:
    """Store the arcs from a via node to one end, the node's own arc first; return their number.

    Nodes on this way whose own cheapest way costs the same are marked in ``tried``: the way over
    them is this one.

    Parameters
    ----------
    end_step, end
        ``source_step`` of `via_nodes.find` and 0 to walk back to the source; ``target_step`` and 1
        to walk on to the target.
    """
    cost = from_source[row, here] + to_target[row, here]
    size = 0
    while end_step[row, here] >= 0:
        step = end_step[row, here]
        stack[size] = step
        size += 1
        if from_source[row, here] + to_target[row, here] == cost:
            tried[row, here] = True
        if step & 1 == end:
            # The lower rank of an arc that is climbed from the source, or descended to the target,
            # is on the chain of that end: go on in its row.
            here = level_of(level, tail[step >> 1])
            row = end
        else:
            here = level_of(level, head[step >> 1])
    return size


@inlined
def far_end(
    first: Int64,
    head: Int32,
    tail: Int32,
    up: Int32,
    down: Int32,
    up_origin: Int32,
    down_origin: Int32,
    steps: Int64,
    size: int,
    node: int,
    least: int,
    is_back: bool,
) -> tuple[int, int]:
    """Walk away from a via node until the cost is at least ``least``; return end rank and cost.

    The walk takes at least one edge. Only arcs within which the cost reaches ``least`` are
    unpacked.

    Parameters
    ----------
    steps, size
        From `steps_to_end`: towards the source to walk back, towards the target to walk on.
    """
    so_far = 0
    for i in range(size):
        step = steps[i]
        e = step >> 1
        cost = down[e] if step & 1 else up[e]
        while so_far + cost >= least:
            origin = down_origin[e] if step & 1 else up_origin[e]
            if origin >= 0:
                break
            to_tail = first[-2 - origin]
            while head[to_tail] != tail[e]:
                to_tail += 1
            to_head = to_tail
            while head[to_head] != head[e]:
                to_head += 1
            # A shortcut goes down to its middle rank, then up.
            begin = 2 * (to_head if step & 1 else to_tail) + 1
            rest = 2 * (to_tail if step & 1 else to_head)
            near = rest if is_back else begin
            near_cost = down[near >> 1] if near & 1 else up[near >> 1]
            if so_far + near_cost >= least:
                step = near
            else:
                so_far += near_cost
                step = begin if is_back else rest
            e = step >> 1
            cost = down[e] if step & 1 else up[e]
        so_far += cost
        at_head = bool(step & 1) == is_back
        node = head[e] if at_head else tail[e]
        if so_far >= least:
            break
    return node, so_far
