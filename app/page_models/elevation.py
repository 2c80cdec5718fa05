"""Elevation profile of a route as numbers for an SVG in the template, without scripts.

Heights are those of the road graph's nodes, joined by straight slopes. Unknown heights leave a gap
in the line; if no height is known, there is no drawing and the page says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.travel.height_profile import Heights

type Floats = NDArray[np.float64]

#: Size of the SVG in user units, about the CSS pixels of a phone's column, so that text of size 12
#: is readable.
WIDTH: Final = 340
HEIGHT: Final = 150
LEFT, RIGHT, TOP, BOTTOM = 46, 318, 22, 122

#: Number of heights sampled along the route: about one per three pixels of a phone's screen, as
#: more would not be visible [A].
SAMPLES: Final = 97

#: Smallest range of the height axis, metres, so that flat routes are drawn flat [A].
_LEAST_SPAN_M: Final = 200.0

#: Largest number of ticks on the distance axis.
_MOST_TICKS: Final = 5


@dataclass(frozen=True)
class Mark:
    """A place on the route: drawing position, name, distance from the start, and kind."""

    x: float
    y: float
    name: str
    at_m: float
    kind: str


@dataclass(frozen=True)
class Tick:
    """A tick of an axis: drawing position, and value in metres."""

    at: float
    value_m: float


@dataclass(frozen=True)
class Elevation:
    """An elevation profile, ready to draw.

    Attributes
    ----------
    lines, areas
        SVG point lists of the line, and of the area below the line, for each stretch with known
        heights.
    low, high
        Ticks of the height axis.
    ticks
        Ticks of the distance axis.
    gap
        Left edge and width, in drawing units, of the longest stretch without a space; None if
        `elevation` was called without ``gap``.
    marks
        Spaces and crossings on the route.
    heights_m
        Heights at `SAMPLES` points evenly spaced along the route; None where not known.
    lowest_m, highest_m
        Range of the known heights.
    is_partial
        Whether some heights are not known.
    """

    lines: Sequence[str]
    areas: Sequence[str]
    low: Tick
    high: Tick
    ticks: Sequence[Tick]
    gap: tuple[float, float] | None
    marks: Sequence[Mark]
    heights_m: Sequence[int | None]
    lowest_m: float
    highest_m: float
    is_partial: bool


@dataclass(frozen=True)
class PassedMark:
    """A place that a route passes ``at_m`` metres after its start."""

    at_m: float
    name: str
    kind: str


def elevation(
    heights: Heights,
    distance_m: float,
    *,
    gap: tuple[float, float] | None = None,
    passed: Sequence[PassedMark] = (),
) -> Elevation | None:
    """Return the elevation profile of a route; None if fewer than two heights are known.

    Parameters
    ----------
    heights
        Heights along the route.
    distance_m
        Length of the route.
    gap
        Start and length of the longest stretch without a space, metres.
    passed
        Spaces and crossings on the route.
    """
    if distance_m <= 0:
        return None
    sampled_m = np.linspace(0.0, distance_m, SAMPLES)
    # Add the lowest and the highest point, which lie between samples, so that the highest point of
    # the drawing has the height that the route states.
    at_m = np.unique(np.concatenate([sampled_m, _extremes_at(heights, distance_m)]))
    taken_m = heights_at(heights, at_m)
    known = np.isfinite(taken_m)
    if known.sum() < 2:  # noqa: PLR2004 -- a line has two ends
        return None
    lowest_m, highest_m = float(taken_m[known].min()), float(taken_m[known].max())
    axis = _Axis(*_span(lowest_m, highest_m), distance_m)
    pieces = [axis.points(at_m[rows], taken_m[rows]) for rows in _runs(known)]
    told_m = taken_m[np.searchsorted(at_m, sampled_m)]
    return Elevation(
        lines=tuple(" ".join(points) for points in pieces),
        areas=tuple(_area(points) for points in pieces),
        low=Tick(BOTTOM, axis.low_m),
        high=Tick(TOP, axis.high_m),
        ticks=tuple(Tick(axis.x(m), m) for m in _ticks(distance_m)),
        gap=None if gap is None else (axis.x(gap[0]), axis.x(sum(gap)) - axis.x(gap[0])),
        marks=tuple(axis.mark(one, heights) for one in passed),
        heights_m=tuple(None if math.isnan(m) else round(m) for m in told_m.tolist()),
        lowest_m=lowest_m,
        highest_m=highest_m,
        is_partial=not known.all(),
    )


def _extremes_at(heights: Heights, distance_m: float) -> Floats:
    """Return where the lowest and the highest known node lie, metres along the route."""
    at_m = np.concatenate([heights.start_m, heights.end_m])
    height_m = np.concatenate([heights.from_m, heights.to_m])
    usable = np.isfinite(height_m) & (at_m <= distance_m)
    if not usable.any():
        return np.zeros(0)
    at_m, height_m = at_m[usable], height_m[usable]
    return at_m[[height_m.argmin(), height_m.argmax()]]


def heights_at(heights: Heights, at_m: Floats) -> Floats:
    """Interpolate heights at distances along a route; NaN where not known."""
    if not len(heights.start_m):
        return np.full(len(at_m), np.nan)
    row = np.searchsorted(heights.end_m, at_m, "left").clip(0, len(heights.end_m) - 1)
    length_m = heights.end_m[row] - heights.start_m[row]
    way_m = at_m - heights.start_m[row]
    share = np.divide(way_m, length_m, out=np.zeros_like(way_m), where=length_m > 0).clip(0, 1)
    from_m, to_m = heights.from_m[row], heights.to_m[row]
    slope_m = from_m + (to_m - from_m) * share
    # At one end of a slope the height is known even if the height of the other end is not.
    found: Floats = np.where(share == 0, from_m, np.where(share == 1, to_m, slope_m))
    return found


@dataclass(frozen=True)
class _Axis:
    low_m: float
    high_m: float
    distance_m: float

    def x(self, at_m: float) -> float:
        share = min(1.0, max(0.0, at_m / self.distance_m))
        return round(LEFT + (RIGHT - LEFT) * share, 1)

    def y(self, height_m: float) -> float:
        share = (height_m - self.low_m) / (self.high_m - self.low_m)
        return round(BOTTOM - (BOTTOM - TOP) * share, 1)

    def points(self, at_m: Floats, height_m: Floats) -> list[str]:
        pairs = zip(at_m.tolist(), height_m.tolist(), strict=True)
        return [f"{self.x(one):g},{self.y(two):g}" for one, two in pairs]

    def mark(self, one: PassedMark, heights: Heights) -> Mark:
        height_m = float(heights_at(heights, np.array([one.at_m]))[0])
        y = BOTTOM if math.isnan(height_m) else self.y(height_m)
        return Mark(self.x(one.at_m), y, one.name, one.at_m, one.kind)


def _span(lowest_m: float, highest_m: float) -> tuple[float, float]:
    """Return the ends of the height axis, in multiples of 100 m."""
    low_m = math.floor(lowest_m / 100) * 100
    high_m = math.ceil(highest_m / 100) * 100
    return low_m, max(high_m, low_m + _LEAST_SPAN_M)


def _runs(known: NDArray[np.bool_]) -> list[slice]:
    """Return the runs of at least two samples with known heights."""
    found, begin = [], 0
    for is_known, rows in groupby(known.tolist()):
        end = begin + len(list(rows))
        if is_known and end - begin > 1:
            found.append(slice(begin, end))
        begin = end
    return found


def _area(points: Sequence[str]) -> str:
    first, last = (point.partition(",")[0] for point in (points[0], points[-1]))
    return f"{first},{BOTTOM} {' '.join(points)} {last},{BOTTOM}"


def _ticks(distance_m: float) -> list[float]:
    """Return tick distances: a multiple of 1, 2 or 5 times a power of ten, 0 included.

    At most `_MOST_TICKS` steps fit into the distance.
    """
    steps = [base * 10**power for power in range(2, 8) for base in (1, 2, 5)]
    step_m = next(step for step in steps if distance_m / step <= _MOST_TICKS)
    return [float(step_m * n) for n in range(int(distance_m // step_m) + 1)]
