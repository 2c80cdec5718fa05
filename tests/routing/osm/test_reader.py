"""Tables of ways and nodes against pyosmium's own objects, and what nobody should write."""

import struct
import zlib
from pathlib import Path

import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Node, Way

from routing.errors import ImportFailed
from routing.osm import reader, way_table
from routing.osm.way_table import LENGTH_TAG, NODE_KEYS, ROAD_KEYS, Names, NodePlaces, WayTable
from routing.osm_tags.ways import WAY_KEYS, read_way
from tests.fixtures.city import HELSINKI
from tests.fixtures.examples import examples

OPTIONS = (
    *("", "pbf_dense_nodes=false", "pbf_compression=none", "locations_on_ways=true"),
    *("pbf_compression=lz4", "history=true"),
)
VALUES = st.sampled_from(
    (
        "yes",
        "no",
        "residential",
        "ferry",
        "footway",
        "-1",
        "asphalt",
        "50",
        "Calle 5ª",
        "",
        "x",
        "a b, c=d @e %20% %",
        "N n1,n2 T",
        "\n\r\t\u2028",
        "שלום 🏠",
    )
)
TAGS = st.dictionaries(
    st.sampled_from(
        ("highway", "route", "name", "ref", "oneway", "ele", "ford", "surface", "other",
         "amparo:length_m", "amparo:countries")
    ),
    VALUES,
    max_size=5,
)  # fmt: skip
IDS = st.integers(-5, 40) | st.integers(1, 2**40)
PLACES = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def silent(stage: str, done: int, total: int) -> None:
    """Take no notice."""


def write(path: Path, nodes, roads, options: str = "") -> Path:
    path.unlink(missing_ok=True)
    file = osmium.io.File(str(path), ",".join(filter(None, ("pbf", options))))
    with osmium.SimpleWriter(file) as writer:
        for number, (place, tags) in nodes.items():
            writer.add_node(Node(id=number, location=place, tags=tags, version=1))
        for number, (refs, tags) in roads.items():
            writer.add_way(Way(id=number, nodes=refs, tags=tags, version=1))
    return path


def read(read_ways, read_nodes, file: Path):
    """Return the tables that two functions make of a file, or their complaint."""
    names = Names()
    try:
        table = read_ways(file, names, silent)
        places = read_nodes(file, table.refs, names, silent)
    except ImportFailed as error:
        return str(error)
    return [*vars(table).values(), *vars(places).values(), [*names]]


def read_by_us(file: Path):
    """Return the tables that an import makes of a file, or its complaint."""
    return read(reader.read_ways, reader.read_nodes, file)


def read_by_objects(file: Path):
    """Return what pyosmium's objects say of a file, one after the other."""
    return read(ways_of_objects, nodes_of_objects, file)


def ways_of_objects(file: Path, names: Names, progress) -> WayTable:
    rows, ids, refs, length, count = [], [], [], [], 0
    for way in way_table.objects(file, "way", *ROAD_KEYS):
        count += 1
        tags = dict(way.tags)
        attributes = read_way(tags)
        if attributes is not None:
            ids.append(way.id)
            refs.append([node.ref for node in way.nodes])
            length.append(way_table.length_tag(tags.get(LENGTH_TAG)))
            called = names.add(tags.get("name")), names.add(tags.get("ref"))
            rows.append((*way_table.attribute_row(attributes), *called))
    if not rows:
        raise ImportFailed(way_table.NO_ROAD.format(file.name))
    return WayTable(
        way_id=np.array(ids, dtype=np.int64),
        refs_start=np.cumsum([0, *map(len, refs)]),
        refs=np.array([node for way in refs for node in way], dtype=np.int64),
        columns=way_table.columns(np.array(rows, dtype=np.int32)),
        length_m=np.array(length, dtype=np.float64),
        read=count,
    )


def nodes_of_objects(file: Path, refs, names: Names, progress) -> NodePlaces:
    wanted, places = set(refs.tolist()), {}
    for node in way_table.objects(file, "node"):
        if node.id in wanted and node.location.valid():
            places.setdefault(node.id, (node.location.x, node.location.y))
    if not places:
        raise ImportFailed(way_table.NO_NODE.format(file.name))
    ids = np.array(sorted(places), dtype=np.int64)
    lon, lat = np.array([places[n] for n in ids.tolist()], dtype=np.int32).T
    table = way_table.untagged_places(ids, lon, lat)
    for node in way_table.objects(file, "node", *NODE_KEYS):
        if node.id in places:
            row = int(np.searchsorted(ids, node.id))
            way_table.note_node_tags(table, row, dict(node.tags), names)
    return table


