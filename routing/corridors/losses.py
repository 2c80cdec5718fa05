"""Effect of losing a space on a corridor: which losses are worst, and which spaces stand alone.

Each loss is judged alone, with all other spaces in place. So the loss of one of two neighbouring
spaces has hardly any effect, although losing both may open the longest gap: for several losses at
once, compare two states (`routing.corridors.changes`).
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

#: Shares of a line that differ by less than this are equal [A]: a millimetre of 1,000 km.
_SAME_SHARE: Final = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class CorridorLosses:
    """Effects of Q losses, each of one service at one space, by service and position on the line.

    Parameters
    ----------
    service, row
        int64 [Q], rows of the lost service and of the space that loses it.
    gap_m
        float64 [Q], length of the gap that the loss leaves, metres.
    before_row, after_row
        int64 [Q], the spaces at the ends of that gap; `LINE_END` at the ends of the line.
    longest_m, unmet_m, covered_share, mean_to_next_m
        float64 [Q], changes of the service's figures (`CorridorFigures`): metres >= 0, the share
        <= 0. All are 0 if another support stands at the same place; that does not mean that nobody
        needs the space, because beds and queues are not considered.
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
        """Return which losses are of the only support of a service within a distance, bool [Q].

        Parameters
        ----------
        within_m
            Metres along the line, inclusive; spaces beyond the ends of the line are not known.

        Raises
        ------
        InvalidRequest
            ``within_m`` is negative or not finite.
        """
        if not np.isfinite(within_m) or within_m < 0:
            raise InvalidRequest("within_m", "not_distance")
        return self.nearest_m > within_m

    def ranked(self) -> Ints:
        """Return the order of the losses, the worst first, int64 [Q].

        Losses are compared by the unmet metres added, then by the rise of the longest gap, the
        share no longer within reach, and the gap left; ties (within `SAME_M`) stay in the order of
        services and positions. Unmet metres come first because a new gap of 40 km is worse than
        half a kilometre more in a gap of 47 km that nobody can walk anyway. All services have the
        same weight.
        """
        return _worst_first(self.unmet_m, self.longest_m, self.covered_share, self.gap_m)


@dataclass(frozen=True, eq=False, slots=True)
class SpaceLosses:
    """Effect of losing each of n spaces with all its services.

    Parameters
    ----------
    services
        int64 [n], number of services that the space supports.
    unmet_m
        float64 [n], unmet metres added, summed over services, so that the only space with many
        services ranks first; `CorridorLosses` has the figures of single services.
    longest_m
        float64 [n], greatest rise of the longest gap of any service, metres.
    covered_share
        float64 [n], worst change, over all services, of the share within reach, <= 0.
    gap_m
        float64 [n], longest gap, over all services, that the loss leaves; 0 without services.
    """

    services: Ints
    unmet_m: Floats
    longest_m: Floats
    covered_share: Floats
    gap_m: Floats

    def ranked(self) -> Ints:
        """Return the rows of the spaces that support a service, the worst loss first, int64.

        Losses are compared as in `CorridorLosses.ranked`; ties stay in the order of rows.
        """
        rows = _worst_first(self.unmet_m, self.longest_m, self.covered_share, self.gap_m)
        return rows[self.services[rows] > 0]


def corridor_losses(supports: CorridorSupports, targets: CorridorTargets) -> CorridorLosses:
    """Return the effect of each loss of one service at one space, from the two gaps beside it.

    A loss joins the gaps ``a`` behind and ``b`` ahead to one of ``a+b``: the mean to the next
    support rises by ``ab/L``, the longest gap to ``max(G_max, a+b)``.
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
    """Return the effect of losing each of ``count`` spaces with all its services."""
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
    """Return the metres of the line that each loss brings out of reach, float64 [Q], >= 0."""
    gap_m, behind_m, ahead_m = over
    from_before = np.where(before_row == LINE_END, 0.0, reach_m)
    from_after = np.where(after_row == LINE_END, 0.0, reach_m)
    bare_m = np.maximum(gap_m - from_before - from_after, 0.0)
    bare_m -= np.maximum(behind_m - from_before - reach_m, 0.0)
    bare_m -= np.maximum(ahead_m - from_after - reach_m, 0.0)
    return np.maximum(bare_m, 0.0)


def _worst_first(unmet_m: Floats, rise_m: Floats, share: Floats, gap_m: Floats) -> Ints:
    """Return the order of losses, the worst first; losses equal when rounded keep their order."""
    unmet, rise, gap = (-np.rint(one / SAME_M) for one in (unmet_m, rise_m, gap_m))
    return np.lexsort([gap, np.rint(share / _SAME_SHARE), rise, unmet])
