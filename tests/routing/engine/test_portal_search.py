"""Ways over crossings that open and close: the search against all sequences of crossings."""

import math
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import networkx as nx
import numpy as np
import pytest
import shapely

from routing.engine.itinerary import ItineraryClock
from routing.engine.portal_bounds import MovingTime
from routing.engine.portal_search import solve
from routing.errors import Blocker, NoRoute, NoWay
from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.router.regional import Router, RouteRequest, leaves_by_night
from routing.travel.conditions import HazardLayer
from routing.travel.cost_model import CostModel, Travel
from routing.travel.crossings import Crossing, border_edges, gates, passable_from
from routing.travel.hazard import Hazard
from routing.travel.profiles import ADULT, FAMILY, VEHICLE
from routing.travel.timetable import timetable

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


#: The flags of an edge without length onto a no through road.
ENTRY = int(
    EdgeFlag.FOOT | EdgeFlag.VEHICLE | EdgeFlag.FOOT_ENDS | EdgeFlag.VEHICLE_ENDS
    | EdgeFlag.THRESHOLD
)  # fmt: skip


def world(tiny_graph, rng, step, *, spans=None, gated=0.0):
    """Draw two or three countries with two to four crossings between neighbours.

    ``gated`` is the share of crossings at the end of a no through road.
    """
    countries = ["AA", "BB", "CC"][: rng.integers(2, 4)]
    nodes, edges, posts, gates_of = [], [], [], []
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
                if gated and rng.random() < gated:
                    gates_of.append((a, b))
                else:
                    edges.append((a, b))
                begin = float(rng.uniform(0, 20))
                some = spans or ((begin, begin + float(rng.uniform(0.5, 12))),)
                days = range(7) if rng.random() < 0.8 else [int(rng.integers(7))]
                middle = tuple((nodes[a][axis] + nodes[b][axis]) / 2 for axis in (0, 1))
                pair = (countries[column - 1], country)
                posts.append(post(f"X{len(posts)}", middle, pair, hours(*some, days=days)))
    end = nodes[-rows]
    for a, b in gates_of:
        edges += [(a, len(nodes), {"flags": ENTRY, "length_m": 0.0}), (len(nodes), b)]
        nodes.append(nodes[a])
    return World(tiny_graph(nodes, edges), tuple(posts), nodes[0], end)


