"""Next spaces around a place: the spaces reached first along each road out of the place (P43)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import anyio.to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from app.runtime.work_limit import search
from app.snapshots.road_networks import Region, RoadNetworks
from app.snapshots.tier_snapshot import reading
from geo.spaces import candidates
from geo.spaces.candidates import Described, NearCandidate
from routing.errors import OffNetwork
from routing.router.reachability import FirstMet, ReachPlace, ReachRequest
from routing.travel.crossings import Crossing

#: Search distance along the roads, metres: four days on foot of 25 km each (the longest day of
#: `routing.travel.profiles.ADULT`).
REACH_M = 100_000.0

#: Maximum number of spaces examined [A].
MOST_CANDIDATES = 200
#: Maximum number of spaces returned [A].
MOST_NAMED = 6


@dataclass(frozen=True)
class NextSpace:
    """Usable space with its distance by road, metres, and the official crossings on the way."""

    described: Described
    distance_m: float
    crossings: tuple[Crossing, ...]


async def next_spaces(
    session: AsyncSession,
    network: RoadNetworks,
    lon: float,
    lat: float,
    *,
    country: str,
    at: datetime,
) -> tuple[NextSpace, ...]:
    """Return the usable spaces reached first along each road out of a place, nearest first.

    Spaces within a kilometre of the place count as part of the place and are left out. Of several
    spaces at one spot only the nearest is returned. Spaces of other countries are returned only if
    the way to them passes official crossings that are open at ``at`` (P10, P33).

    Parameters
    ----------
    session : AsyncSession
        Session of the client's tier; records hidden from that tier are not considered (P8).
    lon, lat : float
        Degrees, EPSG:4326.
    country : str
        Country of the place, ISO 3166-1 alpha-2.
    at : datetime
        Time at which crossings have to be open and records valid, aware.

    Raises
    ------
    BusyError
        Too many searches are waiting.
    NoNetworkError
        No road network can answer.
    """
    region = await anyio.to_thread.run_sync(network.region_for, (lon, lat))
    known = await reading(session)
    crossings = tuple(crossing for _, crossing in await known.crossings(at))
    around = [
        one
        for is_abroad in (False, True)
        for one in await candidates.candidates_near(
            session,
            lon,
            lat,
            services=(),
            country=country,
            is_abroad=is_abroad,
            reach_m=REACH_M,
            limit=MOST_CANDIDATES,
        )
        if _is_usable(one, at)
    ]
    # All data is read, so give the database connection back before waiting for a search thread.
    await session.close()
    request = ReachRequest(
        ReachPlace(lon, lat, country),
        [ReachPlace(one.lon, one.lat, one.candidate.country) for one in around],
        at,
        crossings,
    )
    met = await search(partial(_first_met, region, request))
    described = await candidates.describe(session, {around[one.index].candidate.id for one in met})
    return tuple(
        NextSpace(described[space_id], one.distance_m, one.crossings)
        for one in met
        if (space_id := around[one.index].candidate.id) in described
        # Return a space of another country only if the way to it passes an official crossing.
        and (one.crossings or around[one.index].candidate.country == country)
    )


def _is_usable(one: NearCandidate, at: datetime) -> bool:
    """Return whether people can be sent to a space (P15), whatever its opening hours."""
    space = one.candidate
    return (
        space.status == "active"
        and space.access == "open"
        and space.capacity != "full"
        and space.assured_on <= at.date() <= space.expires_on
    )


def _first_met(region: Region, request: ReachRequest) -> tuple[FirstMet, ...]:
    try:
        return region.reacher.first_met(request, count=MOST_NAMED)
    except OffNetwork:
        return ()
