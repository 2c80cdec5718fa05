"""OGC API - Routes, Part 1 (1.0.0-draft.1), with its own API root ``/ogc``.

The draft asks for ``POST /routes`` under its root, but the plain ``POST /routes`` has another body,
and one path cannot serve two contracts. Conformance classes: core, mode, intermediate-waypoints,
obstacles, time. Class manage-routes is left out: no route is stored (P48).
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.dependencies import (
    BaseUrlDep,
    ClockDep,
    SessionDep,
    SettingsDep,
)
from app.api.collections.links import JSON, OPENAPI, REL, demo_members, link
from app.api.routing.route_details import explained
from app.api.routing.routes import PRIVATE, ProfileName, planned, profile_of, properties
from app.http.etags import NOT_MODIFIED, SAME_FOR_ALL, kept_response
from app.http.problems import problem_responses
from app.http.responses import GeoJSONResponse
from app.i18n import route_phrases
from app.i18n.translation import Words, negotiate, words
from app.journeys import turn_steps
from app.journeys.arrive_by import plan_arrival
from app.journeys.detours import DetourLimits
from app.journeys.planner import Journey, JourneyAnswer, JourneyQuestion, plan
from app.journeys.turn_steps import TurnStep, TurnType
from app.schemas.areas import MultiPolygon, obstacles_of
from app.schemas.fields import Instant, Latitude, Longitude, require_unswapped
from app.schemas.json_body import JSONBody, LargeBodyRoute
from app.texts import route_text
from geo.records import demo_rows
from routing.travel.profiles import PROFILES
from routing.travel.request import AVERSIONS, MAX_VIA

router = APIRouter(prefix="/ogc", tags=["routes"], route_class=LargeBodyRoute)

_SPEC: Final = "http://www.opengis.net/spec/ogcapi-routes-1/1.0.0-draft.1/conf"
_ROUTES: Final = f"{REL}/routes"

CONFORMANCE: Final = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    *(
        f"{_SPEC}/{name}"
        for name in ("core", "mode", "intermediate-waypoints", "obstacles", "time")
    ),
)


class Preference(StrEnum):
    """What a route is chosen by; the first is the default."""

    LOWER_EXPOSURE = "lower-exposure"
    FASTEST = "fastest"


_AVERSIONS: Final = {Preference.LOWER_EXPOSURE: AVERSIONS, Preference.FASTEST: (0.0,)}

#: Words of the Route Exchange Model for the turn at the end of a segment, by this router's turn.
#: The model has no word for a U-turn.
_INSTRUCTIONS: Final = {
    TurnType.STRAIGHT: "continue",
    **dict.fromkeys((TurnType.LEFT, TurnType.SHARP_LEFT, TurnType.SLIGHT_LEFT), "left"),
    **dict.fromkeys((TurnType.RIGHT, TurnType.SHARP_RIGHT, TurnType.SLIGHT_RIGHT), "right"),
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Waypoints(_Strict):
    """Start, places to pass, and end, in order."""

    type: Literal["MultiPoint"]
    coordinates: Annotated[
        list[tuple[Longitude, Latitude] | tuple[Longitude, Latitude, float]],
        Field(min_length=2, max_length=MAX_VIA + 2),
    ]


class When(_Strict):
    """When the journey begins, or by when it has to end."""

    timestamp: Instant
    type: Literal["departure", "arrival"] = "departure"


class Inputs(_Strict):
    """What a route is asked by."""

    name: str | None = Field(None, max_length=200, description="Comes back with the route.")
    waypoints: Waypoints
    preference: Preference = Preference.LOWER_EXPOSURE
    mode: ProfileName | None = Field(None, description="Who travels; default: an adult on foot.")
    obstacles: MultiPolygon | None = None
    when: When | None = Field(None, description="Default: departure now.")
    accept_detour: bool = Field(
        default=False,
        description="Not of the draft: answer the long way too where what is closed leaves only"
        " that. Without it that is refused, with the reasons.",
    )


class RouteDefinition(JSONBody, _Strict):
    """The body of ``POST /ogc/routes``; a member that is not known is refused, never ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inputs": {
                        "name": "Cúcuta - Bucaramanga",
                        "waypoints": {
                            "type": "MultiPoint",
                            "coordinates": [[-72.508, 7.894], [-72.648, 7.376], [-73.126, 7.125]],
                        },
                        "preference": "lower-exposure",
                        "mode": "family",
                        "when": {"timestamp": "2026-11-24T08:00:00-05:00", "type": "departure"},
                    }
                }
            ]
        }
    )

    inputs: Inputs


@router.get("", responses={**NOT_MODIFIED, **problem_responses(400, 503)})
async def ogc_landing(request: Request, session: SessionDep, base: BaseUrlDep) -> Response:
    """Return the landing page of the routing API."""
    body = {
        "title": "Amparo: routes",
        "description": "Lower-exposure routes by OGC API - Routes; no route is stored.",
        "links": [
            link(f"{base}/ogc", "self"),
            link(f"{base}/api", "service-desc", OPENAPI, "OpenAPI document"),
            link(f"{base}/ogc/conformance", "conformance"),
            link(f"{base}/ogc/routes", _ROUTES, title="Asked by POST"),
        ],
        **demo_members(is_demo=await demo_rows.has_demo(session)),
    }
    return kept_response(request, orjson.dumps(body), JSON)


