"""What each stretch of a route is like, and what it adds to the totals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.cost import Travel
from routing.exposure import Contact, Legs


@dataclass(frozen=True, eq=False, slots=True)
class RouteSegment:
    """Temporary."""

    from_m: float
    to_m: float

    def moved(self, by_m: float) -> "RouteSegment":
        """Temporary."""
        return self


def explained(
    travel: Travel, legs: Legs, contacts: Sequence[Contact], night: NDArray[np.bool_]
) -> tuple[RouteSegment, ...]:
    """Temporary."""
    return ()
