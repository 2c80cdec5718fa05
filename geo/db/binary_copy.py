"""COPY of columns in PostgreSQL's binary format, for millions of rows such as road segments.

PostgreSQL manual, COPY, "Binary Format": a row is its number of fields, then each field with its
length in front, all big-endian; the length -1 is NULL.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.row_copy import MANY_ROWS, driver_of, refresh_statistics

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
#: Big-endian type in which numbers are sent, by the kind of their NumPy dtype.
_SENT = {"i": ">i8", "f": ">f8"}
#: Head of a LineString in EWKB: little-endian, geometry type with the SRID flag, SRID 4326.
_LINE_STRING = b"\x01" + (0x2000_0002).to_bytes(4, "little") + (4326).to_bytes(4, "little")
_POINT_BYTES = 16


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of few distinct values, given as indices into these values.

    Parameters
    ----------
    codes
        int [K]: indices in ``values``, -1 for NULL.
    values
        The distinct values: text or booleans.
    """

    codes: NDArray[Any]
    values: Sequence[str | bool]


@dataclass(frozen=True, eq=False)
class LineStrings:
    """A column of LineStrings, EPSG:4326.

    Parameters
    ----------
    start
        int64 [K + 1]: the vertices of line i are rows ``start[i]`` to ``start[i + 1]`` of
        ``lonlat``, the last one excluded.
    lonlat
        float64 [P, 2]: longitude and latitude of each vertex.
    """

    start: NDArray[np.int64]
    lonlat: NDArray[np.float64]


#: A column of K rows: one text for all rows, K texts, int64 or float64 [K], `Coded` or
#: `LineStrings`.
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
        Session of the writer tier.
    table : Table
        Table to append to; its columns are bigint for int64 and double precision for float64.
    columns : sequence of str
        Names of the columns, in the order in which each batch holds them.
    batches : iterable of sequence of Column
        Rows, some thousands at a time; each batch is read only when it is sent.

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
    appended = int(status.split()[-1])  # a status such as "COPY 31421"
    if appended >= MANY_ROWS:
        await refresh_statistics(session, table)
    return appended


async def _stream(batches: Iterable[Sequence[Column]]) -> AsyncIterator[bytes]:
    yield _SIGNATURE
    for batch in batches:
        count = len(batch).to_bytes(2, "big")
        yield b"".join(map(b"".join, zip(repeat(count), *map(_fields, batch), strict=False)))
    yield _END


def _fields(column: Column) -> Iterable[bytes]:
    """Return the encoded field of each row; an endless iterable if all rows share one value."""
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
