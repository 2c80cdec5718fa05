"""Queue of proposals that wait for a second person, and their comparison with the records.

For staff only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, true
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, can_approve, require_staff
from geo.audit import trail
from geo.errors import InvalidRecordError
from geo.models import PROPOSAL_STATES, Proposal
from geo.proposals.queue_query import may_see, question
from geo.proposals.record_visibility import shown_document, unknown
from geo.reasons import CodedReason
from geo.records import space_documents
from geo.subjects.subject import NEW, changed, read_subject

#: Maximum number of proposals on one page of the queue.
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True)
class PendingProposal:
    """A proposal in the queue.

    Attributes
    ----------
    name : str or None
        Name of the record, or of the proposed new record. None for a restricted record in a list.
    reason, decision_reason : str or None
        Reasons of the proposer and the decider. None for a restricted record in a list too, since a
        reason can reveal as much as a name.
    fields : tuple of str
        Names of the fields that would change.
    is_restricted : bool
        Whether the proposal reveals a restricted record. The name of such a record is shown only by
        `proposal_diff`, which writes the access to the audit (P31).
    merged_id : str or None
        The space to be merged into this record.
    may_decide : bool
        Whether the actor is a second person who may accept or reject the proposal.
    """

    id: str
    entity: str
    record_id: str | None
    name: str | None
    country: str | None
    organization_id: str | None
    fields: tuple[str, ...]
    reason: str | None
    proposed_by: str | None
    proposer: str | None
    via: str
    proposed_at: datetime
    state: str
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    batch_id: str | None
    is_restricted: bool
    merged_id: str | None
    may_decide: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A proposal compared with the current state of its record.

    Attributes
    ----------
    differences : mapping of str to (before, after)
        Values of each changed field; for a decided proposal ``before`` is None.
    revision : int or None
        Current revision of the record; passed to `decisions.accept` to confirm what was compared.
    is_outdated : bool
        Whether the record has changed since the proposal was made.
    problems : tuple of (str, CodedReason)
        Field and reason for each rule that the changed record would break now.
    released : tuple of str
        Protected phrases that accepting the proposal declares harmless (P38).
    merged_name : str or None
        Name of the space to be merged into this record.
    """

    proposal: PendingProposal
    differences: Mapping[str, tuple[Any, Any]]
    revision: int | None
    is_outdated: bool
    problems: tuple[tuple[str, CodedReason], ...]
    released: tuple[str, ...] = ()
    merged_name: str | None = None


async def pending(
    session: AsyncSession,
    actor: Actor,
    *,
    state: str = "pending",
    mine: bool = False,
    record_id: str | None = None,
    batch_id: str | None = None,
    entity: str | None = None,
    ids: Sequence[str] | None = None,
    limit: int = MAX_LIMIT,
) -> list[PendingProposal]:
    """Return the proposals that the actor may see, oldest first (writer session).

    An editor sees proposals of their own organisation, an approver those of their own countries, a
    coordinator all, and everybody their own. Proposals about restricted records are shown only to
    the readers named for the record.

    Parameters
    ----------
    state : str
        One of `PROPOSAL_STATES`.
    mine : bool
        Whether to return only proposals by the actor.
    record_id, batch_id : str or None
        Only proposals about one record, or from one import.
    entity : str or None
        Only proposals about one entity of `geo.models.PROPOSABLE`.
    ids : sequence of str or None
        Only proposals with one of these ids.

    Raises
    ------
    ForbiddenError
        The actor is below the role of an editor.
    InvalidRecordError
        There is no such state.
    """
    require_staff(actor)
    if state not in PROPOSAL_STATES:
        raise InvalidRecordError([("state", CodedReason("not_one_of", choices=PROPOSAL_STATES))])
    rows = await session.execute(
        question()
        .where(
            Proposal.state == state,
            may_see(actor),
            Proposal.proposed_by == actor.id if mine else true(),
            true() if record_id is None else Proposal.record_id == record_id,
            true() if batch_id is None else Proposal.batch_id == batch_id,
            true() if entity is None else Proposal.entity == entity,
            true() if ids is None else Proposal.id.in_(ids),
        )
        .order_by(Proposal.proposed_at, Proposal.id)
        .limit(min(limit, MAX_LIMIT))
    )
    found = [_waiting(row, actor) for row in rows]
    _show(session, found)
    return found


async def read_proposal(session: AsyncSession, actor: Actor, proposal_id: str) -> PendingProposal:
    """Return one proposal as the queue shows it (writer session).

    Raises
    ------
    NotFoundError
        There is no such proposal, or the actor may not see it.
    """
    found = _waiting(await _found(session, actor, proposal_id), actor)
    _show(session, [found])
    return found


