"""Exports over HTTP and at the terminal: whose eyes, which headers, what never leaves."""

import io
import json
import sqlite3
import threading
import zipfile
from dataclasses import replace

import pytest
from sqlalchemy import text as sql
from typer.testing import CliRunner

from app import cli
from geo import models
from geo.db.sessions import Tier
from geo.exports.formats import FORMATS
from tests.conftest import client_of, clone, opened, partner_header
from tests.fixtures.clock import run_now

CONFIDENTIAL = ("DEMO-008", "DEMO-030", "DEMO-035", "DEMO-043", "DEMO-062")
PARTNERS_ONLY = ("DEMO-021", "DEMO-026", "DEMO-048", "DEMO-063", "DEMO-065")


def plain(name, content):
    """Return the text of a file, unpacked."""
    if name == "xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            content = b"".join(packed.read(member) for member in packed.namelist())
    return content.decode("utf-8", "replace")


@pytest.mark.every(3)
@pytest.mark.parametrize("name", FORMATS)
async def test_every_format_is_a_file_of_the_public(client, name):
    answer = await client.get(f"/exports/{name}")
    assert answer.status_code == 200
    chosen = FORMATS[name]
    assert answer.headers["content-type"] == chosen.media_type
    assert answer.headers["content-disposition"].startswith('attachment; filename="amparo-demo-')
    assert answer.headers["content-disposition"].endswith(f'{chosen.suffix}"')
    text = plain(name, answer.content)
    assert "DEMO-009" in text or name == "text"
    assert "DEMO" in text


@pytest.mark.parametrize("name", FORMATS)
async def test_p2_no_hidden_space_is_in_a_file(client, partner, name):
    public = plain(name, (await client.get(f"/exports/{name}")).content)
    shared = plain(name, (await partner.get(f"/exports/{name}")).content)
    for hidden in CONFIDENTIAL:
        assert hidden not in public
        assert hidden not in shared
    for word in ("Espacio seguro", "safe_space", "Persona de ejemplo", *models.PROTECTED_SERVICES):
        assert word not in public
        assert word not in shared
    for hidden in PARTNERS_ONLY:
        assert hidden not in public
        # A message is passed on to anybody, so it never holds what partners alone may see.
        assert (hidden in shared) == (name != "text")


async def test_p7_a_partners_file_is_kept_by_no_cache(client, partner):
    public = await client.get("/exports/csv")
    assert "etag" in public.headers
    assert public.headers["cache-control"] == "public, no-cache"
    again = await client.get("/exports/csv", headers={"If-None-Match": public.headers["etag"]})
    assert again.status_code == 304
    shared = await partner.get("/exports/csv", headers={"If-None-Match": public.headers["etag"]})
    assert shared.status_code == 200
    assert shared.headers["cache-control"] == "private, no-store"
    assert "etag" not in shared.headers
    assert shared.content != public.content


async def test_p42_only_partners_see_numbers(client, partner):
    public = (await client.get("/exports/geojson")).json()["features"]
    shared = (await partner.get("/exports/geojson")).json()["features"]
    assert not [f for f in public if "available" in f["properties"]]
    assert [f for f in shared if f["properties"]["capacity"] is not None]


async def test_p5_partners_get_a_blurred_position(partner):
    features = (await partner.get("/exports/geojson")).json()["features"]
    blurred = [f for f in features if f["properties"]["visibility"] == "partners"]
    assert blurred
    for feature in blurred:
        lon, lat = feature["geometry"]["coordinates"]
        assert feature["properties"]["coord_precision"] == "grid_0.05"
        assert round(lon / 0.05, 6).is_integer()
        assert round(lat / 0.05, 6).is_integer()


async def test_p35_no_file_confirms_a_demo_row(client):
    for feature in (await client.get("/exports/geojson")).json()["features"]:
        assert feature["properties"]["demo"]
        assert feature["properties"]["confirmed_on"] is None
        # P49: until when the copy of this record may be used.
        assert feature["properties"]["expires_on"]


async def test_a_file_is_narrowed(client):
    async def found(query):
        answer = await client.get(f"/exports/geojson?{query}")
        assert answer.status_code == 200
        return [f["properties"] for f in answer.json()["features"]]

    everywhere = await found("")
    colombia = await found("country=CO")
    assert {p["country"] for p in colombia} == {"CO"}
    assert len(colombia) < len(everywhere)
    town = await found("locality=CUCUTA")
    assert {p["locality"] for p in town} == {"Cúcuta"}
    food = await found("service=food&country=CO")
    assert all("food" in p["services"] for p in food)
    assert await found("country=AR&locality=Cúcuta") == []


