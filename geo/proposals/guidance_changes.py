"""Proposing changes of guidance: what takes away holds at once, the rest waits (P51, P53)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor
from geo.errors import NothingChangesError
from geo.models import Proposal
from geo.proposals.change_request import ChangeRequest
from geo.proposals.notifications import note
from geo.proposals.submission import Outcome, propose
from geo.subjects.guidance import KINDS

#: Kept with a proposal where no reason was written; staff read it.
NO_REASON = "Sin razón escrita."


@dataclass(frozen=True, slots=True)
class Sent:
    """How a change was sent.

    Attributes
    ----------
    now : datetime
        Aware.
    via : str
        ``web`` or ``api``.
    reason : str
        Why; for staff alone.
    """

    now: datetime
    via: str = "api"
    reason: str = NO_REASON


async def put(
    session: AsyncSession,
    actor: Actor,
    entity: str,
    record_id: str,
    document: Mapping[str, Any],
    sent: Sent,
) -> Outcome:
    """Propose a record of guidance as it should be (writer; the caller asks who may).

    Returns
    -------
    Outcome
        Of a record that is like that already, nothing was applied and nothing waits.

    Raises
    ------
    ConflictError, InvalidRecordError
        As `geo.proposals.submission.propose`.
    """
    is_new = not await KINDS[entity].read(session, [record_id])
    if is_new and document.get("visibility") == "restricted":
        # For people named one by one: in no queue that others read.
        await KINDS[entity].store(session, record_id, dict(document), sent.now.date())
        await note(session, actor.id, "changed", entity, {record_id: sorted(document)})
        return Outcome(record_id, None, True, tuple(sorted(document)), ())
    changes = dict(document) | ({"id": record_id} if is_new else {})
    wanted = [ChangeRequest(None if is_new else record_id, changes)]
    try:
        (outcome,) = await propose(
            session, actor, entity, wanted, reason=sent.reason, via=sent.via, now=sent.now
        )
    except NothingChangesError:
        return Outcome(record_id, None, False, (), ())
    return outcome


async def withdraw_all(session: AsyncSession, entity: str, record_id: str, now: datetime) -> None:
    """End what waits for a record that was deleted: nobody could decide on it any more (writer)."""
    await session.execute(
        update(Proposal)
        .where(
            Proposal.entity == entity,
            Proposal.record_id == record_id,
            Proposal.state == "pending",
        )
        .values(state="withdrawn", decided_at=now, decision_reason="El registro se borró.")
        .execution_options(synchronize_session=False)
    )
