"""Access to restricted records: named readers see them, all others get "not found" (P39)."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import organizations, restricted_access
from geo.accounts.permissions import Actor
from geo.errors import InvalidRecordError, NotFoundError
from geo.models import Location, RestrictedReader
from geo.reasons import CodedReason
from geo.records.row_validation import ID
from geo.removals.hidden_records import untold_hidden
from geo.subjects.subject import ChangeSubject


async def named(session: AsyncSession, space_id: str) -> set[str]:
    """Return the ids of the named readers of a restricted space (writer session)."""
    return set(
        await session.scalars(
            select(RestrictedReader.person).where(RestrictedReader.location_id == space_id)
        )
    )


async def require_known(
    session: AsyncSession, actor: Actor | None, subjects: Iterable[ChangeSubject]
) -> None:
    """Raise `NotFoundError` for a restricted record unless the actor is a named reader (P39).

    The same holds for a hidden space unless the actor may propose changes to it (P56). An
    operator's link (``actor`` None) gives access to a single record only, so it passes the check.

    Raises
    ------
    NotFoundError
        The actor may not know of one of the records.
    """
    if actor is None:
        return
    asked = list(subjects)
    for subject in asked:
        if subject.is_restricted and not await _knows(session, actor, subject):
            raise unknown(subject.entity, str(subject.record_id))
    spaces = [str(one.record_id) for one in asked if one.entity == "space" and one.record_id]
    for space_id in sorted(await untold_hidden(session, actor, spaces) if spaces else ()):
        raise unknown("space", space_id)


async def _knows(session: AsyncSession, actor: Actor, subject: ChangeSubject) -> bool:
    match subject.entity:
        case "space":
            return actor.id in await named(session, str(subject.record_id))
        case "organization":
            return await organizations.knows(session, actor, str(subject.record_id))
        case _:
            return False


async def unknown_spaces(session: AsyncSession, actor: Actor, ids: Iterable[str]) -> set[str]:
    """Return the ids that belong to no space, or to a restricted space unknown to the actor (P39).

    Needs a writer session.
    """
    wanted = set(ids)
    if not wanted:
        return wanted
    is_named = (
        select(RestrictedReader.person)
        .where(RestrictedReader.location_id == Location.id, RestrictedReader.person == actor.id)
        .exists()
    )
    known = await session.scalars(
        select(Location.id).where(
            Location.id == func.any(sorted(wanted)),
            or_(Location.visibility != "restricted", is_named),
        )
    )
    return wanted - set(known)


async def shown_document(
    session: AsyncSession, actor: Actor, document: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a space's document without referral points that the actor may not know of (P39).

    Needs a writer session.
    """
    named_there = document.get("referral_points") or []
    unseen = await unknown_spaces(session, actor, named_there)
    kept = [point for point in named_there if point not in unseen]
    return {**document, "referral_points": kept} if unseen else dict(document)


async def with_referral_points(
    session: AsyncSession,
    actor: Actor,
    before: Mapping[str, Any] | None,
    changes: Mapping[str, Any],
    *,
    coming: Collection[str] = (),
) -> Mapping[str, Any]:
    """Check the referral points in a change of a space, and add those that the actor cannot see.

    The actor cannot see restricted spaces of which they are no named reader. If such a space is a
    referral point already, it stays one; as a new point it is refused as if it did not exist (P39).
    Returns the completed change.

    Parameters
    ----------
    before : mapping or None
        The space's current document.
    coming : collection of str
        Ids of new spaces that are proposed together with this change.

    Raises
    ------
    InvalidRecordError
        A referral point is not the id of a known space.
    """
    stated = changes.get("referral_points")
    points = re.split(r"[,|]", stated) if isinstance(stated, str) else stated
    if not isinstance(points, list) or not all(isinstance(point, str) for point in points):
        if points is not None or "referral_points" not in changes:
            return changes  # the validation of records refuses a value of a wrong type
        points = []
    points = [point.strip() for point in points if point.strip()]
    there = set((before or {}).get("referral_points") or ())
    unseen = await unknown_spaces(session, actor, there)
    new = set(points) - (there - unseen) - set(coming)
    await require_known_points(session, actor, new)
    return {**changes, "referral_points": [*points, *sorted(unseen)]}


async def require_known_points(session: AsyncSession, actor: Actor, points: Iterable[str]) -> None:
    """Refuse referral points that do not exist or that the actor may not know of (P39).

    The error is the same in both cases.

    Malformed ids pass: the validation of records refuses them.

    Raises
    ------
    InvalidRecordError
        A referral point is not the id of a known space.
    """
    storable = {point for point in points if ID.fullmatch(point)}
    problems = [
        ("referral_points", CodedReason("unknown", value=point))
        for point in sorted(await unknown_spaces(session, actor, storable))
    ]
    if problems:
        raise InvalidRecordError(problems)


async def name_readers(
    session: AsyncSession, space_ids: Iterable[str | None], people: Iterable[str], *, actor: str
) -> None:
    """Name people as readers of each of the given spaces that is restricted.

    Called for the people who have restricted a space: without named readers nobody has access.
    """
    restricted_ids = await session.scalars(
        select(Location.id)
        .where(
            Location.id.in_([i for i in space_ids if i is not None]),
            Location.visibility == "restricted",
        )
        .order_by(Location.id)
    )
    for space_id in restricted_ids.all():
        for person in sorted(set(people)):
            await restricted_access.name_reader(session, space_id, person, actor=actor)


def unknown(entity: str, record_id: str) -> NotFoundError:
    """Return the error for a record that does not exist or that the actor may not know of."""
    return NotFoundError(f"there is no {entity} '{record_id[:100]}'")
