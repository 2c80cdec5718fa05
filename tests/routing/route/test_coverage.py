"""Gaps between supports along a line, and the figures of its coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from routing.errors import InvalidRequest
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.geometry.lines import (
    between,
    distance_to_line_m,
    geodesic_m,
    project,
    segment_lengths_m,
    vertex_shares,
)
from routing.route.coverage import MeasuredLine, coverage, supports_along
from routing.router.regional import Router
from routing.travel.sketch_towns import SketchTown, Towns
from routing.travel.support_points import Support, Supports
from tests.fixtures.examples import examples
from tests.routing.router.test_regional import ask

WGS84 = Geod(ellps="WGS84")


def straight(length_m=100_000.0):
    """A line of one degree on the equator with a road's own, longer measure."""
    return MeasuredLine(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([0.0, length_m]))


def at(share, name="s", off_m=0.0):
    return Support(name, f"Space {name}", f"Town {name}", share, off_m / METRES_PER_DEGREE)


def test_the_measure_is_the_roads_and_not_the_drawings():
    found = coverage(straight(200_000.0), [at(0.25)])
    assert found.length_m == 200_000.0
    assert [gap.length_m for gap in found.gaps] == pytest.approx([50_000.0, 150_000.0])
    assert found.measure == "network"


def test_start_and_end_count_as_ends_of_gaps_and_are_named():
    found = coverage(straight(), [at(0.6)], ends=("Cúcuta", "Bucaramanga"))
    first, last = found.gaps
    assert (first.from_id, first.from_name, first.to_id, first.to_name) == (
        None,
        "Cúcuta",
        "s",
        "Town s",
    )
    assert (last.from_id, last.to_id, last.to_name) == ("s", None, "Bucaramanga")
    assert found.longest is first


def test_access_distance_selects_and_is_never_added():
    near, far = at(0.5, "near", 999.0), at(0.2, "far", 1001.0)
    found = coverage(straight(), [near, far], access_m=1000.0)
    assert [item.support.id for item in found.supports] == ["near"]
    assert found.supports[0].access_m == pytest.approx(999.0, abs=0.01)
    assert sum(gap.length_m for gap in found.gaps) == pytest.approx(100_000.0)


def test_access_is_metres_and_not_degrees():
    # At 60 degrees north 0.012 degrees of longitude are 667 m; the same in latitude 1,334 m.
    line = MeasuredLine(np.array([[10.0, 59.0], [10.0, 61.0]]), np.array([0.0, 1.0]))
    assert supports_along(line, [Support("e", "e", "e", 10.012, 60.0)])
    line = MeasuredLine(np.array([[9.0, 60.0], [11.0, 60.0]]), np.array([0.0, 1.0]))
    assert not supports_along(line, [Support("n", "n", "n", 10.0, 60.012)])


@given(
    st.lists(st.tuples(st.floats(-0.02, 0.06), st.floats(59.97, 60.05)), min_size=1, max_size=30),
    st.floats(0.0, 3_000.0),
)
def test_supports_are_those_that_the_line_itself_is_near_to(places, access_m):
    corners = np.array([(0.0, 60.0), (0.03, 60.01), (0.01, 60.03)])
    line = MeasuredLine(corners, np.array([0.0, 2_000.0, 4_500.0]))
    supports = [Support(str(row), "", "", *place) for row, place in enumerate(places)]
    near = {s.id for s in supports if distance_to_line_m(corners, s.lon, s.lat) <= access_m}
    found = supports_along(line, supports, access_m)
    assert {item.support.id for item in found} == near
    assert supports_along(line, Supports(supports), access_m) == found


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=150),
    st.lists(st.tuples(st.integers(-5, 45), st.integers(-5, 45)), min_size=1, max_size=20),
    st.integers(1, 300),
)
def test_a_support_is_where_a_look_at_every_segment_puts_it(vertices, places, access_m):
    # On a grid of 0.0005 degrees, where many vertices are the same and many segments as near.
    line = MeasuredLine(np.array(vertices) * 5e-4, np.arange(len(vertices)) * 100.0)
    expected = {}
    for row, (lon, lat) in enumerate(np.array(places) * 5e-4):
        distance_m, share = project(line.coordinates, lon, lat)
        segment = int(np.argmax(distance_m <= distance_m.min() + 1e-6))
        if distance_m[segment] <= access_m:
            expected[str(row)] = ((segment + share[segment]) * 100.0, distance_m[segment])
    supports = [
        Support(str(row), "", "", lon * 5e-4, lat * 5e-4) for row, (lon, lat) in enumerate(places)
    ]
    found = supports_along(line, supports, access_m)
    assert {at.support.id: (at.at_m, at.access_m) for at in found} == {
        row: (pytest.approx(at_m, abs=1e-6), pytest.approx(off_m, abs=1e-6))
        for row, (at_m, off_m) in expected.items()
    }


