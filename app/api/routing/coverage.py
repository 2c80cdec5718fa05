"""``POST /coverage``: stretches of a route without the requested services."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import anyio
import numpy as np
from fastapi import APIRouter, Response
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.dependencies import ClockDep, NetworkDep, SessionDep, SettingsDep
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.i18n import route_phrases
from app.journeys.detours import DetourLimits
from app.journeys.planner import JourneyQuestion, end_names, plan
from app.runtime.work_limit import search
from app.schemas.fields import Day, Instant, Latitude, Longitude, Position, require_unswapped
from app.schemas.json_body import JSONBody, LargeBodyRoute
from app.settings import Settings
from app.snapshots.country_of_point import SilentCrossingError, UncertainCountryError, locate_all
from app.snapshots.open_spaces import support, supports_of
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import Region, RoadNetworks
from app.snapshots.tier_snapshot import reading
from geo.errors import UnknownServiceError
from geo.geography import boundaries
from geo.geography.crossings import CrossingState
from geo.records import demo_rows
from geo.spaces import queries
from geo.spaces.queries import SpacesOfDay
from routing.errors import OffNetwork
from routing.geometry.lines import distance_to_line_m
from routing.graph.snapping import snap_to_edge
from routing.osm_tags.edge_flags import Mode
from routing.route.coverage import (
    Coverage,
    Gap,
    MeasuredLine,
    SupportAt,
    coverage_by,
    supports_along,
)
from routing.router.map_matching import MatchFailed, match_line
from routing.travel.crossings import CROSSING_REACH_M, POST_REACH_M, Crossing
from routing.travel.support_points import Supports

router = APIRouter(tags=["coverage"], route_class=LargeBodyRoute)

#: Upper limit of vertices, above any route that the product returns (Caracas to Lima over the
#: sketch has hundreds); longer lines are refused before any work. Matching this many takes about a
#: second.
MAX_VERTICES = 5_000

#: Upper limit of the request body: a line of `MAX_VERTICES` as text, with three numbers of at most
#: 16 characters per vertex, commas and brackets.
LIMIT_BYTES = 262_144


#: Lines matched or measured concurrently per process [A]: the work holds Python's interpreter lock,
#: so two lines at once would slow each other and all waiting requests.
_lines = anyio.CapacityLimiter(1)


class LineString(BaseModel):
    """A GeoJSON LineString; heights are accepted and ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["LineString"]
    coordinates: Annotated[
        list[tuple[Longitude, Latitude] | tuple[Longitude, Latitude, float]],
        # Validation stops at the first invalid position, to keep the problem response small (P55).
        Field(min_length=2, max_length=MAX_VERTICES, fail_fast=True),
    ]


class CoverageQuestion(JSONBody):
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
    at: Instant | None = Field(None, description="When crossings are judged; default: now.")
    services: Annotated[list[str], Field(min_length=1, max_length=20)] = Field(
        default=["overnight"], description="A space counts if it offers all of them."
    )
    as_of: Day | None = Field(None, description="Day the spaces are judged on; default: today.")
    accept_detour: bool = Field(
        default=False, description="As of POST /routes: measure a long detour between the ends too."
    )

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
    try:
        await queries.check_services(session, body.services)
    except UnknownServiceError as error:
        raise InvalidParameterError("services", str(error)) from error
    now = clock()
    way = (
        await _found_way(body, session, network, now, settings)
        if body.route is None
        else await _drawn_way(body.route, body, session, network, now, settings.access_m)
    )
    as_of = body.as_of or way.today
    spaces = await queries.spaces_of_day(session, as_of, today=way.today, services=body.services)
    # Measuring a long line takes time, and a queued request must not hold a connection.
    await session.close()
    measured, reconfirmed = await search(
        partial(_measured, way, spaces, settings.access_m), limiter=_lines
    )
    # Today is always known, from the current records. Another day is known only if it lies in the
    # span of days for which there are records.
    is_today = as_of == way.today
    span = None if is_today else await queries.known_span(session, body.services)
    is_known = span is None or span.holds(as_of)
    has_demo = await demo_rows.has_demo(session)
    return JSONResponse(
        {
            **(known_figures(measured, reconfirmed) if is_known else nothing_known(measured)),
            "known_from": None if span is None else span.first,
            "known_until": None if span is None else span.last,
            "services": body.services,
            "as_of": as_of,
            "mode": body.mode,
            "network": way.network,
            "crossings": [
                {"id": crossing.id, "name": crossing.name, "state": crossing.state}
                for crossing in way.crossings
            ],
            "protected_services": "not counted",
            "data_as_of": now,
            "demo": has_demo,
            "notice": route_phrases.notice(is_demo=has_demo),
        },
        headers={"Cache-Control": "private, no-store"},
    )


