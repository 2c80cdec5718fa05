"""In which direction rings and lines run."""

from typing import Any

from sqlalchemy import ColumnElement, func

from tiles.catalogue.layer import Shape


def turned(geom: ColumnElement[Any], shape: Shape) -> ColumnElement[Any]:
    """Return geometries of a layer with outer rings counterclockwise (RFC 7946, 3.1.6).

    Lines run as they are kept, from the origin. ``ST_ForcePolygonCCW`` turns rings clockwise and
    then all that it was given around, lines too: those are turned around before.
    """
    if shape is Shape.POLYGON:
        return func.ST_ForcePolygonCCW(geom)
    if shape is Shape.MIXED:
        return func.ST_ForcePolygonCCW(func.ST_Reverse(geom))
    return geom
