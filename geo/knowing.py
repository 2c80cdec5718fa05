"""Who knows of a restricted space: the people named for it; for all others it is not there."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo import restricted
from geo.authority import Actor
from geo.errors import NotFoundError
from geo.models import Location, RestrictedReader
from geo.subjects import Subject


async def named(session: AsyncSession, space_id: str) -> set[str]:
    """Return the ids of the people who may know of a restricted space (writer)."""
    return set(
        await session.scalars(
            select(RestrictedReader.person).where(RestrictedReader.location_id == space_id)
        )
    )


async def require_known(
    session: AsyncSession, actor: Actor | None, subjects: Iterable[Subject]
) -> None:
    """Answer for a restricted record as if it were not there, unless the actor is named (P39).

    An operator's link (``actor`` None) is about its own record alone, and so knows it.

    Raises
    ------
    NotFoundError
        The actor may not know of one of them.
    """
    if actor is None:
        return
    for subject in subjects:
        if subject.is_restricted and (
            subject.entity != "space"
            or actor.id not in await named(session, str(subject.record_id))
        ):
            raise unknown(subject.entity, str(subject.record_id))


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
            await restricted.name_reader(session, space_id, person, actor=actor)


def unknown(entity: str, record_id: str) -> NotFoundError:
    """Return the error for a record that does not exist, or that the asker may not know of."""
    return NotFoundError(f"there is no {entity} '{record_id[:100]}'")
