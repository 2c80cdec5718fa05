"""Routing in hypothetical worlds: closures known to the requester are lifted (P54)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Literal

from routing.errors import NoRoute
from routing.route.open_world_report import WayFigures
from routing.route.route import Route
from routing.router.multi_region import Continent, RoutingResult
from routing.travel.avoid_areas import NO_OBSTACLES
from routing.travel.crossings import Crossing
from routing.travel.request import RouteRequest

type Key = tuple[Literal["crossing", "hazard", "obstacle"], str]


def way_of(route: Route, departure: datetime) -> WayFigures:
    """Return a route's elapsed time, moving time, distance and walking days."""
    elapsed_s = (route.arrival - departure).total_seconds()
    return WayFigures(elapsed_s, route.duration_s, route.distance_m, route.walking_days)


class Worlds:
    """The quickest routes of one leg in worlds with different closures lifted; caches the figures.

    Parameters
    ----------
    continent
        The router over all regions.
    request
        The request of the leg, without waypoints.
    crossings
        The crossings of the request in the states known to the requester.
    """

    def __init__(
        self, continent: Continent, request: RouteRequest, crossings: Sequence[Crossing]
    ) -> None:
        self._continent = continent
        self._known = {crossing.id: crossing for crossing in crossings}
        self._time_only = replace(request, aversions=(0.0,), most=1, others=False)
        self._ways: dict[frozenset[Key], WayFigures | None] = {}

    def as_it_is(self) -> RoutingResult | None:
        """Find the quickest route with every closure in force; None where there is no route."""
        return self._routed(self._time_only)

    def opened(self) -> RoutingResult | None:
        """Find the quickest route with all known closures lifted; None where there is no route.

        All known crossings are open; public exclusions and the requester's obstacles are lifted.
        Exclusions kept secret stay in force.
        """
        request = replace(
            self._time_only,
            crossings=tuple(map(_opened, self._known.values())),
            hazards=tuple(h for h in self._time_only.hazards if h.exclusion and not h.is_published),
            obstacles=NO_OBSTACLES,
        )
        return self._routed(request)

    def way(self, opened: frozenset[Key]) -> WayFigures | None:
        """Return the figures of the quickest route with the closures ``opened`` lifted.

        None where there is no such route.
        """
        if opened not in self._ways:
            request = self._time_only
            crossings = (
                _opened(self._known[one.id]) if ("crossing", one.id) in opened else one
                for one in request.crossings
            )
            hazards = (
                one for one in request.hazards if one.exclusion and ("hazard", one.id) not in opened
            )
            areas = {number for kind, number in opened if kind == "obstacle"}
            request = replace(
                request,
                crossings=tuple(crossings),
                hazards=tuple(hazards),
                obstacles=request.obstacles.without(areas),
            )
            found = self._routed(request)
            self._ways[opened] = None if found is None else way_of(found.routes[0], request.at)
        return self._ways[opened]

    def _routed(self, request: RouteRequest) -> RoutingResult | None:
        try:
            return self._continent.routes(request)
        except NoRoute:
            return None


@lru_cache(maxsize=4096)
def _opened(crossing: Crossing) -> Crossing:
    """Return a copy of a crossing that is open at any hour."""
    return replace(crossing, passable=True, state="open", opens=None)
