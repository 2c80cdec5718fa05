"""Speeds of the profiles, and which edges they can use."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.osm_tags.ways import SMOOTHNESS
from routing.travel.cost_model import Travel
from routing.travel.profiles import ADULT, FAMILY, PROFILES, REDUCED_MOBILITY, VEHICLE, Pace
from routing.travel.speed import (
    ASSISTED_FLAT_KMH,
    FLAT_KMH,
    GRADE_BARS_FROM_M,
    assisted_kmh,
    campbell_10th_kmh,
    climb_pace_s_per_m,
    flat_kmh,
    irmischer_clarke_kmh,
    mean_pace_s_per_m,
    slope_known,
    time_s,
    tobler_kmh,
    usable,
)

ROADS = Path(__file__).resolve().parents[3] / "data" / "roads"
WALKERS = [ADULT, FAMILY, REDUCED_MOBILITY, replace(ADULT, pace=Pace.IRMISCHER_CLARKE)]
slopes = st.floats(-0.6, 0.6)


def every(graph):
    return np.arange(len(graph.edge_tail))


def smooth(graph, name):
    """Give the same graph with one smoothness everywhere."""
    index = np.full(len(graph.edge_tail), SMOOTHNESS.index(name), dtype=np.uint8)
    return replace(graph, edge_smoothness=index)


# --- speed on a slope ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("speed_kmh", "flat"),
    [(tobler_kmh, 5.04), (irmischer_clarke_kmh, 3.95), (campbell_10th_kmh, 4.75),
     (assisted_kmh, 3.29)],
)  # fmt: skip
def test_the_flat_speeds_are_the_cited_ones(speed_kmh, flat):
    assert round(float(speed_kmh(0.0)), 2) == flat


def test_irmischer_and_clarke_peak_at_five_per_cent_down():
    # 0.11 + 1 m/s at the best slope, and one standard deviation away 0.11 + exp(-1/2).
    assert float(irmischer_clarke_kmh(-0.05)) == pytest.approx(3.6 * 1.11)
    assert float(irmischer_clarke_kmh(0.25)) == pytest.approx(3.6 * (0.11 + math.exp(-0.5)))


def test_campbell_by_hand():
    degrees = 10.0
    peak = 38.892 / (math.pi * 13.328 * (1 + ((degrees + 1.568) / 13.328) ** 2))
    expected = 3.6 * (peak + 0.404 - 0.03)
    assert float(campbell_10th_kmh(math.tan(math.radians(10)))) == pytest.approx(expected)


@given(slopes)
def test_nobody_walks_at_an_impossible_speed(slope):
    for speed_kmh in (tobler_kmh, irmischer_clarke_kmh, campbell_10th_kmh, assisted_kmh):
        assert 0 < float(speed_kmh(slope)) <= 6.0


@given(slopes)
def test_no_slope_makes_an_assisted_walker_faster(slope):
    assert float(assisted_kmh(slope)) <= ASSISTED_FLAT_KMH
    assert float(assisted_kmh(slope)) < float(tobler_kmh(slope))


@given(st.lists(st.tuples(st.floats(10, 1000), slopes), min_size=1, max_size=20))
def test_an_edge_of_one_grade_up_and_down_is_the_integral_along_it(steps):
    """At one steepness, however often it turns, the pace is exact for every model."""
    grade = abs(steps[0][1])
    signs = np.sign([slope for _, slope in steps])
    run_m = np.array([length_m for length_m, _ in steps])[signs != 0]
    rise_m = run_m * grade * signs[signs != 0]
    if not len(run_m) or grade < 1e-6:
        return
    up_m, down_m = rise_m[rise_m > 0].sum(), -rise_m[rise_m < 0].sum()
    for speed_kmh in (tobler_kmh, irmischer_clarke_kmh, campbell_10th_kmh, assisted_kmh):
        ours = climb_pace_s_per_m(
            run_m.sum(keepdims=True), np.array([up_m]), np.array([down_m]), speed_kmh
        )
        integral_s = (run_m * 3.6 / speed_kmh(rise_m / run_m)).sum()
        assert ours[0] * run_m.sum() == pytest.approx(integral_s, rel=1e-9)


# --- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", WALKERS, ids=lambda p: p.pace)
def test_without_a_height_model_everyone_walks_at_the_flat_speed(tiny_graph, profile):
    graph = tiny_graph([(0, 0, 0), (0, 0.1, 2000)], [(0, 1, {"length_m": 10_000})])
    assert not slope_known(graph, every(graph)).any()
    assert time_s(graph, profile, every(graph)) == pytest.approx([36_000 / flat_kmh(profile)] * 2)


@pytest.mark.parametrize("profile", WALKERS, ids=lambda p: p.pace)
def test_with_a_height_model_the_climb_counts(tiny_graph, profile):
    nodes = [(0, 0, 0), (0, 0.1, 1000)]
    graph = tiny_graph(nodes, [(0, 1, {"length_m": 10_000})], has_slope=True)
    model = {
        Pace.TOBLER: tobler_kmh,
        Pace.IRMISCHER_CLARKE: irmischer_clarke_kmh,
        Pace.CAMPBELL_10: campbell_10th_kmh,
        Pace.ASSISTED: assisted_kmh,
    }[profile.pace]
    up, down = sorted(time_s(graph, profile, every(graph)), reverse=True)
    assert up == pytest.approx(36_000 / float(model(0.1)), rel=1e-6)
    assert down == pytest.approx(36_000 / float(model(-0.1)), rel=1e-6)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_ferries_go_at_their_own_pace(tiny_graph, profile):
    ferry = {"length_m": 10_000, "flags": int(EdgeFlag.FERRY), "road_class": "ferry"}
    graph = tiny_graph([(0, 0, 0), (0, 0.1, 0)], [(0, 1, ferry)], has_slope=True)
    assert time_s(graph, profile, every(graph)) == pytest.approx([7200.0, 7200.0])


def test_only_the_given_edges_are_timed(tiny_graph):
    lengths = [1000, 2000, 3000]
    graph = tiny_graph(
        [(0, n / 10) for n in range(4)],
        [(n, n + 1, {"length_m": length}) for n, length in enumerate(lengths)],
    )
    edges = np.array([4, 0, 0, 2])
    assert time_s(graph, ADULT, edges) == pytest.approx(time_s(graph, ADULT, every(graph))[edges])
    assert len(time_s(graph, ADULT, np.zeros(0, dtype=np.int64))) == 0
    assert len(usable(graph, REDUCED_MOBILITY, np.zeros(0, dtype=np.int64))) == 0


def test_a_hole_in_the_height_model_is_no_flat_road_to_the_search(tiny_graph):
    steep = {"length_m": 1000, "ascent_m": 200, "descent_m": 200}
    nodes = [(0, 0, 100), (0, 0.1, 100), (0, 0.2)]
    graph = tiny_graph(nodes, [(0, 1, steep), (1, 2, {"length_m": 1000})], has_slope=True)
    mean = mean_pace_s_per_m(graph, ADULT)
    told, priced = (
        time_s(graph, ADULT, every(graph), unknown_slope_s_per_m=pace) for pace in (0.0, mean)
    )
    known = slope_known(graph, every(graph))
    assert told[~known] == pytest.approx(3600 / FLAT_KMH)
    assert priced[~known] == pytest.approx(told[known])
    assert (priced[known] == told[known]).all()
    assert mean_pace_s_per_m(graph, VEHICLE) == 0.0


@pytest.mark.parametrize(
    ("surface", "smoothness", "share"),
    [("asphalt", "unknown", 1.0), ("unknown", "good", 1.0), ("gravel", "unknown", 0.75),
     ("sand", "bad", 0.5), ("cobblestone", "very_bad", 0.5), ("asphalt", "bad", 0.75)],
)  # fmt: skip
def test_loose_and_rough_ground_slows_who_walks_with_difficulty(
    tiny_graph, surface, smoothness, share
):
    edge = (0, 1, {"length_m": 1000, "surface": surface})
    graph = smooth(tiny_graph([(0, 0), (0, 0.1)], [edge]), smoothness)
    expected = 3600 / (ASSISTED_FLAT_KMH * share)
    assert time_s(graph, REDUCED_MOBILITY, every(graph)) == pytest.approx([expected] * 2)
    assert time_s(graph, ADULT, every(graph)) == pytest.approx([3600 / FLAT_KMH] * 2)


@pytest.mark.parametrize(
    ("smoothness", "kmh"), [("good", 85), ("intermediate", 80), ("bad", 40), ("very_horrible", 5)]
)
def test_a_vehicle_slows_on_rough_roads(tiny_graph, smoothness, kmh):
    edge = (0, 1, {"length_m": 10_000, "road_class": "trunk"})
    graph = smooth(tiny_graph([(0, 0), (0, 0.1)], [edge]), smoothness)
    assert time_s(graph, VEHICLE, every(graph)) == pytest.approx([36_000 / kmh] * 2)


def test_adult_and_vehicle_are_what_the_cost_model_reckons_with(sketch):
    edges = every(sketch)
    for profile in (ADULT, VEHICLE):
        travel = Travel(sketch, profile)
        assert (time_s(sketch, profile, edges) == travel.time_s(edges)).all()
        assert (usable(sketch, profile, edges) == travel.usable(edges)).all()


# --- use -----------------------------------------------------------------------------------------


def test_each_mode_uses_what_is_open_to_it(tiny_graph):
    graph = tiny_graph([(0, 0), (0, 0.1)], [(0, 1, {"oneway": "vehicle"})])
    for profile in PROFILES.values():
        open_ways = 1 if profile.mode is Mode.VEHICLE else 2
        assert usable(graph, profile, every(graph)).sum() == open_ways


def test_steps_stop_only_who_walks_with_difficulty(tiny_graph):
    graph = tiny_graph([(0, 0), (0, 0.1)], [(0, 1, {"road_class": "steps"})])
    assert not usable(graph, REDUCED_MOBILITY, every(graph)).any()
    assert usable(graph, ADULT, every(graph)).all()
    assert usable(graph, FAMILY, every(graph)).all()


@pytest.mark.parametrize(
    ("name", "walker", "driver"),
    [("unknown", True, True), ("very_bad", True, True), ("horrible", False, True),
     ("very_horrible", False, True), ("impassable", False, False)],
)  # fmt: skip
def test_smoothness_bars_wheels(tiny_graph, name, walker, driver):
    graph = smooth(tiny_graph([(0, 0), (0, 0.1)], [(0, 1)]), name)
    assert usable(graph, REDUCED_MOBILITY, every(graph)).all() == walker
    assert usable(graph, VEHICLE, every(graph)).all() == driver
    assert usable(graph, ADULT, every(graph)).all()


@pytest.mark.parametrize(
    ("edge", "can"),
    [
        ({"ascent_m": 83.0, "descent_m": 0.0}, True),
        ({"ascent_m": 84.0, "descent_m": 0.0}, False),
        ({"ascent_m": 0.0, "descent_m": 84.0}, False),
        ({"ascent_m": 42.0, "descent_m": 42.0}, False),
        ({"ascent_m": 40.0, "descent_m": 40.0}, True),
        ({"length_m": GRADE_BARS_FROM_M - 1, "ascent_m": 50.0, "descent_m": 0.0}, True),
    ],
)
def test_a_ramp_steeper_than_one_in_twelve_is_no_ramp(tiny_graph, edge, can):
    nodes = [(0, 0, 100), (0, 0.1, 100)]
    edges = [(0, 1, {"length_m": 1000} | edge)]
    sloped = tiny_graph(nodes, edges, has_slope=True)
    assert usable(sloped, REDUCED_MOBILITY, every(sloped)).all() == can
    assert usable(sloped, ADULT, every(sloped)).all()
    # Without a height model a grade is not known, and bars nothing.
    flat = tiny_graph(nodes, edges)
    assert usable(flat, REDUCED_MOBILITY, every(flat)).all()


# --- A2: the walk from Cúcuta to Berlín ----------------------------------------------------------


def test_a2_cucuta_to_berlin_is_the_integral_of_tobler_within_one_per_cent(sketch):
    """Read the tables, integrate metre by metre over the cited altitudes, compare both ways."""
    with (ROADS / "nodes.csv").open(encoding="utf-8", newline="") as rows:
        nodes = {row["node_id"]: row for row in csv.DictReader(rows)}
    with (ROADS / "edges.csv").open(encoding="utf-8", newline="") as rows:
        legs = [r for r in csv.DictReader(rows) if r["corridor"] in {"CO-55CP", "CO-66PB"}]
    assert sum(float(leg["length_km"]) for leg in legs) == pytest.approx(122, abs=0.01)
    node_at = {
        (round(lon / 100), round(lat / 100)): index
        for index, (lon, lat) in enumerate(
            zip(sketch.node_lon.tolist(), sketch.node_lat.tolist(), strict=True)
        )
    }
    sloped = replace(sketch, meta=replace(sketch.meta, has_slope=True))
    for outward in (True, False):
        ours_s = integral_s = 0.0
        for leg in legs:
            ends = [nodes[leg["from_node"]], nodes[leg["to_node"]]][:: 1 if outward else -1]
            tail, head = (
                node_at[round(float(row["lon"]) * 1e5), round(float(row["lat"]) * 1e5)]
                for row in ends
            )
            edge = np.flatnonzero((sloped.edge_tail == tail) & (sloped.edge_head == head))
            ours_s += float(time_s(sloped, ADULT, edge)[0])
            length_m = float(leg["length_km"]) * 1000
            at_m = np.linspace(0, length_m, round(length_m) + 1)
            height_m = np.interp(at_m, [0, length_m], [float(row["elevation_m"]) for row in ends])
            slope = np.diff(height_m) / np.diff(at_m)
            integral_s += float((np.diff(at_m) * 0.6 * np.exp(3.5 * np.abs(slope + 0.05))).sum())
        assert ours_s == pytest.approx(integral_s, rel=0.01)
