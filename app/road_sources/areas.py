"""The roads of a place or a box as an extract, by Overpass."""

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

#: Called with (stage, done, total), as an import's progress.
type Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Area:
    """An extract of an area.

    Parameters
    ----------
    file
        The extract, .osm.pbf.
    country
        ISO 3166-1 alpha-2 code of the one country that it lies in; None where a border comes into
        it, whose countries the extract itself holds, or where the country is not known.
    """

    file: Path
    country: str | None


def fetch_area(
    overpass: Overpass, box: Box, folder: Path, now: datetime, progress: Progress
) -> Area:
    """Fetch all that an import reads in a box.

    Tiles that came are kept in ``folder``, so that a fetch that is cut off goes on where it was;
    those older than `KEPT` are deleted.

    Raises
    ------
    FetchError
        Something did not come; the extract is not written.
    """
    _forget_old(folder, now)
    tiles = list(box.tiles())
    answers = []
    for done, tile in enumerate(tiles):
        progress("roads", done, len(tiles))
        answers.append(overpass.file(roads_query(tile), folder, now, _ignored))
    progress("roads", len(tiles), len(tiles))
    digest = sha256("".join(map(roads_query, tiles)).encode()).hexdigest()[:16]
    # Ways reach out of the box, maybe to the border: it is looked for wherever a node lies.
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
    """Delete what is too old to be used again: it tells which places were asked for (P48)."""
    for file in folder.glob("*.osm*"):
        if now.timestamp() - file.stat().st_mtime >= KEPT.total_seconds():
            file.unlink(missing_ok=True)


def _ignored(_: int) -> None:
    """Ignore how many bytes came."""


def _country(answer: str) -> str | None:
    """Return the only country in an answer; None where there is none, or there are several."""
    try:
        elements = json.loads(answer)["elements"]
        said = [
            next((one["tags"][key] for key in _CODES if key in one["tags"]), "") for one in elements
        ]
    except (ValueError, KeyError, TypeError):
        return None
    codes = {code.upper() for code in said if len(code) == _ALPHA_2 and code.isalpha()}
    return codes.pop() if len(codes) == 1 else None
