"""Rules of protection that a released answer must keep, one test a rule, named after it."""

import re
from datetime import datetime, timedelta

import pytest

from geo import models
from tests.conftest import client_of, run_sql
from tests.fixtures.clock import run_today

ENDS = {"start": [-72.508, 7.894], "end": [-73.126, 7.125]}


async def test_p6_no_record_tells_who_confirmed_it(client):
    for path in ("/collections/spaces/items?limit=1000", "/?f=html"):
        text = (await client.get(path)).text
        assert "confirmed_by" not in text
        assert "Persona de ejemplo" not in text


async def test_p7_answers_about_a_journey_or_a_position_are_kept_nowhere(client):
    near = await client.get("/spaces/nearest?lon=-72.508&lat=7.894")
    route = await client.post("/routes", json=ENDS)
    coverage = await client.post("/coverage", json=ENDS)
    for response in (near, route, coverage):
        assert response.headers["cache-control"] == "private, no-store"
    page = await client.get("/?f=html")
    assert page.headers["cache-control"] == "no-store"


async def test_p9_nothing_asked_is_sent_on_to_others(client):
    page = await client.get("/?f=html")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_p12_no_layer_or_crossing_is_informal(client):
    text = (await client.get("/collections")).text + (
        await client.get("/collections/crossings/items?limit=1000")
    ).text
    for word in ("trocha", "informal", "irregular", "Darién", "Zapotillo"):
        assert word.lower() not in text.lower()


async def test_p13_a_route_says_as_of_when_and_promises_nothing(client):
    for feature in (await client.post("/routes", json=ENDS)).json()["features"]:
        properties = feature["properties"]
        assert datetime.fromisoformat(properties["data_as_of"]).tzinfo is not None
        assert "network_as_of" in properties
        assert "no promete" in properties["notice"]
        assert "derecho" in properties["notice"]


async def test_p16_a_route_says_its_longest_stretch_its_climb_and_its_highest_point(client):
    best = (await client.post("/routes", json=ENDS)).json()["features"][0]["properties"]
    assert best["longest_gap"]["length_m"] > 0
    assert best["ascent_m"] > 1_000
    assert best["highest_m"] == pytest.approx(3_400, abs=1)


async def test_p20_a_flow_tells_nothing_finer_than_a_week(client):
    for feature in (await client.get("/collections/flows/items?limit=1000")).json()["features"]:
        properties = feature["properties"]
        assert datetime.fromisoformat(properties["week"]).isoweekday() == 1
        assert not {"nationality", "age", "sex", "day", "hour"} & properties.keys()


async def test_p21_a_flow_says_its_method_hours_and_source(client):
    features = (await client.get("/collections/flows/items?limit=1000")).json()["features"]
    assert features
    for feature in features:
        assert {"method", "hours_covered", "source"} <= feature["properties"].keys()
        assert feature["properties"]["method"]


async def test_p22_p41_an_expired_confirmation_hides_the_space(
    own_client, loaded_clone, settings_for
):
    path = "/collections/spaces/items/DEMO-006"
    assert (await own_client.get(path)).status_code == 200
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.locations set confirmed_on = amparo.today() - 91,"
        " expires_on = amparo.today() - 1 where id = 'DEMO-006'",
    )
    assert (await own_client.get(path)).status_code == 404
    near = await own_client.get("/spaces/nearest?lon=-72.508&lat=7.894&limit=100")
    assert "DEMO-006" not in near.text


async def test_p31_the_page_and_the_api_name_whom_to_tell(loaded_shared, settings_for):
    settings = settings_for(loaded_shared, incident_contact="datos@amparo.example")
    async with client_of(settings) as client:
        assert "datos@amparo.example" in (await client.get("/?f=html")).text
        assert (await client.get("/?f=json")).json()["incident_contact"] == "datos@amparo.example"


async def test_p38_the_hotline_is_given_where_protected_services_are_refused(
    loaded_shared, settings_for
):
    async with client_of(settings_for(loaded_shared, hotline="Línea 000")) as client:
        for service in models.PROTECTED_SERVICES:
            response = await client.post("/coverage", json={**ENDS, "services": [service]})
            assert response.json()["hotline"] == "Línea 000"


async def test_p42_public_capacity_is_a_word_never_a_number(client):
    for feature in (await client.get("/collections/spaces/items?limit=1000")).json()["features"]:
        properties = feature["properties"]
        assert properties["capacity"] in {"places", "full", "not_known"}
        assert not {"capacity_available", "capacity_maximum"} & properties.keys()


async def test_p43_the_page_says_by_its_schedule(own_client):
    html = (await own_client.get("/?f=html")).text
    said = re.findall(r'class="opening opening-open">([^<]*)<', html)
    assert said
    assert all("según su horario" in one for one in said), said


async def test_p49_every_feature_carries_until_when_a_copy_may_be_used(client):
    today = run_today()
    for layer in ("spaces", "crossings", "hazards", "roads", "boundaries", "places", "flows"):
        for feature in (await client.get(f"/collections/{layer}/items?limit=50")).json()[
            "features"
        ]:
            assert "expires_on" in feature["properties"]
            if layer == "crossings":
                # What is known of a crossing changes by the day.
                until = datetime.fromisoformat(feature["properties"]["expires_on"]).date()
                assert today - timedelta(days=1) <= until <= today + timedelta(days=1)
