"""Where the ends of a journey meet the roads: on edges that are joined, the least way off."""

import itertools
import math
from dataclasses import replace
from datetime import UTC, datetime

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from routing.errors import NoRoute, OffNetwork
from routing.geometry.geodesy import great_circle_m
from routing.graph.components import Components
from routing.osm_tags.edge_flags import Mode
from routing.router.multi_region import Continent
from routing.router.reachability import Reacher, ReachPlace, ReachRequest
from routing.router.regional import Router, RouteRequest
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from tests.fixtures.examples import examples
from tests.routing.graph.test_turn_expansion import walks, with_forbidden
from tests.routing.router.test_regional import places_of, points, small_worlds

AT = datetime(2026, 11, 28, 8, tzinfo=UTC)
LIMIT_M = 2_500.0
DEGREE_M = 111_195.0


def ask(start, end, mode=Mode.FOOT, **more):
    return RouteRequest(start, end, mode, AT, **more)


# --- oracles --------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=examples(100))
@given(
    edges=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=25),
    asked=st.lists(st.integers(0, 9), min_size=2, max_size=4),
)
def test_components_equal_those_of_networkx(edges, asked):
    edges.sort(key=lambda edge: edge[0])
    tail, head, may = (np.array([edge[i] for edge in edges], dtype=np.int32) for i in range(3))
    first_out = np.searchsorted(tail, np.arange(11)).astype(np.int64)
    found = Components.of(first_out, tail, head, may.astype(bool))
    roads = nx.DiGraph([edge[:2] for edge in edges if edge[2]])
    roads.add_nodes_from(range(10))
    for component in nx.strongly_connected_components(roads):
        labels = {int(found.label[node]) for node in component}
        assert len(labels) == 1
        assert found.size(labels.pop()) == len(component)
    sources, targets = asked[:2], asked[2:] or asked[:1]
    expected = any(nx.has_path(roads, a, b) for a, b in itertools.product(sources, targets))
    assert found.leads(np.array(sources), np.array(targets)) == expected
    label = found.label[targets]
    above = {
        int(found.label[n]) for n in range(10) if any(nx.has_path(roads, n, t) for t in targets)
    }
    below = {
        int(found.label[n]) for n in range(10) if any(nx.has_path(roads, t, n) for t in targets)
    }
    assert set(np.flatnonzero(found.reaching(label)).tolist()) == above
    assert set(np.flatnonzero(found.reached(label)).tolist()) == below


class Oracle:
    """Where points may be met, and what is joined, edge by edge and turn by turn."""

    def __init__(self, graph, mode, forbidden=frozenset()):
        self.graph, self.mode = graph, mode
        self.forbidden = forbidden
        self.longest = max(map(len, forbidden), default=1)
        self.usable = np.flatnonzero(graph.passable(mode)).tolist()
        self.leaving = {}
        for edge in self.usable:
            self.leaving.setdefault(int(graph.edge_tail[edge]), []).append(edge)

    def near(self, point):
        """Give metres and a snap of each road, the nearest place on it."""
        graph = self.graph
        found = []
        for edge in range(graph.meta.edge_count):
            twin = int(graph.edge_twin[edge])
            if (edge not in self.usable and twin not in self.usable) or 0 <= twin < edge:
                continue
            rows = np.arange(graph.shape_start[edge], graph.shape_start[edge + 1] - 1)
            along, away_m = graph.grid.project(*point, rows)
            row = int(away_m.argmin())
            line = graph.edge_coordinates(edge)
            steps = great_circle_m(*line[:-1].T, *line[1:].T)
            fraction = (steps[:row].sum() + along[row] * steps[row]) / max(steps.sum(), 1e-9)
            snap = type("At", (), {"edge": edge, "fraction": min(float(fraction), 1.0)})
            found.append((float(away_m[row]), snap))
        return found

    def joins(self, start, end, *, at_nodes, direct=True):
        """Tell whether one may go from one place to another, walk by walk.

        ``at_nodes``: one who stands at the very end of an edge stands at the junction too, and
        need not take the edge. Another edge there is as near. ``direct``: along one edge alone.
        """
        graph, mode = self.graph, self.mode
        goals = places_of(graph, end, mode)
        states = []
        for edge, at in places_of(graph, start, mode):
            if direct and any(edge == other and at <= until for other, until in goals):
                return True
            states.append((int(graph.edge_head[edge]), (edge,)))
            if at == 0 and at_nodes:
                states.append((int(graph.edge_tail[edge]), ()))
        ends = {int(graph.edge_head[edge]) for edge, until in goals if until == 1 and at_nodes}
        wanted = {edge for edge, _ in goals}
        seen = set()
        while states:
            node, behind = state = states.pop()
            if state in seen:
                continue
            seen.add(state)
            if node in ends:
                return True
            for edge in self.leaving.get(node, []):
                walk = (*behind, edge)
                if any(walk[first:] in self.forbidden for first in range(len(walk))):
                    continue
                if edge in wanted:
                    return True
                states.append(
                    (
                        int(graph.edge_head[edge]),
                        walk[len(walk) - min(len(walk), self.longest - 1) :],
                    )
                )
        return False


