"""Columns and cells that several tables share: codes, countries, days, the expiry of a space."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import quote

from app.access.identity import CONSOLE
from app.console.forms.labels import STATUSES
from app.console.tables.declaration import CellContext, Naming, Row, TableCell, TableColumn
from app.i18n.translation import marked
from geo.text.countries import BOXES

#: Days left below which an expiry needs attention: a week, the shortest validity (P41).
SOON_LEFT = 7


def text_column(name: str, title: str, *, is_default: bool = True) -> TableColumn:
    """Return a column of texts as they are stored."""
    return TableColumn(name, title, lambda _context, row: TableCell(row[name] or ""), is_default)


def coded_column(
    name: str,
    title: str,
    names: Naming,
    *,
    is_default: bool = True,
) -> TableColumn:
    """Return a column of codes, shown and sorted by their names in the reader's language."""

    def cell(context: CellContext, row: Row) -> TableCell:
        code = row[name]
        return TableCell("" if code is None else context.names(names).get(code, code))

    return TableColumn(name, title, cell, is_default, codes=names)


def country_column(*, is_default: bool = True) -> TableColumn:
    """Return the column of countries."""
    return coded_column("country", marked("País"), country_names, is_default=is_default)


def day_column(name: str, title: str, *, is_default: bool = True) -> TableColumn:
    """Return a column of days."""
    return TableColumn(name, title, lambda context, row: day_cell(context, row[name]), is_default)


def day_cell(context: CellContext, day: date | None, *, is_strong: bool = False) -> TableCell:
    """Return the cell of a day; in files the day is in ISO 8601."""
    if day is None:
        return TableCell("")
    return TableCell(context.words.day(day), day.isoformat(), is_strong=is_strong)


def expiry_cell(context: CellContext, row: Row) -> TableCell:
    """Return the cell of the last day on which the public sees a space."""
    left = (row["expires_on"] - context.today).days
    return day_cell(context, row["expires_on"], is_strong=left < SOON_LEFT)


def country_names(context: CellContext) -> Mapping[str, str]:
    """Return the names of the countries by code."""
    return {code: context.words.country(code) for code in BOXES}


def kind_names(context: CellContext) -> Mapping[str, str]:
    """Return the names of the kinds of space by code."""
    return context.terms.names.get("space_kind", {})


def status_names(context: CellContext) -> Mapping[str, str]:
    """Return the names of the statuses of a space by code."""
    return {code: context.words.gettext(name) for code, name in STATUSES.items()}


def space_page(space_id: str, part: str = "") -> str:
    """Return the path of a space's page, or of a part of it."""
    return f"{CONSOLE}/spaces/{quote(space_id, safe='')}{part}"


def restricted_name(context: CellContext, record_id: str) -> str:
    """Return the label of a restricted record in lists, made of its id.

    Its name is shown only on its own page, where opening the record is audited (P31).
    """
    return context.words.gettext("Registro restringido %(id)s") % {"id": record_id}
