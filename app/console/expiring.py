"""``/network/expiring``: spaces that expire next, with a message that asks to reconfirm (P41)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from app.access.dependencies import BaseUrlDep, SettingsDep
from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms.confirmation_message import ConfirmationMessage, make_message
from app.console.forms.layout import Desk, DeskDep
from app.console.home import SOON_DAYS
from geo.accounts.permissions import can_close
from geo.spaces import freshness

router = APIRouter(include_in_schema=False)

EXPIRING = f"{CONSOLE}/expiring"

#: Days ahead that the list can cover: a week, two weeks, and the validity in days of most kinds of
#: space (P41).
HORIZONS = ("7", "14", "30", "90")

Days = Annotated[Literal["7", "14", "30", "90"], Query()]


@router.get(EXPIRING)
async def expiring(desk: DeskDep, days: Days = "14") -> Response:
    """Show the spaces by the day on which the public loses them."""
    return await _page(desk, int(days))


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
    stated = form.get("days", "")
    return await _page(desk, int(stated) if stated in HORIZONS else SOON_DAYS, made)


async def _page(desk: Desk, days: int, message: ConfirmationMessage | None = None) -> Response:
    found = await freshness.expiring(
        desk.session, within_days=days, today=desk.now.date(), actor=desk.actor
    )
    return desk.page(
        "expiring",
        found=found,
        days=days,
        horizons=[int(days) for days in HORIZONS],
        message=message,
        may_ask={
            space.id
            for space in found
            if can_close(desk.actor, organization_id=space.organization_id, country=space.country)
        },
        terms=await desk.terms(),
    )
