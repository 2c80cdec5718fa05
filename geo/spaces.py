"""Support spaces: which are open on a day, which are near, which to list."""

import math
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    cast,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from geo import versions
from geo.crossings import CrossingState, states_at
from geo.hours import Hours, hours_of
from geo.views import crossings, spaces
from geo.vocabulary import check_services

__all__ = [
    "PROPERTIES",
    "ListedSpace",
    "NearSpace",
    "OpenSpace",
    "SideSpace",
    "check_services",
    "listed_spaces",
    "nearest_by_side",
    "nearest_spaces",
    "open_spaces",
]

#: What is read of a space. The catalogue of layers decides what an answer says of it.
#: ``assured_on`` is never read: it serves computations alone and would make a demo row read as
#: confirmed (P35).
PROPERTIES = tuple(
    column.name for column in spaces.c if column.name not in {"id", "geom", "assured_on"}
)

#: Metres in the shortest degree of latitude (WGS84, at the equator).
_SHORTEST_DEGREE_M = 110_574.0


@dataclass(frozen=True, slots=True)
class OpenSpace:
    """A space that people can use on the day asked for; lon, lat in degrees, EPSG:4326."""

    id: str
    name: str
    kind: str
    locality: str | None
    country: str
    lon: float
    lat: float
    overnight: bool
    services: tuple[str, ...]
    demo: bool


@dataclass(frozen=True, slots=True)
class NearSpace:
    """A space with its straight distance from the asker, to the metre.

    ``properties`` holds `PROPERTIES`, and for a space of another country ``crossing``: the
    official crossing on the way with its state, or None where none is known (P33).
    """

    id: str
    name: str
    locality: str | None
    country: str
    lon: float
    lat: float
    distance_m: int
    distance_kind: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListedSpace:
    """A space as the list shows it, whatever its status, with the name of who refers to it."""

    id: str
    lon: float
    lat: float
    referral_name: str | None
    hours: Hours
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SideSpace:
    """The usable space nearest to a crossing in one of its countries; a straight distance."""

    crossing_id: str
    id: str
    name: str
    locality: str | None
    country: str
    distance_m: int


async def open_spaces(
    session: AsyncSession,
    *,
    on: date,
    services: Sequence[str] = (),
    night: bool = False,
    as_of: datetime | None = None,
) -> tuple[OpenSpace, ...]:
    """Return the spaces that count as support on a day (definitions.md), by id.

    Active, confirmed and unexpired on the day, not full, not referral-only, visible to the
    asker today, with a schedule that covers the day.

    Parameters
    ----------
    session : AsyncSession
        Of the asker's tier.
    on : date
        Local day at each space.
    services : sequence of str
        A space counts if it offers all of them.
    night : bool
        Only spaces for staying overnight whose schedule covers the night after ``on``.
    as_of : datetime or None
        Aware; the records as they were then, as far as they may be seen today (P39). None is now.
    """
    view = spaces if as_of is None else versions.spaces_at(as_of)
    conditions = [*_usable(on, view)]
    if services:
        conditions.append(view.c.services.contains(list(services)))
    if night:
        conditions.append(view.c.overnight)
    rows = await session.execute(
        _select(view.c.id, view=view).where(*conditions).order_by(view.c.id)
    )
    covers = Hours.covers_night if night else Hours.covers_day
    return tuple(_open_space(row) for row in rows.mappings() if covers(hours_of(row), on))


async def nearest_spaces(
    session: AsyncSession,
    lon: float,
    lat: float,
    *,
    country: str | None,
    service: str | None = None,
    open_at: datetime | None = None,
    limit: int = 10,
) -> tuple[NearSpace, ...]:
    """Return usable spaces, those of the asker's country first, each by straight distance.

    Closed, full, expired and referral-only spaces are left out (P15).

    Parameters
    ----------
    session : AsyncSession
        Of the asker's tier.
    lon, lat : float
        Degrees, EPSG:4326; already rounded (P9).
    country : str or None
        Where the asker is; None puts nobody first.
    service : str or None
        Only spaces that offer it.
    open_at : datetime or None
        Aware; only spaces that by their schedule let people in then.
    limit : int
        At most so many.
    """
    conditions = [*_usable(func.current_date())]
    if open_at is not None:
        # By then a confirmation may have run out.
        conditions.append(spaces.c.expires_on >= open_at.date())
    if service is not None:
        conditions.append(spaces.c.services.contains([service]))
    found: list[NearSpace] = []
    sides = (
        [true()] if country is None else [spaces.c.country == country, spaces.c.country != country]
    )
    for side in sides:
        if len(found) < limit:
            asked = (*conditions, side)
            found += await _nearest(session, lon, lat, asked, open_at, limit - len(found))
    abroad = {space.country for space in found} - {country}
    if country is None or not abroad:
        return tuple(found)
    known = await _crossings_from(session, country, open_at)
    return tuple(_with_crossing(space, country, known, lon, lat) for space in found)


async def listed_spaces(
    session: AsyncSession, service: str | None = None
) -> tuple[ListedSpace, ...]:
    """Return every visible, unexpired space that offers ``service``, for a printable list."""
    referring = spaces.alias("referring")
    question = (
        _select(spaces.c.id)
        .add_columns(referring.c.name.label("referral_name"))
        .outerjoin(referring, referring.c.id == spaces.c.referral_from)
        .where(spaces.c.expires_on >= func.current_date())
        .order_by(spaces.c.country, spaces.c.locality, spaces.c.name, spaces.c.id)
    )
    if service is not None:
        question = question.where(spaces.c.services.contains([service]))
    rows = await session.execute(question)
    return tuple(
        ListedSpace(
            id=row["id"],
            lon=row["lon"],
            lat=row["lat"],
            referral_name=row["referral_name"],
            hours=hours_of(row),
            properties=_properties(row),
        )
        for row in rows.mappings()
    )


