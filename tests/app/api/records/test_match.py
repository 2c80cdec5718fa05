"""``/spaces/match``: what can be done about a need, and why, over spaces of its own."""

import json
import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.journeys.matching import arrival
from geo import models
from geo.spaces.next_steps import SpaceDistance
from routing.travel.profiles import ADULT, REDUCED_MOBILITY
from tests.conftest import client_of, clone
from tests.fixtures.around import MORNING, long_ago, put, space

BOGOTA = ZoneInfo("America/Bogota")
CUCUTA = "lon=-72.508&lat=7.894"
SAN_ANTONIO = "lon=-72.444&lat=7.811"

SPACES = (
    space("near", -72.512, 7.896, places=12),
    space("older", -72.511, 7.896, confirmed_on=long_ago(20), places=12),
    space("pamplona", -72.6539, 7.3757, services=("food", "health", "overnight")),
    space("full", -72.509, 7.893, places=0),
    space("shut", -72.509, 7.894, status="temporarily_closed"),
    space("women", -72.507, 7.894, genders=["women"], services=("legal_advice",)),
    space("papers", -72.506, 7.894, documents_required=["id_card"], services=("legal_advice",)),
    space("adults", -72.505, 7.894, minimum_age=18, services=("legal_advice",)),
    space("kreyol", -72.505, 7.895, languages=("ht",), services=("legal_advice",)),
    space("night", -72.504, 7.894, hours=((time(18), time(8), time(21)),), services=("showers",)),
    space("unknown", -72.503, 7.894, hours=(), services=("showers",)),
    space("chinacota", -72.601, 7.607, hours=((time(8), time(18)),), services=("hygiene",)),
    space("desk", -72.502, 7.894, services=("information", "referral")),
    space(
        "home",
        -72.47,
        7.9,
        access="referral_only",
        services=("health",),
        referrers=("desk", "secret-desk"),
    ),
    space("secret-desk", -72.5021, 7.894, services=("information",), visibility="restricted"),
    space("secret", -72.5085, 7.8945, visibility="restricted", confidential=True),
    space(
        "across",
        -72.446,
        7.8115,
        country="VE",
        timezone="America/Caracas",
        services=("food", "charging"),
    ),
)


@pytest.fixture(scope="module")
async def around(cluster, loaded_template, settings_for):
    settings = settings_for(clone(cluster, loaded_template), hotline="Línea 123 (ficticia)")
    await put(settings, *SPACES, replace=True)
    return settings


@pytest.fixture(scope="module")
async def asking(around):
    async with client_of(around, clock=lambda: MORNING) as client:
        yield client


async def match(client, query):
    response = await client.get(f"/spaces/match?{query}")
    assert response.status_code == 200, response.text
    return response.json()


def ids(body):
    return [feature["id"] for feature in body["features"]]


def codes(feature):
    return [reason["code"] for reason in feature["properties"]["reasons"]]


async def test_the_contract(asking):
    body = await match(asking, f"{CUCUTA}&service=overnight&limit=3")
    assert body["type"] == "FeatureCollection"
    assert body["country"] == "CO"
    assert [f["properties"]["rank"] for f in body["features"]] == [1, 2, 3]
    first = body["features"][0]
    assert first["id"] == "near"
    assert first["properties"]["distance_kind"] in {"walking", "straight"}
    assert first["properties"]["role"] == "serves"
    arrival = datetime.fromisoformat(first["properties"]["arrival"])
    assert MORNING < arrival < MORNING + timedelta(hours=1)
    assert codes(first)[0] == "open"
    assert {"demo", "places"} <= set(codes(first))


async def test_p9_p7_nothing_of_a_need_is_kept_or_finer_than_a_hundred_metres(asking):
    response = await asking.get("/spaces/match?lon=-72.50781&lat=7.89449&service=food")
    assert response.headers["cache-control"] == "private, no-store"
    assert response.json() == await match(asking, "lon=-72.508&lat=7.894&service=food")
    body = {"lon": -72.508, "lat": 7.894, "service": ["food"], "languages": ["es"]}
    posted = await asking.post("/spaces/match", json=body)
    assert posted.json() == await match(asking, f"{CUCUTA}&service=food&languages=es")


async def test_p15_full_shut_and_hidden_spaces_are_no_destination(asking):
    body = await match(asking, f"{CUCUTA}&service=overnight&limit=20")
    assert ids(body) == ["near", "older", "pamplona"]
    left_out = {item["code"]: item["count"] for item in body["left_out"]}
    assert left_out["full"] == 1
    assert left_out["not_active"] == 1


