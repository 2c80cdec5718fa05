"""Overlay of hazard areas on the road graph.

A hazard's area is intersected with the edges once. All later steps are arithmetic on shares of
edges, which is additive over concatenation and does not depend on how an edge is split.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from routing.geometry.lines import surrounding
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import edges_in, edges_touching
from routing.index_ranges import joined_ranges
from routing.indexed_sequence import IndexedSequence
from routing.travel.hazard import Hazard
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Half the width given to a hazard drawn as a line or a point, metres [A]. Most hazards are areas;
#: a line drawn along a road has to meet the road although two drawings never coincide.
TOLERANCE_M: Final = 50.0


@dataclass(frozen=True, eq=False)
class HazardContact:
    """The parts of a graph's edges that lie inside one hazard.

    Parameters
    ----------
    hazard
        The record.
    area
        The hazard's polygonal area, degrees.
    edge
        int64 [n], ascending; an edge may occur several times.
    start, end
        float64 [n], the part inside as shares of the edge; equal where the edge only touches the
        area.
    """

    hazard: Hazard
    area: BaseGeometry
    edge: Ints
    start: Floats
    end: Floats

    @cached_property
    def edges(self) -> Ints:
        """Edges that the hazard touches, even in a single point: int64 [k], ascending, unique."""
        return np.unique(self.edge)

    def of(self, hazard: Hazard) -> "HazardContact":
        """Return the same overlay for another version of the hazard's record."""
        return HazardContact(hazard, self.area, self.edge, self.start, self.end)

    def parts(self, legs: Legs) -> tuple[Ints, Floats, Floats]:
        """Return the parts of the given legs that lie inside the hazard.

        Returns
        -------
        (leg int64 [m], start float64 [m], end float64 [m])
            For each part, the index of its leg and the shares of the leg's edge at which the part
            begins and ends, start <= end; a mere touch is a part of length 0.
        """
        first = np.searchsorted(self.edge, legs.edge, "left")
        count = np.searchsorted(self.edge, legs.edge, "right") - first
        leg = np.repeat(np.arange(len(legs.edge)), count)
        within = np.arange(len(leg)) - np.repeat(np.cumsum(count) - count, count)
        row = first[leg] + within
        start = np.maximum(self.start[row], legs.start[leg])
        end = np.minimum(self.end[row], legs.end[leg])
        met = start <= end
        return leg[met], start[met], end[met]

    def share_of(self, legs: Legs) -> Floats:
        """Return each leg's length inside the hazard, as a share of its edge, float64 [legs]."""
        leg, start, end = self.parts(legs)
        return np.bincount(leg, end - start, len(legs.edge))

    def meets(self, legs: Legs) -> NDArray[np.bool_]:
        """Return which legs touch the hazard, even in a single point."""
        met = np.zeros(len(legs.edge), dtype=np.bool_)
        met[self.parts(legs)[0]] = True
        return met


@dataclass(frozen=True, eq=False)
class Closure(HazardContact):
    """Overlay of an area that closes every edge it touches; parts are computed on demand.

    Most callers need only the touched edges. The parts inside are computed on demand, as they
    matter only where a route begins or ends on a touched edge. ``edge`` has each edge once;
    ``start`` and ``end`` are placeholders (0 and 1).

    Parameters
    ----------
    graph
        The graph of the edges.
    """

    graph: RoadGraph

    @classmethod
    def lay(cls, graph: RoadGraph, areas: Mapping[Hazard, Polygon]) -> tuple[Self, ...]:
        """Overlay valid polygons on the edges of a graph."""
        laid = zip(areas.items(), edges_touching(graph, tuple(areas.values())), strict=True)
        return tuple(
            cls(hazard, area, edges, np.zeros(len(edges)), np.ones(len(edges)), graph)
            for (hazard, area), edges in laid
        )

    @cached_property
    def edges(self) -> Ints:
        """Edges that the area touches, even in a single point: int64 [k], ascending, unique."""
        return self.edge

    def of(self, hazard: Hazard) -> "Closure":
        """Return the same overlay for another version of the hazard's record."""
        return replace(self, hazard=hazard)

    def parts(self, legs: Legs) -> tuple[Ints, Floats, Floats]:
        """Return the parts of the given legs that lie inside the area.

        Returns
        -------
        (leg int64 [m], start float64 [m], end float64 [m])
            For each part, the index of its leg and the shares of the leg's edge at which the part
            begins and ends, start <= end; a mere touch is a part of length 0.
        """
        asked = np.unique(legs.edge[self._among(legs.edge)])
        return _cut_to(self.graph, self.hazard, self.area, asked).parts(legs)

    def meets(self, legs: Legs) -> NDArray[np.bool_]:
        """Return which legs touch the area, even in a single point."""
        met = self._among(legs.edge)
        # A leg along a whole edge meets the area if the edge does. For a leg along part of an edge,
        # the parts inside the area are computed.
        rows = np.flatnonzero(met & ((legs.start > 0) | (legs.end < 1)))
        if len(rows):
            asked = legs.only(rows)
            met[rows] = False
            met[rows[self.parts(asked)[0]]] = True
        return met

    def _among(self, edges: Ints) -> NDArray[np.bool_]:
        """Return which of the given edges the area touches."""
        if not len(self.edge):
            return np.zeros(len(edges), dtype=np.bool_)
        place = np.minimum(np.searchsorted(self.edge, edges), len(self.edge) - 1)
        return np.asarray(self.edge[place] == edges)