def assert_equal(found, wanted) -> None:
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        found, wanted = [*found.values()], [*wanted.values()]
    if isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_equal(one, other)
    elif isinstance(wanted, np.ndarray):
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)
    else:
        assert found == wanted


@settings(max_examples=examples(60))
@given(
    st.dictionaries(IDS, st.tuples(PLACES, TAGS), max_size=30),
    st.dictionaries(IDS, st.tuples(st.lists(IDS, min_size=1, max_size=8), TAGS), max_size=12),
    st.sampled_from(OPTIONS),
)
def test_tables_hold_what_the_objects_of_a_file_say(tmp_path_factory, nodes, roads, options):
    file = write(tmp_path_factory.mktemp("pbf") / "a.osm.pbf", nodes, roads, options)
    assert_equal(read_by_us(file), read_by_objects(file))


def test_a_real_extract_reads_the_same():
    assert_equal(read_by_us(HELSINKI), read_by_objects(HELSINKI))


def test_ways_and_nodes_are_read_chunk_by_chunk(monkeypatch):
    whole = read_by_us(HELSINKI)
    monkeypatch.setattr(reader, "_LINES", 7)
    monkeypatch.setattr(reader, "_NODES", 1_000)
    assert_equal(read_by_us(HELSINKI), whole)


def test_a_file_that_is_not_sorted_is_read_to_its_end(tmp_path):
    file = tmp_path / "a.osm.pbf"
    with osmium.SimpleWriter(str(file)) as writer:
        writer.add_node(Node(id=2, location=(0.5, 0.5), version=1))
        writer.add_way(Way(id=7, nodes=[2, 1], tags={"highway": "path"}, version=1))
        writer.add_node(Node(id=1, location=(0.25, -0.5), version=1))
        writer.add_node(Node(id=2, location=(9.0, 9.0), version=2))
    found = read_by_us(file)
    assert_equal(found, read_by_objects(file))
    assert found[7].tolist() == [2_500_000, 5_000_000]  # of a node that comes twice, the first


def test_a_full_disk_is_said_before_anything_is_written(tmp_path, monkeypatch):
    file = write(tmp_path / "a.osm.pbf", {}, {5: ([1, 2], {"highway": "path"})})
    monkeypatch.setattr(reader, "_LEAST_ROOM", 2**62)
    with pytest.raises(ImportFailed, match=r"a\.osm\.pbf: .* MB in .*TMPDIR"):
        reader.read_ways(file, Names(), silent)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> bytes:
    nodes = {n: ((n / 10, n / 20), {"ele": "12"}) for n in range(1, 30)}
    roads = {n: ([n, n + 1, n + 2], {"highway": "path", "name": f"n{n}"}) for n in range(1, 20)}
    folder = tmp_path_factory.mktemp("small")
    return write(folder / "a.osm.pbf", nodes, roads, "pbf_compression=none").read_bytes()


@settings(max_examples=examples(300))
@given(st.data())
def test_damaged_bytes_give_a_reason_or_another_network(tmp_path_factory, small, data):
    damaged = bytearray(small)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(small) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.mktemp("damaged") / "a.osm.pbf"
    file.write_bytes(damaged[: data.draw(st.integers(0, len(small)))])
    read_by_us(file)


def message(*parts: tuple[int, bytes | int]) -> bytes:
    out = b""
    for number, content in parts:
        if isinstance(content, int):
            out += number_of(number << 3) + number_of(content)
        else:
            out += number_of(number << 3 | 2) + number_of(len(content)) + content
    return out


def number_of(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def test_a_blob_unpacks_to_what_it_says_and_no_more(tmp_path, small):
    bomb = message((2, 100), (3, zlib.compress(bytes(10_000_000))))
    header = message((1, b"OSMData"), (3, len(bomb)))
    file = tmp_path / "a.osm.pbf"
    file.write_bytes(small + struct.pack(">I", len(header)) + header + bomb)
    with pytest.raises(ImportFailed, match="cannot be read"):
        reader.read_ways(file, Names(), silent)


class Watched(dict):
    """Tags that remember which keys were asked for."""

    def __init__(self, tags):
        super().__init__(tags)
        self.asked = set()

    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key):
        self.asked.add(key)
        return super().__contains__(key)


@given(st.dictionaries(st.sampled_from(sorted(WAY_KEYS)), VALUES), VALUES)
def test_all_keys_that_say_something_about_a_way_are_listed(tags, kind):
    watched = Watched(tags | {"highway": kind})
    read_way(watched)
    assert watched.asked <= WAY_KEYS
