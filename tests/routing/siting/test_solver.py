"""The solver as it is asked: it stops when told to, and says what it then knows."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from routing.siting.covering import fewest_spaces, most_covered
from routing.siting.greedy import greedy_sites
from routing.siting.path_flows import path_cover_sets
from routing.siting.sites import OpeningLimits, Sites
from routing.siting.smallest_gaps import smallest_gaps
from routing.siting.solver import LinearRows, Program, SolverEffort, Solving
from tests.fixtures.siting_cases import EFFORT, grid

LIMITS = OpeningLimits(7)


@pytest.fixture(scope="module")
def large():
    """Give a question that takes the solver some steps."""
    return grid(7, 40_000.0), Sites.of(49)


@pytest.fixture(scope="module")
def best(large):
    return most_covered(*large, LIMITS, EFFORT)


def after(calls):
    """Give a caller who cancels at that call."""
    asked = count()
    return lambda: next(asked) >= calls


def greedy_flow(needs, sites):
    cover = path_cover_sets(needs.paths, needs.reach_m)
    return cover.flow[cover.covered(greedy_sites(cover, sites, LIMITS))].sum()


@pytest.mark.every(4, first=2)
@pytest.mark.parametrize("calls", [0, 1, 5, 12])
def test_a_cancelled_question_gives_what_it_has_with_its_gap(large, best, calls):
    needs, sites = large
    found = most_covered(needs, sites, LIMITS, replace(EFFORT, is_cancelled=after(calls)))
    assert found.ending == "cancelled"
    assert not found.is_proven
    assert found.gap == pytest.approx((found.bound - found.flow) / found.bound)
    assert greedy_flow(needs, sites) <= found.flow <= best.flow <= found.bound + 1e-6
    assert len(found.chosen) <= 7
    cover = path_cover_sets(needs.paths, needs.reach_m)
    assert cover.flow[cover.covered(found.is_open)].sum() == found.flow


def test_time_runs_out_with_an_answer(large, best):
    needs, sites = large
    found = most_covered(needs, sites, LIMITS, SolverEffort(1e-6))
    assert found.ending == "time_limit"
    assert 0 < found.gap <= 1
    assert greedy_flow(needs, sites) <= found.flow <= best.flow <= found.bound + 1e-6


@pytest.mark.long
def test_other_questions_stop_too(large):
    needs, sites = large
    cancelled = replace(EFFORT, is_cancelled=after(2))
    few = fewest_spaces(needs, sites, cancelled)
    assert (few.ending, few.is_proven) == ("cancelled", False)
    cover = path_cover_sets(needs.paths, needs.reach_m)
    assert cover.covered(few.is_open).all()
    whole = fewest_spaces(needs, sites, EFFORT)
    assert few.at_least <= whole.at_least == len(whole.chosen) <= len(few.chosen)
    gaps = smallest_gaps(needs, sites, LIMITS, replace(EFFORT, is_cancelled=after(60)))
    assert (gaps.ending, gaps.is_proven) == ("cancelled", False)
    assert (gaps.at_least_m <= gaps.gaps_m).all()
    assert len(gaps.chosen) <= 7


def test_progress_is_told_and_narrows(large, best):
    told = []
    found = most_covered(*large, LIMITS, replace(EFFORT, on_progress=told.append))
    assert found.chosen.tolist() == best.chosen.tolist()
    assert told
    assert {one.stage for one in told} == {"flow"}
    assert all(one.bound is None or one.bound >= best.flow - 1e-6 for one in told)
    assert all(one.best is None or one.best <= best.flow + 1e-6 for one in told)
    assert [one.solver_s for one in told] == sorted(one.solver_s for one in told)


def test_what_a_caller_raises_comes_out(large):
    def refuse(_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        most_covered(*large, LIMITS, replace(EFFORT, on_progress=refuse))


def test_the_same_question_has_the_same_answer_and_nothing_is_written(large, best, capfd):
    again = most_covered(*large, LIMITS, EFFORT)
    assert capfd.readouterr() == ("", "")
    assert again.chosen.tolist() == best.chosen.tolist()
    assert (again.flow, again.bound) == (best.flow, best.bound)


def test_a_gap_that_is_good_enough_is_stated(large, best):
    found = most_covered(*large, LIMITS, replace(EFFORT, relative_gap=0.5))
    assert found.ending == "optimal"
    assert found.gap <= 0.5
    assert found.flow <= best.flow <= found.bound + 1e-6


def test_what_cannot_be_is_told():
    rows = LinearRows.of([({0: 1.0, 1: 1.0}, 3.0, np.inf)])
    program = Program(np.ones(2), np.ones(2, np.bool_), rows)
    solved = Solving(EFFORT).solve(program, stage="spaces")
    assert (solved.ending, solved.values, solved.bound) == ("infeasible", None, np.inf)
    fine = LinearRows.of([({0: 1.0, 1: 1.0}, 1.0, np.inf)])
    solved = Solving(EFFORT).solve(replace(program, rows=fine), stage="spaces")
    assert (solved.ending, solved.objective, solved.bound) == ("optimal", 1.0, 1.0)
