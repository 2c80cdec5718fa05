"""The network that isochrones and matrices search: edge costs in one state of the world.

Costs and prohibitions are those of routes (`routing.travel`): paths are of least cost at the middle
weight of exposure, borders open at official crossings that are passable at departure (P10), and
exclusions are never touched (P11, P14). Roads in exclusions without a public reason are no roads
here, not even to snap to (P36).
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.engine.mode_network import Piece
from routing.engine.shortest_path_tree import AVERSION, ReachMetric
from routing.errors import InvalidRequest, NoRoute
from routing.graph.components import Components
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import Snap
from routing.osm_tags.edge_flags import Mode
from routing.router import snap_selection
from routing.router.reachability import ReachPlace
from routing.router.regional import Router
from routing.travel.crossings import Crossing
from routing.travel.hard_rules import Rules
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import HazardContact
from routing.travel.legs import Legs
from routing.travel.profiles import Profile

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]

#: Most networks in the cache [A]. One of a region with 5 million edges takes some 300 MB, and
#: nearly all requests need that of the newest state of crossings and hazards.
KEPT_NETWORKS: Final = 3

#: Components of the network with fewer nodes than this are fragments, such as a yard or a footpath
#: drawn without its ends: a place whose nearest road belongs to a fragment snaps to the nearest
#: road of the largest component instead, if one is within the limit of snapping [A].
FRAGMENT_NODES: Final = 50


@dataclass(frozen=True, eq=False, slots=True)
class ReachConditions:
    """The state of the world in which a network is searched.

    Parameters
    ----------
    at
        Departure, timezone-aware, in the local time of the places. Crossings are judged then.
    crossings
        All official crossings, whatever their state.
    hazards
        The hazards active at ``at``. In results, roads that an exclusion without a public reason
        closes look like missing roads (P36).
    mode, profile
        Mode and profile of the traveller; by default the router's profile for the mode.
    crosses_borders
        True to pass official crossings that are passable; False to close every border (P33).
    """

    at: datetime
    crossings: Sequence[Crossing] = ()
    hazards: Sequence[Hazard] = ()
    mode: Mode = Mode.FOOT
    profile: Profile | None = None
    crosses_borders: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class SearchRows:
    """Rows (edges and turn copies) sorted by the node that a search leaves, for one direction.

    Parameters
    ----------
    first
        int64 [N + V + 1], offsets of the rows of each node or copy.
    here, there
        int32 [rows], the node that a search comes from, and the one it goes to: tail and head of
        the edge, or the reverse in a search towards a place.
    edge
        int64 [rows], the graph's edges; None where row numbers equal edge numbers.
    cost_s
        float64 [rows], infinite where closed.
    """

    first: Ints
    here: Ints32
    there: Ints32
    edge: Ints | None
    cost_s: Floats

    def of_edges(self, value: Floats) -> Floats:
        """Expand values of the graph's edges, [E], to rows."""
        return value if self.edge is None else value[self.edge]

    def edges_of(self, rows: Ints) -> Ints:
        """Return the graph's edges of some rows."""
        return rows if self.edge is None else self.edge[rows]


