"""The page of one space: everything P43 asks for, its forms, and nothing of what is hidden."""

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import create_async_engine

from geo import models
from geo.db.sessions import Tier
from geo.records import space_documents
from geo.text.languages import LANGUAGES
from tests.app.page_models.test_renderer import Outline
from tests.conftest import client_of, clone, opened
from tests.fixtures.clock import run_now

NOW = run_now()
TODAY = NOW.date()
#: Ten in the morning at the space, today.
MORNING = NOW.replace(hour=15, minute=0, second=0, microsecond=0)

REFERRER = {
    "id": "T-REF",
    "name": "Punto que remite",
    "kind": "support_space",
    "organization": "Organización Prueba",
    "lon": -72.51,
    "lat": 7.89,
    "coord_precision": "point",
    "country": "CO",
    "admin1": "Norte de Santander",
    "locality": "Cúcuta",
    "timezone": "America/Bogota",
    "status": "active",
    "access": "open",
    "services": ["information"],
    "holidays": "open",
    "languages": ["es"],
    "cost": "Gratis",
    "public_phones": ["+57 300 111 1111"],
    "schedules": [
        {"byday": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], "opens_at": "08:00"}
        | {"closes_at": "17:00", "last_entry": "16:00"}
    ],
    "visibility": "public",
    "confirmed_on": (TODAY - timedelta(days=12)).isoformat(),
    "expires_on": (TODAY + timedelta(days=78)).isoformat(),
    "confirmed_by": "phone",
    "consent_on": (TODAY - timedelta(days=12)).isoformat(),
    "source": "test",
    "licence": "CC0",
    "demo": False,
}
FULL = {
    **REFERRER,
    "id": "T-FULL",
    "name": "Albergue <Uno>",
    "lon": -72.6539,
    "lat": 7.3757,
    "locality": "Pamplona",
    "kind": "shelter",
    "access": "referral_only",
    "referral_points": ["T-REF", "T-SECRET"],
    "overnight": True,
    "services": ["overnight", "food"],
    "eligibility": "Personas en tránsito",
    "minimum_age": 18,
    "genders": ["women"],
    "children_alone": "no",
    "documents_required": [],
    "maximum_nights": 3,
    "address": "Calle 1 # 2-3",
    "landmark": "Frente al parque",
    "road": "Ruta 55",
    "road_km": 12.5,
    "amenities": {"wifi": False, "toilets": True, "pets_allowed": True, "showers": True},
    "step_free": True,
    "data_shared": "No compartimos nada con nadie.",
    "languages": ["es", "guc"],
    "public_phones": [
        "+57 300 222 2222",
        {"number": "+57 300 333 3333", "type": "whatsapp", "description": "de 8 a 12"},
    ],
    "notice": "Traiga cobija",
    "schedule_exceptions": [
        {"starts_on": (TODAY + timedelta(days=days)).isoformat(), "closed": True, "reason": why}
        | {"ends_on": (TODAY + timedelta(days=days)).isoformat()}
        for days, why in ((1, "inventario"), (40, "fiesta del pueblo"))
    ],
    "capacity": 50,
    "available": 4,
    "confirmed_on": (TODAY - timedelta(days=20)).isoformat(),
    "expires_on": (TODAY + timedelta(days=10)).isoformat(),
}
#: Says as little as a record may.
BARE = {**REFERRER, "id": "T-BARE", "name": "Punto Escueto", "public_phones": [], "schedules": []}
BARE |= {"holidays": "not_known", "cost": None, "lon": -72.4, "lat": 7.85, "languages": []}
#: Has days of other hours, and no others; far from the spaces of other tests.
FAIR = BARE | {"id": "T-FAIR", "name": "Punto de Feria", "lon": -70.0, "lat": 5.0}
FAIR |= {"locality": "Vichada", "schedule_exceptions": FULL["schedule_exceptions"]}
SECRET = {**REFERRER, "id": "T-SECRET", "name": "Casa Oculta", "visibility": "restricted"}


@pytest.fixture(scope="module")
async def filled(cluster, loaded_template, settings_for):
    """Give settings of a database that has the demonstration and the spaces above."""
    settings = settings_for(clone(cluster, loaded_template))
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        stored = await space_documents.store_documents(
            session,
            [REFERRER, SECRET, FULL, BARE, FAIR],
            now=MORNING,
            today=TODAY,
            source="test",
            allow_mixed=True,
        )
        assert len(stored.added) == 5
        given = [{"product_id": "DEMO-P02", "location_id": "T-FULL"}]
        await session.execute(insert(models.ProductAtLocation), given)
    return settings


