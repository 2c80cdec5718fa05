"""Costs of a hierarchy's arcs with some road edges closed, kept in arrays beside the metric.

Only arcs that a closed edge can make dearer are recomputed, as in `partial_customization`. Costs
that differ are written to separate arrays, whose pages take memory only where they are written. So
closing a town's streets for one request costs time and memory in proportion to the town, not to the
continent, and the metric itself stays unchanged.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.cch.customization import NO_ORIGIN, UNREACHABLE, Metric
from routing.cch.heap import pop, push
from routing.cch.topology import find_arc

type Bool = NDArray[np.bool_]
type Int8 = NDArray[np.int8]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]
type UInt16 = NDArray[np.uint16]

_NONE: Final = np.int32(UNREACHABLE)


@dataclass(frozen=True, eq=False, slots=True)
class ClosedArcs:
    """Costs of the arcs that closed edges make dearer.

    Parameters
    ----------
    up, down
        int32 [M]: the arc's cost without the closed edges plus 1, or 0 where the metric's cost
        stays valid.
    """

    up: Int32
    down: Int32

    @classmethod
    def none(cls) -> Self:
        """Return an object with empty arrays, which stands for no closed edge."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int32))

    @classmethod
    def of(cls, metric: Metric, closed: Bool) -> Self:
        """Compute the arcs' costs without the closed edges of a metric.

        The caller must prevent changes of the metric meanwhile.

        Parameters
        ----------
        closed
            bool [E].
        """
        t = metric.topology
        up, down = (np.zeros(t.arc_count, np.int32) for _ in range(2))
        _close(
            t.first,
            t.head,
            t.tail,
            t.head_level,
            t.down_first,
            t.down_arc,
            t.down_tail,
            t.edge_arc,
            t.edge_is_up,
            t.arc_first,
            t.arc_edge,
            metric.cost,
            metric.up,
            metric.down,
            metric.up_origin,
            metric.down_origin,
            closed,
            np.flatnonzero(closed),
            up,
            down,
            np.zeros(t.node_count, np.int8),
            np.zeros(t.node_count, np.bool_),
            np.empty(t.node_count + 1, np.int32),
            np.empty(t.height, np.int32),
            np.empty(t.height, np.int32),
        )
        return cls(up, down)


@inlined
def with_closed(cost: Int32, over: Int32, a: int) -> int:
    """Return the cost of an arc without the closed edges.

    Both values are read before one is chosen: the processor would mispredict a branch between the
    two reads half the time.
    """
    without = int(over[a]) - 1
    as_before = int(cost[a])
    return without if without >= 0 else as_before


@inlined
def start_at(level: UInt16, rank: int, reached: Int32) -> None:
    """Set the cost of a rank to 0 and those of its ancestors to `UNREACHABLE`, by level."""
    reached[: level[rank] + 1] = _NONE
    reached[level[rank]] = 0


@compiled
def climb(
    first: Int64,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    cost: Int32,
    over: Int32,
    source: int,
    reached: Int32,
    chain: Int32,
) -> None:
    """Find the cost of the climb from a rank to each of its ancestors without the closed edges.

    Parameters
    ----------
    cost
        int32 [M], of the arcs.
    over
        An array of `ClosedArcs` for the same direction, empty where no edge is closed.
    reached, chain
        int32 [height], by level: receive the costs and the ranks of the ancestors.
    """
    start_at(level, source, reached)
    v = source
    while v >= 0:
        here = level[v]
        chain[here] = v
        so_far = reached[here]
        if so_far < _NONE:
            for e in range(first[v], first[v + 1]):
                through = so_far + (with_closed(cost, over, e) if len(over) else cost[e])
                above = head_level[e]
                reached[above] = min(reached[above], np.int32(through))
        v = parent[v]


@inlined
def _find_anew(
    first: Int64,
    head_level: UInt16,
    down_first: Int64,
    down_arc: Int32,
    down_tail: Int32,
    edge_is_up: Bool,
    arc_first: Int64,
    arc_edge: Int32,
    cost: Int32,
    up: Int32,
    down: Int32,
    closed: Bool,
    over_up: Int32,
    over_down: Int32,
    v: int,
    best_up: Int32,
    best_down: Int32,
) -> None:
    """Compute the costs of all arcs of a rank from its open edges and its lower triangles.

    The triangles over one lower rank lie side by side in memory, right after that rank's arc to
    ``v``, and the heads of those arcs are also heads of ``v`` (the hierarchy is filled in). So all
    arcs of ``v`` are computed by reading each triangle once. Intersecting two lists for each arc
    would read three times as much, with a branch that the processor mispredicts every other step.

    Parameters
    ----------
    best_up, best_down
        int32 [levels]: receive the costs, by the level of the head.
    """
    for a in range(first[v], first[v + 1]):
        least_up = least_down = int(_NONE)
        for i in range(arc_first[a], arc_first[a + 1]):
            edge = arc_edge[i]
            if closed[edge]:
                continue
            if edge_is_up[edge]:
                least_up = min(least_up, int(cost[edge]))
            else:
                least_down = min(least_down, int(cost[edge]))
        best_up[head_level[a]] = least_up
        best_down[head_level[a]] = least_down
    for i in range(down_first[v], down_first[v + 1]):
        below = down_arc[i]
        from_v = with_closed(down, over_down, below)
        to_v = with_closed(up, over_up, below)
        if from_v >= _NONE and to_v >= _NONE:
            continue
        for e in range(below + 1, first[down_tail[i] + 1]):
            at = head_level[e]
            best_up[at] = min(best_up[at], np.int32(from_v + with_closed(up, over_up, e)))
            best_down[at] = min(best_down[at], np.int32(to_v + with_closed(down, over_down, e)))


