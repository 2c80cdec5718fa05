"""The exact search for two costs against brute force, and on New York against the oracle."""

import csv
import gzip
import heapq
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routing.biobjective import label_search
from routing.biobjective.bi_objective import BiObjective, supported
from routing.cch import UNREACHABLE, Hierarchy
from routing.errors import InvalidCost, InvalidNode, TooManyLabels
from tests.fixtures.two_costs import (
    Roads,
    assert_paths,
    by_brute_force,
    by_correction,
    chain,
    pareto,
    points,
    roads,
)


@given(roads())
@example(Roads(2, [(0, 1, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0), (0, 1, 0, 0)]))
@example(Roads(2, [(0, 1, 1, 3), (0, 1, 2, 2), (0, 1, 3, 1), (0, 1, 3, 3), (0, 1, 2, 2)]))
@example(Roads(3, [(0, 1, 0, UNREACHABLE - 1), (1, 2, 0, 1), (0, 2, UNREACHABLE - 1, 0)]))
@example(Roads(2, [(0, 1, 1, UNREACHABLE - 1), (0, 1, UNREACHABLE - 1, 1)]))
@example(
    Roads(3, [(0, 1, 1, UNREACHABLE - 1), (1, 2, 0, UNREACHABLE - 1), (0, 2, UNREACHABLE - 1, 1)])
)
@example(Roads(3, [(0, 1, 1, 2**30 - 2), (1, 2, 0, 2**30 - 2), (1, 2, 2**30 - 2, 0)]))
def test_every_front_is_that_of_brute_force_and_every_path_costs_what_it_says(graph):
    search = graph.search()
    for source in range(graph.count):
        for target in range(graph.count):
            front = search.front(source, target)
            assert points(front) == by_brute_force(graph, source, target)
            assert_paths(graph, front, source, target)


@given(roads(12, 50, st.integers(0, 60)), st.data())
def test_searches_that_stop_after_every_label_and_grow_all_the_time_agree(graph, data):
    node = st.integers(0, graph.count - 1)
    source, target = data.draw(node), data.draw(node)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_search, "_BATCH", data.draw(st.integers(1, 3)))
        patch.setattr(label_search, "_FIRST_ROOM", 1)
        patch.setattr(label_search, "_MOST_BUCKETS", data.draw(st.sampled_from([1, 2, 8, 64])))
        front = graph.search().front(source, target)
    assert points(front) == by_correction(graph, source)[target]
    assert_paths(graph, front, source, target)


def test_a_front_that_doubles_with_every_step():
    graph = chain(12)
    front = graph.search().front(0, 12)
    assert points(front) == [(x, 2**12 - 1 - x) for x in range(2**12)]
    assert_paths(graph, front, 0, 12)


def test_a_square_with_more_roads_than_there_is_first_room():
    roads_out = 40_000
    edges = [(0, i, i, roads_out - i) for i in range(1, roads_out)]
    edges += [(i, roads_out, 0, 0) for i in range(1, roads_out)]
    front = Roads(roads_out + 1, edges).search().front(0, roads_out)
    assert points(front) == [(i, roads_out - i) for i in range(1, roads_out)]


def test_beyond_the_limit_is_an_error_that_says_so_and_not_half_a_front():
    search = chain(18).search()
    with pytest.raises(TooManyLabels, match="within 20,000 labels"):
        search.front(0, 18, most_labels=20_000)
    assert len(chain(6).search().front(0, 6, most_labels=20_000)) == 64


def test_a_search_can_be_ended_between_batches():
    seen: list[int] = []

    def stop(settled: int) -> None:
        seen.append(settled)
        if len(seen) == 3:
            raise KeyboardInterrupt

    search = chain(18).search()
    with pytest.raises(KeyboardInterrupt):
        search.front(0, 18, after_batch=stop)
    assert seen == sorted(seen)
    assert 0 < seen[-1] < 2**18


def test_a_road_that_is_closed_by_one_cost_is_closed():
    graph = Roads(2, [(0, 1, 1, UNREACHABLE), (0, 1, UNREACHABLE, 1), (0, 1, 5, 5)])
    assert points(graph.search().front(0, 1)) == [(5, 5)]
    assert points(Roads(2, graph.edges[:2]).search().front(0, 1)) == []


def test_what_cannot_be_is_refused():
    graph = chain(2)
    search = graph.search()
    for ends in ((-1, 0), (0, 3), (0, 2**40), (0.5, 1)):
        with pytest.raises(InvalidNode):
            search.front(*ends)
    with pytest.raises(InvalidCost):
        BiObjective(search.hierarchy, [1, 1, 1, -1], [1] * 4)
    with pytest.raises(InvalidCost):
        BiObjective(search.hierarchy, [1] * 4, [1.5] * 4)
    with pytest.raises(IndexError):
        search.front(0, 2).path(4)


def supported_by_weights(front: list[tuple[int, int]]) -> list[bool]:
    """Try every weighting at which two points are equally good, and those between."""
    weights = {(1, 0), (0, 1)}
    for ax, ay in front:
        for bx, by in front:
            if ax < bx:
                weights.add((ay - by, bx - ax))
    sums = [[wx * x + wy * y for x, y in front] for wx, wy in weights]
    return [any(row[i] == min(row) for row in sums) for i in range(len(front))]


