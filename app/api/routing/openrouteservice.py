"""``POST /v2/directions/{profile}/geojson``: routes for clients of openrouteservice.

Only the format is openrouteservice's. The routes are those of ``POST /routes``, with known and
unknown hazards (P13, P35, P46) in ``warnings`` and ``amparo``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from fastapi import APIRouter, Path, Request, Response

from app.access.dependencies import ClockDep, SettingsDep
from app.api.collections import openapi
from app.api.routing.openrouteservice_body import (
    AVERSIONS_BY,
    KEPT_OUT_OF,
    METRES,
    PROFILES,
    Alternatives,
    DirectionsQuestion,
)
from app.api.routing.openrouteservice_errors import DirectionsRoute
from app.api.routing.route_details import explained
from app.api.routing.routes import PRIVATE, ProfileName, planned, profile_of, properties
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.responses import GeoJSONResponse
from app.i18n import route_phrases
from app.i18n.translation import Words, words
from app.journeys import turn_steps
from app.journeys.detours import DetourLimits
from app.journeys.planner import Journey, JourneyAnswer, JourneyQuestion
from app.journeys.turn_steps import TurnStep, TurnType
from app.schemas.areas import obstacles_of
from app.schemas.fields import require_unswapped
from app.settings import Settings
from app.texts import route_text
from app.texts.route_text import RouteTextSource
from routing.osm_tags.edge_flags import Mode
from routing.route.route import Route

#: openrouteservice's number for each surface of the router; a surface that openrouteservice lacks
#: has the number of the next coarser one.
_SURFACES: Final = {
    None: 0,
    "paved": 1,
    "unpaved": 2,
    "rock": 2,
    "asphalt": 3,
    "concrete": 4,
    "sett": 5,
    "cobblestone": 5,
    "metal": 6,
    "wood": 7,
    "compacted": 8,
    "fine_gravel": 9,
    "gravel": 10,
    "pebblestone": 10,
    "dirt": 11,
    "earth": 11,
    "mud": 11,
    "ground": 12,
    "paving_stones": 14,
    "bricks": 14,
    "sand": 15,
    "grass": 17,
    # Surface tags with more than one value, or with a value that `routing.osm_tags.ways` lacks.
    "other": 0,
}

#: Code of Amparo's notice in the response's warnings; openrouteservice's own codes are below 100.
_NOTICE: Final = 1_000


router = APIRouter(prefix="/v2/directions", tags=["routes"], route_class=DirectionsRoute)


@router.post(
    "/{profile}/geojson",
    response_class=GeoJSONResponse,
    responses=problem_responses(400, 413, 422, 503),
)
async def directions(
    request: Request,
    body: DirectionsQuestion,
    settings: SettingsDep,
    clock: ClockDep,
    profile: str = Path(json_schema_extra={"enum": list(PROFILES)}),
) -> Response:
    """Return routes in the shape of openrouteservice, best first; nothing asked is stored.

    `recommended` is the lower exposure. What cannot be honoured is refused, never ignored.
    Departure is now. Clients need no key; one that is an access token here is written with its
    scheme, `Bearer <token>`.
    """
    now = clock()
    request.state.language = body.language  # problem responses use the language too
    question = _question(body, profile, settings, now)
    answer = await planned(request, question, now)
    w = words(body.language)
    return GeoJSONResponse(_collection(answer, body, profile, now, w), headers=PRIVATE)


def _question(
    body: DirectionsQuestion, profile: str, settings: Settings, now: datetime
) -> JourneyQuestion:
    if profile not in PROFILES:
        raise InvalidParameterError("profile", f"one of {', '.join(PROFILES)}")
    options, places = body.options, [(place[0], place[1]) for place in body.coordinates]
    for n, place in enumerate(places):
        require_unswapped(f"coordinates.{n}", *place)
    unkept = sorted(set(options.avoid_features) - KEPT_OUT_OF.get(profile, frozenset()))
    if unkept:
        reason = f"{', '.join(unkept)} cannot be kept out of by {profile}"
        raise InvalidParameterError("options.avoid_features", reason)
    name = PROFILES[profile]
    chosen = None if name is None else profile_of(ProfileName(name), settings)
    areas = [] if options.avoid_polygons is None else [options.avoid_polygons]
    others = body.alternative_routes
    return JourneyQuestion(
        start=places[0],
        end=places[-1],
        mode=Mode.FOOT if chosen is None else chosen.mode,
        at=now,
        profile=chosen,
        most=1 if others is None else others.target_count,
        aversions=AVERSIONS_BY[body.preference],
        via=tuple(places[1:-1]),
        obstacles=obstacles_of(areas, "options.avoid_polygons"),
        avoided_countries=frozenset(options.avoid_countries),
        avoids_borders=options.avoid_borders == "all",
        detours=DetourLimits.of(settings, are_accepted=options.accept_detour),
    )


# --- the answer -----------------------------------------------------------------------------------


class _Asked(NamedTuple):
    """Body, language and time of the request, by which the response is written."""

    body: DirectionsQuestion
    words: Words
    now: datetime

    def length(self, length_m: float) -> float:
        """Convert a length to the requested unit, with openrouteservice's precision."""
        digits = 1 if self.body.units == "m" else 3
        return round(length_m / METRES[self.body.units], digits)


