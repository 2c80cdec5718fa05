"""Forbidden turns: the copies against a search over whole histories in networkx."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.cch import UNREACHABLE
from routing.engine.mode_network import ModeNetwork
from routing.errors import GraphError, NoRoute, NoWay
from routing.graph.regions import open_graph, verify_graph, write_graph
from routing.graph.snapping import Snap, snap_to_edge
from routing.graph.storage import META_FILE
from routing.graph.turn_expansion import turn_arrays
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.router.reachability import Reacher, ReachPlace, ReachRequest
from routing.router.regional import Router, RouteRequest
from routing.travel.crossings import Crossing
from tests.fixtures.examples import examples

AT = datetime(2026, 11, 24, 13, tzinfo=UTC)
SIDE = 3
SHARES = (0.0, 0.25, 0.5, 1.0)


def with_forbidden(graph, forbidden):
    """Give a graph in which vehicles must not follow some sequences of edges."""
    usable = graph.passable(Mode.VEHICLE)
    ends = graph.edge_tail, graph.edge_head
    arrays = turn_arrays(*ends, usable, forbidden, graph.meta.node_count)
    counts = len(arrays["turn_node"]), len(arrays["turn_edge"])
    meta = replace(graph.meta, turn_node_count=counts[0], turn_edge_count=counts[1])
    return replace(graph, meta=meta, **arrays)


def walks(graph, draw, count, longest):
    """Draw sequences of 2 to ``longest`` edges that vehicles may follow."""
    usable = np.flatnonzero(graph.passable(Mode.VEHICLE))
    found = set()
    for _ in range(count):
        walk = [int(draw(usable))]
        for _ in range(int(draw(np.arange(1, longest)))):
            onward = usable[graph.edge_tail[usable] == graph.edge_head[walk[-1]]]
            if len(onward):
                walk.append(int(draw(onward)))
        if len(walk) > 1:
            found.add(tuple(walk))
    return found


def street_grid(tiny_graph, rng, side=SIDE):
    nodes = [(-72.5 + x / 100, 7.9 + y / 100) for y in range(side) for x in range(side)]
    pairs = [(n, n + 1) for n in range(side**2) if n % side < side - 1]
    pairs += [(n, n + side) for n in range(side**2 - side)]
    pairs += [(0, 1), (4, 4)]  # a second road between two junctions, and a loop
    shape = {(4, 4): [(-72.489, 7.911), (-72.488, 7.912)]}
    edges = [
        (*pair, {"oneway": str(rng.choice(["", "", "", "vehicle"])), "shape": shape.get(pair, ())})
        for pair in pairs
    ]
    return tiny_graph(nodes, edges, snap_limit_m=30_000.0)


class Histories:
    """The oracle: a networkx graph whose nodes are the last edges that were driven along."""

    def __init__(self, graph, edge_s, forbidden):
        self.graph, self.edge_s, self.forbidden = graph, edge_s, forbidden
        self.kept = max(map(len, forbidden), default=2) - 1
        self.usable = np.flatnonzero(graph.passable(Mode.VEHICLE) & np.isfinite(edge_s)).tolist()
        self.states = nx.DiGraph()
        new = [(edge,) for edge in self.usable]
        self.states.add_nodes_from(new)
        while new:
            state = new.pop()
            for edge in self.usable:
                if self.allows(state, edge):
                    onward = (*state, edge)[-self.kept :]
                    if onward not in self.states:
                        new.append(onward)
                    self.states.add_edge(state, onward, weight=float(edge_s[edge]))

    def allows(self, state, edge):
        follows = self.graph.edge_head[state[-1]] == self.graph.edge_tail[edge]
        ends = ((*state[start:], edge) for start in range(len(state)))
        return follows and self.forbidden.isdisjoint(ends)

    def places(self, edge, share):
        twin = int(self.graph.edge_twin[edge])
        return [(e, at) for e, at in ((edge, share), (twin, 1.0 - share)) if e in self.usable]

    def least_s(self, start, end):
        """Give the least cost between two places, each (edge, share); infinite for no way."""
        states = self.states.copy()
        self._set_out(states, self.places(*start))
        for edge, until in self.places(*end):
            for state in [state for state in states if isinstance(state, tuple)]:
                self._arrive(states, state, edge, until)
            for other, at in self.places(*start):
                if other == edge and at <= until:
                    states.add_edge("start", f"on {edge}", weight=(until - at) * self.edge_s[edge])
                    states.add_edge(f"on {edge}", "end", weight=0.0)
        try:
            return nx.dijkstra_path_length(states, "start", "end")
        except (nx.NetworkXNoPath, nx.NodeNotFound):
            return np.inf

    def _set_out(self, states, places):
        """Join the start; at the very beginning of an edge it is the junction, ("at", node)."""
        for edge, at in places:
            states.add_edge("start", (edge,), weight=(1 - at) * self.edge_s[edge])
            if at == 0:
                here = ("at", int(self.graph.edge_tail[edge]))
                states.add_edge("start", here, weight=0.0)
                for first in self.usable:
                    if self.graph.edge_tail[first] == here[1]:
                        states.add_edge(here, (first,), weight=self.edge_s[first])

    def _arrive(self, states, state, edge, until):
        is_free = state[0] == "at"
        here = state[1] if is_free else self.graph.edge_head[state[-1]]
        if here == self.graph.edge_tail[edge] if is_free else self.allows(state, edge):
            states.add_edge(state, f"to {edge}", weight=until * self.edge_s[edge])
            states.add_edge(f"to {edge}", "end", weight=0.0)
        if until == 1 and here == self.graph.edge_head[edge]:
            states.add_edge(state, "end", weight=0.0)


def driven(network, metric, edge_s, start, end):
    """Give what the network's way costs, and its pieces."""
    ends = network.ends(*(Snap(edge, at, 0.0, 0.0, 0.0, None) for edge, at in (start, end)))

    def price(legs):
        is_open = np.isfinite(edge_s[legs.edge])
        return np.where(is_open, np.where(is_open, edge_s[legs.edge], 0.0) * legs.share, np.inf)

    try:
        pieces = network.shortest(metric, ends, price)
    except NoWay:
        return np.inf, ()
    return sum(edge_s[edge] * (until - at) for edge, at, until in pieces if until > at), pieces


