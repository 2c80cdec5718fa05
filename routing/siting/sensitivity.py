"""Sensitivity of a choice of sites to the daily reach and to the flows."""

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

#: Factors by which the daily reach is varied by default [A]: a party slower or quicker by a fifth.
REACH_FACTORS: Final = (0.8, 1.2)


@dataclass(frozen=True, eq=False, slots=True)
class SitingVariant:
    """A variant of a choice of sites: the input with another reach or other flows, and the answer.

    Parameters
    ----------
    needs
        The flows and the reach of the variant.
    answer
        The best choice for the variant.
    stays
        int64, sites of the original choice that are chosen in the variant, too.
    flow_of_first
        Flow of the variant that the original choice covers. If the variant turns out to be true,
        ``answer.flow`` less this is what the original choice loses.
    """

    needs: PathReach
    answer: MostCovered
    stays: Ints
    flow_of_first: float


@dataclass(frozen=True, eq=False, slots=True)
class SitingSensitivity:
    """How far a choice of sites depends on the assumed reach or flows.

    Parameters
    ----------
    first
        The choice for the original reach and flows.
    variants
        The variants, in the order of their factors.
    chosen_share
        float64 [N], share (0 to 1) of the original choice and all variants that open each site. Of
        equally good choices only one is found, so a share below 1 does not prove a site doubtful.
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
    """Return the best choice of sites, and that for variants with the reach times each factor.

    The time limit holds for all questions together.

    Raises
    ------
    InvalidRequest
        A factor is not above 0, or as for `most_covered`.
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
    """Return the best choice of sites, and that for variants with the flows times factors.

    The time limit holds for all questions together.

    Parameters
    ----------
    factors
        float64 [W, Q], one row per variant, above 0.

    Raises
    ------
    InvalidRequest
        The factors do not fit the flows or are not above 0, or as for `most_covered`.
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
        # Each variant gets some time even after the limit: without it the solver would give no
        # bound.
        left_s = max(effort.time_limit_s - spent_s, _LEAST_S)
        answer = most_covered(needs, sites, limits, replace(effort, time_limit_s=left_s))
        spent_s += answer.solver_s
        figures = path_figures(needs.paths, needs.reach_m, first.is_open)
        stays = np.intersect1d(first.chosen, answer.chosen)
        yield SitingVariant(needs, answer, stays, figures.covered_flow)


#: Time that each variant gets at least, even after the time limit, seconds [A].
_LEAST_S: Final = 0.01
