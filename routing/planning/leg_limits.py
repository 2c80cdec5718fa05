"""Limits of the legs of itineraries, and legs for gaps that are longer than any searched leg."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.geometry.geodesy import great_circle_m
from routing.planning.legs import LegTable
from routing.route.coverage import Gap

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Longest way of an itinerary from start to end, as a multiple of the best route's length [A]: legs
#: that only longer ways include are left out.
OFF_ROUTE: Final = 1.5

#: Longest leg that the leg table contains, metres [A]: ten days of an adult. Longer legs are added
#: only for gaps between spaces along the best route (`with_long_gaps`).
LONGEST_LEG_M: Final = 250_000.0


def places_within(
    start: tuple[float, float], end: tuple[float, float], lon: Floats, lat: Floats, limit_m: float
) -> Ints:
    """Return the places that a way from start to end may pass within a limit, int64 ascending.

    Ways are no shorter than the straight lines from start to place and from place to end.

    Parameters
    ----------
    start, end
        Longitude and latitude, degrees, WGS 84.
    lon, lat
        float64 [k], degrees, WGS 84.
    limit_m
        Metres.
    """
    by_it_m = great_circle_m(*start, lon, lat) + great_circle_m(*end, lon, lat)
    return np.flatnonzero(by_it_m <= limit_m)


def legs_within(
    legs: LegTable, ends: tuple[int, int], lon: Floats, lat: Floats, limit_m: float
) -> LegTable:
    """Return the legs that a way from start to end may include within a limit of its length.

    Parameters
    ----------
    ends
        Rows of the places where the way begins and ends.
    lon, lat
        float64 [S], of all places, degrees, WGS 84.
    limit_m
        Metres.
    """
    start, end = ends
    from_start_m = great_circle_m(lon[start], lat[start], lon, lat)
    to_end_m = great_circle_m(lon[end], lat[end], lon, lat)
    least_m = from_start_m[legs.origin] + legs.distance_m + to_end_m[legs.destination]
    return legs.only(np.flatnonzero(least_m <= limit_m))


def with_long_gaps(
    legs: LegTable,
    gaps: Sequence[Gap],
    row_of: Mapping[str, int],
    ends: tuple[int, int],
    pace_s_per_m: float,
) -> LegTable:
    """Return legs, followed by the gaps of the best route that are longer than `LONGEST_LEG_M`.

    Nobody walks such a gap in a day, but an answer without itineraries names the gaps in the way.

    Parameters
    ----------
    gaps
        Gaps between the spaces along the best route.
    row_of
        Rows of the places by space id; gaps between other spaces are left out.
    ends
        Rows of the places where the route begins and ends.
    pace_s_per_m
        Moving time of a metre of the route.
    """
    rows = [
        (
            ends[0] if gap.from_id is None else row_of[gap.from_id],
            ends[1] if gap.to_id is None else row_of[gap.to_id],
            gap.length_m,
        )
        for gap in gaps
        if gap.length_m > LONGEST_LEG_M
        and (gap.from_id is None or gap.from_id in row_of)
        and (gap.to_id is None or gap.to_id in row_of)
    ]
    if not rows:
        return legs
    origin, destination, length_m = map(np.array, zip(*rows, strict=True))
    return legs.with_more(origin, destination, length_m, length_m * pace_s_per_m)
