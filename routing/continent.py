"""Several regions as one: a journey may begin in one and end in another.

A region is one import: a country, a city, the sketch of the continent's main roads. They meet at
official crossings alone. A journey goes by the roads of the region it begins in up to a crossing,
by those of whichever region knows the other side best, and by the sketch where there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from routing.errors import NoRegion, NoRoute, OffNetwork
from routing.graph import Snap
from routing.joints import joints
from routing.journey import Search
from routing.portals import Node, Portal
from routing.questions import RouteRequest, check_request
from routing.route import Route
from routing.search import Router
from routing.side import Side
from routing.waypoints import Stage, leg_of, over, told_by_leg

#: What blocks a journey although the regions are joined; anything else may be a gap in a region's
#: roads, and the sketch is asked.
_BLOCKING = frozenset({"crossing", "exclusion", "obstacle"})


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """Routes, each of which says by ``region`` and ``parts`` which of the regions it lies in.

    Parameters
    ----------
    regions
        The regions that were searched.
    routes
        One to five.
    """

    regions: tuple[Router, ...]
    routes: tuple[Route, ...]


class Continent:
    """Answers over all regions; safe to share between threads.

    Parameters
    ----------
    routers
        One a region, the most detailed first.
    """

    def __init__(self, routers: Sequence[Router]) -> None:
        self._routers = tuple(routers)

    def routes(self, request: RouteRequest) -> Answer:
        """Answer by the most detailed region that holds both ends, else over joined regions.

        Over waypoints there is one route: the best of each leg, each from the arrival of the one
        before.

        Raises
        ------
        InvalidRequest, OffNetwork, NoRoute
            As `routing.search.Router.routes`.
        NoRegion
            No region holds the ends, and there is no sketch.
        """
        if not request.via:
            return self._leg(request)
        stages: list[Stage] = []
        for leg in range(len(request.via) + 1):
            before = stages[-1].route if stages else None
            with told_by_leg(leg, len(request.via)):
                answer = self._leg(leg_of(request, leg, before))
            stages.append(Stage(answer.regions, answer.routes[0]))
        return Answer(*over(stages))

    def _leg(self, request: RouteRequest) -> Answer:
        for router in self._routers:
            if not _is_sketch(router) and _holds(router, request):
                return Answer((router,), router.routes(request))
        sketch = next(filter(_is_sketch, self._routers), None)
        joined = self._joined(request)
        if joined is not None:
            return joined
        if sketch is None:
            raise NoRegion("no region covers these places")
        return Answer((sketch,), sketch.routes(request))

    def _joined(self, request: RouteRequest) -> Answer | None:
        """Search over joined regions; None where they are not joined between the two ends."""
        if not self._routers:
            return None
        check_request(request, self._routers[-1].graph.meta)
        sides = [router.side(request) for router in self._routers]
        start = _met_first(self._routers, sides, request.start, request.start_country, "start")
        end = _met_first(self._routers, sides, request.end, request.end_country, "end")
        if start is None or end is None or start[0] == end[0]:
            return None
        portals = joints(sides, request.crossings)
        if not all(_is_joined(portals, region) for region, _ in (start, end)):
            return None
        allows = _Detail(sides, portals).allows
        try:
            routes = Search(sides, portals, (start, end), request, allows=allows).answer()
        except NoRoute as refused:
            if _BLOCKING.isdisjoint(blocker.kind for blocker in refused.blocked_by):
                return None
            raise
        return Answer(self._routers, routes)


class _Detail:
    """Keeps the sketch out of countries that a detailed region leads through.

    Parameters
    ----------
    sides, portals
        The regions, and what joins them.
    """

    def __init__(self, sides: Sequence[Side], portals: Sequence[Portal]) -> None:
        self._graphs = [side.ground.travel.graph for side in sides]
        self._reached: dict[int, set[tuple[str, str | None]]] = {}
        for portal in portals:
            for node in (portal.arrive, portal.leave):
                if not self._is_sketch(node[0]):
                    country = self._country(node)
                    ids = self._reached.setdefault(node[0], set())
                    ids.update((post.id, country) for post in portal.posts)

    def allows(self, entered: Portal | None, left: Portal) -> bool:
        """Tell whether a way may go from one portal to the next in the region between them."""
        if entered is None or not self._is_sketch(left.arrive[0]):
            return True
        country = self._country(left.arrive)
        ends = {(portal.posts[0].id, country) for portal in (entered, left)}
        return not any(ends <= reached for reached in self._reached.values())

    def _is_sketch(self, region: int) -> bool:
        return self._graphs[region].meta.kind == "sketch"

    def _country(self, node: Node) -> str | None:
        graph = self._graphs[node[0]]
        return graph.country_of_node(node[1]) if node[1] < len(graph.node_lon) else None


def _is_sketch(router: Router) -> bool:
    return router.graph.meta.kind == "sketch"


def _holds(router: Router, request: RouteRequest) -> bool:
    """Tell whether a region has both ends: in its box, and in countries whose roads it has.

    The box of a country holds much of its neighbours.
    """
    known = router.graph.meta.countries
    ends = ((request.start, request.start_country), (request.end, request.end_country))
    return all(
        _contains(router, point) and (country is None or not known or country in known)
        for point, country in ends
    )


def _contains(router: Router, point: tuple[float, float]) -> bool:
    west, south, east, north = router.graph.meta.bbox
    lon, lat = point
    return west <= lon <= east and south <= lat <= north


def _met_first(
    routers: Sequence[Router],
    sides: Sequence[Side],
    point: tuple[float, float],
    country: str | None,
    which: str,
) -> tuple[int, Snap] | None:
    """Give the most detailed region whose roads a point meets, and where."""
    for row, (router, side) in enumerate(zip(routers, sides, strict=True)):
        if _is_sketch(router) or _contains(router, point):
            try:
                return row, side.snap(point, country, which)
            except OffNetwork:
                continue
    return None


def _is_joined(portals: Sequence[Portal], region: int) -> bool:
    return any(region in {portal.arrive[0], portal.leave[0]} for portal in portals)
