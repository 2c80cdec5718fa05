"""Kernels that relax the arcs of one rank: each lowers the cost of the arc's head, by level."""

import numpy as np
from numpy.typing import NDArray

from routing._numba import inlined

type UInt16 = NDArray[np.uint16]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]


@inlined
def lower(
    first: Int64, head_level: UInt16, cost: Int32, v: int, so_far: int, reached: Int32
) -> None:
    """Lower the costs of the ranks above ``v`` to those over ``v``.

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


@inlined
def lower_by(
    first: Int64, head_level: UInt16, cost: Int32, v: int, so_far: int, reached: Int32, arc: Int32
) -> None:
    """Lower the costs as `lower` does, and store in ``arc`` [height] by which arc."""
    for e in range(first[v], first[v + 1]):
        through = so_far + cost[e]
        above = head_level[e]
        if through < reached[above]:
            reached[above] = through
            arc[above] = e