@inlined
def _is_cut_off(
    first: Int64,
    down_first: Int64,
    down_arc: Int32,
    arc_first: Int64,
    arc_edge: Int32,
    cost: Int32,
    closed: Bool,
    known: Int8,
    v: int,
) -> bool:
    """Return whether every edge at a rank is closed, so that no arc at the rank can be travelled.

    Parameters
    ----------
    known
        int8 [N], a cache: 1 for cut off, 2 for not cut off, 0 for not examined yet.
    """
    if known[v] == 0:
        known[v] = 1
        above = first[v + 1] - first[v]
        for k in range(above + down_first[v + 1] - down_first[v]):
            a = first[v] + k if k < above else int(down_arc[down_first[v] + k - above])
            for i in range(arc_first[a], arc_first[a + 1]):
                if not closed[arc_edge[i]] and cost[arc_edge[i]] < _NONE:
                    known[v] = 2
                    return False
    return bool(known[v] == 1)


@inlined
def _came_dearer(
    first: Int64,
    head: Int32,
    closed: Bool,
    origin: int,
    low: int,
    high: int,
    over_first: Int32,
    over_last: Int32,
) -> bool:
    """Return whether closed edges raise an arc's cost: its edge is closed, or its shortcut dearer.

    Parameters
    ----------
    origin
        As `Metric.up_origin`.
    low, high
        The ends of the arc in the order of travel, starting at ``low``.
    over_first, over_last
        The `ClosedArcs` costs for the arc from ``low`` down to the middle rank, and for the arc
        from the middle rank up to ``high``.
    """
    if origin >= 0:
        return bool(closed[origin])
    if origin == NO_ORIGIN:
        return False
    middle = -2 - origin
    to_low = find_arc(first, head, middle, low)
    to_high = find_arc(first, head, middle, high)
    return bool(over_first[to_low] != 0 or over_last[to_high] != 0)


@compiled
def _close(
    first: Int64,
    head: Int32,
    tail: Int32,
    head_level: UInt16,
    down_first: Int64,
    down_arc: Int32,
    down_tail: Int32,
    edge_arc: Int32,
    edge_is_up: Bool,
    arc_first: Int64,
    arc_edge: Int32,
    cost: Int32,
    up: Int32,
    down: Int32,
    up_origin: Int32,
    down_origin: Int32,
    closed: Bool,
    closed_edges: Int64,
    over_up: Int32,
    over_down: Int32,
    cut_off: Int8,
    queued: Bool,
    heap: Int32,
    best_up: Int32,
    best_down: Int32,
) -> int:
    """Recompute the costs of all arcs that closed edges make dearer, from low tails to high ones.

    In this order, a tail is handled after all tails that its arcs depend on. Closing an edge makes
    no arc cheaper. So the arcs of a tail are recomputed only where the origin of one
    arc's cost is closed or became dearer itself. At a rank without an open edge, no arc can be
    travelled.

    Parameters
    ----------
    over_up, over_down
        int32 [M], all 0: receive the costs that differ, see `ClosedArcs`.
    cut_off, queued, heap
        int8 [N], all 0, bool [N], none set, and int32 [N + 1]: scratch.
    best_up, best_down
        int32 [levels]: scratch.

    Returns
    -------
    The number of tails whose arcs were recomputed.
    """
    size = 0
    for edge in closed_edges:
        a = edge_arc[edge]
        if a < 0:
            continue
        if edge == (up_origin[a] if edge_is_up[edge] else down_origin[a]) and not queued[tail[a]]:
            queued[tail[a]] = True
            size = push(heap, size, tail[a])
    found_anew = 0
    while size > 0:
        v = pop(heap, size)
        size -= 1
        queued[v] = False
        last = first[v] - 1
        is_cut_off = _is_cut_off(
            first, down_first, down_arc, arc_first, arc_edge, cost, closed, cut_off, v
        )
        if not is_cut_off:
            is_dearer = False
            for a in range(first[v], first[v + 1]):
                u = head[a]
                if _came_dearer(
                    first, head, closed, up_origin[a], v, u, over_down, over_up
                ) or _came_dearer(first, head, closed, down_origin[a], v, u, over_up, over_down):
                    is_dearer = True
                    break
            if not is_dearer:
                continue
            found_anew += 1
            _find_anew(
                first,
                head_level,
                down_first,
                down_arc,
                down_tail,
                edge_is_up,
                arc_first,
                arc_edge,
                cost,
                up,
                down,
                closed,
                over_up,
                over_down,
                v,
                best_up,
                best_down,
            )
        for a in range(first[v], first[v + 1]):
            now_up = int(_NONE) if is_cut_off else int(best_up[head_level[a]])
            now_down = int(_NONE) if is_cut_off else int(best_down[head_level[a]])
            if now_up != up[a]:
                over_up[a] = now_up + 1
                last = a
            if now_down != down[a]:
                over_down[a] = now_down + 1
                last = a
        # A shortcut over v joins two heads of v; the lower head is the shortcut's tail. So each
        # head of v up to that of the last dearer arc may be the tail of a dearer shortcut.
        for a in range(first[v], last + 1):
            if not queued[head[a]]:
                queued[head[a]] = True
                size = push(heap, size, head[a])
    return found_anew
