"""Reader for GeoPackages (OGC 12-128), as desktop GIS and Amparo's own export write them.

SQLite opens the file in memory, never by a path, so that it looks for no journal and attaches no
file. Only plain tables are read: views, triggers, virtual tables and generated columns could run
code of the file's author.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyproj
import shapely
import sqlalchemy
from shapely.geometry.base import BaseGeometry
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import quoted_name

from geo.imports.readers.table import (
    MAX_COLUMNS,
    MAX_LINES,
    Line,
    Table,
    Value,
    refuse,
    too_many,
    too_wide,
)
from geo.reasons import CodedReason

#: Names that GDAL and QGIS give to the column with the key of a row. It is not read, as the key is
#: no property of the place.
_KEYS: Final = frozenset({"fid", "ogc_fid"})

#: Most characters of a name or text in the file; SQLite refuses a longer one [A].
_LONGEST_TEXT: Final = 1_000_000

#: Steps of SQLite's virtual machine between two calls of the progress handler.
_STEPS: Final = 1_000_000
#: Calls of the progress handler, one every `_STEPS` steps, after which the file is refused: a table
#: of 200,000 rows and 60 columns takes some thirty million steps.
_LOOKS: Final = 400

#: Bytes of the envelope in the head of a geometry, by its code (GeoPackage 1.3, table 6).
_ENVELOPE_BYTES: Final = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}

_LAYERS: Final = """
select c.table_name, g.column_name, g.geometry_type_name, s.organization, s.organization_coordsys_id
from gpkg_contents c
join gpkg_geometry_columns g on g.table_name = c.table_name
join gpkg_spatial_ref_sys s on s.srs_id = g.srs_id
where c.data_type = 'features' order by c.table_name limit 100
"""


@dataclass(frozen=True, slots=True)
class _Layer:
    table: str
    geometry: str
    type: str
    organization: str
    code: int

    @property
    def crs(self) -> str:
        return f"{self.organization}:{self.code}".upper()


def read_geopackage(name: str, data: bytes, *, layer: str | None = None) -> Table:
    """Return the features of one layer as a table; positions become lon, lat in EPSG:4326.

    Parameters
    ----------
    layer : str or None
        Name of the layer; None reads the only layer, or the only one of points.

    Raises
    ------
    InvalidFileError
        The file is no GeoPackage, or has no layer that can be read, or several.
    """
    with closing(sqlite3.connect(":memory:")) as package:
        try:
            _open(package, data)
            layers = _layers(package)
            chosen = _chosen(name, layers, layer)
            remarks = [
                CodedReason(
                    "gpkg_layers_left", layers=[one.table for one in layers if one != chosen]
                )
            ]
            columns = _columns(name, package, chosen)
            lines = list(_lines(name, package, chosen, columns))
        except sqlite3.Error as error:
            refuse(name, CodedReason("file_not_gpkg", detail=type(error).__name__))
    if not lines:
        refuse(name, CodedReason("file_no_rows", what="features"))
    return Table(
        "gpkg", tuple(columns), tuple(lines), remarks=tuple(remarks) if len(layers) > 1 else ()
    )


def _open(package: sqlite3.Connection, data: bytes) -> None:
    """Load a file into memory, with all features switched off by which it could run code."""
    package.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(_LONGEST_TEXT, len(data)))
    package.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
    package.setconfig(sqlite3.SQLITE_DBCONFIG_TRUSTED_SCHEMA, False)
    package.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_VIEW, False)
    package.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
    # In files of QGIS, bytes 18 and 19 can mark a write-ahead log. A database in memory cannot have
    # one, so the bytes are set to the mark of a rollback journal.
    package.deserialize(data[:18] + b"\x01\x01" + data[20:])
    package.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_TEXT)
    looks = iter(range(_LOOKS))
    package.set_progress_handler(lambda: next(looks, None) is None, _STEPS)
    package.set_authorizer(_authorized)


def _authorized(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    allowed = (
        action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ}
        or (action == sqlite3.SQLITE_PRAGMA and first == "table_info")
        or (action == sqlite3.SQLITE_FUNCTION and second == "count")
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _layers(package: sqlite3.Connection) -> list[_Layer]:
    return [
        _Layer(str(table), str(column), str(kind).upper(), str(organization), code)
        for table, column, kind, organization, code in package.execute(_LAYERS)
        if isinstance(code, int)
    ]


def _chosen(name: str, layers: list[_Layer], stated: str | None) -> _Layer:
    names = [one.table for one in layers]
    if stated is not None:
        found = [one for one in layers if one.table == stated]
        if not found:
            refuse(name, CodedReason("file_no_sheet", sheet=stated, sheets=names))
        return found[0]
    points = [one for one in layers if one.type == "POINT"]
    for few in (layers, points):
        if len(few) == 1:
            return few[0]
    if not layers:
        refuse(name, CodedReason("file_not_gpkg", detail="no layer of features"))
    return refuse(name, CodedReason("file_several_sheets", sheets=names))


def _columns(name: str, package: sqlite3.Connection, layer: _Layer) -> list[str]:
    """Return the columns of a plain table; ``table_info`` leaves generated ones out."""
    found = package.execute(
        "select type, sql from sqlite_master where name = ?", (layer.table,)
    ).fetchone()
    statement = " ".join(str(found[1] or "").split()).lower() if found else ""
    if not statement.startswith("create table "):
        refuse(name, CodedReason("file_not_gpkg", detail="its layer is no table"))
    rows = package.execute("select name from pragma_table_info(?)", (layer.table,)).fetchall()
    columns = [
        column for (column,) in rows if column != layer.geometry and column.lower() not in _KEYS
    ]
    if len(columns) > MAX_COLUMNS:
        refuse(name, too_wide(len(columns)))
    return columns


def _lines(
    name: str, package: sqlite3.Connection, layer: _Layer, columns: list[str]
) -> Iterator[Line]:
    # SQLAlchemy quotes the file's names, so that no name can change the SQL statement.
    source = sqlalchemy.table(quoted_name(layer.table, quote=True))
    asked: list[sqlalchemy.ColumnClause[Any]] = [
        sqlalchemy.column(quoted_name(column, quote=True)) for column in (layer.geometry, *columns)
    ]
    counted = sqlalchemy.select(sqlalchemy.func.count()).select_from(source)
    (count,) = package.execute(_written(counted)).fetchone()
    if count > MAX_LINES:
        refuse(name, too_many(count, "features"))
    project = _projection(name, layer)
    rows = package.execute(_written(sqlalchemy.select(*asked).select_from(source)))
    for number, (blob, *cells) in enumerate(rows, start=1):
        geometry = _geometry(blob)
        is_broken = blob is not None and geometry is None
        yield Line(
            number,
            {column: _cell(cell) for column, cell in zip(columns, cells, strict=True)},
            None if geometry is None else project(geometry),
            ((layer.geometry, CodedReason("row_not_one_point")),) if is_broken else (),
        )


def _written(statement: sqlalchemy.Select[Any]) -> str:
    return str(statement.compile(dialect=sqlite.dialect()))


def _cell(value: Value) -> Value:
    """Return the value of a cell, or None for pictures and other bytes, which are not read."""
    return None if isinstance(value, bytes) else value


def _geometry(blob: object) -> BaseGeometry | None:
    """Return the geometry in a GeoPackage's binary form, or None if it is broken or empty."""
    if not isinstance(blob, bytes) or len(blob) < 8 or not blob.startswith(b"GP"):  # noqa: PLR2004
        return None
    envelope = _ENVELOPE_BYTES.get(blob[3] >> 1 & 0b111)
    if envelope is None:
        return None
    try:
        geometry: BaseGeometry = shapely.from_wkb(blob[8 + envelope :])
    except shapely.GEOSException:
        return None
    return None if geometry.is_empty else geometry


def _projection(name: str, layer: _Layer) -> Callable[[BaseGeometry], BaseGeometry]:
    """Return the function that turns positions of a layer into lon, lat in EPSG:4326."""
    if layer.crs == "EPSG:4326":
        return lambda geometry: geometry
    try:
        project = pyproj.Transformer.from_crs(layer.crs, "EPSG:4326", always_xy=True).transform
    except pyproj.exceptions.ProjError:
        refuse(name, CodedReason("gpkg_crs", crs=layer.crs[:40]))
    return lambda geometry: shapely.transform(
        geometry, lambda points: np.column_stack(project(points[:, 0], points[:, 1]))
    )
