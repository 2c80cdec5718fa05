"""Whether changed hours are shorter or longer: open time compared by intervals, not by wording.

Times are local to the space and naive. Only the open time that is still to come counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from geo.recurrence import DAY, Recurrence

#: Days compared: two weeks show every plain weekly rule with its nights; rules with dates or
#: exceptions need a year and the days around its turn; rules that skip weeks or months can take
#: four years to come round (`geo.recurrence.MAX_INTERVAL` months), with a leap day in between.
PLAIN_DAYS = 14
DATED_DAYS = 400
LONGEST_DAYS = 5 * 366

Span = tuple[datetime, datetime]
Rule = Mapping[str, Any]


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

    def fields(self) -> dict[str, list[Rule]]:
        """Return it as the fields of a document."""
        return {
            "schedules": list(self.schedules),
            "schedule_exceptions": list(self.exceptions),
        }


def shortened(before: OpenTime, after: OpenTime, today: date) -> OpenTime | None:
    """Return the part of a change that only takes open time away, or None if there is none.

    Parameters
    ----------
    before, after : OpenTime
        What is known now, and what would be.
    today : date
        Open time of the days before does not count.

    Returns
    -------
    OpenTime or None
        ``after`` itself where it is never open when ``before`` is not. Of a change that takes
        and gives, a part that takes exactly what ``after`` takes, where one can be put together
        from the rules of both. Never open when ``before`` is not.
    """
    days = _horizon(before, after, today)
    if _is_shorter(after, before, today, days):
        return after
    common = _common(_spans(before, today, days), _spans(after, today, days))
    for part in _parts(before, after, today, days):
        if (
            part not in (before, after)
            and _is_shorter(part, before, today, days)
            and _is_within(common, _spans(part, today, days))
        ):
            return part
    return None


def _parts(before: OpenTime, after: OpenTime, today: date, days: int) -> Iterator[OpenTime]:
    yield OpenTime(before.schedules, after.exceptions)
    yield OpenTime(after.schedules, before.exceptions)
    for exceptions in (after.exceptions, before.exceptions):
        wide, narrow = OpenTime(before.schedules, exceptions), OpenTime(after.schedules, exceptions)
        kept = [
            rule
            for rule in before.schedules
            if _is_shorter(OpenTime((rule,), exceptions), narrow, today, days)
        ]
        kept += [
            rule
            for rule in after.schedules
            if rule not in kept and _is_shorter(OpenTime((rule,), exceptions), wide, today, days)
        ]
        if kept:
            yield OpenTime(tuple(kept), exceptions)


def _is_shorter(shorter: OpenTime, longer: OpenTime, today: date, days: int) -> bool:
    """Tell whether one is never open, nor lets anybody in, when the other does not."""
    if _reaches_beyond(shorter, longer, today):
        return False
    return all(
        _is_within(
            _spans(shorter, today, days, entry=entry), _spans(longer, today, days, entry=entry)
        )
        for entry in (False, True)
    )


def _spans(times: OpenTime, today: date, days: int, *, entry: bool = False) -> list[Span]:
    """Return when it is open, or with ``entry`` when it lets people in; merged, in order.

    On a day with exceptions these replace what begins on it; one that closes it wins.
    """
    special: dict[date, list[Rule]] = {}
    for exception in times.exceptions:
        first, last = _day(exception["starts_on"]), _day(exception["ends_on"])
        for offset in range((min(last, today + days * DAY) - max(first, today - DAY)).days + 1):
            special.setdefault(max(first, today - DAY) + offset * DAY, []).append(exception)
    rules = [(rule, _recurrence(rule)) for rule in times.schedules]
    found = []
    for offset in range(-1, days):
        day = today + offset * DAY
        if day in special:
            if not any(rule.get("closed", False) for rule in special[day]):
                found += [_span(rule, day, entry=False) for rule in special[day]]
        else:
            found += [
                _span(rule, day, entry=entry)
                for rule, recurrence in rules
                if _is_valid(rule, day) and recurrence.falls_on(day)
            ]
    return _merged(span for span in found if span[0] < span[1])


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
    return _merged(
        (max(a[0], b[0]), min(a[1], b[1]))
        for a in one
        for b in other
        if a[0] < b[1] > a[0] and b[0] < a[1]
    )


def _is_within(inner: Sequence[Span], outer: Sequence[Span]) -> bool:
    """Tell whether merged spans lie within others; both in order."""
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
        if times.exceptions or any(map(_is_dated, times.schedules)):
            days = max(days, DATED_DAYS)
        for latest in _dates(times):
            days = max(days, (latest - today).days + PLAIN_DAYS)
        if any(_skips(rule) for rule in times.schedules):
            days = LONGEST_DAYS
    return min(days, LONGEST_DAYS)


def _reaches_beyond(shorter: OpenTime, longer: OpenTime, today: date) -> bool:
    """Tell whether a rule is about more than what is compared: a later end, another clock."""
    end = today + LONGEST_DAYS * DAY
    return any(
        rule.get("count") is not None
        or rule.get("timezone") is not None  # written only where it is not the space's own
        or any(latest > end for latest in _dates_of(rule))
        for rule in shorter.schedules
        if rule not in longer.schedules
    )


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
