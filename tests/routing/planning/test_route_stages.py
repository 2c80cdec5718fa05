"""Stages of a route: the best nights that keep to it, and what is said where there are none."""

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from routing.planning.day_reach import Constraint
from routing.planning.itineraries import itineraries
from routing.planning.question import ItineraryQuestion
from routing.planning.route_stages import route_stages
from routing.route.timeline import BEFORE, BEHIND, START, Pacing
from tests.fixtures.examples import examples
from tests.fixtures.itinerary_checker import BUFFER, SLACK, sunlight
from tests.fixtures.marching import Walker
from tests.fixtures.route_nights import HOUR_S, Opens, drawn, laid

DAY_S = 86_400.0
SIX = datetime(2026, 11, 24, 6, tzinfo=timezone(timedelta(hours=-5)))


def told(found):
    """Give walking days, end in km and nights of each stage."""
    return [(one.days, one.destination, one.nights) for one in found]


def test_each_day_ends_at_a_bed_and_the_hardest_day_is_the_least():
    # By the farthest bed of each day the last two would be 24 and 20 km: 22 is less.
    at = [5e3, 18e3, 24e3, 40e3]
    found = route_stages(laid(60e3, at, departure=SIX))
    assert told(found) == [(1, 2, 1), (1, 4, 1), (1, 5, 0)]
    assert not any(one.fails for one in found)


def test_where_none_is_near_the_days_to_the_next_are_said_and_why():
    found = route_stages(laid(90e3, [10e3, 70e3], departure=SIX))
    assert told(found) == [(1, 1, 1), (3, 2, 1), (1, 3, 0)]
    assert [one.fails for one in found] == [0, Constraint.DISTANCE | Constraint.DAYLIGHT, 0]


def test_p46_nobody_passes_an_open_bed_to_spend_one_more_night_outdoors():
    found = route_stages(laid(140e3, [30e3, 80e3, 120e3], departure=SIX))
    assert told(found) == [(2, 1, 1), (2, 2, 1), (2, 3, 1), (1, 4, 0)]


def test_a_slow_climb_ends_the_day_before_its_distance_does():
    # Eleven hours of light are 21.7 km.
    found = route_stages(laid(60e3, [20e3, 24e3, 40e3], departure=SIX, speed=0.55))
    assert told(found) == [(1, 1, 1), (1, 3, 1), (1, 4, 0)]
    assert not any(one.fails for one in found)


def test_who_sets_out_too_late_leaves_the_next_morning():
    late = route_stages(laid(40e3, [20e3], departure=SIX.replace(hour=16)))
    assert [(one.day, one.days) for one in late] == [(1, 1), (2, 1)]
    # Four kilometres are walked before dark.
    near = route_stages(laid(40e3, [4e3, 20e3], departure=SIX.replace(hour=16)))
    assert [(one.day, one.destination) for one in near] == [(0, 1), (1, 2), (2, 3)]
    assert not any(one.fails for one in (*late, *near))


def test_p32_the_wait_for_a_crossing_is_slept_at_the_bed_before_it():
    opens = Opens(SIX.replace(hour=0) + timedelta(days=4), SIX + timedelta(days=40), 8, 18)
    ask = {"departure": SIX, "crossings": [(22e3, opens)]}
    found = route_stages(laid(40e3, [20e3], **ask))
    assert [(one.day, one.nights, one.fails) for one in found] == [(0, 4, 0), (4, 0, 0)]
    # A space that keeps nobody so long is left, after a night more at the start, and the night at
    # the posts is named.
    few = route_stages(laid(40e3, [20e3], max_nights=np.array([0, 2, 0]), **ask))
    assert [(one.day, one.nights) for one in few] == [(1, 2), (3, 0)]
    assert Constraint.CROSSING in few[1].fails
    assert few[1].nights_without_bed == 1
    # A bed of a crossing's place lies on one side of it.
    before = route_stages(laid(40e3, [(22e3, BEFORE)], **ask))
    assert [(one.day, one.nights) for one in before] == [(0, 4), (4, 0)]
    shut = Opens(SIX - timedelta(days=9), SIX + timedelta(hours=2), 0, 24)
    assert (
        route_stages(laid(40e3, [(22e3, BEHIND)], departure=SIX, crossings=[(22e3, shut)])) is None
    )


@pytest.mark.parametrize(
    ("places", "fails"),
    [
        ({"height_m": np.array([500.0, 3_800.0, 500.0])}, Constraint.HEIGHT),
        ({"last_entry_s": np.full((3, 12), 8 * HOUR_S)}, Constraint.HOURS),
    ],
)
def test_p15_a_bed_that_is_too_high_or_shut_at_arrival_is_named(places, fails):
    found = route_stages(laid(40e3, [20e3], departure=SIX, **places))
    assert [one.fails for one in found] == [fails, 0]


@pytest.mark.parametrize(
    "places", [{"beds": np.zeros((3, 12), int)}, {"admits": np.zeros((3, 12), bool)}]
)
def test_p15_a_full_or_closed_bed_is_none(places):
    found = route_stages(laid(40e3, [20e3], departure=SIX, **places))
    assert told(found) == [(2, 2, 0)]
    assert found[0].fails == Constraint.DISTANCE


