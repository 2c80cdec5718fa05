"""Isochrones: nodes against networkx, outlines by their promises, and what must not be traced."""

from dataclasses import replace
from itertools import pairwise

import hypothesis
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.ops import substring

from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.geometry.geodesy import METRES_PER_DEGREE, great_circle_m
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.reach.area import LEAST_HOLE_M2, AreaRules
from routing.reach.isochrones import IsochroneRequest, isochrones
from routing.reach.network import ReachConditions, ReachNetworks
from routing.reach.spread import Measure, spread_from
from routing.reach.timed_segments import timed_segments
from routing.router.reachability import ReachPlace
from routing.router.regional import Router
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from tests.routing.reach.conftest import (
    AT,
    OFF_ROAD_S_PER_M,
    node_place,
    oracle,
    street_grid,
)

#: Areas as fine as cells are: gaps of a cell, and holes of four.
FINE = AreaRules(least_hole_m2=4 * 25.0**2, gap_m=25.0)


def asked(places, ranges, conditions, **more):
    return IsochroneRequest(places, ranges, conditions, **more)


def in_grid(rng, side=7, apart=0.002):
    lon, lat = rng.uniform(0, side * apart, 2)
    return ReachPlace(-72.5 + lon, 7.9 + lat, "CO")


def covered(area, graph, nodes):
    return shapely.covers(area, shapely.points([node_place(graph, n) for n in nodes]))


# --- nodes against networkx -----------------------------------------------------------------------


@pytest.mark.every(3)
@pytest.mark.parametrize("towards", [False, True])
@pytest.mark.parametrize("by", list(Measure))
@pytest.mark.parametrize("seed", range(6))
def test_reached_nodes_are_those_of_networkx(tiny_graph, networks_of, seed, by, towards):
    graph = street_grid(tiny_graph, seed, oneway=0.4)
    rng = np.random.default_rng(seed)
    hazards = [
        Hazard(str(n), "flood", "physical", shapely.box(*low, *(low + 0.004)), n == 0, weight=5.0)
        for n, low in enumerate(rng.uniform((-72.5, 7.9), (-72.49, 7.91), (3, 2)))
    ]
    networks, conditions = networks_of(graph, hazards=hazards)
    network, place = networks.of(conditions), in_grid(rng)
    snap = network.snap(place, "place", leaving=not towards)
    most = 900.0
    found = spread_from(network, [snap], most, by, towards=towards)
    expected = {
        node: used
        for node, used in oracle(graph, network, place, by=by, towards=towards).items()
        if used <= most
    }
    assert found.node.tolist() == sorted(expected)
    np.testing.assert_allclose(found.used, [expected[node] for node in found.node.tolist()])


def test_of_several_places_the_nearest_counts(tiny_graph, networks_of):
    graph = street_grid(tiny_graph, 3)
    networks, conditions = networks_of(graph)
    network = networks.of(conditions)
    places = [ReachPlace(*node_place(graph, node), "CO") for node in (0, 24, 48)]
    snaps = [network.snap(place, "place", leaving=True) for place in places]
    alone = [dict(zip(*self_of(network, snap), strict=True)) for snap in snaps]
    together = spread_from(network, snaps, 1_200.0, Measure.TIME)
    for node, used in zip(together.node.tolist(), together.used.tolist(), strict=True):
        assert used == pytest.approx(min(one.get(node, np.inf) for one in alone))
    assert set(together.node.tolist()) == set().union(*alone)


def self_of(network, snap):
    found = spread_from(network, [snap], 1_200.0, Measure.TIME)
    return found.node.tolist(), found.used.tolist()


