"""What waits for a person, as numbers: each by one function, which its own page uses too."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, can_audit, can_coordinate
from geo.desk.expiring_table import expiring_rows
from geo.desk.queue_table import queue_rows
from geo.desk.table_rows import count_rows
from geo.guidance import feedback, rumours
from geo.imports import batches
from geo.translations import reviewers

#: Days ahead for expiring spaces: two weeks, as long as a reconfirmation link is valid (P41).
SOON_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class WaitingCounts:
    """How much waits for one person; None where it is not theirs to see.

    Attributes
    ----------
    deciding, mine : int
        Proposals that the person may decide on, and their own that wait for somebody else.
    expiring : int
        Spaces of their charge to reconfirm within `SOON_DAYS`, expired ones included.
    imports : int
        Their own files that are neither applied nor discarded.
    translations : int
        Wordings of safety texts that wait for their agreement.
    complaints, rumours : int or None
        Complaints that nobody handles, and rumours that nobody has answered.
    unusual : int or None
        People who read unusually much yesterday or today (P56).
    """

    deciding: int
    mine: int
    expiring: int
    imports: int
    translations: int
    complaints: int | None
    rumours: int | None
    unusual: int | None


async def waiting_counts(
    session: AsyncSession, staff: AsyncSession, actor: Actor, now: datetime
) -> WaitingCounts:
    """Return how much waits for a person.

    Parameters
    ----------
    session, staff : AsyncSession
        Writer session, and session of the staff tier bound to the person.
    now : datetime
        Current time, timezone-aware.

    Raises
    ------
    ForbiddenError
        The actor is below the role of an editor.
    """
    queue = queue_rows(actor)
    soon = expiring_rows(actor, within_days=SOON_DAYS, today=now.date())
    coordinates = can_coordinate(actor)
    return WaitingCounts(
        deciding=await count_rows(session, queue, {"state": "pending", "decides": "true"}),
        mine=await count_rows(session, queue, {"state": "pending", "mine": "true"}),
        expiring=await count_rows(session, soon),
        imports=await batches.count_open(session, actor),
        translations=await reviewers.count_waiting(session, actor.id),
        complaints=await feedback.count_new_complaints(staff) if coordinates else None,
        rumours=await rumours.count_open(staff) if coordinates else None,
        unusual=len(await unusual_readers(session, now)) if can_audit(actor) else None,
    )


async def unusual_readers(session: AsyncSession, now: datetime) -> tuple[str, ...]:
    """Return the ids of the people who read unusually much yesterday or today, UTC (writer)."""
    today = now.astimezone(UTC).date()
    found = [
        one.person
        for day in (today - timedelta(days=1), today)
        for one in await staff_reads.unusual(session, day)
    ]
    return tuple(sorted(set(found)))
