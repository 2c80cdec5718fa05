"""A day's reach: whether a party can walk a leg on a date, and what forbids it.

**The rule.** A party leaves a place when it is light there and within the hours of walking, walks
without a rest, waits at each crossing until that opens and at the door until check-in begins, and
is in before the last entry and before the hours on the road end. It is on the road at no other
time, and walks no farther than the longest day.

`routing.travel.timetable` has the rule by which routes are timed: there a section may end up to an
hour after the window (`TAIL_S`), because a walker who is on the road anyway is better off at a
shelter than beside the road. A plan is stricter: it has no tail, ends with daylight and not with
the clock alone, and gives every day a place to sleep. Each leg that is feasible here takes that
timetable one day, with the same arrival (a departure in the window, no more than the longest day).

To leave later never helps: waits depend only on the place and the clock, so the earliest departure
has the earliest arrival, and every rule on times sets a latest moment. So only the earliest
departure is examined.

Unknown beds or an unknown height of the destination forbid a leg, unless `DayRules` accepts them.
"""

import enum
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.planning.legs import CrossingClock, LegTable
from routing.planning.places import OvernightPlaces
from routing.planning.walking_hours import WalkingHours
from routing.travel.timetable import DAY_S

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]

#: Height above which the gain from one night's place to the next is limited, metres (WMS 2019,
#: algorithms.md section 1).
HIGH_M: Final = 3_000.0
#: Most that a night's place may lie above the place of the night before, or above `HIGH_M` if that
#: is higher, metres (WMS 2019). The extra day of rest that WMS advises for every 1,000 m is not
#: required.
MOST_GAIN_M: Final = 500.0

#: Largest party [A]: more people than any shelter holds.
MOST_PEOPLE: Final = 10_000


class Constraint(enum.IntFlag):
    """Reasons that forbid a leg on a date; of several, `binding` names the first in this order.

    `ROAD`: a hazard closes the road on that date. `STAY` forbids no leg but a rest: the place does
    not keep people longer.
    """

    DISTANCE = 1
    DAYLIGHT = 2
    HEIGHT = 4
    ROAD = 8
    CROSSING = 16
    HOURS = 32
    BEDS = 64
    CLOSED = 128
    STAY = 256


#: No constraint: the leg can be walked.
NOTHING: Final = Constraint(0)


@dataclass(frozen=True, slots=True)
class DayRules:
    """Limits of a party's days, and how unknown beds and heights are treated.

    Parameters
    ----------
    max_day_m
        Longest day, metres.
    party
        Count of people, 1 to `MOST_PEOPLE`.
    unknown_beds_suffice
        Whether a place whose free beds are unknown on a night is taken to have room.
    unknown_height_is_low
        Whether a place of unknown height is taken to lie below `HIGH_M`.

    Raises
    ------
    InvalidRequest
        The longest day is less than a metre, or the party is empty or too large.
    """

    max_day_m: float
    party: int = 1
    unknown_beds_suffice: bool = False
    unknown_height_is_low: bool = False

    def __post_init__(self) -> None:
        if not self.max_day_m >= 1:
            raise InvalidRequest("max_day_m", "empty_day", day_max_m=self.max_day_m)
        if not 1 <= self.party <= MOST_PEOPLE:
            raise InvalidRequest("party", "not_between", low=1, high=MOST_PEOPLE)


@dataclass(frozen=True, eq=False, slots=True)
class World:
    """Places, crossings and hours that decide which legs can be walked on a date.

    Parameters
    ----------
    places
        The places by night.
    crossings
        When the official crossings are open.
    hours
        When people may be on the road.
    """

    places: OvernightPlaces
    crossings: CrossingClock
    hours: WalkingHours


@dataclass(frozen=True, eq=False, slots=True)
class DayReach:
    """Whether and when L legs can be walked on one date.

    Times are seconds since the local midnight of the date of departure.

    Parameters
    ----------
    fails
        uint16 [L], the bits of every `Constraint` that forbids the leg; 0 where it can be walked.
    departure_s
        float64 [L], earliest departure.
    waited_s
        float64 [L], sum of the waits at crossings; infinite if a crossing does not open again.
    arrival_s, entry_s
        float64 [L], arrival at the destination, and the moment of being let in.
    """

    fails: NDArray[np.uint16]
    departure_s: Floats
    waited_s: Floats
    arrival_s: Floats
    entry_s: Floats

    @property
    def is_feasible(self) -> Bools:
        """Legs that can be walked, bool [L]."""
        return np.asarray(self.fails == 0)


def binding(fails: int) -> Constraint:
    """Return the constraint to name of all that forbid a leg: the first in `Constraint`'s order."""
    return next(one for one in Constraint if one & fails)


