"""Cost of an edge: time plus aversion times exposure, every constant with unit and source.

The search minimises ``cost_s = time_s + aversion · Σ_k price_k · exposure_k`` in seconds. With
aversion 0 it looks for the quickest route that breaks no rule. Prices turn exposure into seconds of
travel. No source gives prices, so they are assumptions ([A], to be set with field staff) and serve
only to choose between routes. A response *reports* times, hours, kilometres and expected events.

Missing information never makes a road look better than known information: the search uses the upper
bound of a rate, the region's highest known height for an unknown height, and no faster a pace than
the region's mean where the slope is not known. Hard exclusions are never priced, they are removed
(P11, P14).

Entering a no through road has a price of its own (`routing.graph.node_splitting`), which is neither
time nor exposure: only the search uses this price, and no response reports it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.graph.node_splitting import ENTRY_S, is_entry
from routing.graph.road_graph import RoadGraph
from routing.osm_tags.edge_flags import Mode
from routing.travel import relative_risk as risk
from routing.travel import speed as pace
from routing.travel.exposure import Exposure
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import Contacts, HazardContact
from routing.travel.legs import Legs
from routing.travel.profiles import Profile

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Number of edges whose costs are computed at once: their arrays take some tens of megabytes.
_CHUNK: Final = 1_000_000

#: Heights above which hours count as exposure, metres, by kind of exposure: those from which the
#: risk of a height reached within one day is moderate and high (Wilderness Medical Society,
#: altitude guidelines, Luks et al. 2019).
ALTITUDES_M: Final = {"altitude_over_2800_m": 2_800.0, "altitude_over_3500_m": 3_500.0}
ALTITUDE_SOURCE: Final = (
    "WMS 2019 (Luks et al., Wilderness & Environmental Medicine 30(4S):S3); heights interpolated"
    " between the nodes of the road"
)

#: Price of one hour above each height of `ALTITUDES_M`, seconds [A]: an hour above 2,800 m costs as
#: much as two, and one above 3,500 m, where both prices apply, as much as three.
ALTITUDE_PRICE_S_PER_H: Final = 3_600.0

#: Price of one expected event, seconds [A]: thirty days. One event in 10,000 km of walking then
#: weighs as much as a third of the walk itself.
EVENT_PRICE_S: Final = 30 * 86_400.0


#: Highest cost of a leg as a multiple of its time [A]: at this multiple the search already
#: prefers any detour up to a thousand times as long, and costs stay within the range of exact
#: integers.
DEAREST: Final = 1_000.0


def km_inside_price_s(profile: Profile) -> float:
    """Return the price of a kilometre inside a hazard without a cited rate, seconds, at weight 1.

    The price equals the profile's time for a kilometre on an ordinary road [A], so that weight 1
    doubles the cost of moving inside: 714.8 s for an adult on foot, 55.4 s by vehicle. At a
    walker's price a vehicle would make a detour of 13 kilometres to avoid one kilometre inside.
    """
    return 3_600.0 / pace.ordinary_kmh(profile)


def share_above(start_m: Floats, end_m: Floats, threshold_m: float) -> Floats:
    """Return the share of each leg above a height, with heights interpolated along the leg.

    Parameters
    ----------
    start_m, end_m
        float64 [n], heights of the two ends.
    threshold_m
        The height; exactly at this height does not count as above.

    Returns
    -------
    float64 [n] in [0, 1]; 0 where a height is not known.
    """
    low, high = np.minimum(start_m, end_m), np.maximum(start_m, end_m)
    above = np.where(high > threshold_m, 1.0, 0.0)
    share = np.divide(high - threshold_m, high - low, out=above, where=high > low)
    return np.asarray(np.nan_to_num(share, nan=0.0).clip(0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Facts:
    """Figures used in place of unknown paces and heights, for one profile in one region.

    Parameters
    ----------
    mean_s_per_m
        Mean pace on the roads whose slope is known, seconds per metre; 0 without such roads.
    highest_m
        Height of the region's highest node; sea level where no height is known at all.
    """

    mean_s_per_m: float
    highest_m: float


class Travel:
    """Request-independent costs of a profile on a graph: time, and hours at altitude.

    Every value is computed only for the edges passed in: a graph may have millions of edges, and no
    worker keeps arrays of the graph's length in its own memory.

    Parameters
    ----------
    graph
        The road graph.
    profile
        The profile of the traveller.
    facts
        Facts of the same profile and graph, where already known; else computed once.
    """

    def __init__(self, graph: RoadGraph, profile: Profile, facts: Facts | None = None) -> None:
        self.graph = graph
        self.profile = profile
        if facts is not None:
            self.facts = facts

    @property
    def mode(self) -> Mode:
        """Mode of travel of the profile."""
        return self.profile.mode

    @cached_property
    def facts(self) -> Facts:
        """Figures used in place of unknown paces and heights."""
        heights = np.asarray(self.graph.node_elevation_m)
        highest_m = float(np.max(heights, initial=0.0, where=np.isfinite(heights)))
        return Facts(pace.mean_pace_s_per_m(self.graph, self.profile), highest_m)

    @cached_property
    def speeds_m_per_s(self) -> tuple[float, float]:
        """The slowest and the fastest speed on any edge, metres per second.

        The slowest follows from the time that the search uses (`priced_time_s`). 0 and infinity in
        a region with more than `_CHUNK` edges, where the scan would take long.
        """
        edges = np.arange(len(self.graph.edge_tail))
        edges = edges[self.usable(edges)] if len(edges) <= _CHUNK else edges[:0]
        length_m = self.length_m(edges)
        time_s = self.time_s(edges)
        moving = (length_m > 0) & (time_s > 0)
        if not moving.any():
            return 0.0, math.inf
        length_m = length_m[moving]
        slowest = (length_m / self.priced_time_s(edges)[moving]).min()
        return float(slowest), float((length_m / time_s[moving]).max())

    def chunks(self) -> Iterator[Ints]:
        """Yield all edges of the graph in chunks, to keep derived arrays small."""
        count = len(self.graph.edge_tail)
        for first in range(0, count, _CHUNK):
            yield np.arange(first, min(first + _CHUNK, count))

    def usable(self, edges: Ints) -> NDArray[np.bool_]:
        """Return which edges this profile may use, regardless of borders and hazards."""
        return pace.usable(self.graph, self.profile, edges)

    def length_m(self, edges: Ints) -> Floats:
        """Return the length of edges, float64 [k], metres."""
        return self.graph.lengths_m(edges)

    def time_s(self, edges: Ints) -> Floats:
        """Return the moving time along whole edges, float64 [k], seconds."""
        return pace.time_s(self.graph, self.profile, edges)

    def priced_time_s(self, edges: Ints) -> Floats:
        """Return the time that the search uses, float64 [k], seconds; never below `time_s`.

        In a region with slopes, an edge of unknown height is travelled no faster than the mean of
        edges with known heights: a hole in the height model must not look like a flat road.
        """
        return pace.time_s(
            self.graph, self.profile, edges, unknown_slope_s_per_m=self.facts.mean_s_per_m
        )

    def entries(self, edges: Ints) -> NDArray[np.bool_]:
        """Return which edges enter a no through road, bool [k]."""
        return is_entry(self.graph.edge_flags[edges], self.mode)

    def entry_s(self, edges: Ints) -> Floats:
        """Return the price of entering a no through road on each edge, float64 [k], seconds."""
        return np.where(self.entries(edges), ENTRY_S, 0.0)

    def heights_m(self, edges: Ints) -> tuple[Floats, Floats]:
        """Return the heights of both ends of edges, float64 [k] each, NaN where not known."""
        graph = self.graph
        tail = graph.node_elevation_m[graph.edge_tail[edges]]
        head = graph.node_elevation_m[graph.edge_head[edges]]
        return np.asarray(tail, dtype=np.float64), np.asarray(head, dtype=np.float64)

    def height_known(self, edges: Ints) -> NDArray[np.bool_]:
        """Return which edges have a height at both ends, bool [k]."""
        tail, head = self.heights_m(edges)
        return np.isfinite(tail) & np.isfinite(head)

    def hours_above(self, legs: Legs, threshold_m: float, *, bound: bool = False) -> Floats:
        """Return the hours that each leg spends above a height.

        Parameters
        ----------
        legs
            Edges or parts of edges.
        threshold_m
            The height, metres.
        bound
            True for the search: an unknown height counts as the region's highest, and time is
            that of `priced_time_s`.

        Returns
        -------
        float64 [legs], hours.
        """
        if self.facts.highest_m <= threshold_m:
            return np.zeros(len(legs.edge))
        tail, head = self.heights_m(legs.edge)
        if bound:
            known = np.isfinite(tail) & np.isfinite(head)
            tail = np.where(known, tail, self.facts.highest_m)
            head = np.where(known, head, self.facts.highest_m)
        above = np.fmax(tail, head) > threshold_m
        hours = np.zeros(len(tail))
        if not above.any():
            return hours
        edge, start, end = legs.edge[above], legs.start[above], legs.end[above]
        tail, head = tail[above], head[above]
        time_s = self.priced_time_s(edge) if bound else self.time_s(edge)
        rise = np.where(tail == head, 0.0, head - tail)
        share = share_above(tail + rise * start, tail + rise * end, threshold_m)
        hours[above] = share * (end - start) * time_s / 3600.0
        return hours

    def relative_risk(
        self, hazard: Hazard, edges: Ints, night: NDArray[np.bool_], *, bound: bool = False
    ) -> Floats:
        """Return the factor on a hazard's rate on edges, float64 [k].

        The factor is 1 for a hazard without a rate, whose exposure is the kilometres inside.

        Parameters
        ----------
        night
            bool [k], which edges are walked by night.
        bound
            True for the search: a missing tag gives the highest factor that it may stand for.
        """
        if hazard.rate_per_km is None:
            return np.ones(len(edges))
        return risk.multiplier(self.graph, hazard.kind, edges, night, bound=bound)

    def altitude_price_s(self, legs: Legs) -> Floats:
        """Return the price of hours at altitude per leg at aversion 1, float64 [legs], seconds."""
        hours = [self.hours_above(legs, limit, bound=True) for limit in ALTITUDES_M.values()]
        return np.asarray(ALTITUDE_PRICE_S_PER_H * np.add.reduce(hours))

    def altitude_exposure(self, legs: Legs) -> dict[str, Exposure]:
        """Return the hours above each height of `ALTITUDES_M`; empty where no height is known."""
        if not self.height_known(legs.edge).any():
            return {}
        return {
            kind: Exposure(float(self.hours_above(legs, limit).sum()), "h", ALTITUDE_SOURCE)
            for kind, limit in ALTITUDES_M.items()
        }


class Prices:
    """Costs of legs at any aversion: time and exposure are computed once, and summed on demand.

    Parameters
    ----------
    model
        The cost model; its own aversion is not used.
    legs
        Edges or parts of edges.
    """

    def __init__(self, model: "CostModel", legs: Legs) -> None:
        self._model = model
        self._legs = legs

    @cached_property
    def _time_s(self) -> Floats:
        """Time used by the search, seconds; infinite where the profile may not travel."""
        travel, legs = self._model.travel, self._legs
        time_s = travel.priced_time_s(legs.edge) * legs.share
        return np.where(travel.usable(legs.edge), time_s, math.inf)

    @cached_property
    def _entry_s(self) -> Floats | None:
        """Price of entering no through roads, seconds; None where no leg enters such a road."""
        entry_s = self._model.travel.entry_s(self._legs.edge)
        return entry_s if entry_s.any() else None

    @cached_property
    def exposed_s(self) -> Floats:
        """Price of exposure to altitude and hazards at aversion 1, float64 [legs], seconds."""
        return self._model.travel.altitude_price_s(self._legs) + self._model.hazards_s(self._legs)

    def at(self, aversion: float) -> Floats:
        """Return the cost of each leg at an aversion, float64 [legs], seconds."""
        cost_s = self.met_at(aversion)
        return cost_s if self._entry_s is None else cost_s + self._entry_s

    def met_at(self, aversion: float) -> Floats:
        """Return each leg's cost without the price of no through roads, float64 [legs], seconds."""
        if aversion == 0:
            return self._time_s.copy()
        time_s = self._time_s
        return np.minimum(time_s + aversion * self.exposed_s, DEAREST * time_s)