def breaks(edges, forbidden):
    """Tell whether a way contains a forbidden sequence."""
    return any(
        tuple(edges[at : at + len(bad)]) == bad for bad in forbidden for at in range(len(edges))
    )


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.integers(2, 4))
def test_ways_cost_what_a_search_over_whole_histories_says(tiny_graph, seed, count, longest):
    rng = np.random.default_rng(seed)
    plain = street_grid(tiny_graph, rng)
    forbidden = walks(plain, rng.choice, count, longest)
    graph = with_forbidden(plain, forbidden)
    edge_s = rng.integers(1, 60, plain.meta.edge_count).astype(np.float64)
    network = ModeNetwork(graph, Mode.VEHICLE)
    metric = network.metric(edge_s)
    # The same after a few costs changed, some edges closed, one named twice.
    edges = rng.choice(len(edge_s), 6)
    changed_s = edge_s.copy()
    changed_s[edges] = rng.integers(1, 60, 6)
    changed_s[edges[:2]] = np.inf
    changed = network.metric(edge_s)
    network.update(changed, edges, changed_s[edges])
    changes = [(metric, edge_s), (changed, changed_s)]
    usable = np.flatnonzero(plain.passable(Mode.VEHICLE))
    for now, now_s in changes:
        oracle = Histories(plain, now_s, forbidden)
        for _ in range(4):
            start, end = ((int(rng.choice(usable)), float(rng.choice(SHARES))) for _ in range(2))
            cost_s, pieces = driven(network, now, now_s, start, end)
            assert cost_s == pytest.approx(oracle.least_s(start, end), abs=1e-2)
            edges = [edge for edge, _, _ in pieces]
            assert all(edge < plain.meta.edge_count for edge in edges)
            assert all(graph.edge_head[e] == graph.edge_tail[f] for e, f in pairwise(edges))
            assert not breaks(edges, forbidden)
            assert graph.turns(Mode.VEHICLE).allow(edges)


@settings(max_examples=examples(100), deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 20), st.integers(2, 5))
def test_exactly_the_forbidden_ways_are_refused(tiny_graph, seed, count, longest):
    rng = np.random.default_rng(seed)
    plain = street_grid(tiny_graph, rng)
    forbidden = walks(plain, rng.choice, count, longest)
    graph = with_forbidden(plain, forbidden)
    for walk in walks(plain, rng.choice, 40, 9):
        assert graph.turns(Mode.VEHICLE).allow(walk) is not breaks(walk, forbidden)
        assert graph.turns(Mode.FOOT).allow(walk)


