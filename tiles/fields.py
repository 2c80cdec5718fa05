"""What a published column is: its kind by the view's type, its meaning, unit and closed list."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, JSON, Boolean, Date, DateTime, Float, Integer, String


class Kind(StrEnum):
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
    {Kind.TEXT, Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN, Kind.DATE, Kind.INSTANT},
)

#: Kinds of columns that a filter may name.
QUERYABLE = SINGLE | {Kind.TEXTS}

_SCHEMAS: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.FLOAT: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.INSTANT: {"type": "string", "format": "date-time"},
    Kind.TEXTS: {"type": "array", "items": {"type": "string"}},
    Kind.OBJECT: {"type": "object"},
    Kind.OBJECTS: {"type": "array", "items": {"type": "object"}},
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
    kind: Kind
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
        if self.word.values and self.kind is Kind.TEXTS:
            made["items"] = {"type": "string", "enum": list(self.word.values)}
        elif self.word.values:
            made["enum"] = list(self.word.values)
        if self.word.unit is not None:
            made["x-ogc-unit"] = self.word.unit
        return made


def kind_of(column_type: object, *, is_list: bool = False) -> Kind:
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
            return Kind.TEXTS
        case JSON():
            return Kind.OBJECTS if is_list else Kind.OBJECT
        case String():
            return Kind.TEXT
        case Integer():
            return Kind.INTEGER
        case Float():
            return Kind.FLOAT
        case Boolean():
            return Kind.BOOLEAN
        case Date():
            return Kind.DATE
        case DateTime():
            return Kind.INSTANT
    msg = f"no layer publishes a column of type {column_type!r}"
    raise TypeError(msg)
