"""Itineraries against exhaustive search, and against a checker that knows nothing of the search."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count as numbers

import numpy as np
import pytest

from routing.errors import InvalidRequest, TooManyLabels
from routing.planning.day_reach import DayRules
from routing.planning.itineraries import itineraries
from tests.fixtures.examples import examples
from tests.fixtures.itinerary_cases import HOUR_S, made, question
from tests.fixtures.itinerary_checker import breaches
from tests.fixtures.itinerary_search import every_way


def front(ways):
    triples = {(len(way) - 1, exposure, hardest) for way, exposure, hardest, _ in ways}
    return {
        one
        for one in triples
        if not any(all(a <= b for a, b in zip(o, one, strict=True)) for o in triples - {one})
    }


def figures(one):
    return (one.nights, one.exposure, one.hardest_s)


def legs_of(one):
    return tuple(day.leg for day in one.days)


#: Questions of every kind; of the gated ones, whose people rest, exhaustive search finds thousands.
KINDS = ({}, {"ahead": True}, {"gated": True, "most_places": 7})


@pytest.mark.parametrize("kind", KINDS)
def test_itineraries_are_those_of_exhaustive_search(kind):
    answered = rested = stayed = 0
    for seed in range(examples(300, 40)):
        asked = question(seed, **kind)
        ways = list(every_way(asked))
        found = itineraries(asked)
        assert [figures(one) for one in found] == sorted(front(ways)), seed
        assert {legs_of(one) for one in found} <= {way[0] for way in ways}
        answered += bool(found)
        rested += any(one.rests for one in found)
        free = replace(asked.world.places, max_nights=np.zeros_like(asked.world.places.max_nights))
        stayed += found != itineraries(replace(asked, world=replace(asked.world, places=free)))
    # The cases are worth something: many have an answer, some by resting or by a longest stay.
    assert answered >= examples(300, 40) / 8
    assert "gated" not in kind or min(rested, stayed) >= examples(300, 40) / 12


def test_of_equal_itineraries_that_with_the_least_walking_is_told():
    equal = 0
    for seed in range(examples(300, 40)):
        # Who waits for a crossing might as well walk about, as long as no day is harder.
        asked = question(seed, gated=True, most_places=7)
        free = replace(asked.world.places, max_nights=np.zeros(len(asked.world.places), np.int64))
        # Nothing is known of any exposure: many itineraries are equal.
        legs = replace(asked.legs, exposure=np.zeros(len(asked.legs)))
        asked = replace(asked, legs=legs, world=replace(asked.world, places=free))
        walked_s = {}
        for way, *rest, _ in every_way(asked):
            walking_s = sum(asked.legs.duration_s[leg] for leg in way if leg is not None)
            walked_s.setdefault((len(way) - 1, *rest), []).append(walking_s)
        for one in itineraries(asked):
            assert sum(day.duration_s for day in one.days) == min(walked_s[figures(one)])
            equal += len(set(walked_s[figures(one)])) > 1
    assert equal >= examples(300, 40) / 30
    # Without any exposure to tell them apart nobody is sent the long way round.
    legs = [(0, 1, 20, 5, 0), (1, 4, 20, 5, 0), (0, 2, 20, 5, 0), (2, 4, 5, 1, 0)]
    (one,) = itineraries(made([*legs, (0, 3, 20, 5, 0), (3, 4, 9, 2, 0)]))
    assert [day.destination for day in one.days] == [2, 4]


def test_the_order_of_the_table_does_not_matter():
    for seed in range(examples(300, 40)):
        asked = question(seed, ahead=True)
        rows = np.random.default_rng(seed).permutation(len(asked.legs))
        again = itineraries(replace(asked, legs=asked.legs.only(rows)))
        found = [
            replace(one, days=tuple(replace(d, leg=None if d.leg is None else int(rows[d.leg]))
                                    for d in one.days))
            for one in again
        ]  # fmt: skip
        assert tuple(found) == itineraries(asked)


# --- a checker ------------------------------------------------------------------------------------


def test_no_itinerary_breaks_a_rule():
    judged, wanted = 0, examples(10_000, 50)
    for seed in numbers(1_000):
        asked = question(seed, most_nights=9 - seed % 4, **KINDS[1 + seed % 2])
        for one in itineraries(asked):
            assert not list(breaches(asked, one)), seed
            judged += 1
        if judged >= wanted:
            break


def test_the_checker_sees_each_breach():
    asked = next(q for q in map(question, numbers(1_000)) if any(
        len(one.days) > 1 and one.days[0].leg is not None for one in itineraries(q)))  # fmt: skip
    one = next(o for o in itineraries(asked) if len(o.days) > 1 and o.days[0].leg is not None)
    first, *others = one.days

    def told(places=None, **changes):
        world = replace(asked.world, places=places or asked.world.places)
        other = replace(asked, world=world)
        return set(breaches(other, replace(one, days=(replace(first, **changes), *others))))

    places, there = asked.world.places, first.destination
    assert not told()
    late = first.entry + timedelta(hours=12)
    assert {"after dark", "flew"} <= told(arrival=late, entry=late)
    assert "before dawn" in told(departure=first.departure - timedelta(hours=8))
    none = np.zeros_like(places.admits)
    assert "closed" in told(replace(places, admits=none))
    assert "over capacity" in told(replace(places, beds=np.zeros_like(places.beds)))
    assert "closed door" in told(replace(places, last_entry_s=np.zeros_like(places.opens_s)))
    high = np.full(len(places), 2_000.0)
    high[there] = 3_600.0
    assert "too high" in told(replace(places, height_m=high))
    assert set(breaches(replace(asked, rules=replace(asked.rules, max_day_m=1.0)), one)) >= {
        "over the longest day"
    }


# --- leaving later --------------------------------------------------------------------------------


def test_leaving_later_on_the_same_date_never_arrives_earlier():
    for seed in range(examples(300, 40)):
        asked = question(seed, ahead=True)
        later = replace(asked, departure=asked.departure + timedelta(hours=seed % 5 + 1))
        first = min(((len(way[0]), way[3]) for way in every_way(asked)), default=(np.inf, np.inf))
        then = min(((len(way[0]), way[3]) for way in every_way(later)), default=(np.inf, np.inf))
        assert then >= first
        soonest = [min((one.nights for one in itineraries(q)), default=np.inf)
                   for q in (asked, later)]  # fmt: skip
        assert soonest[1] >= soonest[0]


# --- single rules ---------------------------------------------------------------------------------


def clocks(one):
    return [(d.departure.hour, d.arrival.hour, d.entry.hour) if d.leg is not None else None
            for d in one.days]  # fmt: skip


def test_a_day_is_told_with_its_times_and_figures():
    asked = made([(0, 1, 20, 5, 2), (1, 2, 10, 2, 1)], departure_h=12)
    (one,) = itineraries(asked)
    assert clocks(one) == [(12, 17, 17), (6, 8, 8)]
    assert [day.date.day for day in one.days] == [29, 30]
    assert (one.nights, one.exposure, one.hardest_s, one.distance_m) == (1, 3.0, 5 * HOUR_S, 3e4)
    assert one.arrival == datetime(2026, 11, 30, 8, tzinfo=asked.departure.tzinfo)
    assert [day.is_slept_at for day in one.days] == [True, False]
    # Five hours from 14:00 end in the dark: the night is spent at the start, if that admits.
    assert itineraries(replace(asked, departure=asked.departure + timedelta(hours=2)))[0].rests == 1


def test_nobody_walks_on_into_the_dark_by_the_tail_of_an_hour():
    assert itineraries(made([(0, 1, 20, 12, 0)]))
    assert not itineraries(made([(0, 1, 20, 12.1, 0)]))


def test_a_crossing_is_waited_for_by_day():
    crossed = {"crossings": [[(10, 12), (34, 36)]], "passages": [(0, 0, 1.0)]}
    (one,) = itineraries(made([(0, 1, 20, 4, 0)], **crossed))
    assert clocks(one) == [(6, 13, 13)]
    assert one.days[0].crossings_wait_s == 3 * HOUR_S
    # Too late on the first day: a rest at the start, where there is one.
    (one,) = itineraries(made([(0, 1, 20, 4, 0)], departure_h=13, **crossed))
    assert clocks(one) == [None, (6, 13, 13)]
    shut = np.array([[False] * 3, [True] * 3])
    assert not itineraries(made([(0, 1, 20, 4, 0)], departure_h=13, admits=shut, **crossed))


def test_who_is_early_waits_at_the_door_until_dusk_at_most():
    legs = [(0, 1, 20, 4, 0), (1, 2, 5, 1, 0)]
    for opens_h, last_h, arrives in (
        (14, 20, True),
        (18, 20, True),
        (19, 20, False),
        (8, 9, False),
    ):
        hours = {"opens_s": np.full((3, 3), opens_h * HOUR_S),
                 "last_entry_s": np.full((3, 3), last_h * HOUR_S)}  # fmt: skip
        found = itineraries(made(legs, **hours))
        assert bool(found) == arrives, opens_h
        if arrives:
            assert found[0].days[0].entry.hour == opens_h
            # The end is no place to sleep: its check-in hours do not matter.
            assert found[0].arrival.hour == 7


def test_heights_are_gained_slowly_above_3000_m():
    legs = [(0, 1, 20, 4, 0), (1, 2, 5, 1, 0)]
    for heights, is_fine in (
        ((2_000, 3_500, 3_900), True),
        ((2_000, 3_501, 3_900), False),
        ((3_300, 3_800, 4_301), False),
        ((4_000, 1_000, 3_500), True),
        ((float("nan"), 2_900, 3_500), True),
        ((2_000, float("nan"), 2_000), False),
    ):
        found = itineraries(made(legs, height_m=np.array(heights, dtype=np.float64)))
        assert bool(found) == is_fine, heights
    known = made(legs, height_m=np.array([2_000, float("nan"), 2_000]),
                 rules=DayRules(25_000.0, unknown_height_is_low=True))  # fmt: skip
    assert itineraries(known)


def test_unknown_beds_are_no_room_unless_allowed():
    legs = [(0, 1, 20, 4, 0), (1, 2, 5, 1, 0)]
    unknown = np.full((3, 3), -1)
    assert not itineraries(made(legs, beds=unknown))
    assert itineraries(
        made(legs, beds=unknown, rules=DayRules(25_000.0, unknown_beds_suffice=True))
    )
    assert not itineraries(made(legs, rules=DayRules(25_000.0, party=10)))
    assert itineraries(made(legs, rules=DayRules(25_000.0, party=9)))


def test_a_longest_stay_counts_returns_as_well():
    # The crossing opens on the fourth day; place 1 keeps nobody longer than two nights.
    legs = [(0, 1, 20, 4, 0), (1, 2, 5, 1, 3), (2, 1, 5, 1, 3), (1, 3, 20, 4, 0)]
    opens = {"crossings": [[(4 * 24 + 8, 4 * 24 + 12)]], "passages": [(3, 0, 1.0)], "nights": 5}
    shut = np.ones((4, 5), np.bool_)
    shut[0] = False
    (free,) = itineraries(made(legs, admits=shut, **opens))
    assert [day.destination for day in free.days] == [1, 1, 1, 1, 3]
    (kept,) = itineraries(made(legs, admits=shut, max_nights=np.array([0, 2, 0, 0]), **opens))
    assert [day.destination for day in kept.days].count(1) == 2
    assert [day.destination for day in kept.days] == [1, 2, 2, 1, 3]
    both = np.array([0, 2, 1, 0])
    assert not itineraries(made(legs, admits=shut, max_nights=both, **opens))


def test_trade_offs_stand_beside_each_other():
    legs = [
        (0, 3, 24, 8, 9),  # at once, hard and exposed
        (0, 1, 12, 5, 1), (1, 3, 12, 5, 1),  # a night, easier
        (1, 2, 6, 2, 0), (2, 3, 6, 2, 0.5), (0, 2, 24, 9, 0),  # more nights
    ]  # fmt: skip
    assert [figures(one) for one in itineraries(made(legs))] == [
        (0, 9.0, 8 * HOUR_S),
        (1, 0.5, 9 * HOUR_S),
        (1, 2.0, 5 * HOUR_S),
        (2, 1.5, 5 * HOUR_S),
    ]


def test_the_end_is_slept_at_where_that_is_asked():
    admits = np.array([[True] * 3, [True] * 3, [False, False, True]])
    legs = [(0, 1, 20, 4, 0), (1, 2, 5, 1, 0)]
    asked = made(legs, admits=admits)
    assert itineraries(asked)[0].nights == 1
    (one,) = itineraries(replace(asked, is_end_slept_at=True))
    assert (one.nights, one.days[-1].is_slept_at) == (2, True)


def test_both_kernels_find_the_same(monkeypatch):
    for seed in range(examples(300, 40)):
        asked = question(seed, ahead=True)
        free = replace(asked.world.places, max_nights=np.zeros(len(asked.world.places), np.int64))
        lax = replace(asked, world=replace(asked.world, places=free))
        plain = [figures(one) for one in itineraries(lax)]
        # A limit beyond all nights, counted from the first: labels, and no other answer.
        monkeypatch.setattr("routing.planning.itineraries._overstayed", _first_only())
        most = replace(free, max_nights=np.full(len(free), 99))
        counted = [
            figures(one) for one in itineraries(replace(lax, world=replace(lax.world, places=most)))
        ]
        monkeypatch.undo()
        assert counted == plain


def _first_only():
    calls = []

    def overstayed(way, legs, start, most):
        calls.append(way)
        return iter([0] if len(calls) == 1 else [])

    return overstayed


def test_too_many_labels_are_refused():
    legs = [(a, b, 5, 1 + (a * 7 + b) % 5, (a * 5 + b * 3) % 7) for a in range(5) for b in range(6)
            if a != b]  # fmt: skip
    opens = {"crossings": [[(9 * 24 + 8, 9 * 24 + 12)]], "nights": 10}
    passages = [(row, 0, 0.5) for row, leg in enumerate(legs) if leg[1] == 5]
    asked = made(legs, passages=passages, max_nights=np.full(6, 2), **opens)
    assert itineraries(asked)
    with pytest.raises(TooManyLabels):
        itineraries(asked, label_limit=10)


def test_what_cannot_be_asked_is_refused():
    asked = made([(0, 1, 20, 4, 0)])
    for wrong in (
        {"departure": datetime(2026, 11, 29)},  # noqa: DTZ001 -- that is the point
        {"start": 1},
        {"end": 7},
        {"start": -1},
        {"max_nights": -1},
        {"max_nights": 251},
        {"legs": replace(asked.legs, destination=np.array([9]))},
    ):
        with pytest.raises(InvalidRequest):
            replace(asked, **wrong)
    with pytest.raises(InvalidRequest):
        DayRules(0.0)
    with pytest.raises(InvalidRequest):
        DayRules(1.0, party=0)
    with pytest.raises(InvalidRequest):
        replace(asked.legs, distance_m=np.array([-1.0]))
    with pytest.raises(InvalidRequest):
        replace(asked.world.places, beds=np.zeros((2, 9), np.int64))
