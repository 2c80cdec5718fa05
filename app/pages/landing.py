"""The landing page of the API, its conformance classes and its OpenAPI document."""

from typing import Annotated, Literal

import anyio
import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.access.dependencies import BaseUrlDep, ClockDep, NetworkDep, SessionDep, SettingsDep
from app.access.public_forms import read_open_form
from app.api.collections.basemap import PMTILES
from app.api.collections.html_pages import conformance_page
from app.api.collections.links import JSON, OPENAPI, REL, demo_members, link
from app.http.etags import NOT_MODIFIED, SAME_FOR_ALL, kept_response
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.page_models.view_models import Narrowed
from app.pages import home as page
from app.schemas.fields import JSONFormat
from geo.db.sessions import Tier
from geo.records import demo_rows
from tiles.catalogue.layers import layers_for
from tiles.cql2 import parser
from tiles.downloads import formats
from tiles.downloads.formats import negotiate

router = APIRouter(tags=["features"])

_SPEC = "http://www.opengis.net/spec"
_FEATURES = f"{_SPEC}/ogcapi-features"

#: Conformance classes that the server meets in full; no class is claimed without tests.
CONFORMANCE = (
    f"{_SPEC}/ogcapi-common-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-common-1/1.0/conf/landing-page",
    f"{_SPEC}/ogcapi-common-1/1.0/conf/json",
    f"{_SPEC}/ogcapi-common-1/1.0/conf/oas30",
    f"{_FEATURES}-1/1.0/conf/core",
    f"{_FEATURES}-1/1.0/conf/geojson",
    f"{_FEATURES}-1/1.0/conf/html",
    f"{_FEATURES}-1/1.0/conf/oas30",
    f"{_FEATURES}-2/1.0/conf/crs",
    f"{_FEATURES}-3/1.0/conf/queryables",
    f"{_FEATURES}-3/1.0/conf/queryables-query-parameters",
    f"{_FEATURES}-3/1.0/conf/filter",
    f"{_FEATURES}-3/1.0/conf/features-filter",
    *(
        f"{_FEATURES}-4/1.0/conf/{name}"
        for name in ("create-replace-delete", "update", "optimistic-locking-etags", "features")
    ),
    *(f"{_SPEC}/cql2/1.0/conf/{name}" for name in parser.CONFORMANCE),
    *(
        f"{_SPEC}/ogcapi-tiles-1/1.0/conf/{name}"
        for name in (
            "core",
            "tileset",
            "tilesets-list",
            "dataset-tilesets",
            "geodata-tilesets",
            "mvt",
            "oas30",
        )
    ),
)


class LandingQuery(BaseModel):
    """Parameters of ``/``; all but ``f`` are of the page."""

    f: Literal["json", "html"] | None = Field(None, description="Format.")
    lang: str | None = Field(None, description="Language of the page.")
    service: list[str] = Field(
        [], max_length=10, description="Services that the page's list is narrowed to; all of them."
    )
    open: Literal["1"] | None = Field(None, description="Only spaces open now by their schedule.")
    families: Literal["1"] | None = Field(None, description="Only where children may come along.")
    language: str | None = Field(
        None, pattern="^[a-z]{2,3}$", description="Only where it is spoken: a code of ISO 639."
    )
    country: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="Only spaces there: ISO 3166-1 alpha-2."
    )
    place: str = Field(
        "",
        max_length=120,
        description="A place whose nearest spaces come first, by its number (GeoNames): for a link "
        "that somebody passes on. The page itself asks by POST, so that no history has the place.",
    )
    page: int = Field(1, ge=1, le=1_000, description="Page of the list.")

    def narrowed(self, place: str | None = None) -> Narrowed:
        """Return the filters of the list; ``place`` from a form replaces the place of the URL."""
        return Narrowed(
            services=tuple(dict.fromkeys(self.service)),
            open_now=self.open is not None,
            families=self.families is not None,
            language=self.language,
            country=self.country,
            place=self.place if place is None else place,
            page=self.page,
        )


