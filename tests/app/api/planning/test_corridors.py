"""``POST /corridors/coverage``: figures of a corridor, compared, and with a space more."""

import csv
import io
from datetime import timedelta
from xml.etree import ElementTree

import openpyxl
import orjson
import pyogrio
import pytest
from PIL import Image

from geo import models
from tests.conftest import ROOT, run_sql
from tests.fixtures.clock import run_today
from tests.fixtures.notebook import run_notebook

CUCUTA, PAMPLONA, BUCARAMANGA = [-72.508, 7.894], [-72.648, 7.376], [-73.126, 7.125]
SVG = "{http://www.w3.org/2000/svg}"
WAY = {"places": [CUCUTA, BUCARAMANGA]}
#: Between Pamplona and Berlín, where nobody sleeps for 47 km.
BETWEEN = {"lon": -72.759, "lat": 7.278, "services": ["overnight"]}


@pytest.fixture
def settings(loaded_clone, settings_for):
    return settings_for(loaded_clone)


async def ask(client, **body):
    return await client.post("/corridors/coverage", json=body)


async def measured(client, **body):
    response = await ask(client, **body)
    assert response.status_code == 200, response.text
    assert "no-store" in response.headers["cache-control"]
    return response.json()


def lengths(figures):
    return [gap["length_m"] for gap in figures["gaps"]]


async def test_a_line_of_towns_has_the_gaps_of_the_route(client):
    found = await measured(client, **WAY, services=["overnight", "food"])
    overnight, food = found["services"]
    ends = {"start": CUCUTA, "end": BUCARAMANGA}
    for one in (overnight, food):
        route = (await client.post("/coverage", json={**ends, "services": [one["service"]]})).json()
        assert found["length_m"] == pytest.approx(route["length_m"], abs=0.2)
        assert one["longest_gap"]["length_m"] == pytest.approx(route["longest_gap_m"], abs=0.2)
        assert one["mean_to_next_m"] == pytest.approx(route["mean_to_next_m"], abs=0.2)
        assert lengths(one) == pytest.approx(
            [gap["length_m"] for gap in route["intervals"] if gap["length_m"] > 0], abs=0.2
        )
    gap = overnight["longest_gap"]
    assert (gap["from"]["locality"], gap["to"]["locality"]) == ("Pamplona", "Berlín (Tona)")
    assert overnight["counted_by"] == "night"
    assert food["counted_by"] == "day"
    assert overnight["unmet_m"] == pytest.approx(
        sum(max(0.0, length - 25_000) for length in lengths(overnight)), abs=1
    )
    assert found["protected_services"] == "not counted"
    # Nobody has confirmed a demo row (P35).
    assert found["data"][0]["undated"] == overnight["supports"]


async def test_the_way_back_has_the_same_gaps_in_the_other_order(client):
    there = await measured(client, **WAY)
    back = await measured(client, **WAY, direction="backward")
    assert lengths(back["services"][0]) == pytest.approx(lengths(there["services"][0])[::-1])
    first, last = there["services"][0]["gaps"][0], back["services"][0]["gaps"][-1]
    assert (first["from"], first["to"]) == (last["to"], last["from"])
    assert there["services"][0]["gaps"][0]["from"]["name"] == "Cúcuta"


async def test_named_corridors_have_the_gaps_of_the_layer(client):
    named = (await client.get("/collections/corridors/items?limit=1000")).json()["features"]
    known = 0
    for one in named[:6]:
        found = await measured(client, corridor=one["id"])
        assert found["length_m"] == pytest.approx(one["properties"]["length_m"], abs=1)
        layer = await client.get(
            f"/collections/coverage/items?corridor={one['id']}&service=overnight&limit=1000"
        )
        stored = [gap["properties"]["length_m"] for gap in layer.json()["features"]]
        assert sorted(lengths(found["services"][0])) == pytest.approx(sorted(stored), abs=1)
        known += len(stored) > 1
    assert known


