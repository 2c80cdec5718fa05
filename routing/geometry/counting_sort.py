"""Stable sorting by integer keys of a known, small range, in linear time."""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled


@compiled
def counting_order(key: NDArray[np.int32], bound: int) -> NDArray[np.int64]:
    """Return the order that sorts the keys; equal keys keep their order.

    Parameters
    ----------
    key
        int [K], 0 to ``bound - 1``.
    """
    place = np.zeros(bound + 1, np.int64)
    for i in range(len(key)):
        place[key[i] + 1] += 1
    for i in range(bound):
        place[i + 1] += place[i]
    order = np.empty(len(key), np.int64)
    for i in range(len(key)):
        order[place[key[i]]] = i
        place[key[i]] += 1
    return order
