"""The poster of a space: A5, small, with the letters of five languages; none of what is hidden."""

import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import segno
from fontTools.ttLib import TTFont

from app.i18n import catalogues, translation
from app.i18n.fonts_used import BOLD, PLAIN, covered
from app.i18n.reviewed_texts import ReviewedTexts, use_texts
from app.texts import poster_pdf, print_text
from app.texts.poster import Poster, PosterService
from app.texts.print_text import PrintLine
from geo.db.sessions import Tier
from geo.guidance.contacts import AreaContacts
from geo.records import demo_rows, space_documents
from geo.text.languages import LANGUAGES
from geo.translations.published import PublishedTexts
from tests.app.pages.test_space import FULL, MORNING, REFERRER, SECRET, TODAY, rows
from tests.conftest import client_of, clone, opened

#: Letters of the five languages, capital ones included, and of Wayuunaiki, Nasa Yuwe, Guaraní.
LETTERS = "áéíóúüñàèìòùâêîôûãõçäëïöœæ" + "ẽĩũỹ" + "¿¡«»“”’–—…€°ªº"


@pytest.fixture(scope="module")
async def settings(cluster, loaded_template, settings_for):
    made = settings_for(
        clone(cluster, loaded_template), hotline="155", public_url="https://mapa.example.org"
    )
    async with opened(made) as database, database.session(Tier.WRITER) as session:
        await demo_rows.remove_demo(session)
        documents = [REFERRER, {**FULL, "referral_points": ["T-REF"]}, SECRET]
        await space_documents.store_documents(
            session, documents, now=MORNING, today=TODAY, source="test"
        )
    return made


@pytest.fixture(scope="module")
async def talking(settings):
    async with client_of(settings, clock=lambda: MORNING) as client:
        yield client


@pytest.fixture
def drawn(monkeypatch):
    """Note the posters that are drawn, and the texts that are written on them."""
    noted = []

    def note(self, text, *args, **kwargs):
        noted.append(text)
        return written(self, text, *args, **kwargs)

    written = poster_pdf._Sheet._write
    monkeypatch.setattr(poster_pdf._Sheet, "_write", note)
    return noted


