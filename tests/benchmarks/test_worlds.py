"""The judge of random worlds: its clock, its search, and that it sees what it looks for."""

import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone
from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from benchmarks import _worlds_draw as drawing
from benchmarks import _worlds_judge as judging
from benchmarks._worlds_clock import Hours, earliest, walk
from benchmarks._worlds_draw import Asked, Country
from benchmarks._worlds_records import Records, Statement, loaded_exclusions
from benchmarks._worlds_secrets import secrets_of
from benchmarks._worlds_seen import ALWAYS, DAY_S, HOUR_S, Post, Seen, moment, seconds
from routing.route.open_world_report import Compared, DetourReason
from routing.travel.exposure import Exposure
from routing.travel.hazard import Hazard
from routing.travel.profiles import ADULT, FAMILY, VEHICLE
from tests.fixtures.leak_parts import TODAY
from tests.routing.conftest import build_tiny_graph

ADULTS = Hours.of(ADULT)
#: Metres a second at which nobody is ever too tired.
SLOW = 0.1
WEST = timezone(timedelta(hours=-5))


def walked(at_h, hours, *, m_per_s=SLOW, rule=ADULTS):
    """Give the hour at which a walk is done that begins at an hour."""
    stand = rule.walk(rule.depart(at_h * HOUR_S), [(hours * HOUR_S, hours * HOUR_S * m_per_s)])
    return stand.clock_s / HOUR_S


# --- the rule ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at_h", "hours", "done_h"),
    [
        (17.5, 31 / 60, 18 + 1 / 60),
        (22, 50 / 60, 22 + 50 / 60),
        (22, 12, 24 + 18),
        (17 + 59 / 60, 12, 24 + 6 + 12 - 1 / 60),
        (17, 2, 19),
        (16, 4, 24 + 6 + 2),
        (5.5, 1, 6.5),
        (5.5, 2, 8),
        (10, 8, 18),
        (10, 9, 19),
        (10, 9.5, 24 + 7.5),
        (6, 24, 24 + 18),
    ],
)
def test_a_walk_is_done_when_the_rule_says(at_h, hours, done_h):
    assert walked(at_h, hours) == pytest.approx(done_h)


def test_the_longest_day_is_walked_between_two_openings():
    # 30 km at 5 km/h: 25 of them until noon, the rest after the next opening.
    pace = 5_000 / HOUR_S
    assert walked(6, 6, m_per_s=pace) == pytest.approx(24 + 7)
    # Fresh at the departure, and again at six.
    assert walked(5, 6, m_per_s=pace) == pytest.approx(24 + 7)
    # The tail ends at the longest day too.
    assert walked(12, 5.5, m_per_s=pace) == pytest.approx(17.5 if 5.5 * 5 <= 25 else 24 + 6.5)


def test_a_vehicle_never_rests():
    assert walked(22, 30, rule=Hours.of(VEHICLE)) == pytest.approx(52)


@pytest.mark.parametrize("rule", [ADULTS, Hours.of(FAMILY)], ids=["adult", "family"])
def test_who_leaves_later_never_arrives_earlier(rule):
    rng = np.random.default_rng(3)
    for _ in range(200):
        at_h, hours = float(rng.uniform(0, 48)), float(rng.uniform(0, 40))
        later_h = at_h + float(rng.choice([1 / 60, 0.5, 1, 3, 11, 24]))
        arrivals = [walked(at, hours, m_per_s=1.4, rule=rule) for at in (at_h, later_h)]
        assert arrivals[0] <= arrivals[1] + 1e-6


# --- the search ----------------------------------------------------------------------------------


def small_questions(numbers, seed=11):
    regions = [drawing.small(n) for n in range(12)]
    for number in numbers:
        yield drawing.draw([regions[0], *regions], seed, number)


def arrival(asked, **more):
    ends = asked.source, asked.target
    return earliest(asked.seen, *ends, seconds(asked.at), asked.offset_s, **more)


def test_no_sequence_of_crossings_arrives_earlier_than_the_search_says():
    ways = 0
    for asked in small_questions(range(60)):
        best, every = arrival(asked), arrival(asked, prunes=False)
        assert best.arrival_s == pytest.approx(every.arrival_s, abs=1e-3)
        if best.edges:
            legs = [(edge, 0.0, 1.0) for edge in best.edges]
            own = walk(asked.seen, legs, seconds(asked.at), asked.offset_s)
            assert own.arrival_s == pytest.approx(best.arrival_s, abs=1e-3)
            assert not own.broken
            ways += len(own.passed) > 0
    assert ways > 20


def test_the_earliest_arrival_never_comes_earlier_by_leaving_later():
    for asked in small_questions(range(40), seed=12):
        later = replace(asked, at=asked.at + timedelta(hours=3))
        assert arrival(asked).arrival_s <= arrival(later).arrival_s + 1e-3