@given(st.sets(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12))
def test_supported_points_are_those_that_some_weighting_finds(pairs):
    front = pareto(pairs)
    first, second = ([point[i] for point in front] for i in range(2))
    assert supported(first, second).tolist() == supported_by_weights(front)


def test_supported_is_exact_where_doubles_are_not():
    last = 2**31 - 2
    # The middle lies one above, on, and one below the line between the others.
    for middle, expected in (
        (last // 2 + 1, False),
        (last // 2, True),
        (last // 2 - 1, True),
    ):
        found = supported([0, last // 2, last], [last, middle, 0])
        assert found.tolist() == [True, expected, True]


def test_points_that_are_no_front_are_refused():
    for first, second in (([1, 1], [2, 1]), ([1, 2], [1, 1]), ([2, 1], [1, 2]), ([1], [1, 2])):
        with pytest.raises(ValueError, match="ascending first and descending second"):
            supported(first, second)


# --- New York ------------------------------------------------------------------------------------


def column_of(path: Path, which: int) -> np.ndarray:
    with gzip.open(path, "rb") as stream:
        rows = [line.split()[1 + which] for line in stream if line.startswith(b"a ")]
    return np.array(rows, np.int64)


@pytest.fixture(scope="module")
def new_york(shared_data):
    folder = shared_data / "benchmark"
    distance, time = folder / "USA-road-d.NY.gr.gz", folder / "USA-road-t.NY.gr.gz"
    tail, head, metres = (column_of(distance, which) for which in range(3))
    assert (column_of(time, 0) == tail).all()
    assert (column_of(time, 1) == head).all()
    edges = (tail - 1, head - 1, metres, column_of(time, 2))
    hierarchy = Hierarchy.of_graph(edges[0], edges[1], int(head.max()))
    return edges, BiObjective(hierarchy, *edges[2:])


class Plain:
    """BOA* as it is written: one direction, one heap; estimates by the hierarchy's sweep."""

    def __init__(self, hierarchy: Hierarchy, tail, head, *costs):
        self._hierarchy = hierarchy
        self._metrics = [hierarchy.customize(cost) for cost in costs]
        self._out: list[list[tuple[int, int, int]]] = [[] for _ in range(int(head.max()) + 1)]
        edges = zip(*(part.tolist() for part in (tail, head, *costs)), strict=True)
        for begin, end, one, two in edges:
            self._out[begin].append((end, one, two))

    def front(self, source: int, target: int) -> list[tuple[int, int]]:
        first, second = (
            self._hierarchy.one_to_all(metric, target, backward=True).tolist()
            for metric in self._metrics
        )
        found: list[tuple[int, int]] = []
        least: dict[int, int] = {}
        best = 2**62
        heap = [(first[source], second[source], source)]
        while heap:
            one, two, node = heapq.heappop(heap)
            if two >= best or two >= least.get(node, best):
                continue
            least[node] = two
            if node == target:
                found.append((one, two))
                best = two
                continue
            for end, more, also in self._out[node]:
                one_there = one - first[node] + more + first[end]
                two_there = two - second[node] + also + second[end]
                if two_there < best and two_there < least.get(end, best):
                    heapq.heappush(heap, (one_there, two_there, end))
        return found


@pytest.fixture(scope="module")
def oracle_rows(shared_data) -> list[list[int]]:
    """Give start, goal and size of the front, and what it took: ms, labels made and expanded."""
    with (shared_data / "benchmark" / "oracle_boa_ny.csv").open(encoding="utf-8") as stream:
        return [[round(float(value)) for value in row] for row in csv.reader(stream, delimiter=";")]


@pytest.mark.long
def test_new_york_has_the_points_that_plain_label_setting_finds(new_york, oracle_rows):
    (tail, head, *costs), search = new_york
    plain = Plain(search.hierarchy, tail, head, *costs)
    some = [row for row in oracle_rows if row[5] < 63_000]
    assert len(some) > 20
    for start, goal, *_ in some:
        assert points(search.front(start - 1, goal - 1)) == plain.front(start - 1, goal - 1)


@pytest.mark.long
def test_new_york_has_the_fronts_of_the_oracle(new_york, oracle_rows):
    """On those of the 50 queries that the oracle settled quickest; the benchmark does all."""
    (tail, head, *costs), search = new_york
    quick = [row for row in oracle_rows if row[5] < 300_000]
    assert len(quick) > 20
    for start, goal, size, *_ in quick:
        front = search.front(start - 1, goal - 1)
        assert len(front) == size
        assert (np.diff(front.first) > 0).all()
        assert (np.diff(front.second) < 0).all()
        for point in {0, size // 2, size - 1}:
            path = front.path(point)
            sums = [int(cost[path].sum()) for cost in costs]
            assert sums == [front.first[point], front.second[point]]
            assert (tail[path[1:]] == head[path[:-1]]).all()
            assert (tail[path[0]] + 1, head[path[-1]] + 1) == (start, goal)
