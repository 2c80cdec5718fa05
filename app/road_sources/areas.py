"""Download of the roads in a box from Overpass, as an OpenStreetMap extract."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from app.road_sources.boxes import Box
from app.road_sources.extract_file import road_box, write_extract
from app.road_sources.overpass import KEPT, Overpass
from app.road_sources.overpass_query import borders_query, country_query, roads_query

_ALPHA_2: Final = 2
#: Tags of a country's ISO 3166-1 code, as `routing.osm.country_areas` reads them.
_CODES: Final = ("ISO3166-1:alpha2", "ISO3166-1")

#: Function that is called with the name of a stage, and its numbers of done and of all steps.
type Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Area:
    """OpenStreetMap extract of an area.

    Parameters
    ----------
    file
        The extract, .osm.pbf.
    country
        ISO 3166-1 alpha-2 code, if the area lies in a single country. None if a border crosses the
        area (the extract then holds the countries' boundaries), or if the country is not known.
    """

    file: Path
    country: str | None


def fetch_area(
    overpass: Overpass, box: Box, folder: Path, now: datetime, progress: Progress
) -> Area:
    """Download all OpenStreetMap objects in a box that an import reads, as an extract.

    Overpass is queried for one tile of the box at a time. The answers are cached in ``folder``, so
    that an interrupted download can be continued; answers older than `KEPT` are deleted.

    Raises
    ------
    FetchError
        An answer is missing or incomplete; no extract is written.
    """
    _forget_old(folder, now)
    tiles = list(box.tiles())
    answers = []
    for done, tile in enumerate(tiles):
        progress("roads", done, len(tiles))
        answers.append(overpass.file(roads_query(tile), folder, now, _ignored))
    progress("roads", len(tiles), len(tiles))
    digest = sha256("".join(map(roads_query, tiles)).encode()).hexdigest()[:16]
    # Ways may extend beyond the box and across a border, so query borders in the box of all nodes.
    roads = write_extract(answers, folder / f"{digest}.roads.osm.pbf")
    reach = road_box(roads)
    progress("borders", 0, 1)
    borders = overpass.file(borders_query(reach), folder, now, _ignored)
    if b"<way" in borders.read_bytes():
        file, country = write_extract([*answers, borders], folder / f"{digest}.osm.pbf"), None
        roads.unlink()
    else:
        file, country = roads, _country(overpass.text(country_query(*box.centre)))
    progress("borders", 1, 1)
    return Area(file, country)


def _forget_old(folder: Path, now: datetime) -> None:
    """Delete expired answers and extracts, because they reveal which places were queried (P48)."""
    # A process that was killed leaves an answer unfinished, as ``.part``.
    for file in (*folder.glob("*.osm*"), *folder.glob("*.part")):
        with contextlib.suppress(FileNotFoundError):  # another fetch has moved or deleted it
            if now.timestamp() - file.stat().st_mtime >= KEPT.total_seconds():
                file.unlink()


def _ignored(_: int) -> None:
    """Do nothing: callback for downloads whose progress in bytes is not reported."""


def _country(answer: str) -> str | None:
    """Return the country code in an answer of Overpass; None if it has no or several countries."""
    try:
        elements = json.loads(answer)["elements"]
        said = [
            next((one["tags"][key] for key in _CODES if key in one["tags"]), "") for one in elements
        ]
    except (ValueError, KeyError, TypeError):
        return None
    codes = {code.upper() for code in said if len(code) == _ALPHA_2 and code.isalpha()}
    return codes.pop() if len(codes) == 1 else None
