"""``/spaces/match``: spaces that can help with a need, best first, each with its reasons."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from app.access.dependencies import ClockDep, NetworkDep, SessionDep, SettingsDep
from app.api.records.spaces import DECIMALS
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.responses import GeoJSONResponse
from app.i18n import route_phrases
from app.journeys.matching import Chosen, Fallback, Match, MatchQuestion, match
from app.schemas.fields import Instant, Latitude, Longitude, require_unswapped
from app.schemas.json_body import JSONBody, LargeBodyRoute
from app.schemas.party import Code, Party
from app.texts import match_text
from app.texts.match_text import MatchReason
from geo.spaces.eligibility import Need
from geo.text.countries import CODES
from tiles.catalogue.layers import SPACES

router = APIRouter(tags=["spaces"], route_class=LargeBodyRoute)

#: Upper limit of results, about a phone's screen; larger limits are capped.
MAX_LIMIT = 20


class NeedRequest(Party):
    """A need at a place, and who has it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"lon": -72.508, "lat": 7.894, "service": ["overnight"], "age": 34}]
        },
    )

    lon: Longitude = Field(description="Degrees, EPSG:4326.", examples=[-72.508])
    lat: Latitude = Field(description="Degrees, EPSG:4326.", examples=[7.894])
    service: list[Code] = Field(
        min_length=1, max_length=10, description="What is needed; all of them.", examples=[["food"]]
    )
    at: Instant | None = Field(None, description="Start of the way, with its offset; default: now.")
    country: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="Where the asker is; needed beside a border."
    )
    limit: int = Field(5, ge=1, description=f"At most {MAX_LIMIT}; more is capped.")

    @property
    def need(self) -> Need:
        """The stated need, converted for `geo`'s matching."""
        return self.need_of(self.service)


class AskedByPost(JSONBody, NeedRequest):
    """What somebody needs, in a body: the address says nothing of it (P9)."""


@router.get(
    "/spaces/match",
    response_class=GeoJSONResponse,
    responses=problem_responses(400, 422, 503),
)
async def find_match(
    asked: Annotated[NeedRequest, Query()],
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> Response:
    """Return the steps to take for a need, best first; nothing asked is stored.

    Only spaces that are open on arrival, not full and not closed to the asker by what their
    provider states. A space that takes nobody without a referral is answered as the place that
    refers to it. Spaces of another country come last, with the official crossing (P33). There is
    always a `fallback`.
    """
    return await _answer(asked, session, network, settings, clock)


@router.post(
    "/spaces/match",
    response_class=GeoJSONResponse,
    responses=problem_responses(400, 413, 422, 503),
)
async def post_match(
    asked: AskedByPost,
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> Response:
    """Answer as `GET /spaces/match`, with nothing of the need in the address (P9)."""
    return await _answer(asked, session, network, settings, clock)


async def _answer(
    asked: NeedRequest,
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> Response:
    require_unswapped("lon", asked.lon, asked.lat)
    if asked.country is not None and asked.country not in CODES:
        raise InvalidParameterError("country", "no ISO 3166-1 alpha-2 code")
    now = clock()
    question = MatchQuestion(
        asked.need,
        round(asked.lon, DECIMALS),
        round(asked.lat, DECIMALS),
        asked.at or now,
        asked.country,
        min(asked.limit, MAX_LIMIT),
    )
    found = await match(session, network, question, now=now, profile=settings.walker)
    return GeoJSONResponse(
        feature_collection(found, settings.hotline),
        headers={"Cache-Control": "private, no-store"},
    )


def feature_collection(found: Match, hotline: str | None) -> dict[str, Any]:
    """Return a match as GeoJSON, with ranks and words, no probability and no percentage (P46)."""
    return {
        "type": "FeatureCollection",
        "features": [_feature(found, rank, one) for rank, one in enumerate(found.chosen, 1)],
        "numberReturned": len(found.chosen),
        "country": found.country,
        "left_out": [
            {**_said([one.reason])[0], "count": one.count} for one in match_text.left_out(found)
        ],
        "searched_m": round(found.searched_m),
        "fallback": {
            "text": str(match_text.fallback(found.lines)),
            "hotline": hotline,
            "lines": found.lines,
            "spaces": [_fallback(one) for one in found.fallbacks],
        },
        "network": found.region.meta.name,
        "demo": found.demo,
        "notice": route_phrases.notice(is_demo=found.demo),
        "attribution": found.region.meta.attribution,
        "data_as_of": found.now,
    }


def _said(reasons: Iterable[MatchReason]) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": str(reason.phrase)} for reason in reasons]


def _feature(found: Match, rank: int, chosen: Chosen) -> dict[str, Any]:
    option, described = chosen.option, chosen.described
    return {
        "type": "Feature",
        "id": described.id,
        "geometry": {"type": "Point", "coordinates": [described.lon, described.lat]},
        "properties": {
            **{name: described.properties[name] for name in SPACES.properties},
            "rank": rank,
            "role": "serves" if chosen.refers_to is None else "refers",
            "refers_to": _referred(chosen),
            "reasons": _said(match_text.reasons(found, chosen)),
            "distance_m": round(option.way.distance_m, -1),
            "distance_kind": option.way.kind,
            "duration_s": round(option.way.duration_s, -1),
            "arrival": option.arrival,
            "other_country": option.is_abroad,
            "crossings": [
                {"id": post.id, "name": post.name, "state": post.state} for post in chosen.crossings
            ],
        },
    }


def _referred(chosen: Chosen) -> dict[str, Any] | None:
    target = chosen.refers_to
    return None if target is None else {"id": target.id, "name": target.properties["name"]}


def _fallback(fallback: Fallback) -> dict[str, Any]:
    described = fallback.chosen.described
    names = ("name", "kind", "locality", "country", "contact", "phones", "demo", "expires_on")
    return {
        "id": described.id,
        **{name: described.properties[name] for name in names},
        "role": fallback.role,
        "distance_m": round(fallback.chosen.option.way.distance_m, -1),
        "distance_kind": fallback.chosen.option.way.kind,
        "reasons": _said(match_text.fallback_reasons(fallback)),
    }
