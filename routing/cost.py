"""What an edge costs: time plus aversion times exposure, every constant with unit and source.

The search minimises ``cost_s = time_s + aversion · Σ_k price_k · exposure_k`` in seconds. With
aversion 0 it looks for the quickest way that breaks no rule. Prices turn exposure into seconds of
walking; no source gives them, so they are ours ([A], to be set with field staff) and serve only to
choose between routes. What an answer *reports* are times, hours, kilometres and expected events.

Missing information never makes a road look better than what is known: the search uses the upper
bound of a rate, the region's highest known height for an unknown one, and no faster a pace than the
region's mean where the slope is not known. Hard exclusions are never priced, they are removed (P11,
P14).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.access import HIGHWAY_CLASSES, SURFACES, EdgeFlag, Mode
from routing.exposure import Contact, Exposure, Hazard, Legs
from routing.graph import RoadGraph

type Floats = NDArray[np.float64]

#: Tobler 1993, "Three presentations on geographical analysis and modeling", NCGIA 93-1:
#: ``v = 6·exp(-3.5·|S + 0.05|)`` km/h on a path of slope S = dh/dx.
TOBLER_PEAK_KMH: Final = 6.0
TOBLER_DECAY: Final = 3.5
TOBLER_BEST_SLOPE: Final = -0.05

#: Boats and ferries, km/h: OSRM's foot and car profiles (profiles/foot.lua, car.lua: ferry = 5).
FERRY_KMH: Final = 5.0

#: Vehicle speed by class, km/h: OSRM, profiles/car.lua at 0012f45890a8 (BSD-2); classes it does
#: not name take its ``default`` of 10. ``road`` (class not surveyed) counts as the slowest street.
VEHICLE_KMH: Final = {
    "motorway": 90.0,
    "motorway_link": 75.0,
    "trunk": 85.0,
    "trunk_link": 70.0,
    "primary": 65.0,
    "primary_link": 60.0,
    "secondary": 55.0,
    "secondary_link": 50.0,
    "tertiary": 40.0,
    "tertiary_link": 30.0,
    "unclassified": 25.0,
    "residential": 25.0,
    "living_street": 10.0,
    "service": 15.0,
    "ferry": FERRY_KMH,
}
VEHICLE_DEFAULT_KMH: Final = 10.0

#: Highest vehicle speed on a surface, km/h: the lower of OSRM's ``surface_tracktype_profile`` and
#: ``surface_smoothness_profile`` (same file). Rock is its ``rocky``, bricks and metal as named.
SURFACE_KMH: Final = {
    "paving_stones": 60.0,
    "metal": 60.0,
    "sett": 45.0,
    "compacted": 45.0,
    "cobblestone": 30.0,
    "wood": 30.0,
    "rock": 30.0,
    "gravel": 30.0,
    "fine_gravel": 30.0,
    "unpaved": 30.0,
    "ground": 30.0,
    "dirt": 30.0,
    "grass": 30.0,
    "pebblestone": 30.0,
    "earth": 15.0,
    "sand": 15.0,
    "mud": 15.0,
}

#: Wilderness Medical Society, altitude guidelines (Luks et al. 2019): risk moderate above 2,800 m
#: and high above 3,500 m reached within one day.
ALTITUDES_M: Final = {"altitude_over_2800_m": 2_800.0, "altitude_over_3500_m": 3_500.0}
ALTITUDE_SOURCE: Final = (
    "WMS 2019 (Luks et al., Wilderness & Environmental Medicine 30(4S):S3); heights interpolated"
    " between the nodes of the road"
)

#: Price of one hour above each of those heights, seconds [A]: the hour counts once more above
#: 2,800 m and, because both kinds apply there, twice more above 3,500 m.
ALTITUDE_PRICE_S_PER_H: Final = 3_600.0

#: Price of one expected event, seconds [A]: thirty days. One event in 10,000 km of walking then
#: weighs as much as a third of the walk itself.
EVENT_PRICE_S: Final = 30 * 86_400.0


def tobler_kmh(slope: Floats | float) -> Floats:
    """Give Tobler's walking speed on a path.

    Parameters
    ----------
    slope
        Rise over run, positive uphill.

    Returns
    -------
    float64, km/h: 5.04 on the flat, at most 6.0 at a slope of -0.05.
    """
    steepness = np.abs(np.asarray(slope, dtype=np.float64) - TOBLER_BEST_SLOPE)
    return np.asarray(TOBLER_PEAK_KMH * np.exp(-TOBLER_DECAY * steepness))


#: 5.04 km/h, the sketch's walking speed: without a height model the road counts as flat.
FLAT_KMH: Final = float(tobler_kmh(0.0))

#: Price of one kilometre inside a hazard without a cited rate, seconds per unit of weight [A]: as
#: much as walking one kilometre more (714.8 s), so weight 1 doubles the walk inside it.
KM_INSIDE_PRICE_S: Final = 3_600.0 / FLAT_KMH


def climb_pace_s_per_m(length_m: Floats, ascent_m: Floats, descent_m: Floats) -> Floats:
    """Give seconds per metre on foot over edges that climb and fall.

    The climb and the fall share the length in proportion to their metres, both at the grade
    ``(ascent + descent) / length``; Tobler's speed holds on each. An edge that only climbs is
    Tobler exactly.

    Parameters
    ----------
    length_m, ascent_m, descent_m
        float64 [n], metres, in the direction of travel.

    Returns
    -------
    float64 [n], s/m.
    """
    moved = ascent_m + descent_m
    zero = np.zeros(len(moved))
    grade = np.divide(moved, length_m, out=zero.copy(), where=length_m > 0)
    up = np.divide(ascent_m, moved, out=zero, where=moved > 0)
    return np.asarray(3.6 * (up / tobler_kmh(grade) + (1 - up) / tobler_kmh(-grade)))


def share_above(start_m: Floats, end_m: Floats, threshold_m: float) -> Floats:
    """Give the share of a piece above a height, heights taken as linear along it.

    Parameters
    ----------
    start_m, end_m
        float64 [n], heights of the two ends.
    threshold_m
        The height; being exactly at it does not count.

    Returns
    -------
    float64 [n] in [0, 1]; 0 where a height is not known.
    """
    low, high = np.minimum(start_m, end_m), np.maximum(start_m, end_m)
    above = np.where(high > threshold_m, 1.0, 0.0)
    share = np.divide(high - threshold_m, high - low, out=above, where=high > low)
    return np.asarray(np.nan_to_num(share, nan=0.0).clip(0.0, 1.0))


@dataclass(frozen=True, eq=False)
class ModeBase:
    """What one mode of travel costs on a graph whatever the request: computed once.

    Parameters
    ----------
    graph
        The road graph.
    mode
        ``Mode.FOOT`` or ``Mode.VEHICLE``.
    """

    graph: RoadGraph
    mode: Mode

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Edges this mode may use, bool [E]; borders and hazards are another matter."""
        return np.asarray((np.asarray(self.graph.edge_flags) & int(self.mode.flag)) != 0)

    @cached_property
    def length_m(self) -> Floats:
        """Length of each edge, float64 [E], metres."""
        return np.asarray(self.graph.edge_length_m, dtype=np.float64)

    @cached_property
    def tail_height_m(self) -> Floats:
        """Height at the start of each edge, float64 [E], NaN where not known."""
        return self._height_m(self.graph.edge_tail)

    @cached_property
    def head_height_m(self) -> Floats:
        """Height at the end of each edge, float64 [E], NaN where not known."""
        return self._height_m(self.graph.edge_head)

    def _height_m(self, node: NDArray[np.int32]) -> Floats:
        return np.asarray(self.graph.node_elevation_m, dtype=np.float64)[np.asarray(node)]

    @cached_property
    def height_known(self) -> NDArray[np.bool_]:
        """Edges whose both ends have a height, bool [E]."""
        return np.isfinite(self.tail_height_m) & np.isfinite(self.head_height_m)

    @cached_property
    def _highest_known_m(self) -> float:
        """Highest node of the region; sea level where no height is known at all.

        Counting every unknown road as high would drown the hazards in a region that has few
        heights; one that has none cannot choose between roads by height.
        """
        heights = np.asarray(self.graph.node_elevation_m, dtype=np.float64)
        return float(np.max(heights, initial=0.0, where=np.isfinite(heights)))

    @cached_property
    def time_s(self) -> Floats:
        """Moving time of each edge, float64 [E], seconds.

        On foot Tobler on the slope where the region has one (a height model of 90 m cells or
        finer), else Tobler's flat speed. By vehicle the class's speed, capped by ``maxspeed`` and
        surface.
        """
        if self.mode is Mode.VEHICLE:
            return self.length_m * 3.6 / self._vehicle_kmh()
        pace = np.full(len(self.length_m), 3.6 / FLAT_KMH)
        if self.graph.meta.has_slope:
            ascent = np.asarray(self.graph.edge_ascent_m, dtype=np.float64)
            descent = np.asarray(self.graph.edge_descent_m, dtype=np.float64)
            sloped = climb_pace_s_per_m(self.length_m, ascent, descent)
            pace = np.where(self.height_known, sloped, pace)
        return self.length_m * np.where(self._is_ferry, 3.6 / FERRY_KMH, pace)

    @cached_property
    def priced_time_s(self) -> Floats:
        """Time the search reckons with, float64 [E], seconds; never below `time_s`.

        In a region with slopes, an edge of unknown height goes no faster than the mean of the
        known ones: a hole in the height model must not look like a flat road.
        """
        if self.mode is Mode.VEHICLE or not self.graph.meta.has_slope:
            return self.time_s
        known = self.height_known & ~self._is_ferry & self.usable
        known_m = float(self.length_m[known].sum())
        mean_s_per_m = float(self.time_s[known].sum()) / known_m if known_m > 0 else 0.0
        unknown = ~self.height_known & ~self._is_ferry
        floor = np.where(unknown, self.length_m * mean_s_per_m, 0.0)
        return np.maximum(self.time_s, floor)

    @cached_property
    def _is_ferry(self) -> NDArray[np.bool_]:
        return np.asarray((np.asarray(self.graph.edge_flags) & int(EdgeFlag.FERRY)) != 0)

    def _vehicle_kmh(self) -> Floats:
        by_class = np.array([VEHICLE_KMH.get(c, VEHICLE_DEFAULT_KMH) for c in HIGHWAY_CLASSES])
        by_surface = np.array([SURFACE_KMH.get(s, math.inf) for s in SURFACES])
        limit = np.asarray(self.graph.edge_maxspeed_kmh, dtype=np.float64)
        speeds = [
            by_class[np.asarray(self.graph.edge_class)],
            by_surface[np.asarray(self.graph.edge_surface)],
            np.where(limit > 0, limit, math.inf),
        ]
        return np.where(self._is_ferry, FERRY_KMH, np.minimum.reduce(speeds))

    def hours_above(self, legs: Legs, threshold_m: float, *, bound: bool = False) -> Floats:
        """Give hours of each leg above a height.

        Parameters
        ----------
        legs
            Pieces of edges.
        threshold_m
            The height, metres.
        bound
            True for the search: an unknown height counts as the region's highest, and time is
            `priced_time_s`.

        Returns
        -------
        float64 [legs], hours.
        """
        tail, head = self.tail_height_m[legs.edge], self.head_height_m[legs.edge]
        time_s = self.time_s
        if bound:
            known = self.height_known[legs.edge]
            tail = np.where(known, tail, self._highest_known_m)
            head = np.where(known, head, self._highest_known_m)
            time_s = self.priced_time_s
        rise = np.where(tail == head, 0.0, head - tail)
        share = share_above(tail + rise * legs.start, tail + rise * legs.end, threshold_m)
        return np.asarray(share * legs.share * time_s[legs.edge] / 3600.0)

    @cached_property
    def whole(self) -> Legs:
        """Every edge of the graph from end to end."""
        count = len(self.length_m)
        return Legs(np.arange(count), np.zeros(count), np.ones(count))

    @cached_property
    def altitude_price_s(self) -> Floats:
        """Price of the hours at altitude of each edge at aversion 1, float64 [E], seconds."""
        return self._altitude_price_s(self.whole)

    def _altitude_price_s(self, legs: Legs) -> Floats:
        hours = [self.hours_above(legs, limit, bound=True) for limit in ALTITUDES_M.values()]
        return np.asarray(ALTITUDE_PRICE_S_PER_H * np.add.reduce(hours))

    def altitude_exposure(self, legs: Legs) -> dict[str, Exposure]:
        """Hours above each height of `ALTITUDES_M`; nothing where no height at all is known."""
        if not self.height_known[legs.edge].any():
            return {}
        return {
            kind: Exposure(float(self.hours_above(legs, limit).sum()), "h", ALTITUDE_SOURCE)
            for kind, limit in ALTITUDES_M.items()
        }


