"""Alternative paths between two nodes, found through the separators of the hierarchy.

No metric is copied and no edge is penalised: candidates are read off two climbs of the elimination
tree (`routing.cch.via_nodes`) and checked on the unpacked edges (`routing.cch.via_selection`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.cch import Hierarchy, Metric
from routing.cch.via_nodes import ViaLimits

__all__ = ["LIMITS", "Path", "ViaLimits", "alternatives"]

type Int32 = NDArray[np.int32]
type Lengths = NDArray[np.float64] | NDArray[np.uint32]


LIMITS: Final = ViaLimits()


@dataclass(frozen=True, eq=False, slots=True)
class Path:
    """A path as edges, and its cost.

    Parameters
    ----------
    cost
        The sum over the path's edges, in the metric's unit.
    edges
        int32 [.], in the order of travel.
    """

    cost: int
    edges: Int32


def alternatives(
    hierarchy: Hierarchy,
    metric: Metric,
    source: int,
    target: int,
    length: Lengths,
    *,
    count: int,
    limits: ViaLimits = LIMITS,
) -> tuple[Path, ...]:
    """Find the cheapest path, and other paths that all differ enough from one another.

    Parameters
    ----------
    hierarchy, metric
        The hierarchy to search, and a metric of it.
    source, target
        Nodes.
    length
        float64 or uint32 [E], of the hierarchy's edges, in any unit.
    count
        The most paths to return, including the cheapest.

    Returns
    -------
    Paths by ascending cost; each visits no node twice. Empty where there is no path. From a node to
    itself, a single path without edges.

    Raises
    ------
    InvalidNode
        If a node does not exist.
    InvalidCost
        If there is not one float64 or uint32 length per edge, or the count is out of range.
    """
    found = hierarchy.alternatives(metric, source, target, length, count, limits)
    return tuple(Path(cost, edges) for cost, edges in sorted(found, key=lambda way: way[0]))
