"""Whether the chosen sites stay when the daily reach or the flows are other ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.siting.covering import MostCovered, PathReach, most_covered
from routing.siting.figures import path_figures
from routing.siting.sites import OpeningLimits, Sites
from routing.siting.solver import SolverEffort

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Factors of the daily reach, by default [A]: a party slower or quicker by a fifth.
REACH_FACTORS: Final = (0.8, 1.2)


@dataclass(frozen=True, eq=False, slots=True)
class SitingVariant:
    """One question anew, with another reach or other flows.

    Parameters
    ----------
    needs
        The flows and the reach of the variant.
    answer
        The best choice for it.
    stays
        int64, sites of the first choice that are chosen here, too.
    flow_of_first
        Flow of the variant that the first choice covers: what is lost against ``answer.flow`` if
        the first choice is opened, and the variant comes true.
    """

    needs: PathReach
    answer: MostCovered
    stays: Ints
    flow_of_first: float


@dataclass(frozen=True, eq=False, slots=True)
class SitingSensitivity:
    """How far a choice depends on what it was made for.

    Parameters
    ----------
    first
        The choice as asked.
    variants
        The variants, in the order of their factors.
    chosen_share
        float64 [N], share of the first choice and the variants, 0 to 1, that open a site. Where
        choices are equally good one of them is shown, so a share below 1 need not be a doubt.
    """

    first: MostCovered
    variants: tuple[SitingVariant, ...]
    chosen_share: Floats


def reach_sensitivity(
    needs: PathReach,
    sites: Sites,
    limits: OpeningLimits,
    effort: SolverEffort,
    factors: Sequence[float] = REACH_FACTORS,
) -> SitingSensitivity:
    """Return the choice as asked, and anew with the reach times each factor.

    The time limit holds for all together.

    Raises
    ------
    InvalidRequest
        A factor is not more than 0, or as for `most_covered`.
    """
    _check_factors(np.asarray(factors, dtype=np.float64))
    variants = [replace(needs, reach_m=needs.reach_m * factor) for factor in factors]
    return _sensitivity(needs, variants, sites, limits, effort)


def flow_sensitivity(
    needs: PathReach,
    sites: Sites,
    limits: OpeningLimits,
    effort: SolverEffort,
    factors: Floats,
) -> SitingSensitivity:
    """Return the choice as asked, and anew with the flows times factors.

    The time limit holds for all together.

    Parameters
    ----------
    factors
        float64 [W, Q], one row a variant, more than 0.

    Raises
    ------
    InvalidRequest
        The factors do not fit the flows or are not more than 0, or as for `most_covered`.
    """
    if factors.shape[1:] != needs.paths.flow.shape:
        raise InvalidRequest(
            "factors", "other_counts", first=factors.shape[-1], second=len(needs.paths)
        )
    _check_factors(factors)
    variants = [replace(needs, paths=needs.paths.weighted(row)) for row in factors]
    return _sensitivity(needs, variants, sites, limits, effort)


def _check_factors(factors: Floats) -> None:
    if not (np.isfinite(factors) & (factors > 0)).all():
        raise InvalidRequest("factors", "not_factor")


def _sensitivity(
    needs: PathReach,
    variants: Sequence[PathReach],
    sites: Sites,
    limits: OpeningLimits,
    effort: SolverEffort,
) -> SitingSensitivity:
    first = most_covered(needs, sites, limits, effort)
    found = tuple(_variants(first, variants, sites, limits, effort))
    chosen = np.zeros(len(sites))
    for answer in (first, *(one.answer for one in found)):
        chosen[answer.chosen] += 1.0
    return SitingSensitivity(first, found, chosen / (1 + len(found)))


def _variants(
    first: MostCovered,
    variants: Sequence[PathReach],
    sites: Sites,
    limits: OpeningLimits,
    effort: SolverEffort,
) -> Iterator[SitingVariant]:
    spent_s = first.solver_s
    for needs in variants:
        # The solver always gets a moment: without one there would be no bound to state.
        left_s = max(effort.time_limit_s - spent_s, _LEAST_S)
        answer = most_covered(needs, sites, limits, replace(effort, time_limit_s=left_s))
        spent_s += answer.solver_s
        figures = path_figures(needs.paths, needs.reach_m, first.is_open)
        stays = np.intersect1d(first.chosen, answer.chosen)
        yield SitingVariant(needs, answer, stays, figures.covered_flow)


#: Least time for a variant after the limit, seconds [A].
_LEAST_S: Final = 0.01
