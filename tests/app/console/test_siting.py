"""``/network/siting`` and scenarios: searches and what-ifs, each their owner's alone."""

import csv
import io
import json
import math
import re
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import delete, func, select

from geo import models
from geo.accounts import people
from geo.db.sessions import Tier
from geo.errors import ConflictError
from geo.planning import siting_runs
from tests.conftest import ROOT, client_of, clone, opened
from tests.fixtures.desk import HTML, text_of
from tests.fixtures.network import EDITOR, NOW, OTHER_EDITOR, VIEWER, add_people
from tests.fixtures.waiting import until

SITING = "/network/siting"
WHAT_IF = "/network/corridors/what-if"
CORRIDOR = "cucuta-bogota"
ASKED = {"corridor": CORRIDOR, "service": "overnight", "model": "flow", "day_km": "50"}
ASKED |= {"flows": "equal", "time_limit": "60"}


_LINES = {
    one["properties"]["id"]: one
    for one in json.loads((ROOT / "data/roads/corridors.geojson").read_bytes())["features"]
}


def beginning(id_, of, towns, length_m):
    """Give the first towns of a shipped corridor as one of its own: its questions take little."""
    road = ",".join(
        f"{lon} {lat}" for lon, lat, *_ in _LINES[of]["geometry"]["coordinates"][:towns]
    )
    about = _LINES[of]["properties"]
    places = {"places": about["places"][:towns], "countries": about["countries"]}
    seen = {"visibility": "public", "source": "test", "licence": "CC0"}
    geom = f"SRID=4326;LINESTRING({road})"
    return {"id": id_, "name": id_.title(), "length_m": length_m, "geom": geom} | places | seen


#: Cúcuta to Pamplona, and a corridor of which no count is released.
SHORT = beginning("corto", CORRIDOR, 7, 80_000.0)
FAR = beginning("lejos", "colchane-iquique", 2, 20_000.0)


@pytest.fixture(scope="module")
async def settings(cluster, loaded_template, settings_for):
    return settings_for(clone(cluster, loaded_template), public_url="http://amparo.test")


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            for id_ in ("org", "org2"):
                session.add(models.Organization(id=id_, name="Organización de prueba"))
            await session.flush()
            await add_people(session, EDITOR, OTHER_EDITOR, VIEWER)
            session.add_all([models.Corridor(**SHORT), models.Corridor(**FAR)])
            # Three corridors are enough of "all": each question of all of them takes its time.
            kept = (CORRIDOR, SHORT["id"], FAR["id"])
            await session.execute(delete(models.Corridor).where(models.Corridor.id.not_in(kept)))
        yield database


@pytest.fixture(scope="module")
async def client(settings, database):
    async with client_of(settings) as client:
        yield client


async def gaps_of(client, corridor=CORRIDOR):
    found = await client.post("/corridors/coverage", json={"corridor": corridor})
    return [gap["length_m"] for gap in found.json()["services"][0]["gaps"]], found.json()


async def searched(person, files=None, **fields):
    """Begin a search, wait for its end, and give its result."""
    begun = await sent(person, files, **fields)
    assert begun.status_code == 303, begun.text

    async def ended():
        page = await person.get(SITING)
        return page if "La búsqueda está en curso" not in text_of(page) else None

    page = await until(ended)
    return page, (await person.get(f"{SITING}/result.json")).json()


async def sent(person, files=None, **fields):
    person.client.cookies.clear()
    csrf = re.search('name="csrf" value="([^"]+)"', (await person.get(SITING)).text).group(1)
    data = ASKED | {"csrf": csrf} | fields
    # Without a file a form of a page is multipart all the same.
    files = {"areas": ("", b"")} | (files or {})
    return await person.client.post(SITING, data=data, files=files, headers=person.headers)


