"""Isochrones and matrices of travel time, computed with the data that the client's tier may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from app.runtime.work_limit import search
from app.snapshots.country_of_point import (
    UncertainCountryError,
    Whereabouts,
    doubted,
    weigh_all,
)
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import Region, RoadNetworks
from app.snapshots.tier_snapshot import SnapshotReading, reading
from geo.spaces.queries import OpenSpace
from routing.errors import OffNetwork
from routing.osm_tags.edge_flags import Mode
from routing.reach.isochrones import IsochroneAnswer, IsochroneRequest, isochrones
from routing.reach.matrix import Matrix, MatrixRequest
from routing.reach.network import ReachConditions
from routing.reach.spread import Measure
from routing.router.reachability import ReachPlace
from routing.travel.profiles import Profile

type Point = tuple[float, float]


@dataclass(frozen=True)
class ReachWorld:
    """Places of a request with their countries, and crossings and hazards at the time requested.

    Attributes
    ----------
    places
        The places, in the request's order.
    conditions
        Crossings and hazards that the client's tier may see, and the traveller's mode and profile.
    has_demo
        Whether demo rows are loaded (P35).
    """

    places: tuple[ReachPlace, ...]
    conditions: ReachConditions
    has_demo: bool


@dataclass(frozen=True)
class WorldQuestion:
    """Conditions of travel: aware departure, mode, profile, and whether borders may be crossed.

    ``profile`` None means the network's default profile.
    """

    at: datetime
    mode: Mode
    profile: Profile | None
    crosses_borders: bool


@dataclass(frozen=True)
class IsochroneQuestion:
    """Requested isochrones: ascending ranges in seconds or metres, from places or towards them."""

    ranges: tuple[float, ...]
    by: Measure
    towards: bool


async def find_world(
    source: ReadSource, network: RoadNetworks, points: Sequence[Point], asked: WorldQuestion
) -> ReachWorld:
    """Read the crossings and hazards that the client may see, and find the countries of places.

    The database session is closed at the end.

    Parameters
    ----------
    points
        Longitude and latitude, degrees; errors name them ``locations.0`` and so on.

    Raises
    ------
    UncertainCountryError
        A place lies too near to a border to tell its country (P33).
    NoNetworkError
        No road network is loaded.
    BusyError
        Too many searches are waiting.
    """
    known = await reading(source.session, source.stamps)
    near = (await known.places()).near(points)
    conditions = await _conditions(known, near[0][0].timezone, asked)
    # Give the database connection back before waiting for a search thread.
    await source.session.close()
    where = await search(partial(weigh_all, network, points, near))
    if any(one.is_far for one in where):
        where = await doubted(source.session, points, where)
        await source.session.close()
    places = tuple(
        ReachPlace(*point, _country(one, f"locations.{n}"))
        for n, (point, one) in enumerate(zip(points, where, strict=True))
    )
    return ReachWorld(places, conditions, known.has_demo)


async def find_world_around(
    source: ReadSource, spaces: Sequence[OpenSpace], asked: WorldQuestion
) -> ReachWorld:
    """Read the crossings and hazards that the client may see, for travel from or to spaces.

    The countries of the spaces are known, so none has to be inferred.

    Day and night follow the local time at the first space. The database session is closed at the
    end.
    """
    known = await reading(source.session, source.stamps)
    near = (await known.places()).near([(spaces[0].lon, spaces[0].lat)])
    conditions = await _conditions(known, near[0][0].timezone, asked)
    await source.session.close()
    places = tuple(ReachPlace(space.lon, space.lat, space.country) for space in spaces)
    return ReachWorld(places, conditions, known.has_demo)


async def _conditions(
    known: SnapshotReading, timezone: str, asked: WorldQuestion
) -> ReachConditions:
    local = asked.at.astimezone(ZoneInfo(timezone))
    return ReachConditions(
        local,
        crossings=tuple(crossing for _, crossing in await known.crossings(local)),
        hazards=tuple(hazard for _, hazard in await known.hazards(local)),
        mode=asked.mode,
        profile=asked.profile,
        crosses_borders=asked.crosses_borders,
    )


def _country(where: Whereabouts, field: str) -> str:
    if not where.is_certain or where.country is None:
        raise UncertainCountryError(field)
    return where.country


async def isochrones_of_each(
    network: RoadNetworks, world: ReachWorld, question: IsochroneQuestion
) -> list[tuple[Region, IsochroneAnswer]]:
    """Compute separate isochrones for each place, each on the most detailed network at the place.

    Raises
    ------
    OffNetwork
        A place lies too far from every road of its country.
    NoRoute
        A hazard that closes roads cuts a place off from its road.
    InvalidRequest
        A range is shorter than the way from the place to its road.
    NoNetworkError, BusyError
        As for `find_world`.
    """
    # Search for one place at a time, so that other requests get search threads in between.
    return [
        await search(partial(_of_place, network, world, question, number))
        for number in range(len(world.places))
    ]


def _of_place(
    network: RoadNetworks, world: ReachWorld, question: IsochroneQuestion, number: int
) -> tuple[Region, IsochroneAnswer]:
    place = world.places[number]
    region = network.region_for((place.lon, place.lat))
    try:
        return region, _isochrones(region, [place], world.conditions, question)
    except OffNetwork as error:
        which = f"locations.{number}"
        raise OffNetwork(which, error.distance_m, error.limit_m, error.country) from error


async def isochrones_of_all(
    network: RoadNetworks, world: ReachWorld, question: IsochroneQuestion
) -> tuple[Region, IsochroneAnswer]:
    """Compute common isochrones of all places: the areas in reach of at least one of them.

    They are computed on the most detailed network that covers all places.

    Raises
    ------
    OffNetwork
        Every place lies too far from the roads of its country.
    NoRoute, InvalidRequest, NoNetworkError, BusyError
        As for `isochrones_of_each`.
    """

    def work() -> tuple[Region, IsochroneAnswer]:
        region = network.region_for(*((place.lon, place.lat) for place in world.places))
        return region, _isochrones(region, world.places, world.conditions, question)

    return await search(work)


def _isochrones(
    region: Region,
    places: Sequence[ReachPlace],
    conditions: ReachConditions,
    question: IsochroneQuestion,
) -> IsochroneAnswer:
    request = IsochroneRequest(
        places, question.ranges, conditions, question.by, towards=question.towards
    )
    return isochrones(region.reach_networks, request)


async def matrix_of(
    network: RoadNetworks, world: ReachWorld, sources: Sequence[int], targets: Sequence[int]
) -> tuple[Region, Matrix]:
    """Compute the matrix of travel times and lengths between places.

    It is computed on the most detailed network that covers all places of ``world``.

    Parameters
    ----------
    sources, targets
        Indices, into the places of ``world``, of the starts and of the ends.

    Raises
    ------
    NoNetworkError, BusyError
        As for `find_world`.
    """
    places = world.places

    def work() -> tuple[Region, Matrix]:
        region = network.region_for(*((place.lon, place.lat) for place in places))
        request = MatrixRequest(
            [places[n] for n in sources], [places[n] for n in targets], world.conditions
        )
        return region, region.matrices.matrix(request)

    return await search(work)
