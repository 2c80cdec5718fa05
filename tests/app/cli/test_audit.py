"""``amparo audit|hide|lift|reader``: what a person at a terminal sees of it."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner

from app import cli
from app.cli.terminal import EXIT_FAILED, EXIT_MISUSED


@pytest.fixture
def run(loaded_clone, settings_for, monkeypatch):
    """Give a function that runs `amparo ARGUMENTS` on this test's own loaded database."""
    settings = settings_for(loaded_clone)
    monkeypatch.setenv("AMPARO_HOME", str(settings.home))
    monkeypatch.setenv("AMPARO_DATABASE_URL", settings.database_url.get_secret_value())
    return lambda *arguments: CliRunner().invoke(cli.app, [*map(str, arguments)])


@pytest.fixture
def as_superuser(cluster, loaded_clone):
    """Give a function that does one statement with the triggers off."""

    async def work(statement):
        engine = create_async_engine(cluster.superuser_url(loaded_clone))
        async with engine.begin() as connection:
            await connection.execute(text("set local session_replication_role = replica"))
            await connection.execute(text(statement))
        await engine.dispose()

    def call(statement):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, work(statement)).result()

    return call


def test_p24_p31_hiding_lifting_and_the_chain_from_a_terminal(run, as_superuser, tmp_path):
    area = tmp_path / "area.geojson"
    ring = [[-72.6, 7.8], [-72.4, 7.8], [-72.4, 8.0], [-72.6, 8.0], [-72.6, 7.8]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    area.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    why = ("--reason", "amenaza a la casa")
    for target in (("space", "DEMO-009"), ("crossing", "X-BOLIVAR"), ("area", area)):
        done = run("hide", *target, *why)
        assert (done.exit_code, done.output[:16]) == (0, "hidden; lift it ")
    listed = run("hide", "list").stdout.splitlines()
    assert len(listed) == 3
    assert any("space DEMO-009" in line and "amenaza a la casa" in line for line in listed)
    hide_id = next(line.split()[0] for line in listed if " area " in line)
    for target in (("space", "DEMO-009"), ("crossing", "X-BOLIVAR"), ("area", hide_id)):
        assert run("lift", *target, "--reason", "calma").output == "lifted\n"
    assert run("hide", "list").stdout == ""
    head = run("audit", "head").stdout.strip()
    assert len(head) == 64
    verified = run("audit", "verify", "--expect", head)
    assert verified.exit_code == 0, verified.stderr
    assert f" entries hold; head {head}\n" in verified.stdout
    assert "rows are as the chain says" in verified.stdout
    newest = run("audit", "list", "--limit", 1).stdout
    assert "cli lift.area" in newest
    assert "calma" in newest
    as_superuser("update amparo.audit_entries set actor = 'eva' where seq = 4")
    broken = run("audit", "verify")
    assert broken.exit_code == EXIT_FAILED
    assert "broken at entry 4" in broken.stderr


def test_what_was_done_by_hand_is_told_and_explained_from_a_terminal(run, as_superuser, tmp_path):
    file = tmp_path / "elsewhere" / "anchors.jsonl"
    anchored = run("audit", "anchor", file)
    assert anchored.exit_code == 0, anchored.stderr
    assert run("audit", "anchor", file).exit_code == 0
    assert file.read_text().splitlines()[0] == anchored.stdout.strip()
    assert run("audit", "verify", "--anchor", file).exit_code == 0
    as_superuser("update amparo.locations set landmark = 'x' where id = 'DEMO-009'")
    told = run("audit", "verify")
    assert told.exit_code == EXIT_FAILED
    assert "locations DEMO-009 was changed" in told.stderr
    sealed = run("audit", "seal", "--reason", "a mano, con Ana")
    assert (sealed.exit_code, sealed.stdout[:15]) == (0, "sealed by entry")
    assert run("audit", "verify").exit_code == 0
    as_superuser(
        "select amparo.audit_append('ana', 'proposal.accepted', 'space', 'DEMO-009', '{}')"
    )
    told = run("audit", "verify")
    assert told.exit_code == EXIT_FAILED
    assert "outside Amparo, proposal.accepted as ana (login postgres" in told.stderr
    number = told.stderr.split("entry ")[1].split()[0]
    assert run("audit", "explain", number, "--reason", "prueba").exit_code == 0
    assert run("audit", "verify", "--anchor", file).exit_code == 0
    as_superuser("delete from amparo.audit_entries where action = 'audit.anchored' or seq > 3")
    told = run("audit", "verify", "--anchor", file)
    assert told.exit_code == EXIT_FAILED


def test_p31_naming_readers_from_a_terminal(run, as_superuser):
    as_superuser(
        "insert into amparo.people (id, email, name, role)"
        " values ('a', 'a@x.example', 'A', 'admin')"
    )
    assert run("reader", "list", "DEMO-008").output == ""
    assert run("reader", "add", "DEMO-008", "A@x.example").exit_code == 0
    assert run("reader", "list", "DEMO-008").output == "A <a@x.example>\n"
    assert run("reader", "remove", "DEMO-008", "a").exit_code == 0
    assert run("reader", "pathway", "DEMO-W03", "a").exit_code == 0
    for command in (
        ("add", "DEMO-009", "a"),
        ("add", "DEMO-008", "b"),
        ("remove", "DEMO-008", "a"),
    ):
        assert run("reader", *command).exit_code == EXIT_FAILED


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("hide", "space", "DEMO-999", "--reason", "x"), EXIT_FAILED),
        (("hide", "space", "DEMO-009", "--reason", " "), EXIT_FAILED),
        (("hide", "space", "DEMO-009"), EXIT_MISUSED),
        (("lift", "space", "DEMO-009", "--reason", "x"), EXIT_FAILED),
        (("lift", "area", "nunca", "--reason", "x"), EXIT_FAILED),
        (("audit", "verify", "--expect", "abc"), EXIT_MISUSED),
        (("audit", "verify", "--anchor", "pyproject.toml"), EXIT_MISUSED),
        (("audit", "explain", "99999", "--reason", "x"), EXIT_FAILED),
        (("audit", "seal", "--reason", " "), EXIT_FAILED),
    ],
)
def test_what_cannot_be_done_is_one_line(run, command, code):
    done = run(*command)
    assert done.exit_code == code
    assert done.stderr.strip()
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "content",
    ["no", "[]", '{"type": "FeatureCollection", "features": []}', '{"type": "Feature"}',
     '{"type": "Point", "coordinates": [0, 0]}'],
)  # fmt: skip
def test_a_file_that_is_no_area_is_one_line(run, tmp_path, content):
    file = tmp_path / "area.geojson"
    file.write_text(content)
    done = run("hide", "area", file, "--reason", "x")
    assert done.exit_code in {EXIT_FAILED, EXIT_MISUSED}
    assert done.stderr.startswith("amparo: ")
