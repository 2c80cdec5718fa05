"""A corridor, its gaps and its spaces as features: GeoJSON and GeoPackage."""

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import geopandas
import orjson
import pandas
import pyogrio
import shapely
from shapely.geometry.base import BaseGeometry

from app.planning import corridor_rows
from app.planning.corridor_rows import ABOUT_COLUMNS, GAP_COLUMNS, SPACE_COLUMNS, Row
from app.planning.corridors import MeasuredCorridor
from geo.exports.geopackage import date_package

_CORRIDOR_COLUMNS: Final = ("corridor", "name", "direction", "length_m", "measure")

#: Nullable pandas type by name, for each column of the layers that is not text.
_TYPES: Final = {
    **dict.fromkeys(("from_m", "to_m", "length_m", "at_m", "access_m", "lon", "lat"), "Float64"),
    "is_longest": "boolean",
}

type _Feature = tuple[BaseGeometry, Row]
type _Layer = tuple[str, str, Sequence[str], Sequence[_Feature]]


def geojson(found: MeasuredCorridor, now: datetime) -> bytes:
    """Return a feature collection (RFC 7946); ``layer`` tells corridor, gaps and spaces apart."""
    data_as_of, attribution, notice = corridor_rows.about(found, now)
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(geometry),
            "properties": {"layer": layer, **row},
        }
        for layer, _, _, rows in _layers(found)
        for geometry, row in rows
    ]
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "features": features,
            "data_as_of": data_as_of,
            "attribution": attribution,
            "demo": found.has_demo,
            "notice": notice,
        }
    )


def geopackage(found: MeasuredCorridor, now: datetime) -> bytes:
    """Return a GeoPackage with the layers ``corridor``, ``gaps`` and ``spaces``, EPSG:4326."""
    about = dict(zip(ABOUT_COLUMNS, corridor_rows.about(found, now), strict=True))
    with tempfile.TemporaryDirectory(prefix="amparo-corridor-") as folder:
        path = Path(folder) / "corridor.gpkg"
        for number, (layer, geometry_type, columns, rows) in enumerate(_layers(found)):
            pyogrio.write_dataframe(
                _frame(columns, rows, about),
                path,
                layer=layer,
                driver="GPKG",
                geometry_type=geometry_type,
                append=number > 0,
                layer_metadata=about,
            )
        date_package(path, now.date())
        return path.read_bytes()


def _layers(found: MeasuredCorridor) -> tuple[_Layer, ...]:
    whole = {
        "corridor": found.request.corridor,
        "name": corridor_rows.name_of(found),
        "direction": "backward" if found.request.is_backward else "forward",
        "length_m": round(found.now.supports.length_m, 1),
        "measure": found.way.line.measure,
    }
    line = shapely.LineString(found.way.line.coordinates.round(5))
    gaps = [
        (shapely.LineString(corridor_rows.line_of(found, gap)), row)
        for row, gap in corridor_rows.gaps_of(found)
    ]
    spaces = [
        (shapely.Point(row["lon"], row["lat"]), row) for row in corridor_rows.spaces_of(found)
    ]
    return (
        ("corridor", "LineString", _CORRIDOR_COLUMNS, [(line, whole)]),
        ("gaps", "LineString", GAP_COLUMNS, gaps),
        ("spaces", "Point", SPACE_COLUMNS, spaces),
    )


def _frame(columns: Sequence[str], rows: Sequence[_Feature], about: Row) -> geopandas.GeoDataFrame:
    table: dict[str, Any] = {
        name: pandas.array([row[name] for _, row in rows], dtype=_TYPES.get(name, "string"))
        for name in columns
    }
    for name, value in about.items():
        table[name] = pandas.array([value] * len(rows), dtype="string")
    return geopandas.GeoDataFrame(
        table, geometry=[geometry for geometry, _ in rows], crs="EPSG:4326"
    )