@dataclass(frozen=True, eq=False)
class CostModel:
    """The cost vector of one request: one number an edge, and the same for pieces of edges.

    Parameters
    ----------
    base
        The mode's own costs.
    contacts
        Hazards that count at the asked time, laid over the graph.
    aversion
        0: time only. 1: an hour above 2,800 m or a kilometre inside an unrated hazard counts
        double.
    """

    base: ModeBase
    contacts: Sequence[Contact]
    aversion: float

    @cached_property
    def edge_s(self) -> Floats:
        """Cost of each whole edge, float64 [E], seconds; infinite where this mode may not go."""
        cost = self.base.priced_time_s.copy()
        if self.aversion > 0:
            exposed = self.base.altitude_price_s.copy()
            for item, price in zip(self.contacts, hazard_prices(self.contacts), strict=True):
                exposed += price * item.share * self.base.length_m / 1000.0
            cost += self.aversion * exposed
        return np.where(self.base.usable, cost, math.inf)

    def legs_s(self, legs: Legs) -> Floats:
        """Cost of each piece, float64 [legs], seconds; additive however an edge is split."""
        base = self.base
        cost = base.priced_time_s[legs.edge] * legs.share
        if self.aversion > 0:
            exposed = base._altitude_price_s(legs)  # noqa: SLF001 -- the same module's own
            km = base.length_m[legs.edge] / 1000.0
            for item, price in zip(self.contacts, hazard_prices(self.contacts), strict=True):
                exposed += price * item.share_of(legs) * km
            cost += self.aversion * exposed
        return np.where(base.usable[legs.edge], cost, math.inf)


def hazard_prices(contacts: Sequence[Contact]) -> list[float]:
    """Give the price of one kilometre inside each hazard at aversion 1, seconds.

    A cited rate counts with its upper 95 % bound. A hazard without one is never cheaper than the
    dearest rated hazard of its kind in the same request: not knowing must not look like safety.
    """
    dearest: dict[str, float] = {}
    for item in contacts:
        upper = item.hazard.upper_rate_per_km
        if upper is not None:
            kind = item.hazard.kind
            dearest[kind] = max(dearest.get(kind, 0.0), upper * EVENT_PRICE_S)
    return [_price(item.hazard, dearest.get(item.hazard.kind, 0.0)) for item in contacts]


def _price(hazard: Hazard, dearest_s: float) -> float:
    upper = hazard.upper_rate_per_km
    if upper is None:
        return hazard.weight * max(KM_INSIDE_PRICE_S, dearest_s)
    return hazard.weight * upper * EVENT_PRICE_S
