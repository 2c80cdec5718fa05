"""The hierarchy against networkx: whatever the graph, the costs and the updates."""

import threading
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.cch import UNREACHABLE, Hierarchy, Metric
from routing.errors import GraphError, InvalidCost, InvalidNode

COSTS = st.one_of(
    st.integers(0, 9), st.integers(0, 10_000), st.just(UNREACHABLE), st.just(UNREACHABLE - 1)
)


@dataclass(frozen=True)
class Roads:
    """Edges with loops and parallel ones among them."""

    count: int
    tail: list[int]
    head: list[int]
    cost: list[int]

    def oracle(self, cost: list[int]) -> dict[int, dict[int, int]]:
        """Costs between all nodes that reach each other, by networkx."""
        graph = nx.MultiDiGraph()
        graph.add_nodes_from(range(self.count))
        for tail, head, value in zip(self.tail, self.head, cost, strict=True):
            if value < UNREACHABLE:
                graph.add_edge(tail, head, weight=value)
        found = nx.all_pairs_dijkstra_path_length(graph, weight="weight")
        # A sum that reaches UNREACHABLE is none.
        return {
            source: {target: value for target, value in row.items() if value < UNREACHABLE}
            for source, row in found
        }


@st.composite
def roads(draw, most=14):
    count = draw(st.integers(1, most))
    node = st.integers(0, count - 1)
    edges = draw(st.lists(st.tuples(node, node, COSTS), max_size=4 * most))
    return Roads(count, *([edge[i] for edge in edges] for i in range(3)))


def built(graph: Roads) -> Hierarchy:
    return Hierarchy.of_graph(graph.tail, graph.head, graph.count)


def costs(values) -> np.ndarray:
    return np.array(values, np.int64)


def arrays_of(metric: Metric):
    return [metric.cost, metric.up, metric.down, metric.up_origin, metric.down_origin]


def assert_agrees(graph: Roads, hierarchy: Hierarchy, metric: Metric, cost: list[int]):
    expected = graph.oracle(cost)
    nodes = range(graph.count)
    table = hierarchy.many_to_many(metric, list(nodes), list(nodes))
    for source in nodes:
        row = [expected[source].get(target, UNREACHABLE) for target in nodes]
        assert table[source].tolist() == row
        assert hierarchy.one_to_all(metric, source).tolist() == row
        column = [expected[other].get(source, UNREACHABLE) for other in nodes]
        assert hierarchy.one_to_all(metric, source, backward=True).tolist() == column
        for target in nodes:
            assert hierarchy.distance(metric, source, target) == row[target]
            assert_is_path(graph, hierarchy, metric, cost, source, target, row[target])


def assert_is_path(graph, hierarchy, metric, cost, source, target, expected):
    found, edges = hierarchy.path(metric, source, target)
    assert found == expected
    if source == target or expected == UNREACHABLE:
        assert edges.tolist() == []
        return
    assert sum(cost[edge] for edge in edges) == expected
    assert [graph.tail[edge] for edge in edges[1:]] == [graph.head[edge] for edge in edges[:-1]]
    assert (graph.tail[edges[0]], graph.head[edges[-1]]) == (source, target)


@given(roads())
def test_every_search_agrees_with_networkx(graph):
    hierarchy = built(graph)
    assert_agrees(graph, hierarchy, hierarchy.customize(costs(graph.cost)), graph.cost)


@given(roads(), st.data())
def test_updates_equal_a_full_customisation_bit_for_bit(graph, data):
    hierarchy = built(graph)
    metric = hierarchy.customize(costs(graph.cost))
    cost = list(graph.cost)
    if not cost:
        return
    change = st.lists(st.tuples(st.integers(0, len(cost) - 1), COSTS), max_size=6)
    for changes in data.draw(st.lists(change, max_size=4)):
        for edge, value in changes:
            cost[edge] = value
        edges, values = [edge for edge, _ in changes], [value for _, value in changes]
        hierarchy.update(metric, edges, costs(values))
        fresh = hierarchy.customize(costs(cost))
        for updated, full in zip(arrays_of(metric), arrays_of(fresh), strict=True):
            assert updated.tolist() == full.tolist()
    assert_agrees(graph, hierarchy, metric, cost)


@given(roads(), st.data(), st.integers(0, 20_000), st.booleans())
def test_within_finds_what_costs_no_more_and_nothing_else(graph, data, limit, backward):
    hierarchy = built(graph)
    metric = hierarchy.customize(costs(graph.cost))
    node = st.integers(0, graph.count - 1)
    seeds = data.draw(st.lists(st.tuples(node, st.integers(0, 9_000)), max_size=3))
    expected = graph.oracle(graph.cost)
    nearest: dict[int, int] = {}
    for seed, extra in seeds:
        for other in range(graph.count):
            way = (other, seed) if backward else (seed, other)
            value = expected[way[0]].get(way[1], UNREACHABLE) + extra
            if value <= limit:
                nearest[other] = min(nearest.get(other, value), value)
    found = hierarchy.within(
        metric,
        [seed for seed, _ in seeds],
        limit,
        seed_cost=costs([extra for _, extra in seeds]),
        backward=backward,
    )
    assert dict(zip(*(part.tolist() for part in found), strict=True)) == nearest


