"""Terms, accounts, the audit and duplicates in the console: who may, and what is never shown."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text

from app.runtime.databases import tier_urls
from geo import models
from geo.accounts import restricted_access
from geo.audit import trail
from geo.db.sessions import Tier, create_tier_engine
from geo.oversight import erasure
from geo.records import space_documents
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import Visitor, fields_of, text_of, visitor
from tests.fixtures.network import NOW, fill_network

VOCABULARY = "/network/vocabulary"
PEOPLE = "/network/people"
TOKENS = f"{PEOPLE}/tokens"
OWN = "/network/tokens"
AUDIT = "/network/audit"
DUPLICATES = "/network/duplicates"


@pytest.fixture(scope="module")
async def settings(cluster, empty_template, settings_for):
    return settings_for(clone(cluster, empty_template), public_url="http://amparo.test")


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(
                session,
                {"id": "casa2", "name": "Casa de prueba dos", "services": ["showers"]},
                {"id": "movil", "kind": "mobile_unit", "name": "Móvil"},
                {"id": "taller", "name": "Taller del sur", "lat": 6.2, "lon": -75.5},
                {"id": "otra", "organization": "Otra organización", "organization_id": "org2"},
                {
                    "id": "oculta",
                    "name": "Nombre secreto",
                    "visibility": "restricted",
                    "confidential": True,
                },
            )
            await restricted_access.name_reader(session, "oculta", "co", actor="cli")
            session.add(
                models.Person(id="co2", email="co2@example.org", name="Cora", role="coordinator")
            )
            await restricted_access.name_reader(session, "oculta", "ed", actor="cli")
        yield database


@pytest.fixture(scope="module")
async def client(settings, database):
    async with client_of(settings) as talking:
        yield talking


EVERYBODY = ("vi", "ed", "ap", "co", "ad")
PAGES = {
    VOCABULARY: {"co", "ad"},
    f"{VOCABULARY}/space_kind/shelter": {"co", "ad"},
    PEOPLE: {"ad"},
    f"{PEOPLE}/ed": {"ad"},
    TOKENS: {"ad"},
    OWN: {"ed", "ap", "co", "ad"},
    AUDIT: {"co", "ad"},
    DUPLICATES: {"ed", "ap", "co", "ad"},
    "/network/voices": {"co", "ad"},
    "/network/guidance/messages": {"ed", "ap", "co", "ad"},
    "/network/guidance/contacts": {"ed", "ap", "co", "ad"},
    "/network/guidance/contacts/new": {"ed", "ap", "co", "ad"},
    "/network/guidance/products": {"ed", "ap", "co", "ad"},
    "/network/guidance/practices": {"ed", "ap", "co", "ad"},
    "/network/guidance/pathways": {"ed", "ap", "co", "ad"},
    "/network/standards": {"ed", "ap", "co", "ad"},
    "/network/standards/checklists/new": {"co", "ad"},
}
POSTS = (
    VOCABULARY,
    f"{VOCABULARY}/space_kind/shelter",
    PEOPLE,
    f"{PEOPLE}/organizations",
    f"{PEOPLE}/ed",
    TOKENS,
    f"{TOKENS}/x/revoke",
    OWN,
    f"{OWN}/x/revoke",
    AUDIT,
    f"{DUPLICATES}/casa/casa2",
    "/network/voices/complaints/x",
    "/network/voices/rumours",
    "/network/voices/rumours/x",
    "/network/guidance/messages",
    "/network/guidance/messages/x",
    "/network/guidance/products",
    "/network/guidance/practices",
    "/network/guidance/contacts/new",
    "/network/guidance/pathways",
    "/network/standards",
    "/network/standards/members/org",
    "/network/standards/checklists/new",
    "/network/standards/checklists/x",
    "/network/standards/assessments/x",
)


@pytest.mark.parametrize("path", PAGES)
async def test_who_may_open_each_page(as_person, client, path):
    for person in EVERYBODY:
        answer = await (await as_person(person)).get(path)
        expected = 200 if person in PAGES[path] else 403
        assert answer.status_code == expected, (person, text_of(answer)[:2000])
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["cache-control"] == "private, no-store"
    nobody = await Visitor(client, None).get(path)
    assert nobody.status_code == 303


@pytest.mark.parametrize("path", POSTS)
async def test_forms_from_elsewhere_are_refused(as_person, database, path):
    async with database.session(Tier.WRITER) as session:
        before = await trail.head(session)
    admin = await as_person("ad")
    answer = await admin.post(path, csrf="forged", do="retire", reason="r")
    assert answer.status_code == 403
    viewer = await as_person("vi")
    assert (await viewer.post(path, do="retire", reason="r")).status_code == 403
    async with database.session(Tier.WRITER) as session:
        assert await trail.head(session) == before


# --- terms --------------------------------------------------------------------------------------


async def test_p51_a_term_is_named_by_two_and_retired_by_one(as_person, database, client):
    coordinator, second = await as_person("co"), await as_person("co2")
    form = {"vocabulary": "service", "code": "laundry"}
    wrong = await coordinator.post(VOCABULARY, **form)
    assert wrong.status_code == 400
    assert "laundry" in text_of(wrong), "nothing typed is lost"
    sent = await coordinator.post(
        VOCABULARY, **form, **{"name-es": "Lavandería", "name-pt": "Lavanderia"}
    )
    client.cookies.clear()
    assert "Lavandería" not in (await client.get("/vocabularies")).text, "P51"
    assert "Lavandería" in text_of(await second.get(VOCABULARY + "?vocabulary=service"))
    assert "Lavandería" in text_of(await second.agree(sent))
    client.cookies.clear()
    assert "Lavandería" in (await client.get("/vocabularies")).text
    twice = await coordinator.post(VOCABULARY, **form, **{"name-es": "Lavandería"})
    assert twice.status_code == 400
    assert "Ya hay otro igual" in text_of(twice)
    here = f"{VOCABULARY}/service/laundry"
    sent = await coordinator.post(
        here, do="rename", **{"name-es": "Lavado de ropa", "name-en": "Laundry", "read-en": "true"}
    )
    client.cookies.clear()
    assert "Lavado de ropa" not in (await client.get("/vocabularies")).text, "P51"
    seen = text_of(await second.agree(sent))
    assert "Lavandería" in seen, "old beside new"
    assert "Lavado de ropa" in seen
    async with database.session(Tier.WRITER) as session:
        names = {
            row.language: (row.name, row.reviewed_by)
            for row in await session.scalars(
                select(models.TermName).where(models.TermName.code == "laundry")
            )
        }
    assert names == {
        "es": ("Lavado de ropa", None),
        "en": ("Laundry", "co"),
        "pt": ("Lavanderia", None),
    }, "P47: who read it is kept, and nobody else is named"
    assert "retirado" in text_of(await coordinator.follow(here, do="retire"))
    assert "Volver a usarlo" in text_of(await coordinator.get(here))
    assert "Retirar" in text_of(await coordinator.follow(here, do="restore"))
    used = await coordinator.post(f"{VOCABULARY}/service/food", do="remove")
    assert used.status_code == 409
    gone = await coordinator.follow(here, do="remove")
    assert "Término borrado" in text_of(gone)
    entries = await actions(database)
    assert {"term.retire", "term.restore", "term.remove"} <= entries


async def test_p41_days_a_confirmation_holds(as_person, database):
    coordinator = await as_person("co")
    here = f"{VOCABULARY}/space_kind/shelter"
    for wrong in ("0", "366", "x"):
        answer = await coordinator.post(here, do="validity", validity_days=wrong)
        assert answer.status_code == 400, wrong
    page = await coordinator.follow(here, do="validity", validity_days="21")
    assert 'value="21"' in page.text
    longer = await coordinator.post(here, do="validity", validity_days="300")
    assert longer.headers["location"].startswith("/network/proposals/"), "shorter now, longer later"
    async with database.session(Tier.WRITER) as session:
        term = await session.get_one(models.Term, ("space_kind", "shelter"))
        assert term.validity_days == 21


async def test_p38_p52_a_term_is_protected_by_two_and_restricts(as_person, database, client):
    coordinator = await as_person("co")
    here = f"{VOCABULARY}/space_kind/mobile_unit"
    assert "Cuando una segunda persona lo acepte" in text_of(await coordinator.get(here))
    unsure = await coordinator.post(here, do="protect")
    assert unsure.status_code == 400
    sent = await coordinator.post(here, do="protect", sure="true")
    async with database.session(Tier.WRITER) as session:
        assert (await session.get_one(models.Location, "movil")).visibility == "public"
    assert "Protegido" in text_of(await (await as_person("co2")).agree(sent))
    async with database.session(Tier.WRITER) as session:
        assert (await session.get_one(models.Location, "movil")).visibility == "restricted"
    assert (await client.get("/collections/spaces/items/movil")).status_code == 404
    floor = await coordinator.get(f"{VOCABULARY}/space_kind/safe_space")
    assert "Protegido para siempre" in text_of(floor)


# --- people and tokens --------------------------------------------------------------------------


async def test_a_person_is_invited_by_a_link_that_is_shown_once(as_person, client, database):
    admin = await as_person("ad")
    form = {"name": "Nora Nueva", "email": "nora@example.org", "role": "editor", "language": "es"}
    wrong = await admin.post(PEOPLE, **form)
    assert wrong.status_code == 400
    assert "Quien edita necesita una organización" in text_of(wrong)
    assert "nora@example.org" in text_of(wrong)
    made = await admin.post(PEOPLE, **form, organization="org")
    assert made.status_code == 200, text_of(made)
    link = re.search(r"http://amparo\.test(/network/invitation/[\w-]+)", made.text)[1]
    client.cookies.clear()
    assert "Nora Nueva" in text_of(await client.get(link))
    async with database.session(Tier.WRITER) as session:
        person = await session.scalar(
            select(models.Person).where(models.Person.email == "nora@example.org")
        )
    page = await admin.get(f"{PEOPLE}/{person.id}")
    assert "/invitation/" not in page.text, "shown once"
    twice = await admin.post(PEOPLE, **form, organization="org")
    assert twice.status_code == 409
    listed = await admin.get(PEOPLE)
    links = re.findall(r'(?:href|action)="([^"]*)"', listed.text)
    assert not [link for link in links if "@" in link or "%40" in link], "no e-mail in an address"
    assert (await admin.get(f"{PEOPLE}/nora@example.org")).status_code == 404


async def test_a_role_changes_and_access_ends_at_once(as_person, database):
    admin, other = await as_person("ad"), await as_person("ed2")
    assert (await other.get("/network/queue")).status_code == 200
    here = f"{PEOPLE}/ed2"
    wrong = await admin.post(here, do="role", role="approver")
    assert wrong.status_code == 400
    page = await admin.follow(here, do="role", role="approver", countries=["CO", "PE"])
    fields = fields_of(page, here)
    assert (fields["role"], fields["countries"]) == (["approver"], ["CO", "PE"])
    assert "sin acceso" in text_of(await admin.follow(here, do="disable"))
    assert (await other.get("/network/queue")).status_code == 303, "their sign-in is over"
    back = await admin.post(here, do="enable")
    assert "/network/invitation/" in back.text


async def test_nobody_changes_the_own_role(as_person):
    admin = await as_person("ad")
    for form in ({"do": "role", "role": "viewer"}, {"do": "disable"}):
        answer = await admin.post(f"{PEOPLE}/ad", **form)
        assert answer.status_code == 400
    assert (await admin.get(PEOPLE)).status_code == 200


async def test_a_token_is_shown_once_and_revoked(as_person, client):
    admin = await as_person("ad")
    form = {"holder": "Cruz", "scope": "partner"}
    for days in ("0", "366", "", "x"):
        assert (await admin.post(TOKENS, **form, days=days)).status_code == 400
    for person in ({}, {"person": "ap"}, {"person": "ad"}):
        refused = await admin.post(TOKENS, holder="Cruz", scope="edit", days="5", **person)
        assert refused.status_code == 400, "P40: not in anybody's name"
    made = await admin.post(TOKENS, **form, days="5")
    secret = re.search(r'id="secret"[^>]*>([\w-]{43})<', made.text)[1]
    header = {"Authorization": f"Bearer {secret}"}
    assert (await client.get("/collections/spaces/items", headers=header)).status_code == 200
    page = await admin.get(TOKENS)
    assert secret not in page.text
    action = re.search(r'action="(/network/people/tokens/[^"]+/revoke)"', page.text)[1]
    assert "Revocada" in text_of(await admin.follow(action))
    assert (await client.get("/collections/spaces/items", headers=header)).status_code == 401


async def test_p40_everybody_makes_and_revokes_the_own_tokens_that_edit(
    as_person, client, database
):
    editor, admin = await as_person("ed"), await as_person("ad")
    assert (await editor.post(OWN, holder="", days="5")).status_code == 400
    made = await editor.post(OWN, holder="Hoja de cálculo", days="5", person="ap", scope="partner")
    secret = re.search(r'id="secret"[^>]*>([\w-]{43})<', made.text)[1]
    async with database.session(Tier.WRITER) as session:
        token = await session.scalar(
            select(models.AccessToken).where(models.AccessToken.holder == "Hoja de cálculo")
        )
        told = await session.scalars(
            select(models.OutboxMessage.event).where(models.OutboxMessage.recipient == "ed")
        )
        assert "account.token_issued" in told.all()
    assert (token.scope, token.person_id) == ("edit", "ed")
    header = {"Authorization": f"Bearer {secret}"}
    client.cookies.clear()
    assert (await client.get("/proposals", headers=header)).status_code == 200
    revoking = f"{OWN}/{token.id}/revoke"
    assert "Hoja de cálculo" not in text_of(await admin.get(OWN))
    assert (await admin.post(revoking)).status_code == 404, "nobody else's"
    assert revoking in text_of(await editor.get(OWN))
    assert "Revocada" in text_of(await editor.follow(revoking))
    client.cookies.clear()
    assert (await client.get("/proposals", headers=header)).status_code == 401
    assert (await (await as_person("vi")).get(OWN)).status_code == 403


async def test_an_organization_is_added(as_person):
    admin = await as_person("ad")
    assert (await admin.post(f"{PEOPLE}/organizations", organization_name=" ")).status_code == 400
    page = await admin.follow(f"{PEOPLE}/organizations", organization_name="Red Nueva")
    assert "Red Nueva" in text_of(page)


# --- the audit ----------------------------------------------------------------------------------


async def test_p31_the_audit_shows_who_read_what(as_person, database):
    await restricted_access.read(database, "oculta", person="co")
    coordinator = await as_person("co")
    page = text_of(await coordinator.get(f"{AUDIT}?action=restricted.read"))
    assert "oculta" in page
    assert "Carla Coordina" in page
    assert "Nombre secreto" not in page
    none = text_of(await coordinator.get(f"{AUDIT}?who=ad&record=oculta"))
    assert "Ninguna con esos filtros" in none
    today = NOW.date()
    assert "oculta" in text_of(await coordinator.get(f"{AUDIT}?day={today}&record=oculta"))
    before = today - timedelta(days=1)
    assert "Ninguna" in text_of(await coordinator.get(f"{AUDIT}?day={before}"))
    assert (await coordinator.get(f"{AUDIT}?day=2026-02-31")).status_code == 400
    assert (await coordinator.get(f"{AUDIT}?before=1&who=&action=&record=")).status_code == 200


HELD = "update amparo.locations set visibility = 'restricted', confidential = true"
SHOWN = "update amparo.locations set visibility = 'public', confidential = false"
CHANGED = {"landmark": ["Frente al parque"], "confirmed_by": ["Juana Privada"]}


async def test_p29_p39_the_audit_tells_old_and_new_values_while_they_are_kept(as_person, database):
    editor, approver, coordinator = [await as_person(who) for who in ("ed", "ap", "co")]
    moved = "/network/spaces/taller"
    fields = fields_of(await editor.get(moved), moved) | CHANGED
    fields |= {"schedules-0-closes_at": ["15:00"], "reason": ["llamada"]}
    page = await editor.follow(moved, **fields, do="send")
    waiting = page.text.partition('href="/network/proposals/')[2].partition('"')[0]
    await approver.follow(f"/network/proposals/{waiting}", do="accept", reason="visto")

    asked = f"{AUDIT}?record=taller&entity=space&day={NOW.date()}"
    page = text_of(await coordinator.get(asked))
    assert "Eva Editora · cambió al instante" in page
    assert "Ana Aprueba · aceptó una propuesta" in page
    for value in ("lun-vie 08:00-17:00", "lun-vie 08:00-15:00", "nada", "Frente al parque"):
        assert value in page
    assert "Juana Privada" not in page, "a person's name is no value to show"
    assert "Ninguna" in text_of(await coordinator.get(f"{asked}&who=ad"))
    async with database.session(Tier.WRITER) as session:
        for entry in await trail.newest(session, limit=20):
            assert "15:00" not in str(entry.details)
            assert "parque" not in str(entry.details)

    # What is restricted today is not told of the past, and what is erased is gone.
    await by_hand(database, f"{HELD} where id = 'taller'")
    page = text_of(await coordinator.get(asked))
    assert "Horario" in page
    assert "15:00" not in page
    await by_hand(database, f"{SHOWN} where id = 'taller'")
    async with database.session(Tier.WRITER) as session:
        reason = "lo pidió quien lo opera"
        await erasure.erase_space(session, "taller", actor="cli", reason=reason, now=NOW)
    page = text_of(await coordinator.get(asked))
    assert "ya no se guardan" in page
    assert "15:00" not in page


async def test_times_are_those_of_the_reader_s_organisation(as_person):
    """The spaces of the editor's organisation lie in Colombia; a coordinator has no one place."""
    own = text_of(await (await as_person("ed")).get("/network/spaces/casa"))
    assert "Horas de Bogotá" in own
    assert " UTC<" not in own
    everywhere = text_of(await (await as_person("co")).get(AUDIT))
    assert "Horas de" not in everywhere
    assert " UTC" in everywhere


