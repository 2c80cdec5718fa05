"""Regions that come, change and go below a running server."""

import errno
import logging
import os
import time
from itertools import pairwise

import pytest

from app.snapshots import road_networks
from app.snapshots.road_networks import RoadNetworks
from routing.graph.regions import open_graph, remove_graph
from routing.osm.importer import import_osm
from tests.fixtures.osm_file import streets


@pytest.fixture
def network(tmp_path):
    return RoadNetworks(tmp_path / "graphs")


@pytest.fixture
def put(tmp_path):
    """Import a street of so many pieces as a region."""

    def imported(name, count):
        import_osm(
            streets(tmp_path / f"{name}.osm", count),
            tmp_path / "graphs",
            name,
            imported_at="2026-11-25T00:00:00+00:00",
        )

    return imported


def found(network):
    return {region.meta.name: len(region.graph.edge_tail) for region in network.regions()}


def test_there_is_nothing_where_nothing_was_imported(network):
    assert found(network) == {}


def test_regions_come_change_and_go(network, put, tmp_path):
    assert found(network) == {}
    put("town", 3)
    assert found(network) == {"town": 6}
    put("village", 2)
    assert found(network) == {"town": 6, "village": 4}
    put("town", 5)
    assert found(network) == {"town": 10, "village": 4}
    remove_graph(tmp_path / "graphs", "village")
    assert found(network) == {"town": 10}


@pytest.mark.parametrize("age_s", [1, 60])
def test_a_change_is_seen_however_coarse_the_clock_of_the_disk(network, put, tmp_path, age_s):
    """Within the step of a clock two changes have one time; later they have two."""
    put("town", 3)
    before_ns = time.time_ns() - age_s * 1_000_000_000
    os.utime(tmp_path / "graphs", ns=(before_ns, before_ns))
    assert found(network) == {"town": 6}
    put("town", 5)
    if age_s == 1:
        os.utime(tmp_path / "graphs", ns=(before_ns, before_ns))
    assert found(network) == {"town": 10}


def test_a_folder_that_rests_is_not_read_again(network, put, tmp_path, monkeypatch):
    put("town", 3)
    os.utime(tmp_path / "graphs", (0, 0))
    assert found(network) == {"town": 6}
    monkeypatch.setattr(RoadNetworks, "_read_stamp", lambda _self: pytest.fail("read again"))
    assert found(network) == {"town": 6}


@pytest.fixture
def now_s():
    """Give the time of a clock that the test sets, seconds, in a list of one."""
    return [0.0]


@pytest.fixture
def waiting(tmp_path, now_s):
    return RoadNetworks(tmp_path / "graphs", monotonic_s=lambda: now_s[0])


#: What runs short for a while, and where it shows.
SHORTAGES = [
    ("routing.graph.storage.Path.read_text", OSError(errno.EMFILE, "Too many open files")),
    ("routing.graph.storage.Path.read_text", PermissionError(errno.EACCES, "Permission denied")),
    ("numpy.lib.format.open_memmap", OSError(errno.ENOMEM, "Cannot allocate memory")),
    ("hashlib.file_digest", OSError(errno.EMFILE, "Too many open files")),
    ("app.snapshots.road_networks.border_places", MemoryError()),
]


def fail(error):
    def failing(*_args, **_options):
        raise error

    return failing


@pytest.mark.parametrize(("name", "error"), SHORTAGES)
def test_what_runs_short_takes_a_region_away_for_moments_only(
    waiting, put, tmp_path, now_s, monkeypatch, name, error
):
    put("town", 3)
    (tmp_path / "graphs/town/verified.json").unlink(missing_ok=True)
    os.utime(tmp_path / "graphs", (0, 0))
    with monkeypatch.context() as short:
        short.setattr(name, fail(error))
        assert found(waiting) == {}
        assert waiting.damaged() == ("town",)
    assert found(waiting) == {}
    now_s[0] += 1
    assert found(waiting) == {"town": 6}
    assert waiting.damaged() == ()


def test_what_stays_damaged_is_tried_less_and_less_often_and_told_once(
    waiting, put, tmp_path, now_s, monkeypatch, caplog
):
    logging.getLogger("amparo").propagate = True
    put("town", 3)
    put("village", 2)
    (tmp_path / "graphs/town/edge_tail.npy").write_bytes(b"")
    os.utime(tmp_path / "graphs", (0, 0))
    opened = []
    monkeypatch.setattr(
        road_networks, "open_graph", lambda path: opened.append(path.name) or open_graph(path)
    )
    tried_at = []
    for second in range(1500):
        now_s[0] = float(second)
        before = opened.count("town")
        assert found(waiting) == {"village": 4}
        tried_at += [second] * (opened.count("town") - before)
    assert tried_at[:5] == [0, 1, 3, 7, 15]
    assert [b - a for a, b in pairwise(tried_at)][-2:] == [300, 300]
    assert opened.count("village") == 1
    assert len([line for line in caplog.messages if "region town is damaged" in line]) == 1


def test_a_region_that_is_open_stays_so_whatever_runs_short_when_another_comes(
    waiting, put, monkeypatch
):
    put("town", 3)
    assert found(waiting) == {"town": 6}
    put("village", 2)
    with monkeypatch.context() as short:
        short.setattr("routing.graph.storage.Path.read_text", fail(OSError(errno.EMFILE, "x")))
        assert found(waiting) == {"town": 6}
        assert waiting.damaged() == ("village",)


@pytest.mark.parametrize("error", [errno.EMFILE, errno.EACCES])
def test_what_is_open_stays_so_where_the_folder_cannot_be_read(
    waiting, put, now_s, monkeypatch, error
):
    put("town", 3)
    assert found(waiting) == {"town": 6}
    for name in ("iterdir", "stat"):
        with monkeypatch.context() as short:
            short.setattr(f"app.snapshots.road_networks.Path.{name}", fail(OSError(error, "x")))
            assert found(waiting) == {"town": 6}
            now_s[0] += 400
            assert found(waiting) == {"town": 6}
    put("town", 5)
    assert found(waiting) == {"town": 10}
