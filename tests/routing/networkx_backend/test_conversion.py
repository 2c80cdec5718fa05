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
from tests.fixtures.osm_file import cut

NOW = "2026-11-24T00:00:00Z"
#: osmnx with these settings keeps every node and every segment of every way in the file:
#: nothing is contracted (simplify) and no small component is dropped (retain_all).
EVERYTHING = {"simplify": False, "retain_all": True}


#: A box of some streets, in which osmnx answers in a second.
TOWN = (-51.235, -30.045, -51.215, -30.025)


class Counted(NamedTuple):
    """What stands in an extract: pairs of nodes and segments, but for roads and one-way paths."""

    escalators: int
    walked: tuple[int, int]
    driven: tuple[int, int]
    everything: tuple[int, int]
    unused: tuple[int, int]
    roads_and_closed_ones: tuple[int, int]
    junctions_and_osmnx_s: tuple[int, int]


COUNTED = {
    "town": Counted(
        escalators=5,
        walked=(2_796, 6_698),
        driven=(1_591, 2_243),
        everything=(3_571, 8_012),
        unused=(662, 480),
        roads_and_closed_ones=(1_316, 74),
        junctions_and_osmnx_s=(1_572, 1_332),
    ),
    "city": Counted(
        escalators=5,
        walked=(38_363, 91_208),
        driven=(31_243, 60_254),
        everything=(43_264, 101_616),
        # Segments on 1,147 roads closed to everybody and 146 ways that are no road.
        unused=(4_258, 4_256),
        roads_and_closed_ones=(14_739, 1_147),
        junctions_and_osmnx_s=(19_393, 17_497),
    ),
}


@pytest.fixture(scope="module", params=["town", pytest.param("city", marks=pytest.mark.long)])
def extent(request):
    """Name how much of the extract is compared; all of it by `./run test --long`."""
    return request.param


@pytest.fixture(scope="module")
def counted(extent):
    return COUNTED[extent]


@pytest.fixture(scope="module")
def source(extent, shared_data, tmp_path_factory):
    whole = shared_data / "osm" / "poa_osm.pbf"
    return (
        whole if extent == "city" else cut(whole, TOWN, tmp_path_factory.mktemp("cut") / "town.pbf")
    )


@pytest.fixture(scope="module")
def poa(source):
    return read_osm(source, "poa", imported_at=NOW)


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


def total_length(osmnx_graph):
    return sum(length for _, _, length in osmnx_graph.edges(data="length"))


@pytest.mark.long
def test_walkers_get_exactly_osmnx_s_nodes_and_edges(ox, poa, as_xml, counted):
    """bidirectional=True is osmnx's setting for walkers: oneway does not bind them.

    Escalators do, of which osmnx does not know.
    """
    path = as_xml("foot", lambda way: way and way.forward & way.backward & EdgeFlag.FOOT)
    theirs = on_ways(ox.graph_from_xml(path, bidirectional=True, **EVERYTHING))
    walked = poa.passable(Mode.FOOT)
    one_way = np.flatnonzero(walked & ~((poa.edge_twin >= 0) & walked[poa.edge_twin]))
    assert len(one_way) == counted.escalators
    edges = np.setdiff1d(np.flatnonzero(walked), one_way)
    ours = points_and_segments(poa, edges)
    assert ours == (len(theirs), len(theirs.edges)) == counted.walked
    # Each of our edges is rounded to a decimetre.
    assert poa.edge_length_m[edges].sum() == pytest.approx(
        total_length(theirs), abs=0.05 * len(edges)
    )


