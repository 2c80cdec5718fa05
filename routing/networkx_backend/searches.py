"""Searches of the networkx backend: results equal those of networkx, or the call is refused."""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from routing.cch import UNREACHABLE
from routing.errors import InvalidCost, InvalidNode, NotOurs
from routing.networkx_backend.network import RoadNetwork
from routing.networkx_backend.path_tree import NONE, grow

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]
type Label = Hashable

_HIGHEST: Final = UNREACHABLE - 1


@dataclass(frozen=True, eq=False)
class SearchTree:
    """Shortest path tree from some sources, or towards a target.

    Parameters
    ----------
    order
        int64, node numbers in the order in which Dijkstra's search settles them.
    via
        int64 [N], the edge to each node, below 0 for a source.
    near
        int32 [E], the node at that end of each edge which lies towards the sources.
    cost
        int32, the costs of the nodes in ``order``.
    """

    network: RoadNetwork
    weight: str | None
    order: Int64
    via: Int64
    near: Int32
    cost: Int32

    def lengths(self) -> dict[Label, Any]:
        """Return the cost of each reached node, by node label, in ascending order of cost."""
        labels = self.network.nodes
        costs = self.cost.tolist()
        if self.network.weight(self.weight).is_float:
            costs = [float(cost) for cost in costs]
        return {labels[v]: cost for v, cost in zip(self.order.tolist(), costs, strict=True)}

    def paths(self) -> dict[Label, list[Label]]:
        """Return, by label of each reached node, the path from a source to the node as labels."""
        labels = self.network.nodes
        found: dict[Label, list[Label]] = {}
        edges = self.via[self.order]
        before = np.zeros(len(edges), np.int32)
        before[edges >= 0] = self.near[edges[edges >= 0]]
        rows = zip(self.order.tolist(), edges.tolist(), before.tolist(), strict=True)
        for v, edge, u in rows:
            label = labels[v]
            found[label] = [label] if edge < 0 else [*found[labels[u]], label]
        return found


def between(
    network: RoadNetwork, source: int, target: int, weight: str | None
) -> tuple[Any, list[Label]] | None:
    """Return cost and node labels of the cheapest path between two nodes; None without a path."""
    metric = network.metric(weight)
    cost, edges = network.hierarchy.path(metric, source, target)
    if not _is_current(network, edges.tolist(), weight):
        return between(network, source, target, weight)
    if cost >= UNREACHABLE:
        _refuse_overflow(network, weight, source, target)
        return None
    labels = network.nodes
    ends = network.rows.head[edges].tolist()
    return network.weight(weight).given_back(cost), [labels[source], *(labels[v] for v in ends)]


def length_between(network: RoadNetwork, source: int, target: int, weight: str | None) -> Any:  # noqa: ANN401 -- int or float, as the weights are
    """Return the cost of the cheapest path between two nodes; None where there is no path."""
    if network.origin is not None:
        # Find the path, too, to check that the networkx graph still has the same weights on its
        # edges.
        found = between(network, source, target, weight)
        return None if found is None else found[0]
    cost = network.hierarchy.distance(network.metric(weight), source, target)
    if cost >= UNREACHABLE:
        _refuse_overflow(network, weight, source, target)
        return None
    return network.weight(weight).given_back(cost)


def nearest(
    network: RoadNetwork, sources: Sequence[int], target: int, weight: str | None
) -> tuple[Any, list[Label]] | None:
    """Return cost and node labels of the cheapest path from any source; None without a path."""
    if len(sources) == 1:
        return between(network, sources[0], target, weight)
    costs = network.hierarchy.many_to_many(network.metric(weight), sources, [target])[:, 0]
    found = between(network, sources[int(np.argmin(costs))], target, weight)
    if found is None:
        for source in sources:
            _refuse_overflow(network, weight, source, target)
    return found


def tree(
    network: RoadNetwork,
    ends: Iterable[int],
    weight: str | None,
    *,
    cutoff: float | None = None,
    backward: bool = False,
) -> SearchTree:
    """Return the tree of all nodes reached from some nodes, or of all nodes that reach them.

    Parameters
    ----------
    ends
        Numbers of the nodes at the root.
    cutoff
        Highest cost of a path; the nodes in ``ends`` are always reached.
    backward
        Whether to search against the direction of the edges.
    """
    sources = np.array(list(dict.fromkeys(ends)), np.int64)
    backward = backward and network.is_directed()
    rows = network.rows_back if backward else network.rows
    near = network.rows.head if backward else network.tail
    limit = _HIGHEST if cutoff is None or not cutoff < _HIGHEST else math.floor(cutoff)
    while True:
        metric = network.metric(weight)
        reach, by_reach = _reach(network, weight, sources, limit, backward=backward)
        order, via = grow(rows.start, rows.head, rows.edge, metric.cost, reach, by_reach, sources)
        edges = via[order]
        # Else search once more: the tree is incomplete if a weight changed during the search, and
        # out of date if `_is_current` has found other weights and read them again.
        if len(order) == len(by_reach) and _is_current(network, edges[edges >= 0].tolist(), weight):
            return SearchTree(network, weight, order, via, near, reach[order])


def _reach(
    network: RoadNetwork, weight: str | None, sources: Int64, limit: int, *, backward: bool
) -> tuple[Int32, Int64]:
    """Return the cost of each node, int32 [N], and the reached nodes by ascending cost, int64."""
    reach = np.full(len(network), NONE, np.int32)
    nodes, costs = network.hierarchy.within(
        network.metric(weight), sources, limit, backward=backward
    )
    reach[nodes] = costs
    reach[sources] = 0
    reached = np.flatnonzero(reach >= 0)
    if limit == _HIGHEST and network.weight(weight).may_overflow(len(network)):
        ways, _ = network.hierarchy.within(
            network.ways(weight), sources, _HIGHEST, backward=backward
        )
        if len(ways) != len(reached):
            raise NotOurs(_TOO_HIGH)
    return reach, reached[np.argsort(reach[reached], kind="stable")]


_TOO_HIGH: Final = (
    f"a path costs more than {_HIGHEST:,}, the most that is counted: give weights in a larger unit"
)


def _refuse_overflow(network: RoadNetwork, weight: str | None, source: int, target: int) -> None:
    """Raise NotOurs if two nodes are connected, but a path costs more than an int32 cost holds."""
    if network.weight(weight).may_overflow(len(network)):
        open_cost = network.hierarchy.distance(network.ways(weight), source, target)
        if open_cost < UNREACHABLE:
            raise NotOurs(_TOO_HIGH)


def _is_current(network: RoadNetwork, edges: Sequence[int], weight: str | None) -> bool:
    """Return whether a result's edges still have the weights of the networkx graph of origin.

    If weights differ, read all weights from that graph again.
    """
    if network.is_current(edges, weight):
        return True
    try:
        network.refresh()
    except (InvalidCost, InvalidNode) as exc:
        raise NotOurs(f"the converted graph is out of date: {exc}") from exc
    if not network.is_current(edges, weight):
        raise NotOurs("the converted graph is out of date: edges came and went")
    return False
