"""Nodes and parts of edges within a range of time or length from some places."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.engine import _dijkstra_kernel
from routing.engine.mode_network import Piece
from routing.graph.snapping import Snap
from routing.index_ranges import joined_ranges
from routing.osm_tags.edge_flags import Mode
from routing.reach.network import ReachNetwork, SearchRows
from routing.travel.crossings import Crossing
from routing.travel.legs import Legs
from routing.travel.speed import FLAT_KMH

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Time of a metre off the roads, seconds: on foot over level ground (Tobler 1993), whoever travels.
OFF_ROAD_S_PER_M: Final = 3.6 / FLAT_KMH

#: First guess of the highest cost per metre, seconds, from which a search by length gets its cost
#: limit [A]. It affects only how often a search is repeated, not its result.
_GUESSED_S_PER_M: Final = {Mode.FOOT: OFF_ROAD_S_PER_M, Mode.VEHICLE: 0.12}

#: Factor by which the cost limit is raised if it was too low: four searches suffice even for the
#: dearest roads (`routing.travel.cost_model.DEAREST`).
_WIDER: Final = 6.0

#: Factor on the first cost limit, so that a search is not repeated just because of rounding.
_HEADROOM: Final = 1.0 + 1e-6


class Measure(StrEnum):
    """What a range limits: moving time, seconds, or length along the road, metres."""

    TIME = "time"
    DISTANCE = "distance"


@dataclass(frozen=True, eq=False, slots=True)
class EdgeSpread:
    """Parts of edges within the range.

    Parameters
    ----------
    edge
        int64 [k]; an edge occurs once for each node or copy from which it is reached.
    start, end
        float64 [k]: the part runs from share ``start``, where it is reached first, to ``end``. In a
        search towards places ``start`` is above ``end``.
    used
        float64 [k], how much of the range (seconds or metres) is used up at ``start``.
    whole
        float64 [k], how much of the range the whole edge takes.
    """

    edge: Ints
    start: Floats
    end: Floats
    used: Floats
    whole: Floats

    def only(self, kept: Bools) -> "EdgeSpread":
        """Return some of the parts."""
        return EdgeSpread(
            self.edge[kept], self.start[kept], self.end[kept], self.used[kept], self.whole[kept]
        )

    @classmethod
    def joined(cls, one: "EdgeSpread", two: "EdgeSpread") -> "EdgeSpread":
        """Concatenate the parts of two objects."""
        return cls(
            np.concatenate((one.edge, two.edge)),
            np.concatenate((one.start, two.start)),
            np.concatenate((one.end, two.end)),
            np.concatenate((one.used, two.used)),
            np.concatenate((one.whole, two.whole)),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """All that lies within a range of some places.

    Parameters
    ----------
    node
        int64 [n], ascending: reached nodes of the graph.
    used
        float64 [n], how much of the range (seconds or metres) the path of least cost to each node
        takes, the way from the place to the road included.
    parts
        Reached parts of edges.
    crossings
        Official crossings that were passed.
    """

    node: Ints
    used: Floats
    parts: EdgeSpread
    crossings: tuple[Crossing, ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Seeds:
    """Where a search begins: parts of edges from places to nodes, and metres from place to road."""

    pieces: tuple[Piece, ...]
    node: Ints
    off_m: Floats

    @classmethod
    def of(cls, network: ReachNetwork, snaps: Sequence[Snap], *, towards: bool) -> "_Seeds":
        rows = [
            (piece, node, snap.distance_m)
            for snap in snaps
            for piece, node in (
                network.network.arrivals(snap) if towards else network.network.departures(snap)
            )
        ]
        return cls(
            tuple(piece for piece, _, _ in rows),
            np.array([node for _, node, _ in rows], dtype=np.int64),
            np.array([off_m for _, _, off_m in rows], dtype=np.float64),
        )


def spread_from(
    network: ReachNetwork, snaps: Sequence[Snap], most: float, by: Measure, *, towards: bool = False
) -> Spread:
    """Find what lies within a range of the nearest of some snapped places.

    A node is within the range if the path of *least cost* to it, which a route would take, takes no
    more time or length than ``most``.

    Parameters
    ----------
    snaps
        The places on the roads; the way from a place to its road is part of the path.
    most
        The range, seconds or metres.
    towards
        True if paths lead to the places, False if they lead away from them.
    """
    seeds = _Seeds.of(network, snaps, towards=towards)
    rows = network.rows(seeds.node, towards=towards)
    by_edge = network.metric.time_s if by is Measure.TIME else network.metric.length_m
    off = seeds.off_m * (OFF_ROAD_S_PER_M if by is Measure.TIME else 1.0)
    legs = Legs.of(seeds.pieces)
    seed_s = seeds.off_m * OFF_ROAD_S_PER_M + network.legs_s(seeds.pieces)
    seed_used = off + by_edge[legs.edge] * legs.share
    whole = rows.of_edges(by_edge)
    guessed = 1.0 if by is Measure.TIME else _GUESSED_S_PER_M[network.profile.mode]
    found = _settled(rows, whole, seeds.node, (seed_s, seed_used), most, _HEADROOM * most * guessed)
    begun = _begun(seeds, seed_s, off, by_edge, towards=towards)
    parts = EdgeSpread.joined(begun, _onward(rows, found, whole, towards=towards))
    return Spread(
        *_of_nodes(network, found.inside, found.used),
        _within(parts, most),
        _passed(network, rows, found.via, found.inside),
    )


class _Settled(NamedTuple):
    """Outcome of a search.

    ``used`` float64 [N + V] is how much of the range is used up at each node, and ``via`` the row
    that reaches the node; ``inside`` are the nodes within the range, ``out`` the open rows out of
    these nodes, and ``used_at`` how much is used up at the begin of each of these rows.
    """

    used: Floats
    via: Ints
    inside: Ints
    out: Ints
    used_at: Floats


def _settled(
    rows: SearchRows,
    whole: Floats,
    nodes: Ints,
    seeds: tuple[Floats, Floats],
    most: float,
    limit_s: float,
) -> _Settled:
    """Search with growing cost limits until no node within the range can be missing.

    Parameters
    ----------
    whole
        float64 [rows], how much of the range each row takes.
    nodes, seeds
        Nodes where the search begins; the cost of each, and how much of the range it takes.
    limit_s
        Cost at which the first search stops.
    """
    seed_s, seed_used = seeds
    wanted = np.ones(len(rows.first) - 1, dtype=np.bool_)
    while True:
        reach_s, via, order = _dijkstra_kernel.settle(
            rows.first, rows.there, rows.cost_s, nodes, seed_s, wanted, limit_s
        )
        used = _dijkstra_kernel.add_up(order, via, rows.here, whole, seed_used)
        inside = order[used[order] <= most]
        out, used_at = _rows_out_of(rows, inside, used)
        # The limit was too low if an edge out of a found node ends within the range at a node that
        # was not reached, or if a seed within the range costs more than the limit.
        missed = np.isinf(reach_s[rows.there[out]]) & (used_at + whole[out] <= most)
        late = np.isinf(reach_s[nodes]) & np.isfinite(seed_s) & (seed_used <= most)
        if not missed.any() and not late.any():
            return _Settled(used, via, inside, out, used_at)
        limit_s *= _WIDER


def _rows_out_of(rows: SearchRows, nodes: Ints, used: Floats) -> tuple[Ints, Floats]:
    """Return the open rows out of some nodes, and the range used up where each begins."""
    count = rows.first[nodes + 1] - rows.first[nodes]
    out = joined_ranges(rows.first[nodes], count)
    used_at = np.repeat(used[nodes], count)
    is_open = np.isfinite(rows.cost_s[out])
    return out[is_open], used_at[is_open]


def _onward(rows: SearchRows, found: _Settled, whole: Floats, *, towards: bool) -> EdgeSpread:
    start, end = (1.0, 0.0) if towards else (0.0, 1.0)
    out, count = found.out, len(found.out)
    return EdgeSpread(
        rows.edges_of(out), np.full(count, start), np.full(count, end), found.used_at, whole[out]
    )


def _begun(
    seeds: _Seeds, seed_s: Floats, off: Floats, by_edge: Floats, *, towards: bool
) -> EdgeSpread:
    """Return the parts of edges that begin at the places themselves, and not at a node."""
    legs, is_open = Legs.of(seeds.pieces), np.isfinite(seed_s)
    start, end = (legs.end, legs.start) if towards else (legs.start, legs.end)
    edge = legs.edge[is_open]
    return EdgeSpread(edge, start[is_open], end[is_open], off[is_open], by_edge[edge])


def _within(parts: EdgeSpread, most: float) -> EdgeSpread:
    """Cut off what lies beyond the range from parts of edges."""
    left = most - parts.used
    kept = left >= 0
    start, end, whole = parts.start[kept], parts.end[kept], parts.whole[kept]
    share = np.divide(left[kept], whole, out=np.ones(len(whole)), where=whole > 0)
    share = np.minimum(share, np.abs(end - start))
    return EdgeSpread(
        parts.edge[kept],
        start,
        start + np.where(end < start, -share, share),
        parts.used[kept],
        whole,
    )


def _of_nodes(network: ReachNetwork, inside: Ints, used: Floats) -> tuple[Ints, Floats]:
    """Return the reached nodes, ascending, and the range used up at each.

    Of a node and its copies for turn restrictions, the one with the least counts.
    """
    count = len(network.graph.node_lon)
    copied = inside >= count
    node = inside.copy()
    node[copied] = network.graph.turn_node[inside[copied] - count]
    order = np.lexsort((used[inside], node))
    node, first = np.unique(node[order], return_index=True)
    return node, used[inside][order][first]


def _passed(
    network: ReachNetwork, rows: SearchRows, via: Ints, inside: Ints
) -> tuple[Crossing, ...]:
    """Return the official crossings over which reached nodes were reached, in order of id."""
    taken = via[inside]
    edges = rows.edges_of(taken[taken >= 0])
    borders = np.unique(edges[network.metric.is_border[edges]])
    posts = {post for edge in borders.tolist() for post in network.metric.gate(edge).posts}
    return tuple(sorted(posts, key=lambda post: post.id))
