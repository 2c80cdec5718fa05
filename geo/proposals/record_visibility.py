"""Who knows of a restricted space: the people named for it; for all others it is not there."""

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
    """Return the ids of the people who may know of a restricted space (writer)."""
    return set(
        await session.scalars(
            select(RestrictedReader.person).where(RestrictedReader.location_id == space_id)
        )
    )


async def require_known(
    session: AsyncSession, actor: Actor | None, subjects: Iterable[ChangeSubject]
) -> None:
    """Answer for a restricted record as if it were not there, unless the actor is named (P39).

    So for a hidden space of others too: it is for those in charge of it (P56).

    An operator's link (``actor`` None) is about its own record alone, and so knows it.

    Raises
    ------
    NotFoundError
        The actor may not know of one of them.
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
    """Return which of ``ids`` are no spaces, as far as the actor may know (writer, P39)."""
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
    """Return a space's document without the restricted spaces that it names (writer)."""
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
    """Return changes whose referral points the actor may know of, and those that stay unseen.

    A restricted space that the actor is not named for is refused like one that does not exist,
    and stays where somebody else has named it (P39).

    Parameters
    ----------
    before : mapping or None
        The space's document.
    coming : collection of str
        Ids of spaces that are proposed together.

    Raises
    ------
    InvalidRecordError
        One of them is no space.
    """
    stated = changes.get("referral_points")
    points = re.split(r"[,|]", stated) if isinstance(stated, str) else stated
    if not isinstance(points, list) or not all(isinstance(point, str) for point in points):
        if points is not None or "referral_points" not in changes:
            return changes  # what it is instead, the rules of records say
        points = []
    points = [point.strip() for point in points if point.strip()]
    there = set((before or {}).get("referral_points") or ())
    unseen = await unknown_spaces(session, actor, there)
    new = set(points) - (there - unseen) - set(coming)
    await require_known_points(session, actor, new)
    return {**changes, "referral_points": [*points, *sorted(unseen)]}


async def require_known_points(session: AsyncSession, actor: Actor, points: Iterable[str]) -> None:
    """Refuse referral points that the actor may not know of like those that do not exist (P39).

    Raises
    ------
    InvalidRecordError
        One of them is no space; what is no id, the rules of records refuse.
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
    """Name who made spaces restricted as their readers: else nobody could look after them."""
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
    """Return the error for a record that does not exist, or that the asker may not know of."""
    return NotFoundError(f"there is no {entity} '{record_id[:100]}'")