def _measured(
    way: "_Way", spaces: SpacesOfDay, access_m: float
) -> tuple[Coverage, Coverage | None]:
    """Return the coverage by the spaces that count, and the one if lapsed ones count as well.

    The second is None where no space along the route has lapsed.
    """
    along = way.along(Supports(map(support, spaces.counted)))
    measured = coverage_by(way.line, along, access_m, way.ends)
    lapsed = way.along(Supports(map(support, spaces.lapsed)))
    if not lapsed:
        return measured, None
    both = tuple(sorted((*along, *lapsed), key=lambda at: (at.at_m, at.support.id)))
    return measured, coverage_by(way.line, both, access_m, way.ends)


@dataclass(frozen=True)
class _Way:
    """A route whose coverage is measured, its official crossings, and the local date at its start.

    ``along`` selects the supports that lie on the route.
    """

    line: MeasuredLine
    along: Callable[[Supports], tuple[SupportAt, ...]]
    network: str
    ends: tuple[str, str]
    crossings: tuple[CrossingState, ...]
    today: date


async def _found_way(
    body: CoverageQuestion,
    session: AsyncSession,
    network: RoadNetworks,
    now: datetime,
    settings: Settings,
) -> _Way:
    """Compute the route between the two ends of a question."""
    assert body.start is not None  # noqa: S101 -- the model's validator requires both
    assert body.end is not None  # noqa: S101
    require_unswapped("start", *body.start)
    require_unswapped("end", *body.end)
    detours = DetourLimits.of(settings, are_accepted=body.accept_detour)
    question = JourneyQuestion(body.start, body.end, body.mode, body.at or now, detours=detours)
    answer = await plan(ReadSource(session), network, question, now=now, access_m=settings.access_m)
    journey, known = answer.journeys[0], answer.knowledge
    best = journey.route
    return _Way(
        MeasuredLine.from_route(best),
        lambda supports: supports_of(best, journey.regions, supports, settings.access_m),
        journey.network,
        end_names(journey.regions, known, best),
        tuple(crossing for crossing in known.crossings if crossing.id in best.crossings),
        now.astimezone(ZoneInfo(known.start.place.timezone)).date(),
    )


async def _drawn_way(
    route: LineString,
    body: CoverageQuestion,
    session: AsyncSession,
    network: RoadNetworks,
    now: datetime,
    access_m: float,
) -> _Way:
    """Match a drawn line to the roads, or keep it unmatched if it follows no roads.

    Raises
    ------
    SilentCrossingError
        If the line follows no roads and enters another country (P33).
    UncertainCountryError
        If the line follows no roads and the country of an end is uncertain.
    """
    coordinates = np.array([position[:2] for position in route.coordinates])
    for n, (lon, lat) in enumerate(coordinates.tolist()):
        require_unswapped(f"route.coordinates.{n}", lon, lat)
    known = await (await reading(session)).crossings(body.at or now)
    ends = [(float(lon), float(lat)) for lon, lat in coordinates[[0, -1]]]
    start, end = await locate_all(session, network, ends)
    entered = await boundaries.countries_along(session, coordinates.tolist())
    # A queued search must not hold a database connection.
    await session.close()
    line, region = await search(
        partial(_match, coordinates, body.mode, network, tuple(crossing for _, crossing in known)),
        limiter=_lines,
    )
    if line.measure == "geometry":
        if not (start.is_certain and end.is_certain):
            field = "route"
            raise UncertainCountryError(field)
        if len({start.country, end.country} | entered) > 1:
            raise SilentCrossingError
    # On a sketch network, whose roads are straight lines, spaces of a town count at the town's
    # node; a line that was not matched to roads has its own shape.
    towns = region.sketched_towns if line.measure == "network" else None
    return _Way(
        line,
        lambda supports: supports_along(line, supports, access_m, towns),
        region.meta.name,
        (start.place.name, end.place.name),
        _crossings_on(line, region, tuple(state for state, _ in known)),
        now.astimezone(ZoneInfo(start.place.timezone)).date(),
    )


