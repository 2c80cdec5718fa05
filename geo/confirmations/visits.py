"""Visits of staff to spaces, recorded on a phone without a network and sent later (P40, P41).

The rules are those of the staff console: a closing takes effect at once, other changes wait for a
second person. A visit states the revision of the record on the phone. If the record has changed
since, the visit is refused, and the visitor has to look at the record again.
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

#: Fields that a visit may correct. Other fields can only be changed by the console's form, which
#: has a preview.
CHANGEABLE = ("schedules", "landmark", "address", "notice")

#: Fields of a space that are copied to a phone for a visit; all are visible to the public.
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
    """Findings of a staff member's visit to a space.

    Attributes
    ----------
    revision : int
        Revision of the record on the phone.
    changes : mapping
        New values of `CHANGEABLE` fields, for the answer ``changed``.
    reason : str
        Reason of the changes, for staff only, for the answer ``changed``.
    seen_on : date
        Day of the visit.
    """

    space_id: str
    revision: int
    answer: Answer
    changes: Mapping[str, Any]
    reason: str
    seen_on: date


@dataclass(frozen=True, slots=True)
class Taken:
    """Space as copied to a phone; ``document`` holds only the fields `TAKEN`."""

    id: str
    revision: int
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """Outcome of a visit, with the ``revision`` of the record afterwards."""

    outcome: Outcome
    revision: int


async def takeable(
    session: AsyncSession, public: AsyncSession, actor: Actor, ids: Iterable[str]
) -> list[Taken]:
    """Return the spaces that may be copied to the actor's phone, in the order of ``ids``.

    These are the spaces that are public and that the actor may close.

    Parameters
    ----------
    session : AsyncSession
        Writer session.
    public : AsyncSession
        Session of the public tier, whose view has the spaces that are public now.
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
    """Record a visit, or return None if the same visit was recorded before (writer session).

    Raises
    ------
    NotFoundError, ForbiddenError
        As in `geo.proposals.submission.propose`.
    ConflictError
        The record has changed since it was copied to the phone; nothing is stored.
    InvalidRecordError
        The day of the visit is too long ago, or a change is invalid.
    KeyReusedError
        The idempotency key ``key`` was used before for another visit.
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
    # The trigger that counts revisions (`amparo.keep_versions`) is deferred to the commit. Run it
    # now, so that the new revision can be read below.
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
