"""Heights along a corridor: those of the road graph's nodes that its line runs through."""

import numpy as np

from routing.graph.road_graph import RoadGraph
from routing.route.coverage import MeasuredLine
from routing.travel.height_profile import Heights

#: Units of the graph's positions in a degree.
_PER_DEGREE = 1e7

#: How far a vertex of a line may lie from its node, units of the graph: lines are kept in degrees,
#: whose last digits rounding may change [A].
_OFF = 20


def heights_along(graph: RoadGraph, line: MeasuredLine) -> Heights:
    """Return heights between the vertices of a line that are nodes with a known height.

    Between them the road is taken as an even slope. Vertices that only give a road its shape have
    no height of their own.
    """
    lon, lat = np.rint(line.coordinates.T * _PER_DEGREE).astype(np.int64)
    near = np.flatnonzero(
        np.isfinite(graph.node_elevation_m)
        & (graph.node_lon >= lon.min() - _OFF)
        & (graph.node_lon <= lon.max() + _OFF)
        & (graph.node_lat >= lat.min() - _OFF)
        & (graph.node_lat <= lat.max() + _OFF)
    )
    near = near[np.argsort(graph.node_lon[near], kind="stable")]
    sorted_lon = graph.node_lon[near].astype(np.int64)
    at_m, height_m = [], []
    for number in range(len(lon)):
        first, last = np.searchsorted(sorted_lon, (lon[number] - _OFF, lon[number] + _OFF + 1))
        rows = near[first:last]
        rows = rows[np.abs(graph.node_lat[rows] - lat[number]) <= _OFF]
        if len(rows):
            at_m.append(float(line.measure_m[number]))
            height_m.append(float(graph.node_elevation_m[rows[0]]))
    places, heights = np.array(at_m), np.array(height_m)
    return Heights(places[:-1], places[1:], heights[:-1], heights[1:])
