"""Profiles of travellers: longest day, hours of walking, pace, and roads that cannot be used.

A new profile is one entry in the table `PROFILES`. `routing.travel.speed` defines the speeds.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from routing.osm_tags.edge_flags import EdgeFlag, Mode
from routing.osm_tags.ways import STEEP_GRADE
from routing.travel.hazard import Hazard
from routing.travel.timetable import DAY_S, WalkingWindow


class Pace(StrEnum):
    """A model of speed; `routing.travel.speed` has the formula and source of each."""

    TOBLER = "tobler"
    IRMISCHER_CLARKE = "irmischer_clarke"
    CAMPBELL_10 = "campbell_10"
    ASSISTED = "assisted"
    DRIVING = "driving"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of travellers, with the properties that the search uses.

    Parameters
    ----------
    name
        Key of the profile.
    day_max_m
        Longest day on foot, metres.
    window_start, window_end
        The hours of walking, local time at the place; both None for a profile that needs no rest.
    mode
        On foot or by vehicle.
    pace
        Model of speed.
    carries_children
        Whether children are among the travellers.
    barred_classes, barred_smoothness
        Names in ``HIGHWAY_CLASSES`` and ``SMOOTHNESS`` that cannot be used at all.
    barred_flags
        An edge with one of these bits of ``EdgeFlag`` cannot be used at all.
    max_grade
        Steepest grade that can be used, rise over run, uphill and downhill; None for any.
    """

    name: str
    day_max_m: float
    window_start: time | None
    window_end: time | None
    mode: Mode = Mode.FOOT
    pace: Pace = Pace.TOBLER
    carries_children: bool = False
    barred_classes: frozenset[str] = frozenset()
    barred_smoothness: frozenset[str] = frozenset()
    barred_flags: int = 0
    max_grade: float | None = None

    @property
    def window(self) -> WalkingWindow | None:
        """The hours of walking; None for a profile that needs no rest."""
        if self.window_start is None or self.window_end is None:
            return None
        return WalkingWindow(self.window_start, self.window_end)

    @property
    def window_s(self) -> float:
        """Length of the walking window, seconds; the whole day without one."""
        window = self.window
        return DAY_S if window is None else window.length_s


#: Begin and end of the hours of walking, local time (definitions.md, "Time").
_FROM, _UNTIL = time(6), time(18)

#: An adult on foot; the longest day is that of algorithms.md section 3 [A: field staff must set].
ADULT: Final = Profile("adult", 25_000.0, _FROM, _UNTIL)

#: A family on foot, which walks 12 to 15 km a day (algorithms.md section 3 [A: field staff must
#: set]): the longer figure is used, as in `app.page_models.home_filling`. The pace is the 10th
#: percentile of hikers' speeds, which a family reaches "at most" (same section).
FAMILY: Final = Profile(
    "family", 15_000.0, _FROM, _UNTIL, pace=Pace.CAMPBELL_10, carries_children=True
)

#: People who walk with difficulty, with an aid, or in a wheelchair; all figures were measured
#: elsewhere and are to be set with field staff.
#: Longest day: 6.5 km, the mean of manual wheelchair users in a highly accessible setting (Tolerico
#: 2006, as cited by the US Access Board, "Surface roughness standards", 2014; 2.0 km on typical
#: days).
#: Steepest grade: 1:12, the steepest ramp of the 2010 ADA Standards, 405.2; known from the height
#: model or from a tag.
#: ``wheelchair=no`` bars ways and barriers (as in Valhalla, lua/graph.lua).
#: Smoothness: the wiki's "Key:smoothness" leaves ``horrible`` and worse to off-road vehicles [A:
#: hence barred; ``bad`` and ``very_bad`` are slow, although a wheelchair is named only up to
#: ``intermediate``: barring them too would leave most roads of the region out].
REDUCED_MOBILITY: Final = Profile(
    "reduced_mobility",
    6_500.0,
    _FROM,
    _UNTIL,
    pace=Pace.ASSISTED,
    barred_classes=frozenset({"steps"}),
    barred_smoothness=frozenset({"horrible", "very_horrible", "impassable"}),
    barred_flags=int(EdgeFlag.NO_WHEELS | EdgeFlag.STEEP),
    max_grade=STEEP_GRADE,
)

#: A vehicle, which needs no rest. No wheeled vehicle can pass a road of smoothness ``impassable``
#: (wiki "Key:smoothness"; OSRM's car.lua: speed 0).
VEHICLE: Final = Profile(
    "vehicle",
    math.inf,
    None,
    None,
    mode=Mode.VEHICLE,
    pace=Pace.DRIVING,
    barred_smoothness=frozenset({"impassable"}),
)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {profile.name: profile for profile in (ADULT, FAMILY, REDUCED_MOBILITY, VEHICLE)}
)


def walking_days(distance_m: float, duration_s: float, profile: Profile = ADULT) -> int:
    """Return the fewest days for a walk, limited by the longest day and the walking window.

    The result is ``max(ceil(distance_m / day_max_m), ceil(duration_s / window_s))``, at least 1.
    `routing.travel.timetable.timetable` never takes fewer days. It takes more where the walk begins
    late in the window, waits, or is limited by hours on some days and by distance on others.
    """
    by_distance = math.ceil(distance_m / profile.day_max_m)
    return max(1, by_distance, math.ceil(duration_s / profile.window_s))


def counts_at(hazard: Hazard, at: datetime, mode: Mode, profile: Profile = ADULT) -> bool:
    """Return whether the search for a route has to heed a hazard, given the time of departure.

    A night-only hazard is not heeded for a walker who leaves within the walking window; whether the
    route runs into the night is judged on the finished route (`routing.route.upcoming_closures`).
    For a vehicle, which may be anywhere by night, every hazard is heeded.

    Parameters
    ----------
    hazard
        The record.
    at
        Departure, timezone-aware; its own offset is taken as the local time of the place.
    mode, profile
        The traveller's mode and profile.
    """
    if not hazard.night_only or mode is Mode.VEHICLE:
        return True
    if profile.window_start is None or profile.window_end is None:
        return True
    local = at.timetz().replace(tzinfo=None)
    return not profile.window_start <= local < profile.window_end
