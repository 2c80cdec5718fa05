"""Areas that the asker keeps out of: exact against networkx, limits, refusals, no trace."""

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

from routing.cch import UNREACHABLE, Hierarchy
from routing.cch.avoiding import ClosedEdges, path_around, paths_around
from routing.cch.closed_arcs import ClosedArcs
from routing.engine import avoid_search
from routing.engine.avoid_search import closed_by, ways_around
from routing.errors import Blocker, InvalidCost, InvalidNode, InvalidRequest, NoRoute, NoWay
from routing.osm_tags.edge_flags import Mode
from routing.router.multi_region import Continent
from routing.router.regional import Router
from routing.travel import hazard_overlay
from routing.travel.avoid_areas import MAX_OBSTACLES, MAX_VERTICES, Obstacles
from routing.travel.cost_model import CostModel, Travel
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import contact
from routing.travel.legs import Legs
from routing.travel.profiles import ADULT, VEHICLE
from tests.fixtures.examples import examples
from tests.routing.router.test_multi_region import ask as ask_over
from tests.routing.router.test_multi_region import detail, sketch
from tests.routing.router.test_regional import AT, ask, attempt, places_of, points, small_worlds

__all__ = ["detail", "sketch"]

TRAVELLERS = {Mode.FOOT: ADULT, Mode.VEHICLE: VEHICLE}


def keeping_out(*areas):
    return Obstacles.of(areas)


# --- the kernel -----------------------------------------------------------------------------------


@st.composite
def closed_graphs(draw):
    """Draw a graph with costs, closed edges and two nodes."""
    count = draw(st.integers(2, 14))
    node = st.integers(0, count - 1)
    edge = st.tuples(node, node, st.integers(0, 50) | st.just(UNREACHABLE), st.booleans())
    return count, draw(st.lists(edge, min_size=1, max_size=50)), draw(node), draw(node)


def hierarchy_of(count, edges):
    tail, head, cost, closed = zip(*edges, strict=True)
    hierarchy = Hierarchy.of_graph(tail, head, count)
    return hierarchy, hierarchy.customize(cost), np.array(closed, dtype=np.bool_)


@settings(deadline=None, max_examples=examples(400))
@given(closed_graphs())
def test_a_path_around_closed_edges_equals_networkx_without_them(drawn):
    count, edges, source, target = drawn
    hierarchy, metric, closed = hierarchy_of(count, edges)
    roads = nx.MultiDiGraph()
    roads.add_nodes_from(range(count))
    roads.add_weighted_edges_from(
        (tail, head, cost) for tail, head, cost, shut in edges if cost < UNREACHABLE and not shut
    )
    cost, path = path_around(hierarchy.topology, metric, source, target, closed)
    for settled in (0, 1, 3):
        # By exact bounds from the start, and after having given up.
        around = ClosedEdges(metric, closed, settled)
        again, edges_again = paths_around(around, source, target, {})[target]
        assert again == cost
        assert cost == UNREACHABLE or sum(edges[edge][2] for edge in edges_again) == cost
        assert not closed[edges_again].any()
    try:
        expected = nx.dijkstra_path_length(roads, source, target)
    except nx.NetworkXNoPath:
        assert cost == UNREACHABLE
        assert not len(path)
        return
    assert cost == expected == sum(edges[edge][2] for edge in path)
    assert not closed[path].any()
    ends = [source, *(edges[edge][1] for edge in path)]
    assert [edges[edge][0] for edge in path] == ends[:-1]
    assert ends[-1] == target


@settings(deadline=None, max_examples=examples(400))
@given(closed_graphs())
def test_what_closing_makes_dearer_is_what_a_metric_without_the_edges_costs(drawn):
    count, edges, _, _ = drawn
    hierarchy, metric, closed = hierarchy_of(count, edges)
    closing = ClosedArcs.of(metric, closed)
    cost = [UNREACHABLE if shut else cost for _, _, cost, shut in edges]
    without = hierarchy.customize(cost)
    for over, was, expected in (
        (closing.up, metric.up, without.up),
        (closing.down, metric.down, without.down),
    ):
        assert np.array_equal(np.where(over == 0, was, over - 1), expected)
        # What is the same takes no room.
        assert not (over[was == expected]).any()


