"""Reader for one sheet of an XLSX workbook, with remarks on sheets and cells that are not read."""

import html
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from geo.imports.readers.archives import stored, unpacked
from geo.imports.readers.headers import Row, Span, tabulated
from geo.imports.readers.table import MAX_LINES, Line, Table, Value, refuse, too_many
from geo.imports.readers.workbook_size import UnmeasuredError, sheet_sizes
from geo.reasons import CodedReason
from geo.text.normalize import folded

#: Most cells of one sheet: 200,000 rows of 100 columns.
MAX_CELLS = 20_000_000

# Attributes of one XML tag. The length is limited, with room for what spreadsheet programs write,
# because the search in a hostile file (a tag without an end, a million attributes) would take
# hours.
_ANY = rb"""[^<>]{0,400}?"""

_MAC_EPOCH = re.compile(
    rb"""<(?:\w+:)?workbookPr\b""" + _ANY + rb"""\bdate1904\s*=\s*["'](?:1|true)["']"""
)
_FORMULA = re.compile(
    rb"""<(?:\w+:)?c\s(?!""" + _ANY + rb"""\bt="str")""" + _ANY + rb"""\br="([A-Z]+)([0-9]+)\""""
    + _ANY + rb""">"""
    rb"""(?:<(?:\w+:)?f\b""" + _ANY + rb"""/>|<(?:\w+:)?f\b""" + _ANY + rb""">[^<]*</(?:\w+:)?f>)"""
    rb"""(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"""
)  # fmt: skip
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\s(?=""" + _ANY + rb"""\bt="e")""" + _ANY + rb"""\br="([A-Z]+)([0-9]+)\""""
    + _ANY + rb""">"""
)  # fmt: skip
_HIDDEN_ROW = re.compile(rb"""<(?:\w+:)?row\s""" + _ANY + rb"""\bhidden="(?:1|true)\"""")
_HIDDEN_COLUMN = re.compile(rb"""<(?:\w+:)?col\s""" + _ANY + rb"""\bhidden="(?:1|true)\"""")


@dataclass(frozen=True)
class Workbook:
    """Opened workbook, with its XML members for details that python-calamine does not give.

    ``sizes`` holds height and width of each sheet that may be read.
    """

    name: str
    opened: Any
    members: dict[str, bytes]
    sizes: dict[str, tuple[int, int]]

    @property
    def epoch_1904(self) -> bool:
        """Whether the workbook's serial dates count from 1904, not from 1900."""
        return bool(_MAC_EPOCH.search(self.members.get("xl/workbook.xml", b"")))

    def visible(self) -> list[str]:
        """Return the names of the visible work sheets."""
        return [
            sheet.name
            for sheet in self.opened.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        ]

    def hidden(self) -> list[str]:
        """Return the names of the hidden sheets."""
        return [
            sheet.name
            for sheet in self.opened.sheets_metadata
            if sheet.visible != SheetVisibleEnum.Visible
        ]

    def sheet(self, name: str) -> CalamineSheet:
        """Read one sheet; refuse a sheet of more than `MAX_CELLS` cells."""
        height, width = self.sizes[name]
        if height * width > MAX_CELLS:
            refuse(self.name, CodedReason("file_sheet_too_large", sheet=name, most=MAX_CELLS))
        sheet: CalamineSheet = self.opened.get_sheet_by_name(name)
        return sheet

    def xml(self, name: str) -> bytes:
        """Return the XML of one sheet."""
        relations = self.members.get("xl/_rels/workbook.xml.rels", b"").decode("utf-8", "replace")
        workbook = self.members.get("xl/workbook.xml", b"").decode("utf-8", "replace")
        quoted = re.escape(html.escape(name, quote=False).replace('"', "&quot;"))
        entry = re.search(rf'<(?:\w+:)?sheet\s[^>]*\bname="{quoted}"[^>]*>', workbook)
        key = entry and re.search(r'\bid="([^"]+)"', entry[0].split(" r:", 1)[-1])
        found = key and re.search(
            rf'<(?:\w+:)?Relationship\s(?=[^>]*\bId="{re.escape(key[1])}")'
            r'[^>]*\bTarget="([^"]+)"',
            relations,
        )
        target = found[1] if found else ""
        path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        return self.members.get(path, b"")


