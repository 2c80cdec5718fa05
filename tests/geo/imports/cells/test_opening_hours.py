"""Hours of a week in one cell: read right, or left to a person; never wrong silently."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.imports.cells.fields import WEEKDAYS
from geo.imports.cells.opening_hours import read_day, read_week
from geo.imports.readers.table import CellError

#: Written by two people who had not seen the grammar, with what a careful coordinator reads.
WRITTEN = json.loads(Path(__file__).with_name("opening_hours.json").read_text("utf-8"))


def reading(text):
    try:
        rules = read_week(text).rules
    except CellError:
        return "doubt"
    return [[rule["byday"], rule["opens_at"], rule["closes_at"]] for rule in rules]


@pytest.mark.parametrize(("name", "bar"), [("corpus", 170), ("hold-out", 85)])
def test_what_people_write_is_read_right_or_left_to_a_person(name, bar):
    rows = WRITTEN[name]
    readings = [(row, reading(row["text"])) for row in rows]
    wrong = [row["text"] for row, read in readings if read not in ("doubt", row["expected"])]
    assert wrong == []
    assert sum(read == row["expected"] for row, read in readings) >= bar


HALVES = st.integers(0, 47).map(lambda n: n * 30)


@st.composite
def weeks(draw):
    """Give runs of days with openings that do not touch, in minutes."""
    ends = sorted(draw(st.sets(st.integers(0, 6), min_size=1, max_size=3)))
    runs, first = [], 0
    for last in ends:
        times = sorted(draw(st.sets(HALVES, min_size=2, max_size=4)))
        ranges = list(zip(times[::2], times[1::2], strict=False))
        runs.append((first, last, ranges))
        first = last + 1
    return runs


NAMES = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


def spanish(minutes):
    hour, minute = divmod(minutes, 60)
    half = "a. m." if hour < 12 else "p. m."
    return f"{hour % 12 or 12}:{minute:02} {half}"


def plain(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


STYLES = (
    (spanish, "{a} a {b}", " y ", "; "),
    (plain, "{a}-{b}", ", ", "\n"),
    (lambda minutes: f"{minutes // 60}h{minutes % 60:02}", "de {a} hasta {b}", " / ", ". "),
)


@given(weeks(), st.sampled_from(STYLES), st.booleans())
def test_hours_that_say_their_half_of_the_day_are_read_back(runs, style, is_times_first):
    clock, span, between, sentence = style
    expected, said = {}, []
    for first, last, ranges in runs:
        for a, b in ranges:
            # 12:30 and the like say no half of the day by themselves.
            if clock is not spanish and any(0 < t < 13 * 60 for t in (a, b)):
                return
            expected.setdefault((plain(a), plain(b)), []).extend(range(first, last + 1))
        days = NAMES[first] if first == last else f"{NAMES[first]} a {NAMES[last]}"
        times = between.join(span.format(a=clock(a), b=clock(b)) for a, b in ranges)
        said.append(f"{times} {days}" if is_times_first else f"{days}: {times}")
    read = reading(sentence.join(said))
    assert read != "doubt"
    assert {(a, b): [WEEKDAYS.index(day) for day in days] for days, a, b in read} == expected


@given(st.text(alphabet="lmxjvsd aypm.:-/;,0123456789h", max_size=30))
def test_any_text_is_hours_or_a_doubt(text):
    read = reading(text)
    assert read == "doubt" or all(days and a != b for days, a, b in read)


@pytest.mark.parametrize(
    ("text", "holidays"),
    [
        ("L-V 8-12, festivos cerrado", "closed"),
        ("lunes a domingo y festivos 8 a 17", "open"),
        ("todos los días 8-16, excepto feriados", "closed"),
        ("todos los días 8-16, incluye feriados", "open"),
        ("lunes a viernes 8-16", None),
    ],
)
def test_holidays_are_said_apart(text, holidays):
    assert read_week(text).holidays == holidays


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("8:00-12:00 y 14:00 a 18:00", [("08:00", "12:00"), ("14:00", "18:00")]),
        ("8-12 / 2-6", [("08:00", "12:00"), ("14:00", "18:00")]),
        ("8:00 a 5:00", [("08:00", "17:00")]),
        ("8 a.m. a 5 p.m.", [("08:00", "17:00")]),
        ("Cerrado", []),
        ("24 horas", [("00:00", "24:00")]),
    ],
)
def test_hours_of_one_day(cell, expected):
    assert read_day(cell) == expected


@pytest.mark.parametrize("cell", ["por la mañana", "6 a 6", "lunes 8-12", 8, ""])
def test_hours_of_one_day_are_not_guessed(cell):
    with pytest.raises(CellError):
        read_day(cell)
