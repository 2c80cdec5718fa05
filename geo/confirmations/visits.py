"""Visits of staff to spaces, sent later by a phone that had no network (P40, P41).

The same rules hold as at a desk: a closing takes effect at once, a change that opens waits for a
second person. A visit refers to the revision of the record on the phone: if the record has changed
since, the visit is refused, and the visitor has to look again.
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

#: Fields that a visit may correct; other fields are for the form, which has a preview.
CHANGEABLE = ("schedules", "landmark", "address", "notice")

#: Fields of a space that are taken along on a phone; the public sees all of them.
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
    """What a visitor found at a space.

    Attributes
    ----------
    revision : int
        Revision of the record on the phone.
    changes : mapping
        Values of `CHANGEABLE` fields, where the answer is ``changed``.
    reason : str
        Reason of the changes, for staff only, where the answer is ``changed``.
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
    """A space as taken along on a phone; ``document`` only holds the `TAKEN` fields."""

    id: str
    revision: int
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a visit; ``revision`` is that of the record after this change."""

    outcome: Outcome
    revision: int


async def takeable(
    session: AsyncSession, public: AsyncSession, actor: Actor, ids: Iterable[str]
) -> list[Taken]:
    """Return the spaces that may be taken along, in the order of ``ids``.

    They are public, and the actor may close them.

    Parameters
    ----------
    session : AsyncSession
        Writer session.
    public : AsyncSession
        Session of the public tier: it decides which spaces are public now.
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
    """Record a visit once; return None if it was recorded before (writer session).

    Raises
    ------
    NotFoundError, ForbiddenError
        As in `geo.proposals.submission.propose`.
    ConflictError
        The record has changed since it was taken along; nothing is stored.
    InvalidRecordError
        The day is too long ago, or a change is invalid.
    KeyReusedError
        The key was used before with other content.
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
    # `amparo.keep_versions` counts revisions at the commit; running the constraint now gives the
    # new one.
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
