"""Where the next spaces should stand on one corridor or all, for those who are signed in.

Where nobody stands yet is what somebody who waits for people on the road would ask, so it stands in
no public answer, file or cache.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from app.planning.corridors import MeasuredCorridor, TownAlong
from geo.errors import InvalidRecordError
from geo.reasons import CodedReason
from geo.text.normalize import folded
from routing.errors import InvalidRequest
from routing.siting.areas import sites_within
from routing.siting.candidates import CandidateKind, CorridorSites, corridor_sites
from routing.siting.cover_sets import CoverSets
from routing.siting.covering import FlowNeeds, PathReach, fewest_spaces, most_covered
from routing.siting.figures import PathFigures, path_figures
from routing.siting.joined import JoinedSites, joined_sites
from routing.siting.path_flows import PathFlows
from routing.siting.sensitivity import REACH_FACTORS
from routing.siting.sites import OpeningLimits, Sites
from routing.siting.smallest_gaps import smallest_gaps
from routing.siting.solver import SolverEffort

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: ``flow``: the most people who walk a whole corridor in days of the longest day (flow refuelling
#: location). ``covering``: the most kilometres, by people, with a space within half a day.
#: ``gaps``: the longest stretches as short as can be, one after the other.
type Model = Literal["flow", "covering", "gaps"]

#: Share of a day within which a stretch counts as covered [A]: who turns back is there by night.
_NEAR: Final = 0.5

#: Distance between the points whose coverage is counted, metres, as between candidates.
_DEMAND_STEP_M: Final = 1_000.0

#: Share of the time limit for what is asked anew with other days and flows, all together [A].
_VARIANTS_SHARE: Final = 0.5

#: People where all corridors weigh the same.
EQUAL: Final = 1.0


@dataclass(frozen=True)
class SitingQuestion:
    """Where spaces are looked for.

    Attributes
    ----------
    model : Model
        What the spaces are for.
    most : int or None
        Count of new spaces; None for the fewest after which nothing is missing.
    max_day_m : float
        Longest day, metres.
    people : mapping
        People on each corridor, by its id, in any unit of time; `EQUAL` where they are alike.
    budget : float or None
        Sum of costs, in the cost of a space in a town.
    cost_outside : float
        What a space outside of towns costs, in the same unit.
    required, forbidden : tuple of str
        Names of towns that must get a space, and that object to one.
    areas : tuple of geometries
        Polygons in which none may stand, lon and lat.
    time_limit_s : float
        Most seconds of the solver.
    """

    model: Model
    most: int | None
    max_day_m: float
    people: Mapping[str, float]
    budget: float | None = None
    cost_outside: float = 2.0
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    areas: tuple[BaseGeometry, ...] = ()
    time_limit_s: float = 60.0


@dataclass(frozen=True, slots=True)
class ProposedSite:
    """Site on a corridor: kilometres from its start, its town if in one, lon and lat in degrees.

    ``cost`` is in the cost of a space in a town. ``stays`` is in how many of the variants it is
    chosen, too.
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
    """Figures of one corridor before and after: longest stretch, mean to the next, metres."""

    corridor: str
    people: float
    longest_before_m: float
    longest_after_m: float
    mean_before_m: float
    mean_after_m: float
    is_walkable_before: bool
    is_walkable_after: bool


