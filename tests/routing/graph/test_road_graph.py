"""The graph: snapping against brute force, area look-up, and a directory that never lies."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.errors import GraphError, InvalidRequest, OffNetwork
from routing.geometry.geodesy import UNITS_PER_DEGREE, great_circle_m, local_xy
from routing.geometry.segment_grid import SegmentGrid
from routing.graph import atomic_write, layout, storage
from routing.graph.regions import list_graphs, open_graph, remove_graph, verify_graph, write_graph
from routing.graph.segments import iter_segments
from routing.graph.snapping import edges_in, snap_to_edge
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.osm_tags.ways import HIGHWAY_CLASSES
from tests.fixtures.examples import examples

ROOT = Path(__file__).resolve().parents[3]

# Coordinates on a grid of 1e-7 degree in a box of some kilometres, so that nothing is rounded.
units = st.integers(-400_000, 400_000)
point = st.tuples(units.map(lambda u: -72.5 + u / 1e7), units.map(lambda u: 7.9 + u / 1e7))
far_point = st.tuples(st.floats(-74, -71), st.floats(6, 9))


@st.composite
def networks(draw):
    """Draw nodes (lon, lat, height, country) and edges with inner vertices and directions."""
    places = draw(st.lists(point, min_size=2, max_size=7, unique=True))
    countries = draw(st.lists(st.sampled_from(["CO", "VE"]), min_size=7, max_size=7))
    nodes = [(*p, 0.0, countries[i]) for i, p in enumerate(places)]
    index = st.integers(0, len(nodes) - 1)
    options = st.fixed_dictionaries(
        {
            "shape": st.lists(point, max_size=3),
            "oneway": st.sampled_from(["", "vehicle", "all"]),
        }
    )
    edges = draw(st.lists(st.tuples(index, index, options), min_size=1, max_size=8))
    return nodes, edges


def brute_force(graph, lon, lat, mode, country=None):
    """Return the least planar distance to any usable edge, segment by segment."""
    best = np.inf
    for edge in range(graph.meta.edge_count):
        ends = graph.node_country[[graph.edge_tail[edge], graph.edge_head[edge]]]
        if not graph.edge_flags[edge] & mode.flag or graph.edge_flags[edge] & EdgeFlag.BORDER:
            continue
        if country is not None and {graph.meta.countries[c] for c in ends} != {country}:
            continue
        x, y = local_xy(*graph.edge_coordinates(edge).T, lon, lat)
        line = shapely.LineString(np.column_stack((x, y)))
        best = min(best, line.distance(shapely.Point(0, 0)))
    return best


@settings(max_examples=examples(150), deadline=None)
@given(
    networks(), st.one_of(point, far_point), st.sampled_from(Mode), st.sampled_from([None, "CO"])
)
def test_snap_finds_the_nearest_edge_of_all(tiny_graph, network, at, mode, country):
    graph = tiny_graph(*network)
    expected = brute_force(graph, *at, mode, country)
    if not np.isfinite(expected):
        with pytest.raises(OffNetwork):
            snap_to_edge(graph, *at, mode, country, limit_m=np.inf)
        return
    snap = snap_to_edge(graph, *at, mode, country, limit_m=np.inf)
    assert snap.distance_m == pytest.approx(expected, rel=1e-9, abs=1e-6)
    assert graph.edge_flags[snap.edge] & mode.flag
    assert 0 <= snap.fraction <= 1
    if country is not None:
        assert snap.country == country


@pytest.mark.every(3)
@pytest.mark.parametrize("reach", [0.01, 0.3, 3.0], ids=["streets", "mixed", "long lines"])
def test_the_grid_finds_the_nearest_of_many_segments(reach):
    """Enough segments for hundreds of cells; long ones cross many of them."""
    rng = np.random.default_rng(int(reach * 100))
    count = 3_000
    start = rng.uniform((-75, -5), (-72, -2), (count, 2))
    length = reach * rng.random((count, 1)) ** 4
    turn = rng.uniform(0, 2 * np.pi, count)
    end = start + length * np.column_stack((np.cos(turn), np.sin(turn)))
    shape = np.rint(np.stack((start, end), axis=1).reshape(-1, 2) * UNITS_PER_DEGREE)
    lon, lat = shape.astype(np.int32).T
    segments = np.arange(0, 2 * count, 2)
    grid = SegmentGrid.build(segments, lon, lat)
    assert grid.frame[4] * grid.frame[5] > 300
    wanted = rng.random(2 * count) < 0.1
    for at in rng.uniform((-76, -6), (-71, -1), (150, 2)):
        usable = segments[wanted[segments]]
        _, distance = grid.project(*at, usable)
        found = grid.nearest(*at, lambda candidates: wanted[candidates])
        assert found is not None
        assert found.distance_m == distance.min()
        box = (*(at - 0.05), *(at + 0.05))
        lines = shapely.linestrings(np.stack((start, end), axis=1))
        inside = segments[shapely.intersects(lines, shapely.box(*box))]
        assert np.isin(inside, grid.segments_in_box(*box)).all()
    assert grid.nearest(-74, -3, lambda candidates: np.zeros(len(candidates), dtype=bool)) is None


@settings(max_examples=examples(100), deadline=None)
@given(networks(), point)
def test_snap_fraction_is_measured_along_the_edge_by_length(tiny_graph, network, at):
    graph = tiny_graph(*network)
    try:
        snap = snap_to_edge(graph, *at, Mode.FOOT, limit_m=np.inf)
    except OffNetwork:
        return
    line = graph.edge_coordinates(snap.edge)
    lengths = great_circle_m(*line[:-1].T, *line[1:].T)
    if lengths.sum() == 0:
        return
    measure = np.concatenate(([0], np.cumsum(lengths))) / lengths.sum()
    lon = np.interp(snap.fraction, measure, line[:, 0])
    lat = np.interp(snap.fraction, measure, line[:, 1])
    assert great_circle_m(lon, lat, snap.lon, snap.lat) < 0.02


@settings(max_examples=examples(100), deadline=None)
@given(networks(), st.lists(point, min_size=3, max_size=5, unique=True))
def test_edges_in_agrees_with_testing_every_edge(tiny_graph, network, corners):
    graph = tiny_graph(*network)
    area = shapely.MultiPoint(corners).convex_hull
    expected = [
        edge for edge in range(graph.meta.edge_count) if _line(graph, edge).intersects(area)
    ]
    assert edges_in(graph, area).tolist() == expected


def _line(graph, edge):
    line = graph.edge_coordinates(edge)
    return shapely.Point(line[0]) if (line == line[0]).all() else shapely.LineString(line)


def test_edges_in_sees_a_long_edge_far_from_its_ends(sketch):
    edge = int(np.argmax(sketch.edge_length_m))
    middle = sketch.edge_coordinates(edge).mean(axis=0)
    found = edges_in(sketch, shapely.Point(middle).buffer(0.001))
    assert {edge, int(sketch.edge_twin[edge])} <= set(found.tolist())


def test_edges_in_an_empty_area_is_nothing(sketch):
    assert len(edges_in(sketch, shapely.Polygon())) == 0
    assert len(edges_in(sketch, shapely.box(0, 0, 1, 1))) == 0


def test_snap_refuses_beyond_the_limit_and_names_the_distance(tiny_graph):
    graph = tiny_graph([(0, 0), (0.01, 0)], [(0, 1)])
    with pytest.raises(OffNetwork) as refusal:
        snap_to_edge(graph, 0.005, 0.02, Mode.FOOT, which="end")
    assert refusal.value.which == "end"
    assert refusal.value.distance_m == pytest.approx(2224, abs=1)
    assert refusal.value.limit_m == 1000


def test_snap_on_a_street_closed_to_cars_against_its_direction(tiny_graph):
    graph = tiny_graph([(0, 0), (0.01, 0)], [(1, 0, {"oneway": "vehicle"})])
    car = snap_to_edge(graph, 0.0025, 0, Mode.VEHICLE)
    tail = graph.node_lon[graph.edge_tail[car.edge]] / UNITS_PER_DEGREE
    assert tail == pytest.approx(0.01)
    assert car.fraction == pytest.approx(0.75, abs=1e-6)


@pytest.mark.parametrize("bad", [(float("nan"), 0), (0, 91), (181, 0), (0, float("inf"))])
def test_snap_refuses_what_is_no_place(tiny_graph, bad):
    graph = tiny_graph([(0, 0), (0.01, 0)], [(0, 1)])
    with pytest.raises(InvalidRequest):
        snap_to_edge(graph, *bad, Mode.FOOT)


def test_p33_snapping_stays_in_the_country_and_off_border_edges(sketch, towns):
    lon, lat = towns["CO", "Villa del Rosario"]
    crossing = sketch.is_border_edge
    near = snap_to_edge(sketch, -72.4508, 7.8179, Mode.FOOT)  # Puente Simón Bolívar
    assert not crossing[near.edge]
    inside = snap_to_edge(sketch, lon, lat, Mode.FOOT, "VE")
    assert inside.country == "VE"
    assert inside.distance_m > snap_to_edge(sketch, lon, lat, Mode.FOOT, "CO").distance_m
    with pytest.raises(OffNetwork) as refusal:
        snap_to_edge(sketch, lon, lat, Mode.FOOT, "XX")
    assert refusal.value.distance_m == np.inf


def test_twins_mirror_each_other(sketch):
    twin = sketch.edge_twin
    both = np.flatnonzero(twin >= 0)
    assert (twin[twin[both]] == both).all()
    assert (sketch.edge_tail[twin[both]] == sketch.edge_head[both]).all()
    assert (sketch.edge_ascent_m[twin[both]] == sketch.edge_descent_m[both]).all()
    edge = int(both[5])
    back = sketch.edge_coordinates(int(twin[edge]))
    assert (back[::-1] == sketch.edge_coordinates(edge)).all()


def test_hilbert_order_keeps_neighbours_close(sketch):
    lon, lat = sketch.node_lon / UNITS_PER_DEGREE, sketch.node_lat / UNITS_PER_DEGREE
    step = great_circle_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    shuffled = np.random.default_rng(0).permutation(len(lon))
    chance = great_circle_m(
        lon[shuffled][:-1], lat[shuffled][:-1], lon[shuffled][1:], lat[shuffled][1:]
    )
    assert step.mean() < chance.mean() / 10


def test_segments_are_one_row_per_piece_without_split_crossings(sketch):
    rows = list(iter_segments(sketch))
    assert len(rows) == 1126
    assert len({row.segment_key for row in rows}) == len(rows)
    assert sum(row.length_m for row in rows) == pytest.approx(56_257_330, abs=1)
    assert {row.road_class for row in rows} == {"trunk", "primary", "secondary"}
    # Rumichaca's two posts lie 240 m apart: the only border that is also a road.
    assert sum(row.country is None for row in rows) == 1
    for row in rows[:20]:
        assert shapely.from_wkb(row.wkb).geom_type == "LineString"


def test_segments_of_one_mode(tiny_graph):
    graph = tiny_graph(
        [(0, 0), (0.01, 0), (0.02, 0)],
        [(0, 1, {"oneway": "vehicle"}), (1, 2, {"oneway": "all"})],
    )
    rows = list(iter_segments(graph, Mode.VEHICLE))
    assert [(row.foot, row.vehicle, row.oneway) for row in rows] == [(True, True, True)] * 2


# --- the directory ---------------------------------------------------------------------------


@pytest.fixture
def small(tiny_graph):
    return tiny_graph([(0, 0, 5.0, "CO"), (0.01, 0, 9.0, "CO")], [(0, 1)])


def test_a_graph_survives_the_disk(small, tmp_path):
    meta = write_graph(tmp_path, small)
    again = open_graph(tmp_path / "tiny")
    assert again.meta == meta
    for name in layout.ARRAYS:
        of_hierarchy = name.removeprefix(layout.HIERARCHY_PREFIX)
        if name != of_hierarchy:
            written, read = (
                getattr(graph.hierarchy.topology, of_hierarchy) for graph in (small, again)
            )
        else:
            written, read = getattr(small, name), getattr(again, name)
        np.testing.assert_array_equal(read, written)
        assert isinstance(read.base, np.memmap), "mapped, not copied"
        assert read.base.mode == "c"
    assert verify_graph(tmp_path / "tiny") == meta
    assert [m.name for m in list_graphs(tmp_path)] == ["tiny"]


def test_writing_into_an_opened_graph_does_not_reach_the_disk(small, tmp_path):
    write_graph(tmp_path, small)
    graph = open_graph(tmp_path / "tiny")
    graph.edge_length_dm[:] = 1
    assert open_graph(tmp_path / "tiny").edge_length_dm[0] == small.edge_length_dm[0]
    verify_graph(tmp_path / "tiny")


def test_a_replaced_region_leaves_opened_graphs_alone(small, tiny_graph, tmp_path):
    write_graph(tmp_path, small)
    old = open_graph(tmp_path / "tiny")
    write_graph(tmp_path, tiny_graph([(0, 0), (0.02, 0), (0.03, 0)], [(0, 1), (1, 2)]))
    assert old.edge_length_dm[0] == small.edge_length_dm[0]
    assert open_graph(tmp_path / "tiny").meta.node_count == 3
    left = [path.name for path in tmp_path.iterdir()]
    assert len([name for name in left if name.endswith(".region")]) == 1, left


def test_regions_coexist_and_are_removed_one_by_one(small, tmp_path):
    write_graph(tmp_path, small)
    write_graph(tmp_path, replace(small, meta=replace(small.meta, name="other")))
    assert [m.name for m in list_graphs(tmp_path)] == ["other", "tiny"]
    remove_graph(tmp_path, "other")
    assert [m.name for m in list_graphs(tmp_path)] == ["tiny"]
    with pytest.raises(GraphError, match="no region"):
        remove_graph(tmp_path, "other")


@pytest.mark.parametrize("name", ["../up", "", "A", ".hidden", "a/b", "x" * 64])
def test_a_region_name_never_leaves_the_folder(small, tmp_path, name):
    with pytest.raises(GraphError, match="region name"):
        write_graph(tmp_path, replace(small, meta=replace(small.meta, name=name)))
    with pytest.raises(GraphError, match="region name"):
        remove_graph(tmp_path, name)


def _change_meta(**fields):
    def change(path):
        meta = path / "meta.json"
        meta.write_text(json.dumps(json.loads(meta.read_text()) | fields))

    return change


def _change_array(change):
    return lambda path: change(path / "edge_head.npy")


DAMAGE = {
    "no meta": lambda path: (path / "meta.json").unlink(),
    "foreign": lambda path: (path / "meta.json").write_text('{"hello": 1}'),
    "broken json": lambda path: (path / "meta.json").write_text("{"),
    "version": _change_meta(format_version=999),
    "extra field": _change_meta(surprise=1),
    "bad counts": _change_meta(edge_count=7),
    "bad box": _change_meta(bbox=["a"]),
    "missing array": _change_array(Path.unlink),
    "cut short": _change_array(lambda file: file.write_bytes(file.read_bytes()[:-3])),
    "other dtype": _change_array(lambda file: np.save(file, np.load(file).astype(np.float32))),
    "not npy": _change_array(lambda file: file.write_bytes(b"x" * file.stat().st_size)),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_or_foreign_folder_is_refused_with_the_reason(small, tmp_path, how):
    write_graph(tmp_path, small)
    DAMAGE[how](tmp_path / "tiny")
    with pytest.raises(GraphError) as refusal:
        open_graph(tmp_path / "tiny")
    assert len(str(refusal.value)) > 20
    with pytest.raises(GraphError):
        verify_graph(tmp_path / "tiny")


def flip(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("name", ["edge_length_dm", "hierarchy_head"])
def test_opening_finds_one_flipped_bit_of_a_file_that_was_touched(small, tmp_path, name):
    write_graph(tmp_path, small)
    flip(tmp_path / "tiny" / f"{name}.npy")
    for check in (open_graph, verify_graph):
        with pytest.raises(GraphError, match=rf"{name}\.npy: checksum"):
            check(tmp_path / "tiny")


def test_a_flipped_bit_is_found_although_the_files_time_was_set_back(small, tmp_path):
    write_graph(tmp_path, small)
    file = tmp_path / "tiny" / "edge_length_dm.npy"
    stat = file.stat()
    flip(file)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    for check in (open_graph, verify_graph):
        with pytest.raises(GraphError, match=r"edge_length_dm\.npy: checksum"):
            check(tmp_path / "tiny")


def test_verify_finds_one_flipped_bit_that_opening_cannot_see(small, tmp_path):
    """As where the disk itself gives other bytes than it was given: no time tells of it."""
    write_graph(tmp_path, small)
    flip(tmp_path / "tiny" / "edge_length_dm.npy")
    storage.note_verified(tmp_path / "tiny", small.meta)
    open_graph(tmp_path / "tiny")
    with pytest.raises(GraphError, match=r"edge_length_dm\.npy: checksum"):
        verify_graph(tmp_path / "tiny")


def test_a_copied_region_is_summed_up_once(small, tmp_path, monkeypatch):
    write_graph(tmp_path, small)
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "tiny", copy)
    sums = []
    summed = storage._sha256
    monkeypatch.setattr(storage, "_sha256", lambda file: sums.append(file) or summed(file))
    open_graph(copy)
    assert len(sums) == len(layout.ARRAYS)
    open_graph(copy)
    assert len(sums) == len(layout.ARRAYS)


def test_verify_finds_an_index_that_leaves_the_graph(small, tmp_path):
    # The hierarchy refuses such a graph before it is written; here it is another one's.
    topology = small.hierarchy.topology
    write_graph(tmp_path, replace(small, edge_head=small.edge_head + 5, topology=topology))
    with pytest.raises(GraphError, match="edge_head points outside"):
        verify_graph(tmp_path / "tiny")


def test_one_bad_region_does_not_hide_the_others(small, tmp_path):
    write_graph(tmp_path, small)
    (tmp_path / "stray").mkdir()
    assert [m.name for m in list_graphs(tmp_path)] == ["tiny"]
    assert list_graphs(tmp_path / "absent") == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupted_write_leaves_the_old_region_and_no_rubbish(
    small, tiny_graph, tmp_path, monkeypatch, error
):
    write_graph(tmp_path, small)
    before = sorted(path.name for path in tmp_path.iterdir())
    saved = atomic_write._save
    count = 0

    def failing(path, array):
        nonlocal count
        count += 1
        if count == 7:
            raise error
        saved(path, array)

    monkeypatch.setattr(atomic_write, "_save", failing)
    expected = KeyboardInterrupt if error is KeyboardInterrupt else GraphError
    with pytest.raises(expected):
        write_graph(tmp_path, tiny_graph([(0, 0), (0.02, 0)], [(0, 1)]))
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert verify_graph(tmp_path / "tiny").bbox == small.meta.bbox


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("begun", "said"), [("ways", "or not be written to"), ("nodes", "unchanged")]
)
def test_a_full_disk_is_reported_and_leaves_the_old_region(small, tmp_path, begun, said):
    """A real limit of the kernel on the size of files, from a stage on, in a process of its own."""
    write_graph(tmp_path, small)
    script = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from routing.errors import GraphError, ImportFailed
        from routing.osm.importer import import_osm

        def limit(stage, done, total):
            if stage == sys.argv[3] and (stage == "ways" or done == total):
                resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        source, folder = map(Path, sys.argv[1:3])
        try:
            import_osm(source, folder, "tiny", imported_at="now", progress=limit)
        except (GraphError, ImportFailed) as error:
            print(error)
            sys.exit(3)
        """
    )
    sketch = ROOT / "data" / "roads" / "corridors.osm.xml"
    done = subprocess.run(
        [sys.executable, "-c", script, str(sketch), str(tmp_path), begun],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert said in done.stdout
    assert verify_graph(tmp_path / "tiny").node_count == 2
    assert not list(tmp_path.glob(".*.tmp"))


def test_what_a_killed_import_left_is_cleared_by_the_next(small, tmp_path):
    (tmp_path / ".tiny.dead.tmp").mkdir(parents=True)
    write_graph(tmp_path, small)
    assert not (tmp_path / ".tiny.dead.tmp").exists()


def test_a_folder_copied_by_hand_is_replaced(small, tmp_path):
    write_graph(tmp_path, small)
    shutil.copytree(tmp_path / "tiny", tmp_path / "copy")
    remove_graph(tmp_path, "tiny")
    (tmp_path / "copy").rename(tmp_path / "tiny")
    open_graph(tmp_path / "tiny")
    write_graph(tmp_path, small)
    assert (tmp_path / "tiny").is_symlink()
    verify_graph(tmp_path / "tiny")


def test_classes_and_flags_fit_their_dtypes():
    assert len(HIGHWAY_CLASSES) < 256
    assert max(EdgeFlag) < 2**16