async def test_files_have_the_figures_and_no_program_runs_them(own_client, settings, tmp_path):
    evil = "update amparo.locations set name = '=DEMO(1)' where id = 'DEMO-011'"
    await run_sql(settings, evil)
    found = await measured(own_client, **WAY, services=["overnight", "food"])
    response = await own_client.post(
        "/corridors/coverage?f=csv", json={**WAY, "services": ["overnight", "food"]}
    )
    assert response.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    told = [(row["service"], float(row["length_m"])) for row in rows]
    assert told == [
        (one["service"], gap["length_m"]) for one in found["services"] for gap in one["gaps"]
    ]
    assert [row["is_longest"] for row in rows].count("true") == 2
    names = {row["from_id"]: row["from_name"] for row in rows}
    assert names["DEMO-011"] == "'=DEMO(1)"
    assert all(row["notice_of_file"].startswith("DEMO") for row in rows)

    files = {f: await file_of(own_client, f) for f in ("xlsx", "gpkg", "geojson", "svg", "png")}
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    assert book.sheetnames == ["gaps", "figures", "spaces"]
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells if cell.value == "=DEMO(1)"} == {"s"}
    assert not [cell for cell in cells if cell.data_type == "f"]
    head, *lines = book["gaps"].iter_rows(values_only=True)
    assert [line[head.index("length_m")] for line in lines] == [length for _, length in told]
    (tmp_path / "c.gpkg").write_bytes(files["gpkg"])
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "c.gpkg")] == [
        "corridor", "gaps", "spaces",
    ]  # fmt: skip
    gaps = pyogrio.read_dataframe(tmp_path / "c.gpkg", layer="gaps")
    assert gaps["length_m"].tolist() == [length for _, length in told]
    assert gaps.crs.to_epsg() == 4326
    assert gaps["notice_of_file"].str.startswith("DEMO").all()
    features = orjson.loads(files["geojson"])
    assert features["notice"].startswith("DEMO")
    of = {one: [f for f in features["features"] if f["properties"]["layer"] == one]
          for one in ("corridor", "gaps", "spaces")}  # fmt: skip
    assert [f["properties"]["length_m"] for f in of["gaps"]] == [length for _, length in told]
    assert len(of["spaces"]) == len(found["spaces"])
    # A gap ends where its space is, as far as the line of the sketch leads there.
    ends = {f["properties"]["id"]: f["geometry"]["coordinates"] for f in of["spaces"]}
    for gap in of["gaps"]:
        if gap["properties"]["to_id"]:
            there = ends[gap["properties"]["to_id"]]
            assert gap["geometry"]["coordinates"][-1] == pytest.approx(there, abs=0.25)
    drawing = ElementTree.fromstring(files["svg"])
    assert any("DEMO" in (text.text or "") for text in drawing.iter(f"{SVG}text"))
    assert [title.text for title in drawing.iter(f"{SVG}title")].count("=DEMO(1)") == 2
    with Image.open(io.BytesIO(files["png"])) as picture:
        assert picture.width == 1440


async def file_of(client, f):
    """Ask for a file; one of an archive twice, since equal figures give equal bytes."""
    asked = {**WAY, "services": ["overnight", "food"]}
    times = 2 if f == "gpkg" else 1
    answers = [await client.post(f"/corridors/coverage?f={f}", json=asked) for _ in range(times)]
    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].headers["content-disposition"].startswith("attachment")
    assert answers[0].content == answers[-1].content
    return answers[0].content


async def test_the_ranking_is_the_longest_gaps_of_the_layer(client):
    layer = await client.get("/collections/coverage/items?service=food&limit=10000")
    stored = sorted(gap["properties"]["length_m"] for gap in layer.json()["features"])[::-1]
    found = (await client.get("/corridors/gaps?service=food&limit=7")).json()
    assert [gap["length_m"] for gap in found["gaps"]] == pytest.approx(stored[:7], abs=0.1)
    assert found["demo"]
    assert found["notice"].startswith("DEMO")
    for gap in found["gaps"]:
        assert gap["to_m"] - gap["from_m"] == pytest.approx(gap["length_m"], abs=0.2)
    refused = await client.get("/corridors/gaps?service=unicorns")
    assert (refused.status_code, refused.json()["field"]) == (400, "service")
    assert (await client.get("/corridors/gaps?limit=0")).status_code == 400


async def test_a_space_more_is_told_as_what_it_changes(client):
    found = await measured(client, **WAY, added=[BETWEEN])
    (change,), (then,) = found["what_if"]["changes"], found["what_if"]["services"]
    assert change["supports"] == 1
    assert change["longest_m"] < 0
    assert change["unmet_m"] < 0
    assert not change["lost"]
    assert sum(end - begin for begin, end in change["gained"]) > 9_000
    assert {"kind": "added", "added": 0} in [gap["to"] for gap in then["gaps"]]
    assert found["services"][0]["longest_gap"]["length_m"] == pytest.approx(47_000, abs=1_000)
    response = await ask(client, **WAY, added=[BETWEEN | {"lat": 9.9}])
    assert response.status_code == 400
    assert response.json()["field"] == "added.0"


