"""``POST /coverage``: where a route leaves people without help."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

CUCUTA, BUCARAMANGA = [-72.508, 7.894], [-73.126, 7.125]
ENDS = {"start": CUCUTA, "end": BUCARAMANGA, "mode": "foot"}


async def measured(client, **body):
    response = await client.post("/coverage", json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_figures_of_cucuta_to_bucaramanga(client):
    found = await measured(client, **ENDS, services=["overnight"])
    assert found["measure"] == "network"
    assert found["longest_gap_m"] == pytest.approx(47_000, abs=1_000)
    assert (found["longest"]["from"], found["longest"]["to"]) == ("Pamplona", "Berlín (Tona)")
    gaps = [i["length_m"] for i in found["intervals"]]
    length = found["length_m"]
    assert sum(gaps) == pytest.approx(length, abs=1)
    assert found["mean_to_next_m"] == pytest.approx(sum(g * g for g in gaps) / (2 * length), abs=1)
    assert found["intervals"][0]["from_m"] == 0
    assert found["intervals"][-1]["to_m"] == pytest.approx(length, abs=0.2)
    for one, other in pairwise(found["intervals"]):
        assert one["to_m"] == other["from_m"]


async def test_a_line_from_routes_is_measured_by_the_road_not_by_the_drawing(client):
    line = (await client.post("/routes", json=ENDS)).json()["features"][0]
    found = await measured(client, route=line["geometry"], services=["overnight"])
    assert found["measure"] == "network"
    # The drawing is 126 km long, the road 195.
    assert found["length_m"] == pytest.approx(line["properties"]["distance_m"], rel=0.01)


async def test_a_line_over_a_border_is_measured_by_the_road_too(client):
    line = (
        await client.post(
            "/routes",
            json={"start": [-72.225, 7.767], "end": CUCUTA, "at": "2026-11-24T08:00:00-05:00"},
        )
    ).json()["features"][0]
    assert line["properties"]["crossings"]
    found = await measured(client, route=line["geometry"], services=["information"])
    assert found["measure"] == "network"
    assert found["length_m"] == pytest.approx(line["properties"]["distance_m"], rel=0.01)


async def test_a_line_that_follows_no_road_says_so(client):
    line = {"type": "LineString", "coordinates": [[-72.5, 7.9], [-72.9, 7.6], [-73.1, 7.1]]}
    found = await measured(client, route=line, services=["overnight"])
    assert found["measure"] == "geometry"


async def test_all_the_services_asked_for_must_be_there(client):
    one = await measured(client, **ENDS, services=["food"])
    both = await measured(client, **ENDS, services=["food", "overnight", "showers"])
    assert {s["id"] for s in both["spaces"]} < {s["id"] for s in one["spaces"]}
    assert both["longest_gap_m"] >= one["longest_gap_m"]


async def test_p39_as_of_a_past_day_counts_what_was_assured_then(client):
    today = datetime.now(UTC).date()
    now = await measured(client, **ENDS, services=["overnight"])
    # The night spaces of the road were assured 4 to 10 days ago.
    then = await measured(
        client, **ENDS, services=["overnight"], as_of=(today - timedelta(days=6)).isoformat()
    )
    assert {s["id"] for s in then["spaces"]} < {s["id"] for s in now["spaces"]}
    long_ago = await measured(client, **ENDS, services=["overnight"], as_of="2020-01-01")
    assert long_ago["spaces"] == []
    assert long_ago["longest_gap_m"] == pytest.approx(long_ago["length_m"], abs=0.2)
    later = await measured(
        client, **ENDS, services=["overnight"], as_of=(today + timedelta(days=400)).isoformat()
    )
    assert later["spaces"] == []


async def test_p38_says_that_protected_services_are_not_counted(client):
    assert (await measured(client, **ENDS))["protected_services"] == "not counted"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"start": CUCUTA}, "body"),
        ({**ENDS, "route": {"type": "LineString", "coordinates": [CUCUTA, BUCARAMANGA]}}, "body"),
        ({**ENDS, "services": []}, "services"),
        ({**ENDS, "services": ["beds"]}, "services"),
        ({**ENDS, "as_of": "soon"}, "as_of"),
        ({**ENDS, "depth": 1}, "depth"),
        ({"route": {"type": "Point", "coordinates": CUCUTA}}, "route.type"),
        ({"route": {"type": "LineString", "coordinates": [CUCUTA]}}, "route.coordinates"),
    ],
)
async def test_bad_input_is_named(client, body, field):
    response = await client.post("/coverage", json=body)
    assert response.status_code == 400, response.text
    problem = response.json()
    assert problem["field"].startswith(field), problem


@pytest.mark.parametrize(
    ("coordinates", "status"),
    [
        ([[-72.5, 7.9], [-72.5, 7.9]], 400),
        ([[-72.5, 7.9, 10], [-72.5, 7.9, 20]], 400),
        ([[-72.5, 7.9], [7.1, -73.1]], 400),
        ([[0, 0], [1, 1]], 422),
        ([[-72.5 + i / 1e5, 7.9] for i in range(5_001)], 400),
    ],
)
async def test_a_line_that_cannot_be_meant_is_refused(client, coordinates, status):
    line = {"type": "LineString", "coordinates": coordinates}
    response = await client.post("/coverage", json={"route": line, "services": ["food"]})
    assert response.status_code == status, response.text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_ends_of_the_calendar_are_refused(client, day):
    response = await client.post("/coverage", json={**ENDS, "as_of": day})
    assert response.status_code == 400
    assert response.json()["field"] == "as_of"
