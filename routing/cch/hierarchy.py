"""Public interface of the contraction hierarchy: input is checked, any thread may call it."""

import threading
from typing import Final, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing.cch import queries, validation, via_candidates, via_selection
from routing.cch.closed_arcs import ClosedArcs, climb
from routing.cch.customization import UNREACHABLE, Metric
from routing.cch.partial_customization import Updating
from routing.cch.topology import Topology
from routing.cch.unpacking import TOO_SHORT
from routing.cch.via_nodes import ViaLimits, Ways
from routing.errors import GraphError, InvalidCost, InvalidNode

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]
type Lengths = NDArray[np.float64] | NDArray[np.uint32]

#: Array types of edge lengths that the kernels are compiled for.
_LENGTHS: Final = (np.float64, np.uint32)

_FIRST_ROOM: Final = 4096
#: Most nodes of a hierarchy: node ids are kept in 32 bits.
_MOST_NODES: Final = int(np.iinfo(np.int32).max)


class _Scratch(threading.local):
    """Working arrays of one thread's searches, and the array that receives a path's edges."""

    def __init__(self, height: int) -> None:
        room = max(height, 1)
        first, second, third, fourth = (np.empty(room, np.int32) for _ in range(4))
        self.levels: tuple[Int32, Int32, Int32, Int32] = (first, second, third, fourth)
        self.stack = np.empty((3 * height + 2, 4), np.int64)
        self.out = np.empty((2, _FIRST_ROOM), np.int32)
        self.ways = Ways.of_height(height)


