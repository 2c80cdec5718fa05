"""``POST /routes`` over the real data: the contract, the borders, the refusals, bad input."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest

from app.i18n.translation import words
from tests.conftest import client_of, clone, run_sql
from tests.fixtures.clock import run_now, run_today
from tests.fixtures.undoing import Kept

CUCUTA, BUCARAMANGA = (-72.508, 7.894), (-73.126, 7.125)
CARACAS, LIMA = (-66.879, 10.488), (-77.043, -12.046)
SAN_CRISTOBAL = (-72.225, 7.767)
AT = "2026-11-24T08:00:00-05:00"
NIGHT = "2026-11-24T23:00:00-05:00"
BOGOTA = ZoneInfo("America/Bogota")

#: A flood across the road between Chinácota and La Donjuana.
REPORT = """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, effect,
        valid_from, reported_at, approved_at, visibility, demo)
    select 'T-1', 'physical', 'flood', 'prueba', g, g, 'exclusion',
        amparo.now() - interval '2 days', amparo.now() - interval '2 days',
        case when :approved then amparo.now() end, 'public', true
    from st_buffer(st_setsrid(st_makepoint(-72.62, 7.6), 4326), 0.1) g
"""

TACHIRA = ("X-BOLIVAR", "X-SANTANDER", "X-TIENDITAS", "X-UNION")


@pytest.fixture(scope="module")
async def kept(cluster, loaded_template, settings_for):
    """Give a loaded database of this module, whose hazards and crossings tests may change."""
    made = Kept(settings_for(clone(cluster, loaded_template)), "hazards", "crossing_statuses")
    await made.take()
    return made


@pytest.fixture(scope="module")
async def changing(kept):
    """Talk to an application over it."""
    async with client_of(kept.settings) as talking:
        yield talking


@pytest.fixture
async def settings(kept):
    """Give the settings to change it with; what a test changes is put back."""
    async with kept.undone() as given:
        yield given


def ask(start, end, at=AT, **more):
    return {"start": start, "end": end, "mode": "foot", "at": at, **more}


async def routes(client, *args, **more):
    response = await client.post("/routes", json=ask(*args, **more))
    assert response.status_code == 200, response.text
    return response.json()["features"]


async def close(settings, crossing_ids, state="closed"):
    await run_sql(
        settings,
        "update amparo.crossing_statuses set state = :state where crossing_id = any(:ids)",
        state=state,
        ids=list(crossing_ids),
    )


async def test_cucuta_to_bucaramanga_says_where_help_is_and_is_not(client):
    best = (await routes(client, CUCUTA, BUCARAMANGA))[0]["properties"]
    assert best["distance_m"] == pytest.approx(195_000, rel=0.02)
    assert best["highest_m"] > 3_000
    nights = [stop["locality"] for stop in best["stops"] if stop["overnight"]]
    assert nights == ["Los Patios", "La Donjuana", "Pamplona", "Berlín (Tona)", "El Picacho"]
    gap = best["longest_gap"]
    assert gap["length_m"] == pytest.approx(47_000, abs=1_000)
    assert (gap["from"], gap["to"]) == ("Pamplona", "Berlín (Tona)")
    assert "transporte" in gap["advice"]
    # Eight, lying down where the day ends; ten from bed to bed.
    assert best["walking_days"] == 10
    took = datetime.fromisoformat(best["arrival"]) - datetime.fromisoformat(AT)
    assert 9 <= took / timedelta(days=1) <= 10


async def test_a_way_of_one_day_is_not_measured_by_beds(client):
    best = (await routes(client, CUCUTA, (-72.506, 7.838)))[0]["properties"]
    assert best["walking_days"] == 1
    assert best["longest_gap"]["service"] is None
    assert "dormir" not in best["longest_gap"]["advice"]


async def test_a_plain_body_is_answered_as_one_that_goes_the_long_way(client):
    question = orjson.dumps(ask(CUCUTA, BUCARAMANGA))
    plain = {"Content-Type": "application/json"}
    answers = [
        await client.post("/routes", content=question, headers=plain),
        await client.post("/routes?f=json", content=question, headers=plain),
        await client.post(
            "/routes",
            content=question,
            headers={"Content-Type": "application/json; charset=utf-8"},
        ),
    ]
    assert {answer.status_code for answer in answers} == {200}
    told = [answer.json()["features"] for answer in answers]
    for features in told:
        for feature in features:
            del feature["properties"]["data_as_of"]
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, "body"),
        (b'{"start":[NaN,1]}', 400, "start.0"),
        (b'{"start":[1,2]}', 400, "end"),
        (b'{"start":[1,2],"end":[3,4],"mode":"boat"}', 400, "mode"),
        (b'{"start":[1,2],"end":[3,4],"walk":1}', 400, "walk"),
        (b"null", 400, "body"),
    ],
)
async def test_what_is_not_plainly_right_is_refused_by_name(client, body, status, field):
    headers = {"Content-Type": "application/json"}
    response = await client.post("/routes", content=body, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["field"] == field


async def test_every_property_of_the_contract_is_there(client):
    response = await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA))
    assert response.headers["content-type"].startswith("application/geo+json")
    assert response.headers["cache-control"] == "private, no-store"
    body = response.json()
    assert body["type"] == "FeatureCollection"
    for feature in body["features"]:
        assert feature["geometry"]["type"] == "LineString"
        properties = feature["properties"]
        for name in (
            "distance_m",
            "duration_s",
            "walking_days",
            "ascent_m",
            "ascent",
            "highest_m",
            "exposure",
            "unknown_m",
            "longest_gap",
            "spaces",
            "crossings",
            "crossings_at",
            "ferries",
            "arrival",
            "hazards",
            "profile",
            "segments",
            "trade",
            "network",
            "data_as_of",
            "notice",
        ):
            assert name in properties, name
        assert properties["ascent"] == "lower_bound"
        assert properties["network"] == "sketch"
        for exposure in properties["exposure"].values():
            assert {"value", "unit", "source"} <= exposure.keys()
        assert {"length_m", "from", "to", "advice"} <= properties["longest_gap"].keys()


async def test_p10_caracas_to_lima_crosses_only_official_open_crossings(client):
    official = {
        item["id"]: item["properties"]
        for item in (await client.get("/collections/crossings/items?limit=1000")).json()["features"]
    }
    for feature in await routes(client, CARACAS, LIMA):
        crossings = feature["properties"]["crossings"]
        assert len(crossings) >= 2
        here = "VE"
        for crossing in crossings:
            sides = {official[crossing]["country_a"], official[crossing]["country_b"]}
            assert here in sides
            # Rumichaca has two posts, one a side: the second does not leave the country again.
            here = (sides - {here}).pop() if "RUMICHACA-EC" not in crossing else "EC"
        assert here == "PE"


async def test_p32_with_every_tachira_crossing_closed_the_route_changes(changing, settings):
    before = (await routes(changing, SAN_CRISTOBAL, CUCUTA))[0]["properties"]
    assert set(before["crossings"]) & set(TACHIRA)
    await close(settings, TACHIRA)
    for feature in await routes(changing, SAN_CRISTOBAL, CUCUTA, accept_detour=True):
        assert not set(feature["properties"]["crossings"]) & set(TACHIRA)
        assert feature["properties"]["distance_m"] > before["distance_m"] * 3


@pytest.mark.parametrize("state", ["closed", "not_known"])
async def test_p11_p32_refused_with_reason_opening_and_space_of_the_same_side(
    changing, settings, state
):
    await run_sql(settings, "update amparo.crossing_statuses set state = :s", s=state)
    response = await changing.post("/routes", json=ask(SAN_CRISTOBAL, CUCUTA, NIGHT))
    assert response.status_code == 422
    assert response.headers["content-type"].startswith("application/problem+json")
    body = response.json()
    assert {b["kind"] for b in body["blocked_by"]} == {"crossing"}
    assert {b["state"] for b in body["blocked_by"]} <= {"closed", state}
    assert body["nearest_space"]["country"] == "VE"
    assert "derecho a pedir protección" in body["detail"]


async def test_p54_a_crossing_that_opens_on_saturday_is_waited_for(changing, settings):
    """For as long as what is stated of it says; who may wait is told until when."""
    await run_sql(
        settings,
        "update amparo.crossing_statuses set state = 'closed' where crossing_id <> 'X-BOLIVAR'",
    )
    await run_sql(settings, "update amparo.crossing_statuses set byday = '{SA}'")
    best = (await routes(changing, SAN_CRISTOBAL, CUCUTA, NIGHT))[0]["properties"]
    assert best["crossings"] == ["X-BOLIVAR"]
    passed = best["crossings_at"][0]
    assert datetime.fromisoformat(passed["through"]).weekday() == 5
    # Who stays a night where they are, after midnight in Venezuela, has one less at the posts.
    assert best["stages"][0]["date"] == "2026-11-26"
    assert {"distance", "daylight"} == {*best["stages"][0]["constraints"]}
    assert sum(stage["days"] for stage in best["stages"]) == best["walking_days"]


@pytest.mark.long
async def test_a_crossing_that_opens_in_the_morning_is_waited_for(changing, settings):
    await run_sql(
        settings,
        "update amparo.crossing_statuses set state = 'closed' where crossing_id <> 'X-BOLIVAR'",
    )
    best = (await routes(changing, SAN_CRISTOBAL, CUCUTA, NIGHT))[0]["properties"]
    assert best["crossings"] == ["X-BOLIVAR"]


async def test_p32_not_known_is_never_worded_as_closed(changing, settings):
    await run_sql(settings, "delete from amparo.crossing_statuses")
    response = await changing.post("/routes", json=ask(SAN_CRISTOBAL, CUCUTA))
    assert response.status_code == 422
    body = response.json()
    assert {b["state"] for b in body["blocked_by"]} == {"not_known"}
    assert body["next_opening"] is None
    assert "cerrado" not in body["detail"]
    items = (await changing.get("/collections/crossings/items?limit=100")).json()["features"]
    assert {item["properties"]["state"] for item in items} == {"not_known"}
    html = (await changing.get("/crossings?lang=es")).text
    assert "Cerrado según lo publicado" not in html.split('id="crossings"')[1]


async def test_p11_the_darien_has_no_route(client):
    response = await client.post("/routes", json=ask((-76.787, 8.426), (-79.52, 8.98)))
    assert response.status_code == 422
    assert {b["kind"] for b in response.json()["blocked_by"]} <= {"no_road", "country"}
    assert not [b for b in response.json()["blocked_by"] if b["name"]]


async def test_p14_an_exclusion_is_never_crossed(changing, settings):
    first = (await routes(changing, CUCUTA, BUCARAMANGA))[0]
    assert "DEMO-069" in first["properties"]["spaces"]
    await run_sql(settings, REPORT, approved=True)
    for feature in await routes(changing, CUCUTA, BUCARAMANGA, at=None):
        assert "DEMO-069" not in feature["properties"]["spaces"]


def tomorrow_at_eight():
    """Give a morning in Colombia, whatever the hour of the test: hazards are of the real day."""
    tomorrow = run_today() + timedelta(days=1)
    return datetime.combine(tomorrow, time(13), UTC)


async def test_p11_nobody_walks_into_an_exclusion_that_begins_on_the_way(changing, settings):
    """Eight days of walking, and a flood that is announced for the second of them."""
    leaves = tomorrow_at_eight()
    at = leaves.isoformat()
    before = await routes(changing, CUCUTA, BUCARAMANGA, at=at)
    assert "DEMO-069" in before[0]["properties"]["spaces"]
    await run_sql(settings, REPORT, approved=True)
    begins = "update amparo.hazards set valid_from = :begin where id = 'T-1'"
    await run_sql(settings, begins, begin=leaves + timedelta(days=1))
    found = await changing.post("/routes", json=ask(CUCUTA, BUCARAMANGA, at=at))
    for feature in found.json().get("features", []):
        assert "DEMO-069" not in feature["properties"]["spaces"]
    # Of weeks later it is no matter.
    await run_sql(settings, begins, begin=leaves + timedelta(days=40))
    after = await routes(changing, CUCUTA, BUCARAMANGA, at=at)
    assert [f["geometry"] for f in after] == [f["geometry"] for f in before]


async def test_p14_an_exclusion_that_is_over_before_one_comes_by_closes_nothing(changing, settings):
    """It lies days ahead; of people's threats no end is told, they close until they are lifted."""
    leaves = tomorrow_at_eight()
    at = leaves.isoformat()
    before = await routes(changing, BUCARAMANGA, CUCUTA, at=at)
    assert "DEMO-069" in before[0]["properties"]["spaces"]
    assert before[0]["properties"]["ended_hazards"] == []
    await run_sql(settings, REPORT, approved=True)
    ends = "update amparo.hazards set valid_to = :end where id = 'T-1'"
    await run_sql(settings, ends, end=leaves + timedelta(hours=2))
    after = await routes(changing, BUCARAMANGA, CUCUTA, at=at)
    assert [f["geometry"] for f in after] == [f["geometry"] for f in before]
    # It stays in the answer: an end on record may be the day on which somebody looks again.
    (over,) = after[0]["properties"]["ended_hazards"]
    assert over["id"] == "T-1"
    assert datetime.fromisoformat(over["ends"]) == leaves + timedelta(hours=2)
    assert "egún lo publicado, termina" in over["text"]
    assert "pregunte antes de pasar" in over["text"]
    form = {"start": "Bucaramanga, CO", "end": "Cúcuta, CO", "mode": "foot"}
    form["at"] = leaves.astimezone(BOGOTA).strftime("%Y-%m-%dT%H:%M")
    page = await changing.post("/plan", data=form)
    assert page.status_code == 200, page.text
    assert "pregunte antes de pasar" in page.text
    # The second day is reached too soon after a published end, and so is all by one of weeks.
    for start, end, days in (CUCUTA, BUCARAMANGA, 0.1), (BUCARAMANGA, CUCUTA, 20):
        await run_sql(settings, ends, end=leaves + timedelta(days=days))
        found = await changing.post("/routes", json=ask(start, end, at=at))
        for feature in found.json().get("features", []):
            assert "DEMO-069" not in feature["properties"]["spaces"]


