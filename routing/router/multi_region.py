"""Routing over several regions: a journey may begin in one region and end in another.

A region is one import: a country, a city, or the sketch of the continent's main roads. Regions of
two countries are joined at official crossings only; within one country an extract is joined with
the sketch at the sketch's towns. A journey uses the roads of its first region up to a crossing or a
town, then the roads of the most detailed region beyond, and the sketch where no detailed region
exists.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from routing.engine.portal_plan import Node, Portal
from routing.engine.region_joints import joints, landing_nodes
from routing.engine.region_view import RegionView
from routing.errors import Blocker, NoRegion, NoRoute, OffNetwork
from routing.graph.snapping import Snap
from routing.route.route import Route
from routing.router.regional import Router
from routing.router.search import Search
from routing.router.search_problem import SearchProblem
from routing.router.snap_selection import RoutePlace, met_joined, nearest, places_of
from routing.router.town_joints import joined_nodes, needless, town_joints
from routing.router.waypoints import LegRoute, leg_of, over, told_by_leg
from routing.travel.request import RouteRequest, check_request

#: Kinds of blockers that make the refusal of a search over joined regions final. Any other refusal
#: may come from a gap in a region's roads, so the sketch alone is searched next.
_BLOCKING = frozenset({"crossing", "exclusion", "obstacle"})


@dataclass(frozen=True, eq=False, slots=True)
class RoutingResult:
    """Routes with the regions that they run through.

    Parameters
    ----------
    regions
        The regions that were searched. `Route.region`, of a route and of each of its ``parts``, is
        an index into this tuple.
    routes
        One to five routes.
    """

    regions: tuple[Router, ...]
    routes: tuple[Route, ...]


class Continent:
    """Router over all regions; safe to share between threads.

    Parameters
    ----------
    routers
        One router per region, the most detailed region first.
    """

    def __init__(self, routers: Sequence[Router]) -> None:
        self._routers = tuple(routers)

    def routes(self, request: RouteRequest) -> RoutingResult:
        """Route within the most detailed region that holds both ends, else over joined regions.

        A request with waypoints gets one route: the best route of each leg, where each leg departs
        at the arrival of the leg before.

        Raises
        ------
        InvalidRequest, OffNetwork, NoRoute
            As for `routing.router.regional.Router.routes`.
        NoRegion
            No region holds the ends, and there is no sketch.
        """
        if not request.via:
            return self._leg(request)
        count = len(request.via) + 1
        leg_of(request, 0, None)  # raises InvalidRequest for a wrong count of places or countries
        one, snaps = self._alone(request), None
        if one is not None:
            for leg in range(count):
                with told_by_leg(leg, len(request.via)):
                    check_request(leg_of(request, leg, None), one.graph.meta)
            snaps = one.met(request)
        stages: list[LegRoute] = []
        for leg in range(count):
            before = stages[-1].route if stages else None
            with told_by_leg(leg, len(request.via)):
                asked = leg_of(request, leg, before)
                if one is not None and snaps is not None:
                    answer = RoutingResult((one,), one.routes(asked, (snaps[leg], snaps[leg + 1])))
                else:
                    # The legs are searched separately. Every place keeps its nearest road, so that
                    # a waypoint has the same road at the end of a leg and the start of the next.
                    answer = self._leg(asked, moves=False)
            stages.append(LegRoute(answer.regions, answer.routes[0]))
        return RoutingResult(*over(stages))

    def _alone(self, request: RouteRequest) -> Router | None:
        """Return the one region that covers all places of a request; None if there is none."""
        places = places_of(request)
        detailed = [router for router in self._routers if not _is_sketch(router)]
        for router in detailed:
            if _holds(router, places):
                return router
        points = [place.point for place in places]
        if any(_contains(router, point) for router in detailed for point in points):
            return None
        return next(filter(_is_sketch, self._routers), None)

    def _leg(self, request: RouteRequest, *, moves: bool = True) -> RoutingResult:
        """Answer a request without waypoints.

        Parameters
        ----------
        moves
            Whether a place may snap to a road other than its nearest, where the nearest road is not
            connected.
        """
        places = places_of(request)
        for router in self._routers:
            if not _is_sketch(router) and _holds(router, places):
                return RoutingResult(
                    (router,), router.routes(request, _fixed(router, request, moves))
                )
        joined = self._joined(request, moves=moves)
        if joined is not None:
            return joined
        sketch = next(filter(_is_sketch, self._routers), None)
        if sketch is None:
            raise NoRegion("no region covers these places")
        try:
            return RoutingResult((sketch,), sketch.routes(request, _fixed(sketch, request, moves)))
        except OffNetwork as far:
            raise self._off(request, far) from far

    def _off(self, request: RouteRequest, far: OffNetwork) -> OffNetwork | NoRoute:
        """Return the refusal to raise when the sketch has no road near an end.

        `OffNetwork` if an end lies off the roads of every region, else `NoRoute`: both ends have
        roads near them in some region, but no road joins the ends.
        """
        for place in places_of(request):
            if not any(_is_met(router, request, place) for router in self._routers):
                return _nearest_of_all(self._routers, request, place) or far
        led_to = {country for crossing in request.crossings for country in crossing.countries}
        start, end = request.start_country, request.end_country
        is_other = start is not None and end is not None and start != end and end not in led_to
        return NoRoute(
            "no road joins the two points",
            [Blocker("country", end) if is_other else Blocker("no_road")],
        )

    def _joined(self, request: RouteRequest, *, moves: bool) -> RoutingResult | None:
        """Search over joined regions; None where no regions are joined between the two ends."""
        if not self._routers:
            return None
        check_request(request, self._routers[-1].graph.meta)
        sides = [router.side(request) for router in self._routers]
        first, last = places_of(request)
        met = [_met_first(self._routers, sides, place) for place in (first, last)]
        start, end = met
        portals: tuple[Portal, ...] = ()
        if start is not None and end is not None and start[0] != end[0]:
            portals = joints(sides, request.crossings) + town_joints(sides)
        if (
            start is None
            or end is None
            or not all(_is_joined(portals, at[0]) for at in (start, end))
        ):
            for at, place in zip(met, (first, last), strict=True):
                if at is not None:
                    sides[at[0]].require_free(place.point, at[1], place.which)
            return None
        if moves:
            start = _toward(sides, request, first, start, leaving=True)
            end = _toward(sides, request, last, end, leaving=False)
        for (region, snap), place in zip((start, end), (first, last), strict=True):
            sides[region].require_free(place.point, snap, place.which)
        try:
            routes = _answer(sides, portals, (start, end), request)
        except NoRoute as refused:
            if _BLOCKING.isdisjoint(blocker.kind for blocker in refused.blocked_by):
                return None
            raise
        return RoutingResult(self._routers, routes)


def _answer(
    sides: Sequence[RegionView],
    portals: tuple[Portal, ...],
    ends: tuple[tuple[int, Snap], tuple[int, Snap]],
    request: RouteRequest,
) -> tuple[Route, ...]:
    """Return the routes over joined regions, on streets wherever an extract has them.

    A route that leaves the streets of an extract too early is searched again without that joint.

    Raises
    ------
    NoRoute
        As for `Search.answer`.
    """
    routes: tuple[Route, ...] = ()
    while True:
        allows = _Detail(sides, portals).allows
        try:
            found = Search(SearchProblem(sides, portals, ends, request, allows=allows)).answer()
        except NoRoute:
            if routes:  # streets alone do not lead on: keep the routes that use the sketch early
                return routes
            raise
        early = needless(sides, found, (ends[0][0], ends[1][0]))
        kept = tuple(one for one in portals if one.posts or early.isdisjoint(_nodes(one)))
        if len(kept) == len(portals):
            return found
        routes, portals = found, kept


def _nodes(portal: Portal) -> tuple[Node, Node]:
    return portal.arrive, portal.leave


class _Detail:
    """Filter of plans: the sketch is not used between two joints that a detailed region has, too.

    A joint is a crossing on the side of one country, or any town at which a region and the sketch
    meet.

    Parameters
    ----------
    sides, portals
        The regions, and the portals that join them.
    """

    def __init__(self, sides: Sequence[RegionView], portals: Sequence[Portal]) -> None:
        self._graphs = [side.ground.travel.graph for side in sides]
        self._reached: dict[int, set[tuple[str | int, str | None]]] = {}
        for portal in portals:
            for node in (portal.arrive, portal.leave):
                if not self._is_sketch(node[0]):
                    country = self._country(node)
                    ids = self._reached.setdefault(node[0], set())
                    ids.update((post.id, country) for post in portal.posts)
                    if not portal.posts:
                        ids.add((node[0], None))

    def allows(self, entered: Portal | None, left: Portal) -> bool:
        """Return whether a plan may go from one portal to the next through the region between."""
        if entered is None or not self._is_sketch(left.arrive[0]):
            return True
        country = self._country(left.arrive)
        ends = {self._joint(portal, country) for portal in (entered, left)}
        return not any(ends <= reached for reached in self._reached.values())

    def _joint(self, portal: Portal, country: str | None) -> tuple[str | int, str | None]:
        """Return what identifies a joint: its first post and the country.

        A joint at a town has no posts: the region that it joins with the sketch identifies it.
        """
        if portal.posts:
            return portal.posts[0].id, country
        (region,) = (r for r, _ in (portal.arrive, portal.leave) if not self._is_sketch(r))
        return region, None

    def _is_sketch(self, region: int) -> bool:
        return self._graphs[region].meta.kind == "sketch"

    def _country(self, node: Node) -> str | None:
        graph = self._graphs[node[0]]
        return graph.country_of_node(node[1]) if node[1] < len(graph.node_lon) else None


def _is_sketch(router: Router) -> bool:
    return router.graph.meta.kind == "sketch"


def _fixed(router: Router, request: RouteRequest, moves: bool) -> tuple[Snap, Snap] | None:
    """Snap both ends to their nearest roads, unless ``moves`` allows other roads: then None."""
    if moves:
        return None
    check_request(request, router.graph.meta)
    start, end = (nearest(router.network_of(request), place) for place in places_of(request))
    return start, end


def _holds(router: Router, places: Sequence[RoutePlace]) -> bool:
    """Return whether all places lie in a region's bounding box and in its countries.

    A region's countries are those in which it has roads. The box does not suffice, because the
    bounding box of a country covers much of its neighbours.
    """
    known = router.graph.meta.countries
    return all(
        _contains(router, place.point)
        and (place.country is None or not known or place.country in known)
        for place in places
    )


def _contains(router: Router, point: tuple[float, float]) -> bool:
    west, south, east, north = router.graph.meta.bbox
    lon, lat = point
    return west <= lon <= east and south <= lat <= north


def _met_first(
    routers: Sequence[Router], sides: Sequence[RegionView], place: RoutePlace
) -> tuple[int, Snap] | None:
    """Return the most detailed region with a road near a place, and the place's snap there."""
    for row, (router, side) in enumerate(zip(routers, sides, strict=True)):
        if _is_sketch(router) or _contains(router, place.point):
            try:
                return row, nearest(side.met_network, place)
            except OffNetwork:
                continue
    return None


