"""What the arcs of a metric cost where some edges are closed, beside the metric and not in it.

Only what a closed edge can make dearer is found anew, as in `updating`; what differs lies in arrays
of its own, whose pages take memory where something is written. So closing a town's streets for one
request costs what those streets are, not what the continent is, and nothing of the metric changes.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.cch.customization import NO_ORIGIN, UNREACHABLE, Metric
from routing.cch.heap import pop, push
from routing.cch.partial_customization import MUCH_LONGER, first_at_least
from routing.cch.topology import find_arc

type Bool = NDArray[np.bool_]
type Int8 = NDArray[np.int8]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

_NONE: Final = np.int32(UNREACHABLE)


@dataclass(frozen=True, eq=False, slots=True)
class ClosedArcs:
    """Costs of arcs without closed edges.

    Parameters
    ----------
    up, down
        int32 [M]: 1 more than what an arc costs, 0 where that is what the metric says.
    """

    up: Int32
    down: Int32

    @classmethod
    def none(cls) -> Self:
        """Give that of no closed edge."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int32))

    @classmethod
    def of(cls, metric: Metric, closed: Bool) -> Self:
        """Find them; the caller keeps the metric from being changed meanwhile.

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
            t.subtree,
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
        )
        return cls(up, down)


@inlined
def with_closed(cost: Int32, over: Int32, a: int) -> int:
    """Return what an arc costs, its closed edges left out.

    Both are read before one is chosen: a branch would be guessed wrong half the time.
    """
    without = int(over[a]) - 1
    as_before = int(cost[a])
    return without if without >= 0 else as_before


@compiled
def climb_around(
    first: Int64,
    parent: Int32,
    level: NDArray[np.uint16],
    head_level: NDArray[np.uint16],
    cost: Int32,
    over: Int32,
    source: int,
    reached: Int32,
    chain: Int32,
) -> None:
    """Climb as `queries.climb`, its closed edges left out; ``over`` may be empty."""
    reached[: level[source] + 1] = _NONE
    reached[level[source]] = 0
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
def _over(
    up: Int32,
    down: Int32,
    over_up: Int32,
    over_down: Int32,
    xv: int,
    xu: int,
    best_up: int,
    best_down: int,
) -> tuple[int, int]:
    """Give what an arc (v, u) costs if the way over x is cheaper."""
    through_up = with_closed(down, over_down, xv) + with_closed(up, over_up, xu)
    through_down = with_closed(up, over_up, xv) + with_closed(down, over_down, xu)
    return min(best_up, through_up), min(best_down, through_down)


@inlined
def _without_closed(
    first: Int64,
    head: Int32,
    tail: Int32,
    subtree: Int32,
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
    a: int,
) -> tuple[int, int]:
    """Find what an arc costs up and down: its open edges and its lower triangles."""
    best_up = int(_NONE)
    best_down = int(_NONE)
    for i in range(arc_first[a], arc_first[a + 1]):
        edge = arc_edge[i]
        if closed[edge]:
            continue
        if edge_is_up[edge]:
            best_up = min(best_up, int(cost[edge]))
        else:
            best_down = min(best_down, int(cost[edge]))
    v = tail[a]
    u = head[a]
    i = down_first[v]
    i_end = down_first[v + 1]
    j = first_at_least(down_tail, down_first[u], down_first[u + 1], subtree[v])
    j_end = first_at_least(down_tail, j, down_first[u + 1], v)
    if MUCH_LONGER * min(i_end - i, j_end - j) < max(i_end - i, j_end - j):
        # Look each of the shorter list up.
        is_of_v = i_end - i < j_end - j
        far = u if is_of_v else v
        for k in range(i if is_of_v else j, i_end if is_of_v else j_end):
            near = down_arc[k]
            other = find_arc(first, head, down_tail[k], far)
            if other < 0:
                continue
            xv = near if is_of_v else other
            xu = other if is_of_v else near
            best_up, best_down = _over(up, down, over_up, over_down, xv, xu, best_up, best_down)
        return best_up, best_down
    while i < i_end and j < j_end:
        x = down_tail[i]
        y = down_tail[j]
        if x == y:
            xv, xu = down_arc[i], down_arc[j]
            best_up, best_down = _over(up, down, over_up, over_down, xv, xu, best_up, best_down)
            i += 1
            j += 1
        elif x < y:
            i += 1
        else:
            j += 1
    return best_up, best_down


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
    """Tell whether no edge at a rank is open: then no arc at it is a way.

    Parameters
    ----------
    known
        int8 [N]: 1 where it is, 2 where it is not, 0 where nobody has looked.
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
    """Tell whether what an arc's cost comes from is closed, or was found to be dearer.

    Parameters
    ----------
    origin
        As `Metric.up_origin`.
    low, high
        The arc's ends, from ``low`` on.
    over_first, over_last
        Of the ways from ``low`` down to the middle, and from there up to ``high``.
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
    subtree: Int32,
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
) -> int:
    """Carry the closing of edges upwards, tail by tail, each after all that it depends on.

    Nothing becomes cheaper. So an arc is found anew where what its cost comes from is closed, or
    became dearer itself; at a rank without an open edge none is a way.

    Parameters
    ----------
    over_up, over_down
        int32 [M], all 0: receive what differs, see `ClosedArcs`.
    cut_off, queued, heap
        int8 [N], all 0, bool [N], none set, and int32 [N + 1]: scratch.

    Returns
    -------
    How many arcs were found anew.
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
        for a in range(first[v], first[v + 1]):
            u = head[a]
            now_up = int(_NONE)
            now_down = int(_NONE)
            if not is_cut_off and not _is_cut_off(
                first, down_first, down_arc, arc_first, arc_edge, cost, closed, cut_off, u
            ):
                if not (
                    _came_dearer(first, head, closed, up_origin[a], v, u, over_down, over_up)
                    or _came_dearer(first, head, closed, down_origin[a], v, u, over_up, over_down)
                ):
                    continue
                found_anew += 1
                now_up, now_down = _without_closed(
                    first,
                    head,
                    tail,
                    subtree,
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
                    a,
                )
            if now_up != up[a]:
                over_up[a] = now_up + 1
                last = a
            if now_down != down[a]:
                over_down[a] = now_down + 1
                last = a
        # Ways over v to the last head that is dearer lie beside arcs of the heads before it.
        for a in range(first[v], last + 1):
            if not queued[head[a]]:
                queued[head[a]] = True
                size = push(heap, size, head[a])
    return found_anew
