"""Undoing of an action that one person carried out on several spaces (P40, P52).

Opening a space takes two people, with one exception: a person may undo a mistake of their own alone
within `geo.removals.hides.OWN_LIFT`, the same time as for an emergency hide of their own, unless a
second person has agreed with the action. A space is restored only to its exact values before the
action, and only if nobody changed it since. So undoing never opens more than two people had agreed
on. A closing that is undone still counts towards the person's daily limit.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox
from geo.accounts.permissions import Actor, require_present, require_staff
from geo.errors import NotFoundError
from geo.models import BulkAction, Confirmation, Removal
from geo.proposals.notifications import note
from geo.proposals.record_visibility import require_known
from geo.removals import removal_log, restoration
from geo.removals.hides import OWN_LIFT
from geo.subjects.subject import read_subject

#: Fields of a space that actions change and undoing restores.
UNDOABLE: Final = (
    *("status", "notice", "confirmed_on", "expires_on", "confirmed_by"),
    *("available", "capacity_updated"),
)

type UndoResult = Literal["undone", "changed", "agreed", "gone"]


def changed_fields(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, list[Any]]:
    """Return the values before and after, by field, of `UNDOABLE` fields that differ."""
    was, is_ = before or {}, after or {}
    return {
        name: [was.get(name), is_.get(name)] for name in UNDOABLE if was.get(name) != is_.get(name)
    }


async def undo_action(
    session: AsyncSession, actor: Actor, action_id: str, *, now: datetime
) -> Mapping[str, UndoResult]:
    """Restore the spaces that an action of the actor changed (writer session).

    Returns
    -------
    mapping of str to UndoResult
        Result by space id. ``undone``: the space is restored. Otherwise it stays as it is.
        ``changed``: somebody changed the space since. ``agreed``: a second person has confirmed the
        closing, or an operator has answered about the space since. ``gone``: the space does not
        exist any more, or the actor may not know of it.

    Raises
    ------
    SessionNeededError, ForbiddenError
        The request comes from a program with a token, or the actor is below the role of an editor.
    NotFoundError
        The actor has no such action, or `OWN_LIFT` has passed since.
    """
    require_present(actor)
    require_staff(actor)
    found = await session.scalar(
        select(BulkAction)
        .where(
            BulkAction.id == action_id,
            BulkAction.person_id == actor.id,
            BulkAction.made_at >= now - OWN_LIFT,
        )
        .with_for_update()
    )
    if found is None:
        msg = "there is nothing left to undo"
        raise NotFoundError(msg)
    results = {
        space_id: await _put_back(session, actor, space_id, kept, found.made_at, now)
        for space_id, kept in sorted(found.spaces.items())
    }
    await session.execute(delete(BulkAction).where(BulkAction.id == action_id))
    undone = {
        space_id: sorted(found.spaces[space_id]["fields"])
        for space_id, result in results.items()
        if result == "undone"
    }
    if undone:
        await note(session, actor.id, f"undone.{found.action}", "space", undone)
    return results


async def forget_old(session: AsyncSession, now: datetime) -> int:
    """Delete the actions that can no longer be undone; return how many (writer session; P29)."""
    gone = await session.scalars(
        delete(BulkAction).where(BulkAction.made_at < now - OWN_LIFT).returning(BulkAction.id)
    )
    return len(gone.all())


async def _put_back(
    session: AsyncSession,
    actor: Actor,
    space_id: str,
    kept: Mapping[str, Any],
    made_at: datetime,
    now: datetime,
) -> UndoResult:
    try:
        subject = await read_subject(session, "space", space_id, lock=True)
        await require_known(session, actor, [subject])
    except NotFoundError:
        return "gone"
    if subject.revision != kept["revision"]:
        return "changed"
    if await _is_agreed(session, actor, space_id, made_at):
        return "agreed"
    is_back = await restoration.put_back(
        session, "space", space_id, hide_id=None, undo=kept["fields"], now=now
    )
    if kept["fields"] and not is_back:
        return "changed"
    await removal_log.end_own(session, "space", space_id, actor.id, since=made_at, now=now)
    # Delete the operator's answer that the actor recorded by mistake; the audit log keeps the entry
    # about it.
    await session.execute(
        delete(Confirmation).where(
            Confirmation.location_id == space_id,
            Confirmation.confirmed_by == actor.id,
            Confirmation.confirmed_at == made_at,
        )
    )
    await outbox.announce(
        session,
        "record.changed",
        {"entity": "space", "record_id": space_id},
        organization_id=subject.organization_id,
        to_webhooks=not subject.is_restricted,
    )
    return "undone"


async def _is_agreed(session: AsyncSession, actor: Actor, space_id: str, made_at: datetime) -> bool:
    """Return whether somebody has agreed with an action on a space since the action.

    That is, a second person has confirmed a closing of the space, the operator has answered by a
    link, or anybody but the actor has recorded an answer of the operator.
    """
    confirmed = select(Removal.id).where(
        Removal.entity == "space",
        Removal.record_id == space_id,
        Removal.made_at >= made_at,
        Removal.confirmed_at.is_not(None),
    )
    answered = select(Confirmation.id).where(
        Confirmation.location_id == space_id,
        Confirmation.confirmed_at >= made_at,
        or_(Confirmation.confirmed_by.is_(None), Confirmation.confirmed_by != actor.id),
    )
    return (
        await session.scalar(confirmed.limit(1)) is not None
        or await session.scalar(answered.limit(1)) is not None
    )
