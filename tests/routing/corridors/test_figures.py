"""Figures of corridors: closed forms, a walk metre by metre, `coverage`, and the sketch."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.corridors.data import SpaceData, corridor_data
from routing.corridors.figures import (
    CorridorFlow,
    CorridorTargets,
    corridor_figures,
    without_help,
)
from routing.corridors.gaps import CorridorGap, CorridorSupports
from routing.corridors.people import BANDS_M, DENSITY_PER_M2, people_near, town_parts
from routing.errors import InvalidRequest
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.route.coverage import MeasuredLine, SupportAt, coverage_by, supports_along
from routing.router.regional import Router
from routing.travel.support_points import Support
from tests.fixtures.corridor_cases import marks_of, random_line
from tests.fixtures.corridor_walks import walk
from tests.fixtures.examples import examples
from tests.routing.router.test_regional import ask

TARGETS = CorridorTargets(reach_m=1_000.0, gap_m=25_000.0)


def line(length_m, *marks, counts=None):
    at_m = np.array(marks, dtype=float)
    return CorridorSupports(
        float(length_m), at_m, np.ones((1, len(marks)), bool) if counts is None else counts
    )


@pytest.mark.parametrize("count", [1, 2, 7, 1_000])
def test_equally_spaced_supports_have_the_figures_of_the_closed_form(count):
    length_m = 195_000.0
    supports = line(length_m, *(length_m * (np.arange(count) + 1) / (count + 1)))
    figures = corridor_figures(supports, CorridorTargets(10.0, 0.0))
    assert figures.longest_m[0] == pytest.approx(length_m / (count + 1), abs=1e-6)
    assert figures.mean_to_next_m[0] == pytest.approx(length_m / (2 * (count + 1)), abs=1e-6)
    assert figures.unmet_m[0] == pytest.approx(length_m)
    assert figures.covered_share[0] == pytest.approx(20.0 * count / length_m)
    # Rounding does not choose among equal gaps.
    assert figures.longest_gap(0).from_row is None
    assert figures.longest_gap(0).to_row == 0


def test_a_line_walked_metre_by_metre_has_the_same_figures():
    for seed in range(examples(500, 60)):
        rng = random.Random(seed)
        supports = random_line(seed)
        length, reach = int(supports.length_m), rng.choice([0, 1, 20, 300])
        target = rng.choice([0, 10, 150, 1_000])
        cuts = sorted({0, length, *(rng.randint(0, length) for _ in range(3))})
        people = [rng.choice([0.0, 5.0, 40.5]) for _ in cuts[1:]]
        age = np.array([rng.choice([1.0, 50.0, np.nan]) for _ in range(len(supports))])
        flow = CorridorFlow(np.array(cuts, dtype=float), np.array(people))
        figures = corridor_figures(supports, CorridorTargets(reach, target), flow)
        data = corridor_data(supports, SpaceData(age, age == 1.0), old_days=30.0)
        bare = without_help(supports, reach)
        for service in range(supports.services):
            marks = marks_of(supports, service)
            counted = np.flatnonzero(supports.counts[service])
            fresh = {int(supports.at_m[row]) for row in counted if age[row] <= 30.0}
            walked = walk(
                length, marks, reach=reach, target=target,
                people=np.repeat(people, np.diff(cuts)).tolist(), old=set(marks) - fresh,
            )  # fmt: skip
            assert figures.supports[service] == len(marks)
            assert figures.longest_m[service] == walked.longest
            assert figures.longest_gap(service).from_m == walked.longest_from
            assert figures.mean_to_next_m[service] == pytest.approx(walked.mean, abs=1e-6)
            assert figures.unmet_m[service] == walked.unmet
            assert figures.unmet_flow[service] == pytest.approx(walked.unmet_flow)
            assert figures.unmet_unknown_m[service] == 0
            told = np.zeros(length, bool)
            for from_m, to_m in bare.of(service):
                told[int(from_m) : int(to_m)] = True
            assert told.tolist() == walked.bare
            assert figures.covered_share[service] * length == pytest.approx(
                length - sum(walked.bare), abs=1e-6
            )
            if marks:
                # A metre whose middle is nearest to two may go to either.
                assert data.old_share[service] * length == pytest.approx(walked.old, abs=len(marks))
            else:
                assert np.isnan(data.old_share[service])


def test_figures_of_one_service_are_those_of_the_coverage_of_a_line():
    for seed in range(examples(300, 40)):
        supports = random_line(seed, services=1)
        figures = corridor_figures(supports, CorridorTargets(30.0, 100.0))
        drawn = MeasuredLine(np.array([[0, 0], [1, 0.0]]), np.array([0.0, supports.length_m]))
        order = np.lexsort((np.arange(len(supports)), supports.at_m))
        found = tuple(
            SupportAt(Support(str(row), "", "", 0, 0), float(supports.at_m[row]), 0.0)
            for row in order
            if supports.counts[0, row]
        )
        told = coverage_by(drawn, found, 30.0)
        assert figures.longest_m[0] == told.longest.length_m
        assert figures.mean_to_next_m[0] == pytest.approx(told.mean_to_next_m)
        assert figures.covered_share[0] == pytest.approx(told.covered_share)
        assert [(gap.from_m, gap.to_m, gap.from_row, gap.to_row) for gap in figures.gaps.of(0)] == [
            (gap.from_m, gap.to_m, gap.from_id and int(gap.from_id), gap.to_id and int(gap.to_id))
            for gap in told.gaps
        ]


def test_the_other_way_the_figures_are_the_same_and_the_longest_gap_is_the_first_met():
    for seed in range(examples(300, 40)):
        supports = random_line(seed)
        there, back = (
            corridor_figures(one, CorridorTargets(30.0, 100.0))
            for one in (supports, supports.backwards())
        )
        for name in ("longest_m", "mean_to_next_m", "unmet_m", "covered_share"):
            assert getattr(there, name) == pytest.approx(getattr(back, name))
        length_m = supports.length_m
        for service in range(supports.services):
            turned = [
                (length_m - to_m, length_m - from_m)
                for from_m, to_m in without_help(supports, 30.0).of(service)
            ]
            assert turned[::-1] == without_help(supports.backwards(), 30.0).of(service)
    equal = line(300.0, 100.0, 200.0)
    first = [corridor_figures(one, TARGETS).longest_gap(0) for one in (equal, equal.backwards())]
    assert [gap.to_row for gap in first] == [0, 1]


@settings(max_examples=examples(300))
@given(
    st.lists(st.floats(0.0, 5e5), max_size=12),
    st.floats(0.0, 5e5),
    st.floats(0.0, 1e5),
    st.floats(0.0, 1e5),
)
def test_no_figure_gets_worse_by_one_more_support(marks, new_m, reach_m, gap_m):
    targets = CorridorTargets(reach_m, gap_m)
    flow = CorridorFlow(np.array([0.0, 1e5, 3e5]), np.array([3.0, 40.0]))
    supports = line(5e5, *marks)
    was = corridor_figures(supports, targets, flow)
    now = corridor_figures(supports.with_added(new_m, np.array([True])), targets, flow)
    for name, slack in (
        ("longest_m", 0.0), ("mean_to_next_m", 1e-6), ("unmet_m", 1e-6), ("unmet_flow", 1e-3),
        ("unmet_unknown_m", 1e-6),
    ):  # fmt: skip
        assert getattr(now, name)[0] <= getattr(was, name)[0] + slack, name
    assert now.covered_share[0] >= was.covered_share[0] - 1e-12


def test_a_service_that_nobody_offers_has_a_gap_as_long_as_the_line():
    supports = line(100_000.0, 40_000.0, counts=np.array([[False], [True]]))
    figures = corridor_figures(supports, TARGETS)
    assert figures.longest_gap(0) == CorridorGap(0.0, 100_000.0, None, None)
    assert figures.longest_gap(1) == CorridorGap(40_000.0, 100_000.0, 0, None)
    assert figures.unmet_m.tolist() == [75_000.0, 15_000.0 + 35_000.0]
    assert figures.covered_share.tolist() == pytest.approx([0.0, 0.02])
    assert figures.mean_to_next_m.tolist() == [50_000.0, 26_000.0]
    assert without_help(supports, 1_000.0).of(0) == [(0.0, 100_000.0)]
    assert without_help(supports, 1_000.0).of(1) == [(0.0, 39_000.0), (41_000.0, 100_000.0)]


def test_a_line_without_length_has_figures():
    supports = line(0.0, 0.0, counts=np.array([[False], [True]]))
    flow = CorridorFlow(np.array([0.0, 0.0]), np.array([3.0]))
    figures = corridor_figures(supports, TARGETS, flow)
    for values in (figures.longest_m, figures.mean_to_next_m, figures.unmet_m, figures.unmet_flow):
        assert values.tolist() == [0.0, 0.0]
    assert figures.covered_share.tolist() == [0.0, 1.0]
    data = corridor_data(supports, SpaceData(np.array([40.0]), np.array([True])), 30.0)
    assert np.isnan(data.old_share[0])
    assert data.old_share[1] == 1.0


def test_who_walks_where_nobody_is_counted_is_told_apart_and_not_as_nobody():
    flow = CorridorFlow(np.array([0.0, 40_000.0, 70_000.0]), np.array([10.0, np.nan]))
    figures = corridor_figures(line(100_000.0, 60_000.0), TARGETS, flow)
    # Unmet from 25 to 60 km and from 85 km on; known are people before 40 km alone.
    assert figures.unmet_flow.tolist() == [150_000.0]
    assert figures.unmet_unknown_m.tolist() == [20_000.0 + 15_000.0]


def test_age_and_hours_are_those_of_the_supports_that_count():
    supports = line(
        100.0, 10.0, 10.0, 90.0, 50.0,
        counts=np.array([[1, 1, 1, 0], [0, 0, 0, 0], [0, 1, 1, 1]], dtype=bool),
    )  # fmt: skip
    known = SpaceData(np.array([400.0, 5.0, np.nan, 60.0]), np.array([False, True, True, False]))
    data = corridor_data(supports, known, old_days=30.0)
    assert data.oldest_days.tolist() == pytest.approx([400.0, np.nan, 60.0], nan_ok=True)
    assert data.median_days.tolist() == pytest.approx([202.5, np.nan, 32.5], nan_ok=True)
    assert data.undated.tolist() == [1, 0, 1]
    assert data.hours_share.tolist() == pytest.approx([2 / 3, np.nan, 2 / 3], nan_ok=True)
    # Exactly as old as the limit is not older.
    assert corridor_data(supports, known, 60.0).old_share[2] == pytest.approx(0.3)
    # The younger of two at 10 m counts; beyond the middles the nearest are old.
    assert data.old_share.tolist() == pytest.approx([0.5, np.nan, 0.7], nan_ok=True)


def at_points(*population):
    """Return small towns, each at one point."""
    people = np.array(population)
    return town_parts(np.zeros(len(people)), np.zeros(len(people)), people)


def test_people_within_a_distance_are_summed_and_unknown_towns_are_not_nobody():
    near = people_near(
        at_points(1_000.0, np.nan, 300.0, 70.0, np.nan),
        np.array([5_000.0, 400.0, 5_000.1, np.inf, 25_000.0]),
    )
    assert near.people.tolist() == pytest.approx([np.nan, 1_000.0, 1_300.0], nan_ok=True)
    assert near.towns.tolist() == [1, 2, 4]
    assert near.unknown.tolist() == [1, 1, 2]
    nobody = people_near(at_points(), np.zeros(0))
    assert nobody.people.tolist() == nobody.towns.tolist() == [0, 0, 0]


@given(
    people=st.floats(3_000.0, 2e7),
    lat=st.floats(-55.0, 33.0),
    off_m=st.floats(0.0, 40_000.0),
    band_m=st.sampled_from(BANDS_M),
)
def test_a_city_counts_by_the_part_of_its_disc_that_is_near(people, lat, off_m, band_m):
    """Against the area of the strip of a disc beside a straight line, by the segment's formula."""
    parts = town_parts(np.array([-74.0]), np.array([lat]), np.array([people]))
    assert parts.people.sum() == pytest.approx(people)
    radius_m = float(np.sqrt(people / (np.pi * DENSITY_PER_M2)))
    north_m = (parts.lat - lat) * METRES_PER_DEGREE
    east_m = (parts.lon + 74.0) * METRES_PER_DEGREE * np.cos(np.radians(lat))
    assert np.hypot(north_m, east_m).max() <= radius_m * 1.01
    near = people_near(parts, np.abs(off_m + north_m), [band_m])

    def share_below(m):
        x = min(max(m / radius_m, -1.0), 1.0)
        return 0.5 + (x * np.sqrt(1 - x * x) + np.arcsin(x)) / np.pi

    share = share_below(band_m - off_m) - share_below(-band_m - off_m)
    assert near.people[0] / people == pytest.approx(share, abs=0.08)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("length_m", lambda: line(np.nan)),
        ("at_m", lambda: line(10.0, 10.5)),
        ("at_m", lambda: line(10.0, np.nan)),
        ("counts", lambda: line(10.0, 5.0, counts=np.ones((2, 3), bool))),
        ("services", lambda: line(10.0, 5.0).with_added(1.0, np.ones(2, bool))),
        ("reach_m", lambda: CorridorTargets(-1.0, 0.0)),
        ("gap_m", lambda: CorridorTargets(1.0, np.inf)),
        ("flow", lambda: CorridorFlow(np.zeros(2), np.array([-1.0]))),
        ("flow", lambda: CorridorFlow(np.zeros(2), np.zeros(2))),
        ("breaks_m", lambda: CorridorFlow(np.array([2.0, 1.0]), np.zeros(1))),
        ("population", lambda: at_points(-1.0)),
        ("population", lambda: town_parts(np.zeros(2), np.zeros(2), np.zeros(1))),
        ("distance_m", lambda: people_near(at_points(0.0), np.zeros(2))),
        ("distance_m", lambda: people_near(at_points(0.0), np.array([np.nan]))),
        (
            "age_days",
            lambda: corridor_data(
                line(9.0, 1.0), SpaceData(np.array([-1.0]), np.array([True])), 3.0
            ),
        ),
        (
            "data",
            lambda: corridor_data(line(9.0), SpaceData(np.zeros(1), np.zeros(1, bool)), 3.0),
        ),
    ],
)
def test_what_makes_no_sense_is_refused(field, wrong):
    with pytest.raises(InvalidRequest) as refused:
        wrong()
    assert refused.value.field == field


def test_the_longest_gap_between_cucuta_and_bucaramanga(sketch, towns, night_supports):
    ends = towns["CO", "Cúcuta"], towns["CO", "Bucaramanga"]
    route, *_ = Router(sketch).routes(ask(*ends, start_country="CO", end_country="CO"))
    drawn = MeasuredLine.from_route(route)
    found = supports_along(drawn, night_supports)
    supports = CorridorSupports.along(drawn, found, np.ones((1, len(found)), bool))
    figures = corridor_figures(supports, TARGETS)
    gap = figures.longest_gap(0)
    assert gap.length_m == pytest.approx(47_000, abs=2_000)
    assert [found[row].support.place for row in (gap.from_row, gap.to_row)] == [
        "Pamplona",
        "Berlín (Tona)",
    ]
    assert figures.mean_to_next_m[0] == pytest.approx(coverage_by(drawn, found).mean_to_next_m)
