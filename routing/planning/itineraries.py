"""Itineraries on foot: each night is spent at a place that takes the party in on that date.

The search is exact: it returns the Pareto set by nights, exposure and hardest day (the most seconds
of walking on one day). Of itineraries equal in all three it returns the one with the least walking
in total, or, where the longest stay of a place matters, an arbitrary one that does not depend on
the order of the table. A party walks at most one leg a day, or rests where it is if the place
admits it and has beds.

**Leaving later.** A later departure on the same date only removes legs of the first day and delays
the others. So it never makes the last day earlier, nor the earliest arrival of all itineraries. A
departure on a later date can be better: where the start admits nobody, the party has to walk on the
first day. The arrival of a particular itinerary may be earlier after a later departure, because
the time of arrival is not one of the three criteria.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import TooManyLabels
from routing.planning import _label_kernel, _sweep_kernel
from routing.planning.legs import LegTable
from routing.planning.places import ANY_STAY, UNKNOWN_BEDS
from routing.planning.question import ItineraryQuestion

type Ints = NDArray[np.int64]

#: Most labels (ways to a place and night) of one search [A]: 2 million take 100 MB; a search over
#: 1,000 places and 30 nights needs some hundred thousand (benchmarks/itineraries.py).
LABEL_LIMIT: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class ItineraryDay:
    """One day of an itinerary.

    Parameters
    ----------
    date
        Date of the day, and of the night after it.
    origin, destination
        Rows of the places; the same on a day of rest.
    leg
        Row of the leg in the table; None on a day of rest.
    departure, arrival, entry
        Times of leaving, of reaching the door, and of being let in; None on a day of rest.
    distance_m, duration_s, exposure
        Length, moving time and exposure of the leg; 0 on a day of rest.
    crossings_wait_s, door_wait_s
        Waits at crossings on the way, and at the door until check-in begins, seconds.
    is_slept_at
        Whether the night is spent at the destination; False at the end of the journey, unless the
        party needs a bed there (``is_end_slept_at``).
    is_room_known
        Whether the number of free beds there on that night is known; True where nobody sleeps.
    """

    date: date
    origin: int
    destination: int
    leg: int | None
    departure: datetime | None = None
    arrival: datetime | None = None
    entry: datetime | None = None
    distance_m: float = 0.0
    duration_s: float = 0.0
    exposure: float = 0.0
    crossings_wait_s: float = 0.0
    door_wait_s: float = 0.0
    is_slept_at: bool = True
    is_room_known: bool = True

    @property
    def is_rest(self) -> bool:
        """Whether nobody walks on this day."""
        return self.leg is None


@dataclass(frozen=True, slots=True)
class Itinerary:
    """A way from start to end, day by day.

    Parameters
    ----------
    days
        The days in order, at least one; the last one arrives.
    nights
        Nights under way: one less than the days.
    exposure
        Sum over the legs, in their unit.
    hardest_s
        Moving time of the day with the most walking, seconds.
    """

    days: tuple[ItineraryDay, ...] = field(repr=False)
    nights: int
    exposure: float
    hardest_s: float

    @property
    def distance_m(self) -> float:
        """Length of all legs, metres."""
        return sum(day.distance_m for day in self.days)

    @property
    def arrival(self) -> datetime:
        """Arrival at the end."""
        arrival = self.days[-1].arrival
        assert arrival is not None  # noqa: S101 -- the last day is never one of rest
        return arrival

    @property
    def rests(self) -> int:
        """Count of days of rest."""
        return sum(day.is_rest for day in self.days)


def itineraries(
    question: ItineraryQuestion, *, label_limit: int = LABEL_LIMIT
) -> tuple[Itinerary, ...]:
    """Return the Pareto set of itineraries, by nights, then exposure; empty where there is none.

    Raises
    ------
    TooManyLabels
        The limits on the length of stay leave more labels than ``label_limit``.
    """
    order = question.legs.by_origin()
    ways = [
        [int(order[leg]) if leg >= 0 else None for leg in way]
        for way in _ways(question, question.legs.only(order), order, label_limit)
    ]
    walks = _walks(question, ways)
    laid = (_itinerary(question, way, walks) for way in ways)
    return tuple(sorted(laid, key=lambda one: (one.nights, one.exposure, one.hardest_s)))


def _ways(
    question: ItineraryQuestion, legs: LegTable, order: Ints, label_limit: int
) -> list[list[int]]:
    """Return the legs of each itinerary of the Pareto set, day by day, `REST` for a rest.

    Parameters
    ----------
    legs, order
        The legs sorted by origin, and their rows in the table.
    """
    ends, most = (question.start, question.end), question.world.places.max_nights
    may_walk = np.ascontiguousarray(question.fails[:, order] == 0)
    first_leg = np.searchsorted(legs.origin, np.arange(len(most) + 1)).astype(np.int64)
    days = (
        first_leg,
        legs.destination,
        legs.exposure,
        legs.duration_s,
        may_walk,
        question.may_stay,
    )
    left = _sweep_kernel.ahead(*days, question.end)
    if not np.isfinite(left[0][0, question.start]):
        return []
    by_head = np.argsort(legs.destination, kind="stable")
    first, leg_into = _sweep_kernel.arcs_into(
        by_head, legs.origin, legs.destination, may_walk, left[0], question.end
    )
    found = _sweep_kernel.front(
        first,
        leg_into,
        legs.origin,
        legs.exposure,
        legs.duration_s,
        question.may_stay,
        ends,
    )
    ways = [[leg for leg in way if leg != _sweep_kernel.NO_DAY] for way in found.tolist()]
    counted: list[int] = []
    # Nights are counted only at places where an itinerary found so far overstays (decremental state
    # space relaxation: Righini and Salani 2008). A search with fewer counted places admits more
    # itineraries, so its result is the Pareto set as soon as none of them overstays.
    while over := {place for way in ways for place in _overstayed(way, legs, question.start, most)}:
        counted += sorted(over)
        column = np.full(len(most), -1, np.int64)
        column[counted] = np.arange(len(counted))
        limits = np.minimum(most[counted], np.iinfo(np.uint8).max).astype(np.uint8)
        settled, previous, by_leg, last = _label_kernel.front_counted(
            *days, ends, left, column, limits, label_limit
        )
        if settled < 0:
            raise TooManyLabels(label_limit, label_limit)
        ways = [_way(previous, by_leg, label) for label in last.tolist()]
    return ways


def _way(previous: Ints, by_leg: Ints, label: int) -> list[int]:
    """Return the legs of the way that ends with a label, day by day, `REST` for a rest."""
    way: list[int] = []
    while previous[label] >= 0:
        way.append(int(by_leg[label]))
        label = int(previous[label])
    return way[::-1]


def _overstayed(way: Sequence[int], legs: LegTable, start: int, most: Ints) -> Iterator[int]:
    """Yield the places where a way spends more nights than the place allows."""
    slept: dict[int, int] = {}
    here = start
    for leg in way[:-1]:
        here = int(legs.destination[leg]) if leg >= 0 else here
        slept[here] = slept.get(here, 0) + 1
    for place, nights in slept.items():
        if most[place] != ANY_STAY and nights > most[place]:
            yield place


def _itinerary(
    question: ItineraryQuestion,
    way: Sequence[int | None],
    walks: Mapping[tuple[int, int], ItineraryDay],
) -> Itinerary:
    """Build the itinerary of a way, which has a leg for each day, None for a rest."""
    here, exposure, hardest_s = question.start, 0.0, 0.0
    days = []
    for number, leg in enumerate(way):
        if leg is None:
            on = question.departure.date() + timedelta(days=number)
            room = _is_room_known(question, number, here)
            days.append(ItineraryDay(on, here, here, None, is_room_known=room))
            continue
        day = walks[number, leg]
        days.append(day)
        here = day.destination
        exposure, hardest_s = exposure + day.exposure, max(hardest_s, day.duration_s)
    return Itinerary(tuple(days), len(days) - 1, exposure, hardest_s)


def _walks(
    question: ItineraryQuestion, ways: Sequence[Sequence[int | None]]
) -> dict[tuple[int, int], ItineraryDay]:
    """Return the walking days of some ways, keyed by (number of the day, leg)."""
    walked: dict[int, set[int]] = {}
    for way in ways:
        for number, leg in enumerate(way):
            if leg is not None:
                walked.setdefault(number, set()).add(leg)
    return {
        (number, leg): day
        for number, legs in walked.items()
        for leg, day in _walks_of(question, number, sorted(legs))
    }


def _walks_of(
    question: ItineraryQuestion, number: int, rows: list[int]
) -> Iterator[tuple[int, ItineraryDay]]:
    legs = question.legs.only(np.array(rows))
    reach = question.reach(number, legs)
    for row, leg in enumerate(rows):
        arrival_s, entry_s = float(reach.arrival_s[row]), float(reach.entry_s[row])
        destination = int(legs.destination[row])
        yield (
            leg,
            ItineraryDay(
                date=question.departure.date() + timedelta(days=number),
                origin=int(legs.origin[row]),
                destination=destination,
                leg=leg,
                departure=question.moment(float(reach.departure_s[row])),
                arrival=question.moment(arrival_s),
                entry=question.moment(entry_s),
                distance_m=float(legs.distance_m[row]),
                duration_s=float(legs.duration_s[row]),
                exposure=float(legs.exposure[row]),
                crossings_wait_s=float(reach.waited_s[row]),
                door_wait_s=entry_s - arrival_s,
                is_slept_at=destination != question.unslept_end,
                is_room_known=_is_room_known(question, number, destination),
            ),
        )


def _is_room_known(question: ItineraryQuestion, night: int, place: int) -> bool:
    if place == question.unslept_end:
        return True
    return bool(question.world.places.beds[place, night] != UNKNOWN_BEDS)