@router.get(
    "/conformance",
    responses={**NOT_MODIFIED, **problem_responses(400)},
    openapi_extra=SAME_FOR_ALL,
)
async def ogc_conformance(request: Request) -> Response:
    """Return the conformance classes that hold, with the values of their options."""
    body = {
        "conformsTo": CONFORMANCE,
        f"{_SPEC}/core": {"values": list(Preference)},
        f"{_SPEC}/mode": {"modes": list(PROFILES)},
    }
    return kept_response(request, orjson.dumps(body), JSON)


@router.post(
    "/routes",
    response_class=GeoJSONResponse,
    responses=problem_responses(400, 413, 422, 503),
)
async def compute_route(
    request: Request,
    body: RouteDefinition,
    settings: SettingsDep,
    clock: ClockDep,
) -> Response:
    """Return one route by the Route Exchange Model; nothing asked is stored.

    `arrival` in `when` finds the latest departure tried that arrives by then, and refuses one that
    would lie in the past.
    """
    now, inputs = clock(), body.inputs
    places = [(place[0], place[1]) for place in inputs.waypoints.coordinates]
    for n, place in enumerate(places):
        require_unswapped(f"inputs.waypoints.coordinates.{n}", *place)
    profile = PROFILES["adult"] if inputs.mode is None else PROFILES[inputs.mode]
    areas = [] if inputs.obstacles is None else [inputs.obstacles]
    question = JourneyQuestion(
        start=places[0],
        end=places[-1],
        mode=profile.mode,
        at=now if inputs.when is None else inputs.when.timestamp,
        profile=None if inputs.mode is None else profile_of(inputs.mode, settings),
        most=1,
        aversions=_AVERSIONS[inputs.preference],
        via=tuple(places[1:-1]),
        obstacles=obstacles_of(areas, "inputs.obstacles"),
        detours=DetourLimits.of(settings, are_accepted=inputs.accept_detour),
    )
    by_arrival = inputs.when is not None and inputs.when.type == "arrival"
    work = plan_arrival if by_arrival else plan
    answer = await planned(request, question, now, work=work)
    w = words(negotiate(None, request.headers.get("accept-language")))
    return GeoJSONResponse(
        exchanged(answer, inputs.name, now, w),
        headers=PRIVATE | {"Content-Language": w.lang, "Vary": "Accept-Language"},
    )


def exchanged(answer: JourneyAnswer, name: str | None, now: datetime, w: Words) -> dict[str, Any]:
    """Return the best route of a response by the Route Exchange Model (full).

    Parameters
    ----------
    answer
        The routes found.
    name
        Name of the route, as given in the request.
    now
        The current time.
    w
        Texts of the requested language.
    """
    journey, is_demo = answer.journeys[0], answer.knowledge.demo
    features = list(_features(answer, journey, now, w))
    return {
        "type": "FeatureCollection",
        **({} if name is None else {"name": name}),
        "status": "successful",
        "features": [{"type": "Feature", "id": n, **one} for n, one in enumerate(features, 1)],
        "demo": is_demo,
        "notice": route_phrases.notice(is_demo=is_demo),
        "attribution": answer.attribution,
    }


def _features(
    answer: JourneyAnswer, journey: Journey, now: datetime, w: Words
) -> Iterator[dict[str, Any]]:
    """Yield a route's features: overview, start, segments with waypoints between them, and end."""
    route, about = journey.route, route_text.told(answer, now)[0]
    line = route.coordinates
    totals = properties(journey, (), answer, now, w) | explained(w, about)
    found = turn_steps.steps_of(route)
    yield {
        "geometry": {"type": "LineString", "coordinates": np.ascontiguousarray(line)},
        "properties": {
            "featureType": "overview",
            "length": sum(step.length_m for step in found),
            "length_m": sum(step.length_m for step in found),
            "processingTime": now,
            "comment": route_phrases.notice(is_demo=answer.knowledge.demo),
            **totals,
            "duration_s": sum(step.duration_s for step in found),
        },
    }
    yield _point(line[0].tolist(), featureType="start", timestamp=answer.question.at)
    for step, after in zip(found, [*found[1:], None], strict=True):
        if step.turn is TurnType.DEPART and step.leg:
            waypoint = route.via[step.leg - 1]
            place = line[step.first].tolist()
            yield _point(place, featureType="waypoint", timestamp=waypoint.arrival)
        yield _segment(line[step.last].tolist(), step, after, about, w)
    yield _point(line[-1].tolist(), featureType="end", timestamp=route.arrival)


def _segment(
    place: list[float],
    step: TurnStep,
    after: TurnStep | None,
    about: route_text.RouteTextSource,
    w: Words,
) -> dict[str, Any]:
    said = route_text.stretch_words(w, about, route_text.stretch(step.parts))
    turn = None if after is None else _INSTRUCTIONS.get(after.turn)
    return _point(
        place,
        featureType="segment",
        length=step.length_m,
        length_m=step.length_m,
        duration_s=step.duration_s,
        text=route_text.plain(w, said),
        **({} if step.name is None else {"roadName": step.name}),
        **({} if turn is None else {"instructions": turn}),
    )


def _point(place: list[float], **properties: object) -> dict[str, Any]:
    return {"geometry": {"type": "Point", "coordinates": place}, "properties": properties}
