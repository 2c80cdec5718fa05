"""Editing of guidance by the network's staff, as JSON with a token of scope ``edit``."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Protocol

import shapely
from fastapi import APIRouter, Depends, Path, Response
from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.dependencies import ClockDep, SettingsDep, StaffDep, WorkerDep, WriterDep
from app.api.records.proposals import outcome_body
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.schemas.fields import Day
from app.schemas.json_body import JSONBody, LargeBodyRoute
from geo.accounts.permissions import Actor
from geo.guidance import channels, contacts, messages, pathways, practices, products
from geo.proposals.guidance_changes import NO_REASON, Sent
from geo.proposals.submission import Outcome
from geo.records.guidance_rows import ORIGINAL
from geo.records.readers import read_geometry

router = APIRouter(tags=["guidance of the staff"], route_class=LargeBodyRoute)

REFUSALS = problem_responses(400, 401, 403, 404, 409, 413, 503)

#: OpenAPI responses of operations whose changes can wait for a second person.
WAITS: dict[int | str, dict[str, Any]] = {
    202: {"description": "A part of it, or all, waits for a second person."},
    **REFUSALS,
}

#: Text without NUL characters, which PostgreSQL text cannot hold.
Words = Annotated[str, Field(pattern=r"^[^\x00]*$")]

Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]{0,99}$")]


class Decision(JSONBody):
    """What a reviewer decides; a reason is needed to send something back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    accept: bool
    reason: Words | None = Field(None, max_length=2000)


class Review(Decision):
    """Of a message: ``reader`` says who read it, in languages that accounts do not have."""

    reader: Words | None = Field(None, max_length=100)


class MessageDraft(JSONBody):
    """A text of the message bank."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    language: str
    audience: str
    body: str
    valid_from: Day
    valid_to: Day | None = None
    safety: bool = True
    kind: str = "information"


class PracticeDraft(JSONBody):
    """A note on what works well at a space."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    space: Words
    title: str
    body: str
    noted_on: Day
    language: str = ORIGINAL
    public: bool = False


class ProductDraft(JSONBody):
    """An information product, as a file of products has it, and its area."""

    model_config = ConfigDict(extra="allow", frozen=True)

    geometry: dict[str, Any] | None = None


class PathwayReader(JSONBody):
    """A person who may read a restricted pathway."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: Words = Field(max_length=100)


#: Sentence at the end of the description of each operation that decides: tokens cannot decide.
BY_A_PERSON = "A person does that signed in, at the console; a token is answered 403 (P50)."


type Submits = Callable[[AsyncSession, Actor, str], Awaitable[None]]


class Decides(Protocol):
    """Function that decides on a submitted draft."""

    async def __call__(
        self,
        session: AsyncSession,
        actor: Actor,
        item: str,
        /,
        *,
        accept: bool,
        today: date,
        reason: str | None,
    ) -> None:
        """Accept or send back one draft."""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A new or changed record, as the body of a request states it.

    Attributes
    ----------
    record_id : str
        Id of the record, from the path of the request.
    fields : mapping
        Fields of the record, with the id from the path in place of any in the body.
    sent : Sent
        Time and reason of the change; the member ``reason`` of the body is no field of the record.
    allow_mixed : bool
        Whether the settings let demo and real rows mix (P35).
    """

    record_id: str
    fields: Mapping[str, Any]
    sent: Sent
    allow_mixed: bool


# Async although it awaits nothing, because FastAPI runs sync dependencies in threads.
async def get_change(
    clock: ClockDep, settings: SettingsDep, item: Id, body: dict[str, Any]
) -> RecordChange:
    """Read a new or changed record from a request (FastAPI dependency).

    Raises
    ------
    InvalidParameterError
        The reason is not a text.
    """
    reason = body.get("reason") or NO_REASON
    if not isinstance(reason, str):
        raise InvalidParameterError("reason", "is not a text")
    fields = {name: value for name, value in body.items() if name != "reason"} | {"id": item}
    return RecordChange(item, fields, Sent(clock(), reason=reason), settings.allow_demo_mixed)


