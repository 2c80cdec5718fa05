"""``POST /v2/isochrones/{profile}``: how far people get, for clients of openrouteservice.

Only the format is openrouteservice's. Areas are those of `routing.reach`: without small holes, so
that no closed road shows (P36), and beyond a border on request alone (P33). Areas are drawn only
around spaces that the public sees, also for partners and staff.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import shapely
from fastapi import APIRouter, Path, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.dependencies import ClockDep, SettingsDep, open_source
from app.api.collections import openapi
from app.api.routing.openrouteservice_body import METRES, PROFILES
from app.api.routing.openrouteservice_errors import IsochronesRoute
from app.api.routing.openrouteservice_reach import IsochronesBody, SpacesAround
from app.api.routing.routes import PRIVATE, ProfileName, profile_of
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.responses import GeoJSONResponse
from app.i18n import route_phrases
from app.journeys.reach import (
    IsochroneQuestion,
    WorldQuestion,
    find_world,
    find_world_around,
    isochrones_of_all,
    isochrones_of_each,
)
from app.schemas.fields import require_unswapped
from app.settings import Settings
from app.snapshots.road_networks import Region, RoadNetworks
from geo.db.sessions import Database, Tier
from geo.errors import UnknownServiceError
from geo.geography.places import places_near
from geo.records import demo_rows
from geo.spaces import queries
from geo.spaces.queries import OpenSpace
from routing.osm_tags.edge_flags import Mode
from routing.reach.area import LEAST_HOLE_M2
from routing.reach.isochrones import IsochroneAnswer
from routing.reach.spread import Measure

router = APIRouter(prefix="/v2/isochrones", tags=["routes"], route_class=IsochronesRoute)

_KM2: Final = 1e6


@router.post(
    "/{profile}",
    response_class=GeoJSONResponse,
    responses=problem_responses(400, 413, 422, 503),
)
@router.post(
    "/{profile}/geojson",
    response_class=GeoJSONResponse,
    responses=problem_responses(400, 413, 422, 503),
)
async def isochrones(
    request: Request,
    body: IsochronesBody,
    settings: SettingsDep,
    clock: ClockDep,
    profile: str = Path(json_schema_extra={"enum": list(PROFILES)}),
) -> Response:
    """Return the areas within times or lengths in the shape of openrouteservice.

    Around locations there are areas of each; around public spaces (`spaces`) those of the nearest.
    Areas are outlines: gaps narrower than a kilometre and holes smaller than 314 km2 are closed
    unless what lies there is published as closed, so not every place within is reached. Times are
    moving times, the way from a place to the road included. Nothing asked is stored.
    """
    now = clock()
    asked = _world(body, profile, settings, now)
    question = _question(body, settings)
    network: RoadNetworks = request.state.network
    if body.spaces is None:
        points = [(place[0], place[1]) for place in body.locations]
        for n, point in enumerate(points):
            require_unswapped(f"locations.{n}", *point)
        async with open_source(request) as source:
            world = await find_world(source, network, points, asked)
            found = await isochrones_of_each(network, world, question)
        return _answer(_Asked(body, profile, now, world.has_demo), found, points)
    around = await _public_spaces(request, body.spaces, settings, now)
    if not around.spaces:
        return _answer(_Asked(body, profile, now, around.has_demo, around), [], ())
    async with open_source(request) as source:
        world = await find_world_around(source, around.spaces, asked)
        found = [await isochrones_of_all(network, world, question)]
    return _answer(_Asked(body, profile, now, world.has_demo, around), found, ())


# --- the request ----------------------------------------------------------------------------------


def _world(body: IsochronesBody, profile: str, settings: Settings, now: datetime) -> WorldQuestion:
    crosses = body.options.avoid_borders == "none"
    return world_question(body.profile, profile, settings, body.at or now, crosses=crosses)


def world_question(
    repeated: str | None, profile: str, settings: Settings, at: datetime, *, crosses: bool
) -> WorldQuestion:
    """Return profile, departure time and border rule (``crosses``) of a request.

    Parameters
    ----------
    repeated
        openrouteservice's name of the profile in the body, if any.
    profile
        openrouteservice's name of the profile in the address.

    Raises
    ------
    InvalidParameterError
        There is no such profile, or body and address differ.
    """
    if profile not in PROFILES:
        raise InvalidParameterError("profile", f"one of {', '.join(PROFILES)}")
    if repeated not in {None, profile}:
        raise InvalidParameterError("profile", "not the profile of the address")
    name = PROFILES[profile]
    chosen = None if name is None else profile_of(ProfileName(name), settings)
    return WorldQuestion(at, Mode.FOOT if chosen is None else chosen.mode, chosen, crosses)


def _question(body: IsochronesBody, settings: Settings) -> IsochroneQuestion:
    if len(body.locations) > settings.isochrone_locations:
        raise InvalidParameterError("locations", f"at most {settings.isochrone_locations}")
    by_time = body.range_type is Measure.TIME
    ranges = tuple(value * (1.0 if by_time else METRES[body.units]) for value in body.ranges)
    most = settings.isochrone_range_s if by_time else settings.isochrone_range_m
    if ranges[-1] > most:
        raise InvalidParameterError("range", f"at most {most:,} {'s' if by_time else 'm'}")
    default = "start" if body.spaces is None else "destination"
    towards = (body.location_type or default) == "destination"
    return IsochroneQuestion(ranges, body.range_type, towards)


@dataclass(frozen=True)
class _Around:
    """Public spaces in a box that are open on a day and offer the requested services."""

    spaces: tuple[OpenSpace, ...]
    on: str
    has_demo: bool


async def _public_spaces(
    request: Request, asked: SpacesAround, settings: Settings, now: datetime
) -> _Around:
    """Find spaces as the public sees them: no other space may show in an area (P8, P38).

    Raises
    ------
    ProtectedServiceError
        A service is protected (P38).
    InvalidParameterError
        A service is in no vocabulary, nothing is known of the day, or the box has too many spaces.
    """
    database: Database = request.state.database
    async with database.session(Tier.PUBLIC) as session:
        try:
            await queries.check_services(session, asked.services)
        except UnknownServiceError as error:
            raise InvalidParameterError("spaces.services", str(error)) from error
        west, south, east, north = asked.bbox
        centre = (west + east) / 2.0, (south + north) / 2.0
        ((place, _),) = await places_near(session, [centre])
        today = now.astimezone(ZoneInfo(place.timezone)).date()
        on = asked.on or today
        await _require_known(session, asked, on == today)
        found = await queries.spaces_on(session, on, today=today, services=asked.services)
        has_demo = await demo_rows.has_demo(session)
    inside = tuple(
        space for space in found if west <= space.lon <= east and south <= space.lat <= north
    )
    if len(inside) > settings.isochrone_spaces:
        reason = f"more than {settings.isochrone_spaces} spaces: ask for a smaller box"
        raise InvalidParameterError("spaces.bbox", reason)
    return _Around(inside, on.isoformat(), has_demo)


async def _require_known(session: AsyncSession, asked: SpacesAround, is_today: bool) -> None:
    """Refuse a day without records: an empty answer would look as if no space were open."""
    if is_today or asked.on is None:
        return
    span = await queries.known_span(session, asked.services)
    if not span.holds(asked.on):
        known = f"from {span.first} to {span.last}" if span.first else "of no day"
        raise InvalidParameterError("spaces.on", f"nothing is known of that day, {known} it is")


# --- the answer -----------------------------------------------------------------------------------


class _Asked(NamedTuple):
    """Parts of the request by which the response is written."""

    body: IsochronesBody
    profile: str
    now: datetime
    has_demo: bool
    around: _Around | None = None


def _answer(
    asked: _Asked,
    found: Sequence[tuple[Region, IsochroneAnswer]],
    points: Sequence[tuple[float, float]],
) -> Response:
    features = [
        feature
        for number, (region, answer) in enumerate(found)
        for feature in _features(asked, number, region, answer, points)
    ]
    collection: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": features,
        "metadata": metadata(
            "isochrones", asked.body.id, asked.profile, asked.now, [region for region, _ in found]
        )
        | {"query": _query(asked)},
        "demo": asked.has_demo,
        "notice": route_phrases.notice(is_demo=asked.has_demo),
    }
    if asked.around is not None:
        collection |= {
            "spaces": len(asked.around.spaces),
            "on": asked.around.on,
            "protected_services": "not counted",
        }
    if found:
        areas = [area.geometry for _, answer in found for area in answer.areas]
        collection["bbox"] = shapely.total_bounds(areas).tolist()
    return GeoJSONResponse(collection, headers=PRIVATE)


def _features(
    asked: _Asked,
    number: int,
    region: Region,
    answer: IsochroneAnswer,
    points: Sequence[tuple[float, float]],
) -> list[dict[str, Any]]:
    body = asked.body
    about = {
        "within_m": round(answer.within_m),
        "least_hole_km2": round(LEAST_HOLE_M2 / _KM2),
        "off_network_m": [None if off_m is None else round(off_m) for off_m in answer.off_m],
        "crossings": [
            {"id": crossing.id, "name": crossing.name, "state": crossing.state}
            for crossing in answer.crossings
        ],
        "meets_edge": answer.meets_edge,
        "network": region.meta.name,
        "network_kind": region.meta.kind,
        "network_as_of": region.meta.extract_timestamp,
    }
    return [
        {
            "type": "Feature",
            "properties": {
                "group_index": number,
                "value": value,
                "center": list(points[number]) if points else None,
                **_attributes(body, area.area_m2),
                "amparo": about,
            },
            "geometry": shapely.geometry.mapping(area.geometry),
        }
        for value, area in zip(body.ranges, answer.areas, strict=True)
    ]


def _attributes(body: IsochronesBody, area_m2: float) -> dict[str, float]:
    if "area" not in body.attributes:
        return {}
    return {"area": round(area_m2 / METRES[body.area_units] ** 2, 4)}


def _query(asked: _Asked) -> dict[str, Any]:
    """Return the query that is echoed, which leaves out the places (P48)."""
    return {
        "profile": asked.profile,
        "profileName": asked.profile,
        "range": list(asked.body.ranges),
        "range_type": asked.body.range_type,
        "units": asked.body.units,
    }


def metadata(
    service: str, given: str | None, profile: str, now: datetime, regions: Sequence[Region]
) -> dict[str, Any]:
    """Return openrouteservice's metadata of a response.

    Parameters
    ----------
    given
        The request's id, if any.
    regions
        Road networks that the response is made of.
    """
    stamps = sorted({region.meta.extract_timestamp or "" for region in regions})
    return {
        **({} if given is None else {"id": given}),
        "attribution": "; ".join(dict.fromkeys(region.meta.attribution for region in regions)),
        "service": service,
        "timestamp": int(now.timestamp() * 1_000),
        "query": {"profile": profile, "profileName": profile},
        "engine": {
            "version": openapi.VERSION,
            "build_date": None,
            "graph_date": (stamps[0] or None) if stamps else None,
        },
    }
