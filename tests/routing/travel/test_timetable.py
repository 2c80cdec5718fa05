"""Arrival times: nights, rests and waits, against a walker who steps minute by minute."""

import math
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.errors import InvalidRequest
from routing.travel.profiles import ADULT, VEHICLE, walking_days
from routing.travel.timetable import DAY_S, TAIL_S, Stint, WalkingWindow, night_before_s, timetable
from tests.fixtures.examples import examples

BOGOTA = timezone(timedelta(hours=-5))
DAY = WalkingWindow(time(6), time(18))
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
    way = plan(14, [4, 2])
    assert way.end_s.tolist() == [4 * HOUR, 18 * HOUR]
    assert way.start_s.tolist() == [0, 16 * HOUR]
    assert way.day.tolist() == [0, 1]


def test_who_arrives_at_closing_time_has_arrived():
    assert plan(14, [4]).arrival == at(18)
    assert plan(14, [4]).days == 1


@pytest.mark.parametrize(("departure", "begins"), [(4, 6), (6, 6), (10, 10), (18, 30), (22, 30)])
def test_who_leaves_outside_the_window_on_a_long_walk_begins_when_it_opens(departure, begins):
    way = plan(departure, [1.5])
    assert way.start_s[0] == (begins - departure) * HOUR
    assert way.end_s[0] == (begins - departure + 1.5) * HOUR
    assert way.days == 1
    assert not way.by_night.any()


@pytest.mark.parametrize("departure", [17, 17.5, 17.9, 18, 22, 3, 5.9])
def test_a_walk_of_half_an_hour_is_never_cut_in_two(departure):
    hour, minute = divmod(round(departure * 60), 60)
    way = timetable(at(hour, minute), np.full(31, 60.0), DAY)
    assert way.arrival == at(hour, minute) + timedelta(minutes=31)
    assert way.days == 1


def test_nobody_lies_down_within_an_hour_of_a_stop():
    late = plan(10, [9])
    assert late.arrival == at(19)
    assert late.night_s.tolist() == [HOUR]
    assert plan(10, [9 + 1 / 60]).arrival == at(7, 1) + timedelta(days=1)
    # A crossing is a stop: who comes to one at 19:00 rests behind it.
    over = timetable(at(10), np.array([9, 2]) * HOUR, DAY, stops=[1])
    assert over.end_s[0] == 9 * HOUR
    assert over.start_s[1] == 20 * HOUR


def test_a_walk_that_is_cut_at_dusk_arrives_no_later_than_one_that_begins_after_it():
    """17:59 and twelve hours; 18:01 and twelve hours."""
    before, after = (timetable(at(*then), np.full(720, 60.0), DAY) for then in ((17, 59), (18, 1)))
    assert before.arrival == at(17, 59) + timedelta(days=1)
    # The last hour is walked after dusk.
    assert after.arrival == at(18, 0) + timedelta(days=1)
    assert before.arrival <= after.arrival


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
def test_who_has_waited_until_the_night_goes_on_in_the_morning(opens_h, begins_h):
    # From 8:00; leg 1 is a border edge, passed when it opens.
    way = plan(8, [1, 0, 2], not_before_s={1: opens_h * HOUR}, stops=[2])
    assert way.start_s[1] == way.end_s[1] == opens_h * HOUR
    assert way.start_s[2] == begins_h * HOUR
    assert way.days == 2


def test_who_goes_on_with_a_day_under_way_has_what_is_left_of_it():
    given = {"leg_m": np.full(2, 5_000.0), "day_max_m": 10_000.0}
    first = timetable(at(8), np.full(2, HOUR) * 0.8, DAY, **given)
    assert first.stint == Stint(at(6) + timedelta(days=1), 0.0, is_begun=True)
    on = timetable(first.arrival, np.full(2, HOUR), DAY, stint=first.stint, **given)
    assert on.start_s[0] + 1.6 * HOUR == 22 * HOUR
    # From the next opening on one is fresh.
    later = timetable(at(7) + timedelta(days=1), np.full(2, HOUR), DAY, stint=first.stint, **given)
    assert later.start_s[0] == 0


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
        WalkingWindow(time(18), time(6))


