"""Questions to Overpass, so that an import of the answer equals an import of an extract.

An import reads roads with their nodes and the tags of these, turn restrictions, the countries'
areas, what is drawn beneath the streets, and border posts. Nothing else is asked for: no editor's
name, no house, no refuge. The language: https://wiki.openstreetmap.org/wiki/Overpass_API/Overpass_QL
"""

from typing import Final

from app.road_sources.boxes import Box
from routing.osm.border_posts import POST_TAGS
from routing.osm_tags.landscape import ALLOWED

#: Tags of ways that `routing.osm_tags.ways.read_way` may take for a road; None stands for any.
ROAD_TAGS: Final = (
    ("highway", None),
    ("route", "ferry"),
    ("railway", "platform"),
    ("public_transport", "platform"),
    ("man_made", "pier"),
)
#: Longest time that the server may work on an answer, seconds: the default of Overpass.
TIMEOUT_S: Final = 180
#: Most memory that the server may use for an answer, bytes: the default of Overpass.
MAXSIZE: Final = 536_870_912

_HEAD: Final = f"[out:xml][timeout:{TIMEOUT_S}][maxsize:{MAXSIZE}];"
_COUNTRY: Final = '["boundary"="administrative"]["admin_level"="2"]'


def roads_query(box: Box) -> str:
    """Return the question for all that an import reads in a box, but for the countries.

    A way is told whole, with its nodes outside of the box.
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
    """Return the question for the countries whose border comes into a box, whole, and for lines.

    Whole, because only the area of a whole country tells on which side of the line a road lies.
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
    """Return the question for the country that a point lies in."""
    return (
        f"[out:json][timeout:{TIMEOUT_S}];is_in({lat:.7f},{lon:.7f})->.here;"
        f"area.here{_COUNTRY};out tags;"
    )


def _filter(key: str, value: str | None) -> str:
    return f'["{key}"]' if value is None else f'["{key}"="{value}"]'
