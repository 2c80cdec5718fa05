"""Spatial look-ups in a road graph: nearest edge, edges in an area."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from routing.errors import InvalidRequest, OffNetwork
from routing.geometry.area_segments import segments_touching
from routing.geometry.geodesy import METRES_PER_DEGREE, UNITS_PER_DEGREE
from routing.geometry.segment_grid import Box, NearestSegment, Window, scale_at
from routing.graph._snap_kernel import ANYWHERE, nearest, place_on
from routing.graph.road_graph import RoadGraph
from routing.osm_tags.edge_flags import EdgeFlag, Mode

type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
#: Function that takes edge ids, int64 [k], and returns whether each edge may be used, bool [k].
type Usable = Callable[[Ints], Bools]

_MAX_LATITUDE = 90.0
_MAX_LONGITUDE = 180.0
_NOWHERE = -2  # index of a country that the graph does not have, so that no edge lies in it


@dataclass(frozen=True, slots=True)
class Snap:
    """Point on an edge that a requested point is snapped to.

    Parameters
    ----------
    edge
        A directed edge that the requested mode may use.
    fraction
        0..1 along that edge, by length.
    lon, lat
        Point on the edge, degrees.
    distance_m
        Metres from the requested point to the edge.
    country
        ISO 3166-1 alpha-2 code of the edge, None where not known.
    """

    edge: int
    fraction: float
    lon: float
    lat: float
    distance_m: float
    country: str | None


def snap_to_edge(
    graph: RoadGraph,
    lon: float,
    lat: float,
    mode: Mode,
    country: str | None = None,
    limit_m: float | None = None,
    *,
    which: str = "start",
    usable: Usable | None = None,
) -> Snap:
    """Snap a point to the nearest edge that the mode may use.

    Points never snap to border edges. Where ``country`` is given and the graph knows countries,
    only edges with both ends in that country are considered (P33). ``usable`` returns whether each
    of some edges, int64 [k], may be used; by default the mode decides.

    Raises
    ------
    OffNetwork
        If the nearest edge is further than the limit (``meta.snap_limit_m`` by default), or there
        is none.
    InvalidRequest
        If the coordinates are outside the range of longitude or latitude.
    """
    _check_position(lon, lat)
    limit_m = graph.meta.snap_limit_m if limit_m is None else limit_m
    may = usable or _of_mode(graph, mode)
    wanted = country_index(graph, country)
    met = None
    if wanted != _NOWHERE:
        met = _snap(graph, _nearest(graph, lon, lat, mode, wanted), may)
        if met is None:
            # The nearest edge is open to the mode but not to the request's profile: search among
            # the edges that ``usable`` accepts.
            accept = partial(may_be_met, graph, may=may, country=wanted)
            met = _snap(graph, graph.grid.nearest(lon, lat, accept), may)
    if met is None or met.distance_m > limit_m:
        distance_m = np.inf if met is None else met.distance_m
        raise OffNetwork(which, float(distance_m), limit_m, country)
    return met


def _check_position(lon: float, lat: float) -> None:
    for name, value, limit in (("lon", lon, _MAX_LONGITUDE), ("lat", lat, _MAX_LATITUDE)):
        if not -limit <= value <= limit:  # NaN is refused too
            raise InvalidRequest(name, "not_between", low=-limit, high=limit)


def country_index(graph: RoadGraph, country: str | None) -> int:
    """Return a country's index in a graph; `ANYWHERE` for None or a graph without countries."""
    codes = graph.meta.countries
    if country is None or not codes:
        return ANYWHERE
    return codes.index(country) if country in codes else _NOWHERE


def _nearest(
    graph: RoadGraph, lon: float, lat: float, mode: Mode, country: int
) -> NearestSegment | None:
    """Return the shape segment nearest to a point whose edge a mode may use, None if none."""
    grid, scale = graph.grid, scale_at(lat)

    def look(window: Window) -> NearestSegment | None:
        segment, position, distance_m = nearest(
            lon,
            lat,
            scale,
            window,
            grid.columns,
            grid.cell_start,
            grid.cell_segment,
            graph.shape_lon,
            graph.shape_lat,
            graph.shape_start,
            graph.edge_flags,
            graph.edge_twin,
            graph.edge_tail,
            graph.edge_head,
            graph.node_country,
            int(mode.flag),
            country,
        )
        return None if segment < 0 else NearestSegment(segment, position, distance_m)

    return grid.nearest_by(lon, lat, look)


def _of_mode(graph: RoadGraph, mode: Mode) -> Usable:
    return lambda edges: np.asarray((graph.edge_flags[edges] & mode.flag) != 0)


@dataclass(frozen=True, eq=False, slots=True)
class NearEdges:
    """Edges near a point, the nearest first, and the nearest position on each.

    Of the two directions of a road, only one edge is listed.

    Parameters
    ----------
    edge, segment
        int64 [k], an edge whose road may be used in at least one direction, and the segment of its
        shape nearest to the point.
    position, distance_m
        float64 [k], nearest position along the segment, 0 to 1; metres from the point.
    """

    edge: Ints
    segment: Ints
    position: Floats
    distance_m: Floats

    def __len__(self) -> int:
        """Return the number of near edges."""
        return len(self.edge)

    def only(self, rows: Ints) -> "NearEdges":
        """Return the near edges at the given indices."""
        return NearEdges(
            self.edge[rows], self.segment[rows], self.position[rows], self.distance_m[rows]
        )

    def places(self, graph: RoadGraph) -> Floats:
        """Return the nearest position on each edge, float64 [k, 2], degrees."""
        ends = np.stack((self.segment, self.segment + 1))
        lonlat = np.stack((graph.shape_lon[ends], graph.shape_lat[ends]), axis=2) / UNITS_PER_DEGREE
        at = self.position[:, np.newaxis]
        return np.asarray(lonlat[0] + at * (lonlat[1] - lonlat[0]))

    def snap(self, graph: RoadGraph, row: int, usable: Usable) -> Snap:
        """Return the snap of the point to the near edge at index ``row``."""
        segment, position, distance_m = (
            column[row].item() for column in (self.segment, self.position, self.distance_m)
        )
        snap = _snap(graph, NearestSegment(segment, position, distance_m), usable)
        assert snap is not None  # noqa: S101 -- every edge here is usable
        return snap


