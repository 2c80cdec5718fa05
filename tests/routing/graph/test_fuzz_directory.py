"""A region's folder under rubbish: refused with the reason, or whole; never a crash.

What a damaged folder could do to native code is tried in processes of their own.
"""

import json
import os
import pickle
import random
import shutil
import string
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.cch import Hierarchy, Topology
from routing.cch.integrity import require_sound
from routing.errors import GraphError
from routing.graph import layout, storage
from routing.graph.regions import list_graphs, open_graph, verify_graph, write_graph
from routing.graph.road_graph import RoadGraph
from tests.fixtures.examples import examples

ROOT = Path(__file__).resolve().parents[3]

FILES = [f"{name}.npy" for name in layout.ARRAYS]
GRID = 12


@pytest.fixture(scope="module")
def grid_graph(tiny_graph) -> RoadGraph:
    """Give streets of every kind: one-ways, inner vertices, two countries, a loop."""
    rng = random.Random(4)
    nodes = [
        (x / 100, y / 100, 5.0 * x, "CO" if x < GRID // 2 else "VE")
        for x in range(GRID)
        for y in range(GRID)
    ]
    edges = []
    for node in range(len(nodes)):
        for other in (node + 1, node + GRID):
            if other < len(nodes) and (other % GRID or other == node + GRID):
                lon, lat = nodes[node][:2]
                inner = [(lon + 0.004, lat + 0.004)] if rng.random() < 0.3 else []
                way = rng.choice(["", "", "vehicle", "all"])
                edges.append((node, other, {"shape": inner, "oneway": way}))
    return tiny_graph(nodes, edges)


@pytest.fixture(scope="module")
def whole(grid_graph, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    write_graph(folder, grid_graph)
    return folder / "tiny"


@pytest.fixture(scope="module")
def other(tiny_graph, tmp_path_factory) -> Path:
    """Give another region, of as many nodes and edges where it can be."""
    folder = tmp_path_factory.mktemp("other")
    write_graph(folder, tiny_graph([(0, 0), (0.5, 0.5)], [(0, 1)]))
    return folder / "tiny"


@pytest.fixture
def region(whole, tmp_path) -> Path:
    shutil.copytree(whole, tmp_path / "tiny")
    return tmp_path / "tiny"


def assert_refused(path: Path, names: str | None = None) -> None:
    for check in (open_graph, verify_graph):
        with pytest.raises(GraphError) as refusal:
            check(path)
        assert len(str(refusal.value)) > 20
        assert names is None or names in str(refusal.value)


@pytest.mark.every(11)
@pytest.mark.parametrize("file", FILES)
def test_every_file_cut_anywhere_is_refused_by_name(region, file):
    content = (region / file).read_bytes()
    rng = random.Random(file)
    for length in {0, 1, 9, 127, len(content) - 1, *(rng.randrange(len(content)) for _ in "123")}:
        if length < len(content):
            (region / file).write_bytes(content[:length])
            assert_refused(region, file)
    (region / file).write_bytes(content + b"\0")
    assert_refused(region, file)
    (region / file).unlink()
    assert_refused(region, file)
    (region / file).write_bytes(content)
    verify_graph(region)


@pytest.mark.every(11, first=5)
@pytest.mark.parametrize("file", FILES)
def test_every_file_with_any_bit_flipped_is_refused_by_name(region, file):
    content = (region / file).read_bytes()
    rng = random.Random(file)
    stat = (region / file).stat()
    for bit in [3, 8 * 9, *(rng.randrange(8 * len(content)) for _ in range(examples(12, 4)))]:
        damaged = bytearray(content)
        damaged[bit >> 3] ^= 1 << (bit & 7)
        (region / file).write_bytes(damaged)
        os.utime(region / file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert_refused(region, file)


@pytest.mark.every(6, first=2)
@pytest.mark.parametrize("file", FILES)
def test_another_regions_file_is_refused_by_name(region, other, file):
    if (region / file).read_bytes() == (other / file).read_bytes():
        return
    shutil.copy2(other / file, region / file)
    assert_refused(region, file)
    (region / file).unlink()
    (region / file).symlink_to(other / file)
    assert_refused(region, file)


def test_a_file_that_is_none_is_refused(region):
    file = region / "edge_head.npy"
    content = file.read_bytes()
    file.unlink()
    for make in (file.mkdir, lambda: os.mkfifo(file), lambda: file.symlink_to("/dev/zero")):
        make()
        assert_refused(region, "edge_head")
        file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()
    file.symlink_to("missing")
    assert_refused(region, "edge_head")
    file.unlink()
    file.symlink_to(file)
    assert_refused(region, "edge_head")
    file.unlink()
    elsewhere = region.parent / "elsewhere.npy"
    elsewhere.write_bytes(content)
    file.symlink_to(elsewhere)
    open_graph(region)


def test_what_is_there_too_is_left_alone(region):
    (region / "notes.txt").write_text("mine")
    (region / "edge_more.npy").write_bytes(b"x")
    verify_graph(region)
    open_graph(region)
    assert (region / "notes.txt").read_text() == "mine"


# --- headers ---------------------------------------------------------------------------------


def forge(path: Path, **fields) -> None:
    """Write meta.json anew with other fields and a sum that fits, as a forger would."""
    raw = json.loads((path / "meta.json").read_text()) | fields
    del raw["meta_checksum"]
    kind = raw.pop("format")
    raw["meta_checksum"] = storage.sum_of(raw)
    (path / "meta.json").write_text(json.dumps({"format": kind, **raw}))


def forge_file(path: Path, file: str, content: bytes) -> None:
    """Give a file another content, with sizes and sums that fit."""
    (path / file).write_bytes(content)
    raw = json.loads((path / "meta.json").read_text())
    sums = raw["checksums"] | {file: storage._sha256(path / file)}
    forge(path, checksums=sums, sizes=raw["sizes"] | {file: len(content)})


HEADERS = [
    "{'descr': '<i4', 'fortran_order': False, 'shape': (-5,), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2147483648,), }",
    "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 2), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': 7, }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (7,), }",
    "{'descr': '<i0', 'fortran_order': False, 'shape': (7,), }",
    "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (7,), }",
    "{'descr': ('<i4', (0,)), 'fortran_order': False, 'shape': (7,), }",
    "{'descr': None, 'fortran_order': None, 'shape': None, }",
    "{'descr': '<i4'}",
    "(" * 90,
    "[" * 4_000 + "]" * 4_000,
    "-" * 9_000 + "1",
    "__import__('os').abort()",
    "\0" * 50,
    "'unfinished",
    '"""',
    "{1: 2L}",
]


@pytest.mark.every(7)
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("version", [1, 2, 3, 9])
def test_a_tampered_header_is_refused_whatever_the_sums_say(region, header, version):
    size = len(header).to_bytes(2 if version == 1 else 4, "little")
    body = (region / "edge_head.npy").read_bytes()[128:]
    magic = b"\x93NUMPY" + bytes([version, 0])
    forge_file(region, "edge_head.npy", magic + size + header.encode() + body)
    assert_refused(region, "edge_head")


def test_what_numpy_would_also_load_is_refused(region, tmp_path):
    np.savez(tmp_path / "some.npz", np.arange(5))
    for content in (b"", b"PK\x03\x04", (tmp_path / "some.npz").read_bytes(), pickle.dumps([1])):
        forge_file(region, "edge_head.npy", content)
        assert_refused(region, "edge_head")


# --- meta.json -------------------------------------------------------------------------------


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=examples(200))
@given(st.data())
def test_any_bit_flipped_in_meta_json_is_found(whole, tmp_path_factory, data):
    region = tmp_path_factory.mktemp("flip") / "tiny"
    shutil.copytree(whole, region)
    content = bytearray((region / "meta.json").read_bytes())
    before = json.loads(content)
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    content[bit >> 3] ^= 1 << (bit & 7)
    (region / "meta.json").write_bytes(content)
    try:
        meaning = json.loads(content)
    except ValueError:
        meaning = None
    if meaning == before:  # a space between two words
        open_graph(region)
    else:
        assert_refused(region)
    shutil.rmtree(region)


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.sampled_from([10**400, -1, 2**63])
    | st.text(string.printable, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
FIELDS = sorted(storage.GraphMeta.__dataclass_fields__)


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=examples(300, 10))
@given(st.dictionaries(st.sampled_from(FIELDS), ODD, min_size=1, max_size=3))
def test_a_forged_meta_json_is_refused_or_harmless(whole, tmp_path_factory, fields):
    """Sums that fit do not help: what is read from it, is checked."""
    region = tmp_path_factory.mktemp("forged") / "tiny"
    shutil.copytree(whole, region)
    forge(region, **fields)
    try:
        graph = open_graph(region)
        verify_graph(region)
    except GraphError:
        pass
    else:
        assert graph.edge_coordinates(0).shape[1] == 2
        assert {type(code) for code in graph.meta.countries} <= {str}
    list_graphs(region.parent)
    shutil.rmtree(region)


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"a":' * 50_000, "1" * 10_000, "NaN", "[]", "null", '""', "\ufeff{}", "{}"],
)
def test_a_meta_json_of_rubbish_is_refused(region, content):
    (region / "meta.json").write_text(content, encoding="utf-8")
    assert_refused(region)
    assert list_graphs(region.parent) == []


@pytest.mark.parametrize("content", ["[" * 100_000, "null", "", "{}", "\0", '{"edge_head.npy": 1}'])
def test_a_list_of_what_is_verified_of_rubbish_is_made_anew(region, content):
    (region / "verified.json").write_text(content)
    open_graph(region)
    assert json.loads((region / "verified.json").read_text()).keys() == set(FILES)


# --- foreign hierarchies ---------------------------------------------------------------------


def shape_of(graph: RoadGraph) -> dict[str, np.ndarray]:
    topology = graph.hierarchy.topology
    return {name: getattr(topology, name).copy() for name in layout.HIERARCHY}


def test_the_hierarchies_that_we_build_are_sound(grid_graph, sketch):
    for graph in (grid_graph, sketch):
        require_sound(graph.hierarchy.topology, graph.edge_tail, graph.edge_head)
    for count, ends in ((0, [[], []]), (1, [[0], [0]]), (3, [[], []]), (4, [[0, 2], [1, 2]])):
        hierarchy = Hierarchy.of_graph(*ends, count)
        require_sound(hierarchy.topology, *(np.array(end, np.int32) for end in ends))


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=examples(400))
@given(st.data())
def test_any_number_changed_within_its_range_is_found(grid_graph, data):
    """The sum would fit and so would every range; a kernel would leave its arrays."""
    shape = shape_of(grid_graph)
    name = data.draw(st.sampled_from(sorted(layout.HIERARCHY)))
    array = shape[name]
    at = data.draw(st.integers(0, len(array) - 1))
    old = int(array[at])
    low, high = int(array.min()), int(array.max())
    array[at] = data.draw(st.integers(low, high).filter(lambda value: value != old))
    with pytest.raises(GraphError, match="does not fit"):
        require_sound(Topology(**shape), grid_graph.edge_tail, grid_graph.edge_head)


