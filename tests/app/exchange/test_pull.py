"""P40: what forms elsewhere say waits for a second person; a token that sees more is refused."""

import asyncio
import json
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from app import cli
from app.cli.terminal import EXIT_FAILED, EXIT_MISUSED
from app.exchange import json_client
from app.exchange.declarations import read_kobo
from app.exchange.errors import DeclarationError, ExchangeError, TooMuchAccessError
from app.exchange.pulling import pull
from app.jobs.pulled_sources import pull_due
from geo import models
from geo.db.sessions import Tier
from geo.errors import ForbiddenError, InvalidFileError, PersonalDataError
from geo.proposals import decisions
from geo.sources import ledger
from tests.conftest import clone, opened
from tests.fixtures.kobo_server import ASSET, TOKEN, kobo_server
from tests.fixtures.network import APPROVER, EDITOR, NOW

SURVEY = [
    {"type": "start", "name": "start"},
    {"type": "start-geopoint", "name": "donde"},
    {"type": "begin_group", "name": "lugar"},
    {"type": "text", "name": "nombre", "label": ["Nombre del espacio"]},
    {"type": "select_one tipos", "name": "tipo", "label": ["Tipo"]},
    {"type": "geopoint", "name": "punto", "label": ["Ubicación"]},
    {"type": "select_multiple servicios", "name": "servicios", "label": ["Servicios"]},
    {"type": "select_one estados", "name": "estado", "label": ["Estado"]},
    {"type": "image", "name": "foto", "label": ["Foto"]},
    {"type": "text", "name": "nota", "label": ["Nombre completo de quien responde"]},
    {"type": "end_group"},
    {"type": "date", "name": "fecha", "label": ["Fecha"]},
]
MAPPING = """
[mapping]
[mapping.fields]
name = "lugar/nombre"
kind = "lugar/tipo"
position = "lugar/punto"
services = "lugar/servicios"
status = "lugar/estado"
confirmed_on = "fecha"
{more}
[mapping.values.kind]
albergue = "shelter"
[mapping.constants]
organization = "Organización de prueba"
organization_id = "org"
country = "CO"
timezone = "America/Bogota"
visibility = "public"
"""


def submission(id_, **changes):
    return {
        "_id": id_,
        "_uuid": f"u-{id_}",
        "_submitted_by": "encuestadora",
        "lugar/nombre": f"Casa {id_}",
        "lugar/tipo": "albergue",
        "lugar/punto": "7.89 -72.5 300 5",
        "lugar/servicios": "food information",
        "lugar/nota": "Juana Pérez",
        "fecha": (NOW.date() - timedelta(days=1)).isoformat(),
    } | changes


@contextmanager
def declared(home, kobo, *, more="", mapping_more="", name="albergues", **changes):
    folder = home / "exchange" / "kobo"
    folder.mkdir(parents=True, exist_ok=True)
    token = folder / f"{name}.token"
    token.write_text(f"{TOKEN}\n")
    token.chmod(0o600)
    stated = {"server": kobo.address, "asset": ASSET, "person": "ed",
              "token_file": token.name} | changes  # fmt: skip
    lines = [f'{key} = "{value}"' for key, value in stated.items()]
    file = folder / f"{name}.toml"
    file.write_text("\n".join([*lines, more, MAPPING.format(more=mapping_more)]))
    yield read_kobo(home, name)


@pytest.fixture
def kobo():
    with kobo_server() as server:
        server.survey = SURVEY
        server.submissions = [submission(n) for n in (1, 2, 3)]
        yield server


@pytest.fixture(scope="module")
async def filled(filled_network):
    """Name a database with the network, of which each test has a copy of its own."""
    return await filled_network()


@pytest.fixture
def settings(cluster, filled, settings_for):
    return settings_for(clone(cluster, filled))


@pytest.fixture
async def network(settings):
    async with opened(settings) as database:
        yield database


def clock():
    return NOW


