"""Selection of good alternatives: ways over one node are unpacked, compared, kept or dropped.

A way is *admissible* as Abraham, Delling, Goldberg and Werneck define it ("Alternative Routes in
Road Networks", ACM JEA 18, 2013): it shares little with the ways kept before it, and it is locally
optimal. Their T-test checks the latter: the part of the way around its node must be a cheapest
path. Since both halves of a way are cheapest paths, any part that is not must run over the node.

As in `queries`, the kernels work on ranks and do not check their input.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.cch.customization import Metric
from routing.cch.hash_table import LEAST_TABLE, place_of, table_size
from routing.cch.path_walk import far_end, steps_to_end
from routing.cch.queries import has_cheaper
from routing.cch.topology import Topology
from routing.cch.unpacking import TOO_SHORT, lay, unpack
from routing.cch.via_nodes import ViaLimits, Ways, level_of

type Bool = NDArray[np.bool_]
type UInt16 = NDArray[np.uint16]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]
type Lengths = NDArray[np.float64] | NDArray[np.uint32]

#: Factor by which the part of a way that the T-test examines first is shorter than the whole part
#: to examine: most ways fail on it already. Of 4, 16 and 32, 16 is the quickest, by 5 % on 1.9 M
#: nodes.
_FIRST_PART: Final = 16
_FIRST_ROOM: Final = 1 << 14

#: The most ways that can be kept: each has a bit of an int64.
MOST: Final = 63


def chosen(
    topology: Topology,
    metric: Metric,
    ends: tuple[int, int],
    ways: Ways,
    listed: tuple[Int32, Int32],
    length: Lengths,
    count: int,
    limits: ViaLimits,
    levels: tuple[Int32, Int32, Int32, Int32],
    stack: Int64,
) -> list[tuple[int, Int32]]:
    """Return cost and edges of the ways that `choose` keeps.

    Parameters
    ----------
    ends
        Ranks of source and target.
    ways, listed
        The ways found, and those that `via_candidates.listed` selected from them.
    count
        The most ways to keep.
    levels, stack
        Scratch, as for `choose`.
    """
    t = topology
    room = _FIRST_ROOM
    out_end, cost = np.zeros(count, np.int64), np.zeros(count, np.int64)
    while True:
        out = np.empty((2, room), np.int32)
        kept = choose(
            t.first,
            t.head,
            t.tail,
            t.parent,
            t.level,
            t.head_level,
            metric.up,
            metric.down,
            metric.up_origin,
            metric.down_origin,
            *ends,
            ways.chain,
            ways.from_source,
            ways.to_target,
            ways.source_step,
            ways.target_step,
            *listed,
            length,
            count,
            limits.max_overlap,
            math.ceil(limits.local_share * ways.best),
            limits.tries,
            ways.tried,
            *levels[:2],
            stack,
            out,
            out_end,
            cost,
        )
        if kept != TOO_SHORT:
            break
        room *= 4
    begins = [0, *out_end[: kept - 1].tolist()]
    return [
        (paid, out[0, begin:end].copy())
        for paid, begin, end in zip(
            cost[:kept].tolist(), begins, out_end[:kept].tolist(), strict=True
        )
    ]


@compiled
def choose(
    first: Int64,
    head: Int32,
    tail: Int32,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    up: Int32,
    down: Int32,
    up_origin: Int32,
    down_origin: Int32,
    source: int,
    target: int,
    chain: Int32,
    from_source: Int32,
    to_target: Int32,
    source_step: Int64,
    target_step: Int64,
    side: Int32,
    at: Int32,
    length: Lengths,
    count: int,
    max_overlap: float,
    local_cost: int,
    tries: int,
    tried: Bool,
    from_cost: Int32,
    to_cost: Int32,
    stack: Int64,
    out: Int32,
    out_end: Int64,
    out_cost: Int64,
) -> int:
    """Unpack ways one after the other and keep those that are good alternatives.

    Parameters
    ----------
    chain, from_source, to_target, source_step, target_step
        From `via_nodes.find`.
    side, at
        int32 [.]: the ways in the order in which to try them, the cheapest way first; the cheapest
        way is always kept.
    length
        float64 [E]: edge lengths, in which the overlap is measured.
    count, max_overlap, local_cost, tries
        The most ways to keep; the highest common share of the shorter of two ways; how far, in
        cost, the way must be a cheapest path to each side of its node; the most ways to examine.
    tried
        bool [2, height], scratch.
    from_cost, to_cost
        int32 [height], scratch.
    stack
        int64 [3 * height + 2, 4], scratch.
    out
        int32 [2, .]: receives the edges of the kept ways, one after the other, and the rank that
        each leads to.
    out_end, out_cost
        int64 [count]: receive where in ``out`` each kept way ends, and its cost.

    Returns
    -------
    int
        The number of ways kept; `TOO_SHORT` where ``out`` has too little room.
    """
    tried[0, : level[source] + 1] = False
    tried[1, : level[target] + 1] = False
    edge_key = np.full(LEAST_TABLE, np.int32(-1))
    edge_ways = np.zeros(LEAST_TABLE, np.int64)
    before = np.empty(len(stack), np.int64)
    after = np.empty(len(stack), np.int64)
    kept_length = np.zeros(count, np.float64)
    common = np.zeros(count, np.float64)
    kept = 0
    begin = 0
    for i in range(len(side)):
        if kept == count or tries == 0:
            break
        row = side[i]
        here = int(at[i])
        # A way tried before passes this node at the same cost: the way over the node is that way.
        if tried[row, here]:
            continue
        tries -= 1
        back = steps_to_end(
            head, tail, level, row, here, from_source, to_target, source_step, 0, tried, before
        )
        on = steps_to_end(
            head, tail, level, row, here, from_source, to_target, target_step, 1, tried, after
        )
        tried[row, here] = True
        via = int(chain[row, here])
        if kept > 0 and _is_detour(
            first, head, tail, parent, level, head_level, up, down, up_origin, down_origin,
            before, back, after, on, via, local_cost, from_cost, to_cost,
        ):  # fmt: skip
            continue
        _stack(first, head, tail, up_origin, down_origin, before[:back], stack)
        middle = unpack(first, head, up_origin, down_origin, stack, back, begin, out)
        if middle == TOO_SHORT:
            return TOO_SHORT
        _stack(first, head, tail, up_origin, down_origin, after[:on][::-1], stack)
        end = unpack(first, head, up_origin, down_origin, stack, on, middle, out)
        if end == TOO_SHORT:
            return TOO_SHORT
        cost = int(from_source[row, here] + to_target[row, here])
        is_simple = _visit(
            level, chain, from_source, to_target, source, target, out[1, begin:end], cost, tried
        )
        if not is_simple:
            if kept > 0:
                continue
            end = _without_circles(source, begin, end, out)
        own = _measure(edge_key, edge_ways, length, out[0, begin:end], kept, common)
        if kept > 0:
            differs = True
            for k in range(kept):
                if common[k] > max_overlap * min(own, kept_length[k]):
                    differs = False
            if not differs:
                continue
        kept_length[kept] = own
        out_end[kept] = end
        out_cost[kept] = cost
        kept += 1
        begin = end
        if kept < count:
            edge_key, edge_ways = _table_of(out[0], out_end, kept)
    return kept


@inlined
def _is_detour(
    first: Int64,
    head: Int32,
    tail: Int32,
    parent: Int32,
    level: UInt16,
    head_level: UInt16,
    up: Int32,
    down: Int32,
    up_origin: Int32,
    down_origin: Int32,
    before: Int64,
    back: int,
    after: Int64,
    on: int,
    via: int,
    local_cost: int,
    from_cost: Int32,
    to_cost: Int32,
) -> bool:
    """Return whether a way fails the T-test: it is no cheapest path around its via node."""
    near, _ = far_end(
        first, head, tail, up, down, up_origin, down_origin, before, back, via, 0, True
    )
    other, _ = far_end(
        first, head, tail, up, down, up_origin, down_origin, after, on, via, 0, False
    )
    if near == other:
        return True
    # Each part of a cheapest path is a cheapest path: a way that fails on a short part fails as a
    # whole. Most ways fail on a short part, which is quicker to test.
    for share in (_FIRST_PART, 1):
        least = local_cost // share
        near, near_cost = far_end(
            first, head, tail, up, down, up_origin, down_origin, before, back, via, least, True
        )
        other, other_cost = far_end(
            first, head, tail, up, down, up_origin, down_origin, after, on, via, least, False
        )
        if has_cheaper(
            first, parent, level, head_level, up, down,
            near, other, near_cost + other_cost, from_cost, to_cost,
        ):  # fmt: skip
            return True
    return False


@inlined
def _stack(
    first: Int64,
    head: Int32,
    tail: Int32,
    up_origin: Int32,
    down_origin: Int32,
    steps: Int64,
    stack: Int64,
) -> None:
    """Put the arcs of a way on the stack that `unpack` takes them from, the last arc uppermost."""
    for i in range(len(steps)):
        e = steps[i] >> 1
        if steps[i] & 1:
            lay(first, down_origin, 1, e, tail[e], head[e], stack, i)
        else:
            lay(first, up_origin, 0, e, tail[e], head[e], stack, i)


@inlined
def _visit(
    level: UInt16,
    chain: Int32,
    from_source: Int32,
    to_target: Int32,
    source: int,
    target: int,
    ranks: Int32,
    cost: int,
    tried: Bool,
) -> bool:
    """Return whether a way visits no node twice, and mark it as tried.

    ``tried`` is set at each ancestor on the way over which the cheapest way has the same cost.
    """
    lowest = level_of(level, source)
    other_lowest = level_of(level, target)
    seen = np.full(table_size(len(ranks) + 1), np.int32(-1))
    seen[place_of(seen, source)] = source
    tried[0, lowest] = tried[0, lowest] or from_source[0, lowest] + to_target[0, lowest] == cost
    is_simple = True
    for v in ranks:
        here = level_of(level, v)
        if here <= lowest and chain[0, here] == v:
            if from_source[0, here] + to_target[0, here] == cost:
                tried[0, here] = True
        elif (
            here <= other_lowest
            and chain[1, here] == v
            and from_source[1, here] + to_target[1, here] == cost
        ):
            tried[1, here] = True
        place = place_of(seen, v)
        if seen[place] == v:
            is_simple = False
        seen[place] = v
    return is_simple


@inlined
def _without_circles(source: int, begin: int, end: int, out: Int32) -> int:
    """Remove circles from a cheapest way, in place; return where the shortened way ends.

    A circle on a cheapest way costs nothing. Where edges have no cost, two halves that are cheapest
    paths may share nodes, because each half takes the first of several equally cheap paths that it
    finds.
    """
    node = np.full(table_size(end - begin + 1), np.int32(-1))
    left_by = np.empty(len(node), np.int64)
    left_by[place_of(node, source)] = begin
    node[place_of(node, source)] = source
    for i in range(begin, end):
        place = place_of(node, out[1, i])
        node[place] = out[1, i]
        # Keep only the last of several visits to a node.
        left_by[place] = i + 1
    kept = begin
    i = left_by[place_of(node, source)]
    while i < end:
        out[0, kept], out[1, kept] = out[0, i], out[1, i]
        i = left_by[place_of(node, out[1, i])]
        kept += 1
    return kept


@inlined
def _measure(
    edge_key: Int32,
    edge_ways: Int64,
    length: Lengths,
    edges: Int32,
    kept: int,
    common: NDArray[np.float64],
) -> float:
    """Return a path's length; ``common`` receives the length shared with each kept path."""
    own = 0.0
    common[:kept] = 0.0
    for edge in edges:
        own += length[edge]
        place = place_of(edge_key, edge)
        if edge_key[place] == edge:
            for k in range(kept):
                if edge_ways[place] >> k & 1:
                    common[k] += length[edge]
    return own


@inlined
def _table_of(edges: Int32, out_end: Int64, kept: int) -> tuple[Int32, Int64]:
    """Return a hash table of all kept ways' edges, with a bit for each way that uses an edge."""
    end = out_end[kept - 1]
    key = np.full(table_size(end), np.int32(-1))
    ways = np.zeros(len(key), np.int64)
    k = 0
    for i in range(end):
        while i >= out_end[k]:
            k += 1
        place = place_of(key, edges[i])
        key[place] = edges[i]
        ways[place] |= 1 << k
    return key, ways