@router.get(
    "/",
    response_class=JSONResponse,
    responses={
        200: {
            "content": {"text/html": {}, JSON: {}},
            "description": "The page for text/html, the landing page of the API for JSON.",
        },
        **NOT_MODIFIED,
        **problem_responses(400, 503),
    },
)
async def landing(
    request: Request,
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
    base: BaseUrlDep,
    asked: Annotated[LandingQuery, Query()],
) -> Response:
    """Return the page for people, or the landing page of the API, by ``f`` or ``Accept``."""
    accepted = request.headers.get("accept", "")
    if asked.f == "html" or (asked.f is None and prefers_html(accepted)):
        answer = await page.home(asked.narrowed(), request, session, network, settings, clock())
        answer.headers.add_vary_header("Accept")
        return answer
    # The base map is built in the background, so it may be missing.
    built = await anyio.Path(settings.basemap_path).exists()
    body = {
        "title": "Amparo",
        "description": "Support spaces, official crossings and known hazards in Latin America.",
        "links": [
            link(f"{base}/?f=json", "self"),
            link(f"{base}/?f=html", "alternate", "text/html", "The page"),
            link(f"{base}/api", "service-desc", OPENAPI, "OpenAPI document"),
            link(f"{base}/docs", "service-doc", "text/html", "Documentation"),
            link(f"{base}/conformance", "conformance"),
            link(f"{base}/collections", "data", title="Collections"),
            link(f"{base}/tiles", f"{REL}/tilesets-vector", title="Vector tiles"),
            link(f"{base}/tileMatrixSets", f"{REL}/tiling-schemes"),
            link(f"{base}/styles", f"{REL}/styles"),
            link(f"{base}/legend", "related", title="Signs of the map"),
            *([link(f"{base}/basemap.pmtiles", "enclosure", PMTILES, "Basemap")] if built else []),
            link(f"{base}/ogc", "related", title="OGC API - Routes"),
        ],
        "attribution": "; ".join(
            dict.fromkeys(layer.attribution for layer in layers_for(Tier.PUBLIC))
        ),
    }
    if settings.incident_contact is not None:
        body["incident_contact"] = settings.incident_contact
    body |= demo_members(is_demo=await demo_rows.has_demo(session))
    return kept_response(request, orjson.dumps(body), JSON)


#: Fields of the form for a place; the other filters are in the URL that the form is sent to.
_NEAR_FIELDS = frozenset({"place", "place_ref", "place_choice"})


@router.post("/", include_in_schema=False, responses=problem_responses(400, 403, 413, 415, 503))
async def near(
    request: Request,
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
    asked: Annotated[LandingQuery, Query()],
) -> Response:
    """Return the page with the list of what is near a place; nothing is kept (P37).

    By POST: a place that somebody flees to, or from, is in no address, history or log.
    """
    form = await read_open_form(request, _NEAR_FIELDS)
    typed, ref, choice = (form.one(name) for name in ("place", "place_ref", "place_choice"))
    place = await page.sought_place(session, network, typed, ref, choice)
    narrowed = asked.narrowed(place)
    return await page.home(narrowed, request, session, network, settings, clock())


def prefers_html(accept: str) -> bool:
    """Return whether an Accept header prefers HTML to JSON; a bare ``*/*`` does not."""
    weights = {"text/html": 0.0, "application/json": 0.0}
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name in weights:
            weights[name] = _weight(parameters)
    return weights["text/html"] > weights["application/json"]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


@router.get(
    "/conformance",
    response_class=JSONResponse,
    responses={
        200: {"content": {"text/html": {}, JSON: {}}, "description": "The classes that hold."},
        **NOT_MODIFIED,
        **problem_responses(400, 406),
    },
    openapi_extra=SAME_FOR_ALL,
)
async def conformance(
    request: Request, base: BaseUrlDep, f: Literal["json", "html"] | None = None
) -> Response:
    """Return the conformance classes that hold."""
    fmt = negotiate(f, request.headers.get("accept"), (formats.GEOJSON, formats.HTML))
    if fmt is formats.HTML:
        return conformance_page(base, CONFORMANCE)
    return kept_response(request, orjson.dumps({"conformsTo": CONFORMANCE}), JSON)


@router.get(
    "/api",
    response_class=Response,
    responses={
        200: {"content": {OPENAPI: {}}, "description": "This document."},
        **NOT_MODIFIED,
        **problem_responses(400),
    },
    openapi_extra=SAME_FOR_ALL,
)
async def api(request: Request, f: JSONFormat = None) -> Response:  # noqa: ARG001
    """Return this document."""
    return kept_response(request, orjson.dumps(request.app.openapi()), OPENAPI)
