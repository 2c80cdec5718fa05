"""Rules of RFC 5545 against dateutil's own expansion."""

from datetime import date, datetime, time, timedelta

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from geo.hours.rrule import WEEKDAYS, Recurrence, byday_code, rule_problems, weekly

FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)
days = st.dates(FIRST, LAST)
weekday = st.sampled_from(WEEKDAYS)
nth_days = st.builds("{}{}".format, st.sampled_from((1, 2, 3, 4, 5, -1, -2, -5)), weekday)


@st.composite
def rules(draw):
    freq = draw(st.sampled_from(("WEEKLY", "MONTHLY")))
    monthly = freq == "MONTHLY"
    # Not both forms in one rule: dateutil wants both to hold, RFC 5545 either.
    codes = draw(st.sampled_from((weekday, nth_days))) if monthly else weekday
    dtstart = draw(st.dates(FIRST, date(2027, 6, 30)))
    ends = draw(st.sampled_from(("never", "until", "count")))
    return Recurrence(
        byday=frozenset(draw(st.sets(codes, max_size=3))),
        bymonthday=frozenset(
            draw(st.sets(st.integers(1, 31) | st.integers(-31, -1), max_size=2)) if monthly else ()
        ),
        freq=freq,
        interval=draw(st.integers(1, 5)),
        dtstart=dtstart,
        until=draw(days) if ends == "until" else None,
        count=draw(st.integers(1, 30)) if ends == "count" else None,
    )


def expanded(rule, until=LAST):
    """What dateutil makes of the rule, up to a day."""
    weekdays = []
    for code in rule.byday:
        day = getattr(rrule, code[-2:])
        weekdays.append(day(int(code[:-2])) if code[:-2] else day)
    # dateutil wants one end alone; the earlier one of count and our horizon is taken below.
    found = rrule.rrule(
        getattr(rrule, rule.freq),
        dtstart=datetime.combine(rule.dtstart, time()),
        interval=rule.interval,
        byweekday=weekdays or None,
        bymonthday=sorted(rule.bymonthday) or None,
        until=None if rule.count else datetime.combine(min(rule.until or until, until), time()),
        count=rule.count,
    )
    made = set()
    for moment in found:
        if moment.date() > until:
            break
        made.add(moment.date())
    return made


@given(rules())
def test_a_rule_falls_on_the_days_that_dateutil_finds(rule):
    every = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    assert {day for day in every if rule.falls_on(day)} == expanded(rule)


@pytest.mark.parametrize(
    ("text", "start", "falls"),
    [
        # Examples of RFC 5545, 3.8.5.3, of what HSDS 3 allows.
        ("WEEKLY/2 MO,WE,FR until 1997-12-24", date(1997, 9, 1), [1, 3, 5, 15, 17, 19, 29]),
        ("MONTHLY/1 1FR", date(1997, 9, 5), [5]),
        ("MONTHLY/1 -2MO", date(1997, 9, 22), [22]),
        ("MONTHLY/1 *-3", date(1997, 9, 28), [28]),
        ("MONTHLY/1 *2,15", date(1997, 9, 2), [2, 15]),
    ],
)
def test_examples_of_the_standard(text, start, falls):
    head, days_part, *ends = text.split(" ", 2)
    freq, interval = head.split("/")
    by_number = days_part.startswith("*")
    rule = Recurrence(
        byday=frozenset(() if by_number else days_part.split(",")),
        bymonthday=frozenset(map(int, days_part[1:].split(","))) if by_number else frozenset(),
        freq=freq,
        interval=int(interval),
        dtstart=start,
        until=date.fromisoformat(ends[0].split()[1]) if ends else None,
    )
    assert [d for d in range(1, 31) if rule.falls_on(date(1997, 9, d))] == falls


def test_a_rule_without_the_first_day_it_needs_falls_on_none():
    for rule in (
        Recurrence(frozenset({"MO"}), interval=2),
        Recurrence(frozenset({"MO"}), count=3),
        Recurrence(),
        Recurrence(freq="MONTHLY"),
    ):
        assert not any(rule.falls_on(FIRST + timedelta(days=n)) for n in range(60))
        assert list(rule_problems(rule))


def test_sound_rules_have_no_problem():
    for rule in (
        weekly("MO"),
        Recurrence(frozenset({"1MO", "-1FR"}), freq="MONTHLY"),
        Recurrence(bymonthday=frozenset({-1, 15}), freq="MONTHLY"),
        Recurrence(frozenset({"TU"}), interval=2, dtstart=FIRST, count=5),
        Recurrence(dtstart=FIRST),
    ):
        assert list(rule_problems(rule)) == []


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (Recurrence(frozenset({"1MO"})), "weekly rule"),
        (Recurrence(frozenset({"6MO"}), freq="MONTHLY"), "byday"),
        (Recurrence(frozenset({"MO"}), freq="DAILY"), "freq"),
        (Recurrence(frozenset({"MO"}), interval=0), "interval"),
        (Recurrence(frozenset({"MO"}), frozenset({1})), "monthly rule"),
        (Recurrence(bymonthday=frozenset({32}), freq="MONTHLY"), "bymonthday"),
        (Recurrence(frozenset({"MO"}), dtstart=FIRST, count=1_000_000), "count"),
        (Recurrence(frozenset({"MO"}), dtstart=FIRST, until=FIRST, count=1), "exclude"),
        (Recurrence(frozenset({"MO"}), dtstart=LAST, until=FIRST), "before dtstart"),
    ],
)
def test_unsound_rules_say_what_is_wrong(rule, says):
    assert any(says in problem for problem in rule_problems(rule))


def test_days_are_read_with_their_number():
    assert [byday_code(c) for c in ("mo", "+1MO", "-1FR", " 5SU ")] == ["MO", "1MO", "-1FR", "5SU"]
    for wrong in ("", "0MO", "6MO", "LU", "MOO", "1"):
        with pytest.raises(ValueError, match="not a weekday"):
            byday_code(wrong)


def test_a_rule_that_never_falls_ends():
    # The 30th of February, counted: looked for once, not for ever.
    never = Recurrence(frozenset({"5MO"}), frozenset({1}), "MONTHLY", dtstart=FIRST, count=3)
    assert not any(never.falls_on(FIRST + timedelta(days=n)) for n in range(800))
