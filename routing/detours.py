"""Ways between two nodes of a region, around obstacles where they lie on the best one.

The metric knows nothing of a request's obstacles. What it says is a lower bound: the way itself is
looked for only when it is that way's turn, and most do not meet an obstacle at all.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import NoWay
from routing.legs import Legs
from routing.resident import Resident

#: Marks of the hierarchy's edges that obstacles close, bool [E + X]; None without obstacles.
type Closed = NDArray[np.bool_] | None

_NO_LEGS: Final = Legs.of(())


class Detours:
    """Gives ways, each looked for once.

    Parameters
    ----------
    residents
        One metric a region, which the caller holds.
    closed
        The same regions' marks; empty without obstacles.
    """

    def __init__(self, residents: Sequence[Resident], closed: Sequence[Closed] = ()) -> None:
        self._residents = residents
        self._closed = closed
        self._found: dict[tuple[int, int, int], tuple[float, Legs]] = {}

    def are_possible(self, region: int) -> bool:
        """Tell whether a way in a region may be dearer than its metric says."""
        return bool(self._closed) and self._closed[region] is not None

    def extra_s(self, region: int, source: int, target: int) -> float:
        """Give what a way costs above what the metric says, seconds; infinite where none."""
        return self._way(region, source, target)[0] if self.are_possible(region) else 0.0

    def path(self, region: int, source: int, target: int) -> Legs:
        """Give the cheapest way that meets no obstacle.

        Raises
        ------
        NoWay
            There is none.
        """
        if not self.are_possible(region):
            resident = self._residents[region]
            return Legs.whole(resident.ground.network.path(resident.metric, source, target))
        extra_s, legs = self._way(region, source, target)
        if not np.isfinite(extra_s):
            raise NoWay("obstacles leave nothing open between the two places")
        return legs

    def _way(self, region: int, source: int, target: int) -> tuple[float, Legs]:
        key = (region, source, target)
        if key not in self._found:
            self._found[key] = self._looked_for(*key)
        return self._found[key]

    def _looked_for(self, region: int, source: int, target: int) -> tuple[float, Legs]:
        resident, closed = self._residents[region], self._closed[region]
        assert closed is not None  # noqa: S101 -- where detours are possible
        network = resident.ground.network
        try:
            extra_s, edges = network.path_around(resident.metric, source, target, closed)
        except NoWay:
            return np.inf, _NO_LEGS
        return extra_s, Legs.whole(edges)
