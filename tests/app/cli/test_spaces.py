"""`amparo spaces …`: a dry run by default, a report of every row, and exit codes."""

import csv

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app import cli
from app.cli import spaces
from app.cli.terminal import EXIT_FAILED, EXIT_INTERRUPTED
from geo.db.sessions import Tier
from tests.conftest import in_thread, opened

HEAD = "id;name;kind;organization;lat;lon;country;timezone;confirmed_on;visibility;demo\n"
GOOD = "{id};DEMO Casa {id};shelter;DEMO Org;7,9;-72,5;CO;America/Bogota;2026-01-05;public;true\n"
BAD = "N-9;x;palacio;DEMO Org;7,9;-72,5;CO;America/Bogota;2026-01-05;public;true\n"


@pytest.fixture
def run(loaded_clone, settings_for, monkeypatch):
    settings = settings_for(loaded_clone)
    monkeypatch.setenv("AMPARO_HOME", str(settings.home))
    monkeypatch.setenv("AMPARO_DATABASE_URL", settings.database_url.get_secret_value())

    def call(*arguments):
        return CliRunner().invoke(cli.app, ["spaces", *map(str, arguments)])

    call.settings = settings
    return call


def stored(settings):
    async def ask():
        async with opened(settings) as database, database.session(Tier.WRITER) as session:
            found = await session.scalars(
                text("select id from amparo.locations where id like 'N-%' order by id")
            )
            return found.all()

    return in_thread(ask())


@pytest.fixture
def file(tmp_path):
    def make(*rows, name="x.csv"):
        path = tmp_path / name
        path.write_text(HEAD + "".join(rows), encoding="utf-8")
        return path

    return make


def test_an_import_is_a_dry_run_until_it_is_told_to_write(run, file, tmp_path):
    path, report = file(GOOD.format(id="N-1"), GOOD.format(id="N-2")), tmp_path / "r.csv"
    dry = run("import", path, "--report", report)
    assert dry.exit_code == 0, dry.output
    assert "nothing was written" in dry.stdout
    assert stored(run.settings) == []
    lines = list(csv.reader(report.read_text(encoding="utf-8-sig").splitlines()))
    assert lines[1][:3] == ["2", "N-1", "new"]
    written = run("import", path, "--apply")
    assert "2 spaces added" in written.stdout
    assert stored(run.settings) == ["N-1", "N-2"]
    again = run("import", path, "--apply")
    assert "0 spaces added, 0 changed, 2 unchanged" in again.stdout


def test_bad_rows_stop_an_import_unless_they_are_left_out(run, file):
    path = file(GOOD.format(id="N-1"), BAD)
    dry = run("import", path)
    assert dry.exit_code == EXIT_FAILED
    assert "x.csv:3: column 'kind': 'palacio' is not one of" in dry.stdout
    refused = run("import", path, "--apply")
    assert refused.exit_code == EXIT_FAILED
    assert "--only-good" in refused.stderr
    assert stored(run.settings) == []
    done = run("import", path, "--apply", "--only-good")
    assert done.exit_code == 0
    assert "1 spaces added" in done.stdout
    assert "1 rows left out" in done.stdout
    assert stored(run.settings) == ["N-1"]


def test_ctrl_c_leaves_nothing(run, file, monkeypatch):
    real = spaces.apply

    async def interrupted(*arguments, **options):
        await real(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(spaces, "apply", interrupted)
    stopped = run("import", file(GOOD.format(id="N-1")), "--apply")
    assert stopped.exit_code == EXIT_INTERRUPTED
    assert "nothing was changed" in stopped.stderr
    assert stored(run.settings) == []


def test_a_mapping_is_suggested_checked_and_used(run, file, tmp_path):
    path, mapping = file(GOOD.format(id="N-1")), tmp_path / "m.toml"
    assert run("mapping", "suggest", path).stdout.count("[fields]") == 1
    assert run("mapping", "suggest", path, "-o", mapping).exit_code == 0
    assert "fields" in run("mapping", "check", mapping).stdout
    assert run("import", path, "--mapping", mapping).exit_code == 0
    mapping.write_text("[fields]\nnombre = 'x'\n")
    refused = run("import", path, "--mapping", mapping)
    assert refused.exit_code == EXIT_FAILED
    assert "mapping: [fields] has no 'nombre'" in refused.stderr


def test_duplicates_are_found_and_listed(run, file):
    head = HEAD.replace("\n", ";coord_precision\n")
    same = GOOD.replace("DEMO Casa {id}", "Zafiro Azul").replace("true\n", "true;point\n")
    path = file(name="y.csv")
    path.write_text(head + same.format(id="N-1") + same.format(id="N-2"), encoding="utf-8")
    assert run("import", path, "--apply").exit_code == 0
    assert "pairs may be one place" in run("duplicates", "find").stdout
    listed = run("duplicates", "list").stdout
    assert "N-1 Zafiro Azul  =?  N-2 Zafiro Azul" in listed


def asked(settings, statement):
    async def ask():
        async with opened(settings) as database, database.session(Tier.WRITER) as session:
            return (await session.execute(text(statement))).all()

    return in_thread(ask())


def test_p29_a_space_is_deleted_for_good_at_its_operator_s_request(run):
    question = """
        select (select count(*) from amparo.locations where id = 'DEMO-009'),
            (select count(*) > 0 from amparo.space_versions where location_id = 'DEMO-009'),
            (select count(*) > 0 from amparo.schedules where location_id = 'DEMO-009')
    """
    assert asked(run.settings, question) == [(1, True, True)]
    waiting = """
        insert into amparo.proposals (id, entity, record_id, changes, reason)
        values ('p', 'space', 'DEMO-009', '{"address": "Calle 1"}', 'x') returning id
    """
    asked(run.settings, waiting)
    done = run("delete", "DEMO-009", "--reason", "lo pidió", "--yes")
    assert done.exit_code == 0, done.output
    assert asked(run.settings, question) == [(0, False, False)]
    assert asked(run.settings, "select state, changes from amparo.proposals") == [("withdrawn", {})]
    (erased,) = asked(
        run.settings,
        "select actor, details from amparo.audit_entries where action = 'space.erased'",
    )
    assert tuple(erased) == ("cli", {"reason": "lo pidió"})
    again = run("delete", "DEMO-009", "--reason", "lo pidió", "--yes")
    assert again.exit_code != 0
    assert "there is no space" in again.output


def test_p44_a_space_with_an_open_complaint_is_not_deleted(run):
    async def complain():
        async with opened(run.settings) as database, database.session(Tier.WRITER) as session:
            await session.execute(
                text(
                    "insert into amparo.complaints (id, location_id, category, body, delete_on) "
                    "values ('c', 'DEMO-009', 'charged', 'x', amparo.today() + 180)"
                )
            )

    in_thread(complain())
    refused = run("delete", "DEMO-009", "--reason", "lo pidió", "--yes")
    assert refused.exit_code != 0
    assert "a complaint about this space is open" in refused.output
    there = "select id from amparo.locations where id = 'DEMO-009'"
    assert len(asked(run.settings, there)) == 1