@pytest.mark.parametrize("name", ["head", "first", "down_arc", "parent", "edge_arc"])
def test_a_foreign_hierarchy_with_fitting_sums_is_refused(grid_graph, tmp_path, name):
    shape = shape_of(grid_graph)
    array = shape[name]
    array[3], array[4] = (array[4], array[3]) if array[3] != array[4] else (array[9], array[4])
    topology = Topology(**shape)
    forged = replace(grid_graph, topology=topology)
    write_graph(tmp_path, forged)
    (tmp_path / "tiny" / "verified.json").unlink()
    assert_refused(tmp_path / "tiny", "hierarchy")


@pytest.mark.parametrize("name", ["shape_start", "names_start", "cell_start"])
def test_offsets_that_lead_elsewhere_are_refused(region, name):
    array = np.load(region / f"{name}.npy")
    array[len(array) // 2] = array[-1] + 5 if len(array) > 2 else 7
    file = region / f"{name}.npy"
    np.save(file, array)
    forge_file(region, file.name, file.read_bytes())
    assert_refused(region, name)


# --- a crash would be seen -------------------------------------------------------------------

DAMAGE = textwrap.dedent(
    """
    import os, random, shutil, sys
    from pathlib import Path
    import numpy as np
    from routing.errors import RoutingError
    from routing.graph.regions import open_graph
    whole, work, rng = Path(sys.argv[1]), Path(sys.argv[2]), random.Random(int(sys.argv[3]))
    refused = 0
    for turn in range(12):
        region = work / f"r{turn}"
        shutil.copytree(whole, region)
        open_graph(region)
        file = rng.choice(sorted(region.glob("hierarchy_*.npy")))
        stat = file.stat()
        with file.open("r+b") as stream:
            for _ in range(rng.randint(1, 30)):
                stream.seek(rng.randrange(128, stat.st_size))
                stream.write(bytes([rng.randrange(256)]))
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        try:
            graph = open_graph(region)
            hierarchy, edges = graph.hierarchy, len(graph.edge_tail)
            metric = hierarchy.customize(np.ones(edges, np.int64))
            hierarchy.many_to_many(metric, range(50), range(50))
        except RoutingError:
            refused += 1
        shutil.rmtree(region)
    print(refused)
    """
)


@pytest.mark.long
def test_files_altered_behind_their_times_are_refused_and_crash_nothing(whole, tmp_path):
    """Each was verified once, and its size and time of writing are what they were."""
    done = subprocess.run(
        [sys.executable, "-c", DAMAGE, str(whole), str(tmp_path), "5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"ended with {done.returncode}\n{done.stderr[-2000:]}"
    assert int(done.stdout) >= 11  # where chance writes what was there, nothing is wrong
