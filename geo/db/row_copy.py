"""COPY of rows in PostgreSQL's text format, for some ten thousand rows such as places.

For millions of rows see `geo.db.binary_copy`.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from itertools import batched
from typing import Any

import shapely
from sqlalchemy import DDL, Table
from sqlalchemy.ext.asyncio import AsyncSession

#: Rows per statement: about 1 MB of places. Indexing the names of all 31,421 places takes a second,
#: on a busy machine longer than the limit of one statement (`AMPARO_STATEMENT_TIMEOUT_MS`).
CHUNK = 5_000

#: Number of appended rows from which the planner's statistics of the table are refreshed, as
#: PostgreSQL's manual advises ("Populating a Database"); autovacuum does so only minutes later.
#: With old statistics the planner expected 52 of 31,421 places, and read the whole table to find
#: the nearest place: 55 ms instead of 1 (measured).
MANY_ROWS = 1_000

#: Characters that COPY's text format escapes (PostgreSQL manual, COPY, "Text Format").
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


async def copy_rows(
    session: AsyncSession, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Append rows to a table within the session's transaction.

    Parameters
    ----------
    session : AsyncSession
        Session of the writer tier.
    table : Table
        Table to append to.
    columns : sequence of str
        Names of the columns, in the order of each row's values.
    rows : iterable of sequence
        Values: text, numbers, booleans, dates, None, and shapely geometries
        (EPSG:4326, lon, lat). A generator is read only as the rows are sent, so it takes no memory.

    Returns
    -------
    int
        How many rows were appended.
    """
    driver = await driver_of(session)
    appended = 0
    for some in batched(rows, CHUNK):
        status = await driver.copy_to_table(
            table.name,
            schema_name=table.schema,
            columns=list(columns),
            source=_text(some),
            format="text",
        )
        appended += int(status.split()[-1])  # a status such as "COPY 5000"
    if appended >= MANY_ROWS:
        await refresh_statistics(session, table)
    return appended


async def refresh_statistics(session: AsyncSession, *tables: Table) -> None:
    """Refresh the planner's statistics of tables after many rows were written (writer session).

    A table that another transaction is analysing is skipped. Waiting for that transaction could be
    a deadlock, because it may be waiting for rows that this session has written.
    """
    # SQLAlchemy does not type its own constructor.
    analyze = DDL("analyze (skip_locked) %(fullname)s")  # type: ignore[no-untyped-call]
    for table in tables:
        await session.execute(analyze.against(table))


async def driver_of(session: AsyncSession) -> Any:  # noqa: ANN401 -- asyncpg is untyped
    """Flush a session and return its asyncpg connection."""
    await session.flush()
    connection = await session.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None:
        msg = "the database connection was closed"
        raise RuntimeError(msg)
    return driver


async def _text(rows: Iterable[Sequence[Any]]) -> AsyncIterator[bytes]:
    yield "".join("\t".join(map(_cell, row)) + "\n" for row in rows).encode()


def _cell(value: object) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, shapely.Geometry):
        return str(shapely.to_wkb(shapely.set_srid(value, 4326), hex=True, include_srid=True))
    msg = f"COPY of a {type(value).__name__} is not known"
    raise TypeError(msg)
