"""Parts of climbs from a rank to its ancestors, which the kernels of several searches share.

As in `queries`, costs of ancestors are kept by level, and nothing checks its arguments.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import inlined
from routing.cch.customization import UNREACHABLE

type UInt16 = NDArray[np.uint16]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

_NONE: Final = np.int32(UNREACHABLE)


@inlined
def lower_by(
    first: Int64,
    head_level: UInt16,
    cost: Int32,
    v: int,
    so_far: int,
    reached: Int32,
    mark: Int32 | Int64 | None,
    scale: int,
    offset: int,
) -> None:
    """Lower the costs of the heads of ``v``'s arcs, by level, where the way over ``v`` costs less.

    Parameters
    ----------
    cost
        int32 [M], of the arcs.
    so_far
        The cost of ``v``.
    reached
        int32 [height]: the costs to lower.
    mark, scale, offset
        [height]: receives, for each lowered cost, ``scale`` times its arc, plus ``offset``. With
        None, for which numba compiles a function of its own, no branch is left in the loop.
    """
    if mark is None:
        for e in range(first[v], first[v + 1]):
            above = head_level[e]
            reached[above] = min(reached[above], so_far + cost[e])
        return
    for e in range(first[v], first[v + 1]):
        through = so_far + cost[e]
        above = head_level[e]
        if through < reached[above]:
            reached[above] = through
            mark[above] = scale * e + offset


@inlined
def climb_by(
    first: Int64,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    cost: Int32,
    source: int,
    reached: Int32,
    chain: Int32,
    mark: Int32 | Int64 | None,
    scale: int,
    offset: int,
) -> None:
    """Climb from a rank to all its ancestors; find the cost of each and the last arc to it.

    Parameters
    ----------
    reached
        int32 [height], by level, as `closed_arcs.start_at` leaves it.
    chain
        int32 [height], by level: receives the ranks of the ancestors.
    cost, mark, scale, offset
        As for `lower_by`.
    """
    v = source
    while v >= 0:
        here = level[v]
        chain[here] = v
        so_far = reached[here]
        if so_far < _NONE:
            lower_by(first, head_level, cost, v, so_far, reached, mark, scale, offset)
        v = parent[v]


@inlined
def climb_until_met(
    first: Int64,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    up: Int32,
    down: Int32,
    source: int,
    target: int,
    limit: int,
    from_source: Int32,
    to_target: Int32,
    source_arc: Int32 | None,
    target_arc: Int32 | None,
) -> int:
    """Climb from two ranks to their lowest common ancestor, which is left to the caller.

    Parameters
    ----------
    limit
        Only arcs of ranks that cost less are followed.
    from_source, to_target
        int32 [height], by level, as `closed_arcs.start_at` leaves them.
    source_arc, target_arc
        int32 [height], by level: receive the last arc to each ancestor; or None.

    Returns
    -------
    int
        The rank of the ancestor, -1 where there is none.
    """
    a = source
    b = target
    while a != b:
        # Of the two climbs, the one at the lower rank goes on; rank -1 is above every root.
        if b < 0 or 0 <= a < b:
            so_far = from_source[level[a]]
            if so_far < limit:
                lower_by(first, head_level, up, a, so_far, from_source, source_arc, 1, 0)
            a = parent[a]
        else:
            so_far = to_target[level[b]]
            if so_far < limit:
                lower_by(first, head_level, down, b, so_far, to_target, target_arc, 1, 0)
            b = parent[b]
    return a


@inlined
def shared_levels(level: UInt16, chain: Int32, one: int, other_chain: Int32, other: int) -> int:
    """Return on how many levels, from the root down, the chains of two ranks hold the same rank.

    ``chain`` and ``other_chain`` are the ancestors of ``one`` and ``other`` as `climb_by` stores
    them.
    """
    shared = 0
    differing = min(level[one], level[other]) + 1
    while shared < differing:
        middle = (shared + differing) >> 1
        if chain[middle] == other_chain[middle]:
            shared = middle + 1
        else:
            differing = middle
    return shared
