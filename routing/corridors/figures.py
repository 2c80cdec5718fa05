"""Figures of how well a corridor is supported, for many services at once.

The formulas are those of algorithms.md, section 4. All distances are along the line: the figures
ignore the way from the line to a space, slopes, hours of walking, beds, and whether a door opens.
A figure is only as good as the data behind it (`routing.corridors.data`).
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.corridors.gaps import LINE_END, CorridorGap, CorridorGaps, CorridorSupports
from routing.errors import InvalidRequest

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Lengths that differ by less are the same, metres [A]: a millimetre is rounding, not road.
SAME_M: Final = 1e-3


@dataclass(frozen=True, slots=True)
class CorridorTargets:
    """Distances that the figures of a corridor depend on.

    Parameters
    ----------
    reach_m
        Distance along the line up to which a support is within reach, metres, inclusive.
    gap_m
        Longest gap that is acceptable, metres, such as a day's walk of a family.

    Raises
    ------
    InvalidRequest
        A distance is negative or not finite.
    """

    reach_m: float
    gap_m: float

    def __post_init__(self) -> None:
        for name, value in (("reach_m", self.reach_m), ("gap_m", self.gap_m)):
            if not np.isfinite(value) or value < 0:
                raise InvalidRequest(name, "not_distance")


@dataclass(frozen=True, eq=False, slots=True)
class CorridorFlow:
    """People who travel along a line, stretch by stretch, in the direction of travel.

    Parameters
    ----------
    breaks_m
        float64 [k + 1], where the stretches begin and the last ends, metres, ascending.
    flow
        float64 [k], people in any unit of time, >= 0; NaN where nobody knows.

    Raises
    ------
    InvalidRequest
        The breaks are not ascending, not one more than the flows, or a flow is negative.
    """

    breaks_m: Floats
    flow: Floats

    def __post_init__(self) -> None:
        if len(self.breaks_m) != len(self.flow) + 1:
            raise InvalidRequest(
                "flow", "other_counts", first=len(self.breaks_m), second=len(self.flow) + 1
            )
        if not (np.isfinite(self.breaks_m).all() and (np.diff(self.breaks_m) >= 0).all()):
            raise InvalidRequest("breaks_m", "not_distance")
        if ((self.flow < 0) | np.isinf(self.flow)).any():
            raise InvalidRequest("flow", "not_between", low=0, high=1e12)

    def over(self, from_m: Floats, to_m: Floats) -> tuple[Floats, Floats]:
        """Return people times metres over parts of the line, and the metres whose flow is known.

        Parameters
        ----------
        from_m, to_m
            float64 [N], metres; beyond the breaks nothing is known.
        """
        widths_m, known = np.diff(self.breaks_m), np.isfinite(self.flow)
        people = np.concatenate([[0.0], np.cumsum(widths_m * np.where(known, self.flow, 0.0))])
        metres = np.concatenate([[0.0], np.cumsum(widths_m * known)])
        return (
            np.interp(to_m, self.breaks_m, people) - np.interp(from_m, self.breaks_m, people),
            np.interp(to_m, self.breaks_m, metres) - np.interp(from_m, self.breaks_m, metres),
        )


@dataclass(frozen=True, eq=False, slots=True)
class CorridorFigures:
    """Figures of S services along a line.

    A service that nobody offers has one gap as long as the line. On a line of no length every gap
    and mean is 0, and a service is within reach if anybody offers it.

    Parameters
    ----------
    supports
        int64 [S], number of spaces that offer the service. Two at one place help little more than
        one.
    longest
        int64 [S], row of the longest gap in ``gaps``; the first of those equal within `SAME_M`.
    longest_m
        float64 [S], length of the longest gap, metres: how hard the worst day is. ``unmet_m`` shows
        whether there are many long gaps.
    mean_to_next_m
        float64 [S], mean distance ahead to the next support from a random place on the line,
        ``Σg²/(2L)``, metres. The end of the line is treated as a support (definitions.md), so the
        true mean is greater if there is no support at the end.
    unmet_m
        float64 [S], ``Σmax(0, g-G*)``, metres walked when the target distance since the last
        support (or the start) is already exceeded. 0 if no gap exceeds the target.
    covered_share
        float64 [S], share of the line within reach of a support, ahead or behind,
        ``|∪[m-r, m+r]|/L``, 0 to 1. A high share does not exclude one long gap.
    unmet_flow
        float64 [S], people times metres: the flow over the metres of ``unmet_m``; None if no flow
        is given. It includes only people who travel now, not those who have given up on the road.
    unmet_unknown_m
        float64 [S], metres of ``unmet_m`` whose flow is not known, and which ``unmet_flow`` lacks.
    gaps
        All gaps.
    """

    supports: Ints
    longest: Ints
    longest_m: Floats
    mean_to_next_m: Floats
    unmet_m: Floats
    covered_share: Floats
    unmet_flow: Floats | None
    unmet_unknown_m: Floats | None
    gaps: CorridorGaps = field(repr=False)

    def longest_gap(self, service: int) -> CorridorGap:
        """Return the longest gap of a service with both its ends."""
        return self.gaps.at(int(self.longest[service]))


@dataclass(frozen=True, eq=False, slots=True)
class Intervals:
    """Parts of a line for each of S services, apart and in order.

    Parameters
    ----------
    first
        int64 [S + 1], the first interval of each service, and the count of all.
    from_m, to_m
        float64 [N], metres.
    """

    first: Ints
    from_m: Floats
    to_m: Floats

    def of(self, service: int) -> list[tuple[float, float]]:
        """Return the intervals of a service, metres."""
        rows = slice(self.first[service], self.first[service + 1])
        return list(zip(self.from_m[rows].tolist(), self.to_m[rows].tolist(), strict=True))


def corridor_figures(
    supports: CorridorSupports, targets: CorridorTargets, flow: CorridorFlow | None = None
) -> CorridorFigures:
    """Measure how well a line is supported in the direction of travel.

    In the opposite direction (`CorridorSupports.backwards`) all figures are the same, except those
    of the flow.
    """
    gaps, length_m = supports.gaps, supports.length_m
    lengths_m, longest_m = gaps.length_m, gaps.longest_m
    is_longest = lengths_m >= longest_m[gaps.service] - SAME_M
    rows = np.where(is_longest, np.arange(len(lengths_m)), len(lengths_m))
    unmet_flow = unmet_unknown_m = None
    if flow is not None:
        is_long = lengths_m > targets.gap_m
        from_m = np.where(is_long, gaps.from_m + targets.gap_m, gaps.to_m)
        people, known_m = flow.over(from_m, gaps.to_m)
        unmet_flow = gaps.per_service(np.add, people)
        unknown_m = np.maximum(gaps.to_m - from_m - known_m, 0.0)
        unmet_unknown_m = gaps.per_service(np.add, unknown_m)
    if length_m > 0:
        mean_to_next_m = gaps.per_service(np.add, lengths_m**2) / (2.0 * length_m)
        bare_m = gaps.per_service(np.add, uncovered_m(gaps, targets.reach_m))
        covered_share = np.clip(1.0 - bare_m / length_m, 0.0, 1.0)
    else:
        mean_to_next_m = np.zeros(supports.services)
        covered_share = (gaps.supports > 0).astype(np.float64)
    return CorridorFigures(
        supports=gaps.supports,
        longest=gaps.per_service(np.minimum, rows),
        longest_m=longest_m,
        mean_to_next_m=mean_to_next_m,
        unmet_m=gaps.per_service(np.add, np.maximum(lengths_m - targets.gap_m, 0.0)),
        covered_share=covered_share,
        unmet_flow=unmet_flow,
        unmet_unknown_m=unmet_unknown_m,
        gaps=gaps,
    )


def uncovered_m(gaps: CorridorGaps, reach_m: float) -> Floats:
    """Return how many metres of each gap are beyond the reach of the supports at its ends, [N]."""
    ends = (gaps.from_row != LINE_END).astype(np.int64) + (gaps.to_row != LINE_END)
    return np.asarray(np.maximum(gaps.length_m - reach_m * ends, 0.0))


def without_help(supports: CorridorSupports, reach_m: float) -> Intervals:
    """Return the parts of a line that are farther than the reach from every support.

    Parts of less than `SAME_M` are left out. An end of the line is not a support here.
    """
    gaps = supports.gaps
    rows = np.flatnonzero(uncovered_m(gaps, reach_m) >= SAME_M)
    counts = np.bincount(gaps.service[rows], minlength=supports.services)
    return Intervals(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        gaps.from_m[rows] + np.where(gaps.from_row[rows] == LINE_END, 0.0, reach_m),
        gaps.to_m[rows] - np.where(gaps.to_row[rows] == LINE_END, 0.0, reach_m),
    )
