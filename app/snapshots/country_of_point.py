"""In which country a point lies, as far as roads and towns tell (P33).

Boundary polygons at hand are kilometres off, so the nearest thing whose country is known
decides: a road or a populated place. Where the two disagree and are about as near, nobody may
be routed from there: a wrong guess would send people across a border.
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

#: Of two that disagree, the nearer must be at most this part of the other's distance [A].
CLEARLY_NEARER = 0.75

#: A place further away than this tells nothing of a point's country: on land in the region no
#: point is that far from every town [A].
PLACE_LIMIT_M = 100_000.0


class UncertainCountryError(Exception):
    """A point so near to a border that its country cannot be told; names the field."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field}: too near to a border to tell its country")
        self.field = field


class SilentCrossingError(Exception):
    """A drawn line leaves its country away from roads, so by no official crossing (P33)."""


@dataclass(frozen=True)
class Whereabouts:
    """What is known of a point's country.

    Attributes
    ----------
    country : str or None
        By the nearest evidence, ISO 3166-1 alpha-2.
    is_certain : bool
        Whether a route may rest on it.
    place : Place
        The nearest populated place.
    crossing : frozenset of str or None
        For a point on an official crossing: the two countries it joins.
    evidence_m : float
        Distance of the nearest road or town.
    """

    country: str | None
    is_certain: bool
    place: NamedPlace
    crossing: frozenset[str] | None = None
    evidence_m: float = 0.0

    @property
    def is_far(self) -> bool:
        """Whether it is so far from every road and town that a polygon may say no."""
        return self.evidence_m > boundaries.DEEP_M


async def locate(
    session: AsyncSession, network: RoadNetworks, lon: float, lat: float
) -> Whereabouts:
    """Return what is known of the country of a point (degrees, EPSG:4326).

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
    """Return for each point (lon, lat in degrees) what `locate` does, in one go.

    Raises
    ------
    NotFoundError, NoNetworkError
        As `locate`.
    """
    near = await places_near(session, points)
    # Regions are looked for on the disk, and so may be the roads.
    found = await anyio.to_thread.run_sync(partial(weigh_all, network, points, near))
    return await doubted(session, points, found)


def weigh_all(
    network: RoadNetworks,
    points: Sequence[tuple[float, float]],
    near: Sequence[tuple[NamedPlace, float]],
) -> tuple[Whereabouts, ...]:
    """Weigh for each point the nearest place, at its distance in metres, against the roads.

    What is `Whereabouts.is_far` is to be `doubted` yet.

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
    """Doubt each country that is far from every road and town, if the polygon says no."""
    pairs = zip(found, points, strict=True)
    return tuple([await _by_polygon(session, one, *point) for one, point in pairs])


async def _by_polygon(
    session: AsyncSession, found: Whereabouts, lon: float, lat: float
) -> Whereabouts:
    if found.is_far:
        # It may say no, though never where.
        by_polygon = await boundaries.countries_at(await connected(session), lon, lat)
        if by_polygon and found.country not in by_polygon:
            return replace(found, is_certain=False)
    return found


def weigh(place: NamedPlace, place_m: float, region: Region, lon: float, lat: float) -> Whereabouts:
    """Weigh the nearest place against the nearest road."""
    by_place = place.country if place_m <= PLACE_LIMIT_M else None
    border = region.border_near(lon, lat, POST_REACH_M)
    if border is not None:
        return Whereabouts(by_place, is_certain=True, place=place, crossing=border.countries)
    try:
        snap = snap_to_edge(region.graph, lon, lat, Mode.FOOT)
    except OffNetwork:
        # The search will say so; from here nothing can be crossed.
        return Whereabouts(by_place, is_certain=True, place=place, evidence_m=place_m)
    near_m = min(place_m, snap.distance_m)
    if _is_at_border(region, snap):
        # The nearest road is the crossing itself, and that is as near from either side.
        country, is_certain = by_place, place_m <= snap.distance_m
    elif snap.country in {None, by_place}:
        country, is_certain = by_place, by_place is not None
    else:
        other_m = min(place_m, _road_m(region, lon, lat, by_place))
        country = by_place if other_m < snap.distance_m else snap.country
        near_m, far_m = sorted((other_m, snap.distance_m))
        is_certain = near_m <= far_m * CLEARLY_NEARER
        if country == snap.country and not _has_roads(region, by_place):
            # Their own roads are not known, and may be nearer.
            is_certain = snap.distance_m <= POST_REACH_M
    return Whereabouts(country, is_certain=is_certain, place=place, evidence_m=near_m)


def _road_m(region: Region, lon: float, lat: float, country: str | None) -> float:
    """Return how far the nearest road of a country is, metres; infinite without any."""
    if country is None:
        return math.inf
    try:
        return snap_to_edge(region.graph, lon, lat, Mode.FOOT, country).distance_m
    except OffNetwork:
        return math.inf


def _has_roads(region: Region, country: str | None) -> bool:
    """Return whether a region has the roads of a country; of none it has all."""
    return country is None or country in region.meta.countries


def _is_at_border(region: Region, snap: Snap) -> bool:
    return region.border_near(snap.lon, snap.lat, POST_REACH_M) is not None


def countries_of_ends(start: Whereabouts, end: Whereabouts) -> tuple[str | None, str | None]:
    """Return the countries to hold the two ends of a journey to.

    Who stands on a crossing may come from either side. Held to the side that is not the other
    end's, the journey passes the crossing in sight: named, and only while it is open (P10).

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
    """Return the countries to hold a journey's places to: `countries_of_ends` with waypoints.

    A waypoint on a crossing is passed on the side that the journey comes from: nobody is sent
    over a border for it.

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
