"""Rows that are copied, and what the planner knows of them."""

from sqlalchemy import text

from geo.db.row_copy import refresh_statistics
from geo.db.sessions import Tier
from geo.models import Location

#: Whether the session itself counts the table: in other databases of the cluster others may.
COUNTS = text(
    """
    select exists (
        select from pg_locks where pid = pg_backend_pid() and mode = 'ShareUpdateExclusiveLock'
            and relation = 'amparo.locations'::regclass
    )
    """
)


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
        assert [await first.scalar(COUNTS), await second.scalar(COUNTS)] == [True, False]
