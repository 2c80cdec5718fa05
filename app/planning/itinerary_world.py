"""What an itinerary depends on, as arrays: places by night, crossings by the hour, roads by day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.journeys.records import Records, over_by
from geo.geography.crossings import StatedCrossing
from geo.geography.hazards import ActiveHazard
from geo.hours.openings import local_instant
from geo.hours.space_hours import NIGHT_FROM
from geo.spaces.candidates import NightCandidate
from geo.spaces.eligibility import OF_HOURS, Need, Refusal, refusals
from routing.planning.legs import CrossingHours
from routing.planning.places import ANY_STAY, UNKNOWN_BEDS, OvernightPlaces
from routing.router.regional import Crossing, Hazard

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]

_DAY: Final = timedelta(days=1)

#: Rows of the ends in the arrays of places; the spaces follow.
START: Final = 0
END: Final = 1


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days of a journey on the clock of its departure.

    Parameters
    ----------
    departure
        Moment of the departure; its fixed offset is the clock of the whole journey.
    nights
        Most nights under way.
    """

    departure: datetime
    nights: int

    @classmethod
    def of(cls, departure: datetime, nights: int) -> "Calendar":
        """Make a calendar of a departure in local time, which may be that of a named zone."""
        offset = departure.utcoffset()
        assert offset is not None  # noqa: S101 -- a request's times have an offset
        return cls(departure.astimezone(timezone(offset)), nights)

    @property
    def days(self) -> int:
        """Count of days on which people may walk."""
        return self.nights + 1

    @property
    def midnight(self) -> datetime:
        """First moment of the date of departure."""
        return self.departure.replace(hour=0, minute=0, second=0, microsecond=0)

    def date_of(self, day: int) -> date:
        """Return the date of a day of the journey."""
        return (self.midnight + day * _DAY).date()

    def clock_s(self, moment: datetime, day: int = 0) -> float:
        """Return the seconds from the first moment of a day of the journey to another moment."""
        return (moment - self.midnight - day * _DAY).total_seconds()


def places_of(
    ends: Sequence[tuple[float, float]],
    candidates: Sequence[NightCandidate],
    need: Need,
    calendar: Calendar,
) -> OvernightPlaces:
    """Return the ends of a journey, which take nobody in, and the spaces, by night.

    A space that is full is there without beds. How many are free elsewhere is not known: the public
    never sees a number (P42). Heights are left unknown.

    Parameters
    ----------
    ends
        Start and end, lon and lat in degrees.
    candidates
        Spaces with the overnight service that are visible to the asker.
    need
        The party; its services are not looked at.
    calendar
        Days of the journey.
    """
    shape = (len(ends) + len(candidates), calendar.nights)
    admits, beds = np.zeros(shape, np.bool_), np.full(shape, UNKNOWN_BEDS)
    opens_s, last_entry_s = np.zeros(shape), np.full(shape, np.inf)
    for row, one in enumerate(candidates, len(ends)):
        against = _against(need, one, calendar)
        if Refusal.FULL in against:
            beds[row] = 0
        if against - {Refusal.FULL}:
            continue
        for night in _confirmed(one, calendar):
            check_in = one.candidate.hours.check_in(calendar.date_of(night))
            if check_in is not None:
                admits[row, night] = True
                opens_s[row, night] = calendar.clock_s(check_in.opens, night)
                last_entry_s[row, night] = calendar.clock_s(check_in.last_entry, night)
    positions = np.array([*ends, *((one.lon, one.lat) for one in candidates)], dtype=np.float64)
    stays = [one.maximum_nights or ANY_STAY for one in candidates]
    return OvernightPlaces(
        lon=np.ascontiguousarray(positions[:, 0]),
        lat=np.ascontiguousarray(positions[:, 1]),
        height_m=np.full(len(positions), np.nan),
        admits=admits,
        beds=beds,
        opens_s=opens_s,
        last_entry_s=last_entry_s,
        max_nights=np.array([ANY_STAY] * len(ends) + stays, dtype=np.int64),
    )


def _against(need: Need, one: NightCandidate, calendar: Calendar) -> frozenset[Refusal]:
    """Return why a space does not take in a party, its hours and its confirmation aside."""
    space = one.candidate
    evening = local_instant(datetime.combine(calendar.date_of(0), NIGHT_FROM), space.timezone)
    return frozenset(refusals(need, space, evening)) - OF_HOURS - {Refusal.EXPIRED}


def _confirmed(one: NightCandidate, calendar: Calendar) -> range:
    """Return the nights for which a space is confirmed."""
    first = (one.candidate.assured_on - calendar.date_of(0)).days
    last = (one.candidate.expires_on - calendar.date_of(0)).days
    return range(max(0, first), min(calendar.nights, last + 1))


def crossings_of(
    stated: Sequence[StatedCrossing], crossings: Sequence[Crossing], calendar: Calendar
) -> tuple[tuple[Crossing, ...], CrossingHours]:
    """Return crossings for the search of legs, and the hours at which they are open.

    A crossing that is open at any time of the journey is passable in the search: whether it is so
    when the party comes by is for the day's reach to judge.

    Parameters
    ----------
    stated, crossings
        The crossings' statements, and the router's objects of crossings; those that are in both
        are returned.
    calendar
        Days of the journey.
    """
    # Read one after the other: a crossing may have come or gone in between.
    statements = {one.id: one for one in stated}
    known = [crossing for crossing in crossings if crossing.id in statements]
    hours = [_open_s(statements[crossing.id], calendar) for crossing in known]
    searched = (
        replace(crossing, passable=bool(own), opens=None)
        for crossing, own in zip(known, hours, strict=True)
    )
    return tuple(searched), CrossingHours.of(hours)


def _open_s(stated: StatedCrossing, calendar: Calendar) -> list[tuple[float, float]]:
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
    """Hazards that hold on some days of a journey: bool [days]."""

    hazards: tuple[Hazard, ...]
    on: Bools


def road_states(records: Records, calendar: Calendar) -> tuple[RoadState, ...]:
    """Return the different states of the roads during a journey, each with its days.

    Only published physical hazards begin and end on a date. Times of threats by people and of bans
    without a public reason are not told (P36): whoever plans ahead avoids them all the way.

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
    """Return whether a hazard has to be counted with on the day that begins at a moment."""
    if record.family != "physical" or not hazard.is_published:
        return True
    if record.valid_from >= begin + _DAY:
        return False
    if record.valid_to is None:
        return True
    # As for routes, a closure is relied on to be over only some time after its published end.
    over = over_by(record) if hazard.exclusion else record.valid_to
    return over > begin
