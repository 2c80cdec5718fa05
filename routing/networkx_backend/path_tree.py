"""Reconstruction of networkx's shortest path tree from the least costs of the nodes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Value in `grow` for a node that is not reached (``reach``, ``via``), and for a source (``via``).
NONE: Final = -1


@dataclass(frozen=True, eq=False)
class Rows:
    """Adjacency of a graph as compressed sparse rows: edges grouped by the node they leave.

    Parameters
    ----------
    start
        int64 [N + 1]: the rows ``start[v]`` to ``start[v + 1]`` are the edges of node v.
    head
        int32 [E], the node at the other end of each edge.
    edge
        int64 [E], the edge's number.
    """

    start: Int64
    head: Int32
    edge: Int64

    def reversed(self) -> "Rows":
        """Return the same edges grouped by the node they lead to."""
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
    """Return the tree of cheapest paths, given the least cost of each node.

    Among several cheapest paths the tree has the path of a binary-heap Dijkstra that settles nodes
    of equal cost in the order in which they got their final cost: the parent of a node is the first
    settled node that leads to it at its cost. networkx finds the same tree. Edges of cost 0 never
    close a cycle in the tree.

    Parameters
    ----------
    start, head, edge
        See `Rows`.
    cost
        int32 [E], the cost of each edge.
    reach
        int32 [N], least costs, `NONE` where not reached.
    by_reach
        int64: the reached nodes by ascending cost.
    sources
        int64, distinct, in the order in which they are pushed; all have cost 0.

    Returns
    -------
    (order int64, via int64 [N])
        The nodes in the order in which they are settled, incomplete if ``reach`` does not match
        ``cost``; and the edge that leads to each node, or `NONE`.
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
