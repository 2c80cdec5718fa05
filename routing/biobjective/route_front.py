"""Routes of one request as trade-offs of time against exposure, within a share of all ways.

Time is moving time: nights of rest, and waits for crossings that are shut by night, are no part of
it. The search sees the same roads, hazards, borders and exclusions as `routing.router.search`,
whose best routes at each weight of exposure lie on this front. The front also has routes that are
best at no weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.biobjective.between import FullPath, PathEnds
from routing.biobjective.near_front import coverage, near_front
from routing.biobjective.road_costs import ONCE, RoadCosts, measured_s
from routing.biobjective.selection import MOST_SHOWN, shown_points
from routing.engine.itinerary import with_border
from routing.engine.portal_plan import PassedPortal, Plan, Portal, Section
from routing.engine.portal_question import PortalQuestion
from routing.engine.portal_search import trimmed
from routing.errors import TradeOffsNotKnown
from routing.route.route import Route
from routing.router.refusals import refusal
from routing.router.search import Search
from routing.router.search_problem import SearchProblem
from routing.travel.legs import Legs
from routing.travel.timetable import DAY_S

type Floats = NDArray[np.float64]

#: Most junctions of a region in which fronts are searched [A]: the cached costs of its roads take
#: 230 bytes for every junction, measured on New York.
MOST_JUNCTIONS: Final = 1_000_000
#: Most labels of a search [A]: on New York the hardest of 25 cases takes 2.4 million and 1.3 s.
MOST_LABELS: Final = 10_000_000


@dataclass(frozen=True, eq=False, slots=True)
class RouteFront:
    """Trade-offs of one request.

    Parameters
    ----------
    routes
        The routes shown, by ascending time and descending exposure.
    shown_s
        float64 [routes, 2]: time and exposure of each, as `routing.biobjective.road_costs` measures
        them, seconds.
    front_s
        float64 [points, 2]: time and exposure of all points of the front, seconds.
    others_s
        float64 [others, 2]: time and exposure of the other ways that were given, seconds.
    share
        For each admissible way, a point of the front has at most 1 + ``share`` times its time and
        its exposure.
    """

    routes: tuple[Route, ...]
    shown_s: Floats
    front_s: Floats
    others_s: Floats
    share: float

    def covers(self, rows: Sequence[int]) -> float:
        """Return the factor within which some of the routes cover all ways that are no slower.

        For each admissible way that takes no longer than the slowest of these routes, one of these
        routes has at most this factor times its time and at most this factor times its exposure.

        Parameters
        ----------
        rows
            Rows of ``routes``, at least one; the first route is among them.
        """
        mine = self.shown_s[list(rows)]
        told = self.front_s[self.front_s[:, 0] <= mine[:, 0].max()]
        return (1.0 + self.share) * coverage(*mine.T, *told.T)

    def slower(self, rows: Sequence[int]) -> int:
        """Return how many points of the front are slower than the slowest of some routes."""
        return int((self.front_s[:, 0] > self.shown_s[list(rows), 0].max()).sum())


def route_front(
    problem: SearchProblem, others: Sequence[Legs] = (), *, most: int = MOST_SHOWN
) -> RouteFront:
    """Find the trade-offs of a request in one region.

    Parameters
    ----------
    problem
        A problem in one region, without obstacles of the requester's own.
    others
        Ways that the response shows already, with their border edges. If such a way lies on the
        front, the front's nearest point is among the routes.
    most
        Most routes, 2 or more.

    Raises
    ------
    NoRoute
        No admissible route; carries the reasons.
    TradeOffsNotKnown
        The region is too large, there is more than one region, or the hours of a crossing decide
        which ways there are.
    TooManyLabels
        There are too many trade-offs.
    """
    if len(problem.sides) > 1:
        raise TradeOffsNotKnown("several_networks")
    side = problem.sides[0]
    if problem.has_obstacles or side.ground.network.hierarchy.topology.node_count > MOST_JUNCTIONS:
        raise TradeOffsNotKnown("too_large")
    asked = _Asked(problem)
    front = near_front(asked.costs.search, asked.ends, most_labels=MOST_LABELS)
    if not len(front):
        # Raises NoRoute, unless there is a plan that costs more than the front's metrics can hold.
        refusal(problem)
        raise TradeOffsNotKnown("too_large")
    plans = [asked.plan(path) for path in front.paths]
    search = Search(problem)
    # The first plan is the quickest, which a search at aversion 0 would find.
    candidates = search.ranked([(plan, ONCE if row else 0.0) for row, plan in enumerate(plans)])
    front_s = measured_s(side, [legs_of(plan) for plan in plans])
    share = front.share / 1e6
    others_s = measured_s(side, others)
    wanted = sorted({row for row in on_front(others_s, front_s, share) if row is not None})
    shown = shown_points(
        front.first,
        front.second,
        lambda one, other: candidates[one].overlap(candidates[other]),
        wanted=wanted,
        most=most,
    )
    routes = tuple(search.route(candidates[row]) for row in shown)
    return RouteFront(routes, front_s[list(shown)], front_s, others_s, share)


def on_front(ways_s: Floats, points_s: Floats, share: float) -> list[int | None]:
    """Return for each way the nearest point that it equals within a share of both costs.

    Parameters
    ----------
    ways_s, points_s
        float64 [., 2], time and exposure.

    Returns
    -------
    The row of the point for each way; None for a way that equals no point.
    """
    found: list[int | None] = []
    for way in ways_s:
        low, high = np.minimum(points_s, way), np.maximum(points_s, way)
        apart = np.divide(high, low, out=np.where(high > low, np.inf, 1.0), where=low > 0)
        worst = apart.max(axis=1, initial=1.0)
        row = int(np.argmin(worst)) if len(worst) else 0
        found.append(row if len(worst) and worst[row] <= 1.0 + share else None)
    return found


def legs_of(plan: Plan) -> Legs:
    """Return all legs of a plan in one region, with its border edges."""
    parts = [
        with_border(plan.passed[index - 1].portal, legs) if index else legs
        for index, (_, legs) in enumerate(plan.sections)
    ]
    return Legs.joined(parts)


class _Asked:
    """Adapter between a request and the search for a front: its input, and its paths as plans."""

    def __init__(self, problem: SearchProblem) -> None:
        self._problem = problem
        self._network = problem.sides[0].ground.network
        time, both = problem.question(0.0), problem.question(ONCE)
        self._portals = self._open_portals(time)
        both_s = dict(both.portals)
        border_s = {
            edge: (first_s, both_s[portal] - first_s)
            for edge, (portal, first_s) in self._portals.items()
        }
        self.costs = RoadCosts.of(problem.sides[0], border_s)
        leaving, arriving = (
            [
                (node, *self.costs.in_units(first_s, second_s - first_s))
                for (_, node, first_s), (_, _, second_s) in zip(one, two, strict=True)
                if np.isfinite(second_s)
            ]
            for one, two in ((time.departures, both.departures), (time.arrivals, both.arrivals))
        )
        self._leaving, self._arriving = (
            [piece for piece, _, cost_s in pieces if np.isfinite(cost_s)]
            for pieces in (both.departures, both.arrivals)
        )
        self._direct = [piece for piece, cost_s in both.direct if np.isfinite(cost_s)]
        direct = [
            self.costs.in_units(first_s, second_s - first_s)
            for (_, first_s), (_, second_s) in zip(time.direct, both.direct, strict=True)
            if np.isfinite(second_s)
        ]
        self.ends = PathEnds(leaving, arriving, direct)

    def _open_portals(self, question: PortalQuestion) -> dict[int, tuple[Portal, float]]:
        """Return portal and price of passing, seconds, by border edge that is open at some time."""
        clock = self._problem.clock
        return {
            portal.piece[0]: (portal, cost_s)
            for portal, cost_s in question.portals
            if portal.piece is not None
            and np.isfinite(cost_s)
            and clock.through_s(portal, 0.0) is not None
        }

    def plan(self, path: FullPath) -> Plan:
        """Return a path as a plan.

        Raises
        ------
        TradeOffsNotKnown
            The path waits longer at a crossing than a night, finds it closed, or passes it twice:
            with other hours other paths may be on the front.
        """
        if path.direct is not None:
            legs = Legs.of([self._direct[path.direct]])
            return trimmed(Plan(((0, legs),), (), 0.0))
        assert path.source is not None  # noqa: S101 -- no direct way, so by nodes
        assert path.target is not None  # noqa: S101
        edges = self._network.turns.originals(path.edges).astype(np.int64)
        first, last = self._leaving[path.source], self._arriving[path.target]
        at = [n for n, edge in enumerate(edges.tolist()) if edge in self._portals]
        sections: list[Section] = []
        begin = 0
        for stop in (*at, len(edges)):
            sections.append((0, Legs.whole(edges[begin:stop])))
            begin = stop + 1
        sections[0] = (0, Legs.joined([Legs.of([first]), sections[0][1]]))
        sections[-1] = (0, Legs.joined([sections[-1][1], Legs.of([last])]))
        passed = tuple(PassedPortal(self._portals[int(edges[n])][0], 0.0, 0.0) for n in at)
        plan = trimmed(Plan(tuple(sections), passed, 0.0))
        return self._timed(plan) if passed else plan

    def _timed(self, plan: Plan) -> Plan:
        timed = self._problem.clock.retimed(plan)
        ids = [id_ for one in plan.passed for id_ in one.portal.ids]
        is_long = timed is not None and any(one.wait_s > DAY_S for one in timed.passed)
        if timed is None or is_long or len(set(ids)) < len(ids):
            raise TradeOffsNotKnown("crossing_hours")
        return timed
