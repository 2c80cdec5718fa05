"""Country of a point, inferred from the nearest road and the nearest populated place (P33).

The available boundary polygons are wrong by kilometres, so the nearest object of known country
decides: a road or a populated place. If the two disagree and are at similar distances, no route may
start or end at the point: a wrong guess would send people across a border.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import anyio.to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from app.snapshots.road_networks import Region, RoadNetworks
from geo.db.sessions import connected
from geo.geography import boundaries
from geo.geography.places import NamedPlace, places_near
from routing.errors import OffNetwork
from routing.graph.snapping import Snap, snap_to_edge
from routing.osm_tags.edge_flags import Mode
from routing.travel.crossings import POST_REACH_M

#: If road and place disagree, the nearer one is trusted only when its distance is at most this
#: fraction of the other's [A].
CLEARLY_NEARER = 0.75

#: A place further away than this is no evidence of a point's country: on land in the region every
#: point has a town within this distance [A].
PLACE_LIMIT_M = 100_000.0


class UncertainCountryError(Exception):
    """The point is too near to a border to tell its country; names the request's field."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field}: too near to a border to tell its country")
        self.field = field


class SilentCrossingError(Exception):
    """A drawn line crosses a border away from roads, so at no official crossing (P33)."""


@dataclass(frozen=True)
class Whereabouts:
    """Country of a point with its evidence.

    Attributes
    ----------
    country : str or None
        Country by the nearest evidence, ISO 3166-1 alpha-2.
    is_certain : bool
        Whether the country is certain enough for routing.
    place : Place
        Nearest populated place.
    crossing : frozenset of str or None
        For a point on an official crossing: the two countries it joins.
    evidence_m : float
        Distance to the nearest road or town, metres.
    """

    country: str | None
    is_certain: bool
    place: NamedPlace
    crossing: frozenset[str] | None = None
    evidence_m: float = 0.0

    @property
    def is_far(self) -> bool:
        """Whether the point is so far from roads and towns that a boundary polygon may object."""
        return self.evidence_m > boundaries.DEEP_M


async def locate(
    session: AsyncSession, network: RoadNetworks, lon: float, lat: float
) -> Whereabouts:
    """Return the country of a point (degrees, EPSG:4326) with its evidence.

    Raises
    ------
    NotFoundError
        No places are loaded.
    NoNetworkError
        No road network is loaded.
    """
    return (await locate_all(session, network, [(lon, lat)]))[0]


async def locate_all(
    session: AsyncSession, network: RoadNetworks, points: Sequence[tuple[float, float]]
) -> tuple[Whereabouts, ...]:
    """Return the result of `locate` for each point (lon, lat in degrees), in one query.

    Raises
    ------
    NotFoundError, NoNetworkError
        As `locate`.
    """
    near = await places_near(session, points)
    # In a thread, because regions, and maybe their roads, are read from disk.
    found = await anyio.to_thread.run_sync(partial(weigh_all, network, points, near))
    return await doubted(session, points, found)


def weigh_all(
    network: RoadNetworks,
    points: Sequence[tuple[float, float]],
    near: Sequence[tuple[NamedPlace, float]],
) -> tuple[Whereabouts, ...]:
    """Return the country of each point from its nearest place (distance in metres) and the roads.

    Results that are `Whereabouts.is_far` still have to be checked by `doubted`.

    Raises
    ------
    NoNetworkError
        No road network is loaded.
    """
    return tuple(
        weigh(place, place_m, network.region_for(point), *point)
        for point, (place, place_m) in zip(points, near, strict=True)
    )


async def doubted(
    session: AsyncSession, points: Sequence[tuple[float, float]], found: Sequence[Whereabouts]
) -> tuple[Whereabouts, ...]:
    """Mark results far from roads and towns as uncertain if the boundary polygon disagrees."""
    pairs = zip(found, points, strict=True)
    return tuple([await _by_polygon(session, one, *point) for one, point in pairs])


