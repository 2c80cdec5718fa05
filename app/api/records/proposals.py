"""Changes of records by programs in a person's name: propose, close, withdraw.

All endpoints need a token of scope ``edit``. Decisions for a second person have paths here too, but
a token is answered 403: people take them signed in, at the console under ``/network`` (P50).
"""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field

from app.access.dependencies import ClockDep, SettingsDep, WorkerDep, WriterDep
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.schemas.json_body import JSONBody, LargeBodyRoute
from geo.accounts import restricted_access, staff_reads
from geo.accounts.permissions import require_staff
from geo.errors import NotFoundError
from geo.proposals import closings, decisions, pending, submission
from geo.proposals.pending import Comparison, PendingProposal
from geo.proposals.record_visibility import require_known, shown_document, unknown
from geo.proposals.submission import MAX_REASON, ChangeRequest, Outcome
from geo.subjects.subject import read_subjects
from geo.text import coded_reasons

router = APIRouter(tags=["records"], route_class=LargeBodyRoute)

#: Ids may hold anything but NUL, which PostgreSQL text cannot store.
_ID = r"^[^\x00]{1,200}$"

#: Maximum number of proposals that one request decides; more would lock other people's records for
#: too long.
MAX_DECIDED = 200

RecordId = Annotated[str, Path(description="Id of a space.", pattern=_ID)]
ProposalId = Annotated[str, Path(description="Id of a proposal.", pattern=_ID)]
Reason = Annotated[
    str, Field(min_length=1, max_length=MAX_REASON, description="Why; staff read it.")
]


class _Body(JSONBody):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProposalRequest(_Body):
    """The body of ``POST /proposals``: fields with their new values, null to clear one."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "entity": "space",
                    "record_id": "DEMO-001",
                    "changes": {"services": ["food", "showers"]},
                    "reason": "lo confirmó la coordinadora por teléfono",
                }
            ]
        },
    )

    entity: Literal["space", "crossing", "organization"] = "space"
    record_id: Annotated[str | None, Field(pattern=_ID, description="Null for a new space.")] = None
    changes: dict[str, Any]
    reason: Reason
    base_revision: Annotated[
        int | None, Field(description="Revision that the change was made from; else 409.")
    ] = None


class DecisionRequest(_Body):
    """The body of ``POST /proposals/{proposal}/reject`` and ``…/withdraw``."""

    reason: Reason


class AcceptRequest(DecisionRequest):
    """The body of ``POST /proposals/{proposal}/accept``."""

    revision: Annotated[
        int | None, Field(description="Revision of the record that you compared it with.")
    ] = None


class AcceptManyRequest(DecisionRequest):
    """The body of ``POST /proposals/accept``."""

    ids: Annotated[list[Annotated[str, Field(pattern=_ID)]], Field(min_length=1)]


class CloseRequest(_Body):
    """The body of ``POST /spaces/{space}/close``."""

    status: Literal["full", "temporarily_closed", "closed"]
    reason: Reason
    because: Annotated[
        str | None,
        Field(
            pattern=f"^({'|'.join(coded_reasons.REASONS)})$",
            description="Why, in a code: published at once in our words.",
        ),
    ] = None
    until: Annotated[
        date | None, Field(description="Last day closed, as far as known; published at once.")
    ] = None
    notice: Annotated[
        str | None,
        Field(max_length=500, description="More in words of your own; a second person reads it."),
    ] = None


_FAILURES = problem_responses(400, 401, 403, 404, 409, 413, 503)


@router.post("/proposals", status_code=201, response_class=JSONResponse, responses=_FAILURES)
async def propose(
    body: ProposalRequest,
    actor: WorkerDep,
    session: WriterDep,
    clock: ClockDep,
    settings: SettingsDep,
) -> Response:
    """Change a record: what closes something holds at once, the rest waits for a second person.

    The answer says which fields were applied and which wait (P40).
    """
    (outcome,) = await submission.propose(
        session,
        actor,
        body.entity,
        [ChangeRequest(body.record_id, body.changes, body.base_revision)],
        reason=body.reason,
        via="api",
        now=clock(),
        allow_mixed=settings.allow_demo_mixed,
    )
    return JSONResponse(outcome_body(outcome), status_code=201)


@router.get("/proposals", response_class=JSONResponse, responses=_FAILURES)
async def queue(
    actor: WorkerDep,
    session: WriterDep,
    state: Annotated[
        Literal["pending", "accepted", "rejected", "withdrawn", "applied"], Query()
    ] = "pending",
    mine: Annotated[bool, Query(description="Only what I proposed.")] = False,
    limit: Annotated[int, Query(ge=1)] = 100,
) -> Response:
    """Return the proposals that the asker may see, the oldest first."""
    found = await pending.pending(session, actor, state=state, mine=mine, limit=limit)
    return JSONResponse({"proposals": [_waiting(proposal) for proposal in found]})


@router.get("/proposals/{proposal}", response_class=JSONResponse, responses=_FAILURES)
async def one(
    proposal: ProposalId, actor: WorkerDep, session: WriterDep, clock: ClockDep
) -> Response:
    """Return a proposal beside its record as that is now."""
    return JSONResponse(
        _compared(await pending.proposal_diff(session, actor, proposal, now=clock()))
    )


@router.post("/proposals/accept", response_class=JSONResponse, responses=_FAILURES)
async def accept_many(
    body: AcceptManyRequest,
    actor: WorkerDep,
    session: WriterDep,
    clock: ClockDep,
    settings: SettingsDep,
) -> Response:
    """Accept many proposals, such as an import's; the answer says what became of each.

    A person does that signed in, at the console; a token is answered 403 (P50).
    """
    if len(body.ids) > MAX_DECIDED:
        raise InvalidParameterError("ids", f"holds more than {MAX_DECIDED}")
    decided = await decisions.accept_many(
        session,
        actor,
        body.ids,
        body.reason,
        now=clock(),
        allow_mixed=settings.allow_demo_mixed,
    )
    return JSONResponse({"decided": [asdict(each) for each in decided]})


@router.post("/proposals/{proposal}/accept", response_class=JSONResponse, responses=_FAILURES)
async def accept(
    proposal: ProposalId,
    body: AcceptRequest,
    actor: WorkerDep,
    session: WriterDep,
    clock: ClockDep,
    settings: SettingsDep,
) -> Response:
    """Accept somebody else's proposal; 409 when the record has changed since.

    A person does that signed in, at the console; a token is answered 403 (P50).
    """
    outcome = await decisions.accept(
        session,
        actor,
        proposal,
        body.reason,
        now=clock(),
        revision=body.revision,
        allow_mixed=settings.allow_demo_mixed,
    )
    return JSONResponse(outcome_body(outcome) | {"state": "accepted"})


@router.post("/proposals/{proposal}/reject", response_class=JSONResponse, responses=_FAILURES)
async def reject(
    proposal: ProposalId,
    body: DecisionRequest,
    actor: WorkerDep,
    session: WriterDep,
    clock: ClockDep,
) -> Response:
    """Turn somebody else's proposal down.

    A person does that signed in, at the console; a token is answered 403 (P50).
    """
    await decisions.reject(session, actor, proposal, body.reason, now=clock())
    return JSONResponse({"proposal_id": proposal, "state": "rejected"})


@router.post("/proposals/{proposal}/withdraw", response_class=JSONResponse, responses=_FAILURES)
async def withdraw(
    proposal: ProposalId,
    body: DecisionRequest,
    actor: WorkerDep,
    session: WriterDep,
    clock: ClockDep,
) -> Response:
    """Take one's own proposal back."""
    await decisions.withdraw(session, actor, proposal, body.reason, now=clock())
    return JSONResponse({"proposal_id": proposal, "state": "withdrawn"})