ChangeDep = Annotated[RecordChange, Depends(get_change)]


def takes_submissions(
    router: APIRouter,
    kind: str,
    name: str,
    submit: Submits,
    description: str,
) -> None:
    """Add an operation that submits drafts of one kind for review.

    Parameters
    ----------
    router
        Router that gets the path ``/KIND/{item}/submit``.
    kind, name
        First segment of the path, and name of the operation.
    submit
        Function that submits one draft.
    description
        Description in the API document.
    """

    async def hand_in(session: WriterDep, actor: WorkerDep, item: Id) -> Response:
        await submit(session, actor, item)
        return done(item)

    router.post(f"/{kind}/{{item}}/submit", name=name, description=description, responses=REFUSALS)(
        hand_in
    )


def takes_decisions(
    router: APIRouter, path: str, name: str, decide: Decides, description: str
) -> None:
    """Add an operation by which another person decides on a submitted draft.

    Parameters
    ----------
    router
        Router that gets the path.
    path, name
        Path with ``{item}``, and name of the operation.
    decide
        Function that decides on one draft.
    description
        Description in the API document, completed by `BY_A_PERSON`.
    """

    async def decision(
        session: WriterDep, actor: WorkerDep, clock: ClockDep, item: Id, body: Decision
    ) -> Response:
        await decide(
            session, actor, item, accept=body.accept, today=_today(clock), reason=body.reason
        )
        return done(item)

    router.post(
        f"/{path}", name=name, description=f"{description}\n\n{BY_A_PERSON}", responses=REFUSALS
    )(decision)


_HAND_IN = "Hand a draft to the reviewers."


def _takes_drafts(kind: str, submit: Submits, decide: Decides, description: str) -> None:
    """Add the operations that submit drafts of guidance of one kind and decide on them."""
    takes_submissions(router, f"{kind}s", f"submit_{kind}", submit, _HAND_IN)
    takes_decisions(
        router,
        f"{kind}s/{{item}}/review",
        f"review_{kind}",
        decide,
        f"{description}, or send it back (coordinators, never one's own).",
    )


@router.put("/contacts/{item}", responses=WAITS)
async def put_contact(session: WriterDep, actor: WorkerDep, change: ChangeDep) -> Response:
    """Propose an essential contact, or how one should be (coordinators; P53).

    A number or a text waits for a second person (202 with the proposal); what takes one away holds
    at once. `reason` is for the staff.
    """
    outcome = await contacts.put_contact(
        session, actor, change.fields, change.sent, allow_mixed=change.allow_mixed
    )
    return proposed(change.record_id, outcome)


@router.delete("/contacts/{item}", responses=REFUSALS)
async def remove_contact(
    session: WriterDep, actor: WorkerDep, clock: ClockDep, item: Id
) -> Response:
    """Delete an essential contact at once (coordinators)."""
    await contacts.remove_contact(session, actor, item, now=clock())
    return done(item)


@router.put("/channels/{item}", responses=WAITS)
async def put_channel(session: WriterDep, actor: WorkerDep, change: ChangeDep) -> Response:
    """Propose an information channel, or how one should be (coordinators; P53).

    A name, an operator or an address waits for a second person (202 with the proposal); a pause, an
    end and an address taken away hold at once. `reason` is for the staff.
    """
    outcome = await channels.put_channel(
        session, actor, change.fields, change.sent, allow_mixed=change.allow_mixed
    )
    return proposed(change.record_id, outcome)


@router.get("/message-drafts", responses=problem_responses(401, 403, 503))
async def message_drafts(session: StaffDep) -> Response:
    """Return the messages that are not reviewed yet."""
    found = await messages.drafts(session)
    return JSONResponse({"drafts": found}, headers={"Cache-Control": "private, no-store"})


@router.post("/messages", status_code=201, responses=REFUSALS)
async def write_message(
    session: WriterDep, actor: WorkerDep, settings: SettingsDep, body: MessageDraft
) -> Response:
    """Write a draft of a message; nobody sees it until somebody else has reviewed it (P47)."""
    message_id = await messages.write(
        session,
        actor,
        key=body.key,
        lang=body.language,
        audience=body.audience,
        body=body.body,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        safety=body.safety,
        kind=body.kind,
        allow_mixed=settings.allow_demo_mixed,
    )
    return done(message_id, 201)


