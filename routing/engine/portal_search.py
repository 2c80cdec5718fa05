"""Search across countries and regions: which portals a route passes, when, and by which paths.

Within a country of a region, a metric finds the path. From one country or region to the next, a
route passes a *portal*: a border edge at an official crossing, or a joint of two regions there.
This search runs over portals alone.

**The price of a route** is the time from departure to arrival, including nights of rest and waits,
plus the exposure (the metric's cost beyond moving time). So a second of waiting costs as much as a
second under way, and of two routes that arrive at the same time the route that moves less is taken.
A route may wait at a crossing of known opening time for as long as needed. A route passes each
crossing at most once, in either direction, so that no route drives about to spend time.

Routes are timed lazily. The queue is ordered by lower bounds; when a route comes up, its section is
unpacked and timed, the crossing's state at the arrival is looked up, and the route is queued again
with its true price.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from typing import Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from routing.engine.avoid_search import Closed, DetourSearch
from routing.engine.metric_cache import Resident
from routing.engine.mode_network import Piece
from routing.engine.portal_plan import Node, PassedPortal, Plan, Portal, Section
from routing.errors import NoWay
from routing.travel.legs import Legs
from routing.travel.timetable import DAY_S, Walker, summed

type Floats = NDArray[np.float64]


#: With more portals than this, the table of costs between all portals, which yields lower bounds,
#: takes longer to compute than the bounds save [A].
MOST_LOOKED_AHEAD: Final = 400

#: From this many labels (partial routes) at a portal on, labels that move less but arrive later are
#: dropped [A].
MOST_LABELS: Final = 8

#: Tolerance for the rounding of metrics to whole units, seconds [A]: among routes whose prices
#: differ by less, the exact timing decides which is cheaper.
ROUNDING_S: Final = 1.0

#: Most sections between portals that are cached with a metric [A].
KEPT_SECTIONS: Final = 2_000

#: In the queue, targets >= 0 are portals; the parts of edges that reach the end are numbered
#: downward from this value.
_FIRST_ARRIVAL: Final = -1


class Timing(Protocol):
    """Source of durations, and of the times at which portals open."""

    def walker(self) -> Walker:
        """Return a walker at the start of the route."""

    def measured(self, region: int, legs: Legs) -> tuple[Floats, Floats]:
        """Return moving time and length of legs: float64 [k] each, seconds and metres."""

    def through_s(self, portal: Portal, reached_s: float) -> float | None:
        """Return when all posts of a portal are passed, given when the first post is reached.

        Both times are seconds after departure; None where the portal is not known to open.
        """


@dataclass(frozen=True, eq=False, slots=True)
class PortalQuestion:
    """Input of the search over portals.

    Parameters
    ----------
    start, end
        Region of each end.
    departures, arrivals
        (piece, node, cost of the piece in seconds) of each end; infinite where closed.
    direct
        Pieces from end to end, with their costs.
    portals
        All portals that may be passed at some time, each with the seconds it costs.
    timing
        Source of durations and opening times.
    allows
        Returns whether a route may go within a region from one portal (None for the start) to
        another.
    closed_s
        Price of passing a portal that stays closed, seconds; infinite to forbid it.
    closed
        Edges that obstacles close, one item per region; empty without obstacles.
    is_patient
        Whether waits and rests cost nothing, as for a traveller with time to spare.
    """

    start: int
    end: int
    departures: Sequence[tuple[Piece, int, float]]
    arrivals: Sequence[tuple[Piece, int, float]]
    direct: Sequence[tuple[Piece, float]]
    portals: Sequence[tuple[Portal, float]]
    timing: Timing
    allows: Callable[[Portal | None, Portal], bool]
    closed_s: float = math.inf
    closed: Sequence[Closed | None] = ()
    is_patient: bool = False


_NO_LEGS: Final = Legs.of(())


@dataclass(frozen=True, eq=False, slots=True)
class _Walked:
    """Path between two nodes: legs, and the cumulative sums of their moving times and lengths."""

    legs: Legs
    moved_s: Floats
    moved_m: Floats


@dataclass(frozen=True, eq=False, slots=True)
class _Piece:
    """Part of an edge at an end of the route: its leg, moving seconds and metres."""

    legs: Legs
    time_s: float
    length_m: float


@dataclass(frozen=True, eq=False, slots=True)
class _Label:
    """Search state: how a walker came to a node, and the time at the last stop before the node.

    A stop is the start or the first post of a portal.

    Parameters
    ----------
    at
        The node.
    walker
        The walker as at the last stop.
    metric_s
        The metrics' cost of the whole way up to the node.
    since
        Moving seconds and metres of a portal from its first post to the node.
    since_s
        The metrics' cost from the stop to the node.
    begun
        Piece from the start to the node.
    exposed_s
        The metrics' cost up to the stop, less moving time.
    sections, passed
        As in a `Plan`.
    ids
        The ids of all portals passed.
    portal
        The last portal passed, -1 at the start.
    """

    at: Node
    walker: Walker
    metric_s: float = 0.0
    since: tuple[float, float] = (0.0, 0.0)
    since_s: float = 0.0
    begun: "_Piece | None" = None
    exposed_s: float = 0.0
    sections: tuple[Section, ...] = ()
    passed: tuple[PassedPortal, ...] = ()
    ids: frozenset[str] = frozenset()
    portal: int = -1


#: Queue entry: price and metrics' cost in seconds, a serial number, whether the price is exact (a
#: lower bound otherwise), the label, and the target.
type _Entry = tuple[float, float, int, bool, _Label, int]


@dataclass(frozen=True, eq=False, slots=True)
class _Ahead:
    """Targets (portals, arrivals at the end) that can be reached from a portal or from the start.

    Parameters
    ----------
    targets, nodes
        Targets as queue entries number them, and the node of each.
    own_s, still_s
        float64 [targets], the cost of passing each target, and a lower bound of the cost from there
        to the end.
    """

    targets: Sequence[int]
    nodes: Sequence[int]
    own_s: Floats
    still_s: Floats


class _Stop:
    """Arrival of a walker at a stop: at the first post of a portal, or at the end.

    Parameters
    ----------
    walker
        The walker as at the stop.
    legs
        Legs of the section that leads to the stop, without border edges.
    exposed_s
        The metrics' cost up to the stop, less moving time.
    """

    __slots__ = ("exposed_s", "legs", "walker")

    def __init__(self, walker: Walker, legs: Legs, exposed_s: float) -> None:
        self.walker = walker
        self.legs = legs
        self.exposed_s = exposed_s


def solve(residents: Sequence[Resident], question: PortalQuestion) -> Plan:
    """Find the cheapest plan, with one metric per region, locked by the caller.

    At aversion 0 the plan arrives earliest among all routes whose sections are the metric's
    cheapest paths: of the labels (partial routes) at a portal, the search follows every label that
    is earlier, less tired or has moved less than every other label.

    Raises
    ------
    NoWay
        If nothing that may be passed joins the two ends.
    """
    return trimmed(_Solving(residents, question).plan())


def trimmed(plan: Plan) -> Plan:
    """Drop legs of length 0 from a plan; a plan that goes nowhere keeps its first leg."""
    sections = tuple((region, legs.only(legs.start < legs.end)) for region, legs in plan.sections)
    on_roads = any(len(legs) for _, legs in sections)
    if not on_roads and all(passed.portal.piece is None for passed in plan.passed):
        region, legs = plan.sections[0]
        sections = ((region, legs.only(slice(1))), *sections[1:])
    return Plan(sections, plan.passed, plan.cost_s, plan.saw_waits)


class _Solving:
    """State of one search."""

    def __init__(self, residents: Sequence[Resident], question: PortalQuestion) -> None:
        self._residents = residents
        self._asked = question
        sources = [node for _, node, cost_s in question.departures if np.isfinite(cost_s)]
        targets = [node for _, node, cost_s in question.arrivals if np.isfinite(cost_s)]
        ends = ((question.start, sources), (question.end, targets))
        self._detours = DetourSearch(residents, question.closed, ends)
        self._saw_waits = False

    def plan(self) -> Plan:
        asked = self._asked
        if not asked.portals and not self._detours.are_possible(asked.start):
            return self._straight()
        self._begin()
        best: _Entry | None = None
        while self._heap and (best is None or self._heap[0][0] <= best[0] + ROUNDING_S):
            entry = heapq.heappop(self._heap)
            _, metric_s, _, is_true, label, target = entry
            if is_true and target < 0:
                best = entry if best is None else min(best, entry)
            elif is_true:
                self._settle(label)
            elif target < 0:
                self._arrive(label, _FIRST_ARRIVAL - target, metric_s)
            elif not self._is_never_open(target, label):
                self._reach(label, target, metric_s)
        if best is None:
            raise NoWay("nothing open joins the two ends")
        ended = best[4]
        return Plan(ended.sections, ended.passed, best[0], self._saw_waits)

    def _straight(self) -> Plan:
        """Find the plan directly where there are no portals; of equally cheap plans the first."""
        asked = self._asked
        least_s, best, through = math.inf, None, None
        for piece, cost_s in asked.direct:
            if cost_s < least_s:
                least_s, best = cost_s, (Legs.of([piece]), -1)
        leaving = [row for row in asked.departures if np.isfinite(row[2])]
        if leaving and asked.arrivals and asked.start == asked.end:
            costs = between_s(
                self._residents[asked.start],
                [node for _, node, _ in leaving],
                [node for _, node, _ in asked.arrivals],
            )
            for (piece, node, own_s), row in zip(leaving, costs.tolist(), strict=True):
                for column, between in enumerate(row):
                    cost_s = own_s + between + asked.arrivals[column][2]
                    if cost_s < least_s:
                        least_s, through = cost_s, column
                        best = (Legs.of([piece]), node)
        if best is None:
            raise NoWay("nothing open joins the two ends")
        last, node = best
        if through is not None:
            piece, target, _ = asked.arrivals[through]
            between = self._detours.path(asked.start, node, target)
            last = Legs.joined([last, between, Legs.of([piece])])
        return Plan(((asked.start, last),), (), least_s)

    # --- looking ahead --------------------------------------------------------------------------

    def _begin(self) -> None:
        """Set up the search and queue all portals and arrivals that the start leads to."""
        asked = self._asked
        self._order = count()
        self._heap: list[_Entry] = []
        self._settled: dict[int, list[_Label]] = defaultdict(list)
        self._closed_from_s: dict[int, float] = {}
        self._sections: dict[Hashable, object] = {}
        self._rows: dict[int, tuple[_Ahead, Floats]] = {}
        self._in_region: dict[int, list[int]] = defaultdict(list)
        for index, (portal, _) in enumerate(asked.portals):
            self._in_region[portal.arrive[0]].append(index)
        self._ahead_s = ahead_s(self._residents, asked)
        self._start = asked.timing.walker()
        speeds = [resident.ground.travel.speeds_m_per_s for resident in self._residents]
        self._speeds = (min(row[0] for row in speeds), max(row[1] for row in speeds))
        self._last = self._pieces(asked.end, [piece for piece, _, _ in asked.arrivals])
        direct = [(piece, cost_s) for piece, cost_s in asked.direct if np.isfinite(cost_s)]
        pieces = self._pieces(asked.start, [piece for piece, _ in direct])
        for (_, cost_s), whole in zip(direct, pieces, strict=True):
            self._end(_Label((asked.start, -1), self._start), -1, whole, cost_s)
        leaving = [row for row in asked.departures if np.isfinite(row[2])]
        pieces = self._pieces(asked.start, [piece for piece, _, _ in leaving])
        labels = [
            _Label((asked.start, node), self._start, cost_s, since_s=cost_s, begun=begun)
            for (_, node, cost_s), begun in zip(leaving, pieces, strict=True)
        ]
        if labels:
            ahead = self._ahead(None, asked.start)
            costs = self._between_s(asked.start, [label.at[1] for label in labels], ahead)
            self._look(labels, ahead, costs)

    def _pieces(self, region: int, pieces: Sequence[Piece]) -> list[_Piece]:
        """Measure moving time and length of parts of edges of a region in one call."""
        legs = Legs.of(pieces)
        measures = zip(*self._asked.timing.measured(region, legs), strict=True)
        return [
            _Piece(legs.only(slice(row, row + 1)), float(time_s), float(length_m))
            for row, (time_s, length_m) in enumerate(measures)
        ]

    def _ahead(self, entered: Portal | None, region: int) -> _Ahead:
        """Return the targets in a region: every portal that is allowed, and the end's arrivals."""
        asked = self._asked
        portals = [
            index
            for index in self._in_region[region]
            if asked.allows(entered, asked.portals[index][0])
        ]
        rows = asked.arrivals if region == asked.end else ()
        return _Ahead(
            [*portals, *(_FIRST_ARRIVAL - row for row in range(len(rows)))],
            [*(asked.portals[i][0].arrive[1] for i in portals), *(node for _, node, _ in rows)],
            np.array([*(asked.portals[i][1] for i in portals), *(s for _, _, s in rows)]),
            np.concatenate([self._ahead_s[portals], np.zeros(len(rows))]),
        )

    def _between_s(self, region: int, sources: Sequence[int], ahead: _Ahead) -> Floats:
        """Return the metric's costs from nodes to targets, float64 [sources, targets]."""
        if not ahead.nodes:
            return np.zeros((len(sources), 0))
        return between_s(self._residents[region], sources, ahead.nodes)

    def _look(self, labels: Sequence[_Label], ahead: _Ahead, between: Floats) -> None:
        """Queue targets with lower bounds of their prices.

        Parameters
        ----------
        labels
            Labels that have passed the same portals, or the labels at the start.
        between
            float64 [labels, targets], the metric's costs from the labels to the targets.
        """
        asked, ids = self._asked, labels[0].ids
        on_s = between + ahead.own_s
        least_s = np.array(
            [
                self._least_s(label, row)
                for label, row in zip(labels, on_s + ahead.still_s, strict=True)
            ]
        )
        for row, column in self._worth_a_look(labels[0].at[0], ahead, least_s):
            target, price_s = ahead.targets[column], float(least_s[row, column])
            is_again = target >= 0 and ids and not ids.isdisjoint(asked.portals[target][0].ids)
            if math.isfinite(price_s) and not is_again:
                label = labels[row]
                self._push(price_s, label.metric_s + float(on_s[row, column]), label, target)

    def _worth_a_look(
        self, region: int, ahead: _Ahead, least_s: Floats
    ) -> Iterator[tuple[int, int]]:
        """Yield the cheapest (label, target) pair for each portal, and one pair for the end."""
        if self._detours.are_possible(region):  # a detour may make any pair cheapest
            yield from np.ndindex(least_s.shape)
            return
        portals = sum(target >= 0 for target in ahead.targets)
        first = np.argmin(least_s[:, :portals], axis=0).tolist() if portals else []
        yield from zip(first, range(portals), strict=True)
        if portals < len(ahead.targets):
            last = least_s[:, portals:]
            row, column = divmod(int(np.argmin(last)), last.shape[1])
            yield row, portals + column

    def _least_s(self, label: _Label, on_s: Floats) -> Floats:
        """Return lower bounds of the prices of a label's continuations, float64 [k].

        The remaining time, at the speed of the slowest road, gives the distance still to walk and
        so the number of rests. Exposure counts as walking time, so that at an aversion above 0 the
        result is an estimate.

        Parameters
        ----------
        on_s
            float64 [k], the metrics' costs from the label on.
        """
        if self._asked.is_patient:
            return label.metric_s + on_s
        walker, since_s = label.walker, label.since_s + on_s
        there_s = walker.clock_s + since_s
        if walker.has_hours and math.isfinite(walker.day_max_m):
            slowest, fastest = self._speeds
            over_m = np.where(np.isfinite(since_s), since_s * slowest, 0.0) - walker.left_m
            rests = np.ceil(over_m / walker.day_max_m - 1e-9)
            last_m = over_m - (rests - 1.0) * walker.day_max_m
            wakes_s = walker.fresh_s + (rests - 1.0) * DAY_S + last_m / fastest
            there_s = np.where(rests > 0, np.maximum(there_s, wakes_s), there_s)
        return np.asarray(there_s - self._start.clock_s + label.exposed_s)

    def _push(
        self, price_s: float, metric_s: float, label: _Label, target: int, *, is_true: bool = False
    ) -> None:
        # Round to the millisecond, so that routes that wait for the same opening have equal prices.
        entry = (round(price_s, 3), metric_s, next(self._order), is_true, label, target)
        heapq.heappush(self._heap, entry)

    # --- on the clock ---------------------------------------------------------------------------

    def _walked(self, region: int, source: int, target: int, *, is_shared: bool) -> _Walked:
        """Unpack and measure the path between two nodes of a region.

        Paths between two portals (``is_shared``) are cached until the metric changes.
        """
        is_shared = is_shared and not self._detours.are_possible(region)
        kept = self._residents[region].derived if is_shared else self._sections
        key = (_Walked, region, source, target)
        known = cast("_Walked | None", kept.get(key))
        if known is None:
            legs = self._detours.path(region, source, target)
            time_s, length_m = self._asked.timing.measured(region, legs)
            known = _Walked(legs, summed(time_s), summed(length_m))
            if not is_shared or len(kept) < KEPT_SECTIONS:
                kept[key] = known
        return known

    def _gone(
        self,
        label: _Label,
        node: int,
        last: _Piece | None,
        asked_s: float,
        then: tuple[float, float],
    ) -> _Stop:
        """Walk from the node of a label to the next stop.

        Parameters
        ----------
        node
            Node to which the metric leads; -1 where there is no path to unpack.
        last
            The piece that follows the node on the region's roads.
        asked_s
            The metrics' cost from the stop before to this one.
        then
            Moving seconds and metres of a portal up to its first post.
        """
        region, source = label.at
        walked = _NOTHING
        if node >= 0:
            is_between = label.portal >= 0 and last is None
            walked = self._walked(region, source, node, is_shared=is_between)
        begun = [one for one in (label.begun,) if one is not None]
        ended = [one for one in (last,) if one is not None]
        moved_s = _chained(
            [label.since[0], *(one.time_s for one in begun)],
            walked.moved_s,
            [*(one.time_s for one in ended), then[0]],
        )
        moved_m = _chained(
            [label.since[1], *(one.length_m for one in begun)],
            walked.moved_m,
            [*(one.length_m for one in ended), then[1]],
        )
        walker = label.walker.copy()
        walker.go(moved_s, moved_m)
        parts = (*(one.legs for one in begun), walked.legs, *(one.legs for one in ended))
        legs = Legs.joined(parts)
        exposed_s = asked_s - float(moved_s[-1])
        # An excess within the metric's rounding to whole units is no exposure.
        if exposed_s <= len(legs) / self._residents[region].metric.units_per_s:
            exposed_s = 0.0
        return _Stop(walker, legs, label.exposed_s + exposed_s)

    def _end(self, label: _Label, node: int, last: _Piece, on_s: float) -> None:
        """Queue a finished route with its price."""
        stop = self._gone(label, node, last, label.since_s + on_s, (0.0, 0.0))
        sections = (*label.sections, (label.at[0], stop.legs))
        metric_s = label.metric_s + on_s
        ended = _Label(label.at, stop.walker, metric_s, sections=sections, passed=label.passed)
        price_s = self._price_s(stop.walker, stop.exposed_s, metric_s)
        self._push(price_s, metric_s, ended, _FIRST_ARRIVAL, is_true=True)

    def _price_s(self, walker: Walker, exposed_s: float, metric_s: float) -> float:
        if self._asked.is_patient:
            return metric_s
        return walker.clock_s - self._start.clock_s + exposed_s

    def _arrive(self, label: _Label, row: int, metric_s: float) -> None:
        """Extend a label to the end of the route by the arrival piece ``row``."""
        node = self._asked.arrivals[row][1]
        on_s = metric_s - label.metric_s + self._detours.extra_s(*label.at, node)
        if math.isfinite(on_s):
            self._end(label, node, self._last[row], on_s)

    def _is_never_open(self, target: int, label: _Label) -> bool:
        """Return whether a portal is known to stay closed from the label's time on."""
        return label.walker.clock_s >= self._closed_from_s.get(target, math.inf)

    def _reach(self, label: _Label, target: int, metric_s: float) -> None:
        """Extend a label to a portal, wait there if need be, and pass the portal."""
        portal = self._asked.portals[target][0]
        on_s = metric_s - label.metric_s + self._detours.extra_s(*label.at, portal.arrive[1])
        if not math.isfinite(on_s):
            return
        # Moving time after the post belongs to the next section and is no exposure of this section.
        asked_s = label.since_s + on_s - portal.after[0]
        stop = self._gone(label, portal.arrive[1], None, asked_s, portal.before)
        reached_s = stop.walker.clock_s - self._start.clock_s
        through_s = self._asked.timing.through_s(portal, reached_s)
        exposed_s = stop.exposed_s
        if through_s is None:
            through_s, exposed_s = reached_s, exposed_s + self._asked.closed_s
            if math.isinf(exposed_s):
                known_s = self._closed_from_s.get(target, math.inf)
                self._closed_from_s[target] = min(known_s, stop.walker.clock_s)
                return
        if through_s > reached_s:
            self._saw_waits = True
            stop.walker.wait(self._start.clock_s + through_s)
        sections = (*label.sections, (label.at[0], stop.legs))
        behind = _Label(
            portal.leave,
            stop.walker,
            label.metric_s + on_s,
            portal.after,
            portal.after[0],
            None,
            exposed_s,
            sections,
            (*label.passed, PassedPortal(portal, reached_s, through_s)),
            label.ids | portal.ids,
            target,
        )
        if not self._is_superfluous(behind):
            (least_s,) = self._least_s(behind, self._ahead_s[[target]]).tolist()
            if math.isfinite(least_s):
                self._push(least_s, behind.metric_s, behind, target, is_true=True)

    def _settle(self, label: _Label) -> None:
        """Queue the targets beyond a label's portal, unless another label there dominates it."""
        if self._is_superfluous(label):
            return
        self._settled[label.portal].append(label)
        if label.portal not in self._rows:
            portal = self._asked.portals[label.portal][0]
            ahead = self._ahead(portal, label.at[0])
            costs = self._between_s(label.at[0], [label.at[1]], ahead)
            self._rows[label.portal] = (ahead, costs)
        self._look([label], *self._rows[label.portal])

    def _is_superfluous(self, label: _Label) -> bool:
        """Return whether another label at the same portal is at least as good in every respect."""
        one = label.walker
        price_s = self._price_s(one, label.exposed_s, label.metric_s)
        others = self._settled[label.portal]
        is_crowded = len(others) >= MOST_LABELS
        for other in others:
            two = other.walker
            is_cheaper = self._price_s(two, other.exposed_s, other.metric_s) <= price_s
            if self._asked.is_patient:
                is_as_good = is_crowded or two.clock_s <= one.clock_s
            else:
                is_as_good = (
                    two.clock_s <= one.clock_s
                    and (two.left_m >= one.left_m or two.fresh_s <= one.clock_s)
                    and (is_crowded or other.metric_s <= label.metric_s)
                )
            if is_cheaper and is_as_good:
                return True
        return False


