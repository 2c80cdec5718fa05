"""Ways and nodes of a file as tables, read by libosmium.

To create a Python object for a way (pyosmium) takes longer than everything else that an import does
with the way. So libosmium itself filters the ways and writes each as a line of text, in OPL
(https://osmcode.org/opl-file-format/), and the places of nodes as an array, all to temporary files.
"""

import ctypes
import re
import shutil
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import ImportFailed
from routing.geometry.id_index import distinct, rows_of
from routing.osm import way_table
from routing.osm.way_table import LENGTH_TAG, ROAD_KEYS, Names, NodePlaces, Progress, WayTable
from routing.osm_tags.ways import WAY_KEYS, read_way

type Array = NDArray[Any]

#: Number of lines of text that are read at once: some 50 MB of memory.
_LINES: Final = 100_000
#: Number of nodes that are read at once: some 50 MB of memory.
_NODES: Final = 2_000_000

#: Keys of the tags that decide how a way is used.
_KEYS: Final = frozenset((*ROAD_KEYS, *WAY_KEYS))
#: Keys of the tags that are kept as text.
_TEXTS: Final = frozenset(("name", "ref", LENGTH_TAG))

#: Pattern of a character that OPL writes as its hexadecimal number: "%20%" is a space.
_ESCAPED: Final = re.compile("%([0-9a-f]+)%")

#: A node in libosmium's index `sparse_file_array`: id, lon and lat (1e-7 degree).
_PLACE: Final = np.dtype([("id", "<i8"), ("lon", "<i4"), ("lat", "<i4")])
#: Coordinate of a node without a place, and of the unused rows at the end of the index.
_NOWHERE: Final = 2**31 - 1
#: Highest longitude and latitude, 1e-7 degree.
_EAST, _NORTH = 1_800_000_000, 900_000_000

#: Bytes of temporary files for each byte of the source file. Lines of text take 3 to 5 times as
#: much as a source file of roads alone (measured); a node takes 16 bytes, and in the source file
#: seldom less than 4 [A].
_ROOM: Final = 6
#: Free bytes that temporary files need at least, however small the source file: libosmium's index
#: grows in steps of 16 MB.
_LEAST_ROOM: Final = 64_000_000


