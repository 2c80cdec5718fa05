"""``/network/bulk``: actions on all spaces that were ticked in a table.

Confirming or closing takes three steps: a table sends the ticked spaces, a preview says how many
would be changed and how, and a last page lists the result for each space, with a button that undoes
the action (P52). Asking operators to reconfirm changes no record, and needs no preview.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from app.access.dependencies import BaseUrlDep, SettingsDep
from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.confirmation_message import SENDING, ConfirmationMessage, make_message
from app.console.forms.inputs import chosen_in, day_in, error_texts, text_in
from app.console.forms.layout import Desk, DeskDep
from app.console.forms.returning import return_path
from app.console.tables.spaces_table import SPACES_TABLE
from app.i18n.coded_reasons import reason_names
from app.i18n.translation import marked
from geo.desk import bulk, undo
from geo.desk.bulk import BulkOutcome, ChosenSpace, Revisions
from geo.errors import ForbiddenError, InvalidRecordError, NotFoundError
from geo.proposals.closings import SpaceClosing
from geo.reasons import CodedReason
from geo.removals import removal_log
from geo.removals.hides import OWN_LIFT
from geo.text.coded_reasons import REASONS, staff_reason

router = APIRouter(include_in_schema=False)

BULK = f"{CONSOLE}/bulk"

#: Actions that need a preview.
ACTIONS = ("confirm", "close")

#: Statuses that close a space (P40).
CLOSING = ("full", "temporarily_closed", "closed")
#: Ways in which an operator's answer reached the person who records the answer.
HEARD_BY = ("phone", "visit")

_MOST_DIGITS = 18

#: Results of an action on one space: Spanish text, and whether a person has to look at the space.
RESULTS: Mapping[str, tuple[str, bool]] = {
    "done": (marked("hecho"), False),
    "nothing": (marked("ya estaba así"), False),
    "changed": (marked("cambió mientras tanto: mírelo de nuevo"), True),
    "not_yours": (marked("no está a su cargo"), True),
    "invalid": (marked("su registro tiene un error: ábralo"), True),
    "gone": (marked("ya no está"), True),
    "undone": (marked("como antes"), False),
    "agreed": (marked("otra persona dijo lo mismo: ya no se deshace solo"), True),
}


@dataclass(frozen=True, slots=True)
class NamedMessage:
    """A message that asks to reconfirm a space, with the space's name."""

    name: str
    message: ConfirmationMessage


@router.post(BULK)
async def preview(desk: DeskDep, form: FormDep) -> Response:
    """Show what would happen to how many spaces; nothing has happened yet."""
    return await _preview(desk, form, await _ticked(desk, form))


@router.post(f"{BULK}/confirm")
async def confirm(desk: DeskDep, form: FormDep) -> Response:
    """Write down that the operators of several spaces said "as listed"."""
    channel = form.get("channel", "")
    if channel not in HEARD_BY:
        raise InvalidRecordError([("channel", CodedReason("not_one_of", choices=HEARD_BY))])
    revisions = _revisions(form)
    names = _names(await bulk.chosen_spaces(desk.session, desk.actor, list(revisions)))
    made = await bulk.confirm_spaces(desk.session, desk.actor, revisions, channel, now=desk.now)
    return _done(desk, form, names, made)


@router.post(f"{BULK}/close")
async def close(desk: DeskDep, form: FormDep) -> Response:
    """Say of several spaces that they are full or closed, at once (P40, P52)."""
    revisions = _revisions(form)
    chosen = await bulk.chosen_spaces(desk.session, desk.actor, list(revisions))
    try:
        closing = _closing(form)
        async with desk.session.begin_nested():
            made = await bulk.close_spaces(
                desk.session,
                desk.actor,
                revisions,
                closing,
                reason=staff_reason(form.get("reason"), closing.because, REASONS),
                now=desk.now,
            )
    except InvalidRecordError as error:
        problems = error_texts(desk.words, error.problems)
        return await _preview(desk, form, chosen, problems=problems)
    return _done(desk, form, _names(chosen), made)


