"""Proposals for guidance: removals apply at once, other changes wait for approval (P51, P53)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_coordinate
from geo.errors import NothingChangesError
from geo.models import Proposal
from geo.proposals.change_request import ChangeRequest
from geo.proposals.notifications import note
from geo.proposals.submission import Outcome, propose
from geo.records import demo_rows
from geo.records.row_validation import Circumstances
from geo.subjects.guidance import KINDS
from geo.vocabulary import read_vocabulary

#: Reason stored with a proposal that states none, for staff to read.
NO_REASON = "Sin razón escrita."


@dataclass(frozen=True, slots=True)
class Sent:
    """When, by which channel and why a change was sent.

    Attributes
    ----------
    now : datetime
        Current time, timezone-aware.
    via : str
        ``web`` or ``api``.
    reason : str
        Reason for the change, shown to staff only.
    """

    now: datetime
    via: str = "api"
    reason: str = NO_REASON


async def circumstances_of(session: AsyncSession, actor: Actor, sent: Sent) -> Circumstances:
    """Return what a coordinator's change is checked against: when it was sent, and the vocabulary.

    Any other actor is refused before the database is read.

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    """
    require_coordinate(actor)
    return Circumstances(sent.now.date(), sent.now, {}, await read_vocabulary(session))


async def put(
    session: AsyncSession,
    actor: Actor,
    entity: str,
    record_id: str,
    document: Mapping[str, Any],
    sent: Sent,
) -> Outcome:
    """Propose a new or changed guidance record (writer session; the caller checks permissions).

    Returns
    -------
    Outcome
        If the record equals ``document`` already, no field is applied and none waits.

    Raises
    ------
    ConflictError, InvalidRecordError
        As in `geo.proposals.submission.propose`.
    """
    is_new = not await KINDS[entity].read(session, [record_id])
    if is_new and document.get("visibility") == "restricted":
        # Only named readers may know of a restricted record: store it without a proposal.
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


async def put_unmixed(
    session: AsyncSession,
    actor: Actor,
    entity: str,
    document: Mapping[str, Any],
    sent: Sent,
    *,
    allow_mixed: bool,
) -> Outcome:
    """Propose a record by `put`, unless demo and real rows would mix (P35).

    ``document`` holds the record's ``id`` and ``demo``.

    Raises
    ------
    MixedDataError
        Demo and real rows would mix, and ``allow_mixed`` is False.
    """
    if not allow_mixed:
        await demo_rows.require_alike(session, is_demo=document["demo"])
    return await put(session, actor, entity, document["id"], document, sent)


async def withdraw_all(session: AsyncSession, entity: str, record_id: str, now: datetime) -> None:
    """Withdraw the pending proposals of a deleted record (writer session)."""
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
