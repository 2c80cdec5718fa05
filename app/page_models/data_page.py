"""Pages of the published data for people who look around in a browser (OGC API, class html)."""

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

#: Characters of a value in a table; the feature's own page shows it whole [A].
_LONGEST = 80


@dataclass(frozen=True)
class PageLink:
    """A word that leads somewhere.

    Parameters
    ----------
    text, href
        What is read, and where it leads.
    rel, media_type
        What is there is to the page (RFC 8288), and comes as; empty where the page says it.
    """

    text: str
    href: str
    rel: str = ""
    media_type: str = ""


@dataclass(frozen=True)
class DataView:
    """What a page of data shows.

    Parameters
    ----------
    title, lead
        What it is.
    crumbs
        The way to it, from the landing page.
    notices
        What has to be said with it; those of a demonstration among them (P35).
    facts
        Names and values, one a line.
    columns, rows
        A table; the first cell of a row leads to the feature.
    links
        Where to go on: other formats, the next page.
    credit
        Whom to credit.
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
    """Return a page."""
    return _template().render(view=view, asset_url=asset_url)


def feature_rows(
    features: Sequence[Mapping[str, Any]], columns: Sequence[str], address: str
) -> list[tuple[PageLink, Sequence[str]]]:
    """Return the rows of a table of features, each with a link to its own page."""
    rows: list[tuple[PageLink, Sequence[str]]] = []
    for feature in features:
        properties = feature["properties"]
        cells = [_cut(as_text(properties.get(name))) for name in columns]
        own = f"{address}/{quote(str(feature['id']), safe='')}?f=html"
        rows.append((PageLink(str(feature["id"]), own), cells))
    return rows


def as_text(value: Any) -> str:  # noqa: ANN401 -- any JSON
    """Return a JSON value as people read it; what is not known is a dash."""
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
