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

from routing.access import EdgeFlag, Mode
from routing.exposure import Contact, Exposure, Hazard, Legs
from routing.graph import RoadGraph
from routing.pace import (
    FERRY_KMH,
    FLAT_KMH,
    climb_pace_s_per_m,
    tobler_kmh,
    vehicle_kmh,
)

__all__ = [
    "ALTITUDES_M",
    "ALTITUDE_PRICE_S_PER_H",
    "ALTITUDE_SOURCE",
    "EVENT_PRICE_S",
    "FERRY_KMH",
    "FLAT_KMH",
    "KM_INSIDE_PRICE_S",
    "CostModel",
    "ModeBase",
    "climb_pace_s_per_m",
    "hazard_prices",
    "share_above",
    "tobler_kmh",
]

type Floats = NDArray[np.float64]

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


#: Price of one kilometre inside a hazard without a cited rate, seconds per unit of weight [A]: as
#: much as walking one kilometre more (714.8 s), so weight 1 doubles the walk inside it.
KM_INSIDE_PRICE_S: Final = 3_600.0 / FLAT_KMH


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
        finer), else Tobler's flat speed. By vehicle the class's speed, capped by ``maxspeed``,
        surface and smoothness.
        """
        if self.mode is Mode.VEHICLE:
            return self.length_m * 3.6 / vehicle_kmh(self.graph, self.whole.edge)
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
