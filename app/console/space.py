"""``/network/spaces/{id}``: console page of one space: form, quick actions, links, and history.

The page works without scripts: every button sends the whole form, so that no typed value is lost. A
preview shows which changes would apply at once and which would wait for a second person (P40).
"""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from app.access.dependencies import BaseUrlDep, SettingsDep
from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.confirmation_message import make_message
from app.console.forms.inputs import day_in, text_in
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.trial import allows_mixed
from app.console.queue import revision_of
from app.console.space_forms.hour_notes import kept_notes
from app.console.space_forms.position import filled, position_in, position_note
from app.console.space_forms.referrers import with_referrer
from app.console.space_forms.space_form import (
    REFERRER,
    Typed,
    changes_in,
    document_in,
    row_problems,
    typed_in,
    with_action,
)
from app.console.space_forms.space_view import FormReply, new_page, space_page
from app.console.spaces import SPACES
from app.exceptions import InvalidParameterError
from geo.accounts import restricted_access
from geo.confirmations import answers
from geo.errors import ConflictError, InvalidRecordError, MixedDataError, NotFoundError
from geo.proposals import preview, submission
from geo.proposals.closings import SpaceClosing, close_space
from geo.proposals.record_visibility import require_known, shown_document, unknown
from geo.proposals.submission import Outcome
from geo.reasons import CodedReason
from geo.removals import hides
from geo.subjects.subject import ChangeSubject, read_subject
from geo.text.coded_reasons import REASONS, staff_reason

router = APIRouter(include_in_schema=False)

NEW = f"{SPACES}/new"
SPACE = f"{SPACES}/{{space}}"

#: Statuses that one button sets at once (P40); reopening takes the form and a second person.
CLOSING = ("full", "temporarily_closed", "closed")

#: Ways in which an operator's answer reached the person who records the answer.
HEARD_BY = ("phone", "visit")

#: Values of two buttons: one looks up the place at the typed position, one copies that place into
#: the form.
PLACE_ACTIONS = ("place", "take")
#: Value of the button that looks up the typed name of a space that refers people here.
ADD_REFERRER = "add:referrer"

Done = Literal["", "applied", "waiting", "both", "hidden", "answered"]


@router.get(NEW)
async def new(desk: DeskDep) -> Response:
    """Show an empty form."""
    return await new_page(desk, FormReply())


@router.post(NEW)
async def propose_new(desk: DeskDep, form: FormDep) -> Response:
    """Change the form's rows, show what would wait, or propose the space."""
    said, outcome = await _act(desk, None, form)
    if outcome is not None:
        return see(f"{CONSOLE}/proposals/{outcome.proposal_id}?sent=true")
    return await new_page(desk, said)


@router.get(SPACE)
async def space_record(
    desk: DeskDep, space: RecordId, done: Annotated[Done, Query()] = ""
) -> Response:
    """Show a space; of a restricted one only that it takes a recorded step to open it (P31)."""
    subject = await _known(desk, space)
    if subject.is_restricted:
        return desk.page("restricted", space_id=space, done=done)
    return await space_page(desk, subject, FormReply(done=done))


@router.post(f"{SPACE}/open")
async def open_restricted(desk: DeskDep, space: RecordId, _form: FormDep) -> Response:
    """Open a restricted space, after that is in the audit."""
    return await space_page(desk, await opened(desk, space), FormReply())


@router.post(SPACE)
async def change(desk: DeskDep, space: RecordId, form: FormDep) -> Response:
    """Change the form's rows, show what would happen, or send the change."""
    subject = await opened(desk, space)
    said, outcome = await _act(desk, subject, form)
    if outcome is not None:
        return see(f"{SPACES}/{space}?done={_done(outcome)}")
    if said.has_conflict:
        subject = await _known(desk, space)
    return await space_page(desk, subject, said)


