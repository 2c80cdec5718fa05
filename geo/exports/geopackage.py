"""Export of spaces as a GeoPackage."""

import sqlite3
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import orjson
import pandas
import pyogrio
import shapely

from geo.exports.snapshot import ATTRIBUTION, POSITION, Snapshot

#: Nullable pandas type of each column that is not text.
_TYPES = {
    "minimum_age": "Int32",
    "maximum_age": "Int32",
    "maximum_nights": "Int32",
    "capacity": "Int32",
    "available": "Int32",
    "road_km": "Float64",
    "overnight": "boolean",
    "families_only": "boolean",
    "step_free": "boolean",
    "demo": "boolean",
}


def write_geopackage(snapshot: Snapshot) -> bytes:
    """Return a GeoPackage with the layer ``spaces``; lists and objects are written as JSON text."""
    frame = _frame(snapshot)
    with tempfile.TemporaryDirectory(prefix="amparo-export-") as folder:
        path = Path(folder) / "spaces.gpkg"
        pyogrio.write_dataframe(
            frame,
            path,
            layer="spaces",
            driver="GPKG",
            geometry_type="Point",
            layer_metadata={
                "attribution": ATTRIBUTION,
                "notice": snapshot.notice,
                "data_as_of": snapshot.day,
            },
        )
        date_package(path, snapshot.data_as_of.date())
        return path.read_bytes()


def _frame(snapshot: Snapshot) -> geopandas.GeoDataFrame:
    names = [name for name in snapshot.columns if name not in POSITION]
    columns: dict[str, Any] = {
        name: _column(name, [record[name] for record in snapshot.records]) for name in names
    }
    size = len(snapshot.records)
    columns["data_as_of"] = pandas.array([snapshot.day] * size, dtype="string")
    lon = [record["lon"] for record in snapshot.records]
    lat = [record["lat"] for record in snapshot.records]
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(lon, lat), crs="EPSG:4326")


def _column(name: str, values: Sequence[Any]) -> Any:  # noqa: ANN401 - an array of pandas
    if name in _TYPES:
        return pandas.array(values, dtype=_TYPES[name])
    return pandas.array([_text(value) for value in values], dtype="string")


def _text(value: object) -> object:
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


def date_package(path: Path, day: date) -> None:
    """Replace the current time, which GDAL writes as timestamp, by the day of the data.

    Exports of equal data then have equal timestamps.
    """
    moment = f"{day.isoformat()}T00:00:00.000Z"
    with sqlite3.connect(path) as package:
        package.execute("update gpkg_contents set last_change = ?", (moment,))
        package.execute("update gpkg_metadata_reference set timestamp = ?", (moment,))
    # VACUUM rewrites the file; otherwise the old timestamps would remain in its unused pages.
    package.execute("vacuum")
    package.close()
