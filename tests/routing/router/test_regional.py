"""Routes: the search against brute force and networkx, and its properties."""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.osm_tags.edge_flags import Mode
from routing.route.coverage import MeasuredLine, coverage
from routing.router.regional import Router, RouteRequest
from routing.travel.cost_model import CostModel, Travel
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import contact
from routing.travel.legs import Legs
from routing.travel.profiles import ADULT, VEHICLE
from tests.fixtures.examples import examples

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
STEP = 0.02  # degrees between the places a small graph may use

TRAVELLERS = {Mode.FOOT: ADULT, Mode.VEHICLE: VEHICLE}

cells = st.integers(0, 4)


#: As far as positions are told anywhere; of 1e-266 GEOS warns that it divides by zero.
degrees = st.floats(0, 0.08).map(lambda value: round(value, 9))


@st.composite
def small_worlds(draw, max_nodes=7):
    """Draw a graph of up to seven nodes: parallel edges, loops, one-way streets, odd lengths."""
    spots = draw(st.lists(st.tuples(cells, cells), min_size=2, max_size=max_nodes, unique=True))
    # A little off the grid, so that no two streets lie on each other.
    nodes = [(STEP * x + 1e-4 * n, STEP * y + 3e-4 * n * n) for n, (x, y) in enumerate(spots)]
    ends = st.integers(0, len(nodes) - 1)
    bend = st.tuples(degrees, degrees)
    edge = st.tuples(ends, ends, st.integers(100, 9000), st.sampled_from(["", "vehicle", "all"]),
                     st.none() | bend)  # fmt: skip
    drawn = draw(st.lists(edge, min_size=1, max_size=10))
    edges = [
        (a, b, {"length_m": length, "oneway": oneway, "shape": [bent] if bent else []})
        for a, b, length, oneway, bent in drawn
        if a != b or bent is not None
    ]
    # Of two streets drawn on the same line it is chance which one a point meets.
    lines = [
        (frozenset(edge[:2]), tuple(bend for bend in edge[2]["shape"] if bend not in nodes))
        for edge in edges
    ]
    edges = [edge for n, edge in enumerate(edges) if lines.index(lines[n]) == n]
    assume(edges)
    return nodes, edges


points = st.tuples(degrees, degrees)


def ask(start, end, **more):
    return RouteRequest(**{"start": start, "end": end, "mode": Mode.FOOT, "at": AT} | more)


def attempt(router, request):
    try:
        return router.routes(request)
    except NoRoute:
        return ()


def flood(geometry, **more):
    return Hazard(**{"id": "h", "kind": "flood", "family": "physical", "geometry": geometry} | more)


def places_of(graph, snap, mode):
    """Where a snapped point lies, on its edge and on the edge's twin: independent of the search."""
    edges = [(snap.edge, snap.fraction)]
    if graph.edge_twin[snap.edge] >= 0:
        edges.append((int(graph.edge_twin[snap.edge]), 1 - snap.fraction))
    return [(e, at) for e, at in edges if int(graph.edge_flags[e]) & int(mode.flag)]


def cheapest_by_brute_force(graph, model, start, end):
    """Try every simple path between every pair of ends."""
    mode, cost = model.travel.mode, model.all_s()
    roads = nx.MultiDiGraph()
    for edge in np.flatnonzero(np.isfinite(cost)).tolist():
        roads.add_edge(int(graph.edge_tail[edge]), int(graph.edge_head[edge]), edge)
    best = math.inf

    def piece(edge, a, b):
        return float(model.legs_s(Legs.of([(edge, a, b)]))[0])

    for (e, at), (f, until) in itertools.product(
        places_of(graph, start, mode), places_of(graph, end, mode)
    ):
        if e == f and at <= until:
            best = min(best, piece(e, at, until))
        # A place at the end of an edge is the junction itself.
        sources = [(int(graph.edge_head[e]), piece(e, at, 1.0))]
        sources += [(int(graph.edge_tail[e]), 0.0)] if at == 0 else []
        targets = [(int(graph.edge_tail[f]), piece(f, 0.0, until))]
        targets += [(int(graph.edge_head[f]), 0.0)] if until == 1 else []
        for (source, before), (target, after) in itertools.product(sources, targets):
            paths = [[]] if source == target else nx.all_simple_edge_paths(roads, source, target)
            for path in paths:
                best = min(best, before + sum(cost[edge] for _, _, edge in path) + after)
    return best


