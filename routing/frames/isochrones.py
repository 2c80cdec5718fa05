"""How far people come on foot, as a frame of polygons."""

from collections.abc import Sequence
from datetime import datetime

import geopandas as gpd

from routing.errors import InvalidInput
from routing.frames.walking_network import WalkingNetwork
from routing.reach.isochrones import IsochroneRequest, isochrones
from routing.reach.network import ReachConditions
from routing.reach.spread import Measure
from routing.router.reachability import ReachPlace

_DEGREES = "EPSG:4326"


def draw_isochrones(
    network: WalkingNetwork,
    places: Sequence[tuple[float, float]],
    *,
    at: datetime,
    ranges_s: Sequence[float] = (),
    ranges_m: Sequence[float] = (),
    towards: bool = False,
    crosses_borders: bool = False,
) -> gpd.GeoDataFrame:
    """Draw the areas within some walking times, or lengths, of the nearest of some places.

    Areas are whole and without small holes, so that they draw no map of single roads (P36).

    Parameters
    ----------
    network
        The roads.
    places
        One or more: longitude and latitude, degrees, WGS 84.
    at
        Departure, timezone-aware, in the local time of the places.
    ranges_s, ranges_m
        Seconds of walking, or metres along the road, ascending; give one of the two.
    towards
        True if people walk to the places, False if people walk away from the places.
    crosses_borders
        True to pass official crossings that are open, False to end areas at borders (P33).

    Returns
    -------
    A frame in EPSG:4326 with one row for each range, each area within the next one. Columns:
    ``range_s`` or ``range_m``, ``area_m2``, ``within_m`` (no place of an area is farther than this
    from a reached road, metres) and ``meets_edge`` (whether the longest range reaches the edge of
    the network, beyond which no roads are known).

    Raises
    ------
    InvalidInput
        Both kinds of ranges, or none.
    InvalidRequest
        There are no places, the ranges do not ascend or end before the road is reached, or the time
        has no UTC offset.
    OffNetwork
        Every place lies too far from the roads.
    NoRoute
        Exclusions separate each place from its road, unless the place lies too far from the roads.
    """
    if bool(ranges_s) == bool(ranges_m):
        raise InvalidInput("ranges_s and ranges_m", "one of both")
    found = isochrones(
        network.reach_networks,
        IsochroneRequest(
            [ReachPlace(lon, lat) for lon, lat in places],
            list(ranges_s or ranges_m),
            ReachConditions(
                at,
                network.crossings,
                network.hazards,
                profile=network.profile,
                crosses_borders=crosses_borders,
            ),
            by=Measure.TIME if ranges_s else Measure.DISTANCE,
            towards=towards,
        ),
    )
    return gpd.GeoDataFrame(
        {
            "range_s" if ranges_s else "range_m": [area.value for area in found.areas],
            "area_m2": [area.area_m2 for area in found.areas],
            "within_m": found.within_m,
            "meets_edge": found.meets_edge,
        },
        geometry=[area.geometry for area in found.areas],
        crs=_DEGREES,
    )
