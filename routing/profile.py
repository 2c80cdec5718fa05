"""Who travels: how far in a day, and in which hours."""

import math
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from routing.access import Mode
from routing.exposure import Hazard


@dataclass(frozen=True, slots=True)
class Profile:
    """Who travels, as far as the search needs to know.

    Parameters
    ----------
    name
        Key of the profile.
    day_max_m
        Longest day on foot, metres.
    window_start, window_end
        The hours of walking, local time at the place.
    """

    name: str
    day_max_m: float
    window_start: time
    window_end: time

    @property
    def window_s(self) -> float:
        """Length of the walking window, seconds."""
        return (_hours(self.window_end) - _hours(self.window_start)) * 3600.0


#: algorithms.md section 3 [A: field staff must set]; window of definitions.md.
ADULT: Final = Profile("adult", 25_000.0, time(6), time(18))


def _hours(moment: time) -> float:
    return moment.hour + moment.minute / 60 + moment.second / 3600


def walking_days(distance_m: float, duration_s: float, profile: Profile = ADULT) -> int:
    """Give the days a walk takes: the longest day on foot and the walking window both bind.

    ``max(ceil(distance_m / day_max_m), ceil(duration_s / window_s))``, at least 1.
    """
    by_distance = math.ceil(distance_m / profile.day_max_m)
    return max(1, by_distance, math.ceil(duration_s / profile.window_s))


def counts_at(hazard: Hazard, at: datetime, mode: Mode, profile: Profile = ADULT) -> bool:
    """Tell whether a hazard counts for a departure.

    A night-only hazard does not count for a walker who leaves within the walking window, because
    the profile walks only then. A vehicle may be anywhere by night: there it always counts.

    Parameters
    ----------
    hazard
        The record.
    at
        Departure, aware; its own offset is taken as the local time of the place.
    mode, profile
        Who travels.
    """
    if not hazard.night_only or mode is Mode.VEHICLE:
        return True
    local = at.timetz().replace(tzinfo=None)
    return not profile.window_start <= local < profile.window_end
