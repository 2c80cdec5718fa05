"""What the arcs of a hierarchy cost: every edge's cost carried over to the arcs."""

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

#: A cost that stands for "no way". Two of them still fit in an int32, so no sum overflows. In
#: deciseconds it is 3.4 years.
UNREACHABLE: Final = 2**30 - 1

_NONE: Final = np.int32(UNREACHABLE)
#: In an origin: the arc has no way. Others: an edge (>= 0), or -2 - v for the way over rank v.
NO_ORIGIN: Final = -1


@dataclass(frozen=True, eq=False, repr=False)
class Metric:
    """One cost of every edge, carried over to the arcs.

    Of two ways that cost the same, an arc keeps the edge of the lowest number, else the way over
    the lowest rank: the same costs give the same metric, by whichever updates they came about.

    Parameters
    ----------
    topology
        Whose arcs these are; no other hierarchy may search with them.
    cost
        int32 [E], 0 to `UNREACHABLE`.
    up, down
        int32 [M], likewise.
    up_origin, down_origin
        int32 [M]: where the cost comes from, see `NO_ORIGIN`.
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
        """Customise in full; the costs are kept, not copied."""
        arcs = topology.arc_count
        up, down, up_origin, down_origin = (np.empty(arcs, np.int32) for _ in range(4))
        _carry_over(topology.edge_arc, topology.edge_is_up, cost, up, down, up_origin, down_origin)
        _customize(topology.first, topology.head, up, down, up_origin, down_origin)
        return cls(topology, cost, up, down, up_origin, down_origin)

    @classmethod
    def of_columns(cls, topology: Topology, columns: Mapping[str, Int32]) -> Self:
        """Return the metric that fields by name make; they are kept, not copied."""
        return cls(
            topology,
            columns["cost"],
            columns["up"],
            columns["down"],
            columns["up_origin"],
            columns["down_origin"],
        )

    def is_sound(self) -> bool:
        """Return whether this is what a full customisation makes of the costs."""
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
        """Return the same costs in memory of their own, to be updated apart."""
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
    """Return every arc its cheapest edge each way."""
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
    """Relax each triangle v < u < w: the way u, v, w may be cheaper than the arc (u, w).

    From the lowest v upwards, so that v's own arcs are final.
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