@pytest.mark.parametrize(
    ("person", "excluded", "reason"),
    [
        ("gender=men", "women", "gender"),
        ("documents=none", "papers", "documents"),
        ("age=15", "adults", "age"),
        ("age=34&children=2", "adults", "age"),
    ],
)
async def test_each_person_is_kept_from_what_its_provider_states(asking, person, excluded, reason):
    everyone = await match(asking, f"{CUCUTA}&service=legal_advice&limit=20")
    assert set(ids(everyone)) == {"women", "papers", "adults", "kreyol"}
    body = await match(asking, f"{CUCUTA}&service=legal_advice&limit=20&{person}")
    assert set(ids(everyone)) - set(ids(body)) == {excluded}
    assert {item["code"]: item["count"] for item in body["left_out"]} == {reason: 1}


async def test_what_the_asker_did_not_say_is_a_doubt_and_ranks_lower(asking):
    body = await match(asking, f"{CUCUTA}&service=legal_advice&limit=20&age=30&gender=women")
    by_id = {feature["id"]: feature for feature in body["features"]}
    assert "doubt_documents" in codes(by_id["papers"])
    assert ids(body)[-1] == "papers"
    assert not [code for code in codes(by_id["women"]) if code.startswith("doubt")]


async def test_a_language_ranks_and_keeps_nobody_out(asking):
    """A mother of two who speaks Haitian alone is told of each place that takes her."""
    everyone = await match(asking, f"{CUCUTA}&service=legal_advice&limit=20")
    body = await match(asking, f"{CUCUTA}&service=legal_advice&limit=20&languages=ht")
    assert ids(body)[0] == "kreyol"
    assert set(ids(body)) == set(ids(everyone))
    assert body["left_out"] == []
    assert "doubt_language" not in codes(body["features"][0])
    for feature in body["features"][1:]:
        said = {one["code"]: one["text"] for one in feature["properties"]["reasons"]}
        assert said["doubt_language"] == "no consta que hablen haitiano"
    mother = f"{CUCUTA}&service=overnight&languages=ht&languages=fr&age=31&children=2"
    found = (await match(asking, mother))["features"]
    assert found
    assert "no consta que hablen francés / haitiano" in json.dumps(found, ensure_ascii=False)


async def test_the_page_says_the_language_in_its_own(asking):
    form = {"place": "Cúcuta, CO", "service": "overnight", "languages": "ht", "lang": "en"}
    page = await asking.post("/match", data=form)
    assert "they are not known to speak Haitian Creole" in page.text


async def test_p26_nationality_religion_and_colour_are_no_parameters(asking):
    for name in ("nationality", "religion", "colour", "color", "race", "ethnicity"):
        response = await asking.get(f"/spaces/match?{CUCUTA}&service=food&{name}=x")
        assert response.status_code == 400
        assert response.json()["field"] == name
        body = {"lon": -72.5, "lat": 7.9, "service": ["food"], name: "x"}
        assert (await asking.post("/spaces/match", json=body)).status_code == 400


async def test_p38_protected_services_are_refused_with_the_hotline(asking):
    for service in models.PROTECTED_SERVICES:
        response = await asking.get(f"/spaces/match?{CUCUTA}&service={service}&service=food")
        assert response.status_code == 422
        assert "protected services not counted" in response.text
        assert "Línea 123" in response.text
        assert '"features"' not in response.text


@pytest.mark.parametrize(
    "query",
    [
        "service=nothing",
        "",
        "service=food&age=-1",
        "service=food&age=x",
        "service=food&limit=0",
        "service=food&documents=none&documents=id_card",
        "service=food&alone=true&age=40",
        "service=food&children=3&people=2",
        "service=food&country=XX",
        "service=food&country=PE",
        "service=food&gender=unknown-term",
        "service=food&documents=unknown-term",
        "service=food&at=2026-01-01T00:00:00",
    ],
)
async def test_what_cannot_be_meant_is_refused(asking, query):
    response = await asking.get(f"/spaces/match?{CUCUTA}&{query}")
    assert response.status_code == 400, response.text
    assert response.json()["errors"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"service": ["nothing"]}, "service"),
        ({"service": ["food", 7]}, "service.1"),
        ({"services": ["food"]}, "services"),
        ({"age": "x"}, "age"),
        ({"alone": True, "age": 40}, "alone"),
        ({"alone": True, "children": 1}, "alone"),
        ({"children": 3, "people": 2}, "people"),
        ({"documents": ["none", "passport"]}, "documents"),
        ({"documents": ["unknown-term"]}, "documents"),
        ({"gender": "unknown-term"}, "gender"),
        ({"country": "XX"}, "country"),
        ({"lon": 7.894, "lat": -72.508}, "lon"),
    ],
)
async def test_a_problem_names_the_field_as_it_was_sent(asking, changes, field):
    body = {"lon": -72.508, "lat": 7.894, "service": ["food"], **changes}
    response = await asking.post("/spaces/match", json=body)
    assert response.status_code == 400, response.text
    problem = response.json()
    assert [one["field"] for one in problem["errors"]] == [field]
    assert problem.get("field", field) == field


