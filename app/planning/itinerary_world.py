"""Crossings by the hour and roads by day, as the search of itineraries needs them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.journeys.night_places import NightCalendar
from app.journeys.records import Records, over_by
from geo.geography.crossings import StatedCrossing
from geo.geography.hazards import ActiveHazard
from routing.planning.legs import CrossingHours
from routing.router.regional import Crossing, Hazard

type Bools = NDArray[np.bool_]

_DAY: Final = timedelta(days=1)

#: Rows of start and end in arrays of places; the rows of the spaces follow these two.
START: Final = 0
END: Final = 1


def crossings_of(
    stated: Sequence[StatedCrossing], crossings: Sequence[Crossing], calendar: NightCalendar
) -> tuple[tuple[Crossing, ...], CrossingHours]:
    """Return crossings for the search of legs, and the hours at which they are open.

    A crossing that is open at any time of the journey is passable in the search. Whether it is open
    when the party arrives there is checked later, when the day's reach is computed.

    Parameters
    ----------
    stated, crossings
        The sources' statements on crossings, and the router's crossings. Crossings that are in both
        are returned.
    calendar
        Days of the journey.
    """
    # ``stated`` and ``crossings`` were read at different moments: a crossing may be in only one.
    statements = {one.id: one for one in stated}
    known = [crossing for crossing in crossings if crossing.id in statements]
    hours = [_open_s(statements[crossing.id], calendar) for crossing in known]
    searched = (
        replace(crossing, passable=bool(own), opens=None)
        for crossing, own in zip(known, hours, strict=True)
    )
    return tuple(searched), CrossingHours.of(hours)


def _open_s(stated: StatedCrossing, calendar: NightCalendar) -> list[tuple[float, float]]:
    """Return the intervals in which a crossing is open, seconds since the first midnight."""
    changes = stated.changes(calendar.midnight, calendar.days)
    ends = [*(moment for moment, _ in changes[1:]), calendar.midnight + calendar.days * _DAY]
    return [
        (calendar.clock_s(begin), calendar.clock_s(end))
        for (begin, state), end in zip(changes, ends, strict=True)
        if state == "open"
    ]


@dataclass(frozen=True, eq=False, slots=True)
class RoadState:
    """Hazards, and whether exactly these hold on each day of a journey: ``on``, bool [days]."""

    hazards: tuple[Hazard, ...]
    on: Bools


def road_states(records: Records, calendar: NightCalendar) -> tuple[RoadState, ...]:
    """Return the different states of the roads during a journey, each with its days.

    Only published physical hazards begin and end on a date. Threats by people and bans without a
    public reason hold on all days, so that no itinerary reveals their times (P36).

    Parameters
    ----------
    records
        Hazards in force at the departure, and exclusions that begin later.
    calendar
        Days of the journey.
    """
    known = [
        *zip(records.hazards, records.routed_hazards, strict=True),
        *records.coming,
    ]
    days_of: dict[tuple[Hazard, ...], list[int]] = {}
    for day in range(calendar.days):
        begin = calendar.midnight + day * _DAY
        holding = tuple(hazard for record, hazard in known if _holds(record, hazard, begin))
        days_of.setdefault(holding, []).append(day)
    states = []
    for hazards, days in days_of.items():
        on = np.zeros(calendar.days, np.bool_)
        on[days] = True
        states.append(RoadState(hazards, on))
    return tuple(states)


def _holds(record: ActiveHazard, hazard: Hazard, begin: datetime) -> bool:
    """Return whether a hazard is taken to hold on the day that starts at ``begin``."""
    if record.family != "physical" or not hazard.is_published:
        return True
    if record.valid_from >= begin + _DAY:
        return False
    if record.valid_to is None:
        return True
    # As for routes, a closure counts as over only some time after its published end.
    over = over_by(record) if hazard.exclusion else record.valid_to
    return over > begin
