"""Functions that networkx calls in place of its own functions of the same names (see `info`).

Parameters, results and errors are those of networkx's documentation of each function;
`routing.networkx_backend` lists the calls that are refused.
"""

import weakref
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn

import networkx as nx

from routing.errors import GraphError, InvalidCost, NotOurs
from routing.networkx_backend import searches
from routing.networkx_backend.network import RoadNetwork

type Label = Hashable

#: Position of the argument ``weight`` of each networkx function, and its default value.
_WEIGHT: Final[Mapping[str, tuple[int, str | None]]] = {
    "bidirectional_dijkstra": (3, "weight"),
    "dijkstra_path": (3, "weight"),
    "dijkstra_path_length": (3, "weight"),
    "multi_source_dijkstra": (4, "weight"),
    "multi_source_dijkstra_path": (3, "weight"),
    "multi_source_dijkstra_path_length": (3, "weight"),
    "shortest_path": (3, None),
    "shortest_path_length": (3, None),
    "single_source_dijkstra": (4, "weight"),
    "single_source_dijkstra_path": (3, "weight"),
    "single_source_dijkstra_path_length": (3, "weight"),
}
_METHOD: Final = 4

#: Fewest nodes for which a conversion pays. A conversion costs as much as 6 to 12 of networkx's
#: searches from node to node, measured on grids of 100 to 100,000 nodes; below this many nodes such
#: a search takes some 10 ms at most. A graph that is already converted is always used.
_WORTH_CONVERTING: Final = 10_000
#: Highest average number of edges out of a node for which a graph is converted. Roads have 2.6 to
#: 6.3 (OpenStreetMap: Andorra, Liechtenstein, Porto, Baltimore); the hierarchy of a dense graph
#: takes long to build and to search.
_TOO_DENSE: Final = 12


def convert_from_nx(
    graph: nx.Graph,
    *,
    edge_attrs: Mapping[str, Any] | None = None,
    **_: Any,  # noqa: ANN401 -- networkx's other options; only labels and weights are converted
) -> RoadNetwork:
    """Convert a networkx graph with the weights that a dispatched function reads.

    Raises
    ------
    NotOurs
        The graph or a weight cannot be converted; the message says why.
    """
    try:
        network = RoadNetwork.from_networkx(graph, *(edge_attrs or ()))
    except (GraphError, InvalidCost) as exc:
        raise NotOurs(str(exc)) from exc
    network.origin = weakref.ref(graph)
    return network


def convert_to_nx(result: Any) -> Any:  # noqa: ANN401 -- any result of a function
    """Convert a function's result to networkx if it is a network, else return it unchanged."""
    return result.to_networkx() if isinstance(result, RoadNetwork) else result


