"""Description of published columns: kind (by the type in the view), meaning, unit and values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, JSON, Boolean, Date, DateTime, Float, Integer, String


class FieldKind(StrEnum):
    """Kind of a column's values, or of another operand of a filter."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    TEXTS = "texts"
    OBJECT = "object"
    OBJECTS = "objects"
    #: Kinds of operands in filters, not of published columns.
    INTERVAL = "interval"
    GEOMETRY = "geometry"


#: Kinds that hold a single value, which can be compared and sorted.
SINGLE = frozenset(
    {
        FieldKind.TEXT,
        FieldKind.INTEGER,
        FieldKind.FLOAT,
        FieldKind.BOOLEAN,
        FieldKind.DATE,
        FieldKind.INSTANT,
    },
)

#: Kinds of columns that a filter may name.
QUERYABLE = SINGLE | {FieldKind.TEXTS}

_SCHEMAS: dict[FieldKind, dict[str, Any]] = {
    FieldKind.TEXT: {"type": "string"},
    FieldKind.INTEGER: {"type": "integer"},
    FieldKind.FLOAT: {"type": "number"},
    FieldKind.BOOLEAN: {"type": "boolean"},
    FieldKind.DATE: {"type": "string", "format": "date"},
    FieldKind.INSTANT: {"type": "string", "format": "date-time"},
    FieldKind.TEXTS: {"type": "array", "items": {"type": "string"}},
    FieldKind.OBJECT: {"type": "object"},
    FieldKind.OBJECTS: {"type": "array", "items": {"type": "object"}},
}


@dataclass(frozen=True)
class Word:
    """The meaning of a column, in every layer with a column of this name.

    Parameters
    ----------
    text
        One English line, without a full stop.
    values
        All possible values, if they are fixed.
    vocabulary
        Vocabulary whose terms are its values; `/vocabularies` lists them. Terms are rows and some
        are protected (P38), so they are not part of a schema.
    unit
        UCUM code, such as ``m``.
    is_list
        Whether a JSON column is a list of objects rather than an object.
    """

    text: str
    values: tuple[str | int, ...] = ()
    vocabulary: str | None = None
    unit: str | None = None
    is_list: bool = False


@dataclass(frozen=True)
class Field:
    """One published column of one layer; every column but ``id`` may be null."""

    name: str
    kind: FieldKind
    word: Word

    @property
    def is_single(self) -> bool:
        """Whether the column holds a single value, so that it can be compared and sorted by."""
        return self.kind in SINGLE

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the column; the unit as in OGC API Features, Part 5."""
        made = dict(_SCHEMAS[self.kind])
        text = self.word.text
        if self.word.vocabulary is not None:
            text += f"; a term of the vocabulary {self.word.vocabulary}"
        made["description"] = text
        if self.word.values and self.kind is FieldKind.TEXTS:
            made["items"] = {"type": "string", "enum": list(self.word.values)}
        elif self.word.values:
            made["enum"] = list(self.word.values)
        if self.word.unit is not None:
            made["x-ogc-unit"] = self.word.unit
        return made


def kind_of(column_type: object, *, is_list: bool = False) -> FieldKind:
    """Return the kind of a view's column.

    Parameters
    ----------
    is_list
        Whether a JSON column is a list of objects.

    Raises
    ------
    TypeError
        No layer may publish a column of this type.
    """
    match column_type:
        case ARRAY(item_type=String()):
            return FieldKind.TEXTS
        case JSON():
            return FieldKind.OBJECTS if is_list else FieldKind.OBJECT
        case String():
            return FieldKind.TEXT
        case Integer():
            return FieldKind.INTEGER
        case Float():
            return FieldKind.FLOAT
        case Boolean():
            return FieldKind.BOOLEAN
        case Date():
            return FieldKind.DATE
        case DateTime():
            return FieldKind.INSTANT
    msg = f"no layer publishes a column of type {column_type!r}"
    raise TypeError(msg)
