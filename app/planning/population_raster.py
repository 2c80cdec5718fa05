"""People who live near lines and points, from a raster of population that the user gives.

Cells count by the share of them that lies within (exactextract), so a distance shorter than a cell
still counts. Towns' populations (`routing.corridors.people`) count a town whole or not at all; a
raster knows the country between them as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyproj
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.errors import RasterioIOError
from shapely.geometry.base import BaseGeometry

from geo.errors import GeoError
from routing.geometry.geodesy import METRES_PER_DEGREE

type Floats = NDArray[np.float64]

#: Pieces of lines that are widened in one plane are no taller than this, degrees: over so much, a
#: degree of longitude is one length within 1 % up to 55 degrees.
_PIECE_DEG: Final = 0.5

#: Segments of a quarter of a circle: within 0.2 % of its area.
_QUARTER: Final = 16


class PopulationRasterError(GeoError, ValueError):
    """A file is no raster of population."""

    code = "population_raster"


@dataclass(frozen=True, eq=False, slots=True)
class RasterPeople:
    """People within B distances of something; each distance includes the lesser ones.

    Parameters
    ----------
    within_m
        float64 [B], metres.
    people
        float64 [B]; NaN where the raster knows nothing.
    known_share
        float64 [B], share of the area, 0 to 1, in which the raster has values: below 1 the count is
        a lower bound.
    """

    within_m: Floats
    people: Floats
    known_share: Floats


def people_in_raster(
    path: Path, shapes: Sequence[BaseGeometry], within_m: Sequence[float]
) -> RasterPeople:
    """Count the people within some distances of the nearest of some shapes.

    Parameters
    ----------
    path
        A raster that GDAL opens; its first band holds people per cell.
    shapes
        Points and lines, degrees, EPSG:4326; one or more.
    within_m
        Distances, metres, above 0.

    Raises
    ------
    PopulationRasterError
        The file is no raster, or does not say where it lies.
    """
    # Imported here: few commands count people.
    from exactextract import exact_extract  # noqa: PLC0415

    try:
        raster = rasterio.open(path)
    except RasterioIOError as error:
        msg = f"{path} is no raster that GDAL opens"
        raise PopulationRasterError(msg) from error
    with raster:
        if raster.crs is None:
            msg = f"{path} does not say its coordinate system"
            raise PopulationRasterError(msg)
        to_raster = pyproj.Transformer.from_crs("EPSG:4326", raster.crs.to_wkt(), always_xy=True)
        cell = abs(raster.transform.a * raster.transform.e)
        areas = [_projected(area_within(shapes, one), to_raster) for one in within_m]
        features = [
            {"type": "Feature", "geometry": shapely.geometry.mapping(area), "properties": {}}
            for area in areas
        ]
        rows: list[dict[str, Any]] = exact_extract(raster, features, ["sum", "count"])
    people, share = [], []
    for row, area in zip(rows, areas, strict=True):
        told = row["properties"]
        known = float(told["count"] or 0.0) * cell / area.area
        share.append(min(known, 1.0))
        people.append(float(told["sum"]) if known > 0 else np.nan)
    return RasterPeople(np.array(within_m, np.float64), np.array(people), np.array(share))


def _projected(area: BaseGeometry, to_raster: pyproj.Transformer) -> BaseGeometry:
    def moved(points: Floats) -> Floats:
        return np.column_stack(to_raster.transform(points[:, 0], points[:, 1]))

    return shapely.transform(area, moved)


def area_within(shapes: Sequence[BaseGeometry], distance_m: float) -> BaseGeometry:
    """Return the area within a distance of the nearest of some shapes, degrees."""
    pieces = [piece for shape in shapes for piece in pieces_of(shape)]
    return shapely.union_all([_widened(piece, distance_m) for piece in pieces])


def pieces_of(shape: BaseGeometry) -> list[BaseGeometry]:
    """Return a shape in parts of little height."""
    dense = shapely.segmentize(shape, _PIECE_DEG)
    if dense.geom_type != "LineString":
        return [dense]
    points = shapely.get_coordinates(dense)
    return [shapely.LineString(points[n : n + 2]) for n in range(len(points) - 1)]


def _widened(piece: BaseGeometry, distance_m: float) -> BaseGeometry:
    scale = scale_of(piece)
    metres = shapely.transform(piece, lambda points: points * scale)
    area = shapely.buffer(metres, distance_m, quad_segs=_QUARTER)
    return shapely.transform(area, lambda points: points / scale)


def scale_of(piece: BaseGeometry) -> Floats:
    """Return metres in a degree of longitude and of latitude at a piece, float64 [2]."""
    lat = (piece.bounds[1] + piece.bounds[3]) / 2.0
    return np.array([np.cos(np.radians(lat)) * METRES_PER_DEGREE, METRES_PER_DEGREE])
