"""A drawn line laid onto the roads."""

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from routing.errors import InvalidRequest
from routing.osm_tags.edge_flags import Mode
from routing.router.map_matching import MatchFailed, match_line
from routing.router.regional import Router, RouteRequest
from routing.travel.crossings import Crossing

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def town(tiny_graph):
    """A 6 x 6 grid of streets 300 m apart; every street is a third longer than it is drawn."""
    side, step = 6, 0.0027
    nodes = [(step * x, step * y) for y in range(side) for x in range(side)]
    east = [(side * y + x, side * y + x + 1) for y in range(side) for x in range(side - 1)]
    north = [(side * y + x, side * y + x + side) for y in range(side - 1) for x in range(side)]
    edges = [(a, b, {"length_m": 400}) for a, b in east + north]
    return Router(tiny_graph(nodes, edges))


def corner(x, y):
    return 0.0027 * x, 0.0027 * y


def drawn_finely(corners):
    """A polyline with a vertex every 38 m or less, as a phone records a walk."""
    steps = np.linspace(0, len(corners) - 1, 32 * (len(corners) - 1) + 1)
    return np.column_stack(
        [np.interp(steps, range(len(corners)), axis) for axis in zip(*corners, strict=True)]
    )


def test_a_copied_route_matches_back_to_its_own_measure(town):
    request = RouteRequest((0.0005, 0.0), (0.0113, 0.0135), Mode.FOOT, AT)
    for route in town.routes(request):
        line = match_line(town, route.coordinates, Mode.FOOT)
        assert line.measure == "network"
        assert line.length_m == pytest.approx(route.distance_m, rel=1e-3)


@pytest.mark.long
def test_copies_of_long_routes_on_the_sketch_match_back(sketch, towns, open_crossings):
    router = Router(sketch)
    ends = towns["VE", "Caracas"], towns["PE", "Lima"]
    request = RouteRequest(*ends, Mode.FOOT, AT, "VE", "PE", crossings=open_crossings)
    for route in router.routes(request):
        copied = np.round(route.coordinates, 5)
        line = match_line(router, copied, Mode.FOOT, "VE", crossings=open_crossings)
        assert line.length_m == pytest.approx(route.distance_m, rel=0.01)


def test_a_noisy_track_matches(town):
    drawn = drawn_finely([corner(0, 0), corner(3, 0), corner(3, 4)])
    noise = np.random.default_rng(3).normal(0, 8 / 111_195, drawn.shape)
    line = match_line(town, drawn + noise, Mode.FOOT)
    assert line.length_m == pytest.approx(7 * 400, rel=0.05)


def test_a_loop_is_walked_and_not_cut_off(town):
    loop = [corner(0, 0), corner(2, 0), corner(2, 2), corner(0, 2), corner(0, 0), corner(0, 1)]
    line = match_line(town, np.array(loop), Mode.FOOT)
    assert line.length_m == pytest.approx(9 * 400, rel=1e-3)


def test_there_and_back_is_measured_twice(town):
    line = match_line(town, np.array([corner(0, 0), corner(3, 0), corner(0, 0)]), Mode.FOOT)
    assert line.length_m == pytest.approx(6 * 400, rel=1e-3)


def test_the_measure_rises_along_the_line(town):
    line = match_line(town, np.array([corner(0, 0), corner(5, 0), corner(5, 5)]), Mode.FOOT)
    assert line.measure_m[0] == 0
    assert (np.diff(line.measure_m) >= 0).all()
    assert len(line.coordinates) == len(line.measure_m)


@pytest.mark.parametrize(
    "line",
    [
        [corner(0, 0), corner(1, 1)],  # through the block
        [corner(0, 0), (0.0, -0.01)],  # out of town
        [(0.2, 0.2), (0.21, 0.2)],  # elsewhere
    ],
)
def test_a_line_off_the_roads_fails(town, line):
    with pytest.raises(MatchFailed):
        match_line(town, np.array(line), Mode.FOOT)


def test_a_wider_tolerance_is_the_callers_choice(town):
    off = np.array([corner(0, 0), corner(4, 0)]) + np.array([0.0, 0.0007])  # 78 m
    with pytest.raises(MatchFailed):
        match_line(town, off, Mode.FOOT)
    assert match_line(town, off, Mode.FOOT, tolerance_m=100).length_m == pytest.approx(
        1600, rel=0.15
    )


def test_a_line_that_is_no_line_is_refused(town):
    with pytest.raises(InvalidRequest):
        match_line(town, np.array([[0.0, 0.0]]), Mode.FOOT)


def test_p33_a_match_crosses_a_border_only_at_an_official_crossing(tiny_graph):
    nodes = [(0.0, 0.0, 0, "AA"), (0.05, 0.0, 0, "AA"), (0.0501, 0.0, 0, "BB"),
             (0.1, 0.0, 0, "BB")]  # fmt: skip
    router = Router(tiny_graph(nodes, [(0, 1), (1, 2), (2, 3)]))
    line = np.array([[0.0, 0.0], [0.1, 0.0]])
    with pytest.raises(MatchFailed):
        match_line(router, line, Mode.FOOT, "AA")
    post = Crossing("c", "C", 0.05, 0.0, ("AA", "BB"), False, "closed")
    matched = match_line(router, line, Mode.FOOT, "AA", crossings=[post])
    assert matched.length_m == pytest.approx(11_119, rel=1e-3)


def test_a_vehicle_does_not_match_against_one_way_streets(tiny_graph):
    edges = [(0, 1, {"oneway": "vehicle"})]
    router = Router(tiny_graph([(0.0, 0.0), (0.01, 0.0)], edges))
    back = np.array([[0.01, 0.0], [0.0, 0.0]])
    assert match_line(router, back, Mode.FOOT).length_m == pytest.approx(1112, rel=1e-3)
    with pytest.raises(MatchFailed):
        match_line(router, back, Mode.VEHICLE)


def test_the_matched_line_lies_on_the_roads(town):
    drawn = np.array([corner(0, 0), corner(3, 0), corner(3, 4)]) + 2e-4
    line = match_line(town, drawn, Mode.FOOT)
    roads = shapely.union_all(
        [shapely.LineString(town.graph.edge_coordinates(e)) for e in range(120)]
    )
    assert roads.buffer(1e-9).covers(shapely.LineString(line.coordinates))
