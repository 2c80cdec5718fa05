"""Road segments in a grid that polygons touch, even in a single point.

The cost of a polygon depends on the cells that its outline passes and on the cells inside it, not
on its bounding box, nor on how many of its edges lie side by side. Orientation signs are used where
rounding cannot change them (Shewchuk, Discrete & Computational Geometry 18:305, 1997: the bound of
the first stage of ``orient2d``); segments nearer than that to an outline are tested by GEOS.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from routing._numba import compiled, inlined
from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.geometry.segment_grid import MARGIN, SegmentGrid, Window, cell_at, columns_passed

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]
type Bytes = NDArray[np.uint8]
type Bools = NDArray[np.bool_]

#: Relative error of an orientation determinant within which its sign is in doubt: above Shewchuk's
#: bound (3 + 16e) e with e = 2^-53.
_ERROR = 4e-16

#: State of a segment: apart from the polygon or not tested yet; touched; too near to an outline to
#: decide by orientation signs.
_APART, _TOUCHED, _NEAR = 0, 1, 2


def segments_touching(grid: SegmentGrid, areas: Sequence[Polygon]) -> list[Ints]:
    """Return the segments that each polygon touches, including the outlines of its holes.

    Parameters
    ----------
    grid
        Grid index of the segments.
    areas
        Valid polygons, degrees, EPSG:4326.

    Returns
    -------
    int64 [k] each, ascending, without duplicates: exactly those that `shapely.intersects` finds.
    """
    state = np.zeros(len(grid.shape_lon) if areas else 0, dtype=np.uint8)
    return [_segments_touching(grid, area, state) for area in areas]


def _segments_touching(grid: SegmentGrid, area: Polygon, state: Bytes) -> Ints:
    """Return the segments that one polygon touches, ascending.

    ``state`` must be all `_APART`, and is reset to it at the end.
    """
    window = None if area.is_empty else grid.window(area.bounds)
    if window is None:
        return np.empty(0, dtype=np.int64)
    edges = _edges(area)
    shapes = grid.cell_start, grid.cell_segment, grid.shape_lon, grid.shape_lat
    found = np.empty(_room(window, grid.columns, grid.cell_start), dtype=np.int64)
    passed, count = _outlined(grid.frame, window, *shapes, edges, state, found)
    count = _filled(grid.frame, window, *shapes, edges, passed, state, found, count)
    found = np.sort(found[:count])
    near = state[found] == _NEAR
    state[found] = _APART
    if near.any():
        found = np.sort(np.concatenate((found[~near], _told(grid, area, found[near]))))
    return found


def _edges(area: Polygon) -> Floats:
    """Return the edges of a polygon's rings, float64 [m, 4]: lon and lat of both ends, degrees.

    Edges without length are left out.
    """
    rings = [shapely.get_coordinates(ring) for ring in (area.exterior, *area.interiors)]
    edges = np.concatenate([np.hstack((ring[:-1], ring[1:])) for ring in rings])
    return np.ascontiguousarray(edges[(edges[:, :2] != edges[:, 2:]).any(axis=1)])


def _told(grid: SegmentGrid, area: Polygon, segments: Ints) -> Ints:
    """Return which of some segments meet a polygon, as GEOS tells: int64."""
    ends = np.stack((segments, segments + 1), axis=1)
    lines = np.stack((grid.shape_lon[ends], grid.shape_lat[ends]), axis=2) / UNITS_PER_DEGREE
    # A line without length meets nothing in GEOS, so it is tested as a point.
    is_point = (lines[:, 0] == lines[:, 1]).all(axis=1)
    shapes = np.empty(len(segments), dtype=np.object_)
    shapes[is_point] = shapely.points(lines[is_point, 0])
    shapes[~is_point] = shapely.linestrings(lines[~is_point])
    shapely.prepare(area)
    return segments[np.asarray(shapely.intersects(area, shapes), dtype=np.bool_)]


# --- signs ----------------------------------------------------------------------------------------


@inlined
def _side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> int:
    """Return the side of a line that a point is on: 1 left, -1 right, 0 too near to decide."""
    left, right = (ax - x) * (by - y), (ay - y) * (bx - x)
    bound = _ERROR * (abs(left) + abs(right))
    if left - right > bound:
        return 1
    return -1 if right - left > bound else 0


@inlined
def _west(edges: Floats, e: int, x: float, y: float) -> int:
    """Return 1 if an edge passes west of a point, -1 if east of it, 0 if too near to decide."""
    side = _side(edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3], x, y)
    return -side if edges[e, 3] > edges[e, 1] else side


@inlined
def _met(edges: Floats, e: int, ax: float, ay: float, bx: float, by: float) -> int:
    """Return whether a segment meets a polygon's edge: `_APART`, `_TOUCHED` or `_NEAR`."""
    cx, cy, dx, dy = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx):
        return _APART
    if max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return _APART
    a, b = _side(cx, cy, dx, dy, ax, ay), _side(cx, cy, dx, dy, bx, by)
    if a * b > 0:
        return _APART
    c, d = _side(ax, ay, bx, by, cx, cy), _side(ax, ay, bx, by, dx, dy)
    if c * d > 0:
        return _APART
    return _TOUCHED if a * b < 0 and c * d < 0 else _NEAR


