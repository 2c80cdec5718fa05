"""``/network/tables``: a table's rows as a file, and the columns and views that a person keeps."""

from datetime import date
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Response

from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms.inputs import chosen_in
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.returning import return_path
from app.console.tables.declaration import DeskTable
from app.console.tables.kept_views import TABLES, view_in
from app.console.tables.queries import ExpiringQuery, SpacesQuery, TableQuery
from app.console.tables.spaces_table import EXPIRING_TABLE, SPACES_TABLE
from app.console.tables.view import FileTable, file_table
from geo.audit import trail
from geo.desk.kept_choices import forget_view, keep_columns, keep_view
from geo.errors import ForbiddenError, NotFoundError
from geo.exports.formats import FORMATS
from geo.exports.tables import csv_table, plain_workbook

router = APIRouter(include_in_schema=False)

type Suffix = Literal["csv", "xlsx"]


@router.get(f"{CONSOLE}/tables/spaces/rows.{{suffix}}")
async def spaces_file(
    desk: DeskDep, suffix: Suffix, asked: Annotated[SpacesQuery, Query()]
) -> Response:
    """Return the spaces that the table shows as a file."""
    return await _file(desk, SPACES_TABLE, asked, suffix)


@router.get(f"{CONSOLE}/tables/expiring/rows.{{suffix}}")
async def expiring_file(
    desk: DeskDep, suffix: Suffix, asked: Annotated[ExpiringQuery, Query()]
) -> Response:
    """Return the spaces to reconfirm that the table shows as a file."""
    return await _file(desk, EXPIRING_TABLE, asked, suffix)


async def _file(desk: Desk, table: DeskTable, asked: TableQuery, suffix: str) -> Response:
    """Return the rows of all pages of a table as a file, with the person's columns (P56).

    Restricted and hidden records are in nobody's file, because copies cannot be taken back (P49).
    """
    rows = await file_table(desk, table, asked.stated())
    await trail.record(
        desk.session,
        actor=desk.actor.id,
        action="table.exported",
        entity="table",
        record_id=table.name,
        details={"format": suffix, "rows": len(rows.rows)},
    )
    today = desk.now.date()
    content = await to_thread.run_sync(_written, suffix, rows, today)
    demo = "demo-" if rows.has_demo else ""
    name = f"amparo-{demo}{table.name}-{today.isoformat()}.{suffix}"
    return Response(
        content,
        media_type=FORMATS[suffix].media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.post(f"{CONSOLE}/tables/{{table}}/columns")
async def columns(desk: DeskDep, table: RecordId, form: FormDep) -> Response:
    """Keep the columns that a person has chosen, and lead back to the table."""
    found = _table(desk, table)
    first, *_ = found.column_names
    chosen = [first, *chosen_in(form, "columns")] if form.get("do") != "reset" else []
    await keep_columns(desk.session, desk.actor.id, found.name, chosen, found.column_names)
    return see(return_path(form, found.path))


@router.post(f"{CONSOLE}/tables/{{table}}/views")
async def views(desk: DeskDep, table: RecordId, form: FormDep) -> Response:
    """Keep what the table shows as a view, or forget one, and lead back to the table."""
    found = _table(desk, table)
    back = return_path(form, found.path)
    name = form.get("name", "")
    if form.get("do") == "forget":
        await forget_view(desk.session, desk.actor.id, found.name, name)
    else:
        await keep_view(desk.session, desk.actor.id, found.name, view_in(found, name, back))
    return see(back)


def _table(desk: DeskDep, name: str) -> DeskTable:
    found = TABLES.get(name)
    if found is None:
        msg = "there is no such table"
        raise NotFoundError(msg)
    if not found.is_for(desk.actor):
        msg = "this table is for others"
        raise ForbiddenError(msg)
    return found


def _written(suffix: str, table: FileTable, today: date) -> bytes:
    if suffix == "csv":
        return csv_table([table.headings], table.rows)
    return plain_workbook("amparo", table.headings, table.rows, today)
