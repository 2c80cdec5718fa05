"""File downloads of items: every match in one database snapshot, streamed."""

from datetime import date
from urllib.parse import urlencode

from starlette.responses import Response

from app.api.collections.links import JSON, alternates, link
from app.api.collections.serving import PRIVATE, PublishedRequest
from app.exceptions import InvalidParameterError
from app.http.etags import PUBLIC
from app.http.pipeline import IS_HEAD
from app.http.streaming import download_head, download_response
from app.settings import Settings
from geo.db.sessions import Tier
from tiles.catalogue.layer import Layer
from tiles.crs import CRS84
from tiles.downloads.collection import download
from tiles.downloads.formats import FORMATS, FeatureFormat
from tiles.downloads.rows import DownloadRequest
from tiles.features.items import Past, selected
from tiles.features.request import Window


def is_file_offered(window: Window) -> bool:
    """Return whether a query can be answered as a file: without paging, and in CRS84 only."""
    return window.after is None and window.crs is CRS84


async def file_answer(
    asked: PublishedRequest,
    layer: Layer,
    window: Window,
    fmt: FeatureFormat,
    query: dict[str, str],
    past: Past | None,
    today: date,
) -> Response:
    """Return the matches of a query as a file: all, or as many as `limit` says if given.

    Raises
    ------
    InvalidParameterError
        If the query asks for a later page or for another CRS than CRS84.
    BusyError
        If too many downloads are running.
    """
    if not is_file_offered(window):
        if window.after is not None:
            raise InvalidParameterError("after", f"pages are in json; {fmt.name} is whole")
        raise InvalidParameterError("crs", f"{fmt.name} comes in {CRS84.uri} alone")
    rows, values = selected(layer, window, past)
    if "limit" in query:
        rows = rows.limit(window.limit)
    address = f"{asked.base}/collections/{layer.name}"
    links = [
        link(f"{address}/items?{urlencode(query)}", "self", fmt.media_type),
        *alternates(f"{address}/items", query, [one for one in FORMATS if one is not fmt]),
        link(address, "collection", JSON, layer.title),
    ]
    wanted = DownloadRequest(layer, rows, values, {"links": links})
    headers = {
        "Cache-Control": PUBLIC if asked.tier is Tier.PUBLIC else PRIVATE,
        "Vary": "Accept, Accept-Encoding, Authorization",
    }
    name = f"amparo-{layer.name}-{today.isoformat()}{fmt.extension}"
    if IS_HEAD in asked.request.scope:
        return download_head(fmt, name, headers)
    pieces = download(asked.reader.connection, wanted, fmt)
    settings: Settings = asked.request.state.settings
    return await download_response(pieces, fmt, name, headers, still_s=settings.download_still_s)
