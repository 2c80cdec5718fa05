"""Graph type of the networkx backend: node labels, weights and a contraction hierarchy."""

import threading
import weakref
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar, Final, Self, cast

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing.cch import UNREACHABLE, Hierarchy, Metric
from routing.errors import GraphError, InvalidCost, InvalidNode, UnknownEdge, UnknownWeight
from routing.networkx_backend.path_tree import Rows
from routing.networkx_backend.weights import MISSING, Weight, weights_on, whole

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]
type Label = Hashable

_MULTI_ENDS: Final = 3


class RoadNetwork:
    """A graph that networkx hands to the backend ``amparo`` without converting it.

    Nodes have arbitrary labels; edges are numbered in the order of the nodes they leave. An edge of
    an undirected network has two numbers, one per direction. Any number of threads may search at
    the same time, also while another thread updates weights.

    A network that networkx converted keeps a reference to the source graph (`origin`), and the
    backend checks the edges of each result against the source graph. An edge whose weight has
    increased, or has become negative, is noticed by the next result that uses the edge, and the
    network is updated before the result is returned. An edge whose weight has decreased is not
    noticed until `refresh`, or until networkx drops the conversion.

    Parameters
    ----------
    nodes
        Labels of the nodes, in the order of node numbers.
    start, head
        int64 [N + 1] and int32 [E]: the edges ``start[v]`` to ``start[v + 1]`` leave node number v;
        ``head`` has the number of the node that each edge leads to.
    weights
        Weights by name, integers [E], 0 or more; `routing.cch.UNREACHABLE` and more closes an
        edge.
    keys
        Keys of parallel edges, one per edge; None for a network without keys.
    is_directed
        Whether edges are directed; an undirected network has both directions of each edge.

    Raises
    ------
    GraphError
        There are no nodes, an edge leads to a missing node, or the graph is too dense for roads.
    InvalidCost
        A weight is not a valid cost.
    """

    #: Attribute by which networkx finds the backend of a graph.
    __networkx_backend__: ClassVar[str] = "amparo"

    def __init__(
        self,
        nodes: Sequence[Label],
        start: ArrayLike,
        head: ArrayLike,
        weights: Mapping[str, Sequence[Any] | NDArray[Any]],
        *,
        keys: Sequence[Hashable] | None = None,
        is_directed: bool = True,
    ) -> None:
        if not len(nodes):
            raise GraphError("no nodes")
        self.nodes = nodes
        self.keys = keys
        self.rows = Rows(
            np.asarray(start, np.int64),
            np.asarray(head, np.int32),
            np.arange(np.size(head), dtype=np.int64),
        )
        self.origin: weakref.ref[nx.Graph] | None = None
        self._is_directed = is_directed
        self._number = {label: number for number, label in enumerate(nodes)}
        self._lock = threading.Lock()
        self.tail = np.repeat(np.arange(len(nodes), dtype=np.int32), np.diff(self.rows.start))
        self.hierarchy = Hierarchy.of_graph(self.tail, self.rows.head, len(nodes))
        self._weights: dict[str | None, Weight] = {
            None: Weight(np.ones(len(self.tail), np.int32), is_float=False)
        }
        for name, values in weights.items():
            if len(values) != len(self.tail):
                raise InvalidCost(f"{name}: {len(self.tail)} weights are needed, not {len(values)}")
            self._weights[name] = Weight(*whole(values, closed=True))

    @classmethod
    def from_networkx(cls, graph: nx.Graph, *weights: str) -> Self:
        """Convert a networkx graph of any kind, with the named edge attributes as weights.

        An edge without the attribute has weight 1, as in networkx.

        Raises
        ------
        InvalidCost
            A weight is not an integer from 0 to `routing.cch.UNREACHABLE` - 1.
        GraphError
            The graph is too dense for a road graph.
        """
        number = {label: index for index, label in enumerate(graph)}
        rows = [row for _, row in graph.adjacency()]
        keys: list[Hashable] | None = None
        if graph.is_multigraph():
            heads = [number[v] for row in rows for v, edges in row.items() for _ in edges]
            counts = [sum(map(len, row.values())) for row in rows]
            keys = [key for row in rows for edges in row.values() for key in edges]
        else:
            heads = [number[v] for v in chain.from_iterable(rows)]
            counts = [len(row) for row in rows]
        checked = {name: whole(weights_on(graph, name)) for name in weights}
        network = cls(
            list(number),
            np.concatenate(([0], np.cumsum(np.array(counts, np.int64)))),
            np.array(heads, np.int32),
            {name: cost for name, (cost, _) in checked.items()},
            keys=keys,
            is_directed=graph.is_directed(),
        )
        for name, (_, is_float) in checked.items():
            network.weight(name).is_float = is_float
        return network

    def to_networkx(self) -> nx.Graph:
        """Return a networkx graph of the nodes and the open edges with their current weights."""
        kinds = {
            (False, False): nx.Graph,
            (True, False): nx.DiGraph,
            (False, True): nx.MultiGraph,
            (True, True): nx.MultiDiGraph,
        }
        result = kinds[self._is_directed, self.is_multigraph()]()
        result.add_nodes_from(self.nodes)
        named = {name: weight for name, weight in self._weights.items() if name is not None}
        ends = zip(self.tail.tolist(), self.rows.head.tolist(), strict=True)
        for edge, (u, v) in enumerate(ends):
            costs = {name: int(weight.cost[edge]) for name, weight in named.items()}
            if UNREACHABLE in costs.values():
                continue
            key = () if self.keys is None else (self.keys[edge],)
            attributes = {name: named[name].given_back(cost) for name, cost in costs.items()}
            result.add_edge(self.nodes[u], self.nodes[v], *key, **attributes)
        return result

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle; to copy a networkx graph copies its conversions, too."""
        return {
            "nodes": self.nodes,
            "keys": self.keys,
            "rows": self.rows,
            "tail": self.tail,
            "is_directed": self._is_directed,
            "topology": self.hierarchy.topology,
            "weights": {name: (w.cost, w.is_float) for name, w in self._weights.items()},
            "origin": None if self.origin is None else self.origin(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled state; locks and metrics are created anew."""
        self.nodes = state["nodes"]
        self.keys = state["keys"]
        self.rows = state["rows"]
        self.tail = state["tail"]
        self.hierarchy = Hierarchy(state["topology"])
        self.origin = None if state["origin"] is None else weakref.ref(state["origin"])
        self._is_directed = state["is_directed"]
        self._number = {label: number for number, label in enumerate(self.nodes)}
        self._lock = threading.Lock()
        self._weights = {name: Weight(*weight) for name, weight in state["weights"].items()}

    # --- graph methods that networkx expects ----------------------------------------------------

    def __repr__(self) -> str:
        """Return the counts of nodes and edges and the names of the weights, as text."""
        names = [name for name in self._weights if name is not None]
        return f"RoadNetwork({len(self)} nodes, {len(self.tail)} edges, weights {names})"

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self.nodes)

    def __iter__(self) -> Iterator[Label]:
        """Iterate over the nodes' labels."""
        return iter(self.nodes)

    def __contains__(self, label: object) -> bool:
        """Return whether there is a node with this label."""
        try:
            return label in self._number
        except TypeError:
            return False

    def is_directed(self) -> bool:
        """Return whether edges are directed."""
        return self._is_directed

    def is_multigraph(self) -> bool:
        """Return whether edges have keys, so that parallel edges are possible."""
        return self.keys is not None

    def number_of_nodes(self) -> int:
        """Count the nodes."""
        return len(self.nodes)

    def number_of_edges(self) -> int:
        """Count the edges; like in networkx, an undirected edge is one edge."""
        if self._is_directed:
            return len(self.tail)
        return (len(self.tail) + int(np.count_nonzero(self.tail == self.rows.head))) // 2

    # --- numbers ----------------------------------------------------------------------------------

    def number(self, label: Label) -> int:
        """Return a node's number.

        Raises
        ------
        InvalidNode
            There is no node with this label.
        """
        if label not in self:
            raise InvalidNode("node", label, len(self))
        return self._number[label]

    def edge(self, u: Label, v: Label, key: Hashable = None) -> int:
        """Return an edge's number.

        Parameters
        ----------
        key
            Key of the edge, in a network with parallel edges.

        Raises
        ------
        UnknownEdge
            There is no edge between the nodes with this key.
        """
        if u in self and v in self:
            tail, head = self._number[u], self._number[v]
            first = int(self.rows.start[tail])
            row = self.rows.head[first : int(self.rows.start[tail + 1])]
            for edge in (first + np.flatnonzero(row == head)).tolist():
                if self.keys is None or self.keys[edge] == key:
                    return int(edge)
        raise UnknownEdge(f"no edge from {u!r} to {v!r}" + ("" if key is None else f", {key!r}"))

    @cached_property
    def rows_back(self) -> Rows:
        """Edges grouped by the node they lead to."""
        return self.rows.reversed()

    # --- weights ----------------------------------------------------------------------------------

    def has_weight(self, name: str | None) -> bool:
        """Return whether there is a weight of this name; None (1 for each edge) always exists."""
        return name in self._weights

    def weight(self, name: str | None) -> Weight:
        """Return the weight of a name: the costs of all edges by this weight.

        Raises
        ------
        UnknownWeight
            The network was created without this weight.
        """
        try:
            return self._weights[name]
        except KeyError:
            known = ", ".join(repr(each) for each in self._weights if each is not None)
            raise UnknownWeight(f"no weight {name!r}, only {known or 'None'}") from None

    def metric(self, name: str | None) -> Metric:
        """Return the hierarchy's metric of a weight; it is built on first use."""
        weight = self.weight(name)
        if weight.metric is None:
            with self._lock:
                if weight.metric is None:
                    metric = self.hierarchy.customize(weight.cost)
                    weight.cost = metric.cost
                    weight.metric = metric
        return weight.metric

    def ways(self, name: str | None) -> Metric:
        """Return a metric in which every open edge costs 0, to test reachability."""
        weight = self.weight(name)
        with self._lock:
            if weight.ways is None:
                is_open = weight.cost < UNREACHABLE
                weight.ways = self.hierarchy.customize(np.where(is_open, 0, UNREACHABLE))
            return weight.ways

    def update_edges(self, costs: Mapping[tuple[Any, ...], Any], weight: str = "weight") -> int:
        """Set the weights of some edges, hundreds of neighbouring edges in milliseconds.

        Parameters
        ----------
        costs
            New weights by (u, v), or by (u, v, key) in a network with keys: integers from 0;
            `routing.cch.UNREACHABLE` and more closes the edge. An undirected edge changes in both
            directions.

        Returns
        -------
        int
            Count of the hierarchy's arcs that were checked.

        Raises
        ------
        UnknownEdge, UnknownWeight
            An edge or the weight does not exist; nothing is changed.
        InvalidCost
            A weight is not a valid cost; nothing is changed.
        """
        size = 2 if self.keys is None else _MULTI_ENDS
        edges: list[int] = []
        values: list[Any] = []
        for ends, value in costs.items():
            if len(ends) != size:
                raise UnknownEdge(f"edge {ends!r}: {'u, v, key' if self.keys else 'u, v'} is meant")
            edges.append(self.edge(*ends))
            values.append(value)
            if not self._is_directed:
                edges.append(self.edge(ends[1], ends[0], *ends[2:]))
                values.append(value)
        return self._set(weight, np.array(edges, np.int64), *whole(values, closed=True))

    def _set(self, name: str, edges: Int64, cost: Int32, is_float: bool) -> int:
        weight = self.weight(name)
        metric = self.metric(name)
        looked_at = self.hierarchy.update(metric, edges, cost)
        weight.is_float = weight.is_float or is_float
        with self._lock:
            weight.ways = None
        return looked_at

    # --- the graph of origin ----------------------------------------------------------------------

    def is_current(self, edges: Sequence[int], name: str | None) -> bool:
        """Return whether edges have the same weights here and in the graph of origin."""
        graph = None if self.origin is None else self.origin()
        if graph is None or name is None:
            return True
        cost = self.weight(name).cost
        for edge in edges:
            u, v = self.nodes[self.tail[edge]], self.nodes[self.rows.head[edge]]
            key = () if self.keys is None else (self.keys[edge],)
            data = graph.get_edge_data(u, v, *key)
            if data is None or data.get(name, MISSING) != cost[edge]:
                return False
        return True

    def refresh(self) -> int:
        """Read all weights again from the graph of origin.

        Returns
        -------
        int
            Count of edges with a changed weight; 0 if the graph of origin no longer exists.

        Raises
        ------
        InvalidCost
            A weight is not a valid cost.
        InvalidNode
            Edges were added or removed without networkx noticing.
        """
        graph = None if self.origin is None else self.origin()
        if graph is None:
            return 0
        changed = 0
        for name in [name for name in self._weights if name is not None]:
            values = weights_on(graph, name)
            if len(values) != len(self.tail):
                raise InvalidNode("edge", f"among {len(values)}", len(self.tail))
            cost, is_float = whole(values)
            edges = np.flatnonzero(cost != self.weight(name).cost)
            if len(edges):
                self._set(name, cast("Int64", edges), cost[edges], is_float)
            changed += len(edges)
        return changed
