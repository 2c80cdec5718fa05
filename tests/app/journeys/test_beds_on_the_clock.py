"""Ways of days on foot, laid from bed to bed: one clock for card, judgement and refusal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
import shapely

from app.i18n.translation import words
from app.journeys.detours import published
from app.journeys.planner import JourneyQuestion, with_enough_ways
from app.journeys.route_nights import by_nights
from app.journeys.timeline import Laid, worth_showing
from app.texts import detour_text
from geo.geography.crossings import CrossingState
from routing.engine.itinerary import Passage
from routing.osm_tags.edge_flags import Mode
from routing.route.dominance import undominated
from routing.route.open_world_report import Compared, DetourReason, WayFigures
from routing.route.timeline import Pacing
from routing.route.upcoming_closures import met_on_the_way, reached_too_early
from routing.router.regional import Router, RouteRequest
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from tests.fixtures.night_spaces import bed
from tests.routing.conftest import build_tiny_graph

LOCAL = timezone(timedelta(hours=-5))
MORNING = datetime(2026, 11, 24, 6, tzinfo=LOCAL)
DAY = timedelta(days=1)


@pytest.fixture
def walked():
    """Give a function that finds a way along the equator on foot, some kilometres long."""

    def find(km, at=MORNING):
        nodes = [(0.0, 0.0), (km / 222.4, 0.0), (km / 111.2, 0.0)]
        request = RouteRequest(nodes[0], nodes[2], Mode.FOOT, at, aversions=(0.0,))
        (route,) = Router(build_tiny_graph(nodes, [(0, 1), (1, 2)])).routes(request)
        return route

    return find


def post(opens, name="X"):
    return Crossing(name, name, 0.0, 0.0, ("CO", "VE"), False, "closed", opens)


def at_or_after(moment):
    return lambda when: max(when, moment)


def with_posts(route, at_m, *posts):
    passages = tuple(Passage(one, route.departure, 0.0, at_m) for one in posts)
    snap = replace(route.start_snap, country="CO")
    return replace(route, passages=passages, start_snap=snap)


def test_a_wait_at_the_first_metre_is_on_the_card(walked):
    """60 km are three days; the bridge at the start opens five days on."""
    route = walked(60.0)
    assert route.walking_days == 3
    waits = with_posts(route, 0.0, post(at_or_after(MORNING + 5 * DAY)))
    laid = by_nights(waits, []).route
    # Who stays at the start until the first morning has a day less to wait.
    assert timedelta(0) <= laid.arrival - route.arrival - 5 * DAY < timedelta(minutes=30)
    assert laid.passages[0].through == MORNING + 5 * DAY
    assert Pacing(waits, MORNING).at(1_000.0) > MORNING + 5 * DAY


def test_posts_of_one_place_are_waited_for_one_after_the_other(walked):
    first, second = MORNING + 2 * DAY, MORNING + 2 * DAY + timedelta(hours=1)
    posts = post(at_or_after(first), "A"), post(at_or_after(second), "B")
    laid = by_nights(with_posts(walked(60.0), 5_000.0, *posts), []).route
    assert [passage.through for passage in laid.passages] == [first, second]
    assert laid.passages[1].wait_s == 3_600


def test_who_comes_too_late_from_bed_to_bed_stays_on_the_routers_clock(walked):
    """Nothing is mixed: no days of beds beside an arrival without them."""
    route = walked(150.0)
    closes = MORNING + 7 * DAY
    shut = with_posts(route, 149_000.0, post(lambda when: when if when < closes else None))
    beds = [bed(15_000.0 * number) for number in range(1, 10)]
    assert by_nights(route, beds).route.walking_days == 10
    assert by_nights(shut, beds) is None


@pytest.mark.parametrize("country", ["CO", "VE"])
def test_a_bed_at_the_crossing_costs_no_day(walked, country):
    """One comes there in the afternoon; it opens at eight the next morning, and one goes on."""
    eight = MORNING + DAY + timedelta(hours=2)
    route = with_posts(walked(40.0), 22_000.0, post(at_or_after(eight)))
    staged = by_nights(route, [bed(22_000.0, country), bed(10_000.0)])
    laid, stages = staged.route, staged.stages
    behind = timedelta(0) if country == "CO" else timedelta(minutes=30)
    assert eight <= laid.passages[0].through <= eight + behind
    if country == "CO":
        assert laid.arrival.date() == eight.date()
    # What lies behind the bridge is no bed of the night before.
    assert stages[0].to_m == (22_000.0 if country == "CO" else 10_000.0)


def test_p11_what_begins_is_judged_by_who_sleeps_in_beds(walked):
    """310 km are 13 days by the search; beds every 16 km make 19 of them."""
    route = walked(310.0)
    laid = lie_down(route, *(16_000.0 * number for number in range(1, 20)))
    by_beds = laid.route
    assert (route.walking_days, by_beds.walking_days) == (13, 19)
    own, slow = laid.clocks
    assert slow.at(route.distance_m) == by_beds.arrival
    assert laid.staged.stages[0].to_m == 16_000.0
    at_the_end = shapely.box(2.7, -0.01, 2.71, 0.01)
    flood = Hazard("f", "flood", "physical", at_the_end, True)
    begins = MORNING + 18 * DAY
    assert met_on_the_way([own], [(begins, flood)]) == []
    assert met_on_the_way(laid.clocks, [(begins, flood)]) == [0]
    # What ends is judged by whoever comes first.
    ends = MORNING + 10 * DAY
    assert reached_too_early([slow], [(ends, flood)]) == []
    assert reached_too_early(laid.clocks, [(ends, flood)]) == [0]
    # And a refusal has the days of the card.
    compared = WayFigures(0.0, route.duration_s, route.distance_m, route.walking_days)
    told = laid.leg(None, compared)
    assert told.walking_days == 19
    assert told.elapsed_s == (by_beds.arrival - MORNING).total_seconds()


def lie_down(route, *beds):
    return Laid(route, (), (), (), by_nights(route, [bed(at_m) for at_m in beds]))


def test_what_is_worse_in_everything_is_told_by_who_sleeps_in_beds(walked):
    """The way round is the quicker one by the search; its beds lie a day too many apart."""
    about, short = walked(60.0), walked(50.0)
    waits = with_posts(short, 49_000.0, post(at_or_after(MORNING + timedelta(days=2, hours=4))))
    arrival = Pacing(waits, MORNING).at(waits.distance_m)
    more_s = (arrival - short.arrival).total_seconds()
    waits = replace(waits, arrival=arrival, cost_s=short.cost_s + more_s)
    assert about.arrival < waits.arrival
    assert undominated([about, waits]) == (about, waits)
    slow, quick = lie_down(about, 24_000.0, 26_000.0), lie_down(waits, 24_000.0, 48_000.0)
    assert slow.route.arrival > quick.route.arrival + timedelta(hours=20)
    assert worth_showing([slow, quick], []) == [1]
    # With a bed where each day ends both are better in something.
    near = lie_down(about, 24_000.0, 48_000.0)
    assert worth_showing([near, quick], []) == [0, 1]


@pytest.mark.parametrize(
    ("km", "most", "asked"), [(60.0, 1, [1, 3]), (60.0, 3, [3]), (60.0, 5, [5]), (20.0, 1, [1])]
)
def test_who_asks_for_one_way_of_days_has_the_best_of_several(walked, km, most, asked):
    """By beds the second of the router's ways may be the better one: every form has that."""
    seen = []

    def find(question):
        seen.append(question.most)
        return SimpleNamespace(laid=(lie_down(walked(km), 24_000.0, 48_000.0),))

    with_enough_ways(JourneyQuestion((0.0, 0.0), (1.0, 0.0), Mode.FOOT, MORNING, most=most), find)
    assert seen == asked


