"""``POST /coverage``: where a route leaves people without the help that was asked for."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import APIRouter, Response
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.api.fields import Day, Instant, Latitude, Longitude, Position, require_unswapped
from app.deps import ClockDep, NetworkDep, SessionDep, SettingsDep
from app.errors import problem_responses
from app.journeys import Question, end_names, plan, router_crossing, support
from app.network import Network, Region
from app.responses import JSONResponse
from app.searches import search
from app.whereabouts import SilentCrossingError, locate
from geo import crossings, demo, spaces
from routing.coverage import Coverage, Gap, MeasuredLine, coverage
from routing.crossings import Crossing
from routing.errors import OffNetwork
from routing.graph import Mode
from routing.match import MatchFailed, match_line

router = APIRouter(tags=["coverage"])

#: More vertices than any route of the product has (Caracas to Lima over the sketch: hundreds);
#: a longer line is refused before it costs anything. This many take about a second to match.
MAX_VERTICES = 5_000


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
    at: Instant | None = Field(None, description="For start and end: when; default: now.")
    services: Annotated[list[str], Field(min_length=1, max_length=20)] = Field(
        default=["overnight"], description="A space counts if it offers all of them."
    )
    as_of: Day | None = Field(None, description="Day the spaces are judged on; default: today.")

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
    line, network_name, ends, today = await _line(
        body, session, network, now=now, access_m=settings.access_m
    )
    as_of = body.as_of or today
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
) -> tuple[MeasuredLine, str, tuple[str, str], date]:
    """Return the measured line, its network, names for its ends, and today where it starts."""
    if body.route is not None:
        coordinates = np.array([position[:2] for position in body.route.coordinates])
        for n, (lon, lat) in enumerate(coordinates.tolist()):
            require_unswapped(f"route.coordinates.{n}", lon, lat)
        official = tuple(map(router_crossing, await crossings.states_at(session, now)))
        start, end = [await locate(session, network, *map(float, coordinates[i])) for i in (0, -1)]
        # A waiting search holds no connection.
        await session.close()
        line, name = await search(partial(_match, coordinates, body.mode, network, official))
        if line.measure == "geometry" and start.country != end.country:
            raise SilentCrossingError
        today = now.astimezone(ZoneInfo(start.place.timezone)).date()
        return line, name, (start.place.name, end.place.name), today
    assert body.start is not None  # noqa: S101 -- the model's validator says so
    assert body.end is not None  # noqa: S101
    require_unswapped("start", *body.start)
    require_unswapped("end", *body.end)
    at = body.at or now
    question = Question(body.start, body.end, body.mode, at)
    answer = await plan(session, network, question, now=now, access_m=access_m)
    best = answer.journeys[0].route
    return (
        MeasuredLine.from_route(best),
        answer.region.meta.name,
        end_names(answer.region, answer.knowledge, best),
        now.astimezone(ZoneInfo(answer.knowledge.start.place.timezone)).date(),
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
        _require_near_roads(region, coordinates, mode)
        return MeasuredLine.from_geometry(coordinates), region.meta.name


def _require_near_roads(region: Region, coordinates: NDArray[np.float64], mode: Mode) -> None:
    """Refuse a line of which neither end is near a road: nothing is known there."""
    try:
        region.graph.snap(float(coordinates[0][0]), float(coordinates[0][1]), mode)
    except OffNetwork:
        region.graph.snap(float(coordinates[-1][0]), float(coordinates[-1][1]), mode, which="end")


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
