"""Lines measured in metres: lengths, positions along them, cuts, and areas around them.

All coordinates are WGS 84 degrees (EPSG:4326), longitude first.
"""

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from routing.geometry.geodesy import METRES_PER_DEGREE, great_circle_m

type Floats = NDArray[np.float64]

_WGS84: Final = Geod(ellps="WGS84")


def segment_lengths_m(coordinates: Floats) -> Floats:
    """Return the great-circle length of each segment of a polyline.

    Positions along an edge are shares of its length measured by these lengths, also for snapping.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees, longitude first.

    Returns
    -------
    float64 [k - 1], metres.
    """
    return great_circle_m(*coordinates[:-1].T, *coordinates[1:].T)


def vertex_shares(coordinates: Floats) -> Floats:
    """Return the share of a polyline's length before each vertex, from 0 to 1.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees; the vertices of a polyline without length are spaced evenly.

    Returns
    -------
    float64 [k], ascending from exactly 0 to exactly 1.
    """
    return shares_along(coordinates, np.array([len(coordinates)]))


def shares_along(coordinates: Floats, count: NDArray[np.int64]) -> Floats:
    """Return the share of length before each vertex of many polylines, stored one after another.

    Parameters
    ----------
    coordinates
        float64 [v, 2], degrees.
    count
        int64 [lines]: number of vertices of each polyline, 2 or more.

    Returns
    -------
    float64 [v], ascending in each line from exactly 0 to exactly 1; evenly spaced where a line has
    no length.
    """
    if not len(coordinates):
        return np.empty(0)
    begin = np.cumsum(count) - count
    step_m = np.concatenate(([0.0], segment_lengths_m(coordinates)))
    step_m[begin] = 0.0
    along_m = np.cumsum(step_m)
    along_m -= np.repeat(along_m[begin], count)
    length_m = np.repeat(along_m[begin + count - 1], count)
    evenly = (np.arange(len(along_m)) - np.repeat(begin, count)) / np.repeat(count - 1, count)
    return np.asarray(np.divide(along_m, length_m, out=evenly, where=length_m > 0))


def between(coordinates: Floats, start: float, end: float) -> tuple[Floats, Floats]:
    """Cut a polyline between two shares of its length.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees.
    start, end
        0 <= start <= end <= 1.

    Returns
    -------
    (coordinates float64 [m, 2], share of the whole polyline at each vertex float64 [m]), m >= 2.
    """
    shares = vertex_shares(coordinates)
    if start <= 0 and end >= 1:
        return coordinates, shares
    inside = (shares > start) & (shares < end)
    cut = [start, end]
    ends = np.column_stack([np.interp(cut, shares, coordinates[:, axis]) for axis in (0, 1)])
    kept = np.concatenate([[start], shares[inside], [end]])
    return np.vstack([ends[:1], coordinates[inside], ends[1:]]), kept


def geodesic_m(coordinates: Floats) -> Floats:
    """Return the geodesic length of each segment of a polyline on the WGS 84 ellipsoid.

    Karney's method (PROJ), as PostGIS measures a geography.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees, longitude first.

    Returns
    -------
    float64 [k - 1], metres.
    """
    lengths_m = _WGS84.line_lengths(coordinates[:, 0], coordinates[:, 1])
    return np.asarray(lengths_m, dtype=np.float64)


def project(coordinates: Floats, lon: float, lat: float) -> tuple[Floats, Floats]:
    """Find the point nearest to a given point on every segment of a polyline.

    Distances are planar, in the local plane at the point's latitude: exact near the point, which is
    where the result is used.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees, k >= 2.
    lon, lat
        The point, degrees.

    Returns
    -------
    (distance_m float64 [k - 1], position along each segment float64 [k - 1], 0 to 1)
    """
    factor = METRES_PER_DEGREE * np.array([np.cos(np.radians(lat)), 1.0])
    local = (coordinates - np.array([lon, lat])) * factor
    start, step = local[:-1], np.diff(local, axis=0)
    squared = np.einsum("ij,ij->i", step, step)
    dot = -np.einsum("ij,ij->i", start, step)
    share = np.divide(dot, squared, out=np.zeros(len(step)), where=squared > 0).clip(0.0, 1.0)
    nearest = start + share[:, None] * step
    return np.hypot(nearest[:, 0], nearest[:, 1]), share


def distance_to_line_m(coordinates: Floats, lon: float, lat: float) -> float:
    """Return the distance from a point to a polyline of two vertices or more, in metres."""
    return float(project(coordinates, lon, lat)[0].min())


def surrounding(geometry: BaseGeometry, distance_m: float) -> BaseGeometry:
    """Return the area within a distance of points and lines; polygons stay as they are.

    Each segment is buffered in a plane scaled for its own latitude, so that the area around a long
    line is equally wide everywhere.

    Parameters
    ----------
    geometry
        Any geometry in degrees.
    distance_m
        Distance on either side, metres.

    Returns
    -------
    A polygonal geometry in degrees.
    """
    simple = [part for part in _simple_parts(geometry) if not part.is_empty]
    if len(simple) == 1 and simple[0].geom_type == "Polygon":
        return simple[0]
    return shapely.union_all([_around(part, distance_m) for part in simple])


def _simple_parts(geometry: BaseGeometry) -> list[BaseGeometry]:
    """Split a geometry collection into its single points, lines and polygons."""
    if hasattr(geometry, "geoms"):
        return [part for member in geometry.geoms for part in _simple_parts(member)]
    return [geometry]


def _around(part: BaseGeometry, distance_m: float) -> BaseGeometry:
    if part.geom_type == "Polygon":
        return part
    points = shapely.get_coordinates(part)
    ends = (points, points) if len(points) == 1 else (points[:-1], points[1:])
    segments = np.stack(ends, axis=1)
    squeeze = np.cos(np.radians(segments[:, :, 1].mean(axis=1)))
    segments[:, :, 0] *= squeeze[:, None]
    areas = shapely.buffer(shapely.linestrings(segments), distance_m / METRES_PER_DEGREE)
    points, owner = shapely.get_coordinates(areas, return_index=True)
    points[:, 0] /= squeeze[owner]
    return shapely.union_all(shapely.set_coordinates(areas, points))
