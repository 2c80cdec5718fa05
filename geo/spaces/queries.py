"""Queries for support spaces: spaces open on a day, spaces near a point, lists of spaces."""

import math
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
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

from geo.db import clock
from geo.db.typed_rows import typed_row
from geo.db.views import crossings, spaces
from geo.geography.crossings import CrossingState, states_at
from geo.history import versions
from geo.hours.space_hours import Hours, hours_of
from geo.spaces.eligibility import NIGHT_SERVICE
from geo.spaces.filters import ANY, SpaceFilter
from geo.vocabulary import check_services

__all__ = [
    "PROPERTIES",
    "SHORTEST_DEGREE_M",
    "KnownSpan",
    "ListedSpace",
    "NearSpace",
    "NearbySpaces",
    "OpenSpace",
    "SideSpace",
    "SpacesOfDay",
    "check_services",
    "countries_with_spaces",
    "is_listed",
    "known_span",
    "listed_spaces",
    "nearest_by_side",
    "nearest_spaces",
    "open_spaces",
    "properties_of",
    "select_spaces",
    "spaces_around",
    "spaces_of_day",
    "spaces_on",
    "spaces_over",
]

#: Columns of a space that queries read; the catalogue of layers decides which of them a response
#: shows. ``assured_on`` is left out: it serves computations only, and in a response would make demo
#: rows look confirmed (P35).
PROPERTIES = tuple(
    column.name for column in spaces.c if column.name not in {"id", "geom", "assured_on"}
)

#: Metres in the shortest degree of latitude (WGS84, at the equator), for limits in degrees that
#: include every place within a distance.
SHORTEST_DEGREE_M = 110_574.0


