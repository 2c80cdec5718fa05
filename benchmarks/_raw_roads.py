"""Roads as a file of OpenStreetMap has them, and what a line along them breaks.

Read for itself and not by `routing`: what judges routes must not share their mistakes.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray

from routing.osm_tags.edge_flags import Mode

type Place = tuple[int, int]

#: An end of a route lies on a road but for rounding: degrees, about a decimetre [A].
_ON_ROAD: Final = 1e-6
_UNITS: Final = 1e7

#: Ways without ``highway`` that one travels on all the same.
_PLATFORMS: Final = {
    ("route", "ferry"),
    ("railway", "platform"),
    ("public_transport", "platform"),
    ("man_made", "pier"),
}
_ONEWAY_KEYS: Final = ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway")


@dataclass(frozen=True)
class RawWay:
    """A way's places in order, and its tags."""

    places: tuple[Place, ...]
    tags: dict[str, str]


@dataclass
class RawRoads:
    """A file's roads.

    Parameters
    ----------
    ways
        By id.
    tags
        Of the nodes that have some, by place.
    forbidden
        (way, place, way) that no vehicle may follow.
    """

    ways: dict[int, RawWay] = field(default_factory=dict)
    tags: dict[Place, dict[str, str]] = field(default_factory=dict)
    forbidden: set[tuple[int, Place, int]] = field(default_factory=set)

    @classmethod
    def read(cls, source: Path) -> "RawRoads":
        """Read a file, and its prohibitions over one node."""
        found = cls()
        places: dict[int, Place] = {}
        item: Any
        for item in osmium.FileProcessor(str(source)):
            tags = {tag.k: tag.v for tag in item.tags}
            if item.is_node():
                places[item.id] = (item.location.x, item.location.y)
                if tags:
                    found.tags[places[item.id]] = tags
            elif item.is_way() and ("highway" in tags or _PLATFORMS & tags.items()):
                line = tuple(places[node.ref] for node in item.nodes if node.ref in places)
                found.ways[item.id] = RawWay(line, tags)
            elif item.is_relation() and tags.get("restriction", "").startswith("no_"):
                members = {member.role: (member.type, member.ref) for member in item.members}
                kind, via = members.get("via", ("", 0))
                if kind == "n" and via in places and {"from", "to"} <= members.keys():
                    roads = members["from"][1], members["to"][1]
                    found.forbidden.add((roads[0], places[via], roads[1]))
        return found

    def steps(self, mode: Mode) -> dict[tuple[Place, Place], set[int]]:
        """Give the ways by which one may go from a place straight to another."""
        found: dict[tuple[Place, Place], set[int]] = defaultdict(set)
        for number, way in self.ways.items():
            forth, back = (True, True) if mode is Mode.FOOT else _directions(way.tags)
            for a, b in pairwise(way.places):
                if forth:
                    found[a, b].add(number)
                if back:
                    found[b, a].add(number)
        return found


def _directions(tags: dict[str, str]) -> tuple[bool, bool]:
    """Tell whether a car may go along a way, and against it (wiki, "Key:oneway")."""
    value = next((tags[key] for key in _ONEWAY_KEYS if key in tags), "")
    if value in {"yes", "true", "1"}:
        return True, False
    if value in {"-1", "reverse"}:
        return False, True
    implied = tags.get("highway") == "motorway" or tags.get("junction") in {
        "roundabout",
        "circular",
    }
    return True, value == "no" or not implied


@dataclass(frozen=True)
class Step:
    """A straight stretch of a route, and the ways that it may be on: none where it is on no road.

    ``a`` and ``b`` are the road's own places, also where the route has a part of it alone.
    """

    a: Place
    b: Place
    ways: frozenset[int]


class Walked:
    """Finds the steps of drawn routes on the roads of a file, for one mode."""

    def __init__(self, roads: RawRoads, mode: Mode) -> None:
        self.roads, self.steps = roads, roads.steps(mode)
        self._from: dict[Place, list[Place]] = defaultdict(list)
        self._to: dict[Place, list[Place]] = defaultdict(list)
        for a, b in self.steps:
            self._from[a].append(b)
            self._to[b].append(a)

    def along(self, coordinates: NDArray[np.float64]) -> Iterator[Step]:
        """Give the steps of a line."""
        rows = [(int(x), int(y)) for x, y in np.rint(coordinates * _UNITS).astype(np.int64)]
        rows = [row for n, row in enumerate(rows) if n == 0 or row != rows[n - 1]]
        for a, b in pairwise(rows):
            ways = self.steps.get((a, b))
            yield Step(a, b, frozenset(ways)) if ways else self._part(a, b)

    def _part(self, a: Place, b: Place) -> Step:
        """Find the road of which a stretch, at an end of a route, is a part."""
        roads = [(a, onward) for onward in self._from.get(a, ())]
        roads += [(before, b) for before in self._to.get(b, ())]
        if a not in self._from and b not in self._to:
            roads = list(self.steps)
        for road in roads:
            line = shapely.LineString(np.array(road) / _UNITS)
            points = shapely.points(np.array([a, b]) / _UNITS)
            at_a, at_b = np.asarray(shapely.line_locate_point(line, points)).tolist()
            if (np.asarray(shapely.distance(line, points)) <= _ON_ROAD).all() and at_a <= at_b:
                return Step(*road, frozenset(self.steps[road]))
        return Step(a, b, frozenset())

    def off_roads(self, steps: Sequence[Step]) -> bool:
        """Tell whether a route leaves the roads, or takes one against its direction."""
        return any(not step.ways for step in steps)

    def turns_forbidden(self, steps: Sequence[Step]) -> bool:
        """Tell whether a vehicle turns where no interpretation of its way lets it."""
        return any(
            all(
                (one, after.a, two) in self.roads.forbidden
                for one in before.ways
                for two in after.ways
            )
            for before, after in pairwise(steps)
            if before.ways and after.ways and before.b == after.a
        )


def write(target: Path, items: Sequence[Any], source: Path | None = None) -> Path:
    """Write a file of mutable osmium objects, in order of type, after those of another file."""
    writer = osmium.SimpleWriter(str(target))
    try:
        for item in osmium.FileProcessor(str(source)) if source is not None else ():
            writer.add(item)
        for item in items:
            writer.add(item)
    finally:
        writer.close()
    return target