# --- oracle ---------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=examples(150))
@given(world=small_worlds(), start=points, end=points, aversion=st.sampled_from([0.0, 1.0, 4.0]),
       mode=st.sampled_from(list(Mode)))  # fmt: skip
def test_the_cheapest_route_equals_brute_force(tiny_graph, world, start, end, aversion, mode):
    assume(math.dist(start, end) > 1e-4)
    graph = tiny_graph(*world, snap_limit_m=1e6)
    record = flood(shapely.box(0.01, 0.01, 0.05, 0.045), weight=3.0)
    request = ask(start, end, mode=mode, hazards=[record], aversions=(aversion,))
    snaps = Router(graph).met(request)  # its own oracle is in test_meeting.py
    model = CostModel(Travel(graph, TRAVELLERS[mode]), [contact(graph, record)], aversion)
    expected = cheapest_by_brute_force(graph, model, *snaps)
    routes = attempt(Router(graph), request)
    if math.isinf(expected):
        assert not routes
    else:
        assert routes[0].cost_s == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_the_cheapest_route_equals_networkx_on_the_sketch(sketch, towns, open_crossings):
    restless = replace(ADULT, window_start=None, window_end=None)
    travel = Travel(sketch, restless)
    roads = nx.MultiDiGraph()
    for edge, cost in enumerate(CostModel(travel, [], 1.0).all_s().tolist()):
        roads.add_edge(int(sketch.edge_tail[edge]), int(sketch.edge_head[edge]), weight=cost)
    router = Router(sketch)
    names = sorted(towns)
    rng = np.random.default_rng(7)
    compared = 0
    for a, b in rng.integers(0, len(names), (examples(60, 25), 2)):
        one, other = names[a], names[b]
        request = ask(towns[one], towns[other], start_country=one[0], end_country=other[0],
                      crossings=open_crossings, aversions=(1.0,),
                      profile=restless)  # fmt: skip
        try:
            routes = router.routes(request)
        except NoRoute:  # the Darién, and crossings that leave the sketch
            continue
        except InvalidRequest:
            continue
        ends = [node_at(sketch, towns[name], name[0]) for name in (one, other)]
        expected = nx.dijkstra_path_length(roads, *ends)
        assert routes[0].cost_s == pytest.approx(expected, rel=1e-9, abs=1e-3)
        compared += 1
    assert compared > examples(30, 12)


def node_at(graph, point, country):
    lon, lat = (np.rint(np.array(point) * 1e7)).astype(int)
    codes = np.array([graph.country_of_node(n) == country for n in range(graph.meta.node_count)])
    return int(np.flatnonzero((graph.node_lon == lon) & (graph.node_lat == lat) & codes)[0])


# --- properties -----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=examples(80))
@given(world=small_worlds(), start=points, end=points)
def test_a_route_is_the_sum_of_its_legs_and_joins_up(tiny_graph, world, start, end):
    assume(math.dist(start, end) > 1e-4)
    graph = tiny_graph(*world, snap_limit_m=1e6)
    travel = Travel(graph, ADULT)
    for route in attempt(Router(graph), ask(start, end)):
        legs = route.legs
        assert route.distance_m == pytest.approx((travel.length_m(legs.edge) * legs.share).sum())
        assert route.duration_s == pytest.approx((travel.time_s(legs.edge) * legs.share).sum())
        model = CostModel(travel, [], 1.0)
        assert route.cost_s == pytest.approx(model.legs_s(legs).sum())
        assert route.measure_m[0] == 0
        assert route.measure_m[-1] == pytest.approx(route.distance_m)
        assert (np.diff(route.measure_m) >= 0).all()
        for (e, _, until), (f, at, _) in itertools.pairwise(route.edges):
            assert graph.edge_head[e] == graph.edge_tail[f]
            assert (until, at) == (1.0, 0.0)
        for snap, point in ((route.start_snap, 0), (route.end_snap, -1)):
            assert route.coordinates[point] == pytest.approx([snap.lon, snap.lat], abs=1e-7)
        assert route.unknown_m == pytest.approx(route.distance_m)  # nobody reported anything


