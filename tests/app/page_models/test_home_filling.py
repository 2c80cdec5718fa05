"""What the pages say of a schedule."""

from datetime import time

import pytest

from geo.hours.openings import Opening, weekly
from geo.hours.rrule import WEEKDAYS, Recurrence
from geo.hours.wording import hours_text


def opening(days, opens, closes):
    return Opening(
        days if isinstance(days, Recurrence) else weekly(*days.split(",")),
        time.fromisoformat(opens),
        time.fromisoformat(closes),
        "America/Bogota",
    )


@pytest.mark.parametrize(
    ("openings", "said"),
    [
        ([opening("MO,TU,WE,TH,FR", "08:00", "17:00")], "lun-vie 08:00-17:00"),
        ([opening("TU,TH", "09:00", "15:00")], "mar, jue 09:00-15:00"),
        ([opening(",".join(WEEKDAYS), "00:00", "00:00")], "todos los días las 24 horas"),
        (
            [opening(",".join(WEEKDAYS), "16:00", "08:00")],
            "todos los días 16:00-08:00 del día siguiente",
        ),
        (
            [opening("SA", "09:00", "12:00"), opening("SU", "10:00", "12:00")],
            "sáb 09:00-12:00; dom 10:00-12:00",
        ),
        (
            [opening(Recurrence(frozenset({"1MO", "-1FR"}), freq="MONTHLY"), "08:00", "12:00")],
            "primer lun y último vie de cada mes 08:00-12:00",
        ),
        (
            [opening(Recurrence((), frozenset({1, 15}), "MONTHLY"), "08:00", "12:00")],
            "días 1 y 15 de cada mes 08:00-12:00",
        ),
        (
            [opening(Recurrence((), frozenset({-1, -2, -4}), "MONTHLY"), "08:00", "12:00")],
            "días 4.º contando desde el último, penúltimo y último de cada mes 08:00-12:00",
        ),
        (
            [opening(Recurrence(frozenset({"TU"}), interval=2), "08:00", "12:00")],
            "mar, cada 2 semanas 08:00-12:00",
        ),
        ([], None),
    ],
)
def test_hours_are_written_as_people_say_them(openings, said):
    assert hours_text(openings) == said