# --- planted faults ------------------------------------------------------------------------------

#: AA | BB, a bridge straight ahead and one far round; degrees.
NEAR, FAR = "near", "far"
NODES = [
    (0.0, 0.0, 0, "AA"), (0.05, 0.0, 0, "AA"), (0.051, 0.0, 0, "BB"), (0.1, 0.0, 0, "BB"),
    (0.05, 0.8, 0, "AA"), (0.051, 0.8, 0, "BB"),
]  # fmt: skip
EDGES = [(0, 1), (1, 2), (2, 3), (0, 4), (4, 5), (5, 3)]
AT = datetime(2026, 11, 24, 8, tzinfo=WEST)


@pytest.fixture(scope="module")
def land():
    places = (
        Post(NEAR, 0.0505, 0.0, ("AA", "BB"), ALWAYS),
        Post(FAR, 0.0505, 0.8, ("AA", "BB"), ALWAYS),
    )
    return Country.of("bridges", build_tiny_graph(NODES, EDGES), places, (0.01, 0.02))


def node(land, number):
    return int(np.flatnonzero(land.router.graph.node_osm_id == number)[0])


def question(land, *, shut=(), bans=(), profile=VEHICLE, at=AT):
    posts = {p.id: replace(p, open_s=() if p.id in shut else ALWAYS) for p in land.places}
    seen = Seen(land.lands[profile.name], posts, tuple(bans))
    return Asked(0, land, seen, node(land, 0), node(land, 3), at, profile, (0.0,), (), ())


def answered(asked):
    return asked.country.router.routes(judging.request_of(asked))


def bars(asked, routes):
    return {fault.bar for fault in judging.faults_of(asked, routes)}


def edges_of(asked, *numbers):
    """Give the legs along nodes by their numbers."""
    land = asked.country
    nodes = [node(land, number) for number in numbers]
    network = asked.seen.land.network
    return SimpleNamespace(
        edges=tuple((next(iter(network[a][b])), 0.0, 1.0) for a, b in itertools.pairwise(nodes))
    )


def forged(asked, route, *numbers, **more):
    """Give a route that goes another way and tells of it what is true."""
    legs = edges_of(asked, *numbers).edges
    own = walk(asked.seen, legs, seconds(asked.at), asked.offset_s)
    passages = tuple(
        SimpleNamespace(crossing=SimpleNamespace(id=p.post.id),
                        arrival=moment(p.reached_s - asked.offset_s),
                        wait_s=p.through_s - p.reached_s)
        for p in own.passed
    )  # fmt: skip
    told = {
        "edges": legs, "arrival": moment(own.arrival_s) if own.arrival_s < 1e12 else route.arrival,
        "passages": passages, "coordinates": np.array([NODES[n][:2] for n in numbers]),
        "exposure": route.exposure, "unknown_m": own.length_m, "distance_m": own.length_m,
        "duration_s": own.moving_s, "cost_s": own.arrival_s,
        "start_snap": SimpleNamespace(distance_m=0.0),
        "end_snap": SimpleNamespace(distance_m=0.0),
        "crossings": tuple(p.post.id for p in own.passed),
    }  # fmt: skip
    return SimpleNamespace(**(told | more))


def test_a_right_answer_has_no_fault(land):
    asked = question(land)
    routes = answered(asked)[:1]
    assert bars(asked, routes) == set()
    assert bars(asked, [forged(asked, routes[0], 0, 1, 2, 3)]) == set()


def test_p54_a_way_much_longer_than_the_open_one_is_seen(land):
    asked = question(land, shut=[NEAR], profile=ADULT)
    route = answered(question(land))[0]
    assert "long without because" in bars(asked, [forged(asked, route, 0, 4, 5, 3)])
    # By car it is two hours: no day more.
    by_car = question(land, shut=[NEAR])
    assert bars(by_car, [forged(by_car, route, 0, 4, 5, 3)]) == set()


def test_a_crossing_passed_twice_is_seen_in_either_direction(land):
    asked = question(land)
    route = answered(asked)[0]
    for way in ((0, 1, 2, 1, 2, 3), (0, 1, 2, 1, 0, 4, 5, 3)):
        assert bars(asked, [forged(asked, route, *way)]) == {"crossing passed twice"}


def test_a_crossing_that_is_not_open_or_not_known_at_all_is_seen(land):
    route = answered(question(land))[0]
    shut = question(land, shut=[NEAR])
    assert "crossing not open at passing" in bars(shut, [forged(shut, route, 0, 1, 2, 3)])
    hidden = replace(shut, seen=replace(shut.seen, posts={FAR: shut.seen.posts[FAR]}))
    assert "crossing not open at passing" in bars(hidden, [forged(hidden, route, 0, 1, 2, 3)])


