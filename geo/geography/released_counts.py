"""Counts of people at places as released: rounded, delayed, and never below the threshold."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.views import flows


@dataclass(frozen=True, slots=True)
class ReleasedCount:
    """People counted at a place in a week, all directions together; lon and lat, EPSG:4326."""

    name: str
    lon: float
    lat: float
    week: date
    people: int


async def latest_counts(session: AsyncSession) -> tuple[ReleasedCount, ...]:
    """Return the counts at points of the latest week that the tier sees, sorted by name of place.

    If several methods counted at one place, the largest sum is returned, because all of them
    counted the same people.
    """
    shown, week = flows.c, select(func.max(flows.c.week)).scalar_subquery()
    rows = await session.execute(
        select(
            shown.origin,
            shown.method,
            func.min(func.coalesce(shown.origin_name, shown.origin)).label("name"),
            shown.week,
            func.sum(shown.n).label("people"),
            func.min(func.ST_X(func.ST_Centroid(shown.geom))).label("lon"),
            func.min(func.ST_Y(func.ST_Centroid(shown.geom))).label("lat"),
        )
        .where(shown.kind == "point", shown.week == week)
        .group_by(shown.origin, shown.method, shown.week)
    )
    of_place: defaultdict[str, list[ReleasedCount]] = defaultdict(list)
    for row in rows:
        of_place[row.origin].append(
            ReleasedCount(row.name, row.lon, row.lat, row.week, int(row.people))
        )
    largest = (max(found, key=lambda one: one.people) for found in of_place.values())
    return tuple(sorted(largest, key=lambda one: (one.name, one.lon, one.lat)))
