"""Vector tiles of the catalogue's layers (MVT), with TileJSON and tileset metadata.

OGC API Tiles has row before column, XYZ has column before row; both paths serve the same tile.
"""

import asyncio
from typing import Any, Final

import orjson
from starlette.responses import Response

from app.api.collections.links import JSON, MVT, REL, demo_members, link
from app.api.collections.serving import PublishedRequest, PublishedRoute
from app.exceptions import InvalidParameterError
from geo.db.sessions import Tier
from tiles.catalogue.layer import Layer
from tiles.catalogue.layers import find_layer, layers_for
from tiles.errors import TileOutOfRangeError, UnknownLayerError
from tiles.features.mvt import EDGE_LATITUDE, check_tile, read_tile
from tiles.tile_matrix import QUAD, matrix_set

type Body = dict[str, Any]

_SCHEME: Final = f"{REL}/tiling-scheme"


def routes() -> list[PublishedRoute]:
    """Return the tile routes, for each layer and for all layers together."""
    found = [
        PublishedRoute("/tileMatrixSets", matrix_sets),
        PublishedRoute(f"/tileMatrixSets/{QUAD}", matrices),
        PublishedRoute("/tiles", tilesets),
        PublishedRoute(f"/tiles/{QUAD}", tileset),
        PublishedRoute(f"/tiles/{QUAD}/{{z}}/{{y}}/{{x}}", dataset_tile),
    ]
    for layer in layers_for(Tier.PUBLIC):
        name = layer.name
        address = f"/collections/{name}/tiles"
        found += [
            PublishedRoute(f"/tiles/{name}/tilejson", tilejson, layer=name),
            PublishedRoute(f"/tiles/{name}/{{z}}/{{x}}/{{y}}", tile, layer=name),
            PublishedRoute(address, tilesets, layer=name),
            PublishedRoute(f"{address}/{QUAD}", tileset, layer=name),
            PublishedRoute(f"{address}/{QUAD}/{{z}}/{{y}}/{{x}}", tile, layer=name),
        ]
    return found


def last_routes() -> list[PublishedRoute]:
    """Return the fallback route for tiles of unknown layers."""
    return [PublishedRoute("/tiles/{layer}/{rest:path}", unknown)]


async def unknown(_asked: PublishedRequest) -> Response:
    """Refuse tiles of an unknown layer."""
    raise UnknownLayerError


async def tile(asked: PublishedRequest) -> Response:
    """Return one tile, or 204 if it is empty."""
    layer = find_layer(asked.path["layer"], asked.tier)
    asked.only_as("mvt")
    z, x, y = _place(asked)

    async def make() -> tuple[bytes, dict[str, str]]:
        return await read_tile(asked.reader, layer, z, x, y), {}

    key = "tile", layer.name, z, x, y
    return asked.answer(await asked.kept((layer,), key, make), MVT)


async def dataset_tile(asked: PublishedRequest) -> Response:
    """Return one tile with several layers: all, or those named in ``collections``."""
    layers = _chosen(asked)
    z, x, y = _place(asked)

    async def make() -> tuple[bytes, dict[str, str]]:
        # Layers of a tile are concatenated; each is read by its own statement, so they run
        # concurrently.
        parts = await asyncio.gather(*(read_tile(asked.reader, layer, z, x, y) for layer in layers))
        return b"".join(parts), {}

    key = "tile", tuple(layer.name for layer in layers), z, x, y
    return asked.answer(await asked.kept(layers, key, make), MVT)


def _chosen(asked: PublishedRequest) -> tuple[Layer, ...]:
    names = asked.only_as("mvt", "collections").get("collections")
    if names is None:
        return layers_for(asked.tier)
    chosen = dict.fromkeys(names.split(","))
    try:
        return tuple(find_layer(name, asked.tier) for name in chosen)
    except UnknownLayerError as error:
        raise InvalidParameterError("collections", "names what is no collection") from error


def _place(asked: PublishedRequest) -> tuple[int, int, int]:
    """Return zoom, column and row from the path.

    Raises
    ------
    InvalidParameterError
        If a value is not a whole number.
    TileOutOfRangeError
        If the matrix set has no such tile.
    """
    numbers = []
    for name in ("z", "x", "y"):
        text = asked.path[name]
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            raise InvalidParameterError(name, "not a whole number")
        if len(text) > _DIGITS:
            raise TileOutOfRangeError
        numbers.append(int(text))
    z, x, y = numbers
    check_tile(z, x, y)
    return z, x, y


