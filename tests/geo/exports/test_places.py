"""GeoJSON and GeoPackage, read by the programs that people use."""

import io
import json
import sqlite3
from dataclasses import replace

import geopandas
import pyogrio

from geo.exports.geojson import write_geojson
from geo.exports.geopackage import write_geopackage
from tests.fixtures.exported import many, record, snapshot
from tests.fixtures.geopackage import dumped


def test_geojson_is_a_collection_with_its_date_and_credit():
    content = json.loads(write_geojson(snapshot()))
    assert content["type"] == "FeatureCollection"
    assert content["data_as_of"] == "2026-11-25"
    assert "licence" in content["attribution"]
    [feature] = content["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [-72.508, 7.894]}
    assert feature["properties"]["expires_on"] == "2026-12-20"
    assert "lon" not in feature["properties"]
    assert geopandas.read_file(io.BytesIO(write_geojson(snapshot()))).crs.to_epsg() == 4326


def test_p35_geojson_of_a_demonstration_says_demo():
    content = json.loads(write_geojson(snapshot(record(demo=True), has_demo=True)))
    assert content["demo"]
    assert content["notice"].startswith("DEMO")


def test_a_geopackage_is_read_back_whole(tmp_path):
    path = tmp_path / "spaces.gpkg"
    path.write_bytes(write_geopackage(many(50)))
    frame = geopandas.read_file(path, layer="spaces")
    assert len(frame) == 50
    assert frame.crs.to_epsg() == 4326
    assert frame.geometry.iloc[0].x == -72.5
    assert set(frame["demo"].dropna()) == {True, False}
    assert json.loads(frame["amenities"].iloc[0]) == {"toilets": True, "wifi": False}
    info = pyogrio.read_info(path)
    assert info["layer_metadata"]["data_as_of"] == "2026-11-25"
    assert "licence" in info["layer_metadata"]["attribution"]


def test_a_geopackage_of_nothing_is_a_geopackage(tmp_path):
    path = tmp_path / "none.gpkg"
    path.write_bytes(write_geopackage(replace(snapshot(), records=())))
    assert pyogrio.list_layers(path)[0][0] == "spaces"


def test_the_same_data_are_the_same_rows(tmp_path):
    """Rows alone: once, on a busy machine, SQLite laid equal rows out differently."""
    one = write_geopackage(many(30))
    assert dumped(one) == dumped(write_geopackage(many(30)))
    path = tmp_path / "spaces.gpkg"
    path.write_bytes(one)
    with sqlite3.connect(path) as package:
        [(moment,)] = package.execute("select last_change from gpkg_contents").fetchall()
    package.close()
    assert moment == "2026-11-25T00:00:00.000Z"
