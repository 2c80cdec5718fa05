"""New spaces along one corridor: the fewest that leave no gap too long, or a few for small gaps.

The model assumes people who walk the whole corridor, in both directions, and start rested.
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

#: Cost of a space outside a town, where one in a town costs 1 [A]: a town has water, buses and
#: neighbours, so among choices of equally few spaces those in towns are preferred.
COST_OUTSIDE: Final = 2.0


@dataclass(frozen=True, eq=False, slots=True)
class CorridorProposal:
    """New spaces for one service along a corridor.

    Parameters
    ----------
    sites
        Today's spaces and the candidates.
    chosen
        int64 [n], rows of the sites to open, ascending; empty if no space is missing, or if no
        number of spaces suffices.
    is_proven
        Whether no other choice is better.
    at_least
        Proven lower bound of the number of new spaces that suffice; 0 if the number was given.
    longest_m, longest_after_m
        Longest stretch without the service today, and with the new spaces, metres.
    at_least_m
        Proven lower bound of the longest stretch with the given number of spaces; 0 if no number
        was given.
    bare
        Stretches that stay too long whatever is opened.
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
        """Positions of the new spaces, float64 [n], metres along the corridor."""
        return self.sites.at_m[self.chosen]

    @property
    def towns(self) -> list[int | None]:
        """For each new space, the index of its town in ``towns_m``; None outside of towns."""
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
    """Return the fewest new spaces after which no stretch is longer than ``reach_m``.

    Among equally few spaces, those in towns are preferred.

    Parameters
    ----------
    line, supports
        The corridor and its spaces, in one direction of travel.
    towns_m
        float64, positions of the towns, metres along the line.
    reach_m
        Longest stretch, metres.
    effort
        Limits of the solver.
    service
        Row of the service in ``supports``.
    step_m
        Distance between the candidates outside of towns, metres.

    Raises
    ------
    InvalidRequest
        A position is not on the line, or the reach or the step is not above 0.
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
    """Return at most ``most`` new spaces that make the longest gap as short as possible.

    Then the next longest gap is made short, and so on. But a choice that leaves no stretch above
    ``reach_m``, so that people can walk the whole corridor, is always better than any other.

    Parameters
    ----------
    most
        Highest number of new spaces.
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
