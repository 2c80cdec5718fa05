"""Choice of the edges that the places of a journey snap to: the nearest connected edges.

Each place snaps to the nearest edge of its own country (P33) that the profile may use. Where no
road leads from the edge of one place to the edge of the next, other edges within the region's limit
are considered, and the connected edges with the least sum of distances are chosen. Connected means
by the static network (`routing.graph.components`): bans and closed crossings are ignored here, the
route search deals with them.

The straight line from a place to an edge other than its nearest never comes near a road of another
country, so that no place snaps across a border.
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

#: Distance that the straight line to an edge other than the nearest keeps from roads of another
#: country, metres [A]. The border line itself is not in the data; it runs somewhere between the
#: roads of the two countries.
_ABROAD_M: Final = 50.0

#: Radii within which edges are looked for, as shares of the limit, tried in turn: most of the
#: chosen edges lie near the place (benchmarks/snapping.py: half of them within 60 m).
_LOOKS: Final = (0.1, 0.35, 1.0)


@dataclass(frozen=True, slots=True)
class RoutePlace:
    """A place of a journey: its point, its country if known, and its name in refusals."""

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
    """Snap places to edges so that a journey can go from each place to the next.

    A place between others snaps to an edge that can be both reached and left. Where no edges within
    the limit are connected all along, each place snaps to its nearest edge.

    Parameters
    ----------
    network
        The network of the travelling profile.
    places
        Two or more places, in order.

    Raises
    ------
    OffNetwork
        A place has no road within the limit; or, with two places only, no road within the limit of
        a place is connected with the roads of the other place, and a road beyond the limit is.
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
        # Any edge beyond the radius is farther off than the sum of the chosen distances, so no
        # choice with such an edge has a smaller sum.
        if chain and (share == 1 or sum(snap.distance_m for snap in chain) <= within_m):
            return chain
    if len(places) == 2:  # noqa: PLR2004 -- of three places, which is cut off is unclear
        _require_joined(network, rows[0], rows[1])
    return plain


def met_joined(
    network: ModeNetwork, place: RoutePlace, components: Sequence[int] | Ints, *, leaving: bool
) -> Snap | None:
    """Snap a place to the nearest road that leads to, or is reached from, given components.

    Parameters
    ----------
    components
        Numbers of the components.
    leaving
        Whether the journey begins at the place; else it ends there.

    Returns
    -------
    The snap; None where no road within the limit is connected.

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
    """Snap a place to the nearest usable road of its country.

    Raises
    ------
    OffNetwork
        The nearest road is beyond the limit.
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
    """Candidate edges around a place, nearest first; of the edges of a component only the nearest.

    Parameters
    ----------
    network, place
        The network, and the place to snap.
    country
        Index of the country that the edges lie in.
    near
        The edges.
    leaving, arriving
        int64 [k, w], the components that each edge leads to and is reached from, -1 for none.
    """

    network: ModeNetwork
    place: RoutePlace
    country: int
    near: NearEdges
    leaving: Ints
    arriving: Ints

    @classmethod
    def of(cls, network: ModeNetwork, place: RoutePlace, plain: Snap, within_m: float) -> "_Around":
        """Collect the candidate edges around a place whose nearest edge is known."""
        graph = network.graph
        # A place of unknown country is assumed to lie in the country of its nearest road.
        country = country_index(graph, place.country or plain.country)
        near = edges_near(graph, place.point, network.usable, country, within_m)
        if country >= 0:
            near = near.only(np.flatnonzero(~_leaves(graph, place.point, near, country)))
        leaving, arriving = _ends(network, near.edge)
        first = _first_of_each(network, near.edge, leaving, arriving)
        return cls(network, place, country, near.only(first), leaving[first], arriving[first])

    def snap(self, row: int) -> Snap:
        """Return the place's snap to one of the candidate edges."""
        return self.near.snap(self.network.graph, row, self.network.usable)

    @cached_property
    def snaps(self) -> list[Snap]:
        """The place's snaps to all candidate edges."""
        return [self.snap(row) for row in range(len(self.near))]


