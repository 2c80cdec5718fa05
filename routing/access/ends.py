"""Places joined to the roads of a network, as arrays: made once, used by many searches."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from routing.errors import NoRoute, OffNetwork
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.reach.network import ReachNetwork
from routing.router.reachability import ReachPlace

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Codes = NDArray[np.uint8]


class Unknown(IntEnum):
    """Reason why the time from a place to its nearest target is not known, or that it is known.

    ``OFF_NETWORK``: no usable road of the place's country lies within the region's snap limit.
    ``CUT_OFF``: a published exclusion lies between the place and its road. ``NO_TARGET``: no target
    is on the network. ``NO_WAY``: no open way leads to a target. ``TOO_FAR``: the nearest target is
    farther than the request's limit.
    """

    KNOWN = 0
    OFF_NETWORK = 1
    CUT_OFF = 2
    NO_TARGET = 3
    NO_WAY = 4
    TOO_FAR = 5

    @property
    def label(self) -> str:
        """Name of the reason in written files and map layers."""
        return self.name.lower()


@dataclass(frozen=True, eq=False, slots=True)
class RoadEnds:
    """Some places, and the parts of edges that join them to the nodes of a network.

    Parameters
    ----------
    off_m
        float64 [P], metres between each place and its road; NaN for a place that has none.
    unknown
        uint8 [P], `Unknown.KNOWN`, `Unknown.OFF_NETWORK` or `Unknown.CUT_OFF`.
    place, edge, node
        int64 [k], for each part of an edge: the place that it joins, the directed edge, and the
        node, or copy of a node for turn restrictions, at its end.
    start, end
        float64 [k], shares of the edge between which the part lies.
    """

    off_m: Floats
    unknown: Codes
    place: Ints
    edge: Ints
    node: Ints
    start: Floats
    end: Floats

    @classmethod
    def joined(cls, parts: Sequence["RoadEnds"]) -> "RoadEnds":
        """Concatenate several `RoadEnds`; places are numbered on from one to the next."""
        begin = np.cumsum([0, *(len(part.off_m) for part in parts)])
        place = [part.place + first for part, first in zip(parts, begin, strict=False)]
        return cls(
            np.concatenate([part.off_m for part in parts]),
            np.concatenate([part.unknown for part in parts]),
            np.concatenate(place),
            np.concatenate([part.edge for part in parts]),
            np.concatenate([part.node for part in parts]),
            np.concatenate([part.start for part in parts]),
            np.concatenate([part.end for part in parts]),
        )

    def only(self, kept: Bools) -> "RoadEnds":
        """Return the same places, of which only those in ``kept`` stay joined to roads.

        Parameters
        ----------
        kept
            bool [P], whether a place stays joined.
        """
        rows = kept[self.place]
        return RoadEnds(
            self.off_m, self.unknown, self.place[rows], self.edge[rows], self.node[rows],
            self.start[rows], self.end[rows],
        )  # fmt: skip


def road_ends(network: ReachNetwork, places: Sequence[ReachPlace], *, leaving: bool) -> RoadEnds:
    """Snap places to the nearest roads of their countries (definitions.md, "Snapping").

    Parameters
    ----------
    places
        The places; one of unknown country snaps to the nearest road of any country.
    leaving
        True if paths begin at the places, False if paths end there.

    Raises
    ------
    InvalidRequest
        The coordinates of a place are not numbers or out of range.
    """
    join = network.network.departures if leaving else network.network.arrivals
    near = _near_region(network, places)
    off_m = np.full(len(places), np.nan)
    unknown = np.full(len(places), Unknown.OFF_NETWORK, dtype=np.uint8)
    rows: list[tuple[int, int, int, float, float]] = []
    for number in np.flatnonzero(near).tolist():
        place = places[number]
        try:
            snap = network.snap(place, f"places.{number}", leaving=leaving)
            network.require_free(place, snap)
        except OffNetwork:
            continue
        except NoRoute:
            unknown[number] = Unknown.CUT_OFF
            continue
        off_m[number], unknown[number] = snap.distance_m, Unknown.KNOWN
        rows += [(number, edge, node, start, end) for (edge, start, end), node in join(snap)]
    whole = np.array([row[:3] for row in rows], dtype=np.int64).reshape(-1, 3)
    share = np.array([row[3:] for row in rows], dtype=np.float64).reshape(-1, 2)
    return RoadEnds(off_m, unknown, *whole.T.copy(), *share.T.copy())


def _near_region(network: ReachNetwork, places: Sequence[ReachPlace]) -> Bools:
    """Return which places may lie within the snap limit of a region, bool [P].

    Without this, a place far from the region would be compared with every road of it.
    """
    meta = network.graph.meta
    west, south, east, north = meta.bbox
    reach = meta.snap_limit_m / METRES_PER_DEGREE
    # Places within twice the snap limit count as near, since a degree is not equally long
    # everywhere.
    high = 2.0 * reach
    wide = high / max(math.cos(math.radians(min(max(abs(south), abs(north)) + high, 89.0))), 0.01)
    lon = np.array([place.lon for place in places], dtype=np.float64)
    lat = np.array([place.lat for place in places], dtype=np.float64)
    within_lon = (lon >= west - wide) & (lon <= east + wide)
    # Places whose coordinates are not numbers count as near: to snap them raises an error.
    is_far = (
        np.isfinite(lon)
        & np.isfinite(lat)
        & ~(within_lon & (lat >= south - high) & (lat <= north + high))
    )
    return np.asarray(~is_far)
