"""The next space each way: what is met first on the roads out of a place (P43)."""

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

#: How far along the roads the next spaces are looked for: four days of 25 km on foot (the longest
#: day, `routing.travel.profiles.ADULT`).
REACH_M = 100_000.0

#: Spaces looked at, and named [A].
MOST_CANDIDATES = 200
MOST_NAMED = 6


@dataclass(frozen=True)
class NextSpace:
    """A usable space, the metres to it by road and the official crossings on the way."""

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
    """Return the usable spaces that are met first on each way out of a place, the nearest first.

    Those within a kilometre of it are here, not on a way out, and of several at one spot the
    nearest stands for all. Spaces of other countries count
    only over official crossings that are open at ``at`` (P10, P33).

    Parameters
    ----------
    session : AsyncSession
        Of the asker's tier; what it may not see takes no part (P8).
    lon, lat : float
        Degrees, EPSG:4326.
    country : str
        Of the place, ISO 3166-1 alpha-2.
    at : datetime
        Aware.

    Raises
    ------
    BusyError, NoNetworkError
        Not ready.
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
    # A waiting search holds no connection: what it needs has been read.
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
        # A space of another country is reached through a crossing or not at all.
        and (one.crossings or around[one.index].candidate.country == country)
    )


def _is_usable(one: NearCandidate, at: datetime) -> bool:
    """Return whether people can be sent to a space at some hour (P15)."""
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