def area(west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    shape = {"type": "Feature", "properties": {}}
    shape["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    content = json.dumps({"type": "FeatureCollection", "features": [shape]}).encode()
    return {"areas": ("zona.geojson", content)}


async def test_as_few_spaces_as_can_be_close_every_gap_of_a_corridor(client, as_person):
    gaps, figures = await gaps_of(client, "corto")
    editor = await as_person("ed")
    page, plan = await searched(editor, corridor="corto", day_km="20")
    assert plan["is_proven"]
    assert len(plan["sites"]) == sum(max(0, math.ceil(gap / 20e3) - 1) for gap in gaps) > 1
    old_km = [one["at_m"] / 1e3 for one in figures["spaces"]]
    new_km = [site["at_km"] for site in plan["sites"]]
    stops = sorted([0.0, figures["length_m"] / 1e3, *old_km, *new_km])
    longest = max(b - a for a, b in pairwise(stops))
    assert longest == pytest.approx(plan["corridors"][0]["longest_after_m"] / 1e3, abs=0.2)
    assert longest <= 20.1
    assert plan["corridors"][0]["longest_before_m"] == pytest.approx(max(gaps), abs=1)
    # A shorter day never asks for fewer spaces, nor a longer one for more.
    counts = {one["name"]: one["count"] for one in plan["variants"]}
    assert counts["longer_day"] <= len(new_km) <= counts["shorter_day"]
    assert "Está probado que no hay nada mejor." in text_of(page)
    table = (await editor.get(f"{SITING}/result.csv")).content.decode("utf-8-sig")
    rows = [*csv.DictReader(io.StringIO(table))]
    assert [float(row["at_km"]) for row in rows] == new_km
    again = await client.post("/corridors/coverage", json={"corridor": "corto"})
    assert again.json()["services"] == figures["services"]


async def test_what_is_decided_already_is_kept_to(client, as_person):
    editor = await as_person("ed")
    _, plan = await searched(
        editor,
        area(-73.2, 7.0, -72.9, 7.3),
        count="3",
        required="Aratoca",
        forbidden="Pamplona",
        budget="4",
    )
    towns = [site["town"] for site in plan["sites"]]
    assert "Aratoca" in towns
    assert "Pamplona" not in towns
    assert len(towns) <= 3
    assert sum(site["cost"] for site in plan["sites"]) <= 4
    for site in plan["sites"]:
        assert not (-73.2 <= site["lon"] <= -72.9 and 7.0 <= site["lat"] <= 7.3)


async def test_where_a_town_serves_as_well_a_town_is_proposed(as_person):
    editor = await as_person("ed")
    # 80 km in days of 62, and nobody there tells of buses: anywhere from km 18 to 62 will do.
    asked = {"corridor": "corto", "service": "transport_information", "count": "1"}
    _, plan = await searched(editor, **asked, day_km="62")
    assert (plan["share_before"] < 1, plan["share_after"]) == (True, 1)
    (site,) = plan["sites"]
    assert site["town"]
    assert 18 <= site["at_km"] <= 62


async def test_stretches_that_no_space_may_close_are_named(as_person):
    page, plan = await searched(await as_person("ed"), area(-75.0, 4.0, -72.0, 8.5))
    assert not plan["is_possible"]
    assert plan["bare"]
    assert "ningún número de espacios alcanza" in text_of(page)


async def test_flows_are_those_that_are_released(as_person):
    editor = await as_person("ed")
    # The demonstration counts people at the bridge where this corridor begins, and at few others.
    _, plan = await searched(editor, corridor="corto", flows="released", model="gaps", count="2")
    assert plan["is_proven"]
    assert plan["corridors"][0]["people"] == pytest.approx(1243 / 7, abs=1)
    assert plan["corridors"][0]["longest_after_m"] <= plan["corridors"][0]["longest_before_m"]
    # Nobody else's page has any of it.
    other = await as_person("ed2")
    assert (await other.get(f"{SITING}/result.json")).status_code == 404
    assert "Lo que se encontró" not in text_of(await other.get(SITING))


@pytest.mark.long
async def test_flows_of_a_file_are_those_of_all_corridors(client, as_person):
    editor = await as_person("ed")
    every = (await client.get("/collections/corridors/items?limit=100")).json()["features"]
    rows = ["corredor;personas", *(f"{one['properties']['name']};12,5" for one in every[1:])]
    rows.append(f"{every[0]['id']};400")
    file = {"people": ("gente.csv", "\r\n".join(rows).encode("utf-8-sig"))}
    _, plan = await searched(
        editor, file, corridor="", flows="file", model="covering", count="2", time_limit="10"
    )
    assert {one["corridor"]: one["people"] for one in plan["corridors"]} == {
        one["id"]: 400 if one == every[0] else 12.5 for one in every
    }
    assert len(plan["sites"]) == 2
    assert "equal_flows" in [one["name"] for one in plan["variants"]]


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("fields", "files", "told"),
    [
        ({"day_km": "0"}, {}, "entre 1 y 200"),
        ({"count": "101"}, {}, "entre 1 y 100"),
        ({"model": "gaps"}, {}, "diga cuántos"),
        ({"model": "best"}, {}, "Elija una opción"),
        ({"required": "Nunca Jamás"}, {}, "Ninguno coincide"),
        ({"required": "Oiba", "forbidden": "oiba", "count": "3"}, {}, "dos veces"),
        ({"required": "Oiba, Aratoca", "count": "1"}, {}, "No cabe"),
        ({"budget": "-4", "count": "1"}, {}, "entre 0 y"),
        ({}, {"areas": ("x", b"{}")}, "La forma en el mapa"),
        ({}, {"areas": ("x", b"[[[")}, "La forma en el mapa"),
        ({}, {"areas": ("x", b'{"type":"Point","coordinates":[1,2]}')}, "La forma en el mapa"),
        ({}, area(-300, 0, 0, 1), "fuera de la Tierra"),
        ({"flows": "file"}, {}, "Falta cuántas personas van por Cúcuta"),
        ({"flows": "file"}, {"people": ("x", b"nada;?\nnadie;1")}, "La fila 2 no es"),
        ({"flows": "file"}, {"people": ("x", b"cucuta-bogota,nan")}, "La fila 1 no es"),
        ({"flows": "file"}, {"people": ("x", b"\xff\xfe")}, "Escriba un texto"),
        ({"flows": "file"}, {"people": ("x", b"cucuta-bogota,0")}, "un número desde 1"),
        ({"flows": "released", "corridor": ""}, {}, "Falta cuántas personas van por Lejos"),
    ],
)
async def test_a_question_that_cannot_be_asked_says_why(as_person, fields, files, told):
    page = await sent(await as_person("ed2"), files, **fields)
    assert page.status_code == 400
    assert told in text_of(page)


async def test_a_search_is_one_a_person_and_ends_when_its_owner_says_so(as_person):
    editor = await as_person("ed")
    begun = await sent(editor, model="gaps", count="25", day_km="10", time_limit="300")
    assert begun.status_code == 303, begun.text
    again = await sent_while_running(editor)
    assert again.status_code == 400
    assert "Ya hay una búsqueda suya" in text_of(again)
    running = await editor.get(SITING)
    assert 'http-equiv="refresh"' in running.text
    assert (await editor.post(f"{SITING}/cancel", csrf="forged")).status_code == 403
    await editor.follow(f"{SITING}/cancel")

    async def ended():
        return "La búsqueda está en curso" not in text_of(await editor.get(SITING))

    await until(ended)
    plan = (await editor.get(f"{SITING}/result.json")).json()
    assert not plan["is_proven"]


async def sent_while_running(person):
    form = {"day_km": "50", "corridor": CORRIDOR}
    return await person.post(SITING, **ASKED | form)


async def test_a_search_whose_process_is_gone_can_be_begun_anew(database):
    async with database.session(Tier.WRITER) as session:
        first = await siting_runs.begin_run(session, "ed2", {}, NOW)
        with pytest.raises(ConflictError):
            await siting_runs.begin_run(session, "ed2", {}, NOW + timedelta(seconds=59))
        assert await siting_runs.sign_run(session, first, {"stage": "flow"}, NOW)
        second = await siting_runs.begin_run(session, "ed2", {}, NOW + siting_runs.DEAD_AFTER)
        # The first one's process, if it lives after all, writes nothing any more.
        assert not await siting_runs.sign_run(session, first, None, NOW)
        await siting_runs.end_run(session, first, {"sites": []}, NOW)
        found = await siting_runs.read_run(session, "ed2")
        assert (found.run, found.state, found.result) == (second, "running", None)
        await siting_runs.end_run(session, second, None, NOW)
        assert (await siting_runs.read_run(session, "ed2")).state == "failed"


async def test_nobody_else_searches(client, as_person):
    viewer = await as_person("vi")
    for path in (SITING, f"{SITING}/result.json", f"{SITING}/result.csv"):
        assert (await viewer.get(path)).status_code == 403
        client.cookies.clear()
        assert (await client.get(path, headers=HTML)).status_code == 303
    assert (await (await as_person("ed")).post(SITING, **ASKED, csrf="x")).status_code == 403


# --- scenarios ----------------------------------------------------------------------------------


def after_of(page):
    return re.findall(r'class="becomes">([^<]+)', page.text)


async def test_a_what_if_is_kept_under_a_name_by_its_owner_alone(client, as_person, database):
    _, figures = await gaps_of(client)
    editor, other = await as_person("ed"), await as_person("ed2")
    fields = {"corridor": CORRIDOR, "service": "overnight", "gap_km": "50"}
    fields |= {"closed": [one["id"] for one in figures["spaces"][:2]], "added": "40 90,5"}
    asked = await editor.post(WHAT_IF, **fields)
    sent = await editor.post(WHAT_IF, **fields, do="save", name=" Cierre de junio ")
    scenario = sent.headers["location"]
    page = await editor.get(scenario)
    assert after_of(page) == after_of(asked) != []
    assert 'value="Cierre de junio"' in page.text
    assert "Cierre de junio" in (await editor.get("/network/corridors")).text
    # By the same name it is the same one, changed.
    changed = await editor.post(
        WHAT_IF, **fields | {"added": "7"}, do="save", name="Cierre de junio"
    )
    assert changed.headers["location"] == scenario
    assert after_of(await editor.get(scenario)) != after_of(asked)
    assert (await other.get(scenario)).status_code == 404
    assert (await other.post(f"{scenario}/delete")).status_code == 404
    assert "Cierre de junio" not in (await other.get("/network/corridors")).text
    for name in ("", "x" * 81):
        refused = await editor.post(WHAT_IF, **fields, do="save", name=name)
        assert refused.status_code == 400
        assert "entre 1 y 80" in text_of(refused)
    await editor.follow(f"{scenario}/delete")
    assert (await editor.get(scenario)).status_code == 404
    async with database.session(Tier.WRITER) as session:
        entry = models.AuditEntry
        noted = (
            await session.execute(
                select(entry.action, entry.actor, entry.details)
                .where(entry.entity == "scenario", entry.record_id == scenario.rpartition("/")[2])
                .order_by(entry.seq)
            )
        ).all()
    assert [one.action for one in noted] == ["scenario.save"] * 2 + ["scenario.delete"]
    assert {one.actor for one in noted} == {"ed"}
    assert "junio" not in str(noted)


async def test_what_a_person_keeps_goes_with_the_account(database, as_person):
    other = await as_person("ed2")
    fields = {"corridor": CORRIDOR, "added": "40", "do": "save", "name": "Mío"}
    assert (await other.post(WHAT_IF, **fields)).status_code == 303
    async with database.session(Tier.WRITER) as session:
        kept = select(func.count()).select_from(models.PlanningScenario)
        assert await session.scalar(kept) == 1
        await people.deactivate(session, "ed2")
        assert await session.scalar(kept) == 0
        assert await siting_runs.read_run(session, "ed2") is None
        await session.rollback()
