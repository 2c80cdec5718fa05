"""Selection of the targets that a traveller meets first on leaving a place (P43)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.engine import _dijkstra_kernel
from routing.engine.mode_network import Piece
from routing.engine.shortest_path_tree import ShortestPathTree
from routing.graph.snapping import Snap

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Rank that stands for no target; ranks of targets count from 0.
_NONE: Final = np.iinfo(np.int64).max


def first_of_each(
    solved: ShortestPathTree, targets: Ints, cost_s: Floats, near_m: float
) -> list[int]:
    """Return the targets whose cheapest path from the start passes no cheaper target.

    Parameters
    ----------
    solved
        A finished search from the start.
    targets
        int64 [k]: the targets to consider; the search must have reached all of them.
    cost_s
        float64 [T], cost of each target, by which targets are ranked; rank 0 is the cheapest.
    near_m
        A junction within this distance of a target, along the target's road, is taken to be at the
        target.
    """
    ranked = [int(t) for t in targets[np.lexsort((targets, cost_s[targets]))]]
    marks = _Marks(solved, ranked, near_m)
    flat = solved.metric.flat
    least = _dijkstra_kernel.least_on_way(
        solved.order,
        solved.via,
        flat.tail,
        flat.of_edges(marks.edge_rank),
        marks.node_rank,
        np.array([marks.on_piece(p) for p, _ in solved.departures], dtype=np.int64),
    )
    return [
        target
        for rank, target in enumerate(ranked)
        if min(_before(solved, least, target), marks.on_piece(_last(solved, target))) >= rank
    ]


def _last(solved: ShortestPathTree, target: int) -> Piece:
    piece = solved.last.piece[target]
    assert piece is not None  # noqa: S101 -- only reached targets are ranked
    return piece


def _before(solved: ShortestPathTree, least: Ints, target: int) -> int:
    node = int(solved.last.node[target])
    return int(least[node]) if node >= 0 else _NONE


class _Marks:
    """The cheapest target on each edge and at each node, as a rank: 0 is the cheapest of all."""

    def __init__(self, solved: ShortestPathTree, ranked: list[int], near_m: float) -> None:
        graph = solved.metric.graph
        self._twin = graph.edge_twin
        self.edge_rank = np.full(len(graph.edge_tail), _NONE, dtype=np.int64)
        self.node_rank = np.full(len(solved.metric.flat.first_out) - 1, _NONE, dtype=np.int64)
        self._on_road: dict[int, list[tuple[float, int]]] = {}
        for rank, target in enumerate(ranked):
            snap = solved.targets[target]
            assert snap is not None  # noqa: S101 -- only reached targets are ranked
            road, along = self._road(snap.edge, snap.fraction)
            self._on_road.setdefault(road, []).append((along, rank))
            for edge in self._both(snap.edge):
                self.edge_rank[edge] = min(self.edge_rank[edge], rank)
            self._mark_ends(solved, snap, rank, near_m)

    def _mark_ends(self, solved: ShortestPathTree, snap: Snap, rank: int, near_m: float) -> None:
        metric, edge = solved.metric, snap.edge
        length_m = float(metric.travel.length_m(np.array([edge]))[0])
        for end, share in (
            (int(metric.graph.edge_tail[edge]), snap.fraction),
            (int(metric.graph.edge_head[edge]), 1.0 - snap.fraction),
        ):
            if share * length_m <= near_m:
                nodes = metric.network.turns.all_at(end)
                self.node_rank[nodes] = np.minimum(self.node_rank[nodes], rank)

    def _both(self, edge: int) -> list[int]:
        twin = int(self._twin[edge])
        return [edge] if twin < 0 else [edge, twin]

    def _road(self, edge: int, fraction: float) -> tuple[int, float]:
        """Return a position on an edge as one on the lower-numbered edge of the same road.

        As edge and share of its length.
        """
        twin = int(self._twin[edge])
        return (edge, fraction) if twin < 0 or edge < twin else (twin, 1.0 - fraction)

    def on_piece(self, piece: Piece) -> int:
        """Return the least rank of the targets on a part of an edge, its ends included."""
        edge, start, end = piece
        road, one = self._road(edge, start)
        _, other = self._road(edge, end)
        low, high = min(one, other), max(one, other)
        ranks = [rank for along, rank in self._on_road.get(road, ()) if low <= along <= high]
        return min(ranks, default=_NONE)
