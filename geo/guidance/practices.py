"""Good practice: what works well at a location; for partners unless a note says otherwise."""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_propose
from geo.audit import trail
from geo.db.guidance_views import plain_rows, practices
from geo.errors import InvalidRecordError, NotFoundError
from geo.guidance import review as reviewing
from geo.models import Location, Practice, RestrictedReader
from geo.records.guidance_rows import ORIGINAL, language
from geo.records.quarantine import protected_reason
from geo.records.readers import FileRow
from geo.records.row_validation import Row


async def practices_at(session: AsyncSession, space_id: str) -> list[dict[str, Any]]:
    """Return the reviewed notes on a space that the asker's tier may read."""
    c = practices.c
    found = await session.execute(
        select(practices).where(c.location_id == space_id).order_by(c.noted_on.desc(), c.id)
    )
    return plain_rows(found)


async def note_practice(
    session: AsyncSession,
    actor: Actor,
    space_id: str,
    *,
    title: str,
    body: str,
    noted_on: date,
    lang: str = ORIGINAL,
    public: bool = False,
) -> str:
    """Write a note as a draft (writer).

    A note that speaks of protected services is restricted, whatever is asked (P38).

    Returns
    -------
    str
        Its id.

    Raises
    ------
    NotFoundError, ForbiddenError, InvalidRecordError
        No such space for the actor; not of its organisation or country; a field is wrong.
    """
    location = await visible_location(session, actor, space_id)
    require_propose(actor, organization_id=location.organization_id, country=location.country)
    row = Row(FileRow(1, {"title": title, "body": body, "language": lang}))
    words = row.text("title"), row.text("body")
    values = {
        "id": f"practice-{uuid.uuid4().hex}",
        "location_id": space_id,
        "title": words[0],
        "body": words[1],
        "language": language(row, "language"),
        "noted_on": noted_on,
        "written_by": actor.id,
        "visibility": "public" if public else "partners",
        "demo": location.demo,
    }
    if row.faults:
        raise InvalidRecordError(row.faults)
    if location.visibility == "restricted" or protected_reason("", (), words) is not None:
        values["visibility"] = "restricted"
    await session.execute(insert(Practice).values(values))
    await trail.record(
        session,
        actor=actor.id,
        action="practice.write",
        entity="practice",
        record_id=str(values["id"]),
        details={},
    )
    return str(values["id"])


async def submit(session: AsyncSession, actor: Actor, practice_id: str) -> None:
    """Hand a draft to the reviewers; see `geo.guidance.review.submit`."""
    await reviewing.submit(session, Practice, practice_id, actor)


async def review(
    session: AsyncSession,
    actor: Actor,
    practice_id: str,
    *,
    accept: bool,
    today: date,
    reason: str | None = None,
) -> None:
    """Let a note be read, or send it back; see `geo.guidance.review.review`."""
    await reviewing.review(
        session, Practice, practice_id, actor, accept=accept, today=today, reason=reason
    )


async def visible_location(session: AsyncSession, actor: Actor, space_id: str) -> Location:
    """Return a space that an actor may know of (writer).

    Raises
    ------
    NotFoundError
        There is none, or it is restricted and the actor is not named for it (P39).
    """
    location = await session.get(Location, space_id)
    if location is not None and location.visibility == "restricted":
        named = await session.get(RestrictedReader, (space_id, actor.id))
        location = None if named is None else location
    if location is None:
        msg = "there is no such space"
        raise NotFoundError(msg)
    return location