@router.get("/spaces/{space}/record", response_class=JSONResponse, responses=_FAILURES)
async def record(
    space: RecordId, request: Request, actor: WorkerDep, session: WriterDep
) -> Response:
    """Return a space's whole record, to propose changes from; for staff.

    A restricted one is for named people, and each reading is in the audit (P31).
    """
    require_staff(actor)
    subject = (await read_subjects(session, "space", [space])).get(space)
    if subject is None or subject.is_restricted:
        try:
            await restricted_access.read(request.state.database, space, person=actor.id)
        except NotFoundError as error:
            # A restricted space gives the same message after the same steps as one that never
            # existed.
            raise unknown("space", space) from error
    if subject is None:  # the space was restricted between the two queries
        raise unknown("space", space)
    if not subject.is_restricted:
        await require_known(session, actor, [subject])
        staff_reads.show(session, "space", [space])
    seen = await shown_document(session, actor, subject.document or {})
    return JSONResponse({"id": space, "revision": subject.revision, "record": seen})


@router.post("/spaces/{space}/close", response_class=JSONResponse, responses=_FAILURES)
async def close(
    space: RecordId, body: CloseRequest, actor: WorkerDep, session: WriterDep, clock: ClockDep
) -> Response:
    """Close a space, or say that it is full, at once (P40).

    A `notice` waits for a second person (P51); `because` and `until` are public at once.
    """
    if body.until is not None and body.until < clock().date():
        raise InvalidParameterError("until", "lies in the past")
    outcome = await closings.close_space(
        session,
        actor,
        space,
        closings.SpaceClosing(body.status, body.because, body.until, body.notice),
        reason=body.reason,
        via="api",
        now=clock(),
    )
    return JSONResponse(outcome_body(outcome))


def outcome_body(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome of a change as JSON."""
    return {
        "record_id": outcome.record_id,
        "proposal_id": outcome.proposal_id,
        "applied": outcome.applied,
        "applied_fields": list(outcome.applied_fields),
        "waiting_fields": list(outcome.waiting_fields),
        "hidden": outcome.hidden,
    }


def _waiting(proposal: PendingProposal) -> dict[str, Any]:
    # A proposal holds names of colleagues, which only colleagues may read, but no e-mail address
    # (P6).
    return asdict(proposal)


def _compared(found: Comparison) -> dict[str, Any]:
    return {
        **_waiting(found.proposal),
        "differences": {
            name: {"before": before, "after": after}
            for name, (before, after) in found.differences.items()
        },
        "revision": found.revision,
        "is_outdated": found.is_outdated,
        "problems": [{"field": field, "reason": reason} for field, reason in found.problems],
    }
