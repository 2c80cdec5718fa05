"""Sunrise and sunset for arrays of places and dates, by the solar equations of NOAA.

The equations are those of the NOAA solar calculator (https://gml.noaa.gov/grad/solcalc/,
"Calculation Details"), after Meeus, Astronomical Algorithms (1991), as the package astral has them.
Each event is computed twice, the second time with the sun's place at the time found first.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest

type Floats = NDArray[np.float64]

_DAY_MIN: Final = 1_440.0
_MINUTES_PER_DEGREE: Final = 4.0
_MINUTES_PER_RADIAN: Final = 720.0 / np.pi

#: Moments at which the sun's position is computed for a date, to interpolate it between them,
#: minutes after 00:00 UTC: the day of any place on that date lies between the first and the last.
_MOMENTS_MIN: Final = (-720.0, 720.0, 2_160.0)

#: Zenith of the sun's centre at sunrise and sunset, degrees: 90, the sun's apparent radius of 16',
#: and the refraction of 31.3' that NOAA's formula has for a centre 16' below the horizon.
_ZENITH_DEG: Final = 90.0 + 32.0 / 120.0 + 1_880.79 / 3_600.0

#: Farthest latitude that the equations hold for, degrees: the poles have no hour angle.
_MAX_LAT: Final = 89.8

#: Julian day of ordinal 0 of Python's proleptic calendar (`date.toordinal`) at 00:00 UTC.
_ORDINAL_ZERO: Final = 1_721_424.5
#: Julian day of the epoch J2000.0.
_J2000: Final = 2_451_545.0
_DAYS_PER_CENTURY: Final = 36_525.0


@dataclass(frozen=True, eq=False, slots=True)
class SunTimes:
    """Sunrise and sunset of n places on k consecutive dates.

    The day of a date is that around its solar noon at the place (12:00 UTC at longitude 0, 17:00
    UTC at 75 degrees west). By polar day it begins 12 hours before noon and ends 12 hours after; in
    polar night it begins and ends at noon.

    Parameters
    ----------
    rise_s, set_s
        float64 [n, k], seconds since 00:00 UTC of the first date; always finite, rise <= set.
    """

    rise_s: Floats
    set_s: Floats

    @property
    def length_s(self) -> Floats:
        """Length of each day, float64 [n, k], seconds from 0 to 86,400."""
        return np.clip(self.set_s - self.rise_s, 0.0, _DAY_MIN * 60.0)


def sun_times(lon: Floats, lat: Floats, first: date, days: int) -> SunTimes:
    """Return sunrise and sunset at places on consecutive dates, at sea level and a free horizon.

    Parameters
    ----------
    lon, lat
        float64 [n], degrees, WGS 84.
    first
        First date.
    days
        Count of dates, at least 0.

    Raises
    ------
    InvalidRequest
        A coordinate is not finite or out of range.
    """
    lon, lat = (np.asarray(values, dtype=np.float64)[:, np.newaxis] for values in (lon, lat))
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise InvalidRequest("places", "not_finite")
    if (np.abs(lon) > 180).any() or (np.abs(lat) > 90).any():  # noqa: PLR2004 -- degrees
        raise InvalidRequest("places", "out_of_range")
    day = np.arange(days, dtype=np.float64)
    sun = _Sun(_Slow.at(_ORDINAL_ZERO + first.toordinal() + day))
    rise_min, half_min = _event_min(lon, lat, sun, -1.0)
    set_min, _ = _event_min(lon, lat, sun, 1.0)
    # Where the sun does not cross the horizon twice, begin and end of the day lie at equal distance
    # from noon: 12 hours by polar day, 0 in polar night.
    noon_min = _DAY_MIN / 2 - lon * _MINUTES_PER_DEGREE
    noon_min = noon_min - sun.place(noon_min)[1]
    is_crossed = (half_min > 0) & (half_min < _DAY_MIN / 2) & (set_min > rise_min)
    rise_min = np.where(is_crossed, rise_min, noon_min - half_min)
    set_min = np.where(is_crossed, set_min, noon_min + half_min)
    from_min = day * _DAY_MIN
    return SunTimes((rise_min + from_min) * 60.0, (set_min + from_min) * 60.0)


@dataclass(frozen=True, eq=False, slots=True)
class _Slow:
    """Terms of the sun's position that hardly change within a day, float64 [k], one per date.

    Parameters
    ----------
    midnight
        Julian centuries since J2000.0 at 00:00 UTC.
    nutation_deg
        Aberration and nutation in longitude, degrees.
    sin_tilt, half_tilt
        Sine of the obliquity, and the squared tangent of half of it.
    eccentricity
        Of the earth's orbit.
    """

    midnight: Floats
    nutation_deg: Floats
    sin_tilt: Floats
    half_tilt: Floats
    eccentricity: Floats

    @classmethod
    def at(cls, julian_day: Floats) -> "_Slow":
        """Compute the terms for the Julian days of the dates' midnights (UTC)."""
        t = (julian_day - _J2000) / _DAYS_PER_CENTURY
        node = np.radians(125.04 - 1_934.136 * t)
        seconds = 21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))
        tilt = np.radians(23.0 + (26.0 + seconds / 60.0) / 60.0 + 0.00256 * np.cos(node))
        return cls(
            midnight=t,
            nutation_deg=-0.00569 - 0.00478 * np.sin(node),
            sin_tilt=np.sin(tilt),
            half_tilt=np.tan(tilt / 2.0) ** 2,
            eccentricity=0.016708634 - t * (0.000042037 + 0.0000001267 * t),
        )

    def place(self, after_min: float) -> tuple[Floats, Floats]:
        """Return the sine of the declination and the equation of time (minutes), float64 [k] each.

        Parameters
        ----------
        after_min
            Minutes since 00:00 UTC of each date.
        """
        t = self.midnight + after_min / (_DAY_MIN * _DAYS_PER_CENTURY)
        mean_deg = 280.46646 + t * (36_000.76983 + 0.0003032 * t)
        anomaly = np.radians(357.52911 + t * (35_999.05029 - 0.0001537 * t))
        sin_m, cos_m = np.sin(anomaly), np.cos(anomaly)
        sin_2m = 2.0 * sin_m * cos_m
        centre_deg = (
            sin_m * (1.914602 - t * (0.004817 + 0.000014 * t))
            + sin_2m * (0.019993 - 0.000101 * t)
            + sin_m * (3.0 - 4.0 * sin_m * sin_m) * 0.000289
        )
        sin_declination = self.sin_tilt * np.sin(
            np.radians(mean_deg + centre_deg + self.nutation_deg)
        )
        twice = np.radians(2.0 * mean_deg)
        sin_2l, cos_2l = np.sin(twice), np.cos(twice)
        y, e = self.half_tilt, self.eccentricity
        equation = (
            y * sin_2l
            - 2.0 * e * sin_m
            + 4.0 * e * y * sin_m * cos_2l
            - y * y * sin_2l * cos_2l
            - 1.25 * e * e * sin_2m
        )
        return sin_declination, np.degrees(equation) * _MINUTES_PER_DEGREE


