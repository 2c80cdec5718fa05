"""Visits sent later: the rules of the desk, each once, never over a record that is another now."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from geo import models
from geo.confirmations import visits
from geo.db.sessions import Tier
from tests.conftest import client_of, clone, opened, run_sql
from tests.fixtures.desk import visitor
from tests.fixtures.network import TODAY

VISITS = "/network/visits"
SECRETS = ("oculta", "socios", "confidencial", "escondida")
#: Spaces that are visited, each by one test.
OWN = tuple(f"casa{number}" for number in range(6))


@pytest.fixture(scope="module")
async def filled(filled_network, settings_for):
    """Name a database with the network, of which those who change something have a copy."""
    name = await filled_network(
        *({"id": space, "name": f"Casa {space[-1]}"} for space in OWN),
        {"id": "oculta", "name": "Oculta", "visibility": "restricted"},
        {"id": "socios", "name": "De socios", "visibility": "partners"},
        {"id": "confidencial", "name": "Confidencial", "confidential": True}
        | {"visibility": "restricted"},
        {"id": "escondida", "name": "Escondida"},
        {"id": "otra", "name": "Otra", "organization": "Otra organización"}
        | {"organization_id": "org2"},
    )
    await run_sql(
        settings_for(name),
        "update amparo.locations set hidden_at = amparo.now() where id = 'escondida'",
    )
    return name


@pytest.fixture(scope="module")
async def settings(cluster, filled, settings_for):
    return settings_for(clone(cluster, filled))


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        yield database


@pytest.fixture(scope="module")
async def client(settings, database):
    async with client_of(settings) as talking:
        yield talking


@pytest.fixture(scope="module")
async def editor(client, database):
    return await visitor(client, database, "ed")


@pytest.fixture
async def reader(as_reader):
    return await as_reader("ed")


async def record(database, space_id="casa"):
    async with database.session(Tier.WRITER) as session:
        return await session.get_one(models.Location, space_id)


async def receipts(database):
    async with database.session(Tier.WRITER) as session:
        return await session.scalar(select(func.count()).select_from(models.Receipt))


async def visit(database, **changes):
    """Give what a phone sends of a visit to the space as it is now."""
    space = changes.get("space", "casa")
    return {
        "id": str(uuid4()),
        "space": space,
        "revision": str((await record(database, space)).revision),
        "answer": "as_listed",
        "seen_on": TODAY.isoformat(),
    } | changes


async def test_p1_only_public_spaces_of_ones_own_go_along(as_reader, reader):
    for query in ("", "?q=casa", *(f"?q={name}" for name in SECRETS)):
        page = (await reader.get(f"{VISITS}{query}")).text
        block = page.partition('id="visit-spaces">')[2].partition("</script>")[0]
        ids = set(re.findall(r'"id": ?"([^"]+)"', block))
        assert ids <= {"casa", *OWN}, query
        for secret in SECRETS:
            assert f'"{secret}"' not in block
    for name in (*SECRETS, "otra", "nada"):
        answer = await reader.get(f"{VISITS}/{name}")
        assert answer.json() == {"space": None}, name
    shown = (await reader.get(f"{VISITS}/casa")).json()["space"]
    assert set(shown) == {"id", "revision", "name", "place", "demo", "lines"}
    coordinator = await as_reader("co")
    assert (await coordinator.get(f"{VISITS}/otra")).json()["space"]["id"] == "otra"
    for secret in SECRETS:
        assert (await coordinator.get(f"{VISITS}/{secret}")).json() == {"space": None}


def test_p42_what_goes_along_has_no_numbers_of_places_and_no_names_of_people():
    assert not {"capacity", "available", "confirmed_by", "consent_on"} & set(visits.TAKEN)


async def test_p41_a_visit_confirms_from_the_day_it_was_made(database, editor):
    day = TODAY - timedelta(days=3)
    said = await visit(database, space=OWN[0], seen_on=day.isoformat())
    sent = await editor.post(VISITS, **said)
    assert sent.status_code == 201, sent.text
    after = await record(database, OWN[0])
    said = {"received": True, "applied": True, "waits": False, "revision": after.revision}
    assert sent.json() == said
    assert after.confirmed_on == day


async def test_p40_closing_holds_at_once_and_longer_hours_wait(database, editor):
    full = await editor.post(VISITS, **await visit(database, space=OWN[1], answer="full"))
    assert full.json()["applied"] is True
    assert (await record(database, OWN[1])).status == "full"
    longer = await visit(
        database,
        space=OWN[1],
        answer="changed",
        reason="lo dijo quien atiende",
        day=["MO", "SU"],
        opens_at="06:00",
        closes_at="22:00",
    )
    sent = await editor.post(VISITS, **longer)
    assert sent.json()["waits"] is True, sent.text
    async with database.session(Tier.WRITER) as session:
        waiting = await session.scalars(
            select(models.Proposal)
            .where(models.Proposal.state == "pending")
            .where(models.Proposal.record_id == OWN[1])
        )
        (proposal,) = waiting
    assert proposal.proposed_by == "ed"


async def test_p51_a_reason_of_the_list_holds_at_once(database, editor):
    page = await editor.get(VISITS)
    assert '<select name="because"><option value="">' in page.text
    said = {"space": OWN[2], "answer": "changed", "reason": "lo vi", "because": "no_water"}
    sent = await editor.post(VISITS, **await visit(database, **said))
    assert (sent.json()["applied"], sent.json()["waits"]) == (True, False), sent.text
    assert (await record(database, OWN[2])).notice == "Sin agua"
    words = await editor.post(VISITS, **await visit(database, **said, notice="por la puerta azul"))
    assert (words.json()["applied"], words.json()["waits"]) == (False, True), words.text
    assert (await record(database, OWN[2])).notice == "Sin agua"


async def test_a_visit_sent_again_is_written_down_once(database, editor):
    said = await visit(database, space=OWN[3], answer="closed")
    statuses = [(await editor.post(VISITS, **said)).status_code for _ in range(3)]
    assert statuses == [201, 200, 200]
    async with database.session(Tier.WRITER) as session:
        of_it = models.Confirmation.location_id == OWN[3]
        answers = await session.scalar(
            select(func.count()).select_from(models.Confirmation).where(of_it)
        )
    assert answers == 1
    other = await editor.post(VISITS, **(said | {"answer": "full"}))
    assert other.status_code == 409


async def test_a_record_that_changed_meanwhile_is_told_and_nothing_is_kept(database, editor):
    said = await visit(database, space=OWN[4], answer="as_listed")
    async with database.session(Tier.WRITER) as session:
        await session.execute(
            text("update amparo.locations set landmark = 'otra' where id = :id"), {"id": OWN[4]}
        )
    before, kept = await record(database, OWN[4]), await receipts(database)
    assert str(before.revision) != said["revision"]
    assert (await editor.post(VISITS, **said)).status_code == 412
    after = await record(database, OWN[4])
    assert (after.confirmed_on, after.revision) == (before.confirmed_on, before.revision)
    assert await receipts(database) == kept
    again = said | {"revision": str(after.revision)}
    assert (await editor.post(VISITS, **again)).status_code == 201


@pytest.mark.every(4)
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"id": "x"}, 400),
        ({"id": "6f1f6d7c-9a0c-1a62-9d0b-0f6a2c1c7e55"}, 400),
        ({"revision": "x"}, 400),
        ({"answer": "open"}, 400),
        ({"seen_on": (TODAY - timedelta(days=8)).isoformat()}, 400),
        ({"seen_on": ""}, 400),
        ({"answer": "changed"}, 400),
        ({"answer": "changed", "landmark": "x"}, 400),  # without a reason
        ({"answer": "changed", "reason": "x", "opens_at": "08:00"}, 400),
    ],
)
async def test_what_a_desk_would_refuse_a_visit_is_refused_too(unchanged, reader, changes, status):
    await is_refused(unchanged[1], reader, changes, status)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"csrf": "x"}, 403),
        ({"space": "otra"}, 403),
        ({"space": "oculta"}, 404),
        ({"space": "nada", "revision": "1"}, 404),
    ],
)
async def test_p39_a_visit_is_sent_by_who_may_see_the_space_alone(
    unchanged, reader, changes, status
):
    await is_refused(unchanged[1], reader, changes, status)


async def is_refused(database, reader, changes, status):
    said = await visit(database) | changes
    if changes.get("space") in {"otra", "oculta"}:
        said["revision"] = str((await record(database, changes["space"])).revision)
    sent = await reader.post(VISITS, **said)
    assert sent.status_code == status, sent.text
    assert await receipts(database) == 0


async def test_nobody_sends_or_sees_visits_without_a_sign_in(unchanged):
    client, database = unchanged
    viewer = await visitor(client, database, "vi")
    assert (await viewer.get(VISITS)).status_code == 403
    assert (await viewer.post(VISITS, **await visit(database))).status_code == 403
    response = await client.post(VISITS, data=await visit(database), follow_redirects=False)
    assert response.status_code in {303, 403}


async def test_one_accounts_mark_is_not_anothers_and_no_id(as_reader, reader):
    coordinator = await as_reader("co")
    marks = set()
    for who in (reader, coordinator):
        page = (await who.get(VISITS)).text
        marks.add(re.search(r'"me": ?"([0-9a-f]{16})"', page)[1])
    assert len(marks) == 2


async def test_p37_the_page_that_a_phone_keeps_names_nobody(as_reader, unchanged, reader):
    _client, database = unchanged
    full = (await reader.get(VISITS)).text
    kept = await reader.get("/network/visit-page")
    assert kept.status_code == 200
    async with database.session(Tier.WRITER) as session:
        person = await session.get_one(models.Person, "ed")
    mark = re.search(r'"me": ?"([0-9a-f]{16})"', full)[1]
    told = [person.name, mark, "csrf", "Cerrar sesión", "casa", "/network/queue"]
    assert [words for words in told if words not in full] == []
    assert [words for words in [*told, person.email] if words.lower() in kept.text.lower()] == []
    assert re.search(r'"me": ?null', kept.text)
    # Everybody's is the same.
    other = await as_reader("co")
    assert (await other.get("/network/visit-page")).text == kept.text


async def test_a_token_to_send_with_comes_with_whose_it_is(client, database, editor):
    said = (await editor.get("/network/visit-token")).json()
    assert said["me"] in (await editor.get(VISITS)).text
    sent = await editor.post(VISITS, **await visit(database, space=OWN[5]), csrf=said["csrf"])
    assert sent.status_code == 201, sent.text
    viewer = await visitor(client, database, "vi")
    for path in ("/network/visit-token", "/network/visit-page"):
        assert (await viewer.get(path)).status_code == 403
        nobody = await client.get(path, headers={"Accept": "text/html"}, follow_redirects=False)
        assert nobody.status_code == 303
        assert "csrf" not in nobody.text
