"""Preselection of ways over a via node that may be alternatives, before arcs are unpacked.

Most ways can be dropped without unpacking: they turn back at their node, or run mostly on the arcs
of the cheapest way.

As in `queries`, the kernels work on ranks and do not check their input.
"""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.cch.customization import UNREACHABLE, Metric
from routing.cch.topology import Topology
from routing.cch.via_nodes import ViaLimits, Ways, level_of

type UInt16 = NDArray[np.uint16]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]


def listed(
    topology: Topology,
    metric: Metric,
    ends: tuple[int, int],
    ways: Ways,
    limits: ViaLimits,
) -> tuple[Int32, Int32]:
    """Return side and level of the via nodes of the ways that may be alternatives.

    The side is 0 for a node of the source's chain, 1 for one of the target's (`Ways.chain`). The
    most promising way comes first.

    The most promising ways have the least weight: twice the cost, plus the cost of the arcs shared
    with the cheapest way (Abraham et al., who also reward long plateaus). The first is the cheapest
    way, listed as the way over the source.

    Parameters
    ----------
    ends
        Ranks of source and target.
    ways
        The ways found between the ends.
    """
    t = topology
    side, at = ways.listed
    found = list_ways(
        t.head,
        t.tail,
        t.level,
        metric.up,
        metric.down,
        *ends,
        ways.shared,
        ways.best,
        min(int(limits.max_stretch * ways.best), UNREACHABLE - 1),
        limits.max_overlap,
        ways.from_source,
        ways.to_target,
        ways.source_step,
        ways.target_step,
        ways.marks[0],
        ways.marks[1],
        side,
        at,
        ways.weight,
    )
    ascending = np.argsort(ways.weight[:found], kind="stable")
    return side[ascending], at[ascending]


@compiled
def list_ways(
    head: Int32,
    tail: Int32,
    level: UInt16,
    up: Int32,
    down: Int32,
    source: int,
    target: int,
    shared: int,
    best: int,
    limit: int,
    max_overlap: float,
    from_source: Int32,
    to_target: Int32,
    source_step: Int64,
    target_step: Int64,
    seen_by: Int32,
    best_arc: Int32,
    side: Int32,
    at: Int32,
    weight: Int64,
) -> int:
    """List the ways that may be alternatives, in no order, without unpacking any arc.

    Omitted are ways that cost more than a limit, ways that visit a rank twice, and ways that share
    too much with the cheapest way, by cost, counting whole arcs only.

    Parameters
    ----------
    shared, best
        From `via_nodes.find`, as are all the arrays from ``from_source`` to ``target_step``.
    max_overlap
        The most that a way may share with the cheapest way, as a fraction of that way's cost.
    seen_by, best_arc
        int32 [2, height], scratch.
    side, at, weight
        int32 [2 * height + 1], the last int64: receive the side and the level of each way's node,
        and its weight, see `listed`. The first is the cheapest way, listed as the way over the
        source.

    Returns
    -------
    int
        The number of ways listed.
    """
    _mark_best(head, tail, level, source, target, shared, target_step, best_arc)
    side[0] = 0
    at[0] = level[source]
    weight[0] = 0
    found = 1
    for row in range(2):
        end = source if row == 0 else target
        seen_by[row, : level[end] + 1] = 0
    for row in range(2):
        end = source if row == 0 else target
        for here in range(0 if row == 0 else shared, level[end] + 1):
            total = int(from_source[row, here] + to_target[row, here])
            if total > limit:
                continue
            common = _common_with_best(
                head,
                tail,
                level,
                up,
                down,
                shared,
                row,
                here,
                source_step,
                target_step,
                found,
                seen_by,
                best_arc,
            )
            if common < 0 or common > max_overlap * best:
                continue
            side[found] = row
            at[found] = here
            weight[found] = 2 * total + common
            found += 1
    return found


@inlined
def _mark_best(
    head: Int32,
    tail: Int32,
    level: UInt16,
    source: int,
    target: int,
    shared: int,
    target_step: Int64,
    best_arc: Int32,
) -> None:
    """Store the arcs of the cheapest way in ``best_arc``, by the side and level of their tails."""
    best_arc[0, : level[source] + 1] = -1
    best_arc[1, : level[target] + 1] = -1
    row = 0
    here = level_of(level, source)
    while target_step[row, here] >= 0:
        e = target_step[row, here] >> 1
        if target_step[row, here] & 1:
            here = level_of(level, tail[e])
            row = 1 if here >= shared else 0
            best_arc[row, here] = e
        else:
            best_arc[row, here] = e
            here = level_of(level, head[e])
            row = row if here >= shared else 0


@inlined
def _common_with_best(
    head: Int32,
    tail: Int32,
    level: UInt16,
    up: Int32,
    down: Int32,
    shared: int,
    row: int,
    here: int,
    source_step: Int64,
    target_step: Int64,
    number: int,
    seen_by: Int32,
    best_arc: Int32,
) -> int:
    """Return the cost of the arcs that the path over a via node shares with the cheapest path.

    Return -1 if the path visits a rank twice.
    """
    common = 0
    s = row
    j = here
    while source_step[s, j] >= 0:
        e = source_step[s, j] >> 1
        if source_step[s, j] & 1:
            if best_arc[s, j] == e:
                common += down[e]
            j = level_of(level, head[e])
            s = s if j >= shared else 0
        else:
            j = level_of(level, tail[e])
            s = 0
            if best_arc[0, j] == e:
                common += up[e]
        seen_by[s, j] = number
    s = row
    j = here
    while target_step[s, j] >= 0:
        e = target_step[s, j] >> 1
        if target_step[s, j] & 1:
            j = level_of(level, tail[e])
            s = 1 if j >= shared else 0
            if best_arc[s, j] == e:
                common += down[e]
        else:
            if best_arc[s, j] == e:
                common += up[e]
            j = level_of(level, head[e])
            s = s if j >= shared else 0
        if seen_by[s, j] == number:
            return -1
    return common
