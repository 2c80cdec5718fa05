"""``POST /routes``: lower-exposure routes between two points, with the help along them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import ConfigDict, Field

from app.access.dependencies import open_source_for
from app.access.fast_json_route import PlainRoute
from app.api.routing import route_details
from app.api.routing.segments_json import SegmentWriter
from app.http.problems import problem_responses
from app.http.responses import GeoJSONResponse
from app.i18n import route_phrases
from app.i18n.translation import Words, words
from app.journeys.detours import DetourLimits
from app.journeys.planner import Journey, JourneyAnswer, JourneyQuestion, plan
from app.schemas.areas import Area, obstacles_of
from app.schemas.fields import Instant, LanguageCode, Position, require_unswapped
from app.schemas.json_body import JSONBody
from app.settings import Settings
from app.snapshots.road_networks import RoadNetworks
from app.texts import detour_text, route_text
from app.texts.route_export import carried
from app.texts.route_files import FILE_KINDS
from app.texts.stage_text import stage_json
from geo.guidance import products
from routing.graph.snapping import Snap
from routing.osm_tags.edge_flags import Mode
from routing.route.segments import ferries
from routing.travel.avoid_areas import MAX_AREA_M2, MAX_EXTENT_M, MAX_OBSTACLES, MAX_VERTICES
from routing.travel.exposure import Exposure
from routing.travel.profiles import PROFILES, Profile
from routing.travel.request import MAX_ROUTES, MAX_VIA

type Planning = Callable[..., Awaitable[JourneyAnswer]]

router = APIRouter(tags=["routes"], route_class=PlainRoute)

#: Headers that forbid anybody, also the client's browser, to store a response with routes (P48).
PRIVATE: Final = {"Cache-Control": "private, no-store"}
GEOJSON: Final = "application/geo+json"
_NAMES: Final = {kind.media_type: name for name, kind in FILE_KINDS.items()}


class JourneyBody(JSONBody):
    """Where a journey starts and ends, how and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Position
    end: Position
    mode: Mode = Mode.FOOT
    at: Instant | None = Field(
        None, description="Start of the journey, with its UTC offset; default: now."
    )


#: Name of a travel profile of the router.
ProfileName = StrEnum("ProfileName", {name.upper(): name for name in PROFILES})  # type: ignore[misc]


