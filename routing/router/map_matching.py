"""Map matching: find the roads that a drawn line follows, to measure the line along the roads."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from routing.engine.mode_network import ModeMetric, ModeNetwork
from routing.errors import NoWay, OffNetwork, RoutingError
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.geometry.lines import segment_lengths_m, surrounding
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import Snap, edges_in, snap_to_edge
from routing.osm_tags.edge_flags import Mode
from routing.route.coverage import MeasuredLine, checked_line
from routing.route.route import drawn
from routing.router.regional import Router
from routing.travel.cost_model import Travel
from routing.travel.crossings import Crossing, gates
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Piece = tuple[int, float, float]

#: Farthest distance between the drawn line and the road, as a share of the region's snap limit
#: [A]: 50 m on streets (limit 1 km), 1.25 km on the sketch (25 km), whose roads are chords.
TOLERANCE_SHARE: Final = 0.05

#: Spacing of the waypoints taken from the line, in multiples of the tolerance, tried in this order
#: [A]: a wide spacing steps over a badly drawn corner, a narrow spacing follows a turn on a divided
#: road.
STEPS_TOLERANCES: Final = (8.0, 2.0, 0.5)

#: Factor on the tolerance in the check that line and road keep within it: the buffer of a line has
#: eight chords to the quarter circle, which lie up to 0.5 % inside the circle.
_SLACK: Final = 1.01

#: Greatest difference of two positions on an edge, as a share of its length, at which they are the
#: same place: a snap has rounding errors, micrometres on a road.
_SAME_SHARE: Final = 1e-9


class MatchFailed(RoutingError, LookupError):  # noqa: N818 -- the name says what happened
    """The line does not follow the roads of this graph; measure it by its geometry instead."""

    code = "match_failed"


def match_line(
    router: Router,
    coordinates: Floats,
    mode: Mode,
    country: str | None = None,
    *,
    crossings: Sequence[Crossing] = (),
    tolerance_m: float | None = None,
) -> MeasuredLine:
    """Find the roads that a drawn line follows.

    The line is cut into steps; between consecutive waypoints the shortest path is searched on the
    roads that run wholly within the tolerance of the line. The result is accepted only if the line
    keeps within the tolerance of the roads and the roads within the tolerance of the line
    (Hausdorff distance). Borders are passed only at official crossings, open or closed: measuring
    a line permits nobody to travel it (P33).

    Parameters
    ----------
    router
        The router of the graph.
    coordinates
        The drawn line, float64 [k, 2], degrees, longitude first.
    mode
        The mode of travel whose roads are used.
    country
        ISO code of the country that the line starts in, where known.
    crossings
        Official crossings.
    tolerance_m
        Farthest distance from the road, metres; by default a twentieth of the snap limit.

    Returns
    -------
    The matched line with ``measure='network'``.

    Raises
    ------
    InvalidRequest
        The coordinates form no valid line.
    MatchFailed
        The line leaves the roads, or the roads do not join along the line.
    """
    points = checked_line(coordinates)
    limit_m = (
        router.graph.meta.snap_limit_m * TOLERANCE_SHARE if tolerance_m is None else tolerance_m
    )
    matching = _Matching.of(router, points, mode, limit_m, crossings)
    for step in STEPS_TOLERANCES[:-1]:
        try:
            return matching.line(step * limit_m, country)
        except MatchFailed:
            continue
    return matching.line(STEPS_TOLERANCES[-1] * limit_m, country)


@dataclass(frozen=True, eq=False, slots=True)
class _Matching:
    """State of matching one line: the corridor around the line, and the costs of its roads."""

    network: ModeNetwork
    travel: Travel
    points: Floats
    limit_m: float
    around: BaseGeometry
    metric: ModeMetric

    @classmethod
    def of(
        cls,
        router: Router,
        points: Floats,
        mode: Mode,
        limit_m: float,
        crossings: Sequence[Crossing],
    ) -> Self:
        network, travel = router.prepared(mode)
        around = surrounding(shapely.LineString(points), limit_m * _SLACK)
        shapely.prepare(around)
        metric = network.metric(_corridor_m(travel, around, crossings), exact=True)
        return cls(network, travel, points, limit_m, around, metric)

    def line(self, step_m: float, country: str | None) -> MeasuredLine:
        """Match the line with waypoints ``step_m`` apart, or raise MatchFailed."""
        places = _places(self.points, step_m, self.limit_m)
        snaps = _snaps(self.travel.graph, places, self.travel.mode, country, self.limit_m)
        way = _way(self.network, self.travel, self.metric, snaps)
        line, measure_m = drawn(
            self.travel.graph, Legs.of(_without_spurs(self.travel, way, self.limit_m))
        )
        roads = shapely.LineString(line)
        if not self.around.covers(roads):
            raise MatchFailed("the roads leave the line")
        if not surrounding(roads, self.limit_m * _SLACK).covers(shapely.LineString(self.points)):
            raise MatchFailed("the line leaves the roads")
        return MeasuredLine(line, measure_m)


def _places(points: Floats, step_m: float, limit_m: float) -> Floats:
    """Return the waypoints of a line that the matched path must pass, float64 [n, 2].

    The waypoints are both ends, a point every ``step_m``, and the line's turns, which are the
    vertices left after simplifying the line by the tolerance.
    """
    along = np.concatenate([[0.0], np.cumsum(segment_lengths_m(points))])
    even = np.linspace(0.0, along[-1], max(2, int(np.ceil(along[-1] / step_m)) + 1))
    straight = shapely.simplify(
        shapely.LineString(points), limit_m / METRES_PER_DEGREE, preserve_topology=False
    )
    turns, row = [], 0
    for turn in shapely.get_coordinates(straight):
        row += int(np.argmax((points[row:] == turn).all(axis=1)))
        turns.append(along[row])
    wanted = np.union1d(even, turns)
    return np.column_stack([np.interp(wanted, along, points[:, axis]) for axis in (0, 1)])


def _snaps(
    graph: RoadGraph, places: Floats, mode: Mode, country: str | None, limit_m: float
) -> list[Snap]:
    try:
        # Only the start's country is given. Later waypoints may snap in any country: the path
        # between them passes borders at official crossings only.
        return [
            snap_to_edge(graph, float(lon), float(lat), mode, None if row else country, limit_m)
            for row, (lon, lat) in enumerate(places)
        ]
    except OffNetwork as error:
        raise MatchFailed("a part of the line lies away from every road") from error


def _corridor_m(travel: Travel, around: BaseGeometry, crossings: Sequence[Crossing]) -> Floats:
    """Return the length of each edge, metres; infinite where an edge leaves the area ``around``.

    A border edge without an official crossing is infinite as well.
    """
    graph = travel.graph
    edges = np.asarray(edges_in(graph, around), dtype=np.int64)
    edges = edges[travel.usable(edges)]
    inside = edges[[around.covers(_shape(graph, edge)) for edge in edges.tolist()]]
    length_m = np.full(len(graph.edge_tail), np.inf)
    length_m[inside] = travel.length_m(inside)
    informal = [edge for edge, gate in gates(graph, crossings).items() if not gate.posts]
    length_m[np.array(informal, dtype=np.int64)] = np.inf
    return length_m


def _shape(graph: RoadGraph, edge: int) -> BaseGeometry:
    """Return an edge's geometry; a Point for an edge of length 0 (each half of a crossing)."""
    line = graph.edge_coordinates(edge)
    return shapely.Point(line[0]) if (line == line[0]).all() else shapely.LineString(line)


