"""Reached parts of roads, with the time or length used up at both ends.

Segments trace every road that may be used, and so reveal every road that may not: only people who
may know of bans without a public reason may see them. Outlines for everybody are in
`routing.reach.area`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.geometry.lines import between
from routing.graph.road_graph import RoadGraph
from routing.reach.spread import Spread

type Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class TimedSegment:
    """A part of a directed edge, in the direction of travel.

    Parameters
    ----------
    edge
        The edge.
    coordinates
        float64 [k, 2], lon and lat, WGS 84.
    begin, end
        Time or length, in the measure of the search, between the nearest place and the first and
        last vertex. A road that is reached from both its ends has two segments; where they overlap,
        the lower value holds.
    """

    edge: int
    coordinates: Floats
    begin: float
    end: float


def timed_segments(graph: RoadGraph, spread: Spread) -> Iterator[TimedSegment]:
    """Yield the reached parts of edges, in the order of the search."""
    parts = spread.parts
    columns = (parts.edge, parts.start, parts.end, parts.used, parts.whole)
    for edge, start, end, used, whole in zip(*(one.tolist() for one in columns), strict=True):
        low, high = min(start, end), max(start, end)
        coordinates, _ = between(graph.edge_coordinates(edge), low, high)
        ends = (used + abs(share - start) * whole for share in (low, high))
        yield TimedSegment(edge, coordinates, *ends)
