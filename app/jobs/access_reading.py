"""Reading of the public data on which the access times of a month depend."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from app.jobs.access_closures import spaces_along
from app.jobs.access_world import AccessWorld, MonthSpace, NetworkFolder, Town
from app.snapshots.road_networks import Region, RoadNetworks
from app.snapshots.tier_snapshot import reading
from geo.db.sessions import Database, Tier
from geo.geography import coverage_gaps
from geo.geography.place_index import ResidentPlaces
from geo.spaces import months
from geo.vocabulary import check_services

#: Time of day that decides which crossings are open and which hazards apply when access times are
#: computed: morning everywhere in the region, within office hours from Mexico to Brazil [A].
_AT: Final = time(10, tzinfo=timezone(timedelta(hours=-5)))


@dataclass(frozen=True)
class AccessQuestion:
    """Requested access times: first day of the month, profiles and services.

    With empty ``services`` times are computed for every service of the layer ``access``. The spaces
    of the corridor with the id ``closed_corridor`` are treated as closed. ``raster_cell_deg`` is
    the cell size of rasters, degrees; None asks for no rasters.
    """

    month: date
    profiles: tuple[str, ...]
    services: tuple[str, ...] = ()
    closed_corridor: str | None = None
    raster_cell_deg: float | None = None


async def read_world(
    database: Database,
    network: RoadNetworks,
    question: AccessQuestion,
    *,
    now: datetime,
    access_m: float,
) -> AccessWorld:
    """Read the public data on which the requested access times depend.

    Parameters
    ----------
    now
        Current time, aware.
    access_m
        Greatest distance between a corridor and a space that closes with it, metres.

    Raises
    ------
    UnknownTermError, ProtectedServiceError
        A service is unknown, or protected (P38).
    NotFoundError
        There is no such corridor.
    """
    on = months.day_of_record(question.month, now.date())
    at = datetime.combine(on, _AT)
    async with database.primary_session(Tier.PUBLIC) as session:
        if question.services:
            await check_services(session, question.services)
        known = await reading(session)
        crossings = tuple(crossing for _, crossing in await known.crossings(at))
        hazards = tuple(hazard for _, hazard in await known.hazards(at) if hazard.is_published)
        places = await ResidentPlaces.read(session)
        found = await months.spaces_in_month(session, question.month, today=now.date())
        counted = await coverage_gaps.counted_services(session)
        corridors = await coverage_gaps.visible_corridors(session)
    spaces = tuple(
        MonthSpace(
            one.id, one.country, one.lon, one.lat,
            tuple(sorted(found.offered[one.id] & set(counted))), one.demo,
        )
        for one in found.spaces
    )  # fmt: skip
    if question.closed_corridor is not None:
        closed = await spaces_along(
            network, corridors, question.closed_corridor, crossings, found.spaces, access_m
        )
        spaces = _without(spaces, closed)
    offered = {service for space in spaces for service in space.services}
    return AccessWorld(
        month=question.month,
        at=at,
        profiles=question.profiles,
        services=question.services or tuple(code for code in counted if code in offered),
        towns=_towns(places),
        spaces=spaces,
        crossings=crossings,
        hazards=hazards,
        networks=_folders(network.regions()),
        closed_corridor=question.closed_corridor,
        raster_cell_deg=question.raster_cell_deg,
    )


def _without(spaces: Iterable[MonthSpace], closed: Collection[str]) -> tuple[MonthSpace, ...]:
    return tuple(space for space in spaces if space.id not in closed)


def _towns(places: ResidentPlaces) -> tuple[Town, ...]:
    columns: Mapping[str, Sequence[Any]] = places.columns
    rows = zip(
        columns["id"], columns["name"], columns["country"], columns["population"],
        places.lon.tolist(), places.lat.tolist(), strict=True,
    )  # fmt: skip
    towns = (Town(*row) for row in rows)
    return tuple(sorted(towns, key=lambda town: town.id))


def _folders(regions: Iterable[Region]) -> tuple[NetworkFolder, ...]:
    return tuple(
        NetworkFolder(
            one.meta.name,
            str(Path(one.graph.folder or "").resolve()),
            one.meta.imported_at,
            one.meta.source,
            one.meta.licence,
        )
        for one in regions
    )
