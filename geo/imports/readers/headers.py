"""Detection of a table's header row, column names and HXL hashtags."""

import re
from collections import Counter
from collections.abc import Sequence
from math import ceil

from geo.imports.readers.table import (
    MAX_COLUMNS,
    MAX_LINES,
    Line,
    Table,
    Value,
    refuse,
    too_many,
    too_wide,
)
from geo.reasons import CodedReason

#: Pattern for a hashtag with attributes as HXL 1.1 writes them, such as ``#geo+lat``.
_HASHTAG = re.compile(r"#[a-z][a-z0-9_]*(?:\s*\+\s*[a-z][a-z0-9_]*)*", re.IGNORECASE)

#: Number of rows in which the HXL hashtags are searched. HXL 1.1 puts them above the data; libhxl
#: searches the first 25 rows.
_HASHTAG_ROWS = 25

#: Number of rows in which the header is searched, as titles and logos may stand above the header.
_HEADER_ROWS = 30

#: One row: its number in the file and its cells, starting with the first column.
Row = tuple[int, Sequence[Value]]

#: Merged cells, as (first row, first column, last row, last column).
Span = tuple[int, int, int, int]


def tabulated(
    name: str,
    kind: str,
    rows: Sequence[Row],
    *,
    header_row: int | None = None,
    spans: Sequence[Span] = (),
    remarks: Sequence[CodedReason] = (),
) -> Table:
    """Return rows as a table with named columns.

    Parameters
    ----------
    name, kind : str
        Name and format of the file.
    rows : sequence of (int, sequence)
        Row number and cells of each row, in order; empty rows may be left out.
    header_row : int or None
        Number of the header row; None detects the header row.
    spans : sequence of Span
        Merged cells by row number, for headers of two rows.

    Raises
    ------
    InvalidFileError
        The file has no header, no data, or too many rows or columns.
    """
    filled = [row for row in rows if any(cell is not None for cell in row[1])]
    if not filled:
        refuse(name, CodedReason("file_empty"))
    tags_at = _tags_at(filled)
    header_at = _header_at(name, filled, header_row, tags_at)
    header_at, groups = _levels(filled, header_at, spans)
    first = max(header_at, tags_at if tags_at is not None else -1) + 1
    names, notes = _names(name, filled, header_at, groups)
    tags = {}
    if tags_at is not None:
        tags = {
            column: _normal(str(tag))
            for column, tag in zip(names, _padded(filled[tags_at][1], len(names)), strict=False)
            if tag is not None
        }
    lines, ragged = _lines(names, filled[first:])
    if len(lines) > MAX_LINES:
        refuse(name, too_many(len(lines), "rows"))
    if ragged:
        notes.append(CodedReason("short_rows", count=ragged))
    return Table(kind, tuple(names), tuple(lines), tags, (*remarks, *notes))


def _tags_at(rows: Sequence[Row]) -> int | None:
    for index, (_, cells) in enumerate(rows[:_HASHTAG_ROWS]):
        there = [cell for cell in cells if cell is not None]
        if all(isinstance(cell, str) and _HASHTAG.fullmatch(cell.strip()) for cell in there):
            return index
    return None


def _normal(tag: str) -> str:
    """Normalize an HXL hashtag: lower case, attributes sorted, as their order has no meaning."""
    head, *attributes = re.sub(r"\s+", "", tag.lower()).split("+")
    return "+".join([head, *sorted(set(attributes))])


def _header_at(name: str, rows: Sequence[Row], stated: int | None, tags_at: int | None) -> int:
    if stated is not None:
        for index, (number, _) in enumerate(rows):
            if number == stated:
                return index
        refuse(name, CodedReason("file_empty_header", row=stated), stated)
    if tags_at is not None:
        above = tags_at - 1
        return above if above >= 0 and _is_text(rows[above][1]) else tags_at
    head = rows[:_HEADER_ROWS]
    width = max(_count(cells) for _, cells in head)
    for index, (_, cells) in enumerate(head):
        if _count(cells) >= ceil(width / 2) and _is_text(cells):
            return index
    return refuse(name, CodedReason("file_no_header"), rows[0][0])


def _count(cells: Sequence[Value]) -> int:
    return sum(cell is not None for cell in cells)


def _is_text(cells: Sequence[Value]) -> bool:
    return all(isinstance(cell, str) for cell in cells if cell is not None)


def _levels(rows: Sequence[Row], at: int, spans: Sequence[Span]) -> tuple[int, dict[int, str]]:
    """Return the index of the row with the columns' names, and the group label above each column.

    A header may have two rows: merged cells with the labels of groups of columns, and below them
    the names of the single columns.
    """
    number = rows[at][0]
    wide = [span for span in spans if span[0] == number and span[3] > span[1]]
    below = at + 1 < len(rows) and _is_text(rows[at + 1][1])
    if wide and below and all(_count(rows[at + 1][1][s[1] : s[3] + 1]) for s in wide):
        return at + 1, _groups(rows[at], spans)
    if at and any(span[0] == rows[at - 1][0] and span[3] > span[1] for span in spans):
        return at, _groups(rows[at - 1], spans)
    return at, {}


def _groups(row: Row, spans: Sequence[Span]) -> dict[int, str]:
    number, cells = row
    groups = {index: str(cell) for index, cell in enumerate(cells) if cell is not None}
    for top, left, _, right in spans:
        if top == number and left in groups:
            groups |= dict.fromkeys(range(left, right + 1), groups[left])
    return groups


def _names(
    name: str, rows: Sequence[Row], at: int, groups: dict[int, str]
) -> tuple[list[str], list[CodedReason]]:
    width = len(rows[at][1])  # a row longer than the header is malformed and adds no column
    while width and all(len(cells) < width or cells[width - 1] is None for _, cells in rows):
        width -= 1
    if width > MAX_COLUMNS:
        refuse(name, too_wide(width))
    labels = []
    for index, cell in enumerate(_padded(rows[at][1], width)):
        label = " ".join(str(cell).split()) if cell is not None else groups.get(index, "")
        labels.append(label or f"column {index + 1}")
    twice = {label for label, n in Counter(labels).items() if n > 1}
    named: list[str] = []
    for index, label in enumerate(labels):
        full = f"{groups[index]} / {label}" if label in twice and index in groups else label
        n = 2
        unique = full
        while unique in named:
            unique, n = f"{full} ({n})", n + 1
        named.append(unique)
    plain = sorted(twice - {name for name in named if named.count(name) == 1 and name not in twice})
    notes = [CodedReason("same_columns", columns=plain)] if plain else []
    return named, notes


def _padded(cells: Sequence[Value], width: int) -> list[Value]:
    return [*cells[:width], *[None] * (width - len(cells))]


def _lines(names: Sequence[str], rows: Sequence[Row]) -> tuple[list[Line], int]:
    lines, ragged = [], 0
    for number, cells in rows:
        ragged += len(cells) < len(names)
        lines.append(Line(number, dict(zip(names, cells, strict=False))))
    return lines, ragged
