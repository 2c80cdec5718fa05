"""Matrices: moving time and length between many places, on paths of least cost.

The paths are those of routes: of least cost at the middle weight of exposure, over official
crossings that are passable at departure, without waits. The ways between places and their roads are
not included; `Matrix.source_off_m` and ``target_off_m`` have their lengths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from routing.engine.mode_network import ModeMetric, Piece
from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.graph.snapping import Snap
from routing.reach import _table_kernel
from routing.reach.network import ReachConditions, ReachNetwork, ReachNetworks
from routing.router.reachability import ReachPlace
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Number of values of a path: moving time, seconds, and length, metres.
_COLUMNS: Final = 2


@dataclass(frozen=True, eq=False, slots=True)
class MatrixRequest:
    """A request for a matrix.

    Parameters
    ----------
    sources, targets
        The places of the rows and of the columns.
    conditions
        Who travels, and the state of the world.
    """

    sources: Sequence[ReachPlace]
    targets: Sequence[ReachPlace]
    conditions: ReachConditions


@dataclass(frozen=True, eq=False, slots=True)
class Matrix:
    """Figures of the path of least cost from each source to each target, infinite without a path.

    Parameters
    ----------
    duration_s
        float64 [S, T], moving time, seconds.
    distance_m
        float64 [S, T], length along the road, metres.
    source_off_m, target_off_m
        float64 [S] and [T], metres between each place and its road; infinite for a place that is
        off the network of its country, or cut off from it by an exclusion.
    """

    duration_s: Floats
    distance_m: Floats
    source_off_m: Floats
    target_off_m: Floats


class _ArcSums:
    """A network's metric on the contraction hierarchy, with times and lengths of the arcs."""

    def __init__(self, network: ReachNetwork) -> None:
        self.network = network
        metric = network.metric
        self.metric: ModeMetric = network.network.metric(metric.cost_s)
        of_edges = np.column_stack((metric.time_s, metric.length_m))
        turns = network.network.turns
        self.value = np.ascontiguousarray(
            turns.to_copies(of_edges) if len(turns.edge) else of_edges
        )
        self.of_arc = np.zeros((len(self.metric.arcs.up), 2, _COLUMNS))
        self.lock = Lock()


class Matrices:
    """Answers matrix requests on one graph; safe to share between threads.

    Parameters
    ----------
    networks
        The networks of the graph.
    """

    def __init__(self, networks: ReachNetworks) -> None:
        self.networks = networks
        self._lock = Lock()
        self._kept: WeakKeyDictionary[ReachNetwork, _ArcSums] = WeakKeyDictionary()

    def matrix(self, request: MatrixRequest) -> Matrix:
        """Find time and length from each source to each target.

        Raises
        ------
        InvalidRequest
            There are no sources or no targets, the time has no UTC offset, or coordinates are not
            numbers or out of range.
        """
        for field, places in (("sources", request.sources), ("targets", request.targets)):
            if not places:
                raise InvalidRequest(field, "no_places")
        network = self.networks.of(request.conditions)
        sources = _snapped(network, request.sources, "sources", leaving=True)
        targets = _snapped(network, request.targets, "targets", leaving=False)
        sums = self._sums(network)
        best, value = _direct(network, sources, targets, sums.metric.units_per_s)
        leaving = _ends(network, sources, leaving=True)
        arriving = _ends(network, targets, leaving=False)
        _fill(sums, leaving, arriving, best, value)
        value[np.isinf(best)] = np.inf
        return Matrix(value[:, :, 0], value[:, :, 1], _off_m(sources), _off_m(targets))

    def _sums(self, network: ReachNetwork) -> _ArcSums:
        with self._lock:
            if network not in self._kept:
                self._kept[network] = _ArcSums(network)
            return self._kept[network]


@dataclass(frozen=True, eq=False, slots=True)
class _Ends:
    """Parts of edges that join places to the network.

    ``node`` and ``place`` int64 [k], the node at the end of each part and its place; ``cost_s``
    float64 [k]; ``value`` float64 [k, 2], moving time and length.
    """

    node: Ints
    place: Ints
    cost_s: Floats
    value: Floats


