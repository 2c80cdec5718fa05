"""Municipalities, identified by the GeoNames number of their town.

The number has only digits, which any phone can type, and is in the data of all countries. Codes of
statistical offices (DANE, IBGE, p-codes) are not available for every country.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import FromClause, Select, String, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.typed_rows import typed_row
from geo.db.views import boundaries, places, spaces
from geo.errors import NotFoundError
from geo.text.normalize import ACCENTED, PLAIN, folded

#: Pattern for a municipality's code: a GeoNames number, at present of seven or eight digits, with
#: or without the letter G that ids of places in Amparo begin with.
CODE = re.compile(r"[Gg]?([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Municipality:
    """Municipality, represented by its town.

    Attributes
    ----------
    code : str
        GeoNames number of the town (digits only).
    country : str
        ISO 3166-1 alpha-2.
    admin1 : str or None
        Name of the first-level unit whose polygon contains the town. The polygons are approximate,
        so near a boundary the name may be that of the neighbouring unit.
    timezone : str
        IANA name.
    lon, lat : float
        Position of the town in degrees, EPSG:4326.
    """

    code: str
    name: str
    country: str
    admin1: str | None
    timezone: str
    lon: float
    lat: float


async def municipality(session: AsyncSession, code: str) -> Municipality:
    """Return the municipality with a code (session of any reading tier).

    Raises
    ------
    NotFoundError
        No municipality has this code; the message does not repeat the code.
    """
    stated = CODE.fullmatch(code)
    if stated is not None:
        found = await session.execute(_question().where(places.c.id == f"G{int(stated[1])}"))
        for row in found.mappings():
            return _municipality(row)
    msg = "there is no municipality of that code"
    raise NotFoundError(msg)


async def municipalities(session: AsyncSession, country: str) -> tuple[Municipality, ...]:
    """Return the municipalities of a country (ISO 3166-1 alpha-2), sorted by name.

    The session may be of any reading tier.
    """
    found = await session.execute(
        _question()
        .where(places.c.country == country)
        .order_by(func.lower(func.translate(places.c.name, ACCENTED, PLAIN)), places.c.id)
    )
    return tuple(map(_municipality, found.mappings()))


async def countries(session: AsyncSession) -> tuple[str, ...]:
    """Return the ISO 3166-1 alpha-2 codes of countries with municipalities (any reading tier)."""
    question = select(places.c.country).distinct().order_by(places.c.country)
    return tuple(await session.scalars(question))


async def space_ids_in(session: AsyncSession, there: Municipality) -> frozenset[str]:
    """Return the ids of the visible spaces in a municipality (session of any reading tier).

    Spaces state their municipality by name. If several towns of the country have this name, a space
    belongs to the town nearest to it.
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


async def by_space(session: AsyncSession, country: str) -> dict[str, Municipality]:
    """Return the municipality of each visible space of a country, by id of space.

    Spaces whose stated municipality is no town of the country are left out. Among towns with equal
    names the one nearest to the space is taken. The session may be of any reading tier.
    """
    town_names = select(_plain(places.c.name)).where(places.c.country == country)
    stated = await session.execute(
        select(
            spaces.c.id,
            _plain(spaces.c.locality).label("name"),
            func.ST_X(spaces.c.geom).label("lon"),
            func.ST_Y(spaces.c.geom).label("lat"),
        ).where(spaces.c.country == country, _plain(spaces.c.locality).in_(town_names))
    )
    found = stated.all()
    towns: dict[str, list[Municipality]] = {}
    named = await session.execute(
        _question()
        .add_columns(_plain(places.c.name).label("plain"))
        .where(
            places.c.country == country,
            _plain(places.c.name).in_({row.name for row in found}),
        )
    )
    for row in named.mappings():
        towns.setdefault(row["plain"], []).append(_municipality(row))
    return {row.id: _nearest(towns[row.name], row.lon, row.lat) for row in found}


async def with_spaces(session: AsyncSession) -> tuple[Municipality, ...]:
    """Return the municipalities in which visible spaces are, sorted by country, name and code.

    Spaces state a municipality by name. Among towns of this name, the one nearest to the centroid
    of the spaces is taken. The session may be of any reading tier.
    """
    named = (
        select(spaces.c.country, spaces.c.geom, _plain(spaces.c.locality).label("name"))
        .where(spaces.c.locality.is_not(None))
        .subquery("named")
    )
    stated = (
        select(
            named.c.country,
            named.c.name,
            func.ST_Centroid(func.ST_Collect(named.c.geom)).label("middle"),
        )
        .group_by(named.c.country, named.c.name)
        .subquery("stated")
    )
    away = func.ST_Distance(places.c.geom, stated.c.middle)
    ranked = (
        select(
            places.c.id,
            func.row_number()
            .over(partition_by=(stated.c.country, stated.c.name), order_by=(away, places.c.id))
            .label("rank"),
        )
        .join(
            stated,
            (places.c.country == stated.c.country) & (_plain(places.c.name) == stated.c.name),
        )
        .subquery("ranked")
    )
    chosen = select(ranked.c.id).where(ranked.c.rank == 1)
    found = await session.execute(
        _question()
        .where(places.c.id.in_(chosen))
        .order_by(places.c.country, _plain(places.c.name), places.c.id)
    )
    return tuple(map(_municipality, found.mappings()))


async def code_of(
    session: AsyncSession, country: str, name: str | None, lon: float, lat: float
) -> str | None:
    """Return the code of the municipality that a space states by name, as in `space_ids_in`.

    Parameters
    ----------
    country : str
        ISO 3166-1 alpha-2.
    name : str or None
        Name of the municipality that the space states.
    lon, lat : float
        Position of the space in degrees, EPSG:4326, to choose among towns with equal names.

    Returns
    -------
    str or None
        None if no town of the country has the stated name.
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


def _plain(name: Any) -> Any:  # noqa: ANN401 -- SQLAlchemy's expressions
    return func.lower(func.translate(name, ACCENTED, PLAIN))


def _nearness(town: Municipality, lon: float, lat: float) -> tuple[float, str]:
    # Towns with equal names lie far apart, so a planar distance in degrees is precise enough.
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
    return typed_row(Municipality, row, code=str(row["id"]).removeprefix("G"))
