"""Ways over crossings that open and close: the search against all sequences of crossings."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import networkx as nx
import numpy as np
import pytest
import shapely

from routing.access import Mode
from routing.arrival import timetable
from routing.cost import Travel
from routing.crossings import Crossing, border_edges, gates, passable_from
from routing.errors import Blocker, NoRoute
from routing.hazard import Hazard
from routing.itinerary import Clock
from routing.portals import MAX_WAIT_S
from routing.profile import ADULT, FAMILY, VEHICLE
from routing.search import Router, RouteRequest

LOCAL = timezone(timedelta(hours=-5))
MONDAY = datetime(2026, 11, 23, tzinfo=LOCAL)
HOUR = timedelta(hours=1)

#: Degrees between neighbours, so that a country takes some hours.
STEPS = {Mode.FOOT: 0.06, Mode.VEHICLE: 1.2}


def hours(*spans, days=range(7)):
    """Give a crossing's `opens`: daily spans of local hours, on some days of the week."""

    def opens(when):
        midnight = when.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
        for day in range(9):
            date = midnight + timedelta(days=day)
            for begin, end in spans if date.weekday() in days else ():
                if when < date + end * HOUR:
                    return max(when, date + begin * HOUR)
        return None

    return opens


@dataclass(frozen=True)
class World:
    """Countries beside each other, of some junctions each, with crossings between neighbours."""

    graph: object
    crossings: tuple
    start: tuple
    end: tuple


def post(name, place, countries, opens):
    """Give a crossing that is judged at the time of arrival alone."""
    return Crossing(name, name, *place, countries, passable=False, state="closed", opens=opens)


def world(tiny_graph, rng, step, *, spans=None):
    """Draw two or three countries with two to four crossings between neighbours."""
    countries = ["AA", "BB", "CC"][: rng.integers(2, 4)]
    nodes, edges, posts = [], [], []
    rows = 4
    for column, country in enumerate(countries):
        for side in (0.0, 0.4):
            nodes += [
                (step * (column + side + rng.uniform(0, 0.2)), step * (row + rng.uniform(0, 0.3)),
                 0.0, country)
                for row in range(rows)
            ]  # fmt: skip
        first = len(nodes) - 2 * rows
        pairs = [(first + row, first + rows + row) for row in range(rows)]
        pairs += [(n, n + 1) for n in range(first, first + rows - 1)]
        pairs += [(n, n + 1) for n in range(first + rows, first + 2 * rows - 1)]
        # The first row stays: a road at both ends.
        edges += [pair for pair in pairs if pair[0] % rows == 0 or rng.random() < 0.8]
        if column:
            for row in rng.choice(rows, rng.integers(2, rows + 1), replace=False).tolist():
                a, b = first - rows + row, first + row
                edges.append((a, b))
                begin = float(rng.uniform(0, 20))
                some = spans or ((begin, begin + float(rng.uniform(0.5, 12))),)
                days = range(7) if rng.random() < 0.8 else [int(rng.integers(7))]
                middle = tuple((nodes[a][axis] + nodes[b][axis]) / 2 for axis in (0, 1))
                pair = (countries[column - 1], country)
                posts.append(post(f"X{len(posts)}", middle, pair, hours(*some, days=days)))
    return World(tiny_graph(nodes, edges), tuple(posts), nodes[0], nodes[-rows])


