"""Kernels of a label-setting search for two costs; they do not check their arguments.

A search runs over a `routing.biobjective.corridor.CorridorSide`, whose arcs have reduced costs: by
how much the cheapest path to the goal over the arc exceeds the cheapest path from the arc's tail.
This excess is the arc's *waste*. A label therefore needs no estimate of the rest of the path: its
costs are those of the cheapest path of all plus the waste so far. Labels are settled in
lexicographic order, first cost first, and the least second cost seen at a node decides in one
comparison whether a label is dominated (BOA*: Hernández et al., ICAPS 2020).
"""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.biobjective.bucket_queue import (
    ARC,
    DONE,
    FIRST,
    FROM,
    MORE,
    NEXT,
    NODE,
    SECOND,
    SHIFT,
    keep,
    lacking,
    open_next,
    put,
    sink,
    take_place,
)

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]


@compiled
def advance(
    start: Int64,
    head: Int32,
    cost: Int32,
    waste: Int32,
    least: Int32,
    bound: Int64,
    order: int,
    bucket: Int32,
    width: int,
    queue: Int32,
    key: Int64,
    item: Int32,
    settled: Int32,
    found: Int32,
    state: Int64,
    labels: int,
) -> int:
    """Settle up to ``labels`` labels in lexicographic order of their costs.

    Each settled label is completed at once by the path that is cheapest by the first cost, which
    gives the cheapest solution not yet known. Where that path wastes no second cost either, no
    other path from the node can be better, and the label is not expanded.

    Parameters
    ----------
    start, head, cost
        int64 [n + 1], int32 [m] and int32 [m, 2]: row starts of each node's arcs, their head nodes,
        and their reduced costs, first cost first.
    waste
        int32 [n], as `routing.biobjective.corridor.CorridorSide` holds it.
    least
        int32 [n]: the least second cost of the labels settled at each node.
    bound
        int64 [2]: upper bounds (exclusive) of the costs of useful labels, first cost first in both
        searches.
    order
        Index in ``bound`` of the cost that this search orders labels by.
    bucket, width, queue, key, item
        The waiting labels: see `routing.biobjective.bucket_queue`.
    settled
        int32 [room, 2]: the last arc of each settled label, and its predecessor label.
    found
        int32 [room, 3]: solutions as both costs, in this search's order, and the label.
    state
        int64 [`bucket_queue.STATE`], updated in place.
    labels
        Highest number of labels to settle in this call.

    Returns
    -------
    int
        `DONE`; `MORE`; or `QUEUE_FULL` (with ``key`` and ``item``), `SETTLED_FULL` or `FOUND_FULL`,
        after which the caller continues with a longer array and nothing is lost.
    """
    opened, size, free, used, waiting, count, solutions = state
    result = MORE
    while labels > 0:
        if size == 0:
            opened, size, free, waiting = open_next(
                bucket, width, queue, None, least, bound[order], bound[1 - order],
                key, item, free, waiting, opened,
            )  # fmt: skip
            if size == 0:
                result = DONE
                break
        first = key[0] >> SHIFT
        second = np.int32(key[0] & 0xFFFFFFFF)
        place = item[0]
        if first >= bound[order]:
            result = DONE
            break
        node = queue[place, NODE]
        arcs = start[node + 1] - start[node]
        result = lacking(queue, waiting, arcs, settled, count, found, solutions)
        if result != MORE:
            break
        size -= 1
        sink(key, item, size)
        arc = queue[place, ARC]
        came_from = queue[place, FROM]
        queue[place, NEXT] = free
        free = place
        waiting -= 1
        if second >= least[node] or second >= bound[1 - order]:
            continue
        labels -= 1
        least[node] = second
        settled[count, 0] = arc
        settled[count, 1] = came_from
        total = np.int64(second) + waste[node]
        if total < bound[1 - order]:
            bound[1 - order] = total
            if solutions > 0 and found[solutions - 1, 0] == first:
                solutions -= 1
            found[solutions, 0] = first
            found[solutions, 1] = total
            found[solutions, 2] = count
            solutions += 1
        for a in range(start[node], start[node + 1]):
            next_node = head[a]
            next_second = second + cost[a, 1]
            if next_second >= least[next_node] or next_second >= bound[1 - order]:
                continue
            next_first = first + cost[a, 0]
            if next_first >= bound[order]:
                continue
            place, free, used = take_place(queue, free, used)
            waiting += 1
            queue[place, FIRST] = next_first
            queue[place, SECOND] = next_second
            queue[place, NODE] = next_node
            queue[place, ARC] = a
            queue[place, FROM] = count
            size = put(
                bucket, width, queue, key, item, size, opened, next_first, next_second, place
            )
        count += 1
    keep(state, opened, size, free, used, waiting, count, solutions)
    return result
