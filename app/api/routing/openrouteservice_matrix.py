"""``POST /v2/matrix/{profile}``: times and lengths between places, for openrouteservice's clients.

Only the format is openrouteservice's. A cell holds the moving time and length of the first route
that ``POST /routes`` finds between two places, with crossings open or closed as at departure.
"""

from typing import Any

import numpy as np
from fastapi import APIRouter, Path, Request, Response
from numpy.typing import NDArray

from app.access.dependencies import ClockDep, SettingsDep, open_source
from app.api.routing.openrouteservice_body import METRES, PROFILES
from app.api.routing.openrouteservice_errors import MatrixRoute
from app.api.routing.openrouteservice_isochrones import metadata, world_question
from app.api.routing.openrouteservice_reach import MatrixBody
from app.api.routing.routes import PRIVATE
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.i18n import route_phrases
from app.journeys.reach import find_world, matrix_of
from app.schemas.fields import require_unswapped
from app.snapshots.road_networks import RoadNetworks

type Floats = NDArray[np.float64]

router = APIRouter(prefix="/v2/matrix", tags=["routes"], route_class=MatrixRoute)


@router.post(
    "/{profile}", response_class=JSONResponse, responses=problem_responses(400, 413, 422, 503)
)
@router.post(
    "/{profile}/json", response_class=JSONResponse, responses=problem_responses(400, 413, 422, 503)
)
async def matrix(
    request: Request,
    body: MatrixBody,
    settings: SettingsDep,
    clock: ClockDep,
    profile: str = Path(json_schema_extra={"enum": list(PROFILES)}),
) -> Response:
    """Return moving times and lengths from sources to destinations, null where there is no way.

    Places are moved to the nearest road of their own country; `snapped_distance` says how far, and
    does not count. Nobody waits at a crossing here. Nothing asked is stored.
    """
    now = clock()
    crosses = body.options.avoid_borders != "all"
    asked = world_question(body.profile, profile, settings, body.at or now, crosses=crosses)
    sources, targets = body.rows(body.sources), body.rows(body.destinations)
    if len(sources) * len(targets) > settings.matrix_cells:
        raise InvalidParameterError("locations", f"at most {settings.matrix_cells:,} pairs")
    points = [(place[0], place[1]) for place in body.locations]
    for n, point in enumerate(points):
        require_unswapped(f"locations.{n}", *point)
    network: RoadNetworks = request.state.network
    async with open_source(request) as source:
        world = await find_world(source, network, points, asked)
        region, found = await matrix_of(network, world, sources, targets)
    about = metadata("matrix", body.id, profile, now, [region])
    made: dict[str, Any] = {
        "metadata": about | {"query": about["query"] | {"units": body.units}},
        "sources": _ends(points, sources, found.source_off_m),
        "destinations": _ends(points, targets, found.target_off_m),
        "network": region.meta.name,
        "network_kind": region.meta.kind,
        "demo": world.has_demo,
        "notice": route_phrases.notice(is_demo=world.has_demo),
    }
    if "duration" in body.metrics:
        made["durations"] = _rounded(found.duration_s)
    if "distance" in body.metrics:
        made["distances"] = _rounded(found.distance_m / METRES[body.units])
    return JSONResponse(made, headers=PRIVATE)


def _rounded(figures: Floats) -> list[list[float | None]]:
    """Return a table of times or lengths, rounded to two decimals; None where there is no way."""
    return [
        [figure if np.isfinite(figure) else None for figure in row]
        for row in figures.round(2).tolist()
    ]


def _ends(
    points: list[tuple[float, float]], rows: list[int], off_m: Floats
) -> list[dict[str, Any] | None]:
    """Return the places of rows or columns with the distance to the road; None if it is too far."""
    return [
        {"location": list(points[row]), "snapped_distance": round(one, 2)}
        if np.isfinite(one)
        else None
        for row, one in zip(rows, off_m.tolist(), strict=True)
    ]
