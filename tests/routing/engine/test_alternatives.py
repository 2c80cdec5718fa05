"""Alternatives against networkx: real, simple, exact, within every limit, always the same."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.cch import UNREACHABLE, Hierarchy
from routing.engine.alternatives import ViaLimits, alternatives
from routing.errors import InvalidCost, InvalidNode

LOOSE = ViaLimits(max_stretch=3.0, max_overlap=0.9, local_share=0.0, tries=1_000)


@st.composite
def towns(draw):
    """Draw a grid with streets missing, one-way and parallel ones, and costs from 0 up."""
    width, height = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    count = width * height
    edges = []
    for node in range(count):
        for other, is_inside in (
            (node + 1, (node + 1) % width > 0),
            (node + width, node + width < count),
        ):
            kind = draw(st.sampled_from(["both", "both", "both", "out", "back", "none"]))
            if is_inside and kind in {"both", "out"}:
                edges.append((node, other))
            if is_inside and kind in {"both", "back"}:
                edges.append((other, node))
    node = st.integers(0, count - 1)
    edges += draw(st.lists(st.tuples(node, node), max_size=4))
    cost = draw(st.lists(st.integers(0, 30), min_size=len(edges), max_size=len(edges)))
    return count, [a for a, _ in edges], [b for _, b in edges], cost


def graph_of(count, tail, head, cost):
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(count))
    graph.add_weighted_edges_from(zip(tail, head, cost, strict=True))
    return graph


def nodes_of(path, tail, head, source):
    nodes = [source]
    for edge in path.edges.tolist():
        assert tail[edge] == nodes[-1]
        nodes.append(head[edge])
    return nodes


def overlap(one, other, length):
    both = sum(length[edge] for edge in set(one.edges.tolist()) & set(other.edges.tolist()))
    return both / max(min(sum(length[path.edges]) for path in (one, other)), 1e-9)


@pytest.mark.every(2)
@pytest.mark.parametrize(
    "limits", [ViaLimits(), LOOSE, ViaLimits(tries=3), ViaLimits(local_share=1.0)]
)
@given(towns(), st.integers(1, 5), st.randoms(use_true_random=False))
def test_every_path_is_real_simple_exact_and_within_the_limits(limits, town, count, random):
    nodes, tail, head, cost = town
    hierarchy = Hierarchy.of_graph(tail, head, nodes)
    metric = hierarchy.customize(np.array(cost, np.int64))
    length = np.array([random.uniform(1, 9) for _ in tail])
    oracle = dict(nx.all_pairs_dijkstra_path_length(graph_of(*town)))
    for _ in range(5):
        source, target = random.randrange(nodes), random.randrange(nodes)
        found = alternatives(hierarchy, metric, source, target, length, count=count, limits=limits)
        if target not in oracle[source]:
            assert found == ()
            continue
        assert 1 <= len(found) <= count
        best = oracle[source][target]
        assert found[0].cost == best
        assert [path.cost for path in found] == sorted(path.cost for path in found)
        for i, path in enumerate(found):
            visited = nodes_of(path, tail, head, source)
            assert visited[-1] == target
            assert len(set(visited)) == len(visited)
            assert sum(cost[edge] for edge in path.edges) == path.cost
            assert path.cost <= max(limits.max_stretch * best, best)
            for other in found[:i]:
                assert overlap(path, other, length) <= limits.max_overlap + 1e-9
            assert i == 0 or is_over_one_node(path, visited, cost, oracle, limits, best)


def is_over_one_node(path, visited, cost, oracle, limits, best):
    """Both halves are cheapest, and the part around that node that the T-test asks for."""
    gone = np.concatenate(([0], np.cumsum([cost[edge] for edge in path.edges])))
    for i, via in enumerate(visited):
        if gone[i] != oracle[visited[0]][via] or path.cost - gone[i] != oracle[via][visited[-1]]:
            continue
        least = limits.local_share * best
        near = [j for j in range(i) if gone[i] - gone[j] >= least]
        far = [j for j in range(i + 1, len(visited)) if gone[j] - gone[i] >= least]
        x, y = max(near, default=0), min(far, default=len(visited) - 1)
        if gone[y] - gone[x] == oracle[visited[x]][visited[y]]:
            return True
    return False


@given(towns(), st.integers(0, 200), st.randoms(use_true_random=False))
def test_vias_cost_what_the_cheapest_paths_over_them_cost(town, limit, random):
    nodes, tail, head, cost = town
    hierarchy = Hierarchy.of_graph(tail, head, nodes)
    metric = hierarchy.customize(np.array(cost, np.int64))
    oracle = dict(nx.all_pairs_dijkstra_path_length(graph_of(*town)))
    source, target = random.randrange(nodes), random.randrange(nodes)
    vias, costs = hierarchy.vias(metric, source, target, limit)
    assert len(set(vias.tolist())) == len(vias)
    assert costs.tolist() == sorted(costs.tolist())
    for via, over in zip(vias.tolist(), costs.tolist(), strict=True):
        assert over == oracle[source][via] + oracle[via][target] <= limit
    if oracle[source].get(target, UNREACHABLE) <= limit:
        assert costs[0] == oracle[source][target]
        assert {source, target} <= set(vias.tolist())
    else:
        assert len(vias) == 0


def grid(width):
    node = np.arange(width * width).reshape(width, width)
    right = np.stack((node[:, :-1].ravel(), node[:, 1:].ravel()))
    below = np.stack((node[:-1].ravel(), node[1:].ravel()))
    one_way = np.hstack((right, below))
    return np.hstack((one_way, one_way[::-1]))


def test_a_town_has_alternatives_and_they_are_the_same_each_time():
    tail, head = grid(40)
    rng = np.random.default_rng(5)
    cost = rng.integers(80, 120, len(tail))
    hierarchy = Hierarchy.of_graph(tail, head, 1_600)
    metric = hierarchy.customize(cost)
    length = cost.astype(np.float64)
    pairs = rng.integers(0, 1_600, (100, 2)).tolist()
    found = [alternatives(hierarchy, metric, *pair, length, count=3) for pair in pairs]
    again = [
        alternatives(Hierarchy.of_graph(tail, head, 1_600), metric, *pair, length, count=3)
        for pair in pairs[:10]
    ]
    for one, other in zip(found, again, strict=False):
        assert [path.edges.tolist() for path in one] == [path.edges.tolist() for path in other]
    assert np.mean([len(paths) > 1 for paths in found]) > 0.5


def test_where_roads_cost_nothing_the_cheapest_path_runs_in_no_circle():
    """Found by chance: 4, 0, 1, 4, 5, where 4 to 0 to 1 and back costs nothing."""
    tail = [0, 1, 0, 3, 1, 1, 3, 4, 5, 4, 5, 2]
    head = [1, 0, 3, 0, 2, 4, 4, 5, 4, 0, 3, 5]
    cost = np.array([0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 1])
    hierarchy = Hierarchy.of_graph(tail, head, 6)
    metric = hierarchy.customize(cost)
    for tries in (1, 3, 100):
        found = alternatives(
            hierarchy, metric, 4, 5, np.ones(12), count=4, limits=ViaLimits(tries=tries)
        )
        assert nodes_of(found[0], tail, head, 4) == [4, 5]
        assert found[0].cost == 1


@pytest.mark.parametrize("width", [3, 5, 12])
def test_no_path_visits_a_node_twice_though_no_road_costs_anything(width):
    tail, head = grid(width)
    hierarchy = Hierarchy.of_graph(tail, head, width * width)
    draw = np.random.default_rng(width)
    for share in (0.0, 0.1, 0.5):
        cost = (draw.random(len(tail)) < share).astype(np.int64)
        metric = hierarchy.customize(cost)
        for source, target in draw.integers(0, width * width, (60, 2)).tolist():
            length = draw.uniform(1, 9, len(tail))
            for path in alternatives(
                hierarchy, metric, source, target, length, count=4, limits=LOOSE
            ):
                visited = nodes_of(path, tail, head, source)
                assert len(set(visited)) == len(visited)
                assert visited[-1] == target
                assert sum(cost[path.edges]) == path.cost


def test_long_paths_are_unpacked_whole():
    """Two chains of 20,000 edges side by side: more than there is room for at first."""
    half = 20_000
    ring = np.arange(2 * half)
    tail, head = (
        np.concatenate((ring, np.roll(ring, -1))),
        np.concatenate((np.roll(ring, -1), ring)),
    )
    hierarchy = Hierarchy.of_graph(tail, head, 2 * half)
    metric = hierarchy.customize(np.ones(len(tail), np.int64))
    found = alternatives(hierarchy, metric, 0, half - 5, np.ones(len(tail)), count=3)
    assert [path.cost for path in found] == [half - 5, half + 5]
    assert [len(path.edges) for path in found] == [half - 5, half + 5]


def test_what_cannot_be_is_refused():
    hierarchy = Hierarchy.of_graph([0, 1], [1, 2], 3)
    metric = hierarchy.customize([1, 1])
    with pytest.raises(InvalidNode):
        alternatives(hierarchy, metric, 0, 3, np.ones(2), count=2)
    with pytest.raises(InvalidNode):
        hierarchy.vias(metric, -1, 0, 9)
    for length in (np.ones(3), np.ones(2, np.float32), np.ones((2, 1))):
        with pytest.raises(InvalidCost):
            alternatives(hierarchy, metric, 0, 2, length, count=2)
    for count in (0, 64):
        with pytest.raises(InvalidCost):
            alternatives(hierarchy, metric, 0, 2, np.ones(2), count=count)
    assert alternatives(hierarchy, metric, 2, 0, np.ones(2), count=2) == ()
    (here,) = alternatives(hierarchy, metric, 1, 1, np.ones(2), count=2)
    assert (here.cost, here.edges.tolist()) == (0, [])
