"""What an import takes along for the picture: allowed tags alone, and no way across a border."""

import json
import math
import re
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.models.reference import LANDSCAPE_KINDS
from routing.errors import GraphError
from routing.graph.landscape import read_landscape as read_folder
from routing.graph.regions import open_graph, verify_graph
from routing.graph.storage import META_FILE, META_SUM, sum_of
from routing.osm.border_strip import STRIP_M, BorderStrip, Boundaries
from routing.osm.importer import import_osm
from routing.osm.landscape import FIRST_ZOOM, LAST_ZOOM, read_landscape
from routing.osm_tags.landscape import ALLOWED, BARRED_KEYS, KINDS, LANDMARKS, kind_of
from tests.fixtures.examples import examples
from tests.fixtures.osm_file import OsmFile
from tiles.catalogue.layers import LANDSCAPE

NOW = "2026-11-30T00:00:00Z"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "tags.md"
#: The border of these tests runs north-south here, at the equator.
LINE = -72.0
METRE = math.degrees(1 / 6_371_009)
BORDER = Boundaries(lines=(shapely.LineString([(LINE, -1), (LINE, 1)]),))

#: What must never be on the map, whatever else it is tagged as.
NEVER = (
    {"amenity": "police"},
    {"amenity": "prison"},
    {"amenity": "ferry_terminal"},
    {"amenity": "social_facility", "social_facility": "shelter"},
    {"amenity": "refugee_site"},
    {"amenity": "school"},
    {"amenity": "clinic"},
    {"amenity": "place_of_worship", "religion": "muslim"},
    {"barrier": "border_control"},
    {"landuse": "military"},
    {"military": "checkpoint"},
    {"man_made": "bridge"},
    {"man_made": "pier"},
    {"building": "house", "name": "Ana"},
    {"office": "government"},
    {"waterway": "dam"},
    {"leaf_type": "broadleaved"},
)


def around(file, ref, lon, lat, side_m=200, **tags):
    """Draw a square around a place."""
    half = side_m / 2 * METRE
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    nodes = [
        file.node(ref * 10 + n, lon + x * half, lat + y * half) for n, (x, y) in enumerate(corners)
    ]
    file.way(ref, [*nodes, nodes[0]], **tags)


def read(file, folder, boundaries=None):
    strip = BorderStrip(boundaries or Boundaries(countries=("CO",)), ())
    return read_landscape(file.write(folder / "x.osm"), strip, lambda *_: None)


def test_the_page_lists_every_tag_with_its_reason():
    row = re.compile(r"^\| `(\w+)=(\w+)` \| `(\w+)` \| (.+) \|$", re.MULTILINE)
    told = row.findall(PAGE.read_text("utf-8"))
    assert told == [(one.key, one.value, one.kind, one.reason) for one in ALLOWED]
    assert all(f"`{key}`" in PAGE.read_text("utf-8") for key in BARRED_KEYS)


def test_only_what_is_allowed_is_drawn_each_with_a_reason(tmp_path):
    assert {one.kind for one in ALLOWED} == set(KINDS)
    assert all(one.reason for one in ALLOWED)
    file = OsmFile()
    for ref, tags in enumerate((*NEVER, *({one.key: one.value} for one in ALLOWED)), start=1):
        around(file, ref, ref / 100, 0, **tags)
        file.node(100_000 + ref, ref / 100, 0.1, **tags)
    drawn = read(file, tmp_path)
    first = len(NEVER) + 1
    areas = {f"w{first + n}" for n in range(len(ALLOWED))}
    points = {f"n{100_000 + first + n}" for n, one in enumerate(ALLOWED) if one.kind in LANDMARKS}
    assert {one.key for one in drawn} == areas | points


@settings(max_examples=examples(60))
@given(
    tag=st.sampled_from(ALLOWED),
    barred=st.sampled_from((*((key, "yes") for key in BARRED_KEYS), ("access", "private"))),
)
def test_p3_p12_what_tells_of_refuge_force_or_a_way_across_is_left_out(tag, barred):
    assert kind_of({tag.key: tag.value}) == tag.kind
    assert kind_of({tag.key: tag.value, barred[0]: barred[1]}) is None


