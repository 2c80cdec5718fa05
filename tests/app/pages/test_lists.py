"""`/lists`: a municipality's dated list; page, text and image say the same, nothing hidden."""

import io
import re
from datetime import timedelta

import pytest
from PIL import Image

from app.http.assets import asset_url
from app.i18n.translation import words
from app.texts.list_image import LIMIT_BYTES, WIDTH
from geo import models
from geo.db.sessions import Tier
from geo.exports.text_messages import LIMIT, SEPARATOR
from geo.records import demo_rows, space_documents
from geo.text.languages import LANGUAGES
from tests.app.page_models.test_renderer import Outline
from tests.app.pages.test_space import FULL, MORNING, REFERRER, SECRET, TODAY
from tests.conftest import client_of, clone, opened

CUCUTA, PAMPLONA, SAN_ANTONIO = "3685533", "3673045", "3628549"

MANY = [
    {**REFERRER, "id": f"T-{n:03}", "name": f"Lugar número {n}: " + "çãõêèòñü " * 6}
    | {"locality": "Pamplona", "lon": -72.65, "lat": 7.37, "landmark": "Frente al parque " * 9}
    for n in range(36)
]
CLOSED = {**REFERRER, "id": "T-CLOSED", "name": "Casa Cerrada", "status": "closed"}
EXPIRED = {**REFERRER, "id": "T-OLD", "name": "Casa Vencida"}
EXPIRED |= {
    "confirmed_on": (TODAY - timedelta(days=80)).isoformat(),
    "expires_on": (TODAY - timedelta(days=1)).isoformat(),
    "consent_on": (TODAY - timedelta(days=80)).isoformat(),
}


async def made(cluster, loaded_template, settings_for, documents):
    settings = settings_for(clone(cluster, loaded_template), hotline="155")
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await demo_rows.remove_demo(session)
        stored = await space_documents.store_documents(
            session, documents, now=MORNING, today=TODAY, source="test"
        )
        assert len(stored.added) == len(documents)
    return settings


@pytest.fixture(scope="module")
async def few(cluster, loaded_template, settings_for):
    documents = [REFERRER, {**FULL, "referral_points": ["T-REF"]}, SECRET, CLOSED, EXPIRED]
    settings = await made(cluster, loaded_template, settings_for, documents)
    async with client_of(settings, clock=lambda: MORNING) as talking:
        yield talking


@pytest.fixture(scope="module")
async def many(cluster, loaded_template, settings_for):
    settings = await made(cluster, loaded_template, settings_for, MANY)
    async with client_of(settings, clock=lambda: MORNING) as talking:
        yield talking


