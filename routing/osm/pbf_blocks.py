"""OpenStreetMap's PBF files, read block by block as bytes, not object by object.

https://wiki.openstreetmap.org/wiki/PBF_Format. Only the variants that extracts use are read by this
module: raw or zlib blobs, without history. `is_plain` tells whether a file qualifies; libosmium
reads the rest.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from routing.errors import ImportFailed
from routing.osm.protobuf_wire import Bytes, DamagedError, Int64, fields

#: Size limits set by the format, bytes: of a blob's header, and of a blob, packed or unpacked.
_MOST_HEADER = 64 * 1024
_MOST_BLOB = 32 * 1024 * 1024
_FEATURES = frozenset({b"OsmSchema-V0.6", b"DenseNodes"})
_SORTED = b"Sort.Type_then_ID"
# Numbers of the fields of BlobHeader, Blob, HeaderBlock, PrimitiveBlock and PrimitiveGroup.
_TYPE, _DATA_SIZE = 1, 3
_RAW, _RAW_SIZE, _ZLIB = 1, 2, 3
_REQUIRED, _OPTIONAL = 4, 5
_STRINGS, _GROUP, _GRANULARITY, _LAT_OFFSET, _LON_OFFSET = 1, 2, 17, 19, 20
NODES, DENSE, WAYS = 1, 2, 3
_DEFAULT_GRANULARITY = 100  # nanodegrees


class NotPlainError(Exception):
    """Error for an intact PBF file that only libosmium can read."""


@dataclass(frozen=True, eq=False)
class Block:
    """Block of a PBF file: up to 8,000 objects with the strings of their tags.

    Parameters
    ----------
    data
        uint8: the unpacked block.
    parts
        int64 [F, 3]: fields of the block, see `routing.osm.protobuf_wire.fields`.
    """

    data: Bytes
    parts: Int64

    @cached_property
    def strings(self) -> list[bytes]:
        """Strings of the block, which its tags refer to by index."""
        text = self.data.tobytes()
        return [
            text[begin:end]
            for _, first, last in self.parts[self.parts[:, 0] == _STRINGS].tolist()
            for _, begin, end in fields(self.data, first, last).tolist()
        ]

    @property
    def scale(self) -> Int64:
        """Nanodegrees per coordinate unit, and offsets of lon and lat in nanodegrees, int64 [3]."""
        found = np.array([_DEFAULT_GRANULARITY, 0, 0], dtype=np.int64)
        for index, number in enumerate((_GRANULARITY, _LON_OFFSET, _LAT_OFFSET)):
            values = self.parts[self.parts[:, 0] == number, 1]
            if len(values):
                found[index] = values[-1]
        return found

    def objects(self, kind: int) -> Iterator[Int64]:
        """Yield, per group of objects, the bounds of the messages of one kind, int64 [., 2]."""
        for _, begin, end in self.parts[self.parts[:, 0] == _GROUP].tolist():
            found = fields(self.data, begin, end)
            found = found[(found[:, 0] == kind) & (found[:, 2] >= 0), 1:]
            if len(found):
                yield np.ascontiguousarray(found)


def is_plain(source: Path) -> bool:
    """Return whether this module can read a file, judged by its header and first block.

    Raises
    ------
    ImportFailed
        If the file is damaged.
    """
    if not source.name.lower().endswith(".pbf"):
        return False
    try:
        next(blocks(source), None)
    except NotPlainError:
        return False
    return True


def is_sorted(source: Path) -> bool:
    """Return whether the header declares that all nodes come first, then all ways."""
    with source.open("rb") as stream:
        _, data = _header(stream, source)
    return _SORTED in _texts(data, _OPTIONAL, source)


def blocks(source: Path) -> Iterator[tuple[int, Block]]:
    """Yield the blocks of a file, each with the number of bytes read so far.

    Raises
    ------
    ImportFailed
        If the file is damaged.
    NotPlainError
        If a blob uses another compression, or the file requires features unknown here.
    """
    with source.open("rb") as stream:
        kind, data = _header(stream, source)
        if kind != b"OSMHeader" or _texts(data, _REQUIRED, source) - _FEATURES:
            raise NotPlainError
        while (blob := _blob(stream, source)) is not None:
            kind, data = blob
            if kind != b"OSMData":
                continue
            with damage_reported(source):
                block = Block(data, fields(data, 0, len(data)))
            yield stream.tell(), block


class damage_reported:  # noqa: N801 -- reads as a function: a context manager without a frame
    """Context in which errors of damaged bytes are raised as ImportFailed."""

    def __init__(self, source: Path) -> None:
        self._source = source

    def __enter__(self) -> None:
        """Enter the context; nothing is to be set up."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise ImportFailed with the name of the file if the bytes are damaged."""
        if isinstance(error, DamagedError | zlib.error):
            raise _damaged(self._source, str(error)) from error


def _damaged(source: Path, reason: str) -> ImportFailed:
    return ImportFailed(f"{source.name}: cannot be read as OpenStreetMap data: {reason}")


def _header(stream: BinaryIO, source: Path) -> tuple[bytes, Bytes]:
    blob = _blob(stream, source)
    if blob is None:
        raise _damaged(source, "it is empty")
    return blob


def _blob(stream: BinaryIO, source: Path) -> tuple[bytes, Bytes] | None:
    """Return kind and unpacked content of the next blob, None at the end of the file."""
    prefix = stream.read(4)
    if not prefix:
        return None
    if len(prefix) < 4 or (size := struct.unpack(">I", prefix)[0]) > _MOST_HEADER:  # noqa: PLR2004
        raise _damaged(source, "no PBF, or cut short")
    with damage_reported(source):
        header = _bytes_of(_read(stream, size))
        parts = fields(header, 0, len(header))
        kind = b"".join(_texts(header, _TYPE, source))
        sizes = parts[(parts[:, 0] == _DATA_SIZE) & (parts[:, 2] < 0), 1]
        if not len(sizes) or not 0 <= sizes[-1] <= _MOST_BLOB:
            raise DamagedError("a blob without a sensible size")
        return kind, _unpacked(_bytes_of(_read(stream, int(sizes[-1]))))


def _read(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise DamagedError("it is cut short")
    return data


def _unpacked(blob: Bytes) -> Bytes:
    parts = {number: (begin, end) for number, begin, end in fields(blob, 0, len(blob)).tolist()}
    if _RAW in parts:
        begin, end = parts[_RAW]
        return blob[begin:end]
    if _ZLIB not in parts or _RAW_SIZE not in parts:
        raise NotPlainError
    size = parts[_RAW_SIZE][0]
    if not 0 <= size <= _MOST_BLOB:
        raise DamagedError("a blob without a sensible size")
    begin, end = parts[_ZLIB]
    # Unpack no more than the declared size: a small blob may unpack to gigabytes.
    unpacked = zlib.decompressobj().decompress(blob[begin:end].data, size + 1)
    if len(unpacked) != size:
        raise DamagedError("a blob has another size than it says")
    return _bytes_of(unpacked)


def _bytes_of(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def _texts(data: Bytes, number: int, source: Path) -> set[bytes]:
    with damage_reported(source):
        parts = fields(data, 0, len(data)).tolist()
    return {data[begin:end].tobytes() for n, begin, end in parts if n == number and end >= 0}
