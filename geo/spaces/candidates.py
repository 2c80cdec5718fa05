"""Queries for candidate spaces for a need: spaces around a point that are visible to a tier."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from geoalchemy2 import Geography
from shapely import LineString
from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    LargeBinary,
    Select,
    Text,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db import clock
from geo.db.typed_rows import typed_row
from geo.db.views import spaces, terms
from geo.errors import InvalidRecordError
from geo.reasons import CodedReason
from geo.spaces.eligibility import NIGHT_SERVICE, Candidate, Need
from geo.spaces.queries import (
    SHORTEST_DEGREE_M,
    OpenSpace,
    open_space,
    properties_of,
    select_spaces,
)

#: Columns of spaces that eligibility depends on. The other columns are read only for the few spaces
#: in the response (`describe`).
JUDGED = (
    "id",
    "country",
    "status",
    "access",
    "services",
    "timezone",
    "schedules",
    "exceptions",
    "holidays",
    "admin1",
    "minimum_age",
    "maximum_age",
    "genders",
    "families_only",
    "children_alone",
    "documents_required",
    "languages",
    "capacity",
    "capacity_updated",
    "assured_on",
    "expires_on",
    "referral_points",
)

#: Service code of spaces that tell people where to go; named when no space fits the need.
GUIDING_SERVICE = "information"


@dataclass(frozen=True, slots=True)
class NearCandidate:
    """Candidate with its position (degrees, EPSG:4326) and straight distance from the asker."""

    candidate: Candidate
    lon: float
    lat: float
    straight_m: float


@dataclass(frozen=True, slots=True)
class NightCandidate:
    """Candidate for a night on the way, with its position (degrees, EPSG:4326).

    ``maximum_nights`` is the longest stay that the space states, None if it states none.
    """

    candidate: Candidate
    name: str
    locality: str | None
    maximum_nights: int | None
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class NightSpace(NightCandidate):
    """Candidate for a night on the way that admits people without a referral, with its record."""

    space: OpenSpace


@dataclass(frozen=True, slots=True)
class Described:
    """Published columns of a space; lon and lat in degrees, EPSG:4326."""

    id: str
    lon: float
    lat: float
    properties: Mapping[str, Any]


async def check_terms(session: AsyncSession, need: Need) -> None:
    """Refuse a need with unknown codes of gender or documents (session of any reading tier).

    Raises
    ------
    InvalidRecordError
        A code is not in its vocabulary; the error names the field and the known codes.
    """
    asked = {
        "gender": frozenset() if need.gender is None else frozenset({need.gender}),
        "document": need.documents or frozenset(),
    }
    if not any(asked.values()):
        return
    rows = await session.execute(
        select(terms.c.vocabulary, terms.c.code)
        .where(terms.c.vocabulary.in_(asked), terms.c.active)
        .order_by(terms.c.position, terms.c.code)
    )
    known: dict[str, list[str]] = {name: [] for name in asked}
    for vocabulary, code in rows:
        known[vocabulary].append(code)
    fields = {"gender": "gender", "document": "documents"}
    problems = [
        (fields[name], CodedReason("unknown_code", choices=known[name] or ["none"]))
        for name, codes in asked.items()
        if not codes <= frozenset(known[name])
    ]
    if problems:
        raise InvalidRecordError(problems)


async def candidates_near(
    session: AsyncSession,
    lon: float,
    lat: float,
    *,
    services: Collection[str],
    country: str,
    is_abroad: bool = False,
    reach_m: float,
    limit: int,
) -> tuple[NearCandidate, ...]:
    """Return the spaces around a point that offer all the services, nearest first.

    Parameters
    ----------
    session : AsyncSession
        Session of the asker's tier.
    lon, lat : float
        Position of the asker in degrees, EPSG:4326, already rounded (P9).
    services : collection of str
        Codes of services, all of which a candidate offers.
    country : str
        Country of the asker, ISO 3166-1 alpha-2.
    is_abroad : bool
        Return the spaces of all other countries instead of those of ``country``.
    reach_m : float
        Maximum straight distance in metres.
    limit : int
        Maximum number of spaces read; those nearest in degrees are read first.
    """
    values = {
        "lon": lon,
        "lat": lat,
        "country": country,
        "services": sorted(services),
        "limit": limit,
        **_box(lon, lat, reach_m),
    }
    rows = await session.execute(_ABROAD if is_abroad else _AT_HOME, values)
    near = [_near(row) for row in rows.mappings()]
    within = [one for one in near if one.straight_m <= reach_m]
    return tuple(sorted(within, key=lambda one: (one.straight_m, one.candidate.id)))


async def candidates_by_id(
    session: AsyncSession, lon: float, lat: float, ids: Collection[str]
) -> tuple[NearCandidate, ...]:
    """Return the visible spaces among ``ids`` as candidates, with their distance from a point."""
    if not ids:
        return ()
    rows = await session.execute(_BY_ID, {"lon": lon, "lat": lat, "ids": sorted(ids)})
    return tuple(_near(row) for row in rows.mappings())


async def night_candidates(
    session: AsyncSession,
    bbox: tuple[float, float, float, float],
    along: LineString,
    limit: int,
) -> tuple[NightCandidate, ...]:
    """Return the visible spaces with the overnight service in a bounding box, in order of id.

    Parameters
    ----------
    session : AsyncSession
        Session of the asker's tier.
    bbox : tuple of float
        West, south, east, north in degrees, EPSG:4326.
    along : shapely LineString
        Line (lon, lat); if there are more spaces than the limit, those nearest to it are read.
    limit : int
        Maximum number of spaces read.
    """
    box = dict(zip(("west", "south", "east", "north"), bbox, strict=True))
    values = {"along": shapely.to_wkb(along), "limit": limit, **box}
    rows = await session.execute(_FOR_A_NIGHT, values)
    found = (typed_row(NightCandidate, row, candidate=Candidate.of(row)) for row in rows.mappings())
    return tuple(sorted(found, key=lambda one: one.candidate.id))


async def night_spaces(session: AsyncSession) -> tuple[NightSpace, ...]:
    """Return the visible spaces with the overnight service that admit people without a referral.

    Full spaces are included, closed and expired ones are not. Spaces are sorted by id. The session
    is of the asker's tier.
    """
    rows = await session.execute(_FOR_ANY_NIGHT)
    return tuple(
        typed_row(NightSpace, row, candidate=Candidate.of(row), space=open_space(row))
        for row in rows.mappings()
    )


async def describe(session: AsyncSession, ids: Collection[str]) -> dict[str, Described]:
    """Return the published columns of spaces by id, without spaces that are no longer visible."""
    if not ids:
        return {}
    rows = await session.execute(select_spaces(spaces.c.id).where(spaces.c.id.in_(sorted(ids))))
    return {
        row["id"]: typed_row(Described, row, properties=properties_of(row))
        for row in rows.mappings()
    }


def _near(row: Mapping[Any, Any]) -> NearCandidate:
    return NearCandidate(Candidate.of(row), row["lon"], row["lat"], row["straight_m"])


def _box(lon: float, lat: float, reach_m: float) -> dict[str, float]:
    """Return a bounding box in degrees that contains the circle around a point."""
    half_lat = reach_m / SHORTEST_DEGREE_M
    highest = math.radians(min(abs(lat) + half_lat, 89.0))
    half_lon = half_lat / math.cos(highest)
    return {
        "west": lon - half_lon,
        "south": lat - half_lat,
        "east": lon + half_lon,
        "north": lat + half_lat,
    }


# --- statements, built once: building them took a fifth of a request's time -----------------------

_POINT = func.ST_SetSRID(
    func.ST_MakePoint(bindparam("lon", type_=Float), bindparam("lat", type_=Float)), 4326
)
_IN_BOX = spaces.c.geom.op("&&")(
    func.ST_MakeEnvelope(
        *(bindparam(side, type_=Float) for side in ("west", "south", "east", "north")), 4326
    )
)


_PLACED = (
    *(spaces.c[name] for name in JUDGED),
    func.ST_X(spaces.c.geom).label("lon"),
    func.ST_Y(spaces.c.geom).label("lat"),
)


def _judged(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(
        *_PLACED,
        func.ST_Distance(cast(spaces.c.geom, Geography), cast(_POINT, Geography)).label(
            "straight_m"
        ),
    ).where(*conditions)


def _around(side: ColumnElement[bool]) -> Select[Any]:
    offered = spaces.c.services.contains(bindparam("services", type_=ARRAY(Text)))
    return (
        _judged(side, _IN_BOX, offered)
        .order_by(spaces.c.geom.op("<->")(_POINT), spaces.c.id)
        .limit(bindparam("limit", type_=Integer))
    )


_AT_HOME = _around(spaces.c.country == bindparam("country", type_=Text))
_ABROAD = _around(spaces.c.country != bindparam("country", type_=Text))
_ALONG = func.ST_GeomFromWKB(bindparam("along", type_=LargeBinary), 4326)
_OF_NIGHTS = (*_PLACED, spaces.c.name, spaces.c.locality, spaces.c.maximum_nights)
_FOR_A_NIGHT = (
    select(*_OF_NIGHTS)
    .where(_IN_BOX, spaces.c.services.contains([NIGHT_SERVICE]))
    .order_by(spaces.c.geom.op("<->")(_ALONG), spaces.c.id)
    .limit(bindparam("limit", type_=Integer))
)
_FOR_ANY_NIGHT = (
    select(*_OF_NIGHTS, spaces.c.kind, spaces.c.overnight, spaces.c.demo)
    .where(
        spaces.c.services.contains([NIGHT_SERVICE]),
        spaces.c.status.in_(("active", "full")),
        spaces.c.access == "open",
        spaces.c.expires_on >= clock.today(),
    )
    .order_by(spaces.c.id)
)
_BY_ID = _judged(spaces.c.id == func.any(bindparam("ids", type_=ARRAY(Text)))).order_by(spaces.c.id)
