"""Correction of positions with a missing minus sign, or with longitude and latitude exchanged.

A position is corrected only if the town that its row names proves the correction.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from geo.geography.boundaries import countries_of_units_at, units_at
from geo.geography.division_names import countries_of, is_division
from geo.geography.surroundings import countries_around, countries_of_named
from geo.imports.positions import Point, position_of
from geo.imports.row_mapping import SWAPPED, Draft
from geo.imports.towns import REACH_M, town_names
from geo.reasons import CodedReason
from geo.text.countries import BOXES, CODES
from geo.text.normalize import folded

#: Codes of the notes on a position corrected by negating its longitude or its latitude.
LONGITUDE_MENDED, LATITUDE_MENDED = "row_longitude_mended", "row_latitude_mended"
#: Code of the note on a position corrected by exchanging longitude and latitude.
EXCHANGE_MENDED: Final = "row_exchange_mended"

#: Codes of all notes on corrected positions.
MENDED: Final = frozenset({LONGITUDE_MENDED, LATITUDE_MENDED, EXCHANGE_MENDED})

#: Most letters of a division's name that is also read as the short form of another one: "SP" can
#: mean "São Paulo". Longer names, such as "CDMX", only mean themselves.
_SHORTEST: Final = 3


@dataclass(frozen=True, slots=True)
class _Asked:
    """Row whose position is in none of the countries that agree with the row.

    Attributes
    ----------
    able : set of str
        Countries (ISO 3166-1 alpha-2) that agree with the country and the division in the row.
    """

    draft: Draft
    point: Point
    town: str
    able: Set[str]


async def mend_positions(session: AsyncSession, made: Sequence[Draft], *, column: str) -> None:
    """Correct positions with a missing minus sign, or with longitude and latitude exchanged.

    A position in none of the countries that agree with its row is tried in three ways: with the
    longitude negated, with the latitude negated, and with both exchanged. It is replaced, with a
    note, if exactly one of these is in such a country, within `REACH_M` of a place there with the
    name of the row's town, and in no other division than the row states. All other positions stay
    unchanged.

    Parameters
    ----------
    column : str
        Columns of the file that state positions, for notes.
    """
    asked = await _misplaced(session, made)
    readings = [(one, code, point) for one in asked for code, point in _readings(one.point)]
    around = await _countries(session, [point for *_, point in readings])
    likely = [
        (one, code, point, one.able & set(found))
        for (one, code, point), found in zip(readings, around, strict=True)
        if one.able & set(found)
    ]
    counts = Counter(id(one) for one, *_ in likely)
    single = [found for found in likely if counts[id(found[0])] == 1]
    proven = await _proven(session, single)
    for (one, code, point, _), is_proven in zip(single, proven, strict=True):
        if is_proven:
            _mend(one.draft, point, CodedReason(code, column=column))


def _mend(draft: Draft, point: Point, note: CodedReason) -> None:
    draft.changes["lon"], draft.changes["lat"] = point
    draft.problems = [one for one in draft.problems if one.reason.code != SWAPPED]
    draft.notes.append(note)


async def _misplaced(session: AsyncSession, made: Sequence[Draft]) -> list[_Asked]:
    """Return the rows with a town whose position is not near any country of `_able`."""
    asked = [one for draft in made if (one := _asked(draft)) is not None]
    if not asked:
        return []
    held = await countries_of_units_at(session, [_on_earth(one.point) for one in asked])
    asked = [one for one, found in zip(asked, held, strict=True) if not one.able & found]
    around = await _countries(session, [one.point for one in asked])
    return [one for one, found in zip(asked, around, strict=True) if not one.able & set(found)]


def _asked(draft: Draft) -> _Asked | None:
    town, point = draft.changes.get("locality"), position_of(draft.changes)
    if not isinstance(town, str) or point is None:
        return None
    able = _able(draft.changes)
    return _Asked(draft, point, town, able) if able else None


def _able(changes: Mapping[str, Any]) -> Set[str]:
    """Return the countries that agree with the country and division in a row.

    The set is empty if country and division contradict each other, or for a country outside the
    region. It has all countries of the region if the row states neither.
    """
    country, division = changes.get("country"), changes.get("admin1")
    own = countries_of(division) if isinstance(division, str) else frozenset[str]()
    if country in CODES:
        if country not in BOXES:
            return set()
        return {country} if not own or country in own else set()
    return own or set(BOXES)


def _readings(point: Point) -> list[tuple[str, Point]]:
    lon, lat = point
    ways = ((LONGITUDE_MENDED, (-lon, lat)), (LATITUDE_MENDED, (lon, -lat)),
            (EXCHANGE_MENDED, (lat, lon)))  # fmt: skip
    return [(code, way) for code, way in ways if way != point]


async def _countries(session: AsyncSession, points: Sequence[Point]) -> list[dict[str, bool]]:
    """Return the countries around each point, as `countries_around`.

    The mapping is empty for a point whose degrees are out of range.
    """
    on_earth = [
        number
        for number, (lon, lat) in enumerate(points)
        if abs(lon) <= 180 and abs(lat) <= 90  # noqa: PLR2004 - degrees
    ]
    found: list[dict[str, bool]] = [{} for _ in points]
    if on_earth:
        around = await countries_around(session, [points[number] for number in on_earth])
        for number, countries in zip(on_earth, around, strict=True):
            found[number] = countries
    return found


async def _proven(
    session: AsyncSession, single: Sequence[tuple[_Asked, str, Point, Set[str]]]
) -> list[bool]:
    """Return for each corrected position whether the row's town proves it.

    The town proves a position near it that does not contradict the row's division, unless a place
    of the same name is also near the position as written.
    """
    if not single:
        return []
    near = await _homes(session, [(one, point) for one, _, point, _ in single])
    already = await _homes(session, [(one, _on_earth(one.point)) for one, *_ in single])
    homes = [
        countries & named if not one.able & written else frozenset[str]()
        for (one, _, _, countries), named, written in zip(single, near, already, strict=True)
    ]
    units = await units_at(
        session,
        [
            (*point, next(iter(home)) if len(home) == 1 else None)
            for (_, _, point, _), home in zip(single, homes, strict=True)
        ],
    )
    return [
        len(home) == 1 and not _contradicts(one.draft.changes.get("admin1"), unit)
        for (one, *_), home, unit in zip(single, homes, units, strict=True)
    ]


async def _homes(
    session: AsyncSession, placed: Sequence[tuple[_Asked, Point]]
) -> list[frozenset[str]]:
    """Return, for each point, the countries with a place near it named like the row's town."""
    return await countries_of_named(
        session, [(*point, town_names(one.town)) for one, point in placed], REACH_M
    )


def _on_earth(point: Point) -> Point:
    return max(-180.0, min(180.0, point[0])), max(-90.0, min(90.0, point[1]))


def _contradicts(division: object, unit: str | None) -> bool:
    """Return whether the division in a row is another one than the unit at the row's position.

    A short form is the same division if its letters occur in the name in the same order: "SP",
    "Ver.".
    """
    if not isinstance(division, str) or unit is None:
        return False
    said, name = (re.findall(r"[a-z]+", folded(one)) for one in (division, unit))
    if set(said) <= set(name) or set(name) <= set(said):
        return False
    short = "".join(said)
    if is_division(division) and len(short) > _SHORTEST:
        return True
    letters = iter("".join(name))
    return not (short[:1] == name[0][:1] and all(letter in letters for letter in short))