@given(st.floats(-5 * DAY_S, 5 * DAY_S), st.floats(0, DAY_S))
def test_night_adds_up_and_is_half_of_every_day(start_s, length_s):
    start = np.array([start_s])
    night = night_before_s(start + length_s) - night_before_s(start)
    assert -1e-6 <= night[0] <= length_s + 1e-6
    day = night_before_s(start + DAY_S) - night_before_s(start)
    assert day == pytest.approx([12 * HOUR])


# --- the oracle ----------------------------------------------------------------------------------


def step_by_minutes(  # noqa: C901 -- one story, told in steps
    depart, legs, metres_a_minute, window, day_max_m, opens, stops
):
    """Walk minute by minute, all times in minutes: (start, end, night, day) of each leg, days.

    It knows the rule only as prose: may I walk this minute?
    """
    opens_at, closes_at = window
    clock, walked, days, counted = depart, 0, 0, False
    rows = []
    ends = sorted({*opens, *stops, len(legs)})
    for leg, minutes in enumerate(legs):
        if leg in opens:
            while clock < depart + opens[leg]:
                clock += 1
                if clock % 1440 == opens_at:
                    walked, counted = 0, False
        end = next(stop for stop in ends if stop > leg)
        behind = sum(legs[leg + 1 : end])
        start, night, begun_on = None, 0, None
        for left in range(minutes, 0, -1):
            while walked >= day_max_m or not (
                left + behind <= TAIL_S / 60 or opens_at <= clock % 1440 < closes_at
            ):
                clock += 1
                if clock % 1440 == opens_at:
                    walked, counted = 0, False
            if not counted:
                days, counted = days + 1, True
            if start is None:
                start, begun_on = clock, days - 1
            night += not 360 <= clock % 1440 < 1080
            clock, walked = clock + 1, walked + metres_a_minute
            if clock % 1440 == opens_at:  # on the same day as before, but fresh
                walked = 0
        rows.append((start, clock, night, begun_on))
    return rows, days


WINDOWS = st.tuples(st.integers(0, 1380), st.integers(30, 1439)).filter(lambda w: w[0] + 30 <= w[1])


@settings(max_examples=examples(300), deadline=None)
@given(
    depart=st.integers(0, 1439),
    legs=st.lists(st.integers(1, 900), min_size=1, max_size=6),
    window=WINDOWS,
    day_max_minutes=st.integers(30, 900),
    opens=st.dictionaries(st.integers(0, 5), st.integers(0, 6000), max_size=2),
    stops=st.sets(st.integers(0, 5), max_size=2),
)
def test_it_agrees_with_a_walker_who_steps_by_minutes(
    depart, legs, window, day_max_minutes, opens, stops
):
    opens = {leg: moment for leg, moment in opens.items() if leg < len(legs)}
    stops = {leg for leg in stops if leg < len(legs)}
    rows, days = step_by_minutes(depart, legs, 80, window, 80 * day_max_minutes, opens, stops)
    ours = timetable(
        at(*divmod(depart, 60)),
        np.array(legs) * 60.0,
        WalkingWindow(time(*divmod(window[0], 60)), time(*divmod(window[1], 60))),
        leg_m=np.array(legs) * 80.0,
        day_max_m=80.0 * day_max_minutes,
        not_before_s={leg: moment * 60.0 for leg, moment in opens.items()},
        stops=stops,
    )
    start, end, night, day = zip(*rows, strict=True)
    assert ours.start_s / 60 == pytest.approx(np.array(start) - depart, abs=1e-6)
    assert ours.end_s / 60 == pytest.approx(np.array(end) - depart, abs=1e-6)
    assert ours.night_s / 60 == pytest.approx(np.array(night), abs=1e-6)
    assert ours.day.tolist() == list(day)
    assert ours.days == days