@settings(deadline=None, max_examples=examples(80))
@given(world=small_worlds(), start=points, end=points, closed=st.tuples(points, points))
def test_closing_edges_never_shortens(tiny_graph, world, start, end, closed):
    assume(math.dist(start, end) > 1e-4)
    router = Router(tiny_graph(*world, snap_limit_m=1e6))
    area = shapely.MultiPoint(closed).envelope.buffer(1e-4)
    before = attempt(router, ask(start, end, aversions=(0.0,)))
    after = attempt(
        router, ask(start, end, aversions=(0.0,), hazards=[flood(area, exclusion=True)])
    )
    if after:
        assert before
        assert after[0].duration_s >= before[0].duration_s - 1e-6


@settings(deadline=None, max_examples=examples(80))
@given(
    world=small_worlds(),
    start=points,
    end=points,
    area=st.tuples(points, points),
    weights=st.tuples(st.floats(1, 20), st.floats(0, 20)),
    rate=st.none() | st.floats(0, 1e-3),
)
def test_a_more_severe_hazard_never_raises_exposure_to_it(
    tiny_graph, world, start, end, area, weights, rate
):
    assume(math.dist(start, end) > 1e-4)
    router = Router(tiny_graph(*world, snap_limit_m=1e6))
    shape = shapely.MultiPoint(area).envelope.buffer(1e-3)
    assume(not shape.is_empty)  # GEOS loses a box of 1e-85 degrees
    met = []
    for weight in (weights[0], sum(weights)):
        record = flood(shape, weight=weight, rate_per_km=rate)
        routes = attempt(router, ask(start, end, aversions=(1.0,), hazards=[record]))
        assume(routes)
        met.append(routes[0].exposure["flood"].value if "flood" in routes[0].exposure else 0.0)
    assert met[1] <= met[0] * (1 + 1e-9) + 1e-9


@settings(deadline=None, max_examples=examples(60))
@given(world=small_worlds(), start=points, end=points)
def test_sub_paths_are_optimal(tiny_graph, world, start, end):
    assume(math.dist(start, end) > 1e-4)
    graph = tiny_graph(*world, snap_limit_m=1e6)
    routes = attempt(Router(graph), ask(start, end, aversions=(1.0,)))
    assume(routes)
    cost = CostModel(Travel(graph, ADULT), [], 1.0).all_s()
    roads = nx.DiGraph()
    for edge in np.argsort(-cost).tolist():  # the cheapest of parallel edges is added last
        if np.isfinite(cost[edge]):
            roads.add_edge(int(graph.edge_tail[edge]), int(graph.edge_head[edge]), s=cost[edge])
    whole = [edge for edge, a, b in routes[0].edges if (a, b) == (0.0, 1.0)]
    for first, last in itertools.combinations_with_replacement(range(len(whole)), 2):
        used = sum(cost[edge] for edge in whole[first : last + 1])
        ends = int(graph.edge_tail[whole[first]]), int(graph.edge_head[whole[last]])
        assert used == pytest.approx(nx.dijkstra_path_length(roads, *ends, weight="s"), rel=1e-9)


