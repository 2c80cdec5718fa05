"""The least that can publish: FastAPI and asyncpg, running the very statements that Amparo runs.

No count, no links, no checks, no log, nothing kept: what is left is the floor that
`./run bench publish` measures against. Runs by itself: `uvicorn benchmarks._bare:app`, with the
database's address in AMPARO_BENCH_DATABASE.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from fastapi import FastAPI, Response
from sqlalchemy import make_url

from geo.db.sessions import Tier, server_settings
from tiles.catalogue.layers import find_layer
from tiles.cql2.parser import Filter, read_filter
from tiles.crs import CRS84
from tiles.features.items import _item_statement, _near_statement, _page_statement, _shape, _values
from tiles.features.mvt import EXTENT, LOW_EXTENT, LOW_ZOOMS, MARGIN, _tile_statement, tile_box
from tiles.features.queryables import queryable_columns
from tiles.features.request import Window
from tiles.statement import Statement

DATABASE: Final = "AMPARO_BENCH_DATABASE"

_GEOJSON: Final = "application/geo+json"
_MVT: Final = "application/vnd.mapbox-vector-tile"


@asynccontextmanager
async def _opened(app: FastAPI) -> AsyncIterator[None]:
    _, options = (
        make_url(os.environ[DATABASE])
        .get_dialect()()
        .create_connect_args(make_url(os.environ[DATABASE]))
    )
    settings = server_settings(Tier.PUBLIC, 10_000)
    app.state.pool = await asyncpg.create_pool(**options, min_size=1, server_settings=settings)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=_opened)


def _statement(layer: str, window: Window) -> tuple[str, list[Any]]:
    shape = _shape(find_layer(layer), window)
    statement = _near_statement(shape) if shape.boxes else _page_statement(shape)
    return statement.sql, statement.arguments(_values(window, None))


async def _row(sql: str, arguments: list[Any]) -> Any:  # noqa: ANN401 -- asyncpg's
    async with app.state.pool.acquire() as connection:
        return await connection.fetchrow(sql, *arguments)


async def _page(layer: str, window: Window) -> Response:
    sql, arguments = _statement(layer, window)
    async with app.state.pool.acquire() as connection:
        rows = await connection.fetch(sql, *arguments)
    features = ",".join([row[0] for row in rows[: window.limit]])
    body = f'{{"type":"FeatureCollection","features":[{features}]}}'
    return Response(body, media_type=_GEOJSON)


@app.get("/ping")
async def ping() -> Response:
    """Answer at once."""
    return Response("{}")


@app.get("/{layer}/items")
async def items(layer: str, limit: int = 10, after: str | None = None) -> Response:
    """Return a page."""
    return await _page(layer, Window(limit=limit, after=None if after is None else (after,)))


@app.get("/{layer}/box")
async def box(layer: str, w: float, s: float, e: float, n: float, limit: int = 1_000) -> Response:
    """Return what lies in a box."""
    return await _page(layer, Window(limit=limit, boxes=((w, s, e, n),)))


def _three_terms() -> Filter:
    """Return the shape of the filter of `filtered`: read once, as nobody else can."""
    layer = find_layer("places")
    text = "population >= 1 AND population < 2 AND country IN ('A', 'B', 'C', 'D')"
    return read_filter(text, "cql2-text", queryable_columns(layer), layer.view.c.geom)


_TERMS: Final = _three_terms()


@app.get("/places/filtered")
async def filtered(
    w: float, s: float, e: float, n: float, low: int, high: int, countries: str
) -> Response:
    """Return the places of a size and some countries in a box."""
    # In the order of the terms.
    values = dict(zip(_TERMS.values, (low, high, countries.split(",")), strict=True))
    asked = Filter(_TERMS.sql, values, _TERMS.shape)
    return await _page("places", Window(limit=1_000, boxes=((w, s, e, n),), filter=asked))


@app.get("/{layer}/item/{item_id}")
async def item(layer: str, item_id: str) -> Response:
    """Return a feature."""
    statement = _item_statement(layer, CRS84.uri, is_past=False)
    row = await _row(statement.sql, statement.arguments({"id": item_id}))
    return Response(row[0], media_type=_GEOJSON)


@app.get("/{layer}/tile/{z}/{x}/{y}")
async def tile(layer: str, z: int, x: int, y: int) -> Response:
    """Return a tile."""
    statement: Statement = _tile_statement(layer, z)
    extent = LOW_EXTENT if z <= LOW_ZOOMS else EXTENT
    cells = find_layer(layer).tolerance_cells_at(z)
    values: dict[str, float] = {
        "z": z,
        "x": x,
        "y": y,
        "extent": extent,
        "buffer": int(extent * MARGIN),
    }
    values |= zip("wsen", tile_box(z, x, y, MARGIN), strict=True)
    values["tolerance"] = 360 / 2**z / extent * cells
    row = await _row(statement.sql, statement.arguments(values))
    return Response(row[0], media_type=_MVT)