async def test_what_cannot_be_asked_for_is_refused(client):
    for query, status in (
        ("csv?service=teleport", 400),
        ("csv?unknown=1", 400),
        ("csv?service=", 400),
        ("nothing", 404),
    ):
        assert (await client.get(f"/exports/{query}")).status_code == status, query
    for service in models.PROTECTED_SERVICES:
        answer = await client.get(f"/exports/csv?service={service}")
        assert 400 <= answer.status_code < 500
        assert "not counted" in answer.text
    bad = await client.get("/exports/csv", headers={"Authorization": "Bearer nothing"})
    assert bad.status_code == 401


async def test_a_workbook_and_a_package_open(client, tmp_path):
    import openpyxl

    book = (await client.get("/exports/xlsx?country=CO")).content
    assert openpyxl.load_workbook(io.BytesIO(book)).sheetnames == ["spaces"]
    path = tmp_path / "spaces.gpkg"
    path.write_bytes((await client.get("/exports/gpkg?country=CO")).content)
    with sqlite3.connect(path) as package:
        [(count,)] = package.execute("select count(*) from spaces").fetchall()
    package.close()
    assert count > 10


async def test_hsds_of_the_demonstration_satisfies_the_facts(client, partner):
    from tests.geo.exports.test_hsds import problems

    for asker in (client, partner):
        content = (await asker.get("/exports/hsds")).json()
        assert len(content["locations"]) > 40
        assert problems(content) == []


async def test_the_message_of_a_municipality_is_short_and_dated(client):
    answer = await client.get("/exports/text?locality=Pamplona")
    said = answer.text
    assert said.startswith("*DEMO")
    assert f"Lista del {run_now():%d/%m/%Y}" in said
    assert "Según su horario" in said
    assert len(said) < 4096


async def test_p42_a_list_to_pass_on_is_the_publics_whoever_asks(
    cluster, loaded_template, settings_for
):
    """A public space may have services that only partners are told of, such as cash."""
    settings = settings_for(clone(cluster, loaded_template))
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await session.execute(
            sql(
                "update services set visibility = 'partners' where code = 'hygiene' and id in"
                " (select service_id from service_at_location where location_id = 'DEMO-006')"
            )
        )
    token = await partner_header(settings)
    async with client_of(settings) as client:
        asked = "?locality=Cúcuta"
        public = await client.get(f"/exports/text{asked}")
        shared = await client.get(f"/exports/text{asked}", headers=token)
        assert shared.headers["cache-control"] == "private, no-store"
        assert shared.text == public.text
        files = [
            (await client.get(f"/exports/geojson{asked}", headers=who)).json()["features"]
            for who in ({}, token)
        ]
        services = [
            next(one for one in file if one["id"] == "DEMO-006")["properties"]["services"]
            for file in files
        ]
        assert set(services[1]) - set(services[0]) == {"hygiene"}


async def test_p45_lists_bring_the_public_lines_of_their_area(client, partner):
    asked = "/exports/text?country=CO&locality=Pamplona"
    public, shared = (await client.get(asked)).text, (await partner.get(asked)).text
    for text in (public, shared):
        assert "*Líneas de ayuda: Norte de Santander, CO*" in text
        assert "DEMO Emergencias Norte de Santander (ficticia)" in text
        assert "Ecuador" not in text
        # Partners see it, but a message is passed on to anybody.
        assert "Coordinación de socios" not in text
    known = (await partner.get("/contacts?country=CO")).json()["contacts"]
    assert any("Coordinación de socios" in line["name"] for line in known)


async def test_no_file_is_written_on_the_event_loop(client, monkeypatch):
    writers = []

    def write(_snapshot):
        writers.append(threading.get_ident())
        return b"made"

    monkeypatch.setitem(FORMATS, "csv", replace(FORMATS["csv"], write=write))
    assert (await client.get("/exports/csv")).content == b"made"
    assert writers
    assert threading.get_ident() not in writers


def test_the_command_writes_whole_files(loaded_shared, settings_for, tmp_path, monkeypatch):
    settings = settings_for(loaded_shared)
    monkeypatch.setenv("AMPARO_HOME", str(settings.home))
    monkeypatch.setenv("AMPARO_DATABASE_URL", settings.database_url.get_secret_value())

    def run(*arguments):
        return CliRunner().invoke(cli.app, ["export", *map(str, arguments)])

    path = tmp_path / "espacios.geojson"
    done = run("geojson", "--tier", "partner", "--country", "CO", "-o", path)
    assert done.exit_code == 0, done.stderr
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    assert f"{len(features)} spaces" in done.stderr
    assert {f["properties"]["country"] for f in features} == {"CO"}
    assert [p.name for p in tmp_path.iterdir()] == ["espacios.geojson"]
    wrong = run("pdf", "-o", path)
    assert wrong.exit_code == 2
    assert "hsds" in wrong.stderr
    nowhere = run("csv", "-o", tmp_path / "no" / "such" / "folder.csv")
    assert nowhere.exit_code == 1
