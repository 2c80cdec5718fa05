"""Corridor: the part of a road graph that contains all Pareto-optimal paths between two places.

A node lies in the corridor if, for both costs, the cheapest path over the node costs no more than
the path that is best by the other cost. The corridor's arcs have reduced costs: by how much
the cheapest path to the goal over the arc exceeds the cheapest path of all from its tail.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.biobjective.bucket_queue import NONE
from routing.biobjective.cheapest_tree import CheapestTree

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]
type Arcs = tuple[Int64, Int32, Int32, Int32]


@dataclass(frozen=True, eq=False, repr=False)
class Streets:
    """Open edges of a road graph, grouped by the rank of their tail node: N ranks, K open edges.

    Parameters
    ----------
    start
        int64 [N + 1]: the rows ``start[v]`` to ``start[v + 1]`` are the edges of rank v.
    head, edge
        int32 [K]: the rank of the head node, and the number of each edge.
    cost
        int32 [K, 2]: both costs of each edge.
    """

    start: Int64
    head: Int32
    edge: Int32
    cost: Int32


@dataclass(frozen=True, eq=False, repr=False)
class CorridorSide:
    """A corridor in the orientation of one of the two searches; n nodes, m arcs.

    The search from the source orders by the first cost; the search from the target, against the
    direction of travel, orders by the second cost.

    Parameters
    ----------
    start
        int64 [n + 1]: the arcs ``start[v]`` to ``start[v + 1]`` leave node v.
    head, edge
        int32 [m]: the node that each arc leads to, and its edge.
    cost
        int32 [m, 2]: reduced costs of each arc, in this search's order of the two costs.
    behind
        int32 [m, 2]: reduced costs of the same arcs in the other search, in its order.
    waste, way
        int32 [n]: the wasted second cost of each node's way to the goal, the highest int32 where
        there is none, and the next arc on it, `NONE` at the goal. The way has the least first cost
        and, among several of that cost, the least waste.
    origin, goal
        The nodes at which the search begins and ends.
    """

    start: Int64
    head: Int32
    edge: Int32
    cost: Int32
    behind: Int32
    waste: Int32
    way: Int32
    origin: int
    goal: int


@dataclass(frozen=True, eq=False, slots=True)
class PathCorridor:
    """The corridor between two places; n nodes.

    Parameters
    ----------
    sides
        The corridor for the search from the source, and for that from the target.
    detour
        int32 [2, n]: by how much the cheapest path over each node exceeds the cheapest of all, by
        either cost.
    """

    sides: tuple[CorridorSide, CorridorSide]
    detour: Int32


def corridor(
    streets: Streets,
    from_source: Int32,
    to_target: Int32,
    limit: tuple[int, int],
    source: int,
    target: int,
) -> PathCorridor:
    """Cut out the corridor.

    Parameters
    ----------
    from_source, to_target
        int32 [2, N], by rank: the least costs from the source and to the target.
    limit
        The highest first and second cost of a Pareto-optimal path.
    source, target
        Ranks of the two places; the target is reachable from the source.
    """
    local, count, room = _select(streets.start, from_source, to_target, *limit)
    start, tail, head, edge, cost, back_cost = _cut(
        streets.start,
        streets.head,
        streets.edge,
        streets.cost,
        from_source,
        to_target,
        *limit,
        local,
        count,
        room,
    )
    back_start, back = _turned(head, count)
    ends = int(local[source]), int(local[target])
    back_head = tail[back]
    cost_back = back_cost[back]
    inward = (back_start, back_head, cost[back], back)
    turned = np.empty_like(back)
    turned[back] = np.arange(len(back), dtype=np.int32)
    outward = (start, head, back_cost, turned)
    inside = local >= 0
    detour = from_source[:, inside] + to_target[:, inside] - to_target[:, [source]]
    sides = (
        CorridorSide(start, head, edge, cost, back_cost, *_completion(inward, ends[1]), *ends),
        CorridorSide(
            back_start,
            back_head,
            edge[back],
            cost_back,
            inward[2],
            *_completion(outward, ends[0]),
            *ends[::-1],
        ),
    )
    return PathCorridor(sides, detour)


def _completion(into: Arcs, goal: int) -> tuple[Int32, Int32]:
    """Return, for each node, the wasted second cost and the next arc on its way to the goal.

    These are ``waste`` and ``way`` of `CorridorSide`.
    """
    start, tail, cost, arc = _cheapest(*into)
    # The first cost of each of these arcs is 0.
    tree = CheapestTree.of(start, tail, cost, (0, 1), goal)
    goes_on = tree.arc >= 0
    way = np.full(len(goes_on), np.int32(NONE))
    way[goes_on] = arc[tree.arc[goes_on]]
    return np.ascontiguousarray(tree.cost[:, 1]), way


@compiled
def _select(
    start: Int64, from_source: Int32, to_target: Int32, first_limit: int, second_limit: int
) -> tuple[Int32, int, int]:
    """Select the corridor's nodes and number them by rank, which keeps neighbours close.

    Returns
    -------
    (local int32 [N], count, room)
        Number of each node, -1 outside the corridor; count of nodes; upper bound of the arcs'
        count.
    """
    local = np.full(len(start) - 1, np.int32(-1))
    count = 0
    room = 0
    for v in range(len(local)):
        if (
            np.int64(from_source[0, v]) + to_target[0, v] <= first_limit
            and np.int64(from_source[1, v]) + to_target[1, v] <= second_limit
        ):
            local[v] = count
            count += 1
            room += start[v + 1] - start[v]
    return local, count, room


@compiled
def _cut(
    street_start: Int64,
    street_head: Int32,
    street_edge: Int32,
    street_cost: Int32,
    from_source: Int32,
    to_target: Int32,
    first_limit: int,
    second_limit: int,
    local: Int32,
    count: int,
    room: int,
) -> tuple[Int64, Int32, Int32, Int32, Int32, Int32]:
    """Return the corridor's arcs: start, tail, head, edge, and reduced costs of both searches."""
    start = np.zeros(count + 1, np.int64)
    tail = np.empty(room, np.int32)
    head = np.empty(room, np.int32)
    edge = np.empty(room, np.int32)
    cost = np.empty((room, 2), np.int32)
    back_cost = np.empty((room, 2), np.int32)
    size = 0
    for u in range(len(local)):
        here = local[u]
        if here < 0:
            continue
        for i in range(street_start[u], street_start[u + 1]):
            v = street_head[i]
            first = np.int64(street_cost[i, 0])
            second = np.int64(street_cost[i, 1])
            if (
                local[v] < 0
                or u == v
                or from_source[0, u] + first + to_target[0, v] > first_limit
                or from_source[1, u] + second + to_target[1, v] > second_limit
            ):
                continue
            tail[size] = here
            head[size] = local[v]
            edge[size] = street_edge[i]
            cost[size, 0] = first + to_target[0, v] - to_target[0, u]
            cost[size, 1] = second + to_target[1, v] - to_target[1, u]
            back_cost[size, 0] = second + from_source[1, u] - from_source[1, v]
            back_cost[size, 1] = first + from_source[0, u] - from_source[0, v]
            size += 1
        start[here + 1] = size
    return start, tail[:size], head[:size], edge[:size], cost[:size], back_cost[:size]


