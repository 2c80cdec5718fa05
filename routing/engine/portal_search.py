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
with its true price. Only time under way makes people rest: exposure and fixed prices (of entering a
no through road) are no time, so the rests of a lower bound follow from moving time alone.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from routing.engine.avoid_search import DetourSearch
from routing.engine.metric_cache import Resident
from routing.engine.mode_network import Piece
from routing.engine.portal_bounds import (
    FIRST_ARRIVAL,
    MovingTime,
    PortalBounds,
    PortalTargets,
    TargetCosts,
    between_s,
)
from routing.engine.portal_plan import Node, PassedPortal, Plan, Section
from routing.engine.portal_question import PortalQuestion
from routing.errors import NoWay
from routing.travel.legs import Legs
from routing.travel.timetable import Walker, summed

type Floats = NDArray[np.float64]


#: From this many labels (partial routes) at a portal on, labels that move less but arrive later are
#: dropped [A].
MOST_LABELS: Final = 8

#: Tolerance for the rounding of metrics to whole units, seconds [A]: among routes whose prices
#: differ by less, the exact timing decides which is cheaper.
ROUNDING_S: Final = 1.0

#: Most sections between portals that are cached with a metric [A].
KEPT_SECTIONS: Final = 2_000


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
        Part of an edge that leads from the start to the node; None behind a portal.
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


def solve(
    residents: Sequence[Resident], question: PortalQuestion, moving: MovingTime | None = None
) -> Plan:
    """Find the cheapest plan, with one metric per region, locked by the caller.

    The plan has the lowest price among all routes whose sections are the metric's cheapest paths;
    at aversion 0 it arrives earliest. Of the labels (partial routes) at a portal, the search
    follows every label that is earlier, less tired or has moved less than every other label.

    Parameters
    ----------
    residents
        One metric per region.
    question
        Input of the search, with costs of the same weight of exposure as the metrics.
    moving
        The same search by time alone. Without it, the lower bounds of a metric with exposure
        foresee no rests: the plan is the same, the search takes longer.

    Raises
    ------
    NoWay
        If nothing that may be passed joins the two ends.
    """
    return trimmed(_Solving(residents, question, moving).plan())


def trimmed(plan: Plan) -> Plan:
    """Drop legs of length 0 from a plan; if all legs have length 0, keep the first."""
    sections = tuple((region, legs.only(legs.start < legs.end)) for region, legs in plan.sections)
    on_roads = any(len(legs) for _, legs in sections)
    if not on_roads and all(passed.portal.piece is None for passed in plan.passed):
        region, legs = plan.sections[0]
        sections = ((region, legs.only(slice(1))), *sections[1:])
    return Plan(sections, plan.passed, plan.cost_s, plan.saw_waits)


class _Solving:
    """State of one search."""

    def __init__(
        self,
        residents: Sequence[Resident],
        question: PortalQuestion,
        moving: MovingTime | None,
    ) -> None:
        self._residents = residents
        self._asked = question
        self._moving = moving
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
                self._arrive(label, FIRST_ARRIVAL - target, metric_s)
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
        self._rows: dict[int, tuple[PortalTargets, TargetCosts]] = {}
        self._bounds = PortalBounds(self._residents, asked, self._moving)
        self._start = asked.timing.walker()
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
            ahead = self._bounds.ahead(None, asked.start)
            nodes = [label.at[1] for label in labels]
            self._look(labels, ahead, self._bounds.onward(asked.start, nodes, ahead))

    def _pieces(self, region: int, pieces: Sequence[Piece]) -> list[_Piece]:
        """Measure moving time and length of parts of edges of a region in one call."""
        legs = Legs.of(pieces)
        measures = zip(*self._asked.timing.measured(region, legs), strict=True)
        return [
            _Piece(legs.only(slice(row, row + 1)), float(time_s), float(length_m))
            for row, (time_s, length_m) in enumerate(measures)
        ]

    def _look(self, labels: Sequence[_Label], ahead: PortalTargets, onward: TargetCosts) -> None:
        """Queue targets with lower bounds of their prices.

        Parameters
        ----------
        labels
            Labels that have passed the same portals, or the labels at the start.
        onward
            Costs from the labels' nodes to the targets and beyond.
        """
        asked, ids = self._asked, labels[0].ids
        bounds = zip(labels, onward.end_s, onward.moving_s, strict=True)
        least_s = np.array([self._least_s(label, *row) for label, *row in bounds])
        metric_s = np.array([[label.metric_s] for label in labels]) + onward.target_s
        for row, column in self._worth_a_look(labels[0].at[0], ahead, metric_s):
            target, price_s = ahead.targets[column], float(least_s[row, column])
            is_again = target >= 0 and ids and not ids.isdisjoint(asked.portals[target][0].ids)
            if math.isfinite(price_s) and not is_again:
                self._push(price_s, float(metric_s[row, column]), labels[row], target)

    def _worth_a_look(
        self, region: int, ahead: PortalTargets, metric_s: Floats
    ) -> Iterator[tuple[int, int]]:
        """Yield the (label, target) pair of the metric's cheapest path to each portal and the end.

        Parameters
        ----------
        metric_s
            float64 [labels, targets], the metric's costs of the ways to the targets.
        """
        if self._detours.are_possible(region):  # detours, which are not in these costs, change them
            yield from np.ndindex(metric_s.shape)
            return
        portals = sum(target >= 0 for target in ahead.targets)
        first = np.argmin(metric_s[:, :portals], axis=0).tolist() if portals else []
        yield from zip(first, range(portals), strict=True)
        if portals < len(ahead.targets):
            last = metric_s[:, portals:]
            row, column = divmod(int(np.argmin(last)), last.shape[1])
            yield row, portals + column

    def _least_s(self, label: _Label, on_s: Floats, on_moving_s: Floats) -> Floats:
        """Return lower bounds of the prices of a label's continuations, float64 [k].

        A price is the metric's cost plus rests and waits, which only grow with moving time.

        Parameters
        ----------
        on_s
            float64 [k], the metrics' costs from the label on.
        on_moving_s
            float64 [k], lower bounds of moving time from the label on.
        """
        if self._asked.is_patient:
            return label.metric_s + on_s
        begun_s = 0.0 if label.begun is None else label.begun.time_s
        since = label.since_s, label.since[0] + begun_s
        elapsed_s = label.walker.clock_s - self._start.clock_s
        least_s = elapsed_s + label.exposed_s + label.since_s + on_s
        return np.asarray(least_s + self._bounds.rests_s(label.walker, since, on_moving_s))

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
        # So small an excess over the moving time comes from rounding to whole units.
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
        self._push(price_s, metric_s, ended, FIRST_ARRIVAL, is_true=True)

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
            bounds = self._bounds
            ahead_s = bounds.ahead_s[[target]], bounds.ahead_moving_s[[target]]
            (least_s,) = self._least_s(behind, *ahead_s).tolist()
            if math.isfinite(least_s):
                self._push(least_s, behind.metric_s, behind, target, is_true=True)

    def _settle(self, label: _Label) -> None:
        """Queue the targets beyond a label's portal, unless another label there dominates it."""
        if self._is_superfluous(label):
            return
        self._settled[label.portal].append(label)
        if label.portal not in self._rows:
            portal = self._asked.portals[label.portal][0]
            ahead = self._bounds.ahead(portal, label.at[0])
            onward = self._bounds.onward(label.at[0], [label.at[1]], ahead)
            self._rows[label.portal] = (ahead, onward)
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


_NOTHING: Final = _Walked(Legs.of(()), np.zeros(1), np.zeros(1))


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