class Exhaustive:
    """The lowest price of all sequences of crossings that pass none twice.

    The price is the time to the arrival, and what the roads cost beyond moving time. Each sequence
    is laid on a clock of its own: no label, no queue, no bound.
    """

    def __init__(self, drawn, profile, departure, *, hazards=(), aversion=0.0):
        graph = drawn.graph
        self.travel, self.profile, self.departure = Travel(graph, profile), profile, departure
        edges = np.arange(len(graph.edge_tail))
        self.time_s, self.length_m = self.travel.time_s(edges), self.travel.length_m(edges)
        contacts = HazardLayer(graph, 50.0).lay(hazards)
        is_night = leaves_by_night(profile, departure)
        self.cost_s = CostModel(self.travel, contacts, aversion, is_night).edges_s(edges)
        borders = set(border_edges(graph).tolist())
        usable = self.travel.usable(edges)
        self.roads = nx.MultiDiGraph()
        self.roads.add_nodes_from(range(graph.meta.node_count))
        for edge in edges[usable].tolist():
            if edge not in borders:
                ends = int(graph.edge_tail[edge]), int(graph.edge_head[edge])
                self.roads.add_edge(*ends, edge, s=float(self.cost_s[edge]))
        self.ways = dict(nx.all_pairs_dijkstra(self.roads, weight="s"))
        self.gates = [
            (edge, int(graph.edge_tail[edge]), int(graph.edge_head[edge]), gate)
            for edge, gate in gates(graph, drawn.crossings).items()
            if gate.posts and usable[edge]
        ]
        self.start, self.end = (self._node(drawn, place) for place in (drawn.start, drawn.end))

    @staticmethod
    def _node(drawn, place):
        lon, lat = (round(degrees * 1e7) for degrees in place[:2])
        found = (drawn.graph.node_lon == lon) & (drawn.graph.node_lat == lat)
        return int(np.flatnonzero(found)[0])

    def best(self):
        """Give (price, moving time) of the best way, seconds; infinite where there is none."""
        self.best_of = (math.inf, math.inf)
        self._go(self.start, [], {}, frozenset(), 0.0)
        return self.best_of

    def _go(self, node, pieces, waits, passed, elapsed_s, exposed_s=0.0):
        """Go on from a node: pieces (seconds, metres, whether a stop lies before) so far."""
        if elapsed_s + exposed_s > self.best_of[0] + 1:
            return
        costs, paths = self.ways[node]
        if self.end in costs:
            whole = pieces + self._pieces(paths[self.end])
            moving_s = sum(piece[0] for piece in whole)
            price_s = self._clock_s(whole, waits) + exposed_s + self._beyond_s(paths[self.end])
            self.best_of = min(self.best_of, (price_s, moving_s))
        for edge, tail, head, gate in self.gates:
            ids = {post.id for post in gate.posts}
            if tail not in costs or not passed.isdisjoint(ids):
                continue
            time_s, length_m = self.time_s[edge], self.length_m[edge]
            here = [*pieces, *self._pieces(paths[tail])]
            here.append((time_s * gate.at, length_m * gate.at, False))
            reached_s = self._clock_s(here, waits)
            arrival = self.departure + timedelta(seconds=reached_s)
            through = passable_from(gate.posts, arrival)
            if through is not None:
                wait_s = (through - arrival).total_seconds()
                after = waits | ({len(here): reached_s + wait_s} if wait_s else {})
                here.append((time_s * (1 - gate.at), length_m * (1 - gate.at), True))
                more_s = self._beyond_s(paths[tail]) + float(self.cost_s[edge] - time_s)
                self._go(head, here, after, passed | ids, reached_s + wait_s, exposed_s + more_s)

    def _edges(self, path):
        return [
            min(self.roads[a][b], key=lambda edge: self.roads[a][b][edge]["s"])
            for a, b in pairwise(path)
        ]

    def _pieces(self, path):
        return [(self.time_s[edge], self.length_m[edge], False) for edge in self._edges(path)]

    def _beyond_s(self, path):
        edges = self._edges(path)
        return float((self.cost_s[edges] - self.time_s[edges]).sum())

    def _clock_s(self, pieces, waits):
        if not pieces:
            return 0.0
        return timetable(
            self.departure,
            np.array([piece[0] for piece in pieces]),
            self.profile.window,
            leg_m=np.array([piece[1] for piece in pieces]),
            day_max_m=self.profile.day_max_m,
            not_before_s=waits,
            stops=[row for row, piece in enumerate(pieces) if piece[2]],
        ).arrival_s


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
    pieces, waits, found = [], {}, []

    def clock_s():
        return timetable(
            departure,
            np.array([piece[0] for piece in pieces]),
            profile.window,
            leg_m=np.array([piece[1] for piece in pieces]),
            day_max_m=profile.day_max_m,
            not_before_s=waits,
            stops=[row for row, piece in enumerate(pieces) if piece[2]],
        ).arrival_s

    for row, edge in enumerate(route.legs.edge.tolist()):
        if edge not in borders:
            pieces.append((time_s[row], length_m[row], False))
            continue
        posts, at = borders[edge].posts, borders[edge].at
        assert posts, "no official crossing"
        pieces.append((time_s[row] * at, length_m[row] * at, False))
        reached_s = clock_s()
        arrival = departure + timedelta(seconds=reached_s)
        through = passable_from(posts, arrival)
        assert through is not None, "never opens again"
        wait_s = (through - arrival).total_seconds()
        waits |= {len(pieces): reached_s + wait_s} if wait_s > 0 else {}
        pieces.append((time_s[row] * (1 - at), length_m[row] * (1 - at), True))
        found += [(post.id, arrival, wait_s if n == 0 else 0.0)
                  for n, post in enumerate(posts)]  # fmt: skip
    told = [(p.crossing.id, p.arrival, p.wait_s) for p in route.passages]
    assert [row[0] for row in told] == [row[0] for row in found]
    assert len({row[0] for row in told}) == len(told), "a crossing is passed twice"
    for (_, told_at, told_s), (_, at, wait_s) in zip(told, found, strict=True):
        assert abs((told_at - at).total_seconds()) < 0.01
        assert told_s == pytest.approx(wait_s, abs=0.01)
    assert (route.arrival - departure).total_seconds() == pytest.approx(clock_s(), abs=0.01)


