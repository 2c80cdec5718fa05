"""Distances on the ground: great circles, and a local plane around one point."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Mean radius of the Earth in metres; osmnx uses the same figure (osmnx.distance.EARTH_RADIUS_M),
#: so lengths agree with it. IUGG's mean radius R1 is 6,371,008.8 m.
EARTH_RADIUS_M = 6_371_009.0
#: Units in a degree of the coordinates that are kept as integers (OpenStreetMap's precision).
UNITS_PER_DEGREE = 10_000_000
METRES_PER_DEGREE = EARTH_RADIUS_M * np.pi / 180.0


def great_circle_m(
    lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike
) -> NDArray[np.float64]:
    """Return great-circle distances by the haversine formula.

    Parameters
    ----------
    lon_a, lat_a, lon_b, lat_b
        Degrees, EPSG:4326; scalars or arrays that broadcast.

    Returns
    -------
    ndarray of float64
        Metres.
    """
    lon_1, lat_1, lon_2, lat_2 = (np.radians(value) for value in (lon_a, lat_a, lon_b, lat_b))
    return _haversine_m(lon_2 - lon_1, lat_2 - lat_1, np.cos(lat_1) * np.cos(lat_2))


def stretch_lengths_m(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return great-circle distances between many pairs of places given by index.

    Parameters
    ----------
    lon, lat
        float64 [N], degrees, EPSG:4326.
    tail, head
        int64 [S], indices of the two places of each pair.

    Returns
    -------
    ndarray of float64
        Metres [S], bit for bit those of `great_circle_m`.
    """
    x, y = np.radians(lon), np.radians(lat)
    cos = np.cos(y)
    return _haversine_m(x[head] - x[tail], y[head] - y[tail], cos[tail] * cos[head])


def _haversine_m(
    lon: NDArray[np.float64], lat: NDArray[np.float64], cosines: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return great-circle distances in metres.

    Arguments are the differences in radians, and the product of both latitudes' cosines.
    """
    half = np.sin(lat / 2) ** 2 + cosines * np.sin(lon / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0))))


def local_xy(
    lon: NDArray[np.float64], lat: NDArray[np.float64], lon_0: float, lat_0: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project degrees to metres east and north of (lon_0, lat_0), equirectangular.

    Straight in degrees stays straight in metres, so the nearest point of a polyline can be
    found in the plane. The error of a distance d grows as (d / radius)^2: below 0.1 % at 100 km.
    """
    scale = METRES_PER_DEGREE * np.cos(np.radians(lat_0))
    return (lon - lon_0) * scale, (lat - lat_0) * METRES_PER_DEGREE


def mercator_m(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places in the Mercator plane, where a metre at latitude phi measures 1 / cos(phi).

    Parameters
    ----------
    lonlat
        float64 [..., 2], degrees, EPSG:4326; latitudes beyond 89 degrees count as 89.

    Returns
    -------
    ndarray of float64
        [..., 2], metres at the equator.
    """
    lat = np.radians(np.clip(lonlat[..., 1], -89.0, 89.0))
    x = EARTH_RADIUS_M * np.radians(lonlat[..., 0])
    return np.stack((x, EARTH_RADIUS_M * np.log(np.tan(np.pi / 4 + lat / 2))), axis=-1)
