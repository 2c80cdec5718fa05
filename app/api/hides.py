"""Emergency hides: what is hidden is out of every answer with the next request (P24)."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict, Field, model_validator

from app.api.json_body import JSONBody, LargeBodyRoute
from app.deps import WorkerDep, WriterDep
from app.problems import problem_responses
from app.responses import JSONResponse
from geo import hiding
from geo.authority import require_staff

router = APIRouter(tags=["hides"], route_class=LargeBodyRoute)

#: Ids as files have them; a NUL belongs to nobody, since PostgreSQL's text holds none.
_ID = r"^[^\x00]{1,200}$"

Reason = Annotated[
    str, Field(min_length=1, max_length=hiding.MAX_REASON, description="Why; staff read it.")
]


class HideRequest(JSONBody):
    """The body of ``POST /hides``: one space or crossing by id, or an area by its geometry."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"entity": "space", "id": "DEMO-001", "reason": "amenaza a la casa"}]
        },
    )

    entity: Literal["space", "crossing", "area"]
    id: Annotated[str | None, Field(pattern=_ID)] = None
    geometry: Annotated[
        dict[str, Any] | None, Field(description="GeoJSON Polygon or MultiPolygon, lon, lat.")
    ] = None
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


HideId = Annotated[str, Path(description="Id of a hide.", pattern=_ID)]


@router.post(
    "/hides",
    status_code=201,
    response_class=JSONResponse,
    responses=problem_responses(400, 401, 403, 404, 413, 503),
)
async def hide(body: HideRequest, actor: WorkerDep, session: WriterDep) -> Response:
    """Hide at once; the answer names the hide, by which it is lifted."""
    if body.geometry is not None:
        made = await hiding.hide_area(session, body.geometry, actor=actor, reason=body.reason)
    else:
        assert body.id is not None  # noqa: S101 -- the model's validator says so
        by_id = hiding.hide_space if body.entity == "space" else hiding.hide_crossing
        made = await by_id(session, body.id, actor=actor, reason=body.reason)
    return JSONResponse(
        {"id": made, "entity": body.entity},
        status_code=201,
        headers={"Location": f"/hides/{made}"},
    )


@router.get("/hides", response_class=JSONResponse, responses=problem_responses(400, 401, 403, 503))
async def hides(actor: WorkerDep, session: WriterDep) -> Response:
    """Return what is hidden now, the newest first; for staff."""
    require_staff(actor)
    return JSONResponse(
        {
            "hides": [
                {
                    "id": found.id,
                    "entity": found.entity,
                    "record_id": found.record_id,
                    "reason": found.reason,
                    "hidden_by": found.hidden_by,
                    "hidden_at": found.hidden_at,
                }
                for found in await hiding.visible_hides(session, actor)
            ]
        }
    )


@router.delete(
    "/hides/{hide}",
    status_code=204,
    response_class=Response,
    responses=problem_responses(400, 401, 403, 404, 413, 503),
)
async def lift(hide: HideId, body: LiftRequest, actor: WorkerDep, session: WriterDep) -> Response:
    """Lift a hide; what another hide covers stays hidden."""
    await hiding.lift(session, hide, actor=actor, reason=body.reason)
    return Response(status_code=204)
