"""Collections as GeoJSON text built by PostGIS, which Python passes on without parsing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Double,
    Integer,
    Select,
    Subquery,
    Text,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.read_pool import Asks, fetch_planned
from tiles.catalogue.boxes import box_values, meets_boxes
from tiles.catalogue.layer import Layer, Shape
from tiles.catalogue.layers import find_layer
from tiles.cql2.terms import Sql
from tiles.crs import CRS84, Crs, find_crs
from tiles.errors import UnknownItemError
from tiles.features import history
from tiles.features.paging import comes_after, order_of
from tiles.features.request import SortKey, Window
from tiles.features.ring_order import turned
from tiles.statement import Statement, compiled

#: ``numberMatched`` is exact up to this count and absent above: counting further is not worth its
#: cost (43 ms for 145 k rows against 2.5 ms, measured; publishing.md).
COUNT_LIMIT: Final = 10_001

#: Maximum number of compiled statements cached: one for each shape of query, whatever its values.
#: Compiling a filter of three terms takes half a millisecond.
_KEPT: Final = 2_048

#: Page limits that are written into the statement as literals: the default, the maximum, and those
#: that clients use [A].
_USUAL_LIMITS: Final = frozenset({1, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000})

#: Maximum number of rows in a box for which all rows of the box are read by the spatial index and
#: sorted, whatever the page's limit: that takes some 3 ms of CPU (measured).
_FEW: Final = 2_000

DEMO_NOTICE: Final = (
    "DEMO: datos ficticios de demostración. No viaje a estos lugares. "
    "Fictitious demo data: do not travel to these places."
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a collection.

    Parameters
    ----------
    features
        GeoJSON texts of the features, in the requested order.
    resume_after
        Sort values and id of the page's last row, from which the next page continues; None on the
        last page.
    """

    features: Sequence[str]
    resume_after: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class _Shape:
    """Cache key of a compiled statement: everything on which its SQL depends."""

    layer: str
    boxes: int
    is_timed: bool
    is_past: bool
    filter: str | None
    sort: tuple[SortKey, ...]
    missing: tuple[bool, ...] | None
    columns: tuple[str, ...] | None
    crs: str
    limit: int | None
    condition: Sql | None = field(compare=False)


async def read_page(asks: Asks, layer: Layer, window: Window, past: "Past | None" = None) -> Page:
    """Return one page of a collection, read in one statement and thus one snapshot.

    Parameters
    ----------
    asks
        Connection of the asker's tier.
    layer
        Layer of the catalogue.
    window
        The requested part of the collection.
    past
        Result of `read_past`, for a query as of an instant.
    """
    shape, values = _shape(layer, window), _values(window, past)
    rows = await _in_near(asks, shape, values) if shape.boxes and past is None else None
    if rows is None:
        statement = _page_statement(shape)
        fetch = fetch_planned if shape.boxes else _fetch
        rows = await fetch(asks, statement.sql, statement.arguments(values))
    shown = rows[: window.limit]
    # The mark from which the next page continues consists of the sort values and id of the last
    # row. Pick these columns here, which is cheaper than having PostgreSQL build a mark for every
    # row.
    marked = slice(1, len(window.sort) + 2)
    mark = tuple(shown[-1])[marked] if len(rows) > len(shown) else None
    return Page([row[0] for row in shown], mark)


