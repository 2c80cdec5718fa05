"""A route as KML 2.2: by the schema's order, marked DEMO, without where it starts (P35, P48)."""

import io
from datetime import datetime
from itertools import pairwise

import numpy as np
import pyogrio
from defusedxml.ElementTree import fromstring

from app.texts.kml import MEDIA_TYPE
from app.texts.route_export import OMITTED_M
from routing.geometry.geodesy import great_circle_m
from tests.app.api.routing.test_routes import BUCARAMANGA, CUCUTA, ask
from tests.conftest import run_sql

NAMESPACE = "{http://www.opengis.net/kml/2.2}"

#: Children in the order that the schema wants (OGC 07-147r2), by parent.
ORDER = {
    "kml": ["Document"],
    "Document": ["name", "description", "TimeStamp", "Style", "Placemark"],
    "TimeStamp": ["when"],
    "Style": ["LineStyle"],
    "LineStyle": ["color", "width"],
    "Placemark": ["name", "description", "styleUrl", "ExtendedData", "Point", "LineString"],
    "ExtendedData": ["Data"],
    "Data": ["value"],
    "Point": ["coordinates"],
    "LineString": ["tessellate", "coordinates"],
}


def check_schema(element):
    tag = element.tag.removeprefix(NAMESPACE)
    assert element.tag == NAMESPACE + tag
    children = [child.tag.removeprefix(NAMESPACE) for child in element]
    places = [ORDER.get(tag, []).index(child) for child in children]
    assert places == sorted(places), children
    assert all(one != two or one == "Placemark" for one, two in pairwise(children)), children
    for child in element:
        check_schema(child)


async def written(client, start=CUCUTA, end=BUCARAMANGA, **more):
    response = await client.post("/routes?f=kml", json=ask(start, end, **more))
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    return response


def line_of(root):
    text = root.find(f".//{NAMESPACE}LineString/{NAMESPACE}coordinates").text
    return np.array([[float(value) for value in pair.split(",")] for pair in text.split()])


async def test_a_file_keeps_the_schema_and_no_cache_keeps_the_file(client):
    response = await written(client)
    assert response.headers["cache-control"] == "private, no-store"
    root = fromstring(response.text)
    check_schema(root)
    assert datetime.fromisoformat(root.find(f".//{NAMESPACE}when").text)
    assert len(root.findall(f".//{NAMESPACE}LineString")) == 1


async def test_accept_asks_for_it_too(client):
    body = ask(CUCUTA, BUCARAMANGA)
    for accept, expected in (
        (MEDIA_TYPE, MEDIA_TYPE),
        (f"application/json, {MEDIA_TYPE}", "application/geo+json"),
    ):
        response = await client.post("/routes", json=body, headers={"Accept": accept})
        assert response.headers["content-type"] == expected
    document = (await client.get("/api")).json()
    stated = document["paths"]["/routes"]["post"]["responses"]["200"]["content"]
    assert MEDIA_TYPE in stated


async def test_p48_the_file_says_nothing_of_where_the_journey_starts(client):
    found = (await client.post("/routes", json=ask(CUCUTA, BUCARAMANGA))).json()["features"][0]
    first, stops = found["geometry"]["coordinates"][0], found["properties"]["stops"]
    response = await written(client)
    root = fromstring(response.text)
    line = line_of(root)
    assert float(great_circle_m(*CUCUTA, *line.T).min()) > 0.7 * OMITTED_M
    names = [p.find(f"{NAMESPACE}name").text for p in root.iter(f"{NAMESPACE}Placemark")]
    assert names[:-1] == [stop["name"] for stop in stops if stop["at_m"] > OMITTED_M]
    for number in (*map(str, CUCUTA), *(f"{value:.5f}" for value in first)):
        assert number not in response.text


async def test_p35_every_name_says_demo_and_the_notice_goes_along(client):
    root = fromstring((await written(client)).text)
    names = [element.text for element in root.iter(f"{NAMESPACE}name")]
    assert len(names) > 3
    assert all(name.startswith("DEMO ") for name in names)
    assert "DEMO: datos ficticios" in root.find(f".//{NAMESPACE}description").text


async def test_p46_the_line_says_what_is_not_known_and_where_help_is_far(client):
    root = fromstring((await written(client)).text)
    said = root.findall(f".//{NAMESPACE}description")[-1].text
    assert "no hay información" in said
    assert "47 km sin ningún lugar para dormir" in said
    assert "seguro" not in said.lower()
    assert "%" not in said


async def test_gdal_reads_line_and_spaces(client):
    response = await written(client)
    found = pyogrio.list_layers(io.BytesIO(response.content))
    frames = [pyogrio.read_dataframe(io.BytesIO(response.content), layer=n) for n in found[:, 0]]
    kinds = [kind for frame in frames for kind in frame.geometry.geom_type]
    assert kinds.count("LineString") + kinds.count("LineString Z") == 1
    root = fromstring(response.text)
    assert len(kinds) == len(root.findall(f".//{NAMESPACE}Placemark"))


async def test_names_with_markup_and_control_characters_are_text(
    own_client, loaded_clone, settings_for
):
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.locations set name = 'A & <b> \x0b\"' || id where id = 'DEMO-011'",
    )
    root = fromstring((await written(own_client)).text)
    names = [p.find(f"{NAMESPACE}name").text for p in root.iter(f"{NAMESPACE}Placemark")]
    assert any('A & <b>  "' in name for name in names)
