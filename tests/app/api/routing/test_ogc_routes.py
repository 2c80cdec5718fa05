"""OGC API - Routes at /ogc: conformance, the exchange model, 400 and 422; via and avoid besides."""

from datetime import datetime, timedelta

import jsonschema
import pytest
import shapely

from tests.app.api.routing.test_routes import (
    BUCARAMANGA,
    CARACAS,
    CUCUTA,
    LIMA,
    SAN_CRISTOBAL,
    TACHIRA,
    ask,
)
from tests.app.runtime.test_logs import check as check_logs
from tests.app.runtime.test_logs import lines
from tests.conftest import run_sql
from tests.fixtures.clock import run_now

__all__ = ["lines"]

PAMPLONA = (-72.648, 7.376)
SPEC = "http://www.opengis.net/spec/ogcapi-routes-1/1.0.0-draft.1/conf"

#: Across the road between Cúcuta and Pamplona, the other side of Los Patios.
FENCE = [[[-72.65, 7.5], [-72.55, 7.5], [-72.55, 7.55], [-72.65, 7.55], [-72.65, 7.5]]]

POINT = {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "number"}}


def feature(geometry, positions, required, **properties):
    return {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"const": "Feature"},
            "id": {"type": ["number", "string"]},
            "geometry": {
                "required": ["type", "coordinates"],
                "properties": {"type": {"const": geometry}, "coordinates": positions},
            },
            "properties": {"required": required, "properties": properties},
        },
    }


#: The route exchange model, as far as its schema binds.
EXCHANGE_MODEL = {
    "type": "object",
    "required": ["type", "features", "status"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "name": {"type": "string"},
        "status": {"const": "successful"},
        "features": {
            "type": "array",
            "items": {
                "oneOf": [
                    feature(
                        "LineString",
                        {"type": "array", "minItems": 2, "items": POINT},
                        ["featureType", "length"],
                        featureType={"const": "overview"},
                        length={"type": "number"},
                        length_m={"type": "number"},
                        duration_s={"type": "number"},
                        processingTime={"type": "string", "format": "date-time"},
                        comment={"type": "string"},
                    ),
                    feature(
                        "Point",
                        POINT,
                        ["featureType"],
                        featureType={"enum": ["start", "waypoint", "end"]},
                        timestamp={"type": "string", "format": "date-time"},
                    ),
                    feature(
                        "Point",
                        POINT,
                        ["featureType", "length"],
                        featureType={"const": "segment"},
                        length={"type": "number"},
                        length_m={"type": "number"},
                        duration_s={"type": "number"},
                        roadName={"type": "string"},
                        instructions={"enum": ["continue", "left", "right"]},
                    ),
                ]
            },
        },
    },
}


def polygon(*corners):
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


def definition(*places, **more):
    return {"inputs": {"waypoints": {"type": "MultiPoint", "coordinates": places}, **more}}


async def compute(client, *places, **more):
    headers = more.pop("headers", None)
    response = await client.post("/ogc/routes", json=definition(*places, **more), headers=headers)
    assert response.status_code == 200, response.text
    return response


def of_type(body, kind):
    return [f for f in body["features"] if f["properties"]["featureType"] == kind]


async def test_landing_and_conformance_say_what_holds(client):
    landing = (await client.get("/ogc")).json()
    links = {link["rel"]: link["href"] for link in landing["links"]}
    assert links["http://www.opengis.net/def/rel/ogc/1.0/routes"].endswith("/ogc/routes")
    for rel in ("self", "service-desc", "conformance"):
        assert (await client.get(links[rel])).status_code == 200, rel
    said = (await client.get("/ogc/conformance")).json()
    names = ("core", "mode", "intermediate-waypoints", "obstacles", "time")
    assert {f"{SPEC}/{name}" for name in names} <= set(said["conformsTo"])
    assert not any("manage-routes" in uri for uri in said["conformsTo"])
    assert said[f"{SPEC}/core"]["values"][0] == "lower-exposure"
    assert "adult" in said[f"{SPEC}/mode"]["modes"]


async def test_no_route_is_stored(client):
    for address in ("/ogc/routes", "/ogc/routes/1", "/ogc/routes/1/definition"):
        assert (await client.get(address)).status_code in {404, 405}


async def test_the_answer_keeps_the_exchange_model(client):
    response = await compute(client, CUCUTA, PAMPLONA, BUCARAMANGA, name="Ida", mode="family")
    assert response.headers["content-type"] == "application/geo+json"
    assert response.headers["cache-control"] == "private, no-store"
    body = response.json()
    jsonschema.validate(body, EXCHANGE_MODEL)
    assert body["name"] == "Ida"
    kinds = [f["properties"]["featureType"] for f in body["features"]]
    assert kinds[:2] == ["overview", "start"]
    assert kinds[-2:] == ["segment", "end"]
    assert kinds.count("waypoint") == 1
    overview, segments = of_type(body, "overview")[0], of_type(body, "segment")
    for what in ("length", "length_m", "duration_s"):
        total = sum(segment["properties"][what] for segment in segments)
        assert overview["properties"][what] == pytest.approx(total, rel=1e-12)
    line = shapely.LineString(overview["geometry"]["coordinates"])
    for one in body["features"][1:]:
        assert line.distance(shapely.Point(one["geometry"]["coordinates"])) == 0
    ends = [of_type(body, kind)[0]["geometry"]["coordinates"] for kind in ("start", "end")]
    assert ends == [list(line.coords[0]), list(line.coords[-1])]
    assert segments[-1]["geometry"]["coordinates"] == ends[1]
    times = [
        datetime.fromisoformat(of_type(body, kind)[0]["properties"]["timestamp"])
        for kind in ("start", "waypoint", "end")
    ]
    assert times == sorted(times)
    assert overview["properties"]["profile"] == "family"


