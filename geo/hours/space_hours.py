"""Opening hours of a space with exceptions and holidays, evaluated for an instant, day or night."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

from geo.hours.openings import Opening, clock_time, from_json, local_day, local_instant
from geo.hours.public_holidays import is_holiday
from geo.hours.rrule import DAY, Recurrence

#: Start of a night (our choice, since there is no published definition): a space covers a night if
#: it is open without a break from 21:00 to 05:00 of the next day. In the tropics it is dark by
#: 19:00, but with an earlier start shelters that open as late as 21:00 would not cover a night.
NIGHT_FROM = time(21)
#: End of a night, on the next day.
NIGHT_TO = time(5)

#: Number of days ahead in which a change of state is searched, longer than the gap of a monthly
#: rule. The search first looks 2, then 9 days ahead, since nearly every schedule changes within a
#: day.
HORIZON_DAYS = 62
_STEPS_DAYS = (2, 9, HORIZON_DAYS)

State = Literal["open", "closed", "not_known"]


@dataclass(frozen=True, slots=True)
class DayException:
    """Days on which a space has other hours than those of its schedules, or is closed.

    An exception replaces the openings that begin on its local days; an opening that began the day
    before continues. ``opens_at`` and ``closes_at`` are None if the space is closed; otherwise they
    are local times as in `Opening`.
    """

    starts_on: date
    ends_on: date
    opens_at: time | None = None
    closes_at: time | None = None
    reason: str | None = None

    def covers(self, day: date) -> bool:
        """Return whether the exception applies to a day."""
        return self.starts_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class OpenStatus:
    """The state of a space at an instant by its schedule alone (P43: "open by its hours").

    Attributes
    ----------
    state : {"open", "closed", "not_known"}
        Not known if there is no schedule, or if a holiday makes an opening doubtful.
    doubt : {"holiday"} or None
        Why the state is not known although there is a schedule.
    closes_at : datetime or None
        Instant (UTC) at which an open space ceases to be certainly open; None if it does not
        within `HORIZON_DAYS`, or is not open.
    last_entry : datetime or None
        Instant (UTC) of the last admission of the current opening.
    """

    state: State
    doubt: Literal["holiday"] | None = None
    closes_at: datetime | None = None
    last_entry: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """An opening on a single day, with its instants in UTC."""

    opens: datetime
    closes: datetime
    last_entry: datetime | None
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of open time, in UTC.

    Attributes
    ----------
    opens, closes : datetime
        Start, included, and end, excluded.
    last_entry : datetime or None
        Last admission within the interval; None if people are admitted until the end.
    is_certain : bool
        False if a public holiday makes the opening doubtful, because the space does not state
        whether it opens on holidays.
    """

    opens: datetime
    closes: datetime
    last_entry: datetime | None
    is_certain: bool


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Instants (UTC) from and to which a space admits people who stay for a night.

    Attributes
    ----------
    opens : datetime
        First admission; people who come earlier on that day wait at the door.
    last_entry : datetime
        Last admission, included.
    """

    opens: datetime
    last_entry: datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """The opening hours of a space.

    Attributes
    ----------
    openings : tuple of Opening
        Regular openings; the space is open during any of them.
    exceptions : tuple of DayException
        Exceptions, which override the openings and the holidays.
    holidays : {"open", "closed", "not_known"}
        Effect of a public holiday on openings that begin on it. With "not_known" these openings
        are doubtful, unless the space is open at every hour of every day.
    timezone : str
        IANA name of the time zone of the exceptions.
    country, admin1 : str or None
        Country (ISO 3166-1 alpha-2) and name of the division whose holidays apply.
    """

    openings: tuple[Opening, ...] = ()
    exceptions: tuple[DayException, ...] = ()
    holidays: str = "not_known"
    timezone: str = "UTC"
    country: str | None = None
    admin1: str | None = None

    def is_open(self, at: datetime) -> bool:
        """Return whether the space is certainly open at the aware instant ``at``."""
        return any(span.is_certain for span in self._holding(at.astimezone(UTC)))

    def admits(self, at: datetime) -> bool:
        """Return whether the space is certainly open at ``at`` and the last entry is not past."""
        at = at.astimezone(UTC)
        return any(
            span.is_certain and (span.last_entry is None or at <= span.last_entry)
            for span in self._holding(at)
        )

    def status_at(self, at: datetime) -> OpenStatus:
        """Return the state of the space at the aware instant ``at``."""
        at = at.astimezone(UTC)
        spans = list(self._holding(at))
        state = self._state(spans)
        if state == "not_known":
            return OpenStatus(state, "holiday" if spans else None)
        if state == "closed":
            return OpenStatus(state)
        last_entry = _last_entry([span for span in spans if span.is_certain])
        return OpenStatus(state, None, self.next_change(at), last_entry)

    def covers_day(self, day: date) -> bool:
        """Return whether an opening certainly begins on a local day.

        An opening that began the night before does not count: people who arrive in the course of
        the day would find the space closed.
        """
        return any(is_certain for _opening, is_certain in self._beginning(day))

    def covers_night(self, day: date, *, certainly: bool = True) -> bool:
        """Return whether the space is open without a break through the night after ``day``.

        The night is `NIGHT_FROM` of ``day`` to `NIGHT_TO` of the next day, local. Openings that
        a holiday makes doubtful count only if ``certainly`` is false.
        """
        reached = datetime.combine(day, NIGHT_FROM)
        end = datetime.combine(day + DAY, NIGHT_TO)
        intervals = sorted(
            opening.interval(begin)
            for begin in (day - DAY, day, day + DAY)
            for opening, is_certain in self._beginning(begin)
            if is_certain or not certainly
        )
        for opens, closes in intervals:
            if opens <= reached < closes:
                reached = closes
        return reached >= end

    # Cached by value: every request for itineraries asks for weeks of nights of the same spaces.
    @lru_cache(maxsize=65_536)  # noqa: B019 -- hours that are equal are one key
    def check_in(self, day: date) -> CheckIn | None:
        """Return when a space admits people on a day who stay for the night after it.

        If admission has breaks, this is the first period of the day from which people can stay
        until the night. None if the space does not certainly cover the night.
        """
        if not self.covers_night(day):
            return None
        spans = sorted(
            (
                _span(opening, begin, is_certain)
                for begin in (day - DAY, day)
                for opening, is_certain in self._beginning(begin)
                if is_certain
            ),
            key=lambda span: span.opens,
        )
        midnight = local_instant(datetime.combine(day, time()), self.timezone)
        evening = local_instant(datetime.combine(day, NIGHT_FROM), self.timezone)
        stays_from = _open_since(spans, evening)
        admitted: CheckIn | None = None
        for span in spans:
            until = span.closes if span.last_entry is None else span.last_entry
            # An admission that ends at midnight is for people who come on the evening before.
            if span.closes <= stays_from or until <= midnight:
                continue
            if admitted is None:
                admitted = CheckIn(max(span.opens, midnight), until)
            elif span.opens <= admitted.last_entry:
                admitted = replace(admitted, last_entry=max(admitted.last_entry, until))
        return admitted

    def openings_on(self, day: date) -> tuple[tuple[Opening, bool], ...]:
        """Return the openings that begin on a local day, by time, and whether each is certain.

        An opening is not certain on a public holiday if the space does not state whether it opens
        on holidays.
        """
        return tuple(sorted(self._beginning(day), key=lambda found: found[0].opens_at))

    def next_change(self, after: datetime, *, horizon_days: int = HORIZON_DAYS) -> datetime | None:
        """Return the first instant (UTC) after ``after`` at which the state of the space changes.

        Returns None if the state does not change within ``horizon_days``.
        """
        after = after.astimezone(UTC)
        now = self._state(list(self._holding(after)))
        changes = self._changes(after, now, horizon_days)
        return next((instant for instant, _state in changes), None)

    def next_opening(self, after: datetime, *, horizon_days: int = HORIZON_DAYS) -> datetime | None:
        """Return the first instant (UTC) after ``after`` at which the space certainly opens.

        Returns None if the space does not open within ``horizon_days``.
        """
        after = after.astimezone(UTC)
        now = self._state(list(self._holding(after)))
        changes = self._changes(after, now, horizon_days)
        return next((instant for instant, state in changes if state == "open"), None)

    def intervals(self, start: datetime, days: int) -> tuple[Interval, ...] | None:
        """Return the certain and doubtful intervals of open time from an aware instant on.

        For clients that compute the state later without this module, such as a phone without a
        network. Intervals are ordered, do not overlap and are clipped at both ends.

        Returns
        -------
        tuple of Interval or None
            None if the space states no hours at all, so that nothing is known.
        """
        if not self.openings and not self.exceptions:
            return None
        start = start.astimezone(UTC)
        end = start + days * DAY
        edges = sorted({start, end, *(e for e in self._edges(start, days) if start < e < end)})
        found: list[Interval] = []
        for opens, closes in pairwise(edges):
            spans = list(self._holding(opens))
            if not spans:
                continue
            is_certain = self._state(spans) == "open"
            entry = _last_entry([s for s in spans if s.is_certain]) if is_certain else None
            before = found[-1] if found else None
            if before is not None and before.closes == opens and before.is_certain == is_certain:
                found[-1] = replace(before, closes=closes, last_entry=entry)
            else:
                found.append(Interval(opens, closes, entry, is_certain))
        return tuple(found)

    def _changes(
        self, after: datetime, state: State, horizon_days: int
    ) -> Iterator[tuple[datetime, State]]:
        reached = after
        for days in _STEPS_DAYS:
            ahead = min(days, horizon_days)
            # `_edges` yields every start and end of an opening up to this instant.
            until = after + ahead * DAY
            for edge in sorted({e for e in self._edges(after, ahead) if reached < e <= until}):
                was, state = state, self._state(list(self._holding(edge)))
                if state != was:
                    yield edge, state
            reached = until

    def _edges(self, after: datetime, ahead_days: int) -> Iterator[datetime]:
        for timezone in {self.timezone, *(opening.timezone for opening in self.openings)}:
            first = local_day(after, timezone) - DAY
            for offset in range(ahead_days + 3):
                for span in self._spans(first + offset * DAY, timezone):
                    yield span.opens
                    yield span.closes

    def _state(self, spans: list[_Span]) -> State:
        if any(span.is_certain for span in spans):
            return "open"
        if spans or not (self.openings or self.exceptions):
            return "not_known"
        return "closed"

    def _holding(self, at: datetime) -> Iterator[_Span]:
        """Yield the openings during which an instant (UTC) lies."""
        zones = {opening.timezone for opening in self.openings} if self.openings else set()
        if self.exceptions:
            zones.add(self.timezone)
        for timezone in zones:
            today = local_day(at, timezone)
            for day in (today, today - DAY):
                for span in self._spans(day, timezone):
                    if span.opens <= at < span.closes:
                        yield span

    def _spans(self, day: date, timezone: str) -> Iterator[_Span]:
        for opening, is_certain in self._beginning(day):
            if opening.timezone == timezone:
                yield _span(opening, day, is_certain)

    def _beginning(self, day: date) -> Iterator[tuple[Opening, bool]]:
        """Yield each opening that begins on a local day, and whether the opening is certain."""
        exceptions = [e for e in self.exceptions if e.covers(day)]
        if exceptions:
            for exception in exceptions:
                if exception.opens_at is not None and exception.closes_at is not None:
                    yield _of_exception(exception, self.timezone), True
            return
        beginning = [opening for opening in self.openings if opening.begins_on(day)]
        if not beginning:
            return
        is_certain = True
        if self.holidays != "open" and is_holiday(self.country, self.admin1, day):
            if self.holidays == "closed":
                return
            is_certain = _is_always_open(self.openings)
        for opening in beginning:
            yield opening, is_certain


def hours_of(properties: Mapping[Any, Any]) -> Hours:
    """Return the hours of a space from a row of the view of spaces of an access tier.

    Parameters
    ----------
    properties : mapping
        Row with ``schedules``, ``timezone``, ``country`` and optionally ``exceptions``,
        ``holidays`` and ``admin1``.
    """
    return Hours(
        openings=from_json(properties["schedules"] or ()),
        exceptions=exceptions_from_json(properties.get("exceptions") or ()),
        holidays=properties.get("holidays") or "not_known",
        timezone=properties["timezone"],
        country=properties.get("country"),
        admin1=properties.get("admin1"),
    )


def exceptions_from_json(rows: Iterable[Mapping[str, Any]]) -> tuple[DayException, ...]:
    """Return the exceptions in the ``exceptions`` column of a view (ISO dates, "HH:MM")."""
    return tuple(
        DayException(
            starts_on=date.fromisoformat(row["starts_on"]),
            ends_on=date.fromisoformat(row["ends_on"]),
            opens_at=None if row["closed"] else clock_time(row["opens_at"]),
            closes_at=None if row["closed"] else clock_time(row["closes_at"]),
            reason=row.get("reason"),
        )
        for row in rows
    )


def _open_since(spans: Iterable[_Span], at: datetime) -> datetime:
    """Return the start of the unbroken openings around an instant; openings are sorted by time."""
    since = until = datetime.min.replace(tzinfo=UTC)
    for span in spans:
        if span.opens > until:
            if until > at:
                break
            since = span.opens
        until = max(until, span.closes)
    return since


def _last_entry(spans: Iterable[_Span]) -> datetime | None:
    """Return the last admission of simultaneous openings; None if any admits until it closes."""
    entries = [span.last_entry for span in spans]
    # Of simultaneous openings, the opening that admits people longest decides.
    stated = [entry for entry in entries if entry is not None]
    return max(stated) if stated and len(stated) == len(entries) else None


# Cached, because many spaces have the same hours and are evaluated for the same days.
@lru_cache(maxsize=65_536)
def _span(opening: Opening, day: date, is_certain: bool) -> _Span:
    opens, closes = opening.interval(day)
    last_entry = opening.last_entry_on(day)
    return _Span(
        local_instant(opens, opening.timezone),
        local_instant(closes, opening.timezone),
        None if last_entry is None else local_instant(last_entry, opening.timezone),
        is_certain,
    )


def _of_exception(exception: DayException, timezone: str) -> Opening:
    assert exception.opens_at is not None  # noqa: S101 - checked by the caller
    assert exception.closes_at is not None  # noqa: S101
    return Opening(Recurrence(), exception.opens_at, exception.closes_at, timezone)


def _is_always_open(openings: tuple[Opening, ...]) -> bool:
    return any(opening.is_every_whole_day for opening in openings)