def test_the_nearest_pass_counts_and_of_equals_the_first():
    there_and_back = MeasuredLine(
        np.array([[0, 0], [0.1, 0], [0.1, 0.001], [0, 0.001]], dtype=float),
        np.array([0.0, 11_000.0, 11_100.0, 22_100.0]),
    )
    nearer_back = Support("b", "b", "b", 0.05, 0.0008)
    between_them = Support("m", "m", "m", 0.05, 0.0005)
    found = {
        item.support.id: item.at_m
        for item in supports_along(there_and_back, [nearer_back, between_them])
    }
    assert found["b"] == pytest.approx(16_600.0, abs=10)
    assert found["m"] == pytest.approx(5_500.0, abs=10)


def test_no_support_is_one_gap_over_the_whole_line():
    found = coverage(straight(), [])
    assert found.longest.length_m == 100_000.0
    assert (found.mean_to_next_m, found.covered_share) == (50_000.0, 0.0)


def test_a_line_without_length_has_one_gap_without_length():
    line = MeasuredLine(np.array([[0.0, 0.0], [0.0, 0.0]]), np.zeros(2))
    found = coverage(line, [at(0.0)])
    assert (found.longest.length_m, found.mean_to_next_m, found.covered_share) == (0.0, 0.0, 1.0)


def test_two_spaces_of_one_town_make_no_gap_between_them():
    found = coverage(straight(), [at(0.5, "b"), at(0.5, "a")])
    assert [item.support.id for item in found.supports] == ["a", "b"]
    assert [(gap.from_id, gap.to_id) for gap in found.gaps] == [(None, "a"), ("b", None)]


@pytest.mark.parametrize("count", [1, 4, 9])
def test_a17_equal_spacing_has_closed_forms(count):
    supports = [at((n + 1) / (count + 1), str(n)) for n in range(count)]
    found = coverage(straight(), supports)
    assert found.longest.length_m == pytest.approx(100_000 / (count + 1), rel=1e-9)
    assert found.mean_to_next_m == pytest.approx(100_000 / (2 * (count + 1)), rel=1e-9)


@settings(deadline=None, max_examples=examples(80))
@given(places=st.lists(st.floats(0, 1), max_size=8), reach_m=st.floats(1, 40_000))
def test_figures_equal_their_definitions_by_counting(places, reach_m):
    supports = [at(place, str(n)) for n, place in enumerate(places)]
    found = coverage(straight(), supports, access_m=reach_m)
    marks = np.array(sorted([0.0, 1.0, *places])) * 100_000
    assert sum(gap.length_m for gap in found.gaps) == pytest.approx(100_000, rel=1e-9)
    assert found.longest.length_m == pytest.approx(np.diff(marks).max(), abs=1e-3)
    spots = np.linspace(0, 100_000, 20_001)
    to_next = marks[np.searchsorted(marks, spots).clip(0, len(marks) - 1)] - spots
    assert found.mean_to_next_m == pytest.approx(to_next.mean(), abs=20)
    helps = np.array(places) * 100_000
    covered = (np.abs(spots[:, None] - helps[None, :]) <= reach_m).any(axis=1).mean()
    assert found.covered_share == pytest.approx(covered, abs=1e-3)


@settings(deadline=None, max_examples=examples(50))
@given(places=st.lists(st.floats(0, 1), max_size=6), more=st.floats(0, 1))
def test_one_more_space_never_widens_the_longest_gap(places, more):
    supports = [at(place, str(n)) for n, place in enumerate(places)]
    before = coverage(straight(), supports)
    after = coverage(straight(), [*supports, at(more, "new")])
    assert after.longest.length_m <= before.longest.length_m + 1e-6
    assert after.mean_to_next_m <= before.mean_to_next_m + 1e-6
    assert after.covered_share >= before.covered_share - 1e-9


