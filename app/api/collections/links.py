"""Shared parts of published responses: media types, links, and the DEMO notice."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus

from tiles.downloads.formats import FeatureFormat
from tiles.features.items import DEMO_NOTICE

JSON = "application/json"
GEOJSON = "application/geo+json"
MERGE_PATCH = "application/merge-patch+json"
SCHEMA = "application/schema+json"
HTML = "text/html"
MVT = "application/vnd.mapbox-vector-tile"
#: Prefix of OGC's own link relations.
REL = "http://www.opengis.net/def/rel/ogc/1.0"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


#: Characters that a URL holds unescaped (RFC 3986, 2.3).
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~-]*", re.ASCII)


def written(query: Mapping[str, str]) -> str:
    """Encode a query string as `urllib.parse.urlencode` does, in a third of its time.

    Parameters
    ----------
    query
        Values by parameter name; the names are known and need no escaping.
    """
    plain = _PLAIN.fullmatch
    pairs = (f"{name}={v if plain(v) else quote_plus(v)}" for name, v in query.items())
    return "&".join(pairs)


def link(href: str, rel: str, media_type: str = JSON, title: str | None = None) -> dict[str, str]:
    """Return a link object of the OGC API."""
    made = {"href": href, "rel": rel, "type": media_type}
    return made if title is None else {**made, "title": title}


def in_format(href: str, name: str) -> str:
    """Append a format parameter to a URL that has none."""
    return f"{href}{'&' if '?' in href else '?'}f={name}"


def alternates(
    address: str, query: Mapping[str, str], others: Iterable[FeatureFormat]
) -> list[dict[str, str]]:
    """Return links to the same resource in other formats (OGC API Features, 7.15.7, 7.16.2).

    Parameters
    ----------
    address, query
        URL and parameters of the response that holds the links; ``f`` in the query is ignored.
    """
    asked = written({name: value for name, value in query.items() if name != "f"})
    plain = f"{address}?{asked}" if asked else address
    return [link(in_format(plain, one.name), "alternate", one.media_types[0]) for one in others]


def demo_members(*, is_demo: bool, notice: str | None = None) -> dict[str, Any]:
    """Return the members ``demo`` and ``notice`` of a response.

    ``demo`` is present only while demo rows are loaded (P35); ``notice`` joins the DEMO notice and
    the layer's own notice, as far as there are any.
    """
    words = [DEMO_NOTICE] if is_demo else []
    words += [notice] if notice else []
    said: dict[str, Any] = {"demo": True} if is_demo else {}
    return {**said, "notice": " ".join(words)} if words else said
