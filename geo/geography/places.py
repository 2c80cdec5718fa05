"""Queries for populated places: places with similar names, and the place nearest to a point."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from geoalchemy2 import Geography
from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.functions import Function
from sqlalchemy.sql.selectable import TableValuedAlias

from geo.db.typed_rows import typed_row
from geo.db.views import places
from geo.errors import NotFoundError
from geo.geography.country_names import country_code
from geo.text.countries import CODES
from geo.text.edit_distance import strangeness
from geo.text.normalize import ACCENTED, PLAIN, folded

__all__ = [
    "NamedPlace",
    "Similar",
    "Typed",
    "find_similar",
    "folded",
    "nearest_place",
    "place_near",
    "places_near",
]

#: Number of places nearest in degrees among which the place nearest in metres is chosen. The orders
#: differ because in the region a degree of longitude is up to 1.8 times shorter than a degree of
#: latitude (at 56 degrees).
NEAREST_BY_DEGREES = 16

#: Number of characters of a typed name that are searched for; the longest name of the region's
#: places has 65.
_MAX_NAME = 120

#: Minimum trigram similarity (pg_trgm) of a name to the typed one. PostgreSQL's default 0.3, and
#: 0.25, miss short names with two letters exchanged (9 of 600 misspelt names; none at 0.2).
LEAST_LIKENESS = 0.2

#: Maximum number of distinct names compared with the typed one letter by letter, the most similar
#: first. A hundred names begin with ``San J``; with twice as many compared, the first place found
#: for each of 600 misspelt names was the same.
_WEIGHED = 200

_SET_LIKENESS = text("select set_config('pg_trgm.similarity_threshold', :likeness, true)")

# PostgreSQL uses the index in `alembic/baseline/places.sql` only if this expression is the same, to
# the letter, as the indexed one. Therefore the letters are literals instead of bound parameters.
PLAIN_NAME: Any = func.lower(
    func.translate(
        places.c.name, literal(ACCENTED, literal_execute=True), literal(PLAIN, literal_execute=True)
    )
)

_BRACKETED = re.compile(r"(.+?)\s*\((.+)\)")


@dataclass(frozen=True, slots=True)
class Typed:
    """Parsed text in which a person typed a place name: ``San Antonio (Cúcuta), Táchira, VE``.

    Attributes
    ----------
    name : str
        Folded name of the place, without the other parts of the text.
    near : str or None
        Folded name of a nearby town, typed in brackets.
    unit : str or None
        Folded name of the place's first-level unit.
    country : str or None
        ISO 3166-1 alpha-2 code of the place's country.
    """

    name: str
    near: str | None = None
    unit: str | None = None
    country: str | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """Parse a typed text; unprintable text gives an empty name."""
        wanted = folded(text[:_MAX_NAME])
        if not wanted.isprintable():
            return cls("")
        name, *stated = (part.strip() for part in wanted.split(","))
        stated = [part for part in stated if part]
        country = None
        if stated and country_code(stated[-1]) in CODES:
            country = country_code(stated.pop())
        bracketed = _BRACKETED.fullmatch(name)
        name, near = bracketed.groups() if bracketed else (name, None)
        return cls(name, near, stated[0] if stated else None, country)

    @property
    def is_name_alone(self) -> bool:
        """Whether the typed text is only a name, without nearby town, unit or country."""
        return (self.near, self.unit, self.country) == (None, None, None)


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """Populated place (town or village) from GeoNames.

    Attributes
    ----------
    country : str
        ISO 3166-1 alpha-2.
    admin1 : str or None
        GeoNames code of the first-level unit.
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
        """Name of the place with its country: ``Cúcuta, CO``."""
        return f"{self.name}, {self.country}"


@dataclass(frozen=True, slots=True)
class Similar:
    """Place whose name resembles a typed name.

    Attributes
    ----------
    mistakes : int
        Estimated number of mistyped letters (`geo.text.edit_distance.strangeness`).
    """

    place: NamedPlace
    mistakes: int


async def find_similar(session: AsyncSession, typed: str, limit: int = 10) -> tuple[Similar, ...]:
    """Return the places whose names most resemble a typed name, the fewest mistakes first.

    Among equal numbers of mistakes, places in the country of a text ``Name, CC`` come first, then
    the more populous places, which more people mean. Places in other countries are returned too.
    """
    wanted = Typed.of(typed)
    name, country = wanted.name, wanted.country
    if not name:
        return ()
    await session.execute(_SET_LIKENESS, {"likeness": str(LEAST_LIKENESS)})
    likeness = func.similarity(PLAIN_NAME, name)
    alike = (
        _places(PLAIN_NAME.op("%")(name))
        .add_columns(
            PLAIN_NAME.label("plain"),
            likeness.label("likeness"),
            func.dense_rank().over(order_by=(likeness.desc(), PLAIN_NAME)).label("rank"),
        )
        .subquery()
    )
    found = (await session.execute(select(alike).where(alike.c.rank <= _WEIGHED))).mappings().all()
    likenesses = {row["plain"]: row["likeness"] for row in found}
    mistakes = {plain: strangeness(name, plain, like) for plain, like in likenesses.items()}
    similar = [Similar(typed_row(NamedPlace, row), mistakes[row["plain"]]) for row in found]
    similar.sort(key=lambda one: (
        one.mistakes, one.place.country != country, -one.place.population, one.place.id
    ))  # fmt: skip
    return tuple(similar[:limit])


