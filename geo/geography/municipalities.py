"""Municipalities by a code that can be typed on any phone: the GeoNames number of their town.

No source at hand gives the codes of the statistical offices (DANE, IBGE, p-codes) for every
country, and GeoNames' are in the data already, the same in all of them, digits alone.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import FromClause, Select, String, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.views import boundaries, places, spaces
from geo.errors import NotFoundError
from geo.text.normalize import ACCENTED, PLAIN, folded

#: A GeoNames id has seven digits now, or eight; places here carry it after a G.
CODE = re.compile(r"[Gg]?([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Municipality:
    """A town that stands for its municipality.

    Attributes
    ----------
    code : str
        The number of `CODE`.
    country : str
        ISO 3166-1 alpha-2.
    admin1 : str or None
        Name of the first-level unit, by polygons that are for naming alone: near a boundary it
        may be the neighbour's.
    timezone : str
        IANA name.
    lon, lat : float
        Degrees, EPSG:4326.
    """

    code: str
    name: str
    country: str
    admin1: str | None
    timezone: str
    lon: float
    lat: float


async def municipality(session: AsyncSession, code: str) -> Municipality:
    """Return the municipality of a code (any reading tier).

    Raises
    ------
    NotFoundError
        There is none of that code; the message does not repeat it.
    """
    stated = CODE.fullmatch(code)
    if stated is not None:
        found = await session.execute(_question().where(places.c.id == f"G{int(stated[1])}"))
        for row in found.mappings():
            return _municipality(row)
    msg = "there is no municipality of that code"
    raise NotFoundError(msg)


async def municipalities(session: AsyncSession, country: str) -> tuple[Municipality, ...]:
    """Return the municipalities of a country (ISO 3166-1 alpha-2) by name (any reading tier)."""
    found = await session.execute(
        _question()
        .where(places.c.country == country)
        .order_by(func.lower(func.translate(places.c.name, ACCENTED, PLAIN)), places.c.id)
    )
    return tuple(map(_municipality, found.mappings()))


async def countries(session: AsyncSession) -> tuple[str, ...]:
    """Return the countries that have municipalities, ISO 3166-1 alpha-2 (any reading tier)."""
    question = select(places.c.country).distinct().order_by(places.c.country)
    return tuple(await session.scalars(question))


async def space_ids_in(session: AsyncSession, there: Municipality) -> frozenset[str]:
    """Return the visible spaces whose stated municipality it is (any reading tier).

    A space states a name. Where several towns of the country have that name, it belongs to the
    nearest of them.
    """
    wanted = folded(there.name)
    stated = await session.execute(
        select(
            spaces.c.id,
            func.ST_X(spaces.c.geom).label("lon"),
            func.ST_Y(spaces.c.geom).label("lat"),
        ).where(spaces.c.country == there.country, _plain(spaces.c.locality) == wanted)
    )
    found = stated.all()
    towns = await _towns(session, there.country, there.name)
    return frozenset(
        row.id for row in found if _nearest(towns, row.lon, row.lat).code == there.code
    )


async def code_of(
    session: AsyncSession, country: str, name: str | None, lon: float, lat: float
) -> str | None:
    """Return the code of the municipality that a space states, as `space_ids_in` finds it.

    Parameters
    ----------
    country : str
        ISO 3166-1 alpha-2.
    name : str or None
        What the space states.
    lon, lat : float
        Where it is, degrees, EPSG:4326; to tell towns of one name apart.

    Returns
    -------
    str or None
        None where no town of the country has that name.
    """
    towns = await _towns(session, country, name) if name else []
    return _nearest(towns, lon, lat).code if towns else None


async def _towns(session: AsyncSession, country: str, name: str) -> list[Municipality]:
    found = await session.execute(
        _question().where(places.c.country == country, _plain(places.c.name) == folded(name))
    )
    return [_municipality(row) for row in found.mappings()]


def _nearest(towns: Sequence[Municipality], lon: float, lat: float) -> Municipality:
    return min(towns, key=lambda town: _nearness(town, lon, lat))


def _plain(name: Any) -> Any:  # noqa: ANN401 -- a column, and what the database makes of it
    return func.lower(func.translate(name, ACCENTED, PLAIN))


def _nearness(town: Municipality, lon: float, lat: float) -> tuple[float, str]:
    # Of towns that lie far apart, so degrees will do.
    east = (town.lon - lon) * math.cos(math.radians(lat))
    return math.hypot(east, town.lat - lat), town.code


def _question() -> Select[Any]:
    unit = _unit()
    return select(
        places.c.id,
        places.c.name,
        places.c.country,
        places.c.timezone,
        func.ST_X(places.c.geom).label("lon"),
        func.ST_Y(places.c.geom).label("lat"),
        unit.c.admin1,
    ).select_from(places.outerjoin(unit, true()))


def _unit() -> FromClause:
    return (
        select(cast(func.coalesce(boundaries.c.name_es, boundaries.c.name), String).label("admin1"))
        .where(
            boundaries.c.level == 1,
            boundaries.c.country == places.c.country,
            func.ST_Intersects(boundaries.c.geom, places.c.geom),
        )
        .order_by(boundaries.c.id)
        .limit(1)
        .lateral("unit")
    )


def _municipality(row: Mapping[Any, Any]) -> Municipality:
    return Municipality(
        code=str(row["id"]).removeprefix("G"),
        name=row["name"],
        country=row["country"],
        admin1=row["admin1"],
        timezone=row["timezone"],
        lon=row["lon"],
        lat=row["lat"],
    )
