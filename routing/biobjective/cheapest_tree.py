"""Cheapest paths from one node to all others by a weighted sum of two costs."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.biobjective.bucket_queue import NONE, rise, sink

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Weighted cost of a node that is not reached: above any real one, and with room in an int64 to
#: add real ones.
FAR: Final = 1 << 62
#: Either cost of a node that is not reached.
NOT_REACHED: Final = int(np.iinfo(np.int32).max)


@dataclass(frozen=True, eq=False, slots=True)
class CheapestTree:
    """Cheapest paths from an origin by one weighting: n nodes.

    Parameters
    ----------
    least
        int64 [n]: weighted cost; `FAR` where a node is not reached.
    cost
        int32 [n, 2]: both costs; `NOT_REACHED` where a node is not reached.
    arc, before
        int32 [n]: the last arc to each node, and the node before it; `NONE` at the origin.
    """

    least: Int64
    cost: Int32
    arc: Int32
    before: Int32

    @classmethod
    def of(
        cls, start: Int64, head: Int32, cost: Int32, weight: tuple[int, int], origin: int
    ) -> Self:
        """Find the cheapest paths from the origin.

        Parameters
        ----------
        start, head, cost
            int64 [n + 1], int32 [m] and int32 [m, 2]: row starts of each node's arcs, the nodes
            that they lead to, and both costs of each.
        weight
            What both costs are multiplied by.
        """
        return cls(*_spread(start, head, cost, *weight, origin))

    def arcs_back(self, node: int) -> Int32:
        """Return the arcs from a node back to the origin."""
        return _chain(self.arc, self.before, node)


@compiled
def _spread(
    start: Int64, head: Int32, cost: Int32, first_weight: int, second_weight: int, origin: int
) -> tuple[Int64, Int32, Int32, Int32]:
    """Find the cheapest paths from the origin by a weighted sum; see `CheapestTree`."""
    count = len(start) - 1
    least = np.full(count, FAR)
    total = np.full((count, 2), np.int32(NOT_REACHED))
    arc = np.full(count, np.int32(NONE))
    before = np.full(count, np.int32(NONE))
    key = np.empty(len(head) + 1, np.int64)
    item = np.empty(len(head) + 1, np.int32)
    least[origin] = 0
    total[origin] = 0
    rise(key, item, 0, 0, origin)
    size = 1
    while size > 0:
        node = item[0]
        so_far = key[0]
        size -= 1
        sink(key, item, size)
        if so_far > least[node]:
            continue
        for a in range(start[node], start[node + 1]):
            there = head[a]
            through = so_far + first_weight * np.int64(cost[a, 0])
            through += second_weight * np.int64(cost[a, 1])
            if through < least[there]:
                least[there] = through
                total[there, 0] = total[node, 0] + cost[a, 0]
                total[there, 1] = total[node, 1] + cost[a, 1]
                arc[there] = a
                before[there] = node
                rise(key, item, size, through, there)
                size += 1
    return least, total, arc, before


@compiled
def _chain(arc: Int32, before: Int32, node: int) -> Int32:
    """Return the arcs from a node back to the origin of a tree."""
    length = 0
    at = node
    while arc[at] >= 0:
        length += 1
        at = before[at]
    out = np.empty(length, np.int32)
    at = node
    for i in range(length):
        out[i] = arc[at]
        at = before[at]
    return out