def _collection(
    answer: JourneyAnswer, body: DirectionsQuestion, profile: str, now: datetime, w: Words
) -> dict[str, Any]:
    asked, is_demo = _Asked(body, w, now), answer.knowledge.demo
    about = route_text.told(answer, now)
    kept = _unlike(answer.journeys, body.alternative_routes)
    features = [_feature(answer, answer.journeys[row], about[row], asked) for row in kept]
    boxes = np.array([feature["bbox"] for feature in features])
    return {
        "type": "FeatureCollection",
        "bbox": [*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()],
        "features": features,
        "metadata": {
            **({} if body.id is None else {"id": body.id}),
            "attribution": answer.attribution,
            "service": "routing",
            "timestamp": int(now.timestamp() * 1_000),
            # The echoed query leaves out the coordinates and the areas to avoid (P48).
            "query": {
                "profile": profile,
                "profileName": profile,
                "preference": body.preference,
                "format": "geojson",
                "units": body.units,
                "language": body.language,
            },
            "engine": {
                "version": openapi.VERSION,
                "build_date": None,
                "graph_date": answer.journeys[0].network_as_of,
            },
        },
        "demo": is_demo,
        "notice": route_phrases.notice(is_demo=is_demo),
    }


def _feature(
    answer: JourneyAnswer, journey: Journey, about: RouteTextSource, asked: _Asked
) -> dict[str, Any]:
    route, body = journey.route, asked.body
    line, found = route.coordinates, turn_steps.steps_of(route)
    leg_ends = [n for n, step in enumerate(found) if n + 1 == len(found) or _ends(found, n)]
    way_points = [0, *(found[n].last for n in leg_ends)]
    made: dict[str, Any] = {
        "segments": _segments(found, leg_ends, about, asked),
        "way_points": way_points,
        "summary": {
            "distance": asked.length(route.distance_m),
            "duration": round(route.duration_s, 1),
        },
        "warnings": [
            {"code": _NOTICE, "message": route_phrases.notice(is_demo=answer.knowledge.demo)}
        ],
        "amparo": properties(journey, (), answer, asked.now, asked.words)
        | explained(asked.words, about),
    }
    if "surface" in body.extra_info:
        made["extras"] = {"surface": _surfaces(route, found, asked)}
    return {
        "bbox": [*line.min(axis=0).tolist(), *line.max(axis=0).tolist()],
        "type": "Feature",
        "properties": made,
        "geometry": {"type": "LineString", "coordinates": np.ascontiguousarray(line)},
    }


def _ends(found: Sequence[TurnStep], row: int) -> bool:
    """Return whether a step is the last of its leg."""
    return found[row].leg != found[row + 1].leg


