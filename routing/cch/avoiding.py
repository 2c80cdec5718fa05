"""Cheapest paths that avoid a set of closed edges, without building another metric.

Closing edges can only raise costs. The metric's cost to the target is therefore a valid and tight
lower bound for A*: the search leaves the metric's cheapest path only where a closure forces it to
(CH-Potentials: Strasser and Zeitz, SEA 2021, LIPIcs 190:6). Most searches settle few junctions.

Where the path has to turn back far, around a wall of closed edges, the bound draws the search into
all junctions before the wall. After `SETTLED` junctions the search therefore gives up, the
costs of all arcs without the closed edges are computed (`ClosedArcs`), and the search starts again
with exact bounds, which lead it along the path.

A search backward from the target, one step for each step forward, ends both searches where closed
edges shut the target in; otherwise the forward search would visit everything that it can reach.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.cch import validation
from routing.cch.closed_arcs import ClosedArcs, climb, with_closed
from routing.cch.customization import UNREACHABLE, Metric
from routing.cch.heap import pop, push
from routing.cch.topology import Topology
from routing.errors import InvalidCost

type Bool = NDArray[np.bool_]
type UInt16 = NDArray[np.uint16]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

_NONE: Final = np.int32(UNREACHABLE)

#: Number of low bits of a queue entry that hold the rank; the bits above hold the cost.
_RANK_BITS: Final = 32
_RANK: Final = (1 << _RANK_BITS) - 1

#: Value in ``step`` for the source, which no edge leads to. Other values: 0 for a rank that is not
#: reached, else the id of the edge that reaches the rank, plus 1.
_SOURCE: Final = -1

_NO_EDGES: Final = np.zeros(0, np.int32)

#: Junctions that a search settles with the metric's bounds before exact bounds are computed [A]:
#: about 10 ms; the exact bounds take 10 to 90 ms where a request closes 500 to 60,000 edges.
SETTLED: Final = 10_000
#: Return value of `_search` when it gives up.
_GIVEN_UP: Final = -1


class ClosedEdges:
    """Closed edges of one request, with the arc costs and working arrays of searches around them.

    Arc costs and working arrays are created when first needed.

    Parameters
    ----------
    metric
        The metric to search; it must not change while this object is in use.
    closed
        bool [E].
    settled
        Junctions that a search may settle before exact bounds are computed; 0 computes them at
        once.

    Raises
    ------
    InvalidCost
        If ``closed`` has another length or another type.
    """

    def __init__(self, metric: Metric, closed: Bool, settled: int = SETTLED) -> None:
        edges = metric.topology.edge_count
        if closed.shape != (edges,) or closed.dtype != np.bool_:
            raise InvalidCost(f"{edges} marks are needed, bool")
        self.metric = metric
        self.closed = closed
        self.settled = settled
        self._closing: ClosedArcs | None = None
        self._scratch: _Scratch | None = None

    @property
    def closing(self) -> ClosedArcs | None:
        """Costs of the arcs without the closed edges; None until `close` has computed them."""
        return self._closing

    def close(self) -> ClosedArcs:
        """Return the costs of the arcs without the closed edges, computed once."""
        if self._closing is None:
            self._closing = ClosedArcs.of(self.metric, self.closed)
        return self._closing

    def scratch(self) -> "_Scratch":
        """Return the cleared working arrays; only one search at a time may use them."""
        if self._scratch is None:
            self._scratch = _Scratch(self.metric.topology.node_count)
        self._scratch.clear()
        return self._scratch


class _Scratch:
    """Working arrays that the searches of one request use one after the other.

    Clearing only the ranks that a search has touched takes time in proportion to the search.
    Allocating new arrays of zeros would take time in proportion to the region: 7 ms per search on
    2 million junctions, because the operating system clears memory in pages of 2 MB.

    Attributes
    ----------
    bound, reach
        int32 [N], 0 wherever no search has written.
    step, came
        int32 [N], valid only where ``reach`` is not 0.
    touched
        int32 [N + 1]: the number of ranks written in ``bound``, followed by those ranks.
    """

    def __init__(self, node_count: int) -> None:
        self.bound, self.reach = (np.zeros(node_count, np.int32) for _ in range(2))
        self.step, self.came = (np.empty(node_count, np.int32) for _ in range(2))
        self.touched = np.empty(node_count + 1, np.int32)
        self.touched[0] = 0

    def clear(self) -> None:
        """Reset ``bound`` and ``reach`` of all touched ranks; no other rank can be reached."""
        ranks = self.touched[1 : self.touched[0] + 1]
        self.bound[ranks] = 0
        self.reach[ranks] = 0
        self.touched[0] = 0


def path_around(
    topology: Topology, metric: Metric, source: int, target: int, closed: Bool
) -> tuple[int, Int32]:
    """Find the cheapest path between two nodes without closed edges.

    This is `paths_around` for a single target and no further nodes.

    Parameters
    ----------
    closed
        bool [E].

    Returns
    -------
    (cost, edges int32 [.] in the order of travel)
        `UNREACHABLE` and no edges where there is no path.
    """
    if metric.topology is not topology:
        raise InvalidCost("the metric is of another hierarchy")
    return paths_around(ClosedEdges(metric, closed), source, target, {})[target]


def paths_around(
    around: ClosedEdges,
    source: int,
    target: int,
    beside: Mapping[int, int],
) -> dict[int, tuple[int, Int32]]:
    """Find the cheapest paths without closed edges from a node to a target and to further nodes.

    Parameters
    ----------
    around
        The metric to search and the closed edges.
    source, target
        Node ids.
    beside
        Further nodes that are wanted, each with an allowance: how much more than the cheapest path
        to the target a path over that node may cost. The search uses the largest allowance for all.

    Returns
    -------
    By node: (cost, edges int32 [.] in the order of travel); `UNREACHABLE` and no edges where the
    target cannot be reached. Of the further nodes, only those that the search met are included.

    Raises
    ------
    InvalidNode
        If a node does not exist.
    """
    t = around.metric.topology
    nodes = [source, target, *beside]
    first, last, *others = t.rank[validation.ids(nodes, t.node_count, "node")].tolist()
    wanted = np.array(others, np.int32)
    slack = max(beside.values(), default=0)
    with around.metric.gate:
        known = around.closing
        limit = around.settled if known is None else t.node_count
        found = _searched(around, first, last, wanted, slack, known, limit)
        if found is None:
            found = _searched(around, first, last, wanted, slack, around.close(), t.node_count)
    assert found is not None  # noqa: S101 -- the limit is the number of junctions
    cost, reach, step, came, is_met = found
    told = {target: (int(cost), _walked(step, came, last) if cost < UNREACHABLE else _NO_EDGES)}
    for node, rank, is_known in zip(beside, others, is_met.tolist(), strict=True):
        if is_known:
            told[node] = (int(reach[rank]) - 1, _walked(step, came, rank))
    return told


def _searched(
    around: ClosedEdges,
    first: int,
    last: int,
    wanted: Int32,
    slack: int,
    closing: ClosedArcs | None,
    limit: int,
) -> tuple[int, Int32, Int32, Int32, Bool] | None:
    """Search between two ranks; return None after settling ``limit`` ranks without an answer.

    The lower bounds are exact where ``closing`` is given, else those of the metric.

    Returns
    -------
    (cost, reach, step, came, is_met): the result and the outputs of `_search`; the next search
    overwrites these arrays.
    """
    metric, t = around.metric, around.metric.topology
    over = ClosedArcs.none() if closing is None else closing
    is_met = np.zeros(len(wanted), np.bool_)
    reached, chain = (np.empty(max(t.height, 1), np.int32) for _ in range(2))
    scratch = around.scratch()
    climb(t.first, t.parent, t.level, t.head_level, metric.down, over.down, last, reached, chain)
    cost = _search(
        t.first,
        t.head,
        t.parent,
        t.level,
        t.down_first,
        t.down_arc,
        t.down_tail,
        t.arc_first,
        t.arc_edge,
        t.edge_is_up,
        metric.up,
        over.up,
        metric.cost,
        around.closed,
        first,
        last,
        reached,
        chain,
        scratch.bound,
        scratch.reach,
        scratch.step,
        scratch.came,
        scratch.touched,
        wanted,
        slack,
        limit,
        is_met,
    )
    return None if cost == _GIVEN_UP else (cost, scratch.reach, scratch.step, scratch.came, is_met)


def _walked(step: Int32, came: Int32, rank: int) -> Int32:
    """Return the edges of the path that `_search` found to a rank, in the order of travel."""
    edges: list[int] = []
    while step[rank] != _SOURCE:
        edges.append(int(step[rank]) - 1)
        rank = int(came[rank])
    return np.array(edges[::-1], np.int32)


@compiled
def _bound(
    first: Int64,
    head: Int32,
    parent: Int32,
    level: UInt16,
    up: Int32,
    over: Int32,
    target: int,
    reached: Int32,
    chain: Int32,
    bound: Int32,
    touched: Int32,
    stack: Int32,
    rank: int,
) -> int:
    """Return the least cost from a rank to the target, and store it for the rank and its ancestors.

    Parameters
    ----------
    over
        `ClosedArcs.up`, or empty to use the metric's costs alone.
    reached, chain
        From `climb`, started at the target.
    bound
        int32 [N]: the cost plus 1; 0 where not computed yet.
    touched
        As `_Scratch.touched`.
    stack
        int32 [height], scratch.
    """
    size = 0
    v = rank
    while v >= 0 and bound[v] == 0:
        stack[size] = v
        size += 1
        v = parent[v]
    while size > 0:
        size -= 1
        v = stack[size]
        here = level[v]
        best = _NONE
        if here <= level[target] and chain[here] == v:
            best = reached[here]
        for e in range(first[v], first[v + 1]):
            here_up = with_closed(up, over, e) if len(over) else up[e]
            best = min(best, np.int32(here_up + bound[head[e]] - 1))
        bound[v] = best + 1
        touched[0] += 1
        touched[touched[0]] = v
    return int(bound[rank]) - 1


@inlined
def _arc(
    first: Int64,
    head: Int32,
    down_first: Int64,
    down_arc: Int32,
    down_tail: Int32,
    v: int,
    k: int,
) -> tuple[int, int, bool]:
    """Return the k-th arc at a rank, the rank at its other end, and whether that rank is higher."""
    above = first[v + 1] - first[v]
    if k < above:
        return int(first[v] + k), int(head[first[v] + k]), True
    below = down_first[v] + k - above
    return int(down_arc[below]), int(down_tail[below]), False


@compiled
def _retreat(
    first: Int64,
    head: Int32,
    down_first: Int64,
    down_arc: Int32,
    down_tail: Int32,
    arc_first: Int64,
    arc_edge: Int32,
    edge_is_up: Bool,
    cost: Int32,
    closed: Bool,
    seen: Bool,
    behind: Int32,
    waiting: int,
) -> int:
    """Expand one rank of the backward search; return how many ranks it still has to expand.

    Parameters
    ----------
    seen
        bool [N], ranks that the backward search has found so far.
    behind
        int32 [N], a stack of ranks that lead to the target; the first ``waiting`` are valid.
    """
    waiting -= 1
    v = behind[waiting]
    for k in range(first[v + 1] - first[v] + down_first[v + 1] - down_first[v]):
        arc, to, is_above = _arc(first, head, down_first, down_arc, down_tail, v, k)
        if seen[to]:
            continue
        for row in range(arc_first[arc], arc_first[arc + 1]):
            edge = arc_edge[row]
            # Only edges that lead to v: down from a higher rank, or up from a lower one.
            if edge_is_up[edge] != is_above and not closed[edge] and cost[edge] < _NONE:
                seen[to] = True
                behind[waiting] = to
                waiting += 1
                break
    return waiting


@inlined
def _newly_met(wanted: Int32, v: int, is_met: Bool) -> int:
    """Mark a rank as met; return how many entries of ``wanted`` are this rank and were not met."""
    count = 0
    for k in range(len(wanted)):
        if wanted[k] == v and not is_met[k]:
            is_met[k] = True
            count += 1
    return count


@compiled
def _search(
    first: Int64,
    head: Int32,
    parent: Int32,
    level: UInt16,
    down_first: Int64,
    down_arc: Int32,
    down_tail: Int32,
    arc_first: Int64,
    arc_edge: Int32,
    edge_is_up: Bool,
    up: Int32,
    over: Int32,
    cost: Int32,
    closed: Bool,
    source: int,
    target: int,
    reached: Int32,
    chain: Int32,
    bound: Int32,
    reach: Int32,
    step: Int32,
    came: Int32,
    touched: Int32,
    wanted: Int32,
    slack: int,
    limit: int,
    is_met: Bool,
) -> int:
    """Run A* from the source, ordered by cost so far plus the lower bound of the remaining cost.

    The edges at a rank are found through its arcs.

    Parameters
    ----------
    source, target
        Ranks.
    over
        `ClosedArcs.up` for exact bounds, or empty for the metric's bounds.
    reached, chain
        From `climb`, started at the target.
    bound, reach, step, came
        int32 [N], of which ``bound`` and ``reach`` start as all 0. For each rank: the least cost to
        the target plus 1; the cost from the source plus 1; the edge over which the rank was reached
        (see `_SOURCE`); and the rank before that edge.
    touched
        As `_Scratch.touched`.
    wanted, slack
        int32 [w]: further ranks to look for, as long as the path over a rank costs at most
        ``slack`` more than the cheapest path to the target.
    limit
        The search gives up after settling this many ranks, unless it has met the target.
    is_met
        bool [w]: receives whether the search met each wanted rank.

    Returns
    -------
    The cost; `UNREACHABLE` where there is no path, `_GIVEN_UP` where the search gave up.
    """
    stack = np.empty(len(chain), np.int32)
    # Room for the source and one entry per edge: a rank is queued anew only when a further edge
    # reaches it at a lower cost.
    heap = np.empty(len(cost) + 1, np.int64)
    behind = np.empty(len(bound), np.int32)
    seen = np.zeros(len(bound), np.bool_)
    behind[0] = target
    seen[target] = True
    waiting, size = 1, 0
    is_shut_in = True
    cheapest, most, missing = int(_NONE), int(_NONE), len(wanted)
    still = _bound(
        first, head, parent, level, up, over, target, reached, chain, bound, touched, stack, source
    )
    if still < _NONE:
        reach[source] = 1
        step[source] = _SOURCE
        size = push(heap, size, (still << _RANK_BITS) | source)
    while size > 0:
        entry = pop(heap, size)
        size -= 1
        v = entry & _RANK
        so_far = reach[v] - 1
        if (entry >> _RANK_BITS) > so_far + bound[v] - 1:
            continue  # an outdated entry: its rank has been reached at a lower cost since
        limit -= 1
        if limit < 0 and cheapest >= _NONE:
            return _GIVEN_UP
        missing -= _newly_met(wanted, v, is_met)
        if v == target:
            cheapest, most = so_far, so_far + slack
        if (entry >> _RANK_BITS) > most or (cheapest < _NONE and missing == 0):
            break
        is_shut_in = is_shut_in and not seen[v]
        for k in range(first[v + 1] - first[v] + down_first[v + 1] - down_first[v]):
            arc, to, is_above = _arc(first, head, down_first, down_arc, down_tail, v, k)
            for row in range(arc_first[arc], arc_first[arc + 1]):
                edge = arc_edge[row]
                if edge_is_up[edge] != is_above or closed[edge] or cost[edge] >= _NONE:
                    continue
                through = so_far + cost[edge]
                if through >= _NONE or (reach[to] != 0 and reach[to] - 1 <= through):
                    continue
                still = _bound(
                    first,
                    head,
                    parent,
                    level,
                    up,
                    over,
                    target,
                    reached,
                    chain,
                    bound,
                    touched,
                    stack,
                    to,
                )
                if still >= _NONE:
                    continue
                reach[to] = through + 1
                step[to] = edge + 1
                came[to] = v
                size = push(heap, size, (int(through + still) << _RANK_BITS) | to)
        is_shut_in = is_shut_in and reach[behind[waiting - 1]] == 0
        if is_shut_in:
            waiting = _retreat(
                first,
                head,
                down_first,
                down_arc,
                down_tail,
                arc_first,
                arc_edge,
                edge_is_up,
                cost,
                closed,
                seen,
                behind,
                waiting,
            )
            if waiting == 0:
                break
    return cheapest
