"""The line of a route for the page's map: fewer vertices, small numbers, metres along the road."""

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.geometry.geodesy import METRES_PER_DEGREE

type Floats = NDArray[np.float64]

#: Digits of degrees that are sent: 1.1 m of latitude.
_DIGITS: Final = 5

#: How far a line may be off: 5 m, and a ten-thousandth of the way, which is less than a pixel
#: wherever the whole way is in view [A].
_OFF_M: Final = 5.0
_OFF_SHARE: Final = 1e-4


def packed(coordinates: Floats, measure_m: Floats) -> list[int]:
    """Return a line as differences: longitude, latitude, metres, and so on, vertex by vertex.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees, longitude first.
    measure_m
        float64 [k], metres along the road at each vertex.

    Returns
    -------
    list of int
        Hundred-thousandths of a degree, and metres; the first three are no differences.
    """
    line = shapely.linestrings(np.column_stack([coordinates, measure_m]))
    off_m = _OFF_M + _OFF_SHARE * float(measure_m[-1])
    kept = shapely.get_coordinates(
        shapely.simplify(line, off_m / METRES_PER_DEGREE, preserve_topology=False), include_z=True
    )
    whole = np.rint(kept * [10**_DIGITS, 10**_DIGITS, 1]).astype(np.int64)
    found: list[int] = np.diff(whole, axis=0, prepend=0).ravel().tolist()
    return found
