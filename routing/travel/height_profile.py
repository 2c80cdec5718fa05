"""Heights along a route, and the highest point of the route or of a stretch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Heights:
    """Heights along a route of K legs: heights of the graph's nodes, joined by straight slopes.

    Parameters
    ----------
    start_m, end_m
        float64 [K], begin and end of each leg, metres along the route.
    from_m, to_m
        float64 [K], heights at begin and end of each leg, metres above sea level; NaN where not
        known.
    """

    start_m: Floats
    end_m: Floats
    from_m: Floats
    to_m: Floats

    @classmethod
    def joined(cls, parts: Sequence["Heights"]) -> Self:
        """Concatenate the heights of consecutive stretches."""
        columns: list[list[Floats]] = [[], [], [], []]
        before_m = 0.0
        for part in parts:
            rows = (part.start_m + before_m, part.end_m + before_m, part.from_m, part.to_m)
            for column, values in zip(columns, rows, strict=True):
                column.append(values)
            if len(part.end_m):
                before_m += float(part.end_m[-1])
        start_m, end_m, from_m, to_m = (np.concatenate([np.zeros(0), *c]) for c in columns)
        return cls(start_m, end_m, from_m, to_m)

    def highest_m(self, from_m: float = 0.0, to_m: float = math.inf) -> float | None:
        """Return the highest known height of the route, or of a stretch of the route.

        Parameters
        ----------
        from_m, to_m : float
            Start and end of the stretch, metres along the route.

        Returns
        -------
        float or None
            Metres above sea level; None where no height of the stretch is known.
        """
        # Both columns are ascending, so a binary search works.
        first = np.searchsorted(self.end_m, from_m, "left")
        touched = slice(first, np.searchsorted(self.start_m, to_m, "right"))
        low_m, high_m = self.from_m[touched], self.to_m[touched]
        if not (np.isfinite(low_m).any() or np.isfinite(high_m).any()):
            return None
        start_m, end_m = self.start_m[touched], self.end_m[touched]
        length_m = end_m - start_m
        found = []
        # A straight slope is highest at one end of its part inside the stretch.
        for cut_m in (from_m, to_m):
            # A leg without length (a border edge of the sketch) takes the height at its start.
            is_long = length_m > 0
            share = np.divide(cut_m - start_m, length_m, out=np.zeros_like(length_m), where=is_long)
            share = share.clip(0, 1)
            slope_m = np.where(share == 0, low_m, low_m + (high_m - low_m) * share)
            found.append(np.where(share == 1, high_m, slope_m))
        known = np.concatenate(found)
        known = known[np.isfinite(known)]
        return float(known.max()) if len(known) else None

    def at(self, at_m: Floats) -> Floats:
        """Return the heights at positions, float64 [k], metres above sea level; NaN if not known.

        Parameters
        ----------
        at_m : ndarray
            float64 [k], metres along the route.
        """
        if not len(self.end_m):
            return np.full(len(at_m), np.nan)
        leg = np.searchsorted(self.end_m, at_m, "left").clip(0, len(self.end_m) - 1)
        length_m = self.end_m[leg] - self.start_m[leg]
        share = np.divide(
            at_m - self.start_m[leg], length_m, out=np.zeros(len(at_m)), where=length_m > 0
        ).clip(0, 1)
        slope_m = self.from_m[leg] + (self.to_m[leg] - self.from_m[leg]) * share
        # At either end of a leg the height of the other end need not be known.
        heights_m = np.where(share == 0, self.from_m[leg], slope_m)
        return np.asarray(np.where(share == 1, self.to_m[leg], heights_m))
