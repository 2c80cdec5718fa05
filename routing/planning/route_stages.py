"""Stages of one route on foot: the nights of the best itinerary that keeps to the route.

The legs are the pieces of the route between its places for the night, each judged on its date by
`routing.planning.day_reach.day_reach`, the rule of itineraries. A party walks one leg a day, or
rests where it is for as long as the place lets it. It may stay for one night at the start, where
it is anyway: so a party that sets out too late to reach a bed leaves the next morning.

**Where no chain of nights exists** the party walks on without a bed, by the clock of
`routing.travel.timetable`, to the first place that is open when it gets there, or to another one
that it reaches on the same date. It never passes an open bed to spend one more night outdoors. Such
a stage names everything that forbids the leg.

**Which chain.** The best chain has the fewest nights without a bed, then the earliest date of
arrival, then the easiest hardest day (seconds of walking). The search settles states (place, day,
nights slept there) in this order, so the first state at the end belongs to the best chain. A single
route has few states, so the search is plain Python, without kernels to compile.
"""

import enum
import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from routing.planning.day_reach import (
    NOTHING,
    Constraint,
)
from routing.planning.places import ANY_STAY
from routing.planning.route_nights import RouteNights
from routing.route.timeline import POST
from routing.travel.timetable import DAY_S

#: Tolerance for rounding at midnight, seconds: timezone-aware times are whole microseconds.
_ROUNDING_S: Final = 1e-3

