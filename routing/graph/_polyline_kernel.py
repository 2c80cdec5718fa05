"""Compiled kernel of `routing.route.route.drawn`, which joins pieces of edges into one line."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.geometry.geodesy import EARTH_RADIUS_M, UNITS_PER_DEGREE

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]

_RADIANS: Final = math.pi / 180.0


@inlined
def along(first: int, after: int, lon: Ints32, lat: Ints32, share: Floats) -> None:
    """Write to ``share`` the share of an edge's length before each vertex, from 0 to 1."""
    last = after - first - 1
    share[0] = 0.0
    if last > 1:
        y_before = lat[first] / UNITS_PER_DEGREE * _RADIANS
        cos_before = math.cos(y_before)
        x_before = lon[first] / UNITS_PER_DEGREE * _RADIANS
        for row in range(1, last + 1):
            x = lon[first + row] / UNITS_PER_DEGREE * _RADIANS
            y = lat[first + row] / UNITS_PER_DEGREE * _RADIANS
            cos = math.cos(y)
            rise, run = math.sin((y - y_before) / 2), math.sin((x - x_before) / 2)
            half = min(rise * rise + cos_before * cos * run * run, 1.0)
            share[row] = share[row - 1] + 2 * EARTH_RADIUS_M * math.asin(math.sqrt(half))
            x_before, y_before, cos_before = x, y, cos
        whole = share[last]
        for row in range(1, last):
            share[row] = share[row] / whole if whole > 0 else row / last
    share[last] = 1.0


@inlined
def _cut(
    first: int, last: int, lon: Ints32, lat: Ints32, share: Floats, at: float
) -> tuple[float, float]:
    """Return the coordinates, in degrees, of the point at a share of an edge's length."""
    row = 0
    while row < last - 1 and share[row + 1] <= at:
        row += 1
    x, y = lon[first + row] / UNITS_PER_DEGREE, lat[first + row] / UNITS_PER_DEGREE
    x_after = lon[first + row + 1] / UNITS_PER_DEGREE
    y_after = lat[first + row + 1] / UNITS_PER_DEGREE
    if at >= share[row + 1]:
        return x_after, y_after
    if at <= share[row]:
        return x, y
    width, past = share[row + 1] - share[row], at - share[row]
    return (x_after - x) / width * past + x, (y_after - y) / width * past + y


@inlined
def _put(
    line: Floats, measure_m: Floats, count: int, lon: float, lat: float, at_m: float, forced: bool
) -> int:
    """Append a vertex unless it repeats the last one (``forced``: always); return the count."""
    if count and not forced:
        is_same = line[count - 1, 0] == lon and line[count - 1, 1] == lat
        if is_same and at_m <= measure_m[count - 1]:
            return count
    line[count, 0], line[count, 1], measure_m[count] = lon, lat, at_m
    return count + 1


@compiled
def draw(
    edge: Ints,
    start: Floats,
    end: Floats,
    length_dm: NDArray[np.uint32],
    shape_start: Ints,
    lon: Ints32,
    lat: Ints32,
) -> tuple[Floats, Floats]:
    """Join the polylines of consecutive edges, or of parts of them, into one line.

    Parameters
    ----------
    edge, start, end
        Edges, and the shares at which the part of each begins and ends, as in
        `routing.travel.legs.Legs`; at least one.
    length_dm, shape_start, lon, lat
        From the graph: edge lengths in decimetres, and the shapes.

    Returns
    -------
    (coordinates float64 [k, 2] in degrees, measure_m float64 [k] from 0), k >= 2.
    """
    room, longest = 0, 0
    for row in range(len(edge)):
        vertices = shape_start[edge[row] + 1] - shape_start[edge[row]]
        room, longest = room + vertices, max(longest, vertices)
    line, measure_m, share = np.empty((room, 2)), np.empty(room), np.empty(longest)
    count, before_m = 0, 0.0
    for row in range(len(edge)):
        first, after = shape_start[edge[row]], shape_start[edge[row] + 1]
        last = after - first - 1
        along(first, after, lon, lat, share)
        begin, stop, length_m = start[row], end[row], length_dm[edge[row]] / 10.0
        if row == 0:
            x, y = _cut(first, last, lon, lat, share, begin)
            count = _put(line, measure_m, count, x, y, 0.0, True)
        # The first vertex of every later piece is the last vertex of the piece before it.
        for vertex in range(1, last):
            # Of a whole edge all vertices are kept, even vertices in the same place as its ends.
            is_whole = begin <= 0 and stop >= 1
            if is_whole or begin < share[vertex] < stop:
                x = lon[first + vertex] / UNITS_PER_DEGREE
                y = lat[first + vertex] / UNITS_PER_DEGREE
                at_m = before_m + (share[vertex] - begin) * length_m
                count = _put(line, measure_m, count, x, y, at_m, False)
        x, y = _cut(first, last, lon, lat, share, stop)
        at_m = before_m + (stop - begin) * length_m
        count = _put(line, measure_m, count, x, y, at_m, row + 1 == len(edge))
        before_m += (stop - begin) * length_m
    return line[:count].copy(), measure_m[:count].copy()


def warm() -> None:
    """Compile the kernel, or load its compiled code from disk."""
    line = np.array([0, 1], dtype=np.int32)
    length_dm = np.ones(1, dtype=np.uint32)
    draw(np.zeros(1, np.int64), np.zeros(1), np.ones(1), length_dm, np.array([0, 2]), line, line)
