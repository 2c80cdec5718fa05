"""The ledger of what each tier was shown: one history, no more than was shown, and who may read."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo.db.sessions import Tier
from geo.errors import CopyTooOldError, DatabaseUnavailableError
from geo.history import change_feed
from tests.fixtures.clock import run_now
from tests.fixtures.waiting import until_blocked
from tiles.features.changes import source

NOW = run_now()
SPACES = source("spaces")
COPYING = [Tier.PUBLIC, Tier.PARTNER]


async def refresh(database, tier=Tier.PUBLIC, asked=SPACES, **how):
    async with database.session(Tier.WRITER) as session:
        await change_feed.refresh(session, tier, asked, **how)


async def is_due(database, tier=Tier.PUBLIC, asked=SPACES):
    async with database.session(tier) as session:
        return await change_feed.is_due(session, asked)


async def states(database, *marks, tier=Tier.PUBLIC, layer="spaces"):
    async with database.session(tier) as session:
        return await change_feed.find_states(session, layer, marks)


async def entries(database, since=None, tier=Tier.PUBLIC, layer="spaces"):
    async with database.session(tier) as session:
        found = await change_feed.read_entries(session, layer, since=since, after="", limit=10_000)
    return {entry.id: entry.digest for entry in found}


async def write(database, statement, **values):
    async with database.session(Tier.WRITER) as session:
        await session.execute(text(statement), values)


async def shown(database, tier, layer):
    async with database.session(tier) as session:
        return set(await session.scalars(text("select id from " + layer)))


@pytest.mark.every(3)
@pytest.mark.parametrize("tier", COPYING)
@pytest.mark.parametrize("layer", ["spaces", "crossings", "hazards", "flows"])
async def test_the_ledger_holds_what_the_tier_is_shown(loaded_database, tier, layer):
    await refresh(loaded_database, tier, source(layer))
    held = await entries(loaded_database, tier=tier, layer=layer)
    assert set(held) == await shown(loaded_database, tier, layer) != set()
    assert all(len(digest) == 32 for digest in held.values())


async def test_a_ledger_is_due_once_and_after_each_change(loaded_database):
    with pytest.raises(DatabaseUnavailableError):
        await states(loaded_database)
    assert await is_due(loaded_database)
    await refresh(loaded_database)
    assert not await is_due(loaded_database)
    assert await is_due(loaded_database, Tier.PARTNER), "each tier has its own"
    await write(loaded_database, "update amparo.locations set name = 'x' where id = 'DEMO-001'")
    assert await is_due(loaded_database)


async def test_a_state_is_numbered_where_something_was_shown_alone(loaded_database):
    await refresh(loaded_database)
    first = await states(loaded_database)
    await write(loaded_database, "update amparo.locations set released = '{x}'")
    await refresh(loaded_database)
    assert (await states(loaded_database)).mark == first.mark
    await write(loaded_database, "update amparo.locations set name = 'x' where id = 'DEMO-001'")
    await refresh(loaded_database)
    second = await states(loaded_database, first.mark)
    assert second.seq == first.seq + 1
    assert second.number(first.mark) == first.seq
    assert set(await entries(loaded_database, since=first.seq)) == {"DEMO-001"}


async def test_equal_histories_have_equal_marks_and_no_state_comes_twice(loaded_database):
    seen = []
    for name in ("a", "b", "a"):
        await write(
            loaded_database, "update amparo.locations set name = :n where id = 'DEMO-001'", n=name
        )
        for tier in COPYING:
            await refresh(loaded_database, tier)
            seen.append((await states(loaded_database, tier=tier)).mark)
    assert len(set(seen)) == 6, "though the first and the last copies are equal"
    # Begun anew with the same content, it is the same state.
    await write(loaded_database, "delete from amparo.publications where tier = 'public'")
    await write(loaded_database, "delete from amparo.publication_marks where tier = 'public'")
    await write(loaded_database, "delete from amparo.publication_heads where tier = 'public'")
    await refresh(loaded_database)
    assert (await states(loaded_database)).mark == seen[0]


async def test_who_waits_for_the_ledger_finds_it_done(loaded_database):
    await refresh(loaded_database)
    before = await states(loaded_database)
    await write(loaded_database, "update amparo.locations set name = 'x' where id = 'DEMO-001'")
    await asyncio.gather(*(refresh(loaded_database) for _ in range(6)))
    assert (await states(loaded_database)).seq == before.seq + 1


async def test_numbers_are_given_in_the_order_of_commits(loaded_database):
    """Whoever has been told of a state has been told of all before it, whoever commits when."""
    await refresh(loaded_database)
    at_first = await states(loaded_database)
    async with loaded_database.session(Tier.WRITER) as slow:
        await change_feed.refresh(slow, Tier.PUBLIC, SPACES)
        # Holds the lock: an edit that is committed meanwhile is not in its state...
        await write(loaded_database, "update amparo.locations set name = 'x' where id = 'DEMO-001'")
        await change_feed.refresh(slow, Tier.PUBLIC, SPACES, is_forced=True)
        waiting = asyncio.create_task(refresh(loaded_database))
        await write(loaded_database, "update amparo.locations set name = 'y' where id = 'DEMO-002'")
        await until_blocked(loaded_database)
        assert not waiting.done()
        assert (await states(loaded_database)).seq == at_first.seq, "told of nothing uncommitted"
    await waiting
    # ... and what came after it has a later number.
    numbered = {
        number: set(await entries(loaded_database, since=number))
        for number in (at_first.seq, at_first.seq + 1)
    }
    assert numbered[at_first.seq] >= {"DEMO-001", "DEMO-002"}
    assert numbered[at_first.seq + 1] >= {"DEMO-002"}
    assert "DEMO-001" not in numbered[at_first.seq + 1]


async def test_what_never_was_shown_is_in_no_line(loaded_database):
    made = """
        insert into amparo.locations (id, organization_id, name, kind, geom, country, timezone,
            confirmed_on, expires_on, visibility, confidential)
        select 'canary-' || v, organization_id, 'canary', kind, geom, country, timezone,
            confirmed_on, expires_on, v, v = 'restricted'
        from amparo.locations, unnest(array['restricted', 'partners']) v where id = 'DEMO-001'
    """
    await write(loaded_database, made)
    for tier in COPYING:
        await refresh(loaded_database, tier)
    await write(loaded_database, "delete from amparo.locations where id like 'canary-%'")
    for tier in COPYING:
        await refresh(loaded_database, tier)
    public = await entries(loaded_database, since=0)
    partner = await entries(loaded_database, since=0, tier=Tier.PARTNER)
    assert not [name for name in public if "canary" in name]
    assert {name for name in partner if "canary" in name} == {"canary-partners"}
    assert partner["canary-partners"] is None


async def test_old_tombstones_are_forgotten_and_no_token_that_needs_them_is_left(loaded_database):
    await refresh(loaded_database)
    old = await states(loaded_database)
    await write(loaded_database, "delete from amparo.locations where id = 'DEMO-001'")
    await refresh(loaded_database)
    middle = await states(loaded_database)
    await write(loaded_database, "delete from amparo.locations where id = 'DEMO-002'")
    await refresh(loaded_database)
    newest = await states(loaded_database)

    async def forget(now):
        async with loaded_database.session(Tier.WRITER) as session:
            return await change_feed.forget_old(session, now)

    assert await forget(NOW + change_feed.KEPT - timedelta(hours=1)) == 0
    # The first state was over long ago; the second is over since a day less.
    await write(
        loaded_database,
        "update amparo.publication_marks set made_at = made_at - interval '1 day' where seq <= 2",
    )
    assert await forget(NOW + change_feed.KEPT - timedelta(hours=1)) == 1
    left = await states(loaded_database, old.mark, middle.mark)
    with pytest.raises(CopyTooOldError):
        left.number(old.mark)
    gone = {i for i, digest in (await entries(loaded_database, since=0)).items() if not digest}
    assert gone == {"DEMO-002"}, "which the second state's tokens still need"
    # The newest is never over, however old.
    assert await forget(NOW + 9 * change_feed.KEPT) == 1
    assert (await states(loaded_database)).mark == newest.mark
    assert left.number(middle.mark) == middle.seq


async def test_a_month_is_followed():
    assert timedelta(days=31) <= change_feed.KEPT


# --- who may --------------------------------------------------------------------------------------

LEDGER = ("publications", "publication_marks", "publication_heads")


async def test_a_tier_reads_its_own_lines_alone(loaded_database):
    for tier in COPYING:
        await refresh(loaded_database, tier)
    for table in LEDGER:
        counted = {}
        for tier in COPYING:
            async with loaded_database.session(tier) as session:
                counted[tier] = await session.scalar(text("select count(*) from " + table))
        async with loaded_database.session(Tier.WRITER) as session:
            everything = await session.scalar(text("select count(*) from amparo." + table))
        assert sum(counted.values()) == everything, table
        assert all(counted.values()), table


@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER, Tier.STAFF])
@pytest.mark.parametrize("table", LEDGER)
async def test_no_reading_tier_reads_or_writes_the_tables(shared_database, tier, table):
    for statement in ("select 1 from amparo.", "delete from amparo.", "delete from tier_public."):
        with pytest.raises(DBAPIError, match=r"permission denied|does not exist"):
            async with shared_database.session(tier, read_write=True) as session:
                await session.execute(text(statement + table))


@pytest.mark.parametrize("tier", COPYING)
async def test_no_reading_tier_brings_a_ledger_up_to_date(shared_database, tier):
    with pytest.raises(DBAPIError, match="permission denied"):
        async with shared_database.session(tier, read_write=True) as session:
            await change_feed.refresh(session, tier, SPACES)


async def test_the_writer_sees_as_the_tier_for_one_transaction_alone(loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        await change_feed.refresh(session, Tier.PUBLIC, SPACES)
        assert await session.scalar(text("show search_path")) == Tier.PUBLIC.search_path
        backend = await session.scalar(text("select pg_backend_pid()"))
    async with loaded_database.session(Tier.WRITER) as session:
        assert await session.scalar(text("select pg_backend_pid()")) == backend
        assert await session.scalar(text("show search_path")) == Tier.WRITER.search_path