#: Upper limit of characters per tile coordinate: enough for the largest column of the last zoom
#: with some leading zeros [A].
_DIGITS: Final = 12


async def tilejson(asked: PublishedRequest) -> Response:
    """Return a layer's TileJSON 3.0: URL template, zooms, columns, attribution."""
    layer = find_layer(asked.path["layer"], asked.tier)
    asked.only_as("json")
    base = asked.base
    is_demo = asked.is_demo

    async def make() -> tuple[bytes, dict[str, str]]:
        body = {
            "tilejson": "3.0.0",
            "name": layer.name,
            "description": layer.description,
            "attribution": layer.attribution,
            "scheme": "xyz",
            "tiles": [f"{base}/tiles/{layer.name}/{{z}}/{{x}}/{{y}}"],
            "minzoom": layer.min_zoom,
            "maxzoom": layer.max_zoom,
            "bounds": [-180, -EDGE_LATITUDE, 180, EDGE_LATITUDE],
            "vector_layers": [_vector_layer(layer)],
            **demo_members(is_demo=is_demo, notice=layer.notice),
        }
        return orjson.dumps(body), {}

    key = "tilejson", layer.name, base, is_demo
    return asked.answer(await asked.kept((layer,), key, make), JSON)


def _vector_layer(layer: Layer) -> Body:
    return {
        "id": layer.name,
        "description": layer.title,
        "minzoom": layer.min_zoom,
        "maxzoom": layer.max_zoom,
        "fields": dict.fromkeys(("id", *layer.tile_columns), ""),
    }


async def matrix_sets(asked: PublishedRequest) -> Response:
    """Return the list of tile matrix sets, which has one entry."""
    asked.only_as("json")
    address = f"{asked.base}/tileMatrixSets/{QUAD}"
    one = {"id": QUAD, "title": matrix_set()["title"], "links": [link(address, "self")]}
    return _plain(asked, {"tileMatrixSets": [one]})


async def matrices(asked: PublishedRequest) -> Response:
    """Return the tile matrix set WebMercatorQuad (OGC 17-083r4, Annex D)."""
    asked.only_as("json")
    return _plain(asked, matrix_set())


async def tilesets(asked: PublishedRequest) -> Response:
    """Return the tilesets of a collection, or of all collections together."""
    asked.only_as("json")
    base = asked.base
    return _plain(
        asked,
        {
            "links": [link(f"{base}{asked.request.url.path}", "self")],
            "tilesets": [_summary(asked, base)],
        },
    )


async def tileset(asked: PublishedRequest) -> Response:
    """Return the metadata of a tileset: zooms, layers, and the tiles' URL template."""
    asked.only_as("json")
    base = asked.base
    layers = _layers(asked)
    body = _summary(asked, base) | {
        "layers": [
            {
                "id": layer.name,
                "title": layer.title,
                "dataType": "vector",
                "minTileMatrix": str(layer.min_zoom),
                "maxTileMatrix": str(layer.max_zoom),
                "propertiesSchema": {
                    "type": "object",
                    "properties": {name: {} for name in ("id", *layer.tile_columns)},
                },
            }
            for layer in layers
        ],
        "attribution": "; ".join(dict.fromkeys(layer.attribution for layer in layers)),
    }
    return _plain(asked, body)


def _layers(asked: PublishedRequest) -> tuple[Layer, ...]:
    name = asked.path.get("layer")
    return layers_for(asked.tier) if name is None else (find_layer(name, asked.tier),)


def _summary(asked: PublishedRequest, base: str) -> Body:
    name = asked.path.get("layer")
    address = f"{base}/tiles" if name is None else f"{base}/collections/{name}/tiles"
    own = f"{address}/{QUAD}"
    scheme = f"{base}/tileMatrixSets/{QUAD}"
    tiles = link(f"{own}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", "item", MVT)
    return {
        "title": "Amparo" if name is None else find_layer(name).title,
        "dataType": "vector",
        "crs": matrix_set()["crs"],
        "tileMatrixSetURI": matrix_set()["uri"],
        "links": [
            link(own, "self"),
            link(scheme, _SCHEME),
            {**tiles, "templated": True},
        ],
    }


def _plain(asked: PublishedRequest, body: Body) -> Response:
    """Return a JSON response that depends on the catalogue of layers alone, not on the database."""
    return asked.signed(orjson.dumps(body), JSON)
