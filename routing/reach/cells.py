"""Square cells over an area: sets of cells as masks, and the outlines of such sets.

All operations on masks are monotone: if one set contains another, its result contains the other's
result. So areas of growing ranges over the same cells are nested.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiLineString, MultiPolygon, Polygon

from routing.geometry.geodesy import METRES_PER_DEGREE

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Segments of an outline by which of the four cells around a corner are in the set (bits: 1 south
#: west, 2 south east, 4 north east, 8 north west): (from, to) sides of the square between the
#: cells' centres (0 south, 1 east, 2 north, 3 west), with the set on the left. Cells that touch at
#: a corner alone stay apart.
_SEGMENTS: tuple[tuple[tuple[int, int], ...], ...] = (
    (), ((0, 3),), ((1, 0),), ((1, 3),), ((2, 1),), ((0, 3), (2, 1)), ((2, 0),), ((2, 3),),
    ((3, 2),), ((0, 2),), ((1, 0), (3, 2)), ((1, 2),), ((3, 1),), ((0, 1),), ((3, 0),), (),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CellFrame:
    """A lattice of square cells that is fixed on the ground, cut to a window.

    Parameters
    ----------
    cell_m
        Side of a cell, metres.
    lon_deg, lat_deg
        Width and height of a cell, degrees.
    west, south
        Column and row of the window's first cell, counted from the lattice's origin.
    columns, rows
        Size of the window, cells.
    """

    cell_m: float
    lon_deg: float
    lat_deg: float
    west: int
    south: int
    columns: int
    rows: int

    @classmethod
    def around(cls, points: Floats, cell_m: float, lat: float, margin: int) -> Self:
        """Return the cells around some points.

        Parameters
        ----------
        points
            float64 [n, 2], lon and lat, degrees; n > 0.
        cell_m
            Side of a cell, metres.
        lat
            Latitude at which cells are square, degrees.
        margin
            Number of further cells on each side.
        """
        lat_deg = cell_m / METRES_PER_DEGREE
        lon_deg = lat_deg / float(np.cos(np.radians(lat)))
        sides = ((points[:, 0], lon_deg), (points[:, 1], lat_deg))
        (west, columns), (south, rows) = (_window(*side, margin) for side in sides)
        return cls(cell_m, lon_deg, lat_deg, west, south, columns, rows)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the window, degrees."""
        return (
            self.west * self.lon_deg,
            self.south * self.lat_deg,
            (self.west + self.columns) * self.lon_deg,
            (self.south + self.rows) * self.lat_deg,
        )

    def mark(self, points: Floats) -> Bools:
        """Return the cells that points lie in, bool [rows, columns]; points outside are left out.

        Parameters
        ----------
        points
            float64 [n, 2], lon and lat, degrees.
        """
        marked = np.zeros((self.rows, self.columns), dtype=np.bool_)
        column, row = self._cells(points)
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        marked[row[inside], column[inside]] = True
        return marked

    def holds(self, mask: Bools, points: Floats) -> Bools:
        """Return which points lie in cells of a set, bool [n]."""
        column, row = self._cells(points)
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        inside[inside] = mask[row[inside], column[inside]]
        return inside

    def _cells(self, points: Floats) -> tuple[Ints, Ints]:
        column = np.floor(points[:, 0] / self.lon_deg).astype(np.int64)
        row = np.floor(points[:, 1] / self.lat_deg).astype(np.int64)
        return column - self.west, row - self.south

    def outline(self, mask: Bools) -> Polygon | MultiPolygon:
        """Return the outline of a set of cells that keeps off the window's edge.

        The outline runs halfway between the centres of cells in the set and of their neighbours
        outside, so it cuts the corners of the set and covers every cell whose eight neighbours are
        in the set as well.
        """
        rings = _rings(mask)
        origin, size = (self.west + 0.5, self.south + 0.5), (self.lon_deg, self.lat_deg)
        lines = [(ring / 2.0 + origin) * size for ring in rings]
        area = shapely.build_area(MultiLineString(lines))
        assert isinstance(area, Polygon | MultiPolygon)  # noqa: S101 -- rings never meet
        return area


