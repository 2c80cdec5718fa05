"""Submission of changes: some apply at once, all others become proposals for a second person.

The current record stays unchanged and published until a second person accepts the proposal (P23,
P40; see `geo.proposals.decisions`). Reasons and differences are for staff only, and those of
restricted records for the named readers of the record.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox
from geo.accounts.permissions import Actor
from geo.errors import InvalidRecordError
from geo.models import Proposal
from geo.proposals import closing_counts
from geo.proposals.change_request import (
    Change,
    ChangeRequest,
    change_of,
    new_id,
    own_organization,
    with_known_points,
)
from geo.proposals.notifications import note, tell_deciders, tell_of_batch
from geo.proposals.record_visibility import require_known
from geo.reasons import CodedReason
from geo.records import demo_rows, space_documents
from geo.removals import hides
from geo.subjects.subject import (
    Document,
    read_subjects,
    require_absent,
    revision_after,
    store_subjects,
    with_organization,
)

__all__ = [
    "MAX_REASON",
    "SOURCE",
    "ChangeRequest",
    "Outcome",
    "ProposalLink",
    "checked_reason",
    "new_id",
    "propose",
    "propose_crossing",
    "propose_space",
]

#: Source stored with new records that state none.
SOURCE = "network"

#: Maximum length of a reason in characters: two short paragraphs (our choice).
MAX_REASON = 1_000


@dataclass(frozen=True, slots=True)
class ProposalLink:
    """The one-time link by which an operator without an account makes a proposal (P41)."""

    id: str
    sent_by: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a change request.

    Attributes
    ----------
    record_id : str or None
        None for a new record that waits for approval.
    proposal_id : str or None
        Id of the proposal that waits for a second person; None if no field waits.
    applied : bool
        Whether a part of the change took effect at once.
    applied_fields, waiting_fields : tuple of str
        Names of the fields. A field can be in both: if ``services`` loses one service at once, and
        another is to be added.
    hidden : bool
        Whether the record was hidden at once, because restricting it waits for a second person
        (P52).
    """

    record_id: str | None
    proposal_id: str | None
    applied: bool
    applied_fields: tuple[str, ...]
    waiting_fields: tuple[str, ...]
    hidden: bool = False


async def propose_space(
    session: AsyncSession,
    actor: Actor | None,
    *,
    space_id: str | None,
    changes: Mapping[str, Any],
    reason: str,
    via: str,
    now: datetime,
    base_revision: int | None = None,
    link: ProposalLink | None = None,
    allow_mixed: bool = False,
) -> Outcome:
    """Propose a change of one space, or a new space; see `propose`."""
    (outcome,) = await propose(
        session,
        actor,
        "space",
        [ChangeRequest(space_id, changes, base_revision)],
        reason=reason,
        via=via,
        now=now,
        link=link,
        allow_mixed=allow_mixed,
    )
    return outcome


async def propose_crossing(
    session: AsyncSession,
    actor: Actor,
    *,
    crossing_id: str,
    statement: Mapping[str, Any],
    reason: str,
    via: str,
    now: datetime,
    allow_mixed: bool = False,
) -> Outcome:
    """Propose a dated statement on a crossing; a closing statement applies at once (P32, P40)."""
    (outcome,) = await propose(
        session,
        actor,
        "crossing",
        [ChangeRequest(crossing_id, statement)],
        reason=reason,
        via=via,
        now=now,
        allow_mixed=allow_mixed,
    )
    return outcome