@compiled
def _inside(
    x: float, y: float, edges: Floats, through: Ints, throughs: int, partial: Ints, partials: int
) -> int:
    """Return whether a point is inside a polygon, from the number of edges west of the point.

    Parameters
    ----------
    through, partial
        Edges that cross the whole row of cells of the point, from west to east, and edges that end
        within the row.
    throughs, partials
        How many entries of each are valid.

    Returns
    -------
    `_TOUCHED` inside, `_APART` outside, `_NEAR` where rounding could change the answer.
    """
    first, after = 0, throughs
    while first < after:
        middle = (first + after) // 2
        side = _west(edges, through[middle], x, y)
        if side == 0:
            return _NEAR
        if side > 0:
            first = middle + 1
        else:
            after = middle
    west = first
    for place in range(partials):
        e = partial[place]
        # An edge does not include its upper end. So where the outline passes a corner at the height
        # of the point, one of the corner's edges is counted; where it turns back, none or both.
        if (edges[e, 1] <= y) == (edges[e, 3] <= y):
            continue
        side = _west(edges, e, x, y)
        if side == 0:
            return _NEAR
        west += side > 0
    return _TOUCHED if west % 2 else _APART


# --- cells ----------------------------------------------------------------------------------------


@compiled
def _room(window: Window, columns: int, cell_start: Ints) -> int:
    """Return how many segments the cells of a window hold, counting segments once per cell."""
    room = 0
    for row in range(window[2], window[3] + 1):
        room += cell_start[row * columns + window[1] + 1] - cell_start[row * columns + window[0]]
    return room


@compiled
def _outlined(  # noqa: PLR0917 -- kernels take no names
    frame: Floats,
    window: Window,
    cell_start: Ints,
    cell_segment: Ints,
    shape_lon: Ints32,
    shape_lat: Ints32,
    edges: Floats,
    state: Bytes,
    found: Ints,
) -> tuple[Bools, int]:
    """Find the segments that the outline of a polygon meets, and the cells that it passes.

    Parameters
    ----------
    frame, cell_start, cell_segment, shape_lon, shape_lat
        As of `SegmentGrid`.
    window
        The cells of the polygon's bounding box.
    edges
        float64 [m, 4], as `_edges` returns them.
    state
        uint8 [P], all `_APART`; receives the state of each segment.
    found
        Receives the segments that are met, or too near to decide, each once.

    Returns
    -------
    (whether the outline passes each cell of the window, row by row; number of segments found)
    """
    west, south, width, height = frame[0], frame[1], frame[2], frame[3]
    columns, rows = int(frame[4]), int(frame[5])
    first_column, last_column, first_row, last_row = window
    wide = last_column - first_column + 1
    passed = np.zeros((last_row - first_row + 1) * wide, np.bool_)
    count = 0
    for e in range(len(edges)):
        # Longitudes of the edge, widened by one unit to each side: a prefilter that rejects most
        # segments of a cell.
        least_lon = np.floor(min(edges[e, 0], edges[e, 2]) * UNITS_PER_DEGREE) - 1
        most_lon = np.ceil(max(edges[e, 0], edges[e, 2]) * UNITS_PER_DEGREE) + 1
        x_0, y_0 = (edges[e, 0] - west) / width, (edges[e, 1] - south) / height
        x_1, y_1 = (edges[e, 2] - west) / width, (edges[e, 3] - south) / height
        dx, dy = x_1 - x_0, y_1 - y_0
        top = min(cell_at(max(y_0, y_1) + MARGIN, rows), last_row)
        for row in range(max(cell_at(min(y_0, y_1) - MARGIN, rows), first_row), top + 1):
            begin, last = columns_passed(x_0, y_0, dx, dy, row, columns)
            for column in range(max(begin, first_column), min(last, last_column) + 1):
                passed[(row - first_row) * wide + column - first_column] = True
                cell = row * columns + column
                for place in range(cell_start[cell], cell_start[cell + 1]):
                    segment = cell_segment[place]
                    known = state[segment]
                    a, b = shape_lon[segment], shape_lon[segment + 1]
                    if known == _TOUCHED or max(a, b) < least_lon or min(a, b) > most_lon:
                        continue
                    told = _met(
                        edges,
                        e,
                        a / UNITS_PER_DEGREE,
                        shape_lat[segment] / UNITS_PER_DEGREE,
                        b / UNITS_PER_DEGREE,
                        shape_lat[segment + 1] / UNITS_PER_DEGREE,
                    )
                    if told == _APART:
                        continue
                    state[segment] = told
                    if known == _APART:
                        found[count] = segment
                        count += 1
    return passed, count


