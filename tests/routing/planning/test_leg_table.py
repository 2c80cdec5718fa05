"""Legs between places over a network: lengths, borders, and the corridor that is known to fail."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from routing.geometry.geodesy import great_circle_m
from routing.planning.day_reach import Constraint, DayRules, World
from routing.planning.leg_routes import heights_m, leg_routes
from routing.planning.leg_table import leg_table
from routing.planning.legs import CrossingHours
from routing.planning.places import OvernightPlaces
from routing.planning.question import ItineraryQuestion
from routing.planning.stretches import answer
from routing.planning.walking_hours import walking_hours
from routing.router.reachability import Reacher, ReachPlace, ReachRequest
from routing.router.regional import Crossing, Router
from routing.travel.profiles import ADULT

AT = datetime(2026, 11, 29, 6, tzinfo=timezone(timedelta(hours=-5)))
BRIDGE = Crossing("bridge", "Puente", 0.02, 0.0, ("CO", "VE"), passable=True, state="open")


def asked_of(places, crossings=()):
    return ReachRequest(places[0], places, AT, crossings)


@pytest.fixture
def border(tiny_graph):
    """Give four places in a row a kilometre apart, the border between the second and the third."""
    nodes = [(0.01 * k, 0.0, float("nan"), "CO" if k < 2 else "VE") for k in range(4)]
    return tiny_graph(nodes, [(k, k + 1, {"length_m": 1_000.0 * (k + 1)}) for k in range(3)])


def places_of(nodes):
    return [ReachPlace(0.01 * k, 0.0, "CO" if k < 2 else "VE") for k in nodes]


def test_borders_are_passed_at_open_crossings_alone(border):
    reacher, places = Reacher(Router(border)), places_of(range(4))
    closed = leg_table(reacher, asked_of(places), 50_000)
    pairs = set(zip(closed.origin.tolist(), closed.destination.tolist(), strict=True))
    assert pairs == {(0, 1), (1, 0), (2, 3), (3, 2)}
    shut = replace(BRIDGE, passable=False, state="closed")
    assert len(leg_table(reacher, asked_of(places, (shut,)), 50_000)) == 4
    bridge = replace(BRIDGE, lon=0.015)
    opened = leg_table(reacher, asked_of(places, (shut, bridge)[1:]), 50_000)
    assert len(opened) == 12
    row = np.flatnonzero((opened.origin == 0) & (opened.destination == 3))[0]
    assert opened.distance_m[row] == pytest.approx(6_000)
    # The bridge is halfway along the second kilometre pair: 1,000 + 1,000 of 6,000 metres.
    (passage,) = np.flatnonzero(opened.passages.leg == row)
    assert opened.passages.after_s[passage] == pytest.approx(opened.duration_s[row] / 3)
    assert opened.passages.crossing[passage] == 0
    assert set(opened.passages.leg.tolist()) == {
        leg for leg in range(12) if (opened.origin[leg] < 2) != (opened.destination[leg] < 2)
    }


def test_the_table_is_that_of_searches_from_each_place(sketch, towns, open_crossings):
    names = ("Cúcuta", "Pamplona", "Bucaramanga", "Ocaña", "Arauca", "Bogotá", "San Gil")
    places = [ReachPlace(*towns["CO", name], "CO") for name in names]
    places += [ReachPlace(*towns["VE", "San Antonio del Táchira"], "VE"), ReachPlace(0.0, 0.0)]
    reacher, asked = Reacher(Router(sketch)), asked_of(places, open_crossings)
    table = leg_table(reacher, asked, 200_000)
    laid = {
        (int(a), int(b)): tuple(figures)
        for a, b, *figures in zip(
            table.origin, table.destination, table.distance_m, table.duration_s, strict=True
        )
    }
    found = {}
    for row, place in enumerate(places[:-1]):
        reached = reacher.reach(replace(asked, start=place))
        for other in np.flatnonzero(reached.distance_m <= 200_000):
            if other != row:
                found[row, int(other)] = (reached.distance_m[other], reached.duration_s[other])
    assert laid.keys() == found.keys()
    assert all(laid[pair] == pytest.approx(found[pair]) for pair in found)
    assert len(laid) >= 10
    assert leg_table(reacher, asked, 10.0).origin.tolist() == []


def test_cucuta_to_bucaramanga_on_the_sketch(sketch, towns, night_supports):
    spaces = [one for one in night_supports if -73.3 < one.lon < -72.3 and 6.9 < one.lat < 8.0]
    ends = [towns["CO", name] for name in ("Cúcuta", "Bucaramanga")]
    points = [ends[0], *((one.lon, one.lat) for one in spaces), ends[1]]
    lon, lat = np.array(points, dtype=np.float64).T
    node_lon, node_lat = sketch.node_lon / 1e7, sketch.node_lat / 1e7
    node = [int(great_circle_m(x, y, node_lon, node_lat).argmin()) for x, y in points]
    count, nights = len(points), 12
    admits = np.ones((count, nights), np.bool_)
    admits[[0, -1]] = False
    reacher = Reacher(Router(sketch))
    legs = leg_table(reacher, asked_of([ReachPlace(x, y, "CO") for x, y in points]), 100_000)
    question = ItineraryQuestion(
        legs,
        World(
            OvernightPlaces(
                lon, lat, sketch.node_elevation_m[node].astype(np.float64), admits,
                np.full((count, nights), 20), np.zeros((count, nights)),
                np.full((count, nights), np.inf), np.zeros(count, np.int64),
            ),
            CrossingHours.of([]),
            walking_hours(lon, lat, AT, nights + 1, ADULT.window),
        ),
        DayRules(25_000.0, party=4),
        0,
        count - 1,
        AT,
        nights,
    )  # fmt: skip
    stretches = answer(question).failure.stretches
    names = ["Cúcuta", *(one.place for one in spaces), "Bucaramanga"]
    assert [(names[one.origin], names[one.destination]) for one in stretches] == [
        ("La Donjuana", "Pamplona"),
        ("Pamplona", "Berlín (Tona)"),
        ("Berlín (Tona)", "El Picacho"),
        ("El Picacho", "Bucaramanga"),
    ]
    assert [one.length_m for one in stretches] == pytest.approx(
        [42_300, 47_000, 32_800, 40_200], abs=2_000
    )
    assert all(one.binding is Constraint.DISTANCE and one.remedies.vehicle for one in stretches)
    assert [one.remedies.more_spaces for one in stretches] == [1, 1, 1, 1]


def test_a_leg_is_the_road_that_it_was_measured_on(sketch, towns, open_crossings):
    names = ("Cúcuta", "Pamplona", "Bucaramanga", "San Gil")
    places = [ReachPlace(*towns["CO", name], "CO") for name in names]
    places.append(ReachPlace(*towns["VE", "San Antonio del Táchira"], "VE"))
    reacher, asked = Reacher(Router(sketch)), asked_of(places, open_crossings)
    table = leg_table(reacher, asked, 200_000)
    ends = list(zip(table.origin.tolist(), table.destination.tolist(), strict=True))
    routes = leg_routes(reacher, asked, ends)
    assert routes.keys() == set(ends)
    assert len(ends) > 8
    for row, leg in enumerate(ends):
        route = routes[leg]
        assert route.distance_m == pytest.approx(table.distance_m[row])
        assert route.duration_s == pytest.approx(table.duration_s[row])
        for end, (lon, lat) in zip(leg, route.coordinates[[0, -1]], strict=True):
            assert great_circle_m(places[end].lon, places[end].lat, lon, lat) < 1_000
    assert reacher.tree(replace(asked, start=places[0], limit_s=1.0)).path(1) is None


def test_places_have_the_height_of_their_road(sketch, towns):
    names = ("Cúcuta", "Pamplona", "Bogotá")
    places = [ReachPlace(*towns["CO", name], "CO") for name in names] + [ReachPlace(0.0, 0.0)]
    heights = heights_m(Reacher(Router(sketch)), asked_of(places))
    node_lon, node_lat = sketch.node_lon / 1e7, sketch.node_lat / 1e7
    towns_m = [
        float(sketch.node_elevation_m[great_circle_m(p.lon, p.lat, node_lon, node_lat).argmin()])
        for p in places[:3]
    ]
    assert heights[:3] == pytest.approx(towns_m)
    assert min(towns_m) < 400
    assert max(towns_m) > 2_500
    assert np.isnan(heights[3])