def require_least(graph, mode, start, end, forbidden=frozenset()):
    """Compare where two ends are met with every pair of roads."""
    oracle, router = Oracle(graph, mode, forbidden), Router(graph)
    around = [oracle.near(point) for point in (start, end)]
    within = [[row for row in rows if row[0] <= LIMIT_M] for rows in around]
    least_m, most_m = (
        min(
            (
                one_m + other_m
                for (one_m, one), (other_m, other) in itertools.product(*within)
                if oracle.joins(one, other, at_nodes=at_nodes)
            ),
            default=math.inf,
        )
        for at_nodes in (True, False)
    )
    refused, snaps = None, ()
    try:
        snaps = router.met(ask(start, end, mode))
    except OffNetwork as error:
        refused = error
    if refused is not None:
        assert most_m == math.inf
        require_named(oracle, around, within, refused)
        return
    off_m = [snap.distance_m for snap in snaps]
    if router.ground(router.profile_of(mode)).network.joins(*snaps):
        assert least_m - 1e-6 <= sum(off_m) <= most_m + 1e-6
    else:  # the nearest ones: the search says why there is no way
        assert most_m == math.inf
        assert off_m == pytest.approx([min(metres(rows)) for rows in within])


def require_named(oracle, around, within, refused):
    """Compare a refusal with the roads around the end that it names."""
    here = 0 if refused.which == "start" else 1
    assert "inf" not in str(refused)
    if not refused.is_cut_off:
        assert not within[here]
        assert here == 0 or within[0]
        assert refused.distance_m == pytest.approx(min(metres(around[here]), default=math.inf))
        return
    assert all(within)
    # The nearest road from which a road near the other end can be reached.
    least_m, most_m = (
        min(
            away_m
            for away_m, mine in around[here]
            if any(
                oracle.joins(
                    *((mine, other) if here == 0 else (other, mine)),
                    at_nodes=all_of_it,
                    direct=all_of_it,
                )
                for _, other in within[1 - here]
            )
        )
        for all_of_it in (True, False)
    )
    assert least_m - 1e-6 <= refused.distance_m <= most_m + 1e-6
    assert refused.distance_m > LIMIT_M


def metres(rows):
    return [away_m for away_m, _ in rows]


@settings(deadline=None, max_examples=examples(100))
@given(world=small_worlds(), start=points, end=points, mode=st.sampled_from(list(Mode)))
def test_two_ends_are_met_on_joined_roads_the_least_way_off(tiny_graph, world, start, end, mode):
    assume(math.dist(start, end) > 1e-4)
    require_least(tiny_graph(*world, snap_limit_m=LIMIT_M), mode, start, end)


