"""Which loss of a space hurts a corridor most, and which spaces stand alone.

Each loss is judged alone, with all others in place: two spaces that stand beside each other cost
nothing one by one, and both together may open the longest gap. For more than one, compare two
states (`routing.corridors.changes`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.corridors.figures import SAME_M, CorridorTargets
from routing.corridors.gaps import LINE_END, CorridorSupports
from routing.errors import InvalidRequest

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Shares that differ by less are the same [A]: a millimetre of 1,000 km.
_SAME_SHARE: Final = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class CorridorLosses:
    """What each of Q losses does, a space and a service each; the order is of service and line.

    Parameters
    ----------
    service, row
        int64 [Q], which service is lost, and of which space.
    gap_m
        float64 [Q], the gap that the loss leaves, metres.
    before_row, after_row
        int64 [Q], the spaces at the ends of that gap; `LINE_END` at the ends of the line.
    longest_m, unmet_m, covered_share, mean_to_next_m
        float64 [Q], changes of the service's figures (`CorridorFigures`): metres >= 0, the share
        <= 0. 0 in all says that a neighbour stands at the same place, not that nobody comes: beds,
        queues and people who rely on the space are in none of them.
    nearest_m
        float64 [Q], metres along the line to the nearest other space with the service, ahead or
        behind; infinite where there is none.
    """

    service: Ints
    row: Ints
    gap_m: Floats
    before_row: Ints
    after_row: Ints
    longest_m: Floats
    unmet_m: Floats
    covered_share: Floats
    mean_to_next_m: Floats
    nearest_m: Floats

    def __len__(self) -> int:
        """Count the losses."""
        return len(self.row)

    def alone(self, within_m: float) -> Bools:
        """Return which spaces are the only one of their service within a distance, bool [Q].

        Parameters
        ----------
        within_m
            Metres along the line, inclusive; beyond the ends of the line nothing is known.

        Raises
        ------
        InvalidRequest
            It is no distance.
        """
        if not np.isfinite(within_m) or within_m < 0:
            raise InvalidRequest("within_m", "not_distance")
        return self.nearest_m > within_m

    def ranked(self) -> Ints:
        """Return the losses from the worst on, int64 [Q].

        By the unmet metres that are added, then by the rise of the longest gap, the share that is
        no longer within reach, and the gap that is left; of equal ones (to `SAME_M`) in the order
        of services and of the line. Unmet metres come first because a new gap of 40 km is worse
        than half a kilometre more in one of 47 that nobody walks anyway. All services weigh the
        same.
        """
        return _worst_first(self.unmet_m, self.longest_m, self.covered_share, self.gap_m)


@dataclass(frozen=True, eq=False, slots=True)
class SpaceLosses:
    """What the loss of each of n spaces does, with all its services.

    Parameters
    ----------
    services
        int64 [n], for how many services the space counts.
    unmet_m
        float64 [n], unmet metres that are added, summed over services, so that a space alone with
        many of them comes first; for one service that matters more see `CorridorLosses`.
    longest_m
        float64 [n], greatest rise of the longest gap of a service, metres.
    covered_share
        float64 [n], change of the share within reach, the worst of the services, <= 0.
    gap_m
        float64 [n], the longest gap that is left in its place by a service; 0 where none is lost.
    """

    services: Ints
    unmet_m: Floats
    longest_m: Floats
    covered_share: Floats
    gap_m: Floats

    def ranked(self) -> Ints:
        """Return the rows that count for a service, from the worst loss on, int64.

        The order is that of `CorridorLosses.ranked`; of equal ones in the order of rows.
        """
        rows = _worst_first(self.unmet_m, self.longest_m, self.covered_share, self.gap_m)
        return rows[self.services[rows] > 0]


def corridor_losses(supports: CorridorSupports, targets: CorridorTargets) -> CorridorLosses:
    """Return what the loss of every service of every space does, from its two neighbours.

    With gaps ``a`` behind and ``b`` ahead, a loss leaves one of ``a+b``; the mean to the next rises
    by ``ab/L``, and the longest gap to ``max(G_max, a+b)``.
    """
    gaps = supports.gaps
    behind = np.flatnonzero(gaps.to_row != LINE_END)
    ahead = behind + 1
    lengths_m, service = gaps.length_m, gaps.service[behind]
    before_row, after_row = gaps.from_row[behind], gaps.to_row[ahead]
    gap_m = gaps.to_m[ahead] - gaps.from_m[behind]
    behind_m, ahead_m = lengths_m[behind], lengths_m[ahead]
    over = gap_m, behind_m, ahead_m
    whole_m, *parts_m = (np.maximum(one - targets.gap_m, 0.0) for one in over)
    length_m = supports.length_m
    if length_m > 0:
        share = -_bared_m(over, before_row, after_row, targets.reach_m) / length_m
    else:
        share = -(gaps.supports[service] == 1).astype(np.float64)
    nearest_m = np.minimum(
        np.where(before_row == LINE_END, np.inf, behind_m),
        np.where(after_row == LINE_END, np.inf, ahead_m),
    )
    return CorridorLosses(
        service=service,
        row=gaps.to_row[behind],
        gap_m=gap_m,
        before_row=before_row,
        after_row=after_row,
        longest_m=np.maximum(gap_m - gaps.longest_m[service], 0.0),
        unmet_m=np.maximum(whole_m - sum(parts_m), 0.0),
        covered_share=share,
        mean_to_next_m=behind_m * ahead_m / length_m if length_m > 0 else np.zeros(len(gap_m)),
        nearest_m=nearest_m,
    )


def space_losses(losses: CorridorLosses, count: int) -> SpaceLosses:
    """Return what the loss of each of so many spaces with all its services does."""
    longest_m, share, gap_m = np.zeros((3, count))
    np.maximum.at(longest_m, losses.row, losses.longest_m)
    np.minimum.at(share, losses.row, losses.covered_share)
    np.maximum.at(gap_m, losses.row, losses.gap_m)
    return SpaceLosses(
        services=np.bincount(losses.row, minlength=count),
        unmet_m=np.bincount(losses.row, losses.unmet_m, count),
        longest_m=longest_m,
        covered_share=share,
        gap_m=gap_m,
    )


def _bared_m(
    over: tuple[Floats, Floats, Floats], before_row: Ints, after_row: Ints, reach_m: float
) -> Floats:
    """Return the metres that are no longer within reach of a support, float64 [Q], >= 0."""
    gap_m, behind_m, ahead_m = over
    from_before = np.where(before_row == LINE_END, 0.0, reach_m)
    from_after = np.where(after_row == LINE_END, 0.0, reach_m)
    bare_m = np.maximum(gap_m - from_before - from_after, 0.0)
    bare_m -= np.maximum(behind_m - from_before - reach_m, 0.0)
    bare_m -= np.maximum(ahead_m - from_after - reach_m, 0.0)
    return np.maximum(bare_m, 0.0)


def _worst_first(unmet_m: Floats, rise_m: Floats, share: Floats, gap_m: Floats) -> Ints:
    """Return the order from the worst on; equal ones, after rounding, stay in theirs."""
    unmet, rise, gap = (-np.rint(one / SAME_M) for one in (unmet_m, rise_m, gap_m))
    return np.lexsort([gap, np.rint(share / _SAME_SHARE), rise, unmet])
