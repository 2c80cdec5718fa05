"""Spatial functions of filters, and the geometries in filters."""

import math
from collections.abc import Mapping
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, and_, func

from tiles.cql2.terms import Operand, Operands, Sql
from tiles.errors import InvalidFilterError
from tiles.fields import FieldKind

_GEODETIC = 4326
_MERCATOR = 3857

#: Radius of the sphere of EPSG:3857, metres.
_RADIUS_M = 6_378_137.0
#: Greatest coordinate of EPSG:3857, metres: half the circumference of the sphere.
_EDGE_M = math.pi * _RADIUS_M

_FUNCTIONS = {
    "s_intersects": func.ST_Intersects,
    "s_equals": func.ST_Equals,
    "s_disjoint": func.ST_Disjoint,
    "s_touches": func.ST_Touches,
    "s_within": func.ST_Within,
    "s_overlaps": func.ST_Overlaps,
    "s_crosses": func.ST_Crosses,
    "s_contains": func.ST_Contains,
}

FUNCTIONS = frozenset(_FUNCTIONS)

#: Functions that accept geometry collections; whether the other functions do depends on the version
#: of GEOS in PostGIS.
_OF_COLLECTIONS = frozenset({"s_intersects", "s_disjoint"})

_COLLECTION = "GeometryCollection"

Position = tuple[float, float]


def relate(terms: Operands, function: str, left: Operand, right: Operand) -> Sql:
    """Return a callable that makes the SQL of a spatial relation between two geometries.

    Raises
    ------
    InvalidFilterError
        An operand is no geometry, or a collection that the function does not accept.
    """
    for term in (left, right):
        if term.kind is not FieldKind.GEOMETRY:
            raise InvalidFilterError(f"`{function}` takes geometries, not {term.name}")
        if term.is_value and term.name == _COLLECTION and function not in _OF_COLLECTIONS:
            raise InvalidFilterError(f"`{function}` takes no geometry collection")
    one, other = (_sql(terms, term) for term in (left, right))
    return lambda: _related(function, one(), other())


def _related(
    function: str, one: ColumnElement[Any], other: ColumnElement[Any]
) -> ColumnElement[bool]:
    decided: ColumnElement[bool] = _FUNCTIONS[function](one, other)
    if function == "s_disjoint":
        return decided
    # Add the operator `&&`, which finds geometries with intersecting bounding boxes by the index:
    # all relations but s_disjoint require that the boxes intersect.
    return and_(one.op("&&")(other), decided)


def _sql(terms: Operands, term: Operand) -> Sql:
    if term.sql is not None:
        return term.sql
    wkb = terms.binary(term.value)
    return lambda: func.ST_GeomFromWKB(wkb(), _GEODETIC)