@settings(deadline=None, max_examples=examples(100))
@given(
    world=small_worlds(), start=points, end=points, seed=st.integers(0, 99), most=st.integers(1, 12)
)
def test_forbidden_turns_part_roads_as_they_part_ways(tiny_graph, world, start, end, seed, most):
    assume(math.dist(start, end) > 1e-4)
    plain = tiny_graph(*world, snap_limit_m=LIMIT_M)
    assume(plain.passable(Mode.VEHICLE).any())
    forbidden = walks(plain, np.random.default_rng(seed).choice, most, 3)
    assume(forbidden)
    require_least(with_forbidden(plain, forbidden), Mode.VEHICLE, start, end, forbidden)


# --- cases ----------------------------------------------------------------------------------------


def town(tiny_graph, *more, nodes=(), **options):
    """Give a street of 4 km along the equator, and beside its start a yard that nothing joins."""
    places = [(0.0, 0.0), (0.02, 0.0), (0.04, 0.0), (0.0, 0.001), (0.001, 0.001), *nodes]
    return Router(tiny_graph(places, [(0, 1), (1, 2), (3, 4), *more], **options))


def test_who_stands_at_a_yard_begins_on_the_street_and_hears_how_far_that_is(tiny_graph):
    router = town(tiny_graph)
    for start, end in (((0.0005, 0.0011), (0.04, 0.0001)), ((0.04, 0.0001), (0.0005, 0.0011))):
        (route, *_) = router.routes(ask(start, end))
        off_m = {start: route.start_snap.distance_m, end: route.end_snap.distance_m}
        assert off_m[0.0005, 0.0011] == pytest.approx(0.0011 * DEGREE_M, rel=1e-3)
        assert off_m[0.04, 0.0001] == pytest.approx(0.0001 * DEGREE_M, rel=1e-3)


def test_within_the_yard_nobody_is_moved(tiny_graph):
    (route, *_) = town(tiny_graph).routes(ask((0.0001, 0.0011), (0.0009, 0.0011)))
    assert route.start_snap.distance_m == pytest.approx(0.0001 * DEGREE_M, rel=1e-3)


def test_a_one_way_street_without_a_way_out_is_no_start_and_a_fine_end(tiny_graph):
    router = town(tiny_graph, (1, 5, {"oneway": "all"}), nodes=[(0.02, 0.002)])
    inside, far = (0.02, 0.0019), (0.04, 0.0001)
    assert router.routes(ask(far, inside))[0].end_snap.distance_m == pytest.approx(0, abs=0.1)
    (route, *_) = router.routes(ask(inside, far))
    assert route.start_snap.distance_m == pytest.approx(0.0019 * DEGREE_M, rel=1e-3)


def test_an_end_that_is_cut_off_is_the_one_that_is_named(tiny_graph):
    router = town(tiny_graph, (5, 6), nodes=[(0.02, 0.03), (0.021, 0.03)])
    island, street = (0.0205, 0.0301), (0.0, 0.0001)
    for start, end, which in ((street, island, "end"), (island, street, "start")):
        with pytest.raises(OffNetwork) as refused:
            router.routes(ask(start, end))
        assert refused.value.which == which
        assert refused.value.is_cut_off
        assert refused.value.distance_m == pytest.approx(0.0301 * DEGREE_M, rel=1e-3)


def test_a_destination_at_sea_is_the_one_that_is_named(tiny_graph):
    """Issue 13: the start was blamed, and said to be infinitely far from any road."""
    city = Router(
        tiny_graph([(0.0, 0.0, 0.0, "FI"), (0.02, 0.001, 0.0, "FI")], [(0, 1)], name="city")
    )
    land = [(50.0, 0.0, 0.0, "CO"), (51.0, 0.0, 0.0, "CO")]
    sketch = Router(tiny_graph(land, [(0, 1)], kind="sketch", name="sketch"))
    inland, sea = (0.001, 0.0001), (0.3, 0.3)
    for start, end, which in ((inland, sea, "end"), (sea, inland, "start")):
        with pytest.raises(OffNetwork) as refused:
            Continent([city, sketch]).routes(ask(start, end, start_country="FI", end_country="FI"))
        assert refused.value.which == which
        assert refused.value.distance_m == pytest.approx(math.hypot(0.28, 0.3) * DEGREE_M, rel=1e-2)
        assert "inf" not in str(refused.value)


