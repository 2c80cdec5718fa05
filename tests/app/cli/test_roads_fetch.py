"""`amparo roads fetch` at a terminal: one command from a name to a region, and its refusals."""

import pytest
import typer
from typer.testing import CliRunner

from app.cli.road_import import Hooks
from app.cli.roads import make_roads_app
from app.cli.terminal import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MISUSED
from app.settings import Settings
from routing.graph.storage import list_regions, read_meta
from tests.fixtures.osm_file import streets
from tests.fixtures.osm_servers import osm_servers

DEAF = Hooks(lambda _settings: (), lambda _settings, _folder: 3, lambda _settings, _region: None)
CUCUTA = (-74.01, 4.59, -73.99, 4.61)


@pytest.fixture
def servers(tmp_path):
    with osm_servers(streets(tmp_path / "town.osm", 3)) as made:
        made.country = "CO"
        made.places["Cúcuta, Colombia"] = CUCUTA
        yield made


@pytest.fixture
def run(tmp_path, monkeypatch, servers):
    """Give a function that runs `amparo roads fetch ARGUMENTS` in an empty home."""
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)
    # osmnx waits a second before it asks; of this machine's own server nobody has to.
    from osmnx import _nominatim

    monkeypatch.setattr(_nominatim.time, "sleep", lambda _: None)

    def call(*arguments, sleep=lambda _: None):
        app = typer.Typer()
        app.add_typer(make_roads_app(DEAF, sleep), name="roads")
        return CliRunner().invoke(app, ["roads", "fetch", *map(str, arguments)])

    return call


def imported():
    return {path.name: read_meta(path.resolve()) for path in list_regions(Settings().graphs_dir)}


def test_a_place_by_its_name(run):
    done = run("Cúcuta, Colombia")
    assert done.exit_code == 0, done.output
    assert "cucuta: 4 nodes, 6 edges; countries: CO" in done.output
    meta = imported()["cucuta"]
    assert meta.title == "Cúcuta, Colombia"
    assert meta.extract_timestamp == "2026-11-29T00:00:00Z"


def test_a_box_and_an_extract_by_address_or_path(run, servers, tmp_path):
    assert run("--bbox", *CUCUTA, "--region", "box").exit_code == 0
    content = (tmp_path / "town.osm").read_bytes()
    servers.files["/co/town-latest.osm"] = content
    done = run("--extract", f"{servers.origin}/co/town-latest.osm", "--country", "CO")
    assert done.exit_code == 0, done.output
    assert run("--extract", tmp_path / "town.osm", "--country", "CO").exit_code == 0
    assert set(imported()) == {"box", "town-latest", "town"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), EXIT_MISUSED, "give one of"),
        (("Cúcuta, Colombia", "--bbox", *CUCUTA), EXIT_MISUSED, "give one of"),
        (("Nowhere, Colombia",), EXIT_FAILED, "no place is called"),
        (("東京",), EXIT_FAILED, "region name"),
        (("--bbox", 0, 0, 9, 9, "--region", "x"), EXIT_FAILED, "--extract"),
        (("--bbox", *CUCUTA, "--region", "x", "--heights", "absent.tif"), EXIT_MISUSED, "absent"),
        (("--extract", "http://example.org/a.osm.pbf"), EXIT_FAILED, "https://"),
        (("--extract", "absent.osm.pbf"), EXIT_FAILED, "no such file"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(run, arguments, code, said):
    done = run(*arguments)
    assert done.exit_code == code, done.output
    assert said in " ".join(done.output.split())
    assert "Traceback" not in done.output
    assert imported() == {}


def test_ctrl_c_leaves_nothing_half_and_the_next_fetch_goes_on(run, servers):
    def interrupted(_):
        raise KeyboardInterrupt

    servers.faults = [429]
    done = run("Cúcuta, Colombia", sleep=interrupted)
    assert done.exit_code == EXIT_INTERRUPTED
    assert "goes on from here" in done.output
    assert imported() == {}
    assert run("Cúcuta, Colombia").exit_code == 0
