"""Files of a corridor, by format: tables, features, drawings, and a report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from app.i18n import route_phrases
from app.i18n.translation import Words
from app.planning import (
    corridor_features,
    corridor_picture,
    corridor_rows,
    corridor_strip,
    corridor_table,
)
from app.planning.corridor_strip import Strip
from app.planning.corridors import MeasuredCorridor

type FileFormat = Literal["html", "csv", "xlsx", "geojson", "gpkg", "svg", "png"]


@dataclass(frozen=True, eq=False)
class CorridorContent:
    """Contents of a corridor's files.

    Attributes
    ----------
    names
        Name of each service, in the order of the request.
    strip
        The corridor as a strip, which the drawings show.
    w
        Language of the drawings and of the report. Tables and features hold codes instead of texts.
    """

    found: MeasuredCorridor
    now: datetime
    names: Sequence[str]
    strip: Strip
    w: Words

    @property
    def title(self) -> str:
        """Title of a drawing: the corridor and the day."""
        return f"{corridor_rows.name_of(self.found)}, {self.w.day(self.found.now.on)}"

    @property
    def notes(self) -> list[str]:
        """Lines below a drawing: its legend, its notice (P35 for fictitious data), its sources."""
        notice = route_phrases.notice(is_demo=self.found.has_demo)
        roads = corridor_rows.roads_of(self.found, self.w)
        longest = self.w.km(self.found.request.targets.gap_m)
        legend = self.w.gettext(corridor_strip.LEGEND) % {"km": longest}
        return corridor_picture.wrapped((legend, notice, f"Amparo, {self.now:%Y-%m-%d}; {roads}"))


@dataclass(frozen=True, slots=True)
class CorridorFile:
    """Format of a file: its media type, the file's name, and the function that writes it."""

    media_type: str
    name: str
    write: Callable[[CorridorContent], bytes]


def _report(content: CorridorContent) -> bytes:
    # folium takes a third of a second to import, and few servers are asked for a report.
    from app.planning.corridor_report import report  # noqa: PLC0415

    return report(content.found, content.names, content.w).encode()


def _svg(content: CorridorContent) -> bytes:
    return corridor_strip.svg_file(content.strip, content.title, content.notes).encode()


def _png(content: CorridorContent) -> bytes:
    return corridor_picture.png(content.strip, content.title, content.notes)


FILES: Final[Mapping[FileFormat, CorridorFile]] = {
    "html": CorridorFile("text/html", "amparo-corredor.html", _report),
    "csv": CorridorFile(
        "text/csv", "amparo-tramos.csv", lambda one: corridor_table.gaps_csv(one.found, one.now)
    ),
    "xlsx": CorridorFile(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "amparo-corredor.xlsx",
        lambda one: corridor_table.workbook(one.found, one.now),
    ),
    "geojson": CorridorFile(
        "application/geo+json",
        "amparo-corredor.geojson",
        lambda one: corridor_features.geojson(one.found, one.now),
    ),
    "gpkg": CorridorFile(
        "application/geopackage+sqlite3",
        "amparo-corredor.gpkg",
        lambda one: corridor_features.geopackage(one.found, one.now),
    ),
    "svg": CorridorFile("image/svg+xml", "amparo-corredor.svg", _svg),
    "png": CorridorFile("image/png", "amparo-corredor.png", _png),
}
