"""Rule P34 and the country of nodes: what an import must never carry across a border line."""

import gzip
import itertools
import json
import math
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing.errors import ImportFailed
from routing.geometry.geodesy import UNITS_PER_DEGREE, great_circle_m, local_xy
from routing.graph.segments import iter_segments
from routing.osm.border_strip import (
    BorderStrip,
    Boundaries,
    OfficialCrossing,
    node_countries,
    strip_segments,
)
from routing.osm.country_areas import from_extract
from routing.osm.importer import read_osm
from routing.osm.junction_split import segments_of
from routing.osm.reader import read_nodes, read_ways
from routing.osm.sketch_crossings import split_crossings
from routing.osm.way_table import Names
from routing.osm_tags.edge_flags import EdgeFlag
from routing.osm_tags.ways import HIGHWAY_CLASSES, MINOR
from tests.conftest import ROOT
from tests.fixtures.examples import examples
from tests.fixtures.osm_file import OsmFile

NOW = "2026-11-24T00:00:00Z"
LAT = 7.9
#: The border of these tests runs north-south here; Colombia lies west of it, Venezuela east.
LINE = -72.45
METRE = math.degrees(1 / (6_371_009 * math.cos(math.radians(LAT))))
MINOR_CLASSES = [HIGHWAY_CLASSES.index(name) for name in MINOR]
BRIDGE = OfficialCrossing("X-1", LINE, LAT, ("CO", "VE"))


def east(metres):
    """Return the longitude so many metres east of the border."""
    return LINE + metres * METRE


def box(west, east_):
    return shapely.box(west, LAT - 0.5, east_, LAT + 0.5)


@pytest.fixture
def boundary(tmp_path):
    """Write both countries as an official boundary file."""
    return write_countries(tmp_path)


def write_countries(folder):
    features = [
        {
            "type": "Feature",
            "properties": {"iso_a2": code},
            "geometry": shapely.geometry.mapping(area),
        }
        for code, area in (("CO", box(-73, LINE)), ("VE", box(LINE, -72)))
    ]
    path = folder / "border.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


class Extract:
    """An OSM file drawn in metres east of the border and metres north of LAT."""

    def __init__(self, folder):
        self.folder = folder
        self.file = OsmFile()
        self.count = 0

    def way(self, *points, **tags):
        """Draw a way; points at the same place are one node."""
        refs = []
        for x, y in points:
            ref = 1 + round(x) * 100_000 + round(y) + 5_000_000_000
            self.file.node(ref, east(x), LAT + math.degrees(y / 6_371_009))
            refs.append(ref)
        self.count += 1
        return self.file.way(self.count, refs, **tags)

    def read(self, **options):
        source = self.file.write(self.folder / "extract.osm")
        return read_osm(source, "test", imported_at=NOW, **options)


@pytest.fixture
def extract(tmp_path):
    """Give an extract with a road far from the border in each country, so that it imports."""
    drawn = Extract(tmp_path)
    drawn.way((-9000, 0), (-8000, 0), highway="residential")
    drawn.way((9000, 0), (8000, 0), highway="residential")
    return drawn


def country_at(graph, lon):
    """Return the country of the node nearest to a place at latitude `LAT`."""
    x, y = local_xy(graph.node_lon / UNITS_PER_DEGREE, graph.node_lat / UNITS_PER_DEGREE, lon, LAT)
    return graph.country_of_node(int(np.hypot(x, y).argmin()))


def ways_of(graph):
    return set(graph.edge_way_id.tolist())


@pytest.fixture
def line(extract):
    """Draw the border in the extract: a line that nobody vouches for."""
    extract.way((0, -90_000), (0, 90_000), boundary="administrative", admin_level="2")


@pytest.mark.usefixtures("line")
def test_p34_border_strip_drops_paths_and_tracks(extract):
    path = extract.way((-900, 300), (-600, 300), highway="path")
    track = extract.way((200, 0), (500, 0), highway="track")
    footway = extract.way((200, 50), (500, 50), highway="footway")
    steps = extract.way((200, 90), (500, 90), highway="steps")
    far = extract.way((-2000, 300), (-1100, 300), highway="path")
    graph = extract.read()
    assert not ways_of(graph) & {path, track, footway, steps}
    assert far in ways_of(graph)


