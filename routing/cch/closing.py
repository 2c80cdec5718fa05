"""What the arcs of a metric cost where some edges are closed, beside the metric and not in it.

Only what a closed edge can make dearer is found anew, as in `updating`; what differs lies in arrays
of its own, whose pages take memory where something is written. So closing a town's streets for one
request costs what those streets are, not what the continent is, and nothing of the metric changes.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing.cch.customization import UNREACHABLE, Metric
from routing.cch.heap import pop, push
from routing.cch.topology import find_arc
from routing.cch.updating import _MUCH_LONGER, _first_at_least
from routing.compiling import compiled, inlined

type Bool = NDArray[np.bool_]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

_NONE: Final = np.int32(UNREACHABLE)


@dataclass(frozen=True, eq=False, slots=True)
class Closing:
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
            closed,
            np.flatnonzero(closed),
            up,
            down,
            np.zeros(t.arc_count, np.bool_),
            np.zeros(t.node_count, np.bool_),
            np.empty(t.node_count + 1, np.int32),
        )
        return cls(up, down)


@inlined
def with_closed(cost: Int32, over: Int32, a: int) -> int:
    """Return what an arc costs, its closed edges left out."""
    return int(over[a] - 1) if over[a] != 0 else int(cost[a])


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
    j = _first_at_least(down_tail, down_first[u], down_first[u + 1], subtree[v])
    j_end = _first_at_least(down_tail, j, down_first[u + 1], v)
    if _MUCH_LONGER * min(i_end - i, j_end - j) < max(i_end - i, j_end - j):
        # Look each of the shorter list up.
        is_of_v = i_end - i < j_end - j
        far = u if is_of_v else v
        for k in range(i if is_of_v else j, i_end if is_of_v else j_end):
            other = find_arc(first, head, down_tail[k], far)
            if other < 0:
                continue
            xv = down_arc[k] if is_of_v else other
            xu = other if is_of_v else down_arc[k]
            best_up = min(best_up, with_closed(down, over_down, xv) + with_closed(up, over_up, xu))
            best_down = min(
                best_down, with_closed(up, over_up, xv) + with_closed(down, over_down, xu)
            )
        return best_up, best_down
    while i < i_end and j < j_end:
        x = down_tail[i]
        y = down_tail[j]
        if x == y:
            xv = down_arc[i]
            xu = down_arc[j]
            best_up = min(best_up, with_closed(down, over_down, xv) + with_closed(up, over_up, xu))
            best_down = min(
                best_down, with_closed(up, over_up, xv) + with_closed(down, over_down, xu)
            )
            i += 1
            j += 1
        elif x < y:
            i += 1
        else:
            j += 1
    return best_up, best_down


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
    closed: Bool,
    closed_edges: Int64,
    over_up: Int32,
    over_down: Int32,
    waits: Bool,
    queued: Bool,
    heap: Int32,
) -> int:
    """Carry the closing of edges upwards, tail by tail, each after all that it depends on.

    Nothing becomes cheaper. So an arc waits to be found anew where an edge or a way that it may
    come by, for it costs the same, became dearer.

    Parameters
    ----------
    over_up, over_down
        int32 [M], all 0: receive what differs, see `Closing`.
    waits, queued, heap
        bool [M] and bool [N], none set, int32 [N + 1]: scratch.

    Returns
    -------
    How many arcs were found anew.
    """
    size = 0
    for edge in closed_edges:
        a = edge_arc[edge]
        if a < 0 or waits[a] or cost[edge] >= _NONE:
            continue
        if cost[edge] == (up[a] if edge_is_up[edge] else down[a]):
            waits[a] = True
            v = tail[a]
            if not queued[v]:
                queued[v] = True
                size = push(heap, size, v)
    found_anew = 0
    while size > 0:
        v = pop(heap, size)
        size -= 1
        queued[v] = False
        differs = False
        for a in range(first[v], first[v + 1]):
            if not waits[a]:
                continue
            waits[a] = False
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
                differs = True
            if now_down != down[a]:
                over_down[a] = now_down + 1
                differs = True
        if not differs:
            continue
        end = first[v + 1]
        for vu in range(first[v], end):
            is_dearer = over_up[vu] != 0 or over_down[vu] != 0
            u = head[vu]
            b = first[u]
            for vw in range(vu + 1, end):
                if not is_dearer and over_up[vw] == 0 and over_down[vw] == 0:
                    continue
                w = head[vw]
                while head[b] < w:
                    b += 1
                if waits[b]:
                    continue
                # Dearer on the one part or the other, on a way that cost what the arc does.
                on = down[vu] + up[vw]
                back = up[vu] + down[vw]
                if (on == up[b] and on < _NONE and (over_down[vu] != 0 or over_up[vw] != 0)) or (
                    back == down[b] and back < _NONE and (over_up[vu] != 0 or over_down[vw] != 0)
                ):
                    waits[b] = True
                    if not queued[u]:
                        queued[u] = True
                        size = push(heap, size, u)
    return found_anew