async def test_p13_p35_p46_what_is_known_goes_along(client):
    body = (await compute(client, CUCUTA, BUCARAMANGA)).json()
    overview = of_type(body, "overview")[0]["properties"]
    assert body["demo"] is True
    assert "DEMO" in body["notice"] == overview["comment"]
    assert overview["longest_gap"]["advice"]
    assert overview["unknown_m"] > 0
    assert "sin información de peligros" in of_type(body, "segment")[0]["properties"]["text"]


async def test_the_language_is_negotiated(client):
    response = await compute(
        client, CUCUTA, BUCARAMANGA, headers={"Accept-Language": "en, es;q=0.5"}
    )
    assert response.headers["content-language"] == "en"
    assert "Accept-Language" in response.headers["vary"]
    assert "km along" in of_type(response.json(), "segment")[0]["properties"]["text"]
    assert (await compute(client, CUCUTA, BUCARAMANGA)).headers["content-language"] == "es"


async def test_preference_is_the_weight_of_exposure(client):
    plain = (await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA, routes=5))).json()
    quickest = min(f["properties"]["duration_s"] for f in plain["features"])
    found = {}
    for preference in ("fastest", "lower-exposure"):
        body = (
            await compute(client, CUCUTA, BUCARAMANGA, preference=preference,
                          when={"timestamp": "2026-11-24T08:00:00-05:00"})
        ).json()  # fmt: skip
        found[preference] = of_type(body, "overview")[0]["properties"]
    assert found["fastest"]["duration_s"] == pytest.approx(quickest)
    best = plain["features"][0]["properties"]
    assert found["lower-exposure"]["duration_s"] == pytest.approx(best["duration_s"])


async def test_when_is_departure_or_arrival(client):
    at = (run_now() + timedelta(days=40)).replace(microsecond=0)
    by = {"timestamp": at.isoformat(), "type": "arrival"}
    body = (await compute(client, CUCUTA, BUCARAMANGA, when=by)).json()
    arrival = datetime.fromisoformat(of_type(body, "end")[0]["properties"]["timestamp"])
    departure = datetime.fromisoformat(of_type(body, "start")[0]["properties"]["timestamp"])
    assert at - timedelta(days=2) < arrival <= at
    assert departure < arrival - timedelta(days=5)
    on = {"timestamp": at.isoformat()}
    body = (await compute(client, CUCUTA, BUCARAMANGA, when=on)).json()
    assert datetime.fromisoformat(of_type(body, "start")[0]["properties"]["timestamp"]) == at


async def test_an_arrival_that_cannot_be_is_422(client):
    soon = (run_now() + timedelta(hours=1)).isoformat()
    body = definition(CUCUTA, BUCARAMANGA, when={"timestamp": soon, "type": "arrival"})
    response = await client.post("/ogc/routes", json=body)
    assert response.status_code == 422
    assert "past" in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "inputs"),
        ({"waypoints": {}}, "inputs"),
        (definition(CUCUTA), "inputs.waypoints.coordinates"),
        (definition(*[CUCUTA, BUCARAMANGA] * 7), "inputs.waypoints.coordinates"),
        (definition(CUCUTA, CUCUTA[::-1]), "inputs.waypoints.coordinates.1"),
        (definition(CUCUTA, BUCARAMANGA, preference="shortest"), "inputs.preference"),
        (definition(CUCUTA, BUCARAMANGA, mode="bicycle"), "inputs.mode"),
        (definition(CUCUTA, BUCARAMANGA, height=4), "inputs.height"),
        (definition(CUCUTA, BUCARAMANGA, when={"timestamp": "today"}), "inputs.when.timestamp"),
        (
            definition(CUCUTA, BUCARAMANGA, obstacles={"type": "Polygon", "coordinates": FENCE}),
            "inputs.obstacles.type",
        ),
        (
            definition(
                CUCUTA,
                BUCARAMANGA,
                obstacles={"type": "MultiPolygon", "coordinates": [[FENCE[0][:4]]]},
            ),
            "inputs.obstacles",
        ),
    ],
)
async def test_a_bad_definition_is_400_with_its_field(client, body, field):
    response = await client.post("/ogc/routes", json=body)
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["field"].startswith(field)


