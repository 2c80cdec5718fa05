"""Paths between two nodes of a region around the areas that the requester wants to avoid.

A metric is shared by all requests and ignores these obstacles, so its cost of a path is a lower
bound. The exact path is searched only for pairs of nodes that the caller needs; most cheapest paths
meet no obstacle.
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

#: Key of a path around obstacles: metric, version of the metric, and the nodes at both ends.
type _Asked = tuple[Resident, int, int, int]
#: Key of two nodes that no path joins: hazards and closures (`Situation.key`), and the two nodes.
type _Apart = tuple[frozenset[bytes | bool], int, int]


@dataclass(frozen=True, eq=False, slots=True)
class Closed:
    """Edges that obstacles close in a region, with the paths that one request has found so far.

    Parameters
    ----------
    marks
        bool [E + X], true for each closed edge of the hierarchy.
    ways
        For each path around the obstacles, its cost above the metric's cheapest path, seconds, and
        its legs; an infinite cost where there is no path.
    shut
        Pairs of nodes that no path joins at aversion 0, and therefore at no aversion, with the
        units per second of the metric in which no path was found. A metric with coarser units could
        hold longer paths and is still searched; any other metric finds no path either.
    around
        The closed edges in each metric that was searched, by metric and its version.
    """

    marks: NDArray[np.bool_]
    ways: dict[_Asked, tuple[float, Legs]] = field(default_factory=dict)
    shut: dict[_Apart, float] = field(default_factory=dict)
    around: dict[tuple[Resident, int], ClosedEdges] = field(default_factory=dict)


def closed_by(areas: Obstacles, network: ModeNetwork) -> Closed | None:
    """Return the edges that areas to avoid close in a network, cached; None if they close none."""

    def closed() -> Closed | None:
        edges = areas.edges(network.graph)
        return Closed(network.marks(edges)) if len(edges) else None

    return areas.once(network, closed)


#: A region's number and some of its nodes.
type Nodes = tuple[int, Sequence[int]]

_NO_LEGS: Final = Legs.of(())


class DetourSearch:
    """Search for paths around obstacles that searches each path only once.

    Parameters
    ----------
    residents
        One metric per region, locked by the caller.
    closed
        The edges that obstacles close in each region, None for a region where they close no edge;
        empty without obstacles.
    ends
        Nodes at which the paths of the request begin and end. Paths to nodes at the same end mostly
        share their edges, so one search yields several paths.
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
        """Return whether obstacles close edges of a region, so that paths may need a detour."""
        return bool(self._closed) and self._closed[region] is not None

    def extra_s(self, region: int, source: int, target: int) -> float:
        """Return the extra cost of avoiding the obstacles, seconds; infinite without a path."""
        return self._way(region, source, target)[0] if self.are_possible(region) else 0.0

    def path(self, region: int, source: int, target: int) -> Legs:
        """Return the cheapest path that meets no obstacle.

        Raises
        ------
        NoWay
            If there is no path.
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
        assert closed is not None  # noqa: S101 -- callers check are_possible
        key = (resident, resident.version, source, target)
        sources, targets = self._beside(region, source, target)
        for first, last in _tries(resident, closed, sources, targets):
            if key not in closed.ways:
                _look(resident, closed, (first, last), (sources, targets))
        if key not in closed.ways:
            _look(resident, closed, (source, target), (sources, targets))
        return closed.ways[key]

    def _beside(self, region: int, source: int, target: int) -> tuple[Sequence[int], Sequence[int]]:
        """Return the sources and targets between which paths are searched along with a pair's path.

        These are all nodes at the request's ends if the pair joins these ends, else the pair alone.
        """
        if self._ends is not None:
            (start, sources), (end, targets) = self._ends
            if start == end == region and source in sources and target in targets:
                return sources, targets
        return (source,), (target,)


def _tries(
    resident: Resident, closed: Closed, sources: Sequence[int], targets: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of a source and a target whose path probably passes the other nodes as well.

    The first pair lies farthest apart by the metric. The second pair takes at each end a node that
    the first path did not pass: the path from or to that node probably passes the first node.
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
    """Search the path between ``ends``; store the path and its parts between wanted nodes."""
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
    """Return the cheapest path between two nodes without closed edges, and parts of this path.

    The path to a target may pass further wanted nodes, and any part of a cheapest path is a
    cheapest path itself.

    Parameters
    ----------
    network, metric
        The network to search, and a metric of it.
    ends
        The two nodes.
    around
        The edges closed by obstacles, prepared for the metric.
    wanted
        Sources and targets: any path from a source to a target is wanted too.

    Returns
    -------
    By pair of nodes (those of `ends` and the wanted ones on their path): the seconds that the path
    costs above the pair's cheapest path with nothing closed, and its edges in the order of travel.

    Raises
    ------
    NoWay
        If there is no path between the two nodes.
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
