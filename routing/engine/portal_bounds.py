"""Lower bounds for the search over portals: the least cost of a route from a node onward.

Bounds come from tables of costs between nodes and portals, and from rests: the moving time still
ahead gives the fewest nights of rest. It has to be moving time alone, because a metric may also
hold exposure and fixed prices (of entering a no through road), which make nobody rest.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from routing.engine.metric_cache import Resident
from routing.engine.portal_plan import Portal
from routing.engine.portal_question import PortalQuestion
from routing.travel.timetable import DAY_S, Walker

type Floats = NDArray[np.float64]

#: Most portals for which costs between all portals are computed as lower bounds [A]: with more, the
#: table takes longer to compute than the bounds save.
MOST_LOOKED_AHEAD: Final = 400

#: Share of a fixed price by which a cost may fall short of a multiple of the price and still be
#: taken to contain the multiple, as metrics are rounded to whole units [A].
_COUNTED_UP: Final = 0.01

#: Number, as a target in the queue, of the first part of an edge that reaches the end; further such
#: parts have the numbers below. Targets >= 0 are portals.
FIRST_ARRIVAL: Final = -1


@dataclass(frozen=True, eq=False, slots=True)
class MovingTime:
    """The input of a search with exposure at aversion 0, whose costs bound moving time from below.

    Parameters
    ----------
    residents
        Metrics at aversion 0, one per region, locked by the caller.
    question
        Input of the search at aversion 0, with the same ends and portals in the same order.
    """

    residents: Sequence[Resident]
    question: PortalQuestion


@dataclass(frozen=True, eq=False, slots=True)
class PortalTargets:
    """Targets that can be reached from a portal or from the start: portals and ways to the end.

    Parameters
    ----------
    targets, nodes
        Targets as queue entries number them, and the node of each.
    own_s, still_s
        float64 [targets], the cost of passing each target, and a lower bound of the cost from there
        to the end.
    moving_s
        float64 [targets], lower bound of the moving time to pass each target and go on to the end;
        the sum of ``own_s`` and ``still_s`` where the search has no metric of time alone.
    """

    targets: Sequence[int]
    nodes: Sequence[int]
    own_s: Floats
    still_s: Floats
    moving_s: Floats


@dataclass(frozen=True, eq=False, slots=True)
class TargetCosts:
    """Costs from nodes onward: float64 [nodes, targets] each, seconds.

    Parameters
    ----------
    target_s
        The metric's costs up to and including each target.
    end_s
        Lower bounds of the metric's costs to the end, through each target.
    moving_s
        Lower bounds of moving time to the end; they may hold fixed prices.
    """

    target_s: Floats
    end_s: Floats
    moving_s: Floats


class PortalBounds:
    """Lower bounds of one search.

    Parameters
    ----------
    residents
        One metric per region, locked by the caller.
    question
        Input of the search that uses the bounds.
    moving
        The same search by time alone; without it, the bounds of a metric with exposure include no
        rests.

    Attributes
    ----------
    ahead_s, ahead_moving_s
        float64 [portals], the least cost and the least moving time from the far side of each portal
        to the end, seconds.
    """

    def __init__(
        self,
        residents: Sequence[Resident],
        question: PortalQuestion,
        moving: MovingTime | None,
    ) -> None:
        self._residents = residents
        self._asked = question
        self._moving = moving
        # At aversion 0 the metric is moving time itself. A metric with exposure is no lower bound
        # of moving time.
        self._is_time = all(resident.model.aversion == 0 for resident in residents)
        self.ahead_s = self.ahead_moving_s = ahead_s(residents, question)
        if moving is not None:
            self.ahead_moving_s = ahead_s(moving.residents, moving.question)
        speeds = [resident.ground.travel.speeds_m_per_s for resident in residents]
        self._speeds = (min(row[0] for row in speeds), max(row[1] for row in speeds))
        self._in_region: dict[int, list[int]] = defaultdict(list)
        for index, (portal, _) in enumerate(question.portals):
            self._in_region[portal.arrive[0]].append(index)

    def ahead(self, entered: Portal | None, region: int) -> PortalTargets:
        """Return where a search of one region may lead, coming by a portal (None: from the start).

        The targets are the region's portals that may follow ``entered`` and, in the region of the
        end, the places on its roads at which the end is reached.
        """
        asked = self._asked
        portals = [
            index
            for index in self._in_region[region]
            if asked.allows(entered, asked.portals[index][0])
        ]
        rows = asked.arrivals if region == asked.end else ()
        own_s = np.array([*(asked.portals[i][1] for i in portals), *(s for _, _, s in rows)])
        still_s = np.concatenate([self.ahead_s[portals], np.zeros(len(rows))])
        moving_s = own_s + still_s
        if self._moving is not None:
            timed = self._moving.question
            past_s = [timed.portals[i][1] + self.ahead_moving_s[i] for i in portals]
            last_s = [s for _, _, s in timed.arrivals] if rows else []
            moving_s = np.array([*past_s, *last_s])
        return PortalTargets(
            [*portals, *(FIRST_ARRIVAL - row for row in range(len(rows)))],
            [*(asked.portals[i][0].arrive[1] for i in portals), *(node for _, node, _ in rows)],
            own_s,
            still_s,
            moving_s,
        )

    def onward(self, region: int, sources: Sequence[int], ahead: PortalTargets) -> TargetCosts:
        """Return the costs from nodes to targets and beyond."""
        if not ahead.nodes:
            none_s = np.zeros((len(sources), 0))
            return TargetCosts(none_s, none_s, none_s)
        target_s = between_s(self._residents[region], sources, ahead.nodes) + ahead.own_s
        end_s = moving_s = target_s + ahead.still_s
        if self._moving is not None:
            residents = self._moving.residents
            moving_s = between_s(residents[region], sources, ahead.nodes) + ahead.moving_s
        return TargetCosts(target_s, end_s, moving_s)

    def rests_s(
        self, walker: Walker, since: tuple[float, float], on_moving_s: Floats
    ) -> Floats | float:
        """Return the least time that a walker stands at rest before the end, seconds.

        The moving time, at the speed of the slowest road, gives the least distance to walk and so
        the least number of rests.

        Parameters
        ----------
        walker
            The walker as at the last stop.
        since
            The metric's cost and the moving time from the stop to a node, seconds.
        on_moving_s
            float64 [k], lower bounds of moving time from the node on, as in `TargetCosts`.

        Returns
        -------
        float64 [k]; 0 where no rest is foreseen.
        """
        is_bound = self._is_time or self._moving is not None
        if not (is_bound and walker.has_hours and math.isfinite(walker.day_max_m)):
            return 0.0
        return self._rests_s(walker, (since[0] if self._is_time else since[1]) + on_moving_s)

    def _rests_s(self, walker: Walker, moving_s: Floats) -> Floats:
        """Return the least time at rest during some moving times, seconds.

        The moving times may include fixed prices, during which nobody walks or tires.
        """
        moving_s = np.where(np.isfinite(moving_s), moving_s, 0.0)
        for price_s in self._asked.fixed_s:
            times = np.floor(moving_s / price_s + _COUNTED_UP)
            moving_s = np.maximum(moving_s - times * price_s, 0.0)
        slowest, fastest = self._speeds
        over_m = moving_s * slowest - walker.left_m
        rests = np.ceil(over_m / walker.day_max_m - 1e-9)
        last_m = over_m - (rests - 1.0) * walker.day_max_m
        wakes_s = walker.fresh_s + (rests - 1.0) * DAY_S + last_m / fastest
        rests_s = np.maximum(wakes_s - walker.clock_s - moving_s, 0.0)
        return np.where(rests > 0, rests_s, 0.0)


def ahead_s(residents: Sequence[Resident], question: PortalQuestion) -> Floats:
    """Return the least cost from the far side of each portal to the end, float64 [portals].

    Every portal is assumed to be open on arrival, so the result is a lower bound that guides the
    search towards the end. Infinite where no portals lead on.
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
    """Return the least cost between portals, float64 [leaving, arriving], seconds.

    The table is cached until the metric changes.
    """
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
