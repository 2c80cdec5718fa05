"""Populated places: by name, and the nearest to a point."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import ColumnElement, Float, Select, bindparam, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.countries import CODES
from geo.errors import NotFoundError
from geo.folding import ACCENTED, PLAIN, folded, spelling_pattern
from geo.views import places

__all__ = ["Place", "find_places", "folded", "nearest_place", "place_near"]

#: Nearest places by degrees among which the nearest by metres is looked for: a degree of
#: longitude is at most 1.8 times shorter than one of latitude in the region (cos 56 degrees).
_NEAREST_BY_DEGREES = 16

#: Longest name worth asking for; the longest of the region's places has 65 characters.
_MAX_NAME = 120

_WITH_COUNTRY = re.compile(r"(.+?),\s*([a-z]{2})")


@dataclass(frozen=True, slots=True)
class Place:
    """A populated place.

    Attributes
    ----------
    country : str
        ISO 3166-1 alpha-2.
    admin1 : str or None
        GeoNames' own code of the first-level unit.
    timezone : str
        IANA name.
    lon, lat : float
        Degrees, EPSG:4326.
    """

    id: str
    name: str
    country: str
    admin1: str | None
    population: int
    timezone: str
    lon: float
    lat: float

    @property
    def label(self) -> str:
        """The name with its country: ``Cúcuta, CO``."""
        return f"{self.name}, {self.country}"


async def find_places(session: AsyncSession, text: str, limit: int = 10) -> tuple[Place, ...]:
    """Return the places whose name begins like ``text``, whatever its accents and case.

    Exact names come first, then by population. ``Name, CC`` asks in one country. Only if no
    name begins so, those that hold the text are returned.
    """
    wanted = folded(text[:_MAX_NAME])
    if not wanted.isprintable() or not wanted:
        return ()
    name, country = wanted, None
    stated = _WITH_COUNTRY.fullmatch(wanted)
    if stated and stated[2].upper() in CODES:
        name, country = stated[1], stated[2].upper()
    column = func.lower(func.translate(places.c.name, ACCENTED, PLAIN))
    pattern = spelling_pattern(name)
    for expression in (f"^{pattern}", pattern):
        question = _places(places.c.name.regexp_match(expression))
        if country is not None:
            question = question.where(places.c.country == country)
        found = await session.execute(
            question.order_by(
                (column == name).desc(), places.c.population.desc(), places.c.id
            ).limit(limit)
        )
        rows = tuple(_place(row) for row in found.mappings())
        if rows:
            return rows
    return ()


async def nearest_place(session: AsyncSession, lon: float, lat: float) -> Place:
    """Return the place nearest to a point (degrees, EPSG:4326).

    Raises
    ------
    NotFoundError
        No places are loaded.
    """
    return (await _nearest(session, lon, lat))[0]


async def place_near(session: AsyncSession, lon: float, lat: float) -> tuple[Place, float]:
    """Return the place nearest to a point and its distance in metres, on the ellipsoid.

    Raises
    ------
    NotFoundError
        No places are loaded.
    """
    return await _nearest(session, lon, lat)


async def _nearest(session: AsyncSession, lon: float, lat: float) -> tuple[Place, float]:
    rows = (await session.execute(_NEAREST, {"lon": lon, "lat": lat})).mappings().all()
    if not rows:
        msg = "no places are loaded"
        raise NotFoundError(msg)
    row = min(rows, key=lambda row: (row["distance_m"], row["id"]))
    return _place(row), row["distance_m"]


def _places(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(
        places.c.id,
        places.c.name,
        places.c.country,
        places.c.admin1,
        places.c.population,
        places.c.timezone,
        func.ST_X(places.c.geom).label("lon"),
        func.ST_Y(places.c.geom).label("lat"),
    ).where(*conditions)


def _nearest_question() -> Select[Any]:
    lon, lat = bindparam("lon", type_=Float), bindparam("lat", type_=Float)
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)
    distance_m = func.ST_Distance(cast(places.c.geom, Geography), cast(point, Geography))
    return (
        _places()
        .add_columns(distance_m.label("distance_m"))
        .order_by(places.c.geom.op("<->")(point))
        .limit(_NEAREST_BY_DEGREES)
    )


#: Made once: every route asks it twice, and to put it together takes longer than to send it.
_NEAREST = _nearest_question()


def _place(row: Mapping[Any, Any]) -> Place:
    return Place(
        id=row["id"],
        name=row["name"],
        country=row["country"],
        admin1=row["admin1"],
        population=row["population"],
        timezone=row["timezone"],
        lon=row["lon"],
        lat=row["lat"],
    )
