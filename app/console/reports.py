"""``/network/reports``: anonymous reports of hazards, for an approver to review (P36).

Nobody's identity is stored with a report. A report turned into a hazard waits for a second person
like any change; in either case the report itself is deleted.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response

from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.inputs import text_in
from app.console.forms.labels import CODED
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.maps import map_data
from app.console.forms.submitted import submitted
from app.console.queue import QUEUE
from app.i18n.labels import HAZARDS
from geo.proposals import hazard_reports
from geo.proposals.hazard_reports import Report
from geo.records.hazard_documents import MAX_TITLE

router = APIRouter(include_in_schema=False)

REPORT = f"{CONSOLE}/reports/{{report}}"

#: Duration of a hazard in days that the form proposes (our choice: by then the road is checked
#: again).
FIRST_DAYS = 14

_TEXTS = ("title", "country", "effect", "valid_from", "valid_to")


@router.get(REPORT)
async def report_page(desk: DeskDep, report: RecordId) -> Response:
    """Show a report, with the form of the hazard that it may become."""
    return await _page(desk, await hazard_reports.one(desk.session, desk.actor, report))


@router.post(REPORT)
async def decide(desk: DeskDep, report: RecordId, form: FormDep) -> Response:
    """Make a proposal of a report, or throw it away."""
    session, actor = desk.session, desk.actor

    async def work() -> Response:
        if form.get("do") == "discard":
            await hazard_reports.discard(session, actor, report, form.get("reason", ""))
            return see(f"{QUEUE}?discarded=true")
        outcome = await hazard_reports.propose(
            session,
            actor,
            report,
            _hazard_in(form),
            reason=form.get("reason", ""),
            now=desk.now,
        )
        return see(f"{CONSOLE}/proposals/{outcome.proposal_id}?sent=true")

    async def again(*, problems: dict[str, str]) -> Response:
        found = await hazard_reports.one(session, actor, report)
        return await _page(desk, found, typed=form, problems=problems)

    return await submitted(desk, work, again)


def _hazard_in(form: Form) -> dict[str, Any]:
    made: dict[str, Any] = {
        name: value for name in _TEXTS if (value := text_in(form, name)) is not None
    }
    for name in ("lon", "lat"):
        made[name] = form.get(name, "").strip().replace(",", ".")
    return made


async def _page(
    desk: Desk,
    report: Report,
    *,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response:
    w = desk.words
    name = w.gettext(HAZARDS[report.kind])
    return desk.page(
        "report",
        status=400 if problems else 200,
        report=report,
        name=name,
        typed=typed or _first(report, name),
        countries=sorted(((c, w.country(c)) for c in report.countries), key=lambda c: c[1]),
        effects=CODED["effect"],
        most=MAX_TITLE,
        problems=problems or {},
        map=map_data(w),
    )


def _first(report: Report, name: str) -> dict[str, str]:
    return {
        "title": name,
        "country": report.countries[0] if len(report.countries) == 1 else "",
        "lon": f"{report.lon:.{hazard_reports.DECIMALS}f}",
        "lat": f"{report.lat:.{hazard_reports.DECIMALS}f}",
        "effect": "weight",
        "valid_from": report.seen_on.isoformat(),
        "valid_to": (report.seen_on + timedelta(days=FIRST_DAYS)).isoformat(),
    }
