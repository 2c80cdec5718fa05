"""Comparison of opening hours before and after a change, by intervals of time, not by rules.

Different rules can mean the same hours. Times are local to the space and naive. Open time before
the day of the change is ignored.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from geo.hours.public_holidays import is_holiday
from geo.hours.rrule import DAY, Recurrence

#: Days to compare if all rules are plain weekly ones: two weeks contain every opening of the week,
#: also one that crosses midnight into the next week.
PLAIN_DAYS = 14
#: Days to compare if rules have dates or exceptions: a year and some days.
DATED_DAYS = 400
#: Days to compare if rules skip weeks or months: they can take four years to repeat
#: (`geo.hours.rrule.MAX_INTERVAL` months), with a leap day in between.
LONGEST_DAYS = 5 * 366

#: Limit for splitting a change that both removes and adds open time: number of days times squared
#: number of rules. A change beyond the limit waits as a whole for a second person. At the limit the
#: split takes 0.25 s of one core (measured); real schedules have far fewer rules.
MOST_WORK = 160_000

Span = tuple[datetime, datetime]
Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The public holidays that apply to a space, and their effect on its openings.

    The fields are those of `geo.hours.space_hours.Hours`.
    """

    holidays: str = "not_known"
    country: str | None = None
    admin1: str | None = None

    def is_doubtful(self, day: date) -> bool:
        """Return whether a holiday makes the regular openings of a day closed or doubtful."""
        return self.holidays != "open" and is_holiday(self.country, self.admin1, day)


