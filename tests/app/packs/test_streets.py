"""Streets for phones, as the server cuts and serves them: what is absent tells nothing."""

from dataclasses import replace
from datetime import date, timedelta

import cramjam
import numpy as np
import orjson
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from app.packs.street_maker import posted, street_code
from app.packs.streets import STREET_DAYS, TOWN_REACH_M, LocalStreets
from app.packs.timespan import PACK_DAYS
from app.packs.typed_columns import MAGIC, varints
from app.snapshots.road_networks import RoadNetworks
from geo.db.sessions import Tier
from geo.geography.municipalities import with_spaces
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.graph.excerpt import Excerpt
from routing.graph.regions import write_graph
from routing.graph.vicinity import Vicinity
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.router.regional import Router
from routing.travel.crossings import Crossing
from tests.conftest import client_of
from tests.fixtures.clock import run_now
from tests.fixtures.street_world import (
    BEGIN,
    SIDES,
    StreetWorld,
    border_posts,
    city,
    divided,
)

CUCUTA = (-72.5049, 7.90745)


@pytest.fixture(scope="module")
def inland(tmp_path_factory):
    return city(tmp_path_factory.mktemp("city") / "city.osm", seed=3)


@pytest.fixture(scope="module")
async def streets(loaded_shared, settings_for, tmp_path_factory):
    """Talk to an application that has the streets of a town with spaces, beside Cúcuta's own."""
    folder = tmp_path_factory.mktemp("graphs")
    corner = (CUCUTA[0] - 0.007, CUCUTA[1] - 0.007)
    file = tmp_path_factory.mktemp("city") / "city.osm"
    write_graph(folder, city(file, seed=3, corner=corner, country="CO"))
    async with client_of(settings_for(loaded_shared), network=RoadNetworks(folder)) as talking:
        yield talking


def head_of_file(file):
    """Return the JSON object of a file of typed columns, and its columns by name."""
    length = int(np.frombuffer(file, "<u4", 1, 8)[0])
    head, begin = orjson.loads(file[12 : 12 + length]), 12 + length
    columns = {
        name: np.frombuffer(file, np.dtype(kind).newbyteorder("<"), count, begin + offset)
        for name, (kind, offset, count) in head.pop("columns").items()
    }
    return head, columns


def brotli_decompressed(content):
    return bytes(cramjam.brotli.decompress(content))


def cut(graph, gone=()):
    router = Router(graph)
    _, travel = router.prepared(Mode.FOOT)
    west, south, east, north = graph.meta.bbox
    edges = np.array(sorted(gone), dtype=np.int64)
    middle = Vicinity(shapely.Point((west + east) / 2, (south + north) / 2), TOWN_REACH_M)
    return LocalStreets.around(travel, router.gates(()), edges, middle)


def both_ways(graph, edges):
    return sorted({e for edge in edges for e in (edge, int(graph.edge_twin[edge])) if e >= 0})


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_a_number_of_variable_length_is_read_again(values):
    read, value, shift = [], 0, 0
    for byte in varints(np.array(values, np.int64)).tolist():
        value, shift = value | (byte & 127) << shift, shift + 7
        if byte < 128:
            read.append((value >> 1) ^ -(value & 1))
            value, shift = 0, 0
    assert read == values


@pytest.mark.parametrize("seed", [0, 1])
def test_p36_a_street_banned_without_a_reason_looks_like_no_street(inland, seed):
    draw = np.random.default_rng(seed)
    gone = both_ways(inland, draw.choice(len(inland.edge_tail), 40, replace=False).tolist())
    flags = inland.edge_flags.copy()
    flags[gone] &= ~np.uint16(EdgeFlag.FOOT)
    never = cut(replace(inland, edge_flags=flags))
    banned = cut(inland, gone)
    assert banned.file({}, BEGIN.date()) == never.file({}, BEGIN.date())
    assert banned.digest != cut(inland).digest


def test_p34_no_border_is_crossed_but_at_an_official_crossing(inland):
    graph = divided(inland)
    world = StreetWorld(graph, border_posts(graph, 2, 1), ())
    head, columns = head_of_file(world.file())
    tail = np.repeat(np.arange(len(columns["first_out"]) - 1), np.diff(columns["first_out"]))
    country = columns["node_country"]
    across = np.flatnonzero(country[tail] != country[columns["edge_head"]])
    assert {gate["edge"] for gate in head["gates"]} == {*across.tolist()}
    assert {post for gate in head["gates"] for post in gate["posts"]} == {"post-0", "post-1"}


def test_p24_p34_streets_are_cut_anew_where_a_post_comes_or_goes_and_not_where_it_shuts(inland):
    graph = divided(inland)
    here, there = (
        Crossing(one.id, one.name, one.lon, one.lat, SIDES, passable=True, state="open")
        for one in border_posts(graph, 2, 1)
    )
    shut = replace(here, passable=False, state="closed")
    elsewhere = replace(here, lon=there.lon, lat=there.lat)
    of_both, of_one, of_shut, of_moved, of_none = (
        posted(Router(graph).gates(posts))
        for posts in ([here, there], [here], [shut], [elsewhere], [])
    )
    assert of_one == of_shut
    assert of_none == frozenset()
    assert len({of_both, of_one, of_moved, of_none}) == 4


