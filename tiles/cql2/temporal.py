"""Temporal functions of filters: Allen's relations of instants and closed intervals.

A date and a timestamp are compared by days in UTC. A null property as the end of an interval means
an open end, as everywhere in this API.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_

from tiles.cql2.terms import TIMES, Operand, Operands, Sql, read_date, read_timestamp
from tiles.errors import InvalidFilterError
from tiles.fields import FieldKind

Condition = ColumnElement[bool]
Ends = tuple[ColumnElement[Any], ColumnElement[Any]]


def _after(a: Ends, b: Ends) -> Condition:
    return a[0] > b[1]


def _intersects(a: Ends, b: Ends) -> Condition:
    return and_(a[0] <= b[1], a[1] >= b[0])


def _equals(a: Ends, b: Ends) -> Condition:
    return and_(a[0] == b[0], a[1] == b[1])


def _during(a: Ends, b: Ends) -> Condition:
    return and_(a[0] > b[0], a[1] < b[1])


def _finishes(a: Ends, b: Ends) -> Condition:
    return and_(a[0] > b[0], a[1] == b[1])


def _starts(a: Ends, b: Ends) -> Condition:
    return and_(a[0] == b[0], a[1] < b[1])


def _meets(a: Ends, b: Ends) -> Condition:
    return a[1] == b[0]


def _overlaps(a: Ends, b: Ends) -> Condition:
    return and_(a[0] < b[0], a[1] > b[0], a[1] < b[1])


def _turned(relation: Callable[[Ends, Ends], Condition]) -> Callable[[Ends, Ends], Condition]:
    return lambda a, b: relation(b, a)


#: Functions on instants and intervals (OGC 21-065r2, table 2).
_OF_ALL: Mapping[str, Callable[[Ends, Ends], Condition]] = {
    "t_after": _after,
    "t_before": _turned(_after),
    "t_disjoint": lambda a, b: or_(_after(a, b), _after(b, a)),
    "t_equals": _equals,
    "t_intersects": _intersects,
}

#: Functions that take intervals only (OGC 21-065r2, table 3); an instant as argument is refused.
_OF_INTERVALS: Mapping[str, Callable[[Ends, Ends], Condition]] = {
    "t_contains": _turned(_during),
    "t_during": _during,
    "t_finishedBy": _turned(_finishes),
    "t_finishes": _finishes,
    "t_meets": _meets,
    "t_metBy": _turned(_meets),
    "t_overlappedBy": _turned(_overlaps),
    "t_overlaps": _overlaps,
    "t_startedBy": _turned(_starts),
    "t_starts": _starts,
}

FUNCTIONS = frozenset(_OF_ALL) | frozenset(_OF_INTERVALS)

_OPEN = {
    FieldKind.DATE: ("'-infinity'::date", "'infinity'::date"),
    FieldKind.INSTANT: ("'-infinity'::timestamptz", "'infinity'::timestamptz"),
}


def relate(terms: Operands, function: str, left: Operand, right: Operand) -> Sql:
    """Return a callable that makes the SQL of a temporal relation between two operands.

    Raises
    ------
    InvalidFilterError
        An operand is not temporal, or an instant where the function takes intervals.
    """
    for term in (left, right):
        if term.kind not in TIMES | {FieldKind.INTERVAL}:
            raise InvalidFilterError(f"`{function}` takes times, not {term.name}")
        if function in _OF_INTERVALS and term.kind is not FieldKind.INTERVAL:
            raise InvalidFilterError(
                f"`{function}` takes intervals alone, and {term.name} is an instant; t_after, "
                "t_before, t_disjoint, t_equals and t_intersects take both"
            )
    kinds = {bound.kind for term in (left, right) for bound in _bounds(term) if bound is not None}
    kind = FieldKind.DATE if FieldKind.DATE in kinds else FieldKind.INSTANT
    one, other = (_ends(terms, term, kind) for term in (left, right))
    relation = _OF_ALL.get(function) or _OF_INTERVALS[function]
    return lambda: relation((one[0](), one[1]()), (other[0](), other[1]()))


def _bounds(term: Operand) -> tuple[Operand | None, Operand | None]:
    if term.kind is not FieldKind.INTERVAL:
        return term, term
    start, end = term.value
    return start, end


def _ends(terms: Operands, term: Operand, kind: FieldKind) -> tuple[Sql, Sql]:
    if term.kind is not FieldKind.INTERVAL:
        moment = terms.sql(term, kind)
        return moment, moment
    start, end = (
        _end(terms, bound, kind, edge) for bound, edge in zip(term.value, _OPEN[kind], strict=True)
    )
    return start, end


def _end(terms: Operands, bound: Operand | None, kind: FieldKind, edge: str) -> Sql:
    if bound is None:
        return lambda: literal_column(edge)
    sql = terms.sql(bound, kind)
    return sql if bound.is_value else lambda: func.coalesce(sql(), literal_column(edge))


def read_interval(terms: Operands, node: object) -> Operand:
    """Return the operand of an interval.

    Raises
    ------
    InvalidFilterError
        There are not two ends, one is a date and the other a timestamp, or the end is before the
        start.
    """
    if not isinstance(node, list) or len(node) != 2:  # noqa: PLR2004
        raise InvalidFilterError("an interval takes a start and an end")
    terms.shape.append("interval(")
    start, end = (_read_end(terms, part) for part in node)
    terms.shape.append(")")
    if start is not None and end is not None and start.is_value and end.is_value:
        if start.kind is not end.kind:
            raise InvalidFilterError("an interval goes from a date to a timestamp or back")
        if start.value > end.value:
            raise InvalidFilterError("an interval ends before it starts")
    return Operand(FieldKind.INTERVAL, "an interval", value=(start, end))


def _read_end(terms: Operands, node: object) -> Operand | None:
    if isinstance(node, str):
        terms.shape.append(".." if node == ".." else "?")
    if node == "..":
        return None
    if isinstance(node, str):
        return read_timestamp(node) if "T" in node.upper() else read_date(node)
    if isinstance(node, dict) and set(node) == {"property"}:
        found = terms.property(node["property"])
        if found.kind in TIMES:
            return found
    raise InvalidFilterError("an end of an interval is a date, a timestamp, a property or '..'")