@settings(deadline=None, max_examples=examples(60))
@given(world=small_worlds(), start=points, end=points, data=st.data())
def test_insertion_order_is_irrelevant(tiny_graph, world, start, end, data):
    assume(math.dist(start, end) > 1e-4)
    nodes, edges = world
    order = data.draw(st.permutations(range(len(nodes))))
    place = {old: new for new, old in enumerate(order)}
    moved = [(place[a], place[b], options) for a, b, options in edges]
    shuffled = [nodes[old] for old in order], data.draw(st.permutations(moved))
    costs = []
    for graph in (tiny_graph(*world, snap_limit_m=1e6), tiny_graph(*shuffled, snap_limit_m=1e6)):
        request = ask(start, end, aversions=(1.0,))
        snaps, routes = Router(graph).met(request), attempt(Router(graph), request)
        costs.append(([s.distance_m for s in snaps], [r.cost_s for r in routes[:1]]))
    # Of two equally near streets either may be met; then the routes may differ.
    if costs[0][0] == pytest.approx(costs[1][0]) and len(costs[0][1]) == len(costs[1][1]):
        same_place = costs[0][1] == pytest.approx(costs[1][1], rel=1e-9, abs=1e-6)
        assert same_place or min(costs[0][0]) == 0


@settings(deadline=None, max_examples=examples(40))
@given(world=small_worlds(), start=points, end=points)
def test_alternatives_are_few_ranked_and_different(tiny_graph, world, start, end):
    assume(math.dist(start, end) > 1e-4)
    graph = tiny_graph(*world, snap_limit_m=1e6)
    routes = attempt(Router(graph), ask(start, end, hazards=[flood(shapely.box(0, 0, 0.03, 0.03))]))
    assert len(routes) <= 3
    assert [r.cost_s for r in routes] == sorted(r.cost_s for r in routes)
    length_m = graph.edge_length_m
    for one, other in itertools.combinations(routes, 2):
        shared = {e for e, _, _ in one.edges} & {e for e, _, _ in other.edges}
        full = [e for e, a, b in one.edges if e in shared and (a, b) == (0.0, 1.0)]
        at_most = 0.8 * min(one.distance_m, other.distance_m)
        ends_m = sum(length_m[e] for e in shared if e not in full)
        assert sum(length_m[e] for e in full) <= at_most + ends_m + 1e-6


def test_the_middle_weight_ranks_and_both_ways_are_offered(tiny_graph):
    # A short way through a hazard and a way twice as long around it.
    nodes = [(0, 0), (0.1, 0), (0.05, 0.05)]
    edges = [
        (0, 1, {"length_m": 10_000}),
        (0, 2, {"length_m": 10_000}),
        (2, 1, {"length_m": 10_000}),
    ]
    router = Router(tiny_graph(nodes, edges))
    record = flood(shapely.box(-0.01, -0.001, 0.11, 0.001), weight=5.0)
    request = ask((0.0, 0.0), (0.1, 0.0), hazards=[record])
    routes = router.routes(request)
    assert [round(route.distance_m) for route in routes] == [20_000, 10_000]
    brave = router.routes(ask((0.0, 0.0), (0.1, 0.0), hazards=[record], aversions=(0.0,)))
    assert round(brave[0].distance_m) == 10_000


@pytest.mark.long
def test_many_threads_get_the_answers_of_one(sketch, towns, open_crossings):
    names = [("VE", "Caracas"), ("CO", "Bogotá"), ("EC", "Quito")]
    requests = [
        ask(towns[a], towns[b], start_country=a[0], end_country=b[0], crossings=open_crossings)
        for a, b in itertools.permutations(names, 2)
    ]
    alone = [[route.edges for route in Router(sketch).routes(request)] for request in requests]
    shared = Router(sketch)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(shared.routes, requests * 3))
    assert [[route.edges for route in routes] for routes in together] == alone * 3


# --- both ends on one edge, one-way streets ------------------------------------------------------


def test_both_ends_on_one_edge(tiny_graph):
    graph = tiny_graph([(0, 0), (0.1, 0)], [(0, 1, {"length_m": 20_000})])
    for start, end in (((0.02, 0), (0.07, 0)), ((0.07, 0), (0.02, 0))):
        (route,) = Router(graph).routes(ask(start, end))
        assert route.distance_m == pytest.approx(10_000, rel=1e-6)
        assert len(route.edges) == 1
        assert route.coordinates == pytest.approx(np.array([start, end]))


