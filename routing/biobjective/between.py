"""The roads between two places, each of which may be joined to the roads at several nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.biobjective.corridor import PathCorridor, Streets, corridor
from routing.cch import UNREACHABLE, Hierarchy, Metric, validation

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: A node, and the first and second cost of the way between a place and this node.
type End = tuple[int, int, int]

_COSTS: Final = (0, 1)


@dataclass(frozen=True, slots=True)
class PathEnds:
    """Where paths begin and end.

    Parameters
    ----------
    sources, targets
        Nodes where a path may enter and leave the roads, with both costs of the way there from the
        start, and from there to the end; integers >= 0.
    direct
        Both costs of each way from the start to the end without any node between.
    """

    sources: Sequence[End]
    targets: Sequence[End]
    direct: Sequence[tuple[int, int]] = ()

    @classmethod
    def of(cls, source: int, target: int) -> Self:
        """Return the ends of paths from one node to another."""
        return cls([(source, 0, 0)], [(target, 0, 0)])


@dataclass(frozen=True, eq=False, slots=True)
class FullPath:
    """A path with the ways at both ends.

    Parameters
    ----------
    edges
        int32 [.], the hierarchy's edges in order of travel.
    source, target
        Rows of `PathEnds.sources` and `PathEnds.targets`; None for a direct way.
    direct
        Row of `PathEnds.direct`; None for a path by nodes.
    """

    edges: Int32
    source: int | None = None
    target: int | None = None
    direct: int | None = None


class Between:
    """The roads between two places.

    The two places are added as nodes after all others. An arc leads from the start to each source,
    from each target to the end, and from the start to the end for each direct way. These arcs are
    numbered after the edges, in this order.

    Parameters
    ----------
    hierarchy, metrics, streets
        The graph, both costs, and its open edges.
    ends
        Where paths begin and end.

    Raises
    ------
    InvalidNode
        A node does not exist.
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        metrics: tuple[Metric, Metric],
        streets: Streets,
        ends: PathEnds,
    ) -> None:
        self._hierarchy = hierarchy
        self._metrics = metrics
        self._streets = streets
        self._edge_count = hierarchy.topology.edge_count
        self._sources, self._targets = (
            _checked(nodes, hierarchy.topology.node_count) for nodes in (ends.sources, ends.targets)
        )
        self._direct = np.array(list(ends.direct), np.int64).reshape(-1, 2)
        ways = (self._sources[:, 1:], self._targets[:, 1:], self._direct)
        self._way_cost = np.minimum(np.concatenate(ways), UNREACHABLE)

    def cost_of(self, path: Int32) -> tuple[int, int]:
        """Return the first and the second cost of a path, given as arcs."""
        is_way = path >= self._edge_count
        edges, ways = path[~is_way], path[is_way] - self._edge_count
        first, second = (
            int(metric.cost[edges].sum(dtype=np.int64) + self._way_cost[ways, row].sum())
            for row, metric in enumerate(self._metrics)
        )
        return first, second

    def cheapest(self) -> tuple[Int32, Int32] | None:
        """Return the arcs of the cheapest path by each cost; None where there is no path."""
        first, second = (self._cheapest(row) for row in _COSTS)
        return None if first is None or second is None else (first, second)

    def _cheapest(self, row: int) -> Int32 | None:
        sources, targets = self._sources, self._targets
        metric = self._metrics[row]
        best, cost = None, UNREACHABLE
        if len(sources) and len(targets):
            nodes = sources[:, 0], targets[:, 0]
            table = self._hierarchy.many_to_many(metric, *nodes).astype(np.int64)
            table = sources[:, row + 1, np.newaxis] + table + targets[:, row + 1]
            at = divmod(int(np.argmin(table)), len(targets))
            if table[at] < cost:
                best, cost = at, int(table[at])
        if len(self._direct) and self._direct[:, row].min() < cost:
            direct = int(np.argmin(self._direct[:, row]))
            return self._ways(len(sources) + len(targets) + direct)
        if best is None:
            return None
        source, target = int(sources[best[0], 0]), int(targets[best[1], 0])
        _, edges = self._hierarchy.path(metric, source, target)
        return np.concatenate((self._ways(best[0]), edges, self._ways(len(sources) + best[1])))

    def _ways(self, row: int) -> Int32:
        return np.array([self._edge_count + row], np.int32)

    def whole(self, path: Int32) -> FullPath:
        """Convert a path from arcs to edges, with the ways that it takes at start and end."""
        sources, targets = len(self._sources), len(self._targets)
        edges = path[path < self._edge_count]
        first, last = int(path[0]) - self._edge_count, int(path[-1]) - self._edge_count
        if first >= sources:
            return FullPath(edges, direct=first - sources - targets)
        return FullPath(edges, source=first, target=last - sources)

    def without_loops(self, path: Int32) -> Int32:
        """Return a path of arcs without the stretches between two visits of one node."""
        topology, edges = self._hierarchy.topology, path[1:-1]
        arc, is_up = topology.edge_arc[edges], topology.edge_is_up[edges]
        low, high = topology.tail[arc], topology.head[arc]
        tail, head = np.where(is_up, low, high), np.where(is_up, high, low)
        return np.concatenate((path[:1], edges[_straight(tail, head)], path[1:][-1:]))

    def corridor(self, limit: tuple[int, int]) -> PathCorridor:
        """Return the corridor of the paths that cost at most ``limit``.

        The cheapest path by the first cost and that by the second must be within ``limit``.
        """
        count = self._hierarchy.topology.node_count
        leaving = self._reached(self._sources, limit, self._targets, backward=False)
        arriving = self._reached(self._targets, limit, self._sources, backward=True)
        from_source, to_target = leaving, arriving[:, [*range(count), count + 1, count]]
        return corridor(self._extended(), from_source, to_target, limit, count, count + 1)

    def _reached(self, near: Int64, limit: tuple[int, int], far: Int64, *, backward: bool) -> Int32:
        """Return the least first and the least second cost of each node from a place, by rank.

        With ``backward``, to the place. int32 [2, N + 2].

        The last two columns are those of the place itself and of the other place.
        """
        rank = self._hierarchy.topology.rank
        out = np.full((2, len(rank) + 2), UNREACHABLE, np.int32)
        for row, metric in enumerate(self._metrics):
            open_ = near[near[:, row + 1] < UNREACHABLE]
            if len(open_):
                nodes, costs = self._hierarchy.within(
                    metric, open_[:, 0], limit[row], seed_cost=open_[:, row + 1], backward=backward
                )
                out[row, rank[nodes]] = costs
            over = out[row, rank[far[:, 0]]] + far[:, row + 1]
            every = np.concatenate((over, self._direct[:, row], [UNREACHABLE]))
            out[row, -2:] = 0, every.min()
        return out

    def _extended(self) -> Streets:
        """Return the streets, with the two places as further nodes and the arcs at these nodes."""
        streets, rank = self._streets, self._hierarchy.topology.rank
        sources, targets, direct = len(self._sources), len(self._targets), len(self._direct)
        end = len(rank) + 1
        leaving = rank[self._targets[:, 0]]
        order = np.argsort(leaving, kind="stable")
        added = np.zeros(len(rank) + 1, np.int64)
        np.add.at(added, leaving + 1, 1)
        start = streets.start + np.cumsum(added)
        at = streets.start[leaving[order] + 1]
        from_begin = np.r_[:sources, sources + targets : sources + targets + direct]
        cost = np.concatenate(
            (
                np.insert(streets.cost, at, self._way_cost[sources + order], axis=0),
                self._way_cost[from_begin],
            )
        )
        heads = (rank[self._sources[:, 0]], np.full(direct, end))
        return Streets(
            np.concatenate((start, [len(cost), len(cost)])),
            np.concatenate((np.insert(streets.head, at, end), *heads)).astype(np.int32),
            np.concatenate(
                (
                    np.insert(streets.edge, at, self._edge_count + sources + order),
                    self._edge_count + from_begin,
                )
            ).astype(np.int32),
            cost.astype(np.int32),
        )


def _checked(ends: Sequence[End], node_count: int) -> Int64:
    """Check that the nodes exist; return each node and its two costs as a row, int64 [k, 3]."""
    nodes = validation.ids([node for node, *_ in ends], node_count, "node")
    costs = np.array([cost for _, *cost in ends], np.int64).reshape(-1, 2)
    return np.column_stack((nodes, costs))


@compiled
def _straight(tail: Int32, head: Int32) -> Int64:
    """Return the indices of the arcs of a walk that remain when its loops are dropped, int64."""
    kept = np.empty(len(tail), np.int64)
    size = 0
    for i in range(len(tail)):
        # Drop a loop: go back to the kept arc that leaves the node to which this arc leads.
        back = size
        while back > 0 and tail[kept[back - 1]] != head[i]:
            back -= 1
        if back > 0:
            size = back - 1
        elif tail[i] != head[i]:
            kept[size] = i
            size += 1
    return kept[:size]
