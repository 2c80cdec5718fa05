"""Beds of spaces in numbers, with the time of the count: for partners and staff alone (P42)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, column, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.typed_rows import typed_row
from geo.db.views import spaces


@dataclass(frozen=True, slots=True)
class Beds:
    """Counted places of a space; None where nobody has said.

    ``updated`` is the time of the count of those that are free; ``maximum`` is what there is room
    for.
    """

    id: str
    available: int | None
    maximum: int | None
    updated: datetime | None


#: The public's view has no such columns, so that a public session fails and tells nothing.
_BEDS = select(
    spaces.c.id,
    column("capacity_available", Integer).label("available"),
    column("capacity_maximum", Integer).label("maximum"),
    spaces.c.capacity_updated.label("updated"),
)


async def beds_of(session: AsyncSession, ids: Collection[str]) -> dict[str, Beds]:
    """Return the beds of spaces by id, for those that the tier sees (partner or staff session)."""
    rows = await session.execute(_BEDS.where(spaces.c.id.in_(sorted(ids))))
    return {row["id"]: typed_row(Beds, row) for row in rows.mappings()}