@pytest.mark.parametrize("access_m", [-1.0, float("nan"), float("inf")])
def test_an_access_that_cannot_be_meant_is_refused(access_m):
    with pytest.raises(InvalidRequest) as refused:
        coverage(straight(), [], access_m=access_m)
    assert refused.value.field == "access_m"


# --- lines ----------------------------------------------------------------------------------------

places = st.tuples(st.floats(-110, -35), st.floats(-55, 30))


@settings(deadline=None)
@given(line=st.lists(places, min_size=2, max_size=6))
def test_geodesic_lengths_equal_geographiclib(line):
    points = np.array(line)
    expected = WGS84.line_lengths(points[:, 0], points[:, 1])
    assert geodesic_m(points) == pytest.approx(np.array(expected), abs=1e-3)


def test_a_geometry_is_measured_by_its_geodesic_length():
    line = MeasuredLine.from_geometry(np.array([[-72.5, 7.9], [-73.1, 7.1]]))
    assert line.measure == "geometry"
    assert line.length_m == pytest.approx(WGS84.line_length([-72.5, -73.1], [7.9, 7.1]), abs=1e-3)


@pytest.mark.parametrize(
    "line",
    [
        [[0.0, 0.0]],
        [[0.0, 0.0], [float("nan"), 0.0]],
        [[0.0, 0.0], [0.0, 91.0]],
        [[0.0, 0.0, 1.0], [1.0, 1.0, 1.0]],
        [["a", "b"], ["c", "d"]],
        [[0.0, 0.0], [1.0]],
        [],
    ],
)
def test_a_line_that_is_no_line_is_refused(line):
    with pytest.raises(InvalidRequest) as refused:
        MeasuredLine.from_geometry(line)
    assert refused.value.field == "route"


near = st.tuples(st.floats(-73, -72), st.floats(7, 8))


@settings(deadline=None)
@given(line=st.lists(near, min_size=2, max_size=6, unique=True), cut=st.floats(0, 1))
def test_two_cuts_make_the_whole(line, cut):
    points = np.array(line)
    left, left_shares = between(points, 0.0, cut)
    right, right_shares = between(points, cut, 1.0)
    assert left[-1] == pytest.approx(right[0])
    assert (left_shares[0], left_shares[-1], right_shares[-1]) == (0.0, cut, 1.0)
    total = segment_lengths_m(left).sum() + segment_lengths_m(right).sum()
    # A straight line in degrees is no great circle: lengths add up to second order only.
    assert total == pytest.approx(segment_lengths_m(points).sum(), rel=1e-3, abs=1e-6)
    assert segment_lengths_m(left).sum() == pytest.approx(cut * total, rel=1e-3, abs=1e-6)


def test_a_line_without_length_is_shared_out_evenly():
    assert vertex_shares(np.zeros((3, 2))) == pytest.approx([0.0, 0.5, 1.0])


def test_distance_to_a_line_is_in_metres():
    line = np.array([[0.0, 60.0], [1.0, 60.0]])
    assert distance_to_line_m(line, 0.5, 60.01) == pytest.approx(1112, abs=1)
    assert distance_to_line_m(line, -0.01, 60.0) == pytest.approx(556, abs=1)


def test_an_id_and_a_place_name_each_end_of_the_longest_gap():
    supports = [at(0.1, "a"), at(0.9, "b")]
    longest = coverage(straight(), supports).longest
    assert (longest.from_id, longest.to_id) == ("a", "b")
    assert (longest.from_name, longest.to_name) == ("Town a", "Town b")
    assert (longest.from_m, longest.to_m) == pytest.approx((10_000.0, 90_000.0))


def test_a_space_is_found_on_whichever_part_of_a_long_line_it_lies():
    # Parts are compared by their boxes first: at their seams, and where the line comes back.
    place = np.arange(200) * 1e-3
    there = np.column_stack((place - 60.0, np.zeros(200)))
    back = there[::-1] + np.array([0.0, 1e-2])
    line = MeasuredLine.from_geometry(np.concatenate((there, back)))
    for row in (0, 63, 64, 65, 128, 199, 264, 399):
        lon, lat = line.coordinates[row]
        (found,) = supports_along(line, [Support("s", "s", "s", float(lon), float(lat))], 10.0)
        assert found.at_m == pytest.approx(line.measure_m[row], abs=1e-3)
        assert found.access_m == pytest.approx(0.0, abs=1e-6)


