"""Preview of an emergency hide: the records that it would take out of sight (P24).

A preview needs the same permission as the hide, and gives the same error for records that the
person may not know of (P39). The name, kind and locality of a restricted space are left out: they
are shown only on its own page, where each reading is recorded (P31).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor
from geo.db.views import crossings, spaces
from geo.models import Location, PathwayStep, ReferralPoint
from geo.removals import hides
from geo.removals.hidden_records import is_hidden, is_unknown

#: Maximum number of spaces in an area that are listed by name; the counts are complete.
MOST_NAMED = 30


@dataclass(frozen=True, slots=True)
class SpaceEffect:
    """Effect of hiding one space.

    Attributes
    ----------
    name, kind, locality : str or None
        None for a restricted space.
    referring : int
        Number of unrestricted spaces to which this space refers people.
    steps : int
        Number of steps of referral pathways that name this space.
    is_hidden : bool
        Whether the space is hidden already; hiding it again then confirms the existing hide.
    """

    id: str
    name: str | None
    kind: str | None
    locality: str | None
    country: str
    is_restricted: bool
    referring: int
    steps: int
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class AreaEffect:
    """Effect of hiding an area: the records in it, without restricted spaces.

    Attributes
    ----------
    spaces, crossings : int
        Numbers of records in the area.
    names : tuple of str
        Names of the first `MOST_NAMED` spaces and of all crossings.
    """

    spaces: int
    crossings: int
    names: tuple[str, ...]


async def space_effect(session: AsyncSession, space_id: str, actor: Actor) -> SpaceEffect:
    """Return the effect of hiding a space (writer session).

    Raises
    ------
    NotFoundError, ForbiddenError
        As in `geo.removals.hides.hide_space`.
    """
    found = (
        await session.execute(
            select(
                Location.id,
                Location.name,
                Location.kind,
                Location.locality,
                Location.country,
                Location.visibility,
            ).where(Location.id == space_id)
        )
    ).one_or_none()
    if found is None or await is_unknown(session, space_id, actor):
        raise hides.not_found("space", space_id)
    hides.require_any(actor, (found.country,))
    staff_reads.show(session, "space", [space_id])
    restricted = found.visibility == "restricted"
    referring = (
        select(func.count())
        .select_from(ReferralPoint)
        .join(Location, Location.id == ReferralPoint.location_id)
        .where(ReferralPoint.referrer_id == space_id, Location.visibility != "restricted")
    )
    steps = select(func.count()).where(PathwayStep.location_id == space_id)
    return SpaceEffect(
        id=space_id,
        name=None if restricted else found.name,
        kind=None if restricted else found.kind,
        locality=None if restricted else found.locality,
        country=found.country,
        is_restricted=restricted,
        referring=await session.scalar(referring) or 0,
        steps=await session.scalar(steps) or 0,
        is_hidden=await is_hidden(session, space_id),
    )


async def area_effect(session: AsyncSession, area: dict[str, Any], actor: Actor) -> AreaEffect:
    """Return the effect of hiding an area (staff session).

    Parameters
    ----------
    area : dict
        A GeoJSON Polygon or MultiPolygon, lon, lat in degrees (EPSG:4326).

    Raises
    ------
    ForbiddenError, InvalidRecordError
        As in `geo.removals.hides.hide_area`.
    """
    hides.require_any(actor, (None,))
    polygon = hides.read_polygon(area)
    inside = func.ST_GeomFromText(bindparam("area", polygon.wkt), 4326)
    # The staff's view has no restricted spaces; those are hidden with the area and not counted.
    homes, posts = [await _inside(session, table, inside) for table in (spaces, crossings)]
    staff_reads.show(session, "space", [id_ for id_, _ in homes])
    staff_reads.show(session, "crossing", [id_ for id_, _ in posts])
    named = [name for _, name in (*posts, *homes[:MOST_NAMED])]
    return AreaEffect(len(homes), len(posts), tuple(named))


async def _inside(
    session: AsyncSession,
    table: Any,  # noqa: ANN401 -- a view with id, name and geom
    inside: Any,  # noqa: ANN401 -- SQLAlchemy's expressions
) -> Sequence[tuple[str, str]]:
    rows = await session.execute(
        select(table.c.id, table.c.name)
        .where(func.ST_Intersects(table.c.geom, inside))
        .order_by(table.c.name, table.c.id)
    )
    return [(row.id, row.name) for row in rows]
