"""Openings against a plain scan of every minute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.schedules import (
    WEEKDAYS,
    Opening,
    covers_day,
    covers_night,
    from_json,
    is_open,
    next_change,
    next_closing,
    next_opening,
)

BOGOTA = ZoneInfo("America/Bogota")
EVERY_DAY = frozenset(WEEKDAYS)
MINUTE = timedelta(minutes=1)

quarter_hours = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
days = st.dates(date(2026, 11, 20), date(2026, 12, 10))
instants = st.integers(0, 14 * 24 * 60).map(
    lambda minutes: datetime(2026, 11, 22, tzinfo=BOGOTA) + minutes * MINUTE
)


@st.composite
def openings(draw, timezone="America/Bogota"):
    return Opening(
        byday=frozenset(draw(st.sets(st.sampled_from(WEEKDAYS), max_size=7))),
        opens_at=draw(quarter_hours),
        closes_at=draw(quarter_hours),
        timezone=timezone,
        valid_from=draw(st.none() | days),
        valid_to=draw(st.none() | days),
    )


def slow_is_open(rules, at):
    """The same question by walking every minute of the openings around it."""
    for rule in rules:
        local = at.astimezone(ZoneInfo(rule.timezone)).replace(tzinfo=None, second=0)
        for back in range(2 * 24 * 60):
            begin = local - back * MINUTE
            day = begin.date()
            if rule.valid_from and day < rule.valid_from:
                continue
            if rule.valid_to and day > rule.valid_to:
                continue
            if WEEKDAYS[day.weekday()] not in rule.byday:
                continue
            if rule.opens_at == rule.closes_at:
                if day == local.date():
                    return True
                continue
            if begin.time() != rule.opens_at:
                continue
            length = (
                datetime.combine(day, rule.closes_at) - datetime.combine(day, rule.opens_at)
            ) % timedelta(days=1)
            if back * MINUTE < length:
                return True
    return False


@settings(max_examples=150, deadline=None)
@given(st.lists(openings(), max_size=3), instants)
def test_is_open_agrees_with_a_scan(rules, at):
    assert is_open(rules, at) == slow_is_open(rules, at)


@settings(max_examples=150, deadline=None)
@given(st.lists(openings(), max_size=3), days)
def test_a_covered_night_has_no_closed_minute(rules, day):
    start = datetime.combine(day, time(21), BOGOTA)
    minutes = [start + n * 15 * MINUTE for n in range(8 * 4)]
    assert covers_night(rules, day) == all(is_open(rules, at) for at in minutes)


@settings(max_examples=150, deadline=None)
@given(st.lists(openings(), max_size=3), days)
def test_a_covered_day_is_one_that_an_opening_begins_on(rules, day):
    assert covers_day(rules, day) == any(r.begins_on(day) for r in rules)
    if not covers_day(rules, day) and not covers_day(rules, day - timedelta(days=1)):
        noon = datetime.combine(day, time(12), BOGOTA)
        assert not is_open(rules, noon)


@settings(max_examples=100, deadline=None)
@given(st.lists(openings(), max_size=2), instants)
def test_next_opening_agrees_with_a_scan(rules, after):
    expected_open = expected_close = None
    was = is_open(rules, after)
    # Every change falls on a quarter of an hour.
    step = after + (15 - after.minute % 15) * MINUTE
    while step <= after + timedelta(days=9):
        now = is_open(rules, step)
        if now and not was:
            expected_open = expected_open or step
        if was and not now:
            expected_close = expected_close or step
        was = now
        step += 15 * MINUTE
    if expected_open and expected_open <= after + timedelta(days=8):
        assert next_opening(rules, after, horizon_days=8) == expected_open
    if expected_close and expected_close <= after + timedelta(days=8):
        assert next_closing(rules, after, horizon_days=8) == expected_close


def test_a_shelter_is_open_across_midnight_by_the_day_it_opened():
    monday_night = [
        Opening(frozenset({"MO"}), time(16), time(8), "America/Bogota"),
    ]
    assert is_open(monday_night, datetime(2026, 11, 23, 23, 59, tzinfo=BOGOTA))
    assert is_open(monday_night, datetime(2026, 11, 24, 7, 59, tzinfo=BOGOTA))
    assert not is_open(monday_night, datetime(2026, 11, 24, 8, 0, tzinfo=BOGOTA))
    assert not is_open(monday_night, datetime(2026, 11, 23, 7, 0, tzinfo=BOGOTA))
    assert covers_night(monday_night, date(2026, 11, 23))
    assert not covers_night(monday_night, date(2026, 11, 24))


def test_the_last_valid_day_keeps_its_night():
    last = [Opening(EVERY_DAY, time(16), time(8), "America/Bogota", None, date(2026, 11, 23))]
    assert is_open(last, datetime(2026, 11, 24, 3, tzinfo=BOGOTA))
    assert not is_open(last, datetime(2026, 11, 24, 17, tzinfo=BOGOTA))


def test_midnight_to_midnight_is_always_open_and_never_changes():
    always = from_json(
        [
            {
                "byday": list(WEEKDAYS),
                "opens_at": "00:00",
                "closes_at": "00:00",
                "timezone": "America/Lima",
                "valid_from": None,
                "valid_to": None,
            }
        ]
    )
    assert covers_night(always, date(2026, 11, 24))
    at = datetime(2026, 11, 24, tzinfo=UTC)
    assert is_open(always, at)
    assert next_opening(always, at) is None
    assert next_closing(always, at) is None
    assert next_change(always, at) is None


def test_no_schedule_is_never_open():
    assert not is_open((), datetime(2026, 11, 24, tzinfo=UTC))
    assert not covers_day((), date(2026, 11, 24))
    assert not covers_night((), date(2026, 11, 24))
    assert next_opening((), datetime(2026, 11, 24, tzinfo=UTC)) is None


def test_hours_are_local_to_the_place():
    rules = [Opening(EVERY_DAY, time(8), time(17), "America/Santiago")]
    # Santiago is UTC-3 in November.
    assert is_open(rules, datetime(2026, 11, 24, 11, 0, tzinfo=UTC))
    assert not is_open(rules, datetime(2026, 11, 24, 10, 59, tzinfo=UTC))
    assert next_opening(rules, datetime(2026, 11, 24, 21, tzinfo=UTC)) == datetime(
        2026, 11, 25, 11, tzinfo=UTC
    )


@pytest.mark.parametrize("horizon_days", [3, 60])
def test_next_opening_ends_at_the_horizon(horizon_days):
    later = [Opening(EVERY_DAY, time(8), time(17), "America/Lima", date(2026, 12, 20), None)]
    found = next_opening(later, datetime(2026, 11, 24, tzinfo=UTC), horizon_days=horizon_days)
    assert (found is not None) == (horizon_days == 60)
