"""From one place to many on the roads: against networkx, against the router, rule by rule."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
import shapely

from routing import cch
from routing.engine import _dijkstra_kernel
from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.geometry import segment_grid
from routing.geometry.geodesy import great_circle_m
from routing.graph import _polyline_kernel, _snap_kernel
from routing.graph.regions import open_graph, write_graph
from routing.graph.snapping import snap_to_edge
from routing.osm_tags.edge_flags import Mode
from routing.route import _segment_kernels, coverage
from routing.router.reachability import KEPT_METRICS, Reacher, ReachPlace, ReachRequest
from routing.router.regional import Router, RouteRequest
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from routing.travel.profiles import ADULT
from routing.travel.speed import FLAT_KMH
from routing.travel.support_points import Support
from routing.warmup import warm

AT = datetime(2026, 11, 24, 13, tzinfo=UTC)

#: What is nearest is told by the time under way: the nights of a route are left out.
RESTLESS = replace(ADULT, window_start=None, window_end=None, day_max_m=math.inf)


def street_grid(tiny_graph, seed, *, side=5, country=None):
    """Give a grid of streets of random lengths, some of them one way for vehicles."""
    rng = np.random.default_rng(seed)
    nodes = [
        (-72.5 + 0.01 * x, 7.9 + 0.01 * y, float("nan"), country(x, y) if country else "CO")
        for y in range(side)
        for x in range(side)
    ]
    edges = []
    for y in range(side):
        for x in range(side):
            here = y * side + x
            for other in [here + 1] * (x + 1 < side) + [here + side] * (y + 1 < side):
                if rng.random() < 0.85:
                    length_m = float(rng.uniform(1200, 4000))
                    oneway = "all" if rng.random() < 0.15 else ""
                    edges.append((here, other, {"length_m": length_m, "oneway": oneway}))
    return tiny_graph(nodes, edges, snap_limit_m=30_000.0)


def places(rng, count, country="CO"):
    return [
        ReachPlace(-72.5 + rng.uniform(0, 0.04), 7.9 + rng.uniform(0, 0.04), country)
        for _ in range(count)
    ]


def split_network(graph, snaps):
    """Give the graph with every snapped place as a node ("p", i), in metres: an oracle's own."""
    on_edge = {}
    for index, snap in enumerate(snaps):
        on_edge.setdefault(snap.edge, []).append((snap.fraction, ("p", index)))
        twin = int(graph.edge_twin[snap.edge])
        if twin >= 0:
            on_edge.setdefault(twin, []).append((1 - snap.fraction, ("p", index)))
    network = nx.DiGraph()
    for edge in range(graph.meta.edge_count):
        length_m = float(graph.edge_length_m[edge])
        stops = [(0.0, int(graph.edge_tail[edge]))]
        stops += sorted(on_edge.get(edge, []), key=lambda stop: stop[0])
        stops += [(1.0, int(graph.edge_head[edge]))]
        for (start, one), (end, other) in pairwise(stops):
            along_m = (end - start) * length_m
            if network.has_edge(one, other):
                along_m = min(along_m, network[one][other]["weight"])
            network.add_edge(one, other, weight=along_m)
    return network


@pytest.mark.parametrize("seed", range(12))
def test_every_target_is_as_far_as_networkx_says(tiny_graph, seed):
    graph = street_grid(tiny_graph, seed)
    rng = np.random.default_rng(seed + 100)
    start, *targets = places(rng, 13)
    reached = Reacher(Router(graph)).reach(ReachRequest(start, targets, AT))
    snaps = [snap_to_edge(graph, p.lon, p.lat, Mode.FOOT, "CO") for p in (start, *targets)]
    lengths = nx.single_source_dijkstra_path_length(split_network(graph, snaps), ("p", 0))
    expected = [lengths.get(("p", index + 1), np.inf) for index in range(len(targets))]
    np.testing.assert_allclose(reached.distance_m, expected, rtol=1e-9)
    np.testing.assert_allclose(reached.duration_s, reached.distance_m * 3.6 / FLAT_KMH, rtol=1e-9)
    assert reached.start_off_m == snaps[0].distance_m
    np.testing.assert_array_equal(reached.target_off_m, [s.distance_m for s in snaps[1:]])