def test_p34_border_strip_drops_fords(extract, boundary):
    ford = extract.way((-30, 0), (-10, 0), highway="unclassified", ford="yes")
    crossing = extract.way((-30, 400), (30, 400), highway="unclassified", ford="yes")
    official = [BRIDGE]
    graph = extract.read(boundaries=boundary, official_crossings=official)
    assert not ways_of(graph) & {ford, crossing}


def test_p34_border_strip_drops_roads_through_a_ford_tagged_on_a_node(extract, boundary):
    way = extract.way((-600, 0), (-500, 0), (-400, 0), highway="unclassified")
    graph = extract.read(boundaries=boundary)
    assert way in ways_of(graph)
    middle = extract.file.ways[way][0][1]
    lon, lat, _ = extract.file.nodes[middle]
    extract.file.node(middle, lon, lat, ford="yes")
    assert way not in ways_of(extract.read(boundaries=boundary))


def test_p34_border_strip_drops_ferries_whole(extract, boundary):
    ferry = extract.way((-5000, 0), (-3000, 0), (-300, 0), route="ferry")
    inland = extract.way((-5000, 0), (-3000, 500), route="ferry")
    graph = extract.read(boundaries=boundary)
    assert ferry not in ways_of(graph)
    assert inland in ways_of(graph)


def test_p34_border_strip_drops_bridges_that_meet_the_line(extract, boundary):
    across = extract.way((-60, 0), (-20, 0), (60, 0), highway="residential", bridge="yes")
    up_to = extract.way((-60, 300), (-20, 300), highway="residential", bridge="yes")
    half = extract.way((-60, 600), (0, 600), highway="residential", bridge="yes")
    graph = extract.read(boundaries=boundary)
    assert not ways_of(graph) & {across, half}
    assert up_to in ways_of(graph)  # over a stream beside the border, as far as anyone can tell
    unsure = extract.read(boundaries=boundary, boundary_error_m=50)
    assert up_to not in ways_of(unsure)


def test_p34_a_bridge_of_many_pieces_goes_with_all_of_them(extract, boundary):
    bridge = extract.way((-90, 0), (-50, 0), (-20, 0), (60, 0), highway="tertiary", bridge="yes")
    extract.way((-50, 0), (-50, 50), highway="tertiary")  # cuts the bridge in two
    assert bridge not in ways_of(extract.read(boundaries=boundary))


def test_p34_a_long_way_keeps_what_lies_outside_the_strip(extract, boundary):
    track = extract.way((-3000, 0), (-2000, 0), (-1500, 0), (-900, 0), (-50, 0), highway="track")
    graph = extract.read(boundaries=boundary)
    edge = int(np.flatnonzero(graph.edge_way_id == track)[0])
    lon = graph.edge_coordinates(edge)[:, 0]
    assert sorted(np.rint((lon - LINE) / METRE).astype(int).tolist()) == [-3000, -2000, -1500]


@pytest.mark.usefixtures("line")
def test_p34_a_segment_that_only_passes_through_the_strip_is_seen(extract):
    # Both ends lie 6 km from the line; the straight stretch between passes 500 m from it.
    path = extract.way((-6000, -40_000), (-500, 0), (-6000, 40_000), highway="path")
    graph = extract.read()
    assert path not in ways_of(graph)


def test_p34_through_roads_along_the_border_stay(extract, boundary):
    road = extract.way((-100, -2000), (-80, 0), (-100, 2000), highway="primary")
    bridge = extract.way((-100, 2000), (-100, 2030), highway="primary", bridge="yes")
    sidewalk = extract.way((-110, -2000), (-90, 0), highway="footway", footway="sidewalk")
    graph = extract.read(boundaries=boundary)
    assert {road, bridge, sidewalk} <= ways_of(graph)
    assert not graph.is_border_edge.any()


