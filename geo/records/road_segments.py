"""Storage of the imported regions' road segments in PostGIS, for the map and for data exports."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.binary_copy import Coded, Column, LineStrings, copy_columns
from geo.models import RoadSegment

#: Columns of many segments by name, as ``vars`` of the routing library's ``SegmentBatch``:
#: ``osm_way_id`` and ``piece`` (number of the segment within its way; the pair is unique within the
#: region); ``name``, ``ref``, ``road_class``, ``surface`` and ``country`` (each a pair: indices
#: into a list of words, -1 for none, and the list); ``lit`` and ``sidewalk`` (1, 0, -1 for not
#: known); ``foot``, ``vehicle``, ``oneway`` and ``ferry``; ``length_m`` (metres along the road,
#: which are more than those of its simplified line); ``lines`` (vertices as lon and lat, EPSG:4326)
#: and ``line_start`` (where each segment's vertices begin).
SegmentColumns = Mapping[str, Any]

_WORDS = ("surface", "country")
_YES_NO = ("lit", "sidewalk", "foot", "vehicle", "oneway", "ferry")
_COLUMNS = (
    *("id", "osm_way_id", "name", "highway", *_WORDS, *_YES_NO, "length_m", "geom"),
    *("region", "visibility", "source", "licence"),
)


async def replace_region(
    session: AsyncSession,
    region: str,
    batches: Iterable[SegmentColumns],
    source: str,
    licence: str,
) -> int:
    """Replace the stored road segments of a region, all or none.

    Parameters
    ----------
    session : AsyncSession
        Writer session.
    region : str
        Name of the region; prefix of the ids of its segments.
    batches : iterable of SegmentColumns
        Segments of the region, iterated once while they are copied to the database.
    source, licence : str
        Attribution that the data requires.

    Returns
    -------
    int
        Number of stored segments.
    """
    async with session.begin_nested():
        await remove_region(session, region)
        return await copy_columns(
            session,
            RoadSegment.__table__,  # type: ignore[arg-type]  # a Table, typed as FromClause
            _COLUMNS,
            (_columns(region, batch, source, licence) for batch in batches),
        )


async def remove_region(session: AsyncSession, region: str) -> int:
    """Delete the road segments of a region and return their number (writer session)."""
    gone = await session.execute(delete(RoadSegment).where(RoadSegment.region == region))
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a DELETE gives a CursorResult


async def regions(session: AsyncSession) -> dict[str, int]:
    """Return the number of stored road segments of each region, by region (writer session)."""
    counted = await session.execute(
        select(RoadSegment.region, func.count().label("segments"))
        .group_by(RoadSegment.region)
        .order_by(RoadSegment.region)
    )
    return {row.region: row.segments for row in counted}


def _columns(region: str, batch: SegmentColumns, source: str, licence: str) -> list[Column]:
    way, piece = batch["osm_way_id"], batch["piece"]
    (name, words), (ref, _) = batch["name"], batch["ref"]
    return [
        [f"{region}:{w}.{p}" for w, p in zip(way.tolist(), piece.tolist(), strict=True)],
        way,
        Coded(np.where(name >= 0, name, ref), words),
        Coded(*batch["road_class"]),
        *(Coded(*batch[column]) for column in _WORDS),
        *(Coded(batch[column].astype(np.int8), (False, True)) for column in _YES_NO),
        batch["length_m"],
        LineStrings(batch["line_start"], batch["lines"]),
        region,
        "public",
        source,
        licence,
    ]
