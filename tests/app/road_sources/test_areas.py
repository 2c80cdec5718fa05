"""Roads by Overpass: the graph equals an extract's, what came is kept, nothing half is used."""

import itertools
import os
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.road_sources.areas import fetch_area
from app.road_sources.boxes import Box
from app.road_sources.errors import FetchError
from app.road_sources.overpass import KEPT, Overpass
from app.road_sources.servers import Patience, Server, client_named
from routing.osm.border_strip import BorderStrip, Boundaries
from routing.osm.importer import read_osm
from routing.osm.landscape import read_landscape
from tests.fixtures.city import HELSINKI
from tests.fixtures.osm_file import OsmFile
from tests.fixtures.osm_servers import osm_servers

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
GRAPH = (
    *("node_lon", "node_lat", "node_country", "edge_tail", "edge_head", "edge_way_id"),
    *("edge_flags", "edge_length_dm", "edge_class"),
)


def ignored(*_args):
    pass


@pytest.fixture
def asking(tmp_path):
    """Give a function that fetches a box from a server, and the waits that it took."""
    waits = []

    def ask(servers, box, now=NOW, **options):
        with client_named("roads@example.org", "1") as client:
            server = Server(client, Patience(waits.append))
            overpass = Overpass(server, f"{servers.origin}/api", **options)
            return fetch_area(overpass, box, tmp_path / "sources", now, ignored)

    ask.waits = waits
    return ask


@pytest.fixture
def town(tmp_path):
    """Give an extract of two streets, half a degree apart: in three tiles by two."""
    file = OsmFile()
    for ref, (lon, lat) in enumerate(((-74.6, 4.2), (-74.59, 4.2), (-74.1, 4.6), (-74.0, 4.6)), 1):
        file.node(ref, lon, lat)
    file.way(1, [1, 2], highway="residential")
    file.way(2, [3, 4], highway="residential")
    return file.write(tmp_path / "town.osm")


BOX = Box(-74.61, 4.19, -73.99, 4.61)
TILES = 6


def columns_of(graph):
    return {name: np.asarray(getattr(graph, name)) for name in GRAPH if hasattr(graph, name)}


@pytest.fixture
def small_country(tmp_path):
    """Give an extract of a country of 5 km, whole, with streets and paths within and across.

    Three streets leave it; of four paths two come within a kilometre of its border.
    """
    file, corner, step = OsmFile(), (7.40, 43.70), 0.01
    placed = {}

    def node(x, y):
        if (x, y) not in placed:
            placed[x, y] = file.node(len(placed) + 1, corner[0] + x * step, corner[1] + y * step)
        return placed[x, y]

    def way(*points, **tags):
        return file.way(len(file.ways) + 1, [node(*point) for point in points], **tags)

    border = [
        way(*side, boundary="administrative", admin_level="2")
        for side in itertools.pairwise([(0, 0), (5, 0), (5, 5), (0, 5), (0, 0)])
    ]
    tags = {"type": "boundary", "boundary": "administrative", "admin_level": "2"}
    file.relation(1, [(side, "outer") for side in border], **tags, ISO3166__1="MC")
    for across in ([(4, 2), (6, 2)], [(2, 4), (2, 6)], [(1, 1), (-1, 1)]):
        way(*across, highway="residential")
    way((1, 1), (2, 2), (4, 2), highway="residential")
    way((2, 2), (2, 4), highway="residential")
    for path in ([(2, 2), (3, 3)], [(3, 3), (2.5, 2.5)], [(4, 2), (4.5, 2)], [(1, 1), (0.5, 1.5)]):
        way(*path, highway="path")
    way((2, 2), (3, 2), (3, 2.5), (2, 2), leisure="park")
    return file.write(tmp_path / "country.osm"), ""


@pytest.fixture
def monaco(shared_data):
    return shared_data / "osm" / "monaco.osm.pbf", ""


@pytest.fixture
def helsinki():
    return HELSINKI, "FI"


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("helsinki", {"restrictions_used": 36, "thresholds": 33}),
        ("small_country", {"pieces_across_border": 3, "segments_in_border_strip": 2}),
        pytest.param(
            "monaco",
            {"pieces_across_border": 57, "segments_in_border_strip": 1_389},
            marks=[pytest.mark.long, pytest.mark.shared_data],
        ),
    ],
)
def test_a_fetched_graph_equals_that_of_the_extract(asking, request, name, counts):
    extract, country = request.getfixturevalue(name)
    with osm_servers(extract) as servers:
        servers.country = country
        area = asking(servers, Box(*servers.objects.box()))
    assert area.country == (country or None)
    one, other = (
        read_osm(file, "x", country=area.country, imported_at="x") for file in (extract, area.file)
    )
    assert len(columns_of(one)) >= 6
    for column, values in columns_of(one).items():
        assert np.array_equal(values, columns_of(other)[column]), column
    assert one.meta.countries == other.meta.countries
    same = ("restrictions_used", "thresholds", "ways_used", "node_references_outside")
    for what in {*same, *counts} & set(one.meta.report):
        assert (
            one.meta.report[what]
            == other.meta.report[what]
            == counts.get(what, one.meta.report[what])
        )
    assert other.meta.extract_timestamp == "2026-11-29T00:00:00Z"
    nowhere = BorderStrip(Boundaries(("XX",)), ())
    drawn = [
        {(one.key, one.kind, one.name) for one in read_landscape(file, nowhere, ignored)}
        for file in (extract, area.file)
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0]


