"""Collections as Arrow tables, parsed from the CSV of PostgreSQL's COPY in pieces of whole rows.

Arrow parses the CSV in C. The connection and the bound values are those of every other query. The
ADBC driver would halve the processor time of reading (measured for 1 M lines to GeoParquet), but it
cannot bind values in a COPY and needs a login of its own.
"""

import binascii
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from pyarrow import compute, csv
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    Select,
    Text,
    func,
    select,
)

from tiles.downloads.texts import as_text

GEOMETRY = "geom"

#: Arrow type by SQLAlchemy type. A column gets the Arrow type of the first entry of which its type
#: is an instance; without one it becomes a text.
_TYPES: Mapping[type, pa.DataType] = {
    BigInteger: pa.int64(),
    Integer: pa.int32(),
    Double: pa.float64(),
    Float: pa.float64(),
    Boolean: pa.bool_(),
    Date: pa.date32(),
    DateTime: pa.timestamp("us", "UTC"),
}


def table_rows(rows: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return the query with geometries as hexadecimal WKB, and lists and objects as JSON texts."""
    found = rows.subquery("found")
    return select(*(_sent(column).label(column.name) for column in found.c))


def _sent(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if column.name == GEOMETRY:
        return func.encode(func.ST_AsBinary(column, "NDR"), "hex", type_=Text)
    return as_text(column) if _type(column) == pa.string() else column


def _type(column: ColumnElement[Any]) -> pa.DataType:
    if column.name == GEOMETRY:
        return pa.binary()
    kinds = (made for kind, made in _TYPES.items() if isinstance(column.type, kind))
    return next(kinds, pa.string())


def table_schema(rows: Select[*tuple[Any, ...]]) -> pa.Schema:
    """Return the schema of the tables: id, properties, ``geom`` as WKB."""
    return pa.schema([(column.name, _type(column)) for column in rows.selected_columns])


def read_table(rows: bytes, schema: pa.Schema) -> pa.Table:
    """Parse rows of a COPY of the query `table_rows`, in CSV without a header, to a table."""
    table = csv.read_csv(
        pa.py_buffer(rows),
        # All rows are parsed as one block, because a row must not be longer than a block.
        read_options=csv.ReadOptions(
            column_names=schema.names, use_threads=False, block_size=len(rows) + 1
        ),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        # In COPY, null is an empty field and an empty text is two quotes.
        convert_options=csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    place = schema.get_field_index(GEOMETRY)
    return table.set_column(place, schema.field(place), _from_hex(table.column(place)))


def _from_hex(written: pa.ChunkedArray) -> pa.Array:
    found = written.combine_chunks()
    validity, offsets, digits = found.buffers()
    bounds = pa.Array.from_buffers(pa.int32(), len(found) + 1, [None, offsets], offset=found.offset)
    halved = compute.divide(bounds, pa.scalar(2, pa.int32()))
    data = binascii.unhexlify(b"" if digits is None else memoryview(digits)[: bounds[-1].as_py()])
    return pa.Array.from_buffers(
        pa.binary(), len(found), [validity, halved.buffers()[1], pa.py_buffer(data)]
    )
