"""What a published column is: its kind by the view's type, its meaning, unit and closed list."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, JSON, Boolean, Date, DateTime, Float, Integer, String


class FieldKind(StrEnum):
    """What a column's values are, and what else an operand of a filter may be."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    TEXTS = "texts"
    OBJECT = "object"
    OBJECTS = "objects"
    #: In filters alone.
    INTERVAL = "interval"
    GEOMETRY = "geometry"


#: Kinds that hold one value, which a filter compares and an order goes by.
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
    """What a column means, wherever it has its name.

    Parameters
    ----------
    text
        One English line, without a full stop.
    values
        Every value it may have, where that is fixed.
    vocabulary
        The vocabulary whose terms are its values; `/vocabularies` lists them. Terms are rows and
        some are protected (P38), so they are no part of a schema.
    unit
        By UCUM, such as ``m``.
    is_list
        Whether JSON is a list of objects rather than one.
    """

    text: str
    values: tuple[str | int, ...] = ()
    vocabulary: str | None = None
    unit: str | None = None
    is_list: bool = False


@dataclass(frozen=True)
class Field:
    """One published column of one layer; every one but ``id`` may be null."""

    name: str
    kind: FieldKind
    word: Word

    @property
    def is_single(self) -> bool:
        """Whether it holds one value, so that it can be compared and sorted by."""
        return self.kind in SINGLE

    @property
    def schema(self) -> dict[str, Any]:
        """Return its JSON schema; the unit as OGC API Features, Part 5 names it."""
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
        Whether JSON is a list of objects.

    Raises
    ------
    TypeError
        No layer may publish such a type.
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
