"""Stretches of a route: what is said of each, and that they add up to the route."""

import itertools
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.graph.snapping import snap_to_edge
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.route.explanation import explained
from routing.route.route import Route, make_route
from routing.route.segments import RouteSegments
from routing.router.regional import Router, RouteRequest
from routing.travel.cost_model import Travel
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import contact
from routing.travel.legs import Legs
from routing.travel.profiles import ADULT
from tests.fixtures.examples import examples

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
STEP = 0.01  # degrees between the nodes of the street, about 1.1 km
SURFACES = ("asphalt", "gravel", "unknown")
LIGHTS = (0, int(EdgeFlag.LIT_YES), int(EdgeFlag.LIT_NO))
WALKS = (0, int(EdgeFlag.SIDEWALK_YES), int(EdgeFlag.SIDEWALK_NO))
KINDS = ("flood", "robbery", "pedestrian_traffic")
RATES = {"rate_per_km": 1e-3, "rate_low": 5e-4, "rate_high": 2e-3}

blocks = st.tuples(
    st.sampled_from(SURFACES),
    st.sampled_from(LIGHTS),
    st.sampled_from(WALKS),
    st.sampled_from((0, 30, 80)),
    st.none() | st.floats(2000, 4500),
    st.booleans(),
)
areas = st.tuples(st.floats(-0.5, 7.5), st.floats(0.01, 3), st.sampled_from(KINDS), st.booleans())


def street(tiny_graph, rows):
    """Build a straight street from west to east, one block a row, as a graph."""
    heights = [row[4] if row[4] is not None else float("nan") for row in rows]
    nodes = [(STEP * n, 0.0, heights[min(n, len(rows) - 1)]) for n in range(len(rows) + 1)]
    edges = [
        (n, n + 1, {"surface": row[0], "flags": row[1] | row[2], "maxspeed": row[3]})
        for n, row in enumerate(rows)
    ]
    return tiny_graph(nodes, edges)


def eastward(graph, count):
    """Give the directed edges of the street from west to east."""
    tail, head = graph.node_lon[graph.edge_tail], graph.node_lon[graph.edge_head]
    east = np.flatnonzero(head > tail)
    return east[np.argsort(tail[east])][:count].tolist()


def hazards_of(drawn):
    """Give areas across the street; x and width in blocks."""
    return [
        Hazard(
            id=f"h{n}",
            kind=kind,
            family="physical",
            geometry=shapely.box(STEP * x, -0.005, STEP * (x + width), 0.005),
            **(RATES if is_rated else {}),
        )
        for n, (x, width, kind, is_rated) in enumerate(drawn)
    ]


def walk(tiny_graph, rows, drawn, start=0.0, end=1.0):
    """Give the street's route from part of the first block to part of the last."""
    graph = street(tiny_graph, rows)
    pieces = [(edge, 0.0, 1.0) for edge in eastward(graph, len(rows))]
    pieces[0] = (pieces[0][0], start, 1.0)
    pieces[-1] = (pieces[-1][0], pieces[-1][1], end)
    night = np.array([row[5] for row in rows])
    contacts = [contact(graph, hazard) for hazard in hazards_of(drawn)]
    snaps = (snap_to_edge(graph, 0.0, 0.0, Mode.FOOT, limit_m=1e9),) * 2
    route = make_route(Travel(graph, ADULT), Legs.of(pieces), contacts, night, snaps, AT)
    return route, contacts, night


def assert_adds_up(route: Route) -> None:
    parts = route.segments
    assert parts[0].from_m == 0
    assert parts[-1].to_m == pytest.approx(route.distance_m, rel=1e-9)
    for one, two in itertools.pairwise(parts):
        assert one.to_m == two.from_m
    for name in ("duration_s", "ascent_m"):
        total = sum(getattr(part, name) for part in parts)
        assert total == pytest.approx(getattr(route, name), rel=1e-9, abs=1e-9)
    assert {kind for part in parts for kind in part.exposure} <= route.exposure.keys()
    for kind, exposure in route.exposure.items():
        total = sum(part.exposure.get(kind, 0.0) for part in parts)
        assert total == pytest.approx(exposure.value, rel=1e-9, abs=1e-12)
        if exposure.value:
            shares = [part.exposure.get(kind, 0.0) / exposure.value for part in parts]
            assert sum(shares) == pytest.approx(1, abs=1e-6)
    for what, metres in route.unknown.items():
        total = sum(part.unknown.get(what, 0.0) for part in parts)
        assert total == pytest.approx(metres, rel=1e-9, abs=1e-6)


