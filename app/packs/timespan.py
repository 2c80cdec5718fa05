"""Times in a pack: the span that it covers, minutes from the span's start, days from 1970 on."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

_EPOCH: Final = date(1970, 1, 1)
_MINUTE: Final = timedelta(minutes=1)

#: Days after which a phone shows nothing of a pack but its help lines (P49): as long as the
#: shortest validity of a confirmation, that of mobile units (P41).
PACK_DAYS: Final = 7

#: Length of the period that phones repeat for times beyond the listed days: the last week, because
#: hours are weekly.
REPEATED: Final = timedelta(days=7)

#: Days for which a pack states whether a crossing is open: longer than any walk that a phone shows
#: [A]. Beyond the listed days the pack has one week for each change of a crossing's weekly pattern.
KNOWN_DAYS: Final = 400

#: Days for which a pack lists opening hours, so that on its last day of use it still covers a week.
HORIZON_DAYS: Final = 2 * PACK_DAYS


def day_number(day: date) -> int:
    """Return the number of days from 1 January 1970 to a day."""
    return (day - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Span:
    """Time that a pack covers; ``start`` is a whole minute in UTC."""

    start: datetime

    @classmethod
    def beginning(cls, now: datetime) -> "Span":
        """Return the span of a pack made at ``now`` (timezone-aware).

        The span starts at the last full hour, so that packs made within an hour are equal if no
        data changed.
        """
        return cls(now.astimezone(UTC).replace(minute=0, second=0, microsecond=0))

    @property
    def end(self) -> datetime:
        """End of the listed days, exclusive."""
        return self.start + timedelta(days=HORIZON_DAYS)

    @property
    def known_until(self) -> datetime:
        """End of the time for which the pack states whether crossings are open, exclusive."""
        return self.start + timedelta(days=KNOWN_DAYS)

    @property
    def expires_on(self) -> date:
        """Last day (UTC) on which a phone shows the pack."""
        return (self.start + timedelta(days=PACK_DAYS)).date()

    def minute(self, moment: datetime) -> int:
        """Return the whole minutes from the start to a moment (timezone-aware), rounded down."""
        return (moment - self.start) // _MINUTE

    def minute_after(self, moment: datetime) -> int:
        """Return the whole minutes from the start to a moment (timezone-aware), rounded up."""
        return -((self.start - moment) // _MINUTE)
