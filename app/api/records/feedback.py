"""Feedback, complaints, reports of missing services, and the log of rumours.

Reporting needs no account and stores no address (P25, P37, P48): requests are counted only by
`app.http.rate_limits`, whose keys cannot be traced back.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from app.access.dependencies import ClockDep, SessionDep, StaffDep, WorkerDep, WriterDep
from app.api.records.guidance import Country, Lang, message_of
from app.api.records.guidance_editing import REFUSALS, WAITS, Id, proposed
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.rate_limits import ReportLimit
from app.http.responses import JSONResponse
from app.i18n import route_phrases
from app.schemas.fields import Day
from app.schemas.json_body import JSONBody, LargeBodyRoute
from app.snapshots.essential_contacts import essential_lines, in_danger
from geo.errors import UnknownServiceError
from geo.guidance import contacts, feedback, rumours
from geo.proposals.guidance_changes import Sent
from geo.records import demo_rows

router = APIRouter(tags=["voices"], route_class=LargeBodyRoute)

#: Notice in every response to a complaint: complaints are no emergency line (P44).
NOT_URGENT = (
    "Gracias. Nadie lee esto con urgencia. La organización del lugar no lo ve. "
    "Para quejas sobre el personal hay una línea independiente."
)
THANKS = "Gracias. No guardamos quién lo dijo ni desde dónde."

SpaceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]{0,99}$")]
CountryCode = Annotated[str, Field(pattern="^[A-Z]{2}$")]
UnitName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
_PRIVATE = {"Cache-Control": "private, no-store"}


class FeedbackGiven(JSONBody):
    """Whether somebody was served at a space and found it open; there is no room for a text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    space: SpaceId
    was_served: bool | None = None
    was_open: bool | None = None


class ComplaintMade(JSONBody):
    """A complaint about a space. ``country`` and ``admin1`` only say which lines to show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    space: SpaceId
    category: Literal["staff_conduct", "refused", "charged", "unsafe", "privacy", "other"]
    body: str | None = Field(None, max_length=2000)
    country: CountryCode | None = None
    admin1: UnitName | None = None


class ServiceMissed(JSONBody):
    """A service somebody missed in an area."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: SpaceId
    country: CountryCode
    admin1: UnitName | None = None


class RumourHeard(JSONBody):
    """A claim that was heard; nothing in it may name or reach a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    claim: str = Field(max_length=2000)
    country: CountryCode
    admin1: UnitName | None = None
    heard_on: Day


class RumourAnswer(JSONBody):
    """The message of the bank that answers a rumour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message: SpaceId


