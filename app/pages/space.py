"""``/spaces/{id}``: everything about one space, as a page or as GeoJSON (P43)."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.dependencies import ClockDep, NetworkDep, SessionDep, SettingsDep, base_url
from app.api.records.spaces import said_of_age, said_of_hours
from app.drawings import locator
from app.http.problems import Problem, problem_responses
from app.http.responses import GeoJSONResponse, page_response
from app.i18n import route_phrases
from app.i18n.coded_reasons import notice_text
from app.i18n.translation import Words, negotiate, words
from app.journeys.space_facts import SpaceFacts, read_facts
from app.page_models import home_filling
from app.page_models.space_view import render_not_here, render_space, space_view, town_text
from app.pages.landing import prefers_html
from app.pages.page_frame import PageLanguage
from app.snapshots.neighbours import NextSpace
from app.snapshots.road_networks import RoadNetworks
from app.texts.sharing import read_public, sharing_of
from geo import vocabulary
from geo.db.sessions import Database, Tier
from geo.errors import NotFoundError
from geo.records import demo_rows
from geo.spaces.candidates import Described
from tiles.catalogue.layers import SPACES

router = APIRouter(tags=["spaces"])

SpacePath = Annotated[
    # PostgreSQL text holds no NUL character, so no space has such an id.
    str, Path(pattern=r"^[^\x00]{1,200}$", description="Id of a space.", examples=["DEMO-001"])
]
PageFormat = Annotated[Literal["json", "html"] | None, Query(alias="f", description="Format.")]


_SAID: dict[str, Any] = {
    "response_class": GeoJSONResponse,
    "responses": {
        200: {
            "content": {"text/html": {}, "application/geo+json": {}},
            "description": "The page for text/html, a GeoJSON feature otherwise.",
        },
        **problem_responses(400, 503),
        404: {
            "model": Problem,
            "description": "A page that says so, or a problem.",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
    },
}


@router.get("/spaces/{space}", **_SAID)
@router.get("/s/{space}", operation_id="short_space", **_SAID)
async def one_space(
    *,
    request: Request,
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
    space: SpacePath,
    f: PageFormat = None,
    lang: PageLanguage = None,
) -> Response:
    """Return a space with its hours, its area's lines and the next space each way (P43, P45).

    `/s/{id}` is the same under an address that fits a poster and a text message. Hidden, expired
    and never existed get the same 404 (P39).
    """
    now = clock()
    is_page = f == "html" or (f is None and prefers_html(request.headers.get("accept", "")))
    language = negotiate(lang, request.headers.get("accept-language"))
    if not is_page:
        found = await read_facts(session, network, space, now)
        has_demo = await demo_rows.has_demo(session)
        body = {
            **feature_of(found, words(language)),
            "data_as_of": now,
            **_around(has_demo=has_demo),
        }
        # The response says whether the space is open now, so caches must not store it.
        varying = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"}
        return GeoJSONResponse(body, headers=varying)
    around = await home_filling.frame(session, network, settings, now)
    services = await vocabulary.services(session)
    try:
        found = await read_facts(session, network, space, now)
    except NotFoundError:
        answer = page_response(render_not_here(around, language), HTTPStatus.NOT_FOUND)
    else:
        # Sharing uses the public tier, whoever asks, because the text may be forwarded to anybody.
        database: Database = request.state.database
        async with database.session(Tier.PUBLIC) as open_session:
            public = await read_public(open_session, space, now)
        base, said = base_url(request), words(language)
        shared = None if public is None else sharing_of(said, public, base=base, now=now)
        drawn = locator_of(network, found.described, said)
        view = space_view(found, around, shared, drawn)
        answer = page_response(render_space(view, services, language))
    answer.headers.add_vary_header("Accept")
    return answer


def locator_of(network: RoadNetworks, described: Described, w: Words) -> locator.Locator | None:
    """Draw the small map around a space; None if no sketch network covers the space.

    ``described`` holds the position that the reader's tier may see.
    """
    lon, lat = described.lon, described.lat
    for region in network.regions():
        if region.meta.kind == "sketch" and region.contains(lon, lat):
            name = partial(town_text, w, described.properties["country"])
            return locator.draw(region.graph, region.towns, lon, lat, name)
    return None


def _around(*, has_demo: bool) -> dict[str, Any]:
    return {"demo": has_demo, "notice": route_phrases.notice(is_demo=has_demo)}


def feature_of(found: SpaceFacts, w: Words) -> dict[str, Any]:
    """Return a space as GeoJSON with its surroundings, its coded notice in the given language."""
    described = found.described
    return {
        "type": "Feature",
        "id": described.id,
        "geometry": {"type": "Point", "coordinates": [described.lon, described.lat]},
        "properties": {
            **{name: described.properties[name] for name in SPACES.properties},
            "notice": notice_text(w, described.properties["notice"]),
            **said_of_age(found.age),
            "open": said_of_hours(found.status),
        },
        "referrers": [
            {
                "id": one.id,
                "name": one.properties["name"],
                "locality": one.properties["locality"],
                "phones": one.properties["phones"],
                "contact": one.properties["contact"],
            }
            for one in found.referrers
        ],
        "next_spaces": None
        if found.next_spaces is None
        else [_onward(one, described.properties["country"]) for one in found.next_spaces],
        "contacts": found.contacts.lines,
        "contacts_not_known": found.contacts.not_known,
        "products": found.products,
        "practices": found.practices,
    }


def _onward(one: NextSpace, country: str) -> dict[str, Any]:
    row = one.described.properties
    return {
        "id": one.described.id,
        "name": row["name"],
        "locality": row["locality"],
        "country": row["country"],
        "other_country": row["country"] != country,
        "distance_m": round(one.distance_m, -1),
        "distance_kind": "walking",
        "crossings": [
            {"id": post.id, "name": post.name, "state": post.state} for post in one.crossings
        ],
        "demo": row["demo"],
    }
