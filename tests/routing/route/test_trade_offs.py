"""What the routes of an answer trade, against figures made up here and real answers."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from routing.engine.itinerary import Passage
from routing.graph.snapping import snap_to_edge
from routing.osm_tags.edge_flags import Mode
from routing.route.route import make_route
from routing.route.trade_offs import trades, waited_s
from routing.router.regional import Router, RouteRequest
from routing.travel.cost_model import Travel
from routing.travel.exposure import Exposure
from routing.travel.hazard import Hazard
from routing.travel.legs import Legs
from routing.travel.profiles import ADULT

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def plain(tiny_graph):
    """Give a route of one street, to be changed."""
    graph = tiny_graph([(0, 0), (0.01, 0)], [(0, 1)])
    snaps = (snap_to_edge(graph, 0.0, 0.0, Mode.FOOT), snap_to_edge(graph, 0.01, 0.0, Mode.FOOT))
    legs = Legs.of([(0, 0.0, 1.0)])
    return make_route(Travel(graph, ADULT), legs, [], np.zeros(1, dtype=bool), snaps, AT)


def changed(route, duration_s, exposure=(), unknown_m=0.0, **more):
    figures = {kind: Exposure(value, unit, None) for kind, value, unit in exposure}
    unknown = {**route.unknown, "hazards": unknown_m}
    return replace(route, duration_s=duration_s, exposure=figures, unknown=unknown, **more)


def test_every_route_is_set_against_the_quickest(plain):
    slow = changed(plain, 90_000, [("flood", 1.0, "km")], 500, distance_m=60_000.0)
    quick = changed(plain, 40_000, [("flood", 3.0, "km"), ("cold", 2.0, "h")], 200)
    one, two = trades([slow, quick])
    assert (one.against, two.against) == (1, 1)
    assert (one.is_quickest, two.is_quickest) == (False, True)
    assert one.extra_s == 50_000
    assert one.extra_days == slow.walking_days - quick.walking_days
    assert one.unknown_m == 300
    assert {kind: (d.value, d.unit) for kind, d in one.exposure.items()} == {
        "cold": (-2.0, "h"),
        "flood": (-2.0, "km"),
    }
    assert two.extra_s == two.extra_m == two.unknown_m == two.wait_s == 0
    assert not any(difference.value for difference in two.exposure.values())


def test_kilometres_are_never_set_against_events(plain):
    rated = changed(plain, 1, [("flood", 0.1, "events"), ("flood_without_rate", 2.0, "km")])
    bare = changed(plain, 2, [("flood", 5.0, "km")])
    _, two = trades([rated, bare])
    assert {kind: (d.value, d.unit) for kind, d in two.exposure.items()} == {
        "flood": (-0.1, "events"),
        "flood_without_rate": (3.0, "km"),
    }


def test_waiting_counts_as_time_on_the_way(plain, open_crossings):
    waits = (Passage(open_crossings[0], AT, 3_600.0), Passage(open_crossings[1], AT, 60.0))
    waiting = changed(plain, 1_000, passages=waits)
    walking = changed(plain, 2_000)
    assert waited_s(waiting) == 3_660
    one, two = trades([waiting, walking])
    assert one.against == 1
    assert (one.extra_s, one.wait_s) == (-1_000, 3_660)
    assert two.is_quickest
    assert trades([]) == ()


def test_real_answers(sketch, towns, open_crossings):
    start, end = towns["CO", "Cúcuta"], towns["CO", "Bucaramanga"]
    hazard = Hazard("h", "flood", "physical", shapely.Point(start).buffer(0.2))
    request = RouteRequest(start, end, Mode.FOOT, AT, crossings=open_crossings, hazards=(hazard,))
    routes = Router(sketch).routes(request)
    for route, trade in zip(routes, trades(routes), strict=True):
        base = routes[trade.against]
        assert route.duration_s == pytest.approx(base.duration_s + trade.extra_s)
        assert trade.extra_s + trade.wait_s >= 0
        for kind, difference in trade.exposure.items():
            assert difference.route_value == route.exposure[kind].value
