"""All trade-offs of nights, exposure and hardest day, by a falling limit of the hardest day.

With legs below a limit, the least exposure to every place and night is found day by day. Each
itinerary of the front is the one of least exposure for its nights below some limit. So the limit
starts at infinity, and is set to the hardest day of what was found until nothing is found any
more. What is reached by legs below the new limit stays as it is; the rest alone is computed anew.
"""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: What stands in a way beyond its last day.
NO_DAY = -2
#: What stands in a way for a day of rest.
REST = -1


@compiled
def ahead(
    first_leg: Ints,
    head: Ints,
    exposure: Floats,
    duration_s: Floats,
    may_walk: Bools,
    may_stay: Bools,
    end: int,
) -> tuple[Floats, Floats]:
    """Return what at least lies ahead of each place before each day.

    Parameters
    ----------
    first_leg
        int64 [S + 1], first leg of each place and the count of all; legs are sorted by origin.
    head, exposure, duration_s
        [L], destination of each leg and its figures.
    may_walk, may_stay
        bool [D, L] and [D, S], on which days a leg can be walked, and a party can rest at a place.
    end
        Place where the journey ends.

    Returns
    -------
    (exposure, hardest_s)
        float64 [D + 1, S], least sum and least hardest day from the morning of a day at a place to
        the end; infinite where the end is not reached in the days that are left. 0 at the end.
    """
    days, places = may_walk.shape[0], len(first_leg) - 1
    least, hardest_s = np.full((days + 1, places), np.inf), np.full((days + 1, places), np.inf)
    least[:, end] = 0.0
    hardest_s[:, end] = 0.0
    for day in range(days - 1, -1, -1):
        for here in range(places):
            if here == end:
                continue
            if may_stay[day, here]:
                least[day, here] = least[day + 1, here]
                hardest_s[day, here] = hardest_s[day + 1, here]
            for leg in range(first_leg[here], first_leg[here + 1]):
                there = head[leg]
                if may_walk[day, leg] and least[day + 1, there] < np.inf:
                    total = exposure[leg] + least[day + 1, there]
                    longest = max(duration_s[leg], hardest_s[day + 1, there])
                    least[day, here] = min(least[day, here], total)
                    hardest_s[day, here] = min(hardest_s[day, here], longest)
    return least, hardest_s


@compiled
def arcs_into(
    by_head: Ints, origin: Ints, head: Ints, may_walk: Bools, least: Floats, end: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the legs of each day that can be walked and lead on to the end, by destination.

    Parameters
    ----------
    by_head
        int64 [L], the legs in the order of their destinations.
    origin, head, may_walk, end
        As for `ahead`, with the origin of each leg.
    least
        The least exposure of `ahead`.

    Returns
    -------
    (first int32 [D, S + 1], leg int32 [arcs])
        The legs to place s on day d are ``leg[first[d, s]:first[d, s + 1]]``.
    """
    days, places = may_walk.shape[0], least.shape[1]
    first = np.zeros((days, places + 1), np.int32)
    kept = np.empty(may_walk.size, np.int32)
    count = 0
    for day in range(days):
        row = 0
        for there in range(places):
            first[day, there] = count
            while row < len(by_head) and head[by_head[row]] == there:
                leg = by_head[row]
                row += 1
                if (
                    may_walk[day, leg]
                    and least[day + 1, there] < np.inf
                    and least[day, origin[leg]] < np.inf
                    and origin[leg] != end
                ):
                    kept[count] = leg
                    count += 1
        first[day, places] = count
    return first, kept[:count].copy()


@compiled
def front(
    first: NDArray[np.int32],
    leg_into: NDArray[np.int32],
    origin: Ints,
    exposure: Floats,
    duration_s: Floats,
    may_stay: Bools,
    ends: tuple[int, int],
) -> NDArray[np.int32]:
    """Return the ways that no other beats in nights, exposure and hardest day.

    Parameters
    ----------
    first, leg_into
        From `arcs_into`.
    origin, exposure, duration_s
        [L], origin of each leg and its figures.
    may_stay
        As for `ahead`.
    ends
        Start and end.

    Returns
    -------
    int32 [ways, D], the leg of each day, `REST` for a rest, `NO_DAY` after the last.
    """
    start, end = ends
    days, places = may_stay.shape
    # Before each day, and after the last one: nothing is known yet of any place but the start.
    total, hardest_s = np.zeros((days + 1, places)), np.full((days + 1, places), np.inf)
    total[0], hardest_s[0] = np.inf, -1.0
    total[0, start] = 0.0
    by_leg = np.full((days + 1, places), NO_DAY, np.int32)
    arc_origin, arc_exposure = origin[leg_into], exposure[leg_into]
    arc_s = duration_s[leg_into]
    ways, count = np.full((16, days), NO_DAY, np.int32), 0
    known, known_s = np.full(days, np.inf), np.full(days, np.inf)
    limit_s = np.inf
    while limit_s >= 0:
        for day in range(days):
            for there in range(places):
                # What is reached by legs below the limit stays as it is.
                if hardest_s[day + 1, there] < limit_s:
                    continue
                least, longest, by = np.inf, -1.0, NO_DAY
                if there != end and may_stay[day, there] and total[day, there] < np.inf:
                    least, longest, by = total[day, there], hardest_s[day, there], REST
                for arc in range(first[day, there], first[day, there + 1]):
                    summed = total[day, arc_origin[arc]] + arc_exposure[arc]
                    if arc_s[arc] >= limit_s or summed > least or summed == np.inf:
                        continue
                    harder = max(hardest_s[day, arc_origin[arc]], arc_s[arc])
                    if summed < least or harder < longest:
                        least, longest, by = summed, harder, leg_into[arc]
                total[day + 1, there], hardest_s[day + 1, there] = least, longest
                by_leg[day + 1, there] = by
        best, limit_s = np.inf, -1.0
        for day in range(days):
            # Fewer nights with as little exposure beat this one below every limit yet to come.
            if total[day + 1, end] >= best:
                continue
            best, longest = total[day + 1, end], hardest_s[day + 1, end]
            limit_s = max(limit_s, longest)
            if best == known[day] and longest == known_s[day]:
                continue
            known[day], known_s[day] = best, longest
            if count == len(ways):
                more = np.full((2 * count, days), NO_DAY, np.int32)
                more[:count] = ways
                ways = more
            here = end
            for back in range(day, -1, -1):
                leg = by_leg[back + 1, here]
                ways[count, back] = leg
                if leg >= 0:
                    here = origin[leg]
            count += 1
    return ways[:count]


def warm() -> None:
    """Compile the kernels, or load them from the cache on disk."""
    first_leg, rows, figure = np.array([0, 1, 1]), np.zeros(1, np.int64), np.ones(1)
    may_walk, may_stay = np.ones((1, 1), np.bool_), np.ones((1, 2), np.bool_)
    least, _ = ahead(first_leg, rows + 1, figure, figure, may_walk, may_stay, 1)
    first, leg_into = arcs_into(rows, rows, rows + 1, may_walk, least, 1)
    front(first, leg_into, rows, figure, figure, may_stay, (0, 1))
