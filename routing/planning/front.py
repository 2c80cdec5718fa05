"""Which itineraries of a front to show: the best of each criterion, then those most unlike them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import compress

import numpy as np

from routing.planning.itineraries import Itinerary


class Criterion(StrEnum):
    """What itineraries are compared by; less is better."""

    NIGHTS = "nights"
    EXPOSURE = "exposure"
    HARDEST_DAY = "hardest_day"


@dataclass(frozen=True, slots=True)
class ShownItinerary:
    """An itinerary, and the criteria by which no other of the front is better."""

    itinerary: Itinerary
    best_in: tuple[Criterion, ...]


def shown(front: Sequence[Itinerary], most: int) -> tuple[ShownItinerary, ...]:
    """Return at most so many itineraries of a front, in the order of the front.

    First the best of each criterion, in the order of `Criterion`, of equal ones the first in the
    front; then, one after the other, that which lies farthest from all chosen before, with each
    criterion scaled to its range in the front.

    Parameters
    ----------
    front
        Itineraries none of which beats another, as `routing.planning.itineraries.itineraries`
        returns them.
    most
        Count of itineraries, at least 1.
    """
    if not front:
        return ()
    figures = np.array([(one.nights, one.exposure, one.hardest_s) for one in front], dtype=float)
    chosen = list(dict.fromkeys(int(column.argmin()) for column in figures.T))[:most]
    spread = np.ptp(figures, axis=0)
    scaled = (figures - figures.min(axis=0)) / np.where(spread > 0, spread, 1.0)
    while len(chosen) < min(most, len(front)):
        apart = np.abs(scaled[:, None] - scaled[chosen]).sum(axis=2).min(axis=1)
        apart[chosen] = -1.0
        chosen.append(int(apart.argmax()))
    is_best = figures == figures.min(axis=0)
    return tuple(
        ShownItinerary(front[row], tuple(compress(Criterion, is_best[row])))
        for row in sorted(chosen)
    )
