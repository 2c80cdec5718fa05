"""Gaps, figures and spaces of a corridor as tables for spreadsheets."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from openpyxl import Workbook

from app.planning import corridor_rows
from app.planning.corridor_rows import (
    ABOUT_COLUMNS,
    FIGURE_COLUMNS,
    GAP_COLUMNS,
    SPACE_COLUMNS,
    Row,
)
from app.planning.corridors import MeasuredCorridor
from geo.exports.tables import csv_table, dated_workbook, inert_cell


def gaps_csv(found: MeasuredCorridor, now: datetime) -> bytes:
    """Return the gaps of all services as CSV (RFC 4180) in UTF-8, with Excel's byte-order mark.

    A service without records of a state's day has no row for that state.
    """
    about = corridor_rows.about(found, now)
    rows = ((*row.values(), *about) for row, _ in corridor_rows.gaps_of(found))
    return csv_table([(*GAP_COLUMNS, *ABOUT_COLUMNS)], rows)


def workbook(found: MeasuredCorridor, now: datetime) -> bytes:
    """Return gaps, figures and spaces as an XLSX workbook; equal data give equal bytes.

    Texts that look like a formula are stored as text, so that no spreadsheet program runs them.
    """
    book = Workbook(write_only=True)
    about = corridor_rows.about(found, now)
    gaps = (row for row, _ in corridor_rows.gaps_of(found))
    tables: tuple[tuple[str, Sequence[str], Iterable[Row]], ...] = (
        ("gaps", GAP_COLUMNS, gaps),
        ("figures", FIGURE_COLUMNS, corridor_rows.figures_of(found)),
        ("spaces", SPACE_COLUMNS, corridor_rows.spaces_of(found)),
    )
    for name, columns, rows in tables:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        sheet.append([*columns, *ABOUT_COLUMNS])
        for row in rows:
            sheet.append([inert_cell(sheet, cell) for cell in (*row.values(), *about)])
    book.properties.title = f"Amparo {about[0]}"
    book.properties.creator = "Amparo"
    book.properties.description = f"{about[1]}. {about[2]}"
    written = io.BytesIO()
    book.save(written)
    return dated_workbook(written.getvalue(), now.date())
