"""Areas that the asker of one request keeps out of: hard bans that nobody else meets (P48).

They are no hazards: nothing is known of them, so they are in no metric, no situation and no record,
and are gone with the request. What touches one in a single point is closed, as with an exclusion.
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

#: Most polygons in a request, and most vertices of all of them [A]: a drawn fence has tens; what
#: has more is laid over the roads for tenths of a second.
MAX_OBSTACLES: Final = 20
MAX_VERTICES: Final = 1_000

#: Largest area of all of them together, and largest extent of one from edge to edge
#: (openrouteservice's defaults, `maximum_avoid_polygon_area` and `_extent`: 200 km2 and 20 km).
MAX_AREA_M2: Final = 200e6
MAX_EXTENT_M: Final = 20_000.0

#: `Hazard.family` of an obstacle.
ASKED: Final = "asked"


@dataclass(frozen=True, eq=False, slots=True)
class _Laid:
    """Where polygons lie on graphs, and what was made of those of some numbers."""

    on: dict[RoadGraph, tuple[Closure, ...]] = field(default_factory=dict)
    made: dict[tuple[Hashable, tuple[int, ...]], Any] = field(default_factory=dict)


class Obstacles:
    """The polygons of one request; where they lie on a graph is found once.

    Parameters
    ----------
    polygons
        Degrees, WGS 84, valid and within the limits: see `of`.
    numbers
        Which of them count, by their places; all where None.
    laid
        Where they lie, as far as it is known.
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
        """Take what somebody drew.

        Parameters
        ----------
        areas
            Polygons and multipolygons, degrees, WGS 84.
        field
            What an error calls them.

        Raises
        ------
        InvalidRequest
            Something else than polygons, an invalid one, too many, too large.
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
        """Lay them over a graph."""
        if not self._numbers:
            return ()
        known = self._laid.on
        if graph not in known:
            rows = enumerate(self._polygons)
            areas = {_hazard(number, polygon): polygon for number, polygon in rows}
            known[graph] = Closure.lay(graph, areas)
        return tuple(known[graph][number] for number in self._numbers)

    def edges(self, graph: RoadGraph) -> Ints:
        """Return the edges of a graph that they touch, int64, each area's after the other's."""
        # What touches no road closes none; it counts between a place and the road.
        edges = [item.edges for item in self.on(graph) if len(item.edges)]
        return np.concatenate(edges) if edges else np.empty(0, np.int64)

    def once[T](self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is made of these areas for a key, the same at each call."""
        whole, made = (key, self._numbers), self._laid.made
        if whole not in made:
            made[whole] = make()
        return cast("T", made[whole])

    def without(self, ids: Container[str]) -> "Obstacles":
        """Return those whose `Hazard.id` is not among some; they stay where they have been laid."""
        kept = [number for number in self._numbers if str(number) not in ids]
        return Obstacles(self._polygons, kept, self._laid)

    def __len__(self) -> int:
        """Count them."""
        return len(self._numbers)


NO_OBSTACLES: Final = Obstacles()


def _hazard(row: int, polygon: Polygon) -> Hazard:
    return Hazard(str(row), ASKED, ASKED, polygon, exclusion=True)


def _metres(polygon: Polygon) -> Polygon:
    """Draw a polygon in metres around the middle of its latitudes."""
    _, south, _, north = polygon.bounds
    narrow = np.cos(np.radians((south + north) / 2))
    scale = np.array([METRES_PER_DEGREE * narrow, METRES_PER_DEGREE])
    return shapely.transform(polygon, lambda points: points * scale)


def _extent_m(polygon: Polygon) -> float:
    west, south, east, north = _metres(polygon).bounds
    return max(east - west, north - south)


def _area_m2(polygon: Polygon) -> float:
    return float(_metres(polygon).area)
