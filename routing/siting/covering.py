"""Choice of spaces to open: those that cover the most flow, or the fewest that cover all flows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.siting.cover_sets import CoverSets
from routing.siting.greedy import greedy_sites
from routing.siting.leg_flows import LegFlows, leg_linking
from routing.siting.linking import ALWAYS, NEVER, Linking, limit_rows, set_linking
from routing.siting.path_flows import BareStretch, PathFlows, bare_stretches, path_cover_sets
from routing.siting.sites import OpeningLimits, Sites
from routing.siting.solver import (
    Ending,
    LinearRows,
    Program,
    Solved,
    SolverEffort,
    Solving,
)

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Sum of all flows in a program, to which they are scaled: HiGHS treats values below 1e-6 as 0.
_ALL_FLOW: Final = 1_000.0

#: Share of a sum by which HiGHS, within its tolerance, may differ from the sum computed here.
_SAME: Final = 1e-6

#: Value of a site's column in a solution above which the site is open.
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class PathReach:
    """Flows along paths with one daily reach.

    Parameters
    ----------
    paths
        The flows.
    reach_m
        Longest day, metres, the same that itineraries take (`max_day_m`).
    """

    paths: PathFlows
    reach_m: float


#: What a flow needs to be covered, in one of three forms: rests within a distance along its path,
#: legs that can be walked, or cover sets.
type FlowNeeds = PathReach | LegFlows | CoverSets


@dataclass(frozen=True, eq=False, slots=True)
class MostCovered:
    """The new spaces that cover the most flow within the limits.

    Parameters
    ----------
    chosen
        int64 [n], sites to open, ascending, including the required ones. Leaving out any other of
        them would lose flow.
    is_open
        bool [N], today's and the chosen sites.
    is_covered
        bool [Q], flows that the open sites cover.
    flow
        Flow that the open sites cover.
    flow_before
        Flow that today's sites cover.
    bound
        Proven upper bound of the flow that any choice within the limits covers.
    gap
        Share of the bound that the choice may fall short of the best, 0 to 1; 0 if the choice is
        proven to be best, up to a millionth of all flow.
    ending
        Why the search ended.
    solver_s
        Seconds of the solver.
    never
        Flows that no choice covers, each by its first stretch that stays too long for a day.
    """

    chosen: Ints
    is_open: Bools
    is_covered: Bools
    flow: float
    flow_before: float
    bound: float
    gap: float
    ending: Ending
    solver_s: float
    never: tuple[BareStretch, ...]

    @property
    def is_proven(self) -> bool:
        """Whether no other choice covers more."""
        return self.gap == 0


@dataclass(frozen=True, eq=False, slots=True)
class FewestSpaces:
    """The fewest new spaces that cover all flows; among equally few, the cheapest.

    Parameters
    ----------
    chosen
        int64 [n], sites to open, ascending, including the required ones; None if no number of
        spaces covers all flows.
    is_open
        bool [N], today's and the chosen sites; today's and the required ones if ``chosen`` is None.
    at_least
        Proven lower bound of the number of new spaces; meaningless if ``chosen`` is None.
    cost
        Cost of the chosen sites, in the unit of `Sites.cost`.
    is_proven, is_cheapest
        Whether it is proven that no fewer spaces suffice, and that no choice of as many is cheaper.
    ending
        Why the search ended; ``'infeasible'`` where no number of spaces covers the flows.
    solver_s
        Seconds of the solver.
    bare
        Stretches that stay too long for a day, for each flow that no choice covers. `CoverSets`
        know of no stretches: then only the field ``flow`` of `BareStretch` is set.
    """

    chosen: Ints | None
    is_open: Bools
    at_least: int
    cost: float
    is_proven: bool
    is_cheapest: bool
    ending: Ending
    solver_s: float
    bare: tuple[BareStretch, ...]


def most_covered(
    needs: FlowNeeds, sites: Sites, limits: OpeningLimits, effort: SolverEffort
) -> MostCovered:
    """Return the new spaces that cover the most flow (FRLM; MCLP for sets of points).

    Raises
    ------
    InvalidRequest
        A flow refers to a site that does not exist, or the required sites alone exceed a limit.
    """
    limits.left(sites)
    cover, linking = _linked(needs, sites)
    solving = Solving(effort)
    begin = _beginning(cover, sites, limits, linking.candidates)
    kept_flow = float(cover.flow[linking.group_of == ALWAYS].sum())
    at_stake = float(linking.flow.sum())
    is_open, bound = begin, kept_flow
    ending: Ending = "optimal"
    if at_stake > 0 and len(linking.candidates):
        scale = _ALL_FLOW / at_stake
        cost = np.zeros(linking.columns)
        cost[linking.group_column] = -linking.flow * scale
        rows = linking.rows.followed_by(LinearRows.of([*limit_rows(linking, sites, limits)]))
        solved = solving.solve(
            Program(cost, linking.is_whole, rows),
            linking.values_of(begin),
            stage="flow",
            read=lambda value: kept_flow - value / scale,
        )
        is_open, ending = _opened(solved, linking, sites), solved.ending
        bound = kept_flow + min(-solved.bound / scale, at_stake)
    if _flow(cover, begin) > _flow(cover, is_open):
        is_open = begin
    is_open = without_idle(cover, sites, is_open)
    is_covered = cover.covered(is_open)
    flow = float(cover.flow[is_covered].sum())
    never = np.flatnonzero(linking.group_of == NEVER)
    # A difference below the solver's tolerance is no gap.
    missing = bound - flow
    bound, gap = (bound, missing / bound) if missing > _SAME * at_stake else (flow, 0.0)
    return MostCovered(
        chosen=np.flatnonzero(is_open & ~sites.is_open),
        is_open=is_open,
        is_covered=is_covered,
        flow=flow,
        flow_before=float(cover.flow[cover.covered(sites.is_open)].sum()),
        bound=bound,
        gap=gap,
        ending=ending,
        solver_s=solving.spent_s,
        never=tuple(_bare(needs, sites, never, only_first=True)),
    )


def fewest_spaces(needs: FlowNeeds, sites: Sites, effort: SolverEffort) -> FewestSpaces:
    """Return the fewest new spaces that cover every flow (LSCP); among equally few, the cheapest.

    Raises
    ------
    InvalidRequest
        A flow refers to a site that does not exist.
    """
    cover, linking = _linked(needs, sites)
    required, solving = int(sites.new_required.sum()), Solving(effort)
    never = np.flatnonzero(linking.group_of == NEVER)
    if len(never):
        bare = tuple(_bare(needs, sites, never))
        return _none_suffice(sites, required, bare)
    everything = sites.at_least.copy()
    everything[linking.candidates] = True
    is_open = without_idle(cover, sites, everything, keep_all=True)
    met = LinearRows.of([({int(one): 1.0}, 1.0, np.inf) for one in linking.group_column])
    rows, is_whole = linking.rows.followed_by(met), linking.is_whole
    fewest = Solved("optimal", None, 0.0, 0.0)
    if len(linking.candidates):
        one_each = (np.arange(linking.columns) < len(linking.candidates)).astype(np.float64)
        fewest = solving.solve(
            Program(one_each, is_whole, rows),
            stage="spaces",
            read=lambda value: value + required,
        )
    found = _opened(fewest, linking, sites)
    if fewest.values is not None and found.sum() <= is_open.sum():
        is_open = found
    count = int((is_open & ~sites.at_least).sum())
    least = max(0, int(np.ceil(max(fewest.bound, 0.0) - _SAME)))
    is_proven = is_cheapest = count <= least
    if is_proven and count and np.ptp(sites.cost[linking.candidates]) > 0:
        is_open, is_cheapest = _cheapest(linking, sites, solving, (rows, is_whole), is_open)
    chosen = np.flatnonzero(is_open & ~sites.is_open)
    return FewestSpaces(
        chosen=chosen,
        is_open=is_open,
        at_least=required + least,
        cost=float(sites.cost[chosen].sum()),
        is_proven=is_proven,
        is_cheapest=is_cheapest,
        ending=solving.stopped or "optimal",
        solver_s=solving.spent_s,
        bare=(),
    )


def _cheapest(
    linking: Linking,
    sites: Sites,
    solving: Solving,
    covered: tuple[LinearRows, Bools],
    is_open: Bools,
) -> tuple[Bools, bool]:
    """Return the cheapest choice of as many spaces, and whether it is proven to be the cheapest.

    Parameters
    ----------
    covered
        The rows that make a solution cover every flow, and which columns are integers, bool.
    is_open
        bool [N], a choice of the fewest spaces.
    """
    rows, is_whole = covered
    own = sites.cost[linking.candidates]
    count, dearest = float((is_open & ~sites.at_least).sum()), float(own.max())
    few = LinearRows.of([(dict.fromkeys(range(len(own)), 1.0), -np.inf, count)])
    cost = np.zeros(linking.columns)
    cost[: len(own)] = own / dearest
    found = solving.solve(
        Program(cost, is_whole, rows.followed_by(few)),
        stage="cost",
        read=lambda value: value * dearest,
    )
    if found.values is None:
        return is_open, False
    is_proven = found.objective - found.bound <= _SAME * max(found.objective, 1.0)
    cheapest = _opened(found, linking, sites)
    if sites.cost[cheapest].sum() > sites.cost[is_open].sum():
        return is_open, False
    return cheapest, bool(is_proven)


def without_idle(
    cover: CoverSets | LegFlows, sites: Sites, is_open: Bools, *, keep_all: bool = False
) -> Bools:
    """Close open sites one by one if that loses no flow; today's and the required ones stay open.

    The dearest sites are tried first, among equally dear ones those of higher rows.

    Parameters
    ----------
    keep_all
        Whether flows of 0 people have to stay covered, too.
    """
    is_open = is_open.copy()
    covered = cover.covered(is_open)
    matters = covered if keep_all else covered & (cover.flow > 0)
    opened = np.flatnonzero(is_open & ~sites.at_least)
    for site in opened[np.lexsort((-opened, -sites.cost[opened]))].tolist():
        is_open[site] = False
        if not cover.covered(is_open)[matters].all():
            is_open[site] = True
    return is_open


def _linked(needs: FlowNeeds, sites: Sites) -> tuple[CoverSets | LegFlows, Linking]:
    """Return an object whose ``covered`` tells which flows are covered, and the program's rows."""
    match needs:
        case PathReach(paths, reach_m):
            paths.known_to(len(sites))
            cover = path_cover_sets(paths, reach_m)
            return cover, set_linking(cover, sites)
        case LegFlows():
            needs.known_to(len(sites))
            return needs, leg_linking(needs, sites)
        case CoverSets():
            if needs.set_site.max(initial=0) >= len(sites):
                raise InvalidRequest("flows", "no_site", site=int(needs.set_site.max()))
            return needs, set_linking(needs, sites)


