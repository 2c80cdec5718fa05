"""HTML pages of the published data, for browsers (OGC API, conformance class html)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from app.http.assets import asset_url
from app.page_models.docs_page import coded

_TEMPLATES = Path(__file__).parents[1] / "templates"

#: Longest value in a table cell, characters; the feature's own page shows the full value [A].
_LONGEST = 80


@dataclass(frozen=True)
class PageLink:
    """A link of a data page.

    Parameters
    ----------
    text, href
        Link text and target URL.
    rel, media_type
        Relation (RFC 8288) and media type of the target, as attributes of the HTML link; "" leaves
        the attribute out.
    """

    text: str
    href: str
    rel: str = ""
    media_type: str = ""


@dataclass(frozen=True)
class DataView:
    """Content of a data page.

    Parameters
    ----------
    title, lead
        Heading and introduction.
    crumbs
        Breadcrumb links, from the landing page on.
    notices
        Notices of the page, the DEMO warning among them (P35).
    facts
        Pairs of name and value, one per line.
    columns, rows
        A table; the first cell of each row links to the feature.
    links
        Further links: other formats, the next page.
    credit
        Attribution of the data.
    """

    title: str
    lead: str
    crumbs: Sequence[PageLink] = ()
    notices: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    columns: Sequence[str] = ()
    rows: Sequence[tuple[PageLink, Sequence[str]]] = ()
    links: Sequence[PageLink] = ()
    credit: str = ""


def render_data(view: DataView) -> str:
    """Render a data page as HTML."""
    return _template().render(view=view, asset_url=asset_url)


def feature_rows(
    features: Sequence[Mapping[str, Any]], columns: Sequence[str], address: str
) -> list[tuple[PageLink, Sequence[str]]]:
    """Return the table rows of features, each with a link to the feature's page."""
    rows: list[tuple[PageLink, Sequence[str]]] = []
    for feature in features:
        properties = feature["properties"]
        cells = [_cut(as_text(properties.get(name))) for name in columns]
        own = f"{address}/{quote(str(feature['id']), safe='')}?f=html"
        rows.append((PageLink(str(feature["id"]), own), cells))
    return rows


def as_text(value: Any) -> str:  # noqa: ANN401 -- any JSON
    """Write a JSON value for readers, with a dash for null."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case list() if all(isinstance(one, str) for one in value):
            return ", ".join(value) or "–"
        case _:
            return orjson.dumps(value).decode()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["coded"] = coded
    return environment.get_template("data.html")