def test_a_vehicle_goes_round_a_one_way_block_and_a_walker_does_not(tiny_graph):
    nodes = [(0, 0), (0.1, 0), (0.1, 0.1)]
    edges = [(a, b, {"length_m": 10_000, "oneway": "vehicle"}) for a, b in ((0, 1), (1, 2), (2, 0))]
    router = Router(tiny_graph(nodes, edges))
    backwards = ((0.07, 0.0), (0.02, 0.0))
    (walk, *_) = router.routes(ask(*backwards))
    (drive, *_) = router.routes(ask(*backwards, mode=Mode.VEHICLE))
    assert walk.distance_m == pytest.approx(5_000, rel=1e-6)
    assert drive.distance_m == pytest.approx(25_000, rel=1e-6)
    assert drive.walking_days == 1


def test_a_one_way_street_that_begins_at_the_junction_need_not_be_taken(tiny_graph):
    nodes = [(0, 0), (0.1, 0), (0, 0.1)]
    edges = [(0, 1, {"oneway": "vehicle"}), (1, 2), (0, 2)]
    graph = tiny_graph(nodes, edges)
    for start in ((0.0, 0.0), (0.0, -0.001)):  # the second can only meet the junction
        (route, *_) = Router(graph).routes(ask(start, (0.0, 0.1), mode=Mode.VEHICLE))
        assert route.distance_m == pytest.approx(11_119.5, abs=0.2)


def test_the_unknown_is_counted_by_attribute(tiny_graph):
    nodes = [(0, 0, 100), (0.1, 0, 200), (0.2, 0)]
    edges = [
        (0, 1, {"length_m": 10_000, "surface": "unknown"}),
        (1, 2, {"length_m": 4_000, "flags": 4}),
    ]
    record = flood(shapely.box(0, -1, 0.05, 1))
    (route, *_) = Router(tiny_graph(nodes, edges)).routes(
        ask((0, 0), (0.2, 0), hazards=[record], aversions=(0.0,))
    )
    assert route.unknown == pytest.approx(
        {"hazards": 9_000, "elevation": 4_000, "surface": 10_000, "lit": 10_000}, abs=1e-3
    )
    assert route.unknown_m == route.unknown["hazards"]
    assert (route.highest_m, route.ascent_m, route.ascent) == (200.0, 100.0, "lower_bound")


def test_the_hazards_that_remain_are_named_in_order(tiny_graph):
    router = Router(tiny_graph([(0, 0), (0.1, 0)], [(0, 1)]))
    boxes = {"far": (0.06, 0.07), "near": (0.01, 0.02), "off": (0.2, 0.3), "touch": (0.1, 0.2)}
    hazards = [flood(shapely.box(a, -1, b, 1), id=name) for name, (a, b) in boxes.items()]
    (there,) = router.routes(ask((0.0, 0.0), (0.1, 0.0), hazards=hazards))
    (back,) = router.routes(ask((0.1, 0.0), (0.0, 0.0), hazards=hazards))
    assert (there.hazards, back.hazards) == (("near", "far"), ("far", "near"))


def test_a_route_speaks_geojson(tiny_graph):
    router = Router(tiny_graph([(0, 0), (0.1, 0)], [(0, 1)]))
    (route,) = router.routes(ask((0.0, 0.0), (0.1, 0.0)))
    feature = route.__geo_interface__
    assert shapely.geometry.shape(feature["geometry"]).length == pytest.approx(0.1)
    assert feature["properties"]["distance_m"] == route.distance_m


