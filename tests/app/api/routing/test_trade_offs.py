"""``POST /routes/tradeoffs``: time against exposure, as a few routes that cover all ways."""

from itertools import pairwise

import pytest

from app.journeys import trade_offs
from routing.biobjective import route_front
from routing.errors import TooManyLabels
from tests.conftest import run_sql

CUCUTA, BOGOTA, SAN_CRISTOBAL = [-72.508, 7.894], [-74.08, 4.71], [-72.225, 7.767]
SAN_ANTONIO, LIMA = [-72.4436, 7.8145], [-77.043, -12.046]
AT = "2026-11-24T08:00:00-05:00"
ENDS = {"start": CUCUTA, "end": BOGOTA, "mode": "foot", "at": AT}


async def ask(client, **body):
    return await client.post("/routes/tradeoffs", json={**ENDS, **body})


async def answered(client, **body):
    response = await ask(client, **body)
    assert response.status_code == 200, response.text
    return response.json()


def points(found):
    return [feature["properties"]["trade_off"] for feature in found["features"]]


async def test_from_the_quickest_to_the_least_exposed_with_the_routes_on_it(client):
    found = await answered(client)
    routes = (await client.post("/routes", json=ENDS)).json()["features"]
    front, told = found["front"], points(found)
    assert (front["shown"], front["within"], front["exposure_known"]) == (len(told), 0.01, True)
    assert 2 <= len(told) <= 7
    assert front["points"] >= front["shown"] + front["left_out"]
    assert 1.01 <= front["covers"] < 1.2
    for one, other in pairwise(told):
        assert one["time_s"] < other["time_s"]
        assert one["exposure_s"] > other["exposure_s"]
    for feature in found["features"]:
        properties, point = feature["properties"], feature["properties"]["trade_off"]
        assert {"exposure", "because", "arrival", "crossings_at", "trade"} <= properties.keys()
        assert not {"aversion", "segments"} & properties.keys()
        # The sketch knows no slopes, so that the time compared is that of the route.
        assert properties["duration_s"] == pytest.approx(point["time_s"])
        if point["route"] is not None:
            same = routes[point["route"]]["properties"]
            assert same["duration_s"] == pytest.approx(properties["duration_s"], rel=0.01)
            assert same["exposure"].keys() == properties["exposure"].keys()
    quickest = min(route["properties"]["duration_s"] for route in routes)
    assert told[0]["time_s"] == pytest.approx(quickest)
    assert told[0]["route"] is not None


async def test_p46_where_no_exposure_is_known_one_route_says_so(client):
    found = await answered(client, start=SAN_CRISTOBAL, end=CUCUTA)
    assert len(found["features"]) == 1
    assert found["front"] == {
        "within": 0.01,
        "points": 1,
        "shown": 1,
        "left_out": 0,
        "covers": pytest.approx(1.01),
        "exposure_known": False,
    }
    assert points(found)[0]["exposure_s"] == 0
    # Unknown is not safe: the whole way is without any report.
    properties = found["features"][0]["properties"]
    assert properties["unknown_m"] == pytest.approx(properties["distance_m"])


async def test_p11_p54_what_refuses_a_route_refuses_its_trade_offs_and_the_long_way_says_why(
    own_client, loaded_clone, settings_for
):
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.crossing_statuses set state = 'closed' where crossing_id = any(:ids)",
        ids=["X-BOLIVAR", "X-SANTANDER", "X-TIENDITAS", "X-UNION"],
    )
    body = {"start": SAN_ANTONIO, "end": CUCUTA, "at": AT}
    route = (await own_client.post("/routes", json=body)).json()
    front = (await own_client.post("/routes/tradeoffs", json=body)).json()
    assert route["type"] == front["type"] == "urn:amparo:problem:long-detour"
    assert route["because"] == front["because"]
    found = await answered(own_client, start=SAN_ANTONIO, end=CUCUTA, accept_detour=True)
    assert all(feature["properties"]["because"] for feature in found["features"])


async def test_what_cannot_be_told_is_said_and_not_guessed(client, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(route_front, "MOST_JUNCTIONS", 1)
        response = await ask(client)
    assert response.status_code == 422
    assert response.headers["content-type"].startswith("application/problem+json")
    body = response.json()
    assert (body["type"], body["why"]) == (
        "urn:amparo:problem:trade-offs-not-known",
        "too_large",
    )

    def too_many(*_args, **_options):
        raise TooManyLabels(1, 1)

    monkeypatch.setattr(trade_offs, "route_front", too_many)
    assert (await ask(client)).json()["type"] == "urn:amparo:problem:too-many-trade-offs"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"end": CUCUTA}, "end"),
        ({"start": [7.894, -72.508]}, "start"),
        ({"via": [SAN_ANTONIO]}, "via"),
        ({"avoid": []}, "avoid"),
        ({"profile": "bird"}, "profile"),
        ({"at": "yesterday"}, "at"),
    ],
)
async def test_bad_questions_name_their_field(client, body, field):
    response = await ask(client, **body)
    assert response.status_code == 400
    assert response.json()["field"] == field
    assert response.headers["cache-control"] == "no-store"


async def test_far_away_more_than_three_are_shown_and_what_is_too_long_is_counted(client):
    found = await answered(client, end=LIMA)
    front = found["front"]
    assert 3 < front["shown"] == len(found["features"]) <= 7
    assert front["points"] >= front["shown"] + front["left_out"]
    assert front["covers"] < 1.5
