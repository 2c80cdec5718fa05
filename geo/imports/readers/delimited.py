"""Reader for CSV files with any delimiter, byte-order marks, or encodings of old programs."""

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

#: Characters that cannot be a delimiter, because they have another meaning in CSV.
_NO_DELIMITERS = frozenset('"\r\n')

#: Byte-order marks, each with the encoding of a file that begins with the mark.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

#: Encodings tried for a file that is not UTF-8: those that spreadsheet programs write on Windows,
#: Macintosh and DOS.
_OLD = ("cp1252", "mac_roman", "cp850")

#: Pattern for accented letters and signs of Spanish, Portuguese, French and Haitian next to a plain
#: letter; a text decoded with the right encoding has the most matches.
_ACCENTED = re.compile(
    r"[A-Za-z][áéíóúñüàâãçêôõèùëïîœ]|[áéíóúñüàâãçêôõèùëïîœ][a-z]"
    r"|[ÁÉÍÓÚÑÂÃÇÊÔÕÀÈÜ][A-Z ]|[¿¡][A-ZÁÉ]"
)

#: Pattern for UTF-8 text that a program read as Windows-1252 and saved again as UTF-8: "Ã±" for
#: "ñ".
_TWICE = re.compile("Ã[\x80-\xbf±¡©­³º§¢£ªµ¼]")

#: Number of characters at the beginning of a file from which the delimiter is guessed.
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
        Encoding and delimiter that the mapping states; None detects them. A guessed encoding is
        noted in a remark of the table.
    header_row : int or None
        Line number of the header; None detects the header.

    Raises
    ------
    InvalidFileError
        The file as a whole cannot be read; the error names the line.
    """
    if len(data) > MAX_BYTES:
        refuse(name, CodedReason("file_too_large", most=MAX_BYTES))
    content, remarks = decoded(name, data, encoding)
    stated = re.match(r"sep=(.)\r?\n", content)  # a first line that states the delimiter to Excel
    if stated:
        # The line break after "sep=" stays in the text, so that line numbers remain right.
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
    """Return the table with a problem on each line that has more cells than the header."""
    width = len(table.columns)
    long = {n for n, cells in rows if any(cell is not None for cell in cells[width:])}
    if not long:
        return table
    reason = ("", CodedReason("row_too_wide", width=width))
    lines = [replace(x, problems=(reason,)) if x.number in long else x for x in table.lines]
    return replace(table, lines=tuple(lines))


def decoded(name: str, data: bytes, encoding: str | None = None) -> tuple[str, list[CodedReason]]:
    """Decode a text file, and remark if the encoding was guessed or the text was encoded twice.

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
    except (LookupError, ValueError):
        # The encoding's name is unknown, contains a NUL, or is not that of a text codec.
        refuse(name, CodedReason("file_unknown_encoding", encoding=encoding[:40]))


def _guessed(name: str, data: bytes) -> tuple[str, list[CodedReason]]:
    """Decode a file that is not UTF-8 with the old encoding that gives the most plausible accents.

    Plausible are accented letters next to plain letters (`_ACCENTED`).
    """
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
    best = max(readings, key=lambda encoding: scores[encoding])  # of equal scores, the first
    return readings[best], [CodedReason("read_as", encoding=best)]


def guessed_delimiter(content: str) -> str:
    """Guess the delimiter of a CSV text: the one that gives most rows the same large width."""
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
