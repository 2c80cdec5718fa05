"""Permanent deletion of a space on its operator's request: record, versions and proposals (P29).

Only the audit chain keeps an entry: that the space was deleted, when, by whom and why.
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
    """Delete a space with all its data, and return how many versions were deleted (writer session).

    Parameters
    ----------
    space_id : str
        Id of an existing space, or of a deleted space that still has versions.
    actor, reason : str
        Person who deletes the space and the reason, for the audit.
    now : datetime
        Current time, timezone-aware.

    Raises
    ------
    NotFoundError
        There is no such space, and no version of a space with that id.
    ConflictError
        A complaint about the space is open, which its operator must not be able to delete (P44).
    InvalidRecordError
        The reason is missing.
    """
    reason = checked_reason(reason)
    # Call a function of the database, since the writer role may not read complaints.
    if await session.scalar(select(func.amparo.has_open_complaint(space_id))):
        msg = "a complaint about this space is open: hide the space, and handle the complaint first"
        raise ConflictError(msg)
    gone = await session.scalar(
        delete(Location).where(Location.id == space_id).returning(Location.id)
    )
    # Run the deferred trigger that ends the last version now, not at the commit.
    await session.execute(text("set constraints all immediate"))
    forgotten = await versions.forget(session, space_id, actor=actor)
    # The digests of the space's rows stay, but without their salts nobody can test guesses about
    # the content against them (P49).
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
    """Delete the proposed values of all proposals about a space, and withdraw the pending ones."""
    theirs = (Proposal.entity == "space") & (Proposal.record_id == space_id)
    await session.execute(
        update(Proposal)
        .where(theirs, Proposal.state == "pending")
        .values(state="withdrawn", decided_at=now)
    )
    await session.execute(update(Proposal).where(theirs).values(changes={}))
