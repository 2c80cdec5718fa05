"""Sites where spaces may be opened on one corridor or all, and the people who walk past them.

Somebody who lies in wait for people would ask where no space stands yet, so the answer is in
no public response, file or cache.
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

#: Goal of new spaces. ``flow``: as many people as possible can walk their journey with no day
#: longer than the longest day (flow refuelling location). ``covering``: as many kilometres as
#: possible, weighted by people, have a space within half a day. ``gaps``: the longest stretch
#: becomes as short as possible, then the second longest.
type Model = Literal["flow", "covering", "gaps"]

#: Least distance between towns where journeys end, metres [A]: two days of an adult. Nobody counts
#: where people leave a corridor, so its people are divided equally among all its journeys.
_JOURNEY_M: Final = 50_000.0

#: People on each corridor if all corridors have the same weight.
EQUAL: Final = 1.0


@dataclass(frozen=True)
class SitingQuestion:
    """A search for sites of new spaces.

    Attributes
    ----------
    model : Model
        Goal of the new spaces.
    most : int or None
        Most new spaces; None for the fewest that leave no need unmet.
    max_day_m : float
        Longest day, metres.
    people : mapping
        People on each corridor, by its id, in any unit of time; `EQUAL` for equal weights.
    budget : float or None
        Largest sum of costs; a space in a town costs 1.
    cost_outside : float
        Cost of a space outside of towns.
    required, forbidden : tuple of str
        Names of towns that must get a space, and of towns that must not.
    areas : tuple of geometries
        Polygons in which no space may be opened, lon and lat.
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
    """Candidate sites of all corridors, joined where corridors share a town, and flows of people.

    Attributes
    ----------
    whole : PathFlows
        One flow of people per corridor, from end to end.
    journeys : PathFlows
        Flows of people from end to end, and from either end to towns on the way.
    corridor_of : ndarray of int64 [Q]
        Row of the corridor of each journey; a corridor's first journey goes from end to end.
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
        """Return a copy with other numbers of people on the corridors, float64 [C]."""
        ends_m = [_ends_m(one) for one in self.found]
        journeys, _ = self.joint.journeys(people, ends_m)
        return replace(self, whole=self.joint.flows(people), journeys=journeys)


def siting_ground(found: Sequence[MeasuredCorridor], question: SitingQuestion) -> SitingGround:
    """Return the sites where spaces may be opened, and the people who walk past them.

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
    """Return the ends of journeys, metres along the corridor: towns at least `_JOURNEY_M` apart."""
    kept: list[float] = []
    for town in found.towns:
        if town.at_m >= (kept[-1] if kept else 0.0) + _JOURNEY_M:
            kept.append(town.at_m)
    return np.array(kept, dtype=np.float64)


def _key(
    found: MeasuredCorridor, sites: CorridorSites, number: int, row: int
) -> tuple[str, object] | None:
    """Return the key by which sites of several corridors are joined into one, or None.

    Sites in one town have the same key; the key of an existing space is its own.
    """
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
    """Return the name of the town of a joint site, None if the site is not in a town."""
    corridor, own = int(joint.corridor[row]), int(joint.row[row])
    sites = joint.corridors[corridor]
    if sites.kind[own] != CandidateKind.TOWN:
        return None
    return found[corridor].towns[int(sites.row[own])].name