async def pdf_of(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    return answer.content


def streams(pdf):
    for start in re.finditer(
        rb"/Filter /FlateDecode\n/Length \d+\n(?:/Length1 \d+\n)?>>\nstream\n", pdf
    ):
        yield zlib.decompressobj().decompress(pdf[start.end() :])


@pytest.mark.every(2, first=1)  # Spanish, and Creole as the longest
@pytest.mark.parametrize("lang", sorted(LANGUAGES))
async def test_a_poster_is_one_small_page_of_a5(client, talking, lang):
    # The fullest in every language, those of the demonstration in one.
    demo = ((client, "DEMO-006"), (client, "DEMO-007")) if lang == "es" else ()
    for asked, space in (*demo, (talking, "T-FULL")):
        pdf = await pdf_of(asked, f"/spaces/{space}/poster.pdf?lang={lang}")
        assert len(pdf) <= poster_pdf.LIMIT_BYTES
        assert re.search(rb"/MediaBox \[0 0 419\.53 595\.28\]", pdf)
        assert pdf.count(b"/Type /Page\n") == 1
        assert b"/FontFile2" in pdf, "fonts are embedded"


async def test_p43_the_poster_says(talking, drawn):
    await pdf_of(talking, "/spaces/T-REF/poster.pdf")
    for said in (
        "Punto que remite",
        "Espacio de apoyo · Cúcuta, Norte de Santander, Colombia",
        "Según su horario: todos los días 8 a. m. – 5 p. m. (última entrada 4 p. m.)",
        "Teléfono: +57 300 111 1111",
        "Información",
        "Idiomas: español",
        "Con el código: el horario de hoy y todo lo demás.",
        "https://mapa.example.org/s/T-REF",
    ):
        assert said in [line.replace("\N{NO-BREAK SPACE}", " ") for line in drawn], said
    await pdf_of(talking, "/spaces/T-FULL/poster.pdf")
    assert "Solo con remisión: Punto que remite" in drawn
    assert "Dónde: Calle 1 # 2-3; Frente al parque; Ruta 55, km 12,5" in drawn


async def test_p49_it_says_of_which_day_it_is_and_when_to_take_it_down(talking, drawn):
    await pdf_of(talking, "/spaces/T-FULL/poster.pdf")
    day = translation.words("es").day
    ends = (MORNING.date()).fromordinal(TODAY.toordinal() + 10)
    (dates,) = {text for text in drawn if text.startswith("Datos del")}
    assert f"Datos del {day(TODAY)}. Quite este afiche después del {day(ends)}." in dates
    assert "Llame antes de ir." in dates


async def test_p38_p44_p45_whom_to_call_and_where_to_complain(client, talking, drawn):
    await pdf_of(talking, "/spaces/T-REF/poster.pdf")
    assert [text for text in drawn if "no hay direcciones aquí, llame. Llame al 155." in text]
    await pdf_of(client, "/spaces/DEMO-006/poster.pdf")
    assert "Emergencias: +000 0000 0006 (todos los días)" in drawn
    assert [text for text in drawn if "Quejas sobre el personal" in text and "0005" in text]


async def test_p35_a_poster_says_demo_across_the_page_while_demo_rows_are_loaded(
    client, talking, drawn
):
    pdf = await pdf_of(client, "/spaces/DEMO-006/poster.pdf")
    assert "DEMO: datos ficticios de demostración. No viaje a estos lugares." in drawn
    assert b" 118.00 Tf" in next(streams(pdf)), "the watermark's letters"
    drawn.clear()
    pdf = await pdf_of(talking, "/spaces/T-REF/poster.pdf")
    assert not [text for text in drawn if "DEMO" in text]
    assert b" 118.00 Tf" not in next(streams(pdf))


async def test_p47_words_of_danger_are_labelled(talking, drawn):
    await pdf_of(talking, "/spaces/T-REF/poster.pdf?lang=ht")
    originals = [text for text in drawn if text.startswith(("Pou vyolans", "Ijans"))]
    assert originals
    for text in originals:
        assert text.endswith("[*]")
    assert "ES = tèks orijinal an panyòl; * = tradiksyon ki poko revize" in drawn


async def test_p39_hidden_expired_and_never_existed_are_one_answer(
    client, settings_for, loaded_shared
):
    never = await client.get("/spaces/T-NEVER/poster.pdf")
    assert never.status_code == 404
    hidden = await rows(
        settings_for(loaded_shared),
        "select id from amparo.locations"
        " where visibility <> 'public' or expires_on < amparo.today()",
    )
    assert len(hidden) > 5
    for (space,) in hidden:
        answer = await client.get(f"/spaces/{space}/poster.pdf")
        assert (answer.status_code, answer.content) == (404, never.content)
        assert answer.headers.keys() == never.headers.keys()


async def test_p39_a_hidden_referrer_is_not_named(cluster, loaded_template, settings_for, drawn):
    settings = settings_for(clone(cluster, loaded_template))
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await space_documents.store_documents(
            session, [REFERRER, SECRET, FULL], now=MORNING, today=TODAY, source="test",
            allow_mixed=True,
        )  # fmt: skip
    async with client_of(settings, clock=lambda: MORNING) as client:
        await pdf_of(client, "/spaces/T-FULL/poster.pdf")
    assert "Solo con remisión: Punto que remite" in drawn


async def test_p28_the_sign_of_the_network_is_for_verified_members_alone(settings, talking, drawn):
    said = "Miembro verificado de la red"
    await pdf_of(talking, "/spaces/T-REF/poster.pdf")
    assert said not in drawn
    for statement in (
        "alter table amparo.organizations disable trigger guard_membership",
        "update amparo.organizations set verified_member = true where name = 'Organización Prueba'",
        "alter table amparo.organizations enable trigger guard_membership",
    ):
        await rows(settings, statement)
    await pdf_of(talking, "/spaces/T-REF/poster.pdf")
    assert said in drawn


async def test_the_code_leads_to_the_short_address(talking, monkeypatch):
    coded, make = [], segno.make_qr

    def note(content, **options):
        coded.append(content)
        return make(content, **options)

    monkeypatch.setattr(poster_pdf.segno, "make_qr", note)
    await pdf_of(talking, "/spaces/T-REF/poster.pdf")
    assert set(coded) == {"https://mapa.example.org/s/T-REF"}


async def test_an_unchanged_poster_costs_no_second_download(talking):
    first = await talking.get("/spaces/T-REF/poster.pdf")
    assert first.headers["cache-control"] == "public, no-cache"
    known = {"If-None-Match": first.headers["etag"]}
    again = await talking.get("/spaces/T-REF/poster.pdf", headers=known)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("query", ["lang=de", "x=1"])
async def test_bad_requests_are_problems(talking, query):
    answer = await talking.get(f"/spaces/T-REF/poster.pdf?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_p33_the_nearest_others_are_open_and_of_the_same_country(client, drawn, monkeypatch):
    """Two more lines for who is not taken in: name, straight distance, place and number."""
    pdf = await pdf_of(client, "/spaces/DEMO-006/poster.pdf")
    first = drawn.index("Otros lugares cerca")
    told = [text for text in drawn[first:] if text.endswith("en línea recta")][:2]
    shown = (await client.get("/spaces/DEMO-006")).json()
    lon, lat = shown["geometry"]["coordinates"]
    near = (await client.get(f"/spaces/nearest?lon={lon}&lat={lat}&limit=9")).json()["features"]
    country = shown["properties"]["country"]
    others = [one for one in near if one["id"] != "DEMO-006"]
    expected = [one["properties"] for one in others if one["properties"]["country"] == country][:2]
    assert len(told) == len(expected) == 2
    for text, one in zip(told, expected, strict=True):
        assert one["name"] in text
        assert one["status"] == "active"
    assert b" re W n\n" in next(streams(pdf)), "the small map is cut at its frame"


def test_p47_no_line_mixes_languages_where_half_of_its_words_are_published():
    line = {"kind": "gbv", "phone": "155", "whatsapp": None, "hours": "todos los días"}
    lines = AreaContacts(lines=[line], not_known=[])
    w = translation.words("ht")
    reviewed = {("ht", print_text.PROTECTED): "Rele."}
    try:
        use_texts(ReviewedTexts(PublishedTexts(reviewed, set())))
        one = print_text.protected(w, None, lines)
        assert (one.is_original, one.is_draft) == (False, True)
        reviewed |= {("ht", print_text.KINDS["gbv"]): "Vyolans"}
        use_texts(ReviewedTexts(PublishedTexts(reviewed, set())))
        one = print_text.protected(w, None, lines)
        assert (one.is_draft, one.text) == (False, "Rele. Vyolans 155.")
        (called,) = print_text.help_lines(w, lines)
        assert (called.label, called.is_original) == ("Vyolans", True), "hours are in Spanish"
    finally:
        use_texts(ReviewedTexts())


def poster(**changes):
    empty = Poster(
        lang="ht",
        name="Casa",
        about="Albergue",
        organization=None,
        is_member=False,
        member="",
        notices=[],
        where=[],
        hours=[],
        services_heading="Sèvis",
        services=[],
        alternatives_heading="Lòt",
        alternatives=[],
        locator=None,
        locator_notes=[],
        facts=[],
        phones=[],
        help_heading="Èd",
        help=[],
        complaints_heading="Plent",
        complaints=[],
        address="https://mapa.example.org/s/X",
        scan="",
        day=datetime(2026, 11, 26, tzinfo=UTC),
        dates=(),
        originals=None,
    )
    return replace(empty, **changes)


def test_whatever_a_record_holds_the_poster_stays_one_small_page():
    every = "".join(sorted(map(chr, {*range(0x21, 0x7F), *range(0xA1, 0x180)})))
    long = [
        PrintLine(f"{every[20 * n :]} palabra", "Etiqueta", is_strong=n % 2 == 0) for n in range(4)
    ]
    pdf = poster_pdf.draw(
        poster(
            name=every,
            where=long,
            facts=long,
            services=[PosterService(every[n:40], "food" if n % 2 else None) for n in range(8)],
            alternatives=long[:2],
        )
    )
    assert pdf.count(b"/Type /Page\n") == 1
    assert len(pdf) <= 60_000


def test_the_same_poster_is_the_same_bytes():
    assert poster_pdf.draw(poster()) == poster_pdf.draw(poster())


def test_many_letters_cost_the_bold_font_and_not_the_limit():
    every = (
        LETTERS + LETTERS.upper() + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    )
    pdf = poster_pdf.draw(
        poster(name=every, facts=[PrintLine(every)], where=[PrintLine(every, is_strong=True)])
    )
    assert len(pdf) <= poster_pdf.LIMIT_BYTES


def test_the_fonts_have_the_letters_of_the_region_and_their_licence():
    text = LETTERS + LETTERS.upper().replace("ª", "").replace("º", "")
    assert covered(text) == text
    assert covered("e\u0301") == "é"
    assert covered("東\u200b") == "□"
    for path in (PLAIN, BOLD):
        with TTFont(path) as font:
            assert "DejaVu" in font["name"].getDebugName(1)
    folder = PLAIN.parent
    assert "Bitstream Vera" in (folder / "LICENSE.txt").read_text(encoding="utf-8")


def test_the_fonts_are_those_whose_source_is_stated():
    from hashlib import sha256

    stated = (PLAIN.parent / "SOURCES.md").read_text(encoding="utf-8")
    for path in (PLAIN, BOLD):
        assert sha256(path.read_bytes()).hexdigest() in stated


def test_every_word_that_is_printed_can_be_set():
    app = catalogues.APP
    told = [*(app / "texts").glob("*.py"), app / "journeys" / "route_ends.py"]
    told += [app / "journeys" / "sms.py", app / "i18n" / "road_names.py"]
    printed = set().union(*map(catalogues.texts_in, told))
    assert len(printed) > 100
    for text in printed:
        for lang in sorted(LANGUAGES):
            w = translation.words(lang)
            for said in (
                w.ngettext(text.singular, text.plural or text.singular, 2),
                w.gettext(text.singular),
                text.singular,
            ):
                assert "□" not in covered(said), said
