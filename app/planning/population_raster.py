"""People who live near lines and points, from a raster of population that the user gives.

A cell's people count by the share of the cell that lies within the distance (exactextract), so even
a distance shorter than a cell gives a number of people. Counts by towns
(`routing.corridors.people`) take a town whole or not at all; a raster also knows who lives between
towns. Counts near lines are kept while line and file are unchanged (`LinePeople`).
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice, product
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from app.snapshots.recently_used import RecentlyUsed
from geo.errors import GeoError
from routing.corridors.people import BANDS_M
from routing.geometry.geodesy import METRES_PER_DEGREE

if TYPE_CHECKING:
    # rasterio is imported where a file is opened: a server without one starts faster.
    from rasterio import DatasetReader

type Floats = NDArray[np.float64]

#: Most degrees of latitude of a piece of line that is buffered in one plane: within it, the length
#: of a degree of longitude varies by 1 % at most, up to 55 degrees of latitude.
_PIECE_DEG: Final = 0.5

#: Segments by which a buffer approximates a quarter of a circle; with 16, the area of the circle is
#: right within 0.2 %.
_QUARTER: Final = 16

#: Tolerance of simplifying a line before it is buffered, as a share of the buffer's distance [A].
_STRAIGHTENED: Final = 0.01

#: Side of the squares in which a raster is read, in cells, as of the tiles of most files. Squares
#: far from the line are not read: they are most of the box around a long corridor.
SQUARE: Final = 512

#: Most cells read for a named corridor [A]: 2 s of CPU, or 3,000 km of line at cells of 100 m.
CORRIDOR_CELLS: Final = 100_000_000
#: Most cells read for a line that anybody draws [A]: 0.4 s of CPU, or 600 km of line.
LINE_CELLS: Final = 20_000_000

#: Most lines whose counts are cached [A].
_KEPT: Final = 200


class PopulationRasterError(GeoError, ValueError):
    """A file is no raster of population."""

    code = "population_raster"


class RasterTooFineError(PopulationRasterError):
    """The raster has more cells within the distances than a request may read."""

    code = "population_raster_too_fine"


@dataclass(frozen=True, eq=False, slots=True)
class RasterPeople:
    """People within each of B distances of shapes; a distance includes the shorter ones.

    Parameters
    ----------
    within_m
        float64 [B], metres.
    people
        float64 [B]; NaN where the raster knows nothing.
    known_share
        float64 [B], share of the area, 0 to 1, in which the raster has values. Below 1, ``people``
        is a lower bound.
    """

    within_m: Floats
    people: Floats
    known_share: Floats


def people_in_raster(
    path: Path,
    shapes: Sequence[BaseGeometry],
    within_m: Sequence[float],
    *,
    most_cells: float = math.inf,
) -> RasterPeople:
    """Count the people within each of some distances of a group of shapes.

    Parameters
    ----------
    path
        A raster that GDAL opens; its first band holds people per cell.
    shapes
        Points and lines, degrees, EPSG:4326; one or more.
    within_m
        Distances, metres, above 0.
    most_cells
        Most cells that may be read, for all distances together.

    Raises
    ------
    PopulationRasterError
        The file is no raster, or has no coordinate system.
    RasterTooFineError
        More cells would have to be read.
    """
    # Imported here, because the import takes time and few commands count people.
    from exactextract import exact_extract

    with opened_raster(path) as raster:
        to_raster = pyproj.Transformer.from_crs("EPSG:4326", raster.crs.to_wkt(), always_xy=True)
        cell = abs(raster.transform.a * raster.transform.e)
        areas = [_projected(area_within(shapes, one), to_raster) for one in within_m]
        parts = [_in_squares(raster, area) for area in areas]
        if sum(map(len, parts)) * cells_of_square(raster) > most_cells:
            msg = f"{path.name} has too many cells there"
            raise RasterTooFineError(msg)
        features = [
            {"type": "Feature", "geometry": shapely.geometry.mapping(one), "properties": {}}
            for one in chain.from_iterable(parts)
        ]
        told: list[dict[str, Any]] = (
            exact_extract(raster, features, ["sum", "count"]) if features else []
        )
    rows = iter(one["properties"] for one in told)
    people, share = [], []
    for part, area in zip(parts, areas, strict=True):
        own = list(islice(rows, len(part)))
        known = sum(float(row["count"] or 0.0) for row in own) * cell / area.area
        share.append(min(known, 1.0))
        people.append(sum(float(row["sum"] or 0.0) for row in own) if known > 0 else np.nan)
    return RasterPeople(np.array(within_m, np.float64), np.array(people), np.array(share))


@contextmanager
def opened_raster(path: Path) -> Iterator["DatasetReader"]:
    """Open a raster of population.

    Raises
    ------
    PopulationRasterError
        The file is no raster, or has no coordinate system.
    """
    import rasterio  # noqa: PLC0415 -- a third of a second, which few need
    from rasterio.errors import RasterioIOError  # noqa: PLC0415

    try:
        raster = rasterio.open(path)
    except RasterioIOError as error:
        msg = f"{path} is no raster that GDAL opens"
        raise PopulationRasterError(msg) from error
    with raster:
        if raster.crs is None:
            msg = f"{path} does not say its coordinate system"
            raise PopulationRasterError(msg)
        yield raster


def cells_of_square(raster: "DatasetReader") -> int:
    """Return the number of cells that GDAL reads for a square: whole blocks of the file."""
    height, width = raster.block_shapes[0]
    rows, columns = math.ceil(SQUARE / height) * height, math.ceil(SQUARE / width) * width
    return int(rows * columns)


def _in_squares(raster: "DatasetReader", area: BaseGeometry) -> list[BaseGeometry]:
    """Cut an area, in the raster's coordinates, into parts that each lie in one square of cells."""
    shapely.prepare(area)
    to, (west, south, east, north) = raster.transform, area.bounds
    columns = _squares([(x - to.c) / to.a for x in (west, east)], raster.width)
    rows = _squares([(y - to.f) / to.e for y in (south, north)], raster.height)
    parts = []
    for (top, bottom), (left, right) in product(rows, columns):
        x, y = (to.c + n * to.a for n in (left, right)), (to.f + n * to.e for n in (top, bottom))
        square = shapely.MultiPoint([*zip(x, y, strict=True)]).envelope
        if area.intersects(square):
            part = shapely.intersection(area, square)
            if part.area > 0:
                parts.append(part)
    return parts


