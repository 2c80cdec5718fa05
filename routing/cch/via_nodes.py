"""Ways from source to target over one via node each: the candidates for alternative routes.

Each node v between a source and a target has a way over it: the cheapest path from the source to v,
then the cheapest path from v to the target. The nodes that matter are those of the separators that
the nested dissection put between source and target, which are the ancestors of the two in the
elimination tree (the idea of "Separator-Based Alternative Paths in Customizable Contraction
Hierarchies", OASIcs ATMOS 2025.12). Source and target climb as for any search; descending the same
chains then gives every ancestor its exact cost from the source and to the target. Which ways make
good alternatives follows the definition of Abraham, Delling, Goldberg and Werneck, "Alternative
Routes in Road Networks", ACM JEA 18 (2013): little shared with the
cheapest path, locally optimal, no long detour.

As in `queries`, the kernels work on ranks and do not check their input. The ancestors are kept by
level on two *sides*: row 0 is the chain of the source, row 1 the chain of the target. On the levels
above the place where the chains join, both sides are the same.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.cch.climbing import climb_by
from routing.cch.customization import UNREACHABLE, Metric
from routing.cch.topology import Topology

type UInt16 = NDArray[np.uint16]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

_NONE: Final = np.int32(UNREACHABLE)
_NO_STEP: Final = -1


@dataclass(frozen=True, slots=True)
class ViaLimits:
    """Limits within which a path is accepted as an alternative.

    Parameters
    ----------
    max_stretch
        The highest cost of an alternative, as a multiple of the cheapest path's cost: the widest
        detour of goal A7. (Abraham, Delling, Goldberg and Werneck, "Alternative Routes in Road
        Networks", ACM JEA 18, 2013, allow 1.25 between the points where an alternative leaves the
        cheapest path and rejoins it.)
    max_overlap
        The highest share of the shorter of two paths' length that both have in common: goal A11,
        and gamma of that paper.
    local_share
        An alternative must be a cheapest path around its via node, to each side for this share of
        the cheapest path's cost: alpha of that paper, checked by the T-test. A smaller value finds
        more paths, with more little detours.
    tries
        The most paths to examine [A]. On 1.9 M nodes, 50, 100 and all paths give two alternatives
        for 44, 66 and 80 % of the pairs, in 1.6, 2.3 and 3.1 ms (median) and 2.8, 4.2 and 8.8 ms
        (95th percentile): benchmarks/alternatives.py.
    """

    max_stretch: float = 1.5
    max_overlap: float = 0.8
    local_share: float = 0.25
    tries: int = 100


@dataclass(eq=False, slots=True)
class Ways:
    """Ways over via nodes that one thread finds between two ranks, in memory that is reused.

    Parameters
    ----------
    chain, from_source, to_target, source_step, target_step
        As for `find`, by side and level.
    marks
        int32 [2, 2, height], scratch.
    tried
        bool [2, height], scratch of `via_selection`.
    listed, weight
        int32 [2, 2 * height + 1], int64 [2 * height + 1]: side, level and weight of the ways that
        `via_candidates` lists.
    shared, best
        As `find` last returned them.
    """

    chain: Int32
    from_source: Int32
    to_target: Int32
    source_step: Int64
    target_step: Int64
    marks: Int32
    tried: NDArray[np.bool_]
    listed: Int32
    weight: Int64
    shared: int = 0
    best: int = UNREACHABLE

    @classmethod
    def of_height(cls, height: int) -> Self:
        """Allocate the arrays for a tree of this many levels."""
        chain, came, goes = (np.zeros((2, height), np.int32) for _ in range(3))
        into, out_of = (np.full((2, height), _NO_STEP, np.int64) for _ in range(2))
        return cls(
            chain,
            came,
            goes,
            into,
            out_of,
            marks=np.zeros((2, 2, height), np.int32),
            tried=np.zeros((2, height), np.bool_),
            listed=np.zeros((2, 2 * height + 1), np.int32),
            weight=np.zeros(2 * height + 1, np.int64),
        )

    def find(self, topology: Topology, metric: Metric, source: int, target: int) -> int:
        """Find the ways over all ancestors of two ranks; return the cost of the cheapest way."""
        t = topology
        self.best, self.shared = find(
            t.first,
            t.parent,
            t.level,
            t.head_level,
            metric.up,
            metric.down,
            source,
            target,
            self.chain,
            self.from_source,
            self.to_target,
            self.source_step,
            self.target_step,
        )
        return self.best

    def within(
        self, topology: Topology, source: int, target: int, limit: int
    ) -> tuple[Int32, Int32]:
        """Return the via ranks of all ways within a cost limit, and their costs, ascending."""
        if self.best > limit:
            return np.empty(0, np.int32), np.empty(0, np.int32)
        own = slice(0, int(topology.level[source]) + 1)
        other = slice(self.shared, int(topology.level[target]) + 1)
        total = self.from_source + self.to_target
        ranks = np.concatenate((self.chain[0, own], self.chain[1, other]))
        costs = np.concatenate((total[0, own], total[1, other]))
        ascending = np.argsort(costs, kind="stable")
        ascending = ascending[costs[ascending] <= limit]
        return ranks[ascending], costs[ascending]


@compiled
def find(
    first: Int64,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    up: Int32,
    down: Int32,
    source: int,
    target: int,
    chain: Int32,
    from_source: Int32,
    to_target: Int32,
    source_step: Int64,
    target_step: Int64,
) -> tuple[int, int]:
    """Find the costs from the source to each ancestor of both ends, and from there to the target.

    Parameters
    ----------
    chain, from_source, to_target
        int32 [2, height], by side and level: the ancestors, and the exact costs.
    source_step, target_step
        int64 [2, height], likewise: the arc over which the way from the source comes in, and the
        arc over which the way to the target goes on. Each is twice the arc, plus 1 where it is
        travelled down; -1 at the source and at the target.

    Returns
    -------
    (cost, shared)
        The cost of the cheapest path, `UNREACHABLE` where there is no path, and the number of
        levels that both sides share.
    """
    for side in range(2):
        end = source if side == 0 else target
        from_source[side, : level[end] + 1] = _NONE
        to_target[side, : level[end] + 1] = _NONE
        source_step[side, : level[end] + 1] = _NO_STEP
        target_step[side, : level[end] + 1] = _NO_STEP
    from_source[0, level[source]] = 0
    climb_by(
        first, parent, level, head_level, up, source,
        from_source[0], chain[0], source_step[0], 2, 0,
    )  # fmt: skip
    to_target[1, level[target]] = 0
    climb_by(
        first, parent, level, head_level, down, target,
        to_target[1], chain[1], target_step[1], 2, 1,
    )  # fmt: skip
    shared = 0
    while shared <= min(level[source], level[target]) and chain[0, shared] == chain[1, shared]:
        to_target[0, shared] = to_target[1, shared]
        target_step[0, shared] = target_step[1, shared]
        shared += 1
    best = int(_NONE)
    for here in range(shared):
        best = min(best, int(from_source[0, here] + to_target[0, here]))
    if best >= _NONE:
        return best, shared
    for side in range(2):
        begin = 0
        if side == 1:
            begin = shared
            for here in range(shared):
                from_source[1, here] = from_source[0, here]
                to_target[1, here] = to_target[0, here]
                source_step[1, here] = source_step[0, here]
                target_step[1, here] = target_step[0, here]
        end = (level[source] if side == 0 else level[target]) + 1
        _descend(
            first,
            head_level,
            up,
            down,
            chain[side],
            begin,
            end,
            from_source[side],
            to_target[side],
            source_step[side],
            target_step[side],
        )
    return best, shared


@inlined
def _descend(
    first: Int64,
    head_level: UInt16,
    up: Int32,
    down: Int32,
    chain: Int32,
    begin: int,
    end: int,
    from_source: Int32,
    to_target: Int32,
    source_step: Int64,
    target_step: Int64,
) -> None:
    """Lower one side's costs, from the root down, where a way over a higher rank costs less."""
    for here in range(begin, end):
        v = chain[here]
        came = from_source[here]
        goes = to_target[here]
        for e in range(first[v], first[v + 1]):
            above = head_level[e]
            through = from_source[above] + down[e]
            if through < came:
                came = through
                source_step[here] = 2 * e + 1
            through = to_target[above] + up[e]
            if through < goes:
                goes = through
                target_step[here] = 2 * e
        from_source[here] = came
        to_target[here] = goes


@inlined
def level_of(level: UInt16, rank: int) -> int:
    """Return a rank's level as int64: numba turns sums of uint64 and int64 into floats."""
    return int(np.int64(level[rank]))
