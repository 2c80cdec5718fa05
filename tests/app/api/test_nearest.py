"""``GET /spaces/nearest``: what is open near a point, on the asker's side first."""

import math

import pytest

from tests.conftest import run_sql

CUCUTA = "lon=-72.508&lat=7.894"
SAN_ANTONIO = "lon=-72.444&lat=7.811"


async def near(client, query):
    response = await client.get(f"/spaces/nearest?{query}")
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_contract(client):
    body = await near(client, f"{CUCUTA}&limit=5")
    assert body["type"] == "FeatureCollection"
    assert len(body["features"]) == 5
    for feature in body["features"]:
        properties = feature["properties"]
        assert properties["distance_kind"] == "straight"
        assert properties["distance_m"] >= 0
        assert len(properties["country"]) == 2
        assert properties["expires_on"]
    assert body["demo"] is True


async def test_p33_the_askers_country_comes_first(client):
    for query, country in ((CUCUTA, "CO"), (SAN_ANTONIO, "VE")):
        features = (await near(client, f"{query}&limit=100"))["features"]
        sides = [f["properties"]["country"] == country for f in features]
        assert sides == sorted(sides, reverse=True)
        assert sides[0]
        for own in (True, False):
            distances = [
                f["properties"]["distance_m"]
                for f, side in zip(features, sides, strict=True)
                if side is own
            ]
            assert distances == sorted(distances)


async def test_p33_a_space_across_the_border_names_the_official_crossing(client):
    features = (await near(client, f"{SAN_ANTONIO}&limit=100"))["features"]
    abroad = [f for f in features if f["properties"]["country"] != "VE"]
    assert abroad
    colombian = [f["properties"] for f in abroad if f["properties"]["country"] == "CO"]
    assert colombian[0]["crossing"]["id"].startswith("X-")
    assert colombian[0]["crossing"]["state"] in {"open", "closed", "not_known"}


async def test_p15_nobody_is_sent_to_closed_full_or_referral_only_spaces(client):
    features = (await near(client, f"{CUCUTA}&limit=100"))["features"]
    for feature in features:
        properties = feature["properties"]
        assert (properties["status"], properties["access"]) == ("active", "open")
        assert properties["capacity"] != "full"
    ids = {f["id"] for f in features}
    # Referral only, closed, full, closed for a time, expired.
    assert not ids & {"DEMO-007", "DEMO-019", "DEMO-033", "DEMO-050", "DEMO-016"}


async def test_a_service_filters(client):
    features = (await near(client, f"{CUCUTA}&limit=100&service=overnight"))["features"]
    assert features
    assert all("overnight" in f["properties"]["services"] for f in features)


async def test_open_at_is_judged_in_the_spaces_own_time(client):
    night = await near(client, f"{CUCUTA}&limit=100&open_at=2026-11-26T23:00:00-05:00")
    day = await near(client, f"{CUCUTA}&limit=100&open_at=2026-11-26T10:00:00-05:00")
    ids_night, ids_day = ({f["id"] for f in body["features"]} for body in (night, day))
    # DEMO-006 keeps office hours, DEMO-009 never closes, DEMO-011 opens for the night.
    assert "DEMO-006" in ids_day - ids_night
    assert "DEMO-009" in ids_day & ids_night
    assert "DEMO-011" in ids_night - ids_day


async def test_p9_the_position_is_rounded_by_the_server(client):
    fine = await near(client, "lon=-72.50811119&lat=7.89412229&limit=3")
    rounded = await near(client, "lon=-72.508&lat=7.894&limit=3")
    assert fine["features"] == rounded["features"]


async def test_distances_are_metres_on_the_ground(client):
    feature = (await near(client, f"{CUCUTA}&limit=1"))["features"][0]
    lon, lat = feature["geometry"]["coordinates"]
    east = (lon + 72.508) * 111_320 * math.cos(math.radians(7.9))
    expected = math.hypot(east, (lat - 7.894) * 110_600)
    assert feature["properties"]["distance_m"] == pytest.approx(expected, rel=0.01)


async def test_beyond_the_horizon_nothing_is_near_and_the_next_is_named(client):
    """From the Guajira desert the next places are far: nobody is sent there as to a neighbour."""
    body = await near(client, "lon=-71.6&lat=12.2&limit=100")
    assert body["horizon_m"] == 100_000
    assert all(f["properties"]["distance_m"] <= 100_000 for f in body["features"])
    ids = {f["id"] for f in body["features"]}
    assert body["beyond"]["id"] not in ids
    assert body["beyond"]["distance_m"] > 100_000
    assert body["beyond"]["distance_kind"] == "straight"
    assert body["beyond"]["locality"]
    assert body["beyond"]["country"] == "CO"


