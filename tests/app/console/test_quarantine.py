"""Spaces in quarantine at the console: found without a name, let go by two named people."""

import pytest
from sqlalchemy import func, select

from geo.accounts import restricted_access
from geo.db.sessions import Tier
from geo.models import AuditEntry, Location
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import fields_of, text_of

NAME = "Casa de acogida San José"
PATH = "/network/spaces/retenida"


@pytest.fixture(scope="module")
async def filled(filled_network, settings_for):
    """Name a database with the network, of which each test has a copy of its own."""
    name = await filled_network({"id": "retenida", "name": NAME})
    async with opened(settings_for(name)) as database, database.session(Tier.WRITER) as session:
        for person in ("ed", "ap"):
            await restricted_access.name_reader(session, "retenida", person, actor="cli")
    return name


@pytest.fixture
async def settings(cluster, filled, settings_for):
    return settings_for(clone(cluster, filled), public_url="http://amparo.test")


@pytest.fixture
async def database(settings):
    async with opened(settings) as database:
        yield database


@pytest.fixture
async def client(settings, database):
    async with client_of(settings) as talking:
        yield talking


async def visibility(database):
    async with database.session(Tier.WRITER) as session:
        return (await session.get_one(Location, "retenida")).visibility


async def test_p38_p40_two_named_people_let_a_space_out_of_quarantine(as_person, database):
    editor, approver = await as_person("ed"), await as_person("ap")
    queue = text_of(await editor.get("/network/queue"))
    assert "En cuarentena: 1" in queue
    assert "Registro restringido retenida" in queue
    assert NAME not in queue
    page = text_of(await editor.post(f"{PATH}/open"))
    assert '"casa de acogida"' in page
    nothing = await editor.post(f"{PATH}/release", visibility="public", reason=" ")
    assert nothing.status_code == 400
    sent = await editor.follow(f"{PATH}/release", visibility="public", reason="es un comedor")
    assert "espera a una segunda persona" in text_of(sent)
    proposal = sent.url.path
    for page in ("/network", "/network/queue"):
        listed = text_of(await approver.get(page))
        assert "Registro restringido retenida" in listed
        assert NAME not in listed
        assert "es un comedor" not in listed
    opened_page = await approver.get(proposal)
    assert NAME in text_of(opened_page)
    assert '"casa de acogida"' in text_of(opened_page)
    async with database.session(Tier.WRITER) as session:
        read = await session.get_one(
            AuditEntry,
            await session.scalar(
                select(func.max(AuditEntry.seq)).where(AuditEntry.action != "staff.read")
            ),
        )
        assert (read.actor, read.action, read.record_id) == ("ap", "restricted.read", "retenida")
    form = fields_of(opened_page, proposal)
    await approver.follow(proposal, **form | {"reason": "la visité"}, do="accept")
    assert await visibility(database) == "public"
    assert "En cuarentena" not in text_of(await editor.get("/network/queue"))


async def test_p39_for_who_is_not_named_there_is_no_quarantine(as_person, database):
    coordinator = await as_person("co")
    assert "En cuarentena" not in text_of(await coordinator.get("/network/queue"))
    told = await coordinator.post(f"{PATH}/release", visibility="public", reason="x")
    never = await coordinator.post("/network/spaces/nunca/release", visibility="public", reason="x")
    assert (told.status_code, never.status_code) == (404, 404)
    assert await visibility(database) == "restricted"
