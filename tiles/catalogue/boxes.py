"""Which features meet the boxes that a question asks for: exactly, and mostly by boxes alone."""

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

#: How far within a box a smaller one lies, degrees (10 m). PostGIS compares boxes whose edges are
#: rounded outwards to floats, at 180 degrees by up to 0.000 015: rounded it is within the box yet.
_WITHIN: Final = 0.0001

#: Written out: each value that is bound takes time at every question.
_SRID: Final[ColumnElement[int]] = literal_column(str(STORED_SRID), Integer)


def box_values(boxes: Sequence[Box]) -> dict[str, float | None]:
    """Return the values of `meets_boxes`: west, south, east, north of each, degrees."""
    found: dict[str, float | None] = {}
    for index, (w, s, e, n) in enumerate(boxes):
        found |= {f"w{index}": w, f"s{index}": s, f"e{index}": e, f"n{index}": n}
        west, south, east, north = w + _WITHIN, s + _WITHIN, e - _WITHIN, n - _WITHIN
        # Without an edge it is no box, and nothing lies within it: of one that is too small.
        known = west if west < east and south < north else None
        found |= {f"inner_w{index}": known, f"inner_s{index}": south}
        found |= {f"inner_e{index}": east, f"inner_n{index}": north}
    return found


def meets_boxes(
    geom: ColumnElement[Any], count: int, *, are_points: bool = False, is_planned: bool = True
) -> ColumnElement[bool]:
    """Return whether a geometry meets one of some boxes, as ST_Intersects has it.

    Parameters
    ----------
    geom
        The column (EPSG:4326); its index is used.
    count
        Boxes, at least 1; `box_values` binds them.
    are_points
        Whether it is a point in every row: PostGIS is as quick with these by itself.
    is_planned
        Whether the plan may depend on how large they are; what is planned once for all boxes is
        quicker without.
    """
    if are_points:
        return or_(*(_holds(geom, _box(index)) for index in range(count)))
    return or_(*(_meets(geom, index, is_planned=is_planned) for index in range(count)))


def _holds(point: ColumnElement[Any], box: ColumnElement[Any]) -> ColumnElement[bool]:
    # `&&` names the index, and lets in what only rounding to floats brings together.
    return and_(point.op("&&")(box), func.ST_Intersects(point, box))


def _meets(geom: ColumnElement[Any], index: int, *, is_planned: bool) -> ColumnElement[bool]:
    box, inner = _box(index), _once(_box(index, "inner_"))
    # As for points; but what lies within the inner box, nearly all of a page, meets the whole one
    # for certain. ST_Intersects takes as long as finding the row (2 µs, measured).
    meets = case((geom.op("@")(inner), true()), else_=func.ST_Intersects(geom, _once(box)))
    return and_(geom.op("&&")(box if is_planned else _once(box)), meets)


def _box(index: int, which: str = "") -> ColumnElement[Any]:
    edges = (bindparam(f"{which}{side}{index}", type_=Double) for side in "wsen")
    return func.ST_MakeEnvelope(*edges, _SRID)


def _once(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a value as a question of its own: it is asked once, not for every row."""
    return select(value).scalar_subquery()