@router.post(f"{BULK}/ask")
async def ask(desk: DeskDep, settings: SettingsDep, base: BaseUrlDep, form: FormDep) -> Response:
    """Show a message for the operator of each space; their links are shown this once (P41)."""
    channel = form.get("channel", "")
    if channel not in SENDING:
        raise InvalidRecordError([("channel", CodedReason("not_one_of", choices=SENDING))])
    made = []
    for space in (one for one in await _ticked(desk, form) if one.may_act):
        try:
            async with desk.session.begin_nested():
                message = await make_message(
                    desk.session,
                    desk.actor,
                    space.id,
                    channel,
                    base_url=base,
                    now=desk.now,
                    days=settings.confirm_link_days,
                )
        except (ForbiddenError, NotFoundError):
            continue
        made.append(NamedMessage(space.name, message))
    return desk.page("bulk_messages", messages=made, back=_back(form))


@router.post(f"{BULK}/undo")
async def undo_action(desk: DeskDep, form: FormDep) -> Response:
    """Put back what the person did to several spaces a moment ago."""
    action_id = form.get("action", "")
    results = await undo.undo_action(desk.session, desk.actor, action_id, now=desk.now)
    known = [space for space, result in results.items() if result != "gone"]
    names = {} if not known else _names(await bulk.chosen_spaces(desk.session, desk.actor, known))
    return _results(desk, form, names, results, None)


async def _ticked(desk: Desk, form: Form) -> list[ChosenSpace]:
    return await bulk.chosen_spaces(desk.session, desk.actor, chosen_in(form, "space"))


async def _preview(
    desk: Desk,
    form: Form,
    chosen: Sequence[ChosenSpace],
    *,
    problems: dict[str, str] | None = None,
) -> Response:
    action = form.get("action", "")
    if action not in ACTIONS:
        raise InvalidRecordError([("action", CodedReason("not_one_of", choices=ACTIONS))])
    acted_on = [one for one in chosen if one.may_act and not _is_closed_for(action, one)]
    return desk.page(
        "bulk",
        status=400 if problems else 200,
        action=action,
        spaces=acted_on,
        left_out=[one for one in chosen if one not in acted_on],
        limit=removal_log.limit_of(desk.session),
        reasons=reason_names(desk.words),
        today=desk.now.date(),
        typed=form if problems else {},
        problems=problems or {},
        back=_back(form),
    )


def _is_closed_for(action: str, space: ChosenSpace) -> bool:
    """Return whether an action has no effect on a space because it is closed for good already."""
    return space.status == "closed" and action != "confirm"


def _done(desk: Desk, form: Form, names: Mapping[str, str], made: BulkOutcome) -> Response:
    return _results(desk, form, names, made.results, made.action_id)


def _results(
    desk: Desk,
    form: Form,
    names: Mapping[str, str],
    results: Mapping[str, str],
    action_id: str | None,
) -> Response:
    return desk.page(
        "bulk_done",
        rows=[
            (space_id, names.get(space_id), *RESULTS[result])
            for space_id, result in results.items()
            if space_id in names
        ],
        done=sum(result in {"done", "undone"} for result in results.values()),
        undo=action_id,
        is_undone="undone" in results.values(),
        minutes=int(OWN_LIFT.total_seconds()) // 60,
        back=_back(form),
    )


def _closing(form: Form) -> SpaceClosing:
    status, because = form.get("status", ""), text_in(form, "because")
    problems = []
    if status not in CLOSING:
        problems.append(("status", CodedReason("not_one_of", choices=CLOSING)))
    if because is not None and because not in REASONS:
        problems.append(("because", CodedReason("not_one_of", choices=REASONS)))
    if problems:
        raise InvalidRecordError(problems)
    return SpaceClosing(status, because, day_in(form, "until"))


def _revisions(form: Form) -> Revisions:
    """Return the revision that the preview showed of each space, by the space's id."""
    found: dict[str, int] = {}
    for value in chosen_in(form, "row"):
        revision, _, space_id = value.partition(" ")
        is_number = revision.isascii() and revision.isdigit() and len(revision) <= _MOST_DIGITS
        if not is_number or not space_id:
            raise InvalidRecordError([("row", CodedReason("not_whole"))])
        found[space_id] = int(revision)
    return found


def _names(chosen: Sequence[ChosenSpace]) -> dict[str, str]:
    return {one.id: one.name for one in chosen}


def _back(form: Form) -> str:
    return return_path(form, SPACES_TABLE.path)
