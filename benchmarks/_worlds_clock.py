"""A walker's clock by the rule of walking, and the earliest arrival in a world, by hand.

Written from the rule's words, one step after the other; nothing is shared with `routing`.

A way is a sequence of *sections* from stop to stop: from the start to a crossing's first post, from
there to the next, to the end. The last `TAIL_S` of moving time of a section are walked at whatever
hour; what lies before them inside the window alone. At most the longest day is walked between two
openings of the window; everybody is fresh at the departure and at each opening. A crossing lets
pass, at whatever hour, when its posts are known to be open, one after the other. Who has no window
never rests.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from itertools import count, pairwise
from typing import Final, NamedTuple

import networkx as nx

from benchmarks._worlds_seen import DAY_S, Post, Road, Seen
from routing.travel.profiles import Profile

#: Nobody lies down within an hour of where they are going, seconds of moving time [A].
TAIL_S: Final = 3_600.0

#: Rounding: metres that are none, seconds that are none.
NOTHING_M: Final = 1e-3
NOTHING_S: Final = 1e-3


class Stand(NamedTuple):
    """Where somebody's clock stands: local seconds after `T0`, and metres left until an opening."""

    clock_s: float
    left_m: float


@dataclass(frozen=True)
class Hours:
    """The hours of walking of a profile, seconds of the day; none for who never rests."""

    opens_s: float
    closes_s: float
    day_max_m: float
    rests: bool

    @classmethod
    def of(cls, profile: Profile) -> "Hours":
        """Take them from a profile."""
        first, last = profile.window_start, profile.window_end
        if first is None or last is None:
            return cls(0.0, DAY_S, math.inf, rests=False)
        return cls(_of_day(first), _of_day(last), profile.day_max_m, rests=True)

    def depart(self, clock_s: float) -> Stand:
        """Set out, fresh."""
        return Stand(clock_s, self.day_max_m)

    def opening_after(self, clock_s: float) -> float:
        """Give the first opening of the window that is later than a moment."""
        return self.opens_s + (math.floor((clock_s - self.opens_s) / DAY_S) + 1) * DAY_S

    def stand_until(self, stand: Stand, until_s: float) -> Stand:
        """Stand until a moment: fresh where the window has opened since."""
        if until_s <= stand.clock_s:
            return stand
        if self.rests and self.opening_after(stand.clock_s) <= until_s:
            return Stand(until_s, self.day_max_m)
        return stand._replace(clock_s=until_s)

    def walk(self, stand: Stand, pieces: Sequence[tuple[float, float]]) -> Stand:
        """Walk a whole section: (moving time, metres) of its pieces."""
        still_s = sum(s for s, _ in pieces)
        if not self.rests or math.isinf(stand.clock_s):
            return stand._replace(clock_s=stand.clock_s + still_s)
        for s, m in pieces:
            rest_s, pace = s, m / s if s > 0 else 0.0
            while rest_s > 0:
                clock_s, left_m = stand
                opening_s = self.opening_after(clock_s)
                in_tail = still_s <= TAIL_S + NOTHING_S
                of_day_s = clock_s % DAY_S
                if not in_tail and not self.opens_s <= of_day_s < self.closes_s:
                    stand = self.stand_until(stand, opening_s)
                    continue
                if left_m <= NOTHING_M:
                    stand = self.stand_until(stand, opening_s)
                    continue
                step_s = min(rest_s, opening_s - clock_s)
                if pace > 0:
                    step_s = min(step_s, left_m / pace)
                if not in_tail:
                    step_s = min(step_s, still_s - TAIL_S, self.closes_s - of_day_s)
                rest_s, still_s = rest_s - step_s, still_s - step_s
                walked = Stand(clock_s + step_s, left_m - pace * step_s)
                stand = walked if walked.clock_s < opening_s else Stand(opening_s, self.day_max_m)
                if rest_s < NOTHING_S / 1e3:
                    break
        return stand


def _of_day(when: time) -> float:
    return float(when.hour * 3_600 + when.minute * 60 + when.second)


# --- a given way ---------------------------------------------------------------------------------


