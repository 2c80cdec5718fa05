"""The front within a share: what it covers of the exact one, by brute force and by the search."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routing.biobjective import known_paths, label_search
from routing.biobjective.between import PathEnds
from routing.biobjective.near_front import coverage, near_front
from routing.cch import UNREACHABLE
from routing.errors import InvalidNode, TooManyLabels
from tests.fixtures.two_costs import (
    Roads,
    assert_paths,
    by_brute_force,
    by_correction,
    chain,
    points,
    roads,
)

SHARES = (0, 10_000, 100_000, 1_000_000)

#: Costs far from the end of the range, where a share above 0 may leave paths out.
COSTS = st.one_of(st.integers(0, 4), st.integers(0, 1000), st.just(UNREACHABLE))


def is_covered(found: list[tuple[int, int]], exact: list[tuple[int, int]], share: int) -> bool:
    """Compare in whole numbers: no rounding helps."""
    million = 1_000_000
    return all(
        any(
            all(a * million <= b * (million + share) for a, b in zip(one, p, strict=True))
            for one in found
        )
        for p in exact
    )


def assert_covers(graph: Roads, front, exact, source: int, target: int, share: int):
    found = points(front)
    assert is_covered(found, exact, share)
    assert_paths(graph, front, source, target, lambda row: front.paths[row].edges)
    assert found == sorted(found)
    assert all(one[1] > two[1] for one, two in pairwise(found))
    assert (not found) == (not exact)
    if exact and share:
        assert (found[0][0], found[-1][1]) == (exact[0][0], exact[-1][1])


@given(roads(costs=COSTS))
@example(Roads(2, [(0, 1, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0), (0, 1, 0, 0)]))
@example(Roads(2, [(0, 1, 1, 3), (0, 1, 2, 2), (0, 1, 3, 1), (0, 1, 3, 3), (0, 1, 2, 2)]))
@example(Roads(2, [(0, 1, 0, 7), (0, 1, 7, 0), (0, 1, 1, 1)]))
def test_every_path_of_brute_force_is_covered_within_the_share(graph):
    search = graph.search()
    for source in range(graph.count):
        for target in range(graph.count):
            exact = by_brute_force(graph, source, target)
            for share in SHARES:
                front = near_front(search, PathEnds.of(source, target), share=share)
                assert_covers(graph, front, exact, source, target, share)
                if share == 0:
                    assert points(front) == exact


@given(roads(12, 50, st.integers(0, 60)), st.data())
def test_searches_that_stop_after_every_label_and_grow_all_the_time_cover(graph, data):
    node = st.integers(0, graph.count - 1)
    source, target = data.draw(node), data.draw(node)
    share = data.draw(st.sampled_from(SHARES))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_search, "_BATCH", data.draw(st.integers(1, 3)))
        patch.setattr(label_search, "_FIRST_ROOM", 1)
        patch.setattr(label_search, "_MOST_BUCKETS", data.draw(st.sampled_from([1, 2, 8, 64])))
        # Without known paths only the labels cover; with one, most of their bounds are loose.
        patch.setattr(known_paths, "WEIGHTINGS", data.draw(st.sampled_from([0, 1, 5])))
        front = near_front(graph.search(), PathEnds.of(source, target), share=share)
    exact = by_correction(graph, source)[target]
    assert_covers(graph, front, exact, source, target, share)
    assert share or points(front) == exact


def grid(seed: int, side: int) -> Roads:
    """Streets of a square town, both ways, with costs that disagree."""
    chance = np.random.default_rng(seed)
    edges = []
    for at in range(side * side):
        for there in ([at + 1] if (at + 1) % side else []) + [at + side]:
            if there < side * side:
                first, second = chance.integers(1, 400, 2).tolist()
                edges += [(at, there, first, second), (there, at, first, second)]
    return Roads(side * side, edges)


def test_a_town_is_covered_with_a_fraction_of_the_labels_and_points_of_the_exact_search():
    graph = grid(5, 30)
    search, last = graph.search(), graph.count - 1
    exact = search.front(0, last)
    near = near_front(search, PathEnds.of(0, last))
    assert len(exact) > 100
    assert_covers(graph, near, points(exact), 0, last, 10_000)
    assert near.labels < exact.labels / 2
    assert 1 < coverage(near.first, near.second, exact.first, exact.second) <= 1.01
    assert points(near_front(search, PathEnds.of(0, last), share=0)) == points(exact)


def test_beyond_the_limit_and_between_batches_it_ends_as_the_exact_search_does():
    search = chain(18).search()
    with pytest.raises(TooManyLabels, match="within 20,000 labels"):
        near_front(search, PathEnds.of(0, 18), share=0, most_labels=20_000)

    def stop(_settled: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        near_front(search, PathEnds.of(0, 18), share=0, after_batch=stop)


def test_what_cannot_be_is_refused():
    search = chain(2).search()
    with pytest.raises(InvalidNode):
        near_front(search, PathEnds.of(0, 3))
    for share in (-1, 1_000_001):
        with pytest.raises(ValueError, match="millionths"):
            near_front(search, PathEnds.of(0, 2), share=share)


def test_coverage_is_the_worst_ratio_of_the_best_point():
    assert coverage([1, 3], [3, 1], [1, 2, 3], [3, 2, 1]) == 1.5
    assert coverage([1], [1], [], []) == 1
    assert coverage([0], [1], [0], [1]) == 1
    assert coverage([1], [1], [0], [5]) == math.inf
    assert coverage([], [], [1], [1]) == math.inf
