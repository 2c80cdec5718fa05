"""New spaces along one corridor: the fewest for a day's walk, or a few for the smallest gaps.

Everybody walks the whole corridor, both ways, and begins rested.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.corridors.gaps import CorridorSupports
from routing.route.coverage import MeasuredLine
from routing.siting.candidates import STEP_M, CandidateKind, CorridorSites, corridor_sites
from routing.siting.covering import PathReach, fewest_spaces
from routing.siting.path_flows import BareStretch
from routing.siting.sites import OpeningLimits, Sites
from routing.siting.smallest_gaps import smallest_gaps
from routing.siting.solver import SolverEffort

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: What a space outside a town costs, in towns [A]: a town has water, buses and neighbours, so of as
#: few spaces those in towns are proposed.
COST_OUTSIDE: Final = 2.0


@dataclass(frozen=True, eq=False, slots=True)
class CorridorProposal:
    """New spaces for one service along a corridor.

    Parameters
    ----------
    sites
        Today's spaces and the candidates.
    chosen
        int64 [n], rows of the sites that open, ascending; empty where nothing is missing, and where
        no number of spaces suffices.
    is_proven
        Whether no other choice is better.
    at_least
        No fewer new spaces are as good; 0 where their number was given.
    longest_m, longest_after_m
        Longest stretch without the service today, and with the new spaces, metres.
    at_least_m
        No choice of as many leaves a shorter longest stretch; 0 where only their number was asked
        for.
    bare
        Stretches that stay longer than a day's walk whatever is opened.
    """

    sites: CorridorSites
    chosen: Ints
    is_proven: bool
    at_least: int
    longest_m: float
    longest_after_m: float
    at_least_m: float = 0.0
    bare: tuple[BareStretch, ...] = ()

    @property
    def at_m(self) -> Floats:
        """Where the new spaces stand, float64 [n], metres along the corridor."""
        return self.sites.at_m[self.chosen]

    @property
    def towns(self) -> list[int | None]:
        """Rows of the new spaces' towns as given, None outside of towns."""
        kind, row = self.sites.kind[self.chosen], self.sites.row[self.chosen]
        return [
            one if is_town else None
            for one, is_town in zip(row.tolist(), kind == CandidateKind.TOWN, strict=True)
        ]


def fewest_along(
    line: MeasuredLine,
    supports: CorridorSupports,
    towns_m: Floats,
    reach_m: float,
    effort: SolverEffort,
    *,
    service: int = 0,
    step_m: float = STEP_M,
) -> CorridorProposal:
    """Return the fewest new spaces after which no stretch is longer, of those the ones in towns.

    Parameters
    ----------
    line, supports
        The corridor and its spaces, in one direction of travel.
    towns_m
        float64, where the towns lie, metres along the line.
    reach_m
        Longest stretch, metres.
    effort
        What the solver may take.
    service
        Row of the service in ``supports``.
    step_m
        Distance between the candidates outside of towns, metres.

    Raises
    ------
    InvalidRequest
        A measure is not on the line, or the reach or the step is not more than 0.
    """
    along, sites = _sites(line, supports, towns_m, service, step_m)
    found = fewest_spaces(PathReach(along.flows(1.0, 1.0), reach_m), sites, effort)
    chosen = np.zeros(0, np.int64) if found.chosen is None else found.chosen
    return CorridorProposal(
        along,
        chosen,
        found.is_proven,
        found.at_least,
        *_longest_m(supports, along, chosen, service),
        bare=found.bare,
    )


def smallest_gaps_along(
    line: MeasuredLine,
    supports: CorridorSupports,
    towns_m: Floats,
    reach_m: float,
    effort: SolverEffort,
    *,
    most: int,
    service: int = 0,
    step_m: float = STEP_M,
) -> CorridorProposal:
    """Return new spaces, at most so many, that leave the smallest gaps, the longest gap first.

    Who can walk the whole corridor by days of the reach comes before the gaps, so with few spaces a
    corridor stays as it cannot be walked, with smaller gaps.

    Parameters
    ----------
    most
        Count of new spaces.
    line, supports, towns_m, reach_m, effort, service, step_m
        As for `fewest_along`.

    Raises
    ------
    InvalidRequest
        As for `fewest_along`, or the count is negative.
    """
    along, sites = _sites(line, supports, towns_m, service, step_m)
    needs = PathReach(along.flows(1.0, 1.0), reach_m)
    found = smallest_gaps(needs, sites, OpeningLimits(most), effort)
    return CorridorProposal(
        along,
        found.chosen,
        found.is_proven,
        0,
        *_longest_m(supports, along, found.chosen, service),
        at_least_m=float(found.at_least_m[0]),
    )


def _sites(
    line: MeasuredLine,
    supports: CorridorSupports,
    towns_m: Floats,
    service: int,
    step_m: float,
) -> tuple[CorridorSites, Sites]:
    spaces_m = supports.at_m[supports.counts[service]]
    along = corridor_sites(line, spaces_m, towns_m, np.zeros(0), step_m)
    cost = np.where(along.kind == CandidateKind.TOWN, 1.0, COST_OUTSIDE)
    return along, Sites.of(len(along), existing=along.existing.tolist(), cost=cost)


def _longest_m(
    supports: CorridorSupports, along: CorridorSites, chosen: Ints, service: int
) -> tuple[float, float]:
    """Return the longest gap of a service without and with the new spaces, metres."""
    after, serves = supports, np.arange(supports.services) == service
    for at_m in along.at_m[chosen].tolist():
        after = after.with_added(at_m, serves)
    before_m, after_m = (float(one.gaps.longest_m[service]) for one in (supports, after))
    return before_m, after_m