@dataclass(frozen=True, slots=True)
class OpenSpace:
    """Space that people can use on a given day; lon and lat in degrees, EPSG:4326."""

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
    """Space with its straight distance from the asker, rounded to the metre.

    ``properties`` holds the columns `PROPERTIES`. For a space in another country than the asker's
    it also holds ``crossing``: the official crossing on the way with its state, or None if no
    crossing between the two countries is known (P33).
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
    """Space of any status in a list, with the name of its referral point (``referral_name``)."""

    id: str
    lon: float
    lat: float
    referral_name: str | None
    hours: Hours
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SideSpace:
    """Usable space nearest to a crossing on one side of the border, with its straight distance."""

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
    whatever_hours: bool = False,
) -> tuple[OpenSpace, ...]:
    """Return the spaces that count as support on a day (definitions.md), in the order of ids.

    These spaces are active, confirmed and unexpired on the day, not full, not referral-only,
    visible to the asker today, and open on the day by their schedule.

    Parameters
    ----------
    session : AsyncSession
        Session of the asker's tier.
    on : date
        Local day at each space.
    services : sequence of str
        Codes of services, all of which a space must offer.
    night : bool
        Return only spaces that offer the overnight service and whose schedule covers the night
        after ``on``.
    as_of : datetime or None
        Moment (aware) whose version of the records is used, as far as they may be seen today (P39).
        None uses the current records.
    whatever_hours : bool
        Include spaces whose schedule does not cover the day or night, to compute what other opening
        hours would change.
    """
    days = None if whatever_hours else (on,)
    return await spaces_over(session, on=on, days=days, services=services, night=night, as_of=as_of)


async def spaces_over(
    session: AsyncSession,
    *,
    on: date,
    days: Sequence[date] | None,
    services: Sequence[str] = (),
    night: bool = False,
    as_of: datetime | None = None,
) -> tuple[OpenSpace, ...]:
    """Return the spaces whose record on a day lets people be sent there, open on one of ``days``.

    Parameters
    ----------
    on : date
        Local day on which a space has to be confirmed, unexpired, active and not full.
    days : sequence of date or None
        Local days of which the schedule has to cover at least one, with ``night`` the night after
        it; None ignores schedules.
    session, services, night, as_of
        As in `open_spaces`.
    """
    view = spaces if as_of is None else versions.spaces_at(as_of)
    conditions = [*_usable(on, view)]
    asked = {*services, *((NIGHT_SERVICE,) if night else ())}
    if asked:
        conditions.append(view.c.services.contains(sorted(asked)))
    rows = await session.execute(
        select_spaces(view.c.id, view=view).where(*conditions).order_by(view.c.id)
    )
    covers = Hours.covers_night if night else Hours.covers_day
    return tuple(open_space(row) for row in rows.mappings() if _covers_one(row, days, covers))


def _covers_one(
    row: Mapping[Any, Any], days: Sequence[date] | None, covers: Callable[[Hours, date], bool]
) -> bool:
    if days is None:
        return True
    hours = hours_of(row)
    return any(covers(hours, day) for day in days)


async def spaces_on(
    session: AsyncSession, on: date, *, today: date, services: Sequence[str] = ()
) -> tuple[OpenSpace, ...]:
    """Return the spaces that count as support on a day and offer all services, sorted by id.

    For a day before ``today``, the records are read as they were at its end (P39). If the services
    include the overnight service, the schedule has to cover the night after the day.
    """
    return await open_spaces(
        session,
        on=on,
        services=services,
        night=NIGHT_SERVICE in services,
        as_of=versions.end_of(on) if on < today else None,
    )


@dataclass(frozen=True, slots=True)
class SpacesOfDay:
    """Spaces of a day, sorted by id.

    Attributes
    ----------
    counted : tuple of OpenSpace
        Those that count on the day, as `spaces_on` returns them.
    lapsed : tuple of OpenSpace
        Those that would count if they were confirmed again: people can be sent to them today and
        they open on the day by their schedule, but their confirmation ends before it, so whether
        they count then is not known (P24). A space that the day finds closed by its own hours is
        not among them: that it does not count is known. None for a day up to today.
    """

    counted: tuple[OpenSpace, ...]
    lapsed: tuple[OpenSpace, ...]


async def spaces_of_day(
    session: AsyncSession, on: date, *, today: date, services: Sequence[str] = ()
) -> SpacesOfDay:
    """Return the spaces that count on a day, and those whose confirmation ends before it."""
    counted = await spaces_on(session, on, today=today, services=services)
    if on <= today:
        return SpacesOfDay(counted, ())
    night = NIGHT_SERVICE in services
    either = await spaces_over(session, on=today, days=(on,), services=services, night=night)
    ids = {space.id for space in counted}
    return SpacesOfDay(counted, tuple(space for space in either if space.id not in ids))


@dataclass(frozen=True, slots=True)
class KnownSpan:
    """First and last day for which records of spaces exist; None without any record."""

    first: date | None
    last: date | None

    def holds(self, day: date) -> bool:
        """Return whether a day lies within the span."""
        return self.first is not None and self.last is not None and self.first <= day <= self.last


async def known_span(session: AsyncSession, services: Sequence[str]) -> KnownSpan:
    """Return the span of days for which spaces with all the services are on record.

    The span starts on the first day on which a space with the services was confirmed, as far as its
    record may be seen today (P39). The span ends on the day on which the last of today's
    confirmations expires. The session may be of any reading tier.
    """
    then, now = versions.space_versions.c, spaces.c
    asked = sorted(services)
    row = (
        await session.execute(
            select(
                _least(then.assured_on, then.services, asked),
                _least(now.assured_on, now.services, asked),
                select(func.max(now.expires_on))
                .where(now.services.contains(asked))
                .scalar_subquery(),
            )
        )
    ).one()
    return KnownSpan(min(filter(None, row[:2]), default=None), row[2])


def _least(
    day: ColumnElement[date], offered: ColumnElement[Any], asked: list[str]
) -> ColumnElement[Any]:
    return select(func.min(day)).where(offered.contains(asked)).scalar_subquery()


@dataclass(frozen=True, slots=True)
class NearbySpaces:
    """Spaces within a distance limit (the horizon), and one space beyond the limit, or None."""

    near: tuple[NearSpace, ...]
    beyond: NearSpace | None


async def nearest_spaces(
    session: AsyncSession,
    lon: float,
    lat: float,
    *,
    country: str | None,
    wanted: SpaceFilter = ANY,
    limit: int = 10,
) -> tuple[NearSpace, ...]:
    """Return the nearest usable spaces at any distance, in the order of `spaces_around`."""
    found = await spaces_around(
        session, lon, lat, country=country, wanted=wanted, limit=limit, horizon_m=math.inf
    )
    return found.near


async def spaces_around(
    session: AsyncSession,
    lon: float,
    lat: float,
    *,
    country: str | None,
    wanted: SpaceFilter = ANY,
    limit: int = 10,
    horizon_m: float,
) -> NearbySpaces:
    """Return usable spaces around a point: first those in the asker's country, then the others.

    Each group is sorted by straight distance. Closed, full, expired and referral-only spaces are
    left out (P15).

    Parameters
    ----------
    session : AsyncSession
        Session of the asker's tier.
    lon, lat : float
        Position of the asker in degrees, EPSG:4326, already rounded (P9).
    country : str or None
        Country of the asker; None sorts all spaces by distance alone.
    wanted : SpaceFilter
        Filter that the spaces must pass.
    limit : int
        Maximum number of spaces in the result.
    horizon_m : float
        Distance limit of near spaces in metres. One space beyond the limit is returned separately,
        preferably in the asker's country.
    """
    conditions = (*_usable(clock.today()), *wanted.conditions())
    near: list[NearSpace] = []
    beyond: list[NearSpace] = []
    sides = (
        [true()] if country is None else [spaces.c.country == country, spaces.c.country != country]
    )
    for side in sides:
        if len(near) < limit:
            asked = (*conditions, side)
            found = await _nearest(session, lon, lat, asked, wanted, limit - len(near))
            near += (space for space in found if space.distance_m <= horizon_m)
            beyond += (space for space in found if space.distance_m > horizon_m)
    told = near + beyond[:1]
    if country is not None and {space.country for space in told} - {country}:
        known = await _crossings_from(session, country, wanted.open_at)
        told = [_with_crossing(space, country, known, lon, lat) for space in told]
    return NearbySpaces(tuple(told[: len(near)]), told[-1] if beyond else None)


def is_listed(wanted: SpaceFilter) -> tuple[ColumnElement[bool], ...]:
    """Return the SQL conditions for listing spaces: unexpired, and passing the filter.

    Opening hours are not part of the conditions; `SpaceFilter.admits` checks them.
    """
    return (spaces.c.expires_on >= clock.today(), *wanted.conditions())


async def listed_spaces(
    session: AsyncSession,
    wanted: SpaceFilter = ANY,
    page: slice = slice(None),
    *,
    country_first: str | None = None,
) -> tuple[ListedSpace, ...]:
    """Return the visible, unexpired spaces that pass a filter, sorted by country, town and name.

    The country ``country_first`` (ISO 3166-1 alpha-2) comes before all others. ``page`` selects
    rows of the SQL result. Opening hours are checked afterwards, so that with ``open_at`` a page
    may have fewer spaces.
    """
    referring = spaces.alias("referring")
    leading = () if country_first is None else ((spaces.c.country != country_first),)
    question = (
        select_spaces(spaces.c.id)
        .add_columns(referring.c.name.label("referral_name"))
        .outerjoin(referring, referring.c.id == spaces.c.referral_from)
        .where(*is_listed(wanted))
        .order_by(*leading, spaces.c.country, spaces.c.locality, spaces.c.name, spaces.c.id)
    )
    rows = await session.execute(question.slice(page.start, page.stop))
    listed = (
        typed_row(ListedSpace, row, hours=hours_of(row), properties=properties_of(row))
        for row in rows.mappings()
    )
    return tuple(space for space in listed if wanted.admits(space.hours))


async def countries_with_spaces(session: AsyncSession) -> dict[str, int]:
    """Return the number of visible, unexpired spaces in each country (any reading tier)."""
    rows = await session.execute(
        select(spaces.c.country, func.count().label("spaces"))
        .where(spaces.c.expires_on >= clock.today())
        .group_by(spaces.c.country)
    )
    return {row.country: row.spaces for row in rows}


async def nearest_by_side(session: AsyncSession) -> tuple[SideSpace, ...]:
    """Return, for each visible crossing, the nearest usable space in each of its countries (P32).

    Needs a session of any reading tier.
    """
    sides = union_all(
        select(crossings.c.id, crossings.c.geom, crossings.c.country_a.label("country")),
        select(crossings.c.id, crossings.c.geom, crossings.c.country_b),
    ).subquery("sides")
    columns = (spaces.c.id, spaces.c.name, spaces.c.locality, spaces.c.country, spaces.c.geom)
    usable = select(*columns).where(*_usable(clock.today())).cte("usable")
    # The CTE is materialised, so that PostgreSQL determines the usable spaces once, not again for
    # each side of each crossing: this takes longer than measuring the distances.
    there = usable.prefix_with("MATERIALIZED").c
    distance_m = func.ST_Distance(cast(there.geom, Geography), cast(sides.c.geom, Geography))
    nearest = (
        select(there.id, there.name, there.locality, there.country, distance_m.label("distance_m"))
        .where(there.country == sides.c.country)
        .order_by(there.geom.op("<->")(sides.c.geom), there.id)
        .limit(1)
        .lateral("nearest")
    )
    rows = await session.execute(
        select(sides.c.id.label("crossing_id"), nearest)
        .select_from(sides.join(nearest, true()))
        .order_by(sides.c.id, nearest.c.distance_m)
    )
    return tuple(
        typed_row(SideSpace, row, distance_m=round(row["distance_m"])) for row in rows.mappings()
    )


def _usable(
    on: date | ColumnElement[date], view: FromClause = spaces
) -> Iterable[ColumnElement[bool]]:
    """Return the SQL conditions for spaces that people can be sent to on a day (P15)."""
    day = literal(on) if isinstance(on, date) else on
    return (
        view.c.status == "active",
        view.c.access == "open",
        view.c.capacity != "full",
        view.c.assured_on <= day,
        view.c.expires_on >= day,
    )


def select_spaces(*columns: ColumnElement[Any], view: FromClause = spaces) -> Select[Any]:
    """Select columns of spaces, then `PROPERTIES`, ``lon`` and ``lat`` (degrees, EPSG:4326)."""
    return select(
        *columns,
        *(view.c[name] for name in PROPERTIES),
        func.ST_X(view.c.geom).label("lon"),
        func.ST_Y(view.c.geom).label("lat"),
    )


def properties_of(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the columns `PROPERTIES` of a row of `select_spaces`."""
    return {name: row[name] for name in PROPERTIES}


