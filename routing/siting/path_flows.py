"""Flows of walkers along paths, and the sites that they need.

A walker starts rested, walks in one direction and rests only at open sites. With a daily reach R,
the next rest or the end must be at most R ahead. (Other flow models use R/2, for round trips of
vehicles that do not start with a full tank.)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.siting.cover_sets import CoverSets, checked_flow
from routing.siting.sites import NO_SITE

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

_FEWEST_STOPS = 2


@dataclass(frozen=True, slots=True)
class BareStretch:
    """A stretch that nobody can walk in one day.

    Parameters
    ----------
    flow
        Row of the flow.
    from_site, to_site
        Rows of the sites at its ends; None at an end of the journey that is not a site.
    from_m, to_m
        Metres from the start of the flow's path; None if the flow follows legs instead of a path.
    length_m
        Length, metres; None if no leg or path joins the two ends.
    """

    flow: int
    from_site: int | None
    to_site: int | None
    from_m: float | None
    to_m: float | None
    length_m: float | None


@dataclass(frozen=True, eq=False)
class PathFlows:
    """Q flows, each along a path of stops in the direction of travel.

    Parameters
    ----------
    flow
        float64 [Q], people in any unit of time, >= 0.
    first
        int64 [Q + 1], the first stop of each path and the count of all; two or more a path.
    site
        int64 [V], rows of sites, `NO_SITE` for a stop that is not a site, such as the end of a
        line.
    at_m
        float64 [V], metres along the road, never falling within a path; the journey is from the
        first to the last stop.

    Raises
    ------
    InvalidRequest
        There is no flow, the arrays do not fit, a path has fewer than two stops or falling
        measures, or a flow is negative or not finite.
    """

    flow: Floats
    first: Ints
    site: Ints
    at_m: Floats

    def __post_init__(self) -> None:
        checked_flow(self.flow)
        if len(self.first) != len(self.flow) + 1:
            raise InvalidRequest(
                "flows", "other_counts", first=len(self.first) - 1, second=len(self.flow)
            )
        if len(self.at_m) != len(self.site) or self.first[-1] != len(self.site):
            raise InvalidRequest(
                "flows", "other_counts", first=len(self.at_m), second=len(self.site)
            )
        short = np.flatnonzero(np.diff(self.first) < _FEWEST_STOPS)
        if len(short) or self.first[0]:
            raise InvalidRequest("flows", "not_path", path=int(short[0]) if len(short) else 0)
        falls = np.append(False, np.diff(self.at_m) < 0)
        falls[self.first[:-1]] = False
        wrong = np.flatnonzero(falls | ~np.isfinite(self.at_m))
        if len(wrong):
            raise InvalidRequest("flows", "not_path", path=int(self.path_of[wrong[0]]))
        if self.site.min() < NO_SITE:
            raise InvalidRequest("flows", "no_site", site=int(self.site.min()))

    @classmethod
    def of(cls, paths: Sequence[tuple[float, Sequence[int], Sequence[float]]]) -> Self:
        """Build flows from (people, rows of the sites, metres along the path) of each."""
        counts = [len(sites) for _, sites, _ in paths]
        for path, (_, sites, at_m) in enumerate(paths):
            if len(sites) != len(at_m):
                raise InvalidRequest("flows", "not_path", path=path)
        return cls(
            np.array([flow for flow, _, _ in paths], dtype=np.float64),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            np.array([site for _, sites, _ in paths for site in sites], dtype=np.int64),
            np.array([at for _, _, at_m in paths for at in at_m], dtype=np.float64),
        )

    def __len__(self) -> int:
        """Count the flows."""
        return len(self.flow)

    @cached_property
    def path_of(self) -> Ints:
        """Row of the path that each stop belongs to, int64 [V]."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    @property
    def length_m(self) -> Floats:
        """Lengths of the paths, float64 [Q], metres."""
        return self.at_m[self.first[1:] - 1] - self.at_m[self.first[:-1]]

    def weighted(self, factor: Floats) -> "PathFlows":
        """Return the same paths with flows times factors, float64 [Q]."""
        return replace(self, flow=self.flow * factor)

    def known_to(self, sites: int) -> None:
        """Check that every stop refers to an existing site or to `NO_SITE`.

        Raises
        ------
        InvalidRequest
            A stop refers to a site that does not exist.
        """
        if self.site.max() >= sites:
            raise InvalidRequest("flows", "no_site", site=int(self.site.max()))


