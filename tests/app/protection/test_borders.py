"""P10, P32, P33: no border is crossed silently, wherever an end lies and whatever the hour."""

import re
from datetime import datetime, timedelta

import pytest

from tests.conftest import run_sql

LA_PARADA = (-72.4545, 7.8190)  # a hamlet on the Colombian side, at the bridge
CUCUTA = (-72.508, 7.894)
SAN_CRISTOBAL = (-72.225, 7.767)
BRIDGE = (-72.4508, 7.8179)  # X-BOLIVAR itself
IPIALES = (-77.6469, 0.8258)
TULCAN = (-77.7173, 0.8117)
PAST_THE_POST = (-77.6655, 0.8142)  # in Ecuador, 60 m past its post of Rumichaca
NIGHT = "2026-11-25T23:00:00-05:00"
DAY = "2026-11-25T10:00:00-05:00"
#: No crossing that is asked about opens before.
MORNING = datetime.fromisoformat("2026-11-26T05:00:00-05:00")


async def ask(client, start, end, at, **more):
    return await client.post("/routes", json={"start": start, "end": end, "at": at, **more})


def crossings_of(response):
    assert response.status_code == 200, response.text
    return [f["properties"]["crossings"] for f in response.json()["features"]]


@pytest.mark.parametrize("mode", ["foot", "vehicle"])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (LA_PARADA, SAN_CRISTOBAL),
        (SAN_CRISTOBAL, LA_PARADA),
        (BRIDGE, SAN_CRISTOBAL),
        (SAN_CRISTOBAL, BRIDGE),
        (BRIDGE, CUCUTA),
        (CUCUTA, BRIDGE),
        (PAST_THE_POST, IPIALES),
        (IPIALES, PAST_THE_POST),
    ],
)
async def test_p33_a_border_by_night_is_waited_for_and_by_day_is_named(client, start, end, mode):
    night = await ask(client, start, end, NIGHT, mode=mode)
    assert_every_crossing_is_waited_for(night)
    for crossings in crossings_of(await ask(client, start, end, DAY, mode=mode)):
        assert crossings


@pytest.mark.parametrize(
    ("start", "end"), [(LA_PARADA, CUCUTA), (PAST_THE_POST, TULCAN), (CUCUTA, LA_PARADA)]
)
async def test_p32_a_way_within_one_country_is_never_refused_as_closed(client, start, end):
    assert crossings_of(await ask(client, start, end, NIGHT))[0] == []


#: Across the river from Arauca, Puerto Santander and San Miguel, off every road.
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((-70.759, 7.084), (-70.759, 7.1028)),
        ((-72.4075, 8.3636), (-72.385, 8.345)),
        ((-72.50, 7.95), (-72.40, 7.95)),
    ],
)
async def test_p33_the_part_off_the_road_crosses_no_border(client, start, end):
    response = await ask(client, start, end, NIGHT)
    if response.status_code == 422:
        assert response.json()["type"].rpartition(":")[2] == "uncertain-country"
    else:
        assert_every_crossing_is_waited_for(response)


def assert_every_crossing_is_waited_for(response):
    """By night no crossing of these is open: each way names one, and passes it in the morning.

    Who is on foot and farther from it than an hour rests before, and may come when it is open.
    """
    assert response.status_code == 200, response.text
    for feature in response.json()["features"]:
        assert feature["properties"]["crossings"]
        first = feature["properties"]["crossings_at"][0]
        arrival = datetime.fromisoformat(first["arrival"])
        through = arrival + timedelta(seconds=first["wait_s"])
        assert through >= MORNING
        assert first["wait_s"] > 0 or arrival >= MORNING
        through = feature["properties"]["crossings_at"][0]["through"]
        assert 5 <= datetime.fromisoformat(through).hour <= 8


async def test_p33_nearest_takes_the_asker_for_where_the_road_is(client):
    body = (await client.get("/spaces/nearest?lon=-72.4545&lat=7.8190&limit=100")).json()
    assert body["country"] == "CO"
    first = body["features"][0]["properties"]
    assert first["country"] == "CO"
    abroad = next(f for f in body["features"] if f["properties"]["country"] == "VE")
    assert abroad["properties"]["other_country"] is True
    assert abroad["properties"]["crossing"]["id"] == "X-BOLIVAR"


async def test_p32_the_space_named_in_a_refusal_is_on_the_same_side(
    own_client, loaded_clone, settings_for
):
    closed = "update amparo.crossing_statuses set state = 'closed'"
    await run_sql(settings_for(loaded_clone), closed)
    refused = await ask(own_client, LA_PARADA, SAN_CRISTOBAL, NIGHT)
    assert refused.status_code == 422
    assert refused.json()["nearest_space"]["country"] == "CO"


async def test_a_point_between_two_banks_names_its_field(client):
    # Between the roads of two countries, with no town nearer: nobody can tell.
    response = await ask(client, CUCUTA, (-72.48, 7.79), DAY)
    assert response.status_code == 422
    body = response.json()
    assert body["field"] == "end"
    assert "town" in body["what_to_do"]


async def test_the_page_holds_a_town_to_the_country_of_its_name(client):
    form = {"start": "Arauca, CO", "end": "El Amparo, VE", "mode": "foot", "at": "2026-11-25T23:00"}
    response = await client.post("/plan", data=form)
    assert response.status_code == 200
    # By the bridge, in the morning: a night at the start comes first.
    bridge = r"Paso oficial\s*(</?\w[^>]*>\s*)*Puente Internacional José Antonio Páez"
    assert re.search(bridge, response.text)
    assert "la primera noche se queda donde está" in response.text


