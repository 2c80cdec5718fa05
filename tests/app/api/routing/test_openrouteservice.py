"""Directions as openrouteservice's clients ask and read them: its own client, and a real server."""

import itertools

import openrouteservice
import pytest
import routingpy
import shapely

from app.api.routing.openrouteservice import _SURFACES
from routing.osm_tags.ways import SURFACES
from tests.app.api.routing.test_ogc_routes import FENCE, PAMPLONA, polygon
from tests.app.api.routing.test_routes import BUCARAMANGA, CUCUTA, SAN_CRISTOBAL, TACHIRA, ask
from tests.fixtures.clock import run_now

WIDE = polygon([-72, 7], [-71, 7], [-71, 8])
WALKING = "/v2/directions/foot-walking/geojson"


def question(*coordinates, **more):
    return {"coordinates": coordinates, **more}


async def directions(client, *coordinates, profile="foot-walking", **more):
    address = f"/v2/directions/{profile}/geojson"
    response = await client.post(address, json=question(*coordinates, **more))
    assert response.status_code == 200, response.text
    return response.json()


def check_shape(body, legs):
    """Check what clients rely on: numbers that add up, vertices that exist."""
    assert body["type"] == "FeatureCollection"
    assert body["metadata"]["service"] == "routing"
    west, south, east, north = body["bbox"]
    for feature in body["features"]:
        line, properties = feature["geometry"]["coordinates"], feature["properties"]
        assert west <= feature["bbox"][0] <= feature["bbox"][2] <= east
        assert south <= feature["bbox"][1] <= feature["bbox"][3] <= north
        points, segments = properties["way_points"], properties["segments"]
        assert (points[0], points[-1]) == (0, len(line) - 1)
        assert len(segments) == len(points) - 1 == legs
        for what in ("distance", "duration"):
            total = sum(segment[what] for segment in segments)
            assert properties["summary"][what] == pytest.approx(total, abs=0.11 * legs)
        for segment, first, last in zip(segments, points[:-1], points[1:], strict=True):
            steps = segment["steps"]
            assert steps[0]["type"] == 11
            assert steps[-1]["type"] == 10
            assert [steps[0]["way_points"][0], steps[-1]["way_points"][1]] == [first, last]
            for one, two in itertools.pairwise(steps):
                assert one["way_points"][1] == two["way_points"][0]
            for step in steps:
                assert step["instruction"]
                assert step["name"]


# --- clients --------------------------------------------------------------------------------------


def test_openrouteservice_py_reads_a_route_over_a_waypoint(live_server):
    client = openrouteservice.Client(base_url=live_server)
    body = client.directions(
        [CUCUTA, PAMPLONA, BUCARAMANGA],
        profile="foot-walking",
        format="geojson",
        preference="recommended",
        language="en",
        extra_info=["surface"],
        instructions=True,
        options={"avoid_polygons": polygon([-72.65, 7.7], [-72.64, 7.7], [-72.64, 7.71])},
    )
    check_shape(body, legs=2)
    assert body["features"][0]["properties"]["extras"]["surface"]["values"]


def test_openrouteservice_py_raises_its_own_error_for_a_refusal(live_server):
    client = openrouteservice.Client(base_url=live_server)
    with pytest.raises(openrouteservice.exceptions.ApiError) as refused:
        client.directions(
            [CUCUTA, SAN_CRISTOBAL],
            profile="foot-walking",
            format="geojson",
            options={"avoid_borders": "all"},
        )
    assert refused.value.status == 422
    assert refused.value.message["error"]["code"] == 2009


def test_a_client_s_key_is_a_token_of_ours_or_refused(live_server):
    for key in ("5b3ce3597851110001cf6248", "Bearer 5b3ce3597851110001cf6248"):
        client = openrouteservice.Client(base_url=live_server, key=key)
        with pytest.raises(openrouteservice.exceptions.ApiError) as refused:
            client.directions([CUCUTA, PAMPLONA], profile="foot-walking", format="geojson")
        assert refused.value.status == 401


def test_routingpy_reads_routes_and_alternatives(live_server):
    client = routingpy.ORS(base_url=live_server)
    one = client.directions([CUCUTA, BUCARAMANGA], "foot-walking", format="geojson")
    assert one.distance == pytest.approx(195_000, rel=0.02)
    assert one.geometry[0] == pytest.approx(CUCUTA, abs=0.01)
    several = client.directions(
        [CUCUTA, BUCARAMANGA],
        "foot-walking",
        format="geojson",
        alternative_routes={"target_count": 3, "weight_factor": 9.0, "share_factor": 0.8},
    )
    assert len(several) >= 2


# --- the shape ------------------------------------------------------------------------------------


