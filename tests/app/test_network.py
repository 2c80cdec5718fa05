"""Regions that come, change and go below a running server."""

import os
import time

import pytest

from app.network import Network
from routing.osm import import_osm
from routing.regions import remove_graph
from tests.fixtures.osm_file import streets


@pytest.fixture
def network(tmp_path):
    return Network(tmp_path / "graphs")


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
    monkeypatch.setattr(Network, "_read_stamp", lambda _self: pytest.fail("read again"))
    assert found(network) == {"town": 6}