class Exhaustive:
    """The cheapest journey, moving and waiting, of all sequences of crossings."""

    def __init__(self, drawn, profile, departure):
        graph = drawn.graph
        self.travel, self.profile, self.departure = Travel(graph, profile), profile, departure
        edges = np.arange(len(graph.edge_tail))
        self.time_s, self.length_m = self.travel.time_s(edges), self.travel.length_m(edges)
        borders = set(border_edges(graph).tolist())
        usable = self.travel.usable(edges)
        self.roads = nx.MultiDiGraph()
        self.roads.add_nodes_from(range(graph.meta.node_count))
        for edge in edges[usable].tolist():
            if edge not in borders:
                ends = int(graph.edge_tail[edge]), int(graph.edge_head[edge])
                self.roads.add_edge(*ends, edge, s=float(self.time_s[edge]))
        self.ways = dict(nx.all_pairs_dijkstra(self.roads, weight="s"))
        self.gates = [
            (edge, int(graph.edge_tail[edge]), int(graph.edge_head[edge]), gate)
            for edge, gate in gates(graph, drawn.crossings).items()
            if gate.posts and usable[edge]
        ]
        self.best_s, self.best_waits = math.inf, ()
        self.start, self.end = (self._node(drawn, place) for place in (drawn.start, drawn.end))

    @staticmethod
    def _node(drawn, place):
        lon, lat = (round(degrees * 1e7) for degrees in place[:2])
        found = (drawn.graph.node_lon == lon) & (drawn.graph.node_lat == lat)
        return int(np.flatnonzero(found)[0])

    def best(self):
        self._go(self.start, [], {}, 0.0, 0.0, ())
        return self.best_s

    def _go(self, node, legs, not_before, waited_s, through_s, passed):
        """Go on from a node: legs so far, waits before legs, when the last crossing was passed."""
        moving_s = sum(self.time_s[leg] for leg in legs)
        if moving_s + waited_s >= self.best_s:
            return
        costs, paths = self.ways[node]
        if self.end in costs and moving_s + waited_s + costs[self.end] < self.best_s:
            self.best_s, self.best_waits = moving_s + waited_s + costs[self.end], passed
        for edge, tail, head, gate in self.gates:
            if edge in passed or tail not in costs:
                continue
            here = [*legs, *self._edges(paths[tail])]
            reached_s = max(self._walked_s(here, not_before), through_s)
            # A post is judged where it stands.
            at_post_s = reached_s + self.time_s[edge] * gate.at
            arrival = self.departure + timedelta(seconds=at_post_s)
            through = passable_from(gate.posts, arrival)
            wait_s = math.inf if through is None else (through - arrival).total_seconds()
            if wait_s <= MAX_WAIT_S:
                after = not_before | ({len(here): reached_s + wait_s} if wait_s else {})
                self._go(head, [*here, edge], after, waited_s + wait_s, reached_s + wait_s,
                         (*passed, edge))  # fmt: skip

    def _edges(self, path):
        return [
            min(self.roads[a][b], key=lambda edge: self.roads[a][b][edge]["s"])
            for a, b in pairwise(path)
        ]

    def _walked_s(self, legs, not_before):
        if not legs:
            return 0.0
        times = timetable(
            self.departure,
            self.time_s[legs],
            self.profile.window,
            leg_m=self.length_m[legs],
            day_max_m=self.profile.day_max_m,
            not_before_s={leg: s for leg, s in not_before.items() if leg < len(legs)},
        )
        return float(times.end_s[-1])


def ask(drawn, profile, departure, **more):
    given = {"start_country": "AA", "end_country": drawn.end[3], "aversions": (0.0,),
             "crossings": drawn.crossings, "profile": profile}  # fmt: skip
    return RouteRequest(drawn.start[:2], drawn.end[:2], profile.mode, departure, **given | more)


def answered(drawn, profile, departure, **more):
    """Give the routes; none where refused, which then names a crossing."""
    try:
        return Router(drawn.graph).routes(ask(drawn, profile, departure, **more))
    except NoRoute as error:
        blocked = error.blocked_by
    assert blocked
    return ()


def departures(rng):
    return MONDAY + float(rng.uniform(0, 168)) * HOUR


def require_kept(drawn, profile, departure, route):
    """Judge a finished way by the hours of its crossings, on a clock of its own."""
    graph, travel = drawn.graph, Travel(drawn.graph, profile)
    borders = gates(graph, drawn.crossings)
    time_s = travel.time_s(route.legs.edge) * route.legs.share
    length_m = travel.length_m(route.legs.edge) * route.legs.share
    waits, through_s, found = {}, 0.0, []
    for row, edge in enumerate(route.legs.edge.tolist()):
        if edge in borders:
            posts = borders[edge].posts
            assert posts, "no official crossing"
            times = timetable(departure, time_s[:row], profile.window, leg_m=length_m[:row],
                              day_max_m=profile.day_max_m, not_before_s=waits)  # fmt: skip
            reached_s = max(float(times.end_s[-1]) if row else 0.0, through_s)
            at_post_s = reached_s + time_s[row] * borders[edge].at
            arrival = departure + timedelta(seconds=at_post_s)
            through = passable_from(posts, arrival)
            assert through is not None, "never opens again"
            wait_s = (through - arrival).total_seconds()
            assert wait_s <= MAX_WAIT_S
            through_s = reached_s + wait_s
            waits |= {row: through_s} if wait_s > 0 else {}
            found += [(post.id, arrival, wait_s if n == 0 else 0.0)
                      for n, post in enumerate(posts)]  # fmt: skip
    told = [(p.crossing.id, p.arrival, p.wait_s) for p in route.passages]
    assert [row[0] for row in told] == [row[0] for row in found]
    for (_, told_at, told_s), (_, at, wait_s) in zip(told, found, strict=True):
        assert abs((told_at - at).total_seconds()) < 0.01
        assert told_s == pytest.approx(wait_s, abs=0.01)


