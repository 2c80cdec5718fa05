"""The leg table of a network: paths on foot between places to sleep, up to a longest leg.

A search from each place settles the roads around it, by the costs and hard rules of
`routing.router.reachability`: a border is crossed at an official crossing that is passable, and
exclusions are never touched. Each leg is the path of least cost, which is not always the shortest.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import OffNetwork
from routing.geometry.geodesy import great_circle_m
from routing.planning.legs import LegPassages, LegTable
from routing.router.reachability import Reacher, ReachRequest

type Floats = NDArray[np.float64]

#: Highest cost per metre of the longest leg at which a search from a place stops, seconds [A]:
#: 0.9 km/h, four times as long as a slow walk. Dearer paths are left out of the table.
DEAREST_S_PER_M: Final = 4.0


def leg_table(reacher: Reacher, asked: ReachRequest, cut_m: float) -> LegTable:
    """Compute the table of legs between places.

    Parameters
    ----------
    reacher
        The network.
    asked
        The targets are the places, in the order of the table's rows; ``start`` and ``limit_s`` are
        ignored. Pass a crossing as passable if the party may find it open on a later date: whether
        it is open on arrival is judged by `routing.planning.day_reach`.
    cut_m
        Longest leg, metres along the road, without the ways between places and the road.

    Returns
    -------
    Legs sorted by origin and destination, at most one for each pair of different places. The
    exposure is the price of known exposure, seconds; crossings of the passages are indices of
    ``asked.crossings``. A place off the network has no legs.

    Raises
    ------
    InvalidRequest
        The time has no UTC offset, or coordinates are not numbers or out of range.
    """
    lon = np.array([place.lon for place in asked.targets], dtype=np.float64)
    lat = np.array([place.lat for place in asked.targets], dtype=np.float64)
    row_of = {crossing.id: row for row, crossing in enumerate(asked.crossings)}
    limit_s = cut_m * DEAREST_S_PER_M
    ends, figures, passages = (
        list[tuple[int, int]](),
        list[Floats](),
        list[tuple[int, int, float]](),
    )
    for origin, place in enumerate(asked.targets):
        # Places farther apart than this in a straight line have no leg: a way by road is no shorter
        # than the straight line between its ends, each at most a snap limit away from its place.
        room_m = cut_m + 2.0 * reacher.graph.meta.snap_limit_m
        near = great_circle_m(lon[origin], lat[origin], lon, lat) <= room_m
        near[origin] = False
        others = np.flatnonzero(near)
        targets = [asked.targets[other] for other in others.tolist()]
        request = replace(asked, start=place, targets=targets, limit_s=limit_s)
        for other, figure, posts in _from_one(reacher, request, cut_m):
            leg = len(ends)
            ends.append((origin, int(others[other])))
            figures.append(figure)
            passages += [(leg, row_of[crossing], after_s) for crossing, after_s in posts]
    origin_of, destination = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    distance_m, duration_s, exposure = np.array(figures, dtype=np.float64).reshape(-1, 3).T
    return LegTable(
        np.ascontiguousarray(origin_of),
        np.ascontiguousarray(destination),
        np.ascontiguousarray(distance_m),
        np.ascontiguousarray(duration_s),
        np.ascontiguousarray(exposure),
        _passages(passages),
    )


def _from_one(
    reacher: Reacher, request: ReachRequest, cut_m: float
) -> Sequence[tuple[int, Floats, list[tuple[str, float]]]]:
    """Return the targets within ``cut_m``: index, length, time and exposure, passed crossings.

    A passed crossing is (id, seconds of moving time from the start).
    """
    try:
        tree = reacher.tree(request)
    except OffNetwork:
        return ()
    reached, passed = tree.reached(), tree.passed()
    return [
        (
            int(target),
            np.array(
                [reached.distance_m[target], reached.duration_s[target], reached.exposure_s[target]]
            ),
            [(post.crossing.id, post.after_s) for post in passed[target]],
        )
        for target in np.flatnonzero(reached.distance_m <= cut_m)
    ]


def _passages(rows: Sequence[tuple[int, int, float]]) -> LegPassages:
    if not rows:
        return LegPassages.none()
    leg, crossing, after_s = zip(*rows, strict=True)
    return LegPassages(
        np.array(leg, dtype=np.int64), np.array(crossing, dtype=np.int64), np.array(after_s)
    )
