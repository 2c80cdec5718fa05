"""Topology of a contraction hierarchy: its node order and its arcs, independent of costs."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.cch.ordering import neighbours_of, nested_dissection, postordered
from routing.errors import GraphError

type Bool = NDArray[np.bool_]
type UInt16 = NDArray[np.uint16]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Highest level of the elimination tree, because levels are stored in 16 bits. Road graphs stay far
#: below: the height of their trees grows as the square root of their number of nodes (some 20,000
#: levels for all of Latin America).
HIGHEST: Final = int(np.iinfo(np.uint16).max)


@dataclass(frozen=True, eq=False, repr=False)
class Topology:
    """Arcs of a contraction hierarchy: N nodes and E edges of the road graph, M arcs.

    Parameters
    ----------
    order, rank
        int32 [N]: the node at each rank, and the rank of each node.
    parent
        int32 [N], by rank; -1 at a root.
    level
        uint16 [N], by rank; 0 at a root.
    subtree
        int32 [N]: the descendants of rank v are the ranks ``subtree[v]`` to ``v - 1``.
    first
        int64 [N + 1]: the arcs of rank v are ``first[v]`` to ``first[v + 1]``.
    head, tail
        int32 [M], ranks; heads ascend within one tail.
    head_level
        uint16 [M]: the level of the head.
    down_first, down_arc, down_tail
        int64 [N + 1], int32 [M] and int32 [M]: the arcs that end at a rank, by ascending tail.
    edge_arc
        int32 [E]: the arc of each edge, -1 for a loop.
    edge_is_up
        bool [E]: the edge runs from the arc's tail to its head.
    arc_first, arc_edge
        int64 [M + 1] and int32 [.]: the edges of each arc, ascending.
    """

    order: Int32
    rank: Int32
    parent: Int32
    level: UInt16
    subtree: Int32
    first: Int64
    head: Int32
    tail: Int32
    head_level: UInt16
    down_first: Int64
    down_arc: Int32
    down_tail: Int32
    edge_arc: Int32
    edge_is_up: Bool
    arc_first: Int64
    arc_edge: Int32

    @classmethod
    def build(cls, tail: Int32, head: Int32, node_count: int) -> Self:
        """Build the hierarchy of a road graph: order its nodes, then find the arcs.

        Parameters
        ----------
        tail, head
            int32 [E]: nodes at the ends of each edge, within ``0 .. node_count - 1``.

        Raises
        ------
        GraphError
            If a node does not exist, or the elimination tree is too high for a road graph.
        """
        _check_ends(tail, head, node_count)
        start, neighbour = neighbours_of(tail, head, node_count)
        order = postordered(nested_dissection(start, neighbour), start, neighbour)
        rank = np.empty(node_count, np.int32)
        rank[order] = np.arange(node_count, dtype=np.int32)
        first, arc_head, parent = _find_arcs(order, rank, start, neighbour)
        level, subtree = _levels(parent)
        if node_count and level.max() > HIGHEST:
            raise GraphError(
                f"the graph's elimination tree has {level.max()} levels, more than {HIGHEST}:"
                " too dense for roads"
            )
        arc_tail = np.repeat(np.arange(node_count, dtype=np.int32), np.diff(first))
        down_first, down_arc = _down_lists(first, arc_head)
        edge_arc = _arcs_of_edges(first, arc_head, rank[tail], rank[head])
        arc_first, arc_edge = _edges_of_arcs(edge_arc, len(arc_head))
        levels = level.astype(np.uint16)
        return cls(
            order=order,
            rank=rank,
            parent=parent,
            level=levels,
            subtree=subtree,
            first=first,
            head=arc_head,
            tail=arc_tail,
            head_level=levels[arc_head],
            down_first=down_first,
            down_arc=down_arc,
            down_tail=arc_tail[down_arc],
            edge_arc=edge_arc,
            edge_is_up=rank[tail] < rank[head],
            arc_first=arc_first,
            arc_edge=arc_edge,
        )

    def __repr__(self) -> str:
        """Return the numbers of nodes, edges and arcs as text; the arrays are too long to print."""
        return f"Topology({self.node_count} nodes, {self.edge_count} edges, {self.arc_count} arcs)"

    @property
    def node_count(self) -> int:
        """Number of nodes, N."""
        return len(self.order)

    @property
    def edge_count(self) -> int:
        """Number of edges, E."""
        return len(self.edge_arc)

    @property
    def arc_count(self) -> int:
        """Number of arcs, M."""
        return len(self.head)

    @cached_property
    def height(self) -> int:
        """Number of levels of the elimination tree."""
        return int(self.level.max()) + 1 if len(self.level) else 0


def _check_ends(tail: Int32, head: Int32, node_count: int) -> None:
    if len(tail) != len(head):
        raise GraphError(f"{len(tail)} tails, but {len(head)} heads")
    for name, ends in (("tail", tail), ("head", head)):
        if len(ends) and not 0 <= int(ends.min()) <= int(ends.max()) < node_count:
            raise GraphError(f"{name}: nodes must lie within 0 and {node_count - 1}")


def _find_arcs(
    order: Int32, rank: Int32, start: Int64, neighbour: Int32
) -> tuple[Int64, Int32, Int32]:
    """Return ``first``, ``head`` and ``parent`` of a `Topology`.

    The array of heads is doubled until all arcs fit.
    """
    capacity = max(1024, 2 * len(neighbour))
    while True:
        first, head, parent, count = _fill_in(order, rank, start, neighbour, capacity)
        if count >= 0:
            return first, head[:count].copy(), parent
        capacity *= 2


@compiled
def _fill_in(
    order: Int32, rank: Int32, start: Int64, neighbour: Int32, capacity: int
) -> tuple[Int64, Int32, Int32, int]:
    """Find the arcs of a hierarchy; return ``first``, ``head``, ``parent`` and the number of arcs.

    The number is -1 where more arcs are found than the given capacity holds.

    The heads of v's arcs are its higher neighbours and the heads of its children's arcs except v,
    as in a sparse Cholesky factor.
    """
    count = len(order)
    first = np.zeros(count + 1, np.int64)
    head = np.empty(capacity, np.int32)
    first_child = np.full(count, np.int32(-1))
    next_sibling = np.full(count, np.int32(-1))
    seen_by = np.full(count, np.int32(-1))
    parent = np.full(count, np.int32(-1))
    size = 0
    for v in range(count):
        begin = size
        if size + count - v > capacity:
            # The arrays are nearly full by a rough bound: compute how many arcs v can add at most.
            room = start[order[v] + 1] - start[order[v]]
            child = first_child[v]
            while child >= 0:
                room += first[child + 1] - first[child]
                child = next_sibling[child]
            if size + room > capacity:
                return first, head, parent, -1
        seen_by[v] = v
        node = order[v]
        for i in range(start[node], start[node + 1]):
            u = rank[neighbour[i]]
            if u > v and seen_by[u] != v:
                seen_by[u] = v
                head[size] = u
                size += 1
        child = first_child[v]
        while child >= 0:
            for e in range(first[child], first[child + 1]):
                u = head[e]
                if seen_by[u] != v:
                    seen_by[u] = v
                    head[size] = u
                    size += 1
            child = next_sibling[child]
        head[begin:size].sort()
        first[v + 1] = size
        if size > begin:
            above = head[begin]
            parent[v] = above
            next_sibling[v] = first_child[above]
            first_child[above] = v
    return first, head, parent, size


@compiled
def _levels(parent: Int32) -> tuple[Int32, Int32]:
    """Return each rank's level in the elimination tree and the lowest rank of its subtree."""
    count = len(parent)
    level = np.zeros(count, np.int32)
    subtree = np.arange(count).astype(np.int32)
    for v in range(count - 1, -1, -1):
        if parent[v] >= 0:
            level[v] = level[parent[v]] + 1
    for v in range(count):
        if parent[v] >= 0 and subtree[v] < subtree[parent[v]]:
            subtree[parent[v]] = subtree[v]
    return level, subtree


