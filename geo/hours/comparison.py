"""Whether changed hours are shorter or longer: open time compared by intervals, not by wording.

Times are local to the space and naive. Only the open time that is still to come counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from geo.hours.public_holidays import is_holiday
from geo.hours.rrule import DAY, Recurrence

#: Days compared: two weeks show every plain weekly rule with its nights; rules with dates or
#: exceptions need a year and the days around its turn; rules that skip weeks or months can take
#: four years to come round (`geo.hours.rrule.MAX_INTERVAL` months), with a leap day in between.
PLAIN_DAYS = 14
DATED_DAYS = 400
LONGEST_DAYS = 5 * 366

#: Days times rules squared up to which a change that takes and gives is taken apart; above it
#: waits as a whole. A quarter of a second of one core, measured; people write far fewer rules.
MOST_WORK = 160_000

Span = tuple[datetime, datetime]
Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Whose public holidays are kept, and what an opening on one means (see `Hours`)."""

    holidays: str = "not_known"
    country: str | None = None
    admin1: str | None = None

    def is_doubtful(self, day: date) -> bool:
        """Return whether a usual opening of that day is closed, or not known to be open."""
        return self.holidays != "open" and is_holiday(self.country, self.admin1, day)


@dataclass(frozen=True, slots=True)
class OpenTime:
    """The fields of a space that say when it is open.

    Attributes
    ----------
    schedules, exceptions : tuple of mapping
        As a document of a space has them (``schedules``, ``schedule_exceptions``).
    """

    schedules: tuple[Rule, ...]
    exceptions: tuple[Rule, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "OpenTime":
        """Return the open time of a document."""
        return cls(
            tuple(document.get("schedules") or ()),
            tuple(document.get("schedule_exceptions") or ()),
        )

    def at_home(self) -> "OpenTime":
        """Return it without the rules that have a time zone of their own."""
        own = tuple(rule for rule in self.schedules if not _is_abroad(rule))
        return OpenTime(own, self.exceptions)

    def fields(self) -> dict[str, list[Rule]]:
        """Return it as the fields of a document."""
        return {
            "schedules": list(self.schedules),
            "schedule_exceptions": list(self.exceptions),
        }


def shortened(
    before: OpenTime, after: OpenTime, today: date, calendar: Calendar | None = None
) -> OpenTime | None:
    """Return the part of a change that only takes open time away, or None if there is none.

    Parameters
    ----------
    before, after : OpenTime
        What is known now, and what would be.
    today : date
        Open time of the days before does not count.
    calendar : Calendar
        Holidays: hours stated for one are certain, usual ones are not.

    Returns
    -------
    OpenTime or None
        ``after`` itself where it is never open when ``before`` is not. Of a change that takes
        and gives, a part that takes exactly what ``after`` takes, where one can be put together
        from the rules of both. Never open when ``before`` is not.
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
    """The days that are compared."""

    today: date
    days: int
    calendar: Calendar

    def is_shorter(self, shorter: OpenTime, longer: OpenTime) -> bool:
        """Return whether one is never open, nor lets anybody in, when the other does not.

        Neither perhaps (a holiday) nor certainly.
        """
        if _reaches_beyond(shorter, longer, self.today):
            return False
        if not self._lies_within(shorter, longer):
            return False
        # A rule of another time zone covers nothing that is said in the space's own.
        is_mixed = any(map(_is_abroad, longer.schedules))
        return not is_mixed or self._lies_within(shorter.at_home(), longer.at_home())

    def _lies_within(self, shorter: OpenTime, longer: OpenTime) -> bool:
        return all(
            _is_within(
                self.spans(shorter, entry=entry, certain=certain),
                self.spans(longer, entry=entry, certain=certain),
            )
            for entry in (False, True)
            for certain in (False, True)
        )

    def spans(self, times: OpenTime, *, entry: bool = False, certain: bool = False) -> list[Span]:
        """Return when it is open, or with ``entry`` when it lets people in; merged, in order.

        On a day with exceptions these replace what begins on it. Usual hours of a holiday are
        left out where only what is ``certain`` counts.
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
    """Return the local interval of an opening: equal times are the whole calendar day."""
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
    """Return what lies in both; both merged and in order."""
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
    """Return whether merged spans lie within others; both in order."""
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
            # With holidays: what is always open, and what an exception says, is certain there.
            days = max(days, DATED_DAYS)
        for latest in _dates(times):
            days = max(days, (latest - today).days + PLAIN_DAYS)
        if any(_skips(rule) for rule in times.schedules):
            days = LONGEST_DAYS
    return min(days, LONGEST_DAYS)


def _reaches_beyond(shorter: OpenTime, longer: OpenTime, today: date) -> bool:
    """Return whether a rule is about more than what is compared: a later end, another clock."""
    end = today + LONGEST_DAYS * DAY
    is_later = any(
        rule.get("count") is not None
        or _is_abroad(rule)
        or any(latest > end for latest in _dates_of(rule))
        for rule in shorter.schedules
        if rule not in longer.schedules
    )
    # So far ahead a day may be opened by an exception, or by taking away one that closes it.
    given = (rule for rule in shorter.exceptions if rule not in longer.exceptions)
    taken = (rule for rule in longer.exceptions if rule not in shorter.exceptions)
    return is_later or any(
        _day(rule["ends_on"]) > end
        for rule in (*(rule for rule in given if not rule.get("closed")), *taken)
    )


def _is_abroad(rule: Rule) -> bool:
    """Return whether a rule has a time zone of its own: written only where not the space's."""
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
