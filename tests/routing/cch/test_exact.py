"""``./run bench exact`` in small: real graphs against networkx, before and after updates."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import exact
from benchmarks._engines import Amparo
from benchmarks._graphs import Roads
from routing.cch import UNREACHABLE


@pytest.mark.every(2)
@pytest.mark.parametrize(("name", "ends"), [("sketch", 40), ("helsinki", 12)])
def test_costs_and_paths_are_those_of_networkx_also_after_updates(name, ends):
    before, after = exact.check(exact.load(name), ends, 200)
    for counts in (before, after):
        assert counts.mismatches == 0, counts
        assert counts.pairs == ends * ends
        assert counts.without_way < counts.pairs


def triangle(direct: int = 5) -> Roads:
    tail, head = np.array([0, 1, 0, 0], np.int32), np.array([1, 2, 2, 2], np.int32)
    return Roads("triangle", tail, head, np.array([1, 2, direct, 9], np.int32), np.zeros((2, 4)))


ENDS = np.arange(4, dtype=np.int32), np.arange(4, dtype=np.int32)


def test_what_is_right_is_no_mismatch():
    for roads in (triangle(), triangle(2), triangle(UNREACHABLE)):
        counts = exact.compare(roads, Amparo(roads), ENDS)
        assert counts.mismatches == 0
        assert (counts.pairs, counts.without_way) == (16, 9)


def test_a_wrong_cost_a_wrong_way_and_a_wrong_metric_are_seen():
    roads = triangle()
    found = exact.compare(triangle(2), Amparo(roads), ENDS)
    assert found.costs
    assert found.paths
    assert found.arrays
    assert exact.is_way(roads, np.array([0, 1]), 0, 2, 3)
    for edges, source, target, cost in (
        ([0, 1], 0, 2, 4),  # another sum
        ([1, 0], 0, 2, 3),  # not joined
        ([0], 0, 2, 1),  # ends too early
        ([1], 0, 2, 2),  # begins too late
        ([0], 0, 0, 0),  # nowhere to go
        ([0], 2, 0, UNREACHABLE),
    ):
        assert not exact.is_way(roads, np.array(edges), source, target, cost)


def test_updates_close_some_edges_and_free_others_and_stay_below_the_limit():
    cost = np.full(50, UNREACHABLE - 1, np.int32)
    edges, new = exact.random_updates(cost, 2_000, np.random.default_rng(1))
    assert edges.min() >= 0
    assert edges.max() < 50
    assert new.min() == 0
    assert new.max() == UNREACHABLE
    assert 0 < (new == UNREACHABLE).mean() < 0.2
    assert ((new > 0) & (new < UNREACHABLE)).mean() > 0.5


def test_of_parallel_edges_networkx_gets_the_cheapest_as_the_costs_are_now():
    roads = triangle()
    expected = exact.by_networkx(replace(roads, cost=np.array([1, 9, 7, 4], np.int32)), *ENDS)
    assert expected[0].tolist() == [0, 1, 4, UNREACHABLE]