def test_random_routes_are_staged_as_the_judge_and_the_kernels_say():
    kinds = {"whole": 0, "failing": 0, "none": 0, "rests": 0}
    for seed in range(examples(100, 50)):
        nights = drawn(seed)
        found = route_stages(nights)
        best = itineraries(_question(nights))
        if found is None:
            kinds["none"] += 1
            assert not best
            continue
        assert not [*_breaches(nights, found)], seed
        is_whole = not any(one.fails for one in found)
        kinds["whole" if is_whole else "failing"] += 1
        kinds["rests"] += any(one.nights > 1 for one in found)
        assert bool(best) == is_whole, seed
        if best:
            moved = np.diff([nights.moved_s[one.destination] for one in found], prepend=0.0)
            assert (found[-1].day, max(moved)) == (best[0].nights, pytest.approx(best[0].hardest_s))
    assert min(kinds.values()) > examples(3, 1), kinds


def _question(nights):
    """Give the same question to the search over networks; who leaves late stays for one night."""
    places = nights.places.only(np.arange(len(nights.at)))
    places.admits[0, 0], places.beds[0, 0], places.max_nights[0] = True, 9, 1
    return ItineraryQuestion(
        nights.legs,
        type(nights.world)(places, nights.world.crossings, nights.hours),
        nights.rules,
        start=0,
        end=nights.end,
        departure=nights.pacing.departure,
        max_nights=places.nights,
    )


def _breaches(nights, found):
    """Yield what a chain of stages breaks, from the arrays of its places and astral's sun alone."""
    departure = nights.pacing.departure
    midnight = departure.replace(hour=0)
    here, morning = 0, 0
    for one in found:
        if (one.origin, one.day) != (here, morning) and (here or one.day > 1):
            yield "broken chain"
        leaves, comes = (midnight + timedelta(seconds=s) for s in (one.departure_s, one.arrival_s))
        if leaves < departure or comes < leaves:
            yield "before departure"
        if not one.fails:
            yield from _of_a_day(nights, one, leaves, comes)
        elif one.arrival_day > one.day:
            yield from _of_a_stretch(nights, one)
        is_end = one.destination == nights.end
        for night in range(one.arrival_day, one.arrival_day + one.nights):
            if not is_end and not _takes_in(nights, one.destination, night):
                yield "closed"
        most = nights.places.max_nights[one.destination]
        if 0 < most < one.nights or (one.nights == 0) != is_end:
            yield "other nights"
        here, morning = one.destination, one.arrival_day + one.nights
    if here != nights.end:
        yield "not arrived"
    yield from _of_the_clock(nights, found)


def _takes_in(nights, place, night):
    places = nights.places
    return night < places.nights and places.admits[place, night] and places.beds[place, night] != 0


def _of_a_day(nights, one, leaves, comes):
    places, ends = nights.places, (one.origin, one.destination)
    lights = [
        sunlight(float(places.lon[row]), float(places.lat[row]), leaves.date(), leaves.tzinfo)
        for row in ends
    ]
    doors_s = one.arrival_s - one.day * DAY_S
    if one.destination != nights.end:
        doors_s = max(doors_s, places.opens_s[one.destination, one.day])
        if doors_s > places.last_entry_s[one.destination, one.day]:
            yield "closed door"
    in_at = leaves.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(seconds=doors_s)
    if leaves < max(light[0] for light in lights) - SLACK:
        yield "before dawn"
    if in_at > min(light[1] for light in lights) - BUFFER + SLACK:
        yield "after dark"
    if leaves.hour < 6 or in_at.hour >= 18:
        yield "out of hours"
    if nights.at[one.destination][0] - nights.at[one.origin][0] > nights.rules.max_day_m:
        yield "over the longest day"
    low_m, high_m = places.height_m[list(ends)]
    if high_m > 3_000 and high_m - max(3_000, low_m) > 500:
        yield "too high"


def _of_a_stretch(nights, one):
    """Yield the beds that were passed in the open for one more night, by another walker."""
    posts = [passage.at_m for passage in nights.pacing.route.passages]
    here_m = nights.at[one.origin][0]
    if any(here_m <= at_m <= nights.at[one.destination][0] for at_m in posts):
        return
    profile, route = nights.pacing.route.profile, nights.pacing.route
    speed = route.segments.to_m[0] / route.segments.duration_s[0]
    walker = Walker(speed, profile.day_max_m, 6 * HOUR_S, 18 * HOUR_S, HOUR_S)
    for row in range(one.origin + 1, one.destination + 1):
        if nights.at[row][0] > here_m:
            clock_s, _ = walker.walk(one.departure_s, profile.day_max_m, nights.at[row][0] - here_m)
            day = int(clock_s // DAY_S)
            if row == one.destination and abs(clock_s - one.arrival_s) > 1:
                yield "other arrival"
            if day < one.arrival_day and _takes_in(nights, row, day):
                yield "passed a bed"


def _of_the_clock(nights, found):
    """Yield where the times of the route, with its nights, are others than those of the stages."""
    left = {nights.at[one.origin]: one.departure_s for one in found}
    pacing, reached = Pacing(nights.pacing.route, nights.pacing.departure, left), {}
    walker = pacing.gone(pacing.walker(), START, pacing.end, reached)
    if abs(walker.clock_s - found[-1].arrival_s) > 1e-3:
        yield "other clock"
    if walker.days != sum(one.days for one in found):
        yield "other days"
