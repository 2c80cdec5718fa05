"""One-to-many reachability by road: distance, time and crossings from a start to each target.

One search over flat arrays answers for all targets at once. The search keeps the hard rules of
`routing.travel.hard_rules`, as routes do: borders open only at official crossings that are passable
(P10), exclusions are never touched (P11, P14), places snap only within their own country (P33).
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.engine.first_met import first_of_each
from routing.engine.shortest_path_tree import AVERSION, Reached, ReachMetric, ShortestPathTree
from routing.errors import InvalidRequest, OffNetwork
from routing.geometry.geodesy import great_circle_m
from routing.graph.snapping import Snap
from routing.osm_tags.edge_flags import Mode
from routing.route.coverage import ACCESS_M
from routing.router import snap_selection
from routing.router.regional import Router
from routing.router.snap_selection import components_at, met_joined, nearest
from routing.travel.crossings import Crossing
from routing.travel.hard_rules import Rules
from routing.travel.hazard import Hazard
from routing.travel.profiles import Profile

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Most metrics (costs of all edges) in the cache [A]. One of a region with 5 million edges takes
#: 40 MB; crossings and hazards change a few times a day, so nearly all requests need the newest.
KEPT_METRICS: Final = 4

#: Most snaps of places in the cache: twice the 10,000 spaces that a region is built for (goal A29).
KEPT_SNAPS: Final = 20_000


@dataclass(frozen=True, slots=True)
class ReachPlace:
    """A place to reach, or to start from.

    Parameters
    ----------
    lon, lat
        Degrees, WGS 84.
    country
        ISO 3166-1 alpha-2; the place snaps only to roads in this country (P33). None if unknown.
    """

    lon: float
    lat: float
    country: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class ReachRequest:
    """A request for the ways from one place to many, for `Reacher`.

    Parameters
    ----------
    start
        The place to start from.
    targets
        The places to reach.
    at
        Departure, timezone-aware, in the local time of the start; decides whether night-only
        hazards apply.
    crossings, hazards
        As in `routing.travel.request.RouteRequest`.
    mode
        ``Mode.FOOT`` or ``Mode.VEHICLE``.
    limit_s
        Cost in seconds at which the search stops.
    profile
        Profile of the traveller, of that mode; None for the router's default.
    """

    start: ReachPlace
    targets: Sequence[ReachPlace]
    at: datetime
    crossings: Sequence[Crossing] = ()
    hazards: Sequence[Hazard] = ()
    mode: Mode = Mode.FOOT
    limit_s: float = np.inf
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class FirstMet:
    """A target that is met first, with no other target on the path: index, distance, crossings.

    ``distance_m`` is the length along the road plus the straight lines from the start to the road
    and from the road to the target, metres.
    """

    index: int
    distance_m: float
    crossings: tuple[Crossing, ...]


@dataclass(frozen=True, slots=True)
class _Met:
    """A target's snap to its nearest road, and the components from which this road is reached."""

    snap: Snap
    components: tuple[int, ...]