def test_edges_are_reached_in_part_as_far_as_the_range_goes(tiny_graph, networks_of):
    graph = tiny_graph([(-72.5, 7.9), (-72.48, 7.9)], [(0, 1)])
    networks, conditions = networks_of(graph)
    network = networks.of(conditions)
    snap = network.snap(ReachPlace(-72.49, 7.9), "place", leaving=True)
    found = spread_from(network, [snap], 300.0, Measure.DISTANCE)
    line = great_circle_m(-72.5, 7.9, -72.48, 7.9)
    assert len(found.node) == 0
    np.testing.assert_allclose(np.abs(found.parts.end - found.parts.start) * line, 300.0, rtol=1e-3)
    assert len(found.parts.edge) == 2


def test_no_through_roads_are_entered_and_passed_only_where_nothing_else_leads_on(
    tiny_graph, networks_of
):
    """4 is on a no through road from 1 to 2, 5 is behind 4 alone, and 1-6-2 is the way round."""
    enters = {"flags": int(EdgeFlag.THRESHOLD | Mode.FOOT.ends_flag), "oneway": "all"}
    nodes = [(-72.5 + 0.001 * n, 7.9) for n in range(4)]
    nodes += [(-72.4985, 7.901), (-72.4985, 7.902), (-72.4985, 7.89)]
    edges = [
        *((1, 4, enters), (4, 1, {"oneway": "all"})),
        *((2, 4, enters), (4, 2, {"oneway": "all"})),
        *((0, 1), (2, 3), (4, 5), (1, 6), (6, 2)),
    ]
    graph = tiny_graph(nodes, edges)
    networks, conditions = networks_of(graph)
    network, place = networks.of(conditions), ReachPlace(*nodes[0])
    snap = network.snap(place, "place", leaving=True)
    found = spread_from(network, [snap], 14_000.0, Measure.DISTANCE)
    expected = oracle(graph, network, place, by="distance")
    used = dict(zip(found.node.tolist(), found.used.tolist(), strict=True))
    assert used == pytest.approx(expected)
    assert len(used) == len(nodes)
    number = {int(graph.node_osm_id[node]): node for node in used}
    round_m = sum(used[number[b]] - used[number[a]] for a, b in ((1, 6), (6, 2)))
    assert used[number[2]] == pytest.approx(used[number[1]] + round_m)
    assert used[number[4]] < used[number[2]]
    inside = network.snap(ReachPlace(*nodes[5]), "place", leaving=True)
    leaving = spread_from(network, [inside], 14_000.0, Measure.DISTANCE)
    gone = dict(zip(leaving.node.tolist(), leaving.used.tolist(), strict=True))
    assert gone == pytest.approx(oracle(graph, network, ReachPlace(*nodes[5]), by="distance"))
    assert gone[number[2]] < used[number[2]]


# --- outlines -------------------------------------------------------------------------------------


def check(graph, answer, ranges, rules):
    """Hold the promises of areas against the nodes."""
    spread = answer.spread
    reached = set(spread.node.tolist())
    for value, area in zip(ranges, answer.areas, strict=True):
        assert area.geometry.is_valid
        assert area.value == value
        within = spread.node[spread.used <= value]
        if len(within):
            assert covered(area.geometry, graph, within).all()
        for part in shapely.get_parts(area.geometry):
            for ring in part.interiors:
                sides = np.cos(np.radians(7.9)) * METRES_PER_DEGREE**2
                assert shapely.Polygon(ring).area * sides >= 0.99 * rules.least_hole_m2
    for inner, outer in pairwise(answer.areas):
        assert outer.geometry.covers(inner.geometry)
        assert outer.area_m2 >= inner.area_m2
    roads = shapely.MultiLineString(reached_lines(graph, spread.parts))
    largest = answer.areas[-1].geometry
    for node in set(range(graph.meta.node_count)) - reached:
        here = shapely.Point(node_place(graph, node))
        if largest.contains(here):
            apart_m = shapely.distance(here, roads) * METRES_PER_DEGREE
            assert apart_m <= answer.within_m


def reached_lines(graph, parts):
    """Give the reached part of each edge as a line."""
    return [
        substring(shapely.LineString(graph.edge_coordinates(edge)), start, end, normalized=True)
        for edge, start, end in zip(
            parts.edge.tolist(), parts.start.tolist(), parts.end.tolist(), strict=True
        )
        if start != end
    ]