async def test_what_counts_by_night_counts_for_a_way_that_runs_into_it(changing, settings):
    """Eight days of walking: at what the second day comes by somebody may be by night."""
    before = await routes(changing, CUCUTA, BUCARAMANGA)
    assert "DEMO-069" in before[0]["properties"]["spaces"]
    await run_sql(settings, REPORT, approved=True)
    await run_sql(settings, "update amparo.hazards set night_only = true where id = 'T-1'")
    found = await changing.post("/routes", json=ask(CUCUTA, BUCARAMANGA))
    for feature in found.json().get("features", []):
        assert "DEMO-069" not in feature["properties"]["spaces"]


async def test_p36_an_unapproved_report_changes_no_route(changing, settings):
    before = await routes(changing, CUCUTA, BUCARAMANGA)
    await run_sql(settings, REPORT, approved=False)
    after = await routes(changing, CUCUTA, BUCARAMANGA)
    assert [f["geometry"] for f in after] == [f["geometry"] for f in before]


async def test_p46_no_answer_promises_safety(client):
    for start, end in ((CUCUTA, BUCARAMANGA), (CARACAS, LIMA)):
        response = await client.post("/routes", json=ask(start, end))
        for word in ("segur", '"safe', "safety"):
            assert word not in response.text.lower().replace("resguardo", "")
        for feature in response.json()["features"]:
            assert feature["properties"]["notice"]