# -- towns of a sketch --------------------------------------------------------------------------


TOWN = SketchTown("Boa Vista", "BR", 0.5, 0.0)
#: Next to it, as towns are that have grown together.
SUBURB = SketchTown("Subúrbio", "BR", 0.5, 0.05)


def near_town(lat, *, lon=0.5, place="", country="BR", id_="s"):
    return Support(id_, id_, place, lon, lat, country)


@pytest.mark.parametrize(
    ("support", "town", "why"),
    [
        (near_town(-0.08), TOWN, "8.9 km off, of no stated place"),
        (near_town(-0.1), None, "11.1 km off, of no stated place"),
        (near_town(-0.2, place="boa  vista"), TOWN, "22 km off, and says that it lies there"),
        (near_town(-0.23, place="Boa Vista"), None, "26 km off, whatever it says"),
        (near_town(0.045, place="Boa Vista"), TOWN, "the name wins over the nearer node"),
        (near_town(0.045), SUBURB, "else the nearer node"),
        (near_town(0.04, place="Suburbio"), SUBURB, "accents and case make no other name"),
        (near_town(0.025), TOWN, "of equally near ones the first"),
        (near_town(0.001, country="VE"), None, "p33: a town of another country is none"),
        (near_town(0.001, country=None), None, "of a space without a country no town is known"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_town_in_which_a_space_lies(support, town, why):
    found = Towns([TOWN, SUBURB]).town_of(support)
    assert (None if found is None else found[0]) == town, why


def test_a_space_of_a_town_supports_a_sketched_way_at_the_towns_node():
    supports = Supports([near_town(-0.08, lon=0.52), near_town(0.005, lon=0.7, id_="on the way")])
    (own,) = supports_along(straight(200_000.0), supports)
    found = supports_along(straight(200_000.0), supports, towns=Towns([TOWN]))
    assert [(at.support.id, at.town) for at in found] == [("s", "Boa Vista"), ("on the way", None)]
    assert found[0].at_m == pytest.approx(100_000.0, abs=1)
    assert found[0].access_m == pytest.approx(9_170, abs=10)
    assert (found[0].support.lon, found[1]) == (0.52, own)
    measured = coverage(straight(200_000.0), supports, towns=Towns([TOWN]))
    gaps = [gap.length_m for gap in measured.gaps]
    assert gaps == pytest.approx([100_000, 40_000, 60_000], abs=1)


def test_a_way_that_leaves_the_town_aside_is_not_supported_by_it():
    aside = SketchTown("Aside", "BR", 0.5, 0.02)
    assert supports_along(straight(), [near_town(0.05)], towns=Towns([aside])) == ()
    by_the_way = SketchTown("By the way", "BR", 0.5, 0.008)
    (found,) = supports_along(straight(), [near_town(0.05)], towns=Towns([by_the_way]))
    assert found.town == "By the way"


def test_crossings_are_no_towns_though_they_are_named(sketch):
    names = {town.name for town in Towns.of(sketch)._towns}
    assert {"Cúcuta", "Boa Vista", "La Donjuana"} <= names
    crossings = {n for n in names if n.startswith("Puente Internacional") or " / " in n}
    # No road of the sketch goes on from there.
    assert crossings == {"Peñas Blancas (Costa Rica / Nicaragua)"}


def test_spaces_around_boa_vista_leave_no_false_gap(sketch, towns, open_crossings):
    """Of six places with food around the town two lie within a kilometre of the sketched line."""
    lon, lat = towns["BR", "Boa Vista"]
    off = [(0, 0), (0.5, 0.2), (3, -3), (-4.5, 1), (2, 5), (-3, -6)]
    around = [
        Support(f"food {n}", "", "Boa Vista", lon + east / 100, lat + north / 100, "BR")
        for n, (east, north) in enumerate(off)
    ]
    request = ask(
        towns["BR", "Pacaraima"], towns["BR", "Mucajaí"], start_country="BR", end_country="BR",
        crossings=open_crossings,
    )  # fmt: skip
    line = MeasuredLine.from_route(Router(sketch).routes(request)[0])
    assert len(supports_along(line, around)) < 6
    found = coverage(line, around[2:], towns=Towns.of(sketch))
    assert len(found.supports) == 4
    before = coverage(line, around[2:])
    assert before.longest.length_m > found.longest.length_m
