"""Named corridors: the shipped file is what its script writes, and what a file may say."""

import csv
import json
import runpy
import shutil
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from geo.errors import InvalidFileError
from geo.models import Corridor
from geo.records import loader
from tests.fixtures.clock import run_now

ROADS = Path(__file__).resolve().parents[3] / "data" / "roads"
NOW = run_now()


def shipped():
    return json.loads((ROADS / "corridors.geojson").read_text(encoding="utf-8"))["features"]


def nodes():
    with (ROADS / "nodes.csv").open(newline="", encoding="utf-8") as stream:
        return {(float(row["lon"]), float(row["lat"])): row for row in csv.DictReader(stream)}


async def load(session, path):
    return await loader.load_paths(session, [path], today=NOW.date(), now=NOW)


def one(**changes):
    properties = {
        "id": "a-b",
        "name": "A – B",
        "countries": ["CO"],
        "places": ["A", "B"],
        "length_m": 1000,
        "source": "test",
    } | changes
    geometry = properties.pop(
        "geometry", {"type": "LineString", "coordinates": [[-72, 7], [-72, 8]]}
    )
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


def test_the_shipped_file_is_what_its_script_writes(tmp_path, monkeypatch, capsys):
    for name in ("nodes.csv", "edges.csv"):
        shutil.copy(ROADS / name, tmp_path)
    monkeypatch.setattr(sys, "argv", ["build_corridors.py", str(tmp_path)])
    runpy.run_path(str(ROADS / "build_corridors.py"), run_name="__main__")
    assert "cucuta-bogota: 607 km" in capsys.readouterr().out
    written = (tmp_path / "corridors.geojson").read_bytes()
    assert written == (ROADS / "corridors.geojson").read_bytes()


def test_p12_a_corridor_changes_its_country_at_official_crossings_alone():
    known = nodes()
    borders = 0
    for feature in shipped():
        passed = [known[lon, lat] for lon, lat in feature["geometry"]["coordinates"]]
        for a, b in pairwise(passed):
            if a["country"] != b["country"]:
                borders += 1
                assert "crossing" in {a["kind"], b["kind"]}
    assert borders == 1


def test_a_corridor_is_no_shorter_than_its_line():
    for feature in shipped():
        line = feature["geometry"]["coordinates"]
        # A degree is at least 105 km at these latitudes (cos 20.3 degrees of 111 km, rounded up).
        degrees = sum(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for a, b in pairwise(line))
        assert feature["properties"]["length_m"] > degrees * 104_000
        assert feature["properties"]["illustrative"] is True


async def test_the_shipped_corridors_load(session):
    report = await load(session, ROADS / "corridors.geojson")
    assert report.files[0].stored["corridors"] == 7
    assert set(await session.scalars(select(Corridor.visibility))) == {"public"}
    assert await session.scalar(select(func.count()).select_from(Corridor)) == 7


async def test_p1_a_corridor_without_a_stated_visibility_is_restricted(session, tmp_path):
    path = tmp_path / "my_corridors.geojson"
    path.write_text(one(), encoding="utf-8")
    await load(session, path)
    row = (await session.execute(select(Corridor.visibility, Corridor.illustrative))).one()
    assert tuple(row) == ("restricted", True)


@pytest.mark.every(4)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"places": ["A"]}, "places is not a list of at least 2 names"),
        ({"places": ["A", 7]}, "places is not a text"),
        ({"places": {"a": 1}}, "places is not a list of at least 2 names"),
        ({"countries": []}, "countries is"),
        ({"countries": ["XX"]}, "countries 'XX' is not an ISO 3166-1 alpha-2 code"),
        ({"length_m": 0}, "length_m"),
        ({"length_m": "far"}, "length_m"),
        ({"geometry": {"type": "Point", "coordinates": [-72, 7]}}, "geometry is a Point"),
        ({"geometry": None}, "geometry is missing"),
        ({"name": None}, "name is missing"),
        ({"source": None}, "source is missing"),
        ({"visibility": "everyone"}, "visibility 'everyone'"),
    ],
)
async def test_a_bad_corridor_is_refused_with_its_reason(session, tmp_path, changes, reason):
    path = tmp_path / "corridors.geojson"
    path.write_text(one(**changes), encoding="utf-8")
    with pytest.raises(InvalidFileError) as refused:
        await load(session, path)
    assert reason in str(refused.value.problems)


async def test_names_of_a_text_are_split_at_bars(session, tmp_path):
    path = tmp_path / "corridors.geojson"
    path.write_text(one(places="A| B |C", countries="CO|EC"), encoding="utf-8")
    await load(session, path)
    row = (await session.execute(select(Corridor.places, Corridor.countries))).one()
    assert tuple(row) == (["A", "B", "C"], ["CO", "EC"])
