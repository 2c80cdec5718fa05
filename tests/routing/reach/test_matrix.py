"""Matrices against single routes, against networkx, and against the search of isochrones."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.osm_tags.edge_flags import Mode
from routing.reach.matrix import Matrices, MatrixRequest
from routing.reach.network import ReachConditions, ReachNetworks
from routing.router.reachability import ReachPlace
from routing.router.regional import Router, RouteRequest
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from routing.travel.profiles import ADULT
from tests.routing.reach.conftest import (
    AT,
    OFF_ROAD_S_PER_M,
    node_place,
    oracle,
    street_grid,
)

#: Without nights: a single route's moving time is then that of its path alone.
RESTLESS = replace(ADULT, window_start=None, window_end=None, day_max_m=float("inf"))


def places_in(rng, count, country="CO", side=7, apart=0.002):
    spots = rng.uniform(0, side * apart, (count, 2))
    return [ReachPlace(-72.5 + lon, 7.9 + lat, country) for lon, lat in spots.tolist()]


def matrix(router, sources, targets, **more):
    conditions = ReachConditions(AT, **more)
    return Matrices(ReachNetworks(router)).matrix(MatrixRequest(sources, targets, conditions))


def hazards_in(rng):
    return [
        Hazard(str(n), "flood", "physical", shapely.box(*low, *(low + 0.004)), n == 0, weight=5.0)
        for n, low in enumerate(rng.uniform((-72.5, 7.9), (-72.49, 7.91), (3, 2)))
    ]


def check_against_routes(router, sources, targets, found, mode, hazards=(), crossings=()):
    """Compare with the route of least cost at the middle weight; return how many were found."""
    count = 0
    for row, start in enumerate(sources):
        for column, end in enumerate(targets):
            request = RouteRequest(
                (start.lon, start.lat), (end.lon, end.lat), mode, AT, start.country, end.country,
                crossings=crossings, hazards=hazards, aversions=(1.0,),
            )  # fmt: skip
            figures = found.duration_s[row, column], found.distance_m[row, column]
            try:
                route = router.routes(request)[0]
            except (NoRoute, OffNetwork):
                assert np.isinf(figures).all()
                continue
            snaps = route.start_snap.distance_m, route.end_snap.distance_m
            if snaps != (found.source_off_m[row], found.target_off_m[column]):
                continue  # for this pair alone other roads are nearer
            np.testing.assert_allclose(figures, [route.duration_s, route.distance_m], rtol=1e-6)
            count += 1
    return count


@pytest.mark.every(3)
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_single_routes(tiny_graph, seed, mode):
    graph = street_grid(tiny_graph, seed, oneway=0.3)
    rng = np.random.default_rng(seed)
    hazards, router = hazards_in(rng), Router(graph, profile=RESTLESS)
    sources, targets = places_in(rng, 5), places_in(rng, 6)
    found = matrix(router, sources, targets, hazards=hazards, mode=mode)
    assert check_against_routes(router, sources, targets, found, mode, hazards) > 10


@given(st.integers(0, 10_000))
@example(1_613)  # a place at the begin of a one-way road
def test_figures_are_those_of_networkx(tiny_graph, seed):
    graph = street_grid(tiny_graph, seed, side=5, oneway=0.4)
    rng = np.random.default_rng(seed)
    networks = ReachNetworks(Router(graph))
    conditions = ReachConditions(AT, hazards=hazards_in(rng))
    network = networks.of(conditions)
    sources = places_in(rng, 3, side=5)
    targets = [ReachPlace(*node_place(graph, n), "CO") for n in range(graph.meta.node_count)]
    found = Matrices(networks).matrix(MatrixRequest(sources, targets, conditions))
    # A node that nothing leads to may be moved to a road that something does lead to; and rounding
    # may put a node a hair before the end of a one-way road, to which the way is another one.
    ends = [network.snap(target, "target", leaving=False) for target in targets]
    there = np.array(
        [
            end.distance_m == 0 and (end.fraction in {0.0, 1.0} or graph.edge_twin[end.edge] >= 0)
            for end in ends
        ]
    )
    closed = set(network.metric.rules.closed.tolist())
    for row, place in enumerate(sources):
        edge = network.snap(place, "place", leaving=True).edge
        if closed & {edge, int(graph.edge_twin[edge])} or np.isinf(found.source_off_m[row]):
            continue  # of a road that is closed in part the oracle knows nothing
        for by, figures in (("time", found.duration_s), ("distance", found.distance_m)):
            off = found.source_off_m[row] * (OFF_ROAD_S_PER_M if by == "time" else 1.0)
            expected = oracle(graph, network, place, by=by)
            every = [expected.get(node, np.inf) - off for node in range(graph.meta.node_count)]
            np.testing.assert_allclose(
                figures[row][there], np.array(every)[there], rtol=1e-6, atol=1e-6
            )


def test_ways_along_one_edge_and_places_off_the_network(tiny_graph):
    graph = tiny_graph([(-72.5, 7.9), (-72.48, 7.9)], [(0, 1, {"oneway": "vehicle"})])
    router = Router(graph)
    places = [ReachPlace(-72.498, 7.9), ReachPlace(-72.492, 7.9), ReachPlace(-70, 7)]
    walking = matrix(router, places, places)
    driving = matrix(router, places, places, mode=Mode.VEHICLE)
    apart_m = 0.006 / 0.02 * graph.edge_length_m[0]
    np.testing.assert_allclose(walking.distance_m[:2, :2], [[0, apart_m], [apart_m, 0]], rtol=1e-3)
    assert driving.distance_m[0, 1] == pytest.approx(apart_m, rel=1e-3)
    assert np.isinf(driving.distance_m[1, 0])
    assert np.isinf(walking.duration_s[2]).all()
    assert np.isinf(walking.duration_s[:, 2]).all()
    assert np.isinf(walking.source_off_m[2])
    with pytest.raises(InvalidRequest) as refused:
        matrix(router, [], places)
    assert refused.value.field == "sources"


@pytest.mark.parametrize("state", ["open", "closed", "not_known"])
def test_p10_p33_borders_are_passed_at_open_crossings_alone(tiny_graph, state):
    graph = street_grid(
        tiny_graph, 2, side=8, oneway=0.0, country=lambda x, y: "CO" if x < 4 else "VE"
    )
    bridge = Crossing("x", "Puente", -72.493, 7.906, ("CO", "VE"), state == "open", state)
    router = Router(graph, profile=RESTLESS)
    rng = np.random.default_rng(2)
    here = [replace(p, lon=p.lon - 0.001) for p in places_in(rng, 4, side=3)]
    there = [replace(p, lon=p.lon + 0.009, country="VE") for p in places_in(rng, 4, side=3)]
    found = matrix(router, here, there, crossings=[bridge], crosses_borders=True)
    assert np.isfinite(found.duration_s).all() == (state == "open")
    count = check_against_routes(router, here, there, found, Mode.FOOT, crossings=(bridge,))
    assert (count > 8) == (state == "open")
    home = matrix(router, here, there, crossings=[bridge])
    assert np.isinf(home.duration_s).all()


def test_p36_a_secret_ban_changes_figures_as_a_missing_road_would(tiny_graph):
    graph = street_grid(tiny_graph, 4, oneway=0.0)
    router = Router(graph)
    spots = [ReachPlace(*node_place(graph, n), "CO") for n in range(graph.meta.node_count)]
    area = shapely.Point(graph.edge_coordinates(20).mean(axis=0)).buffer(0.0002)
    ban = Hazard("ban", "closure", "physical", area, exclusion=True, is_published=False)
    secret, told = (
        matrix(router, spots, spots, hazards=[one])
        for one in (ban, replace(ban, is_published=True))
    )
    np.testing.assert_allclose(secret.duration_s, told.duration_s)
    # A place on the banned road is moved to another one: no gap in a table tells where the ban is.
    line = graph.edge_coordinates(20)
    beside = ReachPlace(*(0.75 * line[0] + 0.25 * line[-1]).tolist(), "CO")
    moved = matrix(router, [beside], spots, hazards=[ban])
    assert np.isfinite(moved.duration_s).all()
    assert moved.source_off_m[0] > 50


@pytest.mark.long
@pytest.mark.parametrize("mode", list(Mode))
def test_a_city_has_the_figures_of_single_routes(city, mode):
    router = Router(city, profile=RESTLESS)
    rng = np.random.default_rng(7)
    nodes = rng.integers(0, city.meta.node_count, 14)
    spots = [ReachPlace(*node_place(city, node)) for node in nodes.tolist()]
    found = matrix(router, spots[:7], spots[7:], mode=mode)
    assert check_against_routes(router, spots[:7], spots[7:], found, mode) > 30
