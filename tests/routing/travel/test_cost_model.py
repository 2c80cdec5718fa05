"""Costs: walking speed, altitude, hazards, and what is not known."""

import math
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.errors import InvalidRequest
from routing.osm_tags.edge_flags import Mode
from routing.travel.cost_model import (
    ALTITUDE_PRICE_S_PER_H,
    EVENT_PRICE_S,
    CostModel,
    Travel,
    hazard_prices,
    km_inside_price_s,
    share_above,
)
from routing.travel.exposure import covered_m, hazard_exposure
from routing.travel.hazard import GARWOOD_UPPER, Hazard
from routing.travel.hazard_overlay import contact
from routing.travel.legs import Legs
from routing.travel.profiles import ADULT, FAMILY, VEHICLE, counts_at, walking_days
from routing.travel.speed import FLAT_KMH, climb_pace_s_per_m, tobler_kmh
from tests.fixtures.examples import examples

MORNING = datetime(2026, 11, 24, 8, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 20, tzinfo=UTC)

TRAVELLERS = {Mode.FOOT: ADULT, Mode.VEHICLE: VEHICLE}

parts = st.floats(0.0, 1.0)


def everything(travel):
    return np.arange(len(travel.graph.edge_tail))


def shares(graph, laid):
    """Give the share of each edge of a graph that lies inside a hazard."""
    return laid.share_of(Legs.whole(np.arange(len(graph.edge_tail))))


def exposures(travel, laid, legs):
    """Give what a way by day meets, of hazards and of altitude."""
    night = np.zeros(len(legs.edge), dtype=bool)
    length_m = travel.length_m(legs.edge)
    met = hazard_exposure(laid, legs, length_m, night, travel.relative_risk)
    return met | travel.altitude_exposure(legs)


def hazard(geometry=None, **more):
    area = shapely.box(0.2, -0.5, 0.7, 0.5) if geometry is None else geometry
    return Hazard(**{"id": "h", "kind": "flood", "family": "physical", "geometry": area} | more)


def test_tobler_reproduces_the_cited_figures():
    assert round(float(tobler_kmh(0.0)), 2) == 5.04
    assert float(tobler_kmh(-0.05)) == 6.0
    assert tobler_kmh(0.1) < tobler_kmh(0.0) < tobler_kmh(-0.05) > tobler_kmh(-0.3)


def test_an_even_climb_is_tobler_and_a_flat_edge_is_flat():
    pace = climb_pace_s_per_m(
        np.array([1000.0, 1000.0, 1000.0]), np.array([100.0, 0, 0]), np.array([0, 0, 100.0])
    )
    expected = [3.6 / (6 * math.exp(-3.5 * s)) for s in (0.15, 0.05)] + [
        3.6 / (6 * math.exp(-3.5 * 0.05))
    ]
    assert pace == pytest.approx(expected, rel=1e-12)


def test_up_and_down_is_the_sum_of_the_two_halves():
    both = climb_pace_s_per_m(np.array([1000.0]), np.array([50.0]), np.array([50.0]))
    halves = climb_pace_s_per_m(np.array([500.0, 500.0]), np.array([50.0, 0]), np.array([0, 50.0]))
    assert both[0] == pytest.approx(halves.mean(), rel=1e-12)


def test_without_a_height_model_the_road_is_flat(tiny_graph):
    graph = tiny_graph([(0, 0, 0), (0, 0.1, 2000)], [(0, 1, {"length_m": 10_000})])
    base = Travel(graph, ADULT)
    assert base.time_s(everything(base)) == pytest.approx(np.full(2, 36_000 / FLAT_KMH), rel=1e-12)


def test_with_a_height_model_the_climb_counts(tiny_graph):
    edge = (0, 1, {"length_m": 10_000})
    graph = tiny_graph([(0, 0, 0), (0, 0.1, 1000)], [edge], has_slope=True)
    up, down = sorted(Travel(graph, ADULT).time_s(np.arange(2)), reverse=True)
    assert up == pytest.approx(36_000 / float(tobler_kmh(0.1)), rel=1e-6)
    assert down == pytest.approx(36_000 / float(tobler_kmh(-0.1)), rel=1e-6)


