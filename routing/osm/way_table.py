"""Tables of ways and of their nodes, and streams of the objects of an OpenStreetMap file."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.errors import ImportFailed
from routing.osm_tags.barriers import BARRIER_KEYS, UNBARRED, passed_by
from routing.osm_tags.ways import WayAttributes, elevation_m

type Progress = Callable[[str, int, int], None]
type Array = NDArray[Any]

SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.xml")
#: Number of objects between two reports of progress: frequent enough for a progress bar.
_REPORT_EVERY = 20_000
LENGTH_TAG = "amparo:length_m"
_COUNTRIES_TAG = "amparo:countries"
#: Keys of tags of which a way has at least one if it may be a road.
ROAD_KEYS = ("highway", "route", "railway", "public_transport", "man_made")
#: Keys of the tags of nodes that an import reads; of all other nodes it reads only the places.
NODE_KEYS = ("ele", _COUNTRIES_TAG, "ford", *BARRIER_KEYS)

NO_ROAD = "{}: no way in it may be walked or driven; is this an extract with roads?"
NO_NODE = "{}: it holds ways but none of their nodes"


class Names:
    """Set of names of roads and places, numbered in the order of addition."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {}

    def add(self, name: str | None) -> int:
        """Add a name unless present and return its number, -1 for no name."""
        if not name:
            return -1
        return self._index.setdefault(name, len(self._index))

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)


@dataclass(frozen=True, eq=False)
class WayTable:
    """Ways that at least one mode may use, in file order; W ways, M node references.

    Parameters
    ----------
    way_id
        int64 [W].
    refs_start, refs
        int64 [W + 1] and [M]: node ids of each way, row ``refs_start[w]`` to ``refs_start[w + 1]``.
    columns
        road_class, surface, smoothness, maxspeed_kmh (uint8), forward, backward (uint16),
        is_minor, is_ford (bool), name, ref (int32), each [W].
    length_m
        float64 [W], NaN unless the way is tagged ``amparo:length_m``.
    read
        Number of all ways in the file that have one of `ROAD_KEYS`, usable or not.
    """

    way_id: Array
    refs_start: Array
    refs: Array
    columns: dict[str, Array]
    length_m: Array
    read: int

    def __len__(self) -> int:
        return len(self.way_id)


@dataclass(frozen=True, eq=False)
class NodePlaces:
    """Table of the nodes that ways use, sorted by id, without nodes that the file lacks.

    Parameters
    ----------
    osm_id
        int64 [N].
    lon, lat
        int32 [N], 1e-7 degree.
    elevation_m
        float32 [N], NaN where not tagged.
    name
        int32 [N], index in the names, -1 for none.
    is_ford
        bool [N].
    passed_by
        uint16 [N], which modes may pass the node: see `routing.osm_tags.barriers.passed_by`.
    countries
        row -> ISO codes, where tagged ``amparo:countries`` (the sketch).
    """

    osm_id: Array
    lon: Array
    lat: Array
    elevation_m: Array
    name: Array
    is_ford: Array
    passed_by: Array
    countries: dict[int, tuple[str, ...]] = field(default_factory=dict)


def check_source(source: Path) -> None:
    """Raise ImportFailed unless the file exists and has a supported suffix."""
    if not source.is_file():
        raise ImportFailed(f"{source}: no such file")
    if not source.name.lower().endswith(SUFFIXES):
        raise ImportFailed(f"{source.name}: give a file ending in .osm.pbf, .osm or .osm.gz")


def objects(source: Path, kind: str, *keys: str, ids: Array | None = None) -> Iterator[Any]:
    """Yield the objects of one kind in a file as a stream, filtered inside libosmium.

    Parameters
    ----------
    kind
        ``'node'``, ``'way'`` or ``'relation'``.
    keys
        If given, only objects with at least one of these tag keys.
    ids
        If given, int64, only these objects. Ignored if any id is negative: libosmium's filter
        supports no negative ids, which occur only in hand-drawn files.

    Raises
    ------
    ImportFailed
        If the file is damaged.
    """
    import osmium  # noqa: PLC0415 -- only importing needs it; routing starts without

    entity = getattr(osmium.osm, kind.upper())
    found: Any = osmium.FileProcessor(str(source), entity)
    if keys:
        found = found.with_filter(osmium.filter.KeyFilter(*keys))
    if ids is not None and len(ids) and ids.min() >= 0:
        only: Any = osmium.filter.IdFilter(ids)
        only.enable_for(entity)
        found = found.with_filter(only)
    with damage_reported(source):
        yield from found


