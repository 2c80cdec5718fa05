"""Arrival times: nights, rests and waits, against a walker who steps minute by minute."""

import math
from datetime import UTC, datetime, time, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.arrival import DAY_S, Window, night_before_s, timetable
from routing.errors import InvalidRequest
from routing.profile import ADULT, VEHICLE, walking_days

BOGOTA = timezone(timedelta(hours=-5))
DAY = Window(time(6), time(18))
HOUR = 3600.0


def at(hour, minute=0):
    return datetime(2026, 11, 24, hour, minute, tzinfo=BOGOTA)


def plan(hour, hours, **more):
    return timetable(at(hour), np.array(hours, dtype=float) * HOUR, DAY, **more)


def test_a_day_is_walked_within_its_window():
    day = plan(8, [2, 3])
    assert day.start_s.tolist() == [0, 2 * HOUR]
    assert day.end_s.tolist() == [2 * HOUR, 5 * HOUR]
    assert day.arrival == at(13)
    assert day.days == 1
    assert not day.by_night.any()


def test_the_night_is_skipped():
    way = plan(14, [3, 3, 1])
    assert way.start_s.tolist() == [0, 3 * HOUR, 18 * HOUR]  # the second leg holds the rest
    assert way.end_s.tolist() == [3 * HOUR, 18 * HOUR, 19 * HOUR]
    assert way.day.tolist() == [0, 0, 1]
    assert way.arrival == at(9) + timedelta(days=1)
    assert way.night_s.tolist() == [0, 0, 0]


def test_a_rest_between_legs_lies_before_the_next_one():
    way = plan(14, [4, 1])
    assert way.end_s.tolist() == [4 * HOUR, 17 * HOUR]
    assert way.start_s.tolist() == [0, 16 * HOUR]
    assert way.day.tolist() == [0, 1]


def test_who_arrives_at_closing_time_has_arrived():
    assert plan(14, [4]).arrival == at(18)
    assert plan(14, [4]).days == 1


@pytest.mark.parametrize(
    ("departure", "rests_at"),
    [(4, 16), (5, 17), (6, 18), (10, 18), (17, 18), (18, 30), (22, 34), (0, 12)],
)
def test_the_first_stretch_is_a_window_long_and_ends_with_one(departure, rests_at):
    way = plan(departure, [rests_at - departure, 1])
    assert way.end_s[0] == (rests_at - departure) * HOUR
    wakes = way.start_s[1] / HOUR + departure
    assert wakes % 24 == 6
    assert 0 < wakes - rests_at <= 24


def test_who_leaves_by_night_walks_by_night():
    way = plan(22, [3, 6, 2])
    assert way.night_s.tolist() == [3 * HOUR, 5 * HOUR, 0]
    assert way.by_night.tolist() == [True, True, False]
    assert way.arrival == at(9) + timedelta(days=1)


def test_the_longest_day_ends_a_day():
    way = plan(6, [5] * 4, leg_m=np.full(4, 25_000.0), day_max_m=25_000.0)
    assert way.day.tolist() == [0, 1, 2, 3]
    assert way.start_s.tolist() == [n * DAY_S for n in range(4)]
    assert way.arrival == at(11) + timedelta(days=3)


def test_who_walked_the_longest_day_before_dawn_rests_until_the_next_one():
    way = plan(1, [4, 1], leg_m=np.array([20_000.0, 5_000.0]), day_max_m=20_000.0)
    assert way.start_s[1] == 29 * HOUR


def test_a_wait_within_the_stretch_is_stood_through():
    way = plan(8, [1, 1], not_before_s={1: 3 * HOUR})
    assert way.end_s.tolist() == [HOUR, 4 * HOUR]
    assert way.start_s.tolist() == [0, 3 * HOUR]
    assert way.days == 1


def test_a_wait_that_is_over_already_costs_nothing():
    assert plan(8, [3, 1], not_before_s={1: HOUR}).arrival == at(12)


