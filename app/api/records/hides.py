"""Emergency hides: a hidden record is left out of every response from the next request on (P24)."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypedDict

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict, Field, model_validator

from app.access.dependencies import ClockDep, WorkerDep, WriterDep
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.schemas.json_body import JSONBody, LargeBodyRoute
from geo.accounts.permissions import Actor, require_staff
from geo.removals import hides as hiding

router = APIRouter(tags=["hides"], route_class=LargeBodyRoute)

#: Ids may hold anything but NUL, which PostgreSQL text cannot store.
_ID = r"^[^\x00]{1,200}$"

Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=hiding.MAX_REASON,
        description="Why, in words; for who hides and who coordinates (P56).",
    ),
]
Code = Literal["danger", "request", "wrong_data", "privacy", "other"]


class HideRequest(JSONBody):
    """The body of ``POST /hides``: one space or crossing by id, or an area by its geometry."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "entity": "space",
                    "id": "DEMO-001",
                    "code": "danger",
                    "reason": "amenaza a la casa",
                }
            ]
        },
    )

    entity: Literal["space", "crossing", "area"]
    id: Annotated[str | None, Field(pattern=_ID)] = None
    geometry: Annotated[
        dict[str, Any] | None, Field(description="GeoJSON Polygon or MultiPolygon, lon, lat.")
    ] = None
    code: Annotated[
        Code, Field(description="Why, as those in charge of the record may read it.")
    ] = "other"
    reason: Reason

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        is_area = self.entity == "area"
        if (self.geometry is not None) != is_area or (self.id is None) != is_area:
            msg = "a space or crossing is named by 'id', an area by 'geometry'"
            raise ValueError(msg)
        return self


class LiftRequest(JSONBody):
    """The body of ``DELETE /hides/{hide}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason


#: Body of the response to the first of the two people who have to lift a hide.
WAITS = {"state": "waiting", "detail": "a second person has to lift it too"}


class _Why(TypedDict):
    actor: Actor
    reason: str
    code: str
    now: datetime


HideId = Annotated[str, Path(description="Id of a hide.", pattern=_ID)]


@router.post(
    "/hides",
    status_code=201,
    response_class=JSONResponse,
    responses=problem_responses(400, 401, 403, 404, 413, 503),
)
async def hide(
    body: HideRequest, actor: WorkerDep, session: WriterDep, clock: ClockDep
) -> Response:
    """Hide at once; the answer names the hide, by which it is lifted.

    What one person hides, closes or withdraws beyond the limit of a day ends after 24 hours,
    unless a second person confirms it in the console (P52).
    """
    why: _Why = {"actor": actor, "reason": body.reason, "code": body.code, "now": clock()}
    if body.geometry is not None:
        made = await hiding.hide_area(session, body.geometry, **why)
    else:
        assert body.id is not None  # noqa: S101 -- the model's validator requires it
        by_id = hiding.hide_space if body.entity == "space" else hiding.hide_crossing
        made = await by_id(session, body.id, **why)
    return JSONResponse(
        {"id": made, "entity": body.entity},
        status_code=201,
        headers={"Location": f"/hides/{made}"},
    )


@router.get("/hides", response_class=JSONResponse, responses=problem_responses(400, 401, 403, 503))
async def hides(actor: WorkerDep, session: WriterDep) -> Response:
    """Return what is hidden now and the asker could restore, the newest first; for staff.

    ``reason`` is null for who neither hid it nor coordinates (P56).
    """
    require_staff(actor)
    return JSONResponse(
        {
            "hides": [
                {
                    "id": found.id,
                    "entity": found.entity,
                    "record_id": found.record_id,
                    "code": found.code,
                    "reason": found.reason,
                    "hidden_by": found.hidden_by,
                    "hidden_at": found.hidden_at,
                    "lift_asked_by": found.lift_asked_by,
                }
                for found in await hiding.visible_hides(session, actor)
            ]
        }
    )


@router.delete(
    "/hides/{hide}",
    status_code=204,
    response_class=Response,
    responses={
        202: {"description": "A second person has to lift it too."},
        **problem_responses(400, 401, 403, 404, 413, 503),
    },
)
async def lift(
    hide: HideId, body: LiftRequest, actor: WorkerDep, session: WriterDep, clock: ClockDep
) -> Response:
    """Lift a hide; what another hide covers stays hidden.

    Who made it lifts it alone within the hour (204). Else the first person asks (202), and the
    hide ends when a second one does the same (P52). A person does that signed in, at the console;
    a token is answered 403 (P50).
    """
    ended = await hiding.lift(session, hide, actor=actor, reason=body.reason, now=clock())
    return Response(status_code=204) if ended else JSONResponse(WAITS, status_code=202)
