"""A route as an answer: where it goes, what it costs, what is known about it and what is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from routing.access import EdgeFlag, Mode
from routing.altitude import highest_m
from routing.cost import ModeBase
from routing.crossings import Gate
from routing.exposure import Contact, Exposure, Legs, covered_m, hazard_exposure
from routing.graph import RoadGraph, Snap
from routing.lines import between
from routing.profile import walking_days

type Floats = NDArray[np.float64]
type Piece = tuple[int, float, float]

_LIT = int(EdgeFlag.LIT_YES | EdgeFlag.LIT_NO)


@dataclass(frozen=True, eq=False, slots=True)
class Route:
    """One way from start to end.

    Parameters
    ----------
    coordinates
        float64 [k, 2], degrees, longitude first, in order of travel.
    measure_m
        float64 [k], metres along the edges' lengths at each vertex; the last is ``distance_m``.
    edges
        (edge, from, to) with shares of the directed edge's length.
    mode
        How it is travelled.
    distance_m
        Sum of the edges' lengths; the off-network parts are in the snaps.
    duration_s
        Moving time.
    walking_days
        Days on foot; 1 by vehicle.
    ascent_m
        Metres climbed.
    ascent
        ``'dem'`` from a height model of 90 m cells or finer; else ``'lower_bound'`` from the
        heights of nodes.
    highest_m
        Highest known height on the way, None where none is known.
    exposure
        By kind, see `Exposure`.
    unknown_m
        Metres without any hazard record: nobody reported is not the same as nothing there.
    unknown
        The same by attribute: ``hazards``, ``elevation``, ``surface``, ``lit``.
    crossings
        Ids of the official crossings, in order.
    hazards
        Ids of the hazards the route passes through, in order of first meeting.
    start_snap, end_snap
        Where the asked points meet the network.
    aversion
        The weight of exposure that found this route.
    cost_s
        Upper-bound cost at the weight all routes of an answer are ranked by, seconds.
    """

    coordinates: Floats = field(repr=False)
    measure_m: Floats = field(repr=False)
    edges: tuple[Piece, ...] = field(repr=False)
    mode: Mode
    distance_m: float
    duration_s: float
    walking_days: int
    ascent_m: float
    ascent: Literal["dem", "lower_bound"]
    highest_m: float | None
    exposure: Mapping[str, Exposure]
    unknown_m: float
    unknown: Mapping[str, float]
    crossings: tuple[str, ...]
    hazards: tuple[str, ...]
    start_snap: Snap = field(repr=False)
    end_snap: Snap = field(repr=False)
    aversion: float
    cost_s: float

    @property
    def legs(self) -> Legs:
        """The pieces as arrays."""
        return Legs.of(self.edges)

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """GeoJSON Feature with the totals as properties."""
        return {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": self.coordinates.tolist()},
            "properties": {
                "mode": self.mode.value,
                "distance_m": self.distance_m,
                "duration_s": self.duration_s,
                "walking_days": self.walking_days,
                "ascent_m": self.ascent_m,
                "ascent": self.ascent,
                "highest_m": self.highest_m,
                "exposure": {
                    kind: {"value": item.value, "unit": item.unit, "source": item.source}
                    for kind, item in self.exposure.items()
                },
                "unknown_m": self.unknown_m,
                "unknown": dict(self.unknown),
                "crossings": list(self.crossings),
                "hazards": list(self.hazards),
            },
        }


def make_route(
    base: ModeBase,
    pieces: Sequence[Piece],
    contacts: Sequence[Contact],
    passed: Sequence[Gate],
    snaps: tuple[Snap, Snap],
    *,
    aversion: float,
    cost_s: float,
) -> Route:
    """Add up a way through the graph.

    Parameters
    ----------
    base
        The mode's costs on the graph.
    pieces
        In order of travel, each starting where the one before ends.
    contacts
        Every hazard that counts, laid over the graph.
    passed
        The gates on the way, in order.
    snaps
        Start and end.
    aversion, cost_s
        Kept in the route.
    """
    graph, legs = base.graph, Legs.of(pieces)
    length_m = base.length_m[legs.edge]
    coordinates, measure_m = drawn(base, pieces)
    distance_m = float((length_m * legs.share).sum())
    duration_s = float((base.time_s[legs.edge] * legs.share).sum())
    ascent_m = np.asarray(graph.edge_ascent_m, dtype=np.float64)[legs.edge]
    unknown = _unknown_m(base, legs, contacts, distance_m)
    return Route(
        coordinates=coordinates,
        measure_m=measure_m,
        edges=tuple(pieces),
        mode=base.mode,
        distance_m=distance_m,
        duration_s=duration_s,
        walking_days=walking_days(distance_m, duration_s) if base.mode is Mode.FOOT else 1,
        ascent_m=float((ascent_m * legs.share).sum()),
        ascent="dem" if graph.meta.has_slope else "lower_bound",
        highest_m=highest_m(base.graph, legs),
        exposure=base.altitude_exposure(legs) | hazard_exposure(contacts, legs, length_m),
        unknown_m=unknown["hazards"],
        unknown=unknown,
        crossings=_ids(passed),
        hazards=_hazards_met(contacts, legs),
        start_snap=snaps[0],
        end_snap=snaps[1],
        aversion=aversion,
        cost_s=cost_s,
    )


def drawn(base: ModeBase, pieces: Sequence[Piece]) -> tuple[Floats, Floats]:
    """Join the polylines of pieces, with the edges' own measure at every vertex.

    Returns
    -------
    (coordinates float64 [k, 2] in degrees, measure_m float64 [k] from 0), k >= 2.
    """
    legs = Legs.of(pieces)
    length_m = base.length_m[legs.edge]
    before_m = np.concatenate(([0.0], np.cumsum(legs.share * length_m)[:-1]))
    leg, coordinates, share = _vertices(base.graph, legs)
    measure_m = before_m[leg] + (share - legs.start[leg]) * length_m[leg]
    # The first vertex of a piece is the last one of the piece before.
    kept = np.append(True, (leg[1:] == leg[:-1]))
    coordinates, measure_m = coordinates[kept], measure_m[kept]
    new = np.ones(len(coordinates), dtype=np.bool_)
    # A zero-length border edge repeats its vertex; the ends stay whatever happens.
    new[1:-1] = (np.diff(coordinates, axis=0)[:-1] != 0).any(axis=1) | (np.diff(measure_m)[:-1] > 0)
    return coordinates[new], measure_m[new]


def _vertices(graph: RoadGraph, legs: Legs) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Give the vertices of pieces, in order: piece, coordinates, share of the whole edge.

    Whole edges, most of them, all at once.
    """
    is_whole = (legs.start <= 0) & (legs.end >= 1)
    whole = np.flatnonzero(is_whole)
    coordinates, share, count = graph.edge_lines(legs.edge[whole])
    parts = [(np.repeat(whole, count), coordinates, share)]
    for index in np.flatnonzero(~is_whole).tolist():
        line, along = between(
            graph.edge_coordinates(int(legs.edge[index])), legs.start[index], legs.end[index]
        )
        parts.append((np.full(len(line), index), line, along))
    leg, coordinates, share = (np.concatenate([part[i] for part in parts]) for i in range(3))
    order = np.argsort(leg, kind="stable")
    return leg[order], coordinates[order], share[order]


