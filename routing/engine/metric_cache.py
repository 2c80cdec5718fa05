"""Cache of metrics (edge costs ready to search), kept up to date with hazards and closures.

The key of a metric is profile, weight of exposure (aversion) and situation. A request gets a metric
of exactly its own situation. When a situation changes a little, its metric is updated in place on
the changed edges; when it changes much, a new metric is built while the old one still answers. The
region's folder holds the metrics of its roads without any hazard, mapped copy-on-write, so that
workers share the memory that no hazard has touched.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from routing.cch.rwlock import ReadWriteLock
from routing.engine.mode_network import ModeMetric, ModeNetwork
from routing.engine.stored_metrics import (
    StoredMetric,
    columns_of,
    metric_name,
    open_metric,
    stored_facts,
)
from routing.graph.regions import StoredArrays
from routing.graph.road_graph import RoadGraph
from routing.travel.conditions import Situation
from routing.travel.cost_model import CostModel, Travel
from routing.travel.crossings import border_edges
from routing.travel.profiles import Profile

type Ints = NDArray[np.int64]
type Key = tuple[Hashable, ...]

#: Number of metrics to keep in memory (architecture.md, "How live knowledge reaches the router").
RESIDENT: Final = 9

#: A change of more edges than this is wide: a new metric is built while the old metric still serves
#: requests (architecture.md).
WIDE: Final = 1_000

#: Share of a region's edges from which on it is quicker to compute a metric anew than to update the
#: arcs that changed edges affect (routing.md: 1 to 2 %).
_PARTIAL_SHARE: Final = 0.01

#: Size of the sample of a stored metric's costs that is compared with newly computed costs.
_SAMPLE: Final = 1_000

#: Situation without any hazard, by day.
NOTHING_KNOWN: Final = Situation()


@dataclass(eq=False, slots=True)
class Resident:
    """A cached metric: the edge costs of one profile, aversion and situation.

    Parameters
    ----------
    ground
        The network and costs that the metric belongs to.
    model
        The cost model in the metric's situation.
    metric
        The costs, ready to search. Roads across a border and edges that touch an exclusion are
        closed in the metric.
    gate
        Lock held by every search, so that the metric is not updated during a search.
    version
        Number that every update raises; cached results are valid for one version only.
    derived
        Results that other modules have computed from this version of the metric.
    """

    ground: "Ground"
    model: CostModel
    situation: Situation
    metric: ModeMetric
    gate: ReadWriteLock = field(default_factory=ReadWriteLock)
    version: int = 0
    derived: dict[Hashable, object] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Cache key: profile, aversion, and the parts of the situation that set the costs."""
        return key_of(self.ground.travel.profile, self.model.aversion, self.situation)


def key_of(profile: Profile, aversion: float, situation: Situation) -> Key:
    """Return the cache key of a metric, with the whole profile, as profiles may share a name."""
    return (profile, aversion, situation.key(aversion))


@dataclass(frozen=True, eq=False, slots=True)
class Ground:
    """A graph prepared for one profile: the network and its travel costs."""

    network: ModeNetwork
    travel: Travel

    @classmethod
    def of(cls, graph: RoadGraph, profile: Profile) -> "Ground":
        """Prepare a graph for a profile.

        Mean pace and highest height (`Facts`) are those of the stored metrics if there are any.
        """
        travel = Travel(graph, profile, stored_facts(graph, profile.name))
        return cls(ModeNetwork(graph, profile.mode, travel.usable), travel)


def base_metrics(
    graph: RoadGraph, profile: Profile, aversions: Sequence[float]
) -> dict[str, StoredArrays]:
    """Build the metrics of a region's roads without any hazard, to be stored in its folder."""
    ground, residents = Ground.of(graph, profile), Residents(graph)
    made = {}
    for aversion in aversions:
        metric = residents.find(ground, aversion, NOTHING_KNOWN).metric
        stored = StoredMetric(metric, ground.travel.facts)
        made[metric_name(profile.name, aversion)] = columns_of(stored)
    return made


