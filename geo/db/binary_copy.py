"""Columns of many rows at once by COPY, in its binary format: road segments by the million.

PostgreSQL manual, COPY, "Binary Format": a row is its number of fields, then each field with its
length in front, all big-endian; -1 is NULL.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.row_copy import driver_of

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
#: How a field of each kind of number is sent.
_SENT = {"i": ">i8", "f": ">f8"}
#: EWKB of a LineString: little-endian, type with the bit that says that an SRID follows, 4326.
_LINE_STRING = b"\x01" + (0x2000_0002).to_bytes(4, "little") + (4326).to_bytes(4, "little")
_POINT_BYTES = 16


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of few different values.

    Parameters
    ----------
    codes
        int [K]: indices in the values, -1 for NULL.
    values
        Text or booleans.
    """

    codes: NDArray[Any]
    values: Sequence[str | bool]


@dataclass(frozen=True, eq=False)
class LineStrings:
    """A column of LineStrings, EPSG:4326.

    Parameters
    ----------
    start
        int64 [K + 1]: the vertices of line i are rows ``start[i]`` to ``start[i + 1]``.
    lonlat
        float64 [P, 2].
    """

    start: NDArray[np.int64]
    lonlat: NDArray[np.float64]


#: One value for all rows, texts, int64 or float64 [K], or one of the above.
type Column = str | list[str] | NDArray[Any] | Coded | LineStrings


async def copy_columns(
    session: AsyncSession,
    table: Table,
    columns: Sequence[str],
    batches: Iterable[Sequence[Column]],
) -> int:
    """Append rows to a table within the session's transaction.

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    table : Table
        Where to: bigint for int64, double precision for float64.
    columns : sequence of str
        Names of the columns, in the order of each batch's.
    batches : iterable of sequence of Column
        Rows, some thousands at a time; read as they are sent.

    Returns
    -------
    int
        How many rows were appended.
    """
    driver = await driver_of(session)
    status = await driver.copy_to_table(
        table.name,
        schema_name=table.schema,
        columns=list(columns),
        source=_stream(batches),
        format="binary",
    )
    return int(status.split()[-1])  # "COPY 31421"


async def _stream(batches: Iterable[Sequence[Column]]) -> AsyncIterator[bytes]:
    yield _SIGNATURE
    for batch in batches:
        count = len(batch).to_bytes(2, "big")
        yield b"".join(map(b"".join, zip(repeat(count), *map(_fields, batch), strict=False)))
    yield _END


def _fields(column: Column) -> Iterable[bytes]:
    """Return the field of each row; without end for a value that all rows share."""
    if isinstance(column, str):
        return repeat(_field(column))
    if isinstance(column, list):
        return map(_field, column)
    if isinstance(column, Coded):
        used = np.unique(column.codes).tolist()
        field = {code: _field(column.values[code]) if code >= 0 else _NULL for code in used}
        return map(field.__getitem__, column.codes.tolist())
    if isinstance(column, LineStrings):
        return _lines(column)
    sent = column.astype(_SENT[column.dtype.kind])
    size = sent.itemsize
    return map(
        size.to_bytes(4, "big").__add__, _slices(sent.tobytes(), range(0, sent.nbytes + 1, size))
    )


def _field(value: str | bool) -> bytes:
    content = value.to_bytes() if isinstance(value, bool) else value.encode()
    return len(content).to_bytes(4, "big") + content


def _lines(column: LineStrings) -> Iterator[bytes]:
    points = np.diff(column.start)
    heads = {count: _head(count) for count in np.unique(points).tolist()}
    vertices = column.lonlat.astype("<f8").tobytes()
    slices = _slices(vertices, (column.start * _POINT_BYTES).tolist())
    for count, line in zip(points.tolist(), slices, strict=True):
        yield heads[count] + line


def _head(points: int) -> bytes:
    head = _LINE_STRING + points.to_bytes(4, "little")
    return (len(head) + points * _POINT_BYTES).to_bytes(4, "big") + head


def _slices(content: bytes, bounds: Sequence[int]) -> Iterator[bytes]:
    return map(content.__getitem__, map(slice, bounds, bounds[1:]))
