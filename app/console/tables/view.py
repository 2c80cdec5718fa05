"""A page of a table for its template: headings, rows, filters, columns to choose, and the map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.console.forms.layout import Desk
from app.console.forms.maps import map_data
from app.console.tables.address import TableAddress, read_asked
from app.console.tables.declaration import (
    CellContext,
    Choices,
    DeskTable,
    Mark,
    Row,
    RowSource,
    TableCell,
    TableColumn,
)
from app.console.tables.kept_views import is_view, view_address
from app.i18n.translation import Words, marked
from geo.desk.kept_choices import KeptChoices, read_choices
from geo.desk.table_rows import FILE_ROWS, PAGE_ROWS, RowQuestion, RowsPage, distinct_values
from geo.desk.table_rows import read_page as read_rows


@dataclass(frozen=True, slots=True)
class Heading:
    """Heading of a column; ``href`` sorts by it, ``order`` is its value of ``aria-sort``."""

    name: str
    title: str
    href: str | None
    order: str | None


@dataclass(frozen=True, slots=True)
class TableLine:
    """A row as the page shows it: ``cells`` in the order of the headings, and its marks."""

    key: str
    cells: Sequence[TableCell]
    marks: Sequence[Mark]
    row: Row


@dataclass(frozen=True, slots=True)
class ShownFilter:
    """A filter with its choices; ``has_any`` says whether it may filter nothing."""

    name: str
    title: str
    choices: Choices
    value: str
    has_any: bool
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class ShownView:
    """Link to a view that the person keeps; ``is_current`` if the page shows that view now."""

    name: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class TableView:
    """Contents of a table's page, for its template.

    Parameters
    ----------
    columns
        Name, heading, and whether the column is shown, of each column but the first.
    views
        Views of the table that the person keeps.
    points
        Key, name, longitude and latitude of the rows that have a position, for the map.
    """

    asked: TableAddress
    page: RowsPage
    search: str
    headings: Sequence[Heading]
    lines: Sequence[TableLine]
    filters: Sequence[ShownFilter]
    columns: Sequence[tuple[str, str, bool]]
    views: Sequence[ShownView]
    points: Sequence[Mapping[str, Any]]
    map: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class FileTable:
    """Contents of a table's file: headings, rows of values, and whether any is a demo row (P35)."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str | int | None]]
    has_demo: bool


#: Heading of the second-to-last column of a file, which holds the marks of each row.
_MARKS = marked("Marcas")
#: Heading of a file's last column: the day of the data.
_AS_OF = marked("Datos del")


async def context_of(desk: Desk) -> CellContext:
    """Return the context for writing cells, for the person at a desk."""
    return CellContext(desk.words, await desk.terms(), desk.now.date(), desk.actor)


async def table_view(desk: Desk, table: DeskTable, stated: Mapping[str, str]) -> TableView:
    """Return the page of a table that the parameters of an address ask for.

    Raises
    ------
    InvalidParameterError, InvalidRecordError
        What is asked is no part of the table.
    """
    found = await _find_rows(desk, table, stated, for_file=False)
    asked, words = found.asked, found.context.words
    lines = [_line(table, found, row) for row in found.page.rows]
    points = [_point(line) for line in lines if line.row.get("lon") is not None]
    return TableView(
        asked=asked,
        page=found.page,
        search=words.gettext(table.search),
        headings=[_heading(words, asked, column) for column in found.shown],
        lines=lines,
        filters=await _filters(table, found),
        columns=[
            (column.name, words.gettext(column.title), column in found.shown)
            for column in table.columns[1:]
        ],
        views=[
            ShownView(one.name, view_address(table, one), is_current=is_view(asked, one))
            for one in found.kept.views
        ],
        points=points,
        map=map_data(words) if points else None,
    )


