"""Isochrones and matrices as openrouteservice's clients ask and read them."""

import itertools

import openrouteservice
import pytest
import routingpy
import shapely

from tests.app.api.routing.test_ogc_routes import PAMPLONA
from tests.app.api.routing.test_routes import BUCARAMANGA, CUCUTA, SAN_CRISTOBAL

WALKING = "/v2/isochrones/foot-walking"
TABLE = "/v2/matrix/foot-walking"
#: Around Cúcuta and Pamplona, where there are demo spaces for the night.
NORTE = [-72.8, 7.2, -72.3, 8.0]

#: In the forests of Vaupés, far from any road.
FAR = (-70.9, 0.9)


async def asked(client, path, **body):
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def shapes(body):
    return [shapely.geometry.shape(feature["geometry"]) for feature in body["features"]]


# --- clients --------------------------------------------------------------------------------------


def test_openrouteservice_py_reads_isochrones(live_server):
    client = openrouteservice.Client(base_url=live_server)
    body = client.isochrones(
        [CUCUTA, PAMPLONA],
        profile="foot-walking",
        range=[3600],
        interval=1800,
        location_type="start",
        attributes=["area"],
        units="m",
    )
    rows = [feature["properties"] for feature in body["features"]]
    assert [(row["group_index"], row["value"]) for row in rows] == [
        *((0, 1800), (0, 3600)),
        *((1, 1800), (1, 3600)),
    ]
    assert all(row["area"] > 0 for row in rows)
    for row, place in zip(rows, (CUCUTA, CUCUTA, PAMPLONA, PAMPLONA), strict=True):
        assert row["center"] == list(place)


def test_openrouteservice_py_reads_a_matrix(live_server):
    client = openrouteservice.Client(base_url=live_server)
    body = client.distance_matrix(
        [CUCUTA, PAMPLONA, BUCARAMANGA],
        profile="foot-walking",
        sources=[0],
        destinations=[1, 2],
        metrics=["duration", "distance"],
        resolve_locations=False,
        units="km",
        optimized=True,
    )
    ((near, far),) = body["distances"]
    assert far == pytest.approx(195, rel=0.02)
    assert near < far
    assert body["durations"][0][0] < body["durations"][0][1]
    assert [row["location"] for row in body["destinations"]] == [list(PAMPLONA), list(BUCARAMANGA)]


def test_routingpy_reads_isochrones_and_a_matrix(live_server):
    client = routingpy.ORS(base_url=live_server)
    found = client.isochrones(list(CUCUTA), "foot-walking", [1800, 3600], interval_type="time")
    assert [one.interval for one in found] == [1800, 3600]
    assert shapely.Polygon(found[0].geometry).is_valid
    table = client.matrix([CUCUTA, PAMPLONA], "foot-walking", metrics=["distance", "duration"])
    assert table.durations[0][0] == table.distances[1][1] == 0
    assert table.distances[0][1] > 60_000


def test_openrouteservice_py_raises_its_own_error_for_a_refusal(live_server):
    client = openrouteservice.Client(base_url=live_server)
    with pytest.raises(openrouteservice.exceptions.ApiError) as refused:
        client.isochrones([CUCUTA], profile="foot-walking", range=[3600], smoothing=0.5)
    assert refused.value.status == 400
    assert refused.value.message["error"]["code"] == 3003


# --- isochrones -----------------------------------------------------------------------------------


async def test_areas_are_valid_nested_and_said_to_be_what_they_are(client):
    body = await asked(client, WALKING, locations=[CUCUTA], range=[7200, 1800, 3600], id="mine")
    areas = shapes(body)
    assert [f["properties"]["value"] for f in body["features"]] == [1800, 3600, 7200]
    assert all(area.is_valid and area.area > 0 for area in areas)
    for inner, outer in itertools.pairwise(areas):
        assert outer.covers(inner)
    about = body["features"][0]["properties"]["amparo"]
    assert about["network_kind"] == "sketch"
    assert about["crossings"] == []
    assert about["least_hole_km2"] == 314
    assert body["demo"] is True
    assert "DEMO" in body["notice"]
    assert body["metadata"]["id"] == "mine"
    assert body["bbox"] == pytest.approx(areas[-1].bounds)
    same = await asked(client, f"{WALKING}/geojson", locations=[CUCUTA], range=[1800, 3600, 7200])
    assert same["features"] == body["features"]


