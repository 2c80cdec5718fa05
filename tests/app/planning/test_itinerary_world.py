"""What an itinerary depends on by day: roads, crossings, and nights of spaces."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from app.journeys.night_places import NightCalendar, places_of
from app.planning.itinerary_world import crossings_of, road_states
from geo.geography.crossings import CrossingStatement, StatedCrossing
from geo.geography.hazards import ActiveHazard
from geo.hours.openings import WEEKDAYS
from geo.spaces.candidates import NightCandidate
from geo.spaces.eligibility import Need
from routing.planning.places import UNKNOWN_BEDS
from routing.router.regional import Crossing, Hazard
from tests.fixtures.night_spaces import BOGOTA, candidate

READY = datetime.fromisoformat("2026-11-26T06:00:00-05:00")
WEEK = NightCalendar.of(READY, 6)
AREA = shapely.box(-73, 7, -72, 8)


def hazard(id_, begins, ends=None, *, family="physical", is_published=True):
    """Give an exclusion from one day to another, by day of the journey."""
    from_, to = (
        None if day is None else WEEK.midnight + timedelta(days=day) for day in (begins, ends)
    )
    record = ActiveHazard(
        id_, family, "flood", "x", "exclusion", 1.0, None, None, None, False, from_, to,
        date(2026, 11, 1), None, False, AREA,
    )  # fmt: skip
    routed = Hazard(id_, "flood", family, AREA, exclusion=True, is_published=is_published)
    return record, routed


def states(now=(), coming=()):
    records = SimpleNamespace(
        hazards=[record for record, _ in now],
        routed_hazards=[routed for _, routed in now],
        coming=coming,
    )
    return {
        tuple(one.id for one in state.hazards): np.flatnonzero(state.on).tolist()
        for state in road_states(records, WEEK)
    }


def test_closures_hold_on_their_days_and_end_a_day_late():
    # Two days, and the margin of a day.
    assert states([hazard("a", -3, 2)]) == {("a",): [0, 1, 2], (): [3, 4, 5, 6]}
    assert states(coming=[hazard("b", 4)]) == {(): [0, 1, 2, 3], ("b",): [4, 5, 6]}
    both = states([hazard("a", -3, 2)], [hazard("b", 2, 3)])
    assert both == {("a",): [0, 1], ("a", "b"): [2], ("b",): [3], (): [4, 5, 6]}


@pytest.mark.parametrize(
    "told", [{"family": "human_threat"}, {"is_published": False}], ids=["threat", "ban"]
)
def test_p36_no_day_tells_when_a_threat_or_a_ban_begins_or_ends(told):
    every_day = {("x",): [*range(7)]}
    assert states([hazard("x", -3, 2, **told)]) == every_day
    assert states(coming=[hazard("x", 3, **told)]) == every_day


def test_crossings_are_open_at_their_hours():
    daily = CrossingStatement(
        "s",
        "open",
        date(2026, 11, 28),
        None,
        BOGOTA,
        frozenset(WEEKDAYS),
        time(6),
        time(18),
        "x",
        False,
    )
    stated = StatedCrossing("X", "Puente", "CO", "VE", -72.4, 7.8, False, (daily,))
    router = Crossing("X", "Puente", -72.4, 7.8, ("CO", "VE"), passable=False, state="closed")
    (crossing,), hours = crossings_of([stated], [router], WEEK)
    assert crossing.passable
    assert hours.from_s.tolist() == [day * 86_400 + 21_600 for day in range(2, 7)]
    assert hours.until_s.tolist() == [day * 86_400 + 64_800 for day in range(2, 7)]
    # One that came or went between two readings is in neither.
    other = replace(router, id="Y")
    assert crossings_of([stated], [other, router], WEEK)[0] == (crossing,)
    assert crossings_of([replace(stated, id="Z"), stated], [router], WEEK)[0] == (crossing,)
    never = replace(stated, statuses=())
    (crossing,), hours = crossings_of([never], [router], WEEK)
    assert not crossing.passable
    assert not len(hours.from_s)


def space(**more):
    return NightCandidate(candidate(**more), "Casa", "Pamplona", 3, -72.6, 7.4)


def nights(need=None, **more):
    ends = [(-72.5, 7.9), (-73.1, 7.1)]
    return places_of(ends, [space(**more)], need or Need(services=("overnight",)), WEEK)


def test_a_space_takes_a_party_in_by_its_hours_until_its_confirmation_ends():
    places = nights()
    assert places.admits[2].tolist() == [True] * 4 + [False] * 2
    assert not places.admits[:2].any()
    assert places.opens_s[2, :4].tolist() == [16 * 3_600.0] * 4
    assert places.last_entry_s[2, :4].tolist() == [20 * 3_600.0] * 4
    assert (places.beds == UNKNOWN_BEDS).all()
    assert places.max_nights.tolist() == [0, 0, 3]
    # By a clock five hours ahead the doors open at nine in the evening.
    utc = NightCalendar.of(READY.astimezone(UTC), 6)
    ends = [(-72.5, 7.9), (-73.1, 7.1)]
    far = places_of(ends, [space()], Need(services=("overnight",)), utc)
    assert far.opens_s[2, 0] == 21 * 3_600.0


def test_who_is_not_taken_in_has_no_night_and_a_full_space_no_bed():
    assert not nights(access="referral_only").admits.any()
    assert not nights(Need(services=("overnight",), age=16, is_alone=True)).admits.any()
    men = Need(services=("overnight",), gender="men")
    assert not nights(men, genders=frozenset({"women"})).admits.any()
    full = nights(capacity="full")
    assert full.admits[2, 0]
    assert full.beds[2].tolist() == [0] * 6