@pytest.mark.every(3)
@pytest.mark.parametrize("seed", range(12))
def test_hazards_count_as_they_do_for_routes(tiny_graph, seed):
    graph = street_grid(tiny_graph, seed)
    rng = np.random.default_rng(seed + 200)
    start, *targets = places(rng, 9)
    hazards = [
        Hazard(
            str(index),
            "flood",
            "physical",
            shapely.box(lon, lat, lon + 0.012, lat + 0.012),
            exclusion=index == 0,
            weight=2.0,
        )
        for index, (lon, lat) in enumerate(rng.uniform((-72.5, 7.9), (-72.46, 7.94), (3, 2)))
    ]
    router = Router(graph, profile=RESTLESS)
    reached = Reacher(router).reach(ReachRequest(start, targets, AT, hazards=hazards))
    for index, target in enumerate(targets):
        request = RouteRequest(
            (start.lon, start.lat),
            (target.lon, target.lat),
            Mode.FOOT,
            AT,
            "CO",
            "CO",
            hazards=hazards,
            aversions=(1.0,),
        )
        if router.met(request)[0].distance_m != reached.start_off_m:
            continue  # for this target alone another start is nearer
        try:
            route = router.routes(request)[0]
        except NoRoute:
            assert reached.cost_s[index] == np.inf
            assert reached.distance_m[index] == np.inf
            continue
        np.testing.assert_allclose(
            [reached.cost_s[index], reached.distance_m[index], reached.duration_s[index]],
            [route.cost_s, route.distance_m, route.duration_s],
        )
        exposed_s = reached.cost_s[index] - reached.duration_s[index]
        assert reached.exposure_s[index] == pytest.approx(exposed_s, abs=1e-6)


def test_the_sketch_answers_as_the_router_does(sketch, open_crossings, towns):
    router = Router(sketch, profile=RESTLESS)
    start = ReachPlace(*towns["CO", "Cúcuta"], "CO")
    asked = [
        ReachPlace(*position, country)
        for (country, name), position in list(towns.items())[::40]
        if name != "Cúcuta" and country
    ]
    reached = Reacher(router).reach(ReachRequest(start, asked, AT, open_crossings))
    compared = 0
    for index, target in enumerate(asked[:25]):
        request = RouteRequest(
            (start.lon, start.lat),
            (target.lon, target.lat),
            Mode.FOOT,
            AT,
            "CO",
            target.country,
            open_crossings,
            aversions=(1.0,),
        )
        try:
            route = router.routes(request)[0]
        except NoRoute:
            assert reached.distance_m[index] == np.inf
            continue
        compared += 1
        assert reached.cost_s[index] == pytest.approx(route.cost_s)
        assert [c.id for c in reached.crossings[index]] == list(route.crossings)
    assert compared > 10


def two_countries(tiny_graph):
    """Give a road of four junctions, the border in the middle of it."""
    nodes = [(-72.50 + 0.01 * i, 7.9, float("nan"), "CO" if i < 2 else "VE") for i in range(4)]
    return tiny_graph(nodes, [(0, 1), (1, 2), (2, 3)])


def bridge(state):
    return Crossing(
        "X", "Puente", -72.485, 7.9, ("CO", "VE"), passable=state == "open", state=state
    )


@pytest.mark.parametrize("state", ["open", "closed", "not_known"])
def test_p10_p33_borders_open_only_at_open_crossings(tiny_graph, state):
    reacher = Reacher(Router(two_countries(tiny_graph)))
    start, own, abroad = (
        ReachPlace(-72.499, 7.9, "CO"),
        ReachPlace(-72.492, 7.9, "CO"),
        ReachPlace(-72.475, 7.9, "VE"),
    )
    reached = reacher.reach(ReachRequest(start, [own, abroad], AT, [bridge(state)]))
    assert np.isfinite(reached.distance_m[0])
    assert reached.crossings[0] == ()
    assert np.isfinite(reached.distance_m[1]) == (state == "open")
    assert [c.id for c in reached.crossings[1]] == (["X"] if state == "open" else [])
    none = reacher.reach(ReachRequest(start, [own, abroad], AT))
    assert none.distance_m[1] == np.inf


def test_p33_a_target_snaps_only_within_its_country(tiny_graph):
    reacher = Reacher(Router(two_countries(tiny_graph)))
    # In sight of the Venezuelan road, but of Colombia.
    reached = reacher.reach(
        ReachRequest(
            ReachPlace(-72.499, 7.9, "CO"), [ReachPlace(-72.479, 7.9, "CO")], AT, [bridge("open")]
        )
    )
    assert reached.crossings[0] == ()
    assert reached.target_off_m[0] > 1_000


def test_a_target_far_from_every_road_is_not_reached(tiny_graph):
    reacher = Reacher(Router(two_countries(tiny_graph)))
    reached = reacher.reach(
        ReachRequest(ReachPlace(-72.5, 7.9, "CO"), [ReachPlace(-72.5, 8.9, "CO")], AT)
    )
    assert reached.distance_m[0] == np.inf
    assert reached.target_off_m[0] == np.inf
    assert reached.crossings == ((),)


