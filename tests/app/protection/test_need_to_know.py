"""P52 and P56 at the console: who is called, who reads what, and what is written down."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from geo.accounts import staff_reads
from geo.audit import trail
from geo.db.sessions import Tier
from geo.removals import removal_log
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import text_of
from tests.fixtures.network import NOW

SPACES = tuple(f"casa{number}" for number in range(4))
WORDS = "hombres armados preguntan"


@pytest.fixture(scope="module")
async def filled(filled_network):
    """Name a database with the network, of which each test has a copy of its own."""
    return await filled_network(
        *({"id": id_, "name": f"Casa {id_[-1]}"} for id_ in SPACES),
    )


@pytest.fixture
async def settings(cluster, filled, settings_for):
    return settings_for(clone(cluster, filled), public_url="http://amparo.test")


@pytest.fixture
async def database(settings):
    async with opened(settings) as database:
        yield database


@pytest.fixture
async def client(settings, database):
    async with client_of(settings, clock=lambda: NOW) as talking:
        yield talking


async def hide_all(person, spaces=SPACES):
    said = {"entity": "space", "code": "danger", "reason": WORDS, "confirmed": "1"}
    for space in spaces:
        await person.follow("/network/hides", **said, chosen=space)


async def entries(database, action):
    async with database.session(Tier.WRITER) as session:
        return [one for one in await trail.newest(session, limit=100) if one.action == action]


async def test_p52_the_first_page_calls_who_coordinates_and_they_confirm(as_person, database):
    approver, coordinator = await as_person("ap"), await as_person("co")
    await hide_all(approver)
    assert "Una persona sola ocultó" not in (await approver.get("/network")).text
    home = text_of(await coordinator.get("/network"))
    assert "Una persona sola ocultó o cerró mucho" in home
    assert "Ana Aprueba" in home
    page = (await coordinator.get("/network/hides")).text
    assert page.count("/network/removals/") == len(SPACES)
    place = page.partition('action="/network/removals/')[2].partition('"')[0]
    refused = await approver.post(f"/network/removals/{place}")
    assert refused.status_code == 403
    page = await coordinator.follow(f"/network/removals/{place}")
    assert "Confirmado" in page.text
    assert "Una persona sola ocultó" not in (await coordinator.get("/network")).text
    async with database.session(Tier.WRITER) as session:
        assert await removal_log.end_due(session, NOW + timedelta(days=2)) == 0


async def test_p52_the_second_person_lifts_what_the_first_asked_for(as_person):
    approver, coordinator, admin = [await as_person(one) for one in ("ap", "co", "ad")]
    await hide_all(approver, SPACES[:1])
    page = (await coordinator.get("/network/hides")).text
    lift = page.partition('action="/network/hides/')[2].partition('"')[0]
    page = await coordinator.follow(f"/network/hides/{lift}", reason="calma")
    assert "Sigue oculto hasta que una segunda persona" in page.text
    assert f'action="/network/hides/{lift}"' not in page.text
    page = await admin.follow(f"/network/hides/{lift}", reason="calma")
    assert "Levantado" in page.text


async def test_p56_others_find_no_hidden_record_and_no_words(as_person):
    await hide_all(await as_person("ap"), SPACES[:1])
    for person in ("ed2", "pe"):
        stranger = await as_person(person)
        for path in ("/network/spaces", "/network/spaces?q=casa", "/network/hides", "/network"):
            page = text_of(await stranger.get(path))
            assert SPACES[0] not in page, (person, path)
            assert WORDS not in page
        gone, never = [
            await stranger.get(f"/network/spaces/{space}") for space in (SPACES[0], "nunca")
        ]
        assert (gone.status_code, never.status_code) == (404, 404)
    for person, reads in (("ed", False), ("ad", False), ("ap", True), ("co", True)):
        page = text_of(await (await as_person(person)).get("/network/hides"))
        assert "peligro para las personas" in page
        assert (WORDS in page) is reads, person


async def test_p56_a_request_that_shows_what_is_hidden_leaves_one_entry(as_person, database):
    await hide_all(await as_person("ap"), SPACES[:2])
    editor = await as_person("ed")
    before = len(await entries(database, "staff.read"))
    await editor.get("/network/spaces?q=casa")
    found = await entries(database, "staff.read")
    assert len(found) == before + 1
    assert (found[0].actor, dict(found[0].details)) == (
        "ed",
        {"where": "/network/spaces", "space": list(SPACES[:2])},
    )
    await editor.get("/network/spaces?q=casa3")
    assert len(await entries(database, "staff.read")) == before + 1
    await editor.get(f"/network/spaces/{SPACES[1]}")
    (last, *_) = await entries(database, "staff.read")
    assert last.details == {"where": "/network/spaces/{space}", "space": [SPACES[1]]}


async def test_p56_what_is_read_through_a_staff_session_alone_is_noted_too(as_person, database):
    """Pages open two sessions, some addresses the reading one alone: both leave an entry."""
    async with database.session(Tier.WRITER) as session:
        await session.execute(text("update amparo.locations set visibility = 'partners'"))
    async with database.session(Tier.STAFF, person="ed") as session:
        from geo.spaces import staff_search

        found = await staff_search.find_spaces(session, words="casa 1")
        assert staff_reads.shown(session) == {"space": {entry.id for entry in found}}
    visits = await as_person("ed")
    await visits.get("/network/visits")
    (entry,) = await entries(database, "staff.read")
    assert set(entry.details["space"]) >= {SPACES[1]}
