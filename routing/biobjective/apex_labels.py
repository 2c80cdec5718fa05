"""Kernel of a label-setting search for a front within a share of the exact one (A*pex).

A label stands for several paths to its node: it holds one of them, its *representative*, and the
*apex*, the least of each cost among all of them. Two waiting labels of a node are merged if the
costs of one representative, with the cheapest path ahead, exceed those of the joint apex by no more
than the share. Costs of the path ahead are added to apex and representative alike, so the excess
never grows along a path: the share holds for whole paths, however many labels were merged along
them (A*pex: Zhang et al., ICAPS 2022; PP-A*: Goldin and Salzman, ICAPS 2021).

Costs are reduced as in `routing.biobjective.labels`: they are waste over the cheapest path of all.
Labels are settled by the first cost of their apex. The kernel does not check its arguments.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.biobjective.bucket_queue import (
    ARC,
    COLUMNS,
    DONE,
    FIRST,
    FROM,
    MORE,
    NEXT,
    NODE,
    NONE,
    PEER,
    SECOND,
    SHIFT,
    keep,
    lacking,
    leave,
    open_next,
    put,
    sink,
    take_place,
)

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Denominator of shares, which are integers in millionths so that comparisons are exact.
MILLION: Final = 1_000_000

#: Columns of the array ``queue`` after those of `bucket_queue`, in which a label's costs are those
#: of its apex, and after `PEER`: the costs of its representative; then the number of columns.
OWN_FIRST: Final = COLUMNS + 1
OWN_SECOND: Final = COLUMNS + 2
QUEUE_COLUMNS: Final = COLUMNS + 3


@inlined
def _excess(cost: int, apex: int, least: int) -> int:
    """Return by how many millionths a path's cost exceeds its apex's, rounded up.

    ``cost`` and ``apex`` are the waste over ``least``, the least cost of all paths.
    """
    return -((apex - cost) * MILLION // max(1, least + apex))


@inlined
def _leads_on(
    corner: Int64, weight: Int64, ahead: Int64, top: Int64, first: int, second: int, node: int
) -> bool:
    """Return whether a label's paths may reach costs at the goal that no known path covers."""
    for i in range(len(corner)):
        if corner[i, 0] < first or corner[i, 1] < second:
            continue
        is_below = True
        for k in range(len(weight)):
            if weight[k, 0] * first + weight[k, 1] * second + ahead[node, k] > top[i, k]:
                is_below = False
                break
        if is_below:
            return True
    return False


