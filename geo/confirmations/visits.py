"""What somebody of the staff saw at a space, sent later by a phone that had no network (P40, P41).

The same rules hold as at a desk: closing holds at once, a change that opens waits for a second
person. What was seen is about the record as it was taken along: if that is another by now, nobody
decides it but the person who was there.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, can_close
from geo.confirmations import answers
from geo.db.views import spaces
from geo.errors import ConflictError, InvalidRecordError
from geo.proposals import idempotency, submission
from geo.proposals.record_visibility import require_known
from geo.proposals.submission import Outcome
from geo.reasons import CodedReason
from geo.subjects.subject import ChangeSubject, read_subject, read_subjects

Answer = Literal["as_listed", "full", "closed", "changed"]

#: What a visit may correct; the rest is for the form, with its preview.
CHANGEABLE = ("schedules", "landmark", "address", "notice")

#: What of a space goes along on a phone: what the public reads of it anyway.
TAKEN = (
    "name",
    "kind",
    "organization",
    "locality",
    "country",
    "timezone",
    "status",
    "address",
    "landmark",
    "notice",
    "schedules",
    "public_phones",
    "confirmed_on",
    "expires_on",
    "demo",
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What was seen.

    Attributes
    ----------
    revision : int
        Of the record that was taken along.
    changes : mapping
        Of `CHANGEABLE` fields, where the answer is ``changed``.
    reason : str
        Why, for staff alone; where the answer is ``changed``.
    seen_on : date
        The day of the visit.
    """

    space_id: str
    revision: int
    answer: Answer
    changes: Mapping[str, Any]
    reason: str
    seen_on: date


@dataclass(frozen=True, slots=True)
class Taken:
    """A space as a phone takes it along; ``document`` holds `TAKEN` fields alone."""

    id: str
    revision: int
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a visit; ``revision`` is the record's now, with nobody's change but this."""

    outcome: Outcome
    revision: int


async def takeable(
    session: AsyncSession, public: AsyncSession, actor: Actor, ids: Iterable[str]
) -> list[Taken]:
    """Return which of these spaces may go along, in their order.

    Public ones alone, and of those the ones the actor may close.

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    public : AsyncSession
        Of the public tier: it decides what is public now.
    """
    wanted = list(ids)
    seen = set(await public.scalars(select(spaces.c.id).where(spaces.c.id.in_(wanted))))
    subjects = await read_subjects(session, "space", sorted(seen))
    return [
        Taken(space_id, subjects[space_id].revision or 0, _taken(subjects[space_id]))
        for space_id in wanted
        if space_id in subjects and _may(actor, subjects[space_id])
    ]


async def send(
    session: AsyncSession, actor: Actor, key: UUID, visit: Visit, *, now: datetime
) -> Written | None:
    """Write down a visit, once; None where it was written down before (writer).

    Raises
    ------
    NotFoundError, ForbiddenError
        As in `geo.proposals.submission.propose`.
    ConflictError
        The record is no longer the one that was taken along; nothing was kept.
    InvalidRecordError
        The day is too long ago, or a change cannot be.
    KeyReusedError
        The key came with something else before.
    """
    if not idempotency.is_taken(visit.seen_on, now.date()):
        raise InvalidRecordError(
            [("seen_on", CodedReason("too_long_ago", days=idempotency.TAKEN_DAYS))]
        )
    if not await idempotency.is_first(session, key, _content(actor, visit), about=visit.seen_on):
        return None
    subject = await read_subject(session, "space", visit.space_id, lock=True)
    await require_known(session, actor, [subject])
    if subject.revision != visit.revision:
        msg = "the record has changed since it was taken along; look at it again"
        raise ConflictError(msg)
    if visit.answer == "changed":
        outcome = await _propose(session, actor, visit, now)
    else:
        outcome = await answers.answer_for(
            session,
            actor,
            visit.space_id,
            visit.answer,
            "visit",
            now=now,
            heard_on=min(visit.seen_on, now.date()),
        )
    # Revisions are counted at the commit (`amparo.keep_versions`): count this one now.
    await session.execute(text("set constraints all immediate"))
    after = await read_subject(session, "space", visit.space_id)
    return Written(outcome, after.revision or 0)


async def _propose(session: AsyncSession, actor: Actor, visit: Visit, now: datetime) -> Outcome:
    fixed = sorted(set(visit.changes) - set(CHANGEABLE))
    if fixed:
        raise InvalidRecordError([(name, CodedReason("not_by_visit")) for name in fixed])
    return await submission.propose_space(
        session,
        actor,
        space_id=visit.space_id,
        changes=visit.changes,
        reason=visit.reason,
        via="web",
        now=now,
        base_revision=visit.revision,
    )


def _content(actor: Actor, visit: Visit) -> str:
    said = [actor.id, visit.space_id, visit.revision, visit.answer, visit.reason]
    return json.dumps([*said, visit.seen_on.isoformat(), dict(visit.changes)], sort_keys=True)


def _may(actor: Actor, subject: ChangeSubject) -> bool:
    return can_close(actor, organization_id=subject.organization_id, country=subject.countries[0])


def _taken(subject: ChangeSubject) -> dict[str, Any]:
    document = subject.document or {}
    return {name: document.get(name) for name in TAKEN}