async def test_who_has_enough_near_is_told_of_nothing_beyond(client):
    body = await near(client, f"{CUCUTA}&limit=2")
    assert len(body["features"]) == 2
    assert body["beyond"] is None


async def test_p33_the_next_beyond_is_of_the_askers_country_where_there_is_any(client):
    body = await near(client, f"{SAN_ANTONIO}&limit=100&service=health")
    assert body["beyond"]["country"] == "VE"
    assert body["beyond"]["other_country"] is False
    # Those across the bridge are near all the same.
    assert {f["properties"]["country"] for f in body["features"]} == {"CO"}


async def test_the_limit_is_capped_not_refused(client):
    assert len((await near(client, f"{CUCUTA}&limit=100000"))["features"]) <= 100


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("lon=-72.5", "lat"),
        ("lon=abc&lat=7", "lon"),
        ("lon=nan&lat=7", "lon"),
        ("lon=-200&lat=7", "lon"),
        ("lon=7.9&lat=-172.5", "lat"),
        (f"{CUCUTA}&limit=0", "limit"),
        (f"{CUCUTA}&limit=x", "limit"),
        (f"{CUCUTA}&service=beds", "service"),
        (f"{CUCUTA}&open_at=tomorrow", "open_at"),
        (f"{CUCUTA}&open_at=2026-11-26T10:00:00", "open_at"),
        (f"{CUCUTA}&radius=5", "radius"),
        (f"{CUCUTA}&lon=1", "lon"),
    ],
)
async def test_bad_input_is_named(client, query, field):
    response = await client.get(f"/spaces/nearest?{query}")
    assert response.status_code == 400, response.text
    assert response.json()["field"] == field


async def test_p40_closing_a_space_takes_it_out_at_once(own_client, loaded_clone, settings_for):
    before = {f["id"] for f in (await near(own_client, f"{CUCUTA}&limit=100"))["features"]}
    assert "DEMO-006" in before
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.locations set status = 'temporarily_closed' where id = 'DEMO-006'",
    )
    after = {f["id"] for f in (await near(own_client, f"{CUCUTA}&limit=100"))["features"]}
    assert before - after == {"DEMO-006"}


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:00:00-10:00", "1969-12-31T00:00:00Z"],
)
async def test_the_ends_of_the_calendar_are_refused(client, moment):
    response = await client.get(f"/spaces/nearest?{CUCUTA}&open_at={moment}")
    assert response.status_code == 400, response.text
    assert response.json()["field"] == "open_at"


async def test_swapped_coordinates_are_named(client):
    response = await client.get("/spaces/nearest?lon=7.9&lat=-72.5")
    assert response.status_code == 400
    assert "swapped" in response.json()["detail"]


async def test_p15_a_confirmation_that_has_run_out_by_then_does_not_count(client):
    far = await near(client, f"{CUCUTA}&limit=100&open_at=2027-11-25T10:00:00-05:00")
    assert far["features"] == []


async def test_p7_p9_answers_about_a_position_are_kept_nowhere(client):
    response = await client.get(f"/spaces/nearest?{CUCUTA}")
    assert response.headers["cache-control"] == "private, no-store"


async def test_p51_a_coded_notice_is_in_the_language_that_was_asked(
    own_client, loaded_clone, settings_for
):
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.locations set notice = 'Sin agua. Hasta el 03/12/2026, según se sabe.'",
    )

    async def notices(query, accepted=None):
        headers = {} if accepted is None else {"Accept-Language": accepted}
        near = await own_client.get(f"/spaces/nearest?{CUCUTA}{query}", headers=headers)
        assert near.status_code == 200, near.text
        assert "Accept-Language" in near.headers["Vary"]
        first = near.json()["features"][0]
        asked = {"f": "json"} | ({"lang": "en"} if "lang=en" in query else {})
        one = await own_client.get(f"/spaces/{first['id']}", params=asked, headers=headers)
        assert "Accept-Language" in one.headers["Vary"]
        return {first["properties"]["notice"], one.json()["properties"]["notice"]}

    spanish = await notices("")
    assert spanish == {"Sin agua. Hasta el 03/12/2026, según se sabe."}
    (english,) = await notices("&lang=en")
    assert english.startswith("No water.")
    assert await notices("", "en-US,en;q=0.9") == {english}
    assert await notices("", "xx") == spanish
