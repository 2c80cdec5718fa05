"""Closings that one person makes at once, on that person's count (P40, P52)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from geo.removals import removal_log, restoration
from geo.subjects.subject import ChangeSubject


async def note_change(
    session: AsyncSession,
    subject: ChangeSubject,
    changes: Mapping[str, Any],
    *,
    person: str | None,
    now: datetime,
) -> None:
    """Count what a change that holds at once takes out of sight (writer, once it is stored).

    Parameters
    ----------
    subject : Subject
        The record as it was before.
    changes : mapping
        What holds at once; of a crossing a whole statement.
    person : str or None
        On whose count; None is not counted.
    """
    record_id = str(subject.record_id)
    if subject.entity == "space":
        undo = removal_log.taken_away(subject.document or {}, changes)
    elif subject.entity == "crossing":
        found = await restoration.newest_statement(session, record_id, str(changes["valid_from"]))
        undo = {"statement": found}
    else:
        return
    if undo:
        await removal_log.note(
            session, subject.entity, record_id, "close", person=person, now=now, undo=undo
        )
