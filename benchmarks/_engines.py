"""The peers of the road engine behind one face; one that is not installed is left out."""

import importlib
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from benchmarks._graphs import Ints, Roads
from routing.cch import UNREACHABLE, Hierarchy

#: Of a graph larger than this, networkx answers half as many pairs: each takes six seconds.
_LARGE: Final = 1_000_000


class Engine(Protocol):
    """What every engine can do; ``most_pairs`` says for how many pairs there is the patience."""

    name: str
    most_pairs: int | None

    def path(self, source: int, target: int) -> int:
        """Find the cheapest path, with its edges or nodes, and return its cost."""

    def one_to_all(self, source: int) -> Ints | None:
        """Return the cost to every node; None where the engine has no such search."""

    def table(self, nodes: Ints) -> Ints | None:
        """Return the costs between all pairs; None where the engine has no such search."""

    def customize(self, cost: Ints) -> None:
        """Take another cost for every edge."""

    def update(self, edges: Ints, cost: Ints) -> bool:
        """Take another cost for some edges; False where the engine cannot."""


class Amparo:
    """The hierarchy of this repository: a compiled region's, where the roads are one.

    That holds all roads of the region, and those that are not walked are closed.
    """

    name: str = "amparo"
    most_pairs: int | None = None

    def __init__(self, roads: Roads) -> None:
        self._node_count = roads.node_count
        if roads.region is None:
            self._edges = np.arange(len(roads.tail))
            self.hierarchy = Hierarchy.of_graph(roads.tail, roads.head, roads.node_count)
        else:
            self._edges = roads.region.edges
            self.hierarchy = roads.region.graph.hierarchy
        self.metric = self.hierarchy.customize(self.spread(roads.cost))

    def spread(self, cost: Ints) -> Ints:
        """Give the cost of every edge of the hierarchy, int32."""
        every = np.full(self.hierarchy.topology.edge_count, UNREACHABLE, np.int32)
        every[self._edges] = cost
        return every

    def route(self, source: int, target: int) -> tuple[int, NDArray[np.int64]]:
        """Return the cost of a path and its edges as ids of the roads."""
        cost, edges = self.hierarchy.path(self.metric, source, target)
        return cost, np.searchsorted(self._edges, edges)

    def path(self, source: int, target: int) -> int:
        """See `Engine`."""
        return self.hierarchy.path(self.metric, source, target)[0]

    def distance(self, source: int, target: int) -> int:
        """Return the cost alone."""
        return self.hierarchy.distance(self.metric, source, target)

    def one_to_all(self, source: int, *, backward: bool = False) -> Ints:
        """See `Engine`."""
        costs = self.hierarchy.one_to_all(self.metric, source, backward=backward)
        return costs[: self._node_count]  # without the copies of `routing.graph.turn_expansion`

    def table(self, nodes: Ints) -> Ints:
        """See `Engine`."""
        return self.hierarchy.many_to_many(self.metric, nodes, nodes)

    def customize(self, cost: Ints) -> None:
        """See `Engine`."""
        self.metric = self.hierarchy.customize(self.spread(cost))

    def update(self, edges: Ints, cost: Ints) -> bool:
        """See `Engine`."""
        self.hierarchy.update(self.metric, self._edges[edges], cost)
        return True


class NetworkX:
    """Bidirectional Dijkstra, the answer to a plain ``shortest_path``."""

    name: str = "networkx"

    def __init__(self, roads: Roads) -> None:
        self.most_pairs: int | None = 5 if roads.node_count > _LARGE else 10
        self._graph = nx.DiGraph()
        self._graph.add_weighted_edges_from(
            zip(*(part.tolist() for part in roads.cheapest()), strict=True)
        )

    def path(self, source: int, target: int) -> int:
        """See `Engine`."""
        return int(nx.bidirectional_dijkstra(self._graph, source, target)[0])

    def one_to_all(self, source: int) -> None:
        """Left out: a second and more."""

    def table(self, nodes: Ints) -> None:
        """Left out: minutes."""

    def customize(self, cost: Ints) -> None:
        """Not measured: writing attributes is all there is."""

    def update(self, edges: Ints, cost: Ints) -> bool:  # noqa: ARG002
        """See `Engine`."""
        return False


class SciPy:
    """Dijkstra over a sparse matrix; a path is read from the predecessors of a whole search."""

    name: str = "scipy"
    most_pairs: int | None = 10

    def __init__(self, roads: Roads) -> None:
        sparse = importlib.import_module("scipy.sparse")
        self._dijkstra: Callable[..., Any] = importlib.import_module(
            "scipy.sparse.csgraph"
        ).dijkstra
        tail, head, cost = roads.cheapest()
        shape = (roads.node_count, roads.node_count)
        self._matrix = sparse.csr_matrix((cost.astype(np.float64), (tail, head)), shape=shape)

    def path(self, source: int, target: int) -> int:
        """See `Engine`."""
        costs, before = self._dijkstra(self._matrix, indices=source, return_predecessors=True)
        path = [target]
        while path[-1] != source:
            path.append(int(before[path[-1]]))
        return int(costs[target])

    def one_to_all(self, source: int) -> Ints:
        """See `Engine`."""
        costs = self._dijkstra(self._matrix, indices=source)
        return np.where(np.isinf(costs), UNREACHABLE, costs).astype(np.int32)

    def table(self, nodes: Ints) -> None:
        """Left out: a one-to-all for each row."""

    def customize(self, cost: Ints) -> None:
        """Not measured: another array is all there is."""

    def update(self, edges: Ints, cost: Ints) -> bool:  # noqa: ARG002
        """See `Engine`."""
        return False


class PyRoutingKit:
    """RoutingKit's hierarchy through its Python binding: contiguous uint32, valid ids only."""

    name: str = "pyroutingkit"
    most_pairs: int | None = None

    def __init__(self, roads: Roads) -> None:
        binding = importlib.import_module("pyroutingkit")
        self._topology = binding.CCHTopology()
        lon, lat = np.ascontiguousarray(roads.lonlat, np.float32)
        self._topology.build(_u32(roads.tail), _u32(roads.head), lat, lon, roads.node_count)
        self._metric = binding.CCHMetric(self._topology)
        self._metric.customize(_u32(roads.cost))
        self._all = np.arange(roads.node_count, dtype=np.uint32)

    def path(self, source: int, target: int) -> int:
        """See `Engine`."""
        return min(int(self._metric.query(source, target)[0]), UNREACHABLE)

    def one_to_all(self, source: int) -> Ints:
        """See `Engine`."""
        return cast("Ints", self._costs(np.array([source], np.uint32), self._all)[0])

    def table(self, nodes: Ints) -> Ints:
        """See `Engine`."""
        return self._costs(_u32(nodes), _u32(nodes))

    def customize(self, cost: Ints) -> None:
        """See `Engine`."""
        self._metric.customize(_u32(cost))

    def update(self, edges: Ints, cost: Ints) -> bool:
        """See `Engine`."""
        self._metric.update_weights(_u32(edges), _u32(cost))
        return True

    def _costs(self, sources: NDArray[np.uint32], targets: NDArray[np.uint32]) -> Ints:
        found = self._metric.distances_many_to_many(sources, targets)
        out = np.minimum(found, UNREACHABLE).astype(np.int32)
        return cast("Ints", out.reshape(len(sources), len(targets)))


def _u32(values: Ints) -> NDArray[np.uint32]:
    return np.ascontiguousarray(values, np.uint32)


PEERS: Final[dict[str, Callable[[Roads], Engine]]] = {
    "networkx": NetworkX,
    "scipy": SciPy,
    "pyroutingkit": PyRoutingKit,
}