async def proposals(database, state="pending"):
    async with database.session(Tier.WRITER) as session:
        found = await session.scalars(
            select(models.Proposal)
            .where(models.Proposal.state == state)
            .order_by(models.Proposal.changes["name"].astext)
        )
        return found.all()


async def test_a_round_trip_proposes_what_is_mapped_and_nothing_else(network, kobo, tmp_path):
    with declared(tmp_path, kobo) as source:
        dry = await pull(network, source, clock, dry_run=True)
        assert (dry.read, dry.taken, dry.problems) == (3, 3, ())
        assert await proposals(network) == []
        taken = await pull(network, source, clock)
    assert (taken.result.proposed, taken.result.at_once, taken.gone) == (3, 0, ())
    first, *_ = await proposals(network)
    assert first.proposed_by == EDITOR.id
    assert first.changes["name"] == "Casa 1"
    assert (first.changes["kind"], first.changes["services"]) == (
        "shelter",
        ["food", "information"],
    )
    # P6: only what is mapped is asked for, and what comes unasked is stored nowhere.
    for path, asked in kobo.asked:
        if path.endswith("data.json"):
            assert not {"lugar/foto", "lugar/nota"} & set(json.loads(asked["fields"]))
    async with network.session(Tier.WRITER) as session:
        dump = await session.scalar(
            text(
                "select string_agg(t::text, '') from (select to_jsonb(p) t from amparo.proposals p"
                " union all select to_jsonb(s) from amparo.pulled_submissions s"
                " union all select to_jsonb(a) from amparo.audit_entries a) x"
            )
        )
        count = await session.scalar(text("select count(*) from amparo.locations"))
    assert count == 1  # nothing is published
    for secret in (TOKEN, "Juana", "encuestadora", "cara.jpg"):
        assert secret not in dump


async def test_p40_an_edit_replaces_its_proposal_and_a_deletion_asks(network, kobo, tmp_path):
    with declared(tmp_path, kobo) as source:
        await pull(network, source, clock)
        again = await pull(network, source, clock)
        assert (again.read, again.taken) == (3, 0)
        kobo.submissions[1] = submission(2, **{"_uuid": "new", "lugar/nombre": "Casa 2 B"})
        edited = await pull(network, source, clock)
        assert (edited.taken, edited.result.proposed) == (1, 1)
        assert [one.changes["name"] for one in await proposals(network)] == [
            "Casa 1", "Casa 2 B", "Casa 3",
        ]  # fmt: skip
        assert len(await proposals(network, "withdrawn")) == 1
        async with network.session(Tier.WRITER) as session:
            for one in await proposals(network):
                await decisions.accept(session, APPROVER, one.id, "ok", now=NOW)
        # P40, P52: what closes holds at once, and counts as a removal of the account's.
        kobo.submissions[0]["lugar/estado"] = "closed"
        closed = await pull(network, source, clock)
        assert (closed.result.at_once, closed.result.proposed) == (1, 0)
        async with network.session(Tier.WRITER) as session:
            counted = await session.scalars(select(models.Removal.person))
            assert counted.all() == [EDITOR.id]
        del kobo.submissions[2]
        gone = await pull(network, source, clock)
        await pull(network, source, clock)
    (space_id,) = gone.gone
    async with network.session(Tier.WRITER) as session:
        space = await session.get(models.Location, space_id)
        assert (space.name, space.status) == ("Casa 3", "active")  # asked about, never deleted
        assert [one.space_id for one in await ledger.waiting(session, EDITOR)] == [space_id]
        assert await ledger.waiting(session, APPROVER) == ()
        await session.execute(
            text("update amparo.locations set status = 'closed' where id = :id"), {"id": space_id}
        )
        assert await ledger.waiting(session, EDITOR) == ()