class Passing(NamedTuple):
    """A post on a way: when it is reached and passed, local seconds; infinite where never."""

    post: Post
    reached_s: float
    through_s: float


@dataclass(frozen=True)
class Walk:
    """A way on the clock.

    Parameters
    ----------
    arrival_s
        Seconds after `T0`; infinite where a crossing never opens.
    moving_s, length_m
        Moving time and length.
    passed
        Each post, in order.
    broken
        What is wrong with it as a way.
    """

    arrival_s: float
    moving_s: float
    length_m: float
    passed: tuple[Passing, ...] = ()
    broken: tuple[str, ...] = ()


def walk(
    seen: Seen, legs: Sequence[tuple[int, float, float]], depart_s: float, offset_s: float
) -> Walk:
    """Lay legs, (edge, from, to) in shares of the edge, on the clock.

    Parameters
    ----------
    depart_s
        Seconds after `T0`.
    offset_s
        Local time less UTC.
    """
    hours, broken = Hours.of(seen.land.profile), []
    sections: list[list[tuple[float, float]]] = [[]]
    stops: list[tuple[Post, ...]] = []
    for edge, start, end in legs:
        road = seen.land.roads.get(edge)
        if road is None:
            broken.append(f"edge {edge} may not be used")
            continue
        posts = seen.posts_on(road)
        if posts is None:
            broken.append(f"edge {edge} crosses a border where the asker sees no crossing")
        if not posts:
            sections[-1].append((road.s * (end - start), road.m * (end - start)))
            continue
        at = seen.post_at(road)
        sections[-1].append((road.s * at, road.m * at))
        sections.append([(road.s * (1 - at), road.m * (1 - at))])
        stops.append(posts)
    stand, passed = hours.depart(depart_s + offset_s), []
    for row, section in enumerate(sections):
        stand = hours.walk(stand, section)
        if row < len(stops):
            stand, own = pass_by(hours, stops[row], stand, offset_s)
            passed += own
    whole = [piece for section in sections for piece in section]
    moving_s, length_m = sum(s for s, _ in whole), sum(m for _, m in whole)
    return Walk(stand.clock_s - offset_s, moving_s, length_m, tuple(passed), tuple(broken))


def pass_by(
    hours: Hours, posts: Sequence[Post], stand: Stand, offset_s: float
) -> tuple[Stand, list[Passing]]:
    """Pass the posts of a crossing, one after the other."""
    found = []
    for post in posts:
        through_s = math.inf
        if math.isfinite(stand.clock_s):
            through_s = post.opens_s(stand.clock_s - offset_s) + offset_s
        found.append(Passing(post, stand.clock_s, through_s))
        if math.isinf(through_s):
            stand = Stand(math.inf, 0.0)
        else:
            stand = hours.stand_until(stand, through_s)
    return stand, found


# --- the earliest arrival ------------------------------------------------------------------------


@dataclass(frozen=True)
class Best:
    """The earliest arrival in a world.

    Parameters
    ----------
    arrival_s
        Seconds after `T0`; infinite where there is no way.
    edges
        Of the way.
    """

    arrival_s: float
    edges: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Label:
    stand: Stand
    node: int
    before: tuple[float, float]
    edges: tuple[int, ...]
    posts: frozenset[str]


