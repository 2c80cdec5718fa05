"""Table that every reader returns, whatever the file's format: numbered lines of named cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from shapely.geometry.base import BaseGeometry

from geo.errors import InvalidFileError, UnreadableError
from geo.reasons import CodedReason, in_file

#: Value of a cell: text, number, boolean, date, datetime or time; a list or object in JSON files;
#: None if the cell is empty.
Value = Any

#: Most records of one import: ten times the number of spaces in the region's network (domain.md).
MAX_LINES = 200_000

#: Most columns of a table; the widest known survey export has a few hundred.
MAX_COLUMNS = 2_000


class CellError(UnreadableError):
    """A cell's value cannot be converted to the type of the field it is mapped to."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record of an import file.

    Attributes
    ----------
    number : int
        Row of a sheet, line of a text, or ordinal of a record; counted from 1.
    cells : mapping of str to value
        Cells by column; an empty cell is None or absent.
    geometry : shapely geometry or None
        Geometry in EPSG:4326 (lon, lat); None if the record or the format has no geometry.
    problems : tuple of (str, CodedReason)
        Problems found while reading, each with its column (empty for the whole line) and a reason
        without cell values.
    """

    number: int
    cells: Mapping[str, Value]
    geometry: BaseGeometry | None = None
    problems: tuple[tuple[str, CodedReason], ...] = ()


@dataclass(frozen=True)
class Table:
    """Content of an import file as lines of named cells.

    Attributes
    ----------
    format : str
        One of `geo.imports.readers.detection.FORMATS`.
    columns : tuple of str
        Names of the columns in the file's order.
    tags : mapping of str to str
        HXL hashtag with attributes by column; empty if the file has no hashtags.
    remarks : tuple of CodedReason
        Every guess of the reader and every part of the file that was not read.
    epoch_1904 : bool
        Whether serial dates count from 1904, as in old Macintosh workbooks.
    """

    format: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[CodedReason, ...] = ()
    epoch_1904: bool = False


#: Most characters of a cell that is converted to anything but free text [A]: the longest hours and
#: lists seen have some 300.
LONGEST = 2_000


def shortened(table: Table) -> Table:
    """Return a table with texts cut to `LONGEST` characters, for recognising its columns."""

    def cut(cell: Value) -> Value:
        return cell[:LONGEST] if isinstance(cell, str) else cell

    lines = tuple(
        replace(line, cells={column: cut(cell) for column, cell in line.cells.items()})
        for line in table.lines
    )
    return replace(table, lines=lines)


def too_many(count: int, what: str) -> CodedReason:
    """Return the reason to refuse a file with more records than one import accepts."""
    return CodedReason("file_too_many_rows", count=count, what=what, most=MAX_LINES)


def too_wide(count: int) -> CodedReason:
    """Return the reason to refuse a table with more columns than `MAX_COLUMNS`."""
    return CodedReason("file_too_many_columns", count=count, most=MAX_COLUMNS)


def refuse(name: str, reason: CodedReason, line: int = 1) -> NoReturn:
    """Refuse a file as a whole, for a reason at one line.

    Raises
    ------
    InvalidFileError
        Always, with the file's name, the reason and the line.
    """
    raise InvalidFileError([in_file(name, reason, line)])