def test_ferries_go_at_their_own_pace(tiny_graph):
    edges = [(0, 1, {"length_m": 10_000, "flags": 64, "road_class": "ferry"})]
    graph = tiny_graph([(0, 0), (0, 0.1)], edges)
    for mode in Mode:
        assert Travel(graph, TRAVELLERS[mode]).time_s(np.arange(2)) == pytest.approx(
            [7200.0, 7200.0]
        )


@pytest.mark.parametrize(
    ("options", "kmh"),
    [
        ({"road_class": "motorway"}, 90),
        ({"road_class": "trunk"}, 85),
        ({"road_class": "trunk", "maxspeed": 60}, 60),
        ({"road_class": "trunk", "maxspeed": 120}, 85),
        ({"road_class": "secondary", "surface": "gravel"}, 30),
        ({"road_class": "secondary", "surface": "unknown"}, 55),
        ({"road_class": "track", "surface": "mud"}, 10),
        ({"road_class": "residential", "surface": "sand"}, 15),
    ],
)
def test_vehicle_speed_is_the_class_capped_by_limit_and_surface(tiny_graph, options, kmh):
    graph = tiny_graph([(0, 0), (0, 0.1)], [(0, 1, {"length_m": 10_000, **options})])
    assert Travel(graph, VEHICLE).time_s(np.arange(2)) == pytest.approx([36_000 / kmh] * 2)


def test_an_edge_closed_to_the_mode_costs_infinity(tiny_graph):
    graph = tiny_graph([(0, 0), (0, 0.1)], [(0, 1, {"oneway": "vehicle"})])
    cost = CostModel(Travel(graph, VEHICLE), [], 0.0).all_s()
    assert sorted(np.isinf(cost)) == [False, True]
    assert not np.isinf(CostModel(Travel(graph, ADULT), [], 0.0).all_s()).any()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 2800, 0), (2800, 2800, 0), (2801, 2801, 1), (2700, 2900, 0.5), (2900, 2700, 0.5),
     (3000, 4000, 1), (math.nan, 4000, 0)],
)  # fmt: skip
def test_share_above_2800(low, high, expected):
    share = share_above(np.array([float(low)]), np.array([float(high)]), 2800.0)
    assert share == pytest.approx([expected])


def test_altitude_hours_follow_the_heights_along_the_edge(tiny_graph):
    # 5.0367 km in one hour from 2,300 to 3,800 m: above 2,800 m for 1000/1500, 3,500 for 300/1500.
    edge = (0, 1, {"length_m": 1000 * FLAT_KMH})
    base = Travel(tiny_graph([(0, 0, 2300), (0, 0.04, 3800)], [edge]), ADULT)
    exposure = base.altitude_exposure(Legs.of([(0, 0.0, 1.0)]))
    assert exposure["altitude_over_2800_m"].value == pytest.approx(2 / 3, rel=1e-4)
    assert exposure["altitude_over_3500_m"].value == pytest.approx(1 / 5, rel=1e-4)
    assert {item.unit for item in exposure.values()} == {"h"}
    assert all("WMS 2019" in item.source for item in exposure.values())
    assert base.altitude_price_s(Legs.whole(everything(base)))[0] == pytest.approx(
        ALTITUDE_PRICE_S_PER_H * (2 / 3 + 1 / 5), rel=1e-4
    )


def test_no_height_known_gives_no_altitude_figure_rather_than_zero(tiny_graph):
    base = Travel(tiny_graph([(0, 0), (0, 0.1)], [(0, 1)]), ADULT)
    assert base.altitude_exposure(Legs.of([(0, 0.0, 1.0)])) == {}


def test_an_unknown_height_is_priced_as_the_regions_highest(tiny_graph):
    edges = [(0, 1, {"length_m": 1000}), (1, 2, {"length_m": 1000})]
    graph = tiny_graph([(0, 0, 4000), (0, 0.1, 4000), (0, 0.2)], edges)
    base = Travel(graph, ADULT)
    whole = Legs.whole(everything(base))
    price_s = base.altitude_price_s(whole)
    assert price_s == pytest.approx(np.full(4, price_s.max()))
    assert base.hours_above(whole, 2800.0).min() == 0  # reported only where known


