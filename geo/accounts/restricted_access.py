"""Restricted records (P31): read by named people only, and never without a trace."""

from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.audit import trail
from geo.db.sessions import Database, Tier
from geo.errors import NotFoundError
from geo.models import Location, Person, RestrictedReader

_OPEN = text("select amparo.open_restricted(:id)")
_READ = text("select amparo.read_restricted(:id, :seq)")
_INDEX = text("select id from restricted_index order by id")


async def readable(session: AsyncSession) -> tuple[str, ...]:
    """Return the ids of the restricted spaces that the staff session's person may read."""
    return tuple(await session.scalars(_INDEX))


async def read(database: Database, space_id: str, *, person: str) -> dict[str, Any]:
    """Return a restricted space's whole record, after its reading is in the audit chain.

    Two transactions: the database shows the record only to who has a committed entry of the
    last minute, so that nobody reads, rolls back and has not been there.

    Parameters
    ----------
    database : Database
        With the staff tier.
    space_id : str
        Of the space.
    person : str
        Id of who reads; must be named for it.

    Raises
    ------
    NotFoundError
        There is none, it is not restricted, or this person is not named: never told apart.
    """
    async with database.session(Tier.STAFF, person=person, read_write=True) as session:
        seq = await session.scalar(_OPEN, {"id": space_id})
    if seq is None:
        raise _not_found(space_id)
    async with database.session(Tier.STAFF, person=person) as session:
        found = await session.scalar(_READ, {"id": space_id, "seq": seq})
    if found is None:
        raise _not_found(space_id)
    return dict(found)


async def readers(session: AsyncSession, space_id: str) -> list[tuple[str, str]]:
    """Return name and e-mail address of who is named for a restricted space, by name (writer)."""
    rows = await session.execute(
        select(Person.name, Person.email)
        .join(RestrictedReader, RestrictedReader.person == Person.id)
        .where(RestrictedReader.location_id == space_id)
        .order_by(Person.name, Person.id)
    )
    return [(row.name, row.email) for row in rows]


async def name_reader(session: AsyncSession, space_id: str, person: str, *, actor: str) -> None:
    """Let a person read a restricted space (writer); naming again changes nothing.

    Raises
    ------
    NotFoundError
        There is no such restricted space, or no such active person.
    """
    known = await session.scalar(
        select(Location.id).where(Location.id == space_id, Location.visibility == "restricted")
    )
    if known is None:
        raise _not_found(space_id)
    if not await session.scalar(select(Person.id).where(Person.id == person, Person.active)):
        msg = f"there is no active person {person}"
        raise NotFoundError(msg)
    named = await session.scalar(
        insert(RestrictedReader)
        .values(location_id=space_id, person=person)
        .on_conflict_do_nothing()
        .returning(RestrictedReader.person)
    )
    if named is not None:
        await _noted(session, "restricted.reader_named", space_id, person, actor)


async def unname_reader(session: AsyncSession, space_id: str, person: str, *, actor: str) -> None:
    """Take a person's right to read a restricted space (writer).

    Raises
    ------
    NotFoundError
        The person was not named for it.
    """
    gone = await session.scalar(
        delete(RestrictedReader)
        .where(RestrictedReader.location_id == space_id, RestrictedReader.person == person)
        .returning(RestrictedReader.person)
    )
    if gone is None:
        msg = f"{person} is not named for space {space_id}"
        raise NotFoundError(msg)
    await _noted(session, "restricted.reader_removed", space_id, person, actor)


async def _noted(
    session: AsyncSession, action: str, space_id: str, person: str, actor: str
) -> None:
    await trail.record(
        session,
        actor=actor,
        action=action,
        entity="space",
        record_id=space_id,
        details={"person": person},
    )


def _not_found(space_id: str) -> NotFoundError:
    return NotFoundError(f"there is no restricted space {space_id}")