@given(st.integers(0, 10_000), st.booleans(), st.booleans())
def test_areas_are_valid_nested_and_hold_what_is_reached(tiny_graph, seed, is_fine, towards):
    rng = np.random.default_rng(seed)
    graph = street_grid(tiny_graph, seed, apart=float(rng.choice([0.0005, 0.002, 0.01])))
    rules = FINE if is_fine else AreaRules()
    ranges = np.sort(rng.uniform(300, 4_000, 3)).tolist()
    request = asked(
        [in_grid(rng)], ranges, ReachConditions(AT), by=Measure.DISTANCE, towards=towards,
        rules=rules,
    )  # fmt: skip
    try:
        answer = isochrones(ReachNetworks(Router(graph)), request)
    except InvalidRequest as refused:
        hypothesis.assume(refused.code != "nothing_within")
        raise
    check(graph, answer, ranges, rules)


def test_the_size_of_outlines_is_bounded(tiny_graph, networks_of):
    graph = street_grid(tiny_graph, 5, side=12, apart=0.01)
    networks, conditions = networks_of(graph)
    place = [ReachPlace(-72.45, 7.95, "CO")]
    loose, tight = (
        isochrones(networks, asked(place, [9_000.0], conditions, rules=rules))
        for rules in (FINE, replace(FINE, most_vertices=100))
    )
    counts = [shapely.get_num_coordinates(one.areas[0].geometry) for one in (loose, tight)]
    assert counts[1] <= 100 < counts[0]
    check(graph, tight, [9_000.0], FINE)


def test_a_range_that_ends_off_the_road_is_refused(tiny_graph, networks_of):
    graph = tiny_graph([(-72.5, 7.9), (-72.48, 7.9)], [(0, 1)], snap_limit_m=5_000.0)
    networks, conditions = networks_of(graph)
    place = [ReachPlace(-72.49, 7.91)]
    with pytest.raises(InvalidRequest) as refused:
        isochrones(networks, asked(place, [600.0], conditions))
    assert refused.value.code == "nothing_within"
    answer = isochrones(networks, asked(place, [1_800.0], conditions))
    # The way to the road counts at the pace of a walker: 1.1 km are 13 minutes.
    assert answer.spread.parts.used.min() == pytest.approx(answer.off_m[0] * 0.7147, rel=1e-2)
    with pytest.raises(OffNetwork):
        isochrones(networks, asked([ReachPlace(-71, 7)], [600.0], conditions))
    for ranges in ([], [0.0], [2.0, 1.0], [float("nan")]):
        with pytest.raises(InvalidRequest) as refused:
            isochrones(networks, asked(place, ranges, conditions))
        assert refused.value.code == "not_ascending"


# --- what must not show ---------------------------------------------------------------------------


def banned(graph, edge, *, published):
    """Give an exclusion in the middle of one edge."""
    middle = graph.edge_coordinates(edge).mean(axis=0)
    area = shapely.Point(middle).buffer(0.0002)
    return Hazard("ban", "closure", "physical", area, exclusion=True, is_published=published)


