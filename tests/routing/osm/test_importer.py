"""Importing: cutting at junctions, lengths, borders of the sketch, heights, and bad files."""

import gzip
import itertools
import math

import numpy as np
import osmium
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin
from rasterio.windows import Window

from routing.errors import GraphError, ImportFailed
from routing.geometry.geodesy import great_circle_m
from routing.graph.elevation import HeightRaster, HeightRasters
from routing.graph.regions import open_graph, verify_graph
from routing.graph.segments import iter_segments
from routing.osm.importer import import_osm, read_osm
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from tests.fixtures.city import HELSINKI, write_hills
from tests.fixtures.examples import examples
from tests.fixtures.osm_file import OsmFile

NOW = "2026-11-24T00:00:00Z"


@pytest.fixture
def read(tmp_path):
    """Give a function that writes an OsmFile and reads it as a graph."""

    def reader(file, **options):
        source = file.write(tmp_path / "extract.osm")
        return read_osm(source, "test", imported_at=NOW, **options)

    return reader


def cross():
    """Return two streets that cross at node 3; 2 and 5 are bends."""
    file = OsmFile()
    for ref, (x, y) in enumerate([(0, 0), (1, 0.2), (2, 0), (3, 0), (2, 1), (2, 2)], start=1):
        file.node(ref, -72.5 + x / 1000, 7.9 + y / 1000)
    file.way(10, [1, 2, 3, 4], highway="residential", name="Calle 1", surface="asphalt")
    file.way(11, [3, 5, 6], highway="footway", lit="yes")
    return file


def test_ways_are_cut_at_junctions_and_nowhere_else(read):
    graph = read(cross())
    assert sorted(graph.node_osm_id.tolist()) == [1, 3, 4, 6]
    assert graph.meta.edge_count == 6
    pieces = {(s.osm_way_id, s.segment_key) for s in iter_segments(graph)}
    assert pieces == {(10, "10.0"), (10, "10.1"), (11, "11.0")}
    longest = max(iter_segments(graph), key=lambda s: s.length_m)
    line = graph.edge_coordinates(int(np.argmax(graph.edge_length_dm)))
    assert len(line) == 3
    assert longest.length_m == pytest.approx(
        great_circle_m(*line[:-1].T, *line[1:].T).sum(), abs=0.1
    )


def test_attributes_arrive(read):
    graph = read(cross())
    street = next(s for s in iter_segments(graph) if s.osm_way_id == 10)
    assert (street.name, street.surface, street.lit, street.vehicle) == (
        "Calle 1",
        "asphalt",
        None,
        True,
    )
    path = next(s for s in iter_segments(graph) if s.osm_way_id == 11)
    assert (path.name, path.surface, path.lit, path.vehicle) == (None, None, True, False)


def test_nodes_outside_the_extract_cut_the_way(read):
    file = cross()
    del file.nodes[2]
    graph = read(file)
    assert sorted(graph.node_osm_id.tolist()) == [3, 4, 6]
    assert graph.meta.report["node_references_outside"] == 1
    assert max(s.length_m for s in iter_segments(graph)) < 300


def test_a_node_missing_in_the_middle_leaves_two_stretches(read):
    file = OsmFile()
    for ref in (1, 2, 4, 5):
        file.node(ref, ref / 1000, 0)
    file.way(10, [1, 2, 3, 4, 5], highway="residential", amparo__length_m="9000")
    graph = read(file)
    assert sorted(graph.node_osm_id.tolist()) == [1, 2, 4, 5]
    assert [s.segment_key for s in iter_segments(graph)] == ["10.0", "10.1"]
    # The tag speaks of the whole way, of which we hold only a part.
    assert [s.length_m for s in iter_segments(graph)] == pytest.approx([111.2, 111.2], abs=0.1)


def test_a_way_that_meets_itself_is_cut_there(read):
    file = OsmFile()
    for ref, (x, y) in enumerate([(0, 0), (1, 0), (2, 1), (3, 0), (2, -1)], start=1):
        file.node(ref, x / 1000, y / 1000)
    file.way(10, [1, 2, 3, 4, 5, 2], highway="residential")
    graph = read(file)
    assert sorted(graph.node_osm_id.tolist()) == [1, 2]
    loops = graph.edge_tail == graph.edge_head
    assert loops.sum() == 2  # both directions
    assert len(graph.edge_coordinates(int(np.flatnonzero(loops)[0]))) == 5


