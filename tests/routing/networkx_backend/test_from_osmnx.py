"""From osmnx's graphs to ours and back, and to the backend's."""

from dataclasses import fields
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from routing.cch import UNREACHABLE
from routing.errors import GraphError
from routing.networkx_backend import interface
from routing.networkx_backend.conversion import from_osmnx, to_network, to_networkx
from routing.osm.importer import read_osm
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.osm_tags.ways import HIGHWAY_CLASSES, SMOOTHNESS, SURFACES
from tests.fixtures.city import HELSINKI, STREETS
from tests.fixtures.osm_file import cut

ROADS = Path(__file__).resolve().parents[3] / "data" / "roads"
NOW = "2026-11-24T00:00:00Z"


def columns(graph):
    """Return the arrays of a graph; names by their text, since their order is nobody's business."""
    arrays = {field.name: getattr(graph, field.name) for field in fields(graph)}
    for name in (
        "meta",
        "topology",
        "folder",
        "names_start",
        "names_utf8",
        "node_name",
        "edge_name",
        "edge_ref",
    ):
        del arrays[name]
    edges, nodes = range(graph.meta.edge_count), range(graph.meta.node_count)
    # Countries by code: a graph of osmnx does not know of countries without nodes.
    arrays["node_country"] = np.array([graph.country_of_node(n) or "" for n in nodes])
    arrays["labels"] = np.array([graph.node_label(n) or "" for n in nodes])
    arrays["names"] = np.array([graph.edge_name_of(e) or "" for e in edges])
    arrays["refs"] = np.array([graph.edge_ref_of(e) or "" for e in edges])
    return arrays


def assert_same(ours, theirs):
    ours, theirs = columns(ours), columns(theirs)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)


def there_and_back(graph, **kwargs):
    return from_osmnx(to_networkx(graph, with_borders=True), imported_at=NOW, **kwargs)


def test_the_sketch_comes_back_with_borders_and_countries(sketch):
    again = there_and_back(sketch, kind="sketch")
    assert_same(again, sketch)
    assert again.meta.name == sketch.meta.name
    assert again.meta.snap_limit_m == sketch.meta.snap_limit_m
    assert again.is_border_edge.any()


@pytest.mark.long
def test_a_real_city_comes_back(tmp_path):
    extract = cut(HELSINKI, STREETS, tmp_path / "streets.pbf")
    city = read_osm(extract, "city", imported_at=NOW)
    assert ((city.edge_flags & EdgeFlag.THRESHOLD) != 0).any()
    again = there_and_back(city)
    assert_same(again, city)


CLASSES = st.sampled_from([c for c in HIGHWAY_CLASSES if c not in {"border", "threshold"}])


@given(st.data())
def test_any_attributes_come_back(tiny_graph, data):
    place = st.integers(0, 2000).map(lambda n: n / 1000)
    places = data.draw(st.lists(st.tuples(place, place), min_size=2, max_size=6, unique=True))
    heights = st.sampled_from([float("nan"), 0.0, 812.5])
    countries = st.sampled_from([None, "CO", "VE"])
    nodes = [(*at, data.draw(heights), data.draw(countries)) for at in places]
    ends = st.integers(0, len(nodes) - 1)
    bits = st.sampled_from([0, *(int(f) for f in (EdgeFlag.LIT_YES, EdgeFlag.BRIDGE))])
    bits |= st.just(int(EdgeFlag.SIDEWALK_NO | EdgeFlag.TUNNEL | EdgeFlag.LIT_NO))
    has_slope = data.draw(st.booleans())
    edges = []
    for _ in range(data.draw(st.integers(1, 8))):
        tail, head = data.draw(ends), data.draw(ends)
        kind = data.draw(CLASSES)
        options = {
            "road_class": kind,
            "surface": data.draw(st.sampled_from(SURFACES)),
            "maxspeed": data.draw(st.sampled_from([0, 30, 255])),
            "oneway": data.draw(st.sampled_from(["", "vehicle", "all"])),
            "flags": data.draw(bits) | (int(EdgeFlag.FERRY) if kind == "ferry" else 0),
            "length_m": data.draw(st.integers(1, 99)) / 10,
            "shape": data.draw(st.lists(st.tuples(place, place), min_size=1, max_size=3)),
        }
        if has_slope:
            options |= {"ascent_m": data.draw(st.sampled_from([0.0, 2.5])), "descent_m": 7.25}
        edges.append((tail, head, options))
    graph = tiny_graph(nodes, edges, has_slope=has_slope)
    again = there_and_back(graph)
    assert_same(again, graph)
    assert again.meta.has_slope == has_slope


