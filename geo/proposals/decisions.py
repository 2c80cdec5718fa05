"""Decisions on proposals: a second person accepts or rejects, the proposer may withdraw (P23, P40).

Accepting is one transaction: the changed record, the accepted proposal, the audit entry and the
notification are all stored, or none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox
from geo.accounts.permissions import Actor, can_approve, require_approve, require_present
from geo.errors import (
    ConflictError,
    ForbiddenError,
    GeoError,
    InvalidRecordError,
    MixedDataError,
    NotFoundError,
)
from geo.models import Location, Proposal
from geo.proposals import merge
from geo.proposals.notifications import note
from geo.proposals.record_visibility import (
    name_readers,
    require_known,
    require_known_points,
    unknown,
)
from geo.proposals.submission import SOURCE, Outcome, checked_reason
from geo.reasons import CodedReason
from geo.records import space_documents
from geo.records.row_validation import Circumstances
from geo.removals import hides, removal_log
from geo.subjects.crossing_surveys import is_survey
from geo.subjects.guidance import KINDS
from geo.subjects.subject import (
    NEW,
    ChangeSubject,
    Document,
    changed,
    lock_subjects,
    owner_of,
    read_subjects,
    require_absent,
    require_unused,
    store_subjects,
)

#: Time for which the changes of a decided proposal are kept. P29 (deletion after a set time) gives
#: no number; our choice is a year, the funding period that coordinators look back on.
KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Decided:
    """The result for one proposal of `accept_many`.

    Attributes
    ----------
    result : str
        ``conflict``: the proposal is decided already, its record has changed, or demo and real rows
        would mix. ``refused``: the actor may not decide. ``invalid``: the changed record would
        break a rule. ``not_found``: the actor may not know of the proposal, or there is none.
    reason : str or None
        Why the proposal was not accepted.
    """

    proposal_id: str
    result: Literal["accepted", "conflict", "refused", "invalid", "not_found"]
    reason: str | None = None


async def accept(
    session: AsyncSession,
    actor: Actor,
    proposal_id: str,
    reason: str,
    *,
    now: datetime,
    revision: int | None = None,
    allow_mixed: bool = False,
) -> Outcome:
    """Accept a proposal and apply its changes to the record (writer session).

    Parameters
    ----------
    allow_mixed : bool
        Whether to allow a new real record beside demo rows, or the other way round (P35).
    revision : int or None
        The record's revision that the actor has compared the proposal with; None for the revision
        that the change was based on.

    Raises
    ------
    NotFoundError
        There is no such proposal, or the actor may not know of its record.
    SessionNeededError
        The request comes from a program with a token, which cannot be the second person (P50).
    ForbiddenError
        The actor made the proposal, sent the operator's link by which it was made, or may not
        decide in the record's countries.
    ConflictError
        The proposal is decided already, or the record is at another revision than ``revision``.
    InvalidRecordError
        The changed record would break a rule.
    """
    require_present(actor)
    reason = checked_reason(reason)
    proposal = await _locked(session, proposal_id)
    subject, merged = await _subjects(session, actor, proposal)
    _require_pending(proposal)
    expected = proposal.base_revision if revision is None else revision
    if subject.revision is not None and subject.revision != expected:
        msg = (
            f"the record is at revision {subject.revision}, not {expected}: compare the proposal "
            "with it as it is now"
        )
        raise ConflictError(msg)
    said = await space_documents.circumstances(session, now=now, today=now.date())
    said = said.with_released(proposal.record_id, proposal.released)
    after = changed(subject, proposal.changes, said)
    _require_released(proposal, after)
    owner = owner_of(subject, after, said)
    countries = {*owner.countries, *([after["country"]] if "country" in after else [])}
    if merged is not None:
        merge.require_unchanged(proposal, merged)
        countries |= set(merged.countries)
        owner = replace(owner, is_restricted=owner.is_restricted or merged.is_restricted)
    _require_decider(actor, proposal, sorted(countries), every=proposal.entity != "crossing")
    record_id = proposal.record_id or str(after["id"])
    if subject.document is None and proposal.entity == "space":
        await require_unused(session, record_id)
    elif subject.document is None and proposal.entity in KINDS:
        await require_absent(session, proposal.entity, record_id)
    # Refuse new referral points that the actor may not know of: accepting would reveal them (P39).
    there = (subject.document or {}).get("referral_points") or []
    await require_known_points(
        session, actor, {*after.get("referral_points", []), *there} - {*there}
    )
    await _release(session, proposal, said)
    documents, repointed = {record_id: after}, []
    if merged is not None:
        documents[str(merged.record_id)] = merge.gone(merged)
    await store_subjects(
        session,
        proposal.entity,
        documents,
        now=now,
        source=SOURCE,
        allow_mixed=allow_mixed,
        people=[person for person in (proposal.proposed_by, actor.id) if person is not None],
    )
    if merged is not None:
        repointed = await merge.repoint(session, str(merged.record_id), record_id, now)
    if proposal.entity == "space":
        people = [person for person in (actor.id, proposal.proposed_by) if person is not None]
        were_open = [
            str(one.record_id or record_id)
            for one in (subject, merged)
            if one is not None and not one.is_restricted
        ]
        await name_readers(session, were_open, people, actor=actor.id)
        await hides.end_restricting(session, record_id, actor=actor, now=now)
    if proposal.entity != "crossing" or not is_survey(proposal.changes):
        # Removals of a crossing are closing statements; a position of its post settles none.
        await removal_log.settle(session, proposal.entity, record_id, proposal.changes, now)
    await _decide(session, proposal, actor, "accepted", reason, now, record_id=record_id)
    if repointed:
        fields = {space: ["referral_points"] for space in repointed}
        await note(session, actor.id, "changed", "space", fields, proposal_id=proposal.id)
    await outbox.announce(
        session,
        "proposal.accepted",
        {"entity": proposal.entity, "proposal_id": proposal.id}
        | ({} if owner.is_restricted else {"record_id": record_id}),
        people=[] if proposal.proposed_by is None else [proposal.proposed_by],
        organization_id=owner.organization_id,
        to_webhooks=not owner.is_restricted,
    )
    return Outcome(record_id, None, True, tuple(sorted(proposal.changes)), ())


async def accept_many(
    session: AsyncSession,
    actor: Actor,
    ids: Sequence[str],
    reason: str,
    *,
    now: datetime,
    allow_mixed: bool = False,
) -> list[Decided]:
    """Accept as many of the given proposals as possible, and return the result of each.

    Raises
    ------
    SessionNeededError
        The request comes from a program with a token.
    """
    require_present(actor)
    await _lock_all(session, ids)
    decided = []
    for proposal_id in ids:
        try:
            async with session.begin_nested():
                await accept(session, actor, proposal_id, reason, now=now, allow_mixed=allow_mixed)
            decided.append(Decided(proposal_id, "accepted"))
        except (
            NotFoundError,
            ForbiddenError,
            ConflictError,
            InvalidRecordError,
            MixedDataError,
        ) as error:
            decided.append(Decided(proposal_id, _result(error), str(error)))
    return decided


async def reject(
    session: AsyncSession, actor: Actor, proposal_id: str, reason: str, *, now: datetime
) -> None:
    """Reject a proposal, which leaves the record unchanged (writer session).

    Raises the same errors as `accept`.
    """
    require_present(actor)
    reason = checked_reason(reason)
    proposal = await _locked(session, proposal_id)
    subject, _ = await _subjects(session, actor, proposal)
    _require_pending(proposal)
    countries = subject.countries or tuple(filter(None, [proposal.country]))
    _require_decider(actor, proposal, countries, every=False)
    await _decide(session, proposal, actor, "rejected", reason, now)
    await outbox.announce(
        session,
        "proposal.rejected",
        {"entity": proposal.entity, "proposal_id": proposal.id},
        people=[] if proposal.proposed_by is None else [proposal.proposed_by],
        to_webhooks=False,
    )


async def withdraw(
    session: AsyncSession, actor: Actor, proposal_id: str, reason: str, *, now: datetime
) -> None:
    """Withdraw a proposal of the actor's own (writer session).

    Raises
    ------
    NotFoundError, ConflictError
        As in `accept`.
    ForbiddenError
        Another person made the proposal.
    """
    reason = checked_reason(reason)
    proposal = await _locked(session, proposal_id)
    await _subjects(session, actor, proposal)
    _require_pending(proposal)
    if proposal.proposed_by != actor.id:
        msg = "a proposal is withdrawn by who made it; anybody else rejects it"
        raise ForbiddenError(msg)
    await _decide(session, proposal, actor, "withdrawn", reason, now)


async def forget_changes(session: AsyncSession, now: datetime) -> int:
    """Delete the proposed values of proposals decided longer than `KEPT` ago (P29).

    Needs a writer session; returns the number of emptied proposals. The record, the persons and the
    decision stay; the proposed values, positions and telephone numbers among them, are deleted.
    """
    emptied = await session.scalars(
        update(Proposal)
        .where(
            Proposal.state != "pending",
            func.coalesce(Proposal.decided_at, Proposal.proposed_at) < now - KEPT,
            Proposal.changes != {},
        )
        .values(changes={})
        .returning(Proposal.id)
        .execution_options(synchronize_session=False)
    )
    return len(emptied.all())


async def _lock_all(session: AsyncSession, ids: Sequence[str]) -> None:
    """Lock all proposals and records before the first is accepted, always in the same order.

    Accepting a proposal locks the audit until the transaction ends. Waiting for a record after
    that could deadlock with a transaction that holds the record and waits for the audit.
    """
    found = await session.execute(
        select(Proposal.entity, Proposal.record_id, Proposal.merged_id)
        .where(Proposal.id.in_(ids))
        .order_by(Proposal.id)
        .with_for_update()
    )
    records: dict[str, set[str]] = {}
    merged: set[str] = set()
    for entity, *named in found:
        records.setdefault(entity, set()).update(id_ for id_ in named if id_ is not None)
        merged.update(id_ for id_ in named[1:] if id_ is not None)
    if merged:
        records["space"].update(await merge.referring(session, merged))
    for entity in sorted(records):
        await lock_subjects(session, entity, sorted(records[entity]))


async def _locked(session: AsyncSession, proposal_id: str) -> Proposal:
    found = await session.scalar(
        select(Proposal).where(Proposal.id == proposal_id).with_for_update()
    )
    if found is None or found.state == "applied":
        raise unknown("proposal", proposal_id)
    return found


async def _subjects(
    session: AsyncSession, actor: Actor, proposal: Proposal
) -> tuple[ChangeSubject, ChangeSubject | None]:
    """Lock and return a proposal's record, and the record to merge into it if there is one.

    If the actor may not know of one of the two, the proposal counts as not found.
    """
    if proposal.record_id is None:
        return NEW[proposal.entity], None
    ids = [proposal.record_id]
    if proposal.merged_id is not None:
        ids += [proposal.merged_id, *await merge.referring(session, [proposal.merged_id])]
    await lock_subjects(session, proposal.entity, ids)
    found = await read_subjects(session, proposal.entity, ids[:2])
    try:
        await require_known(session, actor, found.values())
        subject = found[proposal.record_id]
        merged = None if proposal.merged_id is None else found[proposal.merged_id]
    except (NotFoundError, KeyError) as error:
        raise unknown("proposal", proposal.id) from error
    return subject, merged


def _require_released(proposal: Proposal, after: Document) -> None:
    """Refuse a release from quarantine if newer protected words restrict the space (P38)."""
    if proposal.released and after["visibility"] == "restricted":
        raise InvalidRecordError([("visibility", CodedReason("held_by_words"))])


async def _release(session: AsyncSession, proposal: Proposal, said: Circumstances) -> None:
    """Store the protected words that a proposal declares harmless, so they restrict no longer."""
    if proposal.released:
        await session.execute(
            update(Location)
            .where(Location.id == proposal.record_id)
            .values(released=sorted(said.released[str(proposal.record_id)])),
            execution_options={"synchronize_session": False},
        )


def _require_pending(proposal: Proposal) -> None:
    if proposal.state != "pending":
        msg = f"the proposal is {proposal.state} already"
        raise ConflictError(msg)


def _require_decider(
    actor: Actor, proposal: Proposal, countries: Sequence[str], *, every: bool
) -> None:
    """Refuse an actor who may not decide in every one of ``countries``, or in any of them.

    With ``every`` all of the countries are needed, otherwise one of them is enough.

    A space that moves from one country to another needs an approver of both; for a crossing an
    approver of one side is enough.
    """
    if proposal.link_sent_by is not None and proposal.link_sent_by == actor.id:
        msg = "you sent the link by which this was proposed: a second person has to decide"
        raise ForbiddenError(msg)
    by = proposal.proposed_by
    allowed = [can_approve(actor, country=country, proposed_by=by) for country in countries]
    if allowed and (all(allowed) if every else any(allowed)):
        return
    require_approve(actor, country=None, proposed_by=by)


async def _decide(
    session: AsyncSession,
    proposal: Proposal,
    actor: Actor,
    state: str,
    reason: str,
    now: datetime,
    *,
    record_id: str | None = None,
) -> None:
    if proposal.merged_id is not None:
        await merge.settle(session, proposal, "merged" if state == "accepted" else "open")
    await session.execute(
        update(Proposal)
        .where(Proposal.id == proposal.id)
        .values(
            state=state,
            decided_by=None if state == "withdrawn" else actor.id,
            decided_at=now,
            decision_reason=reason,
            record_id=record_id or proposal.record_id,
        )
        .execution_options(synchronize_session=False)
    )
    # Last, because this locks the audit for all other writers until the transaction ends.
    await note(
        session,
        actor.id,
        f"proposal.{state}",
        proposal.entity,
        {record_id or proposal.record_id or proposal.id: sorted(proposal.changes)},
        proposal_id=proposal.id,
    )


def _result(error: GeoError) -> Literal["conflict", "refused", "invalid", "not_found"]:
    match error:
        case NotFoundError():
            return "not_found"
        case ForbiddenError():
            return "refused"
        case InvalidRecordError():
            return "invalid"
        case _:
            return "conflict"
