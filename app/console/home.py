"""``/network``: what waits for the signed-in person, and what they can do about it at once."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.dependencies import SettingsDep
from app.access.identity import CONSOLE
from app.console.duplicates import PairSides, pair_sides
from app.console.forms.labels import COMPLAINT_CATEGORIES, REMOVING_ACTS
from app.console.forms.layout import Desk, DeskDep
from app.console.forms.returning import flash_of
from app.console.readiness import missing_steps
from app.console.tables.kept_views import view_links
from app.jobs import audit_anchoring
from geo.accounts import permissions
from geo.confirmations import event_log
from geo.desk.waiting import SOON_DAYS, WaitingWork, waiting_work
from geo.oversight import audit_anchors, row_digests
from geo.proposals import hazard_reports, pending
from geo.removals import hides, unconfirmed

router = APIRouter(include_in_schema=False)

#: Number of rows that the page shows of each list; a link leads to all rows.
_SHOWN = 5


@router.get(CONSOLE)
async def home(
    desk: DeskDep, settings: SettingsDep, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Show what waits for this person: numbers, and the first of each with its usual action."""
    session, actor = desk.session, desk.actor
    audits = permissions.can_audit(actor)
    work = await waiting_work(session, desk.staff, actor, desk.now, first=_SHOWN)
    first_ids = [row["id"] for row in work.deciding.rows]
    return desk.page(
        "home",
        work=work,
        flash=flash_of({"done": done}),
        views=await view_links(desk),
        deciding=await pending.pending(session, actor, ids=first_ids) if first_ids else (),
        sides=await _first_pair(desk, work),
        links=await event_log.unanswered(session, actor, now=desk.now),
        reports=await hazard_reports.waiting(session, actor),
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


async def _first_pair(desk: Desk, work: WaitingWork) -> PairSides | None:
    """Return the likeliest pair of duplicates, side by side; None if there is none to show.

    Pairs with a restricted record are left out: opening one is audited, on its own page (P31).
    """
    for pair in work.pairs:
        if not pair.is_restricted:
            return await pair_sides(desk, pair, pair.left)
    return None


@router.get(f"{CONSOLE}/links")
async def links(desk: DeskDep) -> Response:
    """Show the reconfirmation links that nobody has answered."""
    found = await event_log.unanswered(desk.session, desk.actor, now=desk.now)
    return desk.page("links", links=found)