def day_reach(
    legs: LegTable,
    world: World,
    rules: DayRules,
    day: int,
    *,
    ready_s: float = -np.inf,
    end: int | None = None,
) -> DayReach:
    """Return which legs a party can walk on one date, and what forbids the others.

    Parameters
    ----------
    legs
        The legs.
    world
        Places, crossings and hours on the road.
    rules
        Longest day and party.
    day
        Days since the date of departure. The night after this day is night ``day`` of the places;
        after the last known night every place is treated as closed.
    ready_s
        Moment from which the party is ready to leave.
    end
        The place where the journey ends, if nobody sleeps there: it need not admit people, have
        beds or be open on arrival. Its height still limits the leg, as the party sleeps near it.
    """
    places, hours = world.places, world.hours
    origin, destination = legs.origin, legs.destination
    from_s, until_s = hours.from_s[:, day], hours.until_s[:, day]
    departure_s = np.maximum(np.maximum(from_s[origin], from_s[destination]), ready_s)
    dusk_s = np.minimum(until_s[origin], until_s[destination])
    unhindered_s = departure_s + legs.duration_s
    waited_s = _waited_s(legs, world.crossings, departure_s)
    arrival_s = unhindered_s + waited_s
    is_dark = unhindered_s > dusk_s
    entry_s, is_shut_out = _at_the_door(legs, places, day, end, arrival_s, dusk_s)
    has_room, is_open = nights_of(places, rules, day)
    is_slept_at = destination != (-1 if end is None else end)
    found = {
        Constraint.DISTANCE: legs.distance_m > rules.max_day_m,
        Constraint.DAYLIGHT: is_dark,
        Constraint.HEIGHT: is_too_high(
            places.height_m[origin], places.height_m[destination], rules
        ),
        Constraint.ROAD: ~legs.is_open(day),
        Constraint.CROSSING: np.isinf(waited_s) | (~is_dark & (arrival_s > dusk_s)),
        Constraint.HOURS: is_shut_out,
        Constraint.BEDS: is_slept_at & ~has_room[destination],
        Constraint.CLOSED: is_slept_at & ~is_open[destination],
    }
    fails = np.zeros(len(legs), dtype=np.uint16)
    for constraint, is_broken in found.items():
        fails |= is_broken * np.uint16(constraint)
    return DayReach(fails, departure_s, waited_s, arrival_s, entry_s)


def nights_of(places: OvernightPlaces, rules: DayRules, day: int) -> tuple[Bools, Bools]:
    """Return which places have beds for the party on a night, and which admit it, bool [S] each.

    After the last known night no place admits the party.
    """
    if day >= places.nights:
        return np.ones(len(places), np.bool_), np.zeros(len(places), np.bool_)
    room = places.has_room(day, rules.party, unknown_suffices=rules.unknown_beds_suffice)
    return room, places.admits[:, day]


def is_too_high(from_m: Floats, to_m: Floats, rules: DayRules) -> Bools:
    """Return whether a night's place lies too high above the place of the night before, bool [k].

    Parameters
    ----------
    from_m, to_m
        float64 [k], heights of the place before and of the night's place; NaN where unknown.
    """
    base_m = np.fmax(from_m, HIGH_M) if rules.unknown_height_is_low else np.maximum(from_m, HIGH_M)
    # A comparison with NaN is False: an unknown gain is too high. A low place never is.
    is_fine = (to_m <= HIGH_M) | (to_m - base_m <= MOST_GAIN_M)
    if rules.unknown_height_is_low:
        is_fine |= np.isnan(to_m)
    return np.asarray(~is_fine)


def _waited_s(legs: LegTable, crossings: CrossingClock, departure_s: Floats) -> Floats:
    """Return the sum of waits at each leg's crossings, float64 [L]; infinite if one stays shut."""
    waited_s = np.zeros(len(legs))
    passages = legs.passages
    if not len(passages.leg):
        return waited_s
    is_first = np.append(True, passages.leg[1:] != passages.leg[:-1])[: len(passages.leg)]
    starts = np.flatnonzero(is_first)
    # Handle the first crossings of all legs together, then the second ones, and so on.
    place = np.arange(len(passages.leg)) - np.repeat(
        starts, np.diff(np.append(starts, len(passages.leg)))
    )
    for turn in range(int(place.max(initial=-1)) + 1):
        rows = np.flatnonzero(place == turn)
        leg = passages.leg[rows]
        clock_s = departure_s[leg] + waited_s[leg] + passages.after_s[rows]
        passed_s = crossings.passed_s(passages.crossing[rows], clock_s)
        is_known = np.isfinite(passed_s)
        waited_s[leg[is_known]] += passed_s[is_known] - clock_s[is_known]
        waited_s[leg[~is_known]] = np.inf
    return waited_s


def _at_the_door(
    legs: LegTable,
    places: OvernightPlaces,
    day: int,
    end: int | None,
    arrival_s: Floats,
    dusk_s: Floats,
) -> tuple[Floats, Bools]:
    """Return when a party is let in, float64 [L], and whether check-in hours forbid it, bool [L].

    Check-in hours forbid a leg that arrives after the last entry, or that would make the party wait
    at the door until after dark.
    """
    if day >= places.nights:
        return arrival_s, np.zeros(len(legs), np.bool_)
    midnight_s = day * DAY_S
    opens_s = places.opens_s[:, day][legs.destination] + midnight_s
    last_s = places.last_entry_s[:, day][legs.destination] + midnight_s
    if end is not None:
        is_end = legs.destination == end
        opens_s[is_end], last_s[is_end] = -np.inf, np.inf
    entry_s = np.maximum(arrival_s, opens_s)
    is_late = np.isfinite(arrival_s) & (entry_s > last_s)
    is_too_long = (arrival_s <= dusk_s) & (entry_s > dusk_s)
    return entry_s, is_late | is_too_long
