"""How a pack writes moments: whole minutes after its first one, days after 1 January 1970."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

_EPOCH: Final = date(1970, 1, 1)
_MINUTE: Final = timedelta(minutes=1)

#: Days after which a pack shows nothing but its lines (P49): as long as the shortest validity of
#: a confirmation, that of mobile units (P41).
PACK_DAYS: Final = 7

#: Beyond its days the last of its weeks repeats, for hours are weekly.
REPEATED: Final = timedelta(days=7)

#: Days after which a pack knows nothing of a crossing: longer than any way on foot that a phone
#: shows [A]. Up to then it tells a week from each day on which another one begins.
KNOWN_DAYS: Final = 400

#: Days for which it tells what opens and closes: who looks on its last day sees a week ahead.
HORIZON_DAYS: Final = 2 * PACK_DAYS


def day_number(day: date) -> int:
    """Return the days from 1 January 1970 to a day."""
    return (day - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a pack tells of, from the whole minute ``start`` (UTC) on."""

    start: datetime

    @classmethod
    def beginning(cls, now: datetime) -> "Span":
        """Return the span of a pack that is made now (aware).

        It begins with the hour, so that packs of one hour are equal where nothing changed.
        """
        return cls(now.astimezone(UTC).replace(minute=0, second=0, microsecond=0))

    @property
    def end(self) -> datetime:
        """The first moment of which it does not tell."""
        return self.start + timedelta(days=HORIZON_DAYS)

    @property
    def known_until(self) -> datetime:
        """The first moment of which it knows nothing, for no week repeats into it."""
        return self.start + timedelta(days=KNOWN_DAYS)

    @property
    def expires_on(self) -> date:
        """The last day (UTC) on which a pack is shown."""
        return (self.start + timedelta(days=PACK_DAYS)).date()

    def minute(self, moment: datetime) -> int:
        """Return the whole minutes from the start to a moment (aware)."""
        return (moment - self.start) // _MINUTE

    def minute_after(self, moment: datetime) -> int:
        """Return the first whole minute from the start at which a moment (aware) is over."""
        return -((self.start - moment) // _MINUTE)