async def test_two_days_are_compared_and_what_is_not_known_is_not_a_gap(own_client, settings):
    today, day = run_today().isoformat(), timedelta(days=1)
    now = await measured(own_client, **WAY, on=today, compare_with=today)
    (same,) = now["compared"]["changes"]
    assert (same["supports"], same["lost"], same["gained"]) == (0, [], [])
    soon = (run_today() + 2 * day).isoformat()
    ends = "update amparo.locations set expires_on = :day where id = 'DEMO-011'"
    await run_sql(settings, ends, day=run_today() + day)
    lapsed = await measured(own_client, **WAY, on=soon, compare_with=today)
    (lower,), (upper,) = lapsed["services"], lapsed["if_reconfirmed"]
    assert lower["supports"] == upper["supports"] - 1
    assert lower["longest_gap"]["length_m"] > upper["longest_gap"]["length_m"]
    assert lapsed["compared"]["changes"][0]["supports"] == -1
    far = await measured(own_client, **WAY, on="2031-01-01")
    assert far["services"] == [{"service": "overnight", "known": False}]


async def test_people_near_are_those_of_towns(client):
    found = await measured(client, **WAY)
    assert (found["people"]["source"], found["people"]["counted_by"]) == ("GeoNames", "towns")
    bands = found["people"]["bands"]
    assert [band["within_m"] for band in bands] == [1_000, 5_000, 25_000]
    people = [band["people"] for band in bands]
    assert people == sorted(people)
    assert people[1] > 500_000


async def test_p38_protected_services_are_not_counted(client):
    for body in (
        {"services": [models.PROTECTED_SERVICES[0]]},
        {"added": [BETWEEN | {"services": [models.PROTECTED_SERVICES[0]]}]},
    ):
        response = await ask(client, **WAY, **body)
        assert 400 <= response.status_code < 500
        assert "protected services not counted" in response.text
    ranked = await client.get(f"/corridors/gaps?service={models.PROTECTED_SERVICES[0]}")
    assert 400 <= ranked.status_code < 500
    assert "protected services not counted" in ranked.text


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, None),
        ({"corridor": "x", **WAY}, 400, None),
        ({"places": [CUCUTA]}, 400, None),
        ({"corridor": "nowhere"}, 404, None),
        ({**WAY, "services": ["unicorns"]}, 400, "services"),
        ({**WAY, "gap_m": -1}, 400, "gap_m"),
        ({"places": [CUCUTA, [7.125, -73.126]]}, 400, "places.1"),
    ],
)
async def test_bad_questions_are_refused(client, body, status, field):
    response = await ask(client, **body)
    assert response.status_code == status, response.text
    assert field is None or response.json()["field"] == field


async def test_p24_a_hidden_space_counts_no_longer(own_client, settings):
    before = await measured(own_client, **WAY)
    used = next(one["id"] for one in before["spaces"] if one["locality"] == "Pamplona")
    gone = "update amparo.locations set hidden_at = amparo.now() where id = :id"
    await run_sql(settings, gone, id=used)
    hidden = await measured(own_client, **WAY)
    assert used not in str(hidden)
    await run_sql(settings, "delete from amparo.locations where id = :id", id=used)
    never = await measured(own_client, **WAY)
    assert {**hidden, "data_as_of": None} == {**never, "data_as_of": None}


async def test_the_notebook_has_the_server_s_figures(client, monkeypatch):
    monkeypatch.chdir(ROOT)
    known = run_notebook(ROOT / "docs" / "corridor.ipynb")
    places, at = [known["CUCUTA"], known["BUCARAMANGA"]], known["LEAVING"]
    found = await measured(client, places=places, on=str(at.date()), gap_m=25_000)
    (served,) = found["services"]
    figures, gaps = known["corridor"].figures.loc["overnight"], known["gaps"]
    assert known["corridor"].length_m == pytest.approx(found["length_m"], abs=0.2)
    assert gaps["length_m"].tolist() == pytest.approx(lengths(served), abs=0.2)
    assert [gap["to"].get("id") for gap in served["gaps"][:-1]] == gaps["to_space"].tolist()[:-1]
    assert figures["mean_to_next_m"] == pytest.approx(served["mean_to_next_m"], abs=0.2)
    assert figures["unmet_m"] == pytest.approx(served["unmet_m"], abs=1)
    ends = {"start": places[0], "end": places[1], "at": at.isoformat(), "max_day_m": 25_000}
    failed = (await client.post("/itineraries", json=ends)).json()["stretches"]
    stretches = known["failed"].stretches
    assert stretches["length_m"].tolist() == pytest.approx([one["length_m"] for one in failed])
    assert stretches["length_m"].tolist() == pytest.approx([42_320, 47_000, 32_830, 40_170])
    assert stretches["binding"].tolist() == [one["binding"] for one in failed]
    assert [str(one) for one in stretches["date"]] == [one["date"] for one in failed]
    proposed = known["proposed"]
    assert (len(proposed.sites), proposed.is_proven, proposed.at_least) == (4, True, 4)
    assert known["walked"].is_feasible
