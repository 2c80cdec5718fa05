"""Change stamps of the published data, by which workers tell whether their caches are current.

Workers keep hazards, crossings, spaces and products in memory (`app.snapshots.tier_snapshot`), and
pages and tiles of every layer (`app.snapshots.layer_editions`). A subject is one kind of this data.
Its stamp is equal in two database snapshots only if no commit between them could change what any
tier sees of the subject. Stamps count changes of hidden records too, so no response may contain a
stamp: a client must not be able to tell a hidden record from one that never existed (P39).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from geo.db.read_pool import Asks
from geo.db.sessions import Tier, create_tier_engine

#: Channel of LISTEN and NOTIFY on which triggers announce changes of every subject.
CHANNEL: Final = "amparo_knowledge"

#: Maximum number of times that data is read if it changes during the reading; the last result is
#: then used without being cached [A].
TRIES: Final = 3

#: Age until which the change log keeps one row per change, for people who investigate a fault.
#: Every query for the stamps sums these rows, several times a second: 1,000 edits a minute make two
#: thousand rows, whose sum takes a millisecond.
KEPT: Final = timedelta(minutes=1)

#: Seconds after which a listening connection that does not answer a query counts as lost [A].
_ANSWER_S: Final = 5.0


class StampSubject(StrEnum):
    """Names of the subjects that code refers to; any other subject is a layer and has its name."""

    BOUNDARIES = "boundaries"
    CORRIDORS = "corridors"
    CROSSINGS = "crossings"
    HAZARDS = "hazards"
    PLACES = "places"
    PRODUCTS = "products"
    SPACES = "spaces"
    #: Translations of safety texts, which are on every page.
    TEXTS = "texts"


class StampClock(StrEnum):
    """How a layer changes by the passing of time, without a change of its rows or its stamp."""

    NEVER = "never"
    #: At midnight UTC, when records expire.
    DAILY = "daily"
    #: At any minute, because opening hours begin and end.
    MINUTELY = "minutely"
    #: At the instants that `next_change_at` returns.
    HAZARDS = "hazards"


@dataclass(frozen=True, slots=True)
class Stamp:
    """The change stamp of a subject: how many changes were logged, and the sum of their row ids."""

    changes: int
    total: int


#: Stamp of a subject of which no change is logged yet.
UNCHANGED: Final = Stamp(0, 0)


@dataclass(frozen=True, slots=True)
class Stamps:
    """The stamps of all subjects as one database snapshot shows them.

    Attributes
    ----------
    by_subject : mapping of str to Stamp
        Stamps of the subjects of which a change is logged.
    now : datetime
        Start of the transaction by the database's clock, which the views use as the current time.
    today : date
        The database's day (UTC), by which the views let records expire.
    has_demo : bool
        Whether demo rows are loaded (`geo.records.demo_rows.has_demo`). Read in the same query,
        because callers need it along with the stamps.
    server : hashable
        Identity of the primary that was queried (`geo.db.sessions.Database.look`), because equal
        stamps of two servers may count different changes; None without replicas.
    """

    by_subject: Mapping[str, Stamp]
    now: datetime
    today: date
    has_demo: bool
    server: Hashable = None

    def of(self, subject: str) -> Stamp:
        """Return the stamp of one subject."""
        return self.by_subject.get(subject, UNCHANGED)


_STAMPS = text(
    """
    select subject, changes, total, instant() as now, today() as today, demo
    from demo_state left join knowledge on true
    """
)
_CLOCK = text("select next_change_at from knowledge_clock")
_FOLD = text(
    """
    with old as (
        delete from amparo.knowledge_changes where at < :before
        returning id, subject, folded_changes, folded_total
    ), folded as (
        insert into amparo.knowledge_changes (subject, xact, at, folded_changes, folded_total)
        select subject, 0, :before, sum(coalesce(folded_changes, 1)),
            sum(coalesce(folded_total, id))
        from old group by subject
    )
    select count(*) from old
    """
)


async def read_stamps(session: AsyncSession) -> Stamps:
    """Return the stamps of every subject by one query (session of any reading tier)."""
    return _stamps_of((await session.execute(_STAMPS)).mappings().all())


async def current_stamps(asks: Asks) -> Stamps:
    """Return the stamps of every subject, read over a raw connection in a separate snapshot."""
    return _stamps_of(await asks.fetch(_STAMPS.text))


def _stamps_of(rows: Sequence[Mapping[Any, Any]]) -> Stamps:
    # If no change is logged, the query returns a single row without a subject, which states only
    # the clock and whether demo rows are loaded.
    stamps = {
        row["subject"]: Stamp(row["changes"], int(row["total"]))
        for row in rows
        if row["subject"] is not None
    }
    return Stamps(stamps, rows[0]["now"], rows[0]["today"], bool(rows[0]["demo"]))


async def next_hazard_change(asks: Asks) -> datetime | None:
    """Return when the hazards next change (`next_change_at`), over a raw connection."""
    found: datetime | None = await asks.fetchval(_CLOCK.text)
    return found


async def next_change_at(session: AsyncSession) -> datetime | None:
    """Return when the hazards next change by the clock alone (session of any reading tier).

    A hazard changes when it begins to be valid, when it is first published (for a human threat at
    the midnight after a delay, P36), and when its published period begins or ends. None if no such
    instant is to come. The instant may be that of a record which the tier does not see, so no
    response may contain it (P39).
    """
    found: datetime | None = await session.scalar(_CLOCK)
    return found


async def read_steady[T](
    session: AsyncSession, subject: str, read: Callable[[], Awaitable[T]]
) -> tuple[T, Stamp | None]:
    """Read data together with its stamp, in a session whose statements each see a new snapshot.

    The stamp is read before and after the data; if the two stamps differ, the data is read again.

    Returns
    -------
    tuple
        The data, and the stamp of its subject. The stamp is None if the subject changed during each
        of `TRIES` readings: the data is then current, but must not be cached.
    """
    before = (await read_stamps(session)).of(subject)
    for _ in range(TRIES):
        found = await read()
        after = (await read_stamps(session)).of(subject)
        if before == after:
            return found, after
        before = after
    return found, None


async def fold_old(session: AsyncSession, now: datetime) -> int:
    """Replace changes in the log older than `KEPT` by one sum per subject (writer session).

    The stamps stay the same.

    Returns
    -------
    int
        How many rows were replaced.
    """
    return int(await session.scalar(_FOLD, {"before": now - KEPT}) or 0)


class Listener:
    """A connection on which the database announces changes by NOTIFY."""

    def __init__(self, connection: object) -> None:
        self._connection = connection
        self.is_lost = False

    async def require_alive(self) -> None:
        """Send a query over the connection, to detect that it is dead although nothing closed it.

        Raises
        ------
        Exception
            Any error of the driver: the connection is dead.
        """
        await self._connection.fetchval("select 1", timeout=_ANSWER_S)  # type: ignore[attr-defined]


@asynccontextmanager
async def listening(url: URL, tell: Callable[[], None]) -> AsyncIterator[Listener]:
    """Listen for changes of every subject, on a separate connection.

    Parameters
    ----------
    url : URL
        Direct address of the database, with the public role. Through a pooler in transaction mode
        no notification would arrive, and no error either.
    tell : callable
        Called in the event loop at each committed change, and when the connection is lost.

    Raises
    ------
    Exception
        Any error of the driver: the database does not answer.
    """
    engine = create_tier_engine(url, Tier.PUBLIC, pool_size=1)
    try:
        connection = await _connected(engine)
        try:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None  # noqa: S101 -- a connection that is open has one
            listener = Listener(driver)

            def lost(_connection: object) -> None:
                listener.is_lost = True
                tell()

            await driver.execute("set application_name to 'amparo-listener'")
            driver.add_termination_listener(lost)
            await driver.add_listener(CHANNEL, lambda *_told: tell())
            try:
                yield listener
            finally:
                driver.remove_termination_listener(lost)
        finally:
            await connection.invalidate()
            await connection.close()
    finally:
        await engine.dispose()


async def _connected(engine: AsyncEngine) -> AsyncConnection:
    """Connect to the database, and close the connection if the task is cancelled meanwhile."""
    task = asyncio.ensure_future(engine.connect().start())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(Exception):
            await (await task).invalidate()
        raise
