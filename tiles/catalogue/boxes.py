"""SQL condition that a feature intersects a box: exact, but fast by comparing bounding boxes."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    true,
)

from tiles.crs import STORED_SRID

type Box = tuple[float, float, float, float]

#: Margin in degrees (10 m) between a requested box and a slightly smaller inner box. PostGIS rounds
#: the bounding boxes in an index outwards to floats, at 180 degrees by up to 0.000 015. If a
#: rounded bounding box lies within the inner box, the geometry certainly lies within the requested
#: box, and ST_Intersects need not be computed.
_WITHIN: Final = 0.0001

#: SRID as a literal of the SQL, because each bound value takes time at every query.
_SRID: Final[ColumnElement[int]] = literal_column(str(STORED_SRID), Integer)


def box_values(boxes: Sequence[Box]) -> dict[str, float | None]:
    """Return the bind values of `meets_boxes`: edges of each box and its inner box, degrees."""
    found: dict[str, float | None] = {}
    for index, (w, s, e, n) in enumerate(boxes):
        found |= {f"w{index}": w, f"s{index}": s, f"e{index}": e, f"n{index}": n}
        west, south, east, north = w + _WITHIN, s + _WITHIN, e - _WITHIN, n - _WITHIN
        # A box that is too small to have an inner box gets a null edge: ST_MakeEnvelope then
        # returns null, and no geometry counts as lying within the inner box.
        known = west if west < east and south < north else None
        found |= {f"inner_w{index}": known, f"inner_s{index}": south}
        found |= {f"inner_e{index}": east, f"inner_n{index}": north}
    return found


def meets_boxes(
    geom: ColumnElement[Any], count: int, *, are_points: bool = False, is_planned: bool = True
) -> ColumnElement[bool]:
    """Return the condition that a geometry intersects one of some boxes, as ST_Intersects decides.

    Parameters
    ----------
    geom
        The column (EPSG:4326); its index is used.
    count
        Number of boxes, at least 1; `box_values` binds them.
    are_points
        Whether the geometry is a point in every row: then the test against the inner box is left
        out, because PostGIS is as fast without.
    is_planned
        Whether PostgreSQL plans the statement anew for the given boxes. False writes the condition
        in a form that is faster in a statement planned once for all boxes.
    """
    if are_points:
        return or_(*(_holds(geom, _box(index)) for index in range(count)))
    return or_(*(_meets(geom, index, is_planned=is_planned) for index in range(count)))


def _holds(point: ColumnElement[Any], box: ColumnElement[Any]) -> ColumnElement[bool]:
    # `&&` uses the index, but compares boxes rounded to floats, and so also matches points just
    # outside the box.
    return and_(point.op("&&")(box), func.ST_Intersects(point, box))


def _meets(geom: ColumnElement[Any], index: int, *, is_planned: bool) -> ColumnElement[bool]:
    box, inner = _box(index), _once(_box(index, "inner_"))
    # `&&` uses the index, as for points. Nearly all geometries of a page lie within the inner box.
    # They certainly meet the whole box and need no ST_Intersects, which takes as long as finding
    # the row (2 µs, measured).
    meets = case((geom.op("@")(inner), true()), else_=func.ST_Intersects(geom, _once(box)))
    return and_(geom.op("&&")(box if is_planned else _once(box)), meets)


def _box(index: int, which: str = "") -> ColumnElement[Any]:
    edges = (bindparam(f"{which}{side}{index}", type_=Double) for side in "wsen")
    return func.ST_MakeEnvelope(*edges, _SRID)


def _once(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a value as a scalar subquery, which is evaluated once and not for every row."""
    return select(value).scalar_subquery()
