"""Where hazards lie on the road.

A hazard's area is laid over the edges once; from then on everything is arithmetic on shares of
edges, which is additive over concatenation and does not depend on how an edge is split.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Self, overload

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from routing.geometry.lines import surrounding
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import edges_in, edges_touching
from routing.travel.hazard import Hazard
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Half the width given to a hazard drawn as a line or a point [A]. Hazards come as areas as a
#: rule; a line drawn along a road has to meet it although two drawings never coincide.
TOLERANCE_M: Final = 50.0


@dataclass(frozen=True, eq=False)
class HazardContact:
    """Where one hazard lies on a graph's edges.

    Parameters
    ----------
    hazard
        The record.
    area
        Its polygonal area in degrees.
    edge
        int64 [n], rising; an edge may occur several times.
    start, end
        float64 [n], the inside part as shares of the edge; equal where it only touches.
    """

    hazard: Hazard
    area: BaseGeometry
    edge: Ints
    start: Floats
    end: Floats

    @cached_property
    def edges(self) -> Ints:
        """The edges that it touches, be it in one point: int64 [k], rising, each once."""
        return np.unique(self.edge)

    def of(self, hazard: Hazard) -> "HazardContact":
        """Return the same place for another reading of the record."""
        return HazardContact(hazard, self.area, self.edge, self.start, self.end)

    def parts(self, legs: Legs) -> tuple[Ints, Floats, Floats]:
        """Cut the inside parts to the given legs.

        Returns
        -------
        (leg int64 [m], start float64 [m], end float64 [m]), shares of the leg's edge, start <= end;
        parts that only touch a leg are kept with no length.
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
        """Share of each leg's *edge* that the leg spends inside, float64 [legs]."""
        leg, start, end = self.parts(legs)
        return np.bincount(leg, end - start, len(legs.edge))

    def meets(self, legs: Legs) -> NDArray[np.bool_]:
        """Return which legs touch the hazard at all, be it in one point."""
        met = np.zeros(len(legs.edge), dtype=np.bool_)
        met[self.parts(legs)[0]] = True
        return met


@dataclass(frozen=True, eq=False)
class Closure(HazardContact):
    """Where an area lies that closes whatever it touches.

    Which edges that are is all that most need to know: only where a way begins or ends on one of
    them is it cut, when somebody asks. ``edge`` has each once, ``start`` and ``end`` say nothing.

    Parameters
    ----------
    graph
        Whose edges these are.
    """

    graph: RoadGraph

    @classmethod
    def lay(cls, graph: RoadGraph, areas: Mapping[Hazard, Polygon]) -> tuple[Self, ...]:
        """Lay valid polygons over the edges of a graph."""
        laid = zip(areas.items(), edges_touching(graph, tuple(areas.values())), strict=True)
        return tuple(
            cls(hazard, area, edges, np.zeros(len(edges)), np.ones(len(edges)), graph)
            for (hazard, area), edges in laid
        )

    @cached_property
    def edges(self) -> Ints:
        """The edges that it touches, be it in one point: int64 [k], rising, each once."""
        return self.edge

    def of(self, hazard: Hazard) -> "Closure":
        """Return the same place for another reading of the record."""
        return replace(self, hazard=hazard)

    def parts(self, legs: Legs) -> tuple[Ints, Floats, Floats]:
        """Cut the inside parts to the given legs, as `HazardContact.parts`."""
        asked = np.unique(legs.edge[self._among(legs.edge)])
        return _cut_to(self.graph, self.hazard, self.area, asked).parts(legs)

    def meets(self, legs: Legs) -> NDArray[np.bool_]:
        """Return which legs touch the area at all, be it in one point."""
        met = self._among(legs.edge)
        # Of a whole edge that is known.
        rows = np.flatnonzero(met & ((legs.start > 0) | (legs.end < 1)))
        if len(rows):
            asked = legs.only(rows)
            met[rows] = False
            met[rows[self.parts(asked)[0]]] = True
        return met

    def _among(self, edges: Ints) -> NDArray[np.bool_]:
        """Return which of some edges it touches."""
        if not len(self.edge):
            return np.zeros(len(edges), dtype=np.bool_)
        place = np.minimum(np.searchsorted(self.edge, edges), len(self.edge) - 1)
        return np.asarray(self.edge[place] == edges)