@pytest.mark.parametrize(
    ("opens_h", "begins_h"),
    [(10, 22), (21, 22), (22, 22), (25, 25), (40, 46), (75, 75)],
)
def test_a_wait_beyond_the_day_is_a_rest(opens_h, begins_h):
    way = plan(8, [1, 0, 1], not_before_s={1: opens_h * HOUR})  # 8:00; leg 1 is a border edge
    assert way.start_s[1] == way.end_s[1] == way.start_s[2] == begins_h * HOUR
    assert way.days == 2


def test_a_rest_does_not_move_what_was_crossed_before_it():
    way = plan(17, [1, 0, 1], not_before_s={2: HOUR})
    assert way.end_s[0] == HOUR
    assert way.start_s[2] == 13 * HOUR


def test_a_vehicle_drives_through_the_night():
    way = timetable(at(16), np.array([1.0, 20.0]) * HOUR, VEHICLE.window, day_max_m=1000.0)
    assert way.arrival == at(13) + timedelta(days=1)
    assert way.night_s.tolist() == [0, 12 * HOUR]
    assert way.days == 1
    waited = timetable(at(16), np.full(2, HOUR), None, not_before_s={1: 14 * HOUR})
    assert waited.arrival == at(7) + timedelta(days=1)


def test_a_route_without_legs_arrives_at_once():
    way = timetable(at(8), np.zeros(0), DAY)
    assert way.arrival == at(8)
    assert way.days == 1
    assert len(way.start_s) == len(way.by_night) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"departure": datetime(2026, 11, 24, 8)},  # noqa: DTZ001 -- that is what is wrong
        {"leg_s": np.array([-1.0])},
        {"leg_s": np.array([math.nan])},
        {"leg_m": np.array([math.inf])},
        {"leg_m": np.zeros(2)},
        {"day_max_m": 0.0},
        {"day_max_m": math.nan},
        {"not_before_s": {1: 0.0}},
        {"not_before_s": {0: math.inf}},
    ],
)
def test_what_is_no_route_is_refused(wrong):
    right = {"departure": at(8), "leg_s": np.ones(1), "window": DAY, "leg_m": np.ones(1)}
    with pytest.raises(InvalidRequest):
        timetable(**right | wrong)


def test_a_window_starts_before_it_ends():
    with pytest.raises(InvalidRequest):
        Window(time(18), time(6))


@given(st.floats(-5 * DAY_S, 5 * DAY_S), st.floats(0, DAY_S))
def test_night_adds_up_and_is_half_of_every_day(start_s, length_s):
    start = np.array([start_s])
    night = night_before_s(start + length_s) - night_before_s(start)
    assert -1e-6 <= night[0] <= length_s + 1e-6
    day = night_before_s(start + DAY_S) - night_before_s(start)
    assert day == pytest.approx([12 * HOUR])


# --- the oracle ----------------------------------------------------------------------------------


def step_by_minutes(  # noqa: C901 -- one story, told in steps
    depart, legs, metres_a_minute, window, day_max_m, opens
):
    """Walk minute by minute, all times in minutes: (start, end, night, day) of each leg, stretches.

    It knows the rule only as prose: when may I walk, and when do I wake.
    """
    start_of_window, end_of_window = window
    clock, day, walked = depart, 0, 0
    stop = depart + (end_of_window - start_of_window)
    while stop > depart and any(
        minute % 1440 == end_of_window for minute in range(depart + 1, stop)
    ):
        stop -= 1

    def sleep():
        nonlocal clock, day, walked, stop
        wake = stop + 1
        while wake % 1440 != start_of_window:
            wake += 1
        while wake < clock or not start_of_window <= wake % 1440 < end_of_window:
            wake += 1
        clock, walked, stop = wake, 0, wake
        while stop % 1440 != end_of_window:
            stop += 1
        day += 1

    rows = []
    for leg, minutes in enumerate(legs):
        if leg in opens and opens[leg] > clock - depart:
            clock = depart + opens[leg]
            if clock >= stop:
                sleep()
        start, night, left, begun_on = None, 0, minutes, day
        while left:
            if clock >= stop or walked >= day_max_m:
                sleep()
            if start is None:
                start, begun_on = clock, day
            night += not 360 <= clock % 1440 < 1080
            clock, left, walked = clock + 1, left - 1, walked + metres_a_minute
        rows.append((clock if start is None else start, clock, night, begun_on))
    return rows, day + 1


