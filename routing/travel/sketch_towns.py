"""Towns of a sketch, and the town that a space lies in (definitions.md, "Support along a route").

A sketch draws a town as one node and leaves out every bend and street, so most spaces of a town lie
off the sketch's lines. Such spaces support a route through the town, at the town's node.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Self
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.graph.road_graph import RoadGraph
from routing.travel.support_points import Support, Supports

type Floats = NDArray[np.float64]

#: Greatest distance of a space from the nearest town, metres [A], within which it is taken to lie
#: in this town, whatever place it states: the built-up radius of most towns of the sketch, and half
#: the distance to the next town for most.
TOWN_M: Final = 10_000.0

#: Greatest distance of a space from the town that it states as its place, metres [A], within which
#: it is taken to lie in this town: a sketch's snap limit.
NAMED_TOWN_M: Final = 25_000.0


def folded(name: str) -> str:
    """Return a name without accents and case, single-spaced."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(s for s in decomposed if not unicodedata.combining(s)).split())


@dataclass(frozen=True, slots=True)
class SketchTown:
    """A town and its node's position; lon, lat in degrees, WGS 84."""

    name: str
    country: str
    lon: float
    lat: float


def town_nodes(graph: RoadGraph) -> list[tuple[int, SketchTown]]:
    """Return the nodes that are towns: named, of a known country, and not on a border edge."""
    border = graph.is_border_edge
    crossings = {*graph.edge_tail[border].tolist(), *graph.edge_head[border].tolist()}
    towns = []
    for node in np.flatnonzero(graph.node_name >= 0).tolist():
        name, country = graph.node_label(node), graph.country_of_node(node)
        if name is not None and country is not None and node not in crossings:
            lon, lat = float(graph.node_lon[node]) / 1e7, float(graph.node_lat[node]) / 1e7
            towns.append((node, SketchTown(name, country, lon, lat)))
    return towns


@dataclass(frozen=True, slots=True)
class InTown:
    """A space that lies in a town, ``distance_m`` metres from the town's node."""

    support: Support
    town: SketchTown
    distance_m: float


@dataclass(frozen=True, eq=False, slots=True)
class Moved:
    """Spaces of towns with the town's node as their place; by id, the town and the true place."""

    supports: Supports
    by_id: Mapping[str, InTown]


class Towns:
    """The towns of one sketch.

    Parameters
    ----------
    towns
        Towns in the order of their nodes; of equally near towns the first is chosen.
    """

    def __init__(self, towns: Sequence[SketchTown]) -> None:
        self._towns = tuple(towns)
        self._kept: WeakKeyDictionary[Supports, Moved] = WeakKeyDictionary()

    @classmethod
    def of(cls, graph: RoadGraph) -> Self:
        """Return the named nodes of a graph as towns, without official crossings (border nodes)."""
        return cls([town for _, town in town_nodes(graph)])

    @classmethod
    def of_sketch(cls, graph: RoadGraph) -> Self | None:
        """Return the towns of a graph that is a sketch; None for any other."""
        return cls.of(graph) if graph.meta.kind == "sketch" else None

    def __len__(self) -> int:
        """Count the towns."""
        return len(self._towns)

    def town_of(self, support: Support) -> tuple[SketchTown, float] | None:
        """Return the town in which a space lies and the metres to its node; None without a town.

        Only towns of the space's country are considered. First choice is the nearest town named
        like the space's stated place, within `NAMED_TOWN_M`; else the nearest town, within
        `TOWN_M`.
        """
        rows = self._of_country.get(support.country or "")
        if rows is None:
            return None
        # Short distances: a degree of longitude shrinks with the cosine of the latitude.
        east = (self._lon[rows] - support.lon) * np.cos(np.radians(support.lat))
        distance_m = np.hypot(east, self._lat[rows] - support.lat) * METRES_PER_DEGREE
        named_m = np.where(self._names[rows] == folded(support.place), distance_m, np.inf)
        for found_m, within_m in ((named_m, NAMED_TOWN_M), (distance_m, TOWN_M)):
            nearest = int(found_m.argmin())
            if found_m[nearest] <= within_m:
                return self._towns[rows[nearest]], float(found_m[nearest])
        return None

    def moved(self, supports: Supports) -> Moved:
        """Return the spaces that lie in towns, at the towns' nodes; cached by ``supports``."""
        kept = self._kept.get(supports)
        if kept is None:
            found = ((one, self.town_of(one)) for one in supports)
            by_id = {one.id: InTown(one, *in_town) for one, in_town in found if in_town}
            kept = Moved(
                Supports(
                    replace(one.support, lon=one.town.lon, lat=one.town.lat)
                    for one in by_id.values()
                ),
                by_id,
            )
            self._kept[supports] = kept
        return kept

    @cached_property
    def _of_country(self) -> dict[str, NDArray[np.int64]]:
        countries = np.array([town.country for town in self._towns], dtype=object)
        return {code: np.flatnonzero(countries == code) for code in set(countries.tolist())}

    @cached_property
    def _names(self) -> NDArray[np.object_]:
        return np.array([folded(town.name) for town in self._towns], dtype=object)

    @cached_property
    def _lon(self) -> Floats:
        return np.array([town.lon for town in self._towns], dtype=np.float64)

    @cached_property
    def _lat(self) -> Floats:
        return np.array([town.lat for town in self._towns], dtype=np.float64)
