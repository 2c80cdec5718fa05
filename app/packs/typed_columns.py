"""File format of typed columns, which JavaScript reads as typed arrays without parsing values.

The file is little endian. It begins with four bytes of magic, the version of the format and the
length of a JSON object (uint32 each), then the object, then the columns, each at a multiple of
eight bytes after the object. The object's ``columns`` gives type, offset and count of each.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

type Column = NDArray[Any]

MAGIC: Final = b"AMPS"

_ALIGNED: Final = 8

#: Bits of a number that each byte of a variable-length number holds.
_BITS: Final = 7


def packed(head: Mapping[str, Any], columns: Mapping[str, Column], version: int) -> bytes:
    """Encode columns as one file.

    Parameters
    ----------
    head
        Members of the JSON object beside ``columns``.
    columns
        One-dimensional arrays of integers of at most 32 bits.
    version
        Version of the format.
    """
    parts, told, offset = [], {}, 0
    for name, column in columns.items():
        body = np.ascontiguousarray(column, column.dtype.newbyteorder("<")).tobytes()
        told[name] = [column.dtype.name, offset, len(column)]
        parts.append(body + bytes(-len(body) % _ALIGNED))
        offset += len(parts[-1])
    stated = orjson.dumps({**head, "columns": told}, option=orjson.OPT_UTC_Z)
    before = len(MAGIC) + 8 + len(stated)
    stated += b" " * (-before % _ALIGNED)
    return b"".join((MAGIC, np.array([version, len(stated)], "<u4").tobytes(), stated, *parts))


def varints(values: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Encode signed numbers with a variable number of bytes, like ``sint64`` of Protocol Buffers.

    The sign is the lowest bit (zigzag). Each byte holds seven bits of the number, the lowest first;
    its highest bit tells that another byte of the number follows.
    """
    folded = ((values << 1) ^ (values >> 63)).astype(np.uint64)
    count = np.ones(len(folded), dtype=np.int64)
    more = folded >> np.uint64(_BITS)
    while more.any():
        count += more > 0
        more >>= np.uint64(_BITS)
    begin = np.cumsum(count) - count
    found = np.zeros(int(count.sum()), dtype=np.uint8)
    for byte in range(int(count.max(initial=0))):
        rows = np.flatnonzero(count > byte)
        low = (folded[rows] >> np.uint64(_BITS * byte)) & np.uint64(0x7F)
        follows = (count[rows] > byte + 1).astype(np.uint64) << np.uint64(_BITS)
        found[begin[rows] + byte] = (low | follows).astype(np.uint8)
    return found
