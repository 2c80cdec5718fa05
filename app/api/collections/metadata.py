"""Descriptions of collections with queryables and schemas (OGC API Features, Parts 1 to 3)."""

from typing import Any, Final

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.collections.html_pages import collection_page, collections_page
from app.api.collections.links import (
    GEOJSON,
    HTML,
    JSON,
    REL,
    SCHEMA,
    alternates,
    demo_members,
    link,
)
from app.api.collections.serving import PublishedRequest, PublishedRoute
from geo.db.sessions import Tier
from tiles.catalogue.layer import Layer
from tiles.catalogue.layers import find_layer, layers_for
from tiles.crs import SUPPORTED
from tiles.downloads import formats
from tiles.downloads.formats import FORMATS, FeatureFormat
from tiles.features.items import read_extent
from tiles.features.maplibre import MEDIA_TYPE as STYLE
from tiles.features.queryables import queryables_schema
from tiles.features.schema import item_schema

type Body = dict[str, Any]

_OFFERED: Final = (formats.GEOJSON, formats.HTML)


def routes() -> list[PublishedRoute]:
    """Return the routes of the collections in the catalogue."""
    found = [PublishedRoute("/collections", collections)]
    for layer in layers_for(Tier.PUBLIC):
        address = f"/collections/{layer.name}"
        found += [
            PublishedRoute(f"{address}/queryables", queryables, layer=layer.name),
            PublishedRoute(f"{address}/schema", schema, layer=layer.name),
            PublishedRoute(address, collection, layer=layer.name),
        ]
    return found


def last_routes() -> list[PublishedRoute]:
    """Return fallback routes for unknown paths below ``/collections``."""
    return [
        PublishedRoute("/collections/{layer}", unknown),
        PublishedRoute("/collections/{layer}/{rest:path}", unknown),
    ]


async def unknown(asked: PublishedRequest) -> Response:
    """Refuse an unknown path, with a specific problem for an unknown collection."""
    find_layer(asked.path["layer"], asked.tier)
    raise HTTPException(404)


async def collections(asked: PublishedRequest) -> Response:
    """Return the list of collections."""
    fmt = asked.format(_OFFERED, asked.only("f").get("f"))
    base = asked.base
    is_demo = asked.is_demo
    layers = layers_for(asked.tier)

    async def make() -> tuple[bytes, dict[str, str]]:
        described = [await collection_body(asked, layer, base) for layer in layers]
        body = {
            "links": [
                link(f"{base}/collections", "self"),
                *alternates(f"{base}/collections", {}, _OFFERED[1:]),
            ],
            "collections": described,
            "crs": [crs.uri for crs in SUPPORTED],
            **demo_members(is_demo=is_demo),
        }
        return orjson.dumps(body), {}

    key = "collections", base, is_demo
    kept = await asked.kept(layers, key, make)
    return collections_page(asked, kept) if fmt is formats.HTML else asked.answer(kept, JSON)


async def collection(asked: PublishedRequest) -> Response:
    """Return the description of one collection."""
    layer = find_layer(asked.path["layer"], asked.tier)
    fmt = asked.format(_OFFERED, asked.only("f").get("f"))
    base = asked.base
    is_demo = asked.is_demo

    async def make() -> tuple[bytes, dict[str, str]]:
        described = await collection_body(asked, layer, base)
        body = described | demo_members(is_demo=is_demo, notice=layer.notice)
        return orjson.dumps(body), {}

    key = "collection", layer.name, base, is_demo
    kept = await asked.kept((layer,), key, make)
    return collection_page(asked, layer, kept) if fmt is formats.HTML else asked.answer(kept, JSON)


async def collection_body(asked: PublishedRequest, layer: Layer, base: str) -> Body:
    """Build the JSON description of one collection."""
    address = f"{base}/collections/{layer.name}"
    box = await _extent(asked, layer)
    return {
        "id": layer.name,
        "title": layer.title,
        "description": layer.description,
        "attribution": layer.attribution,
        "license": layer.licence,
        "itemType": "feature",
        "crs": [crs.uri for crs in SUPPORTED],
        "storageCrs": SUPPORTED[0].uri,
        "extent": {"spatial": {"bbox": [box], "crs": SUPPORTED[0].uri}},
        "links": [
            link(address, "self"),
            *alternates(address, {}, _OFFERED[1:]),
            *(
                link(_items_address(address, fmt), "items", fmt.media_types[0], fmt.title)
                for fmt in FORMATS
            ),
            link(
                f"{address}/queryables",
                f"{REL}/queryables",
                SCHEMA,
                "What items can be filtered by",
            ),
            # GDAL reads property types from the schema; otherwise it guesses from the first 20
            # features.
            link(f"{address}/schema", "describedby", SCHEMA, "What items hold"),
            link(f"{base}/tiles/{layer.name}/tilejson", "describedby", JSON, "TileJSON"),
            link(f"{address}/tiles", f"{REL}/tilesets-vector", JSON, "Vector tiles"),
            link(f"{base}/styles/{layer.name}", f"{REL}/styles", STYLE, "Style for MapLibre"),
            link(f"{base}/legend", "related", JSON, "Signs of the map"),
            link(f"{address}/changes", "monitor", GEOJSON, "What a copy lacks"),
            link(f"{base}/docs/collections/{layer.name}", "service-doc", HTML, "Documentation"),
        ],
    }


def _items_address(address: str, fmt: FeatureFormat) -> str:
    # GDAL appends item ids to this URL, even behind a query string, so the URL of the default
    # format has no query string.
    query = "" if fmt is FORMATS[0] else f"?f={fmt.name}"
    return f"{address}/items{query}"


#: Extent of an empty collection.
_WORLD: Final = [-180.0, -90.0, 180.0, 90.0]


async def _extent(asked: PublishedRequest, layer: Layer) -> list[float]:
    """Return the bounding box of a layer's rows visible to the tier.

    The box is cached for the layer's edition (version of its data).
    """

    async def make() -> tuple[bytes, dict[str, str]]:
        box = await read_extent(asked.reader, layer)
        return orjson.dumps(box or _WORLD), {}

    kept = await asked.kept((layer,), ("extent", layer.name), make)
    box: list[float] = orjson.loads(kept.body)
    return box


async def queryables(asked: PublishedRequest) -> Response:
    """Return the JSON Schema of the queryable properties (OGC API Features, Part 3)."""
    layer = find_layer(asked.path["layer"], asked.tier)
    asked.only_as("json")
    address = f"{asked.base}/collections/{layer.name}/queryables"
    body = {"$id": address, **queryables_schema(layer)}
    return asked.signed(orjson.dumps(body), SCHEMA)


async def schema(asked: PublishedRequest) -> Response:
    """Return the JSON Schema of an item."""
    layer = find_layer(asked.path["layer"], asked.tier)
    asked.only_as("json")
    address = f"{asked.base}/collections/{layer.name}/schema"
    return asked.signed(orjson.dumps({"$id": address, **item_schema(layer)}), SCHEMA)
