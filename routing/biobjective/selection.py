"""Choice of the few points of a front that are shown to people."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing.router.candidates import MAX_OVERLAP

type Floats = NDArray[np.float64]

#: Most routes shown (issue 16): the quickest, the least exposed, and five between them.
MOST_SHOWN: Final = 7
#: Reference point up to which the hypervolume extends, as a multiple of the highest of each cost
#: [A]: with 1 the two ends of the front would add nothing to the hypervolume.
REFERENCE: Final = 1.1
#: Share of the front's hypervolume that is enough (goal A11): once it is reached, no route is added
#: that overlaps another by more than `MAX_OVERLAP`.
ENOUGH: Final = 0.95
#: Most rounds in which chosen points are exchanged for better ones [A].
_MOST_ROUNDS: Final = 10


def hypervolume(first: ArrayLike, second: ArrayLike, reference: tuple[float, float]) -> float:
    """Return the area that points dominate, up to a reference point.

    Parameters
    ----------
    first, second
        Numbers [points]: a front, by ascending first and descending second cost, both below the
        reference.
    reference
        The first and the second cost that the area ends at.
    """
    x, y = (np.asarray(values, np.float64) for values in (first, second))
    if not len(x):
        return 0.0
    widths = np.append(x[1:], reference[0]) - x
    return float((widths * (reference[1] - y)).sum())


def reference_of(first: ArrayLike, second: ArrayLike) -> tuple[float, float]:
    """Return the reference point of a front, at least one unit above the highest of each cost."""
    one, two = (
        max(REFERENCE * highest, highest + 1)
        for highest in (float(np.asarray(cost, np.float64).max()) for cost in (first, second))
    )
    return one, two


def shown_points(
    first: ArrayLike,
    second: ArrayLike,
    overlap: Callable[[int, int], float],
    *,
    wanted: Sequence[int] = (),
    most: int = MOST_SHOWN,
) -> tuple[int, ...]:
    """Choose the points of a front to show.

    Both ends of the front and the ``wanted`` points are always chosen. Then points are added one at
    a time: the one that adds most to the hypervolume, among those whose path overlaps no chosen
    path by more than `MAX_OVERLAP`. When only overlapping points are left, they are added until the
    hypervolume is `ENOUGH`. Finally, each added point is exchanged for another one as long as that
    raises the hypervolume and the new path does not overlap the other chosen paths so much.

    Parameters
    ----------
    first, second
        Numbers [points]: a front, by ascending first and descending second cost.
    overlap
        Returns the length that the paths of two points share, as a share (0 to 1) of the shorter.
    wanted
        Rows to choose anyway, as many as there is room for.
    most
        Most points to choose, 2 or more.

    Returns
    -------
    The rows of the chosen points, ascending.
    """
    x, y = (np.asarray(values, np.float64) for values in (first, second))
    if not len(x):
        return ()
    reference = reference_of(x, y)
    enough = ENOUGH * hypervolume(x, y, reference)
    ends = {0, len(x) - 1}
    fixed = ends | set([row for row in wanted if row not in ends][: most - len(ends)])
    chosen = sorted(fixed)
    new = [row for row in range(len(x)) if row not in chosen]
    repeated: list[int] = []
    while len(chosen) < most and (new or repeated):
        if not new and hypervolume(x[chosen], y[chosen], reference) >= enough:
            break
        pool = new or repeated
        row = pool.pop(int(np.argmax(_gains(x, y, chosen, pool))))
        if pool is new and any(overlap(row, other) > MAX_OVERLAP for other in chosen):
            repeated.append(row)
        else:
            chosen = sorted([*chosen, row])
    return tuple(_exchanged(x, y, chosen, fixed, overlap))


def _exchanged(
    x: Floats,
    y: Floats,
    chosen: list[int],
    fixed: Collection[int],
    overlap: Callable[[int, int], float],
) -> list[int]:
    """Return the chosen rows after exchanges that each raise the hypervolume."""
    for _ in range(_MOST_ROUNDS):
        before = chosen
        for row in [row for row in chosen if row not in fixed]:
            rest = [other for other in chosen if other != row]
            pool = [other for other in range(len(x)) if other not in rest]
            gains = _gains(x, y, rest, pool)
            own = gains[pool.index(row)]
            better = [pool[at] for at in np.argsort(-gains, kind="stable") if gains[at] > own]
            for other in better:
                if all(overlap(other, one) <= MAX_OVERLAP for one in rest):
                    chosen = sorted([*rest, other])
                    break
        if chosen == before:
            break
    return chosen


def _gains(x: Floats, y: Floats, chosen: Sequence[int], pool: Sequence[int]) -> Floats:
    """Return how much each point of a pool would add to the hypervolume of the chosen points."""
    rows = np.asarray(pool)
    after = np.searchsorted(chosen, rows)
    left, right = np.asarray(chosen)[after - 1], np.asarray(chosen)[after]
    # Between two chosen neighbours a point adds the rectangle up to the right one's first cost and
    # the left one's second cost.
    return np.asarray((x[right] - x[rows]) * (y[left] - y[rows]))
