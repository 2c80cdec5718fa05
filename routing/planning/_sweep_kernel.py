"""All trade-offs of nights, exposure and hardest day, by a falling limit of the hardest day.

With only the legs whose moving time is below a limit, the least exposure to every place and night
is computed day by day. Each itinerary of the front has the least exposure for its number of nights
below some limit. So the limit starts at infinity and is lowered to the hardest day of the
itineraries found, until none is found. At each step only places that were reached by a leg of the
new limit or longer are computed anew. Finally the same limits are gone through once more to choose,
among equal itineraries, those with the least walking.
"""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Entry in place of a leg, in a way given day by day, for days after the arrival.
NO_DAY = -2
#: Entry in place of a leg, in a way given day by day, for a day of rest.
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
    """Return lower bounds of exposure and hardest day from each place and day to the end.

    Parameters
    ----------
    first_leg
        int64 [S + 1], first leg of each place and the count of all; legs are sorted by origin.
    head, exposure, duration_s
        [L], destination, exposure and moving time of each leg.
    may_walk, may_stay
        bool [D, L] and [D, S], on which days a leg can be walked, and a party can rest at a place.
    end
        Place where the journey ends.

    Returns
    -------
    (exposure, hardest_s)
        float64 [D + 1, S], the least sum of exposure and the least hardest day from the morning of
        a day at a place to the end; infinite where the end cannot be reached in the remaining days,
        0 at the end itself.
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
def _settle(
    first: NDArray[np.int32],
    arcs: tuple[Ints, Floats, Floats, NDArray[np.int32]],
    may_stay: Bools,
    end: int,
    limit_s: float,
    known: tuple[Floats, Floats, Floats, NDArray[np.int32]],
    by_walk: bool,
) -> None:
    """Compute anew, with the legs below a limit, each state that a leg not below it reached.

    A state is a place on the morning of a day.

    Parameters
    ----------
    first
        From `arcs_into`.
    arcs
        [arcs], origin, exposure, moving time and row of each leg of `arcs_into`.
    may_stay, end
        As for `ahead`.
    limit_s
        Legs of this moving time and more are not walked.
    known
        Updated in place: exposure, hardest day and walking up to the morning of a day at a place,
        float64 [D + 1, S] each, and the leg of the day before, int32 [D + 1, S].
    by_walk
        How ties in exposure are broken: True for the least walking, False for the easiest hardest
        day. Further ties go to a rest, then to the first leg.
    """
    days, places = may_stay.shape
    total, hardest_s, walked_s, by_leg = known
    arc_origin, arc_exposure, arc_s, arc_leg = arcs
    for day in range(days):
        for there in range(places):
            # A state reached only by legs below the limit stays as it is.
            if hardest_s[day + 1, there] < limit_s:
                continue
            least, hardest, walked, by = np.inf, -1.0, 0.0, NO_DAY
            if there != end and may_stay[day, there] and total[day, there] < np.inf:
                least, hardest = total[day, there], hardest_s[day, there]
                walked, by = walked_s[day, there], REST
            for arc in range(first[day, there], first[day, there + 1]):
                here = arc_origin[arc]
                summed = total[day, here] + arc_exposure[arc]
                if arc_s[arc] >= limit_s or summed > least or summed == np.inf:
                    continue
                longest = max(hardest_s[day, here], arc_s[arc])
                all_s = walked_s[day, here] + arc_s[arc]
                if summed < least or (all_s < walked if by_walk else longest < hardest):
                    least, hardest, walked, by = summed, longest, all_s, arc_leg[arc]
            total[day + 1, there], hardest_s[day + 1, there] = least, hardest
            walked_s[day + 1, there], by_leg[day + 1, there] = walked, by


@compiled
def _unknown(
    days: int, places: int, start: int
) -> tuple[Floats, Floats, Floats, NDArray[np.int32]]:
    """Return the initial arrays of `_settle`'s ``known``: only the start is reached."""
    total, hardest_s = np.zeros((days + 1, places)), np.full((days + 1, places), np.inf)
    total[0], hardest_s[0] = np.inf, -1.0
    total[0, start] = 0.0
    walked_s, by_leg = np.zeros((days + 1, places)), np.full((days + 1, places), NO_DAY, np.int32)
    return total, hardest_s, walked_s, by_leg


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
    """Return the Pareto-optimal ways by nights, exposure and hardest day.

    Of ways that are equal in all three, the one with the least walking is returned.

    Parameters
    ----------
    first, leg_into
        From `arcs_into`.
    origin, exposure, duration_s
        [L], origin, exposure and moving time of each leg.
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
    arcs = (origin[leg_into], exposure[leg_into], duration_s[leg_into], leg_into)
    known = _unknown(days, places, start)
    total, hardest_s = known[0][1:, end], known[1][1:, end]
    seen, seen_s = np.full(days, np.inf), np.full(days, np.inf)
    nights, limits_s = np.empty(0, np.int64), np.empty(0)
    limit_s = np.inf
    while limit_s >= 0:
        _settle(first, arcs, may_stay, end, limit_s, known, False)
        best, limit_s = np.inf, -1.0
        for day in range(days):
            # Not on the front so far: a way of fewer nights has no more exposure. If this way has
            # an easier hardest day, it is found again at a lower limit.
            if total[day] >= best:
                continue
            best = total[day]
            limit_s = max(limit_s, hardest_s[day])
            if total[day] == seen[day] and hardest_s[day] == seen_s[day]:
                continue
            seen[day], seen_s[day] = total[day], hardest_s[day]
            nights, limits_s = np.append(nights, day), np.append(limits_s, hardest_s[day])
    # Repeat with the limits found, breaking ties by the least walking, and read off the ways.
    ways = np.full((len(nights), days), NO_DAY, np.int32)
    known, limit_s = _unknown(days, places, start), np.inf
    for row in np.argsort(-limits_s):
        above_s = np.nextafter(limits_s[row], np.inf)
        if above_s < limit_s:
            limit_s = above_s
            _settle(first, arcs, may_stay, end, limit_s, known, True)
        here = end
        for day in range(nights[row], -1, -1):
            leg = known[3][day + 1, here]
            ways[row, day] = leg
            if leg >= 0:
                here = origin[leg]
    return ways


def warm() -> None:
    """Compile the kernels, or load them from the cache on disk."""
    first_leg, rows, figure = np.array([0, 1, 1]), np.zeros(1, np.int64), np.ones(1)
    may_walk, may_stay = np.ones((1, 1), np.bool_), np.ones((1, 2), np.bool_)
    least, _ = ahead(first_leg, rows + 1, figure, figure, may_walk, may_stay, 1)
    first, leg_into = arcs_into(rows, rows, rows + 1, may_walk, least, 1)
    front(first, leg_into, rows, figure, figure, may_stay, (0, 1))