async def test_p35_a_route_says_demo(client):
    body = (await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA))).json()
    assert body["demo"] is True
    assert "DEMO" in body["notice"]
    assert all(f["properties"]["demo"] for f in body["features"])


async def test_a_start_in_the_past_is_walked_from_todays_knowledge(loaded_shared, settings_for):
    async with client_of(settings_for(loaded_shared), clock=run_now) as client:
        best = (await routes(client, CUCUTA, BUCARAMANGA, at="2026-02-03T08:00:00-05:00"))[0]
    assert best["properties"]["longest_gap"]["length_m"] == pytest.approx(47_000, abs=1_000)


BAD = [
    ({"start": [7.894, -72.508], "end": BUCARAMANGA}, 400, "start"),
    ({"start": [-72.508, 97], "end": BUCARAMANGA}, 400, "start.1"),
    ({"start": [-272.508, 7], "end": BUCARAMANGA}, 400, "start.0"),
    ({"start": CUCUTA}, 400, "end"),
    ({"start": CUCUTA, "end": [1]}, 400, "end.1"),
    ({"start": CUCUTA, "end": "Bucaramanga"}, 400, "end"),
    ({"start": CUCUTA, "end": BUCARAMANGA, "mode": "boat"}, 400, "mode"),
    ({"start": CUCUTA, "end": BUCARAMANGA, "at": "2026-11-24T08:00:00"}, 400, "at"),
    ({"start": CUCUTA, "end": BUCARAMANGA, "at": "yesterday"}, 400, "at"),
    ({"start": CUCUTA, "end": BUCARAMANGA, "speed": 9}, 400, "speed"),
    ({"start": CUCUTA, "end": BUCARAMANGA, "profile": "horse"}, 400, "profile"),
    ({"start": CUCUTA, "end": BUCARAMANGA, "profile": "vehicle"}, 400, "profile"),
    ({"start": CUCUTA, "end": BUCARAMANGA, "lang": "qu"}, 400, "lang"),
    ({"start": CUCUTA, "end": BUCARAMANGA, "explain": "maybe"}, 400, "explain"),
    ({"start": CUCUTA, "end": CUCUTA}, 400, "end"),
    ({"start": CUCUTA, "end": [-95.0, -30.0]}, 422, "end"),
]


