"""Turn restrictions as copies of nodes and edges, for a graph that knows only nodes and edges.

Where a turn is forbidden after an edge, that edge gets a copy that ends in a copy of its head node,
and only copies of the allowed continuations lead out of that node copy. A restriction over several
edges makes a chain of such copies. The copies are the states of the automaton of Aho and Corasick
(1975) over the forbidden sequences: a state is the longest sequence of edges just travelled that
begins a forbidden one.

Copies of nodes are numbered after the graph's N nodes, copies of edges after its E edges.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.index_ranges import joined_ranges

type Array = NDArray[Any]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]
type Bools = NDArray[np.bool_]


def turn_arrays(
    tail: Int32,
    head: Int32,
    usable: Bools,
    forbidden: Collection[tuple[int, ...]],
    node_count: int,
) -> dict[str, Int32]:
    """Build the copies of nodes and edges that enforce forbidden turns.

    Parameters
    ----------
    tail, head
        int32 [E], sorted by tail.
    usable
        bool [E], edges that the modes bound by the restrictions may use.
    forbidden
        Sequences of two or more edges: the last must not be taken directly after all the others.
    node_count
        N, the number that the first node copy gets.

    Returns
    -------
    ``turn_node`` int32 [V], the original of each copied node; ``turn_tail``, ``turn_head`` int32
    [X], nodes and copies; ``turn_edge`` int32 [X], the original of each copied edge.
    """
    forbidden = set(forbidden)
    begun = {way[:end] for way in forbidden for end in range(1, len(way))}
    ways = sorted(begun, key=lambda way: (len(way), way))
    state = {way: node_count + index for index, way in enumerate(ways)}
    # A route that takes the first edge of a forbidden sequence enters the copy of this edge from
    # the original node.
    rows = [(int(tail[way[0]]), state[way], way[0]) for way in ways if len(way) == 1]
    for way in ways:
        first, after = np.searchsorted(tail, [head[way[-1]], head[way[-1]] + 1]).tolist()
        for edge in range(first, after):
            # A forbidden sequence may have begun at any edge travelled so far: try each suffix.
            longer = [(*way[start:], edge) for start in range(len(way) + 1)]
            if usable[edge] and forbidden.isdisjoint(longer):
                onward = next((state[end] for end in longer if end in state), int(head[edge]))
                rows.append((state[way], onward, edge))
    table = np.array(rows, dtype=np.int32).reshape(-1, 3)
    return {
        "turn_node": np.array([head[way[-1]] for way in ways], dtype=np.int32),
        "turn_tail": table[:, 0].copy(),
        "turn_head": table[:, 1].copy(),
        "turn_edge": table[:, 2].copy(),
    }


@dataclass(frozen=True, eq=False)
class Flat:
    """Edges and copies as flat arrays for a search, each copy in place of the edge it replaces.

    Parameters
    ----------
    first_out
        int64 [N + V + 1]: rows ``first_out[v]`` to ``first_out[v + 1]`` are edges out of node v.
    tail, head
        int32 [rows], nodes and copies.
    edge
        int64 [rows], the graph's edge of each row; None where row numbers equal edge numbers.
    """

    first_out: Int64
    tail: Int32
    head: Int32
    edge: Int64 | None

    def of_edges(self, value: Array) -> Array:
        """Expand values of the graph's edges, [E], to the rows of these arrays."""
        return value if self.edge is None else value[self.edge]

    def edge_of(self, row: int) -> int:
        """Return the graph's edge that a row stands for."""
        return row if self.edge is None else int(self.edge[row])