def test_p34_any_edge_across_the_line_goes_away_from_a_crossing(extract, boundary):
    road = extract.way((-100, 700), (100, 700), highway="primary")
    bow = extract.way((-500, 900), (20, 950), (-500, 1000), highway="primary")
    up_to = extract.way((-500, 1500), (0, 1500), highway="primary")
    graph = extract.read(boundaries=boundary, official_crossings=[BRIDGE])
    assert not ways_of(graph) & {road, bow, up_to}
    assert graph.meta.report["pieces_across_border"] == 3


def pieces_of(graph, way):
    return [s for s in iter_segments(graph) if s.osm_way_id == way]


def test_p34_a_road_is_not_cut_or_numbered_by_what_met_it(extract, boundary):
    road = extract.way((-700, 0), (-700, 500), (-700, 1000), (-700, 1500), highway="primary")
    plain = pieces_of(extract.read(boundaries=boundary), road)
    extract.way((-700, 500), (100, 500), highway="primary")
    extract.way((-700, 1000), (-50, 1000), highway="path")
    # Within one way: the first stretch goes, and leaves no hole in the numbers.
    both = extract.way((100, 1500), (-700, 1500), (-1500, 1500), highway="primary")
    graph = extract.read(boundaries=boundary)
    assert (graph.edge_way_id == road).sum() == 2  # both directions of one piece
    assert [s.segment_key for s in pieces_of(graph, both)] == [f"{both}.0"]
    assert pieces_of(graph, road) == plain


def test_p34_approaches_of_official_crossings_stay(extract, boundary):
    bridge = extract.way((-80, 0), (80, 0), highway="trunk", bridge="yes")
    footway = extract.way((-80, 10), (80, 10), highway="footway", bridge="yes")
    approach = extract.way((-300, 10), (-80, 10), highway="footway")
    away = extract.way((-600, 600), (-90, 600), highway="footway")
    graph = extract.read(boundaries=boundary, official_crossings=[BRIDGE])
    assert {bridge, footway, approach} <= ways_of(graph)
    assert away not in ways_of(graph)
    assert set(graph.edge_way_id[graph.is_border_edge].tolist()) == {bridge, footway}
    without = extract.read(boundaries=boundary)
    assert not ways_of(without) & {bridge, footway, approach}


def test_p33_no_road_goes_abroad_at_one_crossing_and_returns_at_another(extract, boundary):
    second = OfficialCrossing("X-3", LINE, LAT + math.degrees(3000 / 6_371_009), ("CO", "VE"))
    loop = extract.way((-80, 0), (80, 0), (2000, 1500), (80, 3000), (-80, 3000), highway="primary")
    sliver = extract.way((-50, 100), (3, 120), (-50, 140), highway="primary")
    graph = extract.read(boundaries=boundary, official_crossings=[BRIDGE, second])
    assert loop not in ways_of(graph)
    assert sliver in ways_of(graph)  # clips the line by three metres, beside the crossing


def test_p34_no_track_crosses_beside_an_official_bridge(extract, boundary):
    track = extract.way((-80, 300), (80, 300), highway="track")
    path = extract.way((-80, -300), (0, -300), highway="path")
    graph = extract.read(boundaries=boundary, official_crossings=[BRIDGE])
    assert not ways_of(graph) & {track, path}


def test_p10_a_crossing_of_two_other_countries_opens_nothing(extract, boundary):
    bridge = extract.way((-80, 0), (80, 0), highway="trunk", bridge="yes")
    other = OfficialCrossing("X-2", LINE, LAT, ("CO", "EC"))
    assert bridge not in ways_of(extract.read(boundaries=boundary, official_crossings=[other]))


def test_a_border_edge_is_one_whose_ends_lie_in_different_countries(extract, boundary):
    # The usual way of mapping: both bridge halves end at a node on the boundary itself.
    extract.way((-80, 0), (0, 0), highway="trunk", bridge="yes")
    extract.way((0, 0), (80, 0), highway="trunk", bridge="yes")
    graph = extract.read(boundaries=boundary, official_crossings=[BRIDGE])
    differ = graph.node_country[graph.edge_tail] != graph.node_country[graph.edge_head]
    np.testing.assert_array_equal(graph.is_border_edge, differ)
    assert graph.is_border_edge.sum() == 2
    assert graph.meta.countries == ("CO", "VE")


