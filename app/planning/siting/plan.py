"""Where the next spaces should stand on one corridor or all, for those who are signed in.

Somebody who lies in wait for people would ask where no space stands yet, so the answer is in
no public response, file or cache.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.planning.siting.ground import EQUAL, SitingGround, SitingQuestion, town_of
from routing.geometry.geodesy import great_circle_m
from routing.siting.candidates import CandidateKind
from routing.siting.cover_sets import CoverSets
from routing.siting.covering import FlowNeeds, PathReach, fewest_spaces, most_covered
from routing.siting.figures import PathFigures, path_figures
from routing.siting.sensitivity import REACH_FACTORS
from routing.siting.sites import OpeningLimits
from routing.siting.smallest_gaps import smallest_gaps
from routing.siting.solver import SolverEffort

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Distance to a space within which a point counts as covered, as a share of a day's walk [A]:
#: whoever leaves the space, reaches the point and turns back is at the space by night.
_NEAR: Final = 0.5

#: How many of the longest stretches are minimised in turn [A]; each needs a run of the solver.
_LEVELS: Final = 2

#: Distance between the points whose coverage is counted, metres; candidate sites are as far apart.
_DEMAND_STEP_M: Final = 1_000.0

#: Share of the time limit that all variants (other days, other flows) take together [A].
_VARIANTS_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class ProposedSite:
    """Site on a corridor: kilometres from its start, its town if in one, lon and lat in degrees.

    ``cost`` is 1 for a space in a town. ``stays`` is the number of variants that choose the site,
    too.
    """

    corridor: str
    at_km: float
    town: str | None
    lon: float
    lat: float
    cost: float
    stays: int


@dataclass(frozen=True, slots=True)
class CorridorOutcome:
    """Figures of a corridor before and after a plan: longest stretch, mean way to a space."""

    corridor: str
    people: float
    longest_before_m: float
    longest_after_m: float
    mean_before_m: float
    mean_after_m: float
    is_walkable_before: bool
    is_walkable_after: bool


@dataclass(frozen=True, slots=True)
class PlanVariant:
    """Answer to the same question with another longest day or with other flows.

    Attributes
    ----------
    name : str
        ``shorter_day``, ``longer_day`` or ``equal_flows``.
    max_day_m : float
        Longest day of the variant.
    count : int
        New spaces that the variant opens.
    stays : int
        Number of these that are in the plan itself, too.
    share_of_first, share : float
        Share of people, 0 to 1, who can walk their journey under the variant's assumptions: with
        the plan's sites, and with the variant's own sites.
    is_proven : bool
        Whether the variant's choice is proven to be best.
    """

    name: str
    max_day_m: float
    count: int
    stays: int
    share_of_first: float
    share: float
    is_proven: bool


@dataclass(frozen=True, slots=True)
class SitingPlan:
    """Proposed sites, and what opening spaces there changes.

    Attributes
    ----------
    is_possible : bool
        False if the fewest spaces are asked for and no number suffices. Then there are no sites,
        and ``bare`` holds the stretches that stay too long.
    is_proven : bool
        Whether it is proven that no other choice is better.
    gap : float
        Most by which a better choice could improve the result, as a share of it, 0 to 1. If the
        fewest spaces are asked for, the result is their number.
    at_least : int or None
        If the fewest spaces are asked for: it is proven that no fewer suffice.
    share_before, share_after : float
        Share of people, 0 to 1, who can walk their journey in days of the longest day.
    bare : tuple
        Corridor, from and to kilometre of stretches that no allowed space closes.
    """

    is_possible: bool
    is_proven: bool
    gap: float
    at_least: int | None
    sites: tuple[ProposedSite, ...]
    corridors: tuple[CorridorOutcome, ...]
    variants: tuple[PlanVariant, ...]
    share_before: float
    share_after: float
    bare: tuple[tuple[str, float, float], ...]
    solver_s: float


@dataclass(frozen=True, eq=False, slots=True)
class _Choice:
    """Rows of the sites to open (None if no number suffices), and what the solver has proven."""

    chosen: Ints | None
    is_proven: bool
    gap: float
    at_least: int | None
    solver_s: float
    bare: tuple[tuple[int, float, float], ...] = ()


def siting_plan(ground: SitingGround, question: SitingQuestion, effort: SolverEffort) -> SitingPlan:
    """Return where the next spaces should stand.

    Parameters
    ----------
    ground
        As of `siting_ground` for the same question.
    effort
        Its time limit is replaced by the question's.

    Raises
    ------
    SolverFailed
        The solver gave up.
    """
    found = ground.found
    effort = replace(effort, time_limit_s=question.time_limit_s)
    choice = _choice(ground, question, effort)
    before = ground.sites.is_open
    after = _opened(before, choice)
    variants = tuple(_variants(ground, question, choice, effort))
    was, now = (path_figures(ground.whole, question.max_day_m, state) for state in (before, after))
    return SitingPlan(
        is_possible=choice.chosen is not None,
        is_proven=choice.is_proven,
        gap=choice.gap,
        at_least=choice.at_least,
        sites=tuple(_proposed(ground, choice, [one[1] for one in variants])),
        corridors=tuple(_outcomes(ground, question, was, now)),
        variants=tuple(one[0] for one in variants),
        share_before=ground.share(question.max_day_m, before),
        share_after=ground.share(question.max_day_m, after),
        bare=tuple(
            (found[corridor].request.corridor or "", from_m / 1e3, to_m / 1e3)
            for corridor, from_m, to_m in choice.bare
        ),
        solver_s=choice.solver_s,
    )


def _needs(ground: SitingGround, question: SitingQuestion) -> FlowNeeds:
    if question.model == "gaps":
        return PathReach(ground.whole, question.max_day_m)
    if question.model == "flow":
        return PathReach(ground.journeys, question.max_day_m)
    flow, within = [], []
    for corridor, own in zip(ground.joint.corridors, ground.joint.site_of, strict=True):
        points_m = np.arange(0.0, corridor.length_m, _DEMAND_STEP_M)
        near = np.abs(points_m[:, None] - corridor.at_m) <= _NEAR * question.max_day_m
        is_within = np.zeros((len(points_m), len(ground.joint)), np.bool_)
        rows, columns = np.nonzero(near)
        is_within[rows, own[columns]] = True
        within.append(is_within)
        flow.append(np.full(len(points_m), 1.0))
    weight = np.concatenate([one * many for one, many in zip(flow, ground.whole.flow, strict=True)])
    return CoverSets.of_points(weight, np.concatenate(within))


def _choice(ground: SitingGround, question: SitingQuestion, effort: SolverEffort) -> _Choice:
    needs, sites = _needs(ground, question), ground.sites
    if question.most is None:
        fewest = fewest_spaces(needs, sites, effort)
        # Only the bare stretches of journeys from end to end are reported: these journeys hold all
        # stretches of their corridors. The model "covering" has points and no stretches.
        whole = {*np.flatnonzero(np.diff(ground.corridor_of, prepend=-1)).tolist()}
        count = 0 if fewest.chosen is None else len(fewest.chosen)
        return _Choice(
            fewest.chosen,
            fewest.is_proven,
            (count - fewest.at_least) / count if count and not fewest.is_proven else 0.0,
            None if fewest.chosen is None else fewest.at_least,
            fewest.solver_s,
            tuple(
                (int(ground.corridor_of[one.flow]), one.from_m, one.to_m)
                for one in fewest.bare
                if one.from_m is not None and one.to_m is not None and one.flow in whole
            ),
        )
    limits = OpeningLimits(question.most, question.budget)
    if question.model == "gaps":
        assert isinstance(needs, PathReach)  # noqa: S101 -- covering alone needs sets
        gaps = smallest_gaps(needs, sites, limits, effort, _LEVELS)
        longest, least = float(gaps.gaps_m[0]), float(gaps.at_least_m[0])
        gap = (longest - least) / longest if longest > 0 else 0.0
        return _Choice(gaps.chosen, gaps.is_proven, gap, None, gaps.solver_s)
    most = most_covered(needs, sites, limits, effort)
    chosen = _in_towns(ground, needs, most.chosen, question.max_day_m)
    return _Choice(chosen, most.is_proven, most.gap, None, most.solver_s)


def _in_towns(ground: SitingGround, needs: FlowNeeds, chosen: Ints, within_m: float) -> Ints:
    """Return an equally good choice with more spaces in towns: rows of sites, int64 ascending.

    Of equally good choices the solver takes any, but a town has water, buses and neighbours. Each
    space is moved to the nearest town within ``within_m`` metres in a straight line where it costs
    no more and covers no fewer people.
    """
    sites, joint = ground.sites, ground.joint
    is_town = (joint.kind == CandidateKind.TOWN) & ~sites.is_forbidden
    lon, lat = joint.lon, joint.lat
    is_open = sites.is_open.copy()
    is_open[chosen] = True
    most = _covered(needs, is_open)
    for row in chosen[~is_town[chosen] & ~sites.is_required[chosen]].tolist():
        away_m = great_circle_m(lon[row], lat[row], lon, lat)
        free = is_town & ~is_open & (sites.cost <= sites.cost[row]) & (away_m <= within_m)
        for town in np.flatnonzero(free)[np.argsort(away_m[free], kind="stable")].tolist():
            is_open[[row, town]] = False, True
            if _covered(needs, is_open) >= most:
                break
            is_open[[row, town]] = True, False
    return np.flatnonzero(is_open & ~sites.is_open)


def _covered(needs: FlowNeeds, is_open: Bools) -> float:
    """Return the flow of people that is covered if exactly the sites of ``is_open`` are open."""
    if isinstance(needs, PathReach):
        return path_figures(needs.paths, needs.reach_m, is_open).covered_flow
    return float(needs.flow[needs.covered(is_open)].sum())


def _variants(
    ground: SitingGround, question: SitingQuestion, first: _Choice, effort: SolverEffort
) -> Iterator[tuple[PlanVariant, Ints]]:
    """Yield each variant of a plan with the rows of its sites among the candidates.

    The variants ask the same with a shorter day, a longer day, and equal flows on all routes. If
    ``first``, the plan itself, is infeasible, there are no variants.
    """
    if first.chosen is None:
        return
    asked = [
        (name, replace(question, max_day_m=question.max_day_m * factor), ground)
        for name, factor in zip(("shorter_day", "longer_day"), REACH_FACTORS, strict=True)
    ]
    if len({*question.people.values()}) > 1:
        asked.append(("equal_flows", question, ground.weighed(np.full(len(ground.found), EQUAL))))
    limit_s = _VARIANTS_SHARE * question.time_limit_s / len(asked)
    for name, other, there in asked:
        choice = _choice(there, other, replace(effort, time_limit_s=limit_s))
        chosen = np.zeros(0, np.int64) if choice.chosen is None else choice.chosen
        own, firsts = (
            there.share(other.max_day_m, _opened(ground.sites.is_open, one))
            for one in (choice, first)
        )
        yield (
            PlanVariant(
                name,
                other.max_day_m,
                len(chosen),
                len(np.intersect1d(first.chosen, chosen)),
                firsts,
                own,
                choice.is_proven,
            ),
            chosen,
        )


def _opened(is_open: Bools, choice: _Choice) -> Bools:
    after = is_open.copy()
    if choice.chosen is not None:
        after[choice.chosen] = True
    return after


def _proposed(
    ground: SitingGround, choice: _Choice, variants: Sequence[Ints]
) -> Iterator[ProposedSite]:
    for row in () if choice.chosen is None else choice.chosen.tolist():
        corridor, own = int(ground.joint.corridor[row]), int(ground.joint.row[row])
        sites = ground.joint.corridors[corridor]
        yield ProposedSite(
            corridor=ground.found[corridor].request.corridor or "",
            at_km=round(float(sites.at_m[own]) / 1e3, 1),
            town=town_of(ground.found, ground.joint, row),
            lon=round(float(sites.lon[own]), 4),
            lat=round(float(sites.lat[own]), 4),
            cost=float(ground.sites.cost[row]),
            stays=sum(int(row in chosen) for chosen in variants),
        )


def _outcomes(
    ground: SitingGround, question: SitingQuestion, was: PathFigures, now: PathFigures
) -> Iterator[CorridorOutcome]:
    for number, one in enumerate(ground.found):
        corridor = one.request.corridor or ""
        yield CorridorOutcome(
            corridor=corridor,
            people=question.people[corridor],
            longest_before_m=float(was.longest_gap_m[number]),
            longest_after_m=float(now.longest_gap_m[number]),
            mean_before_m=float(was.mean_to_next_m[number]),
            mean_after_m=float(now.mean_to_next_m[number]),
            is_walkable_before=bool(was.is_covered[number]),
            is_walkable_after=bool(now.is_covered[number]),
        )
