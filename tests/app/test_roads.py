"""`amparo roads …`: what a person at a terminal sees, and what a script can rely on."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app import roads, setup
from app.console import EXIT_FAILED, EXIT_INTERRUPTED
from app.roads import Hooks, make_roads_app
from app.settings import Settings
from geo.db import Tier
from geo.roads import regions
from routing.osm import import_osm
from routing.regions import remove_graph
from tests.conftest import opened
from tests.fixtures.osm_file import streets

ROOT = Path(__file__).resolve().parents[2]
SKETCH = ROOT / "data" / "roads" / "corridors.osm.xml"

DEAF = Hooks(
    official_crossings=lambda _settings: (),
    imported=lambda _settings, _region: None,
    removed=lambda _settings, _region: None,
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Give a function that runs `amparo roads ARGUMENTS` in an empty home."""
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    runner = CliRunner()

    def call(*arguments, hooks=DEAF):
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
    assert "regions are as they were before" in done.stderr
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


def interrupted(*_args):
    raise KeyboardInterrupt


def test_ctrl_c_after_the_import_does_not_say_that_nothing_happened(run):
    hooks = Hooks(DEAF.official_crossings, imported=interrupted, removed=interrupted)
    done = run("import", SKETCH, "--region", "one", hooks=hooks)
    assert done.exit_code == EXIT_INTERRUPTED
    assert "as they were before" not in done.stderr
    assert "one is imported" in done.stderr
    assert run("verify").output == "one: whole\n"
    done = run("remove", "one", hooks=hooks)
    assert done.exit_code == EXIT_INTERRUPTED
    assert "next start" in done.stderr


def test_what_is_wrong_at_a_glance_is_said_before_anything_is_started(run, tmp_path):
    hooks = Hooks(lambda _settings: pytest.fail("asked"), DEAF.imported, DEAF.removed)
    for arguments in (
        (tmp_path / "absent.osm.pbf", "--region", "x"),
        (Path(__file__), "--region", "x"),
        (SKETCH, "--region", "../x"),
    ):
        done = run("import", *arguments, hooks=hooks)
        assert done.exit_code == EXIT_FAILED, done.output
        assert done.stderr.startswith("amparo: ")
    for option in ("--dem", "--boundary"):
        absent = run("import", SKETCH, "--region", "x", option, tmp_path / "absent", hooks=hooks)
        assert absent.exit_code == 2


def test_p34_an_extract_without_known_countries_warns(run, tmp_path):
    extract = streets(tmp_path / "town.osm", 3)
    assert "Countries are not known" in run("import", extract, "--region", "town").stderr
    known = run("import", extract, "--region", "town", "--country", "CO")
    assert known.exit_code == 0
    assert "Countries are not known" not in known.stderr


async def test_segments_follow_an_import_that_was_interrupted(empty_clone, settings_for, tmp_path):
    settings = settings_for(empty_clone).model_copy(update={"home": tmp_path / "home"})

    async def published(database):
        await setup.reconcile_segments(database, settings)
        async with database.session(Tier.WRITER) as session:
            return await regions(session)

    async with opened(settings) as database:
        for count in (3, 5):
            import_osm(
                streets(tmp_path / "town.osm", count),
                settings.graphs_dir,
                "town",
                imported_at="2026-11-25T00:00:00+00:00",
            )
            # Nobody published: the next start has to notice the new graph by itself.
            assert await published(database) == {"town": count}
        remove_graph(settings.graphs_dir, "town")
        assert await published(database) == {}


async def test_segments_that_are_current_are_not_written_again(
    loaded_shared, settings_for, monkeypatch
):
    monkeypatch.setattr(setup, "publish_segments", lambda *_args: pytest.fail("written again"))
    settings = settings_for(loaded_shared)
    async with opened(settings) as database:
        await setup.reconcile_segments(database, settings)


async def test_p12_only_official_crossings_are_given_to_the_importer(shared_database):
    crossings = await setup.official_crossings(shared_database)
    assert len(crossings) == 37
    assert all(len(c.countries) == 2 and c.countries[0] != c.countries[1] for c in crossings)
    assert all(-120 < c.lon < -30 and -56 < c.lat < 33 for c in crossings)
