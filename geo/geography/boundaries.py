"""Queries for polygons of countries and first-level units.

The polygons are kilometres off at places, so they only serve for plausibility checks and for names.
"""

from collections.abc import Sequence
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import Float, Text, bindparam, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.functions import Function
from sqlalchemy.sql.selectable import TableValuedAlias

from geo.db.views import boundaries

#: Minimum length in metres of a line inside a country's polygon for the line to count as entering
#: the country. The value exceeds the error of the polygons at most places (definitions.md): as a
#: tolerance around the polygons, measured with 1,500 points near borders, it refused no right
#: country, and accepted a wrong one only for points less than 3 km from the right one.
DEEP_M = 2_000.0


async def countries_at(session: AsyncSession, lon: float, lat: float) -> frozenset[str]:
    """Return the countries whose polygon contains a point (degrees, EPSG:4326); none at sea.

    Countries are ISO 3166-1 alpha-2 codes; near a border a point may lie in two polygons.
    """
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)
    rows = await session.scalars(
        select(boundaries.c.country)
        .where(boundaries.c.level == 0, func.ST_Intersects(boundaries.c.geom, point))
        .distinct()
    )
    return frozenset(rows)


async def units_at(
    session: AsyncSession, points: Sequence[tuple[float, float, str | None]]
) -> tuple[str | None, ...]:
    """Return the name of the first-level unit that contains each point, within a stated country.

    The names only serve to tell places with equal names apart.

    Parameters
    ----------
    points : sequence of (lon, lat, country)
        Positions in degrees, EPSG:4326, with the country (ISO 3166-1 alpha-2) or None. The name of
        a point is None if no unit of the country contains the point, or the country is None.
    """
    places = [(lon, lat) for lon, lat, _ in points]
    asked, point = asked_points(places, country=[country for *_, country in points])
    holding = (boundaries.c.level == 1) & (boundaries.c.country == asked.c.country)
    rows = await session.execute(
        select(asked.c.row, func.min(func.coalesce(boundaries.c.name_es, boundaries.c.name)))
        .select_from(asked)
        .join(boundaries, holding & func.ST_Intersects(boundaries.c.geom, point))
        .group_by(asked.c.row)
    )
    names: dict[int, str] = {row: name for row, name in rows}  # noqa: C416 -- rows are no pairs
    return tuple(names.get(number + 1) for number in range(len(points)))


def asked_points(
    points: Sequence[tuple[float, float]], **texts: Sequence[str | None]
) -> tuple[TableValuedAlias, Function[Any]]:
    """Return a table of points for a query, and the SQL expression of the point of a row.

    The table has the columns ``lon`` and ``lat`` in degrees, EPSG:4326, and ``row``, which numbers
    the points from 1.

    Parameters
    ----------
    points : sequence of (lon, lat)
        The points.
    texts
        Further text columns by name, with a value for each point.
    """
    asked = (
        func.unnest(
            bindparam("lons", [lon for lon, _ in points], ARRAY(Float)),
            bindparam("lats", [lat for _, lat in points], ARRAY(Float)),
            *(bindparam(name, list(values), ARRAY(Text)) for name, values in texts.items()),
        )
        .table_valued(
            column("lon", Float),
            column("lat", Float),
            *(column(name, Text) for name in texts),
            with_ordinality="row",
        )
        .render_derived("asked")
    )
    return asked, func.ST_SetSRID(func.ST_MakePoint(asked.c.lon, asked.c.lat), 4326)


async def countries_of_units_at(
    session: AsyncSession, points: Sequence[tuple[float, float]]
) -> tuple[frozenset[str], ...]:
    """Return, for each point, the countries of the first-level units that contain it.

    For many points this is faster than `countries_at`, because units are smaller polygons. Points
    are (lon, lat) in degrees, EPSG:4326; points at sea have no country.
    """
    asked, point = asked_points(points)
    holding = select(asked.c.row, boundaries.c.country).join(
        boundaries, (boundaries.c.level == 1) & func.ST_Intersects(boundaries.c.geom, point)
    )
    found: list[set[str]] = [set() for _ in points]
    for row, country in await session.execute(holding):
        found[row - 1].add(country)
    return tuple(map(frozenset, found))


async def countries_along(
    session: AsyncSession, coordinates: Sequence[tuple[float, float]]
) -> frozenset[str]:
    """Return the countries of which at least `DEEP_M` metres of the line lie inside.

    Shorter stretches come from boundaries that are drawn more coarsely than the line.

    Parameters
    ----------
    coordinates : sequence of (lon, lat)
        Vertices of the line in degrees, EPSG:4326.
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