@pytest.mark.every(2)
@pytest.mark.parametrize("seed", range(8))
def test_p36_a_secret_ban_is_not_traced_by_subtracting_areas(tiny_graph, seed):
    """In streets 222 m apart the banned one lies within every area that it lay in before."""
    graph = street_grid(tiny_graph, seed, side=16, oneway=0.0)
    networks = ReachNetworks(Router(graph))
    rng = np.random.default_rng(seed)
    place = ReachPlace(-72.485, 7.915, "CO")
    ranges = [1_200.0, 1_800.0, 2_400.0]
    free = isochrones(networks, asked([place], ranges, ReachConditions(AT)))
    inner = spread_near(free, 600.0)
    edge = int(rng.choice(inner))
    ban = banned(graph, edge, published=False)
    held = isochrones(networks, asked([place], ranges, ReachConditions(AT, hazards=[ban])))
    line = shapely.LineString(graph.edge_coordinates(edge))
    for before, after in zip(free.areas, held.areas, strict=True):
        assert after.geometry.covers(line)
        gone = before.geometry.difference(after.geometry)
        assert shapely.distance(gone, line) > 0 or gone.is_empty
    for smaller, larger in pairwise(held.areas):
        ring = larger.geometry.difference(smaller.geometry)
        assert not ring.intersects(line)
    # The ban works: the road itself is not reached.
    assert edge not in held.spread.parts.edge.tolist()
    assert edge in free.spread.parts.edge.tolist()


def spread_near(answer, most):
    parts = answer.spread.parts
    return np.unique(parts.edge[parts.used < most])


@pytest.mark.parametrize("seed", range(4))
def test_p36_a_secret_ban_gives_what_no_road_would(tiny_graph, seed):
    whole = street_grid(tiny_graph, seed, side=10, oneway=0.0)
    edge = 40
    secret = banned(whole, edge, published=False)
    ways = set(whole.edge_way_id[[edge]].tolist())
    nodes = [
        (*node_place(whole, n), float("nan"), "CO")
        for n in np.argsort(whole.node_osm_id, kind="stable")
    ]
    number = whole.node_osm_id
    kept = [
        (int(number[whole.edge_tail[e]]), int(number[whole.edge_head[e]]))
        for e in range(whole.meta.edge_count)
        if whole.edge_way_id[e] not in ways and whole.edge_tail[e] < whole.edge_head[e]
    ]
    lacking = tiny_graph(nodes, kept, snap_limit_m=3_000.0)
    line = whole.edge_coordinates(edge)
    # Beside the banned road a place is moved to another one, as it is where there is no road.
    beside = ReachPlace(*(0.75 * line[0] + 0.25 * line[-1]).tolist(), "CO")
    for place in (beside, ReachPlace(-72.4899, 7.9081, "CO")):
        held, absent = (
            isochrones(
                ReachNetworks(Router(graph)),
                asked([place], [400.0, 1_500.0], conditions, rules=FINE),
            )
            for graph, conditions in (
                (whole, ReachConditions(AT, hazards=[secret])),
                (lacking, ReachConditions(AT)),
            )
        )
        assert held.off_m == pytest.approx(absent.off_m)
        for one, two in zip(held.areas, absent.areas, strict=True):
            assert one.geometry.equals(two.geometry)


def ring_road(tiny_graph, radius=0.06):
    """Give a ring of 42 km with a road across it, and nothing else within."""
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    nodes = [(-72.5 + radius * np.cos(a), 7.9 + radius * np.sin(a)) for a in turns]
    nodes += [(-72.5, 7.9)]
    edges = [(n, (n + 1) % 40) for n in range(40)] + [(0, 40), (40, 20)]
    return tiny_graph(nodes, edges)


def test_p36_holes_are_filled_unless_what_lies_there_is_published(tiny_graph):
    """A ring of 6.6 km, 140 km2 within: less than what a threat of 20 km of road may show."""
    graph = ring_road(tiny_graph)
    networks = ReachNetworks(Router(graph))
    place, ranges = [ReachPlace(-72.44, 7.9)], [30_000.0]
    area = shapely.box(-72.52, 7.87, -72.48, 7.93)
    ban = Hazard("ban", "minefield", "physical", area, exclusion=True, is_published=False)
    open_, secret, told = (
        isochrones(
            networks,
            asked(place, ranges, ReachConditions(AT, hazards=hazards), by=Measure.DISTANCE),
        ).areas[0]
        for hazards in ((), (ban,), (replace(ban, is_published=True),))
    )
    assert not open_.geometry.interiors
    assert secret.geometry.equals(open_.geometry)
    assert not told.geometry.intersects(area.buffer(-1e-6))
    (hole,) = told.geometry.interiors
    assert shapely.Polygon(hole).equals(area)
    small = AreaRules(least_hole_m2=1e6)
    request = asked(
        place, ranges, ReachConditions(AT, hazards=(ban,)), by=Measure.DISTANCE, rules=small
    )
    assert isochrones(networks, request).areas[0].geometry.interiors  # the fill is what hides it


