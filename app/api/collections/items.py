"""Items of collections: pages, single features, files (OGC API Features, Parts 1 to 3)."""

from collections.abc import Hashable, Mapping
from datetime import UTC, date
from typing import Any, Final
from urllib.parse import quote

import orjson
from starlette.responses import Response

from app.api.collections import query as windows
from app.api.collections.downloads import file_answer, is_file_offered
from app.api.collections.html_pages import as_page, item_page, items_page
from app.api.collections.links import GEOJSON, JSON, alternates, demo_members, link, written
from app.api.collections.parameters import DEFAULT_LIMIT, read_as_of, read_crs
from app.api.collections.serving import PublishedRequest, PublishedRoute
from app.snapshots.response_cache import Kept
from geo.db.sessions import Tier
from tiles.catalogue.layer import Layer
from tiles.catalogue.layers import find_layer, layers_for
from tiles.crs import Crs
from tiles.downloads import formats
from tiles.downloads.formats import FORMATS
from tiles.features.items import Page, Past, count_matched, read_item, read_page, read_past
from tiles.features.paging import write_mark
from tiles.features.queryables import queryable_columns
from tiles.features.request import Window

type Body = dict[str, Any]

#: Query parameters of items that do not change the number of matching features.
_UNCOUNTED: Final = windows.PAGING | {"f", "crs", "properties", "sortby", "count"}

#: Formats of a single feature.
_OF_ONE: Final = (formats.GEOJSON, formats.HTML)

#: Formats besides GeoJSON of an items response: key True if the query can be answered as a file
#: (`is_file_offered`), else False.
_OTHERS: Final = {
    False: (formats.HTML,),
    True: tuple(fmt for fmt in FORMATS if fmt is not formats.GEOJSON),
}


def routes() -> list[PublishedRoute]:
    """Return the items routes of each collection."""
    found = []
    for layer in layers_for(Tier.PUBLIC):
        address = f"/collections/{layer.name}/items"
        found += [
            PublishedRoute(address, items, layer=layer.name),
            PublishedRoute(f"{address}/{{item:path}}", item, layer=layer.name),
        ]
    return found


async def items(asked: PublishedRequest) -> Response:
    """Return one page of features, or all of them as a file, depending on ``f``."""
    layer = find_layer(asked.path["layer"], asked.tier)
    query = asked.only(*windows.NAMES, *queryable_columns(layer))
    fmt = asked.format(FORMATS, query.get("f"))
    today = asked.request.state.clock().astimezone(UTC).date()
    window = windows.read_window(layer, query, today)
    if fmt is formats.HTML:
        window, query = as_page(window, query)
        return items_page(asked, layer, await _kept_page(asked, layer, window, query, today))
    if fmt is formats.GEOJSON:
        return asked.answer(await _kept_page(asked, layer, window, query, today), GEOJSON)
    past = await _past(asked, layer, window)
    return await file_answer(asked, layer, window, fmt, query, past, today)


async def _kept_page(
    asked: PublishedRequest, layer: Layer, window: Window, query: Mapping[str, str], today: date
) -> Kept:
    base, is_demo = asked.base, asked.is_demo

    async def make() -> tuple[bytes, dict[str, str]]:
        past = await _past(asked, layer, window)
        page = await read_page(asked.reader, layer, window, past)
        matched = await _matched(asked, layer, window, query, page, past)
        address = f"{base}/collections/{layer.name}"
        members = {
            "links": page_links(layer, window, page, address, query),
            "numberReturned": len(page.features),
            **({} if matched is None else {"numberMatched": matched}),
            "attribution": layer.attribution,
            **demo_members(is_demo=is_demo, notice=layer.notice),
        }
        return page_body(page, members), content_crs(window.crs)

    key = "items", layer.name, base, tuple(sorted(query.items())), is_demo, today
    return await asked.kept((layer,), key, make)