def grid_of(side, draw):
    """Return a grid of both ways with costs of its own, (tail, head, cost) each."""
    at = np.arange(side * side).reshape(side, side)
    east, north = (at[:, :-1], at[:, 1:]), (at[:-1], at[1:])
    pairs = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in (east, north)])
    both = np.concatenate([pairs, pairs[:, ::-1]]).tolist()
    return [(tail, head, int(draw.integers(1, 100))) for tail, head in both]


@pytest.mark.parametrize("seed", range(4))
def test_what_a_fence_across_a_town_makes_dearer_is_what_a_metric_without_it_costs(seed):
    """Of long lists of triangles, where whole tails are found anew and others are cut off."""
    draw, side = np.random.default_rng(seed), 40
    edges = grid_of(side, draw)
    tail, head, cost = (np.array(column) for column in zip(*edges, strict=True))
    hierarchy = Hierarchy.of_graph(tail, head, side * side)
    metric = hierarchy.customize(cost)
    fenced = (tail % side < side // 2) != (head % side < side // 2)
    pond = draw.choice(side * side, 60, replace=False)
    closed = fenced | np.isin(tail, pond) | np.isin(head, pond) | (draw.random(len(edges)) < 0.02)
    closing = ClosedArcs.of(metric, closed)
    without = hierarchy.customize(np.where(closed, UNREACHABLE, cost))
    assert np.array_equal(np.where(closing.up, closing.up - 1, metric.up), without.up)
    assert np.array_equal(np.where(closing.down, closing.down - 1, metric.down), without.down)
    assert np.count_nonzero(closing.up) + np.count_nonzero(closing.down) > side * side


def test_a_search_writes_where_the_one_before_wrote_and_finds_the_same():
    """Of two ends in turn, one shut in: nothing of one search is left to the next."""
    draw, side = np.random.default_rng(5), 30
    edges = grid_of(side, draw)
    tail, head, cost = zip(*edges, strict=True)
    metric = Hierarchy.of_graph(tail, head, side * side).customize(cost)
    shut_in = side * side - 1
    closed = (np.array(head) == shut_in) | (draw.random(len(edges)) < 0.1)
    around = ClosedEdges(metric, closed)
    written = around.scratch().reach
    for _ in range(20):
        source, target = draw.integers(side * side - 1, size=2).tolist()
        expected, edges_expected = paths_around(ClosedEdges(metric, closed), source, target, {})[
            target
        ]
        assert paths_around(around, source, shut_in, {})[shut_in][0] == UNREACHABLE
        found, way = paths_around(around, source, target, {})[target]
        assert (found, way.tolist()) == (expected, edges_expected.tolist())
    scratch = around.scratch()
    assert scratch.reach is written
    assert not scratch.reach.any()
    assert not scratch.bound.any()


@pytest.mark.parametrize("seed", range(4))
def test_where_a_way_turns_back_far_bounds_are_made_exact_once(seed):
    """Around a fence with one gap at its end the search gives up, and begins again."""
    draw, side = np.random.default_rng(seed), 30
    edges = grid_of(side, draw)
    tail, head, cost = zip(*edges, strict=True)
    hierarchy = Hierarchy.of_graph(tail, head, side * side)
    metric = hierarchy.customize(cost)
    fence = side // 2
    tails, heads = np.array(tail), np.array(head)
    crosses = (tails % side < fence) != (heads % side < fence)
    closed = (crosses & (tails // side != side - 1)) | (draw.random(len(edges)) < 0.05)
    roads = nx.DiGraph()
    roads.add_weighted_edges_from(edges[row] for row in np.flatnonzero(~closed))
    around, patient = ClosedEdges(metric, closed, 100), ClosedEdges(metric, closed, side * side)
    for _ in range(10):
        source, target = int(draw.integers(fence)), int(fence + draw.integers(side - fence))
        try:
            expected = nx.dijkstra_path_length(roads, source, target)
        except (nx.NetworkXNoPath, nx.NodeNotFound):
            expected = UNREACHABLE
        for one in (around, patient):
            found, way = paths_around(one, source, target, {})[target]
            assert found == expected
            assert expected == UNREACHABLE or sum(cost[edge] for edge in way) == expected
    assert around.closing is not None
    assert around.close() is around.closing
    assert patient.closing is None


@settings(deadline=None, max_examples=examples(50))
@given(closed_graphs())
def test_nothing_of_a_search_around_stays_in_the_metric(drawn):
    count, edges, source, target = drawn
    hierarchy, metric, closed = hierarchy_of(count, edges)
    before = metric.copy()
    path_around(hierarchy.topology, metric, source, target, closed)
    for name in ("cost", "up", "down", "up_origin", "down_origin"):
        assert np.array_equal(getattr(metric, name), getattr(before, name)), name


def test_the_kernel_takes_nothing_on_trust():
    hierarchy, metric, closed = hierarchy_of(3, [(0, 1, 1, False), (1, 2, 1, False)])
    for node in (-1, 3, 2**40):
        with pytest.raises(InvalidNode):
            path_around(hierarchy.topology, metric, 0, node, closed)
    for marks in (closed[:1], closed.astype(np.int8)):
        with pytest.raises(InvalidCost):
            path_around(hierarchy.topology, metric, 0, 2, marks)
    other, _, _ = hierarchy_of(3, [(0, 1, 1, False), (1, 2, 1, False)])
    with pytest.raises(InvalidCost):
        path_around(other.topology, metric, 0, 2, closed)


# --- routes ---------------------------------------------------------------------------------------


def cheapest_with_edges_removed(graph, travel, barred, aversion, hazards, ends):
    """Take networkx' cheapest way over the edges that meet no barred area, piece by piece."""
    mode, model = travel.mode, CostModel(travel, hazards, aversion)
    cost, length = model.all_s(), len(graph.edge_tail)
    whole = Legs.whole(np.arange(length))

    def meets(legs):
        return np.logical_or.reduce([ban.meets(legs) for ban in barred])

    cost[meets(whole)] = np.inf
    roads = nx.MultiDiGraph()
    roads.add_nodes_from(range(len(graph.node_lon)))
    for edge in np.flatnonzero(np.isfinite(cost)).tolist():
        roads.add_edge(int(graph.edge_tail[edge]), int(graph.edge_head[edge]), weight=cost[edge])

    def piece(edge, a, b):
        legs = Legs.of([(edge, a, b)])
        return math.inf if meets(legs)[0] else float(model.legs_s(legs)[0])

    best = math.inf
    for (e, at), (f, until) in itertools.product(*(places_of(graph, s, mode) for s in ends)):
        if e == f and at <= until:
            best = min(best, piece(e, at, until))
        sources = [(int(graph.edge_head[e]), piece(e, at, 1.0))]
        sources += [(int(graph.edge_tail[e]), piece(e, 0.0, 0.0))] if at == 0 else []
        targets = [(int(graph.edge_tail[f]), piece(f, 0.0, until))]
        targets += [(int(graph.edge_head[f]), piece(f, 1.0, 1.0))] if until == 1 else []
        for (source, before), (target, after) in itertools.product(sources, targets):
            try:
                between = nx.dijkstra_path_length(roads, source, target)
            except nx.NetworkXNoPath:
                continue
            best = min(best, before + between + after)
    return best


boxes = st.tuples(
    st.floats(-0.01, 0.08), st.floats(-0.01, 0.08), st.floats(1e-3, 0.05), st.floats(1e-3, 0.05)
).map(lambda values: tuple(round(value, 9) for value in values))


@settings(deadline=None, max_examples=examples(200))
@given(world=small_worlds(), start=points, end=points,
       drawn=st.lists(boxes, min_size=1, max_size=3),
       aversion=st.sampled_from([0.0, 1.0, 4.0]), mode=st.sampled_from(list(Mode)))  # fmt: skip
def test_the_cheapest_route_around_equals_networkx_with_the_edges_removed(
    tiny_graph, world, start, end, drawn, aversion, mode
):
    assume(math.dist(start, end) > 1e-4)
    graph = tiny_graph(*world, snap_limit_m=1e6)
    areas = [shapely.box(x, y, x + width, y + height) for x, y, width, height in drawn]
    # On a boundary the last digit decides whether somebody stands in it.
    rims = shapely.boundary(areas)
    assume((shapely.distance(shapely.points([start, end])[:, None], rims) > 1e-9).all())
    flood = Hazard("h", "flood", "physical", shapely.box(0.01, 0.01, 0.05, 0.045), weight=3.0)
    request = ask(
        start, end, mode=mode, hazards=[flood], aversions=(aversion,), obstacles=keeping_out(*areas)
    )
    barred = [
        contact(graph, Hazard(str(n), "x", "physical", area, exclusion=True))
        for n, area in enumerate(areas)
    ]
    snaps = Router(graph).met(request)
    expected = cheapest_with_edges_removed(
        graph, Travel(graph, TRAVELLERS[mode]), barred, aversion, [contact(graph, flood)], snaps
    )
    # What lies on no road keeps out of them too.
    for point, snap in zip((start, end), snaps, strict=True):
        off = shapely.LineString([point, (snap.lon, snap.lat)])
        if snap.distance_m > 0 and shapely.intersects(off, areas).any():
            expected = math.inf
    routes = attempt(Router(graph), request)
    if math.isinf(expected):
        assert not routes
        return
    assert routes[0].cost_s == pytest.approx(expected, rel=1e-9, abs=1e-6)
    for route in routes:
        assert not shapely.intersects(shapely.LineString(route.coordinates), areas).any()


@settings(deadline=None, max_examples=examples(100))
@given(world=small_worlds(), drawn=st.lists(boxes, min_size=1, max_size=3))
def test_the_parts_of_a_way_around_are_the_ways_that_are_found_alone(tiny_graph, world, drawn):
    graph = tiny_graph(*world, snap_limit_m=1e6)
    areas = [shapely.box(x, y, x + width, y + height) for x, y, width, height in drawn]
    router = Router(graph)
    ground = router.ground(ADULT)
    closed = closed_by(keeping_out(*areas), ground.network)
    marks = np.zeros(len(graph.edge_tail), np.bool_) if closed is None else closed.marks
    nodes = range(len(graph.node_lon))
    with router.residents.using(ground, 0.0, router.situation((), ADULT, AT)) as resident:
        # By the metric's bounds, and by exact ones.
        bounds, exact = (
            ClosedEdges(resident.metric.arcs, marks, settled) for settled in (10**6, 0)
        )
        for source, target in itertools.permutations(nodes, 2):
            around = (bounds, exact)[(source + target) % 2]
            try:
                told = ways_around(
                    ground.network, resident.metric, (source, target), around, (nodes, nodes)
                )
            except NoWay:
                continue
            for ends, (extra_s, edges) in told.items():
                alone = ways_around(ground.network, resident.metric, ends, bounds, ((), ()))
                assert extra_s == alone[ends][0]
                assert graph.edge_tail[edges[0]] == ends[0]
                assert graph.edge_head[edges[-1]] == ends[1]
                assert not marks[edges].any()


def test_ways_are_looked_for_once_in_a_request_and_kept_by_no_other(block, monkeypatch):
    looked = []

    def counted(network, *asked):
        looked.append(network)
        return ways_around(network, *asked)

    monkeypatch.setattr(avoid_search, "ways_around", counted)
    router, request = Router(block), ask(START, END, obstacles=keeping_out(SOUTH))
    first = router.routes(request)
    assert len(looked) <= 2
    again = len(looked)
    assert [route.cost_s for route in router.routes(request)] == [route.cost_s for route in first]
    assert len(looked) == again
    router.routes(replace(request, obstacles=keeping_out(SOUTH)))
    assert len(looked) > again


def test_what_is_left_of_obstacles_is_not_laid_again(block, monkeypatch):
    both = keeping_out(SOUTH, NORTH)
    laid = both.on(block)
    monkeypatch.setattr(hazard_overlay, "edges_touching", None)
    assert both.without({"0"}).on(block) == laid[1:]
    assert not both.without({"0", "1"}).on(block)


@pytest.fixture(scope="module")
def block(tiny_graph):
    """A square block: the short way along the south, the long one over the north."""
    nodes = [(0.0, 0.0), (0.02, 0.0), (0.02, 0.01), (0.0, 0.01), (-0.01, 0.0), (0.03, 0.0)]
    return tiny_graph(nodes, [(0, 1), (1, 2), (2, 3), (3, 0), (4, 0), (1, 5)], snap_limit_m=1e5)


START, END = (-0.01, 0.0), (0.03, 0.0)
SOUTH, NORTH = shapely.box(0.009, -0.001, 0.011, 0.001), shapely.box(0.009, 0.009, 0.011, 0.011)


def test_a_route_goes_round_and_the_next_request_does_not(block):
    router = Router(block)
    short = router.routes(ask(START, END))[0]
    around = router.routes(ask(START, END, obstacles=keeping_out(SOUTH)))
    assert [route.distance_m > short.distance_m for route in around] == [True]
    again = router.routes(ask(START, END))[0]
    assert again.distance_m == short.distance_m
    assert again.cost_s == short.cost_s


def test_p48_obstacles_make_no_metric_no_situation_and_no_contact_that_stays(block):
    router = Router(block)
    # Whoever comes first makes the metrics that all share; those know of no obstacle.
    router.routes(ask(START, END, obstacles=keeping_out(NORTH)))
    with pytest.raises(NoRoute):
        router.routes(ask(START, END, obstacles=keeping_out(NORTH, SOUTH)))

    def held():
        return (
            set(router.residents._kept),
            [resident.version for resident in router.residents._kept.values()],
            set(router._situations),
            set(router.layer._kept),
        )

    before = held()
    router.routes(ask(START, END, obstacles=keeping_out(SOUTH)))
    with pytest.raises(NoRoute):
        router.routes(ask(START, END, obstacles=keeping_out(SOUTH, NORTH)))
    assert held() == before


def test_the_obstacles_in_the_way_are_named_and_not_those_elsewhere(block):
    router = Router(block)
    aside = shapely.box(0.04, 0.04, 0.05, 0.05)
    with pytest.raises(NoRoute) as refused:
        router.routes(ask(START, END, obstacles=keeping_out(aside, SOUTH, NORTH)))
    assert refused.value.blocked_by == (Blocker("obstacle", "1"),)


def test_an_end_inside_an_obstacle_is_refused(block):
    with pytest.raises(NoRoute) as refused:
        Router(block).routes(
            ask(START, END, obstacles=keeping_out(shapely.Point(END).buffer(1e-3)))
        )
    assert [blocker.kind for blocker in refused.value.blocked_by] == ["obstacle"]


def test_what_blocks_without_obstacles_is_said_first(block):
    shut = Hazard(
        "H", "flood", "physical", shapely.box(-0.006, -1e-3, -0.005, 1e-3), exclusion=True
    )
    with pytest.raises(NoRoute) as refused:
        Router(block).routes(ask(START, END, hazards=[shut], obstacles=keeping_out(SOUTH)))
    assert [blocker.id for blocker in refused.value.blocked_by] == ["H"]


def test_obstacles_do_not_open_what_an_exclusion_closes(block):
    shut = Hazard("H", "flood", "physical", NORTH, exclusion=True)
    with pytest.raises(NoRoute) as refused:
        Router(block).routes(ask(START, END, hazards=[shut], obstacles=keeping_out(SOUTH)))
    assert refused.value.blocked_by == (Blocker("obstacle", "0"),)


def test_obstacles_hold_across_a_crossing(tiny_graph):
    """Two posts: whoever keeps out of the near one passes the far one."""
    a, b = (0.0, "AA"), (0.0, "BB")
    nodes = [(0.0, 0.0, *a), (0.01, 0.0, *a), (0.01, 0.0, *b), (0.02, 0.0, *b),
             (0.01, 0.02, *a), (0.01, 0.02, *b)]  # fmt: skip
    edges = [(0, 1), (1, 2, {"length_m": 0.0}), (2, 3), (0, 4), (4, 5, {"length_m": 0.0}), (5, 3)]
    graph = tiny_graph(nodes, edges, kind="sketch", snap_limit_m=1e5)
    posts = [
        Crossing(name, name, 0.01, lat, ("AA", "BB"), passable=True, state="open")
        for name, lat in (("near", 0.0), ("far", 0.02))
    ]
    request = ask((0.0, 0.0), (0.02, 0.0), crossings=posts, start_country="AA", end_country="BB")
    router = Router(graph)
    assert router.routes(request)[0].crossings == ("near",)
    for area in (
        SOUTH,
        shapely.box(0.014, -1e-3, 0.016, 1e-3),
        shapely.box(4e-3, -1e-3, 5e-3, 1e-3),
    ):
        around = router.routes(replace(request, obstacles=keeping_out(area)))
        assert [route.crossings for route in around] == [("far",)]
    both = keeping_out(shapely.box(0.009, -0.001, 0.011, 0.021))
    with pytest.raises(NoRoute) as refused:
        router.routes(replace(request, obstacles=both))
    assert refused.value.blocked_by == (Blocker("obstacle", "0"),)


def test_a_detour_that_comes_too_late_to_a_crossing_names_the_obstacle(tiny_graph):
    a, b = (0.0, "AA"), (0.0, "BB")
    nodes = [(0.0, 0.0, *a), (0.02, 0.0, *a), (0.02, 0.0, *b), (0.03, 0.0, *b), (0.01, 0.02, *a)]
    edges = [(0, 1), (1, 2, {"length_m": 0.0}), (2, 3), (0, 4, {"length_m": 20_000}), (4, 1)]
    graph = tiny_graph(nodes, edges, kind="sketch", snap_limit_m=1e5)
    until = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    post = Crossing("x", "x", 0.02, 0.0, ("AA", "BB"), passable=True, state="open",
                    opens=lambda at: at if at < until else None)  # fmt: skip
    request = ask((0.0, 0.0), (0.03, 0.0), at=AT, crossings=[post], start_country="AA",
                  end_country="BB")  # fmt: skip
    router = Router(graph)
    assert router.routes(request)
    with pytest.raises(NoRoute) as refused:
        router.routes(replace(request, obstacles=keeping_out(SOUTH)))
    assert refused.value.blocked_by == (Blocker("obstacle", "0"),)


def test_obstacles_hold_on_every_region(block):
    answer = Continent([Router(block)]).routes(ask(START, END, obstacles=keeping_out(SOUTH)))
    assert not shapely.intersects(shapely.LineString(answer.routes[0].coordinates), SOUTH)


def test_the_sketch_does_not_answer_for_a_region_that_obstacles_shut(sketch, detail):
    """Its straight lines miss an area that the roads they stand for run through."""
    regions = [detail("AA", 0.0, 1.0, "aa"), detail("CC", 2.0, 3.0, "cc"), sketch]
    fence = shapely.box(0.74, 0.0002, 0.76, 0.0006)
    with pytest.raises(NoRoute) as refused:
        Continent(regions).routes(ask_over(obstacles=keeping_out(fence)))
    assert refused.value.blocked_by == (Blocker("obstacle", "0"),)
    assert Continent(regions).routes(ask_over()).routes


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("areas", "said"),
    [
        ([shapely.Point(0, 0)], "alone"),
        ([shapely.GeometryCollection([SOUTH])], "alone"),
        ([SOUTH] * (MAX_OBSTACLES + 1), "polygons"),
        ([shapely.MultiPolygon([SOUTH] * (MAX_OBSTACLES + 1))], "polygons"),
        ([shapely.Point(0, 0).buffer(0.01, quad_segs=MAX_VERTICES)], "vertices"),
        ([shapely.Polygon([(0, 0), (1e-2, 1e-2), (1e-2, 0), (0, 1e-2)])], "valid"),
        ([shapely.Polygon()], "valid"),
        ([shapely.box(0, 0, 0.2, 1e-3)], "wider"),
        ([shapely.box(n, 0, n + 0.1, 0.1) for n in range(2)], "km2"),
    ],
)  # fmt: skip
def test_what_is_no_obstacle_or_too_large_is_refused_with_its_limit(areas, said):
    with pytest.raises(InvalidRequest, match=said) as refused:
        Obstacles.of(areas, "avoid")
    assert refused.value.field == "avoid"


def test_area_and_extent_shrink_with_the_cosine_of_the_latitude():
    assert len(Obstacles.of([shapely.box(0, 60, 0.2, 60.05)])) == 1