def _is_met(router: Router, request: RouteRequest, place: RoutePlace) -> bool:
    if not _is_sketch(router) and not _contains(router, place.point):
        return False
    try:
        nearest(router.network_of(request), place)
    except OffNetwork:
        return False
    return True


def _nearest_of_all(
    routers: Sequence[Router], request: RouteRequest, place: RoutePlace
) -> OffNetwork | None:
    """Return the `OffNetwork` error with the least distance of all regions; None without any."""
    refused = []
    for router in routers:
        try:
            nearest(router.network_of(request), place)
        except OffNetwork as far:
            refused.append(far)
    return min(refused, key=lambda far: far.distance_m, default=None)


def _toward(
    sides: Sequence[RegionView],
    request: RouteRequest,
    place: RoutePlace,
    at: tuple[int, Snap],
    *,
    leaving: bool,
) -> tuple[int, Snap]:
    """Return the snap of a place to the nearest road connected with the joints to other regions.

    Return the snap ``at`` unchanged where no road within the limit is connected. ``leaving`` says
    whether the road must lead to the joints, or be reached from them.
    """
    region, snap = at
    nodes = landing_nodes(sides, request.crossings, region) + joined_nodes(sides, region)
    network = sides[region].met_network
    labels = network.components.label[np.array(nodes, dtype=np.int64)].astype(np.int64)
    return region, met_joined(network, place, labels, leaving=leaving) or snap


def _is_joined(portals: Sequence[Portal], region: int) -> bool:
    return any(region in {portal.arrive[0], portal.leave[0]} for portal in portals)
