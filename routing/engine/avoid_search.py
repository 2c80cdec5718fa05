"""Ways between two nodes of a region, around obstacles where they lie on the best one.

The metric knows nothing of a request's obstacles. What it says is a lower bound: the way itself is
looked for only when it is that way's turn, and most do not meet an obstacle at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.cch import UNREACHABLE
from routing.cch.avoiding import ClosedEdges, paths_around
from routing.engine.metric_cache import Resident
from routing.engine.mode_network import ModeMetric, ModeNetwork
from routing.errors import NoWay
from routing.travel.avoid_areas import Obstacles
from routing.travel.legs import Legs

#: A metric, its version, and the two nodes.
type _Asked = tuple[Resident, int, int, int]
#: What else is closed (`Situation.key`), and the two nodes.
type _Apart = tuple[frozenset[bytes | bool], int, int]


@dataclass(frozen=True, eq=False, slots=True)
class Closed:
    """What obstacles close in a region, and the ways around that one request has looked for.

    Parameters
    ----------
    marks
        bool [E + X], of the hierarchy's edges.
    ways
        Seconds that each costs above what its metric says, and its legs; infinite where none.
    shut
        What no way joins by time alone, and so by no price: units a second of the metric that has
        none. One that counts no coarser has none either.
    around
        The closed edges in each metric that was searched, by its version.
    """

    marks: NDArray[np.bool_]
    ways: dict[_Asked, tuple[float, Legs]] = field(default_factory=dict)
    shut: dict[_Apart, float] = field(default_factory=dict)
    around: dict[tuple[Resident, int], ClosedEdges] = field(default_factory=dict)


def closed_by(areas: Obstacles, network: ModeNetwork) -> Closed | None:
    """Return what areas close of a network, the same at each call; None where that is nothing."""

    def closed() -> Closed | None:
        edges = areas.edges(network.graph)
        return Closed(network.marks(edges)) if len(edges) else None

    return areas.once(network, closed)


#: A region and nodes of it.
type Nodes = tuple[int, Sequence[int]]

_NO_LEGS: Final = Legs.of(())


class DetourSearch:
    """Gives ways, each looked for once.

    Parameters
    ----------
    residents
        One metric a region, which the caller holds.
    closed
        What obstacles close there, None for none; empty without obstacles.
    ends
        Nodes that the ways of the request begin and end at: of those at one end the ways run
        together mostly, and one search tells of all.
    """

    def __init__(
        self,
        residents: Sequence[Resident],
        closed: Sequence[Closed | None] = (),
        ends: tuple[Nodes, Nodes] | None = None,
    ) -> None:
        self._residents = residents
        self._closed = closed
        self._ends = ends

    def are_possible(self, region: int) -> bool:
        """Return whether a way in a region may be dearer than its metric says."""
        return bool(self._closed) and self._closed[region] is not None

    def extra_s(self, region: int, source: int, target: int) -> float:
        """Return what a way costs above what the metric says, seconds; infinite where none."""
        return self._way(region, source, target)[0] if self.are_possible(region) else 0.0

    def path(self, region: int, source: int, target: int) -> Legs:
        """Return the cheapest way that meets no obstacle.

        Raises
        ------
        NoWay
            There is none.
        """
        if not self.are_possible(region):
            resident = self._residents[region]
            return Legs.whole(resident.ground.network.path(resident.metric, source, target))
        extra_s, legs = self._way(region, source, target)
        if not np.isfinite(extra_s):
            raise NoWay("obstacles leave nothing open between the two places")
        return legs

    def _way(self, region: int, source: int, target: int) -> tuple[float, Legs]:
        resident, closed = self._residents[region], self._closed[region]
        assert closed is not None  # noqa: S101 -- where detours are possible
        key = (resident, resident.version, source, target)
        sources, targets = self._beside(region, source, target)
        for first, last in _tries(resident, closed, sources, targets):
            if key not in closed.ways:
                _look(resident, closed, (first, last), (sources, targets))
        if key not in closed.ways:
            _look(resident, closed, (source, target), (sources, targets))
        return closed.ways[key]

    def _beside(self, region: int, source: int, target: int) -> tuple[Sequence[int], Sequence[int]]:
        """Give the nodes at the ends of the request that two nodes are among; else these alone."""
        if self._ends is not None:
            (start, sources), (end, targets) = self._ends
            if start == end == region and source in sources and target in targets:
                return sources, targets
        return (source,), (target,)


def _tries(
    resident: Resident, closed: Closed, sources: Sequence[int], targets: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Return pairs of nodes the way between which passes others of them, if any does.

    At first the two that lie farthest apart by the metric. Where that way does not pass one of
    those beside its ends, it leaves, or comes, by its own end, and who is at the other passes it.
    """
    if len(sources) * len(targets) == 1:
        return
    network = resident.ground.network
    apart_s = network.between_s(resident.metric, sources, targets)
    finite_s = np.where(np.isfinite(apart_s), apart_s, -1.0)
    row, column = divmod(int(np.argmax(finite_s)), len(targets))
    first, last = sources[row], targets[column]
    yield first, last
    at = (resident, resident.version)
    told = closed.ways.keys()
    yield (
        next((node for node in sources if (*at, node, last) not in told), first),
        next((node for node in targets if (*at, first, node) not in told), last),
    )