NEVER = datetime.max.replace(tzinfo=UTC)


def opening(moment, crossing):
    """Give when a crossing is open from a moment on."""
    _, begin, length, every = crossing
    for day in range(10):
        first = at(0) + timedelta(days=day * every, minutes=begin)
        if moment < first + timedelta(minutes=length):
            return max(moment, first)
    return NEVER


def last_arrival(departure, sections, window, day_max_m, *, goes_over_waypoints):
    """Walk sections with a crossing behind each but the last: as one way, or as one after another.

    Whoever has a waypoint at each crossing leaves it when it opens.
    """
    begun = now = at(0) + timedelta(seconds=departure)
    stint, legs, waits, stops = None, [], {}, []
    for section, behind in zip(sections, [*sections[1:], None], strict=True):
        legs += section[0]
        leg_s, speed_mps = (np.array(column) for column in zip(*legs, strict=True))
        given = {"leg_m": leg_s * speed_mps, "day_max_m": day_max_m, "stint": stint}
        way = timetable(begun, leg_s, window, not_before_s=waits, stops=stops, **given)
        now = way.arrival if behind is None else opening(way.arrival, section)
        if behind is None or now == NEVER:
            return now
        if goes_over_waypoints:
            begun, stint, legs = now, way.stint, []
        else:
            waits |= {len(legs): (now - begun).total_seconds()}
    raise AssertionError


@settings(max_examples=examples(300), deadline=None)
@given(
    departures=st.lists(st.integers(0, 3 * 86_400), min_size=2, max_size=6),
    sections=st.lists(
        st.tuples(
            st.lists(st.tuples(st.floats(1, 9e4), st.floats(0, 3.0)), min_size=1, max_size=4),
            st.integers(0, 1_440),  # minutes of the day at which the crossing behind it opens,
            st.integers(1, 1_440),  # and for how many
            st.integers(1, 4),  # every so many days
        ),
        min_size=1,
        max_size=4,
    ),
    window=WINDOWS,
    day_max_m=st.floats(1_000, 60_000),
    goes_over_waypoints=st.booleans(),
)
def test_who_leaves_later_never_arrives_earlier(
    departures, sections, window, day_max_m, goes_over_waypoints
):
    """Over random legs, windows, longest days, crossings with hours, and legs over waypoints."""
    hours = WalkingWindow(time(*divmod(window[0], 60)), time(*divmod(window[1], 60)))
    arrivals = [
        last_arrival(departure, sections, hours, day_max_m, goes_over_waypoints=goes_over_waypoints)
        for departure in sorted(departures)
    ]
    for before, after in pairwise(arrivals):
        assert after >= before - timedelta(milliseconds=10)


@settings(max_examples=examples(200))
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
    in_window_s = max(0.0, leg_s.sum() - TAIL_S)
    assert way.days >= walking_days(leg_m.sum() * slack, in_window_s * slack)


@given(st.integers(1, 200), st.floats(100, 5e5), st.floats(0.3, 3.0))
def test_at_one_pace_from_the_opening_on_it_takes_exactly_its_walking_days(k, distance_m, pace):
    leg_m = np.full(k, distance_m / k)
    way = timetable(at(6), leg_m * pace, ADULT.window, leg_m=leg_m, day_max_m=ADULT.day_max_m)
    in_window_s = max(0.0, distance_m * pace - TAIL_S)
    low, high = (walking_days(distance_m * f, in_window_s * f) for f in (1 - 1e-9, 1 + 1e-9))
    assert low <= way.days <= high


def test_the_departure_keeps_its_offset():
    way = timetable(datetime(2026, 11, 24, 13, tzinfo=UTC), np.array([HOUR]), DAY)
    assert way.arrival.utcoffset() == timedelta(0)
    assert way.at(60.0) == datetime(2026, 11, 24, 13, 1, tzinfo=UTC)
