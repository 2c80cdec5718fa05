"""Routes between two points: search, alternatives, and what to say when there is none.

Every answer keeps the hard rules of `routing.rules`, before the search and again on the finished
line. A refusal names what stands in the way and never an informal way (P11, P12).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.access import Mode
from routing.cost import CostModel, ModeBase
from routing.coverage import ACCESS_M, Support
from routing.crossings import Crossing, gates
from routing.errors import Blocker, InvalidRequest, NoRoute, NoWay
from routing.exposure import TOLERANCE_M, Contact, Exposure, Hazard, Legs, contact
from routing.graph import GraphMeta, RoadGraph, Snap
from routing.metric import METRES_PER_DEGREE, great_circle_m
from routing.network import Metric, Network
from routing.profile import ADULT, Profile, counts_at
from routing.route import Route, make_route
from routing.rules import NOTHING_WAIVED, Rules, Waived

__all__ = [
    "Crossing",
    "Exposure",
    "Hazard",
    "Route",
    "RouteRequest",
    "Router",
    "Support",
]

type Floats = NDArray[np.float64]
type Piece = tuple[int, float, float]

#: Weights of exposure tried for the alternatives [A]: none, a kilometre inside an unrated hazard
#: counted double, and fivefold.
AVERSIONS: Final = (0.0, 1.0, 4.0)
MAX_AVERSIONS: Final = 8

#: Most routes in an answer (issue 2, item 7; goal A11 allows five).
MAX_ROUTES: Final = 3

#: A route is dropped when more of it than this runs on a better one (goal A11).
MAX_OVERLAP: Final = 0.8

#: Penalty pass: edges of the routes found so far are made dearer by this factor [A] and the search
#: runs again, this often; the method of routing.md, "Alternatives".
PENALTY: Final = 1.5
PENALTY_ROUNDS: Final = 2

#: An alternative of the penalty pass costs at most this much of the best route: the widest detour
#: of goal A7.
MAX_STRETCH: Final = 1.5

#: Ends nearer than this are one place [A].
MIN_TRIP_M: Final = 1.0

#: Price of one blocked edge when a refusal looks for what blocks, seconds: three years, dearer than
#: any whole journey.
_BLOCKED_S: Final = 1e8

_MAX_LON: Final = 180.0
_MAX_LAT: Final = 90.0


@dataclass(frozen=True, eq=False, slots=True)
class RouteRequest:
    """What is asked, with everything the answer may depend on.

    Parameters
    ----------
    start, end
        (lon, lat), degrees, WGS 84.
    mode
        ``Mode.FOOT`` or ``Mode.VEHICLE``.
    at
        Departure, aware; crossings and hazards were judged for it by the caller.
    start_country, end_country
        ISO codes the points lie in; a point is snapped only within its own country (P33).
    crossings
        All official crossings, whatever their state.
    hazards
        Those active at ``at`` and published to the asker.
    aversions
        Weights of exposure, 1 to 8 of them; the answer is ranked at the middle one.
    access_m
        Distance that counts as access to a space; carried for the caller's coverage.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    mode: Mode
    at: datetime
    start_country: str | None = None
    end_country: str | None = None
    crossings: Sequence[Crossing] = ()
    hazards: Sequence[Hazard] = ()
    aversions: tuple[float, ...] = AVERSIONS
    access_m: float = ACCESS_M