def read_ways(source: Path, names: Names, progress: Progress) -> WayTable:
    """Read all ways of a file that a walker or a vehicle may use.

    Raises
    ------
    ImportFailed
        If the file is damaged, or holds no usable way, or there is no room for temporary files.
    """
    ways = _Ways(names)
    size, done = source.stat().st_size, 0
    progress("ways", 0, size)
    with _folder_for(source) as folder:
        file = Path(folder) / "ways.opl"
        _write_roads(source, file)
        total = file.stat().st_size
        with file.open(encoding="utf-8", newline="\n") as text:
            while lines := list(islice(text, _LINES)):
                ways.add(lines)
                done += sum(map(len, lines))
                progress("ways", size * done // total, size)
    progress("ways", size, size)
    if not ways.attributes:
        raise ImportFailed(way_table.NO_ROAD.format(source.name))
    return ways.table()


def read_nodes(source: Path, refs: Array, names: Names, progress: Progress) -> NodePlaces:
    """Read coordinates and tags of the nodes that ways refer to.

    Raises
    ------
    ImportFailed
        If none of the nodes is in the file, or there is no room for temporary files.
    """
    wanted = distinct(refs)
    lon, lat = (np.full(len(wanted), _NOWHERE, dtype=np.int32) for _ in range(2))
    progress("nodes", 0, 1)
    with _folder_for(source) as folder:
        file = Path(folder) / "places"
        for places in _places_in(source, file, is_signed=bool((wanted < 0).any())):
            _put(places, wanted, lon, lat)
    progress("nodes", 1, 1)
    found = lon != _NOWHERE
    if not found.any():
        raise ImportFailed(way_table.NO_NODE.format(source.name))
    table = way_table.untagged_places(wanted[found], lon[found], lat[found])
    way_table.read_node_tags(source, table, names, progress)
    return table


def _folder_for(source: Path) -> "tempfile.TemporaryDirectory[str]":
    """Return a new temporary folder, on a disk with room for the temporary files of a source file.

    Raises
    ------
    ImportFailed
        If the disk is too full. libosmium writes through memory maps, so that a full disk would end
        the process.
    """
    needed = _LEAST_ROOM + _ROOM * source.stat().st_size
    place = tempfile.gettempdir()
    if shutil.disk_usage(place).free < needed:
        raise ImportFailed(
            f"{source.name}: reading it takes {needed / 1e6:.0f} MB in {place}, which is too full;"
            " make room there, or name another folder in TMPDIR"
        )
    return tempfile.TemporaryDirectory(prefix="amparo-import-")


# --- ways ------------------------------------------------------------------------------------


def _write_roads(source: Path, file: Path) -> None:
    """Write the ways with one of `ROAD_KEYS` as lines of OPL, by libosmium alone."""
    import osmium  # noqa: PLC0415 -- only importing needs it; routing starts without

    only = osmium.filter.KeyFilter(*ROAD_KEYS)
    writer = osmium.SimpleWriter(osmium.io.File(str(file), "opl,add_metadata=false"))
    try:
        with (
            way_table.damage_reported(source, into=file),
            osmium.io.Reader(str(source), osmium.osm.WAY) as reader,
            writer,
        ):
            osmium.apply(reader, only, writer)
    except ImportFailed:
        # Keep the writer alive for good: the destructor of a writer that could not write throws an
        # exception, which would end the process.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))
        raise


def _integers() -> "array[int]":
    return array("q")


@dataclass(eq=False)
class _Ways:
    """Ways collected line by line; each distinct set of tags is interpreted only once.

    A million ways of a city have a few thousand different sets of the tags that are read.
    """

    names: Names
    read_count: int = 0
    #: Tags as OPL writes them -> row of `attributes`, -1 where no mode may use a way with them.
    known: dict[tuple[tuple[str, str, str], ...], int] = field(default_factory=dict)
    attributes: list[tuple[int, ...]] = field(default_factory=list)
    way_id: "array[int]" = field(default_factory=_integers)
    #: For each way, one after the other: row of its attributes, numbers of its name and ref, and
    #: count of its nodes.
    row: "array[int]" = field(default_factory=_integers)
    name: "array[int]" = field(default_factory=_integers)
    ref: "array[int]" = field(default_factory=_integers)
    count: "array[int]" = field(default_factory=_integers)
    refs: list[Array] = field(default_factory=list)
    #: `LENGTH_TAG` of the ways that have it, by their place in the table.
    length: dict[int, str] = field(default_factory=dict)

    def add(self, lines: list[str]) -> None:
        """Add ways, given as lines like ``w12 Thighway=path,name=A Nn1,n2``."""
        self.read_count += len(lines)
        refs = []
        for line in lines:
            rest, _, nodes = line[:-1].rpartition(" N")
            number, _, tags = rest.partition(" T")
            if not self._add_tags([tag.partition("=") for tag in tags.split(",")]):
                continue
            self.way_id.append(int(number[1:]))
            self.count.append(nodes.count("n"))
            if nodes:
                refs.append(nodes)
        text = ",".join(refs).replace("n", "")
        self.refs.append(np.fromstring(text, dtype=np.int64, sep=","))

    def _add_tags(self, tags: list[tuple[str, str, str]]) -> bool:
        """Add the attributes that a way's tags state; return whether any mode may use the way."""
        said = tuple([tag for tag in tags if tag[0] in _KEYS])
        row = self.known.get(said)
        if row is None:
            row = self.known[said] = self._read(said)
        if row < 0:
            return False
        texts = {key: _unescaped(value) for key, _, value in tags if key in _TEXTS}
        self.name.append(self.names.add(texts.get("name")))
        self.ref.append(self.names.add(texts.get("ref")))
        if LENGTH_TAG in texts:
            self.length[len(self.row)] = texts[LENGTH_TAG]
        self.row.append(row)
        return True

    def _read(self, said: tuple[tuple[str, str, str], ...]) -> int:
        attributes = read_way({key: _unescaped(value) for key, _, value in said})
        if attributes is None:
            return -1
        self.attributes.append(way_table.attribute_row(attributes))
        return len(self.attributes) - 1

    def table(self) -> WayTable:
        """Return all ways as a table."""
        rows = np.array(self.attributes, dtype=np.int32)[np.array(self.row)]
        length_m = np.full(len(self.way_id), np.nan)
        for index, text in self.length.items():
            length_m[index] = way_table.length_tag(text)
        return WayTable(
            way_id=np.array(self.way_id, dtype=np.int64),
            refs_start=np.concatenate(([0], np.cumsum(self.count))).astype(np.int64),
            refs=np.concatenate(self.refs),
            columns=way_table.columns(np.column_stack((rows, self.name, self.ref))),
            length_m=length_m,
            read=self.read_count,
        )


def _unescaped(text: str) -> str:
    if "%" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


# --- nodes -----------------------------------------------------------------------------------


def _places_in(source: Path, file: Path, *, is_signed: bool) -> Iterator[Array]:
    """Yield the ids and places of all nodes, in the order of the file, as arrays of `_PLACE`."""
    if is_signed:
        # Files drawn by hand have negative ids, which libosmium's index cannot store: pyosmium
        # reads their nodes.
        nodes = way_table.objects(source, "node")
        yield np.array([(n.id, n.location.x, n.location.y) for n in nodes], dtype=_PLACE)
        return
    import osmium  # noqa: PLC0415 -- see above

    with (
        way_table.damage_reported(source, into=file),
        osmium.io.Reader(str(source), osmium.osm.NODE) as reader,
    ):
        index = osmium.index.create_map(f"sparse_file_array,{file}")
        osmium.apply(reader, osmium.NodeLocationsForWays(index))
    stored = np.memmap(file, dtype=_PLACE, mode="r")
    for begin in range(0, len(stored), _NODES):
        yield stored[begin : begin + _NODES]


def _put(places: Array, wanted: Array, lon: Array, lat: Array) -> None:
    """Store the places of wanted nodes that have no place yet; later places of a node are ignored.

    Parameters
    ----------
    places
        Array of `_PLACE`.
    wanted
        int64 [N]: ids, ascending.
    lon, lat
        int32 [N]: 1e-7 degree, `_NOWHERE` where no place is known.
    """
    row = rows_of(wanted, places["id"].copy())
    is_new = (row >= 0) & (lon[row] == _NOWHERE)
    is_new &= _is_within(places["lon"], _EAST) & _is_within(places["lat"], _NORTH)
    # numpy assigns in order: reversed, the first place of a node is written last and stays.
    row, places = row[is_new][::-1], places[is_new][::-1]
    lon[row], lat[row] = places["lon"], places["lat"]


def _is_within(values: Array, limit: int) -> Array:
    return (values >= -limit) & (values <= limit)
