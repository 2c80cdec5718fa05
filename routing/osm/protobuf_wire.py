"""Protocol Buffers' wire format: kernels that read numbers and fields from bytes.

https://protobuf.dev/programming-guides/encoding/. Every read of a byte is checked against the end
of its message; lengths that a file states are never trusted.
"""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined

type Bytes = NDArray[np.uint8]
type Int64 = NDArray[np.int64]

_MOST_BITS = 63  # highest shift: a varint has at most ten bytes


class DamagedError(Exception):
    """Error for bytes that violate the wire format."""


@inlined
def varint(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Read the varint at a position; return its value (64 bits, wrapping) and the next position."""
    value = np.int64(0)
    shift = np.int64(0)
    while True:
        if at >= end or shift > _MOST_BITS:
            raise DamagedError("a number runs past its end")
        byte = np.int64(data[at])
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 -- no byte follows
            return value, at  # type: ignore[return-value]  # int64, as numba's integers are
        shift += 7


@inlined
def zigzag(value: int) -> int:
    """Return the signed number that a ``sint64`` encodes."""
    return ((value >> 1) & 0x7FFF_FFFF_FFFF_FFFF) ^ -(value & 1)


@inlined
def field(data: Bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """Read a field; return its number, the bounds of its content, and the next position.

    For a field that holds a varint, return its number, the value, -1 and the next position.
    """
    key, at = varint(data, at, end)
    kind = key & 7
    if kind == 0:
        value, at = varint(data, at, end)
        return key >> 3, value, -1, at
    if kind == 2:  # noqa: PLR2004 -- with a length
        length, at = varint(data, at, end)
        if length < 0 or length > end - at:
            raise DamagedError("a field runs past its end")
        return key >> 3, at, at + length, at + length
    length = 8 if kind == 1 else 4
    if kind not in (1, 5) or length > end - at:
        raise DamagedError("a field of an unknown kind")
    return key >> 3, at, at + length, at + length


@compiled
def fields(data: Bytes, begin: int, end: int) -> Int64:
    """Return number and content of all fields of a message.

    Returns
    -------
    int64 [F, 3]
        Number of the field, and the bounds of its content; for a varint, its value and -1.
    """
    if not 0 <= begin <= end <= len(data):
        raise DamagedError("a number where a message should be")
    count = 0
    at = begin
    while at < end:
        at = field(data, at, end)[3]
        count += 1
    found = np.empty((count, 3), np.int64)
    at = begin
    for i in range(count):
        found[i, 0], found[i, 1], found[i, 2], at = field(data, at, end)
    return found
