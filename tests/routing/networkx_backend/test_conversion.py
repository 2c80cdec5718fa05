"""The graph as networkx: osmnx accepts it, and agrees with it on the same extract."""

import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import NamedTuple

import networkx as nx
import numpy as np
import osmium
import pytest
import shapely

from routing.geometry.geodesy import great_circle_m
from routing.graph.snapping import snap_to_edge
from routing.networkx_backend.conversion import to_networkx
from routing.osm.importer import read_osm
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.osm_tags.ways import read_way
from tests.fixtures.city import BOX, HELSINKI, STREETS
from tests.fixtures.osm_file import cut

NOW = "2026-11-24T00:00:00Z"
#: osmnx with these settings keeps every node and every segment of every way in the file:
#: nothing is contracted (simplify) and no small component is dropped (retain_all).
EVERYTHING = {"simplify": False, "retain_all": True}


class Counted(NamedTuple):
    """What stands in an extract: pairs of nodes and segments, but for roads and one-way paths."""

    walked: tuple[int, int]
    driven: tuple[int, int]
    #: Segments that ``motor_vehicle:backward=no`` closes one way: osmnx reads ``oneway`` alone.
    closed_backward: int
    everything: tuple[int, int]
    unused: tuple[int, int]
    roads_and_closed_ones: tuple[int, int]
    junctions_and_osmnx_s: tuple[int, int]


COUNTED = {
    "streets": Counted(
        walked=(1_831, 4_232),
        driven=(402, 514),
        closed_backward=0,
        everything=(6_185, 12_224),
        unused=(4_353, 3_995),
        roads_and_closed_ones=(633, 25),
        junctions_and_osmnx_s=(933, 691),
    ),
    "city": Counted(
        walked=(6_200, 14_968),
        driven=(1_798, 2_762),
        closed_backward=3,
        everything=(24_130, 51_754),
        # Segments on roads closed to everybody and on ways that are no road.
        unused=(17_902, 18_365),
        roads_and_closed_ones=(2_277, 218),
        junctions_and_osmnx_s=(3_315, 2_428),
    ),
}


@pytest.fixture(scope="module", params=["streets", pytest.param("city", marks=pytest.mark.long)])
def extent(request):
    """Name how much of the extract is compared; all of it by `./run test --long`."""
    return request.param


@pytest.fixture(scope="module")
def counted(extent):
    return COUNTED[extent]


@pytest.fixture(scope="module")
def source(extent, tmp_path_factory):
    """Give ways that have all their nodes: osmnx refuses others."""
    box = BOX if extent == "city" else STREETS
    return cut(HELSINKI, box, tmp_path_factory.mktemp("cut") / "whole.pbf")


@pytest.fixture(scope="module")
def city(source):
    return read_osm(source, "city", imported_at=NOW)


@pytest.fixture(scope="module")
def as_xml(source, tmp_path_factory):
    """Give a function that writes the extract as XML, with the ways that a test on tags picks."""
    folder = tmp_path_factory.mktemp("xml")

    def write(name, wanted):
        path = folder / f"{name}.osm"
        with osmium.SimpleWriter(str(path)) as writer:
            for item in osmium.FileProcessor(str(source)):
                if not item.is_way() or wanted(read_way(dict(item.tags))):
                    writer.add(item)
        return path

    return write


def points_and_segments(graph, edges):
    """Return how many distinct shape points and how many segments the edges of roads have."""
    edges = edges[(graph.edge_flags[edges] & EdgeFlag.THRESHOLD) == 0]
    count = np.diff(graph.shape_start)[edges]
    first = graph.shape_start[edges]
    points = np.concatenate([np.arange(a, a + n) for a, n in zip(first, count, strict=True)])
    places = np.stack((graph.shape_lon[points], graph.shape_lat[points]), axis=1)
    return len(np.unique(places, axis=0)), int((count - 1).sum())


def on_ways(osmnx_graph):
    """Return osmnx's graph without the nodes of the file that no way uses."""
    graph = osmnx_graph.copy()
    graph.remove_nodes_from(list(nx.isolates(graph)))
    return graph


def places(osmnx_graph):
    """Return where osmnx's nodes lie: two of the city's lie in one place."""
    return {(at["x"], at["y"]) for at in osmnx_graph.nodes.values()}


def total_length(osmnx_graph):
    return sum(length for _, _, length in osmnx_graph.edges(data="length"))


@pytest.mark.long
def test_walkers_get_exactly_osmnx_s_nodes_and_edges(ox, city, as_xml, counted):
    """bidirectional=True is osmnx's setting for walkers: oneway does not bind them."""
    path = as_xml("foot", lambda way: way and way.forward & way.backward & EdgeFlag.FOOT)
    theirs = on_ways(ox.graph_from_xml(path, bidirectional=True, **EVERYTHING))
    edges = np.flatnonzero(city.passable(Mode.FOOT))
    ours = points_and_segments(city, edges)
    assert ours == (len(places(theirs)), len(theirs.edges)) == counted.walked
    # Each of our edges is rounded to a decimetre.
    assert city.edge_length_m[edges].sum() == pytest.approx(
        total_length(theirs), abs=0.05 * len(edges)
    )


