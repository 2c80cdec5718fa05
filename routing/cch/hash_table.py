"""Small hash tables of ids inside kernels: open addressing, -1 marks an empty place."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import inlined

type Int32 = NDArray[np.int32]

#: Multiplier that spreads ids over a table: 2^32 over the golden ratio (Knuth, TAOCP 3, 6.4).
_SPREAD: Final = 2_654_435_769
LEAST_TABLE: Final = 64


@inlined
def table_size(items: int) -> int:
    """Return the size of a table for ``items`` items: a power of two, at most half full."""
    size = LEAST_TABLE
    while size < 2 * items:
        size *= 2
    return size


@inlined
def place_of(key: Int32, item: int) -> int:
    """Return the place of an item in a table, or the empty place where it would be stored."""
    last = len(key) - 1
    place = int(np.int64(item) * _SPREAD >> 12) & last
    while key[place] != item and key[place] != -1:
        place = (place + 1) & last
    return place
