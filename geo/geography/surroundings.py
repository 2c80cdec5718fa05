"""Country, unit, nearest town and time zone of a position, and whether they are doubtful.

A form proposes these values for a position that a person has marked on a map. The polygons of
countries are kilometres off at places, and a mark easily falls into a border river. So near borders
and in water the person has to confirm the values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from geoalchemy2 import Geography
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    and_,
    any_,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.views import boundaries, ground, landscape, places
from geo.errors import NotFoundError
from geo.geography.boundaries import DEEP_M, asked_points, units_at
from geo.geography.places import PLAIN_NAME, NamedPlace, place_near, places_within
from geo.text.normalize import folded

type Water = Literal["lake", "sea"]

#: Distance in metres from another country's polygon within which the country of a position is
#: doubtful: the error of the polygons at most places (see `geo.geography.boundaries.DEEP_M`).
BORDER_M = DEEP_M

#: Distance in metres from a town of another country within which the country of a position is
#: doubtful too [A]: where the polygons miss a border by more than `BORDER_M`, there often is a twin
#: town on the other side.
TWIN_TOWN_M = 5_000.0

#: Distance from the nearest town within which a position is taken to belong to it, metres [A].
TOWN_REACH_M = 25_000.0

#: Maximum distance in metres between a position outside of all polygons and the nearest place, for
#: the position to be in the country of that place [A]. No polygon has so large an error.
_LAND_REACH_M = 50_000.0

#: Characters that are ignored when names are compared.
_SIGNS = " -.,'’()|"

#: Lower bound in metres of a degree of longitude up to 60 degrees of latitude (WGS84: 55,800), for
#: bounding boxes that include every place within a distance.
_LEAST_DEGREE_M = 55_000.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Values that follow from a position, and doubts about them.

    Attributes
    ----------
    country : str or None
        ISO 3166-1 alpha-2; None far from all land.
    admin1, locality : str or None
        First-level unit that contains the position; town within `TOWN_REACH_M`.
    timezone : str or None
        IANA name.
    distance_m : float or None
        Distance to the nearest place of the country, on the ellipsoid.
    other_countries : tuple of str
        Other countries in which the position could be.
    water : str or None
        ``lake`` in a lake or a water area of an imported region, ``sea`` outside of all countries'
        polygons, None on land.
    """

    country: str | None
    admin1: str | None
    locality: str | None
    timezone: str | None
    distance_m: float | None
    other_countries: tuple[str, ...]
    water: Water | None

    @property
    def is_doubtful(self) -> bool:
        """Whether a person has to confirm the position and its country."""
        return self.country is None or bool(self.other_countries) or self.water is not None


async def surroundings(session: AsyncSession, lon: float, lat: float) -> Surroundings:
    """Return the surroundings of a position in degrees, EPSG:4326 (any reading tier)."""
    (around,) = await countries_around(session, [(lon, lat)])
    holding = [country for country, is_holding in around.items() if is_holding]
    nearest = await _nearest(session, lon, lat)
    country = _country(holding, nearest)
    water: Water | None = None
    if not holding:
        water = "sea"
    elif await _is_in_lake(session, lon, lat):
        water = "lake"
    if country is None:
        return Surroundings(None, None, None, None, None, (), water)
    others = {*around} - {country}
    (own,) = await places_within(session, [(lon, lat)], [country])
    place, distance_m = (None, None) if own is None else own
    (unit,) = await units_at(session, [(lon, lat, country)])
    if unit is None and place is not None:
        (unit,) = await units_at(session, [(place.lon, place.lat, country)])
    is_near = distance_m is not None and distance_m <= TOWN_REACH_M
    return Surroundings(
        country=country,
        admin1=unit,
        locality=place.name if place is not None and is_near else None,
        timezone=None if place is None else place.timezone,
        distance_m=distance_m,
        other_countries=tuple(sorted(others)),
        water=water,
    )


def only_country(around: Mapping[str, bool]) -> str | None:
    """Return the country of a position, or None if the country is doubtful.

    Parameters
    ----------
    around : mapping of str to bool
        Countries in or near which the position lies, each with whether its polygon contains the
        position (`countries_around`).

    Returns
    -------
    str or None
        ISO 3166-1 alpha-2 of the country whose polygon contains the position. None if no polygon
        contains it, or if ``around`` has another country too.
    """
    (country, is_holding) = next(iter(around.items()), (None, False))
    return country if is_holding and len(around) == 1 else None


