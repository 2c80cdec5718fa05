"""Where the next spaces on a corridor should stand, for those who are signed in.

Where nobody stands yet is what somebody who waits for people on the road would ask, so it stands in
no public answer, file or cache.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.planning.corridors import MeasuredCorridor
from routing.corridors.figures import corridor_figures
from routing.siting.candidates import CandidateKind, CorridorSites, corridor_sites
from routing.siting.covering import PathReach, fewest_spaces
from routing.siting.sites import Sites
from routing.siting.solver import SolverEffort

#: Most seconds of the solver [A]: a person waits for the page.
TIME_LIMIT_S: Final = 10.0

#: What a space outside a town costs, in towns [A]: a town has water, buses and neighbours, so of as
#: few spaces those in towns are proposed.
_COST_OUTSIDE: Final = 2.0


@dataclass(frozen=True, slots=True)
class ProposedSpace:
    """Place for a new space: metres along the corridor, and its town, None outside of towns."""

    at_m: float
    town: str | None


@dataclass(frozen=True, slots=True)
class SitingProposal:
    """The fewest new spaces after which no stretch is longer than a day's walk.

    Attributes
    ----------
    spaces : tuple of ProposedSpace
        In the direction of travel; empty if nothing is missing.
    is_proven : bool
        Whether no fewer suffice.
    at_least : int
        No fewer suffice.
    longest_m, longest_after_m : float
        Longest stretch without the service today, and with the new spaces.
    """

    spaces: tuple[ProposedSpace, ...]
    is_proven: bool
    at_least: int
    longest_m: float
    longest_after_m: float


def fewest_new_spaces(found: MeasuredCorridor, service: int = 0) -> SitingProposal:
    """Return the fewest new spaces for a service, and of those the ones in towns.

    Everybody walks the whole corridor both ways and begins rested; the longest stretch is the
    acceptable gap of the request.

    Parameters
    ----------
    found
        The corridor, forward.
    service
        Row of the service in the request.
    """
    supports = found.now.supports
    reach_m = found.request.targets.gap_m
    sites = corridor_sites(
        found.way.line,
        supports.at_m[supports.counts[service]],
        np.array([town.at_m for town in found.towns], dtype=np.float64),
        np.zeros(0),
    )
    chosen = fewest_spaces(
        PathReach(sites.flows(1.0, 1.0), reach_m),
        Sites.of(
            len(sites),
            existing=sites.existing.tolist(),
            cost=np.where(sites.kind == CandidateKind.TOWN, 1.0, _COST_OUTSIDE),
        ),
        SolverEffort(TIME_LIMIT_S),
    )
    rows = np.zeros(0, np.int64) if chosen.chosen is None else chosen.chosen
    after = supports
    for row in rows.tolist():
        after = after.with_added(float(sites.at_m[row]), np.arange(supports.services) == service)
    return SitingProposal(
        spaces=tuple(_proposed(found, sites, row) for row in rows.tolist()),
        is_proven=chosen.is_proven,
        at_least=chosen.at_least,
        longest_m=float(found.now.figures.longest_m[service]),
        longest_after_m=float(corridor_figures(after, found.request.targets).longest_m[service]),
    )


def _proposed(found: MeasuredCorridor, sites: CorridorSites, row: int) -> ProposedSpace:
    is_town = sites.kind[row] == CandidateKind.TOWN
    town = found.towns[int(sites.row[row])].name if is_town else None
    return ProposedSpace(float(sites.at_m[row]), town)