@dataclass(frozen=True, slots=True)
class SitingVariant:
    """The question anew with another day or other flows.

    Attributes
    ----------
    name : str
        ``shorter_day``, ``longer_day`` or ``equal_flows``.
    max_day_m : float
        Longest day of the variant.
    count : int
        New spaces that the variant opens.
    stays : int
        Sites of the first choice among them.
    share_of_first, share : float
        Share of people who can walk their corridor, 0 to 1, if the first choice is opened and the
        variant comes true, and with the variant's own choice.
    is_proven : bool
        Whether its choice is proven to be best.
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
    """Proposed sites with what they do.

    Attributes
    ----------
    is_possible : bool
        False if the fewest are asked for and no number suffices; then there are no sites, and
        ``bare`` are the stretches that remain.
    is_proven : bool
        Whether no other choice is better.
    gap : float
        Share of the best value that may be missing, 0 to 1; for the fewest: of their count.
    at_least : int or None
        For the fewest: no fewer suffice.
    share_before, share_after : float
        Share of people, 0 to 1, who can walk their corridor in days of the longest day.
    bare : tuple
        Corridor, from and to kilometre of stretches that no allowed space closes.
    """

    is_possible: bool
    is_proven: bool
    gap: float
    at_least: int | None
    sites: tuple[ProposedSite, ...]
    corridors: tuple[CorridorOutcome, ...]
    variants: tuple[SitingVariant, ...]
    share_before: float
    share_after: float
    bare: tuple[tuple[str, float, float], ...]
    solver_s: float


@dataclass(frozen=True, eq=False, slots=True)
class _Choice:
    """Rows that open, None if no number of spaces suffices, and what is proven of them."""

    chosen: Ints | None
    is_proven: bool
    gap: float
    at_least: int | None
    solver_s: float
    bare: tuple[tuple[int, float, float], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class SitingGround:
    """Joint sites of the corridors, and the flows over them: there and back by turns."""

    found: Sequence[MeasuredCorridor]
    joint: JoinedSites
    sites: Sites
    paths: PathFlows

    def figures(self, max_day_m: float, is_open: Bools) -> PathFigures:
        """Return the figures of the flows where some sites are open, bool [N]."""
        return path_figures(self.paths, max_day_m, is_open)


def siting_ground(found: Sequence[MeasuredCorridor], question: SitingQuestion) -> SitingGround:
    """Return where spaces may be opened, and who would walk by.

    Parameters
    ----------
    found
        The corridors, forward, with the spaces that count for the one service of their requests.

    Raises
    ------
    InvalidRecordError
        A town is on none of the corridors, is both required and forbidden, or the required ones go
        beyond the count or the budget; the error names the field.
    """
    lines, keys = [], []
    for number, one in enumerate(found):
        supports = one.now.supports
        own = corridor_sites(
            one.way.line,
            supports.at_m[supports.counts[0]],
            np.array([town.at_m for town in one.towns], dtype=np.float64),
            np.zeros(0),
        )
        lines.append(own)
        keys.append([_key(one, own, number, row) for row in range(len(own))])
    joint = joined_sites(lines, keys)
    people = np.array([question.people[one.request.corridor or ""] for one in found])
    return SitingGround(found, joint, _sites(found, joint, question), joint.flows(people))


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
    was, now = (ground.figures(question.max_day_m, state) for state in (before, after))
    return SitingPlan(
        is_possible=choice.chosen is not None,
        is_proven=choice.is_proven,
        gap=choice.gap,
        at_least=choice.at_least,
        sites=tuple(_proposed(ground, choice, [one[1] for one in variants])),
        corridors=tuple(_outcomes(ground, question, was, now)),
        variants=tuple(one[0] for one in variants),
        share_before=was.covered_share,
        share_after=now.covered_share,
        bare=tuple(
            (found[corridor].request.corridor or "", from_m / 1e3, to_m / 1e3)
            for corridor, from_m, to_m in choice.bare
        ),
        solver_s=choice.solver_s,
    )


def _key(
    found: MeasuredCorridor, sites: CorridorSites, number: int, row: int
) -> tuple[str, object] | None:
    """Return what makes a site one with a site of another corridor: its space or its town."""
    match sites.kind[row]:
        case CandidateKind.TOWN:
            return "town", found.towns[int(sites.row[row])].id
        case CandidateKind.SPACE:
            return "space", (number, row)
        case _:
            return None


def _sites(
    found: Sequence[MeasuredCorridor], joint: JoinedSites, question: SitingQuestion
) -> Sites:
    towns = {folded(town.name) for one in found for town in one.towns}
    required, forbidden = (
        {folded(name) for name in names} for names in (question.required, question.forbidden)
    )
    problems = [
        (field, CodedReason("no_match"))
        for field, names in (("required", required), ("forbidden", forbidden))
        if not names <= towns
    ]
    if required & forbidden:
        problems.append(("forbidden", CodedReason("twice")))
    if problems:
        raise InvalidRecordError(problems)
    names = [folded(_town(found, joint, row) or "") for row in range(len(joint))]
    lon, lat = (joint.of_first([getattr(c, axis) for c in joint.corridors]) for axis in _AXES)
    rows = {row for row, name in enumerate(names) if name in forbidden}
    rows |= {int(row) for row in sites_within(lon, lat, question.areas)}
    must = [row for row, name in enumerate(names) if name in required]
    if rows & {*must}:
        raise InvalidRecordError([("required", CodedReason("site_forbidden"))])
    sites = Sites.of(
        len(joint),
        existing=joint.existing.tolist(),
        required=must,
        forbidden=sorted(rows),
        cost=np.where(joint.kind == CandidateKind.TOWN, 1.0, question.cost_outside),
    )
    if question.most is not None:
        try:
            OpeningLimits(question.most, question.budget).left(sites)
        except InvalidRequest as error:
            raise InvalidRecordError([("required", CodedReason("beyond_limit"))]) from error
    return sites


_AXES: Final = ("lon", "lat")


def _town_of(found: Sequence[MeasuredCorridor], joint: JoinedSites, row: int) -> TownAlong | None:
    corridor, own = int(joint.corridor[row]), int(joint.row[row])
    sites = joint.corridors[corridor]
    if sites.kind[own] != CandidateKind.TOWN:
        return None
    return found[corridor].towns[int(sites.row[own])]


def _town(found: Sequence[MeasuredCorridor], joint: JoinedSites, row: int) -> str | None:
    town = _town_of(found, joint, row)
    return None if town is None else town.name


def _needs(ground: SitingGround, question: SitingQuestion) -> FlowNeeds:
    if question.model != "covering":
        return PathReach(ground.paths, question.max_day_m)
    flow, within = [], []
    for corridor, own in zip(ground.joint.corridors, ground.joint.site_of, strict=True):
        points_m = np.arange(0.0, corridor.length_m, _DEMAND_STEP_M)
        near = np.abs(points_m[:, None] - corridor.at_m) <= _NEAR * question.max_day_m
        is_within = np.zeros((len(points_m), len(ground.joint)), np.bool_)
        rows, columns = np.nonzero(near)
        is_within[rows, own[columns]] = True
        within.append(is_within)
        flow.append(np.full(len(points_m), 1.0))
    # Each corridor's people are in two flows, there and back.
    people = ground.paths.flow[::2] * 2.0
    weight = np.concatenate([one * many for one, many in zip(flow, people, strict=True)])
    return CoverSets.of_points(weight, np.concatenate(within))


def _choice(ground: SitingGround, question: SitingQuestion, effort: SolverEffort) -> _Choice:
    needs, sites = _needs(ground, question), ground.sites
    if question.most is None:
        fewest = fewest_spaces(needs, sites, effort)
        count = 0 if fewest.chosen is None else len(fewest.chosen)
        return _Choice(
            fewest.chosen,
            fewest.is_proven,
            (count - fewest.at_least) / count if count and not fewest.is_proven else 0.0,
            None if fewest.chosen is None else fewest.at_least,
            fewest.solver_s,
            tuple(
                # Flows are there and back by turns; the way ahead tells all.
                (one.flow // 2, one.from_m, one.to_m)
                for one in fewest.bare
                if one.flow % 2 == 0 and one.from_m is not None and one.to_m is not None
            ),
        )
    limits = OpeningLimits(question.most, question.budget)
    if question.model == "gaps":
        assert isinstance(needs, PathReach)  # noqa: S101 -- covering alone needs sets
        gaps = smallest_gaps(needs, sites, limits, effort)
        longest, least = float(gaps.gaps_m[0]), float(gaps.at_least_m[0])
        gap = (longest - least) / longest if longest > 0 else 0.0
        return _Choice(gaps.chosen, gaps.is_proven, gap, None, gaps.solver_s)
    most = most_covered(needs, sites, limits, effort)
    return _Choice(most.chosen, most.is_proven, most.gap, None, most.solver_s)


def _variants(
    ground: SitingGround, question: SitingQuestion, first: _Choice, effort: SolverEffort
) -> Iterator[tuple[SitingVariant, Ints]]:
    """Yield the variants with their choices; where none was possible there is nothing to vary."""
    if first.chosen is None:
        return
    asked = [
        (name, replace(question, max_day_m=question.max_day_m * factor), ground)
        for name, factor in zip(("shorter_day", "longer_day"), REACH_FACTORS, strict=True)
    ]
    if len({*ground.paths.flow.tolist()}) > 1:
        paths = replace(ground.paths, flow=np.full(len(ground.paths), EQUAL))
        asked.append(("equal_flows", question, replace(ground, paths=paths)))
    limit_s = _VARIANTS_SHARE * question.time_limit_s / len(asked)
    for name, other, there in asked:
        choice = _choice(there, other, replace(effort, time_limit_s=limit_s))
        chosen = np.zeros(0, np.int64) if choice.chosen is None else choice.chosen
        own, firsts = (
            there.figures(other.max_day_m, _opened(ground.sites.is_open, one)).covered_share
            for one in (choice, first)
        )
        yield (
            SitingVariant(
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
            town=_town(ground.found, ground.joint, row),
            lon=round(float(sites.lon[own]), 4),
            lat=round(float(sites.lat[own]), 4),
            cost=float(ground.sites.cost[row]),
            stays=sum(int(row in chosen) for chosen in variants),
        )


def _outcomes(
    ground: SitingGround, question: SitingQuestion, was: PathFigures, now: PathFigures
) -> Iterator[CorridorOutcome]:
    for number, one in enumerate(ground.found):
        flow = 2 * number
        corridor = one.request.corridor or ""
        yield CorridorOutcome(
            corridor=corridor,
            people=question.people[corridor],
            longest_before_m=float(was.longest_gap_m[flow]),
            longest_after_m=float(now.longest_gap_m[flow]),
            mean_before_m=float(was.mean_to_next_m[flow]),
            mean_after_m=float(now.mean_to_next_m[flow]),
            is_walkable_before=bool(was.is_covered[flow]),
            is_walkable_after=bool(now.is_covered[flow]),
        )
