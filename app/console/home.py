"""``/network``: tasks of the signed-in person, each with its link."""

from fastapi import APIRouter, Response

from app.access.dependencies import SettingsDep
from app.access.identity import CONSOLE
from app.console.forms.labels import COMPLAINT_CATEGORIES, REMOVING_ACTS
from app.console.forms.layout import Desk, DeskDep
from app.console.readiness import missing_steps
from app.jobs import audit_anchoring
from geo.accounts import permissions
from geo.confirmations import event_log
from geo.desk.queue_table import queue_rows
from geo.desk.table_rows import RowQuestion, read_page
from geo.desk.waiting import SOON_DAYS, waiting_counts
from geo.guidance import feedback
from geo.oversight import audit_anchors, row_digests
from geo.proposals import hazard_reports, pending
from geo.removals import hides, unconfirmed
from geo.spaces import freshness

router = APIRouter(include_in_schema=False)

#: Rows shown of each list; the link of the list leads to all rows.
_SHOWN = 5


@router.get(CONSOLE)
async def home(desk: DeskDep, settings: SettingsDep) -> Response:
    """Show what waits for this person: the numbers of each page, and the first of some lists."""
    session, actor = desk.session, desk.actor
    audits = permissions.can_audit(actor)
    return desk.page(
        "home",
        counts=await waiting_counts(session, desk.staff, actor, desk.now),
        deciding=await pending.pending(
            session, actor, ids=await _first_to_decide(desk), limit=_SHOWN
        ),
        expiring=await freshness.expiring(
            session, within_days=SOON_DAYS, today=desk.now.date(), actor=actor, limit=_SHOWN
        ),
        links=await event_log.unanswered(session, actor, now=desk.now),
        reports=await hazard_reports.waiting(session, actor),
        # The database withholds from a coordinator the complaints about the own organisation (P44).
        complaints=[
            one for one in await feedback.open_complaints(desk.staff) if one["state"] == "new"
        ][:_SHOWN],
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
        soon_days=SOON_DAYS,
        shown=_SHOWN,
    )


async def _first_to_decide(desk: Desk) -> list[str]:
    """Return the ids of the oldest proposals that wait for this person."""
    wanted = {"state": "pending", "decides": "true"}
    question = RowQuestion(sort="proposed_at", filters=wanted, page_rows=_SHOWN)
    page = await read_page(desk.session, queue_rows(desk.actor), question)
    return [row["id"] for row in page.rows]


@router.get(f"{CONSOLE}/links")
async def links(desk: DeskDep) -> Response:
    """Show the reconfirmation links that nobody has answered."""
    found = await event_log.unanswered(desk.session, desk.actor, now=desk.now)
    return desk.page("links", links=found)
