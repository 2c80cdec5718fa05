"""``POST /corridors/coverage``: how well a corridor is supported, and what added spaces change."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.access.dependencies import SessionDep, open_source
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.i18n import route_phrases
from app.i18n.translation import words
from app.planning import corridor_strip, corridor_text
from app.planning.corridor_files import FILES, CorridorContent, FileFormat
from app.planning.corridors import (
    AddedSpace,
    CorridorRequest,
    MeasuredCorridor,
    measure_corridor,
    service_names,
)
from app.runtime.work_limit import search
from app.schemas.fields import Day, Latitude, Longitude, Position, require_unswapped
from app.schemas.json_body import JSONBody, LargeBodyRoute
from app.schemas.party import Code
from app.settings import Settings
from geo.errors import UnknownServiceError
from geo.geography import coverage_gaps
from geo.geography.coverage_gaps import RankedGap
from geo.records import demo_rows
from geo.spaces import queries
from geo.spaces.eligibility import NIGHT_SERVICE
from geo.vocabulary import readable
from routing.corridors.figures import CorridorTargets
from routing.travel.request import MAX_VIA

router = APIRouter(tags=["coverage"], route_class=LargeBodyRoute)

#: Upper limit of services in a request [A]: as many as a table on a screen has rows.
MAX_SERVICES: Final = 20
#: Upper limit of added spaces in a request [A].
MAX_ADDED: Final = 20

#: Upper limit of gaps in a ranking [A].
MAX_GAPS: Final = 100

#: Default distance up to which help is within reach, metres: an hour's walk (algorithms.md,
#: section 4).
REACH_M: Final = 5_000.0
#: Default longest acceptable gap, metres: a day's walk of an adult (algorithms.md, section 3).
GAP_M: Final = 25_000.0

#: Upper limit of the distances that a request may state, metres [A].
MAX_DISTANCE_M: Final = 500_000.0

type Distance = Annotated[float, Field(ge=0, le=MAX_DISTANCE_M)]
type Services = Annotated[list[Code], Field(min_length=1, max_length=MAX_SERVICES)]


class AddedBody(BaseModel):
    """A space that might be there, too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lon: Longitude
    lat: Latitude
    services: Services