def test_barriers_and_no_through_roads_part_nodes_of_osmnx_as_in_an_import():
    graph = square(foot="destination")
    graph.nodes[2]["barrier"] = "bollard"
    found = from_osmnx(graph, imported_at=NOW)
    over = np.flatnonzero(found.edge_flags & EdgeFlag.THRESHOLD)
    assert len(over)
    assert set(found.node_osm_id[found.edge_tail[over]].tolist()) == {2}
    assert not (found.edge_flags[over] & EdgeFlag.VEHICLE).any()
    assert (found.edge_length_dm[over] == 0).all()
    assert found.edge_name_of(int(over[0])) is None


def test_every_smoothness_is_read():
    graph = square(smoothness="very_bad")
    found = from_osmnx(graph, imported_at=NOW)
    assert {SMOOTHNESS[s] for s in found.edge_smoothness} == {"very_bad"}


# --- what osmnx itself made -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def simplified(ox):
    return ox.graph_from_xml(ROADS / "corridors.osm.xml", simplify=True, retain_all=True)


def test_a_simplified_graph_of_osmnx_is_taken_with_its_joined_attributes(simplified):
    assert any(isinstance(osmid, list) for *_, osmid in simplified.edges(data="osmid"))
    graph = from_osmnx(simplified, imported_at=NOW)
    assert graph.meta.node_count == len(simplified)
    assert graph.meta.edge_count == simplified.number_of_edges()
    assert sorted(graph.node_osm_id.tolist()) == sorted(simplified)
    total = sum(length for *_, length in simplified.edges(data="length"))
    assert graph.edge_length_m.sum() == pytest.approx(total, abs=0.05 * graph.meta.edge_count)
    # Both directions of a road know each other.
    twins = graph.edge_twin[graph.edge_twin >= 0]
    assert len(twins) > 0.9 * graph.meta.edge_count
    ends = zip(graph.edge_tail[twins], graph.edge_head[twins], strict=True)
    back = np.flatnonzero(graph.edge_twin >= 0)
    assert list(ends) == list(zip(graph.edge_head[back], graph.edge_tail[back], strict=True))


def test_ways_through_osmnx_s_graph_and_ours_are_as_long(simplified):
    graph = from_osmnx(simplified, imported_at=NOW)
    number = {int(osm_id): node for node, osm_id in enumerate(graph.node_osm_id)}
    network = to_network(graph, {"length": graph.edge_length_dm})
    decimetres = {
        (u, v, k): round(length * 10)
        for u, v, k, length in simplified.edges(keys=True, data="length")
    }
    nx.set_edge_attributes(simplified, decimetres, "dm")
    rng = np.random.default_rng(4)
    for source in rng.choice(sorted(simplified), 5):
        theirs = nx.single_source_dijkstra_path_length(simplified, source, weight="dm")
        ours = interface.single_source_dijkstra_path_length(
            network, number[source], weight="length"
        )
        assert ours == {number[node]: length for node, length in theirs.items()}


# --- rules and refusals ---------------------------------------------------------------------------


