"""Where a journey on foot fails and what would help: the answer when there is no itinerary.

**Which stretches.** A relaxed party may also take legs that cannot be walked, and arrives on the
same day, like a vehicle. Of the ways of this party, the one is chosen that lacks the fewest points
to sleep at, then the one with the fewest metres beyond the longest day, then the one with the least
walking. At 25 km a day a leg of 47 km lacks one point and a leg of 195 km seven, so a way that
stops at each place is never worse than a way that passes it by. A leg that fails for another reason
lacks at least one point. Every leg of the chosen way that fails is a stretch.

The relaxed party never stops at a place that admits the party on no night at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.planning.day_reach import HIGH_M, MOST_GAIN_M, Constraint, binding, nights_of
from routing.planning.itineraries import Itinerary, itineraries
from routing.planning.mending import Remedies, remedies
from routing.planning.places import ANY_STAY
from routing.planning.question import MOST_NIGHTS, ItineraryQuestion

type Ints = NDArray[np.int64]

#: A day of the relaxed party: its number, and the leg, None for a rest.
type Step = tuple[int, int | None]

#: Price of a point that a leg lacks. The price of a way is one integer, so that points come before
#: length beyond the longest day, and that before metres walked (1 each). It fits into 63 bits for
#: 9,000 points, 10,000 km beyond and 10,000 km walked.
_POINT: Final = 10**15
#: Price of a decimetre beyond the longest day.
_EXCESS_DM: Final = 10**7
#: Price of a way to a place that cannot be reached.
_NO_WAY: Final = 2**62
#: Limit of the number of points that a leg lacks, so that prices stay in range: a leg across a
#: continent lacks fewer.
_MOST_POINTS: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class NearPlace:
    """A place that takes the party in on a night, and its distance along a leg, metres."""

    place: int
    distance_m: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A leg that the party cannot walk on the date when it comes to it.

    Parameters
    ----------
    origin, destination
        Rows of the places; the same where a party would have to stay longer than the place allows.
    leg
        Row of the leg in the table; None for a stay.
    date
        Date on which the leg fails.
    length_m, duration_s
        Length and moving time of the leg; 0 for a stay.
    constraints, binding
        All constraints that forbid the leg on that date, and the one to name.
    before, after
        The nearest places that take the party in on that night: to the origin and to the
        destination, which may be these places themselves; None where the table has none.
    remedies
        What would make the leg possible, each remedy alone.
    """

    origin: int
    destination: int
    leg: int | None
    date: date
    length_m: float
    duration_s: float
    constraints: Constraint
    binding: Constraint
    before: NearPlace | None
    after: NearPlace | None
    remedies: Remedies


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no itinerary.

    Parameters
    ----------
    stretches
        The stretches that fail, in the order of travel; empty where only the nights do not suffice.
    nights_needed
        Fewest nights of an itinerary, if only the number of nights does not suffice: exact where
        the later nights are known, else a lower bound. None where stretches fail.
    is_cut_off
        Whether no sequence of legs leads from start to end by places that ever admit the party.
    """

    stretches: tuple[Stretch, ...] = ()
    nights_needed: int | None = None
    is_cut_off: bool = False


@dataclass(frozen=True, slots=True)
class ItineraryAnswer:
    """The Pareto set of itineraries, and the reason if it is empty."""

    itineraries: tuple[Itinerary, ...]
    failure: Failure | None = None


def answer(question: ItineraryQuestion) -> ItineraryAnswer:
    """Return the itineraries for an input, or the stretches that prevent any.

    Raises
    ------
    TooManyLabels
        As for `routing.planning.itineraries.itineraries`.
    """
    found = itineraries(question)
    return ItineraryAnswer(found, None if found else failure(question))


def failure(question: ItineraryQuestion) -> Failure:
    """Return the reason why there is no itinerary for an input."""
    longer = replace(question, max_nights=min(question.world.places.nights, MOST_NIGHTS))
    if longer.nights > question.nights and (found := itineraries(longer)):
        return Failure(nights_needed=found[0].nights)
    steps = _relaxed(question)
    if steps is None:
        fewest = _fewest_legs(question)
        return Failure(nights_needed=fewest and fewest - 1, is_cut_off=fewest is None)
    return Failure((*_stretches(question, steps),))


def points(question: ItineraryQuestion) -> Ints:
    """Return how many points to sleep at each leg lacks on a day on which it fails, int64 [L].

    These are the points that split the leg into days by length, by hours on the road and by height
    gained, at least one. The hours are those of the longest of the known days.
    """
    legs, hours, heights_m = question.legs, question.world.hours, question.world.places.height_m
    origin, destination = legs.origin, legs.destination
    day_s = np.ones(len(legs))
    for from_s, until_s in zip(hours.from_s.T, hours.until_s.T, strict=True):
        light_s = np.minimum(until_s[origin], until_s[destination])
        light_s = light_s - np.maximum(from_s[origin], from_s[destination])
        day_s = np.maximum(day_s, light_s)
    gain_m = heights_m[destination] - np.fmax(heights_m[origin], HIGH_M)
    days = np.maximum(legs.distance_m / question.rules.max_day_m, legs.duration_s / day_s)
    days = np.fmax(days, gain_m / MOST_GAIN_M)
    return np.clip(np.ceil(days) - 1.0, 1.0, _MOST_POINTS).astype(np.int64)


def _relaxed(question: ItineraryQuestion) -> list[Step] | None:
    """Return the days of the relaxed party's best way; None if it cannot arrive in the nights."""
    order = question.legs.by_origin()
    legs, allowed = question.legs.only(order), _allowed(question)[order]
    beyond_m = np.maximum(legs.distance_m - question.rules.max_day_m, 0.0)
    beyond = np.rint(beyond_m * 10.0).astype(np.int64) * _EXCESS_DM
    walked = np.rint(legs.distance_m).astype(np.int64)
    costs = np.full(len(question.world.places), _NO_WAY)
    costs[question.start] = 0
    best, came, arrived = _NO_WAY, [], -1
    needed = points(question)[order]
    for day in range(question.nights + 1):
        lacking = np.where(question.fails[day][order] == 0, 0, needed)
        price = lacking * _POINT + np.where(lacking > 0, beyond, 0) + walked
        by_foot = np.where(allowed, np.minimum(costs[legs.origin] + price, _NO_WAY), _NO_WAY)
        rested = np.where(question.may_stay[day], costs, _NO_WAY)
        rested[question.end] = _NO_WAY
        costs = rested.copy()
        np.minimum.at(costs, legs.destination, by_foot)
        # Ties go to a rest, then to the first leg in the order of places.
        rows = np.flatnonzero((by_foot == costs[legs.destination]) & (by_foot < _NO_WAY))
        rows = rows[by_foot[rows] < rested[legs.destination[rows]]]
        ends, first = np.unique(legs.destination[rows], return_index=True)
        by_leg = np.full(len(costs), -1)
        by_leg[ends] = rows[first]
        came.append(by_leg)
        if costs[question.end] < best:
            best, arrived = int(costs[question.end]), day
    if arrived < 0:
        return None
    steps: list[Step] = []
    here = question.end
    for day in range(arrived, -1, -1):
        row = int(came[day][here])
        steps.append((day, int(order[row]) if row >= 0 else None))
        here = int(legs.origin[row]) if row >= 0 else here
    return steps[::-1]


