"""Vector tiles: the right rows at the right zooms, in the right place, of the right size."""

import gzip
import math
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from geo.db.sessions import Tier
from geo.models import Hazard, RoadSegment
from tests.conftest import clone, opened
from tests.fixtures.clock import run_now
from tests.fixtures.mvt import decode
from tests.fixtures.published import hazards
from tiles.catalogue.layers import CATALOGUE, find_layer
from tiles.errors import TileOutOfRangeError
from tiles.features.mvt import EDGE_LATITUDE, EXTENT, LOW_EXTENT, check_tile, read_tile, tile_box

#: A road in 400 pieces of 0.0021 degrees.
PIECES = 400


def wave(lon):
    return 8.4 + 0.05 * math.sin(lon * 20)


@pytest.fixture(scope="module")
async def dense(cluster, empty_template, settings_for):
    ends = [-70.7 + 0.0021 * i for i in range(PIECES + 1)]
    rows = [
        {
            "id": f"dense:{i:03}", "region": "dense", "osm_way_id": i, "highway": "trunk",
            "foot": True, "vehicle": True, "oneway": False, "ferry": False, "length_m": 230.0,
            "name": f"Piece {i}", "visibility": "public",
            "geom": f"SRID=4326;LINESTRING({a} {wave(a)}, {b} {wave(b)})",
        }
        for i, (a, b) in enumerate(pairwise(ends))
    ]  # fmt: skip
    async with opened(settings_for(clone(cluster, empty_template))) as database:
        async with database.session(Tier.WRITER) as session:
            await session.execute(insert(RoadSegment), rows)
        yield database


def tile_of(lon, lat, z):
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n
    return z, int((lon + 180) / 360 * n), int(y)


async def tile(database, name, z, x, y):
    return await read_tile(database.reader(Tier.PUBLIC), find_layer(name), z, x, y)


async def values(database, name, key, z, x, y):
    body = await tile(database, name, z, x, y)
    found = decode(body)[name].features if body else []
    return sorted(feature["properties"][key] for feature in found)


@pytest.mark.every(3)
@pytest.mark.parametrize("layer", CATALOGUE, ids=lambda layer: layer.name)
@pytest.mark.parametrize("z", [4, 8, 12, 16])
async def test_tiles_decode_and_hold_the_listed_columns(published, layer, z):
    lon, lat = {
        "roads": (-73.5, 4.5),
        "places": (-73, 5),
        "hazards": (-73, 7.1),
        "crossings": (-72.44, 7.81),
        "boundaries": (-73.5, 8),  # on the edge of an area
    }.get(layer.name, (-72.5, 7.9))
    body = await tile(published, layer.name, *tile_of(lon, lat, z))
    if z < layer.min_zoom:
        assert body == b""
        return
    found = decode(body)
    assert list(found) == [layer.name]
    assert found[layer.name].extent == (LOW_EXTENT if z <= 8 else EXTENT)
    assert found[layer.name].features
    for feature in found[layer.name].features:
        carried = set(layer.tile_columns_at(min(z, layer.max_zoom)))
        assert set(feature["properties"]) <= carried
        assert "id" in feature["properties"] or "id" not in carried


async def test_point_lies_where_it_should(published):
    lon, lat, z = -72.5, 7.9, 14
    _, x, y = tile_of(lon, lat, z)
    (feature,) = decode(await tile(published, "spaces", z, x, y))["spaces"].features
    west, south, east, north = tile_box(z, x, y)
    ((px, py),) = feature["points"]
    assert abs(west + px / EXTENT * (east - west) - lon) < 2 * (east - west) / EXTENT
    # Rows run south; within a tile of 2 km, latitude is linear to well below a cell.
    assert abs(north - py / EXTENT * (north - south) - lat) < 2 * (north - south) / EXTENT


async def test_p2_hidden_spaces_are_in_no_tile(published):
    for z in range(16):
        assert await values(published, "spaces", "id", *tile_of(-72.5, 7.9, z)) == ["seen"]


@pytest.mark.parametrize("z", [4, 8, 14])
async def test_what_does_not_hold_yet_is_in_no_tile_and_the_rest_says_until_when(published, z):
    body = await tile(published, "hazards", *tile_of(-73, 7.1, z))
    drawn = {one["properties"]["id"]: one["properties"] for one in decode(body)["hazards"].features}
    assert set(drawn) == {"now", "endless"}, "and not later"
    for name in ("valid_from", "valid_to"):
        moment = datetime.fromisoformat(drawn["now"][name])
        assert moment == next(row[name] for row in hazards() if row["id"] == "now")
        assert "T" in drawn["now"][name]
    assert "valid_to" not in drawn["endless"]


