"""Cover sets: a flow is covered if each of its sets of sites contains at least one open site.

The arc-cover form of flow refuelling location (Capar 2013, algorithms.md section 4) is made of such
sets, and so are maximal covering and set covering of points, where each point has one set.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class CoverSets:
    """Q flows and the K sets of sites that they need; several flows may share a set.

    Parameters
    ----------
    flow
        float64 [Q], people in any unit of time, >= 0.
    flow_first, flow_set
        int64 [Q + 1] and [E], the sets of each flow, as offsets and rows of sets; a flow without
        sets is always covered.
    set_first, set_site
        int64 [K + 1] and [V], the sites of each set, as offsets and ascending rows of sites; a flow
        with an empty set is never covered.
    """

    flow: Floats
    flow_first: Ints
    flow_set: Ints
    set_first: Ints
    set_site: Ints

    def __post_init__(self) -> None:
        checked_flow(self.flow)

    @classmethod
    def of(cls, flow: Floats, needed: list[list[tuple[int, ...]]]) -> Self:
        """Build cover sets from the sets of each flow, each set as ascending rows of sites."""
        row_of: dict[tuple[int, ...], int] = {}
        for sets in needed:
            for one in sets:
                row_of.setdefault(one, len(row_of))
        counts = [len(sets) for sets in needed]
        sizes = [len(one) for one in row_of]
        return cls(
            flow,
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            np.array([row_of[one] for sets in needed for one in sets], dtype=np.int64),
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.array([site for one in row_of for site in one], dtype=np.int64),
        )

    @classmethod
    def of_points(cls, flow: Floats, is_within: Bools) -> Self:
        """Return the cover sets of points, each covered by any one site within its reach.

        Parameters
        ----------
        flow
            float64 [Q], people at each point.
        is_within
            bool [Q, N], whether a site is within the reach of a point.

        Raises
        ------
        InvalidRequest
            There is no point, the arrays do not fit, or a flow is negative or not finite.
        """
        if len(is_within) != len(flow):
            raise InvalidRequest("flows", "other_counts", first=len(is_within), second=len(flow))
        return cls.of(flow, [[tuple(np.flatnonzero(row).tolist())] for row in is_within])

    def sets_of(self, flow: int) -> list[tuple[int, ...]]:
        """Return the sets of a flow, each as ascending rows of sites."""
        rows = self.flow_set[self.flow_first[flow] : self.flow_first[flow + 1]]
        return [
            tuple(self.set_site[self.set_first[row] : self.set_first[row + 1]].tolist())
            for row in rows.tolist()
        ]

    def covered(self, is_open: Bools) -> Bools:
        """Return which flows are covered by open sites (bool [N]), bool [Q]."""
        sets, flows = len(self.set_first) - 1, len(self.flow)
        of_set = np.repeat(np.arange(sets), np.diff(self.set_first))
        is_hit = np.bincount(of_set, is_open[self.set_site], sets) > 0
        of_flow = np.repeat(np.arange(flows), np.diff(self.flow_first))
        return np.asarray(np.bincount(of_flow, ~is_hit[self.flow_set], flows) == 0)


def checked_flow(flow: Floats) -> Floats:
    """Return the flows unchanged after checking that they are finite and not negative.

    Raises
    ------
    InvalidRequest
        There is no flow, or a flow is negative or not finite.
    """
    if not len(flow):
        raise InvalidRequest("flows", "no_flows")
    wrong = np.flatnonzero(~(np.isfinite(flow) & (flow >= 0)))
    if len(wrong):
        raise InvalidRequest("flows", "not_flow", flow=int(wrong[0]))
    return flow
