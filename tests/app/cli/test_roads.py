"""`amparo roads …`: what a person at a terminal sees, and what a script can rely on."""

import asyncio
import logging
import os
import shutil
import signal
from pathlib import Path

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from app import setup
from app.cli import road_import
from app.cli.road_import import Hooks
from app.cli.roads import make_roads_app
from app.cli.terminal import EXIT_FAILED, EXIT_INTERRUPTED
from app.settings import Settings
from app.snapshots.road_networks import RoadNetworks
from geo.db.sessions import Tier
from geo.errors import DatabaseUnavailableError
from geo.records.road_segments import regions
from routing.graph.regions import remove_graph, tidy
from routing.osm.importer import import_osm
from tests.conftest import client_of, opened
from tests.fixtures import preloaded
from tests.fixtures.osm_file import streets

ROOT = Path(__file__).resolve().parents[3]
SKETCH = ROOT / "data" / "roads" / "corridors.osm.xml"

DEAF = Hooks(
    official_crossings=lambda _settings: (),
    staged=lambda _settings, _folder: 0,
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


@pytest.fixture
def small(tmp_path):
    """Give an extract of three streets, for what does not look at the region's roads."""
    return streets(tmp_path / "small.osm", 3)


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


def test_verify_names_the_damaged_file(run, small):
    run("import", small, "--region", "one")
    run("import", small, "--region", "two")
    file = Settings().graphs_dir / "one" / "edge_head.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    done = run("verify")
    assert done.exit_code == EXIT_FAILED
    assert "two: whole" in done.output
    assert "edge_head.npy" in done.stderr
    assert run("verify", "two").exit_code == 0


def test_list_names_a_region_that_cannot_be_read(run, small):
    run("import", small, "--region", "one")
    (Settings().graphs_dir / "stray").mkdir()
    done = run("list")
    assert "unreadable" in done.output
    assert "one" in done.output


def test_ctrl_c_leaves_everything_as_it_was(run, small, monkeypatch):
    run("import", small, "--region", "one")

    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(road_import, "import_osm", interrupted)
    done = run("import", small, "--region", "one")
    assert done.exit_code == EXIT_INTERRUPTED
    assert "regions are as they were before" in done.stderr
    assert run("verify").output == "one: whole\n"


def test_the_application_hears_of_what_changed(run, small):
    heard = []
    hooks = Hooks(
        official_crossings=lambda settings: heard.append(("asked", settings.home.name)) or (),
        staged=lambda _, folder: heard.append(("staged", folder.name.split(".")[1])) or 7,
        removed=lambda _, region: heard.append(("removed", region)),
    )
    run("import", small, "--region", "one", hooks=hooks)
    run("remove", "one", hooks=hooks)
    run("remove", "one", hooks=hooks)
    assert heard == [("asked", "home"), ("staged", "one"), ("removed", "one")]


def interrupted(*_args):
    raise KeyboardInterrupt


def failing(*_args):
    raise DatabaseUnavailableError("the database answers too late")


@pytest.mark.every(2, first=1)
@pytest.mark.parametrize(("hook", "code"), [(interrupted, EXIT_INTERRUPTED), (failing, 1)])
def test_an_import_that_cannot_be_published_leaves_the_region_as_it_was(
    run, small, hook, code, tmp_path
):
    run("import", small, "--region", "one", hooks=DEAF)
    before = Settings().graphs_dir.joinpath("one").resolve()
    hooks = Hooks(DEAF.official_crossings, staged=hook, removed=interrupted)
    extract = streets(tmp_path / "town.osm", 3)
    done = run("import", extract, "--region", "one", hooks=hooks)
    assert done.exit_code == code
    assert "Traceback" not in done.output
    assert ("regions are as they were before" in done.stderr) == (code == EXIT_INTERRUPTED)
    assert Settings().graphs_dir.joinpath("one").resolve() == before
    assert [path for path in before.parent.iterdir() if path.suffix in {".tmp", ".region"}] == [
        before
    ]
    done = run("import", extract, "--region", "new", hooks=hooks)
    assert done.exit_code == code
    assert "new" not in run("list").output
    done = run("remove", "one", hooks=hooks)
    assert done.exit_code == EXIT_INTERRUPTED
    assert "next start" in done.stderr


def test_what_is_wrong_at_a_glance_is_said_before_anything_is_started(run, tmp_path):
    hooks = Hooks(lambda _settings: pytest.fail("asked"), DEAF.staged, DEAF.removed)
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


@pytest.fixture
def spoilt(tmp_path):
    """Give a function that spoils a region's folder in a way."""

    def spoil(folder, how):
        real = folder.resolve()
        if how == "an array":
            content = bytearray((real / "edge_head.npy").read_bytes())
            content[-1] ^= 1
            (real / "edge_head.npy").write_bytes(content)
        elif how == "a cut array":
            with (real / "edge_head.npy").open("r+b") as file:
                file.truncate(100)
        elif how == "a cut meta.json":
            with (real / "meta.json").open("r+b") as file:
                file.truncate(200)
        elif how == "a missing file":
            (real / "node_lon.npy").unlink()
        elif how == "a missing metric":
            next(real.glob("metric*.npy")).unlink()
        elif how == "an empty folder":
            shutil.rmtree(real)
            real.mkdir()
        else:
            shutil.rmtree(real)  # a link that leads nowhere
            assert how == "a missing folder"

    return spoil


DAMAGES = (
    *("an array", "a cut array", "a cut meta.json", "a missing file", "a missing metric"),
    *("an empty folder", "a missing folder"),
)


def town(settings, tmp_path, region="town", **options):
    import_osm(
        streets(tmp_path / f"{region}.osm", 3),
        settings.graphs_dir,
        region,
        country="CO",
        imported_at="2026-11-25T00:00:00+00:00",
        **options,
    )


@pytest.mark.every(2)
@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_region_is_named_and_the_others_answer(tmp_path, spoilt, how, caplog):
    settings = Settings(home=tmp_path)
    town(settings, tmp_path)
    town(settings, tmp_path, "other")
    spoilt(settings.graphs_dir / "town", how)
    logging.getLogger("amparo").propagate = True
    network = RoadNetworks(settings.graphs_dir)
    assert [region.meta.name for region in network.regions()] == ["other"]
    assert network.damaged() == ("town",)
    assert [record for record in caplog.messages if "region town is damaged" in record]
    # Imported again, it is found without a restart.
    town(settings, tmp_path)
    assert {region.meta.name for region in network.regions()} == {"other", "town"}
    assert network.damaged() == ()


@pytest.mark.every(3, first=1)
@pytest.mark.parametrize("how", ["an array", "a cut meta.json", "a missing folder"])
async def test_a_start_with_a_damaged_region_serves_the_lists(
    loaded_clone, settings_for, home, tmp_path, spoilt, how
):
    settings = settings_for(loaded_clone).model_copy(update={"home": tmp_path})
    # The sketch as the loaded database has it, so that there is nothing to load but the town.
    shutil.copytree(home / "graphs", settings.graphs_dir, symlinks=True)
    town(settings, tmp_path)
    spoilt(settings.graphs_dir / "town", how)
    told, warned = [], []
    await setup.prepare_data(settings, told.append, warned.append)
    assert [line for line in warned if line.startswith("region town is damaged")] == warned
    assert len(warned) == 1
    async with client_of(settings) as client:
        assert (await client.get("/", headers={"Accept": "text/html"})).status_code == 200
        health = await client.get("/health")
        assert health.status_code == 200
        assert health.json()["status"] == "degraded"
        assert health.json()["damaged"] == ["town"]
        assert health.json()["networks"] == ["sketch"]
        assert str(tmp_path) not in health.text
        way = {"start": [-72.508, 7.894], "end": [-72.654, 7.376], "mode": "foot"}
        assert (await client.post("/routes", json=way)).status_code == 200


async def test_a_damaged_sketch_is_imported_again(
    loaded_clone, settings_for, home, tmp_path, spoilt, monkeypatch
):
    # A few streets by its name: what is in the file is read for the home that all share.
    monkeypatch.setattr(setup, "import_sketch", lambda asked: town(asked, tmp_path, setup.SKETCH))
    settings = settings_for(loaded_clone).model_copy(update={"home": tmp_path})
    shutil.copytree(home / "graphs", settings.graphs_dir, symlinks=True)
    spoilt(settings.graphs_dir / "sketch", "an array")
    told, warned = [], []
    await setup.prepare_data(settings, told.append, warned.append)
    assert "corridor sketch imported" in told
    assert warned == []
    assert setup.damage_of(settings.graphs_dir / "sketch") is None


async def test_a_region_whose_segments_are_refused_keeps_no_start(
    empty_clone, settings_for, tmp_path
):
    """Its table is locked: whatever the database refuses is said, and the rest goes on."""
    settings = settings_for(empty_clone, command_statement_timeout_ms=300)
    settings = settings.model_copy(update={"home": tmp_path})
    town(settings, tmp_path)
    async with opened(settings) as holding, holding.session(Tier.WRITER) as session:
        await session.execute(text("lock table amparo.road_segments in exclusive mode"))
        async with setup.writing_database(settings) as database:
            (line,) = await setup.reconcile_segments(database, settings)
    assert line.startswith("region town: its roads are not on the map yet: ")
    settings = settings.model_copy(update={"command_statement_timeout_ms": 300_000})
    async with setup.writing_database(settings) as database:
        assert await setup.reconcile_segments(database, settings) == []


async def test_a_command_writes_for_longer_than_a_request(empty_clone, settings_for, tmp_path):
    settings = settings_for(empty_clone, statement_timeout_ms=1)
    settings = settings.model_copy(update={"home": tmp_path})
    town(settings, tmp_path)
    async with setup.writing_database(settings) as database:
        assert await setup.reconcile_segments(database, settings) == []
        async with database.session(Tier.WRITER) as session:
            assert await regions(session) == {"town": 3}


@pytest.mark.every(2, first=1)
@pytest.mark.parametrize(
    ("moment", "is_new"),
    [("writing", False), ("staged", False), ("swapping", False), ("swapped", True)],
)
async def test_a_kill_at_any_moment_of_an_import_leaves_all_or_nothing(
    empty_clone, settings_for, tmp_path, moment, is_new
):
    settings = settings_for(empty_clone).model_copy(update={"home": tmp_path})
    town(settings, tmp_path)
    async with opened(settings) as database:
        assert await setup.reconcile_segments(database, settings) == []
    extract = streets(tmp_path / "more.osm", 5)
    secret = settings.database_url.get_secret_value()
    environment = os.environ | {"AMPARO_HOME": str(tmp_path), "AMPARO_DATABASE_URL": secret}
    module, arguments = "tests.fixtures.killed_import", (moment, str(extract))
    status = await asyncio.to_thread(preloaded.status_of, module, arguments, environment)
    assert status == -signal.SIGKILL
    # Before anything is mended: one version or the other, whole.
    (region,) = RoadNetworks(settings.graphs_dir).regions()
    count = 5 if is_new else 3
    assert (region.meta.imported_at == "later") is is_new
    tidy(settings.graphs_dir)
    left = [path for path in settings.graphs_dir.iterdir() if path.suffix in {".tmp", ".region"}]
    assert left == [(settings.graphs_dir / "town").resolve()]
    async with opened(settings) as database:
        assert await setup.reconcile_segments(database, settings) == []
        async with database.session(Tier.WRITER) as session:
            assert await regions(session) == {"town": count}


def test_tidy_leaves_what_is_being_imported_and_puts_back_what_was_moved_aside(tmp_path):
    settings = Settings(home=tmp_path)
    seen = []

    def staged(folder):
        tidy(settings.graphs_dir)
        seen.append(folder.is_dir())

    town(settings, tmp_path, staged=staged)
    assert seen == [True]
    link = settings.graphs_dir / "town"
    aside = settings.graphs_dir / ".town.by-hand.region"
    link.resolve().rename(aside)
    link.unlink()
    tidy(settings.graphs_dir)
    assert setup.damage_of(link) is None


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


async def test_p12_no_crossing_that_ships_opens_a_street(shared_database):
    """Their positions lie between towns; what two people confirm is in the console's tests."""
    assert await setup.official_crossings(shared_database) == ()
    crossings = await setup.registered_crossings(shared_database)
    assert len(crossings) == 37
    assert all(len(c.countries) == 2 and c.countries[0] != c.countries[1] for c in crossings)
    assert all(-120 < c.lon < -30 and -56 < c.lat < 33 for c in crossings)
