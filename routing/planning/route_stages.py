"""Stages of one route on foot: the nights of the best itinerary that keeps to the route.

The legs are the pieces of the route between its places for the night, each judged on its date by
`routing.planning.day_reach.day_reach`, the rule of itineraries. A party walks one leg a day, or
rests where it is for as long as the place lets it. It may stay for one night at the start, where
it is anyway: so a party that sets out too late to reach a bed leaves the next morning.

**Where no chain of nights exists** the party walks on without a bed, by the clock of
`routing.travel.timetable`, to the first place that is open when it gets there, or to another one
that it reaches on the same date. It never passes an open bed to spend one more night outdoors. Such
a stage names everything that forbids the leg.

**Which chain.** Fewest nights without a bed, then the earliest date of arrival, then the least of
the hardest days (seconds of walking). The search settles states (place, day, nights slept there) in
that order, so the first one at the end is the best. On a single route there are few of them: it is
plain Python, without kernels to compile.
"""

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.planning.day_reach import (
    NOTHING,
    Constraint,
    DayReach,
    DayRules,
    World,
    day_reach,
    nights_of,
)
from routing.planning.legs import LegPassages, LegTable
from routing.planning.places import ANY_STAY, OvernightPlaces
from routing.planning.walking_hours import WalkingHours
from routing.route.timeline import POST, Pacing, Place
from routing.travel.timetable import DAY_S, clock_of

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Times of a timezone-aware clock are whole microseconds.
_ROUNDING_S: Final = 1e-3

#: What the place sets for the night of a date; a leg of several dates meets another night.
_OF_THE_NIGHT: Final = Constraint.HOURS | Constraint.BEDS | Constraint.CLOSED


@dataclass(frozen=True, slots=True)
class RouteStage:
    """A leg of the route from one night to the next.

    Parameters
    ----------
    origin, destination
        Rows of the places.
    day, arrival_day
        Dates of leaving and of arriving, in days since the date of departure.
    days
        Days with some walking; more than one where a night is spent without a bed.
    departure_s, arrival_s
        Times of leaving and arriving, seconds since the local midnight of the date of departure.
    nights
        Nights at the destination, rests included; 0 at the end of the route.
    fails
        What forbids the leg on its date; none where it can be walked.
    """

    origin: int
    destination: int
    day: int
    arrival_day: int
    days: int
    departure_s: float
    arrival_s: float
    nights: int
    fails: Constraint = NOTHING

    @property
    def nights_without_bed(self) -> int:
        """Nights between leaving and arriving."""
        return self.arrival_day - self.day


class _State(NamedTuple):
    """A place on the morning of a day.

    ``slept`` counts the nights at a place that limits them; it is 0 anywhere else.
    """

    day: int
    place: int
    slept: int


#: Where the start was come to from.
_NOWHERE: Final = _State(-1, -1, -1)