@settings(max_examples=300, deadline=None)
@given(
    depart=st.integers(0, 1439),
    legs=st.lists(st.integers(1, 900), min_size=1, max_size=6),
    window=st.tuples(st.integers(0, 1380), st.integers(30, 1439)).filter(lambda w: w[0] < w[1]),
    day_max_minutes=st.integers(30, 900),
    opens=st.dictionaries(st.integers(0, 5), st.integers(0, 6000), max_size=2),
)
def test_it_agrees_with_a_walker_who_steps_by_minutes(depart, legs, window, day_max_minutes, opens):
    if window[1] - window[0] < 30:
        window = (window[0], window[0] + 30)
    opens = {leg: moment for leg, moment in opens.items() if leg < len(legs)}
    rows, days = step_by_minutes(depart, legs, 80, window, 80 * day_max_minutes, opens)
    ours = timetable(
        at(*divmod(depart, 60)),
        np.array(legs) * 60.0,
        Window(time(*divmod(window[0], 60)), time(*divmod(window[1], 60))),
        leg_m=np.array(legs) * 80.0,
        day_max_m=80.0 * day_max_minutes,
        not_before_s={leg: moment * 60.0 for leg, moment in opens.items()},
    )
    start, end, night, day = zip(*rows, strict=True)
    assert ours.start_s / 60 == pytest.approx(np.array(start) - depart, abs=1e-6)
    assert ours.end_s / 60 == pytest.approx(np.array(end) - depart, abs=1e-6)
    assert ours.night_s / 60 == pytest.approx(np.array(night), abs=1e-6)
    assert ours.day.tolist() == list(day)
    assert ours.days == days


@settings(max_examples=200)
@given(
    depart=st.integers(0, 23),
    legs=st.lists(st.tuples(st.floats(0, 2e5), st.floats(0, 3.0)), min_size=1, max_size=20),
)
def test_a_walk_is_in_order_and_takes_no_fewer_days_than_its_walking_days(depart, legs):
    leg_s, speed_mps = (np.array(column) for column in zip(*legs, strict=True))
    leg_m = leg_s * speed_mps
    way = timetable(at(depart), leg_s, ADULT.window, leg_m=leg_m, day_max_m=ADULT.day_max_m)
    assert (way.end_s >= way.start_s).all()
    assert (way.start_s[1:] >= way.end_s[:-1] - 1e-6).all()
    assert (way.end_s - way.start_s >= leg_s - 1e-6).all()
    assert (way.night_s <= leg_s + 1e-6).all()
    slack = 1 - 1e-6  # a day that ends to the second where the walk does
    assert way.days >= walking_days(leg_m.sum() * slack, leg_s.sum() * slack)


@given(st.integers(1, 200), st.floats(100, 5e5), st.floats(0.3, 3.0))
def test_at_one_pace_from_the_opening_on_it_takes_exactly_its_walking_days(k, distance_m, pace):
    leg_m = np.full(k, distance_m / k)
    way = timetable(at(6), leg_m * pace, ADULT.window, leg_m=leg_m, day_max_m=ADULT.day_max_m)
    low, high = (walking_days(distance_m * f, distance_m * pace * f) for f in (1 - 1e-9, 1 + 1e-9))
    assert low <= way.days <= high


def test_the_departure_keeps_its_offset():
    way = timetable(datetime(2026, 11, 24, 13, tzinfo=UTC), np.array([HOUR]), DAY)
    assert way.arrival.utcoffset() == timedelta(0)
    assert way.at(60.0) == datetime(2026, 11, 24, 13, 1, tzinfo=UTC)
