"""The hours of a space against a plain scan, with holidays, exceptions and clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.hours.openings import WEEKDAYS, Opening, weekly
from geo.hours.public_holidays import is_holiday
from geo.hours.rrule import Recurrence
from geo.hours.space_hours import DayException, Hours, hours_of
from tests.fixtures.effort import calls_of
from tests.fixtures.examples import examples

BOGOTA = ZoneInfo("America/Bogota")
EVERY_DAY = weekly(*WEEKDAYS)
MINUTE = timedelta(minutes=1)
QUARTER = 15 * MINUTE
#: By whether an interval is certain.
STATES = {True: "open", False: "not_known"}
DAY = timedelta(days=1)

#: With the clock change in the days asked about (Santiago: 5 April and 6 September 2026; New
#: York: 8 March and 1 November), and one without.
ZONES = ("America/Bogota", "America/Santiago", "America/New_York")
CHANGES = (date(2026, 3, 8), date(2026, 4, 4), date(2026, 9, 6), date(2026, 11, 1))

quarter_hours = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))


def always(timezone="America/Lima"):
    return Opening(EVERY_DAY, time(), time(), timezone)


@st.composite
def cases(draw):
    """Hours, and an instant within some days of a clock change or of Christmas."""
    middle = draw(st.sampled_from((*CHANGES, date(2026, 12, 25))))
    near = st.integers(-6, 6).map(lambda n: middle + timedelta(days=n))
    timezone = draw(st.sampled_from(ZONES))
    openings = draw(
        st.lists(
            st.builds(
                Opening,
                rule=st.builds(
                    Recurrence,
                    byday=st.frozensets(st.sampled_from(WEEKDAYS), min_size=1),
                    interval=st.sampled_from((1, 1, 2)),
                    dtstart=near,
                ),
                opens_at=quarter_hours,
                closes_at=quarter_hours,
                timezone=st.just(timezone),
                valid_from=st.none() | near,
                valid_to=st.none() | near,
            ),
            max_size=3,
        )
    )
    exceptions = []
    for starts_on in draw(st.lists(near, max_size=2)):
        is_closed = draw(st.booleans())
        exceptions.append(
            DayException(
                starts_on,
                starts_on + timedelta(days=draw(st.integers(0, 2))),
                None if is_closed else draw(quarter_hours),
                None if is_closed else draw(quarter_hours),
            )
        )
    hours = Hours(
        tuple(openings),
        tuple(exceptions),
        draw(st.sampled_from(("open", "closed", "not_known"))),
        timezone,
        "CO",
    )
    minutes = draw(st.integers(-5 * 96, 5 * 96)) * 15
    at = datetime.combine(middle, time(), ZoneInfo(timezone)).astimezone(UTC)
    return hours, at + minutes * MINUTE


def scanned(hours, at):
    """The state by writing down every opening of the days around, in real time."""
    zone = ZoneInfo(hours.timezone)
    certain = doubtful = False
    start = at - 3 * DAY
    # By halves: a day of 23 hours lies between two instants that are 24 hours apart.
    days = {(start + n * DAY / 2).astimezone(zone).date() for n in range(12)}
    for opening in (opening for day in days for opening in day_openings(hours, day)):
        begins, ends = opening["from"], opening["to"]
        if begins <= at < ends:
            if hours.holidays == "not_known" and opening["holiday"]:
                doubtful = True
            else:
                certain = True
    if certain:
        return "open"
    if doubtful or not (hours.openings or hours.exceptions):
        return "not_known"
    return "closed"


def day_openings(hours, day):
    zone = ZoneInfo(hours.timezone)

    def instant(moment, on):
        return datetime.combine(on, moment, zone).astimezone(UTC)

    def span(opens, closes, *, holiday):
        if opens == closes:
            opens = closes = time()
        after = day if opens < closes else day + DAY
        return {"from": instant(opens, day), "to": instant(closes, after), "holiday": holiday}

    found = [e for e in hours.exceptions if e.starts_on <= day <= e.ends_on]
    if found:
        return [
            span(e.opens_at, e.closes_at, holiday=False) for e in found if e.opens_at is not None
        ]
    holiday = is_holiday("CO", None, day) and hours.holidays != "open"
    if holiday and hours.holidays == "closed":
        return []
    made = []
    for o in hours.openings:
        weeks = (
            day
            - timedelta(days=day.weekday())
            - (o.rule.dtstart - timedelta(days=o.rule.dtstart.weekday()))
        ).days // 7
        if (
            day >= o.rule.dtstart
            and weeks % o.rule.interval == 0
            and WEEKDAYS[day.weekday()] in o.rule.byday
            and (o.valid_from is None or o.valid_from <= day)
            and (o.valid_to is None or day <= o.valid_to)
        ):
            made.append(span(o.opens_at, o.closes_at, holiday=holiday))
    return made


@settings(max_examples=examples(400))
@given(cases())
def test_the_state_agrees_with_a_scan(case):
    hours, at = case
    expected = scanned(hours, at)
    assert hours.status_at(at).state == expected
    assert hours.is_open(at) == (expected == "open")
    assert hours.admits(at) == hours.is_open(at), "no last entry is stated"


@settings(max_examples=examples(60))
@given(cases())
def test_the_next_change_agrees_with_a_scan(case):
    hours, at = case
    was = scanned(hours, at)
    expected = expected_open = None
    # Every change falls on a quarter of an hour: clocks change by whole hours.
    for n in range(1, 4 * 96):
        state = scanned(hours, at + n * QUARTER)
        if state != was:
            expected = expected or at + n * QUARTER
            if state == "open":
                expected_open = expected_open or at + n * QUARTER
        was = state
    for found, wanted in (
        (hours.next_change(at, horizon_days=30), expected),
        (hours.next_opening(at, horizon_days=30), expected_open),
    ):
        if wanted is not None:
            assert found == wanted
        else:
            assert found is None or found >= at + 4 * DAY - QUARTER


@settings(max_examples=examples(100))
@given(cases())
def test_a_covered_day_is_one_that_an_opening_begins_on(case):
    hours, at = case
    day = at.date()
    certain = [
        span
        for span in day_openings(hours, day)
        if not (span["holiday"] and hours.holidays == "not_known")
    ]
    assert hours.covers_day(day) == bool(certain)


@settings(max_examples=examples(100))
@given(cases())
def test_a_covered_night_has_no_closed_minute(case):
    hours, at = case
    zone = ZoneInfo(hours.timezone)
    day = at.date()
    start = datetime.combine(day, time(21), zone).astimezone(UTC)
    end = datetime.combine(day + DAY, time(5), zone).astimezone(UTC)
    if end - start != timedelta(hours=8):
        return  # on a night of a clock change the wall clock decides
    quarters = [start + n * QUARTER for n in range(8 * 4)]
    assert hours.covers_night(day) == all(hours.is_open(at) for at in quarters)


# --- examples -----------------------------------------------------------------------------------


def shelter(**rules):
    return Hours((Opening(weekly("MO"), time(16), time(8), "America/Bogota"),), **rules)


def test_a_shelter_is_open_across_midnight_by_the_day_it_opened():
    monday_night = shelter()
    assert monday_night.is_open(datetime(2026, 11, 23, 23, 59, tzinfo=BOGOTA))
    assert monday_night.is_open(datetime(2026, 11, 24, 7, 59, tzinfo=BOGOTA))
    assert not monday_night.is_open(datetime(2026, 11, 24, 8, 0, tzinfo=BOGOTA))
    assert not monday_night.is_open(datetime(2026, 11, 23, 7, 0, tzinfo=BOGOTA))
    assert monday_night.covers_night(date(2026, 11, 23))
    assert not monday_night.covers_night(date(2026, 11, 24))


def test_a_closed_day_keeps_the_night_that_began_before_it():
    hours = shelter(
        exceptions=(DayException(date(2026, 11, 24), date(2026, 11, 24)),),
        timezone="America/Bogota",
    )
    assert hours.is_open(datetime(2026, 11, 24, 7, tzinfo=BOGOTA))


def test_an_exception_says_other_hours_for_its_days():
    hours = Hours(
        (Opening(EVERY_DAY, time(8), time(17), "America/Bogota"),),
        (
            DayException(date(2026, 12, 24), date(2026, 12, 24), time(8), time(12)),
            DayException(date(2026, 12, 25), date(2026, 12, 26)),
        ),
        "closed",
        "America/Bogota",
        "CO",
    )
    assert hours.is_open(datetime(2026, 12, 24, 9, tzinfo=BOGOTA))
    assert not hours.is_open(datetime(2026, 12, 24, 13, tzinfo=BOGOTA))
    assert not hours.is_open(datetime(2026, 12, 26, 9, tzinfo=BOGOTA))
    assert hours.next_opening(datetime(2026, 12, 24, 13, tzinfo=BOGOTA)) == datetime(
        2026, 12, 27, 13, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("rule", "state", "doubt"),
    [("open", "open", None), ("closed", "closed", None), ("not_known", "not_known", "holiday")],
)
def test_p15_on_a_holiday_nobody_is_sent_to_a_door_that_may_be_closed(rule, state, doubt):
    hours = Hours(
        (Opening(EVERY_DAY, time(8), time(17), "America/Bogota"),),
        holidays=rule,
        timezone="America/Bogota",
        country="CO",
    )
    christmas = datetime(2026, 12, 25, 10, tzinfo=BOGOTA)
    status = hours.status_at(christmas)
    assert (status.state, status.doubt) == (state, doubt)
    assert hours.is_open(christmas) == hours.admits(christmas) == (rule == "open")
    assert hours.covers_day(christmas.date()) == (rule == "open")
    # At night it is closed whatever the holiday.
    assert hours.status_at(christmas.replace(hour=20)).state == "closed"
    assert hours.is_open(christmas + DAY)


def test_a_place_open_at_every_hour_stays_open_on_holidays_nobody_spoke_of():
    hours = Hours((always("America/Bogota"),), timezone="America/Bogota", country="CO")
    christmas = datetime(2026, 12, 25, 10, tzinfo=BOGOTA)
    assert hours.is_open(christmas)
    assert hours.next_change(christmas) is None
    stated = Hours(hours.openings, (), "closed", "America/Bogota", "CO")
    assert not stated.is_open(christmas)


def test_holidays_are_those_of_the_country_and_of_the_division_where_it_is_known():
    # Colombia moves most holidays to Monday: Saint Joseph, 19 March, to 23 March 2026.
    assert is_holiday("CO", "Norte de Santander", date(2026, 3, 23))
    assert not is_holiday("CO", None, date(2026, 3, 19))
    # São Paulo alone keeps 9 July.
    assert is_holiday("BR", "SAO PAULO", date(2026, 7, 9))
    assert not is_holiday("BR", "Roraima", date(2026, 7, 9))
    assert is_holiday("BR", "no such state", date(2026, 9, 7))
    assert not is_holiday("ZZ", None, date(2026, 12, 25))
    assert not is_holiday(None, None, date(2026, 12, 25))


def test_who_comes_after_the_last_entry_is_not_let_in():
    hours = Hours(
        (Opening(EVERY_DAY, time(16), time(8), "America/Bogota", last_entry=time(21)),),
        holidays="open",
    )
    nine = datetime(2026, 11, 24, 21, tzinfo=BOGOTA)
    assert hours.admits(nine)
    assert not hours.admits(nine + MINUTE)
    assert hours.is_open(nine + MINUTE)
    status = hours.status_at(nine)
    assert status.last_entry == nine
    assert status.closes_at == datetime(2026, 11, 25, 8, tzinfo=BOGOTA)


def test_the_last_valid_day_keeps_its_night():
    last = Hours(
        (Opening(EVERY_DAY, time(16), time(8), "America/Bogota", None, date(2026, 11, 23)),)
    )
    assert last.is_open(datetime(2026, 11, 24, 3, tzinfo=BOGOTA))
    assert not last.is_open(datetime(2026, 11, 24, 17, tzinfo=BOGOTA))


def test_no_schedule_is_never_open_and_not_called_closed():
    nothing = Hours()
    at = datetime(2026, 11, 24, tzinfo=UTC)
    assert not nothing.is_open(at)
    assert not nothing.covers_day(at.date())
    assert not nothing.covers_night(at.date())
    assert nothing.status_at(at).state == "not_known"
    assert nothing.status_at(at).doubt is None
    assert nothing.next_change(at) is None
    assert nothing.next_opening(at) is None


def test_hours_are_local_to_the_place():
    hours = Hours((Opening(EVERY_DAY, time(8), time(17), "America/Santiago"),))
    # Santiago is UTC-3 in November.
    assert hours.is_open(datetime(2026, 11, 24, 11, 0, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 11, 24, 10, 59, tzinfo=UTC))
    assert hours.next_opening(datetime(2026, 11, 24, 21, tzinfo=UTC)) == datetime(
        2026, 11, 25, 11, tzinfo=UTC
    )


def test_a_monthly_opening_is_found_within_the_horizon():
    hours = Hours(
        (
            Opening(
                Recurrence(frozenset({"-1FR"}), freq="MONTHLY"), time(9), time(12), "America/Lima"
            ),
        )
    )
    after = datetime(2026, 11, 28, tzinfo=UTC)
    assert hours.next_opening(after) == datetime(2026, 12, 25, 14, tzinfo=UTC)
    assert hours.next_opening(after, horizon_days=7) is None


def row(n):
    return {
        "schedules": [
            {
                "byday": list(WEEKDAYS[: 1 + n % 7]),
                "opens_at": f"{n % 24:02}:{n % 60:02}",
                "closes_at": f"{n * 7 % 24:02}:{n * 11 % 60:02}",
                "timezone": ZONES[n % 3],
                "freq": "WEEKLY" if n % 10 else "MONTHLY",
                "interval": 1,
                "valid_from": "2026-01-01",
                "valid_to": None,
            }
        ],
        "exceptions": [],
        "holidays": "not_known",
        "timezone": ZONES[n % 3],
        "country": ("CO", "EC", "PE", "CL")[n % 4],
        "admin1": None,
    }


def test_a_thousand_spaces_are_asked_with_little_work():
    rows = [row(n) for n in range(1000)]
    at = datetime(2026, 12, 8, 15, tzinfo=UTC)  # a holiday in Colombia, Peru and Chile

    def ask():
        found = [hours_of(row).is_open(at) for row in rows]
        assert any(found)
        assert not all(found)

    ask()
    # 57 each.
    assert calls_of(ask) < 100 * len(rows)


@given(cases())
@settings(max_examples=examples(60))
def test_intervals_tell_the_state_of_every_quarter_hour(case):
    hours, at = case
    start = at.replace(minute=0, second=0, microsecond=0)
    found = hours.intervals(start, 3)
    if found is None:
        assert hours.status_at(start).state == "not_known"
        return
    assert all(one.opens < one.closes for one in found)
    assert all(one.closes <= next_.opens for one, next_ in pairwise(found))
    for offset in range(3 * 96):
        moment = start + offset * QUARTER
        [held] = [one for one in found if one.opens <= moment < one.closes] or [None]
        status = hours.status_at(moment)
        assert status.state == ("closed" if held is None else STATES[held.is_certain])
        if status.state == "open" and held.closes < start + 3 * DAY:
            assert status.closes_at == held.closes


def test_an_interval_has_the_last_entry_of_its_end():
    evening = Opening(EVERY_DAY, time(18), time(8), "America/Bogota", last_entry=time(21))
    start = datetime(2026, 11, 26, 12, tzinfo=BOGOTA)
    [one, _two] = Hours((evening,)).intervals(start, 2)
    assert one.opens == datetime(2026, 11, 26, 18, tzinfo=BOGOTA)
    assert one.last_entry == datetime(2026, 11, 26, 21, tzinfo=BOGOTA)
    assert one.closes == datetime(2026, 11, 27, 8, tzinfo=BOGOTA)
