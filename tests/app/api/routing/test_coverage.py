"""``POST /coverage``: where a route leaves people without help."""

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.conftest import run_sql
from tests.fixtures.clock import run_today

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
    today = run_today()
    now = await measured(client, **ENDS, services=["overnight"])
    # The night spaces of the road were assured 4 to 10 days ago.
    then = await measured(
        client, **ENDS, services=["overnight"], as_of=(today - timedelta(days=6)).isoformat()
    )
    assert {s["id"] for s in then["spaces"]} < {s["id"] for s in now["spaces"]}


@pytest.mark.parametrize("days", [-4_000, 400])
@pytest.mark.clock
async def test_of_a_day_without_any_record_nothing_is_known(client, days):
    """Before the first record and after the last confirmation nobody knows: that is no gap."""
    day = run_today() + timedelta(days=days)
    found = await measured(client, **ENDS, services=["overnight"], as_of=day.isoformat())
    assert found["known"] is False
    assert found["not_known_m"] == found["length_m"] > 190_000
    for figure in ("longest_gap_m", "longest", "mean_to_next_m", "covered_share"):
        assert found[figure] is None
    assert found["intervals"] == found["spaces"] == []
    assert found["known_from"] < found["known_until"]
    assert not found["known_from"] <= day.isoformat() <= found["known_until"]


@pytest.mark.clock
async def test_where_a_confirmation_lapses_nobody_knows_whether_there_is_a_gap(client):
    now = await measured(client, **ENDS, services=["overnight"])
    assert now["known"] is True
    assert now["not_known_m"] == 0
    assert all(one["known"] for one in now["intervals"])
    tomorrow = (run_today() + timedelta(days=1)).isoformat()
    soon = await measured(client, **ENDS, services=["overnight"], as_of=tomorrow)
    then = await measured(client, **ENDS, services=["overnight"], as_of=soon["known_until"])
    left = {one["id"] for one in then["spaces"]}
    lapsed_m = [one["at_m"] for one in now["spaces"] if one["id"] not in left]
    assert lapsed_m
    for one in then["intervals"]:
        assert one["known"] is not any(one["from_m"] < m < one["to_m"] for m in lapsed_m)
    doubted = [one["length_m"] for one in then["intervals"] if not one["known"]]
    assert doubted
    assert then["known"] is True
    assert then["not_known_m"] == pytest.approx(sum(doubted), abs=0.1)
    # The truth lies between the gaps by what is confirmed and those if all confirm again.
    assert then["longest_gap_m"] == max(one["length_m"] for one in then["intervals"])
    assert then["if_reconfirmed"]["longest_gap_m"] <= then["longest_gap_m"]
    assert left < {one["id"] for one in then["if_reconfirmed"]["spaces"]}


#: The weekdays as rules name them, Monday first.
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@pytest.mark.clock
async def test_a_weekly_closing_day_is_known_and_read_as_by_corridors(
    own_client, loaded_clone, settings_for
):
    """A space closed that day by its own hours does not count, and nobody doubts it."""
    day = run_today() + timedelta(days=1)
    asked = {"services": ["food"], "as_of": day.isoformat()}
    before = await measured(own_client, **ENDS, **asked)
    closed = before["longest"]["from_id"] or before["longest"]["to_id"]
    await close_on(settings_for(loaded_clone), closed, day)
    found = await measured(own_client, **ENDS, **asked)
    assert closed not in {one["id"] for one in found["spaces"]}
    assert found["not_known_m"] == 0
    assert all(one["known"] for one in found["intervals"])
    assert found["longest_gap_m"] > before["longest_gap_m"]
    line = {"places": [CUCUTA, BUCARAMANGA], "services": ["food"], "on": day.isoformat()}
    corridor = (await own_client.post("/corridors/coverage", json=line)).json()
    (figures,) = corridor["services"]
    assert figures["longest_gap"]["length_m"] == pytest.approx(found["longest_gap_m"], abs=1)
    # To confirm the records again would open no door on that day.
    assert corridor["if_reconfirmed"] is None


@pytest.mark.clock
async def test_a_space_closed_today_is_in_doubt_on_the_day_that_it_would_open(
    own_client, loaded_clone, settings_for
):
    settings, today = settings_for(loaded_clone), run_today()
    now = await measured(own_client, **ENDS, services=["food"])
    lapsed = now["spaces"][len(now["spaces"]) // 2]
    await run_sql(
        settings,
        "update amparo.locations set expires_on = :today where id = :space",
        today=today,
        space=lapsed["id"],
    )
    await close_on(settings, lapsed["id"], today)
    then = (today + timedelta(days=1)).isoformat()
    found = await measured(own_client, **ENDS, services=["food"], as_of=then)
    (doubtful,) = (
        one for one in found["intervals"] if one["from_m"] < lapsed["at_m"] < one["to_m"]
    )
    assert doubtful["known"] is False
    assert found["not_known_m"] == doubtful["length_m"]


async def close_on(settings, space, day):
    """Close a space on the weekday of a day."""
    await run_sql(
        settings,
        "update amparo.schedules set freq = 'WEEKLY', byday = :days, valid_from = null,"
        " valid_to = null where location_id = :space",
        days=[one for one in WEEKDAYS if one != WEEKDAYS[day.weekday()]],
        space=space,
    )


async def test_a_space_of_a_town_supports_the_sketch_at_the_towns_node(
    own_client, loaded_clone, settings_for
):
    """Six kilometres off the node, as most of a city is; the sketch draws no street there."""
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.locations set geom = st_translate(geom, 0.04, 0.04) where id = 'DEMO-061'",
    )
    way = {"start": [-61.14, 4.48], "end": [-60.92, 2.43]}
    found = await measured(own_client, **way, services=["legal_advice"])
    (space,) = (one for one in found["spaces"] if one["id"] == "DEMO-061")
    assert space["town"] == "Boa Vista"
    assert space["access_m"] == pytest.approx(6_285, rel=0.01)
    assert found["longest_gap_m"] == pytest.approx(220_000, rel=0.05)
    best = (await own_client.post("/routes", json={**way, "mode": "foot"})).json()["features"][0]
    (stop,) = (one for one in best["properties"]["stops"] if one["id"] == "DEMO-061")
    assert (stop["town"], stop["access_m"]) == ("Boa Vista", round(space["access_m"]))
    assert stop["at_m"] == pytest.approx(space["at_m"], abs=1)
    drawn = await measured(own_client, route=best["geometry"], services=["legal_advice"])
    assert drawn["measure"] == "network"
    assert "DEMO-061" in {one["id"] for one in drawn["spaces"]}


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
