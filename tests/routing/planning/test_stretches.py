"""Where journeys fail: every stretch does, the relaxation is the least, and what mends it."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from routing.planning.day_reach import HIGH_M, MOST_GAIN_M, Constraint, DayRules
from routing.planning.itineraries import itineraries
from routing.planning.mending import by_vehicle
from routing.planning.stretches import answer
from tests.fixtures.examples import examples
from tests.fixtures.itinerary_cases import HOUR_S, made, question
from tests.fixtures.itinerary_search import every_way, sleeps, walk

KINDS = ({}, {"ahead": True}, {"gated": True, "most_places": 7})
NIGHT = Constraint.BEDS | Constraint.CLOSED

#: Cúcuta, Los Patios, La Donjuana, Pamplona, Berlín, El Picacho, Bucaramanga: kilometres between
#: the places to sleep of the demonstration, and heights (data/roads).
CORRIDOR_KM = (9.25, 23.43, 42.32, 47.0, 32.83, 40.17)
CORRIDOR_M = (320, 410, 650, 2_342, 3_200, 3_000, 959)


def failures(count, kinds=KINDS):
    """Give questions without itineraries, each with why."""
    for seed in range(count):
        asked = question(seed, **kinds[seed % len(kinds)])
        told = answer(asked)
        if told.failure:
            yield asked, told.failure


def day_of(asked, stretch):
    return (stretch.date - asked.departure.date()).days


def corridor(max_day_m=25_000.0, nights=12, departure_h=6.0):
    """Give every leg between the places of the corridor up to 100 km, at 4 km an hour."""
    at_km = np.cumsum([0.0, *CORRIDOR_KM])
    legs = [
        (a, b, abs(at_km[b] - at_km[a]), abs(at_km[b] - at_km[a]) / 4.0, 0.0)
        for a in range(7)
        for b in range(7)
        if a != b and abs(at_km[b] - at_km[a]) <= 100
    ]
    admits = np.ones((7, nights), np.bool_)
    admits[[0, 6]] = False
    return made(
        legs, nights=nights, admits=admits, height_m=np.array(CORRIDOR_M, dtype=float),
        departure_h=departure_h, rules=DayRules(max_day_m),
    )  # fmt: skip


def test_cucuta_to_bucaramanga_names_four_stretches():
    told = answer(corridor())
    assert told.itineraries == ()
    assert [(one.origin, one.destination) for one in told.failure.stretches] == [
        (2, 3), (3, 4), (4, 5), (5, 6),
    ]  # fmt: skip
    lengths = [one.length_m for one in told.failure.stretches]
    assert lengths == pytest.approx([42_300, 47_000, 32_800, 40_200], abs=2_000)
    for one in told.failure.stretches:
        assert one.binding is Constraint.DISTANCE
        assert one.remedies.vehicle
        assert one.remedies.more_spaces == 1
        assert (one.before.place, one.before.distance_m) == (one.origin, 0.0)
    # Bucaramanga takes nobody in here: the nearest place to it is behind.
    assert [one.after.place for one in told.failure.stretches] == [3, 4, 5, 5]
    # At 4 km an hour 47 km just fit into twelve hours of light.
    assert [one.remedies.longer_day_m for one in told.failure.stretches] == pytest.approx(
        [17_320, 22_000, 7_830, 15_170]
    )


def test_the_corridor_is_mended_as_proposed():
    asked = corridor()
    stretches = answer(asked).failure.stretches
    longer_m = max(one.remedies.longer_day_m for one in stretches)
    # Who walks 47 km a day passes Los Patios by.
    assert [one.nights for one in itineraries(corridor(25_000.0 + longer_m))] == [4]
    assert answer(corridor(25_000.0 + longer_m - 1.0)).failure
    # One space in the middle of each stretch: two days each instead of one.
    at_km = np.cumsum([0.0, *CORRIDOR_KM])
    places_km = sorted(
        [*at_km, *(at_km[[one.origin, one.destination]].mean() for one in stretches)]
    )
    legs = [
        (a, a + 1, places_km[a + 1] - places_km[a], (places_km[a + 1] - places_km[a]) / 4, 0.0)
        for a in range(10)
    ]
    assert [one.nights for one in itineraries(made(legs, nights=12))] == [9]


def test_daylight_and_not_the_length_may_bind():
    # 24 km of steep path take 13 hours; a point halfway mends it, a longer day does not.
    (one,) = answer(made([(0, 1, 24, 13, 0)], nights=2)).failure.stretches
    assert one.constraints == one.binding == Constraint.DAYLIGHT
    assert (one.remedies.more_spaces, one.remedies.longer_day_m, one.remedies.vehicle) == (
        1, None, True,
    )  # fmt: skip


def test_a_departure_too_late_says_so():
    shut = np.zeros((2, 2), np.bool_)
    (one,) = answer(
        made([(0, 1, 20, 5, 0)], departure_h=15, admits=shut, nights=2)
    ).failure.stretches
    assert one.binding is Constraint.DAYLIGHT
    assert one.remedies.earlier_departure
    assert one.remedies.more_spaces == 1
    (one,) = answer(
        made([(0, 1, 20, 5, 0)], departure_h=19, admits=shut, nights=2)
    ).failure.stretches
    assert one.remedies.earlier_departure
    assert (one.remedies.vehicle, one.remedies.more_spaces) == (False, None)


def test_nights_of_places_bind_and_name_what_takes_people_in():
    legs = [(0, 1, 20, 5, 0), (1, 4, 20, 5, 0), (1, 2, 2, 1, 0), (2, 4, 40, 9, 0)]
    beds = np.full((5, 2), 9)
    beds[1] = 1
    asked = made(legs, nights=2, beds=beds, rules=DayRules(25_000.0, party=2))
    (one,) = answer(asked).failure.stretches
    assert (one.origin, one.destination, one.binding) == (0, 1, Constraint.BEDS)
    assert (one.after.place, one.after.distance_m) == (2, 2_000.0)
    assert (one.remedies.vehicle, one.remedies.longer_day_m) == (False, None)
    assert one.remedies.more_spaces == 1


def test_a_crossing_that_stays_shut_is_not_mended_by_spaces():
    shut = {"crossings": [[]], "passages": [(0, 0, 1.0)], "nights": 3}
    (one,) = answer(made([(0, 1, 20, 5, 0)], **shut)).failure.stretches
    assert one.binding is Constraint.CROSSING
    assert (one.remedies.vehicle, one.remedies.more_spaces) == (False, None)
    # One that opens on the next morning is reached from a point before it, where the start does not
    # take people in.
    opens = {"crossings": [[(30, 36)]], "passages": [(0, 0, 3.0)], "nights": 3,
             "admits": np.zeros((2, 3), np.bool_)}  # fmt: skip
    (one,) = answer(made([(0, 1, 20, 5, 0)], **opens)).failure.stretches
    assert (one.binding, one.remedies.more_spaces) == (Constraint.CROSSING, 1)


def test_heights_are_split_into_days():
    asked = made([(0, 1, 20, 5, 0)], nights=4, height_m=np.array([3_000.0, 4_200.0]))
    (one,) = answer(asked).failure.stretches
    assert (one.binding, one.remedies.more_spaces) == (Constraint.HEIGHT, 2)
    assert not one.remedies.vehicle


def test_a_stay_that_is_too_long_is_a_stretch():
    opens = {"crossings": [[(3 * 24 + 8, 3 * 24 + 12)]], "passages": [(1, 0, 1.0)], "nights": 4}
    shut = np.ones((3, 4), np.bool_)
    shut[0] = False
    asked = made([(0, 1, 20, 4, 0), (1, 2, 20, 4, 0)], admits=shut,
                 max_nights=np.array([0, 2, 0]), **opens)  # fmt: skip
    (one,) = answer(asked).failure.stretches
    assert (one.origin, one.destination, one.leg, one.binding) == (1, 1, None, Constraint.STAY)
    assert one.date == date(2026, 12, 1)


def test_too_few_nights_and_no_way_are_no_stretches():
    legs = [(0, 1, 20, 5, 0), (1, 2, 20, 5, 0), (2, 3, 20, 5, 0)]
    asked = made(legs, nights=4)
    assert answer(asked).failure is None
    for known in (asked, made(legs, nights=1)):
        told = answer(replace(known, max_nights=1)).failure
        assert (told.stretches, told.nights_needed, told.is_cut_off) == ((), 2, False)
    told = answer(made([(1, 0, 20, 5, 0)])).failure
    assert (told.stretches, told.nights_needed, told.is_cut_off) == ((), None, True)
    none = replace(asked, legs=asked.legs.only(np.zeros(0, np.int64)))
    assert answer(none).failure.is_cut_off
    never = np.ones((4, 4), np.bool_)
    never[1] = False
    assert answer(made(legs, nights=4, admits=never)).failure.is_cut_off


def test_every_stretch_is_really_infeasible():
    seen = 0
    for asked, told in failures(examples(600, 70)):
        assert not list(every_way(asked))
        for one in told.stretches:
            if one.leg is None:
                assert one.binding is Constraint.STAY
                continue
            assert walk(asked, one.leg, day_of(asked, one)) is None
            assert one.binding in one.constraints
            assert one.length_m == asked.legs.distance_m[one.leg]
            assert (Constraint.DISTANCE in one.constraints) == (
                one.length_m > asked.rules.max_day_m
            )
            for near in (one.before, one.after):
                assert near is None or sleeps(asked, near.place, day_of(asked, one))
            seen += 1
    assert seen > examples(600, 70) / 4


def test_the_relaxation_is_the_least():
    compared = 0
    for asked, told in failures(examples(300, 40), KINDS[:2]):
        if not told.stretches or any(one.leg is None for one in told.stretches):
            continue
        cost = [0, 0.0]
        for one in told.stretches:
            cost[0] += lacking(asked, one.leg, day_of(asked, one))
            cost[1] += max(one.length_m - asked.rules.max_day_m, 0.0)
        assert cost == pytest.approx(least(asked))
        compared += 1
    assert compared > examples(300, 40) / 10


def test_nobody_waits_for_longer_days():
    """A gap of a thousand kilometres is told for the day after the night before it."""
    asked = made([(0, 1, 20, 5, 0), (1, 2, 1_000, 250, 0)], nights=100)
    hours = asked.world.hours
    longer_s = np.arange(hours.days) * 60.0
    world = replace(asked.world, hours=replace(hours, until_s=hours.until_s + longer_s))
    (one,) = answer(replace(asked, world=world)).failure.stretches
    assert (one.origin, one.destination) == (1, 2)
    assert day_of(asked, one) == 1


def lacking(asked, leg, day):
    """Give how many points a leg lacks on a day, by the book."""
    legs, hours, rules = asked.legs, asked.world.hours, asked.rules
    if walk(asked, leg, day) is not None:
        return 0
    here, there = int(legs.origin[leg]), int(legs.destination[leg])
    light_s = max(
        min(hours.until_s[[here, there], one]) - max(hours.from_s[[here, there], one])
        for one in range(hours.days)
    )
    days = max(legs.distance_m[leg] / rules.max_day_m, legs.duration_s[leg] / max(light_s, 1.0))
    low_m, high_m = asked.world.places.height_m[[here, there]]
    gain_m = high_m - (HIGH_M if np.isnan(low_m) else max(low_m, HIGH_M))
    if not np.isnan(gain_m):
        days = max(days, gain_m / MOST_GAIN_M)
    return min(max(int(np.ceil(days)) - 1, 1), 1_000)


def least(asked):
    """Give points and metres beyond the longest day of the least relaxation, day by day."""
    legs, ever = asked.legs, asked.world.places.admits.any(axis=1)
    reached, best = {asked.start: (0, 0.0)}, (np.inf, np.inf)
    for day in range(asked.nights + 1):
        following = {}
        for here, cost in reached.items():
            if day < asked.nights and sleeps(asked, here, day):
                following[here] = min(following.get(here, cost), cost)
            for leg in np.flatnonzero(legs.origin == here):
                there, points = int(legs.destination[leg]), lacking(asked, leg, day)
                beyond_m = max(legs.distance_m[leg] - asked.rules.max_day_m, 0.0) if points else 0.0
                total = (cost[0] + points, cost[1] + beyond_m)
                if there == asked.end:
                    best = min(best, total)
                elif ever[there]:
                    following[there] = min(following.get(there, total), total)
        reached = following
    return list(best)


def test_mending_the_stretches_by_vehicles_makes_the_journey_possible():
    """What is mended by a vehicle takes one, and the places that are named take the party in."""
    mended = 0
    for asked, told in failures(examples(600, 70)):
        if not told.stretches or not all(
            one.leg is not None
            and (one.remedies.vehicle or not one.constraints & ~NIGHT)
            and (day_of(asked, one) < asked.world.places.nights or not one.constraints & NIGHT)
            for one in told.stretches
        ):
            continue
        legs, places = asked.legs, asked.world.places
        admits, beds = places.admits.copy(), places.beds.copy()
        for one in told.stretches:
            if one.constraints & NIGHT and day_of(asked, one) < places.nights:
                admits[one.destination, day_of(asked, one)] = True
                beds[one.destination, day_of(asked, one)] = asked.rules.party
        rows = [one.leg for one in told.stretches if one.remedies.vehicle]
        quick = by_vehicle(legs)
        distance_m, duration_s = legs.distance_m.copy(), legs.duration_s.copy()
        distance_m[rows], duration_s[rows] = quick.distance_m[rows], quick.duration_s[rows]
        after_s = legs.passages.after_s.copy()
        is_quick = np.isin(legs.passages.leg, rows)
        after_s[is_quick] = quick.passages.after_s[is_quick]
        helped = replace(
            asked,
            legs=replace(legs, distance_m=distance_m, duration_s=duration_s,
                         passages=replace(legs.passages, after_s=after_s)),
            world=replace(asked.world, places=replace(
                places, admits=admits, beds=beds, max_nights=np.zeros(len(places), np.int64))),
        )  # fmt: skip
        assert itineraries(helped)
        mended += 1
    assert mended > examples(600, 70) / 20


def test_mending_the_stretches_by_a_longer_day_makes_the_journey_possible():
    mended = 0
    for asked, told in failures(examples(600, 70)):
        longer = [one.remedies.longer_day_m for one in told.stretches]
        if not longer or None in longer or any(one.constraints & NIGHT for one in told.stretches):
            continue
        rules = replace(asked.rules, max_day_m=asked.rules.max_day_m + max(longer))
        free = replace(asked.world.places, max_nights=np.zeros(len(asked.world.places), np.int64))
        assert itineraries(replace(asked, rules=rules, world=replace(asked.world, places=free)))
        mended += 1
    assert mended >= examples(600, 70) / 120


def test_mending_a_stretch_by_points_makes_it_possible():
    """A stretch alone is walked with as many points as are named, and not with one less."""
    mended = 0
    for asked, told in failures(examples(600, 120)):
        for one in told.stretches:
            count = one.remedies.more_spaces
            if one.leg is None or count is None or one.leg in asked.legs.passages.leg:
                continue
            nights = range(asked.nights)
            takes_in = all(sleeps(asked, one.destination, night) for night in nights)
            if one.destination != asked.unslept_end and not takes_in:
                continue
            assert split_is_walked(asked, one, count)
            assert not split_is_walked(asked, one, count - 1)
            mended += 1
    assert mended > examples(600, 120) / 20


def split_is_walked(asked, stretch, count):
    """Return whether equal parts of a stretch are walked day by day, by exhaustive search."""
    leg, day, places = stretch.leg, day_of(asked, stretch), asked.world.places
    ends, hours = [stretch.origin, stretch.destination], asked.world.hours
    parts = count + 1
    nights = places.nights - day
    share = np.linspace(0, 1, parts + 1)
    free = {"admits": True, "beds": 99, "opens_s": 0.0, "last_entry_s": np.inf}
    of_end = {
        name: np.vstack([np.full((parts, nights), value), getattr(places, name)[ends[1:], day:]])
        for name, value in free.items()
    }
    height_m = places.height_m[ends[0]] + share * np.diff(places.height_m[ends])
    height_m[[0, -1]] = places.height_m[ends]
    admits = of_end["admits"].astype(bool)
    admits[0] = False
    one = made(
        [(k, k + 1, asked.legs.distance_m[leg] / 1e3 / parts,
          asked.legs.duration_s[leg] / HOUR_S / parts, 0) for k in range(parts)],
        nights=nights, rules=asked.rules, max_nights=np.zeros(parts + 1, np.int64),
        height_m=height_m,
        admits=admits, beds=of_end["beds"].astype(np.int64),
        opens_s=of_end["opens_s"], last_entry_s=of_end["last_entry_s"],
    )  # fmt: skip
    since_s = day * 86_400.0
    light = replace(
        one.world.hours,
        from_s=np.tile(hours.from_s[ends, day:].max(axis=0) - since_s, (parts + 1, 1)),
        until_s=np.tile(hours.until_s[ends, day:].min(axis=0) - since_s, (parts + 1, 1)),
    )
    ready = asked.departure if day == 0 else one.departure.replace(hour=0)
    is_end_slept_at = stretch.destination != asked.unslept_end
    one = replace(
        one, world=replace(one.world, hours=light), departure=ready, max_nights=nights,
        is_end_slept_at=is_end_slept_at,
    )  # fmt: skip
    return any(len(way[0]) == parts for way in every_way(one))


def test_a_question_asked_twice_is_answered_the_same():
    for asked, told in failures(examples(100, 30)):
        rows = np.random.default_rng(1).permutation(len(asked.legs))
        again = answer(replace(asked, legs=asked.legs.only(rows))).failure
        assert again == replace(told, stretches=tuple(
            replace(one, leg=None if one.leg is None else int(np.flatnonzero(rows == one.leg)[0]))
            for one in told.stretches))  # fmt: skip


def test_dates_count_from_the_departure():
    first, *_ = answer(corridor()).failure.stretches
    # Day 0 to Los Patios, day 1 to La Donjuana, day 2 fails.
    assert first.date == date(2026, 11, 29) + timedelta(days=2)
