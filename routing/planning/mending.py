"""Remedies for a leg that cannot be walked on a date: a vehicle, a longer day, more spaces."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.planning.day_reach import Constraint, World, day_reach
from routing.planning.legs import LegPassages, LegTable
from routing.planning.places import ANY_STAY, OvernightPlaces
from routing.planning.question import ItineraryQuestion
from routing.planning.walking_hours import WalkingHours

type Floats = NDArray[np.float64]

#: Speed at which a vehicle covers a leg, metres per second [A]: 30 km/h, that of a bus on a
#: mountain road, stops included. The times of arrival at crossings and places depend on it.
VEHICLE_M_S: Final = 30.0 / 3.6

#: Most points at which one leg is split [A]: a walk of a month.
_MOST_POINTS: Final = 30

#: Constraints set by the destination's beds and opening, which no other way to get there lifts.
_OF_THE_PLACE: Final = Constraint.BEDS | Constraint.CLOSED


@dataclass(frozen=True, slots=True)
class Remedies:
    """Remedies for a leg that cannot be walked; each is judged alone.

    A vehicle, a longer day or an earlier departure cannot change that the destination is full or
    closed (`Constraint.BEDS`, `CLOSED`), so these two constraints are ignored for them.

    Parameters
    ----------
    vehicle
        Whether the leg is possible with a vehicle.
    longer_day_m
        By how many metres the longest day is too short; None where a longer day does not help.
    more_spaces
        Fewest further spaces with which the leg can be walked: points that split the leg into equal
        days, open and with beds on each night, and one more at the destination if that does not
        take the party in. The arrival moves by one day for each point. None where no number of
        points suffices within the known nights.
    earlier_departure
        Whether the leg can be walked by leaving at first light on the date of departure.
    """

    vehicle: bool = False
    longer_day_m: float | None = None
    more_spaces: int | None = None
    earlier_departure: bool = False


def remedies(question: ItineraryQuestion, day: int, leg: int) -> Remedies:
    """Return what would make a leg possible that cannot be walked on a day of the journey."""
    legs = question.legs.only(np.array([leg]))
    fails = Constraint(int(question.reach(day, legs).fails[0]))
    is_of_the_way = bool(fails & ~_OF_THE_PLACE)
    length_m = float(legs.distance_m[0])
    longer = replace(question, rules=replace(question.rules, max_day_m=max(length_m, 1.0)))
    early = day_reach(legs, question.world, question.rules, day, end=question.unslept_end)
    return Remedies(
        vehicle=is_of_the_way and _is_mended(question, day, by_vehicle(legs)),
        longer_day_m=(
            length_m - question.rules.max_day_m
            if Constraint.DISTANCE in fails and _is_mended(longer, day, legs)
            else None
        ),
        more_spaces=_more_spaces(question, day, legs),
        earlier_departure=is_of_the_way
        and day == 0
        and not Constraint(int(early.fails[0])) & ~_OF_THE_PLACE,
    )


def by_vehicle(legs: LegTable) -> LegTable:
    """Return legs as covered by vehicle, at `VEHICLE_M_S` or at their own pace if that is quicker.

    Their length is 0, because the longest day limits only metres on foot.
    """
    duration_s = np.minimum(legs.distance_m / VEHICLE_M_S, legs.duration_s)
    share = np.divide(
        duration_s, legs.duration_s, out=np.ones(len(legs)), where=legs.duration_s > 0
    )
    passages = legs.passages
    return replace(
        legs,
        distance_m=np.zeros(len(legs)),
        duration_s=duration_s,
        passages=replace(passages, after_s=passages.after_s * share[passages.leg]),
    )


def _is_mended(question: ItineraryQuestion, day: int, legs: LegTable) -> bool:
    """Return whether the first of ``legs`` can be walked if its destination takes the party in."""
    return not Constraint(int(question.reach(day, legs).fails[0])) & ~_OF_THE_PLACE


def _more_spaces(question: ItineraryQuestion, day: int, leg: LegTable) -> int | None:
    is_slept_at = int(leg.destination[0]) != question.unslept_end
    last_night = question.world.places.nights - 1
    last_day = min(question.world.hours.days - 1, last_night + (not is_slept_at))
    # With fewer points than this, each part would be longer than the longest day.
    fewest = int(leg.distance_m[0] // question.rules.max_day_m) - 1
    for count in range(max(0, fewest), min(_MOST_POINTS, last_day - day) + 1):
        parts, world = _split(question, leg, count)
        fails = Constraint(0)
        for part in range(count + 1):
            reach = day_reach(
                parts.only(np.array([part])),
                world,
                question.rules,
                day + part,
                ready_s=question.ready_s,
                end=None if is_slept_at else count + 1,
            )
            fails |= Constraint(int(reach.fails[0]))
            if fails & ~_OF_THE_PLACE:
                break
        if not fails & ~_OF_THE_PLACE:
            return count + bool(fails)
    return None


def _split(question: ItineraryQuestion, leg: LegTable, count: int) -> tuple[LegTable, World]:
    """Split a leg into ``count + 1`` equal parts; return the parts, and places and hours for them.

    Place 0 is the origin, 1 to ``count`` are the points, which are always open and have beds, and
    the last place is the destination.
    """
    world, places = question.world, question.world.places
    ends = np.array([int(leg.origin[0]), int(leg.destination[0])])
    share = np.linspace(0.0, 1.0, count + 2)
    of = np.where(share < 1.0, ends[0], ends[1])
    points = np.arange(1, count + 1)
    along = OvernightPlaces(
        lon=_between(places.lon[ends], share),
        lat=_between(places.lat[ends], share),
        height_m=_between(places.height_m[ends], share),
        admits=places.admits[of],
        beds=places.beds[of],
        opens_s=places.opens_s[of],
        last_entry_s=places.last_entry_s[of],
        max_nights=np.full(count + 2, ANY_STAY),
    )
    along.admits[points], along.beds[points] = True, np.iinfo(np.int64).max
    along.opens_s[points], along.last_entry_s[points] = 0.0, np.inf
    hours = WalkingHours(
        np.tile(world.hours.from_s[ends].max(axis=0), (count + 2, 1)),
        np.tile(world.hours.until_s[ends].min(axis=0), (count + 2, 1)),
    )
    part_s = leg.duration_s[0] / (count + 1)
    after_s = leg.passages.after_s
    part = np.clip(np.floor_divide(after_s, part_s or 1.0), 0, count).astype(np.int64)
    return (
        LegTable(
            np.arange(count + 1),
            np.arange(1, count + 2),
            np.full(count + 1, leg.distance_m[0] / (count + 1)),
            np.full(count + 1, part_s),
            np.full(count + 1, leg.exposure[0] / (count + 1)),
            LegPassages(part, leg.passages.crossing, after_s - part * part_s),
            None if leg.open_days is None else np.repeat(leg.open_days, count + 1, axis=0),
        ),
        World(along, world.crossings, hours),
    )


def _between(ends: Floats, share: Floats) -> Floats:
    """Interpolate between two values at shares from 0 to 1.

    At the shares 0 and 1 the result is the value itself, even if the other value is NaN.
    """
    values = np.asarray(ends[0] + share * (ends[1] - ends[0]))
    values[0], values[-1] = ends
    return values