def test_p34_near_a_border_no_landmark_stands_and_nothing_has_a_name(tmp_path):
    file = OsmFile()
    places = [LINE + share * STRIP_M * METRE for share in (-3, -0.5, 0, 0.5, 3)]
    for ref, lon in enumerate(places):
        file.node(1 + ref, lon, 0.0, amenity="hospital", name="Clinic by the ford")
        around(file, 10 + ref, lon, 0.1, leisure="park", name="Park of the ford")
    for ref, lon in enumerate(places):
        ends = [file.node(1000 + ref * 2 + n, lon, -0.2 - n / 100) for n in range(2)]
        file.way(50 + ref, ends, waterway="river", name="River of the ford", name__en="Ford")
    # A border through a large wood is far from its outline.
    around(file, 80, LINE, 0.5, side_m=40 * STRIP_M, natural="wood", name="Wood of the ford")
    near = {one.key: one for one in read(file, tmp_path, BORDER)}
    assert {key for key in near if key.startswith("n")} == {"n1", "n5"}
    named = {key for key, one in near.items() if one.name or any(one.names)}
    assert named == {"n1", "n5", "w10", "w14", "w50", "w54"}
    assert {key for key in near if key.startswith("w")} == {
        *(f"w{10 + n}" for n in range(5)),
        *(f"w{50 + n}" for n in range(5)),
        "w80",
    }


def test_p34_where_no_country_is_known_there_is_no_landmark_and_no_name(tmp_path):
    file = OsmFile()
    file.node(1, 0, 0, amenity="hospital", name="Hospital")
    around(file, 2, 0.1, 0, leisure="park", name="Park")
    assert [(one.key, one.name) for one in read(file, tmp_path, Boundaries())] == [("w2", "")]


def test_the_layer_has_the_kinds_and_zooms_that_are_read():
    assert LANDSCAPE_KINDS == KINDS
    assert (LANDSCAPE.min_zoom, LANDSCAPE.max_zoom) == (FIRST_ZOOM, LAST_ZOOM)


def test_a_settlement_has_no_name_and_a_long_name_is_none(tmp_path):
    file = OsmFile()
    around(file, 1, 0, 0, landuse="residential", name="Who lives here")
    around(file, 2, 0.1, 0, leisure="park", name="x" * 81, name__pt="Praça")
    settlement, park = sorted(read(file, tmp_path), key=lambda one: one.key)
    assert (settlement.kind, settlement.name) == ("built_up", "")
    assert (park.name, park.names) == ("", ("", "", "Praça", ""))


def region(folder):
    """Import a street with a park beside it."""
    file = OsmFile()
    ends = [file.node(n, n / 1000, 1.0) for n in (1, 2)]
    file.way(1, ends, highway="residential")
    around(file, 7, 0, 1.1, leisure="park", name="Párk", name__fr="Parc")
    source = file.write(folder / "town.osm")
    return import_osm(source, folder / "graphs", "town", country="CO", imported_at=NOW)


def test_features_survive_the_disk_and_damage_is_noticed(tmp_path):
    meta = region(tmp_path)
    folder = (tmp_path / "graphs" / "town").resolve()
    (park,) = read_folder(folder)
    assert (park.key, park.kind, park.name) == ("w7", "park", "Párk")
    assert park.names == ("", "", "", "Parc")
    assert park.geometry.area > 0
    assert verify_graph(folder) == meta
    file = folder / "landscape_wkb.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(GraphError, match="landscape_wkb"):
        verify_graph(folder)
    content[-60] = 255
    file.write_bytes(content[:-8])
    with pytest.raises(GraphError, match="landscape_wkb"):
        list(read_folder(folder))


def test_a_region_of_before_has_no_landscape_and_opens(tmp_path):
    region(tmp_path)
    folder = (tmp_path / "graphs" / "town").resolve()
    raw = json.loads((folder / META_FILE).read_text("utf-8"))
    for name in [name for name in raw["sizes"] if name.startswith("landscape")]:
        del raw["sizes"][name], raw["checksums"][name]
        (folder / name).unlink()
    form = raw.pop("format")
    del raw[META_SUM], raw["landscape_count"]
    raw = {"format": form, **raw, META_SUM: sum_of(raw)}
    (folder / META_FILE).write_text(json.dumps(raw), "utf-8")
    assert open_graph(folder).meta.landscape_count == 0
    assert list(read_folder(folder)) == []
