"""Raw connections of a reading tier: lent, taken back, and opened anew where one is of no use."""

import asyncio
import contextlib

import asyncpg
import pytest
from sqlalchemy import make_url

from app.runtime.databases import tier_urls
from geo.db import read_pool as readers
from geo.db.read_pool import ReadPool
from geo.db.sessions import Tier, server_settings
from geo.errors import DatabaseUnavailableError
from tests.conftest import clone
from tests.fixtures.waiting import until


@pytest.fixture
async def settings(settings_for, cluster, empty_template):
    return settings_for(clone(cluster, empty_template))


@pytest.fixture
async def reader_with(settings):
    made = []

    def make(timeout_ms):
        url = tier_urls(settings)[Tier.PUBLIC]
        made.append(ReadPool(url, server_settings(Tier.PUBLIC, timeout_ms), size=2))
        return made[-1]

    yield make
    for reader in made:
        await reader.close()


@pytest.fixture
def reader(reader_with):
    return reader_with(timeout_ms=300_000)


async def backend(reader):
    return await reader.fetchval("select pg_backend_pid()")


@contextlib.asynccontextmanager
async def owner(settings):
    url = make_url(settings.database_url.get_secret_value())
    _, options = url.get_dialect()().create_connect_args(url)
    connection = await asyncpg.connect(**options)
    try:
        yield connection
    finally:
        await connection.close()


async def as_owner(settings, *statements):
    async with owner(settings) as connection:
        for statement in statements:
            await connection.execute(statement)


async def answer_to_owner(settings, question, *values):
    async with owner(settings) as connection:
        return await connection.fetchval(question, *values)


async def test_one_after_the_other_share_a_connection(reader):
    assert len({await backend(reader) for _ in range(5)}) == 1


async def test_no_more_connections_than_its_size(reader):
    pids = await asyncio.gather(
        *(reader.fetchrow("select pg_backend_pid() as pid, pg_sleep(0.02)") for _ in range(6))
    )
    assert len({row["pid"] for row in pids}) == 2


async def test_who_waits_too_long_for_a_connection_is_told_so(reader, monkeypatch):
    async with reader.connection(), reader.connection():
        monkeypatch.setattr(reader, "_wait_s", 0.1)
        with pytest.raises(DatabaseUnavailableError):
            await reader.fetchval("select 1")
        monkeypatch.undo()
    assert await reader.fetchval("select 1") == 1


async def test_a_statement_that_fails_leaves_its_connection_of_use(reader_with):
    reader = reader_with(timeout_ms=500)
    pid = await backend(reader)
    with pytest.raises(asyncpg.UndefinedTableError):
        await reader.fetch("select * from nowhere")
    with pytest.raises(DatabaseUnavailableError, match="too late"):
        await reader.fetch("select pg_sleep(5)")
    assert await backend(reader) == pid


async def test_a_line_that_was_cut_is_replaced(reader, settings):
    async with reader.connection() as connection:
        pid = connection.get_server_pid()
    await as_owner(settings, f"select pg_terminate_backend({pid})")
    await until(connection.is_closed)
    assert await backend(reader) != pid


async def test_a_statement_whose_table_has_changed_is_prepared_anew(reader, settings):
    question = "select * from tier_public.widths"
    granted = "grant select on tier_public.widths to amparo_public"
    await as_owner(settings, "create table tier_public.widths as select 1 as wide", granted)
    pid = await backend(reader)
    assert dict(await reader.fetchrow(question)) == {"wide": 1}
    await as_owner(settings, "alter table tier_public.widths add column high int default 2")
    assert dict(await reader.fetchrow(question)) == {"wide": 1, "high": 2}
    assert await backend(reader) == pid


async def test_an_asker_who_gives_up_takes_the_connection_along(settings, reader_with):
    reader = reader_with(timeout_ms=300_000)
    pid = await backend(reader)
    asking = asyncio.create_task(reader.fetch("select pg_sleep(300)"))
    asked = "select 1 from pg_stat_activity where state = 'active' and pid = $1"
    await until(lambda: answer_to_owner(settings, asked, pid))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    # Nobody gets the rest of somebody else's answer.
    assert await reader.fetchval("select 2") == 2
    assert await backend(reader) != pid


async def test_a_connection_is_not_lent_for_ever(reader, monkeypatch):
    monkeypatch.setattr(readers, "_LENT_AT_MOST", 3)
    assert len({await backend(reader) for _ in range(6)}) == 2
    monkeypatch.setattr(readers, "_LENT_AT_MOST", 1_000)
    pid = await backend(reader)
    monkeypatch.setattr(readers, "_REST_S", 0.0)
    assert await backend(reader) != pid


async def test_of_many_statements_only_some_stay_prepared(reader, monkeypatch):
    monkeypatch.setattr(readers, "_STATEMENTS", 3)
    for number in range(40):
        assert await reader.fetchval(f"select {number}") == number
    # Statements that are given up are closed when the next is prepared.
    assert await reader.fetchval("select count(*) from pg_prepared_statements") <= 10


async def test_it_reads_and_no_more(reader):
    with pytest.raises(asyncpg.PostgresError):
        await reader.fetch("create table public.mine (n int)")


async def test_a_closed_reader_holds_nothing(reader):
    await backend(reader)
    async with reader.connection() as connection:
        await reader.close()
    assert connection.is_closed()
