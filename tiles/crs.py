"""Coordinate reference systems in which collections are offered (OGC API Features, Part 2)."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func

from tiles.errors import UnknownCrsError

_OPENGIS: Final = "http://www.opengis.net/def/crs"


@dataclass(frozen=True, slots=True)
class Crs:
    """A coordinate reference system.

    Parameters
    ----------
    uri
        Identifier of the system.
    srid
        PostGIS number of the system.
    is_lat_first
        Whether coordinates with this URI begin with the latitude, because the authority of the
        system defines its axes in that order.
    decimals
        Number of decimals of coordinates in responses. They have a resolution of 0.1 m, finer than
        any stored position (RFC 7946, 11.2).
    bounds
        Least and greatest first coordinate, then second coordinate, in the axis order of the
        system.
    """

    uri: str
    srid: int
    is_lat_first: bool
    decimals: int
    bounds: tuple[float, float, float, float]

    def of(self, geom: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a geometry (EPSG:4326, longitude first) in this system and its axis order."""
        moved = geom if self.srid == STORED_SRID else func.ST_Transform(geom, self.srid)
        return func.ST_FlipCoordinates(moved) if self.is_lat_first else moved


#: Reference system of stored positions: degrees, longitude first.
STORED_SRID: Final = 4326

#: Edge of the square of Web Mercator, metres: pi times WGS 84's equatorial radius.
_EDGE_M: Final = 20037508.342789244

CRS84: Final = Crs(f"{_OPENGIS}/OGC/1.3/CRS84", STORED_SRID, False, 6, (-180, 180, -90, 90))
_WGS84: Final = Crs(f"{_OPENGIS}/EPSG/0/4326", STORED_SRID, True, 6, (-90, 90, -180, 180))
_MERCATOR: Final = Crs(
    f"{_OPENGIS}/EPSG/0/3857", 3857, False, 1, (-_EDGE_M, _EDGE_M, -_EDGE_M, _EDGE_M)
)
#: SIRGAS 2000, the official frame of most of Latin America.
_SIRGAS: Final = Crs(f"{_OPENGIS}/EPSG/0/4674", 4674, True, 6, (-90, 90, -180, 180))

#: Reference systems of responses; the first is the default and that of stored positions.
SUPPORTED: Final = (CRS84, _WGS84, _MERCATOR, _SIRGAS)

_BY_URI: Final = {crs.uri: crs for crs in SUPPORTED}


def find_crs(uri: str) -> Crs:
    """Return a reference system by its URI.

    Raises
    ------
    UnknownCrsError
        The URI is not one of `SUPPORTED`.
    """
    found = _BY_URI.get(uri)
    if found is None:
        raise UnknownCrsError
    return found
