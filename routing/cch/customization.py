"""Metrics: costs of a contraction hierarchy's arcs, derived from the costs of road edges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.cch.rwlock import ReadWriteLock
from routing.cch.topology import Topology

type Bool = NDArray[np.bool_]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Cost of a closed edge, of an arc that cannot be travelled, and between nodes without a path. The
#: sum of two such costs still fits in an int32, so no sum overflows. In deciseconds: 3.4 years.
UNREACHABLE: Final = 2**30 - 1

_NONE: Final = np.int32(UNREACHABLE)
#: Origin of the cost of an arc that cannot be travelled. Other origins: the id (>= 0) of the road
#: edge that the arc stands for, or -2 - v where the arc is a shortcut over rank v.
NO_ORIGIN: Final = -1


@dataclass(frozen=True, eq=False, repr=False)
class Metric:
    """Costs of all edges and of all arcs of a contraction hierarchy.

    Among equally cheap origins, an arc keeps the edge with the lowest id, else the shortcut over
    the lowest rank. So equal edge costs give an equal metric, whichever updates led to them.

    Parameters
    ----------
    topology
        The hierarchy that the arcs belong to; no other hierarchy may search with this metric.
    cost
        int32 [E], 0 to `UNREACHABLE`.
    up, down
        int32 [M], in the same range: the cost of each arc in either direction.
    up_origin, down_origin
        int32 [M]: where each cost comes from, see `NO_ORIGIN`.
    """

    topology: Topology
    cost: Int32
    up: Int32
    down: Int32
    up_origin: Int32
    down_origin: Int32
    gate: ReadWriteLock = field(default_factory=ReadWriteLock)

    @classmethod
    def of(cls, topology: Topology, cost: Int32) -> Self:
        """Compute the costs of all arcs from edge costs; the given array is kept, not copied."""
        arcs = topology.arc_count
        up, down, up_origin, down_origin = (np.empty(arcs, np.int32) for _ in range(4))
        _carry_over(topology.edge_arc, topology.edge_is_up, cost, up, down, up_origin, down_origin)
        _customize(topology.first, topology.head, up, down, up_origin, down_origin)
        return cls(topology, cost, up, down, up_origin, down_origin)

    @classmethod
    def of_columns(cls, topology: Topology, columns: Mapping[str, Int32]) -> Self:
        """Build a metric from arrays by field name; the arrays are kept, not copied."""
        return cls(
            topology,
            columns["cost"],
            columns["up"],
            columns["down"],
            columns["up_origin"],
            columns["down_origin"],
        )

    def is_sound(self) -> bool:
        """Return whether the arcs' costs and origins equal those computed afresh from the edges."""
        fresh = type(self).of(self.topology, self.cost)
        return all(
            np.array_equal(mine, theirs)
            for mine, theirs in (
                (self.up, fresh.up),
                (self.down, fresh.down),
                (self.up_origin, fresh.up_origin),
                (self.down_origin, fresh.down_origin),
            )
        )

    def copy(self) -> Self:
        """Return a copy in its own memory, which can be updated independently."""
        with self.gate:
            return type(self)(
                topology=self.topology,
                cost=self.cost.copy(),
                up=self.up.copy(),
                down=self.down.copy(),
                up_origin=self.up_origin.copy(),
                down_origin=self.down_origin.copy(),
            )


@compiled
def _carry_over(
    edge_arc: Int32,
    edge_is_up: Bool,
    cost: Int32,
    up: Int32,
    down: Int32,
    up_origin: Int32,
    down_origin: Int32,
) -> None:
    """Give every arc the cost of its cheapest edge in each direction."""
    up[:] = _NONE
    down[:] = _NONE
    up_origin[:] = NO_ORIGIN
    down_origin[:] = NO_ORIGIN
    for i in range(len(edge_arc)):
        a = edge_arc[i]
        if a < 0:
            continue
        if edge_is_up[i]:
            if cost[i] < up[a]:
                up[a] = cost[i]
                up_origin[a] = i
        elif cost[i] < down[a]:
            down[a] = cost[i]
            down_origin[a] = i


@compiled
def _customize(
    first: Int64, head: Int32, up: Int32, down: Int32, up_origin: Int32, down_origin: Int32
) -> None:
    """Relax each triangle of ranks v < u < w: the way u, v, w may cost less than the arc (u, w).

    Ranks v are taken from the lowest upward, so that the arcs of v are final when they are used.
    """
    for v in range(len(first) - 1):
        end = first[v + 1]
        for vu in range(first[v], end):
            v_to_u = up[vu]
            u_to_v = down[vu]
            if v_to_u >= _NONE and u_to_v >= _NONE:
                continue
            uw = first[head[vu]]
            for vw in range(vu + 1, end):
                w = head[vw]
                while head[uw] < w:
                    uw += 1
                through = u_to_v + up[vw]
                if through < up[uw]:
                    up[uw] = through
                    up_origin[uw] = -2 - v
                through = v_to_u + down[vw]
                if through < down[uw]:
                    down[uw] = through
                    down_origin[uw] = -2 - v