async def test_the_route_is_that_of_routes(client):
    body = await directions(client, CUCUTA, BUCARAMANGA)
    check_shape(body, legs=1)
    plain = (await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA, at=None))).json()
    (feature,) = body["features"]
    assert feature["geometry"] == plain["features"][0]["geometry"]
    summary, best = feature["properties"]["summary"], plain["features"][0]["properties"]
    assert summary["distance"] == pytest.approx(best["distance_m"], abs=0.1)
    assert summary["duration"] == pytest.approx(best["duration_s"], abs=0.1)


async def test_p13_p35_p46_what_is_known_goes_along(client):
    body = await directions(client, CUCUTA, BUCARAMANGA)
    assert body["demo"] is True
    properties = body["features"][0]["properties"]
    (warning,) = properties["warnings"]
    assert warning["message"] == body["notice"]
    assert "DEMO" in warning["message"]
    assert "no promete" in warning["message"]
    told = properties["amparo"]
    assert told["walking_days"] == 10
    assert told["unknown_m"] > 0
    assert told["longest_gap"]["advice"]
    assert "sin información de peligros" in properties["segments"][0]["steps"][0]["instruction"]


async def test_p48_the_query_comes_back_without_coordinates_and_no_cache_keeps_it(client):
    fence = polygon(*FENCE[0][:-1])
    options = {"avoid_polygons": fence, "accept_detour": True}
    body = question(CUCUTA, PAMPLONA, id="mine", options=options)
    response = await client.post(WALKING, json=body)
    assert response.headers["cache-control"] == "private, no-store"
    assert response.headers["content-type"] == "application/geo+json"
    metadata = response.json()["metadata"]
    assert metadata["id"] == "mine"
    assert "coordinates" not in metadata["query"]
    assert "options" not in metadata["query"]
    assert abs(metadata["timestamp"] / 1_000 - run_now().timestamp()) < 600


async def test_units_language_and_instructions(client):
    metres = await directions(client, CUCUTA, BUCARAMANGA)
    miles = await directions(client, CUCUTA, BUCARAMANGA, units="mi", language="en-us")
    summary = [b["features"][0]["properties"]["summary"]["distance"] for b in (metres, miles)]
    assert summary[0] / summary[1] == pytest.approx(1_609.344, rel=1e-4)
    steps = miles["features"][0]["properties"]["segments"][0]["steps"]
    assert steps[0]["instruction"].startswith("Section of")
    assert steps[-1]["instruction"] == "Destination"
    silent = await directions(client, CUCUTA, BUCARAMANGA, instructions=False)
    assert "steps" not in silent["features"][0]["properties"]["segments"][0]


async def test_surfaces_cover_the_way(client):
    body = await directions(client, CUCUTA, BUCARAMANGA, extra_info=["surface"])
    feature = body["features"][0]
    found = feature["properties"]["extras"]["surface"]
    values = found["values"]
    assert values[0][0] == 0
    assert values[-1][1] == len(feature["geometry"]["coordinates"]) - 1
    assert all(one[1] == two[0] for one, two in itertools.pairwise(values))
    assert sum(row["amount"] for row in found["summary"]) == pytest.approx(100, abs=0.1)
    assert {row["value"] for row in found["summary"]} <= {0.0, 1.0}


async def test_profiles_are_ours(client):
    for profile, ours in (
        ("foot-walking", "adult"),
        ("wheelchair", "reduced_mobility"),
        ("driving-car", "vehicle"),
    ):
        body = await directions(client, CUCUTA, BUCARAMANGA, profile=profile)
        assert body["features"][0]["properties"]["amparo"]["profile"] == ours
    cycling = "/v2/directions/cycling-road/geojson"
    refused = await client.post(cycling, json=question(CUCUTA, PAMPLONA))
    assert refused.status_code == 400
    assert refused.json()["field"] == "profile"
    assert refused.json()["error"]["code"] == 2003


async def test_alternatives_are_as_unlike_and_as_quick_as_asked(client):
    async def count(**more):
        body = await directions(client, CUCUTA, BUCARAMANGA, alternative_routes=more)
        return len(body["features"])

    assert await count(target_count=3, weight_factor=9, share_factor=0.8) >= 2
    assert await count(target_count=3, weight_factor=1, share_factor=0.8) == 1
    assert await count(target_count=3, weight_factor=9, share_factor=0) == 1
    assert await count(target_count=1, weight_factor=9, share_factor=1) == 1


# --- what to keep away from -----------------------------------------------------------------------


async def test_polygons_are_kept_out_of(client):
    fence = polygon(*FENCE[0][:-1])
    # What is avoided leaves a long way round alone: it is asked for (P54).
    options = {"avoid_polygons": fence, "accept_detour": True}
    body = await directions(client, CUCUTA, PAMPLONA, options=options)
    line = shapely.LineString(body["features"][0]["geometry"]["coordinates"])
    assert not line.intersects(shapely.Polygon(FENCE[0]))
    far = polygon([0, 0], [1e-3, 0], [0, 1e-3])["coordinates"]
    both = {"type": "MultiPolygon", "coordinates": [FENCE, far]}
    assert await directions(client, CUCUTA, PAMPLONA, options=options | {"avoid_polygons": both})
    assert await directions(client, CUCUTA, PAMPLONA, options={"avoid_polygons": {}})