async def test_p48_the_query_comes_back_without_places_and_no_cache_keeps_it(client):
    for path, more in ((WALKING, {"range": [1800]}), (TABLE, {})):
        response = await client.post(path, json={"locations": [CUCUTA], **more})
        assert response.headers["cache-control"] == "private, no-store"
        assert "locations" not in response.json()["metadata"]["query"]
    assert response.headers["content-type"] == "application/json"


async def test_p33_a_border_is_passed_on_request_alone_and_its_crossing_is_named(client):
    driving = "/v2/isochrones/driving-car"
    asking = {"locations": [CUCUTA], "range": [7200]}
    closed = await asked(client, driving, **asking)
    (area,) = shapes(closed)
    beyond = shapely.Point(SAN_CRISTOBAL)
    assert not area.covers(beyond)
    assert closed["features"][0]["properties"]["amparo"]["crossings"] == []
    passing = await asked(client, driving, **asking, options={"avoid_borders": "none"})
    (wide,) = shapes(passing)
    assert wide.covers(beyond)
    named = passing["features"][0]["properties"]["amparo"]["crossings"]
    assert named
    assert all(crossing["state"] == "open" for crossing in named)
    again = await asked(client, driving, **asking, options={"avoid_borders": "all"})
    assert again["features"] == closed["features"]


async def test_lengths_have_the_units_that_are_asked_for(client):
    by = {"locations": [CUCUTA], "range_type": "distance", "attributes": ["area"]}
    metres = await asked(client, WALKING, **by, range=[10_000])
    km = await asked(client, WALKING, **by, range=[10], units="km", area_units="km")
    assert metres["features"][0]["geometry"] == km["features"][0]["geometry"]
    properties = [body["features"][0]["properties"] for body in (metres, km)]
    assert [row["value"] for row in properties] == [10_000, 10]
    assert properties[0]["area"] == pytest.approx(1e6 * properties[1]["area"], rel=1e-3)


async def test_p38_p39_areas_around_public_spaces_by_service_and_day(client):
    around = {"bbox": NORTE, "services": ["overnight"]}
    body = await asked(client, WALKING, spaces=around, range=[1800, 3600])
    assert body["spaces"] > 0
    assert len(body["features"]) == 2
    assert body["features"][0]["properties"]["center"] is None
    assert body["protected_services"] == "not counted"
    every = await asked(client, WALKING, spaces={"bbox": NORTE}, range=[3600])
    assert every["spaces"] >= body["spaces"]
    sea = await asked(client, WALKING, spaces={"bbox": [-60, 20, -59, 21]}, range=[3600])
    assert (sea["spaces"], sea["features"]) == (0, [])
    for more, field in (
        ({"services": ["zzz"]}, "spaces.services"),
        ({"on": "1999-01-01"}, "spaces.on"),
        ({"bbox": [-73, 7, -74, 8]}, "spaces.bbox"),
        ({"bbox": [-90, 7, -74, 8]}, "spaces.bbox"),
    ):
        response = await client.post(WALKING, json={"spaces": around | more, "range": [60]})
        assert response.status_code == 400, response.text
        assert response.json()["field"] == field
    protected = {**around, "services": ["gbv_response"]}
    response = await client.post(WALKING, json={"spaces": protected, "range": [60]})
    assert response.status_code == 422, response.text
    assert "lines" in response.json()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"smoothing": 25}, "smoothing"),
        ({"intersections": True}, "intersections"),
        ({"attributes": ["total_pop"]}, "attributes.0"),
        ({"attributes": ["reachfactor"]}, "attributes.0"),
        ({"options": {"avoid_polygons": {}}}, "options.avoid_polygons"),
        ({"options": {"avoid_borders": "controlled"}}, "options.avoid_borders"),
        ({"range": []}, "range"),
        ({"range": [0]}, "range.0"),
        ({"range": [1e9]}, "range"),
        ({"range": [1, 2], "interval": 1}, "interval"),
        ({"range": [3600], "interval": 1}, "interval"),
        ({"range_type": "cost"}, "range_type"),
        ({"locations": []}, "body"),
        ({"locations": [CUCUTA] * 6}, "locations"),
        ({"locations": [CUCUTA, (7.894, -72.508)]}, "locations.1"),
        ({"spaces": {"bbox": NORTE}}, "body"),
        ({"profile": "driving-car"}, "profile"),
        ({"time": "2026"}, "time"),
    ],
)
async def test_what_is_not_honoured_is_refused_and_never_ignored(client, more, field):
    response = await client.post(WALKING, json={"locations": [CUCUTA], "range": [3600]} | more)
    assert response.status_code == 400, response.text
    problem = response.json()
    assert problem["field"] == field
    assert problem["error"] == {"code": 3003, "message": problem["detail"]}
    assert response.headers["content-type"] == "application/problem+json"
    assert "7.894" not in response.text