RESTLESS = replace(ADULT, window_start=None, window_end=None, day_max_m=math.inf)


def took_s(routes, departure):
    return min((r.arrival - departure).total_seconds() for r in routes) if routes else math.inf


@pytest.mark.every(11)
@pytest.mark.parametrize("seed", range(24))
@pytest.mark.parametrize(
    "profile", [ADULT, FAMILY, RESTLESS, VEHICLE], ids=["adult", "family", "restless", "vehicle"]
)
def test_no_sequence_of_crossings_arrives_earlier(tiny_graph, seed, profile):
    """By time alone the answer is exact, nights and waits of days included."""
    rng = np.random.default_rng(seed)
    step = STEPS[profile.mode] * (3 if seed % 2 else 1)
    drawn, departure = world(tiny_graph, rng, step), departures(rng)
    routes = answered(drawn, profile, departure)
    expected_s, moving_s = Exhaustive(drawn, profile, departure).best()
    assert took_s(routes[:1], departure) == pytest.approx(expected_s, abs=0.5)
    if routes:
        assert routes[0].duration_s <= moving_s + 1
        assert routes[0].cost_s == pytest.approx(expected_s, rel=1e-5, abs=1)


def floods(drawn, rng, step):
    """Draw areas of some junctions' size, unrated, so that a kilometre inside has a price."""
    node = rng.integers(0, drawn.graph.meta.node_count, 4)
    lon, lat = drawn.graph.node_lon[node] / 1e7, drawn.graph.node_lat[node] / 1e7
    places = shapely.points(lon, lat)
    return tuple(
        Hazard(
            f"h{row}",
            "flood",
            "physical",
            place.buffer(step * rng.uniform(0.2, 1)),
            weight=float(rng.uniform(1, 4)),
        )
        for row, place in enumerate(places)
    )


def priced(problem, aversion, *, has_moving):
    """Give the price of the search's plan, with and without bounds of moving time."""
    (side,) = problem.sides
    moving = None
    with ExitStack() as held:
        at = [
            held.enter_context(side.residents.using(side.ground, weight, side.situation))
            for weight in (aversion, 0.0)
        ]
        if has_moving:
            moving = MovingTime([at[1]], problem.question(0.0))
        try:
            return solve([at[0]], problem.question(aversion), moving).cost_s
        except NoWay:
            return math.inf


@pytest.mark.every(11)
@pytest.mark.parametrize("seed", range(24))
@pytest.mark.parametrize("profile", [ADULT, FAMILY], ids=lambda p: p.name)
def test_no_sequence_of_crossings_has_a_lower_price(tiny_graph, seed, profile):
    """Exposure and the price of a no through road are no walking time: nobody rests for them."""
    rng = np.random.default_rng(7_000 + seed)
    step = STEPS[profile.mode] * rng.uniform(1, 6)
    drawn, departure = world(tiny_graph, rng, step, gated=0.4), departures(rng)
    hazards, aversion = floods(drawn, rng, step), float(rng.choice([0.0, 1.0, 4.0]))
    problem = Router(drawn.graph).problem(ask(drawn, profile, departure, hazards=hazards))
    whole = Exhaustive(drawn, profile, departure, hazards=hazards, aversion=aversion)
    (expected_s, _) = whole.best()
    assert priced(problem, aversion, has_moving=True) == pytest.approx(expected_s, abs=2)
    assert priced(problem, aversion, has_moving=False) == pytest.approx(expected_s, abs=2)


