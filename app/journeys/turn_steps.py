"""Turn-by-turn steps of a route: one step per road, with the turn at its beginning.

Turns are computed from the route's line. Texts about the ground are in `app.texts.route_text`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.route.route import Route
from routing.route.segments import RouteSegment

type Floats = NDArray[np.float64]

#: Upper limits of the turn angle for straight on, slight, plain and sharp turns, degrees; beyond
#: the last the turn is a U-turn [A].
_STRAIGHT, _SLIGHT, _PLAIN, _SHARP = 30.0, 60.0, 120.0, 160.0

#: Distance before and after a turn over which its angle is measured, metres, so that small kinks do
#: not count as turns [A].
_LOOK_M: Final = 15.0


class TurnType(IntEnum):
    """Turn at the beginning of a step; the values are openrouteservice's instruction types."""

    LEFT = 0
    RIGHT = 1
    SHARP_LEFT = 2
    SHARP_RIGHT = 3
    SLIGHT_LEFT = 4
    SLIGHT_RIGHT = 5
    STRAIGHT = 6
    BACK = 9
    GOAL = 10
    DEPART = 11


@dataclass(frozen=True, eq=False, slots=True)
class TurnStep:
    """Part of a route on one road.

    Parameters
    ----------
    parts
        Segments of the step, at least one.
    leg
        Number of the leg that the step lies in, from 0.
    first, last
        Indices of the step's first and last vertex in the route's line.
    turn
        Turn at the beginning of the step.
    """

    parts: tuple[RouteSegment, ...]
    leg: int
    first: int
    last: int
    turn: TurnType

    @property
    def name(self) -> str | None:
        """Name of the road, else its number; None if it has neither."""
        return self.parts[0].road or self.parts[0].ref

    @property
    def length_m(self) -> float:
        """Length, metres."""
        return self.parts[-1].to_m - self.parts[0].from_m

    @property
    def duration_s(self) -> float:
        """Moving time, seconds."""
        return sum(part.duration_s for part in self.parts)


def steps_of(route: Route) -> tuple[TurnStep, ...]:
    """Split a route into steps; waypoints always end a step."""
    ends_m = [waypoint.at_m for waypoint in route.via]
    found: list[TurnStep] = []
    rows = list(_rows(route.segments, ends_m))
    for row, (leg, parts) in enumerate(rows, 1):
        # Each step starts at the last vertex of the one before, so that the steps cover the whole
        # line, including vertices at equal distances.
        first = found[-1].last if found else 0
        is_last = row == len(rows)
        last = len(route.coordinates) - 1 if is_last else _vertex(route, parts[-1].to_m)
        begins = not found or found[-1].leg != leg
        turn = TurnType.DEPART if begins else turn_at(route, first)
        found.append(TurnStep(tuple(parts), leg, first, max(first, last), turn))
    return tuple(found)


def _rows(
    segments: Sequence[RouteSegment], ends_m: Sequence[float]
) -> Iterator[tuple[int, list[RouteSegment]]]:
    """Yield, for each step of a route, the number of its leg and its segments.

    A step ends where the road changes, and at the waypoints, ``ends_m`` metres after the start.
    """
    row: list[RouteSegment] = []
    leg = 0
    for segment in segments:
        # No segment spans a waypoint, so the middle of a segment tells its leg.
        ahead = int(np.searchsorted(ends_m, (segment.from_m + segment.to_m) / 2, "right"))
        if row and (ahead != leg or _road(row[0]) != _road(segment)):
            yield leg, row
            row = []
        leg = ahead
        row.append(segment)
    if row:
        yield leg, row


def _road(segment: RouteSegment) -> tuple[str | None, ...]:
    return (segment.road, segment.ref, segment.road_class)


def _vertex(route: Route, at_m: float) -> int:
    """Return the vertex nearest to a distance along the route."""
    return int(np.abs(route.measure_m - at_m).argmin())


def turn_at(route: Route, vertex: int) -> TurnType:
    """Return how a route turns at a vertex."""
    line, measure_m = route.coordinates, route.measure_m
    here_m = measure_m[vertex]
    before = int(np.searchsorted(measure_m, here_m - _LOOK_M, "right")) - 1
    behind = int(np.searchsorted(measure_m, here_m + _LOOK_M, "left"))
    came, goes = line[max(before, 0)], line[min(behind, len(line) - 1)]
    angle = _bearing(line[vertex], goes) - _bearing(came, line[vertex])
    angle = (angle + 180) % 360 - 180
    size, is_right = abs(angle), angle > 0
    if size <= _STRAIGHT:
        return TurnType.STRAIGHT
    if size > _SHARP:
        return TurnType.BACK
    if size <= _SLIGHT:
        return TurnType.SLIGHT_RIGHT if is_right else TurnType.SLIGHT_LEFT
    if size <= _PLAIN:
        return TurnType.RIGHT if is_right else TurnType.LEFT
    return TurnType.SHARP_RIGHT if is_right else TurnType.SHARP_LEFT


def _bearing(one: Floats, two: Floats) -> float:
    """Return the bearing from a point to another nearby, degrees clockwise from north.

    Points are lon, lat in degrees.
    """
    narrow = np.cos(np.radians((one[1] + two[1]) / 2))
    return float(np.degrees(np.arctan2((two[0] - one[0]) * narrow, two[1] - one[1])))