async def test_obstacles_are_kept_out_of_and_too_many_ways_shut_are_422(client):
    obstacles = {"type": "MultiPolygon", "coordinates": [FENCE]}
    around = {"obstacles": obstacles, "accept_detour": True}
    body = (await compute(client, CUCUTA, PAMPLONA, **around)).json()
    line = shapely.LineString(of_type(body, "overview")[0]["geometry"]["coordinates"])
    assert not line.intersects(shapely.Polygon(FENCE[0]))
    lon, lat = PAMPLONA
    shut = shapely.Point(lon, lat).buffer(0.03)
    ring = [[list(map(list, shut.exterior.coords))]]
    refused = await client.post(
        "/ogc/routes",
        json=definition(CUCUTA, PAMPLONA, obstacles={"type": "MultiPolygon", "coordinates": ring}),
    )
    assert refused.status_code == 422
    assert [b["kind"] for b in refused.json()["blocked_by"]] == ["obstacle"]
    assert str(lon) not in refused.text


# --- the plain POST /routes -----------------------------------------------------------------------


async def test_routes_pass_waypoints_and_keep_out_of_areas(client):
    plain = (await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA))).json()["features"]
    over = (await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA, via=[PAMPLONA]))).json()
    (route,) = over["features"]
    (waypoint,) = route["properties"]["via"]
    assert 0 < waypoint["at_m"] < route["properties"]["distance_m"]
    assert waypoint["arrival"] < route["properties"]["arrival"]
    assert plain[0]["properties"]["via"] == []
    fence = {"type": "Polygon", "coordinates": FENCE}
    more = {"avoid": [fence], "accept_detour": True}
    around = (await client.post("/routes", json=ask(CUCUTA, PAMPLONA, **more))).json()
    for feature_ in around["features"]:
        line = shapely.LineString(feature_["geometry"]["coordinates"])
        assert not line.intersects(shapely.Polygon(FENCE[0]))


async def test_a_waypoint_keeps_p10_and_says_which_leg_is_refused(
    own_client, loaded_clone, settings_for
):
    settings = settings_for(loaded_clone)
    (route,) = (
        await own_client.post("/routes", json=ask(CARACAS, LIMA, via=[CUCUTA, PAMPLONA]))
    ).json()["features"]
    assert set(route["properties"]["crossings"]) & set(TACHIRA)
    body = ask(PAMPLONA, SAN_CRISTOBAL, via=[BUCARAMANGA])
    await run_sql(settings, "update amparo.crossing_statuses set state = 'closed'")
    refused = (await own_client.post("/routes", json=body)).json()
    assert refused["leg"] == 1
    assert {b["kind"] for b in refused["blocked_by"]} == {"crossing"}
    # Help near the place where the refused leg begins.
    assert refused["nearest_space"]["country"] == "CO"
    assert refused["nearest_space"]["locality"] == "Bucaramanga"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"via": [[7.376, -72.648]]}, "via.0"),
        ({"via": [PAMPLONA] * 11}, "via"),
        ({"via": [[-60.0, 20.0]]}, "via.0"),
        ({"via": [BUCARAMANGA]}, "end"),
        ({"avoid": FENCE}, "avoid.0"),
        ({"avoid": [{"type": "Point", "coordinates": CUCUTA}]}, "avoid.0"),
        ({"avoid": [{"type": "Polygon", "coordinates": [[[0, 0]] * 3]}]}, "avoid.0"),
        ({"avoid": [polygon([7, -72], [8, -72], [8, -73])]}, "avoid"),
        ({"avoid": [polygon([-72, 7], [-71, 8], [-71, 7])]}, "avoid"),
        ({"avoid": [polygon([-72.0, 7.0], [-72.0, 7.0], [-72.0, 7.0])]}, "avoid"),
    ],
)  # fmt: skip
async def test_what_cannot_be_meant_is_named_without_coordinates(client, more, field):
    response = await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA, **more))
    assert response.status_code in {400, 422}, response.text
    assert response.json()["field"].startswith(field), response.text
    assert "72" not in response.json()["detail"]


async def test_p48_nothing_asked_is_logged(client, lines):
    fence = {"type": "Polygon", "coordinates": FENCE}
    more = {"via": [(-72.50782, 7.89391)], "avoid": [fence]}
    await client.post("/routes", json=ask(CUCUTA, PAMPLONA, **more, accept_detour=True))
    # What closed the way is told to who asked, and to nobody else.
    await client.post("/routes", json=ask(CUCUTA, PAMPLONA, **more))
    await client.post("/ogc/routes", json=definition((-72.50782, 7.89391), PAMPLONA, name="S3CRET"))
    await client.post("/ogc/routes", json=definition((-72.50782, 7.89391), name="S3CRET"))
    path = "/v2/directions/S3CRET/geojson"
    await client.post(path, json={"coordinates": [(-72.50782, 7.89391), PAMPLONA]})
    check_logs(lines())
    said = [line.split()[2:5] for line in lines() if line.startswith("amparo.access")]
    assert said == [
        ["POST", "/routes", "200"],
        ["POST", "/routes", "422"],
        ["POST", "/ogc/routes", "200"],
        ["POST", "/ogc/routes", "400"],
        ["POST", "/v2/directions/{profile}/geojson", "400"],
    ]
