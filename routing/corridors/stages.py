"""Whether a line can be travelled in days of at most so many metres, and what a loss does to that.

A party sleeps at supports and walks from one to the next; its start and end count as ends of
stretches (definitions.md, "gap"). Distance alone is looked at, not light, height, beds or hours:
those are the itinerary's (`routing.planning`). A line that is not feasible here is not feasible
there; the reverse does not hold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.corridors.gaps import CorridorSupports
from routing.corridors.losses import CorridorLosses
from routing.errors import InvalidRequest

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class DailyStages:
    """How far a party comes for each of S services.

    Parameters
    ----------
    blocked
        int64 [S], stretches that cannot be walked: longer than a day, or with a shut crossing in
        them.
    reached_m
        float64 [S], metres from the start to where the party ends: the length of the line if
        nothing is blocked, else the last support before the first blocked stretch, 0 without one.
    is_blocked
        bool [N], which of the gaps (`CorridorSupports.gaps`) cannot be walked.
    """

    blocked: Ints
    reached_m: Floats
    is_blocked: Bools

    @property
    def is_feasible(self) -> Bools:
        """Whether the whole line can be walked, bool [S]."""
        return np.asarray(self.blocked == 0)


@dataclass(frozen=True, eq=False, slots=True)
class StageLosses:
    """What each of Q losses of one service of one space does; rows of `CorridorLosses`.

    Parameters
    ----------
    blocked
        int64 [Q], blocked stretches after the loss.
    reached_m
        float64 [Q], how far the party comes after it, metres.
    """

    blocked: Ints
    reached_m: Floats


@dataclass(frozen=True, eq=False, slots=True)
class CutLosses:
    """What shutting each of C crossings alone does for each of S services.

    Parameters
    ----------
    reached_m
        float64 [S, C], how far the party comes with it shut, metres.
    blocked
        int64 [S, C], blocked stretches with it shut.
    before_m
        float64 [S, C], metres from the last support, or the start, to the crossing: what a party
        that finds it shut has to walk back.
    beyond
        int64 [S, C], supports beyond it.
    """

    reached_m: Floats
    blocked: Ints
    before_m: Floats
    beyond: Ints


def daily_stages(
    supports: CorridorSupports, max_day_m: float, cuts_m: Floats | None = None
) -> DailyStages:
    """Return whether a line can be walked from its start to its end.

    Parameters
    ----------
    max_day_m
        Longest day, metres, inclusive.
    cuts_m
        float64 [C], metres along the line to crossings that are shut; by default none is. A support
        at the very place of a shut crossing stands before it.

    Raises
    ------
    InvalidRequest
        The day is no distance, or a crossing is not on the line.
    """
    if not np.isfinite(max_day_m) or max_day_m < 0:
        raise InvalidRequest("max_day_m", "not_distance")
    gaps = supports.gaps
    is_blocked = gaps.length_m > max_day_m
    for cut_m in () if cuts_m is None else _checked(supports, cuts_m).tolist():
        is_blocked[_cut_gaps(supports, cut_m)] = True
    return _stages(supports, is_blocked)


def stage_losses(
    supports: CorridorSupports, losses: CorridorLosses, stages: DailyStages, max_day_m: float
) -> StageLosses:
    """Return how far a party comes after each loss, from the two stretches that become one.

    Parameters
    ----------
    losses
        Of the same supports (`corridor_losses`).
    stages
        Of the same supports, longest day and shut crossings.
    """
    gaps = supports.gaps
    # A service has one gap more than supports: the one behind loss q is gap q + its service.
    behind = np.arange(len(losses)) + losses.service
    was = stages.is_blocked[behind].astype(np.int64) + stages.is_blocked[behind + 1]
    is_bad = (was > 0) | (losses.gap_m > max_day_m)
    blocked = stages.blocked[losses.service] - was + is_bad
    # Whoever came to the lost space or beyond now ends at the one before it.
    came_m = stages.reached_m[losses.service]
    first = _first_blocked(supports, stages.is_blocked)[losses.service]
    ends_before = is_bad & (behind <= first)
    return StageLosses(blocked, np.where(ends_before, gaps.from_m[behind], came_m))


def cut_losses(supports: CorridorSupports, stages: DailyStages, cuts_m: Floats) -> CutLosses:
    """Return what shutting each crossing alone does, beside what is blocked already.

    Parameters
    ----------
    stages
        Of the same supports.
    cuts_m
        float64 [C], metres along the line to the crossings.

    Raises
    ------
    InvalidRequest
        A crossing is not on the line.
    """
    gaps, shape = supports.gaps, (supports.services, len(cuts_m))
    reached_m, before_m = np.zeros(shape), np.zeros(shape)
    blocked, beyond = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for column, cut_m in enumerate(_checked(supports, cuts_m).tolist()):
        cut = _cut_gaps(supports, cut_m)
        before_m[:, column] = cut_m - gaps.from_m[cut]
        beyond[:, column] = gaps.first[1:] - 1 - cut
        blocked[:, column] = stages.blocked + ~stages.is_blocked[cut]
        reached_m[:, column] = np.minimum(stages.reached_m, gaps.from_m[cut])
    return CutLosses(reached_m, blocked, before_m, beyond)


def _stages(supports: CorridorSupports, is_blocked: Bools) -> DailyStages:
    gaps = supports.gaps
    first = _first_blocked(supports, is_blocked)
    is_open = first == len(is_blocked)
    from_m = np.append(gaps.from_m, supports.length_m)
    return DailyStages(
        blocked=np.bincount(gaps.service, is_blocked, supports.services).astype(np.int64),
        reached_m=np.where(is_open, supports.length_m, from_m[first]),
        is_blocked=is_blocked,
    )


def _first_blocked(supports: CorridorSupports, is_blocked: Bools) -> Ints:
    """Return the first blocked gap of each service, int64 [S]; the count of gaps without one."""
    rows = np.where(is_blocked, np.arange(len(is_blocked)), len(is_blocked))
    return supports.gaps.per_service(np.minimum, rows)


def _cut_gaps(supports: CorridorSupports, cut_m: float) -> Ints:
    """Return the gap of each service that a crossing lies in, int64 [S].

    A support at its place stands before it, so the gap that begins there is the one.
    """
    gaps = supports.gaps
    begun = (gaps.from_m <= cut_m).astype(np.int64)
    return gaps.first[:-1] + gaps.per_service(np.add, begun) - 1


def _checked(supports: CorridorSupports, cuts_m: Floats) -> Floats:
    if not ((cuts_m >= 0) & (cuts_m <= supports.length_m)).all():
        raise InvalidRequest("cuts_m", "not_between", low=0, high=supports.length_m)
    return cuts_m