class Contacts(IndexedSequence[HazardContact]):
    """Hazards overlaid on one graph, with an index to find the hazards on a route."""

    @cached_property
    def _rows(self) -> tuple[Ints, Ints]:
        """Index of touched edges: (edge int64 [n], ascending; number of the contact int64 [n])."""
        touched = [item.edges for item in self._items]
        edge = np.concatenate([np.zeros(0, dtype=np.int64), *touched])
        index = np.repeat(np.arange(len(touched)), [len(edges) for edges in touched])
        order = np.argsort(edge, kind="stable")
        return edge[order], index[order]

    @cached_property
    def boxes(self) -> Floats:
        """West, south, east and north of each area, float64 [n, 4], degrees."""
        return shapely.bounds([item.area for item in self._items]).reshape(-1, 4)

    def on(self, edges: Ints) -> list[int]:
        """Return the indices of the hazards that touch any of the given edges, ascending."""
        edge, index = self._rows
        if not len(edge) or not len(edges):
            return []
        first = np.searchsorted(edge, edges)
        met = edge[np.minimum(first, len(edge) - 1)] == edges
        first = first[met]
        if not len(first):
            return []
        count = np.searchsorted(edge, edges[met], side="right") - first
        rows = joined_ranges(first, count)
        found: list[int] = np.unique(index[rows]).tolist()
        return found


def contact(graph: RoadGraph, hazard: Hazard, tolerance_m: float = TOLERANCE_M) -> HazardContact:
    """Overlay a hazard on the edges of a graph.

    The part of a straight segment inside an area is computed exactly, in degrees: shares along a
    straight line are the same in degrees as on the ground. For shares of a whole edge, the segments
    are weighted by their lengths in metres.

    Parameters
    ----------
    graph
        The road graph.
    hazard
        The record.
    tolerance_m
        Half the width given to lines and points, metres.
    """
    area = surrounding(shapely.make_valid(hazard.geometry), tolerance_m)
    edges = np.sort(np.asarray(edges_in(graph, area), dtype=np.int64))
    return _cut_to(graph, hazard, area, edges)


def _cut_to(graph: RoadGraph, hazard: Hazard, area: BaseGeometry, edges: Ints) -> HazardContact:
    """Return the contact of a hazard with edges: their parts inside its area, by ascending edge.

    ``edges`` are int64 [k], ascending, each once.
    """
    shapely.prepare(area)
    pieces = _Segments.of(graph, edges)
    inside = np.asarray(shapely.covers(area, pieces.shape))
    cut = np.unique(pieces.edge[~inside])
    entire = edges[~np.isin(edges, cut)]
    columns = [
        (entire, np.zeros(len(entire)), np.ones(len(entire))),
        pieces.spans(inside & np.isin(pieces.edge, cut)),
        _cut(area, pieces.only(~inside)),
    ]
    edge, start, end = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.lexsort((start, edge))
    return HazardContact(hazard, area, edge[order], start[order], end[order])


@dataclass(frozen=True, eq=False, slots=True)
class _Segments:
    """Edges split into straight segments.

    ``edge`` int64 [n]; ``shape`` geometries [n]; ``origin`` and ``step`` float64 [n, 2], degrees;
    ``begin`` and ``finish`` float64 [n], shares of the edge.
    """

    edge: Ints
    shape: NDArray[np.object_]
    origin: Floats
    step: Floats
    begin: Floats
    finish: Floats

    @classmethod
    def of(cls, graph: RoadGraph, edges: Ints) -> "_Segments":
        flat, along, count = graph.edge_lines(edges)
        owner = np.repeat(edges, count)
        first = np.flatnonzero(owner[:-1] == owner[1:])
        origin, end = flat[first], flat[first + 1]
        shape = np.empty(len(first), dtype=np.object_)
        # A segment without length becomes a point: as a line it would intersect nothing.
        is_point = (origin == end).all(axis=1)
        shape[is_point] = shapely.points(origin[is_point])
        shape[~is_point] = shapely.linestrings(np.stack([origin, end], axis=1)[~is_point])
        return cls(owner[first], shape, origin, end - origin, along[first], along[first + 1])

    def only(self, rows: NDArray[np.bool_] | Ints) -> "_Segments":
        """Select segments by a mask or by indices."""
        return _Segments(
            self.edge[rows],
            self.shape[rows],
            self.origin[rows],
            self.step[rows],
            self.begin[rows],
            self.finish[rows],
        )

    def spans(self, rows: NDArray[np.bool_]) -> tuple[Ints, Floats, Floats]:
        """Return edge, begin and end (shares of the edge) of whole segments, arrays [k] each."""
        return self.edge[rows], self.begin[rows], self.finish[rows]


def _cut(area: BaseGeometry, pieces: _Segments) -> tuple[Ints, Floats, Floats]:
    """Return the parts of segments inside an area: edge, begin and end (shares of the edge), [k].

    Begin and end are equal where a segment only touches the area.
    """
    pieces = pieces.only(np.asarray(shapely.intersects(area, pieces.shape), dtype=np.bool_))
    parts, row = shapely.get_parts(shapely.intersection(pieces.shape, area), return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    pick, owner = np.arange(len(points)), row[part]
    # The share of the segment before a point is read off the axis, longitude or latitude, along
    # which the segment is longer, so that nothing is divided by a value near zero.
    axis = np.argmax(np.abs(pieces.step[owner]), axis=1)
    length = pieces.step[owner, axis]
    offset = points[pick, axis] - pieces.origin[owner, axis]
    share = np.divide(offset, length, out=np.zeros(len(points)), where=length != 0).clip(0.0, 1.0)
    low, high = np.ones(len(parts)), np.zeros(len(parts))
    np.minimum.at(low, part, share)
    np.maximum.at(high, part, share)
    begin, width = pieces.begin[row], pieces.finish[row] - pieces.begin[row]
    return pieces.edge[row], begin + low * width, begin + high * width