def _squares(ends: Sequence[float], size: int) -> list[tuple[int, int]]:
    """Return the range of cells, first and end, of each square that touches an interval.

    Parameters
    ----------
    ends
        Both ends of the interval along one side of the raster, in cells.
    size
        Cells of the raster along that side.
    """
    first, last = math.floor(min(ends) / SQUARE), math.floor(max(ends) / SQUARE)
    cells = range(max(first, 0) * SQUARE, min((last + 1) * SQUARE, size), SQUARE)
    return [(one, min(one + SQUARE, size)) for one in cells]


def _projected(area: BaseGeometry, to_raster: pyproj.Transformer) -> BaseGeometry:
    def moved(points: Floats) -> Floats:
        return np.column_stack(to_raster.transform(points[:, 0], points[:, 1]))

    return shapely.transform(area, moved)


def area_within(shapes: Sequence[BaseGeometry], distance_m: float) -> BaseGeometry:
    """Return the area within a distance of any of the shapes, in degrees.

    Lines are simplified by a hundredth of the distance first: lines of roads have a point every few
    metres.
    """
    spare_deg = _STRAIGHTENED * distance_m / METRES_PER_DEGREE
    pieces = [piece for shape in shapes for piece in pieces_of(shapely.simplify(shape, spare_deg))]
    return shapely.union_all([_widened(piece, distance_m) for piece in pieces])


