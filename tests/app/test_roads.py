"""`amparo roads …`: what a person at a terminal sees, and what a script can rely on."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app import roads
from app.roads import EXIT_FAILED, EXIT_INTERRUPTED, Hooks, make_roads_app, shipped_crossings
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SKETCH = ROOT / "data" / "roads" / "corridors.osm.xml"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Give a function that runs `amparo roads ARGUMENTS` in an empty home."""
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    runner = CliRunner()

    def call(*arguments, hooks=None):
        app = typer.Typer()
        app.add_typer(make_roads_app(hooks), name="roads")
        return runner.invoke(app, ["roads", *map(str, arguments)])

    return call


def test_import_list_verify_remove(run):
    done = run("import", SKETCH, "--region", "sketch")
    assert done.exit_code == 0, done.output
    assert "1,102 nodes, 2,320 edges" in done.output
    assert "sketch" in run("list").output
    assert run("verify").output == "sketch: whole\n"
    assert run("remove", "sketch").exit_code == 0
    assert "no region" in run("list").output


def test_every_command_shows_an_example(run):
    for command in ("import", "list", "verify", "remove"):
        assert f"Example: amparo roads {command}" in run(command, "--help").output


def test_a_bad_file_gives_one_line_and_exit_code_1(run, tmp_path):
    bad = tmp_path / "bad.osm"
    bad.write_text("not xml")
    for arguments in (
        ("import", bad, "--region", "x"),
        ("import", tmp_path / "absent.osm.pbf", "--region", "x"),
        ("import", SKETCH, "--region", "../x"),
        ("remove", "absent"),
        ("verify", "absent"),
    ):
        done = run(*arguments)
        assert done.exit_code == EXIT_FAILED, arguments
        assert "Traceback" not in done.output
        assert done.stderr.strip()


def test_wrong_usage_is_exit_code_2(run):
    assert run("import", SKETCH).exit_code == 2


def test_verify_names_the_damaged_file(run):
    run("import", SKETCH, "--region", "one")
    run("import", SKETCH, "--region", "two")
    file = Settings().graphs_dir / "one" / "edge_head.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    done = run("verify")
    assert done.exit_code == EXIT_FAILED
    assert "two: whole" in done.output
    assert "edge_head.npy" in done.stderr
    assert run("verify", "two").exit_code == 0


def test_list_names_a_region_that_cannot_be_read(run):
    run("import", SKETCH, "--region", "one")
    (Settings().graphs_dir / "stray").mkdir()
    done = run("list")
    assert "unreadable" in done.output
    assert "one" in done.output


def test_ctrl_c_leaves_everything_as_it_was(run, monkeypatch):
    run("import", SKETCH, "--region", "one")

    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(roads, "import_osm", interrupted)
    done = run("import", SKETCH, "--region", "one")
    assert done.exit_code == EXIT_INTERRUPTED
    assert run("verify").output == "one: whole\n"


def test_the_application_hears_of_what_changed(run):
    heard = []
    hooks = Hooks(
        official_crossings=lambda settings: heard.append(("asked", settings.home.name)) or (),
        imported=lambda _, region: heard.append(("imported", region)),
        removed=lambda _, region: heard.append(("removed", region)),
    )
    run("import", SKETCH, "--region", "one", hooks=hooks)
    run("remove", "one", hooks=hooks)
    run("remove", "one", hooks=hooks)
    assert heard == [("asked", "home"), ("imported", "one"), ("removed", "one")]


def test_p12_only_official_crossings_are_given_to_the_importer():
    crossings = shipped_crossings()
    assert len(crossings) == 37
    assert all(len(c.countries) == 2 and c.countries[0] != c.countries[1] for c in crossings)
    assert all(-120 < c.lon < -30 and -56 < c.lat < 33 for c in crossings)