@pytest.fixture(scope="module")
async def pages(filled):
    async with client_of(filled, clock=lambda: MORNING) as client:
        yield client


async def html_of(client: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


async def words_of(client: httpx.AsyncClient, path: str) -> str:
    return Outline(await html_of(client, path)).text


async def rows(settings: Any, statement: str) -> list[Any]:
    """Run one statement as the superuser, whom no policy holds back."""
    engine = create_async_engine(settings.database_url.get_secret_value())
    try:
        async with engine.begin() as connection:
            found = await connection.execute(text(statement))
            return [tuple(row) for row in found] if found.returns_rows else []
    finally:
        await engine.dispose()


@pytest.mark.parametrize(
    "words",
    [
        "Costo Gratis",
        "Para quién Solo: Mujeres; desde 18 años Personas en tránsito",
        "Documentos No pide ninguno",
        "Solo con remisión Remite: Punto que remite , Cúcuta · +57 300 111 1111",
        "8 a. m. – 5 p. m.; última entrada 4 p. m.",
        "cerrado (horario especial: inventario)",
        "cerrado (fiesta del pueblo)",
        "Dormir Sí, hasta 3 noches",
        "Abierto hasta las 5 p. m., según su horario. Última entrada: 4 p. m.",
        "Confirmado hace 20 días: llame antes de ir",
        "Llamar +57 300 222 2222",
        "WhatsApp +57 300 333 3333",
        "+57 300 333 3333: de 8 a 12",
        "Punto de referencia Frente al parque",
        "Carretera Ruta 55 , kilómetro 12,5",
        "Baños sí",
        "Agua potable no se sabe",
        "Carga de celular no se sabe",
        "Wi-Fi no",
        "Duchas sí Se aceptan mascotas sí",
        "Idiomas español, Wayuunaiki",
        "Se entra sin escalones sí",
        "Niñas, niños y adolescentes solos no",
        "autoridades No compartimos nada con nadie. (palabras del lugar)",
        "Lugares libres Hay lugares (dicho: ",
        "Aviso: Traiga cobija",
        "DEMO Afiche: la ayuda es gratuita (ficticio)",
    ],
)
async def test_p43_the_page_says(pages, words):
    assert words in await words_of(pages, "/spaces/T-FULL?lang=es")


async def test_p43_days_of_other_hours_are_told_without_any_usual_ones(pages):
    words = await words_of(pages, "/spaces/T-FAIR?lang=es")
    assert "cerrado (horario especial: inventario)" in words
    assert "cerrado (fiesta del pueblo)" in words
    # Of the other days nothing is known: they are not called closed.
    assert "Horario no conocido: pregunte antes de ir" in words
    assert not re.search(r"(lunes|domingo) cerrado", words)


async def test_p43_links_that_a_phone_opens(pages):
    html = await html_of(pages, "/spaces/T-FULL")
    assert 'href="tel:+573002222222"' in html
    assert 'href="https://wa.me/573003333333"' in html
    assert 'href="/spaces/T-REF?lang=es"' in html


async def test_p43_not_known_is_said_and_not_left_out(pages):
    words = await words_of(pages, "/spaces/T-BARE")
    for said in (
        "Horario no conocido: pregunte antes de ir",
        "Costo no se sabe",
        "Documentos no se sabe si pide",
        "Lugares libres no se sabe",
        "Punto de referencia no se sabe",
        "Carretera no se sabe",
        "Baños no se sabe",
        "Se entra sin escalones no se sabe",
        "Idiomas no se sabe",
        "Niñas, niños y adolescentes solos no se sabe",
        "autoridades no se sabe: pregunte antes de dar datos",
        "No se conoce un teléfono público.",
        "Se llega y se entra, sin remisión",
    ):
        assert said in words, said


@pytest.mark.clock
async def test_p43_never_open_without_its_schedule(pages):
    for path in ("/spaces/T-FULL", "/spaces/DEMO-006"):
        html = await html_of(pages, path)
        assert ">Abierto<" not in html
        assert "egún su horario" in html


async def test_p33_p43_the_next_space_each_way_names_the_crossing(pages):
    found = (await pages.get("/spaces/T-REF")).json()
    onward = found["next_spaces"]
    assert onward
    assert {one["distance_kind"] for one in onward} == {"walking"}
    for one in onward:
        assert not one["other_country"] or one["crossings"], one
    words = await words_of(pages, "/spaces/T-REF")
    for one in onward:
        assert one["name"] in words
        assert all(post["name"] in words for post in one["crossings"])


async def test_p45_the_lines_of_the_area_are_there_and_missing_ones_said(pages):
    words = await words_of(pages, "/spaces/T-FULL")
    # Whose number it is stands beside it.
    whose = "Emergencias · Colombia, Norte de Santander"
    assert f"{whose} DEMO DEMO Emergencias Norte de Santander (ficticia)" in words
    assert "Quejas sobre el personal (línea independiente)" in words
    venezuelan = await words_of(pages, "/spaces/DEMO-001")
    assert "No se conoce una línea de:" in venezuelan


async def test_p38_the_page_says_what_to_call_for_protected_services(filled):
    settings = filled.model_copy(update={"hotline": "155"})
    async with client_of(settings, clock=lambda: MORNING) as client:
        words = await words_of(client, "/spaces/T-FULL")
        assert "no hay direcciones aquí, llame. Llame al 155." in words


async def test_p28_the_common_logo_is_for_verified_members_alone(filled, pages):
    said = "Miembro verificado de la red"
    assert said not in await html_of(pages, "/spaces/T-FULL")
    # Membership is granted by its own rules (geo.spaces.membership); here only the page is looked
    # at.
    for statement in (
        "alter table amparo.organizations disable trigger guard_membership",
        "update amparo.organizations set verified_member = true where name = 'Organización Prueba'",
        "alter table amparo.organizations enable trigger guard_membership",
    ):
        await rows(filled, statement)
    assert said in await html_of(pages, "/spaces/T-FULL")
    assert said not in await html_of(pages, "/spaces/DEMO-006")


async def test_p35_a_demo_space_says_so_and_never_reads_as_confirmed(pages):
    words = await words_of(pages, "/spaces/DEMO-006")
    assert "DEMO: fecha ficticia" in words
    assert "Confirmado" not in words
    properties = (await pages.get("/spaces/DEMO-006")).json()["properties"]
    assert (properties["confirmed_on"], properties["age_days"]) == (None, None)


async def test_p39_hidden_expired_and_never_existed_are_one_page(filled, pages):
    never = await pages.get("/spaces/T-NEVER?f=html")
    assert never.status_code == 404
    hidden = [
        id_
        for (id_,) in await rows(
            filled,
            "select id from amparo.locations where visibility <> 'public' "
            "or expires_on < amparo.today()",
        )
    ]
    assert "T-SECRET" in hidden
    assert len(hidden) > 5
    for space in hidden:
        for part in ("", "/complaint"):
            answer = await pages.get(
                f"/spaces/{space}{part}?f=html" if not part else f"/spaces/{space}{part}"
            )
            assert answer.status_code == 404
            assert answer.content == never.content, space
            assert answer.headers.keys() - {"vary"} == never.headers.keys() - {"vary"}
        plain = await pages.get(f"/spaces/{space}?f=json")
        absent = await pages.get("/spaces/T-NEVER?f=json")
        assert (plain.status_code, plain.content) == (404, absent.content)


async def test_p39_a_hidden_referrer_is_not_named(pages):
    assert "Casa Oculta" not in await html_of(pages, "/spaces/T-FULL")
    assert [one["id"] for one in (await pages.get("/spaces/T-FULL")).json()["referrers"]] == [
        "T-REF"
    ]


async def test_p42_no_number_of_places_and_no_future_stop(pages):
    answer = await pages.get("/spaces/T-FULL?f=json")
    properties = answer.json()["properties"]
    assert properties["capacity"] == "places"
    assert properties["capacity_updated"]
    assert not {"capacity_available", "capacity_maximum", "itinerary"} & properties.keys()


@pytest.mark.clock
async def test_holidays_that_nobody_spoke_of_are_a_doubt(filled):
    christmas = datetime(TODAY.year, 12, 25, 15, tzinfo=UTC)
    if christmas.date() < TODAY:
        christmas = christmas.replace(year=TODAY.year + 1)
    async with opened(filled) as database, database.session(Tier.WRITER) as session:
        await session.execute(
            text(
                "update amparo.locations set holidays = 'not_known', expires_on = :until "
                "where id = 'T-REF'"
            ),
            {"until": christmas.date() + timedelta(days=30)},
        )
    try:
        async with client_of(filled, clock=lambda: christmas) as client:
            words = await words_of(client, "/spaces/T-REF")
            assert "Hoy es festivo y no se sabe si abre: llame antes de ir" in words
            assert "(festivo: no se sabe si abre)" in words
            said = (await client.get("/spaces/T-REF")).json()["properties"]["open"]
            assert (said["state"], said["doubt"]) == ("not_known", "holiday")
    finally:
        async with opened(filled) as database, database.session(Tier.WRITER) as session:
            await session.execute(
                text("update amparo.locations set holidays = 'open' where id = 'T-REF'")
            )


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
async def test_pages_are_well_formed_and_nothing_is_inline(pages, lang):
    for path in ("/spaces/T-FULL", "/spaces/T-BARE", "/spaces/T-FULL/complaint", "/match"):
        answer = await pages.get(f"{path}?lang={lang}", headers={"Accept": "text/html"})
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
        outline = Outline(answer.text)
        ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), path
        assert sum(tag == "h1" for tag, _ in outline.tags) == 1, path
        assert dict(outline.tags)["html"] == {"lang": lang}
        assert "<Uno>" not in answer.text
        for tag, attrs in outline.tags:
            assert not [a for a in attrs if a.startswith("on") or a == "style"], (path, tag)
            if tag == "script":
                assert "src" in attrs
        labelled = {attrs.get("for") for tag, attrs in outline.tags if tag == "label"}
        for tag, attrs in outline.tags:
            if tag in {"input", "select", "textarea"} and attrs.get("type") != "hidden":
                # A box without a name stands within its label (P47).
                if tag == "input" and "name" not in attrs and "id" not in attrs:
                    continue
                assert attrs["id"] in labelled, (path, attrs)