@contextmanager
def damage_reported(source: Path, *, into: Path | None = None) -> Iterator[None]:
    """Raise libosmium's errors as `ImportFailed` (context manager).

    Parameters
    ----------
    source
        File of data that is read.
    into
        File that is written meanwhile, None if nothing is written.
    """
    try:
        yield
    except (RuntimeError, ValueError, IndexError, OSError) as error:
        copied = "" if into is None else f", or not be written to {into.parent}"
        raise ImportFailed(
            f"{source.name}: cannot be read as OpenStreetMap data{copied}: {error}"
        ) from error


def extract_timestamp(source: Path) -> str | None:
    """Return the time of the data as the file's header states it (ISO 8601), None if absent."""
    import osmium  # noqa: PLC0415 -- see above

    with osmium.io.Reader(str(source)) as reader:
        header = reader.header()
    return header.get("osmosis_replication_timestamp") or header.get("timestamp") or None


_COLUMNS: tuple[tuple[str, type], ...] = (
    ("road_class", np.uint8),
    ("surface", np.uint8),
    ("smoothness", np.uint8),
    ("maxspeed_kmh", np.uint8),
    ("forward", np.uint16),
    ("backward", np.uint16),
    ("is_minor", np.bool_),
    ("is_ford", np.bool_),
    ("name", np.int32),
    ("ref", np.int32),
)


def attribute_row(attributes: WayAttributes) -> tuple[int, ...]:
    """Return a way's attributes in the order of the way table's columns, without name and ref."""
    return (
        attributes.road_class,
        attributes.surface,
        attributes.smoothness,
        attributes.maxspeed_kmh,
        attributes.forward,
        attributes.backward,
        attributes.is_minor,
        attributes.is_ford,
    )


def columns(rows: Array) -> dict[str, Array]:
    """Return the columns of a way table from int32 [W, 10] rows: attributes, name and ref."""
    return {name: rows[:, index].astype(dtype) for index, (name, dtype) in enumerate(_COLUMNS)}


def length_tag(text: str | None) -> float:
    """Read ``amparo:length_m`` in metres; NaN where it is absent or not a positive number."""
    try:
        value = float(text or "nan")
    except ValueError:
        return float("nan")
    return value if value > 0 else float("nan")


def untagged_places(osm_id: Array, lon: Array, lat: Array) -> NodePlaces:
    """Return a table of nodes whose tags are still to be read: only ids and places are set."""
    return NodePlaces(
        osm_id=osm_id,
        lon=lon,
        lat=lat,
        elevation_m=np.full(len(osm_id), np.nan, dtype=np.float32),
        name=np.full(len(osm_id), -1, dtype=np.int32),
        is_ford=np.zeros(len(osm_id), dtype=bool),
        passed_by=np.full(len(osm_id), UNBARRED, dtype=np.uint16),
    )


def read_node_tags(source: Path, places: NodePlaces, names: Names, progress: Progress) -> None:
    """Read heights, countries, fords and barriers from nodes' tags, which few nodes have."""
    nodes = objects(source, "node", *NODE_KEYS)
    for node in reported(nodes, source, "node tags", progress):
        row = int(np.searchsorted(places.osm_id, node.id))
        if row >= len(places.osm_id) or places.osm_id[row] != node.id:
            continue
        note_node_tags(places, row, dict(node.tags), names)


def note_node_tags(places: NodePlaces, row: int, tags: dict[str, str], names: Names) -> None:
    """Set a node's height, ford and barrier, and in a sketch name and countries, from its tags."""
    places.elevation_m[row] = elevation_m(tags.get("ele", ""))
    places.is_ford[row] = tags.get("ford", "no") != "no"
    places.passed_by[row] = passed_by(tags)
    if _COUNTRIES_TAG in tags:
        places.name[row] = names.add(tags.get("name"))
        places.countries[row] = tuple(tags[_COUNTRIES_TAG].split(";"))


def reported(found: Iterator[Any], source: Path, stage: str, progress: Progress) -> Iterator[Any]:
    """Yield the objects unchanged, regularly reporting how many bytes of the file are read."""
    total = source.stat().st_size
    progress(stage, 0, total)
    for count, item in enumerate(found, start=1):
        yield item
        if count % _REPORT_EVERY == 0:
            progress(stage, min(_bytes_read(source), total), total)
    progress(stage, total, total)


def _bytes_read(source: Path) -> int:
    """Return how far libosmium has read into a file, bytes, as Linux reports; 0 elsewhere."""
    wanted = str(source.resolve())
    try:
        with os.scandir("/proc/self/fd") as handles:
            for handle in handles:
                if str(Path(handle.path).readlink()) == wanted:
                    text = Path(f"/proc/self/fdinfo/{handle.name}").read_text(encoding="ascii")
                    return int(text.split()[1])
    except (OSError, ValueError, IndexError):  # the file was closed meanwhile, or there is no /proc
        return 0
    return 0
