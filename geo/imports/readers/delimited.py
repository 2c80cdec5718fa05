"""CSV files as found in the field: any delimiter, byte-order marks, encodings of old programs."""

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import replace

from geo.imports.readers.headers import Row, tabulated
from geo.imports.readers.table import Table, refuse
from geo.reasons import CodedReason
from geo.records.readers import MAX_BYTES

DELIMITERS = (",", ";", "\t", "|")

#: Characters that have another meaning in CSV.
_NO_DELIMITERS = frozenset('"\r\n')

#: Byte-order marks, and the encodings they stand for.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

#: Encodings that spreadsheet programs write instead of Unicode: Windows, Macintosh, DOS.
_OLD = ("cp1252", "mac_roman", "cp850")

#: Accented letters and signs of Spanish, Portuguese, French and Haitian next to a plain letter.
_ACCENTED = re.compile(
    r"[A-Za-z][áéíóúñüàâãçêôõèùëïîœ]|[áéíóúñüàâãçêôõèùëïîœ][a-z]"
    r"|[ÁÉÍÓÚÑÂÃÇÊÔÕÀÈÜ][A-Z ]|[¿¡][A-ZÁÉ]"
)

#: UTF-8 text that was read as Windows-1252 and saved again: "Ã±" for "ñ".
_TWICE = re.compile("Ã[\x80-\xbf±¡©­³º§¢£ªµ¼]")

#: Characters from which the delimiter is guessed.
_SAMPLE = 200_000


def read_delimited(
    name: str,
    data: bytes,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
) -> Table:
    """Return the table of a CSV file.

    Parameters
    ----------
    encoding, delimiter : str or None
        As the mapping states them; None detects them, with a remark where the result is a guess.
    header_row : int or None
        Line of the header; None detects it.

    Raises
    ------
    InvalidFileError
        The file as a whole cannot be read; names the line.
    """
    if len(data) > MAX_BYTES:
        refuse(name, CodedReason("file_too_large", most=MAX_BYTES))
    content, remarks = decoded(name, data, encoding)
    stated = re.match(r"sep=(.)\r?\n", content)  # Excel states the delimiter in such a line
    if stated:
        # The line break stays, so that line numbers remain right.
        content = content[stated.end() - 1 :]
        delimiter = delimiter or stated[1]
    delimiter = delimiter or guessed_delimiter(content)
    if len(delimiter) != 1 or delimiter in _NO_DELIMITERS:
        refuse(name, CodedReason("file_delimiter", delimiter=delimiter[:10]))
    rows: list[Row] = []
    line = 1
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 1
            rows.append((begins, [cell.strip() or None for cell in cells]))
    except csv.Error as error:
        refuse(name, CodedReason("file_not_csv", detail=str(error)), reader.line_num)
    table = tabulated(name, "csv", rows, header_row=header_row, remarks=remarks)
    return _without_overlong(table, rows)


def _without_overlong(table: Table, rows: list[Row]) -> Table:
    """Note a problem on lines that have more cells than the header has columns."""
    width = len(table.columns)
    long = {n for n, cells in rows if any(cell is not None for cell in cells[width:])}
    if not long:
        return table
    reason = ("", CodedReason("row_too_wide", width=width))
    lines = [replace(x, problems=(reason,)) if x.number in long else x for x in table.lines]
    return replace(table, lines=tuple(lines))


def decoded(name: str, data: bytes, encoding: str | None = None) -> tuple[str, list[CodedReason]]:
    """Return the text of a file, and a remark if its encoding was guessed.

    Raises
    ------
    InvalidFileError
        The file cannot be decoded.
    """
    if encoding is not None:
        return _as_stated(name, data, encoding), []
    for mark, found in _MARKS:
        if data.startswith(mark):
            return _as_stated(name, data[len(mark) :], found), []
    if b"\0" in data[:1000]:
        found = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        return _as_stated(name, data, found), [CodedReason("read_without_mark", encoding=found)]
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(name, data)
    remarks = []
    if _TWICE.search(content):
        remarks.append(CodedReason("encoded_twice"))
    return content, remarks


def _as_stated(name: str, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        refuse(
            name,
            CodedReason("file_not_encoding", encoding=encoding),
            data.count(b"\n", 0, error.start) + 1,
        )
    except (LookupError, ValueError):  # a name with a NUL, or a codec that does not decode text
        refuse(name, CodedReason("file_unknown_encoding", encoding=encoding[:40]))


def _guessed(name: str, data: bytes) -> tuple[str, list[CodedReason]]:
    """Return the decoding with the most accented letters next to plain ones."""
    scores: Counter[str] = Counter()
    readings = {}
    for encoding in _OLD:
        try:
            readings[encoding] = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        scores[encoding] = len(_ACCENTED.findall(readings[encoding]))
    if not readings:
        refuse(name, CodedReason("file_no_encoding"))
    best = max(readings, key=lambda encoding: scores[encoding])  # the first of equals wins
    return readings[best], [CodedReason("read_as", encoding=best)]


def guessed_delimiter(content: str) -> str:
    """Return the delimiter that gives the most columns to the largest share of rows."""
    sample = content[:_SAMPLE]
    if len(content) > _SAMPLE:
        sample = sample[: sample.rfind("\n") + 1]
    best, most = DELIMITERS[0], 0.0
    for delimiter in DELIMITERS:
        widths = Counter(_widths(sample, delimiter))
        if not widths:
            continue
        width, alike = max(widths.items(), key=lambda item: (item[1], item[0]))
        score = (width - 1) * (alike / widths.total()) ** 2
        if score > most:
            best, most = delimiter, score
    return best


def _widths(sample: str, delimiter: str) -> list[int]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        return [len(cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        return []
