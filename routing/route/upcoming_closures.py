"""Hazards that begin or end while a traveller is under way: whether they hold at the arrival.

A search uses the hazards in force at the departure. Hazards that begin or end later are judged on
the finished routes, by each route's own timetable and with a margin for pace: a traveller slower
than the model is not led into a hazard that has begun, nor a quicker traveller into a hazard that
has not yet ended (P11: a refusal rather than a forbidden place).
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

#: Margin for pace: a traveller reaches a place after at least this share of the computed travel
#: time, and after at most the travel time divided by this share [A]: paces of healthy adults on
#: paths lie within a third of their mean.
EARLIEST: Final = 0.75


def met_on_the_way(ways: Sequence[Pacing], coming: Sequence[tuple[datetime, Hazard]]) -> list[int]:
    """Return the indices in ``coming`` of hazards that may begin before travellers have left them.

    Hazards that touch no route are left out. In doubt a hazard is included, which leads to a
    refusal rather than to a route through a forbidden place (P11).

    Parameters
    ----------
    ways
        The routes found without the coming hazards, each with every timetable it may be walked by.
    coming
        The begin (timezone-aware) of each hazard, and the hazard.
    """
    met = []
    for row, (begins, hazard) in enumerate(coming):
        if any(begins <= latest for latest in _times(ways, hazard, begins, is_last=True)):
            met.append(row)
    return met


def reached_too_early(
    ways: Sequence[Pacing], ended: Sequence[tuple[datetime, Hazard]]
) -> list[int]:
    """Return the indices in ``ended`` of hazards that travellers may reach before the hazards end.

    Hazards that touch no route are left out.

    Parameters
    ----------
    ways
        The routes found without the hazards, each with every timetable it may be walked by.
    ended
        The end (timezone-aware) of each hazard, and the hazard.
    """
    return [
        row
        for row, (ends, hazard) in enumerate(ended)
        if any(earliest < ends for earliest in _times(ways, hazard, None, is_last=False))
    ]


def meets(route: Route, hazard: Hazard) -> bool:
    """Return whether a route touches a hazard, buffered by the tolerance."""
    return _met_m(route, surrounding(hazard.geometry, TOLERANCE_M)) is not None


def _times(
    ways: Sequence[Pacing], hazard: Hazard, begins: datetime | None, *, is_last: bool
) -> list[datetime]:
    """Return each route's earliest arrival at a hazard, or, with ``is_last``, its latest leaving.

    Routes that do not touch the hazard are left out. Routes that certainly end before the hazard
    begins are skipped without a geometry test.
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
    """Return the first and last metre at which a route meets an area; None if they never meet."""
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
    """Return the first and last metre inside an area of one segment of a route's line.

    Metres are counted from the route's start; the segment touches the area.
    """
    begin, end = route.coordinates[row], route.coordinates[row + 1]
    inside = shapely.get_coordinates(shapely.intersection(shapely.linestrings([begin, end]), area))
    length = float(np.hypot(*(end - begin)))
    if not length or not len(inside):
        return float(route.measure_m[row]), float(route.measure_m[row + 1])
    shares = np.hypot(*(inside - begin).T) / length
    from_m, to_m = route.measure_m[row], route.measure_m[row + 1]
    first, last = (from_m + (to_m - from_m) * np.array([shares.min(), shares.max()])).tolist()
    return first, last