@pytest.mark.parametrize("seed", range(100))
def test_by_vehicle_no_sequence_of_crossings_is_quicker(tiny_graph, seed):
    rng = np.random.default_rng(seed)
    drawn, departure = world(tiny_graph, rng, STEPS[Mode.VEHICLE]), departures(rng)
    routes = answered(drawn, VEHICLE, departure)
    expected_s = Exhaustive(drawn, VEHICLE, departure).best()
    if math.isinf(expected_s):
        assert not routes
    else:
        assert routes[0].cost_s == pytest.approx(expected_s, rel=1e-6, abs=0.1)


@pytest.mark.parametrize("seed", range(40))
def test_on_foot_without_rests_no_sequence_of_crossings_is_quicker(tiny_graph, seed):
    rng = np.random.default_rng(seed)
    drawn, departure = world(tiny_graph, rng, STEPS[Mode.FOOT]), departures(rng)
    restless = replace(ADULT, window_start=None, window_end=None, day_max_m=math.inf)
    routes = answered(drawn, restless, departure)
    expected_s = Exhaustive(drawn, restless, departure).best()
    if math.isinf(expected_s):
        assert not routes
    else:
        assert routes[0].cost_s == pytest.approx(expected_s, rel=1e-6, abs=0.1)


def test_on_foot_with_rests_most_ways_are_the_cheapest_and_none_is_missed(tiny_graph):
    """A rest is none of the cost and a wait is: whoever rests more may wait less.

    A cheapest way that arrives later than another, and is better in nothing, is not shown.
    """
    dearer = ways = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        drawn, departure = world(tiny_graph, rng, STEPS[Mode.FOOT]), departures(rng)
        routes = answered(drawn, ADULT, departure)
        expected_s = Exhaustive(drawn, ADULT, departure).best()
        assert bool(routes) == math.isfinite(expected_s)
        if routes:
            ways += 1
            assert routes[0].cost_s >= expected_s - 0.1
            dearer += routes[0].cost_s > expected_s + 1
    assert ways > 80
    assert dearer <= 0.2 * ways


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("profile", [ADULT, FAMILY, VEHICLE], ids=lambda p: p.name)
def test_every_route_passes_its_crossings_when_they_are_open(tiny_graph, seed, profile):
    rng = np.random.default_rng(1_000 + seed)
    drawn, departure = world(tiny_graph, rng, STEPS[profile.mode]), departures(rng)
    for route in answered(drawn, profile, departure, aversions=(0.0, 1.0, 4.0), most=5):
        require_kept(drawn, profile, departure, route)


# --- by hand --------------------------------------------------------------------------------------


@pytest.fixture
def two_ways(tiny_graph):
    """Give two countries with a crossing straight ahead and one that is two hours farther."""

    def make(near, far):
        nodes = [
            (0.0, 0.0, 0, "AA"), (0.05, 0.0, 0, "AA"), (0.051, 0.0, 0, "BB"), (0.1, 0.0, 0, "BB"),
            (0.05, 0.05, 0, "AA"), (0.051, 0.05, 0, "BB"),
        ]  # fmt: skip
        edges = [(0, 1), (1, 2), (2, 3), (0, 4), (4, 5), (5, 3)]
        posts = [post("near", (0.0505, 0.0), ("AA", "BB"), near),
                 post("far", (0.0505, 0.05), ("AA", "BB"), far)]  # fmt: skip
        return World(tiny_graph(nodes, edges), tuple(posts), nodes[0], nodes[3])

    return make


ALWAYS, NEVER = hours((0, 24)), hours()


def crossed(drawn, departure, **more):
    route = answered(drawn, ADULT, departure, **more)[0]
    return [(p.crossing.id, round(p.wait_s / 3_600, 1)) for p in route.passages]


def test_a_wait_that_is_longer_than_a_detour_is_not_taken(two_ways):
    # At the near one at 09:07; the far one is an hour farther.
    noon = MONDAY + 8 * HOUR
    assert crossed(two_ways(hours((12, 18)), ALWAYS), noon) == [("far", 0.0)]
    assert crossed(two_ways(hours((9.5, 18)), ALWAYS), noon) == [("near", 0.4)]
    assert crossed(two_ways(hours((12, 18)), NEVER), noon) == [("near", 2.9)]


def refused(drawn, departure):
    with pytest.raises(NoRoute) as error:
        Router(drawn.graph).routes(ask(drawn, ADULT, departure))
    return error.value.blocked_by


def test_who_would_wait_longer_than_a_day_is_refused_and_told_where(two_ways):
    wednesday = hours((8, 18), days=[2])
    drawn = two_ways(wednesday, NEVER)
    assert refused(drawn, MONDAY + 6 * HOUR) == (Blocker("crossing", "near", "near", "closed"),)
    assert crossed(drawn, MONDAY + 32 * HOUR) == [("near", 22.9)]
    assert crossed(two_ways(wednesday, hours((8, 18), days=[1])), MONDAY + 20 * HOUR)[0][0] == "far"