class ReachNetwork:
    """Edge costs in one state of the world; read-only once built, and safe to share.

    Parameters
    ----------
    router
        The router of the graph; its prepared networks and hazard overlays are reused.
    conditions
        The state of the world.
    """

    def __init__(self, router: Router, conditions: ReachConditions) -> None:
        profile = conditions.profile or router.profile_of(conditions.mode)
        situation = router.situation(conditions.hazards, profile, conditions.at)
        ground = router.ground(profile)
        self.graph: RoadGraph = router.graph
        self.profile = profile
        self.network = ground.network.without(situation.untold)
        rules = Rules(ground.travel, router.gates(conditions.crossings), situation.bans)
        self.metric = ReachMetric(self.network, rules, situation.contacts, night=situation.night)
        if not conditions.crosses_borders:
            self.metric.cost_s[self.metric.is_border] = np.inf
        self._crosses_borders = conditions.crosses_borders
        self._lock = Lock()
        # For searches towards places (True) and away from them (False): the rows for places in the
        # largest component, and the entries into no through roads that each component needs.
        self._main: dict[bool, tuple[SearchRows, Ints]] = {}

    @property
    def published_bans(self) -> tuple[HazardContact, ...]:
        """Exclusions with a public reason, which results may name."""
        return tuple(ban for ban in self.metric.rules.bans if ban.hazard.is_published)

    def rows(self, nodes: Ints, *, towards: bool) -> SearchRows:
        """Return the rows for a search from some nodes or copies, or towards them.

        A no through road may be entered only where no other road leads on (`_entries_needed`), and
        then without the price of a day that other searches put on it: with this price, a search
        with a range would stop at the entry.
        """
        parts = self._free
        own = np.unique(parts.label[nodes])
        main = np.array([parts.largest], dtype=own.dtype)
        with self._lock:
            if towards not in self._main:
                every = self._backward if towards else self._forward
                needed = _entries_needed(parts, self._entry_links, main, towards=towards)
                cost_s = self._guided(every, needed, slice(None))
                self._main[towards] = replace(every, cost_s=cost_s), needed
        rows, usual = self._main[towards]
        if np.array_equal(own, main):
            return rows
        # A search from another component, as from within a no through road, needs other entries
        # for a few components only.
        needed = _entries_needed(parts, self._entry_links, own, towards=towards)
        differs = (needed != usual)[parts.label]
        changed = np.flatnonzero(differs[rows.here] | differs[rows.there])
        cost_s = rows.cost_s.copy()
        cost_s[changed] = self._guided(
            self._backward if towards else self._forward, needed, changed
        )
        return replace(rows, cost_s=cost_s)

    def _guided(self, every: SearchRows, needed: Ints, rows: Ints | slice) -> Floats:
        """Return the cost of rows, infinite where a way over them has more entries than needed.

        Entries into no through roads cost nothing here, but a way to a component may have no more
        of them than ``needed``.

        Parameters
        ----------
        needed
            int64 [components], from `_entries_needed`.
        rows
            Which rows.
        """
        edge = rows if every.edge is None else every.edge[rows]
        entered_s, node = self.metric.entry_s[edge], needed[self._free.label]
        here, there = node[every.here[rows]], node[every.there[rows]]
        leads = (here >= 0) & (there - here == (entered_s > 0))
        return np.where(leads, every.cost_s[rows] - entered_s, np.inf)

    @cached_property
    def _forward(self) -> SearchRows:
        """Rows of a search away from places, sorted by the node that each edge leaves."""
        flat = self.network.turns.flat
        cost_s = flat.of_edges(self.metric.cost_s)
        return SearchRows(flat.first_out, flat.tail, flat.head, flat.edge, cost_s)

    @cached_property
    def _backward(self) -> SearchRows:
        """Rows of a search towards places, sorted by the node that each edge leads to."""
        ahead = self._forward
        order = np.argsort(ahead.there, kind="stable")
        nodes = np.arange(len(ahead.first))
        first = np.searchsorted(ahead.there[order], nodes).astype(np.int64)
        edge = order if ahead.edge is None else ahead.edge[order]
        columns = ahead.there[order], ahead.here[order]
        return SearchRows(first, *columns, edge, ahead.cost_s[order])

    @cached_property
    def _free(self) -> Components:
        """Strongly connected components of the roads, entries into no through roads left out.

        Like the components that snapping uses, they ignore current closures. Roads in exclusions
        without a public reason are not part of them (P36).
        """
        flat = self.network.turns.flat
        every = np.arange(len(self.graph.edge_tail))
        may = self.network.usable(every) & (self.metric.entry_s == 0)
        return Components.of(flat.first_out, flat.tail, flat.head, flat.of_edges(may))

    def free_components(self, nodes: Ints) -> Ints:
        """Return the component of each of some nodes or copies, int64.

        All nodes of a component are connected without entering a no through road.
        """
        return self._free.label[nodes].astype(np.int64)

    @cached_property
    def _entry_links(self) -> Ints:
        """Pairs of components of `_free` joined by entries into no through roads, int64 [k, 2]."""
        ahead, label = self._forward, self._free.label
        rows = np.flatnonzero(ahead.of_edges(self.metric.entry_s) > 0)
        ends = np.column_stack((label[ahead.here[rows]], label[ahead.there[rows]]))
        return np.unique(ends, axis=0).astype(np.int64)

    @cached_property
    def _component_nodes(self) -> Ints:
        """Number of nodes and copies of each component, int64 [C]."""
        return np.bincount(self.network.components.label).astype(np.int64)

    def legs_s(self, pieces: Sequence[Piece]) -> Floats:
        """Return the cost of parts of edges, float64 [k], seconds; infinite where closed."""
        legs, metric = Legs.of(pieces), self.metric
        cost_s = metric.rules.legs_s(metric.model.legs_s(legs), legs)
        if not self._crosses_borders:
            cost_s[metric.is_border[legs.edge]] = np.inf
        return cost_s

    def snap(self, place: ReachPlace, which: str, *, leaving: bool) -> Snap:
        """Snap a place to the nearest road of its country, or past a fragment (`FRAGMENT_NODES`).

        Parameters
        ----------
        which
            Name of the place in errors.
        leaving
            Whether the search begins at the place; else it ends there.

        Raises
        ------
        OffNetwork
            No usable road of the place's country lies within the region's limit.
        """
        named = snap_selection.RoutePlace((place.lon, place.lat), place.country, which)
        snap = snap_selection.nearest(self.network, named)
        parts = self.network.components
        own = snap_selection.components_at(self.network, snap, leaving=leaving)
        linked = parts.to_largest if leaving else parts.of_largest
        if linked[own].any() or (self._component_nodes[own] >= FRAGMENT_NODES).any():
            return snap
        main = np.array([parts.largest], dtype=np.int64)
        moved = snap_selection.met_joined(self.network, named, main, leaving=leaving)
        return snap if moved is None else moved

    def require_free(self, place: ReachPlace, snap: Snap) -> None:
        """Refuse a place that an exclusion separates from its road.

        Raises
        ------
        NoRoute
            If an exclusion lies at the place, or between the place and the road (P11, P14).
        """
        points = [(place.lon, place.lat), (snap.lon, snap.lat)]
        if snap.distance_m > 0 and (blocked := self.metric.rules.between(points)):
            raise NoRoute("there is no way between the place and the road", blocked)