def open_space(row: Mapping[Any, Any]) -> OpenSpace:
    """Return a space from a row with the columns of `OpenSpace`."""
    return typed_row(OpenSpace, row, services=tuple(row["services"]))


async def _nearest(
    session: AsyncSession,
    lon: float,
    lat: float,
    conditions: Iterable[ColumnElement[bool]],
    wanted: SpaceFilter,
    limit: int,
) -> list[NearSpace]:
    """Return the spaces nearest in metres.

    The spatial index sorts by distance in degrees. Therefore rows are read in chunks in this order,
    until no unread space can be nearer in metres than the spaces found.
    """
    found: list[NearSpace] = []
    async for chunk in _by_degrees(session, lon, lat, conditions, limit):
        found += (_near_space(row) for row in chunk if wanted.admits(hours_of(row)))
        found.sort(key=lambda space: (space.distance_m, space.id))
        del found[limit:]
        if len(found) == limit:
            reach_m = found[-1].distance_m
            highest = math.radians(min(90.0, abs(lat) + reach_m / SHORTEST_DEGREE_M))
            # Lower bound of the distance to unread spaces, reduced by 5 %, because great circles
            # bow towards the pole, where a degree of longitude is shorter.
            unread_m = chunk[-1]["degrees"] * SHORTEST_DEGREE_M * math.cos(highest) * 0.95
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
        select_spaces(
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
    return typed_row(
        NearSpace,
        row,
        distance_m=round(row["distance_m"]),
        distance_kind="straight",
        properties=properties_of(row),
    )


async def _crossings_from(
    session: AsyncSession, country: str, at: datetime | None
) -> list[CrossingState]:
    now = at or await session.scalar(select(clock.now()))
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