def test_no_edge_leaves_the_known_country(extract, tmp_path):
    """Only one country is known: what lies beyond it is nobody's, and out."""
    path = tmp_path / "one.geojson"
    feature = {
        "type": "Feature",
        "properties": {"ISO_A2_EH": "CO"},
        "geometry": shapely.geometry.mapping(box(-73, LINE)),
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    extract.way((-80, 0), (80, 0), highway="trunk")
    graph = extract.read(boundaries=path, official_crossings=[BRIDGE])
    assert graph.meta.countries == ("CO",)
    assert (graph.node_country == 0).all()
    assert graph.node_lon.max() < LINE * 1e7
    assert graph.meta.report["pieces_in_unknown_country"] == 2


def test_a_border_drawn_in_the_extract_is_kept_even_if_its_countries_are_not_known(extract):
    """An extract's edge cuts the country's area, but its line is there: nothing crosses it."""
    border = extract.way((0, -9000), (0, 9000), boundary="administrative", admin_level="2")
    bridge = extract.way((-80, 0), (80, 0), highway="trunk", bridge="yes")
    path = extract.way((-900, 300), (-600, 300), highway="path")
    for options in ({}, {"country": "CO"}):
        graph = extract.read(official_crossings=[BRIDGE], **options)
        assert not ways_of(graph) & {border, bridge, path}


def test_countries_come_from_complete_areas_of_the_extract(extract):
    corners = {"CO": ((-20_000, 0), "1"), "VE": ((0, 20_000), "2")}
    for code, ((west, east_), number) in corners.items():
        ring = extract.way(
            (west, -9000), (east_, -9000), (east_, 9000), (west, 9000), (west, -9000)
        )
        extract.file.relation(
            int(number),
            [(ring, "outer")],
            type="boundary",
            boundary="administrative",
            admin_level="2",
            ISO3166__1="",
            **{"ISO3166-1:alpha2": code},
        )
    bridge = extract.way((-80, 0), (80, 0), highway="trunk", bridge="yes")
    wild = extract.way((-80, 2000), (80, 2000), highway="trunk", bridge="yes")
    graph = extract.read(official_crossings=[BRIDGE])
    assert graph.meta.countries == ("CO", "VE")
    assert bridge in ways_of(graph)
    assert wild not in ways_of(graph)
    assert country_at(graph, east(-8500)) == "CO"
    assert country_at(graph, east(8500)) == "VE"


def test_one_country_for_the_whole_extract(extract):
    graph = extract.read(country="co")
    assert graph.meta.countries == ("CO",)
    assert (graph.node_country == 0).all()
    with pytest.raises(ImportFailed, match="two letters"):
        extract.read(country="Colombia")


def test_without_any_knowledge_there_are_no_countries(extract):
    graph = extract.read()
    assert graph.meta.countries == ()
    assert (graph.node_country == -1).all()
    assert not (graph.edge_flags & EdgeFlag.BORDER).any()


def test_land_borders_given_as_lines_spare_the_coast(extract, boundary):
    content = json.loads(boundary.read_text())
    line = shapely.LineString([(LINE, LAT - 1), (LINE, LAT + 1)])
    content["features"].append(
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(line)}
    )
    coast = extract.way(
        ((-73 - LINE) / METRE + 30, 0), ((-73 - LINE) / METRE + 60, 0), highway="path"
    )
    near = extract.way((-60, 0), (-30, 0), highway="path")
    assert coast not in ways_of(extract.read(boundaries=boundary))
    boundary.write_text(json.dumps(content))
    graph = extract.read(boundaries=boundary)
    assert coast in ways_of(graph)
    assert near not in ways_of(graph)


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "GeoJSON"),
        ("[]", "GeoJSON"),
        ('{"features": []}', "no country polygon"),
        ('{"features": [{"properties": {}, "geometry": null}]}', "usable geometry|neither"),
        (
            (
                '{"features": [{"properties": {"ISO_A2_EH": "CO", "ADM0_A3": "COL"},'
                ' "geometry": null}]}'
            ),
            "Natural Earth",
        ),
        (
            (
                '{"features": [{"properties": {"name": "x"}, "geometry": {"type": "Polygon",'
                ' "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}}]}'
            ),
            "country code",
        ),
    ],
)
def test_a_bad_boundary_file_is_refused_with_the_reason(extract, tmp_path, content, reason):
    path = tmp_path / "bad.geojson"
    path.write_text(content)
    with pytest.raises(ImportFailed, match=reason):
        extract.read(boundaries=path)


