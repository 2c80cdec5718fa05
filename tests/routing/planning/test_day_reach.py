"""A day's reach against the book, and beside the timetable by which routes are timed."""

from dataclasses import replace
from datetime import time, timedelta

import numpy as np
import pytest

from routing.errors import InvalidRequest
from routing.planning.day_reach import Constraint, binding
from routing.planning.legs import CrossingHours
from routing.planning.walking_hours import walking_hours
from routing.travel.timetable import WalkingWindow, timetable
from tests.fixtures.examples import examples
from tests.fixtures.itinerary_cases import DAY_S, HOUR_S, made, question
from tests.fixtures.itinerary_search import sleeps, walk

KINDS = ({}, {"ahead": True}, {"gated": True})
SIX_TO_SIX = WalkingWindow(time(6), time(18))


def questions(count):
    return (question(seed, **KINDS[seed % 3]) for seed in range(count))


def test_what_can_be_walked_is_told_as_by_the_book():
    walked = 0
    for asked in questions(examples(600, 90)):
        for day in range(asked.nights + 1):
            reach = asked.reach(day)
            for leg in range(len(asked.legs)):
                times = walk(asked, leg, day)
                assert reach.is_feasible[leg] == (times is not None)
                if times is not None:
                    assert (reach.arrival_s[leg], reach.entry_s[leg]) == times
                    walked += 1
    assert walked > 200


def test_each_constraint_is_marked_where_it_is_broken():
    seen = Constraint(0)
    for asked in questions(examples(600, 90)):
        legs = asked.legs
        for day in range(asked.nights + 1):
            fails = asked.reach(day).fails
            assert ((fails & Constraint.DISTANCE) != 0).tolist() == (
                legs.distance_m > asked.rules.max_day_m
            ).tolist()
            for leg in np.flatnonzero(fails):
                found = Constraint(int(fails[leg]))
                seen |= binding(int(found))
                there = int(legs.destination[leg])
                if there != asked.unslept_end and not found & (Constraint.BEDS | Constraint.CLOSED):
                    assert sleeps(asked, there, day)
    assert seen == ~Constraint.STAY & Constraint(255)


def test_a_leg_alone_goes_as_among_others():
    for asked in questions(examples(100, 30)):
        whole = asked.reach(0)
        for leg in range(len(asked.legs)):
            alone = asked.reach(0, asked.legs.only(np.array([leg])))
            assert (alone.fails[0], alone.arrival_s[0]) == (whole.fails[leg], whole.arrival_s[leg])


def test_what_is_feasible_takes_the_timetable_of_routes_one_day_with_the_same_arrival():
    """A plan is the stricter rule: it never promises what the clock of routes does not keep."""
    compared = 0
    for seed in range(examples(600, 75)):
        asked = question(seed, **KINDS[seed % 3])
        places = asked.world.places
        hours = walking_hours(places.lon, places.lat, asked.departure, asked.nights + 1, SIX_TO_SIX)
        asked = replace(asked, world=replace(asked.world, hours=hours))
        for day in range(asked.nights + 1):
            reach = asked.reach(day)
            for leg in np.flatnonzero(reach.is_feasible):
                rows = np.flatnonzero(asked.legs.passages.leg == leg)
                if len(rows) > 1:
                    continue
                after_s = float(asked.legs.passages.after_s[rows[0]]) if len(rows) else 0.0
                total_s = float(asked.legs.duration_s[leg])
                through_s = after_s + float(reach.waited_s[leg])
                share = after_s / total_s if total_s else 0.0
                length_m = asked.legs.distance_m[leg]
                told = timetable(
                    asked.moment(float(reach.departure_s[leg])),
                    np.array([after_s, total_s - after_s]),
                    SIX_TO_SIX,
                    leg_m=np.array([share, 1 - share]) * length_m,
                    day_max_m=asked.rules.max_day_m,
                    not_before_s={1: through_s},
                )
                assert told.days == 1
                late = told.arrival - asked.moment(float(reach.arrival_s[leg]))
                assert abs(late) < timedelta(milliseconds=1)
                compared += 1
    assert compared > examples(200, 100)