async def test_a_point_off_the_network_has_the_code_of_one(client):
    response = await client.post(WALKING, json={"locations": [CUCUTA, FAR], "range": [3600]})
    assert response.status_code == 422
    assert response.json()["field"] == "locations.1"
    assert response.json()["error"]["code"] == 3010
    response = await client.post("/v2/isochrones/cycling-road", json={"locations": [CUCUTA]})
    assert response.json()["error"]["code"] == 3003


# --- matrices -------------------------------------------------------------------------------------


async def test_a_matrix_has_the_figures_of_single_routes(client):
    places = [CUCUTA, PAMPLONA, BUCARAMANGA, SAN_CRISTOBAL]
    metrics = ["duration", "distance"]
    body = await asked(client, "/v2/matrix/driving-car/json", locations=places, metrics=metrics)
    for row, start in enumerate(places):
        for column, end in enumerate(places):
            if row == column:
                assert body["durations"][row][column] == 0
                continue
            way = await asked(
                client, "/v2/directions/driving-car/geojson", coordinates=[start, end]
            )
            summary = way["features"][0]["properties"]["summary"]
            assert body["durations"][row][column] == pytest.approx(summary["duration"], abs=0.1)
            assert body["distances"][row][column] == pytest.approx(summary["distance"], abs=0.1)
    home = await asked(
        client, TABLE, locations=places, sources=[3], options={"avoid_borders": "all"}
    )
    assert home["durations"] == [[None, None, None, 0]]
    assert "distances" not in home


async def test_a_place_off_the_network_has_no_figures(client):
    body = await asked(client, TABLE, locations=[CUCUTA, FAR])
    assert body["durations"][0][1] is None
    assert body["destinations"][1] is None


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"resolve_locations": True}, "resolve_locations"),
        ({"sources": [2]}, "sources"),
        ({"sources": [-1]}, "sources"),
        ({"metrics": []}, "metrics"),
        ({"metrics": ["weight"]}, "metrics.0"),
        ({"units": "ft"}, "units"),
        ({"locations": []}, "locations"),
        ({"locations": [CUCUTA] * 101}, "locations"),
        ({"id": 5}, "id"),
    ],
)
async def test_what_a_matrix_does_not_honour_is_refused(client, more, field):
    response = await client.post(TABLE, json={"locations": [CUCUTA, PAMPLONA]} | more)
    assert response.status_code == 400, response.text
    problem = response.json()
    assert problem["field"] == field
    assert problem["error"] == {"code": 6003, "message": problem["detail"]}
