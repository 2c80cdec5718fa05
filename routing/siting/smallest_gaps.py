"""Choice of spaces that cover the most flow and then leave the smallest gaps, the longest first.

Choices are compared by the covered flow, then by the longest gap, then by the next longest, and so
on. Each gap is minimised by bisection over its possible lengths: at each step the solver either
finds spaces that leave no longer gap, or proves that there are none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.siting.cover_sets import CoverSets
from routing.siting.covering import PathReach, most_covered
from routing.siting.gap_program import MM, GapColumns, gap_columns, gaps_mm, possible_mm
from routing.siting.linking import ALWAYS, Linking, Row, limit_rows, set_linking
from routing.siting.path_flows import path_cover_sets
from routing.siting.sites import OpeningLimits, Sites
from routing.siting.solver import Ending, LinearRows, Program, SolverEffort, Solving

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Number of longest gaps by which choices are compared by default [A]: people judge a plan by its
#: worst days.
LEVELS: Final = 3

#: Share of the covered flow that may be lost when gaps are minimised: the solver's tolerance.
_SAME: Final = 1e-6

_HALF: Final = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class SmallestGaps:
    """The new spaces that leave the smallest gaps within the limits.

    Parameters
    ----------
    chosen
        int64 [n], sites to open, ascending, including the required ones. Leaving out any other of
        them would make one of the compared figures worse.
    is_open
        bool [N], today's and the chosen sites.
    flow, flow_bound
        Covered flow, and a proven upper bound of the flow that any choice covers.
    gaps_m
        float64 [levels], the longest gaps, descending, metres; 0 where there are fewer. A stretch
        that several flows walk is one gap.
    at_least_m
        float64 [levels], proven lower bound of each gap, among choices that cover as much flow and
        are as good in all longer gaps; equal to ``gaps_m`` where that is proven to be best.
    ending
        Why the search ended.
    solver_s
        Seconds of the solver.
    """

    chosen: Ints
    is_open: Bools
    flow: float
    flow_bound: float
    gaps_m: Floats
    at_least_m: Floats
    ending: Ending
    solver_s: float

    @property
    def is_proven(self) -> bool:
        """Whether no other choice is better."""
        is_most = self.flow_bound - self.flow <= 2.0 * _SAME * self.flow_bound
        return is_most and bool((self.gaps_m == self.at_least_m).all())


@dataclass(slots=True)
class _Search:
    """Data and best choice so far of one search for sites, which has several stages.

    The first stage maximises the covered flow; each later one makes the next of the longest gaps,
    the longest first, as short as it can be.
    """

    needs: PathReach
    sites: Sites
    cover: CoverSets
    linking: Linking
    rows: LinearRows
    solving: Solving
    best: Bools
    levels: int
    least_mm: list[int] = field(default_factory=list)

    def ranked_mm(self, is_open: Bools) -> list[int]:
        """Return the ``levels`` longest gaps, descending, millimetres; 0 where there are fewer."""
        found: list[int] = gaps_mm(self.needs.paths, is_open)[: self.levels].tolist()
        return found + [0] * (self.levels - len(found))

    def values(self, rows: list[Row], more_columns: int = 0) -> bool | None:
        """Return whether further rows can be satisfied; None if the solver was stopped.

        If they can, the spaces of the solution are stored in `best`.
        """
        columns = self.linking.columns + more_columns
        program = Program(
            np.zeros(columns),
            np.append(self.linking.is_whole, np.zeros(more_columns, np.bool_)),
            self.rows.followed_by(LinearRows.of(rows)),
        )
        solved = self.solving.solve(program, stage="gap", read=None)
        if solved.values is None:
            return False if solved.ending == "infeasible" else None
        is_open = self.sites.at_least.copy()
        whole = solved.values[: len(self.linking.candidates)] > _HALF
        is_open[self.linking.candidates[whole]] = True
        self.best = is_open
        return True


def smallest_gaps(
    needs: PathReach,
    sites: Sites,
    limits: OpeningLimits,
    effort: SolverEffort,
    levels: int = LEVELS,
) -> SmallestGaps:
    """Return the new spaces that cover the most flow and then leave the smallest longest gaps.

    Parameters
    ----------
    effort
        Limits of the solver. The relative gap is ignored, because each stage builds on the proven
        best of the stage before.
    levels
        How many gaps are compared, the longest first.

    Raises
    ------
    InvalidRequest
        A flow refers to a site that does not exist, the required sites alone exceed a limit, or
        ``levels`` is less than 1.
    """
    if levels < 1:
        raise InvalidRequest("levels", "not_levels")
    limits.left(sites)
    covering = most_covered(needs, sites, limits, replace(effort, relative_gap=0.0))
    cover = path_cover_sets(needs.paths, needs.reach_m)
    linking = set_linking(cover, sites, keep_all=True)
    rows = [*limit_rows(linking, sites, limits)]
    solving = Solving(replace(effort, relative_gap=0.0), covering.solver_s)
    rows += _flow_rows(cover, linking, covering.flow)
    search = _Search(
        needs=needs,
        sites=sites,
        cover=cover,
        linking=linking,
        rows=linking.rows.followed_by(LinearRows.of(rows)),
        solving=solving,
        best=covering.is_open,
        levels=levels,
    )
    if covering.ending in {"time_limit", "cancelled"}:
        solving.stopped = covering.ending
    elif len(linking.candidates):
        _narrow(search)
    else:
        search.least_mm = search.ranked_mm(search.best)
    is_open = _without_idle(search)
    ranked = np.array(search.ranked_mm(is_open))
    least = np.zeros(levels)
    least[: len(search.least_mm)] = search.least_mm
    return SmallestGaps(
        chosen=np.flatnonzero(is_open & ~sites.is_open),
        is_open=is_open,
        flow=float(cover.flow[cover.covered(is_open)].sum()),
        flow_bound=covering.bound,
        gaps_m=ranked / MM,
        at_least_m=np.minimum(least, ranked) / MM,
        ending=solving.stopped or "optimal",
        solver_s=solving.spent_s,
    )


def _narrow(search: _Search) -> None:
    """Minimise the gap of each rank, the longest first."""
    paths, sites = search.needs.paths, search.sites
    longest = _halved(search, 0, lambda most_mm: _windows(search, most_mm))
    if not longest:
        return
    column_of = {site: column for column, site in enumerate(search.linking.candidates.tolist())}
    gaps = gap_columns(paths, sites, column_of, search.linking.columns, search.least_mm[0])
    for level in range(1, search.levels):
        if not _halved(search, level, lambda most_mm: _counted(search, gaps, most_mm)):
            return


def _halved(search: _Search, level: int, is_met: Callable[[int], bool | None]) -> bool:
    """Minimise the gap of one rank by bisection; return whether the result is proven."""
    upper = search.ranked_mm(search.best)[level]
    lengths = possible_mm(search.needs.paths, upper)
    low, high = 0, int(np.searchsorted(lengths, upper))
    while low < high:
        middle = (low + high) // 2
        met = is_met(int(lengths[middle]))
        if met is None:
            search.least_mm.append(int(lengths[low]))
            return False
        if met:
            high = int(np.searchsorted(lengths, search.ranked_mm(search.best)[level]))
            high = min(high, middle)
        else:
            low = middle + 1
    search.least_mm.append(int(lengths[low]))
    return True


def _windows(search: _Search, most_mm: int) -> bool | None:
    """Return whether some choice leaves no gap longer than ``most_mm``.

    None if the solver was stopped.
    """
    reach_m = (most_mm + _HALF) / MM
    needed = path_cover_sets(search.needs.paths, reach_m)
    stands, rows = search.sites.at_least, list[Row]()
    column_of = {site: column for column, site in enumerate(search.linking.candidates.tolist())}
    for begin, end in zip(needed.set_first[:-1], needed.set_first[1:], strict=True):
        own = needed.set_site[begin:end]
        if stands[own].any():
            continue
        columns = [column_of[site] for site in own.tolist() if site in column_of]
        if not columns:
            return False
        rows.append((dict.fromkeys(columns, 1.0), 1.0, np.inf))
    return search.values(rows)


def _counted(search: _Search, gaps: GapColumns, most_mm: int) -> bool | None:
    """Return whether the longest gap after those already minimised can be at most ``most_mm``.

    None if the solver was stopped.
    """
    rows = list(gaps.rows)
    for rank, longest_mm in enumerate([*search.least_mm, most_mm]):
        longer = gaps.column[gaps.length_mm > longest_mm]
        rows.append((dict.fromkeys(longer.tolist(), 1.0), -np.inf, float(rank)))
    return search.values(rows, gaps.count)


def _flow_rows(cover: CoverSets, linking: Linking, flow: float) -> Iterator[Row]:
    """Yield the row by which at least ``flow`` stays covered, if candidates have to cover any."""
    won = flow - float(cover.flow[linking.group_of == ALWAYS].sum())
    if won > 0:
        shares = (linking.flow / won).tolist()
        yield dict(zip(linking.group_column.tolist(), shares, strict=True)), 1.0 - _SAME, np.inf


def _without_idle(search: _Search) -> Bools:
    """Close open sites one by one if neither the covered flow nor a compared gap gets worse."""
    is_open, cover = search.best.copy(), search.cover
    covered, ranked = cover.covered(is_open), search.ranked_mm(is_open)
    opened = np.flatnonzero(is_open & ~search.sites.at_least)
    for site in opened[np.lexsort((-opened, -search.sites.cost[opened]))].tolist():
        is_open[site] = False
        still = cover.covered(is_open)
        loses = (covered & ~still & (cover.flow > 0)).any()
        if loses or search.ranked_mm(is_open) > ranked:
            is_open[site] = True
    return is_open
