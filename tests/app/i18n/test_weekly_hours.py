"""Equal days in one row and days in words, against a reading of each day by itself."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.i18n import weekly_hours
from app.i18n.translation import words
from geo.hours.openings import Opening
from geo.hours.rrule import WEEKDAYS, Recurrence
from geo.hours.space_hours import DayException, Hours
from geo.text.languages import LANGUAGES

MONDAY = date(2026, 11, 30)
TIMES = st.sampled_from([time(0), time(8), time(12), time(17)])


@st.composite
def schedules(draw: st.DrawFn) -> Hours:
    openings = draw(
        st.lists(
            st.builds(
                lambda days, opens, closes: Opening(
                    Recurrence(byday=frozenset(days)), opens, closes, "America/Bogota"
                ),
                st.sets(st.sampled_from(WEEKDAYS), min_size=1),
                TIMES,
                TIMES,
            ),
            min_size=1,
            max_size=4,
        )
    )
    off = draw(st.lists(st.integers(0, 9), max_size=2))
    exceptions = tuple(
        DayException(MONDAY + timedelta(ahead), MONDAY + timedelta(ahead)) for ahead in off
    )
    holidays = draw(st.sampled_from(["open", "closed", "not_known"]))
    return Hours(tuple(openings), exceptions, holidays, "America/Bogota", "CO")


# In the seven days from 7 December on is a holiday of Colombia, the 8th.
@settings(max_examples=60)
@given(schedules(), st.integers(0, 13))
def test_p43_every_listed_day_is_told_once_with_its_own_hours(hours, ahead):
    today = MONDAY + timedelta(days=ahead)
    told: dict[date, tuple[object, ...]] = {}
    days = [today + timedelta(days=n) for n in range(7)]
    for row in weekly_hours.week_rows(hours, today):
        for day in [row.day] if row.day else [d for d in days if d.weekday() in row.weekdays]:
            assert day not in told
            told[day] = tuple((one.opens_at, one.closes_at, one.is_certain) for one in row.times)
    brute = {
        day: tuple((o.opens_at, o.closes_at, sure) for o, sure in hours.openings_on(day))
        for day in days
    }
    assert told == brute


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_set_of_weekdays_is_read_back_from_its_words(lang):
    w = words(lang)
    names = w.weekday_names()
    both, span = w.gettext("%(first)s y %(last)s"), w.gettext("%(first)s a %(last)s")
    between, until = (text % {"first": "", "last": ""} for text in (both, span))
    for bits in range(1, 128):
        days = {day for day in range(7) if bits >> day & 1}
        said = weekly_hours.weekdays(w, days)
        if len(days) == 7:
            assert said == w.gettext("todos los días")
            continue
        read: set[int] = set()
        for part in said.replace(between, ", ").split(", "):
            first, *last = part.split(until)
            read |= set(range(names.index(first), names.index(last[0] if last else first) + 1))
        assert read == days, said


def test_equal_days_are_merged():
    hours = Hours(
        tuple(
            Opening(Recurrence(byday=frozenset({code})), time(8), time(17), "America/Bogota")
            for code in WEEKDAYS[:5]
        ),
        holidays="open",
        timezone="America/Bogota",
    )
    rows = weekly_hours.week_rows(hours, MONDAY)
    assert [row.days_text(words("es")) for row in rows] == ["lunes a viernes", "sábado y domingo"]
    assert rows[1].times == ()