def _way(
    network: ModeNetwork, travel: Travel, metric: ModeMetric, snaps: Sequence[Snap]
) -> tuple[Piece, ...]:
    def price(legs: Legs) -> Floats:
        return travel.length_m(legs.edge) * legs.share

    pieces: list[Piece] = []
    try:
        for start, end in pairwise(snaps):
            pieces += network.shortest(metric, network.ends(start, end), price)
    except NoWay as error:
        raise MatchFailed("the roads along the line do not join") from error
    moving = [piece for piece in pieces if piece[1] < piece[2]]
    return tuple(moving or pieces[:1])


def _without_spurs(travel: Travel, pieces: Sequence[Piece], limit_m: float) -> tuple[Piece, ...]:
    """Remove there-and-back stretches that are no longer than the tolerance.

    Such stretches come from a waypoint that was snapped into a side street. A real there-and-back
    as short as this cannot be distinguished from a snapping error.
    """
    kept = list(pieces)
    at = 0
    while at + 1 < len(kept):
        count, spur_m = _spur(travel, kept, at)
        if 0 < spur_m <= limit_m:
            behind, ahead = kept[at + 1 - count], kept[at + count]
            shared = min(behind[2] - behind[1], ahead[2] - ahead[1])
            rest = [
                (behind[0], behind[1], behind[2] - shared),
                (ahead[0], ahead[1] + shared, ahead[2]),
            ]
            kept[at + 1 - count : at + 1 + count] = [piece for piece in rest if piece[1] < piece[2]]
            at = max(0, at - count)
        else:
            at += 1
    return tuple(kept or pieces[:1])


def _spur(travel: Travel, pieces: Sequence[Piece], at: int) -> tuple[int, float]:
    """Return how many legs and metres a path goes back, after its leg ``at``, the way it came."""
    count, spur_m = 0, 0.0
    while at - count >= 0 and at + 1 + count < len(pieces):
        (edge, start, end), (back, begin, finish) = pieces[at - count], pieces[at + 1 + count]
        if back != int(travel.graph.edge_twin[edge]) or abs(1.0 - end - begin) > _SAME_SHARE:
            break
        count += 1
        shared = min(end - start, finish - begin)
        spur_m += shared * float(segment_lengths_m(travel.graph.edge_coordinates(edge)).sum())
        if end - start != shared or finish - begin != shared or (start, finish) != (0.0, 1.0):
            break
    return count, spur_m