def edges_near(
    graph: RoadGraph, point: tuple[float, float], usable: Usable, country: int, limit_m: float
) -> NearEdges:
    """Find all edges to which a point may be snapped, within a distance.

    Parameters
    ----------
    point
        lon, lat in degrees.
    country
        Index of the country that both ends of an edge must lie in, or `ANYWHERE`.
    limit_m
        Metres.
    """
    lon, lat = point
    segments = np.unique(graph.grid.segments_in_box(*box_around(point, limit_m)))
    position, distance_m = graph.grid.project(lon, lat, segments)
    near = distance_m <= limit_m
    near[near] = may_be_met(graph, segments[near], usable, country)
    segments, position, distance_m = segments[near], position[near], distance_m[near]
    order = np.lexsort((segments, distance_m))
    edges = edges_of(graph, segments[order])
    first = np.sort(np.unique(edges, return_index=True)[1])
    rows = order[first]
    return NearEdges(edges[first], segments[rows], position[rows], distance_m[rows])


def box_around(point: tuple[float, float], reach_m: float) -> Box:
    """Return the box that extends ``reach_m`` metres from a point to each side, in degrees."""
    lon, lat = point
    dlat = reach_m / METRES_PER_DEGREE
    dlon = dlat / max(float(np.cos(np.radians(lat))), 1e-6)
    return lon - dlon, lat - dlat, lon + dlon, lat + dlat


def may_be_met(graph: RoadGraph, segments: Ints, may: Usable, country: int) -> Bools:
    """Return whether a point may be snapped to each segment, bool [k]; never to border edges.

    Parameters
    ----------
    country
        Index of a country, or `ANYWHERE`, as for `edges_near`.
    """
    edges = edges_of(graph, segments)
    twins = graph.edge_twin[edges]
    usable = may(edges) | ((twins >= 0) & may(np.maximum(twins, 0)))
    usable &= (graph.edge_flags[edges] & (EdgeFlag.BORDER | EdgeFlag.THRESHOLD)) == 0
    if country != ANYWHERE:
        usable &= graph.node_country[graph.edge_tail[edges]] == country
        usable &= graph.node_country[graph.edge_head[edges]] == country
    return np.asarray(usable)


def edges_of(graph: RoadGraph, segments: Ints) -> Ints:
    """Return the edge that each shape segment belongs to, int64 [k]."""
    return np.searchsorted(graph.shape_start, segments, side="right") - 1


def _snap(graph: RoadGraph, found: NearestSegment | None, may: Usable) -> Snap | None:
    """Return the snap to a segment; None where its edge may be used in neither direction."""
    if found is None:
        return None
    edge, fraction, lon, lat = place_on(
        found.segment, found.position, graph.shape_start, graph.shape_lon, graph.shape_lat
    )
    twin = int(graph.edge_twin[edge])
    there, back = may(np.array([edge, max(twin, 0)])).tolist()
    if not there:  # the mode may perhaps use the road in the opposite direction
        if twin < 0 or not back:
            return None
        edge, fraction = twin, 1.0 - fraction
    country = graph.country_of_node(int(graph.edge_tail[edge]))
    return Snap(edge, fraction, lon, lat, found.distance_m, country)


def edges_in(graph: RoadGraph, area: BaseGeometry) -> Ints:
    """Return the edges, both directions, whose polyline meets the geometry; sorted.

    Parameters
    ----------
    graph
        The graph to search.
    area
        Degrees, EPSG:4326.
    """
    if area.is_empty:
        return np.empty(0, dtype=np.int64)
    segments = np.unique(graph.grid.segments_in_box(*area.bounds))
    ends = np.stack((segments, segments + 1), axis=1)
    lines = np.stack((graph.shape_lon[ends], graph.shape_lat[ends]), axis=2) / UNITS_PER_DEGREE
    # The edge between the two halves of a split crossing has no length. shapely finds no
    # intersection with a line of no length, so the edge is tested as a point.
    is_point = (lines[:, 0] == lines[:, 1]).all(axis=1)
    shapely.prepare(area)
    hit = np.empty(len(segments), dtype=bool)
    hit[~is_point] = shapely.intersects(area, shapely.linestrings(lines[~is_point]))
    hit[is_point] = shapely.intersects(area, shapely.points(lines[is_point, 0]))
    edges = edges_of(graph, segments[hit])
    twins = graph.edge_twin[edges]
    return np.unique(np.concatenate((edges, twins[twins >= 0]))).astype(np.int64)


def edges_touching(graph: RoadGraph, areas: Sequence[Polygon]) -> list[Ints]:
    """Return the edges, both directions, that each valid polygon touches; sorted.

    The result is that of `edges_in`. The time depends only on the edges near the polygons, not on
    the size of the graph.
    """
    found = []
    for segments in segments_touching(graph.grid, areas):
        edges = _each_once(edges_of(graph, segments))
        twins = graph.edge_twin[edges]
        found.append(_each_once(np.sort(np.concatenate((edges, twins[twins >= 0])))))
    return found


def _each_once(rising: Ints) -> Ints:
    return rising[np.diff(rising, prepend=-1) > 0].astype(np.int64)
