"""`amparo …`: what a person at a terminal reads when something is wrong, and the exit codes."""

import json

import pytest
from typer.testing import CliRunner

from app import cli, server, setup
from app.cli.terminal import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MISUSED
from geo.db.installation import ClusterError
from tests.conftest import opened

SECRET = "hunter2"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Give a function that runs `amparo ARGUMENTS` with settings in an empty home."""
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))

    def call(*arguments, **settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"AMPARO_{name.upper()}", value)
        return CliRunner().invoke(cli.app, [*map(str, arguments)])

    return call


@pytest.fixture
def url_of(cluster):
    """Give a function that names a database of the test cluster."""
    return cluster.superuser_url


def interrupted(*_args, **_options):
    raise KeyboardInterrupt


@pytest.mark.parametrize("command", ["serve", "load", "migrate", "openapi"])
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("port", "abc", "integer"),
        ("port", "70000", "65535"),
        ("workers", "0", "greater than 0"),
        ("walk_from", "25:00", "time"),
        ("database_url", f"notaurl:{SECRET}", "postgresql://"),
        ("database_url", f"postgresql://u:{SECRET}@h:port/x", "postgresql://"),
        ("database_url", f"postgresql://u:p@{SECRET}@h/x", "postgresql://"),
        ("database_url", f"mysql://u:{SECRET}@h/x", "postgresql://"),
        ("database_url_writer", f"{SECRET}", "postgresql://"),
    ],
)
def test_a_bad_setting_is_one_line_with_its_name(run, command, name, value, reason):
    done = run(command, **{name: value})
    assert done.exit_code == EXIT_MISUSED
    assert done.stdout == ""
    assert done.stderr.startswith(f"amparo: AMPARO_{name.upper()}: ")
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert SECRET not in done.output


def test_every_bad_setting_is_named(run):
    done = run("roads", "list", port="abc", workers="0", walk_from="20:00")
    assert done.exit_code == EXIT_MISUSED
    assert [line for line in done.stderr.splitlines() if "AMPARO_PORT" in line]
    assert [line for line in done.stderr.splitlines() if "AMPARO_WORKERS" in line]


def test_an_unknown_setting_refuses_the_start_and_says_what_may_be_meant(run):
    others = {"url": "http://127.0.0.1:8000", "test_data": ""}
    done = run("serve", rate_per_minut=SECRET, replica_lag="2", **others)
    assert done.exit_code == EXIT_MISUSED
    first, second, *rest = done.stderr.removeprefix("amparo: ").splitlines()
    assert first == "AMPARO_RATE_PER_MINUT: is no setting; is AMPARO_RATE_PER_MINUTE meant?"
    assert second == "AMPARO_REPLICA_LAG: is no setting: see docs/settings.md"
    # Examples for partners, and the tests, have the others, in the shell that may serve too.
    assert not rest
    assert SECRET not in done.output


def test_a_rule_between_settings_has_no_prefix(run):
    done = run("migrate", walk_from="20:00")
    assert done.stderr == "amparo: AMPARO_WALK_FROM must be earlier than AMPARO_WALK_UNTIL\n"


def test_a_database_that_does_not_answer_is_named_without_its_password(run):
    done = run("load", database_url=f"postgresql://u:{SECRET}@127.0.0.1:1/x")
    assert done.exit_code == EXIT_FAILED
    assert "127.0.0.1:1" in done.stderr
    assert "AMPARO_DATABASE_URL" in done.stderr
    assert "is it running" in done.stderr
    assert SECRET not in done.output


def test_a_database_that_refuses_says_why(run, url_of):
    done = run("migrate", database_url=url_of("no_such_database"))
    assert done.exit_code == EXIT_FAILED
    assert 'database "no_such_database" does not exist' in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_with_nothing_to_load_is_refused(run, tmp_path, empty_clone, url_of):
    (tmp_path / "empty").mkdir()
    done = run("load", tmp_path / "empty", database_url=url_of(empty_clone))
    assert done.exit_code == EXIT_FAILED
    assert "*spaces.geojson" in done.stderr


def test_p35_load_without_arguments_keeps_removed_demo_rows_away(run, loaded_clone, url_of):
    assert run("demo", "remove", database_url=url_of(loaded_clone)).exit_code == 0
    done = run("load")
    assert done.exit_code == 0
    assert "amparo:demo_spaces.geojson: not loaded, demo rows were removed" in done.stdout
    named = run("load", setup.DATA / "spaces" / "demo_spaces.geojson")
    assert "70 locations" in named.stdout


@pytest.mark.parametrize("place", ["start_database", "load_paths"])
def test_ctrl_c_in_load_changes_nothing(run, monkeypatch, place):
    monkeypatch.setattr(setup, "start_database", lambda _settings: None)
    monkeypatch.setattr(setup, place, interrupted)
    done = run("load")
    assert done.exit_code == EXIT_INTERRUPTED
    assert done.stderr == "amparo: interrupted; nothing was changed\n"


@pytest.mark.parametrize("command", ["serve", "prepare"])
@pytest.mark.parametrize("place", ["start_database", "prepare_data"])
def test_ctrl_c_at_a_start_is_one_line(run, monkeypatch, command, place):
    monkeypatch.setattr(cli, "require_free_port", lambda _host, _port: None)
    monkeypatch.setattr(setup, "start_database", lambda _settings: None)
    monkeypatch.setattr(setup, place, interrupted)
    done = run(command)
    assert done.exit_code == EXIT_INTERRUPTED
    assert done.stderr.startswith("amparo: interrupted; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        ("load",),
        ("prepare",),
        ("migrate",),
        ("demo", "remove"),
        ("token", "create", "x"),
        ("token", "revoke", "x"),
        ("movement", "import"),
    ],
    ids=" ".join,
)
def test_every_command_starts_the_database_that_it_needs(run, monkeypatch, tmp_path, command):
    def start(_settings):
        msg = "it was asked to start"
        raise ClusterError(msg)

    monkeypatch.setattr(setup, "start_database", start)
    counts = tmp_path / "counts.json"
    counts.write_text(json.dumps([]))
    done = run(*command, *([counts] if command[0] == "movement" else []))
    assert done.exit_code == EXIT_FAILED
    assert "it was asked to start" in done.stderr


def test_roads_import_looks_at_the_file_before_it_starts_a_database(run, monkeypatch, tmp_path):
    monkeypatch.setattr(setup, "start_database", lambda _settings: pytest.fail("started"))
    done = run("roads", "import", tmp_path / "absent.osm.pbf", "--region", "x")
    assert done.exit_code == EXIT_FAILED
    assert "no such file" in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_p35_the_host_of_the_command_line_decides_what_is_served(
    run, monkeypatch, loaded_clone, url_of, workers
):
    served = []
    monkeypatch.setattr(cli, "prepare_all", lambda _settings: None)
    monkeypatch.setattr(cli, "require_free_port", lambda _host, _port: None)
    monkeypatch.setattr(server.uvicorn, "run", lambda _app, **options: served.append(options))
    refused = run("serve", "--host", "0.0.0.0", database_url=url_of(loaded_clone), workers=workers)
    assert refused.exit_code == EXIT_FAILED
    assert "AMPARO_ALLOW_DEMO_PUBLIC" in refused.stderr
    run("demo", "remove")
    monkeypatch.setenv("AMPARO_HOST", "127.0.0.1")
    seen = []
    monkeypatch.setattr(server, "create_app", seen.append)
    assert run("serve", "--host", "0.0.0.0").exit_code == 0
    assert [options["host"] for options in served] == ["0.0.0.0"]
    if workers != "1":
        server.from_environment()
    assert [settings.may_show_demo for settings in seen] == [False]


def test_a_port_that_cannot_be_is_wrong_usage(run):
    assert run("serve", "--port", "99999").exit_code == EXIT_MISUSED


async def test_settings_keep_secrets_out_of_their_own_errors(settings_for, empty_clone):
    with pytest.raises(ValueError, match="postgresql") as caught:
        settings_for(empty_clone, database_url_staff=f"mysql://u:{SECRET}@h/x")
    assert SECRET not in str(caught.value)
    async with opened(settings_for(empty_clone)) as database:
        await database.check_roles()