@pytest.mark.parametrize("lang", ["en", "pt"])
async def test_p47_safety_texts_are_labelled_originals(pages, lang):
    html = await html_of(pages, f"/spaces/T-FULL/complaint?lang={lang}")
    assert '<span lang="es"> Nadie lee esto con urgencia.</span></label>' in html


async def test_the_page_is_light(pages):
    for path in ("/spaces/T-FULL", "/spaces/T-FULL/complaint", "/match"):
        body = (await html_of(pages, path)).encode()
        assert len(gzip.compress(body, 3)) < 20_000
        assert path == "/match" or len(body) < 20_000


async def test_p25_feedback_is_kept_without_anything_else(filled, pages):
    before = len(await rows(filled, "select id from amparo.feedback"))
    for said in ("served", "not_served", "shut"):
        answer = await pages.post("/spaces/T-FULL/feedback", data={"said": said, "lang": "es"})
        assert answer.status_code == 200
        assert "Gracias" in answer.text
        assert "set-cookie" not in answer.headers
    kept = await rows(
        filled,
        "select was_served, was_open from amparo.feedback where location_id = 'T-FULL' "
        "order by was_served, was_open",
    )
    assert kept == [(False, False), (False, True), (True, True)]
    assert len(await rows(filled, "select id from amparo.feedback")) == before + 3


