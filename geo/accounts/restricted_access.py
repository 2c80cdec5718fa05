"""Reading of restricted spaces, by named readers only and always with an audit entry (P31)."""

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
    """Return the whole record of a restricted space, after the access is in the audit chain.

    The first transaction writes the audit entry, the second reads the record. The database returns
    the record only if a committed audit entry of the last minute exists, so that nobody can read
    and then roll the entry back.

    Parameters
    ----------
    database : Database
        Database whose staff tier is used.
    space_id : str
        Id of the space.
    person : str
        Id of the reader, who must be a named reader of the space.

    Raises
    ------
    NotFoundError
        There is no such space, it is not restricted, or the person is not a named reader; the error
        does not say which.
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
    """Return names and e-mail addresses of a restricted space's named readers (writer session)."""
    rows = await session.execute(
        select(Person.name, Person.email)
        .join(RestrictedReader, RestrictedReader.person == Person.id)
        .where(RestrictedReader.location_id == space_id)
        .order_by(Person.name, Person.id)
    )
    return [(row.name, row.email) for row in rows]


async def name_reader(session: AsyncSession, space_id: str, person: str, *, actor: str) -> None:
    """Name a person as a reader of a restricted space (writer session); idempotent.

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
    """Remove a person from the named readers of a restricted space (writer session).

    Raises
    ------
    NotFoundError
        The person was not a named reader of the space.
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
