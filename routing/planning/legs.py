"""Legs between places that a party may walk in one day, and crossings passed on the way."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class LegPassages:
    """Official crossings on legs; a leg may have none, one or several.

    Parameters
    ----------
    leg
        int64 [P], ascending.
    crossing
        int64 [P], rows of `CrossingHours`.
    after_s
        float64 [P], moving time from the leg's origin to the crossing, ascending within a leg.
    """

    leg: Ints
    crossing: Ints
    after_s: Floats

    @classmethod
    def none(cls) -> Self:
        """Return no passages at all."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, eq=False, slots=True)
class LegTable:
    """L legs between places: one path by road each, from sleeping place to sleeping place.

    Parameters
    ----------
    origin, destination
        int64 [L], rows of `routing.planning.places.OvernightPlaces`.
    distance_m, duration_s
        float64 [L], length along the road and moving time, >= 0.
    exposure
        float64 [L], >= 0, in any unit that may be added up; the caller's choice.
    passages
        Official crossings on the legs.

    Raises
    ------
    InvalidRequest
        The arrays have different lengths, or a value is negative or not finite.
    """

    origin: Ints
    destination: Ints
    distance_m: Floats
    duration_s: Floats
    exposure: Floats
    passages: LegPassages

    def __post_init__(self) -> None:
        for values in (self.distance_m, self.duration_s, self.exposure):
            if len(values) != len(self.origin):
                raise InvalidRequest(
                    "legs", "other_counts", first=len(self.origin), second=len(values)
                )
            if not (np.isfinite(values) & (values >= 0)).all():
                raise InvalidRequest("legs", "not_legs")

    def __len__(self) -> int:
        """Count the legs."""
        return len(self.origin)

    def only(self, rows: Ints) -> "LegTable":
        """Return some of the legs with their passages, int64 [k] in any order."""
        new = np.full(len(self), -1, np.int64)
        new[rows] = np.arange(len(rows))
        passages = self.passages
        kept = np.flatnonzero(new[passages.leg] >= 0)
        kept = kept[np.lexsort((passages.after_s[kept], new[passages.leg[kept]]))]
        return LegTable(
            self.origin[rows],
            self.destination[rows],
            self.distance_m[rows],
            self.duration_s[rows],
            self.exposure[rows],
            LegPassages(new[passages.leg[kept]], passages.crossing[kept], passages.after_s[kept]),
        )

    def by_origin(self) -> Ints:
        """Return the rows in the order of origin, destination and figures, int64 [L].

        The order does not depend on that of the table, so that of equal itineraries always the same
        is chosen.
        """
        return np.lexsort(
            (self.distance_m, self.exposure, self.duration_s, self.destination, self.origin)
        )


@dataclass(frozen=True, eq=False, slots=True)
class CrossingHours:
    """When C official crossings are open; a crossing that is not known to be open has no hours.

    Parameters
    ----------
    first
        int64 [C + 1], the first interval of each crossing and the count of all.
    from_s, until_s
        float64, begin and end of the intervals, seconds since the local midnight of the date of
        departure; ascending and apart within a crossing. The end itself is not open.
    """

    first: Ints
    from_s: Floats
    until_s: Floats

    @classmethod
    def of(cls, intervals: list[list[tuple[float, float]]]) -> Self:
        """Return the hours of crossings, each given as its (from, until) in ascending order."""
        rows = [pair for one in intervals for pair in one]
        return cls(
            np.cumsum([0, *(len(one) for one in intervals)]).astype(np.int64),
            np.array([pair[0] for pair in rows], dtype=np.float64),
            np.array([pair[1] for pair in rows], dtype=np.float64),
        )

    def passed_s(self, crossing: Ints, clock_s: Floats) -> Floats:
        """Return when a crossing is passed after an arrival, infinite where it does not open again.

        Parameters
        ----------
        crossing
            int64 [k], rows.
        clock_s
            float64 [k], arrivals at the crossings.
        """
        passed_s = np.full(len(crossing), np.inf)
        for one in np.unique(crossing).tolist():
            own = np.flatnonzero(crossing == one)
            rows = slice(self.first[one], self.first[one + 1])
            opens, closes = self.from_s[rows], self.until_s[rows]
            # The first interval that is not over at the arrival.
            following = np.searchsorted(closes, clock_s[own], side="right")
            is_known = following < len(closes)
            passed_s[own[is_known]] = np.maximum(clock_s[own[is_known]], opens[following[is_known]])
        return passed_s
