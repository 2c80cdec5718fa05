"""`amparo kit …`, `welcome`, `check` and `load`, as somebody types them in the first hour."""

import pytest
from typer.testing import CliRunner

from app import cli
from app.cli.first_hour import EXIT_INCOMPLETE
from app.cli.terminal import EXIT_FAILED
from geo.records.file_kinds import KINDS


@pytest.fixture
def run(empty_clone, settings_for, monkeypatch):
    """Give a function that runs `amparo ARGUMENTS` over an empty database."""
    settings = settings_for(empty_clone)
    monkeypatch.setenv("AMPARO_HOME", str(settings.home))
    monkeypatch.setenv("AMPARO_DATABASE_URL", settings.database_url.get_secret_value())

    def call(*arguments):
        return CliRunner().invoke(cli.app, [*map(str, arguments)])

    return call


def test_a_new_kit_is_written_checked_and_never_over_another(run, tmp_path):
    kit = tmp_path / "kit.toml"
    assert run("kit", "new", "co", "-o", kit).exit_code == 0
    assert run("kit", "new", "CO", "-o", kit).exit_code == EXIT_FAILED
    unknown = run("kit", "new", "CU")
    assert unknown.exit_code == EXIT_FAILED
    assert "no boundary" in unknown.stderr
    checked = run("kit", "check", kit)
    assert checked.exit_code == 0, checked.output
    assert "crossings 1 (X-BOLIVAR): added; its state is not known" in checked.stdout
    assert "empty: contacts: no emergency" in checked.stdout
    nobody = run("kit", "load", kit, "--by", "nobody@example.org")
    assert nobody.exit_code == EXIT_FAILED
    kit.write_text(kit.read_text().replace('country_b = "VE"', 'country_b = "CO"'))
    refused = run("kit", "check", kit)
    assert refused.exit_code == EXIT_FAILED
    assert "crossings 1 (X-BOLIVAR): country_a and country_b are the same" in refused.stderr


HAZARD = """{"type": "FeatureCollection", "features": [{"type": "Feature", "id": "h-1",
"properties": {"title": "Derrumbe", "family": "physical", "kind": "landslide",
"valid_from": "2026-11-01T00:00:00-05:00", "visibility": "public", "source": "test"},
"geometry": {"type": "Point", "coordinates": [-72.6, 7.4]}}]}"""


def test_a_hazard_that_does_nothing_is_named_by_load_and_check_and_welcome_says_what_comes_next(
    run, tmp_path
):
    (tmp_path / "hazards.geojson").write_text(HAZARD)
    dry = run("load", "--dry-run", tmp_path)
    assert "hazards.geojson:1: no approved_at: nobody sees it" in dry.stdout
    assert run("check").exit_code == 0
    assert "no approved_at" in run("load", tmp_path).stdout
    checked = run("check")
    assert checked.exit_code == EXIT_INCOMPLETE
    assert "hazards: 1: no approved_at" in checked.stdout
    assert "h-1" in checked.stdout
    welcome = run("welcome")
    assert welcome.exit_code == EXIT_INCOMPLETE
    assert " 1. done     The demonstration is removed" in welcome.stdout
    assert "missing  A second person who decides: 0 of 2" in welcome.stdout
    assert "not yet  Hazards: 1; not approved, so doing nothing: 1" in welcome.stdout
    assert "> amparo spaces import" in welcome.stdout
    assert run("database", "export", tmp_path / "copy.zip").exit_code == 0
    assert "done     A copy of the database" in run("welcome").stdout


def test_load_explains_every_kind_of_file_by_the_page_of_formats(run):
    for kind in KINDS:
        said = run("load", "--explain", kind.name)
        assert said.exit_code == 0, said.output
        assert kind.patterns[0] in said.stdout
        assert "ejemplo_" in said.stdout
    unknown = run("load", "--explain", "houses")
    assert unknown.exit_code == EXIT_FAILED
    assert "crossing statuses" in unknown.stderr
