"""Where spaces may be opened on one corridor or all, and who would walk by.

Where nobody stands yet is what somebody who waits for people on the road would ask, so it stands in
no public answer, file or cache.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from app.planning.corridors import MeasuredCorridor
from geo.errors import InvalidRecordError
from geo.reasons import CodedReason
from geo.text.normalize import folded
from routing.errors import InvalidRequest
from routing.siting.areas import sites_within
from routing.siting.candidates import CandidateKind, CorridorSites, corridor_sites
from routing.siting.figures import path_figures
from routing.siting.joined import JoinedSites, joined_sites
from routing.siting.path_flows import PathFlows
from routing.siting.sites import OpeningLimits, Sites

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: ``flow``: the most people who can walk their journey in days of the longest day (flow refuelling
#: location). ``covering``: the most kilometres, by people, with a space within half a day.
#: ``gaps``: the longest stretches as short as can be, one after the other.
type Model = Literal["flow", "covering", "gaps"]

#: Least distance between towns where journeys end, metres [A]: two days of an adult. Nobody counts
#: where people leave a corridor, so an equal part of them goes to each from either end.
_JOURNEY_M: Final = 50_000.0

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


@dataclass(frozen=True, eq=False, slots=True)
class SitingGround:
    """Joint sites of the corridors, and who walks by.

    Attributes
    ----------
    whole : PathFlows
        One flow a corridor, all the way.
    journeys : PathFlows
        From either end to towns on the way, and all the way.
    corridor_of : ndarray of int64 [Q]
        Corridor of each journey; the first of each goes all the way.
    """

    found: Sequence[MeasuredCorridor]
    joint: JoinedSites
    sites: Sites
    whole: PathFlows
    journeys: PathFlows
    corridor_of: Ints

    def share(self, max_day_m: float, is_open: Bools) -> float:
        """Return the share of people, 0 to 1, who can walk their journey day by day."""
        return path_figures(self.journeys, max_day_m, is_open).covered_share

    def weighed(self, people: Floats) -> Self:
        """Return the same with other people on each corridor, float64 [C]."""
        ends_m = [_ends_m(one) for one in self.found]
        journeys, _ = self.joint.journeys(people, ends_m)
        return replace(self, whole=self.joint.flows(people), journeys=journeys)


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
    journeys, corridor_of = joint.journeys(people, [_ends_m(one) for one in found])
    sites = _sites(found, joint, question)
    return SitingGround(found, joint, sites, joint.flows(people), journeys, corridor_of)


def _ends_m(found: MeasuredCorridor) -> Floats:
    """Return towns of a corridor where journeys end, metres, at least `_JOURNEY_M` apart."""
    kept: list[float] = []
    for town in found.towns:
        if town.at_m >= (kept[-1] if kept else 0.0) + _JOURNEY_M:
            kept.append(town.at_m)
    return np.array(kept, dtype=np.float64)


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
    names = [folded(town_of(found, joint, row) or "") for row in range(len(joint))]
    rows = {row for row, name in enumerate(names) if name in forbidden}
    rows |= {int(row) for row in sites_within(joint.lon, joint.lat, question.areas)}
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


def town_of(found: Sequence[MeasuredCorridor], joint: JoinedSites, row: int) -> str | None:
    """Return the name of the town that a joint site is, None for any other site."""
    corridor, own = int(joint.corridor[row]), int(joint.row[row])
    sites = joint.corridors[corridor]
    if sites.kind[own] != CandidateKind.TOWN:
        return None
    return found[corridor].towns[int(sites.row[own])].name