async def test_a_referral_only_space_is_answered_as_who_refers_to_it(asking):
    body = await match(asking, f"{CUCUTA}&service=health&limit=20")
    assert ids(body) == ["desk", "pamplona"]
    step = body["features"][0]["properties"]
    assert step["role"] == "refers"
    assert step["refers_to"] == {"id": "home", "name": "Space home"}
    assert codes(body["features"][0])[0] == "refers"
    assert "secret" not in json.dumps(body)


async def test_p33_spaces_of_another_country_come_last_with_the_crossing(asking):
    body = await match(asking, f"{CUCUTA}&service=food&limit=20")
    assert ids(body)[-1] == "across"
    across = body["features"][-1]["properties"]
    assert across["country"] == "VE"
    assert across["other_country"] is True
    assert across["distance_kind"] == "walking"
    assert [c["state"] for c in across["crossings"]] == ["open"]
    assert "crossing" in codes(body["features"][-1])
    assert all(not f["properties"]["other_country"] for f in body["features"][:-1])
    # Nearer than Pamplona by far, and still after it.
    assert across["distance_m"] < body["features"][-2]["properties"]["distance_m"]


async def test_p33_nobody_is_sent_over_a_border_that_is_not_known_to_be_open(asking):
    night = (MORNING + timedelta(hours=14)).isoformat().replace("+", "%2B")
    body = await match(asking, f"{CUCUTA}&service=charging&at={night}")
    assert ids(body) == []
    assert {item["code"]: item["count"] for item in body["left_out"]} == {"border": 1}
    assert "across" not in json.dumps(body["fallback"])


async def test_p33_who_stands_on_the_bridge_says_on_which_side(asking):
    home = await match(asking, f"{SAN_ANTONIO}&service=charging")
    assert home["country"] == "VE"
    assert ids(home) == ["across"]
    assert home["features"][0]["properties"]["other_country"] is False


async def test_there_is_always_a_fallback(asking):
    some = await match(asking, f"{CUCUTA}&service=food")
    assert some["fallback"]["hotline"] == "Línea 123 (ficticia)"
    assert some["fallback"]["text"]
    assert some["fallback"]["spaces"] == []
    assert [line["kind"] for line in some["fallback"]["lines"]][:1] == ["emergency"]
    nothing = await match(asking, f"{CUCUTA}&service=transport_information")
    assert nothing["features"] == []
    assert [(s["id"], s["role"]) for s in nothing["fallback"]["spaces"]] == [("desk", "guide")]
    child = await match(asking, f"{CUCUTA}&service=food&age=12&alone=true")
    assert "child_protection" in {line["kind"] for line in child["fallback"]["lines"]}


async def test_what_is_only_shut_at_that_hour_says_when_it_opens(asking):
    body = await match(asking, f"{CUCUTA}&service=showers")
    assert body["features"] == []
    by_id = {space["id"]: space for space in body["fallback"]["spaces"]}
    assert [by_id[i]["role"] for i in ("night", "unknown", "desk")] == ["later", "later", "guide"]
    assert "18:00" in json.dumps(by_id["night"]["reasons"])
    assert [r["code"] for r in by_id["unknown"]["reasons"]] == ["hours_not_known", "call_before"]
    evening = (MORNING + timedelta(hours=9)).isoformat().replace("+", "%2B")
    assert ids(await match(asking, f"{CUCUTA}&service=showers&at={evening}")) == ["night"]
    late = (MORNING + timedelta(hours=12)).isoformat().replace("+", "%2B")
    body = await match(asking, f"{CUCUTA}&service=showers&at={late}")
    assert {item["code"] for item in body["left_out"]} == {"after_last_entry", "hours_not_known"}


async def test_p46_words_not_percentages_and_days_not_hours(asking):
    for service in ("overnight", "food", "health", "showers", "legal_advice"):
        response = await asking.get(f"/spaces/match?{CUCUTA}&service={service}&limit=20")
        assert "%" not in response.text
        assert not re.search(r"segur[oa]s?\b", response.text, re.IGNORECASE)
        assert not re.search(r'"(probability|chance|utility|score|p)"', response.text)
    body = await match(asking, f"{CUCUTA}&service=health&limit=20")
    pamplona = next(f for f in body["features"] if f["id"] == "pamplona")
    way = next(r["text"] for r in pamplona["properties"]["reasons"] if r["code"] == "walking")
    assert re.search(r"unos \d+ días a pie", way)