def test_a_boundary_file_that_misses_the_extract_is_refused(extract, tmp_path):
    path = tmp_path / "far.geojson"
    feature = {
        "type": "Feature",
        "properties": {"iso_a2": "PE"},
        "geometry": shapely.geometry.mapping(shapely.box(-80, -20, -75, -10)),
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(ImportFailed, match="cover"):
        extract.read(boundaries=path)


def test_country_and_boundary_exclude_each_other(extract, boundary):
    with pytest.raises(ImportFailed, match="either"):
        extract.read(boundaries=boundary, country="CO")


def shipped_outlines():
    return gzip.decompress((ROOT / "data/boundaries/admin0.geojson.gz").read_bytes())


def published_outlines():
    """Return a file with the properties that Natural Earth gives its countries."""
    feature = {
        "type": "Feature",
        "properties": {"ISO_A2_EH": "CO", "ADM0_A3": "COL", "NAME": "Colombia"},
        "geometry": shapely.geometry.mapping(box(-73, LINE)),
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


@pytest.mark.parametrize("outlines", [shipped_outlines, published_outlines])
def test_outlines_of_natural_earth_are_never_taken_for_borders(extract, tmp_path, outlines):
    path = tmp_path / "admin0.geojson"
    path.write_bytes(outlines())
    with pytest.raises(ImportFailed, match="Natural Earth"):
        extract.read(boundaries=path)


# --- properties ------------------------------------------------------------------------------

offset = st.floats(-3000, 3000)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.tuples(offset, offset), min_size=2, max_size=2), st.sampled_from([0, 45, -55]))
def test_distance_to_the_line_is_right_at_any_latitude(ends, latitude):
    metre = math.degrees(1 / (6_371_009 * math.cos(math.radians(latitude))))
    line = shapely.LineString([(-70, latitude - 1), (-70, latitude + 1)])
    strip = BorderStrip(Boundaries(lines=(line,)), [])
    points = np.array(
        [[(-70 + x * metre, latitude + math.degrees(y / 6_371_009)) for x, y in ends]]
    )
    # The line runs north-south: the nearest place of a segment is an end, or it crosses.
    sides = [x for x, _ in ends]
    crosses = min(sides) <= 0 <= max(sides)
    nearest = 0.0 if crosses else min(abs(x) for x in sides)
    if abs(nearest - 1000) > 5:
        assert strip.near(points, 1000.0)[0] == (nearest < 1000)


@pytest.mark.parametrize("latitude", [0, 7.9, -33, 60])
def test_the_strip_is_as_wide_at_every_latitude(latitude):
    east_deg = math.degrees(1 / (6_371_009 * math.cos(math.radians(latitude))))
    line = shapely.LineString([(-70, latitude - 1), (-70, latitude + 1)])
    strip = BorderStrip(Boundaries(lines=(line,)), [])
    for metres, inside in ((985, True), (1015, False)):
        at = (-70 + metres * east_deg, latitude)
        assert strip.near(np.array([[at, at]]), 1000.0)[0] == inside
        away = (-70 + 5000 * east_deg, latitude + 0.01)
        assert strip.near(np.array([[at, away]]), 1000.0)[0] == inside


