"""Country areas and border lines from an extract or from an official boundary file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from routing.errors import ImportFailed
from routing.osm.border_strip import Boundaries
from routing.osm.way_table import Progress, objects

#: Properties of features in boundary files that may hold the ISO 3166-1 alpha-2 code of a country.
COUNTRY_PROPERTIES = ("ISO_A2_EH", "iso_a2", "ISO_A2", "ISO3166-1:alpha2")
#: Properties by which a file of Natural Earth (admin-0 or admin-1) is recognised, and refused: its
#: outlines are too coarse for borders.
_NATURAL_EARTH = frozenset({"ADM0_A3", "adm0_a3", "adm1_code", "NE_ID", "ne_id"})
#: What the outlines that Amparo ships (`data/boundaries`) name as their source.
_SOURCE = "Natural Earth"
_ALPHA_2 = 2


def from_file(path: Path, *, error_m: float = 0.0) -> Boundaries:
    """Read countries and their borders from an official boundary file: GeoJSON, EPSG:4326.

    Polygons with a country property are the countries. Lines, where the file has any, are the
    land borders; without lines every outline is treated as a border, even a coast (fail closed).

    Parameters
    ----------
    error_m
        Largest distance of the file's lines from the true border, metres; widens the border strip
        (P34).

    Raises
    ------
    ImportFailed
        If the file is unreadable, has no countries, or holds Natural Earth's generalised outlines.
    """
    try:
        collection = json.loads(path.read_text(encoding="utf-8"))
        features = collection["features"]
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ImportFailed(f"{path}: not a GeoJSON FeatureCollection: {error!r}") from error
    areas: dict[str, list[BaseGeometry]] = {}
    lines: list[BaseGeometry] = []
    for number, feature in enumerate(features):
        properties = feature.get("properties") or {}
        if _NATURAL_EARTH & properties.keys() or _SOURCE in str(collection.get("source")):
            raise ImportFailed(
                f"{path.name}: this is Natural Earth, whose outlines are kilometres off: it would"
                " put towns, and the way across, on the wrong side; use an official boundary"
            )
        geometry = _geometry(feature, path, number)
        if geometry.geom_type in {"LineString", "MultiLineString"}:
            lines.append(geometry)
        else:
            areas.setdefault(_country(properties, path, number), []).append(geometry)
    if not areas:
        raise ImportFailed(f"{path.name}: it holds no country polygon")
    return replace(_boundaries(areas, lines, error_m), is_official=True)


def _geometry(feature: dict[str, Any], path: Path, number: int) -> BaseGeometry:
    try:
        geometry = shape(feature["geometry"])
    except (KeyError, TypeError, ValueError, AttributeError, shapely.GEOSException) as error:
        raise ImportFailed(f"{path.name}: feature {number} has no usable geometry") from error
    kinds = {"Polygon", "MultiPolygon", "LineString", "MultiLineString"}
    if geometry.geom_type not in kinds or geometry.is_empty:
        raise ImportFailed(f"{path.name}: feature {number} is neither a polygon nor a line")
    return geometry if geometry.is_valid else shapely.make_valid(geometry)


def _country(properties: dict[str, Any], path: Path, number: int) -> str:
    for key in COUNTRY_PROPERTIES:
        code = str(properties.get(key, ""))
        if len(code) == _ALPHA_2 and code.isalpha():
            return code.upper()
    raise ImportFailed(
        f"{path.name}: feature {number} has no two-letter country code in"
        f" {', '.join(COUNTRY_PROPERTIES)}"
    )


def from_extract(source: Path, progress: Progress) -> Boundaries:
    """Read the complete countries (admin_level=2) and all national border lines of an extract.

    libosmium leaves out a country that the edge of the extract cuts, but the lines of its border
    that the extract has are used. Lines of an extract are never official: every minor way near them
    is removed (P34).
    """
    members = {
        member.ref
        for relation in objects(source, "relation", "admin_level")
        if _is_country(relation)
        for member in relation.members
        if member.type == "w"
    }
    progress("boundaries", 0, 2)
    lines = _lines(source, members)
    progress("boundaries", 1, 2)
    areas = _areas(source) if members else {}
    progress("boundaries", 2, 2)
    return _boundaries(areas, lines, 0.0)


def _is_country(item: Any) -> bool:  # noqa: ANN401 -- any kind of pyosmium object
    tags = item.tags
    return bool(tags.get("admin_level") == "2" and tags.get("boundary") == "administrative")


def _lines(source: Path, members: set[int]) -> list[BaseGeometry]:
    """Return the border lines: ways in a country's relation, or tagged as national border."""
    found = [
        [node.ref for node in way.nodes]
        for way in objects(source, "way", "admin_level")
        if way.id not in members and _is_country(way)
    ]
    if members:
        ids = np.array(sorted(members))
        found += [
            [node.ref for node in way.nodes]
            for way in objects(source, "way", ids=ids)
            if way.id in members
        ]
    wanted = {ref for refs in found for ref in refs}
    if not wanted:
        return []
    places = {
        node.id: (node.location.lon, node.location.lat)
        for node in objects(source, "node", ids=np.array(sorted(wanted)))
        if node.id in wanted and node.location.valid()
    }
    return [line for refs in found for line in _runs(refs, places)]


def _runs(refs: list[int], places: dict[int, tuple[float, float]]) -> list[BaseGeometry]:
    """Return a way as lines, interrupted where the file lacks a node."""
    runs: list[list[tuple[float, float]]] = [[]]
    for ref in refs:
        if ref in places:
            runs[-1].append(places[ref])
        elif runs[-1]:
            runs.append([])
    return [shapely.LineString(run) for run in runs if len(run) > 1]


def _areas(source: Path) -> dict[str, list[BaseGeometry]]:
    """Return the areas, by ISO code, of countries whose boundary relation is complete."""
    import osmium  # noqa: PLC0415 -- only importing needs it

    factory = osmium.geom.WKBFactory()
    only = osmium.filter.TagFilter(("admin_level", "2"))
    processor: Any = osmium.FileProcessor(str(source)).with_areas(only)
    # Nodes and ways stay inside libosmium; only areas are passed to Python.
    areas = processor.with_filter(osmium.filter.EntityFilter(osmium.osm.AREA)).with_filter(only)
    found: dict[str, list[BaseGeometry]] = {}
    for area in areas:
        if not _is_country(area):
            continue
        code = area.tags.get("ISO3166-1:alpha2") or area.tags.get("ISO3166-1") or ""
        if len(code) == _ALPHA_2:
            wkb = factory.create_multipolygon(area)
            found.setdefault(code.upper(), []).append(shapely.from_wkb(wkb))
    return found


def _boundaries(
    areas: dict[str, list[BaseGeometry]], lines: list[BaseGeometry], error_m: float
) -> Boundaries:
    codes = tuple(sorted(areas))
    polygons = tuple(shapely.union_all(areas[code]) for code in codes)
    outlines = tuple(polygon.boundary for polygon in polygons)
    return Boundaries(codes, polygons, tuple(lines) or outlines, error_m)
