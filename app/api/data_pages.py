"""The published data as pages for people (OGC API, class html): made of the same JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from starlette.responses import Response

from app.published import Asked
from app.responses import page_response
from app.shelf import Kept
from app.web.data_page import DataView, Link, as_text, feature_rows, render_data
from tiles.formats import FORMATS, HTML
from tiles.layer import Layer

type Body = dict[str, Any]

#: Columns of a table of features [A]: what fits beside each other; the rest is on its own page.
_COLUMNS: Final = 6


def collections_page(asked: Asked, kept: Kept) -> Response:
    """Return the list of collections."""
    body: Body = orjson.loads(kept.body)
    base = asked.base
    rows = [
        (Link(one["id"], f"{base}/collections/{one['id']}?f=html"), [one["title"], one["license"]])
        for one in body["collections"]
    ]
    view = DataView(
        title="Collections",
        lead="Everything that Amparo publishes, as OGC API Features, tiles and files.",
        crumbs=[_home(base)],
        notices=_notices(body),
        columns=["title", "licence"],
        rows=rows,
        links=[
            Link("As JSON", f"{base}/collections?f=json"),
            Link("Documentation", f"{base}/docs"),
            Link("API", f"{base}/api"),
        ],
    )
    return _page(view)


def conformance_page(base: str, classes: Sequence[str]) -> Response:
    """Return the conformance classes that hold."""
    view = DataView(
        title="Conformance",
        lead="The classes of OGC's standards that hold here.",
        crumbs=[_home(base)],
        links=[*(Link(uri, uri) for uri in classes), Link("As JSON", f"{base}/conformance?f=json")],
    )
    return _page(view)


def collection_page(asked: Asked, layer: Layer, kept: Kept) -> Response:
    """Return what a collection is, and what its properties mean."""
    body: Body = orjson.loads(kept.body)
    address = f"{asked.base}/collections/{layer.name}"
    files = [Link(fmt.title, f"{address}/items?f={fmt.name}") for fmt in FORMATS if fmt is not HTML]
    view = DataView(
        title=layer.title,
        lead=layer.description,
        crumbs=_crumbs(asked.base),
        notices=_notices(body),
        facts=[
            ("Licence", layer.licence),
            *((field.name, field.word.text) for field in layer.fields),
        ],
        links=[
            Link("Items", f"{address}/items?f=html"),
            Link("As JSON", f"{address}?f=json"),
            _documented(asked.base, layer),
            *files,
        ],
        credit=layer.attribution,
    )
    return _page(view)


def items_page(asked: Asked, layer: Layer, kept: Kept, query: Mapping[str, str]) -> Response:
    """Return a page of features as a table."""
    body: Body = orjson.loads(kept.body)
    address = f"{asked.base}/collections/{layer.name}"
    columns = [name for name in layer.tile_columns if name not in {"id", "demo"}][:_COLUMNS]
    onward = [one["href"] for one in body["links"] if one["rel"] == "next"]
    as_json = urlencode({**query, "f": "json"})
    matched = body.get("numberMatched")
    known = "more than 10,000" if matched is None else f"{matched:,}"
    view = DataView(
        title=f"{layer.title}: items",
        lead=f"{body['numberReturned']:,} of {known}.",
        crumbs=[*_crumbs(asked.base), Link(layer.title, f"{address}?f=html")],
        notices=_notices(body),
        columns=columns,
        rows=feature_rows(body["features"], columns, f"{address}/items"),
        links=[
            *(Link("Next page", href) for href in onward),
            Link("As GeoJSON", f"{address}/items?{as_json}"),
            _documented(asked.base, layer),
        ],
        credit=layer.attribution,
    )
    return _page(view)


def item_page(asked: Asked, layer: Layer, kept: Kept) -> Response:
    """Return one feature with everything that is published of it."""
    body: Body = orjson.loads(kept.body)
    address = f"{asked.base}/collections/{layer.name}"
    view = DataView(
        title=as_text(body["properties"].get("name") or body["id"]),
        lead=f"Feature {body['id']} of {layer.title}.",
        crumbs=[
            *_crumbs(asked.base),
            Link(layer.title, f"{address}?f=html"),
            Link("items", f"{address}/items?f=html"),
        ],
        notices=_notices(body),
        facts=[
            *((name, as_text(value)) for name, value in body["properties"].items()),
            ("geometry", _place(body["geometry"])),
        ],
        links=[
            Link("As GeoJSON", body["links"][0]["href"].replace("f=html", "f=json")),
            _documented(asked.base, layer),
        ],
        credit=layer.attribution,
    )
    return _page(view)


def _page(view: DataView) -> Response:
    answer = page_response(render_data(view))
    answer.headers["Vary"] = "Accept, Authorization"
    return answer


def _home(base: str) -> Link:
    return Link("Amparo", f"{base}/?f=html")


def _crumbs(base: str) -> list[Link]:
    return [_home(base), Link("Collections", f"{base}/collections?f=html")]


def _documented(base: str, layer: Layer) -> Link:
    return Link("Documentation", f"{base}/docs/collections/{layer.name}")


def _notices(body: Body) -> list[str]:
    return [body["notice"]] if "notice" in body else []


def _place(geometry: Body | None) -> str:
    if geometry is None:
        return "–"
    if geometry["type"] == "Point":
        lon, lat = geometry["coordinates"][:2]
        return f"{lon}, {lat}"
    return str(geometry["type"])