async def words_of(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return Outline(answer.text).text


async def text_of(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.text


async def test_page_and_text_say_the_same_of_a_place(few):
    own = await words_of(few, f"/lists/{CUCUTA}?lang=es")
    text = " ".join((await text_of(few, f"/lists/{CUCUTA}?f=text&lang=es")).split())
    for said in (
        "Lugares de apoyo en Cúcuta",
        "Norte de Santander, Colombia",
        "Punto que remite",
        "Servicios: Información",
        "todos los días 8 a. m. – 5 p. m. (última entrada 4 p. m.)",
        "Teléfono: +57 300 111 1111",
        "Albergue <Uno>",
        "Solo con remisión: Punto que remite",
        "Gratis. No pide documentos. Hasta 3 noches",
        "Dónde: Calle 1 # 2-3; Frente al parque; Ruta 55, km 12,5",
        "Aviso: Traiga cobija",
    ):
        wanted = said.split(": ")[-1]
        found = await words_of(few, f"/lists/{PAMPLONA}?lang=es") + own
        assert wanted in found, said
        both = text + (await text_of(few, f"/lists/{PAMPLONA}?f=text&lang=es"))
        assert said in both, said


async def test_p49_the_list_says_its_day_and_until_when_it_holds(few):
    for f in ("html", "text"):
        answer = await few.get(f"/lists/{PAMPLONA}?f={f}&lang=es")
        assert (
            f"Lista del {words('es').day(TODAY)}. Puede haber cambiado: llame antes de ir."
            in answer.text
        )
        # The shelter runs out first.
        ends = words("es").day(TODAY + timedelta(days=10))
        assert f"No use esta lista después del {ends}." in answer.text
        assert f"Use este dato hasta el {ends}" in answer.text


async def test_p22_an_old_word_says_to_call_first(few):
    text = await text_of(few, f"/lists/{PAMPLONA}?f=text")
    assert re.search(r"Confirmado el [^.]+\. Use este dato hasta el [^.]+\. Llame antes", text)


async def test_p35_each_part_says_demo_while_demo_rows_are_loaded(client, few):
    assert "DEMO: datos ficticios" in await words_of(client, f"/lists/{CUCUTA}?lang=es")
    text = await text_of(client, f"/lists/{CUCUTA}?f=text")
    for message in text.split(SEPARATOR):
        assert message.startswith("*DEMO: datos ficticios")
    assert "DEMO" not in await text_of(few, f"/lists/{CUCUTA}?f=text")


async def test_p35_an_image_of_demo_rows_looks_different(client, few):
    def top(content):
        image = Image.open(io.BytesIO(content)).convert("L")
        return [image.getpixel((x, 46)) for x in range(100, 900)]

    box = await client.get(f"/lists/{CUCUTA}?f=png")
    assert set(top(box.content)) == {0}, "the warning's frame"
    assert set(top((await few.get(f"/lists/{CUCUTA}?f=png")).content)) != {0}


async def test_p38_p44_p45_whom_to_call_and_how_to_complain(client, few):
    text = await text_of(client, f"/lists/{CUCUTA}?f=text&lang=es")
    assert "no hay direcciones aquí, llame." in text
    assert "Emergencias: +000 0000 0006 (todos los días)" in text
    assert "Quejas sobre el personal (línea independiente): +000 0000 0005" in text
    assert "Nadie lee esto con urgencia." in text
    missing = await text_of(client, f"/lists/{SAN_ANTONIO}?f=text&lang=es")
    assert "Asilo y refugio: no se conoce una línea" in missing
    assert "Llame al 155." in await words_of(few, f"/lists/{CUCUTA}?lang=es")


@pytest.mark.parametrize("service", models.PROTECTED_SERVICES)
async def test_p38_protected_services_are_refused_with_the_hotline(few, service):
    for f in ("html", "text", "png"):
        answer = await few.get(f"/lists/{CUCUTA}?f={f}&service={service}")
        assert answer.status_code == 422
        assert answer.json()["hotline"] == "155"


async def test_p2_hidden_closed_and_expired_places_are_on_no_list(few):
    for code in (CUCUTA, PAMPLONA):
        for f in ("html", "text"):
            said = (await few.get(f"/lists/{code}?f={f}")).text
            for name in ("Casa Oculta", "Casa Cerrada", "Casa Vencida"):
                assert name not in said


async def test_p33_a_list_names_no_place_of_another_country(client):
    said = await text_of(client, f"/lists/{SAN_ANTONIO}?f=text&lang=es")
    assert "San Antonio del Táchira" in said
    assert "Villa del Rosario" not in said


async def test_a_service_chooses_places(few):
    said = await words_of(few, f"/lists/{PAMPLONA}?service=overnight&lang=es")
    assert "Solo: Dormir" in said
    assert "Albergue <Uno>" in said
    assert "Teléfono: +57 300 111 1111" not in said


async def test_no_place_is_said_and_whom_to_call_all_the_same(few):
    said = await words_of(few, "/lists/3652462?lang=es")
    assert "No se conoce un lugar aquí." in said
    assert "Llame al 155." in said


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
async def test_p37_p47_the_page_prints_without_scripts_but_the_quick_exit(few, lang):
    answer = await few.get(f"/lists/{PAMPLONA}?lang={lang}")
    outline = Outline(answer.text)
    assert dict(outline.tags)["html"] == {"lang": lang}
    assert not [tag for tag, _ in outline.tags if tag in {"style", "img"}]
    scripts = [attrs for tag, attrs in outline.tags if tag == "script"]
    assert scripts == [{"src": asset_url("page-exit.js")}]
    for tag, attrs in outline.tags:
        assert not [a for a in attrs if a.startswith("on") or a == "style"], tag
    assert [a for t, a in outline.tags if t == "a" and a.get("id") == "exit"]
    assert sum(tag == "h1" for tag, _ in outline.tags) == 1
    assert answer.headers["cache-control"] == "no-store"
    assert "unsafe" not in answer.headers["content-security-policy"]
    if lang != "es":
        assert "Nadie lee esto con urgencia." not in answer.text
        assert "Llame antes" not in answer.text
        assert "[*]" in await text_of(few, f"/lists/{PAMPLONA}?f=text&lang={lang}")
    assert '<a href="http' not in answer.text.replace('<a href="https://wa.me/', "")


async def test_numbers_are_called_by_a_tap(client, few):
    page = (await few.get(f"/lists/{PAMPLONA}")).text
    assert '<a href="tel:+573002222222" rel="noreferrer">+57 300 222 2222</a>' in page
    assert '<a href="https://wa.me/573003333333" rel="noreferrer">+57 300 333 3333</a>' in page
    assert 'href="tel:+00000000006"' in (await client.get(f"/lists/{CUCUTA}")).text


async def test_the_page_speaks_the_readers_language(few):
    for header, lang in (("fr-CA,en;q=0.5", "fr"), ("ht", "ht"), ("de", "es")):
        answer = await few.get(f"/lists/{PAMPLONA}", headers={"Accept-Language": header})
        assert f'<html lang="{lang}">' in answer.text


@pytest.mark.every(5, first=3)  # Creole, as the longest
@pytest.mark.parametrize("lang", sorted(LANGUAGES))
async def test_images_are_small_dated_parts_whatever_the_length(many, lang):
    path, parts = f"/lists/{PAMPLONA}?f=png&lang={lang}", 0
    while path:
        answer = await many.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "image/png"
        assert len(answer.content) <= LIMIT_BYTES
        assert Image.open(io.BytesIO(answer.content)).width == WIDTH
        parts += 1
        link = answer.headers.get("link")
        path = link and re.fullmatch('<(.*)>; rel="next"', link)[1]
    assert parts > 10
    beyond = await many.get(f"/lists/{PAMPLONA}?f=png&part={parts + 1}")
    assert beyond.status_code == 404
    assert beyond.json()["detail"] == f"the list has {parts} parts"


async def test_texts_are_messages_that_fit(many):
    text = await text_of(many, f"/lists/{PAMPLONA}?f=text&lang=pt")
    messages = text.rstrip("\n").split(SEPARATOR)
    assert len(messages) > 3
    for message in messages:
        assert len(message.encode("utf-16-le")) // 2 <= LIMIT
        assert message.startswith("*Lugares de apoio em Pamplona*")


@pytest.mark.parametrize("f", ["text", "png"])
async def test_an_unchanged_list_costs_no_second_download(few, f):
    first = await few.get(f"/lists/{CUCUTA}?f={f}")
    again = await few.get(
        f"/lists/{CUCUTA}?f={f}", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "public, no-cache"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/lists/1", 404),
        ("/lists/x", 404),
        ("/lists/%00", 400),
        (f"/lists/{CUCUTA}?f=pdf", 400),
        (f"/lists/{CUCUTA}?f=png&part=0", 400),
        (f"/lists/{CUCUTA}?service=x", 400),
        (f"/lists/{CUCUTA}?x=1", 400),
    ],
)
async def test_bad_requests_are_problems(few, path, status):
    answer = await few.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
