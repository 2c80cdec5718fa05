"""What a space's page offers to send on: links alone, of public spaces, in the page's words."""

from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from app.i18n import translation
from app.i18n.gsm7 import SEPTETS, septets
from app.texts.sharing import read_public, short_message
from geo.db.sessions import Tier
from geo.records import demo_rows, space_documents
from geo.text.languages import LANGUAGES
from tests.app.page_models.test_renderer import Outline
from tests.app.pages.test_space import FULL, MORNING, REFERRER, SECRET, TODAY
from tests.conftest import client_of, clone, opened, partner_header

#: Seen by partners alone, and one whose name and hours no message holds.
PARTNERS = {**REFERRER, "id": "T-PART", "name": "Casa de Socios", "visibility": "partners"}
LONG = {**REFERRER, "id": "T-LONG", "name": "Albergue " + "muy largo " * 19}
LONG |= {
    "coord_precision": "town",
    "confirmed_on": FULL["confirmed_on"],
    "expires_on": FULL["expires_on"],
    "schedules": [
        {"byday": [day], "opens_at": f"0{n}:15", "closes_at": f"1{n}:45"}
        for n, day in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))
    ],
}

SHUT = {**REFERRER, "id": "T-SHUT", "name": "Casa en Obras", "status": "temporarily_closed"}
GONE = {**REFERRER, "id": "T-GONE", "name": "Casa Cerrada", "status": "closed"}


@pytest.fixture(scope="module")
async def settings(cluster, loaded_template, settings_for):
    made = settings_for(clone(cluster, loaded_template), public_url="https://mapa.example.org")
    async with opened(made) as database, database.session(Tier.WRITER) as session:
        await demo_rows.remove_demo(session)
        await space_documents.store_documents(
            session,
            [REFERRER, {**FULL, "referral_points": ["T-REF"]}, SECRET, PARTNERS, LONG, SHUT, GONE],
            now=MORNING,
            today=TODAY,
            source="test",
        )
    return made


@pytest.fixture(scope="module")
async def pages(settings):
    async with client_of(settings, clock=lambda: MORNING) as client:
        yield client


async def links_of(client, path, **headers):
    answer = await client.get(path, headers={"Accept": "text/html", **headers})
    assert answer.status_code == 200, answer.text
    found = [attrs["href"] for tag, attrs in Outline(answer.text).tags if tag in {"a", "link"}]
    return {name: [h for h in found if h.startswith(start)] for name, start in STARTS.items()}


STARTS = {
    "whatsapp": "https://wa.me/?text=",
    "sms": "sms:?body=",
    "geo": "geo:",
    "poster": "/spaces/",
    "canonical": "/spaces/T-",
}


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
async def test_the_page_offers_whatsapp_sms_map_and_poster(pages, lang):
    links = await links_of(pages, f"/spaces/T-REF?lang={lang}")
    (whatsapp,), (sms,) = links["whatsapp"], links["sms"]
    (text,) = parse_qs(urlsplit(whatsapp).query)["text"]
    assert "*Punto que remite*" in text
    assert "+57 300 111 1111" in text
    assert text.endswith("https://mapa.example.org/s/T-REF")
    body = unquote(sms.removeprefix("sms:?body="))
    assert septets(body) <= SEPTETS
    assert "Punto que remite: +57 300 111 1111" in body
    assert "https://mapa.example.org/s/T-REF" in body
    assert f"{TODAY.year - 2000:02}" in body
    assert f"/spaces/T-REF/poster.pdf?lang={lang}" in links["poster"]


async def test_p48_the_map_gets_the_spaces_own_public_position_and_no_other(pages):
    assert (await links_of(pages, "/spaces/T-REF"))["geo"] == [
        "geo:7.89000,-72.51000?q=7.89000,-72.51000"
    ]
    # That of a town is no address to walk to.
    assert (await links_of(pages, "/spaces/T-LONG"))["geo"] == []


async def test_p22_a_message_of_an_old_word_says_to_call_first(pages):
    (sms,) = (await links_of(pages, "/spaces/T-LONG?lang=es"))["sms"]
    body = unquote(sms.removeprefix("sms:?body="))
    assert septets(body) <= SEPTETS
    assert "llame antes" in body
    assert body.startswith("Albergue muy largo")
    assert "+57 300 111 1111" in body