def test_a_hole_in_the_height_model_is_no_flat_road(tiny_graph):
    steep = {"length_m": 1000, "ascent_m": 200, "descent_m": 200}
    nodes = [(0, 0, 100), (0, 0.1, 100), (0, 0.2)]
    graph = tiny_graph(nodes, [(0, 1, steep), (1, 2, {"length_m": 1000})], has_slope=True)
    base = Travel(graph, ADULT)
    edges = everything(base)
    unknown = ~base.height_known(edges)
    time_s, priced_s = base.time_s(edges), base.priced_time_s(edges)
    assert priced_s[unknown] == pytest.approx(time_s[~unknown])
    assert time_s[unknown] == pytest.approx(3600 / FLAT_KMH)
    assert (priced_s >= time_s).all()


# --- hazards on edges ----------------------------------------------------------------------------


def test_the_length_inside_a_polygon_is_exact(tiny_graph):
    graph = tiny_graph([(0, 0), (1, 0)], [(0, 1, {"length_m": 200_000})])
    laid = contact(graph, hazard())
    assert shares(graph, laid) == pytest.approx([0.5, 0.5], abs=1e-9)
    for edge in (0, 1):
        starts = laid.start[laid.edge == edge]
        forward = graph.edge_coordinates(edge)[0, 0] == 0
        assert starts == pytest.approx([0.2 if forward else 0.3], abs=1e-9)


def test_an_edge_may_enter_a_hazard_twice(tiny_graph):
    graph = tiny_graph([(0, 0), (1, 0)], [(0, 1)])
    area = shapely.union(shapely.box(0.1, -1, 0.2, 1), shapely.box(0.5, -1, 0.8, 1))
    laid = contact(graph, hazard(area))
    assert shares(graph, laid) == pytest.approx([0.4, 0.4], abs=1e-9)
    assert len(laid.edge) == 4


def test_shares_follow_metres_on_bent_edges(tiny_graph):
    # At 60 degrees north a degree of longitude is half a degree of latitude.
    graph = tiny_graph([(0, 60), (1, 59)], [(0, 1, {"shape": [(1, 60)]})])
    laid = contact(graph, hazard(shapely.box(-1, 59.999, 0.9999, 61)))
    assert shares(graph, laid) == pytest.approx([1 / 3, 1 / 3], abs=2e-3)


def test_a_zero_length_edge_inside_counts_as_touched(tiny_graph):
    nodes = [(0.5, 0, 0, "AA"), (0.5, 0, 0, "BB"), (0, 0, 0, "AA"), (1, 0, 0, "BB")]
    graph = tiny_graph(nodes, [(0, 1, {"length_m": 0}), (2, 0), (1, 3)])
    border = np.flatnonzero(graph.is_border_edge)
    assert set(border) <= set(contact(graph, hazard()).edge.tolist())


@pytest.mark.parametrize(
    ("shape", "share"),
    [
        (shapely.Point(0.05, 0.0003), True),  # 33 m off the road
        (shapely.Point(0.05, 0.0010), False),  # 111 m off
        (shapely.LineString([(0.02, 0.0002), (0.08, 0.0002)]), True),
        (shapely.GeometryCollection([shapely.Point(0.05, 0.0), shapely.Point(9, 9)]), True),
    ],
)
def test_lines_and_points_get_a_stated_width(tiny_graph, shape, share):
    graph = tiny_graph([(0, 0), (0.1, 0)], [(0, 1)])
    assert (shares(graph, contact(graph, hazard(shape))) > 0).all() == share


def test_the_width_of_a_line_is_metres_at_any_latitude(tiny_graph):
    graph = tiny_graph([(-0.1, 60), (0.1, 60)], [(0, 1)])
    laid = contact(graph, hazard(shapely.Point(0, 60)), tolerance_m=100.0)
    assert shares(graph, laid) * graph.edge_length_m == pytest.approx([200.0, 200.0], rel=0.01)


def test_rated_hazards_give_expected_events_with_interval(tiny_graph):
    graph = tiny_graph([(0, 0), (1, 0)], [(0, 1, {"length_m": 200_000})])
    record = hazard(rate_per_km=2e-3, rate_low=1e-3, rate_high=4e-3, source="count/denominator")
    legs = Legs.of([(0, 0.0, 1.0)])
    exposure = exposures(Travel(graph, ADULT), [contact(graph, record)], legs)
    flood = exposure["flood"]
    assert flood.value == pytest.approx(0.2)
    assert flood.unit == "events"
    assert flood.interval_95 == pytest.approx((0.1, 0.4))
    assert flood.p_at_least_one == pytest.approx(1 - math.exp(-0.2))
    assert flood.source == "count/denominator"


