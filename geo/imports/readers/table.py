"""The result of every reader: numbered lines of named cells, whatever the file's format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from shapely.geometry.base import BaseGeometry

from geo.errors import InvalidFileError, UnreadableError
from geo.reasons import CodedReason, in_file

#: Cell value: text, number, boolean, date, datetime, time; lists and objects from JSON; None if
#: empty.
Value = Any

#: Most records of one import: ten times the size of the region's network in domain.md.
MAX_LINES = 200_000

#: Most columns of a table; the widest survey export seen has a few hundred.
MAX_COLUMNS = 2_000


class CellError(UnreadableError):
    """A cell cannot be converted to the type of its field."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a file.

    Attributes
    ----------
    number : int
        From 1: the row of a sheet, the line of a text, or the ordinal of a record.
    cells : mapping of str to value
        By column; an empty cell is None or absent.
    geometry : shapely geometry or None
        EPSG:4326, lon, lat; None if the format has no geometry.
    problems : tuple of (str, CodedReason)
        Column (empty for the whole line) and reason, found while reading; without cell values.
    """

    number: int
    cells: Mapping[str, Value]
    geometry: BaseGeometry | None = None
    problems: tuple[tuple[str, CodedReason], ...] = ()


@dataclass(frozen=True)
class Table:
    """A file that was read.

    Attributes
    ----------
    format : str
        One of `geo.imports.readers.detection.FORMATS`.
    columns : tuple of str
        In the file's order.
    tags : mapping of str to str
        HXL hashtag with attributes by column, if the file has them.
    remarks : tuple of CodedReason
        Decisions and omissions of the reader; nothing is left out silently.
    epoch_1904 : bool
        Serial dates count from 1904, as in old Macintosh workbooks.
    """

    format: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[CodedReason, ...] = ()
    epoch_1904: bool = False


def too_many(count: int, what: str) -> CodedReason:
    """Return the reason for a file with more records than one import accepts."""
    return CodedReason("file_too_many_rows", count=count, what=what, most=MAX_LINES)


def too_wide(count: int) -> CodedReason:
    """Return the reason for a table with more columns than are read."""
    return CodedReason("file_too_many_columns", count=count, most=MAX_COLUMNS)


def refuse(name: str, reason: CodedReason, line: int = 1) -> NoReturn:
    """Refuse a file as a whole.

    Raises
    ------
    InvalidFileError
        Always.
    """
    raise InvalidFileError([in_file(name, reason, line)])
