"""Border posts that volunteers tagged in an extract, near crossings that are registered.

The posts are only hints for those who survey a crossing's position, as anybody can tag a node. No
road may cross a border because of a tagged post (P10, P12, P34).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from routing.geometry.geodesy import great_circle_m
from routing.osm.border_strip import OfficialCrossing
from routing.osm.way_table import damage_reported, objects

#: Tags of border posts: https://wiki.openstreetmap.org/wiki/Tag:barrier%3Dborder_control and
#: https://wiki.openstreetmap.org/wiki/Tag:government%3Dcustoms, with its older form
#: ``amenity=customs``.
POST_TAGS: Final = (
    ("barrier", "border_control"),
    ("government", "border_control"),
    ("government", "customs"),
    ("amenity", "customs"),
)
#: Greatest distance of a post from the registered position of its crossing, metres [A]: the least
#: exact position in the data that ships with Amparo, a point between two towns, is 5 km off.
POST_REACH_M: Final = 10_000.0
#: Most posts listed for a crossing, the nearest ones [A]: one on each side, and a few that may
#: belong to something else.
MOST_POSTS: Final = 6


@dataclass(frozen=True, slots=True)
class BorderPost:
    """A tagged border post near a registered crossing.

    Parameters
    ----------
    crossing_id
        The crossing.
    osm_id
        Kind and number of the object, as in ``n123``.
    tag
        The tag, as in ``barrier=border_control``.
    lon, lat
        Degrees, EPSG:4326; of a line or an area, its first node that the file has.
    distance_m
        Metres from the registered position.
    """

    crossing_id: str
    osm_id: str
    tag: str
    lon: float
    lat: float
    distance_m: float


def read_border_posts(
    source: Path, registered: Sequence[OfficialCrossing]
) -> tuple[BorderPost, ...]:
    """Read the tagged posts near registered crossings, the nearest of each crossing first.

    Posts that are not near any registered crossing are left out.

    Parameters
    ----------
    source
        File of OpenStreetMap data.
    registered
        Crossings at their registered positions, surveyed or not.

    Raises
    ------
    ImportFailed
        If the file is damaged.
    """
    if not registered:
        return ()
    tagged = list(_tagged(source))
    told: list[BorderPost] = []
    for crossing in registered:
        near = [
            BorderPost(crossing.id, ref, tag, lon, lat, distance_m)
            for ref, tag, lon, lat in tagged
            if (distance_m := float(great_circle_m(lon, lat, crossing.lon, crossing.lat)))
            <= POST_REACH_M
        ]
        near.sort(key=lambda post: (post.distance_m, post.osm_id))
        told += near[:MOST_POSTS]
    return tuple(told)


def _tagged(source: Path) -> Iterator[tuple[str, str, float, float]]:
    """Yield id, tag, lon and lat (degrees) of every object in a file with one of `POST_TAGS`."""
    import osmium  # noqa: PLC0415 -- only importing needs it

    only = osmium.filter.TagFilter(*POST_TAGS)
    kinds = osmium.osm.NODE | osmium.osm.WAY
    with damage_reported(source):
        files: Any = osmium.FileProcessor(str(source), kinds).with_filter(only)
        ways: dict[int, tuple[str, list[int]]] = {}
        for item in files:
            tag = next(f"{k}={v}" for k, v in POST_TAGS if item.tags.get(k) == v)
            if item.is_node():
                if item.location.valid():
                    yield f"n{item.id}", tag, item.lon, item.lat
            else:
                ways[item.id] = (tag, [node.ref for node in item.nodes])
    places = _places(source, {ref for _, refs in ways.values() for ref in refs})
    for way, (tag, refs) in ways.items():
        first = next((places[ref] for ref in refs if ref in places), None)
        if first is not None:
            yield f"w{way}", tag, *first


def _places(source: Path, wanted: set[int]) -> dict[int, tuple[float, float]]:
    if not wanted:
        return {}
    return {
        node.id: (node.lon, node.lat)
        for node in objects(source, "node", ids=np.array(sorted(wanted)))
        if node.id in wanted and node.location.valid()
    }
