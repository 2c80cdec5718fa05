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

from routing.biobjective.between import Between, PathEnds
from routing.biobjective.corridor import Streets
from routing.biobjective.label_search import LabelSearch, take_turns
from routing.cch import UNREACHABLE, Hierarchy, Metric

type Bool = NDArray[np.bool_]
type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

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
    _searches: tuple[LabelSearch, ...]
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
        # The first and the last arc lead from the source and to the target, both on no road.
        edges = self._searches[side].path(label)[1:-1]
        return np.ascontiguousarray(edges if side == 0 else edges[::-1])


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
        between = self.between(PathEnds.of(source, target))
        cheapest = between.cheapest()
        if cheapest is None:
            nothing = np.empty((3, 0), np.int32)
            return Front(nothing[0], nothing[1], 0, (), nothing[1:].T)
        least = [between.cost_of(path)[row] for row, path in enumerate(cheapest)]
        # The cheapest path by one cost gives an upper bound of the other cost.
        limit = [
            min(between.cost_of(path)[row], UNREACHABLE - 1)
            for row, path in enumerate(cheapest[::-1])
        ]
        sides = between.corridor((limit[0], limit[1])).sides
        bound = np.array([limit[0] - least[0] + 1, limit[1] - least[1] + 1], np.int64)
        searches = tuple(LabelSearch(side, order, bound) for order, side in enumerate(sides))
        take_turns(searches, most_labels, after_batch)
        return _merged(searches, least)

    def between(self, ends: PathEnds) -> Between:
        """Return the roads between two places."""
        return Between(self.hierarchy, self._metrics, self._streets, ends)


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


def _merged(searches: tuple[LabelSearch, ...], least: list[int]) -> Front:
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
