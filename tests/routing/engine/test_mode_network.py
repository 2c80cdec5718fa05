"""The network of one mode: whole costs, metrics at hand, metrics with a few other costs."""

import numpy as np
import pytest

from routing.engine.mode_network import EndPieces, ModeNetwork
from routing.errors import NoWay
from routing.geometry.lines import vertex_shares
from routing.osm_tags.edge_flags import Mode

WIDTH = 6


@pytest.fixture
def network(tiny_graph):
    """A grid of streets, a kilometre or so apart."""
    nodes = [(-72.5 + x / 100, 7.9 + y / 100) for y in range(WIDTH) for x in range(WIDTH)]
    edges = [(n, n + 1) for n in range(WIDTH**2) if n % WIDTH < WIDTH - 1]
    edges += [(n, n + WIDTH) for n in range(WIDTH**2 - WIDTH)]
    return ModeNetwork(tiny_graph(nodes, edges), Mode.FOOT)


def corner_to_corner(network, metric):
    """Give the edges from the first node to the last."""
    ends = EndPieces((((0, 0.0, 0.0), 0),), (((0, 1.0, 1.0), WIDTH**2 - 1),), ())
    way = network.shortest(metric, ends, lambda legs: np.zeros(len(legs.edge)))
    return [edge for edge, _, _ in way]


def random_costs(network, seed, low=1.0, high=900.0):
    draw = np.random.default_rng(seed)
    return draw.uniform(low, high, len(network.graph.edge_tail))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4, 1e9, 1e14])
def test_no_way_is_lost_however_dear(network, scale):
    edge_s = random_costs(network, 1)
    expected = corner_to_corner(network, network.metric(edge_s))
    for exact in (False, True):
        metric = network.metric(edge_s * scale, exact=exact)
        assert corner_to_corner(network, metric) == expected
    # Even along every node of the grid, each at the highest cost.
    metric = network.metric(np.full(len(edge_s), scale), exact=True)
    assert WIDTH**2 * scale * metric.units_per_s < 2**30


def test_units_are_fine_where_an_exact_metric_would_be_coarse(tiny_graph):
    # A thousand junctions in a row: the way along all of them is what a safe unit must hold.
    graph = tiny_graph([(x / 1000, 0.0) for x in range(1000)], [(n, n + 1) for n in range(999)])
    network = ModeNetwork(graph, Mode.FOOT)
    edge_s = network.graph.edge_length_m * 1e4
    assert network.metric(edge_s).units_per_s >= network.metric(edge_s, exact=True).units_per_s
    ends = EndPieces((((0, 0.0, 0.0), 0),), (((0, 1.0, 1.0), 999),), ())
    free = lambda legs: np.zeros(len(legs.edge))  # noqa: E731
    assert len(network.shortest(network.metric(edge_s), ends, free)) == 999


def test_what_is_closed_or_of_another_mode_is_no_way(network):
    edge_s = random_costs(network, 2)
    with pytest.raises(NoWay):
        corner_to_corner(network, network.metric(np.full(len(edge_s), np.inf)))
    leaving = np.asarray(network.graph.edge_tail) == 0
    with pytest.raises(NoWay):
        corner_to_corner(network, network.metric(np.where(leaving, np.inf, edge_s)))


def test_updated_costs_give_the_way_of_a_metric_of_them(network):
    draw = np.random.default_rng(3)
    for seed in range(20):
        edge_s = random_costs(network, seed)
        metric = network.metric(edge_s)
        edges = draw.choice(len(edge_s), 12, replace=False)
        changed_s = edge_s.copy()
        changed_s[edges] *= draw.uniform(0.1, 4.0, 12)
        changed_s[edges[:3]] = np.inf
        network.update(metric, edges, changed_s[edges])
        expected = corner_to_corner(network, network.metric(changed_s))
        assert corner_to_corner(network, metric) == expected


def test_many_lines_at_once_are_those_of_one_at_a_time(tiny_graph):
    bend = [(-72.495, 7.905), (-72.493, 7.906)]
    graph = tiny_graph(
        [(-72.5, 7.9), (-72.49, 7.9), (-72.49, 7.9), (-72.48, 7.91)],
        [(0, 1, {"shape": bend}), (1, 2, {"length_m": 0.0}), (2, 3), (0, 3, {"shape": bend[:1]})],
    )
    edges = np.array([3, 0, 1, 0, *range(len(graph.edge_tail))])
    coordinates, share, count = graph.edge_lines(edges)
    begin = 0
    for edge, vertices in zip(edges.tolist(), count.tolist(), strict=True):
        part = slice(begin, begin + vertices)
        line = graph.edge_coordinates(edge)
        assert coordinates[part].tolist() == line.tolist()
        assert share[part] == pytest.approx(vertex_shares(line))
        assert (share[part][0], share[part][-1]) == (0.0, 1.0)
        begin += vertices
    assert begin == len(coordinates)
    nothing = graph.edge_lines(np.empty(0, np.int64))
    assert [len(part) for part in nothing] == [0, 0, 0]