def test_a_touched_exclusion_is_seen(land):
    ban = Hazard("ban", "flood", "physical", shapely.Point(0.025, 0).buffer(0.001), exclusion=True)
    route = answered(question(land))[0]
    asked = question(land, bans=[ban])
    assert bars(asked, [forged(asked, route, 0, 1, 2, 3)]) == {"exclusion touched"}


def test_a_dominated_route_is_seen_and_a_shorter_later_one_is_not(land):
    asked = question(land)
    best = answered(asked)[0]
    good, long = forged(asked, best, 0, 1, 2, 3), forged(asked, best, 0, 4, 5, 3)
    assert bars(asked, [good, long]) == {"dominated"}
    later = replace(asked, at=AT)
    waits = forged(
        later,
        best,
        0,
        1,
        2,
        3,
        arrival=good.arrival + timedelta(minutes=0.5),
        unknown_m=good.unknown_m - 5,
    )
    assert not judging.dominates(good, waits)
    assert not judging.dominates(waits, good)
    assert judging.dominates(
        good, forged(asked, best, 0, 1, 2, 3, arrival=good.arrival + timedelta(minutes=2))
    )
    assert not judging.dominates(good, good)


def test_kilometres_are_no_events(land):
    """Expected floods, and kilometres where no rate is known, are not set against each other."""

    def way(later_h, **exposure):
        arrival_at = AT + timedelta(hours=later_h)
        return SimpleNamespace(arrival=arrival_at, cost_s=later_h, unknown_m=0.0, exposure=exposure)

    events = way(1, flood=Exposure(0.4, "events", None))
    km = way(2, flood=Exposure(126.0, "km", None))
    both = way(3, flood=Exposure(0.5, "events", None), flood_without_rate=Exposure(1.0, "km", None))
    assert not judging.dominates(events, km)
    assert not judging.dominates(km, both)
    assert judging.dominates(events, both)
    fewer = way(1, flood=Exposure(0.9, "km", None))
    assert judging.dominates(fewer, both)


@pytest.mark.parametrize("hidden", ["west", "east"])
def test_p36_nobody_comes_to_a_post_that_is_hidden(hidden):
    """A long bridge with a post at either end: the time told is of the one that is seen."""
    nodes = [*NODES[:2], (0.06, 0.0, 0, "BB"), NODES[3]]
    places = [Post(name, lon, 0.0, ("AA", "BB"), ALWAYS)
              for name, lon in (("west", 0.05), ("east", 0.06))]  # fmt: skip
    land = Country.of("long bridge", build_tiny_graph(nodes, EDGES[:3]), places, (0.01, 0.02))
    asked = question(land, profile=ADULT)
    assert bars(asked, answered(asked)) == set()
    posts = {name: post for name, post in asked.seen.posts.items() if name != hidden}
    asked = replace(asked, seen=replace(asked.seen, posts=posts))
    (route,) = answered(asked)
    assert hidden not in route.crossings
    assert bars(asked, [route]) == set()


def test_times_that_are_told_wrong_are_seen(land):
    asked = question(land)
    route = answered(asked)[0]
    late = forged(asked, route, 0, 1, 2, 3, arrival=route.arrival + timedelta(minutes=3))
    assert bars(asked, [late]) == {"told otherwise"}
    assert bars(asked, [forged(asked, route, 0, 1, 2, 3, passages=())]) == {"told otherwise"}


