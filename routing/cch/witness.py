"""Witness search: whether a path cheaper than a given cost exists; ends at the first one found."""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.cch.closed_arcs import start_at

type UInt16 = NDArray[np.uint16]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]


@inlined
def _lower(
    first: Int64, head_level: UInt16, cost: Int32, v: int, so_far: int, reached: Int32
) -> None:
    """Lower the costs of the heads of ``v``'s arcs where the way over ``v`` costs less.

    Parameters
    ----------
    cost
        int32 [M], of the arcs.
    so_far
        The cost of ``v``.
    reached
        int32 [height], by level: the costs to lower.
    """
    for e in range(first[v], first[v + 1]):
        above = head_level[e]
        reached[above] = min(reached[above], so_far + cost[e])


@compiled
def has_cheaper(
    first: Int64,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    up: Int32,
    down: Int32,
    source: int,
    target: int,
    cost: int,
    from_source: Int32,
    to_target: Int32,
) -> bool:
    """Return whether a path between two ranks costs less than ``cost``.

    The search climbs from both ends like `queries.meet`, but drops all climbs that cost ``cost`` or
    more.

    Parameters
    ----------
    from_source, to_target
        int32 [height], scratch.
    """
    start_at(level, source, from_source)
    start_at(level, target, to_target)
    a = source
    b = target
    while a != b:
        if b < 0 or 0 <= a < b:
            so_far = from_source[level[a]]
            if so_far < cost:
                _lower(first, head_level, up, a, so_far, from_source)
            a = parent[a]
        else:
            so_far = to_target[level[b]]
            if so_far < cost:
                _lower(first, head_level, down, b, so_far, to_target)
            b = parent[b]
    while a >= 0:
        from_s = from_source[level[a]]
        to_t = to_target[level[a]]
        if from_s + to_t < cost:
            return True
        if from_s < cost:
            _lower(first, head_level, up, a, from_s, from_source)
        if to_t < cost:
            _lower(first, head_level, down, a, to_t, to_target)
        a = parent[a]
    return False
