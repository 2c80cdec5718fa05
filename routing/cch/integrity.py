"""Check that arrays form a valid hierarchy, because the kernels do not check them.

Numbers that all lie in range can still lead a kernel out of bounds: a kernel walks the heads of one
rank until it meets a given head, and relies on that head being there. This module checks each
property that kernels rely on, in time linear in the arrays (`Topology` describes the arrays).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.cch.topology import Topology
from routing.errors import GraphError

type Bool = NDArray[np.bool_]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]


def require_sound(topology: Topology, tail: Int32, head: Int32) -> None:
    """Refuse a topology with which a search could leave its arrays or miss the cheapest path.

    Parameters
    ----------
    topology
        Arrays whose lengths and number ranges have already been checked.
    tail, head
        int32 [E]: nodes at the ends of each edge of the road graph.

    Raises
    ------
    GraphError
        Naming the first array that does not fit the others.
    """
    for name, fits in _checks(topology, tail, head):
        if not fits:
            raise GraphError(f"the hierarchy's {name} does not fit; import the region again")


def _checks(t: Topology, tail: Int32, head: Int32) -> Iterator[tuple[str, bool]]:
    """Yield each array's name and whether it fits the others; later checks rely on earlier ones."""
    ranks = np.arange(t.node_count, dtype=np.int32)
    yield "order", bool((t.rank[t.order] == ranks).all())
    yield "first", are_offsets(t.first, t.arc_count)
    yield "tail", bool((t.tail == np.repeat(ranks, np.diff(t.first))).all())
    one_tail = t.tail[1:] == t.tail[:-1]
    ascend = (t.head[1:] > t.head[:-1]) | ~one_tail
    yield "head", bool((t.head > t.tail).all() and ascend.all())
    yield "parent", bool((t.parent == _first_heads(t)).all())
    yield "level", _is_postorder(t.parent, t.level, t.subtree)
    yield "head", _is_closed(t.first, t.head, t.parent)
    yield "head_level", bool((t.head_level == t.level[t.head]).all())
    yield "down_first", are_offsets(t.down_first, t.arc_count)
    yield "down_tail", bool((t.down_tail == t.tail[t.down_arc]).all())
    yield "down_arc", _is_grouped(t.head, t.down_first, t.down_arc)
    yield "edge_arc", _leads(t, t.rank[tail], t.rank[head])
    yield "arc_first", are_offsets(t.arc_first, len(t.arc_edge))
    # Loops have no arc, so ``arc_edge`` does not list them.
    yield "arc_edge", len(t.arc_edge) == np.count_nonzero(t.edge_arc >= 0)
    yield "arc_edge", _is_grouped(t.edge_arc, t.arc_first, t.arc_edge)


def are_offsets(first: Int64, length: int) -> bool:
    """Return whether the runs ``first[v]`` to ``first[v + 1]`` cover an array of given length."""
    if not len(first) or first[0] != 0 or first[-1] != length:
        return False
    return bool((np.diff(first) >= 0).all())


def _first_heads(t: Topology) -> Int32:
    """Return the lowest head of each rank's arcs, -1 for a rank without arcs."""
    found = np.full(t.node_count, np.int32(-1))
    has_arcs = np.diff(t.first) > 0
    found[has_arcs] = t.head[t.first[:-1][has_arcs]]
    return found


def _is_grouped(key: Int32, first: Int64, item: Int32) -> bool:
    """Return whether items are listed by key, strictly ascending within a key (so none twice)."""
    of_item = np.repeat(np.arange(len(first) - 1), np.diff(first))
    ascend = (item[1:] > item[:-1]) | (of_item[1:] != of_item[:-1])
    return bool((key[item] == of_item).all() and ascend.all())


def _leads(t: Topology, tail: Int32, head: Int32) -> bool:
    """Return whether each edge, given by the ranks of its ends, lies on the arc that joins them."""
    is_loop = tail == head
    if not ((t.edge_arc < 0) == is_loop).all():
        return False
    arc, low, high = t.edge_arc[~is_loop], *np.sort((tail[~is_loop], head[~is_loop]), axis=0)
    joins = (t.tail[arc] == low).all() and (t.head[arc] == high).all()
    return bool(joins and (t.edge_is_up == (tail < head)).all())


@compiled
def _is_postorder(parent: Int32, level: NDArray[np.uint16], subtree: Int32) -> bool:
    """Return whether ``level`` and ``subtree`` are those of a tree numbered in postorder.

    Then the level of a rank is the number of its ancestors, and its descendants are the ranks right
    below it.
    """
    count = len(parent)
    size = np.ones(count, np.int32)
    for v in range(count):
        if subtree[v] != v - size[v] + 1:
            return False
        if parent[v] >= 0:
            size[parent[v]] += size[v]
    for v in range(count - 1, -1, -1):
        above = parent[v]
        if level[v] != (0 if above < 0 else np.int64(level[above]) + 1):
            return False
        # A subtree can have the right size but hold wrong ranks. Then the subtree of a child begins
        # at a lower rank than the subtree of the child's parent.
        if above >= 0 and subtree[v] < subtree[above]:
            return False
    return True


@compiled
def _is_closed(first: Int64, head: Int32, parent: Int32) -> bool:
    """Return whether all heads of each rank, except its parent, are also heads of its parent.

    Then all heads are ancestors and any two of them are joined by an arc, which customisation
    relies on.
    """
    for v in range(len(parent)):
        above = parent[v]
        if above < 0:
            continue
        e = first[above]
        end = first[above + 1]
        for i in range(first[v] + 1, first[v + 1]):
            while e < end and head[e] < head[i]:
                e += 1
            if e == end or head[e] != head[i]:
                return False
    return True