@router.post(f"{SPACE}/close")
async def close(desk: DeskDep, space: RecordId, form: FormDep) -> Response:
    """Say that a space is full or closed, at once (P40)."""
    reason = form.get("reason", "")
    try:
        async with desk.session.begin_nested():
            await _close(desk, space, form)
    except InvalidRecordError as error:
        said = FormReply(problems=error.problems, extras={"closing_reason": reason})
        return await space_page(desk, await opened(desk, space), said)
    return see(f"{SPACES}/{space}?done=applied")


async def _close(desk: Desk, space_id: str, form: Form) -> None:
    status, because = form.get("status", ""), text_in(form, "because")
    problems = []
    if status not in CLOSING:
        problems.append(("status", CodedReason("not_one_of", choices=CLOSING)))
    if because is not None and because not in REASONS:
        problems.append(("notice", CodedReason("not_one_of", field="code", choices=REASONS)))
    if problems:
        raise InvalidRecordError(problems)
    await close_space(
        desk.session,
        desk.actor,
        space_id,
        SpaceClosing(status, because, day_in(form, "until")),
        reason=staff_reason(form.get("reason"), because, REASONS),
        via="web",
        now=desk.now,
    )


@router.post(f"{SPACE}/answer")
async def answer(desk: DeskDep, space: RecordId, form: FormDep) -> Response:
    """Write down what the operator said: as listed, full or closed."""
    channel = form.get("channel", "")
    if channel not in HEARD_BY:
        raise InvalidRecordError([("channel", CodedReason("not_one_of", choices=HEARD_BY))])
    said: Any = form.get("answer", "")
    await answers.answer_for(desk.session, desk.actor, space, said, channel, now=desk.now)
    return see(f"{SPACES}/{space}?done=answered")


@router.post(f"{SPACE}/link")
async def link(
    desk: DeskDep, space: RecordId, settings: SettingsDep, base: BaseUrlDep, form: FormDep
) -> Response:
    """Show the message with a new reconfirmation link, this once."""
    subject = await _known(desk, space)
    made = await make_message(
        desk.session,
        desk.actor,
        space,
        form.get("channel", ""),
        base_url=base,
        now=desk.now,
        days=settings.confirm_link_days,
    )
    if subject.is_restricted:
        return desk.page("restricted", space_id=space, done="", message=made)
    return await space_page(desk, subject, FormReply(message=made))


@router.post(f"{SPACE}/hide")
async def hide(desk: DeskDep, space: RecordId, form: FormDep) -> Response:
    """Hide a space at once (P24)."""
    reason = form.get("reason", "")
    code = form.get("code", "other")
    await hides.hide_space(
        desk.session, space, actor=desk.actor, reason=reason, code=code, now=desk.now
    )
    return see(f"{CONSOLE}/hides?done=hidden#in-force")


async def _known(desk: Desk, space_id: str) -> ChangeSubject:
    subject = await read_subject(desk.session, "space", space_id)
    await require_known(desk.session, desk.actor, [subject])
    seen = await shown_document(desk.session, desk.actor, subject.document or {})
    return replace(subject, document=seen)


async def opened(desk: Desk, space_id: str) -> ChangeSubject:
    """Return a space with its full record, auditing the access to a restricted one first (P31)."""
    subject = await _known(desk, space_id)
    if subject.is_restricted:
        database = desk.request.state.database
        try:
            await restricted_access.read(database, space_id, person=desk.actor.id)
        except NotFoundError as error:
            raise unknown("space", space_id) from error
    return subject


