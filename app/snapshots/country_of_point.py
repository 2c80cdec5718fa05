"""Country of a point, inferred from the nearest road and the nearest populated place (P33).

The available boundary polygons are wrong by kilometres, so the country is that of the nearest road
or populated place. If the two are in different countries and at similar distances, no route may
start or end at the point, because a wrong guess would send people across a border.
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

#: If the nearest road and the nearest place are in different countries, the nearer of the two
#: decides only if its distance is at most this fraction of the other's distance [A].
CLEARLY_NEARER = 0.75

#: Maximum distance, metres, at which a populated place is evidence of a point's country [A]. Every
#: point on land in the region has a town within this distance.
PLACE_LIMIT_M = 100_000.0


class UncertainCountryError(Exception):
    """A point is too near to a border to tell its country.

    ``field`` is the name of the request's field with the point.
    """

    def __init__(self, field: str) -> None:
        super().__init__(f"{field}: too near to a border to tell its country")
        self.field = field


class SilentCrossingError(Exception):
    """A line drawn by the client crosses a border away from roads and official crossings (P33)."""


@dataclass(frozen=True)
class Whereabouts:
    """Country of a point, and the evidence for it.

    Attributes
    ----------
    country : str or None
        Country by the nearest evidence, ISO 3166-1 alpha-2.
    is_certain : bool
        Whether the country is certain enough for routing.
    place : Place
        Nearest populated place.
    crossing : frozenset of str or None
        For a point on an official crossing: the two countries that the crossing joins.
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
        """Whether the point is far from roads and towns, so that `doubted` checks its country."""
        return self.evidence_m > boundaries.DEEP_M


async def locate(
    session: AsyncSession, network: RoadNetworks, lon: float, lat: float
) -> Whereabouts:
    """Return the country of a point (degrees, EPSG:4326) and the evidence for it.

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
        As for `locate`.
    """
    near = await places_near(session, points)
    # Run in a thread, because regions, and maybe their roads, are read from disk.
    found = await anyio.to_thread.run_sync(partial(weigh_all, network, points, near))
    return await doubted(session, points, found)


def weigh_all(
    network: RoadNetworks,
    points: Sequence[tuple[float, float]],
    near: Sequence[tuple[NamedPlace, float]],
) -> tuple[Whereabouts, ...]:
    """Return the country of each point, inferred from its nearest place and the nearest roads.

    ``near`` holds the nearest place of each point and its distance in metres. The caller has to
    check results that are far from roads and towns (`Whereabouts.is_far`) with `doubted`.

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
    """Mark inferred countries as uncertain where the boundary polygon shows another country.

    Only points far from roads and towns are checked (`Whereabouts.is_far`).
    """
    pairs = zip(found, points, strict=True)
    return tuple([await _by_polygon(session, one, *point) for one, point in pairs])


async def _by_polygon(
    session: AsyncSession, found: Whereabouts, lon: float, lat: float
) -> Whereabouts:
    if found.is_far:
        # A polygon may make the inferred country uncertain, but never replaces it by another.
        by_polygon = await boundaries.countries_at(await connected(session), lon, lat)
        if by_polygon and found.country not in by_polygon:
            return replace(found, is_certain=False)
    return found


def weigh(place: NamedPlace, place_m: float, region: Region, lon: float, lat: float) -> Whereabouts:
    """Return the country of a point, inferred from its nearest place and its nearest road."""
    by_place = place.country if place_m <= PLACE_LIMIT_M else None
    border = region.border_near(lon, lat, POST_REACH_M)
    if border is not None:
        return Whereabouts(by_place, is_certain=True, place=place, crossing=border.countries)
    try:
        snap = snap_to_edge(region.graph, lon, lat, Mode.FOOT)
    except OffNetwork:
        # No road is near, so the route search will refuse the point; the country can be stated as
        # certain, because no route from here can cross a border.
        return Whereabouts(by_place, is_certain=True, place=place, evidence_m=place_m)
    near_m = min(place_m, snap.distance_m)
    if _is_at_border(region, snap):
        # The nearest road is at a border crossing, which belongs to both countries, so it does not
        # tell the point's country.
        country, is_certain = by_place, place_m <= snap.distance_m
    elif snap.country in {None, by_place}:
        country, is_certain = by_place, by_place is not None
    else:
        other_m = min(place_m, _road_m(region, lon, lat, by_place))
        country = by_place if other_m < snap.distance_m else snap.country
        near_m, far_m = sorted((other_m, snap.distance_m))
        is_certain = near_m <= far_m * CLEARLY_NEARER
        if country == snap.country and not _has_roads(region, by_place):
            # The network has no roads of the place's country, although such a road may be nearer in
            # reality. So the road found is trusted only at a short distance.
            is_certain = snap.distance_m <= POST_REACH_M
    return Whereabouts(country, is_certain=is_certain, place=place, evidence_m=near_m)


def _road_m(region: Region, lon: float, lat: float, country: str | None) -> float:
    """Return a point's distance to the nearest road of a country, metres; infinite if none."""
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

    A point on a crossing belongs to both countries. It is assigned to the country in which the
    other end is not, so that the route passes the crossing explicitly: the crossing is named, and
    has to be open (P10).

    Raises
    ------
    UncertainCountryError
        An end lies too near to a border to tell its country.
    """
    first, last = countries_along(start, (), end)
    return first, last


def countries_along(
    start: Whereabouts, via: Sequence[Whereabouts], end: Whereabouts
) -> tuple[str | None, ...]:
    """Return the countries in which start, waypoints and end have to snap to the road network.

    The ends are assigned as by `countries_of_ends`. A waypoint on a crossing is assigned to the
    country from which the journey comes, so that the waypoint forces nobody across a border.

    Raises
    ------
    UncertainCountryError
        One of the points lies too near to a border to tell its country.
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
