"""A route as GPX 1.1: by the schema's order, marked DEMO, without where it starts (P35, P48)."""

import io
from datetime import datetime
from itertools import pairwise

import numpy as np
import pyogrio
import pytest
from defusedxml.ElementTree import fromstring

from app.texts.gpx import MEDIA_TYPE
from app.texts.route_export import OMITTED_M, omitted_m
from routing.geometry.geodesy import great_circle_m
from tests.app.api.routing.test_routes import BUCARAMANGA, CUCUTA, REPORT, ask
from tests.conftest import run_sql

NAMESPACE = "{http://www.topografix.com/GPX/1/1}"
ACCEPT = {"Accept": MEDIA_TYPE}

#: Children in the order that the schema wants, each with whether it may be repeated, by parent.
ORDER = {
    "gpx": ["metadata", "wpt", "rte", "trk", "extensions"],
    "metadata": ["name", "desc", "author", "copyright", "link", "time", "keywords", "bounds"],
    "wpt": ["ele", "time", "name", "cmt", "desc", "src", "link", "sym", "type"],
    "trk": ["name", "cmt", "desc", "src", "link", "number", "type", "trkseg"],
    "trkseg": ["trkpt"],
    "trkpt": ["ele", "time", "name", "cmt", "desc", "src", "link", "sym", "type"],
}
REPEATED = {"wpt", "rte", "trk", "trkseg", "trkpt", "link"}


def check_schema(element):
    """Check the order, the number and the attributes of everything below an element."""
    tag = element.tag.removeprefix(NAMESPACE)
    assert element.tag == NAMESPACE + tag
    children = [child.tag.removeprefix(NAMESPACE) for child in element]
    known = ORDER.get(tag, [])
    places = [known.index(child) for child in children]
    assert places == sorted(places), children
    assert all(one != two or one in REPEATED for one, two in pairwise(children)), children
    if tag in {"wpt", "trkpt"}:
        assert set(element.attrib) == {"lat", "lon"}
        assert -90 <= float(element.get("lat")) <= 90
        assert -180 <= float(element.get("lon")) < 180
    for child in element:
        check_schema(child)


async def written(client, start=CUCUTA, end=BUCARAMANGA, **more):
    response = await client.post("/routes", json=ask(start, end, **more), headers=ACCEPT)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    return response


def points_of(root, tag="trkpt"):
    return np.array(
        [(float(p.get("lon")), float(p.get("lat"))) for p in root.iter(NAMESPACE + tag)]
    )


async def test_a_file_keeps_the_schema_and_no_cache_keeps_the_file(client):
    response = await written(client)
    assert response.headers["cache-control"] == "private, no-store"
    root = fromstring(response.text)
    check_schema(root)
    assert root.tag == f"{NAMESPACE}gpx"
    assert root.get("version") == "1.1"
    assert root.get("creator") == "Amparo"
    assert datetime.fromisoformat(root.find(f"{NAMESPACE}metadata/{NAMESPACE}time").text)
    assert len(root.findall(f"{NAMESPACE}trk")) == 1


async def test_f_goes_before_accept_and_json_before_gpx_stays_json(client):
    body = ask(CUCUTA, BUCARAMANGA)
    for address, accept, expected in (
        ("/routes?f=gpx", "application/geo+json", MEDIA_TYPE),
        ("/routes?f=json", MEDIA_TYPE, "application/geo+json"),
        ("/routes", f"application/json, {MEDIA_TYPE}", "application/geo+json"),
        ("/routes", f"text/html, {MEDIA_TYPE};q=0.9", MEDIA_TYPE),
        ("/routes", "*/*", "application/geo+json"),
    ):
        response = await client.post(address, json=body, headers={"Accept": accept})
        assert response.headers["content-type"] == expected, (address, accept)
        assert "Accept" in response.headers["vary"]
    assert (await client.post("/routes?f=csv", json=body)).status_code == 400


