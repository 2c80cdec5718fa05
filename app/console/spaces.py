"""``/network/spaces``: search in the spaces that staff may know of."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.identity import CONSOLE
from app.console.forms.layout import DeskDep
from geo.spaces import staff_search

router = APIRouter(include_in_schema=False)

SPACES = f"{CONSOLE}/spaces"


@router.get(SPACES)
async def spaces(
    desk: DeskDep,
    q: Annotated[str, Query(max_length=120)] = "",
    own: Annotated[bool, Query()] = False,
) -> Response:
    """Show the spaces that are looked for; restricted ones by their code alone (P31)."""
    organization = desk.actor.organization_id if own else None
    return desk.page(
        "spaces",
        found=await staff_search.find_spaces(desk.staff, words=q, organization_id=organization),
        most=staff_search.MAX_FOUND,
        q=q,
        own=organization is not None,
        restricted=await staff_search.restricted_ids(desk.staff),
        today=desk.now.date(),
        terms=await desk.terms(),
    )