class Contacts(Sequence[HazardContact]):
    """Hazards laid over one graph, of which those on a way are found at once.

    Parameters
    ----------
    contacts
        In any order, which is kept.
    """

    def __init__(self, contacts: Iterable[HazardContact] = ()) -> None:
        self._contacts = tuple(contacts)

    @classmethod
    def of(cls, contacts: Sequence[HazardContact]) -> "Contacts":
        """Give contacts as such a sequence; one that is one already is kept with what it knows."""
        return contacts if isinstance(contacts, Contacts) else cls(contacts)

    @overload
    def __getitem__(self, index: int) -> HazardContact: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[HazardContact]: ...

    def __getitem__(self, index: int | slice) -> HazardContact | Sequence[HazardContact]:
        """Return one, or some."""
        return self._contacts[index]

    def __len__(self) -> int:
        """Count them."""
        return len(self._contacts)

    @cached_property
    def _rows(self) -> tuple[Ints, Ints]:
        """(edge int64 [n], rising; contact int64 [n]): which edges each touches."""
        touched = [item.edges for item in self._contacts]
        edge = np.concatenate([np.zeros(0, dtype=np.int64), *touched])
        index = np.repeat(np.arange(len(touched)), [len(edges) for edges in touched])
        order = np.argsort(edge, kind="stable")
        return edge[order], index[order]

    @cached_property
    def boxes(self) -> Floats:
        """West, south, east and north of each area, float64 [n, 4], degrees."""
        return shapely.bounds([item.area for item in self._contacts]).reshape(-1, 4)

    def on(self, edges: Ints) -> list[int]:
        """Return the numbers of the contacts that touch any of some edges, rising."""
        edge, index = self._rows
        if not len(edge) or not len(edges):
            return []
        first = np.searchsorted(edge, edges)
        met = edge[np.minimum(first, len(edge) - 1)] == edges
        first = first[met]
        if not len(first):
            return []
        count = np.searchsorted(edge, edges[met], side="right") - first
        begin = np.cumsum(count) - count
        rows = np.arange(count.sum()) + np.repeat(first - begin, count)
        found: list[int] = np.unique(index[rows]).tolist()
        return found


def contact(graph: RoadGraph, hazard: Hazard, tolerance_m: float = TOLERANCE_M) -> HazardContact:
    """Lay a hazard over the edges of a graph.

    The part of a straight segment inside an area is found exactly, in degrees, where shares along a
    straight line are the same as on the ground; segments count by their length in metres.

    Parameters
    ----------
    graph
        The road graph.
    hazard
        The record.
    tolerance_m
        Half the width given to lines and points.
    """
    area = surrounding(shapely.make_valid(hazard.geometry), tolerance_m)
    edges = np.sort(np.asarray(edges_in(graph, area), dtype=np.int64))
    return _cut_to(graph, hazard, area, edges)


def _cut_to(graph: RoadGraph, hazard: Hazard, area: BaseGeometry, edges: Ints) -> HazardContact:
    """Cut edges, int64 [k], rising, each once, to what of them lies in an area."""
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
        # A segment without length is a point: as a line it would meet nothing.
        is_point = (origin == end).all(axis=1)
        shape[is_point] = shapely.points(origin[is_point])
        shape[~is_point] = shapely.linestrings(np.stack([origin, end], axis=1)[~is_point])
        return cls(owner[first], shape, origin, end - origin, along[first], along[first + 1])

    def only(self, rows: NDArray[np.bool_] | Ints) -> "_Segments":
        """Keep some rows."""
        return _Segments(
            self.edge[rows],
            self.shape[rows],
            self.origin[rows],
            self.step[rows],
            self.begin[rows],
            self.finish[rows],
        )

    def spans(self, rows: NDArray[np.bool_]) -> tuple[Ints, Floats, Floats]:
        """Return (edge, from, to) of whole segments."""
        return self.edge[rows], self.begin[rows], self.finish[rows]


def _cut(area: BaseGeometry, pieces: _Segments) -> tuple[Ints, Floats, Floats]:
    """Find the parts of segments inside an area: (edge, from, to), touches without length."""
    pieces = pieces.only(np.asarray(shapely.intersects(area, pieces.shape), dtype=np.bool_))
    parts, row = shapely.get_parts(shapely.intersection(pieces.shape, area), return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    pick, owner = np.arange(len(points)), row[part]
    # The longer of the two axes gives the share without dividing by nearly nothing.
    axis = np.argmax(np.abs(pieces.step[owner]), axis=1)
    length = pieces.step[owner, axis]
    offset = points[pick, axis] - pieces.origin[owner, axis]
    share = np.divide(offset, length, out=np.zeros(len(points)), where=length != 0).clip(0.0, 1.0)
    low, high = np.ones(len(parts)), np.zeros(len(parts))
    np.minimum.at(low, part, share)
    np.maximum.at(high, part, share)
    begin, width = pieces.begin[row], pieces.finish[row] - pieces.begin[row]
    return pieces.edge[row], begin + low * width, begin + high * width
