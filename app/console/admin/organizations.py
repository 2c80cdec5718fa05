"""``/network/organizations``: description of an organisation, changed by two people (P40)."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.inputs import text_in
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.submitted import submitted
from geo.accounts import organizations
from geo.accounts.permissions import can_propose
from geo.proposals import pending, submission
from geo.proposals.record_visibility import unknown
from geo.proposals.submission import ChangeRequest
from geo.subjects.subject import ORGANIZATION_FIELDS

router = APIRouter(include_in_schema=False)

ORGANIZATIONS = f"{CONSOLE}/organizations"
ORGANIZATION = f"{ORGANIZATIONS}/{{organization}}"


@router.get(ORGANIZATIONS)
async def organizations_page(
    desk: DeskDep, q: Annotated[str, Query(max_length=120)] = ""
) -> Response:
    """Show the organisations that this person may know of."""
    found = await organizations.known_organizations(desk.session, desk.actor, q)
    return desk.page("organizations", found=found, q=q)


@router.get(ORGANIZATION)
async def organization_page(desk: DeskDep, organization: RecordId) -> Response:
    """Show one organisation, and its form to who may change it."""
    return await _page(desk, organization)


@router.post(ORGANIZATION)
async def change(desk: DeskDep, organization: RecordId, form: FormDep) -> Response:
    """Propose other words; a coordinator who did not propose them accepts."""

    async def work() -> Response:
        wanted = {name: text_in(form, name) for name in ORGANIZATION_FIELDS}
        (outcome,) = await submission.propose(
            desk.session,
            desk.actor,
            "organization",
            [ChangeRequest(organization, wanted)],
            reason=form.get("reason", ""),
            via="web",
            now=desk.now,
        )
        return see(f"{CONSOLE}/proposals/{outcome.proposal_id}?sent=true")

    return await submitted(desk, work, partial(_page, desk, organization, typed=form))


async def _page(
    desk: Desk,
    organization_id: str,
    *,
    typed: Form | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response:
    session, actor = desk.session, desk.actor
    known = {each.id: each for each in await organizations.known_organizations(session, actor)}
    if organization_id not in known:
        raise unknown("organization", organization_id)
    found = known[organization_id]
    return desk.page(
        "organization",
        status=400 if problems else 200,
        organization=found,
        may_change=can_propose(actor, organization_id=found.id, country=None),
        waiting=[
            proposal
            for proposal in await pending.pending(session, actor, record_id=organization_id)
            if proposal.entity == "organization"
        ],
        typed=typed
        if typed is not None
        else {name: getattr(found, name) or "" for name in ORGANIZATION_FIELDS},
        problems=problems or {},
    )
