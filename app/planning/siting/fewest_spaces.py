"""Where the next spaces on a corridor should stand, for those who are signed in.

Somebody who lies in wait for people would ask where no space stands yet, so the answer is in
no public response, file or cache.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.planning.corridors import MeasuredCorridor
from routing.siting.corridor_spaces import fewest_along
from routing.siting.solver import SolverEffort

#: Most seconds of the solver [A]: a person waits for the page.
TIME_LIMIT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class ProposedSpace:
    """Place for a new space: metres along the corridor, and its town, None outside of towns."""

    at_m: float
    town: str | None


@dataclass(frozen=True, slots=True)
class SitingProposal:
    """The fewest new spaces with which no stretch is longer than a day's walk.

    Attributes
    ----------
    spaces : tuple of ProposedSpace
        In the direction of travel; empty if nothing is missing.
    is_proven : bool
        Whether no fewer suffice.
    at_least : int
        Number of spaces of which it is proven that no fewer suffice.
    longest_m, longest_after_m : float
        Longest stretch without the service today, and with the new spaces.
    """

    spaces: tuple[ProposedSpace, ...]
    is_proven: bool
    at_least: int
    longest_m: float
    longest_after_m: float


def fewest_new_spaces(found: MeasuredCorridor, service: int = 0) -> SitingProposal:
    """Return the fewest new spaces for a service, in towns where that needs no more of them.

    The longest stretch allowed is the acceptable gap of the request. Everybody is taken to walk the
    whole corridor, in both directions, and to begin rested.

    Parameters
    ----------
    found
        The corridor, forward.
    service
        Row of the service in the request.
    """
    towns_m = np.array([town.at_m for town in found.towns], dtype=np.float64)
    proposed = fewest_along(
        found.way.line,
        found.now.supports,
        towns_m,
        found.request.targets.gap_m,
        SolverEffort(TIME_LIMIT_S),
        service=service,
    )
    return SitingProposal(
        spaces=tuple(
            ProposedSpace(at_m, None if town is None else found.towns[town].name)
            for at_m, town in zip(proposed.at_m.tolist(), proposed.towns, strict=True)
        ),
        is_proven=proposed.is_proven,
        at_least=proposed.at_least,
        longest_m=proposed.longest_m,
        longest_after_m=proposed.longest_after_m,
    )