class Handling(JSONBody):
    """What becomes of a complaint."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Literal["handling", "closed"]


@router.post("/feedback", status_code=202, responses=problem_responses(400, 413, 429, 503))
async def give_feedback(
    session: WriterDep, clock: ClockDep, body: FeedbackGiven, _limit: ReportLimit
) -> Response:
    """Keep whether somebody was served: no text, no hour, no address (P25).

    The answer is the same whether the space exists, is hidden, or never was (P39).
    """
    await feedback.give_feedback(
        session,
        body.space,
        was_served=body.was_served,
        was_open=body.was_open,
        today=clock().date(),
    )
    return JSONResponse({"received": True, "notice": THANKS}, 202, headers=_PRIVATE)


@router.post("/complaints", status_code=202, responses=problem_responses(400, 413, 429, 503))
async def complain(
    session: WriterDep,
    reading: SessionDep,
    clock: ClockDep,
    body: ComplaintMade,
    _limit: ReportLimit,
) -> Response:
    """Keep a complaint where its operator never reads it; the answer names other lines (P44)."""
    await feedback.complain(
        session, body.space, category=body.category, body=body.body, today=clock().date()
    )
    lines = await contacts.independent_lines(reading, body.country, body.admin1)
    has_demo = await demo_rows.has_demo(reading)
    calls = await essential_lines(reading, [body.country], ("emergency",))
    notice = f"{NOT_URGENT} {in_danger(calls)}"
    return JSONResponse(
        {
            "received": True,
            "notice": f"{route_phrases.DEMO} {notice}" if has_demo else notice,
            "independent_lines": lines,
            "lines": calls,
            "demo": has_demo,
        },
        202,
        headers=_PRIVATE,
    )


@router.post("/requests", status_code=202, responses=problem_responses(400, 413, 422, 429, 503))
async def ask_for_service(
    session: WriterDep,
    reading: SessionDep,
    clock: ClockDep,
    body: ServiceMissed,
    _limit: ReportLimit,
) -> Response:
    """Keep that a service was missed in an area; protected ones are refused, not kept (P44)."""
    try:
        await feedback.ask_for_service(
            session,
            body.service,
            country=body.country,
            admin1=body.admin1,
            today=clock().date(),
        )
    except UnknownServiceError as error:
        raise InvalidParameterError("service", str(error)) from error
    lines = await essential_lines(reading, [body.country])
    return JSONResponse({"received": True, "notice": THANKS, "lines": lines}, 202, headers=_PRIVATE)


@router.get("/feedback/counts", responses=problem_responses(400, 503))
async def feedback_counts(session: SessionDep) -> Response:
    """Return weekly counts by first-level unit that the disclosure rules let out.

    Every cell is of 20 answers or more on three spaces or more, rounded, 14 days late; there is
    no total, and a week and unit with one small cell has none.
    """
    return await _counts(session, await feedback.counts_of_feedback(session))


@router.get("/requests/counts", responses=problem_responses(400, 503))
async def request_counts(session: SessionDep) -> Response:
    """Return weekly counts of missed services, by the same rules; never of protected ones."""
    return await _counts(session, await feedback.counts_of_requests(session))


@router.get("/feedback/spaces", responses=problem_responses(401, 403, 503))
async def feedback_of_spaces(session: StaffDep) -> Response:
    """Return what was said of each space in the past weeks, from five answers on (staff)."""
    return JSONResponse({"spaces": await feedback.feedback_of_spaces(session)}, headers=_PRIVATE)


@router.get("/complaints", responses=problem_responses(401, 403, 503))
async def open_complaints(session: StaffDep) -> Response:
    """Return the complaints the asker may read: coordinators, never of the operator (P44)."""
    return JSONResponse({"complaints": await feedback.open_complaints(session)}, headers=_PRIVATE)


@router.post("/complaints/{item}", responses=REFUSALS)
async def handle_complaint(
    session: WriterDep, actor: WorkerDep, item: Id, body: Handling
) -> Response:
    """Say that a complaint is being handled, or closed."""
    await feedback.handle_complaint(session, actor, item, body.state)
    return JSONResponse({"id": item, "state": body.state}, headers=_PRIVATE)


@router.get("/rumours", responses=problem_responses(400, 503))
async def rumour_log(
    session: SessionDep, country: Country | None = None, lang: Lang = "es"
) -> Response:
    """Return the rumours that have an answer, each with the reviewed message that gives it."""
    found = await rumours.answered(session, lang, country=country)
    entries = [
        {
            "id": rumour["id"],
            "claim": rumour["claim"],
            "country": rumour["country"],
            "admin1": rumour["admin1"],
            "heard_on": rumour["heard_on"],
            "answer": message_of(text),
        }
        for rumour, text in found
    ]
    return await _said(session, {"rumours": entries})


@router.post("/rumours", status_code=201, responses=REFUSALS)
async def record_rumour(session: WriterDep, actor: WorkerDep, body: RumourHeard) -> Response:
    """Write down a claim that was heard (staff)."""
    rumour_id = await rumours.record_rumour(
        session,
        actor,
        claim=body.claim,
        country=body.country,
        admin1=body.admin1,
        heard_on=body.heard_on,
    )
    return JSONResponse({"id": rumour_id}, 201, headers=_PRIVATE)


@router.post("/rumours/{item}/answer", responses=WAITS)
async def answer_rumour(
    session: WriterDep, actor: WorkerDep, clock: ClockDep, item: Id, body: RumourAnswer
) -> Response:
    """Propose a reviewed message as the answer; a second person makes both public (staff; P51)."""
    outcome = await rumours.answer(session, actor, item, body.message, Sent(clock()))
    return proposed(item, outcome)


@router.post("/rumours/{item}/retire", responses=REFUSALS)
async def retire_rumour(session: WriterDep, actor: WorkerDep, item: Id) -> Response:
    """Take a rumour out of the log (staff)."""
    await rumours.retire(session, actor, item)
    return JSONResponse({"id": item}, headers=_PRIVATE)


async def _counts(session: SessionDep, cells: list[Any]) -> Response:
    return await _said(
        session,
        {"counts": cells, "label": "indicative: answers of those who chose to give one"},
    )


async def _said(session: SessionDep, answer: dict[str, Any]) -> Response:
    has_demo = await demo_rows.has_demo(session)
    return JSONResponse({**answer, "demo": has_demo}, headers={"Cache-Control": "public, no-cache"})
