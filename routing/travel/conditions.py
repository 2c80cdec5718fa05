"""Conditions at the time of a journey that costs depend on: hazards, and day or night."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.graph.road_graph import RoadGraph
from routing.travel.cost_model import hazard_prices
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import Contacts, HazardContact, contact

type Ints = NDArray[np.int64]

#: Most hazards whose overlay on the roads is cached: ten times those of a region at one time [A].
KEPT_CONTACTS: Final = 2_000


@dataclass(frozen=True, eq=False)
class Situation:
    """The hazards in force at the time of a journey, and whether the risks of the night apply.

    Parameters
    ----------
    contacts
        Hazards overlaid on the graph.
    night
        Whether the relative risks of the night apply.
    """

    contacts: Contacts = field(default_factory=Contacts)
    night: bool = False

    @cached_property
    def bans(self) -> Contacts:
        """The hazards that are hard exclusions."""
        return Contacts(item for item in self.contacts if item.hazard.exclusion)

    @cached_property
    def banned(self) -> Ints:
        """Edges that touch any exclusion, even in a single point: int64 [k], ascending."""
        return _union(item.edges for item in self.bans)

    @cached_property
    def untold(self) -> Ints:
        """Edges that touch an exclusion without a public reason (P36): int64 [k], ascending."""
        return _union(item.edges for item in self.bans if not item.hazard.is_published)

    @cached_property
    def priced(self) -> dict[tuple[bytes, float], HazardContact]:
        """Hazards keyed by record and by price per kilometre.

        The price is part of the key because the price of a hazard without a rate depends on the
        dearest rate of its kind. It is computed without the profile's least price
        (`km_inside_price_s`), which is the same in all situations.
        """
        prices = hazard_prices(self.contacts, 0.0)
        return {
            (item.hazard.key, price): item
            for item, price in zip(self.contacts, prices, strict=True)
        }

    @cached_property
    def has_rates(self) -> bool:
        """Whether any hazard has a cited rate, so that costs may differ by day and by night."""
        return any(item.hazard.rate_per_km is not None for item in self.contacts)

    def key(self, aversion: float) -> frozenset[bytes | bool]:
        """Return a cache key: equal for situations with equal costs at this weight of exposure."""
        return self._key_of_time if aversion == 0 else self._key_of_exposure

    # The keys are cached, because one request uses them a dozen times.
    @cached_property
    def _key_of_time(self) -> frozenset[bytes | bool]:
        return frozenset(item.hazard.key for item in self.bans)

    @cached_property
    def _key_of_exposure(self) -> frozenset[bytes | bool]:
        keys: set[bytes | bool] = {item.hazard.key for item in self.contacts}
        return frozenset(keys | {self.night and self.has_rates})

    def changed_edges(self, other: "Situation", aversion: float) -> Ints:
        """Return the edges whose cost may differ in another situation: int64 [k], ascending.

        Costs are those at the given weight of exposure.
        """
        if aversion == 0:
            return _union(_apart(self.by_record, other.by_record))
        apart = _apart(self.priced, other.priced)
        if self.night != other.night:
            apart += [c.edges for c in self.contacts if c.hazard.rate_per_km is not None]
        return _union(apart)

    @cached_property
    def by_record(self) -> dict[bytes, HazardContact]:
        """The exclusions, keyed by record."""
        return {item.hazard.key: item for item in self.bans}


def _apart[K](one: Mapping[K, HazardContact], two: Mapping[K, HazardContact]) -> list[Ints]:
    """Return the edges that each hazard touches, of the hazards in only one of two situations."""
    mine = [item.edges for key, item in one.items() if key not in two]
    return mine + [item.edges for key, item in two.items() if key not in one]


def _union(parts: Iterable[Ints]) -> Ints:
    columns = list(parts)
    return np.unique(np.concatenate(columns)) if columns else np.zeros(0, dtype=np.int64)


class HazardLayer:
    """Overlay of hazards on a graph with a cache of recent hazards; safe to share between threads.

    Parameters
    ----------
    graph
        The road graph.
    tolerance_m
        Half the width given to hazards drawn as lines or points, metres.
    """

    def __init__(self, graph: RoadGraph, tolerance_m: float) -> None:
        self._graph = graph
        self._tolerance_m = tolerance_m
        self._lock = Lock()
        self._kept: OrderedDict[bytes, HazardContact] = OrderedDict()

    def lay(self, hazards: Sequence[Hazard]) -> Contacts:
        """Return the hazards overlaid on the graph, in the same order; cached overlays are reused.

        A hazard whose key is cached gets the cached overlay and keeps its own title. Of given
        hazards with equal keys only the first is returned.
        """
        once = {hazard.key: hazard for hazard in reversed(hazards)}
        return Contacts(self._contact(hazard) for hazard in reversed(once.values()))

    def _contact(self, hazard: Hazard) -> HazardContact:
        with self._lock:
            known = self._kept.get(hazard.key)
            if known is not None:
                self._kept.move_to_end(hazard.key)
        if known is None:
            known = contact(self._graph, hazard, self._tolerance_m)
            with self._lock:
                self._kept[hazard.key] = known
                while len(self._kept) > KEPT_CONTACTS:
                    self._kept.popitem(last=False)
        return known if known.hazard is hazard else known.of(hazard)
