"""Heights along a corridor, read from the nodes of the road graph on its line."""

import numpy as np
from numpy.typing import NDArray

from routing.graph.road_graph import RoadGraph
from routing.route.coverage import MeasuredLine
from routing.travel.height_profile import Heights

type Ints = NDArray[np.int64]

#: Units per degree: the graph stores positions as whole numbers of 1e-7 degree.
_PER_DEGREE = 1e7


def heights_along(graph: RoadGraph, line: MeasuredLine) -> Heights:
    """Return the heights along a line, from those of its vertices that are nodes of the graph.

    Between two such vertices the road counts as an even slope. Other vertices only give the road
    its shape and have no height; a drawn line that follows no road has no heights at all.
    """
    lon, lat = np.rint(line.coordinates.T * _PER_DEGREE).astype(np.int64)
    near = np.flatnonzero(
        np.isfinite(graph.node_elevation_m)
        & (graph.node_lon >= lon.min())
        & (graph.node_lon <= lon.max())
        & (graph.node_lat >= lat.min())
        & (graph.node_lat <= lat.max())
    )
    if not len(near):
        return Heights.joined(())
    keys = _keys(graph.node_lon[near].astype(np.int64), graph.node_lat[near].astype(np.int64))
    order = np.argsort(keys, kind="stable")
    wanted = _keys(lon, lat)
    found = np.searchsorted(keys, wanted, sorter=order).clip(0, len(keys) - 1)
    node = near[order[found]]
    is_node = (graph.node_lon[node] == lon) & (graph.node_lat[node] == lat)
    at_m = line.measure_m[is_node]
    height_m = graph.node_elevation_m[node[is_node]].astype(np.float64)
    return Heights(at_m[:-1], at_m[1:], height_m[:-1], height_m[1:])


def _keys(lon: Ints, lat: Ints) -> Ints:
    """Return a unique number for each position, by which positions are looked up, int64 [N]."""
    return lon * 2**32 + lat