def earliest(
    seen: Seen, source: int, target: int, depart_s: float, offset_s: float, *, prunes: bool = True
) -> Best:
    """Find the earliest arrival in a world as it is.

    Between two stops everybody goes the way of least moving time. Over crossings every sequence is
    looked at, the earliest first, and none that passes a crossing twice; one is left out where
    another is behind the same border edge no later, and no more tired.

    Parameters
    ----------
    depart_s, offset_s
        As `walk` takes them.
    prunes
        Leave such out: without, all sequences are looked at to the end.
    """
    hours, ways = Hours.of(seen.land.profile), _Ways(seen)
    first = _Label(hours.depart(depart_s + offset_s), source, (0.0, 0.0), (), frozenset())
    order = count()
    heap = [(first.stand.clock_s, next(order), first, False)]
    kept: dict[tuple[int, tuple[float, float]], list[Stand]] = {}
    while heap:
        clock_s, _, label, is_end = heapq.heappop(heap)
        if is_end:
            return Best(clock_s - offset_s, label.edges)
        rivals = kept.setdefault((label.node, label.before), [])
        if prunes and any(_is_nowhere_behind(hours, rival, label.stand) for rival in rivals):
            continue
        rivals.append(label.stand)
        times, _ = ways.from_(label.node)
        if target in times:
            pieces, walked = ways.between(label.node, target)
            stand = hours.walk(label.stand, [label.before, *pieces])
            edges = (*label.edges, *walked)
            ended = _Label(stand, target, (0.0, 0.0), edges, label.posts)
            heapq.heappush(heap, (stand.clock_s, next(order), ended, True))
        for road, posts in ways.borders:
            names = frozenset(post.id for post in posts)
            if road.tail not in times or names & label.posts:
                continue
            after = _over(hours, ways, label, road, posts, offset_s)
            if math.isfinite(after.stand.clock_s):
                heapq.heappush(heap, (after.stand.clock_s, next(order), after, False))
    return Best(math.inf)


def _over(
    hours: Hours,
    ways: "_Ways",
    label: _Label,
    road: Road,
    posts: tuple[Post, ...],
    offset_s: float,
) -> _Label:
    """Go to a border edge's first post, and past its posts."""
    at = ways.seen.post_at(road)
    pieces, walked = ways.between(label.node, road.tail)
    section = [label.before, *pieces, (road.s * at, road.m * at)]
    stand, _ = pass_by(hours, posts, hours.walk(label.stand, section), offset_s)
    edges = (*label.edges, *walked, road.edge)
    rest = road.s * (1 - at), road.m * (1 - at)
    return _Label(stand, road.head, rest, edges, label.posts | {post.id for post in posts})


def _is_nowhere_behind(hours: Hours, one: Stand, other: Stand) -> bool:
    """Tell whether who stands like one is never later than who stands like another."""
    if one.clock_s > other.clock_s:
        return False
    is_fresh = hours.rests and hours.opening_after(one.clock_s) <= other.clock_s
    return is_fresh or one.left_m >= other.left_m - NOTHING_M


class _Ways:
    """The ways of least moving time within a country, and the border edges that may be passed."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        closed = seen.banned | seen.absent
        roads = [road for road in seen.land.roads.values() if road.edge not in closed]
        self._inland = nx.MultiDiGraph()
        self._inland.add_nodes_from(seen.land.network)
        for road in roads:
            if not road.is_border:
                self._inland.add_edge(road.tail, road.head, road.edge, s=road.s, road=road)
        self._found: dict[int, tuple[dict[int, float], dict[int, list[int]]]] = {}
        self._between: dict[tuple[int, int], tuple[list[tuple[float, float]], list[int]]] = {}
        self.borders = [
            (road, posts)
            for road in roads
            if road.is_border and (posts := seen.posts_on(road)) and not seen.avoids(road)
        ]

    def from_(self, node: int) -> tuple[dict[int, float], dict[int, list[int]]]:
        """Give moving times and paths from a node to all that it leads to."""
        if node not in self._found:
            self._found[node] = nx.single_source_dijkstra(self._inland, node, weight="s")
        return self._found[node]

    def between(self, source: int, target: int) -> tuple[list[tuple[float, float]], list[int]]:
        """Give the pieces of the way from a node to another, and its edges.

        What is walked at one pace is one piece.
        """
        if (source, target) not in self._between:
            path = self.from_(source)[1][target]
            roads = [
                min((data["road"] for data in self._inland[a][b].values()), key=lambda one: one.s)
                for a, b in pairwise(path)
            ]
            pieces: list[tuple[float, float]] = []
            for road in roads:
                before_s, before_m = pieces[-1] if pieces else (0.0, 0.0)
                if (
                    pieces
                    and abs(before_s * road.m - road.s * before_m) <= 1e-9 * before_s * road.m
                ):
                    pieces[-1:] = [(before_s + road.s, before_m + road.m)]
                else:
                    pieces.append((road.s, road.m))
            self._between[source, target] = pieces, [road.edge for road in roads]
        return self._between[source, target]