async def test_p39_feedback_and_complaints_tell_nothing_of_a_space(pages):
    for path, data in (
        ("feedback", {"said": "shut"}),
        ("complaint", {"category": "refused", "body": "x"}),
    ):
        hidden = await pages.post(f"/spaces/T-SECRET/{path}", data=data)
        never = await pages.post(f"/spaces/T-NEVER/{path}", data=data)
        assert hidden.status_code == never.status_code == 200
        assert hidden.text.replace("T-SECRET", "T-NEVER") == never.text


async def test_p44_a_complaint_names_the_independent_line_and_that_it_is_not_urgent(filled, pages):
    form = await words_of(pages, "/spaces/T-FULL/complaint")
    answer = await pages.post(
        "/spaces/T-FULL/complaint", data={"category": "charged", "body": "Me pidieron dinero"}
    )
    for words in (form, Outline(answer.text).text):
        assert "Nadie lee esto con urgencia." in words
        assert "DEMO Línea independiente de quejas (ficticia)" in words
    kept = await rows(
        filled, "select category, body from amparo.complaints where location_id = 'T-FULL'"
    )
    assert kept == [("charged", "Me pidieron dinero")]


async def test_p44_missing_services_are_kept_and_protected_ones_are_not(filled, pages):
    sent = {"service": "food", "country": "CO", "admin1": "Norte de Santander", "lang": "es"}
    assert (await pages.post("/missing", data=sent)).status_code == 200
    for service in models.PROTECTED_SERVICES:
        refused = await pages.post("/missing", data={**sent, "service": service})
        assert refused.status_code == 422
        assert service not in await html_of(pages, "/spaces/T-FULL")
        assert service not in await html_of(pages, "/match")
    kept = await rows(filled, "select service, country, admin1 from amparo.service_requests")
    assert kept == [("food", "CO", "Norte de Santander")]


async def test_forms_of_other_sites_and_other_fields_are_refused(pages):
    path = "/spaces/T-FULL/feedback"
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert (await pages.post(path, data={"said": "shut"}, headers=foreign)).status_code == 403
    assert (await pages.post(path, data={"said": "shut", "note": "x"})).status_code == 400
    assert (await pages.post(path, data={"said": "maybe"})).status_code == 400
    assert (await pages.post(path, json={"said": "shut"})).status_code == 415
    assert (await pages.get("/spaces/T-FULL?x=1")).status_code == 400


async def test_nearest_says_age_and_what_the_schedule_says(pages):
    answer = await pages.get("/spaces/nearest?lon=-72.51&lat=7.89&limit=5")
    (ref,) = [f for f in answer.json()["features"] if f["id"] == "T-REF"]
    properties = ref["properties"]
    assert properties["age_days"] == 12
    assert properties["call_before"] is False
    assert properties["open"]["state"] == "open"
    assert properties["open"]["text"] == "según su horario, abierto"


async def test_match_answers_with_reasons_in_words(pages):
    form = {"place": "Cúcuta, CO", "service": "food", "lang": "es"}
    answer = await pages.post("/match", data=form)
    assert answer.status_code == 200
    words = Outline(answer.text).text
    assert "A dónde puede ir, lo mejor primero" in words
    assert "según su horario" in words
    assert "Nada de esto se guarda." in words
    assert "%" not in words
    assert 'href="/spaces/' in answer.text


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ["according to its hours", "on foot", "demonstration data, not confirmed"]),
        ("pt", ["segundo o seu horário", "a pé", "dado de demonstração, sem confirmação"]),
        # No language of the pages: Spanish.
        ("de", ["según su horario", "a pie", "dato de demostración", "llame antes"]),
    ],
)
async def test_p47_match_speaks_the_languages_of_the_pages(pages, lang, said):
    form = {"place": "Bucaramanga, CO", "service": "overnight", "lang": lang}
    answer = await pages.post("/match", data=form)
    reasons = " · ".join(re.findall(r"<li>(.*?)</li>", answer.text, re.DOTALL))
    assert all(words in reasons for words in said), reasons
    # What a person has to review first is there in Spanish, and says so.
    assert ('lang="es"> en el camino hay altura' in reasons) == (lang != "de"), reasons
    for spanish in ("a pie", "llame antes", "dato de demostración"):
        assert (spanish in reasons) == (lang == "de")


async def test_match_always_has_a_next_step(pages):
    sent = {"place": "Cúcuta, CO", "service": "overnight", "age": "15", "alone": "yes"}
    answer = await pages.post("/match", data={**sent, "documents": "none", "lang": "en"})
    assert answer.status_code == 200
    assert "Si nada de esto le sirve" in answer.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"place": "Ninguna Parte"}, "No se reconoce el lugar."),
        ({"age": "cien"}, "Escriba la edad y cuántos niños en cifras, por ejemplo 2."),
        ({"alone": "yes", "age": "40"}, "es para menores de 18 años"),
        ({"documents": ["none", "passport"]}, "no las dos cosas"),
    ],
)
async def test_match_says_what_to_correct_and_keeps_the_answers(pages, change, said):
    form = {"place": "Cúcuta, CO", "service": "food", "age": "33", "lang": "es"}
    answer = await pages.post("/match", data=form | change)
    assert answer.status_code == 400
    assert said in answer.text
    assert '<option value="food" selected>' in answer.text


async def test_p48_nothing_of_a_need_is_in_an_address(pages):
    html = await html_of(pages, "/match")
    assert '<form method="post" action="/match"' in html
    assert (await pages.get("/match?service=food")).status_code == 400


async def test_the_feature_is_geojson(pages):
    answer = await pages.get("/spaces/T-FULL")
    assert answer.headers["content-type"] == "application/geo+json"
    feature = json.loads(answer.content)
    assert feature["type"] == "Feature"
    assert feature["geometry"]["coordinates"] == [-72.6539, 7.3757]