def test_posts_that_are_never_open_one_after_the_other_are_both_named(tiny_graph):
    """Each opens within a day; whoever is past the first finds the second closed for too long."""
    nodes = [(0.0, 0.0, 0, "AA"), (0.05, 0.0, 0, "AA"), (0.051, 0.0, 0, "BB"), (0.1, 0.0, 0, "BB")]
    one = post("one", (0.0505, 0.0), ("AA", "BB"), hours((8, 9)))
    two = post("two", (0.0505, 0.0), ("AA", "BB"), hours((7, 8)))
    graph = tiny_graph(nodes, [(0, 1), (1, 2), (2, 3)])
    drawn = World(graph, (one, two), nodes[0], nodes[3])
    assert {item.id for item in refused(drawn, MONDAY + 8 * HOUR)} == {"one", "two"}


def test_the_hours_of_a_night_in_which_clocks_change_are_counted(two_ways):
    """Chile's clocks went forward by an hour at the end of 2026-09-05; the offset left with stays.

    Whoever left at 23:00 of UTC-4 is at the crossing an hour and seven minutes later, by a clock
    that says so too.
    """
    santiago = ZoneInfo("America/Santiago")
    departure = datetime(2026, 9, 5, 23, tzinfo=santiago)
    drawn = two_ways(ALWAYS, NEVER)
    route = answered(drawn, replace(ADULT, window_start=None, window_end=None), departure)[0]
    took = route.passages[0].arrival.timestamp() - departure.timestamp()
    walked, over = Travel(drawn.graph, ADULT).time_s(route.legs.edge[:2])
    assert took == pytest.approx(walked + over / 2, abs=1)
    assert Clock((), departure).moment(7_200).timestamp() - departure.timestamp() == 7_200


def test_another_road_that_comes_too_late_is_no_other_way(tiny_graph):
    """Other roads to a crossing that closes a minute after the best one reaches it."""
    rng, side = np.random.default_rng(1), 10
    nodes = [(0.01 * x, 0.01 * y, 0.0, "AA") for y in range(side) for x in range(side)]
    edges = [(n, n + 1) for n in range(side**2) if n % side < side - 1]
    edges += [(n, n + side) for n in range(side**2 - side)]
    edges = [(a, b, {"length_m": float(rng.uniform(1_100, 1_700))}) for a, b in edges]
    far = len(nodes)
    nodes += [(0.0901, 0.0901, 0.0, "BB"), (0.13, 0.0901, 0.0, "BB")]
    edges += [(side**2 - 1, far), (far, far + 1)]
    graph, departure = tiny_graph(nodes, edges), MONDAY + 8 * HOUR

    def over(opens, *floods):
        crossing = post("x", (0.09005, 0.09005), ("AA", "BB"), opens)
        drawn = World(graph, (crossing,), nodes[0], nodes[-1])
        routes = answered(drawn, ADULT, departure, aversions=(1.0,), most=5, hazards=floods)
        for route in routes:
            require_kept(drawn, ADULT, departure, route)
        return [route for route in routes if route.passages[0].wait_s == 0]

    # The best way meets a puddle: other ways are better in something.
    (x, y), *_ = over(ALWAYS)[0].coordinates[8:]
    around = shapely.box(x - 2e-4, y - 2e-4, x + 2e-4, y + 2e-4)
    puddle = Hazard("h", "flood", "physical", around, weight=1.0)
    found = over(ALWAYS, puddle)
    assert len(found) > 1
    closes = (found[0].passages[0].arrival - MONDAY) / HOUR + 1 / 60
    in_time = over(hours((0, closes), days=[0]), puddle)
    assert [route.edges for route in in_time] == [found[0].edges]


def test_posts_of_one_crossing_are_each_waited_for(tiny_graph):
    nodes = [(0.0, 0.0, 0, "AA"), (0.05, 0.0, 0, "AA"), (0.051, 0.0, 0, "BB"), (0.1, 0.0, 0, "BB")]
    one = post("one", (0.0505, 0.0), ("AA", "BB"), hours((10, 18)))
    two = post("two", (0.0505, 0.0), ("AA", "BB"), hours((11, 18)))
    drawn = World(tiny_graph(nodes, [(0, 1), (1, 2), (2, 3)]), (one, two), nodes[0], nodes[3])
    route = answered(drawn, ADULT, MONDAY + 8 * HOUR)[0]
    assert [(p.arrival + timedelta(seconds=p.wait_s) - MONDAY) / HOUR for p in route.passages] == [
        pytest.approx(10), pytest.approx(11),
    ]  # fmt: skip
    assert route.passages[1].arrival == MONDAY + 10 * HOUR
