"""Positions of towns for rows without a position, if only one place can be the town."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pyproj import Geod
from sqlalchemy.ext.asyncio import AsyncSession

from geo.geography.boundaries import units_at
from geo.geography.division_names import countries_of
from geo.geography.places import NamedPlace, places_of_name
from geo.imports.positions import Point, position_of
from geo.imports.row_mapping import Draft
from geo.imports.towns import REACH_M, only_names
from geo.reasons import CodedReason
from geo.text.countries import CODES
from geo.text.normalize import folded

#: Code of the note on a row that is placed in its town.
TOWN_REMARK: Final = "row_placed_in_town"

#: Fields of a position. If one of them has a text such as "reservado", the row is not placed in its
#: town.
_POSITION: Final = frozenset({"lon", "lat", "position"})

#: Kinds of spaces that move. They are not placed in a town.
_MOBILE: Final = frozenset({"mobile_unit", "border_support_team"})

#: Most letters of a short form of a division's name: "RR", "N. de S.".
_SHORTEST: Final = 4

#: Most positions that are compared for each town [A]: their number would grow with the rows of the
#: file.
_MOST_POINTS: Final = 50

#: Decimals of degrees to which the positions of a town are rounded: about 100 m.
_DECIMALS: Final = 3

_ELLIPSOID: Final = Geod(ellps="WGS84")


class _Town(NamedTuple):
    """Name, division and country of a town, as a row states them."""

    locality: str
    division: str | None
    country: str | None


async def place_in_towns(
    session: AsyncSession, made: Sequence[Draft], *, new: Collection[Draft]
) -> None:
    """Place new rows with an empty position in their town, and add a note to each of them.

    The town must be one place of the gazetteer that has exactly the stated name and lies in the
    country that the row states, if it states one. If the row states a division, the place must lie
    in it. This proves the place if the division has its full name and the country is clear;
    otherwise the place must also lie within `REACH_M` of another row of the same town that has a
    position. The position stays missing if no place or several places meet this, or if a cell of
    the row is about where the space is or who may know where it is (P1).

    A confidential row is placed even if a cell says so, as in "reservado": only readers named for
    it see the space, and they have no other position.
    """
    asked = [(draft, _town(draft.changes)) for draft in new if _is_asked(draft)]
    towns = list(dict.fromkeys(town for _, town in asked))
    proven = await _proven(session, towns, _points_by_town(made))
    for draft, town in asked:
        if (place := proven.get(town)) is not None:
            _place(draft, place)


def _is_asked(draft: Draft) -> bool:
    changes = draft.changes
    is_empty = _POSITION.isdisjoint(problem.field for problem in draft.problems)
    return (
        (changes.get("confidential") is True or (draft.may_be_placed and is_empty))
        and isinstance(changes.get("locality"), str)
        and all(changes.get(name) is None for name in ("lon", "lat"))
        and changes.get("kind") not in _MOBILE
        and (changes.get("country") is None or changes["country"] in CODES)
    )


def _town(changes: Mapping[str, Any]) -> _Town:
    division = changes.get("admin1")
    return _Town(
        changes["locality"],
        division if isinstance(division, str) else None,
        changes.get("country"),
    )


def _points_by_town(made: Sequence[Draft]) -> dict[str, set[Point]]:
    """Return the positions of the rows of each town, at most `_MOST_POINTS`, by folded town."""
    found: dict[str, set[Point]] = {}
    for draft in made:
        town, point = draft.changes.get("locality"), position_of(draft.changes)
        if isinstance(town, str) and point is not None and not draft.problems:
            points = found.setdefault(folded(town), set())
            if len(points) < _MOST_POINTS:
                points.add((round(point[0], _DECIMALS), round(point[1], _DECIMALS)))
    return found


async def _proven(
    session: AsyncSession, towns: Sequence[_Town], points: Mapping[str, Collection[Point]]
) -> dict[_Town, NamedPlace]:
    """Return the place of each town for which exactly one place is possible."""
    named = await places_of_name(session, [only_names(town.locality) for town in towns])
    likely = [
        (town, place)
        for town, places in zip(towns, named, strict=True)
        for place in places
        if town.country in {None, place.country}
    ]
    units = await units_at(session, [(one.lon, one.lat, one.country) for _, one in likely])
    found: dict[_Town, list[NamedPlace]] = {}
    for (town, place), unit in zip(likely, units, strict=True):
        if _is_proven(town, place, unit, points.get(folded(town.locality), ())):
            found.setdefault(town, []).append(place)
    return {town: places[0] for town, places in found.items() if len(places) == 1}


def _is_proven(town: _Town, place: NamedPlace, unit: str | None, points: Collection[Point]) -> bool:
    if town.division is not None:
        if unit is None or not _is_division(town.division, unit):
            return False
        # A division that two countries have, such as "Bolívar" or "Córdoba", does not tell the
        # country.
        is_told = town.country is not None or len(countries_of(town.division)) == 1
        if is_told and folded(town.division) == folded(unit):
            return True
    return any(_ELLIPSOID.inv(lon, lat, place.lon, place.lat)[2] <= REACH_M for lon, lat in points)


def _is_division(stated: str, unit: str) -> bool:
    """Return whether a division is the stated one, by its full name or a short form.

    The letters of a short form occur in the name in the same order. "Santander" is no short form of
    "Norte de Santander".
    """
    if folded(stated) == folded(unit):
        return True
    short, name = ("".join(re.findall(r"[a-z]", folded(one))) for one in (stated, unit))
    letters = iter(name)
    return (
        0 < len(short) <= _SHORTEST
        and short[0] == name[:1]
        and all(one in letters for one in short)
    )


def _place(draft: Draft, place: NamedPlace) -> None:
    draft.changes |= {
        "lon": place.lon,
        "lat": place.lat,
        "coord_precision": "town",
        "country": place.country,
    }
    draft.problems = [one for one in draft.problems if one.field not in _POSITION]
    draft.notes.append(CodedReason(TOWN_REMARK, town=place.name))
