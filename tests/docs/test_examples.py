"""Every example of the documentation is run as it stands, against a real server."""

import functools
import os
import runpy
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import osmnx
import pytest

from app.page_models.docs_page import TOPICS
from tests.conftest import ROOT
from tests.fixtures import clock

FOLDER = ROOT / "docs" / "examples"

#: Debian's own: the modules of QGIS are of no other Python.
SYSTEM_PYTHON = "/usr/bin/python3"

_PROBES = {
    "R": ["Rscript", "-e", "library(sf)"],
    "QGIS": [SYSTEM_PYTHON, "-c", "import qgis.core"],
    "node": ["node", "-e", "process.exit(parseInt(process.version.slice(1)) < 20 ? 1 : 0)"],
    "curl": ["curl", "--version"],
}


@functools.cache
def is_there(tool):
    probe = _PROBES[tool]
    if shutil.which(probe[0]) is None:
        return False
    return subprocess.run(probe, capture_output=True, check=False, timeout=120).returncode == 0


def needs(tool):
    """Skip where a tool is absent, which CI must never do."""
    if is_there(tool):
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is missing, and CI must not skip its examples")
    pytest.skip(f"{tool} is not installed; ./run --setup-only installs it")


def command(file):
    if file.name.endswith("_qgis.py"):
        needs("QGIS")
        return [SYSTEM_PYTHON, file]
    match file.suffix:
        case ".py":
            return [sys.executable, file]
        case ".mjs":
            needs("node")
            return ["node", file]
        case ".R":
            needs("R")
            return ["Rscript", file]
        case ".sh":
            needs("curl")
            return ["sh", file]
    pytest.fail(f"nobody knows how to run {file.name}")