class Residents:
    """Cache of the metrics of one graph; safe to share between threads.

    Parameters
    ----------
    graph
        The road graph.
    """

    def __init__(self, graph: RoadGraph) -> None:
        self._graph = graph
        self._borders = border_edges(graph)
        self._lock = Lock()
        self._unbinding = Lock()
        self._makers: dict[Key, Lock] = {}
        self._coming: frozenset[Key] = frozenset()
        self._kept: OrderedDict[Key, Resident] = OrderedDict()
        self._unbound: tuple[Key, Resident] | None = None
        self._making = Lock()
        self._last: tuple[Hashable, object] | None = None

    @contextmanager
    def using(self, ground: Ground, aversion: float, situation: Situation) -> Iterator[Resident]:
        """Lock the metric of a situation for reading, so that it stays unchanged until the exit."""
        wanted = key_of(ground.travel.profile, aversion, situation)
        while True:
            resident = self.find(ground, aversion, situation)
            with resident.gate:
                if resident.key == wanted:
                    yield resident
                    return

    def find(self, ground: Ground, aversion: float, situation: Situation) -> Resident:
        """Return the metric of a situation, building it if it is not in the cache."""
        wanted = key_of(ground.travel.profile, aversion, situation)
        found = self._at_hand(wanted)
        if found is not None:
            return found
        with self._maker(ground, aversion):
            found = self._at_hand(wanted)
            if found is None:
                found = self._made(ground, aversion, situation)
                self._keep(found)
        return found

    def nearest(self, ground: Ground, aversion: float, situation: Situation) -> Resident | None:
        """Return the cached metric of the same aversion whose situation differs least, if any."""
        with self._lock:
            rows = [
                resident
                for resident in self._kept.values()
                if resident.ground is ground and resident.model.aversion == aversion
            ]
        return min(
            rows,
            key=lambda resident: len(resident.situation.changed_edges(situation, aversion)),
            default=None,
        )

    def while_made(self, ground: Ground, aversion: float, situation: Situation) -> Resident | None:
        """Return a metric of other hazards to use while the metric of a situation is being built.

        None if there is none, or if the two differ so little that the new metric is soon ready.
        """
        wanted = key_of(ground.travel.profile, aversion, situation)
        is_coming = wanted in self._coming or self._maker(ground, aversion).locked()
        if self._at_hand(wanted) is not None or not is_coming:
            return None
        older = self.nearest(ground, aversion, situation)
        if older is None or len(older.situation.changed_edges(situation, aversion)) <= WIDE:
            return None
        return older

    def without_bans(self, ground: Ground, situation: Situation, banned_s: float) -> Resident:
        """Return a metric of time (without exposure) in which exclusions may be passed at a price.

        The metric's units are coarse enough for paths of any length, so a search that finds no path
        proves that there is none. Only the last such metric is cached, because only refusals need
        it.
        """
        wanted = (*key_of(ground.travel.profile, 0.0, situation), banned_s)
        with self._unbinding:
            if self._unbound is None or self._unbound[0] != wanted:
                model = self._model(ground, 0.0, situation)
                edge_s = model.all_s()
                edge_s[self._borders] = np.inf
                edge_s[situation.banned] += banned_s
                # A secret exclusion must not be given as a reason: its roads count as missing
                # (P36).
                edge_s[situation.untold] = np.inf
                metric = ground.network.metric(edge_s, exact=True)
                self._unbound = (wanted, Resident(ground, model, situation, metric))
            return self._unbound[1]

    def last[T](self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the cached object of this key; if the cache holds another, replace it by ``make``.

        The cache holds one object: it is for objects as large as a metric that are seldom needed.
        ``make`` runs in one thread at a time.
        """
        with self._making:
            if self._last is None or self._last[0] != key:
                self._last = None  # frees its memory before the next object is made
                self._last = (key, make())
            return cast("T", self._last[1])

    @contextmanager
    def as_it_is(self, resident: Resident) -> Iterator[Resident]:
        """Lock a metric for reading, even if it was updated to other hazards since it was found."""
        with resident.gate:
            yield resident

    def follow(self, ground: Ground, before: Situation, now: Situation) -> None:
        """Update the cached metrics of one situation to another situation.

        A small change is made in place; for a wide change a new metric is built, which then
        replaces the old metric.
        """
        profile = ground.travel.profile
        with self._lock:
            rows = [
                resident
                for resident in self._kept.values()
                if resident.ground is ground
                and resident.key == key_of(profile, resident.model.aversion, before)
            ]
        moved = [row for row in rows if key_of(profile, row.model.aversion, now) != row.key]
        # Metrics are updated one by one. Meanwhile `while_made` gives a request an older metric
        # instead of a metric that is still to be updated.
        self._coming = frozenset(key_of(profile, row.model.aversion, now) for row in moved)
        try:
            for resident in moved:
                with self._maker(ground, resident.model.aversion):
                    self._bring(resident, now)
        finally:
            self._coming = frozenset()

    def _bring(self, resident: Resident, now: Situation) -> None:
        former, aversion = resident.key, resident.model.aversion
        changed = resident.situation.changed_edges(now, aversion)
        if len(changed) > WIDE:
            self._keep(self._made(resident.ground, aversion, now), instead_of=former)
            return
        with resident.gate.writing():
            is_moved = self._move(resident, now, changed)
        if not is_moved:
            resident = self._made_in_full(resident.ground, aversion, now)
        self._keep(resident, instead_of=former)

    def _maker(self, ground: Ground, aversion: float) -> Lock:
        """Return the lock for building or updating a profile's metrics of an aversion."""
        with self._lock:
            return self._makers.setdefault((ground.travel.profile, aversion), Lock())

    def _at_hand(self, key: Key) -> Resident | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def _keep(self, resident: Resident, instead_of: Key | None = None) -> None:
        with self._lock:
            if instead_of is not None:
                self._kept.pop(instead_of, None)
            self._kept[resident.key] = resident
            self._kept.move_to_end(resident.key)
            while len(self._kept) > RESIDENT:
                self._kept.popitem(last=False)

    # --- making ---------------------------------------------------------------------------------

    def _made(self, ground: Ground, aversion: float, situation: Situation) -> Resident:
        """Build a metric by an update of the stored or nearest cached metric, else from scratch."""
        at_most = max(WIDE, int(_PARTIAL_SHARE * len(self._graph.edge_tail)))
        stored = open_metric(self._graph, ground.travel.profile.name, aversion)
        if stored is not None:
            base = self._resident(ground, aversion, NOTHING_KNOWN, stored.metric)
            changed = NOTHING_KNOWN.changed_edges(situation, aversion)
            fits = len(changed) <= at_most and self._agrees(base)
            if fits and self._move(base, situation, changed):
                return base
        near = self.nearest(ground, aversion, situation)
        if near is not None:
            with near.gate:
                changed = near.situation.changed_edges(situation, aversion)
                if len(changed) <= at_most:
                    copied = ModeMetric(near.metric.units_per_s, near.metric.arcs.copy())
                    beside = self._resident(ground, aversion, near.situation, copied)
                    if self._move(beside, situation, changed):
                        return beside
        return self._made_in_full(ground, aversion, situation)

    def _made_in_full(self, ground: Ground, aversion: float, situation: Situation) -> Resident:
        model = self._model(ground, aversion, situation)
        edge_s = model.all_s()
        edge_s[self._borders] = np.inf
        edge_s[situation.banned] = np.inf
        return Resident(ground, model, situation, ground.network.metric(edge_s))

    def _resident(
        self, ground: Ground, aversion: float, situation: Situation, metric: ModeMetric
    ) -> Resident:
        return Resident(ground, self._model(ground, aversion, situation), situation, metric)

    @staticmethod
    def _model(ground: Ground, aversion: float, situation: Situation) -> CostModel:
        return CostModel(ground.travel, situation.contacts, aversion, situation.night)

    def _move(self, resident: Resident, now: Situation, changed: Ints) -> bool:
        """Change a metric to another situation; no other thread may search it meanwhile.

        Returns
        -------
        bool
            False if the metric's unit is too fine for the new costs; the metric is then unchanged.
        """
        model = self._model(resident.ground, resident.model.aversion, now)
        if len(changed):
            edge_s = model.edges_s(changed)
            edge_s[np.isin(changed, self._borders) | np.isin(changed, now.banned)] = np.inf
            network = resident.ground.network
            if not network.holds(resident.metric, edge_s):
                return False
            network.update(resident.metric, changed, edge_s)
        resident.model, resident.situation = model, now
        resident.version += 1
        resident.derived.clear()
        return True

    def _agrees(self, base: Resident) -> bool:
        """Return whether a sample of a stored metric's costs equals newly computed costs."""
        count = len(self._graph.edge_tail)
        edges = np.unique(np.linspace(0, count - 1, _SAMPLE).astype(np.int64))
        edge_s = base.model.edges_s(edges)
        edge_s[np.isin(edges, self._borders)] = np.inf
        rows, units = base.ground.network.units(base.metric, edges, edge_s)
        return bool(np.array_equal(units, base.metric.arcs.cost[rows]))
