"""Two records of one place become one, when a second person agrees and not before.

The one that goes is closed and restricted: it disappears, and whatever named it as the place that
refers there names the one that stays.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db import clock
from geo.errors import ConflictError
from geo.models import Duplicate, Proposal, ReferralPoint
from geo.records import upsert
from geo.subjects.subject import ChangeSubject, Document

#: What becomes of the record that goes.
_GONE = {"status": "closed", "visibility": "restricted", "confidential": True}

_UNSYNCHRONIZED = {"synchronize_session": False}


def require_unchanged(proposal: Proposal, merged: ChangeSubject) -> None:
    """Refuse a union that was made from another state of the record that would go.

    Raises
    ------
    ConflictError
        It has changed since.
    """
    if merged.revision != proposal.merged_revision:
        msg = "the record that would go has changed: reject this and compare the two again"
        raise ConflictError(msg)


def gone(merged: ChangeSubject) -> Document:
    """Return the document of the record that goes."""
    return {**(merged.document or {}), **_GONE}


async def referring(session: AsyncSession, space_ids: Collection[str]) -> list[str]:
    """Return the spaces to which one of these refers people, in order (writer)."""
    found = await session.scalars(
        select(ReferralPoint.location_id)
        .where(ReferralPoint.referrer_id.in_(space_ids))
        .distinct()
        .order_by(ReferralPoint.location_id)
    )
    return list(found)


async def repoint(session: AsyncSession, merged_id: str, kept_id: str, now: datetime) -> list[str]:
    """Let the space that stays refer wherever the other did; return where (writer).

    No load of a file undoes it.
    """
    spaces = await referring(session, [merged_id])
    there = select(ReferralPoint.location_id).where(ReferralPoint.referrer_id == kept_id)
    await session.execute(
        update(ReferralPoint)
        .where(
            ReferralPoint.referrer_id == merged_id,
            ReferralPoint.location_id != kept_id,
            ReferralPoint.location_id.not_in(there),
        )
        .values(referrer_id=kept_id),
        execution_options=_UNSYNCHRONIZED,
    )
    await session.execute(
        delete(ReferralPoint).where(ReferralPoint.referrer_id == merged_id),
        execution_options=_UNSYNCHRONIZED,
    )
    await upsert.take_over(session, spaces, now)
    return spaces


async def settle(session: AsyncSession, proposal: Proposal, state: str) -> None:
    """Note what became of the pair: ``merged``, or ``open`` again (writer)."""
    left, right = sorted((str(proposal.record_id), str(proposal.merged_id)))
    who = (
        {"decided_by": None, "decided_at": None} if state == "open" else {"decided_at": clock.now()}
    )
    await session.execute(
        update(Duplicate)
        .where(Duplicate.left_id == left, Duplicate.right_id == right, Duplicate.state == "merging")
        .values(state=state, **who),
        execution_options=_UNSYNCHRONIZED,
    )