def test_a_fetch_that_was_cut_off_goes_on_and_uses_nothing_half(asking, town, tmp_path):
    with osm_servers(town) as servers:
        servers.faults = [None, None, "cut off"]
        with pytest.raises(FetchError) as stopped:
            asking(servers, BOX)
        assert stopped.value.code == "cut_off"
        kept = list((tmp_path / "sources").iterdir())
        assert {file.suffix for file in kept} == {".osm"}
        assert len(kept) == 2
        servers.asked.clear()
        area = asking(servers, BOX)
        # The borders and the country are asked besides the tiles that are missing.
        assert sum("highway" in asked for asked in servers.asked) == TILES - 2
        assert read_osm(area.file, "x", country="CO", imported_at="x").meta.report["ways_used"] == 2


def test_answers_are_used_again_for_a_week_and_no_longer(asking, town, tmp_path):
    with osm_servers(town) as servers:
        asking(servers, BOX)
        unfinished = tmp_path / "sources" / "of-a-process-that-was-killed.part"
        unfinished.touch()
        os.utime(unfinished, (NOW.timestamp(), NOW.timestamp()))
        for later, asked in ((KEPT - timedelta(minutes=1), 0), (KEPT, TILES)):
            servers.asked.clear()
            asking(servers, BOX, NOW + later)
            assert sum("highway" in query for query in servers.asked) == asked
        # Of a week ago nothing is left that tells where somebody asked for roads (P48).
        kept = [file for file in (tmp_path / "sources").iterdir() if file.suffix == ".osm"]
        assert {file.stat().st_mtime for file in kept} == {(NOW + KEPT).timestamp()}
        assert not unfinished.exists()


def test_a_busy_server_is_waited_for_as_long_as_it_says(asking, town):
    with osm_servers(town) as servers:
        servers.faults = [429, 504, None]
        asking(servers, BOX)
        assert asking.waits == [7.0, 30.0]
        servers.faults = [504] * 9
        with pytest.raises(FetchError) as busy:
            asking(servers, Box(-74.61, 4.19, -74.4, 4.3))
    assert busy.value.code == "busy"


def test_a_slot_is_awaited(asking, town):
    with osm_servers(town) as servers:
        servers.status = "Slot available after: 2026-11-30T08:00:41Z, in 41 seconds.\n"
        asking(servers, Box(-74.61, 4.19, -74.4, 4.3))
    assert set(asking.waits) == {42.0}
    assert all("roads@example.org" in head["User-Agent"] for head in servers.heads)


@pytest.mark.parametrize(
    ("fault", "options", "code"),
    [
        ("remark", {}, "remark"),
        ("no data", {}, "not_osm"),
        (400, {}, "refused"),
        (None, {"most_bytes": 300}, "too_large"),
    ],
)
def test_an_answer_that_is_none_is_an_error(asking, town, tmp_path, fault, options, code):
    with osm_servers(town) as servers:
        servers.faults = [fault]
        with pytest.raises(FetchError) as refused:
            asking(servers, BOX, **options)
    assert refused.value.code == code
    # P48: what went wrong is said without where.
    assert "4.19" not in str(refused.value)
    assert list((tmp_path / "sources").iterdir()) == []


@pytest.mark.parametrize(
    "sides", [(1, 1, 1, 2), (2, 1, 1, 2), (0, 0, 3, 1), (float("nan"), 0, 1, 1), (179, 0, 181, 1)]
)
def test_a_box_that_is_none_is_refused(sides):
    with pytest.raises(FetchError):
        Box.checked(*sides)


def test_tiles_cover_a_box_and_no_more():
    tiles = list(BOX.tiles())
    assert len(tiles) == TILES
    area = sum((tile.east - tile.west) * (tile.north - tile.south) for tile in tiles)
    assert area == pytest.approx((BOX.east - BOX.west) * (BOX.north - BOX.south))
    assert max(tile.east - tile.west for tile in tiles) <= 0.25
