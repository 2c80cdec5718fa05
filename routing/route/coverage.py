"""Coverage of a line by support spaces: supports along the line, gaps, and summary figures."""

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.errors import InvalidRequest
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.geometry.lines import geodesic_m
from routing.geometry.segment_grid import nearest_on
from routing.travel.sketch_towns import Towns
from routing.travel.support_points import Support, Supports

if TYPE_CHECKING:
    from routing.route.route import Route

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Greatest distance from the line at which a space supports travellers on foot, metres (default of
#: the app's setting).
ACCESS_M: Final = 1_000.0

MIN_VERTICES: Final = 2

#: Segments per part of a line [A]: the bounding boxes of the parts are compared with supports
#: before the line itself.
_PART: Final = 64


@dataclass(frozen=True, eq=False, slots=True)
class MeasuredLine:
    """A line with the measure along the road at every vertex.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees, longitude first.
    measure_m
        float64 [k], metres from the start, never decreasing; by the edges' lengths, not by the
        geometry's.
    measure
        ``'network'`` when the measure comes from the road graph, ``'geometry'`` when it is the
        geodesic length of the drawn line.
    """

    coordinates: Floats
    measure_m: Floats
    measure: Literal["network", "geometry"] = "network"

    def __post_init__(self) -> None:
        if len(self.coordinates) < MIN_VERTICES or len(self.coordinates) != len(self.measure_m):
            raise InvalidRequest("route", "too_few_vertices")

    @property
    def length_m(self) -> float:
        """Length from start to end along the road, metres."""
        return float(self.measure_m[-1])

    @classmethod
    def from_route(cls, route: "Route") -> Self:
        """Return the line of a route, with the metres along its edges at each vertex."""
        return cls(route.coordinates, route.measure_m)

    @classmethod
    def from_geometry(cls, coordinates: Floats) -> Self:
        """Return a drawn line measured by its geodesic length, for a line that follows no road.

        Parameters
        ----------
        coordinates
            float64 [k, 2], degrees.

        Raises
        ------
        InvalidRequest
            Fewer than two vertices, or a vertex that is no place on Earth.
        """
        points = checked_line(coordinates)
        along = np.concatenate([[0.0], np.cumsum(geodesic_m(points))])
        return cls(points, along, "geometry")


@dataclass(frozen=True, slots=True)
class SupportAt:
    """A support and its position along the line.

    Parameters
    ----------
    support
        The space.
    at_m
        Metres along the line to the point nearest to the space.
    access_m
        Metres between the space and the line's nearest point; never added to a gap.
    town
        Name of the town whose node stands for the place of the space (on a sketch); None where
        the space is measured at its own place.
    """

    support: Support
    at_m: float
    access_m: float
    town: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch between two consecutive supports, or between a support and an end of the line.

    Parameters
    ----------
    from_m, to_m, length_m
        Metres along the line.
    from_id, to_id
        Ids of the supports; None at the start and the end of the line.
    from_name, to_name
        Names of the places (the label of the end where there is no support).
    """

    from_m: float
    to_m: float
    length_m: float
    from_id: str | None
    to_id: str | None
    from_name: str
    to_name: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Figures of the supports along a line (algorithms.md, section 4).

    Parameters
    ----------
    length_m
        Length of the line by its measure.
    supports
        The supports, in order along the line.
    gaps
        All gaps longer than 0; their lengths add up to ``length_m``.
    longest
        The longest gap; the first where several are equal.
    mean_to_next_m
        Mean distance to the next support from a random place on the line, ``Σg²/(2L)``.
    covered_share
        Share of the line within ``access_m`` of a support along it, ``|∪[m-r, m+r]|/L``.
    access_m
        The distance that counts as access, metres.
    measure
        ``'network'`` or ``'geometry'``, as in the line.
    """

    length_m: float
    supports: tuple[SupportAt, ...]
    gaps: tuple[Gap, ...] = field(repr=False)
    longest: Gap
    mean_to_next_m: float
    covered_share: float
    access_m: float
    measure: Literal["network", "geometry"]


def checked_line(coordinates: Floats) -> Floats:
    """Check a line from client input, and return it as an array.

    Parameters
    ----------
    coordinates
        Anything numpy reads as [k, 2] numbers in degrees, longitude first.

    Returns
    -------
    float64 [k, 2].

    Raises
    ------
    InvalidRequest
        The line has fewer than two vertices, or vertices that are not finite, out of range, or all
        in one place.
    """
    try:
        points = np.asarray(coordinates, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidRequest("route", "not_pairs") from error
    if points.ndim != MIN_VERTICES or points.shape[1:] != (2,) or len(points) < MIN_VERTICES:
        raise InvalidRequest("route", "not_line")
    if not np.isfinite(points).all():
        raise InvalidRequest("route", "not_finite")
    if (np.abs(points) > np.array([180.0, 90.0])).any():
        raise InvalidRequest("route", "vertex_out_of_range")
    if (points == points[0]).all():
        raise InvalidRequest("route", "goes_nowhere")
    return points


def supports_along(
    line: MeasuredLine,
    supports: Sequence[Support],
    access_m: float = ACCESS_M,
    towns: Towns | None = None,
) -> tuple[SupportAt, ...]:
    """Find the supports within reach of a line, in order along the line.

    Each support is placed at the point of the line *nearest* to it, by metres on the ground. Of two
    equally near points, as where a line passes a space twice, the first is used.

    On a sketch, a space beyond ``access_m`` is treated as standing at its town's node, and is
    included if that node is within reach.

    Parameters
    ----------
    line
        The line with its measure.
    supports
        Candidate spaces; pass `Supports` to reuse their arrays for several lines.
    access_m
        Greatest distance from the line, metres, inclusive.
    towns
        Towns of the sketch that the line runs over; None for a line over another network.

    Returns
    -------
    The supports, ordered by ``at_m``, then by id.
    """
    laid = Supports.of(supports)
    found = _within_reach(line, laid, access_m)
    if towns is not None:
        found += _at_towns(line, laid, towns, access_m, {at.support.id for at in found})
    return tuple(sorted(found, key=lambda at: (at.at_m, at.support.id)))


def _at_towns(
    line: MeasuredLine, supports: Supports, towns: Towns, access_m: float, found: Set[str]
) -> list[SupportAt]:
    """Find the supports whose town's node is within reach, skipping the ids in ``found``."""
    moved = towns.moved(supports)
    placed = []
    for at in _within_reach(line, moved.supports, access_m):
        if at.support.id not in found:
            one = moved.by_id[at.support.id]
            placed.append(SupportAt(one.support, at.at_m, one.distance_m, one.town.name))
    return placed


def _within_reach(line: MeasuredLine, supports: Supports, access_m: float) -> list[SupportAt]:
    if not np.isfinite(access_m) or access_m < 0:
        raise InvalidRequest("access_m", "not_distance")
    places = (supports.lon, supports.lat, supports.narrow)
    # As a float, because an int would make numba compile the kernel a second time.
    segments, distances_m, shares = _nearest(line.coordinates, *places, float(access_m))
    # The slack of `_nearest` may yield a segment just beyond the reach, which is dropped here.
    rows = np.flatnonzero((segments >= 0) & (distances_m <= access_m))
    start_m, end_m = (line.measure_m[segments[rows] + end] for end in (0, 1))
    at_m = start_m + shares[rows] * (end_m - start_m)
    found = zip(rows.tolist(), at_m.tolist(), distances_m[rows].tolist(), strict=True)
    return [SupportAt(supports[row], along_m, off_m) for row, along_m, off_m in found]


@compiled
def _nearest(
    line: Floats, lon: Floats, lat: Floats, narrow: Floats, reach_m: float
) -> tuple[Ints, Floats, Floats]:
    """Return for each place the nearest segment of a line, if it is within ``reach_m``.

    With a micrometre of slack, the first of two segments that meet at the nearest point is taken.

    Parameters
    ----------
    line
        float64 [k, 2], degrees.
    lon, lat, narrow
        float64 [places], degrees, and the cosine of the latitude.

    Returns
    -------
    (segment int64 [places], -1 where none is within reach; distance_m float64 [places]; position
    along the segment float64 [places], 0 to 1; these two are 0 where none is)
    """
    box = _boxes(line)
    segments = np.full(len(lon), -1)
    distances_m, shares = np.zeros(len(lon)), np.zeros(len(lon))
    for place in range(len(lon)):
        least_m = np.inf
        # Two passes: the first finds the least distance, the second the first segment that has it.
        for is_found in (False, True):
            if is_found and least_m > reach_m:
                break
            for part in range(len(box)):
                # A millimetre less, so that rounding excludes no part: the exact test follows.
                off_m = _off_box(box[part], lon[place], lat[place], narrow[place]) - 1e-3
                if off_m > min(reach_m, least_m):
                    continue
                begin = part * _PART
                for segment in range(begin, min(begin + _PART, len(line) - 1)):
                    share, distance_m = _on(line, segment, lon[place], lat[place], narrow[place])
                    if not is_found:
                        least_m = min(least_m, distance_m)
                    elif segments[place] < 0 and distance_m <= least_m + 1e-6:
                        segments[place] = segment
                        distances_m[place], shares[place] = distance_m, share
    return segments, distances_m, shares


@inlined
def _boxes(line: Floats) -> Floats:
    """Return the bounding box of each part of a line: west, south, east and north, degrees.

    A part has `_PART` segments and ends where the next part begins.
    """
    count = (len(line) - 2) // _PART + 1
    box = np.empty((count, 4))
    for part in range(count):
        begin = part * _PART
        for axis in range(2):
            box[part, axis] = box[part, 2 + axis] = line[begin, axis]
        for vertex in range(begin + 1, min(begin + _PART, len(line) - 1) + 1):
            for axis in range(2):
                box[part, axis] = min(box[part, axis], line[vertex, axis])
                box[part, 2 + axis] = max(box[part, 2 + axis], line[vertex, axis])
    return box


@inlined
def _off_box(box: Floats, lon: float, lat: float, narrow: float) -> float:
    """Return the distance between a place and a bounding box, metres; 0 inside the box."""
    off_lon = max(0.0, box[0] - lon, lon - box[2])
    off_lat = max(0.0, box[1] - lat, lat - box[3])
    return math.hypot(off_lon * narrow, off_lat) * METRES_PER_DEGREE


@inlined
def _on(line: Floats, segment: int, lon: float, lat: float, narrow: float) -> tuple[float, float]:
    """Return the position (0..1) on a segment nearest to a place, and the distance in metres."""
    scale = METRES_PER_DEGREE * narrow
    x, y = (line[segment, 0] - lon) * scale, (line[segment, 1] - lat) * METRES_PER_DEGREE
    dx = (line[segment + 1, 0] - lon) * scale - x
    dy = (line[segment + 1, 1] - lat) * METRES_PER_DEGREE - y
    return nearest_on(x, y, dx, dy)


def warm() -> None:
    """Compile the kernel, or load it from the cache on disk."""
    row = np.zeros(1)
    _nearest(np.zeros((2, 2)), row, row, row, 1.0)


def coverage(
    line: MeasuredLine,
    supports: Sequence[Support],
    access_m: float = ACCESS_M,
    ends: tuple[str, str] = ("start", "end"),
    towns: Towns | None = None,
) -> Coverage:
    """Measure the gaps between supports along a line.

    Gaps also begin at the start of the line and end at its end; the access distance is not added
    (definitions.md). Gaps of length 0, as between two spaces of one town, are left out.

    Parameters
    ----------
    line, supports, access_m, towns
        As for `supports_along`.
    ends
        Labels of the start and the end of the line.
    """
    return coverage_by(line, supports_along(line, supports, access_m, towns), access_m, ends)


def coverage_by(
    line: MeasuredLine,
    found: tuple[SupportAt, ...],
    access_m: float = ACCESS_M,
    ends: tuple[str, str] = ("start", "end"),
) -> Coverage:
    """Measure the gaps between supports whose positions on the line are already known.

    Parameters
    ----------
    found
        The supports in order along the line, as from `supports_along`.
    line, access_m, ends
        As for `coverage`.
    """
    length_m = line.length_m
    marks: list[tuple[float, str | None, str]] = [
        (0.0, None, ends[0]),
        *((at.at_m, at.support.id, at.support.place) for at in found),
        (length_m, None, ends[1]),
    ]
    gaps = [
        Gap(a_m, b_m, b_m - a_m, a_id, b_id, a_name, b_name)
        for (a_m, a_id, a_name), (b_m, b_id, b_name) in pairwise(marks)
    ]
    kept = tuple(gap for gap in gaps if gap.length_m > 0) or (gaps[0],)
    lengths = np.array([gap.length_m for gap in kept])
    return Coverage(
        length_m=length_m,
        supports=found,
        gaps=kept,
        longest=kept[int(lengths.argmax())],
        mean_to_next_m=float((lengths**2).sum() / (2 * length_m)) if length_m > 0 else 0.0,
        covered_share=_covered_share([at.at_m for at in found], access_m, length_m),
        access_m=access_m,
        measure=line.measure,
    )


def stretch(line: MeasuredLine, from_m: float, to_m: float) -> Floats:
    """Return the part of a line between two positions, given as metres along the line.

    Parameters
    ----------
    from_m, to_m
        Metres, 0 <= from_m < to_m <= ``line.length_m``.

    Returns
    -------
    float64 [m, 2], degrees, m >= 2.
    """
    inside = (line.measure_m > from_m) & (line.measure_m < to_m)
    ends = np.column_stack(
        [np.interp([from_m, to_m], line.measure_m, line.coordinates[:, axis]) for axis in (0, 1)]
    )
    return np.vstack([ends[:1], line.coordinates[inside], ends[1:]])


def _covered_share(at_m: Sequence[float], reach_m: float, length_m: float) -> float:
    """Return ``|∪[m-r, m+r]|/L`` for positions m in ascending order."""
    if not at_m:
        return 0.0
    if length_m <= 0:
        return 1.0
    covered_m, reached_m = 0.0, 0.0
    for place in at_m:
        begin, end = max(place - reach_m, reached_m), min(place + reach_m, length_m)
        covered_m += max(0.0, end - begin)
        reached_m = max(reached_m, end)
    return covered_m / length_m