@dataclass(frozen=True, slots=True)
class OpenTime:
    """The opening hours of a space: regular schedules and exceptions.

    Attributes
    ----------
    schedules, exceptions : tuple of mapping
        Rules as in a space's document (``schedules``, ``schedule_exceptions``).
    """

    schedules: tuple[Rule, ...]
    exceptions: tuple[Rule, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "OpenTime":
        """Return the opening hours in a space's document."""
        return cls(
            tuple(document.get("schedules") or ()),
            tuple(document.get("schedule_exceptions") or ()),
        )

    def at_home(self) -> "OpenTime":
        """Return the hours without the rules in another time zone than that of the space."""
        own = tuple(rule for rule in self.schedules if not _is_abroad(rule))
        return OpenTime(own, self.exceptions)

    def fields(self) -> dict[str, list[Rule]]:
        """Return the hours as fields of a space's document."""
        return {
            "schedules": list(self.schedules),
            "schedule_exceptions": list(self.exceptions),
        }


def shortened(
    before: OpenTime, after: OpenTime, today: date, calendar: Calendar | None = None
) -> OpenTime | None:
    """Return the part of a change of opening hours that only removes open time, or None.

    Parameters
    ----------
    before, after : OpenTime
        Hours before and after the change.
    today : date
        First day to compare; earlier open time is ignored.
    calendar : Calendar
        Holidays, which can make regular hours doubtful, but not exceptions.

    Returns
    -------
    OpenTime or None
        Hours that are open only when ``before`` is open too. This is ``after`` itself if the change
        only removes open time. If the change both removes and adds open time, a combination of
        rules of ``before`` and ``after`` that removes exactly the time that ``after`` removes; None
        if no combination was found.
    """
    frame = _Frame(today, _horizon(before, after, today), calendar or Calendar())
    if frame.is_shorter(after, before):
        return after
    rules = sum(len(times.schedules) + len(times.exceptions) for times in (before, after))
    if frame.days * rules**2 > MOST_WORK:
        return None
    common = _common(frame.spans(before), frame.spans(after))
    for part in _parts(before, after, frame):
        if (
            part not in (before, after)
            and frame.is_shorter(part, before)
            and _is_within(common, frame.spans(part))
        ):
            return part
    return None


def share_kept(after: OpenTime, before: OpenTime, today: date) -> float:
    """Return the open time of the next two weeks after a change, as a share of that before.

    Returns
    -------
    float
        Open time of ``after`` divided by that of ``before``; 1 if ``before`` is never open.
    """
    frame = _Frame(today, PLAIN_DAYS, Calendar())
    was, will = (
        sum((end - start for start, end in frame.spans(times)), timedelta())
        for times in (before, after)
    )
    return will / was if was else 1.0


def _parts(before: OpenTime, after: OpenTime, frame: "_Frame") -> Iterator[OpenTime]:
    yield OpenTime(before.schedules, after.exceptions)
    yield OpenTime(after.schedules, before.exceptions)
    for exceptions in (after.exceptions, before.exceptions):
        wide, narrow = OpenTime(before.schedules, exceptions), OpenTime(after.schedules, exceptions)
        kept = [
            rule
            for rule in before.schedules
            if frame.is_shorter(OpenTime((rule,), exceptions), narrow)
        ]
        kept += [
            rule
            for rule in after.schedules
            if rule not in kept and frame.is_shorter(OpenTime((rule,), exceptions), wide)
        ]
        if kept:
            yield OpenTime(tuple(kept), exceptions)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The period of days over which hours are compared, and the holidays in it."""

    today: date
    days: int
    calendar: Calendar

    def is_shorter(self, shorter: OpenTime, longer: OpenTime) -> bool:
        """Return whether ``shorter`` is open, and admits people, only when ``longer`` does so too.

        This must hold both for all hours and for the hours that no holiday makes doubtful.
        """
        if _reaches_beyond(shorter, longer, self.today):
            return False
        if not self._lies_within(shorter, longer):
            return False
        # Naive times of a rule in another time zone do not cover times of the space's own zone, so
        # compare the rules in the own zone alone too.
        is_mixed = any(map(_is_abroad, longer.schedules))
        return not is_mixed or self._lies_within(shorter.at_home(), longer.at_home())

    def _lies_within(self, shorter: OpenTime, longer: OpenTime) -> bool:
        # An opening of ``shorter`` on the last day may end on the next day, within an opening of
        # ``longer`` that begins only there: compare with one more day of ``longer``.
        further = replace(self, days=self.days + 1)
        return all(
            _is_within(
                self.spans(shorter, entry=entry, certain=certain),
                further.spans(longer, entry=entry, certain=certain),
            )
            for entry in (False, True)
            for certain in (False, True)
        )

    def spans(self, times: OpenTime, *, entry: bool = False, certain: bool = False) -> list[Span]:
        """Return the merged, ordered intervals of open time.

        Exceptions replace the openings that begin on their days. With ``entry`` an interval ends at
        the last entry. With ``certain`` regular hours on a holiday are left out.
        """
        rules = [(rule, _recurrence(rule)) for rule in times.schedules]
        always = any(recurrence.is_every_day and _is_endless(rule) for rule, recurrence in rules)
        special = self._special(times)
        found = []
        for offset in range(-1, self.days):
            day = self.today + offset * DAY
            if day in special:
                found += [
                    _span(rule, day, entry=False)
                    for rule in special[day]
                    if not rule.get("closed", False)
                ]
                continue
            falling = [
                rule
                for rule, recurrence in rules
                if _is_valid(rule, day) and recurrence.falls_on(day)
            ]
            if falling and certain and not always and self.calendar.is_doubtful(day):
                continue
            found += [_span(rule, day, entry=entry) for rule in falling]
        return _merged(span for span in found if span[0] < span[1])

    def _special(self, times: OpenTime) -> dict[date, list[Rule]]:
        special: dict[date, list[Rule]] = {}
        for exception in times.exceptions:
            first = max(_day(exception["starts_on"]), self.today - DAY)
            last = min(_day(exception["ends_on"]), self.today + self.days * DAY)
            for offset in range((last - first).days + 1):
                special.setdefault(first + offset * DAY, []).append(exception)
        return special


def _is_endless(rule: Rule) -> bool:
    return rule["opens_at"] == rule["closes_at"] and not any(True for _ in _dates_of(rule))


def _span(rule: Rule, day: date, *, entry: bool) -> Span:
    """Return the local interval of a rule's opening; with ``entry``, up to the last entry.

    Equal times of opening and closing mean the whole calendar day.
    """
    opens, closes = _time(rule["opens_at"]), _time(rule["closes_at"])
    last_entry = rule.get("last_entry") if entry else None
    if opens == closes and last_entry is None:
        midnight = datetime.combine(day, time())
        return midnight, midnight + DAY
    until = closes if last_entry is None else _time(last_entry)
    begin = time() if opens == closes else opens
    return (
        datetime.combine(day, begin),
        datetime.combine(day if begin < until else day + DAY, until),
    )


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _common(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """Return the intersection of two lists of intervals, each merged and in order."""
    found: list[Span] = []
    mine, theirs = 0, 0
    while mine < len(one) and theirs < len(other):
        start = max(one[mine][0], other[theirs][0])
        end = min(one[mine][1], other[theirs][1])
        if start < end:
            found.append((start, end))
        if one[mine][1] <= other[theirs][1]:
            mine += 1
        else:
            theirs += 1
    return found


def _is_within(inner: Sequence[Span], outer: Sequence[Span]) -> bool:
    """Return whether each interval of ``inner`` lies within an interval of ``outer``.

    Both lists are merged and in order.
    """
    position = 0
    for start, end in inner:
        while position < len(outer) and outer[position][1] < end:
            position += 1
        if position == len(outer) or outer[position][0] > start:
            return False
    return True


def _horizon(before: OpenTime, after: OpenTime, today: date) -> int:
    days = PLAIN_DAYS
    for times in (before, after):
        if times.exceptions or any(_is_dated(r) or _is_endless(r) for r in times.schedules):
            # Compare a whole year with all its holidays: holidays make regular hours doubtful, but
            # not exceptions and hours that are "always open".
            days = max(days, DATED_DAYS)
        for latest in _dates(times):
            days = max(days, (latest - today).days + PLAIN_DAYS)
        if any(_skips(rule) for rule in times.schedules):
            days = LONGEST_DAYS
    return min(days, LONGEST_DAYS)


def _reaches_beyond(shorter: OpenTime, longer: OpenTime, today: date) -> bool:
    """Return whether the comparison would miss open time that a change may add.

    This is the case for a new rule with a count, in another time zone or with a date after the
    compared days, and for an exception after these days.
    """
    end = today + LONGEST_DAYS * DAY
    is_later = any(
        rule.get("count") is not None
        or _is_abroad(rule)
        or any(latest > end for latest in _dates_of(rule))
        for rule in shorter.schedules
        if rule not in longer.schedules
    )
    # After the compared days, an added exception may open a day, and a removed exception may have
    # closed a day.
    given = (rule for rule in shorter.exceptions if rule not in longer.exceptions)
    taken = (rule for rule in longer.exceptions if rule not in shorter.exceptions)
    return is_later or any(
        _day(rule["ends_on"]) > end
        for rule in (*(rule for rule in given if not rule.get("closed")), *taken)
    )


def _is_abroad(rule: Rule) -> bool:
    """Return whether a rule states a time zone: it does so only if the space has another zone."""
    return rule.get("timezone") is not None


def _dates(times: OpenTime) -> Iterator[date]:
    for rule in (*times.schedules, *times.exceptions):
        yield from _dates_of(rule)


def _dates_of(rule: Rule) -> Iterator[date]:
    for name in ("dtstart", "until", "valid_from", "valid_to", "starts_on", "ends_on"):
        if rule.get(name):
            yield _day(rule[name])


def _is_dated(rule: Rule) -> bool:
    return _skips(rule) or any(True for _ in _dates_of(rule))


def _skips(rule: Rule) -> bool:
    return (
        rule.get("freq") == "MONTHLY"
        or (rule.get("interval") or 1) != 1
        or rule.get("count") is not None
    )


def _is_valid(rule: Rule, day: date) -> bool:
    first, last = rule.get("valid_from"), rule.get("valid_to")
    return (first is None or _day(first) <= day) and (last is None or day <= _day(last))


def _recurrence(rule: Rule) -> Recurrence:
    dtstart, until = rule.get("dtstart"), rule.get("until")
    return Recurrence(
        byday=frozenset(rule.get("byday") or ()),
        bymonthday=frozenset(rule.get("bymonthday") or ()),
        freq=rule.get("freq") or "WEEKLY",
        interval=rule.get("interval") or 1,
        dtstart=None if dtstart is None else _day(dtstart),
        until=None if until is None else _day(until),
        count=rule.get("count"),
    )


def _day(value: str) -> date:
    return date.fromisoformat(value)


def _time(value: str) -> time:
    return time() if value.startswith("24") else time.fromisoformat(value)
