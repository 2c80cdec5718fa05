"""Areas to avoid of a single request: hard bans that no other request sees (P48: privacy).

The areas are not hazards: no cached costs, no cached set of hazards and no record contain them, and
they are discarded with the request. As with an exclusion, an edge that touches an area in a single
point is closed.
"""

from collections.abc import Callable, Container, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from routing.errors import InvalidRequest
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.graph.road_graph import RoadGraph
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import Closure

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Most polygons in a request [A].
MAX_OBSTACLES: Final = 20
#: Most vertices of all polygons together [A]: a drawn fence has tens of vertices; to overlay more
#: than this on the roads takes tenths of a second.
MAX_VERTICES: Final = 1_000

#: Largest area of all polygons together (openrouteservice's default of
#: `maximum_avoid_polygon_area`: 200 km2).
MAX_AREA_M2: Final = 200e6
#: Largest width and height of a polygon (openrouteservice's default of
#: `maximum_avoid_polygon_extent`: 20 km).
MAX_EXTENT_M: Final = 20_000.0

#: `Hazard.family` of an obstacle asked for by a request.
ASKED: Final = "asked"


@dataclass(frozen=True, eq=False, slots=True)
class _Laid:
    """Cache of all polygons' overlays by graph, and of `Obstacles.once` by key and polygons."""

    on: dict[RoadGraph, tuple[Closure, ...]] = field(default_factory=dict)
    made: dict[tuple[Hashable, tuple[int, ...]], Any] = field(default_factory=dict)


class Obstacles:
    """The polygons to avoid of one request; the overlay on each graph is computed once.

    Parameters
    ----------
    polygons
        Polygons in degrees, WGS 84, valid and within the limits: see `of`.
    numbers
        Indices of the polygons in force; all where None.
    laid
        Cache of overlays to share with other `Obstacles` of the same polygons.
    """

    def __init__(
        self,
        polygons: Sequence[Polygon] = (),
        numbers: Sequence[int] | None = None,
        laid: "_Laid | None" = None,
    ) -> None:
        self._polygons = tuple(polygons)
        self._numbers = tuple(range(len(self._polygons)) if numbers is None else numbers)
        self._laid = _Laid() if laid is None else laid

    @classmethod
    def of(cls, areas: Sequence[BaseGeometry], field: str = "avoid") -> Self:
        """Check the areas of a request, and return them as obstacles.

        Parameters
        ----------
        areas
            Polygons and multipolygons, degrees, WGS 84.
        field
            Name of the request's field in errors.

        Raises
        ------
        InvalidRequest
            The areas are not polygons, invalid, too many, or too large.
        """
        if any(not isinstance(area, Polygon | MultiPolygon) for area in areas):
            raise InvalidRequest(field, "not_polygons")
        polygons = [polygon for area in areas for polygon in shapely.get_parts(area).tolist()]
        if len(polygons) > MAX_OBSTACLES:
            raise InvalidRequest(field, "too_many_polygons", most=MAX_OBSTACLES)
        if shapely.get_num_coordinates(np.asarray(polygons)).sum() > MAX_VERTICES:
            raise InvalidRequest(field, "too_many_vertices", most=MAX_VERTICES)
        for polygon in polygons:
            if polygon.is_empty or not polygon.is_valid:
                raise InvalidRequest(field, "invalid_polygon")
            if _extent_m(polygon) > MAX_EXTENT_M:
                raise InvalidRequest(field, "polygon_too_wide", most_km=MAX_EXTENT_M / 1e3)
        if sum(map(_area_m2, polygons)) > MAX_AREA_M2:
            raise InvalidRequest(field, "polygons_too_large", most_km2=MAX_AREA_M2 / 1e6)
        return cls(polygons)

    def on(self, graph: RoadGraph) -> tuple[Closure, ...]:
        """Overlay the polygons on a graph."""
        if not self._numbers:
            return ()
        known = self._laid.on
        if graph not in known:
            rows = enumerate(self._polygons)
            areas = {_hazard(number, polygon): polygon for number, polygon in rows}
            known[graph] = Closure.lay(graph, areas)
        return tuple(known[graph][number] for number in self._numbers)

    def edges(self, graph: RoadGraph) -> Ints:
        """Return the edges of a graph that the polygons touch, int64, polygon by polygon."""
        # A polygon that touches no road closes no edge; it still blocks the straight line between
        # a place and the road.
        edges = [item.edges for item in self.on(graph) if len(item.edges)]
        return np.concatenate(edges) if edges else np.empty(0, np.int64)

    def once[T](self, key: Hashable, make: Callable[[], T]) -> T:
        """Return a value cached by key and polygons in force; ``make`` computes it on first use."""
        whole, made = (key, self._numbers), self._laid.made
        if whole not in made:
            made[whole] = make()
        return cast("T", made[whole])

    def without(self, ids: Container[str]) -> "Obstacles":
        """Return the polygons whose `Hazard.id` is not in ``ids``, with the same overlay cache."""
        kept = [number for number in self._numbers if str(number) not in ids]
        return Obstacles(self._polygons, kept, self._laid)

    def __len__(self) -> int:
        """Count the polygons in force."""
        return len(self._numbers)


NO_OBSTACLES: Final = Obstacles()


def _hazard(row: int, polygon: Polygon) -> Hazard:
    return Hazard(str(row), ASKED, ASKED, polygon, exclusion=True)


def _metres(polygon: Polygon) -> Polygon:
    """Return a polygon in metres, scaled by the cosine of its middle latitude."""
    _, south, _, north = polygon.bounds
    narrow = np.cos(np.radians((south + north) / 2))
    scale = np.array([METRES_PER_DEGREE * narrow, METRES_PER_DEGREE])
    return shapely.transform(polygon, lambda points: points * scale)


def _extent_m(polygon: Polygon) -> float:
    west, south, east, north = _metres(polygon).bounds
    return max(east - west, north - south)


def _area_m2(polygon: Polygon) -> float:
    return float(_metres(polygon).area)
