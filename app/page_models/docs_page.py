"""Partner documentation: list of pages, and their rendering to HTML."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from app.http.assets import asset_url

_TEMPLATES = Path(__file__).parents[1] / "templates"

#: Folder of the example files, which `tests/docs` runs unchanged.
EXAMPLES_FOLDER: Final = Path(__file__).parents[2] / "docs" / "examples"

_LANGUAGES: Final = {".py": "Python", ".mjs": "JavaScript", ".R": "R", ".sh": "curl"}

_CODE: Final = re.compile(r"`([^`]+)`")

#: Longest geometry that a sample shows, in positions [A]; a boundary has thousands.
_MOST_POSITIONS: Final = 6


@dataclass(frozen=True)
class Topic:
    """One page of the documentation, with its text in ``templates/docs/<name>.html``.

    Parameters
    ----------
    name
        Last segment of the page's path.
    title, lead
        Heading and introduction.
    examples
        Files of `EXAMPLES_FOLDER` that the page shows.
    lang
        Language of the text.
    """

    name: str
    title: str
    lead: str
    examples: tuple[str, ...] = ()
    lang: str = "en"


TOPICS: Final = (
    Topic(
        "use",
        "What the data may not be used for",
        "Read this first: people travel by these records.",
    ),
    Topic(
        "reading",
        "Reading a collection",
        "Pages, boxes, times, filters, order, properties and reference systems.",
        ("items.sh", "items.py", "items.mjs", "frames.py", "layers_qgis.py", "items.R"),
    ),
    Topic(
        "formats",
        "Formats and downloads",
        "A page in the format you read, or a whole collection as one file.",
        ("download.py",),
    ),
    Topic(
        "tiles",
        "Tiles and styles",
        "Vector tiles for MapLibre, QGIS and others, with styles and a legend.",
        ("tiles.mjs",),
    ),
    Topic(
        "changes",
        "Keeping a copy",
        "The change feed, and the rule that a copy forgets within 24 hours.",
        ("mirror.py", "changes.mjs"),
    ),
    Topic(
        "routes",
        "Routes",
        "Ways with lower known exposure, in three shapes. Nothing asked is stored.",
        ("route.py", "route.sh", "library.py"),
    ),
    Topic(
        "errors",
        "Errors",
        "Every refusal says what is wrong and what to do.",
        ("problem.sh",),
    ),
    Topic(
        "access",
        "Access, tokens and caching",
        "What anybody may read, what a partner's token adds, and what may be kept where.",
    ),
    Topic(
        "conformance",
        "Conformance and limits",
        "Which standards hold, and how much may be asked at once.",
    ),
    Topic(
        "es",
        "Resumen en español",
        "Lo esencial para organizaciones que leen los datos.",
        lang="es",
    ),
)


@dataclass(frozen=True)
class Example:
    """One runnable example file."""

    name: str
    language: str
    text: str


def find_topic(name: str) -> Topic | None:
    """Return a topic by its name, or None."""
    return next((topic for topic in TOPICS if topic.name == name), None)


def find_example(name: str) -> Example | None:
    """Return an example by its file name, or None if no page shows a file of the name."""
    if not any(name in topic.examples for topic in TOPICS):
        return None
    return _example(name)


@cache
def _example(name: str) -> Example:
    language = "QGIS" if name.endswith("_qgis.py") else _LANGUAGES[Path(name).suffix]
    return Example(name, language, (EXAMPLES_FOLDER / name).read_text(encoding="utf-8"))


def render_docs(template: str, **values: object) -> str:
    """Render a page of the documentation, ``templates/docs/<template>.html``.

    Every template needs `base` (URL of this server), `title`, `lead`, `notice` (the DEMO warning,
    or None) and `here` (path of the page).
    """
    made = _environment().get_template(f"docs/{template}.html")
    return made.render(topics=TOPICS, **values)


def render_topic(topic: Topic, **values: object) -> str:
    """Render the page of a topic with its examples."""
    return render_docs(
        topic.name,
        title=topic.title,
        lead=topic.lead,
        lang=topic.lang,
        here=f"/docs/{topic.name}",
        examples=[_example(name) for name in topic.examples],
        **values,
    )


def sample_text(feature: dict[str, Any]) -> str:
    """Return a feature as indented JSON, without the coordinates of a long geometry."""
    geometry = feature["geometry"]
    if geometry is not None and _positions(geometry["coordinates"]) > _MOST_POSITIONS:
        feature = {**feature, "geometry": {**geometry, "coordinates": ["…"]}}
    return orjson.dumps(feature, option=orjson.OPT_INDENT_2).decode()


def _positions(coordinates: Any) -> int:  # noqa: ANN401 -- nested lists
    if coordinates and not isinstance(coordinates[0], list):
        return 1
    return sum(_positions(inner) for inner in coordinates)


def coded(text: str) -> Markup:
    """Escape a text to HTML, with the parts between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 -- escaped here


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset_url"] = asset_url
    environment.filters["coded"] = coded
    return environment