@dataclass(frozen=True, eq=False)
class CostModel:
    """The cost of edges and of parts of edges in one situation, at one weight of exposure.

    Parameters
    ----------
    travel
        The profile's request-independent costs.
    contacts
        Hazards in force at the requested time, overlaid on the graph.
    aversion
        Weight of exposure. 0: time only. 1: an hour above 2,800 m or a kilometre inside an unrated
        hazard counts double.
    night
        Whether the route is walked by night; the relative risks of `routing.travel.relative_risk`
        depend on this.
    """

    travel: Travel
    contacts: Sequence[HazardContact]
    aversion: float
    night: bool = False

    @cached_property
    def _laid(self) -> Contacts:
        return Contacts.of(self.contacts)

    @cached_property
    def prices_s_per_km(self) -> tuple[float, ...]:
        """Cost of a kilometre inside each hazard before relative risks apply, seconds."""
        return tuple(hazard_prices(self.contacts, km_inside_price_s(self.travel.profile)))

    def legs_s(self, legs: Legs) -> Floats:
        """Return the cost of each leg, float64 [legs], seconds; additive if an edge is split."""
        return self.prices(legs).at(self.aversion)

    def met_s(self, legs: Legs) -> Floats:
        """Return each leg's cost without the price of no through roads, float64 [legs], seconds."""
        return self.prices(legs).met_at(self.aversion)

    def prices(self, legs: Legs) -> Prices:
        """Return the costs of legs, to be read at any aversion."""
        return Prices(self, legs)

    def hazards_s(self, legs: Legs) -> Floats:
        """Return the price of the hazards on each leg at aversion 1, float64 [legs], seconds."""
        exposed = np.zeros(len(legs.edge))
        for row in self._laid.on(legs.edge):
            item, price = self.contacts[row], self.prices_s_per_km[row]
            leg, start, end = item.parts(legs)
            if len(leg):
                inside_km = (end - start) * self.travel.length_m(legs.edge[leg]) / 1000.0
                night = np.full(len(leg), self.night)
                risks = self.travel.relative_risk(item.hazard, legs.edge[leg], night, bound=True)
                np.add.at(exposed, leg, price * inside_km * risks)
        return exposed

    def edges_s(self, edges: Ints) -> Floats:
        """Return the cost of whole edges, float64 [k], seconds; infinite where not usable."""
        return self.legs_s(Legs.whole(edges))

    def all_s(self) -> Floats:
        """Return the cost of every edge of the graph, float64 [E], seconds."""
        parts = [self.edges_s(edges) for edges in self.travel.chunks()]
        return np.concatenate(parts) if parts else np.zeros(0)


def hazard_prices(contacts: Sequence[HazardContact], km_inside_s: float) -> list[float]:
    """Return the price of one kilometre inside each hazard at aversion 1, seconds.

    A cited rate is priced at its upper 95 % bound. A hazard without a rate is never cheaper than
    the dearest rated hazard of its kind in the same request: a missing rate must not look like
    safety.

    Parameters
    ----------
    contacts
        Hazards overlaid on the graph.
    km_inside_s
        Lowest price of a hazard without a rate, seconds per unit of weight: `km_inside_price_s`.
    """
    dearest: dict[str, float] = {}
    for item in contacts:
        upper = item.hazard.upper_rate_per_km
        if upper is not None:
            kind = item.hazard.kind
            dearest[kind] = max(dearest.get(kind, 0.0), upper * EVENT_PRICE_S)
    return [
        _price(item.hazard, max(km_inside_s, dearest.get(item.hazard.kind, 0.0)))
        for item in contacts
    ]


def _price(hazard: Hazard, unrated_s: float) -> float:
    upper = hazard.upper_rate_per_km
    if upper is None:
        return hazard.weight * unrated_s
    return hazard.weight * upper * EVENT_PRICE_S
