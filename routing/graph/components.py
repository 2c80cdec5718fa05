"""Strongly connected components of a road network: which parts can be reached from which.

Snapping uses the components to find out whether two places are connected at all. The answer depends
only on facts that do not change from day to day: roads, one-ways, forbidden turns, and what the
profile may use. Border edges are treated as roads, since an import keeps them only at official
crossings (P34). So closed or hidden crossings and bans, even secret ones (P36), never change a
snap, and a snap reveals nothing about them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined

type Bools = NDArray[np.bool_]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class Components:
    """Strongly connected components of a network's usable edges, and the links between them.

    Components are numbered so that edges lead only from higher numbers to lower ones. Nearly all
    places are connected through the largest component. Edges between components that do not start
    at the largest one are few; they are kept in ``down_from`` and ``down_to``.

    Parameters
    ----------
    label
        int32 [N + V], component of each node and copy (`routing.graph.turn_expansion`).
    largest
        Number of the largest component.
    to_largest, of_largest
        bool [C], whether a path leads from each component to the largest one, and the reverse.
    down_from, down_to
        int32 [k], the components at both ends of each of these edges, sorted by ``down_from``.
    """

    label: Ints32
    largest: int
    to_largest: Bools
    of_largest: Bools
    down_from: Ints32
    down_to: Ints32

    @classmethod
    def of(cls, first_out: Ints, tail: Ints32, head: Ints32, may: Bools) -> Self:
        """Find the strongly connected components of a graph.

        Parameters
        ----------
        first_out
            int64 [N + 1], offsets of the rows that leave each node.
        tail, head
            int32 [rows], sorted by tail.
        may
            bool [rows], which rows may be used.
        """
        label, count = label_components(first_out, head, may)
        largest = int(np.bincount(label, minlength=1).argmax())
        rows = np.flatnonzero(may & (label[tail] != label[head]))
        source, target = label[tail[rows]], label[head[rows]]
        is_below = source == largest
        below = np.zeros(max(count, 1), dtype=np.bool_)
        below[target[is_below]] = True
        source, target = source[~is_below], target[~is_below]
        order = np.argsort(source, kind="stable")
        source, target = source[order], target[order]
        above = np.zeros(max(count, 1), dtype=np.bool_)
        above[largest] = below[largest] = True
        _spread_up(above, source, target)
        _spread_down(below, source, target)
        return cls(label, largest, above, below, source, target)

    def size(self, component: int) -> int:
        """Count the nodes of a component, with copies for turn restrictions."""
        return int(np.count_nonzero(self.label == component))

    def reaching(self, targets: NDArray[np.integer]) -> Bools:
        """Return the components from which a path leads to any of the given ones, bool [C].

        The given components are included.

        Parameters
        ----------
        targets
            Numbers of components.
        """
        return self._linked(targets, self.of_largest, self.to_largest, _spread_up)

    def reached(self, sources: NDArray[np.integer]) -> Bools:
        """Return the components to which a path leads from any of the given ones, bool [C].

        The given components are included.

        Parameters
        ----------
        sources
            Numbers of components.
        """
        return self._linked(sources, self.to_largest, self.of_largest, _spread_down)

    def _linked(
        self,
        given: NDArray[np.integer],
        near: Bools,
        beyond: Bools,
        spread: Callable[[Bools, Ints32, Ints32], None],
    ) -> Bools:
        """Return given components, and those with paths to them or from them, bool [C].

        A path leads over the largest component or over the edges ``down_from`` to ``down_to``.

        Parameters
        ----------
        near, beyond
            bool [C]: if a given component is in ``near``, paths over the largest component join it
            with all components in ``beyond``.
        spread
            Function that adds the components joined by ``down_from`` and ``down_to``.
        """
        found = np.zeros(len(self.to_largest), dtype=np.bool_)
        found[given] = True
        if near[given].any():
            found |= beyond
        spread(found, self.down_from, self.down_to)
        return found

    def leads(self, sources: Ints, targets: Ints) -> bool:
        """Return whether a path leads from any source to any target (nodes or copies of nodes)."""
        source, target = self.label[sources], self.label[targets]
        if self.to_largest[source].any() and self.of_largest[target].any():
            return True
        if not len(source) or not len(target):
            return False
        return bool(self.reached(source)[target].any())


@compiled
def label_components(first_out: Ints, head: Ints32, may: Bools) -> tuple[Ints32, int]:
    """Return the component of each node, by the algorithm of Tarjan (1972).

    Parameters
    ----------
    first_out, head, may
        As for `Components.of`.

    Returns
    -------
    (component of each node, int32 [N]; number of components). Edges lead from higher numbers to
    lower ones.
    """
    count = len(first_out) - 1
    label = np.full(count, np.int32(-1))
    met = np.zeros(count, np.int32)  # order of each node's first visit, from 1; 0: not visited
    low = np.zeros(count, np.int32)  # earliest visited node that each node reaches
    row = first_out[:-1].copy()  # next edge to examine at each node, in place of recursion
    path, waiting = np.empty(count, np.int32), np.empty(count, np.int32)
    order, waits, components = 0, 0, 0
    for root in range(count):
        depth = 0
        if not met[root]:
            path[0], depth = root, 1
        while depth:
            node = path[depth - 1]
            if not met[node]:
                order += 1
                met[node] = low[node] = order
                waiting[waits] = node
                waits += 1
            deeper = _look_on(node, first_out[node + 1], head, may, row, met, low, label)
            if deeper >= 0:
                path[depth] = deeper
                depth += 1
                continue
            depth -= 1
            if low[node] == met[node]:
                waits = _close(node, waiting, waits, components, label)
                components += 1
    return label, components


@inlined
def _look_on(
    node: int,
    after: int,
    head: Ints32,
    may: Bools,
    row: Ints,
    met: Ints32,
    low: Ints32,
    label: Ints32,
) -> int:
    """Examine a node's edges until one leads to an unvisited node; return that node, or -1."""
    while row[node] < after:
        other = int(head[row[node]])
        if may[row[node]]:
            if not met[other]:
                return other  # the edge is read again, for ``low``, when the search comes back
            if label[other] < 0:
                low[node] = min(low[node], low[other])
        row[node] += 1
    return -1


@inlined
def _close(node: int, waiting: Ints32, waits: int, component: int, label: Ints32) -> int:
    """Label ``node`` and all nodes stacked after it with a component; return how many are left."""
    while True:
        waits -= 1
        label[waiting[waits]] = component
        if waiting[waits] == node:
            return waits


@compiled
def _spread_up(found: Bools, source: Ints32, target: Ints32) -> None:
    """Mark all components from which edges lead to marked ones, also indirectly.

    Edges are sorted by source, ascending.
    """
    for row in range(len(source)):
        if found[target[row]]:
            found[source[row]] = True


@compiled
def _spread_down(found: Bools, source: Ints32, target: Ints32) -> None:
    """Mark all components to which edges lead from marked ones, also indirectly.

    Edges are sorted by source, ascending.
    """
    for row in range(len(source) - 1, -1, -1):
        if found[source[row]]:
            found[target[row]] = True


def warm() -> None:
    """Compile the kernels, or load their compiled code from disk."""
    first_out, ends = np.array([0, 1, 1]), np.array([1], dtype=np.int32)
    found = Components.of(first_out, ends - 1, ends, np.ones(1, dtype=np.bool_))
    found.leads(np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64))
    found.reaching(np.zeros(1, dtype=np.int64))
