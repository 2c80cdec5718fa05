"""Every function gives what networkx gives, on graphs of any kind, labels and ties included."""

import inspect
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.cch import UNREACHABLE
from routing.networkx_backend.info import get_info
from routing.networkx_backend.network import RoadNetwork

KINDS = (nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph)
LABELS = [0, 1, -7, "a", "b", (1, 2), (1, "x"), frozenset({3}), 2.5, b"c"]
ABSENT = object()
WEIGHTS = st.sampled_from([0, 0, 1, 1, 2, 3, 5, 2.0, True, ABSENT])


@st.composite
def graphs(draw):
    graph = draw(st.sampled_from(KINDS))()
    labels = draw(st.permutations(LABELS))[: draw(st.integers(1, len(LABELS)))]
    graph.add_nodes_from(labels)
    ends = st.sampled_from(labels)
    for u, v, w in draw(st.lists(st.tuples(ends, ends, WEIGHTS), max_size=28)):
        graph.add_edge(u, v, **({} if w is ABSENT else {"w": w}))
    return graph


def outcome(function, *args, **kwargs):
    """Return what a call gives, or what it raises; iterators are read."""
    try:
        result = function(*args, **kwargs)
        return dict(result) if inspect.isgenerator(result) else result
    except (nx.NetworkXException, ValueError) as exc:
        return type(exc), str(exc)


def both(function, graph, *args, **kwargs):
    ours = outcome(function, graph, *args, backend="amparo", **kwargs)
    return ours, outcome(function, graph, *args, backend="networkx", **kwargs)


def length(graph, path):
    def cheapest(u, v):
        data = graph[u][v]
        edges = data.values() if graph.is_multigraph() else [data]
        return min(edge.get("w", 1) for edge in edges)

    return sum(cheapest(u, v) for u, v in pairwise(path))


def is_as_good(graph, ours, theirs):
    """Whether two paths lead from and to the same at the same length, or fail the same."""
    if isinstance(theirs, list):
        same_ends = (ours[0], ours[-1]) == (theirs[0], theirs[-1])
        return same_ends and length(graph, ours) == length(graph, theirs)
    return ours == theirs


ENDS = st.sampled_from([*LABELS, "nowhere"])
CUTOFFS = st.sampled_from([None, None, -1, 0, 1, 2.5, 4, float("inf")])


@given(graphs(), ENDS, ENDS, CUTOFFS)
def test_from_node_to_node(graph, source, target, cutoff):
    for function in (nx.shortest_path_length, nx.dijkstra_path_length):
        ours, theirs = both(function, graph, source, target, weight="w")
        assert ours == theirs
    for function in (nx.shortest_path, nx.dijkstra_path):
        assert is_as_good(graph, *both(function, graph, source, target, weight="w"))
    ours, theirs = both(nx.bidirectional_dijkstra, graph, source, target, weight="w")
    assert ours[0] == theirs[0]
    assert is_as_good(graph, ours[1], theirs[1])
    ours, theirs = both(nx.single_source_dijkstra, graph, source, target, cutoff, "w")
    assert ours[0] == theirs[0]
    assert is_as_good(graph, ours[1], theirs[1])


@given(graphs(), ENDS, ENDS)
def test_without_weights_every_edge_is_one(graph, source, target):
    for function in (nx.shortest_path_length, nx.shortest_path):
        ours, theirs = both(function, graph, source, target)
        if isinstance(theirs, list):
            assert len(ours) == len(theirs)
            assert nx.is_path(graph, ours)
        else:
            assert ours == theirs
    ours, theirs = both(nx.shortest_path_length, graph, source)
    assert ours == theirs


@given(graphs(), st.lists(ENDS, max_size=4), CUTOFFS)
def test_from_one_or_many_to_all_is_the_same_tree(graph, sources, cutoff):
    """Ties too: each path, and the order in which nodes are settled."""
    calls = [(nx.multi_source_dijkstra, [sources])]
    calls += [(nx.multi_source_dijkstra_path, [sources])]
    calls += [(nx.multi_source_dijkstra_path_length, [sources])]
    for source in sources[:1]:
        calls += [(nx.single_source_dijkstra, [source])]
        calls += [(nx.single_source_dijkstra_path, [source])]
        calls += [(nx.single_source_dijkstra_path_length, [source])]
    for function, args in calls:
        ours, theirs = both(function, graph, *args, cutoff=cutoff, weight="w")
        assert ours == theirs
        if isinstance(theirs, tuple) and isinstance(theirs[0], dict):
            assert [*ours[0]] == [*theirs[0]]


