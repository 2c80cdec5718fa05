"""Number of people who live near a corridor, from the points and populations of towns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Distances from the line within which people are counted, metres (issue 16).
BANDS_M: Final = (1_000.0, 5_000.0, 25_000.0)

#: Highest population of a town that is accepted: a higher number is a mistake.
_MOST_PEOPLE: Final = 1e9


@dataclass(frozen=True, eq=False, slots=True)
class PeopleNear:
    """People of the towns within B distances of a line; each distance includes the lesser ones.

    All people of a town are included if its point is within the distance, else none of them,
    however far the town spreads. People outside the given towns, or on the road, are not included.

    Parameters
    ----------
    within_m
        float64 [B], metres.
    people
        float64 [B], people of the towns whose population is known: a lower bound if some is not
        known. NaN if it is not known for any of the towns; 0 if there is no town.
    towns, unknown
        int64 [B], number of towns within the distance, and of those without a known population.
    """

    within_m: Floats
    people: Floats
    towns: Ints
    unknown: Ints


def people_near(
    population: Floats, distance_m: Floats, within_m: Sequence[float] = BANDS_M
) -> PeopleNear:
    """Count the people of towns near a line.

    Parameters
    ----------
    population
        float64 [T], >= 0; NaN where it is not known.
    distance_m
        float64 [T], metres from each town to the nearest point of the line.
    within_m
        Distances, metres, inclusive.

    Raises
    ------
    InvalidRequest
        The arrays do not fit, or a value is not a valid population or distance.
    """
    bands_m = np.asarray(within_m, dtype=np.float64)
    if len(population) != len(distance_m):
        raise InvalidRequest(
            "population", "other_counts", first=len(population), second=len(distance_m)
        )
    for name, values in (("distance_m", distance_m), ("within_m", bands_m)):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise InvalidRequest(name, "not_distance")
    unknown = np.isnan(population)
    if not (unknown | (population >= 0) & (population <= _MOST_PEOPLE)).all():
        raise InvalidRequest("population", "not_between", low=0, high=_MOST_PEOPLE)
    is_within = distance_m[None, :] <= bands_m[:, None]
    towns, missing = is_within.sum(axis=1), (is_within & unknown).sum(axis=1)
    people = is_within.astype(np.float64) @ np.where(unknown, 0.0, population)
    people[(towns > 0) & (missing == towns)] = np.nan
    return PeopleNear(bands_m, people, towns.astype(np.int64), missing.astype(np.int64))
