"""Whole collections in every format: the rows of the tier and no other, whatever they hold."""

import asyncio
import contextlib
import json
import math
import os
import re
import sqlite3
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pandas
import pyogrio
import pytest
import shapely
import uvicorn
from pyarrow import BufferReader, parquet
from sqlalchemy import Double, Integer, Text, bindparam, func, insert, select, true

from app.http import streaming as responses
from app.http.connections import Connection
from app.runtime.work_limit import BusyError
from geo import models
from geo.db.sessions import Tier
from geo.errors import DatabaseUnavailableError
from geo.exports.tables import guarded
from tests.conftest import clone, opened
from tests.fixtures import published as rows_of
from tests.fixtures.downloads import AWKWARD, KML, READERS, Source
from tests.fixtures.ports import free_port
from tests.fixtures.waiting import until
from tiles.catalogue.layers import BOUNDARIES, CATALOGUE, FLOWS, HAZARDS, PLACES, ROADS, SPACES
from tiles.downloads import rows as download_rows
from tiles.downloads.collection import download
from tiles.downloads.formats import FORMATS
from tiles.downloads.rows import CopyReader, DownloadRequest
from tiles.downloads.tables import table_rows
from tiles.features.items import DEMO_NOTICE
from tiles.statement import compiled

DOWNLOADS = tuple(fmt for fmt in FORMATS if fmt.is_download)
BY_NAME = {fmt.name: fmt for fmt in DOWNLOADS}
IN_JSON = {"json", "jsonfg", "jsonseq"}
EXACT = {"fgb", "gpkg", "parquet"}

layers = pytest.mark.parametrize("layer", CATALOGUE, ids=lambda layer: layer.name)
formats = pytest.mark.parametrize("fmt", DOWNLOADS, ids=lambda fmt: fmt.name)


def awkward_places():
    town = {**rows_of.places()[0], "admin1": None, "population": None}
    return [{**town, "id": f"awkward {n}", "name": text} for n, text in enumerate(AWKWARD)]


def collected():
    parts = "POINT(-73 7),LINESTRING(-73 7,-72 8),POLYGON((-73 7,-73 8,-72 8,-73 7))"
    given = rows_of.hazards()[0]
    geom = f"SRID=4326;GEOMETRYCOLLECTION({parts})"
    return [{**given, "id": "collected", "title": "<Parts> & more", "geom_public": geom}]


#: A line that is somebody's way: from its first place to its last.
ORIGIN, DESTINATION = (-73.4, 7.3), (-73.1, 7.6)
DIRECTED = f"SRID=4326;LINESTRING({ORIGIN[0]} {ORIGIN[1]}, {DESTINATION[0]} {DESTINATION[1]})"


def directed():
    hazard = {**rows_of.hazards()[0], "id": "directed", "geom_public": DIRECTED}
    flow = rows_of.flows()[0] | {
        "id": "directed",
        "kind": "od",
        "destination": "CO-SAN",
        # Of a week without a total that it would be a late part of.
        "week": rows_of.flows()[0]["week"] - timedelta(weeks=5),
        "geom": DIRECTED,
    }
    return hazard, flow


@pytest.fixture(scope="session")
async def settings(cluster, empty_template, settings_for):
    made = settings_for(clone(cluster, empty_template))
    async with opened(made) as database, database.session(Tier.WRITER) as session:
        await rows_of.fill(session)
        await session.execute(insert(models.Place), awkward_places())
        hazard, flow = directed()
        await session.execute(insert(models.Hazard), [*collected(), hazard])
        await session.execute(insert(models.Flow), [flow])
    return made


@pytest.fixture
async def source(settings):
    given = Source(settings)
    yield given
    assert given.held == 0


async def whole(source, wanted, fmt):
    return b"".join([piece async for piece in download(source, wanted, fmt)])


async def expected(source, rows, **values):
    """Return what SQL says of rows: properties and geometry by id."""
    columns = [c.name for c in rows.selected_columns]
    found = rows.subquery()
    read = select(*(c for c in found.c if c.name != "geom"), func.ST_AsBinary(found.c.geom))
    statement = compiled(read)
    async with source() as connection:
        records = await connection.fetch(statement.sql, *statement.arguments(values))
    structured = {c.name for c in rows.selected_columns if c.type.__class__.__name__ == "JSONB"}
    result = {}
    for record in records:
        *cells, wkb = record
        named = dict(zip([name for name in columns if name != "geom"], cells, strict=True))
        for name in structured & set(named):
            named[name] = None if named[name] is None else json.loads(named[name])
        result[named.pop("id")] = (named, shapely.from_wkb(wkb))
    return result


