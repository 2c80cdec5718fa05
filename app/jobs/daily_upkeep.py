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
from geo.desk import undo
from geo.guidance import feedback
from geo.history import change_feed
from geo.imports import batches, duplicates
from geo.oversight import row_digests
from geo.proposals import decisions, hazard_reports, idempotency
from geo.readiness import gaps
from geo.records import flows, upsert
from geo.removals import removal_log
from geo.spaces import membership

#: Key under which the database holds (a digest of) the last day on which the upkeep was done.
DONE = "upkeep"

#: Seconds between two checks whether the upkeep is due. The first check comes as long after the
#: start, so that the upkeep does not delay the first requests.
LOOK_EVERY_S = 600.0

#: Seconds between two checks for removals of records that end after 24 hours unless a second person
#: confirms them (P52).
END_EVERY_S = 60.0

#: Seconds between two merges of change notes, the rows that count changes for the change stamps. A
#: note is kept unmerged for as long.
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


#: Daily tasks, each under the label with which ``amparo upkeep`` prints the count that the task
#: returns. A new daily task needs only an entry here.
TASKS: Mapping[str, Callable[[AsyncSession, datetime], Awaitable[int]]] = {
    # This task is the first, because it takes longest: the tasks after it write to the audit log,
    # which locks the log for all other writers until the commit.
    "rows and entries of outside Amparo": row_digests.report,
    "complaints deleted": _complaints,
    "reports of hazards deleted": _reports,
    "receipts forgotten": _receipts,
    "memberships ended": _lapsed,
    "imported files deleted": _batches,
    "acts past undoing deleted": undo.forget_old,
    "notifications deleted": outbox.forget_old,
    "reminders of what is empty": gaps.remind,
    "decided changes emptied": decisions.forget_changes,
    "ended sign-ins deleted": sign_in.forget_ended,
    "notes of changes folded": change_stamps.fold_old,
    "removals ended": removal_log.end_due,
    "people who read unusually much": staff_reads.digest,
    "pairs of spaces alike": _alike,
    "counts placed anew": _placed,
    # This task is the last, because it locks the ledgers of the change feed until the commit: other
    # processes cannot update them meanwhile.
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
    """Run the daily upkeep, and related periodic jobs, while the ``with`` block runs."""
    async with (
        running(every(LOOK_EVERY_S, partial(keep_anchored, database, settings, clock))),
        running(every(LOOK_EVERY_S, partial(_write, _look, database, clock))),
        # Merge change notes often, because each reading of change stamps sums the notes.
        running(every(FOLD_EVERY_S, partial(_write, change_stamps.fold_old, database, clock))),
        # Removals beyond a person's daily limit end within a minute after their 24 hours (P52).
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
    """Run the daily upkeep, unless it is done for this day already."""
    # The lock lets one of several processes do the work; the others wait and find it done.
    await upsert.alone(session, upsert.UPKEEP_LOCK)
    if not await is_done(session, now.date()):
        await keep(session, now)
