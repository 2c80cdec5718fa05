"""Make lakes, rivers and the picture of the relief from their published sources.

Run once when a source changes, never at start-up: ``python data/ground/build.py SOURCES`` with the
three files that SOURCES.md names in the folder SOURCES. The same input gives the same bytes. Needs
shapely >= 2.1, rasterio and Pillow.
"""

import gzip
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import rasterio
import shapely
from PIL import Image
from rasterio.features import rasterize
from rasterio.warp import Resampling, reproject, transform_bounds, transform_geom
from shapely.geometry import mapping, shape

HERE = Path(__file__).parent
COUNTRIES = HERE.parent / "boundaries" / "admin0.geojson.gz"
RELIEF = HERE.parents[1] / "app" / "static" / "relief.webp"

#: The height that cells of the sea have in the source: its largest value, 255 times 28 less 450.
NO_HEIGHT = 6690

#: Degrees; both sources are off by more where they are compared with OpenStreetMap.
TOLERANCE = 0.005
#: Decimals of a degree kept: about 100 m.
DECIMALS = 3

#: Smallest lake drawn, square degrees: about 25 square kilometres at the equator [A].
SMALLEST_LAKE = 0.002

#: Areas above which a lake is of the first or the second rank, square degrees [A].
LARGER_LAKES = (0.5, 0.05)

#: Of the rivers.
SOURCE, LICENCE = "GSHHG 2.3.7, Wessel and Smith 1996", "LGPL-3.0-or-later"

#: Pixels of the picture, whose source is 1,080 cells wide: what is smoothed needs no more, and a
#: first visit loads it. West, south, east, north, degrees.
WIDTH = 600
BOX = (-118.5, -56.0, -28.5, 33.0)

#: Light from the north-west, 45 degrees high, as maps have it; slopes are drawn steeper, because
#: cells of 9 km flatten them [A].
AZIMUTH, ALTITUDE, STEEPER = np.radians(315), np.radians(45), 14
#: Colour of a shadow, its highest opacity, and the step between two opacities, of 255 [A].
SHADE, SHADOW, STEP = (60, 45, 40), 150, 10


def features_of(path: Path) -> list[dict]:
    """Return the features of a GeoJSON file."""
    return json.loads(path.read_text(encoding="utf-8"))["features"]


def write(name: str, head: dict[str, str], features: Iterable[dict]) -> None:
    """Write one feature a line, compressed, with no time stamp in it."""
    lines = [json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features]
    first = json.dumps({"type": "FeatureCollection", **head})[:-1]
    text = f'{first}, "features": [\n' + ",\n".join(lines) + "\n]}\n"
    (HERE / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def drawn(raw: dict) -> shapely.Geometry:
    """Return a geometry as coarse as it is drawn."""
    coarse = shapely.simplify(shapely.make_valid(shape(raw)), TOLERANCE)
    return shapely.set_precision(coarse, 10**-DECIMALS)


def feature(properties: dict, geometry: shapely.Geometry) -> dict:
    """Return a GeoJSON feature without properties that are null."""
    kept = {key: value for key, value in properties.items() if value is not None}
    return {"type": "Feature", "properties": kept, "geometry": mapping(geometry)}


def lakes(features: list[dict]) -> Iterable[dict]:
    """Yield the lakes, largest first, with their names."""
    shapes = [(raw["properties"], drawn(raw["geometry"])) for raw in features]
    shapes = [one for one in shapes if one[1].area >= SMALLEST_LAKE]
    shapes.sort(key=lambda one: -one[1].area)
    for number, (raw, geometry) in enumerate(shapes):
        names = {f"name_{lang}": raw.get(f"name_{lang}") for lang in ("es", "en", "pt", "fr")}
        rank = sum(geometry.area <= area for area in LARGER_LAKES)
        known = {key: value for key, value in names.items() if value != raw.get("name")}
        yield feature(
            {"id": f"lake-{number:03}", "kind": "lake", "rank": rank, "name": raw.get("name")}
            | known
            | {"source": "Natural Earth 1:10m", "licence": "public domain"},
            geometry,
        )


def rivers(features: list[dict]) -> Iterable[dict]:
    """Yield the rivers; rank 0 is the largest, 5 and more flow for a part of the year."""
    for number, raw in enumerate(sorted(features, key=lambda one: one["properties"]["level"])):
        rank = raw["properties"]["level"] - 1
        geometry = drawn(raw["geometry"])
        if not geometry.is_empty:
            row = {"id": f"river-{number:04}", "kind": "river", "rank": rank}
            yield feature(row | {"source": SOURCE, "licence": LICENCE}, geometry)


def relief(path: Path) -> Image.Image:
    """Return shadows and lights of the relief in Web Mercator, transparent where it is flat."""
    west, south, east, north = transform_bounds("EPSG:4326", "EPSG:3857", *BOX)
    height = round(WIDTH * (north - south) / (east - west))
    heights = np.zeros((height, WIDTH))
    with rasterio.open(path) as source:
        given = source.read(1).astype(float)
        given[given >= NO_HEIGHT] = 0
        reproject(
            given,
            heights,
            src_transform=source.transform,
            src_crs=source.crs,
            dst_transform=rasterio.transform.from_bounds(west, south, east, north, WIDTH, height),
            dst_crs="EPSG:3857",
            resampling=Resampling.cubic_spline,
        )
    cell_m = (east - west) / WIDTH
    down, right = np.gradient(np.maximum(heights, 0) * STEEPER, cell_m)
    slope = np.arctan(np.hypot(right, down))
    aspect = np.arctan2(down, -right)
    lit = np.sin(ALTITUDE) * np.cos(slope)
    lit += np.cos(ALTITUDE) * np.sin(slope) * np.cos(AZIMUTH - np.pi / 2 - aspect)
    # Flat land has no shadow, and what is lit has none either: one colour is a third of the bytes.
    shade = np.clip((np.sin(ALTITUDE) - lit) / np.sin(ALTITUDE), 0, 1)
    steps = np.round(shade * SHADOW / STEP) * STEP * land(heights.shape, west, south, east, north)
    colour = np.full((*steps.shape, 3), SHADE)
    return Image.fromarray(np.dstack([colour, steps]).astype(np.uint8), "RGBA")


def land(shape: tuple[int, int], *box: float) -> np.ndarray:
    """Return where the map draws land, bool, in the same picture."""
    with gzip.open(COUNTRIES, "rt", encoding="utf-8") as stream:
        areas = [feature["geometry"] for feature in json.load(stream)["features"]]
    cells = rasterio.transform.from_bounds(*box, shape[1], shape[0])
    drawn = [transform_geom("EPSG:4326", "EPSG:3857", area) for area in areas]
    return rasterize(drawn, out_shape=shape, transform=cells).astype(bool)


def main(sources: Path) -> None:
    """Make the three files."""
    write(
        "lakes.geojson.gz",
        {"name": "lakes", "source": "Natural Earth 1:10m", "licence": "public domain"},
        lakes(features_of(sources / "ne_10m_lakes_latam.geojson")),
    )
    write(
        "rivers.geojson.gz",
        {
            "name": "rivers",
            "source": SOURCE,
            "licence": LICENCE,
        },
        rivers(features_of(sources / "gshhg_rivers_latam.geojson")),
    )
    relief(sources / "relief_5arcmin_latam.tif").save(
        RELIEF, "WEBP", quality=30, alpha_quality=60, method=6
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
