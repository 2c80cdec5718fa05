"""When something is open: weekly openings in local time, asked at an instant, a day or a night."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

#: Codes of RFC 5545, in the order of `date.weekday`.
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

#: Our own definition of a night, for want of a published one: a place covers it if it is open
#: without a break from 21:00 to 05:00 of the next day. Night falls by 19:00 everywhere in the
#: tropics, but shelters that admit people until 21:00 must count.
NIGHT_FROM = time(21)
NIGHT_TO = time(5)

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Opening:
    """One rule of a schedule, in the local time of ``timezone``.

    Attributes
    ----------
    byday : frozenset of str
        Codes of `WEEKDAYS`: the days an opening begins.
    opens_at, closes_at : time
        Local. ``closes_at`` before ``opens_at`` is on the next day; equal times are the whole
        calendar day.
    timezone : str
        IANA name.
    valid_from, valid_to : date or None
        First and last local day an opening may begin; None is without limit.
    """

    byday: frozenset[str]
    opens_at: time
    closes_at: time
    timezone: str
    valid_from: date | None = None
    valid_to: date | None = None

    def begins_on(self, day: date) -> bool:
        """Tell whether an opening begins on the local day."""
        return (
            WEEKDAYS[day.weekday()] in self.byday
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )

    def interval(self, day: date) -> tuple[datetime, datetime]:
        """Return the naive local start and end of the opening that begins on ``day``."""
        if self.opens_at == self.closes_at:
            midnight = datetime.combine(day, time())
            return midnight, midnight + DAY
        end_day = day if self.opens_at < self.closes_at else day + DAY
        return datetime.combine(day, self.opens_at), datetime.combine(end_day, self.closes_at)


def from_json(rules: Iterable[Mapping[str, Any]]) -> tuple[Opening, ...]:
    """Return the openings of a view's ``schedules`` column.

    Parameters
    ----------
    rules : iterable of mapping
        With ``byday`` (list of codes), ``opens_at`` and ``closes_at`` ("HH:MM"), ``timezone``,
        ``valid_from`` and ``valid_to`` (ISO date or None).
    """
    return tuple(
        Opening(
            byday=frozenset(rule["byday"]),
            opens_at=time.fromisoformat(rule["opens_at"]),
            closes_at=time.fromisoformat(rule["closes_at"]),
            timezone=rule["timezone"],
            valid_from=_day(rule.get("valid_from")),
            valid_to=_day(rule.get("valid_to")),
        )
        for rule in rules
    )


def is_open(openings: Iterable[Opening], at: datetime) -> bool:
    """Tell whether any opening holds at the aware instant ``at``."""
    return any(_holds(opening, at) for opening in openings)


def covers_day(openings: Iterable[Opening], day: date) -> bool:
    """Tell whether an opening begins on the local day.

    The tail of the night before does not count: who walks that day finds the door closed.
    """
    return any(opening.begins_on(day) for opening in openings)


def covers_night(openings: Sequence[Opening], day: date) -> bool:
    """Tell whether the openings together hold without a break through the night after ``day``.

    The night is `NIGHT_FROM` of ``day`` to `NIGHT_TO` of the next day, local.
    """
    reached = datetime.combine(day, NIGHT_FROM)
    end = datetime.combine(day + DAY, NIGHT_TO)
    intervals = sorted(
        opening.interval(begin)
        for opening in openings
        for begin in (day - DAY, day, day + DAY)
        if opening.begins_on(begin)
    )
    for opens, closes in intervals:
        if opens <= reached < closes:
            reached = closes
    return reached >= end


def next_opening(
    openings: Sequence[Opening], after: datetime, *, horizon_days: int = 60
) -> datetime | None:
    """Return the first instant after ``after`` at which a closed schedule becomes open.

    None if it is never closed before it opens, or not open within the horizon.
    """
    return _next_change(openings, after, horizon_days=horizon_days, to_open=True)


def next_closing(
    openings: Sequence[Opening], after: datetime, *, horizon_days: int = 60
) -> datetime | None:
    """Return the first instant after ``after`` at which an open schedule becomes closed."""
    return _next_change(openings, after, horizon_days=horizon_days, to_open=False)


def next_change(
    openings: Sequence[Opening], after: datetime, *, horizon_days: int = 60
) -> datetime | None:
    """Return when a schedule that is open at ``after`` closes, or one that is closed opens."""
    change = next_closing if is_open(openings, after) else next_opening
    return change(openings, after, horizon_days=horizon_days)


def local_instant(moment: datetime, timezone: str) -> datetime:
    """Return the UTC instant of a naive local ``moment``.

    A moment in the hour that a clock change skips is read with the offset before the change.
    """
    return moment.replace(tzinfo=zone(timezone)).astimezone(UTC)


@cache
def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name."""
    return ZoneInfo(name)


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _holds(opening: Opening, at: datetime) -> bool:
    local = at.astimezone(zone(opening.timezone)).replace(tzinfo=None)
    for day in (local.date(), local.date() - DAY):
        if opening.begins_on(day):
            opens, closes = opening.interval(day)
            if opens <= local < closes:
                return True
    return False


def _next_change(
    openings: Sequence[Opening], after: datetime, *, horizon_days: int, to_open: bool
) -> datetime | None:
    was_open = is_open(openings, after)
    for instant in sorted(set(_edges(openings, after, horizon_days))):
        if instant <= after:
            continue
        now_open = is_open(openings, instant)
        if now_open != was_open and now_open is to_open:
            return instant
        was_open = now_open
    return None


def _edges(openings: Sequence[Opening], after: datetime, horizon_days: int) -> Iterator[datetime]:
    """Yield every instant near ``after`` at which an opening begins or ends."""
    for opening in openings:
        first = after.astimezone(zone(opening.timezone)).date() - DAY
        for offset in range(horizon_days + 2):
            day = first + offset * DAY
            if opening.begins_on(day):
                for moment in opening.interval(day):
                    yield local_instant(moment, opening.timezone)
