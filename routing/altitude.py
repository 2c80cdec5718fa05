"""The highest point of a way, or of a stretch of it."""

import math

import numpy as np

from routing.exposure import Legs
from routing.graph import RoadGraph


def highest_m(
    graph: RoadGraph, legs: Legs, from_m: float = 0.0, to_m: float = math.inf
) -> float | None:
    """Return the highest known height on a way, or on a stretch of it.

    Heights are those of the graph's nodes, joined by straight slopes along the edges.

    Parameters
    ----------
    graph : RoadGraph
        The graph that the way lies on.
    legs : Legs
        The way, in order of travel.
    from_m, to_m : float
        Start and end of the stretch, metres along the way.

    Returns
    -------
    float or None
        Metres above sea level; None where no height of the stretch is known.
    """
    height_m = np.asarray(graph.node_elevation_m, dtype=np.float64)
    length_m = graph.edge_length_m[legs.edge] * legs.share
    ends_m = np.cumsum(length_m)
    starts_m = ends_m - length_m
    touched = (ends_m >= from_m) & (starts_m <= to_m)
    edge, start, end = legs.edge[touched], legs.start[touched], legs.end[touched]
    starts_m, length_m = starts_m[touched], length_m[touched]
    tail_m, head_m = height_m[graph.edge_tail[edge]], height_m[graph.edge_head[edge]]
    found = []
    # A straight slope is highest at an end of the part that lies in the stretch.
    for end_m in (from_m, to_m):
        # A leg without length (a border edge of the sketch) counts at its start.
        cut = np.divide(end_m - starts_m, length_m, out=np.zeros_like(length_m), where=length_m > 0)
        share = np.where(cut >= 1, end, start + np.clip(cut, 0, 1) * (end - start))
        # A known end counts although the other is not.
        slope_m = np.where(share == 0, tail_m, tail_m + (head_m - tail_m) * share)
        found.append(np.where(share == 1, head_m, slope_m))
    known = np.concatenate(found)
    known = known[np.isfinite(known)]
    return float(known.max()) if len(known) else None
