"""Rows without a position, placed in their town where the file itself proves which town it is."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from pyproj import Geod
from sqlalchemy.ext.asyncio import AsyncSession

from geo.geography.boundaries import units_at
from geo.geography.places import NamedPlace, places_of_name
from geo.imports.misread_positions import contradicts
from geo.imports.positions import Point, position_of
from geo.imports.row_mapping import Draft
from geo.imports.towns import REACH_M, town_names
from geo.reasons import CodedReason
from geo.text.countries import CODES
from geo.text.normalize import folded

#: Code of the note on a row that is placed in its town.
TOWN_REMARK: Final = "row_placed_in_town"

#: Fields of a position: what a cell of theirs says, "reservado", is no position that is missing.
_POSITION: Final = frozenset({"lon", "lat", "position"})

_ELLIPSOID: Final = Geod(ellps="WGS84")


async def place_in_towns(
    session: AsyncSession, made: Sequence[Draft], *, new: Collection[Draft]
) -> None:
    """Give new rows whose cells of the position are empty that of their town, with a note.

    The town is the one place of its name, in the row's country if it states one, that either lies
    in the division that the row states or within `REACH_M` of another row of the same town with a
    position of its own. Where there is no such place, or two, and where the row is not to be told
    of (P1), the position stays missing.
    """
    asked = [draft for draft in new if _is_asked(draft)]
    named = await places_of_name(
        session, [town_names(draft.changes["locality"]) for draft in asked]
    )
    likely = [
        (draft, place)
        for draft, places in zip(asked, named, strict=True)
        for place in places
        if draft.changes.get("country") in {None, place.country}
    ]
    units = await units_at(session, [(one.lon, one.lat, one.country) for _, one in likely])
    points = _points_by_town(made)
    proven: dict[int, list[NamedPlace]] = {}
    for (draft, place), unit in zip(likely, units, strict=True):
        if _is_proven(draft.changes, place, unit, points):
            proven.setdefault(id(draft), []).append(place)
    for draft in asked:
        if len(places := proven.get(id(draft), [])) == 1:
            _place(draft, places[0])


def _is_asked(draft: Draft) -> bool:
    changes = draft.changes
    return (
        isinstance(changes.get("locality"), str)
        and all(changes.get(name) is None for name in ("lon", "lat"))
        and not changes.get("confidential")
        and (changes.get("country") is None or changes["country"] in CODES)
        and _POSITION.isdisjoint(problem.field for problem in draft.problems)
    )


def _points_by_town(made: Sequence[Draft]) -> dict[str, list[Point]]:
    """Return the positions that rows state, by their town in plain letters."""
    found: dict[str, list[Point]] = {}
    for draft in made:
        town, point = draft.changes.get("locality"), position_of(draft.changes)
        if isinstance(town, str) and point is not None and not draft.problems:
            found.setdefault(folded(town), []).append(point)
    return found


def _is_proven(
    changes: Mapping[str, Any],
    place: NamedPlace,
    unit: str | None,
    points: Mapping[str, Sequence[Point]],
) -> bool:
    division = changes.get("admin1")
    if isinstance(division, str) and unit is not None and folded(division) == folded(unit):
        return True
    return not contradicts(division, unit) and any(
        _ELLIPSOID.inv(lon, lat, place.lon, place.lat)[2] <= REACH_M
        for lon, lat in points.get(folded(changes["locality"]), ())
    )


def _place(draft: Draft, place: NamedPlace) -> None:
    draft.changes |= {
        "lon": place.lon,
        "lat": place.lat,
        "coord_precision": "town",
        "country": place.country,
    }
    draft.notes.append(CodedReason(TOWN_REMARK, town=place.name))
