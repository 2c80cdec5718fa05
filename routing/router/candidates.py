"""Route candidates of one request, and the choice of candidates whose roads differ enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled
from routing.cch.hash_table import place_of, table_size
from routing.engine.portal_plan import Plan
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Highest share of the shorter route's length that two returned routes have in common (goal A11):
#: of routes that share more, only the better one is returned.
MAX_OVERLAP: Final = 0.8


@dataclass(frozen=True, eq=False, slots=True)
class RouteCandidate:
    """A plan with the figures by which candidates are ranked and compared.

    Parameters
    ----------
    plan
        The plan itself.
    aversion
        The weight of exposure that the plan was found with.
    cost_s
        Upper bound of the plan's cost at the aversion that ranks all candidates, seconds.
    roads
        Maps the index of a region to the plan's legs in this region, and to the length of each
        leg's whole edge, float64 [legs], metres.
    breaks_a_ban
        Whether the plan touches an exclusion, which no route may touch.
    entries
        How often the plan enters roads closed to through traffic; not part of ``cost_s``.
    """

    plan: Plan
    aversion: float
    cost_s: float
    roads: Mapping[int, tuple[Legs, Floats]]
    breaks_a_ban: bool
    entries: int = 0

    @property
    def length_m(self) -> float:
        """Length of the plan on roads, border edges left out, metres."""
        return sum(float((legs.share * edge_m).sum()) for legs, edge_m in self.roads.values())

    def overlap(self, other: "RouteCandidate") -> float:
        """Return the length shared with another candidate, as a share (0 to 1) of the shorter."""
        shorter_m = min(self.length_m, other.length_m)
        if shorter_m <= 0:
            return 1.0
        both = self.roads.keys() & other.roads.keys()
        both_m = sum(shared_m(*self.roads[row], other.roads[row][0]) for row in sorted(both))
        return both_m / shorter_m


def each_once(plans: Sequence[tuple[Plan, float]]) -> list[tuple[Plan, float]]:
    """Drop repeated plans; keep the first of equal plans with the aversion that found it."""
    once: dict[tuple[object, ...], tuple[Plan, float]] = {}
    for plan, aversion in plans:
        columns = [
            (region, *(column.tobytes() for column in (legs.edge, legs.start, legs.end)))
            for region, legs in plan.sections
        ]
        passed = [(passed.portal, passed.wait_s) for passed in plan.passed]
        once.setdefault((*columns, *passed), (plan, aversion))
    return list(once.values())


def distinct(found: Sequence[RouteCandidate], most: int) -> list[RouteCandidate]:
    """Return the cheapest candidates of which no two overlap by more than `MAX_OVERLAP`."""
    kept: list[RouteCandidate] = []
    for item in sorted(found, key=lambda item: item.cost_s):
        if len(kept) == most:
            break
        if all(item.overlap(other) <= MAX_OVERLAP for other in kept):
            kept.append(item)
    return kept


def shared_m(legs: Legs, edge_m: Floats, other: Legs) -> float:
    """Return the length that two sequences of legs share, metres.

    Of an edge that occurs several times only the first occurrence is included.

    Parameters
    ----------
    legs, other
        Legs on the same graph.
    edge_m
        float64 [legs], the length of the whole edge of each of ``legs``, metres.
    """
    mine, theirs = (legs.edge, legs.start, legs.end), (other.edge, other.start, other.end)
    return float(_shared_m(*mine, edge_m, *theirs))


@compiled
def _shared_m(
    edge: Ints,
    start: Floats,
    end: Floats,
    edge_m: Floats,
    other_edge: Ints,
    other_start: Floats,
    other_end: Floats,
) -> float:
    key = np.full(table_size(len(other_edge)), np.int32(-1))
    row = np.empty(len(key), np.int32)
    for i in range(len(other_edge)):
        place = place_of(key, other_edge[i])
        if key[place] < 0:
            key[place] = other_edge[i]
            row[place] = i
    both_m = 0.0
    for i in range(len(edge)):
        place = place_of(key, edge[i])
        if key[place] == edge[i] and row[place] >= 0:
            j = row[place]
            row[place] = -1
            share = min(end[i], other_end[j]) - max(start[i], other_start[j])
            both_m += max(0.0, share) * edge_m[i]
    return both_m


def warm() -> None:
    """Compile the numba kernel that requests run."""
    legs = Legs.whole(np.zeros(1, dtype=np.int64))
    shared_m(legs, np.ones(1), legs)