#: Constraints that the destination sets by its hours and beds on the date of leaving. They do not
#: explain why a leg that arrives on a later date fails.
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
        Days with some walking; more than one if a night on the way is spent without a bed.
    departure_s, arrival_s
        Times of leaving and arriving, seconds since the local midnight of the date of departure.
    nights
        Nights at the destination, rests included; 0 at the end of the route.
    fails
        Constraints that forbid the leg on its date; none if it can be walked.
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

    ``slept`` is the number of nights spent there so far; always 0 at a place without a limit.
    """

    day: int
    place: int
    slept: int


#: Stand-in for the state before the first one.
_NOWHERE: Final = _State(-1, -1, -1)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Walk of a leg without a bed on the way, timed by `routing.travel.timetable`."""

    departure_s: float
    arrival_s: float
    days: int

    @property
    def arrival_day(self) -> int:
        """Date of the arrival, in days since the departure; midnight belongs to the new date."""
        return int((self.arrival_s + _ROUNDING_S) // DAY_S)


def route_stages(nights: RouteNights) -> tuple[RouteStage, ...] | None:
    """Return the stages of the best chain of nights along a route.

    Returns
    -------
    The stages from start to end; None if the route cannot be walked to its end within the known
    nights, for example because a crossing is not known to open again.
    """
    return _Search(nights).stages()


class _Kind(enum.IntEnum):
    """What to do with an entry of the queue; of equally good entries the lowest comes first."""

    TO_THE_END = 0
    ARRIVED = 1
    WITHOUT_BED = 2


class _Entry(NamedTuple):
    """An entry of the queue: a state and the figures of the way there, ordered field by field.

    Of equally good ways to a state, the one whose place before lies farther ahead is settled first
    (``behind`` is minus the row of that place): a bed is better than a night at the start. The
    comparison never gets as far as ``stage``.
    """

    lacking: int
    day: int
    hardest_s: float
    kind: _Kind
    state: _State
    behind: int
    before: _State
    stage: RouteStage | None


@dataclass(eq=False)
class _Search:
    """States in the order (nights without a bed, day, hardest day), and how each was reached."""

    nights: RouteNights
    _queue: list[_Entry] = field(default_factory=list)
    _came: dict[_State, tuple[_State, RouteStage | None]] = field(default_factory=dict)
    _reach: dict[int, Mapping[int, list[tuple[RouteStage, float]]]] = field(default_factory=dict)
    _walks: dict[tuple[int, int, int], _Walk | None] = field(default_factory=dict)

    def stages(self) -> tuple[RouteStage, ...] | None:
        self._push(0, 0.0, _State(0, 0, 0), _NOWHERE)
        while self._queue:
            entry = heapq.heappop(self._queue)
            if entry.kind is _Kind.WITHOUT_BED:
                self._go_without_bed(entry.lacking - 1, entry.hardest_s, entry.state)
            elif entry.kind is _Kind.TO_THE_END:
                self._go_to_the_end(entry)
            elif entry.state not in self._came:
                self._came[entry.state] = (entry.before, entry.stage)
                if entry.state.place == self.nights.end:
                    return self._told(entry.state)
                self._go_on(entry.lacking, entry.hardest_s, entry.state)
        return None

    def _push(
        self,
        lacking: int,
        hardest_s: float,
        state: _State,
        before: _State,
        stage: RouteStage | None = None,
    ) -> None:
        entry = _Entry(
            lacking, state.day, hardest_s, _Kind.ARRIVED, state, -before.place, before, stage
        )
        heapq.heappush(self._queue, entry)

    def _put_off(
        self, kind: _Kind, lacking: int, day: int, hardest_s: float, state: _State
    ) -> None:
        """Queue an expensive step of the search, to be taken only if nothing better is left."""
        entry = _Entry(lacking, day, hardest_s, kind, state, 0, _NOWHERE, None)
        heapq.heappush(self._queue, entry)

    def _go_on(self, lacking: int, hardest_s: float, state: _State) -> None:
        """Queue the places with a bed within a day's walk of a state, and a rest at its place."""
        if state.day >= self.nights.hours.days:
            return
        for stage, moved_s in self._legs(state.day).get(state.place, ()):
            there = self._arrived(stage.destination, state.day)
            self._push(lacking, max(hardest_s, moved_s), there, state, stage)
        rested = self._rested(state)
        if rested is not None:
            self._push(lacking, hardest_s, rested, state)
        self._put_off(_Kind.WITHOUT_BED, lacking + 1, state.day, hardest_s, state)

    def _arrived(self, place: int, day: int) -> _State:
        is_limited = self.nights.places.max_nights[place] != ANY_STAY
        return _State(day + 1, place, int(is_limited))

    def _rested(self, state: _State) -> _State | None:
        """Return the state after one more night at a place; None where that is not allowed."""
        day, place, slept = state
        if place == 0:
            return _State(1, 0, 0) if day == 0 else None
        if day > self.nights.last_gain[place]:
            return None
        most = int(self.nights.places.max_nights[place])
        if not self.nights.takes_in(place, day) or (most != ANY_STAY and slept >= most):
            return None
        return _State(day + 1, place, slept + (most != ANY_STAY))

    def _legs(self, day: int) -> Mapping[int, list[tuple[RouteStage, float]]]:
        """Return the legs that can be walked on a date, by origin, with their moving times."""
        if day not in self._reach:
            legs = self.nights.legs
            reach = self.nights.reach(day, legs)
            by_origin: dict[int, list[tuple[RouteStage, float]]] = {}
            for row in np.flatnonzero(reach.is_feasible).tolist():
                origin, destination = int(legs.origin[row]), int(legs.destination[row])
                departure_s, arrival_s = reach.departure_s[row], reach.arrival_s[row]
                nights = int(destination != self.nights.end)
                stage = RouteStage(
                    origin, destination, day, day, 1, float(departure_s), float(arrival_s), nights
                )
                by_origin.setdefault(origin, []).append((stage, float(legs.duration_s[row])))
            self._reach[day] = by_origin
        return self._reach[day]

    def _go_without_bed(self, lacking: int, hardest_s: float, state: _State) -> None:
        """Queue the places that a party reaches from a state after nights without a bed."""
        day, origin, _ = state
        by_bed = {stage.destination for stage, _ in self._legs(day).get(origin, ())}
        latest: int | None = None
        for destination in self._ahead(origin):
            earliest = self._earliest(day, origin, destination)
            if destination == self.nights.end and latest is None:
                # The walk to the end may take months to time and is seldom the best, so a cheap
                # bound is queued first.
                least = lacking + max(1, earliest - day)
                self._put_off(_Kind.TO_THE_END, least, earliest + 1, hardest_s, state)
                return
            if destination != self.nights.end and earliest > self.nights.last_open[destination]:
                continue
            walk = self._walk(day, origin, destination)
            if walk is None or (latest is not None and walk.arrival_day > latest):
                return
            if not self.nights.takes_in(destination, walk.arrival_day):
                continue
            latest = walk.arrival_day
            if destination not in by_bed:
                self._push_without_bed(lacking, hardest_s, state, destination, walk)

    def _go_to_the_end(self, entry: _Entry) -> None:
        day, origin, _ = entry.state
        end = self.nights.end
        lacking = entry.lacking - max(1, self._earliest(day, origin, end) - day)
        walk = self._walk(day, origin, end)
        if walk is not None and all(
            stage.destination != end for stage, _ in self._legs(day).get(origin, ())
        ):
            self._push_without_bed(lacking, entry.hardest_s, entry.state, end, walk)

    def _push_without_bed(
        self, lacking: int, hardest_s: float, state: _State, destination: int, walk: _Walk
    ) -> None:
        day, origin, _ = state
        moved_s = float(self.nights.moved_s[destination] - self.nights.moved_s[origin])
        self._push(
            lacking + max(1, walk.arrival_day - day),
            max(hardest_s, moved_s / walk.days),
            self._arrived(destination, walk.arrival_day),
            state,
            self._without_bed(day, origin, destination, walk),
        )

    def _earliest(self, day: int, origin: int, destination: int) -> int:
        """Return a lower bound of the day of arrival at a place when leaving on ``day``."""
        length_m = float(self.nights.at_m[destination] - self.nights.at_m[origin])
        days = math.ceil(length_m / self.nights.rules.max_day_m - 1e-9)
        return day + max(0, days - 1)

    def _ahead(self, origin: int) -> Iterator[int]:
        """Yield the places farther along the route than ``origin``, the nearest first."""
        here = self.nights.at[origin]
        yield from (
            row for row in range(origin + 1, len(self.nights.at)) if self.nights.at[row] > here
        )

    def _walk(self, day: int, origin: int, destination: int) -> _Walk | None:
        """Return the walk of a leg by `routing.travel.timetable`; None where it is not possible.

        A leg without crossings takes the same time from every morning, so it is computed once.
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
            # A placeholder: `_fails` finds the constraints later, for the few stages of the result
            # alone.
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
        """Return the constraints that forbid a leg on its date."""
        leg = self.nights.leg(stage.origin, stage.destination)
        fails = Constraint(int(self.nights.reach(stage.day, leg).fails[0]))
        if stage.arrival_day > stage.day:
            fails &= ~_OF_THE_NIGHT
        # Where no constraint is left, a crossing is the reason: a walk may begin some minutes after
        # the first light that `day_reach` assumes, and so come to a crossing too late.
        return fails or Constraint.CROSSING