def is_same(value, got, name):
    """Tell whether a format says what SQL says, each in its own way."""
    if name not in IN_JSON and isinstance(value, list | dict):
        got = json.loads(got)
    if value is None:
        return got is None or got == "" or (not isinstance(got, list) and pandas.isna(got))
    if isinstance(value, bool):
        return got == (value if name not in {"csv", "kml"} else str(value).lower())
    if isinstance(value, datetime):
        read = datetime.fromisoformat(got) if isinstance(got, str) else got
        return abs((read - value).total_seconds()) < 0.001
    if isinstance(value, date):
        # A FlatGeobuf has no type of a day: it is midnight there.
        return str(got).removesuffix(" 00:00:00") == value.isoformat()
    if isinstance(value, int | float):
        return math.isclose(float(got), value)
    if isinstance(value, str):
        return (got or "") == _written(value, name)
    return got == value


def _written(text, name):
    if name in {"csv", "kml"}:
        text = re.sub("[\x01-\x08\x0b\x0c\x0e-\x1f]", "", text)
    # No character of Unicode; what other formats do with it is their own.
    text = text.translate({0xFFFE: None, 0xFFFF: None}) if name not in EXACT else text
    if name == "csv":
        return guarded(text)
    # A reader of XML makes line feeds of all line ends (XML 1.0, 2.11).
    return text.replace("\r\n", "\n").replace("\r", "\n") if name == "kml" else text


def check(wanted, found, name):
    assert found.keys() == wanted.keys()
    for feature_id, (properties, geom) in wanted.items():
        got, place = found[feature_id]
        if name in EXACT:
            assert place.wkb == geom.wkb
        else:
            # A MultiGeometry does not say which kind of collection it is.
            pairs = [_parts(place), _parts(geom)] if name == "kml" else [[place], [geom]]
            for one, other in zip(*pairs, strict=True):
                assert one.geom_type == other.geom_type
                assert one.normalize().equals_exact(other.normalize(), 1e-6)
        known = properties.keys()
        if name == "kml":
            known = {key for key, value in properties.items() if value is not None}
        assert got.keys() == known
        wrong = {
            k: (properties[k], got[k]) for k in known if not is_same(properties[k], got[k], name)
        }
        assert wrong == {}


def _parts(geom):
    return list(getattr(geom, "geoms", [geom]))


@pytest.mark.every(5)
@layers
@formats
async def test_a_download_says_what_sql_says(source, layer, fmt, tmp_path):
    data = await whole(source, DownloadRequest(layer, layer.rows()), fmt)
    wanted = await expected(source, layer.rows())
    assert wanted
    check(wanted, READERS[fmt.name](data, tmp_path), fmt.name)


@formats
async def test_no_hidden_space_is_in_a_download(source, fmt, tmp_path):
    data = await whole(source, DownloadRequest(SPACES, SPACES.rows()), fmt)
    assert READERS[fmt.name](data, tmp_path).keys() == {"seen"}
    for hidden in ("restricted", "partners", "confidential", "hidden", "expired"):
        assert f"Space {hidden}".encode() not in data


async def test_a_tier_gets_what_its_role_sees(settings, tmp_path):
    data = await whole(
        Source(settings, Tier.PARTNER), DownloadRequest(SPACES, SPACES.rows()), BY_NAME["csv"]
    )
    assert READERS["csv"](data, tmp_path).keys() == {"seen", "partners", "expired"}


@pytest.mark.every(9, first=1)
@layers
@formats
async def test_an_empty_collection_is_a_whole_file(source, layer, fmt, tmp_path):
    data = await whole(source, DownloadRequest(layer, layer.rows().where(~true())), fmt)
    assert READERS[fmt.name](data, tmp_path) == {}


@pytest.mark.every(3, first=1)
@formats
async def test_some_properties_and_always_the_last_day(source, fmt, tmp_path):
    rows = SPACES.rows(columns=["name", "services"])
    wanted = DownloadRequest(SPACES, rows)
    assert wanted.names == ["name", "services", "expires_on"]
    found = READERS[fmt.name](await whole(source, wanted, fmt), tmp_path)
    check(await expected(source, rows), found, fmt.name)


