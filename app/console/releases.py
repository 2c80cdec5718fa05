"""Quarantined spaces: proposals of named people to release a space (P38, P40)."""

from fastapi import APIRouter, Response

from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms.layout import DeskDep, RecordId, see
from app.console.space import opened
from app.console.space_forms.space_view import FormReply, space_page
from app.console.spaces import SPACES
from geo.errors import InvalidRecordError
from geo.proposals import quarantine_release

router = APIRouter(include_in_schema=False)


@router.post(f"{SPACES}/{{space}}/release")
async def release(desk: DeskDep, space: RecordId, form: FormDep) -> Response:
    """Propose that a space leaves the quarantine; a second named person decides."""
    reason, visibility = form.get("reason", ""), form.get("visibility", "")
    try:
        async with desk.session.begin_nested():
            outcome = await quarantine_release.propose_release(
                desk.session, desk.actor, space, visibility, reason, via="web", now=desk.now
            )
    except InvalidRecordError as error:
        said = FormReply(problems=error.problems, extras={"release_reason": reason})
        return await space_page(desk, await opened(desk, space), said)
    return see(f"{CONSOLE}/proposals/{outcome.proposal_id}?sent=true")
