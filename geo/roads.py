"""Road segments of the imported regions, for the map and for who takes the data out."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import shapely
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.copying import copy_rows
from geo.models import RoadSegment

#: Fields of a row, as ``dataclasses.asdict`` of the routing library's segments gives them:
#: ``segment_key`` (unique within the region), ``osm_way_id``, ``name``, ``ref``, ``road_class``,
#: ``surface``, ``lit``, ``sidewalk``, ``foot``, ``vehicle``, ``oneway``, ``ferry``, ``country``,
#: ``length_m`` (metres; a sketch's line is shorter than its road) and ``wkb`` (LineString,
#: EPSG:4326, lon, lat).
SegmentRow = Mapping[str, Any]

_PLAIN = (
    "osm_way_id",
    "surface",
    "lit",
    "sidewalk",
    "foot",
    "vehicle",
    "oneway",
    "ferry",
    "country",
    "length_m",
)
_COLUMNS = ("id", "name", "highway", *_PLAIN, "geom", "region", "visibility", "source", "licence")


async def replace_region(
    session: AsyncSession, region: str, rows: Iterable[SegmentRow], source: str, licence: str
) -> int:
    """Put the segments of a region in place of those it had; all of it or nothing.

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    region : str
        Name of the region; ids of its segments are prefixed with it.
    rows : iterable of SegmentRow
        Read once, while they are sent.
    source, licence : str
        Credit that the data asks for.

    Returns
    -------
    int
        How many segments the region has now.
    """
    async with session.begin_nested():
        await remove_region(session, region)
        return await copy_rows(
            session,
            RoadSegment.__table__,  # type: ignore[arg-type]  # a Table, typed as FromClause
            _COLUMNS,
            _values(region, rows, source, licence),
        )


async def remove_region(session: AsyncSession, region: str) -> int:
    """Delete the segments of a region and return how many there were."""
    gone = await session.execute(delete(RoadSegment).where(RoadSegment.region == region))
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a DELETE gives a CursorResult


async def regions(session: AsyncSession) -> dict[str, int]:
    """Return how many segments each region has, by name (writer)."""
    counted = await session.execute(
        select(RoadSegment.region, func.count().label("segments"))
        .group_by(RoadSegment.region)
        .order_by(RoadSegment.region)
    )
    return {row.region: row.segments for row in counted}


def _values(
    region: str, rows: Iterable[SegmentRow], source: str, licence: str
) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            f"{region}:{row['segment_key']}",
            row["name"] or row["ref"],
            row["road_class"],
            *(row[name] for name in _PLAIN),
            shapely.from_wkb(row["wkb"]),
            region,
            "public",
            source,
            licence,
        )
