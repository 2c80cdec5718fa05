"""P10, P12, P34: streets cross a border where two people confirmed the post, and nowhere else."""

import csv
import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest
import shapely

from routing.geometry.geodesy import METRES_PER_DEGREE, great_circle_m
from routing.osm.border_posts import MOST_POSTS, POST_REACH_M, read_border_posts
from routing.osm.border_strip import APPROACH_M, OfficialCrossing
from routing.osm.importer import read_osm
from routing.travel.crossings import Crossing, border_edges, gates
from tests.fixtures.osm_file import OsmFile

DATA = Path(__file__).resolve().parents[3] / "data"
#: Borders that most people cross, and one crossing on each that two people have confirmed.
BORDERS = {
    "CO-VE": "X-BOLIVAR",
    "CO-EC": "X-RUMICHACA-CO",
    "BR-VE": "X-PACARAIMA",
    "EC-PE": "X-HUAQUILLAS",
    "BO-CL": "X-COLCHANE",
}
POINTS = 200  # on each border: 1,000 in all
#: What leads over a border in the mind of who tags it: roads, bridges, paths, fords, boats.
TAGS = (
    {"highway": "residential"},
    {"highway": "trunk"},
    {"highway": "unclassified", "bridge": "yes"},
    {"highway": "path"},
    {"highway": "track", "ford": "yes"},
    {"route": "ferry", "foot": "yes"},
)


def loaded(name):
    return json.loads(gzip.decompress((DATA / "boundaries" / name).read_bytes()))["features"]


@pytest.fixture(scope="module")
def registered():
    with (DATA / "spaces" / "crossings.csv").open(encoding="utf-8", newline="") as rows:
        return [
            OfficialCrossing(
                row["id"],
                float(row["lon"]),
                float(row["lat"]),
                (row["country_a"], row["country_b"]),
            )
            for row in csv.DictReader(rows)
        ]


@pytest.fixture(scope="module")
def world(tmp_path_factory, registered):
    """Give the boundary file, an extract of ways over five borders, and the confirmed posts."""
    folder, draw, file = tmp_path_factory.mktemp("borders"), random.Random(18), OsmFile()
    lines = {
        code: shapely.geometry.shape(one["geometry"])
        for one in loaded("borders.geojson.gz")
        if (code := one["properties"]["id"].removeprefix("border-")) in BORDERS
    }
    areas = [
        {"type": "Feature", "properties": {"iso_a2": code}, "geometry": one["geometry"]}
        for one in loaded("admin0.geojson.gz")
        if (code := one["properties"]["country"])
        in {side for border in BORDERS for side in border.split("-")}
    ]
    boundary = folder / "boundary.geojson"
    boundary.write_text(json.dumps({"type": "FeatureCollection", "features": areas}))
    by_id, confirmed = {one.id: one for one in registered}, []
    for border, crossing in BORDERS.items():
        known, line = by_id[crossing], lines[border]
        post = line.interpolate(line.project(shapely.Point(known.lon, known.lat)))
        confirmed.append(OfficialCrossing(crossing, post.x, post.y, known.countries))
        over(file, line, line.project(post), {"highway": "residential"})
        for number in range(POINTS):
            at = draw.random() if number % 2 else 0.0
            # Half of them within some kilometres of the post: those are the tempting ones.
            along = at * line.length or line.project(post) + draw.uniform(-0.08, 0.08)
            over(file, line, min(max(along, 0.0), line.length), TAGS[number % len(TAGS)])
    return boundary, file.write(folder / "ways.osm"), confirmed


def over(file, line, along, tags):
    """Draw a way of 600 m over a border, with a road at both ends and a tagged post on it."""
    before, here, after = (
        line.interpolate(min(max(along + step, 0.0), line.length)) for step in (-1e-4, 0.0, 1e-4)
    )
    east, north = after.x - before.x, after.y - before.y
    norm = np.hypot(east, north) or 1.0
    across = (-north / norm, east / norm)
    refs = []
    for metres in (-2_500, -300, 0, 300, 2_500):
        shift = metres / METRES_PER_DEGREE
        ref = len(file.nodes) + 1
        post = {"barrier": "border_control"} if metres == 0 else {}
        file.node(ref, here.x + across[0] * shift, here.y + across[1] * shift, **post)
        refs.append(ref)
    way = len(file.ways) + 1
    file.way(way, refs[:2], highway="residential")
    file.way(way + 1, refs[1:4], **tags)
    file.way(way + 2, refs[3:], highway="residential")


def test_p12_of_1000_informal_ways_none_is_passed_with_hints_pending(world, registered):
    boundary, source, confirmed = world
    hints = read_border_posts(source, registered)
    assert hints, "there are tagged posts, and nobody has confirmed them"
    graph = read_osm(
        source, "x", boundaries=boundary, official_crossings=confirmed, imported_at="x"
    )
    edges = border_edges(graph)
    assert len(edges) >= len(BORDERS)
    lines = [graph.edge_coordinates(edge) for edge in edges.tolist()]
    for line in lines:
        near_m = [float(great_circle_m(*line.mean(axis=0), one.lon, one.lat)) for one in confirmed]
        assert min(near_m) <= APPROACH_M + 300
    # No two roads of different countries share a node: what is not an edge over a border is none.
    assert len(np.unique(graph.node_country)) > 2
    posts = [
        Crossing(one.id, one.id, one.lon, one.lat, one.countries, passable=True, state="open")
        for one in confirmed
    ]
    opened = {edge for edge, gate in gates(graph, posts).items() if gate.posts}
    assert len(opened) >= len(BORDERS)
    unseen = [
        Crossing(
            one.id, one.id, one.lon, one.lat, one.countries,
            passable=True, state="open", is_surveyed=False,
        )
        for one in registered
    ]  # fmt: skip
    assert not any(gate.posts for gate in gates(graph, unseen).values())
    nobody = read_osm(source, "x", boundaries=boundary, imported_at="x")
    assert len(border_edges(nobody)) == 0


def test_p12_hints_are_few_near_a_registered_crossing_and_no_list_of_ways(world, registered):
    _, source, _ = world
    hints = read_border_posts(source, registered)
    assert {hint.crossing_id for hint in hints} <= {one.id for one in registered}
    assert max(hint.distance_m for hint in hints) <= POST_REACH_M
    for one in registered:
        assert sum(hint.crossing_id == one.id for hint in hints) <= MOST_POSTS
    assert {hint.tag for hint in hints} == {"barrier=border_control"}
    assert read_border_posts(source, ()) == ()


def test_a_post_drawn_as_an_area_is_told_by_its_first_corner(tmp_path):
    file = OsmFile()
    for ref, lon in enumerate((-72.45, -72.449), 1):
        file.node(ref, lon, 7.8)
    file.way(1, [1, 2, 1], amenity="customs")
    file.way(2, [1, 2], highway="residential", bridge="yes")
    source = file.write(tmp_path / "posts.osm")
    near = OfficialCrossing("X", -72.45, 7.81, ("CO", "VE"))
    (hint,) = read_border_posts(source, [near])
    assert (hint.osm_id, hint.tag, hint.lon, hint.lat) == ("w1", "amenity=customs", -72.45, 7.8)
    assert hint.distance_m == pytest.approx(1_112, rel=0.01)
    assert read_border_posts(source, [OfficialCrossing("Y", -72.45, 9.0, ("CO", "VE"))]) == ()
