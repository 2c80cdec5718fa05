"""Vector tiles (MVT 2.1) of the catalogue's layers, in WebMercatorQuad, built by PostGIS."""

import math
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    Select,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geo.db import clock
from geo.db.read_pool import Asks
from tiles.catalogue.layer import Layer, Shape
from tiles.catalogue.layers import find_layer
from tiles.errors import TileOutOfRangeError
from tiles.statement import Statement, compiled
from tiles.tile_matrix import MAX_ZOOM

#: Cells along a tile's side, as usual in MVT.
EXTENT = 4096
#: Cells along a tile's side up to zoom `LOW_ZOOMS`: maps show these tiles on 256 pixels, so 1024
#: cells are finer than any screen, and tiles are smaller (z6 road tile 181 -> 25.6 kB;
#: publishing.md).
LOW_EXTENT = 1024
LOW_ZOOMS = 8

#: Buffer of a tile beyond its edge, as a share of its side: PostGIS' default, 256 of 4096 cells, so
#: that signs of 32 pixels on a 512 pixel tile are whole on both sides of an edge.
MARGIN = 1 / 16

#: Latitude of the edge of WebMercatorQuad: atan(sinh(pi)).
EDGE_LATITUDE = math.degrees(math.atan(math.sinh(math.pi)))

_MERCATOR = 3857
_GEODETIC = 4326


async def read_tile(asks: Asks, layer: Layer, z: int, x: int, y: int) -> bytes:
    """Return one tile, empty where there are no features.

    Parameters
    ----------
    asks
        Connection of the asker's tier.
    layer
        Layer of the catalogue.
    z, x, y
        Zoom, column from the west, row from the north.

    Raises
    ------
    TileOutOfRangeError
        The tile matrix set has no such tile.
    """
    check_tile(z, x, y)
    if z < layer.min_zoom:
        return b""
    extent = LOW_EXTENT if z <= LOW_ZOOMS else EXTENT
    west, south, east, north = tile_box(z, x, y, MARGIN)
    values = {
        "w": west,
        "s": south,
        "e": east,
        "n": north,
        "z": z,
        "x": x,
        "y": y,
        "extent": extent,
        "buffer": int(extent * MARGIN),
        # Tolerance of the simplification in degrees: the width of a cell of the tile in degrees of
        # longitude, times the tolerance in cells.
        "tolerance": 360 / 2**z / extent * layer.tolerance_cells_at(z),
    }
    statement = _tile_statement(layer.name, min(z, layer.max_zoom))
    tile = await asks.fetchval(statement.sql, *statement.arguments(values))
    return bytes(tile or b"")


def check_tile(z: int, x: int, y: int) -> None:
    """Refuse a tile that WebMercatorQuad does not have.

    Raises
    ------
    TileOutOfRangeError
        The zoom is not 0 to `MAX_ZOOM`, or the column or row not 0 to 2^z - 1.
    """
    if not 0 <= z <= MAX_ZOOM or not (0 <= x < 2**z and 0 <= y < 2**z):
        raise TileOutOfRangeError


def tile_box(z: int, x: int, y: int, margin: float = 0.0) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a tile in degrees (EPSG:4326).

    Parameters
    ----------
    margin
        Share of the tile's side added all around.
    """
    side = 360 / 2**z
    return (
        (x - margin) * side - 180,
        _latitude(y + 1 + margin, z),
        (x + 1 + margin) * side - 180,
        _latitude(y - margin, z),
    )


def _latitude(row: float, z: int) -> float:
    # Inverse of the spherical Mercator projection (EPSG:3857).
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2**z))))


@cache
def _tile_statement(layer_name: str, z: int) -> Statement:
    layer = find_layer(layer_name)
    numbers = {name: bindparam(name, type_=Integer) for name in ("z", "x", "y", "extent", "buffer")}
    rows = _joined_rows(layer, z) if layer.is_joined_at(z) else _rows(layer, z)
    found = rows.subquery("rows")
    columns = [_written(found.c[name]) for name in layer.tile_columns_at(z)]
    drawn = func.ST_AsMVTGeom(
        func.ST_Transform(_drawable(found.c.geom, layer, z), _MERCATOR),
        func.ST_TileEnvelope(numbers["z"], numbers["x"], numbers["y"]),
        numbers["extent"],
        numbers["buffer"],
        True,
    )
    cells = select(*columns, drawn.label("geom")).subquery("cells")
    tile = func.ST_AsMVT(
        literal_column("cells"),
        bindparam("layer", layer.name, type_=Text),
        numbers["extent"],
        literal_column("'geom'"),
        type_=LargeBinary,
    )
    return compiled(select(tile).select_from(cells))


def _written(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column as written into tiles, which have no dates: instants become texts.

    The texts are in RFC 3339, as in GeoJSON.
    """
    if not isinstance(column.type, DateTime):
        return column
    as_json = func.to_jsonb(column).op("#>>", return_type=Text())
    return as_json(literal_column("'{}'")).label(column.key)


def _matching(layer: Layer, z: int) -> Select[*tuple[Any, ...]]:
    kept = layer.kept_at(z)
    rows = layer.rows().where(_box_meets(layer))
    if layer.period is not None:
        # Rows whose period has not begun are left out: people read a map as the state of today.
        rows = rows.where(layer.period.start <= clock.now())
    return rows if kept is None else rows.where(kept)


def _rows(layer: Layer, z: int) -> Select[*tuple[Any, ...]]:
    # Sort the rows, because the tile keeps their order: equal rows then give equal bytes.
    return _matching(layer, z).order_by(*layer.order, layer.view.c.id)


def _joined_rows(layer: Layer, z: int) -> Select[*tuple[Any, ...]]:
    """Return a query for lines, in which lines that touch and have equal columns are merged.

    Without merging, the short lines between junctions would vanish when simplified. Lines with the
    column ``oneway`` keep their direction, because it tells which way vehicles go.
    """
    pieces = _matching(layer, z).subquery("pieces")
    columns = [pieces.c[name] for name in layer.tile_columns_at(z)]
    directed: list[ColumnElement[bool]] = (
        [literal_column("true")] if "oneway" in layer.tile_columns_at(z) else []
    )
    together = func.ST_Collect(aggregate_order_by(pieces.c.geom, pieces.c.id))
    return (
        select(*columns, func.ST_LineMerge(together, *directed).label("geom"))
        .group_by(*columns)
        .order_by(*columns)
    )


def _box_meets(layer: Layer) -> ColumnElement[bool]:
    edges = (bindparam(side, type_=Double) for side in "wsen")
    return layer.view.c.geom.op("&&")(func.ST_MakeEnvelope(*edges, _GEODETIC))


def _drawable(geom: ColumnElement[Any], layer: Layer, z: int) -> ColumnElement[Any]:
    """Return a geometry clipped to the latitudes of the Mercator map.

    Below the layer's last zoom it is simplified as well. Points are returned unchanged.
    """
    if layer.shape is Shape.POINT:
        return geom
    # Mercator does not reach the poles: areas that do (Antarctic claims) are cut at its edge.
    world = func.ST_MakeEnvelope(-180, -EDGE_LATITUDE, 180, EDGE_LATITUDE, _GEODETIC)
    reaches_out = or_(func.ST_YMin(geom) < -EDGE_LATITUDE, func.ST_YMax(geom) > EDGE_LATITUDE)
    inside = case((reaches_out, func.ST_ClipByBox2D(geom, world)), else_=geom)
    if z >= layer.max_zoom:
        return inside
    return func.ST_Simplify(inside, bindparam("tolerance", type_=Double))
