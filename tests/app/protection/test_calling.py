"""Nobody is told to call without a number beside it, with and without ``AMPARO_HOTLINE``."""

import json
import re
from html import unescape

import pytest

from tests.conftest import client_of, clone, run_sql
from tests.fixtures.every_page import _FILES, ANSWERS, PARTS, TOWN, addresses
from tests.fixtures.leak_operations import operations

#: "Llame", "llame", "Llámenos": who is told to call. Spaces' own names have none.
CALL = re.compile(r"\bll[aá]m(?:e|en|a)\b", re.IGNORECASE)
#: A number that a phone can call: three digits or more, which no date, hour or price is.
NUMBER = re.compile(r"\+?\d(?:[ -]?\d){2,}(?![\d:/.,]*[:/])")
#: How far a number may stand from the word, letters: in the same sentence, card or list.
NEAR = 700

#: Sentences that say "call" of help of no space: their number comes right behind.
RIGHT_BEHIND = re.compile(r"direcciones aquí, llame\.|llame a emergencias[.:]|Llame:")
BEHIND = 120

HTML = {"Accept": "text/html"}


def words_of(html):
    """Return what is read of a page."""
    seen = re.sub(r"<(script|style|datalist|select)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", seen)))


def without_number(text):
    """Return the places of a text that say "call" and have no number near."""
    bare = [
        text[max(0, found.start() - 80) : found.end() + 80]
        for found in CALL.finditer(text)
        if not NUMBER.search(text[max(0, found.start() - NEAR) : found.end() + NEAR])
    ]
    return bare + [
        text[found.start() : found.end() + BEHIND]
        for found in RIGHT_BEHIND.finditer(text)
        if not NUMBER.search(text[found.end() : found.end() + BEHIND])
    ]


@pytest.fixture(scope="module")
async def unnumbered(cluster, loaded_template, settings_for):
    """Talk to an application without a hotline; what is sent to it stays."""
    settings = settings_for(clone(cluster, loaded_template), hotline=None)
    async with client_of(settings, is_written_elsewhere=False) as client:
        yield client


@pytest.fixture(scope="module")
async def hotline(loaded_shared, settings_for):
    """Talk to an application with a hotline, to which nothing is sent."""
    settings = settings_for(loaded_shared, hotline="155")
    async with client_of(settings, is_written_elsewhere=False) as client:
        yield client


async def pages(client):
    """Yield every page that anybody may open, and each text that is passed on."""
    for one in operations(client.application):
        if one.method != "GET" or _FILES.search(one.template) or "/network" in one.template:
            continue
        names = set(re.findall(r"\{(\w+)\}", one.template))
        if not names <= {*PARTS, "space", "code"}:
            continue
        for path in addresses(one.template, PARTS):
            answer = await client.get(path, headers=HTML)
            if answer.headers.get("content-type", "").startswith(("text/html", "text/plain")):
                yield path, answer
    for path in ("/spaces/nowhere", f"/txt/{TOWN}?service=gbv_response", f"/lists/{TOWN}?f=txt"):
        yield path, await client.get(path, headers=HTML)
    for one in ANSWERS:
        if one.fields is None:
            yield one.path, await client.get(one.path, headers=HTML)
        else:
            yield str(one), await client.post(one.path, data=dict(one.fields))


WALK = {"start": [-72.508, 7.894], "end": [-72.654, 7.376], "mode": "foot"}
AT = "lon=-72.508&lat=7.894"

