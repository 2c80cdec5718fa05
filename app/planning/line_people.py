"""People near lines by the operator's raster, kept while line and file are unchanged."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.corridors.people import BANDS_M

if TYPE_CHECKING:
    # Used in functions alone: a server without a raster starts faster without rasterio.
    from app.planning.population_raster import RasterPeople

#: Cells read at most for a named corridor, and for a line that anybody draws [A]: 2 s and 0.4 s of
#: CPU; of cells of 100 m, some 3,000 and 600 km of a line.
CORRIDOR_CELLS: Final = 100_000_000
LINE_CELLS: Final = 20_000_000

#: Lines whose counts are kept [A].
_KEPT: Final = 200

type _Key = tuple[bytes, float, tuple[int, int, int, int]]


@dataclass(frozen=True, eq=False, slots=True)
class CountedByRaster:
    """People near a line by a raster.

    Attributes
    ----------
    source : str
        Name of the raster's file.
    people : RasterPeople or None
        None if they are not counted.
    left_out : str or None
        Why they are not: ``too_fine``, there are more cells than a request may read, or
        ``unreadable``.
    """

    source: str
    people: "RasterPeople | None"
    left_out: Literal["too_fine", "unreadable"] | None = None


class LinePeople:
    """Counts of people near lines of one process; may be used by several threads.

    Parameters
    ----------
    path
        The operator's raster; None without one.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = Lock()
        self._kept: OrderedDict[_Key, CountedByRaster] = OrderedDict()

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
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        counted = _counted(self._path, line, most_cells)
        with self._lock:
            self._kept[key] = counted
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return counted


def _counted(path: Path, line: NDArray[np.float64], most_cells: float) -> CountedByRaster:
    from app.planning.population_raster import (  # noqa: PLC0415 -- as above
        PopulationRasterError,
        RasterTooFineError,
        people_in_raster,
    )

    try:
        found = people_in_raster(path, [shapely.LineString(line)], BANDS_M, most_cells=most_cells)
    except RasterTooFineError:
        return CountedByRaster(path.name, None, "too_fine")
    except (PopulationRasterError, OSError, RuntimeError):
        # Of a file that is damaged or changes meanwhile GDAL and exactextract tell in many ways.
        return CountedByRaster(path.name, None, "unreadable")
    return CountedByRaster(path.name, found)


def problem_of(path: Path) -> str | None:
    """Return what keeps a raster from being used as it should be, None if nothing does."""
    from app.planning.population_raster import (  # noqa: PLC0415 -- as above
        PopulationRasterError,
        cells_of_square,
        opened_raster,
    )

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
