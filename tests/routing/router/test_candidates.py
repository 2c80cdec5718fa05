"""What ways have in common, and which of them count as one."""

import numpy as np
import pytest

from routing.engine.portal_plan import Plan
from routing.router.candidates import RouteCandidate, distinct, each_once, shared_m
from routing.travel.legs import Legs


def plan(*edges: int) -> Plan:
    return Plan(((0, Legs.whole(np.array(edges, dtype=np.int64))),), (), 0.0)


def found(cost_s: float, *edges: int) -> RouteCandidate:
    way = plan(*edges)
    legs = way.sections[0][1]
    return RouteCandidate(
        way, 1.0, cost_s, {0: (legs, np.full(len(legs), 10.0))}, breaks_a_ban=False
    )


def test_what_two_ways_share_is_counted_edge_by_edge():
    draw = np.random.default_rng(20261126)
    for _ in range(200):
        ways = []
        for _ in range(2):
            edge = draw.permutation(60)[: draw.integers(1, 50)].astype(np.int64)
            ends = np.sort(draw.uniform(size=(2, len(edge))), axis=0)
            ways.append(Legs(edge, ends[0], ends[1]))
        mine, theirs = ways
        edge_m = draw.uniform(1, 100, len(mine))
        expected_m = sum(
            max(0.0, min(end, until) - max(start, since)) * m
            for (edge, start, end), m in zip(mine.pieces, edge_m.tolist(), strict=True)
            for other, since, until in theirs.pieces
            if edge == other
        )
        assert shared_m(mine, edge_m, theirs) == pytest.approx(expected_m)


def test_an_edge_met_twice_counts_once():
    edges = np.array([7, 8, 7], dtype=np.int64)
    assert shared_m(Legs.whole(edges), np.full(3, 10.0), Legs.whole(edges)) == 20.0


def test_the_same_way_counts_once_with_the_weight_that_found_it_first():
    first, other, again = plan(1, 2, 3), plan(1, 2, 4), plan(1, 2, 3)
    assert each_once([(first, 0.0), (other, 1.0), (again, 4.0)]) == [(first, 0.0), (other, 1.0)]


def test_a_way_mostly_on_a_better_one_is_left_out():
    best, near, far = (
        found(1.0, 1, 2, 3, 4, 5, 6),
        found(2.0, 1, 2, 3, 4, 5, 7),
        found(3.0, 1, 8, 9),
    )
    assert distinct([far, near, best], 3) == [best, far]
    assert distinct([far, near, best], 1) == [best]
