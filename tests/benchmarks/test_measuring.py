"""The parts of benchmarks/routing.py that judge and count: the rest is the measuring itself."""

import json
import sys

import numpy as np
import pytest

from benchmarks import _graphs
from benchmarks._asking import INCIDENT_EDGES, TABLE, Bench, connected, questions
from benchmarks._bars import BARS, verdicts
from benchmarks._engines import Amparo, NetworkX
from benchmarks._figures import Ledger, timed
from benchmarks._graphs import Roads
from benchmarks._usage import usage_of
from routing.cch import UNREACHABLE


def test_figures_are_written_as_a_list_of_five_fields(tmp_path):
    ledger = Ledger("ny")
    ledger.note("amparo", "path p50", 0.0712345678, "ms")
    ledger.percentiles("scipy", "path", [1.0, 2.0, 3.0])
    ledger.write(tmp_path / "out.json")
    rows = json.loads((tmp_path / "out.json").read_text())
    assert rows[0] == {
        "graph": "ny",
        "engine": "amparo",
        "metric": "path p50",
        "value": 0.0712346,
        "unit": "ms",
    }
    assert [row["metric"] for row in rows[1:]] == ["path p50", "path p95"]
    assert ledger.value("scipy", "path p50") == 2.0
    assert ledger.value("scipy", "nothing") is None


def test_a_bar_is_missed_reached_or_not_measured():
    ledger = Ledger("poa10")
    ledger.note("amparo", "path p50", 0.25, "ms")
    ledger.note("amparo", "path p95", 0.41, "ms")
    ledger.note("osrm", "path p50 over Amparo's", 9.9, "times")
    ledger.note("networkx", "path p50 over Amparo's", 10_000, "times")
    found = {str(each.bar): each for each in verdicts(ledger)}
    words = {name: each.word for name, each in found.items() if each.value is not None}
    assert words == {
        "amparo: path p50 <= 0.25 ms": "reached",
        "amparo: path p95 <= 0.4 ms": "MISSED",
        "osrm: path p50 over Amparo's >= 10 times": "MISSED",
        "networkx: path p50 over Amparo's >= 10,000 times": "reached",
    }
    assert not any(each.is_missed for each in found.values() if each.value is None)
    assert {each.word for each in found.values()} == {"reached", "MISSED", "not measured"}


def test_every_graph_may_have_no_mismatch():
    for graph in ("poa", "poa3", "poa10", "ny"):
        assert any(bar.metric == "mismatches" and graph in bar.graphs for bar in BARS)


def test_the_memory_of_the_measuring_process_is_not_counted():
    ballast = np.ones(40_000_000)  # 320 MB
    held = "x = bytearray(b'x' * 100_000_000); print('done', len(x))"
    small, large = (usage_of([sys.executable, "-c", code]) for code in ("print('done')", held))
    assert small.output == "done\n"
    assert small.peak_mb < 60
    assert 100 < large.peak_mb < 260
    assert small.cpu_s > 0
    both = small + large
    assert both.peak_mb == large.peak_mb
    assert both.wall_s == small.wall_s + large.wall_s
    assert ballast[-1] == 1


def test_a_command_that_fails_ends_the_benchmark_with_what_it_said():
    with pytest.raises(SystemExit, match="no such road"):
        usage_of([sys.executable, "-c", "raise SystemExit('no such road')"])


def grid(width: int) -> Roads:
    """Give a square of two-way streets, and one node that nothing leads to."""
    ids = np.arange(width * width, dtype=np.int32).reshape(width, width)
    ends = [(ids[:, :-1], ids[:, 1:]), (ids[:-1], ids[1:])]
    ends += [(head, tail) for tail, head in ends]
    tail, head = (np.concatenate([part[i].ravel() for part in ends]) for i in range(2))
    lonlat = np.stack([np.append(ids.ravel() % width, 0), np.append(ids.ravel() // width, 0)])
    cost = np.random.default_rng(3).integers(1, 100, len(tail)).astype(np.int32)
    return Roads("grid", tail, head, cost, lonlat / 1e3)


def test_questions_are_about_nodes_that_reach_each_other():
    roads = grid(20)
    amparo = Amparo(roads)
    assert connected(roads, amparo, np.random.default_rng(1)).tolist() == list(range(400))
    asked = questions(roads, amparo, 70)
    assert np.asarray(asked.pairs).shape == (70, 2)
    assert np.asarray(asked.pairs).max() < 400
    assert len(asked.nodes) == TABLE
    assert all(len(set(edges.tolist())) == INCIDENT_EDGES for edges in asked.incidents)
    assert questions(roads, amparo, 70).pairs == asked.pairs


def test_a_heap_of_pieces_is_refused():
    apart = Roads(
        "apart",
        np.array([0, 2], np.int32),
        np.array([1, 3], np.int32),
        np.array([1, 1], np.int32),
        np.zeros((2, 4)),
    )
    with pytest.raises(SystemExit, match="no part"):
        connected(apart, Amparo(apart), np.random.default_rng(1))


class Wrong(NetworkX):
    """Finds one way in ten a little too dear."""

    name = "wrong"

    def path(self, source: int, target: int) -> int:
        return super().path(source, target) + (target % 10 == 0)


def test_equal_answers_are_no_mismatch_and_a_wrong_peer_is_named():
    roads = grid(12)
    amparo = Amparo(roads)
    ledger = Ledger("grid")
    bench = Bench(roads, ledger, amparo, questions(roads, amparo, 60))
    bench.ask_amparo()
    bench.ask_peer(NetworkX(roads))
    wrong = Wrong(roads)
    wrong.most_pairs = 60
    bench.ask_peer(wrong)
    bench.close()
    assert ledger.value("amparo", "mismatches") == 0
    assert ledger.value("networkx", "mismatches") == 0
    assert ledger.value("wrong", "mismatches") > 0
    assert ledger.value("all", "mismatches") == ledger.value("wrong", "mismatches")
    assert ledger.value("networkx", "path pairs") == 10
    assert ledger.value("networkx", "path p50 over Amparo's") > 0


def test_closed_roads_of_a_region_are_closed_to_the_hierarchy(sketch_region):
    roads = _graphs.of_region(sketch_region)
    amparo = Amparo(roads)
    every = amparo.spread(roads.cost)
    assert len(every) == amparo.hierarchy.topology.edge_count
    assert (every < UNREACHABLE).sum() == len(roads.tail)
    assert roads.cost.min() >= 0
    assert np.allclose(roads.lonlat[0], sketch_region.node_lon / 1e7)


@pytest.fixture
def sketch_region(tmp_path):
    from routing.graph.regions import open_graph
    from routing.osm.importer import import_osm

    source = _graphs.source_of("sketch", tmp_path)
    import_osm(source, tmp_path, "sketch", imported_at="2026-11-26T00:00:00Z")
    return open_graph(tmp_path / "sketch")


def test_missing_data_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("AMPARO_TEST_DATA", str(tmp_path))
    for name in ("poa", "poa3", "poa10"):
        with pytest.raises(SystemExit, match=r"is missing: AMPARO_TEST_DATA"):
            _graphs.source_of(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_time_is_that_of_the_processor():
    ms, result = timed(lambda: sum(range(2_000_000)))
    assert result == 1_999_999_000_000
    assert ms > 0
