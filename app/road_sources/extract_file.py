"""Merging of Overpass answers to one OpenStreetMap extract: objects sorted, without duplicates."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from app.road_sources.boxes import Box
from app.road_sources.errors import FetchError

_HEAD_BYTES: Final = 4_096
_AS_OF: Final = re.compile(rb'osm_base="(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')


def write_extract(answers: Sequence[Path], path: Path) -> Path:
    """Merge answers to an extract (.osm.pbf); return its path.

    The extract's time stamp is that of the oldest answer.

    Raises
    ------
    FetchError
        An answer is damaged.
    """
    import osmium  # noqa: PLC0415 -- only importing roads needs it

    part = path.with_name(f".{path.name}")
    merged = osmium.MergeInputReader()
    header = osmium.io.Header()
    header.set("generator", "amparo roads fetch")
    as_of = min(filter(None, map(_as_of, answers)), default="")
    if as_of:
        header.set("osmosis_replication_timestamp", as_of)
    try:
        for answer in answers:
            merged.add_file(str(answer))
        with osmium.SimpleWriter(
            osmium.io.File(str(part), "pbf"), header=header, overwrite=True
        ) as writer:
            merged.apply(writer)
        part.replace(path)
    except RuntimeError as error:
        raise FetchError("not_osm", host="Overpass") from error
    finally:
        part.unlink(missing_ok=True)
    return path


def road_box(extract: Path) -> Box:
    """Return the box of all nodes of an extract.

    Raises
    ------
    FetchError
        The extract has no node.
    """
    import osmium  # noqa: PLC0415 -- see above

    west, south, east, north = 180.0, 90.0, -180.0, -90.0
    nodes: Any = osmium.FileProcessor(str(extract), osmium.osm.NODE)
    for node in nodes:
        if node.location.valid():
            west, east = min(west, node.lon), max(east, node.lon)
            south, north = min(south, node.lat), max(north, node.lat)
    if west > east:
        raise FetchError("no_roads")
    return Box(west, south, east, north)


def _as_of(answer: Path) -> str | None:
    with answer.open("rb") as content:
        found = _AS_OF.search(content.read(_HEAD_BYTES))
    return found[1].decode() if found else None
