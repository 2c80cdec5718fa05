"""Storage of access times: from towns to the nearest public spaces, by service and profile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import shapely
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db import row_copy
from geo.db.bulk_insert import insert_rows
from geo.models import AccessState, AccessTime

#: Source stated in the stored times, which Amparo computes itself.
SOURCE: Final = "Amparo"

#: Columns that are compared to decide whether a stored time has changed.
_TOLD: Final = (
    "place_id", "month", "duration_s", "distance_m", "space_id", "crossing_id", "network",
    "expires_on", "licence",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundTime:
    """Time from a town to the nearest space: seconds and metres of the whole way.

    ``lon`` and ``lat`` are the town's, degrees; ``crossing_id`` is the first official crossing on
    the way, None within one country.
    """

    place_id: str
    space_id: str
    crossing_id: str | None
    duration_s: float
    distance_m: float
    network: str
    licence: str | None
    lon: float
    lat: float


async def stored_seals(session: AsyncSession) -> dict[tuple[str, str], str]:
    """Return the seals of all stored times by profile and service (writer session).

    A seal identifies the data from which the times were computed.
    """
    rows = await session.execute(select(AccessState.profile, AccessState.service, AccessState.seal))
    return {(row.profile, row.service): row.seal for row in rows}


async def replace_times(
    session: AsyncSession,
    profile: str,
    service: str,
    found: Sequence[FoundTime],
    *,
    month: date,
    seal: str,
    now: datetime,
    expires_on: date,
) -> int:
    """Replace the stored times of a service and profile (writer session).

    Rows of unchanged times are not written again. No other function writes times. The caller holds
    the lock `geo.records.upsert.ACCESS_LOCK`.

    Parameters
    ----------
    month
        First day of the month to which the times apply.
    seal
        Identifier of the data from which the times were computed; see `stored_seals`.
    expires_on
        Last day on which the times are shown.

    Returns
    -------
    int
        Number of times that were changed, added or deleted.
    """
    rows = [
        {
            "id": f"{one.place_id}:{service}:{profile}",
            "place_id": one.place_id,
            "service": service,
            "profile": profile,
            "month": month,
            # Rounded to whole seconds and metres: fractions differ with every import of roads,
            # which would make unchanged times look changed.
            "duration_s": float(round(one.duration_s)),
            "distance_m": float(round(one.distance_m)),
            "space_id": one.space_id,
            "crossing_id": one.crossing_id,
            "network": one.network,
            "computed_at": now,
            "expires_on": expires_on,
            "source": SOURCE,
            "licence": one.licence,
            "geom": shapely.Point(one.lon, one.lat),
        }
        for one in found
    ]
    mine = (AccessTime.profile == profile, AccessTime.service == service)
    columns = [AccessTime.id, *(getattr(AccessTime, name) for name in _TOLD)]
    stored = {row[0]: row[1:] for row in await session.execute(select(*columns).where(*mine))}
    fresh = [row for row in rows if stored.pop(row["id"], None) != _told(row)]
    gone = {*stored, *(row["id"] for row in fresh)}
    if gone:
        # Changed rows are deleted here and inserted anew below. The ids are one array parameter: a
        # statement has at most 32,767 parameters, and a region has more towns.
        await session.execute(
            delete(AccessTime).where(*mine, AccessTime.id == func.any(list(gone)))
        )
    await insert_rows(session, AccessTime, fresh)
    state: dict[str, Any] = {"seal": seal, "computed_at": now}
    key = {"profile": profile, "service": service}
    await session.execute(
        upsert(AccessState)
        .values(**key, **state)
        .on_conflict_do_update(index_elements=list(key), set_=state)
    )
    return len(fresh) + len(stored)


async def refresh_statistics(session: AsyncSession) -> None:
    """Refresh the planner's statistics of the table of times (writer session)."""
    table = AccessTime.__table__
    await row_copy.refresh_statistics(session, table)  # type: ignore[arg-type]  # typed as FromClause


def _told(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _TOLD)


async def forget_times(session: AsyncSession, profile: str, service: str) -> None:
    """Delete the stored times of a service and profile, and their seal (writer session)."""
    for model in (AccessTime, AccessState):
        await session.execute(
            delete(model).where(model.profile == profile, model.service == service)
        )
