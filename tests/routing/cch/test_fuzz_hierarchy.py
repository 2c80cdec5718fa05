"""The hierarchy's public edge under rubbish: it refuses, or answers as networkx does."""

import contextlib
import math
import operator
import subprocess
import sys
import textwrap
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from routing.biobjective import bi_objective
from routing.biobjective.bi_objective import BiObjective
from routing.cch import UNREACHABLE, Hierarchy, Metric, ordering, topology
from routing.errors import GraphError, InvalidCost, InvalidNode

ROOT = Path(__file__).resolve().parents[3]

REFUSALS = (InvalidNode, InvalidCost, GraphError)

HALF = UNREACHABLE // 2
#: Costs around everything that could overflow.
EDGE_COSTS = st.sampled_from(
    [0, 1, HALF, HALF + 1, *range(UNREACHABLE - 1, UNREACHABLE + 2), 2**31, 2**32, 2**53, 2**63 - 1]
)
SCALARS = st.one_of(
    st.integers(),
    st.integers(-3, 12),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.complex_numbers(),
    st.sampled_from([2**31, 2**32, 2**63, 2**64, -(2**63), 10**400]),
    hnp.scalar_dtypes().flatmap(hnp.from_dtype),
)
ARRAYS = hnp.arrays(
    dtype=st.one_of(hnp.scalar_dtypes(), hnp.integer_dtypes()),
    shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6),
)
RUBBISH = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=5),
    st.lists(st.lists(SCALARS, max_size=2), max_size=3),
    ARRAYS,
    ARRAYS.map(lambda given: given[::-2] if given.ndim else given),
    ARRAYS.map(lambda given: given.astype(object)),
    st.dictionaries(st.integers(), st.integers(), max_size=2),
    st.sampled_from([iter([0, 1]), {0, 1}, range(3), object(), slice(1)]),
)


def square() -> tuple[Hierarchy, Metric]:
    hierarchy = Hierarchy.of_graph([0, 1, 2, 3, 0, 2], [1, 2, 3, 0, 0, 1], 4)
    return hierarchy, hierarchy.customize([1, 2, 3, 4, 5, 6])


def state_of(metric: Metric) -> list[list[int]]:
    parts = (metric.cost, metric.up, metric.down, metric.up_origin, metric.down_origin)
    return [part.tolist() for part in parts]


@given(RUBBISH, RUBBISH)
@example(np.array([2**40 + 1], np.int64), [0])
@example([0.9], [1.1])
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_given_for_ids_is_refused_or_meant(one, two):
    hierarchy, metric = square()
    before = state_of(metric)
    calls = [
        lambda: hierarchy.distance(metric, one, two),
        lambda: hierarchy.path(metric, one, two),
        lambda: hierarchy.one_to_all(metric, one),
        lambda: hierarchy.one_to_many(metric, one, two),
        lambda: hierarchy.many_to_many(metric, one, two),
        lambda: hierarchy.within(metric, one, 9, seed_cost=two),
        lambda: hierarchy.within(metric, [0], one, seed_cost=[3]),
        lambda: Hierarchy.of_graph(one, two, 4),
        lambda: Hierarchy.of_graph([0], [0], one) if not is_huge(one) else None,
    ]
    for call in calls:
        with contextlib.suppress(*REFUSALS):
            call()
    assert state_of(metric) == before


def is_huge(value: object) -> bool:
    """Tell a graph that memory does not hold from one that is no graph."""
    try:
        return 10_000 < operator.index(value) < 2**31
    except TypeError:
        return False


@given(RUBBISH, RUBBISH)
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_given_for_costs_is_refused_or_meant(one, two):
    hierarchy, metric = square()
    for change in (
        lambda: hierarchy.update(metric, one, two),
        lambda: hierarchy.update(metric, [0, 1], one),
    ):
        before = state_of(metric)
        try:
            change()
        except REFUSALS:
            assert state_of(metric) == before
        else:
            assert state_of(metric) == state_of(hierarchy.customize(metric.cost))
    try:
        metric = hierarchy.customize(one)
    except InvalidCost:
        return
    expected = [min(int(cost), UNREACHABLE) for cost in one]
    assert metric.cost.tolist() == expected


