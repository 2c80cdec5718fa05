"""Heights from a raster: at nodes, and climb along roads (rasterio, loaded on use)."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from routing.errors import ImportFailed
from routing.metric import METRES_PER_DEGREE

type Floats = NDArray[np.float64]

#: Slope needs cells of 90 m or finer (design/definitions.md). "90 m" rasters have 3 arc seconds,
#: which is 92.7 m at the equator; anything above that is the next coarser product.
MAX_SLOPE_CELL_M = 93.0
#: Cells per block read at once: 4 million float64 are 32 MB.
_BLOCK = 2048
#: A triangular window over five samples, weights from the binomial row 1 4 6 4 1.
_SMOOTHING = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
_HALF_CELL = 0.5
_WGS84 = "EPSG:4326"


class HeightRaster:
    """A height raster, opened as a context manager.

    Parameters
    ----------
    path
        Any raster that GDAL reads; band 1, metres.

    Raises
    ------
    ImportFailed
        No raster, or one without a coordinate system.
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
        """Cells are fine enough to speak of slope."""
        return self.cell_m <= MAX_SLOPE_CELL_M

    def _cell_m(self) -> float:
        """Return the longer side of a cell in metres (a degree of longitude is never longer)."""
        width, height = self._raster.res
        if self._raster.crs.is_geographic:
            return float(max(width, height) * METRES_PER_DEGREE)
        _, factor = self._raster.crs.linear_units_factor
        return float(max(width, height) * factor)

    def heights_m(self, lon: Floats, lat: Floats) -> Floats:
        """Return heights between cell centres (bilinear), NaN outside or without data.

        Parameters
        ----------
        lon, lat
            float64 [K], degrees, EPSG:4326.
        """
        x, y = self._to_raster(lon, lat)
        inverse = ~self._raster.transform
        column = (
            inverse.a * x + inverse.b * y + inverse.c - _HALF_CELL
        )  # in cells, from the first centre
        row = inverse.d * x + inverse.e * y + inverse.f - _HALF_CELL
        result = np.full(len(column), np.nan)
        # Half a cell around the outermost centres still lies inside the raster.
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
        # A corner of weight zero may lack data without spoiling the point.
        total = np.zeros(len(column))
        for r, c, weight in (
            (r_0, c_0, (1 - v) * (1 - u)),
            (r_0, c_1, (1 - v) * u),
            (r_1, c_0, v * (1 - u)),
            (r_1, c_1, v * u),
        ):
            total += np.where(weight > 0, weight * cells[r, c], 0.0)
        return total


def climbs_m(
    raster: HeightRaster, lines: list[Floats], is_raised: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return metres up and down along each line, NaN where the raster does not cover it.

    Heights are sampled once a cell along the line, the ends kept as they are, and smoothed with
    binomial weights over five samples: cell heights carry random errors of metres, and every one
    of them would count as climb. Bridges and tunnels run straight between their ends, because
    the raster shows the valley or the mountain.

    Parameters
    ----------
    lines
        float64 [k, 2] each, degrees, in the direction of travel.
    is_raised
        bool [K]: bridge or tunnel.

    Returns
    -------
    tuple of ndarray of float64
        Ascent and descent, both >= 0. ascent - descent is the difference of the ends' heights.
    """
    points, counts = _samples(lines, raster.cell_m, is_raised)
    heights = raster.heights_m(points[:, 0], points[:, 1])
    ascent, descent = np.empty(len(lines)), np.empty(len(lines))
    stop = np.cumsum(counts)
    for index, (first, last) in enumerate(zip(stop - counts, stop, strict=True)):
        steps = np.diff(_smooth(heights[first:last]))
        ascent[index] = steps[steps > 0].sum() if not np.isnan(steps).any() else np.nan
        descent[index] = -steps[steps < 0].sum() if not np.isnan(steps).any() else np.nan
    return ascent, descent


def _samples(
    lines: list[Floats], step_m: float, is_raised: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.int64]]:
    sampled, counts = [], np.empty(len(lines), dtype=np.int64)
    for index, line in enumerate(lines):
        scale = np.array([np.cos(np.radians(line[0, 1])), 1.0]) * METRES_PER_DEGREE
        along = np.concatenate(([0.0], np.cumsum(np.hypot(*(np.diff(line, axis=0) * scale).T))))
        count = 2 if is_raised[index] else max(int(np.ceil(along[-1] / step_m)) + 1, 2)
        at = np.linspace(0.0, along[-1], count)
        sampled.append(
            np.column_stack((np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])))
        )
        counts[index] = count
    return np.concatenate(sampled), counts


def _smooth(heights: Floats) -> Floats:
    """Smooth the inside of a profile; both ends stay, so that climbs add up along a route."""
    if len(heights) <= 2:  # noqa: PLR2004 -- only the two ends
        return heights
    padded = np.concatenate((np.repeat(heights[0], 2), heights, np.repeat(heights[-1], 2)))
    smooth = np.convolve(padded, _SMOOTHING, mode="valid")
    smooth[0], smooth[-1] = heights[0], heights[-1]
    return smooth
