"""``POST /movement``: aggregated counts of people, accepted with a token of a counting scope."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from app.access.dependencies import CountingWriterDep, SettingsDep, read_json
from app.access.identity import COUNTING_SCOPES, granted
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from geo.records import flows

router = APIRouter(tags=["movement"])

#: Schema of the body, which is parsed by hand so that a refusal says whether it concerned personal
#: data.
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {name: {} for name in sorted(flows.FIELDS)},
                    },
                },
                "example": [
                    {
                        "kind": "point",
                        "origin": "X-BOLIVAR",
                        "week": "2026-10-19",
                        "direction": "in",
                        "n": 143,
                        "groups": 6,
                        "largest_share": 0.4,
                        "method": "flow_registry",
                        "hours_covered": 60,
                        "source": "network",
                        "geometry": {"type": "Point", "coordinates": [-72.45, 7.82]},
                    }
                ],
            }
        },
    }
}


@router.post(
    "/movement",
    status_code=201,
    responses=problem_responses(400, 401, 409, 413, 503),
    openapi_extra=BODY,
)
async def record_movement(
    request: Request,
    session: CountingWriterDep,
    settings: SettingsDep,
    authorization: Annotated[str | None, Header()] = None,  # noqa: ARG001 -- declared for the API document
) -> Response:
    """Store a list of weekly counts, all or nothing.

    A payload with any field beyond the allowed ones, or with anything about a person, is
    refused whole and nothing of it is kept (P17). What is published of it is decided by the
    flows rule, later (P18, P19). Places are codes (ISO 3166, `G` and the number of GeoNames, ids
    of official crossings), `method` and `source` terms of the vocabularies `count_method` and
    `count_source`. A count belongs to the organisation that sent it first: another's token does
    not replace it.
    """
    grant = await granted(request, session, COUNTING_SCOPES)
    rows = flows.parse_movement(await read_json(request))
    stored = await flows.store_movement(
        session,
        rows,
        holder=grant.holder,
        actor=f"token:{grant.id}",
        allow_mixed=settings.allow_demo_mixed,
    )
    return JSONResponse({"stored": stored}, status_code=201)