def _look(
    resident: Resident,
    closed: Closed,
    ends: tuple[int, int],
    wanted: tuple[Sequence[int], Sequence[int]],
) -> None:
    """Look for one way; its parts between what is wanted are told too."""
    at, apart = (resident, resident.version), (resident.situation.key(0.0), *ends)
    network, metric = resident.ground.network, resident.metric
    if metric.units_per_s >= closed.shut.get(apart, np.inf):
        closed.ways[*at, *ends] = (np.inf, _NO_LEGS)
        return
    around = closed.around.get(at)
    if around is None:
        around = closed.around[at] = ClosedEdges(metric.arcs, closed.marks)
    try:
        found = ways_around(network, metric, ends, around, wanted)
    except NoWay:
        closed.ways[*at, *ends] = (np.inf, _NO_LEGS)
        if resident.model.aversion == 0:
            closed.shut[apart] = metric.units_per_s
        return
    for (first, last), (extra_s, edges) in found.items():
        closed.ways[*at, first, last] = (extra_s, Legs.whole(edges))


def ways_around(
    network: ModeNetwork,
    metric: ModeMetric,
    ends: tuple[int, int],
    around: ClosedEdges,
    wanted: tuple[Sequence[int], Sequence[int]],
) -> dict[tuple[int, int], tuple[float, NDArray[np.int64]]]:
    """Return the cheapest way between two nodes without closed edges, and ways that it tells of.

    On the way to a node it meets those beside it, and any part of a cheapest way is one itself.

    Parameters
    ----------
    network, metric
        What to search.
    ends
        The two nodes.
    around
        The closed edges in that metric.
    wanted
        Nodes: ways from one of the first to one of the second are wanted too.

    Returns
    -------
    By its ends, of each way: seconds that it costs above the cheapest one of the metric, and its
    edges in order.

    Raises
    ------
    NoWay
        There is none between the two nodes.
    """
    hierarchy, arcs = network.hierarchy, metric.arcs
    (source, target), (_, targets) = ends, wanted
    cost, way = hierarchy.path(arcs, source, target)
    told = {target: (cost, way)}
    if around.closed[way].any():
        beside = {}
        for node in targets:
            apart = hierarchy.distance(arcs, target, node) + hierarchy.distance(arcs, node, target)
            if node not in ends and apart < UNREACHABLE:
                beside[node] = apart
        told = paths_around(around, source, target, beside)
    if told[target][0] >= UNREACHABLE:
        raise NoWay("nothing open joins the two places")
    found = {}
    for last, (_, way) in told.items():
        edges = network.turns.originals(way).astype(np.int64)
        nodes = [source, *network.turns.heads(way).tolist()]
        before = np.concatenate(([0], np.cumsum(arcs.cost[way], dtype=np.int64))).tolist()
        place = {node: n for n, node in enumerate(nodes)}
        firsts, lasts = ({node for node in some if node in place} for some in wanted)
        for one, other in product(firsts | {source}, lasts | {last}):
            begin, end = place[one], place[other]
            if begin < end or (one, other) == ends:
                least = hierarchy.distance(arcs, one, other)
                extra_s = (before[end] - before[begin] - least) / metric.units_per_s
                found[one, other] = (extra_s, edges[begin:end])
    return found
