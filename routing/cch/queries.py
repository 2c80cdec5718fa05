"""Search kernels over the ranks of a contraction hierarchy; they do not check their input.

Every head of a rank's arcs is an ancestor of the rank, and the ancestors of one rank lie on
different levels. So searches keep costs of ancestors by level, in arrays that stay in the
processor's cache whatever the size of the graph.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.cch.climbing import climb_until_met, lower_by, shared_levels
from routing.cch.closed_arcs import climb, start_at
from routing.cch.customization import UNREACHABLE
from routing.cch.unpacking import lay, unpack

type UInt16 = NDArray[np.uint16]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

_NONE: Final = np.int32(UNREACHABLE)


@compiled
def meet(
    first: Int64,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    up: Int32,
    down: Int32,
    source: int,
    target: int,
    from_source: Int32,
    to_target: Int32,
    source_arc: Int32,
    target_arc: Int32,
) -> tuple[int, int]:
    """Find the cheapest cost between two ranks by climbing from both until the climbs meet.

    Parameters
    ----------
    from_source, to_target, source_arc, target_arc
        int32 [height], by level: the costs from the source to each of its ancestors and from each
        ancestor of the target to the target, and the arc over which each ancestor was reached.

    Returns
    -------
    (cost, rank)
        The cost, and the rank at which the climbs meet; `UNREACHABLE` and -1 where there is no
        path.
    """
    start_at(level, source, from_source)
    start_at(level, target, to_target)
    a = climb_until_met(
        first, parent, level, head_level, up, down, source, target, UNREACHABLE,
        from_source, to_target, source_arc, target_arc,
    )  # fmt: skip
    best = int(_NONE)
    meeting = -1
    while a >= 0:
        here = level[a]
        from_s = from_source[here]
        to_t = to_target[here]
        if from_s + to_t < best:
            best = int(from_s + to_t)
            meeting = int(a)
        if from_s < best:
            lower_by(first, head_level, up, a, from_s, from_source, source_arc, 1, 0)
        if to_t < best:
            lower_by(first, head_level, down, a, to_t, to_target, target_arc, 1, 0)
        a = parent[a]
    return best, meeting


@compiled
def has_cheaper(
    first: Int64,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    up: Int32,
    down: Int32,
    source: int,
    target: int,
    cost: int,
    from_source: Int32,
    to_target: Int32,
) -> bool:
    """Return whether a path between two ranks costs less than ``cost``.

    The search climbs from both ends like `meet`, but drops all climbs that cost ``cost`` or more,
    and ends at the first path found that costs less (a witness search).

    Parameters
    ----------
    from_source, to_target
        int32 [height], scratch.
    """
    start_at(level, source, from_source)
    start_at(level, target, to_target)
    a = climb_until_met(
        first, parent, level, head_level, up, down, source, target, cost,
        from_source, to_target, None, None,
    )  # fmt: skip
    while a >= 0:
        from_s = from_source[level[a]]
        to_t = to_target[level[a]]
        if from_s + to_t < cost:
            return True
        if from_s < cost:
            lower_by(first, head_level, up, a, from_s, from_source, None, 1, 0)
        if to_t < cost:
            lower_by(first, head_level, down, a, to_t, to_target, None, 1, 0)
        a = parent[a]
    return False


@compiled
def path(
    first: Int64,
    head: Int32,
    tail: Int32,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    up: Int32,
    down: Int32,
    up_origin: Int32,
    down_origin: Int32,
    source: int,
    target: int,
    from_source: Int32,
    to_target: Int32,
    source_arc: Int32,
    target_arc: Int32,
    stack: Int64,
    out: Int32,
) -> tuple[int, int]:
    """Find the cheapest path between two ranks and unpack it into edges.

    Parameters
    ----------
    from_source, to_target, source_arc, target_arc
        As for `meet`.
    stack
        int64 [3 * height + 2, 4], scratch.
    out
        int32 [2, .]: receives the edges in the order of travel, and the rank that each leads to.

    Returns
    -------
    (cost, length)
        The length is the number of edges; `TOO_SHORT` where ``out`` has too little room.
    """
    cost, meeting = meet(
        first,
        parent,
        level,
        head_level,
        up,
        down,
        source,
        target,
        from_source,
        to_target,
        source_arc,
        target_arc,
    )
    if meeting < 0:
        return cost, 0
    # The stack is last in, first out: the way down lies below the way up, each with its last arc
    # undermost.
    below = 0
    v = meeting
    while v != target:
        v = tail[target_arc[level[v]]]
        below += 1
    size = below
    v = meeting
    while v != target:
        size -= 1
        e = target_arc[level[v]]
        lay(first, down_origin, 1, e, tail[e], v, stack, size)
        v = tail[e]
    size = below
    v = meeting
    while v != source:
        e = source_arc[level[v]]
        lay(first, up_origin, 0, e, tail[e], v, stack, size)
        size += 1
        v = tail[e]
    return cost, unpack(first, head, up_origin, down_origin, stack, size, 0, out)


@compiled
def sweep(
    first: Int64,
    order: Int32,
    subtree: Int32,
    level: UInt16,
    head_level: UInt16,
    cost: Int32,
    climbed: Int32,
    climbed_cost: Int32,
    limit: int,
    reached: Int32,
    node: Int32,
    node_cost: Int32,
) -> int:
    """Find all nodes within a cost limit, descending from the ranks that were climbed to (PHAST).

    A subtree is skipped where it contains no climbed rank and every rank that its arcs lead up to
    costs more than the limit.

    Parameters
    ----------
    cost
        int32 [M]: costs of the arcs, on the way down.
    climbed, climbed_cost
        int32 [.]: the ranks that the search starts from and all their ancestors, by descending
        rank, and the least cost of climbing to each.
    limit
        Below `UNREACHABLE`.
    reached
        int32 [height], scratch.
    node, node_cost
        int32 [N]: receive the nodes, by descending rank, and their costs.

    Returns
    -------
    int
        The number of nodes found.
    """
    found = 0
    next_climbed = 0
    v = len(order) - 1
    while v >= 0:
        best = int(_NONE)
        is_climbed = next_climbed < len(climbed) and climbed[next_climbed] == v
        if is_climbed:
            best = int(climbed_cost[next_climbed])
            next_climbed += 1
        nearest = int(_NONE)
        for e in range(first[v], first[v + 1]):
            above = reached[head_level[e]]
            nearest = min(nearest, int(above))
            best = min(best, int(above + cost[e]))
        reached[level[v]] = best
        if best <= limit:
            node[found] = order[v]
            node_cost[found] = best
            found += 1
        elif nearest > limit and not is_climbed:
            v = subtree[v]
        v -= 1
    return found


@compiled
def table(
    first: Int64,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    up: Int32,
    down: Int32,
    sources: Int32,
    targets: Int32,
    height: int,
    out: Int32,
) -> None:
    """Find the cost from every source to every target, int32 [sources, targets].

    Each source and each target climbs once. A pair meets at one of its common ancestors: those on
    the levels from the root down to the last level on which both chains hold the same rank.
    """
    none_closed = np.empty(0, np.int32)
    to_target = np.empty((len(targets), height), np.int32)
    target_chain = np.empty((len(targets), height), np.int32)
    for j in range(len(targets)):
        climb(
            first, parent, level, head_level, down, none_closed, targets[j],
            to_target[j], target_chain[j],
        )  # fmt: skip
    from_source = np.empty(height, np.int32)
    chain = np.empty(height, np.int32)
    for i in range(len(sources)):
        climb(first, parent, level, head_level, up, none_closed, sources[i], from_source, chain)
        for j in range(len(targets)):
            shared = shared_levels(level, chain, sources[i], target_chain[j], targets[j])
            row = to_target[j]
            best = _NONE
            for here in range(shared):
                best = min(best, np.int32(from_source[here] + row[here]))
            out[i, j] = best