def checked_reach(reach_m: float) -> float:
    """Return a daily reach, metres, if it is valid.

    Raises
    ------
    InvalidRequest
        The reach is not finite, or not above 0.
    """
    if not (np.isfinite(reach_m) and reach_m > 0):
        raise InvalidRequest("reach_m", "not_reach")
    return reach_m


def path_cover_sets(paths: PathFlows, reach_m: float) -> CoverSets:
    """Return the sets of sites that walkers along paths need.

    Walkers can rest only at stops. So a walker who reaches a stop more than R from the start has
    rested at a site at most R before it, which gives one set per stop. A set that includes another
    set of the same path is redundant and left out.

    Raises
    ------
    InvalidRequest
        The reach is not finite, or not above 0.
    """
    earliest = _earliest(paths, checked_reach(reach_m))
    stops = np.arange(len(paths.at_m))
    begins = paths.first[paths.path_of]
    is_bound = (earliest > begins) & (stops > begins)
    # Of stops with the same earliest rest, the first has the smallest set; the others include it.
    is_bound[1:] &= (earliest[1:] != earliest[:-1]) | (stops[1:] - 1 == begins[1:])
    needed: list[list[tuple[int, ...]]] = [[] for _ in range(len(paths))]
    site, path_of = paths.site.tolist(), paths.path_of.tolist()
    early = earliest.tolist()
    for stop in np.flatnonzero(is_bound).tolist():
        found = {one for one in site[early[stop] : stop] if one != NO_SITE}
        needed[path_of[stop]].append(tuple(sorted(found)))
    return CoverSets.of(paths.flow, needed)


def _earliest(paths: PathFlows, reach_m: float) -> Ints:
    """Return for each stop the first stop of its path that is within the reach before it."""
    longest_m = float(paths.length_m.max()) + reach_m
    start_m = paths.at_m[paths.first[:-1]][paths.path_of]
    key_m = paths.at_m - start_m + 2.0 * longest_m * paths.path_of
    found = np.searchsorted(key_m, key_m - reach_m)
    # The offsets in ``key_m`` cause rounding errors: correct the result by exact differences.
    begins = paths.first[paths.path_of]
    while len(far := np.flatnonzero(paths.at_m - paths.at_m[found] > reach_m)):
        found[far] += 1
    while True:
        before = np.maximum(found - 1, begins)
        near = (before < found) & (paths.at_m - paths.at_m[before] <= reach_m)
        if not near.any():
            return found
        found[near] -= 1


def bare_stretches(
    paths: PathFlows, reach_m: float, is_open: Bools, flow: int
) -> Iterator[BareStretch]:
    """Yield a flow's stretches between consecutive open sites that are longer than the reach.

    The start and the end of the path are ends of stretches. ``is_open`` is bool [N].
    """
    begin, end = paths.first[flow : flow + 2].tolist()
    kept = np.append(is_open, False)[paths.site[begin:end]]
    kept[[0, -1]] = True
    stops = begin + np.flatnonzero(kept)
    gap_m, start_m = np.diff(paths.at_m[stops]), float(paths.at_m[begin])
    for row in np.flatnonzero(gap_m > reach_m).tolist():
        here, there = stops[row : row + 2].tolist()
        ends = [int(paths.site[stop]) for stop in (here, there)]
        sites = [None if site == NO_SITE else site for site in ends]
        yield BareStretch(
            flow,
            sites[0],
            sites[1],
            float(paths.at_m[here]) - start_m,
            float(paths.at_m[there]) - start_m,
            float(gap_m[row]),
        )


def rests(paths: PathFlows, is_open: Bools) -> Ints:
    """Return the stops of all paths that are a start, an end or an open site, int64 ascending."""
    kept = np.append(is_open, False)[paths.site]
    kept[paths.first[:-1]] = True
    kept[paths.first[1:] - 1] = True
    return np.flatnonzero(kept)
