"""Overpass queries for all objects that an import of roads reads, and for nothing else.

These are roads with their nodes and the tags of the nodes, turn restrictions, boundaries of
countries, landscape drawn beneath the streets, and border posts. Names of OpenStreetMap's editors,
houses and shelters are not queried. Query language:
https://wiki.openstreetmap.org/wiki/Overpass_API/Overpass_QL
"""

from typing import Final

from app.road_sources.boxes import Box
from routing.osm.border_posts import POST_TAGS
from routing.osm_tags.landscape import ALLOWED

#: Tags (key, value) of ways that `routing.osm_tags.ways.read_way` may accept as a road; the value
#: None stands for any value.
ROAD_TAGS: Final = (
    ("highway", None),
    ("route", "ferry"),
    ("railway", "platform"),
    ("public_transport", "platform"),
    ("man_made", "pier"),
)
#: Maximum time that the server may work on a query, seconds: the default of Overpass.
TIMEOUT_S: Final = 180
#: Maximum memory that the server may use for a query, bytes: the default of Overpass.
MAXSIZE: Final = 536_870_912

_HEAD: Final = f"[out:xml][timeout:{TIMEOUT_S}][maxsize:{MAXSIZE}];"
_COUNTRY: Final = '["boundary"="administrative"]["admin_level"="2"]'


def roads_query(box: Box) -> str:
    """Return the query for all objects in a box that an import reads, except country boundaries.

    Ways that cross the edge of the box are returned with all of their nodes.
    """
    roads = "".join(f"way{_filter(*tag)}({box});" for tag in ROAD_TAGS)
    sights = dict.fromkeys((*((one.key, one.value) for one in ALLOWED), *POST_TAGS))
    seen = "".join(f"nwr{_filter(*tag)}({box});" for tag in sights)
    return (
        f"{_HEAD}({roads})->.roads;"
        'rel(bw.roads)["type"~"^restriction"]->.turns;'
        f"({seen})->.seen;"
        "way(r.seen)->.parts;"
        "(.roads;.turns;.seen;.parts;)->.kept;"
        "node(w.kept)->.corners;"
        "(.kept;.corners;);"
        "out body qt;"
    )


def borders_query(box: Box) -> str:
    """Return the query for boundaries in a box, and for the complete boundary of each such country.

    Only the complete boundary makes an area, which tells on which side of the line a road lies.
    """
    return (
        f"{_HEAD}rel{_COUNTRY}({box})->.countries;"
        f"way{_COUNTRY}({box})->.lines;"
        "way(r.countries)->.parts;"
        "(.countries;.lines;.parts;)->.kept;"
        "node(w.kept)->.corners;"
        "(.kept;.corners;);"
        "out body qt;"
    )


def country_query(lon: float, lat: float) -> str:
    """Return the query for the country in which a point lies."""
    return (
        f"[out:json][timeout:{TIMEOUT_S}];is_in({lat:.7f},{lon:.7f})->.here;"
        f"area.here{_COUNTRY};out tags;"
    )


def _filter(key: str, value: str | None) -> str:
    return f'["{key}"]' if value is None else f'["{key}"="{value}"]'
