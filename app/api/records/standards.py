"""Minimum standards: public checklists; assessments and membership for the network's staff."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.dependencies import ClockDep, SessionDep, StaffDep, WorkerDep, WriterDep
from app.api.records.guidance import Code
from app.api.records.guidance_editing import (
    REFUSALS,
    WAITS,
    Id,
    Words,
    done,
    proposed,
    takes_decisions,
    takes_submissions,
)
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.schemas.json_body import JSONBody, LargeBodyRoute
from geo.guidance import assessments, checklists
from geo.proposals.guidance_changes import Sent
from geo.spaces import membership

router = APIRouter(prefix="/standards", tags=["standards"], route_class=LargeBodyRoute)

_PRIVATE = {"Cache-Control": "private, no-store"}


class ItemDraft(BaseModel):
    """A question of a checklist."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    standard: Words
    question: Words
    evidence_needed: bool = False
    essential: bool = False


class ChecklistDraft(JSONBody):
    """A version of a kind's checklist."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Words
    title: Words
    items: list[ItemDraft]
    valid_months: int = 12
    pass_score: float = Field(0.8, allow_inf_nan=False)
    example: bool = False


class AnswerGiven(BaseModel):
    """The answer to one question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    position: int
    answer: Literal["yes", "partly", "no", "not_applicable"]
    evidence: Words | None = None


class Answers(JSONBody):
    """Answers of an assessment; those not named stay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answers: list[AnswerGiven] = Field(max_length=checklists.MAX_ITEMS)


class Withdrawal(JSONBody):
    """Why a membership ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Words = Field(min_length=1, max_length=2000)


@router.get("", responses=problem_responses(400, 503))
async def lists(session: SessionDep, kind: Code | None = None) -> Response:
    """Return the checklists in force; an ``example`` is no standard of the network."""
    found = await checklists.published_checklists(session, kind=kind)
    return JSONResponse({"checklists": found}, headers={"Cache-Control": "public, no-cache"})


@router.post("/checklists", status_code=201, responses=REFUSALS)
async def add_checklist(session: WriterDep, actor: WorkerDep, body: ChecklistDraft) -> Response:
    """Add a version of a checklist, not yet in force (coordinators)."""
    checklist_id = await checklists.add_version(
        session,
        actor,
        kind=body.kind,
        title=body.title,
        items=[checklists.Item(**item.model_dump()) for item in body.items],
        valid_months=body.valid_months,
        pass_score=body.pass_score,
        example=body.example,
    )
    return done(checklist_id, 201)


@router.post("/checklists/{item}/publish", responses=WAITS)
async def publish_checklist(
    session: WriterDep, actor: WorkerDep, clock: ClockDep, item: Id
) -> Response:
    """Propose to put a version in force in the place of the one before it (coordinators; P51)."""
    return proposed(item, await checklists.publish(session, actor, item, Sent(clock())))


@router.post("/checklists/{item}/retire", responses=REFUSALS)
async def retire_checklist(
    session: WriterDep, actor: WorkerDep, clock: ClockDep, item: Id
) -> Response:
    """Take a version out of force (coordinators)."""
    await checklists.retire(session, actor, item, today=clock().date())
    return done(item)


@router.post("/spaces/{item}/assessments", status_code=201, responses=REFUSALS)
async def start_assessment(
    session: WriterDep, actor: WorkerDep, clock: ClockDep, item: Id
) -> Response:
    """Start a self-audit of a space by the checklist in force for its kind."""
    return done(await assessments.start(session, actor, item, today=clock().date()), 201)


@router.get("/spaces/{item}/assessments", responses=problem_responses(400, 401, 403, 503))
async def assessments_of(session: StaffDep, item: Id) -> Response:
    """Return the assessments of a space, newest first (staff)."""
    found = await assessments.assessments_of(session, item)
    return JSONResponse({"assessments": found}, headers=_PRIVATE)


@router.get("/assessments/{item}", responses=REFUSALS)
async def one_assessment(session: StaffDep, item: Id) -> Response:
    """Return an assessment with its score for each standard and its answers (staff)."""
    return JSONResponse(await assessments.read_assessment(session, item), headers=_PRIVATE)


@router.put("/assessments/{item}/answers", responses=REFUSALS)
async def answer_assessment(
    session: WriterDep, actor: WorkerDep, item: Id, body: Answers
) -> Response:
    """Set answers of an assessment that is not handed in."""
    given = [assessments.ChecklistAnswer(**answer.model_dump()) for answer in body.answers]
    await assessments.answer(session, actor, item, given)
    return done(item)


takes_submissions(
    router,
    "assessments",
    "submit_assessment",
    assessments.submit,
    "Hand an assessment in; evidence is needed where the checklist asks for it.",
)


takes_decisions(
    router,
    "assessments/{item}/verify",
    "verify_assessment",
    assessments.verify,
    "Confirm an assessment or return it: somebody else, from outside the organisation.",
)


@router.post("/organizations/{item}/membership", responses=REFUSALS)
async def grant_membership(
    session: WriterDep, actor: WorkerDep, clock: ClockDep, item: Id
) -> Response:
    """Make an organisation a verified member, if all its spaces' assessments hold (P28).

    A person does that signed in, at the console; a token is answered 403 (P50).
    """
    await membership.grant_membership(session, item, actor, today=clock().date())
    return done(item)


@router.post("/organizations/{item}/membership/withdraw", responses=REFUSALS)
async def withdraw_membership(
    session: WriterDep, actor: WorkerDep, item: Id, body: Withdrawal
) -> Response:
    """End a membership (coordinators)."""
    await membership.withdraw_membership(session, item, actor, reason=body.reason)
    return done(item)