INTEGERS = [f"{kind}{order}" for kind in "iu" for order in (1, 2, 4, 8)] + [">i4", ">u8"]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_every_kind_of_whole_number_is_taken_strided_too(dtype):
    hierarchy = Hierarchy.of_graph(range(4), range(1, 5), 5)
    wide = np.array([1, 99, 2, 99, 3, 99, 4, 99], dtype)
    metric = hierarchy.customize(wide[::2])
    assert hierarchy.distance(metric, *np.array([0, 4], dtype)) == 10
    assert hierarchy.update(metric, wide[:1].astype(dtype), wide[6:7]) > 0
    assert hierarchy.one_to_many(metric, 0, np.array([9, 4, 9, 0], dtype)[1::2]).tolist() == [12, 0]
    most = np.iinfo(dtype).max
    highest = hierarchy.customize(np.full(4, most, dtype))
    assert hierarchy.distance(highest, 0, 1) == min(int(most), UNREACHABLE)


@pytest.mark.parametrize(
    "limit", [None, "5", 5.0, math.nan, math.inf, -math.inf, [5], np.float64(3)]
)
def test_a_limit_that_is_no_whole_number_is_refused(limit):
    hierarchy, metric = square()
    with pytest.raises(InvalidCost, match="whole number"):
        hierarchy.within(metric, [0], limit)


@pytest.mark.parametrize(("limit", "found"), [(-(2**80), 0), (-1, 0), (0, 1), (2**80, 4)])
def test_a_limit_beyond_all_costs_is_the_nearest_that_is_one(limit, found):
    hierarchy, metric = square()
    assert len(hierarchy.within(metric, [0], limit)[0]) == found


@pytest.mark.parametrize("count", [-1, 1.5, None, "3", 2**31, 2**63, math.nan, [3]])
def test_a_number_of_nodes_that_cannot_be_is_refused(count):
    with pytest.raises(GraphError):
        Hierarchy.of_graph([0], [0], count)


@pytest.mark.parametrize("ends", [[2**32], [2**63], np.array([2**32]), [0.5], [[0]], [True], "0"])
def test_an_end_is_never_cut_to_one_that_exists(ends):
    with pytest.raises(GraphError):
        Hierarchy.of_graph(ends, [0], 2)


def test_a_metric_of_another_hierarchy_is_refused():
    """Its arrays are of another length, and kernels read without looking."""
    small, metric = square()
    big = Hierarchy.of_graph(range(9_999), range(1, 10_000), 10_000)
    twin, _ = square()
    for other in (big, twin):
        for ask in (
            lambda other: other.distance(metric, 0, 1),
            lambda other: other.path(metric, 0, 1),
            lambda other: other.one_to_all(metric, 0),
            lambda other: other.many_to_many(metric, [0], [1]),
            lambda other: other.within(metric, [0], 5),
            lambda other: other.update(metric, [0], [5]),
        ):
            with pytest.raises(InvalidCost, match="another hierarchy"):
                ask(other)
    assert small.distance(metric.copy(), 0, 3) == 6


class Shifting:
    """Gives one array when it is looked at, and holds on to it as its owner would."""

    def __init__(self, values):
        self.values = np.array(values)

    def __array__(self, dtype=None, copy=None):
        return self.values.copy() if copy else self.values


def test_a_metric_keeps_no_hold_on_what_it_was_given():
    hierarchy, _ = square()
    for given_costs in (np.arange(6, dtype=np.int32), Shifting(np.arange(6, dtype=np.int32))):
        metric = hierarchy.customize(given_costs)
        before = state_of(metric)
        getattr(given_costs, "values", given_costs)[:] = -7
        assert state_of(metric) == before


# --- shapes of graphs ------------------------------------------------------------------------