def can_run(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool | str:
    """Return True if the backend can answer a call, else the reason why not.

    The weights of a networkx graph are not checked here, as networkx calls this function before
    every dispatch; `convert_from_nx` checks them once.
    """
    weight = _weight(name, args, kwargs)
    if callable(weight):
        return "weights are computed by a function, which may say anything at each call"
    if weight is not None and _argument(args, kwargs, _METHOD, "method") == "bellman-ford":
        return "negative weights, which Bellman-Ford is for, have no hierarchy"
    graph = _argument(args, kwargs, 0, "G")
    if isinstance(graph, RoadNetwork) and not graph.has_weight(weight):
        return f"the network was made without a weight {weight!r}"
    return True


def should_run(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool | str:
    """Return True if converting a networkx graph pays, else the reason why not."""
    graph = _argument(args, kwargs, 0, "G")
    cache = getattr(graph, "__networkx_cache__", None) or {}
    weight = _weight(name, args, kwargs)
    for network in cache.get("backends", {}).get("amparo", {}).values():
        if isinstance(network, RoadNetwork) and network.has_weight(weight):
            return True
    if len(graph) < _WORTH_CONVERTING:
        return f"a graph of less than {_WORTH_CONVERTING:,} nodes is searched faster than converted"
    out = graph.number_of_edges() * (1 if graph.is_directed() else 2)
    if out > _TOO_DENSE * len(graph):
        return f"more than {_TOO_DENSE} edges out of each node: no road graph"
    return True


def _argument(args: Sequence[Any], kwargs: Mapping[str, Any], at: int, name: str) -> Any:  # noqa: ANN401 -- any argument
    return args[at] if len(args) > at else kwargs.get(name)


def _weight(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- a name, None, or a refused type
    at, default = _WEIGHT[name]
    return args[at] if len(args) > at else kwargs.get("weight", default)


# --- networkx.algorithms.shortest_paths.generic ---------------------------------------------------


def shortest_path(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    source: Label = None,
    target: Label = None,
    weight: str | None = None,
    method: str = "dijkstra",
) -> Any:  # noqa: ANN401 -- a path, or paths by label, or an iterator over these
    """See `networkx.shortest_path`."""
    _check_method(method)
    if source is not None and target is not None:
        return bidirectional_dijkstra(G, source, target, weight)[1]
    paths = _trees(G, source, target, weight, lambda tree: tree.paths())
    if target is not None:
        return {label: path[::-1] for label, path in paths.items()}
    return paths


def shortest_path_length(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    source: Label = None,
    target: Label = None,
    weight: str | None = None,
    method: str = "dijkstra",
) -> Any:  # noqa: ANN401 -- a length, or lengths by label, or an iterator over these
    """See `networkx.shortest_path_length`."""
    _check_method(method)
    if source is None or target is None:
        return _trees(G, source, target, weight, lambda tree: tree.lengths())
    if weight is not None:
        return dijkstra_path_length(G, source, target, weight)
    _check_ends(G, source, target)
    length = searches.length_between(G, G.number(source), G.number(target), None)
    if length is None:
        _raise_no_path_between(source, target)
    return length


def _check_method(method: str) -> None:
    if method not in {"dijkstra", "bellman-ford"}:
        raise ValueError(f"method not supported: {method}")


def _start(network: RoadNetwork, label: Label, weight: str | None) -> int:
    if weight is None:
        _check_ends(network, label)
    return _found(network, label)


def _trees(
    network: RoadNetwork,
    source: Label,
    target: Label,
    weight: str | None,
    read: Any,  # noqa: ANN401 -- see the callers
) -> Any:  # noqa: ANN401 -- what ``read`` returns, or an iterator over it
    """Read the tree of paths from a source or to a target, or the trees of all nodes."""
    if source is None and target is None:
        return _of_all(network, weight, read)
    end = target if source is None else source
    start = _start(network, end, weight)
    return read(searches.tree(network, [start], weight, backward=source is None))


def _of_all(network: RoadNetwork, weight: str | None, read: Any) -> Iterator[tuple[Label, Any]]:  # noqa: ANN401 -- see the callers
    for number, label in enumerate(network.nodes):
        yield label, read(searches.tree(network, [number], weight))


# --- networkx.algorithms.shortest_paths.weighted --------------------------------------------------


def bidirectional_dijkstra(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    source: Label,
    target: Label,
    weight: str | None = "weight",
) -> tuple[Any, list[Label]]:
    """See `networkx.bidirectional_dijkstra`."""
    _check_ends(G, source, target)
    found = searches.between(G, G.number(source), G.number(target), weight)
    if found is None:
        _raise_no_path_between(source, target)
    return found


def dijkstra_path(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    source: Label,
    target: Label,
    weight: str | None = "weight",
) -> list[Label]:
    """See `networkx.dijkstra_path`."""
    return _to_target(G, [_found(G, source)], target, None, weight)[1]


def dijkstra_path_length(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    source: Label,
    target: Label,
    weight: str | None = "weight",
) -> Any:  # noqa: ANN401 -- int or float, as the weights are
    """See `networkx.dijkstra_path_length`."""
    start = _found(G, source)
    length = None
    if target in G:
        length = searches.length_between(G, start, G.number(target), weight)
    if length is None:
        raise nx.NetworkXNoPath(f"Node {target} not reachable from {source}")
    return length


def single_source_dijkstra(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    source: Label,
    target: Label = None,
    cutoff: float | None = None,
    weight: str | None = "weight",
) -> tuple[Any, Any]:
    """See `networkx.single_source_dijkstra`."""
    return multi_source_dijkstra(G, [source], target, cutoff, weight)


def single_source_dijkstra_path(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    source: Label,
    cutoff: float | None = None,
    weight: str | None = "weight",
) -> dict[Label, list[Label]]:
    """See `networkx.single_source_dijkstra_path`."""
    return multi_source_dijkstra_path(G, [source], cutoff, weight)


def single_source_dijkstra_path_length(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    source: Label,
    cutoff: float | None = None,
    weight: str | None = "weight",
) -> dict[Label, Any]:
    """See `networkx.single_source_dijkstra_path_length`."""
    return multi_source_dijkstra_path_length(G, [source], cutoff, weight)


def multi_source_dijkstra(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    sources: Collection[Label],
    target: Label = None,
    cutoff: float | None = None,
    weight: str | None = "weight",
) -> tuple[Any, Any]:
    """See `networkx.multi_source_dijkstra`."""
    starts = _sources(G, sources)
    if target is not None:
        return _to_target(G, starts, target, cutoff, weight)
    tree = searches.tree(G, starts, weight, cutoff=cutoff)
    return tree.lengths(), tree.paths()


def multi_source_dijkstra_path(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    sources: Collection[Label],
    cutoff: float | None = None,
    weight: str | None = "weight",
) -> dict[Label, list[Label]]:
    """See `networkx.multi_source_dijkstra_path`."""
    return searches.tree(G, _sources(G, sources), weight, cutoff=cutoff).paths()


def multi_source_dijkstra_path_length(
    G: RoadNetwork,  # noqa: N803 -- networkx's name
    sources: Collection[Label],
    cutoff: float | None = None,
    weight: str | None = "weight",
) -> dict[Label, Any]:
    """See `networkx.multi_source_dijkstra_path_length`."""
    return searches.tree(G, _sources(G, sources), weight, cutoff=cutoff).lengths()


def _to_target(
    network: RoadNetwork,
    starts: Sequence[int],
    target: Label,
    cutoff: float | None,
    weight: str | None,
) -> tuple[Any, list[Label]]:
    found = None
    if target in network:
        end = network.number(target)
        if end in starts:
            return 0, [target]
        found = searches.nearest(network, starts, end, weight)
    if found is None or (cutoff is not None and found[0] > cutoff):
        raise nx.NetworkXNoPath(f"No path to {target}.")
    return found


def _sources(network: RoadNetwork, sources: Collection[Label]) -> list[int]:
    if not sources:
        raise ValueError("sources must not be empty")
    return [_found(network, source) for source in sources]


def _found(network: RoadNetwork, label: Label) -> int:
    if label not in network:
        _raise_not_found(f"Node {label} not found in graph")
    return network.number(label)


def _check_ends(network: RoadNetwork, *labels: Label) -> None:
    for end, label in zip(("Source", "Target"), labels, strict=False):
        if label not in network:
            _raise_not_found(f"{end} {label} is not in G")


def _raise_no_path_between(source: Label, target: Label) -> NoReturn:
    raise nx.NetworkXNoPath(f"No path between {source} and {target}.")


def _raise_not_found(message: str) -> NoReturn:
    raise nx.NodeNotFound(message)