def test_a_start_far_from_every_road_is_refused(tiny_graph):
    reacher = Reacher(Router(two_countries(tiny_graph)))
    with pytest.raises(OffNetwork):
        reacher.reach(ReachRequest(ReachPlace(-72.5, 8.9, "CO"), [], AT))
    with pytest.raises(InvalidRequest):
        reacher.reach(ReachRequest(ReachPlace(-72.5, 7.9, "CO"), [], AT.replace(tzinfo=None)))


def test_the_limit_cuts_what_costs_more(tiny_graph):
    graph = street_grid(tiny_graph, 3)
    rng = np.random.default_rng(5)
    start, *targets = places(rng, 30)
    reacher = Reacher(Router(graph))
    whole = reacher.reach(ReachRequest(start, targets, AT))
    limit_s = float(np.median(whole.cost_s))
    cut = reacher.reach(ReachRequest(start, targets, AT, limit_s=limit_s))
    within = whole.cost_s <= limit_s
    assert 0 < within.sum() < len(targets)
    np.testing.assert_array_equal(cut.cost_s[within], whole.cost_s[within])
    assert np.isinf(cut.cost_s[~within]).all()


def test_p10_a_crossing_that_closes_is_closed_in_the_next_answer(tiny_graph):
    reacher = Reacher(Router(two_countries(tiny_graph)))
    start, abroad = ReachPlace(-72.499, 7.9, "CO"), ReachPlace(-72.475, 7.9, "VE")
    for state in ("open", "closed", "open", "not_known", "open"):
        reached = reacher.reach(ReachRequest(start, [abroad], AT, [bridge(state)]))
        assert np.isfinite(reached.distance_m[0]) == (state == "open")
        assert [c.state for c in reached.crossings[0]] == (["open"] if state == "open" else [])


def test_p14_a_hazard_that_changes_counts_in_the_next_answer(tiny_graph):
    graph = street_grid(tiny_graph, 1)
    rng = np.random.default_rng(7)
    start, *targets = places(rng, 9)
    reacher = Reacher(Router(graph))
    area = shapely.box(-72.5, 7.9, -72.48, 7.92)
    for hazards in ([], [area], [], [area.buffer(0.004)], [area]):
        made = [Hazard("h", "flood", "physical", shape) for shape in hazards]
        request = ReachRequest(start, targets, AT, hazards=made)
        np.testing.assert_array_equal(
            reacher.reach(request).cost_s, Reacher(Router(graph)).reach(request).cost_s
        )


def test_metrics_are_kept_and_the_oldest_goes(tiny_graph):
    reacher = Reacher(Router(two_countries(tiny_graph)))
    start = ReachPlace(-72.5, 7.9, "CO")
    made = []
    for index in range(KEPT_METRICS + 2):
        crossing = Crossing(
            f"X{index}", "Puente", -72.485, 7.9, ("CO", "VE"), passable=True, state="open"
        )
        made.append(ReachRequest(start, [ReachPlace(-72.475, 7.9, "VE")], AT, [crossing]))
    for index, request in enumerate([*made, *made]):
        expected = f"X{index % len(made)}"
        assert [c.id for c in reacher.reach(request).crossings[0]] == [expected]
    assert len(reacher._metrics) == KEPT_METRICS


def first_by_brute_force(graph, start, targets, here_m):
    """Walk every least way and see what is met on it."""
    solved = Reacher(Router(graph)).tree(ReachRequest(start, targets, AT))
    snaps = [solved.start, *solved.targets]  # their oracle is in test_meeting.py
    network = split_network(graph, snaps)
    lengths, paths = nx.single_source_dijkstra(network, ("p", 0))
    spots = [start, *targets]
    whole_m = {
        i: lengths["p", i] + snaps[i].distance_m + snaps[0].distance_m
        for i in range(1, len(snaps))
        if ("p", i) in lengths
    }
    away = [
        i
        for i, way_m in whole_m.items()
        if way_m >= here_m and max(lengths["p", i], line_m(spots[0], spots[i])) >= here_m
    ]
    at_junction = {}
    for i in away:
        edge, length_m = snaps[i].edge, float(graph.edge_length_m[snaps[i].edge])
        for node, share in (
            (int(graph.edge_tail[edge]), snaps[i].fraction),
            (int(graph.edge_head[edge]), 1 - snaps[i].fraction),
        ):
            if share * length_m <= here_m:
                at_junction.setdefault(node, set()).add(i)
    rank = {i: (lengths["p", i], i) for i in away}
    found = []
    for i in away:
        met = {i}
        for stop in paths["p", i]:
            met |= (
                {stop[1]} & set(away) if isinstance(stop, tuple) else at_junction.get(stop, set())
            )
        if min(met, key=rank.__getitem__) == i:
            found.append(i)
    told = []
    for i in sorted(found, key=whole_m.__getitem__):
        if all(line_m(spots[i], spots[k]) >= here_m for k in told):
            told.append(i)
    return [i - 1 for i in told]


