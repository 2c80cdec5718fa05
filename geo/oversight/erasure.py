"""Deleting a space for good, at its operator's request: its record, its past, what was proposed.

What stays is that it was deleted, when, by whom and why, in the audit chain (P29).
"""

from datetime import datetime

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.audit import trail
from geo.errors import ConflictError, NotFoundError
from geo.history import versions
from geo.models import Location, Proposal
from geo.proposals.submission import checked_reason


async def erase_space(
    session: AsyncSession, space_id: str, *, actor: str, reason: str, now: datetime
) -> int:
    """Delete a space with all that belongs to it, and say how many past states went (writer).

    Parameters
    ----------
    space_id : str
        Of a space that is there, or of one that was deleted and has a past.
    actor, reason : str
        Who does it and why, for the audit.
    now : datetime
        Aware.

    Raises
    ------
    NotFoundError
        There is no such space and never was.
    ConflictError
        A complaint about it is open: an operator does not get rid of one so (P44).
    InvalidRecordError
        There is no reason.
    """
    reason = checked_reason(reason)
    # The writer itself reads no complaints.
    if await session.scalar(select(func.amparo.has_open_complaint(space_id))):
        msg = "a complaint about this space is open: hide the space, and handle the complaint first"
        raise ConflictError(msg)
    gone = await session.scalar(
        delete(Location).where(Location.id == space_id).returning(Location.id)
    )
    # The trigger that ends the last version waits for the end of the transaction else.
    await session.execute(text("set constraints all immediate"))
    forgotten = await versions.forget(session, space_id, actor=actor)
    # P49: the digests of its rows stay, and what they were of cannot be tried any more.
    await session.execute(select(func.amparo.forget_rows(space_id)))
    if gone is None and not forgotten:
        msg = f"there is no space '{space_id[:100]}'"
        raise NotFoundError(msg)
    await _empty_proposals(session, space_id, now)
    await trail.record(
        session,
        actor=actor,
        action="space.erased",
        entity="space",
        record_id=space_id,
        details={"reason": reason},
    )
    return forgotten


async def _empty_proposals(session: AsyncSession, space_id: str, now: datetime) -> None:
    """Take what was proposed away; what still waited waits for nobody any more."""
    theirs = (Proposal.entity == "space") & (Proposal.record_id == space_id)
    await session.execute(
        update(Proposal)
        .where(theirs, Proposal.state == "pending")
        .values(state="withdrawn", decided_at=now)
    )
    await session.execute(update(Proposal).where(theirs).values(changes={}))
