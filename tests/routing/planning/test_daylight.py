"""Sunrise and sunset: against astral, and by what is known of the sun."""

from datetime import UTC, date, timedelta, timezone

import numpy as np
import pytest
from astral import Observer, sun
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.errors import InvalidRequest
from routing.planning.daylight import sun_times
from tests.fixtures.examples import examples

HOUR_S = 3_600.0


def length_h(lat, day, lon=-70.0):
    return float(sun_times(np.array([lon]), np.array([lat]), day, 1).length_s[0, 0]) / HOUR_S


# From 120 to 30 degrees west: where the sun rises about 00:00 UTC astral finds no sunrise.
@settings(max_examples=examples(500))
@given(st.floats(-120, -30), st.floats(-60, 60), st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_sunrise_and_sunset_are_those_of_astral(lon, lat, day):
    found = sun_times(np.array([lon]), np.array([lat]), day, 2)
    # Astral looks for the event of a date in a zone: the zone of the place's own noon.
    zone = timezone(timedelta(hours=lon / 15.0))
    midnight_s = (day - date(1970, 1, 1)).total_seconds()
    for row in range(2):
        for event, ours in ((sun.sunrise, found.rise_s), (sun.sunset, found.set_s)):
            theirs = event(Observer(lat, lon, 0.0), day + timedelta(days=row), tzinfo=zone)
            assert ours[0, row] + midnight_s == pytest.approx(
                theirs.astimezone(UTC).timestamp(), abs=0.05
            )


@settings(max_examples=examples(500))
@given(st.floats(-180, 180), st.floats(-90, 90), st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_every_day_has_ends_in_order(lon, lat, day):
    found = sun_times(np.array([lon]), np.array([lat]), day, 3)
    assert np.isfinite(found.rise_s).all()
    assert np.isfinite(found.set_s).all()
    assert (found.length_s >= 0).all()
    assert (found.length_s <= 86_400).all()
    # The day is that around the place's own noon; beside the poles declination shifts it.
    noon_s = (12.0 - lon / 15.0) * HOUR_S + np.arange(3) * 86_400.0
    off_s = np.abs((found.rise_s + found.set_s)[0] / 2 - noon_s)
    assert off_s[(found.length_s[0] % 86_400 == 0) | (abs(lat) < 66)].max(initial=0) < 1_300


def test_lengths_of_days_that_are_known():
    # algorithms.md, section 3: 12.0 h at the equator, Santiago 9.8 h in June (geometric; the sun's
    # edge and refraction add some 10 minutes there).
    assert length_h(-33.5, date(2026, 6, 21)) == pytest.approx(9.8 + 10 / 60, abs=0.1)
    assert all(length_h(0.0, date(2026, m, 21)) == pytest.approx(12.11, abs=0.02) for m in (3, 6))
    # At the equinox day and night are nearly as long everywhere, and the hemispheres mirror each
    # other half a year apart.
    assert length_h(50.0, date(2026, 3, 20)) == pytest.approx(12.2, abs=0.1)
    assert length_h(40.0, date(2026, 6, 21)) == pytest.approx(
        length_h(-40.0, date(2026, 12, 21)), abs=0.02
    )


def test_polar_day_and_night_have_ends():
    assert length_h(80.0, date(2026, 6, 21)) == 24.0
    assert length_h(80.0, date(2026, 12, 21)) == 0.0
    # Through a whole year at the circle nothing is missing, and the length never jumps back.
    year = sun_times(np.array([0.0]), np.array([67.0]), date(2026, 1, 1), 365).length_s[0]
    assert year.min() >= 0
    assert year.max() == 86_400
    assert np.abs(np.diff(year)).max() < 1.6 * HOUR_S


def test_days_do_not_depend_on_what_is_asked_beside_them():
    lon, lat = np.array([-72.5, -70.6, 179.0]), np.array([7.9, -33.5, 65.0])
    many = sun_times(lon, lat, date(2026, 11, 29), 30)
    one = sun_times(lon[1:2], lat[1:2], date(2026, 12, 9), 1)
    assert one.rise_s[0, 0] == pytest.approx(many.rise_s[1, 10] - 10 * 86_400, abs=1e-3)
    assert sun_times(lon[:0], lat[:0], date(2026, 11, 29), 30).rise_s.shape == (0, 30)
    assert sun_times(lon, lat, date(2026, 11, 29), 0).rise_s.shape == (3, 0)


@pytest.mark.parametrize(("lon", "lat"), [(float("nan"), 0.0), (0.0, 91.0), (181.0, 0.0)])
def test_places_off_the_earth_are_refused(lon, lat):
    with pytest.raises(InvalidRequest):
        sun_times(np.array([lon]), np.array([lat]), date(2026, 11, 29), 1)
