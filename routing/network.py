"""The road network of one mode, and the cheapest way through it.

A request brings its own costs and its own two ends; the hierarchy it is searched with is the
graph's, built once and never changed, so any number of threads may search at the same time.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing import cch
from routing.access import Mode
from routing.errors import NoWay
from routing.exposure import Legs
from routing.graph import RoadGraph, Snap

type Floats = NDArray[np.float64]
type Piece = tuple[int, float, float]

#: Metrics that stay at hand (architecture.md, "How live knowledge reaches the router").
RESIDENT: Final = 9

#: How many times its cost an edge may get in `Network.changed`.
MOST_RAISED: Final = 4.0

#: No finer than so many units of cost a second: a millisecond is less than a step.
_FINEST_PER_S: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Ends:
    """The pieces of edges that join a request's two ends to the graph.

    Parameters
    ----------
    departures
        (piece, node or copy that it leads to; copies are those of `routing.turns`).
    arrivals
        (piece, node or copy that it comes from).
    direct
        Pieces from end to end where both lie on one edge.
    """

    departures: tuple[tuple[Piece, int], ...]
    arrivals: tuple[tuple[Piece, int], ...]
    direct: tuple[Piece, ...]

    @property
    def pieces(self) -> list[Piece]:
        """All of them: departures, arrivals, direct."""
        return [piece for piece, _ in self.departures + self.arrivals] + list(self.direct)


@dataclass(frozen=True, eq=False, slots=True)
class Metric:
    """Costs of a network's edges, ready to search.

    Parameters
    ----------
    units_per_s
        How many units of the hierarchy's whole costs make a second. As many as can be, so that
        no path that visits a node once reaches the hierarchy's limit: a thousandth of a second in
        a city, a tenth on a continent.
    arcs
        The same costs in those units, for the hierarchy.
    """

    units_per_s: float
    arcs: cch.Metric


class Network:
    """One mode's road network.

    Parameters
    ----------
    graph
        The road graph.
    mode
        Who may use an edge.
    """

    def __init__(self, graph: RoadGraph, mode: Mode) -> None:
        self.graph = graph
        self.mode = mode
        self._usable = graph.passable(mode)
        self._hierarchy = graph.hierarchy
        self.turns = graph.turns(mode)
        tail = np.asarray(graph.edge_tail)
        self._leaving = np.flatnonzero(np.append(True, tail[1:] != tail[:-1]))
        self._kept: OrderedDict[bytes, Metric] = OrderedDict()
        self._lock = Lock()

    def twin(self, edge: int) -> int | None:
        """Give the same stretch of road in the other direction, where this mode may use it."""
        twin = int(self.graph.edge_twin[edge])
        return twin if twin >= 0 and self._allows(twin) else None

    def _allows(self, edge: int) -> bool:
        return bool(int(self.graph.edge_flags[edge]) & int(self.mode.flag))

    def ends(self, start: Snap, end: Snap) -> Ends:
        """Find the pieces that join two snapped places to the graph, in every allowed direction."""
        return Ends(
            departures=self.departures(start),
            arrivals=self.arrivals(end),
            direct=self.direct(start, end),
        )

    def departures(self, start: Snap) -> tuple[tuple[Piece, int], ...]:
        """Give the pieces that leave a snapped place, each with the node it leads to."""
        starts, tail, head = self._places(start), self.graph.edge_tail, self.turns.leads_to
        # A place at the very end of an edge is the junction itself: a one-way street that begins
        # there need not be taken, one that ends there need not be driven along.
        leaving = [((edge, 0.0, 0.0), int(tail[edge])) for edge, at in starts if at == 0]
        return (*(((edge, at, 1.0), head(edge)) for edge, at in starts), *leaving)

    def arrivals(self, end: Snap) -> tuple[tuple[Piece, int], ...]:
        """Give the pieces that reach a snapped place, each with the node it comes from."""
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
        """Give the pieces from place to place where both lie on one edge."""
        return tuple(
            (edge, at, until)
            for edge, at in self._places(start)
            for other, until in self._places(end)
            if edge == other and at <= until
        )

    def _places(self, snap: Snap) -> list[tuple[int, float]]:
        """Give (edge, share) of a snapped place on its edge and on the edge's twin."""
        places = [(snap.edge, snap.fraction)] if self._allows(snap.edge) else []
        twin = self.twin(snap.edge)
        return places if twin is None else [*places, (twin, 1.0 - snap.fraction)]

    def metric(self, edge_s: Floats, *, keep: bool = True) -> Metric:
        """Prepare costs of whole edges.

        Parameters
        ----------
        edge_s
            float64 [E], >= 0, infinite where closed.
        keep
            The same costs will be asked for again: of those the last few stay at hand.
        """
        cost_s = np.where(self._usable, edge_s, np.inf)
        units_per_s = self._units_per_s(cost_s)
        cost = _in_units(cost_s, units_per_s)
        if not keep:
            return Metric(units_per_s, self._hierarchy.customize(self.spread(cost)))
        key = hashlib.blake2b(np.float64(units_per_s).tobytes() + cost.tobytes()).digest()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        metric = Metric(units_per_s, self._hierarchy.customize(self.spread(cost)))
        with self._lock:
            self._kept[key] = metric
            while len(self._kept) > RESIDENT:
                self._kept.popitem(last=False)
        return metric

    def changed(self, metric: Metric, edges: NDArray[np.int64], edge_s: Floats) -> Metric:
        """Give a metric of its own in which some edges have another cost.

        Parameters
        ----------
        edges, edge_s
            int64 and float64 [k]; a cost may be `MOST_RAISED` times the former, not more.
        """
        arcs = metric.arcs.copy()
        cost_s = np.where(self._usable[edges], edge_s, np.inf)
        cost = _in_units(cost_s, metric.units_per_s)
        self._hierarchy.update(arcs, *self.turns.spread_some(edges, cost))
        return Metric(metric.units_per_s, arcs)

    def _units_per_s(self, cost_s: Floats) -> float:
        """Give the finest unit in which no path is too long: it leaves each node once at most."""
        if not len(cost_s):
            return _FINEST_PER_S
        # Edges are sorted by tail.
        open_s = np.where(np.isfinite(cost_s), cost_s, 0.0)
        dearest_s = np.maximum.reduceat(open_s, self._leaving)
        longest_s = MOST_RAISED * (float(dearest_s.sum()) + self.turns.dearest(open_s))
        # Rounding up may add one unit for each node.
        room = cch.UNREACHABLE - 1 - len(dearest_s) - len(self.turns.node)
        return min(_FINEST_PER_S, room / longest_s) if longest_s > 0 else _FINEST_PER_S

    def spread(self, cost: NDArray[np.int32]) -> NDArray[np.int32]:
        """Give whole costs of the graph's edges, [E], to the hierarchy's, [E + X].

        What this mode may not turn along is closed.
        """
        return self.turns.spread(cost, cch.UNREACHABLE)

    def shortest(
        self, metric: Metric, ends: Ends, price: Callable[[Legs], Floats]
    ) -> tuple[Piece, ...]:
        """Find the cheapest way between two ends.

        Parameters
        ----------
        metric
            Costs of the graph's edges, from `metric`.
        ends
            The two ends, from `ends`.
        price
            Gives the cost of the ends' pieces the same way.

        Returns
        -------
        Pieces in order of travel, those without length left out unless nothing else remains.

        Raises
        ------
        NoWay
            Nothing open joins the two ends.
        """
        way = self._cheapest(metric, ends, price(Legs.of(ends.pieces)))
        moving = tuple(piece for piece in way if piece[1] < piece[2])
        return moving or tuple(way[:1])

    def _cheapest(self, metric: Metric, ends: Ends, own_s: Floats) -> list[Piece]:
        """Choose how to leave and how to arrive, of equals the first."""
        leaving, arriving = len(ends.departures), len(ends.arrivals)
        leaving_s, arriving_s, direct_s = np.split(own_s, [leaving, leaving + arriving])
        direct = int(np.argmin(direct_s)) if len(direct_s) else 0
        best_s = float(direct_s[direct]) if len(direct_s) else np.inf
        through = None
        if leaving and arriving:
            between_s = self._between_s(metric, ends)
            total_s = leaving_s[:, np.newaxis] + between_s + arriving_s
            through = divmod(int(np.argmin(total_s)), arriving)
            if total_s[through] >= best_s:
                through = None
        if through is not None:
            first, start = ends.departures[through[0]]
            last, end = ends.arrivals[through[1]]
            _, way = self._hierarchy.path(metric.arcs, start, end)
            edges = self.turns.originals(way).tolist()
            return [first, *((edge, 0.0, 1.0) for edge in edges), last]
        if not np.isfinite(best_s):
            raise NoWay("nothing open joins the two ends")
        return [ends.direct[direct]]

    def _between_s(self, metric: Metric, ends: Ends) -> Floats:
        """Give what it costs from each departure's node to each arrival's, infinite if no way."""
        units = self._hierarchy.many_to_many(
            metric.arcs,
            [node for _, node in ends.departures],
            [node for _, node in ends.arrivals],
        )
        return np.where(units < cch.UNREACHABLE, units / metric.units_per_s, np.inf)


def _in_units(cost_s: Floats, units_per_s: float) -> NDArray[np.int32]:
    """Give whole costs, int32, infinite ones as the hierarchy's `UNREACHABLE`."""
    cost = np.full(len(cost_s), cch.UNREACHABLE, np.int32)
    open_ = np.isfinite(cost_s)
    cost[open_] = np.rint(cost_s[open_] * units_per_s)
    return cost
