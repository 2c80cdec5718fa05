"""The basemap over HTTP and at the terminal: ranges of one building, tags, what to do without."""

import os

import pytest
from pmtiles.reader import MemorySource, Reader
from sqlalchemy import insert
from typer.testing import CliRunner

from app import cli
from geo import models
from geo.db.sessions import Tier
from tests.conftest import client_of, clone, opened
from tests.fixtures.published import areas, point, square

ADDRESS = "/basemap.pmtiles"


@pytest.fixture(scope="module")
async def settings(cluster, empty_template, settings_for, tmp_path_factory):
    made = settings_for(clone(cluster, empty_template))
    # A home of its own: the file belongs to it.
    made = made.model_copy(update={"home": tmp_path_factory.mktemp("home")})
    land = {"id": "land", "level": 0, "country": "CO", "name": "Land", "visibility": "public"}
    town = {"id": "town", "name": "Town", "country": "CO", "timezone": "America/Bogota"}
    async with opened(made) as database, database.session(Tier.WRITER) as session:
        shape = areas(square(-74, 6, -73, 7))
        await session.execute(insert(models.Boundary), [{**land, "geom": shape}])
        town |= {"population": 2_000_000, "visibility": "public", "geom": point(-73.5, 6.5)}
        await session.execute(insert(models.Place), [town])
    return made


@pytest.fixture(scope="module")
async def visitor(settings):
    async with client_of(settings) as client:
        yield client


@pytest.fixture
def amparo(settings, monkeypatch):
    monkeypatch.setenv("AMPARO_HOME", str(settings.home))
    monkeypatch.setenv("AMPARO_DATABASE_URL", settings.database_url.get_secret_value())
    return lambda *arguments: CliRunner().invoke(cli.app, [*map(str, arguments)])


@pytest.fixture
def content(settings, amparo):
    if not settings.basemap_path.exists():
        built = amparo("basemap", "build")
        assert built.exit_code == 0, built.output
    return settings.basemap_path.read_bytes()


async def test_without_one_it_is_said_what_to_do(visitor, settings):
    settings.basemap_path.unlink(missing_ok=True)
    response = await visitor.get(ADDRESS)
    assert response.status_code == 404
    assert response.json()["type"] == "urn:amparo:problem:no-basemap"
    assert "amparo basemap build" in response.json()["what_to_do"]


async def test_the_whole_file(visitor, content):
    response = await visitor.get(ADDRESS)
    assert response.status_code == 200
    assert response.content == content
    assert response.headers["content-type"] == "application/vnd.pmtiles"
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["cache-control"].startswith("public")
    # Its ranges are of these very bytes, whatever the client could unpack.
    assert "content-encoding" not in response.headers
    head = await visitor.head(ADDRESS)
    assert head.content == b""
    assert head.headers["content-length"] == str(len(content))


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-126", 0, 127),
        ("bytes=127-", 127, None),
        ("bytes=-10", -10, None),
        ("bytes=0-0", 0, 1),
        ("bytes=5-99999999", 5, None),
        ("bytes=-99999999", 0, None),
    ],
)
async def test_a_range(visitor, content, asked, start, stop):
    response = await visitor.get(ADDRESS, headers={"Range": asked, "Accept-Encoding": "gzip"})
    assert response.status_code == 206
    assert response.content == content[start:stop]
    first = start % len(content)
    last = len(content) if stop is None else stop
    assert response.headers["content-range"] == f"bytes {first}-{last - 1}/{len(content)}"
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=999999999-9999999999", "bytes=-0"])
async def test_a_range_behind_the_end_is_a_problem(visitor, content, asked):
    response = await visitor.get(ADDRESS, headers={"Range": asked})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(content)}"
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=5-2", "bytes=-", "lines=0-1", "bytes=a-b", "x", "bytes=²-"]
)
async def test_what_is_no_single_range_is_the_whole(visitor, content, asked):
    response = await visitor.get(ADDRESS, headers={"Range": asked.encode()})
    assert response.status_code == 200
    assert response.content == content


async def test_the_tag_is_of_the_bytes(visitor, content, settings):
    first = await visitor.get(ADDRESS)
    tag = first.headers["etag"]
    assert not tag.startswith("W/")
    known = await visitor.get(ADDRESS, headers={"If-None-Match": tag})
    assert known.status_code == 304
    os.utime(settings.basemap_path, (1, 1))
    assert (await visitor.get(ADDRESS)).headers["etag"] == tag
    part = {"Range": "bytes=0-9"}
    assert (await visitor.get(ADDRESS, headers={**part, "If-Range": tag})).status_code == 206
    other = await visitor.get(ADDRESS, headers={**part, "If-Range": '"other"'})
    assert other.status_code == 200


async def test_a_new_building_is_served_at_once(visitor, content, settings):
    tag = (await visitor.get(ADDRESS)).headers["etag"]
    beside = settings.basemap_path.with_name("new")
    beside.write_bytes(content + b"!")
    beside.replace(settings.basemap_path)
    try:
        response = await visitor.get(ADDRESS)
        assert response.content == content + b"!"
        assert response.headers["etag"] != tag
    finally:
        settings.basemap_path.write_bytes(content)


async def test_unknown_parameters_are_refused(visitor, content):
    assert (await visitor.get(f"{ADDRESS}?z=1")).status_code == 400


def test_the_command_writes_where_it_is_told(amparo, tmp_path, content):
    path = tmp_path / "deep" / "b.pmtiles"
    built = amparo("basemap", "build", "--output", path)
    assert built.exit_code == 0, built.output
    assert "bytes" in built.output
    assert path.read_bytes() == content
    assert Reader(MemorySource(content)).header()["max_zoom"] == 7
    assert [one.name for one in path.parent.iterdir()] == ["b.pmtiles"]


def test_the_command_says_why_it_cannot(amparo, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    built = amparo("basemap", "build", "--output", tmp_path / "file" / "b.pmtiles")
    assert built.exit_code == 1
    assert "amparo: " in built.output


def test_the_command_refuses_to_bake_nothing(cluster, empty_template, settings_for, monkeypatch):
    empty = settings_for(clone(cluster, empty_template))
    monkeypatch.setenv("AMPARO_HOME", str(empty.home))
    monkeypatch.setenv("AMPARO_DATABASE_URL", empty.database_url.get_secret_value())
    built = CliRunner().invoke(cli.app, ["basemap", "build"])
    assert built.exit_code == 1
    assert "amparo load" in built.output