async def test_p32_a_border_that_is_avoided_is_not_called_closed(client):
    free = await directions(client, CUCUTA, SAN_CRISTOBAL)
    assert set(free["features"][0]["properties"]["amparo"]["crossings"]) & set(TACHIRA)
    for options in ({"avoid_borders": "all"}, {"avoid_countries": ["VE"]}):
        response = await client.post(WALKING, json=question(CUCUTA, SAN_CRISTOBAL, options=options))
        assert response.status_code == 422
        refused = response.json()
        assert {b["kind"] for b in refused["blocked_by"]} == {"avoided"}
        assert {b["state"] for b in refused["blocked_by"]} == {None}
        assert "cerrado" not in refused["detail"]
        assert refused["error"] == {"code": 2009, "message": refused["detail"]}
    for options in ({"avoid_borders": "none"}, {"avoid_countries": ["BR"]}):
        assert await directions(client, CUCUTA, SAN_CRISTOBAL, options=options)
    # What was avoided is no one else's.
    again = await directions(client, CUCUTA, SAN_CRISTOBAL)
    assert again["features"][0]["geometry"] == free["features"][0]["geometry"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"elevation": True}, "elevation"),
        ({"geometry": False}, "geometry"),
        ({"geometry_simplify": True}, "geometry_simplify"),
        ({"maneuvers": True}, "maneuvers"),
        ({"suppress_warnings": True}, "suppress_warnings"),
        ({"continue_straight": True}, "continue_straight"),
        ({"preference": "shortest"}, "preference"),
        ({"language": "tlh"}, "language"),
        ({"units": "ft"}, "units"),
        ({"radiuses": [50, 50]}, "radiuses"),
        ({"attributes": ["avgspeed"]}, "attributes"),
        ({"extra_info": ["steepness"]}, "extra_info.0"),
        ({"bearings": [[30, 20]]}, "bearings"),
        ({"skip_segments": [1]}, "skip_segments"),
        ({"schedule": True}, "schedule"),
        ({"options": {"avoid_borders": "controlled"}}, "options.avoid_borders"),
        ({"options": {"avoid_countries": [11]}}, "options.avoid_countries.0"),
        ({"options": {"avoid_countries": ["XX"]}}, "options.avoid_countries"),
        ({"options": {"avoid_features": ["ferries"]}}, "options.avoid_features"),
        ({"options": {"avoid_features": ["steps"]}}, "options.avoid_features"),
        ({"options": {"profile_params": {}}}, "options.profile_params"),
        ({"options": {"round_trip": {"length": 1}}}, "options.round_trip"),
        ({"options": {"avoid_polygons": WIDE}}, "options.avoid_polygons"),
        ({"alternative_routes": {"target_count": 9}}, "alternative_routes.target_count"),
        ({"coordinates": [CUCUTA]}, "coordinates"),
        ({"coordinates": [CUCUTA, (7.125, -73.126)]}, "coordinates.1"),
        ({"coordinates": [CUCUTA, PAMPLONA] * 7}, "coordinates"),
        ({"coordinates": [CUCUTA, PAMPLONA, CUCUTA], "alternative_routes": {}}, "body"),
    ],
)
async def test_what_is_not_honoured_is_refused_and_never_ignored(client, more, field):
    response = await client.post(WALKING, json=question(CUCUTA, BUCARAMANGA) | more)
    assert response.status_code == 400, response.text
    problem = response.json()
    assert problem["field"] == field
    assert problem["error"] == {"code": 2003, "message": problem["detail"]}
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert "7.894" not in response.text


async def test_steps_are_kept_out_of_by_wheelchair(client):
    options = {"avoid_features": ["steps"]}
    assert await directions(client, CUCUTA, BUCARAMANGA, profile="wheelchair", options=options)


async def test_a_point_off_the_network_has_the_code_of_one(client):
    response = await client.post(WALKING, json=question(CUCUTA, (-60.0, 20.0)))
    assert response.status_code == 422
    assert response.json()["error"]["code"] == 2010


async def test_other_problems_have_a_code_too(client):
    headers = {"Content-Type": "application/json"}
    broken = await client.post(WALKING, content=b"{", headers=headers)
    assert broken.status_code == 400
    assert broken.json()["error"]["code"] == 2003
    text = await client.post(WALKING, content=b"{}", headers={"Content-Type": "text/plain"})
    assert text.status_code == 415
    assert text.json()["error"]["code"] == 2000
    unknown = await client.post(f"{WALKING}?api_key=x", json=question(CUCUTA, PAMPLONA))
    assert unknown.status_code == 400
    assert unknown.json()["field"] == "api_key"


def test_every_surface_that_a_road_may_have_has_a_code_of_openrouteservice():
    # What is not known comes as None.
    assert {*SURFACES} - {"unknown"} <= {*_SURFACES}
