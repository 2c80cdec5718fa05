"""Takes a whole collection as one file: GeoParquet for tables, FlatGeobuf for GIS."""

import os
import tempfile
from pathlib import Path

import geopandas
import httpx

BASE = os.environ.get("AMPARO_URL", "http://127.0.0.1:8000")


def download(collection: str, fmt: str, folder: Path) -> Path:
    """Write a collection to a file as it comes; it is one snapshot, however large."""
    path = folder / f"{collection}.{fmt}"
    address = f"{BASE}/collections/{collection}/items"
    with (
        httpx.stream("GET", address, params={"f": fmt}, timeout=300) as answer,
        path.open("wb") as file,
    ):
        if answer.is_error:  # while others download: 503, with the seconds in Retry-After
            raise SystemExit(answer.read().decode())
        for piece in answer.iter_bytes():
            file.write(piece)
    return path


with tempfile.TemporaryDirectory() as folder:
    places = geopandas.read_parquet(download("places", "parquet", Path(folder)))
    print(f"places: {len(places)}")
    print(places.groupby("country")["population"].sum().nlargest(3).to_string())
    boundaries = geopandas.read_file(download("boundaries", "fgb", Path(folder)))
    print(f"boundaries: {len(boundaries)}")