def test_vehicles_get_exactly_osmnx_s_nodes_and_directed_edges(ox, city, as_xml, counted):
    """bidirectional=False is osmnx's setting for vehicles: oneway and roundabouts bind them."""
    path = as_xml("vehicle", lambda way: way and (way.forward | way.backward) & EdgeFlag.VEHICLE)
    theirs = on_ways(ox.graph_from_xml(path, bidirectional=False, **EVERYTHING))
    edges = np.flatnonzero(city.passable(Mode.VEHICLE))
    points, segments = points_and_segments(city, edges)
    read = {
        int(way.get("id")): read_way({tag.get("k"): tag.get("v") for tag in way.iter("tag")})
        for way in ET.parse(path).getroot().iter("way")
    }
    closed = [
        each
        for each in theirs.edges.values()
        if each["reversed"] and not read[each["osmid"]].backward & EdgeFlag.VEHICLE
    ]
    assert (points, segments + len(closed)) == (len(places(theirs)), len(theirs.edges))
    assert (points, len(theirs.edges)) == counted.driven
    assert len(closed) == counted.closed_backward
    length_m = total_length(theirs) - sum(each["length"] for each in closed)
    assert city.edge_length_m[edges].sum() == pytest.approx(length_m, abs=0.05 * len(edges))


@pytest.mark.long
def test_every_difference_to_osmnx_on_the_whole_extract_is_accounted_for(ox, city, as_xml, counted):
    """Without any filter osmnx also reads what is no road, or closed to everybody."""
    path = as_xml("all", lambda _: True)
    theirs = ox.graph_from_xml(path, bidirectional=True, **EVERYTHING)
    one = np.flatnonzero((city.edge_twin < 0) | (np.arange(city.meta.edge_count) < city.edge_twin))
    points, segments = points_and_segments(city, one)
    used, unused, roads, closed = set(), 0, 0, 0
    for way in ET.parse(path).getroot().iter("way"):
        tags = {tag.get("k"): tag.get("v") for tag in way.iter("tag")}
        refs = [nd.get("ref") for nd in way.iter("nd")]
        if read_way(tags) is None:
            unused += len(list(pairwise(refs)))
            closed += "highway" in tags
        else:
            used.update(refs)
            roads += 1
    assert (len(theirs), len(theirs.edges)) == counted.everything
    assert (roads, closed) == counted.roads_and_closed_ones
    assert len(theirs.edges) == 2 * (segments + unused)
    assert points == len(places(theirs.subgraph(map(int, used))))
    # The nodes that lie on no way that we use, and the segments.
    assert (len(theirs) - len(used), unused) == counted.unused


@pytest.mark.long
def test_our_junctions_are_osmnx_s_and_ends_of_ways(ox, city, as_xml, counted):
    """simplify=True joins ways that merely follow each other; we keep their common node.

    A name, a surface or a bridge changes there, and each of our edges lies on one OSM way.
    """
    path = as_xml("used", lambda way: way is not None)
    raw = on_ways(ox.graph_from_xml(path, bidirectional=True, **EVERYTHING))
    theirs = set(ox.simplify_graph(raw, remove_rings=False))
    graph = to_networkx(city)
    ours = {osmid: node for node, osmid in graph.nodes(data="osmid")}
    assert (len(ours), len(theirs)) == counted.junctions_and_osmnx_s
    assert theirs <= ours.keys() | _rings(raw)
    joints = ours.keys() - theirs
    osmids, copies = np.unique(city.node_osm_id, return_counts=True)
    parted = set(osmids[copies > 1].tolist())
    assert joints & parted  # a gate in the middle of a way
    for osmid in joints:
        neighbours = set(raw.neighbors(osmid))
        assert len(neighbours) == 2
        assert osmid in parted or graph.nodes[ours[osmid]]["street_count"] == 2


def _rings(raw):
    """Return the nodes of components that are one closed way."""
    rings = set()
    for part in nx.weakly_connected_components(raw):
        if all(len(set(raw.neighbors(node))) == 2 for node in part):
            rings |= part
    return rings


# --- what osmnx can do with the graph ----------------------------------------------------------


@pytest.fixture(scope="module")
def town(ox, city):
    """Give the walkers' graph of some streets, cut out so that osmnx answers in a second."""
    graph = to_networkx(city, mode=Mode.FOOT)
    part = ox.truncate.truncate_graph_bbox(graph, STREETS)
    return ox.truncate.largest_component(part, strongly=True)


