"""Arrays that tell the router in which spaces a journey can spend each night."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

import numpy as np

from geo.spaces.candidates import NightCandidate
from geo.spaces.eligibility import Need, Refusal, lasting_refusals
from routing.planning.places import ANY_STAY, UNKNOWN_BEDS, OvernightPlaces

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NightCalendar:
    """Days of a journey on the clock of its departure.

    Parameters
    ----------
    departure
        Moment of the departure; its fixed offset is the clock of the whole journey.
    nights
        Maximum number of nights that the journey may take.
    """

    departure: datetime
    nights: int

    @classmethod
    def of(cls, departure: datetime, nights: int) -> "NightCalendar":
        """Make a calendar of a departure in local time, which may be that of a named zone."""
        offset = departure.utcoffset()
        assert offset is not None  # noqa: S101 -- a request's times have an offset
        return cls(departure.astimezone(timezone(offset)), nights)

    @property
    def days(self) -> int:
        """Number of days on which the travellers may walk."""
        return self.nights + 1

    @property
    def midnight(self) -> datetime:
        """Midnight at the beginning of the day of departure."""
        return self.departure.replace(hour=0, minute=0, second=0, microsecond=0)

    def date_of(self, day: int) -> date:
        """Return the date of a day of the journey."""
        return (self.midnight + day * _DAY).date()

    def clock_s(self, moment: datetime, day: int = 0) -> float:
        """Return the seconds from the midnight that begins a day of the journey to a moment."""
        return (moment - self.midnight - day * _DAY).total_seconds()


def places_of(
    ends: Sequence[tuple[float, float]],
    candidates: Sequence[NightCandidate],
    need: Need,
    calendar: NightCalendar,
) -> OvernightPlaces:
    """Return in which of the places each night of a journey can be spent, as arrays.

    The rows are start and end of the journey, where nobody can sleep, then the candidate spaces. A
    full space has 0 beds; for other spaces the number is unknown, because the public never sees
    numbers of beds (P42). Heights are NaN.

    Parameters
    ----------
    ends
        Start and end, lon and lat in degrees.
    candidates
        Spaces with the overnight service that are visible to the asker.
    need
        Who travels: children, documents and the like.
    calendar
        Days of the journey.
    """
    shape = (len(ends) + len(candidates), calendar.nights)
    admits, beds = np.zeros(shape, np.bool_), np.full(shape, UNKNOWN_BEDS)
    opens_s, last_entry_s = np.zeros(shape), np.full(shape, np.inf)
    for row, one in enumerate(candidates, len(ends)):
        against = lasting_refusals(need, one.candidate)
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


def _confirmed(one: NightCandidate, calendar: NightCalendar) -> range:
    """Return the numbers of the journey's nights on which a space's confirmation is still valid."""
    first = (one.candidate.assured_on - calendar.date_of(0)).days
    last = (one.candidate.expires_on - calendar.date_of(0)).days
    return range(max(0, first), min(calendar.nights, last + 1))