@inlined
def _sort_row(
    edges: Floats,
    low: float,
    high: float,
    order: Ints,
    through: Ints,
    partial: Ints,
    rest: Ints,
    middle_x: Floats,
) -> tuple[int, int]:
    """Find the edges that cross a row of cells, from west to east, and those that end in the row.

    Parameters
    ----------
    low, high
        The row's latitudes.
    order
        int64 [m]: the order left by the row before, which is nearly sorted for this row; it
        receives this row's order.
    through, partial, rest, middle_x
        Scratch, [m].

    Returns
    -------
    The number of edges of each kind.
    """
    middle, throughs, partials, others = (low + high) / 2, 0, 0, 0
    for n in range(len(order)):
        e = order[n]
        bottom, top = min(edges[e, 1], edges[e, 3]), max(edges[e, 1], edges[e, 3])
        if bottom < low and top > high:
            # Longitude at the row's middle, relative to the first corner, so that rounding keeps
            # distinct positions distinct.
            at = edges[e, 0] - edges[0, 0]
            at += (middle - edges[e, 1]) / (edges[e, 3] - edges[e, 1]) * (edges[e, 2] - edges[e, 0])
            place = throughs
            while place > 0 and middle_x[place - 1] > at:
                middle_x[place], through[place] = middle_x[place - 1], through[place - 1]
                place -= 1
            middle_x[place], through[place] = at, e
            throughs += 1
            continue
        rest[others] = e
        others += 1
        if bottom <= high and top >= low:
            partial[partials] = e
            partials += 1
    for n in range(throughs):
        order[n] = through[n]
    for n in range(others):
        order[throughs + n] = rest[n]
    return throughs, partials


@inlined
def _stretch(passed: Bools, base: int, column: int, last_column: int) -> int:
    """Return where the run of cells from ``column`` ends: the column after its last cell.

    A run is a single cell that the outline passes, or consecutive cells that it does not pass.
    """
    after = column + 1
    while not passed[base + column] and after <= last_column and not passed[base + after]:
        after += 1
    return after


@compiled
def _filled(  # noqa: PLR0917 -- kernels take no names
    frame: Floats,
    window: Window,
    cell_start: Ints,
    cell_segment: Ints,
    shape_lon: Ints32,
    shape_lat: Ints32,
    edges: Floats,
    passed: Bools,
    state: Bytes,
    found: Ints,
    count: int,
) -> int:
    """Find the segments inside a polygon that do not meet its outline.

    A segment that does not meet the outline lies wholly inside or wholly outside, and so does each
    run of cells that the outline does not pass. So testing one point of it is enough.

    Parameters
    ----------
    passed, count
        As `_outlined` returns them; all other parameters are as for `_outlined`.

    Returns
    -------
    The total number of segments found.
    """
    west, south, width, height = frame[0], frame[1], frame[2], frame[3]
    columns, rows = int(frame[4]), int(frame[5])
    first_column, last_column, first_row, last_row = window
    order, middle_x = np.arange(len(edges)), np.empty(len(edges))
    through, partial, rest = np.empty_like(order), np.empty_like(order), np.empty_like(order)
    for row in range(first_row, last_row + 1):
        low, high = south + (row - MARGIN) * height, south + (row + 1 + MARGIN) * height
        throughs, partials = _sort_row(edges, low, high, order, through, partial, rest, middle_x)
        base = (row - first_row) * (last_column - first_column + 1) - first_column
        column = first_column
        while column <= last_column:
            begin, is_passed = column, passed[base + column]
            column = _stretch(passed, base, column, last_column)
            if not is_passed:
                x, y = west + (begin + 0.5) * width, (low + high) / 2
                told = _inside(x, y, edges, through, throughs, partial, partials)
                if told != _TOUCHED:
                    continue
            first, after = cell_start[row * columns + begin], cell_start[row * columns + column]
            for place in range(first, after):
                segment = cell_segment[place]
                if state[segment] != _APART:
                    continue
                if is_passed:
                    x = shape_lon[segment] / UNITS_PER_DEGREE
                    y = shape_lat[segment] / UNITS_PER_DEGREE
                    column_of, row_of = (x - west) / width, (y - south) / height
                    # A segment in several cells is tested only in the cell where it begins.
                    if cell_at(row_of, rows) != row or cell_at(column_of, columns) != begin:
                        continue
                    told = _inside(x, y, edges, through, throughs, partial, partials)
                    if told == _APART:
                        continue
                found[count] = segment
                count += 1
                state[segment] = told
    return count


def warm() -> None:
    """Compile the kernels, or load their compiled code from disk."""
    ends = np.array([0, 1], dtype=np.int32)
    start, segment = np.array([0, 1], dtype=np.int64), np.zeros(1, dtype=np.int64)
    grid = SegmentGrid(np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0]), start, segment, ends, ends)
    segments_touching(grid, [shapely.box(-1.0, -1.0, 1.0, 1.0)])
