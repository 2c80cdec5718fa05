"""Countries and time zones that rows of a file take from their positions."""

from collections.abc import Collection, Mapping, Sequence, Set
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from geo.geography.division_names import countries_of
from geo.geography.places import time_zones
from geo.geography.surroundings import countries_around, countries_of_named, only_country
from geo.imports.row_mapping import Draft, RowProblem
from geo.imports.towns import REACH_M, town_names
from geo.reasons import CodedReason
from geo.text.countries import BOXES, CODES

type Point = tuple[float, float]

#: Countries in and around Central America, where lists write "ES" for El Salvador.
_CENTRAL_AMERICA: Final = frozenset({"MX", "BZ", "GT", "SV", "HN", "NI", "CR", "PA"})


async def fill_countries(
    session: AsyncSession, made: Sequence[Draft], *, new: Collection[Draft], column: str
) -> None:
    """Give rows the country of their position, if they state no country or an impossible one.

    Near a border several countries are possible. Then the row's division decides, if it belongs to
    only one of these countries, as Norte de Santander belongs to Colombia; the row gets a note if
    the position is inside another of them. If the row states no known division, the row's town
    decides, if the only country with a place of that name nearby is the one that holds the
    position. The country stays missing if neither decides, or if the division belongs to a country
    that is not near.

    A text that is no country is replaced by the country of the position, with a note. So is "ES"
    for El Salvador, if the other countries in the column are of Central America. Any other country
    outside the region makes a row bad, unless it is near the position.

    Parameters
    ----------
    new : collection of Draft
        Drafts of records that are not stored: only these have no country yet.
    column : str
        Column of the file that states countries, for notes.
    """
    unstored = set(map(id, new))
    asked = [
        (draft, point)
        for draft, point in _placed(made)
        if _is_asked(draft, is_new=id(draft) in unstored)
    ]
    if not asked:
        return
    is_central = _is_of_central_america(made)
    arounds = await countries_around(session, [point for _, point in asked])
    towns = await _countries_of_towns(session, asked, arounds)
    for (draft, _), around, of_town in zip(asked, arounds, towns, strict=True):
        stated = draft.changes.get("country")
        country = _told(around, draft.changes.get("admin1"), of_town)
        if stated is None:
            if country is not None:
                draft.changes["country"] = country
                if not around[country] and any(around.values()):
                    draft.notes.append(CodedReason("row_country_by_division", country=country))
        elif country is not None and (
            stated not in CODES or (stated == "ES" and country == "SV" and is_central)
        ):
            draft.changes["country"] = country
            draft.notes.append(CodedReason("row_country_by_position", column=column))
        elif any(around.values()) and stated not in around:
            draft.problems.append(
                RowProblem(column, "country", CodedReason("row_country_elsewhere"))
            )


def _is_of_central_america(made: Sequence[Draft]) -> bool:
    """Return whether a file states countries other than ES, and all of them of Central America."""
    stated = {draft.changes.get("country") for draft in made} - {None, "ES"}
    return bool(stated) and stated <= _CENTRAL_AMERICA


def _is_asked(draft: Draft, *, is_new: bool) -> bool:
    stated = draft.changes.get("country")
    if stated is None:
        return is_new
    return isinstance(stated, str) and stated not in BOXES


async def _countries_of_towns(
    session: AsyncSession,
    asked: Sequence[tuple[Draft, Point]],
    arounds: Sequence[Mapping[str, bool]],
) -> list[frozenset[str]]:
    """Return, for each row, the countries that have a place with the name of its town nearby.

    The set is empty for a row whose country is known from its position or its division.
    """
    doubtful: dict[int, tuple[float, float, list[str]]] = {}
    for number, ((draft, point), around) in enumerate(zip(asked, arounds, strict=True)):
        town = draft.changes.get("locality")
        is_told = only_country(around) is not None or _countries_of(draft.changes.get("admin1"))
        if isinstance(town, str) and not is_told:
            doubtful[number] = (*point, town_names(town))
    named = await countries_of_named(session, list(doubtful.values()), REACH_M) if doubtful else ()
    found = dict(zip(doubtful, named, strict=True))
    return [found.get(number, frozenset()) for number in range(len(asked))]


def _countries_of(division: object) -> frozenset[str]:
    return countries_of(division) if isinstance(division, str) else frozenset()


def _told(around: Mapping[str, bool], division: object, of_town: Set[str]) -> str | None:
    """Return a position's country by the countries around it, the division and the town, or None.

    None if they leave a doubt. ``of_town`` holds the countries that have the town near the
    position.
    """
    own = _countries_of(division)
    country = only_country(around)
    if country is not None:
        return country if not own or country in own else None
    if not own:
        held = {country for country, is_holding in around.items() if is_holding}
        return next(iter(held)) if len(held) == 1 and held == of_town else None
    able = own & set(around)
    return next(iter(able)) if len(able) == 1 else None


async def fill_time_zones(session: AsyncSession, new: Sequence[Draft]) -> None:
    """Give new records without a time zone that of the nearest place of their country."""
    asked = [
        (draft.changes, point)
        for draft, point in _placed(new)
        if draft.changes.get("timezone") is None and isinstance(draft.changes.get("country"), str)
    ]
    if not asked:
        return
    points = [point for _, point in asked]
    zones = await time_zones(session, points, [changes["country"] for changes, _ in asked])
    for (changes, _), zone in zip(asked, zones, strict=True):
        if zone is not None:
            changes["timezone"] = zone


def _placed(made: Sequence[Draft]) -> list[tuple[Draft, Point]]:
    """Return the drafts that have a position, with it."""
    return [(draft, point) for draft in made if (point := position_of(draft.changes)) is not None]


def position_of(changes: Mapping[str, Any]) -> Point | None:
    """Return the position that a row states, (lon, lat) in degrees; None where it states none."""
    lon, lat = changes.get("lon"), changes.get("lat")
    if isinstance(lon, float | int) and isinstance(lat, float | int):
        return float(lon), float(lat)
    return None
