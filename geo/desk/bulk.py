"""Actions on one or several spaces at once: confirm, close, set the count of free places to 0.

Each space is treated as if it were alone, with a result of its own; the failure of one does not
affect the others. Each closing counts towards the person's daily limit (P52): closings beyond it
notify the coordinators and end by themselves. Restricted spaces are never included, because each
reading of one is recorded (P31).

The request states the revision of each space that the person saw, so that no space is confirmed or
closed that has changed meanwhile. An action can be undone for a time (`geo.desk.undo`).
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, can_close, require_staff
from geo.confirmations import answers
from geo.desk import undo
from geo.errors import (
    ConflictError,
    ForbiddenError,
    GeoError,
    InvalidRecordError,
    NotFoundError,
    NothingChangesError,
)
from geo.models import BulkAction
from geo.proposals.closings import SpaceClosing, close_space
from geo.proposals.record_visibility import require_known, unknown
from geo.proposals.submission import checked_reason, propose_space
from geo.reasons import CodedReason
from geo.subjects.subject import ChangeSubject, read_subject, read_subjects

#: Maximum number of spaces of one action: two pages of the table [A].
MAX_SPACES: Final = 100

type Result = Literal["done", "nothing", "changed", "not_yours", "invalid", "gone"]

#: Revisions that the person saw, by the id of each space to act on.
type Revisions = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ChosenSpace:
    """Space that a person has ticked, for a preview; ``may_act`` says whether they may close it."""

    id: str
    name: str
    status: str
    confirmed_on: date | None
    expires_on: date
    revision: int
    may_act: bool


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """Result of an action by space id, in the order of the request.

    ``action_id`` identifies the action for `geo.desk.undo.undo_action`; None if it changed nothing.
    """

    action_id: str | None
    results: Mapping[str, Result]

    @property
    def done(self) -> int:
        """Number of spaces on which the action was carried out."""
        return sum(result == "done" for result in self.results.values())


async def chosen_spaces(
    session: AsyncSession, actor: Actor, ids: Sequence[str]
) -> list[ChosenSpace]:
    """Return the spaces among ``ids`` that may be part of an action, in order (writer session).

    Restricted spaces, and those that the actor may not know of, are left out without notice.

    Raises
    ------
    ForbiddenError
        The actor is below the role of an editor.
    InvalidRecordError
        ``ids`` is empty or has more than `MAX_SPACES` ids.
    """
    require_staff(actor)
    _require_number(ids)
    subjects = await read_subjects(session, "space", list(ids))
    found = []
    for space_id in dict.fromkeys(ids):
        subject = subjects.get(space_id)
        if subject is not None and await _is_open_to(session, actor, subject):
            found.append(_chosen(actor, subject))
    return found


async def confirm_spaces(
    session: AsyncSession, actor: Actor, spaces: Revisions, channel: str, *, now: datetime
) -> BulkOutcome:
    """Record for several spaces that their operators said "as listed" (writer session).

    Parameters
    ----------
    channel : str
        Channel by which the operators answered, as in `geo.confirmations.answers.answer_for`.

    Raises
    ------
    ForbiddenError, InvalidRecordError
        As for `chosen_spaces`.
    """

    async def confirm(space_id: str) -> None:
        await answers.answer_for(session, actor, space_id, "as_listed", channel, now=now)

    return await _each(session, actor, "confirm", spaces, confirm, now)


async def close_spaces(
    session: AsyncSession,
    actor: Actor,
    spaces: Revisions,
    closing: SpaceClosing,
    *,
    reason: str,
    now: datetime,
) -> BulkOutcome:
    """Close several spaces, or mark them as full, at once (writer session; P40, P52).

    Parameters
    ----------
    reason : str
        Reason for staff, common to all.

    Raises
    ------
    ForbiddenError, InvalidRecordError
        As in `chosen_spaces`; or the reason is missing or too long.
    """
    reason = checked_reason(reason)

    async def close(space_id: str) -> None:
        await close_space(session, actor, space_id, closing, reason=reason, via="web", now=now)

    return await _each(session, actor, "close", spaces, close, now)


async def set_no_places(
    session: AsyncSession, actor: Actor, spaces: Revisions, *, reason: str, now: datetime
) -> BulkOutcome:
    """Store a count of zero free places for several spaces at once (writer session; P40).

    Raises
    ------
    ForbiddenError, InvalidRecordError
        As for `close_spaces`.
    """
    reason = checked_reason(reason)

    async def count(space_id: str) -> None:
        await propose_space(
            session,
            actor,
            space_id=space_id,
            changes={"available": 0},
            reason=reason,
            via="web",
            now=now,
        )

    return await _each(session, actor, "beds", spaces, count, now)


async def _each(
    session: AsyncSession,
    actor: Actor,
    action: str,
    spaces: Revisions,
    act: Callable[[str], Awaitable[None]],
    now: datetime,
) -> BulkOutcome:
    require_staff(actor)
    _require_number(spaces)
    results: dict[str, Result] = dict.fromkeys(spaces, "gone")
    before: dict[str, ChangeSubject] = {}
    # Spaces are locked in the order of their ids, so that two simultaneous actions cannot deadlock.
    for space_id in sorted(spaces):
        try:
            async with session.begin_nested():
                subject = await _locked(session, actor, space_id, spaces[space_id])
                await act(space_id)
        except GeoError as error:
            results[space_id] = _result(error)
        else:
            results[space_id] = "done"
            before[space_id] = subject
    action_id = await _keep(session, actor, action, before, now) if before else None
    return BulkOutcome(action_id, results)


async def _locked(
    session: AsyncSession, actor: Actor, space_id: str, revision: int
) -> ChangeSubject:
    subject = await read_subject(session, "space", space_id, lock=True)
    if not await _is_open_to(session, actor, subject):
        raise unknown("space", space_id)
    if subject.revision != revision:
        msg = "the record has changed since it was chosen; look at it again"
        raise ConflictError(msg)
    return subject


async def _is_open_to(session: AsyncSession, actor: Actor, subject: ChangeSubject) -> bool:
    if subject.is_restricted:
        return False
    try:
        await require_known(session, actor, [subject])
    except NotFoundError:
        return False
    return True


async def _keep(
    session: AsyncSession,
    actor: Actor,
    action: str,
    before: Mapping[str, ChangeSubject],
    now: datetime,
) -> str:
    """Store what an action changed, so that the actor can undo it for a time; return its id."""
    # The trigger that counts revisions is deferred to the commit; run it now to read them.
    await session.execute(text("set constraints all immediate"))
    after = await read_subjects(session, "space", list(before))
    spaces: dict[str, Any] = {
        space_id: {
            "revision": after[space_id].revision,
            "fields": undo.changed_fields(subject.document, after[space_id].document),
        }
        for space_id, subject in before.items()
    }
    await undo.forget_old(session, now)
    action_id = uuid.uuid4().hex
    await session.execute(
        insert(BulkAction).values(
            id=action_id, person_id=actor.id, action=action, made_at=now, spaces=spaces
        )
    )
    return action_id


def _chosen(actor: Actor, subject: ChangeSubject) -> ChosenSpace:
    document = subject.document or {}
    confirmed_on = None if document["demo"] else date.fromisoformat(document["confirmed_on"])
    return ChosenSpace(
        id=str(subject.record_id),
        name=document["name"],
        status=document["status"],
        confirmed_on=confirmed_on,
        expires_on=date.fromisoformat(document["expires_on"]),
        revision=subject.revision or 0,
        may_act=can_close(
            actor, organization_id=subject.organization_id, country=subject.countries[0]
        ),
    )


def _require_number(ids: Sequence[str] | Revisions) -> None:
    if not ids:
        raise InvalidRecordError([("space", CodedReason("missing"))])
    if len(ids) > MAX_SPACES:
        raise InvalidRecordError([("space", CodedReason("too_many", most=MAX_SPACES))])


def _result(error: GeoError) -> Result:
    match error:
        case NothingChangesError():
            return "nothing"
        case ConflictError():
            return "changed"
        case ForbiddenError():
            return "not_yours"
        case NotFoundError():
            return "gone"
        case InvalidRecordError():
            return "invalid"
    raise error