@pytest.mark.every(3, first=2)
@formats
async def test_conditions_are_bound(source, fmt, tmp_path):
    place = PLACES.view.c
    box = func.ST_MakeEnvelope(*(bindparam(side, type_=Double) for side in "wsen"), 4326)
    rows = PLACES.rows().where(
        place.geom.op("&&")(box),
        place.population >= bindparam("least", type_=Integer),
        place.name.notin_(["Town 7", "Town '8'"]),
        place.name != bindparam("not_this", type_=Text),
    )
    values = {"w": -74.6, "s": 4.0, "e": -73.0, "n": 6.0, "least": 50_000, "not_this": "x' or $1"}
    found = READERS[fmt.name](
        await whole(source, DownloadRequest(PLACES, rows, values), fmt), tmp_path
    )
    check(await expected(source, rows, **values), found, fmt.name)
    assert "p06" in found
    assert not found.keys() & {"p03", "p07", "p21"}


async def test_formats_say_demo_credit_and_notice(source, tmp_path):
    demo = {
        fmt.name: await whole(source, DownloadRequest(ROADS, ROADS.rows()), fmt)
        for fmt in DOWNLOADS
    }
    said = {"attribution": ROADS.attribution, "license": ROADS.licence}
    notice = f"{DEMO_NOTICE} {ROADS.notice}"
    for name in ("json", "jsonfg"):
        document = json.loads(demo[name])
        assert document.items() >= {**said, "demo": True, "notice": notice}.items()
    assert demo["csv"].decode().count(notice) == 4
    data = {
        datum.get("name"): datum.findtext(f"{KML}value")
        for datum in ElementTree.fromstring(demo["kml"]).findall(f"{KML}Document//{KML}Data")
    }
    assert data.items() >= {**said, "demo": "true", "notice": notice}.items()
    stored = parquet.ParquetFile(BufferReader(demo["parquet"])).metadata.metadata
    assert stored[b"notice"].decode() == notice
    assert stored[b"attribution"].decode() == ROADS.attribution
    # GDAL keeps a FlatGeobuf's description in its header.
    assert notice.encode() in demo["fgb"][:4096]
    (tmp_path / "roads.gpkg").write_bytes(demo["gpkg"])
    with sqlite3.connect(tmp_path / "roads.gpkg") as package:
        ((description, identifier),) = package.execute(
            "select description, identifier from gpkg_contents"
        )
    package.close()
    assert notice in description
    assert identifier == ROADS.title
    kept = pyogrio.read_info(tmp_path / "roads.gpkg")["layer_metadata"]
    assert kept.items() >= {**said, "notice": notice}.items()


async def test_json_fg_has_its_members(source):
    data = await whole(source, DownloadRequest(HAZARDS, HAZARDS.rows()), BY_NAME["jsonfg"])
    document = json.loads(data)
    assert document["featureType"] == "hazards"
    assert "geometryDimension" not in document
    assert document["conformsTo"][0].endswith("json-fg-1/1.0/conf/core")
    instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    ends = {feature["id"]: feature["time"]["interval"] for feature in document["features"]}
    assert all(re.fullmatch(instant, begin) for begin, _ in ends.values())
    assert re.fullmatch(instant, ends["now"][1])
    assert ends["endless"][1] == ".."
    assert {feature["place"] for feature in document["features"]} == {None}
    roads = await whole(source, DownloadRequest(ROADS, ROADS.rows()), BY_NAME["jsonfg"])
    assert json.loads(roads)["geometryDimension"] == 1
    assert {feature["time"] for feature in json.loads(roads)["features"]} == {None}


async def test_json_fg_knows_the_time_that_is_not_asked_for(source):
    rows = HAZARDS.rows(columns=["title"])
    data = await whole(source, DownloadRequest(HAZARDS, rows), BY_NAME["jsonfg"])
    for feature in json.loads(data)["features"]:
        assert feature["properties"].keys() == {"title", "expires_on"}
        assert feature["time"]["interval"]


async def test_outer_rings_of_json_run_counterclockwise(source, tmp_path):
    data = await whole(source, DownloadRequest(BOUNDARIES, BOUNDARIES.rows()), BY_NAME["json"])
    for _, geom in READERS["json"](data, tmp_path).values():
        assert all(part.exterior.is_ccw for part in geom.geoms)


@pytest.mark.every(3)
@pytest.mark.parametrize("layer", [FLOWS, HAZARDS], ids=lambda layer: layer.name)
@formats
async def test_lines_run_from_their_origin(source, layer, fmt, tmp_path):
    found = READERS[fmt.name](
        await whole(source, DownloadRequest(layer, layer.rows()), fmt), tmp_path
    )
    assert list(found["directed"][1].coords) == [ORIGIN, DESTINATION]