@pytest.mark.every(11)
@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("profile", [ADULT, FAMILY, VEHICLE], ids=lambda p: p.name)
def test_who_leaves_later_never_arrives_earlier(tiny_graph, seed, profile):
    rng = np.random.default_rng(2_000 + seed)
    drawn, first = world(tiny_graph, rng, 2 * STEPS[profile.mode]), departures(rng)
    router, before = Router(drawn.graph), None
    for later_h in np.sort(rng.uniform(0, 60, 12)):
        departure = first + float(later_h) * HOUR
        try:
            arrival = router.routes(ask(drawn, profile, departure))[0].arrival
        except NoRoute:
            arrival = None
        if before is not None:
            assert arrival is None or arrival >= before - timedelta(seconds=0.5)
        before = arrival or before


@pytest.mark.every(4)
@pytest.mark.parametrize("seed", range(20))
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


def until(end_h, opens):
    """Give an `opens` of which nothing is stated from some hours after Monday on."""
    return lambda when: (
        found if (found := opens(when)) is not None and found < MONDAY + end_h * HOUR else None
    )


def test_p32_a_crossing_is_waited_for_as_long_as_its_statements_say_and_no_longer(two_ways):
    wednesday = hours((8, 18), days=[2])
    assert crossed(two_ways(wednesday, NEVER), MONDAY + 6 * HOUR) == [("near", 48.9)]
    # What is stated ends with the Wednesday: who comes to it too late is not let wait for the next.
    drawn = two_ways(until(72, wednesday), NEVER)
    assert crossed(drawn, MONDAY + 6 * HOUR) == [("near", 48.9)]
    assert refused(drawn, MONDAY + 66 * HOUR) == (Blocker("crossing", "near", "near", "closed"),)
    assert refused(two_ways(NEVER, NEVER), MONDAY + 6 * HOUR)


def test_nobody_drives_about_to_spend_time(tiny_graph):
    """A crossing that is closed for four days, and another one 900 km away.

    Who drives there and back over both comes to the first when it has opened again, and no later
    than who waits: it is waited for. Where the other one leads to the end by a way of its own, both
    are offered: the detour that arrives sooner, and the way that waits.
    """

    def drawn(links):
        nodes = [
            (0.0, 0.0, 0, "AA"), (0.1, 0.0, 0, "AA"), (0.11, 0.0, 0, "BB"), (0.3, 0.0, 0, "BB"),
            (0.1, 8.0, 0, "AA"), (0.11, 8.0, 0, "BB"),
        ]  # fmt: skip
        edges = [(0, 1), (1, 2), (2, 3), (1, 4), (4, 5), *links]
        posts = (
            post("near", (0.105, 0.0), ("AA", "BB"), hours((0, 24), days=[4])),
            post("far", (0.105, 8.0), ("AA", "BB"), ALWAYS),
        )
        return World(tiny_graph(nodes, edges), posts, nodes[0], nodes[3])

    (only,) = answered(drawn([]), VEHICLE, MONDAY + 7 * HOUR, aversions=(0.0, 1.0, 4.0), most=5)
    assert [p.crossing.id for p in only.passages] == ["near"]
    assert only.passages[0].through == MONDAY + 96 * HOUR
    best, waits = answered(drawn([(5, 3)]), VEHICLE, MONDAY + 7 * HOUR, most=5)
    assert [p.crossing.id for p in best.passages] == ["far"]
    assert best.arrival < waits.arrival
    assert [p.crossing.id for p in waits.passages] == ["near"]
    assert waits.passages[0].through == MONDAY + 96 * HOUR
    assert waits.duration_s < 0.1 * best.duration_s
    # Whoever asks for one way is given the one that arrives first.
    (one,) = answered(drawn([(5, 3)]), VEHICLE, MONDAY + 7 * HOUR, most=1)
    assert one.crossings == ("far",)


def test_posts_that_are_never_open_one_after_the_other_are_both_named(tiny_graph):
    """Each opens once; whoever is past the first finds the second closed for good."""
    nodes = [(0.0, 0.0, 0, "AA"), (0.05, 0.0, 0, "AA"), (0.051, 0.0, 0, "BB"), (0.1, 0.0, 0, "BB")]
    places = ((0.0505, 0.0), ("AA", "BB"))
    one = post("one", *places, until(48, hours((32, 33), days=[0])))
    two = post("two", *places, until(48, hours((31, 32), days=[0])))
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
    assert ItineraryClock((), departure).moment(7_200).timestamp() - departure.timestamp() == 7_200


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
