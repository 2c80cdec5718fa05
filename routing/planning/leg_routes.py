"""Routes (with line, exposure and hazards) of the few legs of a table that a response shows."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from routing.engine.shortest_path_tree import ShortestPathTree
from routing.route.route import Route, make_route
from routing.router.reachability import Reacher, ReachRequest

type Floats = NDArray[np.float64]

#: Rows of the places where a leg begins and ends.
type Ends = tuple[int, int]


def leg_routes(reacher: Reacher, asked: ReachRequest, ends: Iterable[Ends]) -> Mapping[Ends, Route]:
    """Return the routes of some legs of a table by `routing.planning.leg_table.leg_table`.

    Parameters
    ----------
    reacher, asked
        The network, and the request for which `leg_table` made the table.
    ends
        The legs, each by the rows of its two places.

    Returns
    -------
    The route of each leg, with the same figures as in the table. Times in a route assume departure
    at ``asked.at`` and no waits; `ItineraryDay` has the real ones.

    Raises
    ------
    OffNetwork
        A place lies off the network, so that it has no legs.
    """
    routes: dict[Ends, Route] = {}
    for origin, legs in groupby(sorted(set(ends)), key=lambda leg: leg[0]):
        others = [destination for _, destination in legs]
        targets = [asked.targets[other] for other in others]
        tree = reacher.tree(replace(asked, start=asked.targets[origin], targets=targets))
        for row, other in enumerate(others):
            route = _route(tree, row, asked)
            if route is not None:
                routes[origin, other] = route
    return routes


def _route(tree: ShortestPathTree, row: int, asked: ReachRequest) -> Route | None:
    path, snap = tree.path(row), tree.targets[row]
    if path is None or snap is None:
        return None
    model = tree.metric.model
    by_day = np.zeros(len(path), np.bool_)
    return make_route(
        tree.metric.travel, path, model.contacts, by_day, (tree.start, snap), asked.at
    )


def heights_m(reacher: Reacher, asked: ReachRequest) -> Floats:
    """Return the height of the road at each target, float64 [T], metres; NaN where not known.

    The height is interpolated between the ends of the edge to which the target is snapped; it is
    NaN for a target off the network.
    """
    graph = reacher.graph
    heights = np.full(len(asked.targets), np.nan)
    for row, snap in enumerate(reacher.snaps(asked)):
        if snap is not None:
            ends = graph.edge_tail[snap.edge], graph.edge_head[snap.edge]
            low, high = (float(graph.node_elevation_m[node]) for node in ends)
            heights[row] = low + snap.fraction * (high - low)
    return heights