class Router:
    """Answers route requests on one graph; safe to share between threads.

    Parameters
    ----------
    graph
        The road graph; what is derived from it is built once a mode, on first use.
    profile
        Who travels.
    tolerance_m
        Half the width given to hazards drawn as lines or points, metres.
    """

    def __init__(
        self, graph: RoadGraph, *, profile: Profile = ADULT, tolerance_m: float = TOLERANCE_M
    ) -> None:
        self.graph = graph
        self.profile = profile
        self.tolerance_m = tolerance_m
        self._lock = Lock()
        self._modes: dict[Mode, tuple[Network, ModeBase]] = {}

    def prepared(self, mode: Mode) -> tuple[Network, ModeBase]:
        """Give a mode's network and costs, building them on first use."""
        with self._lock:
            if mode not in self._modes:
                base = ModeBase(self.graph, mode)
                # Computed here, under the lock, and only read from then on.
                _ = (base.altitude_price_s, base.usable, self.graph.hierarchy)
                self._modes[mode] = Network(self.graph, mode), base
            return self._modes[mode]

    def follow(self, hazards: Sequence[Hazard], at: datetime) -> None:
        """Prepare for the hazards that hold from now on, before anybody asks.

        Answers rest on the request's own hazards alone, whether or not this was called.

        Parameters
        ----------
        hazards
            All that hold at ``at``; equal records are the same objects as before.
        at
            Aware.
        """

    def routes(self, request: RouteRequest) -> tuple[Route, ...]:
        """Find one to three routes, the lowest upper-bound cost first.

        Raises
        ------
        InvalidRequest
            A field cannot be meant; ``.field`` and ``.reason`` say which and why.
        OffNetwork
            An end lies too far from every usable road of its country.
        NoRoute
            No admissible route; ``.blocked_by`` says what stands in the way.
        """
        check_request(request, self.graph.meta)
        network, base = self.prepared(request.mode)
        snap, mode = self.graph.snap, request.mode
        start = snap(*request.start, mode, request.start_country, which="start")
        end = snap(*request.end, mode, request.end_country, which="end")
        contacts = [
            contact(self.graph, hazard, self.tolerance_m)
            for hazard in request.hazards
            if counts_at(hazard, request.at, mode, self.profile)
        ]
        bans = [item for item in contacts if item.hazard.exclusion]
        rules = Rules(base, gates(self.graph, request.crossings), bans)
        return _Search(network, base, rules, contacts, (start, end)).answer(request.aversions)


