"""Voices, guidance and standards in the console: who reads, who writes, who decides."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from geo import models
from geo.db.sessions import Tier
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import fields_of, text_of
from tests.fixtures.network import TODAY, fill_network

VOICES = "/network/voices"
GUIDANCE = "/network/guidance"
STANDARDS = "/network/standards"
MESSAGE = {
    "key": "frio-paramo",
    "language": "es",
    "audience": "people_on_the_move",
    "body": "En el páramo hace frío de noche.",
    "valid_from": TODAY.isoformat(),
    "safety": "true",
}


@pytest.fixture(scope="module")
async def settings(cluster, empty_template, settings_for):
    return settings_for(clone(cluster, empty_template), public_url="http://amparo.test")


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(
                session,
                {
                    "id": "oculta",
                    "name": "Nombre secreto",
                    "visibility": "restricted",
                    "confidential": True,
                },
            )
            # Coordinates, and belongs to the organisation that runs the spaces.
            session.add(
                models.Person(
                    id="insider",
                    email="insider@example.org",
                    name="Inés",
                    role="coordinator",
                    organization_id="org",
                )
            )
            session.add(
                models.Person(id="co2", email="co2@example.org", name="Cora", role="coordinator")
            )
            await session.flush()
            await session.execute(
                insert(models.Complaint),
                [
                    {
                        "id": f"c-{space}",
                        "location_id": space,
                        "category": "charged",
                        "body": f"Cobraron en {space}.",
                        "delete_on": TODAY + timedelta(days=180),
                    }
                    for space in ("casa", "oculta")
                ],
            )
        yield database


@pytest.fixture(scope="module")
async def client(settings, database):
    async with client_of(settings) as talking:
        yield talking


async def rows(database, model):
    async with database.session(Tier.WRITER) as session:
        return list(await session.scalars(select(model)))


# --- voices -------------------------------------------------------------------------------------


async def test_p44_a_complaint_is_shown_to_nobody_of_the_operator(as_person):
    insider, coordinator = await as_person("insider"), await as_person("co")
    page = await insider.get(VOICES)
    assert "Cobraron" not in text_of(page)
    assert "0 quejas abiertas" in text_of(page)
    assert (await insider.post(f"{VOICES}/complaints/c-casa", state="closed")).status_code == 404
    seen = text_of(await coordinator.get(VOICES))
    assert "Cobraron en casa." in seen
    assert "Nombre secreto" not in seen
    assert "un espacio restringido" in seen
    handled = text_of(await coordinator.follow(f"{VOICES}/complaints/c-casa", state="handling"))
    assert "en trámite" in handled
    assert "Cobraron en casa." in text_of(await coordinator.get(VOICES))
    closed = text_of(await coordinator.follow(f"{VOICES}/complaints/c-casa", state="closed"))
    assert "Cobraron en casa." not in closed
    wrong = await coordinator.post(f"{VOICES}/complaints/c-oculta", state="lost")
    assert wrong.status_code == 400


async def test_p44_a_new_complaint_is_on_a_coordinators_first_page_and_nobody_elses(
    as_person, database
):
    async with database.session(Tier.WRITER) as session:
        values = {"location_id": "casa", "category": "privacy", "body": "Dieron mi nombre."}
        values |= {"id": "c-nueva", "delete_on": TODAY + timedelta(days=180)}
        await session.execute(insert(models.Complaint).values(**values))
    first = await (await as_person("co")).get("/network")
    assert "queja" in text_of(first)
    assert "datos personales" in text_of(first)
    assert 'href="/network/voices#complaints"' in first.text
    # What was written is behind the link, and nothing of it is for the operator's own people.
    assert "Dieron mi nombre" not in first.text
    for person in ("insider", "ed"):
        other = text_of(await (await as_person(person)).get("/network"))
        assert "queja" not in other
        assert "datos personales" not in other
    coordinator = await as_person("co")
    await coordinator.post(f"{VOICES}/complaints/c-nueva", state="handling")
    assert "datos personales" not in text_of(await coordinator.get("/network"))


async def test_a_rumour_is_answered_by_a_reviewed_message(as_person, client, database):
    coordinator, other = await as_person("co"), await as_person("co2")
    claim = {"claim": "Dicen que el puente cobra.", "country": "CO", "heard_on": TODAY.isoformat()}
    named = await coordinator.post(
        f"{VOICES}/rumours", **(claim | {"claim": "Llame al 3001234567"})
    )
    assert named.status_code == 400
    assert "3001234567" in text_of(named), "nothing typed is lost"
    page = text_of(await coordinator.follow(f"{VOICES}/rumours", **claim))
    assert "Dicen que el puente cobra." in page
    here = re.search(r'action="(/network/voices/rumours/rumour-\w+)"', page)[1]
    early = await coordinator.post(here, do="answer", message="puente")
    assert early.status_code == 400
    await coordinator.post(f"{GUIDANCE}/messages", **(MESSAGE | {"key": "puente"}), do="submit")
    (draft,) = [row for row in await rows(database, models.Message) if row.key == "puente"]
    await other.post(f"{GUIDANCE}/messages/{draft.id}", do="accept")
    sent = await coordinator.post(here, do="answer", message="puente")
    client.cookies.clear()
    assert (await client.get("/rumours")).json()["rumours"] == []
    assert "Esperan a una segunda persona" in text_of(await other.get(VOICES))
    assert "Dicen que el puente cobra." in text_of(await other.agree(sent))
    client.cookies.clear()
    published = (await client.get("/rumours")).json()["rumours"]
    assert [row["claim"] for row in published] == ["Dicen que el puente cobra."]
    assert "Dicen que" not in text_of(await coordinator.follow(here, do="retire"))


# --- guidance -----------------------------------------------------------------------------------


async def test_p47_a_message_is_shown_when_a_second_person_has_read_it(as_person, client, database):
    editor, coordinator = await as_person("ed"), await as_person("co")
    here = f"{GUIDANCE}/messages"
    wrong = await editor.post(here, **(MESSAGE | {"language": "español"}))
    assert wrong.status_code == 400
    assert "hace frío de noche" in text_of(wrong)
    page = text_of(await editor.follow(here, **MESSAGE, do="save"))
    assert "borrador" in page
    (draft,) = [row for row in await rows(database, models.Message) if row.key == "frio-paramo"]
    one = f"{here}/{draft.id}"
    assert (await editor.post(one, do="accept")).status_code == 403
    await editor.follow(one, do="submit")
    returned = await coordinator.post(one, do="return")
    assert returned.status_code == 400, "a reason is needed"
    await coordinator.follow(one, do="return", reason="más corto")
    await editor.follow(one, do="submit")
    client.cookies.clear()
    assert (await client.get("/messages/frio-paramo")).status_code == 404
    assert "revisado" in text_of(await coordinator.follow(one, do="accept"))
    client.cookies.clear()
    assert (await client.get("/messages/frio-paramo")).status_code == 200
    own = await coordinator.follow(here, **(MESSAGE | {"key": "mio"}), do="submit")
    assert "lo revisa otra persona" in text_of(own)
    await coordinator.follow(one, do="retire")
    client.cookies.clear()
    assert (await client.get("/messages/frio-paramo")).status_code == 404


async def test_p45_p53_contacts_are_kept_by_two_coordinators(as_person, client, database):
    editor, coordinator = await as_person("ed"), await as_person("co")
    other = await as_person("co2")
    new = f"{GUIDANCE}/contacts/new"
    line = {
        "id": "co-psea",
        "kind": "psea",
        "name": "Línea independiente",
        "country": "CO",
        "phone": "018000",
        "languages": "es, pt",
        "confirmed_on": TODAY.isoformat(),
        "visibility": "public",
        "source": "prueba",
    }
    assert "los cambia quien coordina" in text_of(await editor.get(new))
    assert (await editor.post(new, **line, independent="true")).status_code == 403
    dependent = await coordinator.post(new, **line)
    assert dependent.status_code == 400, "P44"
    assert "Línea independiente" in text_of(dependent)
    sent = await coordinator.post(new, **line, independent="true")
    client.cookies.clear()
    assert "Línea independiente" not in (await client.get("/contacts")).text
    assert "Línea independiente" in text_of(await other.agree(sent))
    assert "Línea independiente" in text_of(await coordinator.get(f"{GUIDANCE}/contacts"))
    assert (await coordinator.post(new, **line, independent="true")).status_code == 400
    one = f"{GUIDANCE}/contacts/co-psea"
    fields = fields_of(await coordinator.get(one), one)
    assert (fields["phone"], fields["languages"]) == (["018000"], ["es, pt"])
    sent = await coordinator.post(one, **(fields | {"phone": "123"}), do="save")
    assert "Esperan a una segunda persona" in text_of(await other.get(one))
    seen = text_of(await other.agree(sent))
    assert "018000" in seen, "old beside new (P53)"
    assert "123" in seen
    (stored,) = await rows(database, models.Contact)
    assert (stored.phone, stored.independent, stored.languages) == ("123", True, ["es", "pt"])
    await coordinator.follow(one, do="remove")
    assert await rows(database, models.Contact) == []


async def test_products_and_practices_wait_for_a_second_person(as_person, database):
    editor, coordinator = await as_person("ed"), await as_person("co")
    product = {
        "title": "Hoja de ruta",
        "language": "es",
        "audience": "people_on_the_move",
        "url": "https://example.org/hoja",
        "spaces": "casa",
        "valid_from": TODAY.isoformat(),
        "visibility": "public",
        "source": "prueba",
    }
    wrong = await editor.post(f"{GUIDANCE}/products", **(product | {"url": "http://example.org"}))
    assert wrong.status_code == 400
    hidden = await editor.post(f"{GUIDANCE}/products", **(product | {"spaces": "oculta"}))
    missing = await editor.post(f"{GUIDANCE}/products", **(product | {"spaces": "no-hay"}))
    assert hidden.status_code == missing.status_code == 400, "P39: never told apart"
    assert "por revisar" in text_of(
        await editor.follow(f"{GUIDANCE}/products", **product, do="submit")
    )
    (stored,) = await rows(database, models.Product)
    await coordinator.follow(f"{GUIDANCE}/products/{stored.id}", do="accept")
    note = {
        "space": "casa",
        "title": "Cargar teléfonos",
        "body": "Regletas en la entrada.",
        "language": "es",
        "noted_on": TODAY.isoformat(),
    }
    answers = [
        await editor.post(f"{GUIDANCE}/practices", **(note | {"space": space}))
        for space in ("oculta", "no-hay")
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    await editor.follow(f"{GUIDANCE}/practices", **note, do="submit")
    (stored,) = await rows(database, models.Practice)
    page = await coordinator.follow(f"{GUIDANCE}/practices/{stored.id}", do="accept")
    assert "revisado" in text_of(page)


async def test_p38_a_pathway_of_protected_services_becomes_restricted(as_person, database):
    coordinator = await as_person("co")
    here = f"{GUIDANCE}/pathways"
    form = {
        "id": "co-comida",
        "need": "food",
        "country": "CO",
        "title": "Comer en Cúcuta",
        "confirmed_on": TODAY.isoformat(),
        "visibility": "public",
        "source": "prueba",
        "instruction-0": "Vaya al espacio de la mañana.",
        "space-0": "casa",
        "instruction-1": "",
    }
    more = await coordinator.post(here, **form, do="rows")
    assert 'name="instruction-4"' in more.text
    assert "Vaya al espacio de la mañana." in text_of(more), "nothing typed is lost"
    none = await coordinator.post(here, **(form | {"instruction-0": "", "space-0": ""}))
    assert "Escriba al menos un paso" in text_of(none)
    sent = await coordinator.post(here, **form, do="save")
    assert "Vaya al espacio de la mañana." in text_of(await (await as_person("co2")).agree(sent))
    assert "Comer en Cúcuta" in text_of(await coordinator.get(here))
    gbv = form | {"id": "co-vbg", "need": "gbv_response", "title": "Camino reservado"}
    page = text_of(await coordinator.follow(here, **gbv, do="save"))
    assert "Guardada como restringida" in page
    assert "Camino reservado" not in page
    assert {row.id: row.visibility for row in await rows(database, models.Pathway)} == {
        "co-comida": "public",
        "co-vbg": "restricted",
    }
    assert (await (await as_person("ed")).post(here, **form)).status_code == 403


# --- standards ----------------------------------------------------------------------------------


async def test_p28_from_a_checklist_to_a_verified_member(as_person, database):
    editor, coordinator = await as_person("ed"), await as_person("co")
    new = f"{STANDARDS}/checklists/new"
    form = {
        "kind": "support_space",
        "title": "Mínimos de un espacio",
        "valid_months": "12",
        "pass_percent": "80",
        "standard-0": "Agua",
        "question-0": "¿Hay agua potable?",
        "essential-0": "true",
        "evidence-0": "true",
        "standard-1": "Trato",
        "question-1": "¿Hay un buzón de quejas?",
        "standard-2": "",
        "question-2": "",
    }
    wrong = await coordinator.post(new, **(form | {"valid_months": "99"}))
    assert wrong.status_code == 400
    assert "¿Hay agua potable?" in text_of(wrong)
    assert 'name="question-7"' in (await coordinator.post(new, **form, do="rows")).text
    assert (await editor.post(new, **form)).status_code == 403
    no_list = await editor.post(STANDARDS, space="casa")
    assert "no hay una lista vigente" in text_of(no_list)
    made = await coordinator.post(new, **form, do="save")
    assert made.status_code == 303, text_of(made)
    checklist = made.headers["location"]
    assert "sin publicar" in text_of(await coordinator.get(checklist))
    assert (await editor.post(checklist, do="publish")).status_code == 403
    sent = await coordinator.post(checklist, do="publish")
    assert "¿Hay agua potable?" in text_of(await (await as_person("co2")).agree(sent))
    assert "vigente desde" in text_of(await coordinator.get(checklist))

    grant = f"{STANDARDS}/members/org"
    early = await coordinator.post(grant, do="grant")
    assert early.status_code == 400
    assert "casa" in text_of(early)
    assert "oculta" not in text_of(early)
    hidden = await editor.post(STANDARDS, space="oculta")
    missing = await editor.post(STANDARDS, space="no-hay")
    assert hidden.status_code == missing.status_code == 400

    started = await editor.post(STANDARDS, space="casa")
    here = started.headers["location"]
    answers = {"answer-1": "yes", "answer-2": "yes"}
    unproved = await editor.post(here, **answers, do="submit")
    assert unproved.status_code == 400
    assert "Escriba qué lo muestra" in text_of(unproved)
    await editor.follow(here, **answers, **{"evidence-1": "análisis de octubre"}, do="submit")
    assert (await editor.post(here, do="verify")).status_code == 403, "not one's own"
    assert (await (await as_person("insider")).post(here, do="verify")).status_code == 403
    assert (await coordinator.post(here, do="return")).status_code == 400
    assert "verificada" in text_of(await coordinator.follow(here, do="verify"))
    async with database.session(Tier.WRITER) as session:
        (await session.get_one(models.Location, "oculta")).status = "closed"
    page = text_of(await coordinator.follow(grant, do="grant"))
    assert "miembro verificado" in page
    assert (await editor.post(grant, do="withdraw", reason="x")).status_code == 403
    unsaid = await coordinator.post(grant, do="withdraw")
    assert unsaid.status_code == 400
    gone = await coordinator.follow(grant, do="withdraw", reason="cerró su sede")
    assert "miembro verificado" not in text_of(gone)
