"""The peers of the road engine behind one face; one that is not installed is left out."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from routing.cch import UNREACHABLE, Hierarchy

type Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Roads:
    """A graph: the ends and the cost of each edge, and degrees of each node [2, N]."""

    name: str
    tail: Ints
    head: Ints
    cost: Ints
    lonlat: NDArray[np.float64]

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.lonlat[0])

    def cheapest(self) -> tuple[Ints, Ints, Ints]:
        """Return tail, head and cost with one edge, the cheapest, of those that are parallel."""
        order = np.lexsort((self.cost, self.head, self.tail))
        tail, head = self.tail[order], self.head[order]
        is_first = np.ones(len(order), np.bool_)
        is_first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
        return tail[is_first], head[is_first], self.cost[order][is_first]


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
    """The hierarchy of this repository."""

    name: str = "amparo"
    most_pairs: int | None = None

    def __init__(self, roads: Roads) -> None:
        self.hierarchy = Hierarchy.of_graph(roads.tail, roads.head, roads.node_count)
        self.metric = self.hierarchy.customize(roads.cost)

    def path(self, source: int, target: int) -> int:
        """See `Engine`."""
        return self.hierarchy.path(self.metric, source, target)[0]

    def distance(self, source: int, target: int) -> int:
        """Return the cost alone."""
        return self.hierarchy.distance(self.metric, source, target)

    def one_to_all(self, source: int) -> Ints:
        """See `Engine`."""
        return self.hierarchy.one_to_all(self.metric, source)

    def table(self, nodes: Ints) -> Ints:
        """See `Engine`."""
        return self.hierarchy.many_to_many(self.metric, nodes, nodes)

    def customize(self, cost: Ints) -> None:
        """See `Engine`."""
        self.metric = self.hierarchy.customize(cost)

    def update(self, edges: Ints, cost: Ints) -> bool:
        """See `Engine`."""
        self.hierarchy.update(self.metric, edges, cost)
        return True


class NetworkX:
    """Bidirectional Dijkstra, the answer to a plain ``shortest_path``."""

    name: str = "networkx"
    most_pairs: int | None = 10

    def __init__(self, roads: Roads) -> None:
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
        return int(self._metric.query(source, target)[0])

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


ENGINES: tuple[Callable[[Roads], Engine], ...] = (Amparo, NetworkX, SciPy, PyRoutingKit)
