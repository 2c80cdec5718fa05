"""Heights of nodes from a raster, and ascent along roads (rasterio is imported on use)."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.errors import ImportFailed
from routing.geometry.geodesy import METRES_PER_DEGREE

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Longest side of a cell, metres, from which slopes may be computed. Slope needs cells of 90 m or
#: finer (design/definitions.md). "90 m" rasters have 3 arc seconds, which is 92.7 m at the equator;
#: anything above that is the next coarser product.
MAX_SLOPE_CELL_M = 93.0
#: Cells per block read at once: 4 million float64 are 32 MB.
_BLOCK = 2048
#: Binomial weights 1 4 6 4 1 of a smoothing window over five samples.
_SMOOTHING = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
_HALF_CELL = 0.5
#: Number of height samples along a bridge or tunnel, its two ends; other lines have at least as
#: many.
_ENDS = 2
_WGS84 = "EPSG:4326"


class HeightRaster:
    """Raster of terrain heights, used as a context manager.

    Parameters
    ----------
    path
        Any raster that GDAL reads; band 1, metres.

    Raises
    ------
    ImportFailed
        If the file is not a raster, or states no coordinate system.
    """

    def __init__(self, path: Path) -> None:
        import rasterio  # noqa: PLC0415 -- only importing with a height file needs it

        try:
            self._raster: Any = rasterio.open(path)
        except rasterio.errors.RasterioIOError as error:
            raise ImportFailed(f"{path}: not a height raster: {error}") from error
        if self._raster.crs is None:
            self._raster.close()
            raise ImportFailed(f"{path.name}: the raster does not state its coordinate system")
        self.cell_m = self._cell_m()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._raster.close()

    @property
    def gives_slope(self) -> bool:
        """Whether the cells are fine enough to compute slopes."""
        return self.cell_m <= MAX_SLOPE_CELL_M

    def _cell_m(self) -> float:
        """Return the longer side of a cell, metres; degrees are converted as at the equator."""
        width, height = self._raster.res
        if self._raster.crs.is_geographic:
            return float(max(width, height) * METRES_PER_DEGREE)
        _, factor = self._raster.crs.linear_units_factor
        return float(max(width, height) * factor)

    def heights_m(self, lon: Floats, lat: Floats) -> Floats:
        """Return bilinearly interpolated heights, NaN outside the raster or without data.

        Parameters
        ----------
        lon, lat
            float64 [K], degrees, EPSG:4326.
        """
        x, y = self._to_raster(lon, lat)
        inverse = ~self._raster.transform
        # Column and row are in cells, counted from the centre of the first cell.
        column = inverse.a * x + inverse.b * y + inverse.c - _HALF_CELL
        row = inverse.d * x + inverse.e * y + inverse.f - _HALF_CELL
        result = np.full(len(column), np.nan)
        # Points within half a cell beyond the outermost centres still lie inside the raster.
        inside = (
            (column >= -_HALF_CELL)
            & (row >= -_HALF_CELL)
            & (column <= self._raster.width - _HALF_CELL)
            & (row <= self._raster.height - _HALF_CELL)
        )
        rows = np.flatnonzero(inside)
        block = (row[rows].clip(0) // _BLOCK).astype(int) * (self._raster.width // _BLOCK + 2)
        block += (column[rows].clip(0) // _BLOCK).astype(int)
        order = np.argsort(block, kind="stable")
        edges = np.flatnonzero(np.diff(block[order])) + 1
        for part in np.split(rows[order], edges):
            if len(part):
                result[part] = self._bilinear(column[part], row[part])
        return result

    def _to_raster(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        from rasterio import warp  # noqa: PLC0415 -- see above

        if self._raster.crs.to_epsg() == 4326:  # noqa: PLR2004
            return lon, lat
        x, y = warp.transform(_WGS84, self._raster.crs, lon.tolist(), lat.tolist())
        return np.array(x), np.array(y)

    def _bilinear(self, column: Floats, row: Floats) -> Floats:
        from rasterio.windows import Window  # noqa: PLC0415 -- see above

        width, height = self._raster.width, self._raster.height
        column, row = column.clip(0, width - 1), row.clip(0, height - 1)
        left, top = int(column.min()), int(row.min())
        right = min(int(np.floor(column.max())) + 2, width)
        bottom = min(int(np.floor(row.max())) + 2, height)
        window = Window.from_slices((top, bottom), (left, right))
        cells = self._raster.read(1, window=window, masked=True).astype(np.float64).filled(np.nan)
        column, row = column - left, row - top
        c_0, r_0 = np.floor(column).astype(int), np.floor(row).astype(int)
        c_1, r_1 = np.minimum(c_0 + 1, right - left - 1), np.minimum(r_0 + 1, bottom - top - 1)
        u, v = column - c_0, row - r_0
        # Corners of weight 0 are skipped: one without data (NaN) would make the height NaN.
        total = np.zeros(len(column))
        for r, c, weight in (
            (r_0, c_0, (1 - v) * (1 - u)),
            (r_0, c_1, (1 - v) * u),
            (r_1, c_0, v * (1 - u)),
            (r_1, c_1, v * u),
        ):
            total += np.where(weight > 0, weight * cells[r, c], 0.0)
        return total


class HeightRasters:
    """Several rasters, such as tiles, read as one raster; used as a context manager.

    Where rasters overlap, the height is that of the first raster that has one.

    Parameters
    ----------
    paths
        One or more files; see `HeightRaster` for what they may be, and for errors.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        with ExitStack() as opened:
            self._rasters = [opened.enter_context(HeightRaster(path)) for path in paths]
            self._opened = opened.pop_all()
        self.cell_m = max(raster.cell_m for raster in self._rasters)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    @property
    def gives_slope(self) -> bool:
        """Whether the cells of all rasters are fine enough to compute slopes."""
        return all(raster.gives_slope for raster in self._rasters)

    def heights_m(self, lon: Floats, lat: Floats) -> Floats:
        """Return the height at each place from the first raster that has one, metres; else NaN.

        Parameters and interpolation are those of `HeightRaster.heights_m`.
        """
        result = self._rasters[0].heights_m(lon, lat)
        for raster in self._rasters[1:]:
            missing = np.flatnonzero(np.isnan(result))
            if not len(missing):
                break
            result[missing] = raster.heights_m(lon[missing], lat[missing])
        return result


