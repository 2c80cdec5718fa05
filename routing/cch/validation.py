"""Validation of a hierarchy's input: ids, costs and limits are checked and copied."""

import operator
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing.cch.customization import UNREACHABLE
from routing.errors import InvalidCost, InvalidNode

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]


def whole(value: object) -> int:
    """Return an integer of any type as int, and -1 for everything else."""
    try:
        return operator.index(cast("int", value))
    except TypeError:
        return -1


def limit(limit: object) -> int:
    """Check a cost limit; return it clipped to the range of costs, -1 for a negative limit."""
    try:
        whole = operator.index(cast("int", limit))
    except TypeError:
        raise InvalidCost(f"a limit is a whole number, not {limit!r}") from None
    return max(-1, min(whole, UNREACHABLE - 1))


def copied(values: ArrayLike) -> NDArray[Any] | None:
    """Return a copy of the values as an array; None if they form no array (rows of unequal length).

    Checks run on the copy, because the caller may write to its own array meanwhile.
    """
    try:
        return np.array(values)
    except (ValueError, TypeError, OverflowError):
        return None


def costs(cost: ArrayLike, length: int) -> Int32:
    """Check costs; return a copy in which no cost exceeds `UNREACHABLE`."""
    given = copied(cost)
    if given is None or given.shape != (length,):
        shape = "uneven" if given is None else f"of shape {given.shape}"
        raise InvalidCost(f"{length} costs are needed, in one row, not {shape}")
    if length == 0:
        return np.empty(0, np.int32)
    if given.dtype.kind not in "iu":
        raise InvalidCost(f"costs are whole numbers, not {given.dtype}")
    if given.dtype.kind == "i" and int(given.min()) < 0:
        where = int(np.argmax(given < 0))
        raise InvalidCost(f"cost {int(given[where])} at {where}: costs are 0 or more")
    if int(given.max()) > UNREACHABLE:
        given = np.minimum(given, given.dtype.type(UNREACHABLE))
    return given.astype(np.int32, copy=False)


def ids(ids: ArrayLike, count: int, what: str) -> Int64:
    """Check ids of nodes or edges; return a copy, int64."""
    given = copied(ids)
    if given is not None and given.shape == (0,):
        return np.empty(0, np.int64)
    if given is None or given.ndim != 1 or given.dtype.kind not in "iu":
        raise InvalidNode(what, "in uneven rows" if given is None else given.dtype, count)
    outside = (given < 0) | (given >= count)
    if outside.any():
        raise InvalidNode(what, given[np.argmax(outside)], count)
    return given.astype(np.int64, copy=False)
