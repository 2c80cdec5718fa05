"""``GET /exports/{format}``: the spaces that the asker's tier shows, as a file."""

from functools import partial
from typing import Annotated

import anyio
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from app.access.dependencies import AskerDep, ClockDep
from app.http.etags import NOT_MODIFIED, kept_response
from app.http.problems import problem_responses
from app.runtime.work_limit import search
from geo.db.sessions import Database
from geo.exports.formats import FORMATS, SpaceFormat, find_format
from geo.exports.snapshot import Selection, Snapshot, read_snapshot

router = APIRouter(tags=["exports"])

#: Limit of exports that one process writes at a time. Route searches have another limiter, so that
#: they do not wait for an export.
_exports = anyio.CapacityLimiter(1)

FormatName = Annotated[
    str, Path(description="Format of the file.", json_schema_extra={"enum": list(FORMATS)})
]


#: Text of a filter, without NUL characters, which PostgreSQL text cannot hold.
type Stated = Annotated[str | None, Field(max_length=100, pattern=r"^[^\x00]*$")]


class ExportQuery(BaseModel):
    """Which spaces are wanted; all of them where nothing is said."""

    country: Stated = Field(None, description="ISO 3166-1 alpha-2.", examples=["CO"])
    admin1: Stated = Field(None, description="Department, state or province, by its name.")
    locality: Stated = Field(None, description="Municipality, by its name.")
    service: Stated = Field(None, description="Code of a service they offer.")


@router.get(
    "/exports/{format}",
    response_class=Response,
    responses={
        200: {
            "content": {
                found.media_type.partition(";")[0]: {"schema": {"type": "string"}}
                for found in FORMATS.values()
            },
            "description": "The file.",
        },
        **NOT_MODIFIED,
        **problem_responses(400, 401, 404, 503),
    },
)
async def export(
    request: Request,
    asker: AskerDep,
    clock: ClockDep,
    format: FormatName,  # noqa: A002 -- the parameter's name in the path
    asked: Annotated[ExportQuery, Query()],
) -> Response:
    """Return the spaces of the asker's tier as a file: the public's, or with a token a partner's.

    Each file says its date, its credit and until when each record may be used; while demo rows
    are loaded it says DEMO.
    """
    found = find_format(format)
    selection = Selection(**asked.model_dump())
    tier = found.tier_of(asker.tier)
    database: Database = request.state.database
    async with database.session(tier) as session:
        snapshot = await read_snapshot(session, tier, selection, now=clock())
    # The file is written after the database connection is released, because writing takes seconds.
    return await search(partial(_answer, request, found, snapshot), limiter=_exports)


def _answer(request: Request, found: SpaceFormat, snapshot: Snapshot) -> Response:
    answer = kept_response(request, found.write(snapshot), found.media_type)
    name = found.file_name(snapshot)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