def test_p36_the_least_hole_is_that_of_twenty_kilometres():
    assert pytest.approx(np.pi * 10_000**2) == LEAST_HOLE_M2


def test_p11_p14_a_place_in_a_published_exclusion_is_refused(tiny_graph, networks_of):
    graph = street_grid(tiny_graph, 1)
    place = ReachPlace(-72.4951, 7.9049, "CO")
    area = shapely.Point(place.lon, place.lat).buffer(0.0005)
    ban = Hazard("ban", "minefield", "physical", area, exclusion=True)
    networks, conditions = networks_of(graph, hazards=[ban])
    with pytest.raises(NoRoute):
        isochrones(networks, asked([place], [900.0], conditions))
    other = ReachPlace(-72.49, 7.9, "CO")
    answer = isochrones(networks, asked([place, other], [900.0], conditions))
    assert answer.off_m[0] is None
    assert not answer.areas[0].geometry.intersects(area.buffer(-1e-6))


# --- borders --------------------------------------------------------------------------------------


def two_banks(tiny_graph, seed):
    """Give streets on both banks of a border with one bridge, at (-72.486, 7.906)."""
    graph = street_grid(
        tiny_graph, seed, side=12, oneway=0.0, country=lambda x, y: "CO" if x < 7 else "VE"
    )
    return graph, Crossing("x", "Puente", -72.487, 7.906, ("CO", "VE"), True, "open")


@pytest.mark.every(3)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("state", ["open", "closed", "not_known"])
def test_p33_nothing_beyond_a_border_but_on_request_and_named(tiny_graph, seed, state):
    graph, bridge = two_banks(tiny_graph, seed)
    bridge = replace(bridge, state=state, passable=state == "open")
    networks = ReachNetworks(Router(graph))
    abroad = np.flatnonzero(graph.node_country == graph.meta.countries.index("VE"))
    place, ranges = [ReachPlace(-72.4881, 7.9061, "CO")], [600.0, 3_600.0]
    for crosses in (False, True):
        conditions = ReachConditions(AT, crossings=[bridge], crosses_borders=crosses)
        answer = isochrones(networks, asked(place, ranges, conditions))
        passes = crosses and state == "open"
        assert answer.crossings == ((bridge,) if passes else ())
        there = np.isin(answer.spread.node, abroad)
        assert there.any() == passes
        for area in answer.areas:
            inside = covered(area.geometry, graph, abroad)
            assert inside.any() == passes
        check(graph, answer, ranges, AreaRules())


def test_p33_p34_an_area_ends_between_the_roads_of_two_countries(tiny_graph):
    """Roads 30 m apart on both sides of a border, in cells of 25 m: neither is the other's."""
    nodes = [(-72.5 + 0.001 * n, 7.9, float("nan"), "CO") for n in range(10)]
    nodes += [(-72.5 + 0.001 * n, 7.9003, float("nan"), "VE") for n in range(10)]
    edges = [(n, n + 1) for n in [*range(9), *range(10, 19)]]
    graph = tiny_graph(nodes, edges)
    answer = isochrones(
        ReachNetworks(Router(graph)),
        asked([ReachPlace(-72.4955, 7.9, "CO")], [300.0, 1_200.0], ReachConditions(AT)),
    )
    roads = [
        shapely.LineString(graph.edge_coordinates(edge))
        for edge in range(graph.meta.edge_count)
        if graph.country_of_node(int(graph.edge_tail[edge])) == "VE"
    ]
    for area in answer.areas:
        assert shapely.distance(area.geometry, shapely.MultiLineString(roads)) > 1e-5
    check(graph, answer, [300.0, 1_200.0], AreaRules())


