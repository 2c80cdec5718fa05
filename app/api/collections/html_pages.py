"""HTML pages of the published data, rendered from the JSON responses (OGC API, class html)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
from starlette.responses import Response

from app.api.collections.links import HTML, JSON, in_format
from app.api.collections.parameters import MAX_PAGE_LIMIT
from app.api.collections.serving import PublishedRequest
from app.http.responses import page_response
from app.page_models.data_page import DataView, PageLink, as_text, feature_rows, render_data
from app.snapshots.response_cache import Kept
from tiles.catalogue.layer import Layer
from tiles.downloads.formats import FORMATS
from tiles.features.request import Window

type Body = dict[str, Any]

#: Columns of a feature table that fit side by side [A]; the feature's own page shows the others.
_COLUMNS: Final = 6

#: Names of the formats by media type.
_TITLES: Final = {JSON: "JSON", **{fmt.media_types[0]: fmt.title for fmt in FORMATS}}


def as_page(window: Window, query: Mapping[str, str]) -> tuple[Window, dict[str, str]]:
    """Return window and query for an HTML page: a capped limit, and no ``f`` parameter.

    Without ``f`` the page is rendered from the same cached JSON that JSON clients get.
    """
    asked = {name: value for name, value in query.items() if name != "f"}
    if window.limit <= MAX_PAGE_LIMIT:
        return window, asked
    return replace(window, limit=MAX_PAGE_LIMIT), {**asked, "limit": str(MAX_PAGE_LIMIT)}


def collections_page(asked: PublishedRequest, kept: Kept) -> Response:
    """Return the page with the list of collections."""
    body: Body = orjson.loads(kept.body)
    base = asked.base
    rows = [
        (
            PageLink(one["id"], f"{base}/collections/{one['id']}?f=html"),
            [one["title"], one["license"]],
        )
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
            *_leads(body),
            PageLink("Documentation", f"{base}/docs"),
            PageLink("API", f"{base}/api"),
            PageLink("Coverage of corridors", f"{base}/planner"),
        ],
    )
    return _page(view)


def conformance_page(base: str, classes: Sequence[str]) -> Response:
    """Return the page with the conformance classes."""
    view = DataView(
        title="Conformance",
        lead="The classes of OGC's standards that hold here.",
        crumbs=[_home(base)],
        links=[
            *(PageLink(uri, uri) for uri in classes),
            PageLink("As JSON", f"{base}/conformance?f=json"),
        ],
    )
    return _page(view)


def collection_page(asked: PublishedRequest, layer: Layer, kept: Kept) -> Response:
    """Return the page that describes a collection and its properties."""
    body: Body = orjson.loads(kept.body)
    view = DataView(
        title=layer.title,
        lead=layer.description,
        crumbs=_crumbs(asked.base),
        notices=_notices(body),
        facts=[
            ("Licence", layer.licence),
            *((field.name, field.word.text) for field in layer.fields),
        ],
        links=_leads(body),
        credit=layer.attribution,
    )
    return _page(view)


def items_page(asked: PublishedRequest, layer: Layer, kept: Kept) -> Response:
    """Return a page of features as an HTML table."""
    body: Body = orjson.loads(kept.body)
    address = f"{asked.base}/collections/{layer.name}"
    columns = [name for name in layer.tile_columns if name not in {"id", "demo"}][:_COLUMNS]
    matched = body.get("numberMatched")
    known = "more than 10,000" if matched is None else f"{matched:,}"
    view = DataView(
        title=f"{layer.title}: items",
        lead=f"{body['numberReturned']:,} of {known}.",
        crumbs=[*_crumbs(asked.base), PageLink(layer.title, f"{address}?f=html")],
        notices=_notices(body),
        columns=columns,
        rows=feature_rows(body["features"], columns, f"{address}/items"),
        links=[*_leads(body), _documented(asked.base, layer)],
        credit=layer.attribution,
    )
    return _page(view)


def item_page(asked: PublishedRequest, layer: Layer, kept: Kept) -> Response:
    """Return the page of one feature with all its published properties."""
    body: Body = orjson.loads(kept.body)
    address = f"{asked.base}/collections/{layer.name}"
    view = DataView(
        title=as_text(body["properties"].get("name") or body["id"]),
        lead=f"Feature {body['id']} of {layer.title}.",
        crumbs=[
            *_crumbs(asked.base),
            PageLink(layer.title, f"{address}?f=html"),
            PageLink("items", f"{address}/items?f=html"),
        ],
        notices=_notices(body),
        facts=[
            *((name, as_text(value)) for name, value in body["properties"].items()),
            ("geometry", _place(body["geometry"])),
        ],
        links=[*_leads(body), _documented(asked.base, layer)],
        credit=layer.attribution,
    )
    return _page(view)


def _leads(body: Body) -> list[PageLink]:
    """Return the links of a JSON response as links of its HTML page.

    A link to a resource with several formats names its format in ``f``, because otherwise the
    browser's Accept header would select the format.
    """
    found = []
    for one in body["links"]:
        rel, href, media_type = one["rel"], one["href"], one["type"]
        match rel:
            case "self":
                text, rel = f"As {_TITLES[media_type]}", "alternate"
                href = in_format(href, "json")
            case "alternate" if media_type == HTML:
                text, rel = "This page", "self"
            case "alternate":
                text = f"As {_TITLES[media_type]}"
            case "next" | "collection":
                href, media_type = in_format(href, "html"), HTML
                text = "Next page" if rel == "next" else one["title"]
            case "items" if media_type == HTML:
                text = "Items"
            case "items":
                text = f"Items as {_TITLES[media_type]}"
                href = href if "?" in href else in_format(href, "json")
            case _:
                text = one["title"]
        found.append(PageLink(text, href, rel, media_type))
    # Links to the next page and to the items come first: readers look for them below a table.
    return sorted(found, key=lambda link: link.text not in {"Next page", "Items"})


def _page(view: DataView) -> Response:
    answer = page_response(render_data(view))
    answer.headers["Vary"] = "Accept, Authorization"
    return answer


def _home(base: str) -> PageLink:
    return PageLink("Amparo", f"{base}/?f=html")


def _crumbs(base: str) -> list[PageLink]:
    return [_home(base), PageLink("Collections", f"{base}/collections?f=html")]


def _documented(base: str, layer: Layer) -> PageLink:
    return PageLink("Documentation", f"{base}/docs/collections/{layer.name}")


def _notices(body: Body) -> list[str]:
    return [body["notice"]] if "notice" in body else []


def _place(geometry: Body | None) -> str:
    if geometry is None:
        return "–"
    if geometry["type"] == "Point":
        lon, lat = geometry["coordinates"][:2]
        return f"{lon}, {lat}"
    return str(geometry["type"])
