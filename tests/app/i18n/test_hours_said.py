"""Hours as messages and papers say them: nobody goes there on the wrong day (P43)."""

from datetime import UTC, date, datetime, time

import pytest

from app.i18n import weekly_hours
from app.i18n.translation import words
from app.journeys import sms
from app.texts import print_text
from geo.text.languages import LANGUAGES

ZONE = "America/Bogota"
WEEKDAYS_8_TO_18 = {
    "timezone": ZONE,
    "byday": ["MO", "TU", "WE", "TH", "FR"],
    "opens_at": "08:00",
    "closes_at": "18:00",
}


def row(*exceptions):
    return {
        "schedules": [WEEKDAYS_8_TO_18],
        "exceptions": list(exceptions),
        "timezone": ZONE,
        "country": "CO",
        "admin1": None,
        "holidays": "open",
    }


def closed(first, last):
    return {"starts_on": first, "ends_on": last, "closed": True}


def other(day, opens_at, closes_at):
    hours = {"opens_at": opens_at, "closes_at": closes_at}
    return {"starts_on": day, "ends_on": day, "closed": False, **hours}


@pytest.mark.parametrize(
    ("closed_until", "said"),
    [
        (None, "abre 08:00"),
        ("2026-12-14", "abre mar 08:00"),
        # The Monday after, whose name is that of today.
        ("2026-12-18", "abre 21 dic 08:00"),
        ("2027-01-10", "abre 11 ene 08:00"),
    ],
)
def test_p43_a_weekday_in_a_message_is_one_of_the_next_six_days(closed_until, said):
    monday = datetime(2026, 12, 14, 10, tzinfo=UTC)  # five in the morning there
    exceptions = [] if closed_until is None else [closed("2026-12-14", closed_until)]
    told = sms._hours(words("es"), row(*exceptions), monday)
    assert told == f"según horario cerrado, {said}"


def test_p43_six_days_on_is_named_by_its_weekday():
    tuesday = datetime(2026, 12, 15, 10, tzinfo=UTC)
    told = sms._hours(words("es"), row(closed("2026-12-15", "2026-12-20")), tuesday)
    assert told.endswith("abre lun 08:00")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_p43_papers_say_coming_days_of_other_hours(lang):
    w = words(lang)
    stated = row(
        other("2026-12-01", "08:00", "09:00"),
        other("2026-12-24", "08:00", "11:00"),
        other("2026-12-31", "00:00", "00:00"),
        closed("2026-12-25", "2026-12-26"),
    )
    lines = [
        print_text.plain(w, said) for said in print_text.opening(w, stated, date(2026, 12, 20))
    ]
    morning = weekly_hours.clocks(w, time(8), time(11))
    (special,) = [line for line in lines if morning in line]
    assert f"{w.day(date(2026, 12, 24))} {morning}" in special
    assert f"{w.day(date(2026, 12, 31))} {w.gettext('las 24 horas')}" in special
    assert special[0].isupper()
    assert not any(w.time_of_day(time(9)) in line for line in lines)
    assert any(w.day(date(2026, 12, 26)) in line and "11:00" not in line for line in lines)