@dataclass(frozen=True, eq=False)
class TurnCopies:
    """Copies of a graph's nodes and edges, as seen by a mode that obeys turn restrictions or not.

    Parameters
    ----------
    node_count
        N, the number of nodes without copies.
    edge_tail, edge_head
        int32 [E], ends of the graph's edges, sorted by tail.
    node, tail, head, edge
        From `turn_arrays`.
    is_obeyed
        True for vehicles; False for walkers, to whom all copies are closed.
    """

    node_count: int
    edge_tail: Int32
    edge_head: Int32
    node: Int32
    tail: Int32
    head: Int32
    edge: Int32
    is_obeyed: bool

    # --- costs ---------------------------------------------------------------------------------

    def spread(self, cost: Int32, closed: int) -> Int32:
        """Expand costs of edges, [E], to edges and copies, [E + X]; close those not to be used.

        Parameters
        ----------
        closed
            The cost that closes an edge or copy that this mode must not use.
        """
        if not self.is_obeyed:
            return np.concatenate((cost, np.full(len(self.edge), closed, cost.dtype)))
        result = self.to_copies(cost)
        result[self._replaced] = closed
        return result

    def spread_some(self, edges: Int64, cost: Int32) -> tuple[Int64, Int32]:
        """Return the edges and copies whose costs change with those of some edges, and their costs.

        Where an edge is given twice, its last cost comes last in the result, too.

        Parameters
        ----------
        edges, cost
            int64 and int32 [k].
        """
        edges = np.asarray(edges, dtype=np.int64)
        if not self.is_obeyed or not len(self.edge):
            return edges, cost
        first = np.searchsorted(self._sorted_edge, edges)
        count = np.searchsorted(self._sorted_edge, edges, side="right") - first
        copies = self._by_edge[joined_ranges(first, count)]
        stays = ~self._is_replaced(edges)
        every = np.concatenate((edges[stays], len(self.edge_tail) + copies))
        return every, np.concatenate((cost[stays], np.repeat(cost, count)))

    def originals(self, edges: Int32) -> Int32:
        """Replace copies among some edge ids by the edges that they copy."""
        copied = edges >= len(self.edge_tail)
        if not copied.any():
            return edges
        result = edges.copy()
        result[copied] = self.edge[edges[copied] - len(self.edge_tail)]
        return result

    def heads(self, edges: Int32) -> Int32:
        """Return the nodes and copies that some edges and copies lead to."""
        count = len(self.edge_head)
        copied = edges >= count
        result = self.edge_head[np.where(copied, 0, edges)]
        result[copied] = self.head[edges[copied] - count]
        return result

    def to_copies(self, value: Array) -> Array:
        """Append the copies' values, so that values of edges, [E], become [E + X]."""
        return np.concatenate((value, value[self.edge]))

    def dearest(self, value: NDArray[np.float64]) -> float:
        """Return the sum, over all copies of nodes, of the cost of the dearest edge out of each.

        Parameters
        ----------
        value
            float64 [E], costs of the edges.
        """
        most = np.zeros(len(self.node))
        rows = self.tail >= self.node_count
        np.maximum.at(most, self.tail[rows] - self.node_count, value[self.edge[rows]])
        return float(most.sum())

    # --- ends ----------------------------------------------------------------------------------

    def leads_to(self, edge: int) -> int:
        """Return the node, or copy of a node, to which an edge leads a route that begins on it."""
        rows = self._rows(edge)
        begun = rows[self.tail[rows] < self.node_count]
        return int(self.head[begun[0]]) if len(begun) else int(self.edge_head[edge])

    def comes_from(self, edge: int) -> list[int]:
        """Return the nodes and copies from which an edge may be entered."""
        tails = self.tail[self._rows(edge)]
        return [int(self.edge_tail[edge]), *tails[tails >= self.node_count].tolist()]

    def all_at(self, node: int) -> list[int]:
        """Return a node and its copies for turn restrictions."""
        if not self.is_obeyed:
            return [node]
        first, after = np.searchsorted(self._sorted_node, [node, node + 1])
        return [node, *(self.node_count + self._by_node[first:after]).tolist()]

    def onward(self, at: int, edge: int) -> int | None:
        """Return where an edge leads from a node or copy; None where that turn is forbidden."""
        rows = self._rows(edge)
        taken = rows[self.tail[rows] == at]
        if len(taken):
            return int(self.head[taken[0]])
        return int(self.edge_head[edge]) if at < self.node_count else None

    def allow(self, edges: Sequence[int]) -> bool:
        """Return whether turn restrictions allow a sequence of consecutive edges."""
        step = 0
        for begun in np.flatnonzero(self._is_replaced(np.asarray(edges, dtype=np.int64))).tolist():
            if begun < step:
                continue
            at, step = self.leads_to(edges[begun]), begun + 1
            while at >= self.node_count and step < len(edges):
                onward = self.onward(at, edges[step])
                if onward is None:
                    return False
                at, step = onward, step + 1
        return True

    def _rows(self, edge: int) -> Int64:
        """Return the copies of an edge."""
        if not self.is_obeyed:
            return np.empty(0, np.int64)
        first, after = np.searchsorted(self._sorted_edge, [edge, edge + 1])
        return self._by_edge[first:after]

    @cached_property
    def _by_edge(self) -> Int64:
        return np.argsort(self.edge, kind="stable")

    @cached_property
    def _sorted_edge(self) -> Int32:
        return self.edge[self._by_edge]

    @cached_property
    def _by_node(self) -> Int64:
        return np.argsort(self.node, kind="stable")

    @cached_property
    def _sorted_node(self) -> Int32:
        return self.node[self._by_node]

    @cached_property
    def _replaced(self) -> Int32:
        """Edges with which a forbidden sequence begins, ascending; a copy replaces each of them."""
        return self.edge[self.tail < self.node_count]

    def _is_replaced(self, edges: Int64) -> Bools:
        """Return whether each edge is replaced by a copy, bool [k]."""
        replaced = self._replaced
        if not self.is_obeyed or not len(replaced):
            return np.zeros(len(edges), dtype=np.bool_)
        # Bisection is possible because `turn_arrays` writes the replaced edges in ascending order.
        place = np.minimum(np.searchsorted(replaced, edges), len(replaced) - 1)
        return np.asarray(replaced[place] == edges)

    # --- searches over flat arrays -------------------------------------------------------------

    @cached_property
    def flat(self) -> Flat:
        """Flat arrays of the edges that this mode searches, with its turn restrictions; cached."""
        return self.made_flat()

    def made_flat(self) -> Flat:
        """Build the arrays of `flat` without caching them: those of a whole region are large."""
        nodes = np.arange(self.node_count + 1)
        if not self.is_obeyed or not len(self.edge):
            tail, head = map(np.ascontiguousarray, (self.edge_tail, self.edge_head))
            return Flat(np.searchsorted(tail, nodes).astype(np.int64), tail, head, None)
        kept = np.ones(len(self.edge_tail), dtype=np.bool_)
        kept[self._replaced] = False
        tail = np.concatenate((self.edge_tail[kept], self.tail))
        head = np.concatenate((self.edge_head[kept], self.head))
        edge = np.concatenate((np.flatnonzero(kept), self.edge.astype(np.int64)))
        order = np.argsort(tail, kind="stable")
        nodes = np.arange(self.node_count + len(self.node) + 1)
        first_out = np.searchsorted(tail[order], nodes).astype(np.int64)
        return Flat(first_out, tail[order], head[order], edge[order])