def _segments(
    found: Sequence[TurnStep], leg_ends: Sequence[int], about: RouteTextSource, asked: _Asked
) -> list[dict[str, Any]]:
    """Return the legs, which openrouteservice calls segments, with their steps."""
    made = []
    for first, last in zip([0, *(n + 1 for n in leg_ends)], leg_ends, strict=False):
        own = found[first : last + 1]
        leg: dict[str, Any] = {
            "distance": asked.length(sum(step.length_m for step in own)),
            "duration": round(sum(step.duration_s for step in own), 1),
        }
        if asked.body.instructions:
            leg["steps"] = [*(_step(step, about, asked) for step in own), _goal(own[-1], asked)]
        made.append(leg)
    return made


def _step(step: TurnStep, about: RouteTextSource, asked: _Asked) -> dict[str, Any]:
    said = route_text.stretch_words(asked.words, about, route_text.stretch(step.parts))
    return {
        "distance": asked.length(step.length_m),
        "duration": round(step.duration_s, 1),
        "type": int(step.turn),
        "instruction": route_text.plain(asked.words, said),
        "name": step.name or "-",
        "way_points": [step.first, step.last],
    }


def _goal(last: TurnStep, asked: _Asked) -> dict[str, Any]:
    return {
        "distance": 0.0,
        "duration": 0.0,
        "type": int(TurnType.GOAL),
        "instruction": asked.words.gettext(route_text.DESTINATION),
        "name": "-",
        "way_points": [last.last, last.last],
    }


def _surfaces(route: Route, found: Sequence[TurnStep], asked: _Asked) -> dict[str, Any]:
    """Return the surfaces by vertex ranges, and the share of the route that each has."""
    values: list[list[int]] = []
    lengths_m: dict[int, float] = {}
    for part in (part for step in found for part in step.parts):
        code = _SURFACES[part.surface]
        lengths_m[code] = lengths_m.get(code, 0.0) + part.length_m
        until = int(np.abs(route.measure_m - part.to_m).argmin())
        if values and values[-1][2] == code:
            values[-1][1] = until
        else:
            values.append([values[-1][1] if values else 0, until, code])
    total_m = sum(lengths_m.values()) or 1.0
    return {
        "values": values,
        "summary": [
            {
                "value": float(code),
                "distance": asked.length(length_m),
                "amount": round(100 * length_m / total_m, 2),
            }
            for code, length_m in sorted(lengths_m.items(), key=lambda row: -row[1])
        ],
    }


# --- alternatives ---------------------------------------------------------------------------------


def _unlike(journeys: Sequence[Journey], others: Alternatives | None) -> list[int]:
    """Return the rows of the best route and of others within the limits on duration and overlap."""
    if others is None:
        return [0]
    routes = [journey.route for journey in journeys]
    kept = [0]
    for row in range(1, len(routes)):
        is_quick = routes[row].duration_s <= others.weight_factor * routes[0].duration_s
        shared = max(_shared(routes[row], routes[better]) for better in kept)
        if is_quick and shared <= others.share_factor:
            kept.append(row)
    return kept


def _shared(one: Route, two: Route) -> float:
    """Return the overlap of two routes as a share of the shorter one's length, 0 to 1."""
    mine, theirs = _pieces(one), _pieces(two)
    common_m = sum(min(mine[key], theirs[key]) for key in mine.keys() & theirs.keys())
    shorter_m = min(sum(mine.values()), sum(theirs.values()))
    return common_m / shorter_m if shorter_m else 1.0


def _pieces(route: Route) -> dict[tuple[float, ...], float]:
    """Return the lengths of the stretches between vertices, keyed by their ends."""
    line, length_m = route.coordinates, np.diff(route.measure_m)
    ends = np.hstack([line[:-1], line[1:]]).round(7).tolist()
    return dict(zip(map(tuple, ends), length_m.tolist(), strict=True))
