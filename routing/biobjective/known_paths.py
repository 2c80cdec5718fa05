"""Paths by weighted sums of both costs, which bound the search for a front before it begins.

For each of a few weightings, the cheapest paths from the source and to the target are found within
the corridor. Joined at each node, they give paths that cover most of the front already, and a lower
bound of the weighted sum of any path over the node. So a search has to follow only labels that may
lead to costs that no known path covers (as in two-phase methods: Ulungu and Teghem 1995).

All costs here are reduced as in `routing.biobjective.corridor`: waste over the least costs.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.biobjective.apex_labels import MILLION
from routing.biobjective.cheapest_tree import CheapestTree
from routing.biobjective.corridor import CorridorSide, PathCorridor

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]
type Pair = tuple[int, int]

#: Number of weightings of the two costs that paths are searched by. Each takes two sweeps of the
#: corridor; on New York more of them cost as much time as they save (benchmarks/RESULTS.md).
WEIGHTINGS: Final = 5
#: Highest weight of a cost: weights are integers up to this one, so that weighted sums are exact.
HEAVIEST: Final = 4096
#: Number of ranges of the first cost, in each of which the best path of a weighting is kept.
_CELLS: Final = 512


@dataclass(frozen=True, eq=False, slots=True)
class Uncovered:
    """Pairs of costs that no known path covers, as one of the two searches tests its labels.

    A path covers each pair that is at least as high as its own in both costs, but for a share. A
    pair of costs is uncovered only if one of the C corners is at least as high in both costs. All
    costs are wasted ones: above the least cost of any path. One search has the first cost in
    column 0, the other one in column 1.

    Parameters
    ----------
    corner
        int64 [C, 2]: the corners.
    weight
        int64 [K, 2]: what both costs are multiplied by in each of K weighted sums.
    ahead
        int64 [n, K]: the least of each weighted sum from each node to the search's goal.
    top
        int64 [C, K]: the weighted sums of the corners.
    """

    corner: Int64
    weight: Int64
    ahead: Int64
    top: Int64


@dataclass(frozen=True, eq=False, slots=True)
class KnownPaths:
    """Paths found by weighted sums, and the costs that they leave uncovered for each search.

    Parameters
    ----------
    paths
        The edges of each path, int32 [.], in order of travel; a path may visit a node twice.
    uncovered
        For the search from the source and the search from the target; no corners where the paths
        cover everything.
    """

    paths: tuple[Int32, ...]
    uncovered: tuple[Uncovered, Uncovered]


def known_paths(
    within: PathCorridor,
    ends: tuple[Pair, Pair],
    floor: Int64,
    share: int,
) -> KnownPaths:
    """Find paths by weighted sums, and the costs that they leave uncovered.

    Parameters
    ----------
    within
        The corridor of the paths to be covered.
    ends
        The wasted costs of two known paths, the cheapest by the first cost and by the second.
    floor
        int64 [2]: the least first and the least second cost of all paths.
    share
        By how much the costs of a path may exceed those of the paths that it covers, millionths.
    """
    sides, detour = within.sides, within.detour
    trees: list[_Trees] = []
    columns = [np.array([[*ends[0], -1, -1], [*ends[1], -1, -1]], np.int64)]
    hull = _Hull(ends, floor, share)
    while len(trees) < WEIGHTINGS and (weight := hull.weight()) is not None:
        both = _Trees.of(sides, weight)
        first, second = (both.total(detour, cost) for cost in (0, 1))
        nodes = _best_by_cell(first, second, max(1, -(-ends[1][0] // _CELLS)), ends[0][1])
        which = np.full(len(nodes), len(trees))
        columns.append(np.column_stack((first[nodes], second[nodes], which, nodes)))
        best = int(np.argmin(weight[0] * first + weight[1] * second))
        hull.add((int(first[best]), int(second[best])))
        trees.append(both)
    every = np.concatenate(columns)
    kept = every[_staircase(every)]
    corner = -(-(kept[:, :2] + floor) * MILLION // (MILLION + share)) - floor - 1
    corner = np.column_stack((corner[1:, 0], corner[:-1, 1]))
    weights = np.array([both.weight for both in trees], np.int64).reshape(-1, 2)
    ahead, behind = (
        np.stack([getattr(both, name).least for both in trees], axis=1)
        if trees
        else np.zeros((len(sides[0].waste), 0), np.int64)
        for name in ("back", "out")
    )
    top = corner @ weights.T
    # A corner is out of reach of any path if, by some weighting, it costs less than the cheapest
    # path.
    possible = (corner >= 0).all(axis=1) & (top >= ahead[sides[0].origin]).all(axis=1)
    corner, top = corner[possible], top[possible]
    paths = [trees[k].path(sides, node) for k, node in kept[:, 2:].tolist() if k >= 0]
    turned = [np.ascontiguousarray(values[:, ::-1]) for values in (corner, weights)]
    return KnownPaths(
        tuple(paths),
        (Uncovered(corner, weights, ahead, top), Uncovered(turned[0], turned[1], behind, top)),
    )


class _Hull:
    """Corners of the front's convex hull found so far, and the next weighting to try."""

    def __init__(self, ends: tuple[Pair, Pair], floor: Int64, share: int) -> None:
        self._points = list(ends)
        self._is_edge = [ends[0][0] >= ends[1][0]]
        self._floor = floor.tolist()
        self._least_gap = share / MILLION
        self._at = 0

    def weight(self) -> Pair | None:
        """Return the weighting by which both ends of the widest gap cost the same.

        None if no gap is wider than the share.
        """
        gaps = [0.0 if done else self._gap(at) for at, done in enumerate(self._is_edge)]
        self._at = int(np.argmax(gaps))
        if gaps[self._at] <= self._least_gap:
            return None
        (ax, ay), (bx, by) = self._points[self._at : self._at + 2]
        scale = HEAVIEST / max(ay - by, bx - ax)
        return max(1, round((ay - by) * scale)), max(1, round((bx - ax) * scale))

    def add(self, point: Pair) -> None:
        """Add the point that is cheapest by the weighting last returned, and part its gap there.

        If the point lies at an end of the gap, the gap is an edge of the hull and stays whole.
        """
        at = self._at
        if self._points[at][0] < point[0] < self._points[at + 1][0]:
            self._points.insert(at + 1, point)
            self._is_edge.insert(at, False)
        else:
            self._is_edge[at] = True

    def _gap(self, at: int) -> float:
        """Return the width of the gap between two neighbouring points.

        It is the smaller of the rise of the first and the fall of the second cost, each as a share
        of that cost.
        """
        (ax, ay), (bx, by) = self._points[at : at + 2]
        dearer = (bx - ax) / max(1, self._floor[0] + ax), (ay - by) / max(1, self._floor[1] + by)
        return float(min(dearer))