def test_an_excerpt_keeps_the_junctions_nearest_to_the_town(inland):
    edges = np.arange(len(inland.edge_tail))
    lon, lat = inland.node_lon[0] / 1e7, inland.node_lat[0] / 1e7
    few = Excerpt.around(inland, edges, Vicinity(shapely.Point(lon, lat), TOWN_REACH_M), 50)
    away = np.hypot(
        (inland.node_lon / 1e7 - lon) * np.cos(np.radians(lat)), inland.node_lat / 1e7 - lat
    )
    assert 0 < len(few.node) <= 50
    assert away[few.node].max() <= np.sort(away)[49]


@pytest.mark.parametrize("seed", range(4))
def test_an_excerpt_along_a_line_keeps_what_lies_near_it(inland, seed):
    draw = np.random.default_rng(seed)
    west, south, east, north = inland.meta.bbox
    reach_m = float(draw.uniform(100, 1_500))
    middle = ((west + east) / 2, (south + north) / 2)
    line = shapely.LineString(middle + draw.uniform(-0.02, 0.02, (3, 2)))
    vicinity = Vicinity(line, reach_m)
    edges = vicinity.edges(inland)
    flat = np.array([np.cos(np.radians(middle[1])), 1.0]) * METRES_PER_DEGREE
    places = np.column_stack((inland.node_lon, inland.node_lat)) / 1e7 * flat
    along = shapely.LineString(shapely.get_coordinates(line) * flat)
    away_m = shapely.distance(along, shapely.points(places))
    near = away_m <= reach_m * 0.99
    ends = np.column_stack((inland.edge_tail, inland.edge_head))
    assert set(np.flatnonzero(near[ends].all(axis=1)).tolist()) <= set(edges.tolist())
    kept = Excerpt.around(inland, edges, vicinity, 10_000)
    assert set(np.flatnonzero(near[ends].all(axis=1)).tolist()) <= set(kept.edge.tolist())
    assert away_m[kept.node].max(initial=0) <= reach_m * 1.01


async def test_streets_along_a_corridor_are_listed_after_the_towns(streets):
    offered = (await streets.get("/packs/streets")).json()["streets"]
    corridors = [one for one in offered if one["kind"] == "corridor"]
    assert [one["kind"] for one in offered] == ["town"] * (len(offered) - len(corridors)) + [
        "corridor"
    ] * len(corridors)
    one = next(one for one in corridors if "Cúcuta" in one["name"])
    assert one["country"] is None
    answer = await streets.get(f"/packs/streets/{one['code']}", headers={"Accept-Encoding": "br"})
    assert int(answer.headers["content-length"]) <= one["size_bytes"]
    head, columns = head_of_file(brotli_decompressed(answer.content))
    assert head["timezone"] == "America/Bogota"
    assert len(columns["edge_head"]) > 0
    assert one["name"].encode() not in answer.content
    known = (await streets.get(f"/packs/streets/{one['code']}/known")).json()
    assert known["digest"] == head["digest"]


async def test_streets_are_listed_and_taken_by_a_code_that_names_no_place(streets, shared_database):
    told = (await streets.get("/packs/streets")).json()
    offered = {one["name"]: one for one in told["streets"] if one["kind"] == "town"}
    assert list(offered) == ["Cúcuta"]
    one = offered["Cúcuta"]
    async with shared_database.session(Tier.PUBLIC) as session:
        town = next(t for t in await with_spaces(session) if t.name == "Cúcuta")
    assert one["code"] == street_code(town.code)
    assert town.code not in one["href"]
    answer = await streets.get(f"/packs/streets/{one['code']}", headers={"Accept-Encoding": "br"})
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "br"
    assert int(answer.headers["content-length"]) <= one["size_bytes"]
    file = brotli_decompressed(answer.content)
    assert file.startswith(MAGIC)
    head, _ = head_of_file(file)
    assert head["demo"]
    assert head["timezone"] == "America/Bogota"
    made_on, expires_on = (date.fromisoformat(head[name]) for name in ("made_on", "expires_on"))
    assert expires_on - made_on == timedelta(days=STREET_DAYS)
    again = await streets.get(
        f"/packs/streets/{one['code']}",
        headers={"Accept-Encoding": "br", "If-None-Match": answer.headers["etag"]},
    )
    assert again.status_code == 304
    known = (await streets.get(f"/packs/streets/{one['code']}/known")).json()
    assert known["digest"] == head["digest"]
    last = run_now().date() + timedelta(days=PACK_DAYS)
    assert date.fromisoformat(known["expires_on"]) == last


@pytest.mark.parametrize("path", ["0123456789", "0123456789/known"])
async def test_streets_that_are_not_there_are_not_told_from_others(streets, path):
    answer = await streets.get(f"/packs/streets/{path}")
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("no-streets")
    assert "0123456789" not in answer.json()["detail"]


async def test_an_application_without_streets_offers_none(client):
    assert (await client.get("/packs/streets")).json()["streets"] == []
