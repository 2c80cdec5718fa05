"""The two searches for a front: queue, labels and solutions of each, and how they take turns."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.biobjective import bucket_queue, labels
from routing.biobjective.corridor import CorridorSide
from routing.errors import TooManyLabels

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Number of labels that one search settles before the other search takes its turn and the caller
#: can interrupt: about a millisecond.
_BATCH: Final = 8192
#: Initial length of the label arrays; doubled as needed.
_FIRST_ROOM: Final = 1 << 14
#: Highest number of buckets in a search's queue; where costs span more values, a bucket holds
#: labels of several cost values.
_MOST_BUCKETS: Final = 1 << 16


class LabelSearch:
    """One of the two searches for a front, with its queue, labels and solutions."""

    #: Number of columns of the queue's array; subclasses have more.
    columns = bucket_queue.COLUMNS

    def __init__(self, side: CorridorSide, order: int, bound: Int64) -> None:
        self._side = side
        self._order = order
        self._bound = bound
        span = int(bound[order])
        self._width = max(0, span.bit_length() - _MOST_BUCKETS.bit_length() + 1)
        self._bucket = np.full((span >> self._width) + 1, np.int32(bucket_queue.NONE))
        self._least = np.full(len(side.waste), np.iinfo(np.int32).max, np.int32)
        self._queue = np.empty((_FIRST_ROOM, self.columns), np.int32)
        self._key = np.empty(_FIRST_ROOM, np.int64)
        self._item = np.empty(_FIRST_ROOM, np.int32)
        self._settled = np.empty((_FIRST_ROOM, 2), np.int32)
        self._found = np.empty((_FIRST_ROOM, 3), np.int32)
        self._state = np.zeros(bucket_queue.STATE, np.int64)
        self._state[bucket_queue.FREE] = bucket_queue.NONE
        self._state[[bucket_queue.USED, bucket_queue.WAITING, bucket_queue.HEAP]] = 1
        self._key[0] = self._item[0] = 0
        self._queue[0, : bucket_queue.COLUMNS] = (0, 0, side.origin, *[bucket_queue.NONE] * 3)

    @property
    def settled(self) -> int:
        """Count of settled labels."""
        return int(self._state[bucket_queue.SETTLED])

    @property
    def waiting(self) -> int:
        """Count of labels that wait in the queue."""
        return int(self._state[bucket_queue.WAITING])

    @property
    def found(self) -> Int32:
        """Solutions so far, int32 [found, 3]: both costs less the least of all paths, and label."""
        return self._found[: int(self._state[bucket_queue.FOUND])]

    def advance(self) -> bool:
        """Settle a batch of labels; return whether labels are left to settle."""
        result = self._step(_BATCH)
        if result == bucket_queue.QUEUE_FULL:
            self._queue = _doubled(self._queue)
            self._key, self._item = _doubled(self._key), _doubled(self._item)
        elif result == bucket_queue.SETTLED_FULL:
            self._settled = _doubled(self._settled)
        elif result == bucket_queue.FOUND_FULL:
            self._found = _doubled(self._found)
        return result != bucket_queue.DONE

    def _step(self, batch: int) -> int:
        return labels.advance(
            self._side.start,
            self._side.head,
            self._side.cost,
            self._side.waste,
            self._least,
            self._bound,
            self._order,
            self._bucket,
            self._width,
            self._queue,
            self._key,
            self._item,
            self._settled,
            self._found,
            self._state,
            batch,
        )

    def close(self) -> None:
        """Release the arrays that are not needed to build paths."""
        self._settled = self._settled[: self.settled].copy()
        self._queue, self._item, self._bucket, self._least = (
            array[:0].copy() for array in (self._queue, self._item, self._bucket, self._least)
        )
        self._key = self._key[:0].copy()

    def path(self, label: int) -> Int32:
        """Return the edges of a label's path from the search's origin, completed to the goal."""
        side = self._side
        arcs = _arcs_of(self._settled, label, side.head, side.way, side.origin)
        return np.asarray(side.edge[arcs])


def take_turns(
    searches: Sequence[LabelSearch], most_labels: int, after_batch: Callable[[int], object] | None
) -> None:
    """Advance the two searches in turn, a batch of labels each, until one has finished.

    Raises
    ------
    TooManyLabels
        The limit of labels is exceeded.
    """
    turn = 0
    while searches[turn].advance():
        settled = sum(search.settled for search in searches)
        if settled + sum(search.waiting for search in searches) > most_labels:
            raise TooManyLabels(settled, most_labels)
        if after_batch is not None:
            after_batch(settled)
        turn = 1 - turn


def _doubled[T: np.generic](array: NDArray[T]) -> NDArray[T]:
    out = np.empty((2 * len(array), *array.shape[1:]), array.dtype)
    out[: len(array)] = array
    return out


@compiled
def _arcs_of(settled: Int32, label: int, head: Int32, way: Int32, origin: int) -> Int32:
    """Return the arcs from the origin to a label's node, and on along ``way`` to the goal."""
    length = 0
    at = label
    while settled[at, 1] >= 0:
        length += 1
        at = settled[at, 1]
    node = head[settled[label, 0]] if length else origin
    rest = 0
    while way[node] >= 0:
        rest += 1
        node = head[way[node]]
    out = np.empty(length + rest, np.int32)
    at = label
    for i in range(length):
        out[length - 1 - i] = settled[at, 0]
        at = settled[at, 1]
    node = head[settled[label, 0]] if length else origin
    for i in range(rest):
        out[length + i] = way[node]
        node = head[way[node]]
    return out
