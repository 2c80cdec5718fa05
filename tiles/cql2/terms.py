"""Operands of filters: properties and values with their kinds, and their SQL with bound values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Double,
    LargeBinary,
    Numeric,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
)
from sqlalchemy.types import TypeEngine

from tiles.errors import InvalidFilterError
from tiles.fields import QUERYABLE, FieldKind, kind_of

#: Callable that makes SQL on demand: for most filters a statement of the same shape is compiled
#: already, and making SQL for each filter took as long as parsing the filter.
type Sql = Callable[[], ColumnElement[Any]]

#: Description of each kind of operand in error messages.
KIND_WORDS: Mapping[FieldKind, str] = {
    FieldKind.TEXT: "a text in single quotes",
    FieldKind.INTEGER: "a number",
    FieldKind.FLOAT: "a number",
    FieldKind.BOOLEAN: "TRUE or FALSE",
    FieldKind.DATE: "DATE('YYYY-MM-DD')",
    FieldKind.INSTANT: "TIMESTAMP('YYYY-MM-DDThh:mm:ssZ')",
    FieldKind.INTERVAL: "INTERVAL of two dates, two timestamps or '..'",
    FieldKind.TEXTS: "a list of texts",
    FieldKind.GEOMETRY: "a geometry",
}

NUMBERS = frozenset({FieldKind.INTEGER, FieldKind.FLOAT})
TIMES = frozenset({FieldKind.DATE, FieldKind.INSTANT})

_LEAST_INT8, _MOST_INT8 = -(2**63), 2**63 - 1

_TYPES: Mapping[FieldKind, TypeEngine[Any]] = {
    FieldKind.TEXT: Text(),
    FieldKind.INTEGER: BigInteger(),
    FieldKind.FLOAT: Double(),
    FieldKind.BOOLEAN: Boolean(),
    FieldKind.DATE: Date(),
    FieldKind.INSTANT: DateTime(timezone=True),
    FieldKind.TEXTS: ARRAY(Text()),
}

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


@dataclass(frozen=True, eq=False)
class Operand:
    """An operand of a filter.

    Parameters
    ----------
    kind
        Kind of the operand.
    name
        Name of the operand in error messages: the name of a property, or the kind of a value.
    sql
        Callable that makes the SQL of a property, or of an expression on a property; None for a
        value.
    value
        Value of the operand: a list for texts, WKB for geometries, and two operands for intervals,
        None for an open end.
    """

    kind: FieldKind
    name: str
    sql: Sql | None = None
    value: Any = None

    @property
    def is_value(self) -> bool:
        """Whether the operand is a value in the filter itself."""
        return self.sql is None


class Operands:
    """Maker of the SQL of a filter's operands, which collects the bound values and the shape.

    Parameters
    ----------
    queryables
        Columns by the names of the queryable properties.
    geometry
        The geometry column, which filters call ``geometry`` or ``geom``.
    prefix
        Prefix of the names of binds.
    """

    def __init__(
        self,
        queryables: Mapping[str, ColumnElement[Any]],
        geometry: ColumnElement[Any] | None = None,
        prefix: str = "f",
    ) -> None:
        self._queryables = queryables
        self._geometry = geometry
        self._prefix = prefix
        self.values: dict[str, Any] = {}
        # The shape: all parts of the filter that decide its SQL, in the order of parsing. Filters
        # of equal shape share a compiled statement.
        self.shape: list[str] = []

    def property(self, name: object) -> Operand:
        """Return the operand of a property.

        Raises
        ------
        InvalidFilterError
            No queryable property has this name.
        """
        if not isinstance(name, str):
            raise InvalidFilterError("`property` takes a name")
        if self._geometry is not None and name in {"geometry", "geom"}:
            return self._named(FieldKind.GEOMETRY, "geometry", self._geometry)
        column = self._queryables.get(name)
        kind = None if column is None else kind_of(column.type)
        if column is None or kind not in QUERYABLE:
            known = [*self._queryables, *(["geometry"] if self._geometry is not None else [])]
            raise InvalidFilterError(
                f"a name is no property that can be asked for; there are {', '.join(known)}"
            )
        return self._named(kind, name, column)

    def _named(self, kind: FieldKind, name: str, column: ColumnElement[Any]) -> Operand:
        self.shape.append(f"[{name}]")
        return Operand(kind, f"`{name}`", lambda: column)

    def sql(self, term: Operand, kind: FieldKind | None = None) -> Sql:
        """Return a callable that makes an operand's SQL, converted to a kind (default: its own).

        A value is bound at once. An instant becomes a date by its day in UTC; a number becomes any
        other kind of number.
        """
        wanted = kind or term.kind
        if term.sql is None:
            return self._bind(term.value, wanted)
        held = term.sql
        if wanted is FieldKind.DATE and term.kind is FieldKind.INSTANT:
            self.shape.append(":day")
            return lambda: cast(func.timezone(literal_column("'UTC'"), held()), Date)
        return held

    def binary(self, wkb: bytes) -> Sql:
        """Return a callable that makes a bind parameter with the bytes of a geometry."""
        return self._bound(wkb, LargeBinary(), "bytes")

    def any_of(self, terms: list[Operand], kind: FieldKind) -> Sql:
        """Return a callable that makes one bind parameter with the array of some values."""
        values: list[Any] = [_as(term.value, kind) for term in terms]
        if kind is FieldKind.INTEGER and not all(map(_is_int8, values)):
            return self._bound([Decimal(value) for value in values], ARRAY(Numeric()), "numeric[]")
        return self._bound(values, ARRAY(_TYPES[kind]), f"{kind.value}[]")

    def _bind(self, value: object, kind: FieldKind) -> Sql:
        made: Any = _as(value, kind)
        # A whole number beyond bigint is bound as numeric, so that the comparison is exact.
        if kind is FieldKind.INTEGER and not _is_int8(made):
            return self._bound(Decimal(made), Numeric(), "numeric")
        return self._bound(made, _TYPES[kind], kind.value)

    def _bound(self, value: object, made: TypeEngine[Any], what: str) -> Sql:
        name = f"{self._prefix}{len(self.values)}"
        self.values[name] = value
        self.shape.append(f"${what}")
        return lambda: bindparam(name, type_=made)


def _is_int8(value: object) -> bool:
    return isinstance(value, int) and _LEAST_INT8 <= value <= _MOST_INT8


def _as(value: object, kind: FieldKind) -> object:
    if kind is FieldKind.FLOAT and isinstance(value, int):
        return float(value)
    if kind is FieldKind.DATE and isinstance(value, datetime):
        return value.date()
    return value


def read_scalar(value: bool | float | str) -> Operand:
    """Return the operand of a plain value.

    Raises
    ------
    InvalidFilterError
        The text contains NUL, which PostgreSQL cannot store in a text.
    """
    match value:
        case bool():
            return Operand(FieldKind.BOOLEAN, "a boolean", value=value)
        case int():
            return Operand(FieldKind.INTEGER, "a number", value=value)
        case float():
            return Operand(FieldKind.FLOAT, "a number", value=value)
        case _:
            if "\0" in value:
                raise InvalidFilterError("a text holds the character NUL")
            return Operand(FieldKind.TEXT, "a text", value=value)


def read_date(text: object) -> Operand:
    """Return the operand of a date.

    Raises
    ------
    InvalidFilterError
        The text is not ``YYYY-MM-DD``, or no day of the years 1 to 9999.
    """
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise InvalidFilterError("a date is not YYYY-MM-DD")
    try:
        return Operand(FieldKind.DATE, "a date", value=date.fromisoformat(text))
    except ValueError as error:
        raise InvalidFilterError("a date is no day of the calendar") from error


def read_timestamp(text: object) -> Operand:
    """Return the operand of a timestamp.

    Raises
    ------
    InvalidFilterError
        The text is not RFC 3339 with an offset, or not within the years 1 to 9999 in UTC.
    """
    if not isinstance(text, str) or not _TIMESTAMP.fullmatch(text):
        raise InvalidFilterError("a timestamp is not YYYY-MM-DDThh:mm:ssZ")
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidFilterError("a timestamp is no moment of the calendar") from error
    return Operand(FieldKind.INSTANT, "a timestamp", value=moment)
