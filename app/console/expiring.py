"""``/network/expiring``: spaces that expire next, with messages that ask to reconfirm (P41)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.dependencies import BaseUrlDep, SettingsDep
from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms.confirmation_message import ConfirmationMessage, make_message
from app.console.forms.layout import Desk, DeskDep
from app.console.forms.returning import flash_of
from app.console.tables.queries import ExpiringQuery
from app.console.tables.spaces_table import EXPIRING_TABLE
from app.console.tables.view import table_view
from geo.accounts.permissions import can_close

router = APIRouter(include_in_schema=False)

EXPIRING = f"{CONSOLE}/expiring"


@router.get(EXPIRING)
async def expiring(desk: DeskDep, asked: Annotated[ExpiringQuery, Query()]) -> Response:
    """Show the spaces by the day on which the public loses them."""
    return await _page(desk, asked)


@router.post(EXPIRING)
async def prepare(
    desk: DeskDep, settings: SettingsDep, base: BaseUrlDep, form: FormDep
) -> Response:
    """Show the list with one space's message; its link is shown this once."""
    made = await make_message(
        desk.session,
        desk.actor,
        form.get("space", ""),
        form.get("channel", ""),
        base_url=base,
        now=desk.now,
        days=settings.confirm_link_days,
    )
    return await _page(desk, ExpiringQuery(), made)


async def _page(
    desk: Desk, asked: ExpiringQuery, message: ConfirmationMessage | None = None
) -> Response:
    view = await table_view(desk, EXPIRING_TABLE, asked.stated())
    return desk.page(
        "expiring",
        view=view,
        map=view.map,
        flash=flash_of(asked.stated()),
        message=message,
        may_ask={
            line.key
            for line in view.lines
            if can_close(
                desk.actor,
                organization_id=line.row["owner_id"],
                country=line.row["owner_country"],
            )
        },
    )