async def by_hand(database, statement):
    async with database.session(Tier.WRITER) as session:
        await session.execute(text(statement))


async def test_the_chain_is_verified_against_a_head_that_was_written_down(as_person, database):
    coordinator = await as_person("co")
    good = await coordinator.post(AUDIT)
    assert "la cadena está entera" in text_of(good)
    head = re.search(r'<code class="hash">([0-9a-f]{64})</code>', good.text)[1]
    async with database.session(Tier.WRITER) as session:
        assert (await trail.head(session))[1].hex() == head
    assert "entera" in text_of(await coordinator.post(AUDIT, expect=f" {head.upper()} "))
    assert "La cadena está rota" in text_of(await coordinator.post(AUDIT, expect="0a" * 32))
    wrong = await coordinator.post(AUDIT, expect="zz")
    assert wrong.status_code == 400
    assert "64 letras" in text_of(wrong)


async def test_p56_the_console_tells_who_audits_of_what_was_done_by_sql(
    as_person, client, settings, database
):
    coordinator, editor = await as_person("co"), await as_person("ed")
    told = "Algo cambió por fuera de Amparo"
    assert told not in text_of(await coordinator.get("/network"))
    engine = create_tier_engine(tier_urls(settings)[Tier.WRITER], Tier.WRITER)
    async with engine.begin() as connection:
        await connection.execute(text("update amparo.locations set road = 'x' where id = 'casa2'"))
    await engine.dispose()
    assert told in text_of(await coordinator.get("/network"))
    assert told not in text_of(await editor.get("/network"))
    # What is missing on the way to own data is for those who can do something about it.
    missing = "Faltan líneas para llamar en"
    assert missing in text_of(await coordinator.get("/network"))
    assert missing not in text_of(await editor.get("/network"))
    page = text_of(await coordinator.post(AUDIT))
    assert told in page
    assert "rows.changed · amparo_writer" in page
    assert "la cadena está entera" in page
    # Of rows there is an entry beside most others: they are shown to who asks.
    of_rows = "· filas de la base de datos</b>"
    assert of_rows not in text_of(await coordinator.get(AUDIT))
    assert of_rows in text_of(await coordinator.get(f"{AUDIT}?action=rows"))