#: What programs ask, and whether whom to call has to be in the answer.
QUESTIONS = (
    ("GET", f"/spaces/nearest?{AT}", None),
    ("GET", f"/spaces/nearest?{AT}&service=gbv_response", None),
    ("GET", f"/spaces/match?{AT}&service=overnight", None),
    ("GET", f"/spaces/match?{AT}&service=food&age=12&alone=true", None),
    ("GET", f"/spaces/match?{AT}&service=gbv_response", None),
    (
        "POST",
        "/routes",
        WALK
        | {
            "avoid": [
                {
                    "type": "Polygon",
                    "coordinates": [
                        [[-72.7, 7.3], [-72.6, 7.3], [-72.6, 7.42], [-72.7, 7.42], [-72.7, 7.3]]
                    ],
                }
            ]
        },
    ),
    ("POST", "/routes", WALK | {"end": [-80.0, 4.0]}),
    ("POST", "/requests", {"service": "food", "country": "CO"}),
    ("POST", "/requests", {"service": "gbv_response", "country": "CO"}),
    ("POST", "/complaints", {"space": "DEMO-001", "category": "other", "country": "CO"}),
    (
        "POST",
        "/reports",
        {"id": "6f1f6d7c-9a0c-4a62-9d0b-0f6a2c1c7e55", "kind": "landslide"}
        | {"lon": -72.65, "lat": 7.376, "seen_on": "2026-11-24"},
    ),
)


async def answers(client):
    for method, path, body in QUESTIONS:
        answer = await client.request(method, path, json=body)
        assert answer.status_code in {200, 201, 202, 422}, (path, answer.text)
        yield f"{method} {path} {body}", answer.json()


def lines_in(answer):
    """Return the lines to call of an answer, wherever it has them."""
    return answer.get("lines", answer.get("fallback", {}).get("lines"))


async def test_p45_nobody_is_told_to_call_without_a_number(unnumbered):
    walked, wrong = 0, []
    async for name, page in pages(unnumbered):
        html = page.headers["content-type"].startswith("text/html")
        bare = without_number(words_of(page.text) if html else page.text)
        wrong += [(name, place) for place in bare]
        walked += 1
    async for name, answer in answers(unnumbered):
        if not lines_in(answer):
            wrong.append((name, "no lines"))
        elif not all(line["phone"] or line["whatsapp"] for line in lines_in(answer)):
            wrong.append((name, "a line without a number"))
    assert wrong == []
    assert walked > 30


async def test_where_nobody_knows_a_line_nothing_of_help_says_to_call(loaded_clone, settings_for):
    settings = settings_for(loaded_clone, hotline=None)
    await run_sql(settings, "delete from amparo.contacts")
    async with client_of(settings, is_written_elsewhere=False) as client:
        async for name, page in pages(client):
            assert not RIGHT_BEHIND.search(words_of(page.text)), name
        async for name, answer in answers(client):
            assert lines_in(answer) == [], name
            assert not RIGHT_BEHIND.search(json.dumps(answer, ensure_ascii=False)), name
            assert "llame a una de las líneas" not in json.dumps(answer, ensure_ascii=False)


@pytest.mark.parametrize("path", ["/", "/offline", "/match", "/spaces/DEMO-001", f"/txt/{TOWN}"])
async def test_with_a_hotline_its_number_stands_there(hotline, path):
    page = await hotline.get(path, headers=HTML)
    assert "155" in words_of(page.text)


async def test_the_lines_are_those_of_the_country(unnumbered):
    space = words_of((await unnumbered.get("/spaces/DEMO-001", headers=HTML)).text)
    said = space.partition("direcciones aquí, llame.")[2][:400]
    assert "+000 0000 0007" in said  # Venezuela's
    assert "+000 0000 0009" not in said  # Ecuador's
    home = words_of((await unnumbered.get("/", headers=HTML)).text)
    assert "Ecuador: DEMO +000 0000 0009" in home.rpartition("servicios protegidos")[2]


async def test_p45_the_numbers_of_where_a_refused_way_starts_come_first(unnumbered):
    (avoiding,) = (body for _, _, body in QUESTIONS if body and "avoid" in body)
    over = avoiding | {"start": [-72.225, 7.767]}  # San Cristóbal, in Venezuela
    answer = await unnumbered.post("/routes", json=over)
    assert answer.status_code == 422, answer.text
    countries = [line["country"] for line in answer.json()["lines"]]
    assert countries == sorted(countries, reverse=True)
    assert set(countries) == {"VE", "CO"}