class Hierarchy:
    """Exact searches over a road graph of N nodes and E edges, for any number of metrics.

    Any number of threads may search at the same time, also while another thread updates a metric:
    each search sees the metric either before or after the update.

    Parameters
    ----------
    topology
        The arcs, built from the road graph.
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._scratch = _Scratch(topology.height)
        self._updating: Updating | None = None
        self._update_lock = threading.Lock()

    @classmethod
    def of_graph(cls, tail: ArrayLike, head: ArrayLike, node_count: int) -> Self:
        """Build the hierarchy of a road graph, each edge given by the ids of its tail and its head.

        Raises
        ------
        GraphError
            If a node does not exist, or the graph is too dense to be a road graph.
        """
        count = validation.whole(node_count)
        if not 0 <= count <= _MOST_NODES:
            raise GraphError(f"{node_count} nodes: a whole number up to {_MOST_NODES} is needed")
        try:
            ends = [validation.ids(given, count, "node").astype(np.int32) for given in (tail, head)]
        except InvalidNode as error:
            raise GraphError(f"an edge ends nowhere: {error}") from error
        return cls(Topology.build(ends[0], ends[1], count))

    # --- metrics ------------------------------------------------------------------------------

    def customize(self, cost: ArrayLike) -> Metric:
        """Return the metric of the given edge costs.

        Parameters
        ----------
        cost
            Integers [E], >= 0; `UNREACHABLE` and more closes an edge.

        Raises
        ------
        InvalidCost
            If the costs have another length, are not integers or are negative.
        """
        return Metric.of(self.topology, validation.costs(cost, self.topology.edge_count))

    def update(self, metric: Metric, edges: ArrayLike, cost: ArrayLike) -> int:
        """Change the costs of some edges of a metric; the result equals a full customisation.

        Parameters
        ----------
        edges, cost
            Integers [k]; where an edge is given twice, the last cost counts.

        Returns
        -------
        int
            The number of arcs that were recomputed.

        Raises
        ------
        InvalidNode
            If an edge does not exist.
        InvalidCost
            As for `customize`, or if the metric belongs to another hierarchy.
        """
        self._require_own(metric)
        which = validation.ids(edges, self.topology.edge_count, "edge")
        costs = validation.costs(cost, len(which))
        with self._update_lock:
            if self._updating is None:
                self._updating = Updating(self.topology)
            with metric.gate.writing():
                return self._updating.apply(metric, which, costs)

    # --- searches -----------------------------------------------------------------------------

    def distance(self, metric: Metric, source: int, target: int) -> int:
        """Return the cost of the cheapest path, `UNREACHABLE` where there is no path.

        Raises
        ------
        InvalidNode
            If a node does not exist.
        """
        t = self._require_own(metric)
        ends = (self._rank(source), self._rank(target))
        with metric.gate:
            cost, _ = queries.meet(
                t.first,
                t.parent,
                t.level,
                t.head_level,
                metric.up,
                metric.down,
                *ends,
                *self._scratch.levels,
            )
        return int(cost)

    def path(self, metric: Metric, source: int, target: int) -> tuple[int, Int32]:
        """Return the cost of the cheapest path and its edges in the order of travel.

        There are no edges where there is no path (`UNREACHABLE`) or where source and target are the
        same node (0).

        Raises
        ------
        InvalidNode
            If a node does not exist.
        """
        t = self._require_own(metric)
        scratch = self._scratch
        ends = (self._rank(source), self._rank(target))
        with metric.gate:
            while True:
                cost, length = queries.path(
                    t.first,
                    t.head,
                    t.tail,
                    t.parent,
                    t.level,
                    t.head_level,
                    metric.up,
                    metric.down,
                    metric.up_origin,
                    metric.down_origin,
                    *ends,
                    *scratch.levels,
                    scratch.stack,
                    scratch.out,
                )
                if length != TOO_SHORT:
                    return int(cost), scratch.out[0, :length].copy()
                scratch.out = np.empty((2, 4 * scratch.out.shape[1]), np.int32)

    def vias(self, metric: Metric, source: int, target: int, limit: int) -> tuple[Int32, Int32]:
        """Return via nodes and the cost of the cheapest path over each, the cheapest first.

        The via nodes are the nodes of the separators between source and target, see
        `routing.cch.via_nodes`.

        Parameters
        ----------
        limit
            The most that a path may cost; capped at `UNREACHABLE` - 1.

        Returns
        -------
        (nodes int32 [k], costs int32 [k])

        Raises
        ------
        InvalidNode
            If a node does not exist.
        """
        ends = (self._rank(source), self._rank(target))
        ways = self._scratch.ways
        with metric.gate:
            ways.find(self.topology, metric, *ends)
        ranks, costs = ways.within(self.topology, *ends, min(int(limit), UNREACHABLE - 1))
        return self.topology.order[ranks], costs

    def alternatives(
        self,
        metric: Metric,
        source: int,
        target: int,
        length: Lengths,
        count: int,
        limits: ViaLimits,
    ) -> list[tuple[int, Int32]]:
        """Return the cheapest path and good alternatives to it, the cheapest first.

        Parameters
        ----------
        length
            float64 or uint32 [E]: edge lengths, in which overlaps are measured.
        count
            The most paths to return, 1 to `via_selection.MOST`.

        Returns
        -------
        Cost and edges in the order of travel of each path; an empty list where there is no path.

        Raises
        ------
        InvalidNode
            If a node does not exist.
        InvalidCost
            If the lengths have another number or type, or the count is out of range.
        """
        topology = self.topology
        if length.shape != (topology.edge_count,) or length.dtype not in _LENGTHS:
            raise InvalidCost(f"{topology.edge_count} lengths are needed, float64 or uint32")
        if not 1 <= count <= via_selection.MOST:
            raise InvalidCost(f"one to {via_selection.MOST} paths may be asked for, not {count}")
        ends = (self._rank(source), self._rank(target))
        if ends[0] == ends[1]:
            return [(0, np.empty(0, np.int32))]
        ways = self._scratch.ways
        with metric.gate:
            best = ways.find(topology, metric, *ends)
            if best >= UNREACHABLE:
                return []
            return via_selection.chosen(
                topology,
                metric,
                ends,
                ways,
                via_candidates.listed(topology, metric, ends, ways, limits),
                length,
                count,
                limits,
                self._scratch.levels,
                self._scratch.stack,
            )

    def within(
        self,
        metric: Metric,
        sources: ArrayLike,
        limit: int,
        *,
        seed_cost: ArrayLike | None = None,
        backward: bool = False,
    ) -> tuple[Int32, Int32]:
        """Return all nodes that cost no more than a limit to reach, and their costs.

        Parameters
        ----------
        sources
            Node ids [k].
        limit
            The highest cost; capped at `UNREACHABLE` - 1.
        seed_cost
            Integers [k], >= 0, the cost at which each source starts; 0 by default.
        backward
            Whether to find the costs from the nodes to the sources.

        Returns
        -------
        (nodes int32 [found], costs int32 [found])
            In unspecified order.

        Raises
        ------
        InvalidNode
            If a node does not exist.
        InvalidCost
            As for `customize`, or if the limit is not a whole number.
        """
        t = self._require_own(metric)
        ranks = t.rank[validation.ids(sources, t.node_count, "node")]
        seeds = np.zeros(len(ranks), np.int32)
        if seed_cost is not None:
            seeds = validation.costs(seed_cost, len(ranks))
        climbing, descending = metric.up, metric.down
        if backward:
            climbing, descending = descending, climbing
        nodes, costs = np.empty(t.node_count, np.int32), np.empty(t.node_count, np.int32)
        with metric.gate:
            found = queries.sweep(
                t.first,
                t.order,
                t.subtree,
                t.level,
                t.head_level,
                descending,
                *self._climb(climbing, ranks, seeds),
                validation.limit(limit),
                self._scratch.levels[0],
                nodes,
                costs,
            )
        return nodes[:found].copy(), costs[:found].copy()

    def one_to_all(self, metric: Metric, source: int, *, backward: bool = False) -> Int32:
        """Return the cost to every node, int32 [N], `UNREACHABLE` where there is no path.

        Parameters
        ----------
        backward
            Whether to find the costs from every node to the source.

        Raises
        ------
        InvalidNode
            If a node does not exist.
        """
        nodes, costs = self.within(metric, [source], UNREACHABLE, backward=backward)
        out = np.full(self.topology.node_count, UNREACHABLE, np.int32)
        out[nodes] = costs
        return out

    def many_to_many(self, metric: Metric, sources: ArrayLike, targets: ArrayLike) -> Int32:
        """Return the cost from every source to every target, int32 [sources, targets].

        Raises
        ------
        InvalidNode
            If a node does not exist.
        """
        t = self._require_own(metric)
        rows = t.rank[validation.ids(sources, t.node_count, "node")]
        columns = t.rank[validation.ids(targets, t.node_count, "node")]
        out = np.empty((len(rows), len(columns)), np.int32)
        with metric.gate:
            queries.table(
                t.first,
                t.parent,
                t.level,
                t.head_level,
                metric.up,
                metric.down,
                rows,
                columns,
                t.height,
                out,
            )
        return out

    def one_to_many(self, metric: Metric, source: int, targets: ArrayLike) -> Int32:
        """Return the cost from a node to every target, int32 [targets].

        Raises
        ------
        InvalidNode
            If a node does not exist.
        """
        return cast("Int32", self.many_to_many(metric, [source], targets)[0])

    def _require_own(self, metric: Metric) -> Topology:
        """Return the topology; refuse another hierarchy's metric, whose arrays do not fit it."""
        if metric.topology is not self.topology:
            raise InvalidCost("the metric is of another hierarchy")
        return self.topology

    def _rank(self, node: int) -> int:
        index = validation.whole(node)
        if not 0 <= index < self.topology.node_count:
            raise InvalidNode("node", node, self.topology.node_count)
        return int(self.topology.rank[index])

    def _climb(self, cost: Int32, ranks: Int32, seeds: Int32) -> tuple[Int32, Int32]:
        """Return ranks and their ancestors, highest first, and the least cost of climbing to each.

        ``seeds`` are the costs at which the climb starts from each rank.
        """
        t = self.topology
        reached, chain = self._scratch.levels[:2]
        none_closed = ClosedArcs.none().up
        least: dict[int, int] = {}
        for source, seed in zip(ranks.tolist(), seeds.tolist(), strict=True):
            climb(
                t.first, t.parent, t.level, t.head_level, cost, none_closed, source, reached, chain
            )
            levels = int(t.level[source]) + 1
            for rank, climbed in zip(
                chain[:levels].tolist(), reached[:levels].tolist(), strict=True
            ):
                least[rank] = min(least.get(rank, UNREACHABLE), climbed + seed)
        descending = sorted(least, reverse=True)
        return (
            np.array(descending, np.int32),
            np.array([least[rank] for rank in descending], np.int32),
        )
