"""People who live near a corridor, its spaces and its gaps: by a raster, or by towns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import anyio.to_thread
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy.ext.asyncio import AsyncSession

from app.planning.population_raster import people_in_raster, pieces_of, scale_of
from geo.errors import NotFoundError
from geo.geography import coverage_gaps
from geo.geography.place_index import ResidentPlaces
from geo.spaces import queries
from geo.vocabulary import check_services
from routing.corridors.people import BANDS_M, people_near, town_parts
from routing.route.coverage import ACCESS_M

type Floats = NDArray[np.float64]

#: Values of `PeopleCount.of`: near what the people live.
CORRIDOR, SPACES, GAPS = "corridor", "spaces", "gaps"


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """People within a distance of a corridor, of its spaces, or of its gaps.

    ``people`` is None where nothing is known. ``source`` is the raster's file, or ``towns``.
    ``missing`` is the share, 0 to 1, of the area without values (raster), or of the towns whose
    population is not known.
    """

    of: str
    within_m: float
    people: int | None
    source: str
    missing: float


async def count_people(
    session: AsyncSession,
    corridor_id: str,
    *,
    service: str | None,
    raster: Path | None,
    on: date,
) -> list[PeopleCount]:
    """Count the people near a corridor, near its open spaces, and near its stored gaps.

    Parameters
    ----------
    session
        Session of the tier whose visible corridor, spaces and gaps are used.
    service
        Code of the service that spaces offer and gaps lack; None for any.
    raster
        File of a raster of people per cell; None counts the populations of towns.
    on
        Day of the open spaces and of the gaps.

    Raises
    ------
    NotFoundError
        There is no such corridor.
    ProtectedServiceError, UnknownServiceError
        The service is protected (P38), or there is no such service.
    PopulationRasterError
        The file is no raster.
    """
    asked = () if service is None else (service,)
    await check_services(session, asked)
    corridors = await coverage_gaps.visible_corridors(session)
    corridor = next((one for one in corridors if one.id == corridor_id), None)
    if corridor is None:
        msg = f"there is no corridor {corridor_id}"
        raise NotFoundError(msg)
    gaps = await coverage_gaps.gap_lines(session, corridor_id, service, on=on)
    spaces = await queries.open_spaces(session, on=on, services=asked)
    points = [shapely.Point(space.lon, space.lat) for space in spaces]
    beside_m = _distances_m([corridor.line], np.array([point.coords[0] for point in points]))
    shapes: dict[str, Sequence[BaseGeometry]] = {
        CORRIDOR: [corridor.line],
        SPACES: [point for point, m in zip(points, beside_m.tolist(), strict=True) if m < ACCESS_M],
        GAPS: gaps,
    }
    places = await ResidentPlaces.read(session)
    counts = []
    for name, chosen in shapes.items():
        if chosen:
            count = partial(_by_towns, places, chosen)
            if raster is not None:
                count = partial(_by_raster, raster, chosen)
            counts += await anyio.to_thread.run_sync(partial(count, name))
    return counts


def _by_raster(path: Path, shapes: Sequence[BaseGeometry], name: str) -> list[PeopleCount]:
    found = people_in_raster(path, shapes, BANDS_M)
    rows = zip(found.within_m, found.people, found.known_share, strict=True)
    return [
        PeopleCount(name, float(m), _whole(people), path.name, 1.0 - float(share))
        for m, people, share in rows
    ]


def _by_towns(
    places: ResidentPlaces, shapes: Sequence[BaseGeometry], name: str
) -> list[PeopleCount]:
    known = places.columns["population"]
    # In GeoNames, population 0 means not known.
    population = np.array([people or np.nan for people in known], dtype=np.float64)
    parts = town_parts(places.lon, places.lat, population)
    away_m = _distances_m(shapes, np.column_stack((parts.lon, parts.lat)))
    found = people_near(parts, away_m)
    rows = zip(found.within_m, found.people, found.towns, found.unknown, strict=True)
    return [
        PeopleCount(name, float(m), _whole(people), "towns", float(unknown) / max(int(towns), 1))
        for m, people, towns, unknown in rows
    ]


def _whole(people: float) -> int | None:
    return None if np.isnan(people) else round(people)


def _distances_m(shapes: Sequence[BaseGeometry], lonlat: Floats) -> Floats:
    """Return the distance of each point to the nearest shape, metres, float64 [n].

    Distances beyond the widest of `BANDS_M` are not measured, and may be given as 1e7.

    Parameters
    ----------
    lonlat
        float64 [n, 2], degrees.
    """
    least_m = np.full(len(lonlat), 1e7)
    for piece in (piece for shape in shapes for piece in pieces_of(shape)):
        scale = scale_of(piece)
        # Points farther away than the widest band are not measured.
        spare = 2.0 * max(BANDS_M) / scale
        west, south, east, north = piece.bounds
        low, high = np.array([west, south]) - spare, np.array([east, north]) + spare
        near = np.flatnonzero(((lonlat >= low) & (lonlat <= high)).all(axis=1))
        flat = shapely.transform(piece, partial(np.multiply, scale))
        away_m = shapely.distance(shapely.points(lonlat[near] * scale), flat)
        least_m[near] = np.minimum(least_m[near], away_m)
    return least_m
