"""From costs to paths: the tree that networkx's Dijkstra would have grown."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: In `grow`'s ``reach``: a node that is not reached; in ``via``: a source, or not reached.
NONE: Final = -1


@dataclass(frozen=True, eq=False)
class Rows:
    """Edges by the node they leave.

    Parameters
    ----------
    start
        int64 [N + 1]: those of node v are ``start[v]`` to ``start[v + 1]``.
    head
        int32 [E], the node at the other end.
    edge
        int64 [E], which edge it is.
    """

    start: Int64
    head: Int32
    edge: Int64

    def reversed(self) -> "Rows":
        """Return the same edges by the node they lead to."""
        count = len(self.start) - 1
        tail = np.repeat(np.arange(count, dtype=np.int32), np.diff(self.start))
        order = np.argsort(self.head, kind="stable")
        start = np.searchsorted(self.head[order], np.arange(count + 1)).astype(np.int64)
        return Rows(start, tail[order], self.edge[order])


@compiled
def grow(
    start: Int64,
    head: Int32,
    edge: Int64,
    cost: Int32,
    reach: Int32,
    by_reach: Int64,
    sources: Int64,
) -> tuple[Int64, Int64]:
    """Grow the tree of cheapest paths from what each node is known to cost.

    Among several cheapest paths it has the one that a binary-heap Dijkstra finds that takes equal
    nodes in the order in which they got their final cost: each node hangs on the first settled
    node that leads to it at its cost. So does networkx, and ways of no cost make no circle.

    Parameters
    ----------
    start, head, edge
        See `Rows`.
    cost
        int32 [E], by edge.
    reach
        int32 [N], least costs, `NONE` where not reached.
    by_reach
        int64: the reached nodes by rising cost.
    sources
        int64, distinct, in the order in which they are pushed; all have cost 0.

    Returns
    -------
    (order int64, via int64 [N])
        The nodes in the order in which they are settled, not all of them where ``reach`` and
        ``cost`` do not fit; the edge to each, or `NONE`.
    """
    met = np.full(len(reach), -1, np.int64)
    via = np.full(len(reach), -1, np.int64)
    order = np.empty(len(by_reach), np.int64)
    count = 0
    for source in sources:
        met[source] = count
        count += 1
    size = 0
    i = 0
    while i < len(by_reach):
        here = reach[by_reach[i]]
        begin = size
        while i < len(by_reach) and reach[by_reach[i]] == here:
            if met[by_reach[i]] >= 0:
                order[size] = by_reach[i]
                size += 1
            i += 1
        if size - begin > 1:
            equal = order[begin:size].copy()
            order[begin:size] = equal[np.argsort(met[equal])]
        at = begin
        while at < size:
            v = order[at]
            at += 1
            for k in range(start[v], start[v + 1]):
                u = head[k]
                if met[u] < 0 and here + cost[edge[k]] == reach[u]:
                    met[u] = count
                    count += 1
                    via[u] = edge[k]
                    if reach[u] == here:
                        order[size] = u
                        size += 1
    return order[:size].copy(), via
