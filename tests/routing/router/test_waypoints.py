"""Waypoints: legs that join, chained in time, with every hard rule on every leg."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.osm_tags.edge_flags import Mode
from routing.router.multi_region import Continent
from routing.router.regional import Router
from routing.travel.avoid_areas import Obstacles
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from routing.travel.profiles import ADULT
from routing.travel.request import MAX_VIA
from tests.fixtures.examples import examples
from tests.routing.router.test_regional import AT, ask, points, small_worlds


def attempt(continent, request):
    try:
        return continent.routes(request).routes
    except NoRoute:
        return ()


@settings(deadline=None, max_examples=examples(100))
@given(world=small_worlds(), places=st.lists(points, min_size=3, max_size=5),
       mode=st.sampled_from(list(Mode)))  # fmt: skip
def test_a_way_over_waypoints_is_its_legs_one_after_the_other(tiny_graph, world, places, mode):
    hops = list(itertools.pairwise(places))
    assume(all(np.hypot(a[0] - b[0], a[1] - b[1]) > 1e-4 for a, b in hops))
    router = Router(tiny_graph(*world, kind="sketch", snap_limit_m=1e6))
    continent = Continent([router])
    start, *via, end = places
    snaps = router.met(ask(start, end, via=via, mode=mode))
    found = attempt(continent, ask(start, end, via=via, mode=mode))
    at, stint, legs = AT, None, []
    for (a, b), met in zip(hops, itertools.pairwise(snaps), strict=True):
        try:
            leg = router.routes(ask(a, b, at=at, stint=stint, mode=mode), met)
        except NoRoute:
            assert not found
            return
        at, stint = leg[0].arrival, leg[0].stint
        legs.append(leg[0])
    (route,) = found
    assert route.distance_m == pytest.approx(sum(leg.distance_m for leg in legs))
    assert route.duration_s == pytest.approx(sum(leg.duration_s for leg in legs))
    assert route.cost_s == pytest.approx(sum(leg.cost_s for leg in legs))
    assert route.arrival == legs[-1].arrival
    assert [waypoint.arrival for waypoint in route.via] == [leg.arrival for leg in legs[:-1]]
    assert (route.start_snap, route.end_snap) == (legs[0].start_snap, legs[-1].end_snap)
    assert (np.diff(route.measure_m) >= 0).all()
    assert route.measure_m[-1] == pytest.approx(route.distance_m, abs=1e-6)
    for waypoint, leg in zip(route.via, legs, strict=False):
        row = int(np.abs(route.measure_m - waypoint.at_m).argmin())
        assert route.coordinates[row] == pytest.approx(leg.coordinates[-1], abs=1e-7)
    assert route.segments[-1].to_m == pytest.approx(route.distance_m)
    assert sum(part.distance_m for part in route.parts) == pytest.approx(route.distance_m)
    # Where two legs join there is one vertex, not two.
    assert len(route.coordinates) == sum(len(leg.coordinates) for leg in legs) - len(via)


@pytest.fixture
def street(tiny_graph):
    """A straight street along the equator with a junction every kilometre, 0 to 60."""
    nodes = [(n * 0.009, 0.0) for n in range(61)]
    edges = [(n, n + 1, {"length_m": 1_000.0}) for n in range(60)]
    return Continent([Router(tiny_graph(nodes, edges, kind="sketch", snap_limit_m=5_000.0))])


def km(count):
    return (count * 0.009, 0.0)


def test_there_and_back_is_a_way_although_its_ends_are_one_place(street):
    (route,) = street.routes(ask(km(1), km(1), via=[km(4)])).routes
    assert route.distance_m == pytest.approx(6_000)
    assert [waypoint.at_m for waypoint in route.via] == [pytest.approx(3_000)]


def test_who_has_walked_all_day_rests_at_the_waypoint(street):
    whole = street.routes(ask(km(0), km(40))).routes[0]
    (over,) = street.routes(ask(km(0), km(40), via=[km(20)])).routes
    assert over.walking_days == whole.walking_days == 2
    # 25 km a day: the second leg has five left on the first.
    assert abs((over.arrival - whole.arrival).total_seconds()) < 1
    assert over.arrival.date() > AT.date()


def test_each_leg_meets_by_night_what_counts_by_night(tiny_graph):
    nodes = [(n * 0.009, 0.0) for n in range(9)]
    nodes += [(n * 0.009, 0.01) for n in (4, 8)]
    edges = [(n, n + 1, {"length_m": 1_000.0}) for n in range(8)]
    edges += [(4, 9, {"length_m": 1_500.0}), (9, 10, {"length_m": 4_000.0}),
              (10, 8, {"length_m": 1_500.0})]  # fmt: skip
    continent = Continent([Router(tiny_graph(nodes, edges, kind="sketch", snap_limit_m=5e3))])
    by_night = Hazard("n", "robbery", "human_threat", shapely.box(0.05, -1e-3, 0.06, 1e-3),
                      exclusion=True, night_only=True)  # fmt: skip
    request = ask(km(0), km(8), via=[km(4)], hazards=[by_night])
    # Four kilometres take most of an hour: who leaves at 05:30 begins the second leg by day.
    for hour, minute, via, expected_m in (
        (8, 0, request.via, 8_000),
        (5, 0, request.via, 11_000),
        (5, 30, request.via, 8_000),
        (5, 30, (), 11_000),
        (22, 0, request.via, 11_000),
    ):
        at = datetime(2026, 11, 24, hour, minute, tzinfo=UTC)
        found = continent.routes(replace(request, at=at, via=via)).routes
        assert found[0].distance_m == pytest.approx(expected_m), at


def test_a_crossing_is_judged_when_its_own_leg_comes_to_it(tiny_graph):
    a, b = (0.0, "AA"), (0.0, "BB")
    nodes = [(0.0, 0.0, *a), (0.02, 0.0, *a), (0.02, 0.0, *b), (0.03, 0.0, *b)]
    edges = [(0, 1, {"length_m": 8_000.0}), (1, 2, {"length_m": 0.0}), (2, 3)]
    continent = Continent([Router(tiny_graph(nodes, edges, kind="sketch", snap_limit_m=5e3))])

    def until(closing):
        post = Crossing("x", "x", 0.02, 0.0, ("AA", "BB"), passable=True, state="open",
                        opens=lambda at: at if at < closing else None)  # fmt: skip
        return ask((0.0, 0.0), (0.03, 0.0), crossings=[post], start_country="AA",
                   end_country="BB", via=[(0.01, 0.0)], via_countries=["AA"])  # fmt: skip

    (route,) = continent.routes(until(AT + timedelta(hours=4))).routes
    assert route.crossings == ("x",)
    assert AT + timedelta(hours=1) < route.passages[0].arrival < AT + timedelta(hours=4)
    with pytest.raises(NoRoute) as refused:
        continent.routes(until(AT + timedelta(hours=1)))
    assert refused.value.leg == 1
    assert [blocker.kind for blocker in refused.value.blocked_by] == ["crossing"]


def test_obstacles_hold_on_every_leg_and_the_refused_one_is_named(street):
    fence = Obstacles.of([shapely.box(0.2, -0.001, 0.201, 0.001)])
    with pytest.raises(NoRoute) as refused:
        street.routes(ask(km(0), km(30), via=[km(5), km(10), km(15)], obstacles=fence))
    assert refused.value.leg == 3
    assert street.routes(ask(km(0), km(15), via=[km(5)], obstacles=fence)).routes


@pytest.mark.parametrize(("leg", "name"), [(0, "start"), (1, "via.0"), (2, "via.1"), (3, "end")])
def test_a_place_off_the_network_is_named(street, leg, name):
    places = [km(0), km(5), km(10), km(15)]
    places[leg] = (0.1, 0.2)
    start, *via, end = places
    with pytest.raises(OffNetwork) as refused:
        street.routes(ask(start, end, via=via))
    assert refused.value.which == name


def test_what_cannot_be_meant_is_named(street):
    for via, field in (
        ([km(5), km(5)], "via.1"),
        ([km(0)], "via.0"),
        ([km(10)], "end"),
        ([(5.0, float("nan"))], "via.0"),
        ([km(n % 2 + 1) for n in range(MAX_VIA + 1)], "via"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            street.routes(ask(km(0), km(10), via=via))
        assert refused.value.field == field, via
    with pytest.raises(InvalidRequest):
        street.routes(ask(km(0), km(10), via=[km(5)], via_countries=["AA", "AA"]))


def test_over_waypoints_there_is_one_way_at_the_asked_weight(street):
    (route,) = street.routes(ask(km(0), km(10), via=[km(5)], aversions=(0.0,))).routes
    assert route.aversion == 0.0
    assert route.profile == ADULT