takes_submissions(router, "messages", "submit_message", messages.submit, _HAND_IN)


@router.post("/messages/{item}/review", responses=REFUSALS)
async def review_message(
    session: WriterDep, actor: WorkerDep, clock: ClockDep, item: Id, body: Review
) -> Response:
    """Let a message be shown, or send it back (coordinators, never one's own).

    A person does that signed in, at the console; a token is answered 403 (P50).
    """
    await messages.review(
        session,
        actor,
        item,
        accept=body.accept,
        today=_today(clock),
        reason=body.reason,
        reader=body.reader,
    )
    return done(item)


@router.post("/messages/{item}/retire", responses=REFUSALS)
async def retire_message(session: WriterDep, actor: WorkerDep, item: Id) -> Response:
    """Take a message back (coordinators)."""
    await messages.retire(session, actor, item)
    return done(item)


@router.post("/products", status_code=201, responses=REFUSALS)
async def write_product(
    session: WriterDep, actor: WorkerDep, clock: ClockDep, settings: SettingsDep, body: ProductDraft
) -> Response:
    """Write a draft of an information product."""
    now = clock()
    product_id = await products.put_product(
        session,
        actor,
        dict(body.model_extra or {}),
        today=now.date(),
        now=now,
        geometry=_area(body.geometry),
        allow_mixed=settings.allow_demo_mixed,
    )
    return done(product_id, 201)


_takes_drafts("product", products.submit, products.review, "Let a product be shown")


@router.post("/practices", status_code=201, responses=REFUSALS)
async def write_practice(session: WriterDep, actor: WorkerDep, body: PracticeDraft) -> Response:
    """Write a note on what works well at a space; it is for partners unless it says so."""
    practice_id = await practices.note_practice(
        session,
        actor,
        body.space,
        title=body.title,
        body=body.body,
        noted_on=body.noted_on,
        lang=body.language,
        public=body.public,
    )
    return done(practice_id, 201)


_takes_drafts("practice", practices.submit, practices.review, "Let a note be read")


@router.put("/pathways/{item}", responses=WAITS)
async def put_pathway(session: WriterDep, actor: WorkerDep, change: ChangeDep) -> Response:
    """Propose a referral pathway, or how one should be (coordinators; P53).

    It waits for a second person (202 with the proposal). Protected needs become restricted, and
    those hold at once: they are for people named one by one.
    """
    outcome, remarks = await pathways.put_pathway(
        session, actor, change.fields, change.sent, allow_mixed=change.allow_mixed
    )
    return proposed(change.record_id, outcome, remarks=remarks)


@router.post("/pathways/{item}/readers", responses=REFUSALS)
async def name_pathway_reader(
    session: WriterDep, actor: WorkerDep, item: Id, body: PathwayReader
) -> Response:
    """Let a person read a restricted pathway (coordinators).

    Done on the machine, by `amparo reader pathway`; a token is answered 403 (P50).
    """
    await pathways.name_reader(session, actor, item, body.person)
    return done(item)


_PRIVATE = {"Cache-Control": "private, no-store"}


def proposed(record_id: str, outcome: Outcome, **more: object) -> Response:
    """Return the outcome of a change: 202 if a part waits for a second person, else 200."""
    body = outcome_body(outcome) | {"id": record_id, "record_id": record_id, **more}
    return JSONResponse(body, 200 if outcome.proposal_id is None else 202, headers=_PRIVATE)


def done(record_id: str, status: int = 200) -> Response:
    """Return the response to a completed operation on a record."""
    return JSONResponse({"id": record_id}, status_code=status, headers=_PRIVATE)


def _today(clock: ClockDep) -> date:
    return clock().date()


def _area(value: dict[str, Any] | None) -> shapely.geometry.base.BaseGeometry | None:
    try:
        return read_geometry(value)
    except ValueError as error:
        raise InvalidParameterError("geometry", str(error)) from error
