"""The table of profiles, and the days that a walk takes."""

import math
from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
import shapely

from routing.osm_tags.edge_flags import Mode
from routing.osm_tags.ways import HIGHWAY_CLASSES, SMOOTHNESS
from routing.travel.hazard import Hazard
from routing.travel.profiles import ADULT, PROFILES, VEHICLE, counts_at, walking_days
from routing.travel.timetable import DAY_S, WalkingWindow


def test_the_table_holds_four_profiles_by_their_names():
    assert list(PROFILES) == ["adult", "family", "reduced_mobility", "vehicle"]
    assert all(profile.name == name for name, profile in PROFILES.items())
    assert len(set(PROFILES.values())) == 4  # metrics are kept by profile: it has to hash


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_what_is_barred_exists(profile):
    assert set(HIGHWAY_CLASSES) >= profile.barred_classes
    assert set(SMOOTHNESS) - {"unknown"} >= profile.barred_smoothness


def test_only_families_carry_children_and_only_walkers_rest():
    assert [p.name for p in PROFILES.values() if p.carries_children] == ["family"]
    for profile in PROFILES.values():
        assert (profile.window is None) == (profile.mode is Mode.VEHICLE)
    assert ADULT.window == WalkingWindow(time(6), time(18))
    assert VEHICLE.window_s == DAY_S


def test_a_day_of_walking_shrinks_with_who_walks():
    walked = [PROFILES[name].day_max_m for name in ("adult", "family", "reduced_mobility")]
    assert walked == sorted(walked, reverse=True)
    assert math.isinf(VEHICLE.day_max_m)
    assert [walking_days(122_000, 24 * 3600, p) for p in PROFILES.values()] == [5, 9, 19, 1]


def test_a_night_hazard_counts_for_who_never_rests():
    hazard = Hazard("h", "robbery", "human_threat", shapely.Point(0, 0), night_only=True)
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert not counts_at(hazard, noon, Mode.FOOT)
    restless = replace(ADULT, window_start=None, window_end=None)
    assert counts_at(hazard, noon, Mode.FOOT, restless)