def content_crs(crs: Crs) -> dict[str, str]:
    """Return the Content-Crs header of a response (OGC API Features, Part 2)."""
    return {"Content-Crs": f"<{crs.uri}>"}


async def _past(asked: PublishedRequest, layer: Layer, window: Window) -> Past | None:
    if window.as_of is None:
        return None
    async with asked.database.session(asked.tier) as session:
        return await read_past(session, layer, window.as_of)


async def _matched(
    asked: PublishedRequest,
    layer: Layer,
    window: Window,
    query: Mapping[str, str],
    page: Page,
    past: Past | None,
) -> int | None:
    """Return the number of matches over all pages, or None if there are too many to count.

    The number is cached for the layer's edition (version of its data).
    """
    if window.after is None and page.resume_after is None:
        return len(page.features)
    is_exact = query.get("count") == windows.EXACT

    async def make() -> tuple[bytes, dict[str, str]]:
        count = await count_matched(asked.reader, layer, window, past, is_exact=is_exact)
        return orjson.dumps(count), {}

    of = tuple(sorted((name, v) for name, v in query.items() if name not in _UNCOUNTED))
    key: Hashable = "count", layer.name, of, is_exact
    counted: int | None = orjson.loads((await asked.kept((layer,), key, make)).body)
    return counted


def page_links(
    layer: Layer, window: Window, page: Page, address: str, query: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return the links of a page: itself in every format, its collection, and the next page."""
    asked = f"?{written(query)}" if query else ""
    links = [
        link(f"{address}/items{asked}", "self", GEOJSON),
        *alternates(f"{address}/items", query, _OTHERS[is_file_offered(window)]),
        link(address, "collection", JSON, layer.title),
    ]
    if page.resume_after is not None:
        mark = write_mark(page.resume_after)
        onward = written({"limit": str(DEFAULT_LIMIT), **query, "after": mark})
        links.append(link(f"{address}/items?{onward}", "next", GEOJSON))
    return links


def page_body(page: Page, members: Body) -> bytes:
    """Join PostGIS' feature texts and the other members into a FeatureCollection."""
    rest = orjson.dumps(members).decode()[1:]
    return f'{{"type":"FeatureCollection","features":[{",".join(page.features)}],{rest}'.encode()


async def item(asked: PublishedRequest) -> Response:
    """Return one feature; hidden and non-existing features get the same 404 (P39)."""
    layer = find_layer(asked.path["layer"], asked.tier)
    query = asked.only("as_of", "crs", "f")
    fmt = asked.format(_OF_ONE, query.get("f"))
    if fmt is formats.HTML:
        query.pop("f", None)  # the HTML page is rendered from the JSON of a query without f
    item_id, base = asked.path["item"], asked.base
    crs = read_crs("crs", query.get("crs"))
    today = asked.request.state.clock().astimezone(UTC).date()
    window = Window(as_of=read_as_of(query.get("as_of"), today), crs=crs)
    is_demo = asked.is_demo

    async def make() -> tuple[bytes, dict[str, str]]:
        past = await _past(asked, layer, window)
        feature = await read_item(asked.reader, layer, item_id, crs, past)
        address = f"{base}/collections/{layer.name}"
        own = f"{address}/items/{quote(item_id, safe='')}"
        asked_for = f"?{written(query)}" if query else ""
        members = {
            "links": [
                link(f"{own}{asked_for}", "self", GEOJSON),
                *alternates(own, query, _OF_ONE[1:]),
                link(address, "collection", JSON, layer.title),
            ],
            "attribution": layer.attribution,
            **demo_members(is_demo=is_demo, notice=layer.notice),
        }
        body = feature.encode().rstrip()[:-1] + b"," + orjson.dumps(members)[1:]
        return body, content_crs(crs)

    key = "item", layer.name, base, item_id, tuple(sorted(query.items())), is_demo
    kept = await asked.kept((layer,), key, make)
    return item_page(asked, layer, kept) if fmt is formats.HTML else asked.answer(kept, GEOJSON)
