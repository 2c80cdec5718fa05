"""``POST /coverage``: where a route leaves people without the help that was asked for."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

import anyio.to_thread
import numpy as np
from fastapi import APIRouter, Response
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.api.routes import Latitude, Longitude, Position
from app.deps import ClockDep, NetworkDep, SessionDep, SettingsDep
from app.errors import problem_responses
from app.journeys import Question, end_names, plan, router_crossing, support
from app.network import Network
from app.responses import JSONResponse
from geo import crossings, demo, places, spaces
from routing.coverage import Coverage, Gap, MeasuredLine, coverage
from routing.crossings import Crossing
from routing.graph import Mode
from routing.match import MatchFailed, match_line

router = APIRouter(tags=["coverage"])

#: More vertices than any route of the product has (a street route across a region: some
#: thousands); a longer line is refused before it costs anything.
MAX_VERTICES = 20_000


class LineString(BaseModel):
    """A GeoJSON LineString; heights are accepted and ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["LineString"]
    coordinates: Annotated[
        list[tuple[Longitude, Latitude] | tuple[Longitude, Latitude, float]],
        Field(min_length=2, max_length=MAX_VERTICES),
    ]


class CoverageQuestion(BaseModel):
    """The body of ``POST /coverage``: a line, or two ends to find the route between."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "start": [-72.508, 7.894],
                    "end": [-73.126, 7.125],
                    "mode": "foot",
                    "services": ["overnight"],
                }
            ]
        },
    )

    route: LineString | None = None
    start: Position | None = None
    end: Position | None = None
    mode: Mode = Mode.FOOT
    at: AwareDatetime | None = Field(None, description="For start and end: when; default: now.")
    services: Annotated[list[str], Field(min_length=1, max_length=20)] = Field(
        default=["overnight"], description="A space counts if it offers all of them."
    )
    as_of: date | None = Field(None, description="Day the spaces are judged on; default: today.")

    @model_validator(mode="after")
    def _line_or_ends(self) -> Self:
        ends = (self.start is not None, self.end is not None)
        if (self.route is not None) == any(ends) or any(ends) != all(ends):
            msg = "give either 'route', or both 'start' and 'end'"
            raise ValueError(msg)
        return self


@router.post("/coverage", responses=problem_responses(400, 413, 422, 503))
async def measure_coverage(
    body: CoverageQuestion,
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> Response:
    """Return the stretches of a route without an open space that offers the services."""
    spaces.check_services(body.services)
    now = clock()
    as_of = body.as_of or now.date()
    line, network_name, ends = await _line(
        body, session, network, now=now, access_m=settings.access_m
    )
    found = await spaces.open_spaces(
        session, on=as_of, services=tuple(body.services), night="overnight" in body.services
    )
    measured = coverage(line, tuple(map(support, found)), settings.access_m, ends=ends)
    has_demo = await demo.has_demo(session)
    return JSONResponse(
        {
            **figures(measured),
            "services": body.services,
            "as_of": as_of,
            "mode": body.mode,
            "network": network_name,
            "protected_services": "not counted",
            "data_as_of": now,
            "demo": has_demo,
            "notice": f"{wording.DEMO} {wording.NOTICE}" if has_demo else wording.NOTICE,
        },
        headers={"Cache-Control": "private, no-store"},
    )


async def _line(
    body: CoverageQuestion,
    session: AsyncSession,
    network: Network,
    *,
    now: datetime,
    access_m: float,
) -> tuple[MeasuredLine, str, tuple[str, str]]:
    """Return the measured line, the network it was measured on, and names for its ends."""
    if body.route is not None:
        coordinates = np.array([position[:2] for position in body.route.coordinates])
        official = tuple(map(router_crossing, await crossings.states_at(session, now)))
        line, name = await anyio.to_thread.run_sync(
            _match, coordinates, body.mode, network, official
        )
        ends = [await places.nearest_place(session, *map(float, coordinates[i])) for i in (0, -1)]
        return line, name, (ends[0].name, ends[1].name)
    assert body.start is not None  # noqa: S101 -- the model's validator says so
    assert body.end is not None  # noqa: S101
    at = body.at or now
    question = Question(body.start, body.end, body.mode, at)
    answer = await plan(
        session, network, question, today=now.astimezone(at.tzinfo).date(), access_m=access_m
    )
    best = answer.journeys[0].route
    return (
        MeasuredLine.from_route(best),
        answer.region.meta.name,
        end_names(answer.region, answer.knowledge, best),
    )


def _match(
    coordinates: NDArray[np.float64],
    mode: Mode,
    network: Network,
    official: tuple[Crossing, ...],
) -> tuple[MeasuredLine, str]:
    first, last = (tuple(map(float, coordinates[i])) for i in (0, -1))
    region = network.region_for((first[0], first[1]), (last[0], last[1]))
    try:
        return match_line(region.router, coordinates, mode, crossings=official), region.meta.name
    except MatchFailed:
        return MeasuredLine.from_geometry(coordinates), region.meta.name


def figures(measured: Coverage) -> dict[str, Any]:
    """Return a coverage's figures and intervals as JSON-ready values."""
    return {
        "measure": measured.measure,
        "length_m": round(measured.length_m, 1),
        "access_m": measured.access_m,
        "longest_gap_m": round(measured.longest.length_m, 1),
        "mean_to_next_m": round(measured.mean_to_next_m, 1),
        "covered_share": round(measured.covered_share, 4),
        "longest": interval(measured.longest),
        "intervals": [interval(gap) for gap in measured.gaps],
        "spaces": [
            {"id": at.support.id, "at_m": round(at.at_m, 1), "access_m": round(at.access_m, 1)}
            for at in measured.supports
        ],
    }


def interval(gap: Gap) -> dict[str, Any]:
    """Return one stretch without a space, as JSON-ready values."""
    return {
        "from_m": round(gap.from_m, 1),
        "to_m": round(gap.to_m, 1),
        "length_m": round(gap.length_m, 1),
        "from": gap.from_name,
        "to": gap.to_name,
        "from_id": gap.from_id,
        "to_id": gap.to_id,
    }
