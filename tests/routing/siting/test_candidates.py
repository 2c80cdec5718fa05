"""Candidates along a corridor, areas without any, figures before and after, other reaches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Polygon, box

from routing.corridors.figures import CorridorTargets, corridor_figures
from routing.corridors.gaps import CorridorSupports
from routing.errors import InvalidRequest
from routing.route.coverage import MeasuredLine
from routing.siting.areas import sites_within
from routing.siting.candidates import CandidateKind, corridor_sites
from routing.siting.covering import PathReach, most_covered
from routing.siting.figures import path_figures
from routing.siting.path_flows import PathFlows
from routing.siting.sensitivity import flow_sensitivity, reach_sensitivity
from routing.siting.sites import NO_SITE, OpeningLimits, Sites
from tests.fixtures.examples import examples
from tests.fixtures.siting_cases import EFFORT, case, covered_flow, gaps_of, is_walked

SEEDS = st.integers(0, 2**32 - 1)
LINE = MeasuredLine(
    np.array([[-72.0, 7.0], [-72.0, 7.05], [-72.1, 7.05]]), np.array([0, 6e3, 18e3])
)
NONE = np.zeros(0)


def test_a_corridor_has_its_towns_its_junctions_and_every_kilometre():
    found = corridor_sites(
        LINE, np.array([3_000.0]), np.array([7_500.0, 3_000.0, 18_000.0]), np.array([0.0, 7_500.0])
    )
    assert found.at_m.tolist() == sorted([0.0, 7_500.0, 18_000.0, *np.arange(1_000.0, 18_000, 1e3)])
    named = {
        at: (CandidateKind(kind).name, row)
        for at, kind, row in zip(found.at_m, found.kind.tolist(), found.row, strict=True)
        if kind != CandidateKind.POINT
    }
    # Of several at one place the space is kept, then the town.
    assert named == {
        0.0: ("JUNCTION", 0), 3_000.0: ("SPACE", 0), 7_500.0: ("TOWN", 0), 18_000.0: ("TOWN", 2),
    }  # fmt: skip
    assert found.existing.tolist() == [3]
    # Halfway along the first edge, and a sixth along the second, by the road's measure.
    assert (found.lon[3], found.lat[3]) == pytest.approx((-72.0, 7.025))
    assert found.lon[found.at_m == 8_000.0] == pytest.approx(-72.0 - 0.1 / 6)


def test_points_keep_away_from_the_end_of_the_line():
    assert corridor_sites(LINE, NONE, NONE, NONE, 6_000.0).at_m.tolist() == [6_000.0, 12_000.0]
    assert len(corridor_sites(LINE, NONE, NONE, NONE, 20_000.0)) == 0


def test_two_spaces_at_one_place_are_two():
    found = corridor_sites(LINE, np.array([500.0, 500.0]), np.array([500.0]), NONE, 9_000.0)
    assert found.at_m.tolist() == [500.0, 500.0, 9_000.0]
    assert found.existing.tolist() == [0, 1]


@settings(max_examples=examples(200))
@given(SEEDS)
def test_no_place_is_told_twice_and_none_is_lost(seed):
    rng = np.random.default_rng(seed)
    given_m = [rng.integers(0, 37, int(rng.integers(0, 6))) * 500.0 for _ in range(3)]
    found = corridor_sites(LINE, *given_m, step_m=float(rng.integers(1, 5) * 500))
    assert (np.diff(found.at_m[found.kind != CandidateKind.SPACE]) > 0).all()
    assert set(np.concatenate(given_m)) <= set(found.at_m)
    assert len(found.existing) == len(given_m[0])
    assert (np.diff(found.at_m) >= 0).all()


def test_flows_go_both_ways_along_a_corridor():
    found = corridor_sites(LINE, NONE, NONE, NONE, 5_000.0)
    paths = found.flows(30.0, 12.0)
    assert paths.flow.tolist() == [30.0, 12.0]
    assert paths.site.tolist() == [NO_SITE, 0, 1, 2, NO_SITE, NO_SITE, 2, 1, 0, NO_SITE]
    assert paths.at_m.tolist() == [0, 5e3, 10e3, 15e3, 18e3, 0, 3e3, 8e3, 13e3, 18e3]
    assert len(found.flows(1.0)) == 1


def test_areas_forbid_the_sites_within():
    lon, lat = np.array([0.0, 1.0, 2.0, 5.0]), np.array([0.0, 1.0, 2.0, 5.0])
    square = box(0.5, 0.5, 2.0, 2.0)
    # The edge belongs to the area.
    assert sites_within(lon, lat, [square]).tolist() == [1, 2]
    ring = np.array([[0.5, 0.5], [2.0, 0.5], [2.0, 2.0], [0.5, 2.0]])
    assert sites_within(lon, lat, [ring, box(4, 4, 6, 6)]).tolist() == [1, 2, 3]
    assert sites_within(lon, lat, [MultiPolygon([square, box(4, 4, 6, 6)])]).tolist() == [1, 2, 3]
    assert sites_within(lon, lat, []).tolist() == []
    sites = Sites.of(4, forbidden=sites_within(lon, lat, [square]).tolist())
    assert sites.may_open.tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("area", "code"),
    [
        (LineString([(0, 0), (1, 1)]), "not_polygons"),
        (np.zeros((2, 2)), "not_polygons"),
        (np.zeros(3), "not_polygons"),
        (Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "invalid_polygon"),
        (Polygon(), "invalid_polygon"),
    ],
)
def test_what_is_no_area_is_refused(area, code):
    with pytest.raises(InvalidRequest) as refused:
        sites_within(np.zeros(1), np.zeros(1), [area])
    assert (refused.value.field, refused.value.code) == ("areas", code)


@settings(max_examples=examples(300))
@given(SEEDS)
def test_figures_are_those_of_a_walk(seed):
    one = case(seed)
    figures = path_figures(one.needs.paths, one.needs.reach_m, one.sites.is_open)
    for row, path in enumerate(one.paths):
        gaps_m = gaps_of([path], one.sites.is_open)
        assert figures.longest_gap_m[row] == pytest.approx(gaps_m[0])
        walked = is_walked(path, one.sites.is_open, one.needs.reach_m)
        assert figures.is_covered[row] == walked
    flow = covered_flow(one.paths, one.sites.is_open, one.needs.reach_m)
    assert figures.covered_flow == flow
    total = one.needs.paths.flow.sum()
    assert np.isnan(figures.covered_share) if not total else figures.covered_share == flow / total


@settings(max_examples=examples(300))
@given(SEEDS)
def test_figures_are_those_of_the_corridor(seed):
    rng = np.random.default_rng(seed)
    at_m = np.sort(rng.uniform(0.0, 90_000.0, int(rng.integers(0, 8))))
    sites = [NO_SITE, *range(len(at_m)), NO_SITE]
    paths = PathFlows.of([(1.0, sites, [0.0, *at_m.tolist(), 90_000.0])])
    is_open = rng.random(len(at_m)) < 0.7
    mine = path_figures(paths, 25_000.0, is_open)
    theirs = corridor_figures(
        CorridorSupports(90_000.0, at_m, is_open[None, :]), CorridorTargets(0.0, 25_000.0)
    )
    assert mine.longest_gap_m == pytest.approx(theirs.longest_m)
    assert mine.mean_to_next_m == pytest.approx(theirs.mean_to_next_m)
    assert mine.is_covered.tolist() == (theirs.unmet_m == 0).tolist()


def test_before_and_after_of_a_choice():
    one = case(8, with_budget=False)
    found = most_covered(one.needs, one.sites, one.limits, EFFORT)
    before, after = (
        path_figures(one.needs.paths, one.needs.reach_m, is_open)
        for is_open in (one.sites.is_open, found.is_open)
    )
    assert (before.covered_flow, after.covered_flow) == (found.flow_before, found.flow)
    assert (after.longest_gap_m <= before.longest_gap_m).all()
    assert (after.mean_to_next_m <= before.mean_to_next_m).all()
    assert found.chosen.size


@pytest.mark.parametrize("seed", range(10))
def test_variants_are_questions_of_their_own(seed):
    one = case(seed)
    found = reach_sensitivity(one.needs, one.sites, one.limits, EFFORT, (0.8, 1.2))
    opened = [found.first.chosen]
    for factor, variant in zip((0.8, 1.2), found.variants, strict=True):
        reach_m = one.needs.reach_m * factor
        asked = PathReach(one.needs.paths, reach_m)
        assert variant.answer.flow == most_covered(asked, one.sites, one.limits, EFFORT).flow
        assert variant.flow_of_first == covered_flow(one.paths, found.first.is_open, reach_m)
        assert variant.flow_of_first <= variant.answer.flow
        assert set(variant.stays) == set(found.first.chosen) & set(variant.answer.chosen)
        opened.append(variant.answer.chosen)
    counts = np.bincount(np.concatenate(opened), minlength=len(one.sites))
    assert found.chosen_share == pytest.approx(counts / 3)
    assert found.variants[0].answer.flow <= found.first.flow <= found.variants[1].answer.flow


def test_other_flows_choose_other_sites():
    # Two roads and one space: it goes where more people walk.
    paths = PathFlows.of(
        [(10.0, [NO_SITE, 0, NO_SITE], [0.0, 20.0, 40.0]),
         (9.0, [NO_SITE, 1, NO_SITE], [0.0, 20.0, 40.0])]
    )  # fmt: skip
    found = flow_sensitivity(
        PathReach(paths, 25.0), Sites.of(2), OpeningLimits(1), EFFORT,
        np.array([[1.0, 2.0], [2.0, 1.0]]),
    )  # fmt: skip
    assert found.first.chosen.tolist() == [0]
    assert [one.answer.chosen.tolist() for one in found.variants] == [[1], [0]]
    assert [one.stays.tolist() for one in found.variants] == [[], [0]]
    assert [one.flow_of_first for one in found.variants] == [10.0, 20.0]
    assert found.chosen_share == pytest.approx([2 / 3, 1 / 3])


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        (lambda one: reach_sensitivity(*one, (0.0,)), "factors", "not_factor"),
        (lambda one: flow_sensitivity(*one, np.ones((1, 99))), "factors", "other_counts"),
        (lambda one: corridor_sites(LINE, NONE, NONE, NONE, 0.0), "step_m", "not_step"),
        (lambda one: corridor_sites(LINE, np.array([-1.0]), NONE, NONE), "at_m", "not_between"),
    ],
)
def test_what_makes_no_sense_is_refused(asked, field, code):
    one = case(1)
    with pytest.raises(InvalidRequest) as refused:
        asked((one.needs, one.sites, one.limits, EFFORT))
    assert (refused.value.field, refused.value.code) == (field, code)