def _snapped(
    network: ReachNetwork, places: Sequence[ReachPlace], which: str, *, leaving: bool
) -> list[Snap | None]:
    snaps: list[Snap | None] = []
    for number, place in enumerate(places):
        try:
            snap = network.snap(place, f"{which}.{number}", leaving=leaving)
            network.require_free(place, snap)
        except (OffNetwork, NoRoute):
            snaps.append(None)
        else:
            snaps.append(snap)
    return snaps


def _off_m(snaps: Sequence[Snap | None]) -> Floats:
    return np.array([np.inf if snap is None else snap.distance_m for snap in snaps])


def _priced(network: ReachNetwork, pieces: Sequence[Piece]) -> tuple[Floats, Floats]:
    """Return cost [k], and time and length [k, 2], of parts of edges."""
    legs, metric = Legs.of(pieces), network.metric
    value = np.column_stack((metric.time_s[legs.edge], metric.length_m[legs.edge]))
    return network.legs_s(pieces), value * legs.share[:, np.newaxis]


def _ends(network: ReachNetwork, snaps: Sequence[Snap | None], *, leaving: bool) -> _Ends:
    join = network.network.departures if leaving else network.network.arrivals
    rows = [
        (piece, node, place)
        for place, snap in enumerate(snaps)
        if snap is not None
        for piece, node in join(snap)
    ]
    cost_s, value = _priced(network, [piece for piece, _, _ in rows])
    is_open = np.isfinite(cost_s)
    return _Ends(
        np.array([node for _, node, _ in rows], dtype=np.int64)[is_open],
        np.array([place for _, _, place in rows], dtype=np.int64)[is_open],
        cost_s[is_open],
        value[is_open],
    )


def _direct(
    network: ReachNetwork,
    sources: Sequence[Snap | None],
    targets: Sequence[Snap | None],
    units_per_s: float,
) -> tuple[Floats, Floats]:
    """Return costs and values of the ways along a single edge, between places on the same road.

    Costs are float64 [S, T], in the metric's units, values float64 [S, T, 2]; both are infinite for
    places without such a way.
    """
    best = np.full((len(sources), len(targets)), np.inf)
    value = np.full((*best.shape, _COLUMNS), np.inf)
    on_road: dict[int, list[int]] = {}
    for column, snap in enumerate(targets):
        if snap is not None:
            on_road.setdefault(_road(network, snap), []).append(column)
    rows = [
        (row, column, piece)
        for row, start in enumerate(sources)
        if start is not None
        for column in on_road.get(_road(network, start), ())
        if (end := targets[column]) is not None
        for piece in network.network.direct(start, end)
    ]
    cost_s, along = _priced(network, [piece for _, _, piece in rows])
    for (row, column, _), one_s, one in zip(rows, cost_s.tolist(), along, strict=True):
        if one_s * units_per_s < best[row, column]:
            best[row, column], value[row, column] = one_s * units_per_s, one
    return best, value


def _road(network: ReachNetwork, snap: Snap) -> int:
    """Return a number that identifies the road of a snap, the same for both directions."""
    twin = int(network.graph.edge_twin[snap.edge])
    return snap.edge if twin < 0 else min(snap.edge, twin)


def _fill(sums: _ArcSums, leaving: _Ends, arriving: _Ends, best: Floats, value: Floats) -> None:
    """Lower ``best``, and set ``value``, where a way through the network costs less."""
    hierarchy, arcs = sums.network.network.hierarchy, sums.metric.arcs
    t, units_per_s = hierarchy.topology, sums.metric.units_per_s
    with sums.lock, arcs.gate:
        _table_kernel.table(
            t.first, t.head, t.tail, t.parent, t.level, t.head_level,
            arcs.up, arcs.down, arcs.up_origin, arcs.down_origin, t.height,
            sums.value, sums.of_arc,
            t.rank[leaving.node], leaving.place, leaving.cost_s * units_per_s, leaving.value,
            t.rank[arriving.node], arriving.place, arriving.cost_s * units_per_s, arriving.value,
            best, value,
        )  # fmt: skip