# --- a real town ----------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.every(3)  # one from the one, the other from the other
@pytest.mark.parametrize(
    "place", [ReachPlace(24.9500, 60.1690), ReachPlace(24.9390, 60.1720)], ids=["east", "west"]
)
@pytest.mark.parametrize("mode", list(Mode))
def test_a_quarter_of_an_hour_in_a_city_has_no_node_wrong(city, mode, place):
    networks = ReachNetworks(Router(city))
    conditions = ReachConditions(AT, mode=mode)
    network = networks.of(conditions)
    answer = isochrones(networks, asked([place], [300.0, 900.0], conditions))
    snap = network.snap(place, "place", leaving=True)
    used = plain_dijkstra(city, network, snap)
    expected = {node for node, one in used.items() if one <= 900.0}
    assert set(answer.spread.node.tolist()) == expected
    check_area(city, answer)


def plain_dijkstra(graph, network, snap):
    """Give seconds to every node: networkx, over edges and the copies that turns need.

    Within the first of two runs no road with restricted access is entered; the second enters them
    at the price of a day, so it tells what lies on them alone.
    """
    flat, metric = network.network.turns.flat, network.metric
    time_s = flat.of_edges(metric.time_s)
    entered = flat.of_edges(metric.entry_s) > 0
    may = np.isfinite(flat.of_edges(metric.cost_s))
    streets = nx.DiGraph()
    price = time_s + 1e6 * entered
    for row in np.lexsort((-price,))[may[np.lexsort((-price,))]].tolist():
        streets.add_edge(int(flat.tail[row]), int(flat.head[row]), price=price[row])
    for piece, node in network.network.departures(snap):
        edge, start, end = piece
        streets.add_edge("place", node, price=(end - start) * metric.time_s[edge])
    off_s = snap.distance_m * OFF_ROAD_S_PER_M
    found = {}
    count = len(graph.node_lon)
    for node, one in nx.single_source_dijkstra_path_length(
        streets, "place", weight="price"
    ).items():
        if node != "place":
            original = node if node < count else int(graph.turn_node[node - count])
            found[original] = min(found.get(original, np.inf), off_s + one % 1e6)
    return found


def check_area(graph, answer):
    inner, outer = (area.geometry for area in answer.areas)
    assert outer.is_valid
    assert outer.covers(inner)
    assert covered(outer, graph, answer.spread.node).all()


# --- segments with their time, for those who may see them -----------------------------------------


@pytest.mark.parametrize("towards", [False, True])
def test_segments_have_the_times_of_networkx_at_both_ends(tiny_graph, networks_of, towards):
    graph = street_grid(tiny_graph, 5, oneway=0.4)
    networks, conditions = networks_of(graph)
    network, place = networks.of(conditions), in_grid(np.random.default_rng(5))
    snap = network.snap(place, "place", leaving=not towards)
    most = 700.0
    spread = spread_from(network, [snap], most, Measure.TIME, towards=towards)
    used = oracle(graph, network, place, by=Measure.TIME, towards=towards)
    node_of = {tuple(np.round(node_place(graph, n), 7)): n for n in range(len(graph.node_lon))}
    told = {}
    for one in timed_segments(graph, spread):
        assert max(one.begin, one.end) <= most + 1e-6
        assert (one.begin <= one.end) != towards or one.begin == one.end
        for place_at, seconds in ((one.coordinates[0], one.begin), (one.coordinates[-1], one.end)):
            node = node_of.get(tuple(np.round(place_at, 7)))
            if node is not None:
                told[node] = min(told.get(node, np.inf), seconds)
    expected = {node: seconds for node, seconds in used.items() if seconds <= most}
    assert set(expected) <= set(told)
    for node, seconds in expected.items():
        assert told[node] == pytest.approx(seconds, abs=1e-6)
