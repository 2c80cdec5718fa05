"""File formats made of tables: GeoParquet by row groups, FlatGeobuf and GeoPackage by GDAL.

Each function takes tables as they arrive and yields the file's bytes as they are made, so none
holds a whole collection; those that use GDAL write a temporary file first, which is deleted
afterwards.
"""

import io
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from pyarrow import parquet

from tiles.downloads.tables import GEOMETRY
from tiles.features.attribution import About

type Tables = Iterator[pa.Table]
type Packed = Generator[bytes]
type Pack = Callable[[Tables, pa.Schema, About], Packed]

#: Bytes read from a file at a time [A].
_PIECE_BYTES = 1 << 20


class _Written(io.RawIOBase):
    """File-like object in memory; `take` returns the bytes written since its last call."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 -- any buffer
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def pack_parquet(tables: Tables, schema: pa.Schema, about: About) -> Packed:
    """Yield GeoParquet 1.1: WKB in longitude and latitude, one row group for each table."""
    said = {"geo": orjson.dumps(_geo(about)), **about.facts, "description": about.description}
    written = _Written()
    with parquet.ParquetWriter(written, schema.with_metadata(said), compression="zstd") as writer:
        for table in tables:
            writer.write_table(table, row_group_size=max(1, len(table)))
            yield written.take()
    yield written.take()


def _geo(about: About) -> dict[str, Any]:
    # Without ``crs`` the system is OGC:CRS84, and an empty list of types allows any (GeoParquet
    # 1.1.0, "Column metadata").
    types = [] if about.geometry_type is None else [about.geometry_type]
    column = {"encoding": "WKB", "geometry_types": types}
    return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}


def pack_flatgeobuf(tables: Tables, schema: pa.Schema, about: About) -> Packed:
    """Yield a FlatGeobuf without a spatial index, for which GDAL would need growing memory."""
    options = {
        "SPATIAL_INDEX": "NO",
        "TITLE": about.layer.title,
        "DESCRIPTION": about.description,
    }
    return _pack_by_gdal("FlatGeobuf", ".fgb", tables, schema, about, layer_options=options)


def pack_geopackage(tables: Tables, schema: pa.Schema, about: About) -> Packed:
    """Yield a GeoPackage with one layer and a spatial index."""
    options = {"IDENTIFIER": about.layer.title, "DESCRIPTION": about.description}
    return _pack_by_gdal(
        "GPKG",
        ".gpkg",
        tables,
        schema,
        about,
        layer_options=options,
        layer_metadata=about.facts,
    )


def _pack_by_gdal(
    driver: str,
    suffix: str,
    tables: Tables,
    schema: pa.Schema,
    about: About,
    **options: Mapping[str, str],
) -> Packed:
    # Imported on use: GDAL takes longer to load than the rest of a command.
    import pyogrio  # noqa: PLC0415

    batches = (batch for table in tables for batch in table.to_batches())
    with tempfile.TemporaryDirectory(prefix="amparo-download-") as folder:
        path = Path(folder) / f"{about.layer.name}{suffix}"
        pyogrio.write_arrow(
            pa.RecordBatchReader.from_batches(schema, batches),
            path,
            layer=about.layer.name,
            driver=driver,
            geometry_name=GEOMETRY,
            geometry_type=about.geometry_type or "Unknown",
            crs="OGC:CRS84" if driver == "FlatGeobuf" else "EPSG:4326",
            **options,
        )
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece
