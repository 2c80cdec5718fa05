"""`/txt`: messages of 160 signs of GSM-7, each with its day, with whom to call, and with DEMO."""

import logging
import re

import pytest

from app.i18n import translation
from app.i18n.gsm7 import SEPTETS, septets
from geo import models
from geo.db.sessions import Tier
from geo.records import demo_rows, space_documents
from geo.text.languages import LANGUAGES
from tests.app.pages.test_space import FULL, MORNING, REFERRER, SECRET, TODAY
from tests.conftest import client_of, clone, opened

CUCUTA, PAMPLONA = "3685533", "3673045"

#: Two towns of this name lie in Antioquia and Sucre, 330 km apart.
NAMESAKE = {**REFERRER, "id": "T-PEDRO", "name": "Casa Abierta", "locality": "San Pedro"}
NAMESAKE |= {"admin1": "Antioquia", "lon": -75.56, "lat": 6.46}
#: Walk in, old, with a name that no message holds.
OLD = {
    **FULL,
    "id": "T-OLD",
    "access": "open",
    "referral_points": [],
    "name": "Albergue " + "ñ€" * 90,
}
OLD |= {"lon": -72.648, "lat": 7.376, "schedule_exceptions": []}


@pytest.fixture(scope="module")
async def real(cluster, loaded_template, settings_for):
    """Give settings of a database without demo rows, with a few spaces of the public."""
    settings = settings_for(clone(cluster, loaded_template), hotline="155")
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await demo_rows.remove_demo(session)
        stored = await space_documents.store_documents(
            session,
            [REFERRER, {**FULL, "referral_points": ["T-REF"]}, SECRET, NAMESAKE, OLD],
            now=MORNING,
            today=TODAY,
            source="test",
        )
        assert len(stored.added) == 5
    return settings


@pytest.fixture(scope="module")
async def gateway(real):
    async with client_of(real, clock=lambda: MORNING) as client:
        yield client


async def told(client, path, status=200):
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    said = answer.text.splitlines()
    for message in said:
        assert septets(message) <= SEPTETS, message
    return said


def day():
    return f"{MORNING:%d/%m/%y}"


async def test_a_message_says_place_number_and_hours(gateway):
    first, *_ = await told(gateway, f"/txt/{CUCUTA}")
    assert first.startswith(
        f"1/3 {day()} Cucuta. Punto que remite: Tel +573001111111; segun horario abierto, ultima "
        "entrada 16:00."
    )


@pytest.mark.every(7)  # of each language another town
@pytest.mark.parametrize("lang", sorted(LANGUAGES))
@pytest.mark.parametrize("code", [CUCUTA, PAMPLONA, "3652462", "3669138"])
async def test_every_message_fits_in_every_language_and_is_numbered(gateway, client, lang, code):
    for asked in (gateway, client):
        for parts in (2, 60):
            for service in ("", "&service=overnight", "&service=gbv_response"):
                path = f"/txt/{code}?lang={lang}&parts={parts}{service}"
                said = await told(asked, path)
                assert len(said) <= min(parts, 6)
                for number, message in enumerate(said, start=1):
                    assert f"{number}/{len(said)} " in message[:9]


async def test_p22_an_old_word_says_to_call_first_however_long_the_name(gateway):
    said = " ".join(await told(gateway, f"/txt/{PAMPLONA}"))
    assert "..: Tel +573002222222; " in said
    assert "dato de hace 20 dias, llame antes." in said


async def test_p35_every_message_says_demo_while_demo_rows_are_loaded(client, gateway):
    for message in await told(client, f"/txt/{CUCUTA}?parts=6"):
        assert message.startswith("DEMO ")
    for message in await told(gateway, f"/txt/{CUCUTA}?parts=6"):
        assert "DEMO" not in message


async def test_p15_referral_only_places_are_no_destination(gateway):
    said = " ".join(await told(gateway, f"/txt/{PAMPLONA}?parts=6"))
    assert "Albergue <Uno>" not in said
    assert "Punto que remite: Cucuta, a " in said


async def test_p2_hidden_places_are_in_no_message(gateway):
    for code in (CUCUTA, PAMPLONA):
        assert "Oculta" not in " ".join(await told(gateway, f"/txt/{code}?parts=6"))


async def test_p33_no_message_sends_across_a_border(client):
    # San Antonio del Táchira lies at the bridge to Villa del Rosario.
    venezuelan = " ".join(await told(client, "/txt/3628549?parts=6"))
    assert "Villa del Rosario" not in venezuelan
    assert "Cucuta" not in venezuelan


@pytest.mark.parametrize("service", models.PROTECTED_SERVICES)
@pytest.mark.parametrize("lang", ["es", "ht"])
async def test_p38_for_protected_services_there_is_whom_to_call_and_no_place(
    gateway, client, service, lang
):
    said = await told(gateway, f"/txt/{CUCUTA}?service={service}&lang={lang}")
    wanted = {"es": "Llame al 155: de esos servicios no damos", "ht": "(poko revize) Rele 155: pou"}
    assert wanted[lang] in said[0]
    elsewhere = await told(client, f"/txt/{CUCUTA}?service={service}")
    assert "Violencia de género +00000000003" in " ".join(elsewhere)
    assert "Punto" not in " ".join([*said, *elsewhere])


async def test_p38_every_answer_names_the_hotline(gateway):
    assert "Llame al 155: violencia, trata" in " ".join(await told(gateway, f"/txt/{CUCUTA}"))


async def test_p45_the_lines_of_the_area_are_there_and_missing_ones_are_said(client):
    said = " ".join(await told(client, f"/txt/{CUCUTA}"))
    # The department's own line comes before the country's.
    assert "Emergencia +00000000006, Asilo +00000000002" in said
    assert "+00000000001" not in said
    venezuelan = " ".join(await told(client, "/txt/3628549"))
    assert "Asilo: no se conoce" in venezuelan


@pytest.mark.parametrize("lang", ["en", "pt", "fr", "ht"])
async def test_p47_words_of_danger_say_that_nobody_reviewed_them(gateway, lang):
    label = translation.words(lang).gettext("sin revisar").replace("ã", "a")
    said = await told(gateway, f"/txt/{CUCUTA}?lang={lang}")
    originals = [message for message in said if "155" in message or "00002" in message]
    assert originals
    for message in originals:
        assert f"({label}) " in message


async def test_a_name_of_several_towns_has_a_code_each(gateway):
    antioquia = " ".join(await told(gateway, "/txt/3669138"))
    assert "San Pedro. Casa Abierta: Tel" in antioquia
    sucre = " ".join(await told(gateway, "/txt/3669128"))
    assert "No se conoce un lugar abierto cerca." in sucre


@pytest.mark.parametrize("code", ["1", "x", "G", "%27", "9" * 9, "3685533 ", "-1", "%0a1"])
@pytest.mark.parametrize("lang", sorted(LANGUAGES))
async def test_a_code_that_is_none_gets_one_short_message(gateway, code, lang):
    (said,) = await told(gateway, f"/txt/{code}?lang={lang}", status=404)
    assert "/txt" in said


async def test_a_service_that_is_none_gets_one_short_message(gateway):
    (said,) = await told(gateway, f"/txt/{CUCUTA}?service=x", status=404)
    assert said == "No conocemos ese servicio. Pregunte sin servicio."


@pytest.mark.parametrize("query", ["lang=de", "parts=1", "parts=x", "phone=1", "service=%00"])
async def test_what_a_programmer_gets_wrong_is_a_problem(gateway, query):
    answer = await gateway.get(f"/txt/{CUCUTA}?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_codes_are_listed_by_country(gateway):
    countries = await gateway.get("/txt")
    assert "CO\tColombia\t/txt?country=CO" in countries.text.splitlines()
    listed = await gateway.get("/txt?country=co")
    assert f"{CUCUTA}\tCúcuta\tNorte de Santander" in listed.text.splitlines()
    same = await gateway.get("/txt?country=CO", headers={"If-None-Match": listed.headers["etag"]})
    assert same.status_code == 304
    for line in listed.text.splitlines()[::100]:
        code, name, _ = line.split("\t")
        assert re.fullmatch("[0-9]+", code), name
        assert (await gateway.get(f"/txt/{code}")).status_code == 200
    (said,) = (await gateway.get("/txt?country=XX")).text.splitlines()
    assert septets(said) <= SEPTETS


async def test_the_code_of_a_place_is_taken_as_the_data_have_it(gateway):
    assert await told(gateway, f"/txt/G{CUCUTA}") == await told(gateway, f"/txt/{CUCUTA}")


async def test_p48_no_log_line_holds_the_code(gateway, caplog):
    for name in ("httpx", "httpcore", "asyncio"):
        caplog.set_level(logging.CRITICAL, logger=name)
    caplog.set_level(logging.DEBUG)
    await gateway.get(f"/txt/{CUCUTA}?service=overnight")
    await gateway.get("/txt/31415926")
    lines = [record.getMessage() for record in caplog.records]
    assert any("/txt/{code}" in line for line in lines)
    for line in lines:
        told_part = re.sub(r"\b[0-9a-f]{32}\b", "", line)
        assert CUCUTA not in told_part
        assert "31415926" not in told_part
        assert "overnight" not in told_part


async def test_p48_a_number_that_a_gateway_adds_is_refused_and_not_repeated(gateway):
    answer = await gateway.get(f"/txt/{CUCUTA}?from=%2B573009998877")
    assert answer.status_code == 400
    assert "3009998877" not in answer.text
