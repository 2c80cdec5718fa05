"""The console: what each role may do there, without scripts, and what it never shows."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.console.space_forms.space_form import document_in, typed_of
from geo.accounts import restricted_access
from geo.audit import trail
from geo.db.sessions import Tier
from geo.proposals import submission
from geo.records import space_documents
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import Visitor, fields_of, text_of, visitor
from tests.fixtures.network import COORDINATOR, NOW, TODAY

SECRET_NAME = "Casa Secreta Innombrable"
SPACE = "/network/spaces/casa"
HIDES = "/network/hides"
#: Spaces that are changed, each by one test.
OWN = tuple(f"casa{number}" for number in range(8))


@pytest.fixture(scope="module")
async def filled(filled_network):
    """Name a database with the network, of which each test has a copy of its own."""
    return await filled_network(
        {
            "id": "refugio",
            "name": SECRET_NAME,
            "kind": "safe_space",
            "visibility": "restricted",
            "confidential": True,
            "services": ["gbv_response"],
        },
        {
            "id": "otra",
            "name": "Casa del otro lado",
            "organization": "Otra organización",
            "organization_id": "org2",
            "locality": "Pamplona",
        },
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
    async with client_of(settings) as talking:
        yield talking


@pytest.fixture(scope="module")
async def shared(cluster, filled_network, settings_for):
    """Give an application, and its database, to tests that change a space of their own alone."""
    name = await filled_network(
        {"id": "otra", "name": "Casa del otro lado"},
        *({"id": space, "name": "Casa propia"} for space in OWN),
    )
    settings = settings_for(clone(cluster, name), public_url="http://amparo.test")
    async with opened(settings) as database, client_of(settings) as talking:
        yield talking, database


@pytest.fixture
def as_worker(shared):
    """Sign somebody in who changes nothing but a space of `OWN`: see `shared`."""

    async def enter(person):
        return await visitor(*shared, person)

    return enter


async def document(database, space_id="casa"):
    async with database.session(Tier.WRITER) as session:
        return (await space_documents.read_documents(session, [space_id]))[space_id]


async def public_ids(client):
    client.cookies.clear()
    items = (await client.get("/collections/spaces/items?limit=1000")).json()["features"]
    return {feature["id"] for feature in items}


# --- who gets in --------------------------------------------------------------------------------


async def test_nobody_is_led_to_the_sign_in_and_back(unchanged):
    nobody = Visitor(unchanged[0], None)
    for path in ("/network", "/network/queue", "/network/spaces/casa", "/network/hides"):
        response = await nobody.get(path)
        assert response.status_code == 303
        assert response.headers["location"] == f"/network/sign-in?next={path}"


async def test_a_viewer_is_told_on_a_page(as_reader):
    viewer = await as_reader("vi")
    response = await viewer.get("/network/queue")
    assert response.status_code == 403
    assert response.headers["content-type"].startswith("text/html")
    assert "Su cuenta no puede hacer eso" in response.text


async def test_problems_stay_json_for_programs(as_reader):
    viewer = await as_reader("vi")
    viewer.headers = viewer.headers | {"Accept": "application/json"}
    response = await viewer.get("/network/queue")
    assert response.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("path", ["/network/spaces/no-such", "/network/nowhere", SPACE + "/x"])
async def test_what_is_not_there_is_a_page(as_reader, path):
    response = await (await as_reader("ed")).get(path)
    assert response.status_code == 404
    assert "Aquí no hay nada" in response.text


async def test_who_asks_too_fast_is_told_on_a_page(published_settings):
    slow = published_settings.model_copy(update={"rate_per_minute": 1})
    async with client_of(slow) as talking:
        nobody = Visitor(talking, None)
        await nobody.get("/network")
        response = await nobody.get("/network")
    assert response.status_code == 429
    assert "Espere un minuto" in response.text
    assert int(response.headers["retry-after"]) > 0


async def test_a_large_body_is_refused_on_a_page(as_reader):
    response = await (await as_reader("ed")).post(SPACE, name="x" * 3_000_000)
    assert response.status_code == 413
    assert "demasiado grande" in response.text


async def test_forged_forms_are_refused_on_a_page(as_reader):
    editor = await as_reader("ed")
    response = await editor.post(f"{SPACE}/close", csrf="x", status="full", reason="r")
    assert response.status_code == 403
    assert "abierta demasiado tiempo" in response.text


async def test_every_page_opens_for_each_role(as_reader):
    pages = ("/queue", "/spaces", "/spaces/new", "/spaces/otra", "/expiring", "/links")
    for person in ("ed", "ap", "co", "ad"):
        desk = await as_reader(person)
        # What differs by the role, and all the others for who may most.
        for path in ("", "/spaces/casa", "/hides", *(pages if person == "co" else ())):
            response = await desk.get(f"/network{path}")
            assert response.status_code == 200, (person, path, response.text[:500])
            assert response.headers["cache-control"] == "private, no-store"
            assert SECRET_NAME not in response.text


@pytest.mark.long
async def test_pages_come_in_the_person_s_language(as_person, database):
    async with database.session(Tier.WRITER) as session:
        await session.execute(text("update people set language = 'en' where id = 'ed'"))
    response = await (await as_person("ed")).get("/network/spaces/casa")
    assert '<html lang="en">' in response.text
    assert "Before sending" not in response.text
    assert "Review changes" in response.text


# --- the form -----------------------------------------------------------------------------------


@pytest.mark.long
async def test_an_untouched_form_changes_nothing(as_reader, unchanged):
    editor = await as_reader("ed")
    fields = fields_of(await editor.get(SPACE), SPACE)
    response = await editor.post(SPACE, **fields, do="preview")
    assert "No hay ningún cambio que enviar." in response.text
    made = await document(unchanged[1])
    typed = document_in(typed_of(made))
    assert {name: made[name] for name in typed} == typed


FULL = {
    "kind": "mobile_unit",
    "access": "referral_only",
    "referral_points": ["otra"],
    "overnight": True,
    "sectors": ["Protection"],
    "eligibility": "Familias\nen camino",
    "minimum_age": 3,
    "maximum_age": 99,
    "genders": ["female"],
    "families_only": True,
    "children_alone": "yes",
    "cost": "2.000 pesos",
    "fees": "paid",
    "documents_required": [],
    "maximum_nights": 3,
    "address": "Calle 1 # 2-3",
    "landmark": "Frente al <parque> & la iglesia",
    "road": "55",
    "road_km": 12.5,
    "amenities": {"toilets": True, "wifi": False},
    "step_free": False,
    "data_shared": "ninguno",
    "holidays": "closed",
    "languages": ["es", "wba"],
    "public_phones": [
        "+57 300 0000000",
        {"number": "+57 300 1111111", "type": "whatsapp", "description": "de día"},
    ],
    "notice": "Traiga agua",
    "schedules": [
        {"byday": ["SA", "SU"], "opens_at": "22:00", "closes_at": "06:00", "last_entry": "23:00"},
        {
            "freq": "MONTHLY",
            "byday": ["1MO", "-1FR"],
            "opens_at": "08:00",
            "closes_at": "12:00",
            "valid_to": "2031-01-31",
        },
        {
            "freq": "WEEKLY",
            "interval": 2,
            "dtstart": "2026-01-05",
            "byday": ["MO"],
            "opens_at": "00:00",
            "closes_at": "00:00",
            "description": "cada dos semanas",
        },
    ],
    "schedule_exceptions": [
        {"starts_on": "2030-12-24", "ends_on": "2030-12-26", "closed": True, "reason": "fiestas"},
        {
            "starts_on": "2030-12-31",
            "ends_on": "2030-12-31",
            "closed": False,
            "opens_at": "08:00",
            "closes_at": "10:00",
        },
    ],
    "itinerary": [
        {
            "place": "Parque",
            "lon": -72.5,
            "lat": 7.9,
            "starts_at": "2030-05-01T13:00:00Z",
            "ends_at": "2030-05-01T18:30:00Z",
        }
    ],
}


async def test_an_untouched_form_of_a_full_record_changes_nothing(as_worker, shared):
    _, database = shared
    space_id = OWN[0]
    space = f"/network/spaces/{space_id}"
    async with database.session(Tier.WRITER) as session:
        made = (await space_documents.read_documents(session, [space_id]))[space_id]
        full = space_documents.patched(made, FULL)
        await space_documents.store_documents(session, [full], now=NOW, today=TODAY, source="test")
    editor = await as_worker("ed")
    fields = fields_of(await editor.get(space), space)
    seen = text_of(await editor.post(space, **fields, do="preview"))
    before = await document(database, space_id)
    typed = document_in(typed_of(before))
    assert {name: before[name] for name in typed} == typed
    assert "No hay ningún cambio que enviar." in seen
    # Once through a page more: what is typed comes back as it was typed.
    again = fields_of(await editor.post(space, **fields, do="preview"), space)
    assert again | {"csrf": []} == fields | {"csrf": []}
    (monthly,) = [name for name in fields if name.endswith("-nth") and fields[name] != [""]]
    fields[monthly] = ["2TU"]
    seen = text_of(await editor.post(space, **fields, do="preview"))
    assert "segundo mar" in seen


async def test_p40_the_form_says_what_holds_at_once_and_what_waits(as_worker, shared):
    _, database = shared
    space_id = OWN[1]
    space = f"/network/spaces/{space_id}"
    editor = await as_worker("ed")
    fields = fields_of(await editor.get(space), space)
    fields |= {"services": ["", "food", "showers"], "notice": ["Sin agua"]}
    seen = text_of(await editor.post(space, **fields, do="preview"))
    assert "Se hace al instante" in seen
    assert "Espera a una segunda persona" in seen
    assert (await document(database, space_id))["notice"] is None
    fields["reason"] = ["lo dijo la coordinadora"]
    page = await editor.follow(space, **fields, do="send")
    assert "Una parte ya vale" in page.text
    now = await document(database, space_id)
    assert (now["notice"], now["services"]) == ("Sin agua", ["food"])


async def test_p52_who_restricts_a_space_is_told_that_it_is_hidden(as_worker, shared):
    _, database = shared
    space_id = OWN[2]
    space = f"/network/spaces/{space_id}"
    approver = await as_worker("ap")
    fields = fields_of(await approver.get(space), space)
    fields |= {"visibility": ["restricted"], "reason": ["hombres armados en la esquina"]}
    page = await approver.follow(space, **fields, do="send")
    assert page.status_code == 200
    assert "Oculto desde ahora; restringirlo espera a una segunda persona." in page.text
    assert (await document(database, space_id))["visibility"] == "public"


async def test_problems_stand_at_their_field_and_nothing_is_lost(as_reader):
    editor = await as_reader("ed")
    fields = fields_of(await editor.get(SPACE), SPACE)
    fields |= {"lat": ["siete"], "minimum_age": ["900"], "landmark": ["Frente al parque"]}
    response = await editor.post(SPACE, **fields | {"reason": ["r"]}, do="send")
    assert response.status_code == 400
    seen = text_of(response)
    assert 'id="f-position-wrong"' in seen
    assert "Escriba un número entre 0 y 120." in seen
    again = fields_of(response, SPACE)
    assert again["lat"] == ["siete"]
    assert again["landmark"] == ["Frente al parque"]


async def test_rows_are_added_and_taken_away_without_scripts(as_reader, unchanged):
    editor = await as_reader("ed")
    fields = fields_of(await editor.get(SPACE), SPACE)
    more = fields_of(await editor.post(SPACE, **fields, do="add:schedules"), SPACE)
    assert "schedules-1-opens_at" in more
    more |= {
        "schedules-1-days": ["SA"],
        "schedules-1-opens_at": ["09:00"],
        "schedules-1-closes_at": ["12:00"],
    }
    fewer = fields_of(await editor.post(SPACE, **more, do="remove:schedules:0"), SPACE)
    assert fewer["schedules-0-opens_at"] == ["09:00"]
    assert "schedules-1-opens_at" not in fewer
    seen = text_of(await editor.post(SPACE, **fewer, do="preview"))
    assert "lun-vie 08:00-17:00" in seen
    assert "sáb 09:00-12:00" in seen
    assert len((await document(unchanged[1]))["schedules"]) == 1


async def test_half_a_form_takes_nothing_away(as_reader, unchanged):
    editor = await as_reader("ed")
    before = await document(unchanged[1])
    response = await editor.post(SPACE, name="Casa de prueba", reason="r", do="send")
    assert response.status_code == 400
    assert await document(unchanged[1]) == before


async def test_hours_without_a_day_are_asked_again(as_reader):
    editor = await as_reader("ed")
    fields = fields_of(await editor.get(SPACE), SPACE)
    del fields["schedules-0-days"]
    response = await editor.post(SPACE, **fields, do="preview")
    assert response.status_code == 400
    assert "Marque al menos un día." in response.text


async def test_a_note_that_speaks_of_hours_is_asked_about_when_they_change(as_worker, shared):
    """It stayed "abierto las 24 horas" after the hours had changed."""
    _, database = shared
    space_id = OWN[3]
    space = f"/network/spaces/{space_id}"
    async with database.session(Tier.WRITER) as session:
        made = (await space_documents.read_documents(session, [space_id]))[space_id]
        made |= {"notice": "Abierto las 24 horas", "eligibility": "Familias en camino"}
        await space_documents.store_documents(session, [made], now=NOW, today=TODAY, source="test")
    editor = await as_worker("ed")
    fields = fields_of(await editor.get(space), space) | {"reason": ["llamaron"]}
    untouched = await editor.post(space, **fields | {"landmark": ["Parque"]}, do="preview")
    assert "notes_hold" not in untouched.text
    fields |= {"schedules-0-closes_at": ["15:00"]}
    asked = await editor.post(space, **fields, do="preview")
    assert asked.status_code == 200
    assert "«Abierto las 24 horas»" in text_of(asked)
    assert "Familias en camino»" not in text_of(asked)
    unanswered = await editor.post(space, **fields, do="send")
    assert unanswered.status_code == 400
    assert (await document(database, space_id))["schedules"] == made["schedules"]
    await editor.follow(space, **fields, do="send", notes_hold="1")
    assert (await document(database, space_id))["schedules"][0]["closes_at"] == "15:00"


async def test_referring_spaces_are_chosen_by_their_names(as_reader):
    editor = await as_reader("ed")
    fields = fields_of(await editor.get(SPACE), SPACE) | {"access": ["referral_only"]}
    none = await editor.post(SPACE, **fields | {"referrer": ["nadie así"]}, do="add:referrer")
    assert none.status_code == 400
    named = await editor.post(SPACE, **fields | {"referrer": ["otro lado"]}, do="add:referrer")
    assert "Casa del otro lado (Pamplona)" in text_of(named)
    again = fields_of(named, SPACE)
    assert again["referral_points"] == ["", "otra"]
    # P31: a restricted space has no name to be found by.
    hidden = await editor.post(SPACE, **fields | {"referrer": [SECRET_NAME]}, do="add:referrer")
    assert hidden.status_code == 400
    seen = text_of(await editor.post(SPACE, **again, do="preview"))
    assert "Quién remite aquí" in seen
    assert '<td data-label="Después" class="becomes">Casa del otro lado (Pamplona)' in seen


async def test_a_conflict_is_shown_beside_what_was_typed(as_worker, shared):
    _, database = shared
    space_id = OWN[4]
    space = f"/network/spaces/{space_id}"
    editor, coordinator = await as_worker("ed"), await as_worker("co")
    fields = fields_of(await editor.get(space), space)
    await coordinator.follow(f"{space}/close", status="full", reason="llamaron")
    fields |= {"notice": ["Traiga agua"], "reason": ["r"]}
    response = await editor.post(space, **fields, do="send")
    assert response.status_code == 409
    seen = text_of(response)
    assert "Otra persona cambió este registro" in seen
    assert "Lleno" in seen
    assert fields_of(response, space)["notice"] == ["Traiga agua"]
    assert (await document(database, space_id))["notice"] is None


async def test_a_new_space_waits_and_a_second_person_opens_it(as_worker, shared):
    editor, approver = await as_worker("ed"), await as_worker("ap")
    new = "/network/spaces/new"
    fields = fields_of(await editor.get(new), new)
    fields |= {
        "name": ["Comedor nuevo"],
        "kind": ["support_space"],
        "organization": [""],
        "lat": ["7,89"],
        "lon": ["-72,5"],
        "country": ["CO"],
        "timezone": ["America/Bogota"],
        "visibility": ["public"],
        "services": ["", "food"],
        "reason": ["abrimos el lunes"],
    }
    sent = await editor.post(new, **fields, do="send")
    assert sent.status_code == 303, text_of(sent)
    place = sent.headers["location"].partition("?")[0]
    page = await approver.get(place)
    assert "Espacio nuevo: Comedor nuevo" in page.text
    before = await public_ids(shared[0])
    accepted = await approver.follow(place, do="accept", reason="los conozco")
    assert "Aceptados" in accepted.text
    assert len(await public_ids(shared[0]) - before) == 1


async def test_others_records_are_read_not_changed(as_reader):
    editor = await as_reader("ed")
    page = await editor.get("/network/spaces/otra")
    assert "Lo que se sabe" in page.text
    assert 'name="do"' not in page.text
    response = await editor.post("/network/spaces/otra/close", status="full", reason="r")
    assert response.status_code == 403


# --- deciding -----------------------------------------------------------------------------------


async def propose_showers(editor, space=SPACE):
    fields = fields_of(await editor.get(space), space)
    fields |= {"services": ["", "food", "information", "showers"], "reason": ["ya hay duchas"]}
    page = await editor.follow(space, **fields, do="send")
    place = page.text.partition('href="/network/proposals/')[2].partition('"')[0]
    return f"/network/proposals/{place}"


async def test_p23_nobody_decides_an_own_proposal(as_worker, shared):
    _, database = shared
    space_id = OWN[5]
    space = f"/network/spaces/{space_id}"
    editor, approver = await as_worker("ed"), await as_worker("ap")
    place = await propose_showers(editor, space)
    own = await editor.get(place)
    assert 'value="accept"' not in own.text
    assert "nadie decide sobre lo propio" in own.text
    assert (await editor.post(place, do="accept", reason="r")).status_code == 403
    page = text_of(await approver.get(place))
    assert "Eva Editora" in page
    assert "ya hay duchas" in page
    for_nothing = await approver.post(place, do="reject", reason=" ")
    assert for_nothing.status_code == 400
    assert "Escriba entre 1 y 1000 caracteres." in for_nothing.text
    await approver.follow(place, do="accept", reason="bien")
    assert "showers" in (await document(database, space_id))["services"]


@pytest.mark.long
async def test_a_proposal_for_a_record_that_changed_is_compared_again(as_person, database):
    editor, approver, coordinator = [await as_person(who) for who in ("ed", "ap", "co")]
    place = await propose_showers(editor)
    fields = fields_of(await approver.get(place), place)
    await coordinator.follow(f"{SPACE}/close", status="full", reason="llamaron")
    response = await approver.post(place, **fields | {"reason": ["bien"]}, do="accept")
    assert response.status_code == 409
    assert "Algo cambió mientras usted decidía" in response.text
    again = fields_of(response, place)
    await approver.follow(place, **again | {"reason": ["bien"]}, do="accept")
    made = await document(database)
    assert made["status"] == "full"
    assert "showers" in made["services"]


async def test_an_import_is_accepted_at_once_and_what_cannot_be_stays(as_person, database):
    async with database.session(Tier.WRITER) as session:
        await submission.propose(
            session,
            COORDINATOR,
            "space",
            [
                submission.ChangeRequest("casa", {"landmark": "Frente al parque"}),
                submission.ChangeRequest("otra", {"landmark": "Junto al puente"}),
            ],
            reason="lista de noviembre",
            via="import",
            now=NOW,
            batch_id="batch-1",
        )
    own, approver = await as_person("co"), await as_person("ap")
    assert "Aceptar todos los de este archivo" not in (await own.get("/network/queue")).text
    page = await approver.get("/network/queue")
    assert "2 cambios de un archivo" in page.text
    fields = fields_of(page, "/network/queue/accept")
    page = await approver.follow("/network/queue/accept", **fields | {"reason": ["revisados"]})
    assert "2 cambios aceptados." in page.text
    assert (await document(database, "otra"))["landmark"] == "Junto al puente"


async def test_a_crossing_s_statement_is_compared_in_words(as_worker, shared):
    _, database = shared
    statement = {
        "state": "open",
        "valid_from": TODAY.isoformat(),
        "timezone": "America/Bogota",
        "byday": ["MO", "TU"],
        "opens_at": "06:00",
        "closes_at": "18:00",
        "source": "decreto",
    }
    async with database.session(Tier.WRITER) as session:
        outcome = await submission.propose_crossing(
            session,
            COORDINATOR,
            crossing_id="puente",
            statement=statement,
            reason="lo publicaron",
            via="api",
            now=NOW,
        )
    page = text_of(await (await as_worker("ap")).get(f"/network/proposals/{outcome.proposal_id}"))
    assert "paso fronterizo" in page
    assert "lun, mar" in page
    assert 'value="accept"' in page


async def test_moving_says_how_far(as_worker):
    space = f"/network/spaces/{OWN[6]}"
    editor, approver = await as_worker("ed"), await as_worker("ap")
    fields = fields_of(await editor.get(space), space)
    fields |= {"lat": ["7.904"], "reason": ["se mudó"]}
    page = await editor.follow(space, **fields, do="send")
    place = page.text.partition('href="/network/proposals/')[2].partition('"')[0]
    seen = text_of(await approver.get(f"/network/proposals/{place}"))
    # 0.01 degrees of latitude: 1,112 m on a sphere of 6,371 km.
    assert "se mueve 1.112 m" in seen


# --- what expires, links, answers ---------------------------------------------------------------


async def test_p41_a_message_with_a_link_is_ready_and_works(as_person, client, database):
    editor = await as_person("ed")
    async with database.session(Tier.WRITER) as session:
        made = (await space_documents.read_documents(session, ["casa"]))["casa"]
        made |= {"expires_on": (TODAY + timedelta(days=3)).isoformat()}
        await space_documents.store_documents(session, [made], now=NOW, today=TODAY, source="test")
    page = await editor.get("/network/expiring")
    assert "quedan 3 días" in page.text
    seen = text_of(await editor.post("/network/expiring", space="casa", channel="whatsapp"))
    assert "https://wa.me/573000000000?text=" in seen
    address = seen.partition("http://amparo.test")[2].split()[0]
    assert (await client.get(address)).status_code == 200
    links = text_of(await editor.get("/network/links"))
    assert "Casa de prueba" in links
    assert address not in links
    sms = text_of(await editor.post(f"{SPACE}/link", channel="sms"))
    assert "sms:+573000000000?body=" in sms


async def test_an_answer_by_telephone_confirms(as_worker, shared):
    _, database = shared
    space_id = OWN[7]
    space = f"/network/spaces/{space_id}"
    editor = await as_worker("ed")
    await editor.follow(f"{space}/answer", answer="as_listed", channel="phone")
    assert (await document(database, space_id))["confirmed_on"] == NOW.date().isoformat()


# --- hiding -------------------------------------------------------------------------------------


async def test_p24_hiding_takes_choosing_and_confirming_and_lifting_one_more(as_person, client):
    approver = await as_person("ap")
    assert "casa" in await public_ids(client)
    said = {"entity": "space", "space": "casa", "reason": "amenaza"}
    page = await approver.post(HIDES, **said)
    assert "Casa de prueba" in text_of(page)
    assert "lo impreso no se puede recoger" in text_of(page)
    assert "casa" in await public_ids(client)
    page = await approver.follow(HIDES, **fields_of(page, HIDES))
    assert "Oculto desde ahora." in page.text
    assert "casa" not in await public_ids(client)
    place = page.text.partition('action="/network/hides/')[2].partition('"')[0]
    page = await approver.follow(f"{HIDES}/{place}", reason="pasó")
    assert "Levantado" in page.text
    assert "casa" in await public_ids(client)


async def test_p24_a_name_hides_nothing_before_somebody_chose(as_person, client):
    approver = await as_person("ap")
    before = await public_ids(client)
    response = await approver.post(HIDES, entity="space", space="casa de", reason="a")
    seen = text_of(response)
    assert response.status_code == 200
    assert "2 espacios coinciden" in seen
    assert 'name="chosen" value="casa"' in seen
    assert 'name="chosen" value="otra"' in seen
    # One name alone, which used to hide at once, is shown and waits too.
    one = await approver.post(HIDES, entity="space", space="otro lado", reason="a")
    assert fields_of(one, HIDES)["chosen"] == ["otra"]
    assert await public_ids(client) == before
    await approver.follow(HIDES, **fields_of(response, HIDES) | {"chosen": "otra"})
    assert before - await public_ids(client) == {"otra"}


async def test_p39_what_a_hide_would_hide_is_told_to_those_who_may(as_person, database):
    """A restricted space is told by its code to its readers, and not at all to others."""
    coordinator = await as_person("co")
    asked = {"entity": "space", "space": "refugio", "reason": "a"}
    unknown = await coordinator.post(HIDES, **asked)
    assert unknown.status_code == 400
    async with database.session(Tier.WRITER) as session:
        await restricted_access.name_reader(session, "refugio", "co", actor="cli")
    shown = text_of(await coordinator.post(HIDES, **asked))
    assert "Registro restringido refugio" in shown
    assert SECRET_NAME not in shown
    elsewhere = await (await as_person("pe")).post(HIDES, **asked | {"space": "casa"})
    assert elsewhere.status_code == 403


async def test_p24_an_area_is_for_who_may_hide_anywhere(as_person, client):
    approver, coordinator = await as_person("ap"), await as_person("co")
    box = {"west": "-73", "south": "7", "east": "-72", "north": "8", "reason": "combates"}
    assert "side-west" not in (await approver.get("/network/hides")).text
    assert (await approver.post("/network/hides", entity="area", **box)).status_code == 403
    assert "side-west" in (await coordinator.get("/network/hides")).text
    wrong = await coordinator.post("/network/hides", entity="area", **box | {"east": "x"})
    assert wrong.status_code == 400
    assert "combates" in wrong.text
    told = await coordinator.post(HIDES, entity="area", **box)
    assert "2 espacios, 1 paso" in text_of(told)
    assert "Casa de prueba" in text_of(told)
    assert "casa" in await public_ids(client)
    await coordinator.follow(HIDES, **fields_of(told, HIDES))
    assert "casa" not in await public_ids(client)


async def test_an_editor_is_told_what_to_do_instead_of_hiding(as_reader):
    editor = await as_reader("ed")
    page = await editor.get("/network/hides")
    assert "Avíseles ya" in page.text
    assert (await editor.post(f"{SPACE}/hide", reason="r")).status_code == 403


# --- restricted records -------------------------------------------------------------------------


async def test_p31_a_restricted_record_opens_by_a_recorded_step(as_person, database):
    path = "/network/spaces/refugio"
    coordinator = await as_person("co")
    unnamed = await coordinator.get(path)
    never = await coordinator.get("/network/spaces/no-such")
    assert unnamed.status_code == never.status_code == 404
    async with database.session(Tier.WRITER) as session:
        await restricted_access.name_reader(session, "refugio", "co", actor="cli")
    closed = await coordinator.get(path)
    assert "Abrirlo queda registrado" in closed.text
    assert SECRET_NAME not in closed.text
    listed = await coordinator.get("/network/spaces")
    assert "refugio" in listed.text
    assert SECRET_NAME not in listed.text
    opened_page = await coordinator.post(f"{path}/open")
    assert SECRET_NAME in opened_page.text
    async with database.session(Tier.WRITER) as session:
        noted = [
            entry.actor
            for entry in await trail.newest(session, limit=20)
            if entry.record_id == "refugio" and "read" in entry.action
        ]
    assert "co" in noted
