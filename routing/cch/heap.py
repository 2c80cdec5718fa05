"""Binary min-heap of numbers inside kernels."""

import numpy as np
from numpy.typing import NDArray

from routing._numba import inlined

type Numbers = NDArray[np.int32] | NDArray[np.int64]


@inlined
def push(heap: Numbers, size: int, item: int) -> int:
    """Push an item on a min-heap of the given size; return the new size."""
    at = size
    while at > 0 and heap[(at - 1) >> 1] > item:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = item
    return size + 1


@inlined
def pop(heap: Numbers, size: int) -> int:
    """Remove the least item from a min-heap of the given size and return it."""
    least = heap[0]
    last = heap[size - 1]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size - 1:
            break
        if child + 2 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= last:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = last
    return int(least)