@inlined
def find_arc(first: Int64, head: Int32, low: int, high: int) -> int:
    """Return the arc between two ranks, low < high; -1 where there is no arc."""
    begin = first[low]
    end = first[low + 1]
    while begin < end:
        middle = (begin + end) >> 1
        if head[middle] < high:
            begin = middle + 1
        else:
            end = middle
    if begin < first[low + 1] and head[begin] == high:
        return int(begin)
    return -1


@compiled
def _arcs_of_edges(first: Int64, head: Int32, tail_rank: Int32, head_rank: Int32) -> Int32:
    found = np.empty(len(tail_rank), np.int32)
    for i in range(len(tail_rank)):
        x = tail_rank[i]
        y = head_rank[i]
        if x == y:
            found[i] = -1
        else:
            found[i] = find_arc(first, head, min(x, y), max(x, y))
    return found


def _edges_of_arcs(edge_arc: Int32, arc_count: int) -> tuple[Int64, Int32]:
    by_arc = np.argsort(edge_arc, kind="stable").astype(np.int32)
    by_arc = by_arc[np.count_nonzero(edge_arc < 0) :]
    counts = np.bincount(edge_arc[by_arc], minlength=arc_count)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), by_arc


@compiled
def _down_lists(first: Int64, head: Int32) -> tuple[Int64, Int32]:
    """Group the arcs by head, with ascending tails within each head."""
    count = len(first) - 1
    down_first = np.zeros(count + 1, np.int64)
    for e in range(len(head)):
        down_first[head[e] + 1] += 1
    for v in range(count):
        down_first[v + 1] += down_first[v]
    place = down_first[:count].copy()
    down_arc = np.empty(len(head), np.int32)
    for e in range(len(head)):
        down_arc[place[head[e]]] = e
        place[head[e]] += 1
    return down_first, down_arc