@settings(max_examples=examples(50), deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_walkers_turn_where_they_like(tiny_graph, seed):
    rng = np.random.default_rng(seed)
    plain = street_grid(tiny_graph, rng)
    graph = with_forbidden(plain, walks(plain, rng.choice, 12, 3))
    edge_s = rng.integers(1, 60, plain.meta.edge_count).astype(np.float64)
    free, bound = ModeNetwork(plain, Mode.FOOT), ModeNetwork(graph, Mode.FOOT)
    metrics = free.metric(edge_s), bound.metric(edge_s)
    for _ in range(4):
        start, end = ((int(rng.integers(len(edge_s))), float(rng.choice(SHARES))) for _ in "ab")
        expected_s, _ = driven(free, metrics[0], edge_s, start, end)
        assert driven(bound, metrics[1], edge_s, start, end)[0] == expected_s
    cost = rng.integers(1, 60, plain.meta.edge_count).astype(np.int32)
    assert (bound.spread(cost)[plain.meta.edge_count :] == UNREACHABLE).all()


def test_costs_go_to_the_copies_in_place_of_what_they_replace(tiny_graph):
    plain = tiny_graph([(0, 0), (0.01, 0), (0.02, 0), (0.01, 0.01)], [(0, 1), (1, 2), (1, 3)])
    ends = zip(plain.edge_tail.tolist(), plain.edge_head.tolist(), strict=True)
    at = {pair: edge for edge, pair in enumerate(ends)}
    name = {int(osm): node for node, osm in enumerate(plain.node_osm_id)}
    into, ahead = at[name[0], name[1]], at[name[1], name[2]]
    graph = with_forbidden(plain, {(into, ahead)})
    assert graph.turn_node.tolist() == [name[1]]
    # The way in; out of the copy the side street and the way back, but not the way ahead.
    back, aside = at[name[1], name[0]], at[name[1], name[3]]
    assert sorted(graph.turn_edge.tolist()) == sorted([into, back, aside])
    network = ModeNetwork(graph, Mode.VEHICLE)
    cost = np.arange(10, 10 + plain.meta.edge_count, dtype=np.int32)
    spread = network.spread(cost)
    assert spread[into] == UNREACHABLE
    assert np.delete(spread[:6], into).tolist() == np.delete(cost, into).tolist()
    np.testing.assert_array_equal(spread[6:], cost[graph.turn_edge])
    edges, costs = network.turns.spread_some(np.array([into, ahead, into]), np.array([1, 2, 3]))
    after = spread.copy()
    for edge, new in zip(edges, costs, strict=True):
        after[edge] = new
    changed = cost.copy()
    changed[[into, ahead]] = 3, 2
    np.testing.assert_array_equal(after, network.spread(changed))


@pytest.mark.every(3)
@pytest.mark.parametrize("seed", range(8))
def test_reach_obeys_as_routes_do(tiny_graph, seed):
    rng = np.random.default_rng(seed)
    plain = street_grid(tiny_graph, rng, side=5)
    forbidden = walks(plain, rng.choice, 80, 3)
    graph = with_forbidden(plain, forbidden)
    spots = [ReachPlace(-72.5 + x, 7.9 + y) for x, y in rng.uniform(0, 0.04, (9, 2))]
    router = Router(graph)
    request = ReachRequest(spots[0], spots[1:], AT, mode=Mode.VEHICLE)
    reached = Reacher(router).reach(request)
    Reacher(router).first_met(request)
    free = Reacher(Router(plain)).reach(request)
    start = snap_to_edge(graph, spots[0].lon, spots[0].lat, Mode.VEHICLE)
    # Who is parted from a road by forbidden turns alone is met by another.
    same = (reached.target_off_m == free.target_off_m) & (reached.start_off_m == free.start_off_m)
    assert (reached.cost_s >= free.cost_s - 1e-9)[same].all()
    assert (reached.cost_s > free.cost_s + 1e-6).any() or not same.all(), "some turn matters"
    for index, target in enumerate(spots[1:]):
        ends = (spots[0].lon, spots[0].lat), (target.lon, target.lat)
        request = RouteRequest(*ends, Mode.VEHICLE, AT, aversions=(1.0,))
        if router.met(request)[0] != start:
            continue  # for this one alone another start is nearer
        try:
            route = router.routes(request)[0]
        except NoRoute:
            assert reached.cost_s[index] == np.inf
            continue
        assert not breaks([edge for edge, _, _ in route.edges], forbidden)
        assert reached.cost_s[index] == pytest.approx(route.cost_s, rel=1e-5)
        if reached.cost_s[index] == pytest.approx(route.cost_s, rel=1e-12):
            assert reached.distance_m[index] == pytest.approx(route.distance_m)
        assert reached.duration_s[index] <= reached.cost_s[index] + 1e-6


def test_a_crossing_is_entered_and_left_by_allowed_turns_alone(tiny_graph):
    """A forbidden turn before a border closes the turn, not the crossing."""
    places = {"a": (0, 0), "b": (1, 0), "x": (1, 0.5), "c": (2, 0), "d": (3, 0), "y": (2, 0.5)}
    nodes = [
        (-72.5 + x / 100, 7.9 + y / 100, float("nan"), "CO" if name in "abx" else "VE")
        for name, (x, y) in places.items()
    ]
    index = {name: row for row, name in enumerate(places)}
    plain = tiny_graph(nodes, [(index[p], index[q]) for p, q in ("ab", "bx", "bc", "cd", "cy")])
    ends = zip(plain.edge_tail.tolist(), plain.edge_head.tolist(), strict=True)
    osm = plain.node_osm_id.tolist()
    edge = {(osm[t], osm[h]): row for row, (t, h) in enumerate(ends)}

    def way(names):
        return [edge[index[p], index[q]] for p, q in pairwise(names)]

    post = Crossing("X", "X", -72.485, 7.9, ("CO", "VE"), passable=True, state="open")
    asked = RouteRequest(
        *((-72.5 + x / 100, 7.9) for x in (0.2, 2.8)), Mode.VEHICLE, AT, "CO", "VE", [post]
    )
    for forbidden, expected in [
        ("abx", "abcd"),
        ("bcy", "abcd"),
        ("abc", "abxbcd"),
        ("bcd", "abcycd"),
        # Two detours as long: the search over portals follows the one that crosses first.
        ("abcd", ("abcycd", "abxbcd")),
    ]:
        graph = with_forbidden(plain, {tuple(way(forbidden))})
        route = Router(graph).routes(asked)[0]
        ways = [way(names) for names in ([expected] if isinstance(expected, str) else expected)]
        assert [edge for edge, _, _ in route.edges] in ways, forbidden


def test_forbidden_turns_survive_the_disk(tiny_graph, tmp_path):
    rng = np.random.default_rng(1)
    plain = street_grid(tiny_graph, rng)
    forbidden = walks(plain, rng.choice, 8, 3)
    graph = with_forbidden(plain, forbidden)
    meta = write_graph(tmp_path, graph)
    assert meta.turn_node_count == len(graph.turn_node) > 0
    again = open_graph(tmp_path / "tiny")
    assert again.hierarchy.topology is again.topology
    for walk in walks(plain, rng.choice, 40, 6):
        assert again.turns(Mode.VEHICLE).allow(walk) is not breaks(walk, forbidden)
    verify_graph(tmp_path / "tiny")
    write_graph(tmp_path, replace(graph, turn_edge=graph.turn_edge + plain.meta.edge_count))
    with pytest.raises(GraphError, match="turn_edge points outside"):
        verify_graph(tmp_path / "tiny")
    (tmp_path / "tiny" / META_FILE).write_text("{}")
    with pytest.raises(GraphError):
        open_graph(tmp_path / "tiny")


def test_a_way_found_by_a_search_that_ignores_turns_is_refused(tiny_graph):
    """Rules are checked again on the finished way (issue 4, item 5)."""
    plain = tiny_graph([(0, 0), (0.01, 0), (0.02, 0)], [(0, 1), (1, 2)])
    ends = RouteRequest((0.001, 0.0), (0.019, 0.0), Mode.VEHICLE, AT)
    way = [edge for edge, _, _ in Router(plain).routes(ends)[0].edges]
    assert len(way) == 2
    router = Router(with_forbidden(plain, {tuple(way)}))
    snaps = Router(plain).met(ends)
    with pytest.raises(NoRoute):
        router.routes(ends, snaps)
    network, _ = router.prepared(Mode.VEHICLE)
    network.turns = plain.turns(Mode.VEHICLE)
    network._hierarchy = plain.hierarchy
    with pytest.raises(NoRoute, match="breaks a hard rule"):
        router.routes(ends, snaps)
    assert EdgeFlag.VEHICLE & plain.edge_flags[way[0]]