async def test_what_is_taken_back_before_a_decision_waits_no_more(network, kobo, tmp_path):
    with declared(tmp_path, kobo) as source:
        await pull(network, source, clock)
        del kobo.submissions[0]
        kobo.submissions[1]["lugar/tipo"] = "palacio"
        await pull(network, source, clock)
        result = await pull(network, source, clock)
    assert result.gone == ()
    assert [one.changes["name"] for one in await proposals(network)] == ["Casa 2"]
    assert len(await proposals(network, "withdrawn")) == 2


@pytest.mark.long
async def test_a_run_reads_at_most_so_many_and_the_next_goes_on(network, kobo, tmp_path):
    kobo.submissions = [submission(n) for n in range(1, 8)]
    with declared(tmp_path, kobo, more="most = 3") as source:
        runs = [await pull(network, source, clock) for _ in range(3)]
        assert [run.taken for run in runs] == [3, 3, 1]
        kobo.submissions = [one for one in kobo.submissions if one["_id"] != 4]
        later = [await pull(network, source, clock) for _ in range(6)]
    # Every sweep sees all that is left, three at a time, and notices once what went.
    assert all(run.read <= 3 and run.taken == 0 for run in later)
    assert len(await proposals(network)) == 6
    assert len(await proposals(network, "withdrawn")) == 1


async def test_a_bad_row_is_left_out_until_it_is_edited_or_the_mapping_is(network, kobo, tmp_path):
    kobo.submissions[0] = submission(1, **{"lugar/punto": "-72.5 7.89 0 0"})
    with declared(tmp_path, kobo) as source:
        taken = await pull(network, source, clock)
        assert (taken.result.proposed, taken.result.left_out) == (2, 1)
        assert "7.89" not in " ".join(taken.problems)
        assert (await pull(network, source, clock)).taken == 0
    with declared(tmp_path, kobo, mapping_more="notice = 'lugar/servicios'") as source:
        assert (await pull(network, source, clock)).taken == 3


TOO_MUCH = [
    ({"permissions": ["view_asset", "view_submissions", "delete_submissions"]}, "may_do_more"),
    ({"permissions": ["view_asset", "view_submissions", "manage_asset"]}, "may_do_more"),
    ({"effective": ["view_asset", "view_submissions", "change_asset"]}, "may_do_more"),
    ({"forms": 2}, "sees_more"),
]


async def test_a_token_that_sees_too_much_is_refused(network, kobo, tmp_path):
    right = {name: getattr(kobo, name) for name in ("permissions", "effective", "forms")}
    for change, code in TOO_MUCH:
        vars(kobo).update(right | change)
        with declared(tmp_path, kobo) as source, pytest.raises(TooMuchAccessError) as refused:
            await pull(network, source, clock)
        assert refused.value.code == code
        assert TOKEN not in str(refused.value)
    assert not any(path.endswith("data.json") for path, _ in kobo.asked)
    assert await proposals(network) == []


async def test_an_account_that_lacks_the_form_or_decides_is_refused(network, kobo, tmp_path):
    kobo.permissions = ["view_asset"]
    with declared(tmp_path, kobo) as source, pytest.raises(ExchangeError, match="view_submissions"):
        await pull(network, source, clock)
    with declared(tmp_path, kobo, person="ap") as source, pytest.raises(ForbiddenError):
        await pull(network, source, clock)


async def test_p6_photos_enumerators_and_persons_are_never_asked_for(network, kobo, tmp_path):
    for more, error in (
        ("notice = 'lugar/foto'", InvalidFileError),
        ("notice = 'donde'", InvalidFileError),
        ("notice = '_submitted_by'", InvalidFileError),
        ("notice = 'lugar/nota'", PersonalDataError),
    ):
        with declared(tmp_path, kobo, mapping_more=more) as source, pytest.raises(error):
            await pull(network, source, clock)
    assert not any(path.endswith("data.json") for path, _ in kobo.asked)


