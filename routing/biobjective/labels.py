"""Kernels of a label-setting search for two costs; they do not check their arguments.

A search runs over a `routing.biobjective.corridor.CorridorSide`, whose arcs have reduced costs: by
how much the cheapest path to the goal over the arc exceeds the cheapest path from the arc's tail.
This excess is the arc's *waste*. A label therefore needs no estimate of the rest of the path: its
costs are those of the cheapest path of all plus the waste so far. Labels are settled in
lexicographic order, first cost first, and the least second cost seen at a node decides in one
comparison whether a label is dominated (BOA*: Hernández et al., ICAPS 2020).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Return values of `advance`: nothing is left to settle; settled as many labels as asked for; the
#: array of waiting labels, of settled labels or of solutions is full.
DONE: Final = 0
MORE: Final = 1
QUEUE_FULL: Final = 2
SETTLED_FULL: Final = 3
FOUND_FULL: Final = 4

#: Value for a missing index.
NONE: Final = -1

#: Indices in the array ``state`` of `advance`: the open bucket, the size of its heap, the first
#: unused place of the queue, the counts of places ever used and of places in use, and the counts of
#: labels settled and of solutions found.
OPEN: Final = 0
HEAP: Final = 1
FREE: Final = 2
USED: Final = 3
WAITING: Final = 4
SETTLED: Final = 5
FOUND: Final = 6
STATE: Final = 7

#: Columns of the array ``queue``: both costs of a label, its node, last arc and predecessor, the
#: next place of the same bucket; then the number of columns.
_FIRST: Final = 0
_SECOND: Final = 1
_NODE: Final = 2
_ARC: Final = 3
_FROM: Final = 4
_NEXT: Final = 5
QUEUE_COLUMNS: Final = 6

#: Bits by which the first cost is shifted in a key that also holds the second (each is below 2^31):
#: keys are in the order of the first cost, then of the second.
SHIFT: Final = 32


@inlined
def rise(key: Int64, item: Int32, size: int, new_key: int, new_item: int) -> None:
    """Insert an item with its key into a min-heap of the given size."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if key[above] <= new_key:
            break
        key[at] = key[above]
        item[at] = item[above]
        at = above
    key[at] = new_key
    item[at] = new_item


@inlined
def sink(key: Int64, item: Int32, size: int) -> None:
    """Remove the top of a min-heap; ``size`` is the size after the removal."""
    last_key = key[size]
    last_item = item[size]
    at = 0
    below = 1
    while below < size:
        if below + 1 < size and key[below + 1] < key[below]:
            below += 1
        if key[below] >= last_key:
            break
        key[at] = key[below]
        item[at] = item[below]
        at = below
        below = 2 * at + 1
    key[at] = last_key
    item[at] = last_item


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
    bucket, width
        int32 [.]: head of each bucket's list of queue places; a bucket spans ``1 << width`` values
        of the first cost.
    queue
        int32 [room, `QUEUE_COLUMNS`]: waiting labels. Places of settled and dominated labels are
        reused.
    key, item
        int64 and int32 [room]: the open bucket as a heap.
    settled
        int32 [room, 2]: the last arc of each settled label, and its predecessor label.
    found
        int32 [room, 3]: solutions as both costs, in this search's order, and the label.
    state
        int64 [`STATE`], updated in place.
    labels
        Highest number of labels to settle in this call.

    Returns
    -------
    int
        `DONE`; `MORE`; or `QUEUE_FULL` (with ``key`` and ``item``), `SETTLED_FULL` or `FOUND_FULL`,
        after which the caller continues with a longer array and nothing is lost.
    """
    open_bucket, size, free, used, waiting, count, solutions = state
    result = MORE
    while labels > 0:
        while size == 0:
            # Buckets at or above the bound hold no useful label and are never opened.
            last = min(len(bucket) - 1, (bound[order] - 1) >> width)
            open_bucket += 1
            while open_bucket <= last and bucket[open_bucket] < 0:
                open_bucket += 1
            if open_bucket > last:
                result = DONE
                break
            place = bucket[open_bucket]
            while place >= 0:
                following = queue[place, _NEXT]
                second = queue[place, _SECOND]
                if second < bound[1 - order] and second < least[queue[place, _NODE]]:
                    both = (np.int64(queue[place, _FIRST]) << SHIFT) | second
                    rise(key, item, size, both, place)
                    size += 1
                else:
                    queue[place, _NEXT] = free
                    free = place
                    waiting -= 1
                place = following
        if result == DONE:
            break
        first = key[0] >> SHIFT
        second = np.int32(key[0] & 0xFFFFFFFF)
        place = item[0]
        if first >= bound[order]:
            result = DONE
            break
        node = queue[place, _NODE]
        if len(queue) - waiting < start[node + 1] - start[node]:
            result = QUEUE_FULL
            break
        if count == len(settled):
            result = SETTLED_FULL
            break
        if solutions == len(found):
            result = FOUND_FULL
            break
        size -= 1
        sink(key, item, size)
        arc = queue[place, _ARC]
        came_from = queue[place, _FROM]
        queue[place, _NEXT] = free
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
            if free >= 0:
                place = free
                free = queue[place, _NEXT]
            else:
                place = used
                used += 1
            waiting += 1
            queue[place, _FIRST] = next_first
            queue[place, _SECOND] = next_second
            queue[place, _NODE] = next_node
            queue[place, _ARC] = a
            queue[place, _FROM] = count
            which = next_first >> width
            if which == open_bucket:
                rise(key, item, size, (next_first << SHIFT) | next_second, place)
                size += 1
            else:
                queue[place, _NEXT] = bucket[which]
                bucket[which] = place
        count += 1
    state[OPEN] = open_bucket
    state[HEAP] = size
    state[FREE] = free
    state[USED] = used
    state[WAITING] = waiting
    state[SETTLED] = count
    state[FOUND] = solutions
    return result