async def test_p48_the_file_says_nothing_of_where_the_journey_starts(client):
    found = (await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA))).json()["features"][0]
    line, stops = found["geometry"]["coordinates"], found["properties"]["stops"]
    response = await written(client)
    root = fromstring(response.text)
    track = points_of(root)
    # The rest of the line is as it is; what begins it lies on the first straight stretch.
    assert track[1:] == pytest.approx(np.array(line[1:]), abs=1e-6)
    (lon, lat), first = track[0], line[0]
    assert float(great_circle_m(*first, lon, lat)) > 0.8 * OMITTED_M
    assert float(great_circle_m(*CUCUTA, *track.T).min()) > 0.7 * OMITTED_M
    carried = [point.find(f"{NAMESPACE}name").text for point in root.iter(f"{NAMESPACE}wpt")]
    assert carried == [stop["name"] for stop in stops if stop["at_m"] > OMITTED_M]
    for number in (*map(str, CUCUTA), *(f"{value:.5f}" for value in first)):
        assert number not in response.text


async def test_p48_spaces_on_the_beginning_stay_out(client):
    """From a space itself: it is the first on the way, and not in the file."""
    here = (-72.5049, 7.90745)
    body = (await client.post("/routes", json=ask(here, BUCARAMANGA))).json()
    first = body["features"][0]["properties"]["stops"][0]
    assert first["at_m"] < OMITTED_M
    response = await written(client, start=here)
    assert first["name"] not in response.text
    assert str(here[0]) not in response.text


def test_p48_a_short_way_keeps_its_last_half():
    assert omitted_m(600.0) == 300.0
    assert omitted_m(2_000.0) == omitted_m(90_000.0) == OMITTED_M


async def test_p35_every_name_says_demo_and_the_notice_goes_along(client):
    response = await written(client)
    root = fromstring(response.text)
    names = [element.text for element in root.iter(f"{NAMESPACE}name")]
    assert len(names) > 3
    assert all(name.startswith("DEMO ") and "DEMO DEMO" not in name for name in names)
    for path in (f"{NAMESPACE}metadata", f"{NAMESPACE}trk"):
        said = root.find(f"{path}/{NAMESPACE}desc").text
        assert "DEMO: datos ficticios" in said
        assert "no promete" in said


async def test_p46_the_track_says_what_is_not_known_and_where_help_is_far(client):
    said = fromstring((await written(client)).text).find(f"{NAMESPACE}trk/{NAMESPACE}desc").text
    assert "no hay información" in said
    assert "47 km sin ningún lugar para dormir" in said
    assert "seguro" not in said.lower()
    assert "%" not in said


async def test_texts_come_in_the_asked_language(client):
    said = fromstring((await written(client, lang="en")).text)
    assert "Información orientativa" in said.find(f"{NAMESPACE}trk/{NAMESPACE}desc").text


async def test_gdal_reads_track_and_spaces(client):
    response = await written(client)
    track = pyogrio.read_dataframe(io.BytesIO(response.content), layer="tracks")
    assert len(track) == 1
    assert len(points_of(fromstring(response.text), "wpt")) == len(
        pyogrio.read_dataframe(io.BytesIO(response.content), layer="waypoints")
    )


async def test_names_with_markup_and_control_characters_are_text(
    own_client, loaded_clone, settings_for
):
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.locations set name = 'A & <b> \x0b\"' || id where id = 'DEMO-011'",
    )
    root = fromstring((await written(own_client)).text)
    names = [point.find(f"{NAMESPACE}name").text for point in root.iter(f"{NAMESPACE}wpt")]
    assert any('A & <b>  "' in name for name in names)


async def test_a_refusal_is_a_problem_and_no_file(own_client, loaded_clone, settings_for):
    await run_sql(settings_for(loaded_clone), REPORT, approved=True)
    body = ask(CUCUTA, (-72.62, 7.6), at=None)
    response = await own_client.post("/routes", json=body, headers=ACCEPT)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