async def _act(
    desk: Desk, subject: ChangeSubject | None, form: Form
) -> tuple[FormReply, Outcome | None]:
    """Perform the action of the pressed button.

    Returns the state of the form to show again, and the outcome of the change if it was sent.
    """
    if form.get("whole") != "1":
        # ``whole`` is the form's last field: fields that a truncated form lacks would count as
        # cleared by the person.
        raise InvalidParameterError("body", "the form did not arrive whole")
    said = FormReply(typed=typed_in(form), reason=form.get("reason", ""))
    action = form.get("do", "preview")
    if action.startswith(("add:", "remove:")) and action != ADD_REFERRER:
        return replace(said, typed=with_action(said.shown, action)), None
    # A typed name of a referring space is looked up only now: the form is not sent yet, so that the
    # person sees first which space was found.
    is_unseen = bool(said.shown.get(REFERRER))
    try:
        said, is_step = await _step(desk, said, action)
        if is_step:
            return said, None
        said = _with_notes(subject, said, form)
        if action == "send" and not (said.is_unanswered or is_unseen):
            return FormReply(), await _send(desk, subject, said.shown, form)
    except ConflictError:
        said = replace(said, has_conflict=True)
    except InvalidRecordError as error:
        return replace(said, problems=error.problems), None
    except MixedDataError:
        return replace(said, problems=[("name", CodedReason("mixed"))]), None
    try:
        return await _previewed(desk, subject, said, is_sent=action == "send"), None
    except InvalidRecordError as error:
        return replace(said, problems=error.problems), None


async def _step(desk: Desk, said: FormReply, action: str) -> tuple[FormReply, bool]:
    """Look up the typed name of a referring space, and the position if a button asks for it.

    Returns the form, and whether to show it now instead of going on with the pressed button.
    """
    typed, offered = await with_referrer(desk, said.shown)
    said = replace(said, typed=typed, offered=offered)
    if action not in PLACE_ACTIONS:
        return said, action == ADD_REFERRER or bool(offered)
    note = await position_note(desk, typed)
    if note is not None:
        said = replace(said, typed=filled(typed, note, is_taken=action == "take"), note=note)
    return said, True


def _with_notes(subject: ChangeSubject | None, said: FormReply, form: Form) -> FormReply:
    """Return the form with the unchanged notes that could contradict the changed opening hours."""
    before = None if subject is None else subject.document
    kept = kept_notes(before, document_in(said.shown))
    is_unanswered = bool(kept) and form.get("notes_hold") != "1"
    return replace(said, kept_notes=kept, is_unanswered=is_unanswered)


async def _previewed(
    desk: Desk, subject: ChangeSubject | None, said: FormReply, *, is_sent: bool
) -> FormReply:
    """Return the form with its preview and, if the position changed, the place at the new one."""
    typed, document = said.shown, {} if subject is None else subject.document or {}
    at, note = position_in(typed), None
    if at is not None and at != (document.get("lon"), document.get("lat")):
        note = await position_note(desk, typed)
    if note is not None and subject is None:
        typed = filled(typed, note)
    return replace(
        said,
        typed=typed,
        note=note,
        preview=await _preview(desk, subject, typed),
        is_unanswered=said.is_unanswered and is_sent,
    )


async def _send(desk: Desk, subject: ChangeSubject | None, typed: Typed, form: Form) -> Outcome:
    async with desk.session.begin_nested():
        return await submission.propose_space(
            desk.session,
            desk.actor,
            space_id=None if subject is None else subject.record_id,
            changes=_changes(subject, typed),
            reason=form.get("reason", ""),
            via="web",
            now=desk.now,
            base_revision=revision_of(form),
            allow_mixed=allows_mixed(desk),
        )


async def _preview(desk: Desk, subject: ChangeSubject | None, typed: Typed) -> preview.Preview:
    return await preview.preview_space(
        desk.session,
        desk.actor,
        space_id=None if subject is None else subject.record_id,
        changes=_changes(subject, typed),
        now=desk.now,
    )


def _changes(subject: ChangeSubject | None, typed: Typed) -> dict[str, Any]:
    problems = row_problems(typed)
    if problems:
        raise InvalidRecordError(problems)
    return changes_in(typed, None if subject is None else subject.document)


def _done(outcome: Outcome) -> str:
    if outcome.hidden:
        return "hidden"
    if outcome.proposal_id is None:
        return "applied"
    return "both" if outcome.applied else "waiting"