@st.composite
def scattered(draw):
    """Draw graphs in several parts, with loops and parallel edges, and costs that overflow."""
    count = draw(st.integers(1, 24))
    node = st.integers(0, count - 1)
    edge = st.tuples(node, node, st.one_of(EDGE_COSTS, st.integers(0, 20)))
    edges = draw(st.lists(edge, max_size=40))
    edges += draw(st.lists(st.sampled_from(edges), max_size=5)) if edges else []
    return count, edges


@given(scattered(), st.data())
@settings(deadline=None)
def test_saturated_sums_agree_with_networkx_also_after_updates(graph, data):
    count, edges = graph
    hierarchy = Hierarchy.of_graph([e[0] for e in edges], [e[1] for e in edges], count)
    cost = [e[2] for e in edges]
    metric = hierarchy.customize(np.array(cost, np.int64))
    if edges:
        at = data.draw(st.integers(0, len(edges) - 1))
        cost[at] = data.draw(EDGE_COSTS)
        hierarchy.update(metric, [at], np.array([cost[at]], np.int64))
    oracle = nx.MultiDiGraph()
    oracle.add_nodes_from(range(count))
    oracle.add_weighted_edges_from(
        (tail, head, value)
        for (tail, head, _), value in zip(edges, cost, strict=True)
        if value < UNREACHABLE
    )
    table = hierarchy.many_to_many(metric, range(count), range(count))
    for source in range(count):
        found = nx.single_source_dijkstra_path_length(oracle, source)
        row = [min(found.get(target, UNREACHABLE), UNREACHABLE) for target in range(count)]
        assert table[source].tolist() == row
        assert hierarchy.one_to_all(metric, source).tolist() == row
        for target in range(count):
            total, path = hierarchy.path(metric, source, target)
            assert total == hierarchy.distance(metric, source, target) == row[target]
            if total < UNREACHABLE:
                assert sum(cost[edge] for edge in path) == total


def chained(monkeypatch, count):
    """Build a road of so many nodes whose tree is one chain: the worst order there is."""
    monkeypatch.setattr(
        topology, "nested_dissection", lambda start, _: np.arange(len(start) - 1, dtype=np.int32)
    )
    ends = np.arange(count, dtype=np.int32)
    return Hierarchy.of_graph(
        np.concatenate((ends[:-1], ends[1:])), np.concatenate((ends[1:], ends[:-1])), count
    )


def test_the_deepest_tree_of_all_is_searched_to_its_end(monkeypatch):
    """65,536 levels, the last that 16 bits hold."""
    hierarchy = chained(monkeypatch, topology.HIGHEST + 1)
    last = topology.HIGHEST
    assert hierarchy.topology.height == last + 1
    metric = hierarchy.customize(np.ones(2 * last, np.int64))
    assert hierarchy.distance(metric, 0, last) == last
    for source, target in ((0, last), (last, 0), (7, last - 7)):
        cost, edges = hierarchy.path(metric, source, target)
        assert cost == len(edges) == abs(target - source)
    assert hierarchy.one_to_all(metric, 0).tolist() == list(range(last + 1))
    assert hierarchy.many_to_many(metric, [0, last], [last, 0]).tolist() == [[last, 0], [0, last]]
    hierarchy.update(metric, [0], [1_000])
    assert hierarchy.distance(metric, 0, last) == last + 999


def test_a_deeper_tree_is_refused(monkeypatch):
    with pytest.raises(GraphError, match="levels"):
        chained(monkeypatch, topology.HIGHEST + 2)


def test_shortcuts_within_shortcuts_are_unpacked_whole(monkeypatch):
    """The order leaves the two ends to the last, so that one arc holds all the others."""
    count = 3_000
    order = np.concatenate((np.arange(1, count - 1), [0, count - 1])).astype(np.int32)
    monkeypatch.setattr(topology, "nested_dissection", lambda *_: order)
    hierarchy = Hierarchy.of_graph(range(count - 1), range(1, count), count)
    metric = hierarchy.customize(np.ones(count - 1, np.int64))
    cost, edges = hierarchy.path(metric, 0, count - 1)
    assert cost == count - 1
    assert edges.tolist() == list(range(count - 1))


