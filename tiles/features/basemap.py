"""The basemap: base layers at low zooms, from land to main roads, in one PMTiles file (version 3).

Its tiles are the server's own tiles of the public tier, layer by layer, so it can show nothing
beyond them (P34). It shows the data as they were when it was built, and holds only layers whose
records nobody can hide in an emergency.
"""

import gzip
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from pmtiles.tile import Compression, TileType, tileid_to_zxy, zxy_to_tileid
from pmtiles.writer import Writer
from sqlalchemy import func, literal_column, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.read_pool import Asks
from geo.db.sessions import raw_connection
from tiles.catalogue.layer import Layer
from tiles.errors import EmptyBasemapError
from tiles.features.maplibre import BASEMAP_LAYERS
from tiles.features.mvt import EDGE_LATITUDE, read_tile

#: Last zoom of the basemap; maps enlarge it. The boundaries and places that come with Amparo give
#: 617 tiles and 1.4 MB up to zoom 7; up to zoom 8 it would be three times the tiles, twice the
#: bytes and four times the building time (measured).
LAST_ZOOM: Final = 7

#: Callback that gets the number of tiles done, and the number of all tiles.
Progress = Callable[[int, int], None]

#: Units per degree in the file header, where coordinates are integers (PMTiles 3).
_E7 = 10_000_000

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Baked:
    """The content of a basemap.

    Parameters
    ----------
    tiles
        Tile ids of PMTiles, ascending, each with its gzipped vector tile; none is empty.
    bounds
        West, south, east, north of the content, degrees (EPSG:4326).
    """

    tiles: Sequence[tuple[int, bytes]]
    bounds: Box


async def bake(session: AsyncSession, progress: Progress | None = None) -> Baked:
    """Return every tile of the basemap, made from a single snapshot of the database.

    Parameters
    ----------
    session
        Session of the public tier, whose transaction has run no query yet.

    Raises
    ------
    EmptyBasemapError
        None of the layers has a row.
    """
    await session.execute(text("set transaction isolation level repeatable read"))
    bounds = await _bounds(session)
    asks = await raw_connection(session)
    wanted = sorted(_tile_ids(bounds))
    tiles = []
    for done, tile_id in enumerate(wanted):
        body = await _tile(asks, *tileid_to_zxy(tile_id))
        if body:
            # Without a time in the gzip header, equal rows give equal bytes.
            tiles.append((tile_id, gzip.compress(body, mtime=0)))
        if progress is not None:
            progress(done + 1, len(wanted))
    return Baked(tiles, bounds)


async def _bounds(session: AsyncSession) -> Box:
    extents = [
        select(func.ST_Extent(layer.view.c.geom).label("box")).select_from(layer.view)
        for layer in BASEMAP_LAYERS
    ]
    boxes = union_all(*extents).subquery("boxes")
    whole = func.ST_Extent(literal_column("boxes.box::public.geometry"))
    sides = (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)
    found = (await session.execute(select(*(s(whole) for s in sides)).select_from(boxes))).one()
    if found[0] is None:
        raise EmptyBasemapError
    west, south, east, north = (float(side) for side in found)
    return (west, max(south, -EDGE_LATITUDE), east, min(north, EDGE_LATITUDE))


def _tile_ids(bounds: Box) -> Iterator[int]:
    west, south, east, north = bounds
    for z in range(LAST_ZOOM + 1):
        columns = range(_column(west, z), _column(east, z) + 1)
        rows = range(_row(north, z), _row(south, z) + 1)
        yield from (zxy_to_tileid(z, x, y) for x in columns for y in rows)


def _column(lon: float, z: int) -> int:
    count = 1 << z
    return min(int((lon + 180) / 360 * count), count - 1)


def _row(lat: float, z: int) -> int:
    # The spherical Mercator projection (EPSG:3857).
    share = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    count = 1 << z
    return min(max(int(share * count), 0), count - 1)


async def _tile(asks: Asks, z: int, x: int, y: int) -> bytes:
    # The concatenation of tiles of one layer each is a tile of all layers (MVT 2.1, 4.1).
    return b"".join([await read_tile(asks, layer, z, x, y) for layer in BASEMAP_LAYERS])


def write_archive(baked: Baked, path: Path) -> int:
    """Write a basemap, whole or not at all, and return its size in bytes.

    Equal tiles give equal bytes. A process that is reading the previous file can finish reading it.

    Raises
    ------
    EmptyBasemapError
        There is no tile.
    OSError
        The file cannot be written; a previous file stays as it was.
    """
    if not baked.tiles:
        raise EmptyBasemapError
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as stream:
            _write(stream, baked)
            stream.flush()
            os.fsync(stream.fileno())
        size = beside.stat().st_size
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return size


def _write(stream: BinaryIO, baked: Baked) -> None:
    writer = Writer(stream)  # type: ignore[no-untyped-call]
    # Close the writer's temporary file of tiles here, because after an error the writer leaves the
    # file open.
    with closing(writer.tile_f):
        for tile_id, body in baked.tiles:
            writer.write_tile(tile_id, body)  # type: ignore[no-untyped-call]
        writer.finalize(_header(baked.bounds), metadata())  # type: ignore[no-untyped-call]


def _header(bounds: Box) -> dict[str, Any]:
    west, south, east, north = (round(side * _E7) for side in bounds)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 3,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def metadata() -> dict[str, Any]:
    """Return the metadata of the file: attribution, notices, layers and their columns."""
    notices = dict.fromkeys(layer.notice for layer in BASEMAP_LAYERS if layer.notice is not None)
    return {
        "name": "Amparo basemap",
        "description": f"Land, borders, water, places and main roads. {' '.join(notices)}",
        "attribution": "; ".join(dict.fromkeys(layer.attribution for layer in BASEMAP_LAYERS)),
        "type": "baselayer",
        "vector_layers": [_vector_layer(layer) for layer in BASEMAP_LAYERS],
    }


def _vector_layer(layer: Layer) -> dict[str, Any]:
    zooms = range(layer.min_zoom, LAST_ZOOM + 1)
    carried = dict.fromkeys(name for z in zooms for name in layer.tile_columns_at(z))
    kinds = {field.name: field.schema["type"] for field in layer.fields}
    return {
        "id": layer.name,
        # Each layer of the basemap states its own licence, because licences differ.
        "description": f"{layer.title}. {layer.attribution}. Licence: {layer.licence}",
        "minzoom": layer.min_zoom,
        "maxzoom": min(layer.max_zoom, LAST_ZOOM),
        "fields": {name: _field_type(kinds[name]) for name in carried},
    }


def _field_type(kind: str) -> str:
    # TileJSON 3.0, 3.3.2, has three types by convention.
    return {"boolean": "Boolean", "integer": "Number", "number": "Number"}.get(kind, "String")
