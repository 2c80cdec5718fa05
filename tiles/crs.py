"""Coordinate reference systems that collections can be asked for in (OGC API Features, Part 2)."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func

from tiles.errors import UnknownCrsError

_OPENGIS: Final = "http://www.opengis.net/def/crs"


@dataclass(frozen=True, slots=True)
class Crs:
    """One reference system.

    Parameters
    ----------
    uri
        Its name.
    srid
        PostGIS' number.
    is_lat_first
        Its axes are latitude, longitude: the authority's order, which the name means.
    decimals
        Of a coordinate in answers: 0.1 m, finer than any position we hold (RFC 7946, 11.2).
    bounds
        Least and greatest first, then second coordinate, in the system's own order of axes.
    """

    uri: str
    srid: int
    is_lat_first: bool
    decimals: int
    bounds: tuple[float, float, float, float]

    def of(self, geom: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a geometry (EPSG:4326, longitude first) in this system and its axes' order."""
        moved = geom if self.srid == STORED_SRID else func.ST_Transform(geom, self.srid)
        return func.ST_FlipCoordinates(moved) if self.is_lat_first else moved


#: As positions are stored: degrees, longitude first.
STORED_SRID: Final = 4326

#: Where the square of Web Mercator ends, metres: pi times WGS 84's equatorial radius.
_EDGE_M: Final = 20037508.342789244

CRS84: Final = Crs(f"{_OPENGIS}/OGC/1.3/CRS84", STORED_SRID, False, 6, (-180, 180, -90, 90))
_WGS84: Final = Crs(f"{_OPENGIS}/EPSG/0/4326", STORED_SRID, True, 6, (-90, 90, -180, 180))
_MERCATOR: Final = Crs(
    f"{_OPENGIS}/EPSG/0/3857", 3857, False, 1, (-_EDGE_M, _EDGE_M, -_EDGE_M, _EDGE_M)
)
#: SIRGAS 2000, the official frame of most of Latin America.
_SIRGAS: Final = Crs(f"{_OPENGIS}/EPSG/0/4674", 4674, True, 6, (-90, 90, -180, 180))

#: The first is the default, and the one positions are stored in.
SUPPORTED: Final = (CRS84, _WGS84, _MERCATOR, _SIRGAS)

_BY_URI: Final = {crs.uri: crs for crs in SUPPORTED}


def find_crs(uri: str) -> Crs:
    """Return a reference system by its URI.

    Raises
    ------
    UnknownCrsError
        It is not one of `SUPPORTED`.
    """
    found = _BY_URI.get(uri)
    if found is None:
        raise UnknownCrsError
    return found
