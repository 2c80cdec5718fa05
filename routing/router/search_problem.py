"""The search problem of one request, over one region or several regions joined at crossings."""

import math
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from routing.engine.itinerary import ItineraryClock
from routing.engine.portal_plan import Portal
from routing.engine.portal_question import PortalQuestion
from routing.engine.region_view import Priced, RegionView
from routing.graph.node_splitting import ENTRY_S
from routing.graph.snapping import Snap
from routing.travel.request import RouteRequest
from routing.travel.speed import FLAT_KMH


def _always(_entered: Portal | None, _left: Portal) -> bool:
    return True


class SearchProblem:
    """The search problem of one request: ends, portals, clock and prices.

    Parameters
    ----------
    sides
        The regions.
    joints
        Portals from one region to another.
    ends
        (region, snap) of the start and of the end.
    request
        The request.
    allows
        See `routing.engine.portal_question.PortalQuestion`.
    """

    def __init__(
        self,
        sides: Sequence[RegionView],
        joints: Sequence[Portal],
        ends: tuple[tuple[int, Snap], tuple[int, Snap]],
        request: RouteRequest,
        *,
        allows: Callable[[Portal | None, Portal], bool] = _always,
    ) -> None:
        self.sides = sides
        self.joints = joints
        self.request = request
        self.allows = allows
        self.has_obstacles = any(side.closed is not None for side in sides)
        # The parts of edges between the snapped ends and the next nodes do not depend on the weight
        # of exposure, so they are computed once.
        (first, start), (last, end) = ends
        network = sides[first].ground.network
        self._departures = network.departures(start)
        self._arrivals = sides[last].ground.network.arrivals(end)
        self._direct = network.direct(start, end) if first == last else ()
        self.most = request.most
        self.ends = ends
        self.clock = ItineraryClock(
            [side.ground.travel for side in sides], request.at, request.stint
        )
        self.weights = sorted(set(request.aversions))
        self.portals = [p for row, side in enumerate(sides) for p in side.portals(row)]
        self.portals += joints
        self.ranked_by = [side.model(self.weights[len(self.weights) // 2]) for side in sides]

    def without_obstacles(self) -> "SearchProblem":
        """Return the same problem without the requester's own obstacles."""
        sides = [side.without_obstacles() for side in self.sides]
        return SearchProblem(sides, self.joints, self.ends, self.request, allows=self.allows)

    def question(
        self,
        aversion: float,
        *,
        closed: frozenset[str] = frozenset(),
        closed_s: float = math.inf,
        banned_s: float = math.inf,
        is_patient: bool = False,
    ) -> PortalQuestion:
        """Return the problem as input of the search over portals.

        Parameters
        ----------
        aversion
            Weight of exposure in the cost.
        closed
            Ids of crossings that are not to be passed.
        closed_s
            Price of passing a crossing that does not open in time, seconds.
        banned_s
            Price of a part of an edge that touches an exclusion, seconds.
        is_patient
            Whether waits at crossings and rests cost nothing.
        """
        own_s = [s for part in self._priced_ends for s in part.at(aversion, banned_s).tolist()]
        begin = len(self._departures)
        after = begin + len(self._direct)
        leaving = zip(self._departures, own_s[:begin], strict=True)
        arriving = zip(self._arrivals, own_s[after:], strict=True)
        portals = zip(self.portals, self.portals_s(aversion, banned_s), strict=True)
        return PortalQuestion(
            self.ends[0][0],
            self.ends[1][0],
            [(piece, node, s) for (piece, node), s in leaving],
            [(piece, node, s) for (piece, node), s in arriving],
            list(zip(self._direct, own_s[begin:after], strict=True)),
            [
                (portal, s)
                for portal, s in portals
                if not any(post.id in closed for post in portal.posts)
            ],
            self.clock,
            self.allows,
            closed_s,
            tuple(side.closed for side in self.sides) if self.has_obstacles else (),
            is_patient,
            (*((banned_s,) if math.isfinite(banned_s) else ()), *self._entries_s),
        )

    @cached_property
    def _entries_s(self) -> tuple[float, ...]:
        """Price of entering a no through road; empty where there are no such roads."""
        return (ENTRY_S,) if any(s.ground.network.has_entries for s in self.sides) else ()

    @cached_property
    def _priced_ends(self) -> list[Priced]:
        """Prices of the parts of edges at both ends; one item if both ends lie in one region.

        In this order: leaving the start, directly from start to end on one edge, reaching the end.
        """
        (first, _), (last, _) = self.ends
        leaving = [piece for piece, _ in self._departures]
        arriving = [piece for piece, _ in self._arrivals]
        if first == last:
            return [Priced.of(self.sides[first], [*leaving, *self._direct, *arriving])]
        return [Priced.of(self.sides[first], leaving), Priced.of(self.sides[last], arriving)]

    @cached_property
    def _priced_portals(self) -> list[tuple[list[int], Priced]]:
        """Prices of the border edges, region by region, with their indices in ``portals``."""
        rows: dict[int, list[int]] = {}
        for row, portal in enumerate(self.portals):
            if portal.piece is not None:
                rows.setdefault(portal.arrive[0], []).append(row)
        return [
            (
                own,
                Priced.of(self.sides[region], [p for row in own if (p := self.portals[row].piece)]),
            )
            for region, own in rows.items()
        ]

    def portals_s(self, aversion: float, banned_s: float = math.inf) -> list[float]:
        """Return the cost of passing each portal (crossing), without waits, seconds."""
        cost_s = np.array([portal.off_m * 3.6 / FLAT_KMH for portal in self.portals])
        for rows, priced in self._priced_portals:
            cost_s[rows] += priced.at(aversion, banned_s)
        return [float(value) for value in cost_s]