@given(
    st.lists(blocks, min_size=1, max_size=6),
    st.lists(areas, max_size=4),
    st.floats(0, 0.4),
    st.floats(0.6, 1),
)
@settings(max_examples=examples(150), deadline=None)
def test_stretches_add_up_to_the_route(tiny_graph, rows, drawn, start, end):
    route, _, _ = walk(tiny_graph, rows, drawn, start, end)
    assert_adds_up(route)


@given(st.lists(blocks, min_size=1, max_size=5), st.lists(areas, max_size=3), st.floats(0.1, 0.9))
@settings(max_examples=examples(80), deadline=None)
def test_a_leg_walked_in_two_parts_is_told_the_same(tiny_graph, rows, drawn, at):
    route, contacts, night = walk(tiny_graph, rows, drawn)
    split = [half for edge, _, _ in route.edges for half in ((edge, 0.0, at), (edge, at, 1.0))]
    graph = street(tiny_graph, rows)
    again = explained(Travel(graph, ADULT), Legs.of(split), contacts, np.repeat(night, 2))
    assert len(again) == len(route.segments)
    for one, two in zip(route.segments, again, strict=True):
        assert two.hazards == one.hazards
        assert (two.surface, two.lit, two.sidewalk) == (one.surface, one.lit, one.sidewalk)
        assert two.to_m == pytest.approx(one.to_m, abs=1e-6)
        assert two.duration_s == pytest.approx(one.duration_s, abs=1e-6)
        for kind, value in one.exposure.items():
            assert two.exposure[kind] == pytest.approx(value, rel=1e-9, abs=1e-12)


@given(st.lists(blocks, min_size=1, max_size=5), st.lists(areas, max_size=4))
@settings(max_examples=examples(80), deadline=None)
def test_each_metre_is_told_as_its_own_place_is(tiny_graph, rows, drawn):
    """Look up points in the middle of nowhere particular, straight from what was drawn."""
    route, _, _ = walk(tiny_graph, rows, drawn)
    total_m = route.distance_m
    for share in (0.013, 0.29, 0.51, 0.77, 0.991):
        at_m, x = share * total_m, share * len(rows)
        edges = [edge for drawn_at, width, *_ in drawn for edge in (drawn_at, drawn_at + width)]
        if min((abs(x - edge) for edge in [*edges, *range(len(rows) + 1)]), default=1) < 1e-3:
            continue
        here = next(part for part in route.segments if part.from_m <= at_m < part.to_m)
        row = rows[int(x)]
        assert here.surface == (None if row[0] == "unknown" else row[0])
        assert here.lit == (None, True, False)[LIGHTS.index(row[1])]
        assert here.sidewalk == (None, True, False)[WALKS.index(row[2])]
        assert here.night == row[5]
        inside = {f"h{n}" for n, (a, width, *_) in enumerate(drawn) if a < x < a + width}
        assert set(here.hazards) == inside
        # What rounding leaves beside a hazard is not worth a word.
        assert (here.unknown.get("hazards", 0.0) > 1e-3) == (not inside)


def test_stretches_that_say_the_same_are_one(tiny_graph):
    row = ("asphalt", LIGHTS[1], WALKS[0], 0, None, False)
    route, _, _ = walk(tiny_graph, [row] * 4, [])
    assert len(route.segments) == 1
    route, _, _ = walk(tiny_graph, [row] * 4, [(1.5, 1.0, "flood", False)])
    inside = [bool(part.hazards) for part in route.segments]
    assert inside == [False, True, False]
    assert route.segments[1].length_m == pytest.approx(route.distance_m / 4, rel=1e-6)
    assert route.segments[1].exposure == {"flood": pytest.approx(route.distance_m / 4000, rel=1e-6)}


