"""Recurrence rules of RFC 5545 for whole days: weekly or monthly, with interval and first day."""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from geo.reasons import CodedReason

#: Codes of RFC 5545, in the order of `date.weekday`.
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

#: Frequencies of RFC 5545 that HSDS 3 allows (openreferral/specification, schedule.json).
FREQUENCIES = ("WEEKLY", "MONTHLY")

#: A weekday as in RFC 5545, 3.3.10; in a monthly rule with its number from the start or end of the
#: month.
_BYDAY = re.compile(rf"(?P<nth>[+-]?[1-5])?(?P<day>{'|'.join(WEEKDAYS)})")

#: Number of days searched for the last of ``count`` occurrences: 20 years, enough for a plain
#: weekly rule with `MAX_COUNT`. A rarer rule with occurrences left after 20 years is taken as
#: endless (our choice), so that a space with a hundred such rules does not block requests.
_COUNT_HORIZON_DAYS = 20 * 366
MAX_COUNT = 1_000
MAX_INTERVAL = 52

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule of RFC 5545 for whole days.

    Without ``byday`` and ``bymonthday`` the rule repeats the weekday, or the day of the month, of
    ``dtstart``; if both are given, a day must match both. A rule with ``interval`` over 1 or
    ``count`` needs ``dtstart``; without it the rule falls on no day, so that nobody is sent to a
    space on a guess.

    Attributes
    ----------
    byday : frozenset of str
        Codes of `WEEKDAYS`; in a monthly rule also with a number: ``1MO`` is the first Monday,
        ``-1FR`` the last Friday.
    bymonthday : frozenset of int
        1 to 31, or -1 (the last day of the month) to -31.
    freq : str
        One of `FREQUENCIES`.
    interval : int
        Number of weeks or months from one repeat to the next, counted from the week or month of
        ``dtstart``; weeks begin on Monday.
    dtstart, until : date or None
        First and last day on which the rule may fall.
    count : int or None
        Number of occurrences from ``dtstart`` on.
    """

    byday: frozenset[str] = frozenset()
    bymonthday: frozenset[int] = frozenset()
    freq: str = "WEEKLY"
    interval: int = 1
    dtstart: date | None = None
    until: date | None = None
    count: int | None = None

    def falls_on(self, day: date) -> bool:
        """Return whether the rule falls on a day."""
        if (self.dtstart is not None and day < self.dtstart) or (
            self.until is not None and day > self.until
        ):
            return False
        if not self._matches(day):
            return False
        return self.count is None or day <= _last_day(self)

    @property
    def is_every_day(self) -> bool:
        """Whether the rule falls on every day, without end."""
        return (
            self.freq == "WEEKLY"
            and self.interval == 1
            and self.byday.issuperset(WEEKDAYS)
            and not self.bymonthday
            and self.dtstart is None
            and self.until is None
            and self.count is None
        )

    def _matches(self, day: date) -> bool:
        if self.interval != 1 and not self._in_interval(day):
            return False
        if not self.byday and not self.bymonthday:
            return self._like_first(day)
        if self.bymonthday:
            last = monthrange(day.year, day.month)[1]
            if day.day not in self.bymonthday and day.day - last - 1 not in self.bymonthday:
                return False
        return not self.byday or self._on_weekday(day)

    def _in_interval(self, day: date) -> bool:
        if self.dtstart is None:
            return False
        if self.freq == "MONTHLY":
            passed = 12 * (day.year - self.dtstart.year) + day.month - self.dtstart.month
        else:
            passed = (_monday(day) - _monday(self.dtstart)).days // 7
        return passed % self.interval == 0

    def _like_first(self, day: date) -> bool:
        if self.dtstart is None:
            return False
        if self.freq == "MONTHLY":
            return day.day == self.dtstart.day
        return day.weekday() == self.dtstart.weekday()

    def _on_weekday(self, day: date) -> bool:
        code = WEEKDAYS[day.weekday()]
        if code in self.byday:
            return True
        if self.freq != "MONTHLY":
            return False
        last = monthrange(day.year, day.month)[1]
        nth, nth_from_end = (day.day - 1) // 7 + 1, (last - day.day) // 7 + 1
        return f"{nth}{code}" in self.byday or f"-{nth_from_end}{code}" in self.byday


def weekly(*byday: str) -> Recurrence:
    """Return a rule for the given weekdays of every week, without end."""
    return Recurrence(frozenset(byday))


def byday_code(value: str) -> str:
    """Return a code of ``byday`` in canonical form: upper case, without a plus sign.

    Raises
    ------
    ValueError
        The text is not a weekday of RFC 5545, such as ``MO`` or ``-1FR``.
    """
    found = _BYDAY.fullmatch(value.strip().upper())
    if found is None:
        raise ValueError(CodedReason("not_weekday", value=value[:20]))
    return (found["nth"] or "").removeprefix("+") + found["day"]


def rule_problems(rule: Recurrence) -> Iterable[CodedReason]:
    """Yield what is wrong with a rule that cannot be evaluated; nothing for a valid rule."""
    if rule.freq not in FREQUENCIES:
        yield CodedReason("not_one_of", field="freq", value=rule.freq, choices=FREQUENCIES)
    if not 1 <= rule.interval <= MAX_INTERVAL:
        yield _out_of("interval", rule.interval, MAX_INTERVAL)
    if rule.count is not None and not 1 <= rule.count <= MAX_COUNT:
        yield _out_of("count", rule.count, MAX_COUNT)
    if rule.count is not None and rule.until is not None:
        yield CodedReason("count_or_until")
    if (rule.interval > 1 or rule.count is not None) and rule.dtstart is None:
        yield CodedReason("interval_needs_start")
    if rule.dtstart is not None and rule.until is not None and rule.until < rule.dtstart:
        yield CodedReason("before", field="until", other="dtstart", start=rule.dtstart)
    if not rule.byday and not rule.bymonthday and rule.dtstart is None:
        yield CodedReason("no_days")
    yield from _day_problems(rule)


def _day_problems(rule: Recurrence) -> Iterable[CodedReason]:
    weeks = rule.freq == "WEEKLY"
    for code in sorted(rule.byday):
        if code not in WEEKDAYS and (weeks or _BYDAY.fullmatch(code) is None):
            yield CodedReason(
                "not_weekday_of_rule", field="byday", value=code[:20], freq=rule.freq.lower()
            )
    if weeks and rule.bymonthday:
        yield CodedReason("only_monthly", field="bymonthday")
    for number in sorted(rule.bymonthday):
        if not 1 <= abs(number) <= 31:  # noqa: PLR2004 - days of a month
            yield CodedReason("not_day_of_month", field="bymonthday", value=number)


def _out_of(name: str, number: int, most: int) -> CodedReason:
    return CodedReason("not_between", field=name, value=number, low=1, high=most)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


@lru_cache(maxsize=4096)
def _last_day(rule: Recurrence) -> date:
    """Return the day of the last of a rule's ``count`` occurrences.

    `date.max` if that day is not found within `_COUNT_HORIZON_DAYS`.
    """
    if rule.dtstart is None or rule.count is None:
        return date.min
    endless = Recurrence(rule.byday, rule.bymonthday, rule.freq, rule.interval, rule.dtstart)
    left = rule.count
    for offset in range(min(_COUNT_HORIZON_DAYS, (date.max - rule.dtstart).days)):
        day = rule.dtstart + timedelta(days=offset)
        left -= endless.falls_on(day)
        if left == 0:
            return day
    return date.max
