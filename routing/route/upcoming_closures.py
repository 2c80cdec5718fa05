"""Hazards that begin, or are over, while somebody is under way: what holds when they come by.

A search knows what holds at the departure. Whether that is what counts is judged on the finished
ways, by their own clocks and with a margin: whoever is slower than the model is let into nothing
that begins, and whoever is quicker into nothing that has not ended yet (P11).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.geometry.lines import surrounding
from routing.route.route import Route
from routing.route.timeline import Pacing
from routing.travel.hazard import Hazard
from routing.travel.hazard_overlay import TOLERANCE_M

type Floats = NDArray[np.float64]

#: Nobody is at a place before this share of the time that the clock says, nor after its inverse
#: [A]: paces of healthy adults on paths lie within a third of their mean.
EARLIEST: Final = 0.75


def met_on_the_way(ways: Sequence[Pacing], coming: Sequence[tuple[datetime, Hazard]]) -> list[int]:
    """Return which hazards lie on a way and begin before it has certainly left them behind (P11).

    Parameters
    ----------
    ways
        As they were found without what is coming, each on every clock it may be walked by.
    coming
        When each begins (aware), and where.
    """
    met = []
    for row, (begins, hazard) in enumerate(coming):
        if any(begins <= latest for latest in _times(ways, hazard, begins, is_last=True)):
            met.append(row)
    return met


def reached_too_early(
    ways: Sequence[Pacing], ended: Sequence[tuple[datetime, Hazard]]
) -> list[int]:
    """Return which hazards lie on a way that may come to them before they are over.

    Parameters
    ----------
    ways
        As they were found without them, each on every clock it may be walked by.
    ended
        When each is over (aware), and where.
    """
    return [
        row
        for row, (ends, hazard) in enumerate(ended)
        if any(earliest < ends for earliest in _times(ways, hazard, None, is_last=False))
    ]


def meets(route: Route, hazard: Hazard) -> bool:
    """Return whether a way comes to a hazard."""
    return _met_m(route, surrounding(hazard.geometry, TOLERANCE_M)) is not None


def _times(
    ways: Sequence[Pacing], hazard: Hazard, begins: datetime | None, *, is_last: bool
) -> list[datetime]:
    """Give when each way that meets a hazard comes to it at the earliest, or leaves it the latest.

    Ways that are certainly over before it begins are left out unseen.
    """
    found = []
    area = None
    for pacing in ways:
        route, departure = pacing.route, pacing.departure
        if begins is not None and begins > _later(departure, route.arrival):
            continue
        area = surrounding(hazard.geometry, TOLERANCE_M) if area is None else area
        span_m = _met_m(route, area)
        if span_m is None:
            continue
        if is_last:
            found.append(_later(departure, pacing.at(span_m[1], leaves=True)))
        else:
            found.append(departure + EARLIEST * (pacing.at(span_m[0]) - departure))
    return found


def _later(departure: datetime, moment: datetime) -> datetime:
    return departure + timedelta(seconds=(moment - departure).total_seconds() / EARLIEST)


def _met_m(route: Route, area: shapely.Geometry) -> tuple[float, float] | None:
    """Return where a way meets an area first and last, metres from its start; None where never."""
    line = route.coordinates
    if not shapely.intersects(shapely.linestrings(line), area):
        return None
    segments = shapely.linestrings(np.stack([line[:-1], line[1:]], axis=1))
    shapely.prepare(area)
    met = np.flatnonzero(shapely.intersects(area, segments))
    if not len(met):
        return 0.0, route.distance_m
    first, last = int(met[0]), int(met[-1])
    return _measure_m(route, first, area)[0], _measure_m(route, last, area)[1]


def _measure_m(route: Route, row: int, area: shapely.Geometry) -> tuple[float, float]:
    """Return where a straight piece of a way is inside first and last, metres from its start."""
    begin, end = route.coordinates[row], route.coordinates[row + 1]
    inside = shapely.get_coordinates(shapely.intersection(shapely.linestrings([begin, end]), area))
    length = float(np.hypot(*(end - begin)))
    if not length or not len(inside):
        return float(route.measure_m[row]), float(route.measure_m[row + 1])
    shares = np.hypot(*(inside - begin).T) / length
    from_m, to_m = route.measure_m[row], route.measure_m[row + 1]
    first, last = (from_m + (to_m - from_m) * np.array([shares.min(), shares.max()])).tolist()
    return first, last