async def test_the_last_of_two_openings_is_the_one_that_helps(
    own_client, loaded_clone, settings_for
):
    # Both posts of Rumichaca are needed; neither opens within a day, one a day after the other.
    settings = settings_for(loaded_clone)
    await run_sql(
        settings,
        "update amparo.crossing_statuses set byday = '{SA}',"
        " state = case when crossing_id like 'X-RUMICHACA%' then state else 'closed' end",
    )
    await run_sql(
        settings,
        "update amparo.crossing_statuses set byday = '{SU}' where crossing_id = 'X-RUMICHACA-EC'",
    )
    response = await ask(own_client, IPIALES, TULCAN, NIGHT)
    assert response.status_code == 422
    body = response.json()
    assert {b["id"] for b in body["blocked_by"]} == {"X-RUMICHACA-CO", "X-RUMICHACA-EC"}
    openings = [b["next_opening"] for b in body["blocked_by"]]
    assert body["next_opening"] == max(openings) != min(openings)


async def test_p33_a_drawn_line_over_a_border_off_the_road_is_refused(client):
    line = {"type": "LineString", "coordinates": [[-72.50, 7.95], [-72.40, 7.95]]}
    response = await client.post("/coverage", json={"route": line, "services": ["food"]})
    assert response.status_code == 422
    assert response.json()["type"].endswith("silent-crossing")


async def test_night_is_judged_at_the_place_whatever_offset_is_written(
    own_client, loaded_clone, settings_for
):
    await run_sql(
        settings_for(loaded_clone),
        """
        insert into amparo.hazards (id, family, kind, title, geom, geom_public, effect,
            night_only, valid_from, reported_at, approved_at, visibility, demo)
        select 'T-N', 'physical', 'flood', 'prueba', g, g, 'weight', true, '2026-01-01',
            '2026-01-01', amparo.now(), 'public', true
        from st_buffer(st_setsrid(st_makepoint(-72.5042, 7.868), 4326), 0.005) g
        """,
    )
    # Three kilometres from the start: who leaves at nine is past it, and sleeps behind it.
    ends = (CUCUTA, (-73.126, 7.125))
    answers = {}
    for at in ("2026-11-26T02:00:00-05:00", "2026-11-26T07:00:00Z", "2026-11-26T09:00:00-05:00"):
        body = (await ask(own_client, *ends, at)).json()
        answers[at] = body["features"][0]["properties"]["exposure"].get("flood")
    two, same, morning = answers.values()
    assert two is not None
    assert two == same
    assert morning is None


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((-71.614, 7.2236), (-71.426, 7.025)),  # 19 km inside Venezuela, to Arauquita
        ((-57.11633, -27.31355), (-56.689, -27.27)),  # inside Paraguay, to Itá Ibaté
    ],
)
async def test_p33_far_from_every_road_and_town_a_doubt_refuses(client, start, end):
    response = await ask(client, start, end, NIGHT)
    assert response.status_code == 422, response.text
    near = (await client.get(f"/spaces/nearest?lon={start[0]}&lat={start[1]}")).json()
    assert near["country"] is None
    # Behind the horizon of what is near there is nothing to name a country of.
    assert {f["properties"]["other_country"] for f in near["features"]} <= {None}


async def test_p32_a_crossing_chosen_by_name_and_side_stays_on_that_side(client):
    form = {
        "start": "Puente Internacional Simón Bolívar, CO",
        "end": "Cúcuta, CO",
        "mode": "foot",
        "at": "2026-11-26T23:00",
    }
    response = await client.post("/plan", data=form)
    assert response.status_code == 200, response.text
    across = await client.post("/plan", data={**form, "end": "San Cristóbal, VE"})
    assert across.status_code == 200
    assert "Espere en Puente Internacional Simón Bolívar" in across.text


async def test_p33_coverage_names_the_crossings_and_their_state(client):
    ends = {"start": SAN_CRISTOBAL, "end": CUCUTA}
    found = (await client.post("/coverage", json={**ends, "at": DAY})).json()
    assert [c["state"] for c in found["crossings"]] == ["open"]
    line = (await ask(client, SAN_CRISTOBAL, CUCUTA, DAY)).json()["features"][0]["geometry"]
    for at, state in ((DAY, "open"), (NIGHT, "closed")):
        drawn = (await client.post("/coverage", json={"route": line, "at": at})).json()
        assert drawn["measure"] == "network"
        assert [(c["id"], c["state"]) for c in drawn["crossings"]] == [
            (found["crossings"][0]["id"], state)
        ]


@pytest.mark.parametrize(
    "coordinates",
    [
        [[-70.759, 7.08], [-71.2, 7.6], [-72.2, 7.76], [-72.508, 7.894]],
        [[-72.508, 7.894], [-72.40, 7.95], [-72.50, 7.98]],
    ],
)
async def test_p33_a_drawn_line_may_not_leave_and_come_back(client, coordinates):
    line = {"type": "LineString", "coordinates": coordinates}
    response = await client.post("/coverage", json={"route": line})
    assert response.status_code == 422, response.text


async def test_a_country_without_roads_here_is_not_infinitely_far(client):
    form = {"start": "Rivas, NI", "end": "Liberia, CR", "mode": "foot", "at": "2026-11-26T10:00"}
    response = await client.post("/plan", data=form)
    assert response.status_code in {400, 422}
    assert "∞" not in response.text