async def nearest_place(session: AsyncSession, lon: float, lat: float) -> NamedPlace:
    """Return the place nearest to a point (degrees, EPSG:4326).

    Raises
    ------
    NotFoundError
        No places are loaded.
    """
    return (await place_near(session, lon, lat))[0]


async def place_near(session: AsyncSession, lon: float, lat: float) -> tuple[NamedPlace, float]:
    """Return the place nearest to a point and its distance in metres on the ellipsoid.

    Raises
    ------
    NotFoundError
        No places are loaded.
    """
    return (await places_near(session, [(lon, lat)]))[0]


async def places_near(
    session: AsyncSession, points: Sequence[tuple[float, float]]
) -> tuple[tuple[NamedPlace, float], ...]:
    """Return the nearest place and its distance in metres for each point, in one query.

    Points are (lon, lat) in degrees, EPSG:4326.

    Raises
    ------
    NotFoundError
        No places are loaded.
    """
    found = await session.execute(_NEAREST, _columns(points))
    return _one_each(points, found.mappings().all())


async def time_zones(
    session: AsyncSession, points: Sequence[tuple[float, float]], countries: Sequence[str]
) -> tuple[str | None, ...]:
    """Return the time zone of the place nearest to each point within the country of the point.

    Parameters and the meaning of None are those of `places_within`.
    """
    found = await places_within(session, points, countries)
    return tuple(None if one is None else one[0].timezone for one in found)


async def places_within(
    session: AsyncSession, points: Sequence[tuple[float, float]], countries: Sequence[str]
) -> tuple[tuple[NamedPlace, float] | None, ...]:
    """Return the nearest place to each point within a stated country, with its distance in metres.

    None for a point whose country has no loaded places. The search is limited to the country,
    because a nearer place across the border may have another time zone. Points are (lon, lat) in
    degrees, EPSG:4326; countries are ISO 3166-1 alpha-2.
    """
    rows = await session.execute(
        _NEAREST_OF_COUNTRY, {**_columns(points), "countries": list(countries)}
    )
    found = {row["row"]: (typed_row(NamedPlace, row), row["distance_m"]) for row in rows.mappings()}
    return tuple(found.get(number) for number in range(1, len(points) + 1))


async def places_of_name(
    session: AsyncSession, asked: Sequence[Collection[str]]
) -> tuple[tuple[NamedPlace, ...], ...]:
    """Return, for each collection of names, the places with one of these names.

    Names are in plain letters (`geo.text.normalize.folded`). The places of a collection are in the
    order of its names, and those of equal name in the order of their ids.
    """
    names = sorted({name for wanted in asked for name in wanted})
    question = _places(any_(cast(names, ARRAY(Text))) == PLAIN_NAME).add_columns(
        PLAIN_NAME.label("plain")
    )
    found: dict[str, list[NamedPlace]] = {name: [] for name in names}
    if names:
        for row in (await session.execute(question.order_by(places.c.id))).mappings():
            found[row["plain"]].append(typed_row(NamedPlace, row))
    return tuple(tuple(place for name in wanted for place in found[name]) for wanted in asked)


def _columns(points: Sequence[tuple[float, float]]) -> dict[str, list[float]]:
    return {"lons": [lon for lon, _ in points], "lats": [lat for _, lat in points]}


def _one_each(
    points: Sequence[tuple[float, float]], rows: Sequence[Mapping[Any, Any]]
) -> tuple[tuple[NamedPlace, float], ...]:
    if len(rows) < len(points):
        msg = "no places are loaded"
        raise NotFoundError(msg)
    return tuple((typed_row(NamedPlace, row), row["distance_m"]) for row in rows)


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


def _asked(*more: tuple[str, str, type[Any]]) -> tuple[TableValuedAlias, Function[Any]]:
    """Return a table of points that are bound later, and the SQL expression of the point of a row.

    The table has the columns ``lon``, ``lat`` and ``row``, which numbers the points from 1.
    ``more`` are further columns: name of the bound array, name of the column, type of its values.
    """
    columns = (("lons", "lon", Float), ("lats", "lat", Float), *more)
    asked = (
        func.unnest(*(bindparam(name, type_=ARRAY(kind)) for name, _, kind in columns))
        .table_valued(*(column(name, kind) for _, name, kind in columns), with_ordinality="row")
        .render_derived("asked")
    )
    return asked, func.ST_SetSRID(func.ST_MakePoint(asked.c.lon, asked.c.lat), 4326)


def _nearest_question(*, is_within_country: bool = False) -> Select[Any]:
    asked, point = _asked(*([("countries", "country", Text)] if is_within_country else []))
    holding = [places.c.country == asked.c.country] if is_within_country else []
    distance_m = func.ST_Distance(cast(places.c.geom, Geography), cast(point, Geography))
    near = (
        _places(*holding)
        .add_columns(distance_m.label("distance_m"))
        .order_by(places.c.geom.op("<->")(point))
        .limit(NEAREST_BY_DEGREES)
        .lateral("near")
    )
    return (
        select(asked.c.row, *near.c)
        .ext(distinct_on(asked.c.row))
        .select_from(asked.join(near, true()))
        .order_by(asked.c.row, near.c.distance_m, near.c.id)
    )


_NEAREST_OF_COUNTRY = _nearest_question(is_within_country=True)

#: Query for the nearest places, built once: every route request runs this query, and building the
#: query takes longer than sending it.
_NEAREST = _nearest_question()