async def test_who_rests_by_night_arrives_in_the_morning(asking):
    """A longest day ends on the road at three in the afternoon, and people go on at six."""
    body = await match(asking, f"{CUCUTA}&service=hygiene")
    [chinacota] = body["features"]
    assert 25_000 < chinacota["properties"]["distance_m"] < 50_000
    arrival = datetime.fromisoformat(chinacota["properties"]["arrival"])
    assert time(8) < arrival.time() < time(11)
    assert arrival.date() == MORNING.date() + timedelta(days=1)


def test_nobody_who_walks_for_days_arrives_at_an_hour_at_which_nobody_walks():
    evening = datetime(2026, 11, 25, 17, tzinfo=BOGOTA)
    # An hour today, then the longest day.
    six_hours = SpaceDistance(30_000.0, 6 * 3600.0, 0.0, "walking")
    there = arrival(evening, six_hours, ADULT)
    assert there == datetime(2026, 11, 26, 11, tzinfo=BOGOTA)
    # Who is told "five hours on foot" leaves at once, and is told what is open then.
    five_hours = SpaceDistance(24_000.0, 5 * 3600.0, 0.0, "walking")
    assert arrival(evening, five_hours, ADULT) == evening + timedelta(hours=5)
    # People who walk with difficulty go 6.5 km a day.
    slow = arrival(evening, SpaceDistance(13_000.0, 4 * 3600.0, 0.0, "straight"), REDUCED_MOBILITY)
    assert slow.date() == evening.date() + timedelta(days=2)


async def test_who_walks_for_hours_is_told_when_they_arrive(asking):
    """Who asks in the evening reads that a walk of hours ends at night, by the clock there."""
    told = {}
    evening = (MORNING + timedelta(hours=11)).isoformat().replace("+", "%2B")
    for at in (CUCUTA, f"{CUCUTA}&at={evening}"):
        for service in ("food", "hygiene", "health", "information"):
            for feature in (await match(asking, f"{at}&service={service}&limit=20"))["features"]:
                said = feature["properties"]
                zone = BOGOTA if said["country"] == "CO" else ZoneInfo("America/Caracas")
                there = datetime.fromisoformat(said["arrival"]).astimezone(zone)
                when = f"llegada: {there:%d/%m a las %H:%M} o después"
                expected = [when] if said["duration_s"] >= 3_600 else []
                found = [r["text"] for r in said["reasons"] if r["code"] == "arrival"]
                assert found == expected, feature["id"]
                told[feature["id"]] = bool(found)
    assert set(told.values()) == {True, False}


async def test_p35_demo_dates_never_read_as_confirmed(asking):
    body = await match(asking, f"{CUCUTA}&service=overnight")
    assert body["demo"] is True
    assert "DEMO" in body["notice"]
    for feature in body["features"]:
        assert "confirmed" not in codes(feature)
        assert feature["properties"]["confirmed_on"] is None


async def test_p8_hidden_spaces_change_no_byte(cluster, loaded_template, settings_for):
    answers = []
    for spaces in (SPACES, [s for s in SPACES if not s["id"].startswith("secret")]):
        settings = settings_for(clone(cluster, loaded_template))
        kept = {s["id"] for s in spaces}
        known = [{**s, "referrers": [r for r in s["referrers"] if r in kept]} for s in spaces]
        await put(settings, *known, replace=True)
        async with client_of(settings, clock=lambda: MORNING) as client:
            answers.append(
                [
                    (await client.get(f"/spaces/match?{at}&service={service}&limit=20")).content
                    for at in (CUCUTA, SAN_ANTONIO)
                    for service in ("overnight", "food", "information", "health", "charging")
                ]
            )
    assert answers[0] == answers[1]


async def test_an_emergency_hide_is_in_the_next_answer(cluster, loaded_template, settings_for):
    from tests.conftest import run_sql

    settings = settings_for(clone(cluster, loaded_template))
    await put(settings, *SPACES, replace=True)
    async with client_of(settings, clock=lambda: MORNING) as client:
        assert ids(await match(client, f"{CUCUTA}&service=overnight"))[0] == "near"
        hide = "update amparo.locations set hidden_at = amparo.now() where id = 'near'"
        await run_sql(settings, hide)
        assert "near" not in json.dumps(await match(client, f"{CUCUTA}&service=overnight"))