def _unknown_m(
    base: ModeBase, legs: Legs, contacts: Sequence[Contact], distance_m: float
) -> dict[str, float]:
    graph = base.graph
    metres = base.length_m[legs.edge] * legs.share
    surface = np.asarray(graph.edge_surface)[legs.edge] == 0
    lit = (np.asarray(graph.edge_flags)[legs.edge] & _LIT) == 0
    reported_m = covered_m(contacts, legs, base.length_m[legs.edge])
    return {
        "hazards": max(0.0, distance_m - reported_m),
        "elevation": float(metres[~base.height_known[legs.edge]].sum()),
        "surface": float(metres[surface].sum()),
        "lit": float(metres[lit].sum()),
    }


def _hazards_met(contacts: Sequence[Contact], legs: Legs) -> tuple[str, ...]:
    """Give the ids of hazards that some of the way lies inside, in order of first meeting."""
    met = []
    for item in contacts:
        leg, start, end = item.parts(legs)
        inside = end > start
        if inside.any():
            first = int(np.lexsort((start[inside], leg[inside]))[0])
            place = int(leg[inside][first]), float(start[inside][first])
            met.append((place, item.hazard.id))
    return tuple(hazard_id for _, hazard_id in sorted(met))


def _ids(passed: Sequence[Gate]) -> tuple[str, ...]:
    """Give the posts' ids in order of travel; one post met twice in a row counts once."""
    ids: list[str] = []
    for gate in passed:
        ids += [post.id for post in gate.posts if not ids or post.id != ids[-1]]
    return tuple(ids)