def _beginning(
    cover: CoverSets | LegFlows, sites: Sites, limits: OpeningLimits, candidates: Ints
) -> Bools:
    """Return the open sites of a first solution, bool [N]; only ``candidates`` may be added."""
    if isinstance(cover, LegFlows):
        return sites.at_least
    is_forbidden = ~sites.at_least
    is_forbidden[candidates] = False
    return greedy_sites(cover, replace(sites, is_forbidden=is_forbidden), limits)


def _flow(cover: CoverSets | LegFlows, is_open: Bools) -> float:
    return float(cover.flow[cover.covered(is_open)].sum())


def _opened(solved: Solved, linking: Linking, sites: Sites) -> Bools:
    """Return the open sites of a solution, bool [N]; without one, today's and the required ones."""
    is_open = sites.at_least.copy()
    if solved.values is not None:
        values = solved.values[: len(linking.candidates)]
        is_open[linking.candidates[values > _HALF]] = True
    return is_open


def _bare(
    needs: FlowNeeds, sites: Sites, flows: Ints, *, only_first: bool = False
) -> Iterator[BareStretch]:
    """Yield the stretches of flows that are too long for a day even with all candidates open."""
    for flow in flows.tolist():
        found: Sequence[BareStretch] = [BareStretch(flow, None, None, None, None, None)]
        match needs:
            case PathReach(paths, reach_m):
                found = [*bare_stretches(paths, reach_m, sites.at_most, flow)]
            case LegFlows():
                found = [*needs.bare_stretches(flow, sites.at_most)]
        yield from found[:1] if only_first else found


def _none_suffice(sites: Sites, required: int, bare: tuple[BareStretch, ...]) -> FewestSpaces:
    return FewestSpaces(
        chosen=None,
        is_open=sites.at_least,
        at_least=required,
        cost=0.0,
        is_proven=False,
        is_cheapest=False,
        ending="infeasible",
        solver_s=0.0,
        bare=bare,
    )
