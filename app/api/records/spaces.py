"""``GET /spaces/nearest``: open spaces nearest to a point, those on the asker's side first."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.access.dependencies import ClockDep, NetworkDep, SessionDep, SettingsDep
from app.http.problems import problem_responses
from app.http.responses import GeoJSONResponse
from app.i18n import route_phrases
from app.i18n.coded_reasons import notice_text
from app.i18n.translation import Words, negotiate, words
from app.journeys.space_facts import age_of
from app.schemas.fields import Instant, Latitude, Longitude, require_unswapped
from app.snapshots.country_of_point import locate
from app.snapshots.essential_contacts import essential_lines
from geo.hours.space_hours import OpenStatus, hours_of
from geo.records import demo_rows
from geo.spaces import queries
from geo.spaces.filters import SpaceFilter
from geo.spaces.freshness import Age
from geo.spaces.queries import NearSpace
from tiles.catalogue.layers import SPACES

router = APIRouter(tags=["spaces"])

#: Decimal digits of degrees, about 110 m; finer positions of the asker are neither used nor kept
#: (P9).
DECIMALS = 3
MAX_LIMIT = 100

NoticeLanguage = Annotated[
    str | None,
    Query(
        max_length=35,
        description="Language of a `notice` that is a code: es, en, pt, fr or ht; without it what"
        " `Accept-Language` prefers. What can hurt when it is translated wrongly"
        " says that it is not yet reviewed, until people have reviewed it.",
    ),
]


@router.get(
    "/spaces/nearest",
    response_class=GeoJSONResponse,
    responses=problem_responses(400, 422, 503),
)
async def nearest(
    request: Request,
    session: SessionDep,
    network: NetworkDep,
    clock: ClockDep,
    settings: SettingsDep,
    *,
    lon: Annotated[Longitude, Query(description="Degrees, EPSG:4326", examples=[-72.508])],
    lat: Annotated[Latitude, Query(description="Degrees, EPSG:4326", examples=[7.894])],
    service: Annotated[str | None, Query(examples=["overnight"])] = None,
    open_at: Annotated[
        Instant | None, Query(description="Only spaces open then, by their schedule.")
    ] = None,
    limit: Annotated[int, Query(ge=1, description=f"At most {MAX_LIMIT}; more is capped.")] = 10,
    lang: NoticeLanguage = None,
) -> Response:
    """Return open spaces, those of the asker's country first, each with its distance.

    Full, closed, expired and referral-only spaces are left out (P15). The distance is straight;
    a space of another country may lie behind a border (P33). `open` is what the schedule says of
    `open_at`, or of now. Beyond `horizon_m` a space is not near: where the list ends before its
    limit, `beyond` is the next one. `lines` are those to call in the country.
    """
    now = clock()
    w = words(negotiate(lang, request.headers.get("accept-language")))
    if service is not None:
        await queries.check_services(session, [service])
    require_unswapped("lon", lon, lat)
    lon, lat = round(lon, DECIMALS), round(lat, DECIMALS)
    where = await locate(session, network, lon, lat)
    # Where the country is uncertain, as between the banks of a border river, no country is assumed
    # (P33).
    country = where.country if where.is_certain else None
    found = await queries.spaces_around(
        session,
        lon,
        lat,
        country=country,
        wanted=SpaceFilter(services=() if service is None else (service,), open_at=open_at),
        limit=min(limit, MAX_LIMIT),
        horizon_m=settings.near_m,
    )
    has_demo = await demo_rows.has_demo(session)
    return GeoJSONResponse(
        {
            "type": "FeatureCollection",
            "features": [feature(space, country, open_at or now, now, w) for space in found.near],
            "numberReturned": len(found.near),
            "horizon_m": settings.near_m,
            "beyond": None if found.beyond is None else next_beyond(found.beyond, country),
            "lines": await essential_lines(session, [country]),
            "country": country,
            "demo": has_demo,
            "notice": route_phrases.notice(is_demo=has_demo),
            "data_as_of": now,
        },
        headers={"Cache-Control": "private, no-store", "Vary": "Accept-Language"},
    )


def feature(
    space: NearSpace, asker_country: str | None, at: datetime, now: datetime, w: Words
) -> dict[str, Any]:
    """Return a nearby space as a GeoJSON feature, with its opening state ``at`` a moment.

    A coded notice is worded in the language of ``w``.
    """
    return {
        "type": "Feature",
        "id": space.id,
        "geometry": {"type": "Point", "coordinates": [space.lon, space.lat]},
        "properties": {
            **{name: space.properties[name] for name in SPACES.properties},
            "notice": notice_text(w, space.properties["notice"]),
            **_way_across(space),
            **said_of_age(age_of(space.properties, now)),
            "open": said_of_hours(hours_of(space.properties).status_at(at)),
            "distance_m": round(space.distance_m),
            "distance_kind": "straight",
            "country": space.country,
            "other_country": None if asker_country is None else space.country != asker_country,
        },
    }


def next_beyond(space: NearSpace, asker_country: str | None) -> dict[str, Any]:
    """Return the nearest space beyond the horizon, which is too far to count as near, as JSON."""
    return {
        "id": space.id,
        "name": space.name,
        "locality": space.locality,
        **_way_across(space),
        "distance_m": round(space.distance_m),
        "distance_kind": "straight",
        "country": space.country,
        "other_country": None if asker_country is None else space.country != asker_country,
    }


def said_of_age(age: Age | None) -> dict[str, Any]:
    """Return the age of a confirmation and whether to call first; null for demo rows (P35)."""
    if age is None:
        return {"age_days": None, "call_before": True}
    return {"age_days": age.days, "call_before": age.call_before}


def said_of_hours(status: OpenStatus) -> dict[str, Any]:
    """Return the opening state as JSON: what the schedule says, which need not be true (P43)."""
    return {
        "state": status.state,
        "doubt": status.doubt,
        "closes_at": status.closes_at,
        "last_entry": status.last_entry,
        "text": route_phrases.by_schedule(status.state, status.doubt),
    }


def _way_across(space: NearSpace) -> dict[str, Any]:
    """Return as JSON the official crossing by which to reach a space in another country (P33)."""
    return {name: space.properties[name] for name in ("crossing",) if name in space.properties}