async def countries_around(
    session: AsyncSession, points: Sequence[tuple[float, float]]
) -> list[dict[str, bool]]:
    """Return the countries in or near which each point lies, and whether their polygon contains it.

    A point is near a country whose polygon is within `BORDER_M`, or with a town within
    `TWIN_TOWN_M`. Points are (lon, lat) in degrees, EPSG:4326; countries are ISO 3166-1 alpha-2.
    """
    asked, point = asked_points(points)
    holds = func.ST_Intersects(boundaries.c.geom, point)
    near = select(asked.c.row, boundaries.c.country, holds.label("holds")).join(
        boundaries,
        (boundaries.c.level == 0) & (holds | _is_within(boundaries.c.geom, point, BORDER_M)),
    )
    towns = select(asked.c.row, places.c.country, literal(False).label("holds")).join(
        places, _is_within(places.c.geom, point, TWIN_TOWN_M)
    )
    found: list[dict[str, bool]] = [{} for _ in points]
    for row, country, is_holding in await session.execute(union_all(near, towns)):
        found[row - 1][country] = found[row - 1].get(country, False) or is_holding
    return found


async def countries_of_named(
    session: AsyncSession, asked: Sequence[tuple[float, float, Iterable[str]]], reach_m: float
) -> list[frozenset[str]]:
    """Return, for each point, the countries that have a place of one of its names near it.

    Parameters
    ----------
    asked
        Points as lon, lat (degrees, EPSG:4326) and names. Case, accents, blanks and punctuation of
        names are ignored: "Mazocruz" is "Mazo Cruz".
    reach_m
        Maximum distance in metres between a point and the place.
    """
    points, point = asked_points(
        [(lon, lat) for lon, lat, _ in asked],
        names=["|".join(map(_bare, names)) for *_, names in asked],
    )
    # Select the near places first and then compare names, since comparing a name costs as much as
    # ten distances. The OFFSET keeps the planner from merging both steps.
    near = (
        select(points.c.row, points.c.names, places.c.country, PLAIN_NAME.label("plain"))
        .join(places, _is_within(places.c.geom, point, reach_m))
        .offset(0)
        .subquery()
    )
    is_named = func.translate(near.c.plain, _SIGNS, "") == any_(
        func.string_to_array(near.c.names, "|", type_=ARRAY(Text))
    )
    found: list[set[str]] = [set() for _ in asked]
    question = select(near.c.row, near.c.country).where(is_named).distinct()
    for row, country in await session.execute(question):
        found[row - 1].add(country)
    return list(map(frozenset, found))


def _bare(name: str) -> str:
    return folded(name).translate(str.maketrans("", "", _SIGNS))


async def _nearest(
    session: AsyncSession, lon: float, lat: float
) -> tuple[NamedPlace, float] | None:
    try:
        return await place_near(session, lon, lat)
    except NotFoundError:
        return None


def _country(holding: Iterable[str], nearest: tuple[NamedPlace, float] | None) -> str | None:
    """Return the country whose polygon contains a position, or else that of the nearest place.

    The nearest place also decides if several polygons contain the position.
    """
    held = sorted(holding)
    if len(held) == 1:
        return held[0]
    if nearest is not None and nearest[1] <= _LAND_REACH_M:
        return nearest[0].country
    return held[0] if held else None


def _is_within(
    geom: ColumnElement[Any], point: ColumnElement[str], distance_m: float
) -> ColumnElement[bool]:
    """Return the condition that a geometry is within a distance in metres of a point.

    A condition on bounding boxes comes first, because the spatial index supports only this one.
    """
    about = func.ST_Expand(point, distance_m / _LEAST_DEGREE_M)
    near = func.ST_DWithin(cast(geom, Geography), cast(point, Geography), distance_m)
    return and_(geom.op("&&")(about), near)


async def _is_in_lake(session: AsyncSession, lon: float, lat: float) -> bool:
    point = _point(lon, lat)
    waters = [
        select(literal(1)).where(table.c.kind == kind, func.ST_Intersects(table.c.geom, point))
        for table, kind in ((ground, "lake"), (landscape, "water"))
    ]
    return await session.scalar(union_all(*waters).limit(1)) is not None


def _point(lon: float, lat: float) -> ColumnElement[str]:
    return func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)
