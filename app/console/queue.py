"""``/network/queue`` and ``/network/proposals``: changes that wait for a second person."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.dependencies import SettingsDep
from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.error_text import reason_text
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.maps import map_data
from app.console.forms.record_view import differences, moved_m
from app.console.space_forms.position import position_note
from app.console.space_forms.public_look import public_look
from app.console.space_forms.referrers import with_names
from app.console.tables.queries import QueueQuery
from app.console.tables.view import table_view
from app.console.tables.work_tables import QUEUE_TABLE
from app.i18n.labels import HAZARDS
from geo.desk.queue_table import waiting_batches
from geo.errors import ConflictError, InvalidRecordError, NotFoundError
from geo.proposals import decisions, hazard_reports, pending, quarantine_release
from geo.proposals.pending import Comparison, PendingProposal
from geo.reasons import CodedReason
from geo.subjects.subject import read_subject

router = APIRouter(include_in_schema=False)

QUEUE = f"{CONSOLE}/queue"
PROPOSAL = f"{CONSOLE}/proposals/{{proposal}}"

#: Upper limit of proposals that one click accepts: as many as a page shows.
MAX_AT_ONCE = pending.MAX_LIMIT

#: Longest revision in digits; any number of this length fits into a PostgreSQL bigint.
_MOST_DIGITS = 18


@router.get(QUEUE)
async def queue(desk: DeskDep, asked: Annotated[QueueQuery, Query()]) -> Response:
    """Show the table of proposals, those of each import together, and what people reported."""
    view = await table_view(desk, QUEUE_TABLE, asked.stated())
    is_pending = view.asked.filters["state"] == "pending"
    return desk.page(
        "queue",
        view=view,
        batches=await waiting_batches(desk.session, desk.actor) if is_pending else (),
        held=await quarantine_release.quarantined(desk.session, desk.actor) if is_pending else (),
        reports=await hazard_reports.waiting(desk.session, desk.actor) if is_pending else (),
        hazard_names=HAZARDS,
        discarded=asked.discarded,
        accepted=asked.accepted,
        kept=asked.kept,
    )


@router.post(f"{QUEUE}/accept")
async def accept_batch(desk: DeskDep, settings: SettingsDep, form: FormDep) -> Response:
    """Accept what can be accepted of an import's proposals; what cannot stays and waits."""
    found = await pending.pending(
        desk.session, desk.actor, batch_id=form.get("batch", ""), limit=MAX_AT_ONCE
    )
    ids = [proposal.id for proposal in found if proposal.may_decide]
    decided = await decisions.accept_many(
        desk.session,
        desk.actor,
        ids,
        form.get("reason", ""),
        now=desk.now,
        allow_mixed=settings.allow_demo_mixed,
    )
    accepted = sum(each.result == "accepted" for each in decided)
    return see(f"{QUEUE}?accepted={accepted}&kept={len(decided) - accepted}")


@router.get(PROPOSAL)
async def proposal_page(
    desk: DeskDep, proposal: RecordId, sent: Annotated[bool, Query()] = False
) -> Response:
    """Show a proposal beside its record as that is now."""
    found = await pending.proposal_diff(desk.session, desk.actor, proposal, now=desk.now)
    return await _page(desk, found, sent=sent)


@router.post(PROPOSAL)
async def decide(
    desk: DeskDep, settings: SettingsDep, proposal: RecordId, form: FormDep
) -> Response:
    """Accept, reject or withdraw a proposal; a conflict shows the comparison anew."""
    try:
        async with desk.session.begin_nested():
            await _decide(desk, proposal, form, allow_mixed=settings.allow_demo_mixed)
    except (ConflictError, InvalidRecordError) as error:
        found = await pending.proposal_diff(desk.session, desk.actor, proposal, now=desk.now)
        return await _page(desk, found, reason=form.get("reason", ""), error=error)
    return see(f"{CONSOLE}/proposals/{proposal}")


