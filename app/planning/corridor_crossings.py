"""Official crossings on a corridor, and how far a party gets when they are open or shut."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.planning.corridors import MeasuredCorridor
from routing.corridors.gaps import CorridorSupports
from routing.corridors.stages import DailyStages, cut_losses, daily_stages
from routing.route.coverage import supports_along
from routing.travel.crossings import CROSSING_REACH_M, Crossing
from routing.travel.support_points import Support, Supports

type Floats = NDArray[np.float64]

#: Longest time that a party waits for a crossing to open. One that opens within it is not shut.
_WAIT: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CrossingAlong:
    """Official crossing on a corridor.

    Attributes
    ----------
    at_m : float
        Metres along the corridor in the direction of travel.
    state : str
        ``open``, ``closed`` or ``not_known`` at the time of the request (P32).
    is_shut : bool
        Whether no opening of the crossing within a day is known; then no route leads over it.
    """

    id: str
    name: str
    at_m: float
    state: str
    is_shut: bool


@dataclass(frozen=True, slots=True)
class CrossingLoss:
    """What shutting one crossing does to a corridor, for one service.

    Attributes
    ----------
    reached_m : float
        How far from the start a party gets with the crossing shut, metres.
    before_m : float
        Metres from the shut crossing back to the last space before it, or to the start.
    beyond : int
        Number of spaces beyond the crossing that nobody can reach any more.
    beyond_m : float
        Metres of the corridor beyond the crossing.
    """

    crossing: CrossingAlong
    reached_m: float
    before_m: float
    beyond: int
    beyond_m: float


def crossings_along(found: MeasuredCorridor, now: datetime) -> tuple[CrossingAlong, ...]:
    """Return the crossings that a corridor passes, in the direction of travel, at ``now`` (aware).

    A corridor passes the crossings within `CROSSING_REACH_M` of its line, also those at its ends,
    where people come in and go out.
    """
    known = {one.id: one for one in found.way.crossings}
    pins = Supports(Support(one.id, one.name, "", one.lon, one.lat) for one in known.values())
    passed = [
        CrossingAlong(
            at.support.id,
            at.support.name,
            found.travelled_m(at.at_m),
            known[at.support.id].state,
            _is_shut(known[at.support.id], now),
        )
        for at in supports_along(found.way.line, pins, CROSSING_REACH_M)
    ]
    return tuple(sorted(passed, key=lambda one: (one.at_m, one.id)))


def _is_shut(crossing: Crossing, now: datetime) -> bool:
    opens = crossing.passable_from(now)
    return opens is None or opens > now + _WAIT


def shut_at_m(crossings: Sequence[CrossingAlong]) -> Floats:
    """Return the positions of the shut crossings, float64 [C], metres along the corridor."""
    return np.array([one.at_m for one in crossings if one.is_shut], dtype=np.float64)


def stages_of(found: MeasuredCorridor, crossings: tuple[CrossingAlong, ...]) -> DailyStages:
    """Return how far a party gets on the day asked for, whose day's walk is the acceptable gap."""
    return daily_stages(found.now.supports, found.request.targets.gap_m, shut_at_m(crossings))


def crossing_losses(
    supports: CorridorSupports,
    stages: DailyStages,
    crossings: Sequence[CrossingAlong],
    service: int = 0,
) -> tuple[CrossingLoss, ...]:
    """Return for each crossing, in the order given, what shutting it alone does.

    Parameters
    ----------
    supports, stages
        A state of the corridor, and how far a party gets in that state.
    service
        Row of the service in the request.
    """
    at_m = np.array([one.at_m for one in crossings], dtype=np.float64)
    lost = cut_losses(supports, stages, at_m)
    return tuple(
        CrossingLoss(
            crossing,
            float(lost.reached_m[service, row]),
            float(lost.before_m[service, row]),
            int(lost.beyond[service, row]),
            supports.length_m - crossing.at_m,
        )
        for row, crossing in enumerate(crossings)
    )
