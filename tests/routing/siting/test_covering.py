"""Most covered and fewest spaces: as good as every choice tried by hand, and as spopt's model."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.errors import InvalidRequest
from routing.siting.cover_sets import CoverSets
from routing.siting.covering import PathReach, fewest_spaces, most_covered
from routing.siting.greedy import greedy_sites
from routing.siting.path_flows import PathFlows, path_cover_sets
from routing.siting.sites import NO_SITE, OpeningLimits, Sites
from tests.fixtures.examples import examples
from tests.fixtures.siting_cases import (
    EFFORT,
    case,
    choices,
    covered_flow,
    fewest_by_hand,
    is_walked,
    most_by_hand,
)

SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.every(2)
@pytest.mark.parametrize("block", range(4))
def test_most_covered_is_the_best_of_all_choices(block):
    bettered = 0
    for seed in range(25 * block, 25 * block + 25):
        one = case(seed)
        found = most_covered(one.needs, one.sites, one.limits, EFFORT)
        best = most_by_hand(one)
        assert (found.flow, found.gap) == (best, 0.0)
        assert found.bound == pytest.approx(best)
        assert found.ending == "optimal"
        assert covered_flow(one.paths, found.is_open, one.needs.reach_m) == best
        assert covered_flow(one.paths, one.sites.is_open, one.needs.reach_m) == found.flow_before
        opened = found.is_open & ~one.sites.is_open
        assert found.chosen.tolist() == np.flatnonzero(opened).tolist()
        assert one.limits.allow(one.sites, opened)
        assert found.is_open[one.sites.is_required].all()
        assert not (opened & one.sites.is_forbidden).any()
        bettered += found.flow > found.flow_before
    assert bettered > 8


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:.*PuLP 4.0:DeprecationWarning")
def test_most_covered_is_that_of_spopt():
    """Of spopt 0.8 the model alone: its own cover sets are those of round trips within half R."""
    import scipy.sparse as sp
    from spopt.locate.flow import FRLM

    compared, count = 0, examples(100, 15)  # each starts a process of its solver
    for seed in range(count):
        one = case(seed, with_budget=False)
        sites, most = Sites.of(len(one.sites)), min(one.limits.most or 1, len(one.sites))
        model = FRLM(vehicle_range=one.needs.reach_m, p_facilities=most)
        model.add_network(sp.csr_matrix((len(sites), len(sites))))
        model.flows = {(row, row): path[0] for row, path in enumerate(one.paths)}
        model.k, model.a = arcs(one.paths, one.needs.reach_m)
        if not model.k:  # it would make its own: nothing is to be covered here
            continue
        model.use_ac_pc = True
        model._build_model()
        theirs = model.solve(quiet_solver())
        ours = most_covered(one.needs, sites, OpeningLimits(most), EFFORT)
        assert theirs["objective_value"] == ours.flow
        compared += ours.flow > ours.flow_before
    assert compared > count // 2


def quiet_solver():
    import pulp

    return pulp.PULP_CBC_CMD(msg=False, threads=1)


def arcs(paths, reach_m):
    """Give what Capar's arcs need, by the book: sites before an arc's end and within the reach."""
    sets, of_path = {}, {}
    for number, (_, stops, at_m) in enumerate(paths, start=1):
        of_path[number] = []
        for end in range(1, len(stops)):
            if at_m[end] - at_m[0] > reach_m:
                of_path[number].append(end)
                sets[number, end] = sorted(
                    {
                        stops[row]
                        for row in range(1, end)
                        if stops[row] != NO_SITE and at_m[end] - at_m[row] <= reach_m
                    }
                )
    return sets, of_path


def test_fewest_spaces_are_the_fewest_of_all_choices():
    seen = {True: 0, False: 0}
    for seed in range(100):
        one = case(seed, most_paths=4)
        found, best = fewest_spaces(one.needs, one.sites, EFFORT), fewest_by_hand(one)
        seen[best is not None] += 1
        if best is None:
            assert (found.chosen, found.ending, found.is_proven) == (None, "infeasible", False)
            assert {row.flow for row in found.bare} == {
                row
                for row, path in enumerate(one.paths)
                if not is_walked(path, one.sites.at_most, one.needs.reach_m)
            }
            for row in found.bare:
                assert row.length_m > one.needs.reach_m
                assert row.length_m == row.to_m - row.from_m
            continue
        assert (len(found.chosen), found.cost) == best
        assert found.is_proven
        assert found.is_cheapest
        assert found.at_least == best[0]
        assert all(is_walked(path, found.is_open, one.needs.reach_m) for path in one.paths)
        assert not (found.is_open & one.sites.is_forbidden & ~one.sites.is_open).any()
    assert min(seen.values()) > 20


@pytest.mark.parametrize("seed", range(20))
def test_points_are_covered_as_all_choices_cover_them(seed):
    rng = np.random.default_rng(seed)
    points, count = int(rng.integers(1, 15)), int(rng.integers(1, 10))
    is_within = rng.random((points, count)) < 0.3
    people = rng.integers(0, 50, points).astype(float)
    cover, sites = CoverSets.of_points(people, is_within), Sites.of(count)
    most = int(rng.integers(0, 4))
    found = most_covered(cover, sites, OpeningLimits(most), EFFORT)
    best = max(
        people[is_within[:, is_open].any(axis=1)].sum()
        for is_open in choices(sites, OpeningLimits(most))
    )
    assert (found.flow, found.gap) == (best, 0.0)
    fewest = fewest_spaces(cover, sites, EFFORT)
    all_met = [
        int(is_open.sum()) for is_open in choices(sites) if is_within[:, is_open].any(axis=1).all()
    ]
    assert (fewest.chosen is None) == (not all_met)
    if all_met:
        assert len(fewest.chosen) == min(all_met)
    else:
        assert [row.flow for row in fewest.bare] == np.flatnonzero(~is_within.any(axis=1)).tolist()


@settings(max_examples=examples(300))
@given(SEEDS)
def test_more_room_never_covers_less(seed):
    one = case(seed, most_sites=20, most_paths=15)
    found = most_covered(one.needs, one.sites, one.limits, EFFORT)
    more = most_covered(
        one.needs,
        one.sites,
        OpeningLimits(
            None if one.limits.most is None else one.limits.most + 1,
            None if one.limits.budget is None else one.limits.budget + 1.0,
        ),
        EFFORT,
    )
    assert more.flow >= found.flow
    farther = replace(one.needs, reach_m=one.needs.reach_m * 1.1)
    assert most_covered(farther, one.sites, one.limits, EFFORT).flow >= found.flow
    for site in found.chosen.tolist():
        # A space that is there already is one less to open.
        is_open = one.sites.is_open.copy()
        is_open[site] = True
        there = replace(one.sites, is_open=is_open)
        assert most_covered(one.needs, there, one.limits, EFFORT).flow >= found.flow


@settings(max_examples=examples(300))
@given(SEEDS)
def test_exact_is_no_worse_than_greedy(seed):
    one = case(seed, most_sites=20, most_paths=15)
    cover = path_cover_sets(one.needs.paths, one.needs.reach_m)
    quick = greedy_sites(cover, one.sites, one.limits)
    assert one.limits.allow(one.sites, quick & ~one.sites.is_open)
    assert quick[one.sites.is_required].all()
    assert not (quick & one.sites.is_forbidden & ~one.sites.is_open).any()
    greedy = covered_flow(one.paths, quick, one.needs.reach_m)
    assert greedy == cover.flow[cover.covered(quick)].sum()
    assert most_covered(one.needs, one.sites, one.limits, EFFORT).flow >= greedy


@settings(max_examples=examples(300))
@given(SEEDS)
def test_no_space_is_opened_for_nothing(seed):
    one = case(seed)
    found = most_covered(one.needs, one.sites, one.limits, EFFORT)
    for site in np.flatnonzero(found.is_open & ~one.sites.at_least).tolist():
        is_open = found.is_open.copy()
        is_open[site] = False
        assert covered_flow(one.paths, is_open, one.needs.reach_m) < found.flow


@settings(max_examples=examples(300))
@given(SEEDS)
def test_the_order_of_flows_and_sites_does_not_matter(seed):
    one, rng = case(seed), np.random.default_rng(seed)
    new = rng.permutation(len(one.sites))
    paths = [
        (flow, [site if site == NO_SITE else int(new[site]) for site in stops], at_m)
        for flow, stops, at_m in rng.permutation(np.array(one.paths, dtype=object)).tolist()
    ]
    old = np.argsort(new)
    sites = Sites(*(getattr(one.sites, name)[old] for name in Sites.__slots__))
    needs = PathReach(PathFlows.of(paths), one.needs.reach_m)
    assert (
        most_covered(needs, sites, one.limits, EFFORT).flow
        == most_covered(one.needs, one.sites, one.limits, EFFORT).flow
    )


def test_a_walker_starts_rested_and_needs_one_space_a_day():
    # 60 km at 25 km a day: 25, 50, and on. Half the reach, as of round trips, would need four.
    at_m = [0.0, *np.arange(5_000.0, 60_000.0, 5_000.0).tolist(), 60_000.0]
    paths = PathFlows.of([(1.0, [NO_SITE, *range(11), NO_SITE], at_m)])
    found = fewest_spaces(PathReach(paths, 25_000.0), Sites.of(11), EFFORT)
    assert (len(found.chosen), found.is_proven) == (2, True)
    alone = most_covered(PathReach(paths, 25_000.0), Sites.of(11), OpeningLimits(1), EFFORT)
    # One space helps nobody through, and is not opened.
    assert (alone.flow, alone.bound, alone.chosen.tolist()) == (0.0, 0.0, [])


def test_what_nobody_can_cover_is_named():
    paths = PathFlows.of(
        [(5.0, [0, 1, 2], [0.0, 20_000.0, 60_000.0]), (3.0, [0, 1], [100.0, 20_100.0])]
    )
    needs = PathReach(paths, 25_000.0)
    found = fewest_spaces(needs, Sites.of(3, existing=[1]), EFFORT)
    assert found.chosen is None
    (bare,) = found.bare
    assert (bare.flow, bare.from_site, bare.to_site) == (0, 1, 2)
    assert (bare.from_m, bare.to_m, bare.length_m) == (20_000.0, 60_000.0, 40_000.0)
    most = most_covered(needs, Sites.of(3), OpeningLimits(2), EFFORT)
    assert (most.flow, most.flow_before, most.chosen.tolist()) == (3.0, 3.0, [])
    assert [one.flow for one in most.never] == [0]


SOME = PathFlows.of([(1.0, [0, 1, 2], [0.0, 1.0, 2.0])])


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        (lambda: Sites.of(0), "sites", "no_sites"),
        (lambda: Sites.of(2, existing=[2]), "existing", "no_site"),
        (lambda: Sites.of(2, required=[1], forbidden=[1]), "required", "required_and_forbidden"),
        (lambda: Sites.of(2, cost=np.array([1.0, -1.0])), "cost", "not_cost"),
        (lambda: Sites.of(2, cost=np.ones(3)), "sites", "other_counts"),
        (OpeningLimits, "most", "no_limit"),
        (lambda: OpeningLimits(-1), "most", "not_most"),
        (lambda: OpeningLimits(budget=float("nan")), "budget", "not_budget"),
        (lambda: PathFlows.of([]), "flows", "no_flows"),
        (lambda: PathFlows.of([(1.0, [0], [0.0])]), "flows", "not_path"),
        (lambda: PathFlows.of([(1.0, [0, 1], [1.0, 0.0])]), "flows", "not_path"),
        (lambda: PathFlows.of([(1.0, [0, 1], [0.0, float("inf")])]), "flows", "not_path"),
        (lambda: PathFlows.of([(-1.0, [0, 1], [0.0, 1.0])]), "flows", "not_flow"),
        (lambda: PathFlows.of([(1.0, [0, -2], [0.0, 1.0])]), "flows", "no_site"),
        (lambda: path_cover_sets(SOME, 0.0), "reach_m", "not_reach"),
        (lambda: path_cover_sets(SOME, float("inf")), "reach_m", "not_reach"),
        (
            lambda: CoverSets.of_points(np.ones(2), np.ones((3, 2), np.bool_)),
            "flows",
            "other_counts",
        ),
        (
            lambda: most_covered(PathReach(SOME, 1.0), Sites.of(2), OpeningLimits(1), EFFORT),
            "flows",
            "no_site",
        ),
        (
            lambda: most_covered(
                PathReach(SOME, 1.0), Sites.of(3, required=[0, 1]), OpeningLimits(1), EFFORT
            ),
            "required",
            "required_beyond_most",
        ),
        (
            lambda: most_covered(
                PathReach(SOME, 1.0),
                Sites.of(3, required=[0, 1]),
                OpeningLimits(budget=1.5),
                EFFORT,
            ),
            "required",
            "required_beyond_budget",
        ),
        (lambda: replace(EFFORT, time_limit_s=0.0), "effort", "not_effort"),
        (lambda: replace(EFFORT, relative_gap=1.0), "effort", "not_effort"),
    ],
)
def test_what_is_no_question_is_refused(asked, field, code):
    with pytest.raises(InvalidRequest) as refused:
        asked()
    assert (refused.value.field, refused.value.code) == (field, code)
