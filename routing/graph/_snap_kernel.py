"""Compiled kernels of `routing.graph.snapping`: the nearest edge, and the position on it."""

import math

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.geometry.segment_grid import distance_to
from routing.graph._polyline_kernel import along
from routing.osm_tags.edge_flags import EdgeFlag

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]
type Ints16 = NDArray[np.int16]
type Flags = NDArray[np.uint16]

#: Country argument that stands for any country.
ANYWHERE = -1

#: Flags of edges that are not roads (border edges and thresholds): points never snap to them.
_NOT_MET = int(EdgeFlag.BORDER | EdgeFlag.THRESHOLD)


@compiled
def nearest(  # noqa: PLR0917 -- kernels take no names
    lon: float,
    lat: float,
    scale: float,
    window: tuple[int, int, int, int],
    columns: int,
    cell_start: Ints,
    cell_segment: Ints,
    shape_lon: Ints32,
    shape_lat: Ints32,
    shape_start: Ints,
    edge_flags: Flags,
    edge_twin: Ints32,
    edge_tail: Ints32,
    edge_head: Ints32,
    node_country: Ints16,
    mode: int,
    country: int,
) -> tuple[int, float, float]:
    """Find the nearest segment in a window of grid cells whose road a mode may use.

    The road may be open to the mode in one direction only.

    Border edges and thresholds are never found. Of equally near segments, the one with the lowest
    id is found.

    Parameters
    ----------
    lon, lat, scale
        As for `routing.geometry.segment_grid.distance_to`.
    window, columns
        As `routing.geometry.segment_grid.Window`, and the width of the grid.
    mode
        Flag of `EdgeFlag`.
    country
        Index of the country that both ends of the edge must lie in, or `ANYWHERE`.

    Returns
    -------
    (segment, -1 for none; position along it, 0 to 1; metres)
    """
    segment, position, distance_m = -1, 0.0, math.inf
    first_column, last_column, first_row, last_row = window
    for row in range(first_row, last_row + 1):
        begin = cell_start[row * columns + first_column]
        for place in range(begin, cell_start[row * columns + last_column + 1]):
            one = cell_segment[place]
            at, away_m = distance_to(lon, lat, scale, one, shape_lon, shape_lat)
            if away_m > distance_m or (away_m == distance_m and one >= segment):
                continue
            edge = np.searchsorted(shape_start, one, side="right") - 1
            twin = edge_twin[edge]
            open_to = edge_flags[edge]
            if open_to & _NOT_MET:
                continue
            if twin >= 0:
                open_to |= edge_flags[twin]
            if not open_to & mode:
                continue
            if country != ANYWHERE and (
                node_country[edge_tail[edge]] != country or node_country[edge_head[edge]] != country
            ):
                continue
            segment, position, distance_m = one, at, away_m
    return segment, position, distance_m


@compiled
def place_on(
    segment: int, position: float, shape_start: Ints, shape_lon: Ints32, shape_lat: Ints32
) -> tuple[int, float, float, float]:
    """Return the edge of a segment, and the position on the edge of a point on the segment.

    Returns
    -------
    (edge; share of the edge's length before the point, 0 to 1; lon, lat in degrees)
    """
    edge = np.searchsorted(shape_start, segment, side="right") - 1
    first, after = shape_start[edge], shape_start[edge + 1]
    share = np.empty(after - first)
    along(first, after, shape_lon, shape_lat, share)
    at = segment - first
    fraction = share[at] + position * (share[at + 1] - share[at])
    lon = shape_lon[segment] / UNITS_PER_DEGREE
    lat = shape_lat[segment] / UNITS_PER_DEGREE
    lon += position * (shape_lon[segment + 1] / UNITS_PER_DEGREE - lon)
    lat += position * (shape_lat[segment + 1] / UNITS_PER_DEGREE - lat)
    return int(edge), min(fraction, 1.0), lon, lat


def warm() -> None:
    """Compile the kernels, or load their compiled code from disk."""
    line, start = np.array([0, 1], dtype=np.int32), np.array([0, 2])
    edge = np.zeros(1, dtype=np.int32)
    flags, countries = np.ones(1, dtype=np.uint16), np.zeros(2, dtype=np.int16)
    where = ((0, 0, 0, 0), 1, np.array([0, 1]), np.zeros(1, dtype=np.int64))
    nearest(0.0, 0.0, 1.0, *where, line, line, start, flags, edge - 1, edge, edge, countries, 1, -1)
    place_on(0, 0.5, start, line, line)
