"""What has to be done every day: what is over is deleted, what lapsed ends, what is alike is found.

The server does it by itself; ``amparo upkeep`` does it at once, for who runs no server.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.jobs.audit_anchoring import keep_anchored
from app.runtime.background import every, running
from app.settings import Settings
from geo.accounts import outbox, sign_in, staff_reads
from geo.db import change_stamps
from geo.db.sessions import Database, Tier
from geo.guidance import feedback
from geo.history import change_feed
from geo.imports import batches, duplicates
from geo.oversight import row_digests
from geo.proposals import decisions, hazard_reports, idempotency
from geo.records import flows, upsert
from geo.removals import removal_log
from geo.spaces import membership

#: How it is remembered that a day's work is done, whichever process did it.
DONE = "upkeep"

#: Seconds between two looks at the day; the first one comes after the first requests.
LOOK_EVERY_S = 600.0

#: Seconds between two looks at removals that end (P52): of a day a minute.
END_EVERY_S = 60.0

#: Seconds between two foldings of the notes of changes; they stay single as long.
FOLD_EVERY_S = change_stamps.KEPT.total_seconds()


async def _lapsed(session: AsyncSession, now: datetime) -> int:
    return len(await membership.lapse_memberships(session, now.date()))


async def _complaints(session: AsyncSession, now: datetime) -> int:
    return await feedback.purge_complaints(session, now.date())


async def _reports(session: AsyncSession, now: datetime) -> int:
    return await hazard_reports.forget_old(session, now.date())


async def _receipts(session: AsyncSession, now: datetime) -> int:
    return await idempotency.forget_old(session, now.date())


async def _batches(session: AsyncSession, now: datetime) -> int:
    return await batches.purge(session, now.date())


async def _placed(session: AsyncSession, _now: datetime) -> int:
    return await flows.place_anew(session)


async def _alike(session: AsyncSession, _now: datetime) -> int:
    return await duplicates.find_duplicates(session)


#: Each with what it counts, in words for the command. A new daily task is one entry here.
TASKS: Mapping[str, Callable[[AsyncSession, datetime], Awaitable[int]]] = {
    # First: it reads for longest, and the rest holds the chain's lock.
    "rows and entries of outside Amparo": row_digests.report,
    "complaints deleted": _complaints,
    "reports of hazards deleted": _reports,
    "receipts forgotten": _receipts,
    "memberships ended": _lapsed,
    "imported files deleted": _batches,
    "notifications deleted": outbox.forget_old,
    "decided changes emptied": decisions.forget_changes,
    "ended sign-ins deleted": sign_in.forget_ended,
    "notes of changes folded": change_stamps.fold_old,
    "removals ended": removal_log.end_due,
    "people who read unusually much": staff_reads.digest,
    "pairs of spaces alike": _alike,
    "counts placed anew": _placed,
    # Last: nobody brings a ledger up to date until the commit.
    "tombstones forgotten": change_feed.forget_old,
}


async def keep(session: AsyncSession, now: datetime) -> dict[str, int]:
    """Do a day's work in one transaction of the writer, and say how much of each."""
    counted = {name: await task(session, now) for name, task in TASKS.items()}
    await upsert.remember(session, DONE, _seal(now.date()), now.date())
    return counted


async def is_done(session: AsyncSession, today: date) -> bool:
    """Return whether this day's work is done already (writer)."""
    return _seal(today) in (await upsert.remembered(session, DONE)).values()


def _seal(day: date) -> str:
    return sha256(day.isoformat().encode()).hexdigest()


@asynccontextmanager
async def daily_upkeep(database: Database, clock: Clock, settings: Settings) -> AsyncIterator[None]:
    """Do each day's work in the background for as long as the server runs."""
    async with (
        running(every(LOOK_EVERY_S, partial(keep_anchored, database, settings, clock))),
        running(every(LOOK_EVERY_S, partial(_write, _look, database, clock))),
        # Notes of changes, which every reading of the stamps adds up.
        running(every(FOLD_EVERY_S, partial(_write, change_stamps.fold_old, database, clock))),
        # What one person took away beyond the limit, within a minute of its end (P52).
        running(every(END_EVERY_S, partial(_write, removal_log.end_due, database, clock))),
    ):
        yield


async def _write(
    work: Callable[[AsyncSession, datetime], Awaitable[object]],
    database: Database,
    clock: Clock,
) -> None:
    async with database.session(Tier.WRITER) as session:
        await work(session, clock())


async def _look(session: AsyncSession, now: datetime) -> None:
    """Do the day's work, unless it is done."""
    # Of several processes one does it: the others wait for its lock, and find it done.
    await upsert.alone(session, upsert.UPKEEP_LOCK)
    if not await is_done(session, now.date()):
        await keep(session, now)
