"""``/network``: tasks of the signed-in person, each with its link."""

from fastapi import APIRouter, Response

from app.access.dependencies import SettingsDep
from app.access.identity import CONSOLE
from app.console.forms.labels import COMPLAINT_CATEGORIES, REMOVING_ACTS
from app.console.forms.layout import DeskDep
from app.console.readiness import missing_steps
from app.jobs import audit_anchoring
from geo.accounts import permissions
from geo.confirmations import event_log
from geo.guidance import feedback
from geo.oversight import audit_anchors, row_digests
from geo.proposals import hazard_reports, pending
from geo.removals import hides, unconfirmed
from geo.spaces import freshness

router = APIRouter(include_in_schema=False)

#: Days ahead for expiring spaces: two weeks, as long as a reconfirmation link is valid (P41).
SOON_DAYS = 14

#: Rows shown of each list; the link of the list leads to all rows.
_SHOWN = 5


@router.get(CONSOLE)
async def home(desk: DeskDep, settings: SettingsDep) -> Response:
    """Show what waits for this person."""
    session, actor = desk.session, desk.actor
    audits = permissions.can_audit(actor)
    seen = await pending.pending(session, actor)
    expiring = await freshness.expiring(
        session, within_days=SOON_DAYS, today=desk.now.date(), actor=actor
    )
    return desk.page(
        "home",
        deciding=[proposal for proposal in seen if proposal.may_decide],
        mine=[proposal for proposal in seen if proposal.proposed_by == actor.id],
        expiring=expiring,
        links=await event_log.unanswered(session, actor, now=desk.now),
        reports=await hazard_reports.waiting(session, actor),
        # The database withholds from a coordinator the complaints about the own organisation (P44).
        complaints=[
            one for one in await feedback.open_complaints(desk.staff) if one["state"] == "new"
        ],
        categories=COMPLAINT_CATEGORIES,
        hides=await hides.visible_hides(session, actor),
        # Pending removals, which lapse and bring their records back unless this person confirms
        # them as the second person (P52).
        ending=[
            one
            for one in await unconfirmed.standing(session, actor)
            if one.ends_at is not None and one.may_confirm
        ],
        acts=REMOVING_ACTS,
        outside=audits and bool(await row_digests.outside(session)),
        late=audits
        and bool(await audit_anchors.late(session, desk.now, audit_anchoring.ways(settings))),
        missing_steps=await missing_steps(desk, settings),
        most=pending.MAX_LIMIT,
        soon_days=SOON_DAYS,
        shown=_SHOWN,
    )


@router.get(f"{CONSOLE}/links")
async def links(desk: DeskDep) -> Response:
    """Show the reconfirmation links that nobody has answered."""
    found = await event_log.unanswered(desk.session, desk.actor, now=desk.now)
    return desk.page("links", links=found)
