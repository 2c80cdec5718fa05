"""Lines of a sketch, cut where the area of an extract begins, since its streets are drawn there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.graph.segments import SegmentBatch
from routing.graph.storage import GraphMeta


@dataclass(frozen=True)
class CoveredArea:
    """Area for which an extract has the streets.

    Parameters
    ----------
    bbox
        west, south, east, north in degrees, EPSG:4326.
    countries
        ISO 3166-1 alpha-2 codes of the extract; empty where none is known, which stands for all.
    """

    bbox: tuple[float, float, float, float]
    countries: tuple[str, ...]

    @classmethod
    def of(cls, meta: GraphMeta) -> "CoveredArea":
        """Return the area of a region."""
        return cls(tuple(meta.bbox), tuple(meta.countries))  # type: ignore[arg-type]


def outside(
    batches: Iterable[SegmentBatch], areas: Sequence[CoveredArea]
) -> Iterator[SegmentBatch]:
    """Yield the segments of a sketch without their parts in the areas of extracts.

    A line that enters an area is cut at the area's edge; of a line that passes through, the longest
    part outside is kept. Segments of countries that an extract does not cover stay whole, even
    inside its bounding box. The stated length of a segment remains that of the whole road.
    """
    for batch in batches:
        cut = batch
        for area in areas:
            cut = _without(cut, area)
        if len(cut):
            yield cut


def _without(batch: SegmentBatch, area: CoveredArea) -> SegmentBatch:
    codes, words = batch.country
    named = np.array([word in area.countries for word in words] + [False])
    concerned = named[codes] | (not area.countries)
    box = shapely.box(*area.bbox)
    owner = np.repeat(np.arange(len(batch)), np.diff(batch.line_start))
    lines: NDArray[Any] = np.asarray(shapely.linestrings(batch.lines, indices=owner))
    for index in np.flatnonzero(concerned & shapely.intersects(lines, box)):
        parts = shapely.get_parts(lines[index].difference(box))
        lines[index] = max(parts, key=shapely.length, default=shapely.LineString())
    return _redrawn(batch, lines, np.flatnonzero(~shapely.is_empty(lines)))


def _redrawn(batch: SegmentBatch, lines: NDArray[Any], kept: NDArray[np.int64]) -> SegmentBatch:
    """Return the segments ``kept`` (row numbers) of a batch, with ``lines`` as their new lines."""
    columns: dict[str, Any] = {}
    for name, column in vars(batch).items():
        if isinstance(column, tuple):
            columns[name] = (column[0][kept], column[1])
        elif name not in {"lines", "line_start"}:
            columns[name] = column[kept]
    count = shapely.get_num_coordinates(lines[kept])
    return replace(
        batch,
        **columns,
        line_start=np.concatenate(([0], np.cumsum(count, dtype=np.int64))),
        lines=shapely.get_coordinates(lines[kept]),
    )
