"""Front of two costs within a share of the exact one, quick enough for requests.

For each path between the two places there is a returned path neither of whose costs is higher by
more than the share. The guarantee is by construction (`routing.biobjective.apex_labels`), and holds
for whole paths: the share does not add up on the way.

As in `routing.biobjective.bi_objective`, two searches take turns, one from each end. Whatever one
of them has found bounds the other, so both stop where they meet.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing.biobjective import apex_labels, bucket_queue
from routing.biobjective.apex_labels import MILLION
from routing.biobjective.between import Between, FullPath, PathEnds
from routing.biobjective.bi_objective import MOST_LABELS, BiObjective
from routing.biobjective.corridor import CorridorSide
from routing.biobjective.known_paths import Uncovered, known_paths
from routing.biobjective.label_search import LabelSearch, take_turns
from routing.cch import UNREACHABLE

type Int32 = NDArray[np.int32]
type Int64 = NDArray[np.int64]

#: Default share, one per cent in millionths, by which costs may exceed those of the exact front:
#: that of goal A10.
ONE_PER_CENT: Final = 10_000


@dataclass(frozen=True, eq=False, slots=True)
class NearFront:
    """Mutually undominated paths that cover all paths within a share of both costs.

    Parameters
    ----------
    first, second
        int32 [points]: the costs, by ascending first and therefore descending second cost.
    paths
        One path for each point; no path visits a node twice.
    share
        For every path between the two places, a point has both costs at most 1 + ``share`` /
        1,000,000 times as high as those of the path.
    labels
        Count of settled labels.
    """

    first: Int32
    second: Int32
    paths: tuple[FullPath, ...]
    share: int
    labels: int

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.first)


def near_front(
    search: BiObjective,
    ends: PathEnds,
    *,
    share: int = ONE_PER_CENT,
    most_labels: int = MOST_LABELS,
    after_batch: Callable[[int], object] | None = None,
) -> NearFront:
    """Find paths between two places that cover all paths within a share of both costs.

    The quickest and the least exposed path of all are among them.

    Parameters
    ----------
    search
        The graph with its two costs.
    ends
        Where the paths begin and end.
    share
        How much higher the costs may be, millionths, 0 to 1,000,000; with 0 the front is exact.
    most_labels, after_batch
        As in `BiObjective.front`.

    Returns
    -------
    NearFront
        Empty where there is no path; a single path without edges from a node to itself. Where the
        share is above 0, a path whose costs reach `UNREACHABLE` / (1 + share) may be left out.

    Raises
    ------
    InvalidNode
        A node does not exist.
    TooManyLabels
        The search does not finish within ``most_labels``.
    ValueError
        The share is out of range.
    """
    if not 0 <= share <= MILLION:
        msg = "a share is 0 to 1,000,000 millionths"
        raise ValueError(msg)
    between = search.between(ends)
    cheapest = between.cheapest()
    if cheapest is None:
        return _front_of(between, [], share, 0)
    least = [between.cost_of(path)[row] for row, path in enumerate(cheapest)]
    highest = [between.cost_of(path)[1 - row] for row, path in enumerate(cheapest)][::-1]
    outer = [path for path in cheapest if max(between.cost_of(path)) < UNREACHABLE]
    # Labels that one of the two cheapest paths covers need no search.
    bound = np.array([_covered(min(cost, UNREACHABLE), share) for cost in highest], np.int64)
    if (bound <= least).any():
        return _front_of(between, outer, share, 0)
    within = between.corridor((int(bound[0]) - 1, int(bound[1]) - 1))
    floor = np.array(least, np.int64)
    wasted = (0, highest[1] - least[1]), (highest[0] - least[0], 0)
    known = known_paths(within, wasted, floor, share)
    if not len(known.uncovered[0].corner):
        return _front_of(between, [*outer, *known.paths], share, 0)
    bound -= floor
    searches = tuple(
        _ApexSearch(side, order, bound, floor[:: 1 - 2 * order].copy(), share, uncovered)
        for order, (side, uncovered) in enumerate(zip(within.sides, known.uncovered, strict=True))
    )
    take_turns(searches, most_labels, after_batch)
    paths = [*outer, *known.paths, *(path for one in searches for path in one.paths())]
    return _front_of(between, paths, share, sum(one.settled for one in searches))


def coverage(
    first: ArrayLike, second: ArrayLike, of_first: ArrayLike, of_second: ArrayLike
) -> float:
    """Return the factor within which some points cover others, 1 or more.

    Every one of the other points has a point with both costs at most so many times as high: the
    multiplicative epsilon indicator.

    Parameters
    ----------
    first, second
        Numbers [points] >= 0: costs of the points that cover.
    of_first, of_second
        Numbers [others] >= 0: costs of the points to be covered.

    Returns
    -------
    float
        Infinite where a point of cost 0 is not covered by one of cost 0, or where there is no point
        to cover with.
    """
    mine = np.column_stack((first, second)).astype(np.float64)
    theirs = np.column_stack((of_first, of_second)).astype(np.float64)
    if not len(theirs):
        return 1.0
    if not len(mine):
        return np.inf
    worst = 1.0
    for point in theirs:
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.where(mine <= point, 1.0, mine / point)
        worst = max(worst, float(factor.max(axis=1).min()))
    return worst


class _ApexSearch(LabelSearch):
    """One of the two searches for a front within a share."""

    columns = apex_labels.QUEUE_COLUMNS

    def __init__(
        self,
        side: CorridorSide,
        order: int,
        bound: Int64,
        floor: Int64,
        share: int,
        uncovered: Uncovered,
    ) -> None:
        super().__init__(side, order, bound)
        self._floor = floor
        self._share = share
        self._uncovered = uncovered
        self._peers = np.full(len(side.waste), np.int32(bucket_queue.NONE))
        self._peers[side.origin] = 0
        self._queue[0, bucket_queue.COLUMNS :] = (bucket_queue.NONE, 0, 0)

    def _step(self, batch: int) -> int:
        return apex_labels.advance(
            self._side.start,
            self._side.head,
            self._side.cost,
            self._side.waste,
            self._least,
            self._peers,
            self._bound,
            self._floor,
            self._order,
            self._share,
            self._uncovered.corner,
            self._uncovered.weight,
            self._uncovered.ahead,
            self._uncovered.top,
            self._bucket,
            self._width,
            self._queue,
            self._key,
            self._item,
            self._settled,
            self._found,
            self._state,
            batch,
        )

    def paths(self) -> list[Int32]:
        """Return the edges of each solution, in order of travel."""
        ways = [self.path(label) for label in self.found[:, 2].tolist()]
        return ways if self._order == 0 else [np.ascontiguousarray(way[::-1]) for way in ways]


def _covered(cost: int, share: int) -> int:
    """Return the least of the costs that ``cost`` exceeds by no more than a share."""
    return -(-cost * MILLION // (MILLION + share))


def _front_of(between: Between, paths: list[Int32], share: int, count: int) -> NearFront:
    """Drop the loops of paths, then the dominated paths; return the rest as a front."""
    simple = [between.without_loops(path) for path in paths]
    costs = np.array([between.cost_of(path) for path in simple], np.int64).reshape(-1, 2)
    order = np.lexsort((costs[:, 1], costs[:, 0]))
    least_before = np.minimum.accumulate(np.concatenate(([UNREACHABLE], costs[order, 1])))[:-1]
    kept = order[costs[order, 1] < least_before]
    first, second = costs[kept].T.astype(np.int32)
    whole = tuple(between.whole(simple[row]) for row in kept.tolist())
    return NearFront(first, second, whole, share, count)