async def _by_polygon(
    session: AsyncSession, found: Whereabouts, lon: float, lat: float
) -> Whereabouts:
    if found.is_far:
        # The polygon may refute the country, but never provides another.
        by_polygon = await boundaries.countries_at(await connected(session), lon, lat)
        if by_polygon and found.country not in by_polygon:
            return replace(found, is_certain=False)
    return found


def weigh(place: NamedPlace, place_m: float, region: Region, lon: float, lat: float) -> Whereabouts:
    """Return the country of a point from its nearest place and its nearest road."""
    by_place = place.country if place_m <= PLACE_LIMIT_M else None
    border = region.border_near(lon, lat, POST_REACH_M)
    if border is not None:
        return Whereabouts(by_place, is_certain=True, place=place, crossing=border.countries)
    try:
        snap = snap_to_edge(region.graph, lon, lat, Mode.FOOT)
    except OffNetwork:
        # No road is near: the route search will refuse the point, so no border can be crossed.
        return Whereabouts(by_place, is_certain=True, place=place, evidence_m=place_m)
    near_m = min(place_m, snap.distance_m)
    if _is_at_border(region, snap):
        # The nearest road is at the crossing itself, which is equally near from both sides.
        country, is_certain = by_place, place_m <= snap.distance_m
    elif snap.country in {None, by_place}:
        country, is_certain = by_place, by_place is not None
    else:
        other_m = min(place_m, _road_m(region, lon, lat, by_place))
        country = by_place if other_m < snap.distance_m else snap.country
        near_m, far_m = sorted((other_m, snap.distance_m))
        is_certain = near_m <= far_m * CLEARLY_NEARER
        if country == snap.country and not _has_roads(region, by_place):
            # The region lacks the roads of the place's country, which may be nearer.
            is_certain = snap.distance_m <= POST_REACH_M
    return Whereabouts(country, is_certain=is_certain, place=place, evidence_m=near_m)


def _road_m(region: Region, lon: float, lat: float, country: str | None) -> float:
    """Return the distance to the nearest road of a country, metres; infinite if there is none."""
    if country is None:
        return math.inf
    try:
        return snap_to_edge(region.graph, lon, lat, Mode.FOOT, country).distance_m
    except OffNetwork:
        return math.inf


def _has_roads(region: Region, country: str | None) -> bool:
    """Return whether a region has the roads of a country; True for None."""
    return country is None or country in region.meta.countries


def _is_at_border(region: Region, snap: Snap) -> bool:
    return region.border_near(snap.lon, snap.lat, POST_REACH_M) is not None


def countries_of_ends(start: Whereabouts, end: Whereabouts) -> tuple[str | None, str | None]:
    """Return the countries in which the two ends of a journey have to snap to the road network.

    A point on a crossing belongs to both sides. It is assigned to the country that is not the
    other end's, so that the route passes the crossing explicitly: named, and only while it is open
    (P10).

    Raises
    ------
    UncertainCountryError
        The country of an end cannot be told.
    """
    first, last = countries_along(start, (), end)
    return first, last


def countries_along(
    start: Whereabouts, via: Sequence[Whereabouts], end: Whereabouts
) -> tuple[str | None, ...]:
    """Return the countries for all places of a journey, as `countries_of_ends`, with waypoints.

    A waypoint on a crossing is assigned to the country that the journey comes from, so that it
    forces nobody across a border.

    Raises
    ------
    UncertainCountryError
        The country of a place cannot be told.
    """
    fields = ("start", *(f"via.{n}" for n in range(len(via))), "end")
    for field, where in zip(fields, (start, *via, end), strict=True):
        if not where.is_certain:
            raise UncertainCountryError(field)
    countries = [_side(start, (via[0] if via else end).country)]
    for where in via:
        stays = where.crossing is not None and countries[-1] in where.crossing
        countries.append(countries[-1] if stays else _side(where, None))
    return (*countries, _side(end, countries[-1]))


def _side(where: Whereabouts, other: str | None) -> str | None:
    if where.crossing is None:
        return where.country
    if other in where.crossing:
        return next(iter(where.crossing - {other}))
    return where.country if where.country in where.crossing else min(where.crossing)
