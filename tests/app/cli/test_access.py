"""`amparo access …`: what is asked wrongly is said at once, before a database is started."""

import pytest
from typer.testing import CliRunner

from app import cli
from app.cli.terminal import EXIT_MISUSED


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Give a function that runs `amparo access ARGUMENTS` in an empty home."""
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(cli.app, ["access", *arguments])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--month", "december"), "write it as 2026-12"),
        (("--month", "2026-13"), "write it as 2026-12"),
        (("--profile", "horse"), "adult"),
        (("--workers", "-1"), "workers"),
        (("--raster-deg", "0"), "raster-deg"),
    ],
)
def test_a_wrong_question_names_what_is_right(run, tmp_path, arguments, said):
    done = run("compute", str(tmp_path / "out"), *arguments)
    assert done.exit_code == EXIT_MISUSED
    assert said in done.stderr
    assert not (tmp_path / "home").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["compute", "people"])
def test_help_has_an_example(run, command):
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f"Example: amparo access {command} " in done.stdout