# --- requests that cannot be meant ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"start": (math.nan, 0.0)}, "start"),
        ({"end": (0.0, math.inf)}, "end"),
        ({"start": (181.0, 0.0)}, "start"),
        ({"end": (-72.5, 95.0)}, "end"),
        ({"start": (7.9, -72.5)}, "start"),
        ({"end": (7.13, -73.12)}, "end"),
        ({"end": (-72.5, 7.9)}, "end"),
        ({"at": datetime(2026, 11, 24, 8)}, "at"),  # noqa: DTZ001 -- naive on purpose
        ({"aversions": ()}, "aversions"),
        ({"aversions": (-1.0,)}, "aversions"),
        ({"aversions": (math.nan,)}, "aversions"),
        ({"aversions": tuple(range(9))}, "aversions"),
        ({"profile": VEHICLE}, "profile"),
    ],
)
def test_a_request_that_cannot_be_meant_names_its_field(tiny_graph, more, field):
    graph = tiny_graph([(-72.5, 7.9), (-73.12, 7.13)], [(0, 1)])
    request = {"start": (-72.5, 7.9), "end": (-73.12, 7.13), "mode": Mode.FOOT, "at": AT}
    with pytest.raises(InvalidRequest) as refused:
        Router(graph).routes(RouteRequest(**request | more))
    assert refused.value.field == field


def test_swapped_coordinates_say_so(tiny_graph):
    graph = tiny_graph([(-72.5, 7.9), (-73.12, 7.13)], [(0, 1)])
    with pytest.raises(InvalidRequest, match="swapped"):
        Router(graph).routes(ask((7.9, -72.5), (-73.12, 7.13)))


@pytest.mark.parametrize("which", ["start", "end"])
def test_far_from_every_road_names_the_end(tiny_graph, which):
    graph = tiny_graph([(0, 0), (0.1, 0)], [(0, 1)])
    ends = {"start": (0.0, 0.0), "end": (0.1, 0.0), which: (0.05, 0.02)}
    with pytest.raises(OffNetwork) as refused:
        Router(graph).routes(ask(**ends))
    assert refused.value.which == which
    assert refused.value.distance_m == pytest.approx(2224, abs=2)


# --- the corridor of the issue --------------------------------------------------------------------


def test_cucuta_to_bucaramanga(sketch, towns, night_supports):
    ends = towns["CO", "Cúcuta"], towns["CO", "Bucaramanga"]
    route, *others = Router(sketch).routes(ask(*ends, start_country="CO", end_country="CO"))
    assert route.distance_m == pytest.approx(195_000, rel=0.02)
    assert route.highest_m > 3_000
    assert route.walking_days == 8
    assert route.ascent == "lower_bound"
    assert route.exposure["altitude_over_2800_m"].value > 5
    assert route.exposure["altitude_over_3500_m"].value == 0
    assert all(other.distance_m > route.distance_m for other in others)
    found = coverage(MeasuredLine.from_route(route), night_supports, ends=("Cúcuta", "Bucaramanga"))
    assert [item.support.place for item in found.supports] == [
        "Los Patios",
        "La Donjuana",
        "Pamplona",
        "Berlín (Tona)",
        "El Picacho",
    ]
    assert found.longest.length_m == pytest.approx(47_000, abs=1_000)
    assert (found.longest.from_name, found.longest.to_name) == ("Pamplona", "Berlín (Tona)")
    assert found.measure == "network"


def test_caracas_to_lima_crosses_official_crossings_only(sketch, towns, open_crossings):
    ends = towns["VE", "Caracas"], towns["PE", "Lima"]
    router = Router(sketch)
    request = ask(*ends, start_country="VE", end_country="PE", crossings=open_crossings)
    routes = router.routes(request)
    known = {crossing.id: crossing for crossing in open_crossings}
    for route in routes:
        assert route.crossings
        assert set(route.crossings) <= set(known)
    closed = [
        replace(crossing, passable=False, state="closed") if crossing.id in routes[0].crossings
        else crossing for crossing in open_crossings
    ]  # fmt: skip
    again = router.routes(ask(*ends, start_country="VE", end_country="PE", crossings=closed))
    assert not set(again[0].crossings) & set(routes[0].crossings)
    assert again[0].cost_s >= routes[0].cost_s
