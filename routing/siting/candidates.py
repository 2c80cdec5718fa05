"""Candidate sites for a space along a corridor: its towns, its junctions, and every kilometre."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.corridors.figures import SAME_M
from routing.errors import InvalidRequest
from routing.route.coverage import MeasuredLine
from routing.siting.path_flows import PathFlows
from routing.siting.sites import NO_SITE

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Distance between the points on the road that are candidates besides towns and junctions, metres
#: (issue 16).
STEP_M: Final = 1_000.0


class CandidateKind(enum.IntEnum):
    """Kind of a site; of several sites at one place the first in this order is kept."""

    SPACE = 0
    TOWN = 1
    JUNCTION = 2
    POINT = 3


@dataclass(frozen=True, eq=False, slots=True)
class CorridorSites:
    """N sites along a line, in the direction of travel.

    Parameters
    ----------
    length_m
        Length of the line by its measure, metres.
    at_m
        float64 [N], metres along the line.
    kind
        int64 [N], a `CandidateKind` each.
    row
        int64 [N], row of the space, town or junction as given; number of the point from 0.
    lon, lat
        float64 [N], degrees, WGS 84, on the drawn line; on a sketch that is a chord of the road.
    """

    length_m: float
    at_m: Floats
    kind: Ints
    row: Ints
    lon: Floats
    lat: Floats

    def __len__(self) -> int:
        """Count the sites."""
        return len(self.at_m)

    @property
    def existing(self) -> Ints:
        """Rows of today's spaces, int64; all other sites are candidates."""
        return np.flatnonzero(self.kind == CandidateKind.SPACE)

    def flows(self, ahead: float, back: float | None = None) -> PathFlows:
        """Return the flow of people along the whole line, and the flow back, if it is given.

        Parameters
        ----------
        ahead, back
            People in any unit of time.
        """
        sites = [NO_SITE, *range(len(self)), NO_SITE]
        at_m = [0.0, *self.at_m.tolist(), self.length_m]
        paths: list[tuple[float, Sequence[int], Sequence[float]]] = [(ahead, sites, at_m)]
        if back is not None:
            paths.append((back, sites[::-1], [self.length_m - one for one in at_m[::-1]]))
        return PathFlows.of(paths)


def corridor_sites(
    line: MeasuredLine,
    spaces_m: Floats,
    towns_m: Floats,
    junctions_m: Floats,
    step_m: float = STEP_M,
) -> CorridorSites:
    """Return today's spaces and the candidates along a line, each place once.

    Parameters
    ----------
    line
        The corridor.
    spaces_m, towns_m, junctions_m
        float64, metres along the line, from `routing.route.coverage.supports_along`; only spaces
        that offer the service in question.
    step_m
        Distance between the points, metres; the ends of the line are not points.

    Raises
    ------
    InvalidRequest
        A position is not on the line, or the step is not above 0.
    """
    if not (np.isfinite(step_m) and step_m > 0):
        raise InvalidRequest("step_m", "not_step")
    points_m = np.arange(1, int(np.ceil(line.length_m / step_m - SAME_M))) * step_m
    at_m = np.concatenate([spaces_m, towns_m, junctions_m, points_m]).astype(np.float64)
    if not ((at_m >= 0) & (at_m <= line.length_m)).all():
        raise InvalidRequest("at_m", "not_between", low=0, high=line.length_m)
    counts = [len(spaces_m), len(towns_m), len(junctions_m), len(points_m)]
    kind = np.repeat(np.arange(len(CandidateKind)), counts)
    row = np.concatenate([np.arange(count) for count in counts])
    order = np.lexsort((row, kind, at_m))
    kept = order[_is_first(at_m[order], kind[order])]
    return CorridorSites(
        line.length_m,
        at_m[kept],
        kind[kept],
        row[kept],
        np.interp(at_m[kept], line.measure_m, line.coordinates[:, 0]),
        np.interp(at_m[kept], line.measure_m, line.coordinates[:, 1]),
    )


def _is_first(at_m: Floats, kind: Ints) -> Bools:
    """Return which sites, sorted by place and kind, to keep, bool [N].

    All of today's spaces are kept, even two at one place, but only the first candidate at a place
    without a space.
    """
    is_new = np.append(True, np.diff(at_m) > SAME_M)[: len(at_m)]
    return np.asarray(is_new | (kind == CandidateKind.SPACE))
