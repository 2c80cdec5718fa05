"""``/network/spaces/{id}/status`` and ``/beds``: the small forms behind cells of the table.

Each form is a page of its own, which a script puts into the cell. The rules are those of the space
form: closing is fast, opening is slow (P40), and a closing can be undone (P52).

Two changes that operators call in many times a day take one press, ``/now/{state}``: full, and no
free places. Their reason is a coded one and their day is today, as the page says above the rows
(P51).
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.inputs import day_in, text_in, whole_in
from app.console.forms.labels import STATUSES
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.returning import return_path, with_flash
from app.console.forms.submitted import submitted
from app.console.tables.spaces_table import SPACES_TABLE
from app.i18n.coded_reasons import reason_names
from geo.accounts.permissions import require_close
from geo.desk import bulk
from geo.desk.bulk import BulkOutcome
from geo.errors import ConflictError, GeoError, InvalidRecordError, NothingChangesError
from geo.hours.openings import zone
from geo.proposals import submission
from geo.proposals.closings import SpaceClosing
from geo.proposals.record_visibility import require_known, unknown
from geo.proposals.submission import Outcome
from geo.reasons import CodedReason
from geo.subjects.subject import ChangeSubject, read_subject
from geo.text.coded_reasons import REASONS, is_ours, staff_reason

router = APIRouter(include_in_schema=False)

SPACE = f"{CONSOLE}/spaces/{{space}}"

#: Address of the table from which a form was opened.
type Back = Annotated[str, Query(max_length=2_000)]

#: States that one press can give to a space.
type QuickState = Literal["full", "no_places"]
#: Text of the coded reason "full", stored with a change to either quick state.
_FULL = REASONS["full"]

#: Statuses from the most open to the most closed: a change to a later one is a closing, which holds
#: at once.
_ORDER = tuple(STATUSES)

#: Problem shown if another person changed the space meanwhile.
_REFUSALS: Mapping[type[GeoError], tuple[str, CodedReason]] = {
    ConflictError: ("do", CodedReason("changed_meanwhile"))
}


@router.get(f"{SPACE}/status")
async def status_form(desk: DeskDep, space: RecordId, back: Back = "") -> Response:
    """Show the small form of a space's status."""
    return await _status_page(desk, space, {"back": back})


@router.post(f"{SPACE}/status")
async def change_status(desk: DeskDep, space: RecordId, form: FormDep) -> Response:
    """Close a space at once, or propose to open it."""

    async def work() -> Response:
        subject = await _space(desk, space)
        status = form.get("status", "")
        if status not in STATUSES:
            raise InvalidRecordError([("status", CodedReason("not_one_of", choices=_ORDER))])
        now_is = str((subject.document or {})["status"])
        if _ORDER.index(status) > _ORDER.index(now_is):
            return await _close(desk, subject, status, form)
        return await _propose(desk, subject, {"status": status}, form)

    return await submitted(desk, work, partial(_status_page, desk, space, form), _REFUSALS)


@router.get(f"{SPACE}/beds")
async def beds_form(desk: DeskDep, space: RecordId, back: Back = "") -> Response:
    """Show the small form of a space's beds."""
    return await _beds_page(desk, space, {"back": back})


@router.post(f"{SPACE}/beds")
async def change_beds(desk: DeskDep, space: RecordId, form: FormDep) -> Response:
    """Count a space's free places: fewer hold at once, more wait for a second person."""

    async def work() -> Response:
        subject = await _space(desk, space)
        changes = {name: whole_in(form, name) for name in ("available", "capacity")}
        return await _propose(desk, subject, changes, form)

    return await submitted(desk, work, partial(_beds_page, desk, space, form), _REFUSALS)


