"""Rows without a position, placed in the town that they name, as a town's position and no more."""

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from typing import Final

from pyproj import Geod
from sqlalchemy.ext.asyncio import AsyncSession

from geo.geography.boundaries import units_at
from geo.geography.places import NamedPlace, places_named
from geo.imports.positions import Point, position_of
from geo.imports.row_mapping import Draft
from geo.imports.town_names import TOWN_REACH_M, able_countries, contradicts, names_of
from geo.reasons import CodedReason
from geo.text.normalize import folded

#: Most metres between a town and the nearest position of the file's other rows [A]: a town of that
#: name farther away is likely another one.
_FILE_REACH_M: Final = 100_000.0

_ELLIPSOID: Final = Geod(ellps="WGS84")

#: Fields of a position; a row with a problem in one of them states one that cannot be read.
_OF_A_POSITION: Final = frozenset({"lon", "lat", "position"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """A row without a position that names its town."""

    draft: Draft
    names: Set[str]
    able: Set[str]


class _Placed:
    """Positions that a file states, by the names of their towns."""

    def __init__(self, made: Sequence[Draft]) -> None:
        self._points: list[Point] = []
        self._of_town: dict[str, list[Point]] = {}
        self._near: dict[str, bool] = {}
        for draft in made:
            if (point := position_of(draft.changes)) is None:
                continue
            self._points.append(point)
            for name in set(names_of(str(draft.changes.get("locality") or ""))):
                self._of_town.setdefault(name, []).append(point)

    def tell(self, one: _Asked, place: NamedPlace) -> bool:
        """Return whether the file tells that a place is a row's town, and no other of its name."""
        if mates := [point for name in one.names for point in self._of_town.get(name, ())]:
            return _nearest_m(place, mates) <= TOWN_REACH_M
        if isinstance(one.draft.changes.get("admin1"), str):
            return True
        if len(one.able) != 1 or not self._points:
            return False
        if place.id not in self._near:
            self._near[place.id] = _nearest_m(place, self._points) <= _FILE_REACH_M
        return self._near[place.id]


def _nearest_m(place: NamedPlace, points: Sequence[Point]) -> float:
    lons, lats = ([point[axis] for point in points] for axis in (0, 1))
    count = len(points)
    _, _, distances = _ELLIPSOID.inv([place.lon] * count, [place.lat] * count, lons, lats)
    return float(min(distances))


async def place_in_towns(
    session: AsyncSession, made: Sequence[Draft], *, new: Collection[Draft]
) -> None:
    """Give new rows without a position that of their town, as a town's, with a note.

    The town is the one place of a name in the row's town cell, in a country and a division that the
    row can be of, within `TOWN_REACH_M` of the file's rows of the same town. Where there are none,
    the row has to name the place's country and be within `_FILE_REACH_M` of another row, or its
    division. A position that cannot be read, or of a space that is not to be told of, stays away.

    Parameters
    ----------
    new : collection of Draft
        Drafts of records that are not stored.
    """
    asked = [one for draft in new if (one := _asked(draft)) is not None]
    if not asked:
        return
    placed = _Placed(made)
    found = await places_named(session, {name for one in asked for name in one.names})
    likely = [
        (one, place)
        for one in asked
        for place in found
        if place.country in one.able and folded(place.name) in one.names
    ]
    units = await units_at(session, [(one.lon, one.lat, one.country) for _, one in likely])
    towns: dict[int, list[NamedPlace]] = {}
    for (one, place), unit in zip(likely, units, strict=True):
        if not contradicts(one.draft.changes.get("admin1"), unit) and placed.tell(one, place):
            towns.setdefault(id(one), []).append(place)
    for one in asked:
        if len(places := towns.get(id(one), [])) == 1:
            _place(one.draft, places[0])


def _asked(draft: Draft) -> _Asked | None:
    town = draft.changes.get("locality")
    is_stated = {*draft.changes} & _OF_A_POSITION or any(
        problem.field in _OF_A_POSITION for problem in draft.problems
    )
    if is_stated or draft.changes.get("confidential") or not isinstance(town, str):
        return None
    able = able_countries(draft.changes)
    names = set(names_of(town))
    return _Asked(draft, names, able) if able and names else None


def _place(draft: Draft, place: NamedPlace) -> None:
    draft.changes |= {"lon": place.lon, "lat": place.lat, "coord_precision": "town"}
    if draft.changes.get("country") is None:
        draft.changes["country"] = place.country
    draft.notes.append(CodedReason("row_position_of_town", town=place.name))