@compiled
def _turned(head: Int32, count: int) -> tuple[Int64, Int32]:
    """Return the arcs grouped by their head node: start int64 [n + 1] and arc int32 [m]."""
    start = np.zeros(count + 1, np.int64)
    for v in head:
        start[v + 1] += 1
    for v in range(count):
        start[v + 1] += start[v]
    place = start[:-1].copy()
    arc = np.empty(len(head), np.int32)
    for a in range(len(head)):
        arc[place[head[a]]] = a
        place[head[a]] += 1
    return start, arc


@compiled
def _cheapest(
    start: Int64, tail: Int32, cost: Int32, arc: Int32
) -> tuple[Int64, Int32, Int32, Int32]:
    """Return the arcs on paths of least first cost, by the node that they lead to.

    As row starts, tails, both costs and numbers of the arcs. Their reduced first cost is 0.
    """
    kept_start = np.zeros(len(start), np.int64)
    kept_tail = np.empty(len(tail), np.int32)
    kept_cost = np.empty((len(tail), 2), np.int32)
    kept_arc = np.empty(len(tail), np.int32)
    size = 0
    for v in range(len(start) - 1):
        for i in range(start[v], start[v + 1]):
            if cost[i, 0] == 0:
                kept_tail[size] = tail[i]
                kept_cost[size, 0] = cost[i, 0]
                kept_cost[size, 1] = cost[i, 1]
                kept_arc[size] = arc[i]
                size += 1
        kept_start[v + 1] = size
    return kept_start, kept_tail[:size], kept_cost[:size], kept_arc[:size]
