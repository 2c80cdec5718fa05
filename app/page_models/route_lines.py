"""Compact encoding of a route's line for the map: simplified, integers, metres along the road."""

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.geometry.geodesy import METRES_PER_DEGREE

type Floats = NDArray[np.float64]

#: Decimal digits of degrees in the encoding: 1.1 m of latitude.
_DIGITS: Final = 5

#: Simplification tolerance: 5 m plus a ten-thousandth of the route's length, which is less than a
#: pixel whenever the whole route is in view [A].
_OFF_M: Final = 5.0
_OFF_SHARE: Final = 1e-4


def packed(coordinates: Floats, measure_m: Floats) -> list[int]:
    """Encode a line as flat differences: longitude, latitude and metres of each vertex.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees, longitude first.
    measure_m
        float64 [k], metres along the road at each vertex.

    Returns
    -------
    list of int
        Units of 1e-5 degree, and metres; the first three numbers are absolute.
    """
    line = shapely.linestrings(np.column_stack([coordinates, measure_m]))
    off_m = _OFF_M + _OFF_SHARE * float(measure_m[-1])
    kept = shapely.get_coordinates(
        shapely.simplify(line, off_m / METRES_PER_DEGREE, preserve_topology=False), include_z=True
    )
    whole = np.rint(kept * [10**_DIGITS, 10**_DIGITS, 1]).astype(np.int64)
    found: list[int] = np.diff(whole, axis=0, prepend=0).ravel().tolist()
    return found
