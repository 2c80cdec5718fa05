"""The edges and nodes of a road graph within a distance of a point or a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from routing.geometry.geodesy import UNITS_PER_DEGREE, mercator_m
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import box_around, edges_of
from routing.index_ranges import joined_ranges

type Box = tuple[float, float, float, float]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Longest piece of a line that one box is laid around, degrees [A]: boxes of some kilometres hold
#: little that is too far away.
_PIECE_DEGREES: Final = 0.1


@dataclass(frozen=True, eq=False)
class Vicinity:
    """The surroundings of a place, within a distance.

    Parameters
    ----------
    place
        Point or line, degrees, EPSG:4326.
    reach_m
        The distance, metres.
    """

    place: BaseGeometry
    reach_m: float

    def edges(self, graph: RoadGraph) -> Ints:
        """Return the edges in boxes around the place, int64 [k], ascending.

        The spatial index finds these edges, so a large network takes no longer than a small one.
        """
        met = [graph.grid.segments_in_box(*box) for box in self._boxes(graph.meta.bbox)]
        near = edges_of(graph, np.unique(np.concatenate([np.zeros(0, np.int64), *met])))
        # Thresholds have no length and are not in the grid, so they are found by their nodes: each
        # leaves a node that a road of the grid has, too.
        nodes = np.unique(np.concatenate((graph.edge_tail[near], graph.edge_head[near])))
        first, after = (np.searchsorted(graph.edge_tail, nodes, side) for side in ("left", "right"))
        return joined_ranges(first, after - first)

    def metres_to(self, graph: RoadGraph, nodes: Ints) -> Floats:
        """Return the distance of nodes from the place, float64 [k], metres.

        The distance is taken on Mercator's map, at the scale of each node's latitude: nodes within
        some kilometres are right to a thousandth.
        """
        lonlat = np.column_stack((graph.node_lon[nodes], graph.node_lat[nodes])) / UNITS_PER_DEGREE
        away_m = shapely.distance(self._mapped, shapely.points(mercator_m(lonlat)))
        return np.asarray(away_m * np.cos(np.radians(lonlat[:, 1])))

    @cached_property
    def _mapped(self) -> BaseGeometry:
        mapped = shapely.transform(self.place, mercator_m)
        shapely.prepare(mapped)
        return mapped

    def _boxes(self, bbox: Box) -> Iterator[Box]:
        """Yield boxes that cover all within `reach_m` of the place, those that meet ``bbox``."""
        points = shapely.get_coordinates(shapely.segmentize(self.place, _PIECE_DEGREES)).tolist()
        for one, two in pairwise(points) if len(points) > 1 else ((points[0], points[0]),):
            (ax, ay, az, at), (bx, by, bz, bt) = (
                box_around((lon, lat), self.reach_m) for lon, lat in (one, two)
            )
            box = min(ax, bx), min(ay, by), max(az, bz), max(at, bt)
            if shapely.box(*box).intersects(shapely.box(*bbox)):
                yield box
