"""Input of the search for itineraries, and which legs and rests are possible on each day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.planning.day_reach import DayReach, DayRules, World, day_reach, nights_of
from routing.planning.legs import LegTable
from routing.travel.timetable import clock_of

type Bools = NDArray[np.bool_]

#: Most nights under way [A]: the search counts them in a byte.
MOST_NIGHTS: Final = 250


@dataclass(frozen=True, eq=False)
class ItineraryQuestion:
    """Input of the search for a party's itineraries between two places.

    Parameters
    ----------
    legs
        The legs between places.
    world
        Places, crossings and hours on the road.
    rules
        The party and its longest day.
    start, end
        Rows of the places where the journey begins and ends.
    departure
        Moment from which the party is ready to leave, timezone-aware; its offset is the local time
        of the whole journey, and its date is night 0 of the places.
    max_nights
        Most nights under way, rests included; at most `MOST_NIGHTS`.
    is_end_slept_at
        Whether the party spends the night of the last day at the end, which then has to admit it
        and to have beds like every other place.

    Raises
    ------
    InvalidRequest
        The departure has no offset, start and end are one place, a place does not exist, the count
        of places or of days differs from that of the hours, or the nights are out of range.
    """

    legs: LegTable
    world: World
    rules: DayRules
    start: int
    end: int
    departure: datetime
    max_nights: int
    is_end_slept_at: bool = False

    def __post_init__(self) -> None:
        places = len(self.world.places)
        if self.departure.utcoffset() is None:
            raise InvalidRequest("at", "no_offset")
        if len(self.world.hours.from_s) != places:
            hours = len(self.world.hours.from_s)
            raise InvalidRequest("places", "other_counts", first=places, second=hours)
        known = self.legs.open_days
        if known is not None and known.shape[1] != self.world.hours.days:
            days = self.world.hours.days
            raise InvalidRequest("legs", "other_counts", first=known.shape[1], second=days)
        for name, row in (("start", self.start), ("end", self.end)):
            if not 0 <= row < places:
                raise InvalidRequest(name, "not_between", low=0, high=places - 1)
        for rows in (self.legs.origin, self.legs.destination):
            if len(rows) and not (rows.min() >= 0 and rows.max() < places):
                raise InvalidRequest("legs", "not_between", low=0, high=places - 1)
        if self.start == self.end:
            raise InvalidRequest("end", "same_place")
        if not 0 <= self.max_nights <= MOST_NIGHTS:
            raise InvalidRequest("max_nights", "not_between", low=0, high=MOST_NIGHTS)

    @property
    def nights(self) -> int:
        """Most nights of an itinerary: `max_nights`, less if places or hours are known for less."""
        known = min(self.world.places.nights, self.world.hours.days - 1)
        return max(0, min(self.max_nights, known))

    @property
    def ready_s(self) -> float:
        """Seconds from the local midnight of the date of departure to the departure."""
        return clock_of(self.departure)

    @property
    def unslept_end(self) -> int | None:
        """Row of the end if the party needs no bed there, else None."""
        return None if self.is_end_slept_at else self.end

    def moment(self, clock_s: float) -> datetime:
        """Return the time of some seconds after the local midnight of the date of departure."""
        return self.departure + timedelta(seconds=clock_s - self.ready_s)

    def reach(self, day: int, legs: LegTable | None = None) -> DayReach:
        """Return whether and when some legs (by default all) can be walked on a day."""
        return day_reach(
            self.legs if legs is None else legs,
            self.world,
            self.rules,
            day,
            ready_s=self.ready_s,
            end=self.unslept_end,
        )

    @cached_property
    def fails(self) -> NDArray[np.uint16]:
        """Bits of `Constraint` that forbid each leg on each day, uint16 [nights + 1, L]."""
        return np.array([self.reach(day).fails for day in range(self.nights + 1)])

    @cached_property
    def may_stay(self) -> Bools:
        """Whether the party can rest at a place on a day, bool [nights + 1, S].

        The party then sleeps there on the night after that day, too. A rest cannot end the journey,
        so it is not possible on the last day.
        """
        found = [
            np.logical_and(*nights_of(self.world.places, self.rules, day))
            for day in range(self.nights)
        ]
        return np.array([*found, np.zeros(len(self.world.places), np.bool_)])
