"""`amparo expiring|confirm|webhook|notify`: what a coordinator gets at a terminal."""

import asyncio

import pytest
from typer.testing import CliRunner

from app import cli
from app.cli.terminal import EXIT_FAILED
from geo.db.sessions import Tier
from tests.conftest import in_thread, opened
from tests.fixtures.network import fill_network


@pytest.fixture
def run(empty_clone, settings_for, cluster, tmp_path, monkeypatch):
    settings = settings_for(empty_clone)

    async def fill():
        async with opened(settings) as database, database.session(Tier.WRITER) as session:
            await fill_network(
                session,
                {"id": "movil", "kind": "mobile_unit", "name": "Unidad", "confidential": False},
                {"id": "oculta", "visibility": "restricted", "confidential": True, "name": "Oc"},
            )

    in_thread(fill())
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AMPARO_DATABASE_URL", cluster.superuser_url(empty_clone))

    def call(*arguments, **values):
        for name, value in values.items():
            monkeypatch.setenv(f"AMPARO_{name.upper()}", value)
        return in_thread(asyncio.to_thread(CliRunner().invoke, cli.app, [*map(str, arguments)]))

    return call


@pytest.mark.clock
def test_p41_the_queue_and_a_link_for_each_channel(run):
    listed = run("expiring", "--days", 365)
    assert listed.exit_code == 0, listed.stderr
    assert listed.stdout.index("movil") < listed.stdout.index("casa"), "the first to expire first"
    assert "Oc" not in listed.stdout.replace("oculta", ""), "restricted: not by name"
    without = run("confirm", "link", "casa")
    assert without.exit_code == EXIT_FAILED
    assert "AMPARO_PUBLIC_URL" in without.stderr
    url = {"public_url": "https://amparo.example.org"}
    chat = run("confirm", "link", "casa", "--to", "+57 300 1234567", **url)
    assert chat.exit_code == 0, chat.stderr
    assert "https://amparo.example.org/confirm/" in chat.stdout
    assert "https://wa.me/573001234567?text=" in chat.stdout
    sms = run("confirm", "link", "casa", "--channel", "sms", "--lang", "pt", **url)
    assert len(sms.stdout.strip()) <= 160
    hidden = run("confirm", "link", "oculta", **url)
    assert "Oc" not in hidden.stdout
    assert run("confirm", "link", "nunca", **url).exit_code == EXIT_FAILED


def test_webhooks_are_added_listed_and_removed(run):
    added = run("webhook", "add", "https://example.org/hook", "--event", "record.changed")
    assert added.exit_code == 0, added.stderr
    assert len(bytes.fromhex(added.stdout.strip())) == 32
    webhook_id = added.stderr.split()[1].rstrip(";")
    listed = run("webhook", "list").stdout
    assert "example.org" in listed
    assert added.stdout.strip() not in listed, "the key is shown once"
    assert run("webhook", "remove", webhook_id).exit_code == 0
    assert "example.org" not in run("webhook", "list").stdout
    sent = run("notify")
    assert "0 sent, 0 failed" in sent.stdout
