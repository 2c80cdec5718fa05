"""Excerpt of a road graph: some of its edges, with nodes, edges and roads numbered anew.

The numbers follow the order in the graph and depend only on the edges that are kept. So an edge
that is left out leaves no trace: the excerpt equals that of a graph that never had the edge.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.graph.road_graph import RoadGraph
from routing.graph.vicinity import Vicinity

type Bools = NDArray[np.bool_]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Excerpt:
    """Some edges of a graph and the nodes at their ends; n nodes, k edges, r roads.

    Parameters
    ----------
    graph
        The graph that the excerpt is of.
    node
        int64 [n], nodes of the graph, ascending.
    edge
        int64 [k], edges of the graph, ascending, so sorted by their tails.
    tail, head
        int64 [k], the ends of each edge as indices in ``node``.
    """

    graph: RoadGraph
    node: Ints
    edge: Ints
    tail: Ints
    head: Ints

    @classmethod
    def of(cls, graph: RoadGraph, edges: Ints) -> Self:
        """Return the excerpt of some edges.

        Parameters
        ----------
        graph
            The graph.
        edges
            int64 [k], ascending, each once.
        """
        ends = np.concatenate((graph.edge_tail[edges], graph.edge_head[edges])).astype(np.int64)
        node, place = np.unique(ends, return_inverse=True)
        return cls(graph, node, edges, place[: len(edges)], place[len(edges) :])

    @classmethod
    def around(cls, graph: RoadGraph, edges: Ints, vicinity: Vicinity, most: int) -> Self:
        """Return the excerpt of the edges around a point or along a line.

        Parameters
        ----------
        graph
            The graph.
        edges
            int64, ascending: the edges to choose from.
        vicinity
            The place, and how far from it a node may lie.
        most
            Highest number of nodes: those nearest to the place are kept.
        """
        whole = cls.of(graph, edges)
        away_m = vicinity.metres_to(graph, whole.node)
        near = away_m <= vicinity.reach_m
        if int(near.sum()) > most:
            # A stable sort: among nodes equally far away, those of lower numbers are kept.
            near[np.argsort(away_m, kind="stable")[most:]] = False
        return cls.of(graph, edges[near[whole.tail] & near[whole.head]])

    @cached_property
    def road(self) -> Ints:
        """Number of each edge's road, int64 [k]; both directions of a road share the number.

        Two directions with different lines count as two roads.
        """
        graph, count = self.graph, len(self.edge)
        twin = graph.edge_twin[self.edge].astype(np.int64)
        place = np.minimum(np.searchsorted(self.edge, twin), max(count - 1, 0))
        second = (twin >= 0) & (twin < self.edge)
        second &= self.edge[place] == twin if count else second
        for row in np.flatnonzero(second).tolist():
            second[row] = self._mirrors(int(self.edge[row]), int(twin[row]))
        own = np.cumsum(~second) - 1
        return np.where(second, own[place], own).astype(np.int64)

    @cached_property
    def first(self) -> Ints:
        """Index of the first edge of each road, int64 [r]; the road has the line of this edge."""
        return np.unique(self.road, return_index=True)[1].astype(np.int64)

    @property
    def is_backward(self) -> Bools:
        """Whether each edge runs along its road's line backwards, bool [k]."""
        return np.asarray(self.first[self.road] != np.arange(len(self.edge)))

    def _mirrors(self, edge: int, twin: int) -> bool:
        """Return whether two edges have the same length and line, in opposite directions."""
        graph = self.graph
        one, two = (slice(*graph.shape_start[[e, e + 1]].tolist()) for e in (edge, twin))
        return graph.edge_length_dm[edge] == graph.edge_length_dm[twin] and all(
            np.array_equal(column[one], column[two][::-1])
            for column in (graph.shape_lon, graph.shape_lat)
        )
