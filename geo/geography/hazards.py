"""Queries for approved hazards that are valid at an instant (P14, P36)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from geoalchemy2.shape import to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.typed_rows import typed_row
from geo.db.views import hazards


@dataclass(frozen=True, slots=True)
class ActiveHazard:
    """Approved hazard with its effect on routes.

    Attributes
    ----------
    effect : str
        ``exclusion``: routes never cross the hazard. ``weight``: the cost of travel inside the
        hazard is multiplied by ``weight`` (at least 1).
    event_count, exposure_km, rate_source
        Number of events, traveller-kilometres in which they happened, and the source of both
        figures; None if not known.
    geometry : shapely geometry
        Published geometry, EPSG:4326.
    published_on : date
        Day of approval.
    """

    id: str
    family: Literal["physical", "human_threat"]
    kind: str
    title: str
    effect: Literal["exclusion", "weight"]
    weight: float
    event_count: int | None
    exposure_km: float | None
    rate_source: str | None
    night_only: bool
    valid_from: datetime
    valid_to: datetime | None
    published_on: date
    source: str | None
    demo: bool
    geometry: BaseGeometry


async def active_hazards(session: AsyncSession, at: datetime) -> tuple[ActiveHazard, ...]:
    """Return the approved hazards that are valid at ``at`` (aware), in the order of ids.

    Unapproved reports affect no route. A session of the staff tier also returns approved hazards
    that are not public yet; public routes are computed with the hazards of the public tier (P36).
    """
    rows = await session.execute(
        select(hazards)
        .where(
            hazards.c.published_on.is_not(None),
            hazards.c.valid_from <= at,
            or_(hazards.c.valid_to.is_(None), hazards.c.valid_to > at),
        )
        .order_by(hazards.c.id)
    )
    return tuple(_hazard(row) for row in rows.mappings())


async def published_hazards(session: AsyncSession) -> tuple[ActiveHazard, ...]:
    """Return all approved hazards, past and future ones included, in the order of ids.

    The session's tier decides which hazards are visible, as in `active_hazards`.
    """
    rows = await session.execute(
        select(hazards).where(hazards.c.published_on.is_not(None)).order_by(hazards.c.id)
    )
    return tuple(_hazard(row) for row in rows.mappings())


def holds(hazard: ActiveHazard, at: datetime) -> bool:
    """Return whether an approved hazard is valid at ``at`` (aware)."""
    return hazard.valid_from <= at and (hazard.valid_to is None or hazard.valid_to > at)


def _hazard(row: Mapping[Any, Any]) -> ActiveHazard:
    return typed_row(ActiveHazard, row, geometry=to_shape(row["geom"]))
