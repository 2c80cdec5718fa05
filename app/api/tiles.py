"""Vector tiles of the catalogue's layers (MVT), and what a map has to know of them (TileJSON)."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Request, Response

from app.api.features import Format, LayerName, demo_members
from app.caching import PUBLIC, kept_response
from app.deps import BaseUrlDep, SessionDep
from app.problems import problem_responses
from app.responses import JSONResponse
from geo import demo
from tiles.layer import Layer
from tiles.layers import find_layer
from tiles.mvt import EDGE_LATITUDE, read_tile

router = APIRouter(tags=["tiles"])

MVT = "application/vnd.mapbox-vector-tile"


@router.get(
    "/tiles/{layer}/tilejson",
    response_class=JSONResponse,
    responses=problem_responses(400, 404, 503),
)
async def tilejson(
    request: Request,
    session: SessionDep,
    base: BaseUrlDep,
    layer: LayerName,
    f: Format = None,  # noqa: ARG001
) -> Response:
    """Return TileJSON 3.0 of a layer: address, zooms, columns, credit."""
    found = find_layer(layer)
    body = {
        "tilejson": "3.0.0",
        "name": found.name,
        "description": found.description,
        "attribution": found.attribution,
        "scheme": "xyz",
        "tiles": [f"{base}/tiles/{found.name}/{{z}}/{{x}}/{{y}}"],
        "minzoom": found.min_zoom,
        "maxzoom": found.max_zoom,
        "bounds": [-180, -EDGE_LATITUDE, 180, EDGE_LATITUDE],
        "vector_layers": [_vector_layer(found)],
        **demo_members(is_demo=await demo.has_demo(session), notice=found.notice),
    }
    return kept_response(request, orjson.dumps(body), "application/json")


def _vector_layer(layer: Layer) -> dict[str, object]:
    return {
        "id": layer.name,
        "description": layer.title,
        "minzoom": layer.min_zoom,
        "maxzoom": layer.max_zoom,
        "fields": dict.fromkeys(("id", *layer.tile_columns), ""),
    }


@router.get(
    "/tiles/{layer}/{z}/{x}/{y}",
    response_class=Response,
    responses={
        200: {"content": {MVT: {}}, "description": "A vector tile."},
        204: {"description": "The tile exists and holds nothing."},
        **problem_responses(400, 404, 503),
    },
)
async def tile(
    request: Request,
    session: SessionDep,
    layer: LayerName,
    z: Annotated[int, Path(description="Zoom, 0 to 22.", examples=[8])],
    x: Annotated[int, Path(description="Column, from the west.", examples=[76])],
    y: Annotated[int, Path(description="Row, from the north.", examples=[122])],
) -> Response:
    """Return one tile in WebMercatorQuad, in z/x/y order, or 204 where it holds nothing."""
    body = await read_tile(session, find_layer(layer), z, x, y)
    if not body:
        return Response(status_code=204, headers={"Cache-Control": PUBLIC})
    return kept_response(request, body, MVT)