def test_nights_that_are_not_known_are_closed():
    asked = made([(0, 1, 20, 5, 0), (1, 2, 20, 5, 0)], nights=1)
    hours = replace(
        asked.world.hours,
        from_s=np.tile(np.arange(4) * DAY_S + 6 * HOUR_S, (3, 1)),
        until_s=np.tile(np.arange(4) * DAY_S + 18 * HOUR_S, (3, 1)),
    )
    asked = replace(asked, world=replace(asked.world, hours=hours))
    assert asked.reach(0).fails.tolist() == [0, 0]
    assert asked.reach(1).fails.tolist() == [int(Constraint.CLOSED), 0]
    assert asked.nights == 1


def test_a_crossing_is_passed_at_the_first_moment_that_is_open():
    hours = CrossingHours.of([[(10.0, 20.0), (30.0, 40.0)], [], [(0.0, 5.0)]])
    crossing = np.array([0, 0, 0, 0, 0, 1, 2, 2])
    clock_s = np.array([0.0, 10.0, 19.9, 20.0, 40.0, 1.0, 4.0, 5.0])
    passed_s = [10.0, 10.0, 19.9, 30.0, np.inf, np.inf, 4.0, np.inf]
    assert hours.passed_s(crossing, clock_s).tolist() == passed_s


def test_the_road_is_left_half_an_hour_before_sunset():
    asked = question(1)
    lon, lat = np.array([-72.5]), np.array([7.9])
    sun = walking_hours(lon, lat, asked.departure, 3, None, buffer_s=0.0)
    plain = walking_hours(lon, lat, asked.departure, 3, None)
    cut = walking_hours(lon, lat, asked.departure, 3, SIX_TO_SIX)
    assert (sun.until_s - plain.until_s).tolist() == [[1_800.0] * 3]
    assert (cut.from_s >= plain.from_s).all()
    assert (cut.until_s <= np.arange(1, 4) * DAY_S - 6 * HOUR_S).all()
    # Cúcuta in the tropics: light from about six to about six by its own clock.
    assert sun.from_s[0, 0] / HOUR_S == pytest.approx(6.0, abs=1.0)
    with pytest.raises(InvalidRequest):
        walking_hours(lon, lat, asked.departure.replace(tzinfo=None), 3, SIX_TO_SIX)


def test_light_has_to_be_at_both_ends():
    asked = made([(0, 1, 20, 5, 0), (1, 0, 20, 5, 0)])
    for late, early, is_fine in ((9, 14, True), (9.1, 14, False), (9, 13.9, False)):
        from_s, until_s = asked.world.hours.from_s.copy(), asked.world.hours.until_s.copy()
        from_s[1, 0], until_s[0, 0] = late * HOUR_S, early * HOUR_S
        hours = replace(asked.world.hours, from_s=from_s, until_s=until_s)
        dim = replace(asked, world=replace(asked.world, hours=hours))
        assert ((dim.reach(0).fails & Constraint.DAYLIGHT) == 0).tolist() == [is_fine, is_fine]


def test_limits_themselves_are_kept():
    # In at the last moment of check-in, exactly the longest day, exactly the highest gain.
    legs = [(0, 1, 25, 5, 0), (1, 2, 1, 1, 0)]
    edge = {
        "height_m": np.array([3_000.0, 3_500.0, 500.0]),
        "opens_s": np.full((3, 3), 11 * HOUR_S),
        "last_entry_s": np.full((3, 3), 11 * HOUR_S),
    }
    assert made(legs, **edge).reach(0).fails[0] == 0
    for name, change, constraint in (
        ("last_entry_s", -0.5, Constraint.HOURS),
        ("height_m", np.array([0.0, 0.5, 0.0]), Constraint.HEIGHT),
    ):
        fails = made(legs, **edge | {name: edge[name] + change}).reach(0).fails[0]
        assert fails == constraint
    assert made([(0, 1, 25.001, 5, 0), legs[1]], **edge).reach(0).fails[0] == Constraint.DISTANCE
