"""``/network/spaces``: the table of the spaces that staff may know of."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.identity import CONSOLE
from app.console.forms.layout import DeskDep
from app.console.forms.returning import flash_of
from app.console.tables.queries import SpacesQuery
from app.console.tables.spaces_table import SPACES_TABLE
from app.console.tables.view import table_view
from geo.spaces import staff_search

router = APIRouter(include_in_schema=False)

SPACES = f"{CONSOLE}/spaces"


@router.get(SPACES)
async def spaces(desk: DeskDep, asked: Annotated[SpacesQuery, Query()]) -> Response:
    """Show the spaces that are looked for; restricted ones by their code alone (P31)."""
    view = await table_view(desk, SPACES_TABLE, asked.stated())
    return desk.page(
        "spaces",
        view=view,
        map=view.map,
        flash=flash_of(asked.stated()),
        restricted=await staff_search.restricted_ids(desk.staff),
    )
