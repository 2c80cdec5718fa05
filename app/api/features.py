"""The OGC API: landing page, conformance, collections, items (Features 1.0.1, Part 1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from app.api import page
from app.caching import kept_response
from app.deps import BaseUrlDep, ClockDep, NetworkDep, SessionDep, SettingsDep
from app.parameters import (
    DEFAULT_LIMIT,
    read_as_of,
    read_window,
    write_after,
)
from app.problems import problem_responses
from app.responses import GeoJSONResponse, JSONResponse
from geo import demo
from geo.db import Tier
from tiles.features import DEMO_NOTICE, Page, Window, read_item, read_page
from tiles.layer import Layer
from tiles.layers import find_layer, layers_for

router = APIRouter(tags=["features"])

JSON = "application/json"
GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.1"

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

#: What is kept whole and tested; no class is claimed for its name.
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)

_NAMES = [layer.name for layer in layers_for(Tier.PUBLIC)]

LayerName = Annotated[
    str, Path(description="Name of a collection.", json_schema_extra={"enum": _NAMES})
]
Format = Annotated[
    Literal["json"] | None, Query(alias="f", description="Format; json is the only one.")
]

Body = dict[str, Any]


def link(href: str, rel: str, media_type: str = JSON, title: str | None = None) -> dict[str, str]:
    """Return a link as the OGC API writes it."""
    made = {"href": href, "rel": rel, "type": media_type}
    return made if title is None else {**made, "title": title}


def demo_members(*, is_demo: bool, notice: str | None = None) -> dict[str, Any]:
    """Return what every answer says while demo rows are loaded (P35), and a layer's notice."""
    words = [DEMO_NOTICE] if is_demo else []
    words += [notice] if notice else []
    said: dict[str, Any] = {"demo": True} if is_demo else {}
    return {**said, "notice": " ".join(words)} if words else said


class LandingQuery(BaseModel):
    """Parameters of ``/``; the page reads ``lang`` and ``service`` itself."""

    f: Literal["json", "html"] | None = Field(None, description="Format.")
    lang: str | None = Field(None, description="Language of the page.")
    service: str | None = Field(None, description="Service the page's list is narrowed to.")


@router.get(
    "/",
    response_class=JSONResponse,
    responses={
        200: {
            "content": {"text/html": {}, JSON: {}},
            "description": "The page for text/html, the landing page of the API for JSON.",
        },
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
        answer = await page.home(request, session, network, settings, clock())
        answer.headers.add_vary_header("Accept")
        return answer
    body = {
        "title": "Amparo",
        "description": "Support spaces, official crossings and known hazards in Latin America.",
        "links": [
            link(f"{base}/?f=json", "self"),
            link(f"{base}/?f=html", "alternate", "text/html", "The page"),
            link(f"{base}/api", "service-desc", OPENAPI, "OpenAPI document"),
            link(f"{base}/conformance", "conformance"),
            link(f"{base}/collections", "data", title="Collections"),
        ],
        "attribution": "; ".join(
            dict.fromkeys(layer.attribution for layer in layers_for(Tier.PUBLIC))
        ),
    }
    if settings.incident_contact is not None:
        body["incident_contact"] = settings.incident_contact
    body |= demo_members(is_demo=await demo.has_demo(session))
    return kept_response(request, orjson.dumps(body), JSON)


def prefers_html(accept: str) -> bool:
    """Tell whether an Accept header asks for HTML before JSON; a bare ``*/*`` does not."""
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


@router.get("/conformance", response_class=JSONResponse, responses=problem_responses(400))
async def conformance(request: Request, f: Format = None) -> Response:  # noqa: ARG001
    """Return the conformance classes that hold."""
    return kept_response(request, orjson.dumps({"conformsTo": CONFORMANCE}), JSON)


@router.get("/api", response_class=JSONResponse, responses=problem_responses(400))
async def api(request: Request, f: Format = None) -> Response:  # noqa: ARG001
    """Return this document."""
    # By its general media type: GDAL 3.10 knows the special one for version 3.0 alone.
    return kept_response(request, orjson.dumps(request.app.openapi()), JSON)


@router.get("/collections", response_class=JSONResponse, responses=problem_responses(400, 503))
async def collections(
    request: Request,
    session: SessionDep,
    base: BaseUrlDep,
    f: Format = None,  # noqa: ARG001
) -> Response:
    """Return all collections."""
    body = {
        "links": [link(f"{base}/collections", "self")],
        "collections": [collection_body(layer, base) for layer in layers_for(Tier.PUBLIC)],
        **demo_members(is_demo=await demo.has_demo(session)),
    }
    return kept_response(request, orjson.dumps(body), JSON)


@router.get(
    "/collections/{layer}",
    response_class=JSONResponse,
    responses=problem_responses(400, 404, 503),
)
async def collection(
    request: Request,
    session: SessionDep,
    base: BaseUrlDep,
    layer: LayerName,
    f: Format = None,  # noqa: ARG001
) -> Response:
    """Return what a collection is, with its credit and its links."""
    found = find_layer(layer)
    is_demo = await demo.has_demo(session)
    body = collection_body(found, base) | demo_members(is_demo=is_demo, notice=found.notice)
    return kept_response(request, orjson.dumps(body), JSON)


def collection_body(layer: Layer, base: str) -> Body:
    """Return the description of one collection."""
    address = f"{base}/collections/{layer.name}"
    return {
        "id": layer.name,
        "title": layer.title,
        "description": layer.description,
        "attribution": layer.attribution,
        "license": layer.licence,
        "itemType": "feature",
        "crs": [CRS84],
        # Of what may be asked; the true extent would have to be read from every row.
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]], "crs": CRS84}},
        "links": [
            link(address, "self"),
            link(f"{address}/items", "items", GEOJSON, layer.title),
            link(f"{base}/tiles/{layer.name}/tilejson", "describedby", JSON, "Vector tiles"),
        ],
    }