async def _decide(desk: Desk, proposal: str, form: Form, *, allow_mixed: bool) -> None:
    session, actor, now = desk.session, desk.actor, desk.now
    reason = form.get("reason", "")
    match form.get("do"):
        case "accept":
            revision = revision_of(form)
            await decisions.accept(
                session,
                actor,
                proposal,
                reason,
                now=now,
                revision=revision,
                allow_mixed=allow_mixed,
            )
        case "reject":
            await decisions.reject(session, actor, proposal, reason, now=now)
        case "withdraw":
            await decisions.withdraw(session, actor, proposal, reason, now=now)
        case _:
            raise InvalidRecordError([("do", CodedReason("not_a_button"))])


def revision_of(form: Form) -> int | None:
    """Return the record revision that a form was filled from, or None if the form states none."""
    stated = form.get("revision", "")
    is_number = stated.isascii() and stated.isdigit() and len(stated) <= _MOST_DIGITS
    return int(stated) if is_number else None


async def _page(
    desk: Desk,
    found: Comparison,
    *,
    sent: bool = False,
    reason: str = "",
    error: ConflictError | InvalidRecordError | None = None,
) -> Response:
    w = desk.words
    record = await _record(desk.session, found.proposal)
    after = record | {name: pair[1] for name, pair in found.differences.items()}
    has_moved = bool(_PLACE & set(found.differences)) and None not in map(after.get, _PLACE)
    problems = error.problems if isinstance(error, InvalidRecordError) else []
    timezone = after.get("timezone") or "UTC"
    terms, changed = await desk.terms(), await with_names(desk, found.differences)
    is_pending = found.proposal.state == "pending"
    # The public page of a new space needs country and kind; a decided proposal may have lost its
    # values (P29).
    is_new = (
        found.proposal.entity == "space"
        and found.proposal.record_id is None
        and {"country", "kind"} <= set(changed)
    )
    return desk.page(
        "proposal",
        status=200 if error is None else 400 if problems else 409,
        proposal=found.proposal,
        rows=differences(w, terms, changed, timezone),
        look=public_look(w, terms, {name: pair[1] for name, pair in changed.items()}, timezone)
        if is_new
        else None,
        note=await position_note(desk, after) if has_moved and is_pending else None,
        revision=found.revision,
        is_outdated=found.is_outdated,
        barriers=[(field, reason_text(w, why)) for field, why in found.problems],
        problems=[(field, reason_text(w, why)) for field, why in problems],
        has_conflict=isinstance(error, ConflictError),
        sent=sent,
        reason=reason,
        released=found.released,
        merged_name=found.merged_name,
        is_mine=found.proposal.proposed_by == desk.actor.id,
        place=_moved(record, after) if has_moved else None,
        moved_m=moved_m(record, after) if has_moved else None,
        record_page=record_page(found.proposal),
        map=map_data(w) if has_moved else None,
    )


#: Console path of a record's page by kind of record.
_PAGES: Mapping[str, str] = {
    "space": "spaces/{id}",
    "crossing": "crossings/{id}",
    "organization": "organizations/{id}",
    "contact": "guidance/contacts/{id}",
    "channel": "guidance/channels",
    "pathway": "guidance/pathways",
    "checklist": "standards/checklists/{id}",
    "term": "vocabulary/{id}",
    "rumour": "voices#rumours",
}


def record_page(proposal: PendingProposal) -> str | None:
    """Return the console path of a proposal's record, or None if the record has no page."""
    if proposal.record_id is None or proposal.entity not in _PAGES:
        return None
    return f"{CONSOLE}/{_PAGES[proposal.entity]}".format(id=quote(proposal.record_id))


_PLACE = {"lon", "lat"}


async def _record(session: AsyncSession, proposal: PendingProposal) -> dict[str, Any]:
    """Return the current record of a proposal on a space, for comparison; otherwise empty."""
    if proposal.record_id is None or proposal.entity != "space":
        return {}
    try:
        subject = await read_subject(session, "space", proposal.record_id)
    except NotFoundError:
        return {}  # deleted since the proposal was decided
    return dict(subject.document or {})


def _moved(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return lon and lat before the change (None if it moves nothing) and after it, for the map."""
    known = before.get("lon") is not None and moved_m(before, after) is not None
    return {
        "before": [before["lon"], before["lat"]] if known else None,
        "after": [after["lon"], after["lat"]],
    }
