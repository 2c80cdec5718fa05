"""``POST /routes``: lower-exposure routes between two points, with the help along them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app import wording
from app.api.fields import Instant, Position, require_unswapped
from app.deps import ClockDep, NetworkDep, SessionDep, SettingsDep
from app.journeys import Answer, Journey, Question, plan
from app.problems import problem_responses
from app.responses import GeoJSONResponse
from geo import products
from routing.exposure import Exposure
from routing.graph import Mode

router = APIRouter(tags=["routes"])


class Ends(BaseModel):
    """Where a journey starts and ends, how and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Position
    end: Position
    mode: Mode = Mode.FOOT
    at: Instant | None = Field(
        None, description="Start of the journey, with its UTC offset; default: now."
    )


class RouteQuestion(Ends):
    """The body of ``POST /routes``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "start": [-72.508, 7.894],
                    "end": [-73.126, 7.125],
                    "mode": "foot",
                    "at": "2026-11-24T08:00:00-05:00",
                }
            ]
        }
    )


@router.post("/routes", responses=problem_responses(400, 413, 422, 503))
async def find_routes(
    body: RouteQuestion,
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> Response:
    """Return one LineString feature per alternative, best first; nothing asked is stored."""
    now = clock()
    at = body.at or now
    require_unswapped("start", *body.start)
    require_unswapped("end", *body.end)
    question = Question(start=body.start, end=body.end, mode=body.mode, at=at)
    answer = await plan(session, network, question, now=now, access_m=settings.access_m)
    told = [
        await products.products_along(session, journey.route.coordinates.tolist())
        for journey in answer.journeys
    ]
    return GeoJSONResponse(
        feature_collection(answer, told, now), headers={"Cache-Control": "private, no-store"}
    )


def feature_collection(
    answer: Answer, told: Sequence[Sequence[Mapping[str, Any]]], now: datetime
) -> dict[str, Any]:
    """Return an answer as GeoJSON, with the information products about the area of each route."""
    meta = answer.region.meta
    return {
        "type": "FeatureCollection",
        "features": [
            _feature(journey, along, answer, now)
            for journey, along in zip(answer.journeys, told, strict=True)
        ],
        "demo": answer.knowledge.demo,
        "notice": wording.notice(is_demo=answer.knowledge.demo),
        "attribution": meta.attribution,
    }


def _feature(
    journey: Journey, along: Sequence[Mapping[str, Any]], answer: Answer, now: datetime
) -> dict[str, Any]:
    route = journey.route
    return {
        "type": "Feature",
        "geometry": route.__geo_interface__["geometry"],
        "properties": {
            "distance_m": round(route.distance_m, 1),
            "duration_s": round(route.duration_s),
            "walking_days": route.walking_days,
            "ascent_m": round(route.ascent_m),
            "ascent": route.ascent,
            "highest_m": None if route.highest_m is None else round(route.highest_m),
            "exposure": {
                kind: _exposure(exposure) for kind, exposure in sorted(route.exposure.items())
            },
            "unknown_m": round(route.unknown_m),
            "unknown": {what: round(metres) for what, metres in sorted(route.unknown.items())},
            "longest_gap": longest_gap(journey),
            "spaces": [stop.space.id for stop in journey.stops],
            "stops": [
                {
                    "id": stop.space.id,
                    "name": stop.space.name,
                    "locality": stop.space.locality,
                    "at_m": round(stop.at_m),
                    "overnight": stop.overnight,
                }
                for stop in journey.stops
            ],
            "products": [
                {name: product[name] for name in ("id", "title", "language", "url")}
                for product in along
            ],
            "crossings": list(route.crossings),
            "off_network_m": {
                "start": round(route.start_snap.distance_m),
                "end": round(route.end_snap.distance_m),
            },
            "aversion": route.aversion,
            "mode": answer.question.mode,
            "at": answer.question.at,
            "network": answer.region.meta.name,
            "network_kind": answer.region.meta.kind,
            # The records are those of this moment; the roads are as old as their source says.
            "data_as_of": now,
            "network_as_of": answer.region.meta.extract_timestamp,
            "demo": answer.knowledge.demo,
            "notice": wording.notice(is_demo=answer.knowledge.demo),
        },
    }


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

    ``service`` says what is missing there: a place for the night on a way of more than a day,
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
        "advice": wording.gap_advice(
            gap.length_m, journey.gap_highest_m, overnight=journey.overnight
        ),
    }