@given(graphs(), ENDS, st.lists(ENDS, min_size=2, max_size=4))
def test_from_many_to_one(graph, target, sources):
    ours, theirs = both(nx.multi_source_dijkstra, graph, sources, target, weight="w")
    assert ours[0] == theirs[0]
    if isinstance(theirs[1], list):
        assert ours[1][0] in sources
        assert ours[1][-1] == target
        assert length(graph, ours[1]) == theirs[0]
    else:
        assert ours == theirs


@given(graphs(), ENDS)
def test_to_one_from_all(graph, target):
    ours, theirs = both(nx.shortest_path_length, graph, target=target, weight="w")
    assert ours == theirs
    ours, theirs = both(nx.shortest_path, graph, target=target, weight="w")
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        assert all(is_as_good(graph, ours[label], theirs[label]) for label in theirs)
    else:
        assert ours == theirs


@given(graphs())
def test_between_all(graph):
    for function in (nx.shortest_path_length, nx.shortest_path):
        ours, theirs = both(function, graph, weight="w")
        assert ours == theirs
        assert ours.keys() == set(graph)


@given(graphs())
def test_a_native_network_needs_no_conversion_and_comes_back(graph):
    network = RoadNetwork.from_networkx(graph, "w")
    assert (len(network), set(network)) == (len(graph), set(graph))
    assert network.number_of_nodes() == graph.number_of_nodes()
    assert network.number_of_edges() == graph.number_of_edges()
    assert network.is_directed() == graph.is_directed()
    assert network.is_multigraph() == graph.is_multigraph()
    ours = dict(nx.shortest_path_length(network, weight="w"))
    assert ours == dict(nx.shortest_path_length(graph, weight="w", backend="networkx"))
    for edge in graph.edges(keys=True) if graph.is_multigraph() else graph.edges():
        graph.edges[edge].setdefault("w", 1)
    assert nx.utils.graphs_equal(network.to_networkx(), graph)


def test_results_are_of_networkx_s_types():
    graph = nx.path_graph(3)
    nx.set_edge_attributes(graph, 2, "whole")
    nx.set_edge_attributes(graph, 2.0, "real")
    for name, kind in (("whole", int), ("real", float)):
        costs = nx.single_source_dijkstra_path_length(graph, 0, weight=name, backend="amparo")
        assert {type(cost) for cost in costs.values()} == {kind}
        pair = nx.shortest_path_length(graph, 0, 2, weight=name, backend="amparo")
        assert type(pair) is kind
        assert {type(label) for label in costs} == {int}


# --- what is refused ------------------------------------------------------------------------------


def weighing(*weights):
    graph = nx.DiGraph()
    for at, weight in enumerate(weights):
        graph.add_edge(at, at + 1, w=weight)
    return graph


@pytest.mark.parametrize(
    ("weight", "reason"),
    [
        (-1, "0 or more"),
        (-2.0, "0 or more"),
        (0.1, "whole"),
        (float("inf"), "highest"),
        (float("nan"), "whole"),
        ("3", "'3'"),
        (None, "None"),
        ([1], "weight [1]"),
        (1 + 0j, "whole numbers"),
        (UNREACHABLE, "highest"),
        (2**70, "not so high"),
    ],
)
def test_a_weight_that_would_not_be_exact_is_refused_with_the_reason(weight, reason):
    graph = weighing(1, weight)
    with pytest.raises(NotImplementedError) as refusal:
        nx.shortest_path(graph, 0, 2, weight="w", backend="amparo")
    assert reason in str(refusal.value.__cause__)
    with pytest.raises(NotImplementedError):
        nx.shortest_path(weighing(weight, weight), 0, 2, weight="w", backend="amparo")


def test_networkx_goes_on_by_itself_where_we_refuse():
    graph = nx.path_graph(12_000)
    nx.set_edge_attributes(graph, 0.25, "w")
    with nx.config(backend_priority=["amparo"]):
        assert nx.shortest_path_length(graph, 0, 11_999, weight="w") == 11_999 / 4
        assert nx.shortest_path_length(graph, 0, 5, weight=lambda u, v, d: 7) == 35