def test_two_regions_that_nothing_joins_blame_no_end(tiny_graph):
    regions = [
        Router(tiny_graph([(x, 0.0, 0.0, code), (x + 0.02, 0.0, 0.0, code)], [(0, 1)], name=code))
        for x, code in ((0.0, "FI"), (5.0, "SE"))
    ]
    land = [(50.0, 0.0, 0.0, "CO"), (51.0, 0.0, 0.0, "CO")]
    regions.append(Router(tiny_graph(land, [(0, 1)], kind="sketch", name="sketch")))
    request = ask((0.001, 0.0), (5.001, 0.0), start_country="FI", end_country="SE")
    with pytest.raises(NoRoute) as refused:
        Continent(regions).routes(request)
    assert [(b.kind, b.id) for b in refused.value.blocked_by] == [("country", "SE")]


def test_no_country_is_no_infinite_distance(tiny_graph):
    router = town(tiny_graph)
    graph = replace(router.graph, meta=replace(router.graph.meta, countries=("CO",)))
    with pytest.raises(OffNetwork, match="no usable road in VE is known"):
        Router(graph).routes(ask((0.0, 0.0), (0.04, 0.0), start_country="VE"))


def border_world(tiny_graph, *more, nodes=()):
    """Give a Colombian road, a Colombian yard, and a Venezuelan road between the two."""
    places = [
        *((lon, 0.004, 0.0, "CO") for lon in (0.0, 0.04)),
        *((lon, 0.0, 0.0, "CO") for lon in (0.02, 0.021)),
        *((lon, 0.002, 0.0, "VE") for lon in (0.0, 0.04)),
        *nodes,
    ]
    return Router(tiny_graph(places, [(0, 1), (2, 3), (4, 5), *more]))


def test_p33_nobody_is_moved_over_a_road_of_another_country(tiny_graph):
    yard, far = (0.0205, 0.0001), (0.039, 0.0041)
    with pytest.raises((NoRoute, OffNetwork)):
        border_world(tiny_graph).routes(ask(yard, far, start_country="CO", end_country="CO"))
    # Another Colombian road, further away and on this side, is fine.
    here = [(0.0, -0.006, 0.0, "CO"), (-0.02, 0.004, 0.0, "CO")]
    router = border_world(
        tiny_graph, (6, 7), (7, 0), (6, 8), nodes=[*here, (0.03, -0.006, 0.0, "CO")]
    )
    (route, *_) = router.routes(ask(yard, far, start_country="CO", end_country="CO"))
    assert route.start_snap.country == "CO"
    assert route.start_snap.lat == pytest.approx(-0.006)


def test_p36_neither_a_ban_nor_a_closed_crossing_moves_a_snap(tiny_graph):
    """A place that moved would tell of what is banned in secret."""
    places = [
        (0.0, 0.0, 0.0, "CO"), (0.01, 0.0, 0.0, "CO"),
        (0.01, 0.0, 0.0, "VE"), (0.02, 0.0, 0.0, "VE"),
        (0.0, 0.005, 0.0, "CO"), (0.01, 0.005, 0.0, "CO"),
    ]  # fmt: skip
    edges = [(0, 1), (1, 2, {"length_m": 0.0}), (2, 3), (4, 5)]
    router = Router(tiny_graph(places, edges))
    post = Crossing("X", "Puente", 0.01, 0.0, ("CO", "VE"), passable=True, state="open")
    shut = replace(post, passable=False, state="closed")
    ban = Hazard("b", "x", "human_threat", shapely.box(0.004, -0.001, 0.005, 0.001), exclusion=True)
    start, end = (0.001, 0.004), (0.019, 0.0001)
    request = ask(start, end, start_country="CO", end_country="VE", crossings=(post,))
    plain = router.met(request)
    assert plain[0].lat == 0.0  # the yard to the north is nearer and joined with nothing
    for more in ({"hazards": (ban,)}, {"crossings": (shut,)}, {"crossings": ()}):
        changed = replace(request, **more)
        assert router.met(changed) == plain
        with pytest.raises(NoRoute):
            router.routes(changed)


