"""Choice of itineraries of a front to show: the best by each criterion, then the most different."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import compress

import numpy as np

from routing.planning.itineraries import Itinerary


class Criterion(StrEnum):
    """Criteria by which itineraries are compared; less is better."""

    NIGHTS = "nights"
    EXPOSURE = "exposure"
    HARDEST_DAY = "hardest_day"


@dataclass(frozen=True, slots=True)
class ShownItinerary:
    """An itinerary, and the criteria by which no other itinerary of the front is better."""

    itinerary: Itinerary
    best_in: tuple[Criterion, ...]


def shown(front: Sequence[Itinerary], most: int) -> tuple[ShownItinerary, ...]:
    """Return at most ``most`` itineraries of a front, in the order of the front.

    The best by each criterion are chosen first, in the order of `Criterion` (of equally good ones
    the first in the front). Then, one at a time, the itinerary is added that differs most from
    those already chosen, with each criterion scaled to its range in the front.

    Parameters
    ----------
    front
        The Pareto set that `routing.planning.itineraries.itineraries` returns.
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