def test_unrated_hazards_give_kilometres_and_overlaps_count_once(tiny_graph):
    graph = tiny_graph([(0, 0), (1, 0)], [(0, 1, {"length_m": 200_000})])
    areas = [shapely.box(0.2, -1, 0.5, 1), shapely.box(0.4, -1, 0.7, 1), shapely.box(5, 5, 6, 6)]
    laid = [contact(graph, hazard(area, id=str(n))) for n, area in enumerate(areas)]
    legs = Legs.of([(0, 0.0, 1.0)])
    exposure = exposures(Travel(graph, ADULT), laid, legs)
    assert exposure["flood"].value == pytest.approx(100.0)
    assert exposure["flood"].unit == "km"
    assert exposure["flood"].interval_95 is None
    assert exposure["flood"].p_at_least_one is None


def test_rated_and_unrated_records_of_one_kind_stay_apart(tiny_graph):
    graph = tiny_graph([(0, 0), (1, 0)], [(0, 1, {"length_m": 100_000})])
    laid = [contact(graph, hazard(rate_per_km=1e-3)), contact(graph, hazard(id="i"))]
    legs = Legs.of([(0, 0.0, 1.0)])
    exposure = exposures(Travel(graph, ADULT), laid, legs)
    assert exposure["flood"].unit == "events"
    assert exposure["flood"].interval_95 is None  # no interval was given, none is made up
    assert exposure["flood_without_rate"].unit == "km"


def test_prices_use_upper_bounds_and_unknown_is_never_cheaper(tiny_graph):
    graph = tiny_graph([(0, 0), (1, 0)], [(0, 1)])
    records = [
        hazard(rate_per_km=1e-3, rate_low=0, rate_high=2e-3),
        hazard(rate_per_km=1e-3),
        hazard(),
        hazard(kind="landslide", weight=2.0),
    ]
    prices = hazard_prices([contact(graph, record) for record in records], 700.0)
    widest = 1e-3 * GARWOOD_UPPER * EVENT_PRICE_S
    assert prices == pytest.approx([2e-3 * EVENT_PRICE_S, widest, widest, 2 * 700.0])


@pytest.mark.parametrize(("profile", "kmh"), [(ADULT, 5.036), (FAMILY, 4.750), (VEHICLE, 65.0)])
def test_a_kilometre_inside_costs_as_much_as_one_more(tiny_graph, profile, kmh):
    """By vehicle too: at a walker's price it went 13 kilometres round each of them."""
    assert km_inside_price_s(profile) == pytest.approx(3600 / kmh, rel=1e-3)
    graph = tiny_graph([(0, 0), (1, 0)], [(0, 1, {"road_class": "primary", "length_m": 1000})])
    legs = Legs.of([(0, 0.0, 1.0)])
    costs = [
        float(CostModel(Travel(graph, profile), laid, 1.0).legs_s(legs)[0])
        for laid in ([], [contact(graph, hazard(shapely.box(-1, -1, 2, 1)))])
    ]
    assert costs[1] == pytest.approx(2 * costs[0], rel=1e-3)


@pytest.mark.parametrize(
    "more",
    [{"weight": 0.5}, {"rate_per_km": -1.0}, {"rate_per_km": math.nan}, {"weight": math.inf}],
)
def test_a_hazard_that_cannot_be_meant_is_refused(more):
    with pytest.raises(InvalidRequest, match="hazard h"):
        hazard(**more)


def test_a_hazard_without_geometry_is_refused():
    with pytest.raises(InvalidRequest):
        hazard(shapely.Polygon())


# --- A1: additivity, invariance to splitting, monotonicity ----------------------------------------


@pytest.fixture(scope="module")
def hilly(tiny_graph):
    nodes = [(0, 0, 2000), (0.6, 0.1, 3900), (1.0, 0.0, 3300)]
    edges = [
        (0, 1, {"length_m": 80_000, "shape": [(0.3, 0.2)]}),
        (1, 2, {"length_m": 50_000}),
    ]
    return tiny_graph(nodes, edges)


