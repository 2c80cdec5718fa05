"""Time to the nearest target from everywhere: a raster of cells, computed from the network.

The time of a cell is that from the road nearest to its centre, plus the straight way to that road
at a walker's pace. A cell whose nearest road is beyond the snap limit (definitions.md, "Snapping")
has no value. Nor has a cell with roads of two countries at similar distances, as it is not known
which country the cell lies in: a time by roads of the other country would hide that people have to
cross a border (P33).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.access.ends import RoadEnds
from routing.access.nearest import NodeTimes, node_times
from routing.errors import InvalidRequest
from routing.geometry.geodesy import METRES_PER_DEGREE, UNITS_PER_DEGREE
from routing.graph.road_graph import RoadGraph
from routing.reach.network import ReachNetwork
from routing.reach.spread import OFF_ROAD_S_PER_M

type Floats = NDArray[np.float64]
type Floats32 = NDArray[np.float32]
type Ints = NDArray[np.int64]

#: Most cells of a raster [A]: 400 MB in memory, a continent at 1 km.
MOST_CELLS: Final = 100_000_000

#: Widest cell allowed, degrees [A]: the time of a wider cell tells nothing about places within it.
_WIDEST_DEG: Final = 1.0

#: A cell has a value only if the nearest road of any other country is at least this many times as
#: far away as the nearest road of all; `app.snapshots.country_of_point` has a similar rule.
_CLEARLY_NEARER: Final = 2.0

#: Height of a band of cells that are computed together, degrees: a degree of longitude is taken to
#: have the same length all over a band.
_BAND_DEG: Final = 0.25

#: Most cells that are computed together, unless a single row has more.
_CHUNK: Final = 250_000

#: Longest distance between consecutive points by which a road is represented, metres, however wide
#: cells are.
_LONGEST_STEP_M: Final = 2_000.0


@dataclass(frozen=True, eq=False, slots=True)
class TravelTimes:
    """A raster of times.

    Parameters
    ----------
    duration_s
        float32 [rows, columns], seconds, the northernmost row first; NaN where not known.
    west, north
        Degrees, the outer corner of the first cell.
    cell_deg
        Side of a cell, degrees.
    """

    duration_s: Floats32
    west: float
    north: float
    cell_deg: float


@dataclass(frozen=True, eq=False, slots=True)
class _Points:
    """Points along roads.

    ``place`` float64 [k, 2], degrees; ``duration_s`` float64 [k], seconds from there to the nearest
    target; ``country`` int64 [k], index in the graph's countries.
    """

    place: Floats
    duration_s: Floats
    country: Ints


def travel_times(
    network: ReachNetwork,
    targets: RoadEnds,
    *,
    cell_deg: float,
    most_s: float = np.inf,
) -> TravelTimes:
    """Compute the moving time to the nearest target from each cell of a region's bounding box.

    Parameters
    ----------
    network
        The roads; where it passes no border, times lead to targets in the cell's own country.
    targets
        Where ways end; at least one is joined to a road.
    cell_deg
        Side of a cell, degrees, EPSG:4326.
    most_s
        Longest time, seconds; cells farther away have no value.

    Raises
    ------
    InvalidRequest
        The cells are wider than a degree, or so small that there are more than `MOST_CELLS`.
    """
    west, south, east, north = network.graph.meta.bbox
    finest_deg = math.sqrt((east - west) * (north - south) / MOST_CELLS)
    if not finest_deg <= cell_deg <= _WIDEST_DEG:
        raise InvalidRequest("cell_deg", "not_between", low=finest_deg, high=_WIDEST_DEG)
    rows, columns = (max(1, math.ceil(side / cell_deg)) for side in (north - south, east - west))
    points = _points(network, node_times(network, targets), cell_deg)
    found = np.full((rows, columns), np.nan, dtype=np.float32)
    if len(points.place):
        for first, last in _bands(rows, columns, cell_deg):
            lat = north - (np.arange(first, last) + 0.5) * cell_deg
            lon = west + (np.arange(columns) + 0.5) * cell_deg
            found[first:last] = _valued(network.graph, points, lon, lat)
    found[found > most_s] = np.nan
    return TravelTimes(found, west, north, cell_deg)


def _bands(rows: int, columns: int, cell_deg: float) -> Iterator[tuple[int, int]]:
    tall = max(1, min(int(_BAND_DEG / cell_deg), _CHUNK // columns))
    for first in range(0, rows, tall):
        yield first, min(first + tall, rows)


def _points(network: ReachNetwork, times: NodeTimes, cell_deg: float) -> _Points:
    """Return points along the roads, with NaN seconds where no way leads to a target.

    At a point of a road with two directions, the time is that of the quicker direction.
    """
    graph, metric = network.graph, network.metric
    turns, every = network.network.turns, np.arange(graph.meta.edge_count)
    head = graph.edge_head.astype(np.int64)
    for edge in np.unique(turns.edge).tolist():
        head[edge] = turns.leads_to(edge)
    # Roads without a way to a target are included: a cell whose nearest road is one has no value.
    edges = every[network.network.usable(every) & ~metric.is_border]
    is_closed = ~np.isfinite(metric.cost_s[edges]) | ~np.isfinite(times.cost_s[head[edges]])
    from_head_s = np.where(is_closed, np.nan, times.duration_s[head[edges]])
    step_m = min(max(cell_deg * METRES_PER_DEGREE / 2.0, 1.0), _LONGEST_STEP_M)
    count = np.maximum(np.ceil(metric.length_m[edges] / step_m).astype(np.int64), 1) + 1
    edge = np.repeat(edges, count)
    first = np.repeat(np.cumsum(count) - count, count)
    share = (np.arange(len(edge)) - first) / np.repeat(np.maximum(count - 1, 1), count)
    duration_s = np.repeat(from_head_s, count) + (1.0 - share) * metric.time_s[edge]
    place = _along(graph, edges, count)
    country = graph.node_country[graph.edge_tail[edge]].astype(np.int64)
    # Of several points at one place, as on the two directions of a road, keep that of least time.
    key = np.rint(place * UNITS_PER_DEGREE).astype(np.int64)
    order = np.lexsort((duration_s, key[:, 1], key[:, 0]))
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = (np.diff(key[order], axis=0) != 0).any(axis=1)
    kept = order[fresh]
    return _Points(place[kept], duration_s[kept], country[kept])


def _along(graph: RoadGraph, edges: Ints, count: Ints) -> Floats:
    """Return evenly spaced points along each edge, both ends included, float64 [sum(count), 2]."""
    line, at, vertices = graph.edge_lines(edges)
    # The shares of edge i are mapped to the interval [2i, 2i + 1], so that one interpolation serves
    # all edges.
    own = 2.0 * np.arange(len(edges))
    first = np.repeat(np.cumsum(count) - count, count)
    share = (np.arange(count.sum()) - first) / np.repeat(np.maximum(count - 1, 1), count)
    wanted, known = np.repeat(own, count) + share, np.repeat(own, vertices) + at
    if not len(edges):
        return np.zeros((0, 2))
    return np.column_stack([np.interp(wanted, known, line[:, axis]) for axis in (0, 1)])


def _valued(graph: RoadGraph, points: _Points, lon: NDArray[Any], lat: NDArray[Any]) -> Floats:
    """Return the time of each cell of a band, float64 [rows, columns]."""
    scale = np.array([np.cos(np.radians(lat.mean())), 1.0])
    limit_deg = graph.meta.snap_limit_m / METRES_PER_DEGREE
    reach = limit_deg + np.abs(lat[0] - lat[-1])
    near = np.abs(points.place[:, 1] - lat.mean()) <= reach
    centres = np.stack(np.meshgrid(lon, lat), axis=-1).reshape(-1, 2) * scale
    best = np.full(len(centres), np.inf)
    second, found = best.copy(), np.full(len(centres), np.nan)
    for country in np.unique(points.country[near]).tolist():
        mine = np.flatnonzero(near & (points.country == country))
        tree = shapely.STRtree(shapely.points(points.place[mine] * scale))
        (cell, at), away = tree.query_nearest(
            shapely.points(centres),
            # Roads up to twice the snap limit away may show that a cell is near two countries.
            max_distance=_CLEARLY_NEARER * limit_deg,
            return_distance=True,
            all_matches=False,
        )
        away_deg = np.full(len(centres), np.inf)
        away_deg[cell] = away
        time_s = np.full(len(centres), np.nan)
        time_s[cell] = points.duration_s[mine[at]]
        is_nearer = away_deg < best
        second = np.where(is_nearer, best, np.minimum(second, away_deg))
        found = np.where(is_nearer, time_s, found)
        best = np.where(is_nearer, away_deg, best)
    found += best * METRES_PER_DEGREE * OFF_ROAD_S_PER_M
    found[(best > limit_deg) | (second < _CLEARLY_NEARER * best)] = np.nan
    return found.reshape(len(lat), len(lon))