class Reacher:
    """Finds the ways from one place to many on a graph; safe to share between threads.

    Parameters
    ----------
    router
        The router of the graph; its prepared networks and costs are reused.
    """

    def __init__(self, router: Router) -> None:
        self.router = router
        self.graph = router.graph
        self._lock = Lock()
        self._metrics: OrderedDict[Hashable, ReachMetric] = OrderedDict()
        self._met = lru_cache(KEPT_SNAPS)(self._met_by)
        self._moved = lru_cache(KEPT_SNAPS)(self._moved_to)

    def reach(self, request: ReachRequest) -> Reached:
        """Find the path of least cost from the start to each target.

        The start snaps to the nearest road from which some target can be reached; each target snaps
        to the nearest road that can be reached from the start (`routing.router.snap_selection`).

        Raises
        ------
        OffNetwork
            The start lies too far from every usable road of its country.
        InvalidRequest
            The time has no UTC offset, or coordinates are not numbers or out of range.
        """
        return self.tree(request).reached()

    def first_met(
        self, request: ReachRequest, *, here_m: float = ACCESS_M, count: int = 6
    ) -> tuple[FirstMet, ...]:
        """Find the targets that are met first when leaving the start in any direction.

        A target is met first when no other target lies on its path of least cost. A target lies on
        a path that runs along the target's road and past the target, or through a junction within
        ``here_m`` of the target.

        Parameters
        ----------
        here_m
            Metres. Targets nearer to the start than this are left out, measured by road with the
            straight lines off the road included, or in a straight line if the length along the road
            is below ``here_m``, too. A target that is in the same country as an earlier result and
            this near to it is left out as the same spot.
        count
            Most targets to return, the nearest first.

        Raises
        ------
        OffNetwork, InvalidRequest
            As for `reach`.
        """
        solved = self.tree(request)
        reached = solved.reached()
        total_m = reached.distance_m + reached.target_off_m + reached.start_off_m
        straight_m = _straight_m(request.start, request.targets)
        # ``total_m`` includes the straight lines from both places to the road, so it may be long
        # although the start and the target stand side by side: ``straight_m`` finds those.
        is_here = (total_m < here_m) | ((reached.distance_m < here_m) & (straight_m < here_m))
        away = np.flatnonzero(np.isfinite(total_m) & ~is_here)
        first = first_of_each(solved, away, reached.cost_s, here_m)
        first.sort(key=lambda index: (float(total_m[index]), index))
        return tuple(
            FirstMet(index, float(total_m[index]), reached.crossings[index])
            for index in _apart(request.targets, first, here_m)[:count]
        )

    def snaps(self, request: ReachRequest) -> tuple[Snap | None, ...]:
        """Return where each target meets the nearest road; None beyond the limit."""
        profile = self._profile(request)
        met = (self._met(place, profile) for place in request.targets)
        return tuple(None if one is None else one.snap for one in met)

    def tree(self, request: ReachRequest) -> ShortestPathTree:
        """Return the finished search of a request, which yields each path's sums and crossings.

        Raises
        ------
        OffNetwork, InvalidRequest
            As for `reach`.
        """
        if request.at.utcoffset() is None:
            raise InvalidRequest("at", "no_offset")
        profile, start = self._profile(request), request.start
        metric = self._metric(request)
        network, parts = metric.network, metric.network.components
        snap = nearest(network, _named(start, "start"))
        met = [self._met(place, profile) for place in request.targets]
        labels = [label for one in met if one for label in one.components]
        own = components_at(network, snap, leaving=True)
        if labels and not parts.reached(own)[labels].any():
            snap = met_joined(network, _named(start, "start"), labels, leaving=True) or snap
            own = components_at(network, snap, leaving=True)
        reached, key = parts.reached(own), tuple(own.tolist())
        snaps = [
            None
            if one is None
            else one.snap
            if reached[list(one.components)].any() or network.direct(snap, one.snap)
            else self._moved(place, profile, key)
            for place, one in zip(request.targets, met, strict=True)
        ]
        return ShortestPathTree(metric, snap, snaps, request.limit_s)

    def _met_by(self, place: ReachPlace, profile: Profile) -> "_Met | None":
        """Return a target's snap to the nearest road; None if that road is beyond the limit."""
        network = self.router.ground(profile).network
        try:
            snap = nearest(network, _named(place, "end"))
        except OffNetwork:
            return None
        return _Met(snap, tuple(components_at(network, snap, leaving=False).tolist()))

    def _moved_to(self, place: ReachPlace, profile: Profile, components: tuple[int, ...]) -> Snap:
        """Return a target's snap to the nearest road that is reached from the given components.

        Without a reachable road, return the snap to the nearest road, which is not reachable.
        """
        network = self.router.ground(profile).network
        end = _named(place, "end")
        return met_joined(network, end, components, leaving=False) or nearest(network, end)

    def _profile(self, request: ReachRequest) -> Profile:
        return request.profile or self.router.profile_of(request.mode)

    def _metric(self, request: ReachRequest) -> ReachMetric:
        router, profile = self.router, self._profile(request)
        situation = router.situation(request.hazards, profile, request.at)
        key = (profile, tuple(request.crossings), situation.key(AVERSION))
        ground = router.ground(profile)
        # The metric is built under the lock: concurrent requests mostly need the same metric, which
        # is then built once.
        with self._lock:
            if key not in self._metrics:
                rules = Rules(ground.travel, router.gates(request.crossings), situation.bans)
                self._metrics[key] = ReachMetric(
                    ground.network, rules, situation.contacts, night=situation.night
                )
                if len(self._metrics) > KEPT_METRICS:
                    self._metrics.popitem(last=False)
            self._metrics.move_to_end(key)
            return self._metrics[key]


def _named(place: ReachPlace, which: str) -> snap_selection.RoutePlace:
    return snap_selection.RoutePlace((place.lon, place.lat), place.country, which)


def _apart(places: Sequence[ReachPlace], indices: Sequence[int], apart_m: float) -> list[int]:
    """Drop places that lie within ``apart_m`` of an earlier kept place in the same country."""
    kept: list[int] = []
    for index in indices:
        place = places[index]
        others = [places[k] for k in kept if places[k].country == place.country]
        if (_straight_m(place, others) >= apart_m).all():
            kept.append(index)
    return kept


def _straight_m(place: ReachPlace, others: Sequence[ReachPlace]) -> Floats:
    """Return the great-circle distance from a place to each of the others, float64 [k], metres."""
    lon = np.array([other.lon for other in others], dtype=np.float64)
    lat = np.array([other.lat for other in others], dtype=np.float64)
    return np.asarray(great_circle_m(place.lon, place.lat, lon, lat))
