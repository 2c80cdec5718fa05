"""Alternative paths between two nodes, by the separators of the hierarchy.

No metric is copied and none is made dearer: what is asked is read off two climbs of the elimination
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
    """A path.

    Parameters
    ----------
    cost
        The sum over its edges, in the metric's unit.
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
    """Find the cheapest path and others that differ from it and from each other.

    Parameters
    ----------
    hierarchy, metric
        What to search.
    source, target
        Nodes.
    length
        float64 or uint32 [E], of the hierarchy's edges, in any unit.
    count
        At most so many paths, the cheapest among them.

    Returns
    -------
    The cheapest first, by ascending cost; each visits no node twice. Empty where there is no way;
    one without edges from a node to itself.

    Raises
    ------
    InvalidNode
        A node that does not exist.
    InvalidCost
        Lengths of another number or type, or a count out of range.
    """
    found = hierarchy.alternatives(metric, source, target, length, count, limits)
    return tuple(Path(cost, edges) for cost, edges in sorted(found, key=lambda way: way[0]))