_NOTHING: Final = _Walked(_NO_LEGS, np.zeros(1), np.zeros(1))


def _chained(first: Sequence[float], moved: Floats, last: Sequence[float]) -> Floats:
    """Return cumulative sums along a section, float64 [k + 1].

    ``first`` and ``last`` are values of single pieces, ``moved`` the cumulative sums between them.
    """
    sums = np.empty(len(first) + len(moved) + len(last))
    sums[0] = 0.0
    middle = len(first) + len(moved)
    sums[1 : len(first) + 1] = list(accumulate(first))
    sums[len(first) + 1 : middle] = moved[1:] + sums[len(first)]
    sums[middle:] = list(accumulate(last, initial=float(sums[middle - 1])))[1:]
    return sums


def ahead_s(residents: Sequence[Resident], question: PortalQuestion) -> Floats:
    """Return the least cost from the far side of each portal to the end, float64 [portals].

    Every portal counts as open on arrival, so the result is a lower bound that guides the search
    towards the end. Infinite where no portals lead on.
    """
    count_ = len(question.portals)
    if not 0 < count_ <= MOST_LOOKED_AHEAD:
        return np.zeros(count_)
    onward_s, least_s = np.full((count_, count_), np.inf), np.full(count_, np.inf)
    own_s = np.array([cost_s for _, cost_s in question.portals])
    portals = [portal for portal, _ in question.portals]
    for region, resident in enumerate(residents):
        rows = [i for i, portal in enumerate(portals) if portal.leave[0] == region]
        columns = [i for i, portal in enumerate(portals) if portal.arrive[0] == region]
        leaving = tuple(portals[i].leave[1] for i in rows)
        if rows and columns:
            arriving = tuple(portals[i].arrive[1] for i in columns)
            table = _between_portals_s(resident, leaving, arriving)
            onward_s[np.ix_(rows, columns)] = table + own_s[columns]
        if rows and region == question.end and question.arrivals:
            last = between_s(resident, leaving, [node for _, node, _ in question.arrivals])
            own = np.array([cost_s for _, _, cost_s in question.arrivals])
            least_s[rows] = (last + own).min(axis=1)
    while True:
        lower_s = np.minimum(least_s, (onward_s + least_s).min(axis=1, initial=np.inf))
        if np.array_equal(lower_s, least_s):
            return least_s
        least_s = lower_s


def _between_portals_s(
    resident: Resident, leaving: tuple[int, ...], arriving: tuple[int, ...]
) -> Floats:
    """Return the costs between portals; cached until the metric changes."""
    key = (leaving, arriving)
    known = resident.derived.get(key)
    if known is None:
        known = resident.derived[key] = between_s(resident, leaving, arriving)
    return cast("Floats", known)


def between_s(resident: Resident, sources: Sequence[int], targets: Sequence[int]) -> Floats:
    """Return the least cost from each source to each target, float64 [sources, targets].

    Seconds; infinite where there is no path.
    """
    return resident.ground.network.between_s(resident.metric, sources, targets)