async def nearest_by_side(session: AsyncSession) -> tuple[SideSpace, ...]:
    """Return, for each visible crossing, the usable space nearest to it in each country (P32)."""
    sides = union_all(
        select(crossings.c.id, crossings.c.geom, crossings.c.country_a.label("country")),
        select(crossings.c.id, crossings.c.geom, crossings.c.country_b),
    ).subquery("sides")
    nearest = (
        select(
            spaces.c.id,
            spaces.c.name,
            spaces.c.locality,
            spaces.c.country,
            func.ST_Distance(cast(spaces.c.geom, Geography), cast(sides.c.geom, Geography)).label(
                "distance_m"
            ),
        )
        .where(*_usable(func.current_date()), spaces.c.country == sides.c.country)
        .order_by(spaces.c.geom.op("<->")(sides.c.geom), spaces.c.id)
        .limit(1)
        .lateral("nearest")
    )
    rows = await session.execute(
        select(sides.c.id.label("crossing_id"), nearest)
        .select_from(sides.join(nearest, true()))
        .order_by(sides.c.id, nearest.c.distance_m)
    )
    return tuple(
        SideSpace(
            crossing_id=row["crossing_id"],
            id=row["id"],
            name=row["name"],
            locality=row["locality"],
            country=row["country"],
            distance_m=round(row["distance_m"]),
        )
        for row in rows.mappings()
    )


def _usable(
    on: date | ColumnElement[date], view: FromClause = spaces
) -> Iterable[ColumnElement[bool]]:
    """Return what makes a space one that people can be sent to on a day (P15)."""
    day = literal(on) if isinstance(on, date) else on
    return (
        view.c.status == "active",
        view.c.access == "open",
        view.c.capacity != "full",
        view.c.assured_on <= day,
        view.c.expires_on >= day,
    )


def _select(*columns: ColumnElement[Any], view: FromClause = spaces) -> Select[Any]:
    return select(
        *columns,
        *(view.c[name] for name in PROPERTIES),
        func.ST_X(view.c.geom).label("lon"),
        func.ST_Y(view.c.geom).label("lat"),
    )


def _properties(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: row[name] for name in PROPERTIES}


def _open_space(row: Mapping[Any, Any]) -> OpenSpace:
    return OpenSpace(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        locality=row["locality"],
        country=row["country"],
        lon=row["lon"],
        lat=row["lat"],
        overnight=row["overnight"],
        services=tuple(row["services"]),
        demo=row["demo"],
    )


async def _nearest(
    session: AsyncSession,
    lon: float,
    lat: float,
    conditions: Iterable[ColumnElement[bool]],
    open_at: datetime | None,
    limit: int,
) -> list[NearSpace]:
    """Return the nearest by metres, though the index orders by degrees.

    Reads in the order of degrees until no unread space can be nearer than those found.
    """
    found: list[NearSpace] = []
    async for chunk in _by_degrees(session, lon, lat, conditions, limit):
        found += (
            _near_space(row) for row in chunk if open_at is None or hours_of(row).admits(open_at)
        )
        found.sort(key=lambda space: (space.distance_m, space.id))
        del found[limit:]
        if len(found) == limit:
            reach_m = found[-1].distance_m
            highest = math.radians(min(90.0, abs(lat) + reach_m / _SHORTEST_DEGREE_M))
            # 5 % off for great circles that bow towards the pole.
            unread_m = chunk[-1]["degrees"] * _SHORTEST_DEGREE_M * math.cos(highest) * 0.95
            if unread_m > reach_m:
                break
    return found


async def _by_degrees(
    session: AsyncSession,
    lon: float,
    lat: float,
    conditions: Iterable[ColumnElement[bool]],
    limit: int,
) -> AsyncIterator[Sequence[Mapping[Any, Any]]]:
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)
    size = 2 * limit + 20
    question = (
        _select(
            spaces.c.id,
            func.ST_Distance(spaces.c.geom, point).label("degrees"),
            func.ST_Distance(cast(spaces.c.geom, Geography), cast(point, Geography)).label(
                "distance_m"
            ),
        )
        .where(*conditions)
        .order_by(spaces.c.geom.op("<->")(point), spaces.c.id)
        .limit(size)
    )
    offset = 0
    while chunk := (await session.execute(question.offset(offset))).mappings().all():
        yield chunk
        if len(chunk) < size:
            return
        offset += size


def _near_space(row: Mapping[Any, Any]) -> NearSpace:
    return NearSpace(
        id=row["id"],
        name=row["name"],
        locality=row["locality"],
        country=row["country"],
        lon=row["lon"],
        lat=row["lat"],
        distance_m=round(row["distance_m"]),
        distance_kind="straight",
        properties=_properties(row),
    )


async def _crossings_from(
    session: AsyncSession, country: str, at: datetime | None
) -> list[CrossingState]:
    now = at or await session.scalar(select(func.now()))
    assert now is not None  # noqa: S101 - now() is never null
    return [c for c in await states_at(session, now) if country in (c.country_a, c.country_b)]


def _with_crossing(
    space: NearSpace, country: str, known: Iterable[CrossingState], lon: float, lat: float
) -> NearSpace:
    if space.country == country:
        return space
    between = [c for c in known if space.country in (c.country_a, c.country_b)]
    on_way = min(
        between,
        key=lambda c: (
            math.hypot(c.lon - lon, c.lat - lat) + math.hypot(c.lon - space.lon, c.lat - space.lat)
        ),
        default=None,
    )
    crossing = (
        None if on_way is None else {"id": on_way.id, "name": on_way.name, "state": on_way.state}
    )
    return replace(space, properties={**space.properties, "crossing": crossing})