async def test_the_console_warns_where_the_head_was_not_kept_elsewhere(settings, database):
    late = "La auditoría no se guarda fuera del servidor"
    hours = {"session_minutes": 6_000, "session_idle_minutes": 6_000}
    for passed, is_told in ((timedelta(hours=1), False), (timedelta(hours=26), True)):
        patient = settings.model_copy(update=hours)
        async with client_of(patient, clock=lambda at=NOW + passed: at) as talking:
            coordinator = await visitor(talking, database, "co")
            assert (late in text_of(await coordinator.get("/network"))) is is_told


# --- duplicates ---------------------------------------------------------------------------------


async def remember(database, left, right):
    left, right = sorted((left, right))
    async with database.session(Tier.WRITER) as session:
        await session.execute(
            insert(models.Duplicate).values(
                left_id=left, right_id=right, score=0.9, reasons={"name": 0.9, "phone": True}
            )
        )


async def test_duplicates_are_merged_field_by_field(as_person, database):
    await remember(database, "casa", "casa2")
    editor = await as_person("ed")
    listed = text_of(await editor.get(DUPLICATES))
    assert "Casa de prueba dos" in listed
    assert "mismo teléfono" in listed
    here = f"{DUPLICATES}/casa/casa2"
    page = await editor.get(here)
    fields = fields_of(page, here)
    assert fields["field-name"] == ["keep"]
    assert fields["field-services"] == ["both"]
    swapped = await editor.post(here, do="swap", keep="casa2")
    assert "Queda el registro casa2" in text_of(swapped)
    chosen = fields | {"keep": "casa", "field-name": "other", "field-services": "both"}
    done = await editor.follow(here, **chosen, do="merge")
    assert "hasta que otra persona acepte la unión" in text_of(done)
    async with database.session(Tier.WRITER) as session:
        found = {
            row.record_id: row.changes
            for row in await session.scalars(
                select(models.Proposal).where(models.Proposal.record_id.in_(["casa", "casa2"]))
            )
            if row.state == "pending"
        }
        documents = await space_documents.read_documents(session, ["casa"])
    assert found["casa"]["name"] == "Casa de prueba dos"
    assert set(found["casa"]["services"]) == {"food", "information", "showers"}
    assert documents["casa"]["name"] == "Casa de prueba", "a second person decides"
    assert (await editor.get(here)).status_code == 404


