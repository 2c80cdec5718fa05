"""Openings: recurring days with local times of opening and closing, and their instants in UTC."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from geo.hours.rrule import DAY, WEEKDAYS, Recurrence, weekly

__all__ = [
    "DAY",
    "WEEKDAYS",
    "Opening",
    "clock_changes",
    "clock_time",
    "from_json",
    "local_instant",
    "weekly",
    "zone",
]

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Opening:
    """One rule of a schedule, in the local time of ``timezone``.

    Attributes
    ----------
    rule : Recurrence
        The days on which an opening begins.
    opens_at, closes_at : time
        Local times. ``closes_at`` before ``opens_at`` is on the next day; equal times mean the
        whole calendar day.
    timezone : str
        IANA name.
    valid_from, valid_to : date or None
        First and last local day on which an opening may begin; None means no limit.
    last_entry : time or None
        Local time after which nobody is admitted; a time before ``opens_at`` is on the next day.
    """

    rule: Recurrence
    opens_at: time
    closes_at: time
    timezone: str
    valid_from: date | None = None
    valid_to: date | None = None
    last_entry: time | None = None

    def begins_on(self, day: date) -> bool:
        """Return whether an opening by this rule begins on a local day."""
        return (
            (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
            and self.rule.falls_on(day)
        )

    def interval(self, day: date) -> tuple[datetime, datetime]:
        """Return the naive local start and end of the opening that begins on ``day``."""
        if self.opens_at == self.closes_at:
            midnight = datetime.combine(day, time())
            return midnight, midnight + DAY
        return datetime.combine(day, self.opens_at), _at_or_after(
            day, self.closes_at, self.opens_at
        )

    def last_entry_on(self, day: date) -> datetime | None:
        """Return the naive local time of the last entry into the opening that begins on ``day``."""
        if self.last_entry is None:
            return None
        opens, closes = self.interval(day)
        return min(_at_or_after(day, self.last_entry, opens.time()), closes)

    @property
    def is_every_whole_day(self) -> bool:
        """Whether the rule is open at every instant, without end."""
        return (
            self.opens_at == self.closes_at
            and self.valid_from is None
            and self.valid_to is None
            and self.rule.is_every_day
        )


def from_json(rules: Iterable[Mapping[str, Any]]) -> tuple[Opening, ...]:
    """Return the openings in the ``schedules`` column of a view of spaces.

    Parameters
    ----------
    rules : iterable of mapping
        Rules with ``byday`` (list of codes), ``opens_at`` and ``closes_at`` ("HH:MM"), ``timezone``
        and optionally ``freq``, ``interval``, ``dtstart``, ``until``, ``count``,
        ``bymonthday``, ``valid_from``, ``valid_to`` (ISO dates) and ``last_entry`` ("HH:MM").
    """
    return tuple(
        _opening(
            tuple(rule["byday"] or ()),
            tuple(rule.get("bymonthday") or ()),
            rule.get("freq") or "WEEKLY",
            rule.get("interval") or 1,
            rule.get("dtstart"),
            rule.get("until"),
            rule.get("count"),
            rule["opens_at"],
            rule["closes_at"],
            rule["timezone"],
            rule.get("valid_from"),
            rule.get("valid_to"),
            rule.get("last_entry"),
        )
        for rule in rules
    )


# Cached, because many spaces have the same hours, and 10,000 spaces must be quick to evaluate.
@lru_cache(maxsize=65_536)
def _opening(  # noqa: PLR0917 - one key of the cache
    byday: tuple[str, ...],
    bymonthday: tuple[int, ...],
    freq: str,
    interval: int,
    dtstart: str | None,
    until: str | None,
    count: int | None,
    opens_at: str,
    closes_at: str,
    timezone: str,
    valid_from: str | None,
    valid_to: str | None,
    last_entry: str | None,
) -> Opening:
    return Opening(
        rule=Recurrence(
            byday=frozenset(byday),
            bymonthday=frozenset(bymonthday),
            freq=freq,
            interval=interval,
            dtstart=_day(dtstart),
            until=_day(until),
            count=count,
        ),
        opens_at=clock_time(opens_at),
        closes_at=clock_time(closes_at),
        timezone=timezone,
        valid_from=_day(valid_from),
        valid_to=_day(valid_to),
        last_entry=None if last_entry is None else clock_time(last_entry),
    )


def local_instant(moment: datetime, timezone: str) -> datetime:
    """Return the UTC instant of a naive local ``moment``.

    Follows RFC 5545 (3.3.5): a local time that a clock change skips is converted with the offset
    before the change. For a local time that occurs twice the first instant is returned, unless
    ``moment`` has ``fold`` 1.
    """
    return moment.replace(tzinfo=zone(timezone)).astimezone(UTC)


def clock_time(value: str) -> time:
    """Parse a time of day as views write it ("HH:MM").

    PostgreSQL's 24:00, the end of a day, becomes 00:00, the start of the next day.
    """
    return time() if value == "24:00" else time.fromisoformat(value)


def clock_changes(timezone: str, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Return the instants (UTC) of clock changes from ``start`` to before ``end``, both aware.

    The instants are exact to the minute; all clock changes since 1970 were at whole minutes.
    """
    years = range(start.astimezone(UTC).year, end.astimezone(UTC).year + 1)
    changes = (change for year in years for change in _changes_in(timezone, year))
    return tuple(change for change in changes if start <= change < end)


@lru_cache(maxsize=4_096)
def _changes_in(timezone: str, year: int) -> tuple[datetime, ...]:
    first, clock = datetime(year, 1, 1, tzinfo=UTC), zone(timezone)
    days = (first + n * DAY for n in range((date(year, 12, 31) - first.date()).days + 1))
    return tuple(
        _change_after(day, clock)
        for day in days
        if day.astimezone(clock).utcoffset() != (day + DAY).astimezone(clock).utcoffset()
    )


def _change_after(day: datetime, clock: ZoneInfo) -> datetime:
    """Return the first minute within 24 h of ``day`` (UTC) at which another offset is in force."""
    before = day.astimezone(clock).utcoffset()
    minutes = range(DAY // _MINUTE + 1)
    changed = bisect_left(
        minutes, True, key=lambda n: (day + n * _MINUTE).astimezone(clock).utcoffset() != before
    )
    return day + changed * _MINUTE


def local_day(at: datetime, timezone: str) -> date:
    """Return the local day of an aware instant."""
    return at.astimezone(zone(timezone)).date()


@cache
def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name."""
    return ZoneInfo(name)


def _at_or_after(day: date, moment: time, opens_at: time) -> datetime:
    """Return ``moment`` on ``day``, or on the next day if it is not after ``opens_at``."""
    return datetime.combine(day if moment > opens_at else day + timedelta(days=1), moment)


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
