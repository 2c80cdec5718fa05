"""The basemap: an archive that others read, of the server's own tiles, whole or not at all."""

import gzip
import json
import os
import subprocess
import sys

import pytest
from pmtiles.reader import MemorySource, Reader, all_tiles
from pmtiles.tile import Compression, TileType
from sqlalchemy import insert

from geo import models
from geo.db.sessions import Tier, raw_connection
from tests.conftest import clone, opened
from tests.fixtures.mvt import decode
from tests.fixtures.published import areas, point, square
from tiles.catalogue.layers import find_layer
from tiles.errors import EmptyBasemapError
from tiles.features import basemap
from tiles.features.basemap import Baked, bake, write_archive
from tiles.features.maplibre import BASEMAP_LAYERS
from tiles.features.mvt import read_tile

SEEN = {"visibility": "public"}
HIDDEN = {"visibility": "restricted"}


def rows():
    unit = {"level": 0, "country": "CO", "name": "Land", "geom": areas(square(-74, 6, -70, 10))}
    town = {"country": "CO", "timezone": "America/Bogota", "population": 2_000_000}
    road = {
        "region": "r", "osm_way_id": 1, "highway": "trunk", "foot": True, "vehicle": True,
        "oneway": False, "ferry": False, "length_m": 1.0,
    }  # fmt: skip
    line = "SRID=4326;LINESTRING(-73 7, -71 9)"
    strip = "SRID=4326;LINESTRING(-73 9, -72 9)"
    return (
        (models.Boundary, {"id": "land", **unit, **SEEN}),
        (models.Place, {"id": "town", "name": "Town", **town, **SEEN, "geom": point(-72, 8)}),
        (models.Place, {"id": "not", "name": "Not seen", **town, **HIDDEN, "geom": point(-71, 8)}),
        (models.RoadSegment, {"id": "main", **road, **SEEN, "geom": line}),
        (models.RoadSegment, {"id": "path", **road, **SEEN, "geom": strip, "highway": "path"}),
        (models.RoadSegment, {"id": "gone", **road, **HIDDEN, "geom": strip}),
    )


@pytest.fixture(scope="module")
async def land(cluster, empty_template, settings_for):
    async with opened(settings_for(clone(cluster, empty_template))) as database:
        async with database.session(Tier.WRITER) as session:
            for model, row in rows():
                await session.execute(insert(model), [row])
        yield database


async def baked(database, progress=None):
    async with database.session(Tier.PUBLIC) as session:
        return await bake(session, progress)


@pytest.fixture(scope="module")
async def archive(land, tmp_path_factory):
    path = tmp_path_factory.mktemp("basemap") / "b.pmtiles"
    size = write_archive(await baked(land), path)
    assert size == path.stat().st_size
    return path


def tiles_of(path):
    source = MemorySource(path.read_bytes())
    return {zxy: decode(gzip.decompress(body)) for zxy, body in all_tiles(source)}


def test_others_read_the_header(archive):
    header = Reader(MemorySource(archive.read_bytes())).header()
    assert header["version"] == 3
    assert header["tile_type"] is TileType.MVT
    assert header["tile_compression"] is Compression.GZIP
    assert (header["min_zoom"], header["max_zoom"]) == (0, basemap.LAST_ZOOM)
    assert header["clustered"] is True
    sides = ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")
    assert [header[side] for side in sides] == [-74 * 10**7, 6 * 10**7, -70 * 10**7, 10 * 10**7]


def test_the_metadata_give_credit_and_tell_the_truth(archive):
    said = Reader(MemorySource(archive.read_bytes())).metadata()
    for layer in BASEMAP_LAYERS:
        assert layer.attribution in said["attribution"]
        if layer.notice:
            assert layer.notice in said["description"]
    described = {layer["id"]: layer for layer in said["vector_layers"]}
    for (z, _x, _y), layers in tiles_of(archive).items():
        for name, layer in layers.items():
            assert described[name]["minzoom"] <= z <= described[name]["maxzoom"]
            for feature in layer.features:
                for column, value in feature["properties"].items():
                    stated = described[name]["fields"][column]
                    kind = {"String": str, "Number": (int, float), "Boolean": bool}[stated]
                    assert isinstance(value, kind), (name, column)


