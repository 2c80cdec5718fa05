"""From country to country and from region to region: where one may pass, when, and by which way.

Within a country of a region a metric finds the way. From one to the next a route passes a
*portal*: a border edge at an official crossing, or the joint of two regions there. This search runs
over portals alone. It knows the time of arrival at each, so a crossing that is closed then costs
the wait until it opens, and one that does not open soon is passed by nobody.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from routing.crossings import Crossing
from routing.detours import Closed, Detours
from routing.errors import NoWay
from routing.legs import Legs
from routing.network import Piece
from routing.resident import Resident

type Floats = NDArray[np.float64]
type Node = tuple[int, int]
type Section = tuple[int, Legs]

#: Nobody waits longer for a crossing to open [A]: a day and a night. What opens later is a refusal
#: that names the opening.
MAX_WAIT_S: Final = 24 * 3_600.0


#: With more portals than this the table between them takes longer than it saves [A].
MOST_LOOKED_AHEAD: Final = 400

#: What an entry of the queue is about, where it is no portal: the end reached, a node left, an
#: arrival piece (counting down from the last).
_ENDED: Final = -1
_LEAVING: Final = -2
_FIRST_ARRIVAL: Final = -3


@dataclass(frozen=True, eq=False, slots=True)
class Portal:
    """One way from a country or a region to another, in one direction.

    Parameters
    ----------
    arrive, leave
        (region, node) before and behind it.
    posts
        Official posts in order of travel; empty for a joint within one country.
    piece
        The border edge, where the region has one.
    off_m
        Metres between the two nodes that are on no road of either region.
    post_s
        Seconds under way from where its edge begins to its first post.
    """

    arrive: Node
    leave: Node
    posts: tuple[Crossing, ...]
    piece: Piece | None = None
    off_m: float = 0.0
    post_s: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Passed:
    """A portal on the way: when it is reached, and the wait there, seconds after departure."""

    portal: Portal
    reached_s: float
    wait_s: float


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """A way found: pieces by section, and the portals between sections.

    Parameters
    ----------
    sections
        Region and legs of each section, in order of travel, the border edges left out.
    passed
        One fewer than sections.
    cost_s
        Of everything, waits included.
    """

    sections: tuple[Section, ...]
    passed: tuple[Passed, ...]
    cost_s: float


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """What the search is asked.

    Parameters
    ----------
    start, end
        Region of each end.
    departures, arrivals
        (piece, node, cost of the piece in seconds) of each end; infinite where closed.
    direct
        Pieces from end to end, with their costs.
    portals
        All that may be passed at some time, each with the seconds it costs.
    wait_s
        Gives the wait at a portal, seconds, for who reaches it so many seconds after departure;
        None where it stays closed.
    reached_s
        Gives when the end of the last of some sections is reached, seconds after departure; with
        the portals passed between them.
    closed_s
        Price of passing a portal that stays closed, seconds; infinite where nobody may.
    allows
        Tells whether one may go from a portal, None for the start, to another within a region.
    closed
        What obstacles close, a region each; empty without obstacles.
    """

    start: int
    end: int
    departures: Sequence[tuple[Piece, int, float]]
    arrivals: Sequence[tuple[Piece, int, float]]
    direct: Sequence[tuple[Piece, float]]
    portals: Sequence[tuple[Portal, float]]
    wait_s: Callable[[Portal, float], float | None]
    reached_s: Callable[[Sequence[Section], Sequence[Passed]], float]
    allows: Callable[[Portal | None, Portal], bool]
    closed_s: float = math.inf
    closed: Sequence[Closed] = ()


_NO_LEGS: Final = Legs.of(())


@dataclass(frozen=True, eq=False, slots=True)
class _Label:
    """How somebody came to a node: ``section`` is what the present section has so far."""

    at: Node
    cost_s: float
    section: Legs = _NO_LEGS
    sections: tuple[Section, ...] = ()
    passed: tuple[Passed, ...] = ()


def solve(residents: Sequence[Resident], question: Question) -> Plan:
    """Find the cheapest plan, with one metric a region, which the caller holds.

    Labels are settled by cost, waits included. A portal is passed once, by whoever reaches it the
    cheapest and does not find it closed for too long; who reaches it dearer, and would wait less,
    is not followed. By vehicle with aversion 0 nobody does: cost is time. On foot a rest is none of
    the cost, so that of ways over several crossings with hours one in thirty is not the cheapest of
    all (measured on the small countries of tests/routing/test_portals.py).

    Raises
    ------
    NoWay
        Nothing that may be passed joins the two ends.
    """
    return _trimmed(_Solving(residents, question).plan())


def _trimmed(plan: Plan) -> Plan:
    """Leave out pieces without length; somebody who goes nowhere keeps the first."""
    sections = tuple((region, legs.only(legs.start < legs.end)) for region, legs in plan.sections)
    on_roads = any(len(legs) for _, legs in sections)
    if not on_roads and all(passed.portal.piece is None for passed in plan.passed):
        region, legs = plan.sections[0]
        sections = ((region, legs.only(slice(1))), *sections[1:])
    return Plan(sections, plan.passed, plan.cost_s)


class _Solving:
    """One search under way."""

    def __init__(self, residents: Sequence[Resident], question: Question) -> None:
        self._residents = residents
        self._asked = question
        self._order = count()
        self._heap: list[tuple[float, int, _Label, int, float]] = []
        self._passed: set[int] = set()
        self._shut: set[tuple[int, Passed | None]] = set()
        self._in_region: dict[int, list[int]] = defaultdict(list)
        for index, (portal, _) in enumerate(question.portals):
            self._in_region[portal.arrive[0]].append(index)
        self._ahead_s = ahead_s(residents, question)
        self._detours = Detours(residents, question.closed)
        self._looked_at: set[tuple[_Label, int]] = set()

    def plan(self) -> Plan:
        asked = self._asked
        if not asked.portals and not self._detours.are_possible(asked.start):
            return self._straight()
        for piece, cost_s in asked.direct:
            if np.isfinite(cost_s):
                self._push(cost_s, _Label((asked.start, -1), cost_s, Legs.of([piece])), _ENDED)
        self._leave(
            [
                _Label((asked.start, node), cost_s, Legs.of([piece]))
                for piece, node, cost_s in asked.departures
                if np.isfinite(cost_s)
            ]
        )
        while self._heap:
            _, _, label, target, cost_s = heapq.heappop(self._heap)
            if target == _ENDED:
                return self._ended(label, label.section, cost_s)
            if self._is_dearer(label, target, cost_s):
                continue
            if target <= _FIRST_ARRIVAL:
                return self._ended(label, self._arrive(label, _FIRST_ARRIVAL - target), cost_s)
            if target == _LEAVING:
                self._leave([label])
            else:
                self._pass(label, target, cost_s)
        raise NoWay("nothing open joins the two ends")

    def _straight(self) -> Plan:
        """Give what the queue would where there is nothing to pass: of equals the first."""
        asked = self._asked
        least_s, best = math.inf, None
        for piece, cost_s in asked.direct:
            if cost_s < least_s:
                least_s, best = cost_s, _Label((asked.start, -1), cost_s, Legs.of([piece]))
        through = None
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
                        best = _Label((asked.start, node), own_s, Legs.of([piece]))
        if best is None:
            raise NoWay("nothing open joins the two ends")
        last = best.section if through is None else self._arrive(best, through)
        return self._ended(best, last, least_s)

    def _push(self, cost_s: float, label: _Label, target: int, still_s: float = 0.0) -> None:
        """Queue an entry by what it costs and what is to come at least."""
        entry = (cost_s + still_s, next(self._order), label, target, cost_s)
        heapq.heappush(self._heap, entry)

    def _leave(self, labels: Sequence[_Label]) -> None:
        """Look from nodes to every portal of their region, and to the end.

        All of them are the start's, or there is one: they have come over the same portals.
        """
        if not labels:
            return
        region = labels[0].at[0]
        entered = labels[0].passed[-1].portal if labels[0].passed else None
        targets = [
            (index, portal.arrive[1], 0.0)
            for index in self._in_region[region]
            if self._asked.allows(entered, portal := self._asked.portals[index][0])
        ]
        if region == self._asked.end:
            targets += [
                (_FIRST_ARRIVAL - row, arrival, own_s)
                for row, (_, arrival, own_s) in enumerate(self._asked.arrivals)
            ]
        if not targets:
            return
        costs = between_s(
            self._residents[region], [label.at[1] for label in labels], [to for _, to, _ in targets]
        )
        for label, row in zip(labels, costs.tolist(), strict=True):
            self._look(label, targets, row)

    def _look(
        self, label: _Label, targets: Sequence[tuple[int, int, float]], costs: Sequence[float]
    ) -> None:
        """Queue what can be reached from a node."""
        for (target, _, own_s), between in zip(targets, costs, strict=True):
            cost_s = label.cost_s + between + own_s
            still_s = self._still_s(target) if target >= 0 else 0.0
            if math.isfinite(cost_s + still_s) and target not in self._passed:
                self._push(cost_s, label, target, still_s)

    def _is_dearer(self, label: _Label, target: int, cost_s: float) -> bool:
        """Queue an entry anew whose way costs more than the metric says; gone where none is."""
        region, node = label.at
        entry = (label, target)
        if target == _LEAVING or not self._detours.are_possible(region):
            return False
        if entry in self._looked_at or target in self._passed:
            return False
        self._looked_at.add(entry)
        is_arrival = target <= _FIRST_ARRIVAL
        to = (
            self._asked.arrivals[_FIRST_ARRIVAL - target][1]
            if is_arrival
            else self._asked.portals[target][0].arrive[1]
        )
        extra_s = self._detours.extra_s(region, node, to)
        if 0 < extra_s < math.inf:
            self._push(
                cost_s + extra_s, label, target, 0.0 if is_arrival else self._still_s(target)
            )
        return extra_s > 0

    def _still_s(self, target: int) -> float:
        """Give the least that passing a portal and going on from it costs."""
        return self._asked.portals[target][1] + float(self._ahead_s[target])

    def _pass(self, label: _Label, target: int, cost_s: float) -> None:
        """Reach a portal, and wait there if need be."""
        came = (target, label.passed[-1] if label.passed else None)
        if target in self._passed or came in self._shut:
            return
        portal, own_s = self._asked.portals[target]
        sections = (*label.sections, (label.at[0], self._walked(label, portal.arrive[1])))
        reached_s = self._asked.reached_s(sections, label.passed)
        wait_s = self._asked.wait_s(portal, reached_s)
        spent_s = cost_s + own_s + (self._asked.closed_s if wait_s is None else wait_s)
        # Who finds it closed for too long does not keep out those who come later over another
        # portal; but by a longer way from the same one nobody gets through.
        if not np.isfinite(spent_s):
            self._shut.add(came)
        else:
            self._passed.add(target)
            passed = (*label.passed, Passed(portal, reached_s, wait_s or 0.0))
            behind = _Label(portal.leave, spent_s, _NO_LEGS, sections, passed)
            self._push(spent_s, behind, _LEAVING, float(self._ahead_s[target]))

    def _arrive(self, label: _Label, row: int) -> Legs:
        """Give the last section, up to the end by one of its arrivals."""
        piece, node, _ = self._asked.arrivals[row]
        return Legs.joined([self._walked(label, node), Legs.of([piece])])

    @staticmethod
    def _ended(label: _Label, last: Legs, cost_s: float) -> Plan:
        return Plan((*label.sections, (label.at[0], last)), label.passed, cost_s)

    def _walked(self, label: _Label, node: int) -> Legs:
        region, source = label.at
        return Legs.joined([label.section, self._detours.path(region, source, node)])


def ahead_s(residents: Sequence[Resident], question: Question) -> Floats:
    """Give the least cost from behind each portal to the end, float64 [portals].

    As if every portal were open on arrival: never above what it takes, so that the search for it
    may look towards the end first. Infinite where no portals lead on.
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
    """Give costs between portals; the metric keeps them for as long as it stays as it is."""
    key = (leaving, arriving)
    known = resident.derived.get(key)
    if known is None:
        known = resident.derived[key] = between_s(resident, leaving, arriving)
    return cast("Floats", known)


def between_s(resident: Resident, sources: Sequence[int], targets: Sequence[int]) -> Floats:
    """Give costs from nodes to nodes, float64 [sources, targets], infinite where no way."""
    return resident.ground.network.between_s(resident.metric, sources, targets)
