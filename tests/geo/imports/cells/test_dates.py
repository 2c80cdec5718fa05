"""Dates and times of day as people write them; what is ambiguous is refused, never guessed."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.imports.cells import dates
from geo.imports.readers.table import CellError

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-05", date(2026, 3, 5)),
        ("2026/3/5", date(2026, 3, 5)),
        ("25/03/2026", date(2026, 3, 25)),
        ("25-3-26", date(2026, 3, 25)),
        ("03/25/2026", date(2026, 3, 25)),
        ("5 de marzo de 2026", date(2026, 3, 5)),
        ("05-mar-26", date(2026, 3, 5)),
        ("5 março 2026", date(2026, 3, 5)),
        ("March 5, 2026", date(2026, 3, 5)),
        ("4/4/2026", date(2026, 4, 4)),
        ("2026-03-05 14:30:00", date(2026, 3, 5)),
        ("46086", date(2026, 3, 5)),
        (46086, date(2026, 3, 5)),
        # The first day of a month alone: what rests on it expires sooner, not later.
        ("abr-25", date(2025, 4, 1)),
        ("22-mzo-24", date(2024, 3, 22)),
        ("06/26", date(2026, 6, 1)),
        ("III trim. 2024", date(2024, 7, 1)),
        ("2do trimestre del 2025", date(2025, 4, 1)),
        ("marzo de 2026", date(2026, 3, 1)),
        (46086.5, date(2026, 3, 5)),
        (datetime(2026, 3, 5, 8), date(2026, 3, 5)),  # noqa: DTZ001 - as workbooks have them
        (date(2026, 3, 5), date(2026, 3, 5)),
    ],
)
def test_a_date_in_any_of_its_forms(value, expected):
    assert dates.day(value) == expected


def test_serial_dates_count_as_spreadsheets_do():
    # Old spreadsheets count a 1900-02-29 that never was; 1904 is the Macintosh's day 0.
    assert dates._serial(61, epoch_1904=False) == date(1900, 3, 1)
    assert dates._serial(59, epoch_1904=False) == date(1900, 2, 28)
    assert dates._serial(1, epoch_1904=False) == date(1900, 1, 1)
    assert dates.day(44624, epoch_1904=True) == date(2026, 3, 5)
    assert dates.day(44624 + 1462) == date(2026, 3, 5)


@pytest.mark.parametrize("value", [0, 1, "00/01/1900", date(1900, 1, 1), "1970-01-01", 59])
def test_a_date_of_1900_is_an_empty_cell_with_a_date_format(value):
    with pytest.raises(CellError, match=r"before 2000|not a date"):
        dates.day(value)


@pytest.mark.parametrize("value", ["05/03/2026", "1-2-26"])
def test_an_ambiguous_date_is_refused_unless_the_order_is_known(value):
    with pytest.raises(CellError, match="ambiguous"):
        dates.day(value)
    assert dates.day(value, "day_first") != dates.day(value, "month_first")


@pytest.mark.parametrize("value", ["31/02/2026", "mañana", "2026-13-01", True, None, 1e300, "1"])
def test_no_date_is_refused_without_its_value(value):
    with pytest.raises(CellError) as caught:
        dates.day(value, "day_first")
    assert str(value) not in str(caught.value) or value in {"1", True, None}


def test_a_column_tells_its_own_order():
    assert dates.order_of(["01/02/2026", "25/02/2026"]) == "day_first"
    assert dates.order_of(["01/02/2026", "02/25/2026"]) == "month_first"
    assert dates.order_of(["01/02/2026"]) is None
    assert dates.order_of(["25/02/2026", "02/25/2026"]) is None


@given(DAYS)
def test_every_date_survives_every_way_to_write_it(day):
    months = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
    month = [*months.split(), "diciembre"][day.month - 1]
    assert dates.day(day.isoformat()) == day
    assert dates.day(f"{day:%d/%m/%Y}", "day_first") == day
    assert dates.day(f"{day:%m/%d/%Y}", "month_first") == day
    assert dates.day(f"{day.day} de {month} de {day.year}") == day
    assert dates.day((day - date(1899, 12, 30)).days) == day
    assert dates.day((day - date(1904, 1, 1)).days, epoch_1904=True) == day


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("8:00", "08:00"),
        ("08:30:00", "08:30"),
        ("8 am", "08:00"),
        ("5 p. m.", "17:00"),
        ("5:30pm", "17:30"),
        ("12 am", "00:00"),
        ("12 pm", "12:00"),
        ("17h30", "17:30"),
        ("18 hrs", "18:00"),
        ("mediodía", "12:00"),
        ("24:00", "24:00"),
        (0.75, "18:00"),
        (8, "08:00"),
        (time(7, 5), "07:05"),
    ],
)
def test_a_time_of_day_in_any_of_its_forms(value, expected):
    assert dates.clock(value) == expected


@pytest.mark.parametrize("value", ["25:00", "8:75", "tarde", 31, 0.5 + 3, None, timedelta(1)])
def test_no_time_of_day_is_refused(value):
    with pytest.raises(CellError):
        dates.clock(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("L-V", "MO TU WE TH FR"),
        ("lunes a viernes", "MO TU WE TH FR"),
        ("Lunes, miércoles y viernes", "MO WE FR"),
        ("Todos los días", "MO TU WE TH FR SA SU"),
        ("segunda-feira a sexta-feira", "MO TU WE TH FR"),
        ("Mon-Sat", "MO TU WE TH FR SA"),
        ("sábado a lunes", "MO SA SU"),
        ("MO,TU", "MO TU"),
    ],
)
def test_days_of_the_week_in_any_language(value, expected):
    assert dates.weekdays(value) == expected.split()


def test_a_day_that_is_not_known_is_refused():
    with pytest.raises(CellError):
        dates.weekdays("lunes a feriado")
