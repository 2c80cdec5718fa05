"""Grid index of road segments: the segments that pass through each cell, in two flat arrays."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.geometry.geodesy import METRES_PER_DEGREE, UNITS_PER_DEGREE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
#: West, south, east and north, degrees.
Box = tuple[float, float, float, float]
#: A rectangle of cells: first and last column, first and last row.
Window = tuple[int, int, int, int]

#: Mean number of segments in a cell that the size of cells aims at. A query reads a few cells, and
#: the fixed cost of numpy calls outweighs that of more segments.
_SEGMENTS_PER_CELL = 4
#: Highest number of cells, so that the index of a continent stays at 32 MB.
_MAX_CELLS = 4_000_000
#: Share of a cell by which cells and boxes are widened, so that rounding loses no segment: far
#: above the error of float64.
MARGIN = 1e-6


@dataclass(frozen=True, slots=True)
class NearestSegment:
    """Segment nearest to a point: its id, nearest position (0 to 1), and distance in metres."""

    segment: int
    position: float
    distance_m: float


@dataclass(frozen=True, eq=False)
class SegmentGrid:
    """Uniform grid over the segments of road shapes; cells in row-major order from the south-west.

    Parameters
    ----------
    frame
        float64 [6]: west, south, cell width, cell height (degrees), columns, rows.
    cell_start
        int64 [columns * rows + 1]: offsets of each cell's segments in ``cell_segment``.
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
        """Build the index of the given segments, by segment id."""
        frame = _frame(shape_lon, shape_lat, len(segments))
        # First count the segments of each cell, then write them at the offsets that follow.
        place = np.zeros(int(frame[4] * frame[5]) + 1, dtype=np.int64)
        nothing = np.empty(0, dtype=np.int64)
        _visit_cells(frame, segments, shape_lon, shape_lat, place[1:], nothing)
        start = np.cumsum(place)
        found = np.empty(start[-1], dtype=np.int64)
        _visit_cells(frame, segments, shape_lon, shape_lat, start[:-1].copy(), found)
        return cls(frame, start, found, shape_lon, shape_lat)

    def segments_in_box(self, west: float, south: float, east: float, north: float) -> Ints:
        """Return the ids of the segments in all cells that a box touches; ids may repeat."""
        window = self.window((west, south, east, north))
        return np.empty(0, dtype=np.int64) if window is None else self._within(window)

    def window(self, box: Box) -> Window | None:
        """Return the range of cells that a box touches; None for a box outside the grid."""
        west, south, east, north = box
        left, bottom, width, height, columns, rows = self._cells
        first_column = max(math.floor((west - left) / width - MARGIN), 0)
        last_column = min(math.floor((east - left) / width + MARGIN), columns - 1)
        first_row = max(math.floor((south - bottom) / height - MARGIN), 0)
        last_row = min(math.floor((north - bottom) / height + MARGIN), rows - 1)
        if first_column > last_column or first_row > last_row:
            return None
        return first_column, last_column, first_row, last_row

    def _within(self, window: Window) -> Ints:
        first_column, last_column, first_row, last_row = window
        if first_column == 0 and last_column == self.columns - 1:
            # Whole rows of cells are contiguous, so their segments are a single slice.
            lo, hi = first_row * self.columns, (last_row + 1) * self.columns
            return self.cell_segment[self.cell_start[lo] : self.cell_start[hi]]
        return _in_window(self.cell_start, self.cell_segment, self.columns, *window)

    @property
    def columns(self) -> int:
        """Number of cells from west to east."""
        return self._cells[4]

    @cached_property
    def _cells(self) -> tuple[float, float, float, float, int, int]:
        """The grid's ``frame`` as plain Python numbers, which are faster than numpy scalars."""
        west, south, width, height, columns, rows = self.frame.tolist()
        return west, south, width, height, int(columns), int(rows)

    def nearest(
        self, lon: float, lat: float, accept: Callable[[Ints], NDArray[np.bool_]]
    ) -> NearestSegment | None:
        """Return the segment nearest to a point that ``accept`` selects; None if there is none.

        The result is exact. Distances are planar in the local equirectangular frame of the point;
        of equally near segments the one with the lowest id is returned.
        """
        return self.nearest_by(lon, lat, partial(self._best, lon, lat, accept))

    def nearest_by(
        self, lon: float, lat: float, look: Callable[[Window], NearestSegment | None]
    ) -> NearestSegment | None:
        """Return the segment nearest to a point that ``look`` accepts; None if it accepts none.

        Parameters
        ----------
        look
            Function that returns the nearest accepted segment in a window of cells. The window
            grows until it contains the circle around the point that touches the segment found, so
            that the result is exact.
        """
        radius_m = self._first_radius_m(lon, lat)
        while True:
            dlat = radius_m / METRES_PER_DEGREE
            dlon = dlat / max(float(np.cos(np.radians(lat))), 1e-6)
            box = (lon - dlon, lat - dlat, lon + dlon, lat + dlat)
            window = self.window(box)
            best = None if window is None else look(window)
            whole = self._is_whole(*box)
            if best is not None and (whole or best.distance_m <= radius_m):
                return best
            if whole:
                return None
            # Grow the window. If a segment was found, its distance is wide enough: a nearer segment
            # would lie within it.
            radius_m = max(
                2 * radius_m, 0.0 if best is None else min(best.distance_m, 8 * radius_m)
            )

    def _first_radius_m(self, lon: float, lat: float) -> float:
        west, south, width, height, columns, rows = self._cells
        outside = max(
            west - lon,
            lon - (west + width * columns),
            south - lat,
            lat - (south + height * rows),
            0,
        )
        return float((outside + height / 2) * METRES_PER_DEGREE)

    def _is_whole(self, west: float, south: float, east: float, north: float) -> bool:
        left, bottom, width, height, columns, rows = self._cells
        return (
            west <= left
            and south <= bottom
            and east >= left + width * columns
            and north >= bottom + height * rows
        )

    def _best(
        self, lon: float, lat: float, accept: Callable[[Ints], NDArray[np.bool_]], window: Window
    ) -> NearestSegment | None:
        """Return the nearest accepted segment in a window of cells; None if none is accepted."""
        segments = self._within(window)
        if not segments.size:
            return None
        along, distance = self.project(lon, lat, segments)
        distance = np.where(accept(segments), distance, np.inf)
        nearest = distance.min()
        if nearest == np.inf:
            return None
        tied = np.flatnonzero(distance == nearest)
        pick = tied[np.argmin(segments[tied])]
        return NearestSegment(int(segments[pick]), float(along[pick]), float(nearest))

    def project(self, lon: float, lat: float, segments: Ints) -> tuple[Floats, Floats]:
        """Return the position (0 to 1) on each segment nearest to a point, and metres to it."""
        return _project(lon, lat, scale_at(lat), segments, self.shape_lon, self.shape_lat)


