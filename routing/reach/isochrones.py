"""Isochrones: the areas within given times or lengths of one place or of the nearest of several.

Times are moving times on the paths of least cost, like those of routes, and include the straight
way from a place to its road at a walker's pace. Borders are passed only if the request says so, at
official crossings that are passable at departure; the answer lists these crossings (P33).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from routing.errors import InvalidRequest, NoRoute, OffNetwork
from routing.graph.snapping import Snap
from routing.osm_tags.edge_flags import Mode
from routing.reach.area import AreaRules, RangeArea, draw_areas
from routing.reach.network import ReachConditions, ReachNetwork, ReachNetworks
from routing.reach.spread import OFF_ROAD_S_PER_M, Measure, Spread, spread_from
from routing.router.reachability import ReachPlace
from routing.travel.crossings import Crossing

#: Speeds, metres per second, to estimate how far a range of time leads and so the size of the cells
#: [A]: walking on level ground, and driving on open roads.
_CELL_M_PER_S: Final = {Mode.FOOT: 1.0 / OFF_ROAD_S_PER_M, Mode.VEHICLE: 60.0 / 3.6}


@dataclass(frozen=True, eq=False, slots=True)
class IsochroneRequest:
    """A request for isochrones.

    Parameters
    ----------
    places
        One place or more; the areas are those around the nearest of them. Places off the network,
        or cut off from it by an exclusion, are left out if others remain.
    ranges
        Seconds or metres, ascending.
    conditions
        Who travels, and the state of the world.
    by
        Whether the ranges limit time or length.
    towards
        True if people travel to the places, False if they leave from there.
    rules
        How areas are drawn.
    """

    places: Sequence[ReachPlace]
    ranges: Sequence[float]
    conditions: ReachConditions
    by: Measure = Measure.TIME
    towards: bool = False
    rules: AreaRules = field(default_factory=AreaRules)


@dataclass(frozen=True, eq=False, slots=True)
class IsochroneAnswer:
    """Areas of growing ranges around some places.

    Parameters
    ----------
    areas
        One area for each range, ascending, each within the next.
    within_m
        No place of an area is farther than this from a reached road, metres.
    off_m
        Metres between each place and its road, in the request's order; None for a place left out.
    crossings
        Official crossings that the longest range passes; empty where no border may be passed.
    spread
        Nodes and parts of edges within the longest range. They trace single roads, so only people
        who may see unpublished bans may get them.
    meets_edge
        Whether the longest range reaches the edge of the network's region: beyond it nothing is
        known, and the areas end there.
    """

    areas: tuple[RangeArea, ...]
    within_m: float
    off_m: tuple[float | None, ...]
    crossings: tuple[Crossing, ...]
    spread: Spread
    meets_edge: bool


def isochrones(networks: ReachNetworks, request: IsochroneRequest) -> IsochroneAnswer:
    """Find the areas within the ranges of a request.

    Raises
    ------
    InvalidRequest
        There are no places, the ranges do not ascend, the time has no UTC offset, or a range ends
        before the road is reached.
    OffNetwork
        Every place lies too far from the usable roads of its country.
    NoRoute
        Exclusions separate each place from its road, unless the place lies off the roads (P11,
        P14).
    """
    _check(request)
    network = networks.of(request.conditions)
    snaps = _snaps(network, request)
    met = [snap for snap in snaps if snap is not None]
    most = float(request.ranges[-1])
    spread = spread_from(network, met, most, request.by, towards=request.towards)
    if not len(spread.parts.edge) and not _ends_off_road(met, request):
        raise NoRoute("no open road begins at the place")
    across_m = most
    if request.by is Measure.TIME:
        across_m *= _CELL_M_PER_S[network.profile.mode]
    bans = [ban.area for ban in network.published_bans]
    lat = float(round(request.places[0].lat))
    drawn = draw_areas(network.graph, spread, request.ranges, across_m, lat, bans, request.rules)
    return IsochroneAnswer(
        drawn.areas,
        drawn.within_m,
        tuple(None if snap is None else snap.distance_m for snap in snaps),
        spread.crossings,
        spread,
        _meets_edge(network, drawn.areas[-1]),
    )


def _check(request: IsochroneRequest) -> None:
    if not request.places:
        raise InvalidRequest("places", "no_places")
    ranges = request.ranges
    if not all(map(math.isfinite, ranges)):
        raise InvalidRequest("ranges", "not_ascending")
    if not ranges or not ranges[0] > 0 or any(one >= two for one, two in pairwise(ranges)):
        raise InvalidRequest("ranges", "not_ascending")


def _snaps(network: ReachNetwork, request: IsochroneRequest) -> list[Snap | None]:
    """Snap the places; None for those that are off the network or cut off from it."""
    snaps: list[Snap | None] = []
    refused: list[OffNetwork | NoRoute] = []
    for number, place in enumerate(request.places):
        try:
            snap = network.snap(place, f"places.{number}", leaving=not request.towards)
            network.require_free(place, snap)
        except (OffNetwork, NoRoute) as error:
            snaps.append(None)
            refused.append(error)
        else:
            snaps.append(snap)
    if len(refused) == len(snaps):
        raise refused[0]
    return snaps


def _ends_off_road(snaps: Sequence[Snap], request: IsochroneRequest) -> bool:
    per_m = OFF_ROAD_S_PER_M if request.by is Measure.TIME else 1.0
    return min(snap.distance_m for snap in snaps) * per_m > request.ranges[-1]


def _meets_edge(network: ReachNetwork, longest: RangeArea) -> bool:
    west, south, east, north = network.graph.meta.bbox
    bounds = longest.geometry.bounds
    return bounds[0] < west or bounds[1] < south or bounds[2] > east or bounds[3] > north
