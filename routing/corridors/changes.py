"""Two states of a corridor compared: two dates, or the spaces as they are and as they might be.

A what-if is the spaces with a change (`CorridorSupports.with_added`, ``with_closed``,
``with_moved``, ``with_services``, one after the other) compared with the spaces without it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.corridors.figures import (
    SAME_M,
    CorridorFigures,
    CorridorFlow,
    CorridorTargets,
    Intervals,
    corridor_figures,
    without_help,
)
from routing.corridors.gaps import CorridorGap, CorridorGaps, CorridorSupports
from routing.errors import InvalidRequest

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class CorridorChange:
    """Differences between two states of S services along a line.

    Parameters
    ----------
    before, after
        The figures of both states.
    supports, longest_m, mean_to_next_m, unmet_m, covered_share, unmet_flow, unmet_unknown_m
        Figures after minus figures before, each [S]; ``unmet_flow`` and ``unmet_unknown_m`` are
        None without a flow. These are net figures: a gain in one place may hide a loss in another,
        which ``lost`` shows. No figure tells whether the spaces or only the data have changed.
    lost, gained
        Parts of the line that have lost, and that have gained, a support within reach.
    gone, new
        int64, rows of the gaps that are only in ``before.gaps``, and only in ``after.gaps``; gaps
        are the same if their positions and the spaces at their ends are.
    """

    before: CorridorFigures
    after: CorridorFigures
    supports: Ints
    longest_m: Floats
    mean_to_next_m: Floats
    unmet_m: Floats
    covered_share: Floats
    unmet_flow: Floats | None
    unmet_unknown_m: Floats | None
    lost: Intervals
    gained: Intervals
    gone: Ints
    new: Ints

    def gaps_gone(self, service: int) -> tuple[CorridorGap, ...]:
        """Return a service's gaps that no longer exist, in the direction of travel."""
        return _gaps(self.before.gaps, self.gone, service)

    def gaps_new(self, service: int) -> tuple[CorridorGap, ...]:
        """Return a service's gaps that did not exist before, in the direction of travel."""
        return _gaps(self.after.gaps, self.new, service)


def corridor_change(
    before: CorridorSupports,
    after: CorridorSupports,
    targets: CorridorTargets,
    flow: CorridorFlow | None = None,
) -> CorridorChange:
    """Compare two states of a corridor.

    Parameters
    ----------
    before, after
        The same line and services. A row has to be the same space in both; either may have further
        rows. To compare two dates, put all spaces in both, and set ``counts`` by date.
    flow
        People along the line, the same in both states: whether people would travel differently is
        not modelled.

    Raises
    ------
    InvalidRequest
        The lines or the services differ.
    """
    if abs(before.length_m - after.length_m) > SAME_M:
        raise InvalidRequest("length_m", "not_between", low=before.length_m, high=before.length_m)
    if before.services != after.services:
        raise InvalidRequest("counts", "other_counts", first=after.services, second=before.services)
    was, now = (corridor_figures(state, targets, flow) for state in (before, after))
    bare_was, bare_now = (without_help(state, targets.reach_m) for state in (before, after))
    return CorridorChange(
        before=was,
        after=now,
        supports=now.supports - was.supports,
        longest_m=now.longest_m - was.longest_m,
        mean_to_next_m=now.mean_to_next_m - was.mean_to_next_m,
        unmet_m=now.unmet_m - was.unmet_m,
        covered_share=now.covered_share - was.covered_share,
        unmet_flow=_less(now.unmet_flow, was.unmet_flow),
        unmet_unknown_m=_less(now.unmet_unknown_m, was.unmet_unknown_m),
        lost=_only_in(bare_now, bare_was),
        gained=_only_in(bare_was, bare_now),
        gone=_not_in(was.gaps, now.gaps),
        new=_not_in(now.gaps, was.gaps),
    )


def _less(now: Floats | None, was: Floats | None) -> Floats | None:
    return None if now is None or was is None else now - was


def _gaps(gaps: CorridorGaps, rows: Ints, service: int) -> tuple[CorridorGap, ...]:
    own = rows[(rows >= gaps.first[service]) & (rows < gaps.first[service + 1])]
    return tuple(gap for gap in map(gaps.at, own.tolist()) if gap.length_m > 0)


def _not_in(gaps: CorridorGaps, others: CorridorGaps) -> Ints:
    """Return the rows of the gaps that are not among others, int64, ascending."""
    # At most one gap of a service begins at each space, and one at the line's begin (row -1), so
    # service and begin identify a gap.
    width = max(int(one.from_row.max(initial=0)) for one in (gaps, others)) + 2
    found = np.full((len(gaps.first) - 1) * width, -1, np.int64)
    found[others.service * width + others.from_row + 1] = np.arange(len(others.from_row))
    other = found[gaps.service * width + gaps.from_row + 1]
    is_same = (other >= 0) & (others.to_row[other] == gaps.to_row)
    is_same &= (others.from_m[other] == gaps.from_m) & (others.to_m[other] == gaps.to_m)
    return np.flatnonzero(~is_same)


def _only_in(one: Intervals, other: Intervals) -> Intervals:
    """Return the intervals of ``one`` minus those of ``other``, service by service."""
    services = len(one.first) - 1
    parts = [_difference(_edges(one, row), _edges(other, row)) for row in range(services)]
    first = np.cumsum([0, *(len(part) for part in parts)]).astype(np.int64)
    from_m, to_m = np.concatenate([np.zeros((0, 2)), *parts]).T
    return Intervals(first, from_m, to_m)


def _edges(intervals: Intervals, service: int) -> Floats:
    """Return begins and ends of a service's intervals in one ascending array, float64 [2k]."""
    rows = slice(intervals.first[service], intervals.first[service + 1])
    return np.column_stack([intervals.from_m[rows], intervals.to_m[rows]]).ravel()


def _difference(one: Floats, other: Floats) -> Floats:
    """Return intervals of ``one`` minus those of ``other`` (both from `_edges`), float64 [k, 2]."""
    cuts = np.unique(np.concatenate([one, other]))
    middle = (cuts[:-1] + cuts[1:]) / 2.0
    # A place is inside an interval if an odd number of edges lies before it.
    is_in = np.searchsorted(one, middle) % 2 > np.searchsorted(other, middle) % 2
    is_in &= np.diff(cuts) >= SAME_M
    steps = np.diff(np.concatenate([[0], is_in.astype(np.int64), [0]]))
    return np.column_stack([cuts[np.flatnonzero(steps == 1)], cuts[np.flatnonzero(steps == -1)]])