METIS = textwrap.dedent(
    """
    import numpy as np
    from routing.cch import Hierarchy
    rng = np.random.default_rng({seed})
    for _ in range({graphs}):
        count = int(rng.integers(1, 400))
        edges = int(rng.integers(0, 3 * count))
        part = max(1, count // int(rng.integers(1, 9)))
        ends = rng.integers(0, part, (2, edges))
        Hierarchy.of_graph(*ends, count)
        star = np.zeros(count, np.int64), rng.integers(0, count, count)
        Hierarchy.of_graph(*star, count)
    every = np.array([(i, j) for i in range(150) for j in range(i)])
    Hierarchy.of_graph(*every.T, 200)
    """
)


def run_apart(script: str) -> None:
    """Run a script in a process of its own, which a crash of native code ends."""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"ended with {done.returncode}\n{done.stderr[-2000:]}"


@pytest.mark.long
def test_metis_orders_graphs_of_every_shape():
    """It ends the process where it divides by nothing: lone nodes, stars, cliques, many parts."""
    run_apart(METIS.format(seed=4, graphs=60))


def test_orders_are_permutations_whatever_the_parts():
    start, neighbour = ordering.neighbours_of(
        np.array([0, 0, 5, 5], np.int32), np.array([1, 1, 6, 5], np.int32), 9
    )
    assert sorted(ordering.nested_dissection(start, neighbour).tolist()) == list(range(9))


# --- two costs at once -----------------------------------------------------------------------


@given(scattered(), st.data())
@settings(deadline=None)
def test_fronts_of_costs_that_overflow_are_the_brute_force_ones(graph, data):
    count, edges = graph
    count, edges = min(count, 7), [(t % 7, h % 7, c) for t, h, c in edges if max(t, h) < 7][:12]
    second = data.draw(st.lists(EDGE_COSTS, min_size=len(edges), max_size=len(edges)))
    first = [cost for _, _, cost in edges]
    hierarchy = Hierarchy.of_graph([e[0] for e in edges], [e[1] for e in edges], 7)
    both = BiObjective(hierarchy, *(np.array(costs, np.int64) for costs in (first, second)))
    for target in range(7):
        front = both.front(0, target)
        found = list(zip(front.first.tolist(), front.second.tolist(), strict=True))
        assert found == brute_front(edges, first, second, target)
        for point, pair in enumerate(found):
            path = front.path(point).tolist()
            assert (sum(first[e] for e in path), sum(second[e] for e in path)) == pair


def brute_front(edges, first, second, target):
    """Every simple path from 0, and what of them no other is as good as."""
    out = {}
    for index, (tail, head, _) in enumerate(edges):
        if max(first[index], second[index]) < UNREACHABLE:
            out.setdefault(tail, []).append((head, first[index], second[index]))
    found = set()

    def walk(node, seen, one, two):
        if max(one, two) >= UNREACHABLE:
            return
        if node == target:
            found.add((one, two))
            return
        for head, more_one, more_two in out.get(node, ()):
            if head not in seen:
                walk(head, seen | {head}, one + more_one, two + more_two)

    walk(0, {0}, 0, 0)
    return sorted(
        pair
        for pair in found
        if not any(o != pair and o[0] <= pair[0] and o[1] <= pair[1] for o in found)
    )


@given(RUBBISH, RUBBISH)
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_two_costs_are_refused_or_meant(one, two):
    hierarchy, _ = square()
    with contextlib.suppress(InvalidCost):
        BiObjective(hierarchy, one, two).front(0, 3)
    both = BiObjective(hierarchy, [1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1])
    with contextlib.suppress(InvalidNode):
        both.front(one, two)


def test_supported_points_near_the_highest_cost():
    """Products of differences of 2^31 just fit in 64 bits."""
    most = 2**31 - 1
    first = [0, most // 2, most - 2, most - 1, most]
    second = [most, most - 1, 2, 1, 0]
    supported = bi_objective.supported(first, second)
    assert supported.tolist() == [True, False, True, True, True]