@dataclass(frozen=True, eq=False, slots=True)
class _Trees:
    """Cheapest paths by one weighting from the source, and back from the target.

    Costs are wasted ones, in the order of the *other* side: ``out`` has the second cost first.
    """

    weight: Pair
    out: CheapestTree
    back: CheapestTree

    @classmethod
    def of(cls, sides: tuple[CorridorSide, CorridorSide], weight: Pair) -> Self:
        """Find the tree from the source and the tree back from the target."""
        ahead, behind = sides
        return cls(
            weight,
            CheapestTree.of(ahead.start, ahead.head, ahead.behind, weight[::-1], ahead.origin),
            CheapestTree.of(behind.start, behind.head, behind.behind, weight, behind.origin),
        )

    def total(self, detour: Int32, cost: int) -> Int64:
        """Return the waste of one cost on the path over each node, int64 [n]."""
        there = self.out.cost[:, 1 - cost].astype(np.int64)
        return np.asarray(detour[cost] + there + self.back.cost[:, cost])

    def path(self, sides: tuple[CorridorSide, CorridorSide], node: int) -> Int32:
        """Return the edges of the path over a node, in order of travel."""
        out, back = (
            side.edge[tree.arcs_back(node)]
            for side, tree in zip(sides, (self.out, self.back), strict=True)
        )
        return np.concatenate((out[::-1], back))


def _staircase(points: Int64) -> Int64:
    """Return the rows of the undominated points by ascending first cost: int64 [kept]."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    second = points[order, 1]
    least_before = np.minimum.accumulate(np.concatenate(([np.iinfo(np.int64).max], second)))[:-1]
    return np.asarray(order[second < least_before])


@compiled
def _best_by_cell(first: Int64, second: Int64, width: int, most: int) -> Int64:
    """Return the node of least second cost in each range of the first cost, int64 [kept]."""
    best = np.full(_CELLS + 1, np.int64(-1))
    for node in range(len(first)):
        cell = first[node] // width
        if cell > _CELLS or second[node] > most:
            continue
        if best[cell] < 0 or second[node] < second[best[cell]]:
            best[cell] = node
    return best[best >= 0]
