"""Queue of the labels that wait to be settled, in buckets by their first cost.

Only the labels of the *open* bucket are in order: they are in a heap, by first and second cost.
Each other bucket is a list of places of the array ``queue``. The functions run inside the kernels
of the two label-setting searches and share these arguments:

bucket, width
    int32 [.]: head of each bucket's list; a bucket spans ``1 << width`` values of the first cost.
queue
    int32 [room, at least `COLUMNS`]: the waiting labels. Places of settled and dominated labels are
    reused.
key, item, size
    int64 and int32 [room]: the heap, and its size.
free, used, waiting
    The first place to be reused, and the counts of places ever used and of places in use.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import inlined

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Results of a search: nothing is left to settle; settled as many labels as asked for; the array of
#: waiting labels, of settled labels or of solutions is full.
DONE: Final = 0
MORE: Final = 1
QUEUE_FULL: Final = 2
SETTLED_FULL: Final = 3
FOUND_FULL: Final = 4

#: Value for a missing index.
NONE: Final = -1

#: Indices in the array ``state`` that a search keeps between calls: the open bucket, the size of
#: its heap, the first unused place of the queue, the counts of places ever used and of places in
#: use, and the counts of labels settled and of solutions found.
OPEN: Final = 0
HEAP: Final = 1
FREE: Final = 2
USED: Final = 3
WAITING: Final = 4
SETTLED: Final = 5
FOUND: Final = 6
STATE: Final = 7

#: Columns of the array ``queue``: both costs that labels are ordered by, the node, last arc and
#: predecessor of a label, the next place of the same bucket; their number; then, in a search that
#: lists the places that wait at each node, the next of those.
FIRST: Final = 0
SECOND: Final = 1
NODE: Final = 2
ARC: Final = 3
FROM: Final = 4
NEXT: Final = 5
COLUMNS: Final = 6
PEER: Final = 6

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


@inlined
def open_next(
    bucket: Int32,
    width: int,
    queue: Int32,
    peers: Int32 | None,
    least: Int32,
    most_first: int,
    most_second: int,
    key: Int64,
    item: Int32,
    free: int,
    waiting: int,
    opened: int,
) -> tuple[int, int, int, int]:
    """Open the next bucket that holds a useful label, once the heap is empty.

    Parameters
    ----------
    peers
        int32 [n]: head of the list of places that wait at each node; or None.
    least
        int32 [n]: the least second cost of the labels settled at each node.
    most_first, most_second
        Upper bounds (exclusive) of the costs of useful labels.
    opened
        The bucket opened last.

    Returns
    -------
    (opened, size, free, waiting)
        Size 0 where no useful label is left.
    """
    # Buckets at or above the bound hold no useful label and are never opened.
    last = min(len(bucket) - 1, (most_first - 1) >> width)
    size = 0
    while size == 0:
        opened += 1
        while opened <= last and bucket[opened] < 0:
            opened += 1
        if opened > last:
            break
        place = bucket[opened]
        while place >= 0:
            following = queue[place, NEXT]
            node = queue[place, NODE]
            second = queue[place, SECOND]
            if node >= 0 and second < most_second and second < least[node]:
                rise(key, item, size, (np.int64(queue[place, FIRST]) << SHIFT) | second, place)
                size += 1
            else:
                if peers is not None and node >= 0:
                    leave(queue, peers, place)
                queue[place, NEXT] = free
                free = place
                waiting -= 1
            place = following
    return opened, size, free, waiting


@inlined
def leave(queue: Int32, peers: Int32, place: int) -> None:
    """Unlink a place of the queue from the list of places that wait at its node."""
    node = queue[place, NODE]
    at = peers[node]
    if at == place:
        peers[node] = queue[place, PEER]
        return
    while queue[at, PEER] != place:
        at = queue[at, PEER]
    queue[at, PEER] = queue[place, PEER]


@inlined
def lacking(
    queue: Int32, waiting: int, arcs: int, settled: Int32, count: int, found: Int32, solutions: int
) -> int:
    """Return which array is too short to settle a label with this many arcs, `MORE` if none is."""
    if len(queue) - waiting < arcs:
        return QUEUE_FULL
    if count == len(settled):
        return SETTLED_FULL
    if solutions == len(found):
        return FOUND_FULL
    return MORE


@inlined
def take_place(queue: Int32, free: int, used: int) -> tuple[int, int, int]:
    """Take a place of the queue for a new label; return it, and ``free`` and ``used`` after it."""
    if free >= 0:
        return free, queue[free, NEXT], used
    return used, free, used + 1


@inlined
def put(
    bucket: Int32,
    width: int,
    queue: Int32,
    key: Int64,
    item: Int32,
    size: int,
    opened: int,
    first: int,
    second: int,
    place: int,
) -> int:
    """Put a label into its bucket, or into the heap if that bucket is open; return ``size``."""
    which = first >> width
    if which == opened:
        rise(key, item, size, (first << SHIFT) | second, place)
        return size + 1
    queue[place, NEXT] = bucket[which]
    bucket[which] = place
    return size


@inlined
def keep(
    state: Int64,
    opened: int,
    size: int,
    free: int,
    used: int,
    waiting: int,
    count: int,
    solutions: int,
) -> None:
    """Store what a search goes on from in the next call."""
    state[OPEN] = opened
    state[HEAP] = size
    state[FREE] = free
    state[USED] = used
    state[WAITING] = waiting
    state[SETTLED] = count
    state[FOUND] = solutions
