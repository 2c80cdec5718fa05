"""Age and completeness of the data behind a corridor's figures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.corridors.gaps import LINE_END, CorridorSupports
from routing.errors import InvalidRequest

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Greatest age that is accepted, days [A]: a century.
_MOST_DAYS = 36_525.0


@dataclass(frozen=True, eq=False, slots=True)
class SpaceData:
    """Age of the last confirmation, and completeness, of the data on n spaces.

    Parameters
    ----------
    age_days
        float64 [n], days since somebody confirmed the space, >= 0; NaN where nobody has.
    knows_hours
        bool [n], whether the opening hours are known.
    """

    age_days: Floats
    knows_hours: Bools


@dataclass(frozen=True, eq=False, slots=True)
class CorridorData:
    """Age and completeness behind the figures of S services.

    Only supports (spaces that offer the service) are included. These figures cannot tell of spaces
    that are missing from the data, and a fresh confirmation does not mean that the door is open
    today.

    Parameters
    ----------
    oldest_days, median_days
        float64 [S], age in days of the supports whose age is known; NaN where there is none.
    undated
        int64 [S], supports that nobody has confirmed.
    hours_share
        float64 [S], share of the supports whose hours are known, 0 to 1; NaN without supports.
    old_share
        float64 [S], share of the line whose nearest support, ahead or behind, is older than the
        limit or undated, 0 to 1; of supports at one place the most recently confirmed is used. NaN
        without supports. The share may rise when an old space is added.
    """

    oldest_days: Floats
    median_days: Floats
    undated: Ints
    hours_share: Floats
    old_share: Floats


def corridor_data(supports: CorridorSupports, data: SpaceData, old_days: float) -> CorridorData:
    """Return how old and complete the data behind a corridor's figures are.

    Parameters
    ----------
    data
        Age and completeness of the spaces of ``supports``, in the same rows.
    old_days
        Age beyond which a confirmation is old, days.

    Raises
    ------
    InvalidRequest
        The arrays do not fit, or an age is negative or infinite.
    """
    for values in (data.age_days, data.knows_hours):
        if len(values) != len(supports):
            raise InvalidRequest("data", "other_counts", first=len(values), second=len(supports))
    if not ((data.age_days >= 0) & (data.age_days <= _MOST_DAYS) | np.isnan(data.age_days)).all():
        raise InvalidRequest("age_days", "not_between", low=0, high=_MOST_DAYS)
    oldest, median, hours = np.full((3, supports.services), np.nan)
    undated = np.zeros(supports.services, np.int64)
    for service, counts in enumerate(supports.counts):
        ages = data.age_days[counts]
        dated = ages[~np.isnan(ages)]
        undated[service] = len(ages) - len(dated)
        if len(dated):
            oldest[service], median[service] = dated.max(), np.median(dated)
        if len(ages):
            hours[service] = data.knows_hours[counts].mean()
    return CorridorData(oldest, median, undated, hours, _old_share(supports, data, old_days))


def _old_share(supports: CorridorSupports, data: SpaceData, old_days: float) -> Floats:
    """Return the share of the line whose nearest support is older than the limit, float64 [S]."""
    gaps, service = supports.gaps, supports.gaps.service
    at_row = np.stack([gaps.from_row, gaps.to_row])
    is_support = at_row != LINE_END
    # Each half of a gap is nearest to the support at that half's end. If the other end of the gap
    # is an end of the line, all of the gap is nearest to the one support.
    half_m = gaps.length_m * is_support / np.maximum(is_support.sum(axis=0), 1)
    is_fresh = np.append(data.age_days <= old_days, np.False_)  # index `LINE_END` is the last item
    fresh_end = _any_at_place(service, gaps.to_m, is_fresh[gaps.to_row])
    # A gap begins at the support that ends the gap before it; at the begin of the line there is
    # no support.
    fresh_begin = np.concatenate([[False], fresh_end])[:-1]
    shares, has_supports = np.full(supports.services, np.nan), gaps.supports > 0
    if supports.length_m > 0:
        fresh_m = half_m[0] * fresh_begin + half_m[1] * fresh_end
        share = np.bincount(service, fresh_m, supports.services) / supports.length_m
    else:
        share = np.minimum(np.bincount(service, fresh_end, supports.services), 1.0)
    shares[has_supports] = np.clip(1.0 - share[has_supports], 0.0, 1.0)
    return shares


def _any_at_place(service: Ints, at_m: Floats, is_fresh: Bools) -> Bools:
    """Return whether a fresh support stands where each gap ends, bool [N].

    Several supports of a service can stand at one place of the line: any of them will do.
    """
    is_new = np.ones(len(at_m), np.bool_)
    is_new[1:] = (np.diff(service) != 0) | (np.diff(at_m) != 0)
    place = np.cumsum(is_new) - 1
    return np.asarray((np.bincount(place, is_fresh) > 0)[place])
