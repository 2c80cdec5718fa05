"""Ways and nodes of a file as tables: PBF read by own kernels, all else by libosmium."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.errors import ImportFailed
from routing.geometry.id_index import distinct
from routing.osm import pbf_blocks, way_table
from routing.osm.pbf_decode import dense_in, nodes_in, ways_in
from routing.osm.protobuf_wire import fields
from routing.osm.way_table import (
    LENGTH_TAG,
    NODE_KEYS,
    ROAD_KEYS,
    Names,
    NodePlaces,
    Progress,
    WayTable,
)
from routing.osm_tags.ways import WAY_KEYS, read_way

type Array = NDArray[Any]

_CODES = {
    key.encode(): code
    for code, key in enumerate(
        (*ROAD_KEYS, "name", "ref", LENGTH_TAG, *sorted(WAY_KEYS - set(ROAD_KEYS))), start=1
    )
}
_KEYS = {code: key.decode() for key, code in _CODES.items()}
_NODE_CODES = {key.encode(): 1 for key in NODE_KEYS}


def read_ways(source: Path, names: Names, progress: Progress) -> WayTable:
    """Read all ways of a file that a walker or a vehicle may use, as a stream.

    Raises
    ------
    ImportFailed
        If the file is damaged, or holds no usable way.
    """
    if pbf_blocks.is_plain(source):
        try:
            return _WaysOfBlocks().read(source, names, progress)
        except pbf_blocks.NotPlainError:
            pass
    return way_table.read_ways(source, names, progress)


def read_nodes(source: Path, refs: Array, names: Names, progress: Progress) -> NodePlaces:
    """Read coordinates and tags of the nodes that ways refer to, as a stream.

    Raises
    ------
    ImportFailed
        If none of the nodes is in the file.
    """
    if pbf_blocks.is_plain(source):
        try:
            return _nodes_of_blocks(source, refs, names, progress)
        except pbf_blocks.NotPlainError:
            pass
    return way_table.read_nodes(source, refs, names, progress)


def warm() -> None:
    """Compile the kernels that read PBF, or load their compiled code from disk."""
    data, code = np.frombuffer(b"\0", dtype=np.uint8), np.zeros(1, dtype=np.uint8)
    no_message = np.empty((0, 2), dtype=np.int64)
    places, found = np.zeros((2, 1), dtype=np.int32), np.zeros(1, dtype=bool)
    fixed = np.zeros(3, dtype=np.int64), code, np.zeros(1, dtype=np.int64), places, found
    fields(data, 0, 0)
    ways_in(data, no_message, code)
    dense_in(data, np.zeros(2, dtype=np.int64), *fixed)
    nodes_in(data, no_message, *fixed)


def _reported(source: Path, stage: str, progress: Progress) -> Iterator[pbf_blocks.Block]:
    total = source.stat().st_size
    progress(stage, 0, total)
    for done, block in pbf_blocks.blocks(source):
        yield block
        progress(stage, done, total)
    progress(stage, total, total)


def _codes(block: pbf_blocks.Block, codes: dict[bytes, int]) -> NDArray[np.uint8]:
    return np.array([codes.get(string, 0) for string in block.strings], dtype=np.uint8)


# --- ways ------------------------------------------------------------------------------------


@dataclass(eq=False)
class _WaysOfBlocks:
    """Ways collected block by block; each distinct set of tags is interpreted only once.

    A million ways of a city have a few thousand different sets of the tags that are read.
    """

    read_count: int = 0
    #: Number of each tag value met so far, and the values as text, by number.
    numbers: dict[bytes, int] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)
    #: (key code, number of value) pairs of a way's tags as bytes -> row of `attributes`, -1 where
    #: no mode may use a way with these tags.
    known: dict[bytes, int] = field(default_factory=dict)
    attributes: list[tuple[int, ...]] = field(default_factory=list)
    parts: list[tuple[Array, ...]] = field(default_factory=list)

    def read(self, source: Path, names: Names, progress: Progress) -> WayTable:
        """Read the ways of a PBF file into a table."""
        for block in _reported(source, "ways", progress):
            with pbf_blocks.damage_reported(source):
                groups = list(block.objects(pbf_blocks.WAYS))
                code = _codes(block, _CODES) if groups else np.empty(0, dtype=np.uint8)
                for messages in groups:
                    self._add(block, ways_in(block.data, messages, code))
        if not self.attributes:
            raise ImportFailed(way_table.NO_ROAD.format(source.name))
        return self._table(names)

    def _add(self, block: pbf_blocks.Block, found: tuple[Array, ...]) -> None:
        way_id, refs_start, refs, texts, tags_start, tags = found
        self.read_count += len(way_id)
        number = self._numbers(block, np.concatenate((tags[:, 1], texts.ravel())))
        row = self._rows(tags_start, tags[:, 0], number[tags[:, 1]])
        used = row >= 0
        counts = np.diff(refs_start)
        texts = np.where(texts >= 0, number[texts], -1)
        self.parts.append(
            (way_id[used], counts[used], refs[np.repeat(used, counts)], texts[used], row[used])
        )

    def _numbers(self, block: pbf_blocks.Block, strings: Array) -> Array:
        """Return numbers for those of the block's strings that are given, -1 for all others."""
        is_used = np.zeros(len(block.strings), dtype=bool)
        is_used[strings[strings >= 0]] = True
        number = np.full(len(block.strings), -1, dtype=np.int64)
        for string in np.flatnonzero(is_used).tolist():
            value = block.strings[string]
            number[string] = self.numbers.setdefault(value, len(self.values))
            if number[string] == len(self.values):
                self.values.append(value.decode(errors="replace"))
        return number

    def _rows(self, start: Array, code: Array, value: Array) -> Array:
        """Return each way's row of `attributes`, -1 where no mode may use the way."""
        pairs = (value * len(_CODES) + code).astype(np.int64)
        text, size = pairs.tobytes(), pairs.itemsize
        rows = np.empty(len(start) - 1, dtype=np.int64)
        for index, (begin, end) in enumerate(pairwise((start * size).tolist())):
            tags = text[begin:end]
            row = self.known.get(tags)
            if row is None:
                first, last = begin // size, end // size
                row = self._read(code[first:last].tolist(), value[first:last].tolist())
                self.known[tags] = row
            rows[index] = row
        return rows

    def _read(self, codes: list[int], values: list[int]) -> int:
        tags = {_KEYS[c]: self.values[v] for c, v in zip(codes, values, strict=True)}
        attributes = read_way(tags)
        if attributes is None:
            return -1
        self.attributes.append(way_table.attribute_row(attributes))
        return len(self.attributes) - 1

    def _table(self, names: Names) -> WayTable:
        way_id, counts, refs, texts, row = (
            np.concatenate(column) for column in zip(*self.parts, strict=True)
        )
        table = np.array(self.attributes, dtype=np.int32)
        name = _numbered(texts[:, :2].ravel(), self.values, names).reshape(-1, 2)
        length_m = np.full(len(way_id), np.nan)
        for index in np.flatnonzero(texts[:, 2] >= 0).tolist():
            length_m[index] = way_table.length_tag(self.values[texts[index, 2]])
        return WayTable(
            way_id=way_id,
            refs_start=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            refs=refs,
            columns=way_table.columns(np.column_stack((table[row], name))),
            length_m=length_m,
            read=self.read_count,
        )