async def test_answers_out_of_order_or_beyond_bounds_store_nothing(
    network, kobo, tmp_path, monkeypatch
):
    kobo.submissions[1] |= {"_id": "2; drop"}
    kobo._data = lambda _asked: (200, {"results": kobo.submissions})
    with declared(tmp_path, kobo) as source:
        with pytest.raises(ExchangeError) as wrong:
            await pull(network, source, clock)
        assert wrong.value.code == "unexpected"
        monkeypatch.setattr(json_client, "ANSWER_BYTES", 10)
        with pytest.raises(ExchangeError) as large:
            await pull(network, source, clock)
    assert large.value.code == "too_large"
    assert await proposals(network) == []


async def test_the_schedule_is_kept_by_one_process_and_one_failure_stops_no_other(
    network, kobo, tmp_path, caplog
):
    with (
        declared(tmp_path, kobo, more="every_h = 6"),
        declared(tmp_path, kobo, name="broken", more="every_h = 6", asset="another"),
        declared(tmp_path, kobo, name="by-hand"),
    ):
        first = await asyncio.gather(*(pull_due(network, clock, tmp_path) for _ in range(2)))
        assert {**first[0], **first[1]} == {"albergues": "ok", "broken": "refused"}
        assert sum(len(one) for one in first) == 2
        assert await pull_due(network, lambda: NOW + timedelta(hours=5), tmp_path) == {}
        assert len(await pull_due(network, lambda: NOW + timedelta(hours=6), tmp_path)) == 2
    assert TOKEN not in caplog.text


def test_a_token_is_outside_the_database_and_for_its_owner_alone(kobo, tmp_path, monkeypatch):
    with declared(tmp_path, kobo) as source:
        file = tmp_path / "exchange" / "kobo" / "albergues.token"
        assert source.token() == TOKEN
        file.chmod(0o640)
        with pytest.raises(DeclarationError, match="chmod 600"):
            source.token()
        file.unlink()
        file.symlink_to(__file__)
        with pytest.raises(DeclarationError, match="cannot be read"):
            source.token()
    folder = tmp_path / "exchange" / "kobo"
    text_ = (folder / "albergues.toml").read_text()
    (folder / "albergues.toml").write_text(
        text_.replace('token_file = "albergues.token"', 'token_variable = "KOBO_TOKEN"')
    )
    with pytest.raises(DeclarationError, match="KOBO_TOKEN is not set"):
        read_kobo(tmp_path, "albergues").token()
    monkeypatch.setenv("KOBO_TOKEN", TOKEN)
    assert read_kobo(tmp_path, "albergues").token() == TOKEN


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"server": "http://kobo.example.org"}, "begins with https://"),
        ({"server": "https://a:b@kobo.example.org"}, "is the address of a server"),
        ({"asset": "../me"}, "asset"),
        ({"token": "secret-value"}, "token"),
    ],
)
def test_a_wrong_declaration_is_refused_by_its_members(kobo, tmp_path, change, reason):
    with (
        pytest.raises(DeclarationError, match=reason) as refused,
        declared(tmp_path, kobo, **change),
    ):
        pass
    assert "secret-value" not in str(refused.value)


def test_the_command_says_what_it_did_and_ends_with_a_code(
    kobo, network, settings, tmp_path, monkeypatch
):
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path))
    monkeypatch.setenv("AMPARO_DATABASE_URL", settings.database_url.get_secret_value())

    def run(*arguments):
        return CliRunner().invoke(cli.app, ["pull", "kobo", *arguments])

    assert run("none").exit_code == EXIT_MISUSED
    with declared(tmp_path, kobo):
        dry = run("albergues", "--dry-run")
        assert (dry.exit_code, "nothing was written" in dry.stdout) == (0, True)
        done = run("albergues")
        assert "3 changes wait for a second person" in done.stdout
        kobo.forms = 9
        refused = run("albergues")
    assert refused.exit_code == EXIT_FAILED
    assert "sees 9 forms" in refused.stderr