def test_can_run_says_why_not(monkeypatch):
    from routing.networkx_backend.interface import can_run

    graph = weighing(1, 2)
    network = RoadNetwork.from_networkx(graph, "w")
    assert can_run("shortest_path", (graph, 0, 2, "w"), {}) is True
    assert can_run("shortest_path", (network,), {"weight": "w"}) is True
    assert can_run("dijkstra_path", (network, 0, 2, None), {}) is True
    assert "function" in can_run("shortest_path", (graph, 0, 2), {"weight": lambda *_: 1})
    assert "function" in can_run("single_source_dijkstra", (graph, 0, 2, 3, max), {})
    bellman_ford = {"weight": "w", "method": "bellman-ford"}
    assert "negative" in can_run("shortest_path", (graph, 0, 2), bellman_ford)
    assert "negative" in can_run("shortest_path_length", (graph, 0, 2, "w", "bellman-ford"), {})
    assert can_run("shortest_path", (graph,), {"method": "bellman-ford"}) is True
    # A network that was made without a weight would else count every edge as one.
    assert "'v'" in can_run("shortest_path", (), {"G": network, "weight": "v"})
    assert "'weight'" in can_run("dijkstra_path", (network, 0, 2), {})
    with pytest.raises(NotImplementedError):
        nx.shortest_path(network, 0, 2, weight="v")


def test_the_weight_is_looked_for_where_networkx_has_it():
    from routing.networkx_backend.interface import _WEIGHT

    for name in get_info()["functions"]:
        parameters = inspect.signature(getattr(nx, name).orig_func).parameters
        at, default = _WEIGHT[name]
        assert list(parameters)[at] == "weight"
        assert parameters["weight"].default == default


def test_should_run_where_converting_pays():
    from routing.networkx_backend.interface import should_run

    small = nx.path_graph(9_999)
    assert "nodes" in should_run("shortest_path", (small, 0, 1), {"weight": "w"})
    nx.shortest_path(small, 0, 1, weight="w", backend="amparo")
    assert should_run("shortest_path", (small, 0, 1), {"weight": "w"}) is True
    assert "nodes" in should_run("shortest_path", (small, 0, 1), {"weight": "v"})
    small.add_edge(0, 2)
    assert "nodes" in should_run("shortest_path", (small, 0, 1), {"weight": "w"})
    large = nx.path_graph(10_000)
    assert should_run("shortest_path", (large, 0, 1), {"weight": "w"}) is True
    dense = nx.circulant_graph(10_000, range(1, 8))
    assert "edges" in should_run("shortest_path", (dense, 0, 1), {"weight": "w"})


def test_graphs_that_have_no_hierarchy_are_refused():
    with pytest.raises(NotImplementedError):
        nx.shortest_path(nx.Graph(), backend="amparo")


def test_a_path_that_costs_more_than_can_be_counted_is_refused_not_lost():
    half = UNREACHABLE // 2 + 1
    graph = weighing(half, half, 1)
    graph.add_node("apart")
    assert nx.shortest_path_length(graph, 0, 1, weight="w", backend="amparo") == half
    for call in (
        lambda **k: nx.shortest_path_length(graph, 0, 2, weight="w", **k),
        lambda **k: nx.shortest_path(graph, 0, 3, weight="w", **k),
        lambda **k: nx.single_source_dijkstra(graph, 0, weight="w", **k),
        lambda **k: nx.shortest_path_length(graph, target=3, weight="w", **k),
        lambda **k: nx.multi_source_dijkstra(graph, [0, "apart"], 2, weight="w", **k),
    ):
        with pytest.raises(NotImplementedError) as refusal:
            call(backend="amparo")
        assert "larger unit" in str(refusal.value.__cause__)
    with pytest.raises(nx.NetworkXNoPath):
        nx.shortest_path(graph, 0, "apart", weight="w", backend="amparo")
    within = nx.single_source_dijkstra(graph, 0, cutoff=half, weight="w", backend="amparo")
    assert within[0] == {0: 0, 1: half}
    native = RoadNetwork.from_networkx(graph, "w")
    with pytest.raises(NotImplementedError):
        nx.shortest_path_length(native, 0, 2, weight="w")