def _leaves(graph: RoadGraph, point: Point, near: NearEdges, country: int) -> Bools:
    """Return which edges lie beyond a road of another country, as seen from a place, bool [k].

    The straight line from the place to such an edge comes within `_ABROAD_M` of a road outside
    ``country``. The nearest edge is always False, so that it stays a candidate.
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
    """Return the components that edges lead to and are reached from, int64 [k, w] each.

    Both directions of travel along each edge are included; unused columns are -1.
    """
    graph, turns, label = network.graph, network.turns, network.components.label
    twins = graph.edge_twin[edges].astype(np.int64)
    both = np.stack((edges, np.maximum(twins, 0)), axis=1)
    may = network.usable(both.ravel()).reshape(both.shape)
    may[:, 1] &= twins >= 0
    leaving = np.where(may, label[graph.edge_head[both]], -1).astype(np.int64)
    arriving = np.where(may, label[graph.edge_tail[both]], -1).astype(np.int64)
    if not turns.is_obeyed or not len(turns.edge):
        return leaving, arriving
    # Where turns are forbidden, an edge leads to a copy of its head node, or comes from a copy of
    # its tail node.
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
    """Return the index of the nearest edge of each component, ascending.

    Of the edges inside one component the nearest represents all. An edge that leads from one
    component to another represents only itself: two places on the same such edge may be connected
    directly, which the components do not show.
    """
    every = np.concatenate((leaving, arriving), axis=1)
    most = every.max(axis=1)
    is_inside = ((every == most[:, np.newaxis]) | (every < 0)).all(axis=1)
    twins = network.graph.edge_twin[edges]
    itself = np.where(is_inside, -1, np.where(twins >= 0, np.minimum(edges, twins), edges))
    key = np.column_stack((most, itself))
    return np.sort(np.unique(key, axis=0, return_index=True)[1])


# --- least sum of distances ----------------------------------------------------------------------


def _least(network: ModeNetwork, rows: Sequence[_Around]) -> list[Snap] | None:
    """Choose one edge per place, connected in order, with the least sum of distances.

    None where no choice is connected.
    """
    picked = _picked(network, rows)
    if picked is None:
        return None
    return [around.snap(row) for around, row in zip(rows, picked, strict=True)]


def _picked(network: ModeNetwork, rows: Sequence[_Around]) -> list[int] | None:
    """Choose one candidate edge per place, connected in order, with the least sum of distances.

    Return the index of the edge for each place; None where no choice is connected.
    """
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
    """Return which edges of one place lead to which edges of the next place, bool [k, m]."""
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
    """Return whether any component in each row of ``components`` is marked; -1 stands for none."""
    return np.asarray((marked[np.maximum(components, 0)] & (components >= 0)).any(axis=1))


def _same_edge(graph: RoadGraph, before: _Around, after: _Around) -> Bools:
    mine, theirs = before.near.edge[:, np.newaxis], after.near.edge
    twins = graph.edge_twin[before.near.edge][:, np.newaxis]
    return np.asarray((mine == theirs) | ((twins >= 0) & (twins == theirs)))


# --- cut off -------------------------------------------------------------------------------------


def _require_joined(network: ModeNetwork, start: _Around, end: _Around) -> None:
    """Refuse a place that is cut off from the other, if a connected road lies beyond the limit.

    Of two places cut off from each other, the place in the smaller component is refused first.

    Raises
    ------
    OffNetwork
        With the distance of the connected road.
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
    """Return the distance from a place to its nearest connected edge, metres; infinite if none."""
    graph, country = network.graph, around.country
    nodes = joined[network.components.label[: len(graph.node_lon)]]
    if country >= 0:
        nodes &= graph.node_country == country
    if not nodes.any():
        # No node is connected: the search below would look through the whole region in vain.
        return np.inf

    def accept(segments: Ints) -> Bools:
        can = may_be_met(graph, segments, network.usable, country)
        ends = _ends(network, edges_of(graph, segments[can]))
        can[can] = _any(joined, ends[0] if leaving else ends[1])
        return can

    found = graph.grid.nearest(*around.place.point, accept)
    return np.inf if found is None else found.distance_m