@dataclass(frozen=True, slots=True)
class _Walk:
    """How a party without a bed ahead gets along a leg, by the clock of routes."""

    departure_s: float
    arrival_s: float
    days: int

    @property
    def arrival_day(self) -> int:
        """Date of the arrival; a crossing that opens at midnight is passed on the new one."""
        return int((self.arrival_s + _ROUNDING_S) // DAY_S)


class _RouteCrossings:
    """The official crossings of a route, by the router's own objects."""

    def __init__(self, pacing: Pacing) -> None:
        self._posts = [passage.crossing for passage in pacing.route.passages]
        self._departure = pacing.departure
        self._ready_s = clock_of(pacing.departure)

    def passed_s(self, crossing: Ints, clock_s: Floats) -> Floats:
        """Return when crossings are passed after arrivals, float64 [k], as `CrossingHours` does."""
        passed_s = np.full(len(crossing), np.inf)
        for row, (post, arrival_s) in enumerate(
            zip(crossing.tolist(), clock_s.tolist(), strict=True)
        ):
            if math.isfinite(arrival_s):
                there = self._departure + timedelta(seconds=arrival_s - self._ready_s)
                through = self._posts[post].passable_from(there)
                if through is not None:
                    passed_s[row] = arrival_s + (through - there).total_seconds()
        return passed_s


@dataclass(frozen=True, eq=False)
class RouteNights:
    """A route with its places for the night, from the start (row 0) to the end (the last row).

    Parameters
    ----------
    pacing
        The route by the router's clock.
    at
        Where the places lie, ascending; the first is `routing.route.timeline.START`, the last
        ``pacing.end``.
    places, hours
        The places by night, and the hours on the road there, on one day more than there are nights.
    rules
        The party and its longest day.
    """

    pacing: Pacing
    at: Sequence[Place]
    places: OvernightPlaces
    hours: WalkingHours
    rules: DayRules

    @property
    def end(self) -> int:
        """Row of the end."""
        return len(self.at) - 1

    @property
    def ready_s(self) -> float:
        """Seconds from the local midnight of the date of departure to the departure."""
        return clock_of(self.pacing.departure)

    @cached_property
    def world(self) -> World:
        """What a day's reach depends on."""
        return World(self.places, _RouteCrossings(self.pacing), self.hours)

    @cached_property
    def at_m(self) -> Floats:
        """Metres along the route, float64 [S]."""
        return np.array([place[0] for place in self.at])

    @cached_property
    def moved_s(self) -> Floats:
        """Moving time from the start, float64 [S], seconds."""
        return self.pacing.moving_s(self.at_m)

    @cached_property
    def legs(self) -> LegTable:
        """The legs forward that are no longer than a day."""
        order = {place: number for number, place in enumerate(sorted(set(self.at)))}
        rank = np.array([order[place] for place in self.at])
        ahead = rank[:, np.newaxis] < rank
        near = self.at_m - self.at_m[:, np.newaxis] <= self.rules.max_day_m
        return self._table(*np.nonzero(ahead & near))

    @cached_property
    def walkable_from_s(self) -> Floats:
        """Time of day from which it is light at each place on every date, float64 [S]."""
        midnight_s = np.arange(self.hours.days) * DAY_S
        return np.asarray((self.hours.from_s - midnight_s).max(axis=1))

    def leg(self, origin: int, destination: int) -> LegTable:
        """Return the one leg between two places, of any length."""
        return self._table(np.array([origin]), np.array([destination]))

    def reach(self, day: int, legs: LegTable) -> DayReach:
        """Return how legs go on a date."""
        return day_reach(legs, self.world, self.rules, day, ready_s=self.ready_s, end=self.end)

    def takes_in(self, place: int, day: int) -> bool:
        """Return whether people can be at a place on the night after a day."""
        return place == self.end or (day < self.places.nights and bool(self._open[day][place]))

    @cached_property
    def _open(self) -> list[Bools]:
        nights = range(self.places.nights)
        return [np.logical_and(*nights_of(self.places, self.rules, night)) for night in nights]

    def _table(self, origin: Ints, destination: Ints) -> LegTable:
        distance_m = self.at_m[destination] - self.at_m[origin]
        duration_s = self.moved_s[destination] - self.moved_s[origin]
        return LegTable(
            origin,
            destination,
            distance_m,
            np.maximum(duration_s, 0.0),
            np.zeros(len(origin)),
            self._passages(origin, destination),
        )

    def _passages(self, origin: Ints, destination: Ints) -> LegPassages:
        passages = self.pacing.route.passages
        if not passages:
            return LegPassages.none()
        ranks = np.array([place[1] for place in self.at])
        leg, crossing, after_s = [], [], []
        for row, passage in enumerate(passages):
            at_m = passage.at_m
            is_behind = (self.at_m > at_m) | ((self.at_m == at_m) & (ranks >= POST))
            on = np.flatnonzero(~is_behind[origin] & is_behind[destination])
            leg.append(on)
            crossing.append(np.full(len(on), row))
            moved_s = self.pacing.moving_s(np.array([at_m]))
            after_s.append(np.maximum(moved_s - self.moved_s[origin[on]], 0.0))
        of, post = np.concatenate(leg), np.concatenate(crossing)
        order = np.lexsort((post, of))
        return LegPassages(of[order], post[order], np.concatenate(after_s)[order])


def route_stages(nights: RouteNights) -> tuple[RouteStage, ...] | None:
    """Return the stages of the best chain of nights along a route.

    Returns
    -------
    The stages from start to end; None where the route cannot be walked to its end in the nights
    that are known, as where it comes to a crossing of which no further opening is known.
    """
    return _Search(nights).stages()


@dataclass(eq=False)
class _Search:
    """States in the order (nights without a bed, day, hardest day), and how each was reached."""

    nights: RouteNights
    _queue: list[tuple[int, int, float, bool, _State, int, _State, RouteStage | None]] = field(
        default_factory=list
    )
    _came: dict[_State, tuple[_State, RouteStage | None]] = field(default_factory=dict)
    _reach: dict[int, Mapping[int, list[tuple[int, RouteStage, float]]]] = field(
        default_factory=dict
    )
    _walks: dict[tuple[int, int, int], _Walk | None] = field(default_factory=dict)

    def stages(self) -> tuple[RouteStage, ...] | None:
        self._push(0, 0.0, _State(0, 0, 0), _NOWHERE, None)
        while self._queue:
            lacking, _, hardest_s, is_without_bed, state, _, before, stage = heapq.heappop(
                self._queue
            )
            if is_without_bed:
                self._go_without_bed(lacking - 1, hardest_s, state)
                continue
            if state in self._came:
                continue
            self._came[state] = (before, stage)
            if state.place == self.nights.end:
                return self._told(state)
            self._go_on(lacking, hardest_s, state)
        return None

    def _push(
        self,
        lacking: int,
        hardest_s: float,
        state: _State,
        before: _State,
        stage: RouteStage | None,
        *,
        is_without_bed: bool = False,
    ) -> None:
        # Of equal ways to a place that which is farther ahead the day before: a bed that is known
        # rather than a night at the start. The order never comes to the stages.
        entry = (
            lacking, state.day, hardest_s, is_without_bed, state, -before.place, before, stage
        )  # fmt: skip
        heapq.heappush(self._queue, entry)

    def _go_on(self, lacking: int, hardest_s: float, state: _State) -> None:
        """Push what is reached from a place by a bed, and the place itself after a rest."""
        if state.day >= self.nights.hours.days:
            return
        for destination, stage, moved_s in self._legs(state.day).get(state.place, ()):
            longest_s = max(hardest_s, moved_s)
            self._push(lacking, longest_s, self._arrived(destination, state.day), state, stage)
        rested = self._rested(state)
        if rested is not None:
            self._push(lacking, hardest_s, rested, state, None)
        # Looked at when nothing else is left with as many nights without a bed.
        self._push(lacking + 1, hardest_s, state, _NOWHERE, None, is_without_bed=True)

    def _arrived(self, place: int, day: int) -> _State:
        is_limited = self.nights.places.max_nights[place] != ANY_STAY
        return _State(day + 1, place, int(is_limited))

    def _rested(self, state: _State) -> _State | None:
        """Return the state after one more night at a place; None where that is not allowed."""
        day, place, slept = state
        if place == 0:
            return _State(1, 0, 0) if day == 0 else None
        most = int(self.nights.places.max_nights[place])
        if not self.nights.takes_in(place, day) or (most != ANY_STAY and slept >= most):
            return None
        return _State(day + 1, place, slept + (most != ANY_STAY))

    def _legs(self, day: int) -> Mapping[int, list[tuple[int, RouteStage, float]]]:
        """Return the legs that can be walked on a date, by origin, with their moving times."""
        if day not in self._reach:
            legs = self.nights.legs
            reach = self.nights.reach(day, legs)
            by_origin: dict[int, list[tuple[int, RouteStage, float]]] = {}
            for row in np.flatnonzero(reach.is_feasible).tolist():
                origin, destination = int(legs.origin[row]), int(legs.destination[row])
                departure_s, arrival_s = reach.departure_s[row], reach.arrival_s[row]
                nights = int(destination != self.nights.end)
                stage = RouteStage(
                    origin, destination, day, day, 1, float(departure_s), float(arrival_s), nights
                )
                walk = (destination, stage, float(legs.duration_s[row]))
                by_origin.setdefault(origin, []).append(walk)
            self._reach[day] = by_origin
        return self._reach[day]

    def _go_without_bed(self, lacking: int, hardest_s: float, state: _State) -> None:
        """Push where a party gets that finds no bed within a day."""
        day, origin, _ = state
        by_bed = {destination for destination, _, _ in self._legs(day).get(origin, ())}
        latest: int | None = None
        for destination in self._ahead(origin):
            walk = self._walk(day, origin, destination)
            if walk is None:
                return
            if latest is not None and walk.arrival_day > latest:
                return
            if not self.nights.takes_in(destination, walk.arrival_day):
                continue
            latest = walk.arrival_day
            if destination in by_bed:
                continue
            moved_s = float(self.nights.moved_s[destination] - self.nights.moved_s[origin])
            stage = self._without_bed(day, origin, destination, walk)
            self._push(
                lacking + max(1, walk.arrival_day - day),
                max(hardest_s, moved_s / walk.days),
                self._arrived(destination, walk.arrival_day),
                state,
                stage,
            )

    def _ahead(self, origin: int) -> Iterator[int]:
        """Yield the places behind one, the nearest first."""
        here = self.nights.at[origin]
        yield from (
            row for row in range(origin + 1, len(self.nights.at)) if self.nights.at[row] > here
        )

    def _walk(self, day: int, origin: int, destination: int) -> _Walk | None:
        """Return how a party walks a leg by the clock of routes; None where it cannot.

        Without crossings that is the same on every morning, so it is worked out once.
        """
        ready_s = max(day * DAY_S + float(self.nights.walkable_from_s[origin]), self.nights.ready_s)
        today_s = ready_s - day * DAY_S
        if ready_s >= self.nights.hours.until_s[origin, day] and day == 0:
            return None
        is_every_day = today_s == self.nights.walkable_from_s[origin] and not self._crosses(
            origin, destination
        )
        key = (-1 if is_every_day else day, origin, destination)
        if key not in self._walks:
            self._walks[key] = self._walked(ready_s, origin, destination)
        walk = self._walks[key]
        if walk is None or not is_every_day:
            return walk
        moved_s = ready_s - walk.departure_s
        return replace(walk, departure_s=ready_s, arrival_s=walk.arrival_s + moved_s)

    def _crosses(self, origin: int, destination: int) -> bool:
        begin, end = self.nights.at[origin], self.nights.at[destination]
        passages = self.nights.pacing.route.passages
        return any(begin < (passage.at_m, POST) <= end for passage in passages)

    def _walked(self, ready_s: float, origin: int, destination: int) -> _Walk | None:
        pacing = self.nights.pacing
        walker = pacing.walker()
        walker.wait(ready_s)
        reached: dict[tuple[float, str | None], datetime] = {}
        after = pacing.gone(walker, self.nights.at[origin], self.nights.at[destination], reached)
        for passage in pacing.route.passages:
            arrival = reached.get((passage.at_m, passage.crossing.id))
            if arrival is not None and passage.crossing.passable_from(arrival) is None:
                return None
        return _Walk(ready_s, after.clock_s, max(1, after.days))

    def _without_bed(self, day: int, origin: int, destination: int, walk: _Walk) -> RouteStage:
        return RouteStage(
            origin=origin,
            destination=destination,
            day=day,
            arrival_day=walk.arrival_day,
            days=walk.days,
            departure_s=walk.departure_s,
            arrival_s=walk.arrival_s,
            nights=int(destination != self.nights.end),
            # What forbids it is told of the few that are taken.
            fails=Constraint.DISTANCE,
        )

    def _told(self, last: _State) -> tuple[RouteStage, ...]:
        stages: list[RouteStage] = []
        rests = 0
        state = last
        while state != _NOWHERE:
            before, stage = self._came[state]
            if stage is None:
                rests += 1
            else:
                told = replace(stage, nights=stage.nights and stage.nights + rests)
                stages.append(told if not stage.fails else replace(told, fails=self._fails(told)))
                rests = 0
            state = before
        return tuple(stages[::-1])

    def _fails(self, stage: RouteStage) -> Constraint:
        """Return what forbids a leg on its date."""
        leg = self.nights.leg(stage.origin, stage.destination)
        fails = Constraint(int(self.nights.reach(stage.day, leg).fails[0]))
        if stage.arrival_day > stage.day:
            fails &= ~_OF_THE_NIGHT
        # Who leaves some minutes later than first light may come to a crossing too late.
        return fails or Constraint.CROSSING
