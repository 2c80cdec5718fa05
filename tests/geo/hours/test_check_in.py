"""When people are let in who stay for the night: equal to asking at every quarter of an hour."""

from datetime import date, datetime, time, timedelta

import numpy as np

from geo.hours.openings import WEEKDAYS, Opening, local_instant
from geo.hours.rrule import Recurrence
from geo.hours.space_hours import DayException, Hours
from tests.fixtures.examples import examples

ZONE, DAY = "America/Bogota", date(2026, 11, 26)
DAILY = Recurrence(byday=frozenset(WEEKDAYS))
STEP = timedelta(minutes=15)
MIDNIGHT = local_instant(datetime.combine(DAY, time()), ZONE)
EVENING = local_instant(datetime.combine(DAY, time(21)), ZONE)


def opening(opens, closes, last=None):
    hours = [None if hour is None else time(hour % 24) for hour in (opens, closes, last)]
    return Opening(DAILY, hours[0], hours[1], ZONE, last_entry=hours[2])


def by_asking(hours):
    """Give first and last quarter of the day at which a party is let in and may stay.

    Midnight alone is the evening before.
    """
    if not hours.covers_night(DAY):
        return None
    moments = [MIDNIGHT + k * STEP for k in range(24 * 4)]
    shut = [at for at in moments if at <= EVENING and not hours.is_open(at)]
    stays = [at for at in moments if not shut or at > shut[-1]]
    let_in = [at for at in stays if hours.admits(at)]
    runs = []
    for at in let_in:
        if not runs or at - runs[-1][1] > STEP:
            runs.append([at, at])
        runs[-1][1] = at
    return next((run for run in runs if run[1] > MIDNIGHT), None)


def test_the_hours_of_check_in_are_those_at_which_people_are_let_in():
    rng = np.random.default_rng(7)
    known = 0
    for _ in range(examples(2_000, 300)):
        openings = []
        for _more in range(int(rng.integers(1, 4))):
            opens, length = int(rng.integers(0, 24)), int(rng.integers(1, 25))
            last = opens + int(rng.integers(0, length)) if rng.random() < 0.5 else None
            openings.append(opening(opens, opens + length, last))
        exceptions = ()
        if rng.random() < 0.2:
            exceptions = (DayException(DAY, DAY, time(int(rng.integers(24))), time(9)),)
        hours = Hours(tuple(openings), exceptions, timezone=ZONE, country="CO")
        asked, told = by_asking(hours), hours.check_in(DAY)
        if asked is None:
            # Let in for less than a quarter of an hour, or not at all.
            assert told is None or told.last_entry < told.opens + STEP
            continue
        known += 1
        assert told is not None, hours
        assert told.opens == asked[0]
        assert asked[1] <= told.last_entry
        if told.last_entry < MIDNIGHT + timedelta(days=1):
            assert told.last_entry <= asked[1] + STEP
    assert known > 50


def test_the_usual_cases():
    def told(*openings):
        found = Hours(openings, timezone=ZONE, country="CO").check_in(DAY)
        return found and [
            (moment - MIDNIGHT) / timedelta(hours=1) for moment in (found.opens, found.last_entry)
        ]

    assert told(opening(0, 0)) == [0.0, 24.0]
    assert told(opening(18, 8, 20)) == [18.0, 20.0]
    assert told(opening(15, 9)) == [15.0, 33.0]
    # By day until five in the evening; who comes later waits outside until the night begins.
    assert told(opening(8, 18, 17), opening(18, 8, 20)) == [8.0, 17.0]
    # A dining hall until midnight, and beds until ten: not only at midnight.
    assert told(opening(8, 0), opening(20, 8, 22)) == [8.0, 24.0]
    assert told(opening(1, 0), opening(20, 2, 22)) == [1.0, 24.0]
    assert told(opening(8, 17)) is None
    assert told() is None
