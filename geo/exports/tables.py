"""Exports of spaces as CSV, CSV with HXL hashtags, and XLSX, which the import reads again."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import orjson
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from geo.exports.snapshot import ATTRIBUTION, EMPTY_SAYS, Snapshot, is_plain_phones

#: Columns about the whole file that are repeated in each row, so that a row copied elsewhere still
#: has them (P49).
ABOUT = ("data_as_of", "attribution", "notice_of_file")

#: HXL 1.1 hashtags by column (domain.md section 3, "Headers"). Other columns get the hashtag
#: ``#meta+field+<name>``, which the import recognises.
HASHTAGS = {
    "id": "#meta+id",
    "name": "#loc+name",
    "kind": "#loc+type",
    "organization": "#org+name",
    "sectors": "#sector+list",
    "services": "#service+list",
    "status": "#status",
    "confirmed_on": "#date+verified",
    "expires_on": "#date+expires",
    "country": "#country+code+v_iso2",
    "admin1": "#adm1+name",
    "locality": "#adm2+name",
    "lat": "#geo+lat",
    "lon": "#geo+lon",
    "coord_precision": "#geo+precision",
    "capacity": "#capacity+num",
    "available": "#capacity+available+num",
    "public_phones": "#contact+phone",
    "eligibility": "#access+conditions",
    "access": "#access+type",
    "source": "#meta+source",
    "data_as_of": "#date+asof",
    "attribution": "#meta+attribution",
    "notice_of_file": "#description+notice",
}

#: Pattern for the beginning of a cell that a spreadsheet takes for a formula (OWASP, CSV injection;
#: East Asian full-width signs included). An apostrophe before the cell makes the cell text. A cell
#: that begins with an apostrophe gets a second one, so that removing one restores the cell.
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")

#: Pattern for the beginning of a formula within a cell. Where Excel's list separator is a
#: semicolon, as in most of Latin America, Excel splits cells of a CSV file at semicolons and line
#: ends, even within quotes.
_FORMULA_WITHIN = re.compile(r"(?<=[;\t\n\r])(?='*[=+\-@\t\r＝＋－＠])")

#: Characters that no item of a list separated by bars may have; a list with such an item is written
#: as JSON.
_SEPARATORS = re.compile(r"[|\[\]\n]")

#: Pattern for apostrophes within a text that the import would remove, as it removes those that the
#: export of CSV adds (`_FORMULA_WITHIN`). In a workbook they are doubled, so that one remains.
_QUOTED_WITHIN = re.compile(r"(?<=[;\t\n\r])(?='+[=+\-@\t\r＝＋－＠])")


def write_csv(snapshot: Snapshot) -> bytes:
    """Return spaces as CSV (RFC 4180) in UTF-8, with the byte-order mark that Excel needs."""
    return _csv(snapshot, [])


def write_hxl(snapshot: Snapshot) -> bytes:
    """Return spaces as CSV with a row of HXL hashtags below the header."""
    names = (*snapshot.columns, *ABOUT)
    return _csv(snapshot, [[HASHTAGS.get(name, f"#meta+field+{name}") for name in names]])


def _csv(snapshot: Snapshot, below_header: Iterable[Sequence[str]]) -> bytes:
    about = _about(snapshot)
    rows = (
        (*(_cell(name, record[name]) for name in snapshot.columns), *about)
        for record in snapshot.records
    )
    return csv_table([(*snapshot.columns, *ABOUT), *below_header], rows)


def csv_table(header: Iterable[Sequence[str]], rows: Iterable[Iterable[object]]) -> bytes:
    """Return a table as CSV (RFC 4180) in UTF-8, with the byte-order mark that Excel needs.

    Parameters
    ----------
    header
        Lines above the rows, written as they are.
    rows
        Cells; those that look like a formula are `guarded`.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerows(header)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
    return written.getvalue().encode("utf-8-sig")


def write_xlsx(snapshot: Snapshot) -> bytes:
    """Return spaces as an XLSX workbook with one sheet; equal data give equal bytes.

    Cells that look like a formula are marked as text, so that no spreadsheet program runs them,
    even after a person edits the cell.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("spaces")
    sheet.freeze_panes = "C2"
    sheet.append([*snapshot.columns, *ABOUT])
    about = _about(snapshot)
    for record in snapshot.records:
        cells = (*(_cell(name, record[name]) for name in snapshot.columns), *about)
        sheet.append([inert_cell(sheet, cell) for cell in cells])
    description = f"{ATTRIBUTION}. {snapshot.notice}"
    return _saved(book, f"Amparo {snapshot.day}", snapshot.data_as_of.date(), description)


def plain_workbook(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[object]], day: date
) -> bytes:
    """Return a table as an XLSX workbook with one sheet; equal data give equal bytes.

    Cells that look like a formula are marked as text, as in `write_xlsx`.

    Parameters
    ----------
    title
        Name of the sheet, and of the workbook together with ``day``.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "B2"
    for row in (headings, *rows):
        sheet.append([inert_cell(sheet, cell) for cell in row])
    return _saved(book, f"{title} {day.isoformat()}", day)


def _saved(book: Workbook, title: str, day: date, description: str | None = None) -> bytes:
    properties = book.properties
    properties.title, properties.creator, properties.description = title, "Amparo", description
    written = io.BytesIO()
    book.save(written)
    return dated_workbook(written.getvalue(), day)


def inert_cell(sheet: Any, value: object) -> object:  # noqa: ANN401 - untyped there
    """Return a value for a cell of a workbook, marked as text if it looks like a formula."""
    if not isinstance(value, str):
        return value
    value = _QUOTED_WITHIN.sub("'", ILLEGAL_CHARACTERS_RE.sub(" ", value))
    if not _FORMULA.match(value):
        return value
    # A text that begins with an apostrophe gets a second one, as the import removes one.
    cell = WriteOnlyCell(sheet, f"'{value}" if value.startswith("'") else value)
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell


#: Pattern for the timestamps that openpyxl writes from the machine's clock. The XML prefix is not
#: fixed, because any library in the process may have registered another prefix for the namespace.
_MOMENTS = re.compile(rb"(<\w+:(?:created|modified)\b[^>]*>)[^<]*(<)")


def dated_workbook(data: bytes, day: date) -> bytes:
    """Replace every timestamp in an XLSX archive by the day of the data, for reproducible bytes."""
    moment = f"{day.isoformat()}T00:00:00Z".encode()
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as made,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as dated,
    ):
        for name in made.namelist():
            content = made.read(name)
            if name == "docProps/core.xml":
                content = _MOMENTS.sub(rb"\g<1>" + moment + rb"\g<2>", content)
            entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            dated.writestr(entry, content)
    return written.getvalue()


def _about(snapshot: Snapshot) -> tuple[str, str, str]:
    return (snapshot.day, ATTRIBUTION, snapshot.notice)


def _cell(name: str, value: object) -> object:
    """Convert a field's value to one cell: lists separated by bars, nested values as JSON."""
    if name == "public_phones" and isinstance(value, list) and is_plain_phones(value):
        value = [phone["number"] for phone in value]
    if isinstance(value, list):
        if not value:
            return "[]" if name in EMPTY_SAYS else None
        if all(isinstance(item, str) and not _SEPARATORS.search(item) for item in value):
            return "|".join(value)
        return orjson.dumps(value).decode()
    if isinstance(value, dict):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value else None
    return value


def guarded(cell: object) -> object:
    """Return a value for a CSV cell, with an apostrophe before text that looks like a formula."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        inside = _FORMULA_WITHIN.sub("'", cell)
        return f"'{inside}" if _FORMULA.match(cell) else inside
    return cell