@pytest.mark.parametrize(("body", "status", "field"), BAD)
async def test_bad_input_is_named(client, body, status, field):
    response = await client.post("/routes", json=body)
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    problem = response.json()
    assert problem["field"] == field
    assert problem["detail"]
    assert problem["what_to_do"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
async def test_a_number_that_json_does_not_have_is_named(client, number):
    body = f'{{"start": [{number}, 7.9], "end": [-73.1, 7.1]}}'
    response = await client.post(
        "/routes", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400
    assert response.json()["field"].startswith("start")


async def test_off_network_names_the_distance_and_the_limit(client):
    response = await client.post("/routes", json=ask(CUCUTA, (-95.0, -30.0)))
    body = response.json()
    assert response.status_code == 422
    assert body["distance_m"] > body["limit_m"]


async def test_a_huge_body_is_refused(client):
    response = await client.post("/routes", content=b"[" + b"1," * 1_000_000 + b"1]")
    assert response.status_code == 413
    assert response.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
    ],
)
async def test_the_ends_of_the_calendar_are_refused(client, at):
    response = await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA, at))
    assert response.status_code == 400, response.text
    assert response.json()["field"] == "at"


@pytest.mark.parametrize(
    "body",
    ["[" * 990 + "NaN" + "]" * 990, "[" * 2_000 + "]" * 2_000, '{"a":' * 1_025 + "1" + "}" * 1_025],
)
async def test_deep_json_is_refused(client, body):
    response = await client.post(
        "/routes", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400, response.text


@pytest.mark.every(3)
@pytest.mark.parametrize("at", ["0001-01-01T00:00", "2026-11-26T08:00-12:00", "soon"])
async def test_the_form_names_a_time_that_cannot_be_meant(client, at):
    form = {"start": "Cúcuta, CO", "end": "Bucaramanga, CO", "mode": "foot", "at": at}
    response = await client.post("/plan", data=form)
    assert response.status_code == 400
    assert 'aria-invalid="true"' in response.text


async def test_figures_are_the_routes_own(client):
    best = (await routes(client, CUCUTA, BUCARAMANGA))[0]["properties"]
    # No demo hazard covers all of the way, and none of it is without any.
    assert 0 < best["unknown_m"] < best["distance_m"]
    assert best["unknown"]["hazards"] == best["unknown_m"]
    rockfall = best["exposure"]["rockfall"]
    low, high = rockfall["interval_95"]
    assert 0 < low < rockfall["value"] < high
    assert 0 < rockfall["p_at_least_one"] <= rockfall["value"]
    as_of = datetime.fromisoformat(best["data_as_of"])
    assert abs((run_now() - as_of).total_seconds()) < 600


async def test_segments_explain_the_route_and_sum_to_it(client):
    for feature in await routes(client, CUCUTA, BUCARAMANGA):
        route = feature["properties"]
        segments = route["segments"]
        assert segments[0]["from_m"] == 0
        assert segments[-1]["to_m"] == pytest.approx(route["distance_m"], abs=1e-3)
        assert [s["to_m"] for s in segments[:-1]] == [s["from_m"] for s in segments[1:]]
        for name in ("duration_s", "ascent_m"):
            assert sum(s[name] for s in segments) == pytest.approx(route[name], rel=1e-9)
        for kind, exposure in route["exposure"].items():
            total = sum(s["exposure"].get(kind, 0) for s in segments)
            assert total == pytest.approx(exposure["value"], rel=1e-9)
        for what, metres in route["unknown"].items():
            total = sum(s["unknown"].get(what, 0) for s in segments)
            assert total == pytest.approx(metres, rel=1e-9)
        for segment in segments:
            assert segment["network"] == "sketch"
            assert segment["as_of"]
            assert segment["text"].startswith("Segmento de ")
            # Either a report is there or it is said that none is.
            assert segment["hazards"] or segment["unknown"]["hazards"] > 0
        assert route["trade"]["text"]


async def test_p36_hazards_of_a_route_are_those_published_and_no_more(client):
    layer = (await client.get("/collections/hazards/items?limit=1000")).json()["features"]
    public = {item["id"]: item["properties"] for item in layer}
    met = 0
    for feature in await routes(client, CUCUTA, BUCARAMANGA):
        route = feature["properties"]
        listed = {hazard["id"] for hazard in route["hazards"]}
        assert listed == {id_ for segment in route["segments"] for id_ in segment["hazards"]}
        for hazard in route["hazards"]:
            met += 1
            assert hazard.keys() == {
                "id", "title", "kind", "family", "source", "published_on", "age_days", "demo",
            }  # fmt: skip
            for name in ("title", "kind", "family", "source", "published_on", "demo"):
                assert hazard[name] == public[hazard["id"]][name]
            assert hazard["age_days"] >= 0
    assert met


async def test_each_route_is_set_against_the_quickest(client):
    features = await routes(client, CUCUTA, BUCARAMANGA)
    assert len(features) > 1
    for feature in features:
        route = feature["properties"]
        base = features[route["trade"]["against"]]["properties"]
        assert base["trade"]["is_quickest"]
        assert route["trade"]["extra_s"] == pytest.approx(
            route["duration_s"] - base["duration_s"], abs=1e-6
        )
        assert route["trade"]["extra_days"] == route["walking_days"] - base["walking_days"]
        assert "no hay información" in route["trade"]["text"]


async def test_the_order_of_a_journey_has_times(client):
    best = (await routes(client, SAN_CRISTOBAL, CUCUTA))[0]["properties"]
    assert [crossing["id"] for crossing in best["crossings_at"]] == best["crossings"]
    start, end = (datetime.fromisoformat(best[name]) for name in ("at", "arrival"))
    for crossing in best["crossings_at"]:
        reached, through = (
            datetime.fromisoformat(crossing[name]) for name in ("arrival", "through")
        )
        assert start < reached <= through < end
        assert (through - reached).total_seconds() == crossing["wait_s"]


async def test_a_profile_walks_its_own_days(client):
    adult, family = [
        (await routes(client, CUCUTA, BUCARAMANGA, **more))[0]["properties"]
        for more in ({}, {"profile": "family"})
    ]
    assert (adult["profile"], family["profile"]) == ("adult", "family")
    assert family["walking_days"] > adult["walking_days"]
    assert family["duration_s"] > adult["duration_s"]
    vehicle = (await routes(client, CUCUTA, BUCARAMANGA, mode="vehicle", profile="vehicle"))[0]
    assert vehicle["properties"]["walking_days"] == 1


async def test_segments_can_be_left_out(client):
    brief = (await routes(client, CUCUTA, BUCARAMANGA, explain=False))[0]["properties"]
    assert "segments" not in brief
    assert brief["ferries"] == []
    assert brief["trade"]["text"]


@pytest.mark.parametrize("lang", ["en", "pt", "fr", "ht"])
async def test_p47_another_language_tells_hazards_in_it_and_that_nobody_reviewed_it(client, lang):
    spanish, best = [
        (await routes(client, CUCUTA, BUCARAMANGA, lang=one))[0]["properties"]["segments"]
        for one in ("es", lang)
    ]
    label = f"({words(lang).gettext('traducción aún no revisada')})"
    told = [
        segment["text"]
        for original, segment in zip(spanish, best, strict=True)
        if "peligro" in original["text"]
    ]
    assert told
    assert all(text.endswith(label) for text in told)
    assert not any("peligro" in text for text in told if lang != "pt")
    assert not any(segment["text"].startswith("Segmento") for segment in best)


async def test_the_page_says_what_a_route_trades_and_lists_its_stretches(client):
    form = {"start": "Cúcuta, CO", "end": "Bucaramanga, CO", "mode": "foot", "lang": "es"}
    html = (await client.post("/plan", data=form)).text
    assert html.count('class="trade"') == html.count('class="stretches"') > 1
    assert "El más rápido de estos caminos" in html
    assert re.search(r"<li data-from[^>]*>\s*Segmento de ", html)


async def test_at_most_as_many_routes_as_are_asked_for(client):
    one = await routes(client, CUCUTA, BUCARAMANGA, routes=1)
    five = await routes(client, CUCUTA, BUCARAMANGA, routes=5)
    assert len(one) == 1
    assert len(one) <= len(five) <= 5
    assert one[0]["properties"]["distance_m"] == five[0]["properties"]["distance_m"]
    for count in (0, 6, "many"):
        response = await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA, routes=count))
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"].endswith("routes")