@example(
    drawn=[
        ("path", [(0.0, 0.0), (0.0, 1.0)], {}),
        ("footway", [(501.0, 0.0), (101.0, 0.0), (0.0, 0.0)], {}),
    ]
)
@settings(max_examples=examples(60, 15), deadline=None)
@given(
    drawn=st.lists(
        st.tuples(
            st.sampled_from(["path", "track", "primary", "residential", "footway"]),
            st.lists(st.tuples(offset, offset), min_size=2, max_size=4, unique=True),
            st.sampled_from([{}, {"bridge": "yes"}, {"ford": "yes"}]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_p34_nothing_crosses_or_lies_in_the_strip_but_at_the_crossing(tmp_path_factory, drawn):
    folder = tmp_path_factory.mktemp("strip")
    boundary = write_countries(folder)
    extract = Extract(folder)
    extract.way((-9000, 0), (-8000, 0), highway="residential")
    for highway, points, tags in drawn:
        extract.way(*points, highway=highway, **tags)
    graph = extract.read(boundaries=boundary, official_crossings=[BRIDGE])
    minor = {"path", "track", "footway"}
    for segment in iter_segments(graph):
        line = shapely.from_wkb(segment.wkb)
        lon, lat = np.array(line.coords).T
        # Piece by piece: a way may leave the approach of the crossing and end far from the line.
        to_crossing = np.array([*itertools.pairwise(great_circle_m(lon, lat, LINE, LAT))]).max(
            axis=1
        )
        from_line = np.array([*itertools.pairwise(np.abs((lon - LINE) / METRE))]).min(axis=1)
        if segment.road_class in minor:
            assert (from_line[to_crossing > 501] > 99.5).all()  # the line is official
        if lon.min() <= LINE <= lon.max():
            meeting = line.intersection(shapely.LineString([(LINE, LAT - 1), (LINE, LAT + 1)]))
            at = np.array(shapely.get_coordinates(meeting))
            assert great_circle_m(at[:, 0], at[:, 1], LINE, LAT).max() <= 501
            assert segment.road_class not in {"path", "track"}


def test_points_on_the_outline_belong_to_an_area():
    areas = (box(-73, LINE), box(LINE, -72))
    lon = np.array([LINE, -72.6, -72.2, -60.0])
    assert node_countries(lon, np.full(4, LAT), areas).tolist() == [0, 0, 1, -1]


# --- the sketch's crossings ------------------------------------------------------------------


def test_a_crossing_is_split_into_one_node_a_country():
    split = split_crossings(
        np.array([0, 1]), np.array([1, 2]), {0: ("CO",), 1: ("CO", "VE"), 2: ("VE",)}
    )
    assert split.place.tolist() == [0, 1, 1, 2]
    assert [split.countries[c] for c in split.country] == ["CO", "CO", "VE", "VE"]
    assert split.borders.tolist() == [[1, 2]]
    assert not split.dropped.any()


def test_two_posts_share_one_border_between_them():
    countries = {0: ("CO",), 1: ("CO", "EC"), 2: ("EC", "CO"), 3: ("EC",)}
    split = split_crossings(np.array([0, 1, 2]), np.array([1, 2, 3]), countries)
    assert len(split.place) == 4
    assert not len(split.borders)
    ends = split.country[[split.tail[1], split.head[1]]]
    assert [split.countries[c] for c in ends] == ["CO", "EC"]


def test_a_piece_that_joins_two_countries_away_from_a_crossing_is_dropped():
    split = split_crossings(
        np.array([0, 0]), np.array([1, 2]), {0: ("CO",), 1: ("VE",), 2: ("CO",)}
    )
    assert split.dropped.tolist() == [True, False]


# --- an official line: what keeps clear of it stays ----------------------------------------------


def test_p34_a_minor_way_stays_that_keeps_clear_of_an_official_line(extract, boundary):
    kinds = ("path", "track", "footway", "steps", "cycleway")
    kept = {extract.way((-600, 9 * n), (-150, 9 * n), highway=k) for n, k in enumerate(kinds)}
    near = extract.way((-600, 300), (-90, 300), highway="path")
    past = extract.way((-600, 400), (-90, 430), (-600, 460), highway="path")
    graph = extract.read(boundaries=boundary)
    assert kept <= ways_of(graph)
    assert not ways_of(graph) & {near, past}
    # As far as the line may be wrong, at least.
    assert not ways_of(extract.read(boundaries=boundary, boundary_error_m=200)) & kept


def test_p34_an_inland_half_that_points_at_the_line_does_not_stay(extract, boundary):
    half = extract.way((-900, 0), (-500, 0), highway="path")
    middle = extract.way((-500, 0), (-500, 50), (-300, 50), highway="footway")
    last = extract.way((-300, 50), (-20, 50), highway="track")
    # A road runs through the place where two halves meet: it is one path all the same.
    extract.way((-500, -400), (-500, 0), (-500, 400), highway="residential")
    graph = extract.read(boundaries=boundary)
    assert not ways_of(graph) & {half, middle, last}


def test_p34_along_a_road_no_path_is_joined_with_another(extract, boundary):
    extract.way((-500, -400), (-500, 0), (-500, 400), highway="residential")
    inland = extract.way((-500, 400), (-800, 400), highway="path")
    extract.way((-500, -400), (-20, -400), highway="path")
    assert inland in ways_of(extract.read(boundaries=boundary))


def test_p34_what_is_joined_beyond_the_strip_counts_too(extract, boundary):
    inland = extract.way((-900, 0), (-1100, 0), (-1200, 0), highway="path")
    extract.way((-1200, 0), (-1200, 900), (-50, 900), highway="track")
    assert inland in ways_of(extract.read(boundaries=boundary))  # what lies beyond the strip
    graph = extract.read(boundaries=boundary)
    lon = np.concatenate([graph.edge_coordinates(e)[:, 0] for e in minor_edges(graph)])
    assert ((lon - LINE) / METRE < -1000).all()


def test_p34_fords_and_ferries_go_however_clear_they_keep(extract, boundary):
    ford = extract.way((-600, 0), (-500, 0), highway="path", ford="yes")
    ferry = extract.way((-600, 300), (-500, 300), route="ferry")
    assert not ways_of(extract.read(boundaries=boundary)) & {ford, ferry}


def test_p34_a_way_that_the_extract_cuts_may_lead_to_the_line(extract, boundary):
    cut = extract.way((-600, 0), (-500, 0), (-400, 0), highway="path")
    whole = extract.way((-600, 300), (-500, 300), highway="path")
    del extract.file.nodes[extract.file.ways[cut][0][2]]
    graph = extract.read(boundaries=boundary)
    assert whole in ways_of(graph)
    assert cut not in ways_of(graph)


def test_p34_an_approach_stays_and_makes_nothing_stay(extract, boundary):
    approach = extract.way((-450, 10), (0, 10), highway="footway", bridge="yes")
    extract.way((0, 10), (450, 10), highway="footway", bridge="yes")
    beside = extract.way((-450, 10), (-450, 700), highway="path")
    graph = extract.read(boundaries=boundary, official_crossings=[BRIDGE])
    assert {approach, beside} <= ways_of(graph)  # what leads to the crossing alone
    extract.way((-450, 700), (-20, 700), highway="path")
    edges = extract.read(boundaries=boundary, official_crossings=[BRIDGE])
    assert approach in ways_of(edges)
    assert all(lat_m <= 500 for lat_m in northernmost_m(edges, beside))


def minor_edges(graph):
    return np.flatnonzero(np.isin(graph.edge_class, MINOR_CLASSES)).tolist()


def northernmost_m(graph, way):
    edges = np.flatnonzero(graph.edge_way_id == way).tolist()
    lat = [graph.edge_coordinates(edge)[:, 1].max() for edge in edges]
    return [math.radians(value - LAT) * 6_371_009 for value in lat]


def test_p34_what_volunteers_drew_is_no_official_line(extract):
    """Whoever wants a path on the map could move it."""
    extract.way((0, -9000), (0, 9000), boundary="administrative", admin_level="2")
    path = extract.way((-600, 0), (-300, 0), highway="path")
    for options in ({}, {"country": "CO"}):
        assert path not in ways_of(extract.read(**options))


@settings(max_examples=examples(40, 15), deadline=None)
@given(
    drawn=st.lists(
        st.lists(
            st.tuples(st.integers(-15, 3).map(lambda x: 100 * x + 30), st.integers(0, 6).map(
                lambda y: 100 * y)), min_size=2, max_size=4, unique=True
        ),
        min_size=1,
        max_size=12,
    ),
    kinds=st.lists(st.sampled_from(["path", "track", "footway", "residential"]), min_size=12,
                   max_size=12),
    error_m=st.sampled_from([0.0, 150.0, 320.0, 900.0]),
)  # fmt: skip
def test_p34_no_minor_component_within_the_strip_comes_near_the_line(
    tmp_path_factory, drawn, kinds, error_m
):
    """Random ways about a line, against components by networkx."""
    folder = tmp_path_factory.mktemp("strip")
    extract = Extract(folder)
    extract.way((-9000, 0), (-8000, 0), highway="residential")
    extract.way((9000, 0), (8000, 0), highway="residential")
    minor = nx.Graph()
    for points, kind in zip(drawn, kinds, strict=False):
        extract.way(*points, highway=kind)
        if kind != "residential":
            nx.add_path(minor, points)
    clear_m = max(100.0, error_m)
    graph = extract.read(boundaries=write_countries(folder), boundary_error_m=error_m)
    found = set()
    for edge in minor_edges(graph):
        lonlat = graph.edge_coordinates(edge)
        x = np.rint((lonlat[:, 0] - LINE) / METRE).astype(int).tolist()
        y = np.rint(np.radians(lonlat[:, 1] - LAT) * 6_371_009).astype(int).tolist()
        steps = itertools.pairwise(zip(x, y, strict=True))
        found |= {frozenset(step) for step in steps}
    strip_m = max(1000.0, error_m)
    expected = set()
    for nodes in nx.connected_components(minor):
        lines = [shapely.LineString(ends) for ends in minor.subgraph(nodes).edges]
        away_m = [line.distance(shapely.LineString([(0, -1e5), (0, 1e5)])) for line in lines]
        is_clear = min(away_m) > clear_m
        for line, metres in zip(lines, away_m, strict=True):
            if is_clear or metres > strip_m:
                expected.add(frozenset((int(a), int(b)) for a, b in line.coords))
    assert found == expected


# A real border: strips of every shape are drawn above.
@pytest.mark.long
def test_p34_monaco_keeps_what_is_clear_of_its_line(shared_data, tmp_path):
    """Issue 13: 1,389 segments are lost where nobody vouches for the line.

    Of a country without a line, and of an error of the line, the tests on drawn ways tell.
    """
    source = shared_data / "osm" / "monaco.osm.pbf"
    drawn = from_extract(source, lambda *_: None)
    path = tmp_path / "mc.geojson"
    path.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": {"iso_a2": "MC"},
                        "geometry": shapely.geometry.mapping(drawn.areas[0]),
                    }
                ],
            }
        )
    )
    lost = {
        name: read_osm(source, "mc", imported_at=NOW, **options).meta.report
        for name, options in {
            "none": {},
            "official": {"boundaries": path},
        }.items()
    }
    in_strip = {name: report["segments_in_border_strip"] for name, report in lost.items()}
    assert in_strip == {"none": 1389, "official": 1268}
    # And none of what stays comes near: by the raw ways, sidewalks left out as ever.
    ways = read_ways(source, Names(), lambda *_: None)
    places = read_nodes(source, ways.refs, Names(), lambda *_: None)
    segments = segments_of(ways, places)
    strip = BorderStrip(replace(drawn, is_official=True), ())
    stays = ways.columns["is_minor"][segments.way] & ~strip_segments(strip, ways, places, segments)
    lonlat = np.column_stack((places.lon, places.lat)) / 1e7
    ends = np.stack((lonlat[segments.tail[stays]], lonlat[segments.head[stays]]), axis=1)
    assert len(ends) == 121
    assert not strip.near(ends, 100.0).any()
