"""Storage of the map's background in the imported regions: areas, waters, landmarks."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.row_copy import copy_rows
from geo.models.reference import LandscapeFeature
from geo.text.protected_words import protected_phrases

_COLUMNS = (
    *("id", "region", "kind", "zoom", "name", "name_es", "name_en", "name_pt", "name_fr", "geom"),
    *("visibility", "source", "licence"),
)

#: Words in names of places that take people in. The map shows such a place only as a record of a
#: space, not because a church or a square has its name. Broad on purpose: a name that is left out
#: needlessly harms nobody.
_SHELTERS = re.compile(
    r"migrant|refug|refúg|réfug|refij|albergue|abrigo|abri\b|acogida|acolhida|accueil|foyer|shelter",
    re.IGNORECASE,
)


#: A feature, as ``vars`` of the routing library's ``LandscapeFeature``: ``key``, ``kind``,
#: ``zoom``, ``name`` and ``names`` (in Spanish, English, Portuguese and French; empty where there
#: is none), and ``geometry`` (shapely; EPSG:4326, lon and lat).
type Drawn = Mapping[str, Any]


async def replace_region(
    session: AsyncSession, region: str, features: Iterable[Drawn], source: str, licence: str
) -> int:
    """Replace the stored features of a region, all or none; return their number.

    A feature whose name mentions a shelter or a protected service is left out (P3, P38).

    Parameters
    ----------
    session : AsyncSession
        Writer session.
    region : str
        Name of the region; prefix of the ids of its features.
    features : iterable of Drawn
        Features of the region, iterated once.
    source, licence : str
        Attribution that the data requires.
    """
    async with session.begin_nested():
        await remove_region(session, region)
        return await copy_rows(
            session,
            LandscapeFeature.__table__,  # type: ignore[arg-type]  # a Table, typed as FromClause
            _COLUMNS,
            _rows(region, features, source, licence),
        )


async def remove_region(session: AsyncSession, region: str) -> None:
    """Delete the features of a region (writer session)."""
    await session.execute(delete(LandscapeFeature).where(LandscapeFeature.region == region))


def _rows(
    region: str, features: Iterable[Drawn], source: str, licence: str
) -> Iterator[tuple[Any, ...]]:
    for one in features:
        names = [name or None for name in (one["name"], *one["names"])]
        if _is_protected(names):
            continue
        where = (f"{region}:{one['key']}", region, one["kind"], one["zoom"])
        yield (*where, *names, one["geometry"], "public", source, licence)


def _is_protected(names: Iterable[str | None]) -> bool:
    told = [name for name in names if name]
    is_shelter = any(_SHELTERS.search(name) for name in told)
    return is_shelter or next(protected_phrases(told), None) is not None
