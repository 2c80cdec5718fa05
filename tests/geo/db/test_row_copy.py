"""Rows that are copied, and what the planner knows of them."""

from sqlalchemy import text

from geo.db.row_copy import refresh_statistics
from geo.db.sessions import Tier
from geo.models import Location


async def test_who_counts_a_table_waits_for_nobody_who_counts_it(empty_database):
    """Two imports at once: each has rows that the other may want."""
    table = Location.__table__
    async with (
        empty_database.session(Tier.WRITER) as first,
        empty_database.session(Tier.WRITER) as second,
    ):
        await refresh_statistics(first, table)
        await second.execute(text("set local lock_timeout = '1s'"))
        await refresh_statistics(second, table)
        told = "select count(*) from pg_locks where mode = 'ShareUpdateExclusiveLock' and granted"
        named = " and relation = 'amparo.locations'::regclass"
        assert await first.scalar(text(told + named)) == 1
