"""How new the knowledge is that a snapshot shows: stamps, the clock, and what tells of changes.

Workers keep hazards, crossings, spaces and products in memory (`app.snapshots.tier_snapshot`), and
pages and tiles of every layer (`app.snapshots.layer_editions`). A stamp is equal in two snapshots
only if nothing was committed between them that could change what any tier sees of its subject.
Stamps count changes of hidden records too, so they never leave the process (P39).
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

#: Where changes of every subject are told, by triggers.
CHANNEL: Final = "amparo_knowledge"

#: How often knowledge is read again because it changed meanwhile, before it is used unkept [A].
TRIES: Final = 3

#: Rows of changes younger than this stay single: nobody needs them, but who looks into a doubt.
#: Every reading of the stamps adds them up, some times a second: 1,000 edits a minute are two
#: thousand rows, a millisecond.
KEPT: Final = timedelta(minutes=1)

#: Seconds after which a listener that answers no question counts as lost [A].
_ANSWER_S: Final = 5.0


class StampSubject(StrEnum):
    """What is kept in memory, and stamped."""

    BOUNDARIES = "boundaries"
    CORRIDORS = "corridors"
    COVERAGE = "coverage"
    CROSSINGS = "crossings"
    FLOWS = "flows"
    HAZARDS = "hazards"
    PLACES = "places"
    PRODUCTS = "products"
    ROADS = "roads"
    SPACES = "spaces"


class StampClock(StrEnum):
    """How a layer changes although no row does: when its stamp alone tells too little."""

    NEVER = "never"
    #: At midnight by UTC: records expire.
    DAILY = "daily"
    #: At any minute: hours begin and end.
    MINUTELY = "minutely"
    #: At the instants that `next_change_at` knows.
    HAZARDS = "hazards"


@dataclass(frozen=True, slots=True)
class Stamp:
    """How many transactions have changed a subject, and the sum of the numbers of their rows."""

    changes: int
    total: int


@dataclass(frozen=True, slots=True)
class Stamps:
    """The stamps that one snapshot shows.

    Attributes
    ----------
    now : datetime
        The transaction's time by the database's clock: the one that its views go by.
    today : date
        The database's day (UTC), by which the views let records expire.
    has_demo : bool
        What `geo.records.demo_rows.has_demo` tells: whoever asks for stamps needs it too.
    server : hashable
        Whose word they are, where that may change (`geo.db.sessions.Database.look`): two servers
        may count alike what is not the same.
    """

    by_subject: Mapping[StampSubject, Stamp]
    now: datetime
    today: date
    has_demo: bool
    server: Hashable = None

    def of(self, subject: StampSubject) -> Stamp:
        """Return the stamp of one subject."""
        return self.by_subject[subject]


_STAMPS = text(
    """
    select subject, changes, total, instant() as now, today() as today, demo
    from knowledge cross join demo_state
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
    """Return the stamps of every subject in one question (any reading tier)."""
    return _stamps_of((await session.execute(_STAMPS)).mappings().all())


async def current_stamps(asks: Asks) -> Stamps:
    """Return the stamps of every subject, over a connection of its own snapshot."""
    return _stamps_of(await asks.fetch(_STAMPS.text))


def _stamps_of(rows: Sequence[Mapping[Any, Any]]) -> Stamps:
    stamps = {
        StampSubject(row["subject"]): Stamp(row["changes"], int(row["total"])) for row in rows
    }
    return Stamps(stamps, rows[0]["now"], rows[0]["today"], bool(rows[0]["demo"]))


async def next_hazard_change(asks: Asks) -> datetime | None:
    """Return what `next_change_at` does, over such a connection."""
    found: datetime | None = await asks.fetchval(_CLOCK.text)
    return found


async def next_change_at(session: AsyncSession) -> datetime | None:
    """Return when the hazards next change by the clock alone (any reading tier).

    At an approval that lies ahead, at the midnight after the delay of P36, and where a hazard
    begins or ends, as published. None: at no known instant. It may be the instant of a record
    that this tier does not see, so it is no more to be told than a stamp.
    """
    found: datetime | None = await session.scalar(_CLOCK)
    return found


async def read_steady[T](
    session: AsyncSession, subject: StampSubject, read: Callable[[], Awaitable[T]]
) -> tuple[T, Stamp | None]:
    """Read something with the stamp that it has, though each statement has its own snapshot.

    Returns
    -------
    tuple
        What was read, and its stamp: the same before and after. None where the subject is
        changed all the time: newer than before, but not to be kept.
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
    """Replace what is older than `KEPT` by its sum, and no stamp changes by it (writer).

    Returns
    -------
    int
        How many rows became at most one a subject.
    """
    return int(await session.scalar(_FOLD, {"before": now - KEPT}) or 0)


class Listener:
    """A connection on which the database tells of changes."""

    def __init__(self, connection: object) -> None:
        self._connection = connection
        self.is_lost = False

    async def require_alive(self) -> None:
        """Ask something, so that a line that is dead in silence is found out.

        Raises
        ------
        Exception
            Whatever the driver raises: the line is dead.
        """
        await self._connection.fetchval("select 1", timeout=_ANSWER_S)  # type: ignore[attr-defined]


@asynccontextmanager
async def listening(url: URL, tell: Callable[[], None]) -> AsyncIterator[Listener]:
    """Listen for changes of every subject, on a connection of its own.

    Parameters
    ----------
    url : URL
        Direct address of the database, as the public role: a pooler that lends connections by the
        transaction delivers nothing, and does not say so.
    tell : callable
        Called in the event loop at each change that was committed, and when the line is lost.

    Raises
    ------
    Exception
        The database does not answer: whatever the driver raises.
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
    """Connect; whoever is cancelled meanwhile leaves no connection that belongs to nobody."""
    task = asyncio.ensure_future(engine.connect().start())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(Exception):
            await (await task).invalidate()
        raise
