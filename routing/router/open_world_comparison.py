"""Comparison of routes with the open world, and the closures that explain a detour (P54).

In the *open world* of a request every crossing that the requester knows of is open at any hour, and
the public exclusions and the requester's own areas to avoid do not exist. Facts unknown to the
requester stay in force: a crossing missing from the request, an exclusion that is kept secret
(`Hazard.is_published` is False), a missing road. An unknown fact can therefore never be given as a
reason, and a response affected by an unknown fact reads like the response of a world without it.

The *open route* is the quickest route in the open world. The time of a route is the time elapsed
from departure to arrival, with waits and nights of rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from routing.engine.region_view import RegionView
from routing.geometry.geodesy import METRES_PER_DEGREE, great_circle_m
from routing.graph.snapping import Snap
from routing.route.open_world_report import (
    LEAST_EXTRA_S,
    LIMITS,
    Beyond,
    Compared,
    DetourReason,
    DetourThresholds,
    WayFigures,
)
from routing.route.route import Route
from routing.route.timeline import days_between
from routing.router.multi_region import Continent, RoutingResult
from routing.router.open_world import Key, Worlds, way_of
from routing.travel.avoid_areas import ASKED
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import Contacts, HazardContact
from routing.travel.request import RouteRequest

type Floats = NDArray[np.float64]

#: Most closures on the open route (the quickest route with all closures lifted) that are lifted one
#: by one, to find which explain a detour [A]: with more in a row, to lift a single one does not
#: help.
MOST_ALONE: Final = 6

#: Length that the open route runs farther inside a passable hazard than a longer route does, from
#: which on the hazard explains the longer route, metres [A].
LEAST_MORE_M: Final = 10.0


def compare(
    continent: Continent,
    request: RouteRequest,
    answer: RoutingResult,
    crossings: Sequence[Crossing],
    limits: DetourThresholds = LIMITS,
) -> tuple[Compared, ...]:
    """Compare the routes of a result with the route of the open world, leg by leg.

    Parameters
    ----------
    continent
        The router over all regions.
    request, answer
        The request, and the result found for the request.
    crossings
        The crossings of the request in their known states, before the requester's wish to avoid
        some of them is applied.
    limits
        Thresholds from which on a route is refused as a detour.
    """
    return tuple(
        _Comparison(continent, leg, answer, crossings, limits).result()
        for leg in _legs(request, answer)
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Leg:
    """One leg of a request, with the figures of each route on that leg."""

    number: int | None
    request: RouteRequest
    ways: tuple[WayFigures, ...]
    straight_m: float


def _legs(request: RouteRequest, answer: RoutingResult) -> Iterator[_Leg]:
    """Yield the legs of a request; a request with waypoints has only one route."""
    best = answer.routes[0]
    bare = replace(request, via=(), via_countries=(), others=False)
    if not request.via:
        ways = tuple(way_of(route, request.at) for route in answer.routes)
        yield _Leg(None, bare, ways, _straight_m(best.start_snap, best.end_snap))
        return
    places = (request.start, *request.via, request.end)
    known = tuple(request.via_countries) or (None,) * len(request.via)
    countries = (request.start_country, *known, request.end_country)
    snaps = (best.start_snap, *(one.snap for one in best.via), best.end_snap)
    begins = [(request.at, 0.0, 0.0, request.stint)]
    begins += [(one.arrival, one.after_s, one.at_m, one.stint) for one in best.via]
    ends = [*begins[1:], (best.arrival, best.duration_s, best.distance_m, None)]
    for leg, ((at, after_s, at_m, stint), (until, end_s, end_m, _)) in enumerate(
        zip(begins, ends, strict=True)
    ):
        own = replace(
            bare,
            start=places[leg],
            end=places[leg + 1],
            start_country=countries[leg],
            end_country=countries[leg + 1],
            at=at,
            stint=stint,
        )
        duration_s, distance_m = end_s - after_s, end_m - at_m
        days = days_between(best, (at, stint), (at_m, end_m))
        way = WayFigures((until - at).total_seconds(), duration_s, distance_m, days)
        yield _Leg(leg, own, (way,), _straight_m(snaps[leg], snaps[leg + 1]))


def _straight_m(start: Snap, end: Snap) -> float:
    return float(great_circle_m(start.lon, start.lat, end.lon, end.lat))


@dataclass(frozen=True, slots=True)
class _Met:
    """A closure on the route of the open world, ``at_m`` metres after the route's start."""

    key: Key
    kind: Literal["crossing", "hazard", "avoided"]
    name: str | None
    state: Literal["closed", "not_known"] | None
    at_m: float
    arrival: datetime | None = None
    opens: datetime | None = None

    def reason(self, route: WayFigures, other: WayFigures) -> DetourReason:
        """Return the closure as a reason, with the time and length ``route`` adds to ``other``."""
        extra_s = route.elapsed_s - other.elapsed_s
        extra_m = route.distance_m - other.distance_m
        return DetourReason(
            self.kind,
            self.key[1],
            self.name,
            self.state,
            extra_s,
            extra_m,
            arrival=self.arrival,
            opens=self.opens,
        )