def _match(
    coordinates: NDArray[np.float64],
    mode: Mode,
    network: RoadNetworks,
    official: tuple[Crossing, ...],
) -> tuple[MeasuredLine, Region]:
    first, last = (tuple(map(float, coordinates[i])) for i in (0, -1))
    region = network.region_for((first[0], first[1]), (last[0], last[1]))
    try:
        return match_line(region.router, coordinates, mode, crossings=official), region
    except MatchFailed:
        _require_near_roads(region, coordinates, mode)
        return MeasuredLine.from_geometry(coordinates), region


def _crossings_on(
    line: MeasuredLine, region: Region, states: tuple[CrossingState, ...]
) -> tuple[CrossingState, ...]:
    """Return the official crossings at the places where a line changes country."""
    met = [
        place
        for place in region.borders
        if distance_to_line_m(line.coordinates, place.lon, place.lat) <= POST_REACH_M
    ]
    return tuple(
        state
        for state in states
        if any(
            place.countries == {state.country_a, state.country_b}
            and distance_to_line_m(np.array([[place.lon, place.lat]] * 2), state.lon, state.lat)
            <= CROSSING_REACH_M
            for place in met
        )
    )


def _require_near_roads(region: Region, coordinates: NDArray[np.float64], mode: Mode) -> None:
    """Refuse a line with no road near either end, because there are no data for it."""
    try:
        snap_to_edge(region.graph, float(coordinates[0][0]), float(coordinates[0][1]), mode)
    except OffNetwork:
        snap_to_edge(
            region.graph, float(coordinates[-1][0]), float(coordinates[-1][1]), mode, which="end"
        )


def known_figures(measured: Coverage, reconfirmed: Coverage | None) -> dict[str, Any]:
    """Return the figures of a coverage, with the stretches whose state is unknown.

    Parameters
    ----------
    measured
        Coverage by the spaces confirmed for the day.
    reconfirmed
        Coverage if those whose confirmation ends before the day were confirmed again, too; None
        without such spaces. A gap that such a space lies in may or may not be one: the truth lies
        between the two coverages.
    """
    told = figures(measured)
    supports_m = [] if reconfirmed is None else [at.at_m for at in reconfirmed.supports]
    for one in (told["longest"], *told["intervals"]):
        one["known"] = not any(one["from_m"] < round(m, 1) < one["to_m"] for m in supports_m)
    not_known = [one["length_m"] for one in told["intervals"] if not one["known"]]
    return {
        "known": True,
        "not_known_m": round(sum(not_known), 1),
        **told,
        "if_reconfirmed": None if reconfirmed is None else figures(reconfirmed),
    }


def nothing_known(measured: Coverage) -> dict[str, Any]:
    """Return the response for a day without any data: no figures and no gaps."""
    return {
        "known": False,
        "not_known_m": round(measured.length_m, 1),
        "measure": measured.measure,
        "length_m": round(measured.length_m, 1),
        "access_m": measured.access_m,
        "longest_gap_m": None,
        "mean_to_next_m": None,
        "covered_share": None,
        "longest": None,
        "intervals": [],
        "spaces": [],
        "if_reconfirmed": None,
    }


def figures(measured: Coverage) -> dict[str, Any]:
    """Return the figures and intervals of a coverage as JSON."""
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
            {
                "id": at.support.id,
                "at_m": round(at.at_m, 1),
                "access_m": round(at.access_m, 1),
                "town": at.town,
            }
            for at in measured.supports
        ],
    }


def interval(gap: Gap) -> dict[str, Any]:
    """Return one stretch without a space as JSON."""
    return {
        "from_m": round(gap.from_m, 1),
        "to_m": round(gap.to_m, 1),
        "length_m": round(gap.length_m, 1),
        "from": gap.from_name,
        "to": gap.to_name,
        "from_id": gap.from_id,
        "to_id": gap.to_id,
    }