def test_p11_an_exclusion_between_the_place_and_the_road_it_is_moved_to_is_kept(tiny_graph):
    router = town(tiny_graph)
    yard, far = (0.0005, 0.0011), (0.04, 0.0001)
    ban = Hazard("b", "x", "flood", shapely.box(0.0, 0.0004, 0.001, 0.0006), exclusion=True)
    with pytest.raises(NoRoute) as refused:
        router.routes(ask(yard, far, hazards=(replace(ban, family="physical"),)))
    assert [b.kind for b in refused.value.blocked_by] == ["exclusion"]


def test_a_waypoint_is_met_where_one_can_come_and_go_on(tiny_graph):
    router = town(tiny_graph, (1, 5, {"oneway": "all"}), nodes=[(0.02, 0.002)])
    request = ask((0.0, 0.0001), (0.04, 0.0001), via=((0.02, 0.0015),))
    (route,) = Continent([router]).routes(request).routes
    assert route.via[0].snap.distance_m == pytest.approx(0.0015 * DEGREE_M, rel=1e-3)
    # In one piece: nobody is carried from one road to another.
    steps_m = great_circle_m(*route.coordinates[:-1].T, *route.coordinates[1:].T)
    assert steps_m.sum() == pytest.approx(route.distance_m, rel=1e-3)


def test_whoever_goes_abroad_begins_on_roads_that_lead_there(tiny_graph):
    here = [(0.9, 0.0, 0.0, "AA"), (0.998, 0.0, 0.0, "AA"), (0.9, 0.001, 0.0, "AA"),
            (0.901, 0.001, 0.0, "AA")]  # fmt: skip
    there = [(1.002, 0.0, 0.0, "BB"), (1.1, 0.0, 0.0, "BB"), (1.1, 0.001, 0.0, "BB"),
             (1.099, 0.001, 0.0, "BB")]  # fmt: skip
    regions = [
        Router(tiny_graph(nodes, [(0, 1), (2, 3)], name=name))
        for nodes, name in ((here, "aa"), (there, "bb"))
    ]
    post = Crossing("west", "Oeste", 1.0, 0.0, ("AA", "BB"), passable=True, state="open")
    start, end = (0.9005, 0.0009), (1.0995, 0.0009)
    request = ask(start, end, start_country="AA", end_country="BB", crossings=(post,))
    (route, *_) = Continent(regions).routes(request).routes
    assert route.crossings == ("west",)
    for snap in (route.start_snap, route.end_snap):
        assert snap.distance_m == pytest.approx(0.0009 * DEGREE_M, rel=1e-3)


def test_what_is_near_is_reached_from_a_yard_and_in_one(tiny_graph):
    reacher = Reacher(town(tiny_graph))
    yard, street = ReachPlace(0.0005, 0.0011), ReachPlace(0.03, 0.0001)
    reached = reacher.reach(ReachRequest(yard, [street], AT))
    assert np.isfinite(reached.cost_s).all()
    assert reached.start_off_m == pytest.approx(0.0011 * DEGREE_M, rel=1e-3)
    reached = reacher.reach(ReachRequest(street, [yard, ReachPlace(0.04, 0.0001)], AT))
    assert np.isfinite(reached.cost_s).all()
    assert reached.target_off_m[0] == pytest.approx(0.0011 * DEGREE_M, rel=1e-3)
