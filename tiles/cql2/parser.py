"""Parser of CQL2 filters (OGC 21-065r2), as text or JSON, into conditions with bound values.

The tree is walked with an allow-list of operators, functions and properties. No part of a filter
becomes SQL text: names select among predefined columns and operators, and values are bound.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlalchemy import ColumnElement, and_, any_, func, literal_column, not_, or_

from tiles.cql2 import spatial, temporal
from tiles.cql2.draft import read_draft
from tiles.cql2.limits import MAX_DEPTH, MAX_LENGTH, MAX_OPERATIONS
from tiles.cql2.terms import (
    KIND_WORDS,
    NUMBERS,
    TIMES,
    Operand,
    Operands,
    Sql,
    read_date,
    read_scalar,
    read_timestamp,
)
from tiles.cql2.text import parse_text
from tiles.errors import InvalidFilterError
from tiles.fields import FieldKind

Lang = Literal["cql2-text", "cql2-json", "cql-text"]

#: Conformance classes that are implemented in full, each named by the last part of its URI.
CONFORMANCE = (
    "cql2-text",
    "cql2-json",
    "basic-cql2",
    "advanced-comparison-operators",
    "case-insensitive-comparison",
    "basic-spatial-functions",
    "basic-spatial-functions-plus",
    "temporal-functions",
    "array-functions",
    "property-property",
)

_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_EQUALITIES = frozenset({"=", "<>"})

_FUNCTIONS_FOR = {
    FieldKind.TEXTS: "a_contains, a_containedBy, a_equals and a_overlaps",
    FieldKind.GEOMETRY: "s_intersects and its like",
    FieldKind.INTERVAL: "t_intersects and its like",
}

#: Letters up to Cyrillic whose case folding (Unicode 14, 5.18) is another letter than their lower
#: case, and the letters that they fold to, in the same order. The function ``casei`` replaces the
#: former by the latter. ``ß`` folds to two letters; ligatures are not folded.
_FOLDS: list[ColumnElement[str]] = [
    literal_column(f"'{letters}'") for letters in ("µſςϐϑϕϖϰϱϵ", "μsσβθφπκρε")
]
_SHARP_S: list[ColumnElement[str]] = [literal_column(f"'{letters}'") for letters in ("ß", "ss")]

_ARRAYS = {"a_contains": "@>", "a_containedBy": "<@", "a_overlaps": "&&"}


@dataclass(frozen=True, eq=False)
class Filter:
    """A condition on the rows of a layer.

    Parameters
    ----------
    sql
        Callable that makes the condition; the SQL holds the names of binds, never a value.
    values
        Values by the names of their binds.
    shape
        Text that is equal for filters which differ only in values; part of the cache key of
        compiled statements.
    """

    sql: Sql
    values: Mapping[str, Any]
    shape: str

    @property
    def condition(self) -> ColumnElement[bool]:
        """SQL condition of the filter, made anew at each access."""
        return self.sql()


def read_filter(
    text: str,
    lang: Lang,
    queryables: Mapping[str, ColumnElement[Any]],
    geometry: ColumnElement[Any],
    *,
    others: Mapping[str, ColumnElement[Any]] | None = None,
    srid: int = 4326,
    is_lat_first: bool = False,
) -> Filter:
    """Return a parsed filter; its binds are ``f0``, ``f1`` and so on.

    Parameters
    ----------
    queryables
        Columns by the names of the queryable properties.
    geometry
        The geometry (EPSG:4326), which filters call ``geometry`` or ``geom``.
    others
        Columns that a filter may only test for null.
    srid, is_lat_first
        Reference system of the filter's coordinates: 4326 (degrees, longitude first as in CRS84, or
        latitude first as the URI of EPSG:4326 means) or 3857 (metres).

    Raises
    ------
    InvalidFilterError
        The text is not CQL2, uses something that is not offered, or exceeds a limit.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidFilterError(f"longer than {MAX_LENGTH} characters")
    if not _is_unicode(text):
        raise InvalidFilterError("holds half a character")
    match lang:
        case "cql2-text":
            tree = parse_text(text)
        case "cql2-json":
            tree = _parse_json(text)
        case "cql-text":
            tree = read_draft(text, queryables)
    terms = Operands(queryables, geometry)
    walk = _Walk(terms, others or {}, spatial.Geometries(srid, is_lat_first=is_lat_first))
    condition = walk.condition(tree, 0)
    return Filter(condition, terms.values, " ".join(terms.shape))