class _Search:
    """One request under way."""

    def __init__(
        self,
        network: Network,
        base: ModeBase,
        rules: Rules,
        contacts: Sequence[Contact],
        snaps: tuple[Snap, Snap],
    ) -> None:
        self.network = network
        self.base = base
        self.rules = rules
        self.contacts = contacts
        self.snaps = snaps
        self.ends = network.ends(*snaps)

    def answer(self, aversions: Sequence[float]) -> tuple[Route, ...]:
        """Sweep the weights, add the penalty pass, drop near-duplicates, rank."""
        weights = sorted(set(aversions))
        models = [CostModel(self.base, self.contacts, weight) for weight in weights]
        ranked_by = models[len(models) // 2]
        routes: list[Route] = []
        for model in models:
            try:
                pieces = self._way(self._metric(model), model)
            except NoWay:
                raise self._refusal() from None
            routes.append(self._route(pieces, model.aversion, ranked_by))
        routes += self._penalised(routes, ranked_by)
        routes.sort(key=lambda route: (route.cost_s, route.unknown_m))
        return self._distinct(routes)[:MAX_ROUTES]

    def _metric(self, model: CostModel, waived: Waived = NOTHING_WAIVED) -> Metric:
        edge_s = self.rules.edges_s(model.edge_s, waived)
        return self.network.metric(edge_s, keep=waived is NOTHING_WAIVED)

    def _way(
        self,
        metric: Metric,
        model: CostModel,
        factor: Floats | None = None,
        waived: Waived = NOTHING_WAIVED,
    ) -> tuple[Piece, ...]:
        """Find the cheapest way; the ends' pieces cost ``factor`` of their edge times theirs."""

        def price(legs: Legs) -> Floats:
            cost_s = model.legs_s(legs)
            if factor is not None:
                cost_s = cost_s * factor[legs.edge]
            return self.rules.legs_s(cost_s, legs, waived)

        return self.network.shortest(metric, self.ends, price)

    def _route(self, pieces: Sequence[Piece], aversion: float, ranked_by: CostModel) -> Route:
        route = make_route(
            self.base,
            pieces,
            self.contacts,
            self.rules.passed(pieces),
            self.snaps,
            aversion=aversion,
            cost_s=float(ranked_by.legs_s(Legs.of(pieces)).sum()),
        )
        self.rules.check(pieces, route.coordinates)
        return route

    def _penalised(self, found: Sequence[Route], model: CostModel) -> list[Route]:
        """Look for other ways by making the ones found so far dearer, in both directions."""
        best_s = min(route.cost_s for route in found)
        edge_s = self.rules.edges_s(model.edge_s)
        metric = self.network.metric(edge_s)
        factor = np.ones(len(edge_s))
        more: list[Route] = []
        latest = list(found)
        for _ in range(PENALTY_ROUNDS):
            used = np.unique([edge for route in latest for edge, _, _ in route.edges])
            twins = np.asarray(self.base.graph.edge_twin)[used]
            dearer = np.union1d(used, twins[twins >= 0])
            factor[dearer] *= PENALTY
            metric = self.network.changed(metric, dearer, edge_s[dearer] * factor[dearer])
            latest = [self._route(self._way(metric, model, factor), model.aversion, model)]
            more += [route for route in latest if route.cost_s <= MAX_STRETCH * best_s]
        return more

    def _distinct(self, routes: Sequence[Route]) -> tuple[Route, ...]:
        """Drop each route that runs mostly on a better one."""
        kept: list[Route] = []
        for route in routes:
            if all(self._overlap(route, other) <= MAX_OVERLAP for other in kept):
                kept.append(route)
        return tuple(kept)

    def _overlap(self, route: Route, other: Route) -> float:
        """Give the share of the shorter route's length that both have in common, 0 to 1."""
        shorter_m = min(route.distance_m, other.distance_m)
        if shorter_m <= 0:
            return 1.0
        theirs = {edge: (start, end) for edge, start, end in other.edges}
        shared_m = 0.0
        for edge, start, end in route.edges:
            if edge in theirs:
                low, high = max(start, theirs[edge][0]), min(end, theirs[edge][1])
                shared_m += max(0.0, high - low) * float(self.base.length_m[edge])
        return shared_m / shorter_m

    # --- refusals ------------------------------------------------------------------------------

    def _refusal(self) -> NoRoute:
        """Say what stands in the way: closed crossings first, then exclusions, then both.

        The path of least blocked edges, found with the rules set aside, is only named, never
        answered.
        """
        model = CostModel(self.base, self.contacts, 0.0)
        for waived in (
            Waived(crossings=True, price_s=_BLOCKED_S),
            Waived(exclusions=True, price_s=_BLOCKED_S),
            Waived(crossings=True, exclusions=True, price_s=_BLOCKED_S),
        ):
            try:
                pieces = self._way(self._metric(model, waived), model, waived=waived)
            except NoWay:
                continue
            return NoRoute("no admissible route at the asked time", self.rules.blockers(pieces))
        return NoRoute("no road joins the two points", [self._no_road()])

    def _no_road(self) -> Blocker:
        """Tell a country that no official crossing on this network leads to from a missing road."""
        start, end = (snap.country for snap in self.snaps)
        led_to = {
            country
            for gate in self.rules.gates.values()
            for post in gate.posts
            for country in post.countries
        }
        if start is not None and end is not None and start != end and end not in led_to:
            return Blocker("country", end)
        return Blocker("no_road")


def check_request(request: RouteRequest, meta: GraphMeta) -> None:
    """Check what the types cannot say.

    Raises
    ------
    InvalidRequest
        Coordinates out of range or swapped, ends in one place, a naive time, weights that are no
        weights.
    """
    for name, point in (("start", request.start), ("end", request.end)):
        _check_point(name, point, meta)
    if float(great_circle_m(*request.start, *request.end)) < MIN_TRIP_M:
        raise InvalidRequest("end", "start and end are the same place")
    if request.at.utcoffset() is None:
        raise InvalidRequest("at", "a time needs its offset from UTC")
    weights = request.aversions
    if not 1 <= len(weights) <= MAX_AVERSIONS:
        raise InvalidRequest("aversions", f"one to {MAX_AVERSIONS} weights")
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights):
        raise InvalidRequest("aversions", "weights are finite numbers, zero or more")
    if not math.isfinite(request.access_m) or request.access_m < 0:
        raise InvalidRequest("access_m", "a distance in metres, zero or more")


def _check_point(name: str, point: tuple[float, float], meta: GraphMeta) -> None:
    if len(point) != 2 or not all(math.isfinite(value) for value in point):  # noqa: PLR2004
        raise InvalidRequest(name, "a pair of finite numbers: longitude, latitude")
    lon, lat = point
    swapped = _near(lat, lon, meta) and not _near(lon, lat, meta)
    if swapped:
        raise InvalidRequest(name, "looks swapped: the order is longitude, latitude")
    if abs(lon) > _MAX_LON or abs(lat) > _MAX_LAT:
        raise InvalidRequest(name, "out of range: longitude -180 to 180, latitude -90 to 90")


def _near(lon: float, lat: float, meta: GraphMeta) -> bool:
    """Tell whether a point lies in the region's box or within its snap limit around it."""
    if abs(lat) >= _MAX_LAT:
        return False
    west, south, east, north = meta.bbox
    dlat = meta.snap_limit_m / METRES_PER_DEGREE
    dlon = dlat / math.cos(math.radians(lat))
    return west - dlon <= lon <= east + dlon and south - dlat <= lat <= north + dlat
