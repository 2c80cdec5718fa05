"""Whether a line can be walked with a longest day, and how the loss of a space changes that.

A party walks from support to support and sleeps there; the ends of the line are ends of stretches,
too (definitions.md, "gap"). Only distance is considered; itineraries (`routing.planning`) also
consider light, height, beds and hours. So a line that is infeasible here has no itinerary either,
but a feasible line may have none.
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
    """How far a party gets along a line, for each of S services that its supports must offer.

    Parameters
    ----------
    blocked
        int64 [S], number of stretches that cannot be walked: they are longer than the longest day
        or contain a shut crossing.
    reached_m
        float64 [S], how far the party gets, metres from the start: to the end of the line if no
        stretch is blocked, else to the last support before the first blocked stretch, or 0.
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
    """Daily stages after each of Q losses, in the rows of `CorridorLosses`.

    Parameters
    ----------
    blocked
        int64 [Q], number of blocked stretches after the loss.
    reached_m
        float64 [Q], how far the party gets after the loss, metres.
    """

    blocked: Ints
    reached_m: Floats


@dataclass(frozen=True, eq=False, slots=True)
class CutLosses:
    """Daily stages if one of C crossings is shut, for each crossing and each of S services.

    Parameters
    ----------
    reached_m
        float64 [S, C], how far the party gets with the crossing shut, metres.
    blocked
        int64 [S, C], number of blocked stretches with the crossing shut.
    before_m
        float64 [S, C], metres from the last support (or the start) to the crossing, which a party
        that finds it shut has to walk back.
    beyond
        int64 [S, C], number of supports beyond the crossing.
    """

    reached_m: Floats
    blocked: Ints
    before_m: Floats
    beyond: Ints


def daily_stages(
    supports: CorridorSupports, max_day_m: float, cuts_m: Floats | None = None
) -> DailyStages:
    """Return how far a line can be walked from its start with a longest day.

    Parameters
    ----------
    max_day_m
        Longest day, metres, inclusive.
    cuts_m
        float64 [C], positions of the crossings that are shut, metres along the line; none by
        default. A support at the same position as a shut crossing lies before it.

    Raises
    ------
    InvalidRequest
        The longest day is negative or not finite, or a crossing is not on the line.
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
    """Return how far a party gets after each loss, which joins two stretches to one.

    Parameters
    ----------
    losses
        Losses of the same supports, from `corridor_losses`.
    stages
        Stages of the same supports with the same longest day; crossings shut there stay shut.
    """
    gaps = supports.gaps
    # Each service has one gap more than supports, so the gap behind loss q is gap q + service.
    behind = np.arange(len(losses)) + losses.service
    was = stages.is_blocked[behind].astype(np.int64) + stages.is_blocked[behind + 1]
    is_bad = (was > 0) | (losses.gap_m > max_day_m)
    blocked = stages.blocked[losses.service] - was + is_bad
    # If the joined stretch is blocked, a party that got to the lost space or beyond now ends at the
    # support before.
    came_m = stages.reached_m[losses.service]
    first = _first_blocked(supports, stages.is_blocked)[losses.service]
    ends_before = is_bad & (behind <= first)
    return StageLosses(blocked, np.where(ends_before, gaps.from_m[behind], came_m))


def cut_losses(supports: CorridorSupports, stages: DailyStages, cuts_m: Floats) -> CutLosses:
    """Return the effect of shutting each crossing alone, in addition to stretches blocked already.

    Parameters
    ----------
    stages
        Stages of the same supports.
    cuts_m
        float64 [C], positions of the crossings, metres along the line.

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
    """Return the row of each service's first blocked gap, int64 [S]; the count of gaps if none."""
    rows = np.where(is_blocked, np.arange(len(is_blocked)), len(is_blocked))
    return supports.gaps.per_service(np.minimum, rows)


def _cut_gaps(supports: CorridorSupports, cut_m: float) -> Ints:
    """Return the row of each service's gap that a crossing lies in, int64 [S].

    A support at the crossing's position lies before it, so the crossing is in the gap that begins
    there.
    """
    gaps = supports.gaps
    begun = (gaps.from_m <= cut_m).astype(np.int64)
    return gaps.first[:-1] + gaps.per_service(np.add, begun) - 1


def _checked(supports: CorridorSupports, cuts_m: Floats) -> Floats:
    if not ((cuts_m >= 0) & (cuts_m <= supports.length_m)).all():
        raise InvalidRequest("cuts_m", "not_between", low=0, high=supports.length_m)
    return cuts_m
