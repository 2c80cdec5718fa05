"""Contraction order of the nodes: nested dissection, then a postorder of the elimination tree."""

import numpy as np
import pymetis
from numpy.typing import NDArray

from routing._numba import compiled

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]


def neighbours_of(tail: Int32, head: Int32, node_count: int) -> tuple[Int64, Int32]:
    """Return every node's neighbours, ignoring directions, loops and duplicates.

    Returns
    -------
    (start int64 [N + 1], neighbour int32 [.])
        The neighbours of v are ``start[v]`` to ``start[v + 1]``, ascending.
    """
    start, neighbour = _gathered(tail, head, node_count)
    return start, neighbour[: start[-1]].copy()


@compiled
def _gathered(tail: Int32, head: Int32, node_count: int) -> tuple[Int64, Int32]:
    """Return the arrays of `neighbours_of`; the second has unused elements at its end."""
    place = np.zeros(node_count + 1, np.int64)
    for i in range(len(tail)):
        if tail[i] != head[i]:
            place[tail[i] + 1] += 1
            place[head[i] + 1] += 1
    for node in range(node_count):
        place[node + 1] += place[node]
    begin = place.copy()
    neighbour = np.empty(place[node_count], np.int32)
    for i in range(len(tail)):
        if tail[i] != head[i]:
            neighbour[place[tail[i]]] = head[i]
            place[tail[i]] += 1
            neighbour[place[head[i]]] = tail[i]
            place[head[i]] += 1
    # Sort each node's neighbours, then move them to the front of the array, without duplicates.
    start = np.zeros(node_count + 1, np.int64)
    size = 0
    for node in range(node_count):
        neighbour[begin[node] : begin[node + 1]].sort()
        last = -1
        for i in range(begin[node], begin[node + 1]):
            if neighbour[i] != last:
                last = neighbour[i]
                neighbour[size] = last
                size += 1
        start[node + 1] = size
    return start, neighbour


def nested_dissection(start: Int64, neighbour: Int32) -> Int32:
    """Return METIS' nested dissection order, int32 [N], the first contracted node first."""
    if not len(neighbour):
        # METIS divides by the number of edges: without any, it would crash the process.
        return np.arange(len(start) - 1, dtype=np.int32)
    graph = pymetis.CSRAdjacency(adj_starts=start.astype(np.int32), adjacent=neighbour)
    permutation, _ = pymetis.nested_dissection(graph)
    return np.asarray(permutation, dtype=np.int32)


def postordered(order: Int32, start: Int64, neighbour: Int32) -> Int32:
    """Return an equivalent order whose ranks are a postorder of the elimination tree.

    Both orders give a hierarchy with the same arcs.
    """
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order), dtype=np.int32)
    parent = _elimination_tree(order, rank, start, neighbour)
    return order[_postorder(parent)]


@compiled
def _elimination_tree(order: Int32, rank: Int32, start: Int64, neighbour: Int32) -> Int32:
    """Return each rank's parent, -1 at a root (Liu 1990, with path compression)."""
    count = len(order)
    parent = np.full(count, np.int32(-1))
    ancestor = np.full(count, np.int32(-1))
    for v in range(count):
        node = order[v]
        for i in range(start[node], start[node + 1]):
            u = rank[neighbour[i]]
            while u < v and u >= 0:
                above = ancestor[u]
                ancestor[u] = v
                if above < 0:
                    parent[u] = v
                    break
                u = above
    return parent


@compiled
def _postorder(parent: Int32) -> Int32:
    """List the ranks so that the descendants of each come right before it."""
    count = len(parent)
    first_child = np.full(count, np.int32(-1))
    next_sibling = np.full(count, np.int32(-1))
    first_root = -1
    for v in range(count - 1, -1, -1):
        p = parent[v]
        if p < 0:
            next_sibling[v] = first_root
            first_root = v
        else:
            next_sibling[v] = first_child[p]
            first_child[p] = v
    found = np.empty(count, np.int32)
    stack = np.empty(count, np.int32)
    size = 0
    written = 0
    root = first_root
    while root >= 0:
        stack[0] = root
        size = 1
        while size > 0:
            v = stack[size - 1]
            child = first_child[v]
            if child >= 0:
                # Remove the child from its parent's list, so that each child is pushed once.
                first_child[v] = next_sibling[child]
                stack[size] = child
                size += 1
            else:
                found[written] = v
                written += 1
                size -= 1
        root = next_sibling[root]
    return found