class _Sun:
    """The sun's position in the course of each date, interpolated by a parabola through 3 moments.

    The declination differs from that of the equations by less than 0.00001 degrees (its third
    difference over a day), and sunrise by less than a hundredth of a second.
    """

    def __init__(self, slow: _Slow) -> None:
        self._declination, self._equation = (
            _parabola(*values)
            for values in zip(*(slow.place(at) for at in _MOMENTS_MIN), strict=True)
        )

    def place(self, at_min: Floats) -> tuple[Floats, Floats]:
        """Return the sine of the declination and the equation of time, minutes, at some times.

        The times are minutes since 00:00 UTC of each date.
        """
        x = (at_min - _MOMENTS_MIN[1]) / _DAY_MIN
        (a, b, c), (d, e, f) = self._declination, self._equation
        return (a * x + b) * x + c, (d * x + e) * x + f


def _parabola(before: Floats, middle: Floats, after: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the coefficients, highest first, of the parabola through values at -1, 0 and 1."""
    return (after + before) / 2.0 - middle, (after - before) / 2.0, middle


def _event_min(lon: Floats, lat: Floats, sun: _Sun, side: float) -> tuple[Floats, Floats]:
    """Return sunrise (side -1) or sunset (+1), minutes since 00:00 UTC, and half the day's length.

    Both are float64 [n, k]. Half the day's length is 0 where the sun stays below the horizon, 720
    minutes where it stays above.
    """
    north = np.radians(np.clip(lat, -_MAX_LAT, _MAX_LAT))
    sin_lat, over_cos = np.sin(north), 1.0 / np.cos(north)
    down, noon_min = np.cos(np.radians(_ZENITH_DEG)), _DAY_MIN / 2 - lon * _MINUTES_PER_DEGREE
    at_min = np.zeros((1, 1))
    for _ in range(2):
        sine, equation_min = sun.place(at_min)
        cosine = (down - sin_lat * sine) * over_cos / np.sqrt(1.0 - sine * sine)
        half_min = np.arccos(np.clip(cosine, -1.0, 1.0)) * _MINUTES_PER_RADIAN
        at_min = noon_min - equation_min + side * half_min
    return at_min, half_min
