"""Input of the search over portals: the ends, the portals and the clock of one request."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from routing.engine.avoid_search import Closed
from routing.engine.mode_network import Piece
from routing.engine.portal_plan import Portal
from routing.travel.legs import Legs
from routing.travel.timetable import Walker

type Floats = NDArray[np.float64]


class Timing(Protocol):
    """Source of durations, and of the times at which portals open."""

    def walker(self) -> Walker:
        """Return a walker at the start of the route."""

    def measured(self, region: int, legs: Legs) -> tuple[Floats, Floats]:
        """Return moving time and length of legs: float64 [k] each, seconds and metres."""

    def through_s(self, portal: Portal, reached_s: float) -> float | None:
        """Return when all posts of a portal are passed, given when the first post is reached.

        Both times are seconds after departure; None where the portal is not known to open.
        """


@dataclass(frozen=True, eq=False, slots=True)
class PortalQuestion:
    """Input of the search over portals.

    Parameters
    ----------
    start, end
        Region of each end.
    departures, arrivals
        For each way of leaving or reaching an end: the part of an edge between the end and a
        node, that node, and the cost of the part in seconds; infinite where it is closed.
    direct
        Parts of one edge that lead from end to end without a node, with their costs.
    portals
        All portals that may be passed at some time, each with the seconds it costs.
    timing
        Source of durations and opening times.
    allows
        Returns whether a route may go within a region from one portal (None for the start) to
        another.
    closed_s
        Price of passing a portal that stays closed, seconds; infinite to forbid it.
    closed
        Edges that obstacles close, one item per region; empty without obstacles.
    is_patient
        Whether waits and rests cost nothing, as for a traveller with time to spare.
    fixed_s
        Fixed prices in seconds, such as ``closed_s``, the highest first. A cost may contain each
        of them several times. The search subtracts them from a cost, the highest first, to find the
        time on the move, so each must be higher than all lower ones together.
    """

    start: int
    end: int
    departures: Sequence[tuple[Piece, int, float]]
    arrivals: Sequence[tuple[Piece, int, float]]
    direct: Sequence[tuple[Piece, float]]
    portals: Sequence[tuple[Portal, float]]
    timing: Timing
    allows: Callable[[Portal | None, Portal], bool]
    closed_s: float = math.inf
    closed: Sequence[Closed | None] = ()
    is_patient: bool = False
    fixed_s: tuple[float, ...] = ()
