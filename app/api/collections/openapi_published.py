"""OpenAPI paths of the published data, generated from the catalogue for each collection."""

from collections.abc import Sequence
from typing import Any, Final, get_args

from app.api.collections import openapi_transactions
from app.api.collections.links import GEOJSON, HTML, JSON, MVT, SCHEMA
from app.api.collections.parameters import DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE_LIMIT
from geo.db.sessions import Tier
from tiles.catalogue.layer import Layer
from tiles.catalogue.layers import layers_for
from tiles.cql2.parser import Lang
from tiles.crs import SUPPORTED
from tiles.downloads.formats import FORMATS
from tiles.features.history import WITH_A_PAST
from tiles.features.queryables import queryables_schema
from tiles.features.request import MAX_SORT_KEYS
from tiles.tile_matrix import MAX_ZOOM, QUAD

type Part = dict[str, Any]

_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_WORDS: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    406: "Not Acceptable",
    410: "Gone",
    429: "Too Many Requests",
    503: "Service Unavailable",
}

#: Media types of the responses that list or describe collections.
_PAGED: Final[Part] = {JSON: {}, HTML: {}}

_URIS: Final = [crs.uri for crs in SUPPORTED]


def paths() -> dict[str, Part]:
    """Return the OpenAPI path items of the published data, by path."""
    found = {
        "/collections": _get("features", "All collections.", _PAGED, [_format("json", "html")]),
        "/tileMatrixSets": _get("tiles", "The tile matrix sets.", {JSON: {}}, [_format("json")]),
        f"/tileMatrixSets/{QUAD}": _get(
            "tiles", "The tile matrix set of all tiles.", {JSON: {}}, [_format("json")]
        ),
        "/tiles": _get("tiles", "Tilesets of all layers together.", {JSON: {}}, [_format("json")]),
        f"/tiles/{QUAD}": _get("tiles", "The tileset.", {JSON: {}}, [_format("json")]),
        f"/tiles/{QUAD}/{{z}}/{{y}}/{{x}}": _tile(
            "One tile of several layers.",
            [_query("collections", _text("spaces,roads"), "Which layers, by commas; all without.")],
        ),
    }
    for layer in layers_for(Tier.PUBLIC):
        found |= _of_layer(layer)
    for address, operations in openapi_transactions.operations().items():
        found[address] |= operations
    return found


def _of_layer(layer: Layer) -> dict[str, Part]:
    address = f"/collections/{layer.name}"
    quad = f"{address}/tiles/{QUAD}"
    title = layer.title
    return {
        address: _get("features", f"{title}: what it is.", _PAGED, [_format("json", "html")]),
        f"{address}/queryables": _get(
            "features",
            f"{title}: what items can be filtered by.",
            {SCHEMA: {}},
            [_format("json")],
        ),
        f"{address}/schema": _get(
            "features", f"{title}: what an item holds.", {SCHEMA: {}}, [_format("json")]
        ),
        f"{address}/changes": _get(
            "features",
            f"{title}: what a copy lacks.",
            {GEOJSON: {}},
            [
                _query("since", {"type": "string"}, "The last `token`; none: a new copy."),
                _query(
                    "limit",
                    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
                    f"Features and tombstones on a page, at most {MAX_LIMIT}: more is capped.",
                ),
                _format("json"),
            ],
            410,
            description=_COPYING,
        ),
        f"{address}/items": _get(
            "features",
            f"{title}: one page (json, html), or everything that matches as a file.",
            {fmt.media_types[0]: {} for fmt in FORMATS},
            items_parameters(layer),
            406,
        ),
        f"{address}/items/{{item}}": _get(
            "features",
            f"{title}: one feature.",
            {GEOJSON: {}, HTML: {}},
            [
                _path("item", {"type": "string"}, "Id of a feature."),
                _CRS,
                *_as_of(layer),
                _format("json", "html"),
            ],
        ),
        f"{address}/tiles": _get("tiles", f"{title}: tilesets.", {JSON: {}}, [_format("json")]),
        quad: _get("tiles", f"{title}: the tileset.", {JSON: {}}, [_format("json")]),
        f"{quad}/{{z}}/{{y}}/{{x}}": _tile(f"{title}: one tile, row before column."),
        f"/tiles/{layer.name}/{{z}}/{{x}}/{{y}}": _tile(f"{title}: one tile, column before row."),
        f"/tiles/{layer.name}/tilejson": _get(
            "tiles", f"{title}: TileJSON 3.0.", {JSON: {}}, [_format("json")]
        ),
    }


def items_parameters(layer: Layer) -> list[Part]:
    """Return the query parameters of a layer's items."""
    return [
        _query(
            "limit",
            {
                "type": "integer",
                "minimum": 1,
                "maximum": MAX_LIMIT,
                "default": DEFAULT_LIMIT,
            },
            f"Features on a page, at most {MAX_LIMIT}, {MAX_PAGE_LIMIT} in html: more is capped."
            " It cuts a file, too.",
        ),
        _query("after", {"type": "string"}, "Where a page starts: taken from a `next` link."),
        _BBOX,
        _query("bbox-crs", {"type": "string", "enum": _URIS}, "Reference system of `bbox`."),
        _DATETIME,
        _CRS,
        _query(
            "sortby",
            {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_SORT_KEYS,
                "items": _sort_schema(layer),
            },
            "Properties to sort by, `-` before one for descending; missing values come last.",
        ),
        _query(
            "properties",
            {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "enum": [*layer.properties]},
            },
            "Properties that are wanted; `expires_on` always comes along.",
        ),
        _query("filter", _text("id LIKE '%1' OR NOT expires_on IS NULL"), "CQL2, text or JSON."),
        _query("filter-lang", _LANGS, "Default: by its look; cql-text is GDAL's."),
        _query(
            "filter-crs",
            {"type": "string", "enum": _URIS[:3]},
            "Reference system of the coordinates in `filter`.",
        ),
        *_equalities(layer),
        _query("count", {"type": "string", "enum": ["exact"]}, "Count on beyond 10,001 matches."),
        *_as_of(layer),
        _format(*(fmt.name for fmt in FORMATS)),
    ]


