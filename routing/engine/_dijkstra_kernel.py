"""Dijkstra's search from one place to all others, over flat arrays (numba kernels)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Value in ``via`` of `settle` for a node that the search never reached.
UNREACHED: Final = -1


@compiled
def _rise(heap: Ints, place: Ints, key: Floats, at: int) -> None:
    node = heap[at]
    while at > 0:
        above = (at - 1) // 2
        if key[heap[above]] <= key[node]:
            break
        heap[at] = heap[above]
        place[heap[at]] = at
        at = above
    heap[at] = node
    place[node] = at


@compiled
def _sink(heap: Ints, place: Ints, key: Floats, size: int) -> None:
    if size == 0:
        return
    node = heap[0]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and key[heap[below + 1]] < key[heap[below]]:
            below += 1
        if key[heap[below]] >= key[node]:
            break
        heap[at] = heap[below]
        place[heap[at]] = at
        at = below
    heap[at] = node
    place[node] = at


@compiled
def _meet(heap: Ints, place: Ints, reach_s: Floats, size: int, node: int, cost_s: float) -> int:
    """Lower the cost of a node, which joins the heap if new; return the heap's size."""
    reach_s[node] = cost_s
    if place[node] < 0:
        heap[size] = node
        place[node] = size
        size += 1
    _rise(heap, place, reach_s, place[node])
    return size


@compiled
def _take(heap: Ints, place: Ints, reach_s: Floats, size: int) -> int:
    """Remove the node of least cost from a heap of the given size and return it."""
    node = heap[0]
    last = heap[size - 1]
    heap[0] = last
    place[last] = 0
    place[node] = -1
    _sink(heap, place, reach_s, size - 1)
    return int(node)


@compiled
def settle(
    first_out: Ints,
    head: NDArray[np.int32],
    cost_s: Floats,
    seeds: Ints,
    seed_s: Floats,
    wanted: NDArray[np.bool_],
    limit_s: float,
) -> tuple[Floats, Ints, Ints]:
    """Find the least cost from a set of seeds to every node.

    Parameters
    ----------
    first_out
        int64 [N + 1]: the edges that leave node v are ``first_out[v]`` to ``first_out[v + 1]``.
    head
        int32 [E], the node that each edge leads to.
    cost_s
        float64 [E], seconds, >= 0, infinite where closed.
    seeds, seed_s
        int64 [k] and float64 [k]: nodes to start from, each with its cost; seeds of infinite cost
        are ignored.
    wanted
        bool [N]: the search ends once all of these nodes are settled.
    limit_s
        Nodes that cost more are not settled.

    Returns
    -------
    (reach_s float64 [N], via int64 [N], order int64 [settled])
        Least costs, infinite where not settled. The edge that reaches each node, ``-2 - i`` for
        seed i itself, `UNREACHED` where not settled. The settled nodes by ascending cost; the order
        of equal costs is that of the heap.
    """
    count = len(first_out) - 1
    reach_s = np.full(count, np.inf)
    via = np.full(count, UNREACHED, np.int64)
    done = np.zeros(count, np.bool_)
    # A binary heap of nodes by reach_s; place[v] is the position of v in the heap.
    heap = np.empty(count, np.int64)
    place = np.full(count, -1, np.int64)
    size = 0
    order = np.empty(count, np.int64)
    settled = 0
    left = wanted.sum()
    for index in range(len(seeds)):
        if seed_s[index] < reach_s[seeds[index]]:
            via[seeds[index]] = -2 - index
            size = _meet(heap, place, reach_s, size, seeds[index], seed_s[index])
    while size > 0 and left > 0 and reach_s[heap[0]] <= limit_s:
        node = _take(heap, place, reach_s, size)
        size -= 1
        done[node] = True
        order[settled] = node
        settled += 1
        left -= wanted[node]
        for edge in range(first_out[node], first_out[node + 1]):
            through_s = reach_s[node] + cost_s[edge]
            # A settled node is never improved, because costs are >= 0.
            if through_s < reach_s[head[edge]]:
                via[head[edge]] = edge
                size = _meet(heap, place, reach_s, size, head[edge], through_s)
    reach_s[~done] = np.inf
    via[~done] = UNREACHED
    return reach_s, via, order[:settled].copy()


@compiled
def add_up(
    order: Ints, via: Ints, tail: NDArray[np.int32], edge_value: Floats, seed_value: Floats
) -> Floats:
    """Sum edge values along the search tree, from the seed to every node.

    Parameters
    ----------
    order, via
        From `settle`.
    tail
        int32 [E], the node that each edge leaves.
    edge_value, seed_value
        float64 [E] and float64 [k], the values of edges and of seeds.

    Returns
    -------
    float64 [N], infinite where not settled.
    """
    total = np.full(len(via), np.inf)
    for node in order:
        edge = via[node]
        if edge < 0:
            total[node] = seed_value[-2 - edge]
        else:
            total[node] = total[tail[edge]] + edge_value[edge]
    return total


@compiled
def least_on_way(
    order: Ints,
    via: Ints,
    tail: NDArray[np.int32],
    edge_rank: Ints,
    node_rank: Ints,
    seed_rank: Ints,
) -> Ints:
    """Return the least rank on the search tree's path to each node, the node itself included.

    Ranks are numbers that the caller gives to edges, nodes and seeds.

    Parameters
    ----------
    order, via
        From `settle`.
    tail
        int32 [E], the node that each edge leaves.
    edge_rank, node_rank, seed_rank
        int64 [E], [N] and [k]: the least rank on an edge, at a node, and on the way to a seed.

    Returns
    -------
    int64 [N]; the largest int64 where not settled.
    """
    least = np.full(len(via), np.iinfo(np.int64).max, np.int64)
    for node in order:
        edge = via[node]
        on_way = seed_rank[-2 - edge] if edge < 0 else min(least[tail[edge]], edge_rank[edge])
        least[node] = min(on_way, node_rank[node])
    return least


@compiled
def last_marked(order: Ints, via: Ints, tail: NDArray[np.int32], marked: NDArray[np.bool_]) -> Ints:
    """Return the last marked edge on the search tree's path to each node, -1 for none.

    Parameters
    ----------
    order, via
        From `settle`.
    tail
        int32 [E], the node that each edge leaves.
    marked
        bool [E], the marked edges.
    """
    last = np.full(len(via), -1, np.int64)
    for node in order:
        edge = via[node]
        if edge >= 0:
            last[node] = edge if marked[edge] else last[tail[edge]]
    return last


def warm() -> None:
    """Compile every kernel before the first request needs it, or load the code from disk.

    This takes some seconds where nothing is on disk yet, else some tenths of a second.
    """
    ends = np.zeros(1, dtype=np.int32)
    none, one = np.zeros(1, dtype=np.int64), np.ones(1)
    first_out, wanted = np.array([0, 1]), np.ones(1, dtype=np.bool_)
    _, via, order = settle(first_out, ends, one, none, one, wanted, np.inf)
    add_up(order, via, ends, one, one)
    least_on_way(order, via, ends, none, none, none)
    last_marked(order, via, ends, wanted)
