"""Areas where no space may be opened, as rows of forbidden candidates."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from routing.errors import InvalidRequest

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


def sites_within(lon: Floats, lat: Floats, areas: Sequence[BaseGeometry | Floats]) -> Ints:
    """Return the sites that lie in areas or on their edges, int64 ascending.

    Parameters
    ----------
    lon, lat
        float64 [N], degrees, WGS 84.
    areas
        Polygons and multipolygons, or the outer ring of each as float64 [k, 2], longitude first.

    Raises
    ------
    InvalidRequest
        An area is not a polygon, or is invalid or empty.
    """
    is_within = np.zeros(len(lon), np.bool_)
    for area in areas:
        is_within |= shapely.intersects_xy(_polygon(area), lon, lat)
    return np.flatnonzero(is_within)


def _polygon(area: BaseGeometry | Floats) -> BaseGeometry:
    if not isinstance(area, BaseGeometry):
        try:
            area = Polygon(area)
        except (TypeError, ValueError) as error:
            raise InvalidRequest("areas", "not_polygons") from error
    if not isinstance(area, Polygon | MultiPolygon):
        raise InvalidRequest("areas", "not_polygons")
    if area.is_empty or not area.is_valid:
        raise InvalidRequest("areas", "invalid_polygon")
    return area
