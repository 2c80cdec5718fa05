"""Restoration of removed records, unless they were changed again since the removal (P52)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import GeoError
from geo.hours.openings import zone
from geo.models import CrossingStatus, Hide, Location, Term
from geo.records import space_documents

_DAY = timedelta(days=1)

#: Statement that inserts a deleted contact again, unless a new contact has the same id.
_CONTACT = text(
    """
    insert into amparo.contacts
    select * from jsonb_populate_record(null::amparo.contacts, cast(:row as jsonb))
    on conflict do nothing
    returning id
    """
)


async def put_back(
    session: AsyncSession,
    entity: str,
    record_id: str,
    *,
    hide_id: str | None,
    undo: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Undo one removal (writer session), and return whether anything changed.

    Parameters
    ----------
    entity, record_id : str
        As in `geo.models.Removal`.
    hide_id : str or None
        Hide by which the record was removed.
    undo : mapping
        For a space, the values before and after by field; for a crossing, the id of the
        ``statement``; for a contact, its whole ``row`` as JSON.
    now : datetime
        Current time, timezone-aware.
    """
    if hide_id is not None:
        return await _lift(session, hide_id, now)
    match entity:
        case "space":
            return await _reopen(session, record_id, undo, now)
        case "crossing":
            return await _end_statement(session, str(undo.get("statement")), now)
        case "contact":
            return await session.scalar(_CONTACT, {"row": undo.get("row", "{}")}) is not None
        case _:
            return await _take_term_back(session, record_id)


async def _lift(session: AsyncSession, hide_id: str, now: datetime) -> bool:
    found = await session.scalar(
        update(Hide)
        .where(Hide.id == hide_id, Hide.lifted_at.is_(None))
        .values(lifted_at=now)
        .returning(Hide.id)
        .execution_options(synchronize_session=False)
    )
    return found is not None


async def _reopen(
    session: AsyncSession, space_id: str, undo: Mapping[str, Any], now: datetime
) -> bool:
    """Restore the former values of a space's fields that were not changed again since."""
    is_open = await session.scalar(
        select(Location.id).where(Location.id == space_id, Location.visibility != "restricted")
    )
    if is_open is None:  # the space was deleted, or two people have restricted it since
        return False
    document = (await space_documents.read_documents(session, [space_id]))[space_id]
    changes = {
        name: before for name, (before, after) in undo.items() if document.get(name) == after
    }
    if not changes:
        return False
    try:
        async with session.begin_nested():
            await space_documents.store_documents(
                session,
                [space_documents.patched(document, changes)],
                now=now,
                today=now.date(),
                source="network",
            )
    except GeoError:  # today's rules refuse the former values, so the space stays as it is
        return False
    return True


async def _end_statement(session: AsyncSession, statement_id: str, now: datetime) -> bool:
    """Let a statement on a crossing end yesterday, or delete it if it begins today or later.

    Returns whether anything changed: a statement that has ended already stays as it is.
    """
    found = await session.get(CrossingStatus, statement_id)
    if found is None:
        return False
    yesterday = now.astimezone(zone(found.timezone)).date() - _DAY
    if found.valid_to is not None and found.valid_to <= yesterday:
        return False
    if found.valid_from <= yesterday:
        found.valid_to = yesterday
        await session.flush()
    else:
        await session.execute(delete(CrossingStatus).where(CrossingStatus.id == statement_id))
    return True


async def _take_term_back(session: AsyncSession, named: str) -> bool:
    vocabulary, _, code = named.partition("/")
    found = await session.scalar(
        update(Term)
        .where(Term.vocabulary == vocabulary, Term.code == code, Term.active.is_(False))
        .values(active=True)
        .returning(Term.code)
        .execution_options(synchronize_session=False)
    )
    return found is not None


async def newest_statement(session: AsyncSession, crossing_id: str, valid_from: str) -> str | None:
    """Return the id of the statement in force among those of a crossing that begin on one day.

    Needs a writer session. ``valid_from`` is the day in ISO 8601; the last id in byte order wins.
    """
    found: str | None = await session.scalar(
        select(func.max(CrossingStatus.id.collate("C"))).where(
            CrossingStatus.crossing_id == crossing_id,
            func.to_char(CrossingStatus.valid_from, "YYYY-MM-DD") == valid_from,
        )
    )
    return found