def _numbered(found: Array, values: list[str], names: Names) -> NDArray[np.int32]:
    """Add names in the order of their first use and return their numbers.

    Parameters
    ----------
    found
        int64: indices of the names in ``values``, -1 for no name.
    """
    distinct, first, inverse = np.unique(found, return_index=True, return_inverse=True)
    number = np.empty(len(distinct), dtype=np.int32)
    for index in np.argsort(first).tolist():
        number[index] = names.add(values[distinct[index]]) if distinct[index] >= 0 else -1
    return number[inverse]


# --- nodes -----------------------------------------------------------------------------------


def _nodes_of_blocks(source: Path, refs: Array, names: Names, progress: Progress) -> NodePlaces:
    wanted = distinct(refs)
    places = np.zeros((2, len(wanted)), dtype=np.int32)
    found = np.zeros(len(wanted), dtype=bool)
    tagged: dict[int, dict[str, str]] = {}
    is_sorted, had_nodes = pbf_blocks.is_sorted(source), False
    for block in _reported(source, "nodes", progress):
        with pbf_blocks.damage_reported(source):
            tags = _read_block(block, wanted, places, found)
        if tags is None and had_nodes and is_sorted:
            progress("nodes", 1, 1)
            break
        had_nodes = had_nodes or tags is not None
        for row, key, value in [] if tags is None else tags.tolist():
            text = block.strings[value].decode(errors="replace")
            tagged.setdefault(row, {})[block.strings[key].decode(errors="replace")] = text
    if not found.any():
        raise ImportFailed(way_table.NO_NODE.format(source.name))
    result = way_table.untagged_places(wanted[found], places[0, found], places[1, found])
    row_of = np.cumsum(found) - 1
    for row, tags_of_node in tagged.items():
        if found[row]:
            way_table.note_node_tags(result, int(row_of[row]), tags_of_node, names)
    return result


def _read_block(
    block: pbf_blocks.Block, wanted: Array, places: Array, found: Array
) -> Array | None:
    """Store the coordinates of a block's wanted nodes; return their tags, None without nodes."""
    dense, single = list(block.objects(pbf_blocks.DENSE)), list(block.objects(pbf_blocks.NODES))
    if not dense and not single:
        return None
    fixed = block.scale, _codes(block, _NODE_CODES), wanted, places, found
    tags = [dense_in(block.data, one, *fixed) for group in dense for one in group]
    tags += [nodes_in(block.data, group, *fixed) for group in single]
    return np.concatenate(tags)
