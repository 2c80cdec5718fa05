"""Country polygons, used only to doubt: they are kilometres off, so they never tell a side."""

from collections.abc import Sequence

from geoalchemy2 import Geography
from sqlalchemy import cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.views import boundaries

#: Metres of a line inside a country's polygon from which it is taken to enter it: more than the
#: polygons are off at most places (definitions.md: kilometres; 2 km refused nothing right and
#: left nothing wrong by more than 3 km of 1,500 points measured near borders).
DEEP_M = 2_000.0


async def countries_at(session: AsyncSession, lon: float, lat: float) -> frozenset[str]:
    """Return the countries whose polygon holds a point (degrees, EPSG:4326); at sea none."""
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)
    rows = await session.scalars(
        select(boundaries.c.country)
        .where(boundaries.c.level == 0, func.ST_Intersects(boundaries.c.geom, point))
        .distinct()
    )
    return frozenset(rows)


async def countries_along(
    session: AsyncSession, coordinates: Sequence[tuple[float, float]]
) -> frozenset[str]:
    """Return the countries a line enters by at least `DEEP_M`.

    Parameters
    ----------
    coordinates : sequence of (lon, lat)
        Degrees, EPSG:4326.
    """
    text = ", ".join(f"{lon!r} {lat!r}" for lon, lat in coordinates)
    line = func.ST_GeomFromText(literal(f"LINESTRING({text})"), 4326)
    inside = func.ST_Intersection(boundaries.c.geom, line)
    rows = await session.scalars(
        select(boundaries.c.country)
        .where(boundaries.c.level == 0, func.ST_Intersects(boundaries.c.geom, line))
        .group_by(boundaries.c.country)
        .having(func.sum(func.ST_Length(cast(inside, Geography))) >= DEEP_M)
    )
    return frozenset(rows)
