"""Concatenated ranges of indices, to read several rows of a compressed (CSR) table at once."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def joined_ranges(first: ArrayLike, count: ArrayLike) -> NDArray[np.int64]:
    """Return ``first, first + 1, …`` of each row, ``count`` of them, row after row.

    Parameters
    ----------
    first
        int [k], the first index of each row.
    count
        int [k], how many indices each row has, 0 or more.

    Returns
    -------
    int64 [sum of ``count``]
    """
    counts = np.asarray(count, dtype=np.int64)
    begin = np.cumsum(counts) - counts
    steps = np.arange(int(counts.sum()), dtype=np.int64)
    return np.asarray(steps + np.repeat(np.asarray(first, dtype=np.int64) - begin, counts))