@compiled
def advance(
    start: Int64,
    head: Int32,
    cost: Int32,
    waste: Int32,
    least: Int32,
    peers: Int32,
    bound: Int64,
    floor: Int64,
    order: int,
    share: int,
    corner: Int64,
    weight: Int64,
    ahead: Int64,
    top: Int64,
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
    """Settle up to ``labels`` labels by the first cost of their apex.

    Each settled label is completed at once by the path that is cheapest by the first cost; a
    solution that covers more than the ones before it is kept. Paths that a solution covers within
    the share are not searched any further.

    Parameters
    ----------
    start, head, cost, waste
        As in `routing.biobjective.labels.advance`.
    least
        int32 [n]: the least second cost of the apexes settled at each node.
    peers
        int32 [n]: head of the list of places that wait at each node.
    bound
        int64 [2]: upper bounds (exclusive) of the costs of apexes that no solution covers yet,
        first cost first in both searches.
    floor
        int64 [2]: the least first and the least second cost of all paths, in this search's order.
    order
        Index in ``bound`` of the cost that this search orders labels by.
    share
        The share, millionths.
    corner, weight, ahead, top
        What known paths leave uncovered: see `routing.biobjective.known_paths.Uncovered`.
    bucket, width, key, item, settled
        As in `routing.biobjective.labels.advance`.
    queue
        int32 [room, `QUEUE_COLUMNS`]: waiting labels. A row whose node is `NONE` was merged into
        another row.
    found
        int32 [room, 3]: solutions as both costs, in this search's order, and the label.
    state
        int64, updated in place, as in `routing.biobjective.labels.advance`.
    labels
        Highest number of labels to settle in this call.

    Returns
    -------
    int
        As `routing.biobjective.labels.advance`.
    """
    opened, size, free, used, waiting, count, solutions = state
    first_floor, second_floor = floor
    result = MORE
    while labels > 0:
        if size == 0:
            opened, size, free, waiting = open_next(
                bucket, width, queue, peers, least, bound[order], bound[1 - order],
                key, item, free, waiting, opened,
            )  # fmt: skip
            if size == 0:
                result = DONE
                break
        place = item[0]
        apex_first = key[0] >> SHIFT
        node = queue[place, NODE]
        if apex_first >= bound[order]:
            result = DONE
            break
        arcs = start[node + 1] - start[node] if node >= 0 else 0
        result = lacking(queue, waiting, arcs, settled, count, found, solutions)
        if result != MORE:
            break
        size -= 1
        sink(key, item, size)
        if node >= 0:
            leave(queue, peers, place)
        apex_second = np.int64(queue[place, SECOND])
        first = np.int64(queue[place, OWN_FIRST])
        second = np.int64(queue[place, OWN_SECOND])
        arc = queue[place, ARC]
        came_from = queue[place, FROM]
        queue[place, NEXT] = free
        free = place
        waiting -= 1
        if node < 0 or apex_second >= least[node] or apex_second >= bound[1 - order]:
            continue
        labels -= 1
        least[node] = apex_second
        settled[count, 0] = arc
        settled[count, 1] = came_from
        total = second + waste[node]
        covered = -(-(second_floor + total) * MILLION // (MILLION + share)) - second_floor
        if covered < bound[1 - order]:
            bound[1 - order] = covered
            if (
                solutions > 0
                and found[solutions - 1, 0] >= first
                and found[solutions - 1, 1] >= total
            ):
                solutions -= 1
            found[solutions, 0] = first
            found[solutions, 1] = total
            found[solutions, 2] = count
            solutions += 1
        for a in range(start[node], start[node + 1]):
            there = head[a]
            new_apex_second = apex_second + cost[a, 1]
            if new_apex_second >= least[there] or new_apex_second >= bound[1 - order]:
                continue
            new_apex_first = apex_first + np.int64(cost[a, 0])
            if new_apex_first >= bound[order]:
                continue
            if not _leads_on(corner, weight, ahead, top, new_apex_first, new_apex_second, there):
                continue
            new_first = first + cost[a, 0]
            new_second = second + cost[a, 1]
            new_arc = np.int32(a)
            new_from = np.int32(count)
            is_taken_in = False
            before = np.int32(NONE)
            peer = peers[there]
            while peer >= 0:
                following = queue[peer, PEER]
                peer_apex_first = np.int64(queue[peer, FIRST])
                joint_first = min(new_apex_first, peer_apex_first)
                joint_second = min(new_apex_second, np.int64(queue[peer, SECOND]))
                mine = max(
                    _excess(int(new_first), int(joint_first), first_floor),
                    _excess(int(new_second), int(joint_second), second_floor),
                )
                theirs = max(
                    _excess(int(queue[peer, OWN_FIRST]), int(joint_first), first_floor),
                    _excess(int(queue[peer, OWN_SECOND]), int(joint_second), second_floor),
                )
                if min(mine, theirs) > share:
                    before = peer
                    peer = following
                    continue
                if joint_first == peer_apex_first:
                    # The queue is ordered by the apex's first cost, which stays the same: the
                    # merged label keeps its place.
                    queue[peer, SECOND] = joint_second
                    if mine < theirs:
                        queue[peer, OWN_FIRST] = new_first
                        queue[peer, OWN_SECOND] = new_second
                        queue[peer, ARC] = new_arc
                        queue[peer, FROM] = new_from
                    is_taken_in = True
                    break
                new_apex_first = joint_first
                new_apex_second = joint_second
                if theirs <= mine:
                    new_first = np.int64(queue[peer, OWN_FIRST])
                    new_second = np.int64(queue[peer, OWN_SECOND])
                    new_arc = queue[peer, ARC]
                    new_from = queue[peer, FROM]
                queue[peer, NODE] = NONE
                if before >= 0:
                    queue[before, PEER] = following
                else:
                    peers[there] = following
                peer = following
            if is_taken_in:
                continue
            place, free, used = take_place(queue, free, used)
            waiting += 1
            queue[place, FIRST] = new_apex_first
            queue[place, SECOND] = new_apex_second
            queue[place, OWN_FIRST] = new_first
            queue[place, OWN_SECOND] = new_second
            queue[place, NODE] = there
            queue[place, ARC] = new_arc
            queue[place, FROM] = new_from
            queue[place, PEER] = peers[there]
            peers[there] = place
            size = put(
                bucket, width, queue, key, item, size, opened,
                new_apex_first, new_apex_second, place,
            )  # fmt: skip
        count += 1
    keep(state, opened, size, free, used, waiting, count, solutions)
    return result
