"""Merging of two records of the same place after a second person has approved it.

The merged record is closed and restricted, so it disappears from public view. Spaces that named the
merged record as a referral point name the kept record instead.
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

#: New values of the record that is merged away.
_GONE = {"status": "closed", "visibility": "restricted", "confidential": True}

_UNSYNCHRONIZED = {"synchronize_session": False}


def require_unchanged(proposal: Proposal, merged: ChangeSubject) -> None:
    """Refuse a merge if the record to be merged away has changed since the proposal.

    Raises
    ------
    ConflictError
        The record is at another revision than the proposal states.
    """
    if merged.revision != proposal.merged_revision:
        msg = "the record that would go has changed: reject this and compare the two again"
        raise ConflictError(msg)


def gone(merged: ChangeSubject) -> Document:
    """Return the new document of the record that is merged away."""
    return {**(merged.document or {}), **_GONE}


async def referring(session: AsyncSession, space_ids: Collection[str]) -> list[str]:
    """Return the ids of the spaces that have one of ``space_ids`` as a referral point, sorted."""
    found = await session.scalars(
        select(ReferralPoint.location_id)
        .where(ReferralPoint.referrer_id.in_(space_ids))
        .distinct()
        .order_by(ReferralPoint.location_id)
    )
    return list(found)


async def repoint(session: AsyncSession, merged_id: str, kept_id: str, now: datetime) -> list[str]:
    """Replace the merged space by the kept one as a referral point; return the changed spaces.

    Needs a writer session. The changed spaces are marked so that a later import of their
    source file does not undo the change.
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
    """Set the state of a proposal's pair of duplicates to ``merged`` or back to ``open``.

    Needs a writer session.
    """
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
