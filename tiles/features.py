"""Collections as GeoJSON text built by PostGIS; Python carries it and never parses it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Double,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from geo import views
from tiles import history
from tiles.errors import UnknownItemError
from tiles.layer import Layer, Shape
from tiles.layers import find_layer

#: Decimals of a degree in answers: 0.1 m, finer than any position we hold (RFC 7946, 11.2).
DECIMALS = 6

#: ``numberMatched`` is exact up to here and absent above: counting on costs more than it tells
#: (43 ms for 145 k rows against 2.5 ms, measured; publishing.md).
COUNT_LIMIT = 10_001

DEMO_NOTICE = (
    "DEMO: datos ficticios de demostración. No viaje a estos lugares. "
    "Fictitious demo data: do not travel to these places."
)

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Window:
    """What part of a collection is asked for.

    Parameters
    ----------
    boxes
        West, south, east, north in degrees (EPSG:4326), west <= east: none for everything, two
        where the asked box spans the antimeridian.
    since, until
        Instants between which a row must hold, for layers bound to time; None is open.
    after
        Id after which the page starts.
    limit
        Features on the page, at least 1.
    as_of
        Instant as of which the collection is read; None is now. Of layers with a past.
    """

    boxes: tuple[Box, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    after: str | None = None
    limit: int = 100
    as_of: datetime | None = None


@dataclass(frozen=True)
class Page:
    """One page of a collection.

    Parameters
    ----------
    features
        Text of the JSON array of features, ordered by id.
    returned
        Features on this page.
    matched
        Features of the whole answer; None where there are more than `COUNT_LIMIT`.
    resume_after
        Last id of the page if there are more, else None.
    demo
        Whether demo rows are loaded (P35).
    """

    features: str
    returned: int
    matched: int | None
    resume_after: str | None
    demo: bool


@dataclass(frozen=True)
class Item:
    """One feature as GeoJSON text, and whether demo rows are loaded."""

    feature: str
    demo: bool


async def read_page(session: AsyncSession, layer: Layer, window: Window) -> Page:
    """Read one page of a collection, in one statement on the session's tier.

    Every question is a keyset after an id, so following `Page.resume_after` loses and repeats
    nothing while rows come and go.

    Raises
    ------
    NoPastError
        The layer is asked for as of an instant, and its past is not kept.
    """
    values = _page_values(window) | await _past_values(session, layer, window.as_of)
    statement = _page_statement(
        layer.name,
        len(window.boxes),
        is_timed=layer.period is not None and (window.since or window.until) is not None,
        is_resumed=window.after is not None,
        is_past=window.as_of is not None,
    )
    row = (await session.execute(statement, values)).one()
    return Page(
        features=f"[{row.features or ''}]",
        returned=row.returned,
        matched=row.matched if row.matched <= COUNT_LIMIT else None,
        resume_after=row.last_id if row.read > row.returned else None,
        demo=row.demo,
    )


async def read_item(
    session: AsyncSession, layer: Layer, item_id: str, as_of: datetime | None = None
) -> Item:
    """Read one feature by id, now or as of an instant.

    Raises
    ------
    UnknownItemError
        There is none, or the session's tier may not see it: the answer is the same (P39).
    NoPastError
        The layer is asked for as of an instant, and its past is not kept.
    """
    # PostgreSQL's text holds no NUL, so such an id belongs to nobody.
    if "\0" in item_id:
        raise UnknownItemError
    values = {"id": item_id} | await _past_values(session, layer, as_of)
    statement = _item_statement(layer.name, is_past=as_of is not None)
    found = (await session.execute(statement, values)).one_or_none()
    if found is None:
        raise UnknownItemError
    return Item(found.feature, found.demo)


async def _past_values(
    session: AsyncSession, layer: Layer, as_of: datetime | None
) -> dict[str, Any]:
    if as_of is None:
        return {}
    history.require_past(layer)
    return await history.past_values(session, layer, as_of)


def _page_values(window: Window) -> dict[str, Any]:
    values: dict[str, Any] = {
        "limit": window.limit,
        "read_limit": window.limit + 1,
        "since": window.since,
        "until": window.until,
        "after": window.after,
    }
    for index, box in enumerate(window.boxes):
        values |= {f"{side}{index}": edge for side, edge in zip("wsen", box, strict=True)}
    return values


def _rows(layer: Layer, *, is_past: bool) -> Select[*tuple[Any, ...]]:
    if is_past:
        return layer.rows(instead=history.past_columns(layer))
    # RFC 7946, 3.1.6: outer rings run counterclockwise.
    if layer.shape in {Shape.POLYGON, Shape.MIXED}:
        return layer.rows(func.ST_ForcePolygonCCW(layer.view.c.geom))
    return layer.rows()


def _as_feature(rows: CTE) -> ColumnElement[str]:
    # A whole row: PostGIS makes "id" the feature's id and the other columns its properties.
    whole: ColumnElement[Any] = literal_column(rows.name)
    return func.ST_AsGeoJSON(whole, "geom", DECIMALS, False, "id", type_=Text)


def _is_demo() -> ColumnElement[bool]:
    return select(views.demo_state.c.demo).scalar_subquery()


@cache
def _item_statement(layer_name: str, *, is_past: bool = False) -> Select[*tuple[Any, ...]]:
    layer = _layer(layer_name, is_past=is_past)
    matches = history.past_conditions(layer) if is_past else []
    is_it = layer.view.c.id == bindparam("id", type_=Text)
    found = _rows(layer, is_past=is_past).where(is_it, *matches).cte("found")
    return select(_as_feature(found).label("feature"), _is_demo().label("demo")).select_from(found)


@cache
def _page_statement(
    layer_name: str, boxes: int, *, is_timed: bool, is_resumed: bool, is_past: bool = False
) -> Select[*tuple[Any, ...]]:
    # Cached by shape: building it anew costs more than running it on a small page.
    layer = _layer(layer_name, is_past=is_past)
    matches = _conditions(layer, boxes, is_timed=is_timed)
    if is_past:
        matches += history.past_conditions(layer)
    key = layer.view.c.id
    page = _rows(layer, is_past=is_past).where(*matches).order_by(key)
    if is_resumed:
        page = page.where(key > bindparam("after", type_=Text))
    # One row more than asked tells whether there is a next page.
    read = page.limit(bindparam("read_limit", type_=Integer)).cte("read")
    shown = select(read).order_by(read.c.id).limit(bindparam("limit", type_=Integer)).cte("shown")
    capped = select(literal_column("1", Integer)).select_from(layer.view).where(*matches)
    counted = capped.limit(COUNT_LIMIT + 1).subquery("counted")
    features = func.string_agg(
        _as_feature(shown), aggregate_order_by(literal_column("','"), shown.c.id), type_=Text
    )
    return select(
        features.label("features"),
        func.count().label("returned"),
        func.max(shown.c.id).label("last_id"),
        select(func.count()).select_from(read).scalar_subquery().label("read"),
        select(func.count()).select_from(counted).scalar_subquery().label("matched"),
        _is_demo().label("demo"),
    ).select_from(shown)


def _layer(name: str, *, is_past: bool) -> Layer:
    layer = find_layer(name)
    return history.past_layer(layer) if is_past else layer


def _conditions(layer: Layer, boxes: int, *, is_timed: bool) -> list[ColumnElement[bool]]:
    matches: list[ColumnElement[bool]] = []
    if boxes:
        matches.append(or_(*(_meets_box(layer, index) for index in range(boxes))))
    if is_timed and layer.period is not None:
        since = bindparam("since", type_=DateTime(timezone=True))
        until = bindparam("until", type_=DateTime(timezone=True))
        matches += [
            or_(until.is_(None), layer.period.start <= until),
            or_(since.is_(None), layer.period.end.is_(None), layer.period.end >= since),
        ]
    return matches


def _meets_box(layer: Layer, index: int) -> ColumnElement[bool]:
    edges = (bindparam(f"{side}{index}", type_=Double) for side in "wsen")
    box = func.ST_MakeEnvelope(*edges, 4326)
    # `&&` names the index; ST_Intersects decides, because `&&` compares boxes rounded to floats.
    return and_(layer.view.c.geom.op("&&")(box), func.ST_Intersects(layer.view.c.geom, box))