def climbs_m(
    raster: HeightRaster | HeightRasters, start: Ints, lonlat: Floats, is_raised: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return ascent and descent of each line in metres, NaN where a height is missing.

    Heights are sampled once per cell along the line and smoothed with binomial weights over five
    samples; the end heights stay as they are. Without smoothing, the random errors of metres in
    cell heights would add up to climbs. Bridges and tunnels run straight between their ends,
    because the raster shows the valley or the mountain.

    Parameters
    ----------
    start
        int64 [K + 1]: the vertices of line k are rows ``start[k]`` to ``start[k + 1]``.
    lonlat
        float64 [P, 2], degrees, in the direction of travel.
    is_raised
        bool [K]: bridge or tunnel.

    Returns
    -------
    tuple of ndarray of float64
        Ascent and descent [K], both >= 0. ascent - descent is the difference of the ends' heights.
    """
    along = _along_m(start, lonlat)
    length = along[start[1:] - 1]
    counts = np.maximum(np.ceil(length / raster.cell_m).astype(np.int64) + 1, _ENDS)
    counts[is_raised] = _ENDS
    sample_start = np.concatenate(([0], np.cumsum(counts)))
    lon, lat = (
        _sampled(start, along, np.ascontiguousarray(column), sample_start) for column in lonlat.T
    )
    return _climbs(sample_start, raster.heights_m(lon, lat))


def _along_m(start: Ints, lonlat: Floats) -> Floats:
    """Return the distance of each vertex from the start of its line, planar metres, float64 [P]."""
    scale = np.repeat(np.cos(np.radians(lonlat[start[:-1], 1])), np.diff(start)) * METRES_PER_DEGREE
    step = np.zeros(len(lonlat))
    east, north = np.diff(lonlat, axis=0).T
    step[1:] = np.hypot(east * scale[1:], north * METRES_PER_DEGREE)
    return _summed(start, step)


@compiled
def _summed(start: Ints, step: Floats) -> Floats:
    """Return cumulative sums of each line's steps, starting from 0 at its first vertex."""
    along = np.empty(len(step))
    for line in range(len(start) - 1):
        total = 0.0
        for i in range(start[line], start[line + 1]):
            if i > start[line]:
                total += step[i]
            along[i] = total
    return along


@compiled
def _sampled(start: Ints, along: Floats, values: Floats, sample_start: Ints) -> Floats:
    """Interpolate values of vertices at evenly spaced samples of each line, ends included."""
    sampled = np.empty(sample_start[-1])
    for line in range(len(start) - 1):
        vertex = start[line]
        last = start[line + 1] - 1
        steps = sample_start[line + 1] - sample_start[line] - 1
        step_m = along[last] / steps
        for i in range(steps):
            at = i * step_m
            while vertex < last and along[vertex + 1] <= at:
                vertex += 1
            value = values[vertex]
            if vertex < last and along[vertex] != at:
                slope = (values[vertex + 1] - value) / (along[vertex + 1] - along[vertex])
                value += slope * (at - along[vertex])
            sampled[sample_start[line] + i] = value
        sampled[sample_start[line + 1] - 1] = values[last]
    return sampled


@compiled
def _climbs(start: Ints, heights: Floats) -> tuple[Floats, Floats]:
    """Smooth each line's heights; return its ascent and descent, NaN where a height is missing.

    The heights at both ends stay as they are, so that climbs add up along a route.
    """
    count = len(start) - 1
    ascent, descent = np.zeros(count), np.zeros(count)
    for line in range(count):
        first = start[line]
        last = start[line + 1] - 1
        before = heights[first]
        for i in range(first + 1, last + 1):
            height = heights[i]
            if i < last:
                height = 0.0
                for j in range(len(_SMOOTHING)):
                    # Beyond an end of the line, the smoothing window takes the height of that end.
                    inside = min(max(i + j - 2, first), last)
                    height += _SMOOTHING[j] * heights[inside]
            rise = height - before
            if rise > 0:
                ascent[line] += rise
            else:
                descent[line] -= rise
            before = height
        if np.isnan(ascent[line] + descent[line] + before):
            ascent[line] = descent[line] = np.nan
    return ascent, descent