def line_m(one, other):
    return float(great_circle_m(one.lon, one.lat, other.lon, other.lat))


@pytest.mark.every(5)
@pytest.mark.parametrize("seed", range(25))
def test_p43_what_is_met_first_on_each_way_out(tiny_graph, seed):
    graph = street_grid(tiny_graph, seed, side=6)
    rng = np.random.default_rng(seed + 300)
    start, *targets = places(rng, 9)
    found = Reacher(Router(graph)).first_met(
        ReachRequest(start, targets, AT), here_m=700.0, count=99
    )
    assert [met.index for met in found] == first_by_brute_force(graph, start, targets, 700.0)


def test_p43_of_places_in_one_town_the_nearest_is_met_first(tiny_graph):
    nodes = [(-72.50 + 0.03 * i, 7.9) for i in range(4)]
    graph = tiny_graph(nodes, [(0, 1), (1, 2), (2, 3)])
    town = [ReachPlace(-72.441, 7.9), ReachPlace(-72.442, 7.9), ReachPlace(-72.439, 7.9)]
    behind, here = ReachPlace(-72.412, 7.9), ReachPlace(-72.4695, 7.9)
    found = Reacher(Router(graph)).first_met(
        ReachRequest(ReachPlace(-72.47, 7.9), [*town, behind, here, ReachPlace(-72.499, 7.9)], AT)
    )
    assert [met.index for met in found] == [1, 5]
    assert found[0].distance_m == pytest.approx(3090, rel=0.01)


def test_p43_what_stands_side_by_side_off_the_road_is_no_next_place(tiny_graph):
    nodes = [(-72.50 + 0.03 * i, 7.9) for i in range(3)]
    graph = tiny_graph(nodes, [(0, 1), (1, 2)])
    # 600 m off the road each: two lines of it are longer than what counts as here.
    off = 7.9054
    start, beside = ReachPlace(-72.47, off), ReachPlace(-72.4703, off)
    east, west = ReachPlace(-72.459, 7.8946), ReachPlace(-72.499, 7.9)
    found = Reacher(Router(graph)).first_met(ReachRequest(start, [start, beside, east, west], AT))
    assert [met.index for met in found] == [2, 3]
    # The lines off the road are part of the way.
    assert [met.distance_m for met in found] == pytest.approx([1213 + 1201, 3197 + 600], rel=0.01)


def test_p43_two_on_two_streets_of_one_town_are_one_direction(tiny_graph):
    # A road east that forks 1.2 km before a town; a place at the end of each street.
    nodes = [(-72.50, 7.9), (-72.46, 7.9), (-72.449, 7.9021), (-72.449, 7.898), (-72.54, 7.9)]
    graph = tiny_graph(nodes, [(0, 1), (1, 2), (1, 3), (0, 4)])
    north, south = ReachPlace(-72.449, 7.9021), ReachPlace(-72.449, 7.898)
    west = ReachPlace(-72.539, 7.9)
    found = Reacher(Router(graph)).first_met(
        ReachRequest(ReachPlace(-72.50, 7.9), [south, north, west], AT)
    )
    assert [met.index for met in found] == [2, 0]


def compiled_kernels():
    modules = (
        _dijkstra_kernel,
        _polyline_kernel,
        segment_grid,
        _snap_kernel,
        _segment_kernels,
        coverage,
        cch.customization,
        cch.queries,
        cch.partial_customization,
    )
    kernels = {k for module in modules for k in vars(module).values() if hasattr(k, "signatures")}
    return {kernel.py_func.__qualname__: len(kernel.signatures) for kernel in kernels}


def test_warming_compiles_what_requests_use(tiny_graph, tmp_path):
    write_graph(tmp_path, two_countries(tiny_graph))
    graph = open_graph(tmp_path / "tiny")
    warm()
    compiled = compiled_kernels()
    assert len(compiled) > 12
    router = Router(graph)
    request = ReachRequest(ReachPlace(-72.5, 7.9), [ReachPlace(-72.492, 7.9)], AT, [bridge("open")])
    Reacher(router).reach(request)
    Reacher(router).first_met(request)
    router.routes(RouteRequest((-72.5, 7.9), (-72.492, 7.9), Mode.FOOT, AT))
    line = coverage.MeasuredLine(np.array([[-72.5, 7.9], [-72.492, 7.9]]), np.array([0.0, 900.0]))
    coverage.coverage(line, [Support("s", "s", "s", -72.495, 7.9)], access_m=1_000)
    assert compiled_kernels() == compiled