def open_workbook(name: str, data: bytes, sheet: str | None = None) -> Workbook:
    """Open a workbook and measure the named sheet, or each visible sheet, for reading.

    Raises
    ------
    InvalidFileError
        The file is not a workbook, is encrypted, or is too large when unpacked, or a sheet cannot
        be read.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        refuse(name, CodedReason("file_old_workbook"))
    members = unpacked(name, data)
    if "xl/workbook.xml" not in members:
        refuse(name, CodedReason("file_not_workbook"))
    content = stored(members)
    try:
        sizes = sheet_sizes(content.getvalue(), sheet)
    except UnmeasuredError as error:
        refuse(name, CodedReason("file_unmeasured", detail=str(error)))
    return Workbook(name, CalamineWorkbook.from_filelike(content), members, sizes)


def read_workbook(
    name: str, data: bytes, *, sheet: str | None = None, header_row: int | None = None
) -> Table:
    """Return one sheet of a workbook as a table: the named sheet, or the only one with data.

    The only sheet with data is searched among the visible sheets, without those of a survey's
    repeat groups. A hidden sheet is read only if it is named; other hidden sheets are listed in a
    remark.

    Raises
    ------
    InvalidFileError
        The named sheet does not exist, or no sheet or several sheets have data.
    """
    book = open_workbook(name, data, sheet)
    remarks = []
    if hidden := [other for other in book.hidden() if other != sheet]:
        remarks.append(CodedReason("hidden_sheets", sheets=hidden))
    chosen, read, others = _chosen(book, sheet)
    if others:
        remarks.append(CodedReason("other_sheets", sheets=others))
    xml = book.xml(chosen)
    if count := len(_HIDDEN_ROW.findall(xml)):
        remarks.append(CodedReason("hidden_rows", count=count))
    if _HIDDEN_COLUMN.search(xml):
        remarks.append(CodedReason("hidden_columns"))
    rows, spans, filled = _rows(read)
    if filled:
        remarks.append(CodedReason("merged_cells", count=filled))
    table = tabulated(name, "xlsx", rows, header_row=header_row, spans=spans, remarks=remarks)
    return replace(_with_cell_problems(table, xml), epoch_1904=book.epoch_1904)


def _chosen(book: Workbook, stated: str | None) -> tuple[str, CalamineSheet, list[str]]:
    visible = book.visible()
    if stated is not None:
        if stated not in book.opened.sheet_names:
            refuse(book.name, CodedReason("file_no_sheet", sheet=stated[:60], sheets=visible))
        return stated, book.sheet(stated), [other for other in visible if other != stated]
    sheets = {name: book.sheet(name) for name in visible}
    with_data = [name for name, sheet in sheets.items() if sheet.height]
    if not with_data:
        refuse(book.name, CodedReason("file_no_data"))
    # Each repeat group of a survey has a sheet of its own, with a column that names the parent row;
    # the main sheet is the sheet without this column.
    main = [name for name in with_data if not _is_repeat(sheets[name])]
    if len(main) > 1:
        main = [name for name in main if not _is_legend(name, sheets[name])]
    if len(main) != 1:
        refuse(book.name, CodedReason("file_several_sheets", sheets=with_data))
    others = [name for name in with_data if name != main[0]]
    return main[0], sheets[main[0]], others


def _is_repeat(sheet: CalamineSheet) -> bool:
    head = sheet.to_python(nrows=1)
    return bool(head) and bool({"_parent_index", "_parent_table_name", "PARENT_KEY"} & set(head[0]))


#: Names of sheets that explain the abbreviations and words of another sheet.
_LEGENDS: Final = frozenset(
    {"siglas", "sigla", "abreviaturas", "abreviaciones", "acronimos", "glosario", "glossario",
     "glossary", "leyenda", "legenda", "legend"}
)  # fmt: skip

#: Words about closed or secret places. A sheet with such a word has more than explanations, and is
#: read as one with data.
_SAYS_MORE: Final = re.compile(
    r"public|publis|difund|divulg|compart|reserv|confiden|secret|sigilo|ocult|cerra|cierr|fecha|"
    r"closed|suspend|suspens|\bbaja|inactiv|inativ|clausur|no funciona|intern|privad|protegid|"
    r"restring|mapear|mostr|no dar|retir|elimin|borrador|rascunho|fictici|vigen|amenaz|"
    r"casa|albergue|abrigo"
)

#: Most columns and rows of a sheet that explains words [A]: a word and its meaning, in some
#: languages.
_LEGEND_COLUMNS, _LEGEND_ROWS = 4, 60


def _is_legend(name: str, sheet: CalamineSheet) -> bool:
    """Return whether a sheet only explains the abbreviations and words of another sheet.

    Its name consists of words for such a sheet, and no cell is about closed or secret places.
    """
    words = re.findall(r"[a-z]+", folded(name))
    is_small = sheet.width <= _LEGEND_COLUMNS and sheet.height <= _LEGEND_ROWS
    if not words or not _LEGENDS.issuperset(words) or not is_small:
        return False
    cells = (cell for row in sheet.to_python() for cell in row)
    return not any(isinstance(cell, str) and _SAYS_MORE.search(folded(cell)) for cell in cells)


def _rows(sheet: CalamineSheet) -> tuple[list[Row], list[Span], int]:
    """Return a sheet's rows, its merged cells, and the number of cells filled from merged cells."""
    if sheet.total_height > MAX_LINES + 1_000:
        # Rows that only have formatting do not count towards total_height.
        refuse(
            sheet.name,
            too_many(sheet.total_height, "rows"),
        )
    grid = sheet.to_python(skip_empty_area=False)
    cells: list[list[Value]] = [[_value(cell) for cell in row] for row in grid]
    spans, filled = [], 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        spans.append((top + 1, left, bottom + 1, right))
        if top >= len(cells) or left >= len(cells[top]):
            continue
        value = cells[top][left]
        for row in range(top + 1, min(bottom + 1, len(cells))):
            # A merged cell's value is copied downwards only: a cell merged to the right is a title
            # or the label of a group of columns.
            if value is not None and cells[row][left] is None and left == right:
                cells[row][left] = value
                filled += 1
    return [(n, row) for n, row in enumerate(cells, start=1)], spans, filled


def _value(cell: Value) -> Value:
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, timedelta):
        return cell / timedelta(days=1)  # a time with a duration format: fraction of a day
    return cell


def _with_cell_problems(table: Table, xml: bytes) -> Table:
    """Return the table with a problem for each cell with an error or a formula without value."""
    problems: dict[int, list[tuple[str, CodedReason]]] = defaultdict(list)
    for hint, pattern, reason in (
        (b't="e"', _ERROR, CodedReason("cell_error")),
        (b"f>", _FORMULA, CodedReason("cell_formula")),
    ):
        if hint not in xml:
            continue  # a quick test, as the pattern is slow on hundreds of megabytes
        for letters, digits in pattern.findall(xml):
            index = _column(letters)
            if index < len(table.columns):
                problems[int(digits)].append((table.columns[index], reason))
    if not problems:
        return table
    lines: list[Line] = [
        replace(line, problems=tuple(problems[line.number])) if line.number in problems else line
        for line in table.lines
    ]
    return replace(table, lines=tuple(lines))


def _column(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1
