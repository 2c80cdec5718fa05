"""Where a space could stand along a corridor: its towns, its junctions, and every kilometre."""

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

#: Distance between the points that are candidates wherever no town is, metres (issue 16).
STEP_M: Final = 1_000.0


class CandidateKind(enum.IntEnum):
    """What stands at a site; of several at one place the first is kept."""

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
        """Rows of today's spaces, int64: the ones that are no candidates."""
        return np.flatnonzero(self.kind == CandidateKind.SPACE)

    def flows(self, ahead: float, back: float | None = None) -> PathFlows:
        """Return the people who travel the whole line, and those who travel it back, if any.

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
        float64, metres along the line; `routing.route.coverage.supports_along` finds them. A
        space counts for the service in question: the caller decides that.
    step_m
        Distance between the points, metres; the ends of the line are none.

    Raises
    ------
    InvalidRequest
        A measure is not on the line, or the step is not more than 0.
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
    """Return which of ordered sites are the first at their place, bool; all of today's spaces are.

    Two spaces at one place are both there; a candidate beside one is none.
    """
    is_new = np.append(True, np.diff(at_m) > SAME_M)[: len(at_m)]
    return np.asarray(is_new | (kind == CandidateKind.SPACE))
