"""Exact Pareto front of two costs between two places: for offline analysis, not for requests.

Searching with weighted sums of both costs finds only the points on the convex hull of the front
(`supported`) and none of the others. This search finds the whole front. Its effort grows with the
size of the front, which has no useful bound, so the search takes limits of time and memory.

Two searches take turns: one from the source in the order of the first cost, one from the target in
the order of the second cost (as in BOBA*: Ahmadi et al., ESA 2021, arXiv 2105.11888). Each search
finds the front from one end, and its solutions bound the other search; both searches end where
they meet on the front.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing._numba import compiled
from routing.biobjective import labels
from routing.biobjective.corridor import CorridorSide, Streets, corridor
from routing.cch import UNREACHABLE, Hierarchy, Metric
from routing.errors import TooManyLabels

type Bool = NDArray[np.bool_]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Number of labels that one search settles before the other search takes its turn and the caller
#: can interrupt: about a millisecond.
_BATCH: Final = 8192
#: Initial length of the label arrays; doubled as needed.
_FIRST_ROOM: Final = 1 << 14
#: Highest number of buckets in a search's queue; where costs span more values, a bucket holds
#: labels of several cost values.
_MOST_BUCKETS: Final = 1 << 16
#: Default limit of labels. A million settled labels take 8 MB, a million waiting labels 36 MB.
MOST_LABELS: Final = 50_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Front:
    """The Pareto-optimal costs between two nodes, each with one path that has these costs.

    The front keeps the labels that the paths are built from: 8 bytes for each settled label.

    Parameters
    ----------
    first, second
        int32 [points]: the costs, by ascending first and therefore descending second cost.
    labels
        Count of settled labels.
    """

    first: Int32
    second: Int32
    labels: int
    _searches: tuple["_Search", ...]
    _origin: Int32

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.first)

    def path(self, point: int) -> Int32:
        """Return the edges, in order of travel, of one path with the costs of a point.

        Parameters
        ----------
        point
            Index of the point; negative indices count from the end.

        Raises
        ------
        IndexError
            There is no such point.
        """
        side, label = self._origin[point].tolist()
        edges = self._searches[side].path(label)
        return edges if side == 0 else np.ascontiguousarray(edges[::-1])


class BiObjective:
    """Bi-objective searches for two costs on one road graph of E edges.

    Any number of threads may search at the same time.

    Parameters
    ----------
    hierarchy
        The hierarchy of the graph.
    first_cost, second_cost
        Integers [E], >= 0. An edge is closed if either cost is `UNREACHABLE` or more; a path whose
        sum of costs reaches `UNREACHABLE` does not count as a path.

    Raises
    ------
    InvalidCost
        The costs have another length or type, or are negative.
    """

    def __init__(self, hierarchy: Hierarchy, first_cost: ArrayLike, second_cost: ArrayLike) -> None:
        self.hierarchy = hierarchy
        first, second = hierarchy.customize(first_cost), hierarchy.customize(second_cost)
        closed = (first.cost == UNREACHABLE) | (second.cost == UNREACHABLE)
        if closed.any():
            first, second = (
                hierarchy.customize(np.where(closed, UNREACHABLE, metric.cost))
                for metric in (first, second)
            )
        self._metrics: tuple[Metric, Metric] = (first, second)
        self._streets = _streets(hierarchy, first.cost, second.cost, ~closed)

    def front(
        self,
        source: int,
        target: int,
        *,
        most_labels: int = MOST_LABELS,
        after_batch: Callable[[int], object] | None = None,
    ) -> Front:
        """Find all Pareto-optimal costs of paths between two nodes.

        Parameters
        ----------
        most_labels
            Limit of settled and waiting labels together.
        after_batch
            Function called every few milliseconds with the number of settled labels; an exception
            raised by the function ends the search.

        Returns
        -------
        Front
            Empty where there is no path; a single point of cost 0 from a node to itself.

        Raises
        ------
        InvalidNode
            A node does not exist.
        TooManyLabels
            The search does not finish within ``most_labels``.
        """
        cheapest = [self.hierarchy.path(metric, source, target) for metric in self._metrics]
        least = [cost for cost, _ in cheapest]
        if UNREACHABLE in least:
            nothing = np.empty((3, 0), np.int32)
            return Front(nothing[0], nothing[1], 0, (), nothing[1:].T)
        # The cheapest path by one cost gives an upper bound of the other cost.
        limit = [
            min(int(metric.cost[edges].sum(dtype=np.int64)), UNREACHABLE - 1)
            for metric, (_, edges) in zip(self._metrics, cheapest[::-1], strict=True)
        ]
        rank = self.hierarchy.topology.rank
        sides = corridor(
            self._streets,
            self._reached(source, limit, backward=False),
            self._reached(target, limit, backward=True),
            (limit[0], limit[1]),
            int(rank[source]),
            int(rank[target]),
        )
        bound = np.array([limit[0] - least[0] + 1, limit[1] - least[1] + 1], np.int64)
        searches = tuple(_Search(side, order, bound) for order, side in enumerate(sides))
        _take_turns(searches, most_labels, after_batch)
        return _merged(searches, least)

    def _reached(self, node: int, limit: list[int], *, backward: bool) -> Int32:
        """Return both least costs between a node and every node, int32 [2, N] by rank."""
        rank = self.hierarchy.topology.rank
        out = np.full((2, len(rank)), UNREACHABLE, np.int32)
        for row, metric, most in zip(out, self._metrics, limit, strict=True):
            nodes, costs = self.hierarchy.within(metric, [node], most, backward=backward)
            row[rank[nodes]] = costs
        return out


class _Search:
    """One of the two searches for a front, with its queue, labels and solutions."""

    def __init__(self, side: CorridorSide, order: int, bound: Int64) -> None:
        self._side = side
        self._order = order
        self._bound = bound
        span = int(bound[order])
        self._width = max(0, span.bit_length() - _MOST_BUCKETS.bit_length() + 1)
        self._bucket = np.full((span >> self._width) + 1, np.int32(labels.NONE))
        self._least = np.full(len(side.waste), np.iinfo(np.int32).max, np.int32)
        self._queue = np.empty((_FIRST_ROOM, labels.QUEUE_COLUMNS), np.int32)
        self._key = np.empty(_FIRST_ROOM, np.int64)
        self._item = np.empty(_FIRST_ROOM, np.int32)
        self._settled = np.empty((_FIRST_ROOM, 2), np.int32)
        self._found = np.empty((_FIRST_ROOM, 3), np.int32)
        self._state = np.zeros(labels.STATE, np.int64)
        self._state[labels.FREE] = labels.NONE
        self._state[[labels.USED, labels.WAITING, labels.HEAP]] = 1
        self._key[0] = self._item[0] = 0
        self._queue[0] = (0, 0, side.origin, labels.NONE, labels.NONE, labels.NONE)

    @property
    def settled(self) -> int:
        """Count of settled labels."""
        return int(self._state[labels.SETTLED])

    @property
    def waiting(self) -> int:
        """Count of labels that wait in the queue."""
        return int(self._state[labels.WAITING])

    @property
    def found(self) -> Int32:
        """Solutions found, int32 [found, 3]: both costs minus the least costs, and the label."""
        return self._found[: int(self._state[labels.FOUND])]

    def advance(self) -> bool:
        """Settle a batch of labels; return whether labels are left to settle."""
        result = labels.advance(
            self._side.start,
            self._side.head,
            self._side.cost,
            self._side.waste,
            self._least,
            self._bound,
            self._order,
            self._bucket,
            self._width,
            self._queue,
            self._key,
            self._item,
            self._settled,
            self._found,
            self._state,
            _BATCH,
        )
        if result == labels.QUEUE_FULL:
            self._queue = _doubled(self._queue)
            self._key, self._item = _doubled(self._key), _doubled(self._item)
        elif result == labels.SETTLED_FULL:
            self._settled = _doubled(self._settled)
        elif result == labels.FOUND_FULL:
            self._found = _doubled(self._found)
        return bool(result != labels.DONE)

    def close(self) -> None:
        """Release the arrays that are not needed to build paths."""
        self._settled = self._settled[: self.settled].copy()
        self._queue, self._item, self._bucket, self._least = (
            array[:0].copy() for array in (self._queue, self._item, self._bucket, self._least)
        )
        self._key = self._key[:0].copy()

    def path(self, label: int) -> Int32:
        """Return the edges of a label's path from the search's origin, completed to the goal."""
        side = self._side
        arcs = _arcs_of(self._settled, label, side.head, side.way, side.origin)
        return np.asarray(side.edge[arcs])


def supported(first: ArrayLike, second: ArrayLike) -> Bool:
    """Return which points of a front have the least weighted sum of both costs for some weights.

    These points lie on the lower left of the front's convex hull, including its edges. Searching
    with weighted sums finds no other points, and only some of those between two corners of the
    hull.

    Parameters
    ----------
    first, second
        Integers [points] below 2^31: a Pareto front, by ascending first and descending second cost.

    Returns
    -------
    bool [points]

    Raises
    ------
    ValueError
        The points are not a front in this order.
    """
    x, y = (np.asarray(values).astype(np.int64) for values in (first, second))
    if x.shape != y.shape or x.ndim != 1 or (np.diff(x) <= 0).any() or (np.diff(y) >= 0).any():
        raise ValueError("a front has ascending first and descending second costs")
    kept: list[int] = []
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    for index, (here_x, here_y) in enumerate(points):
        while len(kept) > 1:
            (ax, ay), (bx, by) = points[kept[-2]], points[kept[-1]]
            if (bx - ax) * (here_y - ay) >= (by - ay) * (here_x - ax):
                break
            kept.pop()
        kept.append(index)
    out = np.zeros(len(x), np.bool_)
    out[kept] = True
    return out


def _streets(hierarchy: Hierarchy, first: Int32, second: Int32, is_open: Bool) -> Streets:
    topology = hierarchy.topology
    # A loop has no arc in the hierarchy, and is on no Pareto-optimal path.
    edge = np.flatnonzero(is_open & (topology.edge_arc >= 0)).astype(np.int32)
    arc = topology.edge_arc[edge]
    is_up = topology.edge_is_up[edge]
    low, high = topology.tail[arc], topology.head[arc]
    tail, head = np.where(is_up, low, high), np.where(is_up, high, low)
    order = np.argsort(tail, kind="stable")
    start = np.searchsorted(tail[order], np.arange(topology.node_count + 1))
    edge = edge[order]
    cost = np.column_stack((first[edge], second[edge]))
    return Streets(start.astype(np.int64), head[order], edge, cost)


def _take_turns(
    searches: tuple[_Search, ...], most_labels: int, after_batch: Callable[[int], object] | None
) -> None:
    """Advance both searches in turn until one is done.

    Raises
    ------
    TooManyLabels
        The limit of labels is exceeded.
    """
    turn = 0
    while searches[turn].advance():
        settled = sum(search.settled for search in searches)
        if settled + sum(search.waiting for search in searches) > most_labels:
            raise TooManyLabels(settled, most_labels)
        if after_batch is not None:
            after_batch(settled)
        turn = 1 - turn


def _merged(searches: tuple[_Search, ...], least: list[int]) -> Front:
    """Merge the solutions of the two searches into one front without dominated points."""
    forward, backward = (search.found for search in searches)
    first = np.concatenate((forward[:, 0], backward[:, 1]))
    second = np.concatenate((forward[:, 1], backward[:, 0]))
    side = np.repeat(np.array([0, 1], np.int32), [len(forward), len(backward)])
    label = np.concatenate((forward[:, 2], backward[:, 2]))
    order = np.lexsort((second, first))
    least_before = np.minimum.accumulate(np.concatenate(([UNREACHABLE], second[order])))[:-1]
    kept = order[second[order] < least_before]
    for search in searches:
        search.close()
    return Front(
        first[kept] + np.int32(least[0]),
        second[kept] + np.int32(least[1]),
        sum(search.settled for search in searches),
        searches,
        np.column_stack((side, label))[kept],
    )


def _doubled[T: np.generic](array: NDArray[T]) -> NDArray[T]:
    out = np.empty((2 * len(array), *array.shape[1:]), array.dtype)
    out[: len(array)] = array
    return out


@compiled
def _arcs_of(settled: Int32, label: int, head: Int32, way: Int32, origin: int) -> Int32:
    """Return the arcs from the origin to a label's node, and on along ``way`` to the goal."""
    length = 0
    at = label
    while settled[at, 1] >= 0:
        length += 1
        at = settled[at, 1]
    node = head[settled[label, 0]] if length else origin
    rest = 0
    while way[node] >= 0:
        rest += 1
        node = head[way[node]]
    out = np.empty(length + rest, np.int32)
    at = label
    for i in range(length):
        out[length - 1 - i] = settled[at, 0]
        at = settled[at, 1]
    node = head[settled[label, 0]] if length else origin
    for i in range(rest):
        out[length + i] = way[node]
        node = head[way[node]]
    return out