class CorridorBody(JSONBody):
    """The body of ``POST /corridors/coverage``: a named corridor, or a line of towns."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "places": [[-72.508, 7.894], [-73.126, 7.125]],
                    "services": ["overnight", "food"],
                    "added": [{"lon": -72.759, "lat": 7.278, "services": ["overnight"]}],
                }
            ]
        },
    )

    corridor: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="Id of a corridor, as of `GET /collections/corridors/items`."
    )
    places: list[Position] = Field(
        [],
        max_length=MAX_VIA + 2,
        description="Towns of a line instead, in order: the line is the way on foot through them.",
    )
    direction: Literal["forward", "backward"] = "forward"
    services: Services = Field(
        default=["overnight"],
        description="Each is measured alone: `overnight` by the night after the day.",
    )
    on: Day | None = Field(None, description="Day of the spaces; default: today.")
    compare_with: Day | None = Field(None, description="A day to compare with.")
    reach_m: Distance = Field(REACH_M, description="Metres along the line that are within reach.")
    gap_m: Distance = Field(GAP_M, description="Longest gap that is acceptable, metres.")
    added: list[AddedBody] = Field(
        [], max_length=MAX_ADDED, description="What if these spaces were there, too, on that day?"
    )

    @model_validator(mode="after")
    def _corridor_or_places(self) -> Self:
        if (self.corridor is None) == (not self.places) or len(self.places) == 1:
            msg = "give either 'corridor', or two 'places' or more"
            raise ValueError(msg)
        return self


@router.post(
    "/corridors/coverage",
    responses={
        200: {
            "content": {
                one.media_type: {
                    "schema": {
                        "type": "string",
                        **({} if one.media_type.startswith("text/") else {"format": "binary"}),
                    }
                }
                for one in FILES.values()
            }
        },
        **problem_responses(400, 404, 413, 422, 503),
    },
)
async def measure(
    request: Request,
    body: CorridorBody,
    f: Annotated[
        FileFormat | Literal["json"] | None,
        Query(
            description="`html` is a report in one file that opens without a network, `csv` a table"
            " of the gaps, `xlsx` a workbook of gaps, figures and spaces, `geojson` and `gpkg` the"
            " corridor with gaps and spaces as features, `svg` and `png` the strip."
        ),
    ] = None,
) -> Response:
    """Return gaps and figures of a corridor for each service, and what is different when asked.

    Counted are open spaces as for `POST /coverage`. Of a day without records nothing is said; of a
    day to come what is confirmed for it, and beside it what would be if all were confirmed again.
    """
    settings: Settings = request.state.settings
    now: datetime = request.state.clock()
    for n, place in enumerate(body.places):
        require_unswapped(f"places.{n}", *place)
    for n, one in enumerate(body.added):
        require_unswapped(f"added.{n}", one.lon, one.lat)
    asked = CorridorRequest(
        corridor=body.corridor,
        places=tuple(body.places),
        is_backward=body.direction == "backward",
        services=tuple(dict.fromkeys(body.services)),
        on=body.on,
        compared_on=body.compare_with,
        targets=CorridorTargets(body.reach_m, body.gap_m),
        added=tuple(AddedSpace(one.lon, one.lat, frozenset(one.services)) for one in body.added),
    )
    is_file = f is not None and f != "json"
    try:
        async with open_source(request) as source:
            found = await measure_corridor(
                source,
                request.state.network,
                request.state.corridor_lines,
                asked,
                now=now,
                access_m=settings.access_m,
                people=request.state.line_people,
            )
            names = await service_names(source.session) if is_file else {}
    except UnknownServiceError as error:
        raise InvalidParameterError("services", str(error)) from error
    if f is None or f == "json":
        content: dict[str, Any] = corridor_text.written(found, now)
        return JSONResponse(content, headers={"Cache-Control": "private, no-store"})
    return await file_response(f, _content(found, names, now))


def _content(found: MeasuredCorridor, names: Mapping[str, str], now: datetime) -> CorridorContent:
    """Return the contents of a corridor's files, in Spanish."""
    spoken = [names.get(code) or readable(code) for code in found.request.services]
    w = words("es")
    strip = corridor_strip.strip_of(found, spoken, w)
    return CorridorContent(found, now, spoken, strip, w)


async def file_response(f: FileFormat, content: CorridorContent) -> Response:
    """Return a file of a corridor as a download.

    It is never shown in place: the content security policy would block the scripts of a report that
    a browser opens from this server.

    Parameters
    ----------
    f
        The format, a key of `FILES`.
    content
        Contents of the file.

    Raises
    ------
    BusyError
        Too many requests are waiting.
    """
    file = FILES[f]
    return Response(
        await search(partial(file.write, content)),
        media_type=file.media_type,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="{file.name}"',
        },
    )


@router.get("/corridors/gaps", responses=problem_responses(400, 404, 422, 503))
async def longest(
    request: Request,
    session: SessionDep,
    service: Annotated[
        Code, Query(description="What is missing; `overnight` by the night after the day.")
    ] = NIGHT_SERVICE,
    limit: Annotated[int, Query(ge=1, le=MAX_GAPS, description="Most gaps.")] = 20,
) -> Response:
    """Return the longest gaps of a service over all named corridors, the longest first.

    They are those of the layer `coverage`, computed for today; expired ones are left out.
    """
    now: datetime = request.state.clock()
    try:
        await queries.check_services(session, [service])
    except UnknownServiceError as error:
        raise InvalidParameterError("service", str(error)) from error
    gaps = await coverage_gaps.longest_gaps(session, service, on=now.date(), limit=limit)
    is_demo = await demo_rows.has_demo(session)
    content = {
        "service": service,
        "gaps": [_ranked(one) for one in gaps],
        "protected_services": "not counted",
        "data_as_of": now,
        "demo": is_demo,
        "notice": route_phrases.notice(is_demo=is_demo),
    }
    return JSONResponse(content, headers={"Cache-Control": "private, no-store"})


def _ranked(gap: RankedGap) -> dict[str, Any]:
    """Return a gap of the ranking as JSON."""
    return {
        "corridor": gap.corridor,
        "corridor_name": gap.corridor_name,
        "from_m": round(gap.from_m, 1),
        "to_m": round(gap.to_m, 1),
        "length_m": round(gap.length_m, 1),
        "from_name": gap.from_name,
        "to_name": gap.to_name,
    }
