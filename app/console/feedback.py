"""``/network/voices``: complaints, rumours and feedback, for coordinators.

Members of the organisation that a complaint is about never see the complaint, whatever their role:
the database withholds such rows (P44). Counts are shown only if they may be published.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import select

from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms import labels
from app.console.forms.inputs import error_texts, needed_day_in, text_in
from app.console.forms.layout import Desk, DeskDep, RecordId, gone_on, see, sent_in
from app.console.forms.roles import get_coordinator
from app.console.forms.submitted import submitted
from geo.errors import ConflictError
from geo.guidance import feedback, messages, rumours
from geo.guidance.rumours import logged
from geo.models import Person
from geo.proposals import pending
from geo.reasons import CodedReason
from geo.spaces import staff_search
from geo.text.countries import BOXES

router = APIRouter(include_in_schema=False, dependencies=[Depends(get_coordinator)])

VOICES = f"{CONSOLE}/voices"


@router.get(VOICES)
async def voices_page(desk: DeskDep, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Show the complaints that are not about the own organisation, the rumours, the counts."""
    return await _page(desk, done=done)


@router.post(f"{VOICES}/complaints/{{complaint}}")
async def handle(desk: DeskDep, complaint: RecordId, form: FormDep) -> Response:
    """Say that a complaint is being handled, or closed."""
    try:
        await feedback.handle_complaint(
            desk.session, desk.actor, complaint, form.get("state", ""), seen=text_in(form, "seen")
        )
    except ConflictError:
        return see(f"{VOICES}?done=changed")
    return see(f"{VOICES}?done=complaint")


@router.post(f"{VOICES}/rumours")
async def record(desk: DeskDep, form: FormDep) -> Response:
    """Store a rumour that staff heard; it is not published before it is answered."""

    async def work() -> Response:
        await rumours.record_rumour(
            desk.session,
            desk.actor,
            claim=form.get("claim", ""),
            country=form.get("country", ""),
            admin1=text_in(form, "admin1"),
            heard_on=needed_day_in(form, "heard_on"),
        )
        return see(f"{VOICES}?done=rumour")

    return await submitted(desk, work, partial(_page, desk, typed=form))


@router.post(f"{VOICES}/rumours/{{rumour}}")
async def answer(desk: DeskDep, rumour: RecordId, form: FormDep) -> Response:
    """Propose a reviewed message as the answer to a rumour (P51), or take it out of the log."""
    try:
        async with desk.session.begin_nested():
            if form.get("do") == "retire":
                await rumours.retire(desk.session, desk.actor, rumour)
                return see(f"{VOICES}?done=rumour")
            outcome = await rumours.answer(
                desk.session, desk.actor, rumour, form.get("message", ""), sent_in(desk, form)
            )
    except ConflictError:
        problems = error_texts(desk.words, [(f"message-{rumour}", CodedReason("not_reviewed"))])
        return await _page(desk, problems=problems)
    return gone_on(outcome, f"{VOICES}?done=rumour")


async def _page(
    desk: Desk,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    done: str = "",
) -> Response:
    w, staff = desk.words, desk.staff
    complaints = await feedback.open_complaints(staff)
    said = await feedback.feedback_of_spaces(staff)
    ids = [str(row["location_id"]) for row in (*complaints, *said) if row["location_id"]]
    people = await desk.session.scalars(select(Person).where(Person.active))
    return desk.page(
        "voices",
        status=400 if problems else 200,
        complaints=complaints,
        rumours=await logged(staff),
        waiting=await pending.pending(desk.session, desk.actor, entity="rumour"),
        messages=await messages.list_messages(staff, "es"),
        said=said,
        spaces=await staff_search.named_spaces(staff, ids),
        feedback=await feedback.counts_of_feedback(staff),
        requests=await feedback.counts_of_requests(staff),
        people={person.id: person.name for person in people},
        terms=await desk.terms(),
        countries=sorted(((code, w.country(code)) for code in BOXES), key=lambda c: c[1]),
        categories=labels.COMPLAINT_CATEGORIES,
        states=labels.VOICE_STATES,
        answers=labels.FEEDBACK_ANSWERS,
        today=desk.now.date(),
        problems=problems or {},
        typed=typed or {},
        done=done,
    )