async def test_duplicates_are_told_apart(as_person, database):
    await remember(database, "casa", "otra")
    editor = await as_person("ed")
    done = await editor.follow(f"{DUPLICATES}/casa/otra", do="distinct")
    assert "dos espacios distintos" in text_of(done)
    foreign = await as_person("pe")
    assert (await foreign.get(f"{DUPLICATES}/casa/otra")).status_code == 404


async def test_p38_pairs_with_a_restricted_space_are_for_coordinators(as_person, database):
    await remember(database, "oculta", "otra")
    editor = await as_person("ed")  # named for it, and no coordinator
    assert "oculta" not in (await editor.get(DUPLICATES)).text
    assert (await editor.get(f"{DUPLICATES}/oculta/otra")).status_code == 404
    coordinator = await as_person("co")
    listed = text_of(await coordinator.get(DUPLICATES))
    assert "oculta" in listed
    assert "Nombre secreto" not in listed, "a list names a restricted record by its code"
    async with database.session(Tier.WRITER) as session:
        before, _ = await trail.head(session)
    page = await coordinator.get(f"{DUPLICATES}/oculta/otra")
    assert "Nombre secreto" in text_of(page)
    async with database.session(Tier.WRITER) as session:
        entries = await trail.newest(session, limit=2)
    assert (entries[1].action, entries[1].seq) == ("restricted.read", before + 1)
    assert (entries[0].action, entries[0].details["space"]) == ("staff.read", ["oculta"])


async def actions(database):
    async with database.session(Tier.WRITER) as session:
        return {entry.action for entry in await trail.newest(session, limit=500)}