async def file_table(desk: Desk, table: DeskTable, stated: Mapping[str, str]) -> FileTable:
    """Return the rows of all pages that the parameters of an address ask for, as a file has them.

    Raises
    ------
    InvalidParameterError, InvalidRecordError
        What is asked is no part of the table.
    """
    found = await _find_rows(desk, table, stated, for_file=True)
    context, rows = found.context, found.page.rows
    columns = [column for column in table.columns if column in found.shown or column.is_in_files]
    titles = [column.title for column in columns]
    has_demo = any(row.get("demo") for row in rows)
    as_of = context.today.isoformat()
    return FileTable(
        [context.words.gettext(title) for title in (*titles, _MARKS, _AS_OF)],
        [
            [
                *(_value(column.cell(context, row)) for column in columns),
                ", ".join(text for text, _ in table.marks(context, row)) or None,
                as_of,
            ]
            for row in rows
        ],
        has_demo,
    )


@dataclass(frozen=True, slots=True)
class _FoundRows:
    """Rows that an address asks for, and what is needed to write them for a person.

    Parameters
    ----------
    page
        Rows of one page, or of all pages for a file.
    kept
        Columns and views of the table that the person keeps.
    shown
        Columns that the person sees.
    """

    asked: TableAddress
    context: CellContext
    source: RowSource
    page: RowsPage
    kept: KeptChoices
    shown: Sequence[TableColumn]


async def _find_rows(
    desk: Desk, table: DeskTable, stated: Mapping[str, str], *, for_file: bool
) -> _FoundRows:
    """Read the rows that the parameters of an address ask for: of one page, or all for a file."""
    asked = read_asked(table, stated)
    context = await context_of(desk)
    source = table.source(desk, asked.options)
    orders = {column.name: column.order(context) for column in table.columns}
    question = RowQuestion(
        sort=asked.column,
        is_descending=asked.is_descending,
        filters={**asked.filters, **(source.file_filters if for_file else {})},
        page=1 if for_file else asked.page,
        page_rows=FILE_ROWS if for_file else PAGE_ROWS,
        orders={name: order for name, order in orders.items() if order is not None},
    )
    page = await read_rows(source.session, source.rows, question)
    choices = await read_choices(desk.session, desk.actor.id)
    kept = choices.get(table.name, KeptChoices())
    return _FoundRows(asked, context, source, page, kept, _columns(table, kept))


def _columns(table: DeskTable, kept: KeptChoices) -> Sequence[TableColumn]:
    first, *others = table.columns
    if kept.columns is None:
        return [first, *(column for column in others if column.is_default)]
    return [first, *(column for column in others if column.name in kept.columns)]


def _heading(words: Words, asked: TableAddress, column: TableColumn) -> Heading:
    title = words.gettext(column.title)
    if not column.is_sorted:
        return Heading(column.name, title, None, None)
    is_sorted = asked.column == column.name
    ends = "descending" if asked.is_descending else "ascending"
    turned = f"-{column.name}" if is_sorted and not asked.is_descending else column.name
    href = asked.address(sort=turned, page=1)
    return Heading(column.name, title, href, ends if is_sorted else None)


def _line(table: DeskTable, found: _FoundRows, row: Row) -> TableLine:
    key = str(row[found.source.rows.key])
    cells = [column.cell(found.context, row) for column in found.shown]
    return TableLine(key, cells, table.marks(found.context, row), row)


def _point(line: TableLine) -> Mapping[str, Any]:
    return {
        "key": line.key,
        "name": line.cells[0].text,
        "lon": line.row["lon"],
        "lat": line.row["lat"],
    }


async def _filters(table: DeskTable, found: _FoundRows) -> list[ShownFilter]:
    asked, context, source = found.asked, found.context, found.source
    columns = [one.column for one in table.filters if one.column is not None]
    distinct = await distinct_values(source.session, source.rows, *columns) if columns else ()
    values = dict(zip(columns, distinct, strict=True))
    return [
        ShownFilter(
            one.name,
            context.words.gettext(one.title),
            one.choices(context, values.get(one.column or "", ())),
            {**asked.filters, **asked.options}.get(one.name, ""),
            has_any=not one.default,
            is_hidden=one.is_hidden,
        )
        for one in table.filters
    ]


def _value(cell: TableCell) -> str | int | None:
    return cell.text or None if cell.value is None else cell.value
