"""P35: in a demonstration everything goes through to the end, is a demo row, and leaves with it."""

import pytest
from sqlalchemy import func, select, update

from geo import models
from geo.db.sessions import Tier
from geo.records import demo_rows
from tests.app.console.test_imports import at_hand, bring, constants
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import fields_of, text_of
from tests.fixtures.network import TODAY

__all__ = ["at_hand"]

NEW = "/network/spaces/new"
CROSSING = "/network/crossings/puente"
FILE = (
    "Nombre;Tipo;Ciudad;Latitud;Longitud;Servicios\n"
    "Comedor Sur;support_space;Cúcuta;7,88;-72,5;food"
)


@pytest.fixture
async def settings(cluster, filled_network, settings_for):
    return settings_for(clone(cluster, await filled_network()), public_url="http://amparo.test")


@pytest.fixture
async def database(settings):
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await session.execute(update(models.Location).values(demo=True))
        yield database


@pytest.fixture
async def client(settings, database):
    async with client_of(settings) as talking:
        yield talking


async def public(client):
    client.cookies.clear()
    items = (await client.get("/collections/spaces/items?limit=100")).json()["features"]
    return {one["properties"]["name"]: one for one in items}


async def new_space(person, name, **changes):
    fields = fields_of(await person.get(NEW), NEW)
    fields |= {
        "name": [name],
        "kind": ["support_space"],
        "lat": ["7,89"],
        "lon": ["-72,5"],
        "country": ["CO"],
        "timezone": ["America/Bogota"],
        "visibility": ["public"],
        "reason": ["para probar"],
    } | changes
    return await person.post(NEW, **fields, do="send")


@pytest.mark.usefixtures("at_hand")
async def test_p35_new_and_imported_spaces_go_through_to_the_public_page(as_person, client):
    editor, approver = await as_person("ed"), await as_person("ap")
    assert "amparo demo remove" in text_of(await editor.get(NEW))
    await approver.agree(await new_space(editor, "Comedor Norte"))

    place = (await bring(editor, FILE.encode("cp1252"))).headers["location"]
    mapped = fields_of(await editor.get(place), place) | constants()
    report = (await editor.post(place, **mapped, do="check")).headers["location"]
    assert "amparo demo remove" in text_of(await editor.get(report))
    sent = await editor.post(f"{report}/apply", reason="lista de prueba")
    assert sent.status_code == 200, text_of(sent)
    page = await approver.get("/network/queue")
    accept = fields_of(page, "/network/queue/accept") | {"reason": ["vistos"]}
    assert "1 cambio aceptado" in text_of(await approver.follow("/network/queue/accept", **accept))

    seen = await public(client)
    for name in ("Comedor Norte", "Comedor Sur"):
        assert seen[name]["properties"]["demo"] is True
        assert seen[name]["properties"]["confirmed_on"] is None
        shown = await client.get(f"/spaces/{seen[name]['id']}", headers={"Accept": "text/html"})
        assert shown.status_code == 200
        assert "DEMO: fecha ficticia" in shown.text


async def stated(as_person):
    """Close a crossing, and confirm where its post stands."""
    approver = await as_person("ap")
    said = fields_of(await approver.get(CROSSING), CROSSING)
    said |= {"state": ["closed"], "source_code": ["official"], "reason": ["para probar"]}
    said |= {"timezone": ["America/Bogota"]}  # no towns are loaded here
    await approver.follow(CROSSING, **said)
    post = {"surveyed_lat": "7.82", "surveyed_lon": "-72.45", "surveyed_on": TODAY.isoformat()}
    seen = await approver.post(f"{CROSSING}/position", **post, reason="para probar")
    await (await as_person("co")).agree(seen)


async def test_p35_what_is_said_of_a_crossing_there_is_an_assumption(as_person, client, database):
    await stated(as_person)
    (crossing,) = (await client.get("/collections/crossings/items")).json()["features"]
    assert (crossing["properties"]["state"], crossing["properties"]["demo"]) == ("closed", True)
    async with database.session(Tier.WRITER) as session:
        assert await demo_rows.is_demonstration(session)


async def test_p35_the_trials_leave_with_the_demonstration(as_person, client, database):
    await stated(as_person)
    editor, approver = await as_person("ed"), await as_person("ap")
    waiting = (await new_space(editor, "Comedor Oeste")).headers["location"].partition("?")[0]
    async with database.session(Tier.WRITER) as session:
        removed = await demo_rows.remove_demo(session, today=TODAY)
        names = ("proposals", "crossing_statuses", "crossing_surveys")
        assert [removed[name] for name in names] == [1, 1, 1]
    assert await public(client) == {}
    late = await approver.post(waiting, do="accept", reason="tarde")
    assert late.status_code == 409

    # What is proposed now is real, though the desk tried things before.
    await approver.agree(await new_space(editor, "Comedor Este"))
    assert (await public(client))["Comedor Este"]["properties"]["demo"] is False
    assert "amparo demo remove" not in text_of(await editor.get(NEW))
    async with database.session(Tier.WRITER) as session:
        assert await session.scalar(select(func.count()).select_from(models.Location)) == 1
