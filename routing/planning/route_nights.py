"""A route with its places for the night, and the table of the legs between these places."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing.planning.day_reach import DayReach, DayRules, World, day_reach, nights_of
from routing.planning.legs import LegPassages, LegTable
from routing.planning.places import OvernightPlaces
from routing.planning.walking_hours import WalkingHours
from routing.route.timeline import POST, START, Pacing, Place
from routing.travel.timetable import DAY_S, clock_of

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


class _RouteCrossings:
    """`CrossingClock` of a route; crossings are numbered in the order in which it passes them."""

    def __init__(self, pacing: Pacing) -> None:
        self._posts = [passage.crossing for passage in pacing.route.passages]
        self._departure = pacing.departure
        self._ready_s = clock_of(pacing.departure)

    def passed_s(self, crossing: Ints, clock_s: Floats) -> Floats:
        """Return when crossings are passed after arrivals; see `CrossingClock.passed_s`."""
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
        The route with its timetable.
    at
        Positions of the places on the route, ascending; the first is
        `routing.route.timeline.START`, the last ``pacing.end``.
    places
        The places by night.
    hours
        Hours on the road at the places, on one day more than there are nights.
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
        """Places, crossings and hours on the road."""
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
        """All legs in the direction of travel that are no longer than the longest day."""
        order = {place: number for number, place in enumerate(sorted(set(self.at)))}
        rank = np.array([order[place] for place in self.at])
        ahead = rank[:, np.newaxis] < rank
        near = self.at_m - self.at_m[:, np.newaxis] <= self.rules.max_day_m
        return self._table(*np.nonzero(ahead & near))

    @cached_property
    def walkable_from_s(self) -> Floats:
        """Time of day from which people may walk at each place on any date, float64 [S]."""
        midnight_s = np.arange(self.hours.days) * DAY_S
        return np.asarray((self.hours.from_s - midnight_s).max(axis=1))

    def leg(self, origin: int, destination: int) -> LegTable:
        """Return the one leg between two places, of any length."""
        return self._table(np.array([origin]), np.array([destination]))

    def reach(self, day: int, legs: LegTable) -> DayReach:
        """Return whether and when legs can be walked on a day of the journey."""
        return day_reach(legs, self.world, self.rules, day, ready_s=self.ready_s, end=self.end)

    def takes_in(self, place: int, day: int) -> bool:
        """Return whether a place takes people in on the night after a day; the end always does."""
        return place == self.end or (day < self.places.nights and bool(self._open[day][place]))

    @cached_property
    def last_open(self) -> list[int]:
        """Last night on which each place takes the party in, counted from 0; -1 for never."""
        nights = np.arange(self.places.nights)[:, np.newaxis]
        is_open = np.array(self._open, dtype=np.bool_).reshape(-1, len(self.at))
        found: list[int] = np.where(is_open, nights, -1).max(axis=0, initial=-1).tolist()
        return found

    @cached_property
    def last_gain(self) -> list[int]:
        """For each place, the last night after which a place ahead improves; -1 where none does.

        A place improves from one night to the next if it opens, or if its check-in hours get
        longer. A rest on a later night can gain nothing but minutes of daylight. For a place with a
        crossing ahead, which may open on any date, it is the last night of all.
        """
        places, is_open = self.places, np.array(self._open, dtype=np.bool_).T
        is_open = is_open.reshape(len(self.at), places.nights)
        is_better = is_open[:, 1:] & (
            ~is_open[:, :-1]
            | (places.opens_s[:, 1:] < places.opens_s[:, :-1])
            | (places.last_entry_s[:, 1:] > places.last_entry_s[:, :-1])
        )
        nights = np.arange(max(0, places.nights - 1))
        own = np.where(is_better, nights, -1).max(axis=1, initial=-1)
        ahead = np.append(np.maximum.accumulate(own[::-1])[::-1][1:], -1)
        posts = [(passage.at_m, POST) for passage in self.pacing.route.passages]
        last = max(posts, default=START)
        return [
            places.nights if place < last else night
            for place, night in zip(self.at, ahead.tolist(), strict=True)
        ]

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
