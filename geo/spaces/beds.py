"""Numbers of free and existing beds of spaces, which only partners and staff may see (P42)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, column, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.typed_rows import typed_row
from geo.db.views import spaces


@dataclass(frozen=True, slots=True)
class Beds:
    """Numbers of sleeping places of a space; None if not known.

    ``available`` is the number of free places, counted at ``updated``; ``maximum`` is the number of
    all places.
    """

    id: str
    available: int | None
    maximum: int | None
    updated: datetime | None


#: Query for the beds of spaces. The view of the public tier lacks these columns, so that the query
#: fails in a public session.
_BEDS = select(
    spaces.c.id,
    column("capacity_available", Integer).label("available"),
    column("capacity_maximum", Integer).label("maximum"),
    spaces.c.capacity_updated.label("updated"),
)


async def beds_of(session: AsyncSession, ids: Collection[str]) -> dict[str, Beds]:
    """Return the beds, by id of space, of spaces visible to the tier (partner or staff session)."""
    rows = await session.execute(_BEDS.where(spaces.c.id.in_(sorted(ids))))
    return {row["id"]: typed_row(Beds, row) for row in rows.mappings()}
