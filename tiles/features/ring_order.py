"""Direction of rings and lines in published geometries."""

from typing import Any

from sqlalchemy import ColumnElement, func

from tiles.catalogue.layer import Shape


def turned(geom: ColumnElement[Any], shape: Shape) -> ColumnElement[Any]:
    """Return geometries of a layer with outer rings counterclockwise (RFC 7946, 3.1.6).

    Lines keep their stored direction, which for flows begins at the origin. ``ST_ForcePolygonCCW``
    turns rings clockwise and then reverses the whole geometry, including lines; mixed geometries
    are therefore reversed beforehand.
    """
    if shape is Shape.POLYGON:
        return func.ST_ForcePolygonCCW(geom)
    if shape is Shape.MIXED:
        return func.ST_ForcePolygonCCW(func.ST_Reverse(geom))
    return geom