@functools.cache  # several tests look at what one example writes of a server that nobody changes
def run(address, name, *arguments):
    """Return what an example writes."""
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(
        [*command(FOLDER / name), *arguments],
        env={**clean, **clock.node_options(), "AMPARO_URL": address},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def matched(address, collection, **asked):
    """Return how many features the server says there are."""
    asked = {"limit": 1, "count": "exact", **asked}
    page = httpx.get(f"{address}/collections/{collection}/items", params=asked, timeout=60)
    return page.raise_for_status().json()["numberMatched"]


LARGE = "country = 'CO' AND population > 500000"


#: What starts R or QGIS, seconds each: with `--long`.
BY_OTHERS = [pytest.param(name, marks=pytest.mark.long) for name in ("items.R", "layers_qgis.py")]


@pytest.mark.parametrize("name", ["items.py", "items.mjs", *BY_OTHERS, "changes.mjs"])
def test_a_collection_is_read_whole(live_server, name):
    written = run(live_server, name)
    words = [line.split() for line in written.splitlines()]
    assert ["spaces:", str(matched(live_server, "spaces"))] in words, written


def test_python_narrows_and_sorts(live_server):
    names = [line for line in run(live_server, "items.py").splitlines() if " at -72." in line]
    asked = {"bbox": "-72.8,7.6,-72.2,8.1", "filter": "overnight = true AND status <> 'closed'"}
    assert len(names) == matched(live_server, "spaces", **asked) > 1
    assert names == sorted(names)


def test_javascript_narrows_and_sorts(live_server):
    towns = [line for line in run(live_server, "items.mjs").splitlines() if line.startswith("  ")]
    assert len(towns) == matched(live_server, "places", filter=LARGE) > 3
    people = [int(line.split(": ")[1]) for line in towns]
    assert people == sorted(people, reverse=True)
    assert people[-1] > 500_000


@pytest.mark.clock
def test_javascript_goes_by_the_clock_of_the_run():
    needs("node")
    written = subprocess.run(
        ["node", "-e", "console.log(Date.now(), new Date().toISOString())"],
        env={**os.environ, **clock.node_options()},
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    at_ms, made = written.stdout.split()
    for told in (datetime.fromtimestamp(int(at_ms) / 1_000, UTC), datetime.fromisoformat(made)):
        assert abs(told - clock.run_now()) < timedelta(minutes=5)


def test_javascript_shows_what_has_not_expired(live_server):
    assert f"may be shown today: {matched(live_server, 'spaces')}" in run(
        live_server, "changes.mjs"
    )


@pytest.mark.long
def test_r_hands_the_box_and_the_condition_on(live_server):
    written = run(live_server, "items.R")
    assert "Cúcuta" in written
    assert "Bogotá" not in written


@pytest.mark.long
def test_qgis_hands_the_condition_on_and_takes_tiles(live_server):
    written = run(live_server, "layers_qgis.py")
    assert f"towns: {matched(live_server, 'places', filter=LARGE)}\n" in written
    assert "road tiles: True" in written


def test_curl_filters_and_asks_again(live_server):
    written = run(live_server, "items.sh")
    assert '"type":"FeatureCollection"' in written
    assert f'"numberMatched":{matched(live_server, "places", filter=LARGE)}\n' in written
    assert "<http://www.opengis.net/def/crs/EPSG/0/3857>" in written
    assert "again: 304" in written


def test_curl_shows_a_problem(live_server):
    written = run(live_server, "problem.sh")
    assert "status: 400, application/problem+json" in written
    assert '"field":"limit"' in written


def test_geopandas_reads_by_gdal(live_server):
    written = run(live_server, "frames.py")
    box = {"bbox": "-73.5,6.5,-72.0,8.5", "filter": "population > 50000"}
    assert f"towns: {matched(live_server, 'places', **box)}\n" in written
    assert "spaces, services, crossings" in written


def test_downloads_are_whole(live_server):
    written = run(live_server, "download.py")
    assert f"places: {matched(live_server, 'places')}\n" in written
    assert f"boundaries: {matched(live_server, 'boundaries')}\n" in written


def test_tiles_are_found_and_kept(live_server):
    written = run(live_server, "tiles.mjs")
    assert "tile: drawn" in written
    assert "again: 304" in written
    assert "style: version 8" in written


def test_a_mirror_is_made(live_server, tmp_path):
    copy = tmp_path / "copy.json"
    run(live_server, "mirror.py", f"{live_server}/collections/crossings", copy)
    assert copy.read_text().count('"Feature"') == matched(live_server, "crossings")


def test_python_says_what_is_known_of_a_route(live_server):
    written = run(live_server, "route.py")
    assert written.startswith("DEMO")
    assert "days on foot" in written
    assert "without information" in written


def test_a_way_comes_in_three_shapes(live_server):
    ours, ogc, theirs = run(live_server, "route.sh").splitlines()
    assert float(ours.rpartition(":")[2]) / 1000 == pytest.approx(195, rel=0.05)
    assert ogc == 'OGC: "featureType":"overview"'
    assert float(theirs.rpartition(":")[2]) == pytest.approx(195, rel=0.05)


def test_the_library_plans_without_a_server(capsys, monkeypatch):
    # In this process, where the searches are loaded; what it sets for itself goes with it.
    for name in ("useful_tags_node", "useful_tags_way"):
        monkeypatch.setattr(osmnx.settings, name, [*getattr(osmnx.settings, name)])
    runpy.run_path(str(FOLDER / "library.py"), run_name="__main__")
    written = capsys.readouterr().out.splitlines()
    assert written[0].startswith("DEMO: 195.0 km, 5 places")
    assert "days of 25 km: no itinerary" in written
    assert [line.split()[0] for line in written if " km from " in line] == [
        "42.3",
        "47.0",
        "32.8",
        "40.2",
    ]
    assert "fewest new spaces for days of 25 km: 4, proven" in written
    assert written[-1] == "longest stretch then: 25.0 km"


def test_every_example_is_shown_and_run_here():
    files = {path.name for path in FOLDER.iterdir() if path.is_file() and path.name != "ruff.toml"}
    assert {name for topic in TOPICS for name in topic.examples} == files
    own = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in files if f'"{name}"' not in own] == []
