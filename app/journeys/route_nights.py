"""Nights of a walking route: its stages from one space for the night to the next.

The stages are those of the best itinerary that keeps to the route
(`routing.planning.route_stages`): every day is walked by daylight, is no longer than the profile's
longest day, and ends at a space that is open, and lets people in, on the night of its date. If no
such itinerary exists, the stages that break these rules state the rule, the closed or full spaces
on the stage, and changes that would make the stage possible. No text tells people to sleep on the
road, and no text promises a bed.

The router's clock (`routing.travel.timetable`) assumes that people sleep wherever the day ends.
Pages and files show the days and arrivals of the stages. If the stages reach a crossing so late
that no further opening of it is known, the route has no stages, and its days and arrival are those
of the router.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

import numpy as np

from app.journeys.night_places import NightCalendar, places_of
from geo.spaces.candidates import NightSpace
from geo.spaces.eligibility import Need
from geo.spaces.queries import OpenSpace
from routing.engine.itinerary import Passage
from routing.osm_tags.edge_flags import Mode
from routing.planning.day_reach import NOTHING, Constraint, DayRules
from routing.planning.mending import Remedies, remedies
from routing.planning.question import ItineraryQuestion
from routing.planning.route_nights import RouteNights
from routing.planning.route_stages import RouteStage, route_stages
from routing.planning.walking_hours import walking_hours
from routing.route.route import Route
from routing.route.timeline import BEFORE, BEHIND, START, Pacing, Place

#: Nights that stages may take in addition to twice the nights by the router's clock [A]: enough to
#: wait for a space or a crossing that opens in a few days.
_MORE_NIGHTS: Final = 7

#: Maximum number of nights that are planned: no confirmation of a space is valid for longer (P41).
_KNOWN_NIGHTS: Final = 90

#: Maximum number of closed or full spaces that are named for a stage [A].
_MOST_NAMED: Final = 3

type _Reached = Mapping[tuple[float, str | None], datetime]


@dataclass(frozen=True)
class RouteStop:
    """Space that supports a route, ``at_m`` metres after the route's start.

    The space lies ``access_m`` metres off the route. On a sketch network ``at_m`` is the position
    of the node of the space's ``town``, and ``access_m`` the space's distance from the node.
    """

    space: OpenSpace
    at_m: float
    overnight: bool
    access_m: float = 0.0
    town: str | None = None


@dataclass(frozen=True)
class ShutSpace:
    """Closed or full space on a stage that breaks the rules, on the first night of the stage."""

    stop: RouteStop
    state: Literal["closed", "full"]


@dataclass(frozen=True)
class DayStage:
    """Part of a route that ends at a space for the night, or at the end of the route.

    Attributes
    ----------
    date
        Date of leaving.
    days
        Days on foot; more than one if no space for the night can be reached within a day.
    nights
        Nights at the space where the stage ends; 0 at the end of the route.
    from_m, to_m
        Distances along the route, metres.
    stop
        Space where the stage ends; None at the end of the route.
    fails
        Rule that the stage breaks; `NOTHING` if it can be walked by the rules.
    shut
        Spaces on a rule-breaking stage that are closed or full on its first night.
    remedies
        Changes that would make a rule-breaking stage possible; None if not looked up.
    """

    date: date
    days: int
    nights: int
    from_m: float
    to_m: float
    stop: RouteStop | None
    fails: Constraint = NOTHING
    shut: tuple[ShutSpace, ...] = ()
    remedies: Remedies | None = None


@dataclass(frozen=True, eq=False)
class StagedRoute:
    """A route with nights at spaces.

    Attributes
    ----------
    route
        Route with the days, arrivals, waits and cost for these nights.
    clock
        Timing of the route: when each position is reached, with nights at spaces.
    """

    route: Route
    clock: Pacing
    _nights: RouteNights
    _beds: Sequence[RouteStop]
    _stages: tuple[RouteStage, ...]

    @property
    def stages(self) -> tuple[DayStage, ...]:
        """The stages of the route; ``shut`` and ``remedies`` are not looked up."""
        return tuple(map(self._stage, self._stages))

    def explained(self) -> tuple[DayStage, ...]:
        """Return the stages, with ``shut`` and ``remedies`` of those that break the rules."""
        return tuple(
            self._explained(one) if one.fails else self._stage(one) for one in self._stages
        )

    def _stage(self, one: RouteStage) -> DayStage:
        nights = self._nights
        is_end = one.destination == nights.end
        return DayStage(
            date=self.clock.moment_of(one.departure_s).date(),
            days=one.days,
            nights=one.nights,
            from_m=float(nights.at_m[one.origin]),
            to_m=float(nights.at_m[one.destination]),
            stop=None if is_end else self._beds[one.destination - 1],
            fails=one.fails,
        )

    def _explained(self, one: RouteStage) -> DayStage:
        nights = self._nights
        places = nights.places
        night = min(one.day, places.nights - 1)
        shut = [
            ShutSpace(self._beds[row - 1], "full" if places.admits[row, night] else "closed")
            for row in range(one.origin + 1, one.destination)
            if not nights.takes_in(row, night)
        ]
        leg = nights.leg(one.origin, one.destination)
        question = ItineraryQuestion(
            leg,
            nights.world,
            nights.rules,
            start=one.origin,
            end=nights.end,
            departure=nights.pacing.departure,
            max_nights=places.nights,
        )
        mended = remedies(question, one.day, 0)
        return replace(self._stage(one), shut=tuple(shut[:_MOST_NAMED]), remedies=mended)


def by_nights(route: Route, beds: Sequence[tuple[RouteStop, NightSpace]]) -> StagedRoute | None:
    """Split a walking route of more than one day into stages between spaces for the night.

    Parameters
    ----------
    route
        Route as the router found it.
    beds
        Spaces along the route with the overnight service, whatever their hours.

    Returns
    -------
    StagedRoute or None
        None for a shorter route or one not on foot, and where the route cannot be walked to its end
        in the nights that are known.
    """
    if route.mode is not Mode.FOOT or route.walking_days <= 1 or route.departure is None:
        return None
    placed = sorted(
        (
            (_place(route, stop), stop, space)
            for stop, space in beds
            if 0.0 < stop.at_m < route.distance_m
        ),
        key=lambda bed: (bed[0], bed[1].space.id),
    )
    nights = _nights(route, route.departure, placed)
    found = route_stages(nights)
    if found is None:
        return None
    left = {nights.at[one.origin]: one.departure_s for one in found}
    timed = _timed(route, Pacing(route, route.departure, left), sum(one.days for one in found))
    if timed is None:
        return None
    stops = [stop for _, stop, _ in placed]
    return StagedRoute(timed, Pacing(timed, route.departure, left), nights, stops, found)


def _nights(
    route: Route, departure: datetime, placed: Sequence[tuple[Place, RouteStop, NightSpace]]
) -> RouteNights:
    """Return the input of the stage search: where each night along a route can be spent."""
    clock = Pacing(route, departure)
    under_way = (route.arrival.date() - departure.date()).days
    calendar = NightCalendar.of(departure, min(2 * under_way + _MORE_NIGHTS, _KNOWN_NIGHTS))
    # Nothing else is known of the travellers than what the profile says: some include children.
    need = Need(children=1 if route.profile.carries_children else None)
    (first_lon, first_lat), (last_lon, last_lat) = route.coordinates[[0, -1]].tolist()
    spaces = [space for _, _, space in placed]
    ends = [(first_lon, first_lat), (last_lon, last_lat)]
    # `places_of` returns start and end first; put the end behind the spaces.
    order = np.array([0, *range(2, len(spaces) + 2), 1])
    places = places_of(ends, spaces, need, calendar).only(order)
    at = (START, *(place for place, _, _ in placed), clock.end)
    heights_m = route.heights.at(np.array([place[0] for place in at]))
    return RouteNights(
        pacing=clock,
        at=at,
        places=replace(places, height_m=heights_m),
        hours=walking_hours(
            places.lon, places.lat, calendar.departure, calendar.days, route.profile.window
        ),
        # Unknown beds and heights must not count as broken rules: the public never sees numbers of
        # beds, and heights may be unknown on much of a route.
        rules=DayRules(
            route.profile.day_max_m, unknown_beds_suffice=True, unknown_height_is_low=True
        ),
    )


def _place(route: Route, stop: RouteStop) -> Place:
    """Return the position of a stop along a route, for the stage search.

    A stop at a crossing lies before or behind the border posts, according to its country.
    """
    if all(passage.at_m != stop.at_m for passage in route.passages):
        return (stop.at_m, BEHIND)
    country = route.start_snap.country
    for passage in sorted(route.passages, key=lambda one: one.at_m):
        left = country
        if left in passage.crossing.countries:
            country = next((one for one in passage.crossing.countries if one != left), left)
        if passage.at_m == stop.at_m:
            is_behind = stop.space.country != left and stop.space.country == country
            return (stop.at_m, BEHIND if is_behind else BEFORE)
    return (stop.at_m, BEHIND)


def _timed(route: Route, clock: Pacing, days: int) -> Route | None:
    """Return a route with days, arrivals, waits and cost as timed by ``clock``.

    Return None if a crossing is reached so late that no later opening of the crossing is known.
    """
    reached: dict[tuple[float, str | None], datetime] = {}
    walker = clock.gone(clock.walker(), START, clock.end, reached)
    passages = [_passed_at(passage, reached) for passage in route.passages]
    if None in passages:
        return None
    arrival = clock.moment(walker)
    return replace(
        route,
        days=days,
        arrival=arrival,
        cost_s=route.cost_s + (arrival - route.arrival).total_seconds(),
        passages=tuple(passage for passage in passages if passage is not None),
        via=tuple(
            replace(one, arrival=reached.get((one.at_m, None), one.arrival)) for one in route.via
        ),
    )


def _passed_at(passage: Passage, reached: _Reached) -> Passage | None:
    """Return a passage of a crossing with new arrival and wait, given the times reached.

    Return None if no time is known from which the crossing can be passed after that arrival.
    """
    arrival = reached.get((passage.at_m, passage.crossing.id), passage.arrival)
    through = passage.crossing.passable_from(arrival)
    if through is None:
        return None
    return replace(passage, arrival=arrival, wait_s=(through - arrival).total_seconds())