def test_a_repeated_node_makes_no_edge(read):
    file = cross()
    file.ways[10] = ([1, 2, 2, 3, 4], file.ways[10][1])
    assert read(file).meta.edge_count == 6


@settings(max_examples=examples(60, 10), deadline=None)
@given(st.lists(st.lists(st.integers(1, 9), min_size=2, max_size=7), min_size=1, max_size=4))
def test_pieces_cover_every_segment_once_and_end_at_junctions(tmp_path_factory, ways):
    file = OsmFile()
    for ref in range(1, 10):
        file.node(ref, (ref * 37 % 11) / 1000, (ref * 53 % 13) / 1000)
    for index, refs in enumerate(ways):
        file.way(100 + index, refs, highway="residential")
    segments = [(a, b) for refs in ways for a, b in itertools.pairwise(refs) if a != b]
    source = file.write(tmp_path_factory.mktemp("osm") / "extract.osm")
    if not segments:
        return
    graph = read_osm(source, "test", imported_at=NOW)
    place = {(round(lon * 1e7), round(lat * 1e7)): ref for ref, (lon, lat, _) in file.nodes.items()}
    forward = (graph.edge_flags & EdgeFlag.REVERSED) == 0
    got, inside = [], set()
    for edge in np.flatnonzero(forward):
        refs = [place[round(x * 1e7), round(y * 1e7)] for x, y in graph.edge_coordinates(edge)]
        got += list(itertools.pairwise(refs))
        inside.update(refs[1:-1])
        assert len(set(refs[1:-1])) == len(refs[1:-1])
    assert sorted(got) == sorted(segments)
    # A bend is passed once and by one piece only; everything else is a node of the graph.
    ends = set(graph.node_osm_id.tolist())
    assert not inside & ends
    lines = [line for line in map(_without_repeats, ways) if len(line) > 1]
    uses = [ref for line in lines for ref in line]
    assert all(uses.count(ref) == 1 for ref in inside)


def _without_repeats(refs):
    return [ref for i, ref in enumerate(refs) if i == 0 or ref != refs[i - 1]]


def test_tagged_length_is_shared_out_over_the_pieces(read):
    file = cross()
    file.ways[10] = (file.ways[10][0], {**file.ways[10][1], "amparo:length_m": "900"})
    lengths = [s.length_m for s in iter_segments(read(file)) if s.osm_way_id == 10]
    assert sum(lengths) == pytest.approx(900, abs=0.1)
    assert lengths[0] / lengths[1] == pytest.approx(227.0 / 110.2, rel=0.02)


def test_oneway_street_keeps_both_directions_for_walkers(read):
    file = cross()
    file.ways[10] = (file.ways[10][0], {"highway": "residential", "oneway": "-1"})
    graph = read(file)
    cars = graph.passable(Mode.VEHICLE)
    assert cars.sum() == 2
    assert ((graph.edge_flags[cars] & EdgeFlag.REVERSED) != 0).all()
    assert graph.passable(Mode.FOOT).all()


