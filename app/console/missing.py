"""``/network/missing``: what spaces and areas leave empty though people look for it (P43)."""

from fastapi import APIRouter, Response

from app.access.identity import CONSOLE
from app.console.forms.layout import DeskDep
from geo.readiness import gaps

router = APIRouter(include_in_schema=False)


@router.get(f"{CONSOLE}/missing")
async def missing(desk: DeskDep) -> Response:
    """Show a person's spaces by what they leave empty, and areas without an information channel."""
    return desk.page(
        "missing",
        spaces=await gaps.incomplete_spaces(desk.session, desk.actor),
        areas=await gaps.unheard_areas(desk.session),
    )
