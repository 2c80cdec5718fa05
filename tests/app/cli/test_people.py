"""`amparo person|organization|token …`: the first administrator comes from here alone."""

import re

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app import cli
from app.cli.terminal import EXIT_FAILED, EXIT_MISUSED
from geo.db.sessions import Tier
from tests.conftest import client_of, in_thread, opened

ANA = "ana@example.org"


@pytest.fixture
def run(tmp_path, monkeypatch, cluster, empty_clone):
    """Give a function that runs `amparo ARGUMENTS` on a database of this test's own."""
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AMPARO_DATABASE_URL", cluster.superuser_url(empty_clone))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        return CliRunner().invoke(cli.app, [*map(str, arguments)])

    return call


def told(run, *arguments):
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def test_the_first_administrator_comes_in(run, settings_for, empty_clone):
    link = told(run, "person", "add", ANA, "--name", "Ana", "--role", "admin")
    path = re.fullmatch(r"http://127\.0\.0\.1:8000(/network/invitation/[\w-]{43})", link)[1]

    async def come_in():
        async with client_of(settings_for(empty_clone)) as client:
            page = await client.get(path)
            csrf = re.search(r'name="csrf" value="([^"]*)"', page.text)[1]
            password = "caballo batería grapa correcta"
            done = await client.post(
                path, data={"csrf": csrf, "password": password, "again": password}
            )
            return page.status_code, done.status_code

    assert in_thread(come_in()) == (200, 303)
    assert "active" in told(run, "person", "list")


def test_people_are_listed_changed_and_shut_out(run):
    assert told(run, "organization", "add", "Cruz del Norte") == "cruz-del-norte"
    told(run, "person", "add", ANA, "--name", "Ana", "--role", "editor",
         "--organization", "cruz del norte")  # fmt: skip
    listed = told(run, "person", "list")
    for word in ("Ana", ANA, "editor", "Cruz del Norte", "invited"):
        assert word in listed
    told(run, "person", "role", ANA, "--role", "approver", "--country", "co", "--country", "EC")
    assert "CO EC" in told(run, "person", "list")
    told(run, "person", "disable", ANA)
    assert "disabled" in told(run, "person", "list")
    assert run("person", "invite", ANA).exit_code == EXIT_FAILED
    assert "/network/invitation/" in told(run, "person", "enable", ANA)
    assert "/network/invitation/" in told(run, "person", "invite", ANA)
    assert "cruz-del-norte" in told(run, "organization", "list")
    assert "next sign-in" in told(run, "person", "reset-factor", ANA)


def test_tokens_are_made_listed_and_revoked(run, settings_for, empty_clone):
    told(run, "person", "add", ANA, "--name", "Ana", "--role", "coordinator")
    secret = told(run, "token", "create", "Cruz", "--scope", "edit", "--person", ANA, "--days", 3)
    assert re.fullmatch(r"[\w-]{43}", secret)
    listed = told(run, "token", "list")
    assert secret not in listed
    token_id = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", listed)[0]

    async def status():
        async with client_of(settings_for(empty_clone)) as client:
            answer = await client.get(
                "/collections/spaces/items", headers={"Authorization": f"Bearer {secret}"}
            )
            return answer.status_code

    assert in_thread(status()) == 200
    told(run, "token", "revoke", token_id)
    assert "revoked" in told(run, "token", "list")
    assert in_thread(status()) == 401


WRONG = [
    (("person", "add", "ana", "--name", "Ana"), EXIT_FAILED, "email: "),
    (("person", "add", ANA, "--name", "Ana", "--role", "root"), EXIT_FAILED, "role: "),
    (("person", "add", ANA, "--name", "A", "--role", "editor"), EXIT_FAILED, "organization: "),
    (("person", "add", ANA, "--name", "A", "--organization", "x"), EXIT_FAILED, "no such"),
    (("person", "add", ANA), EXIT_MISUSED, "--name"),
    (("person", "role", ANA, "--role", "viewer"), EXIT_FAILED, "no such person"),
    (("person", "disable", ANA), EXIT_FAILED, "no such person"),
    (("person", "reset-factor", ANA), EXIT_FAILED, "no such person"),
    (("token", "create", "x", "--scope", "edit"), EXIT_FAILED, "person: "),
    (("token", "create", "x", "--scope", "staff"), EXIT_FAILED, "scope: "),
    (("token", "create", "x", "--person", ANA), EXIT_FAILED, "no such person"),
    (("token", "create", "x", "--days", "9999"), EXIT_MISUSED, "365"),
    (("token", "revoke", "x"), EXIT_FAILED, "no token x"),
]


def test_what_is_wrong_is_said_and_nothing_stored(run, settings_for, empty_clone):
    for command, code, said in WRONG:
        done = run(*command)
        assert done.exit_code == code, command
        assert said in done.stderr, command
        assert "Traceback" not in done.output, command

    async def count():
        async with (
            opened(settings_for(empty_clone)) as database,
            database.session(Tier.WRITER) as session,
        ):
            return await session.scalar(
                text(
                    "select (select count(*) from amparo.people)"
                    " + (select count(*) from amparo.access_tokens)"
                )
            )

    assert in_thread(count()) == 0
