"""The packed grid: which shape segments pass through which cell, as two flat arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.compiling import compiled, inlined
from routing.metric import METRES_PER_DEGREE, UNITS_PER_DEGREE, local_xy

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Wanted segments per cell; a query reads a few cells, numpy's fixed cost hides the rest.
_SEGMENTS_PER_CELL = 4
#: Upper bound of cells, so that the index of a continent stays at 32 MB.
_MAX_CELLS = 4_000_000
#: Widening of cells and boxes (in cells) against rounding; far above float64's error.
_MARGIN = 1e-6


@dataclass(frozen=True, slots=True)
class NearestSegment:
    """The nearest accepted segment: shape index, position along it (0..1), metres away."""

    segment: int
    position: float
    distance_m: float


@dataclass(frozen=True, eq=False)
class SegmentGrid:
    """A uniform grid over shape segments, row-major, south-west first.

    Parameters
    ----------
    frame
        float64 [6]: west, south, cell width, cell height (degrees), columns, rows.
    cell_start
        int64 [columns * rows + 1].
    cell_segment
        int64 [S]: segment ids; segment i joins shape points i and i + 1.
    shape_lon, shape_lat
        int32 [P], 1e-7 degree.
    """

    frame: Floats
    cell_start: Ints
    cell_segment: Ints
    shape_lon: NDArray[np.int32]
    shape_lat: NDArray[np.int32]

    @classmethod
    def build(
        cls, segments: Ints, shape_lon: NDArray[np.int32], shape_lat: NDArray[np.int32]
    ) -> Self:
        """Index the given segments."""
        frame = _frame(shape_lon, shape_lat, len(segments))
        # Counted first, then put where the counts leave room for them.
        place = np.zeros(int(frame[4] * frame[5]) + 1, dtype=np.int64)
        nothing = np.empty(0, dtype=np.int64)
        _visit_cells(frame, segments, shape_lon, shape_lat, place[1:], nothing)
        start = np.cumsum(place)
        found = np.empty(start[-1], dtype=np.int64)
        _visit_cells(frame, segments, shape_lon, shape_lat, start[:-1].copy(), found)
        return cls(frame, start, found, shape_lon, shape_lat)

    def segments_in_box(self, west: float, south: float, east: float, north: float) -> Ints:
        """Return ids of segments in the cells that the box touches (some repeat)."""
        columns, rows = int(self.frame[4]), int(self.frame[5])
        first_column = max(int(np.floor((west - self.frame[0]) / self.frame[2] - _MARGIN)), 0)
        last_column = min(
            int(np.floor((east - self.frame[0]) / self.frame[2] + _MARGIN)), columns - 1
        )
        first_row = max(int(np.floor((south - self.frame[1]) / self.frame[3] - _MARGIN)), 0)
        last_row = min(int(np.floor((north - self.frame[1]) / self.frame[3] + _MARGIN)), rows - 1)
        if first_column > last_column or first_row > last_row:
            return np.empty(0, dtype=np.int64)
        if first_column == 0 and last_column == columns - 1:  # whole rows lie side by side
            lo, hi = first_row * columns, (last_row + 1) * columns
            return self.cell_segment[self.cell_start[lo] : self.cell_start[hi]]
        runs = [
            self.cell_segment[
                self.cell_start[row * columns + first_column] : self.cell_start[
                    row * columns + last_column + 1
                ]
            ]
            for row in range(first_row, last_row + 1)
        ]
        return np.concatenate(runs)

    def nearest(
        self, lon: float, lat: float, accept: Callable[[Ints], NDArray[np.bool_]]
    ) -> NearestSegment | None:
        """Return the nearest accepted segment, exactly; None where no segment is accepted.

        Distances are planar in the local equirectangular frame of the point. The box grows
        until it holds the whole circle through the best candidate; ties go to the lowest id.
        """
        radius_m = self._first_radius_m(lon, lat)
        while True:
            dlat = radius_m / METRES_PER_DEGREE
            dlon = dlat / max(np.cos(np.radians(lat)), 1e-6)
            box = (lon - dlon, lat - dlat, lon + dlon, lat + dlat)
            candidates = self.segments_in_box(*box)
            if candidates.size:
                candidates = candidates[accept(candidates)]
            best = self._best(lon, lat, candidates) if candidates.size else None
            whole = self._is_whole(*box)
            if best is not None and (whole or best.distance_m <= radius_m):
                return best
            if whole:
                return None
            # Jump straight to the candidate's own circle where there is one.
            radius_m = max(
                2 * radius_m, 0.0 if best is None else min(best.distance_m, 8 * radius_m)
            )

    def _first_radius_m(self, lon: float, lat: float) -> float:
        west, south, width, height, columns, rows = self.frame
        outside = max(
            west - lon,
            lon - (west + width * columns),
            south - lat,
            lat - (south + height * rows),
            0,
        )
        return float((outside + height / 2) * METRES_PER_DEGREE)

    def _is_whole(self, west: float, south: float, east: float, north: float) -> bool:
        frame = self.frame
        return bool(
            west <= frame[0]
            and south <= frame[1]
            and east >= frame[0] + frame[2] * frame[4]
            and north >= frame[1] + frame[3] * frame[5]
        )

    def _best(self, lon: float, lat: float, segments: Ints) -> NearestSegment:
        along, distance = self.project(lon, lat, segments)
        nearest = distance.min()
        tied = np.flatnonzero(distance == nearest)
        pick = tied[np.argmin(segments[tied])]
        return NearestSegment(int(segments[pick]), float(along[pick]), float(nearest))

    def project(self, lon: float, lat: float, segments: Ints) -> tuple[Floats, Floats]:
        """Return position along (0..1) and distance in metres to each segment."""
        from_x, from_y = self._xy(segments, lon, lat)
        to_x, to_y = self._xy(segments + 1, lon, lat)
        dx, dy = to_x - from_x, to_y - from_y
        square = dx * dx + dy * dy
        dot = -(from_x * dx + from_y * dy)
        along = np.clip(np.divide(dot, square, out=np.zeros_like(dot), where=square > 0), 0, 1)
        return along, np.hypot(from_x + along * dx, from_y + along * dy)

    def _xy(self, points: Ints, lon: float, lat: float) -> tuple[Floats, Floats]:
        return local_xy(
            self.shape_lon[points] / UNITS_PER_DEGREE,
            self.shape_lat[points] / UNITS_PER_DEGREE,
            lon,
            lat,
        )


def _frame(lon: NDArray[np.int32], lat: NDArray[np.int32], segment_count: int) -> Floats:
    west, south, east, north = (
        int(value) / UNITS_PER_DEGREE for value in (lon.min(), lat.min(), lon.max(), lat.max())
    )
    width, height = max(east - west, 1e-6), max(north - south, 1e-6)
    cells = min(max(segment_count // _SEGMENTS_PER_CELL, 1), _MAX_CELLS)
    side = np.sqrt(width * height / cells)
    columns = max(min(int(np.ceil(width / side)), cells), 1)
    rows = max(min(int(np.ceil(height / side)), cells), 1)
    # A hair wider than the data, so that the last point falls inside the last cell.
    return np.array(
        [west, south, width / columns * (1 + 1e-9), height / rows * (1 + 1e-9), columns, rows]
    )


@compiled
def _visit_cells(
    frame: Floats,
    segments: Ints,
    shape_lon: NDArray[np.int32],
    shape_lat: NDArray[np.int32],
    place: Ints,
    found: Ints,
) -> None:
    """Visit every cell that a segment passes through, in the order of the segments.

    Parameters
    ----------
    place
        int64 [columns * rows]: raised by one with each visit.
    found
        int64: where not empty, each segment is put at the place of its cell.
    """
    columns, rows = int(frame[4]), int(frame[5])
    for segment in segments:
        x_0 = (shape_lon[segment] / UNITS_PER_DEGREE - frame[0]) / frame[2]
        y_0 = (shape_lat[segment] / UNITS_PER_DEGREE - frame[1]) / frame[3]
        x_1 = (shape_lon[segment + 1] / UNITS_PER_DEGREE - frame[0]) / frame[2]
        y_1 = (shape_lat[segment + 1] / UNITS_PER_DEGREE - frame[1]) / frame[3]
        dx, dy = x_1 - x_0, y_1 - y_0
        top = _cell(max(y_0, y_1) + _MARGIN, rows)
        for row in range(_cell(min(y_0, y_1) - _MARGIN, rows), top + 1):
            # The stretch of the segment inside this row, then the columns of that stretch.
            t_a, t_b = 0.0, 1.0
            if dy != 0:
                t_a = min(max((row - _MARGIN - y_0) / dy, 0.0), 1.0)
                t_b = min(max((row + 1 + _MARGIN - y_0) / dy, 0.0), 1.0)
            x_a, x_b = x_0 + t_a * dx, x_0 + t_b * dx
            last = _cell(max(x_a, x_b) + _MARGIN, columns)
            for column in range(_cell(min(x_a, x_b) - _MARGIN, columns), last + 1):
                cell = row * columns + column
                if len(found):
                    found[place[cell]] = segment
                place[cell] += 1


@inlined
def _cell(position: float, count: int) -> int:
    return int(min(max(np.floor(position), 0.0), count - 1.0))
