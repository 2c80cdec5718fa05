"""Notes of good practice at a space, for partners; the public sees those marked as public."""

import uuid
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_propose
from geo.audit import trail
from geo.db.guidance_views import plain_rows, practices
from geo.db.views import spaces
from geo.errors import InvalidRecordError, NotFoundError
from geo.guidance import review as reviewing
from geo.models import Location, Practice, RestrictedReader
from geo.records.guidance_rows import ORIGINAL, language
from geo.records.quarantine import protected_reason
from geo.records.readers import FileRow
from geo.records.row_validation import Row


async def practices_at(session: AsyncSession, space_id: str) -> list[dict[str, Any]]:
    """Return the reviewed notes of good practice on a space that the session's tier may see."""
    c = practices.c
    found = await session.execute(
        select(practices).where(c.location_id == space_id).order_by(c.noted_on.desc(), c.id)
    )
    return plain_rows(found)


async def listed_practices(
    session: AsyncSession, country: str | None = None
) -> list[dict[str, Any]]:
    """Return the reviewed notes of good practice that the session's tier may see, newest first.

    Each has the name and country of its space; a note on a space that the tier does not see is
    absent.
    """
    c = practices.c
    question = (
        select(practices, spaces.c.name.label("space"), spaces.c.country)
        .join(spaces, spaces.c.id == c.location_id)
        .order_by(c.noted_on.desc(), c.id)
    )
    if country is not None:
        question = question.where(spaces.c.country == country)
    return plain_rows(await session.execute(question))


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
    """Write a note of good practice as a draft (writer session).

    A note that mentions protected services is restricted, whatever the caller asks for (P38).

    Returns
    -------
    str
        Id of the note.

    Raises
    ------
    NotFoundError
        There is no such space, or it is restricted and the actor is no named reader.
    ForbiddenError
        The space belongs neither to the actor's organisation nor to the actor's countries.
    InvalidRecordError
        A field is invalid.
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
    await trail.note(session, actor.id, "practice", "write", str(values["id"]))
    return str(values["id"])


#: Functions of `geo.guidance.review`, bound to notes of good practice: `submit` a draft for review,
#: and accept or return a submitted note (`review`).
submit = partial(reviewing.submit, Practice)
review = partial(reviewing.review, Practice)


async def visible_location(session: AsyncSession, actor: Actor, space_id: str) -> Location:
    """Return a space, unless it is restricted and hidden from the actor (writer session).

    Raises
    ------
    NotFoundError
        There is no such space, or it is restricted and the actor is no named reader (P39).
    """
    location = await session.get(Location, space_id)
    if location is not None and location.visibility == "restricted":
        named = await session.get(RestrictedReader, (space_id, actor.id))
        location = None if named is None else location
    if location is None:
        msg = "there is no such space"
        raise NotFoundError(msg)
    return location
