"""Styles of the catalogue's layers (after OGC API Styles), and the legend shared by all maps."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Request, Response

from app.access.dependencies import BaseUrlDep
from app.api.collections.links import JSON, link
from app.http.etags import NOT_MODIFIED, SAME_FOR_ALL, kept_response
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.schemas.fields import JSONFormat
from tiles.features.maplibre import MEDIA_TYPE, STYLES, StyleEntry, find_style
from tiles.features.style import legend as legend_signs

router = APIRouter(tags=["styles"])

StyleId = Annotated[
    str,
    Path(
        description="Id of a style.",
        examples=["amparo"],
        json_schema_extra={"enum": [entry.id for entry in STYLES]},
    ),
]


@router.get(
    "/styles",
    response_class=JSONResponse,
    responses={**NOT_MODIFIED, **problem_responses(400)},
    openapi_extra=SAME_FOR_ALL,
)
async def styles(request: Request, base: BaseUrlDep, f: JSONFormat = None) -> Response:  # noqa: ARG001
    """Return the list of styles: one of all layers, one of the basemap, one of each layer."""
    body = {
        "default": STYLES[0].id,
        "styles": [_entry(entry, base) for entry in STYLES],
        "links": [
            link(f"{base}/styles", "self"),
            link(f"{base}/legend", "related", title="Legend"),
        ],
    }
    return kept_response(request, orjson.dumps(body), JSON)


def _entry(entry: StyleEntry, base: str) -> dict[str, object]:
    address = f"{base}/styles/{entry.id}"
    return {
        "id": entry.id,
        "title": entry.title,
        "links": [link(address, "stylesheet", MEDIA_TYPE, entry.title)],
    }


@router.get(
    "/styles/{style}",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE: {}}, "description": "A style, MapLibre version 8."},
        **NOT_MODIFIED,
        **problem_responses(400, 404),
    },
    openapi_extra=SAME_FOR_ALL,
)
async def style(
    request: Request,
    base: BaseUrlDep,
    style: StyleId,
    f: JSONFormat = None,  # noqa: ARG001
) -> Response:
    """Return one style, ready for MapLibre: its sources are this server's own tiles."""
    return kept_response(request, orjson.dumps(find_style(style).make(base)), MEDIA_TYPE)


@router.get(
    "/legend",
    response_class=JSONResponse,
    responses={**NOT_MODIFIED, **problem_responses(400)},
    openapi_extra=SAME_FOR_ALL,
)
async def legend(request: Request, f: JSONFormat = None) -> Response:  # noqa: ARG001
    """Return one line for each sign: layer, words, colour and form, never colour alone."""
    return kept_response(request, orjson.dumps({"signs": legend_signs()}), JSON)
