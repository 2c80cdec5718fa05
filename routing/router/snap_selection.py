"""Where the places of a journey meet the roads: as near as they can and still be joined.

Each place is met by the nearest edge of its own country (P33) that the profile may use. Where no
road leads from one such edge to the next, others within the region's limit are looked at, and those
are taken that are joined and lie the least way off in sum. Only what never changes with the day
counts (`routing.graph.components`): a ban or a crossing that is closed is met on the way, and
refused.

The straight line to an edge that is not the nearest never comes near a road of another country:
what lies behind a border is not near.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.engine.mode_network import ModeNetwork
from routing.errors import OffNetwork
from routing.geometry.segment_grid import scale_at
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import (
    NearEdges,
    Snap,
    box_around,
    country_index,
    edges_near,
    edges_of,
    may_be_met,
    snap_to_edge,
)
from routing.travel.request import RouteRequest

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Point = tuple[float, float]

#: Who is met by another road than the nearest keeps so far from roads of another country [A]. The
#: line of the border is not at hand, and runs somewhere between the roads of the two sides.
_ABROAD_M: Final = 50.0

#: Shares of the limit within which edges are looked at, one after the other: most of those that
#: are met lie near (benchmarks/snapping.py: half of them within 60 m).
_LOOKS: Final = (0.1, 0.35, 1.0)


@dataclass(frozen=True, slots=True)
class RoutePlace:
    """A place of a journey: where, in which country if known, and how a refusal calls it."""

    point: Point
    country: str | None
    which: str


def places_of(request: RouteRequest) -> list[RoutePlace]:
    """Return the places of a request, in order."""
    between = [f"via.{index}" for index in range(len(request.via))]
    countries = request.via_countries or (None,) * len(request.via)
    return [
        RoutePlace(point, country, which)
        for point, country, which in zip(
            (request.start, *request.via, request.end),
            (request.start_country, *countries, request.end_country),
            ("start", *between, "end"),
            strict=True,
        )
    ]


def met(network: ModeNetwork, places: Sequence[RoutePlace]) -> list[Snap]:
    """Return where each place meets the roads, so that the journey can go on from one to the next.

    A place between others is one that can be reached and left. Where no edges within the limit are
    joined all along, each is met by its nearest.

    Parameters
    ----------
    network
        Of who travels.
    places
        Two or more, in order.

    Raises
    ------
    OffNetwork
        A place has no road within the limit; or, of two places, one has none that is joined with
        the other's, and there is one further away.
    """
    plain = [nearest(network, place) for place in places]
    if _is_chain(network, plain):
        return plain
    limit_m = network.graph.meta.snap_limit_m
    for share in _LOOKS:
        within_m = share * limit_m
        rows = [
            _Around.of(network, place, snap, within_m)
            for place, snap in zip(places, plain, strict=True)
        ]
        chain = _least(network, rows)
        # What lies beyond is further off than all of these together.
        if chain and (share == 1 or sum(snap.distance_m for snap in chain) <= within_m):
            return chain
    if len(places) == 2:  # noqa: PLR2004 -- of more, nobody could say which one is cut off
        _require_joined(network, rows[0], rows[1])
    return plain


def met_joined(
    network: ModeNetwork, place: RoutePlace, components: Sequence[int] | Ints, *, leaving: bool
) -> Snap | None:
    """Return where a place meets the nearest road that leads to some components, or from them.

    Parameters
    ----------
    components
        Their numbers.
    leaving
        The journey begins at the place; else it ends there.

    Returns
    -------
    None where nothing within the limit does.

    Raises
    ------
    OffNetwork
        No road at all lies within the limit.
    """
    plain, parts = nearest(network, place), network.components
    labels = np.asarray(components, dtype=np.int64)
    joined = parts.reaching(labels) if leaving else parts.reached(labels)
    if joined[components_at(network, plain, leaving=leaving)].any():
        return plain
    around = _Around.of(network, place, plain, network.graph.meta.snap_limit_m)
    mine = around.leaving if leaving else around.arriving
    rows = np.flatnonzero(_any(joined, mine)).tolist()
    return around.snap(rows[0]) if rows else None


def components_at(network: ModeNetwork, snap: Snap, *, leaving: bool) -> Ints:
    """Return the components that a snapped place leads to, or is reached from."""
    pieces = network.departures(snap) if leaving else network.arrivals(snap)
    nodes = np.array([node for _, node in pieces], dtype=np.int64)
    return np.unique(network.components.label[nodes]).astype(np.int64)


def nearest(network: ModeNetwork, place: RoutePlace) -> Snap:
    """Return where a place meets the nearest road of its country that may be used.

    Raises
    ------
    OffNetwork
        That is beyond the limit.
    """
    lon, lat = place.point
    return snap_to_edge(
        network.graph,
        lon,
        lat,
        network.mode,
        place.country,
        which=place.which,
        usable=network.usable,
    )


def _is_chain(network: ModeNetwork, snaps: Sequence[Snap]) -> bool:
    return all(network.joins(start, end) for start, end in pairwise(snaps))


@dataclass(frozen=True, eq=False)
class _Around:
    """The edges around a place, the nearest first, one a way of being joined.

    Parameters
    ----------
    network, place
        Who looks, and from where.
    country
        Index of the country that the edges lie in.
    near
        The edges.
    leaving, arriving
        int64 [k, w], the components that each leads to and is reached from, -1 for none.
    """

    network: ModeNetwork
    place: RoutePlace
    country: int
    near: NearEdges
    leaving: Ints
    arriving: Ints

    @classmethod
    def of(cls, network: ModeNetwork, place: RoutePlace, plain: Snap, within_m: float) -> "_Around":
        """Look around a place whose nearest edge is known."""
        graph = network.graph
        # Nobody said in which country it lies: in that of the nearest road.
        country = country_index(graph, place.country or plain.country)
        near = edges_near(graph, place.point, network.usable, country, within_m)
        if country >= 0:
            near = near.only(np.flatnonzero(~_leaves(graph, place.point, near, country)))
        leaving, arriving = _ends(network, near.edge)
        first = _first_of_each(network, near.edge, leaving, arriving)
        return cls(network, place, country, near.only(first), leaving[first], arriving[first])

    def snap(self, row: int) -> Snap:
        """Return where an edge is met."""
        return self.near.snap(self.network.graph, row, self.network.usable)

    @cached_property
    def snaps(self) -> list[Snap]:
        """All of them."""
        return [self.snap(row) for row in range(len(self.near))]


def _leaves(graph: RoadGraph, point: Point, near: NearEdges, country: int) -> Bools:
    """Tell to which edges the straight line comes near a road that lies not in a country, bool [k].

    The nearest is met as it always is.
    """
    leaves = np.zeros(len(near), dtype=np.bool_)
    reach_m = float(near.distance_m.max(initial=0.0))
    segments = graph.grid.segments_in_box(*box_around(point, reach_m))
    edges = np.unique(edges_of(graph, segments))
    ends = np.stack((graph.edge_tail[edges], graph.edge_head[edges]), axis=1)
    abroad = edges[(graph.node_country[ends] != country).any(axis=1)]
    if len(abroad):
        roads = shapely.MultiLineString([graph.edge_coordinates(e) for e in abroad.tolist()])
        shapely.prepare(roads)
        places = near.places(graph)
        apart_deg = _ABROAD_M / scale_at(point[1])
        lines = np.stack((np.broadcast_to(point, places.shape), places), axis=1)
        is_away = near.distance_m > near.distance_m.min(initial=np.inf)
        ways = shapely.linestrings(lines[is_away])
        leaves[is_away] = shapely.dwithin(roads, ways, apart_deg)
    return leaves


def _ends(network: ModeNetwork, edges: Ints) -> tuple[Ints, Ints]:
    """Return the components that edges lead to and come from, either way: int64 [k, w] each."""
    graph, turns, label = network.graph, network.turns, network.components.label
    twins = graph.edge_twin[edges].astype(np.int64)
    both = np.stack((edges, np.maximum(twins, 0)), axis=1)
    may = network.usable(both.ravel()).reshape(both.shape)
    may[:, 1] &= twins >= 0
    leaving = np.where(may, label[graph.edge_head[both]], -1).astype(np.int64)
    arriving = np.where(may, label[graph.edge_tail[both]], -1).astype(np.int64)
    if not turns.is_obeyed or not len(turns.edge):
        return leaving, arriving
    # Where turns are forbidden an edge leads to a copy of its head, or comes from one of its tail.
    copied = np.isin(both, turns.edge) & may
    more: list[tuple[int, int]] = []
    for row, side in np.argwhere(copied).tolist():
        edge = int(both[row, side])
        leaving[row, side] = label[turns.leads_to(edge)]
        more += [(row, int(label[node])) for node in turns.comes_from(edge)[1:]]
    wider = np.full((len(edges), max(map(len, _by_row(more).values()), default=0)), -1)
    for row, labels in _by_row(more).items():
        wider[row, : len(labels)] = labels
    return leaving, np.concatenate((arriving, wider), axis=1)


def _by_row(pairs: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for row, value in pairs:
        rows.setdefault(row, []).append(value)
    return rows


def _first_of_each(network: ModeNetwork, edges: Ints, leaving: Ints, arriving: Ints) -> Ints:
    """Return the rows of the nearest edge of each way of being joined, rising.

    Of edges of one component the nearest stands for all. One that leads from component to component
    stands for itself: two places on it are joined as nothing else says.
    """
    every = np.concatenate((leaving, arriving), axis=1)
    most = every.max(axis=1)
    is_inside = ((every == most[:, np.newaxis]) | (every < 0)).all(axis=1)
    twins = network.graph.edge_twin[edges]
    itself = np.where(is_inside, -1, np.where(twins >= 0, np.minimum(edges, twins), edges))
    key = np.column_stack((most, itself))
    return np.sort(np.unique(key, axis=0, return_index=True)[1])


# --- the least way off ---------------------------------------------------------------------------


def _least(network: ModeNetwork, rows: Sequence[_Around]) -> list[Snap] | None:
    """Choose an edge a place so that all are joined in order, and lie the least way off in sum."""
    picked = _picked(network, rows)
    if picked is None:
        return None
    return [around.snap(row) for around, row in zip(rows, picked, strict=True)]


def _picked(network: ModeNetwork, rows: Sequence[_Around]) -> list[int] | None:
    """Choose one row a place; None where no choice is joined."""
    total_m = rows[0].near.distance_m
    if not all(len(around.near) for around in rows):
        return None
    came: list[Ints] = []
    for before, around in pairwise(rows):
        joined = _joined(network, before, around)
        reach_m = np.where(joined, total_m[:, np.newaxis], np.inf)
        came.append(reach_m.argmin(axis=0))
        total_m = reach_m.min(axis=0) + around.near.distance_m
    if not np.isfinite(total_m).any():
        return None
    picked = [int(total_m.argmin())]
    for behind in reversed(came):
        picked.append(int(behind[picked[-1]]))
    return picked[::-1]


def _joined(network: ModeNetwork, before: _Around, after: _Around) -> Bools:
    """Return which edges of one place lead to which of the next, bool [k, m]."""
    parts = network.components
    joined = np.outer(
        _any(parts.to_largest, before.leaving), _any(parts.of_largest, after.arriving)
    )
    for row in np.flatnonzero(~joined.all(axis=1)).tolist():
        own = before.leaving[row]
        joined[row] |= _any(parts.reached(own[own >= 0]), after.arriving)
    for row, column in np.argwhere(~joined & _same_edge(network.graph, before, after)).tolist():
        joined[row, column] = bool(network.direct(before.snaps[row], after.snaps[column]))
    return joined


def _any(marked: Bools, components: Ints) -> Bools:
    """Tell in which rows any component is marked; -1 is none."""
    return np.asarray((marked[np.maximum(components, 0)] & (components >= 0)).any(axis=1))


def _same_edge(graph: RoadGraph, before: _Around, after: _Around) -> Bools:
    mine, theirs = before.near.edge[:, np.newaxis], after.near.edge
    twins = graph.edge_twin[before.near.edge][:, np.newaxis]
    return np.asarray((mine == theirs) | ((twins >= 0) & (twins == theirs)))


# --- cut off -------------------------------------------------------------------------------------


def _require_joined(network: ModeNetwork, start: _Around, end: _Around) -> None:
    """Refuse the place that is cut off from the other, where a road further away is not.

    Of two that are cut off from each other that is the one with the smaller world around it.

    Raises
    ------
    OffNetwork
        With the distance of that road.
    """
    parts = network.components
    sources, targets = (np.unique(labels[labels >= 0]) for labels in (start.leaving, end.arriving))
    looks = [(start, parts.reaching(targets), True), (end, parts.reached(sources), False)]
    worlds = [max(map(parts.size, labels.tolist()), default=0) for labels in (sources, targets)]
    if worlds[1] <= worlds[0]:
        looks.reverse()
    limit_m = network.graph.meta.snap_limit_m
    for around, joined, leaving in looks:
        distance_m = _next_m(network, around, joined, leaving=leaving)
        if limit_m < distance_m < np.inf:
            place = around.place
            raise OffNetwork(place.which, distance_m, limit_m, place.country, is_cut_off=True)


def _next_m(network: ModeNetwork, around: _Around, joined: Bools, *, leaving: bool) -> float:
    """Return how far the nearest edge is that is joined, metres; infinite without any."""
    graph, country = network.graph, around.country
    nodes = joined[network.components.label[: len(graph.node_lon)]]
    if country >= 0:
        nodes &= graph.node_country == country
    if not nodes.any():  # nothing to look for through the whole region
        return np.inf

    def accept(segments: Ints) -> Bools:
        can = may_be_met(graph, segments, network.usable, country)
        ends = _ends(network, edges_of(graph, segments[can]))
        can[can] = _any(joined, ends[0] if leaving else ends[1])
        return can

    found = graph.grid.nearest(*around.place.point, accept)
    return np.inf if found is None else found.distance_m
