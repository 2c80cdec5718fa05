"""GeoPackages of strangers: plain tables are read, and nothing that the file could make run."""

import sqlite3

import geopandas
import pyogrio
import pytest
import shapely

from geo.errors import InvalidFileError
from geo.imports.readers import geopackage
from geo.imports.readers.detection import ReadingOptions, read_table
from geo.imports.sandbox import read_apart

CASA = {"nombre": ["Casa Ñandú"], "cupos": [30]}


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "lugares.gpkg"

    def make(*statements, crs="EPSG:4326", layers=("lugares",), **columns):
        for layer in layers:
            points = geopandas.GeoSeries([shapely.Point(-72.5, 7.9)], crs="EPSG:4326")
            frame = geopandas.GeoDataFrame(CASA | columns, geometry=points.to_crs(crs))
            pyogrio.write_dataframe(frame, path, layer=layer, driver="GPKG")
        changed = sqlite3.connect(path)
        for function, arguments in (("ST_IsEmpty", 1), ("ST_MinX", 1), ("ST_MaxX", 1),
                                    ("ST_MinY", 1), ("ST_MaxY", 1)):  # fmt: skip
            changed.create_function(function, arguments, lambda _: 0)
        for statement in statements:
            changed.execute(statement)
        changed.commit()
        changed.close()
        return path.read_bytes()

    return make


def refused(data, reason, **reading):
    with pytest.raises(InvalidFileError, match=reason):
        read_table("x.gpkg", data, ReadingOptions(**reading))


async def test_a_layer_of_points_is_read_the_same_apart_and_bytes_never(package):
    data = package(
        "alter table lugares add column foto blob",
        "update lugares set foto = x'ffd8'",
        "pragma journal_mode = wal",
    )
    table = read_table("x", data)
    (line,) = table.lines
    assert (table.format, table.columns) == ("gpkg", ("nombre", "cupos", "foto"))
    assert line.cells == {"nombre": "Casa Ñandú", "foto": None, "cupos": 30}
    assert (line.geometry.x, line.geometry.y) == (-72.5, 7.9)
    apart = await read_apart("x", data)
    assert apart.lines[0].cells == {"nombre": "Casa Ñandú", "cupos": 30}
    assert shapely.equals(apart.lines[0].geometry, line.geometry)


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4686"])
def test_positions_of_other_systems_become_lon_and_lat(package, crs):
    (line,) = read_table("x", package(crs=crs)).lines
    assert (line.geometry.x, line.geometry.y) == pytest.approx((-72.5, 7.9), abs=1e-6)


def test_one_of_several_layers_is_named(package):
    data = package(layers=("a", "b"))
    refused(data, "several sheets")
    table = read_table("x", data, ReadingOptions(sheet="b"))
    assert [remark.code for remark in table.remarks] == ["gpkg_layers_left"]
    refused(data, "has no sheet 'c'", sheet="c")


RUNS = "zeroblob(900000000)"


@pytest.mark.every(3)
@pytest.mark.parametrize(
    "statements",
    [
        # A view in place of the table, a table of a module, and a table of another's statement.
        ("alter table lugares rename to h",
         f"create view lugares as select *, {RUNS} as nota from h"),
        ("drop table lugares", "create virtual table lugares using fts5(geom, nombre)"),
        ("pragma writable_schema = 1",
         ("update sqlite_master set sql = 'create view lugares as select 1 as geom'"
          " where name = 'lugares'")),
        ("delete from gpkg_contents",),
        ("update gpkg_spatial_ref_sys set organization_coordsys_id = 'x'",),
        ("update gpkg_spatial_ref_sys set organization = 'file:///etc/passwd'",),
        ("drop table gpkg_geometry_columns",),
    ],
)  # fmt: skip
def test_what_is_no_plain_table_is_refused(package, statements):
    refused(package(*statements), "x.gpkg")


def test_what_the_file_would_compute_is_never_asked_for(package):
    data = package(
        f"alter table lugares add column nota text generated always as ({RUNS}) virtual",
        f"create trigger t after insert on lugares begin select {RUNS}; end",
    )
    assert "nota" not in read_table("x", data).columns
    (line,) = read_table("x", package("update lugares set geom = x'4750'")).lines
    assert [reason.code for _, reason in line.problems] == ["row_not_one_point"]


def test_a_broken_file_or_one_without_end_is_refused(package, monkeypatch):
    data = package()
    refused(data[:5000], "no GeoPackage")
    refused(data[:100] + b"\xff" * (len(data) - 100), "no GeoPackage")
    refused(b"SQLite format 3\0", "no GeoPackage")
    monkeypatch.setattr(geopackage, "_LOOKS", 0)
    monkeypatch.setattr(geopackage, "_STEPS", 5)
    refused(data, "no GeoPackage")
    monkeypatch.undo()
    monkeypatch.setattr(geopackage, "MAX_COLUMNS", 1)
    refused(data, "2 columns")


def test_a_name_of_the_file_ends_no_statement(package):
    table = read_table("x", package(**{'a"; drop table x; --': ["b"]}))
    assert table.lines[0].cells['a"; drop table x; --'] == "b"