def scale_at(lat: float) -> float:
    """Return the metres per degree of longitude at a latitude."""
    return METRES_PER_DEGREE * float(np.cos(np.radians(lat)))


def _frame(lon: NDArray[np.int32], lat: NDArray[np.int32], segment_count: int) -> Floats:
    west, south, east, north = (
        int(value) / UNITS_PER_DEGREE for value in (lon.min(), lat.min(), lon.max(), lat.max())
    )
    width, height = max(east - west, 1e-6), max(north - south, 1e-6)
    cells = min(max(segment_count // _SEGMENTS_PER_CELL, 1), _MAX_CELLS)
    side = np.sqrt(width * height / cells)
    columns = max(min(int(np.ceil(width / side)), cells), 1)
    rows = max(min(int(np.ceil(height / side)), cells), 1)
    # Cells are widened by 1e-9, so that the last point falls inside the last cell.
    return np.array(
        [west, south, width / columns * (1 + 1e-9), height / rows * (1 + 1e-9), columns, rows]
    )


@compiled
def _in_window(
    cell_start: Ints,
    cell_segment: Ints,
    columns: int,
    first_column: int,
    last_column: int,
    first_row: int,
    last_row: int,
) -> Ints:
    """Return the segments of all cells in a window, some of them several times."""
    count = 0
    for row in range(first_row, last_row + 1):
        begin = cell_start[row * columns + first_column]
        count += cell_start[row * columns + last_column + 1] - begin
    found = np.empty(count, np.int64)
    count = 0
    for row in range(first_row, last_row + 1):
        begin = cell_start[row * columns + first_column]
        for at in range(begin, cell_start[row * columns + last_column + 1]):
            found[count] = cell_segment[at]
            count += 1
    return found


@compiled
def _project(
    lon: float,
    lat: float,
    scale: float,
    segments: Ints,
    shape_lon: NDArray[np.int32],
    shape_lat: NDArray[np.int32],
) -> tuple[Floats, Floats]:
    """Compute `SegmentGrid.project`, in the plane of `routing.geometry.geodesy.local_xy`.

    Parameters
    ----------
    scale
        Metres per degree of longitude.
    """
    along, distance = np.empty(len(segments)), np.empty(len(segments))
    for row in range(len(segments)):
        segment = segments[row]
        along[row], distance[row] = distance_to(lon, lat, scale, segment, shape_lon, shape_lat)
    return along, distance


@inlined
def distance_to(
    lon: float,
    lat: float,
    scale: float,
    segment: int,
    shape_lon: NDArray[np.int32],
    shape_lat: NDArray[np.int32],
) -> tuple[float, float]:
    """Return the position (0..1) on a segment nearest to a point, and the distance in metres.

    Parameters
    ----------
    scale
        Metres per degree of longitude at the point, from `scale_at`.
    """
    from_x = (shape_lon[segment] / UNITS_PER_DEGREE - lon) * scale
    from_y = (shape_lat[segment] / UNITS_PER_DEGREE - lat) * METRES_PER_DEGREE
    dx = (shape_lon[segment + 1] / UNITS_PER_DEGREE - lon) * scale - from_x
    dy = (shape_lat[segment + 1] / UNITS_PER_DEGREE - lat) * METRES_PER_DEGREE - from_y
    return nearest_on(from_x, from_y, dx, dy)


@inlined
def nearest_on(from_x: float, from_y: float, dx: float, dy: float) -> tuple[float, float]:
    """Return the position (0..1) on a segment nearest to the origin, and the distance.

    Parameters
    ----------
    from_x, from_y
        Where the segment begins, metres from the origin.
    dx, dy
        Where it ends, metres from its begin.
    """
    square = dx * dx + dy * dy
    share = -(from_x * dx + from_y * dy) / square if square > 0 else 0.0
    at = min(max(share, 0.0), 1.0)
    return at, math.hypot(from_x + at * dx, from_y + at * dy)


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
        int64 [columns * rows]: raised by one for a cell with each visit to the cell.
    found
        int64: unless empty, each segment is written at the current place of its cell.
    """
    columns, rows = int(frame[4]), int(frame[5])
    for segment in segments:
        x_0 = (shape_lon[segment] / UNITS_PER_DEGREE - frame[0]) / frame[2]
        y_0 = (shape_lat[segment] / UNITS_PER_DEGREE - frame[1]) / frame[3]
        x_1 = (shape_lon[segment + 1] / UNITS_PER_DEGREE - frame[0]) / frame[2]
        y_1 = (shape_lat[segment + 1] / UNITS_PER_DEGREE - frame[1]) / frame[3]
        dx, dy = x_1 - x_0, y_1 - y_0
        top = cell_at(max(y_0, y_1) + MARGIN, rows)
        for row in range(cell_at(min(y_0, y_1) - MARGIN, rows), top + 1):
            begin, last = columns_passed(x_0, y_0, dx, dy, row, columns)
            for column in range(begin, last + 1):
                cell = row * columns + column
                if len(found):
                    found[place[cell]] = segment
                place[cell] += 1


@inlined
def columns_passed(
    x_0: float, y_0: float, dx: float, dy: float, row: int, columns: int
) -> tuple[int, int]:
    """Return the first and the last column of the cells that a segment passes in a row of cells.

    Parameters
    ----------
    x_0, y_0, dx, dy
        Start and extent of the segment, in cells from the grid's corner.
    """
    # The part of the segment inside this row of cells, then the columns of that part.
    t_a, t_b = 0.0, 1.0
    if dy != 0:
        t_a = min(max((row - MARGIN - y_0) / dy, 0.0), 1.0)
        t_b = min(max((row + 1 + MARGIN - y_0) / dy, 0.0), 1.0)
    x_a, x_b = x_0 + t_a * dx, x_0 + t_b * dx
    return cell_at(min(x_a, x_b) - MARGIN, columns), cell_at(max(x_a, x_b) + MARGIN, columns)


@inlined
def cell_at(position: float, count: int) -> int:
    """Return the column or row, 0 to ``count - 1``, at a position; outside the grid, the nearest.

    Positions are in cells from the grid's corner.
    """
    return int(min(max(np.floor(position), 0.0), count - 1.0))


def warm() -> None:
    """Compile the kernels of a look-up, or load their compiled code from disk."""
    ends, none = np.array([0, 1], dtype=np.int32), np.zeros(0, dtype=np.int64)
    _in_window(np.zeros(2, dtype=np.int64), none, 1, 0, 0, 0, 0)
    _project(0.0, 0.0, 1.0, np.zeros(1, dtype=np.int64), ends, ends)
