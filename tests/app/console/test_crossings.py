"""Crossings and organisations in the console: who states, what holds at once, what waits."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import ProgrammingError

from app import setup
from geo import models
from geo.accounts import restricted_access
from geo.db.sessions import Tier
from geo.records import space_documents
from geo.subjects.crossing_surveys import posts_near
from routing.osm.border_posts import BorderPost
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import fields_of, text_of
from tests.fixtures.network import NOW, SPACE, TODAY, fill_network

CROSSING = "/network/crossings/puente"
ORGANIZATION = "/network/organizations/org"
CLOSED = {
    "state": "closed",
    # Today there: in the evening it is tomorrow by UTC.
    "valid_from": NOW.astimezone(ZoneInfo("America/Bogota")).date().isoformat(),
    "timezone": "America/Bogota",
    "source_code": "official",
    "reason": "lo anunció la radio",
}


async def add_borders(session):
    """Add two more crossings, one of them far away, and a town on each side of the bridges."""
    await session.execute(
        insert(models.Crossing),
        [
            {"name": name, "geom": f"SRID=4326;POINT({at})", "visibility": "public"}
            | {"id": id_, "country_a": one, "country_b": other}
            for id_, name, one, other, at in (
                ("puente2", "Puente Dos", "VE", "CO", "-72.45 7.9"),
                ("lejano", "Puente Lejano", "PE", "EC", "-80.2 -3.5"),
            )
        ],
    )
    await session.execute(
        insert(models.Place),
        [
            {"id": id_, "name": name, "country": country, "timezone": f"America/{zone}"}
            | {"geom": f"SRID=4326;POINT({at})", "population": 9, "visibility": "public"}
            for id_, name, country, zone, at in (
                ("G1", "San Antonio", "VE", "Caracas", "-72.443 7.814"),
                ("G2", "Villa del Rosario", "CO", "Bogota", "-72.474 7.834"),
                ("G3", "Huaquillas", "EC", "Guayaquil", "-80.23 -3.47"),
                ("G4", "Tumbes", "PE", "Lima", "-80.45 -3.57"),
            )
        ],
    )


@pytest.fixture(scope="module")
async def settings(cluster, empty_template, settings_for):
    return settings_for(clone(cluster, empty_template), public_url="http://amparo.test")


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
            await add_borders(session)
            # Runs one restricted space and no other; the editor of org2 is named for it.
            await session.execute(
                insert(models.Organization).values(id="discreta", name="Discreta")
            )
            hidden = {
                "id": "oculta",
                "organization_id": "discreta",
                "organization": "Discreta",
                "visibility": "restricted",
                "confidential": True,
            }
            await space_documents.store_documents(
                session,
                [SPACE | hidden],
                now=NOW - timedelta(days=20),
                today=TODAY - timedelta(days=20),
                source="test",
            )
            await session.execute(
                insert(models.RestrictedReader).values(location_id="oculta", person="ed2")
            )
        yield database


@pytest.fixture(scope="module")
async def client(settings, database):
    async with client_of(settings) as talking:
        yield talking


async def public_state(client):
    client.cookies.clear()
    answer = await client.get("/collections/crossings/items?limit=10")
    states = {one["id"]: one["properties"]["state"] for one in answer.json()["features"]}
    return states["puente"]


async def count(database, model):
    async with database.session(Tier.WRITER) as session:
        return await session.scalar(select(func.count()).select_from(model))


# --- crossings ----------------------------------------------------------------------------------


async def test_p40_a_crossing_is_closed_at_once_and_opened_by_two(as_person, client, database):
    async with database.session(Tier.WRITER) as session:
        await session.execute(delete(models.CrossingStatus))
    approver, coordinator = await as_person("ap"), await as_person("co")
    assert "Ahora: no se sabe" in text_of(await approver.get(CROSSING))
    page = text_of(await approver.follow(CROSSING, **CLOSED))
    assert "Hecho: ya vale" in page
    assert "Ahora: cerrado" in page
    assert "Anuncio oficial" in page
    assert await public_state(client) == "closed"
    opening = CLOSED | {"state": "open", "opens_at": "00:00", "closes_at": "00:00"}
    sent = await approver.post(CROSSING, **opening, byday=["MO", "SU"])
    assert sent.status_code == 303
    proposal = sent.headers["location"].partition("?")[0]
    assert await public_state(client) == "closed"
    assert "Esperan a una segunda persona" in text_of(await coordinator.get(CROSSING))
    shown = text_of(await coordinator.get(proposal))
    assert f'href="{CROSSING}"' in shown
    assert "lun, dom" in shown
    await coordinator.follow(proposal, do="accept", reason="confirmado", revision="1")
    said = text_of(await coordinator.get(CROSSING))
    assert "lun, dom 00:00-00:00" in said
    assert "Todavía nada" not in said


async def test_p51_a_closing_in_new_words_holds_in_codes(as_person, client, database):
    approver = await as_person("ap")
    page = await approver.follow(CROSSING, **CLOSED | {"source": "Pregunte en la casa azul"})
    assert "Una parte ya vale; la otra espera" in text_of(page)
    assert "Red de apoyo" in text_of(page)
    client.cookies.clear()
    assert "casa azul" not in (await client.get("/collections/crossings/items?limit=10")).text
    async with database.session(Tier.WRITER) as session:
        await session.execute(delete(models.Proposal).where(models.Proposal.state == "pending"))


async def test_what_is_wrong_in_a_statement_is_said_at_its_field_and_nothing_is_lost(
    as_person, database
):
    approver = await as_person("ap")
    before = await count(database, models.CrossingStatus)
    wrong = CLOSED | {"valid_to": "2000-01-01", "source_code": "", "state": "shut"}
    page = await approver.post(CROSSING, **wrong)
    assert page.status_code == 400
    assert 'id="f-valid_to-wrong"' in page.text
    assert 'id="f-source-wrong"' in page.text
    assert 'id="f-state-wrong"' in page.text
    assert fields_of(page, CROSSING)["reason"] == ["lo anunció la radio"]
    assert await count(database, models.CrossingStatus) == before


SEVERAL = {"state": "closed", "source_code": "official", "reason": "crecida del río"}


async def statements(database):
    async with database.session(Tier.WRITER) as session:
        found = await session.scalars(select(models.CrossingStatus))
        return {one.crossing_id: one for one in found}


async def test_p40_several_crossings_are_closed_by_one_form_each_by_its_own_clock(
    as_person, database
):
    async with database.session(Tier.WRITER) as session:
        await session.execute(delete(models.CrossingStatus))
    approver = await as_person("ap")
    page = text_of(await approver.get("/network/crossings?border=CO-VE"))
    assert page.count('type="checkbox" name="crossing"') == 2
    assert "Puente Lejano" not in page
    # Who says it is the reason where no other is written.
    both = SEVERAL | {"crossing": ["puente", "puente2"], "reason": ""}
    done = await approver.follow("/network/crossings", **both, valid_from="")
    assert "Dicho de 2 pasos" in text_of(done)
    said = await statements(database)
    assert set(said) == {"puente", "puente2"}
    # The nearer town's clock, and today by it.
    zones = {"puente": "America/Caracas", "puente2": "America/Bogota"}
    for id_, one in said.items():
        assert (one.state, one.timezone, one.valid_to) == ("closed", zones[id_], None)
        assert one.valid_from == NOW.astimezone(ZoneInfo(zones[id_])).date()
    # One of another border refuses them all, and so do words, a state that opens and no tick.
    for wrong, status in (
        ({"crossing": ["puente", "lejano"]}, 403),
        ({"crossing": ["puente", "ninguno"]}, 404),
        ({"crossing": ["puente"], "state": "open"}, 400),
        ({"crossing": []}, 400),
        ({"crossing": ["puente"], "source": "Radio", "reason": ""}, 400),
    ):
        answer = await approver.post("/network/crossings", **SEVERAL | wrong)
        assert answer.status_code == status, wrong
    assert len(await statements(database)) == 2


async def test_p51_of_several_crossings_the_new_words_wait_for_each(as_person, database):
    approver = await as_person("ap")
    words = {"source": "Radio del puente", "crossing": ["puente", "puente2"]}
    done = await approver.follow("/network/crossings", **SEVERAL | words)
    assert "De 2, una parte espera" in text_of(done)
    assert all("Radio" not in one.source for one in (await statements(database)).values())
    async with database.session(Tier.WRITER) as session:
        waiting = delete(models.Proposal).where(
            models.Proposal.state == "pending",
            models.Proposal.changes["source"].astext == words["source"],
        )
        assert len((await session.scalars(waiting.returning(models.Proposal.id))).all()) == 2


async def test_where_clocks_differ_the_hours_say_whose_they_are(as_person):
    approver = await as_person("ap")
    page = text_of(await approver.get(CROSSING))
    assert "San Antonio, Venezuela" in page
    assert "Villa del Rosario, Colombia" in page
    assert "America/Caracas</option>" not in page
    # Peru and Ecuador show the same time the whole year: nothing is asked.
    far = text_of(await (await as_person("co")).get("/network/crossings/lejano"))
    assert "Por la hora de Huaquillas, Ecuador." in far
    assert 'name="timezone"' not in far


async def test_who_may_not_state_reads(as_person, database):
    before = await count(database, models.CrossingStatus)
    for person in ("ed", "pe"):
        other = await as_person(person)
        page = await other.get(CROSSING)
        assert page.status_code == 200
        assert '<form class="card" method="post"' not in page.text
        assert (await other.post(CROSSING, **CLOSED)).status_code == 403
    assert await count(database, models.CrossingStatus) == before
    assert (await other.get("/network/crossings/ninguno")).status_code == 404


async def test_crossings_are_found_by_name_and_country(as_person):
    approver = await as_person("ap")
    assert "Puente" in text_of(await approver.get("/network/crossings?q=colombia"))
    assert "Ninguno coincide" in text_of(await approver.get("/network/crossings?q=brasil"))


# --- organisations ------------------------------------------------------------------------------


async def test_p40_an_organisation_is_changed_by_two(as_person):
    editor, coordinator = await as_person("ed"), await as_person("co")
    form = fields_of(await editor.get(ORGANIZATION), ORGANIZATION)
    assert form["name"] == ["Organización de prueba"]
    page = await editor.post(ORGANIZATION, **form | {"website": "javascript:1", "reason": "x"})
    assert page.status_code == 400
    assert 'id="f-website-wrong"' in page.text
    sent = await editor.post(
        ORGANIZATION, **form | {"website": "https://example.org/", "reason": "sitio nuevo"}
    )
    assert sent.status_code == 303
    proposal = sent.headers["location"].partition("?")[0]
    assert "https://example.org/" not in text_of(await editor.get("/network/organizations"))
    await coordinator.follow(proposal, do="accept", reason="visto")
    assert "https://example.org/" in text_of(await editor.get("/network/organizations"))
    other = await as_person("ed2")
    assert "Proponer el cambio" not in text_of(await other.get(ORGANIZATION))
    assert (await other.post(ORGANIZATION, name="Robada", reason="x")).status_code == 403


async def test_p39_an_organisation_of_restricted_spaces_alone_is_not_there(as_person):
    named, coordinator = await as_person("ed2"), await as_person("co")
    hidden = "/network/organizations/discreta"
    assert "Discreta" in text_of(await named.get("/network/organizations"))
    assert (await named.get(hidden)).status_code == 200
    assert "Discreta" not in text_of(await coordinator.get("/network/organizations"))
    absent = await coordinator.get("/network/organizations/ninguna")
    found = await coordinator.get(hidden)
    assert found.status_code == absent.status_code == 404
    change = {"name": "Otra", "reason": "x"}
    refused = await coordinator.post(hidden, **change)
    assert refused.status_code == 404
    assert (await coordinator.post("/network/organizations/ninguna", **change)).status_code == 404


async def test_p39_what_waits_for_such_an_organisation_is_for_those_who_know_of_it(
    as_person, database
):
    coordinator = await as_person("co")
    async with database.session(Tier.WRITER) as session:
        await restricted_access.name_reader(session, "oculta", "co", actor="test")
    change = {"name": "Discreta Sur", "reason": "cambió de nombre"}
    sent = await coordinator.post("/network/organizations/discreta", **change)
    proposal = sent.headers["location"].partition("?")[0]
    assert proposal in text_of(await coordinator.get("/network/queue"))
    async with database.session(Tier.WRITER) as session:
        await restricted_access.unname_reader(session, "oculta", "co", actor="test")
    assert proposal not in text_of(await coordinator.get("/network/queue"))
    assert (await coordinator.get(proposal)).status_code == 404


# --- where the post stands ------------------------------------------------------------------------

POSITION = f"{CROSSING}/position"
SEEN = {"surveyed_lat": "7.82", "surveyed_lon": "-72.45", "surveyed_on": TODAY.isoformat()}


async def public_position(client):
    client.cookies.clear()
    answer = await client.get("/collections/crossings/items?limit=10")
    (crossing,) = [one for one in answer.json()["features"] if one["id"] == "puente"]
    return [crossing["properties"][f"surveyed_{name}"] for name in ("lon", "lat", "on")]


async def test_p10_p40_a_post_is_where_two_people_saw_it(as_person, client, database):
    approver, coordinator = await as_person("ap"), await as_person("co")
    assert "Sin confirmar" in text_of(await approver.get(CROSSING))
    sent = await approver.post(POSITION, **SEEN, reason="la oficina, en el lugar")
    assert sent.status_code == 303, text_of(sent)
    proposal = sent.headers["location"].partition("?")[0]
    assert await public_position(client) == [None, None, None]
    assert await setup.official_crossings(database) == ()
    refused = await approver.post(proposal, do="accept", reason="yo mismo", revision="")
    assert refused.status_code == 403
    assert await public_position(client) == [None, None, None]
    shown = text_of(await coordinator.get(proposal))
    assert "Latitud confirmada" in shown
    fields = fields_of(await coordinator.get(proposal), proposal)
    done = await coordinator.follow(
        proposal, **fields | {"reason": ["por radio con la aduana"]}, do="accept"
    )
    assert done.status_code == 200, text_of(done)
    assert await public_position(client) == [-72.45, 7.82, TODAY.isoformat()]
    (known,) = await setup.official_crossings(database)
    assert (known.id, known.lon, known.lat) == ("puente", -72.45, 7.82)
    assert "Confirmado por dos personas" in text_of(await approver.get(CROSSING))
    # Where it stands says nothing of whether it is open, and takes no statement away.
    async with database.session(Tier.WRITER) as session:
        assert await session.scalar(select(models.CrossingSurvey.confirmed_by)) == "co"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("surveyed_lat", "9.9"),  # 230 km off
        ("surveyed_lat", "norte"),
        ("surveyed_lon", ""),
        ("surveyed_on", "2999-01-01"),
        ("surveyed_on", ""),
        ("reason", " "),
    ],
)
async def test_a_position_that_cannot_be_is_refused_at_its_field(as_person, field, value):
    approver = await as_person("ap")
    wrong = SEEN | {"reason": "en el lugar"} | {field: value}
    page = await approver.post(POSITION, **wrong)
    assert page.status_code == 400
    name = "survey-reason" if field == "reason" else f"f-{field}"
    if (field, value) == ("surveyed_lat", "9.9"):
        name = "f-surveyed_lon"
    assert f'id="{name}-wrong"' in page.text


async def test_p12_tagged_posts_are_hints_for_the_staff_alone(as_person, client, database):
    posts = [
        BorderPost("puente", "n1", "barrier=border_control", -72.451, 7.8213, 900.0),
        BorderPost("puente", "n1", "barrier=border_control", -72.451, 7.8213, 900.0),
    ]
    await setup.note_border_posts(database, "cucuta", posts[:1])
    await setup.note_border_posts(database, "norte", posts[1:])
    page = text_of(await (await as_person("ed")).get(CROSSING))
    assert page.count("7.8213, -72.451") == 1
    client.cookies.clear()
    for address in ("/collections/crossings/items?limit=10", "/crossings", CROSSING):
        assert "7.8213" not in (await client.get(address)).text
    for tier in (Tier.PUBLIC, Tier.PARTNER):
        async with database.session(tier) as session:
            with pytest.raises(ProgrammingError):
                await posts_near(session, "puente")
    # A hint opens nothing, and goes with its region.
    assert {one.lat for one in await setup.official_crossings(database)} <= {7.82}
    for region in ("cucuta", "norte"):
        await setup.note_border_posts(database, region, ())
    assert "7.8213" not in text_of(await (await as_person("ed")).get(CROSSING))


# --- positions ----------------------------------------------------------------------------------


async def test_p48_a_position_is_looked_up_without_scripts_and_kept_nowhere(
    as_person, database, caplog
):
    """No boundaries are loaded here: the town beside it is known, and that is asked."""
    editor, new = await as_person("ed"), "/network/spaces/new"
    fields = fields_of(await editor.get(new), new) | {"lat": ["7,8141"], "lon": ["-72,4431"]}
    entries = await count(database, models.AuditEntry)
    looked = await editor.post(new, **fields, do="place")
    assert "San Antonio, Venezuela; hora de Caracas" in text_of(looked)
    assert "¿Seguro que queda en Venezuela?" in text_of(looked)
    assert fields_of(looked, new)["country"] == [""]
    taken = fields_of(await editor.post(new, **fields, do="take"), new)
    assert [taken[name] for name in ("country", "locality", "timezone")] == [
        ["VE"],
        ["San Antonio"],
        ["America/Caracas"],
    ]
    piece = await editor.post("/network/position", lat="7.8141", lon="-72.4431")
    assert piece.json()["fills"]["locality"] == "San Antonio"
    assert piece.json()["take"] == "Sí, usar estos datos"
    wrong = await editor.post(new, **fields | {"lat": ["97"]}, do="place")
    assert (wrong.status_code, 'id="f-position-wrong"' in wrong.text) == (400, True)
    assert "7.81" not in caplog.text
    assert await count(database, models.AuditEntry) == entries
