"""Number of people who live near a corridor, from the points and populations of towns.

A town is known by a point and a number of people. A city of millions would count whole within a
kilometre of a line past its middle, so its people are spread over a disc first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.geometry.geodesy import METRES_PER_DEGREE

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Distances from the line within which people are counted, metres (issue 16).
BANDS_M: Final = (1_000.0, 5_000.0, 25_000.0)

#: Highest population of a town that is accepted: a higher number is a mistake.
_MOST_PEOPLE: Final = 1e9


#: People per square metre of a town's disc [A]: 8,000 per square kilometre, between the built-up
#: areas of Manaus and Boa Vista (3,000 to 5,000) and of Bogotá (19,000). The radius goes with its
#: root: a density four times as high halves it.
DENSITY_PER_M2: Final = 0.008

#: Parts of a town larger than `_SMALL_PEOPLE` [A]; each stands for a thirty-second of its people.
_PARTS: Final = 32

#: Population up to which a town stays at its point [A]: its disc has a radius of 280 m, less than
#: the error of such points.
_SMALL_PEOPLE: Final = 2_000.0

#: Turn between two points of a spiral that fills a disc evenly: the golden angle (Vogel, A better
#: way to construct the sunflower head, Mathematical Biosciences 44, 1979).
_TURN: Final = np.pi * (3.0 - np.sqrt(5.0))


@dataclass(frozen=True, eq=False, slots=True)
class TownParts:
    """People of towns at P points: a small town at one, a larger one at points of its disc.

    Parameters
    ----------
    lon, lat
        float64 [P], degrees, EPSG:4326.
    people
        float64 [P], NaN where the town's population is not known.
    town
        int64 [P], row of the town.
    """

    lon: Floats
    lat: Floats
    people: Floats
    town: Ints


def town_radius_m(population: Floats) -> Floats:
    """Return the radius of each town's disc, metres; 0 for a town that stays at its point."""
    spread = np.where(population > _SMALL_PEOPLE, population, 0.0)
    return np.asarray(np.sqrt(spread / (np.pi * DENSITY_PER_M2)))


def town_parts(lon: Floats, lat: Floats, population: Floats) -> TownParts:
    """Spread the people of each town evenly over a disc around its point.

    Parameters
    ----------
    lon, lat
        float64 [T], degrees.
    population
        float64 [T], >= 0; NaN where it is not known.

    Raises
    ------
    InvalidRequest
        The arrays do not fit, or a value is no valid population.
    """
    if not len(lon) == len(lat) == len(population):
        raise InvalidRequest("population", "other_counts", first=len(population), second=len(lon))
    unknown = np.isnan(population)
    if not (unknown | (population >= 0) & (population <= _MOST_PEOPLE)).all():
        raise InvalidRequest("population", "not_between", low=0, high=_MOST_PEOPLE)
    radius_m = town_radius_m(population)
    parts = np.where(radius_m > 0, _PARTS, 1)
    town = np.repeat(np.arange(len(parts)), parts)
    number = np.arange(len(town)) - np.repeat(np.cumsum(parts) - parts, parts)
    away_m = radius_m[town] * np.sqrt((number + 0.5) / _PARTS)
    angle = number * _TURN
    north = away_m * np.sin(angle) / METRES_PER_DEGREE
    east = away_m * np.cos(angle) / (METRES_PER_DEGREE * np.cos(np.radians(lat[town])))
    return TownParts(lon[town] + east, lat[town] + north, (population / parts)[town], town)


@dataclass(frozen=True, eq=False, slots=True)
class PeopleNear:
    """People of the towns within B distances of a line; each distance includes the lesser ones.

    An estimate: towns are taken as discs (`DENSITY_PER_M2`). People outside the given towns, or on
    the road, are not included.

    Parameters
    ----------
    within_m
        float64 [B], metres.
    people
        float64 [B], people of the towns whose population is known: a lower bound if some is not
        known. NaN if it is not known for any of the towns; 0 if there is no town.
    towns, unknown
        int64 [B], number of towns that reach within the distance, and of those without a known
        population.
    """

    within_m: Floats
    people: Floats
    towns: Ints
    unknown: Ints


def people_near(
    parts: TownParts, distance_m: Floats, within_m: Sequence[float] = BANDS_M
) -> PeopleNear:
    """Count the people of towns near a line.

    Parameters
    ----------
    distance_m
        float64 [P], metres from each part to the nearest point of the line; infinite where it is
        farther than any of the distances.
    within_m
        Distances, metres, inclusive.

    Raises
    ------
    InvalidRequest
        The arrays do not fit, or a value is not a valid distance.
    """
    bands_m = np.asarray(within_m, dtype=np.float64)
    if len(parts.town) != len(distance_m):
        raise InvalidRequest(
            "distance_m", "other_counts", first=len(distance_m), second=len(parts.town)
        )
    if not ((distance_m >= 0).all() and (np.isfinite(bands_m) & (bands_m >= 0)).all()):
        raise InvalidRequest("distance_m", "not_distance")
    is_within = distance_m[None, :] <= bands_m[:, None]
    unknown = np.isnan(parts.people)
    people = is_within.astype(np.float64) @ np.where(unknown, 0.0, parts.people)
    towns = np.array([len(np.unique(parts.town[row])) for row in is_within], dtype=np.int64)
    missing = (is_within & unknown).sum(axis=1).astype(np.int64)
    people[(towns > 0) & (missing == towns)] = np.nan
    return PeopleNear(bands_m, people, towns, missing)