def _show(session: AsyncSession, proposals: Iterable[PendingProposal]) -> None:
    """Log which proposals, spaces and crossings are shown to the staff member (P56)."""
    for proposal in proposals:
        staff_reads.show(session, "proposal", [proposal.id])
        if proposal.entity in {"space", "crossing"}:
            staff_reads.show(session, proposal.entity, [proposal.record_id, proposal.merged_id])


async def _found(session: AsyncSession, actor: Actor, proposal_id: str) -> Row[Any]:
    require_staff(actor)
    wanted = question().where(Proposal.id == proposal_id, may_see(actor))
    row: Row[Any] | None = (await session.execute(wanted)).one_or_none()
    if row is None:
        raise unknown("proposal", proposal_id)
    return row


async def proposal_diff(
    session: AsyncSession, actor: Actor, proposal_id: str, *, now: datetime
) -> Comparison:
    """Compare a proposal with the current state of its record (writer session).

    If the record is restricted, the access is written to the audit, as all such accesses (P31).

    Raises
    ------
    NotFoundError
        There is no such proposal, or the actor may not see it.
    """
    row = await _found(session, actor, proposal_id)
    stored: Proposal = row.Proposal
    await _note_reading(session, actor, row)
    proposal = _waiting(row, actor, is_noted=True)
    _show(session, [proposal])
    also = {"released": tuple(stored.released), "merged_name": row.merged_name}
    if proposal.state != "pending":
        seen = await shown_document(session, actor, stored.changes)
        there = {name: (None, seen[name]) for name in stored.changes}
        return Comparison(proposal, there, None, is_outdated=False, problems=(), **also)
    if proposal.record_id is None:
        subject = NEW[proposal.entity]
    else:
        subject = await read_subject(session, proposal.entity, proposal.record_id)
    said = await space_documents.circumstances(session, now=now, today=now.date())
    said = said.with_released(stored.record_id, stored.released)
    problems: tuple[tuple[str, CodedReason], ...] = ()
    try:
        after = changed(subject, stored.changes, said)
    except InvalidRecordError as error:
        problems = tuple(error.problems)
        after = {**(subject.document or {}), **stored.changes}
    before = subject.document or {}
    if proposal.entity == "space":
        before, after = [await shown_document(session, actor, one) for one in (before, after)]
    return Comparison(
        proposal,
        {
            name: (before.get(name), value)
            for name, value in after.items()
            if before.get(name) != value
        },
        subject.revision,
        is_outdated=subject.revision is not None and subject.revision != stored.base_revision,
        problems=problems,
        **also,
    )


async def _note_reading(session: AsyncSession, actor: Actor, row: Row[Any]) -> None:
    """Write to the audit which restricted spaces the actor reads about in a proposal, if any."""
    proposal: Proposal = row.Proposal
    read = [proposal.record_id] if row.is_restricted else []
    read += [proposal.merged_id] if row.is_merged_restricted else []
    for record_id in read:
        await trail.record(
            session,
            actor=actor.id,
            action="restricted.read",
            entity=proposal.entity,
            record_id=record_id,
            details={"proposal_id": proposal.id},
        )


def _waiting(row: Row[Any], actor: Actor, *, is_noted: bool = False) -> PendingProposal:
    """Return a proposal in the queue, without name and reasons if it reveals a restricted record.

    With ``is_noted`` the access is in the audit, so that these texts may be shown (P31).
    """
    proposal: Proposal = row.Proposal
    is_restricted = row.is_restricted or row.is_merged_restricted
    may_be_read = is_noted or not is_restricted
    countries = {proposal.country, row.country_a, row.country_b} - {None}
    may_decide = (
        proposal.state == "pending"
        and proposal.link_sent_by != actor.id
        and any(
            can_approve(actor, country=country, proposed_by=proposal.proposed_by)
            for country in countries or {None}
        )
    )
    return PendingProposal(
        id=proposal.id,
        entity=proposal.entity,
        record_id=proposal.record_id,
        name=row.name if may_be_read else None,
        country=proposal.country,
        organization_id=proposal.organization_id,
        fields=tuple(sorted(proposal.changes)),
        reason=proposal.reason if may_be_read else None,
        proposed_by=proposal.proposed_by,
        proposer=row.proposer,
        via=proposal.proposed_via,
        proposed_at=proposal.proposed_at,
        state=proposal.state,
        decided_by=proposal.decided_by,
        decided_at=proposal.decided_at,
        decision_reason=proposal.decision_reason if may_be_read else None,
        batch_id=proposal.batch_id,
        is_restricted=is_restricted,
        merged_id=proposal.merged_id,
        may_decide=may_decide,
    )
