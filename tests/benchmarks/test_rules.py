"""The short run of `./run bench rules`, and that it sees what it looks for."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import shapely

from benchmarks._raw_roads import RawRoads, RawWay, Walked
from benchmarks._rules_worlds import AT, border, sketch
from routing.engine.itinerary import Passage
from routing.osm_tags.edge_flags import Mode
from routing.router.regional import RouteRequest
from routing.travel.hazard import Hazard

A, B, C, D = (0, 0), (10_000, 0), (20_000, 0), (10_000, 10_000)


def line(*places):
    return np.array(places) / 1e7


@pytest.fixture(scope="module")
def drawn_border(tmp_path_factory):
    return border(tmp_path_factory.mktemp("border"))


@pytest.fixture(scope="module")
def drawn_sketch(tmp_path_factory):
    return sketch(tmp_path_factory.mktemp("sketch"))


@pytest.mark.parametrize("world", ["drawn_border", "drawn_sketch"])
def test_no_answer_breaks_a_rule(request, world):
    counts = request.getfixturevalue(world).ask(5, range(20))
    assert counts["routes"] > 15
    assert not {what for what, count in counts.items() if count and what.startswith("violated")}


def test_a_way_against_a_oneway_street_or_beside_the_roads_is_seen():
    roads = RawRoads({1: RawWay((A, B, C), {"highway": "primary", "oneway": "yes"})})
    driven, walked = Walked(roads, Mode.VEHICLE), Walked(roads, Mode.FOOT)
    for one, wrong in ((driven, True), (walked, False)):
        assert one.off_roads(list(one.along(line(C, B, A)))) is wrong
        assert one.off_roads(list(one.along(line((15_000, 0), (12_000, 0))))) is wrong
        assert not one.off_roads(list(one.along(line((5_000, 0), B, (12_000, 0)))))
        assert not one.off_roads(list(one.along(line((2_000, 0), (3_000, 0)))))
        assert one.off_roads(list(one.along(line((5_000, 50), B, C))))
        assert one.off_roads(list(one.along(line(A, C))))


def test_a_forbidden_turn_is_seen_unless_another_way_lies_there_too():
    ways = {1: RawWay((A, B), {}), 2: RawWay((B, D), {}), 3: RawWay((B, C), {})}
    roads = RawRoads(ways, forbidden={(1, B, 2)})
    driven = Walked(roads, Mode.VEHICLE)
    assert driven.turns_forbidden(list(driven.along(line(A, B, D))))
    assert not driven.turns_forbidden(list(driven.along(line(A, B, C))))
    roads.ways[4] = RawWay((A, B), {})
    again = Walked(roads, Mode.VEHICLE)
    assert not again.turns_forbidden(list(again.along(line(A, B, D))))


def across(world):
    """Give a way over the middle bridge, as the world's own router finds it."""
    lat = world.crossings[1].lat
    west, east = (world.crossings[1].lon + metres / 110_000 for metres in (-100, 100))
    asked = RouteRequest((west, lat), (east, lat), Mode.FOOT, AT + timedelta(hours=8),
                         crossings=world.crossings)  # fmt: skip
    return world.router.routes(asked)[0]


def broken(world, route, hazards=(), crossings=None):
    walked = Walked(world.roads, Mode.FOOT)
    return set(world._broken(walked, route, hazards, crossings or world.crossings))


def test_what_touches_an_exclusion_is_seen(drawn_border):
    route = across(drawn_border)
    assert not broken(drawn_border, route)
    middle = shapely.LineString(route.coordinates).interpolate(0.5, normalized=True)
    ban = Hazard("a", "flood", "physical", middle.buffer(1e-5), exclusion=True)
    assert broken(drawn_border, route, [ban]) == {"exclusion"}


def test_a_closed_or_late_or_untold_crossing_is_seen(drawn_border):
    route, posts = across(drawn_border), drawn_border.crossings
    closed = [replace(post, passable=False, state="closed") for post in posts]
    assert broken(drawn_border, route, crossings=closed) == {"border edge"}
    assert broken(drawn_border, replace(route, passages=())) == {"border edge"}
    hourly = [replace(post, opens=lambda when: when + timedelta(hours=1)) for post in posts]
    assert broken(drawn_border, route, crossings=hourly) == {"border edge"}


def test_an_informal_way_over_the_border_is_seen(drawn_border):
    route = across(drawn_border)
    informal = next(
        way for way in drawn_border.roads.ways.values()
        if way.tags["highway"] in {"track", "path"} and way.places[0][0] < way.places[1][0]
        and abs(way.places[0][0] / 1e7 - drawn_border.crossings[0].lon) < 0.001
        and abs(way.places[1][0] / 1e7 - drawn_border.crossings[0].lon) < 0.001
        and all(abs(way.places[0][1] / 1e7 - post.lat) > 0.006 for post in drawn_border.crossings)
    )  # fmt: skip
    wild = replace(route, coordinates=line(*informal.places))
    assert broken(drawn_border, wild) == {"border edge", "strip way"}


def test_a_way_over_a_crossing_of_the_sketch_that_is_shut_is_seen(drawn_sketch):
    ends = (-77.63966, 0.82501), (-77.71709, 0.81240)  # Ipiales, Tulcán
    route = drawn_sketch.router.routes(
        RouteRequest(*ends, Mode.FOOT, AT + timedelta(hours=8), start_country="CO",
                     end_country="EC", crossings=drawn_sketch.crossings)
    )[0]  # fmt: skip
    assert [type(one) for one in route.passages] == [Passage, Passage]
    assert not broken(drawn_sketch, route)
    for shut in ("X-RUMICHACA-CO", "X-RUMICHACA-EC"):
        states = [replace(post, passable=post.id != shut) for post in drawn_sketch.crossings]
        assert broken(drawn_sketch, route, crossings=states) == {"border edge"}