async def propose(
    session: AsyncSession,
    actor: Actor | None,
    entity: str,
    wanted: Sequence[ChangeRequest],
    *,
    reason: str,
    via: str,
    now: datetime,
    batch_id: str | None = None,
    link: ProposalLink | None = None,
    allow_mixed: bool = False,
) -> list[Outcome]:
    """Apply the changes that one person may make alone, and store all others as proposals.

    Needs a writer session.

    Parameters
    ----------
    actor : Actor or None
        None for an operator with a ``link``.
    entity : str
        One of `geo.models.PROPOSABLE`. Permission to change guidance is checked by the functions of
        the guidance modules, not here.
    wanted : sequence of ChangeRequest
        Change requests, of which all succeed or none.
    reason : str
        Reason for the changes, shown to staff only.
    via : str
        ``web``, ``api``, ``import``, ``link`` or ``cli``.
    now : datetime
        Current time, timezone-aware.
    batch_id : str or None
        Id shared by the proposals of one import, for which one notification is sent instead of
        one per proposal.
    allow_mixed : bool
        Whether real rows may stand beside demo rows (P35). If not, new spaces and statements on
        crossings become demo rows in a demonstration, whatever their fields state.

    Returns
    -------
    list of Outcome
        In the order of ``wanted``.

    Raises
    ------
    NotFoundError
        There is no such record, or the actor may not know of it.
    ForbiddenError
        The actor works neither for the record's organisation nor in its country.
    ConflictError
        The record has changed since ``base_revision``, or the id of a new record is taken.
    InvalidRecordError
        A field is wrong (the error names every wrong field), or nothing would change.
    """
    how = _How(actor, link, checked_reason(reason), via, now, batch_id, allow_mixed)
    circumstances = await space_documents.circumstances(session, now=now, today=now.date())
    ids = [id_ for want in wanted for id_ in (want.record_id, want.merged_id) if id_ is not None]
    if len(set(ids)) < len(ids):
        raise InvalidRecordError([("record_id", CodedReason("twice"))])
    subjects = await read_subjects(session, entity, ids, lock=True)
    await require_known(session, actor, list(subjects.values()))
    if entity == "space":
        wanted = [
            replace(
                want,
                changes=await with_organization(
                    session, want.changes, own_organization(want, actor)
                ),
            )
            for want in wanted
        ]
        if actor is not None:
            wanted = await with_known_points(session, actor, wanted, subjects)
        wanted = await _marked(session, wanted, allow_mixed=allow_mixed)
    made = [change_of(actor, entity, want, subjects, circumstances) for want in wanted]
    for change in made:
        if change.subject.record_id is None:
            await require_absent(session, entity, change.later["id"])
    await _apply(session, entity, [change for change in made if change.now], how)
    for change in made:
        if change.is_restricting:
            await hides.hide_restricting(
                session,
                str(change.subject.record_id),
                actor=how.actor or how.who,
                reason=how.reason,
                now=how.now,
            )
    return await _file(session, entity, made, how)


async def _marked(
    session: AsyncSession, wanted: Sequence[ChangeRequest], *, allow_mixed: bool
) -> Sequence[ChangeRequest]:
    """Return the requests, those for new spaces marked as demo in a demonstration (P35).

    The mark is made now and not on acceptance: a proposal that outlives the demonstration must
    never become a real space.
    """
    has_new = any(want.record_id is None for want in wanted)
    if not has_new or not await demo_rows.are_new_demo(session, allow_mixed=allow_mixed):
        return wanted
    return [
        replace(want, changes={**want.changes, "demo": True}) if want.record_id is None else want
        for want in wanted
    ]


@dataclass(frozen=True, slots=True)
class _How:
    actor: Actor | None
    link: ProposalLink | None
    reason: str
    via: str
    now: datetime
    batch_id: str | None
    allow_mixed: bool

    @property
    def proposer(self) -> str | None:
        """Id of the person who proposes; None for an operator with a link."""
        return None if self.actor is None else self.actor.id

    @property
    def who(self) -> str:
        """Name of the actor in the audit: a person's id, ``cli``, or the link's id."""
        if self.actor is not None:
            return self.actor.id
        return "cli" if self.link is None else f"link:{self.link.id}"

    @property
    def counted(self) -> str | None:
        """Id of the person whose closings are limited (P52): proposer, or sender of the link."""
        return self.proposer if self.link is None else self.link.sent_by