def _entries_needed(parts: Components, links: Ints, own: Ints32, *, towards: bool) -> Ints:
    """Return the fewest entries into no through roads on the way to each component, int64 [C].

    -1 for a component that cannot be reached.

    Parameters
    ----------
    parts
        Components of the roads without entries.
    links
        int64 [k, 2], components that an entry leads from and to.
    own
        Components in which the search begins: where paths begin, or, with ``towards``, where they
        end.
    """
    follow = parts.reaching if towards else parts.reached
    first, then = links.T[::-1] if towards else links.T
    needed = np.full(len(parts.to_largest), -1, dtype=np.int64)
    begun, count = own, 0
    while len(begun):
        fresh = follow(begun) & (needed < 0)
        needed[fresh] = count
        begun = np.unique(then[fresh[first]])
        begun = begun[needed[begun] < 0].astype(np.int32)
        count += 1
    return needed


class ReachNetworks:
    """Builds the networks of a router's graph and keeps the latest; safe to share.

    Parameters
    ----------
    router
        The router of the graph.
    """

    def __init__(self, router: Router) -> None:
        self.router = router
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, ReachNetwork] = OrderedDict()

    def of(self, conditions: ReachConditions) -> ReachNetwork:
        """Return the network in a state of the world.

        Raises
        ------
        InvalidRequest
            The time has no UTC offset.
        """
        if conditions.at.utcoffset() is None:
            raise InvalidRequest("at", "no_offset")
        router = self.router
        profile = conditions.profile or router.profile_of(conditions.mode)
        situation = router.situation(conditions.hazards, profile, conditions.at)
        key = (
            profile,
            conditions.crosses_borders,
            # A crossing's state changes nothing where no border is passed.
            tuple(conditions.crossings) if conditions.crosses_borders else (),
            situation.key(AVERSION),
        )
        # Built under the lock: concurrent requests mostly need the same network.
        with self._lock:
            if key not in self._kept:
                self._kept[key] = ReachNetwork(router, conditions)
                if len(self._kept) > KEPT_NETWORKS:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]