async def test_parts_of_a_collection_run_as_they_should(source, tmp_path):
    data = await whole(source, DownloadRequest(HAZARDS, HAZARDS.rows()), BY_NAME["json"])
    _point, line, area = READERS["json"](data, tmp_path)["collected"][1].geoms
    assert list(line.coords) == [(-73, 7), (-72, 8)]
    assert area.exterior.is_ccw


async def test_tables_name_their_type(source):
    types = {}
    for layer in (PLACES, ROADS, BOUNDARIES, HAZARDS):
        data = await whole(source, DownloadRequest(layer, layer.rows()), BY_NAME["parquet"])
        geo = json.loads(parquet.ParquetFile(BufferReader(data)).metadata.metadata[b"geo"])
        types[layer.name] = geo["columns"]["geom"]["geometry_types"]
    assert types == {
        "places": ["Point"],
        "roads": ["LineString"],
        "boundaries": ["MultiPolygon"],
        "hazards": [],
    }


async def test_gdal_reads_the_text_formats(source, tmp_path):
    wanted = DownloadRequest(ROADS, ROADS.rows())
    for name in ("json", "jsonfg", "jsonseq", "kml"):
        path = tmp_path / f"roads{BY_NAME[name].extension}"
        path.write_bytes(await whole(source, wanted, BY_NAME[name]))
        frame = pyogrio.read_dataframe(path)
        assert len(frame) == 4
        assert set(frame.geometry.geom_type) == {"LineString"}


# -- streaming ---------------------------------------------------------------------------------


def many(layer, times=20_000):
    """Return the rows of a layer over and over, more than any buffer holds."""
    series = func.generate_series(1, times).table_valued("n")
    return layer.rows().select_from(layer.view.join(series, true()))


async def backends(source):
    async with source() as connection:
        return await connection.fetchval(
            "select count(*) from pg_stat_activity where pid <> pg_backend_pid()"
            " and datname = current_database() and query like 'COPY%' and state = 'active'"
        )


@pytest.mark.parametrize("name", ["json", "csv", "parquet"])
async def test_the_first_bytes_come_before_the_last_row(source, name):
    pieces = download(source, DownloadRequest(PLACES, many(PLACES)), BY_NAME[name])
    got = [await anext(pieces), await anext(pieces)]
    assert all(got)
    assert source.held == 1
    assert await backends(source) == 1
    await pieces.aclose()
    assert source.held == 0

    async def is_free():
        return await backends(source) == 0

    await until(is_free)


async def test_a_connection_that_is_slow_to_close_is_given_back(source, monkeypatch):
    """Reading is stopped a second time while the connection is being closed."""
    connect, is_closing, may_close = source.connect, asyncio.Event(), asyncio.Event()

    class Slow:
        def __init__(self, connection):
            self._connection = connection

        def __getattr__(self, name):
            return getattr(self._connection, name)

        async def close(self):
            is_closing.set()
            await may_close.wait()
            await self._connection.close()

    async def slowly():
        return Slow(await connect())

    monkeypatch.setattr(source, "connect", slowly)
    wanted = DownloadRequest(PLACES, many(PLACES))
    async with CopyReader(source, wanted, table_rows(wanted.rows), 1_000, {}) as reading:
        await reading.about()
        reading.stop()
        await is_closing.wait()
        asyncio.get_running_loop().call_soon(may_close.set)
    assert source.held == 0


