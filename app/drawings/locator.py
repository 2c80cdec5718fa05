"""Small SVG map that shows where a space lies among the roads and towns of a sketch network.

The server draws the map, so that a page needs no script, no tile and no further request for it. The
roads of a sketch network are straight lines between towns, so the map is labelled as a sketch.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from routing.geometry.geodesy import METRES_PER_DEGREE

#: Size of the map in SVG user units, about as many as a phone's page has CSS pixels.
WIDTH: Final = 340
HEIGHT: Final = 190

#: The map's scale is chosen so that it shows this number of other towns, the nearest ones: a large
#: scale in a city, a small one in an empty region [A].
TOWNS: Final = 5
#: Least distance from the middle of the map to its upper edge, metres [A].
LEAST_M: Final = 12_000.0
#: Greatest distance from the middle of the map to its upper edge, metres [A].
MOST_M: Final = 90_000.0

#: Height of a line of text, in user units [A].
_LINE: Final = 14
#: Mean width of a letter, in user units [A].
_LETTER: Final = 6.4

#: Distance between the point of a town and its name, in user units.
_BESIDE: Final = 9

type Floats = NDArray[np.float64]
type Int32 = NDArray[np.int32]


class TownPosition(Protocol):
    """Position of a town of a sketch network."""

    @property
    def lon(self) -> float:
        """Longitude in degrees, EPSG:4326."""

    @property
    def lat(self) -> float:
        """Latitude in degrees, EPSG:4326."""


class SketchRoads(Protocol):
    """Nodes of a sketch network, and its straight roads (edges) between two nodes each."""

    @property
    def node_lon(self) -> Int32:
        """Longitudes of N nodes, 1e-7 degree."""

    @property
    def node_lat(self) -> Int32:
        """Latitudes of N nodes, 1e-7 degree."""

    @property
    def edge_tail(self) -> Int32:
        """Index of the first node of each of E edges."""

    @property
    def edge_head(self) -> Int32:
        """Index of the last node of each of E edges."""


@dataclass(frozen=True)
class LocatorTown:
    """Town on the map: its point, and its name, in user units.

    The name starts or ends, as ``anchor`` says, at ``text_x``.
    """

    x: float
    y: float
    name: str
    text_x: float
    anchor: str


@dataclass(frozen=True)
class Locator:
    """A small map, ready to draw, with the space in its middle.

    Attributes
    ----------
    roads
        SVG path of the roads.
    towns
        Towns whose names have room, the nearest first.
    bar
        Length of the scale bar in user units.
    bar_m
        Distance on the ground that the scale bar stands for, metres.
    """

    roads: str
    towns: Sequence[LocatorTown]
    bar: float
    bar_m: float


def draw(
    graph: SketchRoads,
    towns: Sequence[TownPosition],
    lon: float,
    lat: float,
    name: Callable[[Any], str],
) -> Locator:
    """Draw the roads and towns of a sketch around a point.

    Parameters
    ----------
    lon, lat
        The space's position as published to the reader, which for some spaces is inexact on
        purpose; degrees, EPSG:4326.
    name
        Function that writes the name of a town, with its country if it lies in another (P33).
    """
    plane = _Plane.around(towns, lon, lat)
    return Locator(
        roads=_roads(graph, plane),
        towns=tuple(_named(towns, plane, name)),
        bar=round(plane.bar_m * plane.scale, 1),
        bar_m=plane.bar_m,
    )


@dataclass(frozen=True)
class _Plane:
    """Plane map projection centred on a point; ``scale`` is user units per metre."""

    lon: float
    lat: float
    scale: float

    @classmethod
    def around(cls, towns: Sequence[TownPosition], lon: float, lat: float) -> "_Plane":
        far_m = np.sort(np.hypot(*cls(lon, lat, 1.0).offsets(*_positions_of(towns))))
        reach_m = float(far_m[min(TOWNS, len(far_m) - 1)]) if len(far_m) else LEAST_M
        return cls(lon, lat, HEIGHT / 2 / min(MOST_M, max(LEAST_M, reach_m)))

    def offsets(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Return how far positions lie east and south of the centre, in user units."""
        east_m = (lon - self.lon) * METRES_PER_DEGREE * math.cos(math.radians(self.lat))
        return east_m * self.scale, (self.lat - lat) * METRES_PER_DEGREE * self.scale

    def points(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Return map coordinates of positions, in user units from the upper left corner."""
        east, south = self.offsets(lon, lat)
        return WIDTH / 2 + east, HEIGHT / 2 + south

    @property
    def bar_m(self) -> float:
        """Length of the scale bar on the ground, metres: 1, 2 or 5 times a power of ten.

        The longest such length that takes at most a quarter of the map's width.
        """
        most_m = WIDTH / 4 / self.scale
        return max(
            step * 10.0**power
            for power in range(2, 6)
            for step in (1, 2, 5)
            if step * 10**power <= most_m
        )


def _positions_of(towns: Sequence[TownPosition]) -> tuple[Floats, Floats]:
    return np.array([one.lon for one in towns]), np.array([one.lat for one in towns])


def _roads(graph: SketchRoads, plane: _Plane) -> str:
    x, y = plane.points(graph.node_lon / 1e7, graph.node_lat / 1e7)
    tail, head = graph.edge_tail, graph.edge_head
    # Leave out roads that cannot be seen, because both ends lie beyond the same side of the map.
    # The SVG viewer clips roads that reach beyond the map.
    seen = (
        (np.maximum(x[tail], x[head]) > 0)
        & (np.minimum(x[tail], x[head]) < WIDTH)
        & (np.maximum(y[tail], y[head]) > 0)
        & (np.minimum(y[tail], y[head]) < HEIGHT)
    )
    both = {
        (min(pair), max(pair))
        for pair in zip(tail[seen].tolist(), head[seen].tolist(), strict=True)
    }
    return "".join(
        f"M{x[one]:.0f} {y[one]:.0f}L{x[other]:.0f} {y[other]:.0f}" for one, other in sorted(both)
    )


def _named(
    towns: Sequence[TownPosition], plane: _Plane, name: Callable[[Any], str]
) -> list[LocatorTown]:
    """Return the towns on the map, nearest first, leaving out names that overlap a nearer one."""
    x, y = plane.points(*_positions_of(towns))
    named: list[LocatorTown] = []
    taken: list[tuple[float, float, float, float]] = []
    for index in np.argsort(np.hypot(x - WIDTH / 2, y - HEIGHT / 2)).tolist():
        at_x, at_y = float(x[index]), float(y[index])
        if not (0 <= at_x <= WIDTH and _LINE <= at_y <= HEIGHT - _LINE):
            continue
        text = name(towns[index])
        width = _LETTER * len(text)
        is_left = at_x + _BESIDE + width > WIDTH
        left = at_x - _BESIDE - width if is_left else at_x + _BESIDE
        box = (left, at_y - _LINE / 2, left + width, at_y + _LINE / 2)
        if left < 0 or any(_meet(box, other) for other in taken):
            continue
        taken.append(box)
        text_x = round(at_x + (-_BESIDE if is_left else _BESIDE), 1)
        anchor = "end" if is_left else "start"
        named.append(LocatorTown(round(at_x, 1), round(at_y, 1), text, text_x, anchor))
    return named


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
