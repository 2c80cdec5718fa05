"""Insertion of many rows by one statement, for tables with row-level security.

COPY FROM fails on such tables. One statement fires each statement-level trigger only once, not once
for each row.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time
from itertools import batched
from typing import Any

import shapely
from geoalchemy2 import Geometry
from sqlalchemy import ColumnElement, Text, column, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

#: Rows per statement: about 10 MB of JSON for locations, the widest table.
CHUNK = 5_000


async def insert_rows(
    session: AsyncSession,
    model: type[Any],
    rows: Sequence[dict[str, Any]],
    *,
    key: Collection[str] = (),
    update: bool = False,
) -> None:
    """Insert rows into a table, `CHUNK` rows per statement.

    Parameters
    ----------
    session : AsyncSession
        Session of the writer tier.
    model : type
        Mapped class of `geo.models`.
    rows : sequence of dict
        Rows, all with the same columns; geometries are shapely's (EPSG:4326, lon, lat).
    key : collection of str
        Columns of the primary key, if some of the rows may exist already.
    update : bool
        Whether an existing row gets the new values; otherwise the row stays unchanged. Columns
        that ``rows`` do not have are never updated.
    """
    if not rows:
        return
    names = tuple(rows[0])
    for chunk in batched(rows, CHUNK):
        source = (
            func.jsonb_to_recordset(literal(list(_plain(chunk)), JSONB))
            .table_valued(*(_column(model, name) for name in names), name="given")
            .render_derived(with_types=True)
        )
        adding = insert(model).from_select(
            list(names), select(*(_value(model, name, source.c[name]) for name in names))
        )
        if key:
            changed = {name: adding.excluded[name] for name in names if name not in key}
            adding = (
                adding.on_conflict_do_update(index_elements=list(key), set_=changed)
                if update and changed
                else adding.on_conflict_do_nothing(index_elements=list(key))
            )
        await session.execute(adding, execution_options={"synchronize_session": False})


def _column(model: type[Any], name: str) -> ColumnElement[Any]:
    kind = model.__table__.c[name].type
    return column(name, Text() if isinstance(kind, Geometry) else kind)


def _value(model: type[Any], name: str, given: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(model.__table__.c[name].type, Geometry):
        return func.ST_GeomFromEWKB(func.decode(given, "hex"))
    return given


def _plain(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {name: _jsonable(value) for name, value in row.items()}


def _jsonable(value: object) -> object:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, shapely.Geometry):
        return shapely.to_wkb(shapely.set_srid(value, 4326), hex=True, include_srid=True)
    return value