class Geometries:
    """Reader of geometries in one reference system, converted to EPSG:4326, longitude first.

    Parameters
    ----------
    srid
        4326 or 3857.
    is_lat_first
        Whether latitude comes first, as the URI of EPSG:4326 means.
    """

    def __init__(self, srid: int, *, is_lat_first: bool) -> None:
        if srid not in {_GEODETIC, _MERCATOR}:
            raise ValueError("filters are read in EPSG:4326 and EPSG:3857 alone")
        self._is_mercator = srid == _MERCATOR
        self._is_lat_first = is_lat_first

    def read(self, node: Mapping[str, Any]) -> Operand:
        """Return the operand of a GeoJSON geometry or a bounding box; heights are dropped.

        Raises
        ------
        InvalidFilterError
            The geometry is empty, out of range, or invalid.
        """
        made = self._box(node["bbox"]) if set(node) == {"bbox"} else self._geometry(node)
        if not made.is_valid:
            raise InvalidFilterError(
                "a geometry is not valid: its lines need two points apart, its rings may neither "
                "cross nor touch along a line"
            )
        return Operand(FieldKind.GEOMETRY, made.geom_type, value=shapely.to_wkb(made))

    def _geometry(self, node: object, *, in_collection: bool = False) -> BaseGeometry:
        if not isinstance(node, dict):
            raise InvalidFilterError("a geometry is no object")
        inner = node.get("coordinates")
        match node.get("type"):
            case "Point":
                return shapely.Point(self._position(inner))
            case "LineString":
                return self._line(inner)
            case "Polygon":
                return self._polygon(inner)
            case "MultiPoint":
                return shapely.MultiPoint([self._position(part) for part in _parts(inner)])
            case "MultiLineString":
                return shapely.MultiLineString([self._line(part) for part in _parts(inner)])
            case "MultiPolygon":
                return shapely.MultiPolygon([self._polygon(part) for part in _parts(inner)])
            case "GeometryCollection" if not in_collection:
                members = _parts(node.get("geometries"))
                return shapely.GeometryCollection(
                    [self._geometry(member, in_collection=True) for member in members]
                )
        raise InvalidFilterError("a geometry is of no type that filters take")

    def _line(self, node: object) -> shapely.LineString:
        positions = [self._position(part) for part in _parts(node)]
        if len(positions) < 2:  # noqa: PLR2004 -- RFC 7946, 3.1.4
            raise InvalidFilterError("a line has fewer than two positions")
        return shapely.LineString(positions)

    def _polygon(self, node: object) -> shapely.Polygon:
        shell, *holes = (self._ring(part) for part in _parts(node))
        return shapely.Polygon(shell, holes)

    def _ring(self, node: object) -> list[Position]:
        positions = [self._position(part) for part in _parts(node)]
        if len(positions) < 4 or positions[0] != positions[-1]:  # noqa: PLR2004 -- RFC 7946, 3.1.6
            raise InvalidFilterError("a ring has fewer than four positions, or does not close")
        return positions

    def _box(self, node: object) -> BaseGeometry:
        numbers = [_number(part) for part in _parts(node)]
        if len(numbers) == 6:  # noqa: PLR2004 -- with heights
            if numbers[2] > numbers[5]:
                raise InvalidFilterError("the lower height of a box is above the upper one")
            del numbers[5], numbers[2]
        if len(numbers) != 4:  # noqa: PLR2004
            raise InvalidFilterError("a box has neither four numbers nor six")
        west, south = self._placed(*numbers[:2])
        east, north = self._placed(*numbers[2:])
        if south > north:
            raise InvalidFilterError("the south of a box is north of its north")
        if west <= east:
            return _rectangle(west, south, east, north)
        # The box spans the antimeridian.
        halves = _rectangle(west, south, 180.0, north), _rectangle(-180.0, south, east, north)
        return shapely.union_all(halves)

    def _position(self, node: object) -> Position:
        numbers = [_number(part) for part in _parts(node)]
        if not 2 <= len(numbers) <= 4:  # noqa: PLR2004 -- heights and measures are dropped
            raise InvalidFilterError("a position has neither two numbers nor heights beside them")
        return self._placed(*numbers[:2])

    def _placed(self, first: float, second: float) -> Position:
        """Return longitude and latitude in degrees of a position in the filter."""
        if self._is_mercator:
            if abs(first) > _EDGE_M or abs(second) > _EDGE_M:
                raise InvalidFilterError("a position lies outside of EPSG:3857, in metres")
            latitude = math.atan(math.sinh(second / _RADIUS_M))
            return math.degrees(first / _RADIUS_M), math.degrees(latitude)
        lon, lat = (second, first) if self._is_lat_first else (first, second)
        if abs(lon) > 180 or abs(lat) > 90:  # noqa: PLR2004 -- degrees
            order = "latitude,longitude" if self._is_lat_first else "longitude,latitude"
            raise InvalidFilterError(f"a position is out of range; the order is {order}")
        return lon, lat


def _parts(node: object) -> list[object]:
    if not isinstance(node, list) or not node:
        raise InvalidFilterError(
            "a geometry lacks coordinates, or holds none; empty ones relate to nothing"
        )
    return node


def _number(node: object) -> float:
    if isinstance(node, bool) or not isinstance(node, int | float):
        raise InvalidFilterError("a coordinate is no number")
    return float(node)


def _rectangle(west: float, south: float, east: float, north: float) -> BaseGeometry:
    # A box without width or height is a line or a point, not a valid polygon.
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)