def _window(degrees: Floats, cell_deg: float, margin: int) -> tuple[int, int]:
    """Return the first column (or row) of a window along one axis, and the number of columns."""
    low = math.floor(float(degrees.min()) / cell_deg) - margin
    return low, math.floor(float(degrees.max()) / cell_deg) + margin - low + 1


def dilated(mask: Bools, cells: int) -> Bools:
    """Return the cells no more than ``cells`` columns and rows away from a cell of the set."""
    size = 2 * cells + 1
    padded = np.pad(mask.astype(np.int32), ((cells + 1, cells), (cells + 1, cells)))
    summed = padded.cumsum(axis=0).cumsum(axis=1)
    around = (
        summed[size:, size:] - summed[:-size, size:] - summed[size:, :-size]
        + summed[:-size, :-size]
    )  # fmt: skip
    return np.asarray(around > 0)


def closed(mask: Bools, cells: int) -> Bools:
    """Return a set after closing its gaps of at most twice ``cells`` in width.

    The window's margin has to be at least as wide as ``cells``.
    """
    return ~dilated(~dilated(mask, cells), cells) | mask


def filled(mask: Bools, least: float) -> Bools:
    """Return a set after filling its holes of fewer than ``least`` cells.

    A hole is a group of cells outside the set, joined by their sides, that does not reach the edge
    of the window.
    """
    label = _labelled(~mask)
    size = np.bincount(label.ravel())
    size[np.concatenate((label[[0, -1]].ravel(), label[:, [0, -1]].ravel()))] = np.iinfo(int).max
    return mask | (size[label] < least)


def _labelled(mask: Bools) -> Ints:
    """Label the connected parts of a set (cells that share a side): int64, 1 or more, 0 outside."""
    padded = np.pad(mask, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    row, first = np.nonzero(change > 0)
    _, after = np.nonzero(change < 0)
    parent = list(range(len(row)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    begin = np.searchsorted(row, np.arange(len(mask) + 1)).tolist()
    firsts, afters = first.tolist(), after.tolist()
    for upper in range(1, len(mask)):
        one, two = begin[upper - 1], begin[upper]
        while one < begin[upper] and two < begin[upper + 1]:
            if firsts[one] < afters[two] and firsts[two] < afters[one]:
                parent[root(two)] = root(one)
            if afters[one] < afters[two]:
                one += 1
            else:
                two += 1
    roots = np.array([root(run) for run in range(len(row))], dtype=np.int64)
    label = np.zeros(mask.shape, dtype=np.int64)
    label[mask] = np.repeat(roots + 1, after - first)
    return label


def _rings(mask: Bools) -> list[Ints]:
    """Return the outlines of a set as closed rings, in half cells from the first cell's centre."""
    bits = mask.astype(np.int64)
    case = bits[:-1, :-1] + 2 * bits[:-1, 1:] + 4 * bits[1:, 1:] + 8 * bits[1:, :-1]
    # Middles of the sides of the square whose corners are the centres of four cells, in half cells
    # from the centre of the first of these cells.
    side = np.array([(1, 0), (2, 1), (1, 2), (0, 1)], dtype=np.int64)
    wide = 2 * mask.shape[1] + 1
    onward: dict[int, int] = {}
    for number, segments in enumerate(_SEGMENTS):
        row, column = np.nonzero(case == number) if segments else (np.zeros(0, int),) * 2
        corner = 2 * np.column_stack((column, row))
        for start, end in segments:
            one, two = corner + side[start], corner + side[end]
            onward.update(
                zip(
                    (one[:, 1] * wide + one[:, 0]).tolist(),
                    (two[:, 1] * wide + two[:, 0]).tolist(),
                    strict=True,
                )
            )
    rings = []
    while onward:
        begin, at = onward.popitem()
        ring = [begin]
        while at != begin:
            ring.append(at)
            at = onward.pop(at)
        rings.append(_straightened(np.array(ring, dtype=np.int64), wide))
    return rings


def _straightened(ring: Ints, wide: int) -> Ints:
    """Return the corners of a ring, without points on straight sides, closed, int64 [k, 2]."""
    places = np.column_stack((ring % wide, ring // wide))
    step = np.roll(places, -1, axis=0) - places
    turns = (step != np.roll(step, 1, axis=0)).any(axis=1)
    kept = places[turns]
    return np.concatenate((kept, kept[:1]))
