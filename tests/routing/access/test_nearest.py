"""The nearest of some targets against networkx, one search a pair, and against the hard rules."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.access.ends import RoadEnds, Unknown, road_ends
from routing.access.nearest import nearest_targets
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.reach.network import ReachConditions, ReachNetworks
from routing.router.reachability import ReachPlace
from routing.router.regional import Router
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from routing.travel.profiles import VEHICLE
from tests.routing.reach.conftest import AT, OFF_ROAD_S_PER_M, oracle, street_grid


def spots(rng, count, country="CO"):
    drawn = rng.uniform(0, 0.014, (count, 2))
    return [ReachPlace(-72.5 + lon, 7.9 + lat, country) for lon, lat in drawn.tolist()]


def nearest(networks, conditions, places, targets):
    network = networks.of(conditions)
    return nearest_targets(
        networks,
        conditions,
        road_ends(network, places, leaving=True),
        road_ends(network, targets, leaving=False),
    )


def by_pairs(graph, network, place, targets):
    """Give (seconds, metres) to each target by networkx, straight ways included."""
    snap = network.snap(place, "place", leaving=True)
    used = {by: oracle(graph, network, place, by=by) for by in ("time", "distance")}
    return [
        tuple(
            _way(network, used[by], whole, snap, target, off)
            for by, whole, off in (
                ("time", network.metric.time_s, OFF_ROAD_S_PER_M),
                ("distance", network.metric.length_m, 1.0),
            )
        )
        for target in targets
    ]


def _way(network, used, whole, snap, target, off):
    end = network.snap(target, "target", leaving=False)
    ways = [
        used[node] + (to - start) * whole[edge]
        for (edge, start, to), node in network.network.arrivals(end)
        if node in used
    ]
    ways += [
        snap.distance_m * off + (to - start) * whole[edge]
        for edge, start, to in network.network.direct(snap, end)
    ]
    return min(ways, default=np.inf) + end.distance_m * off


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_nearest_target_is_that_of_networkx(tiny_graph, seed):
    rng = np.random.default_rng(seed)
    graph = street_grid(tiny_graph, seed, side=5)
    networks, conditions = ReachNetworks(Router(graph)), ReachConditions(AT)
    places, targets = spots(rng, 4), spots(rng, 3)
    network = networks.of(conditions)
    found = nearest(networks, conditions, places, targets)
    for number, place in enumerate(places):
        ways = by_pairs(graph, network, place, targets)
        best_s, best_m = min(ways)
        if np.isinf(best_s):
            assert np.isnan(found.duration_s[number])
            assert found.unknown[number] == Unknown.NO_WAY
            continue
        # Without hazards, on the level and on roads of one class, least cost is least time.
        assert found.duration_s[number] == pytest.approx(best_s, rel=1e-6)
        assert found.distance_m[number] == pytest.approx(best_m, rel=1e-6)
        assert ways[found.target[number]][0] == pytest.approx(best_s, rel=1e-6)


def test_a_target_in_a_no_through_road_is_reached_beside_one_outside(tiny_graph):
    """4 is on a no through road from 1 to 2; the only way round to 2 is long."""
    enters = {"flags": int(EdgeFlag.THRESHOLD | Mode.FOOT.ends_flag), "oneway": "all"}
    nodes = [(-72.5 + 0.001 * n, 7.9) for n in range(4)]
    nodes += [(-72.4985, 7.901), (-72.4985, 7.902), (-72.4985, 7.89)]
    edges = [
        *((1, 4, enters), (4, 1, {"oneway": "all"})),
        *((2, 4, enters), (4, 2, {"oneway": "all"})),
        *((0, 1), (2, 3), (4, 5), (1, 6), (6, 2)),
    ]
    graph = tiny_graph(nodes, edges)
    networks, conditions = ReachNetworks(Router(graph)), ReachConditions(AT)
    inside, outside = ReachPlace(*nodes[5]), ReachPlace(*nodes[3])
    place = [ReachPlace(*nodes[0])]
    both = nearest(networks, conditions, place, [outside, inside])
    alone = [nearest(networks, conditions, place, [one]) for one in (outside, inside)]
    seconds = [float(one.duration_s[0]) for one in alone]
    # To what is outside nobody walks through the road that is none.
    assert seconds[1] < seconds[0]
    assert (int(both.target[0]), float(both.duration_s[0])) == (1, pytest.approx(seconds[1]))
    assert alone[0].distance_m[0] > 2_000


def two_countries(tiny_graph, far=0.03):
    """Give a road through two countries: places at 0 in CO, a border between 1 and 2."""
    nodes = [(-72.5, 7.9, np.nan, "CO"), (-72.495, 7.9, np.nan, "CO"),
             (-72.494, 7.9, np.nan, "VE"), (-72.49, 7.9, np.nan, "VE"),
             (-72.5 - far, 7.9, np.nan, "CO")]  # fmt: skip
    return tiny_graph(nodes, [(0, 1), (1, 2), (2, 3), (0, 4)])


def post(*, passable):
    return Crossing("X1", "Puente", -72.4945, 7.9, ("CO", "VE"), passable,
                    "open" if passable else "not_known")  # fmt: skip


def test_p33_a_target_at_home_comes_first_and_a_crossing_is_named(tiny_graph):
    networks = ReachNetworks(Router(two_countries(tiny_graph)))
    home, abroad = ReachPlace(-72.53, 7.9, "CO"), ReachPlace(-72.49, 7.9, "VE")
    here = [ReachPlace(-72.5, 7.9, "CO")]
    for passable in (True, False):
        conditions = ReachConditions(AT, crossings=(post(passable=passable),), crosses_borders=True)
        both = nearest(networks, conditions, here, [abroad, home])
        assert (both.target[0], both.crossing[0], both.unknown[0]) == (1, -1, Unknown.KNOWN)
        only = nearest(networks, conditions, here, [abroad])
        if passable:
            assert only.crossings[only.crossing[0]] == "X1"
            assert only.duration_s[0] > 0
        else:
            assert only.unknown[0] == Unknown.NO_WAY
            assert np.isnan(only.duration_s[0])
    closed = nearest(networks, ReachConditions(AT), here, [abroad])
    assert closed.unknown[0] == Unknown.NO_WAY


def test_what_is_not_known_is_neither_zero_nor_a_number(tiny_graph):
    networks = ReachNetworks(Router(two_countries(tiny_graph)))
    here = [
        ReachPlace(-72.5, 7.9, "CO"),
        ReachPlace(-70.0, 7.9, "CO"),
        ReachPlace(-72.5, 7.9, "BR"),
    ]
    none = nearest(networks, ReachConditions(AT), here, [])
    assert none.unknown.tolist() == [Unknown.NO_TARGET, Unknown.OFF_NETWORK, Unknown.OFF_NETWORK]
    far = nearest(networks, ReachConditions(AT), here, [ReachPlace(-70.0, 7.9, "CO")])
    assert far.unknown.tolist() == none.unknown.tolist()
    for found in (none, far):
        assert np.isnan(found.duration_s).all()
        assert np.isnan(found.distance_m).all()
        assert (found.target == -1).all()


def test_p11_exclusions_are_not_walked_through(tiny_graph):
    networks = ReachNetworks(Router(two_countries(tiny_graph)))
    flood = Hazard("F", "flood", "physical", shapely.box(-72.499, 7.8, -72.497, 8.0), True)
    conditions = ReachConditions(AT, hazards=(flood,))
    found = nearest(
        networks, conditions,
        [ReachPlace(-72.5, 7.9, "CO"), ReachPlace(-72.498, 7.9001, "CO")],
        [ReachPlace(-72.495, 7.9, "CO")],
    )  # fmt: skip
    assert found.unknown.tolist() == [Unknown.NO_WAY, Unknown.CUT_OFF]


def test_vehicles_follow_one_way_streets(tiny_graph):
    nodes = [(-72.5, 7.9), (-72.49, 7.9), (-72.49, 7.92), (-72.5, 7.92)]
    way = {"oneway": "vehicle"}
    graph = tiny_graph(nodes, [(0, 1, way), (1, 2, way), (2, 3, way), (3, 0, way)])
    networks = ReachNetworks(Router(graph))
    here, target = [ReachPlace(*nodes[1])], [ReachPlace(*nodes[0])]
    walked = nearest(networks, ReachConditions(AT), here, target)
    driven = nearest(
        networks, ReachConditions(AT, mode=Mode.VEHICLE, profile=VEHICLE), here, target
    )
    assert driven.distance_m[0] > 4 * walked.distance_m[0]


def test_places_in_parts_are_the_places_together(tiny_graph):
    graph = street_grid(tiny_graph, 3)
    networks, conditions = ReachNetworks(Router(graph)), ReachConditions(AT)
    network = networks.of(conditions)
    every = spots(np.random.default_rng(3), 7)
    ends = [road_ends(network, part, leaving=True) for part in (every[:3], [], every[3:])]
    targets = road_ends(network, spots(np.random.default_rng(4), 2), leaving=False)
    whole = nearest_targets(networks, conditions, road_ends(network, every, leaving=True), targets)
    joined = nearest_targets(networks, conditions, RoadEnds.joined(ends), targets)
    for name in ("duration_s", "distance_m", "target", "unknown"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(joined, name))
