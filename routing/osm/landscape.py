"""Areas, waters and landmarks of an extract, which are drawn beneath its streets."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.graph.landscape import LANGUAGES, LandscapeFeature
from routing.osm.border_strip import BorderStrip
from routing.osm.way_table import Progress
from routing.osm_tags.landscape import ALLOWED, LANDMARKS, NAMELESS, kind_of

#: Lowest zoom at which features appear (`tiles.catalogue.layers.LANDSCAPE`).
FIRST_ZOOM: Final = 8
#: Highest zoom at which a feature may appear first.
LAST_ZOOM: Final = 14
#: An area appears at the first zoom at which it is as wide as this, pixels of a tile of 256 [A].
_LEAST_PX: Final = 6
#: Lowest zoom at which a landmark (a point) appears, by kind [A]; other kinds: at `LAST_ZOOM`.
_ZOOM_OF: Final = {"hospital": 13, "station": 13, "bus_station": 13}
#: Number of dimensions by which shapely tells an area from lines and points.
_AREA: Final = 2
#: Longest name that is kept, characters: longer ones are descriptions [A].
_NAME_LENGTH: Final = 80


def read_landscape(source: Path, strip: BorderStrip, progress: Progress) -> list[LandscapeFeature]:
    """Read the features of a file that have one of `routing.osm_tags.landscape.ALLOWED`'s tags.

    In the border strip (P34), and everywhere if it is not known in which country the extract lies,
    landmarks are left out, because people could meet at them, and all other features lose their
    names, because the name of a water or a wood may tell of a ford or a landing.

    Parameters
    ----------
    source
        File of OpenStreetMap data.
    strip
        Border lines of the extract.
    progress
        Called with (stage, done, total).

    Returns
    -------
    list of LandscapeFeature
        Empty for a file whose objects are not sorted, from which libosmium cannot build areas: the
        roads are imported all the same.
    """
    progress("landscape", 0, 1)
    try:
        found = list(_features(source))
    except RuntimeError:
        found = []
    progress("landscape", 1, 1)
    return _away_from_borders(found, strip)


def _features(source: Path) -> Iterator[LandscapeFeature]:
    import osmium  # noqa: PLC0415 -- only importing needs it

    tags = [(one.key, one.value) for one in ALLOWED]
    only = osmium.filter.TagFilter(*tags)
    # Areas of ways and relations are put together inside libosmium; few objects reach Python.
    files: Any = osmium.FileProcessor(str(source)).with_areas(only).with_filter(only)
    factory = osmium.geom.WKBFactory()
    for item in files:
        said = dict(item.tags)
        kind = kind_of(said)
        if kind is None:
            continue
        try:
            feature = _feature(item, kind, said, factory)
        except RuntimeError:  # libosmium finds no nodes of the object, or a single point
            continue
        if feature is not None:
            yield feature


def _feature(
    item: Any,  # noqa: ANN401 -- any kind of pyosmium object
    kind: str,
    tags: dict[str, str],
    factory: Any,  # noqa: ANN401
) -> LandscapeFeature | None:
    if item.is_node():
        key, geometry = f"n{item.id}", shapely.Point(item.lon, item.lat)
        if kind not in LANDMARKS:
            return None
    elif item.is_area():
        key = f"{'w' if item.from_way() else 'r'}{item.orig_id()}"
        geometry = shapely.from_wkb(factory.create_multipolygon(item))
    elif item.is_way() and kind == "waterway":
        key, geometry = f"w{item.id}", shapely.from_wkb(factory.create_linestring(item))
    else:
        return None  # a relation, or a closed way, which libosmium yields again as an area
    if item.is_area() and kind == "waterway":
        return None
    zoom = _zoom_of(kind, geometry, tags)
    if kind in LANDMARKS:
        geometry = geometry.point_on_surface()
    keys = ("name", *(f"name:{language}" for language in LANGUAGES))
    name, *names = ("" if kind in NAMELESS else tags.get(one, "") for one in keys)
    if len(name) > _NAME_LENGTH:
        name = ""
    return LandscapeFeature(
        key=key,
        kind=kind,
        zoom=zoom,
        name=name,
        names=tuple("" if one == name or len(one) > _NAME_LENGTH else one for one in names),
        geometry=geometry,
    )


def _zoom_of(kind: str, geometry: shapely.Geometry, tags: dict[str, str]) -> int:
    """Return the first zoom at which a feature is drawn."""
    if kind in LANDMARKS:
        return _ZOOM_OF.get(kind, LAST_ZOOM)
    if kind == "waterway":
        return {"river": 10, "canal": 12}.get(tags.get("waterway", ""), 13)
    west, south, east, north = shapely.bounds(geometry).tolist()
    side = max(east - west, north - south, 1e-9)
    # A tile of 256 pixels is 360 degrees wide at zoom 0 and half as wide at each further one.
    zoom = math.ceil(math.log2(_LEAST_PX / 256 * 360 / side))
    return min(max(zoom, FIRST_ZOOM), LAST_ZOOM)


def _away_from_borders(
    features: Sequence[LandscapeFeature], strip: BorderStrip
) -> list[LandscapeFeature]:
    if not features or (strip.is_empty and strip.countries):
        return list(features)
    # With neither a country nor a border line known, every feature may be near a border.
    is_near = np.ones(len(features), dtype=bool) if strip.is_empty else _near(features, strip)
    kept = []
    for feature, near in zip(features, is_near.tolist(), strict=True):
        if not near:
            kept.append(feature)
        elif feature.kind not in LANDMARKS:
            kept.append(_nameless(feature))
    return kept


def _nameless(feature: LandscapeFeature) -> LandscapeFeature:
    return LandscapeFeature(
        key=feature.key,
        kind=feature.kind,
        zoom=feature.zoom,
        name="",
        names=("",) * len(LANGUAGES),
        geometry=feature.geometry,
    )


def _near(features: Sequence[LandscapeFeature], strip: BorderStrip) -> NDArray[np.bool_]:
    """Return whether each feature comes into the border strip, bool [K]."""
    shapes = np.array([one.geometry for one in features], dtype=object)
    points, index = shapely.get_coordinates(shapes, return_index=True)
    # Segments from each vertex to the next one of the same feature. A segment that joins two rings
    # or parts is not in the feature: at worst it marks as near a feature that is not. A point
    # becomes a segment of length 0.
    after = np.minimum(np.arange(len(points)) + 1, len(points) - 1)
    after = np.where(index[after] == index, after, np.arange(len(points)))
    ends = np.stack((points, points[after]), axis=1)
    is_near = strip.near(ends, strip.strip_m)
    near = np.bincount(index, weights=is_near, minlength=len(features)) > 0
    # A border may run through a large area without coming near to the area's outline.
    areas = np.flatnonzero(~near & (shapely.get_dimensions(shapes) == _AREA))
    near[areas[strip.inside(shapes[areas])]] = True
    return np.asarray(near)
