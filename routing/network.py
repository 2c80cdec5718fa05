"""The road graph of one mode as a networkx graph, and the shortest way through it.

Plain networkx on purpose: the interface that a hierarchy takes over later. The graph is built once
and never changed; a request brings its own numbers and its own two ends, so any number of threads
may search at the same time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from routing.access import Mode
from routing.exposure import Legs
from routing.graph import RoadGraph, Snap

type Floats = NDArray[np.float64]
type Piece = tuple[int, float, float]
type Rows = Mapping[int, dict[int, dict[str, int]]]

#: Node ids of a request's two ends; the graph's own are 0 and above.
_START: Final = -1
_END: Final = -2


@dataclass(frozen=True, slots=True)
class Ends:
    """The pieces of edges that join a request's two ends to the graph.

    Parameters
    ----------
    departures
        (piece, node it leads to).
    arrivals
        (piece, node it comes from).
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
    edge_s
        float64 [E], cost of each whole edge, infinite where closed.
    arc_s
        Cost of the cheapest parallel edge of each arc; None hides the arc.
    """

    edge_s: Floats
    arc_s: list[float | None]


class _Rows(dict[int, dict[int, dict[str, int]]]):
    """Adjacency rows of a request laid over those of the graph."""

    def __init__(self, base: Rows) -> None:
        super().__init__()
        self._base = base

    def __missing__(self, node: int) -> dict[int, dict[str, int]]:
        return self._base.get(node, {})

    def add(self, node: int, neighbour: int, arc: int) -> None:
        """Add an arc to a copy of the node's row."""
        if node not in self:
            self[node] = dict(self[node])
        self[node][neighbour] = {"arc": arc}


class _Joined(nx.DiGraph):  # type: ignore[misc] # networkx publishes no types
    """The mode's graph and a request's two ends, as bidirectional Dijkstra reads it."""

    def __init__(self, successors: _Rows, predecessors: _Rows) -> None:
        super().__init__()
        self._node: dict[int, dict[str, Any]] = {_START: {}, _END: {}}
        self._adj = successors
        self._pred = predecessors


class Network:
    """One mode's road network.

    Parallel edges become one arc; which of them a route uses is decided by the costs of the
    request.

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
        usable = np.flatnonzero(np.asarray(graph.edge_flags) & int(mode.flag))
        tail, head = np.asarray(graph.edge_tail)[usable], np.asarray(graph.edge_head)[usable]
        order = np.lexsort((usable, head, tail))
        self._edges = usable[order]
        tail, head = tail[order], head[order]
        new = np.ones(len(order), dtype=np.bool_)
        new[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        self._first = np.flatnonzero(new)
        pairs = zip(tail[self._first].tolist(), head[self._first].tolist(), strict=True)
        self.digraph = nx.DiGraph()
        self.digraph.add_edges_from((u, v, {"arc": arc}) for arc, (u, v) in enumerate(pairs))
        self._successors: Rows = dict(self.digraph.adjacency())
        self._predecessors: Rows = dict(nx.reverse_view(self.digraph).adjacency())

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
        starts, tail, head = self._places(start), self.graph.edge_tail, self.graph.edge_head
        # A place at the very end of an edge is the junction itself: a one-way street that begins
        # there need not be taken, one that ends there need not be driven along.
        leaving = [((edge, 0.0, 0.0), int(tail[edge])) for edge, at in starts if at == 0]
        return (*(((edge, at, 1.0), int(head[edge])) for edge, at in starts), *leaving)

    def arrivals(self, end: Snap) -> tuple[tuple[Piece, int], ...]:
        """Give the pieces that reach a snapped place, each with the node it comes from."""
        finishes, tail, head = self._places(end), self.graph.edge_tail, self.graph.edge_head
        reaching = [((edge, 1.0, 1.0), int(head[edge])) for edge, at in finishes if at == 1]
        return (*(((edge, 0.0, at), int(tail[edge])) for edge, at in finishes), *reaching)

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

    def metric(self, edge_s: Floats) -> Metric:
        """Prepare costs of whole edges, float64 [E], >= 0, infinite where closed."""
        if not len(self._first):
            return Metric(edge_s, [])
        return Metric(edge_s, _hidden(np.minimum.reduceat(edge_s[self._edges], self._first)))

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
        networkx.NetworkXNoPath
            Nothing open joins the two ends.
        """
        pieces, base = ends.pieces, len(metric.arc_s)
        known, own = metric.arc_s, _hidden(price(Legs.of(pieces)))
        successors, predecessors = _Rows(self._successors), _Rows(self._predecessors)
        for index, tail, head in _joins(ends, own):
            successors.add(tail, head, base + index)
            predecessors.add(head, tail, base + index)

        def cost(_tail: int, _head: int, data: dict[str, int]) -> float | None:
            arc = data["arc"]
            return known[arc] if arc < base else own[arc - base]

        joined = _Joined(successors, predecessors)
        _, nodes = nx.bidirectional_dijkstra(joined, _START, _END, weight=cost)
        arcs = [successors[u][v]["arc"] for u, v in pairwise(nodes)]
        way = [
            pieces[arc - base] if arc >= base else self._best(arc, metric.edge_s) for arc in arcs
        ]
        moving = tuple(piece for piece in way if piece[1] < piece[2])
        return moving or tuple(way[:1])

    def _best(self, arc: int, edge_s: Floats) -> Piece:
        """Choose the cheapest parallel edge of an arc, the lowest id of equals."""
        last = self._first[arc + 1] if arc + 1 < len(self._first) else len(self._edges)
        edges = self._edges[self._first[arc] : last]
        return int(edges[np.argmin(edge_s[edges])]), 0.0, 1.0


def _joins(ends: Ends, costs: Sequence[float | None]) -> list[tuple[int, int, int]]:
    """Give (index of the piece, from, to) of the open pieces, the dearest first.

    Where two of them join the same pair, as on a loop, the cheaper one comes last and stays.
    """
    places = [
        *((_START, node) for _, node in ends.departures),
        *((node, _END) for _, node in ends.arrivals),
        *((_START, _END) for _ in ends.direct),
    ]
    rows = [(cost, index, *places[index]) for index, cost in enumerate(costs) if cost is not None]
    return [row[1:] for row in sorted(rows, key=lambda row: -row[0])]


def _hidden(costs: Floats) -> list[float | None]:
    """Turn a vector into the list that Dijkstra reads fastest; infinity becomes None."""
    values: list[Any] = costs.tolist()
    for index in np.flatnonzero(np.isinf(costs)).tolist():
        values[index] = None
    return values
