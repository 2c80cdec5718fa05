"""Work that waits for a person: the number of tasks of each kind, and the first tasks of some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, can_audit, can_coordinate
from geo.desk.expiring_table import expiring_rows
from geo.desk.queue_table import queue_rows
from geo.desk.table_rows import RowQuestion, RowsPage, count_rows, read_page
from geo.guidance import feedback, rumours
from geo.imports import batches, duplicates
from geo.imports.duplicates import OpenPair
from geo.translations import reviewers

#: Days ahead for expiring spaces: two weeks, as long as a reconfirmation link is valid (P41).
SOON_DAYS: Final = 14

#: Maximum number of pairs of possible duplicates that are counted: as many as their page lists.
COUNTED_PAIRS: Final = 100


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """Work that waits for one person; None for kinds of work that the person may not see.

    Attributes
    ----------
    deciding : RowsPage
        Proposals that the person may decide on, the oldest first.
    mine : int
        Number of the person's own proposals that wait for somebody else.
    expiring : RowsPage
        Spaces in the person's charge to reconfirm within `SOON_DAYS`, or expired, by day of expiry.
    pairs : sequence of OpenPair
        First pairs of possible duplicates that the person may decide on, the likeliest first.
    pairs_total : int
        Number of such pairs, at most `COUNTED_PAIRS`.
    imports : int
        Number of the person's uploaded files that are neither applied nor discarded.
    translations : int
        Number of wordings of safety texts that wait for the person's agreement.
    complaints : sequence of mapping
        First complaints that nobody handles, the oldest first, without those about the person's own
        organisation (P44).
    complaints_total, rumours : int or None
        Number of complaints that nobody handles, and of rumours that nobody has answered.
    unusual : int or None
        Number of people who read unusually many records yesterday or today (P56).
    """

    deciding: RowsPage
    mine: int
    expiring: RowsPage
    pairs: Sequence[OpenPair]
    pairs_total: int
    imports: int
    translations: int
    complaints: Sequence[Mapping[str, Any]]
    complaints_total: int | None
    rumours: int | None
    unusual: int | None


async def waiting_work(
    session: AsyncSession, staff: AsyncSession, actor: Actor, now: datetime, *, first: int
) -> WaitingWork:
    """Return the work that waits for a person.

    Parameters
    ----------
    session, staff : AsyncSession
        Writer session, and session of the staff tier bound to the person.
    now : datetime
        Current time, timezone-aware.
    first : int
        Number of rows of each list; only these are noted as read (P56).

    Raises
    ------
    ForbiddenError
        The actor is below the role of an editor.
    """
    queue = queue_rows(actor)
    soon = expiring_rows(actor, within_days=SOON_DAYS, today=now.date())
    decides = RowQuestion(
        sort="proposed_at", filters={"state": "pending", "decides": "true"}, page_rows=first
    )
    coordinates = can_coordinate(actor)
    pairs = await duplicates.open_pairs(session, actor, limit=COUNTED_PAIRS, shown=first)
    return WaitingWork(
        deciding=await read_page(session, queue, decides),
        mine=await count_rows(session, queue, {"state": "pending", "mine": "true"}),
        expiring=await read_page(session, soon, RowQuestion(sort="expires_on", page_rows=first)),
        pairs=pairs[:first],
        pairs_total=len(pairs),
        imports=await batches.count_open(session, actor),
        translations=await reviewers.count_waiting(session, actor.id),
        complaints=await feedback.new_complaints(staff, limit=first) if coordinates else (),
        complaints_total=await feedback.count_new_complaints(staff) if coordinates else None,
        rumours=await rumours.count_open(staff) if coordinates else None,
        unusual=len(await unusual_readers(session, now)) if can_audit(actor) else None,
    )


async def unusual_readers(session: AsyncSession, now: datetime) -> tuple[str, ...]:
    """Return the ids of people who read unusually many records yesterday or today, UTC.

    Needs a writer session.
    """
    today = now.astimezone(UTC).date()
    found = [
        one.person
        for day in (today - timedelta(days=1), today)
        for one in await staff_reads.unusual(session, day)
    ]
    return tuple(sorted(set(found)))
