"""Storage of coverage gaps: stretches of corridors without a service, computed for each tier."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import shapely
from geoalchemy2 import functions
from geoalchemy2.shape import from_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import delete, insert, select, true
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db import views
from geo.db.typed_rows import typed_row
from geo.models import CoverageGap, CoverageState

#: Source stated in the stored gaps, which Amparo computes itself.
SOURCE = "Amparo"


@dataclass(frozen=True, slots=True)
class CorridorLine:
    """Corridor: ``line`` in degrees, EPSG:4326; ``length_m``, metres along the road."""

    id: str
    length_m: float
    line: BaseGeometry
    demo: bool
    licence: str | None
    name: str


@dataclass(frozen=True, slots=True)
class FoundGap:
    """Stretch of a corridor where no space offers a service.

    ``service`` is a service code, or None for a stretch without any service. ``from_m`` and
    ``to_m`` are metres along the corridor's ``length_m``. ``from_space`` and ``to_space`` are the
    ids of the spaces at the ends of the stretch, None at an end of the corridor.
    """

    service: str | None
    from_m: float
    to_m: float
    from_space: str | None
    to_space: str | None
    line: BaseGeometry


async def visible_corridors(session: AsyncSession) -> tuple[CorridorLine, ...]:
    """Return the corridors visible to the session's tier, sorted by id."""
    shown = views.corridors.c
    rows = await session.execute(
        select(
            shown.id,
            shown.length_m,
            shown.demo,
            shown.licence,
            shown.name,
            functions.ST_AsBinary(shown.geom).label("wkb"),
        ).order_by(shown.id)
    )
    return tuple(
        CorridorLine(
            row.id,
            row.length_m,
            shapely.from_wkb(bytes(row.wkb)),
            row.demo,
            row.licence,
            row.name,
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class RankedGap:
    """Stored gap of a corridor: metres along the corridor's line, and the names of its ends."""

    corridor: str
    corridor_name: str
    from_m: float
    to_m: float
    length_m: float
    from_name: str
    to_name: str


async def longest_gaps(
    session: AsyncSession, service: str, *, on: date, limit: int
) -> tuple[RankedGap, ...]:
    """Return the longest stored gaps of a service over all corridors, the longest first.

    Parameters
    ----------
    session : AsyncSession
        Session of a reading tier, whose gaps are returned.
    service : str
        Code of the service.
    on : date
        Day on which the gaps have to hold.
    limit : int
        Maximum number of gaps returned.
    """
    shown = views.coverage.c
    names = [field.name for field in fields(RankedGap)]
    rows = await session.execute(
        select(*(shown[name] for name in names))
        .where(shown.service == service, shown.expires_on >= on)
        .order_by(shown.length_m.desc(), shown.id)
        .limit(limit)
    )
    return tuple(typed_row(RankedGap, row) for row in rows.mappings())


async def gap_lines(
    session: AsyncSession, corridor_id: str, service: str | None, *, on: date
) -> tuple[BaseGeometry, ...]:
    """Return the lines of a corridor's stored gaps that hold on a day, in degrees, EPSG:4326.

    The gaps are those of ``service`` or, if it is None, those without any service. The session is
    of a reading tier, whose gaps are returned.
    """
    shown = views.coverage.c
    rows = await session.scalars(
        select(functions.ST_AsBinary(shown.geom))
        .where(shown.corridor == corridor_id, shown.expires_on >= on)
        .where(shown.service.is_not_distinct_from(service))
        .order_by(shown.from_m)
    )
    return tuple(shapely.from_wkb(bytes(wkb)) for wkb in rows)


async def counted_services(session: AsyncSession) -> tuple[str, ...]:
    """Return the codes of the services that gaps are computed for: active and not protected (P38).

    The session may be of any reading tier.
    """
    shown, protected = views.terms.c, views.protected_terms.c
    hidden = select(protected.code).where(protected.vocabulary == "service")
    found = await session.scalars(
        select(shown.code)
        .where(shown.vocabulary == "service", shown.active == true(), shown.code.not_in(hidden))
        .order_by(shown.code)
    )
    return tuple(found)


async def stored_seals(session: AsyncSession, tier: str) -> dict[str, str]:
    """Return the seal of each corridor's stored gaps for a tier (writer session).

    A seal identifies the data from which the gaps were computed.
    """
    rows = await session.execute(
        select(CoverageState.corridor_id, CoverageState.seal).where(
            CoverageState.counted_for == tier
        )
    )
    return {row.corridor_id: row.seal for row in rows}


async def replace_gaps(
    session: AsyncSession,
    corridor: CorridorLine,
    tier: str,
    gaps: Sequence[FoundGap],
    *,
    seal: str,
    profile: str,
    now: datetime,
    expires_on: date,
) -> int:
    """Replace the stored gaps of one corridor for one tier (writer session).

    No other function writes gaps. The caller holds the lock `geo.records.upsert.COVERAGE_LOCK`.

    Parameters
    ----------
    seal
        Identifier of the data from which the gaps were computed; see `stored_seals`.
    profile
        Travel profile for which the gaps were computed.
    expires_on
        Last day on which the gaps are shown.

    Returns
    -------
    int
        Number of gaps stored.
    """
    await session.execute(
        delete(CoverageGap).where(
            CoverageGap.corridor_id == corridor.id, CoverageGap.counted_for == tier
        )
    )
    rows = [
        {
            "id": _id_of(corridor, tier, gap),
            "corridor_id": corridor.id,
            "counted_for": tier,
            "service": gap.service,
            "from_m": gap.from_m,
            "to_m": gap.to_m,
            "from_space": gap.from_space,
            "to_space": gap.to_space,
            "profile": profile,
            "computed_at": now,
            "expires_on": expires_on,
            "demo": corridor.demo,
            "source": SOURCE,
            "licence": corridor.licence,
            "geom": from_shape(gap.line, srid=4326),
        }
        for gap in gaps
    ]
    if rows:
        await session.execute(insert(CoverageGap), rows)
    state: dict[str, Any] = {"seal": seal, "computed_at": now}
    key = {"corridor_id": corridor.id, "counted_for": tier}
    await session.execute(
        upsert(CoverageState)
        .values(**key, **state)
        .on_conflict_do_update(index_elements=list(key), set_=state)
    )
    return len(rows)


def _id_of(corridor: CorridorLine, tier: str, gap: FoundGap) -> str:
    """Return an id made from corridor, tier, service and the spaces at both ends of a gap.

    A gap computed again keeps its id if it lies between the same spaces.
    """
    parts = (corridor.id, tier, gap.service or "", gap.from_space or "", gap.to_space or "")
    return f"gap-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:20]}"