def square(**attributes):
    """Give a street there and back from 1 to 2, and one direction from 2 to 3."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node, (x, y) in {1: (0, 0), 2: (0.001, 0), 3: (0.001, 0.001)}.items():
        graph.add_node(node, x=x, y=y)
    for u, v, way, against in ((1, 2, 7, False), (2, 1, 7, True), (2, 3, 8, False)):
        data = {"osmid": way, "length": 111.2, "highway": "residential", "reversed": against}
        graph.add_edge(u, v, **(data | attributes))
    return graph


def test_edges_are_used_in_their_own_direction_by_whom_their_tags_let_in():
    graph = from_osmnx(square(), imported_at=NOW)
    assert graph.meta.edge_count == 3
    assert (graph.edge_twin >= 0).sum() == 2
    assert graph.passable(Mode.FOOT).all()
    assert graph.passable(Mode.VEHICLE).all()
    footway = from_osmnx(square(highway="footway"), imported_at=NOW)
    assert footway.passable(Mode.FOOT).all()
    assert not footway.passable(Mode.VEHICLE).any()
    no_walk = from_osmnx(square(highway="motorway"), imported_at=NOW)
    assert not no_walk.passable(Mode.FOOT).any()
    joined = from_osmnx(square(highway=["path", "primary"], maxspeed=["30", "50"]), imported_at=NOW)
    assert not joined.passable(Mode.VEHICLE).any()
    assert set(joined.edge_maxspeed_kmh) == {30}


def test_what_nobody_may_use_is_left_out():
    graph = square()
    graph.add_edge(3, 1, osmid=9, length=157.0, highway="residential", access="private")
    graph.add_edge(3, 1, osmid=10, length=157.0, railway="rail")
    assert from_osmnx(graph, imported_at=NOW).meta.edge_count == 3


def test_a_line_and_its_length_are_kept():
    graph = square()
    line = shapely.LineString([(0, 0), (0.0005, 0.0003), (0.001, 0)])
    graph[1][2][0]["geometry"] = line
    graph[2][1][0]["geometry"] = line.reverse()
    found = from_osmnx(graph, imported_at=NOW)
    edge = next(e for e in range(3) if len(found.edge_coordinates(e)) == 3)
    assert found.edge_length_m[edge] == 111.2
    assert found.edge_twin[edge] >= 0
    way_there = found.edge_coordinates(edge)
    if found.node_osm_id[found.edge_tail[edge]] == 2:
        way_there = way_there[::-1]
    np.testing.assert_allclose(way_there, shapely.get_coordinates(line), atol=1e-7)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda g: g.graph.update(crs="epsg:32722"), "degrees"),
        (lambda g: g.graph.clear(), "degrees"),
        (lambda g: g.nodes[1].pop("x"), "'x'"),
        (lambda g: g[1][2][0].pop("length"), "'length'"),
        (lambda g: g[1][2][0].pop("osmid"), "'osmid'"),
        (lambda g: g[1][2][0].update(osmid="way"), "OSM id"),
        (lambda g: g.nodes[1].update(osmid="corner"), "OSM id"),
        (lambda g: g.remove_edges_from(list(g.edges(keys=True))), "no road"),
    ],
)
def test_a_graph_that_is_no_road_graph_is_refused_with_the_reason(spoil, reason):
    graph = square()
    spoil(graph)
    with pytest.raises(GraphError, match=reason):
        from_osmnx(graph, imported_at=NOW)


def test_the_backend_s_network_has_the_numbers_and_keys_of_networkx(sketch):
    graph = to_networkx(sketch, with_borders=True)
    closed = np.where(sketch.is_border_edge, UNREACHABLE, sketch.edge_length_dm)
    network = to_network(sketch, {"dm": closed.astype(np.int64)})
    assert network.number_of_nodes() == len(graph)
    for u, v, key, edge in graph.edges(keys=True, data="edge"):
        assert network.edge(u, v, key) == edge
    inland = to_networkx(sketch)
    for *_, data in inland.edges(data=True):
        data["dm"] = int(sketch.edge_length_dm[data["edge"]])
    for source in (0, 500, 1000):
        ours = interface.single_source_dijkstra_path_length(network, source, weight="dm")
        assert ours == nx.single_source_dijkstra_path_length(inland, source, weight="dm")


def test_parallel_edges_keep_their_keys(tiny_graph):
    between = [(0, 1, {"length_m": float(m)}) for m in (40, 20, 30)]
    places = [(0, 0), (0.001, 0), (0.002, 0)]
    graph = tiny_graph(places, [*between, (1, 2), (1, 2), (2, 2, {"length_m": 5.0})])
    ours = to_networkx(graph)
    network = to_network(graph, {"dm": graph.edge_length_dm})
    edges = {(u, v, key): edge for u, v, key, edge in ours.edges(keys=True, data="edge")}
    assert {key for *_, key in edges} >= {0, 1, 2}
    assert {ends: network.edge(*ends) for ends in edges} == edges
    # The shortest of the three gets longer than the second.
    a, b = (next(n for n in ours if ours.nodes[n]["osmid"] == osmid) for osmid in (0, 1))
    assert interface.dijkstra_path_length(network, a, b, weight="dm") == 200
    shortest = next(key for key, data in ours[a][b].items() if data["length"] == 20)
    network.update_edges({(a, b, shortest): 350}, weight="dm")
    assert interface.dijkstra_path_length(network, a, b, weight="dm") == 300
    assert interface.dijkstra_path_length(network, b, a, weight="dm") == 200