async def _in_near(asks: Asks, shape: _Shape, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return the rows of a page if its box holds at most `_FEW` rows, else None."""
    statement = _near_statement(shape)
    rows = await _fetch(asks, statement.sql, statement.arguments(values))
    return None if rows and rows[0]["near"] > _FEW else rows


async def _fetch(asks: Asks, sql: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401
    return await asks.fetch(sql, *arguments)


def selected(
    layer: Layer, window: Window, past: "Past | None" = None
) -> tuple[Select[*tuple[Any, ...]], dict[str, Any]]:
    """Return the query for all rows of a window in order, and the values of its parameters.

    The window's limit and the start of its page are ignored.
    """
    shape = _shape(layer, replace(window, after=None))
    found = _layer(shape.layer, is_past=shape.is_past)
    rows = feature_rows(found, window.crs, is_past=shape.is_past, columns=window.columns)
    rows = rows.where(*_conditions(found, shape)).order_by(*order_of(found, window.sort))
    return rows, _values(window, past)


async def count_matched(
    asks: Asks, layer: Layer, window: Window, past: "Past | None" = None, *, is_exact: bool = False
) -> int | None:
    """Return the number of features in a window; None if there are more than `COUNT_LIMIT`.

    Parameters
    ----------
    asks, layer, window, past
        As in `read_page`; the start of the page does not matter.
    is_exact
        Count all features, however many there are.
    """
    shape = _shape(layer, replace(window, after=None, sort=(), columns=None, crs=CRS84))
    statement = _count_statement(shape, is_exact=is_exact)
    values = _values(window, past)
    matched: int = await asks.fetchval(statement.sql, *statement.arguments(values))
    return matched if is_exact or matched <= COUNT_LIMIT else None


async def read_extent(asks: Asks, layer: Layer) -> list[float] | None:
    """Return the bounding box of all features (west, south, east, north in degrees), or None."""
    statement = _extent_statement(layer.name)
    row = await asks.fetchrow(statement.sql, *statement.arguments({}))
    return None if row["west"] is None else [row[side] for side in _SIDES]


async def read_item(
    asks: Asks, layer: Layer, item_id: str, crs: Crs = CRS84, past: "Past | None" = None
) -> str:
    """Return the GeoJSON text of one feature by id, now or as of an instant.

    Raises
    ------
    UnknownItemError
        There is no such feature, or the tier may not see it: the error is the same (P39).
    """
    # PostgreSQL's text cannot contain NUL, so no feature has such an id.
    if "\0" in item_id:
        raise UnknownItemError
    statement = _item_statement(layer.name, crs.uri, is_past=past is not None)
    values = {"id": item_id, **({} if past is None else past.values)}
    found: str | None = await asks.fetchval(statement.sql, *statement.arguments(values))
    if found is None:
        raise UnknownItemError
    return found


@dataclass(frozen=True, slots=True)
class Past:
    """Values of the parameters that a query for a layer's past state has in addition."""

    values: Mapping[str, Any]


async def read_past(session: AsyncSession, layer: Layer, as_of: datetime) -> Past:
    """Read the parameter values of queries for a layer's state at an instant.

    Raises
    ------
    NoPastError
        The layer has no stored history.
    """
    history.require_past(layer)
    return Past(await history.past_values(session, layer, as_of))


def _shape(layer: Layer, window: Window) -> _Shape:
    after, asked = window.after, window.filter
    return _Shape(
        layer=layer.name,
        boxes=len(window.boxes),
        is_timed=layer.period is not None and (window.since or window.until) is not None,
        is_past=window.as_of is not None,
        filter=None if asked is None else asked.shape,
        sort=window.sort,
        missing=None if after is None else tuple(value is None for value in after[:-1]),
        columns=window.columns,
        crs=window.crs.uri,
        limit=window.limit if window.limit in _USUAL_LIMITS else None,
        condition=None if asked is None else asked.sql,
    )


def _values(window: Window, past: Past | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "read_limit": window.limit + 1,
        "since": window.since,
        "until": window.until,
        **box_values(window.boxes),
    }
    for place, value in enumerate(window.after or ()):
        values[f"after{place}"] = value
    if window.filter is not None:
        values |= window.filter.values
    return values if past is None else {**values, **past.values}


def feature_rows(
    layer: Layer,
    crs: Crs = CRS84,
    *,
    is_past: bool = False,
    columns: tuple[str, ...] | None = None,
) -> Select[*tuple[Any, ...]]:
    """Return a query for a layer's rows, with geometries as responses contain them.

    Geometries are in ``crs``, and outer rings run counterclockwise (`turned`).
    """
    instead = history.past_columns(layer) if is_past else {}
    return layer.rows(crs.of(turned(layer.view.c.geom, layer.shape)), instead, columns)


def as_feature(rows: CTE | Subquery, decimals: int = CRS84.decimals) -> ColumnElement[str]:
    """Return the GeoJSON text of each row of `feature_rows`."""
    # The whole row is passed: PostGIS makes "id" the feature's id and the other columns properties.
    whole: ColumnElement[Any] = literal_column(rows.name)
    # The other arguments are constants, written as literals: each bound value takes time at every
    # query.
    words = ("'geom'", str(decimals), "false", "'id'")
    said: list[ColumnElement[Any]] = [literal_column(word) for word in words]
    return func.ST_AsGeoJSON(whole, *said, type_=Text)


@cache
def _item_statement(layer_name: str, crs_uri: str, *, is_past: bool) -> Statement:
    layer, crs = _layer(layer_name, is_past=is_past), find_crs(crs_uri)
    matches = history.past_conditions(layer) if is_past else []
    is_it = layer.view.c.id == bindparam("id", type_=Text)
    found = feature_rows(layer, crs, is_past=is_past).where(is_it, *matches).cte("found")
    return compiled(select(as_feature(found, crs.decimals)).select_from(found))


_SIDES = ("west", "south", "east", "north")


@cache
def _extent_statement(layer_name: str) -> Statement:
    extent = select(func.ST_Extent(find_layer(layer_name).view.c.geom).label("box")).subquery()
    edges = (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)
    sides = (
        edge(extent.c.box, type_=Double).label(side)
        for edge, side in zip(edges, _SIDES, strict=True)
    )
    return compiled(select(*sides))


@lru_cache(maxsize=_KEPT)
def _page_statement(shape: _Shape) -> Statement:
    layer, beside = _layer(shape.layer, is_past=shape.is_past), _beside(shape)
    rows = _rows(shape, layer, beside).order_by(*order_of(layer, shape.sort))
    read = _cut(rows, shape).cte("read")
    return compiled(_told(read, shape, beside))


@lru_cache(maxsize=_KEPT)
def _near_statement(shape: _Shape) -> Statement:
    """Compile a page statement that reads a box by the spatial index and sorts afterwards.

    PostgreSQL keeps one plan for all boxes, since planning takes longer than reading a small box.
    That plan uses the spatial index even for a box of a whole continent with a limit of ten
    features (680 ms, against 0.4 ms with a plan for that box; measured). The number of rows read is
    therefore limited.
    """
    layer, beside = _layer(shape.layer, is_past=False), _beside(shape)
    most = literal_column(str(_FEW + 1), Integer)
    rows = _rows(shape, layer, beside, is_near=True)
    near = rows.limit(most).cte("near").prefix_with("MATERIALIZED")
    order = [
        (key.desc() if asked.is_descending else key.asc()).nulls_last()
        for key, asked in zip(_keys(near, shape, beside), shape.sort, strict=True)
    ]
    read = _cut(select(*near.c).order_by(*order, near.c.id), shape).cte("read")
    count = select(func.count()).select_from(near).scalar_subquery()
    return compiled(_told(read, shape, beside).add_columns(count.label("near")))


def _beside(shape: _Shape) -> list[str]:
    """Return the sort columns that the client did not request as properties.

    They are selected as additional columns, because the mark of the next page needs their values.
    """
    shown = {"id", *find_layer(shape.layer).shown(shape.columns)}
    return [key.name for key in shape.sort if key.name not in shown]


def _rows(
    shape: _Shape, layer: Layer, beside: Sequence[str], *, is_near: bool = False
) -> Select[*tuple[Any, ...]]:
    rows = feature_rows(
        layer, find_crs(shape.crs), is_past=shape.is_past, columns=shape.columns
    ).where(*_conditions(layer, shape, is_near=is_near))
    if shape.missing is not None:
        rows = rows.where(comes_after(layer, shape.sort, shape.missing))
    return rows.add_columns(*(layer.sortables[name].label(f"sort_{name}") for name in beside))


def _cut(rows: Select[*tuple[Any, ...]], shape: _Shape) -> Select[*tuple[Any, ...]]:
    # One row more than requested tells whether there is a next page. A literal limit lets
    # PostgreSQL see that a generic plan is as good as a custom one, so that it does not plan the
    # statement at each execution.
    if shape.limit is None:
        return rows.limit(bindparam("read_limit", type_=Integer))
    return rows.limit(literal_column(str(shape.limit + 1), Integer))


def _keys(rows: CTE, shape: _Shape, beside: Sequence[str]) -> list[ColumnElement[Any]]:
    names = (f"sort_{key.name}" if key.name in beside else key.name for key in shape.sort)
    return [rows.c[name] for name in names]


def _told(read: CTE, shape: _Shape, beside: Sequence[str]) -> Select[*tuple[Any, ...]]:
    decimals = find_crs(shape.crs).decimals
    feature = as_feature(read, decimals) if not beside else _as_part(read, beside, decimals)
    # The rows of the CTE arrive in order, and the outer query keeps the order; sorting again would
    # take as long as reading. A join here would make the query a fifth slower, a count of the rows
    # two fifths.
    return select(feature, *_keys(read, shape, beside), read.c.id).select_from(read)


def _as_part(read: CTE, beside: Sequence[str], decimals: int) -> ColumnElement[str]:
    """Return the GeoJSON text of each row, without the columns that only serve for sorting."""
    left = [column for column in read.c if column.name not in {f"sort_{name}" for name in beside}]
    part = select(*left).correlate(read).subquery("part")
    return select(as_feature(part, decimals)).select_from(part).scalar_subquery()


@lru_cache(maxsize=_KEPT)
def _count_statement(shape: _Shape, *, is_exact: bool) -> Statement:
    layer = _layer(shape.layer, is_past=shape.is_past)
    found = select(literal_column("1", Integer)).select_from(layer.view)
    found = found.where(*_conditions(layer, shape))
    if not is_exact:
        found = found.limit(COUNT_LIMIT + 1)
    return compiled(select(func.count()).select_from(found.subquery("counted")))


def _layer(name: str, *, is_past: bool) -> Layer:
    layer = find_layer(name)
    return history.past_layer(layer) if is_past else layer


def _conditions(layer: Layer, shape: _Shape, *, is_near: bool = False) -> list[ColumnElement[bool]]:
    matches = [] if shape.condition is None else [shape.condition()]
    if shape.boxes:
        geom = layer.view.c.geom
        are_points = layer.shape is Shape.POINT
        matches.append(
            meets_boxes(geom, shape.boxes, are_points=are_points, is_planned=not is_near)
        )
    if shape.is_timed and layer.period is not None:
        since = bindparam("since", type_=DateTime(timezone=True))
        until = bindparam("until", type_=DateTime(timezone=True))
        matches += [
            or_(until.is_(None), layer.period.start <= until),
            or_(since.is_(None), layer.period.end.is_(None), layer.period.end >= since),
        ]
    return matches + (history.past_conditions(layer) if shape.is_past else [])
