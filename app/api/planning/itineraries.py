"""``POST /itineraries``: days that a party can walk, each night at a space that takes it in."""

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field

from app.access.dependencies import open_source
from app.access.fast_json_route import PlainRoute
from app.api.routing.routes import GEOJSON, PRIVATE, ProfileName, profile_of
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.rate_limits import client_of
from app.http.responses import GeoJSONResponse
from app.i18n.translation import words
from app.journeys.detours import DetourLimits
from app.planning import itinerary_text
from app.planning.itineraries import ItineraryRequest, find_itineraries
from app.runtime import compilation
from app.runtime.work_limit import AROUND
from app.schemas.fields import Instant, LanguageCode, Position, require_unswapped
from app.schemas.json_body import JSONBody
from app.schemas.party import Party
from app.settings import Settings
from app.snapshots.road_networks import RoadNetworks
from geo.spaces import candidates
from geo.spaces.eligibility import NIGHT_SERVICE
from routing.osm_tags.edge_flags import Mode
from routing.travel.profiles import PROFILES

router = APIRouter(tags=["routes"], route_class=PlainRoute)

#: Lower limit of a request's longest day, metres [A]: with less, nobody gets anywhere.
MIN_DAY_M: Final = 1_000.0
#: Upper limit of a request's longest day, metres [A]: nobody walks more in a day.
MAX_DAY_M: Final = 60_000.0

#: Upper limit of a request's nights [A]: two months on foot.
MAX_NIGHTS: Final = 60

#: Upper limit of itineraries in an answer, the same as for trade-offs of routes.
MAX_ITINERARIES: Final = 7

#: Names of the travel profiles on foot.
WalkerName = StrEnum(  # type: ignore[misc]
    "WalkerName",
    {name.upper(): name for name, profile in PROFILES.items() if profile.mode is Mode.FOOT},
)


class ItineraryBody(JSONBody):
    """The body of ``POST /itineraries``."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "start": [-72.508, 7.894],
                    "end": [-72.648, 7.376],
                    "at": "2026-11-24T06:00:00-05:00",
                    "max_day_m": 45000,
                    "party": {"people": 3, "children": 1, "age": 34},
                }
            ]
        },
    )

    start: Position
    end: Position
    mode: Literal["foot"] = "foot"
    at: Instant | None = Field(
        None,
        description="When the party is ready to leave, with its UTC offset; default: the next time"
        " that the hours of walking begin.",
    )
    profile: WalkerName = Field(WalkerName("adult"), description="Who walks.")
    max_day_m: float | None = Field(
        None,
        ge=MIN_DAY_M,
        le=MAX_DAY_M,
        description="Longest day, metres; default: that of the profile.",
    )
    max_nights: int = Field(30, ge=0, le=MAX_NIGHTS, description="Most nights under way.")
    party: Party = Field(Party(), description="Who they are, as far as spaces ask.")
    known_beds_only: bool = Field(
        default=False,
        description="Whether spaces of which nobody knows the free beds count as full. Public"
        " answers never know them, so then there is seldom an itinerary.",
    )
    itineraries: int = Field(
        3, ge=1, le=MAX_ITINERARIES, description="At most so many itineraries."
    )
    lang: LanguageCode = Field("es", description="Language of texts.")
    accept_detour: bool = Field(
        default=False, description="As of POST /routes: look for itineraries on a long detour too."
    )


@router.post(
    "/itineraries",
    response_class=GeoJSONResponse,
    responses={200: {"content": {GEOJSON: {}}}, **problem_responses(400, 413, 422, 503)},
)
async def find(request: Request, body: ItineraryBody) -> Response:
    """Return itineraries as MultiLineString features with their days; nothing is booked or stored.

    Each night is at an open space that takes the party in on that date, each day within daylight
    and the longest day. Of all that trade nights, exposure and the hardest day, the best of each
    and the most different ones. Where there is none, 422 says where it fails and what mends it.
    """
    settings: Settings = request.state.settings
    network: RoadNetworks = request.state.network
    now: datetime = request.state.clock()
    request.state.language = body.lang  # problem responses use the language too
    for field, place in (("start", body.start), ("end", body.end)):
        require_unswapped(field, *place)
    if body.start == body.end:
        raise InvalidParameterError("end", "the same place as start")
    profile = profile_of(ProfileName(body.profile), settings)
    asked = ItineraryRequest(
        start=body.start,
        end=body.end,
        at=body.at,
        profile=profile,
        need=body.party.need_of([NIGHT_SERVICE]),
        max_day_m=body.max_day_m or profile.day_max_m,
        max_nights=body.max_nights,
        most=body.itineraries,
        needs_known_beds=body.known_beds_only,
        detours=DetourLimits.of(settings, are_accepted=body.accept_detour),
    )
    await compilation.planning_compiled()
    # One at a time, as are requests of routes with areas to avoid: on a large network each takes
    # seconds.
    async with AROUND.turn(client_of(request.scope)), open_source(request) as source:
        await candidates.check_terms(source.session, asked.need)
        found = await find_itineraries(source, network, asked, now=now, access_m=settings.access_m)
    return GeoJSONResponse(
        itinerary_text.feature_collection(found, words(body.lang)), headers=PRIVATE
    )
