"""Daily upkeep: delete expired data, end lapsed memberships, find duplicate records.

The server runs the upkeep by itself; ``amparo upkeep`` runs it at once, for setups without a
server.
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

#: Key under which the last day with finished upkeep is stored, shared by all processes.
DONE = "upkeep"

#: Seconds between two checks whether the upkeep is due; the first is delayed as long, so that it
#: does not hold up the first requests.
LOOK_EVERY_S = 600.0

#: Seconds between two checks for removals that end (P52): precise to a minute of their 24 hours.
END_EVERY_S = 60.0

#: Seconds between two merges of change notes; a note stays a row of its own for as long.
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


#: Daily tasks by the label of their count, as the command prints it. A new daily task is one entry.
TASKS: Mapping[str, Callable[[AsyncSession, datetime], Awaitable[int]]] = {
    # First: this task reads for longest, and the tasks after it hold the lock of the audit chain.
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
    # Last: until the commit no other process can update a ledger of the change feed.
    "tombstones forgotten": change_feed.forget_old,
}


async def keep(session: AsyncSession, now: datetime) -> dict[str, int]:
    """Run all daily tasks in one writer transaction, and return the count of each."""
    counted = {name: await task(session, now) for name, task in TASKS.items()}
    await upsert.remember(session, DONE, _seal(now.date()), now.date())
    return counted


async def is_done(session: AsyncSession, today: date) -> bool:
    """Return whether the upkeep of this day is done already (writer session)."""
    return _seal(today) in (await upsert.remembered(session, DONE)).values()


def _seal(day: date) -> str:
    return sha256(day.isoformat().encode()).hexdigest()


@asynccontextmanager
async def daily_upkeep(database: Database, clock: Clock, settings: Settings) -> AsyncIterator[None]:
    """Run the daily upkeep in the background while the block runs."""
    async with (
        running(every(LOOK_EVERY_S, partial(keep_anchored, database, settings, clock))),
        running(every(LOOK_EVERY_S, partial(_write, _look, database, clock))),
        # Merge change notes often, because every read of the stamps sums them.
        running(every(FOLD_EVERY_S, partial(_write, change_stamps.fold_old, database, clock))),
        # End removals beyond a person's daily limit within a minute of their time (P52).
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
    """Run the daily upkeep unless it is done."""
    # The lock lets one of several processes do the work; the others wait and find it done.
    await upsert.alone(session, upsert.UPKEEP_LOCK)
    if not await is_done(session, now.date()):
        await keep(session, now)
