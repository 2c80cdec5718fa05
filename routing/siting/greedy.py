"""A quick first solution: sites are opened one by one, each time the one that gains most."""

import numpy as np
from numpy.typing import NDArray

from routing.siting.cover_sets import CoverSets
from routing.siting.sites import OpeningLimits, Sites

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]

#: Weight of flow that a further site covers only in part, relative to flow that it covers fully
#: [A]: so small that it decides only where no single site covers any flow, as on a long path.
_NEARER = 1e-3


def greedy_sites(cover: CoverSets, sites: Sites, limits: OpeningLimits) -> Bools:
    """Return a good choice of open sites, bool [N]: today's, the required and further ones.

    Each step opens the site within the limits that covers the most flow for its cost. If no site
    covers a flow, the site is opened that is in the largest share of the sets that flows still
    lack.

    Raises
    ------
    InvalidRequest
        The required sites alone exceed a limit.
    """
    limits.left(sites)
    is_open = sites.at_least.copy()
    holds, needs = _incidence(cover, len(sites))
    price = np.maximum(sites.cost, 1e-12) if limits.budget is not None else np.ones(len(sites))
    while True:
        is_missed = ~holds[:, is_open].any(axis=1)
        lacking = needs[:, is_missed].sum(axis=1)
        meets = needs[:, is_missed].astype(np.float32) @ holds[is_missed].astype(np.float32)
        share = np.divide(meets, lacking[:, None], out=np.zeros_like(meets), where=meets > 0)
        gain = cover.flow @ np.where(share >= 1.0, 1.0, _NEARER * share)
        gain = np.where(is_open | ~sites.may_open, 0.0, gain / price)
        is_opened = False
        for site in np.argsort(-gain, kind="stable").tolist():
            if gain[site] <= 0:
                break
            trial = is_open.copy()
            trial[site] = True
            if limits.allow(sites, trial & ~sites.is_open):
                is_open, is_opened = trial, True
                break
        if not is_opened:
            return is_open


def _incidence(cover: CoverSets, count: int) -> tuple[Bools, Bools]:
    """Return which sites each set holds, bool [K, N], and which sets each flow needs, [Q, K]."""
    sets, flows = len(cover.set_first) - 1, len(cover.flow)
    holds, needs = np.zeros((sets, count), np.bool_), np.zeros((flows, sets), np.bool_)
    holds[np.repeat(np.arange(sets), np.diff(cover.set_first)), cover.set_site] = True
    needs[np.repeat(np.arange(flows), np.diff(cover.flow_first)), cover.flow_set] = True
    return holds, needs
