"""Opening hours in the words of a language: ``lunes a viernes 8 a. m. – 5 p. m.``."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import groupby

from app.i18n.translation import Words
from geo.hours.openings import Opening
from geo.hours.rrule import WEEKDAYS
from geo.hours.space_hours import DayException, Hours

#: Number of days for which a page lists opening hours: today and the six days after.
LISTED_DAYS = 7

#: Minimum length of a run of days that is written as a span: "lunes a miércoles".
_SPAN = 3


def weekly(w: Words, hours: Hours) -> str | None:
    """Write opening hours in words; None unless every opening repeats weekly without end."""
    if not all(map(_is_weekly, hours.openings)):
        return None
    return "; ".join(f"{_days(w, one)} {_times(w, one)}" for one in hours.openings) or None


def _is_weekly(opening: Opening) -> bool:
    rule = opening.rule
    return (
        rule.freq == "WEEKLY"
        and rule.interval == 1
        and bool(rule.byday)
        and rule.dtstart is None
        and rule.until is None
        and rule.count is None
        and opening.valid_from is None
        and opening.valid_to is None
    )


def _days(w: Words, opening: Opening) -> str:
    return weekdays(w, {WEEKDAYS.index(code) for code in opening.rule.byday})


def weekdays(w: Words, days: Collection[int]) -> str:
    """Name weekdays (0 is Monday); three or more days in a row are written as a span.

    Returns
    -------
    str
        Such as "lunes a viernes y domingo", or "todos los días" for all seven.
    """
    if len(set(days)) == len(WEEKDAYS):
        return w.gettext("todos los días")
    *others, last = _named_runs(w, days)
    if not others:
        return last
    return w.gettext("%(first)s y %(last)s") % {"first": ", ".join(others), "last": last}


def _named_runs(w: Words, days: Iterable[int]) -> Iterator[str]:
    names = w.weekday_names()
    # Group consecutive days: they have the same difference between day and index in the list.
    for _, numbered in groupby(enumerate(sorted(set(days))), key=lambda one: one[1] - one[0]):
        run = [names[day] for _, day in numbered]
        if len(run) < _SPAN:
            yield from run
        else:
            yield w.gettext("%(first)s a %(last)s") % {"first": run[0], "last": run[-1]}


def _times(w: Words, opening: Opening) -> str:
    said = clocks(w, opening.opens_at, opening.closes_at)
    if opening.last_entry is None:
        return said
    last = w.gettext("última entrada %(time)s") % {"time": w.time_of_day(opening.last_entry)}
    return f"{said} ({last})"


def clocks(w: Words, opens_at: time, closes_at: time) -> str:
    """Write the hours of an opening: "8 a. m. – 5 p. m."; equal times mean 24 hours."""
    if opens_at == closes_at:
        return w.gettext("las 24 horas")
    # The no-break space keeps the dash on the line of the first time.
    return f"{w.time_of_day(opens_at)}\N{NO-BREAK SPACE}– {w.time_of_day(closes_at)}"


@dataclass(frozen=True, order=True)
class Times:
    """One opening of a day, in local time.

    ``is_certain`` is False on a public holiday for which the space has not stated hours.
    """

    opens_at: time
    closes_at: time
    last_entry: time | None
    is_certain: bool


@dataclass(frozen=True)
class WeekRow:
    """Days with the same hours.

    Attributes
    ----------
    weekdays
        Ordinary days, Monday being 0; empty for a single day that differs from its weekday.
    day
        Single day with exceptional hours or on a holiday; None for ordinary days.
    times
        Openings; none if closed.
    is_exception, reason
        Whether the space stated exceptional hours for `day`, and its reason. False for a day whose
        hours differ only because it is a holiday.
    """

    weekdays: tuple[int, ...]
    day: date | None
    times: tuple[Times, ...]
    is_exception: bool = False
    reason: str | None = None

    def days_text(self, w: Words) -> str:
        """Name the days: "lunes a viernes", or one day with its date."""
        if self.day is None:
            return weekdays(w, self.weekdays)
        return w.dated(self.day, "EEEE d MMM")


def week_rows(hours: Hours, today: date) -> tuple[WeekRow, ...]:
    """Return the hours of today and the six days after; empty if no hours are known.

    Days whose hours differ from those of their weekday come first, by date, then the ordinary days
    from Monday on. If only exceptional hours are known, ordinary days are not listed, because
    nobody knows whether the space is open on them.
    """
    usual = replace(hours, holidays="open", exceptions=())
    special: list[WeekRow] = []
    ordinary: dict[tuple[Times, ...], list[int]] = {}
    for ahead in range(LISTED_DAYS):
        day = today + timedelta(days=ahead)
        times = _times_on(hours, day)
        exceptions = [one for one in hours.exceptions if one.covers(day)]
        if exceptions or times != _times_on(usual, day):
            reason = next((one.reason for one in exceptions if one.reason), None)
            special.append(WeekRow((), day, times, bool(exceptions), reason))
        elif hours.openings:
            ordinary.setdefault(times, []).append(day.weekday())
    rows = [WeekRow(tuple(sorted(days)), None, times) for times, days in ordinary.items()]
    return (*special, *sorted(rows, key=lambda row: row.weekdays))


def _times_on(hours: Hours, day: date) -> tuple[Times, ...]:
    return tuple(
        Times(one.opens_at, one.closes_at, one.last_entry, is_certain)
        for one, is_certain in hours.openings_on(day)
    )


def later_exceptions(hours: Hours, today: date) -> tuple[DayException, ...]:
    """Return the exceptional days that end after the listed ones, in order."""
    later = (one for one in hours.exceptions if one.ends_on > last_listed(today))
    return tuple(sorted(later, key=lambda one: (one.starts_on, one.ends_on)))


def last_listed(today: date) -> date:
    """Return the last of the days that `week_rows` lists."""
    return today + timedelta(days=LISTED_DAYS - 1)
