"""`amparo kit …`, `welcome`, `check` and `load`, as somebody types them in the first hour."""

import pytest
from typer.testing import CliRunner

from app import cli
from app.cli.terminal import EXIT_FAILED


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
