"""Counting of closings towards the daily limit of removals by one person (P40, P52)."""

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
    """Log a change that applies at once if it closes or removes something (writer session).

    Called after the change is stored.

    Parameters
    ----------
    subject : ChangeSubject
        The record as it was before the change.
    changes : mapping
        Fields that apply at once; for a crossing a whole statement of its state.
    person : str or None
        Person whose removals are counted; with None the change counts for nobody.
    """
    record_id = str(subject.record_id)
    if subject.entity == "space":
        undo = removal_log.taken_away(subject.document or {}, changes, now.date())
    elif subject.entity == "crossing":
        found = await restoration.newest_statement(session, record_id, str(changes["valid_from"]))
        undo = {"statement": found}
    else:
        return
    if undo:
        await removal_log.note(
            session, subject.entity, record_id, "close", person=person, now=now, undo=undo
        )
