"""PBF files: our kernels against libosmium, on what it writes and on what nobody should."""

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
from routing.geometry import counting_sort, id_index, segment_grid
from routing.graph import builder
from routing.osm import pbf_blocks, pbf_decode, protobuf_wire, way_table
from routing.osm import reader as reading
from routing.osm.importer import import_osm
from routing.osm.protobuf_wire import DamagedError, fields, varint, zigzag
from routing.osm.way_table import Names
from routing.osm_tags.ways import WAY_KEYS, read_way
from routing.warmup import warm_import
from tests.fixtures.examples import examples

SKETCH = Path(__file__).resolve().parents[3] / "data" / "roads" / "corridors.osm.xml"
PLAIN = ("", "pbf_dense_nodes=false", "pbf_compression=none", "locations_on_ways=true")
VALUES = st.sampled_from(
    ("yes", "no", "residential", "ferry", "footway", "-1", "asphalt", "50", "Calle 5ª", "", "x")
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


def read(reader, file: Path):
    """Return the tables that a reader makes of a file, or its complaint."""
    names = Names()
    try:
        table = reader.read_ways(file, names, silent)
        places = reader.read_nodes(file, table.refs, names, silent)
    except ImportFailed as error:
        return str(error)
    return [*vars(table).values(), *vars(places).values(), [*names]]


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
    st.sampled_from(PLAIN),
)
def test_our_kernels_read_what_libosmium_reads(tmp_path_factory, nodes, roads, options):
    file = write(tmp_path_factory.mktemp("pbf") / "a.osm.pbf", nodes, roads, options)
    assert pbf_blocks.is_plain(file)
    assert_equal(read(reading, file), read(way_table, file))


def test_a_real_extract_reads_the_same(shared_data):
    file = shared_data / "osm" / "poa_osm.pbf"
    assert_equal(read(reading, file), read(way_table, file))


@pytest.mark.parametrize("options", ["pbf_compression=lz4", "history=true"])
def test_what_is_unusual_goes_through_libosmium(tmp_path, options):
    nodes = {1: ((0.0, 0.0), {}), 2: ((0.0, 0.1), {})}
    file = write(tmp_path / "a.osm.pbf", nodes, {5: ([1, 2], {"highway": "path"})}, options)
    assert not pbf_blocks.is_plain(file)
    assert_equal(read(reading, file), read(way_table, file))


def test_a_file_that_is_not_sorted_is_read_to_its_end(tmp_path):
    file = tmp_path / "a.osm.pbf"
    with osmium.SimpleWriter(str(file)) as writer:
        writer.add_node(Node(id=2, location=(0.5, 0.5), version=1))
        writer.add_way(Way(id=7, nodes=[2, 1], tags={"highway": "path"}, version=1))
        writer.add_node(Node(id=1, location=(0.25, -0.5), version=1))
        writer.add_node(Node(id=2, location=(9.0, 9.0), version=2))
    found = read(reading, file)
    assert_equal(found, read(way_table, file))
    assert found[7].tolist() == [2_500_000, 5_000_000]  # of a node that comes twice, the first


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
    read(reading, file)


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
    with pytest.raises(ImportFailed, match=r"cannot be read.*another size"):
        reading.read_ways(file, Names(), silent)


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_numbers_are_read_as_they_were_written(values):
    data = np.frombuffer(b"".join(map(number_of, values)), dtype=np.uint8)
    at, found = 0, []
    for _ in values:
        value, at = varint(data, at, len(data))
        found.append(value % 2**64)
    assert found == values


@given(st.integers(-(2**63), 2**63 - 1))
def test_signs_come_back(value):
    coded = value << 1 ^ value >> 63
    assert zigzag(np.int64(coded if coded < 2**63 else coded - 2**64)) == value


def test_a_number_where_a_message_should_be_is_damage():
    data = np.frombuffer(message((1, 2**64 - 5), (2, 7)), dtype=np.uint8)
    parts = fields(data, 0, len(data))
    assert parts.tolist() == [[1, -5, -1], [2, 7, -1]]
    with pytest.raises(DamagedError, match="a number"):
        pbf_blocks.Block(data, parts).strings  # noqa: B018 -- a property
    with pytest.raises(DamagedError, match="a number"):
        [*pbf_blocks.Block(data, parts).objects(pbf_blocks.WAYS)]


@given(st.binary(max_size=60))
def test_fields_stay_within_their_message(data):
    array = np.frombuffer(data, dtype=np.uint8)
    try:
        found = fields(array, 0, len(array))
    except DamagedError:
        return
    sized = found[found[:, 2] >= 0]
    assert ((sized[:, 1] >= 0) & (sized[:, 1] <= sized[:, 2]) & (sized[:, 2] <= len(data))).all()


def compiled_kernels() -> dict[str, int]:
    modules = (builder, segment_grid, id_index, pbf_decode, counting_sort, protobuf_wire)
    kernels = {k for module in modules for k in vars(module).values() if hasattr(k, "signatures")}
    return {kernel.py_func.__qualname__: len(kernel.signatures) for kernel in kernels}


def test_warming_compiles_what_an_import_uses(tmp_path, shared_data):
    import_osm(SKETCH, tmp_path, "sketch", imported_at="2026-11-24T00:00:00Z")
    warm_import()
    compiled = compiled_kernels()
    assert len(compiled) > 8
    file = shared_data / "osm" / "poa_osm.pbf"
    import_osm(file, tmp_path, "poa", imported_at="2026-11-24T00:00:00Z")
    assert compiled_kernels() == compiled


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