def _allowed(question: ItineraryQuestion) -> NDArray[np.bool_]:
    """Return which legs the relaxed party may take, bool [L].

    These lead to the end, or to a place that admits the party on some night.
    """
    legs = question.legs
    is_passed = question.world.places.admits.any(axis=1)
    is_passed[question.end] = True
    return np.asarray(is_passed[legs.destination] & (legs.origin != question.end))


def _fewest_legs(question: ItineraryQuestion) -> int | None:
    """Return the fewest `_allowed` legs from start to end, walkable or not; None without a way."""
    reached = np.zeros(len(question.world.places), np.bool_)
    reached[question.start] = True
    allowed = _allowed(question)
    origin, destination = question.legs.origin[allowed], question.legs.destination[allowed]
    for count in range(len(reached)):
        if reached[question.end]:
            return count
        reached[destination[reached[origin]]] = True
    return None


def _stretches(question: ItineraryQuestion, steps: list[Step]) -> Iterator[Stretch]:
    """Yield the stretches of the relaxed party's way: legs that fail, stays that are too long."""
    most, slept, here = question.world.places.max_nights, dict[int, int](), question.start
    for day, leg in steps:
        if leg is not None:
            here = int(question.legs.destination[leg])
            if question.fails[day, leg]:
                yield _stretch(question, day, leg)
        slept[here] = slept.get(here, 0) + 1
        if here != question.end and most[here] != ANY_STAY and slept[here] == most[here] + 1:
            yield _stay(question, day, here)


def _stretch(question: ItineraryQuestion, day: int, leg: int) -> Stretch:
    legs, fails = question.legs, int(question.fails[day, leg])
    origin, destination = int(legs.origin[leg]), int(legs.destination[leg])
    return Stretch(
        origin=origin,
        destination=destination,
        leg=leg,
        date=question.departure.date() + timedelta(days=day),
        length_m=float(legs.distance_m[leg]),
        duration_s=float(legs.duration_s[leg]),
        constraints=Constraint(fails),
        binding=binding(fails),
        before=_nearest(question, day, origin),
        after=_nearest(question, day, destination),
        remedies=remedies(question, day, leg),
    )


def _stay(question: ItineraryQuestion, day: int, here: int) -> Stretch:
    """Return a stay at a place for longer than the place allows, as a stretch without length."""
    near = _nearest(question, day, here)
    return Stretch(
        origin=here,
        destination=here,
        leg=None,
        date=question.departure.date() + timedelta(days=day),
        length_m=0.0,
        duration_s=0.0,
        constraints=Constraint.STAY,
        binding=Constraint.STAY,
        before=near,
        after=near,
        remedies=Remedies(more_spaces=1),
    )


def _nearest(question: ItineraryQuestion, night: int, place: int) -> NearPlace | None:
    """Return the place nearest to a given one that takes the party in on a night; None for none.

    The given place itself is the nearest if it takes the party in; else the place at the shortest
    leg to or from the given place.
    """
    legs = question.legs
    takes_in = np.logical_and(*nights_of(question.world.places, question.rules, night))
    if takes_in[place]:
        return NearPlace(place, 0.0)
    other = np.concatenate(
        [legs.destination[legs.origin == place], legs.origin[legs.destination == place]]
    )
    away_m = np.concatenate(
        [legs.distance_m[legs.origin == place], legs.distance_m[legs.destination == place]]
    )
    rows = np.flatnonzero(takes_in[other])
    if not len(rows):
        return None
    nearest = rows[np.lexsort((other[rows], away_m[rows]))[0]]
    return NearPlace(int(other[nearest]), float(away_m[nearest]))
