"""Hazards that begin or end while somebody is under way are judged when they come by (P11)."""

from datetime import datetime, timedelta, timezone

import pytest
import shapely

from routing.osm_tags.edge_flags import Mode
from routing.route.timeline import Pacing
from routing.route.upcoming_closures import EARLIEST, met_on_the_way, reached_too_early
from routing.router.regional import Router, RouteRequest
from routing.travel.hazard import Hazard

LOCAL = timezone(timedelta(hours=-5))
MORNING = datetime(2026, 11, 24, 6, tzinfo=LOCAL)
DAY = timedelta(days=1)
#: A degree apart: 111 km and a little more than four days of walking each.
NODES = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0)]


@pytest.fixture
def route(tiny_graph):
    graph = tiny_graph(NODES, [(0, 1), (1, 2)])
    (found,) = Router(graph).routes(
        RouteRequest(NODES[0], NODES[2], Mode.FOOT, MORNING, aversions=(0.0,))
    )
    return found


def flood(lon):
    return Hazard("f", "flood", "physical", shapely.box(lon, -0.01, lon + 0.01, 0.01), True)


def test_a_route_tells_when_somebody_is_at_each_place_of_it(route):
    pacing = Pacing(route, route.departure)
    assert route.walking_days == 9
    assert pacing.at(0.0) == MORNING
    assert pacing.at(route.distance_m) == route.arrival
    # The fourth day begins behind 75 km, and the third ends there.
    assert pacing.at(75_000.0, leaves=True) == MORNING + 3 * DAY
    assert pacing.at(75_000.0) < MORNING + 2.5 * DAY
    assert pacing.at(80_000.0).date() == (MORNING + 3 * DAY).date()


def test_p11_what_begins_before_somebody_has_left_it_behind_is_met(route):
    there = Pacing(route, route.departure).at(1.01 * route.distance_m / 2, leaves=True)
    slow = MORNING + (there - MORNING) / EARLIEST
    coming = [
        (MORNING + DAY, flood(1.0)),  # reached on the fifth day
        (slow - timedelta(minutes=1), flood(1.0)),  # who is slow is still there
        (slow + timedelta(hours=2), flood(1.0)),  # left behind by then
        (MORNING + DAY, flood(3.0)),  # elsewhere
        (MORNING + 40 * DAY, flood(1.0)),
    ]
    assert met_on_the_way([Pacing(route, MORNING)], coming) == [0, 1]


def test_p11_what_ends_tomorrow_does_not_close_the_fifth_day(route):
    there = Pacing(route, route.departure).at(1.0 * route.distance_m / 2)
    quick = MORNING + EARLIEST * (there - MORNING)
    ended = [
        (MORNING + DAY, flood(1.0)),
        (quick + timedelta(minutes=10), flood(1.0)),  # who is quick comes too early
        (MORNING + DAY, flood(0.2)),  # reached today
        (MORNING + 40 * DAY, flood(3.0)),  # elsewhere
    ]
    assert reached_too_early([Pacing(route, MORNING)], ended) == [1, 2]