@router.post(f"{SPACE}/now/{{state}}")
async def state_now(desk: DeskDep, space: RecordId, state: QuickState, form: FormDep) -> Response:
    """Say by one press that an open space is full today, or has no free places (P40)."""

    async def work() -> Response:
        subject = await _space(desk, space)
        document = subject.document or {}
        chosen = {space: _revision(subject, form)}
        if state == "no_places":
            outcome = await bulk.set_no_places(
                desk.session, desk.actor, chosen, reason=_FULL, now=desk.now
            )
            return _closed(outcome, space, form)
        if document["status"] != "active":
            raise NothingChangesError
        today = desk.now.astimezone(zone(document["timezone"] or "UTC")).date()
        # A notice reviewed by a second person is kept: the coded notice "full" would say less.
        is_told = document["notice"] and not is_ours(document["notice"], today)
        closing = SpaceClosing("full") if is_told else SpaceClosing("full", "full", since=today)
        outcome = await bulk.close_spaces(
            desk.session, desk.actor, chosen, closing, reason=_FULL, now=desk.now
        )
        return _closed(outcome, space, form)

    again = _beds_page if state == "no_places" else _status_page
    return await submitted(desk, work, partial(again, desk, space, form), _REFUSALS)


async def _close(desk: Desk, subject: ChangeSubject, status: str, form: Form) -> Response:
    because = text_in(form, "because")
    if because is not None and because not in REASONS:
        raise InvalidRecordError([("because", CodedReason("not_one_of", choices=REASONS))])
    space_id = str(subject.record_id)
    outcome = await bulk.close_spaces(
        desk.session,
        desk.actor,
        {space_id: _revision(subject, form)},
        SpaceClosing(status, because, day_in(form, "until")),
        reason=staff_reason(form.get("reason"), because, REASONS),
        now=desk.now,
    )
    return _closed(outcome, space_id, form)


def _closed(outcome: BulkOutcome, space_id: str, form: Form) -> Response:
    match outcome.results[space_id]:
        case "done":
            return see(with_flash(_back(form), "applied", outcome.action_id))
        case "nothing":
            raise NothingChangesError
        case _:
            msg = "the record has changed since the form was opened"
            raise ConflictError(msg)


async def _propose(
    desk: Desk, subject: ChangeSubject, changes: Mapping[str, Any], form: Form
) -> Response:
    outcome = await submission.propose_space(
        desk.session,
        desk.actor,
        space_id=str(subject.record_id),
        changes=changes,
        reason=form.get("reason", ""),
        via="web",
        now=desk.now,
        base_revision=_revision(subject, form),
    )
    return see(with_flash(_back(form), _done(outcome)))


async def _space(desk: Desk, space_id: str) -> ChangeSubject:
    """Return a space that may be changed from the table: one that is not restricted (P31)."""
    subject = await read_subject(desk.session, "space", space_id)
    await require_known(desk.session, desk.actor, [subject])
    if subject.is_restricted:
        raise unknown("space", space_id)
    require_close(desk.actor, organization_id=subject.organization_id, country=subject.countries[0])
    return subject


async def _status_page(
    desk: Desk,
    space_id: str,
    stated: Mapping[str, str],
    *,
    problems: dict[str, str] | None = None,
) -> Response:
    subject = await _space(desk, space_id)
    w = desk.words
    return _page(
        desk,
        "space_status",
        subject,
        stated,
        problems,
        reasons=reason_names(w),
        statuses_in_order=[(code, w.gettext(name)) for code, name in STATUSES.items()],
    )


async def _beds_page(
    desk: Desk,
    space_id: str,
    stated: Mapping[str, str],
    *,
    problems: dict[str, str] | None = None,
) -> Response:
    return _page(desk, "space_beds", await _space(desk, space_id), stated, problems)


def _page(
    desk: Desk,
    name: str,
    subject: ChangeSubject,
    stated: Mapping[str, str],
    problems: dict[str, str] | None,
    **values: object,
) -> Response:
    return desk.page(
        name,
        status=400 if problems else 200,
        space=subject.document,
        revision=subject.revision,
        typed=stated if problems else {},
        back=_back(stated),
        problems=problems or {},
        **values,
    )


def _back(stated: Mapping[str, str]) -> str:
    return return_path(stated, SPACES_TABLE.path)


def _revision(subject: ChangeSubject, form: Form) -> int:
    """Return the record revision that the form was filled from; the current one if not stated."""
    stated = whole_in(form, "revision")
    return stated if stated is not None else subject.revision or 0


def _done(outcome: Outcome) -> str:
    if outcome.proposal_id is None:
        return "applied"
    return "both" if outcome.applied else "waiting"