class RouteQuestion(JourneyBody):
    """The body of ``POST /routes``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "start": [-72.508, 7.894],
                    "end": [-73.126, 7.125],
                    "mode": "foot",
                    "at": "2026-11-24T08:00:00-05:00",
                },
                {
                    "start": [-72.225, 7.767],
                    "end": [-72.508, 7.894],
                    "mode": "foot",
                    "profile": "family",
                    "at": "2026-11-24T23:00:00-05:00",
                    "lang": "pt",
                    "explain": False,
                },
                {
                    "start": [-72.508, 7.894],
                    "end": [-73.126, 7.125],
                    "via": [[-72.648, 7.376]],
                    "avoid": [
                        {
                            "type": "Polygon",
                            "coordinates": [
                                [
                                    [-72.6, 7.7],
                                    [-72.5, 7.7],
                                    [-72.5, 7.75],
                                    [-72.6, 7.7],
                                ]
                            ],
                        }
                    ],
                },
            ]
        }
    )

    profile: ProfileName | None = Field(
        None, description="Who travels, by that mode; default: an adult, or a vehicle."
    )
    routes: int = Field(3, ge=1, le=MAX_ROUTES, description="At most so many routes.")
    explain: bool = Field(
        default=True,
        description="Whether each route comes with its `segments`: what they are like, and what"
        " each adds to the totals.",
    )
    lang: LanguageCode = Field(
        "es",
        description="Language of `text`. What can hurt when it is translated wrongly"
        " says that it is not yet reviewed, until people have reviewed it.",
    )
    via: list[Position] = Field(
        [],
        max_length=MAX_VIA,
        description="Places to pass between the ends, in order. There is one route then: each leg"
        " begins with the arrival of the one before.",
    )
    avoid: list[Area] = Field(
        [],
        max_length=MAX_OBSTACLES,
        description="Areas to keep out of: whatever touches one is closed, for this request alone."
        f" At most {MAX_OBSTACLES} polygons with {MAX_VERTICES:,} vertices,"
        f" {MAX_EXTENT_M / 1e3:g} km wide each and {MAX_AREA_M2 / 1e6:g} km2 in all.",
    )
    accept_detour: bool = Field(
        default=False,
        description="Answer the long way too where it takes many times what the open way would, or"
        " is out of proportion: else these are refused, with what closed the open way.",
    )


@router.post(
    "/routes",
    response_class=GeoJSONResponse,
    responses={
        200: {"content": {GEOJSON: {}} | {file: {"schema": {"type": "string"}} for file in _NAMES}},
        **problem_responses(400, 413, 422, 503),
    },
)
async def find_routes(
    request: Request,
    body: RouteQuestion,
    f: Annotated[
        Literal["json", "gpx", "kml"] | None,
        Query(description="Format; without it what `Accept` says, else GeoJSON."),
    ] = None,
) -> Response:
    """Return one LineString feature per alternative, best first; nothing asked is stored.

    As GPX or KML the best one is a line without its beginning: a file is passed on, and should not
    say where its owner lives.
    """
    # Settings and clock are looked up here, because FastAPI's dependencies take longer.
    settings: Settings = request.state.settings
    now: datetime = request.state.clock()
    request.state.language = body.lang  # problem responses use the language too
    for field, place in (("start", body.start), ("end", body.end)):
        require_unswapped(field, *place)
    for n, place in enumerate(body.via):
        require_unswapped(f"via.{n}", *place)
    question = JourneyQuestion(
        start=body.start,
        end=body.end,
        mode=body.mode,
        at=body.at or now,
        profile=None if body.profile is None else profile_of(body.profile, settings),
        most=body.routes,
        via=tuple(body.via),
        obstacles=obstacles_of(body.avoid, "avoid"),
        detours=DetourLimits.of(settings, are_accepted=body.accept_detour),
    )
    answer = await planned(request, question, now)
    kind = FILE_KINDS.get(f or preferred(request.headers.get("accept", "")))
    if kind is not None:
        file = kind.write(carried(answer, now, words(body.lang)), now)
        return Response(file, media_type=kind.media_type, headers=PRIVATE | {"Vary": "Accept"})
    lines = [journey.route.coordinates for journey in answer.journeys]
    told = products.along(answer.knowledge.products, lines)
    collection = feature_collection(answer, told, now, words(body.lang), explain=body.explain)
    return GeoJSONResponse(collection, headers=PRIVATE | {"Vary": "Accept"})


async def planned(
    request: Request, question: JourneyQuestion, now: datetime, *, work: Planning = plan
) -> JourneyAnswer:
    """Plan the journeys that a request asks for, with the server's road networks.

    ``work`` is `plan`, or `app.journeys.arrive_by.plan_arrival`. Errors are those of ``work`` and
    of `open_source_for`.
    """
    network: RoadNetworks = request.state.network
    settings: Settings = request.state.settings
    async with open_source_for(request, question.obstacles) as source:
        return await work(source, network, question, now=now, access_m=settings.access_m)


def preferred(accept: str) -> str:
    """Return the first known format of an Accept header: ``gpx``, ``kml`` or else ``json``."""
    names = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    known = (_NAMES.get(name, "json") for name in names if name in _NAMES or name.endswith("json"))
    return next(known, "json")


def profile_of(name: ProfileName, settings: Settings) -> Profile:
    """Return a travel profile by name, with the walking hours from the settings."""
    profile = PROFILES[name]
    if profile.window is None:
        return profile
    return replace(profile, window_start=settings.walk_from, window_end=settings.walk_until)


def feature_collection(
    answer: JourneyAnswer,
    told: Sequence[Sequence[Mapping[str, Any]]],
    now: datetime,
    w: Words,
    *,
    explain: bool = True,
) -> dict[str, Any]:
    """Return the routes found as GeoJSON.

    Parameters
    ----------
    answer
        The routes found.
    told
        Information products about the area of each route.
    now
        The current time.
    w
        Texts of the requested language.
    explain
        Include the segments of each route.
    """
    about = route_text.told(answer, now)
    segments = SegmentWriter(w) if explain else None
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                # orjson encodes numpy arrays without conversion, but only contiguous ones.
                "geometry": {
                    "type": "LineString",
                    "coordinates": np.ascontiguousarray(journey.route.coordinates),
                },
                "properties": properties(journey, along, answer, now, w)
                | route_details.explained(w, one, segments),
            }
            for journey, along, one in zip(answer.journeys, told, about, strict=True)
        ],
        "demo": answer.knowledge.demo,
        "notice": route_phrases.notice(is_demo=answer.knowledge.demo),
        "attribution": answer.attribution,
    }


def properties(
    journey: Journey,
    along: Sequence[Mapping[str, Any]],
    answer: JourneyAnswer,
    now: datetime,
    w: Words,
) -> dict[str, Any]:
    """Return the properties of one route.

    Parameters
    ----------
    journey, answer
        The route, and the result that it belongs to.
    along
        Information products about the route's area.
    now
        The current time.
    w
        Texts of the requested language.
    """
    route, highest_m = journey.route, journey.route.highest_m
    return {
        "profile": route.profile.name,
        "distance_m": round(route.distance_m, 3),
        # Not rounded, so that the segments sum to the total.
        "duration_s": route.duration_s,
        "walking_days": route.walking_days,
        "arrival": route.arrival,
        "ascent_m": route.ascent_m,
        "ascent": route.ascent,
        "highest_m": None if highest_m is None else round(highest_m),
        "exposure": {
            kind: _exposure(exposure) for kind, exposure in sorted(route.exposure.items())
        },
        "unknown_m": route.unknown_m,
        "unknown": dict(sorted(route.unknown.items())),
        "longest_gap": longest_gap(journey),
        "spaces": [stop.space.id for stop in journey.stops],
        "stops": [
            {
                "id": stop.space.id,
                "name": stop.space.name,
                "locality": stop.space.locality,
                "at_m": round(stop.at_m),
                "overnight": stop.overnight,
                "access_m": round(stop.access_m),
                "town": stop.town,
            }
            for stop in journey.stops
        ],
        "stages": [stage_json(stage) for stage in journey.stages],
        "products": [
            {name: product[name] for name in ("id", "title", "language", "url")}
            for product in along
        ],
        "because": detour_text.written(w, journey.because),
        "detour": detour_text.detour(w, journey.beyond),
        # Closures on the route whose published end lies before the arrival; travellers should ask
        # before they rely on that end.
        "ended_hazards": detour_text.ended_written(w, journey.ended, answer.knowledge.timezone),
        "crossings": list(route.crossings),
        "ferries": [
            {
                "name": ferry.name,
                "from_m": round(ferry.from_m, 3),
                "length_m": round(ferry.length_m, 3),
            }
            for ferry in ferries(route.segments)
        ],
        "via": [
            {
                "at_m": round(waypoint.at_m, 3),
                "arrival": waypoint.arrival,
                "off_network_m": _off_m(waypoint.snap),
            }
            for waypoint in route.via
        ],
        "off_network_m": {"start": _off_m(route.start_snap), "end": _off_m(route.end_snap)},
        "aversion": route.aversion,
        "mode": answer.question.mode,
        "at": answer.question.at,
        "network": journey.network,
        "network_kind": journey.network_kind,
        "networks": [
            {
                "network": region.meta.name,
                "kind": region.meta.kind,
                "from_m": round(from_m, 3),
                "to_m": round(to_m, 3),
            }
            for from_m, to_m, region in journey.stretches
        ],
        # `data_as_of` holds for the records; the roads are as old as their source.
        "data_as_of": now,
        "network_as_of": journey.network_as_of,
        "demo": answer.knowledge.demo,
        "notice": route_phrases.notice(is_demo=answer.knowledge.demo),
    }


def _off_m(snap: Snap | None) -> int | None:
    return None if snap is None else round(snap.distance_m)


def _exposure(exposure: Exposure) -> dict[str, Any]:
    found: dict[str, Any] = {
        "value": exposure.value,
        "unit": exposure.unit,
        "source": exposure.source,
    }
    if exposure.interval_95 is not None:
        found |= {
            "interval_95": exposure.interval_95,
            "p_at_least_one": exposure.p_at_least_one,
        }
    return found


def longest_gap(journey: Journey) -> dict[str, Any]:
    """Return the longest stretch without help, with advice (P46).

    ``service`` names the help that is missing: a place for the night on a route of more than a day,
    else (null) any open space.
    """
    gap = journey.gaps.longest
    return {
        "length_m": round(gap.length_m),
        "from_m": round(gap.from_m),
        "to_m": round(gap.to_m),
        "from": gap.from_name,
        "to": gap.to_name,
        "service": "overnight" if journey.overnight else None,
        "advice": str(route_text.gap_advice(journey)),
    }
