"""Routes between two points of one region: search, alternatives, and refusals.

Every response keeps the hard rules of `routing.travel.hard_rules`, checked before the search and
again on the finished line. A refusal names the blockers and never an informal way (P11, P12).
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from datetime import datetime
from threading import Lock
from typing import Final

from routing.engine.avoid_search import closed_by
from routing.engine.metric_cache import Ground, Residents
from routing.engine.mode_network import ModeNetwork
from routing.engine.region_view import RegionView
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import Snap
from routing.osm_tags.edge_flags import Mode
from routing.route.route import Route
from routing.router.search import Search
from routing.router.search_problem import SearchProblem
from routing.router.snap_selection import met, places_of
from routing.travel.conditions import HazardLayer, Situation
from routing.travel.cost_model import Travel
from routing.travel.crossings import Crossing, Gate, gates
from routing.travel.exposure import Exposure
from routing.travel.hard_rules import Rules
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import TOLERANCE_M, Contacts
from routing.travel.profiles import ADULT, VEHICLE, Profile, counts_at
from routing.travel.request import AVERSIONS, RouteRequest, check_request
from routing.travel.support_points import Support
from routing.travel.timetable import seconds_of

__all__ = [
    "Crossing",
    "Exposure",
    "Hazard",
    "Route",
    "RouteRequest",
    "Router",
    "Support",
]


#: Most situations (sets of hazards that apply to a profile at a time) in the cache [A]: enough for
#: what the public, partners and staff see, by day and by night, within an hour.
KEPT_SITUATIONS: Final = 16


class Router:
    """Answers route requests on one graph; safe to share between threads.

    Parameters
    ----------
    graph
        The road graph; derived data is built once per profile, on first use.
    profile
        The profile of travellers on foot, for requests that give no profile.
    tolerance_m
        Half the width given to hazards drawn as lines or points, metres.
    """

    def __init__(
        self, graph: RoadGraph, *, profile: Profile = ADULT, tolerance_m: float = TOLERANCE_M
    ) -> None:
        self.graph = graph
        self.profile = profile
        self.layer = HazardLayer(graph, tolerance_m)
        self.residents = Residents(graph)
        self._lock = Lock()
        self._grounds: dict[str, Ground] = {}
        self._situations: OrderedDict[Hashable, Situation] = OrderedDict()
        self._followed: dict[tuple[str, bool], Situation] = {}
        # The official crossings at each border edge. They are matched to edges again only when a
        # crossing's place changes; a change of its state leaves the match valid.
        self._posts: tuple[Hashable, dict[int, Gate]] = (None, {})

    def ground(self, profile: Profile) -> Ground:
        """Return the graph prepared for a profile; the preparation happens on first use."""
        with self._lock:
            known = self._grounds.get(profile.name)
            if known is None or known.travel.profile != profile:
                known = self._grounds[profile.name] = Ground.of(self.graph, profile)
            return known

    def profile_of(self, mode: Mode) -> Profile:
        """Return the default profile of a mode."""
        return self.profile if mode is Mode.FOOT else VEHICLE

    def prepared(self, mode: Mode) -> tuple[ModeNetwork, Travel]:
        """Return a mode's network and costs."""
        ground = self.ground(self.profile_of(mode))
        return ground.network, ground.travel

    def situation(self, hazards: Sequence[Hazard], profile: Profile, at: datetime) -> Situation:
        """Return the graph's situation: the hazards that apply to a profile at a departure time.

        Parameters
        ----------
        hazards
            The hazards active at ``at``.
        """
        night = leaves_by_night(profile, at)
        counting = tuple(item for item in hazards if counts_at(item, at, profile.mode, profile))
        # The key has whole hazard records, not their digests: hazards with equal digests may differ
        # in texts.
        key = (night, counting)
        with self._lock:
            known = self._situations.get(key)
            if known is not None:
                self._situations.move_to_end(key)
                return known
        made = Situation(self.layer.lay(counting), night)
        with self._lock:
            self._situations[key] = made
            while len(self._situations) > KEPT_SITUATIONS:
                self._situations.popitem(last=False)
        return made

    def gates(self, crossings: Sequence[Crossing]) -> dict[int, Gate]:
        """Return every border edge with its official crossings and their states, keyed by edge."""
        places = frozenset((c.id, c.place_on(self.graph), c.countries) for c in crossings)
        kept, posts = self._posts
        if kept != places:
            posts = gates(self.graph, crossings)
            self._posts = (places, posts)
        now = {crossing.id: crossing for crossing in crossings}
        return {
            edge: Gate(edge, tuple(now[post.id] for post in gate.posts), gate.at)
            for edge, gate in posts.items()
        }

    def met(self, request: RouteRequest) -> list[Snap]:
        """Snap the places of a request to the roads; see `snap_selection.met`.

        Raises
        ------
        OffNetwork
            A place lies too far from every usable road of its country, or from every road that is
            connected with the road of the other end.
        """
        return met(self.network_of(request), places_of(request))

    def network_of(self, request: RouteRequest) -> ModeNetwork:
        """Return the network to snap a request to: without edges in secret exclusions (P36)."""
        profile = request.profile or self.profile_of(request.mode)
        network = self.ground(profile).network
        if all(hazard.is_published for hazard in request.hazards):
            return network
        return network.without(self.situation(request.hazards, profile, request.at).untold)

    def routes(
        self, request: RouteRequest, snaps: tuple[Snap, Snap] | None = None
    ) -> tuple[Route, ...]:
        """Find one to five routes, the lowest upper-bound cost first.

        Parameters
        ----------
        request
            A request without waypoints.
        snaps
            The snaps of start and end, where already known.

        Raises
        ------
        InvalidRequest
            A field is invalid; ``.field`` and ``.reason`` say which and why.
        OffNetwork
            As for `met`.
        NoRoute
            No admissible route; ``.blocked_by`` lists the blockers.
        """
        return Search(self.problem(request, snaps)).answer()

    def problem(
        self, request: RouteRequest, snaps: tuple[Snap, Snap] | None = None
    ) -> SearchProblem:
        """Return the search problem of a request; parameters and errors are those of `routes`."""
        check_request(request, self.graph.meta)
        side = self.side(request)
        start, end = snaps or self.met(request)
        side.require_free(request.start, start, "start")
        side.require_free(request.end, end, "end")
        return SearchProblem((side,), (), ((0, start), (0, end)), request)

    def side(self, request: RouteRequest) -> RegionView:
        """Return the region as a request sees it: network, hazards in force, and rules."""
        profile = request.profile or self.profile_of(request.mode)
        ground = self.ground(profile)
        situation = self.situation(request.hazards, profile, request.at)
        gates, asked = self.gates(request.crossings), request.obstacles.on(self.graph)
        bans = Contacts([*situation.bans, *asked]) if asked else situation.bans
        rules = Rules(ground.travel, gates, bans)
        closed = closed_by(request.obstacles, ground.network) if asked else None
        return RegionView(ground, self.residents, situation, rules, closed)

    def follow(self, hazards: Sequence[Hazard]) -> None:
        """Update the cached metrics to the current hazards, ahead of any request.

        No response depends on this update, as each request carries its own hazards. The update
        makes the first response after a change as quick as any other.

        Parameters
        ----------
        hazards
            The hazards active now and published to everybody.
        """
        if not self._followed:
            self._prepare(hazards)
        with self._lock:
            grounds = list(self._grounds.values())
        for ground in grounds:
            profile = ground.travel.profile
            for night in (False, True):
                counting = [
                    item
                    for item in hazards
                    if night or not item.night_only or profile.mode is Mode.VEHICLE
                ]
                now = Situation(self.layer.lay(counting), night)
                before = self._followed.get((profile.name, night))
                if before is not None:
                    self.residents.follow(ground, before, now)
                self._followed[profile.name, night] = now

    def _prepare(self, hazards: Sequence[Hazard]) -> None:
        """Build the metrics that most requests need, so that no request waits for them."""
        ground = self.ground(self.profile)
        by_day = tuple(item for item in hazards if not item.night_only)
        for aversion in AVERSIONS:
            self.residents.find(ground, aversion, Situation(self.layer.lay(by_day)))


def leaves_by_night(profile: Profile, at: datetime) -> bool:
    """Return whether a walker departs outside the profile's hours of walking.

    Always False for a profile without hours, as a vehicle: a vehicle may be anywhere at any hour,
    so the lower likelihood of some hazards by night is not applied to vehicles.
    """
    window = profile.window
    return window is not None and not window.covers(seconds_of(at.timetz().replace(tzinfo=None)))