def pieces_of(shape: BaseGeometry) -> list[BaseGeometry]:
    """Cut a line into pieces of about `_PIECE_DEG` of latitude; return other shapes whole."""
    dense = shapely.segmentize(shape, _PIECE_DEG)
    if dense.geom_type != "LineString":
        return [dense]
    points = shapely.get_coordinates(dense)
    cuts, low, high = [0], points[0, 1], points[0, 1]
    for end, lat in enumerate(points[1:, 1].tolist(), start=1):
        low, high = min(low, lat), max(high, lat)
        if high - low > _PIECE_DEG and end - 1 > cuts[-1]:
            cuts.append(end - 1)
            low, high = sorted(points[end - 1 : end + 1, 1].tolist())
    ends = [*cuts[1:], len(points) - 1]
    return [shapely.LineString(points[a : b + 1]) for a, b in zip(cuts, ends, strict=True)]


def _widened(piece: BaseGeometry, distance_m: float) -> BaseGeometry:
    scale = scale_of(piece)
    metres = shapely.transform(piece, lambda points: points * scale)
    area = shapely.buffer(metres, distance_m, quad_segs=_QUARTER)
    return shapely.transform(area, lambda points: points / scale)


def scale_of(piece: BaseGeometry) -> Floats:
    """Return metres in a degree of longitude and of latitude at a piece, float64 [2]."""
    lat = (piece.bounds[1] + piece.bounds[3]) / 2.0
    return np.array([np.cos(np.radians(lat)) * METRES_PER_DEGREE, METRES_PER_DEGREE])


@dataclass(frozen=True, eq=False, slots=True)
class CountedByRaster:
    """People near a line by a raster.

    Attributes
    ----------
    source : str
        Name of the raster's file.
    people : RasterPeople or None
        None if they could not be counted.
    left_out : str or None
        Why they could not be counted: ``too_fine`` (more cells than a request may read) or
        ``unreadable``.
    """

    source: str
    people: RasterPeople | None
    left_out: Literal["too_fine", "unreadable"] | None = None


class LinePeople:
    """Counts of people near lines, with a cache in this process; may be used by several threads.

    Parameters
    ----------
    path
        The operator's raster; None without one.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = Lock()
        self._kept = RecentlyUsed[CountedByRaster](_KEPT)

    def near(
        self, line: NDArray[np.float64], *, most_cells: float = LINE_CELLS
    ) -> CountedByRaster | None:
        """Return the people within `BANDS_M` of a line; None without a raster.

        Parameters
        ----------
        line
            float64 [n, 2], lon and lat in degrees, EPSG:4326.
        most_cells
            Cells that may be read.
        """
        if self._path is None:
            return None
        try:
            file = self._path.stat()
        except OSError:
            return CountedByRaster(self._path.name, None, "unreadable")
        identity = (file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns)
        key = (sha256(line.tobytes()).digest(), most_cells, identity)
        with self._lock:
            counted = self._kept.get(key)
        if counted is None:
            counted = _counted(self._path, line, most_cells)
            with self._lock:
                self._kept.put(key, counted)
        return counted


def _counted(path: Path, line: NDArray[np.float64], most_cells: float) -> CountedByRaster:
    try:
        found = people_in_raster(path, [shapely.LineString(line)], BANDS_M, most_cells=most_cells)
    except RasterTooFineError:
        return CountedByRaster(path.name, None, "too_fine")
    except (OSError, RuntimeError, ValueError, ArithmeticError):
        # GDAL and exactextract raise many kinds of errors for a file that is damaged or changing.
        return CountedByRaster(path.name, None, "unreadable")
    return CountedByRaster(path.name, found)


def problem_of(path: Path) -> str | None:
    """Return why a raster cannot be used, or for short corridors only; None if it can be used."""
    try:
        with opened_raster(path) as raster:
            cells = cells_of_square(raster)
    except PopulationRasterError as error:
        return f"{error}: people near corridors are those of towns"
    if cells * len(BANDS_M) > LINE_CELLS / 10:
        return (
            f"{path} is not stored in tiles, so long corridors keep the people of towns: "
            "gdal_translate -co TILED=YES -co COMPRESS=DEFLATE writes it anew"
        )
    return None