def test_vehicles_get_exactly_osmnx_s_nodes_and_directed_edges(ox, poa, as_xml, counted):
    """bidirectional=False is osmnx's setting for vehicles: oneway and roundabouts bind them."""
    path = as_xml("vehicle", lambda way: way and (way.forward | way.backward) & EdgeFlag.VEHICLE)
    theirs = on_ways(ox.graph_from_xml(path, bidirectional=False, **EVERYTHING))
    edges = np.flatnonzero(poa.passable(Mode.VEHICLE))
    assert points_and_segments(poa, edges) == (len(theirs), len(theirs.edges)) == counted.driven
    assert poa.edge_length_m[edges].sum() == pytest.approx(
        total_length(theirs), abs=0.05 * len(edges)
    )


@pytest.mark.long
def test_every_difference_to_osmnx_on_the_whole_extract_is_accounted_for(ox, poa, as_xml, counted):
    """Without any filter osmnx also reads what is no road, or closed to everybody."""
    path = as_xml("all", lambda _: True)
    theirs = ox.graph_from_xml(path, bidirectional=True, **EVERYTHING)
    one = np.flatnonzero((poa.edge_twin < 0) | (np.arange(poa.meta.edge_count) < poa.edge_twin))
    points, segments = points_and_segments(poa, one)
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
    assert points == len(used)
    # The nodes that lie on no way that we use, and the segments.
    assert (len(theirs) - points, unused) == counted.unused


@pytest.mark.long
def test_our_junctions_are_osmnx_s_and_ends_of_ways(ox, poa, as_xml, counted):
    """simplify=True joins ways that merely follow each other; we keep their common node.

    A name, a surface or a bridge changes there, and each of our edges lies on one OSM way.
    """
    path = as_xml("used", lambda way: way is not None)
    raw = on_ways(ox.graph_from_xml(path, bidirectional=True, **EVERYTHING))
    theirs = set(ox.simplify_graph(raw, remove_rings=False))
    graph = to_networkx(poa)
    ours = {osmid: node for node, osmid in graph.nodes(data="osmid")}
    assert (len(ours), len(theirs)) == counted.junctions_and_osmnx_s
    assert theirs <= ours.keys() | _rings(raw)
    joints = ours.keys() - theirs
    osmids, copies = np.unique(poa.node_osm_id, return_counts=True)
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
def town(ox, poa):
    """Give the walkers' graph of some streets, cut out so that osmnx answers in a second."""
    graph = to_networkx(poa, mode=Mode.FOOT)
    part = ox.truncate.truncate_graph_bbox(graph, TOWN)
    return ox.truncate.largest_component(part, strongly=True)


@pytest.mark.long
def test_osmnx_takes_basic_stats(ox, town):
    stats = ox.stats.basic_stats(town, area=4e6)
    assert stats["n"] == len(town)
    assert stats["edge_length_total"] == pytest.approx(total_length(town))
    assert 1 < stats["circuity_avg"] < 1.2
    assert stats["streets_per_node_avg"] > 2


@pytest.mark.long
def test_osmnx_s_own_street_count_is_ours(ox, poa):
    graph = to_networkx(poa)
    assert ox.stats.count_streets_per_node(graph) == dict(graph.nodes(data="street_count"))


@pytest.mark.long
def test_osmnx_finds_the_same_nearest_edge(ox, poa, town):
    graph = ox.project_graph(town)
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(-51.23, -51.22, 40), rng.uniform(-30.04, -30.03, 40)
    points = ox.projection.project_geometry(shapely.MultiPoint(np.column_stack((lon, lat))))[0]
    xy = shapely.get_coordinates(points)
    found, distance = ox.distance.nearest_edges(graph, xy[:, 0], xy[:, 1], return_dist=True)
    for at, edge, metres in zip(zip(lon, lat, strict=True), found, distance, strict=True):
        snap = snap_to_edge(poa, *at, Mode.FOOT)
        # The ellipsoid of the projection and our sphere differ by up to 0.6 %.
        assert snap.distance_m == pytest.approx(metres, rel=0.01, abs=0.2)
        same = graph.edges[edge]["edge"]
        assert snap.edge in {same, int(poa.edge_twin[same])} or metres < 0.5


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
