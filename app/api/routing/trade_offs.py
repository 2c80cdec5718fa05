"""``POST /routes/tradeoffs``: time against exposure between two points, as a few routes."""

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field

from app.access.dependencies import open_source
from app.access.fast_json_route import PlainRoute
from app.api.routing.routes import (
    GEOJSON,
    PRIVATE,
    JourneyBody,
    ProfileName,
    feature_collection,
    profile_of,
)
from app.http.problems import problem_responses
from app.http.rate_limits import client_of
from app.http.responses import GeoJSONResponse
from app.i18n.translation import words
from app.journeys.detours import DetourLimits
from app.journeys.planner import JourneyQuestion
from app.journeys.trade_offs import TradeOffAnswer, plan_trade_offs
from app.runtime import compilation
from app.runtime.work_limit import AROUND
from app.schemas.fields import LanguageCode, require_unswapped
from app.settings import Settings
from app.snapshots.road_networks import RoadNetworks
from geo.guidance import products

router = APIRouter(tags=["routes"], route_class=PlainRoute)

#: Properties of a route of ``POST /routes`` that routes of a front lack: the weight of exposure
#: with which it was found, as a front is searched without weights.
_BY_WEIGHT: Final = ("aversion",)


class TradeOffQuestion(JourneyBody):
    """The body of ``POST /routes/tradeoffs``."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "start": [-72.508, 7.894],
                    "end": [-73.126, 7.125],
                    "mode": "foot",
                    "at": "2026-11-24T08:00:00-05:00",
                }
            ]
        },
    )

    profile: ProfileName | None = Field(
        None, description="Who travels, by that mode; default: an adult, or a vehicle."
    )
    explain: bool = Field(
        default=False, description="Whether each route comes with its `segments`."
    )
    lang: LanguageCode = Field("es", description="Language of `text`, as of POST /routes.")
    accept_detour: bool = Field(
        default=False, description="As of POST /routes: answer the long way too."
    )


@router.post(
    "/routes/tradeoffs",
    response_class=GeoJSONResponse,
    responses={
        200: {"content": {GEOJSON: {}}},
        **problem_responses(400, 413, 422, 503),
    },
)
async def find_trade_offs(request: Request, body: TradeOffQuestion) -> Response:
    """Return at most seven routes, quickest first and least exposed last, and what they cover.

    No other way has both less time and less exposure than all of them, but for the factor
    `front.covers`. Nothing asked is stored.
    """
    settings: Settings = request.state.settings
    network: RoadNetworks = request.state.network
    now: datetime = request.state.clock()
    request.state.language = body.lang  # problem responses use the language too
    for field, place in (("start", body.start), ("end", body.end)):
        require_unswapped(field, *place)
    question = JourneyQuestion(
        start=body.start,
        end=body.end,
        mode=body.mode,
        at=body.at or now,
        profile=None if body.profile is None else profile_of(body.profile, settings),
        detours=DetourLimits.of(settings, are_accepted=body.accept_detour),
    )
    await compilation.planning_compiled()
    # One at a time, as are requests of routes with areas to avoid: on a large network each takes
    # seconds.
    async with AROUND.turn(client_of(request.scope)), open_source(request) as source:
        found = await plan_trade_offs(
            source, network, question, now=now, access_m=settings.access_m
        )
    return GeoJSONResponse(_collection(found, body, now), headers=PRIVATE)


def _collection(found: TradeOffAnswer, body: TradeOffQuestion, now: datetime) -> dict[str, Any]:
    """Return the routes in the format of ``POST /routes``, each with its point of the front."""
    answer = found.journeys
    lines = [journey.route.coordinates for journey in answer.journeys]
    told = products.along(answer.knowledge.products, lines)
    collection = feature_collection(answer, told, now, words(body.lang), explain=body.explain)
    for feature, point in zip(collection["features"], found.points, strict=True):
        for name in _BY_WEIGHT:
            del feature["properties"][name]
        feature["properties"]["trade_off"] = {
            "time_s": point.time_s,
            "exposure_s": point.exposure_s,
            "route": point.answer,
        }
    collection["front"] = {
        "within": found.share,
        "points": found.front_count,
        "shown": len(found.points),
        "left_out": found.slower_count,
        "covers": found.covers,
        "exposure_known": found.is_exposure_known,
    }
    return collection
