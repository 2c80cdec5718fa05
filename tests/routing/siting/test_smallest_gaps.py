"""The largest gap first: as good as every choice tried by hand."""

from dataclasses import replace

import numpy as np
import pytest

from routing.errors import InvalidRequest
from routing.siting.covering import PathReach
from routing.siting.gap_program import gaps_mm
from routing.siting.path_flows import PathFlows
from routing.siting.sites import NO_SITE, OpeningLimits, Sites
from routing.siting.smallest_gaps import smallest_gaps
from tests.fixtures.siting_cases import EFFORT, Case, case, gaps_of, is_walked, smallest_by_hand


@pytest.mark.every(2)
@pytest.mark.parametrize("levels", [1, 2, 4, 50])
def test_the_smallest_gaps_are_those_of_the_best_choice(levels):
    bettered = 0
    for seed in range(1_000 * levels, 1_000 * levels + 15):
        one = case(seed, most_sites=9)
        found = smallest_gaps(one.needs, one.sites, one.limits, EFFORT, levels)
        flow, gaps_m = smallest_by_hand(one, levels)
        assert found.flow == flow
        assert found.gaps_m == pytest.approx(gaps_m)
        assert (found.ending, found.is_proven) == ("optimal", True)
        opened = found.is_open & ~one.sites.is_open
        assert one.limits.allow(one.sites, opened)
        assert found.is_open[one.sites.is_required].all()
        assert not (opened & one.sites.is_forbidden).any()
        told = (gaps_of(one.paths, found.is_open) + [0.0] * levels)[:levels]
        assert found.gaps_m == pytest.approx(told)
        covered = [is_walked(path, found.is_open, one.needs.reach_m) for path in one.paths]
        assert found.flow == np.dot([path[0] for path in one.paths], covered)
        bettered += told < (gaps_of(one.paths, one.sites.at_least) + [0.0] * levels)[:levels]
    assert bettered > 4


def line(length_km, step_km=1):
    """Give one flow along a line with a site every few kilometres, 100 people."""
    at_m = np.arange(step_km, length_km, step_km) * 1_000.0
    sites = [NO_SITE, *range(len(at_m)), NO_SITE]
    return PathFlows.of([(100.0, sites, [0.0, *at_m.tolist(), length_km * 1_000.0])]), len(at_m)


def test_equal_gaps_are_the_smallest_on_a_line():
    # Closed form: n spaces on a line leave gaps of L / (n + 1).
    paths, count = line(120, 2)
    found = smallest_gaps(PathReach(paths, 25_000.0), Sites.of(count), OpeningLimits(5), EFFORT, 6)
    assert found.gaps_m.tolist() == [20_000.0] * 6
    assert found.is_proven
    assert (2 * found.chosen + 2).tolist() == [20, 40, 60, 80, 100]


def test_flow_comes_before_gaps():
    # One space: either the 100 people get through, or the longest gap, where 1 person goes, halves.
    paths = PathFlows.of(
        [(100.0, [NO_SITE, 0, NO_SITE], [0.0, 20.0, 40.0]),
         (1.0, [NO_SITE, 1, NO_SITE], [0.0, 100.0, 200.0])]
    )  # fmt: skip
    found = smallest_gaps(PathReach(paths, 25.0), Sites.of(2), OpeningLimits(1), EFFORT, 3)
    assert (found.chosen.tolist(), found.flow) == ([0], 100.0)
    assert found.gaps_m.tolist() == [200.0, 20.0, 20.0]
    # Where everybody walks 50 m a day nothing is decided by flow.
    found = smallest_gaps(PathReach(paths, 50.0), Sites.of(2), OpeningLimits(1), EFFORT, 3)
    assert (found.chosen.tolist(), found.gaps_m.tolist()) == ([1], [100.0, 100.0, 40.0])


def test_a_stretch_of_several_flows_is_one_gap():
    paths = PathFlows.of(
        [(1.0, [0, 1, 2], [0.0, 30.0, 50.0]), (1.0, [2, 1, 0], [0.0, 20.0, 50.0]),
         (1.0, [1, 2], [5.0, 25.0])]
    )  # fmt: skip
    assert gaps_mm(paths, np.array([False, True, False])).tolist() == [30_000, 20_000]
    assert gaps_mm(paths, np.zeros(3, np.bool_)).tolist() == [50_000, 20_000]


@pytest.mark.parametrize("seed", range(8))
def test_there_and_back_is_one_way_of_gaps(seed):
    rng = np.random.default_rng(seed)
    steps = rng.integers(5, 30, 4) * 1_000.0
    at_m = np.concatenate([[0.0], np.cumsum([*steps, *steps[::-1]])]).tolist()
    paths = [(5.0, [0, 1, 2, 3, 4, 3, 2, 1, 0], at_m), (2.0, [1, 2, 3], at_m[1:4])]
    one = Case(
        paths, PathReach(PathFlows.of(paths), 40_000.0), Sites.of(5, existing=[4]), OpeningLimits(2)
    )
    found = smallest_gaps(one.needs, one.sites, one.limits, EFFORT, 4)
    flow, gaps_m = smallest_by_hand(one, 4)
    assert (found.flow, found.is_proven) == (flow, True)
    assert found.gaps_m == pytest.approx(gaps_m)


def test_no_gap_is_no_question():
    paths, count = line(10)
    with pytest.raises(InvalidRequest) as refused:
        smallest_gaps(PathReach(paths, 1.0), Sites.of(count), OpeningLimits(1), EFFORT, 0)
    assert refused.value.code == "not_levels"


def test_nothing_is_opened_for_nothing():
    paths, count = line(50)
    sites = replace(Sites.of(count, existing=[9, 19, 29, 39]))
    found = smallest_gaps(PathReach(paths, 25_000.0), sites, OpeningLimits(1), EFFORT, 3)
    # One space splits one of five gaps of 10 km, and four remain.
    assert (found.chosen.tolist(), found.gaps_m.tolist()) == ([], [10_000.0] * 3)
    found = smallest_gaps(PathReach(paths, 25_000.0), sites, OpeningLimits(3), EFFORT, 3)
    assert len(found.chosen) == 3
    assert found.gaps_m.tolist() == [10_000.0, 10_000.0, 5_000.0]