async def _apply(session: AsyncSession, entity: str, changes: Sequence[Change], how: _How) -> None:
    """Store the changes that apply at once, log them with their reason, and announce them."""
    if not changes:
        return
    documents = {
        str(change.subject.record_id): (change.subject.document or {}) | change.now
        for change in changes
    }
    await store_subjects(
        session, entity, documents, now=how.now, source=SOURCE, allow_mixed=how.allow_mixed
    )
    rows = [_row(change, change.now, how, state="applied") for change in changes]
    await session.execute(insert(Proposal), rows)
    for change in changes:
        await closing_counts.note_change(
            session, change.subject, change.now, person=how.counted, now=how.now
        )
    await note(
        session,
        how.who,
        "changed",
        entity,
        {str(change.subject.record_id): sorted(change.now) for change in changes},
        proposals={str(row["record_id"]): row["id"] for row in rows},
    )
    for change in changes:
        await outbox.announce(
            session,
            "record.changed",
            {"entity": entity, "record_id": change.subject.record_id},
            organization_id=change.owner.organization_id,
            to_webhooks=not change.owner.is_restricted,
        )


async def _file(
    session: AsyncSession, entity: str, changes: Sequence[Change], how: _How
) -> list[Outcome]:
    """Store the changes that need a decision as proposals, and notify the people who decide."""
    rows = [
        _row(change, change.later, how) if change.later or change.merged else None
        for change in changes
    ]
    waiting = {
        row["id"]: change for change, row in zip(changes, rows, strict=True) if row is not None
    }
    if waiting:
        await session.execute(insert(Proposal), [row for row in rows if row is not None])
        await note(
            session,
            how.who,
            "proposed",
            entity,
            {
                change.subject.record_id or proposal_id: sorted(change.later)
                for proposal_id, change in waiting.items()
            },
            proposals={
                change.subject.record_id or proposal_id: proposal_id
                for proposal_id, change in waiting.items()
            },
        )
        if how.batch_id is None:
            for proposal_id, change in waiting.items():
                await tell_deciders(
                    session,
                    {"entity": entity, "proposal_id": proposal_id},
                    change.owner,
                    record_id=change.subject.record_id,
                    restricted_ids=change.restricted_ids,
                    but=how.proposer,
                )
        else:
            owners = [change.owner for change in waiting.values()]
            await tell_of_batch(session, how.batch_id, owners, but=how.proposer)
    return [
        Outcome(
            record_id=change.subject.record_id,
            proposal_id=None if row is None else row["id"],
            applied=bool(change.now) or change.is_restricting,
            applied_fields=tuple(sorted(change.now)),
            waiting_fields=tuple(sorted(change.later)),
            hidden=change.is_restricting,
        )
        for change, row in zip(changes, rows, strict=True)
    ]


def _row(change: Change, changes: Document, how: _How, *, state: str = "pending") -> dict[str, Any]:
    # A pending proposal is based on the revision that the record gets when the fields of the same
    # request that apply at once (``change.now``) are stored.
    made = change.now if state == "pending" else {}
    revision = revision_after(change.subject, made)
    return {
        "id": str(uuid.uuid4()),
        "entity": change.subject.entity,
        "record_id": change.subject.record_id,
        "base_revision": revision,
        "organization_id": change.owner.organization_id,
        "country": change.owner.countries[0] if change.owner.countries else None,
        "changes": changes,
        "reason": how.reason,
        "proposed_by": how.proposer,
        "link_sent_by": None if how.link is None else how.link.sent_by,
        "proposed_via": how.via,
        "proposed_at": how.now,
        "state": state,
        "batch_id": how.batch_id,
        "released": list(change.released),
        "merged_id": None if change.merged is None else change.merged.record_id,
        "merged_revision": None if change.merged is None else change.merged.revision,
    }


def checked_reason(reason: str) -> str:
    """Return a reason stripped of surrounding whitespace.

    Raises
    ------
    InvalidRecordError
        The reason is empty, longer than `MAX_REASON`, or holds a NUL character.
    """
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON or "\x00" in reason:
        raise InvalidRecordError([("reason", CodedReason("length", most=MAX_REASON))])
    return reason