@pytest.mark.parametrize(
    ("beyond", "shown"), [((None, "choice"), [0]), (("closure", None), [0, 1])]
)
def test_what_nothing_explains_is_not_shown(walked, beyond, shown):
    ways = [walked(20.0), walked(20.0)]
    short = replace(ways[1], arrival=ways[1].arrival + DAY, cost_s=0.0)
    none = Compared(None, (), None, ((), ()), beyond)
    assert worth_showing([lie_down(ways[0]), lie_down(short)], [none]) == shown


OPEN = CrossingState(
    "X", "Puente", "CO", "VE", 0.0, 0.0, "open", None, "America/Bogota", None, False, False, None
)


@pytest.mark.parametrize("opens", [datetime(2026, 11, 25, 11, tzinfo=UTC), None])
def test_p32_what_is_open_now_is_not_called_closed(opens):
    reason = DetourReason(
        "crossing", "X", "Puente", "closed", 9e4, 0.0, arrival=MORNING, opens=opens
    )
    known = SimpleNamespace(crossings=[OPEN], hazards=[], timezone="America/Bogota")
    (why,) = published([reason], known)
    (said,) = detour_text.written(words("es"), [why])
    assert said["next_opening"] == opens
    assert "está cerrado" not in said["text"]
    if opens is None:
        assert said["state"] == "not_known"
        assert "stará abierto cuando llegue" in said["text"]
    else:
        assert "estará cerrado cuando llegue" in said["text"]