@pytest.mark.clock
async def test_what_begins_is_drawn_from_its_beginning(empty_clone, settings_for):
    row = next(row for row in hazards() if row["id"] == "now")
    async with opened(settings_for(empty_clone)) as database:
        drawn = []
        for id_, ahead in (("begins", timedelta(hours=1)), ("began", -timedelta(seconds=1))):
            begins = {"id": id_, "valid_from": run_now() + ahead}
            async with database.session(Tier.WRITER) as session:
                await session.execute(insert(Hazard), [row | begins])
            drawn.append(await values(database, "hazards", "id", *tile_of(-73, 7.1, 8)))
        assert drawn == [[], ["began"]]


async def test_roads_come_by_class(published):
    async def classes(z):
        return await values(published, "roads", "highway", *tile_of(-73.5, 4.5, z))

    assert await classes(3) == []
    assert await classes(6) == ["trunk"]
    assert await classes(9) == ["secondary", "trunk"]
    assert await classes(11) == ["secondary", "tertiary", "trunk"]
    assert await classes(13) == ["footway", "secondary", "tertiary", "trunk"]


async def test_roads_of_a_class_are_one_line_at_low_zooms(dense):
    z, x, y = tile_of(-70.3, 8.4, 6)
    body = await tile(dense, "roads", z, x, y)
    found = decode(body)["roads"].features
    assert [feature["properties"] for feature in found] == [{"highway": "trunk", "region": "dense"}]
    # 400 pieces of one road, each a third of a cell long: alone, each would be dropped or dotted.
    assert len(found[0]["points"]) < 60
    assert len(gzip.compress(body)) < 1_000
    assert await tile(dense, "roads", z, x, y) == body


async def test_a_joined_road_is_where_its_pieces_are(dense):
    z, x, y = tile_of(-70.3, 8.4, 6)
    (feature,) = decode(await tile(dense, "roads", z, x, y))["roads"].features
    cell = 360 / 2**z / LOW_EXTENT
    for px, py in feature["points"]:
        lon = -180 + (x * LOW_EXTENT + px) * cell
        lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (y + py / LOW_EXTENT) / 2**z))))
        # A cell by simplifying, and half of one by rounding each way.
        assert abs(lat - wave(lon)) < 2.5 * cell


async def test_places_come_by_size(published):
    low = await values(published, "places", "population", *tile_of(-73, 5, 5))
    assert low
    assert min(low) >= 200_000
    assert 10_000 in await values(published, "places", "population", *tile_of(-74.9, 5, 10))


async def test_first_level_units_come_from_zoom_4(published):
    assert await values(published, "boundaries", "level", *tile_of(-73, 8, 3)) == [0]
    assert await values(published, "boundaries", "level", *tile_of(-73, 8, 4)) == [0, 1]


async def test_an_area_that_reaches_a_pole_has_tiles(published):
    assert "to-the-pole" in await values(published, "boundaries", "id", 0, 0, 0)
    z, x, y = tile_of(-70, -80, 5)
    assert await values(published, "boundaries", "id", z, x, y) == ["to-the-pole"]


async def test_equal_tiles_are_equal_bytes(published):
    bodies = {await tile(published, "places", *tile_of(-73, 5, 10)) for _ in range(5)}
    assert len(bodies) == 1


async def test_empty_tile_is_empty(published):
    assert await tile(published, "spaces", 14, 0, 0) == b""


@pytest.mark.parametrize(
    ("z", "x", "y"),
    [(-1, 0, 0), (23, 0, 0), (0, 1, 0), (0, 0, 1), (3, 8, 0), (3, 0, -1), (3, 0, 8)],
)
async def test_tiles_outside_the_matrix_are_refused(z, x, y):
    with pytest.raises(TileOutOfRangeError):
        check_tile(z, x, y)


@given(st.integers(0, 22).flatmap(lambda z: st.tuples(st.just(z), *[st.integers(0, 2**z - 1)] * 2)))
def test_boxes_tile_the_world(zxy):
    z, x, y = zxy
    west, south, east, north = tile_box(z, x, y)
    assert -180 <= west < east <= 180
    assert -EDGE_LATITUDE - 1e-9 <= south < north <= EDGE_LATITUDE + 1e-9
    middle = (west + east) / 2, (south + north) / 2
    assert tile_of(*middle, z) == (z, x, y)
    wider = tile_box(z, x, y, 1 / 16)
    assert wider[0] < west
    assert wider[1] < south
    assert wider[2] > east
    assert wider[3] > north
    if x + 1 < 2**z:
        assert tile_box(z, x + 1, y)[0] == pytest.approx(east, abs=1e-9)
