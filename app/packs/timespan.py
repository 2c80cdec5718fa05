"""Time units in a pack: minutes after the pack's first moment, days after 1 January 1970."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

_EPOCH: Final = date(1970, 1, 1)
_MINUTE: Final = timedelta(minutes=1)

#: Days after which a pack shows nothing but its help lines (P49): as long as the shortest validity
#: of a confirmation, that of mobile units (P41).
PACK_DAYS: Final = 7

#: Beyond the listed days the last week repeats, because hours are weekly.
REPEATED: Final = timedelta(days=7)

#: Days after which a pack has no state of a crossing: longer than any walk that a phone shows [A].
#: Until then the pack lists one week from each day on which the weekly pattern changes.
KNOWN_DAYS: Final = 400

#: Days for which a pack lists opening hours: on its last day of use it still covers a week.
HORIZON_DAYS: Final = 2 * PACK_DAYS


def day_number(day: date) -> int:
    """Return the days from 1 January 1970 to a day."""
    return (day - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a pack covers, from the whole minute ``start`` (UTC) on."""

    start: datetime

    @classmethod
    def beginning(cls, now: datetime) -> "Span":
        """Return the span of a pack made at ``now`` (timezone-aware).

        The span starts at the full hour, so that packs of one hour are equal if no data changed.
        """
        return cls(now.astimezone(UTC).replace(minute=0, second=0, microsecond=0))

    @property
    def end(self) -> datetime:
        """End of the listed days, exclusive."""
        return self.start + timedelta(days=HORIZON_DAYS)

    @property
    def known_until(self) -> datetime:
        """End of the time with a known crossing state, exclusive: no week repeats after it."""
        return self.start + timedelta(days=KNOWN_DAYS)

    @property
    def expires_on(self) -> date:
        """The last day (UTC) on which a pack is shown."""
        return (self.start + timedelta(days=PACK_DAYS)).date()

    def minute(self, moment: datetime) -> int:
        """Return the whole minutes from the start to a moment (timezone-aware), rounded down."""
        return (moment - self.start) // _MINUTE

    def minute_after(self, moment: datetime) -> int:
        """Return the whole minutes from the start to a moment (timezone-aware), rounded up."""
        return -((self.start - moment) // _MINUTE)
