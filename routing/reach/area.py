"""Areas around what is reached: whole, nested, bounded in size, and with no small holes.

An outline that followed every reached road would draw a map of the roads that nobody may use: a
road that is banned without a public reason would show as a slit or a hole (P36). So reached roads
are marked on square cells, gaps narrower than `GAP_M` are closed, and holes smaller than
`LEAST_HOLE_M2` are filled. What everybody may know is cut out again: published exclusions, and
nodes and roads of other countries (P33).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from routing.errors import InvalidRequest
from routing.geometry.geodesy import METRES_PER_DEGREE, UNITS_PER_DEGREE
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import edges_of
from routing.reach.cells import CellFrame, closed, dilated, filled
from routing.reach.spread import EdgeSpread, Spread

type Area = Polygon | MultiPolygon
type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Holes smaller than this are filled, square metres: a circle of 20 km across. A threat
#: that people pose is published by no less than 20 km of road (P36), so the place of one that is
#: not published must not show any finer.
LEAST_HOLE_M2: Final = math.pi * 10_000.0**2

#: Gaps narrower than this between reached roads are closed, metres [A]: what lies between is less
#: than 500 m from a reached road, a few minutes on foot.
GAP_M: Final = 1_000.0

#: Most vertices of all outlines of one request together [A]: 200 kB as GeoJSON. Vertices where land
#: beside roads abroad, or a published exclusion, is cut off are not included.
MOST_VERTICES: Final = 5_000

#: Most cells of a window [A]: an operation on one takes some hundredths of a second.
MOST_CELLS: Final = 4_000_000

#: Side of the smallest cells, metres: half a block of houses [A]. Larger sides are this times a
#: power of 2.
FINEST_CELL_M: Final = 25.0

#: Number of cells along the longest range in a straight line [A]: 50 m wide for an hour on foot.
CELLS_ACROSS: Final = 128

#: Width by which an area is widened to cover a smaller area in spite of rounding, degrees: a tenth
#: of a millimetre, which is less than the error of any map.
_ROUNDING_DEG: Final = 1e-9

#: Distance between the points along roads abroad from which the land beside them is cut off,
#: metres [A].
_ABROAD_STEP_M: Final = 25.0

#: Most points along roads abroad [A]: if there are more, the distance between points is doubled. To
#: cut off the land beside so many takes a tenth of a second.
_MOST_ABROAD: Final = 5_000


@dataclass(frozen=True, eq=False, slots=True)
class RangeArea:
    """The area within one range.

    Parameters
    ----------
    value
        The range, seconds or metres.
    geometry
        Polygon or MultiPolygon, degrees, WGS 84, valid, the largest part first.
    area_m2
        Its area, square metres.
    """

    value: float
    geometry: Area
    area_m2: float


@dataclass(frozen=True, slots=True)
class AreaRules:
    """How areas are drawn.

    Parameters
    ----------
    least_hole_m2
        Holes smaller than this are filled, square metres.
    gap_m
        Gaps narrower than this are closed, metres.
    most_vertices
        Most vertices of all outlines together; cells are widened until these suffice.
    """

    least_hole_m2: float = LEAST_HOLE_M2
    gap_m: float = GAP_M
    most_vertices: int = MOST_VERTICES


@dataclass(frozen=True, eq=False, slots=True)
class DrawnAreas:
    """Areas of growing ranges, each within the next.

    Parameters
    ----------
    areas
        One area for each range, ascending.
    within_m
        No place of an area is farther than this from a reached road, metres.
    """

    areas: tuple[RangeArea, ...]
    within_m: float


def draw_areas(
    graph: RoadGraph,
    spread: Spread,
    ranges: Sequence[float],
    across_m: float,
    lat: float,
    bans: Sequence[BaseGeometry] = (),
    rules: AreaRules | None = None,
) -> DrawnAreas:
    """Draw the areas within some ranges of a search.

    Each area is valid, covers every reached node and reached part of an edge, lies within the area
    of the next range, and touches no road of a country without a reached node. A reached node at
    the very place of a node abroad (the halves of a split crossing) is covered all the same.

    Parameters
    ----------
    spread
        What the longest range reaches.
    ranges
        Ascending.
    across_m
        Estimate of how far the longest range leads in a straight line, metres: it sets the size of
        the cells.
    lat
        Latitude at which cells are square, degrees. Like ``across_m`` it has to depend on the
        request alone, so that the lattice of cells reveals nothing of roads or hazards.
    bans
        Areas to leave out, degrees: published exclusions, which no reached road touches.

    Raises
    ------
    InvalidRequest
        Nothing is within the shortest range.
    """
    rules = rules or AreaRules()
    if not len(spread.parts.edge) or spread.parts.used.min() > ranges[0]:
        raise InvalidRequest("range", "nothing_within", value=ranges[0])
    cell_m = FINEST_CELL_M
    while cell_m * CELLS_ACROSS < across_m:
        cell_m *= 2.0
    while True:
        drawing = _Drawing(graph, spread, cell_m, lat, rules)
        if drawing.is_small:
            outlined = [drawing.outlined(value) for value in ranges]
            if drawing.is_coarsest or _vertices(outlined) <= rules.most_vertices:
                break
        cell_m *= 2.0
    areas = _nested([drawing.cut(parts, bans) for parts in outlined])
    pairs = zip(ranges, areas, strict=True)
    drawn = tuple(RangeArea(value, area, _area_m2(area)) for value, area in pairs)
    return DrawnAreas(drawn, drawing.within_m)


@dataclass(frozen=True, eq=False, slots=True)
class _Samples:
    """Points along reached roads.

    ``point`` float64 [n, 2], degrees; ``used`` float64 [n], seconds or metres of the range used up
    to get there; ``country`` int64 [n], index in the graph's countries, -1 where not known.
    """

    point: Floats
    used: Floats
    country: Ints


class _Drawing:
    """Reached roads and roads abroad on cells of one size."""

    def __init__(
        self, graph: RoadGraph, spread: Spread, cell_m: float, lat: float, rules: AreaRules
    ) -> None:
        self._graph = graph
        self._cell_m = cell_m
        self._rules = rules
        self._samples = _samples(graph, spread, cell_m)
        self._gap = math.ceil(rules.gap_m / 2.0 / cell_m)
        self.frame = CellFrame.around(self._samples.point, cell_m, lat, 2 * self._gap + 4)

    @property
    def is_small(self) -> bool:
        """Whether the window has few enough cells."""
        return self.frame.rows * self.frame.columns <= MOST_CELLS

    @property
    def is_coarsest(self) -> bool:
        """Whether the window is hardly wider than its margin: wider cells would not shrink it."""
        return max(self.frame.rows, self.frame.columns) <= 4 * self._gap + 12

    @property
    def within_m(self) -> float:
        """Greatest distance of a place in an area from a reached road, metres."""
        hole_m = math.sqrt(self._rules.least_hole_m2 / math.pi)
        return math.sqrt(2.0) * (self._gap + 3) * self._cell_m + hole_m

    @cached_property
    def _countries(self) -> dict[int, Bools]:
        """By reached country, which samples lie in it, bool [n].

        Samples of unknown country belong to the first country.
        """
        country = self._samples.country
        found = [code for code in np.unique(country).tolist() if code >= 0] or [-1]
        return {code: (country == code) | ((country < 0) & (code == found[0])) for code in found}

    def outlined(self, value: float) -> dict[int, Area]:
        """Return the outlines of the area within a range, by country."""
        used = self._samples.used <= value
        return {
            country: self._outline(self._samples.point[own & used], country)
            for country, own in self._countries.items()
            if (own & used).any()
        }

    def _outline(self, points: Floats, country: int) -> Area:
        """Return the outline around reached points of one country."""
        reached = dilated(self.frame.mark(points), 1)
        least = self._rules.least_hole_m2 / self._cell_m**2
        mask = filled(closed(reached, self._gap), least)
        foreign, _ = self._abroad[country]
        return self.frame.outline((mask & ~foreign) | reached if foreign.any() else mask)

    def cut(self, outlined: Mapping[int, Area], bans: Sequence[BaseGeometry]) -> Area:
        """Join the outlines of all countries; cut off land beside roads abroad, and ``bans``."""
        parts: list[BaseGeometry] = []
        for country, outline in outlined.items():
            _, abroad = self._abroad[country]
            parts.append(outline if abroad is None else outline.difference(abroad))
        area = shapely.union_all(parts) if len(parts) > 1 else parts[0]
        near = [ban for ban in bans if shapely.intersects(ban, area)]
        if near:
            area = shapely.difference(area, shapely.union_all(near))
        return _polygons(area)

    @cached_property
    def _abroad(self) -> dict[int, tuple[Bools, BaseGeometry | None]]:
        """By country, the cells of nodes and roads of other countries, and the area to cut off.

        Both are computed once, for the longest range, so that areas stay nested.
        """
        found: dict[int, tuple[Bools, BaseGeometry | None]] = {}
        for country, own in self._countries.items():
            foreign = _points_abroad(self._graph, self.frame.box, country, self._cell_m)
            cut = self._cut(self._samples.point[own], country) if len(foreign) else None
            found[country] = dilated(self.frame.mark(foreign), 1), cut
        return found

    def _cut(self, own: Floats, country: int) -> BaseGeometry | None:
        """Return the area nearer to a road abroad than to a reached point; None if there is none.

        Only points near to each other are compared: an outline covers a road abroad only where
        reached points lie in neighbouring cells.
        """
        foreign = self._beside(own, country)
        own = np.unique(own[self._near(own, foreign, 3)], axis=0)
        both = np.concatenate((own, foreign))
        _, first = np.unique(both, axis=0, return_index=True)
        # A place that is both reached and abroad, such as that of the two halves of a split
        # crossing, is treated as reached.
        is_foreign = first >= len(own)
        if not is_foreign.any():
            return None
        seeds, window = shapely.MultiPoint(both[first]), shapely.box(*self.frame.box)
        cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=window, ordered=True))
        near = self.frame.outline(dilated(self.frame.mark(both[first][is_foreign]), 1))
        return shapely.union_all(cells[is_foreign]).intersection(near)

    def _beside(self, own: Floats, country: int) -> Floats:
        """Return points along roads abroad that lie within two cells of a reached point."""
        roads = _roads_abroad(self._graph, self.frame.box, country)
        point, _, edge = _along(self._graph, _whole(roads), self._cell_m)
        mixed = np.unique(edge[self._near(point, own, 3)])
        step_m = min(_ABROAD_STEP_M, self._cell_m)
        while True:
            point, _, _ = _along(self._graph, _whole(mixed), step_m)
            every = np.concatenate((point, _nodes_abroad(self._graph, country)))
            found = np.unique(every[self._near(every, own, 2)], axis=0)
            if len(found) <= _MOST_ABROAD or step_m > self._cell_m:
                return found
            step_m *= 2.0

    def _near(self, points: Floats, others: Floats, cells: int) -> Bools:
        """Return which points lie within ``cells`` cells of any of ``others``, bool [n]."""
        return self.frame.holds(dilated(self.frame.mark(others), cells), points)


def _samples(graph: RoadGraph, spread: Spread, step_m: float) -> _Samples:
    """Return points along the reached parts of edges, reached nodes among them."""
    point, used, edge = _along(graph, _longer(graph, spread.parts, step_m), step_m)
    country = graph.node_country.astype(np.int64)
    # Points along border edges are left out, as they are in neither country; their end nodes stay.
    tail, head = country[graph.edge_tail[edge]], country[graph.edge_head[edge]]
    inland = (tail == head) | (tail < 0) | (head < 0)
    node = spread.node
    nodes = np.column_stack((graph.node_lon[node], graph.node_lat[node])) / UNITS_PER_DEGREE
    return _Samples(
        np.concatenate((point[inland], nodes)),
        np.concatenate((used[inland], spread.used)),
        np.concatenate((np.maximum(tail, head)[inland], country[node])),
    )


def _longer(graph: RoadGraph, parts: EdgeSpread, step_m: float) -> EdgeSpread:
    """Return the parts that may lead farther than ``step_m`` from the node at which they begin.

    Parts that begin within an edge, at a place, are included.
    """
    tail, head = graph.edge_tail[parts.edge], graph.edge_head[parts.edge]
    across = np.hypot(
        (graph.node_lon[tail] - graph.node_lon[head]) / UNITS_PER_DEGREE,
        (graph.node_lat[tail] - graph.node_lat[head]) / UNITS_PER_DEGREE,
    )
    begins_inside = (parts.start > 0) & (parts.start < 1)
    is_long = graph.lengths_m(parts.edge) > step_m
    return parts.only(begins_inside | is_long | (across * METRES_PER_DEGREE > step_m))


def _along(graph: RoadGraph, parts: EdgeSpread, step_m: float) -> tuple[Floats, Floats, Ints]:
    """Return points along parts of edges, [n, 2]; and for each, the range used up and the edge."""
    line, share, count = graph.edge_lines(parts.edge)
    of = np.repeat(np.arange(len(parts.edge)), count)
    last = np.cumsum(count) - 1
    first = np.ones(len(of), dtype=np.bool_)
    first[last] = False
    row = np.flatnonzero(first)
    low = np.minimum(parts.start, parts.end)[of[row]]
    high = np.maximum(parts.start, parts.end)[of[row]]
    begin, end = np.maximum(share[row], low), np.minimum(share[row + 1], high)
    kept = begin <= end
    row, begin, end = row[kept], begin[kept], end[kept]
    width = share[row + 1] - share[row]
    safe = np.where(width > 0, width, 1.0)
    step = (line[row + 1] - line[row]) / safe[:, np.newaxis]
    long_deg = np.abs(step).max(axis=1) * (end - begin)
    pieces = np.ceil(long_deg * METRES_PER_DEGREE / step_m).astype(np.int64)
    pieces = np.maximum(pieces, 1)
    owner = np.repeat(np.arange(len(row)), pieces + 1)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(pieces + 1) - pieces - 1, pieces + 1)
    at = begin[owner] + (end - begin)[owner] * within / pieces[owner]
    point = line[row[owner]] + step[owner] * (at - share[row[owner]])[:, np.newaxis]
    part = of[row[owner]]
    used = parts.used[part] + np.abs(at - parts.start[part]) * parts.whole[part]
    return point, used, parts.edge[part]


def _whole(edges: Ints) -> EdgeSpread:
    count = len(edges)
    return EdgeSpread(edges, np.zeros(count), np.ones(count), np.zeros(count), np.zeros(count))


def _roads_abroad(graph: RoadGraph, box: tuple[float, float, float, float], country: int) -> Ints:
    """Return the edges near a box whose both ends lie in other countries than ``country``."""
    edges = np.unique(edges_of(graph, graph.grid.segments_in_box(*box)))
    ends = graph.node_country[np.stack((graph.edge_tail[edges], graph.edge_head[edges]))]
    return np.asarray(edges[((ends != country) & (ends >= 0)).all(axis=0)])


def _nodes_abroad(graph: RoadGraph, country: int) -> Floats:
    """Return the nodes of all other countries than ``country``, float64 [n, 2], degrees."""
    lone = np.flatnonzero((graph.node_country != country) & (graph.node_country >= 0))
    return np.column_stack((graph.node_lon[lone], graph.node_lat[lone])) / UNITS_PER_DEGREE


def _points_abroad(
    graph: RoadGraph, box: tuple[float, float, float, float], country: int, step_m: float
) -> Floats:
    """Return the nodes in a box that lie in other countries, and points along roads there."""
    if country < 0 or len(graph.meta.countries) < 2:  # noqa: PLR2004 -- there is no other one
        return np.zeros((0, 2))
    point, _, _ = _along(graph, _whole(_roads_abroad(graph, box, country)), step_m)
    every = np.concatenate((point, _nodes_abroad(graph, country)))
    west, south, east, north = box
    inside = (every >= (west, south)).all(axis=1) & (every <= (east, north)).all(axis=1)
    return every[inside]


def _vertices(outlined: Sequence[Mapping[int, Area]]) -> int:
    parts = [outline for one in outlined for outline in one.values()]
    return int(shapely.get_num_coordinates(parts).sum())


def _nested(areas: Sequence[Area]) -> list[Area]:
    """Return the areas, widened if needed so that each covers the one before exactly.

    Where two areas were cut along the same line, rounding may let the smaller one protrude by less
    than a millionth of a millimetre.
    """
    nested: list[Area] = []
    for area in areas:
        if nested and not area.covers(nested[-1]):
            area = _polygons(area.union(nested[-1].buffer(_ROUNDING_DEG)))  # noqa: PLW2901
        nested.append(area)
    return nested


def _polygons(area: BaseGeometry) -> Area:
    """Return the polygons of a geometry, the largest first, with rings oriented as in RFC 7946."""
    parts = shapely.get_parts(shapely.get_parts(area))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    order = np.argsort(-shapely.area(polygons), kind="stable")
    polygons = shapely.orient_polygons(polygons[order])
    whole = polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)
    assert isinstance(whole, Polygon | MultiPolygon)  # noqa: S101 -- made of polygons
    return whole


def _area_m2(area: Area) -> float:
    """Return an area on the sphere's cylindrical equal-area map, square metres."""
    flat = shapely.transform(
        area,
        lambda place: np.column_stack(
            (
                place[:, 0] * METRES_PER_DEGREE,
                np.degrees(np.sin(np.radians(place[:, 1]))) * METRES_PER_DEGREE,
            )
        ),
    )
    return float(flat.area)