def _as_of(layer: Layer) -> list[Part]:
    return [_AS_OF] if layer.name in WITH_A_PAST else []


def _equalities(layer: Layer) -> list[Part]:
    """Return one parameter per property, which selects items with that value; lists have none."""
    properties = queryables_schema(layer)["properties"]
    return [
        _query(name, {"type": said["type"]} | _formatted(said), f"Only items whose {name} it is.")
        for name, said in properties.items()
        if said.get("type", "array") != "array"
    ]


def _formatted(said: Part) -> Part:
    return {"format": said["format"]} if "format" in said else {}


def _sort_schema(layer: Layer) -> Part:
    names = sorted(layer.sortables)
    return {"type": "string", "enum": [sign + name for name in names for sign in ("", "+", "-")]}


def _get(
    tag: str,
    summary: str,
    contents: Part,
    parameters: Sequence[Part],
    *problems: int,
    description: str | None = None,
) -> Part:
    said = {media_type: {"schema": _body(media_type)} for media_type in contents}
    statuses = {*problems, 400, 404, 429, 503}
    return {
        "get": {
            "tags": [tag],
            "summary": summary,
            **({} if description is None else {"description": description}),
            "parameters": [*parameters],
            "responses": {
                "200": {"description": summary, "content": said},
                "304": {"description": "What the asker has is still the same."},
                **{
                    str(status): {"description": _WORDS[status], "content": _PROBLEM}
                    for status in sorted(statuses)
                },
            },
        }
    }


def _body(media_type: str) -> Part:
    if media_type.endswith("json"):
        return {"type": "object"}
    is_text = media_type.startswith("text/") or media_type.endswith("xml")
    return {"type": "string"} if is_text else {"type": "string", "format": "binary"}


def _tile(summary: str, parameters: Sequence[Part] = ()) -> Part:
    most = 2**MAX_ZOOM - 1
    places = [
        _path("z", {"type": "integer", "minimum": 0, "maximum": MAX_ZOOM}, "Zoom."),
        _path("x", {"type": "integer", "minimum": 0, "maximum": most}, "Column, from the west."),
        _path("y", {"type": "integer", "minimum": 0, "maximum": most}, "Row, from the north."),
    ]
    found = _get("tiles", summary, {}, [*places, *parameters, _format("mvt")])
    responses = found["get"]["responses"]
    binary = {"schema": {"type": "string", "format": "binary"}}
    responses["200"] = {"description": "A vector tile.", "content": {MVT: binary}}
    responses["204"] = {"description": "The tile exists and holds nothing."}
    return found


def _query(name: str, schema: Part, description: str) -> Part:
    # ``style`` and ``explode`` as in OGC 17-069r4, 7.15.2 to 7.15.4, and its test suite: a list is
    # one value with commas.
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": schema,
        "style": "form",
        "explode": False,
        "description": description,
    }


def _path(name: str, schema: Part, description: str) -> Part:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": schema,
        "description": description,
    }


def _text(example: str) -> Part:
    return {"type": "string", "example": example}


def _format(*names: str) -> Part:
    return _query("f", {"type": "string", "enum": [*names]}, "Format.")


_COPYING: Final = """
1. Ask without `since`: the copy is empty.
2. Of each answer store every feature of `features` by its id in place of the one before, delete
   every id of `gone`, and keep `token`. While `complete` is false, ask again at once with `since`
   set to it.
3. From then on ask with the last token at least once every 24 hours.
4. Never show a feature after its `expires_on`.
5. At 410 delete the copy and begin again at 1: the token is older than 35 days, or the collection
   was imported anew (roads, boundaries, places).

`gone` says no reason: hidden, expired and deleted are the same. The `state` of a crossing is that
of the moment of asking; for later ones read its `statuses`.
"""

_LANGS: Final = {"type": "string", "enum": [*get_args(Lang)]}

_BBOX: Final = _query(
    "bbox",
    {
        "type": "array",
        "minItems": 4,
        "maxItems": 6,
        "items": {"type": "number"},
        "example": [-72.6, 7.0, -72.3, 8.0],
    },
    "West, south, east, north in degrees, longitude first (CRS84), or in `bbox-crs`; six numbers"
    " carry heights, which are ignored. West beyond east spans the antimeridian.",
)
_DATETIME: Final = _query(
    "datetime",
    _text("2026-11-01T00:00:00Z/.."),
    "Instant or interval (RFC 3339), open ends as `..`, or an instant and a duration (ISO 8601);"
    " collections that are not bound to time ignore it.",
)
_CRS: Final = _query(
    "crs", {"type": "string", "enum": _URIS}, "Reference system of the answer; CRS84 without."
)
_AS_OF: Final = _query(
    "as_of",
    {"type": "string", "format": "date"},
    "Day at whose end, by UTC, the collection is read, as far as it may be seen today.",
)