@pytest.mark.every(3)
@formats
async def test_cancelling_frees_the_connection_and_the_disk(source, fmt, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    taking = asyncio.create_task(whole(source, DownloadRequest(PLACES, many(PLACES)), fmt))

    async def is_reading():
        return source.held == 1 and await backends(source) == 1

    await until(is_reading)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert source.held == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.every(2)
@pytest.mark.parametrize("name", ["fgb", "gpkg"])
async def test_a_file_is_taken_without_a_connection(source, name, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pieces = download(source, DownloadRequest(PLACES, many(PLACES, 1_000)), BY_NAME[name])
    assert await anext(pieces)
    assert source.held == 0
    assert list(tmp_path.iterdir())
    await pieces.aclose()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.every(2)
@pytest.mark.parametrize("name", ["csv", "parquet"])
async def test_who_takes_nothing_is_cut_off(source, name, monkeypatch):
    monkeypatch.setattr(download_rows, "TIME_LIMIT_S", 1.0)
    pieces = download(source, DownloadRequest(PLACES, many(PLACES, 200_000)), BY_NAME[name])
    await anext(pieces)

    async def is_free():
        return source.held == 0

    await until(is_free)
    with pytest.raises(DatabaseUnavailableError):
        async for _ in pieces:
            pass


async def test_a_database_that_is_away_is_told_before_the_first_byte(settings):
    nowhere = settings.model_copy(update={"database_url_public": None})
    source = Source(nowhere)
    source._url = source._url.update_query_dict({"host": "/nowhere"})
    for fmt in DOWNLOADS:
        with pytest.raises(DatabaseUnavailableError):
            await whole(source, DownloadRequest(PLACES, PLACES.rows()), fmt)


# That rows leave before the last one was read is asked in every run.
@pytest.mark.long
@pytest.mark.parametrize("name", ["json", "parquet"])
async def test_memory_does_not_grow_with_the_collection(source, name):
    def resident_mb():
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    await whole(source, DownloadRequest(PLACES, many(PLACES, 1_000)), BY_NAME[name])
    # As JSON they have 308 MB.
    wanted = DownloadRequest(PLACES, many(PLACES, 20_000))
    before, most = resident_mb(), 0.0
    async for _ in download(source, wanted, BY_NAME[name]):
        most = max(most, resident_mb())
    assert most - before < 100


# -- over HTTP ---------------------------------------------------------------------------------


class Served:
    """An application of one address, the download, on a port of its own."""

    def __init__(self, source):
        self.source = source
        self.failed = None

    async def __call__(self, scope, receive, send):
        pieces = download(self.source, DownloadRequest(PLACES, many(PLACES)), BY_NAME["csv"])
        try:
            answer = await responses.download_response(pieces, BY_NAME["csv"], "places.csv", {})
        except BusyError as error:
            self.failed = error
            answer = responses.StreamingResponse(iter([b"busy"]), status_code=503)
        await answer(scope, receive, send)


@contextlib.asynccontextmanager
async def listening(source, http="auto"):
    port = free_port()
    served = Served(source)
    config = uvicorn.Config(served, port=port, http=http, lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())

    async def is_up():
        return server.started

    await until(is_up)
    yield port, served
    server.should_exit = True
    await running


@pytest.fixture
async def address(source):
    async with listening(source) as found:
        yield found


async def ask(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: amparo.test\r\n\r\n")
    return await reader.readline(), reader, writer


async def test_who_goes_away_frees_the_connection(address, source):
    port, _ = address
    status, reader, writer = await ask(port)
    assert b" 200 " in status
    await reader.readexactly(10_000)
    assert source.held == 1
    writer.close()

    async def is_free():
        return source.held == 0

    await until(is_free)


async def test_downloads_beyond_those_at_once_are_refused(address, source):
    port, served = address
    held = [await ask(port) for _ in range(responses.AT_ONCE)]
    status, _, writer = await ask(port)
    assert b" 503 " in status
    assert isinstance(served.failed, BusyError)
    for _, _, open_writer in [*held, (None, None, writer)]:
        open_writer.close()

    async def is_free():
        return source.held == 0 and len(responses.PLACES) == 0

    await until(is_free)
    status, _, writer = await ask(port)
    assert b" 200 " in status
    writer.close()
    await until(is_free)


@pytest.mark.every(2, first=1)
@pytest.mark.parametrize("http", ["auto", Connection], ids=["any server", "ours"])
async def test_p55_a_download_that_stands_still_gives_its_place_away(source, http, monkeypatch):
    """The clock is the test's: six seconds pass at each question, and nobody takes anything."""
    now_s = [0.0]
    monkeypatch.setattr(responses.PLACES, "steady_s", lambda: now_s[0])
    async with listening(source, http) as (port, _served):
        still = [await ask(port) for _ in range(responses.AT_ONCE)]
        status, _, writer = await ask(port)
        writer.close()
        assert b" 503 " in status
        writers = [writer for *_, writer in still]

        async def is_served():
            now_s[0] += 6.0
            status, _, writer = await ask(port)
            writers.append(writer)
            return b" 200 " in status

        await until(is_served)
        # One of those who stood still is at its end, and not at that of the file.
        ends = {asyncio.create_task(reader.read()) for _, reader, _ in still}
        done, going_on = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        for task in done:
            assert isinstance(task.exception(), ConnectionResetError) or not task.result().endswith(
                b"0\r\n\r\n"
            )
        for writer in writers:
            writer.close()

        async def is_free():
            return source.held == 0 and len(responses.PLACES) == 0

        await until(is_free)