class _Comparison:
    """Comparison of one leg's routes with routes in worlds where some closures are lifted."""

    def __init__(
        self,
        continent: Continent,
        leg: _Leg,
        answer: RoutingResult,
        crossings: Sequence[Crossing],
        limits: DetourThresholds,
    ) -> None:
        self._leg = leg
        self._answer = answer
        self._known = {crossing.id: crossing for crossing in crossings}
        self._asked = {crossing.id: crossing for crossing in leg.request.crossings}
        self._limits = limits
        self._worlds = Worlds(continent, leg.request, crossings)

    def result(self) -> Compared:
        """Return the comparison: figures, reasons, and exceeded limits of each route."""
        ways = self._leg.ways
        found = self._worlds.opened() if self._is_closed() else self._as_it_is()
        if found is None:
            none: tuple[DetourReason, ...] = ()
            return Compared(self._leg.number, ways, None, (none,) * len(ways), self._ceilings())
        route = min(found.routes, key=lambda one: one.arrival)
        open_way = way_of(route, self._leg.request.at)
        met = self._met(found, route)
        because = [self._because(way, open_way, met) for way in ways]
        beyond = self._beyond(open_way, because)
        for row, way in enumerate(ways):
            if not because[row] and self._is_longer(way, open_way):
                because[row] = self._by_choice(found, route, way, open_way, row)
        beyond = self._unexplained(open_way, beyond)
        return Compared(self._leg.number, ways, open_way, tuple(because), beyond)

    # --- worlds ---------------------------------------------------------------------------------

    def _is_closed(self) -> bool:
        """Return whether the regions of the result have any closure that the open world lifts."""
        is_joined = len(self._answer.regions) > 1
        if is_joined and any(map(_is_held, self._leg.request.crossings)):
            return True
        for side in self._sides:
            bans = (ban for ban in side.rules.bans if ban.hazard.is_published)
            if any(is_joined or len(ban.edges) for ban in bans):
                return True
            if any(_is_held(post) for gate in side.gates.values() for post in gate.posts):
                return True
        return False

    @cached_property
    def _sides(self) -> list[RegionView]:
        return [router.side(self._leg.request) for router in self._answer.regions]

    def _as_it_is(self) -> RoutingResult | None:
        """Return the quickest result for a leg without any closure to lift.

        None where the weights of exposure change no route, so that there is nothing to compare.
        """
        if max(self._leg.request.aversions) == 0:
            return None
        quickest = [route for route in self._answer.routes if route.aversion == 0]
        if self._leg.number is None and quickest:
            return replace(self._answer, routes=tuple(quickest))
        if not any(len(item.edges) for side in self._sides for item in side.situation.contacts):
            return None
        return self._worlds.as_it_is()

    # --- what the open way meets ----------------------------------------------------------------

    def _met(self, found: RoutingResult, route: Route) -> list[_Met]:
        """Return the closures known to the requester on the open route, in order of travel."""
        parts = route.parts or (route,)
        met = [*self._crossings(route), *self._bans(found, route, parts)]
        once = {one.key: one for one in sorted(met, key=lambda one: one.at_m, reverse=True)}
        return sorted(once.values(), key=lambda one: one.at_m)

    def _crossings(self, route: Route) -> Iterator[_Met]:
        for passage in route.passages:
            known = self._known[passage.crossing.id]
            asked = self._asked.get(known.id, known)
            key: Key = ("crossing", known.id)
            at_m = _at_m(route, known)
            opens = known.passable_from(passage.arrival)
            if opens != passage.arrival:
                # Includes a crossing that is open now but closed at the time of arrival.
                state: Literal["closed", "not_known"] = (
                    "not_known" if known.state == "not_known" else "closed"
                )
                yield _Met(key, "crossing", known.name, state, at_m, passage.arrival, opens)
            elif asked.passable_from(passage.arrival) != passage.arrival:
                yield _Met(key, "avoided", known.name, None, at_m)

    def _bans(self, found: RoutingResult, route: Route, parts: Sequence[Route]) -> Iterator[_Met]:
        before_m = 0.0
        for part in parts:
            side = found.regions[part.region].side(self._leg.request)
            length_m = side.ground.travel.length_m(part.legs.edge) * part.legs.share
            after_m = before_m + np.cumsum(length_m) - length_m
            for ban in _told(side, part):
                met = ban.meets(part.legs)
                if met.any():
                    yield _ban(ban, float(after_m[int(np.argmax(met))]))
            if len(parts) > 1:
                # The stretch between two regions is no edge of either, so no leg touches exclusions
                # there: the route's line is tested.
                for blocker in side.rules.between(route.coordinates):
                    yield from (
                        _ban(ban, before_m)
                        for ban in side.rules.bans
                        if ban.hazard.is_published and ban.hazard.id == blocker.id
                    )
            before_m += part.distance_m

    # --- why ------------------------------------------------------------------------------------

    def _because(
        self, way: WayFigures, open_way: WayFigures, met: Sequence[_Met]
    ) -> tuple[DetourReason, ...]:
        """Return the closures on the open route that explain the detour of the route ``way``."""
        if not met or way.elapsed_s - open_way.elapsed_s < LEAST_EXTRA_S:
            return ()
        # A closure costs what it costs the quickest route: any further length of this route comes
        # from its own choice, and is no closure's fault.
        delayed = self._quickest()
        least_s = delayed.elapsed_s - LEAST_EXTRA_S
        if open_way.elapsed_s > least_s:
            return ()
        every = frozenset(one.key for one in met)
        alone = {
            one.key: open_way if len(met) == 1 else self._worlds.way(frozenset({one.key}))
            for one in met[:MOST_ALONE]
        }
        saves = {
            key: other
            for key, other in alone.items()
            if other is not None and other.elapsed_s <= least_s
        }
        beside = {
            one.key: other
            for one in met
            if one.key not in saves and (other := self._without(every, one, met)) is not None
        }
        if not saves:
            needed = [one for one in met if self._is_needed(beside, one, open_way)] or list(met)
            return tuple(one.reason(delayed, open_way) for one in needed)
        found = []
        for one in met:
            if one.key in saves:
                found.append(one.reason(delayed, saves[one.key]))
            elif self._is_needed(beside, one, open_way):
                found.append(one.reason(beside.get(one.key, delayed), open_way))
        return tuple(found)

    def _without(self, every: frozenset[Key], one: _Met, met: Sequence[_Met]) -> WayFigures | None:
        """Return the quickest route's figures if all closures it meets are lifted except ``one``.

        None if the open route meets more than `MOST_ALONE` closures, or if there is no route.
        """
        return self._worlds.way(every - {one.key}) if len(met) <= MOST_ALONE else None

    @staticmethod
    def _is_needed(beside: dict[Key, WayFigures], one: _Met, open_way: WayFigures) -> bool:
        other = beside.get(one.key)
        return other is None or other.elapsed_s - open_way.elapsed_s >= LEAST_EXTRA_S

    def _by_choice(
        self, found: RoutingResult, route: Route, way: WayFigures, open_way: WayFigures, row: int
    ) -> tuple[DetourReason, ...]:
        """Return, as reasons, the passable hazards in which the open route runs farther.

        Farther than the route that is compared with it, by more than `LEAST_MORE_M`.
        """
        own_m = self._passed_m(self._answer, self._answer.routes[row])
        met = [
            _Met(("hazard", hazard.id), "hazard", hazard.title or None, None, 0)
            for hazard, met_m in self._passed_m(found, route).items()
            if met_m > own_m.get(hazard, 0.0) + LEAST_MORE_M
        ]
        return tuple(replace(one.reason(way, open_way), is_choice=True) for one in met)

    def _passed_m(self, found: RoutingResult, route: Route) -> dict[Hazard, float]:
        """Return the length of a route inside each passable hazard (no exclusion), metres."""
        passed: dict[Hazard, float] = {}
        for part in route.parts or (route,):
            side = found.regions[part.region].side(self._leg.request)
            contacts = Contacts.of(side.situation.contacts)
            length_m = side.ground.travel.length_m(part.legs.edge)
            for item in (contacts[n] for n in contacts.on(part.legs.edge)):
                if not item.hazard.exclusion:
                    own_m = float((item.share_of(part.legs) * length_m).sum())
                    passed[item.hazard] = passed.get(item.hazard, 0.0) + own_m
        return passed

    # --- limits ---------------------------------------------------------------------------------

    def _beyond(
        self, open_way: WayFigures, because: Sequence[tuple[DetourReason, ...]]
    ) -> tuple[Beyond | None, ...]:
        """Return the limit that each route exceeds, None for a route within the limits.

        A detour that closures explain exceeds ``closure``, which takes precedence over ``ceiling``.
        Where the quickest route keeps the limit with every closure in force, no closure explains
        one: the longer routes are long by themselves.
        """
        if not any(because) or self._is_chosen(open_way):
            return self._ceilings()
        return tuple(
            "closure" if reasons and self._is_detour(way, open_way) else above
            for way, reasons, above in zip(self._leg.ways, because, self._ceilings(), strict=True)
        )

    def _unexplained(
        self,
        open_way: WayFigures,
        beyond: tuple[Beyond | None, ...],
    ) -> tuple[Beyond | None, ...]:
        """Mark routes that are detours only by their own choice with the limit ``choice``.

        Applies only if another route is within the limits. A route above the ceiling is marked too,
        as no closure explains it either.
        """
        found = tuple(
            "choice" if limit != "closure" and self._is_detour(way, open_way) else limit
            for way, limit in zip(self._leg.ways, beyond, strict=True)
        )
        return found if None in found else beyond

    def _ceilings(self) -> tuple[Beyond | None, ...]:
        return tuple("ceiling" if self._is_above(way) else None for way in self._leg.ways)

    def _is_chosen(self, open_way: WayFigures) -> bool:
        """Return whether only the weights cause detours, as the quickest route is no detour."""
        return not self._is_detour(self._quickest(), open_way)

    def _quickest(self) -> WayFigures:
        """Return the quickest route's figures with every closure in force.

        Searched only if no route of the result was found with aversion 0.
        """
        ways = list(self._leg.ways)
        if all(route.aversion > 0 for route in self._answer.routes):
            found = self._worlds.way(frozenset())
            ways += [] if found is None else [found]
        return min(ways, key=lambda way: way.elapsed_s)

    def _is_detour(self, way: WayFigures, open_way: WayFigures) -> bool:
        extra_s = way.elapsed_s - open_way.elapsed_s
        is_many_times = way.elapsed_s > self._limits.factor * open_way.elapsed_s
        return is_many_times and extra_s > self._limits.min_extra_s

    def _is_longer(self, way: WayFigures, open_way: WayFigures) -> bool:
        """Return whether time, moving time or distance exceeds the open route's by the factor."""
        factor = self._limits.factor
        return (
            way.elapsed_s > factor * open_way.elapsed_s
            or way.duration_s > factor * open_way.duration_s
            or way.distance_m > factor * open_way.distance_m
        )

    def _is_above(self, way: WayFigures) -> bool:
        """Return whether a route exceeds the ceiling, a limit independent of all records."""
        is_long = way.distance_m > self._limits.ceiling_factor * self._leg.straight_m
        return is_long and way.elapsed_s > self._limits.ceiling_min_s


def _is_held(crossing: Crossing) -> bool:
    """Return whether a crossing may hold a traveller up: closed now, or perhaps at the arrival."""
    return not crossing.passable or crossing.opens is not None


def _told(side: RegionView, part: Route) -> list[HazardContact]:
    """Return the public exclusions and the areas to avoid that a part of a route passes."""
    laid = Contacts.of(side.rules.bans)
    near = [laid[row] for row in laid.on(part.legs.edge)]
    return [ban for ban in near if ban.hazard.is_published]


def _ban(ban: HazardContact, at_m: float) -> _Met:
    hazard = ban.hazard
    if hazard.family == ASKED:
        return _Met(("obstacle", hazard.id), "avoided", None, None, at_m)
    return _Met(("hazard", hazard.id), "hazard", hazard.title or None, None, at_m)


def _at_m(route: Route, crossing: Crossing) -> float:
    """Return where a route comes nearest to a crossing, metres after the route's start."""
    east = (route.coordinates[:, 0] - crossing.lon) * np.cos(np.radians(crossing.lat))
    apart = np.hypot(east, route.coordinates[:, 1] - crossing.lat) * METRES_PER_DEGREE
    return float(route.measure_m[int(apart.argmin())])