@settings(deadline=None, max_examples=examples(60))
@given(cuts=st.lists(parts, min_size=1, max_size=6), edge=st.integers(0, 3))
def test_a1_splitting_an_edge_changes_nothing(hilly, cuts, edge):
    base = Travel(hilly, ADULT)
    records = [
        hazard(rate_per_km=1e-3, rate_low=5e-4, rate_high=2e-3),
        hazard(kind="landslide", id="i", geometry=shapely.box(0.25, 0.05, 0.5, 0.4)),
    ]
    laid = [contact(hilly, record) for record in records]
    marks = [0.0, *sorted(cuts), 1.0]
    split = Legs.of((edge, a, b) for a, b in pairwise(marks))
    whole = Legs.of([(edge, 0.0, 1.0)])
    model = CostModel(base, laid, 1.3)
    assert model.legs_s(split).sum() == pytest.approx(model.all_s()[edge], rel=1e-9)
    one, many = exposures(base, laid, whole), exposures(base, laid, split)
    assert one.keys() == many.keys()
    for kind, exposure in one.items():
        assert many[kind].value == pytest.approx(exposure.value, rel=1e-9)
    length_m = base.length_m(whole.edge)
    covered = covered_m(laid, whole, length_m)
    assert covered_m(laid, split, base.length_m(split.edge)) == pytest.approx(covered, rel=1e-9)


def test_a1_a_graph_with_an_edge_split_in_two_gives_the_same(tiny_graph):
    one = tiny_graph([(0, 0, 2400), (0.8, 0, 4000)], [(0, 1, {"length_m": 80_000})])
    half = {"length_m": 40_000}
    two = tiny_graph([(0, 0, 2400), (0.4, 0, 3200), (0.8, 0, 4000)], [(0, 1, half), (1, 2, half)])
    totals = []
    for graph in (one, two):
        base = Travel(graph, ADULT)
        model = CostModel(base, [contact(graph, hazard(rate_per_km=1e-4))], 2.0)
        totals.append(model.all_s().sum() / 2)
    assert totals[0] == pytest.approx(totals[1], rel=1e-9)


def test_a1_hand_table_of_thirty_segments(tiny_graph):
    # 30 segments of n km each, every other one inside, at 0.001·n events a kilometre.
    nodes = [(0.01 * n, 0) for n in range(31)]
    edges = [(n, n + 1, {"length_m": 1000 * (n + 1), "oneway": "all"}) for n in range(30)]
    graph = tiny_graph(nodes, edges)
    records = [
        hazard(shapely.box(0.01 * n, -1, 0.01 * (n + 1), 1), id=str(n), rate_per_km=0.001 * (n + 1))
        for n in range(0, 30, 2)
    ]
    order = np.argsort(graph.edge_way_id)
    legs = Legs.of((edge, 0.0, 1.0) for edge in order.tolist())
    laid = [contact(graph, record) for record in records]
    exposure = exposures(Travel(graph, ADULT), laid, legs)
    # Σ (n+1)·0.001·(n+1) over n = 0, 2, …, 28 = 0.001·(1² + 3² + … + 29²) = 0.001·4495.
    assert exposure["flood"].value == pytest.approx(4.495, rel=1e-6)


@given(low=st.floats(0, 1e-2), more=st.floats(0, 1e-2))
@settings(deadline=None, max_examples=examples(30))
def test_a1_exposure_and_cost_rise_with_the_rate(hilly, low, more):
    base, legs = Travel(hilly, ADULT), Legs.of([(0, 0.0, 1.0)])
    values = []
    for rate in (low, low + more):
        laid = [contact(hilly, hazard(rate_per_km=rate, rate_high=2 * rate))]
        exposure = exposures(base, laid, legs)["flood"].value
        values.append((exposure, float(CostModel(base, laid, 1.0).legs_s(legs)[0])))
    assert values[1][0] >= values[0][0]
    assert values[1][1] >= values[0][1]


# --- days and nights ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distance_m", "hours", "days"),
    [(1, 0.1, 1), (25_000, 5, 1), (25_001, 5, 2), (195_000, 38.7, 8), (10_000, 25, 3)],
)
def test_walking_days_bind_by_distance_and_by_window(distance_m, hours, days):
    assert walking_days(distance_m, hours * 3600) == days


@pytest.mark.parametrize(
    ("at", "mode", "counts"),
    [(MORNING, Mode.FOOT, False), (NIGHT, Mode.FOOT, True), (MORNING, Mode.VEHICLE, True)],
)
def test_night_only_hazards(at, mode, counts):
    assert counts_at(hazard(night_only=True), at, mode) is counts
    assert counts_at(hazard(), at, mode)