def test_sums_that_are_too_long_are_no_way():
    """Saturation: two legs of half the limit are one cost too many, and no number is negative."""
    half = UNREACHABLE // 2
    graph = Roads(4, [0, 1, 2], [1, 2, 3], [half, half, UNREACHABLE - 1])
    hierarchy = built(graph)
    metric = hierarchy.customize(costs(graph.cost))
    assert hierarchy.distance(metric, 0, 2) == 2 * half < UNREACHABLE
    assert hierarchy.distance(metric, 0, 3) == UNREACHABLE
    assert hierarchy.one_to_all(metric, 0).tolist() == [0, half, 2 * half, UNREACHABLE]
    huge = hierarchy.customize(np.full(3, np.iinfo(np.uint64).max))
    assert hierarchy.distance(huge, 0, 1) == UNREACHABLE


def line(count: int) -> Hierarchy:
    return Hierarchy.of_graph(range(count - 1), range(1, count), count)


@pytest.mark.parametrize("node", [-1, 5, 2**31, 2**63, -(2**40), 1.5, None, "1", float("nan")])
def test_a_node_that_does_not_exist_is_refused(node):
    hierarchy = line(5)
    metric = hierarchy.customize(np.ones(4, np.int64))
    for search in (hierarchy.distance, hierarchy.path):
        for ends in ((node, 0), (0, node)):
            with pytest.raises(InvalidNode, match="ids are whole numbers from 0 to 4"):
                search(metric, *ends)
    with pytest.raises(InvalidNode):
        hierarchy.one_to_all(metric, node)
    with pytest.raises(InvalidNode):
        hierarchy.many_to_many(metric, [0], [node])
    with pytest.raises(InvalidNode):
        hierarchy.update(metric, [node], [1])


@pytest.mark.parametrize(
    "cost",
    [[1, 1, -1, 1], [1, 1, 1], [1.0] * 4, [float("nan")] * 4, [[1] * 4], ["1"] * 4, [None] * 4],
)
def test_a_cost_that_cannot_be_is_refused_and_changes_nothing(cost):
    hierarchy = line(5)
    with pytest.raises(InvalidCost):
        hierarchy.customize(cost)
    metric = hierarchy.customize([1, 2, 3, 4])
    before = [part.copy() for part in arrays_of(metric)]
    with pytest.raises(InvalidCost):
        hierarchy.update(metric, [0, 1, 2, 3], cost)
    for kept, now in zip(before, arrays_of(metric), strict=True):
        assert kept.tolist() == now.tolist()


def test_edges_to_nowhere_make_no_hierarchy():
    for ends in (([0], [3]), ([-1], [0]), ([0, 1], [0])):
        with pytest.raises(GraphError):
            Hierarchy.of_graph(*ends, 3)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_graph_without_edges_has_a_hierarchy(count):
    hierarchy = Hierarchy.of_graph([], [], count)
    metric = hierarchy.customize(np.empty(0, np.int64))
    assert hierarchy.many_to_many(metric, range(count), range(count)).tolist() == [
        [0 if i == j else UNREACHABLE for i in range(count)] for j in range(count)
    ]
    assert hierarchy.update(metric, [], []) == 0
    with pytest.raises(InvalidNode):
        hierarchy.distance(metric, 0, count)


def test_long_paths_are_unpacked_whole():
    """More edges than the first room for them, over and over in one thread."""
    count = 20_000
    hierarchy = line(count)
    metric = hierarchy.customize(np.ones(count - 1, np.int64))
    cost, edges = hierarchy.path(metric, 0, count - 1)
    assert cost == count - 1
    assert edges.tolist() == list(range(count - 1))


def grid(width: int) -> tuple[np.ndarray, np.ndarray]:
    ids = np.arange(width * width).reshape(width, width)
    ends = [(ids[:, :-1], ids[:, 1:]), (ids[:-1], ids[1:])]
    ends += [(head, tail) for tail, head in ends]
    tail, head = (np.concatenate([part[i].ravel() for part in ends]) for i in range(2))
    return tail, head


def test_searches_see_a_metric_before_or_after_an_update_and_never_between():
    tail, head = grid(30)
    hierarchy = Hierarchy.of_graph(tail, head, 900)
    rng = np.random.default_rng(7)
    low = rng.integers(1, 50, len(tail))
    high = 3 * low
    edges = np.arange(len(tail))
    metric = hierarchy.customize(low)
    ends = [(int(s), int(t)) for s, t in rng.integers(0, 900, (40, 2))]
    allowed = {end: hierarchy.distance(metric, *end) for end in ends}
    over = threading.Event()
    wrong: list[object] = []

    def search() -> None:
        while not over.is_set():
            for end in ends:
                cost, path = hierarchy.path(metric, *end)
                sums = {int(low[path].sum()), int(high[path].sum())}
                if cost not in {allowed[end], 3 * allowed[end]} or cost not in sums:
                    wrong.append((end, cost, sums))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(60):
        hierarchy.update(metric, edges, high if turn % 2 == 0 else low)
    over.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_same_graph_gives_the_same_hierarchy():
    tail, head = grid(40)
    one, two = (Hierarchy.of_graph(tail, head, 1600).topology for _ in range(2))
    for name in one.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_ranks_are_a_postorder_and_every_head_is_an_ancestor():
    tail, head = grid(25)
    topology = Hierarchy.of_graph(tail, head, 625).topology
    for v in range(topology.node_count):
        ancestors = []
        above = int(topology.parent[v])
        while above >= 0:
            ancestors.append(above)
            above = int(topology.parent[above])
        assert len(ancestors) == topology.level[v]
        heads = topology.head[topology.first[v] : topology.first[v + 1]].tolist()
        assert set(heads) <= set(ancestors)
        assert heads == sorted(heads)
        for ancestor in ancestors:
            assert topology.subtree[ancestor] <= v < ancestor
