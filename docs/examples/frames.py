"""Reads collections as GeoDataFrames by GDAL's own reader; needs geopandas and pyogrio."""

import os

import geopandas
import pyogrio

BASE = os.environ.get("AMPARO_URL", "http://127.0.0.1:8000")
SERVER = f"OAPIF:{BASE}"

print("collections:", ", ".join(str(name) for name, _ in pyogrio.list_layers(SERVER)))

# The box and the condition travel to the server, so that only what is needed is sent.
towns = geopandas.read_file(
    SERVER,
    layer="places",
    engine="pyogrio",
    bbox=(-73.5, 6.5, -72.0, 8.5),
    where="population > 50000",
)
print(f"towns: {len(towns)}")
print(towns.sort_values("population", ascending=False)[["name", "population"]].head(3).to_string())

crossings = geopandas.read_file(SERVER, layer="crossings", engine="pyogrio")
nearest = towns.to_crs(3857).sjoin_nearest(crossings.to_crs(3857)[["name", "geometry"]])
print(f"pairs of a town and its nearest crossing: {len(nearest)}")