async def test_its_tiles_are_the_server_s(archive, land):
    found = dict(all_tiles(MemorySource(archive.read_bytes())))
    async with land.session(Tier.PUBLIC) as session:
        asks = await raw_connection(session)
        for (z, x, y), body in found.items():
            served = [await read_tile(asks, layer, z, x, y) for layer in BASEMAP_LAYERS]
            assert gzip.decompress(body) == b"".join(served)
    assert {z for z, _, _ in found} == set(range(basemap.LAST_ZOOM + 1))


def test_p34_roads_are_the_published_main_ones(archive):
    for (z, _x, _y), layers in tiles_of(archive).items():
        if "roads" in layers:
            assert z >= find_layer("roads").min_zoom
            properties = [one["properties"] for one in layers["roads"].features]
            assert properties == [{"highway": "trunk", "region": "r"}]
    assert any("roads" in layers for layers in tiles_of(archive).values())


def test_p1_what_is_not_public_is_not_baked(archive):
    names = {
        one["properties"]["name"]
        for layers in tiles_of(archive).values()
        for one in (layers["places"].features if "places" in layers else ())
    }
    assert names == {"Town"}


def test_gdal_reads_it(archive):
    said = subprocess.run(
        ["ogrinfo", "-json", str(archive)], capture_output=True, text=True, check=True
    )
    assert {layer["name"] for layer in json.loads(said.stdout)["layers"]} == {
        layer.name for layer in BASEMAP_LAYERS
    }


async def test_two_buildings_are_the_same_bytes(archive, land, tmp_path):
    again = tmp_path / "again.pmtiles"
    write_archive(await baked(land), again)
    assert again.read_bytes() == archive.read_bytes()


@pytest.mark.long
def test_another_process_writes_the_same_bytes(tmp_path):
    # PMTiles' writer finds equal tiles by Python's hash, which differs from process to process.
    code = (
        "import sys, pathlib; from tiles.features.basemap import Baked, write_archive;"
        "write_archive(Baked([(i, bytes([i % 3]) * 9) for i in range(85)], (-74, 6, -70, 10)),"
        " pathlib.Path(sys.argv[1]))"
    )
    here, there = tmp_path / "here.pmtiles", tmp_path / "there.pmtiles"
    write_archive(Baked([(i, bytes([i % 3]) * 9) for i in range(85)], (-74, 6, -70, 10)), here)
    another = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = {**os.environ, "PYTHONHASHSEED": another}
    subprocess.run([sys.executable, "-c", code, str(there)], check=True, env=environment)
    assert here.read_bytes() == there.read_bytes()


async def test_progress_is_told_tile_by_tile(land):
    seen = []
    await baked(land, lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == list(range(1, len(seen) + 1))
    assert {total for _, total in seen} == {len(seen)}


async def test_nothing_published_is_refused(empty_database, tmp_path):
    with pytest.raises(EmptyBasemapError):
        await baked(empty_database)
    with pytest.raises(EmptyBasemapError):
        write_archive(Baked([], (0, 0, 1, 1)), tmp_path / "b.pmtiles")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_former_file_and_no_other(archive, tmp_path, monkeypatch):
    path = tmp_path / "b.pmtiles"
    path.write_bytes(b"former")

    def interrupted(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(basemap, "metadata", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_archive(Baked([(0, b"x")], (0, 0, 1, 1)), path)
    assert [one.name for one in tmp_path.iterdir()] == ["b.pmtiles"]
    assert path.read_bytes() == b"former"


@pytest.mark.parametrize("bounds", [(-180, -85.06, 180, 85.06), (179.9, 84, 180, 85.0511287798066)])
def test_tiles_at_the_edges_of_the_world_exist(bounds):
    ids = list(basemap._tile_ids(bounds))
    assert len(set(ids)) == len(ids)
    assert 0 < len(ids) <= sum(4**z for z in range(basemap.LAST_ZOOM + 1))