def test_overlapping_hazards_without_a_rate_count_once(tiny_graph):
    row = ("asphalt", 0, 0, 0, None, False)
    route, _, _ = walk(
        tiny_graph, [row] * 4, [(0.5, 2.0, "flood", False), (1.5, 2.0, "flood", False)]
    )
    assert [len(part.hazards) for part in route.segments] == [0, 1, 2, 1, 0]
    assert_adds_up(route)
    assert route.exposure["flood"].value == pytest.approx(3 / 4 * route.distance_m / 1000, rel=1e-6)


def test_factors_say_what_applied_and_what_is_unknown(tiny_graph):
    lit, unknown = ("asphalt", LIGHTS[1], 0, 0, None, True), ("asphalt", 0, 0, 0, None, True)
    by_day = ("asphalt", 0, 0, 0, None, False)
    route, _, _ = walk(tiny_graph, [lit, unknown, by_day], [(-1, 9, "robbery", True)])
    one, two, three = (part.factors for part in route.segments)
    assert [(f.name, f.value, f.is_unknown) for f in one] == [("lighting", 0.64, False)]
    assert [(f.name, f.value, f.is_unknown) for f in two] == [("lighting", 1.0, True)]
    assert three == ()
    no_rate, _, _ = walk(tiny_graph, [lit, unknown], [(-1, 9, "robbery", False)])
    assert not any(part.factors for part in no_rate.segments)


def test_real_roads_have_names_source_and_date(sketch, towns, open_crossings):
    start, end = towns["CO", "Cúcuta"], towns["CO", "Bucaramanga"]
    request = RouteRequest(start, end, Mode.FOOT, AT, crossings=open_crossings)
    for route in Router(sketch).routes(request):
        assert_adds_up(route)
        assert all(part.network == "sketch" for part in route.segments)
        assert all(part.length_m > 0 for part in route.segments)
        assert any(part.road or part.ref for part in route.segments)


def test_a_border_edge_without_length_is_no_stretch(sketch, towns, open_crossings):
    start, end = towns["VE", "San Cristóbal"], towns["CO", "Cúcuta"]
    request = RouteRequest(start, end, Mode.FOOT, AT, crossings=open_crossings)
    route = Router(sketch).routes(request)[0]
    assert route.crossings
    assert "border" not in {part.road_class for part in route.segments}
    assert_adds_up(route)


def test_a_way_that_goes_nowhere_is_one_stretch(tiny_graph):
    row = ("asphalt", 0, 0, 0, None, False)
    graph = street(tiny_graph, [row])
    edge = eastward(graph, 1)[0]
    (only,) = explained(Travel(graph, ADULT), Legs.of([(edge, 0.3, 0.3)]), [], np.zeros(1, bool))
    assert (only.from_m, only.to_m, only.surface) == (0, 0, "asphalt")
    assert len(explained(Travel(graph, ADULT), Legs.of([]), [], np.zeros(0, bool))) == 0


def test_segments_are_rows_and_columns_of_the_same(tiny_graph):
    rows = [(surface, 0, 0, 0, None, False) for surface in SURFACES]
    parts = walk(tiny_graph, rows, [(0.5, 1.0, "flood", False)])[0].segments
    listed = list(parts)
    assert len(parts) == len(listed) == 5
    assert [parts[row] for row in range(-5, 5)] == listed * 2
    assert list(parts[1:3]) == listed[1:3]
    assert list(RouteSegments.of(listed)) == listed
    assert list(RouteSegments.of([])) == []
    with pytest.raises(IndexError):
        parts[5]
    two = RouteSegments.joined([parts, parts], [0.0, 5_000.0])
    assert list(two[:5]) == listed
    moved = [row._replace(from_m=row.from_m + 5_000, to_m=row.to_m + 5_000) for row in listed]
    assert list(two[5:]) == moved
