"""Trade-offs of a request: what they cover, on grids by brute force and on the sketch by routes."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import networkx as nx
import numpy as np
import pytest
import shapely

from routing.biobjective import route_front as fronts
from routing.biobjective.road_costs import measured_s
from routing.biobjective.route_front import on_front, route_front
from routing.biobjective.selection import hypervolume, reference_of, shown_points
from routing.errors import NoRoute, TradeOffsNotKnown
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import Router, RouteRequest
from routing.travel.hazard import Hazard
from routing.travel.legs import Legs
from routing.travel.request import AVERSIONS

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
STEP = 0.02
#: A path is rounded to units of a millisecond at every edge.
ROUNDED_S = 0.1


def ask(start, end, **more):
    return RouteRequest(**{"start": start, "end": end, "mode": Mode.FOOT, "at": AT} | more)


def grid(chance, columns=4, rows=4):
    """Return nodes and streets of a town whose streets are longer than they look."""
    nodes = [(STEP * (n % columns), STEP * (n // columns)) for n in range(columns * rows)]
    edges = []
    for n in range(columns * rows):
        for there in ([n + 1] if (n + 1) % columns else []) + [n + columns]:
            if there < columns * rows:
                length = int(chance.integers(2_300, 9_000))
                edges.append((n, there, {"length_m": length, "oneway": ""}))
    return nodes, edges


def floods(chance, count=9, **more):
    places = chance.uniform(0, (3 * STEP, 3 * STEP), (count, 2))
    boxes = [shapely.Point(place).buffer(0.007) for place in places]
    return [
        Hazard(
            id=str(n), kind="flood", family="physical", geometry=box, weight=1.0 + 0.3 * n, **more
        )
        for n, box in enumerate(boxes)
    ]


def covers(points_s, way_s, factor=1.01):
    return bool((points_s <= factor * way_s + ROUNDED_S).all(axis=1).any())


@pytest.mark.parametrize("seed", [3, 8, 12, 14])
def test_every_way_through_a_town_is_covered_within_one_per_cent(tiny_graph, seed):
    chance = np.random.default_rng(seed)
    nodes, edges = grid(chance)
    graph = tiny_graph(nodes, edges, snap_limit_m=1e6)
    router, request = Router(graph), ask(nodes[0], nodes[-1], hazards=floods(chance))
    problem = router.problem(request)
    answers = router.routes(request)
    front = route_front(problem, [route.legs for route in answers])
    roads = nx.MultiDiGraph()
    for edge in range(len(graph.edge_tail)):
        roads.add_edge(int(graph.edge_tail[edge]), int(graph.edge_head[edge]), edge)
    ends = [node_at(graph, place) for place in (nodes[0], nodes[-1])]
    every = [
        Legs.whole(np.array([edge for _, _, edge in path]))
        for path in nx.all_simple_edge_paths(roads, *ends)
    ]
    ways_s = measured_s(problem.sides[0], every)
    assert all(covers(front.front_s, way_s) for way_s in ways_s)
    factor = front.covers(range(len(front.routes)))
    assert all(covers(front.shown_s, way_s, factor) for way_s in ways_s)
    # No point is worse than another in both.
    assert (np.diff(front.front_s[:, 0]) > 0).all()
    assert (np.diff(front.front_s[:, 1]) < 0).all()
    assert 2 <= len(front.routes) <= 7
    # What is shown costs what it says, begins with the quickest and ends with the least exposed.
    shown_s = measured_s(problem.sides[0], [route.legs for route in front.routes])
    assert shown_s == pytest.approx(front.shown_s)
    assert front.shown_s[[0, -1]].tolist() == front.front_s[[0, -1]].tolist()
    assert front.front_s[0, 0] == pytest.approx(ways_s[:, 0].min(), abs=ROUNDED_S)
    assert front.front_s[-1, 1] == pytest.approx(ways_s[:, 1].min(), abs=ROUNDED_S)
    # The best route at each weight is on the front, and shown.
    best_s = measured_s(problem.sides[0], [answers[0].legs])
    assert on_front(best_s, front.shown_s, 0.01) != [None]


def node_at(graph, place):
    lon, lat = (round(value * 1e7) for value in place)
    return int(np.flatnonzero((graph.node_lon == lon) & (graph.node_lat == lat))[0])


def test_without_a_hazard_the_front_is_the_quickest_route_alone(tiny_graph):
    nodes, edges = grid(np.random.default_rng(1))
    router = Router(tiny_graph(nodes, edges, snap_limit_m=1e6))
    front = route_front(router.problem(ask(nodes[0], nodes[-1])))
    assert len(front.routes) == 1
    assert front.front_s[:, 1].tolist() == [0]
    assert front.covers([0]) == pytest.approx(1.01)


@pytest.mark.parametrize("is_published", [True, False])
def test_p11_p36_no_point_of_a_front_touches_an_exclusion_told_or_not(tiny_graph, is_published):
    chance = np.random.default_rng(3)
    nodes, edges = grid(chance)
    router = Router(tiny_graph(nodes, edges, snap_limit_m=1e6))
    ban = replace(floods(chance, 1)[0], exclusion=True, is_published=is_published,
                  geometry=shapely.Point(STEP, STEP).buffer(0.003))  # fmt: skip
    hazards = [*floods(chance), ban]
    front = route_front(router.problem(ask(nodes[0], nodes[-1], hazards=hazards)))
    assert len(front.routes) > 1
    lines = [shapely.LineString(route.coordinates) for route in front.routes]
    assert not any(shapely.intersects(line, ban.geometry) for line in lines)
    # An exclusion around the end leaves no way, and the refusal is that of the search for routes.
    wall = replace(ban, geometry=shapely.Point(nodes[-1]).buffer(0.03).boundary)
    request = ask(nodes[0], nodes[-1], hazards=[wall])
    with pytest.raises(NoRoute) as refused:
        route_front(router.problem(request))
    with pytest.raises(NoRoute) as refused_too:
        router.routes(request)
    assert refused.value.blocked_by == refused_too.value.blocked_by


# --- the sketch, with its borders -----------------------------------------------------------------


@pytest.fixture(scope="module")
def cucuta(towns, open_crossings):
    """A request from San Cristóbal to Bucaramanga with floods along the direct road."""
    places = [towns["VE", "San Cristóbal"], towns["CO", "Bucaramanga"]]
    hazards = [
        Hazard(id=str(n), kind="flood", family="physical", weight=3.0,
               geometry=shapely.Point(lon, lat).buffer(0.15))
        for n, (lon, lat) in enumerate([(-72.6, 7.5), (-72.9, 7.2), (-72.4, 7.8)])
    ]  # fmt: skip
    return ask(*places, start_country="VE", end_country="CO", crossings=open_crossings,
               hazards=hazards)  # fmt: skip


def test_all_routes_of_the_same_request_are_covered_across_a_border(sketch, cucuta):
    router = Router(sketch)
    problem = router.problem(cucuta)
    answers = [
        route
        for aversions in (AVERSIONS, (0.25, 0.5, 2.0))
        for route in router.routes(replace(cucuta, aversions=aversions, most=5))
    ]
    front = route_front(problem, [route.legs for route in answers])
    assert all(route.passages for route in front.routes)
    side = problem.sides[0]
    for route in answers:
        assert covers(front.front_s, measured_s(side, [route.legs])[0])
    # The second search finds its roads ready, and the same front.
    again = route_front(router.problem(cucuta))
    assert again.front_s.tolist() == front.front_s.tolist()


def test_p10_p32_a_crossing_whose_hours_decide_is_not_guessed_and_a_closed_one_is_shut(
    sketch, cucuta
):
    router = Router(sketch)
    passages = {id_ for route in route_front(router.problem(cucuta)).routes
                for id_ in route.crossings}  # fmt: skip

    def told(**state):
        return [replace(post, **state) if post.id in passages else post
                for post in cucuta.crossings]  # fmt: skip

    # Open from the third day on: to wait, or to go round?
    later = told(opens=lambda when: max(when, AT + timedelta(days=3)))
    with pytest.raises(TradeOffsNotKnown, match="crossing_hours"):
        route_front(router.problem(replace(cucuta, crossings=later)))
    # Open all the time, as its hours say: nothing depends on them.
    always = told(opens=lambda when: when)
    assert route_front(router.problem(replace(cucuta, crossings=always))).routes
    shut = replace(cucuta, crossings=told(passable=False, state="closed"))
    try:
        used = route_front(router.problem(shut)).routes
    except NoRoute:
        used = ()
    assert passages.isdisjoint(id_ for route in used for id_ in route.crossings)


def test_what_is_too_large_is_said(sketch, cucuta, monkeypatch):
    monkeypatch.setattr(fronts, "MOST_JUNCTIONS", 10)
    with pytest.raises(TradeOffsNotKnown, match="too_large"):
        route_front(Router(sketch).problem(cucuta))


# --- what is shown --------------------------------------------------------------------------------


def test_seven_are_shown_with_both_ends_and_what_is_wanted():
    first = np.arange(1, 25)
    second = 100 // first
    kept = np.unique(second, return_index=True)[1][::-1]
    first, second = first[kept], second[kept]
    last = len(first) - 1
    shown = shown_points(first, second, lambda *_: 0.0, wanted=[3])
    assert len(shown) == 7
    assert {0, 3, last} <= set(shown)
    best = max(
        (
            hypervolume(first[list(rows)], second[list(rows)], reference_of(first, second))
            for inner in itertools.combinations(range(1, last), 5)
            for rows in [(0, *inner, last)]
        ),
    )
    free = list(shown_points(first, second, lambda *_: 0.0))
    assert hypervolume(first[free], second[free], reference_of(first, second)) >= 0.97 * best


def test_routes_that_repeat_one_another_are_shown_only_until_enough():
    first, second = np.array([10, 11, 12, 30]), np.array([30, 12, 11, 10])
    # All but the ends share everything.
    assert shown_points(first, second, lambda *_: 1.0) == (0, 1, 3)
    assert shown_points(first, second, lambda *_: 0.0) == (0, 1, 2, 3)
    assert shown_points([5], [0], lambda *_: 1.0) == (0,)
    assert shown_points([], [], lambda *_: 1.0) == ()


def test_a_way_is_on_the_front_within_the_share_of_both_costs():
    points_s = np.array([[100.0, 50.0], [200.0, 0.0]])
    ways_s = np.array([[100.5, 50.2], [102.0, 50.0], [200.0, 0.0], [200.0, 1.0]])
    assert on_front(ways_s, points_s, 0.01) == [0, None, 1, None]
    assert on_front(ways_s[:1], np.zeros((0, 2)), 0.01) == [None]