@pytest.mark.parametrize("suffix", [".osm", ".osm.gz", ".osm.pbf"])
def test_every_format_gives_the_same_graph(tmp_path, suffix):
    xml = cross().write(tmp_path / "one.osm")
    source = tmp_path / f"two{suffix}"
    if suffix == ".osm.gz":
        source.write_bytes(gzip.compress(xml.read_bytes()))
    else:
        with osmium.SimpleWriter(str(source)) as writer:
            for item in osmium.FileProcessor(str(xml)):
                writer.add(item)
    one = read_osm(xml, "test", imported_at=NOW)
    two = read_osm(source, "test", imported_at=NOW)
    for name in ("node_lon", "edge_tail", "edge_head", "edge_length_dm", "shape_lat"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_progress_is_reported_to_the_end_of_every_stage(tmp_path):
    seen = []
    source = cross().write(tmp_path / "one.osm")
    import_osm(
        source,
        tmp_path / "graphs",
        "test",
        imported_at=NOW,
        progress=lambda *step: seen.append(step),
    )
    for stage in ("ways", "nodes", "boundaries", "hierarchy", "metrics", "writing"):
        last = [step for step in seen if step[0] == stage][-1]
        assert last[1] == last[2] > 0
    verify_graph(tmp_path / "graphs" / "test")


# --- bad files -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"x", "osm.pbf"),
        ("a.osm", b"not xml at all", "cannot be read"),
        ("a.osm.pbf", b"\x00\x00\x00\x0dgarbage garbage garbage", "cannot be read"),
        ("a.osm.gz", b"not gzip", "cannot be read"),
        ("a.osm", b'<osm version="0.6"></osm>', "no way"),
        (
            "a.osm",
            (
                b'<osm version="0.6"><way id="1" version="1"><nd ref="1"/><nd ref="2"/>'
                b'<tag k="highway" v="path"/></way></osm>'
            ),
            "none of their nodes",
        ),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(tmp_path, name, content, reason):
    source = tmp_path / name
    source.write_bytes(content)
    with pytest.raises(ImportFailed, match=reason):
        import_osm(source, tmp_path / "graphs", "test", imported_at=NOW)
    assert not (tmp_path / "graphs").exists()


def test_a_missing_file_and_a_bad_name_are_refused(tmp_path):
    with pytest.raises(ImportFailed, match="no such file"):
        import_osm(tmp_path / "no.osm.pbf", tmp_path, "test", imported_at=NOW)
    with pytest.raises(GraphError, match="region name"):
        import_osm(tmp_path / "no.osm.pbf", tmp_path, "../test", imported_at=NOW)


def test_a_cut_off_pbf_is_refused(tmp_path):
    source = tmp_path / "cut.osm.pbf"
    source.write_bytes(HELSINKI.read_bytes()[:400_000])
    with pytest.raises(ImportFailed, match="cannot be read"):
        import_osm(source, tmp_path / "graphs", "test", imported_at=NOW)


# --- the sketch ------------------------------------------------------------------------------


def test_the_sketch_arrives_whole(sketch):
    meta = sketch.meta
    # 1,068 nodes and a second half for 34 of the 37 crossings: the two posts of Rumichaca have
    # their border between them, and nothing is drawn behind Peñas Blancas.
    assert meta.node_count == 1068 + 34
    assert meta.edge_count == 2 * (1126 + 34)
    assert len(set(sketch.node_osm_id.tolist())) == 1068
    assert meta.kind == "sketch"
    assert meta.snap_limit_m == 25_000
    assert len(meta.countries) == 13
    assert (sketch.node_country >= 0).all()
    assert not np.isnan(sketch.node_elevation_m).any()
    assert not meta.has_slope
    assert meta.report["pieces_without_common_country"] == 0


def test_border_edges_of_the_sketch_are_its_crossings(sketch, open_crossings):
    borders = np.flatnonzero(sketch.is_border_edge)
    assert len(borders) == 2 * 35
    differ = sketch.node_country[sketch.edge_tail] != sketch.node_country[sketch.edge_head]
    np.testing.assert_array_equal(sketch.is_border_edge, differ)
    by_pair = {}
    for crossing in open_crossings:
        by_pair.setdefault(frozenset(crossing.countries), []).append(crossing)
    for edge in borders:
        tail, head = int(sketch.edge_tail[edge]), int(sketch.edge_head[edge])
        pair = frozenset({sketch.country_of_node(tail), sketch.country_of_node(head)})
        lon, lat = sketch.edge_coordinates(edge)[0]
        near = [c for c in by_pair[pair] if great_circle_m(lon, lat, c.lon, c.lat) < 500]
        assert near, sketch.node_label(tail)


def test_both_posts_of_rumichaca_lie_on_the_way(sketch):
    labels = [sketch.node_label(n) or "" for n in range(sketch.meta.node_count)]
    posts = [n for n, label in enumerate(labels) if label.startswith("Rumichaca")]
    assert len(posts) == 2
    between = [
        e
        for e in np.flatnonzero(sketch.is_border_edge)
        if {int(sketch.edge_tail[e]), int(sketch.edge_head[e])} == set(posts)
    ]
    assert len(between) == 2
    assert {sketch.country_of_node(n) for n in posts} == {"CO", "EC"}
    assert sketch.edge_length_m[between[0]] > 0


def test_no_two_countries_touch_without_a_border_edge(sketch):
    inside = ~sketch.is_border_edge
    tail, head = sketch.edge_tail[inside], sketch.edge_head[inside]
    assert (sketch.node_country[tail] == sketch.node_country[head]).all()


def test_cucuta_to_bucaramanga_is_195_km_by_the_edges_lengths(sketch, towns):
    import networkx as nx

    from routing.networkx_backend.conversion import to_networkx

    graph = to_networkx(sketch)
    place = {
        (graph.nodes[n]["country"], graph.nodes[n]["name"]): n
        for n in graph
        if "name" in graph.nodes[n]
    }
    length = nx.shortest_path_length(
        graph, place["CO", "Cúcuta"], place["CO", "Bucaramanga"], weight="length"
    )
    assert length == pytest.approx(195_000, rel=0.002)


# --- a city and heights ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def covered(tmp_path_factory):
    """Give a raster of hills, and its box."""
    path = tmp_path_factory.mktemp("heights") / "hills.tif"
    return path, write_hills(path)


@pytest.fixture(scope="module")
def city(covered, tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs")
    heights, _ = covered
    meta = import_osm(HELSINKI, folder, "city", dem=heights, imported_at=NOW)
    assert verify_graph(folder / "city") == meta
    return open_graph(folder / "city")


def test_a_city_imports(city):
    meta = city.meta
    assert (meta.node_count, meta.edge_count) == (3_593, 10_235)
    assert meta.report["ways_used"] == 2_480
    assert meta.report["thresholds"] == 33
    assert meta.report["restrictions_used"] == 36
    assert meta.report["node_references_outside"] == 888
    assert meta.kind == "osm"
    assert meta.snap_limit_m == 1_000
    assert meta.countries == ()
    assert city.country_of_node(0) is None
    assert "OpenStreetMap" in meta.attribution


def test_heights_are_unknown_outside_the_raster_but_of_a_node_that_states_its_own(city, covered):
    assert city.meta.has_slope
    unknown = np.isnan(city.node_elevation_m)
    nodes = osmium.FileProcessor(str(HELSINKI), osmium.osm.NODE)
    stated = np.isin(city.node_osm_id, [node.id for node in nodes if "ele" in node.tags])
    assert 0 < unknown.sum() < 1000
    lon, lat = city.node_lon / 1e7, city.node_lat / 1e7
    _, (west, south, east, north) = covered
    outside = (lon < west) | (lon > east) | (lat < south) | (lat > north)
    assert (stated & outside).any()
    np.testing.assert_array_equal(unknown, outside & ~stated)


def test_climb_minus_descent_is_the_difference_of_heights(city):
    rise = city.node_elevation_m[city.edge_head] - city.node_elevation_m[city.edge_tail]
    known = ~np.isnan(rise) & ((city.edge_ascent_m > 0) | (city.edge_descent_m > 0))
    assert known.mean() > 0.9
    net = city.edge_ascent_m - city.edge_descent_m
    np.testing.assert_allclose(net[known], rise[known], atol=0.01)
    assert (city.edge_ascent_m >= 0).all()


@pytest.fixture
def plane(tmp_path):
    """Give a function that writes a raster whose height is a plane: 1000 m + 1 m a cell."""

    def write(cell_deg, crs="EPSG:4326", nodata=None):
        rows, columns = np.mgrid[0:60, 0:60]
        heights = 1000.0 + columns + 0 * rows
        if nodata is not None:
            heights[:, 30:] = nodata
        path = tmp_path / "heights.tif"
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=60,
            height=60,
            count=1,
            dtype="float32",
            crs=crs,
            nodata=nodata,
            transform=from_origin(-72.51, 7.91, cell_deg, cell_deg),
        ) as raster:
            raster.write(heights.astype(np.float32), 1)
        return path

    return write


def test_bilinear_heights_are_exact_on_a_plane(plane):
    with HeightRaster(plane(0.0005)) as raster:
        lon = np.array([-72.505, -72.5033])
        expected = 1000 + (lon + 72.51) / 0.0005 - 0.5
        np.testing.assert_allclose(raster.heights_m(lon, np.full(2, 7.9)), expected, atol=1e-3)
        outside = raster.heights_m(np.array([-73.0, -72.505]), np.array([7.9, 9.0]))
        assert np.isnan(outside).all()


def test_tiles_of_heights_are_as_one_raster(plane, tmp_path):
    whole, tiles = plane(0.0005), []
    with rasterio.open(whole) as raster:
        for west, name in ((0, "a.tif"), (30, "b.tif")):
            window = Window(west, 0, 30, 60)
            shape = raster.profile | {
                "width": 30, "transform": rasterio.windows.transform(window, raster.transform)
            }  # fmt: skip
            tiles.append(tmp_path / name)
            with rasterio.open(tiles[-1], "w", **shape) as tile:
                tile.write(raster.read(window=window))
    # The seam runs at -72.495.
    lon, lat = np.array([-72.5052, -72.4951, -72.4949, -72.4852, -72.0]), np.full(5, 7.9)
    with HeightRaster(whole) as one, HeightRasters(tiles) as parts:
        expected, found = one.heights_m(lon, lat), parts.heights_m(lon, lat)
        assert parts.gives_slope == one.gives_slope
    np.testing.assert_allclose(found[[0, 3]], expected[[0, 3]], atol=1e-3)
    # Within half a cell of the seam a tile holds its last cell: half a metre on this plane.
    np.testing.assert_allclose(found[[1, 2]], expected[[1, 2]], atol=0.5)
    assert math.isnan(found[4])


def test_slope_needs_cells_of_90_m(read, plane):
    fine = read(cross(), dem=plane(3 / 3600))
    assert fine.meta.has_slope
    coarse = read(cross(), dem=plane(4 / 3600))
    assert not coarse.meta.has_slope
    assert not np.isnan(coarse.node_elevation_m).any()


def test_cells_without_data_are_unknown(read, plane):
    graph = read(cross(), dem=plane(0.0005, nodata=-9999))
    assert np.isnan(graph.node_elevation_m).any() or (graph.node_elevation_m > 0).all()
    with HeightRaster(plane(0.0005, nodata=-9999)) as raster:
        values = raster.heights_m(np.array([-72.505, -72.485]), np.array([7.9, 7.9]))
    assert values[0] > 1000
    assert math.isnan(values[1])


def test_a_bridge_runs_straight_between_its_ends(read, tmp_path):
    heights = np.full((60, 60), 100.0, dtype=np.float32)
    heights[:, 20:26] = 0.0  # a gorge
    path = tmp_path / "gorge.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=60,
        height=60,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=from_origin(-72.51, 7.91, 0.0005, 0.0005),
    ) as raster:
        raster.write(heights, 1)
    file = OsmFile()
    file.node(1, -72.505, 7.9)
    file.node(2, -72.49, 7.9)
    file.way(10, [1, 2], highway="primary", bridge="yes")
    assert read(file, dem=path).edge_ascent_m.max() == 0
    file.way(10, [1, 2], highway="primary")
    assert read(file, dem=path).edge_ascent_m.max() > 50


def test_a_bad_height_raster_is_refused(read, tmp_path, plane):
    bad = tmp_path / "bad.tif"
    bad.write_text("no raster")
    with pytest.raises(ImportFailed, match="height raster"):
        read(cross(), dem=bad)
    file = cross()
    for ref, (lon, lat, tags) in list(file.nodes.items()):
        file.nodes[ref] = (lon + 30, lat, tags)
    with pytest.raises(ImportFailed, match="covers no node"):
        read(file, dem=plane(0.0005))


def test_heights_from_tags_make_a_lower_bound(read):
    file = cross()
    file.node(1, -72.5, 7.9, ele="100")
    file.node(3, -72.498, 7.9, ele="130.5")
    graph = read(file)
    assert not graph.meta.has_slope
    assert graph.edge_ascent_m.max() == pytest.approx(30.5)
    assert np.isnan(graph.node_elevation_m).sum() == 2
