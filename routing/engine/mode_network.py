"""Road network of one mode, and the cheapest path through it.

A request brings its own costs and its own two ends. The hierarchy to search belongs to the graph,
is built once and never changes, so any number of threads may search at the same time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing import cch
from routing.errors import NoWay
from routing.geometry.geodesy import great_circle_m
from routing.graph.components import Components
from routing.graph.node_splitting import ENTRIES_KEPT, ENTRY_S, is_entry
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import Snap
from routing.osm_tags.edge_flags import Mode
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Piece = tuple[int, float, float]
type Usable = Callable[[NDArray[np.int64]], NDArray[np.bool_]]

#: Longest path whose cost a metric has to hold, as a multiple of the region's diagonal, at the mean
#: cost of the region's roads [A]. No real detour is as long; where no path is found, the search is
#: repeated in units coarse enough for any path.
DIAGONALS: Final = 20.0

#: Highest share of a metric's range that the costs of changing edges may sum to [A]; the rest is
#: left for the paths that lead to these edges.
_CHANGED_SHARE: Final = 0.5

#: Finest unit of cost, in units per second: a millisecond, shorter than a walker's step.
_FINEST_PER_S: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class EndPieces:
    """Pieces (parts of edges) that join a request's two ends to the graph.

    Parameters
    ----------
    departures
        (piece, node or copy of a node that the piece leads to); see `routing.graph.turn_expansion`
        for the copies.
    arrivals
        (piece, node or copy of a node that the piece comes from).
    direct
        Pieces from the start straight to the end where both lie on one edge.
    """

    departures: tuple[tuple[Piece, int], ...]
    arrivals: tuple[tuple[Piece, int], ...]
    direct: tuple[Piece, ...]

    @property
    def pieces(self) -> list[Piece]:
        """All pieces: departures, arrivals, direct."""
        return [piece for piece, _ in self.departures + self.arrivals] + list(self.direct)


@dataclass(frozen=True, eq=False, slots=True)
class ModeMetric:
    """Costs of a network's edges, ready to search.

    Parameters
    ----------
    units_per_s
        How many units of the hierarchy's integer costs make a second: a thousand in a city, ten on
        a continent.
    arcs
        The same costs in those units, for the hierarchy.
    """

    units_per_s: float
    arcs: cch.Metric


class ModeNetwork:
    """Road network of one mode.

    Parameters
    ----------
    graph
        The road graph.
    mode
        Mode whose edges make up the network.
    usable
        Returns for int64 [k] edges whether each may be used, bool [k]; by default the mode decides.
    """

    def __init__(self, graph: RoadGraph, mode: Mode, usable: Usable | None = None) -> None:
        self.graph = graph
        self.mode = mode
        self.usable: Usable = usable or self._of_mode
        self.hierarchy = graph.hierarchy
        self.turns = graph.turns(mode)
        self._without: tuple[bytes, ModeNetwork] | None = None

    def without(self, edges: NDArray[np.int64]) -> "ModeNetwork":
        """Return the network as if some edges were not roads; the last result is cached.

        Parameters
        ----------
        edges
            int64 [k], ascending.
        """
        if not len(edges):
            return self
        key, kept = edges.tobytes(), self._without
        if kept is None or kept[0] != key:
            gone = np.zeros(len(self.graph.edge_tail), dtype=np.bool_)
            gone[edges] = True
            left = ModeNetwork(self.graph, self.mode, lambda some: self.usable(some) & ~gone[some])
            self._without = kept = (key, left)
        return kept[1]

    def _of_mode(self, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray((self.graph.edge_flags[edges] & int(self.mode.flag)) != 0)

    @cached_property
    def _leaving(self) -> NDArray[np.int64]:
        """Of each node that some edge leaves, the first such edge, int64."""
        tail = self.graph.edge_tail
        return np.flatnonzero(np.append(True, tail[1:] != tail[:-1]))

    def twin(self, edge: int) -> int | None:
        """Return the edge of the same road in the other direction, None if closed to this mode."""
        twin = int(self.graph.edge_twin[edge])
        return twin if twin >= 0 and self._allows(twin) else None

    def _allows(self, edge: int) -> bool:
        return bool(self.usable(np.array([edge], dtype=np.int64))[0])

    def ends(self, start: Snap, end: Snap) -> EndPieces:
        """Find the pieces that join two snapped places to the graph, in every allowed direction."""
        return EndPieces(
            departures=self.departures(start),
            arrivals=self.arrivals(end),
            direct=self.direct(start, end),
        )

    def departures(self, start: Snap) -> tuple[tuple[Piece, int], ...]:
        """Return the parts of edges from a snapped place to a node, each with that node."""
        starts, tail, head = self._places(start), self.graph.edge_tail, self.turns.leads_to
        # A place at the very end of an edge is the junction itself: a route from there may take any
        # street of the junction, whichever street the place snaps to.
        leaving = [((edge, 0.0, 0.0), int(tail[edge])) for edge, at in starts if at == 0]
        return (*(((edge, at, 1.0), head(edge)) for edge, at in starts), *leaving)

    def arrivals(self, end: Snap) -> tuple[tuple[Piece, int], ...]:
        """Return the parts of edges from a node to a snapped place, each with that node."""
        finishes, head, turns = self._places(end), self.graph.edge_head, self.turns
        along = [
            ((edge, 0.0, at), node) for edge, at in finishes for node in turns.comes_from(edge)
        ]
        reaching = [
            ((edge, 1.0, 1.0), node)
            for edge, at in finishes
            if at == 1
            for node in turns.all_at(int(head[edge]))
        ]
        return (*along, *reaching)

    def direct(self, start: Snap, end: Snap) -> tuple[Piece, ...]:
        """Return the parts of edges straight from the start to the end, if both lie on one road."""
        return tuple(
            (edge, at, until)
            for edge, at in self._places(start)
            for other, until in self._places(end)
            if edge == other and at <= until
        )

    def _places(self, snap: Snap) -> list[tuple[int, float]]:
        """Return (edge, share) of a snapped place on its edge and on the edge's twin."""
        places = [(snap.edge, snap.fraction)] if self._allows(snap.edge) else []
        twin = self.twin(snap.edge)
        return places if twin is None else [*places, (twin, 1.0 - snap.fraction)]

    @cached_property
    def components(self) -> Components:
        """Connected components of the roads that this network may use, ignoring closures."""
        flat = self.turns.flat if "flat" in vars(self.turns) else self.turns.made_flat()
        may = self.usable(np.arange(len(self.graph.edge_tail)))
        return Components.of(flat.first_out, flat.tail, flat.head, flat.of_edges(may))

    def joins(self, start: Snap, end: Snap) -> bool:
        """Return whether roads lead from one snapped place to another, even if they are closed."""
        if self.direct(start, end):
            return True
        sources = [node for _, node in self.departures(start)]
        targets = [node for _, node in self.arrivals(end)]
        return self.components.leads(np.array(sources, np.int64), np.array(targets, np.int64))

    def metric(self, edge_s: Floats, *, exact: bool = False) -> ModeMetric:
        """Build a metric from the costs of whole edges.

        Parameters
        ----------
        edge_s
            float64 [E], >= 0, infinite where closed.
        exact
            True keeps even a path along every junction of the region, at the price of coarser
            units; False treats paths longer than `DIAGONALS` times the region's diagonal, at its
            mean cost, as no path.
        """
        cost_s = np.where(self.usable(np.arange(len(edge_s))), edge_s, np.inf)
        units_per_s = self.safe_units_per_s(cost_s) if exact else self._units_per_s(cost_s)
        cost = _in_units(cost_s, units_per_s)
        return ModeMetric(units_per_s, self.hierarchy.customize(self.spread(cost)))

    def holds(self, metric: ModeMetric, edge_s: Floats) -> bool:
        """Return whether paths over edges with new costs fit into a metric's range.

        Parameters
        ----------
        edge_s
            float64 [k], >= 0, infinite where closed: the new costs of the edges that change.
        """
        cost_s = float(edge_s[np.isfinite(edge_s)].sum())
        return cost_s * metric.units_per_s <= _CHANGED_SHARE * cch.UNREACHABLE

    def update(self, metric: ModeMetric, edges: NDArray[np.int64], edge_s: Floats) -> None:
        """Change the costs of some edges of a metric; no thread may search the metric meanwhile.

        Parameters
        ----------
        edges, edge_s
            int64 [k] and float64 [k]: the edges and their new costs, seconds.
        """
        cost_s = np.where(self.usable(edges), edge_s, np.inf)
        cost = _in_units(cost_s, metric.units_per_s)
        self.hierarchy.update(metric.arcs, *self.turns.spread_some(edges, cost))

    @cached_property
    def length_dm(self) -> NDArray[np.uint32]:
        """Length of the hierarchy's edges, uint32 [E + X], decimetres."""
        length_dm = self.graph.edge_length_dm
        return self.turns.to_copies(length_dm) if len(self.turns.edge) else length_dm

    def units(
        self, metric: ModeMetric, edges: NDArray[np.int64], edge_s: Floats
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the hierarchy's edges for edges of the graph, and their costs in metric units."""
        return self.turns.spread_some(edges, _in_units(edge_s, metric.units_per_s))

    @cached_property
    def has_entries(self) -> bool:
        """Whether any edge enters a no through road."""
        return bool(is_entry(self.graph.edge_flags, self.mode).any())

    def _units_per_s(self, cost_s: Floats) -> float:
        """Return the units per second in which the cost of any realistic path fits a metric."""
        # Edges without length (thresholds at barriers and no through roads) have a price but no
        # metres, so they are left out of the mean cost per metre.
        open_ = np.isfinite(cost_s) & (self.graph.edge_length_dm > 0)
        length_m = float(self.graph.edge_length_dm[open_].sum(dtype=np.float64)) / 10.0
        if length_m <= 0:
            return self.safe_units_per_s(cost_s)
        west, south, east, north = self.graph.meta.bbox
        across_m = float(great_circle_m(west, south, east, north))
        mean_s_per_m = float(cost_s[open_].sum()) / length_m
        longest_s = DIAGONALS * across_m * mean_s_per_m
        if self.has_entries:
            longest_s += ENTRIES_KEPT * ENTRY_S
        fine = (cch.UNREACHABLE - 1) / longest_s if longest_s > 0 else np.inf
        # If the units in which any path fits are as fine, they are used.
        return min(_FINEST_PER_S, max(fine, self.safe_units_per_s(cost_s)))

    def safe_units_per_s(self, cost_s: Floats) -> float:
        """Return the most units per second in which the cost of any path fits a metric.

        A path leaves each node at most once, so the dearest edge out of every node bounds its cost.
        """
        if not len(cost_s):
            return _FINEST_PER_S
        # Edges are sorted by their tail node, so one reduction finds the dearest edge of each node.
        open_s = np.where(np.isfinite(cost_s), cost_s, 0.0)
        dearest_s = np.maximum.reduceat(open_s, self._leaving)
        longest_s = float(dearest_s.sum()) + self.turns.dearest(open_s)
        # A path leaves each node and copy at most once, and rounding up adds at most one unit each
        # time.
        room = cch.UNREACHABLE - 1 - len(dearest_s) - len(self.turns.node)
        return min(_FINEST_PER_S, room / longest_s) if longest_s > 0 else _FINEST_PER_S

    def path(self, metric: ModeMetric, source: int, target: int) -> NDArray[np.int64]:
        """Return the edges of the cheapest path between two nodes, in the order of travel.

        Raises
        ------
        NoWay
            If there is no path.
        """
        cost, way = self.hierarchy.path(metric.arcs, source, target)
        if cost >= cch.UNREACHABLE:
            raise NoWay("nothing open joins the two places")
        return self.turns.originals(way).astype(np.int64)

    def marks(self, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which edges of the hierarchy stand for edges of the road graph, bool [E + X].

        ``edges``, int64 [k], are of the road graph. The hierarchy has its E edges and X copies of
        them, which tell apart how somebody came where a turn is forbidden.
        """
        marked = np.zeros(self.hierarchy.topology.edge_count, dtype=np.bool_)
        marked[self.turns.spread_some(edges, np.zeros(len(edges), np.int32))[0]] = True
        return marked

    def between_s(
        self, metric: ModeMetric, sources: Sequence[int], targets: Sequence[int]
    ) -> Floats:
        """Return the least cost from each source to each target, float64 [sources, targets].

        Seconds; infinite where there is no path.
        """
        units = self.hierarchy.many_to_many(metric.arcs, sources, targets)
        return np.where(units < cch.UNREACHABLE, units / metric.units_per_s, np.inf)

    def spread(self, cost: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return integer costs of the hierarchy's edges, [E + X], from the graph's edges, [E].

        Edges and copies that this mode must not use because of turn restrictions are closed.
        """
        return self.turns.spread(cost, cch.UNREACHABLE)

    def shortest(
        self, metric: ModeMetric, ends: EndPieces, price: Callable[[Legs], Floats]
    ) -> tuple[Piece, ...]:
        """Find the cheapest path between two snapped ends on edges that are open.

        Parameters
        ----------
        metric
            Costs of the graph's edges, from `metric`.
        ends
            The two ends, from `ends`.
        price
            Returns the cost of the ends' pieces, in the unit of the metric's edge costs.

        Returns
        -------
        Pieces in the order of travel, without pieces of length 0 unless no other piece remains.

        Raises
        ------
        NoWay
            If nothing open joins the two ends.
        """
        way = self._cheapest(metric, ends, price(Legs.of(ends.pieces)))
        return moving(way)

    def _cheapest(self, metric: ModeMetric, ends: EndPieces, own_s: Floats) -> list[Piece]:
        """Choose first piece, path and last piece of least total cost; of equal ones the first."""
        leaving, arriving = len(ends.departures), len(ends.arrivals)
        leaving_s, arriving_s, direct_s = np.split(own_s, [leaving, leaving + arriving])
        direct = int(np.argmin(direct_s)) if len(direct_s) else 0
        best_s = float(direct_s[direct]) if len(direct_s) else np.inf
        through = None
        if leaving and arriving:
            between_s = self.between_s(
                metric,
                [node for _, node in ends.departures],
                [node for _, node in ends.arrivals],
            )
            total_s = leaving_s[:, np.newaxis] + between_s + arriving_s
            through = divmod(int(np.argmin(total_s)), arriving)
            if total_s[through] >= best_s:
                through = None
        if through is not None:
            first, start = ends.departures[through[0]]
            last, end = ends.arrivals[through[1]]
            edges = self.path(metric, start, end)
            return [first, *((edge, 0.0, 1.0) for edge in edges.tolist()), last]
        if not np.isfinite(best_s):
            raise NoWay("nothing open joins the two ends")
        return [ends.direct[direct]]


def moving(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Drop the parts of edges of length 0; keep the first part if no other remains."""
    return tuple(piece for piece in pieces if piece[1] < piece[2]) or tuple(pieces[:1])


def _in_units(cost_s: Floats, units_per_s: float) -> NDArray[np.int32]:
    """Return integer costs, int32, with infinite costs as the hierarchy's `UNREACHABLE`."""
    units = np.minimum(np.rint(cost_s * units_per_s), cch.UNREACHABLE)
    return units.astype(np.int32)
