"""The highest point of a stretch of a route."""

import numpy as np

from routing.graph import RoadGraph
from routing.route import Route


def highest_between_m(graph: RoadGraph, route: Route, from_m: float, to_m: float) -> float | None:
    """Return the highest known height on a stretch of a route.

    Heights are those of the graph's nodes, joined by straight slopes along the edges.

    Parameters
    ----------
    graph : RoadGraph
        The graph that the route was found on.
    route : Route
        The route.
    from_m, to_m : float
        Start and end of the stretch, metres along the route.

    Returns
    -------
    float or None
        Metres above sea level; None where no height of the stretch is known.
    """
    legs = route.legs
    height_m = np.asarray(graph.node_elevation_m, dtype=np.float64)
    tail_m, head_m = height_m[graph.edge_tail[legs.edge]], height_m[graph.edge_head[legs.edge]]
    length_m = graph.edge_length_m[legs.edge] * legs.share
    ends_m = np.cumsum(length_m)
    starts_m = ends_m - length_m
    touched = (ends_m >= from_m) & (starts_m <= to_m) & (length_m > 0)
    if not touched.any():
        return None
    # Each leg is cut to the stretch; a straight slope is highest at one of its ends.
    cut = [
        np.clip((edge_m - starts_m[touched]) / length_m[touched], 0, 1) for edge_m in (from_m, to_m)
    ]
    rise_m = head_m[touched] - tail_m[touched]
    shares = [legs.start[touched] + c * (legs.end - legs.start)[touched] for c in cut]
    heights_m = np.concatenate([tail_m[touched] + rise_m * share for share in shares])
    known = heights_m[np.isfinite(heights_m)]
    return float(known.max()) if len(known) else None