_EXAMPLE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "DEMO-001",
            "geometry": {"type": "Point", "coordinates": [-72.23576, 7.76593]},
            "properties": {
                "name": "DEMO Punto de información 001",
                "kind": "information_orientation_point",
                "expires_on": "2027-02-10",
                "demo": True,
            },
        }
    ],
    "links": [
        {
            "href": "http://127.0.0.1:8000/collections/spaces/items?limit=1&after=REVNTy0wMDE",
            "rel": "next",
            "type": GEOJSON,
        }
    ],
    "timeStamp": "2026-11-24T13:00:00Z",
    "numberReturned": 1,
    "numberMatched": 60,
    "attribution": "As stated in each record",
    "demo": True,
    "notice": DEMO_NOTICE,
}


@router.get(
    "/collections/{layer}/items",
    response_class=GeoJSONResponse,
    responses={
        200: {"content": {GEOJSON: {"example": _EXAMPLE}}, "description": "One page."},
        **problem_responses(400, 404, 503),
    },
)
async def items(
    request: Request,
    session: SessionDep,
    base: BaseUrlDep,
    clock: ClockDep,
    layer: LayerName,
    window: Annotated[Window, Depends(read_window)],
    f: Format = None,  # noqa: ARG001
) -> Response:
    """Return one page of features as GeoJSON, by id; ``next`` leads on and repeats nothing."""
    found = find_layer(layer)
    read = await read_page(session, found, window)
    address = f"{base}/collections/{found.name}"
    asked = {
        name: value
        for name in ("bbox", "datetime", "as_of", "limit", "after")
        if (value := request.query_params.get(name)) is not None
    }
    members = page_members(found, read, address, asked)
    same = _collection(read, members)
    stamped = _collection(read, {**members, "timeStamp": clock()})
    return kept_response(request, stamped, GEOJSON, same_as=same)


def page_members(layer: Layer, read: Page, address: str, asked: Mapping[str, str]) -> Body:
    """Return what a page says beside its features."""
    query = f"?{urlencode(asked)}" if asked else ""
    links = [
        link(f"{address}/items{query}", "self", GEOJSON),
        link(address, "collection", JSON, layer.title),
    ]
    if read.resume_after is not None:
        onward = {
            **asked,
            "limit": asked.get("limit", str(DEFAULT_LIMIT)),
            "after": write_after(read.resume_after),
        }
        links.append(link(f"{address}/items?{urlencode(onward)}", "next", GEOJSON))
    counted = {} if read.matched is None else {"numberMatched": read.matched}
    return {
        "links": links,
        "numberReturned": read.returned,
        **counted,
        "attribution": layer.attribution,
        **demo_members(is_demo=read.demo, notice=layer.notice),
    }


def _collection(read: Page, members: Body) -> bytes:
    # The features are PostGIS' text and stay it; the members follow inside the same object.
    start = b'{"type":"FeatureCollection","features":'
    return start + read.features.encode() + b"," + orjson.dumps(members)[1:]


@router.get(
    "/collections/{layer}/items/{item}",
    response_class=GeoJSONResponse,
    responses=problem_responses(400, 404, 503),
)
async def item(
    request: Request,
    session: SessionDep,
    base: BaseUrlDep,
    layer: LayerName,
    item: Annotated[str, Path(description="Id of a feature.", examples=["DEMO-001"])],
    as_of: Annotated[datetime | None, Depends(read_as_of)],
    f: Format = None,  # noqa: ARG001
) -> Response:
    """Return one feature; hidden and never existed get the same 404 (P39)."""
    found = find_layer(layer)
    read = await read_item(session, found, item, as_of)
    address = f"{base}/collections/{found.name}"
    query = "" if as_of is None else f"?as_of={as_of.date()}"
    members = {
        "links": [
            link(f"{address}/items/{quote(item, safe='')}{query}", "self", GEOJSON),
            link(address, "collection", JSON, found.title),
        ],
        "attribution": found.attribution,
        **demo_members(is_demo=read.demo, notice=found.notice),
    }
    body = read.feature.encode().rstrip()[:-1] + b"," + orjson.dumps(members)[1:]
    return kept_response(request, body, GEOJSON)
