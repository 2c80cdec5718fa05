"""Figures of flows along paths with some sites open: covered flow, longest gap, mean distance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.siting.path_flows import PathFlows, checked_reach, rests

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class PathFigures:
    """Figures of Q flows along their paths.

    The figures are defined as in `routing.corridors.figures`: distances are along the path, and
    start and end of the path are ends of gaps.

    Parameters
    ----------
    is_covered
        bool [Q], whether no gap is beyond the daily reach.
    longest_gap_m
        float64 [Q], metres.
    mean_to_next_m
        float64 [Q], mean distance ahead to the next rest from a random place on the path,
        ``Σg²/(2L)``, metres; 0 on a path of no length.
    covered_flow, covered_share
        Sum of the covered flows, and its share of all flows, 0 to 1; NaN if all flows are 0.
    """

    is_covered: Bools
    longest_gap_m: Floats
    mean_to_next_m: Floats
    covered_flow: float
    covered_share: float


def path_figures(paths: PathFlows, reach_m: float, is_open: Bools) -> PathFigures:
    """Return the figures of flows where some sites are open, bool [N].

    Raises
    ------
    InvalidRequest
        A stop refers to a site that does not exist, or the reach is not above 0.
    """
    paths.known_to(len(is_open))
    kept = rests(paths, is_open)
    path = paths.path_of[kept]
    # A path of k kept stops has k - 1 gaps, one after each stop but the last.
    follows = path[1:] == path[:-1]
    gap_m, of_path = np.diff(paths.at_m[kept])[follows], path[1:][follows]
    begins = np.flatnonzero(np.append(True, np.diff(of_path) != 0))
    longest_m = np.maximum.reduceat(gap_m, begins)
    squares, length_m = np.add.reduceat(gap_m**2, begins), paths.length_m
    mean_m = np.divide(squares, 2.0 * length_m, out=np.zeros(len(paths)), where=length_m > 0)
    is_covered = longest_m <= checked_reach(reach_m)
    covered, total = float(paths.flow[is_covered].sum()), float(paths.flow.sum())
    share = covered / total if total > 0 else float("nan")
    return PathFigures(np.asarray(is_covered), longest_m, mean_m, covered, share)
