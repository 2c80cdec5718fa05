"""Make admin0.geojson.gz, admin1.geojson.gz and places.csv.gz from their published sources.

Run once when a source changes, never at start-up: ``python data/boundaries/build.py SOURCES``
with the three files that SOURCES.md names in the folder SOURCES. The same input gives the same
bytes. Needs shapely >= 2.1.
"""

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import shapely
from shapely.geometry import mapping, shape

HERE = Path(__file__).parent

#: Degrees; shapely.coverage_simplify drops corners whose triangle is smaller than its square.
#: About 550 m, well below the kilometres by which Natural Earth 1:10m itself is off.
TOLERANCE = 0.005
#: Decimals of a degree kept: about 1 m.
DECIMALS = 5

#: Wrong latitude (3444201) and unverified position (7543540), see SOURCES.md.
LEFT_OUT_PLACES = frozenset({3444201, 7543540})

#: ISO 3166-2 codes that the source gives to two units, by its own id of the unit meant.
CODE_CORRECTIONS = {"COL-1399": "CO-DC", "PER-587": "PE-LMA"}


def features_of(path: Path) -> list[dict]:
    """Return the features of a GeoJSON file."""
    return json.loads(path.read_text(encoding="utf-8"))["features"]


def simplified(features: list[dict]) -> list[shapely.Geometry]:
    """Return valid geometries, simplified together so that shared borders stay shared."""
    valid = shapely.make_valid(
        [shape(feature["geometry"]) for feature in features], method="structure"
    )
    coverage = shapely.coverage_simplify(valid, TOLERANCE)
    rounded = shapely.transform(coverage, lambda points: points.round(DECIMALS))
    if not (shapely.is_valid(rounded).all() and shapely.coverage_is_valid(rounded)):
        msg = "simplifying broke a border; lower TOLERANCE"
        raise ValueError(msg)
    return list(rounded)


def country(feature: dict) -> dict:
    """Return the properties of a country; two features are BR: Brazil and the disputed BRI."""
    raw = feature["properties"]
    return {
        "id": raw["ADM0_A3"],
        "level": 0,
        "country": raw["ISO_A2_EH"],
        "code": raw["ISO_A2_EH"] if raw["ADM0_A3"] != "BRI" else None,
        "name": raw["NAME"],
        "name_es": raw["NAME_ES"],
    }


def unit(feature: dict) -> dict:
    """Return the properties of a first-level unit; three small islands have no name."""
    raw = feature["properties"]
    code = CODE_CORRECTIONS.get(raw["adm1_code"], raw["iso_3166_2"])
    return {
        "id": raw["adm1_code"].rstrip("?"),
        "level": 1,
        "country": raw["iso_a2"],
        "code": None if code.endswith("~") else code,  # "~": Natural Earth's own, not ISO's
        "name": raw["name"],
        "name_es": raw["name_es"],
    }


def write_gz(name: str, text: str) -> None:
    """Write compressed text with no time stamp in it."""
    (HERE / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def write_boundaries(name: str, title: str, properties: Iterable[dict], shapes: list) -> None:
    """Write one feature a line, so that a rejected one can be named by its line."""
    lines = [
        json.dumps(
            {"type": "Feature", "properties": row, "geometry": mapping(geometry)},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for row, geometry in sorted(
            zip(properties, shapes, strict=True), key=lambda pair: pair[0]["id"]
        )
    ]
    head = (
        f'{{"type":"FeatureCollection","name":"{title}",'
        '"source":"Natural Earth 1:10m","licence":"public domain","features":[\n'
    )
    write_gz(name, head + ",\n".join(lines) + "\n]}\n")


def write_places(features: list[dict]) -> None:
    """Write the populated places, by GeoNames id."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "name", "country", "admin1", "population", "timezone", "lon", "lat"])
    for raw in sorted((f["properties"] for f in features), key=lambda row: row["geonameid"]):
        if raw["geonameid"] in LEFT_OUT_PLACES:
            continue
        writer.writerow(
            [
                f"G{raw['geonameid']}",
                raw["name"],
                raw["countrycode"],
                raw["admin1code"],
                raw["population"],
                raw["timezone"],
                raw["longitude"],
                raw["latitude"],
            ]
        )
    write_gz("places.csv.gz", out.getvalue())


def main(sources: Path) -> None:
    """Make the three files."""
    countries = features_of(sources / "ne_10m_admin_0_latam.geojson")
    units = features_of(sources / "ne_10m_admin_1_latam.geojson")
    write_boundaries("admin0.geojson.gz", "admin0", map(country, countries), simplified(countries))
    write_boundaries("admin1.geojson.gz", "admin1", map(unit, units), simplified(units))
    write_places(features_of(sources / "geonames_cities500_latam.geojson"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