async def test_p35_what_is_sent_on_says_demo_while_demo_rows_are_loaded(client):
    links = await links_of(client, "/spaces/DEMO-006?lang=es")
    (whatsapp,), (sms,) = links["whatsapp"], links["sms"]
    assert unquote(whatsapp).startswith("https://wa.me/?text=DEMO: datos ficticios")
    assert unquote(sms).startswith("sms:?body=DEMO ")


async def test_p35_a_real_space_beside_demo_rows_says_demo_too(settings):
    async with opened(settings) as database, database.session(Tier.PUBLIC) as session:
        space = await read_public(session, "T-REF", MORNING)
    beside = replace(space, has_demo=True)
    said = short_message(
        translation.words("es"), beside, base="https://mapa.example.org", now=MORNING
    )
    assert said.startswith("DEMO Punto que remite")


async def test_p48_nothing_is_asked_elsewhere_before_a_tap(pages):
    answer = await pages.get("/spaces/T-REF", headers={"Accept": "text/html"})
    for tag, attrs in Outline(answer.text).tags:
        if tag in {"script", "img", "link", "iframe"}:
            assert not (attrs.get("src") or attrs.get("href") or "").startswith("http")
    assert 'rel="noreferrer"' in answer.text.partition('href="https://wa.me/?text=')[2][:2000]


async def test_p2_a_partner_is_offered_nothing_to_send_of_what_the_public_does_not_see(settings):
    token = await partner_header(settings)
    async with client_of(settings, clock=lambda: MORNING) as client:
        assert (await client.get("/spaces/T-PART", headers=token)).status_code == 200
        links = await links_of(client, "/spaces/T-PART", **token)
        assert [links[name] for name in ("whatsapp", "sms", "geo")] == [[], [], []]
        assert not [href for href in links["poster"] if "poster.pdf" in href]
        assert (await client.get("/spaces/T-PART/poster.pdf", headers=token)).status_code == 404
        assert (await links_of(client, "/spaces/T-REF", **token))["whatsapp"]


async def test_the_short_address_is_the_same_page_and_names_the_long_one(pages):
    page = {"Accept": "text/html"}
    short = await pages.get("/s/T-REF?lang=es", headers=page)
    long = await pages.get("/spaces/T-REF?lang=es", headers=page)
    assert (short.status_code, short.content) == (200, long.content)
    assert (await links_of(pages, "/s/T-REF"))["canonical"][0] == "/spaces/T-REF"
    assert '<link rel="canonical" href="/spaces/T-REF">' in short.text
    assert (await pages.get("/s/T-REF")).json()["id"] == "T-REF"


async def test_p39_the_short_address_of_what_is_hidden_is_that_of_what_never_was(pages):
    page = {"Accept": "text/html"}
    hidden, never = [await pages.get(f"/s/{i}", headers=page) for i in ("T-SECRET", "T-NEVER")]
    assert (hidden.status_code, hidden.content) == (404, never.content)


async def test_p44_the_complaint_says_that_nobody_reads_it_urgently(pages):
    page = await pages.get("/spaces/T-REF?lang=es", headers={"Accept": "text/html"})
    _, _, after = page.text.partition("Quiero quejarme de este lugar")
    assert "Nadie lee esto con urgencia." in after


async def test_p15_what_keeps_people_out_is_in_every_message(pages):
    links = await links_of(pages, "/spaces/T-FULL?lang=es")
    (whatsapp,), (sms,) = links["whatsapp"], links["sms"]
    assert "Solo con remisión: Punto que remite" in unquote(whatsapp)
    assert "solo con remision" in unquote(sms)
    links = await links_of(pages, "/spaces/T-SHUT?lang=es")
    assert "Cerrado por un tiempo" in unquote(links["whatsapp"][0])
    assert "cerrado por un tiempo" in unquote(links["sms"][0])


async def test_p15_a_place_that_has_closed_is_not_sent_on(pages):
    links = await links_of(pages, "/spaces/T-GONE?lang=es")
    assert not any(links[name] for name in ("whatsapp", "sms", "geo"))
    assert (await pages.get("/spaces/T-GONE/poster.pdf")).status_code == 404


async def test_the_page_leads_to_the_list_of_its_municipality(pages):
    html = (await pages.get("/spaces/T-FULL?lang=es", headers={"Accept": "text/html"})).text
    assert 'href="/lists/3673045?lang=es"' in html
    assert "Albergue &lt;Uno&gt;" in (await pages.get("/lists/3673045?lang=es")).text