class Forger:
    """A router that answers what it is given, one departure after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def routes(self, _request):
        return self.answers.pop(0)


def test_leaving_later_to_arrive_earlier_and_a_late_arrival_are_seen(land, monkeypatch):
    # What is no graph cannot be set against an open world.
    monkeypatch.setattr(judging, "compared_of", lambda *_: None)
    asked = replace(question(land), later_s=(600.0,))
    best = answered(asked)[0]
    slow = forged(asked, best, 0, 4, 5, 3)
    router = Forger([slow], [forged(asked, best, 0, 1, 2, 3)])
    made = replace(asked, country=replace(land, router=router))
    found = judging.judge(made)
    assert found.counts["later departure arrives earlier"] == 1
    assert found.counts["not the earliest arrival"] == 1
    assert found.is_broken


def test_a_refusal_is_seen_but_for_who_stands_where_every_road_is_closed_in_secret(land):
    """P36: without the one road inland the foot of the bridge is off the network."""
    area = shapely.Point(0.07, 0).buffer(0.001)
    ban = Hazard("ban", "flood", "physical", area, exclusion=True, is_published=False)
    asked = replace(question(land), target=node(land, 2))
    at_bridge = replace(asked, seen=replace(asked.seen, secret=(ban,)))
    assert arrival(at_bridge).edges
    found = judging.judge(at_bridge)
    assert (found.counts["refused"], found.counts["ends met elsewhere"]) == (1, 1)
    assert found.counts["refused though there is a way"] == 0
    found = judging.judge(replace(asked, country=replace(land, router=Forger(()))))
    assert found.counts["refused though there is a way"] == 1


def because(asked, route, *reasons):
    """Give the bars that a route misses of which such reasons are told."""
    compared = Compared(None, (), None, (reasons,), (None,))
    return {fault.bar for fault in judging.faults_of(asked, [route], compared)}


def test_a_reason_that_is_not_on_record_or_has_a_wrong_figure_is_seen(land):
    asked = question(land, shut=[NEAR], profile=ADULT)
    route = forged(asked, answered(question(land))[0], 0, 4, 5, 3)
    extra_s = seconds(route.arrival) - arrival(question(land, profile=ADULT)).arrival_s
    true = DetourReason("crossing", NEAR, NEAR, "closed", extra_s, 0.0)
    assert because(asked, route, true) == set()
    assert because(asked, route, replace(true, id=FAR)) == {"reason not on record"}
    assert because(asked, route, replace(true, kind="hazard")) == {"reason not on record"}
    assert because(asked, route, replace(true, extra_s=extra_s + 120)) == {"figure of because"}


def test_p36_an_exclusion_that_shows_in_an_answer_is_seen(land):
    """Closed in secret, the near bridge is a bridge that is not there; told of, it is a reason."""

    def without(gone):
        return build_tiny_graph(NODES, [edge for n, edge in enumerate(EDGES) if n not in gone])

    area = shapely.Point(0.0505, 0).buffer(0.0002)
    ban = Hazard("ban", "flood", "physical", area, exclusion=True, is_published=False)
    asked = replace(question(land), country=replace(land, without=without))
    secret = replace(asked, seen=replace(asked.seen, secret=(ban,)))
    assert list(secrets_of(secret)) == [None, None]
    told = replace(asked, seen=replace(asked.seen, secret=(replace(ban, is_published=True),)))
    assert [fault.bar for fault in secrets_of(told) if fault] == ["answers differ"] * 2


def test_a_crossing_is_open_for_as_long_as_the_slowest_walk_takes(land):
    """Who walks 6.5 km a day comes to Yacuiba four years on."""
    since = TODAY - timedelta(days=90)
    said = Statement("s", NEAR, "open", since, None, "America/La_Paz")
    near = Records((said,), (), ()).posts(land.places)[NEAR]
    four_years_on = seconds(datetime.combine(TODAY, time(12), UTC) + timedelta(days=1_600))
    assert near.is_open(four_years_on)


async def test_exclusions_of_the_demonstration_are_part_of_the_world_that_is_judged(
    cluster, loaded_template, land
):
    loaded = await loaded_exclusions(cluster, loaded_template)
    assert [ban.id for ban in loaded] == ["DEMO-H4"]
    seen = Records((), (), (), loaded).seen(land, "adult", frozenset())
    assert [ban.id for ban in seen.bans] == ["DEMO-H4"]


def test_a_run_in_which_one_of_two_parts_answers_nothing_is_broken():
    both = judging.Found(Counter({"asked": 1, "routes": 1, "asked of the application": 5}))
    assert both.is_broken
    both.counts["application routes"] = 1
    assert not both.is_broken
    assert not judging.Found(both.counts - Counter({"asked": 1, "routes": 1})).is_broken
    assert judging.Found().is_broken


@pytest.mark.every(2)
@pytest.mark.parametrize("seed", [21, 22])
def test_p54_no_answer_in_random_worlds_has_a_fault(seed):
    found = judging.Found()
    for asked in small_questions(range(30), seed=seed):
        found.add(judging.judge(asked))
    assert found.counts["routes"] > 40
    assert not found.is_broken, "\n".join(str(f) for faults in found.first.values() for f in faults)


def test_the_named_detour_of_the_issue_is_drawn_as_it_was(tmp_path):
    """Santa Elena to Boa Vista while Pacaraima is shut for two days: one waits, or is told why."""
    asked = drawing.pacaraima(drawing.sketch(tmp_path))
    best = arrival(asked)
    assert moment(best.arrival_s).astimezone(UTC) > datetime(2026, 12, 4, 4, tzinfo=UTC)
    names = [p.post.id for p in walk(asked.seen, [(e, 0.0, 1.0) for e in best.edges],
                                     seconds(asked.at), asked.offset_s).passed]  # fmt: skip
    assert names == ["X-PACARAIMA"]
    assert best.arrival_s - seconds(asked.at) < 3 * DAY_S