@pytest.mark.long
def test_osmnx_takes_basic_stats(ox, town):
    stats = ox.stats.basic_stats(town, area=4e6)
    assert stats["n"] == len(town)
    assert stats["edge_length_total"] == pytest.approx(total_length(town))
    assert 1 < stats["circuity_avg"] < 1.2
    assert stats["streets_per_node_avg"] > 2


@pytest.mark.long
def test_osmnx_s_own_street_count_is_ours(ox, city):
    graph = to_networkx(city)
    assert ox.stats.count_streets_per_node(graph) == dict(graph.nodes(data="street_count"))


@pytest.mark.long
def test_osmnx_finds_the_same_nearest_edge(ox, city, town):
    graph = ox.project_graph(town)
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(24.940, 24.944, 40), rng.uniform(60.168, 60.172, 40)
    points = ox.projection.project_geometry(shapely.MultiPoint(np.column_stack((lon, lat))))[0]
    xy = shapely.get_coordinates(points)
    found, distance = ox.distance.nearest_edges(graph, xy[:, 0], xy[:, 1], return_dist=True)
    within = np.array([edge for *_, edge in town.edges(data="edge")])
    for at, edge, metres in zip(zip(lon, lat, strict=True), found, distance, strict=True):
        snap = snap_to_edge(city, *at, Mode.FOOT, usable=lambda edges: np.isin(edges, within))
        # The ellipsoid of the projection and our sphere differ by up to 0.6 %.
        assert snap.distance_m == pytest.approx(metres, rel=0.01, abs=0.2)
        same = graph.edges[edge]["edge"]
        assert snap.edge in {same, int(city.edge_twin[same])} or metres < 0.5


@pytest.mark.long
def test_osmnx_routes_over_it(ox, town):
    nodes = sorted(town)
    start, end = nodes[0], nodes[-1]
    path = ox.routing.shortest_path(town, start, end, weight="length")
    metres = sum(min(d["length"] for d in town[u][v].values()) for u, v in pairwise(path))
    assert metres == pytest.approx(nx.shortest_path_length(town, start, end, weight="length"))


def test_osmnx_makes_geodataframes(ox, town):
    nodes, edges = ox.convert.graph_to_gdfs(town)
    assert {"x", "y", "street_count", "osmid"} <= set(nodes.columns)
    assert {"osmid", "highway", "length", "oneway", "reversed", "geometry"} <= set(edges.columns)
    assert str(edges.crs).lower() == "epsg:4326"
    again = ox.convert.graph_from_gdfs(nodes, edges)
    assert (len(again), len(again.edges)) == (len(town), len(town.edges))


def test_attributes_of_nodes_and_edges(tiny_graph):
    lit = int(EdgeFlag.LIT_NO | EdgeFlag.BRIDGE)
    graph = to_networkx(
        tiny_graph(
            [(0, 0, 12.0, "CO"), (0.01, 0), (0.02, 0)],
            [
                (0, 1, {"flags": lit, "surface": "gravel", "maxspeed": 30, "oneway": "vehicle"}),
                (1, 2, {"road_class": "footway", "surface": "unknown"}),
            ],
        )
    )
    assert graph.graph["crs"] == "epsg:4326"
    first = min(graph, key=lambda n: graph.nodes[n]["x"])
    assert graph.nodes[first]["elevation"] == 12.0
    assert graph.nodes[first]["country"] == "CO"
    (_, _, there), *_ = graph.out_edges(first, data=True)
    assert there["surface"] == "gravel"
    assert there["lit"] == "no"
    assert there["bridge"] == "yes"
    assert there["maxspeed"] == "30"
    assert there["oneway"] is True
    assert there["reversed"] is False
    (_, _, back), *_ = graph.in_edges(first, data=True)
    assert back["reversed"] is True
    assert back["geometry"].equals(there["geometry"])
    last = max(graph, key=lambda n: graph.nodes[n]["x"])
    (_, _, path), *_ = graph.out_edges(last, data=True)
    assert not {"surface", "lit", "maxspeed", "name"} & path.keys()
    assert path["oneway"] is False


def test_p33_no_border_is_crossed_silently_in_networkx(sketch):
    graph = to_networkx(sketch)
    for u, v in graph.edges():
        assert graph.nodes[u]["country"] == graph.nodes[v]["country"]
    open_graph = to_networkx(sketch, with_borders=True)
    borders = [d for *_, d in open_graph.edges(data=True) if "border" in d]
    assert len(borders) == 70
    assert nx.number_weakly_connected_components(open_graph) == 2
    assert nx.number_weakly_connected_components(graph) > 10


def test_geometry_runs_from_tail_to_head(sketch):
    graph = to_networkx(sketch)
    for u, v, line in list(graph.edges(data="geometry"))[:200]:
        ends = line.coords[0], line.coords[-1]
        for node, (lon, lat) in zip((u, v), ends, strict=True):
            at = graph.nodes[node]
            assert great_circle_m(at["x"], at["y"], lon, lat) < 0.02
