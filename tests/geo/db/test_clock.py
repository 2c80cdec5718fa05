"""There is one clock in a database, everything asks it, and only its owner can set it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from geo import models
from geo.audit import trail
from geo.db import clock, views
from geo.db.sessions import Tier
from geo.removals import hides
from geo.spaces import queries
from tests.fixtures.clock import in_production, set_database_clock, stopped_clock

LATER = datetime(2031, 3, 4, 23, 30, tzinfo=UTC)


@pytest.fixture
async def stopped(cluster, loaded_clone):
    """Stop the clock of this test's own database in a year from now."""
    return await stopped_clock(cluster.superuser_url(loaded_clone), LATER)


@pytest.mark.every(2)
@pytest.mark.parametrize("tier", list(Tier))
async def test_in_production_it_is_the_database_s_own(cluster, empty_clone, empty_database, tier):
    await set_database_clock(cluster.superuser_url(empty_clone), in_production())
    async with empty_database.session(tier) as session:
        row = (
            await session.execute(
                select(clock.now(), clock.today(), text("pg_catalog.now()"), text("current_date"))
            )
        ).one()
    assert row[0] == row[2]
    assert row[1] == row[3]


@pytest.mark.every(2)
@pytest.mark.parametrize("tier", list(Tier))
async def test_everybody_asks_the_one_that_was_set(stopped, loaded_database, tier):
    async with loaded_database.session(tier) as session:
        assert (await session.execute(select(clock.now(), clock.today()))).one() == (
            LATER,
            LATER.date(),
        )


async def test_views_defaults_triggers_and_statements_go_by_it(stopped, loaded_database):
    async with loaded_database.session(Tier.PUBLIC) as session:
        # Every confirmation of the demonstration is over.
        assert await session.scalar(select(views.spaces.c.id).limit(1)) is None
        assert await queries.listed_spaces(session) == ()
    async with loaded_database.session(Tier.WRITER) as session:
        await hides.hide_space(session, "DEMO-006", actor="cli", reason="x")
        await session.execute(
            insert(models.Rumour).values(
                id="r", claim="x", country="CO", heard_on=LATER.date(), state="open"
            )
        )
        await session.execute(
            insert(models.Feedback).values(id="f", location_id="DEMO-005", was_served=True)
        )
    async with loaded_database.session(Tier.WRITER) as session:
        assert await session.scalar(text("select hidden_at from amparo.hides")) == LATER
        assert (
            await session.scalar(
                select(models.Feedback.received_on).where(models.Feedback.id == "f")
            )
            == LATER.date()
        )
        noted = await session.scalar(text("select max(at) from amparo.audit_entries"))
        # A moment behind a lock: what has gone by since the transaction began is in it.
        assert LATER <= noted < LATER + timedelta(minutes=5)
        assert await session.scalar(text("select max(at) from amparo.knowledge_changes")) == LATER
        assert (await trail.verify(session)).broken is None


@pytest.mark.clock
async def test_a_day_changes_at_midnight_by_utc(stopped, loaded_database):
    async def today(tier):
        async with loaded_database.session(tier) as session:
            return await session.scalar(select(clock.today()))

    assert await today(Tier.PUBLIC) == LATER.date()
    await stopped.move(timedelta(minutes=30))
    assert await today(Tier.PUBLIC) == LATER.date() + timedelta(days=1)
    await stopped.release()
    assert await today(Tier.WRITER) < LATER.date()


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("schema", ["amparo", "tier_public", "public"])
async def test_no_role_replaces_it(shared_database, tier, schema):
    made = f"create or replace function {schema}.now() returns timestamptz return '2001-01-01'"
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner|read-only"):
        async with shared_database.session(tier) as session:
            await session.execute(text(made))


async def test_no_setting_of_a_session_moves_it(shared_database):
    async with shared_database.session(Tier.PUBLIC) as session:
        await session.execute(text("set local timezone = 'Pacific/Kiritimati'"))
        await session.execute(text("select set_config('amparo.now', '2001-01-01', true)"))
        found = (await session.execute(select(clock.today(), clock.now()))).one()
    assert found[0] == found[1].astimezone(UTC).date()


@pytest.mark.parametrize("tier", list(Tier))
async def test_the_planner_puts_it_in_place(shared_database, tier):
    """A function that is called for each row would slow every page, and use no index."""
    async with shared_database.session(tier) as session:
        plan = "\n".join(
            await session.scalars(text("explain (verbose) select id from spaces where expires_on"
                                       " >= today() and instant() > '2020-01-01'"))
            if tier is not Tier.WRITER
            else await session.scalars(text("explain (verbose) select id from locations where"
                                            " expires_on >= today() and instant() > '2020-01-01'"))
        )  # fmt: skip
    assert "now()" in plan
    assert "today()" not in plan
    assert "instant()" not in plan
    assert "amparo.now()" not in plan