def both(one: Filter | None, other: Filter | None) -> Filter | None:
    """Return the conjunction of two filters, whose binds must have different names."""
    if one is None or other is None:
        return one or other
    first, second = one.sql, other.sql
    return Filter(
        lambda: and_(first(), second()),
        {**one.values, **other.values},
        f"{one.shape} & {other.shape}",
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parse_json(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidFilterError("not JSON, or with a number beyond 1.8e308") from error


class _Walk:
    """Walker over the tree of one filter, which makes the SQL condition of the filter."""

    def __init__(
        self,
        terms: Operands,
        others: Mapping[str, ColumnElement[Any]],
        geometries: spatial.Geometries,
    ) -> None:
        self._terms = terms
        self._others = others
        self._geometries = geometries
        self._operations = 0

    def condition(self, node: object, depth: int) -> Sql:
        """Return a callable that makes the SQL of a boolean node."""
        term = self._term(node, depth)
        if term.kind is not FieldKind.BOOLEAN:
            raise InvalidFilterError(f"{term.name} stands where something true or false belongs")
        return self._terms.sql(term)

    def _term(self, node: object, depth: int) -> Operand:
        term = self._read(node, depth)
        if term.is_value:
            # "?" in the shape marks the place of a value; the type is added when it is bound.
            self._terms.shape.append("?")
        return term

    def _read(self, node: object, depth: int) -> Operand:
        if depth > MAX_DEPTH:
            raise InvalidFilterError(f"nested more than {MAX_DEPTH} deep")
        if isinstance(node, bool | int | float | str):
            return read_scalar(node)
        if not isinstance(node, dict):
            raise InvalidFilterError(
                "a list or null stands where an operand belongs; for null there is IS NULL"
            )
        match node:
            case {"op": name, "args": list(args), **rest} if not rest:
                return self._operation(name, args, depth)
            case {"property": name, **rest} if not rest:
                return self._terms.property(name)
            case {"date": text, **rest} if not rest:
                return read_date(text)
            case {"timestamp": text, **rest} if not rest:
                return read_timestamp(text)
            case {"interval": ends, **rest} if not rest:
                return temporal.read_interval(self._terms, ends)
            case {"type": _} | {"bbox": _}:
                return self._geometries.read(node)
        raise InvalidFilterError("an object is no operation, property, date, interval or geometry")

    def _count(self, operations: int) -> None:
        self._operations += operations
        if self._operations > MAX_OPERATIONS:
            raise InvalidFilterError(f"more than {MAX_OPERATIONS} operators and functions")

    def _operation(self, name: object, args: list[object], depth: int) -> Operand:
        self._count(1)
        made = self._OPERATIONS.get(name) if isinstance(name, str) else None
        if made is None:
            raise InvalidFilterError(f"no such operator; there are {', '.join(self._OPERATIONS)}")
        count, make = made
        if count is None and len(args) < 2:  # noqa: PLR2004
            raise InvalidFilterError(f"`{name}` takes two arguments or more")
        if count is not None and len(args) != count:
            raise InvalidFilterError(f"`{name}` takes {count} argument{'s' * (count > 1)}")
        # The shape gets a closing bracket too, so that different trees never have equal shapes.
        self._terms.shape.append(f"{name}(")
        kind = FieldKind.TEXT if name == "casei" else FieldKind.BOOLEAN
        term = Operand(kind, f"`{name}`", make(self, name, args, depth + 1))
        self._terms.shape.append(")")
        return term

    # -- operations: each takes a name, the arguments and their depth ----------------------

    def _joined(self, name: str, args: list[object], depth: int) -> Sql:
        join = and_ if name == "and" else or_
        parts = [self.condition(part, depth) for part in args]
        return lambda: join(*(part() for part in parts))

    def _negated(self, _name: str, args: list[object], depth: int) -> Sql:
        part = self.condition(args[0], depth)
        return lambda: not_(part())

    def _is_null(self, _name: str, args: list[object], depth: int) -> Sql:
        match args[0]:
            case {"property": str(name), **rest} if name in self._others and not rest:
                self._terms.shape.append(f"[{name}]")
                other = self._others[name]
                return lambda: other.is_(None)
        term = self._term(args[0], depth)
        if term.kind is FieldKind.INTERVAL or (term.kind is FieldKind.GEOMETRY and term.is_value):
            raise InvalidFilterError("`isNull` takes a property, or what is made of one")
        sql = self._terms.sql(term)
        return lambda: sql().is_(None)

    def _compared(self, name: str, args: list[object], depth: int) -> Sql:
        left, right = (self._term(part, depth) for part in args)
        return self._compare(name, left, right)

    def _between(self, _name: str, args: list[object], depth: int) -> Sql:
        term, low, high = (self._term(part, depth) for part in args)
        least, most = self._compare(">=", term, low), self._compare("<=", term, high)
        return lambda: and_(least(), most())

    def _in(self, _name: str, args: list[object], depth: int) -> Sql:
        if not isinstance(args[1], list) or not args[1]:
            raise InvalidFilterError("`in` takes a list of one operand or more")
        term = self._term(args[0], depth)
        before = len(self._terms.shape)
        options = [self._term(part, depth) for part in args[1]]
        kinds = {_common(term, option) for option in options}
        if term.is_value or len(kinds) > 1 or not all(option.is_value for option in options):
            self._count(len(options))
            ways = [self._compare("=", term, option) for option in options]
            return lambda: or_(*(way() for way in ways))
        # All values of an IN list are bound as one array, so that lists of any length have the same
        # shape.
        self._terms.shape[before:] = ["?.."]
        (kind,) = kinds
        held, listed = self._terms.sql(term, kind), self._terms.any_of(options, kind)
        return lambda: held() == any_(listed())

    def _like(self, _name: str, args: list[object], depth: int) -> Sql:
        term = self._term(args[0], depth)
        pattern = args[1]
        while isinstance(pattern, dict) and pattern.get("op") == "casei":
            inner = pattern.get("args")
            pattern = inner[0] if isinstance(inner, list) and inner else None
        if term.kind is not FieldKind.TEXT or not isinstance(pattern, str):
            raise InvalidFilterError("`like` takes a text and a pattern in single quotes")
        # PostgreSQL raises an error on a trailing backslash that escapes nothing.
        if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
            raise InvalidFilterError("a pattern ends in a backslash; a plain one is doubled")
        held = self._terms.sql(term)
        asked = self._terms.sql(self._term(args[1], depth))
        return lambda: held().like(asked())

    def _folded(self, _name: str, args: list[object], depth: int) -> Sql:
        term = self._term(args[0], depth)
        if term.kind is not FieldKind.TEXT:
            raise InvalidFilterError(f"`casei` takes a text, not {term.name}")
        held = self._terms.sql(term)
        return lambda: func.replace(func.translate(func.lower(held()), *_FOLDS), *_SHARP_S)

    def _spatial(self, name: str, args: list[object], depth: int) -> Sql:
        left, right = (self._term(part, depth) for part in args)
        return spatial.relate(self._terms, name, left, right)

    def _temporal(self, name: str, args: list[object], depth: int) -> Sql:
        left, right = (self._term(part, depth) for part in args)
        return temporal.relate(self._terms, name, left, right)

    def _array(self, name: str, args: list[object], depth: int) -> Sql:
        left, right = (self._texts(part, depth) for part in args)
        if name == "a_equals":
            # Two arrays are equal if each contains the other: arrays of CQL2 have no order.
            return lambda: and_(left().op("@>")(right()), left().op("<@")(right()))
        return lambda: left().bool_op(_ARRAYS[name])(right())

    def _texts(self, node: object, depth: int) -> Sql:
        if not isinstance(node, list):
            term = self._term(node, depth)
            if term.kind is not FieldKind.TEXTS:
                raise InvalidFilterError(f"{term.name} is no list")
            return self._terms.sql(term)
        before = len(self._terms.shape)
        parts = [self._term(part, depth) for part in node]
        self._terms.shape[before:] = ["?.."]
        if not all(part.kind is FieldKind.TEXT and part.is_value for part in parts):
            raise InvalidFilterError("lists hold texts in single quotes alone")
        return self._terms.any_of(parts, FieldKind.TEXT)

    def _compare(self, name: str, left: Operand, right: Operand) -> Sql:
        kind = _common(left, right)
        if kind is FieldKind.BOOLEAN and name not in _EQUALITIES:
            raise InvalidFilterError("booleans are equal or not, neither more nor less")
        one, other = self._terms.sql(left, kind), self._terms.sql(right, kind)
        self._terms.shape.append(name)
        compare = _COMPARISONS[name]
        if kind is FieldKind.TEXT and name not in _EQUALITIES:
            # Texts are ordered by code points, whatever the database's collation is.
            return lambda: compare(one().collate("C"), other())
        return lambda: compare(one(), other())

    _OPERATIONS: Mapping[str, tuple[int | None, Callable[..., Sql]]] = {
        "and": (None, _joined),
        "or": (None, _joined),
        "not": (1, _negated),
        **dict.fromkeys(_COMPARISONS, (2, _compared)),
        "like": (2, _like),
        "between": (3, _between),
        "in": (2, _in),
        "isNull": (1, _is_null),
        "casei": (1, _folded),
        **dict.fromkeys(sorted(spatial.FUNCTIONS), (2, _spatial)),
        **dict.fromkeys(sorted(temporal.FUNCTIONS), (2, _temporal)),
        **dict.fromkeys(("a_equals", *_ARRAYS), (2, _array)),
    }


def _common(left: Operand, right: Operand) -> FieldKind:
    """Return the kind of value to which both operands of a comparison are converted."""
    kinds = {left.kind, right.kind}
    if kinds <= NUMBERS:
        # Whole numbers are compared exactly, unless one of the operands is a column of doubles.
        held = {term.kind for term in (left, right) if not term.is_value}
        return FieldKind.FLOAT if FieldKind.FLOAT in held else FieldKind.INTEGER
    if kinds <= TIMES:
        return FieldKind.DATE if FieldKind.DATE in kinds else FieldKind.INSTANT
    if len(kinds) > 1 or kinds & {FieldKind.TEXTS, FieldKind.GEOMETRY, FieldKind.INTERVAL}:
        raise InvalidFilterError(_clash(left, right))
    return left.kind


def _clash(left: Operand, right: Operand) -> str:
    for term in (left, right):
        if term.kind in _FUNCTIONS_FOR:
            return f"{term.name} does not compare; for it there are {_FUNCTIONS_FOR[term.kind]}"
    known, other = (right, left) if left.is_value and not right.is_value else (left, right)
    return f"{known.name} takes {KIND_WORDS[known.kind]}, not {other.name}"
